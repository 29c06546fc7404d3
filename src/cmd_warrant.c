/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil warrant`: draft one from a vault and human times, sign it, check it,
 * show what it opens. Stock `minisign` signs as well:
 *   minisign -Sm FILE -x FILE.1.minisig -t "veil/v1 warrant-issuer WID"
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/file.h"
#include "keys/minisig.h"
#include "keys/vault.h"
#include "keys/warrant.h"
#include "msg.h"

typedef struct WarrantOptions {
    char *policy, *from, *to, *court, *case_number, *reason, *requester, *requester_box, *deliver, *key, *out;
    VeilStrings track, probe;
    int days, unseal_days, pass_fd;
    bool match, json;
} WarrantOptions;

#define OFFSET(field) offsetof(WarrantOptions, field)
static const VeilOpt warrant_options[] = {
    { "policy", 0, VEIL_OPT_STRING, OFFSET(policy), "NOTE", "the policy in force", 0, 0, NULL },
    { "from", 0, VEIL_OPT_STRING, OFFSET(from), "TIME",
      "14:03, 14:03:20 or 2026-05-01T14:03:20Z; UTC, as the vault", 0, 0, NULL },
    { "to", 0, VEIL_OPT_STRING, OFFSET(to), "TIME", "as --from; the segment it falls in is included", 0, 0,
      NULL },
    { "track", 't', VEIL_OPT_LIST, OFFSET(track), "N", "a track of the vault; again for each", 0, 0, NULL },
    { "court", 0, VEIL_OPT_STRING, OFFSET(court), "WORD", "the court, in one word", 0, 0, NULL },
    { "case", 0, VEIL_OPT_STRING, OFFSET(case_number), "NUMBER",
      "the case number; only its salted hash is written", 0, 0, NULL },
    { "reason", 0, VEIL_OPT_STRING, OFFSET(reason), "CODE", "one of the policy's reasons", 0, 0, NULL },
    { "requester", 0, VEIL_OPT_STRING, OFFSET(requester), "FILE.pub", "requester-sign key", 0, 0, NULL },
    { "requester-box", 0, VEIL_OPT_STRING, OFFSET(requester_box), "FILE.pub", "requester-box key", 0, 0,
      NULL },
    { "match", 0, VEIL_OPT_FLAG, OFFSET(match), NULL, "match against probes instead of viewing", 0, 0, NULL },
    { "deliver", 0, VEIL_OPT_STRING, OFFSET(deliver), "FILE.pub", "matcher-box key, with --match", 0, 0,
      NULL },
    { "probe", 0, VEIL_OPT_LIST, OFFSET(probe), "FILE:X,Y,W,H",
      "a probe picture and the face in it; again for each", 0, 0, NULL },
    { "days", 0, VEIL_OPT_INT, OFFSET(days), "N", "days from now that the warrant runs", 1, 3650, NULL },
    { "unseal-days", 0, VEIL_OPT_INT, OFFSET(unseal_days), "N", "days from now until it is published", 1,
      36500, NULL },
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE.key", "our issuer key", 0, 0, NULL },
    { "out", 'o', VEIL_OPT_STRING, OFFSET(out), "FILE", "write the warrant here", 0, 0, NULL },
    { "pass-fd", 0, VEIL_OPT_INT, OFFSET(pass_fd), "N", "read the passphrase from this file descriptor", 0,
      1023, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

/* ---- draft ------------------------------------------------------------------ */

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

static int read_policy(VeilPolicy *p, const char *path)
{
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, path, VEIL_TEXT_MAX)))
        return ret;
    if (veil_policy_parse(p, bytes, veil_note_text_len((char *)bytes, len), path, &err) < 0)
        ret = veil_keyio_refuse(&err);
    free(bytes);
    return ret;
}

static void print_scopes(const VeilWarrant *w, const VeilVaultHeader *h)
{
    for (int i = 0; i < w->scopes; i++) {
        const VeilScope *s = &w->scope[i];
        char from[VEIL_TIME_LEN + 1] = "", to[VEIL_TIME_LEN + 1] = "";

        if (h && veil_time_format(from, h->start + (int64_t)s->first * 10) >= 0 &&
            veil_time_format(to, h->start + ((int64_t)s->last + 1) * 10) >= 0)
            printf("  track %u  %s to %s  %u segments\n", s->track, from, to, s->last - s->first + 1);
        else
            printf("  vault %d, track %u, segments %u to %u\n", s->vault + 1, s->track, s->first, s->last);
    }
}

static int print_warrant_json(const VeilWarrant *w)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:i, s:I}", "court", w->court, "reason", w->reason, "action",
                          w->match ? "match" : "view", "tracks", (int)veil_warrant_tracks(w), "segments",
                          (json_int_t)veil_warrant_segments(w));
    json_t *list = json_array();

    for (int i = 0; i < w->scopes; i++)
        json_array_append_new(list,
                              json_pack("{s:i, s:I, s:I, s:I}", "vault", w->scope[i].vault + 1, "track",
                                        (json_int_t)w->scope[i].track, "first", (json_int_t)w->scope[i].first,
                                        "last", (json_int_t)w->scope[i].last));
    json_object_set_new(j, "scopes", list);
    veil_keyio_json_hex(j, "wid", w->wid, 32);
    veil_keyio_json_hex(j, "cm", w->cm, 32);
    return veil_keyio_print_json(j);
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
        return print_warrant_json(w);
    printf("warrant %s\nwid     %s\nopens   %u tracks, %" PRIu64 " segments of 10 s\n", out,
           veil_hex_encode(hex, w->wid, 32), veil_warrant_tracks(w), veil_warrant_segments(w));
    print_scopes(w, h);
    veil_info("%d issuers now sign it: 'veil warrant sign %s --key FILE.key', or minisign with -t '%s%s'",
              p->issuers.needed, out, VEIL_MINISIG_ISSUER, hex);
    return VEIL_EXIT_DONE;
}

static int run_draft(const WarrantOptions *o, const char *path)
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
    if ((ret = read_policy(&p, o->policy)))
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

/* ---- sign, verify, show ----------------------------------------------------- */

static int read_warrant(VeilWarrant *w, uint8_t **bytes, size_t *len, const char *path)
{
    VeilErr err;
    int ret;

    if ((ret = veil_keyio_read(bytes, len, path, VEIL_TEXT_MAX)))
        return ret;
    if (veil_warrant_parse(w, *bytes, *len, path, &err) >= 0)
        return 0;
    free(*bytes);
    return veil_keyio_refuse(&err);
}

static int write_signature(const VeilMinisig *sig, const char *path)
{
    char text[VEIL_MINISIG_MAX + 1], name[4096];
    const size_t len = veil_minisig_format(text, sig);
    VeilErr err;

    for (int i = 1; i <= 16; i++) { /* the next free number */
        snprintf(name, sizeof(name), "%s.%d.minisig", path, i);
        if (!access(name, F_OK))
            continue;
        if (veil_file_write(name, text, len, 0644, false, &err) < 0)
            return veil_keyio_refuse(&err);
        veil_info("wrote '%s'", name);
        return VEIL_EXIT_DONE;
    }
    veil_error("'%s' has 16 signatures; remove those that do not count", path);
    return VEIL_EXIT_ERROR;
}

static int run_sign(const WarrantOptions *o, const char *path)
{
    char comment[VEIL_MINISIG_ISSUER_BYTES];
    VeilMinisig sig;
    VeilKey key = { 0 };
    VeilWarrant w;
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if (!o->key) {
        veil_error("'veil warrant sign' wants --key FILE.key");
        return VEIL_EXIT_ERROR;
    }
    if ((ret = read_warrant(&w, &bytes, &len, path)))
        return ret;
    veil_minisig_issuer_comment(comment, w.wid);
    if (!(ret = veil_keyio_unlock(&key, o->key, VEIL_ROLE_ISSUER, o->pass_fd)))
        ret = veil_minisig_sign(&sig, bytes, len, comment, key.secret, &err) < 0
                  ? veil_keyio_refuse(&err)
                  : write_signature(&sig, path);
    veil_key_clear(&key);
    free(bytes);
    return ret;
}

/* The signature files beside a warrant; n of them, each to be freed. */
static int read_signatures(VeilSpan *sig, const char *path)
{
    int n = 0;

    for (int i = 1; i <= 16; i++) {
        char name[4096];
        uint8_t *bytes;
        size_t len;

        snprintf(name, sizeof(name), "%s.%d.minisig", path, i);
        if (veil_file_read(&bytes, &len, name, VEIL_MINISIG_MAX, NULL) < 0)
            break;
        sig[n++] = (VeilSpan){ (char *)bytes, len };
    }
    return n;
}

static int run_verify(const WarrantOptions *o, const char *path)
{
    VeilSpan sig[16];
    VeilWarrant w;
    uint8_t *bytes;
    uint32_t who;
    VeilPolicy p;
    VeilErr err;
    size_t len;
    int ret, n, count;

    if (!o->policy) {
        veil_error("'veil warrant verify' wants --policy NOTE");
        return VEIL_EXIT_ERROR;
    }
    if ((ret = read_policy(&p, o->policy)) || (ret = read_warrant(&w, &bytes, &len, path)))
        return ret;
    n = read_signatures(sig, path);
    if ((count = veil_warrant_count_issuers(&w, bytes, len, &p, sig, n, &who, path, &err)) < 0 ||
        veil_warrant_check_policy(&w, &p, path, &err) < 0) {
        ret = veil_keyio_refuse(&err);
    } else if (o->json) {
        json_t *names = json_array();

        for (int i = 0; i < p.issuers.n; i++)
            if (who >> i & 1)
                json_array_append_new(names, json_string(p.issuers.at[i].name));
        ret = veil_keyio_print_json(json_pack("{s:b, s:o}", "valid", 1, "issuers", names));
    } else {
        printf("warrant '%s': signed by %d issuers", path, count);
        for (int i = 0; i < p.issuers.n; i++)
            if (who >> i & 1)
                printf(" %s", p.issuers.at[i].name);
        printf(", within the policy\n");
    }
    for (int i = 0; i < n; i++)
        free((char *)sig[i].at);
    free(bytes);
    return ret;
}

static int run_show(const WarrantOptions *o, const char *path)
{
    char hex[VEIL_HEX_LEN(32) + 1];
    VeilWarrant w;
    uint8_t *bytes;
    size_t len;
    int ret;

    if ((ret = read_warrant(&w, &bytes, &len, path)))
        return ret;
    if (o->json) {
        ret = print_warrant_json(&w);
    } else {
        fwrite(bytes, 1, len, stdout);
        printf("\nwid %s\n", veil_hex_encode(hex, w.wid, 32));
        print_scopes(&w, NULL);
    }
    free(bytes);
    return ret;
}

static int run_warrant(int argc, char **argv)
{
    WarrantOptions o = { .days = 7, .unseal_days = 365, .pass_fd = -1 };
    char **words = calloc((size_t)argc, sizeof(*words));
    int n, ret = VEIL_EXIT_ERROR;

    if (words && (n = veil_opts_parse(&o, warrant_options, argc, argv, words)) >= 0 && veil_keyio_start()) {
        if (n == 2 && !strcmp(words[0], "draft"))
            ret = run_draft(&o, words[1]);
        else if (n == 2 && !strcmp(words[0], "sign"))
            ret = run_sign(&o, words[1]);
        else if (n == 2 && !strcmp(words[0], "verify"))
            ret = run_verify(&o, words[1]);
        else if (n == 2 && !strcmp(words[0], "show"))
            ret = run_show(&o, words[1]);
        else
            veil_error(
                "'veil warrant' wants draft VAULT, sign, verify or show FILE; see 'veil warrant --help'");
    }
    veil_opts_free(&o, warrant_options);
    free(words);
    return ret;
}

const VeilCommand veil_cmd_warrant = {
    .name = "warrant",
    .summary = "draft a warrant from a vault and human times, sign it, check it",
    .usage = "warrant draft VAULT --policy NOTE --from 14:03 --to 14:05 --track 3 --track 7 \\\n"
             "           --court WORD --case NUMBER --reason CODE --requester .. --requester-box .. -o FILE\n"
             "       veil warrant sign FILE --key FILE.key\n"
             "       veil warrant verify FILE --policy NOTE\n"
             "       veil warrant show FILE",
    .opts = warrant_options,
    .run = run_warrant,
};
