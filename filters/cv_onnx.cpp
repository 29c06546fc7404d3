/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Walks the layers that OpenCV's importer made and adds them to a graph.
 */
#include "cv_onnx.h"
#include "cv_guard.hpp"

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>
#include <opencv2/dnn.hpp>
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" /* OpenCV's own */
#include <opencv2/dnn/all_layers.hpp>
#pragma GCC diagnostic pop

namespace {

using cv::dnn::BaseConvolutionLayer;
using cv::dnn::Layer;
using cv::dnn::Net;
using cv::dnn::PoolingLayer;

constexpr int BRANCH_SIZE[] = {1, 1, 4, 10};
const char *const BRANCH_NAME[] = {"cls_", "obj_", "bbox_", "kps_"};
constexpr int BRANCHES = 4, HEAD_CHANNELS = 16;

[[noreturn]] void refuse(const std::string &what)
{
    throw std::runtime_error(what);
}

/* The network while it is being walked. */
struct Walk {
    Net net;
    VeilNNGraph *g = nullptr;
    std::map<int, int> tensor;       ///< layer id to tensor of g
    std::map<int, int> enlarged;     ///< id of a Resize to the tensor it enlarges
    std::map<int, bool> in_branch;   ///< ids that belong to outputs

    ~Walk() { veil_nn_graph_free(g); }
    int id(const cv::Ptr<Layer> &l) { return net.getLayerId(l->name); }
    cv::Ptr<Layer> at(int i) { return net.getLayer(i); }

    cv::Ptr<Layer> input_of(int i, size_t k = 0)
    {
        const auto in = net.getLayerInputs(i);
        if (k >= in.size())
            refuse("layer '" + at(i)->name + "' has no input");
        return in[k];
    }

    int tensor_of(const cv::Ptr<Layer> &l)
    {
        const int i = id(l);
        if (i == 0)
            return 0; /* the picture */
        const auto found = tensor.find(i);
        if (found == tensor.end())
            refuse("layer '" + l->name + "' is read before it is known");
        return found->second;
    }

    int add(const VeilNNSpec &spec)
    {
        char why[VEIL_NN_WHY] = "out of memory";
        const int t = veil_nn_graph_add(g, &spec, why);
        if (t == -ENOMEM)
            throw std::bad_alloc();
        if (t < 0)
            refuse(why);
        return t;
    }
};

/* A convolution as numbers, in the order the graph wants. */
struct Conv {
    VeilNNOp op;
    int stride, in, out;
    std::vector<float> w, b;
};

Conv conv_of(Walk &walk, int i)
{
    const auto l = walk.at(i).dynamicCast<BaseConvolutionLayer>();
    if (!l || l->blobs.empty() || l->blobs[0].dims != 4 || l->blobs[0].type() != CV_32F || l->kernel_size.size() != 2)
        refuse("layer '" + walk.at(i)->name + "' is no plain convolution");
    const cv::Mat w = l->blobs[0];
    const int k = w.size[2];
    Conv c;
    c.out = w.size[0];
    c.in = w.size[1];
    c.stride = static_cast<int>(l->strides[0]);
    c.op = k == 1 ? VEIL_NN_PW : c.in == 1 && c.out > 1 ? VEIL_NN_DW3 : VEIL_NN_CONV3;
    if (w.size[3] != k || (k != 1 && k != 3) || l->strides[1] != l->strides[0] || l->dilations[0] != 1 ||
        l->pads_begin[0] != static_cast<size_t>(k / 2) || l->pads_begin[1] != static_cast<size_t>(k / 2))
        refuse("layer '" + l->name + "' has an unknown kernel");
    c.w.assign(w.ptr<float>(), w.ptr<float>() + w.total());
    c.b.assign(c.out, 0.f);
    if (l->blobs.size() > 1 && l->blobs[1].total() == static_cast<size_t>(c.out))
        c.b.assign(l->blobs[1].ptr<float>(), l->blobs[1].ptr<float>() + c.out);
    return c;
}

/* The one layer after i that is a ReLU of it, or 0. */
int relu_after(Walk &walk, int i, int count)
{
    if (i + 1 < count && walk.at(i + 1)->type == "ReLU" && walk.id(walk.input_of(i + 1)) == i)
        return i + 1;
    return 0;
}

void add_conv(Walk &walk, int i, int count)
{
    const Conv c = conv_of(walk, i);
    const int relu = relu_after(walk, i, count);
    const int t = walk.add({c.op, relu != 0, c.stride, {walk.tensor_of(walk.input_of(i)), -1}, c.out, c.w.data(), c.b.data()});
    walk.tensor[i] = t;
    if (relu)
        walk.tensor[relu] = t;
}

void add_pool(Walk &walk, int i)
{
    const auto l = walk.at(i).dynamicCast<PoolingLayer>();
    if (!l || l->kernel_size.size() != 2 || l->kernel_size[0] != 2 || l->kernel_size[1] != 2 || l->strides[0] != 2 ||
        l->strides[1] != 2 || l->pads_begin[0] || l->pads_begin[1])
        refuse("layer '" + walk.at(i)->name + "' is no 2x2 pool");
    const int in = walk.tensor_of(walk.input_of(i));
    walk.tensor[i] = walk.add({VEIL_NN_POOL2, false, 2, {in, -1}, walk.g->layer[in].channels, nullptr, nullptr});
}

void add_sum(Walk &walk, int i)
{
    auto a = walk.input_of(i, 0), b = walk.input_of(i, 1);
    if (!walk.enlarged.count(walk.id(b)))
        std::swap(a, b);
    if (!walk.enlarged.count(walk.id(b)))
        refuse("layer '" + walk.at(i)->name + "' adds nothing enlarged");
    const int in = walk.tensor_of(a);
    walk.tensor[i] = walk.add({VEIL_NN_UPADD, false, 1, {in, walk.enlarged[walk.id(b)]}, walk.g->layer[in].channels,
                               nullptr, nullptr});
}

/* The two convolutions behind output `name`: depthwise, then the 1x1 before it. */
std::pair<int, int> branch_of(Walk &walk, const std::string &name)
{
    int i = walk.net.getLayerId(name);
    if (i < 0)
        refuse("there is no output '" + name + "'");
    while (walk.at(i)->type != "Convolution") {
        const std::string &type = walk.at(i)->type;
        if (type != "Identity" && type != "Sigmoid" && type != "Reshape" && type != "Permute")
            refuse("output '" + name + "' passes an unknown layer '" + type + "'");
        i = walk.id(walk.input_of(i));
    }
    return {i, walk.id(walk.input_of(i))};
}

/* All four branches of a level as one 1x1 and one depthwise layer. */
void add_head(Walk &walk, int stride)
{
    std::vector<float> pw, pw_b, dw, dw_b;
    int source = -1;

    for (int i = 0; i < BRANCHES; i++) {
        const auto [d, p] = branch_of(walk, BRANCH_NAME[i] + std::to_string(stride));
        const Conv first = conv_of(walk, p), second = conv_of(walk, d);
        const int from = walk.tensor_of(walk.input_of(p));
        if (first.op != VEIL_NN_PW || second.in != 1 || second.stride != 1 || second.w.size() != 9u * BRANCH_SIZE[i] ||
            first.out != BRANCH_SIZE[i] || second.out != BRANCH_SIZE[i] || (source >= 0 && source != from))
            refuse("the branches of an output do not fit together");
        source = from;
        pw.insert(pw.end(), first.w.begin(), first.w.end());
        pw_b.insert(pw_b.end(), first.b.begin(), first.b.end());
        dw.insert(dw.end(), second.w.begin(), second.w.end());
        dw_b.insert(dw_b.end(), second.b.begin(), second.b.end());
    }
    const int t = walk.add({VEIL_NN_PW, false, 1, {source, -1}, HEAD_CHANNELS, pw.data(), pw_b.data()});
    const int head = walk.add({VEIL_NN_DW3, false, 1, {t, -1}, HEAD_CHANNELS, dw.data(), dw_b.data()});
    char why[VEIL_NN_WHY];
    if (veil_nn_graph_head(walk.g, head, why) < 0)
        refuse(why);
}

void add_layers(Walk &walk)
{
    const int count = static_cast<int>(walk.net.getLayerNames().size()) + 1; /* ids begin at 1 */

    for (int stride = 8; stride <= 32; stride *= 2)
        for (const char *name : BRANCH_NAME) {
            const auto [d, p] = branch_of(walk, name + std::to_string(stride));
            walk.in_branch[d] = walk.in_branch[p] = true;
        }
    for (int i = 1; i < count; i++) {
        const std::string type = walk.at(i)->type;
        if (walk.in_branch.count(i) || walk.tensor.count(i))
            continue;
        if (type == "Convolution")
            add_conv(walk, i, count);
        else if (type == "Pooling")
            add_pool(walk, i);
        else if (type == "Resize")
            walk.enlarged[i] = walk.tensor_of(walk.input_of(i));
        else if (type == "Eltwise")
            add_sum(walk, i);
        else if (type == "Permute")
            break; /* from here on outputs are only rearranged */
        else
            refuse("unknown kind of layer '" + type + "'");
    }
}

} // namespace

extern "C" int veil_cv_onnx_yunet(VeilNNGraph **out, const char *path, char *why)
{
    *out = nullptr;
    return veil_cv_guarded(why, [&] {
        /* head channels: cls, obj, box, five points; see det_opencv.c for the formulas */
        const VeilNNDecode decode = {0, 1, 2, 6, 0.f, 0.3f};
        Walk walk;

        if (int ret = veil_cv_need_file(path, why))
            return ret;
        walk.net = cv::dnn::readNetFromONNX(path);
        if (int ret = veil_nn_graph_new(&walk.g, 3, 0.f, 1.f, 0, &decode))
            return ret;
        add_layers(walk);
        for (int stride = 8; stride <= 32; stride *= 2)
            add_head(walk, stride);
        std::swap(*out, walk.g);
        return 0;
    });
}
