/* SPDX-License-Identifier: Apache-2.0
 *
 * Words are compared in small letters of ASCII; a word is a run of letters and digits.
 */
#include "surrogate_pool.h"

#include "arena.h"
#include "surrogates.h"

static const char *const given[] = {
#define GIVEN(word) word,
#define SURNAME(word)
#define PLACE(word)
#include "surrogate_names.def"
#undef GIVEN
#undef SURNAME
#undef PLACE
};

static const char *const surnames[] = {
#define GIVEN(word)
#define SURNAME(word) word,
#define PLACE(word)
#include "surrogate_names.def"
#undef GIVEN
#undef SURNAME
#undef PLACE
};

static const char *const places[] = {
#define GIVEN(word)
#define SURNAME(word)
#define PLACE(word) word,
#include "surrogate_names.def"
#undef GIVEN
#undef SURNAME
#undef PLACE
};

static const struct list {
    const char *const *v;
    size_t n;
} lists[SURROGATE_LISTS] = {[SURROGATE_GIVEN] = {given, sizeof given / sizeof *given},
                            [SURROGATE_SURNAME] = {surnames, sizeof surnames / sizeof *surnames},
                            [SURROGATE_PLACE] = {places, sizeof places / sizeof *places}};

int surrogate_pool_init(struct surrogate_pool *p, struct arena *a) {
    *p = (struct surrogate_pool){.arena = a};
    return keyed_hash_init(&p->hash);
}

/* 0 for what is no word of a list: longer than any. */
static uint64_t word_hash(const struct surrogate_pool *p, struct span word) {
    char small[SURROGATE_WORD_MAX];

    if (word.len == 0 || word.len > sizeof small) return 0;
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        small[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    uint64_t hash = keyed_hash_of(&p->hash, 1, span_make(small, word.len));
    return hash ? hash : 1;
}

static bool has(const struct surrogate_pool *p, uint64_t hash) {
    if (p->size == 0) return false;
    for (size_t at = hash & (p->size - 1); p->taken[at]; at = (at + 1) & (p->size - 1))
        if (p->taken[at] == hash) return true;
    return false;
}

static int add(struct surrogate_pool *p, uint64_t hash);

static int grow(struct surrogate_pool *p) {
    struct surrogate_pool larger = *p;

    larger.size = p->size ? p->size * 2 : 256;
    larger.n = 0;
    larger.taken = arena_array(p->arena, larger.size, sizeof *larger.taken);
    if (!larger.taken) return -1;
    for (size_t i = 0; i < p->size; i++)
        if (p->taken[i] && add(&larger, p->taken[i]) < 0) return -1;
    *p = larger;
    return 0;
}

static int add(struct surrogate_pool *p, uint64_t hash) {
    if (has(p, hash)) return 0;
    if (p->n * 4 >= p->size * 3 && grow(p) < 0) return -1;
    size_t at = hash & (p->size - 1);
    while (p->taken[at])
        at = (at + 1) & (p->size - 1);
    p->taken[at] = hash;
    p->n++;
    return 0;
}

static int take(struct surrogate_pool *p, struct span word) {
    uint64_t hash = word.len > 1 ? word_hash(p, word) : 0;
    return hash ? add(p, hash) : 0;
}

/* Words, and addresses of networks, whose dots and colons are part of them. */
int surrogate_pool_take(struct surrogate_pool *p, struct span text) {
    size_t word = 0, address = 0;

    for (size_t i = 0; i <= text.len; i++) {
        bool inside = i < text.len && surrogate_word_byte(text.ptr[i], i > word),
             dotted = inside || (i < text.len && (text.ptr[i] == '.' || text.ptr[i] == ':'));
        if (!inside && take(p, span_sub(text, word, i)) < 0) return -1;
        if (!inside) word = i + 1;
        if (dotted) continue;
        size_t end = i;
        while (end > address && (text.ptr[end - 1] == '.' || text.ptr[end - 1] == ':'))
            end--;
        if (take(p, span_sub(text, address, end)) < 0) return -1;
        address = i + 1;
    }
    return 0;
}

bool surrogate_pool_taken(const struct surrogate_pool *p, struct span word) {
    uint64_t hash = word_hash(p, word);
    return !hash || has(p, hash);
}

const char *surrogate_pool_next(struct surrogate_pool *p, enum surrogate_list list) {
    while (p->next[list] < lists[list].n) {
        const char *word = lists[list].v[p->next[list]++];
        if (!surrogate_pool_taken(p, span_of(word))) return word;
    }
    return NULL;
}
