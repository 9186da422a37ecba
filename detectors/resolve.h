/* SPDX-License-Identifier: Apache-2.0
 *
 * From candidates, which overlap, to findings, which do not.
 */
#ifndef PHI_RESOLVE_H
#define PHI_RESOLVE_H

#include <stdint.h>

#include "phi.h"
#include "scratch.h"

/* Beside each finding: what explains it, and the parts of a name in the leaf. */
struct finding_note {
    uint32_t family_begin, family_end, given_begin, given_end;
    uint8_t base;
};

/* Kinds that name the same sort of thing unite when they overlap: all NAME.*, all DATE.*. */
unsigned resolve_family(unsigned kind);

/* Whose name it is does not matter: all NAME.*. */
static inline bool resolve_is_name(unsigned kind)
{
    return resolve_family(kind) == PHI_NAME_PATIENT;
}

/* What a text is about, and nobody's identifier. */
static inline bool resolve_is_category(unsigned kind)
{
    return kind >= PHI_SENS_SUD && kind <= PHI_SENS_STATUS;
}

/* Fills s->findings and s->notes from s->found. 0 or -1. */
int resolve(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves);

#endif
