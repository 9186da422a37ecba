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

enum { RUN_MAX = 20, RUN_MIN = 7, GAP_MAX = 24, BEFORE_MAX = 48, LABEL_WITHIN = 56, COLUMN_DIGITS = 8 };

/* What stood in the gaps. */
struct gap_marks {
    bool markup, line, odd, dashed, stroke; /* stroke: / or :, as days and hours have */
};

struct run {
    char digits[RUN_MAX];
    uint32_t begin[RUN_MAX], end[RUN_MAX]; /* of each digit in the text */
    unsigned n;
    unsigned group[RUN_MAX], n_groups; /* digits between gaps */
    bool letters, glued;
    unsigned spelled;
    struct gap_marks marks;
    unsigned singles; /* groups of one */
    uint32_t text_end;
};

static const char *const spelled[] = {"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh"};

/* By the first letter and the second, of which no two words share both. */
static int spelled_by_letters(char first, char second)
{
    switch (first) {
    case 'z': return second == 'e' ? 0 : -1;
    case 'o': return second == 'n' ? 1 : second == 'h' ? 10 : -1;
    case 't': return second == 'w' ? 2 : second == 'h' ? 3 : -1;
    case 'f': return second == 'o' ? 4 : second == 'i' ? 5 : -1;
    case 's': return second == 'i' ? 6 : second == 'e' ? 7 : -1;
    case 'e': return second == 'i' ? 8 : -1;
    case 'n': return second == 'i' ? 9 : -1;
    }
    return -1;
}

static int spelled_prefix(const char *text, uint32_t len, uint32_t at, uint32_t *n)
{
    static const uint8_t sizes[] = {4, 3, 3, 5, 4, 4, 3, 5, 5, 4, 2};
    if (len - at < 2)
        return -1;
    int i = spelled_by_letters(text_lower(text[at]), text_lower(text[at + 1]));
    if (i < 0 || len - at < sizes[i] || !text_equal_nocase(text + at, spelled[i], sizes[i]))
        return -1;
    *n = sizes[i];
    return i == 10 ? 0 : i;
}

/* A spelled digit as a word of its own, or in a row of such ("fourone"). within: a digit ends right before. */
static int spelled_digit(const char *text, uint32_t len, uint32_t at, bool within, uint32_t *n)
{
    uint32_t after;
    if (at >= len || !text_is_letter(text[at]) || (!within && at > 0 && text_is_letter(text[at - 1])))
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
        r->spelled++;
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
    static const uint32_t firsts = 1u << ('t' & 31) | 1u << ('d' & 31) | 1u << ('h' & 31) | 1u << ('m' & 31) | 1u << ('s' & 31) |
                                   1u << ('p' & 31) | 1u << ('a' & 31);
    char first = text_lower(text[at]);
    if (first < 'a' || first > 't' || !(firsts >> (first & 31) & 1))
        return 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (first != words[i][0])
            continue;
        uint32_t size = (uint32_t)strlen(words[i]);
        if (len - at >= size && text_equal_nocase(text + at, words[i], size) &&
            (at + size == len || !text_is_letter(text[at + size])))
            return size;
    }
    return 0;
}

/* "536+22+8741", "[536][22][8741]", "536->22->8741", "536...22...8741": marks right between two digits, which nobody counts or lists so. Their
 * size, or 0. The marks of messages, tables and links (| ; = & ^) are none of them. */
static uint32_t tight_length(const char *text, uint32_t len, uint32_t at)
{
    static const char *const marks[] = {"+", "#", "!", "?", "%", "@", "\\", "'", "][", "}{", ")(", "->", "=>", "\xE2\x80\xA6", "\xE2\x86\x92"};
    if (at == 0 || at >= len || !text_is_digit(text[at - 1]) || !text[at] || !strchr("+#!?%@\\']})-=\xE2", text[at]))
        return 0;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        uint32_t n = (uint32_t)strlen(marks[i]);
        if (len - at > n && memcmp(text + at, marks[i], n) == 0 && text_is_digit(text[at + n]))
            return n;
    }
    return 0;
}

/* What may stand between two groups; its length, 0 when the run ends here. */
static uint32_t read_gap(struct gap_marks *r, const char *text, uint32_t len, uint32_t at)
{
    uint32_t i = at, n = tight_length(text, len, at), marks = 0, lines = 0;
    if (n) {
        r->odd = true;
        return n;
    }
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
            r->stroke |= c == '/' || c == ':';
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
    r->odd |= i - at == 3 && !memcmp(text + at, " - ", 3);
    return i - at;
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

/* "07/25/2025. Two days", "0102.\n6. Bill", "1999900417. one page", "Three two three. Three two four": the number ended with its
 * sentence. */
static bool begins_sentence(const struct run *r, const char *text, uint32_t end, uint32_t gap)
{
    if (gap < 2 || text[end] != '.')
        return false;
    if (!text_is_digit(text[end - 1]))
        return text[end + 1] == ' ' && text_is_upper(text[end + gap]) && r->n > 1 && !text_is_upper(text[r->begin[r->n - 1]]);
    return text[end + 1] == '\n' || (text[end + 1] == ' ' && (text_is_upper(text[end + gap]) || (text_is_letter(text[end + gap]) && r->group[r->n_groups - 1] >= 4)));
}

/* "00482917 67f", "118-20-455, 44M", "0150).\n3. Position", "1130984\n8/17/23": behind a number an age with a sex, the next of a list, a day. */
static bool begins_other(const struct run *r, const char *text, uint32_t len, uint32_t end, uint32_t gap, uint32_t n)
{
    uint32_t behind = end + gap + n;
    char c = behind < len ? text[behind] : 0, next = behind + 1 < len ? text[behind + 1] : ' ';
    if (n == 0 || n > 2 || r->spelled)
        return false;
    if (r->n >= RUN_MIN && strchr("MFmf", c) && c && !text_is_alnum(next))
        return true;
    if (!memchr(text + end, '\n', gap))
        return false;
    return (c == '.' && next == ' ') || (r->n >= RUN_MIN && c == '/');
}

/* "4471-0926, 58F", "J0093817: 33 wk": behind a number that had no such gaps a comma or colon and a small count; "(480) 555-0176 24/7". */
static bool begins_count(const struct run *r, const char *text, uint32_t len, uint32_t end, uint32_t gap)
{
    uint32_t at = end + gap, n = 0;
    bool whole = groups_are(r, "334") || groups_are(r, "1334");
    if (whole && (text[end] == ' ' || text[end] == '\n' || text[end] == '\r') && gap <= 2)
        return true;
    if (gap >= 3 && !memcmp(text + end, "   ", 3) && r->n >= COLUMN_DIGITS) /* the next column */
        return true;
    while (at + n < len && text_is_digit(text[at + n]))
        n++;
    if (n == 2 && text[end] == ' ' && gap <= 2 && r->group[r->n_groups - 1] >= 5 && at + n < len && (text[at + n] == 'F' || text[at + n] == 'M')) /* "7730142  63F" */
        return true;
    if (begins_other(r, text, len, end, gap, n))
        return true;
    return r->group[r->n_groups - 1] >= 4 && n && n <= 2 && gap == 2 && (text[end] == ',' || text[end] == ':') && text[end + 1] == ' ';
}

static void run_read(struct run *r, const char *text, uint32_t len, uint32_t at)
{
    r->glued = at > 0 && (text_is_letter(text[at - 1]) || text[at - 1] == '_') && text_is_digit(text[at]);
    for (uint32_t i = at; i < len && r->n_groups < RUN_MAX;) {
        unsigned before = r->n;
        uint32_t end = read_group(r, text, len, i);
        if (end == i)
            break;
        r->group[r->n_groups++] = r->n - before;
        r->singles += r->n - before == 1;
        if (end < len && (text_is_letter(text[end]) || text[end] == '_') && spelled_digit(text, len, end, true, &(uint32_t){0}) < 0)
            r->glued = true;
        struct gap_marks ahead = r->marks;
        uint32_t gap = read_gap(&ahead, text, len, end);
        bool more = end + gap < len && (text_is_digit(text[end + gap]) || spelled_digit(text, len, end + gap, gap == 0, &(uint32_t){0}) >= 0 ||
                                        (letter_digit(text[end + gap]) >= 0 && gap));
        if (!more || begins_sentence(r, text, end, gap) || begins_count(r, text, len, end, gap))
            break;
        r->marks = ahead;
        i = end + gap;
    }
}

/* Does a word that announces a number stand at `at`? Those of a social security number come first. */
static bool label_at(const char *text, uint32_t left, bool social)
{
    static const char *const labels[] = {"ssn", "social", "ss#", "security", "phone", "tel", "call", "cell", "fax", "mobile", "mrn",
                                         "record", "account", "acct", "member", "subscriber", "card", "npi", "medicare", "policy",
                                         "routing", "number", "chart", "patient id", "license", "reach", "text me"};
    static const uint8_t sizes[] = {3, 6, 3, 8, 5, 3, 4, 4, 3, 6, 3, 6, 7, 4, 6, 10, 4, 3, 8, 6, 7, 6, 5, 10, 7, 5, 7};
    _Static_assert(sizeof sizes == sizeof labels / sizeof *labels, "a size for each label");
    size_t most = social ? 4 : sizeof sizes;
    char first = text_lower(text[0]), second = left > 1 ? text_lower(text[1]) : 0;
    for (size_t k = 0; k < most; k++)
        if (first == labels[k][0] && second == labels[k][1] && left >= sizes[k] && text_equal_nocase(text, labels[k], sizes[k]))
            return true;
    return false;
}

/* A word that announces a number, in the bytes before. */
static bool label_before(const char *text, uint32_t at, bool social)
{
    static const uint32_t firsts = 1u << ('s' & 31) | 1u << ('p' & 31) | 1u << ('t' & 31) | 1u << ('c' & 31) | 1u << ('f' & 31) |
                                   1u << ('m' & 31) | 1u << ('r' & 31) | 1u << ('a' & 31) | 1u << ('n' & 31) | 1u << ('l' & 31);
    /* the letters that come second */
    static const uint32_t seconds = 1u << ('s' & 31) | 1u << ('o' & 31) | 1u << ('e' & 31) | 1u << ('h' & 31) | 1u << ('a' & 31) |
                                    1u << ('r' & 31) | 1u << ('c' & 31) | 1u << ('u' & 31) | 1u << ('p' & 31) | 1u << ('i' & 31);
    for (uint32_t i = at > LABEL_WITHIN ? at - LABEL_WITHIN : 0; i + 2 < at; i++)
        if (firsts >> (text[i] & 31) & 1 && seconds >> (text[i + 1] & 31) & 1 && label_at(text + i, at - i, social))
            return true;
    return false;
}

static unsigned value_of(const char *digits, unsigned n)
{
    unsigned value = 0;
    for (unsigned k = 0; k < n; k++)
        value = value * 10 + (unsigned)(digits[k] - '0');
    return value;
}

/* "5/20/23 0800", "1-23-24 10:30": a day, and something behind it. */
static bool begins_day(const struct run *r)
{
    if (r->n_groups < 4 || r->group[0] > 2 || r->group[1] > 2 || (r->group[2] != 2 && r->group[2] != 4))
        return false;
    unsigned a = value_of(r->digits, r->group[0]), b = value_of(r->digits + r->group[0], r->group[1]);
    return a >= 1 && b >= 1 && a <= 31 && b <= 31 && (a <= 12 || b <= 12);
}

/* "5/14 1.8, 6/4 3.9": days and values in turn. Who takes a number apart does it in one way. */
static bool begins_values(const struct run *r)
{
    return r->n_groups >= 4 && r->singles < r->n_groups && r->group[0] <= 2 && r->group[1] <= 2;
}

/* "0.81 (0.77-0.85)" */
static bool begins_decimal(const struct run *r, const char *text)
{
    return r->group[0] == 1 && r->digits[0] == '0' && text[r->end[0]] == '.' && r->n > 1 && r->begin[1] == r->end[0] + 1 && !r->spelled;
}

/* "10.24.8.117, 6 minutes": the address of a machine, which a rule reads as it stands. */
static bool begins_address(const struct run *r, const char *text)
{
    unsigned i = 0;
    for (unsigned g = 0; g < 4; g++) {
        if (g >= r->n_groups || r->group[g] > 3)
            return false;
        i += r->group[g];
        if (g < 3 && (i >= r->n || text[r->end[i - 1]] != '.' || r->begin[i] != r->end[i - 1] + 1))
            return false;
    }
    return !r->spelled && r->n_groups > 4;
}

static unsigned run_worth(const struct run *r, const char *text)
{
    if (r->n < RUN_MIN)
        return 0;
    bool social = groups_are(r, "324"), phone = groups_are(r, "334") || groups_are(r, "1334");
    bool shaped = social || phone || groups_are(r, "4444");
    bool hidden = r->spelled || r->letters || r->marks.markup || r->marks.line || r->marks.odd || r->glued || r->singles >= 6;
    bool backwards = groups_are(r, "423");
    if ((!hidden && !backwards) || (r->marks.stroke && !shaped && !r->spelled && (begins_day(r) || begins_values(r))))
        return 0;
    if (begins_decimal(r, text) || begins_address(r, text))
        return 0;
    bool said = r->spelled >= (r->marks.stroke ? 3 : 1) && r->n >= 9; /* "148/96 and 150/94 four" is not */
    bool sure = said || (r->marks.markup && shaped) || (r->marks.line && r->marks.dashed && shaped) || (r->glued && r->marks.dashed && shaped);
    if (!sure && !label_before(text, r->begin[0], backwards))
        return 0;
    unsigned via = r->spelled || r->letters ? PHI_VIA_WORDS : r->marks.markup ? PHI_VIA_MARKUP : r->marks.line ? PHI_VIA_JOIN : PHI_VIA_FOLD;
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
        uint32_t begin, end;
        map_range(map, r->begin[i], r->end[i], &begin, &end);
        if (k == 0)
            mapped_put(out, " ", 1, begin, begin);
        if (dash_before(r->n, k))
            mapped_put(out, "-", 1, begin, end);
        mapped_put(out, &r->digits[i], 1, begin, end);
    }
    uint32_t last = map_end(map, r->text_end - 1);
    mapped_put(out, " \n", 2, last, last);
}

static bool is_gap_byte(char c)
{
    /* space \t \r \n - . / , _ : ( ) * ` ~ " */
    static const uint64_t set[2] = {0x0400F70500002600u, 0x4000000180000000u};
    unsigned char b = (unsigned char)c;
    return b < 0x80 && set[b >> 6] >> (b & 63) & 1;
}

/* A cheap look before the long one: digits that something may follow, or a spelled one. Moves *next behind what
 * cannot be part of a run. */
static bool run_may_begin(const char *text, uint32_t len, uint32_t at, uint32_t *next)
{
    uint32_t n, end = at + 1;
    *next = end;
    if (!text_is_digit(text[at])) /* not one word in twenty begins like a spelled digit */
        return spelled_digit(text, len, at, false, &n) >= 0;
    while (end < len && text_is_digit(text[end]))
        end++;
    *next = end;
    bool glued = at > 0 && (text_is_letter(text[at - 1]) || text[at - 1] == '_');
    if ((end - at >= RUN_MIN && glued) || tight_length(text, len, end))
        return true;
    for (uint32_t i = end; i < len && i - end < GAP_MAX; i++) {
        char c = text[i];
        if (text_is_digit(c) || text_is_letter(c) || c == '<')
            return text_is_digit(c) || c == '<' || i == end || filler_length(text, len, i) ||
                   spelled_prefix(text, len, i, &n) >= 0 || letter_digit(c) >= 0;
        if (!is_gap_byte(c))
            return false;
    }
    return false;
}

/* Reads the run at `at`, if there is one, and writes it when it is worth it; where to look on. */
static uint32_t collect_at(const char *text, uint32_t len, uint32_t at, struct offset_map map, struct mapped_text *out,
                           unsigned *via)
{
    uint32_t next;
    if (!run_may_begin(text, len, at, &next))
        return next;
    struct run run = {.n = 0};
    run_read(&run, text, len, at);
    unsigned worth = run_worth(&run, text);
    if (worth)
        run_write(&run, text, map, out);
    *via |= worth;
    return run.n && run.text_end > next ? run.text_end : next;
}

unsigned digits_collect(const char *text, uint32_t len, const struct marks *m, struct offset_map map, struct mapped_text *out)
{
    unsigned via = 0;
    uint32_t from = 0;
    mapped_clear(out, 0);
    for (uint32_t base = 0; base < len && !out->failed; base += MARKS_BYTES, m++) {
        if (from >= base + MARKS_BYTES)
            continue;
        for (uint64_t places = m->digits | m->spoken; places; places &= places - 1) {
            uint32_t at = base + (uint32_t)__builtin_ctzll(places);
            if (at < from)
                continue;
            from = collect_at(text, len, at, map, out, &via);
        }
    }
    return via;
}
