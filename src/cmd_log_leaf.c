/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil log leaf`, `result`, `unseal`, `close` and `append`: make the leaves of
 * PROTOCOL section 5, and put them into the log.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_log.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/consent.h"
#include "keys/file.h"
#include "keys/vault.h"
#include "msg.h"

#define RESULT_MAX (64u << 20) /* longest list of hits, in bytes */

/* ---- what a leaf says --------------------------------------------------------- */

/* The vault's FINAL, as a note: without its signature. */
static int digest_vault(uint8_t digest[32], const char *path)
{
    const VeilVaultInfo *info;
    VeilVault *v = NULL;
    VeilErr err;

    if (veil_vault_open(&v, path, false, &err) < 0)
        return veil_keyio_refuse(&err);
    info = veil_vault_info(v);
    crypto_hash_sha256(digest, (const uint8_t *)info->seal_note,
                       veil_note_text_len(info->seal_note, info->seal_len));
    veil_vault_close(v);
    return VEIL_EXIT_DONE;
}

static int fill_digest(VeilLeaf *l, const uint8_t *bytes, size_t len, const char *subject, VeilErr *err)
{
    VeilWarrant w;
    VeilConsent c;
    int ret;

    switch (l->kind) {
    case VEIL_LEAF_WARRANT:
        if ((ret = veil_warrant_parse(&w, bytes, len, subject, err)) >= 0)
            *l = veil_leaf_of_warrant(&w);
        return ret;
    case VEIL_LEAF_CONSENT: /* signed by both, or it says nothing; its salt hides it */
        if ((ret = veil_consent_parse(&c, bytes, len, subject, err)) >= 0)
            memcpy(l->digest, c.digest, 32);
        return ret;
    default: /* a digest of a note means its text without signatures */
        crypto_hash_sha256(l->digest, bytes, veil_note_text_len((const char *)bytes, len));
        return 0;
    }
}

static int fill_leaf(VeilLeaf *l, const char *subject)
{
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if (l->kind == VEIL_LEAF_REVOKE) {
        if (veil_number_parse(&l->index, subject, strlen(subject), INT64_MAX) < 0)
            return veil_log_cmd_wants("leaf revoke' wants the number of the warrant's leaf");
        return VEIL_EXIT_DONE;
    }
    if (l->kind == VEIL_LEAF_VAULT)
        return digest_vault(l->digest, subject);
    if ((ret = veil_keyio_read(&bytes, &len, subject, VEIL_TEXT_MAX)))
        return ret;
    if (fill_digest(l, bytes, len, subject, &err) < 0)
        ret = veil_keyio_refuse(&err);
    free(bytes);
    return ret;
}

/* ---- making one --------------------------------------------------------------- */

static int report_leaf(const char *command, const char *file, const VeilLeaf *l)
{
    json_t *j = json_pack("{s:s, s:s}", "file", file, "kind", veil_leaf_word(l->kind));

    if (l->kind == VEIL_LEAF_REVOKE || l->kind == VEIL_LEAF_RESULT || l->kind == VEIL_LEAF_UNSEAL ||
        l->kind == VEIL_LEAF_CLOSE)
        json_object_set_new(j, "warrant_leaf", json_integer((json_int_t)l->index));
    if (l->kind == VEIL_LEAF_RESULT)
        json_object_set_new(j, "hits", json_integer(l->units));
    if (l->kind != VEIL_LEAF_REVOKE)
        veil_keyio_json_hex(j, "digest", l->digest, 32);
    return veil_keyio_report(command, j);
}

static int sign_leaf(const LogOptions *o, const VeilLeaf *l, const char *command)
{
    const char *role = veil_leaf_role(l->kind);
    VeilKey key = { 0 };
    VeilText t = { 0 };
    VeilErr err;
    int ret, r;

    if ((ret = veil_keyio_unlock(&key, o->key, veil_role_find(role), o->pass_fd)))
        return ret;
    veil_leaf_print(&t, l);
    if ((r = veil_note_sign(&t, role, key.secret)) < 0) {
        veil_err(&err, r, "leaf");
        ret = veil_keyio_refuse(&err);
    } else {
        ret = veil_log_cmd_write(o->out, &t);
    }
    veil_key_clear(&key);
    veil_text_free(&t);
    if (!ret && o->json)
        ret = report_leaf(command, o->out, l);
    return ret;
}

int veil_log_cmd_leaf(const LogOptions *o, const char *kind, const char *subject)
{
    static const VeilLeafKind made[] = { VEIL_LEAF_WARRANT, VEIL_LEAF_REVOKE, VEIL_LEAF_VAULT,
                                         VEIL_LEAF_POLICY,  VEIL_LEAF_GROUP,  VEIL_LEAF_CONSENT };
    VeilLeaf l = { .kind = VEIL_LEAF_KINDS };
    int ret;

    if (!o->key || !o->out)
        return veil_log_cmd_wants("leaf' wants --key and --out");
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        if (!strcmp(veil_leaf_word(made[i]) + strlen("veil/v1/log-"), kind))
            l.kind = made[i];
    if (l.kind == VEIL_LEAF_KINDS)
        return veil_log_cmd_wants("leaf' makes warrant, revoke, vault, policy, group and consent");
    if ((ret = fill_leaf(&l, subject)))
        return ret;
    return sign_leaf(o, &l, "log leaf");
}

/* ---- leaves that refer to a warrant's ------------------------------------------ */

/* The leaf that is this warrant's cover sheet, whoever signed it. */
static int find_cover(const VeilLogDir *log, const VeilWarrant *w, uint64_t *index)
{
    const VeilLeaf want = veil_leaf_of_warrant(w);

    for (uint64_t i = 0; i < veil_logdir_size(log); i++) {
        const VeilSpan b = veil_logdir_leaf(log, i);
        VeilLeaf l;
        VeilNote n;

        if (veil_leaf_parse(&l, &n, b.at, b.len, "leaf", NULL) >= 0 && l.kind == VEIL_LEAF_WARRANT &&
            !sodium_memcmp(l.digest, want.digest, 32)) {
            *index = i;
            return VEIL_EXIT_DONE;
        }
    }
    veil_error(
        "no leaf of the log is the cover sheet of this warrant; append it with 'veil log leaf warrant'");
    return VEIL_EXIT_NO;
}

static int refer(VeilLeaf *l, const char *folder, const char *warrant)
{
    VeilLogDir *log = NULL;
    VeilWarrant w;
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, warrant, VEIL_TEXT_MAX)))
        return ret;
    if (veil_warrant_parse(&w, bytes, len, warrant, &err) < 0 || veil_logdir_open(&log, folder, &err) < 0)
        ret = veil_keyio_refuse(&err);
    else if (l->kind == VEIL_LEAF_RESULT && !w.match) {
        veil_error("warrant '%s' is to view, not to match; it has no result to log", warrant);
        ret = VEIL_EXIT_NO;
    } else
        ret = find_cover(log, &w, &l->index);
    if (l->kind == VEIL_LEAF_UNSEAL)
        memcpy(l->digest, w.cm, 32);
    veil_logdir_close(log);
    free(bytes);
    return ret;
}

int veil_log_cmd_after(const LogOptions *o, VeilLeafKind kind, const char *folder, const char *subject)
{
    VeilLeaf l = { .kind = kind, .units = kind == VEIL_LEAF_RESULT ? (uint32_t)o->hits : 0 };
    uint8_t *bytes;
    size_t len;
    int ret;

    if (kind == VEIL_LEAF_UNSEAL) {
        if (!o->key || !o->out)
            return veil_log_cmd_wants("unseal' wants --key and --out");
        return (ret = refer(&l, folder, subject)) ? ret : sign_leaf(o, &l, "log unseal");
    }
    if (!o->key || !o->out || o->warrant.n != 1 || (kind == VEIL_LEAF_RESULT && o->hits < 0))
        return veil_log_cmd_wants(kind == VEIL_LEAF_RESULT ? "result' wants --warrant, --hits, --key and --out"
                                                           : "close' wants --warrant, --key and --out");
    if ((ret = veil_keyio_read(&bytes, &len, subject, RESULT_MAX)))
        return ret;
    crypto_hash_sha256(l.digest, bytes, len);
    free(bytes);
    if ((ret = refer(&l, folder, o->warrant.at[0])))
        return ret;
    return sign_leaf(o, &l, kind == VEIL_LEAF_RESULT ? "log result" : "log close");
}

/* ---- append --------------------------------------------------------------------- */

static int check_consent(const VeilLeaf *l, const VeilNote *n, const uint8_t *bytes, size_t len,
                         const char *path, VeilErr *err)
{
    VeilConsent c;
    int ret;

    if ((ret = veil_consent_parse(&c, bytes, len, path, err)) < 0)
        return ret;
    if (sodium_memcmp(c.digest, l->digest, 32))
        return veil_err(err, VEIL_E_CONSENT, "'%s' is not the record of this leaf", path);
    if (!veil_note_signed_by(n, veil_leaf_role(l->kind), c.controller_pk))
        return veil_err(err, VEIL_E_ROLE, "leaf of '%s': its controller has not signed it", path);
    return 0;
}

static int check_unseal(const VeilLeaf *l, const uint8_t *bytes, size_t len, const char *path, VeilErr *err)
{
    VeilWarrant w;
    int ret;

    if ((ret = veil_warrant_parse(&w, bytes, len, path, err)) < 0)
        return ret;
    if (sodium_memcmp(w.cm, l->digest, 32))
        return veil_err(err, VEIL_E_LOG_INCLUSION, "'%s' is not the warrant of this leaf", path);
    return 0;
}

/* Who closes a warrant is who was to use it. */
static int check_close(const VeilLogDir *log, const VeilLeaf *l, const VeilNote *n, const uint8_t *bytes,
                       size_t len, const char *path, VeilErr *err)
{
    const VeilSpan b = veil_logdir_leaf(log, l->index);
    VeilLeaf sheet;
    VeilWarrant w;
    VeilNote at;
    int ret;

    if ((ret = veil_warrant_parse(&w, bytes, len, path, err)) < 0)
        return ret;
    if (l->index >= veil_logdir_size(log) || veil_leaf_parse(&sheet, &at, b.at, b.len, "leaf", NULL) < 0 ||
        sheet.kind != VEIL_LEAF_WARRANT || sodium_memcmp(sheet.digest, w.cm, 32))
        return veil_err(err, VEIL_E_LOG_INCLUSION, "'%s' is not the warrant of this leaf", path);
    if (!veil_note_signed_by(n, veil_leaf_role(l->kind), w.requester_sign))
        return veil_err(err, VEIL_E_ROLE, "closing of '%s': its requester has not signed it", path);
    return 0;
}

/* What the leaf commits to must be what the file says; unsealing then publishes it. */
static int check_subject(const LogOptions *o, VeilLogDir *log, const VeilLeaf *l, const VeilNote *n)
{
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret, r;

    if (!o->subject)
        return veil_log_cmd_wants(
            "append' wants --subject FILE for this leaf: the consent record, or the warrant that "
            "is unsealed or closed");
    if ((ret = veil_keyio_read(&bytes, &len, o->subject, VEIL_TEXT_MAX)))
        return ret;
    if (l->kind == VEIL_LEAF_CONSENT)
        r = check_consent(l, n, bytes, len, o->subject, &err);
    else if (l->kind == VEIL_LEAF_CLOSE)
        r = check_close(log, l, n, bytes, len, o->subject, &err);
    else if ((r = check_unseal(l, bytes, len, o->subject, &err)) >= 0)
        r = veil_logdir_publish(log, l->index, bytes, len, &err);
    free(bytes);
    return r < 0 ? veil_keyio_refuse(&err) : VEIL_EXIT_DONE;
}

static int append_to(const LogOptions *o, VeilLogDir *log, const char *folder, const uint8_t *bytes,
                     size_t len)
{
    uint64_t index;
    VeilErr err;
    VeilLeaf l;
    VeilNote n;
    int ret;

    if (veil_leaf_parse(&l, &n, bytes, len, "new leaf", &err) < 0)
        return veil_keyio_refuse(&err);
    if ((l.kind == VEIL_LEAF_CONSENT || l.kind == VEIL_LEAF_UNSEAL || l.kind == VEIL_LEAF_CLOSE) &&
        (ret = check_subject(o, log, &l, &n)))
        return ret;
    if (veil_logdir_append(log, bytes, len, &index, &err) < 0)
        return veil_keyio_refuse(&err);
    if (o->json)
        return veil_keyio_report("log append", json_pack("{s:s, s:s, s:I}", "folder", folder, "kind",
                                                         veil_leaf_word(l.kind), "index", (json_int_t)index));
    printf("leaf %" PRIu64 "\n", index);
    return VEIL_EXIT_DONE;
}

int veil_log_cmd_append(const LogOptions *o, const char *folder, const char *path)
{
    VeilLogDir *log = NULL;
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_LEAF_MAX)))
        return ret;
    ret = veil_logdir_open(&log, folder, &err) < 0 ? veil_keyio_refuse(&err)
                                                   : append_to(o, log, folder, bytes, len);
    veil_logdir_close(log);
    free(bytes);
    return ret;
}
