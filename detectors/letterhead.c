/* SPDX-License-Identifier: Apache-2.0 */
#include "letterhead.h"

#include "dictionary.h"
#include "lexicon.h"
#include "phi.h"

enum { LINES = 3, WORDS_FEWEST = 3, WORDS_MOST = 8, SCORE = 64 };

static bool is_house(const struct words *w, uint32_t i)
{
    static const char *const houses[] = {"hospital", "clinic", "clinics", "center", "centre", "laboratory", "laboratories", "labs", "associates", "services", "service",
                                         "institute", "group", "partners", "pathologists", "radiologists", "imaging", "consultants", "specialists", "physicians",
                                         "genomics", "diagnostics", "network", "hospice", "pharmacy", "dialysis", "surgicenter", "endoscopy", "radiology", "cardiology",
                                         "dermatology", "orthopaedics", "orthopedics", "pediatrics", "oncology", "urology", "neurology", "midwifery", "unit"};
    return words_is_any(w, i, houses, sizeof houses / sizeof *houses);
}

static bool is_link(const struct words *w, uint32_t i)
{
    static const char *const links[] = {"of", "the", "and", "for", "at", "de", "la", "del", "los", "las", "el"};
    return words_is_any(w, i, links, sizeof links / sizeof *links);
}

/* What is done there, and for whom. */
static bool is_service(const struct words *w, uint32_t i)
{
    static const char *const services[] = {"sleep", "wound", "burn", "eye", "spine", "hand", "foot", "breast", "pain", "device", "transplant", "infusion", "transfer",
                                           "poison", "stroke", "heart", "kidney", "cancer", "memory", "weight", "function", "perfusion", "student", "disability",
                                           "social", "spiritual", "nutrition", "interpreter", "food", "protective", "department", "dept", "division", "office",
                                           "child", "adult", "family", "women", "trauma", "critical", "intensive", "acute", "care", "access", "outreach", "stress",
                                           "vascular", "blood", "gas", "second", "opinion", "day", "home", "patient", "support", "case", "crisis", "pulmonary", "myocardial", "cardiac", "catheterization", "long", "term"};
    return words_is_any(w, i, services, sizeof services / sizeof *services);
}

/* No heading, no profession, no word for what is done there. */
static bool is_own(const struct words *w, uint32_t i)
{
    const uint64_t plain = LEX(HEADING) | LEX(PROVIDER) | LEX(FACILITY) | LEX(COMMON) | LEX(LABEL) | LEX(DOCTOR) | LEX(ACRONYM) | LEX(PATIENT) | LEX(STATE);
    const struct word *x = &w->v[i];
    return x->letters > 2 && !(x->classes & plain) && !(x->facts & FACT_SCIENCE && !(x->facts & FACT_ENGLISH)) && !is_service(w, i);
}

/* The last word of the name that begins with word i, or i. */
static uint32_t name_end(const struct words *w, uint32_t i)
{
    const uint16_t gaps = GAP_SPACE | GAP_APOSTROPHE | GAP_PERIOD;
    uint32_t end = i;
    unsigned own = 0;

    for (uint32_t k = i; k < w->n && k < i + WORDS_MOST; k++) {
        const struct word *x = &w->v[k];
        bool and_sign = k > i && x->gap == (GAP_SPACE | GAP_OTHER) && w->text[x->begin - 2] == '&', written = word_is_capital(x);
        if ((k > i && !and_sign && x->gap & ~gaps) || x->flags & WORD_TAKEN || (!written && !is_link(w, k)))
            break;
        own += written && !is_link(w, k) && is_own(w, k);
        end = k;
    }
    bool whole = end + 1 >= w->n || w->v[end + 1].gap & (GAP_LINE | GAP_BLANK | GAP_OPEN);
    return own && whole && end - i + 1 >= WORDS_FEWEST && is_house(w, end) && !words_is(w, i, "department") && !words_is(w, i, "dept") ? end : i;
}

int letterhead_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink)
{
    unsigned line = 0;

    if (!w->n || !(w->v[0].gap & GAP_START))
        return 0;
    for (uint32_t i = 0; i < w->last && line < LINES; i++) {
        if (!(w->v[i].gap & (GAP_LINE | GAP_START)))
            continue;
        line++;
        uint32_t end = name_end(w, i);
        if (end == i)
            continue;
        struct phi_candidate c = {.kind = PHI_GEO_FACILITY, .rule = rule, .score = SCORE, .begin = w->v[i].begin, .end = w->v[end].end};
        return phi_candidate_add(sink, &c);
    }
    return 0;
}
