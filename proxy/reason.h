/* SPDX-License-Identifier: Apache-2.0
 *
 * Reasons of decisions in plain sentences: for the error, `phi explain` and the auditor's report. The code stays what programs
 * and records go by.
 */
#ifndef REASON_H
#define REASON_H

#include "span.h"

/* NULL: the code has none, and says what it says. */
const char *reason_sentence(struct span code);
/* Of an action of a policy, by its name: what becomes of the text. */
const char *reason_of_action(const char *action);

#endif
