/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil approve`: a custodian checks a request, is shown what it opens, says
 * yes or no, and hands the answer over once it is in the log.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "keyio.h"
#include "keys/approve.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "msg.h"

typedef struct ApproveOptions {
    char *home, *log, *key, *share, *group, *gid, *policy, *out;
    int pass_fd;
    bool yes, json;
} ApproveOptions;

#define OFFSET(field) offsetof(ApproveOptions, field)
static const VeilOpt approve_options[] = {
    { "home", 0, VEIL_OPT_STRING, OFFSET(home), "FOLDER", "what we keep between requests", 0, 0, NULL },
    { "log", 0, VEIL_OPT_STRING, OFFSET(log), "FOLDER", "our own copy of the log", 0, 0, NULL },
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE.key", "our custodian-sign key", 0, 0, NULL },
    { "share", 0, VEIL_OPT_STRING, OFFSET(share), "FILE.key", "our custodian-share key", 0, 0, NULL },
    { "yes", 'y', VEIL_OPT_FLAG, OFFSET(yes), NULL, "do not ask a person; the policy must allow it", 0, 0,
      NULL },
    { "group", 0, VEIL_OPT_STRING, OFFSET(group), "NOTE", "group note (setup)", 0, 0, NULL },
    { "gid", 0, VEIL_OPT_STRING, OFFSET(gid), "HEX", "group id, as the members read it to each other (setup)",
      0, 0, NULL },
    { "policy", 0, VEIL_OPT_STRING, OFFSET(policy), "NOTE",
      "first policy, signed (setup); the next one (group)", 0, 0, NULL },
    { "out", 'o', VEIL_OPT_STRING, OFFSET(out), "PATH", "leaf for the log; for hand-over, a new folder", 0, 0,
      NULL },
    { "pass-fd", 0, VEIL_OPT_INT, OFFSET(pass_fd), "N",
      "read passphrases from this file descriptor, one a line", 0, 1023, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

static int wants(const char *what)
{
    veil_error("'veil approve%s; see 'veil approve --help'", what);
    return VEIL_EXIT_ERROR;
}

/* What a custodian's folder pins, read from it again. */
static int report_home(const char *command, const char *home)
{
    const VeilPolicy *p;
    VeilCustodian c;
    VeilErr err;
    json_t *j;

    if (veil_custodian_open(&c, home, &err) < 0)
        return veil_keyio_refuse(&err);
    p = veil_policies_newest(&c.policies);
    j = json_pack("{s:s, s:i, s:i}", "folder", home, "epoch", (int)c.group.key.epoch, "policy_version",
                  (int)p->version);

    veil_keyio_json_hex(j, "gid", c.group.key.gid, VEIL_GID_BYTES);
    veil_keyio_json_hex(j, "policy", p->digest, 32);
    veil_custodian_clear(&c);
    return veil_keyio_report(command, j);
}

static int run_setup(const ApproveOptions *o, const char *home)
{
    VeilBytes group = { 0 }, policy = { 0 };
    uint8_t gid[VEIL_GID_BYTES];
    VeilErr err;
    int ret;

    if (!o->group || !o->gid || !o->policy)
        return wants(" setup' wants --group, --gid and --policy");
    if (veil_hex_decode(gid, sizeof(gid), o->gid, strlen(o->gid)) < 0)
        return wants(" setup': the gid is 64 hex digits");
    if (!(ret = veil_keyio_read(&group.at, &group.len, o->group, VEIL_TEXT_MAX)) &&
        !(ret = veil_keyio_read(&policy.at, &policy.len, o->policy, VEIL_TEXT_MAX)) &&
        veil_custodian_setup(home, &group, gid, &policy, &err) < 0)
        ret = veil_keyio_refuse(&err);
    else if (!ret && o->json)
        ret = report_home("approve setup", home);
    else if (!ret)
        veil_info("'%s' holds the pinned group and policy; answer requests with --home %s", home, home);
    free(group.at);
    free(policy.at);
    return ret;
}

static int run_policy(const ApproveOptions *o, const char *home, const char *path)
{
    VeilBytes policy = { 0 };
    VeilCustodian c;
    VeilErr err;
    int ret;

    if ((ret = veil_keyio_read(&policy.at, &policy.len, path, VEIL_TEXT_MAX)))
        return ret;
    if (veil_custodian_open(&c, home, &err) < 0) {
        free(policy.at);
        return veil_keyio_refuse(&err);
    }
    if (veil_custodian_add_policy(&c, &policy, &err) < 0)
        ret = veil_keyio_refuse(&err);
    else if (o->json)
        ret = report_home("approve policy", home);
    else
        veil_info("'%s' is in force in '%s'", path, home);
    veil_custodian_clear(&c);
    free(policy.at);
    return ret;
}

/* After a refresh: the group's next note and the policy that names it. */
static int run_group(const ApproveOptions *o, const char *home, const char *path)
{
    VeilBytes group = { 0 }, policy = { 0 };
    VeilErr err;
    int ret;

    if (!o->policy)
        return wants(" group' wants --policy, the one that names the new group note");
    if (!(ret = veil_keyio_read(&group.at, &group.len, path, VEIL_TEXT_MAX)) &&
        !(ret = veil_keyio_read(&policy.at, &policy.len, o->policy, VEIL_TEXT_MAX)) &&
        veil_custodian_refresh(home, &group, &policy, &err) < 0)
        ret = veil_keyio_refuse(&err);
    else if (!ret && o->json)
        ret = report_home("approve group", home);
    else if (!ret)
        veil_info("'%s' answers with the shares of the new epoch from now on", home);
    free(group.at);
    free(policy.at);
    return ret;
}

/* ---- asking ----------------------------------------------------------------- */

static void print_time(FILE *to, const char *label, int64_t t)
{
    char text[VEIL_TIME_LEN + 1];

    if (veil_time_format(text, t) >= 0)
        fprintf(to, "%-11s %s\n", label, text);
}

/* What the custodian decides on: court, reason, tracks, times, counts. */
static void show(FILE *to, const VeilApproval *a, const VeilCustodian *c, const VeilWarrant *w)
{
    fprintf(to, "\ncourt       %s\nreason      %s\naction      %s\nissuers     %d signed\n", w->court,
            w->reason, w->match ? "match against probe pictures" : "view", a->issuers);
    print_time(to, "valid from", w->not_before);
    print_time(to, "until", w->not_after);
    print_time(to, "published", w->unseal_by);
    fprintf(to, "opens       %u track%s, %u unit%s of 10 s, %d probe%s\n", veil_warrant_tracks(w),
            VEIL_S(veil_warrant_tracks(w)), a->n, VEIL_S(a->n), w->probes, VEIL_S(w->probes));
    for (int i = 0; i < w->scopes; i++) {
        const VeilScope *s = &w->scope[i];
        char from[VEIL_TIME_LEN + 1] = "?", until[VEIL_TIME_LEN + 1] = "?";
        const int64_t start = a->vault[s->vault].start;

        if (veil_time_format(from, start + (int64_t)s->first * 10) < 0 ||
            veil_time_format(until, start + ((int64_t)s->last + 1) * 10) < 0)
            continue;
        fprintf(to, "  vault %d  track %u  %s to %s\n", s->vault + 1, s->track, from, until);
    }
    if (c->group.dealer)
        fprintf(to, "group keys were made by a dealer: for tests only\n");
    if (a->stored)
        fprintf(to, "answered before: the stored answer goes out again, nothing new is computed\n");
}

static int ask(FILE *to)
{
    char line[16];

    if (!isatty(STDIN_FILENO)) {
        veil_error("no terminal to ask on; answer there, or use --yes where the policy allows it");
        return VEIL_EXIT_ERROR;
    }
    fprintf(to, "\nrelease our shares of these units? type yes: ");
    fflush(to);
    if (!fgets(line, sizeof(line), stdin) || strcmp(line, "yes\n")) {
        veil_info("nothing was released");
        return VEIL_EXIT_NO;
    }
    return 0;
}

static int release(const ApproveOptions *o, const VeilApproval *a, VeilCustodian *c, const VeilRequest *r,
                   const VeilKey *share)
{
    VeilStoredRelease s = { 0 };
    VeilKey sign = { 0 };
    VeilErr err;
    int ret;

    if ((ret = veil_keyio_unlock(&sign, o->key, VEIL_ROLE_CUSTODIAN, o->pass_fd)))
        return ret;
    if (veil_approve_release(a, c, share->index, r, share->secret, sign.secret, &err) < 0 ||
        veil_custodian_stored(&s, c, r->w.wid, &err) < 0 ||
        veil_file_write(o->out, s.leaf.at, s.leaf.len, 0644, false, &err) < 0)
        ret = veil_keyio_refuse(&err);
    else if (o->json)
        ret = veil_keyio_report("approve", json_pack("{s:s, s:i, s:i, s:I, s:b}", "file", o->out, "custodian",
                                                     (int)share->index, "units", (int)a->n, "warrant_leaf",
                                                     (json_int_t)a->index, "stored", a->stored));
    else
        veil_info("append '%s' to the log; when it is witnessed, run 'veil approve hand-over'", o->out);
    veil_stored_release_free(&s);
    veil_key_clear(&sign);
    return ret;
}

/* Who we are, before any passphrase: the unlocked key must say the same. */
static int own_index(uint32_t *i, const char *path)
{
    uint8_t bytes[VEIL_KEYFILE_BYTES];
    VeilKey key = { 0 };
    VeilErr err;

    if (veil_keyfile_load(bytes, path, &err) < 0 || veil_keyfile_peek(&key, bytes, sizeof(bytes), &err) < 0)
        return veil_keyio_refuse(&err);
    if (key.role != VEIL_ROLE_SHARE) {
        veil_error("'%s' is no custodian-share key; give the one that the ceremony made", path);
        return VEIL_EXIT_ERROR;
    }
    *i = key.index;
    return 0;
}

/* Everything is checked and shown before a key is unlocked. */
static int confirm(const ApproveOptions *o, VeilApproval *a, VeilCustodian *c, const VeilLogDir *log,
                   uint32_t i, const VeilRequest *r)
{
    FILE *screen = o->json ? stderr : stdout; /* nobody says yes to what was not shown */
    VeilErr err = { 0 };

    if (veil_approve_check(a, c, log, i, r, time(NULL), &err) < 0)
        return veil_keyio_refuse(&err);
    if (!o->json || !o->yes)
        show(screen, a, c, &r->w);
    if (!o->yes)
        return ask(screen);
    if (veil_policies_newest(&c->policies)->unattended_ok)
        return 0;
    veil_error("--yes: the policy wants a person to decide; run it on a terminal without --yes");
    return VEIL_EXIT_NO;
}

static int decide(const ApproveOptions *o, VeilCustodian *c, const VeilLogDir *log, const VeilRequest *r)
{
    VeilApproval a = { 0 };
    VeilKey share = { 0 };
    uint32_t i = 0;
    int ret;

    if ((ret = own_index(&i, o->share)))
        return ret;
    if (!(ret = confirm(o, &a, c, log, i, r)) &&
        !(ret = veil_keyio_unlock(&share, o->share, VEIL_ROLE_SHARE, o->pass_fd))) {
        if (share.index != i) {
            veil_error("'%s' changed while it was read; start again", o->share);
            ret = VEIL_EXIT_ERROR;
        } else {
            ret = release(o, &a, c, r, &share);
        }
    }
    veil_approval_clear(&a);
    veil_key_clear(&share);
    return ret;
}

static int report_handed(const ApproveOptions *o, const VeilRequest *r)
{
    json_t *j = json_pack("{s:s}", "folder", o->out);

    veil_keyio_json_hex(j, "wid", r->w.wid, 32);
    return veil_keyio_report("approve hand-over", j);
}

static int run_request(const ApproveOptions *o, const char *folder, bool hand_over)
{
    VeilLogDir *log = NULL;
    VeilRequest *r = NULL;
    VeilCustodian c = { 0 };
    VeilErr err;
    int ret = 0;

    if (!o->home || !o->log || !o->out || (!hand_over && (!o->key || !o->share)))
        return wants("' wants --home, --log and --out, and to answer also --share and --key");
    if (veil_custodian_open(&c, o->home, &err) < 0 || veil_request_load(&r, folder, &err) < 0 ||
        veil_logdir_open(&log, o->log, &err) < 0 ||
        (hand_over && veil_approve_hand_over(&c, log, r->w.wid, o->out, &err) < 0))
        ret = veil_keyio_refuse(&err);
    else if (!hand_over)
        ret = decide(o, &c, log, r);
    else if (o->json)
        ret = report_handed(o, r);
    else
        veil_info("give '%s' to the requester", o->out);
    veil_logdir_close(log);
    veil_request_free(r);
    veil_custodian_clear(&c);
    return ret;
}

static int run_approve(int argc, char **argv)
{
    ApproveOptions o = { .pass_fd = -1 };
    char **words = calloc((size_t)argc, sizeof(*words));
    int n, ret = VEIL_EXIT_ERROR;

    if (words && (n = veil_opts_parse(&o, approve_options, argc, argv, words)) >= 0 && veil_keyio_start()) {
        if (n == 2 && !strcmp(words[0], "setup"))
            ret = run_setup(&o, words[1]);
        else if (n == 3 && !strcmp(words[0], "policy"))
            ret = run_policy(&o, words[1], words[2]);
        else if (n == 3 && !strcmp(words[0], "group"))
            ret = run_group(&o, words[1], words[2]);
        else if (n == 2 && !strcmp(words[0], "hand-over"))
            ret = run_request(&o, words[1], true);
        else if (n == 1)
            ret = run_request(&o, words[0], false);
        else
            ret = wants(
                "' wants a request, hand-over REQUEST, setup HOME, policy HOME NOTE or group HOME NOTE");
    }
    veil_opts_free(&o, approve_options);
    free(words);
    return ret;
}

const VeilCommand veil_cmd_approve = {
    .name = "approve",
    .summary = "as a custodian, check a request and answer it",
    .usage = "approve setup HOME --group NOTE --gid HEX --policy NOTE\n"
             "       veil approve policy HOME NOTE              accept the next policy\n"
             "       veil approve group HOME NOTE --policy NOTE after a refresh: the next group note\n"
             "       veil approve REQUEST --home HOME --log LOG --share FILE.key --key FILE.key -o LEAF\n"
             "       veil approve hand-over REQUEST --home HOME --log LOG -o FOLDER",
    .opts = approve_options,
    .run = run_approve,
};
