/* SPDX-License-Identifier: Apache-2.0
 *
 *     spouse   o.  aanei          how sure each word is that it is somebody's, and how plainly the text says that
 *     told    initial unlisted    somebody stands there, must add up
 */
#include "small_name.h"

#include <string.h>

#include "evidence.h"
#include "lexicon.h"
#include "likeness.h"
#include "telling.h"

enum { DOTTED_FEWEST = 5, ALONE_FEWEST = 6, GIVEN_SURE = 3, GIVEN_FEWEST = 4, FREQUENT = 4, RATIO_MOSTLY = 5, PARTS_MOST = 3, WORDS_MOST = 10 };

struct small {
    uint32_t first, last;
    unsigned initials, sure, unlisted, words;
    bool dotted; /* a period behind the initial */
};

static char letter(const struct words *w, uint32_t i)
{
    return w->text[w->v[i].begin];
}

static bool is_initial(const struct words *w, uint32_t i)
{
    return w->v[i].letters == 1 && w->v[i].shape == SHAPE_LOWER && !(w->v[i].flags & (WORD_CONTRACTED | WORD_POSSESSIVE));
}

/* "vitamin d. mitter", "5 a.m. lyme", "e.g. ella": letters that end something else. */
static bool ends_other(const struct words *w, const struct small *s)
{
    static const char *const kinds[] = {"vitamin", "hepatitis", "hep", "type", "factor", "group", "strep", "grade", "stage", "class", "influenza", "flu", "plan", "category", "step", "phase", "part", "level", "vit", "protein", "troponin", "unit", "room", "bed"};
    const struct word *x = &w->v[s->first];
    char a = letter(w, s->first), b = s->initials > 1 ? letter(w, s->first + 1) : ' ';
    if ((b == 'm' && strchr("ap", a)) || (a == 'e' && b == 'g') || (a == 'i' && b == 'e') || (!s->dotted && strchr("ai", a)))
        return true;
    if (strchr("aq", a) && (!s->first || x->gap & GAP_LINE)) /* "a. newports": an answer */
        return true;
    return s->first && !(x->gap & GAP_LINE) && (x->gap == GAP_PERIOD || x[-1].letters == 1 || (x[-1].shape == SHAPE_NUMBER && !(x->gap & GAP_PERIOD)) || words_is_any(w, s->first - 1, kinds, sizeof kinds / sizeof *kinds));
}

/* Initials, or a given name, in front of word i belong to it. */
static void read_front(const struct words *w, uint32_t i, struct small *s)
{
    *s = (struct small){.first = i};
    while (s->first && s->initials < 2 && is_initial(w, s->first - 1) && !(w->v[s->first].gap & ~(GAP_SPACE | GAP_PERIOD))) {
        s->dotted |= (w->v[s->first].gap & GAP_PERIOD) != 0;
        s->first--;
        s->initials++;
    }
    if (!s->initials && i && w->v[i].gap == GAP_SPACE && w->v[i - 1].shape == SHAPE_LOWER && FACT_GIVEN(w->v[i - 1].facts) >= GIVEN_SURE)
        s->first--;
}

/* "b. day": behind an initial whatever somebody is called, with every word that is a family's, too. */
static bool is_any_family(const struct words *w, const struct phi_dictionary *d, uint32_t i)
{
    uint32_t facts = phi_dictionary_entry(d, w->v[i].hash);
    return w->v[i].shape == SHAPE_LOWER && !(w->v[i].flags & WORD_TAKEN) && (FACT_SURNAME(facts) > 1 || FACT_GIVEN(facts) > 2);
}

static bool has_parts(const struct small *s)
{
    return s->sure + s->unlisted + s->words > 0;
}

/* May word i be the next of a name, and what is it then? LIKE_NOBODY: it is none. */
static enum likeness part_likeness(const struct words *w, const struct phi_dictionary *d, uint32_t i, const struct small *s, bool hyphen, bool led)
{
    enum likeness how = likeness_of(w, d, i);
    bool joined = has_parts(s), verb = FACT_SURNAME(w->v[i].facts) <= FREQUENT || w->text[w->v[i].end - 1] == 's'; /* "dr. pak rounds" */
    bool small = w->v[i].shape == SHAPE_LOWER && !(w->v[i].classes & LEX(COMMON));
    if (led && s->sure && small) /* "bram de wit" */
        return how == LIKE_NOBODY ? LIKE_WORD : how;
    if (how == LIKE_WORD && joined && !hyphen && verb)
        return LIKE_NOBODY;
    if (how != LIKE_NOBODY)
        return how;
    bool half = joined && hyphen && small; /* "rasmussen-diop" */
    bool family = is_any_family(w, d, i) || likeness_facts(w, d, i) == FACT_SCIENCE; /* a list of science has names, too */
    bool initialed = !joined && s->dotted && family && (telling_before(w, s->first) >= TOLD || telling_behind(w, i) >= TOLD);
    return half || initialed ? LIKE_WORD : LIKE_NOBODY;
}

/* The words of a name from `at` on. */
static void read_parts(const struct words *w, const struct phi_dictionary *d, uint32_t at, struct small *s)
{
    bool told = s->initials || telling_before(w, s->first) >= TOLD;
    for (uint32_t parts = 0, end = at + WORDS_MOST; at < w->n && at < end && parts < PARTS_MOST;) {
        bool joined = has_parts(s), hyphen = w->v[at].gap == GAP_HYPHEN;
        uint32_t k = at;
        if (joined && w->v[at].gap != GAP_SPACE && !hyphen)
            return;
        while (k < at + 2 && k + 1 < w->n && (joined || told) && w->v[k].classes & LEX(PARTICLE) && w->v[k + 1].gap == GAP_SPACE)
            k++;
        enum likeness how = part_likeness(w, d, k, s, hyphen, told && k > at);
        if (how == LIKE_NOBODY)
            return;
        s->sure += how == LIKE_NAME;
        s->unlisted += how == LIKE_UNLISTED;
        s->words += how == LIKE_WORD;
        s->last = k;
        at = k + 1;
        parts += !hyphen;
        if (w->v[k].flags & WORD_POSSESSIVE)
            return;
    }
}

/* "ella la operaron", "marco y": a sentence of another language, whose words no list has. */
static bool is_foreign(const struct words *w, uint32_t i)
{
    static const char *const words[] = {"y", "de", "en", "que", "por", "la", "el", "los", "las", "del", "con", "un", "una", "se", "su", "sus", "es", "son", "para", "al", "und", "der", "die", "das", "mit", "ist", "et", "le", "les", "du", "est", "une"};
    return words_is_any(w, i, words, sizeof words / sizeof *words);
}

/* What goes on behind word i is English. */
static bool goes_on(const struct words *w, const struct phi_dictionary *d, uint32_t i)
{
    const struct word *x = &w->v[i + 1];
    bool small = i + 1 < w->n && x->shape == SHAPE_LOWER && !(x->gap & (GAP_LINE | GAP_PERIOD | GAP_STOP));
    return !is_foreign(w, i + 1) && !is_foreign(w, i + 2) && (!small || (x->classes & ~(LEX(PARTICLE) | LEX(EPONYM))) || likeness_facts(w, d, i + 1) & FACT_ENGLISH);
}

/* Nothing that joins the name to a word in front of it: "burch-wartofsky", "kaiser/olabode". */
static bool begins(const struct words *w, uint32_t i)
{
    return !(w->v[i].gap & (GAP_HYPHEN | GAP_SLASH | GAP_APOSTROPHE | GAP_UNDERSCORE | GAP_OTHER)) || w->v[i].gap & (GAP_LINE | GAP_START);
}

/* A given name that many have, and no brand. */
static bool is_given(const struct words *w, uint32_t i)
{
    return FACT_GIVEN(w->v[i].facts) >= GIVEN_SURE && w->v[i].letters >= GIVEN_FEWEST && !(w->named[i / 64] >> i % 64 & 1);
}

/* One word, perhaps with what a particle leads to, and no initial. */
static bool is_enough_alone(const struct words *w, const struct small *s, enum telling most)
{
    uint32_t letters = w->v[s->last].letters;
    if (most < TOLD || words_is(w, s->first - 1, "per")) /* "per plato" is a trial */
        return false;
    if (s->sure)
        return letters >= GIVEN_FEWEST || s->last > s->first || is_given(w, s->first);
    return s->unlisted && letters >= ALONE_FEWEST && (most >= TOLD_PLAINLY || telling_goes_on(w, s->last + 1));
}

static bool is_enough(const struct words *w, const struct small *s)
{
    enum telling before = telling_before(w, s->first), behind = telling_behind(w, s->last), most = before > behind ? before : behind;
    unsigned parts = s->sure + s->unlisted;
    if (s->initials && ends_other(w, s) && !(before == TOLD || (s->dotted && before)))
        return false;
    if (s->initials && (parts || (s->words && most)))
        return most || (s->dotted && (s->sure || w->v[s->last].letters >= DOTTED_FEWEST));
    if (is_given(w, s->first) && s->sure && parts + s->words > 1 && (most || s->unlisted))
        return true;
    return most == TITLED || parts > 1 ? most : is_enough_alone(w, s, most);
}

bool small_name_initial(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i], *p = x - 1;
    bool initial = i && is_initial(w, i) && x->gap == GAP_SPACE && x->end < w->len && w->text[x->end] == '.';
    if (!initial || x->label || p->shape != SHAPE_LOWER || p->flags & (WORD_POSSESSIVE | WORD_CONTRACTED | WORD_TAKEN))
        return false;
    bool many = FACT_GIVEN(p->facts) > GIVEN_SURE && FACT_RATIO(p->facts) >= RATIO_MOSTLY && !p->classes && !strchr("ilvx", letter(w, i)); /* "sam p.", but not "will p.", "tanner i." */
    return many || (p->label == LABEL_NAME && FACT_GIVEN(p->facts) > 1);
}

bool small_name_read(const struct words *w, const struct phi_dictionary *d, uint32_t i, uint32_t *first, uint32_t *last)
{
    struct small s;
    bool dotted = i && is_initial(w, i - 1) && w->v[i].gap & GAP_PERIOD;
    if (!dotted && !(w->v[i].classes & LEX(PARTICLE)) && likeness_of(w, d, i) == LIKE_NOBODY) /* nearly all */
        return false;
    read_front(w, i, &s);
    if (!begins(w, s.first))
        return false;
    read_parts(w, d, s.initials ? i : s.first, &s);
    if (!has_parts(&s) || s.last < i || !goes_on(w, d, s.last) || !is_enough(w, &s))
        return false;
    *first = s.first;
    *last = s.last;
    return true;
}
