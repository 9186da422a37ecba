/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of request ids: the decisions to forward whose outcome has not been read yet.
 */
#ifndef AUDIT_IDS_H
#define AUDIT_IDS_H

#include "span.h"

struct audit_ids;

struct audit_ids *audit_ids_new(void); /* NULL when out of memory */
void audit_ids_free(struct audit_ids *ids);
/* id: at most AUDIT_ID_MAX bytes. An id that is already there stays once. -1 when out of memory. */
MUST_CHECK int audit_ids_put(struct audit_ids *ids, struct span id);
void audit_ids_remove(struct audit_ids *ids, struct span id);
void audit_ids_clear(struct audit_ids *ids);
size_t audit_ids_count(const struct audit_ids *ids);
/* What a record means for the set: a decision to forward (or one carried into a new file) opens its request, an
 * outcome closes it. -1 when out of memory. */
MUST_CHECK int audit_ids_follow(struct audit_ids *ids, struct span type, struct span request_id, struct span decision);
/* Walks the set: *at starts at 0. false at the end. */
bool audit_ids_next(const struct audit_ids *ids, size_t *at, struct span *id);

#endif
