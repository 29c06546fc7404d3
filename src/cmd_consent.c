/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil consent`: a person agrees that a face stays visible, or takes that
 * back. Consent never opens a unit.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "consent_paper.h"
#include "digest.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/consent.h"
#include "keys/file.h"
#include "keys/logdir.h"
#include "msg.h"

typedef struct ConsentOptions {
    char *subject, *controller, *subject_key, *controller_key, *purpose, *data, *notice, *contact, *recording, *key, *log,
        *out;
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
    { "contact", 0, VEIL_OPT_STRING, OFFSET(contact), "TEXT", "form, receipt: where consent is taken back", 0, 0, NULL },
    { "recording", 0, VEIL_OPT_STRING, OFFSET(recording), "FILE", "the video that it is for; with --track", 0, 0, NULL },
    { "track", 0, VEIL_OPT_INT, OFFSET(track), "N", "the person's track in the tracks file of that video", 1,
      INT32_MAX, NULL },
    { "days", 0, VEIL_OPT_INT, OFFSET(days), "N", "days that it holds", 1, 3650, NULL },
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE.key", "our key, controller or subject", 0, 0, NULL },
    { "log", 0, VEIL_OPT_STRING, OFFSET(log), "FOLDER",
      "verify: the newest of the records in this log counts", 0, 0, NULL },
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

static int report(const char *command, const char *file, const VeilConsent *c, const char *signed_as)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "file", file, "subject", c->subject, "controller",
                          c->controller, "purpose", c->purpose, "data", c->data, "withdrawn", c->withdrawn);

    veil_keyio_json_hex(j, "record", c->record, sizeof(c->record));
    if (signed_as)
        json_object_set_new(j, "signed_as", json_string(signed_as));
    veil_keyio_json_time(j, "time", c->time);
    veil_keyio_json_time(j, "expires", c->expires);
    return veil_keyio_report(command, j);
}

static int write_record(VeilConsent *c, const ConsentOptions *o, const char *command)
{
    const char *out = o->out;
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
    if (o->json)
        return report(command, out, c, NULL);
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
    return write_record(&c, o, "consent new");
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
    return write_record(&c, o, "consent withdraw");
}

/* Only the two keys that the record names can sign it, each in its role. */
static int check_signer(const VeilConsent *c, const VeilKey *key, const char *path, VeilErr *err)
{
    const uint8_t *named = key->role == VEIL_ROLE_CONTROLLER ? c->controller_pk
                           : key->role == VEIL_ROLE_SUBJECT  ? c->subject_pk
                                                             : NULL;

    if (!named)
        return veil_err(err, VEIL_E_ROLE, "key '%s'", path);
    if (sodium_memcmp(named, key->public_key, VEIL_SIGN_PK_BYTES))
        return veil_err(err, VEIL_E_CONSENT, "key '%s' is not the %s's key that the record names", path,
                        veil_role_word(key->role));
    return 0;
}

static int run_sign(const ConsentOptions *o, const char *path)
{
    VeilText t = { 0 };
    VeilKey key = { 0 };
    VeilConsent c;
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret, r;

    if (!o->key)
        return wants(" sign' wants --key FILE.key");
    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    veil_text_bytes(&t, bytes, len);
    r = veil_consent_read(&c, bytes, len, path, &err);
    free(bytes);
    if (r < 0)
        ret = veil_keyio_refuse(&err);
    else if (!(ret = veil_keyio_unlock(&key, o->key, VEIL_ROLE_NONE, o->pass_fd))) {
        if ((r = check_signer(&c, &key, o->key, &err)) >= 0) {
            if ((r = veil_note_sign(&t, veil_role_word(key.role), key.secret)) < 0)
                veil_err(&err, r, "consent '%s'", path);
            else
                r = veil_file_write(path, t.at, t.len, 0644, true, &err);
        }
        ret = r < 0 ? veil_keyio_refuse(&err) : VEIL_EXIT_DONE;
        if (!ret && o->json)
            ret = report("consent sign", path, &c, veil_role_word(key.role));
        else if (!ret)
            veil_info("'%s' is signed as %s; both sign, then 'veil consent verify'", path,
                      veil_role_word(key.role));
    }
    veil_key_clear(&key);
    veil_text_free(&t);
    return ret;
}

/* Where the record stands in the log, by a leaf that its own controller signed. */
static int find_leaf(const VeilLogDir *log, const VeilConsent *c, const char *path, uint64_t *index,
                     VeilErr *err)
{
    bool found = false;

    for (uint64_t i = 0; i < veil_logdir_size(log); i++) {
        const VeilSpan b = veil_logdir_leaf(log, i);
        VeilLeaf l;
        VeilNote n;

        if (veil_leaf_parse(&l, &n, b.at, b.len, "leaf", NULL) >= 0 && l.kind == VEIL_LEAF_CONSENT &&
            !sodium_memcmp(l.digest, c->digest, 32) &&
            veil_note_signed_by(&n, veil_leaf_role(l.kind), c->controller_pk)) {
            *index = i;
            found = true;
        }
    }
    return found ? 0 : veil_err(err, VEIL_E_CONSENT, "'%s' is not in the log", path);
}

/* The newest event of one record id: several files are the given one and what came after it. */
static int find_newest(VeilConsent *newest, const char **path, const ConsentOptions *o, char **files, int n)
{
    uint64_t at = 0, index = 0;
    VeilLogDir *log = NULL;
    VeilConsent c;
    VeilErr err;
    int ret = VEIL_EXIT_DONE;

    if (o->log && veil_logdir_open(&log, o->log, &err) < 0)
        return veil_keyio_refuse(&err);
    for (int i = 0; i < n && !ret; i++) {
        if ((ret = read_record(&c, files[i])))
            break;
        if (log && find_leaf(log, &c, files[i], &index, &err) < 0) {
            ret = veil_keyio_refuse(&err);
        } else if (i && memcmp(c.record, newest->record, sizeof(c.record))) {
            veil_error("'%s' and '%s' are different records; check one at a time", *path, files[i]);
            ret = VEIL_EXIT_ERROR;
        } else if (!i || index > at) {
            *newest = c;
            *path = files[i];
            at = index;
        }
    }
    veil_logdir_close(log);
    return ret;
}

static int run_verify(const ConsentOptions *o, char **files, int n)
{
    const char *path = files[0];
    char until[VEIL_TIME_LEN + 1];
    VeilConsent c;
    VeilErr err;
    int ret;

    if (n > 1 && !o->log)
        return wants(" verify' of several records wants --log, which says what is newest");
    if ((ret = find_newest(&c, &path, o, files, n)))
        return ret;
    if (veil_consent_in_force(&c, time(NULL), path, &err) < 0)
        return veil_keyio_refuse(&err);
    if (veil_time_format(until, c.expires) < 0)
        until[0] = '\0'; /* cannot be: it was read from such a text */
    if (o->json)
        return veil_keyio_report("consent verify",
                                 json_pack("{s:s, s:b, s:b, s:s, s:s, s:s}", "file", path, "in_force", 1,
                                           "logged", o->log != NULL, "subject", c.subject, "purpose",
                                           c.purpose, "expires", until));
    printf("'%s' agrees to %s of %s until %s\n", c.subject, c.purpose, c.data, until);
    return VEIL_EXIT_DONE;
}

/* Only the notice whose digest is in the record may stand on its paper. */
static int read_notice(char **text, const VeilConsent *c, const char *path)
{
    uint8_t digest[crypto_hash_sha256_BYTES], *bytes;
    size_t len;
    int ret = path ? veil_keyio_read(&bytes, &len, path, 16u << 20) : 0;

    if (!path || ret)
        return ret;
    *text = (char *)bytes;
    crypto_hash_sha256(digest, bytes, len);
    if (!sodium_memcmp(digest, c->notice, sizeof(digest)) && !memchr(bytes, 0, len))
        return 0;
    veil_error("'%s' is not the notice that the record names; give the file that was shown, as text", path);
    return VEIL_EXIT_ERROR;
}

static int write_paper(const VeilConsentPaper *p, bool receipt, const char *path)
{
    char *text = NULL;
    size_t len = 0;
    VeilErr err;
    FILE *f = open_memstream(&text, &len);
    int ret = f ? 0 : -ENOMEM;

    if (f) {
        ret = receipt ? veil_consent_receipt(f, p) : veil_consent_form(f, p);
        if (fclose(f) && ret >= 0)
            ret = -EIO;
    }
    if (ret < 0)
        veil_err(&err, ret, "'%s'", path);
    else if (strcmp(path, "-") != 0)
        ret = veil_file_write(path, text, len, 0644, false, &err);
    else if (fwrite(text, 1, len, stdout) != len || fflush(stdout))
        ret = veil_err(&err, -EIO, "standard output");
    free(text);
    if (ret == -EEXIST) {
        veil_error("'%s' exists; choose another name", path);
        return VEIL_EXIT_ERROR;
    }
    if (ret < 0)
        return veil_keyio_refuse(&err);
    if (strcmp(path, "-") != 0)
        veil_info("'%s' is ready to be printed", path);
    return VEIL_EXIT_DONE;
}

/* A form is there before anyone has signed; a receipt only afterwards. */
static int run_paper(const ConsentOptions *o, const char *path, bool receipt)
{
    VeilConsentPaper p = { .contact = o->contact };
    char *notice = NULL;
    uint8_t *bytes;
    VeilConsent c;
    VeilErr err;
    size_t len;
    int ret;

    if (!o->out)
        return wants(receipt ? " receipt' wants --out" : " form' wants --out");
    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    if ((receipt ? veil_consent_parse : veil_consent_read)(&c, bytes, len, path, &err) < 0)
        ret = veil_keyio_refuse(&err);
    else if (!(ret = read_notice(&notice, &c, o->notice))) {
        p.consent = &c;
        p.record = (const char *)bytes;
        p.record_len = len;
        p.notice = notice;
        ret = write_paper(&p, receipt, o->out);
    }
    free(notice);
    free(bytes);
    return ret;
}

static int print_fields(const VeilConsent *c, bool complete)
{
    char from[VEIL_TIME_LEN + 1] = "", to[VEIL_TIME_LEN + 1] = "", id[33], recording[65];

    veil_time_format(from, c->time);
    veil_time_format(to, c->expires);
    printf("record      %s\nsubject     %s\ncontroller  %s\npurpose     %s\ndata        %s\n",
           veil_hex_encode(id, c->record, sizeof(c->record)), c->subject, c->controller, c->purpose, c->data);
    if (c->bound)
        printf("recording   %s\ntrack       %u\n", veil_hex_encode(recording, c->recording, sizeof(c->recording)), c->track);
    printf("event       %s, %s\nexpires     %s\nsignatures  %s\n", c->withdrawn ? "withdrawn" : "given", from, to,
           complete ? "of both, and they are right" : "not both; 'veil consent sign' adds one");
    return VEIL_EXIT_DONE;
}

/* What a record says, signed or not. */
static int run_show(const ConsentOptions *o, const char *path)
{
    VeilConsent c, whole;
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    bool complete;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    complete = veil_consent_parse(&whole, bytes, len, path, &err) >= 0;
    if (veil_consent_read(&c, bytes, len, path, &err) < 0)
        ret = veil_keyio_refuse(&err);
    else if (o->json)
        ret = report("consent show", path, &c, complete ? "controller and subject" : NULL);
    else
        ret = print_fields(&c, complete);
    free(bytes);
    return ret;
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
        else if (n == 2 && !strcmp(words[0], "show"))
            ret = run_show(&o, words[1]);
        else if (n == 2 && (!strcmp(words[0], "form") || !strcmp(words[0], "receipt")))
            ret = run_paper(&o, words[1], !strcmp(words[0], "receipt"));
        else if (n >= 2 && !strcmp(words[0], "verify"))
            ret = run_verify(&o, words + 1, n - 1);
        else
            ret = wants("' wants new, or sign, show, form, receipt, withdraw or verify FILE");
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
             "       veil consent show FILE\n"
             "       veil consent form|receipt FILE -o PAPER.html [--notice FILE] [--contact TEXT]\n"
             "       veil consent withdraw FILE -o NEW\n"
             "       veil consent verify FILE [LATER ...] [--log FOLDER]",
    .opts = consent_options,
    .run = run_consent,
};
