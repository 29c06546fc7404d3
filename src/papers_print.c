/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "papers.h"
#include "html.h"

/* ---- CSV ----------------------------------------------------------------------------------- */

/* A note that begins like a formula must not run in whoever opens the list. */
static void put_cell(FILE *f, const char *text, const char *end)
{
    fputc('"', f);
    if (*text && strchr("=+-@\t\r", *text))
        fputc('\'', f);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', f);
        fputc(*text, f);
    }
    fprintf(f, "\"%s", end);
}

static const char *const column[] = { "in", "out", "kind", "reason", "text", "basis", "note" };
static const char *const head[] = { "time in", "time out", "what", "reason", "meaning", "legal basis", "note" };

#define COLUMNS (sizeof(column) / sizeof(column[0]))

static const char *text_in(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "";
}

static void put_rows(FILE *f, const json_t *lines)
{
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);

        fprintf(f, "%lld,", json_integer_value(json_object_get(line, "id")));
        for (size_t c = 0; c < COLUMNS; c++)
            put_cell(f, text_in(line, column[c]), c + 1 < COLUMNS ? "," : "\r\n");
    }
}

int veil_papers_csv(const json_t *papers, FILE *f)
{
    fputs("\"number\",", f);
    for (size_t c = 0; c < COLUMNS; c++)
        put_cell(f, head[c], c + 1 < COLUMNS ? "," : "\r\n");
    put_rows(f, json_object_get(papers, "masks"));
    put_rows(f, json_object_get(papers, "shown"));
    return ferror(f) ? -EIO : 0;
}

/* ---- HTML ------------------------------------------------------------------------------------ */

static const char style[] =
    "body{font:10.5pt/1.45 system-ui,'DejaVu Sans',sans-serif;color:#16181d;max-width:52rem;margin:2rem auto;padding:0 "
    "1.5rem}h1{font-size:19pt;margin:0 0 .2rem}h2{font-size:12.5pt;margin:2rem 0 .6rem;border-bottom:1.5px solid "
    "#16181d;padding-bottom:.2rem}p{margin:.4rem 0}.sub{color:#4a4f5a;margin-bottom:1.4rem}dl{display:grid;"
    "grid-template-columns:11rem 1fr;margin:0;gap:.25rem .8rem}dt{color:#4a4f5a}dd{margin:0;overflow-wrap:anywhere}"
    ".n{display:grid;grid-template-columns:repeat(6,1fr);gap:.6rem;margin:1rem 0}.n div{border:1px solid #c6cad2;"
    "border-radius:6px;padding:.5rem .7rem}.n b{display:block;font-size:17pt;line-height:1.2}.n span{color:#4a4f5a;font-size:9pt}"
    "table{border-collapse:collapse;width:100%;font-size:8.8pt}th{text-align:left;border-bottom:1.5px solid #16181d}"
    "td,th{padding:.28rem .5rem .28rem 0;vertical-align:top}td{border-bottom:1px solid #dfe2e8}.t{white-space:nowrap;"
    "font-variant-numeric:tabular-nums}.w{background:#fff3d6;border-left:4px solid #b26b00;padding:.5rem .8rem}code{"
    "font-size:8.2pt}.sign{display:grid;grid-template-columns:1fr 1fr;gap:2.2rem;margin-top:3rem}.sign div{border-top:"
    "1px solid #16181d;padding-top:.25rem;color:#4a4f5a;font-size:9pt}thead{display:table-header-group}tr{break-inside:"
    "avoid}@page{size:A4;margin:18mm 16mm}@media print{body{margin:0;padding:0;max-width:none}h2.page{break-before:page}}";

static void put_count(FILE *f, const json_t *summary, const char *key, const char *name)
{
    const json_t *n = json_object_get(summary, key);

    fprintf(f, "<div><b>%lld</b><span>%s</span></div>", json_integer_value(n), name);
}

static void put_register(FILE *f, const json_t *r)
{
    const json_t *bases = json_object_get(r, "bases");

    fputs("<h2>Entry of the disclosure register</h2>\n<dl>\n", f);
    veil_html_pair(f, "Date", text_in(r, "date"));
    veil_html_pair(f, "Reference", text_in(r, "reference"));
    veil_html_pair(f, "Recipient", text_in(r, "recipient"));
    veil_html_pair(f, "Purpose", text_in(r, "purpose"));
    veil_html_pair(f, "Decided by", text_in(r, "decided_by"));
    veil_html_pair(f, "Disclosed", text_in(r, "disclosed"));
    veil_html_pair(f, "SHA-256", text_in(r, "disclosed_sha256"));
    veil_html_pair(f, "Master", text_in(r, "master"));
    veil_html_pair(f, "SHA-256", text_in(r, "master_sha256"));
    fputs("<dt>Withheld under</dt><dd>", f);
    for (size_t i = 0; i < json_array_size(bases); i++) {
        fputs(i ? "<br>" : "", f);
        veil_html_text(f, json_string_value(json_array_get(bases, i)));
    }
    fputs(json_array_size(bases) ? "</dd>\n</dl>\n" : "\xe2\x80\x94</dd>\n</dl>\n", f);
}

static void put_summary(FILE *f, const json_t *papers)
{
    const json_t *s = json_object_get(papers, "summary");
    const long long open = json_integer_value(json_object_get(s, "without_reason"));
    const long long damaged = json_integer_value(json_object_get(s, "frames_damaged"));

    fputs("<div class=\"n\">", f);
    put_count(f, s, "faces_covered", "faces covered");
    put_count(f, s, "faces_shown", "faces shown");
    put_count(f, s, "faces_sealed", "faces sealed");
    put_count(f, s, "areas", "areas covered");
    put_count(f, s, "sounds", "parts silenced");
    put_count(f, s, "frames", "frames");
    fputs("</div>\n", f);
    if (open)
        fprintf(f, "<p class=\"w\">%lld line%s of the log below %s no reason: give one in the review, or --reason.</p>\n",
                open, open == 1 ? "" : "s", open == 1 ? "has" : "have");
    if (damaged)
        fprintf(f, "<p class=\"w\">%lld frame%s could not be decoded whole, and %s covered whole.</p>\n", damaged,
                damaged == 1 ? "" : "s", damaged == 1 ? "was" : "were");
}

static void put_log(FILE *f, const char *title, const json_t *lines, bool new_page)
{
    fprintf(f, "<h2%s>%s</h2>\n", new_page ? " class=\"page\"" : "", title);
    if (!json_array_size(lines)) {
        fputs("<p>None.</p>\n", f);
        return;
    }
    fputs("<table><thead><tr><th>no.</th>", f);
    for (size_t c = 0; c < COLUMNS; c++)
        if (strcmp(column[c], "reason") != 0)
            fprintf(f, "<th>%s</th>", strcmp(column[c], "text") != 0 ? head[c] : "reason");
    fputs("</tr></thead><tbody>\n", f);
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);

        fprintf(f, "<tr><td>%lld</td>", json_integer_value(json_object_get(line, "id")));
        for (size_t c = 0; c < COLUMNS; c++)
            if (strcmp(column[c], "reason") != 0) {
                fputs(c < 2 ? "<td class=\"t\">" : "<td>", f);
                veil_html_text(f, text_in(line, column[c]));
                fputs("</td>", f);
            }
        fputs("</tr>\n", f);
    }
    fputs("</tbody></table>\n", f);
}

static void put_audit(FILE *f, const json_t *audit)
{
    const json_t *with = json_object_get(audit, "searched_with");
    char text[256] = "not made";

    if (json_is_object(audit))
        snprintf(text, sizeof(text), "%s; searched once more by detector %.60s at %lld pixels",
                 json_is_true(json_object_get(audit, "clean")) ? "clean" : "not clean", text_in(with, "detector"),
                 json_integer_value(json_object_get(with, "size")));
    veil_html_pair(f, "Audit of the output", text);
}

static void put_making(FILE *f, const json_t *papers)
{
    const json_t *c = json_object_get(papers, "configuration"), *stripped = json_object_get(
        json_object_get(papers, "summary"), "stripped");
    char margin[64];

    fputs("<h2>How it was made</h2>\n<dl>\n", f);
    veil_html_pair(f, "Program", text_in(papers, "program"));
    veil_html_pair(f, "Detector", text_in(json_object_get(papers, "detector"), "detector"));
    veil_html_pair(f, "Style of the masks", text_in(c, "style"));
    snprintf(margin, sizeof(margin), "%g of a face's size, on each side", json_number_value(json_object_get(c, "margin")));
    veil_html_pair(f, "Margin", margin);
    put_audit(f, json_object_get(papers, "audit"));
    fputs("<dt>Left out of the file</dt><dd>", f);
    for (size_t i = 0; i < json_array_size(stripped); i++) {
        fputs(i ? "; " : "", f);
        veil_html_text(f, json_string_value(json_array_get(stripped, i)));
    }
    fputs(json_array_size(stripped) ? "</dd>\n</dl>\n" : "nothing</dd>\n</dl>\n", f);
}

int veil_papers_html(const json_t *papers, FILE *f)
{
    const json_t *r = json_object_get(papers, "register");

    fprintf(f, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
               "<title>Redaction papers</title><style>%s</style></head><body>\n<h1>Redaction of ", style);
    veil_html_text(f, text_in(r, "master"));
    fputs("</h1>\n<p class=\"sub\">", f);
    veil_html_text(f, text_in(r, "date"));
    fprintf(f, ", from revision %lld of the tracks file</p>\n",
            json_integer_value(json_object_get(papers, "tracks_revision")));
    put_summary(f, papers);
    put_register(f, r);
    put_making(f, papers);
    fputs("<div class=\"sign\"><div>Reviewed by, date</div><div>Released by, date</div></div>\n", f);
    put_log(f, "Exemption log: what is hidden", json_object_get(papers, "masks"), true);
    put_log(f, "Faces that stay visible", json_object_get(papers, "shown"), false);
    fputs("</body></html>\n", f);
    return ferror(f) ? -EIO : 0;
}
