/* SPDX-License-Identifier: Apache-2.0
 *
 * A word that may be a family name of the roster (one keyed hash and a filter) is looked at with its neighbours:
 *
 *     given [middle] FAMILY      FAMILY, given      FAMILY given      in any case
 *
 * A pair is certain unless both words are ordinary ones: a patient called May Day must not hide every "may". The rules:
 *
 *     both words capitalized, line not in capitals     they are the person; in capitals only as LAST, FIRST
 *     one of the two is no ordinary word               they are the person, when written alike
 *     a family name alone                              no ordinary word, no place, no eponym; else a title, "patient"
 *                                                      or an initial must stand beside it
 *
 * Names cost little more than the filter: most words of a text are no family name, and ordinary words in lower case are
 * not asked for.
 */
#include "roster_scan.h"

#include "dictionary.h"
#include "engine.h"
#include "eponym.h"
#include "evidence.h"
#include "lexicon.h"
#include "nicknames.h"
#include "roster_file.h"
#include "scratch.h"

enum { BACK_MAX = 4, NICKNAMES_MAX = 64, GAP_BYTES = 6, PEOPLE_MAX = 1 << 16 };
enum { SCORE_PERSON = 100, SCORE_STAFF = 90, SCORE_NEAR = 88, SCORE_FAMILY = 80, SCORE_FAMILY_CUE = 78 };

static const struct phi_detector_rule rules[] = {
    [ROSTER_RULE_PERSON] = {"roster-person", "given and family name of a person of the roster", PHI_NAME_UNKNOWN},
    [ROSTER_RULE_NEAR] = {"roster-near", "given name and misspelled family name of a person of the roster", PHI_NAME_UNKNOWN},
    [ROSTER_RULE_FAMILY] = {"roster-family", "family name of the roster", PHI_NAME_UNKNOWN},
    [ROSTER_RULE_NUMBER] = {"roster-number", "number of the roster, in any punctuation", PHI_NONE},
    [ROSTER_RULE_EMAIL] = {"roster-email", "e-mail address of the roster", PHI_EMAIL},
    [ROSTER_RULE_STREET] = {"roster-street", "house number and street of the roster", PHI_GEO_STREET},
    [ROSTER_RULE_BIRTH] = {"roster-birth", "date of birth of a person of the roster who is named beside it", PHI_DATE_DOB},
};

const struct phi_detector phi_roster_detector = {rules, sizeof rules / sizeof *rules, NULL};

enum phi_kind roster_kind(unsigned type)
{
    static const uint8_t kinds[ROSTER_TYPES] = {
#define TYPE(symbol, word, kind) [ROSTER_##symbol] = PHI_##kind,
#include "roster_types.def"
#undef TYPE
    };
    return type < ROSTER_TYPES ? (enum phi_kind)kinds[type] : PHI_NONE;
}

int roster_emit(const struct roster_scan *scan, const struct phi_candidate *c)
{
    return phi_candidate_add(scan->sink, c);
}

/* ---- words ---- */

static bool is_lower(const struct word *x)
{
    return x->shape == SHAPE_LOWER;
}

/* A word that stands in texts for something else than a name. */
static bool is_ordinary(const struct word *x)
{
    static const uint64_t classes = LEX(COMMON) | LEX(AMBIGUOUS) | LEX(MONTH) | LEX(WEEKDAY) | LEX(CALENDAR) | LEX(DRUG) | LEX(VERB) | LEX(STATE) |
                                    LEX(COUNTRY) | LEX(STREET) | LEX(HEADING) | LEX(FACILITY) | LEX(FACILITY_STRONG) | LEX(AGE) |
                                    LEX(NUMBER) | LEX(RELATION) | LEX(PROVIDER) | LEX(ACRONYM) | LEX(CHAT);
    return x->classes & classes || fact_is_word(x->facts);
}

/* An ordinary word in lower case is no name, except where nobody writes capitals. */
static bool may_be_name(const struct word *x)
{
    if (x->shape >= SHAPE_NUMBER || x->letters < 2 || x->flags & WORD_CONTRACTED)
        return false;
    return !is_lower(x) || !is_ordinary(x) || (x->flags & WORD_LINE_LOWER && !(x->classes & LEX(COMMON)));
}

static bool may_be_family(const struct roster_scan *scan, uint32_t i)
{
    const struct word *x = &scan->w->v[i];

    if (!may_be_name(x))
        return false;
    return roster_filter_has(scan->r->family, scan->r->family_blocks, roster_word(&scan->r->keys, x->hash));
}

static bool may_be_given(const struct roster_scan *scan, uint32_t i)
{
    const struct word *x = &scan->w->v[i];

    if (x->shape >= SHAPE_NUMBER || x->letters < 2)
        return false;
    return roster_filter_has(scan->r->given, scan->r->given_blocks, roster_word(&scan->r->keys, x->hash));
}

/* May a name go on over the gap in front of word i? A period only behind an initial or with a space. */
static bool goes_on(const struct words *w, uint32_t i, unsigned also)
{
    uint16_t gap = w->v[i].gap;
    uint32_t bytes = w->v[i].begin - w->v[i - 1].end;

    if (bytes > GAP_BYTES || gap & ~(GAP_SPACE | GAP_BLANK | GAP_LINE | GAP_PERIOD | GAP_HYPHEN | GAP_APOSTROPHE | GAP_UNDERSCORE | GAP_QUOTE |
                                     GAP_OPEN | GAP_CLOSE | also))
        return false;
    return !(gap & GAP_PERIOD) || w->v[i - 1].letters == 1 || (gap & GAP_SPACE && w->v[i - 1].letters <= 3);
}

/* "Anna [M.] [Louise] Hollingsworth" */
static bool is_middle(const struct word *x, const struct word *family)
{
    if (x->letters == 1 || x->classes & LEX(PARTICLE))
        return true;
    return x->shape < SHAPE_NUMBER && (!is_ordinary(x) || FACT_GIVEN(x->facts) > 1) && is_lower(x) == is_lower(family);
}

static enum roster_type person_type(const struct roster_scan *scan, uint64_t given, uint64_t family, uint64_t *tag)
{
    uint64_t other[NICKNAMES_MAX];
    enum roster_type type;

    *tag = roster_tag(&scan->r->keys, ROSTER_PERSON, given, family);
    type = roster_find(scan->r, *tag);
    unsigned n = type ? 0 : nicknames_of(given, other, NICKNAMES_MAX);
    for (unsigned i = 0; i < n && !type; i++) {
        *tag = roster_tag(&scan->r->keys, ROSTER_PERSON, other[i], family);
        type = roster_find(scan->r, *tag);
    }
    return roster_is_name(type) ? type : ROSTER_NONE;
}

/* ---- people ---- */

/* What was found: words from first to last, the parts, and whose it is. */
struct found {
    uint32_t first, last, given, family;
    enum roster_type type;
    uint64_t tag;
    uint8_t rule, score;
};

static bool has_cue(const struct words *w, uint32_t first, bool upper_line)
{
    uint64_t cues = LEX(TITLE) | LEX(DOCTOR) | LEX(HONORIFIC);

    if (first == 0 || w->v[first].gap & ~(GAP_SPACE | GAP_PERIOD | GAP_COLON))
        return false;
    if (!upper_line)
        cues |= LEX(PATIENT);
    return w->v[first - 1].classes & cues && !(w->v[first - 1].classes & LEX(COMMON));
}

/* Is the pair more than two ordinary words beside each other? */
static bool is_convincing(const struct words *w, uint32_t given, uint32_t family)
{
    const struct word *g = &w->v[given], *f = &w->v[family];
    bool g_ordinary = is_ordinary(g), f_ordinary = is_ordinary(f), upper = f->flags & WORD_LINE_UPPER;
    uint32_t first = given < family ? given : family;

    if (g_ordinary && f_ordinary) {
        if (has_cue(w, first, upper))
            return true;
        bool turned = given == family + 1 && g->gap & GAP_COMMA; /* THISTLE, SAGE */
        return !is_lower(g) && !is_lower(f) && (!upper || turned);
    }
    /* "Anna may", "will Hollingsworth": the ordinary one is written as what it is. */
    if ((f_ordinary && is_lower(f) && !is_lower(g)) || (g_ordinary && is_lower(g) && !is_lower(f)))
        return false;
    return true;
}

static bool find_before(const struct roster_scan *scan, uint32_t i, struct found *out)
{
    const struct words *w = scan->w;

    for (uint32_t back = 1; back <= BACK_MAX && back <= i && goes_on(w, i - back + 1, 0); back++) {
        uint32_t j = i - back;
        if (may_be_given(scan, j) && is_convincing(w, j, i)) {
            out->type = person_type(scan, w->v[j].hash, w->v[i].hash, &out->tag);
            if (out->type) {
                out->first = out->given = j;
                out->last = out->family = i;
                return true;
            }
        }
        if (!is_middle(&w->v[j], &w->v[i]))
            break;
    }
    return false;
}

static bool find_behind(const struct roster_scan *scan, uint32_t i, struct found *out)
{
    const struct words *w = scan->w;
    uint32_t j = i + 1;

    if (j < w->n && w->v[j].classes & LEX(SUFFIX) && goes_on(w, j, GAP_COMMA))
        j++;
    bool caret = j < w->n && w->v[j].gap == GAP_OTHER && w->v[j].begin == w->v[j - 1].end + 1 && w->text[w->v[j - 1].end] == '^';
    if (j >= w->n || !(caret || goes_on(w, j, GAP_COMMA)) || !may_be_given(scan, j) || !is_convincing(w, j, i))
        return false;
    out->type = person_type(scan, w->v[j].hash, w->v[i].hash, &out->tag);
    if (!out->type)
        return false;
    out->first = out->family = i;
    out->last = out->given = j;
    if (j + 1 < w->n && w->v[j + 1].letters == 1 && w->v[j + 1].shape == SHAPE_INITIAL && w->v[j + 1].gap == GAP_SPACE)
        out->last = j + 1;
    return true;
}

/* "van der [Berg, Anna]", "Garcia-[Lopez]": the rest of a compound family name. */
static void take_front(const struct roster_scan *scan, struct found *f)
{
    const struct words *w = scan->w;

    while (f->first == f->family && f->first > 0 && w->v[f->first].begin - w->v[f->first - 1].end == 1) {
        const struct word *x = &w->v[f->first - 1];
        bool joined = w->v[f->first].gap == GAP_HYPHEN;
        if (!(w->v[f->first].gap & (GAP_SPACE | GAP_HYPHEN)) || is_lower(x) != (is_lower(&w->v[f->family]) || x->classes & LEX(PARTICLE)))
            return;
        if (!(x->classes & LEX(PARTICLE)) && !(joined || (!is_ordinary(x) && may_be_family(scan, f->first - 1))))
            return;
        f->first--;
        f->family--;
    }
}

static void remember(const struct roster_scan *scan, uint64_t tag)
{
    struct phi_scratch *s = scan->s;
    const struct candidate *c = &candidates(s)[s->found.n - 1];

    if (s->n_people == PEOPLE_MAX || phi_array_reserve(&s->people, (s->n_people + 1) * sizeof(struct roster_person)) < 0)
        return; /* what is lost are dates of birth of so many people */
    ((struct roster_person *)s->people.v)[s->n_people++] = (struct roster_person){c->leaf, c->begin, c->end, scan->number, tag};
    s->peak_people = s->n_people > s->peak_people ? s->n_people : s->peak_people;
}

static int emit(const struct roster_scan *scan, struct found *f)
{
    const struct words *w = scan->w;
    uint32_t family_last = f->family;

    if (f->first == f->family)
        take_front(scan, f);
    struct phi_candidate c = {.begin = w->v[f->first].begin, .end = w->v[f->last].end, .kind = (uint16_t)roster_kind(f->type),
                              .rule = f->rule, .score = f->score};
    if (c.end < w->len && w->text[c.end] == '@')
        return 0;
    if (f->type == ROSTER_STAFF && c.score > SCORE_STAFF)
        c.score = SCORE_STAFF;
    c.family = (struct phi_part){w->v[f->family].begin, w->v[family_last].end};
    if (f->given != f->family && f->rule != ROSTER_RULE_FAMILY)
        c.given = (struct phi_part){w->v[f->given].begin, w->v[f->given].end};
    if (roster_emit(scan, &c) < 0)
        return -1;
    if (f->rule != ROSTER_RULE_FAMILY)
        remember(scan, f->tag);
    return 0;
}

/* "J. Day", "Day, J." */
static bool has_initial(const struct words *w, uint32_t i)
{
    bool before = i > 0 && w->v[i - 1].shape == SHAPE_INITIAL && w->v[i].gap & GAP_PERIOD && !(w->v[i].gap & GAP_LINE);
    bool behind = i + 1 < w->n && w->v[i + 1].shape == SHAPE_INITIAL && w->v[i + 1].gap & GAP_COMMA && w->v[i + 1].end < w->len &&
                  w->text[w->v[i + 1].end] == '.';
    return before || behind;
}

/* No ordinary word, place or eponym, and not written in lower case as a rule. */
static bool is_telling(const struct word *x)
{
    unsigned ratio = FACT_RATIO(x->facts);

    return !is_ordinary(x) && !FACT_CITY(x->facts) && !(x->facts & FACT_COUNTY) && !(x->classes & (LEX(EPONYM) | LEX(PLACE))) &&
           !(ratio && ratio < 4 && FACT_FREQUENCY(x->facts));
}

/* 0: says nothing. Three or four capitals are an abbreviation more often than a name. */
static uint8_t family_score(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    bool upper = x->flags & WORD_LINE_UPPER;

    if (x->flags & WORD_TAKEN || x->letters < 3 || eponym_is(w, i))
        return 0;
    if (is_lower(x))
        return is_telling(x) && x->letters >= 6 && !FACT_FREQUENCY(x->facts) ? SCORE_FAMILY_CUE : 0;
    if (is_telling(x) && (x->shape != SHAPE_UPPER || x->letters > 4))
        return SCORE_FAMILY;
    return has_cue(w, i, upper) || (has_initial(w, i) && !upper) ? SCORE_FAMILY_CUE : 0;
}

static int family_alone(const struct roster_scan *scan, uint32_t i)
{
    uint8_t score = family_score(scan->w, i);

    if (!score)
        return 0;
    enum roster_type type = roster_find(scan->r, roster_tag(&scan->r->keys, ROSTER_FAMILY, scan->w->v[i].hash, 0));
    if (!roster_is_name(type))
        return 0;
    struct found f = {i, i, i, i, type, 0, ROSTER_RULE_FAMILY, score};
    return emit(scan, &f);
}

/* ---- a slip of the finger ---- */

static bool may_be_slip(const struct word *x)
{
    return x->letters >= 7 && x->shape < SHAPE_NUMBER && !x->classes && !(x->facts & (FACT_ENGLISH | FACT_SCIENCE | FACT_COUNTY)) &&
           FACT_SURNAME(x->facts) < 2 && !FACT_CITY(x->facts) && !(x->flags & WORD_CONTRACTED);
}

static int slip_at(const struct roster_scan *scan, uint32_t i)
{
    const struct words *w = scan->w;
    struct found f = {i, i, i, i, ROSTER_NONE, 0, ROSTER_RULE_NEAR, SCORE_NEAR};
    unsigned type = ROSTER_NONE;

    for (uint32_t back = 1; back <= 2 && back <= i && goes_on(w, i - back + 1, 0) && !f.tag; back++) {
        if (may_be_given(scan, i - back) && is_lower(&w->v[i - back]) == is_lower(&w->v[i])) {
            f.first = f.given = i - back;
            f.tag = roster_slip(scan, f.given, i, &type);
        }
        if (w->v[i - back].letters > 1)
            break;
    }
    if (!f.tag && i + 1 < w->n && w->v[i + 1].gap & GAP_COMMA && goes_on(w, i + 1, GAP_COMMA) && may_be_given(scan, i + 1)) {
        f.first = i;
        f.last = f.given = i + 1;
        f.tag = roster_slip(scan, f.given, i, &type);
    }
    f.type = (enum roster_type)type;
    return f.tag ? emit(scan, &f) : 0;
}

/* ---- a chunk ---- */

static int name_at(const struct roster_scan *scan, uint32_t i)
{
    struct found f = {i, i, i, i, ROSTER_NONE, 0, ROSTER_RULE_PERSON, SCORE_PERSON};

    if (!may_be_family(scan, i))
        return may_be_slip(&scan->w->v[i]) ? slip_at(scan, i) : 0;
    if (find_before(scan, i, &f) || find_behind(scan, i, &f))
        return emit(scan, &f);
    return family_alone(scan, i);
}

static int chunk(const struct roster_scan *scan)
{
    const struct words *w = scan->w;
    bool emails = scan->r->has >> ROSTER_EMAIL & 1;

    for (uint32_t i = w->first; i < w->last; i++) {
        const struct word *x = &w->v[i];
        if (x->shape == SHAPE_LOWER && !(x->flags & WORD_LINE_LOWER) && !(x->gap & GAP_OTHER) && is_ordinary(x))
            continue;
        if (emails && x->gap & GAP_OTHER && w->text[x->begin - 1] == '@' && roster_email_at(scan, x->begin - 1) < 0)
            return -1;
        int rc = x->shape == SHAPE_NUMBER || x->shape == SHAPE_ALNUM ? roster_number_at(scan, i) : name_at(scan, i);
        if (rc < 0)
            return -1;
    }
    return 0;
}

int roster_words(const struct phi_engine *e, struct phi_scratch *s, const struct words *w, struct phi_candidates *sink)
{
    uint32_t base = sink->rule_base, n = sink->rules;
    int rc = 0;

    sink->rule_base = engine_detector_rule(e, &phi_roster_detector, 0);
    sink->rules = phi_roster_detector.n;
    for (uint32_t k = 0; k < e->n_rosters && rc == 0; k++) {
        struct roster_scan scan = {e, s, e->rosters[k], k, w, sink};
        rc = chunk(&scan);
    }
    sink->rule_base = base;
    sink->rules = n;
    return rc;
}
