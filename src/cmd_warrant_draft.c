/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil warrant draft`: from a vault and human times ("14:03 to 14:05, tracks
 * 3 and 7") to the segments that a judge signs for.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "cmd_warrant.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/minisig.h"
#include "msg.h"

/* Segment of a human time: "14:03" is on the day on which the vault starts, or the day after. */
static int segment_of(uint32_t *seg, const VeilVaultHeader *h, const char *text)
{
    int hour, minute, second = 0, used = 0;
    int64_t t;

    if (veil_time_parse(&t, text, strlen(text)) < 0) {
        if ((sscanf(text, "%2d:%2d%n:%2d%n", &hour, &minute, &used, &second, &used) < 2) || text[used] ||
            hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
            veil_error("time '%s' is not like 14:03, 14:03:20 or 2026-05-01T14:03:20Z", text);
            return VEIL_EXIT_ERROR;
        }
        t = h->start - h->start % 86400 + hour * 3600 + minute * 60 + second;
        if (t < h->start - h->start % 60)
            t += 86400;
    }
    if (t < h->start)
        t = h->start; /* "14:03" for a vault that starts at 14:03:12 */
    *seg = (uint32_t)((t - h->start) / (VEIL_VAULT_SEGMENT_MS / 1000));
    return 0;
}

typedef struct Span {
    uint32_t first, last;
} Span;

static int by_number(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Runs of segments in which the track has units: what is not there is not asked for. */
static int add_track(VeilWarrant *w, const VeilVault *v, uint32_t track, Span span)
{
    const uint32_t units = veil_vault_info(v)->seal.units;
    uint32_t *seg = calloc(units + 1, sizeof(*seg)), n = 0;
    const int from = w->scopes;

    for (uint32_t i = 0; seg && i < units; i++) {
        VeilEntry e;

        if (veil_entry_parse(&e, veil_vault_entry(v, i)) >= 0 && e.track == track && e.seg >= span.first &&
            e.seg <= span.last)
            seg[n++] = e.seg;
    }
    if (n)
        qsort(seg, n, sizeof(*seg), by_number);
    for (uint32_t i = 0; i < n; i++) {
        if (w->scopes > from && seg[i] <= w->scope[w->scopes - 1].last + 1)
            w->scope[w->scopes - 1].last = seg[i];
        else if (w->scopes < VEIL_WARRANT_SCOPES_MAX)
            w->scope[w->scopes++] = (VeilScope){ 0, track, seg[i], seg[i] };
    }
    free(seg);
    if (w->scopes == from)
        veil_error("track %u has no unit between these times; 'veil inspect --units' lists them", track);
    return w->scopes == from ? VEIL_EXIT_NO : 0;
}

static int add_scopes(VeilWarrant *w, const VeilVault *v, const WarrantOptions *o)
{
    const VeilVaultHeader *h = &veil_vault_info(v)->header;
    uint32_t track[256];
    Span span;
    int ret;

    if (o->track.n > 256 || !o->track.n) {
        veil_error("name 1 to 256 tracks with --track; a warrant has no wildcards");
        return VEIL_EXIT_ERROR;
    }
    if ((ret = segment_of(&span.first, h, o->from)) || (ret = segment_of(&span.last, h, o->to)))
        return ret;
    for (int i = 0; i < o->track.n; i++) {
        uint64_t n;

        if (veil_number_parse(&n, o->track.at[i], strlen(o->track.at[i]), UINT32_MAX) < 0) {
            veil_error("track '%s' is not a number", o->track.at[i]);
            return VEIL_EXIT_ERROR;
        }
        track[i] = (uint32_t)n;
    }
    qsort(track, (size_t)o->track.n, sizeof(track[0]), by_number);
    for (int i = 0; i < o->track.n && !ret; i++)
        if (!i || track[i] != track[i - 1])
            ret = add_track(w, v, track[i], span);
    return ret;
}

static int add_probe(VeilWarrant *w, const char *text)
{
    VeilProbe *p = &w->probe[w->probes];
    char *copy = strdup(text), *colon = copy ? strrchr(copy, ':') : NULL;
    uint8_t *bytes;
    size_t len;
    int used = 0, ret = VEIL_EXIT_ERROR;

    if (!colon || sscanf(colon, ":%5u,%5u,%5u,%5u%n", &p->x, &p->y, &p->w, &p->h, &used) != 4 ||
        colon[used]) {
        veil_error("probe '%s' is not FILE:X,Y,W,H", text);
    } else {
        *colon = '\0';
        if (!(ret = veil_keyio_read(&bytes, &len, copy, 64u << 20))) {
            crypto_hash_sha256(p->sha256, bytes, len);
            free(bytes);
            w->probes++;
        }
    }
    free(copy);
    return ret;
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, 32); /* sha256 is the first field of a VeilProbe */
}

static int read_keys(VeilWarrant *w, const WarrantOptions *o)
{
    VeilKey sign = { 0 }, box = { 0 }, deliver = { 0 };
    int ret;

    if ((ret = veil_keyio_public(&sign, o->requester, VEIL_ROLE_REQUESTER)) ||
        (ret = veil_keyio_public(&box, o->requester_box, VEIL_ROLE_REQUESTER_BOX)))
        return ret;
    if (o->match && (ret = veil_keyio_public(&deliver, o->deliver, VEIL_ROLE_MATCHER_BOX)))
        return ret;
    memcpy(w->requester_sign, sign.public_key, 32);
    memcpy(w->requester_box, box.public_key, 32);
    memcpy(w->deliver_box, o->match ? deliver.public_key : box.public_key, 32);
    for (int i = 0; i < o->probe.n && i < VEIL_WARRANT_PROBES_MAX && !ret; i++)
        ret = add_probe(w, o->probe.at[i]);
    qsort(w->probe, (size_t)w->probes, sizeof(w->probe[0]), by_hash);
    return ret;
}

static int finish_draft(VeilWarrant *w, const VeilPolicy *p, const VeilVaultHeader *h,
                        const WarrantOptions *o)
{
    const char *out = o->out;
    char hex[VEIL_HEX_LEN(32) + 1];
    VeilText t = { 0 };
    VeilErr err;
    int ret;

    if ((ret = veil_warrant_print(&t, w)) < 0)
        veil_err(&err, ret, "warrant");
    else if ((ret = veil_warrant_parse(w, t.at, t.len, "draft", &err)) >= 0 &&
             (ret = veil_warrant_check_policy(w, p, "draft", &err)) >= 0)
        ret = veil_file_write(out, t.at, t.len, 0644, false, &err);
    veil_text_free(&t);
    if (ret < 0)
        return veil_keyio_refuse(&err);
    if (o->json)
        return veil_warrant_cmd_print_json("warrant draft", out, w);
    printf("warrant %s\nwid     %s\nopens   %u track%s, %" PRIu64 " segment%s of 10 s\n", out,
           veil_hex_encode(hex, w->wid, 32), veil_warrant_tracks(w), VEIL_S(veil_warrant_tracks(w)),
           veil_warrant_segments(w), VEIL_S(veil_warrant_segments(w)));
    veil_warrant_cmd_print_scopes(w, h);
    veil_info("%d issuer%s must sign it: 'veil warrant sign %s --key FILE.key', or minisign with -t '%s%s'",
              p->issuers.needed, VEIL_S(p->issuers.needed), out, VEIL_MINISIG_ISSUER, hex);
    return VEIL_EXIT_DONE;
}

int veil_warrant_cmd_draft(const WarrantOptions *o, const char *path)
{
    const int64_t now = time(NULL);
    VeilWarrant w = { .match = o->match,
                      .vaults = 1,
                      .not_before = now,
                      .not_after = now + (int64_t)o->days * 86400,
                      .unseal_by = now + (int64_t)o->unseal_days * 86400 };
    const VeilVaultInfo *info;
    VeilVault *v = NULL;
    VeilPolicy p;
    VeilErr err;
    int ret;

    if (!o->policy || !o->from || !o->to || !o->court || !o->case_number || !o->reason || !o->requester ||
        !o->requester_box || !o->out || (o->match && !o->deliver)) {
        veil_error("'veil warrant draft' wants --policy, --from, --to, --track, --court, --case, --reason, "
                   "--requester, --requester-box and --out; with --match also --deliver and --probe");
        return VEIL_EXIT_ERROR;
    }
    if (!veil_token_ok(o->court) || !veil_token_ok(o->reason)) {
        veil_error("court and reason are words of at most %d letters, without spaces", VEIL_TOKEN_MAX);
        return VEIL_EXIT_ERROR;
    }
    if ((ret = veil_keyio_policy(&p, o->policy)))
        return ret;
    if (veil_vault_open(&v, path, true, &err) < 0)
        return veil_keyio_refuse(&err);
    info = veil_vault_info(v);
    memcpy(w.log, p.log.log.name, sizeof(w.log));
    memcpy(w.gid, info->header.gid, 32);
    w.policy_version = p.version;
    memcpy(w.policy, p.digest, 32);
    randombytes_buf(w.salt, sizeof(w.salt));
    memcpy(w.court, o->court, strlen(o->court) + 1);
    memcpy(w.reason, o->reason, strlen(o->reason) + 1);
    veil_warrant_case(w.case_hash, w.salt, o->case_number);
    memcpy(w.vault[0].vid, info->header.vid, 32);
    memcpy(w.vault[0].root, info->seal.root, 32);
    if (!(ret = add_scopes(&w, v, o)) && !(ret = read_keys(&w, o)))
        ret = finish_draft(&w, &p, &info->header, o);
    veil_vault_close(v);
    return ret;
}
