/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * For the tests of sealing: a dealer's 2-of-3 group, and what a vault holds.
 *
 *   sealtool group DIR             group.note, policy.note, op.key (passphrase on descriptor 3), shares
 *   sealtool list DIR VAULT        every crop: track segment part frame pts x y w h format
 *   sealtool compare DIR VAULT SOURCE
 *                                  crops against the decoded source: samples that differ, PSNR; samples
 *                                  that are grey in the crop are counted apart
 *   sealtool dump DIR VAULT OUT    raw samples, one file for each run of crops of one size
 *   sealtool unit DIR VAULT TRACK  the records of the track's first unit, on standard output
 *   sealtool restored DIR VAULT SOURCE PUBLISHED RESTORED TRACK GT.csv FACE
 *                                  what `veil open` put back for one track: samples changed outside of its
 *                                  rectangles, luma samples changed in the faces of others, or shown there as
 *                                  the source has them; PSNR of its own face
 */
#include <math.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/common.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>

#include "dealer.h"
#include "filters/crops.h"
#include "src/keyio.h"

typedef struct Crop {
    VeilCrop at;
    VeilEntry unit;
    AVFrame *picture;
} Crop;

typedef struct Crops {
    Crop *at;
    int n;
} Crops;

/* A program of one step: what it holds goes with it. Asked by the leak checker. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

static int fail(const char *what, const VeilErr *err)
{
    fprintf(stderr, "sealtool: %s: %s\n", what, err ? err->text : "failed");
    return 2;
}

static const char *path_in(const char *dir, const char *name)
{
    static char path[2][4096];
    static int turn;

    turn = !turn;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
    return path[turn];
}

static int make_group(const char *dir)
{
    static Dealer d;
    VeilPassphrase pass = { 0 };
    VeilKey op = { 0 };
    VeilErr err = { 0 };

    if (veil_keyio_passphrase(&pass, 3, "", false))
        return 2;
    if (veil_key_generate(&op, VEIL_ROLE_OPERATOR, &err) < 0 || dealer_group(&d, &err) < 0 ||
        dealer_policy(&d, op.public_key) < 0 ||
        veil_keyfile_write(path_in(dir, "op.key"), &op, pass.at, pass.len, true, &err) < 0 ||
        veil_file_write(path_in(dir, "group.note"), d.group_note.at, d.group_note.len, 0644, true, &err) < 0 ||
        veil_file_write(path_in(dir, "policy.note"), d.policy_note.at, d.policy_note.len, 0644, true, &err) < 0 ||
        veil_file_write(path_in(dir, "shares"), d.x, sizeof(d.x), 0600, true, &err) < 0)
        return fail("group", &err);
    veil_passphrase_clear(&pass);
    veil_key_clear(&op);
    return 0;
}

/* ---- a vault, wholly opened ------------------------------------------------------- */

static int add_unit(Crops *all, const VeilEntry *e, const uint8_t *records, size_t len, const VeilVaultHeader *h,
                    VeilErr *err)
{
    VeilCropsReader *r;
    Crop c = { .unit = *e };
    int ret = veil_crops_open(&r, records, len, h->width, h->height);

    if (ret < 0)
        return ret;
    while ((ret = veil_crops_next(r, &c.at, &c.picture, err)) > 0) {
        all->at = realloc(all->at, (size_t)(all->n + 1) * sizeof(c));
        all->at[all->n++] = c;
    }
    veil_crops_close(r);
    return ret;
}

static int open_vault(Crops *all, const char *dir, const char *path)
{
    uint8_t *note = NULL, *shares = NULL;
    VeilVault *v = NULL;
    VeilErr err = { 0 };
    VeilGroup g;
    size_t len;

    if (veil_file_read(&note, &len, path_in(dir, "group.note"), 1 << 20, &err) < 0 ||
        veil_group_open(&g, note, len, NULL, &err) < 0 ||
        veil_file_read(&shares, &len, path_in(dir, "shares"), 128, &err) < 0 ||
        veil_vault_open(&v, path, true, &err) < 0 || veil_vault_check(v, &err) < 0)
        return fail(path, &err);
    for (uint32_t i = 0; i < veil_vault_info(v)->seal.units; i++) {
        uint8_t *plain;
        VeilEntry e;
        const int64_t n = dealer_open(&g.key, (uint8_t(*)[32])shares, v, i, &e, &plain, &err);

        if (n < 0 || add_unit(all, &e, plain, (size_t)n, &veil_vault_info(v)->header, &err) < 0)
            return fail("unit", &err);
        free(plain);
    }
    printf("state %s units %u crops %d\n", veil_vault_info(v)->seal.final ? "final" : "open",
           veil_vault_info(v)->seal.units, all->n);
    veil_vault_close(v);
    free(note);
    free(shares);
    return 0;
}

static void list(const Crops *all)
{
    for (int i = 0; i < all->n; i++) {
        const Crop *c = &all->at[i];

        printf("%u %u %u %u %lld %d %d %d %d %s\n", c->unit.track, c->unit.seg, c->unit.part, c->at.frame,
               (long long)c->at.pts, c->at.rect.x, c->at.rect.y, c->at.rect.w, c->at.rect.h,
               av_get_pix_fmt_name(c->picture->format));
    }
}

static int unit(const char *dir, const char *path, uint32_t track)
{
    uint8_t *note = NULL, *shares = NULL, *plain;
    VeilVault *v = NULL;
    VeilErr err = { 0 };
    VeilGroup g;
    VeilEntry e;
    int64_t n;
    size_t len;

    if (veil_file_read(&note, &len, path_in(dir, "group.note"), 1 << 20, &err) < 0 ||
        veil_group_open(&g, note, len, NULL, &err) < 0 ||
        veil_file_read(&shares, &len, path_in(dir, "shares"), 128, &err) < 0 || veil_vault_open(&v, path, true, &err) < 0)
        return fail(path, &err);
    for (uint32_t i = 0; i < veil_vault_info(v)->seal.units; i++) {
        if (veil_entry_parse(&e, veil_vault_entry(v, i)) < 0 || e.track != track)
            continue;
        if ((n = dealer_open(&g.key, (uint8_t(*)[32])shares, v, i, &e, &plain, &err)) < 0)
            return fail("unit", &err);
        return fwrite(plain, 1, (size_t)n, stdout) == (size_t)n ? 0 : fail("standard output", NULL);
    }
    return fail("no such track", NULL);
}

/* ---- against the source ----------------------------------------------------------- */

typedef struct Sum {
    double error, samples, worst, top; ///< top: highest value; worst: lowest PSNR of a crop
    int64_t differ, grey;
    int crops;
} Sum;

static int sample(const AVFrame *f, const AVPixFmtDescriptor *d, int c, int x, int y)
{
    const uint8_t *p = f->data[c] + (ptrdiff_t)y * f->linesize[c] + x * d->comp[c].step;

    return d->comp[c].depth > 8 ? *(const uint16_t *)p : *p;
}

/* Every component near the middle: what `seal` paints over others. */
static bool is_grey(const Crop *c, const AVPixFmtDescriptor *d, int x, int y)
{
    const int unit = 1 << (d->comp[0].depth - 8);

    if (abs(sample(c->picture, d, 0, x, y) - 127 * unit) > 3 * unit)
        return false;
    for (int i = 1; i < d->nb_components; i++)
        if (abs(sample(c->picture, d, i, x >> d->log2_chroma_w, y >> d->log2_chroma_h) - 128 * unit) > 2 * unit)
            return false;
    return true;
}

/* A macroblock's reach around grey: there the coded picture mixes both. */
#define REACH 8

static bool near_grey(const uint8_t *grey, VeilRect r, int x, int y)
{
    for (int v = FFMAX(y - REACH, 0); v <= FFMIN(y + REACH, r.h - 1); v++)
        for (int u = FFMAX(x - REACH, 0); u <= FFMIN(x + REACH, r.w - 1); u++)
            if (grey[v * r.w + u] == 2)
                return true;
    return false;
}

#define RUN 6  ///< grey samples side by side that no face has
#define EDGE 2 ///< the same where they end with the crop: another's cover that just reaches into it

/* Mark runs along a row (step 1) or a column (step w). */
static void mark_runs(uint8_t *grey, int n, int step)
{
    for (int i = 0, begin = 0; i <= n; i++) {
        if (i < n && grey[i * step])
            continue;
        for (int j = begin; i - begin >= (begin == 0 || i == n ? EDGE : RUN) && j < i; j++)
            grey[j * step] = 2;
        begin = i + 1;
    }
}

/* 1: looks grey; 2: painted, as it is long. */
static uint8_t *find_grey(const Crop *c, const AVPixFmtDescriptor *d)
{
    const int w = c->at.rect.w, h = c->at.rect.h;
    uint8_t *grey = calloc((size_t)w, (size_t)h);

    for (int i = 0; i < w * h; i++)
        grey[i] = is_grey(c, d, i % w, i / w);
    for (int y = 0; y < h; y++)
        mark_runs(grey + y * w, w, 1);
    for (int x = 0; x < w; x++)
        mark_runs(grey + x, h, w);
    return grey;
}

static void compare_crop(Sum *sum, const Crop *c, const AVFrame *frame)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(c->picture->format);
    const double top = (1 << d->comp[0].depth) - 1;
    uint8_t *mask = find_grey(c, d);
    double error = 0, samples = 0;

    for (int y = 0; y < c->at.rect.h; y++)
        for (int x = 0; x < c->at.rect.w; x++) {
            const bool grey = near_grey(mask, c->at.rect, x, y);

            sum->grey += mask[y * c->at.rect.w + x] == 2;
            for (int i = 0; i < d->nb_components && !grey; i++) {
                const int sw = i ? d->log2_chroma_w : 0, sh = i ? d->log2_chroma_h : 0;
                int e;

                if ((x & ((1 << sw) - 1)) || (y & ((1 << sh) - 1)))
                    continue;
                e = sample(c->picture, d, i, x >> sw, y >> sh) -
                    sample(frame, d, i, (c->at.rect.x + x) >> sw, (c->at.rect.y + y) >> sh);
                error += (double)e * e;
                samples++;
                sum->differ += e != 0;
            }
        }
    free(mask);
    sum->error += error;
    sum->samples += samples;
    if (samples && error > 0)
        sum->worst = fmin(sum->worst, 10 * log10(top * top * samples / error));
    sum->top = top;
    sum->crops++;
}

static int compare(const Crops *all, const char *source)
{
    AVFormatContext *in = NULL;
    AVCodecContext *dec = NULL;
    const AVCodec *codec;
    AVPacket *p = av_packet_alloc();
    AVFrame *f = av_frame_alloc();
    Sum sum = { .worst = 999 };
    uint32_t n = 0;
    int stream, ret;

    if (avformat_open_input(&in, source, NULL, NULL) < 0 || avformat_find_stream_info(in, NULL) < 0 ||
        (stream = av_find_best_stream(in, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0)) < 0 ||
        !(dec = avcodec_alloc_context3(codec)) || avcodec_parameters_to_context(dec, in->streams[stream]->codecpar) < 0 ||
        avcodec_open2(dec, codec, NULL) < 0)
        return fail(source, NULL);
    for (bool more = true; more;) {
        more = av_read_frame(in, p) >= 0;
        if (more && p->stream_index != stream) {
            av_packet_unref(p);
            continue;
        }
        avcodec_send_packet(dec, more ? p : NULL);
        av_packet_unref(p);
        while ((ret = avcodec_receive_frame(dec, f)) >= 0) {
            for (int i = 0; i < all->n; i++)
                if (all->at[i].at.frame == n) {
                    if (all->at[i].picture->format != f->format)
                        return fail("another pixel format", NULL);
                    compare_crop(&sum, &all->at[i], f);
                }
            n++;
            av_frame_unref(f);
        }
    }
    printf("frames %u compared %d differ %lld grey %lld psnr %.2f worst %.2f\n", n, sum.crops, (long long)sum.differ,
           (long long)sum.grey,
           sum.error > 0 ? 10 * log10(sum.top * sum.top * sum.samples / sum.error) : 999., sum.worst);
    av_frame_free(&f);
    av_packet_free(&p);
    avcodec_free_context(&dec);
    avformat_close_input(&in);
    return sum.crops == all->n ? 0 : fail("crops of frames that the source does not have", NULL);
}

static int dump(const Crops *all, const char *dir)
{
    for (int i = 0, begin = 0; i < all->n; i++) {
        const Crop *c = &all->at[i], *b = &all->at[begin];
        uint8_t *raw;
        char path[4096];
        FILE *out;
        int size;

        if (c->unit.track != b->unit.track || c->at.rect.w != b->at.rect.w || c->at.rect.h != b->at.rect.h)
            b = &all->at[begin = i];
        snprintf(path, sizeof(path), "%s/%u-%u.%dx%d.%s.raw", dir, b->unit.track, b->at.frame, b->at.rect.w,
                 b->at.rect.h, av_get_pix_fmt_name(b->picture->format));
        size = av_image_get_buffer_size(c->picture->format, c->at.rect.w, c->at.rect.h, 1);
        raw = malloc((size_t)size);
        av_image_copy_to_buffer(raw, size, (const uint8_t *const *)c->picture->data, c->picture->linesize,
                                c->picture->format, c->at.rect.w, c->at.rect.h, 1);
        if (!(out = fopen(path, i == begin ? "w" : "a")) || fwrite(raw, (size_t)size, 1, out) != 1)
            return fail(path, NULL);
        fclose(out);
        free(raw);
    }
    return 0;
}

/* ---- a restored video -------------------------------------------------------------- */

typedef struct Film {
    AVFormatContext *in;
    AVCodecContext *dec;
    AVPacket *p;
    AVFrame *f;
    int stream;
} Film;

static int film_open(Film *v, const char *path)
{
    const AVCodec *codec;

    v->p = av_packet_alloc();
    v->f = av_frame_alloc();
    return avformat_open_input(&v->in, path, NULL, NULL) < 0 || avformat_find_stream_info(v->in, NULL) < 0 ||
           (v->stream = av_find_best_stream(v->in, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0)) < 0 ||
           !(v->dec = avcodec_alloc_context3(codec)) ||
           avcodec_parameters_to_context(v->dec, v->in->streams[v->stream]->codecpar) < 0 || avcodec_open2(v->dec, codec, NULL) < 0;
}

static bool film_next(Film *v)
{
    for (;;) {
        int ret = avcodec_receive_frame(v->dec, v->f);

        if (ret != AVERROR(EAGAIN))
            return ret >= 0;
        while ((ret = av_read_frame(v->in, v->p)) >= 0 && v->p->stream_index != v->stream)
            av_packet_unref(v->p);
        avcodec_send_packet(v->dec, ret >= 0 ? v->p : NULL);
        av_packet_unref(v->p);
    }
}

static void film_close(Film *v)
{
    avcodec_free_context(&v->dec);
    avformat_close_input(&v->in);
    av_packet_free(&v->p);
    av_frame_free(&v->f);
}

typedef struct Face {
    uint32_t frame;
    int id;
    float x, y, w, h;
} Face;

static int read_faces(Face **out, const char *path)
{
    FILE *f = fopen(path, "r");
    char line[256];
    int n = 0;

    while (f && fgets(line, sizeof(line), f)) {
        Face a;

        if (sscanf(line, "%u,%*f,%d,%f,%f,%f,%f", &a.frame, &a.id, &a.x, &a.y, &a.w, &a.h) != 6)
            continue;
        *out = realloc(*out, (size_t)(n + 1) * sizeof(a));
        (*out)[n++] = a;
    }
    if (f)
        fclose(f);
    return n;
}

static bool in_face(const Face *a, float grow, int x, int y)
{
    const float gx = a->w * grow, gy = a->h * grow;

    return (float)x + 1 > a->x - gx && (float)x < a->x + a->w + gx && (float)y + 1 > a->y - gy && (float)y < a->y + a->h + gy;
}

typedef struct Change {
    int64_t outside, others, shown, inside;
    double error, own;
} Change;

/* Where in this frame is it somebody else's face, or this one's alone? */
static void compare_pixel(Change *c, const Face *face, int n, uint32_t frame, int id, int x, int y, const int v[3])
{
    bool other = false, near = false, own = false;

    for (int i = 0; i < n; i++)
        if (face[i].frame == frame) {
            other |= face[i].id != id && in_face(&face[i], 0, x, y);
            near |= face[i].id != id && in_face(&face[i], 0.9f, x, y);
            own |= face[i].id == id && in_face(&face[i], 0, x, y);
        }
    c->others += other && v[2] != v[1];
    /* Grey painted over grey is not shown, it is met by chance. */
    c->shown += other && v[2] != v[1] && abs(v[2] - v[0]) <= 2 && abs(v[0] - 126) > 8;
    if (other && v[2] != v[1] && getenv("SEALTOOL_VERBOSE"))
        printf("changed frame %u at %d,%d: source %d published %d restored %d\n", frame, x, y, v[0], v[1], v[2]);
    if (own && !near) {
        c->error += (v[2] - v[0]) * (v[2] - v[0]);
        c->own++;
    }
}

static void compare_films(Change *c, const Film *film, VeilRect r, const Face *face, int n, uint32_t frame, int id)
{
    const AVPixFmtDescriptor *d = av_pix_fmt_desc_get(film[1].f->format);

    for (int i = 0; i < d->nb_components; i++)
        for (int y = 0; y < AV_CEIL_RSHIFT(film[1].f->height, i ? d->log2_chroma_h : 0); y++)
            for (int x = 0; x < AV_CEIL_RSHIFT(film[1].f->width, i ? d->log2_chroma_w : 0); x++) {
                const int u = x << (i ? d->log2_chroma_w : 0), t = y << (i ? d->log2_chroma_h : 0);
                const int v[3] = { sample(film[0].f, d, i, x, y), sample(film[1].f, d, i, x, y), sample(film[2].f, d, i, x, y) };

                if (u < r.x || t < r.y || u >= r.x + r.w || t >= r.y + r.h) {
                    c->outside += v[1] != v[2];
                } else {
                    c->inside += v[1] != v[2];
                    if (!i)
                        compare_pixel(c, face, n, frame, id, u, t, v);
                }
            }
}

static int restored(const Crops *all, char **argv)
{
    Film film[3] = { 0 };
    const uint32_t track = (uint32_t)atoi(argv[3]);
    Face *face = NULL;
    const int faces = read_faces(&face, argv[4]), id = atoi(argv[5]);
    Change c = { 0 };
    uint32_t n = 0;

    for (int i = 0; i < 3; i++)
        if (film_open(&film[i], argv[i]))
            return fail(argv[i], NULL);
    while (film_next(&film[0])) {
        VeilRect r = { 0 };

        if (!film_next(&film[1]) || !film_next(&film[2]) || film[1].f->format != film[2].f->format ||
            film[0].f->format != film[1].f->format)
            return fail("fewer frames, or another format", NULL);
        for (int i = 0; i < all->n; i++)
            if (all->at[i].unit.track == track && all->at[i].at.frame == n)
                r = all->at[i].at.rect;
        compare_films(&c, film, r, face, faces, n++, id);
    }
    if (film_next(&film[1]) || film_next(&film[2]))
        return fail("more frames", NULL);
    printf("frames %u outside %lld inside %lld others %lld shown %lld own %.0f psnr %.2f\n", n, (long long)c.outside,
           (long long)c.inside, (long long)c.others, (long long)c.shown, c.own,
           c.error > 0 ? 10 * log10(255. * 255. * c.own / c.error) : 999.);
    for (int i = 0; i < 3; i++)
        film_close(&film[i]);
    free(face);
    return 0;
}

int main(int argc, char **argv)
{
    Crops all = { 0 };
    int ret = 0;

    if (!veil_keyio_start())
        return 2;
    av_log_set_level(AV_LOG_ERROR);
    if (argc == 3 && !strcmp(argv[1], "group"))
        return make_group(argv[2]);
    if (argc == 5 && !strcmp(argv[1], "unit"))
        return unit(argv[2], argv[3], (uint32_t)atoi(argv[4]));
    if (argc < 4)
        return fail("usage: see tests/lib/sealtool.c", NULL);
    if ((ret = open_vault(&all, argv[2], argv[3])))
        return ret;
    if (!strcmp(argv[1], "list"))
        list(&all);
    else if (!strcmp(argv[1], "compare") && argc == 5)
        ret = compare(&all, argv[4]);
    else if (!strcmp(argv[1], "dump") && argc == 5)
        ret = dump(&all, argv[4]);
    else if (!strcmp(argv[1], "restored") && argc == 10)
        ret = restored(&all, argv + 4);
    for (int i = 0; i < all.n; i++)
        av_frame_free(&all.at[i].picture);
    free(all.at);
    return ret;
}
