/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil match --confirm`: a person looks at each hit and says yes or no. The
 * answers are signed and get a leaf for the log, whatever they are.
 */
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_match.h"
#include "digest.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "match.h"
#include "msg.h"

typedef struct Confirm {
    const MatchOptions *o;
    const char *folder;
    VeilPolicy policy;
    VeilResult result;
    VeilConfirmation answer;
    VeilKey sign;
} Confirm;

static int path_in(char out[PATH_MAX], const Confirm *c, const char *name)
{
    if (snprintf(out, PATH_MAX, "%s/%s", c->folder, name) < PATH_MAX)
        return 0;
    veil_error("the name '%s' is too long; move it", c->folder);
    return VEIL_EXIT_ERROR;
}

/* ---- what there is to decide on ------------------------------------------------------------ */

/* Signed by a matcher of the policy, and by the one whose key we hold. */
static int read_result(Confirm *c)
{
    char path[PATH_MAX];
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret, r = VEIL_E_ROLE;

    if ((ret = path_in(path, c, "result.note")) || (ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    veil_err(&err, r, "the policy names no matcher, so '%s'", path);
    for (int i = 0; i < c->policy.matchers && r < 0; i++)
        if ((r = veil_result_parse(&c->result, bytes, len, c->policy.matcher[i].sign, path, &err)) >= 0)
            ret = veil_granted_check_key(c->o->key, VEIL_ROLE_MATCHER, c->policy.matcher[i].sign,
                                         "this result's matcher-sign");
    crypto_hash_sha256(c->answer.result, bytes, len);
    free(bytes);
    return r < 0 ? veil_keyio_refuse(&err) : ret;
}

/* Nobody says yes to another picture than the one that the matcher signed for. */
static int check_pictures(const Confirm *c)
{
    char path[PATH_MAX], name[64], hex[VEIL_DIGEST_HEX], want[VEIL_HEX_LEN(32) + 1];
    int ret;

    for (int i = 0; i < c->result.hits; i++) {
        veil_match_picture_name(name, sizeof(name), i + 1, c->result.demonstration);
        if ((ret = path_in(path, c, name)))
            return ret;
        if (veil_digest_file(path, hex) < 0 || strcmp(hex, veil_hex_encode(want, c->result.hit[i].picture, 32)) != 0) {
            veil_error("'%s' is not the picture that the matcher signed for; match again", path);
            return VEIL_EXIT_NO;
        }
    }
    return 0;
}

/* ---- asking ----------------------------------------------------------------------------------- */

static void show(const Confirm *c, FILE *to, int i)
{
    const VeilHit *h = &c->result.hit[i];
    char name[64];

    veil_match_picture_name(name, sizeof(name), i + 1, c->result.demonstration);
    fprintf(to, "hit %d of %d  track %u, segment %u, frame %u  score %.3f (threshold %.3f)\nlook at %s/%s\n", i + 1,
            c->result.hits, h->track, h->seg, h->frame, h->score / 1000., c->result.threshold / 1000., c->folder, name);
}

static int ask(Confirm *c)
{
    FILE *screen = c->o->json ? stderr : stdout;
    char line[16], wrong[96];

    if (!isatty(STDIN_FILENO)) {
        veil_error("a person must decide at a terminal; --yes and --no are for policies that say 'approve any'");
        return VEIL_EXIT_ERROR;
    }
    if (c->result.demonstration)
        fprintf(screen, "DEMONSTRATION ONLY: the matcher '%s' cannot tell real people apart\n", c->result.matcher);
    veil_match_rate(wrong, sizeof(wrong), c->result.other, true);
    fprintf(screen, "%s; where this was measured, another person was accepted in %s\n", c->result.matcher, wrong);
    for (int i = 0; i < c->result.hits; i++) {
        show(c, screen, i);
        do {
            fprintf(screen, "the same person? yes or no: ");
            fflush(screen);
            if (!fgets(line, sizeof(line), stdin)) {
                veil_error("no answer; nothing was recorded");
                return VEIL_EXIT_ERROR;
            }
        } while (strcmp(line, "yes\n") != 0 && strcmp(line, "no\n") != 0);
        c->answer.confirmed[i] = line[0] == 'y';
    }
    c->answer.person = true;
    return 0;
}

static int decide(Confirm *c)
{
    if (c->o->yes == c->o->no) { /* neither, or nonsense */
        if (c->o->yes) {
            veil_error("--yes and --no exclude each other; give one");
            return VEIL_EXIT_ERROR;
        }
        return ask(c);
    }
    if (!c->policy.unattended_ok) {
        veil_error("the policy says 'approve person'; a person must decide at a terminal, without --yes and --no");
        return VEIL_EXIT_NO;
    }
    for (int i = 0; i < c->result.hits; i++)
        c->answer.confirmed[i] = c->o->yes;
    return 0;
}

/* ---- recording ---------------------------------------------------------------------------------- */

static int write_text(const Confirm *c, const char *name, const VeilText *t)
{
    char path[PATH_MAX];
    VeilErr err;
    int ret = path_in(path, c, name);

    if (!ret && veil_file_write(path, t->at, t->len, 0600, false, &err) < 0)
        ret = veil_keyio_refuse(&err);
    return ret;
}

static int count(const Confirm *c)
{
    int n = 0;

    for (int i = 0; i < c->answer.hits; i++)
        n += c->answer.confirmed[i];
    return n;
}

static int record(Confirm *c)
{
    const char *role = veil_leaf_role(VEIL_LEAF_RESULT);
    VeilLeaf leaf = { .kind = VEIL_LEAF_RESULT, .index = c->result.leaf, .units = (uint32_t)count(c) };
    VeilText note = { 0 }, text = { 0 };
    VeilErr err;
    int ret;

    veil_confirmation_print(&note, &c->answer);
    if ((ret = veil_note_sign(&note, role, c->sign.secret)) >= 0) {
        crypto_hash_sha256(leaf.digest, (const uint8_t *)note.at, note.len);
        veil_leaf_print(&text, &leaf);
        ret = veil_note_sign(&text, role, c->sign.secret);
    }
    if (ret < 0) {
        veil_err(&err, ret, "confirmation");
        ret = veil_keyio_refuse(&err);
    } else if (!(ret = write_text(c, "confirmation.note", &note))) {
        ret = write_text(c, "confirmation.leaf", &text);
    }
    veil_text_free(&note);
    veil_text_free(&text);
    return ret;
}

static int tell(const Confirm *c)
{
    const int yes = count(c);
    int ret;

    if (!c->o->json) {
        printf("%d of %d hits confirmed%s\n", yes, c->answer.hits, c->result.demonstration ? " (demonstration only)" : "");
        veil_info("append '%s/confirmation.leaf' to the log", c->folder);
    } else if ((ret = veil_keyio_report("match --confirm",
                                        json_pack("{s:s, s:i, s:i, s:b, s:b}", "folder", c->folder, "hits",
                                                  c->answer.hits, "confirmed", yes, "by_person", (int)c->answer.person,
                                                  "demonstration_only", (int)c->result.demonstration)))) {
        return ret;
    }
    return yes ? VEIL_EXIT_DONE : VEIL_EXIT_NO;
}

static int not_twice(const Confirm *c)
{
    char path[PATH_MAX];
    int ret = path_in(path, c, "confirmation.note");

    if (ret || access(path, F_OK))
        return ret;
    veil_error("'%s' exists: this result was decided on; a decision is not changed", path);
    return VEIL_EXIT_ERROR;
}

static int confirm_all(Confirm *c)
{
    int ret;

    if ((ret = veil_keyio_policy(&c->policy, c->o->granted.policy)) || (ret = not_twice(c)) || (ret = read_result(c)) ||
        (ret = check_pictures(c)))
        return ret;
    c->answer.leaf = c->result.leaf;
    c->answer.hits = c->result.hits;
    c->answer.time = time(NULL);
    memcpy(c->answer.wid, c->result.wid, 32);
    if ((ret = decide(c)) || (ret = veil_keyio_unlock(&c->sign, c->o->key, VEIL_ROLE_MATCHER, c->o->granted.pass_fd)) ||
        (ret = record(c)))
        return ret;
    return tell(c);
}

int veil_match_cmd_confirm(const MatchOptions *o, const char *folder)
{
    Confirm *c = calloc(1, sizeof(*c));
    int ret = VEIL_EXIT_ERROR;

    if (!c)
        return ret;
    c->o = o;
    c->folder = folder;
    ret = confirm_all(c);
    veil_key_clear(&c->sign);
    free(c);
    return ret;
}
