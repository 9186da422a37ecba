/* SPDX-License-Identifier: Apache-2.0
 *
 * The codes of lines, checked by a thread of their own: they do not depend on each other as the chain does. Whoever verifies a
 * long log does the chain meanwhile. It answers only whether all hold; which one does not is found by reading again.
 */
#ifndef AUDIT_MACS_H
#define AUDIT_MACS_H

#include "span.h"

struct audit_macs;

/* key: 32 bytes, the audit key. NULL: no thread, or out of memory. */
struct audit_macs *audit_macs_new(const unsigned char key[32]);
/* A line (copied) and where its code stands in it, the member with its comma. -1: one of those before does not hold. */
MUST_CHECK int audit_macs_add(struct audit_macs *m, struct span line, size_t mac_begin, size_t mac_end);
/* All that were added hold. */
bool audit_macs_hold(struct audit_macs *m);
void audit_macs_free(struct audit_macs *m);

#endif
