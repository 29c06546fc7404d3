/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Goal: no file makes the vault reader read out of bounds, hang, or hold more than its entries. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "keys/record.h"
#include "keys/vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_vault(const char *path)
{
    uint8_t *chunks;
    VeilVault *v;
    VeilErr err;

    if (veil_vault_open(&v, path, true, &err) < 0)
        return;
    (void)veil_vault_check(v, &err);
    if ((chunks = malloc((size_t)VEIL_CHUNKS_MAX * VEIL_CHUNK_SEALED)))
        for (uint32_t i = 0; i < veil_vault_info(v)->seal.units && i < 4; i++)
            (void)veil_vault_chunks(v, i, chunks, (size_t)VEIL_CHUNKS_MAX * VEIL_CHUNK_SEALED, &err);
    free(chunks);
    veil_vault_close(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VeilRecord r = { 0 };
    size_t at = 0;
    char path[64];
    int fd;

    if (sodium_init() < 0 || (fd = memfd_create("vault", MFD_CLOEXEC)) < 0)
        return 0;
    if (write(fd, data, size) == (ssize_t)size) {
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        read_vault(path);
    }
    close(fd);
    while (veil_record_next(&r, data, size, &at, 1920, 1080, NULL) > 0)
        ;
    return 0;
}
