/* SPDX-License-Identifier: Apache-2.0
 *
 * From a number to its label. What counts as a value depends on how much the label says:
 *
 *     MRN 4821, chart # 4821, member id 4821      a sure label, or a word for a number: four characters
 *     specimen: 48219                             a mark: five digits, or letters and digits
 *     account A5430457, claim 2021063012          nothing between: six digits, or letters and digits
 *
 * Dates, doses, prices, rates and ranges are not values. A number behind another with a comma between, of the same
 * build, has the same label.
 */
#include "labelled.h"

#include <string.h>

#include "coded.h"
#include "labelled_value.h"
#include "labels.h"
#include "lexicon.h"
#include "name_words.h"
#include "scratch.h"
#include "speaker.h"
#include "spoken.h"
#include "text.h"

enum { REWRITTEN_MAX = 13, SCORE_SURE = 88, SCORE_MARKED = 80, SCORE_STRONG = 72, SCORE_OWN = 70, SCORE_CODED = 54, SCORE_SPOKEN = 58 };

struct labelled {
    const char *text;
    uint32_t len;
    struct phi_candidates *sink;
    struct phi_scratch *s;
    struct value last; /* the last one taken, and what it was */
    struct phi_candidate last_candidate;
};

/* ---- the label and the value together ---- */

static bool has_byte(const char *text, const struct value *v, char c)
{
    return memchr(text + v->begin, c, v->end - v->begin) != NULL;
}

static bool code_fits(const struct labelled *l, const struct value *v, const struct label_found *f)
{
    uint32_t n = v->digits + v->letters;
    bool named = f->worded || (f->label && f->label->how == LABEL_SURE), lettered = v->letters > 0;
    if (value_is_amount(l->text, l->len, v) || (value_is_date(l->text, v) && !(named && f->marked)))
        return false;
    if (value_is_year(l->text, v) && !(named && f->marked))
        return false;
    if (value_unit_follows(l->text, l->len, v->end) && !(named && v->digits >= 6))
        return false;
    if (f->label && f->label->kind == PHI_SSN && v->digits != 9 && v->digits != 4)
        return false;
    if (l->sink->via && v->digits > REWRITTEN_MAX) /* a list that was written again as one number */
        return false;
    if (!f->label)
        return f->marked ? n >= 5 && v->digits >= 3 && v->lower_run < 4 : v->digits >= 6 || (lettered && v->digits >= 4 && n >= 6);
    if (named && f->label->kind == PHI_MRN && f->marked && v->digits == 3 && !lettered) /* "Chart # 109" of a small practice */
        return true;
    if (named && (f->worded || f->marked || n >= 5))
        return n >= 4 && (v->digits >= 3 || (lettered && v->digits >= 2));
    bool told = (f->label->kind == PHI_PLAN_ID || f->label->kind == PHI_OTHER_ACCESSION) && v->digits < 5 && has_byte(l->text, v, ' ');
    if (!named && (told || (!f->marked && coded_billed(l->text, v->begin, v->end, f->label->kind)))) /* "Plan: ASA 162", "Exam: HR 108" */
        return false;
    if (f->marked)
        return v->lower_run < 4 ? v->digits >= 5 || (lettered && v->digits >= 3 && n >= 5) : v->digits >= 4 && n >= 8;
    if (named)
        return v->digits >= 4;
    if (f->label->how == LABEL_MARKED)
        return (v->digits >= 7 && v->lower_run < 4) || (lettered && v->lower_run == 0 && !has_byte(l->text, v, ' ') && v->digits >= (has_byte(l->text, v, '-') ? 4 : 5));
    if (f->label->kind == PHI_DEVICE_SERIAL && v->lower_run == 0 && lettered && v->digits >= 3 && n >= 6)
        return true;
    return v->lower_run < 4 && (v->digits >= 6 || (lettered && v->digits >= 4 && n >= 5));
}

static bool plate_fits(const struct labelled *l, const struct value *v, const struct label_found *f)
{
    uint32_t n = v->digits + v->letters;
    if (value_is_amount(l->text, l->len, v) || value_unit_follows(l->text, l->len, v->end) || v->lower_run > 3 || value_is_date(l->text, v))
        return false;
    bool small = v->lower_run && !(v->digits >= 3 && v->letters >= 2 && l->text[v->begin - 1] != '='); /* "plate bkr-417", not "plate 3rd" */
    if ((f->label->how != LABEL_SURE && small) || (f->label->how == LABEL_MARKED && !f->marked && !f->worded))
        return false;
    return n >= 5 && n <= 9 && ((v->letters && v->digits >= 2) || (v->digits >= 5 && (f->worded || f->marked)));
}

static bool value_fits(const struct labelled *l, const struct value *v, const struct label_found *f)
{
    bool pager = f->label && f->label->shape == LABEL_PAGER && v->digits == 4;
    if (f->label && f->label->kind == PHI_ITIN && (v->letters || v->digits < 4)) /* "is it in a 32-year-old?" */
        return false;
    if (f->wrapped && v->digits < 6 && !pager)
        return false;
    switch (f->label ? (enum label_shape)f->label->shape : LABEL_CODE) {
    case LABEL_CODE:
        return code_fits(l, v, f);
    case LABEL_CARD:
        return (v->digits >= 12 && v->digits <= 19 && v->letters == 0) || (v->digits >= 5 && f->worded && code_fits(l, v, f));
    case LABEL_PLATE:
        return plate_fits(l, v, f);
    case LABEL_PHONE:
        if (v->digits == 4 || v->digits == 5) /* "Phone: 2207", in the house */
            return f->marked && f->label->how == LABEL_SURE && v->letters == 0 && v->groups == 1 && l->text[v->begin - 1] != '#' && !value_is_amount(l->text, l->len, v) && !value_is_year(l->text, v);
        return v->digits >= 7 && v->digits <= 17 && v->letters == 0 && !value_is_date(l->text, v) &&
               (f->label->how == LABEL_SURE || f->worded || f->marked || v->groups > 1 || v->digits >= 10);
    case LABEL_PAGER:
        return v->digits >= 4 && v->digits <= 15 && v->letters == 0 && !value_is_date(l->text, v) &&
               !value_is_year(l->text, v) && (f->label->how == LABEL_SURE || f->marked || f->worded);
    case LABEL_POST:
        return v->digits >= 3 && v->digits <= 10 && v->letters <= 4 && (f->marked || f->worded || v->digits >= 5) &&
               !value_is_amount(l->text, l->len, v);
    }
    return false;
}

/* Where the digits of a telephone number end, without an extension. */
static uint32_t phone_digits_end(const struct labelled *l, const struct value *v)
{
    const char *text = l->text;
    uint32_t i = v->begin, last = v->end;
    for (; i < l->len && i - v->begin < 32; i++) {
        char c = text[i];
        if (text_is_digit(c))
            last = i + 1;
        else if (c == ' ' && text_is_whole_phone(text + v->begin, i - v->begin))
            return i;
        else if (!(c == ' ' || (c >= '(' && c <= '/' && c != '*' && c != ',')) || (i > v->begin && c == ' ' && text[i - 1] == ' '))
            break;
        else if (c == '.' && i + 1 < l->len && !text_is_digit(text[i + 1]))
            break;
    }
    return last;
}

/* A telephone number: from the plus sign or bracket in front to the last digit, extension included. */
static void phone_widen(const struct labelled *l, struct value *v)
{
    const char *text = l->text;
    uint32_t last = phone_digits_end(l, v);
    v->end = last;
    uint32_t at = last;
    while (at < l->len && (text[at] == ' ' || text[at] == ',') && at - last < 2)
        at++;
    if (at + 3 < l->len && (text_lower(text[at]) == 'x' || text_equal_nocase(text + at, "ext", 3) || text[at] == '#')) {
        while (at < l->len && !text_is_digit(text[at]) && at - last < 12 && text[at] != '\n')
            at++;
        uint32_t n = value_digits_at(text, l->len, at);
        if (n > 0 && n <= 6)
            v->end = at + n;
    }
    if (v->begin > 0 && text[v->begin - 1] == '(')
        v->begin--;
    if (v->begin > 0 && text[v->begin - 1] == '+')
        v->begin--;
    value_count(text, v);
    v->letters = 0; /* those of "ext" */
}

/* "7XYZ 21" */
static void plate_widen(const struct labelled *l, struct value *v)
{
    uint32_t end = v->end + 1, digits = 0;
    if (v->end >= l->len || l->text[v->end] != ' ')
        return;
    for (; end < l->len && (text_is_digit(l->text[end]) || text_is_upper(l->text[end])); end++)
        digits += text_is_digit(l->text[end]);
    bool lettered = digits == 0 && v->letters == 0 && v->digits <= 4 && end - v->end >= 3; /* "482 KXT" */
    if ((digits == 0 && !lettered) || end - v->begin > 8 || (end < l->len && text_is_alnum(l->text[end])))
        return;
    v->end = end;
    value_count(l->text, v);
}

/* "902 44 1178A", "781 320 05 A": a capital that the groups end with. */
static uint32_t letter_end(const char *text, uint32_t len, uint32_t end)
{
    uint32_t i = end;
    if (i + 1 >= len || text[i] != ' ')
        return end;
    i++;
    while (i < len && text_is_digit(text[i]))
        i++;
    bool group = i == end + 1 || i - end > 3;
    return group && i < len && text_is_upper(text[i]) && (i + 1 == len || !text_is_alnum(text[i + 1])) ? i + 1 : end;
}

/* "AH 2041 88": capitals in front of the groups. */
static bool is_led(const char *text, const struct value *v)
{
    return v->begin > 2 && text[v->begin - 1] == ' ' && text_is_upper(text[v->begin - 2]) && text_is_upper(text[v->begin - 3]);
}

static void code_widen(const struct labelled *l, struct value *v, const struct label_found *f)
{
    const char *text = l->text;
    uint32_t end = v->end, n;
    if (v->letters == 0 && end < l->len && text[end] == '.' && value_digits_at(text, l->len, end + 1) >= 2) {
        struct value dotted = *v;
        dotted.end = value_groups_end(text, l->len, end, '.');
        while (dotted.end < l->len && value_is_byte(text[dotted.end]))
            dotted.end++;
        value_count(text, &dotted);
        bool pair = dotted.groups == 2 && dotted.digits - v->digits >= 4 && (f->marked || f->worded); /* "05.42799": no amount has as many places */
        if ((dotted.groups >= 3 && dotted.digits >= 8) || pair)
            *v = dotted;
        return;
    }
    if (end == v->begin || !text_is_digit(text[end - 1]))
        return;
    bool named = f->worded || (f->label && f->label->how == LABEL_SURE);
    if (named && end < l->len && text[end] == '/') { /* "4412/24", "2024/00312" */
        struct value slashed = *v;
        slashed.end = value_groups_end(text, l->len, end, '/');
        value_count(text, &slashed);
        if (slashed.digits >= 6 && slashed.groups == 2)
            *v = slashed;
        return;
    }
    n = value_groups_end(text, l->len, end, ' ');
    struct value wide = *v;
    uint32_t digits_end = n; /* without a letter behind */
    n = wide.end = named && v->letters == 0 && (n > end || v->digits >= 3) ? letter_end(text, l->len, n) : n;
    value_count(text, &wide);
    bool card = f->label && f->label->shape == LABEL_CARD;
    bool halves = wide.groups == 2 && v->digits >= 3 && wide.digits - v->digits >= 3; /* "559 028" */
    bool named_groups = named && (wide.groups >= 3 || halves) && wide.digits >= 6;    /* "44 81 20" */
    bool single = wide.digits == wide.groups && wide.groups >= 4; /* "4 4 0 1 9 2" */
    bool two = n > end && wide.groups == 2 && text[end + 1] != ' ' && (((v->digits >= 3 || (named && is_led(text, v))) && digits_end - end <= 6) || (named && v->letters)); /* "S21 12345" */
    if (single || (n > end && named_groups && !value_unit_follows(text, l->len, n)) || (n > end && (wide.groups >= 3 || two) && wide.digits >= (card ? 12 : named && is_led(text, v) ? 5 : 7) &&
        !value_unit_follows(text, l->len, n)))
        *v = wide;
}

static unsigned value_kind(const struct label_found *f, const struct value *v)
{
    if (f->label && f->label->kind == PHI_SSN && v->digits < 6)
        return PHI_SSN_LAST4;
    return f->label ? f->label->kind : PHI_OTHER_CODE;
}

static unsigned value_score(const struct label_found *f)
{
    bool sure = f->label && (f->label->how == LABEL_SURE || f->worded);
    return sure ? SCORE_SURE : f->label && f->marked ? SCORE_MARKED : SCORE_STRONG;
}

static int value_add(struct labelled *l, const struct value *v, unsigned kind, unsigned rule, unsigned score)
{
    struct phi_candidate c = {.begin = v->begin, .end = v->end, .kind = (uint16_t)kind, .rule = (uint16_t)rule,
                              .score = (uint8_t)score, .via = PHI_VIA_LABEL};
    l->last = *v;
    l->last_candidate = c;
    return phi_candidate_add(l->sink, &c);
}

/* "MRN/CSN: 482193 / 77120938", "MRN 482193 (old A77120)": the second value of a label, of any build. */
static bool goes_on_otherwise(const struct labelled *l, const struct value *v)
{
    static const char *const joins[] = {" / ", "/", "','", "', '", "\", \"", " (old ", " (prev ", " (previously ", " (formerly ", " (was ", " (also ", " (alt ", " (new ",
                                        " (old #", " (aka ", " (merged ", " + ", ", also ", " -> ", " \xE2\x86\x92 ", " merged into "};
    uint32_t gap = v->begin - l->last.end;
    if (l->last.end == 0 || v->begin < l->last.end || gap < 1 || gap > 15 || l->last.digits < 5 || v->digits < 5 || v->lower_run > 0 ||
        value_is_date(l->text, v) || value_unit_follows(l->text, l->len, v->end))
        return false;
    if (v->end < l->len && strchr("/.%", l->text[v->end]) && v->end + 1 < l->len && text_is_digit(l->text[v->end + 1]))
        return false;
    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++)
        if (strlen(joins[i]) == gap && memcmp(l->text + l->last.end, joins[i], gap) == 0)
            return true;
    return false;
}

/* "MRNs 482190, 482191 and 482192" */
static bool goes_on(const struct labelled *l, const struct value *v)
{
    if (goes_on_otherwise(l, v))
        return true;
    static const char *const joins[] = {", ", " and ", " & ", "/", " or ", "; ", ",", ", and ", " / ", " to ",
                                        ", previously ", ", formerly ", ", then ", ", now ", " R, ", " L, ", " (R), ", " (L), ", " R and ", " L and "};
    uint32_t gap = v->begin - l->last.end;
    if (l->last.end == 0 || v->begin < l->last.end || gap == 0 || gap > 16 || l->last.digits < 5 ||
        v->digits != l->last.digits || v->letters != l->last.letters || v->end - v->begin != l->last.end - l->last.begin)
        return false;
    for (size_t i = 0; i < sizeof joins / sizeof *joins; i++)
        if (strlen(joins[i]) == gap && memcmp(l->text + l->last.end, joins[i], gap) == 0)
            return true;
    return false;
}

static bool is_phone(const struct label_found *f)
{
    return f->label && (f->label->shape == LABEL_PHONE || f->label->shape == LABEL_PAGER);
}

/* "416 60 039 office", "07700 063 966-Fax", "555-0143 (cell)": the kind of telephone that is named behind it, or PHI_NONE. */
static unsigned phone_named_behind(const struct labelled *l, uint32_t at)
{
    static const char *const words[] = {"fax", "office", "mobile", "cell", "home", "work", "direct", "pager"};
    uint32_t low = at;
    while (at < l->len && at - low < 3 && l->text[at] && strchr(" -(", l->text[at]))
        at++;
    if (at > low && at + 1 < l->len && l->text[at - 1] == '(' && l->text[at + 1] == ')' && strchr("chwmoCHWMO", l->text[at]))
        return PHI_PHONE; /* "555-0144 (h)" */
    for (size_t i = 0; at > low && i < sizeof words / sizeof *words; i++) {
        uint32_t n = (uint32_t)strlen(words[i]);
        if (at + n <= l->len && text_equal_nocase(l->text + at, words[i], n) &&
            (at + n == l->len || !text_is_alnum(l->text[at + n])))
            return i == 0 ? PHI_FAX : PHI_PHONE;
    }
    return PHI_NONE;
}

/* What phone_widen reads an extension from, or phone_named_behind a name, can begin with this. */
static bool may_name_phone(char c)
{
    return c == ' ' || c == ',' || c == '-' || c == '(' || c == '#' || text_lower(c) == 'x' || text_lower(c) == 'e';
}

/* "XYZ 123456789", "WFC 358"; two letters before a licence or a plate are its state. */
static bool capitals_belong(const struct labelled *l, const struct value *v, const struct label_found *f, uint32_t from)
{
    unsigned kind = value_kind(f, v);
    bool state = kind == PHI_LICENSE_PERSON || kind == PHI_LICENSE_PROVIDER || kind == PHI_VEHICLE;
    for (uint32_t i = f->value; i < from; i++)
        if (l->text[i] == '\n' || l->text[i] == ')') /* "CHART NOTE (free text)" and a line below */
            return false;
    state = state && from - f->value == 3 && name_word_classes(l->text, l->len, f->value) & LEX(STATE);
    return f->value < from && !is_phone(f) && !value_is_date(l->text, v) && v->lower_run < 3 && !state;
}

/* "member 918273645, group 77120": a label right behind another labelled number, with a comma between. */
static bool in_row(const struct labelled *l, const struct label_found *f, uint32_t at)
{
    uint32_t end = l->last.end;
    return f->label && end > 0 && at > end + 2 && at - end <= 24 && (l->text[end] == ',' || l->text[end] == ';') &&
           memchr(l->text + end + 1, ',', at - end - 1) == NULL;
}

/* Three characters with nothing of a number behind them are no value. Most numbers of a note are that short. */
static bool is_too_short(const struct labelled *l, const struct value *v)
{
    const char *after = l->text + v->end;
    bool led = v->begin > 2 && l->text[v->begin - 1] == ' ' && text_is_upper(l->text[v->begin - 2]); /* "WFC 358" */
    char mark = v->begin > 1 && l->text[v->begin - 1] == ' ' ? l->text[v->begin - 2] : v->begin ? l->text[v->begin - 1] : ' ';
    if (v->end - v->begin > 3 || led || (v->digits == 3 && v->letters == 0 && (mark == '#' || mark == ':' || mark == '=')))
        return false;
    if (v->end >= l->len || !*after || !strchr(" -./)", *after))
        return true;
    if (*after == ' ' && v->end + 3 < l->len && text_is_upper(after[1]) && text_is_upper(after[2]) && text_is_upper(after[3]))
        return false; /* "448 QXJ" */
    return !(v->end + 1 < l->len && text_is_digit(after[1])) && !(v->end + 2 < l->len && text_is_digit(after[2]));
}

/* The view of numbers in odd writing (digits.c) ends each with a blank and a line break. There a date looks like a code. */
static bool is_rewritten(const struct labelled *l, const struct value *v)
{
    return l->sink->via == PHI_VIA_FOLD && v->end + 1 < l->len && l->text[v->end] == ' ' && l->text[v->end + 1] == '\n';
}

/* Where to go on reading. */
static int value_at(struct labelled *l, uint32_t low, uint32_t at, uint32_t *next)
{
    struct value v = value_read(l->text, l->len, low, at);
    struct label_found f;
    *next = v.end;
    if (is_too_short(l, &v) || is_rewritten(l, &v))
        return 0;
    if (goes_on(l, &v))
        return value_add(l, &v, l->last_candidate.kind, LABELLED_LIST, l->last_candidate.score);
    uint32_t from = v.begin;
    from -= from > 0 && l->text[from - 1] == '(';
    from -= from > 0 && l->text[from - 1] == '+';
    if (label_before(l->text, from, &f)) {
        struct value wide = v;
        if (is_phone(&f))
            phone_widen(l, &wide);
        else if (f.label && f.label->shape == LABEL_PLATE)
            plate_widen(l, &wide);
        else
            code_widen(l, &wide, &f);
        if (capitals_belong(l, &v, &f, from)) {
            wide.begin = f.value;
            value_count(l->text, &wide);
        }
        f.marked = f.marked || in_row(l, &f, from);
        if (value_fits(l, &wide, &f)) {
            *next = wide.end;
            return value_add(l, &wide, value_kind(&f, &wide), is_phone(&f) ? LABELLED_PHONE : LABELLED_NUMBER, value_score(&f));
        }
    }
    if (v.letters == 0) {
        struct value wide = v;
        uint32_t end = phone_digits_end(l, &v);
        if (end < l->len && !may_name_phone(l->text[end])) /* neither an extension nor a name for it follows */
            return 0;
        phone_widen(l, &wide);
        unsigned kind = wide.digits >= 7 && wide.digits <= 15 ? phone_named_behind(l, wide.end) : PHI_NONE;
        if (kind != PHI_NONE && !value_is_amount(l->text, l->len, &wide)) {
            *next = wide.end;
            return value_add(l, &wide, kind, LABELLED_PHONE, SCORE_STRONG);
        }
        return 0;
    }
    const struct label *own = label_prefix(l->text + v.begin, v.end - v.begin);
    if (own && v.digits >= 5 && v.lower_run < 8 && !value_is_amount(l->text, l->len, &v))
        return value_add(l, &v, own->kind, LABELLED_OWN, SCORE_OWN);
    bool coded = coded_number(l->text, l->len, v.begin, v.end) && !value_is_date(l->text, &v) && scratch_genre(l->s, l->text, l->len) == GENRE_PLAIN;
    return coded ? value_add(l, &v, PHI_OTHER_CODE, LABELLED_CODED, SCORE_CODED) : 0;
}

/* "the number is three eight four nine two zero": at least four digits, behind a sure label or "number". Seven or more
 * need no label: nobody says so many but for a telephone or an ID, unless they count. */
static int spoken_at(struct labelled *l, uint32_t at, uint32_t *next)
{
    struct value v = {.begin = at, .end = at};
    struct spoken run;
    struct label_found f;
    *next = v.end = spoken_end(l->text, l->len, at, &run);
    v.digits = run.digits;
    bool labelled = v.digits >= 4 && label_before(l->text, at, &f) && f.label && (f.label->how == LABEL_SURE || f.worded || f.marked);
    if (labelled && !speaker_before(l->text, l->len, at)) /* "PT: five four. two oh six", his height */
        return value_add(l, &v, value_kind(&f, &v), is_phone(&f) ? LABELLED_PHONE : LABELLED_NUMBER, value_score(&f));
    if (v.digits < 7 || run.steps * 2 >= v.digits)
        return 0;
    bool phone = v.digits == 7 || v.digits == 10 || v.digits == 11;
    return value_add(l, &v, phone ? PHI_PHONE : PHI_OTHER_CODE, LABELLED_SPOKEN, SCORE_SPOKEN);
}

/* What the place says, which is a digit or the beginning of a word; *next: where to go on, `at` when nothing was there. */
static int place_read(struct labelled *l, uint32_t low, uint32_t at, uint32_t *next)
{
    if (text_is_digit(l->text[at]))
        return value_at(l, low, at, next);
    return at + 4 < l->len && spoken_begins(l->text, l->len, at) ? spoken_at(l, at, next) : 0;
}

static int labelled_run(const struct phi_engine *e, struct phi_scratch *s, const char *text, uint32_t len,
                        struct phi_candidates *sink)
{
    struct labelled l = {.text = text, .len = len, .sink = sink, .s = s};
    uint32_t low = 0; /* what is before was read */
    const struct marks *m = scratch_marks(s);
    (void)e;
    for (uint32_t base = 0; base < len; base += MARKS_BYTES, m++) {
        for (uint64_t places = m->digits | m->spoken; places; places &= places - 1) {
            uint32_t at = base + (uint32_t)__builtin_ctzll(places), next = at;
            if (at < low)
                continue;
            if (place_read(&l, low, at, &next) < 0)
                return -1;
            low = next > at ? next : low;
        }
    }
    return 0;
}

static const struct phi_detector_rule rules[] = {
    [LABELLED_NUMBER] = {"labelled-number", "digits behind a word that names a number", PHI_NONE},
    [LABELLED_OWN] = {"labelled-own", "digits glued to a word that names a number", PHI_NONE},
    [LABELLED_LIST] = {"labelled-list", "digits behind a labelled number of the same build", PHI_NONE},
    [LABELLED_PHONE] = {"labelled-phone", "digits behind a word that names a telephone", PHI_PHONE},
    [LABELLED_CODED] = {"number-built", "capitals and digits as numbers of charts, orders and machines are built", PHI_OTHER_CODE},
    [LABELLED_SPOKEN] = {"spoken-number", "seven or more digits that are spelled one by one", PHI_PHONE},
};

const struct phi_detector phi_labelled = {rules, sizeof rules / sizeof *rules, labelled_run};
