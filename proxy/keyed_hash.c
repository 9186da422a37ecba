/* SPDX-License-Identifier: Apache-2.0
 *
 * SipHash-1-3 (Aumasson and Bernstein), the variant that language runtimes use for hash tables.
 */
#include "keyed_hash.h"

#include <string.h>
#include <sys/random.h>

struct sip {
    uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t x, int bits) {
    return x << bits | x >> (64 - bits);
}

static void sip_round(struct sip *s) {
    s->a += s->b;
    s->b = rotate(s->b, 13) ^ s->a;
    s->a = rotate(s->a, 32);
    s->c += s->d;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a += s->d;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c += s->b;
    s->b = rotate(s->b, 17) ^ s->c;
    s->c = rotate(s->c, 32);
}

static void sip_word(struct sip *s, uint64_t word) {
    s->d ^= word;
    sip_round(s);
    s->a ^= word;
}

int keyed_hash_init(struct keyed_hash *h) {
    return getrandom(h->key, sizeof h->key, 0) == (ssize_t)sizeof h->key ? 0 : -1;
}

uint64_t keyed_hash_of(const struct keyed_hash *h, uint64_t label, struct span s) {
    struct sip v = {h->key[0] ^ 0x736f6d6570736575, h->key[1] ^ 0x646f72616e646f6d,
                    h->key[0] ^ 0x6c7967656e657261, h->key[1] ^ 0x7465646279746573};
    uint64_t word = 0;
    size_t i = 0;

    sip_word(&v, label);
    for (; s.len - i >= sizeof word; i += sizeof word) {
        memcpy(&word, s.ptr + i, sizeof word);
        sip_word(&v, word);
    }
    word = 0;
    if (s.len > i) memcpy(&word, s.ptr + i, s.len - i);
    sip_word(&v, word | (uint64_t)s.len << 56);

    v.c ^= 0xff;
    for (int i_round = 0; i_round < 3; i_round++)
        sip_round(&v);
    return v.a ^ v.b ^ v.c ^ v.d;
}
