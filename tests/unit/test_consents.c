/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file Which consent records let a face be seen: the newest event, in its time, for just this. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/consent.h"
#include "keys/note.h"
#include "src/consents.h"

#define NOW INT64_C(1790000000)

static uint8_t controller_sk[64], subject_sk[64], controller_pk[32], subject_pk[32];
static char folder[] = "/tmp/veil-consents.XXXXXX";

static VeilConsent given(uint8_t id)
{
    VeilConsent c = { .subject = "person-7", .controller = "council", .purpose = "publication", .data = "face-image",
                      .time = NOW - 100, .expires = NOW + 100, .bound = true, .track = 3 };

    memset(c.record, id, sizeof(c.record));
    memset(c.recording, 0x77, sizeof(c.recording));
    memcpy(c.controller_pk, controller_pk, 32);
    memcpy(c.subject_pk, subject_pk, 32);
    return c;
}

static char *write_record(VeilConsent c, const char *name)
{
    VeilText t = { 0 };
    char *path;
    FILE *f;

    assert_true(veil_consent_print(&t, &c) >= 0);
    assert_int_equal(veil_note_sign(&t, "controller", controller_sk), 0);
    assert_int_equal(veil_note_sign(&t, "subject", subject_sk), 0);
    assert_true(asprintf(&path, "%s/%s.consent", folder, name) > 0);
    assert_non_null(f = fopen(path, "w"));
    fwrite(t.at, 1, t.len, f);
    fclose(f);
    veil_text_free(&t);
    return path;
}

static VeilConsentAsk ask(uint8_t id)
{
    static char hex[33];
    VeilConsentAsk a = { .record = hex, .track = 3, .purpose = "publication", .now = NOW };

    for (int i = 0; i < 16; i++)
        snprintf(hex + 2 * i, 3, "%02x", id);
    memset(a.recording, 0x77, sizeof(a.recording));
    return a;
}

/* The answer for one record alone, after it was read from its file. */
static void expect(VeilConsent c, VeilConsentAsk a, const char *refusal)
{
    char *path = write_record(c, "one"), why[160];
    const VeilStrings files = { &path, 1 };
    const VeilConsent *r;
    VeilConsents *all;

    assert_int_equal(veil_consents_read(&all, &files, NULL), 0);
    r = veil_consents_allow(all, &a, why);
    if (refusal) {
        assert_null(r);
        if (!strstr(why, refusal))
            fail_msg("said '%s', wanted '%s'", why, refusal);
    } else {
        assert_non_null(r);
        assert_string_equal(r->subject, "person-7");
    }
    veil_consents_free(all);
    unlink(path);
    free(path);
}

static void it_holds_for_just_this(void **state)
{
    VeilConsent c = given(1);
    VeilConsentAsk a = ask(1);

    (void)state;
    expect(c, a, NULL);
    a.track = 4;
    expect(c, a, "another track");
    a = ask(1);
    a.recording[31] ^= 1;
    expect(c, a, "another recording");
    a = ask(1);
    a.purpose = "training";
    expect(c, a, "another purpose");
    expect(c, ask(2), "no consent record");
    a = ask(1);
    a.record = "0101";
    expect(c, a, "no consent record");
    c.bound = false;
    memset(c.recording, 0, sizeof(c.recording));
    c.track = 0;
    expect(c, ask(1), "not bound");
}

static void it_holds_in_its_time(void **state)
{
    VeilConsentAsk a = ask(1);

    (void)state;
    a.now = NOW + 99;
    expect(given(1), a, NULL);
    a.now = NOW + 100;
    expect(given(1), a, "expired");
    a.now = NOW - 101;
    expect(given(1), a, "not in force yet");
}

static void the_newest_event_counts(void **state)
{
    VeilConsent c = given(1), back = given(1), again = given(1);
    char *paths[3], why[160];
    VeilConsents *all;
    VeilConsentAsk a = ask(1);

    (void)state;
    back.withdrawn = true;
    back.time = NOW - 50;
    again.time = NOW - 50; /* in the second of the withdrawal: which counts */
    paths[0] = write_record(back, "a");
    paths[1] = write_record(c, "b");
    paths[2] = write_record(again, "c");
    assert_int_equal(veil_consents_read(&all, &(VeilStrings){ 0 }, folder), 0);
    assert_null(veil_consents_allow(all, &a, why));
    assert_non_null(strstr(why, "withdrawn"));
    veil_consents_free(all);
    again.time = NOW - 10; /* given anew */
    free(paths[2]);
    paths[2] = write_record(again, "c");
    assert_int_equal(veil_consents_read(&all, &(VeilStrings){ 0 }, folder), 0);
    assert_non_null(veil_consents_allow(all, &a, why));
    veil_consents_free(all);
    for (int i = 0; i < 3; i++) {
        unlink(paths[i]);
        free(paths[i]);
    }
}

static void one_that_cannot_be_believed_ends_it(void **state)
{
    VeilConsent c = given(1);
    char *path;
    VeilConsents *all;
    FILE *f;

    (void)state;
    memcpy(c.subject_pk, controller_pk, 32); /* signed by the subject's key, names another */
    path = write_record(c, "a");
    assert_true(veil_consents_read(&all, &(VeilStrings){ 0 }, folder) < 0);
    assert_null(all);
    assert_non_null(f = fopen(path, "w"));
    fclose(f);
    assert_true(veil_consents_read(&all, &(VeilStrings){ 0 }, folder) < 0);
    unlink(path);
    free(path);
}

static int set_up(void **state)
{
    (void)state;
    return sodium_init() < 0 || crypto_sign_keypair(controller_pk, controller_sk) ||
           crypto_sign_keypair(subject_pk, subject_sk) || !mkdtemp(folder);
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_holds_for_just_this),
        cmocka_unit_test(it_holds_in_its_time),
        cmocka_unit_test(the_newest_event_counts),
        cmocka_unit_test(one_that_cannot_be_believed_ends_it),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
