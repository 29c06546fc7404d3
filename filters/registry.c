/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * veil's own filters. A new one is its file and one row here.
 */
#include <string.h>

#include "filter.h"

extern const VeilFilter veil_vf_consent;
extern const VeilFilter veil_vf_cover;
extern const VeilFilter veil_vf_detect;
extern const VeilFilter veil_vf_draw;
extern const VeilFilter veil_vf_seal;
extern const VeilFilter veil_vf_track;
extern const VeilFilter veil_vf_tracks;
extern const VeilFilter veil_vf_zone;

const VeilFilter *const veil_filters[] = {
    &veil_vf_detect, &veil_vf_track, &veil_vf_tracks, &veil_vf_consent, &veil_vf_zone,
    &veil_vf_seal,   &veil_vf_cover, &veil_vf_draw,   NULL,
};

const VeilFilter *veil_filter_find(const char *name)
{
    for (int i = 0; veil_filters[i]; i++)
        if (!strcmp(veil_filters[i]->name, name))
            return veil_filters[i];
    return NULL;
}
