/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef VEIL_SRC_VERSION_H
#define VEIL_SRC_VERSION_H

#define VEIL_VERSION "0.1.0"

#endif /* VEIL_SRC_VERSION_H */
