/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Networks and cascades of OpenCV behind cv.h.
 */
#include "cv_guard.hpp"

#include <memory>
#include <vector>
#include <opencv2/dnn.hpp>
#include <opencv2/objdetect.hpp>

struct VeilCvNet {
    cv::dnn::Net net;
    std::vector<cv::String> names;
    std::vector<cv::Mat> outs;
    cv::Mat blob;
};

struct VeilCvCascade {
    cv::CascadeClassifier classifier;
    cv::Mat mirrored;
};

namespace {

cv::Mat wrap(const VeilCvPicture *p)
{
    /* OpenCV has no const Mat over foreign memory; nothing here writes to it */
    return cv::Mat(p->h, p->w, p->channels == 3 ? CV_8UC3 : CV_8UC1, const_cast<uint8_t *>(p->data),
                   static_cast<size_t>(p->stride));
}

} // namespace

extern "C" int veil_cv_net_open(VeilCvNet **out, const char *path, int threads, char *why)
{
    *out = nullptr;
    return veil_cv_guarded(why, [&] {
        if (int ret = veil_cv_need_file(path, why))
            return ret;
        auto v = std::make_unique<VeilCvNet>();
        v->net = cv::dnn::readNetFromONNX(path);
        if (v->net.empty()) {
            snprintf(why, VEIL_CV_WHY, "holds no network");
            return -EINVAL;
        }
        cv::setNumThreads(threads);
        *out = v.release();
        return 0;
    });
}

extern "C" int veil_cv_net_run(VeilCvNet *v, const VeilCvPicture *pic, const VeilCvInput *input,
                               const char *const *names, int n, const float **outs, size_t *sizes, char *why)
{
    return veil_cv_guarded(why, [&] {
        v->names.assign(names, names + n);
        cv::dnn::blobFromImage(wrap(pic), v->blob, input->scale, cv::Size(), cv::Scalar::all(input->mean),
                               input->swap_rb);
        v->net.setInput(v->blob);
        v->net.forward(v->outs, v->names);
        for (int i = 0; i < n; i++) {
            if (v->outs[i].type() != CV_32F || !v->outs[i].isContinuous()) {
                snprintf(why, VEIL_CV_WHY, "output '%s' is not a plain array of floats", names[i]);
                return -EINVAL;
            }
            outs[i] = v->outs[i].ptr<float>();
            sizes[i] = v->outs[i].total();
        }
        return 0;
    });
}

extern "C" void veil_cv_net_close(VeilCvNet *v)
{
    delete v;
}

extern "C" int veil_cv_cascade_open(VeilCvCascade **out, const char *path, char *why)
{
    *out = nullptr;
    return veil_cv_guarded(why, [&] {
        if (int ret = veil_cv_need_file(path, why))
            return ret;
        auto v = std::make_unique<VeilCvCascade>();
        if (!v->classifier.load(path) || v->classifier.empty()) {
            snprintf(why, VEIL_CV_WHY, "holds no cascade");
            return -EINVAL;
        }
        *out = v.release();
        return 0;
    });
}

extern "C" int veil_cv_cascade_find(VeilCvCascade *v, const VeilCvPicture *grey, bool mirror, int min_neighbours,
                                    VeilCvFind *finds, int cap, char *why)
{
    return veil_cv_guarded(why, [&] {
        cv::Mat pic = wrap(grey);
        std::vector<cv::Rect> rects;
        std::vector<int> counts;

        if (mirror) {
            cv::flip(pic, v->mirrored, 1);
            pic = v->mirrored;
        }
        v->classifier.detectMultiScale(pic, rects, counts, 1.1, min_neighbours);
        int n = 0;
        for (; n < static_cast<int>(rects.size()) && n < cap; n++) {
            const cv::Rect &r = rects[n];
            finds[n] = {mirror ? grey->w - r.x - r.width : r.x, r.y, r.width, r.height, counts[n]};
        }
        return n;
    });
}

extern "C" void veil_cv_cascade_close(VeilCvCascade *v)
{
    delete v;
}
