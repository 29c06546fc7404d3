/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil log`: keep a transparency log in a folder, and check it. Making leaves
 * is in cmd_log_leaf.c, the monitor in cmd_log_monitor.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "cmd_log.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/tlog.h"
#include "msg.h"

#define OFFSET(field) offsetof(LogOptions, field)
static const VeilOpt log_options[] = {
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE.key", "the key that signs", 0, 0, NULL },
    { "log-key", 0, VEIL_OPT_STRING, OFFSET(log_key), "FILE.pub", "the log's key, which a witness checks", 0,
      0, NULL },
    { "name", 0, VEIL_OPT_STRING, OFFSET(name), "NAME", "the witness's name, as in the policy", 0, 0, NULL },
    { "state", 0, VEIL_OPT_STRING, OFFSET(state), "FILE", "what we last saw of this log; made if missing", 0,
      0, NULL },
    { "policy", 0, VEIL_OPT_LIST, OFFSET(policy), "NOTE",
      "whose signatures count; for a monitor again for each version, newest last", 0, 0, NULL },
    { "group", 0, VEIL_OPT_LIST, OFFSET(group), "NOTE", "the custodians; again for each epoch (monitor)", 0,
      0, NULL },
    { "warrant", 0, VEIL_OPT_LIST, OFFSET(warrant), "FILE",
      "a warrant that we may read; again for each (monitor); the one that a result or closing is of", 0, 0, NULL },
    { "vault", 0, VEIL_OPT_LIST, OFFSET(vault), "FILE", "a vault, to count units; again for each (monitor)",
      0, 0, NULL },
    { "kept", 0, VEIL_OPT_STRING, OFFSET(kept), "FILE",
      "the checkpoint of the last look; made if missing (monitor)", 0, 0, NULL },
    { "at", 0, VEIL_OPT_STRING, OFFSET(at), "TIME", "judge as of this time instead of now (monitor)", 0, 0,
      NULL },
    { "hits", 0, VEIL_OPT_INT, OFFSET(hits), "N", "how many hits the result lists", 0, 1000000000, NULL },
    { "subject", 0, VEIL_OPT_STRING, OFFSET(subject), "FILE",
      "what a consent, unseal or close leaf is about (append); an unsealed warrant is published", 0, 0, NULL },
    { "leaf", 0, VEIL_OPT_STRING, OFFSET(leaf), "FILE", "the leaf that is meant", 0, 0, NULL },
    { "out", 'o', VEIL_OPT_STRING, OFFSET(out), "FILE", "write the result here", 0, 0, NULL },
    { "pass-fd", 0, VEIL_OPT_INT, OFFSET(pass_fd), "N", "read the passphrase from this file descriptor", 0,
      1023, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

int veil_log_cmd_wants(const char *what)
{
    veil_error("'veil log %s; see 'veil log --help'", what);
    return VEIL_EXIT_ERROR;
}

int veil_log_cmd_write(const char *path, const VeilText *t)
{
    VeilErr err;

    return veil_file_write(path, t->at, t->len, 0644, false, &err) < 0 ? veil_keyio_refuse(&err)
                                                                       : VEIL_EXIT_DONE;
}

static int report_checkpoint(const char *command, const char *path, const VeilCheckpoint *c)
{
    json_t *j = json_pack("{s:s, s:s, s:I}", "folder", path, "log", c->origin, "size", (json_int_t)c->size);

    veil_keyio_json_b64(j, "root", c->root, VEIL_HASH_BYTES);
    if (c->time)
        veil_keyio_json_time(j, "time", c->time);
    return veil_keyio_report(command, j);
}

/* What stands in the checkpoint now, after it was signed or cosigned. */
static int report_present(const char *command, const char *folder, const VeilLogDir *l)
{
    const VeilSpan cp = veil_logdir_checkpoint(l);
    VeilCheckpoint c = { 0 };
    VeilErr err;

    if (veil_checkpoint_parse(&c, cp.at, veil_note_text_len(cp.at, cp.len), "checkpoint", &err) < 0)
        return veil_keyio_refuse(&err);
    return report_checkpoint(command, folder, &c);
}

static int run_checkpoint(const LogOptions *o, const char *folder)
{
    VeilLogDir *l = NULL;
    VeilKey key = { 0 };
    VeilErr err;
    int ret;

    if (!o->key)
        return veil_log_cmd_wants("checkpoint' wants --key FILE.key");
    if (veil_logdir_open(&l, folder, &err) < 0)
        return veil_keyio_refuse(&err);
    if (!(ret = veil_keyio_unlock(&key, o->key, VEIL_ROLE_LOG, o->pass_fd)) &&
        veil_logdir_sign(l, key.secret, &err) < 0)
        ret = veil_keyio_refuse(&err);
    if (!ret && o->json)
        ret = report_present("log checkpoint", folder, l);
    else if (!ret)
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
        return veil_log_cmd_wants("cosign' wants --key, --name, --state and --log-key");
    if ((ret = veil_keyio_public(&log, o->log_key, VEIL_ROLE_LOG)))
        return ret;
    if (veil_logdir_open(&l, folder, &err) < 0)
        return veil_keyio_refuse(&err);
    if (!(ret = veil_keyio_unlock(&key, o->key, VEIL_ROLE_WITNESS, o->pass_fd)) &&
        cosign(l, o, &log, &key, &err) < 0)
        ret = veil_keyio_refuse(&err);
    if (!ret && o->json)
        ret = report_present("log cosign", folder, l);
    else if (!ret)
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
        return veil_log_cmd_wants("prove' wants --out, and an index or --leaf");
    if (number && veil_number_parse(&index, number, strlen(number), INT64_MAX) < 0)
        return veil_log_cmd_wants("prove' wants a leaf's number");
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
        ret = veil_log_cmd_write(o->out, &t);
    }
    if (!ret && o->json)
        ret = veil_keyio_report("log prove", json_pack("{s:s, s:s, s:I}", "folder", folder, "file", o->out,
                                                       "index", (json_int_t)index));
    veil_text_free(&t);
    veil_logdir_close(l);
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

    if (!o->policy.n || (!o->leaf && !o->state))
        return veil_log_cmd_wants("verify' wants --policy, and --leaf for a proof or --state for a log");
    if ((ret = veil_keyio_policy(&p, o->policy.at[o->policy.n - 1])))
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
        ret = report_checkpoint("log verify", path, &c);
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
        veil_keyio_report("log show", json_pack("{s:s, s:s, s:o}", "folder", folder, "log",
                                                veil_logdir_origin(l), "leaves", list));
    else
        json_decref(list);
    veil_logdir_close(l);
    return VEIL_EXIT_DONE;
}

static int run_new(const LogOptions *o, const char *folder, const char *origin)
{
    VeilErr err;

    if (veil_logdir_create(folder, origin, &err) < 0)
        return veil_keyio_refuse(&err);
    if (o->json)
        return veil_keyio_report("log new", json_pack("{s:s, s:s}", "folder", folder, "log", origin));
    return VEIL_EXIT_DONE;
}

static int dispatch(const LogOptions *o, char **w, int n)
{
    if (n == 3 && !strcmp(w[0], "new"))
        return run_new(o, w[1], w[2]);
    if (n == 3 && !strcmp(w[0], "leaf"))
        return veil_log_cmd_leaf(o, w[1], w[2]);
    if (n == 3 && !strcmp(w[0], "append"))
        return veil_log_cmd_append(o, w[1], w[2]);
    if (n == 3 && !strcmp(w[0], "result"))
        return veil_log_cmd_after(o, VEIL_LEAF_RESULT, w[1], w[2]);
    if (n == 3 && !strcmp(w[0], "unseal"))
        return veil_log_cmd_after(o, VEIL_LEAF_UNSEAL, w[1], w[2]);
    if (n == 3 && !strcmp(w[0], "close"))
        return veil_log_cmd_after(o, VEIL_LEAF_CLOSE, w[1], w[2]);
    if (n == 2 && !strcmp(w[0], "monitor"))
        return veil_log_cmd_monitor(o, w[1]);
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
    return veil_log_cmd_wants("' wants new, leaf, result, unseal, close, append, checkpoint, cosign, prove, "
                              "verify, monitor or show");
}

static int run_log(int argc, char **argv)
{
    LogOptions o = { .hits = -1, .pass_fd = -1 };
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
        "       veil log result FOLDER FILE --warrant FILE --hits N --key FILE.key -o LEAF\n"
        "       veil log unseal FOLDER WARRANT --key FILE.key -o LEAF\n"
        "       veil log close FOLDER FILE --warrant FILE --key FILE.key -o LEAF\n"
        "       veil log append FOLDER LEAF [--subject RECORD|WARRANT]\n"
        "       veil log checkpoint FOLDER --key FILE.key\n"
        "       veil log cosign FOLDER --key FILE.key --log-key FILE.pub --name NAME --state FILE\n"
        "       veil log prove FOLDER [INDEX | --leaf LEAF] -o PROOF\n"
        "       veil log verify PROOF --leaf LEAF --policy NOTE\n"
        "       veil log verify FOLDER --state FILE --policy NOTE\n"
        "       veil log monitor FOLDER --policy NOTE --group NOTE --kept FILE [--warrant FILE] [--vault FILE]\n"
        "       veil log show FOLDER",
    .opts = log_options,
    .run = run_log,
};
