/* SPDX-License-Identifier: Apache-2.0
 *
 * The files of one log as one run of lines: the log itself, the segments that were rotated away, and what was set aside.
 * In order of their first record; what a file holds beyond the first record of the next is left out (a failed sync may
 * leave such lines).
 */
#ifndef AUDIT_SET_H
#define AUDIT_SET_H

#include "span.h"

#include <stdint.h>

struct audit_set;
struct audit_lines;
struct audit_sealer;

/* path: the log. Finds its other files by their names. NULL with a constant reason. */
struct audit_set *audit_set_find(const char *path, const char **reason);
/* Exactly these files, in any order. */
struct audit_set *audit_set_of(const char *const *paths, size_t n, const char **reason);
void audit_set_free(struct audit_set *s);
size_t audit_set_count(const struct audit_set *s);
const char *audit_set_name(const struct audit_set *s, size_t i);
uint64_t audit_set_first(const struct audit_set *s, size_t i); /* sequence of its first record; 0: the file is empty */

/* Reads from the file that holds record `seq` (0: from the first). The last file from an offset on, when a line begins there
 * and is record `seq`. NULL when out of memory. */
struct audit_lines *audit_lines_open(const struct audit_set *s, uint64_t seq, uint64_t offset);
void audit_lines_close(struct audit_lines *l);
/* Encrypted records are opened with it, those that do not open are left out and counted. Borrowed. Without one all encrypted
 * records are left out. */
void audit_set_open_with(struct audit_set *s, struct audit_sealer *sealer);
/* Lines are returned as they stand in the file, sealed or not. */
void audit_lines_raw(struct audit_lines *l);
/* How many records were left out: encrypted without a key for it, erased. */
uint64_t audit_lines_sealed(const struct audit_lines *l);
uint64_t audit_lines_erased(const struct audit_lines *l);
/* The next line without its newline; valid until the next call. false at the end or on a failure. */
bool audit_lines_next(struct audit_lines *l, struct span *line);
bool audit_lines_failed(const struct audit_lines *l); /* a file could not be read */
bool audit_lines_torn(const struct audit_lines *l);   /* the last file ends in part of a line */
/* Where the line that was returned last is. */
const char *audit_lines_file(const struct audit_lines *l);
uint64_t audit_lines_number(const struct audit_lines *l); /* counted from where reading began in the file */
uint64_t audit_lines_file_first(const struct audit_lines *l); /* sequence of its file's first record */
uint64_t audit_lines_offset(const struct audit_lines *l);     /* of its first byte */
uint64_t audit_lines_end_offset(const struct audit_lines *l); /* behind its newline */
/* Goes on at a line's first byte in the file that begins with this record. -1: there is no such file. */
MUST_CHECK int audit_lines_seek(struct audit_lines *l, uint64_t file_first, uint64_t offset);

#endif
