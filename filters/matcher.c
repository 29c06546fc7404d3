/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The table of backends, and what all of them share: templates and cosines.
 */
#include "matcher.h"

#include <math.h>
#include <string.h>
#include <libavutil/error.h>
#include <libavutil/mem.h>

#include "keys/secmem.h"

extern const VeilMatcherBackend veil_match_sface, veil_match_mobilefacenet, veil_match_hog;

const VeilMatcherBackend *const veil_matchers[] = {
    &veil_match_sface,
    &veil_match_mobilefacenet,
    &veil_match_hog,
    NULL
};

struct VeilMatcherState {
    const VeilMatcherBackend *backend;
    void *priv;
    int length;
    float *one; ///< embedding of the face at hand, in secret memory
};

const VeilMatcherBackend *veil_matcher_find(const char *name)
{
    for (int i = 0; veil_matchers[i]; i++)
        if (!strcmp(veil_matchers[i]->name, name))
            return veil_matchers[i];
    return NULL;
}

int veil_matcher_open(VeilMatcherState **out, const VeilMatcherBackend *b, const VeilMatcherConfig *config, void *log)
{
    VeilMatcherState *m = av_mallocz(sizeof(*m));
    int ret = AVERROR(ENOMEM);

    *out = NULL;
    if (!m)
        return ret;
    m->backend = b;
    if ((ret = b->open(&m->priv, &m->length, config, log)) < 0) {
        av_free(m);
        return ret;
    }
    if (!(m->one = veil_matcher_template(m))) {
        veil_matcher_close(m);
        return AVERROR(ENOMEM);
    }
    *out = m;
    return 0;
}

void veil_matcher_close(VeilMatcherState *m)
{
    if (!m)
        return;
    m->backend->close(m->priv);
    veil_secret_free(m->one);
    av_free(m);
}

float *veil_matcher_template(const VeilMatcherState *m)
{
    return veil_secret_new((size_t)m->length * sizeof(float));
}

static double dot(const float *a, const float *b, int n)
{
    double sum = 0;

    for (int i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

int veil_matcher_add(VeilMatcherState *m, const uint8_t *aligned, float *tmpl, void *log)
{
    const int ret = m->backend->embed(m->priv, aligned, m->one, log);
    double norm;

    if (ret < 0)
        return ret;
    norm = sqrt(dot(m->one, m->one, m->length));
    if (!(norm > 1e-12) || !isfinite(norm))
        return AVERROR_INVALIDDATA; /* a face of one colour, or a network gone wrong: nothing to compare */
    for (int i = 0; i < m->length; i++)
        tmpl[i] += (float)(m->one[i] / norm);
    return 0;
}

float veil_matcher_score(const VeilMatcherState *m, const float *a, const float *b)
{
    const double norm = sqrt(dot(a, a, m->length) * dot(b, b, m->length));

    return norm > 0 ? (float)(dot(a, b, m->length) / norm) : 0;
}
