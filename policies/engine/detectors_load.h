/* SPDX-License-Identifier: Apache-2.0
 *
 * The detectors of a policy: built-in rules, the rules of a site and what the site changes about them, sealed into
 * one engine.
 */
#ifndef DETECTORS_LOAD_H
#define DETECTORS_LOAD_H

struct diag;
struct policy;
struct policy_chain;
struct policy_paths;

/* Gives the policy its engine and its digest. 0, or -1 with mistakes in d. */
int detectors_load(struct policy *p, const struct policy_chain *chain, const struct policy_paths *paths,
                   struct diag *d);

#endif
