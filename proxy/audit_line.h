/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading one line of the audit log: the members that the chain and the tools need, as borrowed spans. Whatever
 * is not in canonical form is refused.
 */
#ifndef AUDIT_LINE_H
#define AUDIT_LINE_H

#include "span.h"

#include <stdint.h>

#define AUDIT_VERSION 1
#define AUDIT_ID_MAX 64 /* of a request_id */

struct audit_line {
    uint64_t seq, mono;
    struct span boot, id, mac, node, prev, ts, type;
    struct span request_id, decision, event; /* len 0: not there */
    int64_t vault_seq;                       /* -1: not there */
    size_t mac_begin, mac_end;               /* the mac member with its comma */
};

/* text: without the newline. -1 with a constant reason. */
MUST_CHECK int audit_line_read(struct span text, struct audit_line *line, const char **reason);

/* Member names that the log itself writes. */
bool audit_line_reserved(struct span name);
/* 1 to AUDIT_ID_MAX printable ASCII characters that need no escape. */
bool audit_line_id_valid(struct span id);

#endif
