/* SPDX-License-Identifier: GPL-3.0-or-later */
#define HOG_LENGTH 12
#define HOG_TRAINED "none"
static const float hog_scale[HOG_LENGTH];
static const float hog_mean[291];
static const signed char hog_weight[291][HOG_LENGTH];
