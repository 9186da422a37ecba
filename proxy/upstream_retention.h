/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks vendors that answer it how long they keep what they are sent: at the start, after a reload and every day. What they say is
 * compared with the arrangement of the agreement and recorded; until it fits, nothing goes there.
 */
#ifndef UPSTREAM_RETENTION_H
#define UPSTREAM_RETENTION_H

struct audit_record;
struct event_base;
struct retention;
struct settings;

typedef void retention_emit(void *context, struct audit_record *r); /* takes the record; NULL: it could not be made */

/* NULL when out of memory. Lives in the event loop of base. */
struct retention *retention_new(struct event_base *base, retention_emit *emit, void *context);
void retention_free(struct retention *r); /* before the loop */
/* What is known of upstreams that stay as they are goes over to other settings, before these decide. */
void retention_keep(const struct settings *before, const struct settings *after);
/* These settings decide from now on. A state that is known stays until the answer comes. */
void retention_watch(struct retention *r, struct settings *s);

#endif
