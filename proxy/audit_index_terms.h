/* SPDX-License-Identifier: Apache-2.0
 *
 * Words of a record as keyed hashes, and sets of them as Bloom filters: without the key nobody can ask an index for a name.
 */
#ifndef AUDIT_INDEX_TERMS_H
#define AUDIT_INDEX_TERMS_H

#include "buf.h"
#include "keyed_hash.h"
#include "span.h"

#include <stdint.h>

enum audit_term {
    AUDIT_TERM_TYPE = 1, AUDIT_TERM_DECISION, AUDIT_TERM_CODE, AUDIT_TERM_PURPOSE, AUDIT_TERM_ID, AUDIT_TERM_USER, AUDIT_TERM_CLIENT,
    AUDIT_TERM_ROLE, AUDIT_TERM_MODEL, AUDIT_TERM_ENDPOINT, AUDIT_TERM_UPSTREAM, AUDIT_TERM_KIND, AUDIT_TERM_VALUE
};

/* A growing list. */
struct audit_terms {
    uint64_t *v;
    size_t n, room;
    bool failed;
};

/* The key of the hashes, from the audit key. */
MUST_CHECK int audit_terms_key(struct keyed_hash *h, const unsigned char key[32]);
void audit_terms_free(struct audit_terms *t);
void audit_terms_add(struct audit_terms *t, uint64_t hash);
/* Those of a record's line. */
void audit_terms_of_line(struct audit_terms *t, const struct keyed_hash *h, struct span line);
/* Appends the filter over all terms; sorts them. */
void audit_terms_bloom(struct audit_terms *t, struct buf *out);
bool audit_bloom_has(struct span bloom, uint64_t hash);

#endif
