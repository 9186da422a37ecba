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
#include "speaker.h"

enum { DOTTED_FEWEST = 5, ALONE_FEWEST = 6, GIVEN_SURE = 3, GIVEN_FEWEST = 4, FREQUENT = 4, PARTS_MOST = 3 };

/* How plainly the text says that somebody is named there. */
enum telling { TOLD_NOT, TOLD_HALF, TOLD, TOLD_PLAINLY, TITLED };

/* "sincerely,", "--" on a line of its own: who signs stands in the next. */
static bool is_signed(const struct words *w, uint32_t i)
{
    static const char *const closings[] = {"sincerely", "regards", "respectfully", "thanks", "thank", "cheers", "yours", "truly", "best", "warmly", "you"};
    const struct word *x = &w->v[i];
    if (!i || !(x->gap & GAP_LINE) || x->begin - x[-1].end > 12)
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
        return i + 1 < w->n && (w->v[i + 1].gap & GAP_COMMA || words_is(w, i + 1, "in")) && (x[-1].classes & LEX(PROVIDER) || words_is_any(w, i - 1, roles, sizeof roles / sizeof *roles));
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
static bool is_told_of(const struct words *w, uint32_t i)
{
    static const char *const words[] = {"here", "in", "is", "was", "has", "came", "called", "calling", "wants", "needs", "says", "said", "seen", "with", "w", "s", "had", "due", "dob", "mrn"};
    return i < w->n && w->v[i].gap == GAP_SPACE && words_is_any(w, i, words, sizeof words / sizeof *words);
}

/* "thanks for coming in today adetoke ." */
static bool is_thanked(const struct words *w, uint32_t i)
{
    bool ends = i + 1 >= w->n || w->v[i + 1].gap & (GAP_PERIOD | GAP_COMMA | GAP_STOP | GAP_LINE);
    for (uint32_t k = i; ends && k > 0 && i - k < 8 && !(w->v[k].gap & ~(GAP_SPACE | GAP_COMMA)); k--)
        if (words_is(w, k - 1, "thanks") || words_is(w, k - 1, "thank"))
            return words_is(w, i - 1, "today") || words_is(w, i - 1, "in") || words_is(w, i - 1, "you") || words_is(w, i - 1, "much");
    return false;
}

/* What stands in front of word i. */
static enum telling told_before(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    if (i && x->flags & WORD_LINE_LOWER && x->gap == GAP_SPACE && words_is(w, i - 1, "how") && x[-1].flags & WORD_POSSESSIVE && words_is(w, i + 1, "doing"))
        return TOLD_PLAINLY;
    if (!i || x[-1].flags & (WORD_POSSESSIVE | WORD_CONTRACTED) || speaker_is(w, i - 1) || words_is(w, i - 1, "ate")) /* "don't skip", "his wife's wedding", "she ate birria" */
        return TOLD_NOT;
    if (is_titled(w, i))
        return x[-1].classes & (LEX(DOCTOR) | LEX(HONORIFIC)) ? TITLED : TOLD_PLAINLY;
    if (!(x->gap & ~(GAP_SPACE | GAP_COMMA)) && x[-1].classes & LEX(RELATION))
        return TOLD_PLAINLY;
    if (x->gap & GAP_COLON && !(x->gap & (GAP_LINE | GAP_BLANK)) && x[-1].classes & (LEX(SIGN) | LEX(LABEL) | LEX(PROVIDER)))
        return x[-1].classes & LEX(PATIENT) ? TOLD_HALF : TOLD_PLAINLY; /* who speaks stands there, too */
    if (x->gap == GAP_SPACE && x[-1].classes & LEX(PATIENT) && is_told_of(w, i + 1))
        return TOLD;
    if (x->flags & WORD_LINE_LOWER && (is_company(w, i) || is_thanked(w, i)))
        return TOLD_PLAINLY;
    return is_meant(w, i) || is_signed(w, i) ? TOLD : TOLD_NOT;
}

/* "is a 77 y/o", ", DO", "will see him": what stands behind word i. */
static enum telling told_behind(const struct words *w, uint32_t i)
{
    static const char *const comes[] = {"come", "call", "be", "get", "do", "give", "schedule", "help", "bring", "take", "draw"};
    uint32_t k = i + 1;
    if (k + 1 >= w->n)
        return TOLD_NOT;
    if (w->v[i].flags & WORD_LINE_LOWER && w->v[k].gap == GAP_SPACE && w->v[k + 1].gap == GAP_SPACE) {
        if (w->v[i].gap != GAP_SPACE && words_is(w, k, "and") && (words_is(w, k + 1, "i") || words_is(w, k + 1, "me")))
            return TOLD_PLAINLY;
        if (words_is(w, k, "will") && words_is_any(w, k + 1, comes, sizeof comes / sizeof *comes))
            return TOLD_PLAINLY;
        if (w->v[i].flags & WORD_POSSESSIVE && w->v[k].classes & LEX(RELATION))
            return TOLD_PLAINLY;
    }
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
    return s->first && !(x->gap & GAP_LINE) && (x->gap == GAP_PERIOD || x[-1].letters == 1 || x[-1].shape == SHAPE_NUMBER || words_is_any(w, s->first - 1, kinds, sizeof kinds / sizeof *kinds));
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

/* The words of a name from `at` on. */
static void read_parts(const struct words *w, const struct phi_dictionary *d, uint32_t at, struct small *s)
{
    bool told = s->initials || told_before(w, s->first) >= TOLD;
    for (unsigned parts = 0; at < w->n && parts < PARTS_MOST;) {
        bool joined = s->sure + s->unlisted + s->words > 0, hyphen = w->v[at].gap == GAP_HYPHEN;
        if (joined && w->v[at].gap != GAP_SPACE && !hyphen)
            return;
        uint32_t k = at;
        while (k < at + 2 && k + 1 < w->n && (joined || told) && w->v[k].classes & LEX(PARTICLE) && w->v[k + 1].gap == GAP_SPACE)
            k++;
        enum likeness how = likeness_of(w, d, k);
        if (how == LIKE_NOBODY && !joined && s->dotted && told_before(w, s->first) >= TOLD && is_any_family(w, d, k))
            how = LIKE_WORD;
        if (joined && !hyphen && how == LIKE_WORD && (FACT_SURNAME(w->v[k].facts) <= FREQUENT || w->text[w->v[k].end - 1] == 's')) /* "dr. pak rounds" */
            return;
        if (how == LIKE_NOBODY && !(hyphen && joined && w->v[k].shape == SHAPE_LOWER && !(w->v[k].classes & LEX(COMMON))))
            return;
        s->sure += how == LIKE_NAME;
        s->unlisted += how == LIKE_UNLISTED;
        s->words += how == LIKE_WORD || how == LIKE_NOBODY;
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

static bool is_enough(const struct words *w, const struct small *s)
{
    enum telling before = told_before(w, s->first), behind = told_behind(w, s->last), most = before > behind ? before : behind;
    unsigned parts = s->sure + s->unlisted;
    uint32_t letters = w->v[s->last].letters;
    if (s->initials && ends_other(w, s) && !(before == TOLD || (s->dotted && before)))
        return false;
    if (s->initials && (parts || (s->words && most)))
        return most || (s->dotted && (s->sure || letters >= DOTTED_FEWEST));
    bool given = FACT_GIVEN(w->v[s->first].facts) >= GIVEN_SURE && w->v[s->first].letters >= GIVEN_FEWEST && !(w->named[s->first / 64] >> s->first % 64 & 1);
    if (given && s->sure && parts + s->words > 1 && (most || s->unlisted))
        return true;
    if (most == TITLED || parts > 1)
        return most;
    bool alone = s->sure ? letters >= GIVEN_FEWEST || given : s->unlisted && letters >= ALONE_FEWEST && (most >= TOLD_PLAINLY || is_told_of(w, s->last + 1));
    return most >= TOLD && alone && !words_is(w, s->first - 1, "per"); /* "per plato" is a trial */
}

bool small_name_read(const struct words *w, const struct phi_dictionary *d, uint32_t i, uint32_t *first, uint32_t *last)
{
    struct small s;
    bool dotted = i && is_initial(w, i - 1) && w->v[i].gap & GAP_PERIOD;
    if (!dotted && !(w->v[i].classes & LEX(PARTICLE)) && likeness_of(w, d, i) == LIKE_NOBODY) /* nearly all */
        return false;
    read_front(w, i, &s);
    read_parts(w, d, s.initials ? i : s.first, &s);
    if (!(s.sure + s.unlisted + s.words) || s.last < i || !begins(w, s.first) || !goes_on(w, d, s.last) || !is_enough(w, &s))
        return false;
    *first = s.first;
    *last = s.last;
    return true;
}
