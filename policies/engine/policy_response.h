/* SPDX-License-Identifier: Apache-2.0
 *
 *   response: {NAME.*: mask, SSN: block, "*": monitor}
 *
 * What happens to identifiers that a model wrote by itself. The caller's own values, which take their tokens' places in the
 * answer, are not asked about.
 */
#ifndef POLICY_RESPONSE_H
#define POLICY_RESPONSE_H

#include "policy.h"

enum policy_response {
    POLICY_RESPONSE_BLOCK = 0, /* the answer ends there */
    POLICY_RESPONSE_MASK,      /* [NAME] */
    POLICY_RESPONSE_MONITOR,   /* passes, and is counted */
    POLICY_RESPONSE_PASS,      /* the policy says nothing of it */
    POLICY_RESPONSES
};

/* Nothing that the policy says needs an answer to be searched. */
bool policy_response_is_silent(const struct policy *p);
/* At least one kind is masked or blocked, so that text must be held back until it is searched. */
bool policy_response_holds(const struct policy *p);
enum policy_response policy_response(const struct policy *p, enum phi_kind kind);
const char *policy_response_name(enum policy_response r);

struct diag;
struct policy_chain;
/* Whole from the nearest file that has it. Mistakes go to d. */
void policy_response_read(struct policy *p, const struct policy_chain *chain, struct diag *d);

#endif
