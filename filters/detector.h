/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Something that finds faces in one frame. The `detect` filter holds one
 * backend and asks it frame by frame. Adding a backend is one file
 * `det_<name>.c` (or .cpp behind cv.h) and one row in veil_detectors[] of
 * detector.c.
 */
#ifndef VEIL_FILTERS_DETECTOR_H
#define VEIL_FILTERS_DETECTOR_H

#include <stdbool.h>
#include <libavutil/frame.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_LANDMARKS 5 ///< eye on the left of the upright image, eye on the right, nose, mouth left, mouth right
#define VEIL_MAX_FACES 4096 ///< most faces in one frame

/**
 * Detectors differ in what their scores mean. Lists hold them on one scale:
 * from HIGH on a find is a face, from LOW on it may carry on one seen before,
 * and finds below that count where they recur.
 */
#define VEIL_SCORE_LOW  0.3f
#define VEIL_SCORE_HIGH 0.5f

/** One face; all positions in luma pixels of the frame as stored (before any display rotation). */
typedef struct VeilFace {
    float x, y, w, h;                   ///< left, top, width, height; may reach outside the frame
    float score;                        ///< 0..1; from a backend on its own scale, in a list on the common one
    bool has_landmarks;                 ///< false: landmark[] is all zero
    float landmark[VEIL_LANDMARKS][2];  ///< x, y
} VeilFace;

typedef enum VeilPrecision {
    VEIL_PRECISION_FLOAT,
    VEIL_PRECISION_INT8, ///< bytes where a network multiplies most; faster, and its boxes differ a little
    VEIL_PRECISION_AUTO, ///< int8 where backend and processor have it
} VeilPrecision;

typedef struct VeilDetectorConfig {
    const char *model; ///< path of the weights, already checked against its SHA-256; NULL for compiled-in weights
    int size;          ///< longer side of the picture that is searched, in pixels; 0 searches at the frame's own size
    float scale;       ///< where size is 0: sides of the picture searched over the frame's; 0 is 1
    float threshold;   ///< lowest score reported, 0..1, on the backend's own scale
    int rotation;      ///< clockwise degrees that make the frame upright: 0, 90, 180 or 270
    int threads;       ///< threads the backend may use, at least 1
    VeilPrecision precision;
    bool dim;          ///< search dark pictures as they are, without raising their light first
} VeilDetectorConfig;

typedef struct VeilDetectorBackend {
    const char *name;        ///< as in `detect=backend=NAME`
    const char *description; ///< one line
    const char *model;       ///< its entry in models.cfg; NULL when it needs no model file
    int size;                ///< longer side of the picture searched, in pixels, unless told otherwise
    float low, high;         ///< its own scores that mean VEIL_SCORE_LOW and VEIL_SCORE_HIGH
    float least;             ///< lowest score, on the common scale, that says anything at all: what is searched for unasked
    bool last_resort;        ///< misses so much that it is used only when asked for by name
    /**
     * Load weights and make ready.
     * @param priv   receives the backend's state; free with close()
     * @param config borrowed for the call
     * @param log    AVClass context for av_log(); one sentence on failure
     * @return 0; AVERROR(ENOENT) no such model; AVERROR_INVALIDDATA the model
     *         cannot be used; AVERROR(ENOSYS) int8 was asked for by name and there is none; AVERROR(ENOMEM)
     */
    int (*open)(void **priv, const VeilDetectorConfig *config, void *log);
    /**
     * Find faces. Frame size and format may change from call to call; planar
     * 8 to 16 bit YUV (4:2:0, 4:2:2, 4:4:4, grey) and what swscale can read
     * must all work. The frame is only read.
     * @param faces receives at most cap faces, best score first
     * @return number of faces, 0 or more; a negative AVERROR, after which the
     *         frame counts as not searched
     */
    int (*find)(void *priv, const AVFrame *frame, VeilFace *faces, int cap, void *log);
    /** What was chosen, "float" or "int8"; NULL if there is no choice. */
    const char *(*precision)(const void *priv);
    void (*close)(void *priv); ///< accepts NULL
} VeilDetectorBackend;

/** All backends, best first; the last entry is NULL. */
extern const VeilDetectorBackend *const veil_detectors[];

/** The backend of that name, or NULL. */
const VeilDetectorBackend *veil_detector_find(const char *name);

/** Between a backend's own scale of scores and the common one; straight lines through 0, low, high and 1. */
float veil_score_to_common(const VeilDetectorBackend *b, float own);
float veil_score_from_common(const VeilDetectorBackend *b, float common);

/**
 * Search a part of the frame.
 * @param x, y, w, h inside the frame, in luma pixels; x and y multiples of 16, so that chroma is cut as luma is
 * @return as find(); faces are in pixels of the frame
 */
int veil_detector_find_in(const VeilDetectorBackend *b, void *priv, const AVFrame *frame, int x, int y, int w, int h,
                          VeilFace *faces, int cap, void *log);

/**
 * Turn a face found in the upright picture back to the stored frame.
 * @param w, h     size of the stored frame, in luma pixels
 * @param rotation as in VeilDetectorConfig
 */
void veil_face_unrotate(VeilFace *face, int w, int h, int rotation);

/** Move a face and its landmarks. */
void veil_face_move(VeilFace *face, float x, float y);

/** Intersection over union of two boxes, 0..1. */
float veil_face_iou(const VeilFace *a, const VeilFace *b);

/**
 * Greedy suppression: sort best first, drop each face that overlaps a kept
 * better one by more than max_iou.
 * @return number kept at the front of faces, at most cap
 */
int veil_faces_suppress(VeilFace *faces, int n, float max_iou, int cap);

/**
 * The same among faces of this height and more only, which come best first.
 * @return number kept at the front of faces
 */
int veil_faces_suppress_huge(VeilFace *faces, int n, float height, float max_iou);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_FILTERS_DETECTOR_H */
