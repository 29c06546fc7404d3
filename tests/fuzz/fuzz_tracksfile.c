/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Tracks files. What is taken must print as a text that is taken again and
 * prints the same; every frame must answer.
 */
#include <stdlib.h>
#include <string.h>

#include "src/tracksfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char *text_of(const VeilTracksFile *t, size_t *len)
{
    char *text = NULL;
    FILE *f = open_memstream(&text, len);

    if (!f || veil_tracksfile_print(t, f) < 0 || fclose(f))
        abort();
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    VeilTracksFile *t, *back;
    VeilBox boxes[8];
    char why[VEIL_TRACKSFILE_WHY], *text, *again;
    size_t n, n2;

    if (veil_tracksfile_parse(&t, (const char *)data, len, "fuzz", why) < 0) {
        if (!why[0])
            abort();
        return 0;
    }
    for (int64_t i = 0; i < t->source.frames && i < 64; i++) {
        veil_tracksfile_at(t, i, boxes, 8);
        veil_tracksfile_time(t, i);
    }
    text = text_of(t, &n);
    /* A width under a tenth of a pixel is refused, so rounding cannot make it nothing. */
    if (veil_tracksfile_parse(&back, text, n, "again", why) < 0)
        abort();
    again = text_of(back, &n2);
    if (n != n2 || memcmp(text, again, n))
        abort();
    free(text);
    free(again);
    veil_tracksfile_free(t);
    veil_tracksfile_free(back);
    return 0;
}
