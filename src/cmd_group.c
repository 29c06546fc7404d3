/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil group`: custodians make a group key together, refresh it, and look at
 * the result. Each step says what was checked, what was done, whose turn it is.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ceremony.h"
#include "cmd.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/secmem.h"
#include "msg.h"

typedef struct GroupOptions {
    int k, pass_fd;
    VeilStrings members;
    char *key, *box, *share, *group, *pin;
    bool json;
} GroupOptions;

#define OFFSET(field) offsetof(GroupOptions, field)
static const VeilOpt group_options[] = {
    { "k", 'k', VEIL_OPT_INT, OFFSET(k), "K", "how many custodians open a face", 2, VEIL_GROUP_MAX_N, NULL },
    { "member", 'm', VEIL_OPT_LIST, OFFSET(members), "ORG:SIGN.pub:BOX.pub",
      "a custodian; give once for each, in order", 0, 0, NULL },
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE", "our custodian-sign key", 0, 0, NULL },
    { "box", 0, VEIL_OPT_STRING, OFFSET(box), "FILE", "our custodian-dkg-box key", 0, 0, NULL },
    { "share", 0, VEIL_OPT_STRING, OFFSET(share), "FILE", "our present custodian-share key (refresh only)", 0,
      0, NULL },
    { "group", 0, VEIL_OPT_STRING, OFFSET(group), "NOTE", "the present group note (refresh only)", 0, 0,
      NULL },
    { "pin", 0, VEIL_OPT_STRING, OFFSET(pin), "GID", "refuse any other group", 0, 0, NULL },
    { "pass-fd", 0, VEIL_OPT_INT, OFFSET(pass_fd), "N", "read the passphrase from this file descriptor", 0,
      1023, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

/* "ORG:SIGN.pub:BOX.pub" */
static int add_member(Ceremony *c, const char *text)
{
    char *copy = strdup(text), *sign, *box;
    VeilKey key = { 0 };
    int ret = VEIL_EXIT_ERROR;

    sign = copy ? strchr(copy, ':') : NULL;
    box = sign ? strchr(sign + 1, ':') : NULL;
    if (!box || c->n == VEIL_GROUP_MAX_N) {
        veil_error("member '%s' is not ORG:SIGN.pub:BOX.pub, or one too many; give at most %d", text,
                   VEIL_GROUP_MAX_N);
        goto out;
    }
    *sign++ = *box++ = '\0';
    if (!veil_token_ok(copy)) {
        veil_error("organisation '%s' is not one word of 1 to %d letters; write it without spaces", copy,
                   VEIL_TOKEN_MAX);
        goto out;
    }
    strcpy(c->org[c->n], copy);
    if ((ret = veil_keyio_public(&key, sign, VEIL_ROLE_CUSTODIAN)))
        goto out;
    memcpy(c->members[c->n].sign, key.public_key, 32);
    if ((ret = veil_keyio_public(&key, box, VEIL_ROLE_CUSTODIAN_BOX)))
        goto out;
    memcpy(c->members[c->n].box, key.public_key, 32);
    c->n++;
out:
    free(copy);
    return ret;
}

static void print_start(const Ceremony *c)
{
    char ctx[VEIL_HEX_LEN(32) + 1];

    printf("ceremony  %.16s  (read this aloud: everyone must see the same)\n",
           veil_hex_encode(ctx, c->dkg.ctx, 32));
    printf("kind      %s of %u-of-%u\n", c->refresh ? "refresh" : "key generation", c->k, c->n);
    for (uint32_t i = 0; i < c->n; i++)
        printf("member %-2u %s\n", i + 1, c->org[i]);
    printf("next      each member runs 'veil group step %s --key NAME.key --box NAME.key%s'\n", c->folder,
           c->refresh ? " --share NAME.key" : "");
}

static int run_start(const GroupOptions *o, const char *folder, bool refresh)
{
    Ceremony c = { .k = (uint32_t)o->k, .refresh = refresh };
    uint8_t *previous = NULL;
    size_t len = 0;
    VeilErr err;
    int ret = VEIL_EXIT_ERROR;

    if (refresh != (o->group != NULL) || (!refresh && !o->k)) {
        veil_error(refresh ? "a refresh needs the present group note; give --group NOTE"
                           : "a new group needs its threshold and no --group; give --k K");
        return ret;
    }
    snprintf(c.folder, sizeof(c.folder), "%s", folder);
    for (int i = 0; i < o->members.n; i++)
        if ((ret = add_member(&c, o->members.at[i])))
            return ret;
    if (refresh && (ret = veil_keyio_read(&previous, &len, o->group, VEIL_TEXT_MAX)))
        return ret;
    if (refresh && veil_group_open(&c.old, previous, len, NULL, &err) < 0) {
        ret = veil_keyio_refuse(&err);
        goto out;
    }
    if (refresh)
        c.k = c.old.key.k;
    if (ceremony_create(&c, previous, len, &err) < 0) {
        ret = veil_keyio_refuse(&err);
        goto out;
    }
    print_start(&c);
    ret = VEIL_EXIT_DONE;
out:
    free(previous);
    return ret;
}

/* "1 oslo, 3 bergen" */
static const char *names(const Ceremony *c, uint32_t mask, char *out, size_t cap)
{
    size_t len = 0;

    *out = '\0';
    for (uint32_t i = 1; i <= c->n; i++)
        if (mask & 1u << i && len < cap)
            len += (size_t)snprintf(out + len, cap - len, "%s%u %s", len ? ", " : "", i, c->org[i - 1]);
    return out;
}

/* The first round that somebody has not finished, 4 when all have; who that is. */
static int open_round(const Ceremony *c, uint32_t *missing)
{
    static const struct {
        const char *kind;
        int round;
    } rounds[] = { { "round0", 0 }, { "round1", 1 }, { "round3", 3 } };
    const uint32_t all = ((1u << c->n) - 1) << 1;

    for (size_t m = 0; m < sizeof(rounds) / sizeof(rounds[0]); m++)
        if ((*missing = all & ~ceremony_present(c, rounds[m].kind)))
            return rounds[m].round;
    return 4;
}

static int run_status(const GroupOptions *o, const char *folder)
{
    static const char *const what[] = { "round 0: announce", "round 1: publish", "",
                                        "round 3: check and sign", "all signed" };
    char waiting[1400], ctx[VEIL_HEX_LEN(32) + 1];
    uint32_t missing = 0;
    Ceremony c;
    VeilErr err;
    json_t *list, *root;
    int round;

    if (ceremony_open(&c, folder, &err) < 0)
        return veil_keyio_refuse(&err);
    round = open_round(&c, &missing);
    if (!o->json) {
        printf("ceremony  %.16s, %s of %u-of-%u\nat        %s\n", veil_hex_encode(ctx, c.dkg.ctx, 32),
               c.refresh ? "refresh" : "key generation", c.k, c.n, what[round]);
        printf("turn of   %s\n",
               missing ? names(&c, missing, waiting, sizeof(waiting)) : "everyone, to run a last step");
        return VEIL_EXIT_DONE;
    }
    list = json_array();
    for (uint32_t i = 1; i <= c.n; i++)
        if (missing & 1u << i)
            json_array_append_new(list,
                                  json_pack("{s:I, s:s}", "member", (json_int_t)i, "org", c.org[i - 1]));
    root = json_pack("{s:s, s:b, s:i, s:i, s:i, s:o}", "ceremony", veil_hex_encode(ctx, c.dkg.ctx, 32),
                     "refresh", c.refresh, "k", (int)c.k, "n", (int)c.n, "round", round, "waiting-for", list);
    return veil_keyio_print_json(root);
}

/* Our keys, all under one passphrase; unlocked when a round first needs them. */
typedef struct StepKeys {
    VeilKey sign, box, share;
    VeilPassphrase pass;
    bool open;
} StepKeys;

static void clear_keys(StepKeys *k)
{
    veil_key_clear(&k->sign);
    veil_key_clear(&k->box);
    veil_key_clear(&k->share);
    veil_passphrase_clear(&k->pass);
}

static int unlock_keys(StepKeys *k, const GroupOptions *o)
{
    VeilErr err;
    int ret;

    if (k->open)
        return VEIL_EXIT_DONE;
    if ((ret = veil_keyio_passphrase(&k->pass, o->pass_fd, "passphrase of our custodian keys", false)))
        return ret;
    if (veil_keyfile_read(&k->sign, o->key, VEIL_ROLE_CUSTODIAN, k->pass.at, k->pass.len, &err) < 0 ||
        veil_keyfile_read(&k->box, o->box, VEIL_ROLE_CUSTODIAN_BOX, k->pass.at, k->pass.len, &err) < 0 ||
        (o->share &&
         veil_keyfile_read(&k->share, o->share, VEIL_ROLE_SHARE, k->pass.at, k->pass.len, &err) < 0))
        return veil_keyio_refuse(&err);
    k->open = true;
    return VEIL_EXIT_DONE;
}

/* Which member we are, from the public part of our key file. @return VEIL_EXIT_ code */
static int find_self(const Ceremony *c, const char *path, uint32_t *index)
{
    uint8_t bytes[VEIL_KEYFILE_BYTES];
    VeilErr err;
    VeilKey key;

    if (veil_keyfile_load(bytes, path, &err) < 0 || veil_keyfile_peek(&key, bytes, sizeof(bytes), &err) < 0)
        return veil_keyio_refuse(&err);
    for (uint32_t i = 1; i <= c->n; i++)
        if (key.role == VEIL_ROLE_CUSTODIAN && !memcmp(c->members[i - 1].sign, key.public_key, 32)) {
            *index = i;
            return VEIL_EXIT_DONE;
        }
    veil_error("'%s' is not the key of a member of '%s'; give the key that ceremony.txt lists", path,
               c->folder);
    return VEIL_EXIT_NO;
}

/* "oslo.key" has its share of epoch 2 in "oslo.share-2.key". */
static const char *share_path(const CeremonySelf *self, uint32_t epoch, char out[4096])
{
    size_t len = strlen(self->key_path);

    if (len > 4 && !strcmp(self->key_path + len - 4, ".key"))
        len -= 4;
    snprintf(out, 4096, "%.*s.share-%u.key", (int)(len < 3900 ? len : 3900), self->key_path, epoch);
    return out;
}

/* Rounds 2 and 3. The share key is on the disk before we sign: our signature
 * says that we hold it. */
static int do_round3(const Ceremony *c, const CeremonySelf *self, const StepKeys *k)
{
    uint8_t *x = veil_secret_new(32);
    VeilKey share = { 0 };
    VeilGroup g;
    char path[4096];
    VeilErr err;
    int ret = VEIL_EXIT_ERROR;

    if (!x) {
        veil_error("no protected memory for the share key; raise 'ulimit -l'");
        return ret;
    }
    if (ceremony_conclude(c, self, x, &g, &err) < 0 ||
        veil_key_from_share(&share, x, g.key.gid, self->index, g.key.epoch, &err) < 0 ||
        veil_keyfile_write(share_path(self, g.key.epoch, path), &share, k->pass.at, k->pass.len, true, &err) <
            0 ||
        ceremony_sign(c, self, &g, &err) < 0) {
        ret = veil_keyio_refuse(&err);
    } else {
        printf("checked   %u signatures, announcements, commitments and proofs, and our %u shares\n", c->n,
               c->n);
        printf("done      round 3: share key in '%s', group note signed\n", path);
        ret = VEIL_EXIT_DONE;
    }
    veil_key_clear(&share);
    veil_secret_free(x);
    return ret;
}

static void print_group(const VeilGroup *g, FILE *out)
{
    char text[VEIL_HEX_LEN(32) + 1];

    fprintf(out, "gid       %s\n", veil_hex_encode(text, g->key.gid, 32));
    fprintf(out, "group     %u of %u open, epoch %u\n", g->key.k, g->key.n, g->key.epoch);
    fprintf(out, "keys by   %s\n",
            g->dealer ? "A DEALER, who could open everything alone: for tests only" : "distributed ceremony");
    fprintf(out, "note      %s\n", veil_hex_encode(text, g->digest, 32));
    for (uint32_t i = 0; i < g->key.n; i++)
        fprintf(out, "custodian %u %s %s\n", i + 1, g->org[i], veil_b64_encode(text, g->sign[i], 32));
}

/* Only the share key that this refresh replaces; any other file stays. */
static int remove_old_share(const Ceremony *c, const CeremonySelf *self, const char *path)
{
    uint8_t bytes[VEIL_KEYFILE_BYTES];
    VeilErr err;
    VeilKey key;

    if (access(path, F_OK) && errno == ENOENT)
        return VEIL_EXIT_DONE; /* this step has been run before */
    if (veil_keyfile_load(bytes, path, &err) < 0 || veil_keyfile_peek(&key, bytes, sizeof(bytes), &err) < 0)
        return veil_keyio_refuse(&err);
    if (key.role != VEIL_ROLE_SHARE || key.index != self->index || key.epoch != c->old.key.epoch ||
        memcmp(key.gid, c->old.key.gid, 32)) {
        veil_error("'%s' is not our share key of epoch %u, so it was left; remove the old one by hand", path,
                   c->old.key.epoch);
        return VEIL_EXIT_NO;
    }
    if (unlink(path)) {
        veil_error("old share key '%s' could not be removed; remove it by hand, it must not survive", path);
        return VEIL_EXIT_ERROR;
    }
    return VEIL_EXIT_DONE;
}

static int do_last(const Ceremony *c, const CeremonySelf *self, const GroupOptions *o)
{
    VeilGroup g;
    VeilErr err;
    int ret;

    if (ceremony_assemble(c, &g, &err) < 0)
        return veil_keyio_refuse(&err);
    ceremony_forget(c, self);
    printf("checked   %u signatures on one text, gid, and that any %u keys interpolate to Y\n", c->n, c->k);
    printf("done      '%s/group.note'\n", c->folder);
    print_group(&g, stdout);
    if (c->refresh && (ret = remove_old_share(c, self, o->share)))
        return ret;
    printf("next      %s\n", c->refresh ? "the old share key is removed; pass group.note to all who verify"
                                        : "pin this gid, out of band, wherever veil is installed");
    return VEIL_EXIT_DONE;
}

static int one_round(const Ceremony *c, const CeremonySelf *self, StepKeys *k, const GroupOptions *o,
                     int round)
{
    VeilErr err;
    int ret;

    if (round != 1 && (ret = unlock_keys(k, o)))
        return ret;
    if (round == 3)
        return do_round3(c, self, k);
    if ((round ? ceremony_reveal(c, self, &err) : ceremony_announce(c, self, &err)) < 0)
        return veil_keyio_refuse(&err);
    printf("done      round %d: %s\n", round,
           round ? "all announcements written down, our message published"
                 : "our message made and announced");
    return VEIL_EXIT_DONE;
}

/* Do all that can be done now, then say who is next. */
static int step(const Ceremony *c, const CeremonySelf *self, StepKeys *k, const GroupOptions *o)
{
    char waiting[1400];
    uint32_t missing = 0;
    int round, ret;

    while ((round = open_round(c, &missing)) < 4) {
        if (!(missing & 1u << self->index)) {
            printf("next      round %d of %s; then run this again\n", round,
                   names(c, missing, waiting, sizeof(waiting)));
            return VEIL_EXIT_DONE;
        }
        if ((ret = one_round(c, self, k, o, round)))
            return ret;
    }
    return do_last(c, self, o);
}

static int run_step(const GroupOptions *o, const char *folder)
{
    StepKeys k = { 0 };
    CeremonySelf self = { .key_path = o->key, .sign = &k.sign, .box = &k.box };
    Ceremony c;
    VeilErr err;
    char ctx[VEIL_HEX_LEN(32) + 1];
    int ret;

    if (ceremony_open(&c, folder, &err) < 0)
        return veil_keyio_refuse(&err);
    if (!o->key || !o->box || c.refresh != (o->share != NULL)) {
        veil_error("a step needs our keys; give --key FILE --box FILE%s",
                   c.refresh ? " --share FILE" : ", and --share only in a refresh");
        return VEIL_EXIT_ERROR;
    }
    if ((ret = find_self(&c, o->key, &self.index)))
        return ret;
    self.share = c.refresh ? &k.share : NULL;
    printf("ceremony  %.16s, we are member %u, %s\n", veil_hex_encode(ctx, c.dkg.ctx, 32), self.index,
           c.org[self.index - 1]);
    ret = step(&c, &self, &k, o);
    clear_keys(&k);
    return ret;
}

static json_t *group_json(const VeilGroup *g)
{
    json_t *list = json_array(), *root = json_object(), *one;

    veil_keyio_json_hex(root, "gid", g->key.gid, 32);
    veil_keyio_json_hex(root, "digest", g->digest, 32);
    json_object_set_new(root, "k", json_integer(g->key.k));
    json_object_set_new(root, "n", json_integer(g->key.n));
    json_object_set_new(root, "epoch", json_integer(g->key.epoch));
    json_object_set_new(root, "keygen", json_string(g->dealer ? "dealer" : "dkg"));
    for (uint32_t i = 0; i < g->key.n; i++) {
        one = json_pack("{s:I, s:s}", "index", (json_int_t)(i + 1), "org", g->org[i]);
        veil_keyio_json_b64(one, "sign", g->sign[i], 32);
        veil_keyio_json_b64(one, "y", g->key.yi[i], 32);
        json_array_append_new(list, one);
    }
    json_object_set_new(root, "custodians", list);
    return root;
}

static int run_show(const GroupOptions *o, const char *path)
{
    uint8_t pin[32], *bytes;
    size_t len;
    VeilGroup g;
    VeilErr err;
    int ret;

    if (o->pin && veil_hex_decode(pin, 32, o->pin, strlen(o->pin)) < 0) {
        veil_error("pin '%s' is not a gid; give 64 lower-case hex digits", o->pin);
        return VEIL_EXIT_ERROR;
    }
    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    ret = veil_group_open(&g, bytes, len, o->pin ? pin : NULL, &err);
    free(bytes);
    if (ret < 0)
        return veil_keyio_refuse(&err);
    if (o->json)
        return veil_keyio_print_json(group_json(&g));
    print_group(&g, stdout);
    if (!o->pin)
        printf("next      compare the gid with the one you were given in person, or give --pin\n");
    return VEIL_EXIT_DONE;
}

static int run_group(int argc, char **argv)
{
    GroupOptions o = { .pass_fd = -1 };
    char **words = calloc((size_t)argc, sizeof(*words));
    int n = -1, ret = VEIL_EXIT_ERROR;

    if (!words || (n = veil_opts_parse(&o, group_options, argc, argv, words)) < 0 || !veil_keyio_start())
        goto out;
    if (n == 2 && (!strcmp(words[0], "new") || !strcmp(words[0], "refresh")))
        ret = run_start(&o, words[1], words[0][0] == 'r');
    else if (n == 2 && !strcmp(words[0], "step"))
        ret = run_step(&o, words[1]);
    else if (n == 2 && !strcmp(words[0], "status"))
        ret = run_status(&o, words[1]);
    else if (n == 2 && !strcmp(words[0], "show"))
        ret = run_show(&o, words[1]);
    else
        veil_error(
            "'veil group' wants new, step, status or refresh FOLDER, or show NOTE; see 'veil group --help'");
out:
    veil_opts_free(&o, group_options);
    free(words);
    return ret;
}

const VeilCommand veil_cmd_group = {
    .name = "group",
    .summary = "custodians make, refresh and show a group key",
    .usage =
        "group new FOLDER --k K --member ORG:SIGN.pub:BOX.pub ...      one person starts a ceremony\n"
        "       veil group step FOLDER --key FILE --box FILE [--share FILE]   each member, until it says done\n"
        "       veil group status FOLDER                                      whose turn it is\n"
        "       veil group refresh FOLDER --group NOTE --member ...           new shares, same group\n"
        "       veil group show NOTE [--pin GID]                              check and print a group note\n"
        "\n"
        "All keys of one custodian are locked with one passphrase, and so is the share key.",
    .opts = group_options,
    .run = run_group,
};
