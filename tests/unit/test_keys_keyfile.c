/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Key files, passphrases and small files: what is written comes back, whole,
 * private and only once.
 */
#include "keys_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/file.h"
#include "keys/keyfile.h"
#include "keys/passphrase.h"
#include "keys/secmem.h"

static char folder[] = "/tmp/veil-keyfile-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[128];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    return sodium_init() < 0 || !mkdtemp(folder);
}

static int remove_folder(void **state)
{
    static const char *const names[] = { "a.key", "b.key", "f" };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        unlink(in_folder(names[i]));
    return rmdir(folder); /* fails if a temporary file was left behind */
}

static void test_roles(void **state)
{
    (void)state;
    for (int role = 1; role < VEIL_ROLE_COUNT; role++)
        assert_int_equal(veil_role_find(veil_role_word(role)), role);
    assert_int_equal(veil_role_find("admin"), VEIL_ROLE_NONE);
    assert_null(veil_role_word(VEIL_ROLE_COUNT));
    assert_null(veil_role_word(0));
    assert_true(veil_role_signs(VEIL_ROLE_ISSUER));
    assert_false(veil_role_signs(VEIL_ROLE_SHARE));
}

static void test_signing_key_round_trip(void **state)
{
    VeilKey key, back;
    VeilErr err = { 0 };
    struct stat st;

    (void)state;
    assert_int_equal(veil_key_generate(&key, VEIL_ROLE_ISSUER, NULL), 0);
    assert_int_equal(veil_keyfile_write(in_folder("a.key"), &key, "correct horse", 13, false, NULL), 0);
    assert_int_equal(stat(in_folder("a.key"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, VEIL_KEYFILE_BYTES);
    assert_int_equal(
        veil_keyfile_read(&back, in_folder("a.key"), VEIL_ROLE_ISSUER, "correct horse", 13, NULL), 0);
    assert_memory_equal(back.secret, key.secret, 64);
    assert_memory_equal(back.public_key, key.public_key, 32);
    veil_key_clear(&back);
    fixture_refused(veil_keyfile_read(&back, in_folder("a.key"), VEIL_ROLE_POLICY, "correct horse", 13, &err),
                    VEIL_E_ROLE, &err, "'issuer'");
    assert_null(back.secret);
    fixture_refused(veil_keyfile_write(in_folder("a.key"), &key, "x", 1, false, &err), -EEXIST, &err,
                    "a.key");
    veil_key_clear(&key);
}

static void test_share_key_round_trip(void **state)
{
    Fixture t;
    VeilKey key, back;

    (void)state;
    fixture_init(&t);
    assert_int_equal(veil_key_from_share(&key, t.x[2], t.g.gid, 2, 5, NULL), 0);
    assert_memory_equal(key.public_key, t.g.yi[1], 32);
    assert_int_equal(veil_keyfile_write(in_folder("b.key"), &key, "p", 1, true, NULL), 0);
    assert_int_equal(veil_keyfile_read(&back, in_folder("b.key"), VEIL_ROLE_SHARE, "p", 1, NULL), 0);
    assert_memory_equal(back.secret, t.x[2], 32);
    assert_int_equal(back.index, 2);
    assert_int_equal(back.epoch, 5);
    assert_memory_equal(back.gid, t.g.gid, 32);
    veil_key_clear(&back);
    veil_key_clear(&key);
    assert_int_equal(veil_key_from_share(&key, fixture_q, t.g.gid, 2, 5, NULL), VEIL_E_SCALAR);
    assert_int_equal(veil_key_generate(&key, VEIL_ROLE_SHARE, NULL), VEIL_E_PRECONDITION);
}

static void test_small_files(void **state)
{
    VeilErr err = { 0 };
    uint8_t *bytes;
    size_t len;

    (void)state;
    assert_int_equal(veil_file_write(in_folder("f"), "one", 3, 0644, false, NULL), 0);
    assert_int_equal(veil_file_write(in_folder("f"), "two", 3, 0644, false, NULL), -EEXIST);
    assert_int_equal(veil_file_read(&bytes, &len, in_folder("f"), 3, NULL), 0);
    assert_string_equal((char *)bytes, "one");
    free(bytes);
    assert_int_equal(veil_file_write(in_folder("f"), "three", 5, 0644, true, NULL), 0);
    fixture_refused(veil_file_read(&bytes, &len, in_folder("f"), 4, &err), VEIL_E_TOO_LARGE, &err, "/f'");
    fixture_refused(veil_file_read(&bytes, &len, in_folder("none"), 4, &err), -ENOENT, &err, "/none'");
    assert_int_equal(veil_file_read(&bytes, &len, folder, 4, NULL), -EINVAL);
}

static void test_passphrases_from_a_descriptor(void **state)
{
    VeilPassphrase pass;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "first one\nsecond\n\n", 18), 18);
    close(ends[1]);
    assert_int_equal(veil_passphrase_from_fd(&pass, ends[0], NULL), 0);
    assert_string_equal(pass.at, "first one");
    veil_passphrase_clear(&pass);
    assert_int_equal(veil_passphrase_from_fd(&pass, ends[0], NULL), 0);
    assert_int_equal(pass.len, 6);
    veil_passphrase_clear(&pass);
    assert_int_equal(veil_passphrase_from_fd(&pass, ends[0], NULL), VEIL_E_KEYFILE); /* empty line */
    assert_int_equal(veil_passphrase_from_fd(&pass, ends[0], NULL), VEIL_E_KEYFILE); /* end */
    close(ends[0]);
    assert_int_equal(veil_passphrase_from_fd(&pass, -1, NULL), -EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_signing_key_round_trip),
        cmocka_unit_test(test_share_key_round_trip),
        cmocka_unit_test(test_small_files),
        cmocka_unit_test(test_passphrases_from_a_descriptor),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
