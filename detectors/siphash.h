/* SPDX-License-Identifier: Apache-2.0
 *
 * SipHash (Aumasson and Bernstein, 2012): a keyed hash. Without the 128-bit key its output tells nothing of its input.
 */
#ifndef PHI_SIPHASH_H
#define PHI_SIPHASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct siphash_key {
    uint64_t k[2];
};

struct siphash_state {
    uint64_t a, b, c, d;
};

static inline uint64_t siphash_turn(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void siphash_rounds(struct siphash_state *s, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        s->a += s->b;
        s->b = siphash_turn(s->b, 13) ^ s->a;
        s->a = siphash_turn(s->a, 32);
        s->c += s->d;
        s->d = siphash_turn(s->d, 16) ^ s->c;
        s->a += s->d;
        s->d = siphash_turn(s->d, 21) ^ s->a;
        s->c += s->b;
        s->b = siphash_turn(s->b, 17) ^ s->c;
        s->c = siphash_turn(s->c, 32);
    }
}

static inline void siphash_word(struct siphash_state *s, uint64_t word, unsigned rounds)
{
    s->d ^= word;
    siphash_rounds(s, rounds);
    s->a ^= word;
}

static inline struct siphash_state siphash_start(const struct siphash_key *key)
{
    return (struct siphash_state){key->k[0] ^ UINT64_C(0x736f6d6570736575), key->k[1] ^ UINT64_C(0x646f72616e646f6d),
                                  key->k[0] ^ UINT64_C(0x6c7967656e657261), key->k[1] ^ UINT64_C(0x7465646279746573)};
}

/* The rest of the input, and the hash. */
static inline uint64_t siphash_end(struct siphash_state *s, unsigned rounds, unsigned last, const void *data, size_t len)
{
    const unsigned char *p = data;
    uint64_t word;
    size_t i = 0;

    for (; len - i >= sizeof word; i += sizeof word) {
        memcpy(&word, p + i, sizeof word);
        siphash_word(s, word, rounds);
    }
    word = 0;
    if (len > i)
        memcpy(&word, p + i, len - i);
    siphash_word(s, word | (uint64_t)len << 56, rounds);
    s->c ^= 0xff;
    siphash_rounds(s, last);
    return s->a ^ s->b ^ s->c ^ s->d;
}

/* SipHash-`rounds`-`last` of len bytes. */
static inline uint64_t siphash(const struct siphash_key *key, unsigned rounds, unsigned last, const void *data, size_t len)
{
    struct siphash_state s = siphash_start(key);
    return siphash_end(&s, rounds, last, data, len);
}

#endif
