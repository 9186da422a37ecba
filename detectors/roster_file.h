/* SPDX-License-Identifier: Apache-2.0
 *
 * A roster as the modules of libphi see it: its layout, and the two questions that are asked of it.
 */
#ifndef ROSTER_FILE_H
#define ROSTER_FILE_H

#include <stdatomic.h>

#include "roster.h"

enum { ROSTER_VERSION = 2, ROSTER_HEADER = 192, ROSTER_SLOT = 6, ROSTER_TAG_BITS = 40, ROSTER_PROBE_MAX = 512, ROSTER_BLOCK = 64 };

/* Offsets in the header; what is not named is zero. */
enum roster_at {
    ROSTER_AT_VERSION = 8,
    ROSTER_AT_HEADER = 12,
    ROSTER_AT_SALT = 16,
    ROSTER_AT_CHECK = 32,
    ROSTER_AT_PEOPLE = 48,
    ROSTER_AT_ENTRIES = 56,
    ROSTER_AT_IMPORTED = 64,
    ROSTER_AT_SLOTS = 72,
    ROSTER_AT_PROBE = 80,
    ROSTER_AT_FAMILY = 88, /* blocks of the filter */
    ROSTER_AT_GIVEN = 96,
    ROSTER_AT_LENGTHS = 104, /* a bit for each length that values have */
    ROSTER_AT_DENSE = 112,   /* lengths of digits so full that a number alone says little */
    ROSTER_AT_HAS = 120,     /* a bit for each type that there is */
    ROSTER_AT_CODE = 160,
};

extern const char roster_magic[8];

struct phi_roster {
    atomic_uint refs;
    const uint8_t *data;
    size_t size;
    void (*release)(const void *data, size_t size);
    struct roster_keys keys;
    const uint8_t *slots, *family, *given;
    uint64_t n_slots, family_blocks, given_blocks, lengths, dense, has;
    uint32_t probe;
    struct roster_facts facts;
};

/* The spaces of names and values: equal hashes in different ones are different entries. */
enum roster_space { ROSTER_PERSON = 1, ROSTER_FAMILY, ROSTER_BIRTH, ROSTER_VALUE, ROSTER_ADDRESS };

/* SipHash-2-4 of the space and two hashes; the entry is found by it. */
uint64_t roster_tag(const struct roster_keys *keys, enum roster_space space, uint64_t a, uint64_t b);
/* What stands under a tag. That something is found which is not there happens once in 2^36 questions. */
enum roster_type roster_find(const struct phi_roster *r, uint64_t tag);

/* SipHash-1-3 of a word's hash, for the filters. */
uint64_t roster_word(const struct roster_keys *keys, uint64_t hash);
/* May the word be one? About one in 200 that is none passes. */
bool roster_filter_has(const uint8_t *filter, uint64_t blocks, uint64_t word);
void roster_filter_add(uint8_t *filter, uint64_t blocks, uint64_t word);

static inline bool roster_is_name(enum roster_type type)
{
    return type >= ROSTER_PATIENT && type <= ROSTER_STAFF;
}

uint64_t roster_read(const uint8_t *p, unsigned bytes);
void roster_write(uint8_t *p, unsigned bytes, uint64_t value);

#endif
