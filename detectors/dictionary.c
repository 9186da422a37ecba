/* SPDX-License-Identifier: Apache-2.0
 *
 * Open addressing with linear probing over 8-byte slots; the longest probe is in the header, so that a search is
 * bounded whatever is looked for. Two Bloom filters behind it hold the plain English and the scientific words.
 */
#include "dictionary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER = 64, BLOOM_STEPS = 6, PROBE_MAX = 256 };

struct phi_dictionary {
    void *mapped; /* NULL when the memory is someone else's */
    size_t size;
    const uint64_t *slots;
    const uint8_t *english, *science;
    uint64_t n, english_bits, science_bits;
    uint32_t probe;
};

static uint64_t read_u64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t checksum(const uint8_t *p, size_t n)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < n; i += 8)
        h = (h ^ read_u64(p + i)) * UINT64_C(0x100000001B3);
    return h;
}

/* Takes the header apart; every size is checked against what is there. */
static const char *parse(struct phi_dictionary *d, const uint8_t *p, size_t size)
{
    uint32_t version;
    size_t body;

    if (size < HEADER || memcmp(p, "PHIWORDS", 8) != 0)
        return "is not a dictionary";
    memcpy(&version, p + 8, 4);
    memcpy(&d->probe, p + 12, 4);
    d->n = read_u64(p + 16);
    d->english_bits = read_u64(p + 24);
    d->science_bits = read_u64(p + 32);
    body = size - HEADER;
    if (version != DICTIONARY_VERSION)
        return "is of another version";
    if (!d->n || d->n > body / 8 || !d->probe || d->probe > PROBE_MAX || d->english_bits % 64 || d->science_bits % 64 ||
        !d->english_bits || !d->science_bits || d->english_bits > UINT32_MAX || d->science_bits > UINT32_MAX ||
        d->n * 8 + d->english_bits / 8 + d->science_bits / 8 != body)
        return "is damaged (sizes)";
    if (checksum(p + HEADER, body) != read_u64(p + 40))
        return "is damaged (checksum)";
    d->slots = (const uint64_t *)(const void *)(p + HEADER);
    d->english = p + HEADER + d->n * 8;
    d->science = d->english + d->english_bits / 8;
    return NULL;
}

struct phi_dictionary *phi_dictionary_over(const void *data, size_t size, char *err, size_t err_size)
{
    struct phi_dictionary *d = calloc(1, sizeof *d);
    const char *reason;

    if (!d) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    reason = (uintptr_t)data % 8 ? "is not aligned" : parse(d, data, size);
    if (reason) {
        snprintf(err, err_size, "the word list %s", reason);
        free(d);
        return NULL;
    }
    d->size = size;
    return d;
}

static void *map_file(const char *path, size_t *size)
{
    struct stat st;
    void *data = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) < 0)
        goto out;
    errno = EINVAL;
    if (!S_ISREG(st.st_mode) || st.st_size < HEADER)
        goto out;
    *size = (size_t)st.st_size;
    data = mmap(NULL, *size, PROT_READ, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED)
        data = NULL;
out:
    close(fd);
    return data;
}

struct phi_dictionary *phi_dictionary_open(const char *path, char *err, size_t err_size)
{
    size_t size = 0;
    void *data = map_file(path, &size);
    struct phi_dictionary *d;

    if (!data) {
        snprintf(err, err_size, "the word list cannot be read: %s", strerror(errno));
        return NULL;
    }
    d = phi_dictionary_over(data, size, err, err_size);
    if (d)
        d->mapped = data;
    else
        munmap(data, size);
    return d;
}

void phi_dictionary_close(struct phi_dictionary *d)
{
    if (!d)
        return;
    if (d->mapped)
        munmap(d->mapped, d->size);
    free(d);
}

static uint64_t slot_of(const struct phi_dictionary *d, uint64_t hash)
{
    return (uint64_t)((unsigned __int128)hash * d->n >> 64);
}

uint32_t phi_dictionary_entry(const struct phi_dictionary *d, uint64_t hash)
{
    uint64_t at = slot_of(d, hash), tag = hash & (UINT64_MAX >> DICTIONARY_PAYLOAD_BITS);

    for (uint32_t k = 0; k < d->probe; k++) {
        uint64_t slot = d->slots[at];
        if (!slot)
            return 0;
        if (slot >> DICTIONARY_PAYLOAD_BITS == tag)
            return (uint32_t)(slot & ((1u << DICTIONARY_PAYLOAD_BITS) - 1));
        if (++at == d->n)
            at = 0;
    }
    return 0;
}

void phi_dictionary_entries(const struct phi_dictionary *d, const uint64_t *hashes, unsigned n, uint32_t *facts)
{
    for (unsigned i = 0; i < n; i++)
        __builtin_prefetch(&d->slots[slot_of(d, hashes[i])]);
    for (unsigned i = 0; i < n; i++)
        facts[i] = phi_dictionary_entry(d, hashes[i]);
}

static bool bloom_has(const uint8_t *bits, uint64_t n, uint64_t hash)
{
    uint32_t at = (uint32_t)hash, step = (uint32_t)(hash >> 32) | 1;

    for (unsigned k = 0; k < BLOOM_STEPS; k++, at += step) {
        uint64_t bit = (uint64_t)at * n >> 32;
        if (!(bits[bit >> 3] >> (bit & 7) & 1))
            return false;
    }
    return true;
}

uint32_t phi_dictionary_plain(const struct phi_dictionary *d, uint64_t hash)
{
    return (bloom_has(d->english, d->english_bits, hash) ? FACT_ENGLISH : 0u) | (bloom_has(d->science, d->science_bits, hash) ? FACT_SCIENCE : 0u);
}

uint32_t phi_dictionary_find(const struct phi_dictionary *d, uint64_t hash)
{
    uint32_t facts = phi_dictionary_entry(d, hash);

    return facts & ~(uint32_t)FACT_CLINICAL ? facts : facts | phi_dictionary_plain(d, hash);
}
