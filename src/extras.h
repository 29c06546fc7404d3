/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * What a media file holds besides its picture and its sound: metadata, further
 * streams, side data, chapters. Of a source the report lists it as left out; of a
 * published file it should not be there.
 */
#ifndef VEIL_SRC_EXTRAS_H
#define VEIL_SRC_EXTRAS_H

#include <stdbool.h>
#include <libavformat/avformat.h>

/** Keys of metadata that name no place, device or person's machine: these may be kept. */
extern const char veil_harmless_keys[];

typedef struct VeilExtras {
    const AVFormatContext *format; ///< opened, with stream info; borrowed
    const AVStream *video;         ///< the picture; NULL: the first video stream that is no thumbnail
    bool audio;                    ///< sound belongs to it
    bool published;                ///< what muxers write by themselves is no extra
    const char *keep;              ///< metadata keys that may stay, "title,artist"; NULL for none
} VeilExtras;

/**
 * Call `found` with each thing: "file metadata: location", "stream 2: thumbnail video, mjpeg",
 * "stream 0 side data: Spherical Mapping", "3 chapters".
 */
void veil_extras_list(const VeilExtras *e, void (*found)(void *opaque, const char *what), void *opaque);

/** Is `word` in a list "a,b,c"? Case does not count; NULL has nothing. */
bool veil_list_has(const char *list, const char *word);

#endif /* VEIL_SRC_EXTRAS_H */
