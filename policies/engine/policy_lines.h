/* SPDX-License-Identifier: Apache-2.0
 *
 * One list of "kind: action" lines, spread over the kinds. In one list the nearer word wins: kind, then group, then "*".
 */
#ifndef POLICY_LINES_H
#define POLICY_LINES_H

#include "kind_set.h"
#include "policy_table.h"

struct diag;
struct yaml_node;

struct policy_lines {
    const struct yaml_node *value[PHI_KINDS]; /* where it was written; NULL: this list is silent */
    enum policy_action action[PHI_KINDS];
    uint8_t route[PHI_KINDS];
    enum kind_reach reach[PHI_KINDS];
    bool reported[PHI_KINDS]; /* a mistake against the floor is reported once, not for each purpose */
};

/* Reads a map (NULL: silent); adds the names of routes to p. Mistakes go to d. */
void policy_lines_read(struct policy *p, const struct yaml_node *map, struct policy_lines *lines, struct diag *d);
/* `sensitive: block`, or `sensitive: {SUD: block, HIV: route:own}`: the SENS.* kinds, with or without the prefix. */
void policy_lines_sensitive(struct policy *p, const struct yaml_node *value, struct policy_lines *lines, struct diag *d);
/* The kinds of a word, or -1 and a mistake with the nearest word. */
int policy_kinds_read(const struct yaml_node *word, struct kind_set *set, struct diag *d);
/* The decision of a kind that is not silent. Adds a mistake where it shows a kind of the floor. */
struct policy_cell policy_lines_cell(const struct policy *p, struct policy_lines *lines, int kind, size_t file,
                                     struct diag *d);

#endif
