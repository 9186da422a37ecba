/* SPDX-License-Identifier: Apache-2.0
 *
 * What changes when one policy takes the place of another: decision by decision, and in the switches around them.
 */
#ifndef POLICY_DIFF_H
#define POLICY_DIFF_H

#include "policy.h"

enum policy_change {
    POLICY_LOOSER = 0, /* more may leave, or less is found: the answer when in doubt */
    POLICY_STRICTER,
    POLICY_OTHERWISE /* neither: both actions show the value, or only a wording differs */
};

struct policy_difference {
    enum policy_change change;
    const char *what;    /* constant: "action", "purpose", "threshold", "floor", "mode", ... */
    const char *purpose; /* of an action or a purpose; "" for requests without one; else NULL */
    const char *where;   /* a request for which it holds, in words; NULL: wherever no scope applies */
    enum phi_kind kind;  /* PHI_NONE where there is none */
    const char *before, *after;
};

typedef void policy_diff_report(void *arg, const struct policy_difference *difference);

/* Calls report for each difference, in a fixed order. report may be NULL. True when at least one is looser. */
bool policy_diff(const struct policy *before, const struct policy *after, policy_diff_report *report, void *arg);

/* Of a changed action. */
enum policy_change policy_action_change(enum policy_action before, enum policy_action after);
const char *policy_change_name(enum policy_change c);

#endif
