/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What a requester sends to each custodian (PROTOCOL section 6, step 4): a
 * folder of plain files. `request.note`, `warrant`, `warrant.1.minisig` ..,
 * `warrant.tlog-proof`, and for each vault of the warrant, in its order,
 * `vault-1.header`, `vault-1.seal`, `vault-1.entries`. No chunks: a custodian
 * never holds face ciphertext.
 */
#ifndef VEIL_KEYS_REQUEST_H
#define VEIL_KEYS_REQUEST_H

#include "vault.h"
#include "warrant.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_REQUEST_SIGS_MAX 16

/** Allocated bytes. */
typedef struct VeilBytes {
    uint8_t *at;
    size_t len;
} VeilBytes;

typedef struct VeilRequestVault {
    VeilBytes header, seal, entries;
} VeilRequestVault;

/** A request as received; the parsed fields are canonical but not yet verified. */
typedef struct VeilRequest {
    VeilBytes note, warrant, proof;
    VeilBytes sig[VEIL_REQUEST_SIGS_MAX];
    int sigs;
    VeilRequestVault vault[VEIL_WARRANT_VAULTS_MAX]; ///< w.vaults of them
    VeilWarrant w;
    uint8_t wid[32]; ///< as the note states it
    uint8_t id[32];  ///< fresh for each request
    int64_t time;
} VeilRequest;

/** Write the text of a request note; sign it as "requester-sign". */
void veil_request_print(VeilText *t, const uint8_t wid[32], const uint8_t id[32], int64_t time);

/** Parse the bytes in r->note and r->warrant into its fields and check all
 *  sizes. @return 0; VEIL_E_CANON; VEIL_E_TOO_LARGE; as veil_warrant_parse() */
int veil_request_parse(VeilRequest *r, VeilErr *err);

/** Read a folder and parse it. @return 0; as veil_request_parse(); negative errno */
int veil_request_load(VeilRequest **out, const char *folder, VeilErr *err);

/** Write a request into a new folder. @return 0; negative errno */
int veil_request_save(const VeilRequest *r, const char *folder, VeilErr *err);

/** Header, seal and entries of an open vault, as a request carries them. @return 0; -ENOMEM */
int veil_request_take_vault(VeilRequestVault *out, const VeilVault *v, VeilErr *err);

/** Accepts NULL. */
void veil_request_free(VeilRequest *r);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_REQUEST_H */
