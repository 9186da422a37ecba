/* SPDX-License-Identifier: Apache-2.0
 *
 * What kind of text this is, as far as it changes what a name, a place, a date or a link in it means: in the report of a
 * study "between March 2011 and May 2013" is nobody's date, in source code a link is documentation. Whatever speaks of one
 * person (he, she, Mr., DOB, "67-year-old") is neither.
 */
#ifndef GENRE_H
#define GENRE_H

#include <stdint.h>

#include "marks.h"

enum genre { GENRE_UNKNOWN = 0, GENRE_PLAIN, GENRE_STUDY, GENRE_CODE };

/* Reads the text once; never GENRE_UNKNOWN. m: of the text, or NULL. */
enum genre genre_of(const struct marks *m, const char *text, uint32_t len);

#endif
