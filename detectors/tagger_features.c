/* SPDX-License-Identifier: Apache-2.0
 *
 * The features of a word: what it is, what stands beside it, and what two words away.
 */
#include "dictionary.h"
#include "lexicon.h"
#include "tagger.h"
#include "tagger_groups.h"
#include "text.h"

#define INLINE static inline __attribute__((always_inline))

/* Hashed ones wait until the others are there. */
struct gathered {
    struct tag_features *out;
    uint64_t hashed[TEMPLATES];
    unsigned n, n_hashed;
};

INLINE void put(struct gathered *f, unsigned feature)
{
    if (f->n < TAG_FEATURES_MAX)
        f->out->v[f->n++] = feature;
}

/* Each template once. */
INLINE void put_hashed(struct gathered *f, enum tag_template template, uint64_t hash)
{
    uint64_t mixed = (hash ^ (template + 1) * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93);
    uint32_t key = (uint32_t)(mixed >> 36) << 4 | (uint32_t)template; /* of which template, for explanations */

    f->hashed[f->n_hashed++] = TAG_HASHED | (key ? key : 1);
}

INLINE void put_bits(struct gathered *f, unsigned base, uint64_t bits)
{
    for (; bits; bits &= bits - 1)
        put(f, base + (unsigned)__builtin_ctzll(bits));
}

/* What is known of a word of those facts that are asked of every word: see candidates_prepare. */
INLINE uint32_t facts_of(const struct word *x)
{
    bool asked = x->shape != SHAPE_LOWER || x->flags & (WORD_LINE_LOWER | WORD_LINE_UPPER);
    return asked ? x->facts : x->facts & ~(uint32_t)(FACT_ENGLISH | FACT_SCIENCE);
}

INLINE void put_facts(struct gathered *f, unsigned base, uint32_t facts)
{
    put(f, base + FACT_GIVEN(facts));
    put(f, base + 8 + FACT_SURNAME(facts));
    put(f, base + 16 + FACT_RATIO(facts));
    put(f, base + 24 + FACT_FREQUENCY(facts));
    put(f, base + 32 + FACT_CITY(facts));
    put_bits(f, base + 40, facts >> 18 & 63);
}

enum gap_kind {
    GAP_KIND_BREAK = 0,
    GAP_KIND_PERIOD,
    GAP_KIND_COMMA,
    GAP_KIND_COLON,
    GAP_KIND_TIGHT,
    GAP_KIND_SPACE,
    GAP_KIND_SLASH,
    GAP_KIND_BRACKET,
    GAP_KIND_QUOTE,
    GAP_KIND_OTHER,
    GAP_KINDS
};
_Static_assert((int)GAP_KINDS == (int)TAG_GAPS, "a feature for each");

INLINE enum gap_kind gap_kind(uint16_t gap)
{
    if (gap == GAP_SPACE)
        return GAP_KIND_SPACE;
    if (gap & (GAP_LINE | GAP_BLANK | GAP_STOP | GAP_START))
        return GAP_KIND_BREAK;
    if (gap & GAP_PERIOD)
        return GAP_KIND_PERIOD;
    if (gap & GAP_COMMA)
        return GAP_KIND_COMMA;
    if (gap & GAP_COLON)
        return GAP_KIND_COLON;
    if (gap & GAP_SLASH)
        return GAP_KIND_SLASH;
    if (gap & (GAP_OPEN | GAP_CLOSE))
        return GAP_KIND_BRACKET;
    if (gap & GAP_QUOTE)
        return GAP_KIND_QUOTE;
    return gap & (GAP_HYPHEN | GAP_APOSTROPHE) && !(gap & ~(GAP_HYPHEN | GAP_APOSTROPHE)) ? GAP_KIND_TIGHT : GAP_KIND_OTHER;
}

/* "2023" as 0000, "B12" as b00: how a number is built. */
static uint64_t hash_of_build(const struct words *w, uint32_t i)
{
    char build[12];
    uint32_t n = w->v[i].end - w->v[i].begin;

    n = n < sizeof build ? n : sizeof build;
    for (uint32_t k = 0; k < n; k++) {
        char c = w->text[w->v[i].begin + k];
        build[k] = text_is_digit(c) ? '0' : (char)(c | 0x20);
    }
    return words_hash(build, n);
}

/* The word as a feature; 0 for one that may be somebody's: those are told by their lists, letters and neighbours. */
INLINE uint64_t told_hash(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (x->shape >= SHAPE_NUMBER)
        return hash_of_build(w, i);
    if (x->classes)
        return x->hash;
    bool name = fact_is_name_or_city(x->facts);
    bool known = !(x->flags & WORD_LINE_LOWER) || fact_is_word(x->facts);
    return x->shape == SHAPE_LOWER && !name && known ? x->hash : 0;
}

/* The word beside, and how it is joined. */
INLINE void put_word(struct gathered *f, uint64_t told, enum tag_template alone, enum tag_template joined, unsigned gap)
{
    if (!told)
        return;
    put_hashed(f, alone, told);
    put_hashed(f, joined, told + gap);
}

INLINE uint64_t letters_hash(const char *s, unsigned n)
{
    uint64_t h = 0;
    for (unsigned k = 0; k < n; k++)
        h = h << 8 | (uint8_t)(s[k] | 0x20);
    return h + n;
}

INLINE unsigned value_of(const struct words *w, const struct word *x)
{
    unsigned value = 0;

    if (x->end - x->begin > 4)
        return 5;
    for (uint32_t k = x->begin; k < x->end; k++)
        value = value * 10 + (unsigned)(w->text[k] - '0');
    if (x->end - x->begin == 4 && value >= 1900 && value < 2100)
        return 4;
    return value <= 12 ? 0 : value <= 31 ? 1 : value <= 99 ? 2 : value <= 999 ? 3 : 5;
}

/* "9/2 admitted" is a day where other days are written so. */
INLINE void put_days(const struct words *w, uint32_t i, struct gathered *f)
{
    int way = words_tight_gap(&w->v[i]);

    if (way < 0 && i + 1 < w->n)
        way = words_tight_gap(&w->v[i + 1]);
    if (way >= 0)
        put(f, TAG_DAYS + (unsigned)way * 3 + w->days[way]);
}

INLINE void gather_own(const struct words *w, uint32_t i, struct gathered *f)
{
    const struct word *x = &w->v[i];
    uint32_t facts = facts_of(x), size = x->end - x->begin;
    unsigned line = x->flags & WORD_LINE_UPPER ? 1 : x->flags & WORD_LINE_LOWER ? 2 : x->flags & WORD_LINE_TITLE ? 3 : 0;

    put(f, TAG_ALWAYS);
    put(f, TAG_SHAPE + x->shape * 4u + line);
    put_bits(f, TAG_CLASS, x->classes);
    put(f, TAG_LENGTH + (size < 12 ? size : 12u));
    put_bits(f, TAG_FLAG, x->flags & 0xFF);
    if (x->shape == SHAPE_NUMBER) {
        put(f, TAG_VALUE + value_of(w, x));
        put_days(w, i, f);
    }
    uint64_t told = told_hash(w, i);
    if (told)
        put_hashed(f, TEMPLATE_WORD, told);
    if (x->shape >= SHAPE_NUMBER)
        return;
    put_facts(f, TAG_FACT, facts);
    put(f, TAG_GIVEN + FACT_GIVEN(facts) * 8 + x->shape);
    put(f, TAG_SURNAME + FACT_SURNAME(facts) * 8 + x->shape);
    put(f, TAG_RATIO + FACT_RATIO(facts) * 8 + x->shape);
    put(f, TAG_FREQUENCY + FACT_FREQUENCY(facts) * 8 + x->shape);
    put(f, TAG_CITY + FACT_CITY(facts) * 8 + x->shape);
    if (size >= 4) {
        put_hashed(f, TEMPLATE_BEGINNING, letters_hash(w->text + x->begin, 3));
        put_hashed(f, TEMPLATE_ENDING, letters_hash(w->text + x->end - 3, 3));
    }
    if (size >= 3)
        put_hashed(f, TEMPLATE_ENDING2, letters_hash(w->text + x->end - 2, 2));
}

/* The words beside it. */
INLINE void gather_near(const struct words *w, uint32_t i, struct gathered *f)
{
    const struct word *x = &w->v[i];
    unsigned gap = gap_kind(x->gap);
    bool left = i > 0 && !(x->gap & GAP_START), right = i + 1 < w->n;

    put(f, TAG_GAP + gap);
    if (left) {
        put_bits(f, TAG_CLASS_L1, x[-1].classes);
        put(f, TAG_SHAPE_L1 + x[-1].shape);
        put(f, TAG_GAP_L1 + gap_kind(x[-1].gap));
        put_facts(f, TAG_FACT_L1, facts_of(&x[-1]));
        put_word(f, told_hash(w, i - 1), TEMPLATE_L1, TEMPLATE_L1_GAP, gap);
    } else {
        put(f, TAG_EDGE);
    }
    if (right) {
        gap = gap_kind(x[1].gap);
        put(f, TAG_GAP_RIGHT + gap);
        put_bits(f, TAG_CLASS_R1, x[1].classes);
        put(f, TAG_SHAPE_R1 + x[1].shape);
        put_facts(f, TAG_FACT_R1, facts_of(&x[1]));
        put_word(f, told_hash(w, i + 1), TEMPLATE_R1, TEMPLATE_R1_GAP, gap);
    } else {
        put(f, TAG_EDGE + 2);
    }
}

/* Those two away. */
INLINE void gather_far(const struct words *w, uint32_t i, struct gathered *f)
{
    const struct word *x = &w->v[i];
    bool left = i > 0 && !(x->gap & GAP_START), far_left = left && i > 1 && !(x[-1].gap & GAP_START);
    uint64_t told;

    if (far_left) {
        put_bits(f, TAG_CLASS_L2, x[-2].classes);
        put(f, TAG_SHAPE_L2 + x[-2].shape);
        put(f, TAG_GAP_L2 + gap_kind(x[-2].gap));
        if ((told = told_hash(w, i - 2)) != 0)
            put_hashed(f, TEMPLATE_L2, told);
    } else if (left) {
        put(f, TAG_EDGE + 1);
    }
    if (i + 2 < w->n) {
        put_bits(f, TAG_CLASS_R2, x[2].classes);
        put(f, TAG_SHAPE_R2 + x[2].shape);
        put(f, TAG_GAP_R2 + gap_kind(x[2].gap));
        if ((told = told_hash(w, i + 2)) != 0)
            put_hashed(f, TEMPLATE_R2, told);
    } else if (i + 1 < w->n) {
        put(f, TAG_EDGE + 3);
    }
}

void tagger_features(const struct words *w, uint32_t i, struct tag_features *out)
{
    struct gathered f;

    f.out = out;
    f.n = f.n_hashed = 0;
    gather_own(w, i, &f);
    gather_near(w, i, &f);
    gather_far(w, i, &f);
    out->numbered = f.n;
    for (unsigned k = 0; k < f.n_hashed && f.n < TAG_FEATURES_MAX; k++)
        out->v[f.n++] = f.hashed[k];
    out->n = f.n;
}
