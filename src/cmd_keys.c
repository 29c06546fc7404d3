/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil keys`: make a key pair, look at one, change its passphrase.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/minisig.h"
#include "msg.h"

#define PASS_MIN 8 /* bytes; Argon2id makes a guess cost about a second */

typedef struct KeysOptions {
    int pass_fd;
    bool json;
} KeysOptions;

#define OFFSET(field) offsetof(KeysOptions, field)
static const VeilOpt keys_options[] = {
    { "pass-fd", 0, VEIL_OPT_INT, OFFSET(pass_fd), "N",
      "read passphrases from this file descriptor, one a line", 0, 1023, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

static int print_key(const char *command, const VeilKey *key, const char *path, bool json)
{
    char text[VEIL_B64_LEN(32) + 1], gid[VEIL_HEX_LEN(32) + 1];
    json_t *o;

    if (!json) {
        printf("file    %s\nrole    %s\nkey     %s\n", path, veil_role_word(key->role),
               veil_b64_encode(text, key->public_key, 32));
        if (key->role == VEIL_ROLE_SHARE)
            printf("group   %s\nindex   %u\nepoch   %u\n", veil_hex_encode(gid, key->gid, 32), key->index,
                   key->epoch);
        return VEIL_EXIT_DONE;
    }
    o = json_pack("{s:s, s:s}", "file", path, "role", veil_role_word(key->role));
    veil_keyio_json_b64(o, "key", key->public_key, 32);
    if (key->role == VEIL_ROLE_SHARE) {
        veil_keyio_json_hex(o, "group", key->gid, 32);
        json_object_set_new(o, "index", json_integer(key->index));
        json_object_set_new(o, "epoch", json_integer(key->epoch));
    }
    return veil_keyio_report(command, o);
}

/* An issuer's public key also in minisign's own form, for stock minisign. */
static int write_minisign(const char *name, const VeilKey *key)
{
    char path[4096], text[VEIL_MINISIG_MAX + 1];
    VeilErr err;
    size_t len;

    snprintf(path, sizeof(path), "%s.minisign.pub", name);
    len = veil_minisig_public_format(text, key->public_key, name);
    return veil_file_write(path, text, len, 0644, false, &err) < 0 ? veil_keyio_refuse(&err) : VEIL_EXIT_DONE;
}

static int new_passphrase(VeilPassphrase *pass, int fd, const char *prompt)
{
    const int ret = veil_keyio_passphrase(pass, fd, prompt, true);

    if (!ret && pass->len < PASS_MIN) {
        veil_error("passphrase has %zu bytes; take %d or more", pass->len, PASS_MIN);
        return VEIL_EXIT_ERROR;
    }
    return ret;
}

static int run_new(const KeysOptions *o, const char *word, const char *name)
{
    char secret_path[4096], public_path[4096];
    const VeilRole role = veil_role_find(word);
    VeilPassphrase pass = { 0 };
    VeilKey key = { 0 };
    VeilErr err;
    int ret = VEIL_EXIT_ERROR;

    if (role == VEIL_ROLE_NONE || role == VEIL_ROLE_SHARE) {
        veil_error("role '%s' is not one that 'veil keys new' makes; give one of:", word);
        for (int i = 1; i < VEIL_ROLE_COUNT; i++)
            if (i != VEIL_ROLE_SHARE)
                fprintf(stderr, "  %s\n", veil_role_word(i));
        return VEIL_EXIT_ERROR;
    }
    if ((size_t)snprintf(secret_path, sizeof(secret_path), "%s.key", name) >= sizeof(secret_path) - 16) {
        veil_error("name '%.32s' is too long; choose a shorter one", name);
        return VEIL_EXIT_ERROR;
    }
    snprintf(public_path, sizeof(public_path), "%s.pub", name);
    if (!access(secret_path, F_OK) || !access(public_path, F_OK)) {
        veil_error("'%s' or '%s' exists; choose a new name", secret_path, public_path);
        return VEIL_EXIT_ERROR;
    }
    if ((ret = new_passphrase(&pass, o->pass_fd, "new passphrase")))
        goto out;
    if (veil_key_generate(&key, role, &err) < 0 ||
        veil_keyfile_write(secret_path, &key, pass.at, pass.len, false, &err) < 0) {
        ret = veil_keyio_refuse(&err);
        goto out;
    }
    if ((ret = veil_keyio_write_public(public_path, &key)) ||
        (role == VEIL_ROLE_ISSUER && (ret = write_minisign(name, &key))))
        goto out;
    ret = print_key("keys new", &key, secret_path, o->json);
    veil_info("give '%s' to the others; keep '%s' and its passphrase apart", public_path, secret_path);
out:
    veil_passphrase_clear(&pass);
    veil_key_clear(&key);
    return ret;
}

static int run_show(const KeysOptions *o, const char *path)
{
    uint8_t *bytes;
    size_t len;
    VeilKey key;
    VeilErr err;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, path, 1024)))
        return ret;
    if (len == VEIL_KEYFILE_BYTES && !memcmp(bytes, "VEILKEY1", 8))
        ret = veil_keyfile_peek(&key, bytes, len, &err) < 0 ? veil_keyio_refuse(&err) : VEIL_EXIT_DONE;
    else
        ret = veil_keyio_public(&key, path, VEIL_ROLE_NONE);
    free(bytes);
    return ret ? ret : print_key("keys show", &key, path, o->json);
}

static int run_passwd(const KeysOptions *o, const char *path)
{
    VeilPassphrase pass = { 0 };
    VeilKey key = { 0 };
    VeilErr err;
    int ret;

    if ((ret = veil_keyio_unlock(&key, path, VEIL_ROLE_NONE, o->pass_fd)) ||
        (ret = new_passphrase(&pass, o->pass_fd, "new passphrase")))
        goto out;
    if (veil_keyfile_write(path, &key, pass.at, pass.len, true, &err) < 0)
        ret = veil_keyio_refuse(&err);
    else if (o->json)
        ret = print_key("keys passwd", &key, path, true);
    else
        veil_info("'%s' has a new passphrase; copies of the old file still open with the old one", path);
out:
    veil_passphrase_clear(&pass);
    veil_key_clear(&key);
    return ret;
}

static int run_keys(int argc, char **argv)
{
    KeysOptions o = { .pass_fd = -1 };
    char **words = calloc((size_t)argc, sizeof(*words));
    int n, ret = VEIL_EXIT_ERROR;

    if (!words || (n = veil_opts_parse(&o, keys_options, argc, argv, words)) < 0 || !veil_keyio_start()) {
        free(words);
        return VEIL_EXIT_ERROR;
    }
    if (n == 3 && !strcmp(words[0], "new"))
        ret = run_new(&o, words[1], words[2]);
    else if (n == 2 && !strcmp(words[0], "show"))
        ret = run_show(&o, words[1]);
    else if (n == 2 && !strcmp(words[0], "passwd"))
        ret = run_passwd(&o, words[1]);
    else
        veil_error("'veil keys' wants new ROLE NAME, show FILE or passwd FILE; see 'veil keys --help'");
    free(words);
    return ret;
}

const VeilCommand veil_cmd_keys = {
    .name = "keys",
    .summary = "make a key pair, show one, change its passphrase",
    .usage = "keys new ROLE NAME       write NAME.key and NAME.pub\n"
             "       veil keys show FILE           what a key file is for; asks for no passphrase\n"
             "       veil keys passwd FILE.key     lock it with a new passphrase",
    .opts = keys_options,
    .run = run_keys,
};
