/* SPDX-License-Identifier: Apache-2.0
 *
 * A run is digits and spelled digits with short gaps. When it has as many digits as an identifier, and is
 * written in a way that rules do not read, it is written again as rules read it:
 *
 *     "SSN is five three six, two two, eight seven four one"  ->  "SSN is 536-22-8741"
 *     "SSN 536-**22**-8741"                                   ->  "SSN 536-22-8741"
 *
 * Lists and measurements are full of digits with gaps, so most forms count only behind a word that announces
 * a number.
 */
#include "digits.h"

#include <string.h>

#include "phi.h"
#include "text.h"

enum { RUN_MAX = 20, RUN_MIN = 7, GAP_MAX = 24, BEFORE_MAX = 48, LABEL_WITHIN = 56 };

struct run {
    char digits[RUN_MAX];
    uint32_t begin[RUN_MAX], end[RUN_MAX]; /* of each digit in the text */
    unsigned n;
    unsigned group[RUN_MAX], n_groups; /* digits between gaps */
    bool spelled, letters, markup, line, odd, glued, dashed;
    unsigned singles; /* groups of one */
    uint32_t text_end;
};

static const char *const spelled[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh"};

static int spelled_prefix(const char *text, uint32_t len, uint32_t at, uint32_t *n)
{
    for (int i = 0; i < 11 && at < len; i++) {
        uint32_t size = (uint32_t)strlen(spelled[i]);
        if (len - at >= size && text_equal_nocase(text + at, spelled[i], size)) {
            *n = size;
            return i == 10 ? 0 : i;
        }
    }
    return -1;
}

/* A spelled digit as a word of its own, or in a row of such ("fourone"). within: a digit ends right before. */
static int spelled_digit(const char *text, uint32_t len, uint32_t at, bool within, uint32_t *n)
{
    uint32_t after;
    if (!within && at > 0 && text_is_letter(text[at - 1]))
        return -1;
    int digit = spelled_prefix(text, len, at, n);
    if (digit < 0 || at + *n == len || !text_is_letter(text[at + *n]))
        return digit;
    return spelled_prefix(text, len, at + *n, &after) >= 0 ? digit : -1;
}

/* O and l among digits. */
static int letter_digit(char c)
{
    return c == 'O' || c == 'o' ? 0 : c == 'l' || c == 'I' ? 1 : -1;
}

static bool run_put(struct run *r, int digit, uint32_t begin, uint32_t end)
{
    if (r->n == RUN_MAX)
        return false;
    r->digits[r->n] = (char)('0' + digit);
    r->begin[r->n] = begin;
    r->end[r->n++] = end;
    r->text_end = end;
    return true;
}

/* Digits, or one spelled digit, at `at`; where they end, or `at`. */
static uint32_t read_group(struct run *r, const char *text, uint32_t len, uint32_t at)
{
    uint32_t i = at, n;
    int digit = spelled_digit(text, len, at, r->n > 0, &n);
    if (digit >= 0 && !text_is_digit(text[at])) {
        r->spelled = true;
        return run_put(r, digit, at, at + n) ? at + n : at;
    }
    bool any = text_is_digit(text[at]);
    for (uint32_t k = at; k < len && (text_is_digit(text[k]) || letter_digit(text[k]) >= 0); k++)
        any |= text_is_digit(text[k]);
    while (any && i < len) {
        digit = text_is_digit(text[i]) ? text[i] - '0' : letter_digit(text[i]);
        if (digit < 0 || !run_put(r, digit, i, i + 1))
            break;
        r->letters |= !text_is_digit(text[i]);
        i++;
    }
    return i;
}

/* An HTML tag "<...>" of at most 24 bytes. */
static uint32_t tag_length(const char *text, uint32_t len, uint32_t at)
{
    for (uint32_t i = at + 1; i < len && i - at < 24; i++)
        if (text[i] == '>')
            return i + 1 - at;
    return 0;
}

static uint32_t filler_length(const char *text, uint32_t len, uint32_t at)
{
    static const char *const words[] = {"then", "dash", "hyphen", "minus", "space", "point", "dot", "and", "slash"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        uint32_t size = (uint32_t)strlen(words[i]);
        if (len - at >= size && text_equal_nocase(text + at, words[i], size) &&
            (at + size == len || !text_is_letter(text[at + size])))
            return size;
    }
    return 0;
}

/* What may stand between two groups; its length, 0 when the run ends here. */
static uint32_t read_gap(struct run *r, const char *text, uint32_t len, uint32_t at)
{
    uint32_t i = at, n, marks = 0, lines = 0;
    while (i < len && i - at < GAP_MAX) {
        char c = text[i];
        if (c == ' ' || c == '\t') {
            i++;
        } else if (c == '\n' || c == '\r') {
            lines += c == '\n';
            r->line = true;
            i++;
        } else if (c == '-' || c == '.' || c == '/' || c == ',' || c == '_' || c == ':' || c == '(' || c == ')') {
            r->odd |= c != '-' && c != '.';
            r->dashed |= c == '-' || c == '_';
            marks++;
            i++;
        } else if (c == '*' || c == '`' || c == '~' || c == '"') {
            r->markup = true;
            i++;
        } else if (c == '<' && (n = tag_length(text, len, i))) {
            r->markup = true;
            i += n;
        } else if ((n = filler_length(text, len, i))) {
            r->odd = true;
            marks++;
            i += n;
        } else {
            break;
        }
    }
    if (lines > 1 || marks > 2 || i - at >= GAP_MAX)
        return 0;
    return i - at;
}

static void run_read(struct run *r, const char *text, uint32_t len, uint32_t at)
{
    r->glued = at > 0 && (text_is_letter(text[at - 1]) || text[at - 1] == '_') && text_is_digit(text[at]);
    for (uint32_t i = at; i < len && r->n_groups < RUN_MAX;) {
        unsigned before = r->n;
        struct run saved = *r;
        uint32_t end = read_group(r, text, len, i);
        if (end == i) {
            *r = saved;
            break;
        }
        r->group[r->n_groups++] = r->n - before;
        r->singles += r->n - before == 1;
        if (end < len && (text_is_letter(text[end]) || text[end] == '_') && spelled_digit(text, len, end, true, &(uint32_t){0}) < 0)
            r->glued = true;
        struct run ahead = *r;
        uint32_t gap = read_gap(&ahead, text, len, end);
        bool more = end + gap < len && (text_is_digit(text[end + gap]) || spelled_digit(text, len, end + gap, gap == 0, &(uint32_t){0}) >= 0 ||
                                        (letter_digit(text[end + gap]) >= 0 && gap));
        if (!more)
            break;
        *r = ahead;
        i = end + gap;
    }
}

static bool groups_are(const struct run *r, const char *shape)
{
    unsigned n = (unsigned)strlen(shape);
    if (r->n_groups != n)
        return false;
    for (unsigned i = 0; i < n; i++)
        if (r->group[i] != (unsigned)(shape[i] - '0'))
            return false;
    return true;
}

/* A word that announces a number, in the bytes before. */
static bool label_before(const char *text, uint32_t at, bool social)
{
    static const char *const labels[] = {"ssn", "social", "ss#", "security", "phone", "tel", "call", "cell", "fax", "mobile", "mrn",
                                         "record", "account", "acct", "member", "subscriber", "card", "npi", "medicare", "policy",
                                         "routing", "number", "chart", "patient id", "license", "reach", "text me"};
    uint32_t low = at > LABEL_WITHIN ? at - LABEL_WITHIN : 0;
    size_t most = social ? 4 : sizeof labels / sizeof *labels;
    for (uint32_t i = low; i < at; i++)
        for (size_t k = 0; k < most; k++) {
            size_t n = strlen(labels[k]);
            if (text_lower(text[i]) == labels[k][0] && at - i >= n && text_equal_nocase(text + i, labels[k], n))
                return true;
        }
    return false;
}

static unsigned run_worth(const struct run *r, const char *text)
{
    if (r->n < RUN_MIN)
        return 0;
    bool social = groups_are(r, "324"), phone = groups_are(r, "334") || groups_are(r, "1334");
    bool shaped = social || phone || groups_are(r, "4444");
    bool hidden = r->spelled || r->letters || r->markup || r->line || r->odd || r->glued || r->singles >= 6;
    bool backwards = groups_are(r, "423");
    if (!hidden && !backwards)
        return 0;
    bool sure = (r->spelled && r->n >= 9) || (r->markup && shaped) || (r->line && r->dashed && shaped) || (r->glued && r->dashed && shaped);
    if (!sure && !label_before(text, r->begin[0], backwards))
        return 0;
    unsigned via = r->spelled || r->letters ? PHI_VIA_WORDS : r->markup ? PHI_VIA_MARKUP : r->line ? PHI_VIA_JOIN : PHI_VIA_FOLD;
    return via;
}

/* Where a dash goes before digit i of n. */
static bool dash_before(unsigned n, unsigned i)
{
    return (n == 9 && (i == 3 || i == 5)) || (n == 10 && (i == 3 || i == 6)) || (n == 11 && (i == 1 || i == 4 || i == 7)) ||
           (n == 16 && i && i % 4 == 0);
}

static void run_write(const struct run *r, const char *text, struct offset_map map, struct mapped_text *out)
{
    uint32_t first = r->begin[0], low = first > BEFORE_MAX ? first - BEFORE_MAX : 0;
    for (uint32_t i = first; i > low; i--)
        if (text[i - 1] == '\n')
            low = i;
    while (low < first && ((unsigned char)text[low] & 0xC0) == 0x80)
        low++;
    mapped_copy(out, text, map, low, first);
    bool back = groups_are(r, "423");
    for (unsigned k = 0; k < r->n; k++) {
        unsigned i = back ? r->n - 1 - k : k;
        uint32_t begin = map_begin(map, r->begin[i]), end = map_end(map, r->end[i] - 1);
        if (k == 0)
            mapped_put(out, " ", 1, begin, begin);
        if (dash_before(r->n, k))
            mapped_put(out, "-", 1, begin, end);
        mapped_put(out, &r->digits[i], 1, begin, end);
    }
    uint32_t last = map_end(map, r->text_end - 1);
    mapped_put(out, " \n", 2, last, last);
}

static bool run_may_begin(const char *text, uint32_t at)
{
    if (text_is_digit(text[at]))
        return at == 0 || !text_is_digit(text[at - 1]);
    char l = text_lower(text[at]);
    return (l == 'z' || l == 'o' || l == 't' || l == 'f' || l == 's' || l == 'e' || l == 'n') &&
           (at == 0 || !text_is_letter(text[at - 1]));
}

unsigned digits_collect(const char *text, uint32_t len, struct offset_map map, struct mapped_text *out)
{
    unsigned via = 0;
    mapped_clear(out, 0);
    for (uint32_t i = 0; i < len && !out->failed;) {
        if (!run_may_begin(text, i)) {
            i++;
            continue;
        }
        struct run run = {.n = 0};
        run_read(&run, text, len, i);
        unsigned worth = run_worth(&run, text);
        if (worth)
            run_write(&run, text, map, out);
        via |= worth;
        i = run.n ? run.text_end : i + 1;
    }
    return via;
}
