/* SPDX-License-Identifier: Apache-2.0
 *
 * Policies without their detectors: what a policy decides, for checks, comparisons and tests that need no scan.
 * The engine of such a policy is NULL and its digest empty.
 */
#ifndef POLICY_LOAD_H
#define POLICY_LOAD_H

#include "policy.h"

struct policy *policy_load_decisions(const char *name_or_file, const struct policy_paths *paths, struct diag *d);
struct policy *policy_load_decisions_text(const char *name, const char *text, size_t len,
                                          const struct policy_paths *paths, struct diag *d);

#endif
