/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Any bytes at all to the reader of weights files; what it accepts is run on
 * a small picture.
 */
#include <stdlib.h>

#include "filters/nn/decode.h"
#include "filters/nn/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *opaque, const VeilNNFace *face)
{
    (void)opaque;
    (void)face;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t pic[32 * 32 * 3];
    char why[VEIL_NN_WHY];
    VeilNNGraph *g;
    VeilNN *nn;

    if (veil_nn_file_parse(&g, data, size, why) < 0)
        return 0;
    for (int precision = VEIL_NN_FLOAT; precision <= VEIL_NN_INT8; precision++) {
        if (veil_nn_new(&nn, g, veil_nn_kernels_find(precision == VEIL_NN_INT8 ? "c" : NULL), precision, 1) < 0)
            continue;
        if (!veil_nn_run(nn, pic, 32, 32, 32 * 3))
            veil_nn_decode(nn, g, 0.5f, ignore, NULL);
        veil_nn_free(nn);
    }
    veil_nn_graph_free(g);
    return 0;
}
