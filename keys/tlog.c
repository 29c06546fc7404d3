/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tlog.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

#define COSIG_BYTES (8 + VEIL_SIG_BYTES) /* be64 time || signature */

/* ---- checkpoints ------------------------------------------------------------ */

void veil_checkpoint_print(VeilText *t, const VeilCheckpoint *c)
{
    char b64[VEIL_B64_LEN(VEIL_HASH_BYTES) + 1];

    veil_text_add(t, "%s\n%" PRIu64 "\n%s\n", c->origin, c->size,
                  veil_b64_encode(b64, c->root, VEIL_HASH_BYTES));
}

/* One line of len bytes at *p, which then moves past it. */
static bool take_line(const char **p, const char *end, VeilSpan *line)
{
    const char *lf = *p < end ? memchr(*p, '\n', (size_t)(end - *p)) : NULL;

    if (!lf)
        return false;
    *line = (VeilSpan){ *p, (size_t)(lf - *p) };
    *p = lf + 1;
    return true;
}

int veil_checkpoint_parse(VeilCheckpoint *c, const char *text, size_t len, const char *what, VeilErr *err)
{
    const char *p = text, *end = text + len;
    VeilSpan origin, size, root;

    *c = (VeilCheckpoint){ 0 };
    if (!take_line(&p, end, &origin) || !take_line(&p, end, &size) || !take_line(&p, end, &root) ||
        p != end || !origin.len || origin.len > VEIL_TOKEN_MAX)
        return veil_err(err, VEIL_E_CANON, "%s", what);
    memcpy(c->origin, origin.at, origin.len);
    if (!veil_note_name_ok(c->origin) || veil_number_parse(&c->size, size.at, size.len, INT64_MAX) < 0 ||
        veil_b64_decode_exact(c->root, VEIL_HASH_BYTES, root.at, root.len) < 0)
        return veil_err(err, VEIL_E_CANON, "%s", what);
    return 0;
}

/* What a witness signs: "cosignature/v1\ntime T\n" and the checkpoint's text. */
static void cosign_message(VeilText *t, int64_t time, const char *text, size_t len)
{
    veil_text_add(t, "cosignature/v1\ntime %" PRId64 "\n", time);
    veil_text_bytes(t, text, len);
}

int veil_checkpoint_cosign(VeilText *t, const char *name, const uint8_t sk[VEIL_SIGN_SK_BYTES], int64_t time)
{
    uint8_t pk[VEIL_SIGN_PK_BYTES], id[4], sig[COSIG_BYTES];
    VeilText m = { 0 };
    int ret;

    if (time <= 0 || !t->len)
        return VEIL_E_PRECONDITION;
    cosign_message(&m, time, t->at, veil_note_text_len(t->at, t->len));
    if ((ret = veil_text_done(&m)) < 0)
        goto out;
    veil_put_be64(sig, (uint64_t)time);
    ret = VEIL_E_CRYPTO;
    if (crypto_sign_ed25519_sk_to_pk(pk, sk) ||
        crypto_sign_detached(sig + 8, NULL, (const uint8_t *)m.at, m.len, sk))
        goto out;
    veil_note_key_id(id, name, VEIL_NOTE_COSIGN, pk);
    ret = veil_note_append(t, name, id, sig, sizeof(sig));
out:
    veil_text_free(&m);
    return ret;
}

/* 1 and the time, if this witness cosigned; 0 if it did not; VEIL_E_WITNESS for a bad signature. */
static int cosigned(const VeilNote *n, const VeilNamedKey *w, int64_t *time)
{
    const VeilNoteSig *s = veil_note_find(n, w->name, VEIL_NOTE_COSIGN, w->pk);
    VeilText m = { 0 };
    uint64_t t;
    int ret;

    if (!s)
        return 0;
    if (s->sig_len != COSIG_BYTES || !(t = veil_get_be64(s->sig)) || t > INT64_MAX)
        return VEIL_E_WITNESS;
    *time = (int64_t)t;
    cosign_message(&m, *time, n->text, n->text_len);
    if ((ret = veil_text_done(&m)) >= 0)
        ret =
            crypto_sign_verify_detached(s->sig + 8, (const uint8_t *)m.at, m.len, w->pk) ? VEIL_E_WITNESS : 1;
    veil_text_free(&m);
    return ret;
}

static int by_time(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int count_witnesses(VeilCheckpoint *c, const VeilNote *n, const VeilLogTrust *trust, const char *what,
                           VeilErr *err)
{
    int64_t times[VEIL_WITNESSES_MAX];
    int found = 0, ret;

    for (int i = 0; i < trust->witnesses; i++) {
        const VeilNamedKey *w = &trust->witness[i];

        if (!memcmp(w->pk, trust->log.pk, VEIL_SIGN_PK_BYTES))
            return veil_err(err, VEIL_E_WITNESS, "%s: '%s' has the log's own key", what, w->name);
        for (int j = 0; j < i; j++)
            if (!memcmp(w->pk, trust->witness[j].pk, VEIL_SIGN_PK_BYTES))
                return veil_err(err, VEIL_E_WITNESS, "%s: '%s' and '%s' share a key", what, w->name,
                                trust->witness[j].name);
        if ((ret = cosigned(n, w, &times[found])) < 0)
            return veil_err(err, ret, "%s: bad signature by '%s'", what, w->name);
        found += ret;
    }
    if (trust->quorum < 1 || found < trust->quorum)
        return veil_err(err, VEIL_E_WITNESS, "%s: %d of %d witnesses", what, found, trust->quorum);
    qsort(times, (size_t)found, sizeof(times[0]), by_time);
    c->time = times[(found - 1) / 2];
    return 0;
}

int veil_checkpoint_verify(VeilCheckpoint *c, const void *bytes, size_t len, const VeilLogTrust *trust,
                           const char *what, VeilErr *err)
{
    VeilNote n;
    int ret;

    if ((ret = veil_note_parse(&n, bytes, len, what, err)) < 0 ||
        (ret = veil_checkpoint_parse(c, n.text, n.text_len, what, err)) < 0)
        return ret;
    if (trust->witnesses < 0 || trust->witnesses > VEIL_WITNESSES_MAX)
        return veil_err(err, VEIL_E_PRECONDITION, "%s", what);
    if (strcmp(c->origin, trust->log.name))
        return veil_err(err, VEIL_E_WITNESS, "%s: log '%s', not '%s'", what, c->origin, trust->log.name);
    if (!veil_note_signed_by(&n, trust->log.name, trust->log.pk))
        return veil_err(err, VEIL_E_WITNESS, "%s: no good signature by the log '%s'", what, trust->log.name);
    return count_witnesses(c, &n, trust, what, err);
}

/* ---- proof files ------------------------------------------------------------ */

#define PROOF_WORD "c2sp.org/tlog-proof@v1"

void veil_tlog_proof_print(VeilText *t, uint64_t index, const VeilProof *path, const char *checkpoint,
                           size_t checkpoint_len)
{
    char b64[VEIL_B64_LEN(VEIL_HASH_BYTES) + 1];

    veil_text_add(t, PROOF_WORD "\nindex %" PRIu64 "\n", index);
    for (int i = 0; i < path->n; i++)
        veil_text_add(t, "%s\n", veil_b64_encode(b64, path->hash[i], VEIL_HASH_BYTES));
    veil_text_add(t, "\n");
    veil_text_bytes(t, checkpoint, checkpoint_len);
}

static bool starts(VeilSpan s, const char *word)
{
    return s.len >= strlen(word) && !memcmp(s.at, word, strlen(word));
}

static bool parse_proof(VeilTlogProof *out, const char *p, const char *end)
{
    uint8_t extra[VEIL_LEAF_MAX];
    VeilSpan line;

    if (!take_line(&p, end, &line) || line.len != strlen(PROOF_WORD) || !starts(line, PROOF_WORD) ||
        !take_line(&p, end, &line))
        return false;
    if (starts(line, "extra ") &&
        (veil_b64_decode(extra, sizeof(extra), line.at + 6, line.len - 6) < 0 || !take_line(&p, end, &line)))
        return false;
    if (!starts(line, "index ") || veil_number_parse(&out->index, line.at + 6, line.len - 6, INT64_MAX) < 0)
        return false;
    for (;;) {
        if (!take_line(&p, end, &line))
            return false;
        if (!line.len)
            break;
        if (out->path.n == VEIL_MERKLE_PROOF_MAX ||
            veil_b64_decode_exact(out->path.hash[out->path.n], VEIL_HASH_BYTES, line.at, line.len) < 0)
            return false;
        out->path.n++;
    }
    out->checkpoint = p;
    out->checkpoint_len = (size_t)(end - p);
    return out->checkpoint_len > 0;
}

int veil_tlog_proof_parse(VeilTlogProof *p, const void *bytes, size_t len, const char *what, VeilErr *err)
{
    *p = (VeilTlogProof){ 0 };
    if (len > VEIL_TEXT_MAX)
        return veil_err(err, VEIL_E_TOO_LARGE, "%s (%zu bytes)", what, len);
    if (!parse_proof(p, bytes, (const char *)bytes + len))
        return veil_err(err, VEIL_E_CANON, "%s", what);
    return 0;
}

int veil_tlog_proof_verify(VeilCheckpoint *c, uint64_t *index, const void *bytes, size_t len,
                           const void *leaf, size_t leaf_len, const VeilLogTrust *trust, const char *what,
                           VeilErr *err)
{
    uint8_t h[VEIL_HASH_BYTES];
    VeilTlogProof p;
    int ret;

    if ((ret = veil_tlog_proof_parse(&p, bytes, len, what, err)) < 0 ||
        (ret = veil_checkpoint_verify(c, p.checkpoint, p.checkpoint_len, trust, what, err)) < 0)
        return ret;
    veil_merkle_leaf(h, leaf, leaf_len);
    if ((ret = veil_merkle_check_inclusion(&p.path, h, p.index, c->size, c->root)) < 0)
        return veil_err(err, ret, "%s, index %" PRIu64, what, p.index);
    *index = p.index;
    return 0;
}
