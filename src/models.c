/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models.h"

#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libavutil/error.h>

#include "digest.h"
#include "msg.h"
#include "paths.h"

/* Join; -ENAMETOOLONG rather than a path cut short. */
static int join(char *out, size_t cap, const char *a, const char *b)
{
    return snprintf(out, cap, "%s/%s", a, b) < (int)cap ? 0 : -ENAMETOOLONG;
}

/* ---- models.cfg ---- */

static bool is_there(const char *path)
{
    return !access(path, R_OK);
}

static bool get_string(const config_setting_t *group, const char *key, char *out, size_t cap)
{
    const char *value;

    if (!config_setting_lookup_string(group, key, &value) || strlen(value) >= cap)
        return false;
    memcpy(out, value, strlen(value) + 1);
    return true;
}

static double number_at(const config_setting_t *list, int i)
{
    const config_setting_t *e = config_setting_get_elem(list, i);

    return config_setting_type(e) == CONFIG_TYPE_FLOAT ? config_setting_get_float(e) : config_setting_get_int(e);
}

static bool get_numbers(config_setting_t *group, const char *key, double *out, int n)
{
    const config_setting_t *list = config_setting_lookup(group, key);

    if (!list || config_setting_length(list) != n)
        return false;
    for (int i = 0; i < n; i++)
        out[i] = number_at(list, i);
    return true;
}

/* Below the folder, whatever the file says. */
static bool stays_inside(const char *file)
{
    return *file && *file != '/' && !strstr(file, "..");
}

/* @return NULL, or the key that is missing or wrong */
static const char *read_model(VeilModel *m, config_setting_t *group)
{
    long long bytes;
    double input[2];

    if (!get_string(group, "name", m->name, sizeof(m->name)))
        return "name";
    if (!get_string(group, "role", m->role, sizeof(m->role)))
        return "role";
    if (!get_string(group, "file", m->file, sizeof(m->file)) || !stays_inside(m->file))
        return "file";
    if (!get_string(group, "sha256", m->sha256, sizeof(m->sha256)) ||
        strspn(m->sha256, "0123456789abcdef") != VEIL_DIGEST_HEX - 1)
        return "sha256";
    if (!get_string(group, "source", m->source, sizeof(m->source)))
        return "source";
    if (!get_string(group, "licence", m->licence, sizeof(m->licence)))
        return "licence";
    if (!config_setting_lookup_int64(group, "bytes", &bytes) || bytes < 1)
        return "bytes";
    if (!get_numbers(group, "input", input, 2))
        return "input";
    if (!get_string(group, "colour", m->colour, sizeof(m->colour)))
        return "colour";
    if (!get_numbers(group, "mean", m->mean, 3))
        return "mean";
    if (!get_numbers(group, "std", m->std, 3))
        return "std";
    if (!get_string(group, "decode", m->decode, sizeof(m->decode)))
        return "decode";
    if (!config_setting_lookup_float(group, "threshold", &m->threshold))
        return "threshold";
    m->bytes = bytes;
    m->input[0] = (int)input[0];
    m->input[1] = (int)input[1];
    return NULL;
}

static int read_all(VeilModels *models, config_t *cfg, const char *path)
{
    const config_setting_t *list = config_lookup(cfg, "models");
    config_setting_t *group;
    const int n = list ? config_setting_length(list) : 0;
    const char *wrong;

    if (n < 1 || n > VEIL_MODELS_MAX) {
        veil_error("'%s' lists no models; restore it from the release", path);
        return -EINVAL;
    }
    for (int i = 0; i < n; i++) {
        group = config_setting_get_elem(list, i);
        if ((wrong = read_model(&models->at[i], group))) {
            veil_error("%s:%u: key '%s' is missing or wrong; see the comments at its top", path,
                       config_setting_source_line(group), wrong);
            return -EINVAL;
        }
    }
    models->n = n;
    return 0;
}

int veil_models_read(VeilModels **out)
{
    char path[PATH_MAX];
    config_t cfg;
    int ret;

    *out = NULL;
    if (veil_paths_config("models", path, sizeof(path)) < 0) {
        veil_error("cannot find 'models.cfg'; install veil, or set VEIL_CONFIG to the folder that holds it");
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

const VeilModel *veil_models_get(const VeilModels *models, const char *name)
{
    for (int i = 0; i < models->n; i++)
        if (!strcmp(models->at[i].name, name))
            return &models->at[i];
    return NULL;
}

/* ---- files ---- */

int veil_models_home(char *folder, size_t cap)
{
    const char *xdg = getenv("XDG_DATA_HOME"), *home = getenv("HOME");

    if (xdg && *xdg == '/') /* the XDG rules: a relative path is to be ignored */
        return join(folder, cap, xdg, "veil/models");
    if (!home || !*home)
        return -ENOENT;
    return join(folder, cap, home, ".local/share/veil/models");
}

/* Look in one folder. @return 0; -ENOENT; -EBADMSG; -ENAMETOOLONG */
static int look_in(const char *folder, const VeilModel *m, char *path, size_t cap)
{
    const char *slash = strrchr(m->file, '/');
    const char *const name[2] = {m->file, slash ? slash + 1 : m->file};
    char hex[VEIL_DIGEST_HEX];
    int ret = -ENOENT;

    for (int i = 0; i < 2; i++) {
        char candidate[PATH_MAX];

        if (join(candidate, sizeof(candidate), folder, name[i]) < 0 || !is_there(candidate))
            continue;
        if (strlen(candidate) >= cap)
            return -ENAMETOOLONG;
        strcpy(path, candidate);
        if (!veil_digest_file(candidate, hex) && !strcmp(hex, m->sha256))
            return 0;
        ret = -EBADMSG;
    }
    return ret;
}

int veil_models_locate(const VeilModel *m, char *path, size_t cap)
{
    const char *env = getenv("VEIL_MODELS");
    char home[PATH_MAX] = "", found[PATH_MAX];
    const char *const folder[] = {env ? env : "", home, VEIL_PREFIX "/share/veil/models"};
    int ret = -ENOENT;

    if (veil_models_home(home, sizeof(home)) < 0)
        home[0] = 0;
    if (cap)
        path[0] = 0;
    for (size_t i = 0; i < sizeof(folder) / sizeof(*folder); i++) {
        int here;

        if (!*folder[i] || (here = look_in(folder[i], m, found, sizeof(found))) == -ENOENT)
            continue;
        if (here < 0 && ret == -EBADMSG)
            continue; /* the first altered one is named */
        if (strlen(found) >= cap)
            return -ENAMETOOLONG;
        strcpy(path, found);
        if (!here)
            return 0;
        ret = here;
    }
    return ret;
}

int veil_models_find(const char *name, char *path, size_t cap)
{
    VeilModels *models;
    const VeilModel *m;
    int ret = -EINVAL;

    if (cap)
        path[0] = 0;
    if (veil_models_read(&models) < 0)
        return -EINVAL;
    if ((m = veil_models_get(models, name)))
        ret = veil_models_locate(m, path, cap);
    free(models);
    return ret;
}

int veil_models_lend(void *unused, const char *name, char *path, size_t cap, char *digest)
{
    VeilModels *models;
    const VeilModel *m;
    int ret;

    (void)unused;
    if (veil_models_read(&models) < 0)
        return AVERROR(ENOENT);
    ret = (m = veil_models_get(models, name)) ? veil_models_locate(m, path, cap) : -ENOENT;
    if (!ret && digest)
        memcpy(digest, m->sha256, VEIL_DIGEST_HEX);
    free(models);
    return ret == -EBADMSG ? AVERROR_INVALIDDATA : ret;
}

void veil_models_complain(const char *name, const char *path, int ret)
{
    if (ret == -EBADMSG)
        veil_error("'%s' is not the model '%s' that models.cfg pins: its SHA-256 differs; remove it and run "
                   "'veil models fetch %s'", path, name, name);
    else if (ret == -EINVAL)
        veil_error("unknown model '%s'; 'veil models list' shows what there is", name);
    else
        veil_error("model '%s' is not on this machine; 'veil models fetch %s' gets it", name, name);
}
