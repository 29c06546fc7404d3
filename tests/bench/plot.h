/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A plot of recall against false boxes per picture, as SVG.
 */
#ifndef VEIL_TESTS_BENCH_PLOT_H
#define VEIL_TESTS_BENCH_PLOT_H

#include <math.h>
#include <stdio.h>

#define PLOT_W 640
#define PLOT_H 420
#define PLOT_LEFT 56
#define PLOT_TOP 40
#define PLOT_LEAST 0.03 ///< false boxes per picture at the left edge
#define PLOT_MOST 10.0

static inline double plot_x(double false_per_image)
{
    const double v = fmin(fmax(false_per_image, PLOT_LEAST), PLOT_MOST);

    return PLOT_LEFT + PLOT_W * log(v / PLOT_LEAST) / log(PLOT_MOST / PLOT_LEAST);
}

static inline double plot_y(double recall)
{
    return PLOT_TOP + PLOT_H * (1 - recall);
}

static inline void plot_begin(FILE *f, const char *title)
{
    static const double ticks[] = {0.03, 0.1, 0.3, 1, 3, 10};

    fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
               "font-size=\"13\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
               "<text x=\"%d\" y=\"24\" font-size=\"15\">%s</text>\n",
            PLOT_LEFT + PLOT_W + 230, PLOT_TOP + PLOT_H + 60, PLOT_LEFT, title);
    for (int i = 0; i <= 10; i += 2)
        fprintf(f, "<path d=\"M%d %.1fh%d\" stroke=\"#ddd\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.1f</text>\n",
                PLOT_LEFT, plot_y(i / 10.), PLOT_W, PLOT_LEFT - 8, plot_y(i / 10.) + 4, i / 10.);
    for (int i = 0; i < 6; i++)
        fprintf(f, "<path d=\"M%.1f %dv%d\" stroke=\"#ddd\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g</text>\n",
                plot_x(ticks[i]), PLOT_TOP, PLOT_H, plot_x(ticks[i]), PLOT_TOP + PLOT_H + 20, ticks[i]);
    fprintf(f, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">false boxes per picture</text>\n"
               "<text transform=\"translate(16 %d) rotate(-90)\" text-anchor=\"middle\">share of faces found</text>\n",
            PLOT_LEFT + PLOT_W / 2, PLOT_TOP + PLOT_H + 44, PLOT_TOP + PLOT_H / 2);
}

/** Colours that stay apart for most colour-blind readers (Okabe and Ito); dashes tell the second round. */
static inline void plot_style(FILE *f, int i)
{
    static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000"};
    static const char *const dashes[] = {"", "6 3", "2 3"};

    fprintf(f, "fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"", colours[i % 7],
            dashes[i / 7 % 3]);
}

static inline void plot_label(FILE *f, int i, const char *name)
{
    const int x = PLOT_LEFT + PLOT_W + 16, y = PLOT_TOP + 14 + 20 * i;

    fprintf(f, "<path d=\"M%d %dh28\" ", x, y - 4);
    plot_style(f, i);
    fprintf(f, "/><text x=\"%d\" y=\"%d\">%s</text>\n", x + 36, y, name);
}

#endif /* VEIL_TESTS_BENCH_PLOT_H */
