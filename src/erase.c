/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "erase.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 65536

static bool is_inside(const char *name)
{
    const size_t len = strlen(name);

    return len > 0 && len < PATH_MAX && *name != '/' && name[len - 1] != '/' && strcmp(name, "..") &&
           strncmp(name, "../", 3) && !strstr(name, "/../") && !(len > 3 && !strcmp(name + len - 3, "/.."));
}

/* Open the folder that holds the last part of a name, step by step. @return descriptor or negative errno */
static int open_parent(int folder, const char *name, const char **last)
{
    char part[NAME_MAX + 1];
    int fd = fcntl(folder, F_DUPFD_CLOEXEC, 0);

    for (const char *slash; fd >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
        const size_t len = (size_t)(slash - name);
        int next;

        if (len >= sizeof(part)) {
            close(fd);
            return -ENAMETOOLONG;
        }
        memcpy(part, name, len);
        part[len] = '\0';
        next = openat(fd, len ? part : ".", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0)
            next = -errno;
        close(fd);
        fd = next;
    }
    *last = name;
    return fd;
}

static int write_over(int fd, off_t size)
{
    static const char zeros[BLOCK];

    for (off_t at = 0; at < size;) {
        const size_t want = size - at < BLOCK ? (size_t)(size - at) : BLOCK;
        const ssize_t n = pwrite(fd, zeros, want, at);

        if (n < 0 && errno != EINTR)
            return -errno;
        at += n > 0 ? n : 0;
    }
    return fsync(fd) < 0 || ftruncate(fd, 0) < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int erase_at(int folder, const char *name)
{
    const int fd = openat(folder, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    int ret;

    if (fd < 0)
        return errno == ELOOP ? -EINVAL : -errno;
    if (fstat(fd, &st) < 0)
        ret = -errno;
    else if (!S_ISREG(st.st_mode))
        ret = -EINVAL;
    else
        ret = st.st_nlink > 1 ? -EMLINK : write_over(fd, st.st_size);
    close(fd);
    if (!ret && (unlinkat(folder, name, 0) < 0 || fsync(folder) < 0))
        ret = -errno;
    return ret;
}

int veil_erase_file(int folder, const char *name)
{
    const char *last;
    int fd, ret;

    if (!is_inside(name))
        return -EINVAL;
    if ((fd = open_parent(folder, name, &last)) < 0)
        return fd == -ELOOP || fd == -ENOTDIR ? -EINVAL : fd;
    ret = erase_at(fd, last);
    close(fd);
    return ret;
}

void veil_erase_parents(int folder, const char *name)
{
    char path[PATH_MAX];
    char *slash;

    if (!is_inside(name))
        return;
    snprintf(path, sizeof(path), "%s", name);
    while ((slash = strrchr(path, '/'))) {
        *slash = '\0';
        if (unlinkat(folder, path, AT_REMOVEDIR) < 0)
            return;
    }
}
