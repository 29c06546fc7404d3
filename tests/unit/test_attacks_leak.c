/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Attack 40 of PROTOCOL section 9: a published video that still has source
 * packets, extra streams, attachments, thumbnails or metadata. Each is built
 * with ffmpeg from one published file that is clean.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "keys_fixture.h"
#include "src/leak.h"

#define FF    "ffmpeg -nostdin -v error -y "
#define CLEAN " -map_metadata -1 -fflags +bitexact "

static char folder[] = "/tmp/veil-leak.XXXXXX";

/* Run in the folder; every part of it must work. */
static void make(const char *command)
{
    char line[2048];

    snprintf(line, sizeof(line), "cd %s && %s", folder, command);
    if (system(line) != 0)
        fail_msg("cannot make: %s", command);
}

static int check(const char *published, const char *source, const char *keep, VeilErr *err)
{
    char a[128], b[128];

    snprintf(a, sizeof(a), "%s/%s", folder, published);
    snprintf(b, sizeof(b), "%s/%s", folder, source ? source : "");
    return veil_leak_check(a, source ? b : NULL, keep, err);
}

static void refused(const char *published, const char *source, const char *object)
{
    VeilErr err = { 0 };

    fixture_refused(check(published, source, NULL, &err), VEIL_E_LEAK, &err, object);
}

static int setup(void **state)
{
    (void)state;
    if (system("ffmpeg -version >/dev/null 2>&1") != 0)
        return 0;
    assert_non_null(mkdtemp(folder));
    make(FF
         "-f lavfi -i testsrc2=s=160x128:r=25:d=1 -f lavfi -i sine=d=1 -c:v libx264 -preset veryfast -crf 20 "
         "-c:a aac -metadata title=secret -metadata location=+51.5-0.1/ source.mp4");
    make(
        FF
        "-i source.mp4 -map 0:v -map 0:a -c:v libx264 -preset veryfast -crf 24 -vf drawbox=t=fill -c:a copy" CLEAN
        "clean.mp4");
    make(
        FF
        "-f lavfi -i color=red:s=64x64:d=0.04 -frames:v 1 cover.png && echo secret > note.txt && "
        "printf '1\\n00:00:00,000 --> 00:00:00,900\\nsecret\\n' > words.srt && "
        "printf ';FFMETADATA1\\n[CHAPTER]\\nTIMEBASE=1/1000\\nSTART=0\\nEND=500\\ntitle=secret\\n' > chapters.txt");
    return 0;
}

static int teardown(void **state)
{
    char line[256];

    (void)state;
    snprintf(line, sizeof(line), "rm -rf %s", folder);
    return folder[strlen(folder) - 1] == 'X' ? 0 : system(line);
}

static void need_ffmpeg(void)
{
    if (folder[strlen(folder) - 1] == 'X') {
        print_message("no ffmpeg: skipped\n");
        skip();
    }
}

static void attack_40_clean_file_passes(void **state)
{
    VeilErr err = { 0 };

    (void)state;
    need_ffmpeg();
    if (check("clean.mp4", "source.mp4", NULL, &err) < 0)
        fail_msg("%s", err.text);
}

static void attack_40_source_packets(void **state)
{
    (void)state;
    need_ffmpeg();
    make(FF "-i source.mp4 -map 0:v -map 0:a -c copy" CLEAN "copied.mp4");
    refused("copied.mp4", "source.mp4", "coded picture of the source");
    /* in no index, but in the bytes: a 'free' atom that is not free */
    make("cp clean.mp4 hidden.mp4 && { printf '\\0\\0\\0\\0free'; cat source.mp4; } >> hidden.mp4");
    refused("hidden.mp4", "source.mp4", "coded picture of the source");
}

static void attack_40_extra_streams(void **state)
{
    (void)state;
    need_ffmpeg();
    make(FF "-i clean.mp4 -i source.mp4 -map 0 -map 1:v -c copy" CLEAN "two.mp4");
    refused("two.mp4", NULL, "stream 2: video");
    make(FF "-i clean.mp4 -i words.srt -map 0 -map 1 -c copy -c:s srt" CLEAN "words.mkv");
    refused("words.mkv", NULL, "subtitle");
    make(FF "-i clean.mp4 -map 0 -c copy -timecode 10:00:00:00" CLEAN "timecode.mov");
    refused("timecode.mov", NULL, "timecode");
}

static void attack_40_attachment(void **state)
{
    (void)state;
    need_ffmpeg();
    make(FF "-i clean.mp4 -map 0 -c copy -attach note.txt -metadata:s:t mimetype=text/plain" CLEAN
            "attached.mkv");
    refused("attached.mkv", NULL, "attachment");
}

static void attack_40_thumbnail(void **state)
{
    (void)state;
    need_ffmpeg();
    make(FF "-i clean.mp4 -i cover.png -map 0 -map 1 -c copy -disposition:v:1 attached_pic" CLEAN
            "cover.mp4");
    refused("cover.mp4", NULL, "thumbnail");
}

static void attack_40_metadata(void **state)
{
    VeilErr err = { 0 };

    (void)state;
    need_ffmpeg();
    make(FF "-i clean.mp4 -map 0 -c copy -metadata location=+51.5-0.1/ place.mp4");
    refused("place.mp4", NULL, "metadata: location");
    make(FF "-i clean.mp4 -map 0 -c copy -metadata:s:v:0 handler_name=secret-camera" CLEAN "camera.mov");
    refused("camera.mov", NULL, "metadata: handler_name");
    make(FF "-i clean.mp4 -i chapters.txt -map 0 -map_chapters 1 -c copy" CLEAN "chapters.mkv");
    refused("chapters.mkv", NULL, "chapters");
    make(FF "-i clean.mp4 -map 0 -c copy -map_metadata -1 -metadata title=film title.mkv");
    refused("title.mkv", NULL, "metadata: title");
    assert_int_equal(check("title.mkv", NULL, "title", &err), 0); /* asked for by name */
}

static void attack_40_no_video_is_no_answer(void **state)
{
    VeilErr err = { 0 };

    (void)state;
    need_ffmpeg();
    assert_int_equal(check("note.txt", NULL, NULL, &err), -EINVAL);
    assert_int_equal(check("nowhere", NULL, NULL, &err), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attack_40_clean_file_passes),
        cmocka_unit_test(attack_40_source_packets),
        cmocka_unit_test(attack_40_extra_streams),
        cmocka_unit_test(attack_40_attachment),
        cmocka_unit_test(attack_40_thumbnail),
        cmocka_unit_test(attack_40_metadata),
        cmocka_unit_test(attack_40_no_video_is_no_answer),
    };

    return cmocka_run_group_tests_name("leak", tests, setup, teardown);
}
