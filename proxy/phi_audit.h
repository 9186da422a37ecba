/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands of `phi audit` share: keys, the files of a log, what a command writes. Every sentence goes to standard
 * error and ends in exit 2; a file that is there is never overwritten.
 */
#ifndef PHI_AUDIT_H
#define PHI_AUDIT_H

#include <stdio.h>

#include "audit_filter.h"
#include "audit_note.h"
#include "audit_set.h"
#include "phi_tool.h"

/* 64 hex digits. */
MUST_CHECK int phi_audit_key(const char *path, unsigned char key[32]);
/* Keys that were used before, oldest first, one in each line. The caller wipes. */
#define PHI_OLD_KEYS 16
struct phi_old_keys {
    unsigned char v[PHI_OLD_KEYS][32];
    size_t n;
};
MUST_CHECK int phi_audit_old_keys(const char *path, struct phi_old_keys *out);
/* A public (or, wanted_private, a private) key in note form. */
MUST_CHECK int phi_audit_note_key(const char *path, bool wanted_private, struct audit_note_key *k);
/* The files of a log; NULL: audit/decisions.log. */
struct audit_set *phi_audit_set(const char *path);
const char *phi_audit_log(const char *path);
/* Complains when reading the log ended in a failure. */
MUST_CHECK int phi_audit_lines_end(const struct audit_lines *l);
/* "<log>.checkpoint", or the file of that name; the caller frees. */
MUST_CHECK int phi_audit_note(const char *log, const char *file, struct buf *note, struct audit_checkpoint *c);
/* Standard output, or a new file; NULL with a sentence. */
FILE *phi_audit_output(const char *path);
MUST_CHECK int phi_audit_output_end(FILE *f, const char *path);
void phi_audit_span(FILE *f, struct span s);

/* audit_filter_prepare with a sentence; a word that no record can hold is a mistake, not an empty answer. */
MUST_CHECK int phi_audit_filter(struct audit_filter *f);

/* How they are called. */
extern const char phi_audit_verify_usage[], phi_audit_search_usage[], phi_audit_report_usage[],
    phi_audit_accounting_usage[], phi_audit_breach_usage[], phi_audit_export_usage[], phi_audit_merge_usage[],
    phi_audit_review_usage[], phi_audit_index_usage[], phi_audit_rekey_usage[], phi_audit_hold_usage[],
    phi_audit_erase_usage[], phi_audit_schema_usage[], phi_audit_prove_usage[], phi_audit_witness_usage[],
    phi_audit_checkpoint_usage[];
int phi_audit_verify(int argc, char **argv);
int phi_audit_search(int argc, char **argv);
int phi_audit_report(int argc, char **argv);
int phi_audit_export(int argc, char **argv);
int phi_audit_merge(int argc, char **argv);
int phi_audit_prove(int argc, char **argv);
int phi_audit_witness(int argc, char **argv);
int phi_audit_review(int argc, char **argv);
int phi_audit_incident(int argc, char **argv);
int phi_audit_accounting(int argc, char **argv);
int phi_audit_breach(int argc, char **argv);
int phi_audit_index(int argc, char **argv);
int phi_audit_hold(int argc, char **argv);
int phi_audit_erase(int argc, char **argv);
int phi_audit_rekey(int argc, char **argv);
int phi_audit_schema(int argc, char **argv);
int phi_audit_checkpoint(int argc, char **argv);

#endif
