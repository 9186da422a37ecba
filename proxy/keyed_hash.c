/* SPDX-License-Identifier: Apache-2.0
 *
 * SipHash-1-3, the variant that language runtimes use for hash tables; the label is the first word of its input.
 */
#include "keyed_hash.h"

#include <sys/random.h>

#include "../detectors/siphash.h"

int keyed_hash_init(struct keyed_hash *h) {
    return getrandom(h->key, sizeof h->key, 0) == (ssize_t)sizeof h->key ? 0 : -1;
}

uint64_t keyed_hash_of(const struct keyed_hash *h, uint64_t label, struct span s) {
    struct siphash_state state = siphash_start(&(struct siphash_key){{h->key[0], h->key[1]}});

    siphash_word(&state, label, 1);
    return siphash_end(&state, 1, 3, s.ptr, s.len);
}
