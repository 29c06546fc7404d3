/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * All that veil takes from OpenCV, behind plain C. No cv:: type and no
 * exception crosses this header: whatever OpenCV throws becomes a negative
 * errno and one sentence in `why`. The sentence names no file; the caller,
 * who knows the file and the remedy, adds them.
 */
#ifndef VEIL_FILTERS_CV_H
#define VEIL_FILTERS_CV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_CV_WHY 256 ///< bytes at `why`, terminator included

/** A picture in memory, borrowed: 1 (grey) or 3 (blue, green, red) interleaved 8-bit channels. */
typedef struct VeilCvPicture {
    const uint8_t *data;
    int w, h;     ///< in pixels
    int stride;   ///< bytes from row to row
    int channels; ///< 1 or 3
} VeilCvPicture;

/** What happens to a pixel before the network: x = (value - mean) * scale. */
typedef struct VeilCvInput {
    float mean;
    float scale;  ///< 1 leaves 0..255
    bool swap_rb; ///< the network wants red first
} VeilCvInput;

typedef struct VeilCvNet VeilCvNet;
typedef struct VeilCvCascade VeilCvCascade;

/**
 * Read a network from an ONNX file.
 * @param threads for all of OpenCV, which keeps one number per process
 * @return 0; -ENOENT; -EINVAL if OpenCV cannot read it; -ENOMEM
 */
int veil_cv_net_open(VeilCvNet **out, const char *path, int threads, char why[VEIL_CV_WHY]);
/**
 * Run the network.
 * @param names n names of output layers
 * @param outs  receives n pointers to floats as the network lays them out;
 *              owned by net, valid until the next call
 * @param sizes receives the number of floats behind each pointer
 * @return 0; -EINVAL if the network cannot take this picture; -ENOMEM
 */
int veil_cv_net_run(VeilCvNet *net, const VeilCvPicture *pic, const VeilCvInput *input,
                    const char *const *names, int n, const float **outs, size_t *sizes,
                    char why[VEIL_CV_WHY]);
void veil_cv_net_close(VeilCvNet *net); ///< accepts NULL

/** A rectangle in pixels, with the number of overlapping finds it was merged from. */
typedef struct VeilCvFind {
    int x, y, w, h;
    int neighbours;
} VeilCvFind;

/** Read a Haar or LBP cascade (XML). @return 0; -ENOENT; -EINVAL; -ENOMEM */
int veil_cv_cascade_open(VeilCvCascade **out, const char *path, char why[VEIL_CV_WHY]);
/**
 * Search a grey picture at all scales.
 * @param mirror         search the mirror image; finds come back unmirrored
 * @param min_neighbours fewest merged finds, at least 1
 * @return number of finds, at most cap; -EINVAL; -ENOMEM
 */
int veil_cv_cascade_find(VeilCvCascade *cascade, const VeilCvPicture *grey, bool mirror,
                         int min_neighbours, VeilCvFind *finds, int cap, char why[VEIL_CV_WHY]);
void veil_cv_cascade_close(VeilCvCascade *cascade); ///< accepts NULL

/** A recognition network: one face picture in, one vector out. */
typedef struct VeilCvEmbedder VeilCvEmbedder;

typedef struct VeilCvEmbedConfig {
    bool sface;            ///< run it as OpenCV's FaceRecognizerSF does; mean, std and rgb are then its own
    float mean[3], std[3]; ///< x = (value - mean) / std, in the network's order of channels
    bool rgb;              ///< that order is red, green, blue; else blue, green, red
    int side;              ///< width and height of its picture
} VeilCvEmbedConfig;

/** @param threads as in veil_cv_net_open(). @return 0; -ENOENT; -EINVAL; -ENOMEM */
int veil_cv_embed_open(VeilCvEmbedder **out, const char *path, const VeilCvEmbedConfig *config, int threads,
                       char why[VEIL_CV_WHY]);
/**
 * Run the network on a picture of three channels and the configured size.
 * What OpenCV holds of its vector is wiped before the call returns.
 * @param mirror turn the picture left to right first
 * @param out    the vector is added to these numbers; NULL to ask for its length
 * @param cap    floats at out
 * @return length of the vector; -EINVAL; -ENOMEM
 */
int veil_cv_embed_run(VeilCvEmbedder *e, const VeilCvPicture *pic, bool mirror, float *out, int cap,
                      char why[VEIL_CV_WHY]);
/** Overwrites the network's inner layers with those of an empty picture, then frees; accepts NULL. */
void veil_cv_embed_close(VeilCvEmbedder *e);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_FILTERS_CV_H */
