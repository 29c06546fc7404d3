/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil policy`: write a policy, sign it, look at one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/group.h"
#include "keys/policy.h"
#include "msg.h"

typedef struct PolicyOptions {
    char *group, *log, *key, *previous, *out, *keygen, *approve;
    VeilStrings witness, issuer, operator_key, matcher, reason, signer;
    int witnesses, issuers, signers, tracks, segments, days, probes, age, skew, pass_fd;
    bool json;
} PolicyOptions;

#define OFFSET(field) offsetof(PolicyOptions, field)
static const VeilOpt policy_options[] = {
    { "group", 0, VEIL_OPT_STRING, OFFSET(group), "NOTE", "the custodians' group note", 0, 0, NULL },
    { "log", 0, VEIL_OPT_STRING, OFFSET(log), "ORIGIN:FILE.pub", "the log and its key", 0, 0, NULL },
    { "witness", 0, VEIL_OPT_LIST, OFFSET(witness), "NAME:FILE.pub", "a witness of the log; again for each",
      0, 0, NULL },
    { "witnesses", 0, VEIL_OPT_INT, OFFSET(witnesses), "N", "how many witnesses must cosign", 1, 16, NULL },
    { "issuer", 0, VEIL_OPT_LIST, OFFSET(issuer), "NAME:FILE.pub", "who may sign warrants; again for each", 0,
      0, NULL },
    { "issuers", 0, VEIL_OPT_INT, OFFSET(issuers), "N", "how many issuers a warrant needs", 1, 16, NULL },
    { "operator", 0, VEIL_OPT_LIST, OFFSET(operator_key), "NAME:FILE.pub",
      "who may seal vaults; again for each", 0, 0, NULL },
    { "matcher", 0, VEIL_OPT_LIST, OFFSET(matcher), "NAME:BOX.pub:SIGN.pub", "who may match; again for each",
      0, 0, NULL },
    { "reason", 0, VEIL_OPT_LIST, OFFSET(reason), "CODE", "a reason that a warrant may state", 0, 0, NULL },
    { "signer", 0, VEIL_OPT_LIST, OFFSET(signer), "NAME:FILE.pub",
      "who signs the next policy; again for each", 0, 0, NULL },
    { "signers", 0, VEIL_OPT_INT, OFFSET(signers), "N", "how many of them must", 1, 16, NULL },
    { "max-tracks", 0, VEIL_OPT_INT, OFFSET(tracks), "N", "tracks in a warrant", 1, 65535, NULL },
    { "max-segments", 0, VEIL_OPT_INT, OFFSET(segments), "N", "track segments of 10 s in a warrant", 1, 65535,
      NULL },
    { "max-days", 0, VEIL_OPT_INT, OFFSET(days), "N", "days that a warrant may run", 1, 3650, NULL },
    { "max-probes", 0, VEIL_OPT_INT, OFFSET(probes), "N", "probe pictures in a warrant", 0, 16, NULL },
    { "checkpoint-age", 0, VEIL_OPT_INT, OFFSET(age), "S", "oldest acceptable checkpoint, in seconds", 1,
      31622400, NULL },
    { "clock-skew", 0, VEIL_OPT_INT, OFFSET(skew), "S", "how far clocks may differ, in seconds", 0, 86400,
      NULL },
    { "keygen", 0, VEIL_OPT_CHOICE, OFFSET(keygen), "HOW", "accept keys made so; 'any' is for tests", 0, 0,
      "dkg|any" },
    { "approve", 0, VEIL_OPT_CHOICE, OFFSET(approve), "WHO", "who says yes to a request; 'any' allows --yes",
      0, 0, "person|any" },
    { "previous", 0, VEIL_OPT_STRING, OFFSET(previous), "NOTE", "the policy that this one follows", 0, 0,
      NULL },
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE.key", "our policy key", 0, 0, NULL },
    { "out", 'o', VEIL_OPT_STRING, OFFSET(out), "FILE", "write the policy here", 0, 0, NULL },
    { "pass-fd", 0, VEIL_OPT_INT, OFFSET(pass_fd), "N", "read the passphrase from this file descriptor", 0,
      1023, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

/* "NAME:FILE.pub" */
static int read_named(VeilNamedKey *k, const char *text, VeilRole role)
{
    const char *colon = strrchr(text, ':');
    VeilKey key = { 0 };
    int ret;

    if (!colon || colon == text || colon - text > VEIL_TOKEN_MAX) {
        veil_error("'%s' is not NAME:FILE.pub", text);
        return VEIL_EXIT_ERROR;
    }
    memcpy(k->name, text, (size_t)(colon - text));
    k->name[colon - text] = '\0';
    if ((ret = veil_keyio_public(&key, colon + 1, role)))
        return ret;
    memcpy(k->pk, key.public_key, 32);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const VeilNamedKey *)a)->name, ((const VeilNamedKey *)b)->name);
}

static int read_list(VeilNamedKey *out, int *n, int max, const VeilStrings *from, VeilRole role)
{
    int ret = 0;

    if (from->n > max) {
        veil_error("%d keys as '%s'; at most %d fit", from->n, veil_role_word(role), max);
        return VEIL_EXIT_ERROR;
    }
    for (*n = 0; *n < from->n && !ret; ++*n)
        ret = read_named(&out[*n], from->at[*n], role);
    qsort(out, (size_t)*n, sizeof(*out), by_name);
    return ret;
}

static int read_matchers(VeilPolicy *p, const VeilStrings *from)
{
    for (int i = 0; i < from->n && i < VEIL_POLICY_KEYS_MAX; i++) {
        char *copy = strdup(from->at[i]), *last = copy ? strrchr(copy, ':') : NULL;
        VeilNamedKey box = { 0 };
        VeilKey sign = { 0 };
        int ret = VEIL_EXIT_ERROR;

        if (last) {
            *last = '\0';
            if (!(ret = read_named(&box, copy, VEIL_ROLE_MATCHER_BOX)))
                ret = veil_keyio_public(&sign, last + 1, VEIL_ROLE_MATCHER);
        } else {
            veil_error("'%s' is not NAME:BOX.pub:SIGN.pub", from->at[i]);
        }
        free(copy);
        if (ret)
            return ret;
        memcpy(p->matcher[i].name, box.name, sizeof(box.name));
        memcpy(p->matcher[i].box, box.pk, 32);
        memcpy(p->matcher[i].sign, sign.public_key, 32);
        p->matchers++;
    }
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int read_group(VeilPolicy *p, const char *path)
{
    VeilGroup g;
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    ret = veil_group_open(&g, bytes, len, NULL, &err) < 0 ? veil_keyio_refuse(&err) : 0;
    free(bytes);
    memcpy(p->group, g.digest, 32);
    return ret;
}

/* The text part of a policy file, signed or not. */
static int read_policy(VeilPolicy *p, uint8_t **bytes, size_t *len, const char *path)
{
    VeilErr err;
    int ret;

    if ((ret = veil_keyio_read(bytes, len, path, VEIL_TEXT_MAX)))
        return ret;
    if (veil_policy_parse(p, *bytes, veil_note_text_len((char *)*bytes, *len), path, &err) >= 0)
        return 0;
    free(*bytes);
    return veil_keyio_refuse(&err);
}

static int set_version(VeilPolicy *p, const char *previous)
{
    VeilPolicy before;
    uint8_t *bytes;
    size_t len;
    int ret;

    p->version = 1;
    p->first = true;
    if (!previous)
        return 0;
    if ((ret = read_policy(&before, &bytes, &len, previous)))
        return ret;
    free(bytes);
    p->version = before.version + 1;
    p->first = false;
    memcpy(p->previous, before.digest, 32);
    return 0;
}

static int report(const char *command, const char *file, const VeilPolicy *p, int good)
{
    json_t *j =
        json_pack("{s:s, s:i, s:s, s:i, s:i, s:i, s:i, s:b}", "file", file, "version", (int)p->version, "log",
                  p->log.log.name, "witnesses_needed", p->log.quorum, "issuers_needed", p->issuers.needed,
                  "signatures", good, "signers_needed", p->signers.needed, "unattended", p->unattended_ok);

    veil_keyio_json_hex(j, "digest", p->digest, 32);
    return veil_keyio_report(command, j);
}

/* How many of the policy's own signers have signed it. */
static int count_signers(const VeilPolicy *p, const void *bytes, size_t len, const char *path)
{
    VeilNote n;
    int good = 0;

    if (veil_note_parse(&n, bytes, len, path, NULL) >= 0)
        for (int i = 0; i < p->signers.n; i++)
            good += veil_note_signed_by(&n, "policy", p->signers.at[i].pk);
    return good;
}

static int write_policy(VeilPolicy *p, const PolicyOptions *o)
{
    const char *out = o->out;
    VeilText t = { 0 };
    VeilPolicy check;
    VeilErr err;
    int ret;

    if ((ret = veil_policy_print(&t, p)) < 0)
        veil_err(&err, ret, "policy");
    else if ((ret = veil_policy_parse(&check, t.at, t.len, "policy", &err)) >= 0)
        ret = veil_file_write(out, t.at, t.len, 0644, false, &err);
    veil_text_free(&t);
    if (ret < 0)
        return veil_keyio_refuse(&err);
    if (o->json)
        return report("policy new", out, &check, 0);
    veil_info("'%s' is version %u; %d signer%s of it must run 'veil policy sign %s --key FILE.key'", out,
              p->version, p->signers.needed, VEIL_S(p->signers.needed), out);
    return VEIL_EXIT_DONE;
}

static int run_new(const PolicyOptions *o)
{
    VeilPolicy p = { .cap_tracks = (uint32_t)o->tracks,
                     .cap_segments = (uint32_t)o->segments,
                     .cap_days = (uint32_t)o->days,
                     .cap_probes = (uint32_t)o->probes,
                     .checkpoint_age_s = (uint32_t)o->age,
                     .clock_skew_s = (uint32_t)o->skew,
                     .dealer_ok = o->keygen && !strcmp(o->keygen, "any"),
                     .unattended_ok = o->approve && !strcmp(o->approve, "any"),
                     .log.quorum = o->witnesses,
                     .issuers.needed = o->issuers,
                     .signers.needed = o->signers };
    int ret;

    if (!o->group || !o->log || !o->out || o->reason.n > VEIL_POLICY_REASONS_MAX) {
        veil_error("'veil policy new' wants --group, --log and --out, and at most %d reasons",
                   VEIL_POLICY_REASONS_MAX);
        return VEIL_EXIT_ERROR;
    }
    if ((ret = read_group(&p, o->group)) || (ret = read_named(&p.log.log, o->log, VEIL_ROLE_LOG)) ||
        (ret = read_list(p.log.witness, &p.log.witnesses, VEIL_WITNESSES_MAX, &o->witness,
                         VEIL_ROLE_WITNESS)) ||
        (ret = read_list(p.issuers.at, &p.issuers.n, VEIL_POLICY_KEYS_MAX, &o->issuer, VEIL_ROLE_ISSUER)) ||
        (ret = read_list(p.operators.at, &p.operators.n, VEIL_POLICY_KEYS_MAX, &o->operator_key,
                         VEIL_ROLE_OPERATOR)) ||
        (ret = read_list(p.signers.at, &p.signers.n, VEIL_POLICY_KEYS_MAX, &o->signer, VEIL_ROLE_POLICY)) ||
        (ret = read_matchers(&p, &o->matcher)) || (ret = set_version(&p, o->previous)))
        return ret;
    for (; p.reasons < o->reason.n; p.reasons++)
        snprintf(p.reason[p.reasons], sizeof(p.reason[0]), "%s", o->reason.at[p.reasons]);
    qsort(p.reason, (size_t)p.reasons, sizeof(p.reason[0]), by_text);
    return write_policy(&p, o);
}

static int run_sign(const PolicyOptions *o, const char *path)
{
    VeilKey key = { 0 };
    VeilText t = { 0 };
    VeilPolicy p;
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if (!o->key) {
        veil_error("'veil policy sign' wants --key FILE.key");
        return VEIL_EXIT_ERROR;
    }
    if ((ret = read_policy(&p, &bytes, &len, path)))
        return ret;
    veil_text_bytes(&t, bytes, len);
    free(bytes);
    if (!(ret = veil_keyio_unlock(&key, o->key, VEIL_ROLE_POLICY, o->pass_fd))) {
        int r = veil_note_sign(&t, "policy", key.secret);

        if (r < 0)
            veil_err(&err, r, "policy '%s'", path);
        else
            r = veil_file_write(path, t.at, t.len, 0644, true, &err);
        ret = r < 0 ? veil_keyio_refuse(&err) : VEIL_EXIT_DONE;
        if (!ret && o->json)
            ret = report("policy sign", path, &p, count_signers(&p, t.at, t.len, path));
        else if (!ret)
            veil_info("'%s' is signed; 'veil policy show' counts the signatures", path);
    }
    veil_key_clear(&key);
    veil_text_free(&t);
    return ret;
}

static int run_show(const PolicyOptions *o, const char *path)
{
    char hex[VEIL_HEX_LEN(32) + 1];
    uint8_t *bytes;
    VeilPolicy p;
    size_t len;
    int ret, good;

    if ((ret = read_policy(&p, &bytes, &len, path)))
        return ret;
    good = count_signers(&p, bytes, len, path);
    veil_hex_encode(hex, p.digest, 32);
    if (o->json) {
        ret = report("policy show", path, &p, good);
    } else {
        fwrite(bytes, 1, veil_note_text_len((char *)bytes, len), stdout);
        printf("\ndigest %s\nsigned by %d of its own signers, %d needed%s\n", hex, good, p.signers.needed,
               p.first ? "" : "; what counts are the signers of the version before");
        if (p.dealer_ok)
            printf("accepts a group made by a dealer: for tests only\n");
    }
    free(bytes);
    return ret;
}

static int run_policy(int argc, char **argv)
{
    PolicyOptions o = { .witnesses = 1,
                        .issuers = 1,
                        .signers = 1,
                        .tracks = 8,
                        .segments = 720,
                        .days = 30,
                        .probes = 4,
                        .age = 86400,
                        .skew = 300,
                        .pass_fd = -1 };
    char **words = calloc((size_t)argc, sizeof(*words));
    int n, ret = VEIL_EXIT_ERROR;

    if (words && (n = veil_opts_parse(&o, policy_options, argc, argv, words)) >= 0 && veil_keyio_start()) {
        if (n == 1 && !strcmp(words[0], "new"))
            ret = run_new(&o);
        else if (n == 2 && !strcmp(words[0], "sign"))
            ret = run_sign(&o, words[1]);
        else if (n == 2 && !strcmp(words[0], "show"))
            ret = run_show(&o, words[1]);
        else
            veil_error("'veil policy' wants new, sign FILE or show FILE; see 'veil policy --help'");
    }
    veil_opts_free(&o, policy_options);
    free(words);
    return ret;
}

const VeilCommand veil_cmd_policy = {
    .name = "policy",
    .summary = "write a group's policy, sign it, show one",
    .usage = "policy new --group NOTE --log ORIGIN:FILE.pub --witness .. --issuer .. --signer .. -o FILE\n"
             "       veil policy sign FILE --key FILE.key\n"
             "       veil policy show FILE",
    .opts = policy_options,
    .run = run_policy,
};
