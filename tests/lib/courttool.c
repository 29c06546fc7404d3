/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * For the tests of opening: a whole court in one folder, made by a dealer who
 * knows all keys, so that a warrant takes no minutes. What it writes is what
 * `veil group`, `policy`, `warrant`, `log`, `approve` write.
 *
 *   courttool new DIR            group.note, policy.note, op, req, rbox, mbox and msign.key (passphrase on
 *                                descriptor 3), log/, secrets; 2 of 3 custodians; COURT_APPROVE=person
 *   courttool warrant DIR NAME KIND VAULT[,VAULT...] [2/]TRACK:FIRST:LAST...
 *                                NAME, NAME.1.minisig, NAME.leaf, NAME.tlog-proof, NAME.release-1 .. -3;
 *                                KIND is view, match, expired, early or lie: custodian 1 gives bad shares;
 *                                before the tracks may stand reason=WORD and probe=FILE:X,Y,W,H
 *   courttool absent DIR PATH... no secret key of the court is in these files or folders
 *   courttool big DIR VAULT TRACKS SEGMENTS UNIT
 *                                a vault whose units all hold the records in the file UNIT
 */
#include <ftw.h>
#include <limits.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "dealer.h"
#include "keys/leaf.h"
#include "keys/logdir.h"
#include "keys/minisig.h"
#include "keys/release.h"
#include "keys/warrant.h"
#include "src/keyio.h"

#define ORIGIN "example.org/log"

/* A program of one step: what it holds goes with it. Asked by the leak checker. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

typedef struct Secrets {
    uint8_t x[4][32]; ///< first, as sealtool reads them
    uint8_t custodian[3][64], log[64], witness[64], issuer[64], op[64];
    uint8_t req_sk[32], rbox_sk[32], mbox_sk[32];
    uint8_t req[32], rbox[32], mbox[32], msign[32]; ///< public
} Secrets;

static char where[PATH_MAX];

static const char *in_dir(const char *dir, const char *name)
{
    snprintf(where, sizeof(where), "%s/%s", dir, name);
    return where;
}

static const char *beside(const char *name, const char *ending)
{
    snprintf(where, sizeof(where), "%s.%s", name, ending);
    return where;
}

static int fail(const char *what, const VeilErr *err)
{
    fprintf(stderr, "courttool: %s: %s\n", what, err ? err->text : "failed");
    return 2;
}

#define TRY(call)                       \
    do {                                \
        if ((call) < 0)                 \
            return fail(#call, &err);   \
    } while (0)

/* ---- a court ---------------------------------------------------------------------------- */

static int make_group(VeilGroup *g, Secrets *s, VeilText *note, VeilErr *err)
{
    uint8_t a[2][32], y[32], yi[3][32];

    for (int i = 0; i < 2; i++)
        crypto_core_ristretto255_scalar_random(a[i]);
    veil_point_base(y, a[0]);
    for (uint32_t i = 1; i <= 3; i++) {
        veil_scalar_poly(s->x[i], a[0], 2, i);
        veil_point_base(yi[i - 1], s->x[i]);
        snprintf(g->org[i - 1], VEIL_TOKEN_CAP, "org%u", i);
        crypto_sign_keypair(g->sign[i - 1], s->custodian[i - 1]);
    }
    randombytes_buf(g->transcript, 32);
    g->dealer = true;
    if (veil_groupkey_init(&g->key, 2, 3, 0, y, g->transcript, yi, err) < 0 || veil_group_format(note, g) < 0)
        return -1;
    for (int i = 0; i < 3; i++)
        if (veil_note_sign(note, VEIL_GROUP_SIGNER, s->custodian[i]) < 0)
            return -1;
    return 0;
}

static int make_policy(const VeilGroup *g, Secrets *s, const VeilKey *op, VeilText *note)
{
    uint8_t sk[64];
    VeilPolicy p = { .version = 1, .first = true, .dealer_ok = true, .unattended_ok = true, .cap_tracks = 64,
                     .cap_segments = 2000, .cap_days = 30, .cap_probes = 2, .checkpoint_age_s = 3600,
                     .clock_skew_s = 60, .reasons = 2, .matchers = 1 };

    p.unattended_ok = !getenv("COURT_APPROVE");
    memcpy(p.group, g->digest, 32);
    p.log = (VeilLogTrust){ .log = dealer_named(ORIGIN, s->log), .witnesses = 1, .quorum = 1 };
    p.log.witness[0] = dealer_named("w1", s->witness);
    p.issuers = (VeilKeyList){ .at = { dealer_named("judge", s->issuer) }, .n = 1, .needed = 1 };
    p.operators = (VeilKeyList){ .n = 1 };
    strcpy(p.operators.at[0].name, "camera");
    memcpy(p.operators.at[0].pk, op->public_key, 32);
    memcpy(s->op, op->secret, 64);
    p.signers = (VeilKeyList){ .at = { dealer_named("council", sk) }, .n = 1, .needed = 1 };
    strcpy(p.reason[0], "assault");
    strcpy(p.reason[1], "demonstration");
    strcpy(p.matcher[0].name, "lab");
    memcpy(p.matcher[0].box, s->mbox, 32);
    memcpy(p.matcher[0].sign, s->msign, 32);
    return veil_policy_print(note, &p) < 0 ? -1 : veil_note_sign(note, "policy", sk);
}

static int run_new(const char *dir)
{
    static const struct {
        VeilRole role;
        const char *name;
    } role[] = { { VEIL_ROLE_OPERATOR, "op.key" },
                 { VEIL_ROLE_REQUESTER, "req.key" },
                 { VEIL_ROLE_REQUESTER_BOX, "rbox.key" },
                 { VEIL_ROLE_MATCHER_BOX, "mbox.key" },
                 { VEIL_ROLE_MATCHER, "msign.key" } };
    VeilText group = { 0 }, policy = { 0 };
    VeilPassphrase pass = { 0 };
    VeilKey key[5] = { 0 };
    static VeilGroup g;
    Secrets s = { 0 };
    VeilErr err = { 0 };

    if (veil_keyio_passphrase(&pass, 3, "", false))
        return 2;
    for (int i = 0; i < 5; i++) {
        TRY(veil_key_generate(&key[i], role[i].role, &err));
        TRY(veil_keyfile_write(in_dir(dir, role[i].name), &key[i], pass.at, pass.len, true, &err));
    }
    memcpy(s.req, key[1].public_key, 32);
    memcpy(s.rbox, key[2].public_key, 32);
    memcpy(s.mbox, key[3].public_key, 32);
    memcpy(s.msign, key[4].public_key, 32);
    memcpy(s.req_sk, key[1].secret, 32);
    memcpy(s.rbox_sk, key[2].secret, 32);
    memcpy(s.mbox_sk, key[3].secret, 32);
    TRY(make_group(&g, &s, &group, &err));
    TRY(make_policy(&g, &s, &key[0], &policy));
    TRY(veil_file_write(in_dir(dir, "group.note"), group.at, group.len, 0644, true, &err));
    TRY(veil_file_write(in_dir(dir, "policy.note"), policy.at, policy.len, 0644, true, &err));
    TRY(veil_file_write(in_dir(dir, "secrets"), &s, sizeof(s), 0600, true, &err));
    TRY(veil_file_write(in_dir(dir, "shares"), s.x, sizeof(s.x), 0600, true, &err));
    TRY(veil_logdir_create(in_dir(dir, "log"), ORIGIN, &err));
    return 0;
}

typedef struct Court {
    VeilGroup g;
    VeilPolicy p;
    Secrets s;
} Court;

static int load(Court *c, const char *dir, VeilErr *err)
{
    uint8_t *b = NULL;
    size_t len;

    if (veil_file_read(&b, &len, in_dir(dir, "group.note"), VEIL_TEXT_MAX, err) < 0 ||
        veil_group_open(&c->g, b, len, NULL, err) < 0)
        return -1;
    free(b);
    if (veil_file_read(&b, &len, in_dir(dir, "policy.note"), VEIL_TEXT_MAX, err) < 0 ||
        veil_policy_read(&c->p, b, len, NULL, "policy", err) < 0)
        return -1;
    free(b);
    if (veil_file_read(&b, &len, in_dir(dir, "secrets"), sizeof(c->s), err) < 0 || len != sizeof(c->s))
        return -1;
    memcpy(&c->s, b, sizeof(c->s));
    free(b);
    return 0;
}

/* ---- a warrant ------------------------------------------------------------------------------ */

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, 32); /* sha256 is the first field of a VeilProbe */
}

/* "probe=FILE:X,Y,W,H", "reason=WORD". @return whether it was one */
static bool read_word(VeilWarrant *w, const char *word)
{
    VeilProbe *p = &w->probe[w->probes];
    char path[PATH_MAX];
    uint8_t *bytes;
    size_t len;

    if (sscanf(word, "reason=%31s", w->reason) == 1)
        return true;
    if (sscanf(word, "probe=%4000[^:]:%u,%u,%u,%u", path, &p->x, &p->y, &p->w, &p->h) != 5)
        return false;
    if (veil_file_read(&bytes, &len, path, 1 << 26, NULL) < 0)
        exit(fail(path, NULL));
    crypto_hash_sha256(p->sha256, bytes, len);
    free(bytes);
    qsort(w->probe, (size_t)++w->probes, sizeof(*w->probe), by_hash);
    return true;
}

/* The vaults of a warrant, by vid, and where each stood on the command line, from 1. */
typedef struct Given {
    VeilVault *v;
    int place;
} Given;

static Given given[VEIL_WARRANT_VAULTS_MAX];
static int n_given;

static int by_vid(const void *a, const void *b)
{
    return memcmp(veil_vault_info(((const Given *)a)->v)->header.vid, veil_vault_info(((const Given *)b)->v)->header.vid, 32);
}

static int open_given(const char *list, VeilErr *err)
{
    char *copy = strdup(list);

    for (char *at = strtok(copy, ","); at; at = strtok(NULL, ",")) {
        given[n_given].place = n_given + 1;
        if (veil_vault_open(&given[n_given++].v, at, true, err) < 0)
            return -1;
    }
    qsort(given, (size_t)n_given, sizeof(*given), by_vid);
    return 0;
}

static int by_scope(const void *a, const void *b)
{
    const VeilScope *x = a, *y = b;

    return x->vault != y->vault ? x->vault - y->vault : (x->track > y->track) - (x->track < y->track);
}

/* "TRACK:FIRST:LAST", of the second vault "2/TRACK:FIRST:LAST". */
static bool read_scope(VeilScope *s, const char *text)
{
    int place = 1;

    if (sscanf(text, "%d/%u:%u:%u", &place, &s->track, &s->first, &s->last) != 4) {
        place = 1;
        if (sscanf(text, "%u:%u:%u", &s->track, &s->first, &s->last) != 3)
            return false;
    }
    for (int i = 0; i < n_given; i++)
        if (given[i].place == place)
            s->vault = i;
    return true;
}

static void fill(VeilWarrant *w, const Court *c, const char *kind, char **scope, int scopes)
{
    const int64_t now = time(NULL);

    *w = (VeilWarrant){ .policy_version = 1, .not_before = now - 600, .not_after = now + 86400, .vaults = n_given,
                        .unseal_by = now + 864000, .match = !strcmp(kind, "match") };
    if (!strcmp(kind, "expired")) {
        w->not_before = now - 86400;
        w->not_after = now - 60;
    } else if (!strcmp(kind, "early")) {
        w->not_before = now + 3600;
    }
    strcpy(w->log, ORIGIN);
    strcpy(w->court, "district-court");
    strcpy(w->reason, "assault");
    memcpy(w->gid, c->g.key.gid, 32);
    memcpy(w->policy, c->p.digest, 32);
    randombytes_buf(w->salt, 32);
    veil_warrant_case(w->case_hash, w->salt, "2026/117");
    memcpy(w->requester_sign, c->s.req, 32);
    memcpy(w->requester_box, c->s.rbox, 32);
    memcpy(w->deliver_box, w->match ? c->s.mbox : c->s.rbox, 32);
    for (int i = 0; i < n_given; i++) {
        memcpy(w->vault[i].vid, veil_vault_info(given[i].v)->header.vid, 32);
        memcpy(w->vault[i].root, veil_vault_info(given[i].v)->seal.root, 32);
    }
    for (int i = 0; i < scopes; i++)
        if (!read_word(w, scope[i]) && read_scope(&w->scope[w->scopes], scope[i]))
            w->scopes++;
    qsort(w->scope, (size_t)w->scopes, sizeof(*w->scope), by_scope);
    if (w->match && !w->probes) {
        w->probes = 1;
        w->probe[0] = (VeilProbe){ .w = 10, .h = 10 };
    }
}

static int sign_warrant(const Court *c, const VeilText *text, const VeilWarrant *w, const char *name, VeilErr *err)
{
    char comment[VEIL_MINISIG_ISSUER_BYTES], sig[VEIL_MINISIG_MAX + 1];
    VeilMinisig m;

    veil_minisig_issuer_comment(comment, w->wid);
    if (veil_minisig_sign(&m, (uint8_t *)text->at, text->len, comment, c->s.issuer, err) < 0)
        return -1;
    return veil_file_write(beside(name, "1.minisig"), sig, veil_minisig_format(sig, &m), 0644, true, err);
}

static int log_leaf(VeilLogDir *log, const VeilLeaf *l, const uint8_t sk[64], VeilText *text, uint64_t *index, VeilErr *err)
{
    veil_leaf_print(text, l);
    return veil_note_sign(text, veil_leaf_role(l->kind), sk) < 0 ? -1
                                                                 : veil_logdir_append(log, text->at, text->len, index, err);
}

static int witness(VeilLogDir *log, const Court *c, VeilErr *err)
{
    return veil_logdir_sign(log, c->s.log, err) < 0 ? -1 : veil_logdir_cosign(log, "w1", c->s.witness, time(NULL), err);
}

typedef struct Release {
    VeilText note, leaf, proof;
    uint8_t *blob;
    size_t len;
    uint64_t index;
} Release;

/* Shares of all units in the scope of one vault. */
static int add_shares(VeilReleaseItem *item, uint32_t *n, const Court *c, uint32_t i, bool lie, const VeilWarrant *w, int vault,
                      VeilErr *err)
{
    const VeilVaultHeader *h = &veil_vault_info(given[vault].v)->header;
    VeilEntry e;

    for (uint32_t u = 0; u < veil_vault_info(given[vault].v)->seal.units; u++) {
        VeilUnitRef ref;

        if (veil_entry_parse(&e, veil_vault_entry(given[vault].v, u)) < 0 || !veil_warrant_covers(w, vault, e.track, e.seg))
            continue;
        ref = veil_entry_ref(&e, h->policy, h->vid);
        memcpy(item[*n].uid, e.uid, VEIL_UID_BYTES);
        if (veil_tdh2_partial(&item[*n].share, &c->g.key, i, c->s.x[i], &ref, w->wid, &e.ct, err) < 0)
            return -1;
        if (lie)
            item[*n].share.f[0] ^= 1;
        ++*n;
    }
    return 0;
}

static int make_release(Release *r, const Court *c, uint32_t i, bool lie, const VeilWarrant *w, uint64_t leaf,
                        VeilLogDir *log, VeilErr *err)
{
    VeilReleaseItem *item = calloc(VEIL_RELEASE_MAX_UNITS, sizeof(*item));
    VeilReleaseNote note = { .ctx = { .i = i } };

    for (int v = 0; v < n_given; v++)
        if (add_shares(item, &note.ctx.count, c, i, lie, w, v, err) < 0)
            return -1;
    memcpy(note.ctx.wid, w->wid, 32);
    memcpy(note.ctx.deliver, w->deliver_box, 32);
    r->len = VEIL_RELEASE_BLOB(note.ctx.count);
    r->blob = malloc(r->len);
    if (veil_release_seal(r->blob, &note.ctx, item, err) < 0)
        return -1;
    free(item);
    crypto_hash_sha256(note.blob_hash, r->blob, r->len);
    note.checkpoint_size = veil_logdir_size(log);
    if (veil_logdir_root(log, note.checkpoint_size, note.checkpoint_root, err) < 0 ||
        veil_release_note_format(&r->note, &note) < 0 ||
        veil_note_sign(&r->note, VEIL_GROUP_SIGNER, c->s.custodian[i - 1]) < 0)
        return -1;
    {
        VeilLeaf l = { .kind = VEIL_LEAF_RELEASE, .index = leaf, .custodian = i, .units = note.ctx.count };

        memcpy(l.digest, note.blob_hash, 32);
        return log_leaf(log, &l, c->s.custodian[i - 1], &r->leaf, &r->index, err);
    }
}

static int write_release(const Release *r, const char *name, uint32_t i, VeilErr *err)
{
    char folder[PATH_MAX - 32];

    snprintf(folder, sizeof(folder), "%s.release-%u", name, i);
    mkdir(folder, 0700);
    if (veil_file_write(in_dir(folder, "release.note"), r->note.at, r->note.len, 0644, true, err) < 0 ||
        veil_file_write(in_dir(folder, "release.leaf"), r->leaf.at, r->leaf.len, 0644, true, err) < 0 ||
        veil_file_write(in_dir(folder, "release.tlog-proof"), r->proof.at, r->proof.len, 0644, true, err) < 0)
        return -1;
    return veil_file_write(in_dir(folder, "release.blob"), r->blob, r->len, 0644, true, err);
}

static int run_warrant(const char *dir, const char *name, const char *kind, const char *vault, char **scope, int scopes)
{
    static VeilWarrant w;
    static Court c;
    VeilText text = { 0 }, leaf = { 0 }, proof = { 0 };
    Release r[3] = { 0 };
    VeilLogDir *log = NULL;
    uint64_t index;
    VeilErr err = { 0 };
    VeilLeaf l;

    TRY(load(&c, dir, &err));
    TRY(open_given(vault, &err));
    fill(&w, &c, kind, scope, scopes);
    TRY(veil_warrant_print(&text, &w));
    TRY(veil_file_write(name, text.at, text.len, 0644, true, &err));
    TRY(sign_warrant(&c, &text, &w, name, &err));
    TRY(veil_logdir_open(&log, in_dir(dir, "log"), &err));
    l = veil_leaf_of_warrant(&w);
    TRY(log_leaf(log, &l, c.s.issuer, &leaf, &index, &err));
    for (uint32_t i = 1; i <= 3; i++)
        TRY(make_release(&r[i - 1], &c, i, i == 1 && !strcmp(kind, "lie"), &w, index, log, &err));
    TRY(witness(log, &c, &err));
    TRY(veil_logdir_prove(log, index, &proof, &err));
    TRY(veil_file_write(beside(name, "leaf"), leaf.at, leaf.len, 0644, true, &err));
    TRY(veil_file_write(beside(name, "tlog-proof"), proof.at, proof.len, 0644, true, &err));
    for (uint32_t i = 1; i <= 3; i++) {
        TRY(veil_logdir_prove(log, r[i - 1].index, &r[i - 1].proof, &err));
        TRY(write_release(&r[i - 1], name, i, &err));
    }
    for (int i = 0; i < n_given; i++)
        veil_vault_close(given[i].v);
    veil_logdir_close(log);
    return 0;
}

/* ---- vaults without a video --------------------------------------------------------------------- */

static int begin_vault(VeilVaultWriter **out, Court *c, const char *path, VeilErr *err)
{
    VeilVaultHeader h = { .min_k = 2, .policy_version = 1, .start = 1777644120, .width = 640, .height = 360, .fps_num = 25,
                          .fps_den = 1 };

    memcpy(h.gid, c->g.key.gid, 32);
    memcpy(h.group, c->g.digest, 32);
    memcpy(h.policy, c->p.digest, 32);
    memcpy(h.operator_pk, c->p.operators.at[0].pk, 32);
    return veil_vault_create(out, path, &c->g.key, &h, c->s.op, err);
}

static int run_big(const char *dir, const char *path, int tracks, int segments, const char *unit)
{
    const uint8_t video[32] = { 1 };
    VeilVaultWriter *w = NULL;
    static Court c;
    uint8_t *records = NULL;
    VeilErr err = { 0 };
    size_t len;

    TRY(load(&c, dir, &err));
    TRY(veil_file_read(&records, &len, unit, 16 << 20, &err));
    TRY(begin_vault(&w, &c, path, &err));
    for (int s = 0; s < segments; s++) {
        for (int t = 1; t <= tracks; t++) {
            /* Frames and times of this segment: 250 frames, 10 s on. */
            for (size_t at = 0; s && t == 1 && at < len; at += 33 + veil_get_le32(records + at + 29)) {
                veil_put_le32(records + at, veil_get_le32(records + at) + 250);
                veil_put_le64(records + at + 4, veil_get_le64(records + at + 4) + 10000000);
            }
            TRY(veil_vault_add(w, (uint32_t)t, (uint32_t)s, 0, records, len, &err));
        }
    }
    TRY(veil_vault_checkpoint(w, &err));
    TRY(veil_vault_finish(w, video, &err));
    veil_vault_writer_close(w);
    free(records);
    return 0;
}

/* ---- what must not be there ---------------------------------------------------------------------- */

static Secrets sought;

static int look(const char *path, const struct stat *st, int type, struct FTW *at)
{
    const size_t all = offsetof(Secrets, req); /* x[0] is not used, and zero */
    const uint8_t *const secret = (const uint8_t *)&sought;
    uint8_t *bytes = NULL;
    size_t len;

    (void)at, (void)st;
    if (type != FTW_F)
        return 0;
    if (veil_file_read(&bytes, &len, path, 1 << 30, NULL) < 0)
        return fail(path, NULL);
    for (size_t i = 32; i < all; i += 32)
        if (memmem(bytes, len, secret + i, 32)) {
            /* The second half of an Ed25519 secret is the public key. */
            const size_t sign = i - offsetof(Secrets, custodian);

            if (i >= offsetof(Secrets, custodian) && i < offsetof(Secrets, req_sk) && sign % 64)
                continue;
            printf("secret %zu in %s\n", i / 32, path);
            return 1;
        }
    free(bytes);
    return 0;
}

static int run_absent(const char *dir, char **paths, int n)
{
    static Court c;
    VeilErr err = { 0 };
    int ret = 0;

    TRY(load(&c, dir, &err));
    sought = c.s;
    for (int i = 0; i < n && !ret; i++)
        ret = nftw(paths[i], look, 16, FTW_PHYS);
    return ret;
}

int main(int argc, char **argv)
{
    if (!veil_keyio_start())
        return 2;
    if (argc == 3 && !strcmp(argv[1], "new"))
        return run_new(argv[2]);
    if (argc >= 7 && !strcmp(argv[1], "warrant"))
        return run_warrant(argv[2], argv[3], argv[4], argv[5], argv + 6, argc - 6);
    if (argc >= 4 && !strcmp(argv[1], "absent"))
        return run_absent(argv[2], argv + 3, argc - 3);
    if (argc == 7 && !strcmp(argv[1], "big"))
        return run_big(argv[2], argv[3], atoi(argv[4]), atoi(argv[5]), argv[6]);
    fprintf(stderr, "usage: see tests/lib/courttool.c\n");
    return 2;
}
