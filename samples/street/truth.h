/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The ground truth as a table: one line per face and frame.
 *
 * Columns: frame,pts,face_id,x,y,w,h,visible_fraction,source_face_h,motion_px,ignore
 * x,y,w,h in pixels, not clipped to the frame; pts in seconds; source_face_h
 * equals h, for nothing is enlarged; motion_px is the way of the face's middle
 * since the frame before; ignore is 1 for faces too small to judge.
 */
#ifndef STREET_TRUTH_H
#define STREET_TRUTH_H

#include "stage.h"

#define TRUTH_TINY_PX 8.0f ///< faces lower than this are marked to be ignored

typedef struct Truth Truth;

/** Begin a table at NAME.part. Reports its own errors. @return 0 or a negative errno */
int truth_open(Truth **out, const char *path);

/** Add the faces of a frame. */
void truth_add(Truth *t, int frame, double pts, const Face *faces, int n);

/** Give the table its name. Reports its own errors. @return 0 or a negative errno */
int truth_finish(Truth *t);

/** Free; removes the part file if truth_finish() has not succeeded. NULL is allowed. */
void truth_close(Truth *t);

#endif /* STREET_TRUTH_H */
