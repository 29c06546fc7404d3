/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "secmem.h"

#include <sodium.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* libsodium's widest frames are the tables of a scalar multiplication, under
 * 6 KiB; this covers them and the calls above. */
#define STACK_WIPE_BYTES 16384

void *veil_secret_new(size_t len)
{
    void *secret = sodium_malloc(len);

    if (secret)
        sodium_memzero(secret, len);
    return secret;
}

void veil_secret_free(void *secret)
{
    sodium_free(secret);
}

void veil_stack_wipe(void)
{
    sodium_stackzero(STACK_WIPE_BYTES);
}

int veil_secmem_harden(VeilErr *err)
{
    const struct rlimit none = { 0, 0 };

    if (sodium_init() < 0)
        return veil_err(err, VEIL_E_SECMEM, "libsodium did not start");
    if (setrlimit(RLIMIT_CORE, &none))
        return veil_err(err, VEIL_E_SECMEM, "core dumps could not be switched off");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
        return veil_err(err, VEIL_E_SECMEM, "the process could not be made undumpable");
    return 0;
}

bool veil_secmem_can_lock(size_t len)
{
    void *probe = malloc(len);
    bool locked;

    if (!probe)
        return false;
    if ((locked = !sodium_mlock(probe, len)))
        locked = !sodium_munlock(probe, len);
    free(probe);
    return locked;
}
