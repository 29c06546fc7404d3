/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "custodian.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "file.h"

int veil_custodian_path(char out[PATH_MAX], const VeilCustodian *c, const char *name, VeilErr *err)
{
    if (snprintf(out, PATH_MAX, "%s/%s", c->home, name) >= PATH_MAX)
        return veil_err(err, -ENAMETOOLONG, "custodian folder '%s'", c->home);
    return 0;
}

static int write_part(const VeilCustodian *c, const char *name, const void *bytes, size_t len, VeilErr *err)
{
    char path[PATH_MAX];
    int ret = veil_custodian_path(path, c, name, err);

    return ret < 0 ? ret : veil_file_write(path, bytes, len, 0600, false, err);
}

static int make_folder(const VeilCustodian *c, const char *name, VeilErr *err)
{
    char path[PATH_MAX];
    int ret = veil_custodian_path(path, c, name, err);

    if (ret >= 0 && mkdir(path, 0700) < 0)
        ret = veil_err(err, -errno, "custodian folder '%s'", path);
    return ret;
}

static int read_part(VeilBytes *out, const VeilCustodian *c, const char *name, size_t max, VeilErr *err)
{
    char path[PATH_MAX];
    int ret = veil_custodian_path(path, c, name, err);

    *out = (VeilBytes){ 0 };
    return ret < 0 ? ret : veil_file_read(&out->at, &out->len, path, max, err);
}

static int set_home(VeilCustodian *c, const char *home, VeilErr *err)
{
    *c = (VeilCustodian){ 0 };
    if (strlen(home) >= sizeof(c->home))
        return veil_err(err, -ENAMETOOLONG, "custodian folder '%s'", home);
    memcpy(c->home, home, strlen(home) + 1);
    return 0;
}

/* The policy is for this group, and accepts how its keys were made. */
static int policy_fits(const VeilPolicy *p, const VeilGroup *g, VeilErr *err)
{
    if (sodium_memcmp(p->group, g->digest, 32))
        return veil_err(err, VEIL_E_POLICY, "policy version %u is for another group note", p->version);
    return veil_group_check_keygen(g, p->dealer_ok, err);
}

int veil_custodian_setup(const char *home, const VeilBytes *group, const uint8_t gid[VEIL_GID_BYTES],
                         const VeilBytes *policy, VeilErr *err)
{
    char hex[VEIL_HEX_LEN(VEIL_GID_BYTES) + 2];
    VeilCustodian c;
    VeilPolicy p;
    int ret;

    if ((ret = set_home(&c, home, err)) < 0 ||
        (ret = veil_group_open(&c.group, group->at, group->len, gid, err)) < 0 ||
        (ret = veil_policy_read(&p, policy->at, policy->len, NULL, "first policy", err)) < 0 ||
        (ret = policy_fits(&p, &c.group, err)) < 0)
        return ret;
    if (mkdir(home, 0700) < 0)
        return veil_err(err, -errno, "custodian folder '%s'", home);
    veil_hex_encode(hex, gid, VEIL_GID_BYTES);
    strcat(hex, "\n");
    if ((ret = write_part(&c, "gid", hex, strlen(hex), err)) < 0 ||
        (ret = write_part(&c, "group.note", group->at, group->len, err)) < 0 ||
        (ret = make_folder(&c, "policy", err)) < 0 || (ret = make_folder(&c, "requests", err)) < 0 ||
        (ret = make_folder(&c, "releases", err)) < 0 ||
        (ret = write_part(&c, "policy/1.note", policy->at, policy->len, err)) < 0)
        return ret;
    return 0;
}

static int load_group(VeilCustodian *c, VeilErr *err)
{
    uint8_t gid[VEIL_GID_BYTES];
    VeilBytes pin = { 0 }, note = { 0 };
    int ret;

    if ((ret = read_part(&pin, c, "gid", 256, err)) < 0 ||
        (ret = read_part(&note, c, "group.note", VEIL_TEXT_MAX, err)) < 0)
        goto out;
    if (pin.len != VEIL_HEX_LEN(VEIL_GID_BYTES) + 1 || pin.at[pin.len - 1] != '\n' ||
        veil_hex_decode(gid, sizeof(gid), (char *)pin.at, pin.len - 1) < 0)
        ret = veil_err(err, VEIL_E_CANON, "pinned gid in '%s'", c->home);
    else
        ret = veil_group_open(&c->group, note.at, note.len, gid, err);
out:
    free(pin.at);
    free(note.at);
    return ret;
}

int veil_custodian_open(VeilCustodian *c, const char *home, VeilErr *err)
{
    char path[PATH_MAX];
    int ret;

    if ((ret = set_home(c, home, err)) < 0 || (ret = load_group(c, err)) < 0 ||
        (ret = veil_custodian_path(path, c, "policy", err)) < 0 ||
        (ret = veil_policies_load(&c->policies, path, err)) < 0 ||
        (ret = policy_fits(veil_policies_newest(&c->policies), &c->group, err)) < 0 ||
        (ret = veil_custodian_path(path, c, "log.state", err)) < 0 ||
        (ret = veil_logstate_load(&c->state, path, err)) < 0) {
        veil_custodian_clear(c);
        return ret;
    }
    return 0;
}

void veil_custodian_clear(VeilCustodian *c)
{
    veil_policies_free(&c->policies);
}

int veil_custodian_add_policy(VeilCustodian *c, const VeilBytes *policy, VeilErr *err)
{
    char name[32];
    VeilPolicy p;
    int ret;

    if ((ret = veil_policy_read(&p, policy->at, policy->len, veil_policies_newest(&c->policies), "new policy",
                                err)) < 0 ||
        (ret = policy_fits(&p, &c->group, err)) < 0)
        return ret;
    snprintf(name, sizeof(name), "policy/%u.note", p.version);
    return write_part(c, name, policy->at, policy->len, err);
}

/* A file that an interrupted run has written already is left; another one there is not. */
static int write_once(const VeilCustodian *c, const char *name, const VeilBytes *bytes, VeilErr *err)
{
    VeilBytes there;
    bool same;

    if (read_part(&there, c, name, VEIL_TEXT_MAX, NULL) < 0)
        return write_part(c, name, bytes->at, bytes->len, err);
    same = there.len == bytes->len && !memcmp(there.at, bytes->at, bytes->len);
    free(there.at);
    return same ? 0 : veil_err(err, -EEXIST, "'%s' in '%s'", name, c->home);
}

static int check_next(VeilCustodian *c, const VeilBytes *group, const VeilBytes *policy, VeilPolicy *p,
                      VeilErr *err)
{
    const VeilPolicy *newest = veil_policies_newest(&c->policies);
    VeilGroup next;
    int ret;

    if ((ret = veil_group_open(&next, group->at, group->len, c->group.key.gid, err)) < 0)
        return ret;
    if (sodium_memcmp(next.digest, c->group.digest, 32) &&
        (ret = veil_group_follows(&next, &c->group, err)) < 0)
        return ret;
    if ((ret = veil_policy_parse(p, policy->at, veil_note_text_len((char *)policy->at, policy->len),
                                 "new policy", err)) < 0)
        return ret;
    /* After an interrupted run the newest one is this one. */
    if (sodium_memcmp(p->digest, newest->digest, 32) &&
        (ret = veil_policy_read(p, policy->at, policy->len, newest, "new policy", err)) < 0)
        return ret;
    return policy_fits(p, &next, err);
}

int veil_custodian_refresh(const char *home, const VeilBytes *group, const VeilBytes *policy, VeilErr *err)
{
    char path[PATH_MAX], name[32];
    VeilCustodian c;
    VeilPolicy p;
    int ret;

    if ((ret = set_home(&c, home, err)) < 0 || (ret = load_group(&c, err)) < 0 ||
        (ret = veil_custodian_path(path, &c, "policy", err)) < 0 ||
        (ret = veil_policies_load(&c.policies, path, err)) < 0 ||
        (ret = check_next(&c, group, policy, &p, err)) < 0)
        goto out;
    snprintf(name, sizeof(name), "policy/%u.note", p.version);
    if ((ret = write_once(&c, name, policy, err)) >= 0 &&
        (ret = veil_custodian_path(path, &c, "group.note", err)) >= 0)
        ret = veil_file_write(path, group->at, group->len, 0600, true, err);
out:
    veil_custodian_clear(&c);
    return ret;
}

/* ---- requests seen, releases given ------------------------------------------ */

static bool exists(const VeilCustodian *c, const char *format, const uint8_t id[32])
{
    char hex[VEIL_HEX_LEN(32) + 1], name[128], path[PATH_MAX];
    struct stat st;

    veil_hex_encode(hex, id, 32);
    snprintf(name, sizeof(name), format[0] == 'q' ? "requests/%s" : "releases/%s/leaf", hex);
    /* anything but a clear "not there" counts as there */
    return veil_custodian_path(path, c, name, NULL) < 0 || !lstat(path, &st) || errno != ENOENT;
}

bool veil_custodian_seen(const VeilCustodian *c, const uint8_t id[32])
{
    return exists(c, "q", id);
}

bool veil_custodian_has_release(const VeilCustodian *c, const uint8_t wid[32])
{
    return exists(c, "r", wid);
}

int veil_custodian_note_request(const VeilCustodian *c, const uint8_t id[32], VeilErr *err)
{
    char hex[VEIL_HEX_LEN(32) + 1], name[128];

    snprintf(name, sizeof(name), "requests/%s", veil_hex_encode(hex, id, 32));
    return write_part(c, name, "", 0, err);
}

int veil_custodian_store(const VeilCustodian *c, const uint8_t wid[32], const VeilStoredRelease *r,
                         VeilErr *err)
{
    char hex[VEIL_HEX_LEN(32) + 1], folder[80], name[128];
    const struct {
        const char *name;
        const VeilBytes *bytes;
    } part[] = { { "blob", &r->blob },
                 { "note", &r->note },
                 { "leaf", &r->leaf } }; /* leaf last: it marks the rest */
    int ret;

    snprintf(folder, sizeof(folder), "releases/%s", veil_hex_encode(hex, wid, 32));
    ret = make_folder(c, folder, NULL);
    if (ret < 0 && ret != -EEXIST) /* a folder without `leaf` is left from a crash */
        return veil_err(err, ret, "release folder '%s/%s'", c->home, folder);
    for (int i = 0; i < 3; i++) {
        char path[PATH_MAX];

        snprintf(name, sizeof(name), "%s/%s", folder, part[i].name);
        if ((ret = veil_custodian_path(path, c, name, err)) < 0 ||
            (ret = veil_file_write(path, part[i].bytes->at, part[i].bytes->len, 0600, i < 2, err)) < 0)
            return ret;
    }
    return 0;
}

int veil_custodian_stored(VeilStoredRelease *r, const VeilCustodian *c, const uint8_t wid[32], VeilErr *err)
{
    char hex[VEIL_HEX_LEN(32) + 1], name[3][128];
    static const char *const part[] = { "blob", "note", "leaf" };
    int ret;

    *r = (VeilStoredRelease){ 0 };
    veil_hex_encode(hex, wid, 32);
    for (int i = 0; i < 3; i++)
        snprintf(name[i], sizeof(name[i]), "releases/%s/%s", hex, part[i]);
    if ((ret = read_part(&r->blob, c, name[0], 32u << 20, err)) < 0 ||
        (ret = read_part(&r->note, c, name[1], VEIL_TEXT_MAX, err)) < 0 ||
        (ret = read_part(&r->leaf, c, name[2], VEIL_LEAF_MAX, err)) < 0)
        veil_stored_release_free(r);
    return ret;
}

void veil_stored_release_free(VeilStoredRelease *r)
{
    free(r->note.at);
    free(r->blob.at);
    free(r->leaf.at);
    *r = (VeilStoredRelease){ 0 };
}

VeilLeafTrust veil_custodian_trust(const VeilCustodian *c)
{
    return (VeilLeafTrust){ veil_policies_newest(&c->policies), c->group.sign, (int)c->group.key.n };
}
