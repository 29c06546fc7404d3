/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Options and settings: rows to values and back, ranges, and the chain that
 * settings describe. What is said about mistakes is tested end to end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <libavutil/mem.h>
#include <unistd.h>

#include "filters/chain.h"
#include "src/opts.h"
#include "src/settings.h"

typedef struct Target {
    bool flag;
    int number;
    double real;
    char *text, *word;
    VeilStrings list;
} Target;

#define ROW(field_) .offset = offsetof(Target, field_)
static const VeilOpt rows[] = {
    { "flag", 'f', VEIL_OPT_FLAG, ROW(flag), NULL, "a flag" },
    { "number", 'n', VEIL_OPT_INT, ROW(number), "N", "a number", -5, 10 },
    { "real", 0, VEIL_OPT_DOUBLE, ROW(real), "X", "a real", 0.5, 2 },
    { "text", 't', VEIL_OPT_STRING, ROW(text), "TEXT", "a text" },
    { "word", 0, VEIL_OPT_CHOICE, ROW(word), "WORD", "a word", .choices = "solid|mosaic|blur" },
    { "list", 'l', VEIL_OPT_LIST, ROW(list), "ITEM", "a list" },
    { NULL }
};

static int parse(Target *t, int argc, const char **argv, char **operands)
{
    return veil_opts_parse(t, rows, argc, (char **)argv, operands);
}

static void all_forms_are_read(void **state)
{
    const char *argv[] = { "cmd", "in.mp4", "-f", "--number=-5", "--real", "1.5", "-t", "a b", "--word=blur",
                           "-l", "one", "--list=two", "-", "--", "--flag", "-x" };
    char *operands[16];
    Target t = { 0 };

    (void)state;
    assert_int_equal(parse(&t, 16, argv, operands), 4);
    assert_string_equal(operands[0], "in.mp4");
    assert_string_equal(operands[1], "-");
    assert_string_equal(operands[2], "--flag");
    assert_string_equal(operands[3], "-x");
    assert_true(t.flag);
    assert_int_equal(t.number, -5);
    assert_float_equal(t.real, 1.5, 0);
    assert_string_equal(t.text, "a b");
    assert_string_equal(t.word, "blur");
    assert_int_equal(t.list.n, 2);
    assert_string_equal(t.list.at[1], "two");
    veil_opts_free(&t, rows);
    assert_null(t.text);
    assert_int_equal(t.list.n, 0);
}

static void later_beats_earlier(void **state)
{
    const char *argv[] = { "cmd", "--text=a", "--text=b", "--flag", "--no-flag", "-n", "1", "-n", "2" };
    char *operands[16];
    Target t = { 0 };

    (void)state;
    assert_int_equal(parse(&t, 9, argv, operands), 0);
    assert_string_equal(t.text, "b");
    assert_false(t.flag);
    assert_int_equal(t.number, 2);
    veil_opts_free(&t, rows);
}

static void mistakes_are_refused(void **state)
{
    static const char *const bad[][3] = {
        { "cmd", "--number=11" },   { "cmd", "--number=-6" },    { "cmd", "--number=1.5" }, { "cmd", "--number=" },
        { "cmd", "--number=1x" },   { "cmd", "--number", "x" },  { "cmd", "--number=nan" }, { "cmd", "--number=1e99" },
        { "cmd", "--real=0.49" },   { "cmd", "--real=inf" },     { "cmd", "--real=nan" },   { "cmd", "--word=sol" },
        { "cmd", "--word=" },       { "cmd", "--word=solid|mosaic" }, { "cmd", "--word=|" }, { "cmd", "--flag=yes" },
        { "cmd", "--text" },        { "cmd", "-t" },             { "cmd", "--nosuch" },     { "cmd", "-x" },
        { "cmd", "-fn" },           { "cmd", "--no-number" },    { "cmd", "---flag" },      { "cmd", "--=1" },
        { "cmd", "--aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *operands[4];
        Target t = { .number = 7 };

        if (parse(&t, bad[i][2] ? 3 : 2, (const char **)bad[i], operands) != -EINVAL)
            fail_msg("'%s' was taken", bad[i][1]);
        assert_int_equal(t.number, 7);
        veil_opts_free(&t, rows);
    }
}

static void values_print_as_they_read(void **state)
{
    const char *argv[] = { "cmd", "-f", "-n", "3", "--real=0.75", "--word=mosaic" };
    char *operands[8], text[64];
    Target t = { 0 };

    (void)state;
    assert_int_equal(parse(&t, 6, argv, operands), 0);
    assert_string_equal(veil_opts_print(&t, veil_opts_find(rows, "flag"), text, sizeof(text)), "true");
    assert_string_equal(veil_opts_print(&t, veil_opts_find(rows, "number"), text, sizeof(text)), "3");
    assert_string_equal(veil_opts_print(&t, veil_opts_find(rows, "real"), text, sizeof(text)), "0.75");
    assert_string_equal(veil_opts_print(&t, veil_opts_find(rows, "word"), text, sizeof(text)), "mosaic");
    assert_string_equal(veil_opts_print(&t, veil_opts_find(rows, "text"), text, sizeof(text)), "");
    assert_null(veil_opts_find(rows, "nosuch"));
    veil_opts_free(&t, rows);
}

/* ---- settings -------------------------------------------------------------------- */

static void rows_are_sound(void **state)
{
    VeilSettings s = { 0 };

    (void)state;
    assert_int_equal(veil_settings_init(&s), 0);
    for (const VeilOpt *row = veil_settings_rows; row->name; row++) {
        char text[4096];

        assert_ptr_equal(veil_opts_find(veil_settings_rows, row->name), row); /* no name twice */
        for (const VeilOpt *other = row + 1; row->letter && other->name; other++)
            assert_int_not_equal(row->letter, other->letter);
        assert_non_null(row->help);
        if (row->type != VEIL_OPT_FLAG && row->type != VEIL_OPT_CHOICE)
            assert_non_null(row->arg);
        /* Each default is one that the row itself would take. */
        if (row->type == VEIL_OPT_INT || row->type == VEIL_OPT_DOUBLE || row->type == VEIL_OPT_CHOICE)
            assert_int_equal(veil_opts_set(&s, row, veil_opts_print(&s, row, text, sizeof(text)), row->name), 0);
    }
    veil_opts_free(&s, veil_settings_rows);
}

static char *chain_of(const char *option, const char *value)
{
    VeilSettings s = { 0 };
    char *chain;

    assert_int_equal(veil_settings_init(&s), 0);
    if (option)
        assert_int_equal(veil_opts_set(&s, veil_opts_find(veil_settings_rows, option), value, option), 0);
    chain = veil_settings_chain(&s);
    veil_opts_free(&s, veil_settings_rows);
    assert_non_null(chain);
    return chain;
}

static void default_chain_finds_tracks_and_hides(void **state)
{
    char *chain = chain_of(NULL, NULL);
    const int flags = veil_chain_flags(chain);

    (void)state;
    assert_true(flags >= 0 && flags & VEIL_FILTER_FINDS && flags & VEIL_FILTER_HIDES && !(flags & VEIL_FILTER_SHOWS));
    assert_true(strstr(chain, "detect=") < strstr(chain, "track=") && strstr(chain, "track=") < strstr(chain, "cover="));
    av_free(chain);
}

/* Whatever a person types as a value stays that one value: no filter can be smuggled in, none lost. */
static void values_cannot_break_the_chain(void **state)
{
    static const char *const options[] = { "color", "detector", "zone" };
    static const char *const values[] = { "red,null", "red:style=blur", "a'b", "a\\", "a\\,b", "'", "''", "0,0 9,0 9,9 @1:00-2:00",
                                          "[x]", ";", "%", "red,cover=margin=0", "\\'" };

    (void)state;
    for (size_t o = 0; o < 3; o++)
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
            char *chain = chain_of(options[o], values[v]);
            const int flags = veil_chain_flags(chain);

            if (flags < 0 || !(flags & VEIL_FILTER_HIDES) || !(flags & VEIL_FILTER_FINDS))
                fail_msg("--%s '%s' breaks the chain: %s", options[o], values[v], chain);
            av_free(chain);
        }
}

static void typed_chain_is_taken_as_it_is(void **state)
{
    char *chain = chain_of("chain", "scale=640:-2,detect,cover");

    (void)state;
    assert_string_equal(chain, "scale=640:-2,detect,cover");
    av_free(chain);
}

static int load(const char *text, VeilSettings *s)
{
    char path[] = "/tmp/veil-unit.XXXXXX.cfg";
    const int fd = mkstemps(path, 4);
    int ret;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    assert_int_equal(veil_settings_init(s), 0);
    ret = veil_settings_load(s, path);
    unlink(path);
    return ret;
}

static void profiles_are_read(void **state)
{
    VeilSettings s = { 0 };

    (void)state;
    assert_int_equal(load("# comment\ncrf = 33;\nmargin = 1;\nlookahead = 2.5;\nstyle = \"blur\";\n"
                          "detect-every = 7\nzone = [ \"1,1 2,2 3,3\", \"4,4 5,5 6,6\" ];\naudio = \"drop\";", &s), 0);
    assert_int_equal(s.crf, 33);
    assert_float_equal(s.margin, 1, 0);
    assert_float_equal(s.lookahead, 2.5, 0);
    assert_string_equal(s.style, "blur");
    assert_int_equal(s.detect_every, 7);
    assert_int_equal(s.zone.n, 2);
    assert_string_equal(s.zone.at[1], "4,4 5,5 6,6");
    assert_string_equal(s.audio, "drop");
    assert_int_equal(s.cells, 6);
    veil_opts_free(&s, veil_settings_rows);
}

static void bad_profiles_are_refused(void **state)
{
    static const char *const bad[] = {
        "nosuch = 1;",        "crf = 64;",          "crf = -2;",      "crf = 1.5;",           "crf = \"x\";",
        "crf = true;",        "crf = [1];",         "crf = { a = 1; };", "margin = 3.0;",     "margin = \"wide\";",
        "style = \"smear\";", "style = 3;",         "output = \"a\";", "force = true;",       "allow-bare = true;",
        "profile = \"x\";",   "chain = \"null\";",  "chain = \"\";",  "chain = \"cover,draw\";", "crf = ;",
        "crf = 1; crf = 2;",  "= 1;",               "crf",            "zone = [ 1, 2 ]; x",   "@include \"/etc/passwd\"",
        "crf = 99999999999L;",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        VeilSettings s = { 0 };

        if (load(bad[i], &s) >= 0)
            fail_msg("profile '%s' was taken", bad[i]);
        veil_opts_free(&s, veil_settings_rows);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_forms_are_read),
        cmocka_unit_test(later_beats_earlier),
        cmocka_unit_test(mistakes_are_refused),
        cmocka_unit_test(values_print_as_they_read),
        cmocka_unit_test(rows_are_sound),
        cmocka_unit_test(default_chain_finds_tracks_and_hides),
        cmocka_unit_test(values_cannot_break_the_chain),
        cmocka_unit_test(typed_chain_is_taken_as_it_is),
        cmocka_unit_test(profiles_are_read),
        cmocka_unit_test(bad_profiles_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
