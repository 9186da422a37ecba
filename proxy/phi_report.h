/* SPDX-License-Identifier: Apache-2.0
 *
 * The auditor's reports R1 to R16. Every table is of one form: names, then numbers, then perhaps the first and last time;
 * phi_report_tables.def lists them. One pass over the log fills all.
 */
#ifndef PHI_REPORT_H
#define PHI_REPORT_H

#include <stdio.h>

#include "audit_filter.h"
#include "audit_note.h"
#include "audit_set.h"
#include "audit_tally.h"

enum report_table {
#define TABLE(symbol, id, title, names, numbers, times, sort, chart, note) TABLE_##symbol,
#include "phi_report_tables.def"
#undef TABLE
    REPORT_TABLES
};

/* names, numbers: column heads with '|' between, or "". sort, chart: number column or -1. */
struct report_form {
    const char *id, *title, *names, *numbers, *note;
    bool times;
    int sort, chart;
};
extern const struct report_form report_forms[REPORT_TABLES];

struct report {
    struct tally tables[REPORT_TABLES];
    struct tally_pending pending;
    struct tally users;        /* last block of each, for what followed it */
    char first[28], last[28];  /* times of the records counted */
    uint64_t records, decisions, blocked, found, disclosed, requests_disclosing;
    uint64_t last_seq, first_seq, gaps, unknown_outcomes, outcomes;
    bool failed;

    const char *log, *wanted; /* wanted: "R3", or NULL for all */
    const struct audit_filter *filter;
    struct audit_checkpoint checkpoint;
    bool has_checkpoint;
    char made[28];
};

void report_take(struct report *r, struct span line);
/* A line of the tool's own log beside: searches and reviews only. */
void report_take_beside(struct report *r, struct span line);
/* Records that the filter does not select were not read. */
void report_skip(struct report *r, uint64_t first_seq, uint64_t last_seq, const char *begin, const char *end);
/* Tables that are made of the sums. */
void report_finish(struct report *r);
void report_free(struct report *r);
bool report_wants(const struct report *r, enum report_table t);

void report_write_html(const struct report *r, FILE *out);
void report_write_csv(const struct report *r, FILE *out);
void report_write_json(const struct report *r, FILE *out);

/* Walks the columns of a form or the names of a row: *at starts at 0. */
bool report_part(struct span text, char separator, size_t *at, struct span *part);
/* A name as it is written in a record, without JSON's escapes. false at the end; *c is one byte. */
bool report_char(struct span raw, size_t *at, char *c);

#endif
