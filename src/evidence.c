/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "digest.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/minisig.h"
#include "msg.h"

#define MARK ".unfinished"

struct VeilEvidence {
    char *path, *part;
    int fd;       ///< of the part folder, locked
    bool made;    ///< the part folder is ours to remove
    json_t *files;
};

static int failed(const VeilEvidence *e, const char *name)
{
    veil_error("cannot write '%s%s%s': %s; nothing was kept", e->path, name ? "/" : "", name ? name : "",
               strerror(errno));
    return VEIL_EXIT_ERROR;
}

/* ---- beginning --------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static int remove_tree(const char *path)
{
    return nftw(path, remove_one, 16, FTW_PHYS | FTW_DEPTH | FTW_MOUNT);
}

/* Open and lock the part folder. @return descriptor, or -1 after a printed sentence */
static int lock_part(const VeilEvidence *e)
{
    const int fd = open(e->part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) >= 0)
        return fd;
    if (fd >= 0)
        veil_error("'%s' is being written by another run; wait for it, or choose another name", e->part);
    else
        veil_error("'%s' is in the way: %s; remove it, or choose another name", e->part, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* What a killed run left: opened faces, which nobody has signed for. Nothing else is removed. */
static int remove_left_over(const VeilEvidence *e)
{
    const int fd = lock_part(e);
    int ret = VEIL_EXIT_ERROR;

    if (fd < 0)
        return ret;
    if (faccessat(fd, MARK, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && rmdir(e->part) < 0) /* an empty one may go */
        veil_error("'%s' is in the way and no unfinished run of veil has left it; remove it, or choose another name",
                   e->part);
    else if (remove_tree(e->part) < 0 && errno != ENOENT)
        veil_error("cannot remove '%s', which a stopped run left: %s; remove it by hand", e->part, strerror(errno));
    else
        ret = 0;
    close(fd);
    if (!ret)
        veil_info("removed '%s', which a stopped run had left", e->part);
    return ret;
}

static int make_part(VeilEvidence *e)
{
    VeilErr err;
    char *mark;
    int ret;

    if (mkdir(e->part, 0700) < 0) {
        if (errno != EEXIST)
            return failed(e, NULL);
        if ((ret = remove_left_over(e)))
            return ret;
        if (mkdir(e->part, 0700) < 0)
            return failed(e, NULL);
    }
    e->made = true;
    if ((e->fd = lock_part(e)) < 0)
        return VEIL_EXIT_ERROR;
    if (!(mark = veil_evidence_path(e, MARK)))
        return VEIL_EXIT_ERROR;
    ret = veil_file_write(mark, "", 0, 0600, false, &err) < 0 ? veil_keyio_refuse(&err) : 0;
    free(mark);
    return ret;
}

int veil_evidence_begin(VeilEvidence **out, const char *path)
{
    VeilEvidence *e = *out = calloc(1, sizeof(*e));
    size_t len = strlen(path);
    struct stat st;

    if (!e)
        return VEIL_EXIT_ERROR;
    e->fd = -1;
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (!(e->path = strndup(path, len)) || asprintf(&e->part, "%s.part", e->path) < 0 || !(e->files = json_array())) {
        veil_error("no memory for the names of '%s'; free some", path);
        return VEIL_EXIT_ERROR;
    }
    if (!lstat(e->path, &st)) {
        veil_error("'%s' exists; an evidence folder is never written over, choose another name", e->path);
        return VEIL_EXIT_ERROR;
    }
    umask(077);
    return make_part(e);
}

/* ---- files --------------------------------------------------------------------------------- */

char *veil_evidence_path(const VeilEvidence *e, const char *name)
{
    char *path;

    if (asprintf(&path, "%s/%s", e->part, name) >= 0)
        return path;
    veil_error("no memory for the name '%s'; free some", name);
    return NULL;
}

int veil_evidence_folder(VeilEvidence *e, const char *name)
{
    return mkdirat(e->fd, name, 0700) < 0 && errno != EEXIST ? failed(e, name) : 0;
}

static int list(VeilEvidence *e, const char *name, uint64_t bytes, const char *hex)
{
    if (json_array_append_new(e->files, json_pack("{s:s, s:I, s:s}", "file", name, "bytes", (json_int_t)bytes,
                                                  "sha256", hex)) >= 0)
        return 0;
    veil_error("no memory for the list of files; free some");
    return VEIL_EXIT_ERROR;
}

/* Whole or not at all is the folder's business, so a file is just written. */
static int put(const VeilEvidence *e, const char *name, const void *bytes, size_t len)
{
    const int fd = openat(e->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    const char *at = bytes;
    int ret = fd < 0 ? failed(e, name) : 0;

    while (!ret && len) {
        const ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            ret = failed(e, name);
        at += n;
        len -= n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0 && close(fd) < 0 && !ret)
        ret = failed(e, name);
    return ret;
}

int veil_evidence_write(VeilEvidence *e, const char *name, const void *bytes, size_t len)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    char hex[VEIL_DIGEST_HEX];
    int ret;

    if ((ret = put(e, name, bytes, len)))
        return ret;
    crypto_hash_sha256(hash, bytes, len);
    return list(e, name, len, veil_hex_encode(hex, hash, sizeof(hash)));
}

int veil_evidence_enter(VeilEvidence *e, const char *name)
{
    char hex[VEIL_DIGEST_HEX], *path = veil_evidence_path(e, name);
    struct stat st;
    int ret = VEIL_EXIT_ERROR;

    if (!path)
        return ret;
    if (stat(path, &st) < 0 || veil_digest_file(path, hex) < 0)
        ret = failed(e, name);
    else
        ret = list(e, name, (uint64_t)st.st_size, hex);
    free(path);
    return ret;
}

/* ---- the end --------------------------------------------------------------------------------- */

static int sign(VeilEvidence *e, const char *text, size_t len, const VeilKey *key, const char *comment)
{
    char out[VEIL_MINISIG_MAX + 1];
    VeilMinisig sig;
    VeilErr err;

    if (veil_minisig_sign(&sig, (const uint8_t *)text, len, comment, key->secret, &err) < 0)
        return veil_keyio_refuse(&err);
    return put(e, "evidence.json.minisig", out, veil_minisig_format(out, &sig));
}

/* A crash of the machine must not leave a folder with its name and without its files. */
static int give_name(VeilEvidence *e)
{
    char *copy;
    int fd;

    if (unlinkat(e->fd, MARK, 0) < 0 || syncfs(e->fd) < 0)
        return failed(e, NULL);
    if (renameat2(AT_FDCWD, e->part, AT_FDCWD, e->path, RENAME_NOREPLACE) < 0 &&
        (errno != EINVAL || rename(e->part, e->path) < 0)) {
        veil_error("cannot give '%s' its name: %s; nothing was kept", e->path, strerror(errno));
        return VEIL_EXIT_ERROR;
    }
    e->made = false; /* it stays */
    copy = strdup(e->path);
    if (copy && (fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0) {
        fsync(fd);
        close(fd);
    }
    free(copy);
    return 0;
}

int veil_evidence_finish(VeilEvidence *e, json_t *doc, const VeilKey *key, const char *comment)
{
    char *text = NULL;
    size_t len;
    int ret;

    if (!doc || json_object_set(doc, "files", e->files) < 0 ||
        !(text = json_dumps(doc, JSON_INDENT(2) | JSON_PRESERVE_ORDER))) {
        veil_error("no memory for evidence.json; free some");
        return VEIL_EXIT_ERROR;
    }
    len = strlen(text);
    text[len++] = '\n'; /* in place of the NUL */
    if (!(ret = put(e, "evidence.json", text, len)) && !(ret = sign(e, text, len, key, comment)))
        ret = give_name(e);
    free(text);
    return ret;
}

int veil_evidence_keep(VeilEvidence *e)
{
    return give_name(e);
}

void veil_evidence_free(VeilEvidence *e)
{
    if (!e)
        return;
    if (e->made && remove_tree(e->part) < 0)
        veil_warn("'%s' could not be removed: %s; it may hold opened faces, remove it by hand", e->part,
                  strerror(errno));
    if (e->fd >= 0)
        close(e->fd);
    json_decref(e->files);
    free(e->path);
    free(e->part);
    free(e);
}
