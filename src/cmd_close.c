/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * `veil close`: erase what a warrant opened, on its date, and make the leaf
 * that tells the log so. The list of what was opened, its signature and the
 * warrant's papers stay; with the box key gone, the releases that custodians
 * keep open for nobody.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_log.h"
#include "erase.h"
#include "granted.h"
#include "keyio.h"
#include "keys/bytes.h"
#include "keys/minisig.h"
#include "msg.h"
#include "open_doc.h"

#define LIST_MAX (64u << 20) /* longest evidence.json, in bytes */
#define LEAF     "closed.leaf"
#define UNSIGNED LEAF ".part"

typedef struct CloseOptions {
    char *log, *key, *box;
    VeilStrings release;
    bool early, json;
    int pass_fd;
} CloseOptions;

#define OFFSET(field) offsetof(CloseOptions, field)
static const VeilOpt close_options[] = {
    { "log", 0, VEIL_OPT_STRING, OFFSET(log), "FOLDER", "our copy of the log", 0, 0, NULL },
    { "key", 0, VEIL_OPT_STRING, OFFSET(key), "FILE.key", "our requester-sign key, which signs the leaf", 0,
      0, NULL },
    { "box", 0, VEIL_OPT_STRING, OFFSET(box), "FILE.key", "erase the box key of this warrant too", 0, 0,
      NULL },
    { "release", 0, VEIL_OPT_LIST, OFFSET(release), "FOLDER",
      "erase the shares in a release too; again for each", 0, 0, NULL },
    { "early", 0, VEIL_OPT_FLAG, OFFSET(early), NULL, "erase before the date", 0, 0, NULL },
    { "pass-fd", 0, VEIL_OPT_INT, OFFSET(pass_fd), "N", "read the passphrase from this file descriptor", 0,
      1023, NULL },
    { "json", 0, VEIL_OPT_FLAG, OFFSET(json), NULL, "print the result as JSON", 0, 0, NULL },
    { 0 }
};

typedef struct Closing {
    const CloseOptions *o;
    const char *path;
    int folder;
    json_t *list; /* evidence.json */
    VeilWarrant warrant;
    int erased, missing, failed;
} Closing;

static const char *inside(const Closing *c, const char *name)
{
    static char path[4][PATH_MAX];
    static int turn;

    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", c->path, name);
    return path[turn];
}

/* ---- what is to be erased ------------------------------------------------------------- */

/* The list must be one that the warrant's requester has signed: it says what is removed. */
static int check_list(const Closing *c, const uint8_t *text, size_t len)
{
    char comment[sizeof(VEIL_EVIDENCE_COMMENT) + VEIL_HEX_LEN(32)] = VEIL_EVIDENCE_COMMENT;
    uint8_t *bytes;
    VeilMinisig sig;
    size_t sig_len;
    VeilErr err;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &sig_len, inside(c, "evidence.json.minisig"), VEIL_MINISIG_MAX)))
        return ret;
    veil_hex_encode(comment + strlen(comment), c->warrant.wid, 32);
    if (veil_minisig_parse(&sig, (const char *)bytes, sig_len, &err) < 0 ||
        veil_minisig_verify(&sig, text, len, comment, c->warrant.requester_sign, &err) < 0)
        ret = veil_keyio_refuse(&err);
    free(bytes);
    return ret;
}

static int read_warrant(Closing *c)
{
    uint8_t *bytes;
    VeilErr err;
    size_t len;
    int ret;

    if ((ret = veil_keyio_read(&bytes, &len, inside(c, "warrant"), VEIL_TEXT_MAX)))
        return ret;
    if (veil_warrant_parse(&c->warrant, bytes, len, inside(c, "warrant"), &err) < 0)
        ret = veil_keyio_refuse(&err);
    free(bytes);
    return ret;
}

static int read_list(Closing *c)
{
    uint8_t *text;
    size_t len;
    int ret;

    if ((ret = read_warrant(c)) || (ret = veil_keyio_read(&text, &len, inside(c, "evidence.json"), LIST_MAX)))
        return ret;
    if (!(ret = check_list(c, text, len)) && !(c->list = json_loadb((const char *)text, len, 0, NULL))) {
        veil_error("'%s' is not JSON; restore it from a copy", inside(c, "evidence.json"));
        ret = VEIL_EXIT_ERROR;
    }
    free(text);
    return ret;
}

/* What stays is text: the papers that show that it was right to open. */
static bool is_paper(const char *name)
{
    return !strcmp(name, "group.note") || !strncmp(name, "warrant", 7) || !strncmp(name, "releases/", 9);
}

/* ---- erasing ------------------------------------------------------------------------------ */

static void erase_one(Closing *c, int folder, const char *name, const char *path)
{
    const int ret = veil_erase_file(folder, name);

    if (!ret) {
        c->erased++;
        veil_erase_parents(folder, name);
    } else if (ret == -ENOENT) {
        c->missing++;
    } else {
        c->failed++;
        veil_error("cannot erase '%s': %s; erase it by hand", path,
                   ret == -EMLINK   ? "it is linked under another name, where it would live on"
                   : ret == -EINVAL ? "it is no file of this folder"
                                    : strerror(-ret));
    }
}

static void erase_path(Closing *c, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *parent = slash ? strndup(path, slash > path ? (size_t)(slash - path) : 1) : strdup(".");
    const int fd = parent ? open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        erase_one(c, fd, slash ? slash + 1 : path, path);
        close(fd);
    } else {
        c->failed++;
        veil_error("cannot erase '%s': %s; erase it by hand", path, strerror(errno));
    }
    free(parent);
}

static void erase_all(Closing *c)
{
    const json_t *files = json_object_get(c->list, "files");

    for (size_t i = 0; i < json_array_size(files); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(files, i), "file"));

        if (name && !is_paper(name))
            erase_one(c, c->folder, name, inside(c, name));
    }
    for (int i = 0; i < c->o->release.n; i++) {
        char blob[PATH_MAX];

        snprintf(blob, sizeof(blob), "%s/release.blob", c->o->release.at[i]);
        erase_path(c, blob);
    }
    if (c->o->box)
        erase_path(c, c->o->box);
}

/* ---- the command --------------------------------------------------------------------------- */

/* Everything that can be refused, before anything is gone. */
static int prepare(Closing *c)
{
    const CloseOptions *o = c->o;
    char by[VEIL_TIME_LEN + 1] = "?";
    int ret;

    if ((ret = read_list(c)) ||
        (ret = veil_granted_check_key(o->key, VEIL_ROLE_REQUESTER, c->warrant.requester_sign,
                                      "the warrant's requester-sign")))
        return ret;
    if (o->box && (ret = veil_granted_check_key(o->box, VEIL_ROLE_REQUESTER_BOX, c->warrant.requester_box,
                                                "the warrant's requester-box")))
        return ret;
    if (time(NULL) >= c->warrant.unseal_by || o->early)
        return 0;
    veil_time_format(by, c->warrant.unseal_by);
    veil_error("'%s' may be kept until %s; give --early to erase it now", c->path, by);
    return VEIL_EXIT_NO;
}

static int make_leaf(const Closing *c)
{
    char *warrant = strdup(inside(c, "warrant"));
    LogOptions log = { .key = c->o->key, .pass_fd = c->o->pass_fd, .warrant = { &warrant, 1 } };
    char out[PATH_MAX], list[PATH_MAX];
    int ret;

    if (!warrant)
        return VEIL_EXIT_ERROR;
    snprintf(out, sizeof(out), "%s", inside(c, UNSIGNED));
    snprintf(list, sizeof(list), "%s", inside(c, "evidence.json"));
    unlink(out); /* of a run that was stopped */
    log.out = out;
    ret = veil_log_cmd_after(&log, VEIL_LEAF_CLOSE, c->o->log, list);
    free(warrant);
    return ret;
}

static int tell(const Closing *c)
{
    if (c->o->json)
        return veil_keyio_report("close",
                                 json_pack("{s:s, s:i, s:i, s:s}", "folder", c->path, "erased", c->erased,
                                           "missing", c->missing, "leaf", inside(c, LEAF)));
    veil_info("'%s' is closed: %d file%s erased; next: veil log append %s %s --subject %s", c->path,
              c->erased, VEIL_S(c->erased), c->o->log, inside(c, LEAF), inside(c, "warrant"));
    return VEIL_EXIT_DONE;
}

static int close_folder(Closing *c)
{
    int ret;

    if (!faccessat(c->folder, LEAF, F_OK, AT_SYMLINK_NOFOLLOW)) {
        veil_error("'%s' is closed already; append '%s' to the log if it is not there yet", c->path,
                   inside(c, LEAF));
        return VEIL_EXIT_ERROR;
    }
    if ((ret = prepare(c)) || (ret = make_leaf(c)))
        return ret;
    erase_all(c);
    if (!c->failed && renameat(c->folder, UNSIGNED, c->folder, LEAF) < 0) {
        veil_error("cannot name '%s': %s; run it again", inside(c, LEAF), strerror(errno));
        c->failed++;
    }
    if (!c->failed)
        return tell(c);
    unlinkat(c->folder, UNSIGNED, 0); /* nobody may tell the log that all is gone */
    return VEIL_EXIT_ERROR;
}

static int run_close(int argc, char **argv)
{
    CloseOptions o = { .pass_fd = -1 };
    Closing c = { .o = &o, .folder = -1 };
    char **words = calloc((size_t)argc, sizeof(*words));
    int n, ret = VEIL_EXIT_ERROR;

    if (words && (n = veil_opts_parse(&o, close_options, argc, argv, words)) >= 0 && veil_keyio_start()) {
        c.path = n == 1 ? words[0] : NULL;
        if (!c.path || !o.log || !o.key)
            veil_error("'veil close' wants an evidence folder, --log and --key; see 'veil close --help'");
        else if ((c.folder = open(c.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
            veil_error("cannot open evidence folder '%s': %s", c.path, strerror(errno));
        else
            ret = close_folder(&c);
    }
    if (c.folder >= 0)
        close(c.folder);
    json_decref(c.list);
    veil_opts_free(&o, close_options);
    free(words);
    return ret;
}

const VeilCommand veil_cmd_close = {
    .name = "close",
    .summary = "erase what a warrant opened, and make the leaf that says so",
    .usage = "close EVIDENCE --log FOLDER --key FILE.key [--box FILE.key] [--release FOLDER]... [--early]",
    .opts = close_options,
    .run = run_close,
};
