/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * How often `veil match` is right: true and false match rates of a matcher on
 * tracks against probe pictures of the same and of other people, through the
 * code that ships. The threshold is set on one half of the people, the rates
 * are measured on the other, and an entry for config/calibration.cfg is written.
 *
 *   match MATCHER [DETECTOR [FMR [QUALITY [STREET_FOLDER]]]]
 *
 * FMR is the share of strangers that the threshold may let through (.001), QUALITY what a track's best look must
 * have to be compared (.05).
 *
 * Without STREET_FOLDER the people are those of $VEIL_TEST_MEDIA/identity,
 * turned into clips: of each person's ten pictures four are probes, the others
 * two and two the tracks, each at four sizes. With it, those of generated
 * streets: SEED.mp4, SEED.csv and SEED-ID.png for each; the first half of the
 * seeds sets the threshold. MATCH_DUMP=FOLDER writes what tests/bench/hogtrain.py learns from.
 */
#include <glob.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <sodium.h>
#include <libswscale/swscale.h>

#include "clips.h"
#include "filters/looks.h"
#include "filters/match_hog.h"
#include "filters/matcher.h"
#include "keys/secmem.h"
#include "src/digest.h"
#include "src/models.h"
#include "src/recogniser.h"
#include "tests/image.h"

#define MAX 4000
#define TRACK_FRAMES 16 ///< of a clip made from photographs

typedef struct Item {
    int person, half, size; ///< size: of the face in pixels, of tracks
    float quality;          ///< of the best look
    float *tmpl;
} Item;

static struct {
    const VeilMatcherBackend *matcher;
    const VeilDetectorBackend *detector;
    VeilMatcherState *m;
    VeilLooker *looker;
    Item probe[MAX], track[MAX];
    int probes, tracks, people;
    float least; ///< quality of a track that is compared
    int no_probe, no_track; ///< those in which no face was found
    int no_track_half;      ///< of them, tracks of the second half
    char digest[VEIL_DIGEST_HEX];
} b;

/* For training the hog matcher: what it measures in each look. */
static void dump(const VeilLook *l, const char *kind, int person, int number, int half)
{
    static float feature[VEIL_HOG_FEATURES], scratch[2 * VEIL_ALIGN_SIDE * VEIL_ALIGN_SIDE];
    const char *dir = getenv("MATCH_DUMP");
    char path[512];
    FILE *f;

    if (!dir || !*dir)
        return;
    snprintf(path, sizeof(path), "%s/%s-%04d-%02d-%04d-%d.feature", dir, kind, person, number, (int)(l->quality * 1000),
             half);
    if (!(f = fopen(path, "w")))
        exit(2);
    veil_hog_measure(l->aligned, feature, scratch);
    for (int i = 0; i < VEIL_HOG_FEATURES; i++)
        fprintf(f, "%.6g\n", feature[i]);
    fclose(f);
}

static void add_probe(const AVFrame *picture, const VeilRect *box, int person, int half)
{
    Item *p = &b.probe[b.probes];
    VeilLook look;

    if (b.probes == MAX || veil_look_new(&look) < 0)
        exit(2);
    if (veil_looker_look(b.looker, picture, box, &look) > 0) {
        *p = (Item){ .person = person, .half = half, .quality = look.quality, .tmpl = veil_matcher_template(b.m) };
        veil_matcher_add(b.m, look.aligned, p->tmpl, NULL); /* what cannot be embedded is like nobody */
        dump(&look, "probe", person, 0, half);
        b.probes++;
    } else {
        b.no_probe++;
    }
    veil_look_free(&look);
}

static void add_track(VeilLooks *looks, int person, int half, int size)
{
    Item *t = &b.track[b.tracks];

    if (b.tracks == MAX)
        exit(2);
    *t = (Item){ .person = person, .half = half, .size = size, .quality = looks->at[0].quality, .tmpl = veil_matcher_template(b.m) };
    for (int i = 0; i < looks->n; i++)
        veil_matcher_add(b.m, looks->at[i].aligned, t->tmpl, NULL);
    for (int i = 0; i < looks->n; i++)
        dump(&looks->at[i], "track", person, i, half);
    if (looks->n) {
        b.tracks++;
    } else {
        veil_secret_free(t->tmpl);
        b.no_track++;
        b.no_track_half += half;
    }
    veil_looks_free(looks);
}

/* ---- photographs ------------------------------------------------------------------ */

static AVFrame *to_bgr(AVFrame *f)
{
    AVFrame *out = av_frame_alloc();
    struct SwsContext *sws;

    out->format = AV_PIX_FMT_BGR24;
    out->width = f->width;
    out->height = f->height;
    if (av_frame_get_buffer(out, 0) < 0)
        exit(2);
    sws = sws_getContext(f->width, f->height, f->format, f->width, f->height, out->format, SWS_BICUBIC, NULL, NULL, NULL);
    sws_scale(sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height, out->data, out->linesize);
    sws_freeContext(sws);
    av_frame_free(&f);
    return out;
}

/* A face of `size` pixels walks through the picture; the photograph changes half way. */
static void make_track(AVFrame *const photo[2], const VeilFace face[2], int person, int half, int size)
{
    const float x0 = .3f + .15f * clip_random(), x1 = .55f + .15f * clip_random(), y0 = .45f + .1f * clip_random();
    static uint8_t back[CLIP_W * CLIP_H], grey[CLIP_W * CLIP_H];
    AVFrame *frame[TRACK_FRAMES];
    VeilFace box[TRACK_FRAMES];
    VeilLooks looks = { 0 };

    clip_background(back);
    for (int i = 0; i < TRACK_FRAMES; i++) {
        const int k = i * 2 / TRACK_FRAMES;
        const float t = (float)i / TRACK_FRAMES, zoom = (float)size / face[k].h * (.95f + .1f * t);
        const float roll = .06f * sinf(5 * t), mx = face[k].x + face[k].w / 2, my = face[k].y + face[k].h / 2;
        const VeilBgr pic = { photo[k]->data[0], photo[k]->width, photo[k]->height, photo[k]->linesize[0] };
        VeilSimilarity s = { .a = zoom * cosf(roll), .b = zoom * sinf(roll) };

        s.tx = CLIP_W * (x0 + (x1 - x0) * t) - s.a * mx + s.b * my;
        s.ty = CLIP_H * y0 - s.b * mx - s.a * my;
        memcpy(grey, back, sizeof(grey));
        clip_draw(grey, &pic, &face[k], &s);
        frame[i] = clip_frame(grey);
        box[i] = (VeilFace){ .w = face[k].w * zoom, .h = face[k].h * zoom };
        box[i].x = CLIP_W * (x0 + (x1 - x0) * t) - box[i].w / 2;
        box[i].y = CLIP_H * y0 - box[i].h / 2;
    }
    clip_code(frame, TRACK_FRAMES);
    for (int i = 0; i < TRACK_FRAMES; i++) {
        AVFrame *crop = clip_crop(frame[i], &box[i]);

        if (veil_looks_offer(&looks, b.looker, crop, (uint32_t)i, 0) < 0)
            exit(2);
        av_frame_free(&crop);
        av_frame_free(&frame[i]);
    }
    add_track(&looks, person, half, size);
}

static void add_person(const char *folder, int person)
{
    static const int sizes[] = { 40, 60, 80, 120 };
    AVFrame *photo[10];
    VeilFace face[10];
    VeilLook look;

    if (veil_look_new(&look) < 0)
        exit(2);
    for (int i = 0; i < 10; i++) {
        char path[512];

        snprintf(path, sizeof(path), "%s/%d.pgm", folder, i + 1);
        if (!(photo[i] = image_read(path)))
            exit(2);
        photo[i] = to_bgr(photo[i]);
        if (veil_looker_look(b.looker, photo[i], NULL, &look) > 0)
            face[i] = look.face;
        else /* the set's own framing: the head fills the picture */
            face[i] = (VeilFace){ .x = 14, .y = 20, .w = 64, .h = 82 };
    }
    veil_look_free(&look);
    for (int i = 0; i < 4; i++)
        add_probe(photo[i], NULL, person, person % 2);
    for (int i = 4; i < 10; i += 2)
        for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++)
            make_track(photo + i, face + i, person, person % 2, sizes[s]);
    for (int i = 0; i < 10; i++)
        av_frame_free(&photo[i]);
}

static void read_identities(const char *media)
{
    glob_t g;
    char pattern[512];

    snprintf(pattern, sizeof(pattern), "%s/identity/*/*/", media);
    if (glob(pattern, 0, NULL, &g) || !g.gl_pathc) {
        fprintf(stderr, "match: no people in '%s/identity'; set VEIL_TEST_MEDIA\n", media);
        exit(2);
    }
    for (size_t i = 0; i < g.gl_pathc; i++)
        add_person(g.gl_pathv[i], b.people++);
    globfree(&g);
}

/* ---- generated streets -------------------------------------------------------------- */

typedef struct Row {
    int frame, id;
    float x, y, w, h, visible;
} Row;

static int read_rows(const char *path, Row *row, int cap)
{
    FILE *f = fopen(path, "r");
    char line[256];
    int n = 0;

    while (f && n < cap && fgets(line, sizeof(line), f))
        if (sscanf(line, "%d,%*f,%d,%f,%f,%f,%f,%f", &row[n].frame, &row[n].id, &row[n].x, &row[n].y, &row[n].w,
                   &row[n].h, &row[n].visible) == 7)
            n++;
    if (f)
        fclose(f);
    return n;
}

typedef struct Walkers {
    VeilLooks looks[100];
    float tallest[100];
    Row *row;
    int n;
} Walkers;

static void offer_frame(Walkers *w, const AVFrame *f, int number)
{
    for (int i = 0; i < w->n; i++) {
        const Row *r = &w->row[i];
        const VeilFace box = { .x = r->x, .y = r->y, .w = r->w, .h = r->h };
        AVFrame *crop;

        if (r->frame != number || r->visible < .5f || r->h < 16 || !(crop = clip_crop(f, &box)))
            continue;
        if (veil_looks_offer(&w->looks[r->id], b.looker, crop, (uint32_t)number, 0) < 0)
            exit(2);
        w->tallest[r->id] = fmaxf(w->tallest[r->id], r->h);
        av_frame_free(&crop);
    }
}

static void walk(Walkers *w, const char *path)
{
    AVFormatContext *in = NULL;
    AVPacket *p = av_packet_alloc();
    AVFrame *f = av_frame_alloc();
    AVCodecContext *dec;
    int number = 0, end = 0;

    if (avformat_open_input(&in, path, NULL, NULL) < 0)
        exit(2);
    dec = avcodec_alloc_context3(avcodec_find_decoder(in->streams[0]->codecpar->codec_id));
    avcodec_parameters_to_context(dec, in->streams[0]->codecpar);
    if (avcodec_open2(dec, NULL, NULL) < 0)
        exit(2);
    while (!end) {
        end = av_read_frame(in, p) < 0;
        if (end || p->stream_index == 0)
            avcodec_send_packet(dec, end ? NULL : p);
        av_packet_unref(p);
        while (avcodec_receive_frame(dec, f) >= 0)
            offer_frame(w, f, number++);
    }
    av_packet_free(&p);
    av_frame_free(&f);
    avcodec_free_context(&dec);
    avformat_close_input(&in);
}

static void add_street(const char *clip, int half)
{
    const int stem = (int)(strlen(clip) - 4);
    static Row row[100000];
    static Walkers w;
    char path[512];

    memset(&w, 0, sizeof(w));
    snprintf(path, sizeof(path), "%.*s.csv", stem, clip);
    w.row = row;
    w.n = read_rows(path, row, 100000);
    walk(&w, clip);
    for (int id = 0; id < 100; id++) {
        AVFrame *portrait;

        snprintf(path, sizeof(path), "%.*s-%d.png", stem, clip, id);
        if (access(path, R_OK) || !(portrait = image_read(path)))
            continue;
        add_probe(portrait, NULL, b.people, half);
        av_frame_free(&portrait);
        if (w.looks[id].seen)
            add_track(&w.looks[id], b.people, half, (int)w.tallest[id]);
        b.people++;
    }
}

static void read_streets(const char *folder)
{
    char pattern[512];
    glob_t g;

    snprintf(pattern, sizeof(pattern), "%s/*.mp4", folder);
    if (glob(pattern, 0, NULL, &g)) {
        fprintf(stderr, "match: no streets in '%s'; tests/bench/match.sh makes them\n", folder);
        exit(2);
    }
    for (size_t i = 0; i < g.gl_pathc; i++)
        add_street(g.gl_pathv[i], i >= g.gl_pathc / 2);
    globfree(&g);
}

/* ---- rates -------------------------------------------------------------------------- */

typedef struct Scores {
    float *same, *other; ///< descending
    int n_same, n_other;
} Scores;

static int descending(const void *a, const void *c)
{
    const float x = *(const float *)a, y = *(const float *)c;

    return (x < y) - (x > y);
}

static Scores scores_of(int half, int size)
{
    Scores s = { .same = malloc(sizeof(float) * MAX * 40), .other = malloc(sizeof(float) * MAX * 400) };

    for (int t = 0; t < b.tracks; t++)
        for (int p = 0; p < b.probes; p++) {
            const bool same = b.track[t].person == b.probe[p].person;

            if (b.track[t].half != half || b.probe[p].half != half || b.track[t].quality < b.least ||
                (size && b.track[t].size != size))
                continue;
            if (same && s.n_same < MAX * 40)
                s.same[s.n_same++] = veil_matcher_score(b.m, b.track[t].tmpl, b.probe[p].tmpl);
            else if (!same && s.n_other < MAX * 400)
                s.other[s.n_other++] = veil_matcher_score(b.m, b.track[t].tmpl, b.probe[p].tmpl);
        }
    qsort(s.same, (size_t)s.n_same, sizeof(float), descending);
    qsort(s.other, (size_t)s.n_other, sizeof(float), descending);
    return s;
}

static int at_least(const float *s, int n, float threshold)
{
    int k = 0;

    while (k < n && s[k] >= threshold)
        k++;
    return k;
}

/* The lowest threshold that lets at most this share of strangers through: just above the first that must stay out. */
static float threshold_for(const Scores *s, double fmr)
{
    const int let = (int)(fmr * s->n_other);

    return let < s->n_other ? ceilf((s->other[let] + 1e-6f) * 1000) / 1000 : -1;
}

/* Wilson's interval, 95 %; with none seen, its upper end is near the rule of three. */
static void interval(int k, int n, double out[2])
{
    const double z = 1.96, p = n ? (double)k / n : 0, d = 1 + z * z / (n ? n : 1);
    const double mid = p + z * z / (2. * (n ? n : 1)), off = z * sqrt(p * (1 - p) / (n ? n : 1) + z * z / (4. * n * n + !n));

    out[0] = k ? (mid - off) / d : 0;
    out[1] = k < n ? (mid + off) / d : 1;
}

static void show(const char *what, int k, int n)
{
    double ci[2];

    interval(k, n, ci);
    printf("%s=%.4f n=%d of=%d low=%.4f high=%.4f\n", what, n ? (double)k / n : 0, k, n, ci[0], ci[1]);
}

static void show_roc(const Scores *s)
{
    static const double at[] = { .1, .03, .01, .003, .001, .0003 };

    for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
        const float t = threshold_for(s, at[i]);

        printf("roc fmr=%.4f threshold=%.3f tmr=%.4f\n", at[i], t, (double)at_least(s->same, s->n_same, t) / s->n_same);
    }
}

static int show_sizes(float threshold)
{
    static const int sizes[] = { 40, 60, 80, 120 };

    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        const Scores s = scores_of(1, sizes[i]);

        if (s.n_same < 8)
            continue;
        printf("size=%d ", sizes[i]);
        show("tmr", at_least(s.same, s.n_same, threshold), s.n_same);
    }
    return 0;
}

static void write_entry(const char *set, double fmr, float threshold, const Scores *s)
{
    const time_t now = time(NULL);
    int compared = 0, offered = b.no_track_half;
    char date[16];

    for (int i = 0; i < b.tracks; i++) {
        compared += b.track[i].half && b.track[i].quality >= b.least;
        offered += b.track[i].half;
    }
    strftime(date, sizeof(date), "%Y-%m-%d", gmtime(&now));
    printf("\n  {\n    matcher = \"%s\";\n    detector = \"%s\";\n    sha256 = \"%s\";\n", b.matcher->name,
           b.detector->name, b.digest);
    printf("    threshold = %.3f;\n    quality = %.3f;\n    target = %#.4g;\n", threshold, b.least, fmr);
    printf("    same = [%d, %d];\n    other = [%d, %d];\n    tracks = [%d, %d];\n    people = %d;\n",
           at_least(s->same, s->n_same, threshold), s->n_same, at_least(s->other, s->n_other, threshold), s->n_other,
           compared, offered, b.people / 2);
    printf("    set = \"%s\";\n    date = \"%s\";\n  }\n", set, date);
}

static void measure(const char *set, double fmr)
{
    const Scores a = scores_of(0, 0), c = scores_of(1, 0);
    const float threshold = threshold_for(&a, fmr);

    printf("matcher=%s detector=%s set=%s people=%d probes=%d tracks=%d no_face_probes=%d no_face_tracks=%d\n",
           b.matcher->name, b.detector->name, set, b.people, b.probes, b.tracks, b.no_probe, b.no_track);
    printf("threshold=%.3f target_fmr=%g least_quality=%g\n", threshold, fmr, b.least);
    if (!a.n_same || !c.n_same)
        return;
    show("set_tmr", at_least(a.same, a.n_same, threshold), a.n_same);
    show("tmr", at_least(c.same, c.n_same, threshold), c.n_same);
    show("fmr", at_least(c.other, c.n_other, threshold), c.n_other);
    show_sizes(threshold);
    show_roc(&c);
    write_entry(set, fmr, threshold, &c);
}

/* ---- start -------------------------------------------------------------------------- */

static int open_matcher(const char *name)
{
    VeilMatcherConfig c;
    char path[4096];
    int ret;

    if (!(b.matcher = veil_matcher_find(name)))
        return -1;
    if ((ret = veil_recogniser_locate(b.matcher, &c, path, sizeof(path), b.digest)) < 0) {
        veil_models_complain(b.matcher->model, path, ret);
        return -1;
    }
    return veil_matcher_open(&b.m, b.matcher, &c, NULL);
}

static int open_detector(const char *name)
{
    char path[4096] = "";

    if (!(b.detector = veil_detector_find(name)) ||
        (b.detector->model && veil_models_find(b.detector->model, path, sizeof(path)) < 0))
        return -1;
    return veil_looker_open(&b.looker, b.detector, *path ? path : NULL, 0, 1, NULL);
}

int main(int argc, char **argv)
{
    const char *media = getenv("VEIL_TEST_MEDIA"), *street = argc > 5 ? argv[5] : NULL;
    const double fmr = argc > 3 ? atof(argv[3]) : .001;

    b.least = argc > 4 ? (float)atof(argv[4]) : .05f;
    if (argc < 2) {
        fprintf(stderr, "match: tests/bench/match.sh runs it\n");
        return 0;
    }
    if (!media && !street) {
        fprintf(stderr, "match: no pictures of people; set VEIL_TEST_MEDIA, or give a folder of streets: skipped\n");
        return 0;
    }
    setenv("VEIL_CONFIG", "config", 0); /* measurements run in the root of the tree */
    av_log_set_level(AV_LOG_ERROR);
    if (sodium_init() < 0 || open_matcher(argv[1]) < 0 ||
        open_detector(argc > 2 ? argv[2] : "yunet") < 0) {
        fprintf(stderr, "match: no such matcher or detector, or no model for it; 'veil models list' shows them\n");
        return 2;
    }
    if (street)
        read_streets(street);
    else
        read_identities(media);
    measure(street ? "generated-streets" : "att-faces-as-clips-40-120px-x264", fmr);
    veil_looker_close(b.looker);
    veil_matcher_close(b.m);
    return 0;
}
