/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil match`: the faces that a warrant opens, against the photographs that
 * it names. What comes out is a list of hits for a person to decide on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "avlog.h"
#include "cmd.h"
#include "cmd_match.h"
#include "keyio.h"
#include "match.h"
#include "msg.h"
#include "signals.h"

#define DEMONSTRATION "demonstration" ///< reason of warrants that a matcher without real error rates may serve

#define OFFSET(field) offsetof(MatchOptions, field)
static const VeilOpt match_options[] = {
    VEIL_GRANTED_ROWS(MatchOptions, granted),
    { "probe", 0, VEIL_OPT_LIST, OFFSET(probe), "FILE[:X,Y,W,H]", "a picture that the warrant names; again for each", 0, 0,
      NULL },
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE.key", "our matcher-sign key, which signs the result", 0, 0, NULL },
    { "matcher", 0, VEIL_OPT_STRING, OFFSET(matcher), "NAME", "sface, mobilefacenet, or hog for demonstrations", 0, 0,
      NULL },
    { "calibration", 0, VEIL_OPT_STRING, OFFSET(calibration), "FILE",
      "measured thresholds, in place of calibration.cfg", 0, 0, NULL },
    { "rotate", 0, VEIL_OPT_INT, OFFSET(rotate), "DEGREES", "clockwise, to make the vault's video upright: 90, 180, 270", 0,
      270, NULL },
    { "out", 'o', VEIL_OPT_STRING, OFFSET(out), "FOLDER", "a new folder for the result", 0, 0, NULL },
    { "confirm", 0, VEIL_OPT_FLAG, OFFSET(confirm), NULL, "decide on the hits of a result folder", 0, 0, NULL },
    { "yes", 0, VEIL_OPT_FLAG, OFFSET(yes), NULL, "with --confirm: confirm all hits, if the policy allows it", 0, 0, NULL },
    { "no", 0, VEIL_OPT_FLAG, OFFSET(no), NULL, "with --confirm: reject all hits, if the policy allows it", 0, 0, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

/* ---- before any secret ------------------------------------------------------------------ */

/* Who the warrant delivers to also signs. */
static int check_sign_key(const VeilMatch *m, const char *path)
{
    const VeilPolicy *p = m->granted->policy;

    for (int i = 0; i < p->matchers; i++)
        if (!memcmp(p->matcher[i].box, m->granted->warrant.deliver_box, VEIL_BOX_KEY_BYTES))
            return veil_granted_check_key(path, VEIL_ROLE_MATCHER, p->matcher[i].sign, "the matcher's matcher-sign");
    veil_error("the policy names no matcher with the warrant's deliver key; ask for a new warrant");
    return VEIL_EXIT_NO;
}

static int prepare(VeilMatch *m, const MatchOptions *o, VeilEvidence **folder, const char *warrant)
{
    int ret;

    if ((ret = veil_granted_read(&m->granted, &o->granted, warrant, true)) || (ret = check_sign_key(m, o->key)) ||
        (ret = veil_evidence_begin(folder, o->out)) || (ret = veil_opened_start(&m->opened, m->granted)) ||
        (ret = veil_recogniser_open(&m->recogniser, o->matcher, o->calibration,
                                    !strcmp(m->granted->warrant.reason, DEMONSTRATION), o->rotate)))
        return ret;
    return veil_match_probes(m, o->probe.at, o->probe.n);
}

/* ---- the answer ---------------------------------------------------------------------------- */

static json_t *hit_json(const VeilMatch *m, int i)
{
    const VeilMatchHit *h = &m->hit[i];
    char picture[64];
    json_t *j;

    veil_match_picture_name(picture, sizeof(picture), i + 1, m->recogniser.backend->demonstration);
    j = json_pack("{s:s, s:I, s:I, s:I, s:f, s:s}", "probe_file", m->probe[h->probe].path, "track",
                  (json_int_t)h->hit.track, "segment", (json_int_t)h->hit.seg, "frame", (json_int_t)h->hit.frame, "score",
                  h->hit.score / 1000., "picture", picture);
    veil_keyio_json_hex(j, "probe", h->hit.probe, 32);
    veil_keyio_json_hex(j, "vault", h->hit.vid, 32);
    return j;
}

static int tell_json(const VeilMatch *m, const char *folder)
{
    const VeilCalibration *c = &m->recogniser.calibration;
    json_t *j = json_pack("{s:s, s:i, s:I, s:I, s:s, s:s, s:s, s:b, s:f, s:s, s:s, s:i, s:[i,i], s:[i,i], s:[]}", "folder",
                          folder, "hits", m->hits, "compared", (json_int_t)m->compared, "unusable",
                          (json_int_t)m->unusable, "matcher", c->matcher, "model", m->recogniser.sha256, "detector",
                          c->detector, "demonstration_only", (int)m->recogniser.backend->demonstration, "threshold",
                          c->threshold, "calibration", c->set, "calibrated", c->date, "people", c->people, "same",
                          c->same[0], c->same[1], "other", c->other[0], c->other[1], "list");

    for (int i = 0; j && i < m->hits; i++)
        json_array_append_new(json_object_get(j, "list"), hit_json(m, i));
    veil_keyio_json_hex(j, "wid", m->granted->warrant.wid, 32);
    return veil_keyio_report("match", j);
}

static void tell(const VeilMatch *m, const char *folder)
{
    const VeilCalibration *c = &m->recogniser.calibration;
    const uint32_t same[2] = { (uint32_t)c->same[0], (uint32_t)c->same[1] };
    const uint32_t other[2] = { (uint32_t)c->other[0], (uint32_t)c->other[1] };
    char name[64], right[96], wrong[96];

    if (m->recogniser.backend->demonstration)
        printf("DEMONSTRATION ONLY: the matcher '%s' cannot tell real people apart\n", c->matcher);
    for (int i = 0; i < m->hits; i++) {
        veil_match_picture_name(name, sizeof(name), i + 1, m->recogniser.backend->demonstration);
        printf("hit %d  track %u, segment %u, frame %u  score %.3f  '%s'  %s\n", i + 1, m->hit[i].hit.track,
               m->hit[i].hit.seg, m->hit[i].hit.frame, m->hit[i].hit.score / 1000.,
               m->probe[m->hit[i].probe].path, name);
    }
    if (!m->hits)
        printf("no match\n");
    veil_match_rate(right, sizeof(right), same, false);
    veil_match_rate(wrong, sizeof(wrong), other, true);
    printf("%u track%s compared, %u without a usable look at the face\n", m->compared, VEIL_S(m->compared), m->unusable);
    printf("%s with %s, threshold %.3f; measured on %s (%d people, %s):\n"
           "  the same person accepted %s\n  another person accepted %s\n",
           c->matcher, c->detector, c->threshold, c->set, c->people, c->date, right, wrong);
    veil_info("a person decides: 'veil match --confirm %s'; append '%s/result.leaf' to the log", folder, folder);
}

static int match_all(VeilMatch *m, const MatchOptions *o, VeilEvidence **folder, VeilKey *sign, const char *warrant)
{
    int ret;

    if ((ret = prepare(m, o, folder, warrant)) || (ret = veil_granted_unlock(m->granted, &o->granted)) ||
        (ret = veil_keyio_unlock(sign, o->key, VEIL_ROLE_MATCHER, o->granted.pass_fd)) ||
        (ret = veil_match_tracks(m)) || (ret = veil_match_write(m, *folder, sign)))
        return ret;
    if (!o->json)
        tell(m, o->out);
    else if ((ret = tell_json(m, o->out)))
        return ret;
    return m->hits ? VEIL_EXIT_DONE : VEIL_EXIT_NO;
}

static int start(const MatchOptions *o, const char *warrant)
{
    VeilMatch *m = calloc(1, sizeof(*m));
    VeilEvidence *folder = NULL;
    VeilKey sign = { 0 };
    int ret = VEIL_EXIT_ERROR;

    if (m) {
        veil_avlog_install();
        veil_signals_watch();
        ret = match_all(m, o, &folder, &sign, warrant);
        veil_match_free(m);
    }
    veil_key_clear(&sign);
    veil_evidence_free(folder);
    free(m);
    return ret;
}

static int run_match(int argc, char **argv)
{
    MatchOptions o = { .granted = { .pass_fd = -1 } };
    char **words = calloc((size_t)argc, sizeof(*words));
    int n, ret = VEIL_EXIT_ERROR;

    if (words && (n = veil_opts_parse(&o, match_options, argc, argv, words)) >= 0 && veil_keyio_start()) {
        if (o.confirm && n == 1 && o.key && o.granted.policy)
            ret = veil_match_cmd_confirm(&o, words[0]);
        else if (o.confirm)
            veil_error("'veil match --confirm' wants a result folder, --policy and --key; see 'veil match --help'");
        else if (o.rotate % 90)
            veil_error("option '--rotate' is %d; give 0, 90, 180 or 270", o.rotate);
        else if (n == 1 && o.key && o.out && o.probe.n)
            ret = start(&o, words[0]);
        else
            veil_error("'veil match' wants a warrant, its papers, --probe, --key and --out; see 'veil match --help'");
    }
    veil_opts_free(&o, match_options);
    free(words);
    return ret;
}

const VeilCommand veil_cmd_match = {
    .name = "match",
    .summary = "opened faces against the photographs that a warrant names",
    .usage = "match WARRANT --group NOTE --policy NOTE --vault FILE --release FOLDER... --box FILE.key\n"
             "       --key FILE.key --probe FILE... [--matcher NAME] -o FOLDER\n"
             "       veil match --confirm FOLDER --policy NOTE --key FILE.key [--yes|--no]",
    .opts = match_options,
    .run = run_match,
};
