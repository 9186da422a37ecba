/* SPDX-License-Identifier: Apache-2.0
 *
 * Of an opening, every combination of what its first bytes may be is entered. Openings that may begin with nearly
 * everything have many; rules that have too many of those open the gate for all words.
 */
#include "word_gate.h"

#include "memory.h"

enum { WORK_MOST = 1 << 26 };

/* The bytes of a set by their low bits. */
static uint64_t low_bits(const struct byte_set *set, unsigned bits)
{
    uint64_t low = 0;
    for (unsigned byte = 0; byte < 256; byte++)
        if (byte_set_has(set, byte))
            low |= (uint64_t)1 << (byte & ((1u << bits) - 1));
    return low;
}

static uint64_t low_letters(const struct byte_set *set)
{
    struct byte_set letters = {{0, set->bits[1] & UINT64_C(0x07FFFFFE07FFFFFE)}};
    return low_bits(&letters, 6);
}

static bool follows_no_letter(const struct opening *o)
{
    for (unsigned before = 0; before <= BEFORE_START; before++) {
        bool letter = (before | 32) >= 'a' && (before | 32) <= 'z';
        if (!letter && opening_follows(o, before))
            return true;
    }
    return false;
}

/* Returns how much work it was. */
static uint32_t opening_enter(struct word_gate *gate, const struct opening *o)
{
    uint64_t low[WORD_GATE_BYTES] = {low_letters(&o->set[0]), UINT32_MAX, UINT32_MAX, UINT32_MAX};
    uint32_t rows = 0;
    for (unsigned k = 1; k < WORD_GATE_BYTES && k < o->n; k++)
        low[k] = low_bits(&o->set[k], 5);
    for (uint64_t a = low[0]; a; a &= a - 1)
        for (uint64_t b = low[1]; b; b &= b - 1)
            for (uint64_t c = low[2]; c; c &= c - 1, rows++)
                gate->rows[(unsigned)__builtin_ctzll(a) << 10 | (unsigned)__builtin_ctzll(b) << 5 | (unsigned)__builtin_ctzll(c)] |=
                    (uint32_t)low[3];
    return rows;
}

int word_gate_build(struct word_gate *gate, const struct opening *const *openings, uint32_t n)
{
    uint32_t work = 0;
    gate->rows = phi_memory_new(WORD_GATE_ROWS * sizeof *gate->rows);
    if (!gate->rows)
        return -1;
    for (uint32_t i = 0; i < n && work < WORK_MOST; i++)
        if (openings[i]->n > 0 && follows_no_letter(openings[i]))
            work += opening_enter(gate, openings[i]);
    if (work >= WORK_MOST)
        memset(gate->rows, 0xFF, WORD_GATE_ROWS * sizeof *gate->rows);
    return 0;
}

void word_gate_free(struct word_gate *gate)
{
    phi_memory_free(gate->rows);
    gate->rows = NULL;
}
