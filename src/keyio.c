/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "keyio.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/secmem.h"
#include "keys/text.h"
#include "msg.h"

bool veil_keyio_start(void)
{
    VeilErr err;

    if (veil_secmem_harden(&err) < 0) {
        veil_error("%s", err.text);
        return false;
    }
    if (!veil_secmem_can_lock(65536))
        veil_warn("keys cannot be locked in memory and may reach swap; raise 'ulimit -l' or switch swap off");
    return true;
}

int veil_keyio_refuse(const VeilErr *err)
{
    const bool ours = err->code > VEIL_E_BELOW_FIRST && err->code < VEIL_E_AFTER_LAST;
    const bool broken =
        err->code == VEIL_E_SECMEM || err->code == VEIL_E_CRYPTO || err->code == VEIL_E_PRECONDITION;

    veil_error("%s", err->text);
    return ours && !broken ? VEIL_EXIT_NO : VEIL_EXIT_ERROR;
}

int veil_keyio_passphrase(VeilPassphrase *pass, int fd, const char *prompt, bool twice)
{
    VeilPassphrase again = { 0 };
    VeilErr err;
    int ret;

    ret = fd >= 0 ? veil_passphrase_from_fd(pass, fd, &err) : veil_passphrase_ask(pass, prompt, &err);
    if (ret < 0) {
        veil_keyio_refuse(&err);
        return VEIL_EXIT_ERROR;
    }
    if (fd >= 0 || !twice)
        return VEIL_EXIT_DONE;
    if (veil_passphrase_ask(&again, "the same again", &err) < 0) {
        veil_keyio_refuse(&err);
        return VEIL_EXIT_ERROR;
    }
    ret = again.len == pass->len && !sodium_memcmp(again.at, pass->at, pass->len);
    veil_passphrase_clear(&again);
    if (!ret)
        veil_error("the two passphrases differ; start again");
    return ret ? VEIL_EXIT_DONE : VEIL_EXIT_ERROR;
}

int veil_keyio_unlock(VeilKey *key, const char *path, VeilRole role, int pass_fd)
{
    VeilPassphrase pass = { 0 };
    VeilErr err;
    char prompt[256];
    int ret;

    snprintf(prompt, sizeof(prompt), "passphrase for '%.200s'", path);
    if (!(ret = veil_keyio_passphrase(&pass, pass_fd, prompt, false)) &&
        veil_keyfile_read(key, path, role, pass.at, pass.len, &err) < 0)
        ret = veil_keyio_refuse(&err);
    veil_passphrase_clear(&pass);
    return ret;
}

static void format_public(VeilText *t, const VeilKey *key)
{
    veil_text_add(t, "veil/v1/public-key\nrole %s\n", veil_role_word(key->role));
    veil_text_b64(t, "key", key->public_key, 32);
}

int veil_keyio_parse_public(VeilKey *key, const uint8_t *bytes, size_t len, const char *path, VeilErr *err)
{
    char role[VEIL_TOKEN_CAP] = "";
    VeilText again = { 0 };
    VeilLines r;
    int ret;

    memset(key, 0, sizeof(*key));
    veil_lines_open(&r, bytes, len, path, err);
    veil_lines_word(&r, "veil/v1/public-key");
    veil_lines_token(&r, "role", role);
    veil_lines_b64(&r, "key", key->public_key, 32);
    if ((ret = veil_lines_end(&r)) < 0)
        return ret;
    if ((key->role = veil_role_find(role)) == VEIL_ROLE_NONE)
        return veil_err(err, VEIL_E_ROLE, "'%s' has unknown role '%s'", path, role);
    format_public(&again, key);
    return veil_text_same(&again, bytes, len, path, err);
}

int veil_keyio_public(VeilKey *key, const char *path, VeilRole role)
{
    uint8_t *bytes;
    size_t len;
    VeilErr err;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, path, 1024)))
        return ret;
    ret = veil_keyio_parse_public(key, bytes, len, path, &err);
    free(bytes);
    if (!ret && role != VEIL_ROLE_NONE && key->role != role)
        ret = veil_err(&err, VEIL_E_ROLE, "'%s' is a key of role '%s', not '%s'", path,
                       veil_role_word(key->role), veil_role_word(role));
    return ret < 0 ? veil_keyio_refuse(&err) : VEIL_EXIT_DONE;
}

int veil_keyio_write_public(const char *path, const VeilKey *key)
{
    VeilText t = { 0 };
    VeilErr err;
    int ret;

    format_public(&t, key);
    if ((ret = veil_text_done(&t)) < 0)
        veil_err(&err, ret, "'%s'", path);
    else
        ret = veil_file_write(path, t.at, t.len, 0644, false, &err);
    veil_text_free(&t);
    return ret < 0 ? veil_keyio_refuse(&err) : VEIL_EXIT_DONE;
}

int veil_keyio_read(uint8_t **out, size_t *len, const char *path, size_t max)
{
    VeilErr err;

    if (veil_file_read(out, len, path, max, &err) < 0)
        return veil_keyio_refuse(&err);
    return VEIL_EXIT_DONE;
}

int veil_keyio_policy(VeilPolicy *p, const char *path)
{
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    if (veil_policy_parse(p, bytes, veil_note_text_len((char *)bytes, len), path, &err) < 0)
        ret = veil_keyio_refuse(&err);
    free(bytes);
    return ret;
}

int veil_keyio_print_json(json_t *object)
{
    int ret = object ? json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : -1;

    json_decref(object);
    if (ret || putchar('\n') == EOF || fflush(stdout)) {
        veil_error("result could not be written; check the output");
        return VEIL_EXIT_ERROR;
    }
    return VEIL_EXIT_DONE;
}

int veil_keyio_report(const char *command, json_t *object)
{
    json_t *all = json_pack("{s:s}", "command", command);

    if (!object || json_object_update(all, object) < 0) {
        json_decref(all);
        all = NULL; /* printing it then fails */
    }
    json_decref(object);
    return veil_keyio_print_json(all);
}

void veil_keyio_json_time(json_t *object, const char *key, int64_t t)
{
    char text[VEIL_TIME_LEN + 1];

    json_object_set_new(object, key, veil_time_format(text, t) >= 0 ? json_string(text) : json_null());
}

void veil_keyio_json_hex(json_t *object, const char *key, const uint8_t *bytes, size_t n)
{
    char *text = malloc(VEIL_HEX_LEN(n) + 1);

    json_object_set_new(object, key, text ? json_string(veil_hex_encode(text, bytes, n)) : NULL);
    free(text);
}

void veil_keyio_json_b64(json_t *object, const char *key, const uint8_t *bytes, size_t n)
{
    char *text = malloc(VEIL_B64_LEN(n) + 1);

    json_object_set_new(object, key, text ? json_string(veil_b64_encode(text, bytes, n)) : NULL);
    free(text);
}
