/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file Is the output's sound that of the source, and silent where it was muted? */
#ifndef VEIL_SRC_AUDIT_SOUND_H
#define VEIL_SRC_AUDIT_SOUND_H

#include "audit.h"

/**
 * Compare packets, and where parts were muted, loudness; adds the check "audio".
 * @return 0; AVERROR after a printed sentence if one of the two cannot be read
 */
int veil_audit_sound(VeilAudit *a, const VeilAuditJob *job);

#endif /* VEIL_SRC_AUDIT_SOUND_H */
