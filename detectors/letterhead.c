/* SPDX-License-Identifier: Apache-2.0 */
#include "letterhead.h"

#include "dictionary.h"
#include "lexicon.h"
#include "phi.h"

enum { LINES = 3, WORDS_FEWEST = 3, WORDS_MOST = 8, FREQUENT = 4, SCORE = 64 };

static bool is_house(const struct words *w, uint32_t i)
{
    static const char *const houses[] = {"hospital", "clinic", "clinics", "center", "centre", "laboratory", "laboratories", "labs", "associates", "services", "service",
                                         "institute", "group", "partners", "pathologists", "radiologists", "imaging", "consultants", "specialists", "physicians",
                                         "genomics", "diagnostics", "network", "hospice", "pharmacy", "dialysis", "surgicenter", "endoscopy", "radiology", "cardiology",
                                         "dermatology", "orthopaedics", "orthopedics", "pediatrics", "oncology", "urology", "neurology", "midwifery", "unit"};
    return words_is_any(w, i, houses, sizeof houses / sizeof *houses);
}

/* What a practice is called by: "Saratoga Lung & Sleep", "Quill Physical Therapy". */
static bool is_practice(const struct words *w, uint32_t i)
{
    static const char *const practices[] = {"therapy", "therapies", "chiropractic", "dental", "dentistry", "orthodontics", "smiles", "vision", "optometry", "optical", "eyecare", "hearing", "audiology",
                                            "counseling", "behavioral", "psychiatry", "psychology", "gastroenterology", "nephrology", "rheumatology", "allergy", "asthma", "lab", "sleep", "neurophysiology",
                                            "nerve", "spine", "throat", "ent", "ortho", "surgery", "surgeons", "surgical", "medicine", "medical", "health", "wellness", "rehab", "rehabilitation", "healthcare",
                                            "pulmonology", "endocrinology", "hematology", "pathology", "ophthalmology", "gynecology", "obstetrics", "obgyn", "podiatry", "hepatology", "electrophysiology",
                                            "mri", "anesthesia", "practice", "care", "hand", "foot", "vein", "fertility", "nurses", "nursing", "physiotherapy", "internists", "urologists", "suite", "diseases"};
    return words_is_any(w, i, practices, sizeof practices / sizeof *practices);
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
                                           "vascular", "blood", "gas", "second", "opinion", "day", "home", "patient", "support", "case", "crisis", "pulmonary", "myocardial", "cardiac", "catheterization", "long", "term", "special"};
    return words_is_any(w, i, services, sizeof services / sizeof *services);
}

/* No heading, no profession, no word for what is done there. */
static bool is_own(const struct words *w, uint32_t i)
{
    const uint64_t plain = LEX(HEADING) | LEX(PROVIDER) | LEX(FACILITY) | LEX(COMMON) | LEX(LABEL) | LEX(DOCTOR) | LEX(ACRONYM) | LEX(PATIENT) | LEX(STATE);
    const struct word *x = &w->v[i];
    return x->letters > 2 && !(x->classes & plain) && !is_house(w, i) && !is_practice(w, i) && !(x->facts & FACT_SCIENCE && !(x->facts & FACT_ENGLISH) && FACT_SURNAME(x->facts) < FREQUENT) && !is_service(w, i);
}

/* "Maternal Specialists of the Panhandle", "The Endoscopy Suite at Laurel Ridge": behind what it is, where it is. */
static bool has_place(const struct words *w, uint32_t first, uint32_t end)
{
    for (uint32_t k = first + 1; k < end; k++)
        if ((words_is(w, k, "of") || words_is(w, k, "at")) && (is_house(w, k - 1) || is_practice(w, k - 1)))
            return is_own(w, end);
    return false;
}

/* "MRI of the Lumbar Spine", "Home Health Certification and Plan of Care", "From the Dept of Pathology": what a text is called, and where it comes from. */
static bool is_title(const struct words *w, uint32_t i, bool first)
{
    static const char *const titles[] = {"certification", "plan", "report", "note", "notes", "summary", "letter", "form", "record", "evaluation", "assessment", "consultation", "consult", "request", "referral",
                                         "study", "instructions", "protocol", "guideline", "guidelines", "policy", "authorization", "results", "order", "list", "log", "review", "update", "visit", "comparison", "effect", "based"};
    static const char *const fronts[] = {"mri", "ct", "xr", "us", "ultrasound", "scan", "radiograph", "radiographs", "from", "per", "via", "seen", "to", "with", "in", "at", "dialyzes", "department", "dept"};
    return words_is_any(w, i, titles, sizeof titles / sizeof *titles) || (first && (w->v[i].classes & LEX(VERB) || words_is_any(w, i, fronts, sizeof fronts / sizeof *fronts)));
}

/* How far a name goes that begins with word i; i: none does. */
static uint32_t run_end(const struct words *w, uint32_t i)
{
    const uint16_t gaps = GAP_SPACE | GAP_APOSTROPHE | GAP_PERIOD | GAP_HYPHEN;
    uint32_t end = i;

    for (uint32_t k = i; k < w->n && k < i + WORDS_MOST; k++) {
        const struct word *x = &w->v[k];
        bool and_sign = k > i && x->gap == (GAP_SPACE | GAP_OTHER) && w->text[x->begin - 2] == '&';
        if ((k > i && !and_sign && x->gap & ~gaps) || x->flags & WORD_TAKEN || (!word_is_capital(x) && !is_link(w, k)) || (x->gap & GAP_HYPHEN && x->gap & GAP_SPACE))
            break;
        end = k;
    }
    return end;
}

/* The last word of the name that begins with word i, or i. */
static uint32_t name_end(const struct words *w, uint32_t i)
{
    uint32_t end = run_end(w, i);
    bool two = end == i + 1 && is_house(w, end) && !fact_is_word(w->v[i].facts) && w->v[i].letters > 4; /* "ApexTox Laboratory" */
    bool own = false, house = (two || end - i + 1 >= WORDS_FEWEST) && is_house(w, end);
    const uint16_t ends = GAP_LINE | GAP_BLANK | GAP_OPEN | (house ? 0 : GAP_COMMA | GAP_STOP);

    if ((!two && end - i + 1 < WORDS_FEWEST) || (end + 1 < w->n && !(w->v[end + 1].gap & ends)) || !(house || is_practice(w, end) || has_place(w, i, end)))
        return i;
    for (uint32_t k = i; k <= end; k++) {
        if (is_title(w, k, k == i))
            return i;
        own |= word_is_capital(&w->v[k]) && !is_link(w, k) && is_own(w, k);
    }
    return own ? end : i;
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
