/* SPDX-License-Identifier: Apache-2.0
 *
 * The compiled word lists (dictionaries/words.bin): what is known of a word or of a phrase by its hash (words.h).
 * Mapped read-only, shared by all threads, never copied. Built by dictionaries/build.py; see there for the format.
 */
#ifndef DICTIONARY_H
#define DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the file: its layout, and the bits of a slot that hold facts (build.py's VERSION and PAYLOAD). */
enum { DICTIONARY_VERSION = 3, DICTIONARY_PAYLOAD_BITS = 26 };

/* Facts of a word: three-bit levels, 0 = unknown, 7 = most. */
#define FACT_GIVEN(f) ((f) & 7u)             /* by births */
#define FACT_SURNAME(f) ((f) >> 3 & 7u)      /* by rank; 1 = only known to be a name */
#define FACT_RATIO(f) ((f) >> 6 & 7u)        /* 1 mostly lower case ... 7 mostly capitalized */
#define FACT_FREQUENCY(f) ((f) >> 9 & 7u)    /* as a lower-case word */
#define FACT_CITY(f) ((f) >> 12 & 7u)        /* by population; 1 = a post office */
enum dictionary_fact {
    FACT_BRAND = 1 << 15,   /* a shop, a school, an employer, and another word, too */
    FACT_FIRM = 1 << 16,    /* ... and nothing else */
    FACT_BRAND_HEAD = 1 << 17, /* a phrase of any kind begins with this word */
    FACT_ENGLISH = 1 << 18, /* a lower-case English word */
    FACT_SCIENCE = 1 << 19, /* a lower-case scientific term */
    FACT_COUNTY = 1 << 20,
    FACT_HEAD = 1 << 21,    /* the name of a place of several words begins with this word */
    FACT_SYSTEM = 1 << 22,  /* a health system */
    FACT_LISTED = 1 << 23,  /* has an entry, and not only as a part of a brand, as a term or as a clinical word */
    FACT_TERM = 1 << 24,    /* a drug or a disease, and in no list of names */
    FACT_CLINICAL = 1 << 25, /* a word that descriptions of diseases are made of: "left", "degree", "hand" */
};

/* Is it in a list of names, or a town that many know? */
static inline bool fact_is_name_or_city(uint32_t f)
{
    return FACT_GIVEN(f) || FACT_SURNAME(f) || FACT_CITY(f) >= 3;
}

/* Are many called so? */
static inline bool fact_is_frequent_name(uint32_t f)
{
    return FACT_GIVEN(f) > 3 || FACT_SURNAME(f) > 4;
}

/* Is it a word of English or of science, whatever else it may be? */
static inline bool fact_is_word(uint32_t f)
{
    return f & (FACT_ENGLISH | FACT_SCIENCE);
}

struct phi_dictionary;

/* NULL with the reason in err: missing, of another version, damaged. */
struct phi_dictionary *phi_dictionary_open(const char *path, char *err, size_t err_size);
/* The same over memory that outlives it. */
struct phi_dictionary *phi_dictionary_over(const void *data, size_t size, char *err, size_t err_size);
void phi_dictionary_close(struct phi_dictionary *d); /* NULL is fine */

/* The facts of a word or phrase, 0 when nothing is known. A word without an entry may still be English or scientific;
 * of those about one in 300 unknown words is reported wrongly. */
uint32_t phi_dictionary_find(const struct phi_dictionary *d, uint64_t hash);
/* The entry alone; of many at once, which wait for memory together. */
uint32_t phi_dictionary_entry(const struct phi_dictionary *d, uint64_t hash);
void phi_dictionary_entries(const struct phi_dictionary *d, const uint64_t *hashes, unsigned n, uint32_t *facts);
/* What else is known of a word without an entry: FACT_ENGLISH and FACT_SCIENCE. */
uint32_t phi_dictionary_plain(const struct phi_dictionary *d, uint64_t hash);

#endif
