/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts the gateway into its sandbox (sandbox.h), in two steps of its start, and says what holds.
 */
#ifndef CONFINE_H
#define CONFINE_H

#include "span.h"

struct config;

/* Before any thread is started, after the configuration was read. -1: something that is required is missing; said in the log. */
MUST_CHECK int confine_files(const struct config *c);
/* When all listeners are open. As above. */
MUST_CHECK int confine_calls(const struct config *c);
/* For `--check`: what a gateway with this configuration would have here. */
void confine_describe(const struct config *c, char *out, size_t size);

#endif
