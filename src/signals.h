/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file Being stopped from outside. */
#ifndef VEIL_SRC_SIGNALS_H
#define VEIL_SRC_SIGNALS_H

#include <stdatomic.h>

/** Set by SIGINT, SIGTERM and SIGHUP, once they are watched. */
extern atomic_bool veil_cancelled;

/** From here on those signals set it; a broken pipe or a full disk reads as a failed write. */
void veil_signals_watch(void);

#endif /* VEIL_SRC_SIGNALS_H */
