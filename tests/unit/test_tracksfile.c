/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file The tracks file: what is written reads the same, and every rule refuses what breaks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/tracksfile.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static VeilTracksFile *example(void)
{
    VeilTracksFile *t = veil_tracksfile_new();
    VeilTracksTrack *a, *b;

    assert_non_null(t);
    t->program = strdup("veil test");
    t->source.file = strdup("a \"b\" \xc3\xa9.mp4");
    memcpy(t->source.sha256, HEX, 65);
    t->source.width = 1920, t->source.height = 1080, t->source.rotation = 90;
    t->source.sar = (AVRational){ 1, 1 };
    t->source.frame_rate = (AVRational){ 25, 1 };
    t->source.time_base = (AVRational){ 1, 12800 };
    for (int i = 0; i < 10; i++)
        assert_int_equal(veil_tracksfile_add_pts(t, 1024 + i * 512), 0);
    t->detector = json_pack("{s:s, s:i}", "backend", "yunet", "size", 1280);
    assert_non_null(a = veil_tracksfile_add_track(t, 1));
    for (int i = 2; i < 8; i += 2)
        assert_int_equal(veil_tracksfile_add_box(a, &(VeilTracksBox){ i, 10.5f, -3, 20, 30.2f, 0.93f, VEIL_ORIGIN_FILLED }), 0);
    assert_non_null(b = veil_tracksfile_add_track(t, 7));
    b->action = VEIL_ACTION_KEEP;
    free(b->consent);
    b->consent = strdup("deadbeef");
    assert_int_equal(veil_tracksfile_add_box(b, &(VeilTracksBox){ 2, 100, 100, 20, 30, 1, VEIL_ORIGIN_MANUAL }), 0);
    t->zone = calloc(1, sizeof(*t->zone));
    t->n_zones = 1;
    t->zone[0] = (VeilTracksZone){ .id = 3, .from = 0, .to = 12.5, .point = calloc(3, sizeof(float[2])), .n = 3,
                                   .reason = strdup("window"), .note = strdup("") };
    t->zone[0].point[1][0] = t->zone[0].point[2][1] = 50.5f;
    t->mute = calloc(1, sizeof(*t->mute));
    t->n_mutes = 1;
    t->mute[0] = (VeilTracksMute){ 1, 2.25, strdup("name") };
    return t;
}

static char *text_of(const VeilTracksFile *t, size_t *len)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, len);

    assert_non_null(f);
    assert_int_equal(veil_tracksfile_print(t, f), 0);
    fclose(f);
    return text;
}

static void what_is_written_reads_the_same(void **state)
{
    VeilTracksFile *t = example(), *back;
    char why[VEIL_TRACKSFILE_WHY], *text, *again;
    size_t len, len2;

    (void)state;
    text = text_of(t, &len);
    assert_int_equal(veil_tracksfile_parse(&back, text, len, "x", why), 0);
    again = text_of(back, &len2);
    assert_string_equal(text, again);
    assert_int_equal(back->n_boxes, 4);
    assert_int_equal(back->track[1].action, VEIL_ACTION_KEEP);
    assert_string_equal(back->track[1].consent, "deadbeef");
    assert_string_equal(back->source.file, "a \"b\" \xc3\xa9.mp4");
    assert_int_equal(back->source.step, 512);
    assert_null(back->source.pts);
    assert_true(fabs((double)back->track[0].box[0].h - 30.2) < 0.01);
    veil_tracksfile_free(t);
    veil_tracksfile_free(back);
    free(text);
    free(again);
}

static void uneven_times_become_a_list(void **state)
{
    VeilTracksFile *t = example(), *back;
    char why[VEIL_TRACKSFILE_WHY], *text;
    size_t len;

    (void)state;
    for (int i = 0; i < 300; i++)
        assert_int_equal(veil_tracksfile_add_pts(t, 100000 + i * i * 7 + i), 0);
    text = text_of(t, &len);
    assert_int_equal(veil_tracksfile_parse(&back, text, len, "x", why), 0);
    assert_int_equal(back->source.frames, 310);
    assert_int_equal(veil_tracksfile_pts(back, 9), 1024 + 9 * 512);
    assert_int_equal(veil_tracksfile_pts(back, 309), 100000 + 299 * 299 * 7 + 299);
    free(text);
    veil_tracksfile_free(t);
    veil_tracksfile_free(back);
}

static void boxes_of_a_frame(void **state)
{
    VeilTracksFile *t = example();
    VeilBox boxes[4];

    (void)state;
    assert_int_equal(veil_tracksfile_at(t, 2, boxes, 4), 2);
    assert_int_equal(boxes[0].track, 1);
    assert_int_equal(boxes[0].origin, VEIL_ORIGIN_FILLED);
    assert_int_equal(boxes[1].action, VEIL_ACTION_KEEP);
    assert_int_equal(veil_tracksfile_at(t, 3, boxes, 4), 0);
    assert_int_equal(veil_tracksfile_at(t, 6, boxes, 4), 1);
    assert_int_equal(veil_tracksfile_at(t, 8, boxes, 4), 0);
    assert_int_equal(veil_tracksfile_at(t, 2, boxes, 1), -ENOSPC);
    assert_int_equal(veil_tracksfile_find(t, 7)->id, 7);
    assert_null(veil_tracksfile_find(t, 2));
    veil_tracksfile_free(t);
}

/* Each change to the good text breaks one rule, and the sentence says which. */
static void every_rule_refuses(void **state)
{
    static const struct { const char *find, *put, *said; } cases[] = {
        { "veil-tracks", "veil-trucks", "'format'" },
        { "\"version\": 1", "\"version\": 2", "version 1" },
        { "\"revision\": 0", "\"revision\": -1", "'revision'" },
        { "\"revision\": 0, ", "", "missing" },
        { "\"action\": \"cover\"", "\"acton\": \"cover\"", "'action'" },
        { "\"note\": \"\"", "\"note\": \"\", \"also\": 1", "key 'also' is unknown" },
        { "\"action\": \"cover\"", "\"action\": \"show\"", "track 1: action 'show'" },
        { "{\"id\": 7", "{\"id\": 1", "track 1 is there twice" },
        { "{\"id\": 7", "{\"id\": 0", "'id' is out of range" },
        { "[4,10.5", "[2,10.5", "rising frame" },
        { "[6,10.5", "[10,10.5", "frames 0 to 9" },
        { "[6,10.5", "[-1,10.5", "no such frame" },
        { "[6,10.5", "[6.0,10.5", "must be [frame" },
        { "[2,100.0,100.0,20.0", "[2,100.0,100.0,-20.0", "the box is no place" },
        { "[2,100.0", "[2,1e30", "the box is no place" },
        { "[2,100.0", "[2,null", "must be [frame" },
        { "\"m\",1.00", "\"m\",1.5", "score" },
        { "\"m\",1.00", "\"z\",1", "origin" },
        { "\"m\",1.00", "\"\",1", "origin" },
        { "\"sha256\": \"01", "\"sha256\": \"0Z", "sha256" },
        { "\"sha256\": \"01", "\"sha256\": \"0", "sha256" },
        { "\"width\": 1920", "\"width\": 0", "'width'" },
        { "\"rotation\": 90", "\"rotation\": 45", "rotation" },
        { "\"25/1\"", "\"25:1\"", "'frame_rate'" },
        { "\"1/12800\"", "\"0/12800\"", "time_base" },
        { "\"1/12800\"", "\"1/0\"", "'time_base'" },
        { "\"1/12800\"", "\"99999999999/1\"", "'time_base'" },
        { "\"frames\": 10", "\"frames\": 99999999999", "'frames'" },
        { "\"step\": 512", "\"step\": 0", "'step'" },
        { "{\"first\": 1024, \"step\": 512}", "[1,2,3]", "3 times for 10" },
        { "{\"first\": 1024, \"step\": 512}", "[1,2,3,4,5,6,7,8,9,9]", "times must rise" },
        { "{\"first\": 1024, \"step\": 512}", "7", "'pts'" },
        { "\"to\": 12.500000", "\"to\": -1", "zone 3: 'from'" },
        { "[[0.0,0.0],", "[", "2 points" },
        { "[0.0,50.5]", "[0.0,50.5,1]", "[x,y]" },
        { "\"to\": 2.250000", "\"to\": 0.5", "mute 1" },
        { "\"mutes\"", "\"mute\"", "unknown" },
        { "\"tracks\": [", "\"tracks\": {", "line" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        VeilTracksFile *t = example(), *back = NULL;
        char why[VEIL_TRACKSFILE_WHY], *text, *at, *bad;
        size_t len;

        text = text_of(t, &len);
        if (!(at = strstr(text, cases[i].find)))
            fail_msg("case %zu: '%s' is not in the text", i, cases[i].find);
        assert_true(asprintf(&bad, "%.*s%s%s", (int)(at - text), text, cases[i].put, at + strlen(cases[i].find)) > 0);
        if (veil_tracksfile_parse(&back, bad, strlen(bad), "x.json", why) >= 0)
            fail_msg("case %zu: '%s' was taken", i, cases[i].put);
        if (!strstr(why, cases[i].said) || !strstr(why, "'x.json'"))
            fail_msg("case %zu: said '%s', wanted '%s'", i, why, cases[i].said);
        assert_null(back);
        free(bad);
        free(text);
        veil_tracksfile_free(t);
    }
}

static void a_file_keeps_its_permissions(void **state)
{
    char path[] = "/tmp/veil-tracks.XXXXXX", why[VEIL_TRACKSFILE_WHY], part[64];
    VeilTracksFile *t = example(), *back;
    const int fd = mkstemp(path);
    struct stat st;

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    snprintf(part, sizeof(part), "%s.part", path);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(veil_tracksfile_write(t, path, true, why), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(veil_tracksfile_read(&back, path, why), 0);
    assert_int_not_equal(access(part, F_OK), 0);
    veil_tracksfile_free(back);
    t->track[0].box[0].w = NAN; /* nothing is written, the old one stays */
    assert_int_equal(veil_tracksfile_write(t, path, true, why), -EINVAL);
    assert_non_null(strstr(why, "track 1, frame 2"));
    assert_int_equal(veil_tracksfile_read(&back, path, why), 0);
    veil_tracksfile_free(back);
    unlink(path);
    veil_tracksfile_free(t);
}

static void a_missing_file_has_a_sentence(void **state)
{
    VeilTracksFile *t;
    char why[VEIL_TRACKSFILE_WHY];

    (void)state;
    assert_int_equal(veil_tracksfile_read(&t, "/nowhere/t.json", why), -ENOENT);
    assert_non_null(strstr(why, "'/nowhere/t.json'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_the_same), cmocka_unit_test(uneven_times_become_a_list),
        cmocka_unit_test(boxes_of_a_frame),               cmocka_unit_test(every_rule_refuses),
        cmocka_unit_test(a_file_keeps_its_permissions),   cmocka_unit_test(a_missing_file_has_a_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
