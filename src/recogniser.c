/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recogniser.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "models.h"
#include "msg.h"

static int locate_model(const VeilModel *m, VeilMatcherConfig *config, char *path, size_t cap, char *sha256)
{
    const int ret = veil_models_locate(m, path, cap);

    for (int i = 0; i < 3; i++) {
        config->mean[i] = (float)m->mean[i];
        config->std[i] = (float)m->std[i];
    }
    config->rgb = !strcmp(m->colour, "rgb");
    config->model = path;
    memcpy(sha256, m->sha256, VEIL_DIGEST_HEX);
    return ret;
}

int veil_recogniser_locate(const VeilMatcherBackend *b, VeilMatcherConfig *config, char *path, size_t cap,
                           char sha256[VEIL_DIGEST_HEX])
{
    VeilModels *models;
    const VeilModel *m;
    uint8_t sum[32];
    int ret;

    *config = (VeilMatcherConfig){ .threads = 1 };
    path[0] = 0;
    if (!b->model) {
        crypto_hash_sha256(sum, (const uint8_t *)b->revision, strlen(b->revision));
        sodium_bin2hex(sha256, VEIL_DIGEST_HEX, sum, sizeof(sum));
        return 0;
    }
    if ((ret = veil_models_read(&models)) < 0)
        return -EINVAL;
    ret = (m = veil_models_get(models, b->model)) ? locate_model(m, config, path, cap, sha256) : -EINVAL;
    free(models);
    return ret;
}

/* The first entry whose detector works here. */
static int choose_detector(VeilRecogniser *r, const VeilCalibrations *all, char *path, size_t cap)
{
    int ret = -ENODATA;

    for (int i = -1; (i = veil_calibrations_find(all, i, r->backend->name, r->sha256)) >= 0;) {
        const VeilDetectorBackend *d = veil_detector_find(all->at[i].detector);

        path[0] = 0;
        if (d && (!d->model || (ret = veil_models_find(d->model, path, cap)) >= 0)) {
            r->detector = d;
            r->calibration = all->at[i];
            return 0;
        }
    }
    return ret;
}

static int complain(const VeilRecogniser *r, int ret)
{
    if (ret == -ENODATA)
        veil_error("matcher '%s' has no measured threshold for its model; 'tests/bench/match.sh %s' measures one for "
                   "config/calibration.cfg", r->backend->name, r->backend->name);
    else
        veil_error("matcher '%s' was measured with a detector whose model is not here; run 'veil models fetch yunet'",
                   r->backend->name);
    return VEIL_EXIT_ERROR;
}

/* @return VEIL_EXIT_ code; with `quiet` nothing is printed about a matcher that cannot be used */
static int try_one(VeilRecogniser *r, const VeilMatcherBackend *b, const VeilCalibrations *all, int rotation,
                   bool quiet)
{
    char model[PATH_MAX], detector[PATH_MAX];
    VeilMatcherConfig config;
    int ret;

    r->backend = b;
    if ((ret = veil_recogniser_locate(b, &config, model, sizeof(model), r->sha256)) < 0) {
        if (!quiet)
            veil_models_complain(b->model, model, ret);
        return VEIL_EXIT_ERROR;
    }
    if ((ret = choose_detector(r, all, detector, sizeof(detector))) < 0)
        return quiet ? VEIL_EXIT_ERROR : complain(r, ret);
    if (veil_matcher_open(&r->matcher, b, &config, NULL) < 0)
        return VEIL_EXIT_ERROR; /* it has said why */
    if (veil_looker_open(&r->looker, r->detector, *detector ? detector : NULL, rotation, 1, NULL) < 0) {
        veil_error("no memory for the detector '%s'; free some", r->detector->name);
        return VEIL_EXIT_ERROR;
    }
    return 0;
}

static int try_all(VeilRecogniser *r, const VeilCalibrations *all, int rotation)
{
    for (int i = 0; veil_matchers[i]; i++)
        if (!veil_matchers[i]->demonstration && !try_one(r, veil_matchers[i], all, rotation, true))
            return 0;
    veil_error("no matcher with a measured threshold is on this machine; give a model of config/models.cfg in "
               "VEIL_MODELS, measure it with tests/bench/match.sh, and name it with --matcher");
    return VEIL_EXIT_ERROR;
}

int veil_recogniser_open(VeilRecogniser *r, const char *name, const char *calibration, bool demonstration,
                         int rotation)
{
    const VeilMatcherBackend *b = name ? veil_matcher_find(name) : NULL;
    VeilCalibrations *all;
    int ret;

    *r = (VeilRecogniser){ 0 };
    if (name && !b) {
        veil_error("unknown matcher '%s'; there are sface, mobilefacenet and hog", name);
        return VEIL_EXIT_ERROR;
    }
    if (b && b->demonstration && !demonstration) {
        veil_error("matcher '%s' cannot tell real people apart; it runs only for a warrant whose reason is "
                   "'demonstration', which the policy must list", name);
        return VEIL_EXIT_NO;
    }
    if (veil_calibrations_read(&all, calibration) < 0)
        return VEIL_EXIT_ERROR;
    ret = b ? try_one(r, b, all, rotation, false) : try_all(r, all, rotation);
    free(all);
    return ret;
}

void veil_recogniser_close(VeilRecogniser *r)
{
    veil_looker_close(r->looker);
    veil_matcher_close(r->matcher);
    *r = (VeilRecogniser){ 0 };
}
