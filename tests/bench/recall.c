/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * How many faces each detector finds, by face height, against how many boxes
 * it draws where no face is; one rule for all. A face is found if a box
 * overlaps it with IoU 0.4 or more, one box for one face, best scores first.
 * A box is false if it overlaps no labelled face with IoU 0.3. Faces under
 * 10 pixels are not counted, and boxes on them are not false.
 *
 * Ends with how far recall at 1 false box per picture differs between two
 * rows, in shares of all faces.
 *
 * usage: recall [PLOT.svg]   (VEIL_MODELS, VEIL_TEST_MEDIA)
 */
#include <libswscale/swscale.h>
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "filters/nn/kernels.h"
#include "plot.h"
#include "tests/image.h"
#include "truth.h"
#include "ultraface.h"

#define BINS 4
#define MAX_HITS (210 * VEIL_MAX_FACES) ///< of all photographs of a set
#define LOWEST 0.05f
#define FOUND_IOU 0.4f
#define FALSE_IOU 0.3f

static const float bin_from[BINS + 1] = {10, 16, 24, 48, 1e9f};
static const double at_false[] = {0.1, 0.3, 1, 3};

/** One search of a picture; a detector may unite two. */
typedef struct Part {
    const char *backend;
    const char *model; ///< below VEIL_MODELS; NULL none
    float scale;       ///< longer side searched, in longer sides of the picture
    float tallest;     ///< only faces up to this height, in picture pixels, are taken; 0 all
    VeilPrecision precision;
} Part;

static const struct {
    const char *name;
    Part part[2];
} detectors[] = {
    {"yunet 1x",            {{"yunet", "yunet/face_detection_yunet_2023mar.onnx", 1, 0}}},
    {"opencv yunet 1x",     {{"opencv", "yunet/face_detection_yunet_2023mar.onnx", 1, 0}}},
    {"yunet int8 1x",       {{"yunet", "yunet/face_detection_yunet_2023mar.onnx", 1, 0, VEIL_PRECISION_INT8}}},
    {"yunet 2x",            {{"yunet", "yunet/face_detection_yunet_2023mar.onnx", 2, 0}}},
    {"yunet int8 2x",       {{"yunet", "yunet/face_detection_yunet_2023mar.onnx", 2, 0, VEIL_PRECISION_INT8}}},
    {"yunet 3x",            {{"yunet", "yunet/face_detection_yunet_2023mar.onnx", 3, 0}}},
    {"yunet-n 1x",          {{"yunet-n", "yunet/yunet_n_640_640.onnx", 1, 0}}},
    {"yunet-n int8 1x",     {{"yunet-n", "yunet/yunet_n_640_640.onnx", 1, 0, VEIL_PRECISION_INT8}}},
    {"yunet-n 2x",          {{"yunet-n", "yunet/yunet_n_640_640.onnx", 2, 0}}},
    {"own 1x",              {{"own", NULL, 1, 0}}},
    {"own 2x",              {{"own", NULL, 2, 0}}},
    {"own 1x + 2x small",   {{"own", NULL, 1, 0}, {"own", NULL, 2, 24}}},
    {"own 1x + cascade",    {{"own", NULL, 1, 0}, {"cascade", NULL, 1, 0}}},
    {"cascade 1x",          {{"cascade", NULL, 1, 0}}},
    {"ultraface 320",       {{"ultraface", "ultraface/version-RFB-320.onnx", 1, 0}}},
    {"ultraface 640",       {{"ultraface", "ultraface/version-RFB-640.onnx", 1, 0}}},
    {"ultraface 640 mask",  {{"ultraface", "ultraface/RFB-640-masked_face-v2.onnx", 1, 0}}},
};

#define DETECTORS (sizeof(detectors) / sizeof(*detectors))

static const struct {
    const char *what, *a, *b;
} differences[] = {
    {"yunet.engine_minus_opencv", "yunet 1x", "opencv yunet 1x"},
    {"yunet.int8_minus_float.1x", "yunet int8 1x", "yunet 1x"},
    {"yunet.int8_minus_float.2x", "yunet int8 2x", "yunet 2x"},
};

/** A box that found a face (bin 0 and up) or none (-1). */
typedef struct Hit {
    float score;
    int bin;
} Hit;

typedef struct Result {
    Hit *hit; ///< best first
    int n;
    double cpu; ///< seconds
} Result;

typedef struct Scene {
    AVFrame *frame;
    VeilFace *faces;
    int n;
} Scene;

static double cpu_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

/* The picture in its own shape again, shorter side as stored. */
static Scene scene_read(const TruthImage *im)
{
    Scene s = {.frame = image_read(im->path), .faces = im->faces, .n = im->n};
    AVFrame *f = s.frame, *g;
    double sx, sy;

    if (!f || !im->aspect)
        return s;
    sx = fmax(1, im->aspect) * f->height / f->width;
    sy = fmax(1, 1 / im->aspect);
    g = av_frame_alloc();
    av_frame_copy_props(g, f);
    g->format = f->format;
    g->width = lrint(f->width * sx);
    g->height = lrint(f->height * sy);
    if (av_frame_get_buffer(g, 0) < 0)
        exit(2);
    struct SwsContext *sws = sws_getContext(f->width, f->height, f->format, g->width, g->height, g->format,
                                            SWS_BICUBIC, NULL, NULL, NULL);
    sws_scale(sws, (const uint8_t *const *)f->data, f->linesize, 0, f->height, g->data, g->linesize);
    sws_freeContext(sws);
    av_frame_free(&s.frame);
    s.frame = g;
    for (int i = 0; i < s.n; i++) {
        s.faces[i].x *= sx, s.faces[i].w *= sx;
        s.faces[i].y *= sy, s.faces[i].h *= sy;
    }
    return s;
}

static int bin_of(float h)
{
    for (int i = 0; i < BINS; i++)
        if (h >= bin_from[i] && h < bin_from[i + 1])
            return i;
    return -1;
}

/* boxes come best first */
static void match(Result *r, const Scene *s, const VeilFace *box, int n)
{
    static bool taken[TRUTH_MAX_FACES];

    memset(taken, 0, sizeof(taken));
    for (int i = 0; i < n && r->n < MAX_HITS; i++) {
        float best = 0, any = 0;
        int face = -1;

        for (int k = 0; k < s->n; k++) {
            const float iou = veil_face_iou(&box[i], &s->faces[k]);

            any = fmaxf(any, iou);
            if (!taken[k] && iou > best)
                best = iou, face = k;
        }
        if (face >= 0 && best >= FOUND_IOU) {
            taken[face] = true;
            if (bin_of(s->faces[face].h) >= 0)
                r->hit[r->n++] = (Hit){box[i].score, bin_of(s->faces[face].h)};
        } else if (any < FALSE_IOU) {
            r->hit[r->n++] = (Hit){box[i].score, -1};
        }
    }
}

static const VeilDetectorBackend *backend_of(const Part *p)
{
    return strcmp(p->backend, "ultraface") ? veil_detector_find(p->backend) : &ultraface;
}

static int search(const Part *p, const AVFrame *f, VeilFace *faces, int cap, double *cpu)
{
    const VeilDetectorBackend *b = backend_of(p);
    const int longer = f->width > f->height ? f->width : f->height;
    char model[512];
    const VeilDetectorConfig c = {
        .model = p->model ? model : NULL, .size = lrintf(longer * p->scale), .threshold = LOWEST, .threads = 1,
        .precision = p->precision,
    };
    void *priv;
    double t;
    int n, kept = 0;

    snprintf(model, sizeof(model), "%s/%s", getenv("VEIL_MODELS"), p->model ? p->model : "");
    if (b->open(&priv, &c, NULL) < 0)
        exit(2);
    t = cpu_now();
    n = b->find(priv, f, faces, cap, NULL);
    *cpu += cpu_now() - t;
    b->close(priv);
    if (n < 0)
        exit(2);
    for (int i = 0; i < n; i++)
        if (!p->tallest || faces[i].h <= p->tallest)
            faces[kept++] = faces[i];
    return kept;
}

static int by_score(const void *a, const void *b)
{
    const float x = ((const Hit *)a)->score, y = ((const Hit *)b)->score;

    return (x < y) - (x > y);
}

static Result search_all(int d, const Scene *scene, int scenes)
{
    static VeilFace faces[2 * VEIL_MAX_FACES];
    Result r = {.hit = calloc(MAX_HITS, sizeof(Hit))};

    for (int i = 0; i < scenes; i++) {
        int n = 0;

        for (int k = 0; k < 2 && detectors[d].part[k].backend; k++)
            n += search(&detectors[d].part[k], scene[i].frame, faces + n, VEIL_MAX_FACES, &r.cpu);
        n = veil_faces_suppress(faces, n, FOUND_IOU, n);
        match(&r, &scene[i], faces, n);
    }
    qsort(r.hit, r.n, sizeof(*r.hit), by_score);
    return r;
}

/* Faces found per bin while false boxes stay within `most`. */
static void found_within(const Result *r, int most, int found[BINS])
{
    memset(found, 0, BINS * sizeof(*found));
    for (int i = 0, wrong = 0; i < r->n; i++)
        if (r->hit[i].bin >= 0)
            found[r->hit[i].bin]++;
        else if (++wrong > most)
            break;
}

/* @return recall of all at 1 false box per picture */
static double print_row(const char *name, const Result *r, const int total[BINS], int scenes)
{
    int found[BINS], all = 0, sum;
    double at_one = 0;

    for (int b = 0; b < BINS; b++)
        all += total[b];
    found_within(r, scenes, found);
    printf("| %-20s |", name);
    for (int b = 0; b < BINS; b++)
        printf(" %.3f |", total[b] ? (double)found[b] / total[b] : 0);
    for (size_t k = 0; k < sizeof(at_false) / sizeof(*at_false); k++) {
        found_within(r, lrint(at_false[k] * scenes), found);
        sum = 0;
        for (int b = 0; b < BINS; b++)
            sum += found[b];
        printf(" %.3f |", (double)sum / all);
        if (at_false[k] == 1)
            at_one = (double)sum / all;
    }
    printf(" %7.1f |\n", 1e3 * r->cpu / scenes);
    return at_one;
}

static double recall_of(const char *name, const double recall[DETECTORS])
{
    for (size_t d = 0; d < DETECTORS; d++)
        if (!strcmp(detectors[d].name, name))
            return recall[d];
    return NAN;
}

static void print_differences(const char *set, const double recall[DETECTORS])
{
    printf("\n");
    for (size_t i = 0; i < sizeof(differences) / sizeof(*differences); i++) {
        const double d = recall_of(differences[i].a, recall) - recall_of(differences[i].b, recall);

        if (isnan(d))
            printf("recall.%s.%s: not on this processor\n", set, differences[i].what);
        else
            printf("recall.%s.%s=%+.4f\n", set, differences[i].what, d);
    }
}

static bool can_run(const Part *p)
{
    return p->precision != VEIL_PRECISION_INT8 || veil_nn_kernels_find(NULL)->pw8;
}

static void plot_curve(FILE *f, int i, const Result *r, int all, int scenes)
{
    int found = 0, wrong = 0;
    double last = -1;

    fprintf(f, "<polyline ");
    plot_style(f, i);
    fprintf(f, " points=\"");
    for (int k = 0; k < r->n && wrong <= PLOT_MOST * scenes; k++) {
        found += r->hit[k].bin >= 0;
        wrong += r->hit[k].bin < 0;
        if (r->hit[k].bin < 0 && wrong >= PLOT_LEAST * scenes && plot_x((double)wrong / scenes) - last >= 2) {
            last = plot_x((double)wrong / scenes); /* a point for every second pixel is plenty */
            fprintf(f, "%.1f,%.1f ", plot_x((double)wrong / scenes), plot_y((double)found / all));
        }
    }
    fprintf(f, "\"/>\n");
    plot_label(f, i, detectors[i].name);
}

static void measure(const char *set, const Truth *t, FILE *svg)
{
    static Scene scene[TRUTH_MAX_IMAGES];
    int total[BINS] = {0}, all = 0, scenes = 0;
    double recall[DETECTORS];

    for (int i = 0; i < t->n; i++)
        if ((scene[scenes] = scene_read(&t->image[i])).frame)
            scenes++;
    for (int i = 0; i < scenes; i++)
        for (int k = 0; k < scene[i].n; k++)
            if (bin_of(scene[i].faces[k].h) >= 0)
                total[bin_of(scene[i].faces[k].h)]++, all++;
    printf("\n%s: %d pictures, %d faces of 10 px and more (%d, %d, %d, %d by height)\n\n", set, scenes, all, total[0],
           total[1], total[2], total[3]);
    printf("Recall by height at 1 false box per picture; of all at 0.1, 0.3, 1 and 3; CPU time per picture\n\n");
    printf("| detector             | 10-16 | 16-24 | 24-48 | 48+   | @0.1  | @0.3  | @1    | @3    | ms      |\n");
    printf("|----------------------|-------|-------|-------|-------|-------|-------|-------|-------|---------|\n");
    for (size_t d = 0; d < DETECTORS; d++) {
        recall[d] = NAN;
        if (!can_run(&detectors[d].part[0]))
            continue;
        Result r = search_all(d, scene, scenes);

        recall[d] = print_row(detectors[d].name, &r, total, scenes);
        fflush(stdout);
        if (svg)
            plot_curve(svg, d, &r, all, scenes);
        free(r.hit);
    }
    print_differences(set, recall);
    for (int i = 0; i < scenes; i++)
        av_frame_free(&scene[i].frame);
}

int main(int argc, char **argv)
{
    const char *media = getenv("VEIL_TEST_MEDIA");
    Truth *wider = calloc(1, sizeof(*wider)), *masks = calloc(1, sizeof(*masks));
    FILE *svg = NULL;

    if (!media || !getenv("VEIL_MODELS") || !truth_read_wider(wider, media) || !truth_read_masks(masks, media)) {
        fprintf(stderr, "recall: no pictures or models; set VEIL_TEST_MEDIA and VEIL_MODELS to their folders\n");
        return 2;
    }
    if (argc > 1 && !(svg = fopen(argv[1], "w"))) {
        fprintf(stderr, "recall: cannot write '%s'; choose another place\n", argv[1]);
        return 2;
    }
    if (svg)
        plot_begin(svg, "Faces of 10 px and more in 100 WIDER FACE photographs");
    av_log_set_level(AV_LOG_ERROR);
    measure("wider", wider, svg);
    if (svg) {
        fprintf(svg, "</svg>\n");
        fclose(svg);
    }
    measure("masks", masks, NULL);
    truth_free(wider);
    truth_free(masks);
    return 0;
}
