/* SPDX-License-Identifier: Apache-2.0
 *
 * A site's own patients, staff and numbers, known by keyed hashes alone: what is looked for can be found, but nothing
 * can be read out of it. Immutable and counted, so that the policies of a gateway share one.
 *
 * The file, all numbers little-endian:
 *
 *     header   magic, version, salt, check of the key, counts, lengths of values, authentication code (roster_file.h)
 *     entries  six bytes each: 40 bits of a keyed hash and what it stands for; open addressing
 *     filters  two Bloom filters over keyed hashes of words: family names, given names
 *
 * Who seals and checks the code, and makes the two keys from the site's secret and the salt, is the caller: libphi
 * holds no cryptographic library.
 */
#ifndef ROSTER_H
#define ROSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "siphash.h"

enum { ROSTER_SALT = 16, ROSTER_CHECK = 16, ROSTER_CODE = 32 };

struct roster_keys {
    struct siphash_key filters, entries;
};

/* What is said of a roster in the open. */
struct roster_facts {
    uint64_t people, entries;
    int64_t imported; /* days since 1970-01-01 */
};

/* What an entry stands for; 0 is no entry. Where two say different things of one name, the lower one holds. */
enum roster_type {
    ROSTER_NONE = 0,
#define TYPE(symbol, word, kind) ROSTER_##symbol,
#include "roster_types.def"
#undef TYPE
    ROSTER_TYPES
};

struct phi_roster;

/* The parts of a file that the caller needs to check it. NULL when the bytes are no roster of this version, with the
 * reason in err. */
struct roster_parts {
    const uint8_t *salt, *check, *code;
    size_t coded; /* the code is over the first so many bytes and all behind the header */
    size_t header;
};
int roster_parts(const void *data, size_t size, struct roster_parts *out, char *err, size_t err_size);

/* Over bytes that were checked. Takes them over: `release` is called with them at the end. NULL with the reason in err;
 * the bytes stay the caller's then. */
struct phi_roster *roster_new(const void *data, size_t size, const struct roster_keys *keys,
                              void (*release)(const void *data, size_t size), char *err, size_t err_size);
struct phi_roster *roster_ref(struct phi_roster *r);
void roster_unref(struct phi_roster *r);
struct roster_facts roster_facts(const struct phi_roster *r);

#endif
