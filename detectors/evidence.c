/* SPDX-License-Identifier: Apache-2.0
 *
 * Gathering the features of a word: its own facts, the words on both sides, ages, places, eponyms and other cues near it.
 */
#include "evidence.h"

#include <string.h>

#include "dictionary.h"
#include "drug_stem.h"
#include "eponym.h"
#include "evidence_groups.h"
#include "lexicon.h"
#include "speaker.h"
#include "text.h"
#include "word_lists.h"

void seen_add(struct seen *s, uint64_t hash)
{
    s->hash[hash % SEEN_SLOTS] = hash;
}

bool seen_has(const struct seen *s, uint64_t hash)
{
    return s->hash[hash % SEEN_SLOTS] == hash;
}

static enum join join_of(uint16_t gap)
{
    if (gap & (GAP_LINE | GAP_BLANK | GAP_STOP | GAP_START))
        return JOIN_BREAK;
    if (gap == GAP_SPACE)
        return JOIN_SPACE;
    if (gap & GAP_COLON)
        return JOIN_COLON;
    if (gap & GAP_COMMA)
        return JOIN_COMMA;
    if (gap & (GAP_HYPHEN | GAP_APOSTROPHE) && !(gap & ~(GAP_HYPHEN | GAP_APOSTROPHE)))
        return JOIN_TIGHT;
    return JOIN_OTHER;
}

/* After a title or an initial, a period ends no sentence. */
static enum join join_before(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i], *p = x - 1;

    if (i && !(x->gap & ~(GAP_SPACE | GAP_PERIOD | GAP_LINE)) && x->gap & GAP_LINE && p->classes & (LEX(DOCTOR) | LEX(TITLE)))
        return JOIN_SPACE; /* a wrapped line */
    if (i && (x->gap & ~(GAP_SPACE | GAP_PERIOD)) == 0 && x->gap & GAP_PERIOD) {
        if (p->shape == SHAPE_INITIAL || p->classes & (LEX(DOCTOR) | LEX(TITLE) | LEX(SUFFIX)) ||
            (p->classes & (LEX(CREDENTIAL) | LEX(STREET) | LEX(PATIENT)) && p->letters <= 4))
            return JOIN_SPACE;
        return JOIN_BREAK;
    }
    return join_of(x->gap);
}

/* How much a word by itself looks like a name: 0 not at all ... 5 surely. */
static unsigned likeness(const struct word *x)
{
    uint32_t f = x->facts;
    unsigned given = FACT_GIVEN(f), surname = FACT_SURNAME(f), best = given > surname ? given : surname;

    if (x->shape == SHAPE_INITIAL || !(f & FACT_LISTED))
        return x->classes || f ? 0 : 1;
    if (best >= 5)
        return FACT_RATIO(f) >= 5 ? 5 : FACT_RATIO(f) >= 3 ? 4 : 2;
    if (best >= 3)
        return FACT_RATIO(f) >= 4 ? 4 : FACT_RATIO(f) ? 2 : 3;
    if (best)
        return FACT_RATIO(f) >= 4 ? 3 : FACT_RATIO(f) || fact_is_word(f) ? 1 : 3;
    return 0;
}

enum { BATCH = 32 };

/* Open words, looked up together. */
struct batch {
    uint64_t hashes[BATCH];
    uint32_t words[BATCH], facts[BATCH];
    unsigned n;
};

static bool is_addressed(const struct words *w, uint32_t i)
{
    return i && w->v[i - 1].classes & LEX(HONORIFIC);
}

/* Which of these classes have the words of the run of capitals that goes on behind i? */
static uint64_t ends_run(const struct words *w, uint32_t i, uint64_t classes)
{
    uint64_t found = 0;

    for (uint32_t k = i + 1; k < w->n && k <= i + 5; k++) {
        const struct word *x = &w->v[k];
        bool part = word_is_capital(x) || x->shape == SHAPE_INITIAL || x->shape == SHAPE_NUMBER || x->flags & WORD_LINE_LOWER ||
                    (x->letters <= 3 && x->classes & LEX(COMMON) && (words_is(w, k, "of") || words_is(w, k, "the") || words_is(w, k, "and")));
        if (!part || x->gap & ~(GAP_SPACE | GAP_HYPHEN | GAP_APOSTROPHE | GAP_PERIOD | GAP_OTHER))
            break;
        found |= x->classes & classes;
    }
    return found;
}

/* "on a roof in tuscumbia": a small town is one behind a word for a place, when it is nothing else. */
static bool is_small_town(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    return i && x->gap == GAP_SPACE && x[-1].classes & (LEX(PLACE) | LEX(RESIDENCE)) && FACT_CITY(x->facts) && !(x->facts & FACT_ENGLISH) && x->letters > 3;
}

/* See lower_candidate. Where nothing is written in capitals, a word that nobody knows may be a name, and "doctors hospital" one of a
 * place: for the tagger. */
static void close_lower(struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    bool tagged = x->flags & WORD_LINE_LOWER && (!fact_is_word(x->facts) || x->classes & LEX(FACILITY));
    bool closed = x->shape == SHAPE_LOWER && !fact_is_name_or_city(x->facts) && !is_small_town(w, i) && !is_addressed(w, i) && !tagged;
    w->open[i / 64] &= ~((uint64_t)closed << i % 64);
}

/* Brands are for brands.c: that a shop has the name says nothing of whether the word is somebody's. */
static uint32_t set_named(struct words *w, uint32_t i, uint32_t facts)
{
    bool named = facts & (FACT_SYSTEM | FACT_BRAND | FACT_FIRM | FACT_BRAND_HEAD);
    w->named[i / 64] |= (uint64_t)named << i % 64;
    return facts & ~(uint32_t)(FACT_BRAND | FACT_FIRM | FACT_BRAND_HEAD);
}

/* Nobody's name and no word of English: what drugs are called. */
static bool is_coined(const struct word *x)
{
    return !(x->classes || FACT_GIVEN(x->facts) || FACT_SURNAME(x->facts) || FACT_CITY(x->facts) || x->facts & FACT_ENGLISH) && x->letters > 5;
}

/* A small word among others, no name and no city, is never asked whether it is English: half of all that are looked up. */
static void batch_look_up(struct batch *b, struct words *w, const struct phi_dictionary *d, bool of_all)
{
    phi_dictionary_entries(d, b->hashes, b->n, b->facts);
    for (unsigned k = 0; k < b->n; k++) {
        uint32_t i = b->words[k];
        struct word *x = &w->v[i];
        bool plain = x->shape == SHAPE_LOWER && !is_addressed(w, i) && !(x->flags & (WORD_LINE_LOWER | WORD_LINE_UPPER));
        x->facts = set_named(w, i, b->facts[k]);
        if (!x->facts && (!plain || of_all))
            x->facts = phi_dictionary_plain(d, x->hash);
        if (!plain && is_coined(x) && drug_stem_in(w->text + x->begin, x->end - x->begin))
            x->classes |= LEX(DRUG);
        close_lower(w, i);
    }
    b->n = 0;
}

void evidence_prepare(struct words *w, const struct phi_dictionary *d, bool of_all)
{
    struct batch b = {.n = 0};

    memset(w->named, 0, sizeof w->named);
    for (uint32_t i = words_in_set(w->open, 0, w->n); d && i < w->n; i = words_in_set(w->open, i + 1, w->n)) {
        const struct word *x = &w->v[i];
        if (x->facts || x->letters < 2 || x->shape >= SHAPE_NUMBER) {
            if (x->facts) /* kept from the chunk before */
                set_named(w, i, phi_dictionary_entry(d, x->hash));
            close_lower(w, i);
            continue;
        }
        b.words[b.n] = i;
        b.hashes[b.n++] = x->hash;
        if (b.n == BATCH)
            batch_look_up(&b, w, d, of_all);
    }
    batch_look_up(&b, w, d, of_all);
}

bool evidence_dotted_credential(const struct words *w, uint32_t i)
{
    static const char pairs[][2] = {{'M', 'D'}, {'D', 'O'}, {'R', 'N'}, {'P', 'A'}, {'N', 'P'}, {'D', 'C'}, {'O', 'D'}};
    uint32_t first = i && w->v[i].gap == GAP_PERIOD && w->v[i - 1].shape == SHAPE_INITIAL ? i - 1 : i;
    const struct word *x = &w->v[first];

    if (i && w->v[i].gap & GAP_HYPHEN && w->v[i].shape == SHAPE_INITIAL && (words_is(w, i - 1, "pa") || evidence_dotted_credential(w, i - 1)))
        return true; /* PA-C, P.A.-C. */
    if (first + 1 >= w->n || x->shape != SHAPE_INITIAL || x[1].shape != SHAPE_INITIAL || x[1].gap != GAP_PERIOD)
        return false;
    for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++)
        if (w->text[x->begin] == pairs[k][0] && w->text[x[1].begin] == pairs[k][1])
            return true;
    return false;
}

/* In prose a lower-case word needs more than being in a list: a cue before it, or that it is hardly a word. */
static bool lower_candidate(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i], *p = x - 1;
    uint64_t cues = LEX(DOCTOR) | LEX(TITLE) | LEX(RELATION) | LEX(LABEL) | LEX(NAMED) | LEX(GREETING);

    if (i && p->classes & LEX(HONORIFIC) && !(x->classes & (LEX(COMMON) | LEX(VERB))) && x->letters > 1)
        return true; /* "dr. olumide", in any list or in none */
    if (x->classes & (LEX(COMMON) | LEX(NUMBER) | LEX(CALENDAR) | LEX(ACRONYM) | LEX(GREETING) | LEX(DRUG)) || (x->classes & LEX(WEEKDAY) && x->letters > 3) || !(fact_is_name_or_city(x->facts) || is_small_town(w, i)))
        return false;
    if (i && words_is(w, i - 1, "the") && x->gap == GAP_SPACE && fact_is_word(x->facts) && !ends_run(w, i, LEX(FACILITY) | LEX(STREET)))
        return false; /* "at the lake", "from the county" */
    if (i && words_is(w, i - 1, "poison"))
        return false; /* ivy */
    if (x->flags & WORD_LINE_LOWER || (likeness(x) >= 4 && !(x->classes & LEX(AMBIGUOUS)))) /* "tea with sage" */
        return true;
    if (i > 1 && p->letters == 1 && p[-1].label == LABEL_NAME) /* "zeynep w. ozturk" */
        return true;
    return i && (p->classes & cues || p->label == LABEL_NAME || x->gap & GAP_COLON);
}

/* "in August", "So, July.": a month that is nobody's name, or stands behind a small word for time. */
static bool is_month(const struct words *w, uint32_t i)
{
    static const char *const people[] = {"april", "august", "june", "may", "march"};
    static const char *const times[] = {"in", "by", "since", "until", "till", "last", "next", "this", "early", "late", "mid", "through", "of"};
    const struct word *x = &w->v[i];

    if (!(x->classes & LEX(MONTH)) || x->letters < 4 || (i && x[-1].classes & (LEX(DOCTOR) | LEX(TITLE) | LEX(LABEL) | LEX(RELATION))))
        return false;
    return !words_is_any(w, i, people, sizeof people / sizeof *people) || (i && words_is_any(w, i - 1, times, sizeof times / sizeof *times));
}

enum { CALLED_MOST = 6 };

/* "Ha. Tell me", "Aw, thank you", "Skip the dose": what a sentence begins with that is called out or asked for. */
static bool is_called_out(const struct words *w, uint32_t i)
{
    static const char *const calls[] = {"ha", "hah", "heh", "haha", "aw", "aww", "ay", "ope", "eek", "ow", "oof", "phew", "whew", "jeez", "geez", "golly", "dang", "darn", "shoot", "heck", "welp",
                                        "hiya", "howdy", "howzit", "aloha", "pues", "bueno", "claro", "oye", "sheesh", "yeesh", "yikes", "lord", "bingo", "amen", "lovely", "fair", "cool", "sweet", "true"};
    static const char *const orders[] = {"skip", "chase", "bill", "mark", "grant", "pat", "hope", "will", "drop"};
    static const char *const things[] = {"the", "a", "an", "that", "this", "it", "your", "tonight", "all", "any", "one"};
    const struct word *x = &w->v[i];
    bool begins = !i || x->gap & (GAP_STOP | GAP_PERIOD | GAP_LINE | GAP_COLON);

    if (!begins || x->shape != SHAPE_TITLE || x->letters > CALLED_MOST || x->end >= w->len)
        return false;
    if (strchr(".,!?", w->text[x->end]))
        return words_is_any(w, i, calls, sizeof calls / sizeof *calls);
    return i + 1 < w->n && x[1].gap == GAP_SPACE && x[1].shape == SHAPE_LOWER && words_is_any(w, i, orders, sizeof orders / sizeof *orders) &&
           words_is_any(w, i + 1, things, sizeof things / sizeof *things);
}

/* Everyday words and forms of address are no names by themselves, however they are written. */
static bool is_everyday(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i], *p = x - 1;
    uint64_t cues = LEX(DOCTOR) | LEX(TITLE) | LEX(LABEL) | LEX(RELATION);

    if (x->classes & LEX(HONORIFIC) || (x->classes & LEX(WEEKDAY) && x->letters > 3))
        return !(x->shape == SHAPE_UPPER && i && x->gap == GAP_COLON); /* typists: "R. Stone:MS" */
    if (i && p->label == LABEL_NAME && x->classes & LEX(VERB) && x->classes & LEX(COMMON) && !(x->classes & LEX(AMBIGUOUS)))
        return true; /* "MARTHA GOODNIGHT IS A 59 YO" */
    bool sure = !(x->classes & LEX(AMBIGUOUS));
    if (i && sure && x->classes & LEX(COMMON) && speaker_is(w, i - 1))
        return true; /* "14  PT: Seven." */
    if (!(x->classes & LEX(COMMON)) || x->facts & FACT_HEAD || x->classes & (LEX(FACILITY) | LEX(FACILITY_PART) | LEX(STREET)))
        return false;
    if (!i)
        return true;
    if (sure && x->gap & GAP_COLON && i + 1 < w->n && x[1].gap == GAP_SPACE && x[1].shape == SHAPE_LOWER && !x[1].label && x[1].letters > 1)
        return true; /* a turn of a dialogue: "PT: Just me and ..." */
    if (sure && x->gap & GAP_COLON && i + 1 < w->n && x[1].gap == (GAP_COMMA | GAP_SPACE) && (x[1].shape == SHAPE_LOWER || words_is(w, i + 1, "i")))
        return true; /* "PT: Ha, I thought" */
    if (p->label == LABEL_NAME && sure && x->classes & (LEX(PLACE) | LEX(LABEL)))
        return true; /* "DR IVERSEN AT SANFORD" */
    return !(p->classes & cues || (p->label == LABEL_NAME && x->gap == GAP_SPACE));
}

/* "H&P", "D&C", "[A-Z]" */
static bool is_sign(const struct words *w, uint32_t i)
{
    const char before = w->v[i].begin ? w->text[w->v[i].begin - 1] : ' ', behind = w->v[i].end < w->len ? w->text[w->v[i].end] : ' ';
    return before == '&' || behind == '&' || (before == '[' && behind == '-') || (before == '-' && behind == ']');
}

bool evidence_candidate(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (x->flags & (WORD_TAKEN | WORD_CONTRACTED))
        return false;
    if (x->shape == SHAPE_INITIAL)
        return !evidence_dotted_credential(w, i) && !eponym_specimen(w, i + 1) && !is_sign(w, i) && !speaker_is(w, i) && !(w->text[x->begin] == 'I' && !(x->end < w->len && w->text[x->end] == '.'));
    if (x->shape == SHAPE_LOWER)
        return lower_candidate(w, i);
    if (x->classes & (LEX(CREDENTIAL) | LEX(ACRONYM)) && x->shape == SHAPE_UPPER && !(x->flags & WORD_LINE_UPPER) && i &&
        x[-1].label == LABEL_NAME && x[-1].shape == SHAPE_TITLE && x->gap == GAP_SPACE)
        return false; /* "Ramanathan NP", "Menon NPI 19..." */
    if (words_is_size(w, i)) /* "28 Fr CT" */
        return false;
    if (x->classes & LEX(SUFFIX) && x->letters < 4) /* "II" goes with a name, alone it is a number */
        return i && x[-1].label == LABEL_NAME;
    if (x->shape == SHAPE_MIXED && x->end < w->len && w->text[x->end] == '=')
        return false; /* the key of a pair: "PatientLast=" */
    return word_is_capital(x) && !is_everyday(w, i) && !is_month(w, i) && !is_called_out(w, i);
}

/* The evidence as it is gathered, which can be kept in registers. */
struct gathering {
    uint16_t *next, *end; /* where features are listed; next NULL: only what they add up to is asked for */
    int32_t name, place;
};

static inline __attribute__((always_inline)) void put(struct gathering *f, unsigned feature)
{
    if (f->next && f->next < f->end)
        *f->next++ = (uint16_t)feature;
    f->name += evidence_weights[feature][0];
    f->place += evidence_weights[feature][1];
}

static inline __attribute__((always_inline)) void put_classes(struct gathering *f, uint64_t classes, unsigned base, unsigned stride)
{
    while (classes) {
        put(f, base + (unsigned)__builtin_ctzll(classes) * stride);
        classes &= classes - 1;
    }
}

static inline __attribute__((always_inline)) void gather_own(const struct words *w, uint32_t i, unsigned like, struct gathering *f)
{
    const struct word *x = &w->v[i];
    uint32_t facts = x->facts;
    unsigned line = x->flags & WORD_LINE_UPPER ? 1 : x->flags & WORD_LINE_LOWER ? 2 : x->flags & WORD_LINE_TITLE ? 3 : 0;

    put(f, GROUP_SHAPE + x->shape * 4 + line);
    put_classes(f, x->classes, x->shape == SHAPE_LOWER ? GROUP_OWN_LOWER : line == 1 ? GROUP_OWN_CAPITALS : GROUP_OWN, 1);
    put(f, GROUP_GIVEN + FACT_GIVEN(facts));
    put(f, GROUP_SURNAME + FACT_SURNAME(facts));
    put(f, GROUP_RATIO + FACT_RATIO(facts));
    put(f, GROUP_FREQUENCY + FACT_FREQUENCY(facts));
    put(f, GROUP_CITY + FACT_CITY(facts));
    put_classes(f, facts >> 18 & 63, GROUP_FACT, 1);
    if (!facts && !x->classes)
        put(f, GROUP_FACT + 6);
    put(f, GROUP_LIKE + like * 8 + FACT_RATIO(facts));
    put(f, GROUP_LIKE_SHAPE + like * 8 + x->shape);
    put(f, GROUP_LENGTH + (x->letters < 7 ? x->letters : 7u));
    put_classes(f, x->flags & 7, GROUP_FLAG, 1);
    if (x->flags & WORD_PREFIXED)
        put(f, GROUP_FLAG + 3);
}

/* Three letters as one of 512: the same ones always the same. */
static inline unsigned letters_bucket(const char *s)
{
    unsigned a = (unsigned char)s[0] | 0x20, b = (unsigned char)s[1] | 0x20, c = (unsigned char)s[2] | 0x20;
    return (a * 961 + b * 31 + c) % 509;
}

/* How the word begins and ends, as families and medicines do in their own ways. */
static inline __attribute__((always_inline)) void gather_letters(const struct words *w, uint32_t i, struct gathering *f)
{
    const struct word *x = &w->v[i];
    if (x->classes || x->letters < 5)
        return;
    put(f, GROUP_BEGINNING + letters_bucket(w->text + x->begin));
    put(f, GROUP_ENDING + letters_bucket(w->text + x->end - 3));
}

/* like: of the word; join: to the word before */
static inline __attribute__((always_inline)) void gather_left(const struct words *w, uint32_t i, unsigned like, enum join join, struct gathering *f)
{
    const struct word *x = &w->v[i], *p = x - 1;

    put(f, GROUP_JOIN_LEFT + join);
    if (join == JOIN_BREAK)
        put(f, GROUP_LIKE_START + like);
    if (!i || x->gap & GAP_START)
        return;
    put_classes(f, p->classes, GROUP_BEFORE + join, JOINS);
    if (join == JOIN_SPACE && p->shape < SHAPE_NUMBER && !(x->flags & WORD_LINE_UPPER))
        put(f, GROUP_PREVIOUS + (p->hash & 1023));
    put(f, GROUP_SHAPE_BEFORE + p->shape * JOINS + join);
    bool written = word_is_capital(p) || p->flags & WORD_LINE_LOWER; /* as a name can be */
    unsigned other = written ? likeness(p) : 0;
    if (word_is_capital(p) || p->shape == SHAPE_LOWER)
        put(f, GROUP_LIKE_BEFORE + other * JOINS + join);
    if (join == JOIN_SPACE && written)
        put(f, GROUP_PAIR_BEFORE + other * LIKES + like);
    put(f, GROUP_LABEL_BEFORE + p->label * JOINS + join);
    if (join == JOIN_BREAK || i < 2 || p->gap & (GAP_LINE | GAP_BLANK | GAP_START))
        return;
    put_classes(f, p[-1].classes, GROUP_BEFORE2, 1);
    put(f, GROUP_LABEL_BEFORE2 + p[-1].label);
    if (i > 2 && !(p[-1].gap & (GAP_LINE | GAP_BLANK)))
        put_classes(f, p[-2].classes, GROUP_BEFORE3, 1);
}

static inline __attribute__((always_inline)) void gather_right(const struct words *w, uint32_t i, unsigned like, struct gathering *f)
{
    const struct word *n = &w->v[i + 1];
    enum join join = i + 1 < w->n ? join_before(w, i + 1) : JOIN_BREAK;

    put(f, GROUP_JOIN_RIGHT + join);
    if (i + 1 >= w->n)
        return;
    put_classes(f, n->classes, GROUP_AFTER + join, JOINS);
    if (join == JOIN_SPACE && n->shape < SHAPE_NUMBER && !(n->flags & WORD_LINE_UPPER))
        put(f, GROUP_FOLLOWING + (n->hash & 1023));
    put(f, GROUP_SHAPE_AFTER + n->shape * JOINS + join);
    bool written = word_is_capital(n) || n->flags & WORD_LINE_LOWER;
    unsigned other = written ? likeness(n) : 0;
    if (word_is_capital(n) || n->shape == SHAPE_LOWER)
        put(f, GROUP_LIKE_AFTER + other * JOINS + join);
    if (join == JOIN_SPACE && written)
        put(f, GROUP_PAIR_AFTER + like * LIKES + other);
    if (i + 2 < w->n && join != JOIN_BREAK && !(n[1].gap & (GAP_LINE | GAP_BLANK)))
        put_classes(f, n[1].classes, GROUP_AFTER2, 1);
}

/* "67-year-old", "67 yo", "67yo", "57F" at a word. */
static inline bool is_age(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (x->shape < SHAPE_NUMBER)
        return false;
    if (x->shape == SHAPE_NUMBER)
        return x->letters <= 3 && i + 1 < w->n && x[1].classes & LEX(AGE);
    return x->letters <= 5 && text_is_digit(w->text[x->begin]) && strchr("fmoy", (uint8_t)(w->text[x->end - 1] | 0x20));
}

static inline __attribute__((always_inline)) void gather_ages(const struct words *w, uint32_t i, struct gathering *f)
{
    for (uint32_t k = i + 1; k < w->n && k <= i + 4; k++) {
        if (w->v[k].gap & (GAP_LINE | GAP_BLANK))
            break;
        if (is_age(w, k)) {
            put(f, GROUP_CUE + CUE_AGE_AFTER);
            break;
        }
    }
    for (uint32_t k = i; k > 0 && k + 7 > i; k--) {
        if (is_age(w, k - 1)) {
            put(f, GROUP_CUE + CUE_AGE_BEFORE);
            break;
        }
        if (w->v[k].gap & (GAP_LINE | GAP_BLANK))
            break;
    }
}

static inline __attribute__((always_inline)) void gather_place(const struct words *w, uint32_t i, const struct phi_dictionary *d, struct gathering *f)
{
    const struct word *x = &w->v[i], *n = x + 1;
    uint64_t ends = ends_run(w, i, LEX(FACILITY) | LEX(STREET));

    if (ends & LEX(FACILITY))
        put(f, GROUP_CUE + CUE_FACILITY);
    if (ends & LEX(STREET)) {
        put(f, GROUP_CUE + CUE_STREET);
        for (uint32_t k = i; k > 0 && k + 3 > i; k--)
            if (w->v[k - 1].shape == SHAPE_NUMBER) {
                put(f, GROUP_CUE + CUE_NUMBER_STREET);
                break;
            }
    }
    if (i + 1 < w->n && n->classes & LEX(STATE) && n->shape != SHAPE_LOWER && n->gap & (GAP_SPACE | GAP_COMMA) && !(n->gap & GAP_LINE)) {
        put(f, GROUP_CUE + CUE_STATE);
        if (i + 2 < w->n && n[1].shape == SHAPE_NUMBER && n[1].letters == 5)
            put(f, GROUP_CUE + CUE_STATE_ZIP);
    }
    if (i + 1 < w->n && n->letters == 6 && (words_is(w, i + 1, "county") || words_is(w, i + 1, "parish")))
        put(f, GROUP_CUE + CUE_COUNTY);
    for (uint32_t back = 0; d && back < 3 && back <= i; back++) {
        const struct word *s = x - back;
        uint64_t phrase = s->hash;
        if (s->facts & FACT_HEAD)
            for (uint32_t k = i - back + 1; k < w->n && k < i - back + 4; k++) {
                if (w->v[k].gap & ~(GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | GAP_APOSTROPHE) || (!word_is_capital(&w->v[k]) && !(w->v[k].flags & WORD_LINE_LOWER)))
                    break;
                phrase = words_phrase(phrase, w->v[k].hash);
                if (k < i)
                    continue;
                uint32_t facts = phi_dictionary_entry(d, phrase);
                if (FACT_CITY(facts) || facts & FACT_COUNTY)
                    put(f, GROUP_CUE + CUE_PHRASE_CITY);
                if (facts & FACT_SYSTEM)
                    put(f, GROUP_CUE + CUE_PHRASE_SYSTEM);
                if (facts)
                    return;
            }
        if (!s->gap || s->gap & ~(GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | GAP_APOSTROPHE))
            break;
    }
}

static inline __attribute__((always_inline)) void gather_eponym(const struct words *w, uint32_t i, struct gathering *f)
{
    const struct word *x = &w->v[i];
    bool head = eponym_head(w, i);

    if (head)
        put(f, GROUP_CUE + (x->classes & LEX(EPONYM) ? CUE_EPONYM : CUE_EPONYM_PLAIN));
    if (head && x->flags & WORD_POSSESSIVE)
        put(f, GROUP_CUE + CUE_EPONYM_POSSESSIVE);
}

/* "Vistaril 50 mg" */
static bool has_dose(const struct words *w, uint32_t i)
{
    for (uint32_t k = i + 1; k < w->n && k <= i + 3; k++) {
        if (w->v[k].gap & (GAP_LINE | GAP_COMMA | GAP_STOP))
            return false;
        if (w->v[k].classes & LEX(DOSE))
            return true;
    }
    return false;
}

static inline __attribute__((always_inline)) void gather_cues(const struct words *w, uint32_t i, const struct seen *seen, unsigned like, enum join join, struct gathering *f)
{
    const struct word *x = &w->v[i];
    uint32_t first = i;
    unsigned colons = 0;

    if (x->shape != SHAPE_INITIAL && seen_has(seen, x->hash)) {
        put(f, GROUP_CUE + CUE_SEEN);
        if (like >= 2)
            put(f, GROUP_CUE + CUE_SEEN_LIKE);
    }
    if (join == JOIN_BREAK)
        put(f, GROUP_CUE + CUE_SENTENCE);
    if (i + 1 < w->n && word_is_capital(x + 1) && x[1].gap == GAP_SPACE)
        put(f, GROUP_CUE + CUE_CAPITALS_RIGHT);
    if (i + 1 < w->n && x[1].shape == SHAPE_INITIAL && x[1].gap & GAP_SPACE && !(x[1].gap & (GAP_LINE | GAP_PERIOD)))
        put(f, GROUP_CUE + CUE_INITIAL_RIGHT);
    if (i && x[-1].shape == SHAPE_INITIAL && x->gap & GAP_PERIOD && !(x->gap & GAP_LINE))
        put(f, GROUP_CUE + CUE_INITIAL_LEFT);
    if (x->gap & GAP_QUOTE)
        put(f, GROUP_CUE + CUE_QUOTE);
    if (x->gap & GAP_OPEN)
        put(f, GROUP_CUE + CUE_PARENTHESIS);
    while (first > 0 && i - first < 6 && !(w->v[first].gap & (GAP_LINE | GAP_START | GAP_BLANK))) {
        colons += (w->v[first].gap & GAP_COLON) != 0;
        first--;
    }
    if (colons && w->v[first].classes & (LEX(LABEL) | LEX(PROVIDER) | LEX(SIGN) | LEX(PATIENT) | LEX(RELATION)))
        put(f, GROUP_CUE + CUE_LABEL_LINE);
    if (i && x[-1].gap & GAP_OPEN && x->gap & GAP_CLOSE)
        put(f, GROUP_CUE + CUE_DIALOGUE);
    if (i && x->gap & GAP_COMMA && x[-1].label == LABEL_NAME)
        put(f, GROUP_CUE + CUE_LIST);
    if (x->shape == SHAPE_UPPER && x->letters <= 5 && !(x->flags & WORD_LINE_UPPER) && like < 4)
        put(f, GROUP_CUE + CUE_ACRONYM);
    if (has_dose(w, i))
        put(f, GROUP_CUE + CUE_DOSE);
    if (i + 1 < w->n && x->shape == SHAPE_INITIAL && x[1].shape == SHAPE_INITIAL && x[1].gap == GAP_PERIOD)
        put(f, GROUP_CUE + CUE_DOTTED);
    if (x->gap & GAP_SLASH || (i + 1 < w->n && x[1].gap & GAP_SLASH))
        put(f, GROUP_CUE + CUE_SLASH_LIST);
}

static inline __attribute__((always_inline)) void gather(const struct words *w, uint32_t i, const struct phi_dictionary *d,
                                                         const struct seen *seen, struct gathering *f)
{
    unsigned like = likeness(&w->v[i]);
    enum join join = join_before(w, i);

    gather_own(w, i, like, f);
    gather_letters(w, i, f);
    gather_left(w, i, like, join, f);
    gather_right(w, i, like, f);
    gather_ages(w, i, f);
    gather_place(w, i, d, f);
    gather_eponym(w, i, f);
    gather_cues(w, i, seen, like, join, f);
}

void evidence_gather(const struct words *w, uint32_t i, const struct phi_dictionary *d, const struct seen *seen,
                     struct evidence *out)
{
    struct gathering f = {.next = out->v, .end = out->v + EVIDENCE_MAX};

    gather(w, i, d, seen, &f);
    out->n = (unsigned)(f.next - out->v);
    out->name = f.name;
    out->place = f.place;
}

/* Twice the code, for the features of nearly all words are never looked at. */
void evidence_sum(const struct words *w, uint32_t i, const struct phi_dictionary *d, const struct seen *seen, int32_t sum[LABELS])
{
    struct gathering f = {.next = NULL};

    gather(w, i, d, seen, &f);
    sum[LABEL_NONE] = 0;
    sum[LABEL_NAME] = f.name;
    sum[LABEL_PLACE] = f.place;
}

bool evidence_plain(const struct words *w, uint32_t i)
{
    return fact_is_word(w->v[i].facts) && likeness(&w->v[i]) < 2;
}

bool evidence_fits(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    return i < w->n && (x->shape == SHAPE_TITLE || x->shape == SHAPE_MIXED) && x->letters > 2 && !x->classes && x->label == LABEL_NONE &&
           !(x->flags & (WORD_TAKEN | WORD_CONTRACTED)) && !(x->facts & FACT_ENGLISH) &&
           !(x->facts & FACT_SCIENCE && FACT_FREQUENCY(x->facts));
}

bool evidence_unknown(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (!(x->shape == SHAPE_TITLE || x->shape == SHAPE_MIXED) || x->letters < 3 || x->classes)
        return false;
    if (likeness(x) >= 3 || !fact_is_word(x->facts))
        return true;
    /* Inside a sentence a term of science is seldom capitalized, and a rare surname often is one. */
    return join_before(w, i) != JOIN_BREAK && (likeness(x) == 2 || !(x->facts & FACT_ENGLISH || FACT_FREQUENCY(x->facts)));
}
