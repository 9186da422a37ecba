/* SPDX-License-Identifier: Apache-2.0
 *
 * Objects that an upstream keeps for a client (a file, a batch, a response, a conversation), as the vault knows them: by the upstream's name and
 * the id that it gave. Which ids an answer tells, and a list without what another client stored.
 */
#ifndef STORED_H
#define STORED_H

#include "shape.h"
#include "span.h"

struct arena;
struct buf;

#define STORED_KEY_MAX 200u
#define STORED_IDS_MAX 4u

/* "openai\nfile-abc"; -1 when it is too long or no id. */
MUST_CHECK int stored_key(const char *upstream, struct span id, struct buf *out);

/* The ids that an answer of this endpoint gives to what the client may ask for from now on: its own, of the files of a batch.
 * -1: no JSON object. */
MUST_CHECK int stored_ids(struct arena *a, enum shape_endpoint e, struct span answer, struct span ids[STORED_IDS_MAX], size_t *n);

/* Whether this client stored what has the id; -1: it cannot be told. */
typedef int stored_known(void *arg, struct span id);
/* {"data": [{"id": ...}, ...]} without the items that are not known; first_id and last_id stay true to what is left. -1: no such
 * list, or known said so. */
MUST_CHECK int stored_filter(struct arena *a, struct span answer, stored_known *known, void *arg, struct buf *out);

#endif
