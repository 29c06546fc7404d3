/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "paths.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool exists(const char *path)
{
    return access(path, R_OK) == 0;
}

static bool is_path(const char *name)
{
    const size_t len = strlen(name);

    return strchr(name, '/') || (len > 4 && !strcmp(name + len - 4, ".cfg"));
}

/* The program stands in build/ (or build/asan/) of its source tree, or in bin/ of its prefix. */
static bool beside_program(const char *name, char *out, size_t cap)
{
    static const char *const up[] = { "../config", "../../config", "../share/veil/config" };
    char exe[PATH_MAX];
    const ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

    if (len <= 0)
        return false;
    exe[len] = 0;
    *strrchr(exe, '/') = 0;
    for (size_t i = 0; i < sizeof(up) / sizeof(up[0]); i++)
        if (snprintf(out, cap, "%s/%s/%s.cfg", exe, up[i], name) < (int)cap && exists(out))
            return true;
    return false;
}

int veil_paths_config(const char *name, char *out, size_t cap)
{
    const char *folder = getenv("VEIL_CONFIG");

    if (is_path(name))
        return snprintf(out, cap, "%s", name) < (int)cap && exists(out) ? 0 : -ENOENT;
    if (folder)
        return snprintf(out, cap, "%s/%s.cfg", folder, name) < (int)cap && exists(out) ? 0 : -ENOENT;
    if (beside_program(name, out, cap))
        return 0;
    return snprintf(out, cap, VEIL_PREFIX "/share/veil/config/%s.cfg", name) < (int)cap && exists(out) ? 0 : -ENOENT;
}

bool veil_paths_same(const char *a, const char *b)
{
    struct stat sa, sb;

    if (!strcmp(a, b))
        return true;
    return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}
