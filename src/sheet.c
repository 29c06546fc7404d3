/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sheet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/common.h>
#include <libavutil/error.h>
#include <libswscale/swscale.h>

#include "keys/bytes.h"
#include "pngfile.h"

#define CELL    160 ///< pixels: side of a picture's place
#define TEXT_H  40  ///< of the two lines under it
#define HEAD_H  36
#define COLUMNS 6
#define GAP     8
#define KEPT    (2 * VEIL_SHEET_CELLS)
#define GLYPH_W 5
#define GLYPH_H 7
#define SCALE   2 ///< of letters

typedef struct Cell {
    uint8_t *rgb; ///< w * h * 3 bytes
    int w, h;
    uint32_t frame;
    int64_t pts_us;
} Cell;

struct VeilSheet {
    uint32_t track;
    int64_t start;
    Cell cell[KEPT]; ///< each `stride`th picture
    int n;
    uint64_t offered, stride;
};

/* ---- choosing ------------------------------------------------------------------------- */

VeilSheet *veil_sheet_new(uint32_t track, int64_t start)
{
    VeilSheet *s = calloc(1, sizeof(*s));

    if (s)
        *s = (VeilSheet){ .track = track, .start = start, .stride = 1 };
    return s;
}

static void cell_free(Cell *c)
{
    if (c->rgb)
        explicit_bzero(c->rgb, (size_t)c->w * (size_t)c->h * 3);
    free(c->rgb);
    *c = (Cell){ 0 };
}

void veil_sheet_free(VeilSheet *s)
{
    for (int i = 0; s && i < s->n; i++)
        cell_free(&s->cell[i]);
    free(s);
}

/* Every second one goes, and from now on half as many come. */
static void thin_out(VeilSheet *s)
{
    for (int i = 0; i < s->n; i++)
        if (i % 2)
            cell_free(&s->cell[i]);
        else
            s->cell[i / 2] = s->cell[i];
    s->n = (s->n + 1) / 2;
    memset(s->cell + s->n, 0, (size_t)(KEPT - s->n) * sizeof(*s->cell));
    s->stride *= 2;
}

/* PNG's own formats first, so that matrix and range are right; then to the cell's size. */
static int shrink(Cell *c, const AVFrame *picture, int lines)
{
    AVFrame *rgb = veil_png_picture(picture, lines);
    const double scale = (double)CELL / FFMAX(picture->width, picture->height);
    struct SwsContext *sws = NULL;
    int ret = AVERROR(ENOMEM);

    c->w = av_clip((int)(picture->width * scale + 0.5), 1, CELL);
    c->h = av_clip((int)(picture->height * scale + 0.5), 1, CELL);
    if (rgb && (c->rgb = malloc((size_t)c->w * (size_t)c->h * 3)) &&
        (sws = sws_getContext(rgb->width, rgb->height, rgb->format, c->w, c->h, AV_PIX_FMT_RGB24, SWS_AREA, NULL, NULL,
                              NULL))) {
        uint8_t *const to[4] = { c->rgb };
        const int stride[4] = { c->w * 3 };

        ret = sws_scale(sws, (const uint8_t *const *)rgb->data, rgb->linesize, 0, rgb->height, to, stride) == c->h
                  ? 0
                  : AVERROR_EXTERNAL;
    }
    sws_freeContext(sws);
    av_frame_free(&rgb);
    if (ret < 0)
        cell_free(c);
    return ret;
}

int veil_sheet_add(VeilSheet *s, const AVFrame *picture, uint32_t frame, int64_t pts_us, int lines)
{
    Cell c = { .frame = frame, .pts_us = pts_us };
    int ret;

    if (s->offered++ % s->stride)
        return 0;
    if (s->n == KEPT) {
        thin_out(s);
        if ((s->offered - 1) % s->stride)
            return 0;
    }
    if ((ret = shrink(&c, picture, lines)) >= 0)
        s->cell[s->n++] = c;
    return ret;
}

/* ---- letters ---------------------------------------------------------------------------- */

/* Columns from the left, the top row in bit 0. */
static const struct {
    char c;
    uint8_t column[GLYPH_W];
} glyphs[] = {
    { '0', { 0x3e, 0x51, 0x49, 0x45, 0x3e } }, { '1', { 0x00, 0x42, 0x7f, 0x40, 0x00 } },
    { '2', { 0x42, 0x61, 0x51, 0x49, 0x46 } }, { '3', { 0x21, 0x41, 0x45, 0x4b, 0x31 } },
    { '4', { 0x18, 0x14, 0x12, 0x7f, 0x10 } }, { '5', { 0x27, 0x45, 0x45, 0x45, 0x39 } },
    { '6', { 0x3c, 0x4a, 0x49, 0x49, 0x30 } }, { '7', { 0x01, 0x71, 0x09, 0x05, 0x03 } },
    { '8', { 0x36, 0x49, 0x49, 0x49, 0x36 } }, { '9', { 0x06, 0x49, 0x49, 0x29, 0x1e } },
    { ':', { 0x00, 0x36, 0x36, 0x00, 0x00 } }, { '.', { 0x00, 0x60, 0x60, 0x00, 0x00 } },
    { '-', { 0x08, 0x08, 0x08, 0x08, 0x08 } }, { 'A', { 0x7e, 0x11, 0x11, 0x11, 0x7e } },
    { 'C', { 0x3e, 0x41, 0x41, 0x41, 0x22 } }, { 'E', { 0x7f, 0x49, 0x49, 0x49, 0x41 } },
    { 'F', { 0x7f, 0x09, 0x09, 0x09, 0x01 } }, { 'K', { 0x7f, 0x08, 0x14, 0x22, 0x41 } },
    { 'M', { 0x7f, 0x02, 0x0c, 0x02, 0x7f } }, { 'R', { 0x7f, 0x09, 0x19, 0x29, 0x46 } },
    { 'T', { 0x01, 0x01, 0x7f, 0x01, 0x01 } }, { 'U', { 0x3f, 0x40, 0x40, 0x40, 0x3f } },
};

static const uint8_t *glyph_of(char c)
{
    for (size_t i = 0; i < sizeof(glyphs) / sizeof(glyphs[0]); i++)
        if (glyphs[i].c == c)
            return glyphs[i].column;
    return NULL; /* a space */
}

static void draw_text(AVFrame *f, int x, int y, const char *text)
{
    for (; *text; text++, x += (GLYPH_W + 1) * SCALE) {
        const uint8_t *g = glyph_of(*text);

        for (int v = 0; g && v < GLYPH_H * SCALE; v++)
            for (int u = 0; u < GLYPH_W * SCALE; u++)
                if (g[u / SCALE] >> (v / SCALE) & 1 && x + u < f->width && y + v < f->height)
                    memset(f->data[0] + (y + v) * f->linesize[0] + (x + u) * 3, 0xe8, 3);
    }
}

/* ---- drawing ------------------------------------------------------------------------------ */

static void draw_cell(AVFrame *f, const VeilSheet *s, const Cell *c, int x, int y)
{
    const int64_t ms = c->pts_us / 1000;
    char time[VEIL_TIME_LEN + 1] = "", text[64];

    for (int v = 0; v < c->h; v++)
        memcpy(f->data[0] + (y + (CELL - c->h) / 2 + v) * f->linesize[0] + (x + (CELL - c->w) / 2) * 3,
               c->rgb + (size_t)v * (size_t)c->w * 3, (size_t)c->w * 3);
    veil_time_format(time, s->start + ms / 1000);
    snprintf(text, sizeof(text), "%.8s.%03d", strlen(time) == VEIL_TIME_LEN ? time + 11 : "", (int)(ms % 1000));
    draw_text(f, x + (CELL - (int)strlen(text) * (GLYPH_W + 1) * SCALE) / 2, y + CELL + 4, text);
    snprintf(text, sizeof(text), "FRAME %" PRIu32, c->frame);
    draw_text(f, FFMAX(x + (CELL - (int)strlen(text) * (GLYPH_W + 1) * SCALE) / 2, 0), y + CELL + 22, text);
}

int veil_sheet_draw(const VeilSheet *s, uint8_t **png, size_t *len)
{
    const int n = FFMIN(s->n, VEIL_SHEET_CELLS), columns = av_clip(n, 3, COLUMNS), rows = FFMAX((n + columns - 1) / columns, 1);
    char time[VEIL_TIME_LEN + 1] = "", text[64];
    AVFrame *f = av_frame_alloc();
    int ret = AVERROR(ENOMEM);

    *png = NULL;
    if (!f)
        return ret;
    f->format = AV_PIX_FMT_RGB24;
    f->width = GAP + columns * (CELL + GAP);
    f->height = HEAD_H + rows * (CELL + TEXT_H + GAP);
    if ((ret = av_frame_get_buffer(f, 0)) >= 0) {
        memset(f->data[0], 0x20, (size_t)f->linesize[0] * (size_t)f->height);
        veil_time_format(time, s->start);
        snprintf(text, sizeof(text), "TRACK %" PRIu32 "  %.10s UTC", s->track, time);
        draw_text(f, GAP, GAP + 4, text);
        for (int i = 0; i < n; i++) {
            const int64_t from = n > 1 ? (int64_t)i * (s->n - 1) / (n - 1) : 0;

            draw_cell(f, s, &s->cell[from], GAP + i % columns * (CELL + GAP), HEAD_H + i / columns * (CELL + TEXT_H + GAP));
        }
        ret = veil_png_encode(f, png, len);
        explicit_bzero(f->data[0], (size_t)f->linesize[0] * (size_t)f->height);
    }
    av_frame_free(&f);
    return ret;
}
