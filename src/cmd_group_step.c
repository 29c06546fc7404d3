/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil group step`: all that one member can do now in a ceremony. Each step
 * says what was checked, what was done, whose turn it is.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_group.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/secmem.h"
#include "msg.h"

/* Our keys, all under one passphrase; unlocked when a round first needs them. */
typedef struct StepKeys {
    VeilKey sign, box, share;
    VeilPassphrase pass;
    bool open;
    json_t *json; /* with --json: what was said, until the end; else NULL */
} StepKeys;

/* A line now, or with --json one more sentence under that word. */
static void say(const StepKeys *k, const char *word, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void say(const StepKeys *k, const char *word, const char *fmt, ...)
{
    char text[2 * VEIL_GROUP_NAMES_CAP];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (!k->json) {
        printf("%-9s %s\n", word, text);
        return;
    }
    if (!json_object_get(k->json, word))
        json_object_set_new(k->json, word, json_array());
    json_array_append_new(json_object_get(k->json, word), json_string(text));
}

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
        say(k, "checked", "%u signatures, announcements, commitments and proofs, and our %u shares", c->n,
            c->n);
        say(k, "done", "round 3: share key in '%s', group note signed", path);
        if (k->json)
            json_object_set_new(k->json, "share", json_string(path));
        ret = VEIL_EXIT_DONE;
    }
    veil_key_clear(&share);
    veil_secret_free(x);
    return ret;
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

static int do_last(const Ceremony *c, const CeremonySelf *self, const StepKeys *k, const GroupOptions *o)
{
    VeilGroup g;
    VeilErr err;
    int ret;

    if (ceremony_assemble(c, &g, &err) < 0)
        return veil_keyio_refuse(&err);
    ceremony_forget(c, self);
    say(k, "checked", "%u signatures on one text, gid, and that any %u keys interpolate to Y", c->n, c->k);
    say(k, "done", "'%s/group.note'", c->folder);
    if (k->json)
        json_object_set_new(k->json, "group", veil_group_cmd_json(&g));
    else
        veil_group_cmd_print(&g);
    if (c->refresh && (ret = remove_old_share(c, self, o->share)))
        return ret;
    say(k, "next", "%s",
        c->refresh ? "the old share key is removed; pass group.note to all who verify"
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
    say(k, "done", "round %d: %s", round,
        round ? "all announcements written down, our message published" : "our message made and announced");
    return VEIL_EXIT_DONE;
}

/* Do all that can be done now, then say who is next. */
static int step(const Ceremony *c, const CeremonySelf *self, StepKeys *k, const GroupOptions *o)
{
    char waiting[VEIL_GROUP_NAMES_CAP];
    uint32_t missing = 0;
    int round, ret;

    while ((round = veil_group_cmd_open_round(c, &missing)) < 4) {
        if (!(missing & 1u << self->index)) {
            say(k, "next", "round %d of %s; then run this again", round,
                veil_group_cmd_names(c, missing, waiting, sizeof(waiting)));
            return VEIL_EXIT_DONE;
        }
        if ((ret = one_round(c, self, k, o, round)))
            return ret;
    }
    return do_last(c, self, k, o);
}

int veil_group_cmd_step(const GroupOptions *o, const char *folder)
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
    k.json = o->json ? json_pack("{s:i}", "member", (int)self.index) : NULL;
    if (!o->json)
        printf("ceremony  %.16s, we are member %u, %s\n", veil_hex_encode(ctx, c.dkg.ctx, 32), self.index,
               c.org[self.index - 1]);
    ret = step(&c, &self, &k, o);
    clear_keys(&k);
    if (o->json) {
        json_t *all = veil_group_cmd_ceremony_json(&c);

        json_object_update(all, k.json);
        json_decref(k.json);
        if (ret == VEIL_EXIT_DONE)
            return veil_keyio_report("group step", all);
        json_decref(all);
    }
    return ret;
}
