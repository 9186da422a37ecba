/* SPDX-License-Identifier: Apache-2.0
 *
 * A name that stands for a disease, a sign, an instrument: told by what goes with it.
 */
#include "eponym.h"

#include "dictionary.h"
#include "evidence.h"
#include "lexicon.h"
#include "thing.h"
#include "word_lists.h"

enum { PHRASE_MOST = 4, CHAIN_MOST = 3, BETWEEN_MOST = 3, SURNAME_SELDOM = 4 };

/* "B. Colon, sigmoid": the second specimen of a list. */
bool eponym_specimen(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    return i && i + 1 < w->n && x[-1].shape == SHAPE_INITIAL && x->gap & GAP_PERIOD && w->text[x[-1].begin] <= 'L' &&
           x[1].gap & (GAP_COMMA | GAP_COLON) && x[1].shape == SHAPE_LOWER && words_in(w, i, LIST(ORGAN));
}

bool eponym_head(const struct words *w, uint32_t i)
{
    for (uint32_t k = i + 1; k < w->n && k <= i + 3; k++) {
        if (w->v[k].gap & ~(GAP_SPACE | GAP_HYPHEN | GAP_APOSTROPHE | GAP_SLASH | GAP_OTHER))
            return false;
        if (w->v[k].classes & LEX(EPONYM_HEAD))
            return true;
        if (k > i + 1 && !word_is_capital(&w->v[k]) && !(w->v[k].flags & WORD_LINE_LOWER))
            return false;
    }
    return false;
}

/* The first and the last word of a chain of few words joined by hyphens, of capitals alone if so asked: "[Kagami]-[Ogata]". */
static uint32_t chain_begin(const struct words *w, uint32_t i, bool capitals)
{
    for (unsigned n = 0; n < CHAIN_MOST && i && w->v[i].gap == GAP_HYPHEN && (!capitals || w->v[i - 1].shape == SHAPE_TITLE); n++)
        i--;
    return i;
}
static uint32_t chain_end(const struct words *w, uint32_t i, bool capitals)
{
    for (unsigned n = 0; n < CHAIN_MOST && i + 1 < w->n && w->v[i + 1].gap == GAP_HYPHEN && (!capitals || w->v[i + 1].shape == SHAPE_TITLE); n++)
        i++;
    return i;
}

/* "Marshall-Marchetti-Krantz": words joined by hyphens, at least two of them eponyms and no name before. */
static bool in_eponym_chain(const struct words *w, uint32_t i)
{
    uint32_t first = chain_begin(w, i, false), last = chain_end(w, i, false);
    unsigned eponyms = 0;

    for (uint32_t k = first; k <= last; k++)
        eponyms += (w->v[k].classes & LEX(EPONYM)) != 0;
    return eponyms > 1 && !(first && (w->v[first - 1].label == LABEL_NAME || w->v[first - 1].classes & (LEX(DOCTOR) | LEX(TITLE))));
}

/* "Braden 14.", "Edinburgh = 13;": a scale and its score. */
static bool is_scored(const struct words *w, uint32_t i)
{
    const struct word *n = &w->v[i + 1];

    return i + 1 < w->n && n->shape == SHAPE_NUMBER && n->letters <= 2 && !(n->gap & ~(GAP_SPACE | GAP_COLON)) && words_in(w, i, LIST(SCALE)) &&
           (i + 2 >= w->n || n[1].gap & (GAP_PERIOD | GAP_COMMA | GAP_STOP | GAP_LINE | GAP_CLOSE));
}

/* "has Addison's.", "hx of Barrett's on omeprazole": the disease that is not said. Somebody's wife would be. */
static bool is_ailment(const struct words *w, uint32_t i)
{
    static const char *const had[] = {"has", "have", "had", "with", "w", "known", "hx", "suspected", "possible", "probable", "likely", "pmh", "pmhx", "untreated"};
    static const char *const of[] = {"history", "hx", "h", "dx", "diagnosis", "case", "risk", "treatment", "signs", "symptoms"};
    static const char *const on[] = {"and", "or", "on", "with", "but", "in", "since", "s", "vs", "who", "was", "is", "has", "now", "treated", "diagnosed"};
    const struct word *x = &w->v[i];
    bool owned = x->flags & WORD_POSSESSIVE && i + 1 < w->n && x[1].gap == (GAP_APOSTROPHE | GAP_SPACE);

    if (!i || !(x->flags & WORD_POSSESSIVE) || !(x->classes & LEX(EPONYM)))
        return false;
    if (owned && !words_is_any(w, i + 1, on, sizeof on / sizeof *on))
        return false;
    return words_is_any(w, i - 1, had, sizeof had / sizeof *had) ||
           (i > 1 && (words_is(w, i - 1, "of") || words_is(w, i - 1, "o")) && words_is_any(w, i - 2, of, sizeof of / sizeof *of));
}

/* "lachman is negative", "Galeazzi is level", "Weber to the left": what a sign says. */
static bool is_said_sign(const struct words *w, uint32_t i)
{
    static const char *const says[] = {"is", "was", "are", "were"}, *const results[] = {"negative", "positive", "level", "equal", "symmetric", "symmetrical", "intact", "midline", "equivocal", "neg", "pos"};
    bool said = words_is_any(w, i + 1, says, sizeof says / sizeof *says), family = w->v[i].shape != SHAPE_LOWER && FACT_SURNAME(w->v[i].facts) > SURNAME_SELDOM;

    return (!family && words_is_any(w, i + 1 + said, results, sizeof results / sizeof *results)) || /* "Weber is positive" may be somebody */
           (words_is(w, i + 1, "to") && words_is(w, i + 2, "the") && (words_is(w, i + 3, "left") || words_is(w, i + 3, "right")));
}

/* "gleason three plus four", "eaton stage three": in small letters, a scale. */
static bool is_said_scale(const struct words *w, uint32_t i)
{
    static const char *const levels[] = {"stage", "grade", "score", "class", "type", "pattern"};
    const struct word *n = &w->v[i + 1];
    if (is_said_sign(w, i))
        return true;
    return w->v[i].shape == SHAPE_LOWER && !(i && n[-2].classes & LEX(PLACE)) && i + 1 < w->n && n->gap == GAP_SPACE &&
           (n->classes & LEX(NUMBER) || n->shape == SHAPE_NUMBER || words_is_any(w, i + 1, levels, sizeof levels / sizeof *levels));
}

/* What measures, and what somebody has, stands behind his name, too ("Garcia score 8", "Bed 3 Hernandez cardiomyopathy"), a syndrome hardly ever does. */
static bool is_disease(const struct words *w, uint32_t i, bool often)
{
    static const char *const either[] = {"sequence", "classification", "criteria", "equation", "formula", "nomogram", "score", "index", "atrophy", "ataxia", "myopathy", "neuropathy",
                                         "encephalopathy", "cardiomyopathy", "retinopathy", "palsy", "paralysis"};
    static const char *const diseases[] = {"syndrome", "syndromes", "disease", "dystrophy", "dysplasia", "phenomenon", "anomaly", "malformation", "ichthyosis", "triad", "tetrad", "pentad", "phenotype"};
    return i < w->n && w->v[i].shape == SHAPE_LOWER &&
           (words_is_any(w, i, diseases, sizeof diseases / sizeof *diseases) || (!often && words_is_any(w, i, either, sizeof either / sizeof *either)));
}

/* "Ruiz-Ortega": of two names each of which many families have. */
static bool is_of_frequent(const struct words *w, uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin; i <= end; i++)
        if (w->v[i].classes & LEX(EPONYM) || !fact_is_frequent_name(w->v[i].facts))
            return false;
    return true;
}

/* "Claes-Jensen type", "Regan-Morrey type I", but not "Quill-Marsh type 2 diabetes". */
static bool is_type(const struct words *w, uint32_t i, bool often)
{
    static const char *const types[] = {"type", "variant"}, *const counted[] = {"diabetes", "dm", "diabetic", "dissection", "respiratory"};

    if (w->v[i].gap != GAP_SPACE || words_is_any(w, i + 2, counted, sizeof counted / sizeof *counted))
        return false;
    return words_is_any(w, i, types, sizeof types / sizeof *types) || (!often && words_is(w, i, "form"));
}

/* "Kagami-Ogata syndrome", "Tisdale score", "Duane retraction syndrome", "Claes-Jensen type": nobody lists all that diseases and methods are
 * called after. Words between the name and the disease say less, so that who is often called so is somebody there. */
static bool names_disease(const struct words *w, uint32_t i)
{
    uint32_t begin = chain_begin(w, i, true), end = chain_end(w, i, true), k = end + 1;
    const struct word *x = &w->v[begin];

    if (w->v[i].shape != SHAPE_TITLE || x->letters < 3)
        return false;
    bool often = is_of_frequent(w, begin, end) || (end == begin && !(x->classes & LEX(EPONYM)) && FACT_CITY(x->facts) > 1);
    if (is_disease(w, k, often) && w->v[k].gap == GAP_SPACE)
        return true;
    if (end > begin && k < w->n && is_type(w, k, often))
        return true;
    if (often)
        return false;
    while (k < w->n && k <= end + BETWEEN_MOST && w->v[k].gap == GAP_SPACE && w->v[k].shape == SHAPE_LOWER && !is_disease(w, k, false) && !(w->v[k].classes & (LEX(COMMON) | LEX(VERB))))
        k++;
    return k > end + 1 && is_disease(w, k, false) && w->v[k].gap == GAP_SPACE;
}

/* Are the words from `first` to `last` one phrase of the lexicon? No house is called so ("Bristol-Myers Squibb Children's"). */
static bool is_phrase(const struct words *w, uint32_t first, uint32_t last)
{
    uint64_t phrase = w->v[first].hash;

    if (last + 1 < w->n && w->v[last + 1].gap == GAP_SPACE && word_is_capital(&w->v[last + 1]) && w->v[last + 1].classes & (LEX(FACILITY) | LEX(FACILITY_STRONG) | LEX(FACILITY_PART)))
        return false;
    for (uint32_t i = first + 1; i <= last; i++)
        phrase = words_phrase(phrase, w->v[i].hash);
    return lexicon_find(phrase) & LEX(EPONYM);
}

/* "Kenward-Roger", "Becton Dickinson", "Smith & Nephew": words of which the lexicon knows that together they are nobody. */
static bool in_phrase(const struct words *w, uint32_t i, uint32_t *begin)
{
    const uint16_t joint = GAP_SPACE | GAP_HYPHEN | GAP_APOSTROPHE | GAP_OTHER | GAP_PERIOD;
    uint32_t first = i, last = i;

    while (first > 0 && i - first < PHRASE_MOST - 1 && !(w->v[first].gap & ~joint))
        first--;
    while (last + 1 < w->n && last - i < PHRASE_MOST - 1 && !(w->v[last + 1].gap & ~joint))
        last++;
    for (uint32_t a = first; a <= i; a++)
        for (uint32_t b = a == i ? i + 1 : i; b <= last && b - a < PHRASE_MOST; b++)
            if (is_phrase(w, a, b)) {
                *begin = a;
                return true;
            }
    return false;
}

/* "pentalogy of Cantrell", "line of Schwalbe" */
static bool is_part_of(const struct words *w, uint32_t i)
{
    static const char *const parts[] = {"ampulla", "antrum", "canal", "circle", "crypts", "foramen", "fossa", "islets", "ligament", "pentalogy", "plexus", "pouch", "sinus", "sphincter", "tetralogy",
                                        "triad", "triangle", "trilogy", "tubercle", "zonule"};
    static const char *const either[] = {"band", "bundle", "duct", "fold", "line", "lines", "loop", "node", "organ", "reflex", "valve", "valves"};
    const struct word *x = &w->v[i];

    if (i < 2 || x->gap != GAP_SPACE || x[-1].gap != GAP_SPACE || !words_is(w, i - 1, "of") || x->shape != SHAPE_TITLE)
        return false;
    bool family = fact_is_frequent_name(x->facts) && !(x->classes & LEX(EPONYM)); /* "organ of Hernandez" */
    return words_is_any(w, i - 2, parts, sizeof parts / sizeof *parts) || (!family && words_is_any(w, i - 2, either, sizeof either / sizeof *either));
}

/* Behind a title, a name or an initial stands somebody. */
static bool follows_person(const struct words *w, uint32_t i, uint64_t classes)
{
    return i && (w->v[i - 1].classes & classes || w->v[i - 1].label == LABEL_NAME || w->v[i - 1].shape == SHAPE_INITIAL);
}

bool eponym_is(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    uint64_t person = LEX(DOCTOR) | LEX(TITLE) | LEX(RELATION) | LEX(NAMED) | LEX(GREETING);

    if (in_eponym_chain(w, i) || eponym_specimen(w, i))
        return true;
    if (is_scored(w, i) && !(i && x[-1].classes & person))
        return true;
    uint32_t begin;
    if (in_phrase(w, i, &begin)) /* "his wife, Beckwith-Wiedemann features" */
        return w->v[begin].gap & ~(GAP_SPACE | GAP_PERIOD) || !follows_person(w, begin, person);
    if ((names_disease(w, i) || is_part_of(w, i) || thing_bears_name(w, i)) && !follows_person(w, i, person | LEX(PATIENT)))
        return true;
    bool greeted = i && x[-1].classes & LEX(GREETING) && x->gap & GAP_COMMA; /* "okay, lachman is negative" */
    person &= greeted ? ~LEX(GREETING) : UINT64_MAX;
    if (!(x->classes & LEX(EPONYM)) || follows_person(w, i, person))
        return false;
    return eponym_head(w, i) || is_ailment(w, i) || is_said_scale(w, i);
}
