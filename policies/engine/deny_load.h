/* SPDX-License-Identifier: Apache-2.0
 *
 * `deny:` of a policy: words that are always hidden, by kind.
 */
#ifndef DENY_LOAD_H
#define DENY_LOAD_H

struct diag;
struct phi_engine;
struct yaml_node;

/* Adds a rule for each word; number counts them over the files of a policy. Mistakes go to d. */
void deny_load(const struct yaml_node *map, unsigned *number, struct phi_engine *engine, struct diag *d);

#endif
