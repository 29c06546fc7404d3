/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Every way in which keys/ says no. A refusal has a code, a name that can be
 * looked up in PROTOCOL.md section 9, and a rule: the sentence that says what
 * was broken and what to do. Adding one is one line in VEIL_ERRORS.
 */
#ifndef VEIL_KEYS_ERR_H
#define VEIL_KEYS_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, rule). The rule follows "object: " in a message, so it starts in
 * lower case and has no full stop. */
#define VEIL_ERRORS(X)                                                                                       \
    X(E_CT_PROOF, "the ciphertext proof does not hold for this vault, track, segment and part; it was "      \
                  "altered or comes from elsewhere, so leave it out")                                        \
    X(E_POINT, "not a canonical ristretto255 point other than the identity; ask for it again")               \
    X(E_SCALAR, "not a canonical scalar between 1 and q-1; ask for it again")                                \
    X(E_DLEQ, "the share proof does not hold for this unit, warrant, epoch and custodian; name the "         \
              "custodian and ask another one")                                                               \
    X(E_SHARE_INDEX, "the custodian index must be between 1 and n and appear once")                          \
    X(E_THRESHOLD, "fewer valid shares than the group's threshold k; ask more custodians")                   \
    X(E_EPOCH, "shares of different epochs do not combine; ask all custodians again after the refresh")      \
    X(E_KEY_COMMIT, "the combined key does not match the unit's key commitment; one share or the unit is "   \
                    "wrong")                                                                                 \
    X(E_BLOB_CONTEXT, "the share blob must open with this deliver key and carry this warrant, custodian, "   \
                      "epoch, deliver key and count; ask the custodian again")                               \
    X(E_BOX_KEY, "a box key must be an X25519 key that is not of low order; make a new one")                 \
    X(E_DKG_COUNT, "a message carries exactly k commitments and n boxes; abandon the ceremony")              \
    X(E_DKG_COMMIT, "the round 1 message must be the one announced in round 0; abandon the ceremony")        \
    X(E_DKG_SIGNATURE, "the message must be signed by its sender over this ceremony's context; abandon "     \
                       "the ceremony")                                                                       \
    X(E_DKG_POP, "the proof of possession does not hold for this sender and ceremony; abandon the "          \
                 "ceremony")                                                                                 \
    X(E_DKG_SHARE, "the share must open with our box key and lie on the sender's commitments; abandon "      \
                   "the ceremony")                                                                           \
    X(E_DKG_MEMBER, "every member has its own index, signing key and box key, 2 <= k <= n <= 16; start "     \
                    "again with a right list")                                                               \
    X(E_DKG_TRANSCRIPT, "all members must hold the same messages; compare transcripts and abandon the "      \
                        "ceremony")                                                                          \
    X(E_GROUP, "the group note must carry n valid signatures, keys that interpolate to Y, the gid that was " \
               "pinned and a key ceremony that policy accepts")                                              \
    X(E_TRUNCATED, "the vault ends before FINAL; only units up to the last valid checkpoint count")          \
    X(E_TRAILING, "nothing may follow the FINAL frame; do not use this copy")                                \
    X(E_CHAIN, "the frame chain must match the seal note; frames were moved, copied, removed or edited")     \
    X(E_ROOT, "the Merkle root of the entries must match the seal note; an entry was added, left out or "    \
              "edited")                                                                                      \
    X(E_DUP_UNIT, "each R, uid and (track, segment, part) may appear once in a vault")                       \
    X(E_UNSUPPORTED, "unknown frame type, suite or recipient; version 1 knows no extensions")                \
    X(E_STREAM, "the chunks must be the ones sealed, end with FINAL at the last chunk and pad with zeros")   \
    X(E_OPERATOR, "the seal note must be signed by an operator key that the policy names")                   \
    X(E_ROLE, "a key of another role signed; one key has one purpose")                                       \
    X(E_CANON, "not in canonical form: fixed key order, one space, LF, canonical base64, hex and numbers")   \
    X(E_ISSUERS, "too few distinct issuers that the policy names have signed")                               \
    X(E_MINISIG, "the minisign signature must be 'ED', by this key, over these bytes, with the trusted "     \
                 "comment 'veil/v1 warrant-issuer <wid>'; sign again")                                       \
    X(E_SCOPE, "the scope must name whole segments inside the vault, within the policy's caps")              \
    X(E_OUT_OF_SCOPE, "the unit lies outside the warrant's scope")                                           \
    X(E_VAULT_ROOT, "the vault's root must be the one that the warrant names; it was changed after signing") \
    X(E_TIME_NOT_YET, "the warrant is not valid yet")                                                        \
    X(E_TIME_EXPIRED, "the warrant has expired; ask for a new one")                                          \
    X(E_TIME_SKEW, "the local clock and the witnesses' time differ by more than the policy's skew; set the " \
                   "clock")                                                                                  \
    X(E_TIME_STALE, "the checkpoint is older than the policy allows; fetch a newer one")                     \
    X(E_TIME_BACKWARDS, "the witnesses' time is before the last one seen; fetch a newer checkpoint")         \
    X(E_LOG_INCLUSION, "the proof must show this leaf, at this index, in this log")                          \
    X(E_LOG_FORK, "the checkpoint is smaller than, or inconsistent with, the one stored; keep both and "     \
                  "raise the alarm")                                                                         \
    X(E_WITNESS, "too few distinct witnesses of the policy have cosigned this checkpoint of this log")       \
    X(E_REVOKED, "the warrant has been revoked in the log")                                                  \
    X(E_REQUESTER, "the request must be signed by the requester that the warrant names")                     \
    X(E_REPLAY, "this request was seen before; make a new one")                                              \
    X(E_USED, "the warrant's use count is spent; ask for a new warrant")                                     \
    X(E_POLICY, "only the pinned policy counts, and it never goes back; update the policy by its own keys")  \
    X(E_REASON, "the reason code is not one that the policy lists")                                          \
    X(E_PROBE, "a match needs the probe file and face box that the warrant names")                           \
    X(E_DELIVER, "'view' delivers to the requester, 'match' to a matcher that the policy names")             \
    X(E_RELEASE_LOG, "a release must be in the witnessed log before its shares are used")                    \
    X(E_NOT_A_WARRANT, "consent can leave a face visible; it never opens a unit")                            \
    X(E_CONSENT, "the consent record must be signed by controller and subject, and be in force")             \
    X(E_KEYFILE, "the key file cannot be used: wrong passphrase, altered file, or parameters outside the "   \
                 "limits")                                                                                   \
    X(E_RECORD, "the record's codec, size or rectangle is outside the limits")                               \
    X(E_LEAK, "the published video still carries what should have been removed")                             \
    X(E_SIGNATURE, "the signature does not verify under the key that it names")                              \
    X(E_TOO_LARGE, "longer than the protocol allows")                                                        \
    X(E_PRECONDITION, "the call was made with arguments that are not allowed; this is a mistake in veil")    \
    X(E_CRYPTO, "libsodium refused the operation; run 'veil doctor'")                                        \
    X(E_SECMEM, "no protected memory for secrets; raise 'ulimit -l' or free memory")

/** The codes, VEIL_E_CT_PROOF and so on; all below -2000, so none is an errno. */
enum VeilErrorCode {
    VEIL_E_BELOW_FIRST = -3000,
#define VEIL_ERROR_ENUM(name, rule) VEIL_##name,
    VEIL_ERRORS(VEIL_ERROR_ENUM)
#undef VEIL_ERROR_ENUM
        VEIL_E_AFTER_LAST
};

/** A refusal in words. The last argument of functions that can refuse; the
 *  caller's, may be NULL, and untouched on success. */
typedef struct VeilErr {
    int code;       ///< VEIL_E_ code or negative errno
    char text[512]; ///< "object: rule (E_NAME)", never secret
} VeilErr;

/**
 * Say no once, where the object is known: err->text = "object: rule (E_NAME)".
 * Quotes go round the subject: veil_err(err, VEIL_E_POINT, "commitment 2 of 'oslo'").
 *
 * @param err  may be NULL
 * @param code VEIL_E_ code, or a negative errno (the rule is then strerror)
 * @param fmt  the object, as in printf
 * @return code
 */
int veil_err(VeilErr *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/** "E_CT_PROOF"; for a negative errno its name, such as "ENOENT"; never NULL. */
const char *veil_err_name(int code);

/** The rule of a code as one sentence without a full stop; never NULL. */
const char *veil_err_rule(int code);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_ERR_H */
