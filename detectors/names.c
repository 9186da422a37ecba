/* SPDX-License-Identifier: Apache-2.0
 *
 * The words were labelled before (evidence.c); here they become spans.
 *
 *     Dr. Ludwig van der Berg Jr., MD     wife Mary-Ann     SMITH, JOHN A
 *         [given ..... family ......]           [given]     [family  given]
 */
#include "names.h"

#include <string.h>

#include "candidate.h"
#include "dictionary.h"
#include "evidence.h"
#include "lexicon.h"
#include "margin.h"
#include "word_lists.h"

enum { RUN_MAX = 12, PAPER_WITHIN = 6, FREQUENT = 4 };

struct run {
    uint32_t first, last; /* words, last included */
    uint32_t comma;       /* first word behind the comma of LAST, FIRST; 0 = none */
    uint32_t suffix;      /* Jr, III; 0 = none */
};

static bool is_name(const struct words *w, uint32_t i)
{
    return i < w->n && w->v[i].label == LABEL_NAME;
}

static bool is_particle(const struct word *x)
{
    return x->classes & LEX(PARTICLE) && x->shape != SHAPE_UPPER && x->shape != SHAPE_INITIAL;
}

/* "J.", "Wm.", "St.": what a period shortens; "Kim." and "MD." end a sentence. */
static bool is_short_form(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (x->shape == SHAPE_INITIAL || x->classes & (LEX(PARTICLE) | LEX(TITLE) | LEX(DOCTOR)) || words_in(w, i, LIST(GIVEN_SHORT)))
        return true;
    return x->letters <= 3 && !(x->classes & LEX(CREDENTIAL)) && !FACT_GIVEN(x->facts) && FACT_SURNAME(x->facts) < 2;
}

/* "Brennan, [MD]" is no second name. */
static bool is_credential(const struct words *w, uint32_t i)
{
    return i > 0 && w->v[i].classes & LEX(CREDENTIAL) && w->v[i].shape == SHAPE_UPPER && w->v[i].gap & GAP_COMMA && is_name(w, i - 1);
}

/* May a name go on over this gap? */
static bool joins(const struct words *w, uint32_t i)
{
    uint16_t gap = w->v[i].gap;

    if (gap & ~(GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | GAP_APOSTROPHE | GAP_UNDERSCORE))
        return false;
    return !(gap & GAP_PERIOD) || is_short_form(w, i - 1);
}

/* "Smith, John": one word, a comma, and a name that no comma follows. */
static bool is_inverted(const struct words *w, const struct run *r)
{
    uint32_t i = r->last + 1;
    const struct word *before = r->first ? &w->v[r->first - 1] : NULL;
    bool half = w->v[r->first].gap == GAP_HYPHEN && w->v[r->first].shape == SHAPE_UPPER; /* "DOE-[RAMIREZ, ULISES]" */
    bool listed = before && before->shape >= SHAPE_NUMBER && before->letters <= 4 && !(w->v[r->first].gap & ~(GAP_SPACE | GAP_PERIOD)) && margin_begins(w, r->first - 1); /* "1. Quill, Ola" */
    bool labelled = !before || half || listed || w->v[r->first].gap & (GAP_LINE | GAP_BLANK | GAP_COLON | GAP_START | GAP_OPEN | GAP_CLOSE);

    bool sex = r->last > r->first && i < w->n && w->v[i].shape == SHAPE_INITIAL && strchr("FM", w->text[w->v[i].begin]) && !is_particle(&w->v[r->last - 1]); /* "Ashley Quill, F" */
    return !sex && is_name(w, i) && w->v[i].gap & GAP_COMMA && !is_credential(w, i) && !candidate_is_credential(w, i) && !(w->v[i].gap & (GAP_LINE | GAP_BLANK)) && labelled &&
           w->v[r->last].shape != SHAPE_INITIAL;
}

/* "Paula Q.": the initial behind a name; "Smith-johnson", "Sun-ja". */
static bool is_tail(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (i >= w->n || x->flags & WORD_TAKEN)
        return false;
    if (x->gap == GAP_HYPHEN && x->begin == x[-1].end + 1 && x[-1].letters > 1)
        return x->shape == SHAPE_LOWER && x->letters > 1 && !(x->classes & (LEX(COMMON) | LEX(EPONYM_HEAD) | LEX(AGE)));
    if (x->shape == SHAPE_LOWER && x->letters == 1 && x->gap == GAP_SPACE && x[-1].shape == SHAPE_LOWER && x->end < w->len && w->text[x->end] == '.')
        return true; /* "kaylee r., 6yo" */
    return x->shape == SHAPE_INITIAL && x->gap == GAP_SPACE && w->text[x->begin] != 'I' && x[-1].shape != SHAPE_INITIAL && x->end < w->len && !candidate_is_credential(w, i) &&
           (w->text[x->end] == '.' || w->text[x->end] == ',' || w->text[x->end] == ')');
}

/* "STOKES,B": an initial right behind the comma; "Smith, D 29": in front of the age. */
static bool is_tight_initial(const struct words *w, uint32_t i)
{
    bool aged = i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE && w->v[i + 1].shape == SHAPE_NUMBER && w->v[i + 1].letters <= 3;

    if (aged && w->v[i].shape == SHAPE_INITIAL && w->v[i].gap == (GAP_COMMA | GAP_SPACE))
        return w->v[i - 1].shape == SHAPE_TITLE && !strchr("LRI", w->text[w->v[i].begin]); /* a side of the body */
    return i < w->n && w->v[i].gap == GAP_COMMA && w->v[i].shape == SHAPE_INITIAL && w->v[i - 1].shape == SHAPE_UPPER &&
           (i + 1 >= w->n || w->v[i + 1].gap != GAP_COMMA);
}

/* "Verna [Red Shirt]", "Leona [Good Voice] Elk": families that are called by two words of the language. */
static bool is_told_family(const struct words *w, uint32_t i)
{
    return i + 1 < w->n && w->v[i].gap == GAP_SPACE && w->v[i + 1].gap == GAP_SPACE && w->v[i].shape == SHAPE_TITLE &&
           w->v[i + 1].shape == SHAPE_TITLE && words_in(w, i, LIST(FAMILY_FIRST)) && words_in(w, i + 1, LIST(FAMILY_SECOND));
}

/* Giuseppe ["Joe"] Tedesco, Walter ["Buzz"]: one word in quotes or brackets behind a given name. */
static bool is_nickname(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    return i + 1 < w->n && (x->gap == (GAP_SPACE | GAP_QUOTE) || x->gap == (GAP_SPACE | GAP_OPEN)) && x->shape == SHAPE_TITLE && x->letters > 1 &&
           x[1].gap & (GAP_QUOTE | GAP_CLOSE) && !(x->classes & (LEX(COMMON) | LEX(RELATION) | LEX(LABEL) | LEX(CREDENTIAL) | LEX(PROVIDER) | LEX(MONTH))) &&
           (x->gap & GAP_QUOTE || is_name(w, i + 1));
}

static void extend(const struct words *w, struct run *r)
{
    while (r->last + 1 < w->n && r->last - r->first < RUN_MAX) {
        uint32_t i = r->last + 1, k = i;
        while (k < w->n && k < i + 3 && is_particle(&w->v[k]) && !is_name(w, k) && joins(w, k))
            k++;
        if (is_name(w, k) && joins(w, k))
            r->last = k;
        else if (is_nickname(w, i))
            r->last = is_name(w, i + 1) && !(w->v[i + 1].gap & ~(GAP_SPACE | GAP_QUOTE | GAP_CLOSE)) ? i + 1 : i;
        else if (k > i && k < w->n && joins(w, k) && w->v[k].shape == SHAPE_TITLE && !(w->v[k].classes & LEX(COMMON)))
            r->last = k; /* "Anna ten Broek" */
        else if (is_tail(w, i) || (w->v[i].gap == GAP_SPACE && evidence_fits(w, i)))
            r->last = i;
        else if (w->v[i].letters == 1 && w->v[i].shape == SHAPE_LOWER && is_name(w, i + 1) && w->v[i].gap == GAP_SPACE && joins(w, i + 1))
            r->last = i + 1; /* "john a. smith" */
        else if (!r->comma && (is_inverted(w, r) || is_tight_initial(w, i)))
            r->comma = r->last = i;
        else if (is_told_family(w, i))
            r->last = i + 1;
        else
            break;
    }
}

static void add_suffix(const struct words *w, struct run *r)
{
    uint32_t i = r->last + 1;

    if (i < w->n && w->v[i].classes & LEX(SUFFIX) && w->v[i].shape != SHAPE_LOWER &&
        !(w->v[i].gap & ~(GAP_SPACE | GAP_COMMA | GAP_PERIOD))) {
        r->suffix = i;
        r->last = i;
    }
}

/* "Will [Smith]": an English word that is a frequent given name, capitalized in front of a name. */
static bool is_given_word(const struct word *x)
{
    return x->classes & LEX(AMBIGUOUS) && (x->shape == SHAPE_TITLE || x->shape == SHAPE_UPPER) && FACT_GIVEN(x->facts) >= 4 &&
           !(x->flags & (WORD_TAKEN | WORD_CONTRACTED | WORD_POSSESSIVE));
}

/* "Gutierrez-[Lomeli]": is the word before the hyphen the other half of the name? In front of a comma and a given name ("DOE-[RAMIREZ],
 * ULISES") not even an abbreviation is anything else. */
static bool is_left_half(const struct words *w, uint32_t i, bool inverted)
{
    const uint64_t others = LEX(COMMON) | LEX(EPONYM_HEAD) | LEX(HEADING) | LEX(LABEL) | (inverted ? 0 : LEX(ACRONYM)) | LEX(DRUG) | LEX(TITLE) | LEX(DOCTOR);
    const struct word *x = &w->v[i], *p = x - 1;

    return x->gap == GAP_HYPHEN && x->begin == p->end + 1 && p->shape == x->shape && (p->shape == SHAPE_TITLE || p->shape == SHAPE_UPPER) &&
           p->letters > 2 && !(p->classes & others) && !(p->flags & WORD_TAKEN) && p->gap != GAP_HYPHEN;
}

/* "Ja'[Kari]", "De'[Andre]" */
static bool is_prefix(const struct words *w, uint32_t i)
{
    const struct word *p = &w->v[i - 1];

    return w->v[i].gap == GAP_APOSTROPHE && w->v[i].begin <= p->end + 3 && w->v[i].shape != SHAPE_LOWER && p->shape == SHAPE_TITLE && p->letters <= 3;
}

/* What belongs to a name in front of its first sure word: "L. van der [Meer]", "B. [Okoro]". */
static void add_front(const struct words *w, struct run *r)
{
    uint32_t i = r->first;

    if (i > 0 && w->v[i].gap == GAP_SPACE && (evidence_fits(w, i - 1) || is_given_word(&w->v[i - 1])) && !(w->v[i - 1].gap & GAP_HYPHEN)) {
        r->first = i - 1;
        return;
    }
    if (i > 0 && (is_left_half(w, i, r->comma != 0) || is_prefix(w, i))) {
        r->first = i - 1;
        return;
    }
    while (i > 0 && r->first - i < 3 && is_particle(&w->v[i - 1]) && !(w->v[i - 1].classes & LEX(COMMON)) && joins(w, i))
        i--;
    if (i > 0 && w->v[i - 1].shape == SHAPE_INITIAL && joins(w, i) && w->v[i].gap & GAP_PERIOD && !(w->v[i - 1].flags & WORD_TAKEN))
        r->first = i > 1 && w->v[i - 1].gap == GAP_HYPHEN && w->v[i - 2].shape == SHAPE_INITIAL ? i - 2 : i - 1; /* "J-P. [Desrosiers]" */
    else if (i > 0 && i < r->first && (w->v[i].gap & (GAP_COLON | GAP_LINE | GAP_START | GAP_OPEN) || w->v[i - 1].classes & (LEX(DOCTOR) | LEX(TITLE))))
        r->first = i;
}

/* "Per Mary Horne", "Witness R. Oduya", "Hi Stefano": what the first word is before a name. */
static void drop_lead(const struct words *w, struct run *r)
{
    static const char *const leads[] = {"prescriber", "inmate", "witness", "operator", "referring", "resident", "member", "client", "hi", "hey", "sw", "msw", "lc", "rph", "lt", "rev", "sor", "coach", "foreman", "mama", "assist", "asst", "ref", "signed", "fellow", "baby", "verifier", "nephro", "cardio", "ofc", "officer", "deputy", "da", "juror", "pilot", "crew", "elder", "relief", "scrub", "circ", "reviewed", "signature", "anes", "vendor", "custodian", "dean", "principal", "tech", "surg", "perf", "attn", "read", "sig", "bishop", "attorney", "phleb", "lcpl", "tsgt", "sgt", "ssgt", "author", "director",
                                        "cm", "rd", "pi", "don", "dad", "aunty", "tio", "ate", "abba", "nanny", "aim", "chaplain"};

    for (size_t k = 0; k < sizeof leads / sizeof *leads && r->first < r->last && !r->comma; k++)
        if (!(w->v[r->first + 1].gap & ~(GAP_SPACE | GAP_PERIOD)) && words_is(w, r->first, leads[k]))
            r->first++;
    if (r->last > r->first + 1 && !r->comma && w->v[r->first + 1].gap == GAP_SPACE && words_is(w, r->first, "per"))
        r->first++; /* "Per Hansen" alone is somebody */
}

/* "Bernstein [ED]": an abbreviation of the trade behind a name written as names are. */
static bool is_abbreviation(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    return x->shape == SHAPE_UPPER && x->letters <= 5 && x->classes & (LEX(CREDENTIAL) | LEX(ACRONYM)) && !(x->flags & WORD_LINE_UPPER) && FACT_GIVEN(x->facts) < FREQUENT && FACT_SURNAME(x->facts) < FREQUENT;
}

static void drop_abbreviations(const struct words *w, struct run *r)
{
    while (!r->comma && !r->suffix && r->last > r->first && w->v[r->last].gap == GAP_SPACE && is_abbreviation(w, r->last) && w->v[r->last - 1].shape == SHAPE_TITLE)
        r->last--;
}

/* "ROSA QUILL UPDATED", "DR QUILL OK": a word of the language behind a name in a line of capitals. */
static bool is_told_behind(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    const uint64_t told = LEX(VERB) | LEX(COMMON) | LEX(ACRONYM) | LEX(DRUG);
    bool called = x->classes & (LEX(AMBIGUOUS) | LEX(SUFFIX)) || FACT_GIVEN(x->facts) || FACT_SURNAME(x->facts) > 1;
    return x->shape == SHAPE_UPPER && x->flags & WORD_LINE_UPPER && x->letters > 1 && x->gap == GAP_SPACE && !called && (x->classes & told || (fact_is_word(x->facts) && FACT_FREQUENCY(x->facts)));
}

static void drop_told(const struct words *w, struct run *r)
{
    while (!r->comma && !r->suffix && r->last > r->first && is_told_behind(w, r->last) && w->v[r->last - 1].letters > 1)
        r->last--;
}

/* "B. Okoro:TK" at the end of a line: the initials of whom it was dictated for. */
static bool has_typist(const struct words *w, const struct run *r)
{
    const struct word *x = &w->v[r->last + 1];

    return r->last + 1 < w->n && x->label != LABEL_NAME && x->gap == GAP_COLON && x->begin == x[-1].end + 1 && x->shape == SHAPE_UPPER && x->letters <= 3 &&
           (r->last + 2 >= w->n || x[1].gap & GAP_LINE);
}

static uint64_t classes_before(const struct words *w, uint32_t i, unsigned reach)
{
    uint64_t classes = 0;

    for (unsigned k = 0; k < reach && i > 0; k++, i--) {
        if (w->v[i].gap & (GAP_LINE | GAP_BLANK | GAP_STOP | GAP_START))
            break;
        if (w->v[i].gap & GAP_PERIOD && !(w->v[i - 1].classes & (LEX(DOCTOR) | LEX(TITLE) | LEX(PATIENT))))
            break;
        classes |= w->v[i - 1].classes;
        if (w->v[i - 1].label == LABEL_NAME)
            break;
    }
    return classes;
}

/* "Jane Roe RN, called", "Jane Roe RN notified", but not "Maria Quill PA denial", "PT eval today", "DO NOT RESUSCITATE", "OD 20/40". */
static bool stands_behind_name(const struct words *w, uint32_t i)
{
    static const char *const either[] = {"pa", "pt", "ot", "rn", "np", "do", "od", "ma", "rd"};
    static const char *const does[] = {"called", "notified", "aware", "paged", "updated", "saw", "assessed", "ordered", "wrote", "signed", "at", "will", "to", "and", "for", "w", "with", "is", "was", "has", "from",
                                       "states", "stated", "recommends", "agrees", "performed", "placed", "gave", "read", "reviewed", "on"};

    if (w->v[i].gap & GAP_COMMA || !words_is_any(w, i, either, sizeof either / sizeof *either) || i + 1 >= w->n || w->v[i + 1].gap != GAP_SPACE)
        return true;
    return w->v[i + 1].shape == SHAPE_LOWER && !words_is(w, i, "od") && words_is_any(w, i + 1, does, sizeof does / sizeof *does);
}

static bool has_credential(const struct words *w, const struct run *r)
{
    uint32_t i = r->last + 1;

    if (i >= w->n || w->v[i].gap & ~(GAP_SPACE | GAP_COMMA | GAP_PERIOD))
        return false;
    if (candidate_is_credential(w, i))
        return true;
    return w->v[i].classes & LEX(CREDENTIAL) && w->v[i].shape != SHAPE_LOWER && w->v[i].shape != SHAPE_INITIAL && stands_behind_name(w, i);
}

/* "Regards,", "cc:", "Refusal form signed by": whoever writes or is told so may be the patient. */
static bool is_anybodys_signature(const struct words *w, uint32_t i)
{
    static const char *const closings[] = {"regards", "sincerely", "cc", "bcc"};
    static const char *const papers[] = {"form", "forms", "consent", "consents", "refusal", "waiver", "release", "releases", "authorization", "contract", "agreement", "ama", "questionnaire", "intake"};

    if (words_is_any(w, i - 1, closings, sizeof closings / sizeof *closings))
        return true;
    for (uint32_t k = i; k > 0 && i - k < PAPER_WITHIN; k--)
        if (words_is_any(w, k - 1, papers, sizeof papers / sizeof *papers))
            return true;
    return false;
}

static bool has_age(const struct words *w, const struct run *r)
{
    for (uint32_t i = r->last + 1; i < w->n && i <= r->last + 4; i++) {
        if (w->v[i].gap & (GAP_LINE | GAP_BLANK))
            break;
        if (w->v[i].shape == SHAPE_NUMBER && w->v[i].letters <= 2)
            return true;
    }
    return false;
}

/* "Therapist: Priya, how was ...": who is spoken to. */
static bool is_spoken_to(const struct words *w, const struct run *r)
{
    uint32_t i = r->last + 1;

    return w->v[r->first].gap & GAP_COLON && i < w->n && w->v[i].gap & GAP_COMMA && w->v[i].shape == SHAPE_LOWER;
}

/* "signed by", "cc:", "Sincerely,": the word in front of i names the writer. "reported by" may be anybody. */
static bool is_signature(const struct words *w, uint32_t i)
{

    if (!(w->v[i - 1].classes & LEX(SIGN)) || (i > 1 && w->v[i - 2].classes & LEX(PATIENT)) || is_anybodys_signature(w, i))
        return false;
    if (w->v[i].gap & (GAP_COLON | GAP_COMMA))
        return true;
    return i > 1 && words_is(w, i - 1, "by") && w->v[i - 2].classes & LEX(SIGN) && !words_in(w, i - 2, LIST(SIGNS_FOR_ANYBODY));
}

/* "referring Tobias": what is done to somebody; "Referring: Tobias" is a form's. The word in front of i. */
static bool is_deed(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i - 1];

    return x->letters > 5 && memcmp(w->text + x->end - 3, "ing", 3) == 0 && !(w->v[i].gap & GAP_COLON);
}

/* A name is a professional's only where the text says so: policies let those pass that hide everybody else's. */
static bool is_provider(const struct words *w, const struct run *r)
{
    bool comma = false;

    for (uint32_t i = r->first, k = 0; i > 0 && k < 3; i--, k++) {
        const struct word *x = &w->v[i - 1];
        if (w->v[i].gap & (GAP_LINE | GAP_BLANK | GAP_STOP | GAP_START) || x->label == LABEL_NAME)
            return false;
        if (w->v[i].gap & GAP_PERIOD && !(x->classes & (LEX(DOCTOR) | LEX(TITLE))))
            return false;
        if (x->classes & (LEX(PROVIDER) | LEX(DOCTOR)))
            return !comma && !(x->classes & LEX(PATIENT)) /* residents live in homes, too */ && !is_spoken_to(w, r) && !is_deed(w, i);
        if (is_signature(w, i))
            return !comma;
        if (!(x->classes & (LEX(CREDENTIAL) | LEX(TITLE))) && !words_in(w, i - 1, LIST(PROVIDER_LINK)))
            return false;
        comma = comma || w->v[i].gap & GAP_COMMA;
    }
    return false;
}

static enum phi_kind kind_of(const struct words *w, const struct run *r)
{
    uint64_t before = classes_before(w, r->first, 3);

    if (has_credential(w, r))
        return PHI_NAME_PROVIDER;
    if (before & LEX(RELATION) && !(classes_before(w, r->first, 1) & LEX(DOCTOR)))
        return PHI_NAME_RELATIVE;
    if (is_provider(w, r))
        return PHI_NAME_PROVIDER;
    if (before & (LEX(PATIENT) | LEX(LABEL)) || has_age(w, r))
        return PHI_NAME_PATIENT;
    return PHI_NAME_UNKNOWN;
}

static struct phi_part part(const struct words *w, uint32_t first, uint32_t last)
{
    return (struct phi_part){w->v[first].begin, w->v[last].end};
}

/* Which words are looked for elsewhere by themselves: no initials. */
static void name_parts(const struct words *w, const struct run *r, struct phi_candidate *c)
{
    uint32_t last = r->suffix ? r->suffix - 1 : r->last, first = r->first;

    if (r->comma) {
        c->family = part(w, first, r->comma - 1);
        if (w->v[r->comma].shape != SHAPE_INITIAL)
            c->given = part(w, r->comma, r->comma);
        return;
    }
    while (last > first && w->v[last].shape == SHAPE_INITIAL)
        last--;
    if (first == last) {
        if (w->v[first].shape == SHAPE_INITIAL)
            return;
        if (first && w->v[first - 1].classes & (LEX(DOCTOR) | LEX(TITLE)))
            c->family = part(w, first, first);
        else
            c->given = part(w, first, first);
        return;
    }
    first = last;
    while (first > r->first + 1 && (w->v[first].gap == GAP_HYPHEN || is_particle(&w->v[first - 1])))
        first--;
    c->family = part(w, first, last);
    if (w->v[r->first].shape != SHAPE_INITIAL && first > r->first)
        c->given = part(w, r->first, r->first);
}

static uint8_t score_of(const struct words *w, const struct run *r)
{
    uint8_t best = 0;

    for (uint32_t i = r->first; i <= r->last; i++)
        if (w->v[i].label == LABEL_NAME && w->v[i].score > best)
            best = w->v[i].score;
    return best;
}

/* "R. Stone:MS" as a line of its own, when neither word was decided. Returns its last word, or 0. */
static uint32_t find_typist(const struct words *w, uint32_t i)
{
    struct run r = {i, i + 1, 0, 0};

    if (i + 2 >= w->n || w->v[i].letters != 1 || !(w->v[i].gap & (GAP_LINE | GAP_START)) || !(w->v[i + 1].gap & GAP_PERIOD) ||
        w->v[i + 1].gap & GAP_LINE || w->v[i + 1].letters < 2 || w->v[i + 1].shape >= SHAPE_NUMBER)
        return 0;
    return has_typist(w, &r) ? i + 2 : 0;
}

static int add_initials(const struct words *w, uint32_t i, uint16_t rule, struct phi_candidates *sink)
{
    struct phi_candidate c = {.begin = w->v[i].begin, .end = w->v[i].end, .kind = PHI_NAME_UNKNOWN, .rule = rule, .score = 80};

    return phi_candidate_add(sink, &c);
}

enum { BESIDE = 30 };

/* A word that may be the other half of a name: capitalized, or unlisted in a line without capitals, and no word of any class. */
static bool may_be_half(const struct word *x)
{
    if (x->label != LABEL_NONE || x->classes || x->letters < 3 || x->flags & (WORD_TAKEN | WORD_CONTRACTED))
        return false;
    if (x->shape == SHAPE_LOWER)
        return x->flags & WORD_LINE_LOWER && !fact_is_word(x->facts);
    return x->shape == SHAPE_TITLE || x->shape == SHAPE_MIXED;
}

static bool is_half(const struct word *x)
{
    return x->label == LABEL_NAME || (x->label == LABEL_PLACE && !x->classes && !FACT_CITY(x->facts)) || (x->label == LABEL_NONE && x->score && x->shape != SHAPE_INITIAL);
}

/* Beside a name, or what may be one, stands its other half. */
static uint8_t score_beside(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    if (!may_be_half(x))
        return 0;
    if (x->shape == SHAPE_LOWER && !x->facts && x->letters > 4) /* no list knows it, and nobody wrote capitals */
        return BESIDE;
    bool left = i && x->gap == GAP_SPACE && is_half(x - 1);
    bool right = i + 1 < w->n && x[1].gap == GAP_SPACE && is_half(x + 1);
    return left || right ? BESIDE : 0;
}

int names_weak(const struct words *w, bool halves, uint16_t rule, struct phi_candidates *sink)
{
    for (uint32_t i = halves ? w->first : words_in_set(w->told, w->first, w->last); i < w->last;
         i = halves ? i + 1 : words_in_set(w->told, i + 1, w->last)) {
        const struct word *x = &w->v[i];
        uint8_t score = x->label != LABEL_NONE ? 0 : x->score || !halves ? x->score : score_beside(w, i);
        if (!score)
            continue;
        struct phi_candidate c = {.begin = x->begin, .end = x->end, .kind = PHI_NAME_UNKNOWN, .rule = rule, .score = score};
        if (phi_candidate_add(sink, &c) < 0)
            return -1;
    }
    return 0;
}

/* "Burke-Hollis Rehabilitation": the word for the house that is called so. 0: there is none. */
static uint32_t house_behind(const struct words *w, uint32_t last)
{
    static const char *const houses[] = {"rehabilitation", "rehab", "hospice", "pharmacy", "clinic", "dental", "pediatrics", "hospital", "dermatology", "orthopedics"};
    uint32_t i = last + 1;
    bool head = i < w->n && w->v[i].gap == GAP_SPACE && w->v[i].shape == SHAPE_TITLE && w->v[last].shape == SHAPE_TITLE && words_is_any(w, i, houses, sizeof houses / sizeof *houses);
    bool goes_on = i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE && w->v[i + 1].shape == SHAPE_LOWER && w->v[i + 1].classes & LEX(HEADING); /* "Hospital course" */
    return head && !goes_on ? i : 0;
}

int names_emit(const struct words *w, uint16_t rule, struct phi_candidates *sink)
{
    uint32_t done = w->first;

    /* A run that began in the chunk before ended there, too. */
    while (done > 0 && done < w->last && is_name(w, done) && is_name(w, done - 1) && joins(w, done))
        done++;
    for (uint32_t i = words_in_set(w->told, done, w->last); i < w->last; i = words_in_set(w->told, i + 1, w->last)) {
        if (w->v[i].label != LABEL_NAME && w->v[i].letters != 1)
            continue;
        struct run r = {i, i, 0, 0};
        struct phi_candidate c = {0};
        uint32_t typist = w->v[i].letters == 1 ? find_typist(w, i) : 0;
        if (typist) {
            c = (struct phi_candidate){.begin = w->v[i].begin, .end = w->v[typist].end, .kind = PHI_NAME_UNKNOWN, .rule = rule, .score = 80};
            c.family = part(w, i + 1, i + 1);
            if (phi_candidate_add(sink, &c) < 0)
                return -1;
            i = typist;
            continue;
        }
        if (!is_name(w, i) || is_credential(w, i))
            continue;
        extend(w, &r);
        add_suffix(w, &r);
        add_front(w, &r);
        uint32_t seen = r.last; /* what is dropped is not read again */
        drop_lead(w, &r);
        drop_abbreviations(w, &r);
        drop_told(w, &r);
        c.begin = w->v[r.first].begin;
        c.end = w->v[r.last].end;
        c.kind = (uint16_t)kind_of(w, &r);
        c.rule = rule;
        c.score = score_of(w, &r);
        name_parts(w, &r, &c);
        if (phi_candidate_add(sink, &c) < 0)
            return -1;
        uint32_t house = r.comma || r.suffix ? 0 : house_behind(w, r.last);
        if (house && phi_candidate_add(sink, &(struct phi_candidate){.begin = c.begin, .end = w->v[house].end, .kind = PHI_GEO_FACILITY, .rule = rule, .score = 56}) < 0)
            return -1;
        if (has_typist(w, &r) && add_initials(w, r.last + 1, rule, sink) < 0)
            return -1;
        i = seen;
    }
    return 0;
}
