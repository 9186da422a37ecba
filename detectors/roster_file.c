/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a roster. Every size of the header is checked against what is there, and a search is bounded by the longest
 * probe, whatever the bytes say: also a file that was made to harm is only a wrong list.
 *
 * Why 40 bits: an entry is taken for another when its 40 bits agree and it lies in the dozen slots that are looked at.
 * That is once in some 2^36 questions; at a million questions a day, once in 190 years, and then a word is hidden that
 * need not be. Nothing that is on the roster is ever missed. Fewer bits would be a nuisance, more would cost memory.
 */
#include "roster_file.h"

#include <stdio.h>

#include "memory.h"

const char roster_magic[8] = "PHIROSTR";

uint64_t roster_read(const uint8_t *p, unsigned bytes)
{
    uint64_t value = 0;
    for (unsigned i = bytes; i > 0; i--)
        value = value << 8 | p[i - 1];
    return value;
}

void roster_write(uint8_t *p, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++, value >>= 8)
        p[i] = (uint8_t)value;
}

/* ---- hashes ---- */

uint64_t roster_tag(const struct roster_keys *keys, enum roster_space space, uint64_t a, uint64_t b)
{
    uint8_t message[17];
    roster_write(message, 8, a);
    roster_write(message + 8, 8, b);
    message[16] = (uint8_t)space;
    return siphash(&keys->entries, 2, 4, message, sizeof message);
}

uint64_t roster_word(const struct roster_keys *keys, uint64_t hash)
{
    return siphash(&keys->filters, 1, 3, &hash, sizeof hash);
}

/* Five bits of one cache line: where it lies. */
static uint64_t filter_block(uint64_t blocks, uint64_t word)
{
    return ((word >> 45) * blocks >> 19) * ROSTER_BLOCK;
}

bool roster_filter_has(const uint8_t *filter, uint64_t blocks, uint64_t word)
{
    if (!blocks)
        return false;
    const uint8_t *block = filter + filter_block(blocks, word);
    for (unsigned k = 0; k < 5; k++, word >>= 9)
        if (!(block[(word & 511) / 8] >> (word & 7) & 1))
            return false;
    return true;
}

void roster_filter_add(uint8_t *filter, uint64_t blocks, uint64_t word)
{
    uint8_t *block = filter + filter_block(blocks, word);
    for (unsigned k = 0; k < 5; k++, word >>= 9)
        block[(word & 511) / 8] |= (uint8_t)(1u << (word & 7));
}

enum roster_type roster_find(const struct phi_roster *r, uint64_t tag)
{
    uint64_t at = (uint64_t)((unsigned __int128)tag * r->n_slots >> 64);
    uint64_t want = tag & ((UINT64_C(1) << ROSTER_TAG_BITS) - 1);

    for (uint32_t k = 0; k < r->probe; k++) {
        const uint8_t *slot = r->slots + at * ROSTER_SLOT;
        uint64_t have = 0;
        memcpy(&have, slot, 5);
        if (!slot[5])
            return ROSTER_NONE;
        if (have == want)
            return slot[5] < ROSTER_TYPES ? (enum roster_type)slot[5] : ROSTER_NONE;
        if (++at == r->n_slots)
            at = 0;
    }
    return ROSTER_NONE;
}

/* ---- the file ---- */

static const char *header_mistake(const uint8_t *p, size_t size)
{
    if (size < 8 || memcmp(p, roster_magic, 8) != 0)
        return "is not a roster";
    if (size < ROSTER_HEADER)
        return "is cut";
    if (roster_read(p + ROSTER_AT_VERSION, 4) != ROSTER_VERSION)
        return "is of another version; import it anew";
    if (roster_read(p + ROSTER_AT_HEADER, 4) != ROSTER_HEADER)
        return "is damaged";
    return NULL;
}

/* The sizes are small enough to be added, and together they are what is there. */
static const char *sizes_mistake(const uint8_t *p, size_t size)
{
    uint64_t most = UINT64_C(1) << 36, slots = roster_read(p + ROSTER_AT_SLOTS, 8), family = roster_read(p + ROSTER_AT_FAMILY, 8);
    uint64_t given = roster_read(p + ROSTER_AT_GIVEN, 8), probe = roster_read(p + ROSTER_AT_PROBE, 4);

    if (!slots || slots > most || family > (1u << 19) || given > (1u << 19) || !probe || probe > ROSTER_PROBE_MAX)
        return "is damaged (sizes)";
    uint64_t body = (slots * ROSTER_SLOT + ROSTER_BLOCK - 1) / ROSTER_BLOCK * ROSTER_BLOCK + (family + given) * ROSTER_BLOCK;
    if (size < ROSTER_HEADER + body)
        return "is cut";
    return size == ROSTER_HEADER + body ? NULL : "is damaged (sizes)";
}

int roster_parts(const void *data, size_t size, struct roster_parts *out, char *err, size_t err_size)
{
    const uint8_t *p = data;
    const char *mistake = header_mistake(p, size);

    if (!mistake)
        mistake = sizes_mistake(p, size);
    if (mistake) {
        snprintf(err, err_size, "the roster %s", mistake);
        return -1;
    }
    *out = (struct roster_parts){p + ROSTER_AT_SALT, p + ROSTER_AT_CHECK, p + ROSTER_AT_CODE, ROSTER_AT_CODE, ROSTER_HEADER};
    return 0;
}

struct phi_roster *roster_new(const void *data, size_t size, const struct roster_keys *keys,
                              void (*release)(const void *data, size_t size), char *err, size_t err_size)
{
    struct roster_parts parts;
    struct phi_roster *r;
    const uint8_t *p = data;

    if (roster_parts(data, size, &parts, err, err_size) < 0)
        return NULL;
    r = phi_memory_new(sizeof *r);
    if (!r) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    atomic_init(&r->refs, 1);
    r->data = data;
    r->size = size;
    r->release = release;
    r->keys = *keys;
    r->n_slots = roster_read(p + ROSTER_AT_SLOTS, 8);
    r->probe = (uint32_t)roster_read(p + ROSTER_AT_PROBE, 4);
    r->family_blocks = roster_read(p + ROSTER_AT_FAMILY, 8);
    r->given_blocks = roster_read(p + ROSTER_AT_GIVEN, 8);
    r->lengths = roster_read(p + ROSTER_AT_LENGTHS, 8);
    r->dense = roster_read(p + ROSTER_AT_DENSE, 8);
    r->has = roster_read(p + ROSTER_AT_HAS, 8);
    r->facts = (struct roster_facts){roster_read(p + ROSTER_AT_PEOPLE, 8), roster_read(p + ROSTER_AT_ENTRIES, 8),
                                     (int64_t)roster_read(p + ROSTER_AT_IMPORTED, 8)};
    r->slots = p + ROSTER_HEADER;
    r->family = r->slots + (r->n_slots * ROSTER_SLOT + ROSTER_BLOCK - 1) / ROSTER_BLOCK * ROSTER_BLOCK;
    r->given = r->family + r->family_blocks * ROSTER_BLOCK;
    return r;
}

struct phi_roster *roster_ref(struct phi_roster *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

void roster_unref(struct phi_roster *r)
{
    if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (r->release)
        r->release(r->data, r->size);
    phi_memory_free(r); /* wipes the keys */
}

struct roster_facts roster_facts(const struct phi_roster *r)
{
    return r->facts;
}
