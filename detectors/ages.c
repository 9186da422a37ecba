/* SPDX-License-Identifier: Apache-2.0
 *
 * A number is an age when a unit follows ("92 y/o", "92-year-old", "92F") or an age word stands before it ("aged 101",
 * "turned 90"). A birth year counts when whoever was born then is 90 or will be next year, so that a
 * process that runs over New Year misses nobody.
 */
#include "ages.h"

#include <string.h>
#include <strings.h>

#include "dictionary.h"
#include "lexicon.h"
#include "phi.h"
#include "text.h"
#include "word_lists.h"
#include "worklist.h"

enum { OLDEST = 130, BIRTH_YEAR_FIRST = 1880, YEARS = 89 };
enum { ASKED_WITHIN = 16, SENTENCE_MOST = 24, WRITTEN_WITHIN = 5, FEVER_FIRST = 96, FEVER_LAST = 106 };

static int leading(const struct words *w, uint32_t i, unsigned *n)
{
    const char *s = w->text + w->v[i].begin;
    unsigned size = w->v[i].end - w->v[i].begin;
    int value = 0;

    for (*n = 0; *n < size && *n < 4 && s[*n] >= '0' && s[*n] <= '9'; ++*n)
        value = value * 10 + (s[*n] - '0');
    return value;
}

/* A unit of years behind word i. */
static bool has_unit(const struct words *w, uint32_t i)
{

    if (i + 1 >= w->n || w->v[i + 1].gap & (GAP_LINE | GAP_BLANK | GAP_COMMA | GAP_PERIOD | GAP_COLON))
        return false;
    if (!words_in(w, i + 1, LIST(AGE_UNIT)))
        return false;
    if (words_is(w, i + 1, "year") || words_is(w, i + 1, "years")) /* "90 years ago" is no age */
        return words_is(w, i + 2, "old") || words_is(w, i + 2, "olds") || words_is(w, i + 2, "of") || w->v[i + 1].gap & GAP_HYPHEN;
    return true;
}

static bool has_word_before(const struct words *w, uint32_t i)
{
    uint32_t k = i;

    if (i && (words_is(w, i - 1, "is") || words_is(w, i - 1, "of") || words_is(w, i - 1, "her") || words_is(w, i - 1, "his")))
        k--;
    if (!k || w->v[k].gap & (GAP_LINE | GAP_BLANK | GAP_PERIOD))
        return false;
    if (words_is(w, k - 1, "over"))
        return words_is(w, i + 1, "years");
    if (k > 1 && (words_is(w, k - 1, "at") || words_is(w, k - 1, "to") || words_is(w, k - 1, "until")))
        return words_in(w, k - 2, LIST(LIVED)); /* "died at 97", "lived to 101" */
    return words_in(w, k - 1, LIST(AGE_WORD)) && !words_is(w, i + 1, "degrees") && !words_is(w, i + 1, "percent");
}

/* "a T of 104F", "temp 99F", "Tmax 101F" */
static bool is_temperature(const struct words *w, uint32_t i)
{
    static const char *const words[] = {"t", "temp", "temps", "temperature", "tmax", "fever", "fevers", "febrile", "afebrile"};
    for (uint32_t k = i; k > 0 && k + 4 > i; k--)
        for (size_t n = 0; n < sizeof words / sizeof *words; n++)
            if (words_is(w, k - 1, words[n]))
                return true;
    return false;
}

/* "pt in obs, 91f 54kg", "94m w/ h/o cll": a small letter may be degrees or meters, too. */
static bool is_small_sex(const struct words *w, uint32_t i, int age)
{
    static const char *const measured[] = {"to", "of", "at", "was", "is", "around", "about", "over", "under", "above", "below", "walked", "walk", "walks", "ran", "swam", "x", "for", "up", "than", "then", "and", "only"};
    const struct word *x = &w->v[i];
    bool apart = !i || x->gap & (GAP_START | GAP_LINE | GAP_COMMA | GAP_BLANK | GAP_PERIOD | GAP_STOP), told = i && (x[-1].classes & LEX(PATIENT) || words_is(w, i - 1, "a"));

    if (x->gap & ~(GAP_START | GAP_LINE | GAP_COMMA | GAP_BLANK | GAP_SPACE | GAP_COLON | GAP_STOP | GAP_PERIOD | GAP_OPEN) || is_temperature(w, i))
        return false;
    bool warm = age >= FEVER_FIRST && age <= FEVER_LAST && text_lower(w->text[x->end - 1]) == 'f';
    if (words_is(w, i + 1, "walk") || words_is(w, i + 1, "walks") || words_is(w, i + 1, "temp") || words_is(w, i + 1, "tc"))
        return false;
    return warm ? apart || told : apart || !words_is_any(w, i - 1, measured, sizeof measured / sizeof *measured);
}

static bool is_glued(const struct words *w, uint32_t i, unsigned digits, int age)
{
    static const char *const tails[] = {"f", "m", "yo", "y", "yf", "ym", "yof", "yom", "yr", "yrs"};
    const char *s = w->text + w->v[i].begin + digits;
    unsigned n = w->v[i].end - w->v[i].begin - digits;

    if (n == 1 && *s == 'F' && is_temperature(w, i))
        return false;
    for (size_t k = 0; k < sizeof tails / sizeof *tails; k++)
        if (n == strlen(tails[k]) && !strncasecmp(s, tails[k], n))
            return n > 1 || (*s & 0x20) == 0 || *s == 'y' || is_small_sex(w, i, age);
    return false;
}

/* "in her 90s", "in his nineties", "mid-90s" */
static bool find_decade(const struct words *w, uint32_t i, struct date *out)
{
    bool decade = words_is(w, i, "90s") || words_is(w, i, "100s") || words_is(w, i, "nineties") ||
                  (words_is(w, i, "90") && w->v[i].flags & WORD_POSSESSIVE);

    out->first = out->last = i;
    out->score = 85;
    return decade && i && words_in(w, i - 1, LIST(DECADE)) && !words_is(w, i - 1, "the");
}

/* Was who was born then 90, or will be next year? */
static bool is_year_of_old(const struct words *w, int year)
{
    return year >= BIRTH_YEAR_FIRST && year <= w->year - YEARS;
}

static bool find_birth_year(const struct words *w, uint32_t i, struct date *out)
{
    unsigned n;
    int year = leading(w, i, &n);

    if (w->v[i].shape != SHAPE_NUMBER || w->v[i].letters != 4 || !is_year_of_old(w, year) || i < 2)
        return false;
    out->first = out->last = i;
    out->score = 80;
    return words_is(w, i - 1, "born") || (words_is(w, i - 1, "in") && words_is(w, i - 2, "born")) ||
           (words_is(w, i - 1, "year") && words_is(w, i - 2, "birth"));
}

/* Does the sentence or its part end behind word i? */
static bool ends_part(const struct words *w, uint32_t i)
{
    return i + 1 >= w->n || w->v[i + 1].gap & (GAP_COMMA | GAP_PERIOD | GAP_LINE | GAP_STOP) || words_is(w, i + 1, "and") || words_is(w, i + 1, "now") ||
           words_is(w, i + 1, "in");
}

/* "i'm ninety four dear" */
static bool is_addressed(const struct words *w, uint32_t i)
{
    static const char *const words[] = {"dear", "honey", "hon", "sweetie", "darling", "doc", "doctor", "but", "so", "you", "what", "is"};
    return w->v[i].shape == SHAPE_LOWER && words_is_any(w, i + 1, words, sizeof words / sizeof *words);
}

static bool is_she_or_he(const struct words *w, uint32_t i)
{
    return words_is(w, i, "she") || words_is(w, i, "he");
}

/* "youre ninety three": as speech recognition writes it. */
static bool is_run_together(const struct words *w, uint32_t i)
{
    static const char *const words[] = {"youre", "im", "hes", "shes"};
    return words_is_any(w, i, words, sizeof words / sizeof *words);
}

/* "he passed at home, was 97, fished all his life": word i is "was". */
static bool has_died(const struct words *w, uint32_t i)
{
    if (!(w->v[i].gap & GAP_COMMA))
        return false;
    for (uint32_t k = i; k > 0 && i - k < SENTENCE_MOST && !(w->v[k].gap & (GAP_STOP | GAP_BLANK)); k--)
        if (words_in(w, k - 1, LIST(LIVED)))
            return true;
    return false;
}

/* "He is 91 going by the passport", "who is 90 and still drives": no saturation, weight or score of his. */
static bool is_told_plainly(const struct words *w, uint32_t i)
{
    static const char *const measured[] = {"percent", "on", "kg", "kilos", "kilograms", "lb", "lbs", "pounds", "inches", "cm", "bpm", "over", "mmhg", "degrees", "at", "to", "with", "out", "of", "per", "mg"};
    const struct word *x = &w->v[i];

    if (i < 2 || x->gap != GAP_SPACE || !(words_is(w, i - 1, "is") && (is_she_or_he(w, i - 2) || words_is(w, i - 2, "who"))))
        return false;
    return i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE && w->v[i + 1].shape == SHAPE_LOWER && !words_is_any(w, i + 1, measured, sizeof measured / sizeof *measured);
}

/* "she's ninety-four and", "Agnes Quill is 97, 41 kg": who is that old, and nothing that is measured. */
static bool is_said_of_person(const struct words *w, uint32_t first, uint32_t last)
{
    if (!first || w->v[first].gap != GAP_SPACE || !(ends_part(w, last) || is_addressed(w, last)))
        return false;
    const struct word *p = &w->v[first - 1];
    if (p->flags & (WORD_CONTRACTED | WORD_POSSESSIVE))
        return is_she_or_he(w, first - 1) || (words_is(w, first - 1, "i") && w->v[last].shape != SHAPE_NUMBER);
    if (is_run_together(w, first - 1))
        return w->v[last].shape != SHAPE_NUMBER;
    if (first > 1 && words_is(w, first - 1, "was"))
        return is_she_or_he(w, first - 2) || has_died(w, first - 1);
    if (first < 2 || !(words_is(w, first - 1, "is") || words_is(w, first - 1, "be")))
        return false;
    if (first > 2 && words_is(w, first - 2, "will"))
        return is_she_or_he(w, first - 3);
    const struct word *name = &w->v[first - 2];
    return is_she_or_he(w, first - 2) || name->classes & (LEX(PATIENT) | LEX(RELATION)) ||
           (first > 2 && name->shape == SHAPE_TITLE && !(name->gap & ~(GAP_SPACE | GAP_HYPHEN)) && name[-1].shape == SHAPE_TITLE && FACT_SURNAME(name->facts));
}

/* Does a name of two words, or one behind a title or relation, end with word i? */
static bool ends_name(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    bool in_law = i && words_is(w, i, "law") && x->gap == GAP_HYPHEN && words_is(w, i - 1, "in");
    if ((x->classes & LEX(RELATION) || in_law) && x->shape == SHAPE_LOWER && w->v[i + 1].gap & GAP_OPEN) /* "elderly mother (93)" */
        return true;
    if (!i || x->shape != SHAPE_TITLE || (fact_is_word(x->facts) && !(FACT_GIVEN(x->facts) || FACT_SURNAME(x->facts))))
        return false;
    if (x[-1].classes & (LEX(RELATION) | LEX(TITLE)) || (i > 1 && x[-1].shape == SHAPE_TITLE && x->gap == GAP_SPACE && x[-2].classes & LEX(TITLE)))
        return true;
    bool inverted = x->gap == (GAP_COMMA | GAP_SPACE); /* "Quill, Ola" */
    return x[-1].shape == SHAPE_TITLE && (inverted ? FACT_GIVEN(x->facts) && FACT_SURNAME(x[-1].facts) : FACT_GIVEN(x[-1].facts));
}

/* "Ola Quill": two words that many are called by. */
static bool is_full_name(const struct words *w, uint32_t i)
{
    return i && w->v[i].gap == GAP_SPACE && FACT_GIVEN(w->v[i - 1].facts) && FACT_SURNAME(w->v[i].facts);
}

/* "his grandmother, Ola Quill, 91, at 12 Elm Street", "Ola Quill, 91, DNR", "Ola Quill 91, member": a comma behind it; "Mrs Quill (91)", "Mrs Quill (91, deaf)". */
static bool is_behind_name(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (!i || i + 1 >= w->n || !ends_name(w, i - 1))
        return false;
    if (x->gap == (GAP_SPACE | GAP_OPEN))
        return x[1].gap & GAP_CLOSE || (x[1].gap == (GAP_COMMA | GAP_SPACE) && x[1].shape != SHAPE_NUMBER);
    bool stands = x->gap == (GAP_COMMA | GAP_SPACE) || x->gap == GAP_SPACE;
    return stands && x[1].gap == (GAP_COMMA | GAP_SPACE) && (x[1].shape == SHAPE_LOWER || (x->gap & GAP_COMMA && x[1].shape < SHAPE_NUMBER && is_full_name(w, i - 1)));
}

/* "DOB Jun 6, 1932 (91)", "DOB 8/15/35 (90)" */
static bool is_behind_birth(const struct words *w, uint32_t i, int age)
{
    unsigned n;
    if (i < 3 || i + 1 >= w->n || !(w->v[i].gap & GAP_OPEN) || !(w->v[i + 1].gap & GAP_CLOSE) || w->v[i - 1].shape != SHAPE_NUMBER)
        return false;
    int year = leading(w, i - 1, &n);
    if (n == 4)
        return is_year_of_old(w, year);
    int fits = w->year - 1900 - year - age; /* of this year, or of one of the last */
    return n == 2 && words_tight_gap(&w->v[i - 1]) >= 0 && w->v[i - 1].gap == w->v[i - 2].gap && fits >= 0 && fits <= WRITTEN_WITHIN;
}

/* "92/F", "94 WF", "91 BM" */
static bool is_sex_behind(const struct words *w, uint32_t i)
{
    static const char *const both[] = {"wf", "wm", "bf", "bm", "hf", "hm"};
    const struct word *x = &w->v[i];

    if (x->gap == GAP_SLASH && x->shape == SHAPE_INITIAL)
        return (words_is(w, i, "m") || words_is(w, i, "f")) && !(i + 1 < w->n && x[1].gap & (GAP_SLASH | GAP_HYPHEN));
    return x->gap == GAP_SPACE && x->shape == SHAPE_UPPER && words_is_any(w, i, both, sizeof both / sizeof *both);
}

/* "Mother, 94, alive", "father alive 94", "mother 94 alive and well" */
static bool is_of_relative(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (!i || x->gap & ~(GAP_COMMA | GAP_SPACE | GAP_COLON) || i + 1 >= w->n)
        return false;
    if (i > 1 && x->gap == GAP_SPACE && words_in(w, i - 1, LIST(LIVED)) && !(x[-1].gap & ~(GAP_COMMA | GAP_SPACE)) && x[-2].classes & LEX(RELATION))
        return x[1].gap & (GAP_COMMA | GAP_PERIOD | GAP_STOP | GAP_LINE);
    bool behind = x[1].gap & GAP_COMMA || (x[1].gap == GAP_SPACE && words_in(w, i + 1, LIST(LIVED)));
    return x[-1].classes & LEX(RELATION) && behind;
}

/* "Quill - 96 M failure to thrive": in a list of patients. */
static bool has_sex(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i], *p = x - 1;
    if (i + 1 < w->n && !is_temperature(w, i) && is_sex_behind(w, i + 1))
        return true;
    if (!i || i + 1 >= w->n || x[1].gap != GAP_SPACE || x[1].shape != SHAPE_INITIAL || (!words_is(w, i + 1, "m") && !words_is(w, i + 1, "f")))
        return false;
    bool name = (p->shape == SHAPE_TITLE || p->shape == SHAPE_UPPER) && (FACT_SURNAME(p->facts) || FACT_GIVEN(p->facts)) && !(p->classes & LEX(COMMON));
    return name && !is_temperature(w, i);
}

/* "mother d. 94", "bro d 97" */
static bool is_died_at(const struct words *w, uint32_t i)
{
    return i > 1 && words_is(w, i - 1, "d") && !(w->v[i].gap & ~(GAP_PERIOD | GAP_SPACE)) && w->v[i - 1].gap == GAP_SPACE && w->v[i - 2].classes & LEX(RELATION);
}

/* "how old are you, if I may? / Ninety-two come October": a number that begins an answer. */
static bool is_asked(const struct words *w, uint32_t i)
{
    static const char *const before[] = {"so", "just", "m", "im", "am", "be"};
    const uint16_t begins = GAP_LINE | GAP_BLANK | GAP_COLON | GAP_STOP | GAP_PERIOD | GAP_COMMA | GAP_CLOSE;
    if (!i || !(w->v[i].gap & begins || words_is_any(w, i - 1, before, sizeof before / sizeof *before)))
        return false;
    for (uint32_t k = i; k > 1 && i - k < ASKED_WITHIN; k--)
        if (words_is(w, k - 1, "old") && words_is(w, k - 2, "how"))
            return true;
    return false;
}

static bool find_digits(const struct words *w, uint32_t i, struct date *out)
{
    unsigned n;
    int value = leading(w, i, &n);

    out->first = out->last = i;
    out->score = 90;
    if (value < 90 || value > OLDEST)
        return false;
    if (w->v[i].shape == SHAPE_ALNUM) /* "her 100th birthday" */
        return is_glued(w, i, n, value) || (words_is(w, i + 1, "birthday") && n + 2 == w->v[i].end - w->v[i].begin);
    if (has_unit(w, i) || has_word_before(w, i) || is_said_of_person(w, i, i) || is_told_plainly(w, i) || is_asked(w, i))
        return true;
    return worklist_age(w, i) || is_behind_name(w, i) || is_behind_birth(w, i, value) || has_sex(w, i) || is_died_at(w, i) || is_of_relative(w, i);
}

static bool find_words(const struct words *w, uint32_t i, struct date *out)
{
    unsigned used = 1;
    bool ordinal;
    int value = dates_read_number(w, i, &used, &ordinal);

    out->first = i;
    out->score = 90;
    if (words_is(w, i, "hundred") || (value == 1 && words_is(w, i + 1, "hundred"))) {
        used = words_is(w, i, "hundred") ? 1 : 2;
        if (words_is(w, i + used, "and"))
            used++;
        if (dates_read_number(w, i + used, &(unsigned){0}, &ordinal) > 0)
            used++;
        value = 100;
    }
    out->last = i + used - 1;
    if (value < 90 || ordinal || out->last >= w->n)
        return false;
    return has_unit(w, out->last) || has_word_before(w, i) || is_said_of_person(w, i, out->last) || is_asked(w, i);
}

bool ages_find(const struct words *w, uint32_t i, struct date *out)
{
    const struct word *x = &w->v[i];

    out->kind = PHI_AGE_90PLUS;
    if (x->shape == SHAPE_NUMBER || x->shape == SHAPE_ALNUM)
        return find_digits(w, i, out) || find_decade(w, i, out) || find_birth_year(w, i, out);
    if (x->classes & LEX(NUMBER))
        return find_words(w, i, out);
    if (words_in(w, i, LIST(AGED_PERSON))) {
        out->first = out->last = i;
        out->score = 90;
        return true;
    }
    return find_decade(w, i, out);
}
