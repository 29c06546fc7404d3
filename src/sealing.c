/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sealing.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <libavutil/avstring.h>
#include <libavutil/parseutils.h>

#include "keyio.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/policy.h"
#include "msg.h"

#define FILE_MAX (1 << 20) ///< bytes of a note

/* ---- who can open it, who signs ------------------------------------------------ */

static int refuse(const VeilErr *err)
{
    veil_error("cannot seal: %s; nothing was kept", err->text);
    return -EINVAL;
}

static int load_group(VeilSealing *l, const VeilSettings *s)
{
    uint8_t pin[VEIL_GID_BYTES], *bytes = NULL;
    VeilErr err = { 0 };
    size_t len;
    int ret;

    if (s->gid && (strlen(s->gid) != 2 * sizeof(pin) || veil_hex_decode(pin, sizeof(pin), s->gid, strlen(s->gid)) < 0)) {
        veil_error("option '--gid' is '%s'; give the 64 hex digits that 'veil group show' prints", s->gid);
        return -EINVAL;
    }
    if ((ret = veil_file_read(&bytes, &len, s->group, FILE_MAX, &err)) >= 0)
        ret = veil_group_open(&l->group, bytes, len, s->gid ? pin : NULL, &err);
    free(bytes);
    return ret < 0 ? refuse(&err) : 0;
}

static int read_policy(VeilPolicy *p, const char *path, VeilErr *err)
{
    uint8_t *bytes = NULL;
    size_t len;
    int ret = veil_file_read(&bytes, &len, path, FILE_MAX, err);

    /* Version 1 is signed by its own signers; a later one needs those before it. */
    if (ret >= 0)
        ret = veil_policy_read(p, bytes, len, NULL, path, err);
    free(bytes);
    return ret;
}

static int load_policy(VeilPolicy *p, const char *path, VeilErr *err)
{
    VeilPolicies all = { 0 };
    struct stat st;
    int ret;

    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
        return read_policy(p, path, err);
    if ((ret = veil_policies_load(&all, path, err)) >= 0)
        *p = *veil_policies_newest(&all);
    veil_policies_free(&all);
    return ret;
}

static int check_policy(const VeilSealing *l, const VeilPolicy *p, const VeilSettings *s)
{
    VeilErr err = { 0 };

    if (memcmp(p->group, l->group.digest, sizeof(p->group))) {
        veil_error("policy '%s' belongs to another group than '%s'; give the policy of that group", s->policy, s->group);
        return -EINVAL;
    }
    if (veil_group_check_keygen(&l->group, p->dealer_ok, &err) < 0)
        return refuse(&err);
    if (!veil_keylist_find(&p->operators, l->key.public_key)) {
        veil_error("policy '%s' does not name '%s' as an operator, so nobody would open its vault; have it added, or "
                   "give another --operator", s->policy, s->operator_key);
        return -EINVAL;
    }
    return 0;
}

/* ---- when ---------------------------------------------------------------------- */

/* Segment 0 of the vault begins then, and warrants name times of day. */
static int find_start(int64_t *start, const VeilSettings *s, const VeilInput *in)
{
    const AVDictionaryEntry *e = av_dict_get(in->format->metadata, "creation_time", NULL, 0);
    char text[VEIL_TIME_LEN + 1] = "?";
    struct stat st;
    int64_t us;

    if (s->start) {
        if (veil_time_parse(start, s->start, strlen(s->start)) >= 0)
            return 0;
        veil_error("option '--start' is '%s'; give a time as 2026-05-01T14:02:00Z", s->start);
        return -EINVAL;
    }
    if (e && av_parse_time(&us, e->value, 0) >= 0 && us > 0)
        *start = us / 1000000;
    else if (!stat(in->path, &st))
        *start = st.st_mtime - FFMAX(in->format->duration, 0) / AV_TIME_BASE;
    else
        *start = time(NULL);
    veil_time_format(text, *start);
    veil_info("the recording began at %s by %s; give --start if that is wrong", text,
              e ? "its own metadata" : "the file's date");
    return 0;
}

/* ---- beginning ----------------------------------------------------------------- */

static int check_settings(const VeilSettings *s)
{
    static const char how[] = "'veil group new' begins a group, 'veil keys new operator-sign' makes a key";

    if (!s->group) {
        veil_error("sealing needs a group that can open the vault; give --group, --policy and --operator (%s)", how);
        return -EINVAL;
    }
    if (!s->policy || !s->operator_key) {
        veil_error("sealing for '%s' needs %s as well; give --policy and --operator, or leave the group away to cover "
                   "only", s->group, s->policy ? "the operator's key" : "the group's policy");
        return -EINVAL;
    }
    return 0;
}

/* What a killed run left behind goes; its source is still there. One that is
 * being written is locked. */
static int clear_part(const char *part)
{
    const int fd = open(part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    int ret = 0;

    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        veil_error("vault '%s' is being written by another run; wait for it, or name another with --vault", part);
        ret = -EWOULDBLOCK;
    } else if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || unlink(part) < 0) {
        veil_error("cannot replace '%s'; remove it, or name another vault with --vault", part);
        ret = -EEXIST;
    }
    if (fd >= 0)
        close(fd);
    return ret;
}

static int choose_path(VeilSealing *l, const VeilSettings *s)
{
    struct stat st;

    if (asprintf(&l->path, "%s%s", s->vault ? s->vault : s->output, s->vault ? "" : ".veil") < 0) {
        l->path = NULL;
        return -ENOMEM;
    }
    if (asprintf(&l->part, "%s.part", l->path) < 0) {
        l->part = NULL;
        return -ENOMEM;
    }
    if (!lstat(l->path, &st)) {
        veil_error("vault '%s' exists, and a vault is never replaced; move it away, or name another with --vault",
                   l->path);
        return -EEXIST;
    }
    return clear_part(l->part);
}

static int fill_plan(VeilSealing *l, const VeilPolicy *p, const VeilSettings *s, const VeilInput *in)
{
    VeilVaultHeader *h = &l->plan.header;

    l->plan.path = l->part;
    l->plan.group = &l->group.key;
    l->plan.sk = l->key.secret;
    memcpy(h->gid, l->group.key.gid, sizeof(h->gid));
    memcpy(h->group, l->group.digest, sizeof(h->group));
    h->min_k = l->group.key.k;
    h->policy_version = p->version;
    memcpy(h->policy, p->digest, sizeof(h->policy));
    memcpy(h->operator_pk, l->key.public_key, sizeof(h->operator_pk));
    return find_start(&h->start, s, in);
}

int veil_sealing_begin(VeilSealing **out, const VeilSettings *s, const VeilInput *in)
{
    VeilSealing *l = calloc(1, sizeof(*l));
    VeilPolicy p;
    VeilErr err = { 0 };
    int ret = -ENOMEM;

    *out = NULL;
    if (!l)
        return ret;
    if ((ret = check_settings(s)) < 0 || (ret = choose_path(l, s)) < 0 || (ret = load_group(l, s)) < 0)
        goto fail;
    if (load_policy(&p, s->policy, &err) < 0) {
        ret = refuse(&err);
        goto fail;
    }
    ret = -EINVAL;
    if (!veil_keyio_start() || veil_keyio_unlock(&l->key, s->operator_key, VEIL_ROLE_OPERATOR, s->pass_fd))
        goto fail;
    if ((ret = check_policy(l, &p, s)) < 0 || (ret = fill_plan(l, &p, s, in)) < 0)
        goto fail;
    *out = l;
    return 0;
fail:
    veil_sealing_free(l);
    return ret;
}

/* ---- end ------------------------------------------------------------------------ */

static int give_name(VeilSealing *l)
{
    char *copy = strdup(l->path);
    int fd, ret;

    /* link() fails where a file of that name has appeared meanwhile. */
    if (!copy || link(l->part, l->path) < 0 || unlink(l->part) < 0) {
        ret = -errno;
        veil_error("cannot name the vault '%s': %s; nothing was kept", l->path, strerror(errno));
        free(copy);
        return ret;
    }
    l->named = true;
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ret = fd < 0 || fsync(fd) < 0 ? -errno : 0;
    if (ret < 0)
        veil_error("cannot flush the folder of vault '%s': %s; nothing was kept", l->path, strerror(-ret));
    if (fd >= 0)
        close(fd);
    free(copy);
    return ret;
}

int veil_sealing_finish(VeilSealing *l, const char *video)
{
    char hex[VEIL_DIGEST_HEX];
    uint8_t digest[32];
    VeilErr err = { 0 };
    int ret;

    if (!l->plan.vault || !l->plan.whole) {
        veil_error("the chain ended without sealing; put 'seal' before 'cover' in --chain");
        return -EINVAL;
    }
    if ((ret = veil_digest_file(video, hex)) < 0 || (ret = veil_hex_decode(digest, sizeof(digest), hex, 64)) < 0) {
        veil_error("cannot read back '%s': %s; nothing was kept", video, strerror(-ret));
        return ret;
    }
    if (veil_vault_finish(l->plan.vault, digest, &err) < 0) {
        veil_error("cannot seal: %s; nothing was kept", err.text);
        return -EIO;
    }
    if ((ret = veil_digest_file(l->part, l->sha256)) < 0) {
        veil_error("cannot read back the vault '%s': %s; nothing was kept", l->part, strerror(-ret));
        return ret;
    }
    return give_name(l);
}

void veil_sealing_keep(VeilSealing *l)
{
    free(l->path);
    l->path = NULL;
}

void veil_sealing_free(VeilSealing *l)
{
    if (!l)
        return;
    if (l->plan.vault && !l->named)
        unlink(l->part);
    if (l->named && l->path)
        unlink(l->path);
    veil_seal_plan_free(&l->plan);
    veil_key_clear(&l->key);
    free(l->path);
    free(l->part);
    free(l);
}
