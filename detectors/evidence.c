/* SPDX-License-Identifier: Apache-2.0
 *
 * Gathering the features of a word: its own facts, the words on both sides, ages, places, eponyms and other cues near it.
 */
#include "evidence.h"

#include <string.h>

#include "candidate.h"
#include "dictionary.h"
#include "eponym.h"
#include "evidence_groups.h"
#include "lexicon.h"
#include "word_lists.h"

void seen_add(struct seen *s, uint64_t hash)
{
    s->hash[hash % SEEN_SLOTS] = hash;
}

bool seen_has(const struct seen *s, uint64_t hash)
{
    return s->hash[hash % SEEN_SLOTS] == hash;
}

static enum join join_of(uint16_t gap)
{
    if (gap & (GAP_LINE | GAP_BLANK | GAP_STOP | GAP_START))
        return JOIN_BREAK;
    if (gap == GAP_SPACE)
        return JOIN_SPACE;
    if (gap & GAP_COLON)
        return JOIN_COLON;
    if (gap & GAP_COMMA)
        return JOIN_COMMA;
    if (gap & (GAP_HYPHEN | GAP_APOSTROPHE) && !(gap & ~(GAP_HYPHEN | GAP_APOSTROPHE)))
        return JOIN_TIGHT;
    return JOIN_OTHER;
}

/* After a title or an initial, a period ends no sentence. */
static enum join join_before(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i], *p = x - 1;

    if (i && !(x->gap & ~(GAP_SPACE | GAP_PERIOD | GAP_LINE)) && x->gap & GAP_LINE && p->classes & (LEX(DOCTOR) | LEX(TITLE)))
        return JOIN_SPACE; /* a wrapped line */
    if (i && (x->gap & ~(GAP_SPACE | GAP_PERIOD)) == 0 && x->gap & GAP_PERIOD) {
        if (p->shape == SHAPE_INITIAL || p->classes & (LEX(DOCTOR) | LEX(TITLE) | LEX(SUFFIX)) ||
            (p->classes & (LEX(CREDENTIAL) | LEX(STREET) | LEX(PATIENT)) && p->letters <= 4))
            return JOIN_SPACE;
        return JOIN_BREAK;
    }
    return join_of(x->gap);
}

/* The evidence as it is gathered, which can be kept in registers. */
struct gathering {
    uint16_t *next, *end; /* where features are listed; next NULL: only what they add up to is asked for */
    int32_t name, place;
};

static inline __attribute__((always_inline)) void put(struct gathering *f, unsigned feature)
{
    if (f->next && f->next < f->end)
        *f->next++ = (uint16_t)feature;
    f->name += evidence_weights[feature][0];
    f->place += evidence_weights[feature][1];
}

static inline __attribute__((always_inline)) void put_classes(struct gathering *f, uint64_t classes, unsigned base, unsigned stride)
{
    while (classes) {
        put(f, base + (unsigned)__builtin_ctzll(classes) * stride);
        classes &= classes - 1;
    }
}

static inline __attribute__((always_inline)) void gather_own(const struct words *w, uint32_t i, unsigned like, struct gathering *f)
{
    const struct word *x = &w->v[i];
    uint32_t facts = x->facts;
    unsigned line = x->flags & WORD_LINE_UPPER ? 1 : x->flags & WORD_LINE_LOWER ? 2 : x->flags & WORD_LINE_TITLE ? 3 : 0;

    put(f, GROUP_SHAPE + x->shape * 4 + line);
    put_classes(f, x->classes, x->shape == SHAPE_LOWER ? GROUP_OWN_LOWER : line == 1 ? GROUP_OWN_CAPITALS : GROUP_OWN, 1);
    put(f, GROUP_GIVEN + FACT_GIVEN(facts));
    put(f, GROUP_SURNAME + FACT_SURNAME(facts));
    put(f, GROUP_RATIO + FACT_RATIO(facts));
    put(f, GROUP_FREQUENCY + FACT_FREQUENCY(facts));
    put(f, GROUP_CITY + FACT_CITY(facts));
    put_classes(f, facts >> 18 & 63, GROUP_FACT, 1);
    if (!facts && !x->classes)
        put(f, GROUP_FACT + 6);
    put(f, GROUP_LIKE + like * 8 + FACT_RATIO(facts));
    put(f, GROUP_LIKE_SHAPE + like * 8 + x->shape);
    put(f, GROUP_LENGTH + (x->letters < 7 ? x->letters : 7u));
    put_classes(f, x->flags & 7, GROUP_FLAG, 1);
    if (x->flags & WORD_PREFIXED)
        put(f, GROUP_FLAG + 3);
}

/* Three letters as one of 512: the same ones always the same. */
static inline unsigned letters_bucket(const char *s)
{
    unsigned a = (unsigned char)s[0] | 0x20, b = (unsigned char)s[1] | 0x20, c = (unsigned char)s[2] | 0x20;
    return (a * 961 + b * 31 + c) % 509;
}

/* How the word begins and ends, as families and medicines do in their own ways. */
static inline __attribute__((always_inline)) void gather_letters(const struct words *w, uint32_t i, struct gathering *f)
{
    const struct word *x = &w->v[i];
    if (x->classes || x->letters < 5)
        return;
    put(f, GROUP_BEGINNING + letters_bucket(w->text + x->begin));
    put(f, GROUP_ENDING + letters_bucket(w->text + x->end - 3));
}

/* like: of the word; join: to the word before */
static inline __attribute__((always_inline)) void gather_left(const struct words *w, uint32_t i, unsigned like, enum join join, struct gathering *f)
{
    const struct word *x = &w->v[i], *p = x - 1;

    put(f, GROUP_JOIN_LEFT + join);
    if (join == JOIN_BREAK)
        put(f, GROUP_LIKE_START + like);
    if (!i || x->gap & GAP_START)
        return;
    put_classes(f, p->classes, GROUP_BEFORE + join, JOINS);
    if (join == JOIN_SPACE && p->shape < SHAPE_NUMBER && !(x->flags & WORD_LINE_UPPER))
        put(f, GROUP_PREVIOUS + (p->hash & 1023));
    put(f, GROUP_SHAPE_BEFORE + p->shape * JOINS + join);
    bool written = word_is_capital(p) || p->flags & WORD_LINE_LOWER; /* as a name can be */
    unsigned other = written ? candidate_likeness(p) : 0;
    if (word_is_capital(p) || p->shape == SHAPE_LOWER)
        put(f, GROUP_LIKE_BEFORE + other * JOINS + join);
    if (join == JOIN_SPACE && written)
        put(f, GROUP_PAIR_BEFORE + other * LIKES + like);
    put(f, GROUP_LABEL_BEFORE + p->label * JOINS + join);
    if (join == JOIN_BREAK || i < 2 || p->gap & (GAP_LINE | GAP_BLANK | GAP_START))
        return;
    put_classes(f, p[-1].classes, GROUP_BEFORE2, 1);
    put(f, GROUP_LABEL_BEFORE2 + p[-1].label);
    if (i > 2 && !(p[-1].gap & (GAP_LINE | GAP_BLANK)))
        put_classes(f, p[-2].classes, GROUP_BEFORE3, 1);
}

static inline __attribute__((always_inline)) void gather_right(const struct words *w, uint32_t i, unsigned like, struct gathering *f)
{
    const struct word *n = &w->v[i + 1];
    enum join join = i + 1 < w->n ? join_before(w, i + 1) : JOIN_BREAK;

    put(f, GROUP_JOIN_RIGHT + join);
    if (i + 1 >= w->n)
        return;
    put_classes(f, n->classes, GROUP_AFTER + join, JOINS);
    if (join == JOIN_SPACE && n->shape < SHAPE_NUMBER && !(n->flags & WORD_LINE_UPPER))
        put(f, GROUP_FOLLOWING + (n->hash & 1023));
    put(f, GROUP_SHAPE_AFTER + n->shape * JOINS + join);
    bool written = word_is_capital(n) || n->flags & WORD_LINE_LOWER;
    unsigned other = written ? candidate_likeness(n) : 0;
    if (word_is_capital(n) || n->shape == SHAPE_LOWER)
        put(f, GROUP_LIKE_AFTER + other * JOINS + join);
    if (join == JOIN_SPACE && written)
        put(f, GROUP_PAIR_AFTER + like * LIKES + other);
    if (i + 2 < w->n && join != JOIN_BREAK && !(n[1].gap & (GAP_LINE | GAP_BLANK)))
        put_classes(f, n[1].classes, GROUP_AFTER2, 1);
}

/* "67-year-old", "67 yo", "67yo", "57F" at a word. */
static inline bool is_age(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (x->shape < SHAPE_NUMBER)
        return false;
    if (x->shape == SHAPE_NUMBER)
        return x->letters <= 3 && i + 1 < w->n && x[1].classes & LEX(AGE);
    return x->letters <= 5 && text_is_digit(w->text[x->begin]) && strchr("fmoy", (uint8_t)(w->text[x->end - 1] | 0x20));
}

static inline __attribute__((always_inline)) void gather_ages(const struct words *w, uint32_t i, struct gathering *f)
{
    for (uint32_t k = i + 1; k < w->n && k <= i + 4; k++) {
        if (w->v[k].gap & (GAP_LINE | GAP_BLANK))
            break;
        if (is_age(w, k)) {
            put(f, GROUP_CUE + CUE_AGE_AFTER);
            break;
        }
    }
    for (uint32_t k = i; k > 0 && k + 7 > i; k--) {
        if (is_age(w, k - 1)) {
            put(f, GROUP_CUE + CUE_AGE_BEFORE);
            break;
        }
        if (w->v[k].gap & (GAP_LINE | GAP_BLANK))
            break;
    }
}

static inline __attribute__((always_inline)) void gather_place(const struct words *w, uint32_t i, const struct phi_dictionary *d, struct gathering *f)
{
    const struct word *x = &w->v[i], *n = x + 1;
    uint64_t ends = candidate_ends_run(w, i, LEX(FACILITY) | LEX(STREET));

    if (ends & LEX(FACILITY))
        put(f, GROUP_CUE + CUE_FACILITY);
    if (ends & LEX(STREET)) {
        put(f, GROUP_CUE + CUE_STREET);
        for (uint32_t k = i; k > 0 && k + 3 > i; k--)
            if (w->v[k - 1].shape == SHAPE_NUMBER) {
                put(f, GROUP_CUE + CUE_NUMBER_STREET);
                break;
            }
    }
    if (i + 1 < w->n && n->classes & LEX(STATE) && n->shape != SHAPE_LOWER && n->gap & (GAP_SPACE | GAP_COMMA) && !(n->gap & GAP_LINE)) {
        put(f, GROUP_CUE + CUE_STATE);
        if (i + 2 < w->n && n[1].shape == SHAPE_NUMBER && n[1].letters == 5)
            put(f, GROUP_CUE + CUE_STATE_ZIP);
    }
    if (i + 1 < w->n && n->letters == 6 && (words_is(w, i + 1, "county") || words_is(w, i + 1, "parish")))
        put(f, GROUP_CUE + CUE_COUNTY);
    for (uint32_t back = 0; d && back < 3 && back <= i; back++) {
        const struct word *s = x - back;
        uint64_t phrase = s->hash;
        if (s->facts & FACT_HEAD)
            for (uint32_t k = i - back + 1; k < w->n && k < i - back + 4; k++) {
                if (w->v[k].gap & ~(GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | GAP_APOSTROPHE) || (!word_is_capital(&w->v[k]) && !(w->v[k].flags & WORD_LINE_LOWER)))
                    break;
                phrase = words_phrase(phrase, w->v[k].hash);
                if (k < i)
                    continue;
                uint32_t facts = phi_dictionary_entry(d, phrase);
                if (FACT_CITY(facts) || facts & FACT_COUNTY)
                    put(f, GROUP_CUE + CUE_PHRASE_CITY);
                if (facts & FACT_SYSTEM)
                    put(f, GROUP_CUE + CUE_PHRASE_SYSTEM);
                if (facts)
                    return;
            }
        if (!s->gap || s->gap & ~(GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | GAP_APOSTROPHE))
            break;
    }
}

static inline __attribute__((always_inline)) void gather_eponym(const struct words *w, uint32_t i, struct gathering *f)
{
    const struct word *x = &w->v[i];
    bool head = eponym_head(w, i);

    if (head)
        put(f, GROUP_CUE + (x->classes & LEX(EPONYM) ? CUE_EPONYM : CUE_EPONYM_PLAIN));
    if (head && x->flags & WORD_POSSESSIVE)
        put(f, GROUP_CUE + CUE_EPONYM_POSSESSIVE);
}

/* "Vistaril 50 mg" */
static bool has_dose(const struct words *w, uint32_t i)
{
    for (uint32_t k = i + 1; k < w->n && k <= i + 3; k++) {
        if (w->v[k].gap & (GAP_LINE | GAP_COMMA | GAP_STOP))
            return false;
        if (w->v[k].classes & LEX(DOSE))
            return true;
    }
    return false;
}

static inline __attribute__((always_inline)) void gather_cues(const struct words *w, uint32_t i, const struct seen *seen, unsigned like, enum join join, struct gathering *f)
{
    const struct word *x = &w->v[i];
    uint32_t first = i;
    unsigned colons = 0;

    if (x->shape != SHAPE_INITIAL && seen_has(seen, x->hash)) {
        put(f, GROUP_CUE + CUE_SEEN);
        if (like >= 2)
            put(f, GROUP_CUE + CUE_SEEN_LIKE);
    }
    if (join == JOIN_BREAK)
        put(f, GROUP_CUE + CUE_SENTENCE);
    if (i + 1 < w->n && word_is_capital(x + 1) && x[1].gap == GAP_SPACE)
        put(f, GROUP_CUE + CUE_CAPITALS_RIGHT);
    if (i + 1 < w->n && x[1].shape == SHAPE_INITIAL && x[1].gap & GAP_SPACE && !(x[1].gap & (GAP_LINE | GAP_PERIOD)))
        put(f, GROUP_CUE + CUE_INITIAL_RIGHT);
    if (i && x[-1].shape == SHAPE_INITIAL && x->gap & GAP_PERIOD && !(x->gap & GAP_LINE))
        put(f, GROUP_CUE + CUE_INITIAL_LEFT);
    if (x->gap & GAP_QUOTE)
        put(f, GROUP_CUE + CUE_QUOTE);
    if (x->gap & GAP_OPEN)
        put(f, GROUP_CUE + CUE_PARENTHESIS);
    while (first > 0 && i - first < 6 && !(w->v[first].gap & (GAP_LINE | GAP_START | GAP_BLANK))) {
        colons += (w->v[first].gap & GAP_COLON) != 0;
        first--;
    }
    if (colons && w->v[first].classes & (LEX(LABEL) | LEX(PROVIDER) | LEX(SIGN) | LEX(PATIENT) | LEX(RELATION)))
        put(f, GROUP_CUE + CUE_LABEL_LINE);
    if (i && x[-1].gap & GAP_OPEN && x->gap & GAP_CLOSE)
        put(f, GROUP_CUE + CUE_DIALOGUE);
    if (i && x->gap & GAP_COMMA && x[-1].label == LABEL_NAME)
        put(f, GROUP_CUE + CUE_LIST);
    if (x->shape == SHAPE_UPPER && x->letters <= 5 && !(x->flags & WORD_LINE_UPPER) && like < 4)
        put(f, GROUP_CUE + CUE_ACRONYM);
    if (has_dose(w, i))
        put(f, GROUP_CUE + CUE_DOSE);
    if (i + 1 < w->n && x->shape == SHAPE_INITIAL && x[1].shape == SHAPE_INITIAL && x[1].gap == GAP_PERIOD)
        put(f, GROUP_CUE + CUE_DOTTED);
    if (x->gap & GAP_SLASH || (i + 1 < w->n && x[1].gap & GAP_SLASH))
        put(f, GROUP_CUE + CUE_SLASH_LIST);
}

static inline __attribute__((always_inline)) void gather(const struct words *w, uint32_t i, const struct phi_dictionary *d,
                                                         const struct seen *seen, struct gathering *f)
{
    unsigned like = candidate_likeness(&w->v[i]);
    enum join join = join_before(w, i);

    gather_own(w, i, like, f);
    gather_letters(w, i, f);
    gather_left(w, i, like, join, f);
    gather_right(w, i, like, f);
    gather_ages(w, i, f);
    gather_place(w, i, d, f);
    gather_eponym(w, i, f);
    gather_cues(w, i, seen, like, join, f);
}

void evidence_gather(const struct words *w, uint32_t i, const struct phi_dictionary *d, const struct seen *seen,
                     struct evidence *out)
{
    struct gathering f = {.next = out->v, .end = out->v + EVIDENCE_MAX};

    gather(w, i, d, seen, &f);
    out->n = (unsigned)(f.next - out->v);
    out->name = f.name;
    out->place = f.place;
}

/* Twice the code, for the features of nearly all words are never looked at. */
void evidence_sum(const struct words *w, uint32_t i, const struct phi_dictionary *d, const struct seen *seen, int32_t sum[LABELS])
{
    struct gathering f = {.next = NULL};

    gather(w, i, d, seen, &f);
    sum[LABEL_NONE] = 0;
    sum[LABEL_NAME] = f.name;
    sum[LABEL_PLACE] = f.place;
}

bool evidence_plain(const struct words *w, uint32_t i)
{
    return fact_is_word(w->v[i].facts) && candidate_likeness(&w->v[i]) < 2;
}

bool evidence_fits(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    return i < w->n && (x->shape == SHAPE_TITLE || x->shape == SHAPE_MIXED) && x->letters > 2 && !x->classes && x->label == LABEL_NONE &&
           !(x->flags & (WORD_TAKEN | WORD_CONTRACTED)) && !(x->facts & FACT_ENGLISH) &&
           !(x->facts & FACT_SCIENCE && FACT_FREQUENCY(x->facts));
}

bool evidence_unknown(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (!(x->shape == SHAPE_TITLE || x->shape == SHAPE_MIXED) || x->letters < 3 || x->classes)
        return false;
    if (candidate_likeness(x) >= 3 || !fact_is_word(x->facts))
        return true;
    /* Inside a sentence a term of science is seldom capitalized, and a rare surname often is one. */
    return join_before(w, i) != JOIN_BREAK && (candidate_likeness(x) == 2 || !(x->facts & FACT_ENGLISH || FACT_FREQUENCY(x->facts)));
}
