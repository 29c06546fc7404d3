/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil log monitor`: anybody with a copy of the log looks for releases
 * without a warrant, late unsealing, counts that do not fit and forks. The
 * checkpoint seen is kept in a file, signed as it is: two of them are proof.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "cmd_log.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/monitor.h"
#include "msg.h"

typedef struct Files {
    VeilPolicy *policy;
    VeilGroup *group;
    VeilWarrant *warrant;
    VeilVault **vault;
    int vaults;
    VeilLogDir *log;
    uint8_t *kept;
    size_t kept_len;
} Files;

typedef struct Report {
    json_t *list; /* with --json, else NULL */
    int n;
} Report;

static void print_finding(void *opaque, const VeilFinding *f)
{
    Report *r = opaque;
    json_t *one;

    r->n++;
    if (!r->list) {
        if (f->leaf >= 0)
            printf("%6" PRId64 "  %s: %s\n", f->leaf, veil_finding_word(f->kind), f->text);
        else
            printf("     -  %s: %s\n", veil_finding_word(f->kind), f->text);
        return;
    }
    one = json_pack("{s:s, s:s}", "finding", veil_finding_word(f->kind), "text", f->text);
    json_object_set_new(one, "leaf", f->leaf >= 0 ? json_integer(f->leaf) : json_null());
    json_array_append_new(r->list, one);
}

static int read_group(VeilGroup *g, const char *path)
{
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    if (veil_group_open(g, bytes, len, NULL, &err) < 0)
        ret = veil_keyio_refuse(&err);
    free(bytes);
    return ret;
}

static int read_warrant(VeilWarrant *w, const char *path)
{
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    if (veil_warrant_parse(w, bytes, len, path, &err) < 0)
        ret = veil_keyio_refuse(&err);
    free(bytes);
    return ret;
}

static int read_kept(Files *f, const char *path)
{
    VeilErr err;
    const int ret = veil_file_read(&f->kept, &f->kept_len, path, VEIL_TEXT_MAX, &err);

    return ret < 0 && ret != -ENOENT ? veil_keyio_refuse(&err) : VEIL_EXIT_DONE;
}

static int read_files(Files *f, const LogOptions *o, const char *folder)
{
    VeilErr err;
    int ret = VEIL_EXIT_DONE;

    f->policy = calloc((size_t)o->policy.n, sizeof(*f->policy));
    f->group = calloc((size_t)o->group.n, sizeof(*f->group));
    f->warrant = calloc((size_t)o->warrant.n + 1, sizeof(*f->warrant));
    f->vault = calloc((size_t)o->vault.n + 1, sizeof(VeilVault *));
    if (!f->policy || !f->group || !f->warrant || !f->vault) {
        veil_error("out of memory; give fewer files");
        return VEIL_EXIT_ERROR;
    }
    for (int i = 0; i < o->policy.n && !ret; i++)
        ret = veil_keyio_policy(&f->policy[i], o->policy.at[i]);
    for (int i = 0; i < o->group.n && !ret; i++)
        ret = read_group(&f->group[i], o->group.at[i]);
    for (int i = 0; i < o->warrant.n && !ret; i++)
        ret = read_warrant(&f->warrant[i], o->warrant.at[i]);
    for (; f->vaults < o->vault.n && !ret; f->vaults++)
        if (veil_vault_open(&f->vault[f->vaults], o->vault.at[f->vaults], true, &err) < 0)
            ret = veil_keyio_refuse(&err);
    if (!ret && veil_logdir_open(&f->log, folder, &err) < 0)
        ret = veil_keyio_refuse(&err);
    return ret ? ret : read_kept(f, o->kept);
}

static void free_files(Files *f)
{
    for (int i = 0; f->vault && i < f->vaults; i++)
        veil_vault_close(f->vault[i]);
    veil_logdir_close(f->log);
    free(f->policy);
    free(f->group);
    free(f->warrant);
    free(f->vault);
    free(f->kept);
}

static int conclude(const LogOptions *o, const Files *f, Report *r, const char *folder, bool accepted)
{
    const VeilSpan cp = veil_logdir_checkpoint(f->log);
    const uint64_t leaves = veil_logdir_size(f->log);
    VeilErr err;

    if (accepted && veil_file_write(o->kept, cp.at, cp.len, 0644, true, &err) < 0)
        return veil_keyio_refuse(&err);
    if (r->list) {
        const int ret = veil_keyio_report("log monitor",
                                          json_pack("{s:s, s:s, s:I, s:b, s:O}", "folder", folder, "log",
                                                    veil_logdir_origin(f->log), "leaves", (json_int_t)leaves,
                                                    "clean", !r->n, "findings", r->list));
        if (ret)
            return ret;
    } else if (!r->n) {
        printf("log '%s', %" PRIu64 " leaves: nothing found\n", veil_logdir_origin(f->log), leaves);
    }
    return r->n ? VEIL_EXIT_NO : VEIL_EXIT_DONE;
}

static int look(const LogOptions *o, Files *f, const char *folder, int64_t now)
{
    Report r = { .list = o->json ? json_array() : NULL };
    const VeilMonitor m = { .log = f->log,
                            .policy = f->policy,
                            .policies = o->policy.n,
                            .group = f->group,
                            .groups = o->group.n,
                            .warrant = f->warrant,
                            .warrants = o->warrant.n,
                            .vault = f->vault,
                            .vaults = f->vaults,
                            .now = now,
                            .found = print_finding,
                            .opaque = &r };
    bool accepted;
    VeilErr err;
    int ret;

    if (veil_monitor_checkpoint(&m, f->kept, f->kept_len, &accepted, &err) < 0 ||
        veil_monitor_leaves(&m, &err) < 0) {
        veil_keyio_refuse(&err);
        ret = VEIL_EXIT_ERROR; /* nothing was found out */
    } else {
        ret = conclude(o, f, &r, folder, accepted);
    }
    json_decref(r.list);
    return ret;
}

int veil_log_cmd_monitor(const LogOptions *o, const char *folder)
{
    int64_t now = time(NULL);
    Files f = { 0 };
    int ret;

    if (!o->policy.n || !o->group.n || !o->kept)
        return veil_log_cmd_wants("monitor' wants --policy, --group and --kept");
    if (o->at && veil_time_parse(&now, o->at, strlen(o->at)) < 0) {
        veil_error("time '%s' is not like 2026-05-01T14:03:20Z", o->at);
        return VEIL_EXIT_ERROR;
    }
    /* A file that cannot be read or believed is no finding: nothing was asked yet. */
    ret = read_files(&f, o, folder) ? VEIL_EXIT_ERROR : look(o, &f, folder, now);
    free_files(&f);
    return ret;
}
