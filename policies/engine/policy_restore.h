/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tools get real values back in their arguments: `restore: {tools: {send_fax: tokens}}`.
 */
#ifndef POLICY_RESTORE_H
#define POLICY_RESTORE_H

#include "policy_table.h"

struct policy_chain;

/* Mistakes go to d. */
void policy_restore_read(struct policy *p, const struct policy_chain *chain, struct diag *d);

#endif
