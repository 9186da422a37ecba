/* SPDX-License-Identifier: Apache-2.0
 *
 * How far the value of a field goes that begins at `at`, by what it is; all return where it ends, at most len or `end`.
 */
#ifndef FIELD_CELL_H
#define FIELD_CELL_H

#include <stdbool.h>
#include <stdint.h>

/* Up to the end of the line, a tab, a bar or a run of blanks; no more than `most` bytes, and whole characters. */
uint32_t cell_end(const char *text, uint32_t len, uint32_t at, uint32_t most);
/* A label inside the cell ends the value: "Name: X MRN: Y", "street, city Phone: 1". */
uint32_t cell_before_label(const char *text, uint32_t at, uint32_t end);
/* "Employer: Quillfield (boning line 19 yr)": what he does there is none of it. */
uint32_t cell_before_bracket(const char *text, uint32_t at, uint32_t end);
/* With its last digit, or with Z, and in front of its hour. */
uint32_t cell_date_end(const char *text, uint32_t len, uint32_t at);
/* Groups of digits belong together: "536 22 8741". */
uint32_t cell_id_end(const char *text, uint32_t len, uint32_t at);
uint32_t cell_phone_end(const char *text, uint32_t len, uint32_t at);
/* "Visit: 9/12/2023 2:20p": a day and an hour, and no number of a visit. */
bool cell_is_moment(const char *text, uint32_t len, uint32_t at);

#endif
