/* SPDX-License-Identifier: Apache-2.0
 *
 * When and which: both clocks, the boot id and a UUID for each record. One thread.
 */
#ifndef AUDIT_CLOCK_H
#define AUDIT_CLOCK_H

#include "span.h"

#include <stdint.h>

#define AUDIT_UUID_LEN 36
#define AUDIT_TIME_LEN 27

struct audit_clock {
    char boot[AUDIT_UUID_LEN + 1];
    char ts[AUDIT_TIME_LEN + 1]; /* RFC 3339, UTC, microseconds */
    char id[AUDIT_UUID_LEN + 1]; /* UUIDv7, RFC 9562 section 5.7 */
    uint64_t mono;               /* microseconds since boot */
    int64_t second;              /* that ts was made for */
    unsigned char pool[1024];    /* random bytes, drawn in blocks */
    size_t pool_left;
};

MUST_CHECK int audit_clock_init(struct audit_clock *c);
/* Sets ts, mono and a new id. -1: no random bytes. */
MUST_CHECK int audit_clock_next(struct audit_clock *c);
uint64_t audit_clock_mono(void);

#endif
