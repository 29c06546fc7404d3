/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bytes.h"
#include "seen.h"
#include "vault.h"

#define HEAD     5 /* u8 type || le32 length */
#define BLOCK    65536
#define UNIT_MAX (16u << 20)

typedef struct Unit {
    uint64_t at; /* of its chunks in the file */
    uint8_t entry[VEIL_ENTRY_BYTES];
} Unit;

struct VeilVault {
    int fd;
    char *path;
    VeilVaultInfo info;
    Unit *unit;
    uint32_t n, cap; /* units seen, also after the last checkpoint */
    VeilMerkle tree;
    uint64_t sealed_end; /* where the last seal note ends */
};

/* Exactly len bytes at `at`. */
static int read_at(VeilVault *v, void *buf, size_t len, uint64_t at, VeilErr *err)
{
    uint8_t *p = buf;

    while (len) {
        const ssize_t n = pread(v->fd, p, len, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return veil_err(err, -errno, "vault '%s'", v->path);
        if (!n)
            return veil_err(err, VEIL_E_TRUNCATED, "vault '%s' grew shorter while it was read", v->path);
        v->info.bytes_read += (uint64_t)n;
        p += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return 0;
}

static uint32_t frame_limit(uint8_t type)
{
    switch (type) {
    case VEIL_FRAME_HEADER:
        return VEIL_VAULT_HEADER_MAX;
    case VEIL_FRAME_UNIT:
        return UNIT_MAX;
    case VEIL_FRAME_CHECKPOINT:
    case VEIL_FRAME_FINAL:
        return VEIL_VAULT_NOTE_MAX;
    default:
        return 0;
    }
}

/* After a power cut a file system may leave zeros where data was to come. */
static bool zeros_to_end(VeilVault *v, uint64_t at)
{
    uint8_t buf[4096];

    while (at < v->info.bytes) {
        const uint64_t left = v->info.bytes - at;
        const size_t n = left < sizeof(buf) ? (size_t)left : sizeof(buf);

        if (read_at(v, buf, n, at, NULL) < 0 || !sodium_is_zero(buf, n))
            return false;
        at += n;
    }
    return true;
}

/* Type and length of the frame at `at`: 1; 0 if the file ends within it. */
static int frame_head(VeilVault *v, uint64_t at, uint8_t *type, uint32_t *len, VeilErr *err)
{
    uint8_t head[HEAD];
    int ret;

    if (v->info.bytes - at < HEAD)
        return 0;
    if ((ret = read_at(v, head, HEAD, at, err)) < 0)
        return ret;
    *type = head[0];
    *len = veil_get_le32(head + 1);
    if (!frame_limit(*type)) {
        if (!*type && zeros_to_end(v, at))
            return 0;
        return veil_err(err, VEIL_E_UNSUPPORTED, "vault '%s', frame type %u", v->path, *type);
    }
    if (*len > frame_limit(*type))
        return veil_err(err, VEIL_E_TOO_LARGE, "vault '%s', frame of %u bytes", v->path, *len);
    return v->info.bytes - at - HEAD >= *len;
}

static int read_header(VeilVault *v, uint64_t *at, VeilErr *err)
{
    char magic[8], *text;
    uint8_t type;
    uint32_t len;
    int ret;

    if (v->info.bytes < sizeof(magic))
        return veil_err(err, VEIL_E_TRUNCATED, "vault '%s'", v->path);
    if ((ret = read_at(v, magic, sizeof(magic), 0, err)) < 0)
        return ret;
    if (memcmp(magic, VEIL_VAULT_MAGIC, sizeof(magic)))
        return veil_err(err, VEIL_E_UNSUPPORTED, "'%s' is not a vault", v->path);
    if ((ret = frame_head(v, 8, &type, &len, err)) < 0)
        return ret;
    if (!ret)
        return veil_err(err, VEIL_E_TRUNCATED, "vault '%s', header", v->path);
    if (type != VEIL_FRAME_HEADER)
        return veil_err(err, VEIL_E_UNSUPPORTED, "vault '%s': first frame is not a header", v->path);
    if (!(text = malloc(len + 1)))
        return veil_err(err, -ENOMEM, "vault '%s'", v->path);
    v->info.header_text = text;
    v->info.header_len = len;
    *at = 8 + HEAD + len;
    if ((ret = read_at(v, text, len, 8 + HEAD, err)) < 0)
        return ret;
    return veil_vault_header_parse(&v->info.header, text, len, v->path, err);
}

static int take_unit(VeilVault *v, uint64_t at, uint32_t len, VeilErr *err)
{
    uint8_t leaf[VEIL_HASH_BYTES];
    VeilEntry e;
    int ret;

    if (v->n == VEIL_VAULT_UNITS_MAX || len < VEIL_ENTRY_BYTES)
        return veil_err(err, VEIL_E_TOO_LARGE, "vault '%s', unit %u", v->path, v->n);
    if (v->n == v->cap) {
        const uint32_t cap = v->cap ? 2 * v->cap : 64;
        Unit *more = realloc(v->unit, cap * sizeof(*more));

        if (!more)
            return veil_err(err, -ENOMEM, "vault '%s'", v->path);
        v->unit = more;
        v->cap = cap;
    }
    v->unit[v->n].at = at + VEIL_ENTRY_BYTES;
    if ((ret = read_at(v, v->unit[v->n].entry, VEIL_ENTRY_BYTES, at, err)) < 0)
        return ret;
    if (veil_entry_parse(&e, v->unit[v->n].entry) < 0 ||
        len != VEIL_ENTRY_BYTES + (uint64_t)e.nchunks * VEIL_CHUNK_SEALED)
        return veil_err(err, VEIL_E_STREAM, "vault '%s', unit %u: length", v->path, v->n);
    veil_entry_leaf(leaf, v->unit[v->n].entry);
    veil_merkle_add(&v->tree, leaf);
    v->n++;
    return 0;
}

static int take_seal(VeilVault *v, uint8_t type, uint64_t at, uint32_t len, VeilErr *err)
{
    uint8_t root[VEIL_HASH_BYTES];
    VeilSeal s;
    char *note;
    int ret;

    if (!(note = malloc(len + 1)))
        return veil_err(err, -ENOMEM, "vault '%s'", v->path);
    if ((ret = read_at(v, note, len, at, err)) < 0 ||
        (ret = veil_seal_parse(&s, note, len, &v->info.header, v->path, err)) < 0)
        goto fail;
    veil_merkle_root(root, &v->tree);
    if (s.units != v->n || sodium_memcmp(root, s.root, sizeof(root)) ||
        s.final != (type == VEIL_FRAME_FINAL)) {
        ret = veil_err(err, VEIL_E_ROOT, "vault '%s', seal note over %u units", v->path, s.units);
        goto fail;
    }
    free((char *)v->info.seal_note);
    v->info.seal = s;
    v->info.seal_note = note;
    v->info.seal_len = len;
    v->sealed_end = at + len;
    return 0;
fail:
    free(note);
    return ret;
}

/* Walk over all frames; entries and notes are read, chunks are jumped over. */
static int scan(VeilVault *v, uint64_t at, VeilErr *err)
{
    uint8_t type;
    uint32_t len;
    int ret;

    v->sealed_end = at;
    while (at < v->info.bytes) {
        if (v->info.seal.final)
            return veil_err(err, VEIL_E_TRAILING, "vault '%s'", v->path);
        if ((ret = frame_head(v, at, &type, &len, err)) <= 0)
            return ret;
        at += HEAD;
        if (type == VEIL_FRAME_HEADER)
            ret = veil_err(err, VEIL_E_UNSUPPORTED, "vault '%s': second header", v->path);
        else if (type == VEIL_FRAME_UNIT)
            ret = take_unit(v, at, len, err);
        else
            ret = take_seal(v, type, at, len, err);
        if (ret < 0)
            return ret;
        at += len;
    }
    return 0;
}

static int no_unit_twice(VeilVault *v, VeilErr *err)
{
    VeilSeen seen = { 0 };
    VeilEntry e;
    int ret = 0;

    for (uint32_t i = 0; i < v->info.seal.units && ret >= 0; i++)
        if ((ret = veil_entry_parse(&e, v->unit[i].entry)) >= 0)
            ret = veil_seen_add(&seen, &e, err);
    veil_seen_free(&seen);
    return ret;
}

int veil_vault_open(VeilVault **out, const char *path, bool unfinished, VeilErr *err)
{
    VeilVault *v;
    struct stat st;
    uint64_t at = 0;
    int ret;

    *out = NULL;
    if (!(v = calloc(1, sizeof(*v))) || !(v->path = strdup(path))) {
        free(v);
        return veil_err(err, -ENOMEM, "vault '%s'", path);
    }
    if ((v->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0 || fstat(v->fd, &st) < 0) {
        ret = veil_err(err, -errno, "vault '%s'", path);
        goto fail;
    }
    v->info.bytes = (uint64_t)st.st_size;
    if ((ret = read_header(v, &at, err)) < 0 || (ret = scan(v, at, err)) < 0 ||
        (ret = no_unit_twice(v, err)) < 0)
        goto fail;
    v->info.tail = v->info.bytes - v->sealed_end;
    if (!v->info.seal.final && !unfinished) {
        ret = veil_err(err, VEIL_E_TRUNCATED, "vault '%s' (%u units sealed)", path, v->info.seal.units);
        goto fail;
    }
    *out = v;
    return 0;
fail:
    veil_vault_close(v);
    return ret;
}

void veil_vault_close(VeilVault *v)
{
    if (!v)
        return;
    if (v->fd >= 0)
        close(v->fd);
    free((char *)v->info.header_text);
    free((char *)v->info.seal_note);
    free(v->unit);
    free(v->path);
    free(v);
}

const VeilVaultInfo *veil_vault_info(const VeilVault *v)
{
    return &v->info;
}

const uint8_t *veil_vault_entry(const VeilVault *v, uint32_t i)
{
    return i < v->info.seal.units ? v->unit[i].entry : NULL;
}

int64_t veil_vault_chunks(VeilVault *v, uint32_t i, uint8_t *buf, size_t cap, VeilErr *err)
{
    uint8_t hash[32];
    VeilEntry e;
    size_t len;
    int ret;

    if (i >= v->info.seal.units || veil_entry_parse(&e, v->unit[i].entry) < 0)
        return veil_err(err, -EINVAL, "vault '%s', unit %u", v->path, i);
    if (cap < (len = (size_t)e.nchunks * VEIL_CHUNK_SEALED))
        return veil_err(err, -ENOSPC, "vault '%s', unit %u", v->path, i);
    if ((ret = read_at(v, buf, len, v->unit[i].at, err)) < 0)
        return ret;
    crypto_hash_sha256(hash, buf, len);
    if (sodium_memcmp(hash, e.chunks_hash, sizeof(hash)))
        return veil_err(err, VEIL_E_STREAM, "vault '%s', track %u, segment %u", v->path, e.track, e.seg);
    return (int64_t)len;
}

/* ---- the whole file --------------------------------------------------------- */

/* Hash len bytes at `at` into the chain and, if given, into a second hash from byte `skip` on. */
static int hash_range(VeilVault *v, uint64_t at, uint64_t len, crypto_hash_sha256_state *chain,
                      crypto_hash_sha256_state *chunks, uint64_t skip, VeilErr *err)
{
    uint8_t buf[BLOCK];
    int ret;

    for (uint64_t done = 0; done < len;) {
        const size_t n = len - done < BLOCK ? (size_t)(len - done) : BLOCK;

        if ((ret = read_at(v, buf, n, at + done, err)) < 0)
            return ret;
        crypto_hash_sha256_update(chain, buf, n);
        if (chunks && done + n > skip) {
            const size_t from = skip > done ? (size_t)(skip - done) : 0;

            crypto_hash_sha256_update(chunks, buf + from, n - from);
        }
        done += n;
    }
    return 0;
}

/* h = SHA-256(h || frame); the chunks of a unit must match its entry. */
static int check_frame(VeilVault *v, uint64_t at, uint8_t type, uint32_t len, uint32_t unit, uint8_t *h,
                       VeilErr *err)
{
    crypto_hash_sha256_state chain, chunks;
    const bool is_unit = type == VEIL_FRAME_UNIT;
    uint8_t hash[32];
    VeilEntry e;
    int ret;

    crypto_hash_sha256_init(&chain);
    crypto_hash_sha256_init(&chunks);
    crypto_hash_sha256_update(&chain, h, VEIL_HASH_BYTES);
    ret = hash_range(v, at, HEAD + (uint64_t)len, &chain, is_unit ? &chunks : NULL, HEAD + VEIL_ENTRY_BYTES,
                     err);
    if (ret < 0)
        return ret;
    crypto_hash_sha256_final(&chain, h);
    crypto_hash_sha256_final(&chunks, hash);
    if (is_unit && (veil_entry_parse(&e, v->unit[unit].entry) < 0 || sodium_memcmp(hash, e.chunks_hash, 32)))
        return veil_err(err, VEIL_E_STREAM, "vault '%s', unit %u", v->path, unit);
    return 0;
}

static int check_chain_note(VeilVault *v, uint64_t at, uint32_t len, const uint8_t *h, VeilErr *err)
{
    char note[VEIL_VAULT_NOTE_MAX];
    VeilSeal s;
    int ret;

    if ((ret = read_at(v, note, len, at, err)) < 0 ||
        (ret = veil_seal_parse(&s, note, len, &v->info.header, v->path, err)) < 0)
        return ret;
    if (sodium_memcmp(s.chain, h, VEIL_HASH_BYTES))
        return veil_err(err, VEIL_E_CHAIN, "vault '%s', seal note over %u units", v->path, s.units);
    return 0;
}

int veil_vault_check(VeilVault *v, VeilErr *err)
{
    uint8_t h[VEIL_HASH_BYTES], type;
    uint32_t len, unit = 0;
    int ret;

    crypto_hash_sha256(h, (const uint8_t *)"veil/v1/chain\n", 14);
    for (uint64_t at = 8; at < v->sealed_end; at += HEAD + (uint64_t)len) {
        if ((ret = frame_head(v, at, &type, &len, err)) <= 0)
            return ret < 0 ? ret
                           : veil_err(err, VEIL_E_CHAIN, "vault '%s' changed while it was read", v->path);
        if (type >= VEIL_FRAME_CHECKPOINT && (ret = check_chain_note(v, at + HEAD, len, h, err)) < 0)
            return ret;
        if (type == VEIL_FRAME_UNIT && unit >= v->info.seal.units)
            return veil_err(err, VEIL_E_CHAIN, "vault '%s' changed while it was read", v->path);
        if ((ret = check_frame(v, at, type, len, unit, h, err)) < 0)
            return ret;
        unit += type == VEIL_FRAME_UNIT;
    }
    return 0;
}
