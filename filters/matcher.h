/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Something that says how alike two aligned faces are. A backend turns a face
 * into a vector of length 1, its embedding; two faces are as alike as the
 * cosine between theirs. Adding a backend is one file `match_<name>.c` (or
 * .cpp behind cv.h) and one row in veil_matchers[] of matcher.c.
 *
 * An embedding is biometric data: it lives in secret memory (keys/secmem.h)
 * and is never written anywhere.
 */
#ifndef VEIL_FILTERS_MATCHER_H
#define VEIL_FILTERS_MATCHER_H

#include <stdbool.h>
#include <stdint.h>

#include "align.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct VeilMatcherConfig {
    const char *model;     ///< path, already checked against its SHA-256; NULL where the backend has none
    float mean[3], std[3]; ///< of models.cfg, in the order of the channels: x = (value - mean) / std
    bool rgb;              ///< that order is red, green, blue; else the other way
    int threads;           ///< at least 1
} VeilMatcherConfig;

typedef struct VeilMatcherBackend {
    const char *name;        ///< as in `--matcher NAME`
    const char *description; ///< one line
    const char *model;       ///< its entry in models.cfg; NULL when it needs no file
    /** Without a model: a text that changes whenever its numbers do. Its SHA-256 stands for a model's. */
    const char *revision;
    bool demonstration;      ///< cannot tell real people apart: only where the policy says so, marked in every output
    /**
     * @param priv   receives the backend's state; free with close()
     * @param length receives the length of its embeddings, in floats
     * @param log    AVClass context for av_log(); one sentence on failure
     * @return 0; AVERROR(ENOENT); AVERROR_INVALIDDATA the model cannot be used; AVERROR(ENOMEM)
     */
    int (*open)(void **priv, int *length, const VeilMatcherConfig *config, void *log);
    /**
     * @param aligned VEIL_ALIGN_BYTES of blue, green, red
     * @param out     receives an embedding, of any length but 0
     * @return 0; a negative AVERROR
     */
    int (*embed)(void *priv, const uint8_t *aligned, float *out, void *log);
    void (*close)(void *priv); ///< wipes what it holds of the last face; accepts NULL
} VeilMatcherBackend;

/** All backends, best first; the last entry is NULL. */
extern const VeilMatcherBackend *const veil_matchers[];

/** The backend of that name, or NULL. */
const VeilMatcherBackend *veil_matcher_find(const char *name);

typedef struct VeilMatcherState VeilMatcherState;

/** Open a backend. @return as its open(); *out is freed with veil_matcher_close() */
int veil_matcher_open(VeilMatcherState **out, const VeilMatcherBackend *b, const VeilMatcherConfig *config, void *log);
void veil_matcher_close(VeilMatcherState *m); ///< accepts NULL

/** Room for one embedding, in secret memory, zero; free with veil_secret_free(). @return NULL: no memory */
float *veil_matcher_template(const VeilMatcherState *m);

/**
 * Add a face to a template: the sum of unit vectors. A template of several
 * looks at one face is compared like that of one.
 * @return 0; a negative AVERROR
 */
int veil_matcher_add(VeilMatcherState *m, const uint8_t *aligned, float *tmpl, void *log);

/** Cosine of two templates, -1..1; 0 if one is empty. */
float veil_matcher_score(const VeilMatcherState *m, const float *a, const float *b);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_FILTERS_MATCHER_H */
