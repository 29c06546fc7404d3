/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil consent`: a person agrees that a face stays visible, or takes that
 * back. Consent never opens a unit.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "digest.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/consent.h"
#include "keys/file.h"
#include "msg.h"

typedef struct ConsentOptions {
    char *subject, *controller, *subject_key, *controller_key, *purpose, *data, *notice, *recording, *key, *out;
    int days, track, pass_fd;
    bool json;
} ConsentOptions;

#define OFFSET(field) offsetof(ConsentOptions, field)
static const VeilOpt consent_options[] = {
    { "subject", 0, VEIL_OPT_STRING, OFFSET(subject), "WORD", "pseudonym of the person; never the name", 0, 0,
      NULL },
    { "controller", 0, VEIL_OPT_STRING, OFFSET(controller), "WORD", "who publishes", 0, 0, NULL },
    { "subject-key", 0, VEIL_OPT_STRING, OFFSET(subject_key), "FILE.pub", "the person's key (role subject)",
      0, 0, NULL },
    { "controller-key", 0, VEIL_OPT_STRING, OFFSET(controller_key), "FILE.pub",
      "the publisher's key (role controller)", 0, 0, NULL },
    { "purpose", 0, VEIL_OPT_STRING, OFFSET(purpose), "WORD", "what for, such as publication", 0, 0, NULL },
    { "data", 0, VEIL_OPT_STRING, OFFSET(data), "WORD", "which data, such as face-image", 0, 0, NULL },
    { "notice", 0, VEIL_OPT_STRING, OFFSET(notice), "FILE", "the privacy notice that the person was shown", 0,
      0, NULL },
    { "recording", 0, VEIL_OPT_STRING, OFFSET(recording), "FILE", "the video that it is for; with --track", 0, 0, NULL },
    { "track", 0, VEIL_OPT_INT, OFFSET(track), "N", "the person's track in the tracks file of that video", 1,
      INT32_MAX, NULL },
    { "days", 0, VEIL_OPT_INT, OFFSET(days), "N", "days that it holds", 1, 3650, NULL },
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE.key", "our key, controller or subject", 0, 0, NULL },
    { "out", 'o', VEIL_OPT_STRING, OFFSET(out), "FILE", "write the record here", 0, 0, NULL },
    { "pass-fd", 0, VEIL_OPT_INT, OFFSET(pass_fd), "N", "read the passphrase from this file descriptor", 0,
      1023, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

static int wants(const char *what)
{
    veil_error("'veil consent%s; see 'veil consent --help'", what);
    return VEIL_EXIT_ERROR;
}

static int write_record(VeilConsent *c, const char *out)
{
    VeilText t = { 0 };
    VeilErr err;
    int ret;

    if ((ret = veil_consent_print(&t, c)) < 0)
        veil_err(&err, ret, "consent");
    else
        ret = veil_file_write(out, t.at, t.len, 0644, false, &err);
    veil_text_free(&t);
    if (ret < 0)
        return veil_keyio_refuse(&err);
    veil_info("controller and subject now run 'veil consent sign %s --key FILE.key'", out);
    return VEIL_EXIT_DONE;
}

static bool take_word(char out[VEIL_TOKEN_CAP], const char *word)
{
    if (!word || !veil_token_ok(word))
        return false;
    memcpy(out, word, strlen(word) + 1);
    return true;
}

/* A face is only kept by a record that names its recording and track. */
static int bind_to(VeilConsent *c, const ConsentOptions *o)
{
    char hex[VEIL_DIGEST_HEX];
    int ret;

    if (!o->recording && !o->track)
        return 0;
    if (!o->recording || !o->track)
        return wants(" new' wants --recording and --track together");
    if ((ret = veil_digest_file(o->recording, hex)) < 0) {
        veil_error("cannot read the recording '%s': %s; give the video file", o->recording, strerror(-ret));
        return VEIL_EXIT_ERROR;
    }
    c->bound = true;
    c->track = (uint32_t)o->track;
    return veil_hex_decode(c->recording, sizeof(c->recording), hex, strlen(hex)) < 0 ? VEIL_EXIT_ERROR : 0;
}

static int run_new(const ConsentOptions *o)
{
    VeilConsent c = { .time = time(NULL) };
    VeilKey subject = { 0 }, controller = { 0 };
    uint8_t *notice;
    size_t len;
    int ret;

    if (!take_word(c.subject, o->subject) || !take_word(c.controller, o->controller) ||
        !take_word(c.purpose, o->purpose) || !take_word(c.data, o->data) || !o->subject_key ||
        !o->controller_key || !o->notice || !o->out)
        return wants(
            " new' wants --subject, --controller, --purpose and --data as single words, --subject-key, "
            "--controller-key, --notice and --out");
    if ((ret = veil_keyio_public(&subject, o->subject_key, VEIL_ROLE_SUBJECT)) ||
        (ret = veil_keyio_public(&controller, o->controller_key, VEIL_ROLE_CONTROLLER)) ||
        (ret = bind_to(&c, o)) || (ret = veil_keyio_read(&notice, &len, o->notice, 16u << 20)))
        return ret;
    crypto_hash_sha256(c.notice, notice, len);
    free(notice);
    memcpy(c.subject_pk, subject.public_key, 32);
    memcpy(c.controller_pk, controller.public_key, 32);
    randombytes_buf(c.record, sizeof(c.record));
    randombytes_buf(c.salt, sizeof(c.salt));
    c.expires = c.time + (int64_t)o->days * 86400;
    return write_record(&c, o->out);
}

static int read_record(VeilConsent *c, const char *path)
{
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    if (veil_consent_parse(c, bytes, len, path, &err) < 0)
        ret = veil_keyio_refuse(&err);
    free(bytes);
    return ret;
}

static int run_withdraw(const ConsentOptions *o, const char *path)
{
    VeilConsent c;
    int ret;

    if (!o->out)
        return wants(" withdraw' wants --out");
    if ((ret = read_record(&c, path)))
        return ret;
    c.withdrawn = true;
    c.time = time(NULL);
    randombytes_buf(c.salt, sizeof(c.salt));
    return write_record(&c, o->out);
}

static int run_sign(const ConsentOptions *o, const char *path)
{
    VeilText t = { 0 };
    VeilKey key = { 0 };
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret, r;

    if (!o->key)
        return wants(" sign' wants --key FILE.key");
    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    veil_text_bytes(&t, bytes, len);
    free(bytes);
    if (!(ret = veil_keyio_unlock(&key, o->key, VEIL_ROLE_NONE, o->pass_fd))) {
        if (key.role != VEIL_ROLE_CONTROLLER && key.role != VEIL_ROLE_SUBJECT)
            r = veil_err(&err, VEIL_E_ROLE, "key '%s'", o->key);
        else if ((r = veil_note_sign(&t, veil_role_word(key.role), key.secret)) < 0)
            veil_err(&err, r, "consent '%s'", path);
        else
            r = veil_file_write(path, t.at, t.len, 0644, true, &err);
        ret = r < 0 ? veil_keyio_refuse(&err) : VEIL_EXIT_DONE;
        if (!ret)
            veil_info("'%s' is signed as %s; both sign, then 'veil consent verify'", path,
                      veil_role_word(key.role));
    }
    veil_key_clear(&key);
    veil_text_free(&t);
    return ret;
}

static int run_verify(const ConsentOptions *o, const char *path)
{
    char until[VEIL_TIME_LEN + 1];
    VeilConsent c;
    VeilErr err;
    int ret;

    if ((ret = read_record(&c, path)))
        return ret;
    if (veil_consent_in_force(&c, time(NULL), path, &err) < 0)
        return veil_keyio_refuse(&err);
    if (veil_time_format(until, c.expires) < 0)
        until[0] = '\0'; /* cannot be: it was read from such a text */
    if (o->json)
        return veil_keyio_print_json(json_pack("{s:b, s:s, s:s, s:s}", "in_force", 1, "subject", c.subject,
                                               "purpose", c.purpose, "expires", until));
    printf("'%s' agrees to %s of %s until %s\n", c.subject, c.purpose, c.data, until);
    return VEIL_EXIT_DONE;
}

static int run_consent(int argc, char **argv)
{
    ConsentOptions o = { .days = 365, .pass_fd = -1 };
    char **words = calloc((size_t)argc, sizeof(*words));
    int n, ret = VEIL_EXIT_ERROR;

    if (words && (n = veil_opts_parse(&o, consent_options, argc, argv, words)) >= 0 && veil_keyio_start()) {
        if (n == 1 && !strcmp(words[0], "new"))
            ret = run_new(&o);
        else if (n == 2 && !strcmp(words[0], "withdraw"))
            ret = run_withdraw(&o, words[1]);
        else if (n == 2 && !strcmp(words[0], "sign"))
            ret = run_sign(&o, words[1]);
        else if (n == 2 && !strcmp(words[0], "verify"))
            ret = run_verify(&o, words[1]);
        else
            ret = wants("' wants new, or sign, withdraw or verify FILE");
    }
    veil_opts_free(&o, consent_options);
    free(words);
    return ret;
}

const VeilCommand veil_cmd_consent = {
    .name = "consent",
    .summary = "write, sign, take back and check a person's consent",
    .usage = "consent new --subject WORD --controller WORD --subject-key .. --controller-key .. \\\n"
             "           --purpose WORD --data WORD --notice FILE [--recording VIDEO --track N] -o FILE\n"
             "       veil consent sign FILE --key FILE.key\n"
             "       veil consent withdraw FILE -o NEW\n"
             "       veil consent verify FILE",
    .opts = consent_options,
    .run = run_consent,
};
