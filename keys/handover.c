/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "approve.h"
#include "file.h"

static int write_part(const char *folder, const char *name, const void *bytes, size_t len, VeilErr *err)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
        return veil_err(err, -ENAMETOOLONG, "folder '%s'", folder);
    return veil_file_write(path, bytes, len, 0644, false, err);
}

/* The leaf's proof under a witnessed checkpoint of our own copy. */
static int prove(VeilText *proof, VeilCustodian *c, const VeilLogDir *log, const VeilStoredRelease *s, VeilErr *err)
{
    const VeilPolicy *p = veil_policies_newest(&c->policies);
    const VeilSpan cp = veil_logdir_checkpoint(log);
    VeilCheckpoint checkpoint;
    char path[PATH_MAX];
    uint64_t index;
    int ret;

    if (veil_logdir_find(log, s->leaf.at, s->leaf.len, &index) < 0)
        return veil_err(err, VEIL_E_RELEASE_LOG, "release leaf is not in the log; append it");
    if ((ret = veil_checkpoint_verify(&checkpoint, cp.at, cp.len, &p->log, "checkpoint", err)) < 0 ||
        (ret = veil_logstate_advance(&c->state, log, &checkpoint, err)) < 0 ||
        (ret = veil_custodian_path(path, c, "log.state", err)) < 0 ||
        (ret = veil_logstate_save(&c->state, path, err)) < 0)
        return ret;
    if (index >= checkpoint.size)
        return veil_err(err, VEIL_E_RELEASE_LOG, "release leaf is not yet under a checkpoint");
    return veil_logdir_prove(log, index, proof, err);
}

int veil_approve_hand_over(VeilCustodian *c, const VeilLogDir *log, const uint8_t wid[32], const char *folder,
                           VeilErr *err)
{
    VeilStoredRelease s = { 0 };
    VeilText proof = { 0 };
    int ret;

    if ((ret = veil_custodian_stored(&s, c, wid, err)) < 0)
        return ret;
    if ((ret = prove(&proof, c, log, &s, err)) < 0)
        goto out;
    if (mkdir(folder, 0777) < 0) {
        ret = veil_err(err, -errno, "folder '%s'; choose a new name", folder);
        goto out;
    }
    if ((ret = write_part(folder, "release.blob", s.blob.at, s.blob.len, err)) < 0 ||
        (ret = write_part(folder, "release.note", s.note.at, s.note.len, err)) < 0 ||
        (ret = write_part(folder, "release.leaf", s.leaf.at, s.leaf.len, err)) < 0)
        goto out;
    ret = write_part(folder, "release.tlog-proof", proof.at, proof.len, err);
out:
    veil_text_free(&proof);
    veil_stored_release_free(&s);
    return ret;
}
