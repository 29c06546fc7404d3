/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Reader of the weights file: a parser of outside bytes.
 */
#include "file.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define HEADER_BYTES 44
#define LAYER_BYTES 12
#define NONE 0xffff

static const uint8_t magic[8] = {'V', 'E', 'I', 'L', 'N', 'N', 0, 1};

/** What is left to read. */
typedef struct Reader {
    const uint8_t *at;
    size_t left;
} Reader;

static int refuse(char *why, const char *sentence)
{
    snprintf(why, VEIL_NN_WHY, "%s", sentence);
    return -EINVAL;
}

static unsigned get16(Reader *r)
{
    const unsigned v = r->at[0] | r->at[1] << 8;

    r->at += 2;
    r->left -= 2;
    return v;
}

static uint32_t get32(Reader *r)
{
    const uint32_t low = get16(r);

    return low | (uint32_t)get16(r) << 16;
}

static float get_float(Reader *r)
{
    const uint32_t bits = get32(r);
    float v;

    memcpy(&v, &bits, sizeof(v));
    return v;
}

static int read_header(VeilNNGraph **out, Reader *r, size_t size, int *layers, int *heads, char *why)
{
    VeilNNDecode d;
    int channels, fill;
    float mean, scale;

    if (r->left < HEADER_BYTES)
        return refuse(why, "it is cut short");
    if (memcmp(r->at, magic, sizeof(magic)))
        return refuse(why, "it is no veil weights file of version 1");
    r->at += sizeof(magic);
    r->left -= sizeof(magic);
    if (get32(r) != size)
        return refuse(why, "it is cut short or has grown");
    channels = get16(r);
    fill = get16(r);
    mean = get_float(r);
    scale = get_float(r);
    d.cls = (int16_t)get16(r);
    d.obj = (int16_t)get16(r);
    d.box = (int16_t)get16(r);
    d.points = (int16_t)get16(r);
    d.offset = get_float(r);
    d.max_iou = get_float(r);
    *layers = get16(r);
    *heads = get16(r);
    if (fill > 255 || (channels != 1 && channels != 3) || !isfinite(mean) || !isfinite(scale) ||
        !isfinite(d.offset) || !(d.max_iou >= 0 && d.max_iou <= 1) || !*heads)
        return refuse(why, "its header is inconsistent");
    return veil_nn_graph_new(out, channels, mean, scale, fill, &d);
}

static float *read_floats(Reader *r, int n)
{
    float *v = malloc((n ? n : 1) * sizeof(*v));

    for (int i = 0; v && i < n; i++)
        v[i] = get_float(r);
    return v;
}

static int read_layer(VeilNNGraph *g, Reader *r, char *why)
{
    VeilNNSpec s = {0};
    float *w = NULL, *b = NULL;
    int n, biases, ret = -ENOMEM;

    if (r->left < LAYER_BYTES)
        return refuse(why, "it is cut short");
    s.op = get16(r);
    s.relu = get16(r) & 1;
    s.stride = get16(r);
    s.channels = get16(r);
    for (int i = 0; i < 2; i++) {
        const unsigned in = get16(r);

        s.in[i] = in == NONE ? -1 : (int)in;
    }
    if ((n = veil_nn_graph_weights(g, &s, why)) < 0)
        return n;
    biases = n ? s.channels : 0;
    if (r->left / sizeof(float) < (size_t)n + biases)
        return refuse(why, "it is cut short");
    w = read_floats(r, n);
    b = read_floats(r, biases);
    if (w && b) {
        s.w = w;
        s.b = b;
        ret = veil_nn_graph_add(g, &s, why);
    }
    free(w);
    free(b);
    return ret < 0 ? ret : 0;
}

int veil_nn_file_parse(VeilNNGraph **out, const uint8_t *data, size_t size, char why[VEIL_NN_WHY])
{
    Reader r = {data, size};
    VeilNNGraph *g = NULL;
    int layers = 0, heads = 0, ret;

    *out = NULL;
    snprintf(why, VEIL_NN_WHY, "out of memory");
    if ((ret = read_header(&g, &r, size, &layers, &heads, why)) < 0)
        goto fail;
    for (int i = 0; i < layers; i++)
        if ((ret = read_layer(g, &r, why)) < 0)
            goto fail;
    for (int i = 0; i < heads; i++) {
        if (r.left < 2) {
            ret = refuse(why, "it is cut short");
            goto fail;
        }
        if ((ret = veil_nn_graph_head(g, get16(&r), why)) < 0)
            goto fail;
    }
    if (r.left) {
        ret = refuse(why, "bytes follow its end");
        goto fail;
    }
    *out = g;
    return 0;
fail:
    veil_nn_graph_free(g);
    return ret;
}

static int slurp(uint8_t **out, size_t *size, const char *path, char *why)
{
    FILE *f = fopen(path, "rb");
    struct stat st;
    uint8_t *data = NULL;
    int ret = 0;

    if (!f || fstat(fileno(f), &st) < 0)
        ret = -errno;
    else if (!S_ISREG(st.st_mode) || st.st_size < HEADER_BYTES || st.st_size > VEIL_NN_MAX_FILE)
        ret = refuse(why, "it is no veil weights file of version 1");
    else if (!(data = malloc(st.st_size)))
        ret = -ENOMEM;
    else if (fread(data, 1, st.st_size, f) != (size_t)st.st_size)
        ret = -EIO;
    if (ret < 0) {
        if (ret != -EINVAL)
            snprintf(why, VEIL_NN_WHY, "%s", strerror(-ret));
        free(data);
        data = NULL;
    } else {
        *size = st.st_size;
    }
    if (f)
        fclose(f);
    *out = data;
    return ret;
}

int veil_nn_file_read(VeilNNGraph **out, const char *path, char why[VEIL_NN_WHY])
{
    uint8_t *data = NULL;
    size_t size = 0;
    int ret;

    *out = NULL;
    if ((ret = slurp(&data, &size, path, why)) < 0)
        return ret;
    ret = veil_nn_file_parse(out, data, size, why);
    free(data);
    return ret;
}
