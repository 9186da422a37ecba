/* SPDX-License-Identifier: Apache-2.0
 *
 * To the right of the word age and sex, an initial between at most; to the left capitals as far as the line begins, or a
 * number, a bracket, a bullet.
 */
#include "worklist.h"

#include "dictionary.h"
#include "evidence.h"
#include "lexicon.h"
#include "margin.h"

enum { NAME_MOST = 4, SCORE_ENTRY = 75, SCORE_ROOM = 90, ROOM_LEAST = 2, ROOM_MOST = 5 };

static bool is_sex(const struct words *w, uint32_t i)
{
    return i < w->n && w->v[i].shape == SHAPE_INITIAL && (w->text[w->v[i].begin] == 'M' || w->text[w->v[i].begin] == 'F');
}

/* "48M", "48 M", "48yo M", "48 yo F" at word i. */
static bool is_age_and_sex(const struct words *w, uint32_t i)
{
    if (i >= w->n)
        return false;
    const struct word *x = &w->v[i];
    char last = w->text[x->end - 1];
    bool digit = w->text[x->begin] >= '0' && w->text[x->begin] <= '9';
    if (!digit || x->letters > 5 || (x->gap & ~(GAP_SPACE | GAP_COMMA) && x->gap != (GAP_SPACE | GAP_BLANK)))
        return false;
    if (x->shape == SHAPE_ALNUM)
        return last == 'M' || last == 'F' || ((last == 'o' || last == 'y') && is_sex(w, i + 1));
    return x->shape == SHAPE_NUMBER && x->letters <= 3 && (is_sex(w, i + 1) || (i + 1 < w->n && w->v[i + 1].classes & LEX(AGE) && is_sex(w, i + 2)));
}

/* "[402 Cooper] 45 pancreatitis": an age without a sex, and what he has behind it; no "120 Aspirin 81 mg". */
static bool is_age(const struct words *w, uint32_t i)
{
    if (i + 1 >= w->n)
        return false;
    const struct word *x = &w->v[i], *next = x + 1;
    return x->shape == SHAPE_NUMBER && x->letters <= 3 && x->gap == GAP_SPACE && (x->letters < 3 || w->text[x->begin] == '1') &&
           next->gap == GAP_SPACE && next->letters > 1 && next->shape < SHAPE_NUMBER && !(next->classes & (LEX(DOSE) | LEX(STREET) | LEX(MONTH)));
}

/* A room, with which the line begins. */
static bool is_room(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    char first = w->text[x->begin];
    return margin_begins(w, i) && x->shape >= SHAPE_NUMBER && x->letters >= ROOM_LEAST && x->letters <= ROOM_MOST && first > '0' && first <= '9';
}

static bool is_name_word(const struct word *x)
{
    const uint64_t others = LEX(COMMON) | LEX(VERB) | LEX(NUMBER) | LEX(CALENDAR) | LEX(MONTH) | LEX(WEEKDAY) | LEX(HEADING) | LEX(PATIENT) |
                            LEX(ACRONYM) | LEX(DRUG) | LEX(COUNTRY) | LEX(LABEL) | LEX(TITLE) | LEX(DOCTOR);
    bool capital = x->shape == SHAPE_TITLE || x->shape == SHAPE_UPPER || x->shape == SHAPE_MIXED;
    bool plain = fact_is_word(x->facts) && (FACT_RATIO(x->facts) < 4 || (!FACT_GIVEN(x->facts) && FACT_SURNAME(x->facts) < 2));
    return capital && x->letters > 1 && !(x->classes & others) && !plain;
}

/* Does the run of capitals that word i ends begin where a line's name begins? */
static bool begins_entry(const struct words *w, uint32_t i)
{
    for (uint32_t k = i; i - k < NAME_MOST; k--) {
        const struct word *x = &w->v[k];
        if (x->gap & (GAP_LINE | GAP_START | GAP_BLANK | GAP_STOP | GAP_CLOSE) || k == 0)
            return true;
        if (x->gap & ~(GAP_SPACE | GAP_HYPHEN | GAP_COMMA | GAP_APOSTROPHE | GAP_PERIOD | GAP_COLON))
            return false;
        const struct word *p = x - 1;
        if (p->shape == SHAPE_NUMBER || p->shape == SHAPE_ALNUM || p->classes & (LEX(PATIENT) | LEX(LABEL)))
            return true;
        if (!is_name_word(p) && !(p->classes & LEX(PARTICLE)) && p->shape != SHAPE_INITIAL)
            return false;
    }
    return false;
}

/* Does the name that word i ends stand right behind a room? */
static bool begins_behind_room(const struct words *w, uint32_t i)
{
    uint32_t k = i;
    while (k > 0 && i - k < NAME_MOST && !(w->v[k].gap & ~(GAP_SPACE | GAP_HYPHEN | GAP_COMMA)) && is_name_word(&w->v[k - 1]))
        k--;
    return k > 0 && w->v[k].gap == GAP_SPACE && is_room(w, k - 1);
}

bool worklist_name(const struct words *w, uint32_t i)
{
    uint32_t behind = i + 1;
    bool alone = i && word_is_capital(&w->v[i]) && !(w->v[i].classes & (LEX(COMMON) | LEX(VERB) | LEX(DRUG) | LEX(ACRONYM))) && is_room(w, i - 1) && w->v[i].gap == GAP_SPACE; /* "301 Fields 61F" */
    if (!is_name_word(&w->v[i]) && !(alone && is_age_and_sex(w, behind)))
        return false;
    if (behind < w->n && w->v[behind].shape == SHAPE_INITIAL && !(w->v[behind].gap & ~(GAP_SPACE | GAP_COMMA)))
        behind++;
    bool room = behind + 1 < w->n && w->v[behind].gap == GAP_SPACE && w->v[behind].shape >= SHAPE_NUMBER && w->v[behind].letters >= 3 && w->v[behind].letters <= ROOM_MOST; /* "1. Quill 4102 67F" */
    return ((is_age_and_sex(w, behind) || (room && is_age_and_sex(w, behind + 1))) && begins_entry(w, i)) || (is_age(w, behind) && begins_behind_room(w, i));
}

bool worklist_age(const struct words *w, uint32_t i)
{
    uint32_t name = i > 1 && w->v[i - 1].shape == SHAPE_INITIAL ? i - 2 : i - 1;
    return i && is_age(w, i) && is_name_word(&w->v[name]) && begins_behind_room(w, name);
}

void worklist_label(struct words *w, uint32_t i)
{
    uint8_t score = begins_behind_room(w, i) ? SCORE_ROOM : SCORE_ENTRY;

    for (uint32_t k = i;; k--) {
        w->v[k].label = LABEL_NAME;
        w->v[k].score = score;
        w->told[k / 64] |= (uint64_t)1 << k % 64;
        bool particle = k > 0 && w->v[k].gap == GAP_SPACE && w->v[k - 1].classes & LEX(PARTICLE);
        bool hyphen = k > 0 && w->v[k].gap == GAP_HYPHEN && w->v[k].begin == w->v[k - 1].end + 1 &&
                      w->v[k - 1].shape == SHAPE_TITLE;
        if (!particle && !hyphen)
            return;
    }
}
