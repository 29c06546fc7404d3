/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The ground truth.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "truth.h"

struct Truth {
    char *path, *part;
    FILE *file;
    bool finished;
};

static int complain(const char *path, int err)
{
    fprintf(stderr, "street: cannot write '%s': %s\n", path, strerror(err));
    return -err;
}

int truth_open(Truth **out, const char *path)
{
    Truth *t = calloc(1, sizeof(*t));
    int err = ENOMEM;

    *out = NULL;
    if (!t || !(t->path = strdup(path)) || asprintf(&t->part, "%s.part", path) < 0)
        goto fail;
    if (!(t->file = fopen(t->part, "w"))) {
        err = errno;
        goto fail;
    }
    fprintf(t->file, "frame,pts,face_id,x,y,w,h,visible_fraction,source_face_h,motion_px,ignore\n");
    *out = t;
    return 0;
fail:
    truth_close(t);
    return complain(path, err);
}

void truth_add(Truth *t, int frame, double pts, const Face *faces, int n)
{
    for (int i = 0; i < n; i++) {
        const Face *f = &faces[i];

        fprintf(t->file, "%d,%.4f,%d,%.2f,%.2f,%.2f,%.2f,%.3f,%.1f,%.2f,%d\n", frame, pts, f->id, f->x, f->y,
                f->w, f->h, f->visible, f->h, f->motion, f->h < TRUTH_TINY_PX);
    }
}

int truth_finish(Truth *t)
{
    const bool bad = ferror(t->file) != 0;
    int err = EIO;

    if (fclose(t->file) != 0 && !bad)
        err = errno;
    else if (!bad && rename(t->part, t->path) == 0)
        t->finished = true;
    else if (!bad)
        err = errno;
    t->file = NULL;
    return t->finished ? 0 : complain(t->path, err);
}

void truth_close(Truth *t)
{
    if (!t)
        return;
    if (t->file)
        fclose(t->file);
    if (t->part && !t->finished)
        remove(t->part);
    free(t->path);
    free(t->part);
    free(t);
}
