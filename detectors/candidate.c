/* SPDX-License-Identifier: Apache-2.0
 *
 * Words are looked up many at a time, which wait for memory together. What turns a word away is language, not a list of names:
 * an everyday word, a month behind "in", a call ("Ha."), an order ("Skip the dose").
 */
#include "candidate.h"

#include <string.h>

#include "eponym.h"
#include "evidence.h"
#include "lexicon.h"
#include "small_name.h"
#include "speaker.h"
#include "term_stem.h"
#include "thing.h"
#include "word_lists.h"

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

uint64_t candidate_ends_run(const struct words *w, uint32_t i, uint64_t classes)
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
    w->small[i / 64] |= (uint64_t)small_name_may_be(w, i) << i % 64;
}

/* Brands are for brands.c: that a shop has the name says nothing of whether the word is somebody's. */
static uint32_t set_named(struct words *w, uint32_t i, uint32_t facts)
{
    bool named = facts & (FACT_SYSTEM | FACT_BRAND | FACT_FIRM | FACT_BRAND_HEAD);
    w->named[i / 64] |= (uint64_t)named << i % 64;
    return facts & ~(uint32_t)(FACT_BRAND | FACT_FIRM | FACT_BRAND_HEAD);
}

/* Nobody's name and no word of English: what drugs and diseases are called. */
static bool is_coined(const struct word *x)
{
    return !(x->classes || FACT_GIVEN(x->facts) || FACT_SURNAME(x->facts) || FACT_CITY(x->facts) || x->facts & FACT_ENGLISH) && x->letters > 5;
}

/* "Pt Jurkaitis", "wife of Mikalaitis", "Anna Zaccarone": whoever is told of so is no disease and no drug. */
static bool is_behind_person(const struct words *w, uint32_t i)
{
    const uint64_t person = LEX(PATIENT) | LEX(RELATION) | LEX(TITLE) | LEX(DOCTOR) | LEX(HONORIFIC) | LEX(PROVIDER);
    const struct word *x = &w->v[i];

    if (!i || x->shape == SHAPE_LOWER || x->gap & ~(GAP_SPACE | GAP_PERIOD | GAP_COMMA))
        return false;
    if (x[-1].classes & person || (i > 1 && words_is(w, i - 1, "of") && x[-2].classes & LEX(RELATION)))
        return true;
    return x->gap == GAP_SPACE && x[-1].shape == SHAPE_TITLE && FACT_GIVEN(x[-1].facts) > 2 && !(x[-1].classes & (LEX(COMMON) | LEX(VERB)));
}

/* A small word among others, no name and no city, is never asked whether it is English: half of all that are looked up. */
static void batch_look_up(struct batch *b, struct words *w, const struct phi_dictionary *d, bool of_all)
{
    phi_dictionary_entries(d, b->hashes, b->n, b->facts);
    for (unsigned k = 0; k < b->n; k++) {
        uint32_t i = b->words[k];
        struct word *x = &w->v[i];
        bool plain = x->shape == SHAPE_LOWER && !is_addressed(w, i) && !(x->flags & (WORD_LINE_LOWER | WORD_LINE_UPPER));
        uint32_t clinical = b->facts[k] & FACT_CLINICAL; /* says nothing by itself */
        x->facts = set_named(w, i, b->facts[k] & ~(uint32_t)FACT_CLINICAL);
        if (!x->facts && (!plain || of_all))
            x->facts = phi_dictionary_plain(d, x->hash);
        x->facts |= x->facts ? clinical : 0;
        if (!plain && (x->facts & FACT_TERM || (is_coined(x) && !is_behind_person(w, i) && term_stem_in(w->text + x->begin, x->end - x->begin))))
            x->classes |= LEX(DRUG);
        close_lower(w, i);
    }
    b->n = 0;
}

void candidates_prepare(struct words *w, const struct phi_dictionary *d, bool of_all)
{
    struct batch b = {.n = 0};

    memset(w->named, 0, sizeof w->named);
    memset(w->small, 0, sizeof w->small);
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

bool candidate_is_credential(const struct words *w, uint32_t i)
{
    static const char pairs[][2] = {{'M', 'D'}, {'D', 'O'}, {'R', 'N'}, {'P', 'A'}, {'N', 'P'}, {'D', 'C'}, {'O', 'D'}};
    uint32_t first = i && w->v[i].gap == GAP_PERIOD && w->v[i - 1].shape == SHAPE_INITIAL ? i - 1 : i;
    const struct word *x = &w->v[first];

    if (i && w->v[i].gap & GAP_HYPHEN && w->v[i].shape == SHAPE_INITIAL && (words_is(w, i - 1, "pa") || candidate_is_credential(w, i - 1)))
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

    bool short_for = i && p->shape == SHAPE_UPPER && p->letters == 2 && !(x->gap & GAP_PERIOD); /* "40 mg MR daily", "DR intraarticular" */
    if (i && p->classes & LEX(HONORIFIC) && !short_for && !(x->classes & (LEX(COMMON) | LEX(VERB))) && x->letters > 1)
        return true; /* "dr. olumide", in any list or in none */
    if (x->classes & (LEX(COMMON) | LEX(NUMBER) | LEX(CALENDAR) | LEX(ACRONYM) | LEX(GREETING) | LEX(DRUG)) || (x->classes & LEX(WEEKDAY) && x->letters > 3) || !(fact_is_name_or_city(x->facts) || is_small_town(w, i)))
        return false;
    if (i && words_is(w, i - 1, "the") && x->gap == GAP_SPACE && fact_is_word(x->facts) && !candidate_ends_run(w, i, LEX(FACILITY) | LEX(STREET)))
        return false; /* "at the lake", "from the county" */
    if (i && words_is(w, i - 1, "poison"))
        return false; /* ivy */
    if (x->flags & WORD_LINE_LOWER || (candidate_likeness(x) >= 4 && !(x->classes & LEX(AMBIGUOUS)))) /* "tea with sage" */
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
    static const char *const done[] = {"given", "taken", "done", "seen", "signed", "reviewed", "called", "drawn", "performed", "walked", "witnessed", "obtained", "placed", "fed", "assisted", "written",
                                       "dressing", "bath", "entered", "checked", "accompanied", "brought", "followed"};
    const struct word *x = &w->v[i];

    if (!(x->classes & LEX(MONTH)) || x->letters < 4 || (i && x[-1].classes & (LEX(DOCTOR) | LEX(TITLE) | LEX(LABEL) | LEX(RELATION))))
        return false;
    if (i > 1 && words_is(w, i - 1, "by") && words_is_any(w, i - 2, done, sizeof done / sizeof *done))
        return false; /* "given by June" */
    if (i > 1 && words_is(w, i - 1, "of") && x[-2].classes & LEX(RELATION))
        return false; /* "husband of June" */
    return !words_is_any(w, i, people, sizeof people / sizeof *people) || (i && words_is_any(w, i - 1, times, sizeof times / sizeof *times));
}

enum { CALLED_MOST = 6, STATE_WITHIN = 2, PERSON_WITHIN = 4, COMPARED_GIVEN = 1, COMPARED_SURNAME = 4 };

/* "Ha. Tell me", "Aw, thank you", "Skip the dose": what a sentence begins with that is called out or asked for. */
static bool is_called_out(const struct words *w, uint32_t i)
{
    static const char *const calls[] = {"ha", "hah", "heh", "haha", "aw", "aww", "ay", "ope", "eek", "ow", "oof", "phew", "whew", "jeez", "geez", "golly", "dang", "darn", "shoot", "heck", "welp",
                                        "hiya", "howdy", "howzit", "aloha", "pues", "bueno", "claro", "oye", "sheesh", "yeesh", "yikes", "lord", "bingo", "amen", "lovely", "fair", "cool", "sweet", "true", "hallelujah", "truly", "mommy", "daddy", "whoa", "yup"};
    static const char *const orders[] = {"skip", "chase", "bill", "mark", "grant", "pat", "hope", "will", "drop"};
    static const char *const things[] = {"the", "a", "an", "that", "this", "it", "your", "tonight", "all", "any", "one"};
    const struct word *x = &w->v[i];
    bool begins = !i || x->gap & (GAP_STOP | GAP_PERIOD | GAP_LINE | GAP_COLON);
    bool told = i && (x[-1].classes & LEX(HONORIFIC) || (x[-1].classes & LEX(TITLE) && x[-1].shape == SHAPE_TITLE)); /* "Dr. Grant this morning" */

    if (!begins || told || x->shape != SHAPE_TITLE || x->letters > CALLED_MOST || x->end >= w->len)
        return false;
    bool inverted = w->text[x->end] == ',' && i + 1 < w->n && (x[1].shape == SHAPE_TITLE || x[1].classes & LEX(CREDENTIAL)); /* "Dang, Quoc", "Lovely, MD" */
    bool next = i + 1 < w->n && x[1].gap == GAP_SPACE;
    if (next && ((x[1].shape == SHAPE_LOWER && words_is(w, i, "he")) || (words_is(w, i, "may") && words_is(w, i + 1, "i"))))
        return true; /* "her father. He has", "May I" */
    if (strchr(".,!?", w->text[x->end]))
        return !inverted && words_is_any(w, i, calls, sizeof calls / sizeof *calls);
    return i + 1 < w->n && x[1].gap == GAP_SPACE && x[1].shape == SHAPE_LOWER && words_is_any(w, i, orders, sizeof orders / sizeof *orders) &&
           words_is_any(w, i + 1, things, sizeof things / sizeof *things) && !(i + 2 < w->n && x[2].gap == GAP_SPACE && x[2].classes & (LEX(RELATION) | LEX(PROVIDER))); /* "Pat the aide" */
}

/* "Pt Washington, Virginia", "contacts: Virginia, Georgia", "her sisters Virginia and Georgia": somebody, and whose name goes on. */
static bool is_told_of_person(const struct words *w, uint32_t i)
{
    static const char *const contacts[] = {"contact", "contacts"};
    const uint64_t person = LEX(PATIENT) | LEX(RELATION) | LEX(TITLE) | LEX(DOCTOR) | LEX(LABEL);

    for (uint32_t k = i; k > 0 && i - k < PERSON_WITHIN && !(w->v[k].gap & ~(GAP_SPACE | GAP_COMMA | GAP_COLON)); k--)
        if (w->v[k - 1].classes & person || words_is_any(w, k - 1, contacts, sizeof contacts / sizeof *contacts))
            return true;
    return false;
}

/* "Michigan, West Virginia, Virginia, Alabama", "in Mississippi and Louisiana": one of several states, and nobody called Virginia. */
static bool is_state_among(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (!(x->classes & LEX(STATE)) || x->letters < 4 || x->shape == SHAPE_UPPER || is_told_of_person(w, i))
        return false;
    for (uint32_t k = i; k > 0 && i - k < STATE_WITHIN && !(w->v[k].gap & ~(GAP_SPACE | GAP_COMMA)); k--)
        if (w->v[k - 1].classes & LEX(STATE) && w->v[k - 1].letters > 3)
            return true;
    for (uint32_t k = i + 1; k < w->n && k - i <= STATE_WITHIN && !(w->v[k].gap & ~(GAP_SPACE | GAP_COMMA)); k++)
        if (w->v[k].classes & LEX(STATE) && w->v[k].letters > 3)
            return w->v[k].gap & GAP_COMMA || k > i + 1;
    return false;
}

/* "Twin block vs Herbst", "Lisfranc vs Chopart": what is compared is no person, unless many are called so ("Silva vs Silva: name alert"). */
static bool is_compared(const struct words *w, uint32_t i)
{
    static const char *const versus[] = {"vs", "versus"};
    uint32_t facts = w->v[i].facts;

    if ((i && w->v[i - 1].label == LABEL_NAME && w->v[i].gap == GAP_SPACE) || FACT_GIVEN(facts) > COMPARED_GIVEN || FACT_SURNAME(facts) > COMPARED_SURNAME)
        return false;
    return (i && w->v[i].gap & GAP_SPACE && words_is_any(w, i - 1, versus, 2)) || (i + 1 < w->n && w->v[i + 1].gap == GAP_SPACE && words_is_any(w, i + 1, versus, 2));
}

/* "Portable X-Ray" */
static bool is_xray(const struct words *w, uint32_t i)
{
    return i && i < w->n && w->v[i].gap == GAP_HYPHEN && words_is(w, i - 1, "x") && (words_is(w, i, "ray") || words_is(w, i, "rays"));
}

/* "Johnson & Johnson" */
static bool is_maker(const struct words *w, uint32_t i)
{
    uint32_t k = i && words_is(w, i - 1, "johnson") ? i : i + 1; /* the second of them */
    return words_is(w, k - 1, "johnson") && words_is(w, k, "johnson") && w->v[k].begin - w->v[k - 1].end == 3 && w->text[w->v[k].begin - 2] == '&';
}

/* "#17 close to IAN", "FNA by ROSE": what has the letters of a given name, in capitals among words that are not. */
static bool is_term(const struct words *w, uint32_t i)
{
    static const char *const terms[] = {"ian", "rose", "ida", "rei", "gene", "iris", "abi", "art"};
    const struct word *x = &w->v[i];
    if (x->shape != SHAPE_UPPER || x->letters > 4 || x->flags & WORD_LINE_UPPER || !words_is_any(w, i, terms, sizeof terms / sizeof *terms))
        return false;
    bool left = i && x->gap & GAP_SPACE && x[-1].shape == SHAPE_UPPER && x[-1].letters > 2 && !(x[-1].classes & LEX(ACRONYM));
    bool right = i + 1 < w->n && x[1].gap & GAP_SPACE && x[1].shape == SHAPE_UPPER && x[1].letters > 2 && !(x[1].classes & LEX(ACRONYM));
    return !left && !right;
}

/* "Ben: Seven.", "Barbara: A little": what is said first by somebody who is called by name. */
static bool is_said_first(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    if (!i || !(x->gap & GAP_COLON) || x->gap & GAP_LINE || !speaker_is(w, i - 1))
        return false;
    if (x->shape == SHAPE_INITIAL)
        return i + 1 < w->n && x[1].gap == GAP_SPACE && x[1].shape == SHAPE_LOWER && strchr("AI", w->text[x->begin]);
    return x->shape == SHAPE_TITLE && fact_is_word(x->facts) && FACT_GIVEN(x->facts) < 2 && FACT_SURNAME(x->facts) < 4 && x->end < w->len && strchr(".,!?", w->text[x->end]);
}

/* "ED RN: Yes" */
static bool is_post(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    return x->shape == SHAPE_UPPER && x->classes & LEX(ACRONYM) && i + 2 < w->n && x[1].classes & LEX(CREDENTIAL) && x[2].gap & GAP_COLON;
}

bool candidate_is_nobody(const struct words *w, uint32_t i)
{
    return is_state_among(w, i) || is_compared(w, i) || is_called_out(w, i) || is_xray(w, i) || is_xray(w, i + 1) || thing_cited(w, i) || is_maker(w, i) || is_post(w, i) || is_term(w, i) || is_said_first(w, i);
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
    bool degree = w->v[i].begin > 1 && (unsigned char)before == 0xB0; /* "46\xC2\xB0F" */
    bool ticked = w->text[w->v[i].begin] == 'X' && strchr("(_", before) && strchr(")_", behind);
    return degree || ticked || before == '&' || behind == '&' || (before == '[' && (behind == '-' || behind == ']')) || (before == '-' && behind == ']');
}

bool candidate_is_small(const struct words *w, uint32_t i)
{
    static const char *const small[] = {"the", "and", "for", "of"};
    const struct word *x = &w->v[i], *next = x + 1;

    if (x->letters > 3 || !words_is_any(w, i, small, sizeof small / sizeof *small))
        return false;
    if (i + 1 >= w->n || next->gap & ~(GAP_SPACE | GAP_HYPHEN))
        return true;
    return !(word_is_capital(next) && !(x->flags & WORD_LINE_UPPER)) && next->shape != SHAPE_ALNUM && !(next->classes & LEX(NUMBER));
}

/* "mom O+", "baby B pos": a group of blood. */
static bool is_blood(const struct words *w, uint32_t i)
{
    static const char *const signs[] = {"pos", "neg", "positive", "negative"};
    const struct word *x = &w->v[i];
    char behind = x->end < w->len ? w->text[x->end] : ' ', next = x->end + 1 < w->len ? w->text[x->end + 1] : ' ';
    if (!strchr("ABOC", w->text[x->begin]))
        return false;
    if (i && x->gap == GAP_SPACE && x[-1].shape == SHAPE_TITLE && (words_is(w, i - 1, "child") || words_is(w, i - 1, "pugh"))) /* a class of cirrhosis */
        return true;
    return (strchr("+-", behind) && strchr(" ,;.)\n/", next)) || (i + 1 < w->n && x[1].gap == GAP_SPACE && words_is_any(w, i + 1, signs, sizeof signs / sizeof *signs));
}

/* "95 on 2 L." */
static bool is_liters(const struct words *w, uint32_t i)
{
    return i && w->text[w->v[i].begin] == 'L' && w->v[i].gap == GAP_SPACE && w->v[i - 1].shape == SHAPE_NUMBER && w->v[i - 1].letters <= 2;
}

bool candidate_is(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (x->flags & (WORD_TAKEN | WORD_CONTRACTED))
        return false;
    if (x->shape == SHAPE_INITIAL)
        return !candidate_is_credential(w, i) && !eponym_specimen(w, i + 1) && !is_sign(w, i) && !is_liters(w, i) && !is_blood(w, i) && !is_said_first(w, i) && !speaker_is(w, i) && !is_xray(w, i + 1) && !(w->text[x->begin] == 'I' && !(x->end < w->len && w->text[x->end] == '.'));
    if (x->shape == SHAPE_LOWER)
        return lower_candidate(w, i);
    if (x->classes & (LEX(CREDENTIAL) | LEX(ACRONYM)) && x->shape == SHAPE_UPPER && !(x->flags & WORD_LINE_UPPER) && i &&
        x[-1].label == LABEL_NAME && x[-1].shape == SHAPE_TITLE && x->gap == GAP_SPACE)
        return false; /* "Ramanathan NP", "Menon NPI 19..." */
    if (words_is_size(w, i) || (x->shape == SHAPE_UPPER && words_is(w, i, "oct") && !(x->flags & WORD_LINE_UPPER))) /* "28 Fr CT", "OCT Mac" of an eye */
        return false;
    if (x->classes & LEX(SUFFIX) && x->letters < 4) /* "II" goes with a name, alone it is a number */
        return i && x[-1].label == LABEL_NAME;
    if (x->shape == SHAPE_UPPER && !(x->flags & WORD_LINE_UPPER) && i + 1 < w->n && x[1].gap == GAP_HYPHEN && x[1].shape == SHAPE_INITIAL && x[1].begin == x->end + 1)
        return false; /* "ARIA-E" */
    if (x->shape == SHAPE_MIXED && x->end < w->len && w->text[x->end] == '=')
        return false; /* the key of a pair: "PatientLast=" */
    return word_is_capital(x) && !candidate_is_small(w, i) && !is_everyday(w, i) && !is_month(w, i) && !candidate_is_nobody(w, i);
}
