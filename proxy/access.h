/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may call. A client is a row of clients.yaml: a hashed key or a certificate, a person or application behind it,
 * the purposes it may claim, its limits. Immutable after loading, except for the counters of use.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "span.h"

#include <stdatomic.h>
#include <stdint.h>

struct diag;

struct principal {
    const char *id, *user, *role;
    const char *default_purpose;      /* NULL: none, the strictest column applies */
    const char *const *purposes;      /* may be claimed by x-phi-purpose; NULL-terminated; "*" allows all */
    const char *const *models;        /* globs; NULL: all that the routes allow */
    uint64_t body_max;                /* 0: the gateway's limit */
    uint32_t concurrent_max;          /* 0: no limit of its own */
    uint32_t per_minute_max;          /* 0: none */
    uint64_t number;                  /* keeps connection pools apart; stable for one table */
    bool revoked;
    bool may_override;                /* x-phi-override, where the policy knows one */
    long override_until;              /* last day, since 1970-01-01; 0: no end */
    atomic_uint *use;                 /* calls in progress, calls in this minute, the minute; owned by the table */
};

struct access;

/* NULL with mistakes in d. A file that others can read is refused. */
struct access *access_load(const char *path, struct diag *d);
void access_free(struct access *a);
size_t access_count(const struct access *a);
const struct principal *access_at(const struct access *a, size_t i);

/* The client with this key (as sent, "pg-...") or this certificate; NULL when there is none or it is revoked.
 * Takes the same time whichever row fits. */
const struct principal *access_find(const struct access *a, struct span key, struct span fingerprint);

/* The same key and certificate stand behind both. */
bool principal_same_credentials(const struct principal *a, const struct principal *b);
/* SHA-256 of who the clients are and of their credentials' hashes: another table, another digest. */
void access_digest(const struct access *a, char hex[65]);

bool principal_may_claim(const struct principal *p, struct span purpose);
bool principal_may_override(const struct principal *p, long today);
bool principal_may_use(const struct principal *p, struct span model);

/* Counts a call in. false: over a limit (*retry_after seconds). Every true is paired with principal_leave. */
bool principal_enter(const struct principal *p, uint64_t now_s, unsigned *retry_after);
void principal_leave(const struct principal *p);

/* A new key, "pg-" and 43 characters, and the hash that is stored. -1: no randomness. */
#define ACCESS_KEY_LEN 46
MUST_CHECK int access_key_new(char key[ACCESS_KEY_LEN + 1], char hash[65]);

#endif
