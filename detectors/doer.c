/* SPDX-License-Identifier: Apache-2.0 */
#include "doer.h"

#include "candidate.h"
#include "eponym.h"
#include "evidence.h"
#include "lexicon.h"
#include "likeness.h"
#include "telling.h"
#include "text.h"

enum { LETTERS_FEWEST = 3, SURNAME_SURE = 3, SURNAME_MANY = 5, SURNAME_MOST = 6, GIVEN_SURE = 3, RATIO_MOSTLY = 5, RATIO_SURE = 6, CITY_LARGE = 5, SIGNED_MOST = 3 };

/* A word of the sentence, which in a line of capitals is written as all are. */
static bool is_plain(const struct word *x)
{
    return x->shape == SHAPE_LOWER || (x->shape == SHAPE_UPPER && x->flags & WORD_LINE_UPPER);
}

/* "Endo recs": short for a service, and in no list of those. */
static bool is_service(const struct words *w, uint32_t i)
{
    static const char *const services[] = {"endo", "vasc", "optho", "ophtho", "pharm", "biomed", "nutr", "gyne", "surg", "onco", "nsgy", "neph", "hepat", "derm", "rheum", "plastics", "tele", "transpl", "psychiatry"};
    return words_is_any(w, i, services, sizeof services / sizeof *services);
}

/* Behind whoever begins a sentence, an entry of a list, or is the patient. */
static bool begins(const struct words *w, uint32_t i)
{
    const uint16_t starts = GAP_LINE | GAP_START | GAP_PERIOD | GAP_STOP | GAP_COLON | GAP_BLANK | GAP_OPEN;
    return !i || w->v[i].gap & starts || (w->v[i].gap == GAP_SPACE && w->v[i - 1].classes & LEX(PATIENT));
}

/* "states", "denies": what is said or wanted. */
static bool is_said(const struct words *w, uint32_t i)
{
    static const char *const verbs[] = {"states", "stated", "denies", "denied", "reports", "reported", "says", "said", "endorses", "endorsed", "complains", "complained", "agrees", "agreed", "refuses", "refused", "declines",
                                        "declined", "wants", "wanted", "verbalized", "verbalizes", "understands", "feels", "asks", "asked", "told", "requests", "requested", "lives", "ambulated", "worries", "worried", "admits"};
    return words_is_any(w, i, verbs, sizeof verbs / sizeof *verbs);
}

/* "was seen", "is a 77": what is done to somebody, or told of him. */
static bool is_done(const struct words *w, uint32_t i)
{
    static const char *const done[] = {"seen", "admitted", "discharged", "transferred", "brought", "born", "hospitalized", "evaluated", "referred", "intubated", "extubated", "counseled"};
    if (words_is(w, i, "is") && (words_is(w, i + 1, "a") || words_is(w, i + 1, "an")))
        return i + 2 < w->n && w->v[i + 2].shape == SHAPE_NUMBER && w->v[i + 2].letters < 4;
    return (words_is(w, i, "was") || words_is(w, i, "is")) && words_is_any(w, i + 1, done, sizeof done / sizeof *done);
}

/* "to follow up", "will return", "recs:", "family meeting", "aware": what people do and no drug, no disease, no machine. */
static bool is_doing(const struct words *w, uint32_t i)
{
    static const char *const after[] = {"follow", "return", "call", "see", "schedule", "be", "bring", "sign", "obtain"};
    static const char *const verbs[] = {"recs", "recommends", "notified", "aware", "paged", "presents", "presented", "tolerated", "arrived", "ambulating", "called", "updated", "consulted", "following", "agreeable", "saw"};
    if (words_is(w, i, "to") || words_is(w, i, "will"))
        return words_is_any(w, i + 1, after, sizeof after / sizeof *after) && (!words_is(w, i + 1, "be") || words_is(w, i + 2, "seen") || words_is(w, i + 2, "discharged"));
    if (words_is(w, i, "family"))
        return words_is(w, i + 1, "meeting") || words_is(w, i + 1, "updated");
    return words_is_any(w, i, verbs, sizeof verbs / sizeof *verbs) || is_done(w, i) || (words_is(w, i, "c") && words_is(w, i + 1, "o") && w->v[i + 1].gap == GAP_SLASH);
}

/* "Herrera", "Turner": many are called so, and it is hardly anything else. */
static bool is_family(const struct words *w, uint32_t i)
{
    uint32_t facts = w->v[i].facts;
    return (FACT_SURNAME(facts) >= SURNAME_SURE || FACT_GIVEN(facts) >= GIVEN_SURE) && !(facts & FACT_CLINICAL && FACT_RATIO(facts) < RATIO_SURE) && FACT_CITY(facts) < CITY_LARGE;
}

/* A family of those after whom a disease is called, too: none of which states anything. */
static bool is_eponym_family(const struct word *x)
{
    return x->classes == LEX(EPONYM) && FACT_SURNAME(x->facts) >= SURNAME_MANY && FACT_RATIO(x->facts) >= RATIO_MOSTLY;
}

/* "call Merino with results", "Per Hawkins, hold heparin": who is asked, and somebody rather than a house. */
static bool is_asked(const struct words *w, uint32_t i)
{
    static const char *const verbs[] = {"call", "page", "text", "notify", "tell", "update", "ask", "message", "paged", "called", "texted", "notified", "updated", "messaged", "told"};
    static const char *const of[] = {"with", "re", "about", "regarding", "if", "when", "that", "tomorrow", "today", "tonight", "once"};
    if (!i || w->v[i].gap != GAP_SPACE || i + 1 >= w->n)
        return false;
    if (words_is(w, i - 1, "per"))
        return w->v[i + 1].gap == (GAP_COMMA | GAP_SPACE) && is_plain(&w->v[i + 1]);
    return words_is_any(w, i - 1, verbs, sizeof verbs / sizeof *verbs) && w->v[i + 1].gap == GAP_SPACE && words_is_any(w, i + 1, of, sizeof of / sizeof *of);
}

/* A mark behind word i as an entry of a list of patients has it, and a number in front. */
static bool is_listed(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    const char *behind = w->text + x->end;
    bool numbered = i && i + 1 < w->n && x[-1].shape == SHAPE_NUMBER && x[-1].letters <= 4 && x->end + 2 < w->len;
    return numbered && (*behind == ':' || (behind[0] == ' ' && behind[1] == '-' && behind[2] == ' '));
}

/* "CHF", "54M": what a patient has, or is, behind word i. */
static bool has_complaint(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i + 1];
    return i + 1 < w->n && x->gap == GAP_SPACE && ((x->shape == SHAPE_UPPER && x->classes & LEX(ACRONYM)) || x->shape == SHAPE_NUMBER || x->shape == SHAPE_ALNUM);
}

/* "Bed 4 Herrera: NPO", "Rm 12 Sezgin CHF" */
static bool is_bedded(const struct words *w, uint32_t i)
{
    static const char *const beds[] = {"bed", "rm", "room", "bay"};
    bool bed = i > 1 && w->v[i].gap == GAP_SPACE && w->v[i - 1].gap == GAP_SPACE && words_is_any(w, i - 2, beds, sizeof beds / sizeof *beds);
    return bed && w->v[i - 1].letters <= 4 && (is_listed(w, i) || has_complaint(w, i));
}

/* "SW Romijn following", "Det Okafor took", "Ofc. Turner #4417": short for what somebody does, in capitals or as a title, and the sentence goes on, or his number
 * follows. */
static bool is_in_role(const struct words *w, uint32_t i)
{
    static const char *const roles[] = {"sw", "cm", "ot", "pt", "slp", "rt", "cna", "ma", "lcsw", "msw", "chw", "lpn", "ofc", "det", "atty", "sgt", "dep"};
    if (!i)
        return false;
    const struct word *p = &w->v[i - 1];
    bool written = (p->shape == SHAPE_UPPER || p->shape == SHAPE_TITLE) && !(p->flags & WORD_LINE_UPPER) && !(w->v[i].gap & ~(GAP_SPACE | (p->shape == SHAPE_TITLE ? GAP_PERIOD : 0)));
    const struct word *next = &w->v[i + 1];
    bool badge = i + 1 < w->n && next->shape == SHAPE_NUMBER && w->text[next->begin - 1] == '#' && next->begin == w->v[i].end + 2;
    return written && i + 1 < w->n && (badge || (next->gap == GAP_SPACE && next->shape == SHAPE_LOWER)) && words_is_any(w, i - 1, roles, sizeof roles / sizeof *roles);
}

/* "Should Merino be on a statin?" */
static bool is_questioned(const struct words *w, uint32_t i)
{
    static const char *const asks[] = {"should", "can", "could", "would", "does", "did", "will", "may"};
    static const char *const what[] = {"be", "have", "take", "get", "need", "go", "come", "see", "stay", "start", "stop", "continue", "still", "keep", "use"};
    return i && w->v[i].gap == GAP_SPACE && i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE && words_is_any(w, i - 1, asks, sizeof asks / sizeof *asks) && words_is_any(w, i + 1, what, sizeof what / sizeof *what);
}

/* "1. Herrera - d/c today" */
static bool is_entry(const struct words *w, uint32_t i)
{
    return i && w->v[i].gap == (GAP_PERIOD | GAP_SPACE) && w->v[i - 1].gap & (GAP_LINE | GAP_START) && is_listed(w, i) && w->text[w->v[i].end] == ' ';
}

/* "transferred to Herrera service" */
static bool is_service_of(const struct words *w, uint32_t i)
{
    static const char *const before[] = {"to", "from", "on", "under", "by", "per"};
    return i && w->v[i].gap == GAP_SPACE && i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE && words_is_any(w, i - 1, before, sizeof before / sizeof *before) &&
           (words_is(w, i + 1, "service") || words_is(w, i + 1, "team"));
}

/* "ED note - Okafor - chest pain" */
static bool is_between_dashes(const struct words *w, uint32_t i)
{
    static const char *const papers[] = {"note", "notes", "consult", "visit", "eval", "summary", "call", "admit", "admission", "signout", "handoff", "update", "followup", "transfer", "rounds"};
    const uint16_t dash = GAP_SPACE | GAP_HYPHEN;
    return i && i + 1 < w->n && w->v[i].gap == dash && w->v[i + 1].gap == dash && words_is_any(w, i - 1, papers, sizeof papers / sizeof *papers);
}

/* "* Romijn CHF", "12 Hawkins CHF diurese" */
static bool is_row(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    if (i + 1 >= w->n || w->v[i + 1].gap != GAP_SPACE || w->v[i + 1].shape != SHAPE_UPPER || !(w->v[i + 1].classes & LEX(ACRONYM)))
        return false;
    bool numbered = i && x[-1].shape == SHAPE_NUMBER && x[-1].letters < 4 && x[-1].gap & (GAP_LINE | GAP_START) && x->gap == GAP_SPACE;
    return numbered || (x->gap & (GAP_LINE | GAP_START) && x->gap & (GAP_STOP | GAP_OTHER | GAP_HYPHEN));
}

/* "45M Z. Sezgin with DKA": an initial with its period, where a name begins. */
static bool has_initial(const struct words *w, uint32_t i)
{
    if (!i)
        return false;
    const struct word *p = &w->v[i - 1];
    bool initial = p->shape == SHAPE_INITIAL && w->v[i].gap == (GAP_PERIOD | GAP_SPACE) && !p->label;
    return initial && (i == 1 || p->gap & (GAP_LINE | GAP_START | GAP_COMMA | GAP_COLON | GAP_OPEN) || (p->gap == GAP_SPACE && p[-1].shape == SHAPE_ALNUM && text_is_digit(w->text[p[-1].begin])));
}

/* "Sincerely,\nVIRTUE MENSAH": one of the two or three words that such a line has. */
static bool has_signed(const struct words *w, uint32_t i)
{
    uint32_t first = i, end = i + 1;
    while (first && i - first < SIGNED_MOST && w->v[first].gap == GAP_SPACE)
        first--;
    while (end < w->n && end - first < SIGNED_MOST && w->v[end].gap == GAP_SPACE && word_is_capital(&w->v[end]))
        end++;
    return end - first > 1 && (end == w->n || w->v[end].gap & (GAP_LINE | GAP_COMMA)) && telling_signs(w, first);
}

/* What tells that somebody stands there. */
enum way {
    BY_INITIAL = 1,
    BY_ROLE = 2,
    BY_BED = 4,
    ASKED = 8,
    LISTED = 16, /* an entry of a list */
    SAYS = 32,
    DOES = 64,
    BY_LINE = 128, /* that somebody signs */
};
enum { TELLS = BY_INITIAL | BY_ROLE | BY_BED | BY_LINE | ASKED | LISTED, TELLS_PLAINLY = BY_INITIAL | BY_ROLE | BY_BED | BY_LINE };

static unsigned ways_of(const struct words *w, uint32_t i)
{
    unsigned ways = (has_initial(w, i) ? BY_INITIAL : 0) | (is_in_role(w, i) ? BY_ROLE : 0) | (is_bedded(w, i) ? BY_BED : 0) | (is_asked(w, i) || is_questioned(w, i) ? ASKED : 0) | (is_entry(w, i) || is_between_dashes(w, i) || is_row(w, i) || is_service_of(w, i) ? LISTED : 0) | (has_signed(w, i) ? BY_LINE : 0);
    if (i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE)
        ways |= (is_said(w, i + 1) ? SAYS : 0) | (is_doing(w, i + 1) ? DOES : 0);
    return ways & TELLS || begins(w, i) ? ways : 0;
}

/* May the word be somebody at all, before anything is looked for beside it? */
static bool is_open(const struct word *x)
{
    bool named = FACT_SURNAME(x->facts) || FACT_GIVEN(x->facts) || !fact_is_word(x->facts);
    bool written = x->shape == SHAPE_TITLE || (x->shape == SHAPE_UPPER && x->flags & WORD_LINE_UPPER);
    return !x->label && written && named && x->letters >= LETTERS_FEWEST && !(x->classes & ~(LEX(EPONYM) | LEX(AMBIGUOUS))) && !(x->flags & (WORD_TAKEN | WORD_CONTRACTED | WORD_POSSESSIVE));
}

/* The less a word is a name, the plainer must it be told. */
static bool is_enough(const struct words *w, uint32_t i, enum likeness how, unsigned ways)
{
    bool brand = w->named[i / 64] >> i % 64 & 1;
    switch (how) {
    case LIKE_NAME:
        return is_family(w, i) || ways & TELLS_PLAINLY || (!(ways & TELLS) && ways & SAYS && !brand);
    case LIKE_UNLISTED:
        return ways & TELLS ? ways & TELLS_PLAINLY : !brand;
    case LIKE_WORD:
        return ways & BY_LINE || (ways & BY_BED && is_listed(w, i)) || (ways & (SAYS | BY_ROLE) && FACT_SURNAME(w->v[i].facts) >= SURNAME_MOST); /* "Brown denies pain" */
    case LIKE_NOBODY:
        break;
    }
    return false;
}

bool doer_is(const struct words *w, const struct phi_dictionary *d, uint32_t i)
{
    if (!is_open(&w->v[i])) /* nearly all */
        return false;
    unsigned ways = ways_of(w, i);
    if (!ways || is_service(w, i) || candidate_is_nobody(w, i))
        return false;
    if (is_eponym_family(&w->v[i]))
        return !(ways & TELLS) || ways & (TELLS_PLAINLY | ASKED);
    return !eponym_is(w, i) && is_enough(w, i, likeness_of(w, d, i), ways);
}
