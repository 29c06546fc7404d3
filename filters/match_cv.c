/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "match_cv.h"

#include <string.h>
#include <libavutil/avutil.h>
#include <libavutil/mem.h>

#include "cv.h"

typedef struct CvMatcher {
    VeilCvEmbedder *net;
    int length;
    bool mirror;
} CvMatcher;

/* The length of its vectors is asked of the network itself, with a grey picture. */
static int measure(CvMatcher *m, char why[VEIL_CV_WHY])
{
    uint8_t *grey = av_malloc(VEIL_ALIGN_BYTES);
    int ret;

    if (!grey)
        return AVERROR(ENOMEM);
    memset(grey, 128, VEIL_ALIGN_BYTES);
    ret = veil_cv_embed_run(m->net,
                            &(VeilCvPicture){ grey, VEIL_ALIGN_SIDE, VEIL_ALIGN_SIDE, 3 * VEIL_ALIGN_SIDE, 3 }, false,
                            NULL, 0, why);
    av_free(grey);
    m->length = ret;
    return ret;
}

int veil_match_cv_open(void **priv, int *length, const VeilMatcherConfig *config, bool sface, bool mirror,
                       const char *name, void *log)
{
    VeilCvEmbedConfig c = { .sface = sface, .rgb = config->rgb, .side = VEIL_ALIGN_SIDE };
    CvMatcher *m = av_mallocz(sizeof(*m));
    char why[VEIL_CV_WHY] = "no file given";
    int ret = AVERROR(ENOENT);

    *priv = NULL;
    if (!m)
        return AVERROR(ENOMEM);
    memcpy(c.mean, config->mean, sizeof(c.mean));
    memcpy(c.std, config->std, sizeof(c.std));
    m->mirror = mirror;
    if (config->model && (ret = veil_cv_embed_open(&m->net, config->model, &c, config->threads, why)) >= 0)
        ret = measure(m, why);
    if (ret < 0) {
        av_log(log, AV_LOG_ERROR, "cannot use model '%s': %s; fetch it anew with 'veil models fetch %s'\n",
               config->model ? config->model : name, why, name);
        veil_match_cv_close(m);
        return ret == AVERROR(EINVAL) ? AVERROR_INVALIDDATA : ret;
    }
    *length = m->length;
    *priv = m;
    return 0;
}

int veil_match_cv_embed(void *priv, const uint8_t *aligned, float *out, void *log)
{
    CvMatcher *m = priv;
    const VeilCvPicture pic = { aligned, VEIL_ALIGN_SIDE, VEIL_ALIGN_SIDE, 3 * VEIL_ALIGN_SIDE, 3 };
    char why[VEIL_CV_WHY];

    memset(out, 0, (size_t)m->length * sizeof(*out));
    for (int turn = 0; turn < (m->mirror ? 2 : 1); turn++) {
        const int ret = veil_cv_embed_run(m->net, &pic, turn == 1, out, m->length, why);

        if (ret < 0) {
            av_log(log, AV_LOG_ERROR, "network failed: %s; check the model with 'veil models verify'\n", why);
            return ret;
        }
    }
    return 0;
}

void veil_match_cv_close(void *priv)
{
    CvMatcher *m = priv;

    if (!m)
        return;
    veil_cv_embed_close(m->net);
    av_free(m);
}
