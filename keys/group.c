/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "group.h"

#include <sodium.h>
#include <string.h>

#include "bytes.h"

static int put_text(VeilText *t, const VeilGroup *g)
{
    char y[VEIL_B64_LEN(32) + 1], sign[VEIL_B64_LEN(32) + 1];

    veil_text_add(t, "veil/v1/group\nsuite " VEIL_SUITE "\n");
    veil_text_hex(t, "gid", g->key.gid, 32);
    veil_text_add(t, "k %u\nn %u\nepoch %u\nkeygen %s\n", g->key.k, g->key.n, g->key.epoch,
                  g->dealer ? "dealer" : "dkg");
    veil_text_b64(t, "Y", g->key.y, 32);
    veil_text_hex(t, "transcript", g->transcript, 32);
    if (g->key.epoch) {
        veil_text_hex(t, "refresh", g->refresh, 32);
        veil_text_hex(t, "prev", g->prev, 32);
    } else {
        veil_text_add(t, "refresh -\nprev -\n");
    }
    for (uint32_t i = 0; i < g->key.n; i++)
        veil_text_add(t, "custodian %u %s %s %s\n", i + 1, g->org[i], veil_b64_encode(y, g->key.yi[i], 32),
                      veil_b64_encode(sign, g->sign[i], 32));
    return veil_text_done(t);
}

int veil_group_format(VeilText *t, VeilGroup *g)
{
    const size_t start = t->len;
    int ret;

    if ((ret = put_text(t, g)) < 0)
        return ret;
    return crypto_hash_sha256(g->digest, (const uint8_t *)t->at + start, t->len - start) ? VEIL_E_CRYPTO : 0;
}

/* The fields of the note as they stand, before anything is computed. */
typedef struct Claims {
    uint8_t gid[32], y[VEIL_POINT_BYTES], yi[VEIL_GROUP_MAX_N][VEIL_POINT_BYTES];
    uint64_t k, n, epoch;
} Claims;

static void read_custodians(VeilLines *r, VeilGroup *g, Claims *c)
{
    for (uint32_t i = 0; i < c->n && !r->ret; i++) {
        VeilSpan v[4];
        uint64_t index = 0;

        if (veil_lines_fields(r, "custodian", v, 4) < 0 || veil_span_number(r, v[0], &index, c->n) < 0 ||
            veil_span_token(r, v[1], g->org[i]) < 0 || veil_span_b64(r, v[2], c->yi[i], 32) < 0 ||
            veil_span_b64(r, v[3], g->sign[i], 32) < 0)
            return;
        if (index != i + 1)
            veil_lines_fault(r, VEIL_E_CANON);
    }
}

static int read_text(VeilLines *r, VeilGroup *g, Claims *c)
{
    char word[VEIL_TOKEN_CAP];

    veil_lines_word(r, "veil/v1/group");
    if (!veil_lines_token(r, "suite", word) && strcmp(word, VEIL_SUITE))
        return veil_err(r->err, VEIL_E_UNSUPPORTED, "suite '%s' of the group note", word);
    veil_lines_hex(r, "gid", c->gid, 32);
    veil_lines_number(r, "k", &c->k, VEIL_GROUP_MAX_N);
    veil_lines_number(r, "n", &c->n, VEIL_GROUP_MAX_N);
    veil_lines_number(r, "epoch", &c->epoch, UINT32_MAX);
    if (!veil_lines_token(r, "keygen", word)) {
        g->dealer = !strcmp(word, "dealer");
        if (!g->dealer && strcmp(word, "dkg"))
            return veil_lines_fault(r, VEIL_E_CANON);
    }
    veil_lines_b64(r, "Y", c->y, 32);
    veil_lines_hex(r, "transcript", g->transcript, 32);
    if (c->epoch) {
        veil_lines_hex(r, "refresh", g->refresh, 32);
        veil_lines_hex(r, "prev", g->prev, 32);
    } else {
        veil_lines_word(r, "refresh -");
        veil_lines_word(r, "prev -");
    }
    read_custodians(r, g, c);
    return veil_lines_end(r);
}

static int check_members(const VeilGroup *g, VeilErr *err)
{
    for (uint32_t i = 0; i < g->key.n; i++)
        for (uint32_t j = 0; j < i; j++)
            if (!strcmp(g->org[i], g->org[j]) || !sodium_memcmp(g->sign[i], g->sign[j], 32))
                return veil_err(err, VEIL_E_GROUP, "custodians %u and %u are the same", j + 1, i + 1);
    return 0;
}

int veil_group_parse(VeilGroup *g, const char *text, size_t len, VeilErr *err)
{
    VeilText again = { 0 };
    VeilLines r;
    Claims c = { 0 };
    char hex[VEIL_HEX_LEN(32) + 1];
    int ret;

    memset(g, 0, sizeof(*g));
    veil_lines_open(&r, text, len, "group note", err);
    if ((ret = read_text(&r, g, &c)) < 0 ||
        (ret = veil_groupkey_init(&g->key, (uint32_t)c.k, (uint32_t)c.n, (uint32_t)c.epoch, c.y,
                                  g->transcript, c.yi, err)) < 0 ||
        (ret = check_members(g, err)) < 0)
        return ret;
    if (sodium_memcmp(g->key.gid, c.gid, 32))
        return veil_err(err, VEIL_E_GROUP, "gid '%.16s' of the note is not that of its Y and transcript",
                        veil_hex_encode(hex, c.gid, 32));
    if ((ret = veil_group_format(&again, g)) < 0) {
        veil_text_free(&again);
        return veil_err(err, ret, "group note");
    }
    return veil_text_same(&again, text, len, "group note", err);
}

int veil_group_open(VeilGroup *g, const void *bytes, size_t len, const uint8_t *pin, VeilErr *err)
{
    char hex[VEIL_HEX_LEN(32) + 1];
    VeilNote note;
    int ret;

    if ((ret = veil_note_parse(&note, bytes, len, "group note", err)) < 0 ||
        (ret = veil_group_parse(g, note.text, note.text_len, err)) < 0)
        return ret;
    for (uint32_t i = 0; i < g->key.n; i++)
        if (!veil_note_signed_by(&note, VEIL_GROUP_SIGNER, g->sign[i]))
            return veil_err(err, VEIL_E_GROUP, "signature of custodian %u, '%s', on the group note", i + 1,
                            g->org[i]);
    if (pin && sodium_memcmp(pin, g->key.gid, 32))
        return veil_err(err, VEIL_E_GROUP, "group '%.16s' is not the one that was pinned",
                        veil_hex_encode(hex, g->key.gid, 32));
    return 0;
}

int veil_group_check_keygen(const VeilGroup *g, bool dealer_allowed, VeilErr *err)
{
    char hex[VEIL_HEX_LEN(32) + 1];

    if (g->dealer && !dealer_allowed)
        return veil_err(err, VEIL_E_GROUP, "group '%.16s' has 'keygen dealer'",
                        veil_hex_encode(hex, g->key.gid, 32));
    return 0;
}

int veil_group_follows(const VeilGroup *next, const VeilGroup *g, VeilErr *err)
{
    if (next->key.epoch != (uint64_t)g->key.epoch + 1)
        return veil_err(err, VEIL_E_EPOCH, "group note of epoch %u after epoch %u", next->key.epoch,
                        g->key.epoch);
    if (sodium_memcmp(next->key.gid, g->key.gid, 32) || sodium_memcmp(next->key.y, g->key.y, 32) ||
        next->key.k != g->key.k || next->key.n != g->key.n || next->dealer != g->dealer ||
        memcmp(next->sign, g->sign, sizeof(g->sign)) || memcmp(next->org, g->org, sizeof(g->org)) ||
        sodium_memcmp(next->prev, g->digest, 32))
        return veil_err(err, VEIL_E_GROUP, "group note of epoch %u does not continue the one of epoch %u",
                        next->key.epoch, g->key.epoch);
    return 0;
}
