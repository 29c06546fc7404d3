/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A 2-of-3 group made by a dealer who knows everything, with policy and
 * operator key, and the opening of a unit with two of its shares: for tests
 * of sealing alone, without warrants, logs or ceremonies.
 */
#ifndef VEIL_TESTS_DEALER_H
#define VEIL_TESTS_DEALER_H

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/group.h"
#include "keys/groupkey.h"
#include "keys/hash.h"
#include "keys/keyfile.h"
#include "keys/point.h"
#include "keys/policy.h"
#include "keys/vault.h"

typedef struct Dealer {
    VeilGroup group;
    VeilPolicy policy;
    uint8_t x[4][32];      ///< share of custodian i at [i]
    VeilText group_note, policy_note;
} Dealer;

static inline int dealer_group(Dealer *d, VeilErr *err)
{
    uint8_t a[2][32], y[32], yi[3][32], pk[32], sk[3][64];

    for (int i = 0; i < 2; i++)
        crypto_core_ristretto255_scalar_random(a[i]);
    if (veil_point_base(y, a[0]) < 0)
        return -1;
    for (uint32_t i = 1; i <= 3; i++) {
        veil_scalar_poly(d->x[i], a[0], 2, i);
        if (veil_point_base(yi[i - 1], d->x[i]) < 0)
            return -1;
    }
    randombytes_buf(d->group.transcript, 32);
    if (veil_groupkey_init(&d->group.key, 2, 3, 0, y, d->group.transcript, yi, err) < 0)
        return -1;
    d->group.dealer = true;
    for (int i = 0; i < 3; i++) {
        crypto_sign_keypair(pk, sk[i]);
        snprintf(d->group.org[i], VEIL_TOKEN_CAP, "org%d", i + 1);
        memcpy(d->group.sign[i], pk, 32);
    }
    if (veil_group_format(&d->group_note, &d->group) < 0)
        return -1;
    for (int i = 0; i < 3; i++)
        if (veil_note_sign(&d->group_note, VEIL_GROUP_SIGNER, sk[i]) < 0)
            return -1;
    return 0;
}

static inline VeilNamedKey dealer_named(const char *name, uint8_t sk[64])
{
    VeilNamedKey k = { 0 };

    snprintf(k.name, sizeof(k.name), "%s", name);
    crypto_sign_keypair(k.pk, sk);
    return k;
}

static inline int dealer_policy(Dealer *d, const uint8_t op[32])
{
    uint8_t sk[64], unused[64];
    VeilPolicy *p = &d->policy;

    *p = (VeilPolicy){ .version = 1, .first = true, .dealer_ok = true, .unattended_ok = true, .cap_tracks = 4,
                       .cap_segments = 20, .cap_days = 30, .cap_probes = 2, .checkpoint_age_s = 3600,
                       .clock_skew_s = 60, .reasons = 1 };
    memcpy(p->group, d->group.digest, 32);
    p->log = (VeilLogTrust){ .log = dealer_named("example.org/log", unused), .witnesses = 1, .quorum = 1 };
    p->log.witness[0] = dealer_named("k1", unused);
    p->issuers = (VeilKeyList){ .at = { dealer_named("judge", unused) }, .n = 1, .needed = 1 };
    p->operators = (VeilKeyList){ .n = 1 };
    strcpy(p->operators.at[0].name, "camera");
    memcpy(p->operators.at[0].pk, op, 32);
    p->signers = (VeilKeyList){ .at = { dealer_named("council", sk) }, .n = 1, .needed = 1 };
    strcpy(p->reason[0], "assault");
    return veil_policy_print(&d->policy_note, p) < 0 || veil_note_sign(&d->policy_note, "policy", sk) < 0 ? -1 : 0;
}

/** Open unit i of a vault with the shares of custodians 1 and 3. @return record bytes in *plain (to free), or below 0 */
static inline int64_t dealer_open(const VeilGroupKey *g, uint8_t x[4][32], VeilVault *v, uint32_t i, VeilEntry *e,
                                  uint8_t **plain, VeilErr *err)
{
    static const uint8_t wid[32] = { 7 };
    const VeilVaultHeader *h = &veil_vault_info(v)->header;
    uint8_t *key = sodium_malloc(32), *chunks = NULL;
    VeilShare share[2];
    VeilUnitRef ref;
    size_t len = 0, cap;
    int ret = veil_entry_parse(e, veil_vault_entry(v, i));

    ref = veil_entry_ref(e, h->policy, h->vid);
    cap = (size_t)e->nchunks * VEIL_CHUNK_SEALED;
    *plain = malloc(cap);
    chunks = malloc(cap);
    if (ret < 0 || !key || !*plain || !chunks || (ret = veil_tdh2_partial(&share[0], g, 1, x[1], &ref, wid, &e->ct, err)) < 0 ||
        (ret = veil_tdh2_partial(&share[1], g, 3, x[3], &ref, wid, &e->ct, err)) < 0 ||
        (ret = veil_tdh2_combine(key, g, &ref, wid, &e->ct, share, 2, NULL, err)) < 0 ||
        (ret = (int)veil_vault_chunks(v, i, chunks, cap, err)) < 0)
        ret = ret < 0 ? ret : -1;
    else
        ret = veil_unit_open(*plain, cap, &len, e, g, &ref, key, chunks, cap, err);
    sodium_free(key);
    free(chunks);
    if (ret < 0) {
        free(*plain);
        *plain = NULL;
    }
    return ret < 0 ? ret : (int64_t)len;
}

#endif /* VEIL_TESTS_DEALER_H */
