/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Numbers, base64, hex and times as bytes and text. Each value has exactly
 * one accepted spelling (PROTOCOL section 1); every parser here refuses the
 * others with VEIL_E_CANON, so that two readers can never disagree.
 * Texts are given with a length and need no NUL.
 */
#ifndef VEIL_KEYS_BYTES_H
#define VEIL_KEYS_BYTES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define VEIL_HEX_LEN(n) (2 * (n))           ///< text length of n bytes as hex, without NUL
#define VEIL_B64_LEN(n) (((n) + 2) / 3 * 4) ///< text length of n bytes as base64, without NUL
#define VEIL_TIME_LEN   20                  ///< "YYYY-MM-DDTHH:MM:SSZ", without NUL
#define VEIL_NUMBER_LEN 20                  ///< longest uint64, without NUL

void veil_put_le32(uint8_t out[4], uint32_t v);
void veil_put_le64(uint8_t out[8], uint64_t v);
void veil_put_be64(uint8_t out[8], uint64_t v);
uint32_t veil_get_le32(const uint8_t in[4]);
uint64_t veil_get_le64(const uint8_t in[8]);
uint64_t veil_get_be64(const uint8_t in[8]);

/** Write n bytes as lower-case hex and a NUL: VEIL_HEX_LEN(n) + 1 bytes. @return out */
char *veil_hex_encode(char *out, const void *in, size_t n);

/** Read exactly n bytes of lower-case hex. @return 0, or VEIL_E_CANON */
int veil_hex_decode(uint8_t *out, size_t n, const char *text, size_t len);

/** Write n bytes as padded RFC 4648 section 4 base64 and a NUL: VEIL_B64_LEN(n) + 1 bytes. @return out */
char *veil_b64_encode(char *out, const void *in, size_t n);

/**
 * Read canonical padded base64 of any length up to cap.
 * @return number of bytes, or VEIL_E_CANON (also if more than cap bytes)
 */
int veil_b64_decode(uint8_t *out, size_t cap, const char *text, size_t len);

/** Read base64 of exactly n bytes. @return 0, or VEIL_E_CANON */
int veil_b64_decode_exact(uint8_t *out, size_t n, const char *text, size_t len);

/** Write seconds since 1970 as "YYYY-MM-DDTHH:MM:SSZ" and a NUL.
 *  @return 0, or VEIL_E_CANON if the year is not 1970 to 9999 */
int veil_time_format(char out[VEIL_TIME_LEN + 1], int64_t seconds);

/** Read "YYYY-MM-DDTHH:MM:SSZ", a real date from 1970 on. @return 0, or VEIL_E_CANON */
int veil_time_parse(int64_t *seconds, const char *text, size_t len);

/** Read a decimal without sign, spaces or leading zeros, at most max. @return 0, or VEIL_E_CANON */
int veil_number_parse(uint64_t *value, const char *text, size_t len, uint64_t max);

#ifdef __cplusplus
}
#endif

#endif /* VEIL_KEYS_BYTES_H */
