/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A portrait of one person of the street, as for a passport: from the front,
 * in even light, without hat, mask or dark glasses.
 */
#ifndef STREET_PORTRAIT_H
#define STREET_PORTRAIT_H

#include <stdint.h>

/**
 * Write a PNG of this size. Reports its own errors.
 *
 * @return 0 or a negative AVERROR
 */
int portrait_write(const char *path, uint32_t seed, int number, int width, int height);

#endif /* STREET_PORTRAIT_H */
