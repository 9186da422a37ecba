/* SPDX-License-Identifier: Apache-2.0
 *
 * Detector rules from YAML (the `rules:` list of a rules file or of a policy) into a libphi engine.
 */
#ifndef RULES_LOAD_H
#define RULES_LOAD_H

#include <stddef.h>

struct diag;
struct phi_engine;
struct yaml_node;

/* Adds every rule of the list. A rule needs id, kind, pattern, score and at least one matching and one
 * non-matching example; pattern errors point at the character inside the pattern. Returns 0, or -1 with the
 * mistakes in d. */
int rules_load(const struct yaml_node *list, struct phi_engine *engine, struct diag *d);

/* One outcome per example, for `phi test`: the examples are scanned by the sealed engine and by the rule
 * named. report is called with ok = 1 or 0, the rule id, "match" or "not", and the example's line. */
typedef void rules_report(void *arg, int ok, const char *rule_id, const char *what, const char *file,
                          unsigned line);
int rules_test(const struct yaml_node *list, const struct phi_engine *engine, rules_report *report, void *arg);

#endif
