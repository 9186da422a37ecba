/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be said about text that went through a policy, computed from its decisions and never declared.
 */
#ifndef CLAIM_H
#define CLAIM_H

#include "policy.h"

/* The weakest over all purposes. "Candidate", because 45 CFR 164.514(b)(2)(ii) also asks for the absence of actual
 * knowledge, which no program can establish. */
enum policy_claim claim_compute(const struct policy *p);

#endif
