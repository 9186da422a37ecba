/* SPDX-License-Identifier: Apache-2.0
 *
 * Mistakes in files that people write. All mistakes of a file are collected in one pass and shown with
 * file:line:column, the line, a caret, what was expected and the nearest known word.
 */
#ifndef DIAG_H
#define DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct diag; /* a list of mistakes; holds its own copies */

struct diag *diag_new(void);
void diag_free(struct diag *d);

/* source: the whole file as read, or NULL; line and column count from 1, column in characters; 0 = unknown. */
void diag_add(struct diag *d, const char *file, const char *source, uint32_t line, uint32_t column,
              const char *format, ...) __attribute__((format(printf, 6, 7)));
size_t diag_count(const struct diag *d);
/* file:line:column: message / the line / caret, for each, in order of file and line. */
void diag_print(const struct diag *d, FILE *out);
/* Something is said of this place already. */
bool diag_has(const struct diag *d, const char *file, uint32_t line, uint32_t column);
const char *diag_message(const struct diag *d, size_t i);
uint32_t diag_line(const struct diag *d, size_t i);
uint32_t diag_column(const struct diag *d, size_t i);

/* The known word nearest to a mistyped one (edit distance at most 2 and less than half its length), or NULL. */
const char *diag_nearest(const char *word, const char *const *known, size_t n);

#endif
