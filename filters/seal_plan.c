/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "seal.h"

#include <sodium.h>
#include <stdlib.h>
#include <libavutil/common.h>
#include <libavutil/error.h>

/* Vault numbers are drawn from 1 to this, so that people can type them. */
#define NUMBERS 999999u

static bool is_taken(const VeilSealPlan *plan, uint32_t number)
{
    for (int i = 0; i < plan->n_tracks; i++)
        if (plan->track[i].number == number)
            return true;
    return false;
}

int veil_seal_plan_add(VeilSealPlan *plan, uint32_t frame)
{
    const uint32_t most = plan->n_tracks < (int)NUMBERS / 8 ? NUMBERS : INT32_MAX;
    uint32_t number;

    if (plan->n_tracks == plan->cap_tracks) {
        const int cap = FFMAX(64, plan->cap_tracks * 2);
        VeilSealedTrack *more = realloc(plan->track, (size_t)cap * sizeof(*more));

        if (!more)
            return AVERROR(ENOMEM);
        plan->track = more;
        plan->cap_tracks = cap;
    }
    do
        number = 1 + randombytes_uniform(most);
    while (is_taken(plan, number));
    plan->track[plan->n_tracks] = (VeilSealedTrack){ .number = number, .first_frame = frame };
    return plan->n_tracks++;
}

void veil_seal_plan_free(VeilSealPlan *plan)
{
    veil_vault_writer_close(plan->vault);
    free(plan->track);
    plan->vault = NULL;
    plan->track = NULL;
    plan->n_tracks = plan->cap_tracks = 0;
}
