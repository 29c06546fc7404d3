/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Take a file away for good, as far as a program can: written over once with
 * zeros, flushed, cut to nothing, unlinked. What the storage keeps behind (wear
 * levelling, snapshots, backups) is out of reach, so evidence belongs on an
 * encrypted disk.
 */
#ifndef VEIL_SRC_ERASE_H
#define VEIL_SRC_ERASE_H

/**
 * Erase one file. No symbolic link is followed, anywhere in `name`.
 *
 * @param folder descriptor that `name` is relative to
 * @param name   "crops/track-3/000012.png"; neither absolute nor with ".."
 * @return 0; -ENOENT if it is not there; -EINVAL for such a name, or what is no
 *         regular file; -EMLINK if it has another name, under which it would live on; another negative errno
 */
int veil_erase_file(int folder, const char *name);

/** Remove the folders that lead to `name`, as far as they are empty. */
void veil_erase_parents(int folder, const char *name);

#endif /* VEIL_SRC_ERASE_H */
