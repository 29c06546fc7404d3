/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tdh2.h"

#include <sodium.h>
#include <string.h>

#include "bytes.h"
#include "nonce.h"
#include "point.h"
#include "secmem.h"

_Static_assert(sizeof(VeilCt) == VEIL_CT_BYTES, "VeilCt is the bytes of an entry");
_Static_assert(sizeof(((VeilShare *)0)->d) + 2 * VEIL_SCALAR_BYTES == VEIL_SHARE_BYTES, "share length");

/* How a message names a unit. */
#define UNIT_FMT          "unit '%s' (track %u, segment %u, part %u)"
#define UNIT_ARGS(u, hex) veil_hex_encode(hex, (u)->uid, VEIL_UID_BYTES), (u)->track, (u)->seg, (u)->part
#define UNIT_HEX          (VEIL_HEX_LEN(VEIL_UID_BYTES) + 1)

int veil_tdh2_label(uint8_t label[VEIL_LABEL_BYTES], const VeilGroupKey *g, const VeilUnitRef *unit)
{
    uint8_t track[4], seg[4], part[4];

    veil_put_le32(track, unit->track);
    veil_put_le32(seg, unit->seg);
    veil_put_le32(part, unit->part);
    return veil_hb32(label, "veil/v1/unit",
                     VEIL_FIELDS({ g->gid, 32 }, { unit->policy, 32 }, { unit->vid, 32 },
                                 { unit->uid, VEIL_UID_BYTES }, { track, 4 }, { seg, 4 }, { part, 4 }));
}

/* out = in XOR HB32("veil/v1/kek"; gid, L, R, Z): K to c and back. */
static int mask_key(uint8_t out[32], const uint8_t in[32], const VeilGroupKey *g, const uint8_t label[32],
                    const uint8_t r[32], const uint8_t z[32])
{
    uint8_t kek[32];
    const int ret =
        veil_hb32(kek, "veil/v1/kek", VEIL_FIELDS({ g->gid, 32 }, { label, 32 }, { r, 32 }, { z, 32 }));

    for (int m = 0; m < 32; m++)
        out[m] = in[m] ^ kek[m];
    sodium_memzero(kek, sizeof(kek));
    return ret;
}

/* kc = HB32("veil/v1/commit"; L, R, K) */
static int commit_key(uint8_t kc[32], const uint8_t label[32], const uint8_t r[32], const uint8_t key[32])
{
    return veil_hb32(kc, "veil/v1/commit", VEIL_FIELDS({ label, 32 }, { r, 32 }, { key, 32 }));
}

/* e = Hs("veil/v1/ct"; gid, L, c, kc, R, Rbar, W, Wbar) */
static int ct_challenge(uint8_t e[32], const VeilGroupKey *g, const uint8_t label[32], const VeilCt *ct,
                        const uint8_t w[32], const uint8_t wbar[32])
{
    return veil_hs(e, "veil/v1/ct",
                   VEIL_FIELDS({ g->gid, 32 }, { label, 32 }, { ct->c, 32 }, { ct->kc, 32 }, { ct->r, 32 },
                               { ct->rbar, 32 }, { w, 32 }, { wbar, 32 }));
}

/* e = Hs("veil/v1/dleq"; gid, le32 epoch, le32 i, wid, L, R, Y_i, D, Uhat, Hhat) */
static int dleq_challenge(uint8_t e[32], const VeilGroupKey *g, uint32_t i, const uint8_t wid[32],
                          const uint8_t label[32], const uint8_t r[32], const uint8_t d[32],
                          const uint8_t uhat[32], const uint8_t hhat[32])
{
    uint8_t epoch_le[4], i_le[4];

    veil_put_le32(epoch_le, g->epoch);
    veil_put_le32(i_le, i);
    return veil_hs(e, "veil/v1/dleq",
                   VEIL_FIELDS({ g->gid, 32 }, { epoch_le, 4 }, { i_le, 4 }, { wid, 32 }, { label, 32 },
                               { r, 32 }, { g->yi[i - 1], 32 }, { d, 32 }, { uhat, 32 }, { hhat, 32 }));
}

/* Everything secret of one seal; lives in guarded memory. */
typedef struct SealSecrets {
    uint8_t r[32], s[32], z[32], random[32];
} SealSecrets;

/* R = rG, Rbar = rGbar, Z = rY, c = K XOR kek, kc */
static int seal_key(VeilCt *ct, SealSecrets *t, const VeilGroupKey *g, const uint8_t label[32],
                    const uint8_t key[32])
{
    int ret;

    if ((ret = veil_point_base(ct->r, t->r)) < 0 || (ret = veil_point_mul(ct->rbar, t->r, g->gbar)) < 0 ||
        (ret = veil_point_mul(t->z, t->r, g->y)) < 0 ||
        (ret = mask_key(ct->c, key, g, label, ct->r, t->z)) < 0 ||
        (ret = commit_key(ct->kc, label, ct->r, key)) < 0)
        return ret;
    return 0;
}

/* W = sG, Wbar = sGbar, e, f = s + e*r */
static int seal_proof(VeilCt *ct, SealSecrets *t, const VeilGroupKey *g, const uint8_t label[32])
{
    uint8_t w[32], wbar[32];
    int ret;

    if ((ret = veil_point_base(w, t->s)) < 0 || (ret = veil_point_mul(wbar, t->s, g->gbar)) < 0 ||
        (ret = ct_challenge(ct->e, g, label, ct, w, wbar)) < 0)
        return ret;
    veil_scalar_answer(ct->f, t->s, ct->e, t->r);
    return veil_scalar_ok(ct->e) && veil_scalar_ok(ct->f) ? 0 : VEIL_E_CRYPTO;
}

/* s = Hs("veil/v1/nonce"; random32, r, gid || L || c || kc || R || Rbar) */
static int seal_nonce(SealSecrets *t, const VeilCt *ct, const VeilGroupKey *g, const uint8_t label[32])
{
    uint8_t context[6 * 32];

    memcpy(context, g->gid, 32);
    memcpy(context + 32, label, 32);
    memcpy(context + 64, ct, 4 * 32);
    randombytes_buf(t->random, sizeof(t->random));
    return veil_nonce(t->s, t->random, t->r, context, sizeof(context));
}

static int seal_with(VeilCt *ct, const VeilGroupKey *g, const VeilUnitRef *unit, const uint8_t key[32],
                     const uint8_t *fixed_r, const uint8_t *fixed_s, VeilErr *err)
{
    SealSecrets *t = veil_secret_new(sizeof(*t));
    uint8_t label[32];
    char hex[UNIT_HEX];
    int ret;

    if (!t)
        return veil_err(err, VEIL_E_SECMEM, UNIT_FMT, UNIT_ARGS(unit, hex));
    if ((ret = veil_tdh2_label(label, g, unit)) < 0)
        goto out;
    if (fixed_r)
        memcpy(t->r, fixed_r, sizeof(t->r));
    else
        crypto_core_ristretto255_scalar_random(t->r);
    if ((ret = seal_key(ct, t, g, label, key)) < 0)
        goto out;
    if (fixed_s)
        memcpy(t->s, fixed_s, sizeof(t->s));
    else if ((ret = seal_nonce(t, ct, g, label)) < 0)
        goto out;
    ret = seal_proof(ct, t, g, label);
out:
    veil_secret_free(t);
    veil_stack_wipe();
    if (ret < 0) {
        sodium_memzero(ct, sizeof(*ct));
        return veil_err(err, ret, UNIT_FMT, UNIT_ARGS(unit, hex));
    }
    return 0;
}

int veil_tdh2_seal(VeilCt *ct, const VeilGroupKey *g, const VeilUnitRef *unit,
                   const uint8_t key[VEIL_UNIT_KEY_BYTES], VeilErr *err)
{
    return seal_with(ct, g, unit, key, NULL, NULL, err);
}

/* W = fG - eR, Wbar = fGbar - eRbar; the challenge over them must be e again. */
static int verify_ct(const VeilCt *ct, const VeilGroupKey *g, const uint8_t label[32])
{
    uint8_t w[32], wbar[32], e[32];
    int ret;

    if (!veil_point_ok(ct->r) || !veil_point_ok(ct->rbar))
        return VEIL_E_POINT;
    if (!veil_scalar_ok(ct->e) || !veil_scalar_ok(ct->f))
        return VEIL_E_SCALAR;
    if (veil_point_recover_base(w, ct->f, ct->e, ct->r) < 0 ||
        veil_point_recover(wbar, ct->f, g->gbar, ct->e, ct->rbar) < 0)
        return VEIL_E_CT_PROOF;
    if ((ret = ct_challenge(e, g, label, ct, w, wbar)) < 0)
        return ret;
    return sodium_memcmp(e, ct->e, sizeof(e)) ? VEIL_E_CT_PROOF : 0;
}

int veil_tdh2_verify(const VeilCt *ct, const VeilGroupKey *g, const VeilUnitRef *unit, VeilErr *err)
{
    uint8_t label[32];
    char hex[UNIT_HEX];
    int ret;

    if ((ret = veil_tdh2_label(label, g, unit)) < 0 || (ret = verify_ct(ct, g, label)) < 0)
        return veil_err(err, ret, UNIT_FMT, UNIT_ARGS(unit, hex));
    return 0;
}

/* s = Hs("veil/v1/nonce"; random32, x_i, L || wid || R || e) */
static int share_nonce(uint8_t s[32], const uint8_t random[32], const uint8_t x[32], const uint8_t label[32],
                       const uint8_t wid[32], const VeilCt *ct)
{
    uint8_t context[4 * 32];

    memcpy(context, label, 32);
    memcpy(context + 32, wid, 32);
    memcpy(context + 64, ct->r, 32);
    memcpy(context + 96, ct->e, 32);
    return veil_nonce(s, random, x, context, sizeof(context));
}

/* D = x_i*R, Uhat = sR, Hhat = sG, e, f = s + e*x_i. The ciphertext is verified
 * here, next to the multiplication that must not happen without it. */
static int make_share(VeilShare *share, const VeilGroupKey *g, const uint8_t x[32], const uint8_t label[32],
                      const uint8_t wid[32], const VeilCt *ct, const uint8_t random[32])
{
    uint8_t *s = veil_secret_new(VEIL_SCALAR_BYTES);
    uint8_t uhat[32], hhat[32];
    int ret;

    if (!s)
        return VEIL_E_SECMEM;
    if ((ret = verify_ct(ct, g, label)) < 0 || (ret = veil_point_mul(share->d, x, ct->r)) < 0 ||
        (ret = share_nonce(s, random, x, label, wid, ct)) < 0 || (ret = veil_point_mul(uhat, s, ct->r)) < 0 ||
        (ret = veil_point_base(hhat, s)) < 0 ||
        (ret = dleq_challenge(share->e, g, share->i, wid, label, ct->r, share->d, uhat, hhat)) < 0)
        goto out;
    veil_scalar_answer(share->f, s, share->e, x);
    ret = veil_scalar_ok(share->e) && veil_scalar_ok(share->f) ? 0 : VEIL_E_CRYPTO;
out:
    veil_secret_free(s);
    veil_stack_wipe();
    return ret;
}

/* x must be the secret behind Y_i of this epoch: x*G == Y_i. */
static int check_share_key(const VeilGroupKey *g, uint32_t i, const uint8_t x[32], VeilErr *err)
{
    uint8_t yi[32];
    int ret;

    if (i < 1 || i > g->n)
        return veil_err(err, VEIL_E_SHARE_INDEX, "custodian %u of %u", i, g->n);
    if (!veil_scalar_ok(x))
        return veil_err(err, VEIL_E_SCALAR, "share key of custodian %u", i);
    ret = veil_point_base(yi, x);
    veil_stack_wipe();
    if (ret < 0 || sodium_memcmp(yi, g->yi[i - 1], sizeof(yi)))
        return veil_err(err, VEIL_E_EPOCH, "share key given for custodian %u is not the one of epoch %u", i,
                        g->epoch);
    return 0;
}

static int partial_with(VeilShare *share, const VeilGroupKey *g, uint32_t i, const uint8_t x[32],
                        const VeilUnitRef *unit, const uint8_t wid[32], const VeilCt *ct,
                        const uint8_t random[32], VeilErr *err)
{
    uint8_t label[32];
    char hex[UNIT_HEX];
    int ret;

    sodium_memzero(share, sizeof(*share));
    if ((ret = check_share_key(g, i, x, err)) < 0)
        return ret;
    share->i = i;
    share->epoch = g->epoch;
    if ((ret = veil_tdh2_label(label, g, unit)) < 0 ||
        (ret = make_share(share, g, x, label, wid, ct, random)) < 0) {
        sodium_memzero(share, sizeof(*share));
        return veil_err(err, ret, UNIT_FMT, UNIT_ARGS(unit, hex));
    }
    return 0;
}

int veil_tdh2_partial(VeilShare *share, const VeilGroupKey *g, uint32_t i, const uint8_t x[VEIL_SCALAR_BYTES],
                      const VeilUnitRef *unit, const uint8_t wid[32], const VeilCt *ct, VeilErr *err)
{
    uint8_t random[32];
    int ret;

    randombytes_buf(random, sizeof(random));
    ret = partial_with(share, g, i, x, unit, wid, ct, random, err);
    sodium_memzero(random, sizeof(random));
    return ret;
}

/* Uhat = fR - eD, Hhat = fG - eY_i; the challenge over them must be e again. */
static int verify_share(const VeilShare *share, const VeilGroupKey *g, const uint8_t label[32],
                        const uint8_t wid[32], const VeilCt *ct)
{
    uint8_t uhat[32], hhat[32], e[32];
    int ret;

    if (share->i < 1 || share->i > g->n)
        return VEIL_E_SHARE_INDEX;
    if (share->epoch != g->epoch)
        return VEIL_E_EPOCH;
    if (!veil_point_ok(share->d))
        return VEIL_E_POINT;
    if (!veil_scalar_ok(share->e) || !veil_scalar_ok(share->f))
        return VEIL_E_SCALAR;
    if (veil_point_recover(uhat, share->f, ct->r, share->e, share->d) < 0 ||
        veil_point_recover_base(hhat, share->f, share->e, g->yi[share->i - 1]) < 0)
        return VEIL_E_DLEQ;
    if ((ret = dleq_challenge(e, g, share->i, wid, label, ct->r, share->d, uhat, hhat)) < 0)
        return ret;
    return sodium_memcmp(e, share->e, sizeof(e)) ? VEIL_E_DLEQ : 0;
}

int veil_tdh2_verify_partial(const VeilShare *share, const VeilGroupKey *g, const VeilUnitRef *unit,
                             const uint8_t wid[32], const VeilCt *ct, VeilErr *err)
{
    uint8_t label[32];
    char hex[UNIT_HEX];
    int ret;

    if ((ret = veil_tdh2_label(label, g, unit)) < 0 || (ret = verify_share(share, g, label, wid, ct)) < 0)
        return veil_err(err, ret, "share of custodian %u, epoch %u, for " UNIT_FMT, share->i, share->epoch,
                        UNIT_ARGS(unit, hex));
    return 0;
}

/* Indices 1..n without repeats, all of this epoch. */
static int check_indices(const VeilShare *shares, int n, const VeilGroupKey *g, VeilErr *err)
{
    uint32_t seen = 0;

    for (int m = 0; m < n; m++) {
        const uint32_t i = shares[m].i;

        if (i < 1 || i > g->n || seen & 1u << i)
            return veil_err(err, VEIL_E_SHARE_INDEX, "share %d carries index %u", m + 1, i);
        if (shares[m].epoch != g->epoch)
            return veil_err(err, VEIL_E_EPOCH, "share of custodian %u is of epoch %u, the group of epoch %u",
                            i, shares[m].epoch, g->epoch);
        seen |= 1u << i;
    }
    return 0;
}

/* Z = sum of lambda_i*D_i, K = c XOR kek, and K must match kc. */
static int join(uint8_t key[32], uint8_t z[32], const VeilGroupKey *g, const uint8_t label[32],
                const VeilCt *ct, const VeilShare *const *use, int k)
{
    uint8_t lambda[32], term[32], kc[32];
    uint32_t indices[VEIL_GROUP_MAX_N];
    int ret = 0;

    for (int m = 0; m < k; m++)
        indices[m] = use[m]->i;
    memset(z, 0, 32); /* the identity */
    for (int m = 0; m < k && !ret; m++)
        if (!(ret = veil_scalar_lagrange(lambda, indices, k, indices[m])) &&
            !(ret = veil_point_mul(term, lambda, use[m]->d)))
            ret = veil_point_add(z, z, term);
    sodium_memzero(term, sizeof(term));
    if (ret < 0 || (ret = mask_key(key, ct->c, g, label, ct->r, z)) < 0 ||
        (ret = commit_key(kc, label, ct->r, key)) < 0)
        return ret;
    return sodium_memcmp(kc, ct->kc, sizeof(kc)) ? VEIL_E_KEY_COMMIT : 0;
}

/* Pick the first k shares that verify. @return how many were found, at most k */
static int pick(const VeilShare **use, const VeilShare *shares, int n, const VeilGroupKey *g,
                const uint8_t label[32], const uint8_t wid[32], const VeilCt *ct, uint32_t *bad)
{
    int found = 0;

    for (int m = 0; m < n; m++) {
        if (verify_share(&shares[m], g, label, wid, ct) < 0)
            *bad |= 1u << shares[m].i;
        else if (found < (int)g->k)
            use[found++] = &shares[m];
    }
    return found;
}

int veil_tdh2_combine(uint8_t key[VEIL_UNIT_KEY_BYTES], const VeilGroupKey *g, const VeilUnitRef *unit,
                      const uint8_t wid[32], const VeilCt *ct, const VeilShare *shares, int n, uint32_t *bad,
                      VeilErr *err)
{
    const VeilShare *use[VEIL_GROUP_MAX_N];
    uint32_t ignored;
    uint8_t label[32], *z;
    char hex[UNIT_HEX];
    int ret, found;

    if (!bad)
        bad = &ignored;
    *bad = 0;
    sodium_memzero(key, VEIL_UNIT_KEY_BYTES);
    if ((ret = check_indices(shares, n, g, err)) < 0)
        return ret;
    if ((ret = veil_tdh2_label(label, g, unit)) < 0 || (ret = verify_ct(ct, g, label)) < 0)
        return veil_err(err, ret, UNIT_FMT, UNIT_ARGS(unit, hex));
    if ((found = pick(use, shares, n, g, label, wid, ct, bad)) < (int)g->k)
        return veil_err(err, VEIL_E_THRESHOLD, "%d of %d shares valid, %u needed, for " UNIT_FMT, found, n,
                        g->k, UNIT_ARGS(unit, hex));
    if (!(z = veil_secret_new(VEIL_POINT_BYTES)))
        return veil_err(err, VEIL_E_SECMEM, UNIT_FMT, UNIT_ARGS(unit, hex));
    ret = join(key, z, g, label, ct, use, found);
    veil_secret_free(z);
    veil_stack_wipe();
    if (ret < 0) {
        sodium_memzero(key, VEIL_UNIT_KEY_BYTES);
        return veil_err(err, ret, UNIT_FMT, UNIT_ARGS(unit, hex));
    }
    return 0;
}

