/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "partfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"

static int open_part(VeilPartFile *f)
{
    struct stat st;

    f->fd = open(f->part_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (f->fd < 0) {
        veil_error("cannot write '%s': %s; choose a folder that you may write to", f->part_path, strerror(errno));
        return -errno;
    }
    if (flock(f->fd, LOCK_EX | LOCK_NB) < 0) {
        veil_error("'%s' is being written by another run; wait for it, or choose another name", f->part_path);
        close(f->fd);
        f->fd = -1;
        return -EWOULDBLOCK;
    }
    /* What a killed run left behind is of no use to anyone. */
    if (fstat(f->fd, &st) < 0 || !S_ISREG(st.st_mode) || ftruncate(f->fd, 0) < 0) {
        veil_error("'%s' is not a plain file; choose another name", f->part_path);
        close(f->fd);
        f->fd = -1;
        return -EINVAL;
    }
    return 0;
}

int veil_partfile_begin(VeilPartFile *f, const char *path, bool replace)
{
    struct stat st;
    int ret;

    *f = (VeilPartFile){ .fd = -1, .replace = replace };
    if (stat(path, &st) == 0 && (!replace || !S_ISREG(st.st_mode))) {
        veil_error(S_ISREG(st.st_mode) ? "'%s' exists; choose another name, or give --force to replace it"
                                       : "'%s' is not a plain file; choose another name", path);
        return -EEXIST;
    }
    f->path = strdup(path);
    if (!f->path || asprintf(&f->part_path, "%s.part", path) < 0) {
        f->part_path = NULL;
        veil_partfile_abandon(f);
        return -ENOMEM;
    }
    if ((ret = open_part(f)) < 0) {
        free(f->part_path); /* not ours to remove */
        f->part_path = NULL;
        veil_partfile_abandon(f);
    }
    return ret;
}

/* Without this a crash of the machine could lose the new name. */
static void sync_folder(const char *path)
{
    char *copy = strdup(path);
    const int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
}

int veil_partfile_commit(VeilPartFile *f)
{
    int ret = 0;

    if (fsync(f->fd) < 0)
        ret = -errno;
    /* link() fails where a file of that name has appeared meanwhile; rename() would replace it. */
    else if (f->replace ? rename(f->part_path, f->path) < 0 : link(f->part_path, f->path) < 0)
        ret = -errno;
    if (ret < 0) {
        veil_error("cannot finish '%s': %s; nothing was kept", f->path, strerror(-ret));
        veil_partfile_abandon(f);
        return ret;
    }
    sync_folder(f->path);
    veil_partfile_abandon(f);
    return 0;
}

void veil_partfile_abandon(VeilPartFile *f)
{
    if (f->part_path)
        unlink(f->part_path); /* after a rename there is none */
    if (f->fd >= 0 && f->path)
        close(f->fd);
    free(f->part_path);
    free(f->path);
    *f = (VeilPartFile){ .fd = -1 };
}
