/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers, addresses and dates of birth of a roster.
 *
 *     [MRN] OS-0041 7723     each run of up to four pieces that begins here is put together and asked for
 *     anna@example.com       the address around the @
 *     412 Birchwood Ave.     house number and street
 *
 * Where a number is so short that many numbers are somebody's, and for dates of birth, the person must be named near by:
 * with a few thousand patients, nearly every day of a lifetime is somebody's birthday.
 */
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "lexicon.h"
#include "roster_file.h"
#include "roster_scan.h"
#include "roster_value.h"
#include "scratch.h"
#include "text.h"

enum { PIECES_MAX = 4, GAP_BYTES = 3, PREFIX_LETTERS = 4, NEAR_BYTES = 200, BESIDE = 8 };
enum { SCORE_NUMBER = 95, SCORE_DENSE = 45, SCORE_DENSE_NEAR = 85, SCORE_EMAIL = 97, SCORE_STREET = 90, SCORE_BIRTH = 96 };

/* May a number go on over the gap in front of word i? With letters only behind a hyphen, "004512-AB". */
static bool goes_on(const struct words *w, uint32_t i)
{
    const struct word *x = &w->v[i];

    if (x->shape != SHAPE_NUMBER && x->shape != SHAPE_ALNUM && x->gap != GAP_HYPHEN)
        return false;
    return w->v[i].begin - w->v[i - 1].end <= GAP_BYTES && !(w->v[i].gap & (GAP_LINE | GAP_COMMA | GAP_STOP | GAP_COLON | GAP_QUOTE));
}

/* "1.417723", "3,141592": digits of a longer number. */
static bool is_decimal(const struct words *w, uint32_t begin, uint32_t end)
{
    const char *t = w->text;
    bool before = begin > 1 && (t[begin - 1] == '.' || t[begin - 1] == ',') && text_is_digit(t[begin - 2]);
    bool behind = end + 1 < w->len && (t[end] == '.' || t[end] == ',') && text_is_digit(t[end + 1]);
    return before || behind;
}

static bool ask(const struct roster_scan *scan, const struct roster_value *read, uint32_t first, uint32_t last, struct phi_candidate *out)
{
    const struct phi_roster *r = scan->r;
    const struct words *w = scan->w;
    struct roster_value normal;

    if (!roster_value_finish(read, &normal) || !(r->lengths >> normal.n & 1) || is_decimal(w, w->v[first].begin, w->v[last].end))
        return false;
    enum roster_type type = roster_find(r, roster_tag(&r->keys, ROSTER_VALUE, roster_value_hash(&normal), 0));
    if (!type || roster_is_name(type))
        return false;
    bool dense = !normal.letter && r->dense >> normal.n & 1;
    *out = (struct phi_candidate){.begin = w->v[first].begin, .end = w->v[last].end, .kind = (uint16_t)roster_kind(type),
                                  .rule = ROSTER_RULE_NUMBER, .score = dense ? SCORE_DENSE : SCORE_NUMBER};
    return true;
}

/* The longest number that begins with word `first`. */
static bool number_from(const struct roster_scan *scan, uint32_t first, struct phi_candidate *out)
{
    const struct words *w = scan->w;
    struct roster_value read = {.n = 0};
    bool found = false;

    for (uint32_t k = first; k < w->n && k < first + PIECES_MAX && (k == first || goes_on(w, k)); k++) {
        roster_value_add(&read, w->text + w->v[k].begin, w->v[k].end - w->v[k].begin);
        found = ask(scan, &read, first, k, out) || found;
    }
    explicit_bzero(&read, sizeof read);
    return found;
}

/* "OS-004512": the letters in front belong to it. */
static bool has_prefix(const struct words *w, uint32_t i)
{
    return i > 0 && w->v[i - 1].shape < SHAPE_NUMBER && w->v[i - 1].letters <= PREFIX_LETTERS && goes_on(w, i) && w->v[i].begin - w->v[i - 1].end <= 1;
}

static int street_at(const struct roster_scan *scan, uint32_t i)
{
    uint64_t hash[ROSTER_STREET_WORDS];

    for (uint32_t count = roster_street_hashes(scan->w, i, hash); count > 1; count--) {
        if (roster_find(scan->r, roster_tag(&scan->r->keys, ROSTER_ADDRESS, hash[count - 1], count)) != ROSTER_STREET)
            continue;
        struct phi_candidate c = {.begin = scan->w->v[i].begin, .end = scan->w->v[i + count - 1].end, .kind = PHI_GEO_STREET,
                                  .rule = ROSTER_RULE_STREET, .score = SCORE_STREET};
        return roster_emit(scan, &c);
    }
    return 0;
}

int roster_number_at(const struct roster_scan *scan, uint32_t i)
{
    const struct words *w = scan->w;
    struct phi_candidate c;
    bool inside = i > 0 && w->v[i].gap == GAP_HYPHEN && w->v[i - 1].shape == SHAPE_NUMBER; /* of a number that began before */
    bool alone = inside || (w->v[i].letters < ROSTER_VALUE_LEAST && !(i + 1 < w->n && goes_on(w, i + 1)) && !has_prefix(w, i));

    if (!alone && scan->r->lengths && ((has_prefix(scan->w, i) && number_from(scan, i - 1, &c)) || number_from(scan, i, &c)) &&
        roster_emit(scan, &c) < 0)
        return -1;
    return scan->r->has >> ROSTER_STREET & 1 ? street_at(scan, i) : 0;
}

/* ---- e-mail ---- */

static bool in_address(char c)
{
    return text_is_digit(c) || (text_lower(c) >= 'a' && text_lower(c) <= 'z') || strchr("._%+-", c);
}

int roster_email_at(const struct roster_scan *scan, uint32_t at)
{
    const char *text = scan->w->text;
    uint32_t begin = at, end = at + 1, len = scan->w->len;

    while (begin > 0 && at - begin < 64 && in_address(text[begin - 1]))
        begin--;
    while (end < len && end - at < 190 && in_address(text[end]))
        end++;
    while (end > at + 1 && !text_is_alnum(text[end - 1]))
        end--;
    if (begin == at || end == at + 1 ||
        roster_find(scan->r, roster_tag(&scan->r->keys, ROSTER_VALUE, roster_email_hash(text + begin, end - begin), 1)) != ROSTER_EMAIL)
        return 0;
    struct phi_candidate c = {.begin = begin, .end = end, .kind = PHI_EMAIL, .rule = ROSTER_RULE_EMAIL, .score = SCORE_EMAIL};
    return roster_emit(scan, &c);
}

/* ---- beside a person ---- */

/* Numbers of a date in order, and the month where it is a word. */
struct date_parts {
    unsigned v[3], digits[3], n, month, month_before; /* month_before: numbers before the word */
};

static unsigned month_of(const char *text, uint32_t len)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";

    for (unsigned m = 0; len >= 3 && m < 12; m++)
        if (text_equal_nocase(text, months + 3 * m, 3))
            return m + 1;
    return 0;
}

static void date_read(const char *text, uint32_t len, struct date_parts *d)
{
    *d = (struct date_parts){.n = 0};
    for (uint32_t i = 0; i < len;) {
        uint32_t begin = i;
        if (text_is_digit(text[i]) && d->n < 3) {
            unsigned value = 0;
            for (; i < len && text_is_digit(text[i]) && i - begin < 5; i++)
                value = value * 10 + (unsigned)(text[i] - '0');
            d->digits[d->n] = i - begin;
            d->v[d->n++] = value;
        } else if (text_is_letter(text[i])) {
            i += (uint32_t)text_letters(text + i, len - i);
            unsigned month = month_of(text + begin, i - begin);
            if (month && !d->month) {
                d->month = month;
                d->month_before = d->n;
            }
        } else {
            i++;
        }
    }
}

/* yyyymmdd, or 0. Two digits of a year are those of the 20th century, or of this one when `recent`. */
static uint32_t date_of(const struct date_parts *d, bool recent)
{
    unsigned year, month, day;

    if (d->month && d->n >= 2) {
        bool iso = d->digits[0] == 4; /* 1961 March 14 */
        year = iso ? d->v[0] : d->v[1];
        day = iso ? d->v[1] : d->v[0];
        month = d->month;
    } else if (d->n == 3 && d->digits[0] == 4) {
        year = d->v[0];
        month = d->v[1];
        day = d->v[2];
    } else if (d->n == 3) {
        month = d->v[0];
        day = d->v[1];
        year = d->v[2];
    } else {
        return 0;
    }
    if (year < 100)
        year += recent ? 2000 : 1900;
    return year < 10000 && month >= 1 && month <= 12 && day >= 1 && day <= 31 ? year * 10000 + month * 100 + day : 0;
}

static bool is_birth(const struct phi_engine *e, const struct roster_person *p, uint32_t date)
{
    const struct phi_roster *r = e->rosters[p->roster];
    return date && roster_find(r, roster_tag(&r->keys, ROSTER_BIRTH, p->tag, date)) == ROSTER_DOB;
}

static int by_place(const void *pa, const void *pb)
{
    const struct roster_person *a = pa, *b = pb;
    if (a->leaf != b->leaf)
        return a->leaf < b->leaf ? -1 : 1;
    return a->begin < b->begin ? -1 : a->begin > b->begin;
}

/* The first person behind the candidate. */
static uint32_t person_behind(const struct phi_scratch *s, const struct candidate *c)
{
    const struct roster_person *v = s->people.v, key = {.leaf = c->leaf, .begin = c->begin};
    uint32_t low = 0, high = s->n_people;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (by_place(&v[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool person_is_near(const struct phi_scratch *s, const struct candidate *c)
{
    const struct roster_person *v = s->people.v;
    uint32_t i = person_behind(s, c);

    return (i < s->n_people && v[i].leaf == c->leaf && v[i].begin - c->begin <= NEAR_BYTES) ||
           (i > 0 && v[i - 1].leaf == c->leaf && c->begin - v[i - 1].begin <= NEAR_BYTES);
}

/* The birthday of one of the people who are named next before and behind. */
static bool date_is_birth(const struct phi_engine *e, const struct phi_scratch *s, const struct candidate *c, const char *text)
{
    const struct roster_person *v = s->people.v;
    uint32_t at = person_behind(s, c), first = at > BESIDE ? at - BESIDE : 0;
    struct date_parts d;

    date_read(text + c->begin, c->end - c->begin, &d);
    uint32_t early = date_of(&d, false), late = date_of(&d, true);
    bool found = false;
    for (uint32_t i = first; i < s->n_people && i < at + BESIDE && !found; i++)
        found = is_birth(e, &v[i], early) || is_birth(e, &v[i], late);
    return found;
}

int roster_confirm(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves)
{
    uint16_t number = (uint16_t)engine_detector_rule(e, &phi_roster_detector, ROSTER_RULE_NUMBER);
    uint32_t n = s->found.n;

    if (!s->n_people)
        return 0;
    qsort(s->people.v, s->n_people, sizeof(struct roster_person), by_place);
    for (uint32_t i = 0; i < n; i++) {
        struct candidate *c = &((struct candidate *)s->found.items.v)[i], copy = *c;
        if (c->rule == number && c->score == SCORE_DENSE && person_is_near(s, c)) {
            c->score = SCORE_DENSE_NEAR;
        } else if (c->kind >= PHI_DATE_DOB && c->kind <= PHI_DATE_OTHER && date_is_birth(e, s, c, leaves[c->leaf].text)) {
            copy.kind = PHI_DATE_DOB;
            copy.rule = (uint16_t)(number - ROSTER_RULE_NUMBER + ROSTER_RULE_BIRTH);
            copy.score = copy.base = SCORE_BIRTH;
            if (scratch_add(s, &copy) < 0)
                return -1;
        }
    }
    return 0;
}
