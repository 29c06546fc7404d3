/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "logdir.h"

static void print_state(VeilText *t, const VeilLogState *s)
{
    veil_text_add(t, "veil/v1/log-state\nlog %s\nsize %" PRIu64 "\n", s->origin, s->size);
    veil_text_b64(t, "root", s->root, VEIL_HASH_BYTES);
    veil_text_time(t, "time", s->time);
}

int veil_logstate_load(VeilLogState *s, const char *path, VeilErr *err)
{
    uint8_t *bytes = NULL;
    VeilText again = { 0 };
    VeilLines r;
    size_t len;
    int ret;

    *s = (VeilLogState){ 0 };
    ret = veil_file_read(&bytes, &len, path, VEIL_TEXT_MAX, NULL);
    if (ret == -ENOENT)
        return 0;
    if (ret < 0)
        return veil_err(err, ret, "log state '%s'", path);
    veil_lines_open(&r, bytes, len, path, err);
    veil_lines_word(&r, "veil/v1/log-state");
    veil_lines_token(&r, "log", s->origin);
    veil_lines_number(&r, "size", &s->size, INT64_MAX);
    veil_lines_b64(&r, "root", s->root, VEIL_HASH_BYTES);
    veil_lines_time(&r, "time", &s->time);
    if ((ret = veil_lines_end(&r)) >= 0) {
        print_state(&again, s);
        ret = veil_text_same(&again, bytes, len, path, err);
    }
    free(bytes);
    return ret;
}

int veil_logstate_save(const VeilLogState *s, const char *path, VeilErr *err)
{
    VeilText t = { 0 };
    int ret;

    print_state(&t, s);
    if ((ret = veil_text_done(&t)) < 0)
        veil_err(err, ret, "log state '%s'", path);
    else
        ret = veil_file_write(path, t.at, t.len, 0600, true, err);
    veil_text_free(&t);
    return ret;
}

int veil_logstate_advance(VeilLogState *s, const VeilLogDir *l, const VeilCheckpoint *c, VeilErr *err)
{
    uint8_t root[VEIL_HASH_BYTES];
    int ret;

    if (strcmp(c->origin, veil_logdir_origin(l)) || (s->origin[0] && strcmp(s->origin, c->origin)))
        return veil_err(err, VEIL_E_LOG_FORK, "log '%s': another origin than '%s'", c->origin, s->origin);
    if (c->size < s->size)
        return veil_err(err, VEIL_E_LOG_FORK, "log '%s': %" PRIu64 " leaves, %" PRIu64 " were seen",
                        c->origin, c->size, s->size);
    if ((ret = veil_logdir_root(l, s->size, root, err)) < 0)
        return ret;
    if (s->origin[0] && sodium_memcmp(root, s->root, sizeof(root)))
        return veil_err(err, VEIL_E_LOG_FORK, "log '%s': its first %" PRIu64 " leaves have changed",
                        c->origin, s->size);
    if ((ret = veil_logdir_root(l, c->size, root, err)) < 0)
        return ret;
    if (sodium_memcmp(root, c->root, sizeof(root)))
        return veil_err(err, VEIL_E_LOG_FORK, "log '%s': the leaves do not give the checkpoint's root",
                        c->origin);
    memcpy(s->origin, c->origin, sizeof(s->origin));
    s->size = c->size;
    memcpy(s->root, c->root, sizeof(s->root));
    if (c->time > s->time)
        s->time = c->time;
    return 0;
}
