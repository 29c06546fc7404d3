/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ceremony.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/bytes.h"
#include "keys/file.h"

const char *ceremony_path(const Ceremony *c, char path[CEREMONY_PATH_CAP], const char *kind, uint32_t i,
                          const char *ext)
{
    if (i)
        snprintf(path, CEREMONY_PATH_CAP, "%s/%s.%u.%s", c->folder, kind, i, ext);
    else
        snprintf(path, CEREMONY_PATH_CAP, "%s/%s.%s", c->folder, kind, ext);
    return path;
}

const char *ceremony_private(const Ceremony *c, const CeremonySelf *self, char path[CEREMONY_PATH_CAP],
                             const char *what)
{
    char ctx[VEIL_HEX_LEN(8) + 1];

    snprintf(path, CEREMONY_PATH_CAP, "%.4000s.%s.%s", self->key_path, veil_hex_encode(ctx, c->dkg.ctx, 8),
             what);
    return path;
}

static const char *ext_of(const char *kind)
{
    return !strcmp(kind, "round0") ? "txt" : !strcmp(kind, "round1") ? "msg" : "note";
}

uint32_t ceremony_present(const Ceremony *c, const char *kind)
{
    uint32_t present = 0;
    char path[CEREMONY_PATH_CAP];

    for (uint32_t i = 1; i <= c->n; i++)
        if (!access(ceremony_path(c, path, kind, i, ext_of(kind)), F_OK))
            present |= 1u << i;
    return present;
}

static int format_ceremony(VeilText *t, const Ceremony *c)
{
    char sign[VEIL_B64_LEN(32) + 1], box[VEIL_B64_LEN(32) + 1];

    veil_text_add(t, "veil/v1/ceremony\n");
    veil_text_b64(t, "sid", c->sid, 32);
    veil_text_add(t, "k %u\nn %u\n", c->k, c->n);
    if (c->refresh)
        veil_text_hex(t, "refresh", c->old.digest, 32);
    else
        veil_text_add(t, "refresh -\n");
    for (uint32_t i = 0; i < c->n; i++)
        veil_text_add(t, "member %u %s %s %s\n", i + 1, c->org[i],
                      veil_b64_encode(sign, c->members[i].sign, 32),
                      veil_b64_encode(box, c->members[i].box, 32));
    return veil_text_done(t);
}

static int parse_members(VeilLines *r, Ceremony *c)
{
    for (uint32_t i = 0; i < c->n && !r->ret; i++) {
        VeilSpan v[4];
        uint64_t index = 0;

        if (veil_lines_fields(r, "member", v, 4) < 0 || veil_span_number(r, v[0], &index, c->n) < 0 ||
            veil_span_token(r, v[1], c->org[i]) < 0 || veil_span_b64(r, v[2], c->members[i].sign, 32) < 0 ||
            veil_span_b64(r, v[3], c->members[i].box, 32) < 0)
            break;
        if (index != i + 1)
            veil_lines_fault(r, VEIL_E_CANON);
    }
    return veil_lines_end(r);
}

int ceremony_parse(Ceremony *c, const uint8_t *bytes, size_t len, VeilErr *err)
{
    uint64_t k = 0, n = 0;
    uint8_t digest[32] = { 0 };
    VeilText again = { 0 };
    VeilLines r;
    int ret;

    veil_lines_open(&r, bytes, len, "ceremony.txt", err);
    veil_lines_word(&r, "veil/v1/ceremony");
    veil_lines_b64(&r, "sid", c->sid, 32);
    veil_lines_number(&r, "k", &k, VEIL_GROUP_MAX_N);
    veil_lines_number(&r, "n", &n, VEIL_GROUP_MAX_N);
    c->k = (uint32_t)k;
    c->n = (uint32_t)n;
    if (c->refresh)
        veil_lines_hex(&r, "refresh", digest, 32);
    else
        veil_lines_word(&r, "refresh -");
    if ((ret = parse_members(&r, c)) < 0)
        return ret;
    if (c->refresh && sodium_memcmp(digest, c->old.digest, 32))
        return veil_err(err, VEIL_E_GROUP, "previous.note is not the note that ceremony.txt names");
    format_ceremony(&again, c);
    return veil_text_same(&again, bytes, len, "ceremony.txt", err);
}

/* A refresh keeps every member at its index. */
static int check_refresh(const Ceremony *c, VeilErr *err)
{
    for (uint32_t i = 0; c->refresh && i < c->n; i++)
        if (c->n != c->old.key.n || c->k != c->old.key.k || strcmp(c->org[i], c->old.org[i]) ||
            sodium_memcmp(c->members[i].sign, c->old.sign[i], 32))
            return veil_err(err, VEIL_E_DKG_MEMBER, "member %u, '%s', is not custodian %u of the group",
                            i + 1, c->org[i], i + 1);
    return 0;
}

static int start(Ceremony *c, VeilErr *err)
{
    int ret;

    if ((ret = check_refresh(c, err)) < 0)
        return ret;
    return veil_dkg_start(&c->dkg, c->sid, c->k, c->n, c->members, c->refresh ? &c->old.key : NULL, err);
}

int ceremony_create(Ceremony *c, const void *previous_note, size_t previous_len, VeilErr *err)
{
    VeilText t = { 0 };
    char path[CEREMONY_PATH_CAP];
    int ret;

    randombytes_buf(c->sid, sizeof(c->sid));
    if ((ret = start(c, err)) < 0)
        return ret;
    if (mkdir(c->folder, 0777))
        return veil_err(err, -errno, "folder '%s'", c->folder);
    if (c->refresh && (ret = veil_file_write(ceremony_path(c, path, "previous", 0, "note"), previous_note,
                                             previous_len, 0644, false, err)) < 0)
        return ret;
    if ((ret = format_ceremony(&t, c)) < 0)
        veil_err(err, ret, "ceremony.txt");
    else
        ret = veil_file_write(ceremony_path(c, path, "ceremony", 0, "txt"), t.at, t.len, 0644, false, err);
    veil_text_free(&t);
    return ret;
}

int ceremony_open(Ceremony *c, const char *folder, VeilErr *err)
{
    uint8_t *bytes = NULL;
    char path[CEREMONY_PATH_CAP];
    size_t len;
    int ret;

    memset(c, 0, sizeof(*c));
    snprintf(c->folder, sizeof(c->folder), "%s", folder);
    ceremony_path(c, path, "previous", 0, "note");
    if (!access(path, F_OK)) {
        c->refresh = true;
        if ((ret = veil_file_read(&bytes, &len, path, VEIL_TEXT_MAX, err)) < 0 ||
            (ret = veil_group_open(&c->old, bytes, len, NULL, err)) < 0)
            goto out;
        free(bytes);
        bytes = NULL;
    }
    if (!(ret = veil_file_read(&bytes, &len, ceremony_path(c, path, "ceremony", 0, "txt"), VEIL_TEXT_MAX,
                               err)) &&
        !(ret = ceremony_parse(c, bytes, len, err)))
        ret = start(c, err);
out:
    free(bytes);
    return ret;
}

int ceremony_message(VeilDkgMessage *msg, const char *path, uint32_t i, VeilErr *err)
{
    uint8_t *bytes;
    int ret;

    memset(msg, 0, sizeof(*msg));
    if ((ret = veil_file_read(&bytes, &msg->len, path, VEIL_DKG_MESSAGE_MAX, err)) == VEIL_E_TOO_LARGE)
        return veil_err(err, VEIL_E_DKG_COUNT, "message of member %u", i);
    if (!ret)
        memcpy(msg->at, bytes, msg->len);
    free(bytes);
    return ret;
}

/* Make our message and keep it; one that was kept before the power went is used again. */
static int make_or_recall(const Ceremony *c, const CeremonySelf *self, VeilDkgMessage *msg, VeilErr *err)
{
    char path[CEREMONY_PATH_CAP];
    uint8_t hash[32];
    int ret;

    if (!access(ceremony_private(c, self, path, "message"), F_OK)) {
        if ((ret = ceremony_message(msg, path, self->index, err)) < 0 ||
            (ret = veil_dkg_hash(hash, msg)) < 0 || veil_dkg_check(&c->dkg, self->index, msg, hash, NULL) < 0)
            return veil_err(err, VEIL_E_DKG_SIGNATURE, "our own message in '%s'", path);
        return 0;
    }
    if ((ret = veil_dkg_make(msg, &c->dkg, self->index, self->sign->secret, err)) < 0)
        return ret;
    return veil_file_write(path, msg->at, msg->len, 0600, false, err);
}

static void format_hash(VeilText *t, uint32_t member, const uint8_t hash[32])
{
    veil_text_add(t, "veil/v1/dkg-round0\nmember %u\n", member);
    veil_text_hex(t, "hash", hash, 32);
}

int ceremony_announce(const Ceremony *c, const CeremonySelf *self, VeilErr *err)
{
    VeilDkgMessage msg;
    VeilText t = { 0 };
    uint8_t hash[32];
    char path[CEREMONY_PATH_CAP];
    int ret;

    if ((ret = make_or_recall(c, self, &msg, err)) < 0)
        return ret;
    if ((ret = veil_dkg_hash(hash, &msg)) < 0)
        return veil_err(err, ret, "message of member %u", self->index);
    format_hash(&t, self->index, hash);
    if ((ret = veil_text_done(&t)) < 0)
        veil_err(err, ret, "round 0 of member %u", self->index);
    else
        ret = veil_file_write(ceremony_path(c, path, "round0", self->index, "txt"), t.at, t.len, 0644, false,
                              err);
    veil_text_free(&t);
    return ret;
}

int ceremony_parse_hash(uint8_t hash[32], uint32_t *member, const uint8_t *bytes, size_t len,
                        const char *what, VeilErr *err)
{
    uint64_t number = 0;
    VeilText again = { 0 };
    VeilLines r;
    int ret;

    veil_lines_open(&r, bytes, len, what, err);
    veil_lines_word(&r, "veil/v1/dkg-round0");
    veil_lines_number(&r, "member", &number, VEIL_GROUP_MAX_N);
    veil_lines_hex(&r, "hash", hash, 32);
    if ((ret = veil_lines_end(&r)) < 0)
        return ret;
    *member = (uint32_t)number;
    format_hash(&again, *member, hash);
    return veil_text_same(&again, bytes, len, what, err);
}

static int read_hash(uint8_t hash[32], const Ceremony *c, uint32_t i, VeilErr *err)
{
    char path[CEREMONY_PATH_CAP], what[64];
    uint32_t member = 0;
    uint8_t *bytes;
    size_t len;
    int ret;

    snprintf(what, sizeof(what), "round 0 of member %u", i);
    if ((ret = veil_file_read(&bytes, &len, ceremony_path(c, path, "round0", i, "txt"), 256, err)) < 0)
        return ret;
    ret = ceremony_parse_hash(hash, &member, bytes, len, what, err);
    free(bytes);
    return ret >= 0 && member != i ? veil_err(err, VEIL_E_DKG_COMMIT, "%s", what) : ret;
}

int ceremony_reveal(const Ceremony *c, const CeremonySelf *self, VeilErr *err)
{
    uint8_t hashes[VEIL_GROUP_MAX_N][32];
    VeilDkgMessage msg;
    char path[CEREMONY_PATH_CAP];
    int ret;

    for (uint32_t i = 1; i <= c->n; i++)
        if ((ret = read_hash(hashes[i - 1], c, i, err)) < 0)
            return ret;
    if ((ret = ceremony_message(&msg, ceremony_private(c, self, path, "message"), self->index, err)) < 0 ||
        (ret = veil_dkg_check(&c->dkg, self->index, &msg, hashes[self->index - 1], err)) < 0 ||
        (ret = veil_file_write(ceremony_private(c, self, path, "hashes"), hashes, 32 * (size_t)c->n, 0600,
                               false, err)) < 0)
        return ret;
    return veil_file_write(ceremony_path(c, path, "round1", self->index, "msg"), msg.at, msg.len, 0644, false,
                           err);
}
