/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "avc.h"

#include <string.h>

#define SPS_MAX 256 ///< bytes; ours are near 40

enum { UNIT_SLICE = 1, UNIT_IDR = 5, UNIT_SPS = 7, UNIT_PPS = 8 };

/* ---- units -------------------------------------------------------------------- */

/* Position of the next 00 00 01, or len. */
static size_t find_start(const uint8_t *p, size_t len, size_t at)
{
    for (; len - at >= 3; at++)
        if (!p[at] && !p[at + 1] && p[at + 2] == 1)
            return at;
    return len;
}

bool veil_avc_unit(const uint8_t *p, size_t len, size_t *at, const uint8_t **unit, size_t *unit_len)
{
    size_t begin = *at, end;

    if (begin < len && !p[begin])
        while (len - begin > 3 && !p[begin] && !p[begin + 1] && !p[begin + 2])
            begin++;
    if (len - begin < 4 || p[begin] || p[begin + 1] || p[begin + 2] != 1)
        return false;
    begin += 3;
    *at = end = find_start(p, len, begin);
    while (end > begin && !p[end - 1])
        end--;
    *unit = p + begin;
    *unit_len = end - begin;
    return end > begin;
}

/* ---- bits --------------------------------------------------------------------- */

typedef struct Bits {
    uint8_t at[SPS_MAX];
    size_t len, pos; ///< in bits
    bool bad;        ///< read past the end
} Bits;

/* The payload without its emulation prevention bytes (clause 7.4.1). */
static bool bits_begin(Bits *b, const uint8_t *p, size_t len)
{
    size_t n = 0;
    int zeros = 0;

    if (len > SPS_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (zeros >= 2 && p[i] == 3) {
            zeros = 0;
            continue;
        }
        zeros = p[i] ? 0 : zeros + 1;
        b->at[n++] = p[i];
    }
    b->len = n * 8;
    b->pos = 0;
    b->bad = false;
    return true;
}

static uint32_t get_bits(Bits *b, int n)
{
    uint32_t v = 0;

    while (n--) {
        if (b->pos >= b->len) {
            b->bad = true;
            return 0;
        }
        v = v << 1 | (b->at[b->pos / 8] >> (7 - b->pos % 8) & 1);
        b->pos++;
    }
    return v;
}

/* ue(v) of clause 9.1, up to 2^16 - 2: nothing here needs more. */
static uint32_t get_ue(Bits *b)
{
    int zeros = 0;

    while (zeros < 16 && !get_bits(b, 1) && !b->bad)
        zeros++;
    if (zeros == 16)
        b->bad = true;
    return b->bad ? 0 : (1u << zeros) - 1 + get_bits(b, zeros);
}

/* ---- the sequence parameter set (clause 7.3.2.1.1) ------------------------------ */

static bool get_format(Bits *b, VeilAvc *a)
{
    uint32_t chroma, luma_depth, chroma_depth;

    a->chroma = 1;
    a->depth = 8;
    if (a->profile == 66 || a->profile == 77)
        return true;
    if (a->profile != 100 && a->profile != 110 && a->profile != 122 && a->profile != 244)
        return false;
    if ((chroma = get_ue(b)) > 3 || (chroma == 3 && get_bits(b, 1))) /* three separate planes */
        return false;
    luma_depth = 8 + get_ue(b);
    chroma_depth = 8 + get_ue(b);
    if ((luma_depth != 8 && luma_depth != 10) || chroma_depth != luma_depth)
        return false;
    get_bits(b, 1); /* lossless allowed */
    a->chroma = (uint8_t)chroma;
    a->depth = (uint8_t)luma_depth;
    return !get_bits(b, 1); /* scaling matrix */
}

static bool get_order(Bits *b, VeilAvc *a)
{
    uint32_t type, references;

    if (get_ue(b) > 12 || (type = get_ue(b)) == 1 || type > 2 || (type == 0 && get_ue(b) > 12))
        return false;
    references = get_ue(b);
    a->reference = (uint8_t)references;
    return references <= VEIL_AVC_REFERENCES && !get_bits(b, 1); /* gaps in frame numbers */
}

static bool get_size(Bits *b, VeilAvc *a)
{
    const uint32_t unit_w = a->chroma == 1 || a->chroma == 2 ? 2 : 1, unit_h = a->chroma == 1 ? 2 : 1;
    const uint32_t mbs_w = get_ue(b) + 1, mbs_h = get_ue(b) + 1;
    uint32_t cut_w = 0, cut_h = 0;

    if (mbs_w > 512 || mbs_h > 512 || !get_bits(b, 1)) /* fields */
        return false;
    get_bits(b, 1); /* direct 8x8 inference */
    if (get_bits(b, 1)) {
        cut_w = get_ue(b);
        cut_w = (cut_w + get_ue(b)) * unit_w;
        cut_h = get_ue(b);
        cut_h = (cut_h + get_ue(b)) * unit_h;
    }
    if (b->bad || cut_w > 15 || cut_h > 15)
        return false;
    a->w = mbs_w * 16 - cut_w;
    a->h = mbs_h * 16 - cut_h;
    return true;
}

static bool get_sps(VeilAvc *a, const uint8_t *p, size_t len)
{
    Bits b;

    if (len < 5 || !bits_begin(&b, p + 1, len - 1))
        return false;
    a->profile = (uint8_t)get_bits(&b, 8);
    get_bits(&b, 16); /* constraints, level */
    return !get_ue(&b) && get_format(&b, a) && get_order(&b, a) && get_size(&b, a);
}

/* ---- pictures ------------------------------------------------------------------- */

/* ue(v) of 0 is one bit that is set: the slice begins at macroblock 0. */
static bool is_unit(const uint8_t *unit, size_t len, int type)
{
    if (len < 2 || (unit[0] & 0x9f) != type)
        return false;
    return type == UNIT_SPS || type == UNIT_PPS || (unit[1] & 0x80);
}

bool veil_avc_first(VeilAvc *a, const uint8_t *p, size_t len)
{
    static const int types[] = { UNIT_SPS, UNIT_PPS, UNIT_IDR };
    const uint8_t *unit = NULL;
    size_t at = 0, n = 0;

    memset(a, 0, sizeof(*a));
    for (int i = 0; i < 3; i++)
        if (!veil_avc_unit(p, len, &at, &unit, &n) || !is_unit(unit, n, types[i]) ||
            (i == 0 && !get_sps(a, unit, n)))
            return false;
    return at == len;
}

bool veil_avc_following(const uint8_t *p, size_t len)
{
    const uint8_t *unit = NULL;
    size_t at = 0, n = 0;

    return veil_avc_unit(p, len, &at, &unit, &n) && is_unit(unit, n, UNIT_SLICE) && at == len;
}
