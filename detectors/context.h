/* SPDX-License-Identifier: Apache-2.0
 *
 * Is one of the rule's words near the match?
 */
#ifndef PHI_CONTEXT_H
#define PHI_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

struct rule;

/* A word counts when it stands at word borders, whole, within rule->within bytes before begin or behind end. */
bool context_has(const struct rule *rule, const char *text, uint32_t len, uint32_t begin, uint32_t end);

#endif
