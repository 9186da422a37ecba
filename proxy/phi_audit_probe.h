/* SPDX-License-Identifier: Apache-2.0
 *
 * A search for a value: its keyed hashes, and the record that says that somebody searched. The record is durable before
 * anything is shown. The value itself is wiped; neither it nor its hash is printed.
 */
#ifndef PHI_AUDIT_PROBE_H
#define PHI_AUDIT_PROBE_H

#include "audit.h"
#include "audit_set.h"
#include "span.h"

#define PHI_PROBE_MAX 64 /* kinds */

struct phi_probe {
    unsigned char key[32];
    char text[PHI_PROBE_MAX][64]; /* "WORD:hash" */
    struct span needles[PHI_PROBE_MAX];
    size_t n;
    const char *kind; /* NULL: all */
};

/* value: "-" reads standard input. kind: a kind or the first word of one; NULL: all. The key must be the log's. -1 with a
 * sentence. */
MUST_CHECK int phi_probe_prepare(struct phi_probe *p, const struct audit_set *set, const char *value, const char *kind,
                                 const char *key_path);
/* In the log, or, while a gateway writes it, in the log of its own "<log>.probes". -1 with a sentence. */
MUST_CHECK int phi_probe_record(const struct phi_probe *p, const char *log);
void phi_probe_wipe(struct phi_probe *p);

/* ---- records of the tool ---- */

/* The key is the one of this log; else a sentence and -1. */
MUST_CHECK int phi_audit_key_fits(const struct audit_set *set, const unsigned char key[32], const char *key_path);
/* A record with the login name of who runs the tool; NULL when out of memory. */
struct audit_record *phi_audit_person_record(const char *type, const char *event);
/* Takes the record; 0: it is durable, in the log or, while a gateway writes it, in "<log>.probes". -1 with a sentence. */
MUST_CHECK int phi_audit_append(const char *log, const unsigned char key[32], struct audit_record *r);

#endif
