/* SPDX-License-Identifier: Apache-2.0
 *
 * A report that can be handed on: a signed note beside it names its digest and the checkpoint that it was made under.
 *
 *   phigate report v1
 *   sha256 <digest of the file>
 *   checkpoint <name> <records> <root>      or: checkpoint none
 *   made 2026-01-31T12:00:00Z
 *
 *   — name base64(key id, Ed25519 signature)
 */
#ifndef PHI_AUDIT_STATEMENT_H
#define PHI_AUDIT_STATEMENT_H

#include "audit_note.h"

struct report;

/* "<path>.sig" about the bytes of the file. -1 with a sentence. */
MUST_CHECK int phi_statement_write(const char *path, const char *digest, const struct report *r, const struct audit_note_key *key);
/* text: of the note "<report>.sig". An exit code; says what holds. */
int phi_statement_verify(const char *path, struct span text, const struct audit_note_key *key);
bool phi_statement_is(struct span text);

#endif
