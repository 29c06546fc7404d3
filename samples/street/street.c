/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * street: render surveillance footage of a street that does not exist, with
 * people who do not exist, and the exact place of every face.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/log.h>
#include "font.h"
#include "lens.h"
#include "output.h"
#include "pool.h"
#include "portrait.h"
#include "truth.h"

#define BATCH 8 ///< frames rendered side by side before they are encoded

typedef struct Options {
    const char *out, *gt, *portrait;
    int frames, width, height, fps, people, crf, portrait_id;
    bool sized, audio;
    uint32_t seed;
    LightKind light;
} Options;

static const char usage[] =
    "Usage: street [OPTION]...\n"
    "Render a street with people who do not exist, and where their faces are.\n"
    "\n"
    "  -o, --output OUT.mp4     the clip (default street.mp4); .mp4, .mov or .mkv\n"
    "      --gt OUT.csv         also write the box of every face in every frame\n"
    "      --frames N           length of the clip, 1..100000 (default 500)\n"
    "      --size WxH           even, 64..4096 (default 1280x720)\n"
    "      --fps N              frames per second, 1..120 (default 25)\n"
    "      --seed S             who is there and where they go (default 1)\n"
    "      --people N           how many, 0..100 (default 8)\n"
    "      --light KIND         day, dusk or night: infra-red (default day)\n"
    "      --crf N              quality of libx264, 0..51, lower is better (default 23)\n"
    "      --audio, --no-audio  with or without a sound track (default with)\n"
    "      --portrait ID FILE   write a portrait of person ID to FILE.png and stop;\n"
    "                           --size is its size (default 480x600)\n"
    "  -h, --help               show this help\n";

static int bad(const char *what, const char *value, const char *want)
{
    fprintf(stderr, "street: bad %s '%s': give %s\n", what, value, want);
    return -EINVAL;
}

static int read_number(const char *what, const char *text, long lo, long hi, long *out)
{
    char *end, want[64];
    const long v = strtol(text, &end, 10);

    if (end != text && !*end && v >= lo && v <= hi) {
        *out = v;
        return 0;
    }
    snprintf(want, sizeof(want), "a whole number from %ld to %ld", lo, hi);
    return bad(what, text, want);
}

static int read_int(const char *what, const char *text, int lo, int hi, int *out)
{
    long v;

    if (read_number(what, text, lo, hi, &v) < 0)
        return -EINVAL;
    *out = (int)v;
    return 0;
}

static int read_size(const char *text, Options *o)
{
    char rest;

    if (sscanf(text, "%5dx%5d%c", &o->width, &o->height, &rest) != 2 || o->width < 64 || o->height < 64 ||
        o->width > 4096 || o->height > 4096 || o->width % 2 || o->height % 2)
        return bad("size", text, "WIDTHxHEIGHT, both even and from 64 to 4096, such as 1280x720");
    o->sized = true;
    return 0;
}

static int read_light(const char *text, LightKind *light)
{
    static const char *names[] = { "day", "dusk", "night" };

    for (int i = 0; i < 3; i++)
        if (!strcmp(text, names[i])) {
            *light = (LightKind)i;
            return 0;
        }
    return bad("light", text, "day, dusk or night");
}

enum {
    OPT_GT = 256,
    OPT_FRAMES,
    OPT_SIZE,
    OPT_FPS,
    OPT_SEED,
    OPT_PEOPLE,
    OPT_LIGHT,
    OPT_CRF,
    OPT_AUDIO,
    OPT_SILENT,
    OPT_PORTRAIT
};

static const struct option long_options[] = {
    { "output", required_argument, NULL, 'o' },
    { "gt", required_argument, NULL, OPT_GT },
    { "frames", required_argument, NULL, OPT_FRAMES },
    { "size", required_argument, NULL, OPT_SIZE },
    { "fps", required_argument, NULL, OPT_FPS },
    { "seed", required_argument, NULL, OPT_SEED },
    { "people", required_argument, NULL, OPT_PEOPLE },
    { "light", required_argument, NULL, OPT_LIGHT },
    { "crf", required_argument, NULL, OPT_CRF },
    { "audio", no_argument, NULL, OPT_AUDIO },
    { "no-audio", no_argument, NULL, OPT_SILENT },
    { "portrait", required_argument, NULL, OPT_PORTRAIT },
    { "help", no_argument, NULL, 'h' },
    { 0 },
};

/* --portrait takes two words: getopt gives the first, the second follows it. */
static int read_portrait(int argc, char **argv, Options *o)
{
    if (optind >= argc) {
        fprintf(stderr,
                "street: option '--portrait' needs a person and a file, such as --portrait 3 face.png\n");
        return -EINVAL;
    }
    o->portrait = argv[optind++];
    return read_int("portrait", optarg, 0, PEOPLE_MAX - 1, &o->portrait_id);
}

static int read_option(int opt, int argc, char **argv, Options *o)
{
    long seed;

    switch (opt) {
    case 'o':
        o->out = optarg;
        return 0;
    case OPT_GT:
        o->gt = optarg;
        return 0;
    case OPT_FRAMES:
        return read_int("frames", optarg, 1, 100000, &o->frames);
    case OPT_SIZE:
        return read_size(optarg, o);
    case OPT_FPS:
        return read_int("fps", optarg, 1, 120, &o->fps);
    case OPT_PEOPLE:
        return read_int("people", optarg, 0, PEOPLE_MAX, &o->people);
    case OPT_LIGHT:
        return read_light(optarg, &o->light);
    case OPT_CRF:
        return read_int("crf", optarg, 0, 51, &o->crf);
    case OPT_AUDIO:
        o->audio = true;
        return 0;
    case OPT_SILENT:
        o->audio = false;
        return 0;
    case OPT_PORTRAIT:
        return read_portrait(argc, argv, o);
    case OPT_SEED:
        if (read_number("seed", optarg, 0, UINT32_MAX, &seed) < 0)
            return -EINVAL;
        o->seed = (uint32_t)seed;
        return 0;
    default:
        return -EINVAL;
    }
}

typedef struct Run {
    const Options *opt;
    Stage stage;
    Canvas canvas[POOL_WORKERS];
    int first; ///< frame of job 0
    uint8_t *rgb[BATCH];
    Face *faces[BATCH];
    int face_count[BATCH];
} Run;

/* The clock starts on an October day, when people wear coats. */
static void write_clock(const Options *o, uint8_t *rgb, int frame)
{
    const int hour = o->light == LIGHT_DAY ? 14 : o->light == LIGHT_DUSK ? 18 : 2;
    const int s = 17 * 60 + 42 + frame / o->fps, size = o->height >= 600 ? o->height / 360 : 1;
    char text[64];

    snprintf(text, sizeof(text), "2026-10-14 %02d:%02d:%02d", hour + s / 3600, s / 60 % 60, s % 60);
    lens_write(rgb, o->width, o->height, 8 * size, 6 * size, size, "CAM 04 MARKET STREET");
    lens_write(rgb, o->width, o->height, o->width - size * (font_length(text) + 8), 6 * size, size, text);
}

static int render_frame(void *arg, int job, int worker)
{
    Run *r = arg;
    const Options *o = r->opt;
    const int frame = r->first + job;
    Canvas *c = &r->canvas[worker];

    r->face_count[job] =
        stage_render(&r->stage, c, (float)frame / (float)o->fps, 1 / (float)o->fps, r->faces[job]);
    if (r->face_count[job] < 0)
        return r->face_count[job];
    lens_develop(&r->stage.light, c->rgb, c->spare, o->width, o->height, o->seed, frame, r->rgb[job]);
    write_clock(o, r->rgb[job], frame);
    return 0;
}

static int run_open(Run *r, const Options *o)
{
    int ret;

    *r = (Run){ .opt = o };
    if ((ret = stage_open(&r->stage, o->width, o->height, o->light, o->seed, o->people)) < 0)
        return ret;
    for (int i = 0; i < POOL_WORKERS; i++)
        if ((ret = canvas_open(&r->canvas[i], o->width, o->height)) < 0)
            return ret;
    for (int i = 0; i < BATCH; i++) {
        r->rgb[i] = malloc(3 * (size_t)o->width * (size_t)o->height);
        r->faces[i] = calloc((size_t)o->people + 1, sizeof(Face));
        if (!r->rgb[i] || !r->faces[i])
            return -ENOMEM;
    }
    return 0;
}

static void run_close(Run *r)
{
    for (int i = 0; i < BATCH; i++) {
        free(r->rgb[i]);
        free(r->faces[i]);
    }
    for (int i = 0; i < POOL_WORKERS; i++)
        canvas_close(&r->canvas[i]);
    stage_close(&r->stage);
}

static int run_batches(Run *r, Output *out, Truth *truth)
{
    const Options *o = r->opt;
    int ret;

    for (r->first = 0; r->first < o->frames; r->first += BATCH) {
        const int n = o->frames - r->first < BATCH ? o->frames - r->first : BATCH;

        if ((ret = pool_run(n, render_frame, r)) < 0)
            return ret;
        for (int i = 0; i < n; i++) {
            if ((ret = output_frame(out, r->rgb[i])) < 0)
                return ret;
            if (truth)
                truth_add(truth, r->first + i, (double)(r->first + i) / o->fps, r->faces[i],
                          r->face_count[i]);
        }
    }
    return 0;
}

static int make_clip(const Options *o)
{
    const OutputOptions oo = { o->out, o->width, o->height, o->fps, o->crf, o->audio, o->seed };
    Output *out = NULL;
    Truth *truth = NULL;
    Run run = { 0 };
    int ret;

    if ((ret = output_open(&out, &oo)) < 0 || (o->gt && (ret = truth_open(&truth, o->gt)) < 0))
        goto end;
    if ((ret = run_open(&run, o)) < 0 || (ret = run_batches(&run, out, truth)) < 0) {
        if (ret == -ENOMEM)
            fprintf(stderr, "street: out of memory; try a smaller --size or fewer --people\n");
        goto end;
    }
    if ((ret = output_finish(out)) < 0)
        goto end;
    if (truth)
        ret = truth_finish(truth);
end:
    run_close(&run);
    truth_close(truth);
    output_close(out);
    return ret;
}

static int parse(int argc, char **argv, Options *o)
{
    int opt, ret;

    while ((opt = getopt_long(argc, argv, "o:h", long_options, NULL)) != -1) {
        if (opt == 'h') {
            fputs(usage, stdout);
            exit(EXIT_SUCCESS);
        }
        if ((ret = read_option(opt, argc, argv, o)) < 0)
            return ret;
    }
    if (optind < argc) {
        fprintf(stderr, "street: unexpected word '%s'; see street --help\n", argv[optind]);
        return -EINVAL;
    }
    return 0;
}

int main(int argc, char **argv)
{
    Options o = { .out = "street.mp4",
                  .frames = 500,
                  .width = 1280,
                  .height = 720,
                  .fps = 25,
                  .people = 8,
                  .crf = 23,
                  .audio = true,
                  .seed = 1 };
    int ret;

    av_log_set_level(AV_LOG_ERROR);
    ret = parse(argc, argv, &o);

    if (ret == 0 && o.portrait)
        ret = portrait_write(o.portrait, o.seed, o.portrait_id, o.sized ? o.width : 480,
                             o.sized ? o.height : 600);
    else if (ret == 0)
        ret = make_clip(&o);
    return ret < 0 ? 2 : 0;
}
