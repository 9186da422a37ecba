/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates: written with months, in numbers, in words, partial, as holidays and seasons. A year alone stays
 * (45 CFR 164.514(b)(2)(i)(C)), and so do expressions without a calendar anchor ("three days later").
 */
#ifndef DATES_H
#define DATES_H

#include <stdbool.h>
#include <stdint.h>

#include "words.h"

struct date {
    uint32_t first, last; /* words, last included */
    uint16_t kind;        /* enum phi_kind */
    uint8_t score;
};

/* Is there a date that begins with word i? */
bool dates_find(const struct words *w, uint32_t i, struct date *out);

/* The months of which a text writes days as 3/14, a bit each, and whether its words at hand were read for them. */
struct date_months {
    uint16_t months;
    bool read;
};

/* Is word i the month of a day without a cue, "9/3", in a text that writes its days so? What may be a part (1/2) or a score (4/5)
 * needs more. known is read when it is needed first; reset known->read when the words change. */
bool dates_find_pair(const struct words *w, uint32_t i, struct date_months *known, struct date *out);

/* The months of which a text writes days with a dot, and with a blank, as dates_find_pair has it. */
struct date_ways {
    uint16_t dotted, spaced;
    bool read;
};
/* Is word i the month of a day, "12.28" or "11 15", in a text that writes its days so? */
bool dates_find_marked(const struct words *w, uint32_t i, struct date_ways *ways, struct date *out);

/* The value of a number of at most four digits, or -1. */
int dates_digits(const struct words *w, uint32_t i);
/* Is there a word i, and only this one byte in front of it? */
bool dates_one_mark(const struct words *w, uint32_t i, uint16_t mark);
/* Is the month one of these, or beside one? */
bool dates_near_month(uint16_t months, int month);

/* "Easter Sunday", "Patriots' Day": does a holiday begin with word i? */
bool dates_find_holiday(const struct words *w, uint32_t i, struct date *out);

/* "on the ninth": is word i a day of the month that is said? Only from the fourth on; the first three count all sorts of things. */
bool dates_find_said_day(const struct words *w, uint32_t i, struct date *out);

/* "2021", "twenty twenty-one", "nineteen fifty six", "two thousand five": of how many words is the year that begins with word i? 0: none does. */
unsigned dates_year_words(const struct words *w, uint32_t i);
/* A year behind the day or month that ends with word `last`: ", 2021", " 2021", "-21", " '21", " of 2021". The last word with it. */
uint32_t dates_with_year(const struct words *w, uint32_t last, bool *has);

/* "Monday, March 3", "mon 4 aug 2025": where the date that begins with word `first` begins with its weekday. whole: it has a year, and "sun"
 * and "sat" are no words then. */
uint32_t dates_with_weekday(const struct words *w, uint32_t first, bool whole);

/* "4Mar21", "04MAR2021": is word i a date in one piece? */
bool dates_find_glued(const struct words *w, uint32_t i, struct date *out);

/* The value of a number of one or two words ("seven", "thirty-one", "twenty first"), 0..99; -1 when it is none.
 * used: how many words. ordinal: whether it is one ("first"). */
int dates_read_number(const struct words *w, uint32_t i, unsigned *used, bool *ordinal);

#endif
