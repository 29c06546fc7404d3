/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "papers.h"
#include "partfile.h"

static const struct {
    const char *ending;
    int (*print)(const json_t *papers, FILE *f);
} form[] = { { "html", veil_papers_html }, { "csv", veil_papers_csv }, { "json", veil_papers_json } };

#define FORMS (int)(sizeof(form) / sizeof(form[0]))

int veil_papers_json(const json_t *papers, FILE *f)
{
    return json_dumpf(papers, f, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) < 0 || fputc('\n', f) < 0 ? -EIO : 0;
}

static int write_one(VeilPartFile *file, const json_t *papers, int i)
{
    const int fd = dup(file->fd);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    int ret = f ? form[i].print(papers, f) : -errno;

    if (!f && fd >= 0)
        close(fd);
    if (f && fclose(f) && ret >= 0)
        ret = -errno;
    if (ret < 0)
        veil_error("cannot write '%s': %s; nothing was kept", file->path, strerror(-ret));
    return ret;
}

/* All three are whole before the first gets its name. */
int veil_papers_write(const json_t *papers, const char *name, bool force)
{
    VeilPartFile file[FORMS] = { { .fd = -1 }, { .fd = -1 }, { .fd = -1 } };
    int ret = 0;

    for (int i = 0; i < FORMS && ret >= 0; i++) {
        char *path = NULL;

        if (asprintf(&path, "%s.%s", name, form[i].ending) < 0)
            ret = -ENOMEM;
        else if ((ret = veil_partfile_begin(&file[i], path, force)) >= 0)
            ret = write_one(&file[i], papers, i);
        free(path);
    }
    for (int i = 0; i < FORMS; i++)
        if (ret >= 0)
            ret = veil_partfile_commit(&file[i]);
        else
            veil_partfile_abandon(&file[i]);
    if (ret >= 0)
        veil_info("papers: %s.html, %s.csv, %s.json", name, name, name);
    return ret;
}
