/* SPDX-License-Identifier: Apache-2.0
 *
 * Each form is a small reader that is anchored at a word. What has a month name or a full year is a date by itself; bare
 * "3/4" needs a cue before it and no decoy around it (pain 7/10, strength 5/5, 20/25 vision, 1/2 tablet).
 */
#include "dates.h"

#include <string.h>
#include <strings.h>

#include "dates_abroad.h"
#include "lexicon.h"
#include "phi.h"
#include "word_lists.h"

enum { STUDY_SCORE = 40 }; /* of a date that is mostly the period of a study */

struct number {
    int value;
    unsigned words;
};

int dates_digits(const struct words *w, uint32_t i)
{
    int value = 0;

    if (i >= w->n || w->v[i].shape != SHAPE_NUMBER || w->v[i].letters > 4)
        return -1;
    for (uint32_t k = w->v[i].begin; k < w->v[i].end; k++) {
        if (w->text[k] < '0' || w->text[k] > '9')
            return -1;
        value = value * 10 + (w->text[k] - '0');
    }
    return value;
}

/* 4, 4th, fourth, twenty-first. ordinal: only what cannot be a plain number. */
static struct number read_day(const struct words *w, uint32_t i, bool *sure)
{
    struct number day = {dates_digits(w, i), 1};

    *sure = false;
    if (i >= w->n)
        return (struct number){0, 0};
    if (day.value < 0 && w->v[i].shape == SHAPE_ALNUM) {
        const char *s = w->text + w->v[i].begin;
        unsigned n = w->v[i].end - w->v[i].begin, lead = n > 0 && s[0] >= '0' && s[0] <= '9';
        lead += lead && n > 1 && s[1] >= '0' && s[1] <= '9';
        if (lead && n == lead + 2 && (!strncasecmp(s + lead, "st", 2) || !strncasecmp(s + lead, "nd", 2) ||
                                      !strncasecmp(s + lead, "rd", 2) || !strncasecmp(s + lead, "th", 2))) {
            day.value = lead == 2 ? (s[0] - '0') * 10 + s[1] - '0' : s[0] - '0';
            *sure = true;
        }
    } else if (day.value < 0) {
        day.value = dates_read_number(w, i, &day.words, sure);
    } else if (w->v[i].letters > 2) {
        day.value = -1;
    }
    if (day.value < 1 || day.value > 31)
        return (struct number){0, 0};
    return day;
}

static bool is_month(const struct words *w, uint32_t i)
{
    return i < w->n && w->v[i].classes & LEX(MONTH) && !(w->v[i].flags & (WORD_CONTRACTED | WORD_POSSESSIVE));
}

/* "may", "march", "mar" and the like are also words. */
static bool is_sure_month(const struct words *w, uint32_t i)
{
    bool day = i + 1 < w->n && w->v[i + 1].shape == SHAPE_NUMBER && w->v[i + 1].letters <= 2 && w->v[i + 1].gap == GAP_SPACE;
    if (!is_month(w, i) || w->v[i].shape != SHAPE_LOWER)
        return is_month(w, i);
    return !words_in(w, i, LIST(DOUBTFUL_MONTH)) && (day || !words_in(w, i, LIST(NAME_MONTH)));
}

static bool is_range_link(const struct words *w, uint32_t i)
{
    return words_in(w, i, LIST(RANGE_LINK));
}

/* "3-5", "3 to 5", "3, 4 and 5" behind "March": further days. */
static uint32_t more_days(const struct words *w, uint32_t last)
{
    bool sure;

    for (unsigned k = 0; k < 3; k++) {
        uint32_t i = last + 1;
        struct number day;
        if (i >= w->n || w->v[i].gap & (GAP_LINE | GAP_BLANK | GAP_PERIOD | GAP_COLON | GAP_SLASH))
            break;
        if (is_range_link(w, i))
            i++;
        else if (!(w->v[i].gap & (GAP_HYPHEN | GAP_OTHER)))
            break;
        day = read_day(w, i, &sure);
        if (!day.words || (i + 1 < w->n && w->v[i + 1].gap & (GAP_SLASH | GAP_HYPHEN)))
            break;
        last = i + day.words - 1;
    }
    return last;
}

/* "Between April 1989 and November 2004, 1,796 men ...": the period of a study is no date of a person. */
static bool is_study(const struct words *w, const struct date *date)
{
    uint32_t first = date->first > 24 ? date->first - 24 : 0;
    bool range = date->first && words_in(w, date->first - 1, LIST(PERIOD_LINK));

    for (uint32_t k = first; k < w->n && k < date->last + 24; k++)
        if (w->v[k].shape == SHAPE_LOWER && (words_in(w, k, range ? LIST(STUDY) | LIST(STUDIED) : LIST(STUDY))))
            return true;
    return false;
}

/* "on may 12": a month that is also a word, behind a word for days. */
static bool is_doubtful_day(const struct words *w, uint32_t i, uint32_t k)
{
    static const char *const cues[] = {"on", "by", "until", "since", "til", "till"};
    return i && w->v[i].gap == GAP_SPACE && words_is_any(w, i - 1, cues, sizeof cues / sizeof *cues) && w->v[k].shape == SHAPE_NUMBER && w->v[k].gap == GAP_SPACE;
}

/* "november eighteen, yes": a number word that nothing is counted with. */
static bool is_day_said(const struct words *w, uint32_t i, uint32_t k)
{
    static const char *const behind[] = {"yes", "yeah", "yep", "no", "correct", "right", "at", "and", "i", "was", "is", "he", "she", "they", "we", "uh", "um"};
    if (!is_sure_month(w, i) || w->v[k].shape == SHAPE_NUMBER || w->v[k].gap != GAP_SPACE)
        return false;
    return k + 1 >= w->n || w->v[k + 1].gap & (GAP_COMMA | GAP_PERIOD | GAP_LINE | GAP_STOP) || words_is_any(w, k + 1, behind, sizeof behind / sizeof *behind);
}

/* "Aug/14[/1970]" */
static bool is_slashed_year(const struct words *w, uint32_t i)
{
    return words_joined(w, i, GAP_SLASH) && dates_year_words(w, i);
}

/* March 4, 2021 · Aug/14/1970 · Mar 4th · march fourth · March 3-5 · March 2021 */
static bool find_month_first(const struct words *w, uint32_t i, struct date *out)
{
    bool sure, year;
    struct number day;

    out->first = i;
    if (!is_month(w, i) || !words_joined(w, i + 1, GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | GAP_COMMA | GAP_SLASH))
        return false;
    uint32_t k = i + 1 + (words_is(w, i + 1, "the") && i + 2 < w->n);
    day = read_day(w, k, &sure);
    if (day.words && words_joined(w, k, GAP_SPACE | GAP_PERIOD | GAP_HYPHEN | (is_slashed_year(w, k + day.words) ? GAP_SLASH : 0))) {
        out->last = dates_with_year(w, more_days(w, k + day.words - 1), &year);
        if (!year && !sure && day.words < 2 && !is_doubtful_day(w, i, k) && !is_day_said(w, i, k) && (!is_sure_month(w, i) || w->v[k].shape != SHAPE_NUMBER || w->v[i].gap & GAP_HYPHEN))
            return false;
        out->score = year ? 95 : sure ? 90 : 80;
        return true;
    }
    out->last = dates_with_year(w, i, &year);
    out->score = is_study(w, out) ? STUDY_SCORE : 90;
    bool said = out->last > i + 1; /* "march twenty twenty four" */
    return year && (said || is_sure_month(w, i) || w->v[i + 1].shape == SHAPE_NUMBER);
}

/* 4 March 2021 · the third of March · 04-MAR-2021 · 4th March */
static bool find_day_first(const struct words *w, uint32_t i, struct date *out)
{
    bool sure, year;
    struct number day = read_day(w, i, &sure);
    uint32_t k = i + day.words;

    if (!day.words || (i && w->v[i].gap & (GAP_SLASH | GAP_HYPHEN) && w->v[i - 1].shape == SHAPE_NUMBER))
        return false;
    if (words_is(w, k, "of"))
        k++;
    if (!is_month(w, k) || !words_joined(w, k, GAP_SPACE | GAP_HYPHEN | GAP_SLASH | GAP_PERIOD | GAP_COMMA))
        return false;
    out->first = i;
    out->last = dates_with_year(w, k, &year);
    out->score = year ? 95 : 85;
    return year || (sure && is_sure_month(w, k)) || k > i + day.words || (is_sure_month(w, k) && w->v[k].shape != SHAPE_LOWER &&
                                             w->v[k].gap == GAP_SPACE && !(w->v[i].gap & GAP_PERIOD));
}

/* 1/2, 3/4, 7/8 are parts of something and 5/5 is all of it; 4/5, 2/6, 7/10 and 9/9 are mostly scores. */
enum fraction { FRACTION_PART, FRACTION_SCORE, FRACTION_NONE };

static enum fraction fraction_of(int a, int b)
{
    if ((a == b && a <= 6) || (a < b && (b <= 4 || (b == 8 && a % 2))))
        return FRACTION_PART;
    return a == b || (a < b && (b == 5 || b == 6 || b == 10)) ? FRACTION_SCORE : FRACTION_NONE;
}

/* "d/c", as discharges are written */
static bool is_discharge(const struct words *w, uint32_t i)
{
    return i && words_is(w, i, "c") && w->v[i].gap == GAP_SLASH && words_is(w, i - 1, "d");
}

/* "hemicolectomy 6/4": what was done, by the end of the word. */
static bool is_procedure(const struct words *w, uint32_t i)
{
    static const char *const ends[] = {"ectomy", "plasty", "otomy", "ostomy", "oscopy"};
    const char *end = w->text + w->v[i].end;

    for (size_t k = 0; w->v[i].letters > 8 && k < sizeof ends / sizeof *ends; k++)
        if (strncasecmp(end - strlen(ends[k]), ends[k], strlen(ends[k])) == 0)
            return true;
    return false;
}

/* "OCT with Dr. Leong 9/9": when he sees the doctor. */
static bool is_behind_doctor(const struct words *w, uint32_t i)
{
    return i > 1 && w->v[i].gap == GAP_SPACE && w->v[i - 1].shape == SHAPE_TITLE && !(w->v[i - 1].gap & ~(GAP_SPACE | GAP_PERIOD)) && w->v[i - 2].classes & LEX(DOCTOR) && w->v[i - 2].shape != SHAPE_LOWER;
}

/* What kind of day the words before say it is; cued: whether they say that a day follows at all. */
static enum phi_kind kind_before(const struct words *w, uint32_t i, bool *cued)
{
    enum phi_kind kind = PHI_DATE_OTHER;

    *cued = false;
    for (uint32_t k = i; k > 0 && k + 4 > i; k--) {
        uint32_t p = k - 1;
        if (w->v[k].gap & (GAP_LINE | GAP_BLANK | GAP_STOP) && k != i)
            break;
        uint64_t lists = words_lists(w, p);
        if (lists & LIST(BIRTH))
            kind = PHI_DATE_DOB;
        else if (lists & LIST(DEATH))
            kind = PHI_DATE_DEATH;
        else if (lists & LIST(SERVICE) && kind == PHI_DATE_OTHER)
            kind = PHI_DATE_SERVICE;
        if (lists & LIST(DAY_CUE) && (k == i || (k + 1 == i && w->v[k].classes & LEX(DRUG)))) /* "started Ozempic 2/3" */
            *cued = true;
        *cued |= k + 1 == i && (words_is(w, p, "next") || (words_is(w, p, "last") && fraction_of(dates_digits(w, i), dates_digits(w, i + 1)) == FRACTION_NONE)); /* "next injection 7/3" */
        *cued |= k == i && (is_discharge(w, p) || is_procedure(w, p) || w->v[p].classes & LEX(WEEKDAY) || is_behind_doctor(w, i));
    }
    *cued |= kind != PHI_DATE_OTHER;
    return kind;
}

/* "7/3 at Cedars" behind a cue or with a number too high for a score: a place, not a part of the body. */
static bool is_at_place(const struct words *w, uint32_t last, bool cued)
{
    return (cued || dates_digits(w, last) > 12) && (words_is(w, last + 1, "at") || words_is(w, last + 1, "on") || (cued && words_is(w, last + 1, "in")));
}

/* "5/8 by Dr Venkat", "5/8 w/ Dr" */
static bool is_before_doctor(const struct words *w, uint32_t last)
{
    bool link = words_is(w, last + 1, "by") || words_is(w, last + 1, "with") || words_is(w, last + 1, "w");
    return link && last + 2 < w->n && w->v[last + 2].classes & LEX(DOCTOR);
}

/* 12/29 is no score and no part: these end at 15, 20, 21, 23, 27, 28, 30. */
static bool is_no_score(int b)
{
    return b > 12 && b != 15 && b != 20 && b != 21 && b != 23 && b != 27 && b != 28 && b != 30;
}

/* "shoulder 3/5, grip 4/5", "(3+2+1=6/9)": how strong a limb is, and what adds up. */
static bool is_graded(const struct words *w, uint32_t first, uint32_t last)
{
    static const char *const limbs[] = {"shoulder", "elbow", "hip", "knee", "ankle", "wrist", "hand", "foot", "arm", "leg", "fingers", "finger", "toe", "toes", "thumb", "deltoids", "tib", "gastroc", "triceps", "ue", "le",
                                        "rue", "lue", "rle", "lle", "bue", "ble", "hf", "ke", "df", "pf"};
    const struct word *x = &w->v[first];

    if (x->begin && w->text[x->begin - 1] == '=')
        return true;
    return dates_digits(w, last) == 5 && dates_digits(w, first) <= 5 && first && !(x->gap & (GAP_LINE | GAP_PERIOD)) && words_is_any(w, first - 1, limbs, sizeof limbs / sizeof *limbs);
}

/* Words beside a bare fraction that make it none of a calendar. */
static bool is_decoy(const struct words *w, uint32_t first, uint32_t last, bool cued)
{
    if (is_graded(w, first, last))
        return true;
    for (uint32_t k = first; k > 0 && k + 3 > first && !(k < first && (is_no_score(dates_digits(w, last)) || w->v[k].gap & GAP_OPEN)); k--)
        if (words_in(w, k - 1, LIST(BEFORE_FRACTION)) && !(w->v[k].gap & (GAP_LINE | GAP_PERIOD)) && !is_discharge(w, k - 1) &&
            (k == first || w->v[k - 1].letters > 1)) /* a letter is a part of the spine right before its number only */
            return true;
    if (cued && words_is(w, last + 1, "l") && w->text[w->v[last + 1].begin] == 'L' && is_no_score(dates_digits(w, last))) /* "adm 2/22 L MCA", no liters */
        return false;
    if (is_at_place(w, last, cued) || (is_no_score(dates_digits(w, last)) && words_is(w, last + 1, "normal")))
        return false;
    return last + 1 < w->n && !(w->v[last + 1].gap & (GAP_PERIOD | GAP_LINE | GAP_CLOSE | GAP_COMMA)) && words_in(w, last + 1, LIST(BEHIND_FRACTION));
}

bool dates_one_mark(const struct words *w, uint32_t i, uint16_t mark)
{
    return i < w->n && w->v[i].gap == mark && w->v[i].begin == w->v[i - 1].end + 1;
}

/* "auth 3.15.24", "seen 11-13-23" of these decades; no version, no ratio ("10-20-30"). */
static bool is_recent_day(const struct words *w, uint32_t i, uint16_t mark)
{
    static const char *const not_behind[] = {"version", "v", "ver", "rev", "release", "build", "firmware", "software", "section", "chapter", "ratio"};
    int a = dates_digits(w, i), c = dates_digits(w, i + 2);

    if (c < 15 || c > 29 || (mark == GAP_HYPHEN && a > 12) || (w->v[i].gap && !(w->v[i].gap & (GAP_SPACE | GAP_LINE | GAP_OPEN))))
        return false;
    return !(i && words_is_any(w, i - 1, not_behind, sizeof not_behind / sizeof *not_behind));
}

/* 3/4/2021 3-4-21 2021-03-04 3.4.2021: three numbers with the same mark. */
static bool find_numeric(const struct words *w, uint32_t i, bool cued, struct date *out)
{
    int a = dates_digits(w, i), b = dates_digits(w, i + 1), c = dates_digits(w, i + 2);
    uint16_t mark = i + 1 < w->n ? w->v[i + 1].gap : 0;
    unsigned wide = i + 2 < w->n ? w->v[i + 2].letters : 0;
    bool first_year, last_year;

    if (a < 0 || b < 0 || !(mark == GAP_SLASH || mark == GAP_HYPHEN || mark == GAP_PERIOD) || !dates_one_mark(w, i + 1, mark) ||
        !dates_one_mark(w, i + 2, mark) || (i + 3 < w->n && dates_one_mark(w, i + 3, mark) && w->v[i + 3].shape == SHAPE_NUMBER))
        return false;
    if (c < 0 && w->v[i + 2].shape == SHAPE_ALNUM && a >= 1900 && a <= 2100) /* 2021-03-04T10 */
        c = w->text[w->v[i + 2].begin] - '0' <= 3 ? 1 : 0, wide = 2;
    first_year = w->v[i].letters == 4 && a >= 1880 && a <= 2100 && b >= 1 && b <= 12 && c >= 1 && c <= 31;
    last_year = w->v[i].letters <= 2 && w->v[i + 1].letters <= 2 && a >= 1 && b >= 1 && a <= 31 && b <= 31 && (a <= 12 || b <= 12) &&
                ((wide == 4 && c >= 1880 && c <= 2100) || (wide == 2 && c >= 0 && (mark == GAP_SLASH || cued || is_recent_day(w, i, mark))));
    out->first = i;
    out->last = i + 2;
    out->score = wide == 4 || first_year ? 95 : cued ? 90 : 75;
    return first_year || last_year;
}

/* "4/22" without a cue: more than ten of something, or written with a zero, and no part of "L4/15" or "10/12/14". */
static bool is_likely_day(const struct words *w, uint32_t i, int day)
{
    const struct word *x = &w->v[i];
    bool zero = w->text[x->begin] == '0' && x->letters == 2;

    if (x->gap & (GAP_SLASH | GAP_HYPHEN | GAP_COLON | GAP_APOSTROPHE) || (x->gap & GAP_OTHER && !(x->gap & GAP_SPACE)) || day == 12)
        return false;
    if (i + 2 < w->n && w->v[i + 2].gap & (GAP_SLASH | GAP_OTHER | GAP_APOSTROPHE) && w->v[i + 2].begin == w->v[i + 1].end + 1)
        return false;
    return day > 10 || zero;
}

/* "10/2-10/4": from one day to a later one; no grades such as "4/5-5/5". */
static bool is_day_range(const struct words *w, uint32_t i)
{
    int a = dates_digits(w, i), b = dates_digits(w, i + 1), c = dates_digits(w, i + 2), d = dates_digits(w, i + 3);

    return dates_one_mark(w, i + 2, GAP_HYPHEN) && dates_one_mark(w, i + 3, GAP_SLASH) && !(i + 4 < w->n && dates_one_mark(w, i + 4, GAP_SLASH)) &&
           c >= a && c <= 12 && d >= 1 && d <= 31 && (c > a || d > b) && w->v[i + 3].letters <= 2 &&
           (fraction_of(a, b) == FRACTION_NONE || fraction_of(c, d) == FRACTION_NONE);
}

/* "Friday 5-30", and "on 9-12" where the sentence or its part ends behind it. */
static bool find_hyphened(const struct words *w, uint32_t i, bool cued, struct date *out)
{
    int a = dates_digits(w, i), b = dates_digits(w, i + 1);
    bool day = a >= 1 && a <= 12 && b >= 1 && b <= 31 && w->v[i].letters <= 2 && w->v[i + 1].letters <= 2 && dates_one_mark(w, i + 1, GAP_HYPHEN);

    if (!day || !i || w->v[i].gap != GAP_SPACE)
        return false;
    out->first = i;
    out->last = i + 1;
    out->score = 60;
    if (w->v[i - 1].classes & LEX(WEEKDAY))
        return true;
    bool ends = i + 2 >= w->n || w->v[i + 2].gap & (GAP_COMMA | GAP_LINE | GAP_CLOSE | GAP_STOP) || w->v[i + 2].gap == (GAP_PERIOD | GAP_SPACE);
    return cued && ends && (words_is(w, i - 1, "on") || words_is(w, i - 1, "dated") || words_is(w, i - 1, "since"));
}

/* 3/2021, and 3/4 or 3/4-3/9 behind a cue. */
static bool find_partial(const struct words *w, uint32_t i, bool cued, struct date *out)
{
    int a = dates_digits(w, i), b = dates_digits(w, i + 1);

    if (a < 1 || a > 12 || w->v[i].letters > 2 || !dates_one_mark(w, i + 1, GAP_SLASH) || (i && dates_one_mark(w, i, GAP_SLASH)) ||
        (i + 2 < w->n && w->v[i + 2].begin == w->v[i + 1].end + 1 && w->v[i + 2].gap & (GAP_SLASH | GAP_PERIOD | GAP_APOSTROPHE)))
        return false;
    out->first = i;
    out->last = i + 1;
    out->score = is_study(w, out) ? STUDY_SCORE : 85;
    if (w->v[i + 1].letters == 4 && b >= 1900 && b <= 2100)
        return true;
    bool range = is_day_range(w, i);
    if (range)
        out->last = i + 3;
    cued |= range || is_before_doctor(w, i + 1);
    out->score = cued ? 65 : 55;
    /* Few fractions and scores go over ten; days of a month do. */
    return (cued || is_likely_day(w, i, b)) && b >= 1 && b <= 31 && w->v[i + 1].letters <= 2 && !is_decoy(w, i, i + 1, cued);
}

/* "5 , 7 , 1961" and "5 7 61" said after "date of birth"; "19610507" behind it. */
static bool find_spoken(const struct words *w, uint32_t i, struct date *out)
{
    int a = dates_digits(w, i), b = dates_digits(w, i + 1), c = dates_digits(w, i + 2);
    const uint16_t gaps = GAP_SPACE | GAP_COMMA | GAP_HYPHEN | GAP_SLASH | GAP_PERIOD;

    out->first = i;
    out->score = 85;
    if (w->v[i].shape == SHAPE_NUMBER && w->v[i].letters == 8) {
        out->last = i;
        return true;
    }
    out->last = i + 2;
    return a >= 1 && a <= 31 && b >= 1 && b <= 31 && c >= 0 && words_joined(w, i + 1, gaps) && words_joined(w, i + 2, gaps) &&
           (w->v[i + 2].letters == 2 || (c >= 1880 && c <= 2100));
}

/* "six twelve nineteen forty eight", "six twelve forty eight" said after "date of birth" */
static bool find_spelled(const struct words *w, uint32_t i, bool birth, struct date *out)
{
    unsigned used = 0, more = 0;
    bool ordinal;
    int month = dates_read_number(w, i, &used, &ordinal), day;
    uint32_t k = i + used;

    if (month < 1 || month > 12 || ordinal || !words_joined(w, k, GAP_SPACE | GAP_COMMA))
        return false;
    if (words_is(w, k, "oh"))
        k++;
    day = dates_read_number(w, k, &more, &ordinal);
    k += more;
    if (day < 1 || day > 31 || !words_joined(w, k, GAP_SPACE | GAP_COMMA))
        return false;
    bool said = w->v[i + used].gap & GAP_COMMA && w->v[k].gap & GAP_COMMA; /* "Eleven, thirty, seventy-two." */
    said |= month > 1 && more > 1 && w->v[i].gap & (GAP_PERIOD | GAP_COLON | GAP_LINE); /* "Two twenty-eight sixty-two.", no pressure */
    unsigned year = dates_year_words(w, k);
    if (!year && dates_read_number(w, k, &more, &ordinal) > 31)
        year = more;
    out->first = i;
    out->last = k + year - 1;
    out->score = 85;
    return year && (birth || (said && (out->last + 1 >= w->n || w->v[out->last + 1].gap & (GAP_PERIOD | GAP_LINE))));
}

/* spring of 2021, Q1 2021 */
static bool find_season(const struct words *w, uint32_t i, struct date *out)
{
    bool year;

    if (!words_in(w, i, LIST(SEASON)))
        return false;
    out->first = i;
    out->last = dates_with_year(w, i, &year);
    out->score = is_study(w, out) ? STUDY_SCORE : 65;
    return year && w->v[out->last].gap & GAP_SPACE && !(w->v[out->last].gap & ~GAP_SPACE);
}

static bool find_any(const struct words *w, uint32_t i, bool cued, bool birth, struct date *out)
{
    const struct word *x = &w->v[i];

    if (x->shape == SHAPE_NUMBER)
        return find_numeric(w, i, cued, out) || find_partial(w, i, cued, out) || find_hyphened(w, i, cued, out) || find_day_first(w, i, out) ||
               dates_abroad_find(w, i, out) || (birth && find_spoken(w, i, out));
    if (x->shape == SHAPE_ALNUM)
        return find_day_first(w, i, out) || dates_find_glued(w, i, out) || find_season(w, i, out) || dates_abroad_find(w, i, out);
    if (x->classes & LEX(MONTH))
        return find_month_first(w, i, out);
    if (x->classes & LEX(NUMBER))
        return find_day_first(w, i, out) || find_spelled(w, i, birth, out) || dates_find_said_day(w, i, out);
    return dates_find_holiday(w, i, out) || find_season(w, i, out);
}

/* ---- days that only the rest of the text makes likely ---- */

/* "5 1/2", "T12 3/5"; not "0412 8/9", "9/2 9/9", "x3 2/8" */
static bool is_whole_before(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];
    if (x->shape == SHAPE_ALNUM)
        return strchr("TLCStlcs", w->text[x->begin]) != NULL;
    return x->shape == SHAPE_NUMBER && x->letters < 4 && x->gap != GAP_SLASH;
}

/* Two numbers with a stroke between that could be a month and a day: not "L4/5", "10/12/14", "1/2-1", "5/12%". */
static bool is_pair(const struct words *w, uint32_t i)
{
    int a = dates_digits(w, i), b = dates_digits(w, i + 1);

    if (a < 1 || a > 12 || b < 1 || b > 31 || w->v[i].letters > 2 || w->v[i + 1].letters > 2 || !dates_one_mark(w, i + 1, GAP_SLASH) ||
        w->v[i].gap & (GAP_SLASH | GAP_HYPHEN | GAP_APOSTROPHE | GAP_OTHER))
        return false;
    if (i && w->v[i].gap == GAP_SPACE && b <= 10 && is_whole_before(w, i - 1))
        return false;
    if (dates_one_mark(w, i, GAP_PERIOD) && i && w->v[i - 1].shape == SHAPE_NUMBER) /* "albumin 1.5/1" */
        return false;
    char behind = w->v[i + 1].end < w->len ? w->text[w->v[i + 1].end] : ' ';
    char next = w->v[i + 1].end + 1 < w->len ? w->text[w->v[i + 1].end + 1] : ' ';
    return !strchr("/%-+'\xE2", behind) && !(behind == '.' && next >= '0' && next <= '9');
}

/* The months of the days that this chunk writes as 3/14, a bit each: behind a cue, or too high for a score. */
static uint16_t months_written(const struct words *w)
{
    uint16_t months = 0;

    for (uint32_t i = words_in_set(w->forms, 0, w->n); i < w->n; i = words_in_set(w->forms, i + 1, w->n)) {
        struct date date;
        bool cued;
        if (w->v[i].shape != SHAPE_NUMBER || !dates_one_mark(w, i + 1, GAP_SLASH) || w->v[i].letters > 2)
            continue;
        kind_before(w, i, &cued);
        bool day = is_pair(w, i) ? find_partial(w, i, cued, &date) && date.score > STUDY_SCORE : find_numeric(w, i, cued, &date);
        if (day && dates_digits(w, i) <= 12)
            months |= (uint16_t)(1 << dates_digits(w, i));
    }
    return months;
}

/* "9/2 admitted, 9/3 BCx, 9/4 rate up, 9/7 PICC": three days of one month, each later than the one before, are none but days. Graded
 * sight is written so: 6/5, 6/9, 6/12. */
static uint16_t months_rising(const struct words *w)
{
    enum { RISING = 3, SIGHT = 6 };
    int last[13] = {0}, rising[13] = {0};
    uint16_t months = 0;

    for (uint32_t i = words_in_set(w->forms, 0, w->n); i < w->n; i = words_in_set(w->forms, i + 1, w->n)) {
        if (w->v[i].shape != SHAPE_NUMBER || !dates_one_mark(w, i + 1, GAP_SLASH) || !is_pair(w, i) || is_decoy(w, i, i + 1, false))
            continue;
        int month = dates_digits(w, i), day = dates_digits(w, i + 1);
        if (month == SIGHT || fraction_of(month, day) == FRACTION_PART || day == last[month])
            continue;
        rising[month] = day > last[month] ? rising[month] + 1 : 1;
        last[month] = day;
        months |= (uint16_t)((rising[month] >= RISING) << month);
    }
    return months;
}

bool dates_near_month(uint16_t months, int month)
{
    int before = month == 1 ? 12 : month - 1, behind = month == 12 ? 1 : month + 1;
    return months & (1 << before | 1 << month | 1 << behind);
}

/* "1/9, 1/23 and 2/6": goes on behind a day that was taken. */
static bool goes_on_list(const struct words *w, uint32_t i)
{
    uint32_t back = i > 2 && words_is(w, i - 1, "and") && w->v[i].gap == GAP_SPACE ? i - 2 : i - 1;

    if (i < 3 || back < 1 || !(w->v[back].flags & WORD_TAKEN) || w->v[back].gap != GAP_SLASH || w->v[back].shape != SHAPE_NUMBER)
        return false;
    return back < i - 1 ? !(w->v[i - 1].gap & ~(GAP_SPACE | GAP_COMMA)) : w->v[i].gap == (GAP_COMMA | GAP_SPACE);
}

bool dates_find_pair(const struct words *w, uint32_t i, struct date_months *known, struct date *out)
{
    if (i + 1 >= w->n || w->v[i + 1].gap != GAP_SLASH || w->v[i].shape != SHAPE_NUMBER)
        return false;
    int a = dates_digits(w, i), b = dates_digits(w, i + 1);
    enum fraction fraction = fraction_of(a, b);
    if (!is_pair(w, i) || is_decoy(w, i, i + 1, false))
        return false;
    if (b > 1 && goes_on_list(w, i)) {
        *out = (struct date){i, i + 1, PHI_DATE_OTHER, 54};
        return true;
    }
    if (fraction == FRACTION_PART)
        return false;
    if (!known->read)
        known->months |= months_written(w) | months_rising(w);
    known->read = true;
    *out = (struct date){i, i + 1, PHI_DATE_OTHER, 52};
    if (fraction == FRACTION_SCORE)
        return known->months & 1 << a;
    return a > b ? known->months : dates_near_month(known->months, a);
}

bool dates_find(const struct words *w, uint32_t i, struct date *out)
{
    bool cued = false;
    enum phi_kind kind = PHI_DATE_OTHER;
    const struct word *x = &w->v[i];

    if (x->shape == SHAPE_NUMBER || x->shape == SHAPE_ALNUM || x->classes & LEX(NUMBER))
        kind = kind_before(w, i, &cued);
    if (!find_any(w, i, cued, kind == PHI_DATE_DOB, out))
        return false;
    if ((x->shape != SHAPE_NUMBER && x->shape != SHAPE_ALNUM) || out->first < i)
        kind = kind_before(w, out->first, &cued);
    out->kind = (uint16_t)kind;
    out->first = dates_with_weekday(w, out->first, out->last >= out->first + 2);
    return true;
}
