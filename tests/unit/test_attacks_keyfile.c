/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Attack 38 of PROTOCOL section 9: key files that must not be used.
 */
#include "keys_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "keys/file.h"
#include "keys/keyfile.h"

#define PASS     "correct horse"
#define PASS_LEN (sizeof(PASS) - 1)

static char folder[] = "/tmp/veil-attack38-XXXXXX";
static char path[64], link_path[64];
static uint8_t good[VEIL_KEYFILE_BYTES];

static int make(void **state)
{
    VeilKey key;

    (void)state;
    if (sodium_init() < 0 || !mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/k", folder);
    snprintf(link_path, sizeof(link_path), "%s/l", folder);
    if (veil_key_generate(&key, VEIL_ROLE_CUSTODIAN, NULL) < 0 ||
        veil_keyfile_lock(good, &key, PASS, PASS_LEN, NULL) < 0)
        return -1;
    veil_key_clear(&key);
    return veil_file_write(path, good, sizeof(good), 0600, false, NULL);
}

static int clean(void **state)
{
    (void)state;
    unlink(path);
    unlink(link_path);
    return rmdir(folder);
}

static void not_unlocked(const uint8_t *bytes, size_t len, const char *pass, const char *object)
{
    VeilKey key;
    VeilErr err = { 0 };

    fixture_refused(veil_keyfile_unlock(&key, bytes, len, pass, strlen(pass), &err), VEIL_E_KEYFILE, &err,
                    object);
    assert_null(key.secret);
}

static void test_attack_38_wrong_passphrase(void **state)
{
    VeilKey key;

    (void)state;
    not_unlocked(good, sizeof(good), "correct horsf", "custodian-sign");
    not_unlocked(good, sizeof(good), "", "empty passphrase");
    assert_int_equal(veil_keyfile_unlock(&key, good, sizeof(good), PASS, PASS_LEN, NULL), 0);
    veil_key_clear(&key);
}

/* Parameters are refused before they are used: the answer comes at once. */
static void test_attack_38_argon2_parameters(void **state)
{
    static const struct {
        uint64_t ops, mem;
    } bad[] = { { 1, VEIL_KEYFILE_MEM_MIN },
                { VEIL_KEYFILE_OPS_MAX + 1, VEIL_KEYFILE_MEM_MIN },
                { UINT64_MAX, VEIL_KEYFILE_MEM_MIN },
                { VEIL_KEYFILE_OPS_MIN, 8192 },
                { VEIL_KEYFILE_OPS_MIN, (uint64_t)VEIL_KEYFILE_MEM_MAX + 1 },
                { VEIL_KEYFILE_OPS_MIN, UINT64_MAX } };
    uint8_t bytes[VEIL_KEYFILE_BYTES];
    const clock_t start = clock();

    (void)state;
    for (size_t m = 0; m < sizeof(bad) / sizeof(bad[0]); m++) {
        memcpy(bytes, good, sizeof(good));
        veil_put_le64(bytes + 81, bad[m].ops);
        veil_put_le64(bytes + 89, bad[m].mem);
        not_unlocked(bytes, sizeof(bytes), PASS, "operations");
    }
    assert_true(clock() - start < CLOCKS_PER_SEC / 10);
}

static void test_attack_38_edited_header(void **state)
{
    /* role, index, epoch, gid, public key, salt, nonce, secret, tag */
    static const int at[] = { 8, 9, 13, 17, 49, 97, 113, 137, 184 };
    uint8_t bytes[VEIL_KEYFILE_BYTES];

    (void)state;
    for (size_t m = 0; m < sizeof(at) / sizeof(at[0]); m++) {
        memcpy(bytes, good, sizeof(good));
        bytes[at[m]] ^= 1; /* role 2 becomes 3: another, known role */
        not_unlocked(bytes, sizeof(bytes), PASS, "key file of role");
    }
    memcpy(bytes, good, sizeof(good));
    veil_put_le64(bytes + 81, VEIL_KEYFILE_OPS_MIN + 1); /* allowed, but not what was written */
    not_unlocked(bytes, sizeof(bytes), PASS, "key file of role");
    memcpy(bytes, good, sizeof(good));
    bytes[8] = 99;
    not_unlocked(bytes, sizeof(bytes), PASS, "not a key file");
    memcpy(bytes, good, sizeof(good));
    bytes[7] = '2';
    not_unlocked(bytes, sizeof(bytes), PASS, "not a key file");
    not_unlocked(good, sizeof(good) - 1, PASS, "not a key file");
}

static void not_loaded(const char *file, const char *object)
{
    uint8_t bytes[VEIL_KEYFILE_BYTES];
    VeilErr err = { 0 };

    fixture_refused(veil_keyfile_load(bytes, file, &err), VEIL_E_KEYFILE, &err, object);
}

static void test_attack_38_loose_mode(void **state)
{
    static const mode_t loose[] = { 0640, 0604, 0620, 0602, 0644, 0666, 0610 };
    uint8_t bytes[VEIL_KEYFILE_BYTES];

    (void)state;
    for (size_t m = 0; m < sizeof(loose) / sizeof(loose[0]); m++) {
        assert_int_equal(chmod(path, loose[m]), 0);
        not_loaded(path, "so others may use it");
    }
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(veil_keyfile_load(bytes, path, NULL), 0);
}

static void test_attack_38_symlink_and_other_files(void **state)
{
    VeilErr err = { 0 };
    VeilKey key;

    (void)state;
    assert_int_equal(symlink(path, link_path), 0);
    not_loaded(link_path, "symbolic link");
    /* and one is not written through */
    assert_int_equal(veil_key_generate(&key, VEIL_ROLE_LOG, NULL), 0);
    fixture_refused(veil_keyfile_write(link_path, &key, PASS, PASS_LEN, false, &err), -17, &err, link_path);
    veil_key_clear(&key);
    not_loaded(folder, "is not a file of 185 bytes");
    assert_int_equal(truncate(path, 184), 0);
    not_loaded(path, "is not a file of 185 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attack_38_wrong_passphrase),
        cmocka_unit_test(test_attack_38_argon2_parameters),
        cmocka_unit_test(test_attack_38_edited_header),
        cmocka_unit_test(test_attack_38_loose_mode),
        cmocka_unit_test(test_attack_38_symlink_and_other_files),
    };

    return cmocka_run_group_tests(tests, make, clean);
}
