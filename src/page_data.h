/* SPDX-License-Identifier: GPL-3.0-or-later */
/**
 * @file
 * The page of `veil review`, put into the binary by the assembler from what
 * `make page` built. A build without npm has none.
 */
#ifndef VEIL_SRC_PAGE_DATA_H
#define VEIL_SRC_PAGE_DATA_H

#include <stddef.h>
#include <stdint.h>

typedef enum VeilPageFile { VEIL_PAGE_HTML, VEIL_PAGE_JS, VEIL_PAGE_CSS } VeilPageFile;

/** @param size receives the length in bytes; @return the file, or NULL in a build without the page */
const uint8_t *veil_page_data(VeilPageFile file, size_t *size);

#endif /* VEIL_SRC_PAGE_DATA_H */
