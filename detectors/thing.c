/* SPDX-License-Identifier: Apache-2.0 */
#include "thing.h"

#include "dictionary.h"
#include "lexicon.h"

enum { BEHIND_MOST = 4 };

/* What asks and measures. */
static bool is_measure(const struct words *w, uint32_t i)
{
    static const char *const measures[] = {"scale", "scales", "inventory", "questionnaire", "checklist", "criteria", "classification", "formula", "guidelines", "index", "score", "staging", "rules"};
    return words_is_any(w, i, measures, sizeof measures / sizeof *measures);
}

/* "Law" is a family, too, and who is "Alert" a patient. */
static bool is_law(const struct words *w, uint32_t i)
{
    static const char *const laws[] = {"act", "amendment", "statute", "waiver", "accords"}, *const alerts[] = {"amber", "silver"};

    if (w->v[i].shape == SHAPE_LOWER)
        return words_is(w, i, "waiver");
    if (i && words_is(w, i, "law"))
        return w->v[i - 1].flags & WORD_POSSESSIVE || words_is(w, i - 1, "stark");
    if (i && words_is(w, i, "alert"))
        return words_is_any(w, i - 1, alerts, sizeof alerts / sizeof *alerts);
    return words_is_any(w, i, laws, sizeof laws / sizeof *laws);
}

/* "American", "National": whom a body is for; with it, "college" and "academy" are no schools. */
static bool is_public(const struct words *w, uint32_t i)
{
    static const char *const nations[] = {"american", "national", "federal", "international", "european", "british", "canadian", "world", "infectious", "indian", "veterans"};
    return words_is_any(w, i, nations, sizeof nations / sizeof *nations);
}

static bool is_body(const struct words *w, uint32_t i)
{
    static const char *const bodies[] = {"academy", "college", "association", "society", "institutes", "administration", "commission", "agency", "organization", "federation", "council", "network",
                                         "campaign", "collaboration", "service", "program"};
    return words_is_any(w, i, bodies, sizeof bodies / sizeof *bodies);
}

/* "College of Physicians", "Association", but no "International College". */
static bool is_body_of(const struct words *w, uint32_t i)
{
    return is_body(w, i) && (w->v[i].letters > 7 || words_is(w, i + 1, "of") || words_is(w, i + 1, "for") || words_is(w, i, "agency") || words_is(w, i, "society") || words_is(w, i, "service"));
}

static bool goes_on(const struct words *w, uint32_t i)
{
    return i < w->n && !(w->v[i].gap & ~(GAP_SPACE | GAP_HYPHEN | GAP_APOSTROPHE)) && w->v[i].shape < SHAPE_NUMBER;
}

/* "Blue Cross Blue Shield" */
static bool is_insurer(const struct words *w, uint32_t first)
{
    return words_is(w, first, "blue") && (words_is(w, first + 1, "cross") || words_is(w, first + 1, "shield"));
}

/* "Quill Pain Score 6": a scale that needs no name, and what it says of whoever stands in front; w[k] is what measures. */
static bool is_said_of(const struct words *w, uint32_t i, uint32_t k)
{
    static const char *const alone[] = {"pain", "fall", "falls", "glasgow", "braden", "morse", "coma"};
    return words_is_any(w, i + 1, alone, sizeof alone / sizeof *alone) && !words_is(w, i, "glasgow") && k + 1 < w->n && w->v[k + 1].shape == SHAPE_NUMBER;
}

/* "the meta-analysis by Quill", "decision curves by Marsh" */
static bool is_author(const struct words *w, uint32_t i)
{
    static const char *const papers[] = {"trial", "trials", "paper", "papers", "article", "articles", "editorial", "cohort", "curves", "textbook", "guideline"};
    bool meta = i > 2 && words_is(w, i - 3, "meta") && (words_is(w, i - 2, "analysis") || words_is(w, i - 2, "analyses"));
    return i > 1 && w->v[i].gap == GAP_SPACE && words_is(w, i - 1, "by") && (meta || words_is_any(w, i - 2, papers, sizeof papers / sizeof *papers));
}

bool thing_cited(const struct words *w, uint32_t last)
{
    return (words_is(w, last + 1, "et") && words_is(w, last + 2, "al")) || is_author(w, last) || (last && w->v[last].gap == GAP_SPACE && is_author(w, last - 1));
}

/* "St. John's wort", "Rocky Mountain spotted fever", "Other Pacific Islander", "Smith et al.": what bears the name of a place or of somebody. */
static bool is_called_after(const struct words *w, uint32_t last)
{
    return words_is(w, last + 1, "wort") || (words_is(w, last + 1, "spotted") && words_is(w, last + 2, "fever")) || words_is(w, last, "islander") || thing_cited(w, last);
}

bool thing_named(const struct words *w, uint32_t first, uint32_t last)
{
    bool public = is_public(w, first) || (first && w->v[first].gap == GAP_SPACE && is_public(w, first - 1));
    uint32_t small = 0;

    if (is_insurer(w, first) || is_called_after(w, last))
        return true;
    for (uint32_t i = first; i < w->n && i <= last + BEHIND_MOST; i++) {
        if (i > first && !goes_on(w, i))
            return false;
        bool behind = w->v[i].shape == SHAPE_LOWER && (i > last + 1 || words_is(w, i, "index")); /* "in Toledo with a score", "Toledo index admission" */
        if (i > first && ((is_measure(w, i) && !behind && !is_said_of(w, last, i)) || is_law(w, i)))
            return true;
        if (public && i > first && is_body_of(w, i))
            return true;
        small += i > last && w->v[i].shape == SHAPE_LOWER;
        if (small > 1 || (i > last && w->v[i].classes & (LEX(VERB) | LEX(FACILITY))))
            return false;
    }
    return false;
}

bool thing_bears_name(const struct words *w, uint32_t i)
{
    if (i && w->v[i - 1].flags & WORD_POSSESSIVE && is_law(w, i)) /* "Kendra's [Law]", no "John Law" */
        return true;
    /* "Garcia Score 8", "John Smith Pain Scale" */
    bool often = fact_is_frequent_name(w->v[i].facts);
    for (uint32_t k = i + 1; k < w->n && k <= i + BEHIND_MOST; k++) {
        if (w->v[k].gap & ~(GAP_SPACE | GAP_HYPHEN | GAP_APOSTROPHE) || (w->v[k].shape != SHAPE_TITLE && !words_is(w, k, "waiver")))
            return false;
        if (is_law(w, k) || (is_measure(w, k) && !often && !is_said_of(w, i, k)))
            return true;
    }
    return false;
}
