/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil warrant`: sign one, check it, show what it opens; drafting is in
 * cmd_warrant_draft.c. Stock `minisign` signs as well:
 *   minisign -Sm FILE -x FILE.1.minisig -t "veil/v1 warrant-issuer WID"
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_warrant.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/minisig.h"
#include "msg.h"

#define OFFSET(field) offsetof(WarrantOptions, field)
static const VeilOpt warrant_options[] = {
    { "policy", 0, VEIL_OPT_STRING, OFFSET(policy), "NOTE", "the policy in force", 0, 0, NULL },
    { "from", 0, VEIL_OPT_STRING, OFFSET(from), "TIME",
      "14:03, 14:03:20 or 2026-05-01T14:03:20Z; UTC, as the vault", 0, 0, NULL },
    { "to", 0, VEIL_OPT_STRING, OFFSET(to), "TIME", "as --from; the segment it falls in is included", 0, 0,
      NULL },
    { "track", 't', VEIL_OPT_LIST, OFFSET(track), "N", "a track of the vault; again for each", 0, 0, NULL },
    { "court", 0, VEIL_OPT_STRING, OFFSET(court), "WORD", "the court, in one word", 0, 0, NULL },
    { "case", 0, VEIL_OPT_STRING, OFFSET(case_number), "NUMBER",
      "the case number; only its salted hash is written", 0, 0, NULL },
    { "reason", 0, VEIL_OPT_STRING, OFFSET(reason), "CODE", "one of the policy's reasons", 0, 0, NULL },
    { "requester", 0, VEIL_OPT_STRING, OFFSET(requester), "FILE.pub", "requester-sign key", 0, 0, NULL },
    { "requester-box", 0, VEIL_OPT_STRING, OFFSET(requester_box), "FILE.pub", "requester-box key", 0, 0,
      NULL },
    { "match", 0, VEIL_OPT_FLAG, OFFSET(match), NULL, "match against probes instead of viewing", 0, 0, NULL },
    { "deliver", 0, VEIL_OPT_STRING, OFFSET(deliver), "FILE.pub", "matcher-box key, with --match", 0, 0,
      NULL },
    { "probe", 0, VEIL_OPT_LIST, OFFSET(probe), "FILE:X,Y,W,H",
      "a probe picture and the face in it; again for each", 0, 0, NULL },
    { "days", 0, VEIL_OPT_INT, OFFSET(days), "N", "days from now that the warrant runs", 1, 3650, NULL },
    { "unseal-days", 0, VEIL_OPT_INT, OFFSET(unseal_days), "N", "days from now until it is published", 1,
      36500, NULL },
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE.key", "our issuer key", 0, 0, NULL },
    { "out", 'o', VEIL_OPT_STRING, OFFSET(out), "FILE", "write the warrant here", 0, 0, NULL },
    { "pass-fd", 0, VEIL_OPT_INT, OFFSET(pass_fd), "N", "read the passphrase from this file descriptor", 0,
      1023, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

void veil_warrant_cmd_print_scopes(const VeilWarrant *w, const VeilVaultHeader *h)
{
    for (int i = 0; i < w->scopes; i++) {
        const VeilScope *s = &w->scope[i];
        char from[VEIL_TIME_LEN + 1] = "", to[VEIL_TIME_LEN + 1] = "";

        if (h && veil_time_format(from, h->start + (int64_t)s->first * 10) >= 0 &&
            veil_time_format(to, h->start + ((int64_t)s->last + 1) * 10) >= 0)
            printf("  track %u  %s to %s  %u segment%s\n", s->track, from, to, s->last - s->first + 1,
                   VEIL_S(s->last - s->first + 1));
        else
            printf("  vault %d, track %u, segments %u to %u\n", s->vault + 1, s->track, s->first, s->last);
    }
}

int veil_warrant_cmd_print_json(const char *command, const char *file, const VeilWarrant *w)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:i, s:I}", "file", file, "court", w->court, "reason",
                          w->reason, "action", w->match ? "match" : "view", "tracks",
                          (int)veil_warrant_tracks(w), "segments", (json_int_t)veil_warrant_segments(w));
    json_t *list = json_array();

    for (int i = 0; i < w->scopes; i++)
        json_array_append_new(list,
                              json_pack("{s:i, s:I, s:I, s:I}", "vault", w->scope[i].vault + 1, "track",
                                        (json_int_t)w->scope[i].track, "first", (json_int_t)w->scope[i].first,
                                        "last", (json_int_t)w->scope[i].last));
    json_object_set_new(j, "scopes", list);
    veil_keyio_json_hex(j, "wid", w->wid, 32);
    veil_keyio_json_hex(j, "cm", w->cm, 32);
    veil_keyio_json_time(j, "not_before", w->not_before);
    veil_keyio_json_time(j, "not_after", w->not_after);
    veil_keyio_json_time(j, "unseal_by", w->unseal_by);
    return veil_keyio_report(command, j);
}

/* ---- sign, verify, show ----------------------------------------------------- */

static int read_warrant(VeilWarrant *w, uint8_t **bytes, size_t *len, const char *path)
{
    VeilErr err;
    int ret;

    if ((ret = veil_keyio_read(bytes, len, path, VEIL_TEXT_MAX)))
        return ret;
    if (veil_warrant_parse(w, *bytes, *len, path, &err) >= 0)
        return 0;
    free(*bytes);
    return veil_keyio_refuse(&err);
}

static int write_signature(const VeilMinisig *sig, const VeilWarrant *w, const char *path, bool json)
{
    char text[VEIL_MINISIG_MAX + 1], name[4096];
    const size_t len = veil_minisig_format(text, sig);
    VeilErr err;

    for (int i = 1; i <= 16; i++) { /* the next free number */
        snprintf(name, sizeof(name), "%s.%d.minisig", path, i);
        if (!access(name, F_OK))
            continue;
        if (veil_file_write(name, text, len, 0644, false, &err) < 0)
            return veil_keyio_refuse(&err);
        if (json) {
            json_t *j = json_pack("{s:s, s:s, s:i}", "file", path, "signature", name, "number", i);

            veil_keyio_json_hex(j, "wid", w->wid, 32);
            return veil_keyio_report("warrant sign", j);
        }
        veil_info("wrote '%s'", name);
        return VEIL_EXIT_DONE;
    }
    veil_error("'%s' has 16 signatures; remove those that do not count", path);
    return VEIL_EXIT_ERROR;
}

static int run_sign(const WarrantOptions *o, const char *path)
{
    char comment[VEIL_MINISIG_ISSUER_BYTES];
    VeilMinisig sig;
    VeilKey key = { 0 };
    VeilWarrant w;
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if (!o->key) {
        veil_error("'veil warrant sign' wants --key FILE.key");
        return VEIL_EXIT_ERROR;
    }
    if ((ret = read_warrant(&w, &bytes, &len, path)))
        return ret;
    veil_minisig_issuer_comment(comment, w.wid);
    if (!(ret = veil_keyio_unlock(&key, o->key, VEIL_ROLE_ISSUER, o->pass_fd)))
        ret = veil_minisig_sign(&sig, bytes, len, comment, key.secret, &err) < 0
                  ? veil_keyio_refuse(&err)
                  : write_signature(&sig, &w, path, o->json);
    veil_key_clear(&key);
    free(bytes);
    return ret;
}

/* The signature files beside a warrant; n of them, each to be freed. */
static int read_signatures(VeilSpan *sig, const char *path)
{
    int n = 0;

    for (int i = 1; i <= 16; i++) {
        char name[4096];
        uint8_t *bytes;
        size_t len;

        snprintf(name, sizeof(name), "%s.%d.minisig", path, i);
        if (veil_file_read(&bytes, &len, name, VEIL_MINISIG_MAX, NULL) < 0)
            break;
        sig[n++] = (VeilSpan){ (char *)bytes, len };
    }
    return n;
}

static int run_verify(const WarrantOptions *o, const char *path)
{
    VeilSpan sig[16];
    VeilWarrant w;
    uint8_t *bytes;
    uint32_t who;
    VeilPolicy p;
    VeilErr err;
    size_t len;
    int ret, n, count;

    if (!o->policy) {
        veil_error("'veil warrant verify' wants --policy NOTE");
        return VEIL_EXIT_ERROR;
    }
    if ((ret = veil_keyio_policy(&p, o->policy)) || (ret = read_warrant(&w, &bytes, &len, path)))
        return ret;
    n = read_signatures(sig, path);
    if ((count = veil_warrant_count_issuers(&w, bytes, len, &p, sig, n, &who, path, &err)) < 0 ||
        veil_warrant_check_policy(&w, &p, path, &err) < 0) {
        ret = veil_keyio_refuse(&err);
    } else if (o->json) {
        json_t *names = json_array();

        for (int i = 0; i < p.issuers.n; i++)
            if (who >> i & 1)
                json_array_append_new(names, json_string(p.issuers.at[i].name));
        ret = veil_keyio_report("warrant verify",
                                json_pack("{s:s, s:b, s:o}", "file", path, "valid", 1, "issuers", names));
    } else {
        printf("warrant '%s': signed by %d issuer%s", path, count, VEIL_S(count));
        for (int i = 0; i < p.issuers.n; i++)
            if (who >> i & 1)
                printf(" %s", p.issuers.at[i].name);
        printf(", within the policy\n");
    }
    for (int i = 0; i < n; i++)
        free((char *)sig[i].at);
    free(bytes);
    return ret;
}

static int run_show(const WarrantOptions *o, const char *path)
{
    char hex[VEIL_HEX_LEN(32) + 1];
    VeilWarrant w;
    uint8_t *bytes;
    size_t len;
    int ret;

    if ((ret = read_warrant(&w, &bytes, &len, path)))
        return ret;
    if (o->json) {
        ret = veil_warrant_cmd_print_json("warrant show", path, &w);
    } else {
        fwrite(bytes, 1, len, stdout);
        printf("\nwid %s\n", veil_hex_encode(hex, w.wid, 32));
        veil_warrant_cmd_print_scopes(&w, NULL);
    }
    free(bytes);
    return ret;
}

static int run_warrant(int argc, char **argv)
{
    WarrantOptions o = { .days = 7, .unseal_days = 365, .pass_fd = -1 };
    char **words = calloc((size_t)argc, sizeof(*words));
    int n, ret = VEIL_EXIT_ERROR;

    if (words && (n = veil_opts_parse(&o, warrant_options, argc, argv, words)) >= 0 && veil_keyio_start()) {
        if (n == 2 && !strcmp(words[0], "draft"))
            ret = veil_warrant_cmd_draft(&o, words[1]);
        else if (n == 2 && !strcmp(words[0], "sign"))
            ret = run_sign(&o, words[1]);
        else if (n == 2 && !strcmp(words[0], "verify"))
            ret = run_verify(&o, words[1]);
        else if (n == 2 && !strcmp(words[0], "show"))
            ret = run_show(&o, words[1]);
        else
            veil_error(
                "'veil warrant' wants draft VAULT, sign, verify or show FILE; see 'veil warrant --help'");
    }
    veil_opts_free(&o, warrant_options);
    free(words);
    return ret;
}

const VeilCommand veil_cmd_warrant = {
    .name = "warrant",
    .summary = "draft a warrant from a vault and human times, sign it, check it",
    .usage = "warrant draft VAULT --policy NOTE --from 14:03 --to 14:05 --track 3 --track 7 \\\n"
             "           --court WORD --case NUMBER --reason CODE --requester .. --requester-box .. -o FILE\n"
             "       veil warrant sign FILE --key FILE.key\n"
             "       veil warrant verify FILE --policy NOTE\n"
             "       veil warrant show FILE",
    .opts = warrant_options,
    .run = run_warrant,
};
