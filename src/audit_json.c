/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file The audit's result as JSON, and in words. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "msg.h"
#include "report.h"

static const char *const state_names[] = { "passed", "failed", "skipped" };

static double round_to(double v, double unit)
{
    return round(v / unit) * unit;
}

static json_t *face_json(const VeilAuditFace *f)
{
    return json_pack("{s:s, s:I, s:I, s:f, s:f, s:i, s:[f,f,f,f], s:f, s:i}", "kind", f->uncovered ? "uncovered" : "face",
                     "from_frame", (json_int_t)f->from, "to_frame", (json_int_t)f->to, "from_s", f->from_s, "to_s",
                     f->to_s, "frames", f->frames, "box", round_to((double)f->x, 0.1), round_to((double)f->y, 0.1),
                     round_to((double)f->w, 0.1), round_to((double)f->h, 0.1), "score",
                     round_to((double)f->score, 0.001), "seen_again", f->again);
}

static json_t *made_json(const VeilAudit *a)
{
    if (!a->made_detector[0])
        return json_null();
    return json_pack("{s:s, s:i}", "detector", a->made_detector, "size", a->made_size);
}

json_t *veil_audit_json(const VeilAudit *a)
{
    json_t *faces = json_array(), *doubtful = json_array(), *checks = json_array();

    for (int i = 0; i < a->n_faces; i++)
        json_array_append_new(veil_audit_is_doubtful(a, &a->face[i]) ? doubtful : faces, face_json(&a->face[i]));
    for (int i = 0; i < a->n_checks; i++)
        json_array_append_new(checks, json_pack("{s:s, s:s, s:s}", "name", a->check[i].name, "state",
                                                state_names[a->check[i].state], "text", a->check[i].text));
    return json_pack("{s:s, s:b, s:s, s:s?, s:i, s:i, s:i, s:I, s:f, s:f, s:o, s:{s:s, s:i, s:i, s:f, s:s?},"
                     " s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:f, s:o}",
                     "schema", "veil/audit/1", "clean", (int)veil_audit_is_clean(a), "file", a->name, "source", a->source,
                     "width", a->width, "height", a->height, "rotation", a->rotation, "frames", (json_int_t)a->frames,
                     "begin_s", a->begin_s, "end_s", a->end_s, "made_with", made_json(a), "searched_with", "detector",
                     a->detector, "size", a->size, "every", a->every, "threshold", a->threshold, "model_sha256",
                     a->model_sha256[0] ? a->model_sha256 : NULL, "found", (json_int_t)a->found, "on_masks",
                     (json_int_t)a->over_masks, "on_kept_faces", (json_int_t)a->kept, "not_listed",
                     (json_int_t)a->more_faces, "findings", faces, "doubtful", doubtful, "checks", checks, "wall_s", a->wall_s, "versions",
                     veil_report_versions());
}

void veil_audit_say(const VeilAudit *a)
{
    for (int i = 0; i < a->n_checks; i++)
        veil_info("%-8s %-7s %s", a->check[i].name, state_names[a->check[i].state], a->check[i].text);
    for (int i = 0, said = 0; i < a->n_faces && said < 20; i++) {
        const VeilAuditFace *f = &a->face[i];

        if (veil_audit_is_doubtful(a, f))
            continue;
        said++;
        veil_info("  %9.3f-%.3f s  %d frame%s  %.0f,%.0f %.0fx%.0f  %s %.2f", f->from_s, f->to_s, f->frames,
                  f->frames == 1 ? "" : "s", (double)f->x, (double)f->y, (double)f->w, (double)f->h,
                  f->uncovered ? "box of the tracks file without a mask, score" : "score", (double)f->score);
    }
    if (a->n_faces - a->doubtful > 20)
        veil_info("  and %d more; --json or --html lists them", a->n_faces - a->doubtful - 20);
    veil_info("%s: %s; searched with %s at %d pixels, one frame in %d, from score %.2f, %.1f s", a->name,
              veil_audit_is_clean(a) ? "clean" : "not clean", a->detector, a->size, a->every, a->threshold, a->wall_s);
}
