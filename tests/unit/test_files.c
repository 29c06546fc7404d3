/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file Part files, digests and the places where profiles are looked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
#include <unistd.h>

#include "src/digest.h"
#include "src/partfile.h"
#include "src/paths.h"

static char folder[] = "/tmp/veil-unit.XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][PATH_MAX];
    static int next;
    char *p = path[next++ % 4];

    snprintf(p, PATH_MAX, "%s/%s", folder, name);
    return p;
}

static bool exists(const char *name)
{
    struct stat st;

    return lstat(in_folder(name), &st) == 0;
}

static void put_text(const char *name, const char *text)
{
    FILE *f = fopen(in_folder(name), "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void assert_text(const char *name, const char *text)
{
    char got[64] = "";
    FILE *f = fopen(in_folder(name), "r");

    assert_non_null(f);
    assert_int_equal(fread(got, 1, sizeof(got) - 1, f), strlen(text));
    fclose(f);
    assert_string_equal(got, text);
}

static void commit_gives_the_name(void **state)
{
    VeilPartFile f;

    (void)state;
    assert_int_equal(veil_partfile_begin(&f, in_folder("a"), false), 0);
    assert_true(exists("a.part") && !exists("a"));
    assert_int_equal(write(f.fd, "whole", 5), 5);
    assert_int_equal(veil_partfile_commit(&f), 0);
    assert_true(exists("a") && !exists("a.part"));
    assert_text("a", "whole");
    veil_partfile_abandon(&f);
    assert_true(exists("a"));
}

static void abandon_leaves_nothing(void **state)
{
    VeilPartFile f, zero = { 0 };

    (void)state;
    assert_int_equal(veil_partfile_begin(&f, in_folder("b"), false), 0);
    veil_partfile_abandon(&f);
    veil_partfile_abandon(&f);
    assert_true(!exists("b") && !exists("b.part"));
    veil_partfile_abandon(&zero);
    assert_int_equal(fcntl(0, F_GETFD) < 0 ? errno : 0, 0); /* descriptor 0 was not closed */
}

static void existing_is_refused(void **state)
{
    VeilPartFile f;

    (void)state;
    put_text("c", "old");
    assert_int_equal(veil_partfile_begin(&f, in_folder("c"), false), -EEXIST);
    veil_partfile_abandon(&f);
    assert_true(!exists("c.part"));
    assert_text("c", "old");
}

static void existing_is_replaced_only_at_the_end(void **state)
{
    VeilPartFile f;

    (void)state;
    put_text("d", "old");
    assert_int_equal(veil_partfile_begin(&f, in_folder("d"), true), 0);
    assert_int_equal(write(f.fd, "new", 3), 3);
    assert_text("d", "old");
    assert_int_equal(veil_partfile_commit(&f), 0);
    assert_text("d", "new");
}

static void appeared_meanwhile_is_refused(void **state)
{
    VeilPartFile f;

    (void)state;
    assert_int_equal(veil_partfile_begin(&f, in_folder("e"), false), 0);
    put_text("e", "theirs");
    assert_int_equal(veil_partfile_commit(&f), -EEXIST);
    assert_text("e", "theirs");
    assert_true(!exists("e.part"));
}

static void second_run_is_refused(void **state)
{
    VeilPartFile first, second;

    (void)state;
    assert_int_equal(veil_partfile_begin(&first, in_folder("f"), true), 0);
    assert_int_equal(write(first.fd, "first", 5), 5);
    assert_int_equal(veil_partfile_begin(&second, in_folder("f"), true), -EWOULDBLOCK);
    veil_partfile_abandon(&second);
    assert_text("f.part", "first");
    assert_int_equal(veil_partfile_commit(&first), 0);
    assert_text("f", "first");
}

static void leftover_part_is_emptied(void **state)
{
    VeilPartFile f;
    struct stat st;

    (void)state;
    put_text("g.part", "of a killed run");
    assert_int_equal(veil_partfile_begin(&f, in_folder("g"), false), 0);
    assert_int_equal(fstat(f.fd, &st), 0);
    assert_int_equal(st.st_size, 0);
    veil_partfile_abandon(&f);
    assert_true(!exists("g.part"));
}

static void odd_places_are_refused(void **state)
{
    VeilPartFile f;

    (void)state;
    assert_true(veil_partfile_begin(&f, in_folder("none/h"), false) < 0);
    veil_partfile_abandon(&f);
    assert_int_equal(mkdir(in_folder("dir"), 0755), 0);
    assert_true(veil_partfile_begin(&f, in_folder("dir"), true) < 0);
    assert_int_equal(mkdir(in_folder("i.part"), 0755), 0);
    assert_true(veil_partfile_begin(&f, in_folder("i"), true) < 0);
    assert_true(exists("i.part"));
    assert_int_equal(symlink("target", in_folder("j.part")), 0);
    assert_true(veil_partfile_begin(&f, in_folder("j"), true) < 0);
    assert_true(exists("j.part") && !exists("target"));
}

static void read_only_folder_is_refused(void **state)
{
    VeilPartFile f;

    (void)state;
    if (!geteuid())
        skip(); /* root may write anywhere */
    assert_int_equal(mkdir(in_folder("locked"), 0555), 0);
    assert_int_equal(veil_partfile_begin(&f, in_folder("locked/k"), false), -EACCES);
    veil_partfile_abandon(&f);
}

static void digests_are_sha256(void **state)
{
    char hex[VEIL_DIGEST_HEX];
    FILE *f;

    (void)state;
    put_text("empty", "");
    assert_int_equal(veil_digest_file(in_folder("empty"), hex), 0);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    put_text("abc", "abc");
    assert_int_equal(veil_digest_file(in_folder("abc"), hex), 0);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    f = fopen(in_folder("million"), "w");
    assert_non_null(f);
    for (int i = 0; i < 1000000; i++)
        fputc('a', f);
    fclose(f);
    put_text("x", "x");
    assert_int_equal(veil_digest_file(in_folder("million"), hex), 0);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_int_equal(veil_digest_file(in_folder("nosuch"), hex), -ENOENT);
    assert_int_equal(veil_digest_file(folder, hex), -EINVAL);
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    assert_int_equal(veil_digest_file(in_folder("fifo"), hex), -EINVAL); /* and does not wait for a writer */
}

static void profiles_are_found(void **state)
{
    char path[PATH_MAX], cramped[4];

    (void)state;
    put_text("mine.cfg", "crf = 1;\n");
    assert_int_equal(veil_paths_config(in_folder("mine.cfg"), path, sizeof(path)), 0);
    assert_string_equal(path, in_folder("mine.cfg"));
    assert_int_equal(veil_paths_config(in_folder("none.cfg"), path, sizeof(path)), -ENOENT);
    assert_int_equal(setenv("VEIL_CONFIG", folder, 1), 0);
    assert_int_equal(veil_paths_config("mine", path, sizeof(path)), 0);
    assert_string_equal(path, in_folder("mine.cfg"));
    assert_int_equal(veil_paths_config("yours", path, sizeof(path)), -ENOENT);
    assert_int_equal(veil_paths_config("mine", cramped, sizeof(cramped)), -ENOENT);
    unsetenv("VEIL_CONFIG");
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[PATH_MAX];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commit_gives_the_name),
        cmocka_unit_test(abandon_leaves_nothing),
        cmocka_unit_test(existing_is_refused),
        cmocka_unit_test(existing_is_replaced_only_at_the_end),
        cmocka_unit_test(appeared_meanwhile_is_refused),
        cmocka_unit_test(second_run_is_refused),
        cmocka_unit_test(leftover_part_is_emptied),
        cmocka_unit_test(odd_places_are_refused),
        cmocka_unit_test(read_only_folder_is_refused),
        cmocka_unit_test(digests_are_sha256),
        cmocka_unit_test(profiles_are_found),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
