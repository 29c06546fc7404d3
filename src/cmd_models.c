/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil models`: which networks there are, and getting and checking them.
 */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <libavformat/avio.h>
#include <libavutil/error.h>

#include "cmd.h"
#include "models.h"
#include "msg.h"

typedef struct ModelsArgs {
    bool json;
} ModelsArgs;

static const VeilOpt models_opts[] = {
    {"json", 0, VEIL_OPT_FLAG, offsetof(ModelsArgs, json), NULL, "print what is found as JSON", 0, 0, NULL},
    {NULL, 0, VEIL_OPT_FLAG, 0, NULL, NULL, 0, 0, NULL}
};

static const char *state_of(int ret)
{
    return !ret ? "present" : ret == -EBADMSG ? "altered" : "missing";
}

static json_t *as_json(const VeilModel *m, int ret, const char *path)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:o}", "name", m->name, "role", m->role, "licence",
                     m->licence, "file", m->file, "bytes", (json_int_t)m->bytes, "sha256", m->sha256, "source",
                     m->source, "state", state_of(ret), "path", *path ? json_string(path) : json_null());
}

/* One line or object per model. @return how many are missing, or altered */
static int report(const VeilModel *const *pick, int n, bool json, int *altered)
{
    json_t *list = json_array();
    int missing = 0;

    *altered = 0;
    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];
        const int ret = veil_models_locate(pick[i], path, sizeof(path));

        missing += ret == -ENOENT;
        *altered += ret == -EBADMSG;
        if (json)
            json_array_append_new(list, as_json(pick[i], ret, path));
        else
            printf("%-14s %-7s %-8s %-11s %s\n", pick[i]->name, pick[i]->role, state_of(ret), pick[i]->licence,
                   *path ? path : pick[i]->file);
    }
    if (json) {
        json_dumpf(list, stdout, JSON_INDENT(2));
        putchar('\n');
    }
    json_decref(list);
    return missing;
}

static int cmd_list(const VeilModel *const *pick, int n, bool named, bool json)
{
    int altered;

    (void)named;
    report(pick, n, json, &altered);
    return VEIL_EXIT_DONE;
}

/* Without names, a model that was never fetched is no fault. */
static int cmd_verify(const VeilModel *const *pick, int n, bool named, bool json)
{
    int altered;
    const int missing = report(pick, n, json, &altered);

    return altered || (named && missing) ? VEIL_EXIT_NO : VEIL_EXIT_DONE;
}

/* ---- fetch ---- */

static int make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (mkdir(path, 0755) < 0 && errno != EEXIST) {
            veil_error("cannot make folder '%s': %s; set XDG_DATA_HOME to a place that can be written", path,
                       strerror(errno));
            return -errno;
        }
        *slash = '/';
    }
    return 0;
}

/* Where to read model m from: its source, or the mirror, which is a folder or a base address. */
static int source_of(const VeilModel *m, char *out, size_t cap)
{
    const char *mirror = getenv("VEIL_MODELS_MIRROR");
    const char *slash = strrchr(m->file, '/');
    int n;

    if (!mirror || !*mirror) {
        if (!m->source[0]) {
            veil_error("model '%s' is not published for download; put its file '%s' into a folder and name that "
                       "in VEIL_MODELS_MIRROR", m->name, m->file);
            return -ENOENT;
        }
        n = snprintf(out, cap, "%s", m->source);
    } else if (strstr(mirror, "://")) {
        n = snprintf(out, cap, "%s/%s", mirror, m->file);
    } else {
        n = snprintf(out, cap, "%s/%s", mirror, m->file);
        if (n < (int)cap && access(out, R_OK) && slash)
            n = snprintf(out, cap, "%s%s", mirror, slash);
    }
    return n < (int)cap ? 0 : -ENAMETOOLONG;
}

/* Copy at most limit + 1 bytes, so that a source without end is noticed and not stored. */
static int copy(AVIOContext *in, FILE *out, int64_t limit)
{
    uint8_t block[1 << 15];
    int64_t done = 0;
    int n;

    while ((n = avio_read(in, block, sizeof(block))) > 0) {
        if ((done += n) > limit)
            return -EFBIG;
        if (fwrite(block, 1, n, out) != (size_t)n)
            return -EIO;
    }
    return n < 0 && n != AVERROR_EOF ? n : 0;
}

static int download(const char *from, const char *part, int64_t limit)
{
    AVIOContext *in = NULL;
    FILE *out = NULL;
    int ret;

    if ((ret = avio_open2(&in, from, AVIO_FLAG_READ, NULL, NULL)) < 0)
        return ret;
    unlink(part);
    if (!(out = fopen(part, "wbx")))
        ret = -errno;
    else
        ret = copy(in, out, limit);
    if (out && (fflush(out) || fsync(fileno(out))) && !ret)
        ret = -errno;
    if (out && fclose(out) && !ret)
        ret = -errno;
    avio_closep(&in);
    return ret;
}

/* The part file becomes the model only if it is the right one. */
static int accept_part(const VeilModel *m, const char *from, const char *part, const char *path)
{
    char hex[VEIL_DIGEST_HEX];
    int ret = veil_digest_file(part, hex);

    if (ret < 0) {
        veil_error("cannot read '%s': %s; try again", part, strerror(-ret));
    } else if (strcmp(hex, m->sha256)) {
        veil_error("'%s' is not the model '%s': SHA-256 is %s, models.cfg pins %s; nothing was kept", from, m->name,
                   hex, m->sha256);
        ret = -EBADMSG;
    } else if (rename(part, path) < 0) {
        ret = -errno;
        veil_error("cannot name '%s': %s; check the folder's permissions", path, strerror(errno));
    }
    return ret;
}

static int fetch(const VeilModel *m)
{
    char folder[PATH_MAX], path[PATH_MAX + 256], part[PATH_MAX + 264], from[PATH_MAX], why[128];
    int ret;

    if ((ret = veil_models_home(folder, sizeof(folder))) < 0) {
        veil_error("there is no place for models; set HOME or XDG_DATA_HOME");
        return ret;
    }
    if ((ret = source_of(m, from, sizeof(from))) < 0)
        return ret;
    snprintf(path, sizeof(path), "%s/%s", folder, m->file);
    snprintf(part, sizeof(part), "%s.part", path);
    if ((ret = make_folders(path)) < 0)
        return ret;
    veil_verbose("fetching '%s'", from);
    if ((ret = download(from, part, m->bytes)) < 0) {
        if (ret == -EFBIG)
            veil_error("'%s' is longer than the model '%s'; nothing was kept", from, m->name);
        else
            veil_error("cannot fetch '%s': %s; set VEIL_MODELS_MIRROR to a folder or address that has '%s'", from,
                       av_strerror(ret, why, sizeof(why)) < 0 ? "unknown error" : why, m->file);
    } else {
        ret = accept_part(m, from, part, path);
    }
    if (ret < 0)
        unlink(part);
    else
        veil_info("model '%s' is now at '%s'", m->name, path);
    return ret;
}

/* Without names: the detectors, which everybody wants; matching models are asked for by name. */
static int cmd_fetch(const VeilModel *const *pick, int n, bool named, bool json)
{
    int code = VEIL_EXIT_DONE, altered;

    for (int i = 0; i < n; i++) {
        char path[PATH_MAX];

        if (!named && strcmp(pick[i]->role, "detect"))
            continue;
        if (!veil_models_locate(pick[i], path, sizeof(path)))
            veil_info("model '%s' is already at '%s'", pick[i]->name, path);
        else if (fetch(pick[i]) < 0)
            code = VEIL_EXIT_ERROR;
    }
    if (json)
        report(pick, n, true, &altered);
    return code;
}

static const struct {
    const char *name;
    int (*run)(const VeilModel *const *pick, int n, bool named, bool json);
} actions[] = {
    {"list",   cmd_list},
    {"fetch",  cmd_fetch},
    {"verify", cmd_verify},
};

/* The models named, or all. @return how many, or -EINVAL after a sentence */
static int choose(const VeilModels *models, char **names, int n, const VeilModel **pick)
{
    if (n > VEIL_MODELS_MAX) {
        veil_error("too many models named; give each once");
        return -EINVAL;
    }
    for (int i = 0; i < n; i++)
        if (!(pick[i] = veil_models_get(models, names[i]))) {
            veil_models_complain(names[i], "", -EINVAL);
            return -EINVAL;
        }
    for (int i = 0; !n && i < models->n; i++)
        pick[i] = &models->at[i];
    return n ? n : models->n;
}

static int models_run(int argc, char **argv)
{
    ModelsArgs args = {0};
    const VeilModel *pick[VEIL_MODELS_MAX];
    VeilModels *models = NULL;
    char **operand = calloc(argc, sizeof(*operand));
    int code = VEIL_EXIT_ERROR, n, found;
    size_t a = 0;

    if (!operand || (n = veil_opts_parse(&args, models_opts, argc, argv, operand)) < 0)
        goto done;
    while (n && a < sizeof(actions) / sizeof(*actions) && strcmp(operand[0], actions[a].name))
        a++;
    if (!n || a == sizeof(actions) / sizeof(*actions)) {
        veil_error("'models' needs one of list, fetch, verify; see 'veil models --help'");
        goto done;
    }
    if (veil_models_read(&models) < 0 || (found = choose(models, operand + 1, n - 1, pick)) < 0)
        goto done;
    code = actions[a].run(pick, found, n > 1, args.json);
done:
    free(models);
    free(operand);
    return code;
}

const VeilCommand veil_cmd_models = {
    .name    = "models",
    .summary = "list, fetch and verify the networks",
    .usage   = "models list|fetch|verify [NAME...]",
    .opts    = models_opts,
    .run     = models_run,
};
