/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "dkg.h"

#include <sodium.h>
#include <string.h>

#include "bytes.h"
#include "nonce.h"
#include "point.h"
#include "secmem.h"

#define BOX_PLAIN (32 + 4 + 4 + 32)
_Static_assert(BOX_PLAIN + crypto_box_SEALBYTES == VEIL_DKG_BOX, "box length");

/* Where things lie in a message of c commitments and n boxes. In a refresh the
 * constant term is 0 and its commitment, the identity, is not sent. */
typedef struct Layout {
    uint32_t c;                  ///< commitments sent
    uint32_t first;              ///< power that the first one belongs to: 0, or 1 in a refresh
    size_t pop, boxes, sig, len; ///< offsets in bytes
} Layout;

static Layout layout_of(const VeilDkg *dkg)
{
    Layout l = { .c = dkg->refresh ? dkg->k - 1 : dkg->k, .first = dkg->refresh };

    l.pop = 4 + 32 * (size_t)l.c;
    l.boxes = l.pop + 64;
    l.sig = l.boxes + VEIL_DKG_BOX * (size_t)dkg->n;
    l.len = l.sig + 64;
    return l;
}

static int check_members(const VeilDkg *dkg, VeilErr *err)
{
    int ret;

    for (uint32_t i = 0; i < dkg->n; i++) {
        for (uint32_t j = 0; j < i; j++)
            if (!sodium_memcmp(dkg->members[i].sign, dkg->members[j].sign, 32) ||
                !sodium_memcmp(dkg->members[i].box, dkg->members[j].box, 32))
                return veil_err(err, VEIL_E_DKG_MEMBER, "members %u and %u have a key in common", j + 1,
                                i + 1);
        if (!sodium_memcmp(dkg->members[i].sign, dkg->members[i].box, 32))
            return veil_err(err, VEIL_E_DKG_MEMBER, "member %u uses one key for two purposes", i + 1);
        if ((ret = veil_box_key_check(dkg->members[i].box, "box key of a member", err)) < 0)
            return ret;
    }
    return 0;
}

static int hash_context(VeilDkg *dkg, const uint8_t sid[32])
{
    VeilField fields[4 + VEIL_GROUP_MAX_N + 2] = { { sid, 32 }, { VEIL_SUITE, strlen(VEIL_SUITE) } };
    uint8_t n[4], k[4], epoch[4];
    size_t m = 2;

    veil_put_le32(n, dkg->n);
    veil_put_le32(k, dkg->k);
    fields[m++] = (VeilField){ n, 4 };
    fields[m++] = (VeilField){ k, 4 };
    for (uint32_t i = 0; i < dkg->n; i++)
        fields[m++] = (VeilField){ &dkg->members[i], sizeof(VeilDkgMember) }; /* Ed_i || X_i */
    if (dkg->refresh) {
        veil_put_le32(epoch, dkg->old.epoch + 1);
        fields[m++] = (VeilField){ dkg->old.gid, 32 };
        fields[m++] = (VeilField){ epoch, 4 };
    }
    return veil_hb32(dkg->ctx, "veil/v1/dkg-ctx", fields, m);
}

int veil_dkg_start(VeilDkg *dkg, const uint8_t sid[32], uint32_t k, uint32_t n, const VeilDkgMember *members,
                   const VeilGroupKey *old, VeilErr *err)
{
    int ret;

    if (k < VEIL_GROUP_MIN_K || k > n || n > VEIL_GROUP_MAX_N)
        return veil_err(err, VEIL_E_DKG_MEMBER, "ceremony of %u members with threshold %u", n, k);
    if (old && (old->k != k || old->n != n || old->epoch == UINT32_MAX))
        return veil_err(err, VEIL_E_DKG_MEMBER, "refresh with %u of %u, where the group is %u of %u,", k, n,
                        old->k, old->n);
    memset(dkg, 0, sizeof(*dkg));
    dkg->k = k;
    dkg->n = n;
    memcpy(dkg->members, members, n * sizeof(*members));
    if ((dkg->refresh = old != NULL))
        dkg->old = *old;
    if ((ret = check_members(dkg, err)) < 0)
        return ret;
    if ((ret = hash_context(dkg, sid)) < 0)
        return veil_err(err, ret, "context of the ceremony");
    return 0;
}

/* e = Hs("veil/v1/dkg-pop"; ctx, le32 i, C_i, W) */
static int pop_challenge(uint8_t e[32], const VeilDkg *dkg, const uint8_t *msg, const uint8_t w[32])
{
    return veil_hs(e, "veil/v1/dkg-pop",
                   VEIL_FIELDS({ dkg->ctx, 32 }, { msg, 4 }, { msg + 4, layout_of(dkg).pop - 4 }, { w, 32 }));
}

/* W = s*G, f = s + e*a, s hedged over ctx || le32 i || C_i; a is behind the first commitment sent. */
static int put_pop(uint8_t *msg, const VeilDkg *dkg, const uint8_t a[32])
{
    const Layout l = layout_of(dkg);
    uint8_t random[32], w[32], context[32 + 4 + 32 * VEIL_GROUP_MAX_N];
    uint8_t *s = veil_secret_new(VEIL_SCALAR_BYTES);
    int ret = VEIL_E_SECMEM;

    if (!s)
        return ret;
    randombytes_buf(random, sizeof(random));
    memcpy(context, dkg->ctx, 32);
    memcpy(context + 32, msg, l.pop);
    if ((ret = veil_nonce(s, random, a, context, 32 + l.pop)) < 0 || (ret = veil_point_base(w, s)) < 0 ||
        (ret = pop_challenge(msg + l.pop, dkg, msg, w)) < 0)
        goto out;
    veil_scalar_answer(msg + l.pop + 32, s, msg + l.pop, a);
out:
    sodium_memzero(random, sizeof(random));
    veil_secret_free(s);
    return ret;
}

/* Box j = crypto_box_seal(ctx || le32 i || le32 j || s_ij, X_j), s_ij = f_i(j) */
static int put_boxes(uint8_t *msg, const VeilDkg *dkg, const uint8_t *coeffs)
{
    const Layout l = layout_of(dkg);
    uint8_t *plain = veil_secret_new(BOX_PLAIN);
    int ret = plain ? 0 : VEIL_E_SECMEM;

    for (uint32_t j = 1; j <= dkg->n && !ret; j++) {
        memcpy(plain, dkg->ctx, 32);
        memcpy(plain + 32, msg, 4);
        veil_put_le32(plain + 36, j);
        veil_scalar_poly(plain + 40, coeffs, (int)dkg->k, j);
        if (crypto_box_seal(msg + l.boxes + (j - 1) * VEIL_DKG_BOX, plain, BOX_PLAIN,
                            dkg->members[j - 1].box))
            ret = VEIL_E_CRYPTO;
    }
    veil_secret_free(plain);
    return ret;
}

/* Ed25519 by Ed_i over ctx and everything before the signature. */
static size_t signed_bytes(uint8_t out[32 + VEIL_DKG_MESSAGE_MAX], const VeilDkg *dkg, const uint8_t *msg)
{
    const size_t len = layout_of(dkg).sig;

    memcpy(out, dkg->ctx, 32);
    memcpy(out + 32, msg, len);
    return 32 + len;
}

static int make_with(VeilDkgMessage *msg, const VeilDkg *dkg, uint32_t i, const uint8_t *coeffs,
                     const uint8_t sign_key[64])
{
    const Layout l = layout_of(dkg);
    uint8_t signed_part[32 + VEIL_DKG_MESSAGE_MAX];
    int ret;

    memset(msg, 0, sizeof(*msg));
    msg->len = l.len;
    veil_put_le32(msg->at, i);
    for (uint32_t m = 0; m < l.c; m++) /* C_i,m = a_i,m * G */
        if ((ret = veil_point_base(msg->at + 4 + 32 * (size_t)m, coeffs + 32 * (size_t)(m + l.first))) < 0)
            return ret;
    if ((ret = put_pop(msg->at, dkg, coeffs + 32 * (size_t)l.first)) < 0 ||
        (ret = put_boxes(msg->at, dkg, coeffs)) < 0)
        return ret;
    if (crypto_sign_detached(msg->at + l.sig, NULL, signed_part, signed_bytes(signed_part, dkg, msg->at),
                             sign_key))
        return VEIL_E_CRYPTO;
    return 0;
}

int veil_dkg_make(VeilDkgMessage *msg, const VeilDkg *dkg, uint32_t i, const uint8_t sign_key[64],
                  VeilErr *err)
{
    uint8_t *coeffs;
    int ret;

    if (i < 1 || i > dkg->n || sodium_memcmp(sign_key + 32, dkg->members[i - 1].sign, 32))
        return veil_err(err, VEIL_E_DKG_MEMBER, "signing key given for member %u is not the one listed", i);
    if (!(coeffs = veil_secret_new(32 * (size_t)dkg->k)))
        return veil_err(err, VEIL_E_SECMEM, "polynomial of member %u", i);
    for (uint32_t m = dkg->refresh; m < dkg->k; m++) /* a refresh keeps f(0) = 0 */
        crypto_core_ristretto255_scalar_random(coeffs + 32 * (size_t)m);
    ret = make_with(msg, dkg, i, coeffs, sign_key);
    veil_secret_free(coeffs);
    veil_stack_wipe();
    return ret < 0 ? veil_err(err, ret, "message of member %u", i) : 0;
}

int veil_dkg_hash(uint8_t hash[32], const VeilDkgMessage *msg)
{
    return crypto_hash_sha256(hash, msg->at, msg->len) ? VEIL_E_CRYPTO : 0;
}

static int check_points(const VeilDkg *dkg, uint32_t i, const uint8_t *msg, VeilErr *err)
{
    const Layout l = layout_of(dkg);

    for (uint32_t m = 0; m < l.c; m++)
        if (!veil_point_ok(msg + 4 + 32 * (size_t)m))
            return veil_err(err, VEIL_E_POINT, "commitment %u of member %u", m + l.first, i);
    if (!veil_scalar_ok(msg + l.pop) || !veil_scalar_ok(msg + l.pop + 32))
        return veil_err(err, VEIL_E_SCALAR, "proof of possession of member %u", i);
    return 0;
}

/* W = f*G - e*C, C the first commitment sent (C_i,0; C_i,1 in a refresh); over W it must be e again. */
static int check_pop(const VeilDkg *dkg, uint32_t i, const uint8_t *msg, VeilErr *err)
{
    const uint8_t *e = msg + layout_of(dkg).pop, *f = e + 32;
    uint8_t w[32], again[32];
    int ret;

    if (veil_point_recover_base(w, f, e, msg + 4) < 0)
        return veil_err(err, VEIL_E_DKG_POP, "member %u", i);
    if ((ret = pop_challenge(again, dkg, msg, w)) < 0)
        return veil_err(err, ret, "member %u", i);
    return sodium_memcmp(again, e, 32) ? veil_err(err, VEIL_E_DKG_POP, "member %u", i) : 0;
}

int veil_dkg_check(const VeilDkg *dkg, uint32_t i, const VeilDkgMessage *msg, const uint8_t hash[32],
                   VeilErr *err)
{
    const Layout l = layout_of(dkg);
    uint8_t got[32], signed_part[32 + VEIL_DKG_MESSAGE_MAX];
    int ret;

    if (i < 1 || i > dkg->n)
        return veil_err(err, VEIL_E_DKG_MEMBER, "member %u of %u", i, dkg->n);
    if (msg->len != l.len)
        return veil_err(err, VEIL_E_DKG_COUNT, "message of member %u is %zu bytes, not %zu", i, msg->len,
                        l.len);
    if ((ret = veil_dkg_hash(got, msg)) < 0)
        return veil_err(err, ret, "message of member %u", i);
    if (sodium_memcmp(got, hash, 32))
        return veil_err(err, VEIL_E_DKG_COMMIT, "message of member %u", i);
    if (veil_get_le32(msg->at) != i ||
        crypto_sign_verify_detached(msg->at + l.sig, signed_part, signed_bytes(signed_part, dkg, msg->at),
                                    dkg->members[i - 1].sign))
        return veil_err(err, VEIL_E_DKG_SIGNATURE, "message of member %u", i);
    if ((ret = check_points(dkg, i, msg->at, err)) < 0)
        return ret;
    return check_pop(dkg, i, msg->at, err);
}

/* sum = sum of j^m * C_i,m over the commitments sent: what s_ij * G must be. */
static int public_share(uint8_t sum[32], const VeilDkg *dkg, const uint8_t *msg, uint32_t j)
{
    const Layout l = layout_of(dkg);
    uint8_t power[32], at[32], term[32];
    int ret;

    veil_scalar_set(at, j);
    veil_scalar_set(power, l.first ? j : 1);
    memset(sum, 0, 32); /* the identity */
    for (uint32_t m = 0; m < l.c; m++) {
        if ((ret = veil_point_mul(term, power, msg + 4 + 32 * (size_t)m)) < 0 ||
            (ret = veil_point_add(sum, sum, term)) < 0)
            return ret;
        crypto_core_ristretto255_scalar_mul(power, power, at);
    }
    return 0;
}

/* Open box j of member i and check s_ij*G against the commitments. */
static int take_share(uint8_t plain[BOX_PLAIN], const VeilDkg *dkg, uint32_t i, uint32_t j,
                      const uint8_t *msg, const uint8_t box_key[32])
{
    const uint8_t *box = msg + layout_of(dkg).boxes + (j - 1) * VEIL_DKG_BOX;
    uint8_t want[32], got[32];

    if (crypto_box_seal_open(plain, box, VEIL_DKG_BOX, dkg->members[j - 1].box, box_key) ||
        sodium_memcmp(plain, dkg->ctx, 32) || veil_get_le32(plain + 32) != i ||
        veil_get_le32(plain + 36) != j || !veil_scalar_ok(plain + 40) ||
        public_share(want, dkg, msg, j) < 0 || veil_point_base(got, plain + 40) < 0 ||
        sodium_memcmp(got, want, 32))
        return VEIL_E_DKG_SHARE;
    return 0;
}

/* x_j = old x_j + sum over i of s_ij */
static int add_shares(uint8_t x[32], const VeilDkg *dkg, uint32_t j, const VeilDkgMessage *msgs,
                      const uint8_t box_key[32], VeilErr *err)
{
    uint8_t *plain = veil_secret_new(BOX_PLAIN);
    int ret = 0;

    if (!plain)
        return veil_err(err, VEIL_E_SECMEM, "shares of member %u", j);
    for (uint32_t i = 1; i <= dkg->n && !ret; i++) {
        if ((ret = take_share(plain, dkg, i, j, msgs[i - 1].at, box_key)) < 0)
            veil_err(err, ret, "share from member %u to member %u", i, j);
        else
            crypto_core_ristretto255_scalar_add(x, x, plain + 40);
    }
    veil_secret_free(plain);
    veil_stack_wipe();
    return ret;
}

/* Y = sum of C_i,0 (unchanged in a refresh); Y_j = old Y_j + sum over i of sum of j^m * C_i,m */
static int add_public(VeilDkgResult *result, const VeilDkg *dkg, const VeilDkgMessage *msgs)
{
    uint8_t term[32];
    int ret;

    memset(result, 0, sizeof(*result));
    if (dkg->refresh) {
        memcpy(result->y, dkg->old.y, 32);
        memcpy(result->yi, dkg->old.yi, sizeof(result->yi));
    }
    for (uint32_t i = 0; i < dkg->n; i++) {
        if (!dkg->refresh && (ret = veil_point_add(result->y, result->y, msgs[i].at + 4)) < 0)
            return ret;
        for (uint32_t j = 1; j <= dkg->n; j++)
            if ((ret = public_share(term, dkg, msgs[i].at, j)) < 0 ||
                (ret = veil_point_add(result->yi[j - 1], result->yi[j - 1], term)) < 0)
                return ret;
    }
    return veil_dkg_transcript(result->transcript, dkg, msgs);
}

static int check_own_keys(const VeilDkg *dkg, uint32_t j, const uint8_t box_key[32], const uint8_t *old_x,
                          VeilErr *err)
{
    uint8_t public_key[32];

    if (j < 1 || j > dkg->n || crypto_scalarmult_base(public_key, box_key) ||
        sodium_memcmp(public_key, dkg->members[j - 1].box, 32))
        return veil_err(err, VEIL_E_DKG_MEMBER, "box key given for member %u is not the one listed", j);
    if (dkg->refresh != (old_x != NULL))
        return veil_err(err, VEIL_E_PRECONDITION, "old share key of member %u", j);
    if (old_x && (!veil_scalar_ok(old_x) || veil_point_base(public_key, old_x) < 0 ||
                  sodium_memcmp(public_key, dkg->old.yi[j - 1], 32)))
        return veil_err(err, VEIL_E_EPOCH, "share key given for member %u is not the one of epoch %u", j,
                        dkg->old.epoch);
    return 0;
}

int veil_dkg_finish(VeilDkgResult *result, uint8_t x[32], const VeilDkg *dkg, uint32_t j,
                    const VeilDkgMessage *msgs, const uint8_t (*hashes)[32], const uint8_t box_key[32],
                    const uint8_t *old_x, VeilErr *err)
{
    uint8_t yj[32];
    int ret;

    if ((ret = check_own_keys(dkg, j, box_key, old_x, err)) < 0)
        return ret;
    for (uint32_t i = 1; i <= dkg->n; i++)
        if ((ret = veil_dkg_check(dkg, i, &msgs[i - 1], hashes[i - 1], err)) < 0)
            return ret;
    if (old_x)
        memcpy(x, old_x, 32);
    else
        sodium_memzero(x, 32);
    if ((ret = add_shares(x, dkg, j, msgs, box_key, err)) < 0)
        goto fail;
    if ((ret = add_public(result, dkg, msgs)) < 0 || !veil_scalar_ok(x) ||
        (ret = veil_point_base(yj, x)) < 0 || sodium_memcmp(yj, result->yi[j - 1], 32)) {
        ret = veil_err(err, ret < 0 ? ret : VEIL_E_DKG_SHARE, "sum of the shares of member %u", j);
        goto fail;
    }
    veil_stack_wipe();
    return 0;
fail:
    sodium_memzero(x, 32);
    veil_stack_wipe();
    return ret;
}

int veil_dkg_transcript(uint8_t t[32], const VeilDkg *dkg, const VeilDkgMessage *msgs)
{
    static const char tag[] = "veil/v1/dkg-transcript\n";
    crypto_hash_sha256_state state;

    if (crypto_hash_sha256_init(&state) ||
        crypto_hash_sha256_update(&state, (const uint8_t *)tag, strlen(tag)) ||
        crypto_hash_sha256_update(&state, dkg->ctx, 32))
        return VEIL_E_CRYPTO;
    for (uint32_t i = 0; i < dkg->n; i++)
        if (crypto_hash_sha256_update(&state, msgs[i].at, msgs[i].len))
            return VEIL_E_CRYPTO;
    return crypto_hash_sha256_final(&state, t) ? VEIL_E_CRYPTO : 0;
}

int veil_dkg_same_transcript(const uint8_t ours[32], const uint8_t theirs[32], uint32_t i, VeilErr *err)
{
    char a[VEIL_HEX_LEN(32) + 1], b[VEIL_HEX_LEN(32) + 1];

    if (!sodium_memcmp(ours, theirs, 32))
        return 0;
    return veil_err(err, VEIL_E_DKG_TRANSCRIPT, "transcript of member %u is '%.16s', ours '%.16s'", i,
                    veil_hex_encode(b, theirs, 32), veil_hex_encode(a, ours, 32));
}
