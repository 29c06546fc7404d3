/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The only file that includes OpenCV for networks and cascades.
 */
#include "cv.h"

#include <cerrno>
#include <cstdio>
#include <memory>
#include <new>
#include <string>
#include <unistd.h>
#include <vector>
#include <opencv2/core.hpp>
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

/* Run body; turn whatever it throws into a code and a sentence. */
template <class Body> int guarded(char *why, Body body)
{
    why[0] = 0;
    try {
        return body();
    } catch (const std::bad_alloc &) {
        snprintf(why, VEIL_CV_WHY, "out of memory");
        return -ENOMEM;
    } catch (const cv::Exception &e) {
        snprintf(why, VEIL_CV_WHY, "OpenCV: %.200s", e.err.c_str());
        return e.code == cv::Error::StsNoMem ? -ENOMEM : -EINVAL;
    } catch (const std::exception &e) {
        snprintf(why, VEIL_CV_WHY, "OpenCV: %.200s", e.what());
        return -EINVAL;
    } catch (...) {
        snprintf(why, VEIL_CV_WHY, "OpenCV: unknown exception");
        return -EINVAL;
    }
}

/* OpenCV prints its exceptions itself; the caller reports once, in its own words. */
int silent(int, const char *, const char *, const char *, int, void *)
{
    return 0;
}

int need_file(const char *path, char *why)
{
    cv::redirectError(silent);
    if (!access(path, R_OK))
        return 0;
    snprintf(why, VEIL_CV_WHY, "cannot be read");
    return -ENOENT;
}

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
    return guarded(why, [&] {
        if (int ret = need_file(path, why))
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
    return guarded(why, [&] {
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
    return guarded(why, [&] {
        if (int ret = need_file(path, why))
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
    return guarded(why, [&] {
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
