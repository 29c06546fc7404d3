/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * An archive: a copy of the published video with its vault attached, as one
 * Matroska file. For shelves only: who publishes it publishes the vault.
 */
#ifndef VEIL_SRC_ARCHIVE_H
#define VEIL_SRC_ARCHIVE_H

#include "partfile.h"

/** Is it a name that an archive can have? @return 0, or -EINVAL after a printed sentence */
int veil_archive_check(const char *path);

/**
 * Write the archive into its part file; the caller commits it.
 * @param video published file, whole
 * @param vault final vault
 * @param name  what the attachment is called
 * @return 0 or a negative errno or AVERROR after a printed sentence
 */
int veil_archive_write(const VeilPartFile *file, const char *video, const char *vault, const char *name);

#endif /* VEIL_SRC_ARCHIVE_H */
