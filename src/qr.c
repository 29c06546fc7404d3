/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "qr.h"

#include <errno.h>
#include <qrencode.h>

#define QUIET 4 ///< modules of white on each side, by ISO/IEC 18004

/* A run of dark modules is one rectangle: a large code has 8000 modules. */
static void put_row(FILE *f, const unsigned char *row, int y, int n)
{
    for (int x = 0; x < n; x++) {
        const int from = x;

        while (x < n && (row[x] & 1))
            x++;
        if (x > from)
            fprintf(f, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET, x - from, x - from);
    }
}

int veil_qr_svg(FILE *f, const char *text, size_t len)
{
    /* The least correction: a page that is printed once and kept wants large modules more. */
    QRcode *code = QRcode_encodeData((int)len, (const unsigned char *)text, 0, QR_ECLEVEL_L);
    int n, side;

    if (!code)
        return errno == ERANGE ? -E2BIG : -errno;
    n = code->width;
    side = n + 2 * QUIET;
    fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\" role=\"img\" "
               "aria-label=\"QR code of the record\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"", side, side, side,
            side);
    for (int y = 0; y < n; y++)
        put_row(f, code->data + y * n, y, n);
    fputs("\"/></svg>\n", f);
    QRcode_free(code);
    return ferror(f) ? -EIO : n;
}
