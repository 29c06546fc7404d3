/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libavutil/avstring.h>
#include <libavutil/bprint.h>
#include <libavutil/mem.h>
#include <libconfig.h>

#include "filters/chain.h"
#include "msg.h"
#include "paths.h"

#define ROW(name_) .offset = offsetof(VeilSettings, name_)

const VeilOpt veil_settings_rows[] = {
    { "output", 'o', VEIL_OPT_STRING, ROW(output), "FILE", "video to write: .mp4, .mov, .mkv or .webm", .only_typed = true },
    { "profile", 'p', VEIL_OPT_STRING, ROW(profile), "NAME", "settings to begin with: council, journalist, police, or a file", .only_typed = true },
    { "report", 0, VEIL_OPT_STRING, ROW(report), "FILE", "report to write, default OUTPUT.report.json", .only_typed = true },
    { "force", 'f', VEIL_OPT_FLAG, ROW(force), NULL, "replace an existing output", .only_typed = true },
    { "show-config", 0, VEIL_OPT_FLAG, ROW(show_config), NULL, "print the settings as a profile, and do nothing", .only_typed = true },
    { "quiet", 'q', VEIL_OPT_FLAG, ROW(quiet), NULL, "print errors only", .only_typed = true },
    { "verbose", 'v', VEIL_OPT_FLAG, ROW(verbose), NULL, "print what is being done", .only_typed = true },
    { "progress", 0, VEIL_OPT_DOUBLE, ROW(progress), "S", "seconds between two lines of progress where there is no terminal", 0.1, 3600, .only_typed = true },
    { "tracks", 't', VEIL_OPT_STRING, ROW(tracks), "FILE", "take the faces from a tracks file that 'veil scan' wrote, in place of searching", .only_typed = true },
    { "consent", 0, VEIL_OPT_LIST, ROW(consent), "FILE", "consent record, given or withdrawn, for tracks that are to be kept; may be repeated", .only_typed = true },
    { "consents", 0, VEIL_OPT_STRING, ROW(consents), "FOLDER", "folder whose *.consent files are such records", .only_typed = true },
    { "purpose", 0, VEIL_OPT_STRING, ROW(purpose), "WORD", "purpose that a consent record must be for, default publication" },
    { "reasons", 0, VEIL_OPT_STRING, ROW(reasons), "FILE", "closed list of reasons for which a face may be kept without consent, default reasons" },
    { "audit", 0, VEIL_OPT_FLAG, ROW(audit), NULL, "check the output as 'veil audit' does, and keep it only if it is clean" },
    { "allow-bare", 0, VEIL_OPT_FLAG, ROW(allow_bare), NULL, "run a chain that hides no face, or that draws on them", .only_typed = true },

    { "detector", 'd', VEIL_OPT_STRING, ROW(detector), "NAME", "what finds faces: auto, yunet-n, yunet, own, opencv, cascade" },
    { "detect-size", 's', VEIL_OPT_INT, ROW(detect_size), "N", "longer side of the picture searched, 0 for the video's own, -1 for what suits the detector", -1, 8192 },
    { "min-face", 0, VEIL_OPT_INT, ROW(min_face), "PX", "smallest face to look for, in pixels of the video, in place of --detect-size; 0 for that", 0, 1024 },
    { "detect-every", 0, VEIL_OPT_INT, ROW(detect_every), "N", "search each Nth frame, and each new scene", 1, 25 },
    { "detect-turn", 0, VEIL_OPT_INT, ROW(detect_turn), "N", "follow each Nth search by one of the picture turned, for people who lie; 0 for none", 0, 1000 },
    { "threshold", 0, VEIL_OPT_DOUBLE, ROW(threshold), "X", "lowest score that counts where faces are expected, 0 for the detector's own", 0, 0.5 },
    { "lookahead", 0, VEIL_OPT_DOUBLE, ROW(lookahead), "S", "seconds that frames are held back for tracking", 0.1, 60 },
    { "patience", 0, VEIL_OPT_DOUBLE, ROW(patience), "S", "seconds that a face is awaited that was not seen", 0, 60 },
    { "extend", 0, VEIL_OPT_DOUBLE, ROW(extend), "S", "seconds covered before the first and after the last sighting", 0, 60 },
    { "style", 0, VEIL_OPT_CHOICE, ROW(style), "NAME", "how a face is hidden", .choices = "solid|ellipse|mosaic|blur" },
    { "margin", 0, VEIL_OPT_DOUBLE, ROW(margin), "X", "grow each side of a box by this share of its size", 0, 2 },
    { "cells", 0, VEIL_OPT_INT, ROW(cells), "N", "squares of mosaic and blur along the longer side", 1, 16 },
    { "color", 0, VEIL_OPT_STRING, ROW(color), "COLOR", "colour of solid and ellipse, as in ffmpeg" },
    { "zone", 'z', VEIL_OPT_LIST, ROW(zone), "AREA", "always cover 'x,y x,y x,y @FROM-TO', in pixels or percent; may be repeated" },
    { "chain", 'c', VEIL_OPT_STRING, ROW(chain), "CHAIN", "filters in ffmpeg's syntax, in place of those that the settings above describe" },

    { "seal", 0, VEIL_OPT_FLAG, ROW(seal), NULL, "demand that faces are sealed; without it they are where a group is named" },
    { "group", 0, VEIL_OPT_STRING, ROW(group), "NOTE", "group.note of the custodians who can open the vault" },
    { "gid", 0, VEIL_OPT_STRING, ROW(gid), "HEX", "group id that was pinned at installation; another group is refused" },
    { "policy", 0, VEIL_OPT_STRING, ROW(policy), "FILE", "policy.note of the group, or the folder of all its versions" },
    { "operator", 0, VEIL_OPT_STRING, ROW(operator_key), "KEY", "operator's key file, which signs the vault" },
    { "vault", 0, VEIL_OPT_STRING, ROW(vault), "FILE", "vault to write, default OUTPUT.veil", .only_typed = true },
    { "fidelity", 0, VEIL_OPT_CHOICE, ROW(fidelity), "NAME", "how true sealed faces are", .choices = "visual|lossless" },
    { "seal-margin", 0, VEIL_OPT_DOUBLE, ROW(seal_margin), "X", "grow a sealed crop's sides by this share of the box; at least what is covered", 0, 2 },
    { "start", 0, VEIL_OPT_STRING, ROW(start), "TIME", "when the recording began, as 2026-05-01T14:02:00Z; default from the file", .only_typed = true },
    { "embed", 0, VEIL_OPT_STRING, ROW(embed), "FILE.mkv", "also write an archive with the vault inside; never publish that one", .only_typed = true },
    { "pass-fd", 0, VEIL_OPT_INT, ROW(pass_fd), "N", "read the operator key's passphrase from this descriptor, -1 asks", -1, 1023, .only_typed = true },

    { "encoder", 'e', VEIL_OPT_STRING, ROW(encoder), "NAME", "video encoder of ffmpeg, default libx264, for .webm libvpx-vp9" },
    { "crf", 0, VEIL_OPT_INT, ROW(crf), "N", "constant quality, lower is better; -1 for the encoder's own", -1, 63 },
    { "preset", 0, VEIL_OPT_STRING, ROW(preset), "NAME", "the encoder's preset, 'none' for its own" },
    { "enc-opts", 0, VEIL_OPT_STRING, ROW(enc_opts), "K=V:...", "further options of the encoder" },
    { "threads", 0, VEIL_OPT_INT, ROW(threads), "N", "threads to use, 0 for all cores", 0, 256 },
    { "audio", 'a', VEIL_OPT_STRING, ROW(audio), "HOW", "keep, drop, or mute=FROM-TO,... to silence parts" },
    { "keep-metadata", 0, VEIL_OPT_STRING, ROW(keep_metadata), "KEY,...", "harmless metadata to keep: title, artist, comment, copyright, date, description, language" },
    { "on-error", 0, VEIL_OPT_CHOICE, ROW(on_error), "HOW", "when a frame cannot be decoded", .choices = "cover-frame|stop" },
    { NULL }
};

int veil_settings_init(VeilSettings *s)
{
    *s = (VeilSettings){ .progress = 5,
                         .detect_size = -1,
                         .detect_every = 3,
                         .lookahead = 2,
                         .patience = 1.2,
                         .extend = 0.16,
                         .margin = 0.14,
                         .cells = 6,
                         .seal_margin = 0.2,
                         .pass_fd = -1,
                         .crf = 20,
                         .detector = strdup("auto"),
                         .style = strdup("solid"),
                         .color = strdup("black"),
                         .fidelity = strdup("visual"),
                         .preset = strdup("faster"),
                         .purpose = strdup("publication"),
                         .reasons = strdup("reasons"),
                         .audio = strdup("keep"),
                         .on_error = strdup("cover-frame") };
    return s->detector && s->style && s->color && s->fidelity && s->preset && s->purpose && s->reasons && s->audio &&
                   s->on_error
               ? 0
               : -ENOMEM;
}

/* What was typed beats the profile that it names: so argv is read twice. */
int veil_settings_read(VeilSettings *s, const VeilOpt *rows, int argc, char **argv, char **operands)
{
    VeilSettings typed = { 0 };
    int n = veil_opts_parse(&typed, rows, argc, argv, operands), ret = n;

    if (ret >= 0)
        ret = veil_settings_init(s);
    if (ret >= 0 && typed.profile)
        ret = veil_settings_load(s, typed.profile);
    if (ret >= 0)
        ret = veil_opts_parse(s, rows, argc, argv, operands);
    veil_opts_free(&typed, rows);
    return ret < 0 ? ret : n;
}

/* ---- profiles -------------------------------------------------------------- */

static int set_scalar(VeilSettings *s, const VeilOpt *row, const config_setting_t *setting, const char *where)
{
    char number[64];

    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_STRING:
        return veil_opts_set(s, row, config_setting_get_string(setting), where);
    case CONFIG_TYPE_BOOL:
        return veil_opts_set(s, row, config_setting_get_bool(setting) ? "true" : "false", where);
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        snprintf(number, sizeof(number), "%lld", config_setting_get_int64(setting));
        return veil_opts_set(s, row, number, where);
    case CONFIG_TYPE_FLOAT:
        snprintf(number, sizeof(number), "%.17g", config_setting_get_float(setting));
        return veil_opts_set(s, row, number, where);
    default:
        veil_error("%s is a group; give a value", where);
        return -EINVAL;
    }
}

static int set_from_config(VeilSettings *s, const char *path, const config_setting_t *setting)
{
    const char *key = config_setting_name(setting);
    const VeilOpt *row = veil_opts_find(veil_settings_rows, key);
    char where[4300];
    int ret = 0;

    snprintf(where, sizeof(where), "%s:%u: key '%s'", path, config_setting_source_line(setting), key);
    if (!row || row->only_typed) {
        veil_error(row ? "%s belongs to one run, not to a profile; give it as --%s" : "%s is unknown; 'veil redact "
                   "--show-config' prints every key%.0s", where, key);
        return -EINVAL;
    }
    if (row->type != VEIL_OPT_LIST || !config_setting_is_aggregate(setting))
        return set_scalar(s, row, setting, where);
    for (int i = 0; i < config_setting_length(setting) && ret >= 0; i++)
        ret = set_scalar(s, row, config_setting_get_elem(setting, (unsigned)i), where);
    return ret;
}

/* A profile is what people publish with: its chain must hide faces. */
static int check_chain(const VeilSettings *s, const char *path)
{
    const int flags = s->chain ? veil_chain_flags(s->chain) : VEIL_FILTER_HIDES;

    if (flags >= 0 && (flags & VEIL_FILTER_HIDES) && !(flags & VEIL_FILTER_SHOWS))
        return 0;
    veil_error("%s: key 'chain' hides no face, or draws on faces; a profile's chain holds 'cover' and not 'draw'", path);
    return -EINVAL;
}

int veil_settings_load(VeilSettings *s, const char *name)
{
    char path[4096];
    config_t config;
    int ret = 0;

    if (veil_paths_config(name, path, sizeof(path)) < 0) {
        veil_error("no profile '%s' was found; give council, journalist, police, or the path of a .cfg file", name);
        return -ENOENT;
    }
    config_init(&config);
    if (!config_read_file(&config, path)) {
        veil_error("%s:%d: %s", path, config_error_line(&config), config_error_text(&config));
        ret = -EINVAL;
    }
    for (int i = 0; ret >= 0 && i < config_setting_length(config_root_setting(&config)); i++)
        ret = set_from_config(s, path, config_setting_get_elem(config_root_setting(&config), (unsigned)i));
    if (ret >= 0)
        ret = check_chain(s, path);
    config_destroy(&config);
    return ret;
}

static void show_text(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('"');
}

static void show_list(const VeilStrings *list)
{
    printf("( ");
    for (int i = 0; i < list->n; i++) {
        printf(i ? ", " : "");
        show_text(list->at[i]);
    }
    printf(" )");
}

void veil_settings_show(const VeilSettings *s)
{
    for (const VeilOpt *row = veil_settings_rows; row->name; row++) {
        char text[4096];

        if (row->only_typed)
            continue;
        veil_opts_print(s, row, text, sizeof(text));
        if ((row->type == VEIL_OPT_STRING || row->type == VEIL_OPT_CHOICE) && !*text)
            continue; /* unset: the default of the thing itself */
        printf("# %s\n%s = ", row->help, row->name);
        if (row->type == VEIL_OPT_LIST)
            show_list((const VeilStrings *)((const char *)s + row->offset));
        else if (row->type == VEIL_OPT_STRING || row->type == VEIL_OPT_CHOICE)
            show_text(text);
        else
            printf("%s", text);
        printf(";\n");
    }
}

/* ---- the chain ------------------------------------------------------------- */

/* Escaped twice, as ffmpeg's chains are: once for the option, once for the chain. */
static void add_quoted(AVBPrint *b, const char *key, const char *value)
{
    char *once = NULL, *twice = NULL;

    if (av_escape(&once, value, ":", AV_ESCAPE_MODE_BACKSLASH, 0) >= 0 &&
        av_escape(&twice, once, ",", AV_ESCAPE_MODE_BACKSLASH, 0) >= 0)
        av_bprintf(b, "%s=%s", key, twice);
    av_free(once);
    av_free(twice);
}

static void add_zones(AVBPrint *b, const VeilStrings *zone)
{
    AVBPrint areas;

    if (!zone->n)
        return;
    av_bprint_init(&areas, 0, AV_BPRINT_SIZE_UNLIMITED);
    for (int i = 0; i < zone->n; i++)
        av_bprintf(&areas, "%s%s", i ? "|" : "", zone->at[i]);
    add_quoted(b, "zone=areas", areas.str);
    av_bprintf(b, ",");
    av_bprint_finalize(&areas, NULL);
}

static void add_finding(AVBPrint *b, const VeilSettings *s)
{
    add_quoted(b, "detect=backend", s->detector);
    av_bprintf(b, s->min_face ? ":min_face=%d" : ":size=%d", s->min_face ? s->min_face : s->detect_size);
    av_bprintf(b, ":every=%d:turn=%d:threshold=%g,", s->detect_every, s->detect_turn, s->threshold);
    av_bprintf(b, "track=lookahead=%g:patience=%g:extend=%g,", s->lookahead, s->patience, s->extend);
}

char *veil_settings_finding(const VeilSettings *s)
{
    AVBPrint b;
    char *out = NULL;

    av_bprint_init(&b, 0, AV_BPRINT_SIZE_UNLIMITED);
    add_finding(&b, s);
    if (av_bprint_finalize(&b, &out) < 0)
        return NULL;
    out[strlen(out) - 1] = 0; /* the comma before what follows */
    return out;
}

bool veil_settings_seals(const VeilSettings *s)
{
    return s->seal || s->group || s->vault;
}

/* Between what finds faces and what hides them. */
static void add_seal(AVBPrint *b, const VeilSettings *s)
{
    if (veil_settings_seals(s))
        av_bprintf(b, "seal=margin=%g:cover=%g:shape=%s:fidelity=%s,", s->seal_margin, s->margin,
                   strcmp(s->style, "ellipse") ? "rect" : "ellipse", s->fidelity);
}

char *veil_settings_chain(const VeilSettings *s)
{
    AVBPrint b;
    char *out = NULL;

    if (s->chain)
        return av_strdup(s->chain);
    av_bprint_init(&b, 0, AV_BPRINT_SIZE_UNLIMITED);
    if (s->tracks)
        av_bprintf(&b, "tracks,consent,");
    else
        add_finding(&b, s);
    add_zones(&b, &s->zone);
    add_seal(&b, s);
    av_bprintf(&b, "cover=style=%s:margin=%g:cells=%d:", s->style, s->margin, s->cells);
    add_quoted(&b, "color", s->color);
    return av_bprint_finalize(&b, &out) < 0 ? NULL : out;
}
