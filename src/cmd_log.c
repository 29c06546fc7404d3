/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil log`: keep a transparency log in a folder, and check it.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/logdir.h"
#include "keys/tlog.h"
#include "msg.h"

typedef struct LogOptions {
    char *key, *log_key, *name, *state, *out, *policy, *leaf;
    int pass_fd;
    bool json;
} LogOptions;

#define OFFSET(field) offsetof(LogOptions, field)
static const VeilOpt log_options[] = {
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE.key", "the key that signs", 0, 0, NULL },
    { "log-key", 0, VEIL_OPT_STRING, OFFSET(log_key), "FILE.pub", "the log's key, which a witness checks", 0,
      0, NULL },
    { "name", 0, VEIL_OPT_STRING, OFFSET(name), "NAME", "the witness's name, as in the policy", 0, 0, NULL },
    { "state", 0, VEIL_OPT_STRING, OFFSET(state), "FILE", "what we last saw of this log; made if missing", 0,
      0, NULL },
    { "policy", 0, VEIL_OPT_STRING, OFFSET(policy), "NOTE", "whose signatures count", 0, 0, NULL },
    { "leaf", 0, VEIL_OPT_STRING, OFFSET(leaf), "FILE", "the leaf that is meant", 0, 0, NULL },
    { "out", 'o', VEIL_OPT_STRING, OFFSET(out), "FILE", "write the result here", 0, 0, NULL },
    { "pass-fd", 0, VEIL_OPT_INT, OFFSET(pass_fd), "N", "read the passphrase from this file descriptor", 0,
      1023, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

static int wants(const char *what)
{
    veil_error("'veil log %s; see 'veil log --help'", what);
    return VEIL_EXIT_ERROR;
}

static int write_text(const char *path, const VeilText *t)
{
    VeilErr err;

    return veil_file_write(path, t->at, t->len, 0644, false, &err) < 0 ? veil_keyio_refuse(&err)
                                                                       : VEIL_EXIT_DONE;
}

static int print_index(const LogOptions *o, uint64_t index)
{
    if (o->json)
        return veil_keyio_print_json(json_pack("{s:I}", "index", (json_int_t)index));
    printf("leaf %" PRIu64 "\n", index);
    return VEIL_EXIT_DONE;
}

static int run_append(const LogOptions *o, const char *folder, const char *path)
{
    VeilLogDir *l = NULL;
    uint64_t index;
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_LEAF_MAX)))
        return ret;
    if (veil_logdir_open(&l, folder, &err) < 0 || veil_logdir_append(l, bytes, len, &index, &err) < 0)
        ret = veil_keyio_refuse(&err);
    else
        ret = print_index(o, index);
    veil_logdir_close(l);
    free(bytes);
    return ret;
}

static int run_checkpoint(const LogOptions *o, const char *folder)
{
    VeilLogDir *l = NULL;
    VeilKey key = { 0 };
    VeilErr err;
    int ret;

    if (!o->key)
        return wants("checkpoint' wants --key FILE.key");
    if (veil_logdir_open(&l, folder, &err) < 0)
        return veil_keyio_refuse(&err);
    if (!(ret = veil_keyio_unlock(&key, o->key, VEIL_ROLE_LOG, o->pass_fd)) &&
        veil_logdir_sign(l, key.secret, &err) < 0)
        ret = veil_keyio_refuse(&err);
    if (!ret)
        veil_info("'%s' has a checkpoint over %" PRIu64 " leaves; its witnesses run 'veil log cosign'",
                  folder, veil_logdir_size(l));
    veil_key_clear(&key);
    veil_logdir_close(l);
    return ret;
}

/* A witness signs only what the log signed and what extends what it has seen. */
static int cosign(VeilLogDir *l, const LogOptions *o, const VeilKey *log, const VeilKey *key, VeilErr *err)
{
    const VeilSpan cp = veil_logdir_checkpoint(l);
    VeilCheckpoint c = { 0 };
    VeilLogState s;
    VeilNote n;
    int ret;

    if ((ret = veil_logstate_load(&s, o->state, err)) < 0 ||
        (ret = veil_note_parse(&n, cp.at, cp.len, "checkpoint", err)) < 0 ||
        (ret = veil_checkpoint_parse(&c, n.text, n.text_len, "checkpoint", err)) < 0 ||
        (ret = veil_note_verify(&n, c.origin, log->public_key, "checkpoint", err)) < 0)
        return ret;
    c.time = time(NULL);
    if ((ret = veil_logstate_advance(&s, l, &c, err)) < 0 ||
        (ret = veil_logstate_save(&s, o->state, err)) < 0)
        return ret;
    return veil_logdir_cosign(l, o->name, key->secret, c.time, err);
}

static int run_cosign(const LogOptions *o, const char *folder)
{
    VeilKey key = { 0 }, log = { 0 };
    VeilLogDir *l = NULL;
    VeilErr err;
    int ret;

    if (!o->key || !o->name || !o->state || !o->log_key)
        return wants("cosign' wants --key, --name, --state and --log-key");
    if ((ret = veil_keyio_public(&log, o->log_key, VEIL_ROLE_LOG)))
        return ret;
    if (veil_logdir_open(&l, folder, &err) < 0)
        return veil_keyio_refuse(&err);
    if (!(ret = veil_keyio_unlock(&key, o->key, VEIL_ROLE_WITNESS, o->pass_fd)) &&
        cosign(l, o, &log, &key, &err) < 0)
        ret = veil_keyio_refuse(&err);
    if (!ret)
        veil_info("'%s' is cosigned as '%s'", folder, o->name);
    veil_key_clear(&key);
    veil_logdir_close(l);
    return ret;
}

static int run_prove(const LogOptions *o, const char *folder, const char *number)
{
    VeilLogDir *l = NULL;
    VeilText t = { 0 };
    uint8_t *bytes = NULL;
    uint64_t index = 0;
    VeilErr err;
    size_t len;
    int ret;

    if (!o->out || (!number && !o->leaf))
        return wants("prove' wants --out, and an index or --leaf");
    if (number && veil_number_parse(&index, number, strlen(number), INT64_MAX) < 0)
        return wants("prove' wants a leaf's number");
    if (o->leaf && (ret = veil_keyio_read(&bytes, &len, o->leaf, VEIL_LEAF_MAX)))
        return ret;
    ret = VEIL_EXIT_DONE;
    if (veil_logdir_open(&l, folder, &err) < 0) {
        ret = veil_keyio_refuse(&err);
    } else if (o->leaf && veil_logdir_find(l, bytes, len, &index) < 0) {
        veil_error("leaf '%s' is not in log '%s'; append it", o->leaf, folder);
        ret = VEIL_EXIT_NO;
    } else if (veil_logdir_prove(l, index, &t, &err) < 0) {
        ret = veil_keyio_refuse(&err);
    } else {
        ret = write_text(o->out, &t);
    }
    veil_text_free(&t);
    veil_logdir_close(l);
    free(bytes);
    return ret;
}

static int read_trust(VeilPolicy *p, const char *path)
{
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    if (veil_policy_parse(p, bytes, veil_note_text_len((char *)bytes, len), path, &err) < 0)
        ret = veil_keyio_refuse(&err);
    free(bytes);
    return ret;
}

/* A proof file and its leaf, or a whole log against its state. */
static int run_verify(const LogOptions *o, const char *path)
{
    uint8_t *proof = NULL, *leaf = NULL;
    size_t proof_len, leaf_len;
    VeilLogDir *l = NULL;
    VeilCheckpoint c = { 0 };
    uint64_t index = 0;
    VeilLogState s;
    VeilPolicy p;
    VeilErr err;
    int ret;

    if (!o->policy || (!o->leaf && !o->state))
        return wants("verify' wants --policy, and --leaf for a proof or --state for a log");
    if ((ret = read_trust(&p, o->policy)))
        return ret;
    if (o->leaf) {
        if (!(ret = veil_keyio_read(&proof, &proof_len, path, VEIL_TEXT_MAX)) &&
            !(ret = veil_keyio_read(&leaf, &leaf_len, o->leaf, VEIL_LEAF_MAX)))
            ret = veil_tlog_proof_verify(&c, &index, proof, proof_len, leaf, leaf_len, &p.log, path, &err) < 0
                      ? veil_keyio_refuse(&err)
                      : VEIL_EXIT_DONE;
    } else if (veil_logdir_open(&l, path, &err) < 0 ||
               veil_checkpoint_verify(&c, veil_logdir_checkpoint(l).at, veil_logdir_checkpoint(l).len, &p.log,
                                      path, &err) < 0 ||
               veil_logstate_load(&s, o->state, &err) < 0 || veil_logstate_advance(&s, l, &c, &err) < 0 ||
               veil_logstate_save(&s, o->state, &err) < 0) {
        ret = veil_keyio_refuse(&err);
    }
    if (!ret && o->json)
        ret = veil_keyio_print_json(json_pack("{s:s, s:I, s:I}", "log", c.origin, "size", (json_int_t)c.size,
                                              "time", (json_int_t)c.time));
    else if (!ret)
        printf("log '%s', %" PRIu64 " leaves: good\n", c.origin, c.size);
    veil_logdir_close(l);
    free(proof);
    free(leaf);
    return ret;
}

static int run_show(const LogOptions *o, const char *folder)
{
    json_t *list = json_array();
    VeilLogDir *l = NULL;
    VeilErr err;

    if (veil_logdir_open(&l, folder, &err) < 0) {
        json_decref(list);
        return veil_keyio_refuse(&err);
    }
    for (uint64_t i = 0; i < veil_logdir_size(l); i++) {
        const VeilSpan b = veil_logdir_leaf(l, i);
        const char *kind = "unreadable";
        VeilLeaf leaf;
        VeilNote n;

        if (veil_leaf_parse(&leaf, &n, b.at, b.len, "leaf", NULL) >= 0)
            kind = veil_leaf_word(leaf.kind);
        if (o->json)
            json_array_append_new(list, json_pack("{s:I, s:s}", "index", (json_int_t)i, "kind", kind));
        else
            printf("%6" PRIu64 "  %s\n", i, kind);
    }
    if (o->json)
        veil_keyio_print_json(json_pack("{s:s, s:o}", "log", veil_logdir_origin(l), "leaves", list));
    else
        json_decref(list);
    veil_logdir_close(l);
    return VEIL_EXIT_DONE;
}

/* ---- making leaves ---------------------------------------------------------- */

static int fill_leaf(VeilLeaf *l, const char *subject)
{
    VeilWarrant w;
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret = 0;

    if (l->kind == VEIL_LEAF_REVOKE) {
        if (veil_number_parse(&l->index, subject, strlen(subject), INT64_MAX) < 0)
            return wants("leaf revoke' wants the number of the warrant's leaf");
        return 0;
    }
    if ((ret = veil_keyio_read(&bytes, &len, subject, VEIL_TEXT_MAX)))
        return ret;
    if (l->kind == VEIL_LEAF_WARRANT) {
        if (veil_warrant_parse(&w, bytes, len, subject, &err) < 0)
            ret = veil_keyio_refuse(&err);
        else
            *l = veil_leaf_of_warrant(&w);
    } else { /* a digest of a note means its text without signatures */
        crypto_hash_sha256(l->digest, bytes, veil_note_text_len((char *)bytes, len));
    }
    free(bytes);
    return ret;
}

static int run_leaf(const LogOptions *o, const char *kind, const char *subject)
{
    static const VeilLeafKind made[] = { VEIL_LEAF_WARRANT, VEIL_LEAF_REVOKE, VEIL_LEAF_VAULT,
                                         VEIL_LEAF_POLICY,  VEIL_LEAF_GROUP,  VEIL_LEAF_CONSENT };
    VeilLeaf l = { .kind = VEIL_LEAF_KINDS };
    VeilKey key = { 0 };
    VeilText t = { 0 };
    VeilErr err;
    int ret, r;

    if (!o->key || !o->out)
        return wants("leaf' wants --key and --out");
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
        if (!strcmp(veil_leaf_word(made[i]) + strlen("veil/v1/log-"), kind))
            l.kind = made[i];
    if (l.kind == VEIL_LEAF_KINDS)
        return wants("leaf' makes warrant, revoke, vault, policy, group and consent");
    if ((ret = fill_leaf(&l, subject)) ||
        (ret = veil_keyio_unlock(&key, o->key, veil_role_find(veil_leaf_role(l.kind)), o->pass_fd)))
        return ret;
    veil_leaf_print(&t, &l);
    if ((r = veil_note_sign(&t, veil_leaf_role(l.kind), key.secret)) < 0) {
        veil_err(&err, r, "leaf");
        ret = veil_keyio_refuse(&err);
    } else {
        ret = write_text(o->out, &t);
    }
    veil_key_clear(&key);
    veil_text_free(&t);
    return ret;
}

static int dispatch(const LogOptions *o, char **w, int n)
{
    VeilErr err;

    if (n == 3 && !strcmp(w[0], "new"))
        return veil_logdir_create(w[1], w[2], &err) < 0 ? veil_keyio_refuse(&err) : VEIL_EXIT_DONE;
    if (n == 3 && !strcmp(w[0], "leaf"))
        return run_leaf(o, w[1], w[2]);
    if (n == 3 && !strcmp(w[0], "append"))
        return run_append(o, w[1], w[2]);
    if (n == 2 && !strcmp(w[0], "checkpoint"))
        return run_checkpoint(o, w[1]);
    if (n == 2 && !strcmp(w[0], "cosign"))
        return run_cosign(o, w[1]);
    if ((n == 2 || n == 3) && !strcmp(w[0], "prove"))
        return run_prove(o, w[1], n == 3 ? w[2] : NULL);
    if (n == 2 && !strcmp(w[0], "verify"))
        return run_verify(o, w[1]);
    if (n == 2 && !strcmp(w[0], "show"))
        return run_show(o, w[1]);
    return wants("' wants new, leaf, append, checkpoint, cosign, prove, verify or show");
}

static int run_log(int argc, char **argv)
{
    LogOptions o = { .pass_fd = -1 };
    char **words = calloc((size_t)argc, sizeof(*words));
    int n, ret = VEIL_EXIT_ERROR;

    if (words && (n = veil_opts_parse(&o, log_options, argc, argv, words)) >= 0 && veil_keyio_start())
        ret = dispatch(&o, words, n);
    veil_opts_free(&o, log_options);
    free(words);
    return ret;
}

const VeilCommand veil_cmd_log = {
    .name = "log",
    .summary = "keep a transparency log in a folder, and check it",
    .usage =
        "log new FOLDER ORIGIN\n"
        "       veil log leaf warrant|revoke|vault|policy|group|consent FILE|INDEX --key FILE.key -o LEAF\n"
        "       veil log append FOLDER LEAF\n"
        "       veil log checkpoint FOLDER --key FILE.key\n"
        "       veil log cosign FOLDER --key FILE.key --log-key FILE.pub --name NAME --state FILE\n"
        "       veil log prove FOLDER [INDEX | --leaf LEAF] -o PROOF\n"
        "       veil log verify PROOF --leaf LEAF --policy NOTE\n"
        "       veil log verify FOLDER --state FILE --policy NOTE\n"
        "       veil log show FOLDER",
    .opts = log_options,
    .run = run_log,
};
