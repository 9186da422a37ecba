/* SPDX-License-Identifier: Apache-2.0
 *
 * The auditors' log, "<log>.probes": what was asked of the log, and what was decided about it. A log has one writer, the
 * gateway; so the tool has a log of its own, of the same form and under the same key. The gateway notes the head of it in its
 * own records ("anchor"), so that what stands there cannot be taken out unseen.
 */
#ifndef PHI_AUDIT_BESIDE_H
#define PHI_AUDIT_BESIDE_H

#include "audit.h"
#include "audit_set.h"
#include "buf.h"

struct phi_auditor;

/* The key is the one of this log; else a sentence and -1. */
MUST_CHECK int phi_audit_key_fits(const struct audit_set *set, const unsigned char key[32], const char *key_path);

/* "<log>.probes"; -1 when that is too long. */
MUST_CHECK int phi_beside_name(const char *log, char *out, size_t size);
/* Its records, from the first on; NULL when there is none. Both are the caller's. */
struct audit_lines *phi_beside_lines(const char *log, struct audit_set **set);

/* A record with who runs the tool: the login name and, when somebody is given, the client of clients.yaml. NULL when out of
 * memory. */
struct audit_record *phi_audit_person_record(const char *type, const char *event, const struct phi_auditor *who);

/* Waits some seconds for another tool that writes it. NULL with a sentence. */
struct audit *phi_beside_open(const char *log, const unsigned char key[32]);
/* Takes the record; 0: it is durable. */
MUST_CHECK int phi_beside_write(struct audit *a, struct audit_record *r);
/* Both at once. -1 with a sentence. */
MUST_CHECK int phi_audit_append(const char *log, const unsigned char key[32], struct audit_record *r);

#endif
