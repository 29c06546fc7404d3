/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file The part of the audit that needs no picture: what else the file holds, its papers, its sound. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/avstring.h>

#include "audit_parts.h"
#include "audit_sound.h"
#include "digest.h"
#include "extras.h"
#include "input.h"
#include "msg.h"

typedef struct Words {
    char text[300]; ///< "file metadata: creation_time, 3 chapters"
} Words;

static void add_word(void *opaque, const char *what)
{
    Words *w = opaque;

    if (strlen(w->text) + strlen(what) + 3 < sizeof(w->text)) {
        av_strlcat(w->text, *w->text ? ", " : "", sizeof(w->text));
        av_strlcat(w->text, what, sizeof(w->text));
    }
}

static void look_at_stripped(VeilAudit *a, const VeilAuditJob *job, const VeilInput *in)
{
    const json_t *c = json_object_get(job->report, "configuration");
    const VeilExtras extras = { .format = in->format,
                                .video = in->video,
                                .audio = true,
                                .published = true,
                                .keep = json_string_value(json_object_get(c, "keep-metadata")) };
    Words list = { "" };

    veil_extras_list(&extras, add_word, &list);
    if (*list.text)
        veil_audit_add(a, "stripped", VEIL_AUDIT_FAILED, "should not be there: %s", list.text);
    else
        veil_audit_add(a, "stripped", VEIL_AUDIT_PASSED,
                       "no metadata, chapters, further streams or side data");
}

/* @return the digest that the report gives for that file, or NULL */
static const char *reported(const json_t *report, const char *which)
{
    return json_string_value(json_object_get(json_object_get(report, which), "sha256"));
}

static void look_at_papers(VeilAudit *a, const VeilAuditJob *job)
{
    const char *wanted_out = reported(job->report, "output"),
               *wanted_source = reported(job->report, "source");
    char hex[VEIL_DIGEST_HEX];

    if (!job->report) {
        veil_audit_add(a, "papers", VEIL_AUDIT_SKIPPED, "there is no report of redact beside the file");
        return;
    }
    if (wanted_out && veil_digest_file(job->path, hex) >= 0 && strcmp(hex, wanted_out) != 0)
        veil_audit_add(a, "papers", VEIL_AUDIT_FAILED,
                       "the file was changed after its report was written: SHA-256 differs");
    else if (job->source && wanted_source && veil_digest_file(job->source, hex) >= 0 &&
             strcmp(hex, wanted_source) != 0)
        veil_audit_add(a, "papers", VEIL_AUDIT_FAILED, "the report is of another source: SHA-256 differs");
    else
        veil_audit_add(a, "papers", VEIL_AUDIT_PASSED, "the report is of this file%s",
                       job->source ? " and this source" : "");
}

int veil_audit_media(VeilAudit *a, const VeilAuditJob *job)
{
    VeilInput *in = NULL;
    int ret = veil_input_open(&in, job->path, 1, job->cancel);

    if (ret >= 0) {
        look_at_stripped(a, job, in);
        look_at_papers(a, job);
        if (job->source)
            ret = veil_audit_sound(a, job);
    }
    veil_input_close(in);
    return ret;
}
