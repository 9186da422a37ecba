/* SPDX-License-Identifier: Apache-2.0
 *
 * The rosters of a policy: those of its files, and those of the gateway that it works for.
 */
#ifndef ROSTER_LIST_H
#define ROSTER_LIST_H

struct diag;
struct phi_engine;
struct phi_roster;
struct policy;
struct yaml_node;

/* `rosters:` of one file: [{file: patients.roster, key: roster.key}], relative to it. Mistakes go to d. */
void roster_list_load(struct policy *p, const struct yaml_node *list, struct phi_engine *engine, struct diag *d);
/* One that is open. 0, or -1: there are too many. */
int roster_list_add(struct policy *p, struct phi_roster *roster, const char *file, const char *digest, struct phi_engine *engine);

#endif
