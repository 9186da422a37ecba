/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the letters and digits of a text are, a bit for each byte, 64 bytes at a time: all modules that look at words,
 * digit runs or encoded runs take their places to look from here. Read once for each view of a text. With AVX2 where the
 * processor has it, else with SSE2, which every x86-64 has, else byte by byte.
 */
#ifndef PHI_MARKS_H
#define PHI_MARKS_H

#include "memory.h"
#include "text.h"

enum { MARKS_BYTES = 64 };

struct marks {
    uint64_t letters, digits; /* as text_is_letter, text_is_digit; zero behind the text */
    uint64_t high, lower;     /* of letters: bytes from 0x80; a to z */
    uint64_t coded;           /* letters and digits of ASCII, + - / _ */
    /* Words of letters whose first three are those of a title, credential and the like (titles.c); of a spoken digit. */
    uint64_t announcers, spoken;
    bool letter_before, digit_before;
};

/* Into the array, one for each 64 bytes, and an empty one behind; marks_read_bits leaves announcers and spoken empty.
 * 0 or -1. */
int marks_read(struct phi_array *out, const char *text, uint32_t len);
int marks_read_bits(struct phi_array *out, const char *text, uint32_t len);

/* The same in one of the ways, for tests: 0 byte by byte, 1 SSE2, 2 AVX2. False: this processor cannot. */
bool marks_read_way(unsigned way, struct marks *out, const char *text, uint32_t len);

/* The 64 bytes from `from` on, which is within the text. */
struct marks marks_at(const char *text, uint32_t len, uint32_t from);

/* The first bytes of words of letters; of letters and digits. */
static inline uint64_t marks_word_starts(const struct marks *m)
{
    return m->letters & ~(m->letters << 1 | m->letter_before);
}
static inline uint64_t marks_alnum_starts(const struct marks *m)
{
    uint64_t all = m->letters | m->digits;
    return all & ~(all << 1 | (m->letter_before || m->digit_before));
}

#endif
