/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "note.h"

#include <sodium.h>
#include <string.h>

#include "bytes.h"
#include "keyfile.h"

_Static_assert(VEIL_SIGN_PK_BYTES == crypto_sign_PUBLICKEYBYTES, "Ed25519 public key");
_Static_assert(VEIL_SIGN_SK_BYTES == crypto_sign_SECRETKEYBYTES, "Ed25519 secret key");
_Static_assert(VEIL_SIG_BYTES == crypto_sign_BYTES, "Ed25519 signature");

static const char dash[] = "\xe2\x80\x94 "; /* U+2014 and a space begin a signature line */
#define DASH_LEN 4

bool veil_note_name_ok(const char *name)
{
    return veil_token_ok(name) && !strchr(name, '+');
}

void veil_note_key_id(uint8_t out[4], const char *name, uint8_t kind, const uint8_t pk[VEIL_SIGN_PK_BYTES])
{
    crypto_hash_sha256_state st;
    uint8_t h[crypto_hash_sha256_BYTES];

    crypto_hash_sha256_init(&st);
    crypto_hash_sha256_update(&st, (const uint8_t *)name, strlen(name));
    crypto_hash_sha256_update(&st, (const uint8_t *)"\n", 1);
    crypto_hash_sha256_update(&st, &kind, 1);
    crypto_hash_sha256_update(&st, pk, VEIL_SIGN_PK_BYTES);
    crypto_hash_sha256_final(&st, h);
    memcpy(out, h, 4);
}

/* ---- parsing ---------------------------------------------------------------- */

size_t veil_note_text_len(const char *bytes, size_t len)
{
    for (size_t i = len; i >= 2; i--)
        if (bytes[i - 1] == '\n' && bytes[i - 2] == '\n')
            return i - 1;
    return len;
}

static int parse_sig(VeilNoteSig *s, const char *line, size_t len)
{
    uint8_t raw[4 + VEIL_NOTE_SIG_MAX];
    const char *sp;
    int n;

    if (len <= DASH_LEN || memcmp(line, dash, DASH_LEN))
        return VEIL_E_CANON;
    line += DASH_LEN;
    len -= DASH_LEN;
    if (!(sp = memchr(line, ' ', len)))
        return VEIL_E_CANON;
    s->name = (VeilSpan){ line, (size_t)(sp - line) };
    if (!s->name.len || s->name.len > VEIL_TOKEN_MAX)
        return VEIL_E_CANON;
    for (size_t i = 0; i < s->name.len; i++)
        if (line[i] < 0x21 || line[i] > 0x7e || line[i] == '+')
            return VEIL_E_CANON;
    n = veil_b64_decode(raw, sizeof(raw), sp + 1, len - s->name.len - 1);
    if (n < 4 + VEIL_SIG_BYTES)
        return VEIL_E_CANON;
    memcpy(s->key_id, raw, 4);
    s->sig_len = (size_t)n - 4;
    memcpy(s->sig, raw + 4, s->sig_len);
    return 0;
}

static bool same_key(const VeilNoteSig *a, const VeilNoteSig *b)
{
    return a->name.len == b->name.len && !memcmp(a->name.at, b->name.at, a->name.len) &&
           !memcmp(a->key_id, b->key_id, 4);
}

static int parse_sigs(VeilNote *n, const char *p, const char *end)
{
    while (p < end) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));

        if (!lf || n->n == VEIL_NOTE_SIGS_MAX || parse_sig(&n->sigs[n->n], p, (size_t)(lf - p)) < 0)
            return VEIL_E_CANON;
        for (int i = 0; i < n->n; i++)
            if (same_key(&n->sigs[i], &n->sigs[n->n]))
                return VEIL_E_CANON;
        n->n++;
        p = lf + 1;
    }
    return n->n ? 0 : VEIL_E_CANON;
}

int veil_note_parse(VeilNote *n, const void *bytes, size_t len, const char *what, VeilErr *err)
{
    const char *b = bytes;
    VeilLines r;
    int ret;

    *n = (VeilNote){ 0 };
    if (len > VEIL_TEXT_MAX)
        return veil_err(err, VEIL_E_TOO_LARGE, "%s (%zu bytes)", what, len);
    n->text = b;
    n->text_len = veil_note_text_len(b, len);
    if (n->text_len == len)
        return veil_err(err, VEIL_E_CANON, "%s: no signatures", what);
    if ((ret = veil_lines_open(&r, b, n->text_len, what, err)) < 0)
        return ret;
    if (parse_sigs(n, b + n->text_len + 1, b + len) < 0)
        return veil_err(err, VEIL_E_CANON, "%s, signature line %d", what, n->n + 1);
    return 0;
}

/* ---- verifying -------------------------------------------------------------- */

const VeilNoteSig *veil_note_find(const VeilNote *n, const char *name, uint8_t kind,
                                  const uint8_t pk[VEIL_SIGN_PK_BYTES])
{
    uint8_t id[4];

    veil_note_key_id(id, name, kind, pk);
    for (int i = 0; i < n->n; i++) {
        const VeilNoteSig *s = &n->sigs[i];

        if (s->name.len == strlen(name) && !memcmp(s->name.at, name, s->name.len) &&
            !memcmp(s->key_id, id, 4))
            return s;
    }
    return NULL;
}

bool veil_note_signed_by(const VeilNote *n, const char *name, const uint8_t pk[VEIL_SIGN_PK_BYTES])
{
    const VeilNoteSig *s = veil_note_find(n, name, VEIL_NOTE_ED25519, pk);

    return s && s->sig_len == VEIL_SIG_BYTES &&
           !crypto_sign_verify_detached(s->sig, (const uint8_t *)n->text, n->text_len, pk);
}

int veil_note_verify(const VeilNote *n, const char *name, const uint8_t pk[VEIL_SIGN_PK_BYTES],
                     const char *what, VeilErr *err)
{
    if (veil_note_signed_by(n, name, pk))
        return 0;
    for (int role = 1; role < VEIL_ROLE_COUNT; role++) {
        const char *other = veil_role_word(role);

        if (strcmp(other, name) && veil_note_signed_by(n, other, pk))
            return veil_err(err, VEIL_E_ROLE, "%s: signed as '%s', not '%s'", what, other, name);
    }
    return veil_err(err, VEIL_E_SIGNATURE, "%s: no good signature as '%s'", what, name);
}

/* ---- signing ---------------------------------------------------------------- */

int veil_note_append(VeilText *t, const char *name, const uint8_t key_id[4], const uint8_t *sig,
                     size_t sig_len)
{
    uint8_t raw[4 + VEIL_NOTE_SIG_MAX];
    char b64[VEIL_B64_LEN(sizeof(raw)) + 1];

    if (sig_len > VEIL_NOTE_SIG_MAX || sig_len < VEIL_SIG_BYTES || !veil_note_name_ok(name))
        return VEIL_E_CANON;
    if (veil_text_done(t) < 0)
        return veil_text_done(t);
    if (!t->len || t->at[t->len - 1] != '\n')
        return VEIL_E_CANON;
    memcpy(raw, key_id, 4);
    memcpy(raw + 4, sig, sig_len);
    if (veil_note_text_len(t->at, t->len) == t->len)
        veil_text_add(t, "\n");
    veil_text_add(t, "%s%s %s\n", dash, name, veil_b64_encode(b64, raw, 4 + sig_len));
    return veil_text_done(t);
}

int veil_note_sign(VeilText *t, const char *name, const uint8_t sk[VEIL_SIGN_SK_BYTES])
{
    uint8_t pk[VEIL_SIGN_PK_BYTES], id[4], sig[VEIL_SIG_BYTES];

    if (veil_text_done(t) < 0)
        return veil_text_done(t);
    if (!t->len)
        return VEIL_E_CANON;
    if (crypto_sign_ed25519_sk_to_pk(pk, sk) ||
        crypto_sign_detached(sig, NULL, (const uint8_t *)t->at, veil_note_text_len(t->at, t->len), sk))
        return VEIL_E_CRYPTO;
    veil_note_key_id(id, name, VEIL_NOTE_ED25519, pk);
    return veil_note_append(t, name, id, sig, sizeof(sig));
}

/* ---- verifier keys ---------------------------------------------------------- */

void veil_vkey_print(VeilText *t, const char *name, uint8_t kind, const uint8_t pk[VEIL_SIGN_PK_BYTES])
{
    uint8_t id[4], raw[1 + VEIL_SIGN_PK_BYTES];
    char hex[9], b64[VEIL_B64_LEN(sizeof(raw)) + 1];

    veil_note_key_id(id, name, kind, pk);
    raw[0] = kind;
    memcpy(raw + 1, pk, VEIL_SIGN_PK_BYTES);
    veil_text_add(t, "%s+%s+%s", name, veil_hex_encode(hex, id, 4), veil_b64_encode(b64, raw, sizeof(raw)));
}

int veil_vkey_parse(char name[VEIL_TOKEN_CAP], uint8_t *kind, uint8_t pk[VEIL_SIGN_PK_BYTES],
                    const char *vkey)
{
    const char *a = strchr(vkey, '+'), *b = a ? strchr(a + 1, '+') : NULL;
    uint8_t id[4], want[4], raw[1 + VEIL_SIGN_PK_BYTES];

    if (!b || a == vkey || a - vkey > VEIL_TOKEN_MAX)
        return VEIL_E_CANON;
    memcpy(name, vkey, (size_t)(a - vkey));
    name[a - vkey] = '\0';
    if (!veil_note_name_ok(name) || veil_hex_decode(id, 4, a + 1, (size_t)(b - a - 1)) < 0 ||
        veil_b64_decode_exact(raw, sizeof(raw), b + 1, strlen(b + 1)) < 0)
        return VEIL_E_CANON;
    *kind = raw[0];
    memcpy(pk, raw + 1, VEIL_SIGN_PK_BYTES);
    veil_note_key_id(want, name, *kind, pk);
    return memcmp(id, want, 4) ? VEIL_E_CANON : 0;
}
