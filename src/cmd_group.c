/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil group`: custodians make a group key together, refresh it, and look at
 * the result. A member's step is in cmd_group_step.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "cmd_group.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "msg.h"

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
    if (o->json) {
        ret = veil_keyio_report(refresh ? "group refresh" : "group new", veil_group_cmd_ceremony_json(&c));
    } else {
        print_start(&c);
        ret = VEIL_EXIT_DONE;
    }
out:
    free(previous);
    return ret;
}

/* "1 oslo, 3 bergen" */
const char *veil_group_cmd_names(const Ceremony *c, uint32_t mask, char *out, size_t cap)
{
    size_t len = 0;

    *out = '\0';
    for (uint32_t i = 1; i <= c->n; i++)
        if (mask & 1u << i && len < cap)
            len += (size_t)snprintf(out + len, cap - len, "%s%u %s", len ? ", " : "", i, c->org[i - 1]);
    return out;
}

/* The first round that somebody has not finished, 4 when all have; who that is. */
int veil_group_cmd_open_round(const Ceremony *c, uint32_t *missing)
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

json_t *veil_group_cmd_names_json(const Ceremony *c, uint32_t mask)
{
    json_t *list = json_array();

    for (uint32_t i = 1; i <= c->n; i++)
        if (mask & 1u << i)
            json_array_append_new(list, json_pack("{s:i, s:s}", "index", (int)i, "org", c->org[i - 1]));
    return list;
}

json_t *veil_group_cmd_ceremony_json(const Ceremony *c)
{
    uint32_t missing = 0;
    const int round = veil_group_cmd_open_round(c, &missing);
    json_t *o = json_object(), *members = veil_group_cmd_names_json(c, ((1u << c->n) - 1) << 1);

    veil_keyio_json_hex(o, "ceremony", c->dkg.ctx, 32);
    json_object_set_new(o, "folder", json_string(c->folder));
    json_object_set_new(o, "refresh", json_boolean(c->refresh));
    json_object_set_new(o, "k", json_integer(c->k));
    json_object_set_new(o, "n", json_integer(c->n));
    json_object_set_new(o, "members", members);
    json_object_set_new(o, "round", json_integer(round));
    json_object_set_new(o, "waiting_for", veil_group_cmd_names_json(c, missing));
    return o;
}

static int run_status(const GroupOptions *o, const char *folder)
{
    static const char *const what[] = { "round 0: announce", "round 1: publish", "",
                                        "round 3: check and sign", "all signed" };
    char waiting[VEIL_GROUP_NAMES_CAP], ctx[VEIL_HEX_LEN(32) + 1];
    uint32_t missing = 0;
    Ceremony c;
    VeilErr err;
    int round;

    if (ceremony_open(&c, folder, &err) < 0)
        return veil_keyio_refuse(&err);
    round = veil_group_cmd_open_round(&c, &missing);
    if (o->json)
        return veil_keyio_report("group status", veil_group_cmd_ceremony_json(&c));
    printf("ceremony  %.16s, %s of %u-of-%u\nat        %s\n", veil_hex_encode(ctx, c.dkg.ctx, 32),
           c.refresh ? "refresh" : "key generation", c.k, c.n, what[round]);
    printf("turn of   %s\n", missing ? veil_group_cmd_names(&c, missing, waiting, sizeof(waiting))
                                     : "everyone, to run a last step");
    return VEIL_EXIT_DONE;
}

void veil_group_cmd_print(const VeilGroup *g)
{
    char text[VEIL_HEX_LEN(32) + 1];

    printf("gid       %s\n", veil_hex_encode(text, g->key.gid, 32));
    printf("group     %u of %u open, epoch %u\n", g->key.k, g->key.n, g->key.epoch);
    printf("keys by   %s\n",
           g->dealer ? "A DEALER, who could open everything alone: for tests only" : "distributed ceremony");
    printf("note      %s\n", veil_hex_encode(text, g->digest, 32));
    for (uint32_t i = 0; i < g->key.n; i++)
        printf("custodian %u %s %s\n", i + 1, g->org[i], veil_b64_encode(text, g->sign[i], 32));
}

json_t *veil_group_cmd_json(const VeilGroup *g)
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
        return veil_keyio_report("group show", veil_group_cmd_json(&g));
    veil_group_cmd_print(&g);
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
        ret = veil_group_cmd_step(&o, words[1]);
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
