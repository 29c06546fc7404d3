/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Attack 40 of PROTOCOL section 9: does a finished video still carry what
 * should have been removed? Looks at the file as a stranger would, not at what
 * the program meant to write: streams, attachments, thumbnails, chapters,
 * metadata and, given the source, its coded pictures anywhere in the bytes.
 */
#ifndef VEIL_SRC_LEAK_H
#define VEIL_SRC_LEAK_H

#include "keys/err.h"

/**
 * @param published the finished file
 * @param source    the recording, or NULL to look at the published file alone.
 *                  Its coded pictures are sought only if its codec loses
 *                  something: of a lossless one, the same picture is the same bytes
 * @param keep      metadata keys that may stay, "title,artist"; NULL for none
 * @return 0; VEIL_E_LEAK, naming what was found; -ENOENT, -EINVAL and other errnos for a file that cannot be read
 */
int veil_leak_check(const char *published, const char *source, const char *keep, VeilErr *err);

#endif /* VEIL_SRC_LEAK_H */
