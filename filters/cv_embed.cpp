/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Recognition networks of OpenCV behind cv.h.
 */
#include "cv_guard.hpp"

#include <memory>
#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect/face.hpp>

struct VeilCvEmbedder {
    VeilCvEmbedConfig config;
    cv::dnn::Net net;                 ///< unless sface
    cv::Ptr<cv::FaceRecognizerSF> sf; ///< if sface
    cv::Mat picture, blob, out;
};

namespace {

/* Planes of (value - mean) / std, one after the other: a blob by hand, as blobFromImage() knows one scale only. */
void fill_blob(VeilCvEmbedder *e)
{
    const int side = e->config.side;
    const int dims[4] = {1, 3, side, side};

    e->blob.create(4, dims, CV_32F);
    for (int c = 0; c < 3; c++)
        for (int y = 0; y < side; y++) {
            const uint8_t *row = e->picture.ptr<uint8_t>(y);
            float *to = e->blob.ptr<float>(0, c) + static_cast<size_t>(y) * side;

            for (int x = 0; x < side; x++)
                to[x] = (row[3 * x + (e->config.rgb ? 2 - c : c)] - e->config.mean[c]) / e->config.std[c];
        }
}

void wipe(cv::Mat &m)
{
    if (!m.empty())
        m.setTo(0);
}

/* The vector into e->out, which is a view of the network's own memory or a copy of it. */
void run(VeilCvEmbedder *e)
{
    if (e->config.sface) {
        e->sf->feature(e->picture, e->out);
    } else {
        fill_blob(e);
        e->net.setInput(e->blob);
        e->out = e->net.forward();
    }
}

} // namespace

extern "C" int veil_cv_embed_open(VeilCvEmbedder **out, const char *path, const VeilCvEmbedConfig *config, int threads,
                                  char *why)
{
    *out = nullptr;
    return veil_cv_guarded(why, [&] {
        if (int ret = veil_cv_need_file(path, why))
            return ret;
        auto e = std::make_unique<VeilCvEmbedder>();
        e->config = *config;
        if (config->sface)
            e->sf = cv::FaceRecognizerSF::create(path, "");
        else
            e->net = cv::dnn::readNetFromONNX(path);
        if (config->sface ? e->sf.empty() : e->net.empty()) {
            snprintf(why, VEIL_CV_WHY, "holds no network");
            return -EINVAL;
        }
        cv::setNumThreads(threads);
        *out = e.release();
        return 0;
    });
}

extern "C" int veil_cv_embed_run(VeilCvEmbedder *e, const VeilCvPicture *pic, bool mirror, float *out, int cap, char *why)
{
    return veil_cv_guarded(why, [&] {
        if (pic->channels != 3 || pic->w != e->config.side || pic->h != e->config.side) {
            snprintf(why, VEIL_CV_WHY, "needs a colour picture of %dx%d", e->config.side, e->config.side);
            return -EINVAL;
        }
        const cv::Mat from(pic->h, pic->w, CV_8UC3, const_cast<uint8_t *>(pic->data), static_cast<size_t>(pic->stride));
        if (mirror)
            cv::flip(from, e->picture, 1);
        else
            from.copyTo(e->picture);
        run(e);
        const int n = static_cast<int>(e->out.total());
        int ret = n;
        if (e->out.type() != CV_32F || !e->out.isContinuous() || n < 1 || (out && n > cap)) {
            snprintf(why, VEIL_CV_WHY, "does not give a vector of floats of the expected length");
            ret = -EINVAL;
        } else if (out) {
            for (int i = 0; i < n; i++)
                out[i] += e->out.ptr<float>()[i];
        }
        wipe(e->out);
        wipe(e->picture);
        wipe(e->blob);
        return ret;
    });
}

extern "C" void veil_cv_embed_close(VeilCvEmbedder *e)
{
    char why[VEIL_CV_WHY];

    if (!e)
        return;
    veil_cv_guarded(why, [&] {
        e->picture = cv::Mat::zeros(e->config.side, e->config.side, CV_8UC3);
        run(e);
        return 0;
    });
    delete e;
}
