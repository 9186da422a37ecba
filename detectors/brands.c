/* SPDX-License-Identifier: Apache-2.0
 *
 * Which names say by themselves that they are a place is decided when the lists are compiled (dictionaries/build.py:
 * FACT_FIRM and FACT_BRAND), except for the health systems that are written down by hand (FACT_SYSTEM), whose lone
 * words may be anything ("Rush", "Mayo").
 */
#include "brands.h"

#include "dictionary.h"
#include "lexicon.h"
#include "wide_place.h"
#include "word_lists.h"

enum { BRAND_WORDS = 5, SURE = 68, CUED = 62, PRACTICE = 56, STORE_MOST = 5 };

struct brand {
    uint32_t first, last;
    uint32_t facts;
};

static bool is_capital(const struct word *x)
{
    return word_is_capital(x) || x->shape == SHAPE_INITIAL;
}

/* A small word inside a name: "Bath and Body Works". */
static bool is_link(const struct words *w, uint32_t i)
{
    return words_is(w, i, "and") || words_is(w, i, "of") || words_is(w, i, "the") || words_is(w, i, "in");
}

static bool goes_on(const struct words *w, uint32_t i, bool lower)
{
    const uint16_t inside = GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | GAP_APOSTROPHE | GAP_OTHER;

    return words_joined(w, i, inside) && w->v[i].gap && (is_capital(&w->v[i]) || lower || is_link(w, i) || w->v[i].shape == SHAPE_NUMBER);
}

/* The longest name in the lists that begins with word i. */
static bool brand_at(const struct words *w, const struct phi_dictionary *d, uint32_t i, struct brand *b)
{
    const uint32_t named = FACT_SYSTEM | FACT_FIRM | FACT_BRAND;
    const struct word *x = &w->v[i];
    uint32_t entry = phi_dictionary_entry(d, x->hash);
    uint64_t phrase = x->hash;

    *b = (struct brand){i, i, entry & named};
    if (x->flags & WORD_POSSESSIVE)
        b->facts = phi_dictionary_entry(d, words_phrase(phrase, words_hash("s", 1))) & named;
    if (!(entry & FACT_BRAND_HEAD))
        return b->facts;
    for (uint32_t k = i + 1; k < i + BRAND_WORDS && goes_on(w, k, x->shape == SHAPE_LOWER); k++) {
        phrase = words_phrase(phrase, w->v[k].hash);
        uint32_t facts = phi_dictionary_entry(d, phrase) & named;
        if (facts)
            *b = (struct brand){i, k, facts};
    }
    return b->facts;
}

/* A lone word that is no other word, nobody's name and no town. */
static bool is_own(const struct word *x)
{
    uint32_t ratio = FACT_RATIO(x->facts);
    return x->letters > 4 && !fact_is_word(x->facts) && !FACT_GIVEN(x->facts) && FACT_SURNAME(x->facts) < 2 && !FACT_CITY(x->facts) &&
           (!ratio || ratio > 4);
}

/* "MSK", "CMC", "IHC" mean more than a hospital; what stands beside them tells (evidence.c). */
static bool is_acronym(const struct word *x)
{
    return x->letters < 5 && (x->shape == SHAPE_UPPER || x->shape == SHAPE_LOWER);
}

/* "works at Target", "from the Giant Eagle", "Target cashier", "Kroger on Lamar" */
static bool is_cued(const struct words *w, const struct brand *b)
{
    static const char *const articles[] = {"the", "a", "our", "her", "his", "their", "local"}, *const links[] = {"for", "to", "by", "with"};
    uint32_t i = b->first;

    while (i > 0 && b->first - i < 2 && w->v[i].gap == GAP_SPACE && words_is_any(w, i - 1, articles, 7))
        i--;
    if (i > 0 && !(w->v[i].gap & ~(GAP_SPACE | GAP_COLON)) && words_in(w, i - 1, LIST(BRAND_CUE)))
        return true;
    if (i > 1 && w->v[i].gap == GAP_SPACE && words_is_any(w, i - 1, links, 4) && words_in(w, i - 2, LIST(BRAND_VERB)))
        return true;
    uint32_t next = b->last + 1;
    if (!words_joined(w, next, GAP_SPACE))
        return false;
    bool on_street = words_is(w, next, "on") && words_joined(w, next + 1, GAP_SPACE) && is_capital(&w->v[next + 1]) && is_capital(&w->v[b->first]);
    return on_street || words_in(w, next, LIST(BRAND_TAIL));
}

static uint8_t score_of(const struct words *w, const struct brand *b)
{
    const struct word *x = &w->v[b->first];
    bool lone = b->first == b->last && !(x->flags & WORD_POSSESSIVE);

    if (lone && (is_acronym(x) || x->classes & (LEX(DRUG) | LEX(COMMON) | LEX(STATE) | LEX(COUNTRY))))
        return 0;
    if (b->facts & FACT_FIRM || (b->facts & FACT_SYSTEM && (lone ? is_own(x) : x->shape != SHAPE_LOWER)))
        return SURE;
    if (lone && x->shape == SHAPE_LOWER && fact_is_word(x->facts))
        return 0;
    return is_cued(w, b) ? CUED : 0;
}

/* A word in front of what a practice treats that tells it from the others: a name, a town, no word. */
static bool is_telling(const struct word *x)
{
    return !fact_is_word(x->facts) && !(x->classes & (LEX(EPONYM) | LEX(DRUG) | LEX(ACRONYM) | LEX(DOCTOR) | LEX(TITLE))) && x->letters > 3;
}

/* "Thornleigh Neuro", "Dufresne Drug": where the capitals in front of word i begin; i when none of them tells. */
static uint32_t practice_start(const struct words *w, uint32_t i)
{
    const uint64_t others = LEX(COMMON) | LEX(HEADING) | LEX(LABEL) | LEX(DOCTOR) | LEX(TITLE) | LEX(PROVIDER) | LEX(VERB) | LEX(CREDENTIAL) | LEX(EPONYM_HEAD);
    uint32_t first = i;
    bool telling = false;

    while (first > 0 && i - first < 3 && !(w->v[first].gap & ~(GAP_SPACE | GAP_HYPHEN | GAP_APOSTROPHE)) && is_capital(&w->v[first - 1]) &&
           !(w->v[first - 1].classes & others) && !(w->v[first - 1].flags & WORD_TAKEN)) {
        first--;
        telling |= is_telling(&w->v[first]);
    }
    return telling ? first : i;
}

/* Practices by what they treat, clinics and shops by what they are. */
static int practices_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink)
{
    for (uint32_t i = words_in_set(w->open, w->first, w->last); i < w->last; i = words_in_set(w->open, i + 1, w->last)) {
        const struct word *x = &w->v[i];
        if (i == 0 || x->gap != GAP_SPACE || !(x->shape == SHAPE_TITLE || x->shape == SHAPE_UPPER) || !is_capital(x - 1) || !words_in(w, i, LIST(SPECIALTY)))
            continue;
        struct phi_candidate c = {.kind = PHI_GEO_FACILITY, .rule = rule, .score = PRACTICE, .end = x->end};
        c.begin = w->v[practice_start(w, i)].begin;
        if (c.begin < x->begin && phi_candidate_add(sink, &c) < 0)
            return -1;
    }
    return 0;
}

uint32_t brands_number(const struct words *w, uint32_t last)
{
    const struct word *x = &w->v[last + 1];
    bool store = last + 1 < w->n && x->shape == SHAPE_NUMBER && x->letters <= STORE_MOST && x->gap == (GAP_SPACE | GAP_OTHER) && w->text[x->begin - 1] == '#' && x->begin - x[-1].end == 2;
    return store ? last + 1 : last;
}

int brands_emit(const struct words *w, const struct phi_dictionary *d, uint16_t rule, struct phi_candidates *sink)
{
    struct brand b;

    for (uint32_t i = words_in_set(w->named, w->first, w->last); d && i < w->last; i = words_in_set(w->named, i + 1, w->last)) {
        const struct word *x = &w->v[i];
        if (x->flags & WORD_TAKEN || !brand_at(w, d, i, &b))
            continue;
        struct phi_candidate c = {.kind = PHI_GEO_FACILITY, .rule = rule, .begin = x->begin, .score = score_of(w, &b)};
        while (words_joined(w, b.last + 1, GAP_SPACE) && w->v[b.last + 1].classes & LEX(FACILITY) && !(w->v[b.last].flags & WORD_POSSESSIVE))
            b.last++; /* "Harborview clinic" */
        b.last = w->v[b.last].flags & WORD_POSSESSIVE ? b.last : brands_number(w, b.last);
        c.end = w->v[b.last].flags & WORD_POSSESSIVE ? words_possessive_end(w, b.last) : w->v[b.last].end;
        if (c.score == CUED && wide_place(w, i, b.last)) /* "in Rhode Island" is no university */
            c.score = 0;
        if (c.score && phi_candidate_add(sink, &c) < 0)
            return -1;
        i = c.score ? b.last : i;
    }
    return practices_emit(w, rule, sink);
}
