/* SPDX-License-Identifier: Apache-2.0
 *
 * Ranges of bytes are compared as signed numbers after a shift that brings their last byte to 127.
 */
#include "marks.h"

#include <string.h>

#include "dictionaries/starts.inc"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static struct marks block_read_plain(const char *text)
{
    struct marks m = {0};
    for (unsigned i = 0; i < MARKS_BYTES; i++) {
        char c = text[i];
        bool high = (unsigned char)c >= 0x80, mark = c == '+' || c == '-' || c == '/' || c == '_';
        m.high |= (uint64_t)high << i;
        m.lower |= (uint64_t)(c >= 'a' && c <= 'z') << i;
        m.letters |= (uint64_t)text_is_letter(c) << i;
        m.digits |= (uint64_t)text_is_digit(c) << i;
        m.coded |= (uint64_t)((text_is_alnum(c) && !high) || mark) << i;
    }
    return m;
}

#if defined(__x86_64__)
static inline __m128i between_16(__m128i v, char last, char count)
{
    return _mm_cmpgt_epi8(_mm_add_epi8(v, _mm_set1_epi8((char)(127 - last))), _mm_set1_epi8((char)(127 - count)));
}

static inline uint64_t bits_16(__m128i v)
{
    return (unsigned)_mm_movemask_epi8(v);
}

static struct marks block_read_sse2(const char *text)
{
    struct marks m = {0};
    for (unsigned i = 0; i < MARKS_BYTES; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
        __m128i letters = between_16(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'z', 26), digits = between_16(v, '9', 10);
        __m128i marks = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('+')), _mm_cmpeq_epi8(v, _mm_set1_epi8('-'))),
                                     _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('/')), _mm_cmpeq_epi8(v, _mm_set1_epi8('_'))));
        m.high |= bits_16(v) << i;
        m.lower |= bits_16(between_16(v, 'z', 26)) << i;
        m.letters |= bits_16(_mm_or_si128(letters, v)) << i;
        m.digits |= bits_16(digits) << i;
        m.coded |= bits_16(_mm_or_si128(_mm_or_si128(letters, digits), marks)) << i;
    }
    return m;
}

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i between_32(__m256i v, char last, char count)
{
    return _mm256_cmpgt_epi8(_mm256_add_epi8(v, _mm256_set1_epi8((char)(127 - last))), _mm256_set1_epi8((char)(127 - count)));
}

AVX2 static inline uint64_t bits_32(__m256i v)
{
    return (uint32_t)_mm256_movemask_epi8(v);
}

AVX2 static inline struct marks block_read_avx2(const char *text)
{
    struct marks m = {0};
    for (unsigned i = 0; i < MARKS_BYTES; i += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(text + i));
        __m256i letters = between_32(_mm256_or_si256(v, _mm256_set1_epi8(0x20)), 'z', 26), digits = between_32(v, '9', 10);
        __m256i marks = _mm256_or_si256(
            _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('+')), _mm256_cmpeq_epi8(v, _mm256_set1_epi8('-'))),
            _mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('/')), _mm256_cmpeq_epi8(v, _mm256_set1_epi8('_'))));
        m.high |= bits_32(v) << i;
        m.lower |= bits_32(between_32(v, 'z', 26)) << i;
        m.letters |= bits_32(_mm256_or_si256(letters, v)) << i;
        m.digits |= bits_32(digits) << i;
        m.coded |= bits_32(_mm256_or_si256(_mm256_or_si256(letters, digits), marks)) << i;
    }
    return m;
}

AVX2 static void blocks_read_avx2(struct marks *out, const char *text, uint32_t blocks)
{
    for (uint32_t i = 0; i < blocks; i++)
        out[i] = block_read_avx2(text + (size_t)i * MARKS_BYTES);
}

static void blocks_read_sse2(struct marks *out, const char *text, uint32_t blocks)
{
    for (uint32_t i = 0; i < blocks; i++)
        out[i] = block_read_sse2(text + (size_t)i * MARKS_BYTES);
}
#endif

static void blocks_read_plain(struct marks *out, const char *text, uint32_t blocks)
{
    for (uint32_t i = 0; i < blocks; i++)
        out[i] = block_read_plain(text + (size_t)i * MARKS_BYTES);
}

/* The words of 64 bytes by their first letters. Those of one letter are none. */
static void words_look(struct marks *m, const char *text, uint32_t len, uint32_t base)
{
    for (uint64_t starts = marks_word_starts(m) & (m->letters >> 1 | (uint64_t)1 << 63); starts; starts &= starts - 1) {
        unsigned k = (unsigned)__builtin_ctzll(starts);
        const char *word = text + base + k;
        uint32_t left = len - base - k;
        unsigned third = left > 2 && text_is_letter(word[2]) ? word[2] & 31 : 0;
        unsigned letters = (word[0] & 31u) << 10 | (left > 1 ? (word[1] & 31u) << 5 : 0) | third;
        m->announcers |= (announcer_starts[letters / 64] >> letters % 64 & 1) << k;
        m->spoken |= (spoken_starts[letters / 64] >> letters % 64 & 1) << k;
    }
}

typedef void blocks_read(struct marks *out, const char *text, uint32_t blocks);

static blocks_read *reader_of(unsigned way)
{
    switch (way) {
    case 0: return blocks_read_plain;
#if defined(__x86_64__)
    case 1: return blocks_read_sse2;
    case 2: return __builtin_cpu_supports("avx2") ? blocks_read_avx2 : NULL;
#endif
    }
    return NULL;
}

static void text_read(blocks_read *read, struct marks *out, const char *text, uint32_t len)
{
    uint32_t whole = len / MARKS_BYTES, rest = len % MARKS_BYTES;
    char last[MARKS_BYTES];
    read(out, text, whole);
    if (rest) {
        memset(last, 0, sizeof last);
        memcpy(last, text + len - rest, rest);
        read(out + whole++, last, 1);
        explicit_bzero(last, sizeof last);
    }
    out[whole] = (struct marks){0};
    for (uint32_t i = 1; i < whole; i++) {
        out[i].letter_before = out[i - 1].letters >> 63;
        out[i].digit_before = out[i - 1].digits >> 63;
    }
}

bool marks_read_way(unsigned way, struct marks *out, const char *text, uint32_t len)
{
    blocks_read *read = reader_of(way);
    if (read)
        text_read(read, out, text, len);
    return read;
}

int marks_read_bits(struct phi_array *out, const char *text, uint32_t len)
{
    blocks_read *read = reader_of(2);
    read = read ? read : reader_of(1);
    if (phi_array_reserve(out, ((size_t)len / MARKS_BYTES + 2) * sizeof(struct marks)) < 0)
        return -1;
    text_read(read ? read : reader_of(0), out->v, text, len);
    return 0;
}

int marks_read(struct phi_array *out, const char *text, uint32_t len)
{
    if (marks_read_bits(out, text, len) < 0)
        return -1;
    struct marks *m = out->v;
    for (uint32_t base = 0; base < len; base += MARKS_BYTES, m++)
        words_look(m, text, len, base);
    return 0;
}

struct marks marks_at(const char *text, uint32_t len, uint32_t from)
{
    struct marks m[2];
    uint32_t n = len - from < MARKS_BYTES ? len - from : MARKS_BYTES;
    if (!marks_read_way(1, m, text + from, n))
        marks_read_way(0, m, text + from, n);
    if (from) {
        m[0].letter_before = text_is_letter(text[from - 1]);
        m[0].digit_before = text_is_digit(text[from - 1]);
    }
    return m[0];
}
