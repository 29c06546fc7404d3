/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "calibration.h"

#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "paths.h"

static bool get_word(const config_setting_t *group, const char *key, char *out, size_t cap)
{
    const char *value;

    if (!config_setting_lookup_string(group, key, &value) || strlen(value) >= cap || !veil_token_ok(value))
        return false;
    memcpy(out, value, strlen(value) + 1);
    return true;
}

static bool get_share(const config_setting_t *group, const char *key, double *out)
{
    return config_setting_lookup_float(group, key, out) && *out >= 0 && *out <= 1;
}

/* [accepted, tried]: something was tried, and no more accepted than that. */
static bool get_pair(const config_setting_t *group, const char *key, int out[2])
{
    const config_setting_t *list = config_setting_get_member(group, key);

    if (!list || config_setting_length(list) != 2)
        return false;
    out[0] = config_setting_get_int_elem(list, 0);
    out[1] = config_setting_get_int_elem(list, 1);
    return out[0] >= 0 && out[1] >= 1 && out[0] <= out[1];
}

/* @return NULL, or the key that is missing or wrong */
static const char *read_one(VeilCalibration *c, const config_setting_t *g)
{
    if (!get_word(g, "matcher", c->matcher, sizeof(c->matcher)))
        return "matcher";
    if (!get_word(g, "detector", c->detector, sizeof(c->detector)))
        return "detector";
    if (!get_word(g, "sha256", c->sha256, sizeof(c->sha256)) ||
        strspn(c->sha256, "0123456789abcdef") != VEIL_DIGEST_HEX - 1)
        return "sha256";
    if (!get_share(g, "threshold", &c->threshold) || !(c->threshold > 0))
        return "threshold";
    if (!get_share(g, "quality", &c->quality))
        return "quality";
    if (!get_share(g, "target", &c->target))
        return "target";
    if (!get_pair(g, "same", c->same))
        return "same";
    if (!get_pair(g, "other", c->other))
        return "other";
    if (!get_pair(g, "tracks", c->tracks))
        return "tracks";
    if (!config_setting_lookup_int(g, "people", &c->people) || c->people < 2)
        return "people";
    if (!get_word(g, "set", c->set, sizeof(c->set)))
        return "set";
    return get_word(g, "date", c->date, sizeof(c->date)) ? NULL : "date";
}

static int read_all(VeilCalibrations *all, const config_t *cfg, const char *path)
{
    const config_setting_t *list = config_lookup(cfg, "calibration");
    const int n = list && config_setting_is_list(list) ? config_setting_length(list) : -1;

    if (n < 0 || n > VEIL_CALIBRATIONS_MAX) {
        veil_error("%s: give 'calibration', a list of at most %d groups", path, VEIL_CALIBRATIONS_MAX);
        return -EINVAL;
    }
    for (int i = 0; i < n; i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        const char *wrong = config_setting_is_group(group) ? read_one(&all->at[i], group) : "matcher";

        if (wrong) {
            veil_error("%s:%u: key '%s' is missing or wrong; see the comments at its top", path,
                       config_setting_source_line(group), wrong);
            return -EINVAL;
        }
        all->n++;
    }
    return 0;
}

int veil_calibrations_read(VeilCalibrations **out, const char *given)
{
    char path[PATH_MAX];
    config_t cfg;
    int ret;

    *out = NULL;
    if (given ? snprintf(path, sizeof(path), "%s", given) >= (int)sizeof(path)
              : veil_paths_config("calibration", path, sizeof(path)) < 0) {
        veil_error("cannot find 'calibration.cfg'; install veil, or set VEIL_CONFIG to the folder that holds it");
        return -ENOENT;
    }
    if (!(*out = calloc(1, sizeof(**out))))
        return -ENOMEM;
    config_init(&cfg);
    if (config_read_file(&cfg, path)) {
        ret = read_all(*out, &cfg, path);
    } else {
        veil_error("%s:%d: %s; restore it from the release", path, config_error_line(&cfg), config_error_text(&cfg));
        ret = -EINVAL;
    }
    config_destroy(&cfg);
    if (ret < 0) {
        free(*out);
        *out = NULL;
    }
    return ret;
}

int veil_calibrations_find(const VeilCalibrations *all, int from, const char *matcher, const char *sha256)
{
    for (int i = from + 1; i < all->n; i++)
        if (!strcmp(all->at[i].matcher, matcher) && !strcmp(all->at[i].sha256, sha256))
            return i;
    return -1;
}
