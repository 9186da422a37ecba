/* SPDX-License-Identifier: Apache-2.0
 *
 * What a pattern costs on the worst texts that can be made from its own characters.
 */
#ifndef RULES_COST_H
#define RULES_COST_H

#include <stddef.h>

/* samples: texts that the pattern matches. 0 when cheap (or when it does not compile, which others report); -1
 * with "a text of ..." in err when it is not. */
int rules_cost_check(const char *pattern, const char *const *samples, size_t n, char *err, size_t err_size);

#endif
