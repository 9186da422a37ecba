/* SPDX-License-Identifier: Apache-2.0
 *
 * Stretches of words with one tag, without the small words at their ends.
 */
#include "tagged.h"

#include "candidate.h"
#include "coded.h"
#include "eponym.h"
#include "evidence.h"
#include "lexicon.h"
#include "text.h"
#include "validate.h"

/* Percentages of the tagger; below LEAST only strict mode hides a word. */
enum { LEAST = 44, WEAK = 25, HARDLY = 10, NEVER = 2, SURE_NAME = 90, SURE_NUMBER = 70, SURE_ACRONYM = 90, SURE_PLACE = 90, SURE_DATE = 55, SURE_SCORE = 95, SURE_FORM = 85, SURE_CODE = 90, SURE_DIGITS = 95, SURE_CLOCK = 99, SURE_LARGE = 60 };
/* Scores: of a label that the tagger can take away, of what it gives, of what strict mode takes. */
enum { OVERRULED = 90, OVERRULED_HALF = 70, OVERRULED_EASILY = 60, SCORE_LEAST = 50, SCORE_WEAK = 30 };
enum { DIGITS_FEWEST = 4, FORM_FEWEST = 6, CODE_FEWEST = 5, LARGE_FEWEST = 7, ACRONYM_MOST = 5, CODED_WITHIN = 10, CODED_BEHIND = 4 };
/* Words beside a number tell plainly whose it is: e^2 against 1, in 1/256; the half e where all else does, too. */
enum { BESIDE_LEAST = 512, BESIDE_SOME = 128 };

static bool says(const struct tagger_run *run, uint32_t i, uint8_t tag)
{
    const struct tagging *t = &run->v[i - run->first];
    return t->percent >= LEAST && t->tag == tag;
}

bool tagged_any(const struct tagger_run *run)
{
    for (uint32_t k = 0; k < run->end - run->first; k++)
        if (run->v[k].percent >= WEAK)
            return true;
    return false;
}

/* "the", "near", "for" at the end of a name or a place belong to the sentence. */
static bool is_small(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (x->shape != SHAPE_LOWER || !(x->classes & LEX(COMMON)) || x->label)
        return false;
    return !(x->flags & WORD_LINE_LOWER) || x->letters <= 3 || x->classes & (LEX(PLACE) | LEX(VERB));
}

/* The words of a stretch that belong to what it is; false when none does. */
static bool trim(const struct words *w, uint32_t *first, uint32_t *end)
{
    while (*first < *end && is_small(w, *first))
        ++*first;
    while (*end > *first && is_small(w, *end - 1))
        --*end;
    return *first < *end;
}

/* "in March. The", but not "St. Mary", "J. Smith", "Jan. 5" */
static bool ends_sentence(const struct words *w, uint32_t i)
{
    const struct word *p = &w->v[i - 1];
    bool word = p->shape == SHAPE_LOWER && p->classes & LEX(COMMON);
    return w->v[i].gap & GAP_PERIOD && w->v[i].gap & (GAP_SPACE | GAP_LINE) && (word || p->letters > 3) && !(p->classes & LEX(MONTH) && p->letters == 4);
}

/* Words [i, *end) have one tag. */
static uint8_t stretch(const struct words *w, const struct tagger_run *run, uint32_t i, uint32_t *end)
{
    const struct tagging *t = &run->v[i - run->first];
    const uint16_t apart = GAP_BLANK | GAP_STOP;

    *end = i + 1;
    if (t->percent < LEAST)
        return TAG_NONE;
    while (*end < run->end && says(run, *end, t->tag) && !(w->v[*end].gap & apart) && !ends_sentence(w, *end))
        ++*end;
    return t->tag;
}

/* Five digits in a place are its ZIP code, a kind of its own. */
static bool is_zip(const struct word *x)
{
    return x->shape == SHAPE_NUMBER && x->end - x->begin == 5;
}

/* An initial or a number alone is nobody. */
static bool is_alone(const struct words *w, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++)
        if (w->v[i].shape < SHAPE_NUMBER && w->v[i].shape != SHAPE_INITIAL)
            return false;
    return !(first && w->v[first - 1].label) && !(end < w->n && w->v[end].label);
}

static bool has_surroundings(const struct words *w, uint32_t i)
{
    const uint16_t apart = GAP_LINE | GAP_START | GAP_STOP;
    return !(w->v[i].gap & apart) || (i + 1 < w->n && !(w->v[i + 1].gap & apart));
}

static void label_word(struct words *w, uint32_t i, uint8_t tag, unsigned percent)
{
    struct word *x = &w->v[i];
    bool link = x->shape == SHAPE_LOWER && (x->classes & LEX(PLACE) || words_is(w, i, "on") || words_is(w, i, "by")); /* "Kroger on Quill Street" are two */
    bool acronym = x->shape == SHAPE_UPPER && x->letters <= ACRONYM_MOST && !(x->flags & WORD_LINE_UPPER);

    bool heading = tag == TAG_PLACE && percent < SURE_PLACE && x->classes & LEX(HEADING) && x->shape == SHAPE_TITLE && x->gap & GAP_COMMA &&
                   i + 1 < w->n && x[1].shape == SHAPE_LOWER; /* "Quill Clinic, Assessment follows" */

    bool weekday = x->classes & LEX(WEEKDAY) && (x->letters == 4 || x->letters == 5); /* "Elko Hall Weds" */
    bool credential = acronym && tag == TAG_NAME && i && w->v[i - 1].label == LABEL_NAME && w->v[i - 1].shape == SHAPE_TITLE &&
                      x->classes & (LEX(CREDENTIAL) | LEX(ACRONYM)); /* "Kitamura DEA" */

    bool month = tag == TAG_NAME && percent < SURE_NAME && x->classes & LEX(MONTH) && x->letters > 3; /* "So, July." */

    if ((tag == TAG_NAME && x->shape == SHAPE_NUMBER && x->gap & (GAP_SPACE | GAP_LINE)) || link || heading || weekday || month || credential || (acronym && percent < SURE_ACRONYM) || is_zip(x) || candidate_is_credential(w, i) || (tag == TAG_NAME && candidate_is_nobody(w, i)) || eponym_is(w, i))
        return;
    if (tag == TAG_PLACE && percent >= SURE_PLACE && x->label != LABEL_NAME && has_surroundings(w, i))
        x->flags |= WORD_SURE;
    if (x->label)
        return;
    x->label = tag == TAG_NAME ? LABEL_NAME : LABEL_PLACE;
    x->score = (uint8_t)(SCORE_LEAST + (percent - LEAST) / 5);
    w->told[i / 64] |= (uint64_t)1 << i % 64;
}

/* "0245-0500" */
static bool is_clock(const struct words *w, uint32_t i)
{
    const char *s = w->text + w->v[i].begin;
    return w->v[i].end - w->v[i].begin == 4 && (s[0] < '2' || (s[0] == '2' && s[1] < '5')) && s[2] < '6';
}

/* "Mercy Flats [40] min", "Grand Ave [1979],", "St. Luke's Hilltop [1731],": a number that is no part of the place before it. */
static bool is_count_behind(const struct words *w, uint32_t i)
{
    static const char *const units[] = {"min", "mins", "minutes", "hr", "hrs", "h", "miles", "mi", "yrs", "years", "days", "weeks", "months", "am", "pm"};
    const struct word *x = &w->v[i];

    if (x->shape != SHAPE_NUMBER || is_zip(x))
        return false;
    if (is_clock(w, i) && x->gap == GAP_SPACE && !(x[-1].classes & LEX(STREET)) && x[-1].letters > 2 && !(x[-1].classes & LEX(COMMON)))
        return true;
    bool year = x->letters == 4 && x->gap == GAP_SPACE && (!memcmp(w->text + x->begin, "19", 2) || !memcmp(w->text + x->begin, "20", 2));
    return year || x->gap & (GAP_LINE | GAP_BLANK) || words_is_any(w, i + 1, units, sizeof units / sizeof *units);
}

/* "Seen for Liposuction", "Dx: Metformin": a term of medicine that is no town. */
static bool is_term(const struct word *x)
{
    return x->classes & LEX(DRUG) || (x->facts & FACT_SCIENCE && x->shape != SHAPE_LOWER && candidate_likeness(x) < 2 && !FACT_CITY(x->facts));
}

static void label_stretch(struct words *w, const struct tagger_run *run, uint32_t first, uint32_t end, uint8_t tag)
{
    if (!trim(w, &first, &end) || is_alone(w, first, end))
        return;
    if (tag == TAG_PLACE && end == first + 1 && w->v[first].shape == SHAPE_NUMBER && !is_zip(&w->v[first]) && w->v[first].gap & (GAP_LINE | GAP_BLANK | GAP_START))
        return; /* "[408] Smith": a room in a list */
    if (tag == TAG_PLACE && end > first + 1 && is_count_behind(w, end - 1))
        end--;
    if (tag == TAG_PLACE && end == first + 1 && first && (words_is(w, first - 1, "a") || words_is(w, first - 1, "an")))
        return; /* "in a Rush" */
    if (tag == TAG_PLACE && end == first + 1 && is_term(&w->v[first]) && run->v[first - run->first].percent < SURE_PLACE)
        return;
    for (uint32_t i = first; i < end; i++)
        label_word(w, i, tag, run->v[i - run->first].percent);
}

/* As in prose.c: what strict mode takes is written as a name is. */
static bool may_be_weak(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    bool written = (word_is_capital(x) && !(x->shape == SHAPE_UPPER && x->letters <= 2)) ||
                   (x->shape == SHAPE_LOWER && x->flags & WORD_LINE_LOWER && !(x->classes & LEX(MONTH)));
    return written && !(x->classes & (LEX(COMMON) | LEX(ACRONYM))) && !evidence_plain(w, i) && !eponym_is(w, i);
}

/* "Verna Red [Shirt]", "Deer Park [ED]" */
static bool is_half(const struct words *w, uint32_t i)
{
    return i && w->v[i].label == w->v[i - 1].label && w->v[i].gap == GAP_SPACE;
}

/* The surer evidence was, the surer the tagger must be that it is nothing; no half of a name is taken back, nor of a place for which more speaks. */
static bool is_overruled(const struct words *w, uint32_t i, unsigned percent)
{
    const struct word *x = &w->v[i];
    bool half = is_half(w, i);

    if (percent >= HARDLY)
        return percent < WEAK && x->score < OVERRULED_EASILY && !half;
    return x->score < OVERRULED && !(half && (x->label == LABEL_NAME || x->score >= OVERRULED_HALF));
}

/* "Deacon [Ray]", "[Brandi Kell] IBCLC": the word beside is a name for sure, this one is none. */
static bool stands_beside_name(const struct words *w, const struct tagger_run *run, uint32_t i)
{
    const struct tagging *t = &run->v[i - run->first];
    bool left = i > run->first && t[-1].tag == TAG_NAME && t[-1].percent >= SURE_NAME && !(w->v[i].gap & ~(GAP_SPACE | GAP_COMMA));
    bool right = i + 1 < run->end && t[1].tag == TAG_NAME && t[1].percent >= SURE_NAME && w->v[i + 1].gap == GAP_SPACE;

    return t->percent <= NEVER && (left || right);
}

static void doubt_word(struct words *w, const struct tagger_run *run, uint32_t i)
{
    const struct tagging *t = &run->v[i - run->first];
    struct word *x = &w->v[i];

    bool none = is_overruled(w, i, t->percent);
    bool month = x->shape == SHAPE_LOWER && x->classes & LEX(MONTH) && !(t->tag <= TAG_PLACE && t->percent >= LEAST); /* "was it , june" */

    if (x->label && (none || month || stands_beside_name(w, run, i))) {
        x->label = LABEL_NONE;
        x->score = SCORE_WEAK;
    } else if (!x->label && t->percent >= WEAK && t->tag <= TAG_PLACE && x->score < SCORE_WEAK && may_be_weak(w, i)) {
        x->score = SCORE_WEAK;
        w->told[i / 64] |= (uint64_t)1 << i % 64;
    }
}

/* "Verna Red [Shirt]": beside the half of a name or a place that is known, less makes the other half. */
static void label_half(struct words *w, const struct tagger_run *run, uint32_t i, uint32_t beside)
{
    const struct tagging *t = &run->v[i - run->first];
    uint8_t label = w->v[beside].label;

    if (t->percent >= WEAK && t->tag <= TAG_PLACE && label && w->v[i > beside ? i : beside].gap == GAP_SPACE && word_is_capital(&w->v[i]))
        label_word(w, i, label == LABEL_NAME ? TAG_NAME : TAG_PLACE, LEAST);
}

static void label_halves(struct words *w, const struct tagger_run *run)
{
    for (uint32_t i = run->first + 1; i < run->end; i++)
        label_half(w, run, i, i - 1);
    for (uint32_t i = run->end - 1; i-- > run->first;)
        label_half(w, run, i, i + 1);
}

void tagged_label(struct words *w, const struct tagger_run *run)
{
    uint32_t end;

    for (uint32_t i = run->first; i < run->end; i++)
        doubt_word(w, run, i);
    for (uint32_t i = run->first; i < run->end; i = end) {
        uint8_t tag = stretch(w, run, i, &end);
        if (tag == TAG_NAME || tag == TAG_PLACE)
            label_stretch(w, run, i, end, tag);
    }
    label_halves(w, run);
}

/* Of words that count all sorts of things. */
static bool is_rank(const struct words *w, uint32_t i)
{
    return words_is(w, i, "the") || words_is(w, i, "first") || words_is(w, i, "second") || words_is(w, i, "third");
}

static uint32_t digits_in(const struct words *w, uint32_t i)
{
    uint32_t digits = 0;

    if (w->v[i].shape == SHAPE_LOWER)
        return w->v[i].classes & LEX(NUMBER) || words_is(w, i, "oh"); /* "six six two one" */
    for (uint32_t at = w->v[i].begin; at < w->v[i].end; at++)
        digits += text_is_digit(w->text[at]);
    return digits;
}

static uint32_t digits_of(const struct words *w, uint32_t first, uint32_t end)
{
    uint32_t digits = 0;

    for (uint32_t i = first; i < end; i++)
        digits += digits_in(w, i);
    return digits;
}

/* "24-051883": written as somebody's number is, no drug's and no span of time. */
static bool is_form(const struct words *w, uint32_t first, uint32_t end)
{
    for (uint32_t i = first + 1; i < end; i++)
        if (w->v[i].gap != GAP_HYPHEN)
            return false;
    if (end < first + 2 || (first && words_is(w, first - 1, "ndc")) || (end == first + 2 && is_clock(w, first) && is_clock(w, first + 1)))
        return false;
    return digits_of(w, first, end) >= FORM_FEWEST;
}

/* "0700-1500", "97110/97140": two that stand side by side. */
static bool is_several(const struct words *w, uint32_t first, uint32_t end)
{
    for (uint32_t i = first + 1; i < end; i++)
        if (w->v[i].gap & GAP_SLASH || (w->v[i].gap == GAP_HYPHEN && is_clock(w, i - 1) && is_clock(w, i)))
            return true;
    return false;
}

/* "4471882, 4471883": a list of numbers, which says of none whose it is. */
static bool is_listed(const struct words *w, uint32_t first, uint32_t end)
{
    return (first && w->v[first].gap & GAP_COMMA && w->v[first - 1].shape == SHAPE_NUMBER) || (end < w->n && w->v[end].gap & GAP_COMMA && w->v[end].shape == SHAPE_NUMBER);
}

/* Digits alone say little ("4/10" is a pain, "1250" a count). How they are joined must say that they are somebody's, or a word beside, or
 * that they are many and the tagger sure. */
static bool is_sure_number(const struct words *w, uint32_t first, uint32_t end, unsigned percent)
{
    uint32_t digits = digits_of(w, first, end);
    bool large = digits >= LARGE_FEWEST && !is_several(w, first, end) && !is_listed(w, first, end); /* nothing in a note is counted in millions */
    if ((percent >= SURE_FORM && is_form(w, first, end)) || (percent >= SURE_DIGITS && large))
        return true;
    if (percent < (large ? SURE_LARGE : SURE_NUMBER) || (percent < SURE_CLOCK && end == first + 1 && is_clock(w, first)))
        return false;
    bool likely = large || (percent >= SURE_DIGITS && digits > DIGITS_FEWEST); /* four may be a time or a year */
    return tagger_beside(w, first, end - 1, TAG_NUMBER) >= (likely ? BESIDE_SOME : BESIDE_LEAST);
}

/* "5/10", "4/5", "2/6 at the apex": so pain, strength and murmurs are written, too. */
static bool may_be_score(const struct words *w, uint32_t end)
{
    static const char *const murmur[] = {"at", "systolic", "diastolic", "sem", "murmur", "holosystolic", "early", "blowing"};
    bool graded = words_is(w, end - 1, "6") && words_is_any(w, end, murmur, sizeof murmur / sizeof *murmur);
    return w->v[end - 1].gap == GAP_SLASH && (graded || words_is(w, end - 1, "5") || words_is(w, end - 1, "10"));
}

/* "C6/5-7/6": what is joined to something in front is part of it, no day. */
static bool is_joined_in_front(const struct words *w, uint32_t first)
{
    return w->v[first].gap && !(w->v[first].gap & ~(GAP_HYPHEN | GAP_SLASH | GAP_PERIOD | GAP_APOSTROPHE | GAP_UNDERSCORE));
}

/* Words and digits together, or what is sure; a single word ("march") says little of a date. */
static bool is_sure(const struct words *w, uint32_t first, uint32_t end, uint8_t tag, unsigned percent)
{
    unsigned words = 0, numbers = 0, mixed = 0;
    uint64_t alike = LEX(WEEKDAY) | LEX(MONTH);

    for (uint32_t i = first; i < end; i++) {
        alike &= w->v[i].classes;
        words += w->v[i].shape < SHAPE_NUMBER && !is_rank(w, i);
        numbers += w->v[i].shape == SHAPE_NUMBER;
        mixed += w->v[i].shape == SHAPE_ALNUM && (tag == TAG_NUMBER || text_is_digit(w->text[w->v[i].begin])); /* "12th", not "C6" */
    }
    if (tag == TAG_NUMBER)
        return words + mixed || is_sure_number(w, first, end, percent);
    if (alike && words > 1)
        return false; /* "november october september", "Monday Wednesday Friday" */
    if (tag == TAG_DATE && !words && w->v[end - 1].gap == GAP_HYPHEN && (words_is(w, end, "l") || words_is(w, end, "liters")))
        return false; /* "on 2-3 L" */
    if (numbers && (is_joined_in_front(w, first) || (end == first + 1 && w->v[first].letters == 4)))
        return false; /* a year alone is nobody's */
    if (numbers > 3 && !words)
        return false; /* "12/5, 3/4" */
    return mixed || words > 1 || (words && numbers) || (words + numbers && percent >= (may_be_score(w, end) ? SURE_SCORE : SURE_DATE));
}

/* Somebody's number is no word and no count: four digits, or letters and digits in one, of which the tagger is sure. */
static bool has_length(const struct words *w, uint32_t first, uint32_t end, unsigned percent)
{
    uint32_t digits = digits_of(w, first, end);
    bool code = end > first && w->v[first].shape != SHAPE_LOWER && (end == first + 1 || w->v[end - 1].gap == GAP_HYPHEN);

    return digits >= DIGITS_FEWEST || (digits && code && percent >= SURE_CODE && w->v[end - 1].end - w->v[first].begin >= CODE_FEWEST);
}

/* Where the date or number that begins with word i ends, before end; how sure its least sure word is. */
static uint32_t form_end(const struct words *w, const struct tagger_run *run, uint32_t i, uint32_t end, uint8_t tag, unsigned *percent)
{
    const uint16_t apart = GAP_LINE | GAP_BLANK | GAP_STOP | GAP_OPEN | GAP_CLOSE | GAP_QUOTE;
    const uint16_t not_in_number = GAP_COMMA | GAP_COLON;
    uint32_t first = i;

    *percent = 100;
    for (; i < end && !w->v[i].label; i++) {
        unsigned sure = run->v[i - run->first].percent;
        if (i > first && w->v[i].gap & (apart | (tag == TAG_NUMBER ? not_in_number : 0)))
            break;
        *percent = sure < *percent ? sure : *percent;
    }
    return i;
}

/* A word of the sentence or a label, no part of a number. */
static bool is_said(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (x->shape == SHAPE_LOWER)
        return x->letters > 1 && !digits_in(w, i);
    return x->shape < SHAPE_NUMBER && x->classes;
}

/* "24h", "7d", "26pp" */
static bool is_span(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    return x->shape == SHAPE_ALNUM && x->end - x->begin <= 4 && text_is_digit(w->text[x->begin]) && w->text[x->end - 1] >= 'a' && w->text[x->end - 1] <= 'z';
}

static bool is_joined(const struct words *w, uint32_t i)
{
    return i < w->n && w->v[i].gap == GAP_HYPHEN; /* "SR-24-31" */
}

static void trim_number(const struct words *w, uint32_t *first, uint32_t *end)
{
    while (*first < *end && (is_said(w, *first) || is_span(w, *first)) && !is_joined(w, *first + 1))
        ++*first;
    while (*end > *first && (is_said(w, *end - 1) || is_span(w, *end - 1)) && !is_joined(w, *end - 1))
        --*end;
}

/* "the [4th] toe", "the [9th] edition": what is counted stands behind. */
static bool is_ordinal_of(const struct words *w, uint32_t first, uint32_t end)
{
    static const char *const counted[] = {"toe", "toes", "finger", "fingers", "digit", "metatarsal", "metacarpal", "phalanx", "rib", "ribs", "vertebra", "ventricle", "nerve", "molar",
                                          "cranial", "thoracic", "lumbar", "cervical", "intercostal", "interspace", "edition", "generation", "line", "degree", "percentile", "grade", "dose", "cycle"};
    return end == first + 1 && end < w->n && w->v[first].shape == SHAPE_ALNUM && w->v[end].gap == GAP_SPACE && words_is_any(w, end, counted, sizeof counted / sizeof *counted);
}

/* "pg [1/1]", "GDS [6/30]" */
static bool is_page(const struct words *w, uint32_t first, uint32_t end)
{
    static const char *const before[] = {"pg", "page", "p", "gds", "cas", "score", "grade", "strength", "murmur"};
    return first && end == first + 2 && !(w->v[first].gap & ~(GAP_SPACE | GAP_PERIOD | GAP_COLON)) && words_is_any(w, first - 1, before, sizeof before / sizeof *before);
}

/* "billing 97161-97163", "CPT 97110, 97140": codes of procedures have five digits. */
static bool is_procedure(const struct words *w, uint32_t first, uint32_t end)
{
    static const char *const billed[] = {"cpt", "hcpcs", "bill", "billed", "billing", "bills", "code", "codes", "coded", "coding", "modifier", "modifiers", "bundled", "unbundle", "payer", "eval"};
    bool said = false;

    for (uint32_t i = first; i < end; i++)
        if (!is_zip(&w->v[i]) && !(i > first && w->v[i].shape == SHAPE_NUMBER && w->v[i].letters == 2))
            return false;
    for (uint32_t i = first; i > 0 && first - i < CODED_WITHIN && !said; i--)
        said = words_is_any(w, i - 1, billed, sizeof billed / sizeof *billed);
    for (uint32_t i = end; i < w->n && i < end + CODED_BEHIND && !said; i++)
        said = words_is_any(w, i, billed, sizeof billed / sizeof *billed);
    return said;
}

static int emit_form(const struct words *w, struct phi_candidate c, uint32_t first, uint32_t end, unsigned percent, struct phi_candidates *sink)
{
    if (c.kind == PHI_OTHER_CODE) {
        trim_number(w, &first, &end);
        if (!has_length(w, first, end, percent))
            return 0;
    } else if (!trim(w, &first, &end)) {
        return 0;
    }
    if (!is_sure(w, first, end, c.kind == PHI_OTHER_CODE ? TAG_NUMBER : TAG_DATE, percent))
        return 0;
    if (c.kind == PHI_OTHER_CODE ? is_procedure(w, first, end) : is_ordinal_of(w, first, end) || is_page(w, first, end))
        return 0;
    c.begin = w->v[first].begin;
    c.end = w->v[end - 1].end;
    if (c.kind == PHI_OTHER_CODE && (coded_billed(w->text, c.begin, c.end, c.kind) || phi_help_line(w->text + c.begin, c.end - c.begin)))
        return 0;
    c.score = (uint8_t)(SCORE_LEAST + (percent - LEAST) / 10); /* whatever a rule says of the same words says more */
    return phi_candidate_add(sink, &c);
}

static int emit_zip(const struct words *w, uint32_t first, uint32_t end, uint16_t rule, struct phi_candidates *sink)
{
    bool behind = first && w->v[first - 1].shape < SHAPE_NUMBER && (w->v[first - 1].label || w->v[first - 1].classes & (LEX(STATE) | LEX(COUNTRY)));
    for (uint32_t i = behind ? first : first + 1; i < end; i++) {
        bool sum = w->v[i].begin > 1 && w->text[w->v[i].begin - 2] == '+';
        bool list = w->v[i].gap & GAP_OPEN && i + 1 < w->n && is_zip(&w->v[i + 1]);
        if (w->v[i].gap & GAP_CLOSE || w->v[i].gap == GAP_SLASH || sum || list) /* "(Xiaflex) 20527 + 26341", "(92611, 92526)" */
            continue;
        struct phi_candidate c = {.kind = PHI_GEO_ZIP, .rule = rule, .score = SCORE_LEAST, .begin = w->v[i].begin, .end = w->v[i].end};
        if (is_zip(&w->v[i]) && phi_candidate_add(sink, &c) < 0)
            return -1;
    }
    return 0;
}

int tagged_emit(const struct words *w, const struct tagger_run *run, struct tagged_rules rules, struct phi_candidates *sink)
{
    uint32_t end;
    unsigned percent;

    for (uint32_t i = run->first; i < run->end; i = end) {
        uint8_t tag = stretch(w, run, i, &end);
        if (tag == TAG_PLACE && emit_zip(w, i, end, rules.zip, sink) < 0)
            return -1;
        if (tag != TAG_DATE && tag != TAG_NUMBER)
            continue;
        struct phi_candidate c = {.kind = tag == TAG_DATE ? PHI_DATE_OTHER : PHI_OTHER_CODE, .rule = tag == TAG_DATE ? rules.date : rules.number};
        uint32_t form = form_end(w, run, i, end, tag, &percent);
        if (form > i && emit_form(w, c, i, form, percent, sink) < 0)
            return -1;
        end = form > i ? form : i + 1;
    }
    return 0;
}
