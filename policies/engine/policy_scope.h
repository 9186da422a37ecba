/* SPDX-License-Identifier: Apache-2.0
 *
 * Decisions that hold only for some: for a role, a user, an upstream, a model, a part of the request, a purpose. A scope
 * goes before the purposes and actions of its own file and of what that extends; of two scopes the nearer file's goes
 * first, then the one that is written first.
 */
#ifndef POLICY_SCOPE_H
#define POLICY_SCOPE_H

#include "policy_table.h"

struct policy_chain;

#define POLICY_SCOPES_MAX 64

extern const char *const policy_part_names[POLICY_PARTS];

struct policy_scope {
    char name[POLICY_NAME_MAX + 1];
    uint64_t purposes; /* bits; 0: any */
    uint32_t parts;    /* bits of enum policy_part; 0: any */
    uint32_t languages; /* bits of enum language; 0: any */
    char **roles, **users, **upstreams, **models; /* NULL-terminated; NULL: any; models are globs */
    uint8_t file;
    bool decides[PHI_KINDS];
    struct policy_cell cells[PHI_KINDS];
};

/* Reads `scopes` and `parts` of all files, nearest first. Mistakes go to d; -1 when out of memory. */
int policy_scopes_read(struct policy *p, const struct policy_chain *chain, struct diag *d);
void policy_scopes_free(struct policy *p);

/* The cell that decides, for one purpose that is given (or the only one there is). */
const struct policy_cell *policy_scope_cell(const struct policy *p, int purpose, const struct policy_request *r,
                                            enum policy_part part, enum phi_kind kind);

#endif
