/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of drugs and terms of medicine that no list has. A nonproprietary name ends as its kind does, so a drug that comes
 * tomorrow is known today: "Tizanidine", "Tezepelumab", "Vonoprazan"; a disease, a finding, a procedure or an organism ends in
 * the Greek or Latin that says what it is: "Iridocyclitis", "Monocytopenia", "Osteochondropathy".
 * Source of the drugs' stems: WHO, The use of stems in the selection of International Nonproprietary Names (INN) for
 * pharmaceutical substances, and the stems of the United States Adopted Names Council. Left out are endings of people's names,
 * too ("-ine", "-ol", "-vir", "-oma").
 */
#ifndef PHI_TERM_STEM_H
#define PHI_TERM_STEM_H

#include <stdbool.h>
#include <stddef.h>

/* Does the word, ASCII letters in either case, end as a drug or a term does and is it long enough to be one? Ask only of words
 * that are nobody's name in the lists. */
bool term_stem_in(const char *word, size_t n);

#endif
