/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "consent_paper.h"

#include <errno.h>
#include <string.h>
#include <sodium.h>

#include "keys/bytes.h"
#include "html.h"
#include "qr.h"

static const char style[] =
    "body{font:11pt/1.5 system-ui,'DejaVu Sans',sans-serif;color:#16181d;background:#fff;max-width:46rem;margin:2rem auto;"
    "padding:0 1.5rem}h1{font-size:20pt;line-height:1.2;margin:0 0 .3rem}h2{font-size:12.5pt;margin:1.5rem 0 .4rem}"
    "p{margin:.4rem 0}.sub{color:#4a4f5a}.two{display:grid;grid-template-columns:1fr 62mm;gap:1.6rem;align-items:start}"
    ".two svg{width:62mm;height:62mm;display:block}.two figure{margin:0}figcaption{font-size:8.5pt;color:#4a4f5a}dl{display:"
    "grid;grid-template-columns:10.5rem 1fr;gap:.25rem .8rem;margin:.4rem 0}dt{color:#4a4f5a}dd{margin:0;overflow-wrap:"
    "anywhere}code{font:8.5pt/1.4 ui-monospace,'DejaVu Sans Mono',monospace;overflow-wrap:anywhere}.box{border:1px solid "
    "#c6cad2;border-radius:6px;padding:.6rem .9rem;white-space:pre-wrap}.state{border-left:4px solid #1a7f4b;padding:.3rem "
    ".8rem;background:#eef8f2}.state.back{border-color:#b3261e;background:#fdf0ef}.sign{display:grid;grid-template-columns:"
    "1fr 1fr;gap:2.4rem;margin-top:3.4rem;break-inside:avoid}.sign div{border-top:1px solid #16181d;padding-top:.25rem;color:"
    "#4a4f5a;font-size:9pt}ul{margin:.4rem 0;padding-left:1.2rem}section{break-inside:avoid}@page{size:A4;margin:16mm}"
    "@media print{body{margin:0;padding:0;max-width:none}}@media(max-width:40rem){.two{grid-template-columns:1fr}}";

static void put_hex(FILE *f, const char *name, const uint8_t *bytes, size_t n)
{
    char hex[2 * 32 + 1];

    fprintf(f, "<dt>%s</dt><dd><code>%s</code></dd>\n", name, veil_hex_encode(hex, bytes, n));
}

static void put_key(FILE *f, const char *name, const uint8_t *key)
{
    char text[VEIL_B64_LEN(VEIL_SIGN_PK_BYTES) + 1];

    fprintf(f, "<dt>%s</dt><dd><code>%s</code></dd>\n", name, veil_b64_encode(text, key, VEIL_SIGN_PK_BYTES));
}

static void put_time(FILE *f, const char *name, int64_t seconds)
{
    char text[VEIL_TIME_LEN + 1];

    if (veil_time_format(text, seconds) >= 0)
        veil_html_pair(f, name, text);
}

static void put_head(FILE *f, const char *title, const char *sub)
{
    fprintf(f, "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\""
               "width=device-width\"><title>%s</title><style>%s</style></head>\n<body>\n<h1>%s</h1>\n<p class=\"sub\">%s</p>\n",
            title, style, title, sub);
}

/* One code in each paper; a paper from `veil-keys` does without. */
static void put_code(FILE *f, const VeilConsentPaper *p)
{
    fputs("<figure>", f);
    if (veil_qr_svg(f, p->record, p->record_len) >= 0)
        fputs("<figcaption>The record as it is kept, as text. Any reader of QR codes shows it.</figcaption>", f);
    else
        fputs("<figcaption>The record has its own file; ask for it to compare.</figcaption>", f);
    fputs("</figure></div>\n", f);
}

static void put_withdrawal(FILE *f, const VeilConsentPaper *p)
{
    char id[33];

    fputs("<section><h2>Taking it back</h2>\n<p>At any time, without giving a reason, and as easily as it was given. Name the "
          "record <code>", f);
    fputs(veil_hex_encode(id, p->consent->record, sizeof(p->consent->record)), f);
    fputs("</code>", f);
    if (p->contact) {
        fputs(" to: <b>", f);
        veil_html_text(f, p->contact);
        fputs("</b>.", f);
    } else {
        fputs(" to whoever gave you this paper.", f);
    }
    fputs(" From then on your face is covered in every copy that is made; copies that others already have cannot be called "
          "back.</p></section>\n", f);
}

static void put_recording(FILE *f, const VeilConsent *c)
{
    char track[64];

    if (!c->bound) {
        veil_html_pair(f, "Recording", "not named: this record keeps no face visible");
        return;
    }
    put_hex(f, "Recording, SHA-256", c->recording, sizeof(c->recording));
    snprintf(track, sizeof(track), "track %u in it", c->track);
    veil_html_pair(f, "Your face", track);
}

static void put_notice(FILE *f, const VeilConsentPaper *p)
{
    if (!p->notice)
        return;
    fputs("<h2>Privacy notice</h2>\n<div class=\"box\">", f);
    veil_html_text(f, p->notice);
    fputs("</div>\n", f);
}

int veil_consent_form(FILE *f, const VeilConsentPaper *p)
{
    const VeilConsent *c = p->consent;

    put_head(f, c->withdrawn ? "Taking consent back" : "Consent to be seen",
             "Please read it. You need not agree; then your face is covered, and nothing else changes for you.");
    fputs("<div class=\"two\"><dl>\n", f);
    veil_html_pair(f, "Who asks", c->controller);
    veil_html_pair(f, "What for", c->purpose);
    veil_html_pair(f, "What is used", c->data);
    veil_html_pair(f, "You are called", c->subject);
    put_recording(f, c);
    put_time(f, "From", c->time);
    put_time(f, "Until", c->expires);
    put_hex(f, "Record", c->record, sizeof(c->record));
    fputs("</dl>\n", f);
    put_code(f, p);
    fputs(c->withdrawn ? "<section><h2>What you take back</h2>\n<ul><li>Your face is covered from now on in every copy that is "
                         "made of this recording.</li></ul></section>\n"
                       : "<section><h2>What you agree to</h2>\n<ul><li>In copies of this recording that are made for the "
                         "purpose above, your face is not covered.</li><li>For nothing else: not for another recording, another "
                         "purpose or a later time, and not for opening anything that was sealed.</li></ul></section>\n", f);
    put_withdrawal(f, p);
    put_notice(f, p);
    fputs("<div class=\"sign\"><div>place, date, signature of the person (or of who may sign for them)</div><div>place, date, "
          "signature for ", f);
    veil_html_text(f, c->controller);
    fputs("</div></div>\n</body></html>\n", f);
    return ferror(f) ? -EIO : 0;
}

/* The fields in the order of ISO/IEC TS 27560: the record, the processing, the parties, the event. */
static void put_fields(FILE *f, const VeilConsent *c)
{
    veil_html_pair(f, "Schema", "ISO/IEC TS 27560:2023");
    put_hex(f, "Record", c->record, sizeof(c->record));
    veil_html_pair(f, "PII principal", c->subject);
    veil_html_pair(f, "Purpose", c->purpose);
    veil_html_pair(f, "PII categories", c->data);
    put_recording(f, c);
    put_hex(f, "Privacy notice", c->notice, sizeof(c->notice));
    veil_html_pair(f, "PII controller", c->controller);
    veil_html_pair(f, "Event", c->withdrawn ? "withdrawn" : "given, by signature");
    put_time(f, c->withdrawn ? "Withdrawn" : "Given", c->time);
    put_time(f, "Valid until", c->expires);
    put_key(f, "Principal's key", c->subject_pk);
    put_key(f, "Controller's key", c->controller_pk);
    put_hex(f, "Digest", c->digest, sizeof(c->digest));
}

int veil_consent_receipt(FILE *f, const VeilConsentPaper *p)
{
    const VeilConsent *c = p->consent;
    uint8_t file[crypto_hash_sha256_BYTES];

    put_head(f, "Receipt of consent", "Keep it. It says what was agreed to, and how to take it back.");
    fprintf(f, "<p class=\"state%s\"><b>%s</b> Both signatures were checked when this was printed.</p>\n",
            c->withdrawn ? " back" : "", c->withdrawn ? "Consent was taken back." : "Consent was given.");
    fputs("<div class=\"two\"><dl>\n", f);
    put_fields(f, c);
    crypto_hash_sha256(file, (const unsigned char *)p->record, p->record_len);
    put_hex(f, "SHA-256 of the file", file, sizeof(file));
    fputs("</dl>\n", f);
    put_code(f, p);
    if (!c->withdrawn)
        put_withdrawal(f, p);
    put_notice(f, p);
    fputs("</body></html>\n", f);
    return ferror(f) ? -EIO : 0;
}
