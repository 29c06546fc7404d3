/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * From a decoded frame to the small upright picture that a detector searches,
 * straight from the decoder's planes: a full-size RGB copy never exists.
 * Shrinking averages areas; enlarging is bilinear.
 */
#ifndef VEIL_FILTERS_PICTURE_H
#define VEIL_FILTERS_PICTURE_H

#include <stdint.h>
#include <libavutil/frame.h>
#include "detector.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_PICTURE_ALIGN 32 ///< w and h are multiples of this: the networks halve five times

typedef struct VeilPicture {
    uint8_t *data;           ///< rows of interleaved samples
    int w, h;                ///< with padding, multiples of VEIL_PICTURE_ALIGN
    int stride;              ///< bytes from row to row
    int channels;            ///< 1 luma, or 3 blue, green, red, full range
    int used_w, used_h;      ///< without padding, which lies right and below
    float step_x, step_y;    ///< upright frame pixels per picture pixel
    int frame_w, frame_h;    ///< stored frame
    int rotation;            ///< as given
    struct VeilPictureScratch *scratch; ///< of picture.c
} VeilPicture;

typedef struct VeilPictureConfig {
    int size;     ///< longer side of the used part; 0 is the frame's own
    float scale;  ///< where size is 0: sides of the used part over the frame's; 0 is 1
    int channels; ///< 1: luma as decoded, whatever its range; 3: BGR
    int rotation; ///< clockwise degrees that make the frame upright: 0, 90, 180, 270
    uint8_t fill; ///< value of the padding
} VeilPictureConfig;

/**
 * Read a frame into p, which starts zeroed and keeps its memory from call to
 * call: nothing is allocated while frame size, format and config stay the same.
 *
 * One channel is the luma of any YUV or grey format of 8 to 16 bits, in its
 * own range; RGB and the like, and three channels, pass through libswscale.
 * @param log AVClass context for av_log()
 * @return 0; AVERROR(EINVAL) if the frame cannot be read; AVERROR(ENOMEM)
 */
int veil_picture_read(VeilPicture *p, const AVFrame *frame, const VeilPictureConfig *config, void *log);

/** Turn a face found in p (picture pixels) into stored frame pixels. */
void veil_picture_face_to_frame(const VeilPicture *p, VeilFace *face);

/** Free what p owns and clear it. */
void veil_picture_free(VeilPicture *p);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_FILTERS_PICTURE_H */
