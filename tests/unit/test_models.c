/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * models.cfg, finding model files, and `veil models`, with folders of our own
 * in place of the network and the home folder.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "src/cmd.h"
#include "src/models.h"
#include "src/msg.h"

#define GOOD_BYTES "a network"

static char dir[40];
static char sha[VEIL_DIGEST_HEX];

static void put(const char *name, const char *text)
{
    char path[256];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    for (char *slash = strchr(path + 5, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0755);
        *slash = '/';
    }
    f = fopen(path, "wb");
    assert_non_null(f);
    fwrite(text, 1, strlen(text), f);
    fclose(f);
}

static bool there(const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return !access(path, F_OK);
}

static void point(const char *variable, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    setenv(variable, path, 1);
}

static void put_config(const char *file, const char *digest)
{
    char text[1024];

    snprintf(text, sizeof(text),
             "models = ({ name = \"net\"; role = \"detect\"; file = \"%s\"; sha256 = \"%s\"; source = \"\"; "
             "licence = \"MIT\"; bytes = 9; input = [0, 0]; colour = \"y\"; mean = [0.0, 1.5, 2.0]; "
             "std = [1.0, 1.0, 1.0]; decode = \"x\"; threshold = 0.5; });", file, digest);
    put("config/models.cfg", text);
}

static int set_up(void **state)
{
    char path[256];

    (void)state;
    strcpy(dir, "/tmp/veil-models-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    put("bytes", GOOD_BYTES);
    snprintf(path, sizeof(path), "%s/bytes", dir);
    assert_int_equal(veil_digest_file(path, sha), 0);
    point("VEIL_CONFIG", "config");
    point("VEIL_MODELS", "env");
    point("XDG_DATA_HOME", "xdg");
    point("VEIL_MODELS_MIRROR", "mirror");
    put_config("sub/net.bin", sha);
    return 0;
}

static int tear_down(void **state)
{
    char command[80];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}

static int run(const char *action, const char *name)
{
    char *argv[] = {"models", (char *)action, (char *)name, NULL};

    return veil_cmd_models.run(name ? 3 : 2, argv);
}

static void sha256_is_the_standard_one(void **state)
{
    char path[256], hex[VEIL_DIGEST_HEX];

    (void)state;
    put("abc", "abc"); /* FIPS 180-4's own example */
    snprintf(path, sizeof(path), "%s/abc", dir);
    assert_int_equal(veil_digest_file(path, hex), 0);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(veil_digest_file("/nonexistent/x", hex), -ENOENT);
}

static void description_is_read(void **state)
{
    VeilModels *models;
    const VeilModel *m;

    (void)state;
    assert_int_equal(veil_models_read(&models), 0);
    assert_int_equal(models->n, 1);
    m = veil_models_get(models, "net");
    assert_non_null(m);
    assert_null(veil_models_get(models, "other"));
    assert_string_equal(m->file, "sub/net.bin");
    assert_float_equal(m->mean[1], 1.5, 0);
    assert_float_equal(m->mean[2], 2, 0);
    assert_int_equal(m->bytes, 9);
    free(models);
}

static void the_shipped_description_is_read(void **state)
{
    VeilModels *models;

    (void)state;
    setenv("VEIL_CONFIG", "config", 1); /* tests run in the source tree's root */
    assert_int_equal(veil_models_read(&models), 0);
    assert_non_null(veil_models_get(models, "yunet-n"));
    assert_non_null(veil_models_get(models, "yunet"));
    assert_non_null(veil_models_get(models, "mobilefacenet"));
    free(models);
}

static void wrong_descriptions_are_refused(void **state)
{
    VeilModels *models;

    (void)state;
    put_config("../net.bin", sha);
    assert_int_equal(veil_models_read(&models), -EINVAL);
    put_config("/net.bin", sha);
    assert_int_equal(veil_models_read(&models), -EINVAL);
    put_config("net.bin", "abc");
    assert_int_equal(veil_models_read(&models), -EINVAL);
    put("config/models.cfg", "models = ({ name = ");
    assert_int_equal(veil_models_read(&models), -EINVAL);
    put("config/models.cfg", "");
    assert_int_equal(veil_models_read(&models), -EINVAL);
    assert_null(models);
    point("VEIL_CONFIG", "nowhere");
    assert_int_equal(veil_models_read(&models), -ENOENT);
}

static void files_are_found_in_order(void **state)
{
    char path[256], want[256];

    (void)state;
    assert_int_equal(veil_models_find("net", path, sizeof(path)), -ENOENT);
    assert_int_equal(veil_models_find("other", path, sizeof(path)), -EINVAL);
    put("xdg/veil/models/net.bin", GOOD_BYTES); /* by base name */
    assert_int_equal(veil_models_find("net", path, sizeof(path)), 0);
    snprintf(want, sizeof(want), "%s/xdg/veil/models/net.bin", dir);
    assert_string_equal(path, want);
    put("env/sub/net.bin", GOOD_BYTES);
    assert_int_equal(veil_models_find("net", path, sizeof(path)), 0);
    snprintf(want, sizeof(want), "%s/env/sub/net.bin", dir);
    assert_string_equal(path, want);
    assert_int_equal(veil_models_find("net", path, 10), -ENAMETOOLONG);
}

static void altered_files_are_refused(void **state)
{
    char path[256], want[256];

    (void)state;
    put("env/sub/net.bin", "b network");
    assert_int_equal(veil_models_find("net", path, sizeof(path)), -EBADMSG);
    snprintf(want, sizeof(want), "%s/env/sub/net.bin", dir);
    assert_string_equal(path, want);
    put("xdg/veil/models/sub/net.bin", GOOD_BYTES); /* a right one elsewhere is used */
    assert_int_equal(veil_models_find("net", path, sizeof(path)), 0);
    assert_int_equal(run("verify", "net"), VEIL_EXIT_DONE);
}

static void verify_says_no(void **state)
{
    (void)state;
    assert_int_equal(run("list", NULL), VEIL_EXIT_DONE);
    assert_int_equal(run("verify", NULL), VEIL_EXIT_DONE); /* never fetched */
    assert_int_equal(run("verify", "net"), VEIL_EXIT_NO);
    put("env/sub/net.bin", "b network");
    assert_int_equal(run("verify", NULL), VEIL_EXIT_NO);
    assert_int_equal(run("verify", "other"), VEIL_EXIT_ERROR);
    assert_int_equal(run("guess", NULL), VEIL_EXIT_ERROR);
}

static void fetch_takes_only_the_right_file(void **state)
{
    (void)state;
    assert_int_equal(run("fetch", "net"), VEIL_EXIT_ERROR); /* no mirror */
    put("mirror/net.bin", "b network");
    assert_int_equal(run("fetch", "net"), VEIL_EXIT_ERROR);
    put("mirror/net.bin", "a network and more");
    assert_int_equal(run("fetch", "net"), VEIL_EXIT_ERROR);
    assert_false(there("xdg/veil/models/sub/net.bin"));
    assert_false(there("xdg/veil/models/sub/net.bin.part"));
    put("mirror/net.bin", GOOD_BYTES);
    assert_int_equal(run("fetch", "net"), VEIL_EXIT_DONE);
    assert_true(there("xdg/veil/models/sub/net.bin"));
    assert_false(there("xdg/veil/models/sub/net.bin.part"));
    assert_int_equal(run("fetch", "net"), VEIL_EXIT_DONE); /* already there */
    unsetenv("VEIL_MODELS_MIRROR");
    assert_int_equal(run("fetch", "net"), VEIL_EXIT_DONE);
}

#define FRESH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(sha256_is_the_standard_one),
        FRESH(description_is_read),
        FRESH(the_shipped_description_is_read),
        FRESH(wrong_descriptions_are_refused),
        FRESH(files_are_found_in_order),
        FRESH(altered_files_are_refused),
        FRESH(verify_says_no),
        FRESH(fetch_takes_only_the_right_file),
    };

    veil_msg_set_level(VEIL_MSG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
