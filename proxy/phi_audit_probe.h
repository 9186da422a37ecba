/* SPDX-License-Identifier: Apache-2.0
 *
 * A search for values: who asks, the keyed hashes, and the record that says that somebody searched. The record is durable
 * before anything is shown; a refusal is recorded too. The values themselves are wiped; neither they nor their hashes are
 * printed.
 */
#ifndef PHI_AUDIT_PROBE_H
#define PHI_AUDIT_PROBE_H

#include "audit.h"
#include "audit_set.h"
#include "phi_audit.h"
#include "phi_auditor.h"
#include "span.h"

#define PHI_PROBE_MAX 512 /* needles: each value under each kind that it may be */

struct audit_hasher;

struct phi_probe {
    struct phi_auditor who;  /* as and clients are set by the caller */
    const char *old_path;    /* keys that were used before; NULL: none */
    struct phi_old_keys old;
    struct audit_hasher *old_hashers[PHI_OLD_KEYS];
    const char *key_path;    /* the audit key */
    unsigned char key[32];
    struct audit_hasher *hasher;
    char text[PHI_PROBE_MAX][64]; /* "WORD:hash" */
    struct span needles[PHI_PROBE_MAX];
    size_t n, asked;         /* needles; values */
    const char *kind;        /* of the only value; NULL: all, or several values */
};

/* Reads the keys; the audit key must be the log's. -1 with a sentence. */
MUST_CHECK int phi_probe_begin(struct phi_probe *p, const struct audit_set *set);
/* kind: a kind or the first word of one; NULL: all. -1 with a sentence. */
MUST_CHECK int phi_probe_add(struct phi_probe *p, struct span value, const char *kind);
/* An argument, or "-" for standard input. */
MUST_CHECK int phi_probe_add_argument(struct phi_probe *p, const char *value, const char *kind);
/* Lines of a kind, a space and a value, from a file or standard input ("-"): the identifiers of one patient. */
MUST_CHECK int phi_probe_add_lines(struct phi_probe *p, const char *path);
/* what: "search" or "accounting". -1 with a sentence: refused, or not recorded. */
MUST_CHECK int phi_probe_record(struct phi_probe *p, const char *log, const char *what);
void phi_probe_wipe(struct phi_probe *p);

#endif
