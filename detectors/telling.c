/* SPDX-License-Identifier: Apache-2.0 */
#include "telling.h"

#include "lexicon.h"
#include "speaker.h"

enum { CLOSING_WITHIN = 12, THANKED_WITHIN = 8 };

/* "sincerely,", "--" on a line of its own: who signs stands in the next. */
bool telling_signs(const struct words *w, uint32_t i)
{
    static const char *const closings[] = {"sincerely", "regards", "respectfully", "thanks", "thank", "cheers", "yours", "truly", "best", "warmly", "you"};
    const struct word *x = &w->v[i];
    if (!i || !(x->gap & GAP_LINE) || x->begin - x[-1].end > CLOSING_WITHIN)
        return false;
    uint32_t at = x->begin;
    while (at > x[-1].end && (w->text[at - 1] == '\n' || w->text[at - 1] == ' '))
        at--;
    bool rule = at > x[-1].end + 2 && w->text[at - 1] == '-' && w->text[at - 2] == '-';
    return rule || (at > x[-1].end && w->text[at - 1] == ',' && words_is_any(w, i - 1, closings, sizeof closings / sizeof *closings));
}

/* "summarize this note for", "attention", "dictated by": somebody comes, or something. */
static bool is_meant(const struct words *w, uint32_t i)
{
    static const char *const papers[] = {"note", "notes", "summary", "letter", "chart", "record", "records", "referral", "summarize", "plan", "handout", "instructions", "message", "appointment", "appt", "script",
                                         "refill", "labs", "results", "form", "forms", "excuse", "dictation"};
    static const char *const direct[] = {"attention", "attn", "referring", "named", "called"};
    if (!i || w->v[i].gap & ~(GAP_SPACE | GAP_COMMA))
        return false;
    if (words_is_any(w, i - 1, direct, sizeof direct / sizeof *direct))
        return true;
    if (words_is(w, i - 1, "per"))
        return w->v[i + 1 < w->n ? i + 1 : i].gap == GAP_SPACE; /* not "per diem." */
    if (i > 1 && words_is(w, i - 1, "by"))
        return w->v[i - 2].classes & LEX(SIGN);
    return i > 1 && words_is(w, i - 1, "for") && words_is_any(w, i - 2, papers, sizeof papers / sizeof *papers);
}

/* ", " or "in march": what goes on with word i says no more of who was named. */
static bool is_parted(const struct words *w, uint32_t i)
{
    return i < w->n && (w->v[i].gap & (GAP_COMMA | GAP_PERIOD) || (w->v[i].gap == GAP_SPACE && (words_is(w, i, "in") || words_is(w, i, "last") || words_is(w, i, "and"))));
}

/* "let me talk with aslaug", "i usually see folu", "how's arnd doing", "your pa, s tretiak": what only a person is told of with. */
static bool is_company(const struct words *w, uint32_t i)
{
    static const char *const with[] = {"talk", "talked", "talking", "agree", "speak", "spoke", "check", "checked", "live", "lives", "living", "met", "meet", "meeting", "discuss", "discussed", "consult", "consulted", "stay", "stays",
                                       "staying", "follow", "following", "worked", "appointment", "appt", "visit", "went", "go", "here", "came"};
    static const char *const to[] = {"talk", "talked", "spoke", "speak", "hi", "hello", "talking", "sent", "gave", "listen", "married"};
    static const char *const seen[] = {"see", "saw", "seen", "met", "tell", "told", "ask", "asked", "call", "called"};
    static const char *const who[] = {"i", "we", "you", "usually", "to", "just", "always", "he", "she", "they", "last", "also", "ill", "gonna"};
    static const char *const roles[] = {"scheduler", "pa", "np", "ma", "receptionist", "trainer", "sonographer", "biller"};
    const struct word *x = &w->v[i];
    if (i < 2 || x->gap & ~(GAP_SPACE | GAP_COMMA))
        return false;
    if (x->gap & GAP_COMMA)
        return (x[-1].classes & LEX(PROVIDER) || words_is_any(w, i - 1, roles, sizeof roles / sizeof *roles)) && (is_parted(w, i + 1) || (i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE && is_parted(w, i + 2)));
    if (words_is(w, i - 1, "is") && words_is(w, i - 2, "this"))
        return words_is(w, i + 1, "with") || words_is(w, i + 1, "from") || words_is(w, i + 1, "calling");
    if (words_is(w, i - 1, "with"))
        return words_is_any(w, i - 2, with, sizeof with / sizeof *with);
    if (words_is(w, i - 1, "to"))
        return words_is_any(w, i - 2, to, sizeof to / sizeof *to);
    return words_is_any(w, i - 1, seen, sizeof seen / sizeof *seen) && words_is_any(w, i - 2, who, sizeof who / sizeof *who);
}

/* "dr. day", "mrs olabode"; not "the doctor rounds", "40 mg MR daily", "diet dr pepper". */
static bool is_titled(const struct words *w, uint32_t i)
{
    const struct word *p = &w->v[i - 1];
    bool capitals = p->shape == SHAPE_UPPER && !(w->v[i].gap & GAP_PERIOD);
    if (w->v[i].gap & ~(GAP_SPACE | GAP_PERIOD) || !(p->classes & (LEX(DOCTOR) | LEX(TITLE))) || capitals || words_is(w, i, "pepper"))
        return false;
    return p->classes & LEX(HONORIFIC) || i < 2 || !(words_is(w, i - 2, "the") || words_is(w, i - 2, "a"));
}

/* "pt dochioiu here for": how it goes on behind a patient's name. */
bool telling_goes_on(const struct words *w, uint32_t i)
{
    static const char *const words[] = {"here", "in", "is", "was", "has", "came", "called", "calling", "wants", "needs", "says", "said", "seen", "with", "w", "s", "had", "due", "dob", "mrn"};
    return i < w->n && w->v[i].gap == GAP_SPACE && words_is_any(w, i, words, sizeof words / sizeof *words);
}

/* "thanks for coming in today adetoke ." */
static bool is_thanked(const struct words *w, uint32_t i)
{
    bool ends = i + 1 >= w->n || w->v[i + 1].gap & (GAP_PERIOD | GAP_COMMA | GAP_STOP | GAP_LINE);
    for (uint32_t k = i; ends && k > 0 && i - k < THANKED_WITHIN && !(w->v[k].gap & ~(GAP_SPACE | GAP_COMMA)); k--)
        if (words_is(w, k - 1, "thanks") || words_is(w, k - 1, "thank"))
            return words_is(w, i - 1, "today") || words_is(w, i - 1, "in") || words_is(w, i - 1, "you") || words_is(w, i - 1, "much");
    return false;
}

/* "how's arnd doing" */
static bool is_asked_after(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    return i && x->flags & WORD_LINE_LOWER && x->gap == GAP_SPACE && words_is(w, i - 1, "how") && x[-1].flags & WORD_POSSESSIVE && words_is(w, i + 1, "doing");
}

enum telling telling_before(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    if (is_asked_after(w, i))
        return TOLD_PLAINLY;
    if (!i || x[-1].flags & (WORD_POSSESSIVE | WORD_CONTRACTED) || speaker_is(w, i - 1) || words_is(w, i - 1, "ate")) /* "don't skip", "his wife's wedding", "she ate birria" */
        return TOLD_NOT;
    if (is_titled(w, i))
        return x[-1].classes & (LEX(DOCTOR) | LEX(HONORIFIC)) ? TITLED : TOLD_PLAINLY;
    if (!(x->gap & ~(GAP_SPACE | GAP_COMMA)) && x[-1].classes & LEX(RELATION))
        return TOLD_PLAINLY;
    if (x->gap & GAP_COLON && !(x->gap & (GAP_LINE | GAP_BLANK)) && x[-1].classes & (LEX(SIGN) | LEX(LABEL) | LEX(PROVIDER)))
        return x[-1].classes & LEX(PATIENT) ? TOLD_HALF : TOLD_PLAINLY; /* who speaks stands there, too */
    if (x->gap == GAP_SPACE && x[-1].classes & LEX(PATIENT) && telling_goes_on(w, i + 1))
        return TOLD;
    if (x->flags & WORD_LINE_LOWER && (is_company(w, i) || is_thanked(w, i)))
        return TOLD_PLAINLY;
    return is_meant(w, i) || telling_signs(w, i) ? TOLD : TOLD_NOT;
}

/* "arnd and i went", "zarna will come in", "folu's mom": in a line without capitals. */
static bool does_behind(const struct words *w, uint32_t i)
{
    static const char *const comes[] = {"come", "call", "be", "get", "do", "give", "schedule", "help", "bring", "take", "draw"};
    uint32_t k = i + 1;
    if (!(w->v[i].flags & WORD_LINE_LOWER) || w->v[k].gap != GAP_SPACE || w->v[k + 1].gap != GAP_SPACE)
        return false;
    if (words_is(w, k, "and"))
        return w->v[i].gap != GAP_SPACE && (words_is(w, k + 1, "i") || words_is(w, k + 1, "me"));
    if (words_is(w, k, "will"))
        return words_is_any(w, k + 1, comes, sizeof comes / sizeof *comes);
    return w->v[i].flags & WORD_POSSESSIVE && w->v[k].classes & LEX(RELATION);
}

enum telling telling_behind(const struct words *w, uint32_t i)
{
    uint32_t k = i + 1;
    if (k + 1 >= w->n)
        return TOLD_NOT;
    if (does_behind(w, i))
        return TOLD_PLAINLY;
    if (!(w->v[k].gap & ~(GAP_SPACE | GAP_COMMA)) && w->v[k].shape == SHAPE_UPPER && w->v[k].classes & LEX(CREDENTIAL))
        return TOLD_PLAINLY;
    if (w->v[k].gap != GAP_SPACE && w->v[k].gap != (GAP_SPACE | GAP_COMMA))
        return TOLD_NOT;
    if (words_is(w, k, "will") && words_is(w, k + 1, "see"))
        return TOLD;
    if (words_is(w, k, "is") && (words_is(w, k + 1, "a") || words_is(w, k + 1, "an")))
        k += 2;
    bool aged = k + 1 < w->n && w->v[k].shape == SHAPE_NUMBER && w->v[k].letters < 4 && w->v[k + 1].classes & LEX(AGE);
    return aged ? TOLD_PLAINLY : TOLD_NOT;
}
