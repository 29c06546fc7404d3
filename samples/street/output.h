/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * Writing: a clip with H.264 and AAC, and a single PNG. A file appears under
 * its name only when it is whole; until then it is NAME.part.
 */
#ifndef STREET_OUTPUT_H
#define STREET_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Output Output;

typedef struct OutputOptions {
    const char *path;  ///< the ending chooses the container
    int width, height; ///< even
    int fps;
    int crf;
    bool audio;    ///< add a mono AAC track
    uint32_t seed; ///< of the sound
} OutputOptions;

/**
 * Begin a clip. Reports its own errors on stderr.
 *
 * @return 0 or a negative AVERROR; *out is NULL on error, else free with output_close()
 */
int output_open(Output **out, const OutputOptions *o);

/** Add a frame of width * height * 3 sRGB bytes, and the sound that goes with it. @return 0 or a negative AVERROR */
int output_frame(Output *o, const uint8_t *rgb);

/** Write what is left and give the file its name. @return 0 or a negative AVERROR */
int output_finish(Output *o);

/** Free; removes the part file if output_finish() has not succeeded. NULL is allowed. */
void output_close(Output *o);

/** Write one PNG of width * height * 3 sRGB bytes. Reports its own errors. @return 0 or a negative AVERROR */
int output_png(const char *path, const uint8_t *rgb, int width, int height);

#endif /* STREET_OUTPUT_H */
