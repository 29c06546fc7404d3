/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "reasons.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libconfig.h>

#include "msg.h"
#include "paths.h"

static bool is_code(const char *text)
{
    const size_t len = strlen(text);

    return len && len < sizeof(((VeilReason *)0)->code) &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool copy(char *out, size_t cap, const config_setting_t *group, const char *key, bool needed)
{
    const char *text;

    if (!config_setting_lookup_string(group, key, &text))
        return !needed && !config_setting_get_member(group, key);
    return (size_t)snprintf(out, cap, "%s", text) < cap && (*text || !needed);
}

static bool read_one(VeilReason *reason, const config_setting_t *group)
{
    int keeps = 0;

    *reason = (VeilReason){ 0 };
    if (!config_setting_is_group(group) || !copy(reason->code, sizeof(reason->code), group, "code", true) ||
        !is_code(reason->code) || !copy(reason->text, sizeof(reason->text), group, "text", true) ||
        !copy(reason->basis, sizeof(reason->basis), group, "basis", false))
        return false;
    if (config_setting_get_member(group, "keeps") && !config_setting_lookup_bool(group, "keeps", &keeps))
        return false;
    reason->keeps = keeps;
    return true;
}

static int read_all(VeilReasons *reasons, const config_t *config, const char *path)
{
    const config_setting_t *list = config_lookup(config, "reasons");
    const int n = list && config_setting_is_list(list) ? config_setting_length(list) : 0;

    if (n < 1 || n > VEIL_REASONS_MAX) {
        veil_error("%s: give 'reasons', a list of 1 to %d groups", path, VEIL_REASONS_MAX);
        return -EINVAL;
    }
    for (int i = 0; i < n; i++) {
        const config_setting_t *group = config_setting_get_elem(list, (unsigned)i);
        VeilReason *reason = &reasons->at[reasons->n];

        if (!read_one(reason, group) || veil_reasons_find(reasons, reason->code)) {
            veil_error("%s:%u: a reason needs a 'code' of its own of small letters, digits and '-', a 'text', and "
                       "may have a 'basis' and 'keeps'", path, config_setting_source_line(group));
            return -EINVAL;
        }
        reasons->n++;
    }
    return 0;
}

int veil_reasons_read(VeilReasons **out, const char *name)
{
    VeilReasons *reasons = NULL;
    char path[PATH_MAX];
    config_t config;
    int ret;

    *out = NULL;
    if (veil_paths_config(name, path, sizeof(path)) < 0) {
        veil_error("the list of reasons '%s' was not found; give the path of a .cfg file, or run 'make install'", name);
        return -ENOENT;
    }
    if (!(reasons = calloc(1, sizeof(*reasons))))
        return -ENOMEM;
    config_init(&config);
    if (!config_read_file(&config, path)) {
        veil_error("%s:%d: %s", path, config_error_line(&config), config_error_text(&config));
        ret = -EINVAL;
    } else {
        ret = read_all(reasons, &config, path);
    }
    config_destroy(&config);
    if (ret < 0)
        free(reasons);
    else
        *out = reasons;
    return ret;
}

const VeilReason *veil_reasons_find(const VeilReasons *reasons, const char *code)
{
    for (int i = 0; i < reasons->n; i++)
        if (!strcmp(reasons->at[i].code, code))
            return &reasons->at[i];
    return NULL;
}

json_t *veil_reasons_json(const VeilReasons *reasons)
{
    json_t *list = json_array();

    for (int i = 0; i < reasons->n; i++) {
        const VeilReason *r = &reasons->at[i];

        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "code", r->code, "text", r->text, "basis",
                                              r->basis, "keeps", (int)r->keeps));
    }
    return list;
}
