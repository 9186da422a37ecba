/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of drugs that no list has. A nonproprietary name ends as its kind does, so a drug that comes tomorrow is known today:
 * "Tizanidine", "Tezepelumab", "Vonoprazan".
 * Source: WHO, The use of stems in the selection of International Nonproprietary Names (INN) for pharmaceutical substances, and
 * the stems of the United States Adopted Names Council. Left out are stems that end names of people, too ("-ine", "-ol", "-vir").
 */
#ifndef PHI_DRUG_STEM_H
#define PHI_DRUG_STEM_H

#include <stdbool.h>
#include <stddef.h>

/* Does the word, ASCII letters in either case, end as a drug does and is it long enough to be one? Ask only of words that
 * are nobody's name in the lists. */
bool drug_stem_in(const char *word, size_t n);

#endif
