/* SPDX-License-Identifier: Apache-2.0
 *
 * Dates with the months of other languages (Spanish, Portuguese, French, Italian, German, Dutch, the Nordic ones, Polish):
 * "5 de marzo de 2013", "le 12 août 1980", "vom 3. bis 9. Januar", "12-ene-2020", "noviembre de 2011", "vom 3.1. bis 9.1.2023".
 * Numbers alone ("31/12/2020", "3.4.2021") are read by dates.h, whatever the language.
 */
#ifndef DATES_ABROAD_H
#define DATES_ABROAD_H

#include "dates.h"

/* Does the date begin with number i, or is number i the year of a month before it? Sets first, last and score; first may
 * be before i. */
bool dates_abroad_find(const struct words *w, uint32_t i, struct date *out);

#endif
