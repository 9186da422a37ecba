/* SPDX-License-Identifier: Apache-2.0
 *
 * What kind of text this is, as far as it changes what a name, a place, a date or a link in it means: in the report of a
 * study "between March 2011 and May 2013" is nobody's date, in source code a link is documentation. Whatever speaks of one
 * person (he, she, Mr., DOB, "67-year-old") is neither.
 */
#ifndef GENRE_H
#define GENRE_H

#include <stdbool.h>
#include <stdint.h>

#include "marks.h"

enum genre { GENRE_UNKNOWN = 0, GENRE_PLAIN, GENRE_STUDY, GENRE_CODE };

/* Reads the text once; never GENRE_UNKNOWN. m: of the text, or NULL. */
enum genre genre_of(const struct marks *m, const char *text, uint32_t len);

/* In the report of a study: is the date at [begin, end) the study's, as months, years and both ends of a period are? A whole day that
 * stands for itself ("Comparison: 3/14/2024") is somebody's, for the words of studies are those of reports of findings, too. */
bool genre_is_studys(const char *text, uint32_t len, uint32_t begin, uint32_t end);

#endif
