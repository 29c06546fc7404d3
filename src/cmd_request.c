/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil request`: put together what each custodian needs to decide. The
 * chunks of the vault stay here.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "keyio.h"
#include "keys/file.h"
#include "keys/minisig.h"
#include "keys/request.h"
#include "msg.h"

typedef struct RequestOptions {
    char *proof, *key, *out;
    VeilStrings vault;
    int pass_fd;
    bool json;
} RequestOptions;

#define OFFSET(field) offsetof(RequestOptions, field)
static const VeilOpt request_options[] = {
    { "vault", 0, VEIL_OPT_LIST, OFFSET(vault), "FILE", "a vault of the warrant; again for each", 0, 0,
      NULL },
    { "proof", 0, VEIL_OPT_STRING, OFFSET(proof), "FILE", "the warrant's proof from the log", 0, 0, NULL },
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE.key", "our requester-sign key", 0, 0, NULL },
    { "out", 'o', VEIL_OPT_STRING, OFFSET(out), "FOLDER", "a new folder to send to each custodian", 0, 0,
      NULL },
    { "pass-fd", 0, VEIL_OPT_INT, OFFSET(pass_fd), "N", "read the passphrase from this file descriptor", 0,
      1023, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

/* Vaults in the order of the warrant, whatever the order on the command line. */
static int take_vaults(VeilRequest *r, const RequestOptions *o)
{
    for (int i = 0; i < o->vault.n; i++) {
        VeilVault *v = NULL;
        VeilErr err;
        int at = -1, ret;

        if (veil_vault_open(&v, o->vault.at[i], true, &err) < 0)
            return veil_keyio_refuse(&err);
        for (int j = 0; j < r->w.vaults; j++)
            if (!memcmp(r->w.vault[j].vid, veil_vault_info(v)->header.vid, 32))
                at = j;
        if (at < 0 || r->vault[at].header.at) {
            veil_error("vault '%s' is not in the warrant, or given twice", o->vault.at[i]);
            ret = VEIL_EXIT_ERROR;
        } else {
            ret = veil_request_take_vault(&r->vault[at], v, &err) < 0 ? veil_keyio_refuse(&err) : 0;
        }
        veil_vault_close(v);
        if (ret)
            return ret;
    }
    return 0;
}

static int take_files(VeilRequest *r, const RequestOptions *o, const char *warrant)
{
    VeilErr err;
    int ret;

    if ((ret = veil_keyio_read(&r->warrant.at, &r->warrant.len, warrant, VEIL_TEXT_MAX)) ||
        (ret = veil_keyio_read(&r->proof.at, &r->proof.len, o->proof, VEIL_TEXT_MAX)))
        return ret;
    if (veil_warrant_parse(&r->w, r->warrant.at, r->warrant.len, warrant, &err) < 0)
        return veil_keyio_refuse(&err);
    for (; r->sigs < VEIL_REQUEST_SIGS_MAX; r->sigs++) {
        char name[4096];

        snprintf(name, sizeof(name), "%s.%d.minisig", warrant, r->sigs + 1);
        if (veil_file_read(&r->sig[r->sigs].at, &r->sig[r->sigs].len, name, VEIL_MINISIG_MAX, NULL) < 0)
            break;
    }
    return take_vaults(r, o);
}

static int sign_note(VeilRequest *r, const RequestOptions *o)
{
    VeilKey key = { 0 };
    VeilText t = { 0 };
    uint8_t id[32];
    VeilErr err;
    int ret, e;

    if ((ret = veil_keyio_unlock(&key, o->key, VEIL_ROLE_REQUESTER, o->pass_fd)))
        return ret;
    randombytes_buf(id, sizeof(id));
    veil_request_print(&t, r->w.wid, id, time(NULL));
    if ((e = veil_note_sign(&t, "requester-sign", key.secret)) < 0) {
        veil_err(&err, e, "request note");
        ret = veil_keyio_refuse(&err);
        veil_text_free(&t);
    } else {
        r->note = (VeilBytes){ (uint8_t *)t.at, t.len };
    }
    veil_key_clear(&key);
    return ret;
}

static int make(const RequestOptions *o, const char *warrant)
{
    VeilRequest *r = calloc(1, sizeof(*r));
    VeilErr err;
    int ret = VEIL_EXIT_ERROR;

    if (!r)
        return ret;
    if (!(ret = take_files(r, o, warrant)) && !(ret = sign_note(r, o)) &&
        (veil_request_parse(r, &err) < 0 || veil_request_save(r, o->out, &err) < 0))
        ret = veil_keyio_refuse(&err);
    if (!ret && o->json)
        ret = veil_keyio_report("request", json_pack("{s:s, s:i, s:i}", "folder", o->out, "signatures",
                                                     r->sigs, "vaults", r->w.vaults));
    else if (!ret)
        veil_info("send a copy of '%s' to each custodian", o->out);
    veil_request_free(r);
    return ret;
}

static int run_request(int argc, char **argv)
{
    RequestOptions o = { .pass_fd = -1 };
    char **words = calloc((size_t)argc, sizeof(*words));
    int n, ret = VEIL_EXIT_ERROR;

    if (words && (n = veil_opts_parse(&o, request_options, argc, argv, words)) >= 0 && veil_keyio_start()) {
        if (n == 1 && o.proof && o.key && o.out && o.vault.n)
            ret = make(&o, words[0]);
        else
            veil_error(
                "'veil request' wants a warrant, --vault, --proof, --key and --out; see 'veil request --help'");
    }
    veil_opts_free(&o, request_options);
    free(words);
    return ret;
}

const VeilCommand veil_cmd_request = {
    .name = "request",
    .summary = "ask the custodians to open what a warrant names",
    .usage = "request WARRANT --vault FILE --proof FILE --key FILE.key -o FOLDER",
    .opts = request_options,
    .run = run_request,
};
