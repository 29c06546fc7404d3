/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil open`: from a warrant, its vaults and the custodians' releases to an
 * evidence folder: the faces that the warrant names, put back into the
 * published video and alone, with everything that shows why they could be
 * opened, hashed and signed by the requester.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "avlog.h"
#include "cmd.h"
#include "digest.h"
#include "evidence.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "msg.h"
#include "open_doc.h"
#include "pngfile.h"
#include "sheet.h"
#include "signals.h"

typedef struct OpenOptions {
    VeilGrantedOptions granted;
    VeilStrings published;
    char *key, *out, *restored;
    double context;
    bool hash_vault, json;
} OpenOptions;

#define OFFSET(field) offsetof(OpenOptions, field)
static const VeilOpt open_options[] = {
    VEIL_GRANTED_ROWS(OpenOptions, granted),
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE.key", "our requester-sign key, which signs the evidence", 0, 0,
      NULL },
    { "published", 0, VEIL_OPT_LIST, OFFSET(published), "VIDEO",
      "the published video of a vault; read only if it is given, to put the faces back", 0, 0, NULL },
    { "restored", 0, VEIL_OPT_CHOICE, OFFSET(restored), "CODEC",
      "ffv1 (default) changes no other sample; h264 is for looking at", 0, 0, "ffv1|h264" },
    { "context", 0, VEIL_OPT_DOUBLE, OFFSET(context), "SECONDS",
      "write only so much of the video around the opened segments; default all of it", 0, 86400, NULL },
    { "hash-vault", 0, VEIL_OPT_FLAG, OFFSET(hash_vault), NULL,
      "also enter the SHA-256 of the whole vault files, which reads all of them", 0, 0, NULL },
    { "out", 'o', VEIL_OPT_STRING, OFFSET(out), "FOLDER", "a new folder for the evidence", 0, 0, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

/** One run. */
typedef struct Open {
    const OpenOptions *o;
    VeilGranted *granted;
    VeilOpened *opened;
    VeilEvidence *evidence;
    VeilKey key;
    VeilSheet *sheet[VEIL_OPENED_TRACKS]; ///< by index in opened->track
    VeilOpenPublished published[VEIL_WARRANT_VAULTS_MAX];
    char vault_hex[VEIL_WARRANT_VAULTS_MAX][VEIL_DIGEST_HEX];
    char restored[VEIL_WARRANT_VAULTS_MAX][32];
} Open;

/* ---- before any secret ---------------------------------------------------------------------- */

/* Which vault was sealed with this file? Its operator signed the file's hash. */
static int match_published(Open *x, const char *path)
{
    char hex[VEIL_DIGEST_HEX], sealed[VEIL_DIGEST_HEX];

    if (veil_digest_file(path, hex) < 0) {
        veil_error("cannot read '%s'; give the published video as a plain file", path);
        return VEIL_EXIT_ERROR;
    }
    for (int i = 0; i < x->granted->vaults; i++) {
        const VeilVaultInfo *info = veil_vault_info(x->granted->vault[i].file);

        veil_hex_encode(sealed, info->seal.video, 32);
        if (!info->seal.final || strcmp(hex, sealed) != 0)
            continue;
        if (x->published[i].path) {
            veil_error("'%s' and '%s' are the same video; give each once", x->published[i].path, path);
            return VEIL_EXIT_ERROR;
        }
        x->published[i].path = path;
        memcpy(x->published[i].sha256, hex, sizeof(hex));
        return 0;
    }
    for (int i = 0; i < x->granted->vaults; i++)
        if (!veil_vault_info(x->granted->vault[i].file)->seal.final) {
            veil_error("vault '%s' was cut off, so it names no published video; open without --published",
                       x->granted->vault[i].path);
            return VEIL_EXIT_NO;
        }
    veil_error("'%s' is not the video that the vault was sealed with; give the published file as it was written, or "
               "open without --published", path);
    return VEIL_EXIT_NO;
}

static int prepare(Open *x, const char *warrant)
{
    int ret;

    if ((ret = veil_granted_read(&x->granted, &x->o->granted, warrant, false)) ||
        (ret = veil_granted_check_key(x->o->key, VEIL_ROLE_REQUESTER, x->granted->warrant.requester_sign,
                                      "the warrant's requester-sign")))
        return ret;
    for (int i = 0; i < x->o->published.n; i++)
        if ((ret = match_published(x, x->o->published.at[i])))
            return ret;
    for (int i = 0; x->o->hash_vault && i < x->granted->vaults; i++)
        if (veil_digest_file(x->granted->vault[i].path, x->vault_hex[i]) < 0) {
            veil_error("cannot read '%s' to its end; copy it again", x->granted->vault[i].path);
            return VEIL_EXIT_ERROR;
        }
    if ((ret = veil_evidence_begin(&x->evidence, x->o->out)))
        return ret;
    return veil_opened_start(&x->opened, x->granted);
}

/* ---- pictures ----------------------------------------------------------------------------------- */

static int lines_of(const Open *x, const VeilOpenedTrack *t)
{
    return (int)veil_vault_info(x->granted->vault[t->vault].file)->header.height;
}

static int no_picture(const VeilOpenedTrack *t, int ret)
{
    veil_error("cannot draw the crop of frame %u: %s; nothing was kept", t->crop.frame, av_err2str(ret));
    return VEIL_EXIT_ERROR;
}

static void wipe_free(uint8_t *p, size_t len)
{
    if (p)
        explicit_bzero(p, len);
    free(p);
}

/* The crop as a PNG of its own, and on the contact sheet. */
static int take(void *opaque, VeilOpenedTrack *t)
{
    Open *x = opaque;
    const int lines = lines_of(x, t);
    AVFrame *picture = veil_png_picture(t->picture, lines);
    VeilSheet *sheet = x->sheet[t - x->opened->track];
    uint8_t *png = NULL;
    char track[64], name[128];
    size_t len = 0;
    int ret = picture ? veil_png_encode(picture, &png, &len) : AVERROR(ENOMEM);

    veil_open_track_name(track, sizeof(track), x->granted, t);
    snprintf(name, sizeof(name), "crops/%s/%06" PRIu32 ".png", track, t->crop.frame);
    if (ret < 0 || (ret = veil_sheet_add(sheet, t->picture, t->crop.frame, t->crop.pts, lines)) < 0)
        ret = no_picture(t, ret);
    else
        ret = veil_evidence_write(x->evidence, name, png, len);
    wipe_free(png, len);
    veil_cropchild_wipe(&picture);
    return ret;
}

static int make_folders(Open *x)
{
    int ret = veil_evidence_folder(x->evidence, "crops");

    for (int i = 0; i < x->opened->n && !ret; i++) {
        const VeilOpenedTrack *t = &x->opened->track[i];
        char track[64], name[128];

        veil_open_track_name(track, sizeof(track), x->granted, t);
        snprintf(name, sizeof(name), "crops/%s", track);
        ret = veil_evidence_folder(x->evidence, name);
        if (!ret && !(x->sheet[i] = veil_sheet_new(t->track, veil_vault_info(x->granted->vault[t->vault].file)->header.start))) {
            veil_error("no memory for a contact sheet; free some");
            ret = VEIL_EXIT_ERROR;
        }
    }
    return ret;
}

static int restore(Open *x, int vault)
{
    VeilOpenPublished *p = &x->published[vault];
    const VeilRestoreHow how = { x->o->restored && !strcmp(x->o->restored, "h264"), x->o->context };
    const char *ending = veil_restore_ending(p->path);
    char *path;
    int ret;

    if (x->granted->warrant.vaults > 1)
        snprintf(x->restored[vault], sizeof(x->restored[vault]), "vault-%d-restored.%s",
                 x->granted->vault[vault].index + 1, ending);
    else
        snprintf(x->restored[vault], sizeof(x->restored[vault]), "restored.%s", ending);
    if (!(path = veil_evidence_path(x->evidence, x->restored[vault])))
        return VEIL_EXIT_ERROR;
    if (!(ret = veil_restore(x->opened, vault, p->path, path, how, take, x, &p->result)) &&
        !(ret = veil_evidence_enter(x->evidence, x->restored[vault])))
        p->restored = x->restored[vault];
    free(path);
    return ret;
}

/* Without the published video, the crops alone. */
static int take_all(Open *x, VeilOpenedTrack *t)
{
    int ret;

    while (!(ret = veil_opened_peek(x->opened, t)) && t->picture) {
        ret = take(x, t);
        veil_opened_drop(t);
        if (!ret && atomic_load(&veil_cancelled)) {
            veil_error("stopped by a signal; nothing was kept");
            ret = VEIL_EXIT_ERROR;
        }
        if (ret)
            break;
    }
    return ret;
}

static int open_pictures(Open *x)
{
    int ret = make_folders(x);

    for (int i = 0; i < x->granted->vaults && !ret; i++)
        if (x->published[i].path)
            ret = restore(x, i);
    for (int i = 0; i < x->opened->n && !ret; i++)
        ret = take_all(x, &x->opened->track[i]); /* nothing, where they are restored */
    for (int i = 0; i < x->opened->n && !ret; i++) {
        char track[64], name[128];
        uint8_t *png;
        size_t len;

        veil_open_track_name(track, sizeof(track), x->granted, &x->opened->track[i]);
        snprintf(name, sizeof(name), "%s.png", track);
        if ((ret = veil_sheet_draw(x->sheet[i], &png, &len)) < 0)
            ret = no_picture(&x->opened->track[i], ret);
        else
            ret = veil_evidence_write(x->evidence, name, png, len);
        wipe_free(png, len);
    }
    return ret;
}

/* ---- papers ----------------------------------------------------------------------------------------- */

static int copy_releases(Open *x)
{
    int ret = veil_evidence_folder(x->evidence, "releases");

    for (int i = 0; i < x->granted->releases && !ret; i++) {
        const VeilGrantedRelease *r = &x->granted->release[i];
        const VeilBytes *const part[] = { &r->handed.note, &r->handed.leaf, &r->handed.proof };
        static const char *const ending[] = { "note", "leaf", "tlog-proof" };

        for (int j = 0; j < 3 && r->custodian && !ret; j++) {
            char name[64];

            snprintf(name, sizeof(name), "releases/%" PRIu32 ".%s", r->custodian, ending[j]);
            ret = veil_evidence_write(x->evidence, name, part[j]->at, part[j]->len);
        }
    }
    return ret;
}

/* All that a third person needs to check the authority, under the names that the other commands look for. */
static int copy_papers(Open *x)
{
    const VeilGranted *g = x->granted;
    int ret;

    if ((ret = veil_evidence_write(x->evidence, "warrant", g->text.at, g->text.len)) ||
        (ret = veil_evidence_write(x->evidence, "warrant.leaf", g->leaf.at, g->leaf.len)) ||
        (ret = veil_evidence_write(x->evidence, "warrant.tlog-proof", g->proof.at, g->proof.len)) ||
        (ret = veil_evidence_write(x->evidence, "group.note", g->group_note.at, g->group_note.len)))
        return ret;
    for (int i = 0; i < g->sigs && !ret; i++) {
        char name[64];

        snprintf(name, sizeof(name), "warrant.%d.minisig", i + 1);
        ret = veil_evidence_write(x->evidence, name, g->sig[i].at, g->sig[i].len);
    }
    return ret ? ret : copy_releases(x);
}

static int finish(Open *x)
{
    char comment[sizeof(VEIL_EVIDENCE_COMMENT) + VEIL_HEX_LEN(32)] = VEIL_EVIDENCE_COMMENT;
    const char *hashes[VEIL_WARRANT_VAULTS_MAX] = { NULL };
    VeilOpenDoc d = { x->granted, x->opened, &x->key, x->published, hashes, time(NULL) };
    json_t *doc;
    int ret;

    for (int i = 0; i < x->granted->vaults; i++)
        hashes[i] = *x->vault_hex[i] ? x->vault_hex[i] : NULL;
    veil_hex_encode(comment + strlen(comment), x->granted->warrant.wid, 32);
    doc = veil_open_doc(&d);
    ret = veil_evidence_finish(x->evidence, doc, &x->key, comment);
    json_decref(doc);
    return ret;
}

static int tell(const Open *x)
{
    char erase[VEIL_TIME_LEN + 1] = "?";
    json_int_t crops = 0;
    json_t *j;

    veil_time_format(erase, x->granted->warrant.unseal_by);
    for (int i = 0; i < x->opened->n; i++)
        crops += x->opened->track[i].crops;
    if (!x->o->json) {
        veil_info("opened %d track%s, %" PRId64 " picture%s, into '%s'; erase it by %s", x->opened->n, VEIL_S(x->opened->n),
                  (int64_t)crops, VEIL_S(crops),
                  x->o->out, erase);
        return VEIL_EXIT_DONE;
    }
    j = json_pack("{s:s, s:i, s:I, s:I, s:s}", "folder", x->o->out, "tracks", x->opened->n, "units",
                  (json_int_t)x->granted->units, "frames", crops, "erase_by", erase);
    veil_keyio_json_hex(j, "wid", x->granted->warrant.wid, 32);
    return veil_keyio_report("open", j);
}

static int open_all(Open *x, const char *warrant)
{
    const int fd = x->o->granted.pass_fd;
    int ret;

    if ((ret = prepare(x, warrant)) || (ret = veil_granted_unlock(x->granted, &x->o->granted)) ||
        (ret = veil_keyio_unlock(&x->key, x->o->key, VEIL_ROLE_REQUESTER, fd)) || (ret = copy_papers(x)) ||
        (ret = open_pictures(x)) || (ret = finish(x)))
        return ret;
    return tell(x);
}

static int run_open(int argc, char **argv)
{
    OpenOptions o = { .granted = { .pass_fd = -1 }, .context = -1 };
    char **words = calloc((size_t)argc, sizeof(*words));
    Open *x = calloc(1, sizeof(*x));
    int n, ret = VEIL_EXIT_ERROR;

    if (words && x && (n = veil_opts_parse(&o, open_options, argc, argv, words)) >= 0 && veil_keyio_start()) {
        veil_avlog_install();
        veil_signals_watch();
        x->o = &o;
        if (n == 1 && o.key && o.out)
            ret = open_all(x, words[0]);
        else
            veil_error("'veil open' wants a warrant, its papers, --key and --out; see 'veil open --help'");
        veil_key_clear(&x->key);
        for (int i = 0; x->opened && i < x->opened->n; i++)
            veil_sheet_free(x->sheet[i]);
        veil_opened_close(x->opened);
        veil_granted_close(x->granted);
        veil_evidence_free(x->evidence);
    }
    veil_opts_free(&o, open_options);
    free(words);
    free(x);
    return ret;
}

const VeilCommand veil_cmd_open = {
    .name = "open",
    .summary = "open what a warrant names, into an evidence folder",
    .usage = "open WARRANT --group NOTE --policy NOTE --vault FILE --release FOLDER... --box FILE.key\n"
             "       --key FILE.key [--published VIDEO] -o FOLDER",
    .opts = open_options,
    .run = run_open,
};
