/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    while (len) {
        const ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n ? -errno : -EIO;
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Flush the folder, so that the name survives a power cut too. */
static int sync_folder(const char *path)
{
    char folder[PATH_MAX];
    char *slash;
    int fd, ret;

    snprintf(folder, sizeof(folder), "%s", path);
    if ((slash = strrchr(folder, '/')))
        slash[1] = '\0';
    else
        strcpy(folder, ".");
    if ((fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return -errno;
    ret = fsync(fd) && errno != EINVAL ? -errno : 0;
    close(fd);
    return ret;
}

static int put_in_place(const char *temp, const char *path, bool replace)
{
    if (replace)
        return rename(temp, path) ? -errno : 0;
    /* link() never replaces; a file system without links has renameat2(). */
    if (!link(temp, path))
        return unlink(temp) ? -errno : 0;
    if (errno == EEXIST)
        return -EEXIST;
    return renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_NOREPLACE) ? -errno : 0;
}

int veil_file_write(const char *path, const void *bytes, size_t len, unsigned mode, bool replace,
                    VeilErr *err)
{
    char temp[PATH_MAX];
    int fd, ret;

    if ((size_t)snprintf(temp, sizeof(temp), "%s.%ld.part", path, (long)getpid()) >= sizeof(temp))
        return veil_err(err, -ENAMETOOLONG, "'%s'", path);
    if ((fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode)) < 0)
        return veil_err(err, -errno, "'%s'", temp);
    ret = write_all(fd, bytes, len);
    if (!ret && fsync(fd))
        ret = -errno;
    if (close(fd) && !ret)
        ret = -errno;
    if (!ret && !(ret = put_in_place(temp, path, replace)))
        ret = sync_folder(path);
    if (ret < 0) {
        unlink(temp);
        return veil_err(err, ret, "'%s'", path);
    }
    return 0;
}

static int read_all(int fd, uint8_t *out, size_t len)
{
    while (len) {
        const ssize_t n = read(fd, out, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n ? -errno : -EIO;
        out += n;
        len -= (size_t)n;
    }
    return 0;
}

int veil_file_read(uint8_t **out, size_t *len, const char *path, size_t max, VeilErr *err)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    int ret = 0;

    *out = NULL;
    *len = 0;
    if (fd < 0)
        return veil_err(err, -errno, "'%s'", path);
    if (fstat(fd, &st))
        ret = -errno;
    else if (!S_ISREG(st.st_mode))
        ret = -EINVAL;
    else if ((uint64_t)st.st_size > max)
        ret = VEIL_E_TOO_LARGE;
    else if (!(*out = malloc((size_t)st.st_size + 1)))
        ret = -ENOMEM;
    else if (!(ret = read_all(fd, *out, (size_t)st.st_size)))
        *len = (size_t)st.st_size;
    close(fd);
    if (ret < 0) {
        free(*out);
        *out = NULL;
        return veil_err(err, ret, "'%s'", path);
    }
    (*out)[*len] = '\0';
    return 0;
}
