/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file SHA-256 of files. */
#ifndef VEIL_SRC_DIGEST_H
#define VEIL_SRC_DIGEST_H

#define VEIL_DIGEST_HEX 65 ///< 64 lower-case hex digits and a zero

/** @return 0; a negative errno if the file cannot be read, -EINVAL if it is not a plain file */
int veil_digest_file(const char *path, char hex[VEIL_DIGEST_HEX]);

#endif /* VEIL_SRC_DIGEST_H */
