/* SPDX-License-Identifier: Apache-2.0
 *
 * What a site changes about the scores of single rules and built-in detectors. Asked for by id while the engine is
 * built, because rules are numbered only when all are there. For a kind that is kept, a finding is never taken away.
 */
#include <string.h>

#include "engine.h"

static bool id_known(const struct phi_engine *e, const char *id)
{
    for (unsigned i = 0; i < phi_rule_count(e); i++)
        if (strcmp(phi_rule_id(e, i), id) == 0)
            return true;
    return false;
}

int phi_engine_adjust(struct phi_engine *e, const char *id, int by)
{
    if (e->sealed || by < PHI_OFF || by > 100 || !id_known(e, id))
        return -1;
    struct adjustment *grown = phi_memory_new((e->n_adjustments + 1) * sizeof *grown);
    char *copy = phi_memory_copy(id, strlen(id));
    if (!grown || !copy) {
        phi_memory_free(grown);
        phi_memory_free(copy);
        return -1;
    }
    if (e->n_adjustments)
        memcpy(grown, e->adjustments, e->n_adjustments * sizeof *grown);
    phi_memory_free(e->adjustments);
    e->adjustments = grown;
    e->adjustments[e->n_adjustments++] = (struct adjustment){copy, (int16_t)by};
    return 0;
}

void phi_engine_keep(struct phi_engine *e, enum phi_kind kind)
{
    if (!e->sealed && kind > PHI_NONE && kind < PHI_KINDS)
        e->keep[kind] = true;
}

int engine_adjust_seal(struct phi_engine *e)
{
    unsigned n = (unsigned)phi_rule_count(e);

    if (!e->n_adjustments)
        return 0;
    e->adjust = phi_memory_new(n * sizeof *e->adjust);
    for (unsigned i = 0; e->adjust && i < n; i++)
        for (uint32_t k = 0; k < e->n_adjustments; k++)
            if (strcmp(e->adjustments[k].id, phi_rule_id(e, i)) == 0)
                e->adjust[i] = e->adjustments[k].by;
    return e->adjust ? 0 : -1;
}

void engine_adjust_free(struct phi_engine *e)
{
    for (uint32_t i = 0; i < e->n_adjustments; i++)
        phi_memory_free(e->adjustments[i].id);
    phi_memory_free(e->adjustments);
    phi_memory_free(e->adjust);
}

int engine_score(const struct phi_engine *e, unsigned rule, unsigned kind, int score)
{
    int by = e->adjust ? e->adjust[rule] : 0;

    if (by == 0 || (by < 0 && e->keep[kind]))
        return score;
    if (by == PHI_OFF)
        return -1;
    score += by;
    return score < 0 ? 0 : score > 100 ? 100 : score;
}
