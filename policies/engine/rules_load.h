/* SPDX-License-Identifier: Apache-2.0
 *
 * Detector rules from YAML (the `rules:` list of a rules file or of a policy) into a libphi engine.
 */
#ifndef RULES_LOAD_H
#define RULES_LOAD_H

#include <stddef.h>

#include <stdbool.h>

#include "../../detectors/phi.h"

struct diag;
struct yaml_node;

/* What a policy changes about a rule that it did not write. */
struct rules_change {
    const struct yaml_node *id; /* as written in the policy */
    bool disable;
    int score;                  /* when not disabled */
    enum phi_kind kind;         /* out: the rule's kind; PHI_NONE while no rule of that id was met */
    int score_before;           /* out */
};

struct rules_options {
    struct rules_change *changes;
    size_t n_changes;
    bool skip_cost; /* rules that are known to be cheap: the built-in ones, which the tests check */
};

/* A rules file: id, description, rules, end. Returns its list, or NULL; mistakes beside it, too, are in d. */
const struct yaml_node *rules_file_list(const struct yaml_node *root, struct diag *d);

/* Adds every rule of the list. A rule needs id, kind, pattern, score and at least one matching and one
 * non-matching example; pattern errors point at the character inside the pattern. Returns 0, or -1 with the
 * mistakes in d. */
int rules_load(const struct yaml_node *list, struct phi_engine *engine, struct diag *d);
int rules_load_with(const struct yaml_node *list, const struct rules_options *options, struct phi_engine *engine,
                    struct diag *d);

/* One outcome per example, for `phi test`: each example is scanned by the sealed engine. "match" wants a finding of
 * that rule, or of its kind where a longer or stronger rule won the place; "not" wants no finding of that rule.
 * report is called with ok = 1 or 0, the rule id, "match" or "not", and the example's line. Returns 0, or -1 when
 * a scan failed. */
typedef void rules_report(void *arg, int ok, const char *rule_id, const char *what, const char *file,
                          unsigned line);
int rules_test(const struct yaml_node *list, const struct phi_engine *engine, rules_report *report, void *arg);

#endif
