/* SPDX-License-Identifier: Apache-2.0
 *
 * Comma-separated values (RFC 4180) as practice software exports them: with or without a byte order mark, lines that end
 * in CRLF, LF or CR, fields in quotes with commas, quotes and line breaks in them; commas, semicolons, tabs or bars between
 * the fields, as the first line has them. UTF-8.
 */
#ifndef CSV_H
#define CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CSV_FIELDS_MAX = 256 };

struct csv_field {
    const char *text;
    size_t len;
    uint32_t line, column; /* from 1, column in characters */
};

struct csv_row {
    struct csv_field v[CSV_FIELDS_MAX];
    size_t n;
    const char *mistake; /* what is wrong with the row, or NULL; never quotes it */
    uint32_t line, column; /* of the row, or of the mistake */
};

struct csv {
    char *text;
    size_t len, at;
    uint32_t line;
    size_t line_begin;
    char separator;
};

/* The text is unquoted in place and must outlive the rows. */
void csv_start(struct csv *c, char *text, size_t len);
/* The next row that is not empty; false at the end. A row with a mistake is passed over as a whole line. */
bool csv_next(struct csv *c, struct csv_row *row);

#endif
