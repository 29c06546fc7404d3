/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bytes.h"

#include <limits.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "err.h"

void veil_put_le32(uint8_t out[4], uint32_t v)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(v >> 8 * i);
}

void veil_put_le64(uint8_t out[8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> 8 * i);
}

void veil_put_be64(uint8_t out[8], uint64_t v)
{
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(v >> 8 * (7 - i));
}

uint32_t veil_get_le32(const uint8_t in[4])
{
    uint32_t v = 0;

    for (int i = 3; i >= 0; i--)
        v = v << 8 | in[i];
    return v;
}

uint64_t veil_get_le64(const uint8_t in[8])
{
    uint64_t v = 0;

    for (int i = 7; i >= 0; i--)
        v = v << 8 | in[i];
    return v;
}

uint64_t veil_get_be64(const uint8_t in[8])
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v = v << 8 | in[i];
    return v;
}

char *veil_hex_encode(char *out, const void *in, size_t n)
{
    return sodium_bin2hex(out, VEIL_HEX_LEN(n) + 1, in, n);
}

int veil_hex_decode(uint8_t *out, size_t n, const char *text, size_t len)
{
    size_t got;

    if (len != VEIL_HEX_LEN(n))
        return VEIL_E_CANON;
    for (size_t i = 0; i < len; i++)
        if (!((text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f')))
            return VEIL_E_CANON;
    if (sodium_hex2bin(out, n, text, len, NULL, &got, NULL) || got != n)
        return VEIL_E_CANON;
    return 0;
}

char *veil_b64_encode(char *out, const void *in, size_t n)
{
    return sodium_bin2base64(out, VEIL_B64_LEN(n) + 1, in, n, sodium_base64_VARIANT_ORIGINAL);
}

static bool is_b64_digit(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* libsodium refuses wrong padding and bits left over in the last group. Its
 * arithmetic takes some bytes above 0x7f for digits (1.0.18), so the alphabet
 * is checked here. */
int veil_b64_decode(uint8_t *out, size_t cap, const char *text, size_t len)
{
    const char *end;
    size_t got, digits = len;

    if (len > INT_MAX || len % 4)
        return VEIL_E_CANON;
    if (!len)
        return 0;
    while (digits > len - 2 && text[digits - 1] == '=')
        digits--;
    for (size_t i = 0; i < digits; i++)
        if (!is_b64_digit(text[i]))
            return VEIL_E_CANON;
    if (sodium_base642bin(out, cap, text, len, NULL, &got, &end, sodium_base64_VARIANT_ORIGINAL) ||
        end != text + len || VEIL_B64_LEN(got) != len)
        return VEIL_E_CANON;
    return (int)got;
}

int veil_b64_decode_exact(uint8_t *out, size_t n, const char *text, size_t len)
{
    if (len != VEIL_B64_LEN(n) || veil_b64_decode(out, n, text, len) != (int)n)
        return VEIL_E_CANON;
    return 0;
}

int veil_time_format(char out[VEIL_TIME_LEN + 1], int64_t seconds)
{
    const time_t t = (time_t)seconds;
    struct tm tm;

    if (seconds < 0 || !gmtime_r(&t, &tm) || tm.tm_year + 1900 > 9999)
        return VEIL_E_CANON;
    return strftime(out, VEIL_TIME_LEN + 1, "%Y-%m-%dT%H:%M:%SZ", &tm) == VEIL_TIME_LEN ? 0 : VEIL_E_CANON;
}

int veil_time_parse(int64_t *seconds, const char *text, size_t len)
{
    char copy[VEIL_TIME_LEN + 1], again[VEIL_TIME_LEN + 1];
    struct tm tm = { 0 };
    const char *end;
    int64_t t;

    if (len != VEIL_TIME_LEN)
        return VEIL_E_CANON;
    memcpy(copy, text, len);
    copy[len] = '\0';
    end = strptime(copy, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (!end || *end)
        return VEIL_E_CANON;
    t = timegm(&tm);
    /* 31 February and second 60 come back as another spelling. */
    if (veil_time_format(again, t) < 0 || memcmp(again, copy, sizeof(copy)))
        return VEIL_E_CANON;
    *seconds = t;
    return 0;
}

int veil_number_parse(uint64_t *value, const char *text, size_t len, uint64_t max)
{
    uint64_t v = 0;

    if (len < 1 || len > VEIL_NUMBER_LEN || (len > 1 && text[0] == '0'))
        return VEIL_E_CANON;
    for (size_t i = 0; i < len; i++) {
        const unsigned digit = (unsigned)(text[i] - '0');

        if (digit > 9 || v > (UINT64_MAX - digit) / 10)
            return VEIL_E_CANON;
        v = v * 10 + digit;
    }
    if (v > max)
        return VEIL_E_CANON;
    *value = v;
    return 0;
}
