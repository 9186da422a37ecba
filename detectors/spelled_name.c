/* SPDX-License-Identifier: Apache-2.0 */
#include "spelled_name.h"

#include "evidence.h"
#include "lexicon.h"
#include "text.h"

enum { LETTERS_FEWEST = 3, LETTERS_MOST = 24, NEAR = 14, SCORE = 70 };

struct spelling {
    char letters[LETTERS_MOST];
    uint32_t n, last; /* the last word of it */
};

static bool is_letter(const struct words *w, uint32_t i)
{
    return i < w->n && w->v[i].end - w->v[i].begin == 1 && text_is_letter(w->text[w->v[i].begin]) && !(w->v[i].flags & WORD_CONTRACTED); /* "i'm" */
}

/* Not "M.D." */
static bool goes_on(const struct words *w, uint32_t i)
{
    const uint16_t gaps = GAP_SPACE | GAP_HYPHEN;
    return i < w->n && w->v[i].gap & gaps && !(w->v[i].gap & ~(gaps | GAP_COMMA | GAP_PERIOD));
}

uint32_t spelled_aside(const struct words *w, uint32_t i)
{
    static const char *const marks[] = {"dash", "hyphen", "apostrophe", "space", "double"};

    if (words_is(w, i, "as") && words_is(w, i + 1, "in"))
        return 3;
    if (words_is(w, i, "for") || words_is(w, i, "like"))
        return 2;
    return i < w->n && words_is_any(w, i, marks, sizeof marks / sizeof *marks);
}

static void add_letter(const struct words *w, uint32_t i, struct spelling *s)
{
    bool twice = i && words_is(w, i - 1, "double");

    for (unsigned k = 0; k <= twice && s->n < LETTERS_MOST; k++)
        s->letters[s->n++] = text_lower(w->text[w->v[i].begin]);
    s->last = i;
}

static void read_letters(const struct words *w, uint32_t i, struct spelling *s)
{
    s->n = 0;
    add_letter(w, i++, s);
    while (goes_on(w, i) && s->n < LETTERS_MOST) {
        uint32_t skip = is_letter(w, i) ? 0 : spelled_aside(w, i);
        if (!is_letter(w, i + skip) || !goes_on(w, i + skip))
            return;
        add_letter(w, i + skip, s);
        i += skip + 1;
    }
}

/* An eponym or a medicine may be spelled, too; what is spelled right behind itself is a name. */
static bool is_name_like(const struct word *x, bool beside)
{
    return beside || x->label == LABEL_NAME || !(x->classes & (LEX(EPONYM) | LEX(DRUG) | LEX(COMMON)));
}

/* The word that was spelled, just before or right behind; w->n: none. */
static uint32_t spelled_word(const struct words *w, uint32_t first, const struct spelling *s)
{
    uint64_t hash = words_hash(s->letters, s->n);
    uint32_t end = s->last + 1 + NEAR < w->n ? s->last + 1 + NEAR : w->n;

    for (uint32_t i = first > NEAR ? first - NEAR : 0; i < end; i++)
        if ((i < first || i > s->last) && w->v[i].hash == hash && is_name_like(&w->v[i], i + 1 == first))
            return i;
    return w->n;
}

static bool is_announced(const struct words *w, uint32_t first, const struct spelling *s)
{
    static const char *const cues[] = {"name", "spell", "spelled", "spelling", "spells", "surname", "lastname"};

    for (uint32_t i = first > NEAR / 2 ? first - NEAR / 2 : 0; i < first; i++)
        if (words_is_any(w, i, cues, sizeof cues / sizeof *cues))
            return true;
    return first && s->n > LETTERS_FEWEST && w->v[first - 1].label == LABEL_NAME && w->v[first].gap == GAP_SPACE;
}

static int add(const struct words *w, uint32_t first, uint32_t last, uint16_t rule, struct phi_candidates *sink)
{
    struct phi_candidate c = {.kind = PHI_NAME_UNKNOWN, .rule = rule, .score = SCORE, .begin = w->v[first].begin, .end = w->v[last].end};
    return phi_candidate_add(sink, &c);
}

int spelled_name_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink)
{
    struct spelling s;

    for (uint32_t i = words_in_set(w->told, w->first, w->last); i < w->last; i = words_in_set(w->told, i + 1, w->last)) {
        if (!is_letter(w, i))
            continue;
        read_letters(w, i, &s);
        uint32_t word = s.n < LETTERS_FEWEST ? w->n : spelled_word(w, i, &s);
        if (s.n < LETTERS_FEWEST || (word == w->n && !is_announced(w, i, &s)))
            continue;
        if (add(w, i, s.last, rule, sink) < 0 || (word < w->n && add(w, word, word, rule, sink) < 0))
            return -1;
        i = s.last;
    }
    return 0;
}
