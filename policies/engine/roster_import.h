/* SPDX-License-Identifier: Apache-2.0
 *
 * From an export of practice software (CSV with a header) to the people and numbers of a roster. Every mistake is reported
 * with file:line:column in one pass, and nothing of the content is ever quoted.
 */
#ifndef ROSTER_IMPORT_H
#define ROSTER_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../detectors/roster.h"

struct diag;
struct roster_builder;

struct roster_counts {
    uint64_t rows, bad_rows;
    uint64_t unusable; /* values that are too short, or that only fill a field */
    uint32_t unused[8]; /* columns that no name is known for, by number, from 1 */
    size_t n_unused;
};

/* patient, relative, employer, staff; 0: none of them. */
enum roster_type roster_role(const char *word, size_t len);

/* The text is changed. role: of rows that do not say. 0; 1 when rows have mistakes and only the others were taken; -1 when the
 * file cannot be used or memory ran out. Mistakes are in d. */
int roster_import(struct roster_builder *b, const char *name, char *text, size_t len, enum roster_type role,
                  struct roster_counts *counts, struct diag *d);

#endif
