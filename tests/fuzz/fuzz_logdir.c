/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goal: no bytes in the files of a log's folder, or in the state that a reader keeps of it, make
 * their readers or the monitor read out of bounds. The files stand in the input, each ended by a 0 byte:
 * origin, checkpoint, state, kept checkpoint, published warrant, then the leaves. */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/monitor.h"

#define FIRST_LEAF 5
#define FILES      (FIRST_LEAF + 6)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/dev/shm/veil-fuzz-log.XXXXXX"; /* memory: a disk is a hundred times slower */
static char path[FILES][64];

static void clean_up(void)
{
    char name[64];

    for (int i = 0; i < FILES; i++)
        unlink(path[i]);
    snprintf(name, sizeof(name), "%s/entries", folder);
    rmdir(name);
    snprintf(name, sizeof(name), "%s/warrants", folder);
    rmdir(name);
    rmdir(folder);
}

static void set_up(void)
{
    static const char *const names[] = { "origin", "checkpoint", "state", "kept", "warrants/000000000000" };
    char name[64];

    if (path[0][0])
        return;
    if (sodium_init() < 0)
        abort();
    if (!mkdtemp(folder)) {
        strcpy(folder, "/tmp/veil-fuzz-log.XXXXXX");
        if (!mkdtemp(folder))
            abort();
    }
    snprintf(name, sizeof(name), "%s/entries", folder);
    mkdir(name, 0700);
    snprintf(name, sizeof(name), "%s/warrants", folder);
    mkdir(name, 0700);
    for (int i = 0; i < FILES; i++)
        if (i < FIRST_LEAF)
            snprintf(path[i], sizeof(path[i]), "%s/%s", folder, names[i]);
        else
            snprintf(path[i], sizeof(path[i]), "%s/entries/%012d", folder, i - FIRST_LEAF);
    atexit(clean_up);
}

static void put(const char *name, const uint8_t *bytes, size_t len)
{
    const int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
        abort();
    close(fd);
}

static void ignore(void *opaque, const VeilFinding *f)
{
    (void)opaque;
    (void)f;
}

static void use(const uint8_t *kept, size_t kept_len)
{
    static const VeilPolicy policy = {
        .log = { .log.name = "example.org/log", .witness = { { "w", { 1 } } }, .witnesses = 1, .quorum = 1 }
    };
    static const VeilGroup group = { .key.n = 2 };
    VeilMonitor m = { .policy = &policy, .policies = 1, .group = &group, .groups = 1, .found = ignore };
    VeilCheckpoint c = { .origin = "example.org/log", .size = 1 };
    VeilLogDir *l = NULL;
    VeilLogState s;
    VeilText t = { 0 };
    bool accepted;
    VeilErr err;

    if (veil_logstate_load(&s, path[2], &err) < 0)
        s = (VeilLogState){ 0 };
    if (veil_logdir_open(&l, folder, &err) < 0)
        return;
    (void)veil_logstate_advance(&s, l, &c, &err);
    (void)veil_logdir_prove(l, 0, &t, &err);
    m.log = l;
    (void)veil_monitor_checkpoint(&m, kept_len ? kept : NULL, kept_len, &accepted, &err);
    (void)veil_monitor_leaves(&m, &err);
    veil_text_free(&t);
    veil_logdir_close(l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *kept = NULL;
    size_t kept_len = 0;
    int i;

    set_up();
    for (i = 0; i < FILES && size; i++) {
        const uint8_t *end = memchr(data, 0, size);
        const size_t len = end ? (size_t)(end - data) : size;

        put(path[i], data, len);
        if (i == 3) {
            kept = data;
            kept_len = len;
        }
        data += len + !!end;
        size -= len + !!end;
    }
    for (; i < FILES; i++)
        unlink(path[i]);
    use(kept, kept_len);
    return 0;
}
