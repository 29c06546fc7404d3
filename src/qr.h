/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * A text as a QR code. There are two files behind this header: qr.c with
 * libqrencode for `veil`, and qr_none.c for `veil-keys`, whose only libraries
 * are libsodium and jansson.
 */
#ifndef VEIL_SRC_QR_H
#define VEIL_SRC_QR_H

#include <stddef.h>
#include <stdio.h>

/**
 * Write the code as an SVG picture without script, style or outside reference,
 * with the quiet zone that readers need.
 * @param text ASCII; about 2900 bytes are the most that a code holds
 * @return modules along one side; -ENOSYS in `veil-keys`; -E2BIG if it is too long; -EIO
 */
int veil_qr_svg(FILE *f, const char *text, size_t len);

#endif /* VEIL_SRC_QR_H */
