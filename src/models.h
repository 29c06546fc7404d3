/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Which networks there are, where their files lie, and whether they are the
 * right ones. Described in models.cfg, which is looked for in $VEIL_CONFIG,
 * in PREFIX/share/veil/config and in config/ of the source tree that the
 * program was built in.
 */
#ifndef VEIL_SRC_MODELS_H
#define VEIL_SRC_MODELS_H

#include <stddef.h>
#include <stdint.h>

#include "digest.h"

#define VEIL_MODELS_MAX 64

/** One network as models.cfg describes it. */
typedef struct VeilModel {
    char name[32];
    char role[16];                ///< "detect" or "match"
    char file[256];               ///< relative path below a models folder; never leaves it
    char sha256[VEIL_DIGEST_HEX]; ///< lower case
    char source[512];             ///< "" if the file must be brought by hand
    char licence[64];
    int64_t bytes;
    int input[2];                 ///< width and height in pixels; 0 any multiple of 32
    char colour[8];               ///< "bgr", "rgb" or "y"
    double mean[3], std[3];       ///< in the order of `colour`: x = (value - mean) / std
    char decode[16];
    double threshold;
} VeilModel;

typedef struct VeilModels {
    VeilModel at[VEIL_MODELS_MAX];
    int n;
} VeilModels;

/**
 * Read models.cfg.
 * @param out free with free()
 * @return 0; -ENOENT or -EINVAL after a printed sentence; -ENOMEM
 */
int veil_models_read(VeilModels **out);

/** The model of that name, or NULL. */
const VeilModel *veil_models_get(const VeilModels *models, const char *name);

/**
 * Find a model's file: in $VEIL_MODELS, in ${XDG_DATA_HOME:-~/.local/share}/veil/models,
 * in PREFIX/share/veil/models; by relative path, then by base name. Prints nothing.
 * @param path receives the path of a file whose SHA-256 is right; on -EBADMSG
 *             that of the altered one
 * @return 0; -ENOENT no such file; -EBADMSG there is one, but altered;
 *         -ENAMETOOLONG if cap is too small
 */
int veil_models_locate(const VeilModel *model, char *path, size_t cap);

/**
 * The same by name: reads models.cfg, locates. Prints nothing but complaints
 * about models.cfg itself.
 * @return as veil_models_locate(), or -EINVAL: no such name, or no usable models.cfg
 */
int veil_models_find(const char *name, char *path, size_t cap);

/**
 * The same for filters: fits VeilFilterEnv.find_model.
 * @return 0; AVERROR(ENOENT) not found; AVERROR_INVALIDDATA altered
 */
int veil_models_lend(void *unused, const char *name, char *path, size_t cap, char *digest);

/** Print the sentence that goes with a failure of veil_models_find(). */
void veil_models_complain(const char *name, const char *path, int ret);

/** Where fetched models go. @return 0; -ENOENT if neither XDG_DATA_HOME nor HOME is set; -ENAMETOOLONG */
int veil_models_home(char *folder, size_t cap);

#endif /* VEIL_SRC_MODELS_H */
