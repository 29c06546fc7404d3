/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Ground truth for measurements: pictures and the boxes drawn on them.
 */
#ifndef VEIL_TESTS_BENCH_TRUTH_H
#define VEIL_TESTS_BENCH_TRUTH_H

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filters/detector.h"

#define TRUTH_MAX_IMAGES 400
#define TRUTH_MAX_FACES 1024

typedef struct TruthImage {
    char path[512];
    double aspect;   ///< width / height the picture should have; 0 as it is
    VeilFace *faces; ///< in stored pixels
    int n;
} TruthImage;

typedef struct Truth {
    TruthImage image[TRUTH_MAX_IMAGES];
    int n;
} Truth;

static inline void truth_add(TruthImage *im, double x, double y, double w, double h)
{
    if (!im->faces)
        im->faces = calloc(TRUTH_MAX_FACES, sizeof(*im->faces));
    if (im->faces && im->n < TRUTH_MAX_FACES)
        im->faces[im->n++] = (VeilFace){.x = x, .y = y, .w = w, .h = h};
}

static inline double truth_number(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

/** WIDER FACE photographs, squashed to a square; the original shape is noted. @return how many */
static inline int truth_read_wider(Truth *t, const char *media)
{
    char path[512];
    json_t *all, *entry, *face;
    const char *name;
    size_t i;

    snprintf(path, sizeof(path), "%s/images/wider_val200_gt416_dev.json", media);
    if (!(all = json_load_file(path, 0, NULL)))
        return 0;
    json_object_foreach(all, name, entry) {
        const json_t *size = json_object_get(entry, "orig_wh");
        TruthImage *im = &t->image[t->n];

        if (t->n == TRUTH_MAX_IMAGES)
            break;
        snprintf(im->path, sizeof(im->path), "%s/images/wider_val200/%s", media, name);
        im->aspect = json_number_value(json_array_get(size, 0)) / json_number_value(json_array_get(size, 1));
        json_array_foreach(json_object_get(entry, "faces"), i, face)
            truth_add(im, truth_number(face, "x"), truth_number(face, "y"), truth_number(face, "w"),
                      truth_number(face, "h"));
        t->n++;
    }
    json_decref(all);
    return t->n;
}

/* <key>NUMBER</key> at or after *at, which moves behind it. */
static inline double truth_tag(const char **at, const char *key)
{
    char open[16];
    const char *p;

    snprintf(open, sizeof(open), "<%s>", key);
    if (!(p = strstr(*at, open)))
        return 0;
    *at = p + strlen(open);
    return atof(*at);
}

static inline void truth_read_voc(TruthImage *im, const char *path)
{
    static char text[1 << 18];
    FILE *f = fopen(path, "rb");
    const char *at = text;

    if (!f)
        return;
    text[fread(text, 1, sizeof(text) - 1, f)] = 0;
    fclose(f);
    while ((at = strstr(at, "<bndbox>"))) {
        const double x = truth_tag(&at, "xmin"), y = truth_tag(&at, "ymin");
        const double right = truth_tag(&at, "xmax"), bottom = truth_tag(&at, "ymax");

        truth_add(im, x, y, right - x, bottom - y);
    }
}

/** Photographs of people with masks, Pascal VOC annotations. @return how many */
static inline int truth_read_masks(Truth *t, const char *media)
{
    char folder[256], path[1024];
    struct dirent *e;
    DIR *d;

    snprintf(folder, sizeof(folder), "%s/images/facemask_kaggle_cc0", media);
    snprintf(path, sizeof(path), "%s/images", folder);
    if (!(d = opendir(path)))
        return 0;
    while ((e = readdir(d)) && t->n < TRUTH_MAX_IMAGES) {
        TruthImage *im = &t->image[t->n];
        const char *dot = strrchr(e->d_name, '.');

        if (e->d_name[0] == '.' || !dot)
            continue;
        snprintf(im->path, sizeof(im->path), "%s/images/%.200s", folder, e->d_name);
        snprintf(path, sizeof(path), "%s/annotations/%.*s.xml", folder, (int)(dot - e->d_name), e->d_name);
        truth_read_voc(im, path);
        t->n += im->n > 0;
    }
    closedir(d);
    return t->n;
}

static inline void truth_free(Truth *t)
{
    for (int i = 0; i < t->n; i++)
        free(t->image[i].faces);
    free(t);
}

#endif /* VEIL_TESTS_BENCH_TRUTH_H */
