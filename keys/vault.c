/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "bytes.h"

#define ROLE "operator-sign"

static void print_header(VeilText *t, const VeilVaultHeader *h)
{
    char hex[VEIL_HEX_LEN(32) + 1];

    veil_text_add(t, "veil/v1/vault\nsuite %s\n", VEIL_SUITE);
    veil_text_hex(t, "gid", h->gid, VEIL_GID_BYTES);
    veil_text_hex(t, "group", h->group, 32);
    veil_text_add(t, "min-k %u\n", h->min_k);
    veil_text_add(t, "policy %u %s\n", h->policy_version, veil_hex_encode(hex, h->policy, 32));
    veil_text_b64(t, "operator", h->operator_pk, VEIL_SIGN_PK_BYTES);
    veil_text_b64(t, "nonce", h->nonce, 32);
    veil_text_time(t, "start", h->start);
    veil_text_add(t, "segment-ms %d\nchunk %d\n", VEIL_VAULT_SEGMENT_MS, VEIL_CHUNK_PLAIN);
    veil_text_add(t, "video %u %u %u %u\n", h->width, h->height, h->fps_num, h->fps_den);
}

/* vid = HB32("veil/v1/vault"; header) */
static int set_vid(VeilVaultHeader *h, const void *text, size_t len)
{
    return veil_hb32(h->vid, "veil/v1/vault", VEIL_FIELDS({ text, len }));
}

int veil_vault_header_print(VeilText *t, VeilVaultHeader *h)
{
    print_header(t, h);
    return veil_text_done(t) < 0 ? veil_text_done(t) : set_vid(h, t->at, t->len);
}

static void parse_video(VeilLines *r, VeilVaultHeader *h)
{
    VeilSpan s[4];
    uint64_t v[4];

    veil_lines_fields(r, "video", s, 4);
    for (int i = 0; i < 4; i++)
        if (veil_span_number(r, s[i], &v[i], INT32_MAX) >= 0 && !v[i])
            veil_lines_fault(r, VEIL_E_CANON);
    h->width = (uint32_t)v[0];
    h->height = (uint32_t)v[1];
    h->fps_num = (uint32_t)v[2];
    h->fps_den = (uint32_t)v[3];
}

static void parse_fixed(VeilLines *r, const char *key, uint64_t want)
{
    uint64_t v;

    if (veil_lines_number(r, key, &v, UINT32_MAX) >= 0 && v != want)
        veil_lines_fault(r, VEIL_E_UNSUPPORTED);
}

int veil_vault_header_parse(VeilVaultHeader *h, const void *bytes, size_t len, const char *what, VeilErr *err)
{
    VeilText again = { 0 };
    VeilSpan policy[2], suite;
    uint64_t n;
    VeilLines r;
    int ret;

    *h = (VeilVaultHeader){ 0 };
    if (len > VEIL_VAULT_HEADER_MAX)
        return veil_err(err, VEIL_E_TOO_LARGE, "%s", what);
    veil_lines_open(&r, bytes, len, what, err);
    veil_lines_word(&r, "veil/v1/vault");
    if (veil_lines_fields(&r, "suite", &suite, 1) >= 0 &&
        (suite.len != strlen(VEIL_SUITE) || memcmp(suite.at, VEIL_SUITE, suite.len)))
        veil_lines_fault(&r, VEIL_E_UNSUPPORTED);
    veil_lines_hex(&r, "gid", h->gid, VEIL_GID_BYTES);
    veil_lines_hex(&r, "group", h->group, 32);
    veil_lines_number(&r, "min-k", &n, VEIL_GROUP_MAX_N);
    h->min_k = (uint32_t)n;
    veil_lines_fields(&r, "policy", policy, 2);
    veil_span_number(&r, policy[0], &n, UINT32_MAX);
    h->policy_version = (uint32_t)n;
    veil_span_hex(&r, policy[1], h->policy, 32);
    veil_lines_b64(&r, "operator", h->operator_pk, VEIL_SIGN_PK_BYTES);
    veil_lines_b64(&r, "nonce", h->nonce, 32);
    veil_lines_time(&r, "start", &h->start);
    parse_fixed(&r, "segment-ms", VEIL_VAULT_SEGMENT_MS);
    parse_fixed(&r, "chunk", VEIL_CHUNK_PLAIN);
    parse_video(&r, h);
    if ((ret = veil_lines_end(&r)) < 0)
        return ret;
    print_header(&again, h);
    if ((ret = veil_text_same(&again, bytes, len, what, err)) < 0)
        return ret;
    return set_vid(h, bytes, len);
}

/* ---- seal notes ------------------------------------------------------------- */

static void print_seal(VeilText *t, const VeilSeal *s)
{
    veil_text_add(t, "veil/v1/seal\n");
    veil_text_hex(t, "vid", s->vid, 32);
    veil_text_add(t, "state %s\nunits %u\n", s->final ? "final" : "open", s->units);
    veil_text_b64(t, "root", s->root, VEIL_HASH_BYTES);
    veil_text_hex(t, "chain", s->chain, VEIL_HASH_BYTES);
    if (s->final)
        veil_text_hex(t, "video", s->video, 32);
    else
        veil_text_add(t, "video -\n");
}

int veil_seal_print(VeilText *t, const VeilSeal *s, const uint8_t sk[VEIL_SIGN_SK_BYTES])
{
    print_seal(t, s);
    return veil_note_sign(t, ROLE, sk);
}

static int parse_seal(VeilSeal *s, const VeilNote *n, const char *what, VeilErr *err)
{
    VeilText again = { 0 };
    char state[VEIL_TOKEN_CAP];
    uint64_t units;
    VeilLines r;
    int ret;

    *s = (VeilSeal){ 0 };
    veil_lines_open(&r, n->text, n->text_len, what, err);
    veil_lines_word(&r, "veil/v1/seal");
    veil_lines_hex(&r, "vid", s->vid, 32);
    veil_lines_token(&r, "state", state);
    s->final = !strcmp(state, "final");
    veil_lines_number(&r, "units", &units, VEIL_VAULT_UNITS_MAX);
    s->units = (uint32_t)units;
    veil_lines_b64(&r, "root", s->root, VEIL_HASH_BYTES);
    veil_lines_hex(&r, "chain", s->chain, VEIL_HASH_BYTES);
    if (s->final)
        veil_lines_hex(&r, "video", s->video, 32);
    else
        veil_lines_word(&r, "video -");
    if ((ret = veil_lines_end(&r)) < 0)
        return ret;
    print_seal(&again, s); /* writes "open" for any state but "final" */
    return veil_text_same(&again, n->text, n->text_len, what, err);
}

int veil_seal_parse(VeilSeal *s, const void *bytes, size_t len, const VeilVaultHeader *h, const char *what,
                    VeilErr *err)
{
    VeilNote n;
    int ret;

    if (len > VEIL_VAULT_NOTE_MAX)
        return veil_err(err, VEIL_E_TOO_LARGE, "%s", what);
    if ((ret = veil_note_parse(&n, bytes, len, what, err)) < 0 || (ret = parse_seal(s, &n, what, err)) < 0)
        return ret;
    if ((ret = veil_note_verify(&n, ROLE, h->operator_pk, what, err)) < 0)
        return ret == VEIL_E_SIGNATURE ? veil_err(err, VEIL_E_OPERATOR, "%s", what) : ret;
    if (sodium_memcmp(s->vid, h->vid, 32))
        return veil_err(err, VEIL_E_ROOT, "%s: belongs to another vault", what);
    return 0;
}
