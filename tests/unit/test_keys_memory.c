/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Secrets are gone from memory after use. Each case uses a secret and returns
 * only a masked copy of it; then every writable page of this process is
 * searched for the secret through /proc/self/mem. A first case keeps a secret
 * on purpose, to show that the search would find one. AddressSanitizer keeps
 * freed memory and terabytes of shadow, so its build skips the searches.
 */
#include "keys/tdh2.c"

#include "keys_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "keys/keyfile.h"
#include "keys/passphrase.h"
#include "keys/release.h"
#include "keys/secmem.h"

#define MASK   0x5a
#define WINDOW (1u << 20)

/* What is looked for, masked so that the needle itself is not found. */
static uint8_t needle[32];

static void remember(const uint8_t secret[32])
{
    for (int i = 0; i < 32; i++)
        needle[i] = secret[i] ^ MASK;
}

static bool is_needle(const uint8_t *at)
{
    for (int i = 0; i < 32; i++)
        if ((at[i] ^ MASK) != needle[i])
            return false;
    return true;
}

static int count_in(int mem, off_t from, off_t to, uint8_t *window, uintptr_t self)
{
    int found = 0;

    for (off_t at = from; at < to; at += WINDOW - 32) {
        const size_t want = to - at < WINDOW ? (size_t)(to - at) : WINDOW;
        const ssize_t got = pread(mem, window, want, at);

        for (ssize_t m = 0; m + 32 <= got; m++) {
            const uintptr_t place = (uintptr_t)at + (uintptr_t)m;
            const bool own = place + 32 > self && place < self + WINDOW; /* our window is no evidence */

            found += !own && is_needle(window + m);
        }
        sodium_memzero(window, WINDOW);
    }
    return found;
}

/* How often the secret stands in a page that this process can read. */
static int count_copies(void)
{
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    FILE *maps = fopen("/proc/self/maps", "r");
    const int mem = open("/proc/self/mem", O_RDONLY);
    uint8_t *window = malloc(WINDOW);
    char line[512];
    int found = 0;

    assert_true(maps && mem >= 0 && window);
    while (fgets(line, sizeof(line), maps)) {
        unsigned long from, to;
        char mode[5];

        if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) == 3 && mode[0] == 'r' && !strstr(line, "[v"))
            found += count_in(mem, (off_t)from, (off_t)to, window, (uintptr_t)window);
    }
    free(window);
    close(mem);
    fclose(maps);
    return found;
}

static void test_the_search_finds_a_secret_that_is_kept(void **state)
{
    uint8_t *secret = veil_secret_new(32);

    (void)state;
    assert_non_null(secret);
    randombytes_buf(secret, 32);
    remember(secret);
    assert_int_equal(count_copies(), 1);
    veil_secret_free(secret);
    assert_int_equal(count_copies(), 0);
}

static void __attribute__((noinline)) answer_with_share(Fixture *t)
{
    uint8_t *x = veil_secret_new(32);
    VeilCt ct;
    VeilShare share;

    assert_non_null(x);
    memcpy(x, t->x[1], 32);
    remember(x);
    sodium_memzero(t->x, sizeof(t->x)); /* x_1 follows from a_0 and a_1 only */
    assert_int_equal(veil_tdh2_seal(&ct, &t->g, &t->unit, t->key, NULL), 0);
    assert_int_equal(veil_tdh2_partial(&share, &t->g, 1, x, &t->unit, t->wid, &ct, NULL), 0);
    veil_secret_free(x);
}

static void test_share_key_is_gone_after_an_answer(void **state)
{
    Fixture t;

    (void)state;
    fixture_init(&t);
    answer_with_share(&t);
    assert_int_equal(count_copies(), 0);
}

/* r alone opens the unit, so it must go as surely as the key. */
static void __attribute__((noinline)) seal_with_known_r(Fixture *t)
{
    uint8_t *r = veil_secret_new(32);
    VeilCt ct;

    assert_non_null(r);
    crypto_core_ristretto255_scalar_random(r);
    remember(r);
    assert_int_equal(seal_with(&ct, &t->g, &t->unit, t->key, r, NULL, NULL), 0);
    assert_int_equal(veil_tdh2_verify(&ct, &t->g, &t->unit, NULL), 0);
    veil_secret_free(r);
}

static void test_r_is_gone_after_sealing(void **state)
{
    Fixture t;

    (void)state;
    fixture_init(&t);
    seal_with_known_r(&t);
    assert_int_equal(count_copies(), 0);
}

static void __attribute__((noinline)) open_unit(Fixture *t)
{
    uint8_t *key = veil_secret_new(32);
    VeilShare shares[2];
    VeilCt ct;

    assert_non_null(key);
    randombytes_buf(key, 32);
    remember(key);
    assert_int_equal(veil_tdh2_seal(&ct, &t->g, &t->unit, key, NULL), 0);
    sodium_memzero(key, 32);
    assert_int_equal(veil_tdh2_partial(&shares[0], &t->g, 1, t->x[1], &t->unit, t->wid, &ct, NULL), 0);
    assert_int_equal(veil_tdh2_partial(&shares[1], &t->g, 3, t->x[3], &t->unit, t->wid, &ct, NULL), 0);
    assert_int_equal(veil_tdh2_combine(key, &t->g, &t->unit, t->wid, &ct, shares, 2, NULL, NULL), 0);
    assert_true(is_needle(key));
    veil_secret_free(key);
}

static void test_unit_key_is_gone_after_opening(void **state)
{
    Fixture t;

    (void)state;
    fixture_init(&t);
    open_unit(&t);
    assert_int_equal(count_copies(), 0);
}

static void __attribute__((noinline)) lock_and_unlock(void)
{
    static const char pass[] = "a passphrase of thirty-two bytes";
    uint8_t bytes[VEIL_KEYFILE_BYTES];
    VeilKey key, back;

    assert_int_equal(veil_key_generate(&key, VEIL_ROLE_CUSTODIAN, NULL), 0);
    remember(key.secret);
    assert_int_equal(veil_keyfile_lock(bytes, &key, pass, 32, NULL), 0);
    veil_key_clear(&key);
    assert_int_equal(veil_keyfile_unlock(&back, bytes, sizeof(bytes), pass, 32, NULL), 0);
    assert_true(is_needle(back.secret));
    veil_key_clear(&back);
}

static void test_secret_key_is_gone_after_its_file_is_closed(void **state)
{
    (void)state;
    lock_and_unlock();
    assert_int_equal(count_copies(), 0);
}

static void __attribute__((noinline)) read_passphrase(void)
{
    VeilPassphrase pass;
    uint8_t letters[33];
    int ends[2];

    for (int i = 0; i < 32; i++)
        letters[i] = (uint8_t)('a' + randombytes_uniform(26));
    letters[32] = '\n';
    remember(letters);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], letters, 33), 33);
    sodium_memzero(letters, sizeof(letters));
    assert_int_equal(veil_passphrase_from_fd(&pass, ends[0], NULL), 0);
    assert_true(is_needle((const uint8_t *)pass.at));
    veil_passphrase_clear(&pass);
    close(ends[0]);
    close(ends[1]);
}

static void test_passphrase_is_gone(void **state)
{
    (void)state;
    read_passphrase();
    assert_int_equal(count_copies(), 0);
}

static void test_hardening(void **state)
{
    struct rlimit core, locked;

    (void)state;
    assert_int_equal(veil_secmem_harden(NULL), 0);
    assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
    assert_int_equal(core.rlim_cur, 0);
    assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
    assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &locked), 0);
    if (locked.rlim_cur >= 65536)
        assert_true(veil_secmem_can_lock(4096));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_search_finds_a_secret_that_is_kept),
        cmocka_unit_test(test_share_key_is_gone_after_an_answer),
        cmocka_unit_test(test_r_is_gone_after_sealing),
        cmocka_unit_test(test_unit_key_is_gone_after_opening),
        cmocka_unit_test(test_secret_key_is_gone_after_its_file_is_closed),
        cmocka_unit_test(test_passphrase_is_gone),
        cmocka_unit_test(test_hardening),
    };

    if (sodium_init() < 0)
        return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
