/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the letters and digits of 64 bytes of a text are, a bit for each byte: modules that look at words or digit
 * runs take their places to look from here. Sixteen bytes at a time where the processor has SSE2, which every
 * x86-64 has; else byte by byte.
 */
#ifndef PHI_MARKS_H
#define PHI_MARKS_H

#include "text.h"

enum { MARKS_BYTES = 64 };

struct marks {
    uint64_t letters, digits; /* as text_is_letter, text_is_digit; zero behind the text */
    uint64_t high, lower;     /* of letters: bytes from 0x80; a to z */
    bool letter_before, digit_before;
};

#ifdef __SSE2__
#include <emmintrin.h>

/* The bytes that are from last - count + 1 to last, compared as signed numbers after a shift. */
static inline unsigned marks_between(__m128i v, char last, char count)
{
    __m128i moved = _mm_add_epi8(v, _mm_set1_epi8((char)(127 - last)));
    return (unsigned)_mm_movemask_epi8(_mm_cmpgt_epi8(moved, _mm_set1_epi8((char)(127 - count))));
}

/* Sixteen bytes, of which the first `skip` are known already, as bits from `at` on. */
static inline void marks_read_16(struct marks *m, const char *text, unsigned at, unsigned skip)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)text);
    uint64_t high = (unsigned)_mm_movemask_epi8(v);
    uint64_t letters = marks_between(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'z', 26) | high;
    m->high |= high >> skip << at;
    m->lower |= (uint64_t)marks_between(v, 'z', 26) >> skip << at;
    m->letters |= letters >> skip << at;
    m->digits |= (uint64_t)marks_between(v, '9', 10) >> skip << at;
}
#endif

static inline void marks_read_1(struct marks *m, char c, unsigned at)
{
    m->high |= (uint64_t)((unsigned char)c >> 7) << at;
    m->lower |= (uint64_t)(c >= 'a' && c <= 'z') << at;
    m->letters |= (uint64_t)text_is_letter(c) << at;
    m->digits |= (uint64_t)text_is_digit(c) << at;
}

/* The 64 bytes from `from` on, which is within the text. */
static inline struct marks marks_at(const char *text, uint32_t len, uint32_t from)
{
    struct marks m = {0};
    unsigned i = 0, n = len - from < MARKS_BYTES ? (unsigned)(len - from) : MARKS_BYTES;
    if (from) {
        m.letter_before = text_is_letter(text[from - 1]);
        m.digit_before = text_is_digit(text[from - 1]);
    }
#ifdef __SSE2__
    for (; i + 16 <= n; i += 16)
        marks_read_16(&m, text + from + i, i, 0);
    if (i < n && len >= 16) {
        marks_read_16(&m, text + len - 16, i, 16 - (n - i));
        return m;
    }
#endif
    for (; i < n; i++)
        marks_read_1(&m, text[from + i], i);
    return m;
}

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
