/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Keeps exceptions on the C++ side. For the files that implement cv.h and
 * cv_onnx.h, and nobody else.
 */
#ifndef VEIL_FILTERS_CV_GUARD_HPP
#define VEIL_FILTERS_CV_GUARD_HPP

#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>
#include <unistd.h>
#include <opencv2/core.hpp>

#include "cv.h"

/** Run body, which returns 0 or a negative errno; turn what it throws into a code and a sentence. */
template <class Body> int veil_cv_guarded(char *why, Body body)
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

/** 0 if the file can be read, otherwise -ENOENT and a reason. */
inline int veil_cv_need_file(const char *path, char *why)
{
    /* OpenCV prints its exceptions itself; the caller reports once, in its own words */
    cv::redirectError([](int, const char *, const char *, const char *, int, void *) { return 0; });
    if (!access(path, R_OK))
        return 0;
    snprintf(why, VEIL_CV_WHY, "cannot be read");
    return -ENOENT;
}

#endif /* VEIL_FILTERS_CV_GUARD_HPP */
