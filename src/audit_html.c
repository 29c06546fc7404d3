/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The audit as one page: it loads nothing and runs nothing, so it can be
 * opened anywhere. A timeline of what was found, and for each stretch where in
 * the picture it is.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "audit.h"
#include "html.h"
#include "version.h"

#define LANES     24  ///< rows of the timeline; what overlaps more shares one
#define LISTED    500 ///< stretches in the table
#define MARKS     2000 ///< stretches on the timeline

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>veil audit</title>\n<style>\n"
    ":root{color-scheme:light dark;--ink:#1c2430;--soft:#5a6675;--line:#d5dbe3;--ground:#fff;--card:#f5f7fa;"
    "--bad:#b42318;--good:#17693a;--skip:#75520a;--mask:#8fa3bd}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e8ecf2;--soft:#a7b2c0;--line:#3a4453;--ground:#14181f;"
    "--card:#1d232c;--bad:#ff8a7a;--good:#6fd39b;--skip:#e6bf66;--mask:#52647d}}\n"
    "body{margin:0 auto;max-width:66rem;padding:2rem 1.5rem;background:var(--ground);color:var(--ink);"
    "font:16px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.5rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.1rem;margin:2rem 0 .6rem}\n"
    "p{margin:.3rem 0}.soft{color:var(--soft)}.verdict{display:inline-block;margin:.9rem 0;padding:.35rem .9rem;"
    "border-radius:.4rem;font-weight:600;border:2px solid}\n"
    ".bad{color:var(--bad)}.good{color:var(--good)}.skip{color:var(--skip)}\n"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .7rem .4rem 0;"
    "border-bottom:1px solid var(--line);vertical-align:middle}th{color:var(--soft);font-weight:600}"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "tr:target{background:var(--card);outline:2px solid var(--bad)}\n"
    "svg{display:block}.line{width:100%;height:auto;background:var(--card);border:1px solid var(--line);border-radius:.4rem}\n"
    ".line .m{fill:var(--mask)}.line .f{fill:var(--bad)}.line .d{fill:var(--skip);opacity:.6}.line a:hover rect,.line a:focus rect{fill:var(--ink)}"
    ".line text{fill:var(--soft);font:11px system-ui,sans-serif}.line .t{stroke:var(--line)}\n"
    ".where{background:var(--card);border:1px solid var(--line)}.where rect{fill:var(--bad)}\n"
    "a{color:inherit}@media print{body{padding:0}tr{break-inside:avoid}}\n"
    "</style></head><body>\n";

/* 1:02:03.40 */
static void clock_of(FILE *f, double seconds)
{
    const double s = fmax(seconds, 0);
    const int h = (int)(s / 3600), m = (int)(s / 60) % 60;

    if (h)
        fprintf(f, "%d:%02d:%05.2f", h, m, s - h * 3600 - m * 60);
    else
        fprintf(f, "%d:%05.2f", m, s - m * 60);
}

static void title(FILE *f, const VeilAudit *a)
{
    const bool clean = veil_audit_is_clean(a);

    fputs("<main><h1>Audit of ", f);
    veil_html_text(f, a->name);
    fprintf(f, "</h1>\n<p class=\"soft\">%dx%d, %lld frames, ", a->width, a->height, (long long)a->frames);
    clock_of(f, a->end_s - a->begin_s);
    if (a->source) {
        fputs("; compared with ", f);
        veil_html_text(f, a->source);
    }
    fputs("</p>\n<p class=\"soft\">Made with ", f);
    if (a->made_detector[0])
        fprintf(f, "%s at %d pixels", a->made_detector, a->made_size);
    else
        fputs("an unknown detector", f);
    fprintf(f, "; searched with %s at %d pixels, one frame in %d, from score %.2f. veil %s.</p>\n", a->detector,
            a->size, a->every, a->threshold, VEIL_VERSION);
    fprintf(f, "<p class=\"verdict %s\">%s</p>\n", clean ? "good" : "bad",
            clean ? "&#10003; Clean" : "&#10007; Not clean");
    fprintf(f, "<p>%lld finds: %lld on masks, %lld on faces that are kept, in %d stretches a face can be seen%s; "
               "%d stretches are doubtful.</p>\n",
            (long long)a->found, (long long)a->over_masks, (long long)a->kept, a->n_faces - a->doubtful,
            a->more_faces ? " (and more, not listed)" : "", a->doubtful);
}

static void checks(FILE *f, const VeilAudit *a)
{
    static const char *const words[] = { "&#10003; passed", "&#10007; failed", "&ndash; not done" };
    static const char *const class[] = { "good", "bad", "skip" };

    fputs("<h2>Checks</h2>\n<table><thead><tr><th scope=\"col\">Check</th><th scope=\"col\">Result</th>"
          "<th scope=\"col\">What was seen</th></tr></thead><tbody>\n", f);
    for (int i = 0; i < a->n_checks; i++) {
        const VeilAuditCheck *c = &a->check[i];

        fprintf(f, "<tr><th scope=\"row\">%s</th><td class=\"%s\">%s</td><td>", c->name, class[c->state], words[c->state]);
        veil_html_text(f, c->text);
        fputs("</td></tr>\n", f);
    }
    fputs("</tbody></table>\n", f);
}

/* Each stretch in the first row that is free at its time. @return rows used */
static int choose_lanes(const VeilAudit *a, double least, int *lane)
{
    double ends[LANES];
    int used = 1;

    for (int i = 0; i < LANES; i++)
        ends[i] = -1e18;
    for (int i = 0; i < a->n_faces && i < MARKS; i++) {
        const VeilAuditFace *v = &a->face[i];
        int k = 0;

        while (k < LANES - 1 && ends[k] > v->from_s)
            k++;
        ends[k] = fmax(v->to_s, v->from_s + least);
        lane[i] = k;
        used = k + 1 > used ? k + 1 : used;
    }
    return used;
}

static void ticks(FILE *f, const VeilAudit *a, double span, int height)
{
    static const double steps[] = { 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200 };
    double step = 14400;

    for (int i = (int)(sizeof(steps) / sizeof(steps[0])) - 1; i >= 0; i--)
        if (span / steps[i] <= 12)
            step = steps[i];
    for (double t = 0; t <= span + 1e-9; t += step) {
        const double x = 10 + t / span * 980;

        fprintf(f, "<line class=\"t\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%d\"/>\n", x, x, height - 16);
        if (x > 940)
            continue; /* its label would be cut off */
        fprintf(f, "<text x=\"%.1f\" y=\"%d\">", x + 2, height - 4);
        clock_of(f, a->begin_s + t);
        fputs("</text>\n", f);
    }
}

static void timeline(FILE *f, const VeilAudit *a)
{
    const double span = fmax(a->end_s - a->begin_s, 0.04);
    const double wide = fmax(980.0 / VEIL_AUDIT_BUCKETS, a->frames > 0 ? 980.0 / (double)a->frames : 0);
    int lane[MARKS];
    const int height = 46 + choose_lanes(a, span * 0.004, lane) * 9 + 22;

    fprintf(f, "<h2>Timeline</h2>\n<svg class=\"line\" viewBox=\"0 0 1000 %d\" role=\"img\" aria-label=\"%d stretches "
               "with a face in sight, over %.1f seconds\">\n", height, a->n_faces, span);
    ticks(f, a, span, height);
    for (int i = 0; a->has_changed && i < VEIL_AUDIT_BUCKETS; i++)
        if (a->changed[i] > 0)
            fprintf(f, "<rect class=\"m\" x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\"/>\n",
                    10 + i * 980.0 / VEIL_AUDIT_BUCKETS, 36 - 30 * sqrt((double)a->changed[i]), wide,
                    30 * sqrt((double)a->changed[i]));
    for (int i = 0; i < a->n_faces && i < MARKS; i++) {
        const VeilAuditFace *v = &a->face[i];
        const double x = 10 + (v->from_s - a->begin_s) / span * 980, w = fmax((v->to_s - v->from_s) / span * 980, 3);

        fprintf(f, "<a href=\"#f%d\"><rect class=\"%s\" x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"7\"><title>", i + 1,
                veil_audit_is_doubtful(a, v) ? "d" : "f", x,
                44 + lane[i] * 9, w);
        clock_of(f, v->from_s);
        fprintf(f, ", %d frames, score %.2f</title></rect></a>\n", v->frames, (double)v->score);
    }
    fprintf(f, "</svg>\n<p class=\"soft\">Red: a face can be seen. Amber: doubtful. Each mark leads to its row below.%s</p>\n",
            a->has_changed ? " Grey, above: how much of the picture is masked." : "");
}

/* The frame as shown in small, with the box in it. */
static void where(FILE *f, const VeilAudit *a, const VeilAuditFace *v)
{
    const double scale = 96.0 / fmax(a->width, a->height);

    fprintf(f, "<svg class=\"where\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %d %d\" aria-hidden=\"true\">"
               "<rect x=\"%.0f\" y=\"%.0f\" width=\"%.0f\" height=\"%.0f\"/></svg>", a->width * scale, a->height * scale,
            a->width, a->height, (double)v->x, (double)v->y, fmax((double)v->w, 2 / scale), fmax((double)v->h, 2 / scale));
}

static void findings(FILE *f, const VeilAudit *a)
{
    const char *base = strrchr(a->name, '/');

    if (!a->n_faces)
        return;
    fputs("<h2>Faces in sight</h2>\n<table><thead><tr><th scope=\"col\" class=\"n\">No.</th><th scope=\"col\">From</th>"
          "<th scope=\"col\">To</th><th scope=\"col\" class=\"n\">Frames</th><th scope=\"col\">Place</th>"
          "<th scope=\"col\" class=\"n\">Score</th><th scope=\"col\">Found by</th><th scope=\"col\">In the picture</th>"
          "</tr></thead><tbody>\n", f);
    for (int i = 0; i < a->n_faces && i < LISTED; i++) {
        const VeilAuditFace *v = &a->face[i];

        fprintf(f, "<tr id=\"f%d\"><td class=\"n\">%d</td><td><a href=\"", i + 1, i + 1);
        for (const char *c = base ? base + 1 : a->name; *c; c++) /* beside this page; a colon would make it a protocol */
            if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("-_.", *c))
                fputc(*c, f);
            else
                fprintf(f, "%%%02X", (unsigned char)*c);
        fprintf(f, "#t=%.3f\">", fmax(v->from_s, 0));
        clock_of(f, v->from_s);
        fputs("</a></td><td>", f);
        clock_of(f, v->to_s);
        fprintf(f, "</td><td class=\"n\">%d</td><td>%.0f, %.0f; %.0f&times;%.0f</td><td class=\"n\">%.2f</td><td>%s</td><td>",
                v->frames, (double)v->x, (double)v->y, (double)v->w, (double)v->h, (double)v->score,
                v->uncovered                    ? "the tracks file: no mask there"
                : veil_audit_is_doubtful(a, v) ? "the detector; doubtful: closer looks hardly saw it"
                                               : "the detector, and closer looks");
        where(f, a, v);
        fputs("</td></tr>\n", f);
    }
    fputs("</tbody></table>\n", f);
    if (a->n_faces > LISTED)
        fprintf(f, "<p>%d more are in the JSON.</p>\n", a->n_faces - LISTED);
}

int veil_audit_html(const VeilAudit *a, FILE *f)
{
    fputs(head, f);
    title(f, a);
    timeline(f, a);
    checks(f, a);
    findings(f, a);
    fputs("<h2>What this says, and what not</h2>\n<p>A detector looked at the finished file again, at another resolution "
          "or with another network than made it, and each find was compared with what lies there. A face that both miss "
          "is not in this list; nor are gait, clothes, voices or places. A person should look through the video before "
          "it is published.</p>\n</main></body></html>\n", f);
    return ferror(f) ? -EIO : 0;
}
