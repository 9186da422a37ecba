/* SPDX-License-Identifier: Apache-2.0
 *
 * The words were labelled before (evidence.c); runs of them become spans. A run goes on over "of", "and", "the" when a
 * place word follows.
 */
#include "places.h"

#include <string.h>

#include "brands.h"
#include <strings.h>

#include "dictionary.h"
#include "evidence.h"
#include "lexicon.h"
#include "streets.h"
#include "thing.h"
#include "wide_place.h"
#include "word_lists.h"

enum { UNLISTED_MOST = 84, RUN_MAX = 12, PHRASE_WORDS = 4, ASKED_BEFORE = 14, WRITTEN_SMALL = 2, ALONE_LEAST = 7 };

static bool is_place(const struct words *w, uint32_t i)
{
    return i < w->n && w->v[i].label == LABEL_PLACE;
}

/* "Webster Ave. Screened", not "St. Louis": a name stands before it. */
static bool is_street_end(const struct words *w, uint32_t i)
{
    return w->v[i].classes & LEX(STREET) && i && w->v[i].gap == GAP_SPACE && is_place(w, i - 1) && !words_is(w, i, "st");
}

/* "Quill Neurology -- Electrodiagnostic Laboratory": a dash between two things. */
static bool is_dash(const struct word *x)
{
    return x->gap == (GAP_SPACE | GAP_HYPHEN) && x->begin - x[-1].end > 3;
}

static bool joins(const struct words *w, uint32_t i)
{
    return i < w->n && !is_dash(&w->v[i]) && !(w->v[i].gap & ~(GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | GAP_APOSTROPHE | GAP_OTHER)) &&
           (!(w->v[i].gap & GAP_PERIOD) || (w->v[i - 1].letters <= 3 && !is_street_end(w, i - 1)));
}

/* Words inside names of places: "Hospital of the University". */
static bool is_link(const struct words *w, uint32_t i)
{
    static const char *const links[] = {"of", "the", "and", "de"};

    if (i >= w->n || w->v[i].gap != GAP_SPACE || !joins(w, i))
        return false;
    if (words_is(w, i, "for")) /* "Center for", not "Lost Hills for" */
        return w->v[i - 1].classes & LEX(FACILITY);
    return words_is_any(w, i, links, sizeof links / sizeof *links) || (words_is(w, i, "at") && w->v[i].shape == SHAPE_TITLE);
}

/* "Quill hospital day 3", "Mary Quill Hospital Course": somebody's stay, and no house is called after him. */
static bool is_stay(const struct words *w, uint32_t i)
{
    static const char *const stays[] = {"course", "day", "days", "stay", "bill", "bills", "followup", "eval", "admission"};
    return i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE && words_is_any(w, i + 1, stays, sizeof stays / sizeof *stays);
}

/* "[Quill] hospital day 3": who lies there. */
static bool is_stayer(const struct words *w, uint32_t i)
{
    return i + 1 < w->n && fact_is_frequent_name(w->v[i].facts) && w->v[i + 1].gap == GAP_SPACE && w->v[i + 1].classes & LEX(FACILITY) && is_stay(w, i + 1);
}

/* "our Houston clinic", "St. Luke's office" */
static bool is_lower_head(const struct words *w, uint32_t i)
{
    static const char *const heads[] = {"clinic", "hospital", "office", "branch", "campus", "center", "centre", "hospice", "pharmacy", "hosp"};

    return i < w->n && w->v[i].gap == GAP_SPACE && w->v[i].shape == SHAPE_LOWER && words_is_any(w, i, heads, sizeof heads / sizeof *heads) && !is_stay(w, i);
}

/* "Elm-grove", "Memorial-Quillahatchie" */
static bool is_tail(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    return i < w->n && x->gap == GAP_HYPHEN && x->begin == x[-1].end + 1 && (x->shape == SHAPE_LOWER || x->shape == SHAPE_TITLE) &&
           x->letters > 1 && x->label == LABEL_NONE && !(x->classes & (LEX(COMMON) | LEX(EPONYM_HEAD)));
}

/* "St. [Brendan's Surgical Services]", "Casa de la [Luz Hospice]": where what belongs before the first sure word begins. */
static uint32_t lead_start(const struct words *w, uint32_t first)
{
    uint32_t i = first;

    while (i > 0 && first - i < 3 && w->v[i].gap == GAP_SPACE && w->v[i - 1].shape == SHAPE_LOWER && words_in(w, i - 1, LIST(PLACE_LINK)))
        i--;
    if (i > 0 && i < first && w->v[i].gap == GAP_SPACE && w->v[i - 1].shape == SHAPE_TITLE && !(w->v[i - 1].classes & LEX(COMMON)) &&
        w->v[i - 1].label == LABEL_NONE)
        return i - 1;
    if (first > 1 && w->v[first].gap == GAP_SPACE && words_is(w, first - 1, "of") && !(w->v[first - 1].gap & ~(GAP_SPACE | GAP_PERIOD)) &&
        words_in(w, first - 2, LIST(PLACE_HEAD_OF)) && w->v[first - 2].shape != SHAPE_LOWER)
        return words_is(w, first - 2, "lady") && first > 2 && words_is(w, first - 3, "our") ? first - 3 : first - 2;
    if (first > 0 && !(w->v[first].gap & ~(GAP_SPACE | GAP_PERIOD)) && w->v[first].gap && words_in(w, first - 1, LIST(PLACE_LEAD)) &&
        w->v[first - 1].shape != SHAPE_LOWER && w->v[first - 1].label != LABEL_NAME && !(w->v[first - 1].flags & WORD_TAKEN))
        return first - 1;
    return first;
}

/* A line for itself, as the head of a letter has: its first word begins no sentence. */
static bool is_letterhead(const struct words *w, uint32_t first, uint32_t last)
{
    return w->v[first].gap & (GAP_LINE | GAP_START) && (last + 1 >= w->n || w->v[last + 1].gap & (GAP_LINE | GAP_BLANK));
}

/* Words in front of a facility's first sure word: "Nurses' [Memorial Hospital]". */
static uint32_t run_start(const struct words *w, uint32_t first, uint32_t last)
{
    const uint64_t others = LEX(COMMON) | LEX(DOCTOR) | LEX(TITLE) | LEX(LABEL) | LEX(HEADING) | LEX(PROVIDER) | LEX(VERB) | LEX(PATIENT) | LEX(CHAT) | LEX(SIGN);
    uint64_t classes = 0;
    uint32_t i = first;

    for (uint32_t k = first; k <= last; k++)
        classes |= w->v[k].classes;
    while (i > 0 && first - i < 2 && (classes & LEX(FACILITY) || w->v[i].gap == GAP_HYPHEN)) {
        const struct word *p = &w->v[i - 1];
        if (w->v[i].gap & ~(GAP_SPACE | GAP_APOSTROPHE | GAP_HYPHEN) || p->label != LABEL_NONE || p->classes & others || p->flags & WORD_TAKEN ||
            !(p->shape == SHAPE_TITLE || p->shape == SHAPE_MIXED) ||
            (p->gap & (GAP_LINE | GAP_STOP | GAP_PERIOD | GAP_START) && !is_letterhead(w, i - 1, last)))
            break;
        i--;
    }
    return lead_start(w, i);
}

/* "Lake Country [Sleep] Center": what is treated there, between the place and the word for what it is. */
static bool is_between(const struct words *w, uint32_t i)
{
    return is_place(w, i + 1) && w->v[i + 1].classes & LEX(FACILITY) && w->v[i].gap == GAP_SPACE && w->v[i + 1].gap == GAP_SPACE &&
           w->v[i].shape == SHAPE_TITLE && w->v[i].letters > 3 && w->v[i + 1].shape == SHAPE_TITLE;
}

/* "Penn Endoscopy [at] Clarion River" */
static bool is_branch(const struct words *w, uint32_t i, uint32_t last)
{
    return (words_is(w, i, "in") || words_is(w, i, "at")) && joins(w, i) && w->v[last].classes & LEX(FACILITY);
}

static uint32_t run_end(const struct words *w, uint32_t i)
{
    uint32_t last = i;

    while (last - i < RUN_MAX) {
        uint32_t k = last + 1;
        if (k < w->n && (is_link(w, k) || is_branch(w, k, last)))
            k++;
        if (k < w->n && (is_link(w, k) || is_between(w, k)))
            k++;
        if ((!is_place(w, k) || !joins(w, k)) && !is_lower_head(w, k = last + 1) && !is_tail(w, k))
            break;
        last = k;
    }
    return last;
}

/* May the word go on a name of several words that has begun before it? Small letters stand beside small letters. */
static bool continues_phrase(const struct words *w, uint32_t i, bool lower)
{
    const struct word *x = &w->v[i];

    return i < w->n && !(x->gap & ~(GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | GAP_APOSTROPHE)) && x->label != LABEL_NAME &&
           (x->shape != SHAPE_LOWER || lower);
}

/* The end of a town's or a health system's name that begins at `first` and reaches to `least` or beyond; 0: there is none. */
static uint32_t phrase_end(const struct phi_dictionary *d, const struct words *w, uint32_t first, uint32_t least)
{
    bool lower = w->v[least].shape == SHAPE_LOWER;
    uint64_t phrase = w->v[first].hash;
    uint32_t end = 0;

    if (!(phi_dictionary_entry(d, phrase) & FACT_HEAD) || w->v[first].label == LABEL_NAME)
        return 0;
    for (uint32_t k = first + 1; k < first + PHRASE_WORDS && continues_phrase(w, k, lower); k++) {
        phrase = words_phrase(phrase, w->v[k].hash);
        uint32_t facts = k >= least ? phi_dictionary_entry(d, phrase) : 0;
        if (FACT_CITY(facts) || facts & FACT_SYSTEM)
            end = k;
    }
    return end;
}

/* "basking ridge", "Good Sam": one word was taken for a place, and with the words beside it it is one that the list has. */
static void phrase_widen(const struct phi_dictionary *d, const struct words *w, uint32_t *first, uint32_t *last)
{
    uint32_t begin = *first;

    for (uint32_t s = *first; d; s--) {
        uint32_t end = phrase_end(d, w, s, *first);
        if (end) {
            begin = s;
            *last = end > *last ? end : *last;
        }
        if (s == 0 || *first - s + 1 == PHRASE_WORDS || !continues_phrase(w, s, w->v[*first].shape == SHAPE_LOWER))
            break;
    }
    *first = begin;
}

/* "Houston, Texas": the state goes with the city. */
static bool is_state_behind(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    bool zip = i + 1 < w->n && x[1].shape == SHAPE_NUMBER && x[1].letters == 5;

    if (!zip && words_is(w, i, "or") && w->v[i - 1].classes & LEX(FACILITY)) /* the operating room */
        return false;
    return x->classes & (LEX(STATE) | LEX(COUNTRY)) && x->shape != SHAPE_LOWER && x->gap & (GAP_COMMA | GAP_SPACE) &&
           !(x->gap & ~(GAP_COMMA | GAP_SPACE)) && (x->letters > 2 || x->shape == SHAPE_UPPER);
}

/* "P.A.", "P.C.", "S.C." */
static bool is_initials_of_company(const struct words *w, uint32_t i)
{
    if (i + 1 >= w->n || w->v[i + 1].gap != GAP_PERIOD)
        return false;
    return (words_is(w, i, "p") && (words_is(w, i + 1, "a") || words_is(w, i + 1, "c"))) || (words_is(w, i, "s") && words_is(w, i + 1, "c"));
}

/* "Quill Valley Fire & EMS", "St. Brendan's ER", "Clovis Cardiology Group", "Parkview Terrace apts": what it is, behind its name. */
static uint32_t with_tail(const struct words *w, uint32_t last)
{
    static const char *const tails[] = {"ems", "fire", "rescue", "er", "group", "specialists", "consultants", "physicians", "lab", "labs", "laboratory", "rx", "otp", "path", "peds", "tox", "ob", "obgyn", "lofts", "condos", "pharmacy", "ortho"};
    static const char *const small[] = {"partners", "apts", "apartments", "radiology", "imaging", "cardiology"}; /* say so without a capital, too */

    for (uint32_t i = last + 1; i < w->n; i++) {
        const struct word *x = &w->v[i];
        bool and = x->gap == (GAP_SPACE | GAP_OTHER) && x->begin - x[-1].end == 3 && w->text[x->begin - 2] == '&';
        bool tail = words_is_any(w, i, small, sizeof small / sizeof *small) || (x->shape != SHAPE_LOWER && words_is_any(w, i, tails, sizeof tails / sizeof *tails));
        if (!tail || (x->gap != GAP_SPACE && !and) || x->flags & WORD_TAKEN || x->label == LABEL_NAME)
            break;
        last = i;
    }
    return last;
}

/* "Imaging Associates, PC": the form of a company goes with its name. */
static uint32_t with_company(const struct words *w, uint32_t last)
{
    uint32_t i = last + 1;
    bool stands = i < w->n && !(w->v[i].gap & ~(GAP_SPACE | GAP_COMMA)) && w->v[i].shape != SHAPE_LOWER;
    if (stands && is_initials_of_company(w, i))
        return i + 1;
    return stands && words_in(w, i, LIST(COMPANY)) ? i : last;
}

/* "PEDIATRIC CLINIC VISIT": a heading in capitals, no name in it. */
static bool is_heading(const struct words *w, uint32_t first, uint32_t last)
{
    const uint64_t plain = LEX(FACILITY) | LEX(FACILITY_PART) | LEX(HEADING) | LEX(PROVIDER) | LEX(COMMON);

    if (!(w->v[first].flags & WORD_LINE_FIRST) || !(w->v[first].flags & WORD_LINE_UPPER) || last + 1 >= w->n || w->v[last + 1].gap & GAP_LINE)
        return false;
    if (with_company(w, last) != last)
        return false;
    for (uint32_t i = first; i <= last; i++)
        if (!(w->v[i].classes & plain) && !fact_is_word(w->v[i].facts))
            return false;
    return true;
}

/* "New York Heart Association": an organization that cares for nobody. */
static bool is_business(const struct words *w, uint32_t first, uint32_t last)
{
    for (uint32_t i = first; i <= last; i++)
        if (w->v[i].classes & LEX(FACILITY))
            return false;
    if (w->v[last].classes & LEX(BUSINESS))
        return true;
    return last + 1 < w->n && w->v[last + 1].gap == GAP_SPACE && w->v[last + 1].classes & LEX(BUSINESS) && w->v[last + 1].shape == SHAPE_TITLE;
}

static int add_zip(const struct words *w, uint32_t i, uint16_t rule, struct phi_candidates *sink)
{
    struct phi_candidate c = {.kind = PHI_GEO_ZIP, .rule = rule, .score = 85};
    uint32_t last;

    if (!streets_find_zip(w, i, &last))
        return 0;
    c.begin = w->v[i].begin;
    c.end = w->v[last].end;
    return phi_candidate_add(sink, &c);
}

/* A lone word that no gazetteer knows is a place only where something says that one stands there: "Wt 10", "Ph 555" are
 * none. */
static bool has_reason(const struct words *w, uint32_t i)
{
    const uint64_t places = LEX(FACILITY) | LEX(FACILITY_PART) | LEX(FACILITY_STRONG) | LEX(STREET);
    const uint64_t cues = LEX(PLACE) | LEX(RESIDENCE) | LEX(LABEL) | LEX(STATE) | LEX(COUNTRY);
    const struct word *x = &w->v[i];

    if (x->facts & (FACT_COUNTY | FACT_SYSTEM) || FACT_CITY(x->facts) || x->classes & places || x->flags & WORD_FOREIGN)
        return true;
    if (i + 1 < w->n && (is_state_behind(w, i + 1) || x[1].classes & places))
        return true;
    if (i && (x[-1].classes & cues || x[-1].label == LABEL_PLACE || x->gap & (GAP_COMMA | GAP_COLON)))
        return true;
    if (i > 1 && x[-2].classes & (LEX(PLACE) | LEX(RESIDENCE)))
        return true;
    if (fact_is_word(x->facts) ? FACT_SURNAME(x->facts) > 1 || FACT_GIVEN(x->facts) : x->letters > 4 || x->facts & FACT_LISTED)
        return true;
    if (x->gap & GAP_BLANK && x->shape == SHAPE_TITLE && i + 1 < w->n && x[1].gap & (GAP_BLANK | GAP_OPEN)) /* a cell of a table */
        return true;
    return x->gap & (GAP_LINE | GAP_START) && (i + 1 >= w->n || x[1].gap & GAP_LINE); /* a line of an address */
}

static bool is_part_of_firm(const struct words *w, uint32_t i)
{
    const uint64_t others = LEX(COMMON) | LEX(VERB) | LEX(LABEL) | LEX(HEADING) | LEX(TITLE) | LEX(DOCTOR) | LEX(MONTH) | LEX(WEEKDAY) | LEX(DRUG);
    const struct word *x = &w->v[i];
    return (x->shape == SHAPE_TITLE || x->shape == SHAPE_MIXED || x->shape == SHAPE_UPPER || x->shape == SHAPE_INITIAL) &&
           !(x->classes & others) && !(x->flags & WORD_TAKEN);
}

/* "Polonia Bakery", "Blue Ox Timber", "Quill & Sons Roofing": capitals as far as they go in front of a firm's head word. */
static uint32_t firm_start(const struct words *w, uint32_t head)
{
    uint32_t i = head;

    while (i > 0 && head - i < 4 && !words_is(w, i - 1, "employer") && !(w->v[i].gap & ~(GAP_SPACE | GAP_APOSTROPHE | GAP_HYPHEN | GAP_OTHER)) && is_part_of_firm(w, i - 1))
        i--;
    return i;
}

int places_firms(const struct words *w, uint16_t rule, struct phi_candidates *sink)
{
    for (uint32_t i = words_in_set(w->open, w->first, w->last); i < w->last; i = words_in_set(w->open, i + 1, w->last)) {
        const struct word *x = &w->v[i];
        if (!(x->classes & LEX(WORKPLACE)) || x->flags & WORD_LINE_UPPER || (x->shape != SHAPE_TITLE && x->shape != SHAPE_UPPER))
            continue;
        struct phi_candidate c = {.kind = PHI_NAME_EMPLOYER, .rule = rule, .score = 60, .end = x->end};
        c.begin = w->v[firm_start(w, i)].begin;
        if (c.begin < x->begin && phi_candidate_add(sink, &c) < 0)
            return -1;
    }
    return 0;
}

/* "Brigham and Women's Hospital, Boston on July 10": the town of a facility, which no state follows. */
static int add_town(const struct words *w, const struct phi_dictionary *d, uint32_t i, uint16_t rule, struct phi_candidates *sink)
{
    const uint64_t others = LEX(COMMON) | LEX(MONTH) | LEX(WEEKDAY) | LEX(TITLE) | LEX(DOCTOR) | LEX(PROVIDER) | LEX(DRUG) | LEX(LABEL);
    const struct word *x = &w->v[i];
    bool stands = i < w->n && x->gap == (GAP_COMMA | GAP_SPACE) && x->shape == SHAPE_TITLE && x->label == LABEL_NONE && !(x->classes & others);

    if (!stands || !d)
        return 0;
    uint32_t end = i + 1 < w->n ? phrase_end(d, w, i, i + 1) : 0;
    if (!end && FACT_CITY(x->facts) < 3)
        return 0;
    struct phi_candidate c = {.kind = PHI_GEO_CITY, .rule = rule, .score = 70, .begin = x->begin, .end = w->v[end ? end : i].end};
    return phi_candidate_add(sink, &c);
}

static uint32_t phrase_facts(const struct phi_dictionary *d, const struct words *w, uint32_t first, uint32_t end)
{
    uint64_t phrase = w->v[first].hash;

    for (uint32_t i = first + 1; i <= end; i++)
        phrase = words_phrase(phrase, w->v[i].hash);
    return phi_dictionary_entry(d, phrase);
}

/* "dr: where do you live / pt: two harbors": the answer is a town and nothing else. The last word of it, or 0. */
static uint32_t answer_end(const struct words *w, const struct phi_dictionary *d, uint32_t i)
{
    const struct word *x = &w->v[i];
    bool begins = i && x->shape == SHAPE_LOWER && x->gap & (GAP_COLON | GAP_CLOSE | GAP_STOP | GAP_OTHER) && !(x->gap & GAP_LINE);
    bool asked = false;

    for (uint32_t k = i; begins && !asked && k > 0 && k + ASKED_BEFORE > i; k--)
        asked = words_is(w, k - 1, "where");
    if (!asked)
        return 0;
    uint32_t end = i + 1 < w->n && x[1].gap == GAP_SPACE ? phrase_end(d, w, i, i + 1) : 0;
    if (!end && FACT_CITY(x->facts) && !(x->facts & FACT_ENGLISH))
        end = i;
    return end && (end + 1 >= w->n || w->v[end + 1].gap & (GAP_LINE | GAP_BLANK)) ? end : 0;
}

static int add_town_said(const struct words *w, uint32_t first, uint32_t last, uint16_t rule, struct phi_candidates *sink)
{
    struct phi_candidate c = {.kind = PHI_GEO_CITY, .rule = rule, .score = 62, .begin = w->v[first].begin, .end = w->v[last].end};
    return phi_candidate_add(sink, &c);
}

/* "a pharmacist in broken arrow": where nothing is written in capitals, the words behind one for a place. */
int places_towns(const struct words *w, const struct phi_dictionary *d, uint16_t rule, struct phi_candidates *sink)
{
    static const char *const links[] = {"in", "to", "from", "near", "outside"};

    for (uint32_t i = w->first; d && i < w->last; i++) {
        const struct word *x = &w->v[i];
        if (x->shape != SHAPE_LOWER || (x->gap == GAP_SPACE && !(x->classes & LEX(PLACE) && x->flags & WORD_LINE_LOWER))) /* nearly all */
            continue;
        uint32_t answer = answer_end(w, d, i), end = 0;
        if (answer && add_town_said(w, i, answer, rule, sink) < 0)
            return -1;
        if (!(x->classes & LEX(PLACE)) || !(x->flags & WORD_LINE_LOWER) || !words_is_any(w, i, links, sizeof links / sizeof *links))
            continue;
        if (i + 2 < w->n && x[1].gap == GAP_SPACE)
            end = phrase_end(d, w, i + 1, i + 2);
        if (end && FACT_CITY(phrase_facts(d, w, i + 1, end)) >= 2 && add_town_said(w, i + 1, end, rule, sink) < 0) /* no "pain in left hand" */
            return -1;
    }
    return 0;
}

/* "St. Luke's", "Quillen's": the s is a part of the name; "Houston's" is the city and an s. */
static bool owns_its_s(const struct words *w, uint32_t first, uint32_t last)
{
    const struct word *x = &w->v[last];

    if (!(x->flags & WORD_POSSESSIVE))
        return false;
    return w->v[first].classes & LEX(FACILITY_PART) || (last && words_in(w, last - 1, LIST(PLACE_LEAD))) || FACT_CITY(x->facts) < 2;
}

/* Nothing but the words around says that it is a place. */
static bool is_unlisted(const struct words *w, uint32_t first, uint32_t last)
{
    const uint64_t classes = LEX(FACILITY) | LEX(FACILITY_PART) | LEX(STATE) | LEX(COUNTRY);

    for (uint32_t i = first; i <= last; i++)
        if (w->v[i].facts & FACT_COUNTY || FACT_CITY(w->v[i].facts) > 1 || w->v[i].classes & classes)
            return false;
    return true;
}

/* Hardly ever written with a capital, or called so is nobody and no town. */
static bool is_written_small(const struct words *w, uint32_t i, bool alone)
{
    const struct word *x = &w->v[i];
    uint32_t f = x->facts;
    bool nobody = !FACT_GIVEN(f) && !FACT_SURNAME(f) && !FACT_CITY(f) && !x->classes;
    if (alone)
        return (nobody && x->letters >= ALONE_LEAST) || words_in(w, i, LIST(ORGAN));
    return FACT_RATIO(f) <= WRITTEN_SMALL || (FACT_RATIO(f) == WRITTEN_SMALL + 1 && nobody);
}

/* "Left Hand", "Third Degree", "Cerebrospinal Fluid": all of it is what diseases are described by, and no state makes it a town. */
static bool is_clinical(const struct words *w, const struct phi_dictionary *d, uint32_t first, uint32_t last)
{
    const uint64_t places = LEX(STATE) | LEX(COUNTRY) | LEX(FACILITY) | LEX(FACILITY_STRONG);
    bool sure = false;

    for (uint32_t i = first; i <= last; i++) {
        const struct word *x = &w->v[i];
        bool clinical = x->facts & FACT_CLINICAL, small = x->letters <= 4 && x->classes & LEX(COMMON);
        if (x->classes & places || x->flags & WORD_POSSESSIVE || !(clinical || small) || x->facts & (FACT_SYSTEM | FACT_COUNTY))
            return false;
        sure |= clinical && is_written_small(w, i, first == last);
    }
    return sure && !(last + 1 < w->n && is_state_behind(w, last + 1)) && !(d && FACT_CITY(phrase_facts(d, w, first, last)) > (first == last)); /* "Show Low" */
}

/* "HTN, DM2" */
static bool is_short_code(const struct words *w, uint32_t first, uint32_t last)
{
    return first == last && w->v[first].shape == SHAPE_ALNUM && w->v[first].letters <= 4;
}

static bool is_no_place(const struct words *w, const struct phi_dictionary *d, uint32_t first, uint32_t last)
{
    bool sure = w->v[first].flags & WORD_SURE || w->v[last].flags & WORD_SURE;

    if (wide_place(w, first, last) || thing_named(w, first, last) || is_clinical(w, d, first, last) || is_short_code(w, first, last))
        return true;
    return !sure && (is_business(w, first, last) || is_heading(w, first, last) || (last == first && !has_reason(w, first)));
}

/* What words [first, last] are, and how sure that is. */
static struct phi_candidate place_of(const struct words *w, uint32_t first, uint32_t last, struct places_rules rules)
{
    struct phi_candidate c = {.kind = PHI_GEO_CITY, .rule = rules.city};

    for (uint32_t i = first; i <= last; i++) {
        const struct word *x = &w->v[i];
        if (x->classes & LEX(FACILITY) || x->facts & FACT_SYSTEM) {
            c.kind = PHI_GEO_FACILITY;
            c.rule = rules.facility;
        }
        if (x->label == LABEL_PLACE && x->score > c.score)
            c.score = x->score;
    }
    if (c.score > UNLISTED_MOST && is_unlisted(w, first, last)) /* a field says better what it is */
        c.score = UNLISTED_MOST;
    return c;
}

/* "In Falls Church or here?", "Practice Winooski Headache Ctr": what begins a sentence or a field is written like a name. */
static uint32_t without_lead(const struct words *w, uint32_t first, uint32_t last)
{
    static const char *const leads[] = {"called", "call", "calling", "per", "explain", "possible", "in", "at", "to", "from", "near", "attn", "au", "chez", "attends", "rx", "dme", "ed", "er", "bls", "als", "ems", "via", "backup", "snf", "ins"};
    static const char *const papers[] = {"note", "notes", "log", "report", "record", "summary", "plan", "list", "form", "chart", "sheet", "schedule", "order", "orders", "request", "letter"};
    static const char *const fields[] = {"practice", "school", "city", "facility", "agency", "location", "site", "street", "employer", "dialyzes"};

    while (first < last && words_is_any(w, first, leads, sizeof leads / sizeof *leads))
        first++;
    for (uint32_t k = first; k < last; k++) /* "NURSE NOTES Prairie Rose Care Center" */
        if (w->v[k].shape == SHAPE_UPPER && w->v[k + 1].shape == SHAPE_TITLE && words_is_any(w, k, papers, sizeof papers / sizeof *papers))
            first = k + 1;
    bool field = last > first && w->v[first].gap & (GAP_LINE | GAP_BLANK) && w->v[first + 1].gap == GAP_SPACE &&
                 words_is_any(w, first, fields, sizeof fields / sizeof *fields) && word_is_capital(&w->v[first + 1]);
    return first + field;
}

/* "Mesa Verde Birth Center [IRT] 98": an abbreviation behind the word for a house begins what is said of it. */
static uint32_t without_tail(const struct words *w, uint32_t first, uint32_t last)
{
    const struct word *x = &w->v[last];
    bool apart = last > first && x->gap == GAP_SPACE && x->shape == SHAPE_UPPER && x->letters <= 4 && !(x->flags & WORD_LINE_UPPER) && x[-1].shape == SHAPE_TITLE;

    return last - (apart && x[-1].classes & LEX(FACILITY) && !(x->classes & (LEX(STATE) | LEX(FACILITY))) && !(x->facts & FACT_SYSTEM));
}

int places_emit(const struct words *w, const struct phi_dictionary *d, struct places_rules rules, struct phi_candidates *sink)
{
    uint32_t done = w->first, last;

    while (done > 0 && done < w->last && is_place(w, done) && is_place(w, done - 1) && joins(w, done))
        done++;
    for (uint32_t i = words_in_set(w->told, done, w->last); i < w->last; i = words_in_set(w->told, last + 1, w->last)) {
        last = i;
        if (w->v[i].label != LABEL_PLACE)
            continue;
        last = run_end(w, i);
        last -= last > i && w->v[last].classes & LEX(FACILITY) && is_stay(w, last);
        if (last + 1 < w->n && is_state_behind(w, last + 1))
            last++;
        if (!is_stayer(w, last) && is_no_place(w, d, i, last))
            continue;
        struct phi_candidate c = place_of(w, i, last, rules);
        uint32_t first = run_start(w, i, last);
        phrase_widen(d, w, &first, &last);
        last = with_tail(w, without_tail(w, i, last));
        last = c.kind == PHI_GEO_FACILITY ? with_company(w, last) : last;
        last = brands_number(w, last);
        c.begin = w->v[without_lead(w, first, last)].begin;
        c.end = owns_its_s(w, i, last) ? words_possessive_end(w, last) : w->v[last].end;
        if (phi_candidate_add(sink, &c) < 0 || add_zip(w, last + 1, rules.zip, sink) < 0 ||
            (c.kind == PHI_GEO_FACILITY && add_town(w, d, last + 1, rules.city, sink) < 0))
            return -1;
    }
    return 0;
}
