/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunk by chunk: split into words, look them up, decide each word from left to right (a decision is evidence for the
 * next), then turn the decided words into findings.
 *
 *     ... context | first ........ last | decided ahead | seen only ...
 */
#include "prose.h"

#include <string.h>

#include "addressed.h"
#include "ages.h"
#include "brands.h"
#include "candidate.h"
#include "dates.h"
#include "doer.h"
#include "engine.h"
#include "eponym.h"
#include "evidence.h"
#include "genre.h"
#include "letterhead.h"
#include "lexicon.h"
#include "names.h"
#include "places.h"
#include "roster_scan.h"
#include "scratch.h"
#include "signed_off.h"
#include "small_name.h"
#include "spelled_code.h"
#include "spelled_name.h"
#include "streets.h"
#include "streets_abroad.h"
#include "surname_first.h"
#include "tagged.h"
#include "tagger.h"
#include "words.h"
#include "word_lists.h"
#include "worklist.h"

enum { AHEAD = WORDS_KEEP / 2, WEAK_LEAST = 30, WEAK_MOST = 49, STUDY_DATE = 40 };
/* What a kind of text says beforehand against names and places in it, as evidence_weigh counts. */
enum { STUDY_NAME = 512, STUDY_PLACE = 1024, CODE_NAME = 512, CODE_PLACE = 768 };
/* A text has as many between words; a name of a field has not. */
enum { SPACES_LEAST = 3 };
enum { NUMBER_LEAST = 6, NUMBER_MOST = 10, FREQUENT = 6, SMALL = 70, DOER = 72 };

enum prose_rule {
    RULE_NAME = 0,
    RULE_CITY,
    RULE_FACILITY,
    RULE_STREET,
    RULE_ZIP,
    RULE_WEAK,
    RULE_DATE,
    RULE_AGE,
    RULE_FIRM,
    RULE_TAGGED_DATE,
    RULE_TAGGED_NUMBER = PROSE_RULE_NUMBER,
    RULE_SPELLED,
    RULE_SPELLED_CODE,
    RULE_SIGNED_OFF,
    RULE_LETTERHEAD,
    RULE_ADDRESSED,
    RULES
};

static const struct phi_detector_rule rules[RULES] = {
    {"name-words", "capitalized words, or words after a name cue", PHI_NAME_UNKNOWN},
    {"place-city", "capitalized words of the gazetteer or after a place cue", PHI_GEO_CITY},
    {"place-facility", "capitalized words before a facility word", PHI_GEO_FACILITY},
    {"place-street", "number before capitalized words and a street suffix", PHI_GEO_STREET},
    {"place-zip", "five digits after a city and a state", PHI_GEO_ZIP},
    {"name-unknown", "capitalized word that no list knows; strict mode", PHI_NAME_UNKNOWN},
    {"date-words", "month, number beside a date cue, holiday", PHI_DATE_OTHER},
    {"age-90-plus", "number or number word beside an age cue", PHI_AGE_90PLUS},
    {"employer-words", "capitalized words before a firm's head word", PHI_NAME_EMPLOYER},
    {"date-tagged", "read as a date by the tagger", PHI_DATE_OTHER},
    {"number-tagged", "read as somebody's number by the tagger", PHI_OTHER_CODE},
    {"name-spelled", "single letters that are a name beside them, or behind a word that announces one", PHI_NAME_UNKNOWN},
    {"code-spelled", "digits and letters said one by one", PHI_OTHER_CODE},
    {"initials-signed", "a few letters behind a sentence or a time that are no word", PHI_NAME_PROVIDER},
    {"facility-letterhead", "capitals in one of the first lines that end with a word for a house", PHI_GEO_FACILITY},
    {"name-addressed", "a given name behind a word that calls", PHI_NAME_UNKNOWN},
};

struct prose {
    const struct phi_engine *engine; /* NULL: without rosters */
    bool strict; /* what may be half of a name is told, too */
    struct phi_scratch *scratch;
    const struct phi_dictionary *dictionary;
    struct words *words;
    struct seen seen;
    struct evidence evidence; /* of the word at hand */
    prose_watch *watch;
    prose_watch_run *watch_run;
    void *context;
    struct phi_candidates *sink; /* NULL: nothing is reported */
    bool folded; /* the text is no leaf, but one that was made of it */
    uint32_t ahead; /* words behind the last chunk that were decided already */
    enum genre genre; /* known once something asks for it */
    int year; /* 0: that of words_start */
    struct date_months months; /* of the days of this text that are written in numbers */
    struct date_ways ways;
};

/* Between the threshold of strict mode and the usual one: what may be a name, and what no list knows. */
static uint8_t weak_score(const struct prose *p, uint32_t i, const int32_t sum[LABELS])
{
    int32_t best = sum[LABEL_NAME] > sum[LABEL_PLACE] ? sum[LABEL_NAME] : sum[LABEL_PLACE];
    uint8_t percent = evidence_percent(best / 3);
    const struct word *x = &p->words->v[i];

    if (x->shape == SHAPE_INITIAL || (x->shape == SHAPE_LOWER && !(x->flags & WORD_LINE_LOWER)) ||
        (x->shape == SHAPE_UPPER && x->classes & LEX(ACRONYM)) || words_is_size(p->words, i))
        return 0;
    if (percent >= WEAK_LEAST && !evidence_plain(p->words, i))
        return percent < WEAK_MOST ? percent : WEAK_MOST;
    return p->dictionary && evidence_unknown(p->words, i) ? WEAK_LEAST : 0;
}

/* What HL7 v2 writes between its separators is read by field (hl7.c): "OBX|" opens a segment, "|M|" is a code. */
static bool is_code_of_message(const struct words *w, const struct word *x)
{
    char before = x->begin ? w->text[x->begin - 1] : '\n';
    char behind = x->end < w->len ? w->text[x->end] : '\n';

    if (x->end - x->begin == 3 && x->shape == SHAPE_UPPER && behind == '|')
        return before == '\n' || before == '\r';
    bool alone = (before == '|' || before == '^') && (behind == '|' || behind == '^');
    if (alone && x->shape == SHAPE_UPPER && x->end - x->begin <= 4 && w->len > 4 && memcmp(w->text, "MSH|", 4) == 0)
        return true;
    return x->end - x->begin == 1 && (before == '|' || before == '^') && (behind == '|' || behind == '^' || behind == '\r' || behind == '\n');
}

static enum genre prose_genre(struct prose *p)
{
    if (p->genre == GENRE_UNKNOWN)
        p->genre = genre_of(p->words->marks, p->words->text, p->words->len);
    return p->genre;
}

/* A study, or code: what reads like a name there is mostly none. */
static bool is_impersonal(struct prose *p)
{
    return prose_genre(p) == GENRE_STUDY || prose_genre(p) == GENRE_CODE;
}

static void weigh_genre(struct prose *p, int32_t sum[LABELS])
{
    if (p->watch || (sum[LABEL_NAME] <= 0 && sum[LABEL_PLACE] <= 0))
        return;
    enum genre genre = prose_genre(p);
    if (genre == GENRE_STUDY) {
        sum[LABEL_NAME] -= STUDY_NAME;
        sum[LABEL_PLACE] -= STUDY_PLACE;
    } else if (genre == GENRE_CODE) {
        sum[LABEL_NAME] -= CODE_NAME;
        sum[LABEL_PLACE] -= CODE_PLACE;
    }
}

static void watched(struct prose *p, uint32_t i, int32_t sum[LABELS])
{
    evidence_gather(p->words, i, p->dictionary, &p->seen, &p->evidence);
    p->watch(p->context, p->words, i, &p->evidence);
    evidence_weigh(&p->evidence, sum);
}

static bool is_eponym(const struct prose *p, uint32_t i)
{
    return eponym_is(p->words, i) && !seen_has(&p->seen, p->words->v[i].hash);
}

static void decide_candidate(struct prose *p, uint32_t i)
{
    struct words *w = p->words;
    struct word *x = &w->v[i];
    int32_t sum[LABELS], name, place;

    if (p->watch)
        watched(p, i, sum);
    else
        evidence_sum(w, i, p->dictionary, &p->seen, sum);
    weigh_genre(p, sum);
    if (sum[LABEL_NAME] <= 0 && sum[LABEL_PLACE] <= 0) { /* nearly all: what costs most comes last */
        uint8_t score = weak_score(p, i, sum);
        x->score = score && is_eponym(p, i) ? 0 : score;
        return;
    }
    if (is_eponym(p, i))
        return;
    name = sum[LABEL_NAME] - (sum[LABEL_PLACE] > 0 ? sum[LABEL_PLACE] : 0);
    place = sum[LABEL_PLACE] - (sum[LABEL_NAME] > 0 ? sum[LABEL_NAME] : 0);
    x->label = name >= place ? LABEL_NAME : LABEL_PLACE;
    /* How surely it is an identifier at all; which of the two is another question. */
    x->score = evidence_percent(name >= place ? sum[LABEL_NAME] : sum[LABEL_PLACE]);
    if (x->label == LABEL_NAME && x->shape != SHAPE_INITIAL)
        seen_add(&p->seen, x->hash);
}

/* "Ji-hoon", "Seo-yeon", "Wei-ling": names of two syllables, as Korean and Chinese ones are written. */
static bool is_syllables(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i], *next = x + 1;

    return x->shape == SHAPE_TITLE && i + 1 < w->n && next->gap == GAP_HYPHEN && next->begin == x->end + 1 &&
           !(i + 2 < w->n && next[1].gap == GAP_HYPHEN) && words_in(w, i, LIST(SYLLABLE)) && words_in(w, i + 1, LIST(SYLLABLE));
}

/* A number of six digits and more, of a chart, as a rule. */
static bool is_long_number(const struct word *x)
{
    return x->shape == SHAPE_NUMBER && x->end - x->begin >= NUMBER_LEAST && x->end - x->begin <= NUMBER_MOST;
}

/* "Johnson 00482193 here", "check 4482910 Johnson": a family that many have, beside the number of a chart. */
static bool is_numbered(const struct words *w, uint32_t i)
{
    const uint16_t joint = GAP_SPACE | GAP_COMMA | GAP_HYPHEN;
    const struct word *x = &w->v[i];
    bool told = i && x[-1].classes & (LEX(PATIENT) | LEX(TITLE) | LEX(RELATION)) && x->gap == GAP_SPACE;

    if (FACT_SURNAME(x->facts) < FREQUENT || FACT_RATIO(x->facts) < FREQUENT || x->classes & LEX(COMMON) || !(word_is_capital(x) || told))
        return false;
    return (i && x->gap & GAP_SPACE && !(x->gap & ~joint) && is_long_number(x - 1)) || (i + 1 < w->n && x[1].gap & GAP_SPACE && !(x[1].gap & ~joint) && is_long_number(x + 1));
}

/* "ortho Barker.", "OB Hill saw her": a family that is a word, too, behind what its bearer does, and no more of it. */
static bool is_on_service(const struct words *w, uint32_t i)
{
    static const char *const services[] = {"ortho", "cards", "renal", "neuro", "pulm", "surg", "anes", "derm", "uro", "ob", "onc", "heme", "ent", "nsgy", "plastics", "vascular", "attg", "attending", "hospitalist", "intensivist", "neonatologist"};
    static const char *const does[] = {"saw", "aware", "paged", "called", "recs", "consulted", "following", "notified", "updated"};
    const struct word *x = &w->v[i];
    const uint64_t others = LEX(COMMON) | LEX(DRUG) | LEX(ACRONYM) | LEX(MONTH) | LEX(WEEKDAY) | LEX(VERB) | LEX(HEADING) | LEX(FACILITY) | (x->gap & GAP_COLON ? 0 : LEX(EPONYM));

    if (!i || x->shape != SHAPE_TITLE || x->letters < 4 || x->classes & others || FACT_SURNAME(x->facts) < FREQUENT - 1 || x->gap & ~(GAP_SPACE | GAP_COLON) || !words_is_any(w, i - 1, services, sizeof services / sizeof *services))
        return false;
    char behind = x->end < w->len ? w->text[x->end] : '\n', next = x->end + 1 < w->len ? w->text[x->end + 1] : ' ';
    return strchr(",;)\n\r", behind) || (behind == '.' && strchr(" \n\r", next)) || (behind == ' ' && next == ' ') || words_is_any(w, i + 1, does, sizeof does / sizeof *does);
}

static void name_put(struct prose *p, uint32_t i, uint8_t score)
{
    struct word *x = &p->words->v[i];
    x->label = LABEL_NAME;
    x->score = score;
    p->words->told[i / 64] |= (uint64_t)1 << i % 64;
    seen_add(&p->seen, x->hash);
}

static void decide(struct prose *p, uint32_t i)
{
    struct words *w = p->words;
    struct word *x = &w->v[i];

    if (x->shape == SHAPE_UPPER && x->letters <= 3 && i && words_is(w, i - 1, "initials")) {
        x->label = LABEL_NAME;
        x->score = 90;
    } else if (is_syllables(w, i)) {
        name_put(p, i, 88);
    } else if (!p->watch && is_numbered(w, i) && !is_impersonal(p)) {
        name_put(p, i, 90);
    } else if (!p->watch && is_on_service(w, i)) {
        name_put(p, i, 75);
    } else if (!p->watch && addressed_by_name(w, i)) {
        name_put(p, i, 90);
    } else if (!p->watch && worklist_name(w, i)) {
        worklist_label(w, i);
    } else if (candidate_is(w, i) && !is_code_of_message(w, x)) {
        decide_candidate(p, i);
    }
    w->told[i / 64] |= (uint64_t)(x->label || x->score) << i % 64;
}

/* How the text writes its days, for the tagger: others may be written so, too. */
static void count_day(struct words *w, uint32_t first, uint32_t last)
{
    int way = first < last && w->v[first].shape == SHAPE_NUMBER ? words_tight_gap(&w->v[first + 1]) : -1;

    if (way >= 0 && w->days[way] < 2)
        w->days[way]++;
}

static int take(struct prose *p, uint32_t first, uint32_t last, struct phi_candidate c)
{
    struct words *w = p->words;

    for (uint32_t k = first; k <= last && k < w->n; k++)
        w->v[k].flags |= WORD_TAKEN;
    if (c.rule == RULE_DATE)
        count_day(w, first, last);
    c.begin = w->v[first].begin;
    c.end = w->v[last].flags & WORD_POSSESSIVE ? words_possessive_end(w, last) : w->v[last].end; /* "New Year's" */
    return p->sink ? phi_candidate_add(p->sink, &c) : 0;
}

/* Who lives or works at the address that begins with word i. */
static int add_letterhead(const struct prose *p, uint32_t i)
{
    const struct words *w = p->words;
    uint32_t first, last;

    if (!p->sink || !streets_find_letterhead(w, i, &first, &last))
        return 0;
    struct phi_candidate c = {.kind = PHI_GEO_FACILITY, .rule = RULE_FACILITY, .score = 64, .begin = w->v[first].begin, .end = w->v[last].end};
    return phi_candidate_add(p->sink, &c);
}

/* Reports what begins with word i and is known by its form (date, age, address) and marks its words. */
static int take_form(struct prose *p, uint32_t i)
{
    struct words *w = p->words;
    struct date date = {0};
    uint32_t first, last;

    if (w->v[i].flags & WORD_TAKEN)
        return 0;
    if (ages_find(w, i, &date))
        return take(p, date.first, date.last, (struct phi_candidate){.kind = date.kind, .rule = RULE_AGE, .score = date.score});
    if (dates_find(w, i, &date) || dates_find_pair(w, i, &p->months, &date) || dates_find_marked(w, i, &p->ways, &date)) {
        if (date.kind == PHI_DATE_OTHER && w->v[date.last].shape == SHAPE_NUMBER && genre_is_studys(w->text, w->len, w->v[date.first].begin, w->v[date.last].end) &&
            prose_genre(p) == GENRE_STUDY)
            date.score = STUDY_DATE;
        return take(p, date.first, date.last, (struct phi_candidate){.kind = date.kind, .rule = RULE_DATE, .score = date.score});
    }
    if (streets_find(w, i, &last))
        return add_letterhead(p, i) < 0 ? -1 : take(p, i, last, (struct phi_candidate){.kind = PHI_GEO_STREET, .rule = RULE_STREET, .score = 85});
    if (streets_abroad_find(w, i, &first, &last))
        return take(p, first, last, (struct phi_candidate){.kind = PHI_GEO_STREET, .rule = RULE_STREET, .score = 85});
    if (streets_abroad_find_city(w, i, &first, &last))
        return take(p, first, last, (struct phi_candidate){.kind = PHI_GEO_CITY, .rule = RULE_CITY, .score = 80});
    return 0;
}

/* Names of fields, models and files are no text: what stands beside a word says nothing there. */
static bool is_text(const struct words *w)
{
    unsigned spaces = 0;
    for (uint32_t i = 0; i < w->n && spaces < SPACES_LEAST; i++)
        spaces += w->v[i].gap & (GAP_SPACE | GAP_LINE | GAP_BLANK) && !(w->v[i].gap & GAP_START);
    return spaces == SPACES_LEAST;
}

/* Studies and code have names, places and numbers of nobody, and messages are read by field. */
static bool is_tagged_text(struct prose *p)
{
    const struct words *w = p->words;
    if (w->len > 4 && !memcmp(w->text, "MSH|", 4))
        return false;
    return !is_impersonal(p);
}

static int take_run(struct prose *p, const struct tagger_run *run)
{
    if (tagged_any(run) && !is_tagged_text(p))
        return 0;
    tagged_label(p->words, run);
    if (!p->sink || p->folded)
        return 0;
    return tagged_emit(p->words, run, (struct tagged_rules){RULE_ZIP, RULE_TAGGED_DATE, RULE_TAGGED_NUMBER}, p->sink);
}

/* What the tagger knows of words [i, end), which are decided. */
static int take_runs(struct prose *p, uint32_t i, uint32_t end)
{
    struct tagger_open open;
    struct tagger_run run;

    tagger_open(p->words, i, end, &open);
    for (; tagger_next(p->words, &open, i, end, &run); i = run.end)
        if (p->watch_run)
            p->watch_run(p->context, p->words, &open, &run);
        else if (tagger_read(p->words, &open, &run) && take_run(p, &run) < 0)
            return -1;
    return 0;
}

static void put_small(struct prose *p, uint32_t first, uint32_t last)
{
    struct words *w = p->words;

    for (uint32_t k = first; k <= last; k++)
        name_put(p, k, w->v[k].label == LABEL_NAME && w->v[k].score > SMALL ? w->v[k].score : SMALL);
}

static void decide_small(struct prose *p, uint32_t from, uint32_t end)
{
    struct words *w = p->words;
    uint32_t first, last;

    for (uint32_t i = words_in_set(w->small, from, end); i < end; i = words_in_set(w->small, i + 1, end)) {
        if (!small_name_read(w, p->dictionary, i, &first, &last) || is_impersonal(p))
            continue;
        put_small(p, first, last);
        i = last;
    }
    for (uint32_t i = words_in_set(w->told, from, end); i < end; i = words_in_set(w->told, i + 1, end))
        if (small_name_initial(w, i))
            put_small(p, i - 1, i);
}

static void decide_doers(struct prose *p, uint32_t from, uint32_t end)
{
    struct words *w = p->words;

    for (uint32_t i = words_in_set(w->open, from, end); i < end; i = words_in_set(w->open, i + 1, end))
        if (doer_is(w, p->dictionary, i) && !is_impersonal(p))
            name_put(p, i, DOER);
}

/* 1 when there is a chunk, 0 at the end, -1 on failure. */
static int next_chunk(struct prose *p)
{
    struct words *w = p->words;
    uint32_t end;

    if (!words_next(w))
        return 0;
    candidates_prepare(w, p->dictionary, p->engine != NULL);
    p->months.read = p->ways.read = false;
    end = w->last == w->n ? w->n : w->last + AHEAD;
    for (uint32_t i = words_in_set(w->forms, w->first + p->ahead, end); i < end; i = words_in_set(w->forms, i + 1, end))
        if (take_form(p, i) < 0)
            return -1;
    for (uint32_t i = words_in_set(w->open, w->first + p->ahead, end); i < end; i = words_in_set(w->open, i + 1, end))
        decide(p, i);
    if (!p->watch && is_text(w) && take_runs(p, w->first + p->ahead, end) < 0)
        return -1;
    if (!p->watch && !p->watch_run && !p->folded && p->dictionary) { /* a view that was folded has words that nobody wrote */
        decide_small(p, w->first + p->ahead, end);
        decide_doers(p, w->first + p->ahead, end);
    }
    p->ahead = end - w->last;
    return 1;
}

/* What stands in records and letters only. */
static int emit_listed(struct prose *p)
{
    enum genre genre = p->genre; /* mostly known by now; not asked for, because these are rare */
    if (genre == GENRE_STUDY || genre == GENRE_CODE)
        return 0;
    if (surname_first_emit(p->words, RULE_NAME, p->sink) < 0 || brands_emit(p->words, p->dictionary, RULE_FACILITY, p->sink) < 0)
        return -1;
    if (spelled_name_emit(p->words, RULE_SPELLED, p->sink) < 0 || spelled_code_emit(p->words, RULE_SPELLED_CODE, p->sink) < 0)
        return -1;
    if (signed_off_emit(p->words, p->dictionary, RULE_SIGNED_OFF, p->sink) < 0 || letterhead_emit(p->words, RULE_LETTERHEAD, p->sink) < 0)
        return -1;
    if (addressed_emit(p->words, RULE_ADDRESSED, p->sink) < 0)
        return -1;
    if (places_towns(p->words, p->dictionary, RULE_CITY, p->sink) < 0)
        return -1;
    return places_firms(p->words, RULE_FIRM, p->sink);
}

static int scan_all(struct prose *p, const char *text, uint32_t len, const struct marks *marks)
{
    struct words *w = p->words;
    struct phi_candidates *sink = p->sink;
    int more;

    words_start(w, text, len);
    w->marks = marks;
    w->year = p->year ? p->year : w->year;
    while ((more = next_chunk(p)) > 0) {
        if (p->engine && roster_words(p->engine, p->scratch, w, sink) < 0)
            return -1;
        if (names_emit(w, RULE_NAME, sink) < 0 ||
            places_emit(w, p->dictionary, (struct places_rules){RULE_CITY, RULE_FACILITY, RULE_ZIP}, sink) < 0 || emit_listed(p) < 0 ||
            names_weak(w, p->strict, RULE_WEAK, sink) < 0)
            return -1;
    }
    return more;
}

int prose_scan(const struct phi_dictionary *d, struct words *w, const char *text, uint32_t len,
               struct phi_candidates *sink)
{
    struct prose p = {.dictionary = d, .words = w, .sink = sink};

    return scan_all(&p, text, len, NULL);
}

/* Nothing is reported, only watched. */
static int watch_all(struct prose *p, const char *text, uint32_t len)
{
    words_start(p->words, text, len);
    while (next_chunk(p) > 0)
        ;
    return 0;
}

int prose_watch_evidence(const struct phi_dictionary *d, struct words *w, const char *text, uint32_t len,
                         prose_watch *watch, void *context)
{
    struct prose p = {.dictionary = d, .words = w, .watch = watch, .context = context};

    return watch_all(&p, text, len);
}

int prose_watch_runs(const struct phi_dictionary *d, struct words *w, const char *text, uint32_t len,
                     prose_watch_run *watch, void *context)
{
    struct prose p = {.dictionary = d, .words = w, .watch_run = watch, .context = context};

    return watch_all(&p, text, len);
}

static int run(const struct phi_engine *e, struct phi_scratch *s, const char *text, uint32_t len,
               struct phi_candidates *sink)
{
    struct words *w;

    if (!phi_engine_words(e))
        return 0; /* without word lists, names are found by title and label only */
    w = phi_scratch_block(s, 6, sizeof *w);
    if (!w)
        return -1;
    struct prose p = {.dictionary = phi_engine_words(e), .words = w, .sink = sink, .strict = e->mode == PHI_STRICT,
                      .genre = s->genre, .year = e->year, .folded = s->found.via != 0};
    if (e->n_rosters) {
        p.engine = e;
        p.scratch = s;
    }
    return scan_all(&p, text, len, scratch_marks(s));
}

const struct phi_detector prose_detector = {rules, RULES, run};
