/* SPDX-License-Identifier: Apache-2.0
 *
 * Built by subsets: a state is the list of openings that still fit, after as many bytes as its depth. States with
 * the same list are one. An opening that is complete stays in the list. Bytes that no opening of a depth tells
 * apart share a class, so that rows are short.
 */
#include "automaton.h"

#include <stdlib.h>
#include <string.h>

#include "memory.h"

/* A list as short as this is compared one by one, when the first bytes have turned most places away. */
enum { LEAF_MOST = 4, LEAF_DEPTH = 3, ROWS_MAX = 1 << 24 };

struct state {
    uint32_t *ids, n, depth, code;
};

struct builder {
    struct automaton *a;
    struct state *states;
    uint32_t n_states, cap_states;
    uint32_t *slots, mask; /* states by hash of their lists, from 1 */
    uint32_t *ids;         /* a list under work */
    unsigned __int128 *weights; /* a number of each opening, so that sums tell sets of them apart */
    uint8_t member[AUTOMATON_DEPTH][256 + 1]; /* a byte of each class */
    struct byte_set members[AUTOMATON_DEPTH]; /* these bytes, but class 0's */
    unsigned __int128 sum[257]; /* of a row under work, by class */
    uint16_t heads[257];        /* its classes whose states are known, one of each sum */
    size_t cap_rows, cap_leaves, cap_glances;
    bool failed;
};

enum { GROUP_LETTER = 0 };

static unsigned group_of(unsigned before)
{
    bool letter = (before >= 'A' && before <= 'Z') || (before >= 'a' && before <= 'z');
    if (letter)
        return GROUP_LETTER;
    if (before >= '0' && before <= '9')
        return 1;
    return before == '_' || (before >= 0x80 && before < BEFORE_START) ? 2 : 3;
}

/* A different odd number of 128 bits for each opening. */
static unsigned __int128 opening_weight(uint32_t i)
{
    uint64_t half[2];
    for (unsigned k = 0; k < 2; k++) {
        uint64_t x = (2 * (uint64_t)i + k + 1) * 0x9E3779B97F4A7C15u;
        x = (x ^ x >> 31) * 0xBF58476D1CE4E5B9u;
        half[k] = x ^ x >> 29;
    }
    return (unsigned __int128)half[0] << 64 | half[1] | 1;
}

/* Class 0 is of the bytes that no opening has at this depth. */
static void classes_build(struct builder *b, unsigned depth)
{
    struct automaton *a = b->a;
    unsigned __int128 sum[256] = {0}, head[257];
    unsigned classes = 1;
    for (uint32_t i = 0; i < a->n; i++) {
        const struct opening *o = a->openings[i];
        for (unsigned w = 0; w < 4 && o->n > depth; w++)
            for (uint64_t bits = o->set[depth].bits[w]; bits; bits &= bits - 1)
                sum[w * 64 + (unsigned)__builtin_ctzll(bits)] += b->weights[i];
    }
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned c = 1;
        a->class[depth][byte] = 0;
        if (sum[byte] == 0)
            continue;
        while (c < classes && head[c] != sum[byte])
            c++;
        if (c == classes) {
            head[classes] = sum[byte];
            b->member[depth][classes++] = (uint8_t)byte;
            byte_set_add(&b->members[depth], byte);
        }
        a->class[depth][byte] = (uint16_t)c;
    }
    a->n_class[depth] = classes;
}

static int grow(void *at, size_t *cap, size_t need, size_t size)
{
    void **v = at;
    size_t more = *cap ? *cap : 256;
    if (need <= *cap)
        return 0;
    while (more < need)
        more *= 2;
    void *grown = realloc(*v, more * size);
    if (!grown)
        return -1;
    *v = grown;
    *cap = more;
    return 0;
}

static uint32_t ids_hash(const uint32_t *ids, uint32_t n, uint32_t depth)
{
    uint64_t h = depth * 0x9E3779B97F4A7C15u + n;
    for (uint32_t i = 0; i < n; i++)
        h = (h ^ ids[i]) * 0x100000001B3u;
    return (uint32_t)(h ^ h >> 32);
}

static bool list_is_leaf(const struct builder *b, const uint32_t *ids, uint32_t n, uint32_t depth)
{
    bool complete = true;
    for (uint32_t i = 0; i < n && complete; i++)
        complete = b->a->openings[ids[i]]->n <= depth;
    return complete || (n <= LEAF_MOST && depth >= LEAF_DEPTH) || depth == AUTOMATON_DEPTH || b->a->n_rows > ROWS_MAX;
}

struct automaton_glance automaton_glance_of(const struct opening *o, uint32_t id, uint32_t depth)
{
    struct automaton_glance g = {.opening = id, .whole = o->n <= depth + 8};
    for (unsigned k = 0; k < 8 && depth + k < o->n; k++) {
        unsigned all = 0xFF, any = 0, n = 0;
        for (unsigned w = 0; w < 4; w++)
            for (uint64_t bits = o->set[depth + k].bits[w]; bits; bits &= bits - 1, n++) {
                unsigned byte = w * 64 + (unsigned)__builtin_ctzll(bits);
                all &= byte, any |= byte;
            }
        unsigned same = ~(all ^ any) & 0xFF;
        g.mask |= (uint64_t)same << 8 * k;
        g.value |= (uint64_t)(all & same) << 8 * k;
        bool exact = n == 1u << __builtin_popcount(~same & 0xFF);
        g.whole &= exact;
        g.exact = (uint8_t)(g.exact + (exact && g.exact == k));
    }
    return g;
}

static uint32_t leaf_new(struct builder *b, const uint32_t *ids, uint32_t n, uint32_t depth)
{
    struct automaton *a = b->a;
    size_t at = a->n_leaves, first = a->n_glances;
    if (grow(&a->leaves, &b->cap_leaves, at + 1, sizeof *a->leaves) < 0 ||
        grow(&a->glances, &b->cap_glances, first + n, sizeof *a->glances) < 0)
        return 0;
    a->leaves[at] = (struct automaton_leaf){depth, n, (uint32_t)first};
    for (uint32_t i = 0; i < n; i++)
        a->glances[first + i] = automaton_glance_of(a->openings[ids[i]], ids[i], depth);
    a->n_leaves++;
    a->n_glances += n;
    return (uint32_t)(at << 1 | 1);
}

/* Room for a state: a leaf, or a row that is filled later. Its code, or 0 on failure. */
static uint32_t code_new(struct builder *b, const uint32_t *ids, uint32_t n, uint32_t depth)
{
    struct automaton *a = b->a;
    if (list_is_leaf(b, ids, n, depth))
        return leaf_new(b, ids, n, depth);
    size_t at = a->n_rows;
    if (grow(&a->rows, &b->cap_rows, at + a->n_class[depth], sizeof *a->rows) < 0)
        return 0;
    memset(&a->rows[at], 0, a->n_class[depth] * sizeof *a->rows);
    a->n_rows += a->n_class[depth];
    return (uint32_t)(at << 1);
}

static int slots_grow(struct builder *b)
{
    uint32_t mask = b->mask ? b->mask * 2 + 1 : 4095;
    uint32_t *slots = calloc((size_t)mask + 1, sizeof *slots);
    if (!slots)
        return -1;
    for (uint32_t i = 0; i < b->n_states; i++) {
        uint32_t at = ids_hash(b->states[i].ids, b->states[i].n, b->states[i].depth) & mask;
        while (slots[at])
            at = (at + 1) & mask;
        slots[at] = i + 1;
    }
    free(b->slots);
    b->slots = slots;
    b->mask = mask;
    return 0;
}

/* The code of the state with this list. */
static uint32_t state_code(struct builder *b, const uint32_t *ids, uint32_t n, uint32_t depth)
{
    size_t cap = b->cap_states;
    if (n == 0 || b->failed)
        return 0;
    b->failed = b->n_states * 2 >= b->mask && slots_grow(b) < 0;
    if (b->failed)
        return 0;
    uint32_t at = ids_hash(ids, n, depth) & b->mask;
    for (; b->slots[at]; at = (at + 1) & b->mask) {
        const struct state *s = &b->states[b->slots[at] - 1];
        if (s->n == n && s->depth == depth && memcmp(s->ids, ids, n * sizeof *ids) == 0)
            return s->code;
    }
    uint32_t *copy = malloc(n * sizeof *copy);
    b->failed = !copy || grow(&b->states, &cap, (size_t)b->n_states + 1, sizeof *b->states) < 0;
    b->cap_states = (uint32_t)cap;
    uint32_t code = b->failed ? 0 : code_new(b, ids, n, depth);
    if (code == 0) {
        b->failed = true;
        free(copy);
        return 0;
    }
    memcpy(copy, ids, n * sizeof *copy);
    b->states[b->n_states++] = (struct state){copy, n, depth, code};
    b->slots[at] = b->n_states;
    return code;
}

/* For each class of bytes the sum of the openings that go on with one: classes of the same sum lead to the same state. */
static void row_sums(struct builder *b, const struct state *s)
{
    const struct automaton *a = b->a;
    unsigned __int128 complete = 0;
    memset(b->sum, 0, a->n_class[s->depth] * sizeof *b->sum);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct opening *o = a->openings[s->ids[i]];
        if (o->n <= s->depth)
            complete += b->weights[s->ids[i]];
        for (unsigned w = 0; w < 4 && o->n > s->depth; w++)
            for (uint64_t bits = o->set[s->depth].bits[w] & b->members[s->depth].bits[w]; bits; bits &= bits - 1)
                b->sum[a->class[s->depth][w * 64 + (unsigned)__builtin_ctzll(bits)]] += b->weights[s->ids[i]];
    }
    for (unsigned c = 0; c < a->n_class[s->depth]; c++)
        b->sum[c] += complete;
}

/* The state behind a byte of this class. */
static uint32_t state_behind(struct builder *b, const struct state *s, unsigned class)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->n; i++) {
        const struct opening *o = b->a->openings[s->ids[i]];
        if (o->n <= s->depth || (class && byte_set_has(&o->set[s->depth], b->member[s->depth][class])))
            b->ids[n++] = s->ids[i];
    }
    return state_code(b, b->ids, n, s->depth + 1);
}

static void row_fill(struct builder *b, struct state s)
{
    const struct automaton *a = b->a;
    uint32_t row = s.code >> 1;
    unsigned n_heads = 0;
    row_sums(b, &s);
    for (unsigned c = 0; c < a->n_class[s.depth] && !b->failed; c++) {
        unsigned h = 0;
        while (h < n_heads && b->sum[b->heads[h]] != b->sum[c])
            h++;
        bool known = h < n_heads;
        uint32_t code = known ? a->rows[row + b->heads[h]] : state_behind(b, &s, c);
        a->rows[row + c] = code;
        if (!known)
            b->heads[n_heads++] = (uint16_t)c;
    }
}

static bool follows_group(const struct opening *o, const struct automaton *a, unsigned group)
{
    for (unsigned before = 0; before <= BEFORE_START; before++)
        if (a->group[before] == group && opening_follows(o, before))
            return true;
    return false;
}

static void start_fill(struct builder *b, unsigned group, uint32_t *all)
{
    struct automaton *a = b->a;
    uint32_t n_all = 0;
    for (uint32_t i = 0; i < a->n; i++)
        if (follows_group(a->openings[i], a, group))
            all[n_all++] = i;
    for (unsigned byte = 0; byte < 256; byte++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < n_all; i++)
            if (byte_set_has(&a->openings[all[i]]->set[0], byte))
                b->ids[n++] = all[i];
        a->start[group][byte] = state_code(b, b->ids, n, 1);
    }
}

static void states_build(struct builder *b)
{
    uint32_t *all = malloc((b->a->n + 1) * sizeof *all);
    b->ids = malloc((b->a->n + 1) * sizeof *b->ids);
    b->weights = malloc((b->a->n + 1) * sizeof *b->weights);
    b->failed = !all || !b->ids || !b->weights;
    for (uint32_t i = 0; i < b->a->n && !b->failed; i++)
        b->weights[i] = opening_weight(i);
    for (unsigned depth = 1; depth < AUTOMATON_DEPTH && !b->failed; depth++)
        classes_build(b, depth);
    b->a->n_rows = b->a->n_leaves = 1; /* code 0 is dead */
    for (unsigned group = 0; group < AUTOMATON_GROUPS && !b->failed; group++)
        start_fill(b, group, all);
    for (uint32_t i = 0; i < b->n_states && !b->failed; i++)
        if (!(b->states[i].code & 1))
            row_fill(b, b->states[i]);
    free(all);
    free(b->ids);
    free(b->weights);
}

static void pairs_build(struct automaton *a)
{
    for (unsigned group = 0; group < AUTOMATON_GROUPS; group++)
        for (unsigned first = 0; first < 256; first++)
            for (unsigned second = 0; second < 256; second++) {
                uint32_t code = a->start[group][first];
                if (code && !(code & 1))
                    code = a->rows[(code >> 1) + a->class[1][second]];
                uint8_t bytes[2] = {(uint8_t)first, (uint8_t)second};
                uint16_t pair;
                memcpy(&pair, bytes, sizeof pair);
                if (code)
                    a->pairs[pair >> 2] |= (uint8_t)((group == GROUP_LETTER ? 1 : 2) << (pair & 3) * 2);
            }
}

int automaton_build(struct automaton *a, const struct opening **openings, uint32_t n)
{
    struct builder b = {.a = a};
    *a = (struct automaton){.openings = openings, .n = n};
    for (unsigned before = 0; before <= BEFORE_START; before++)
        a->group[before] = (uint8_t)group_of(before);
    states_build(&b);
    for (uint32_t i = 0; i < b.n_states; i++)
        free(b.states[i].ids);
    free(b.states);
    free(b.slots);
    if (!b.failed)
        pairs_build(a);
    for (unsigned byte = 'a'; byte <= 'z'; byte++)
        a->inner |= a->start[GROUP_LETTER][byte] != 0;
    return b.failed ? -1 : 0;
}

void automaton_free(struct automaton *a)
{
    phi_memory_free((void *)a->openings);
    free(a->rows);
    free(a->leaves);
    free(a->glances);
    *a = (struct automaton){.n = 0};
}
