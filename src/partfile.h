/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A file that gets its name only when it is whole: it is written as
 * `<name>.part`, and renamed at the end or removed.
 */
#ifndef VEIL_SRC_PARTFILE_H
#define VEIL_SRC_PARTFILE_H

#include <stdbool.h>

typedef struct VeilPartFile {
    char *path;      ///< the final name
    char *part_path; ///< what to write to; exists, and is empty at the start
    int fd;          ///< holds a lock, so that two runs cannot write one file; -1 when closed
    bool replace;    ///< an older file of the final name may go
} VeilPartFile;

/**
 * Make the part file.
 * @param replace false: an existing file under the final name is refused, now and at the rename
 * @return 0; -EEXIST, -EWOULDBLOCK (another run writes it), -ENOMEM or an
 *         errno of open(), after a printed sentence
 */
int veil_partfile_begin(VeilPartFile *f, const char *path, bool replace);

/** Flush to the disk and give it its name. @return 0 or a negative errno after a printed sentence; then it is removed */
int veil_partfile_commit(VeilPartFile *f);

/** Remove it, unless committed. Safe to call on a zeroed struct, and twice. */
void veil_partfile_abandon(VeilPartFile *f);

#endif /* VEIL_SRC_PARTFILE_H */
