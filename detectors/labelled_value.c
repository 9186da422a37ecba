/* SPDX-License-Identifier: Apache-2.0
 *
 * A token around a digit, and what it can be besides somebody's number.
 */
#include "labelled_value.h"

#include <string.h>

#include "labels.h"
#include "text.h"

enum { TOKEN_MAX = 48 };

bool value_is_byte(char c)
{
    char l = text_lower(c);
    return text_is_digit(c) || (l >= 'a' && l <= 'z') || c == '-' || c == '_';
}

void value_count(const char *text, struct value *v)
{
    uint32_t run = 0;
    v->digits = v->letters = v->lower_run = v->groups = 0;
    for (uint32_t i = v->begin; i < v->end; i++) {
        bool lower = text[i] >= 'a' && text[i] <= 'z', digit = text_is_digit(text[i]);
        run = lower ? run + 1 : 0;
        v->lower_run = run > v->lower_run ? run : v->lower_run;
        v->groups += digit && (i == v->begin || !text_is_digit(text[i - 1]));
        v->digits += digit;
        v->letters += !digit && text_is_letter(text[i]);
    }
}

uint32_t value_digits_at(const char *text, uint32_t len, uint32_t at)
{
    uint32_t n = 0;
    while (at + n < len && text_is_digit(text[at + n]))
        n++;
    return n;
}

/* Words behind a group end them. */
uint32_t value_groups_end(const char *text, uint32_t len, uint32_t at, char mark)
{
    uint32_t end = at;
    while (end + 1 < len && text[end] == mark && text_is_digit(text[end + 1]) && end - at < 28) {
        uint32_t n = value_digits_at(text, len, end + 1), to = end + 1 + n;
        if (n > (mark == ' ' ? 8 : 5) || (to < len && (text_is_letter(text[to]) || text[to] == '/' || text[to] == '%')))
            break;
        end = to;
    }
    return end;
}

/* "QH.004481": a few capitals and a period in front of a token. Where they begin. */
static uint32_t prefix_begin(const char *text, uint32_t low, uint32_t begin, uint32_t end)
{
    uint32_t i = begin;
    if (begin < low + 2 || end - begin < 4 || text[begin - 1] != '.')
        return begin;
    for (i = begin - 1; i > low && begin - i < 5 && text_is_upper(text[i - 1]);)
        i--;
    uint32_t n = begin - 1 - i;
    bool no = n == 2 && memcmp(text + i, "NO", 2) == 0;
    return n == 0 || n > 3 || no || (i > 0 && (value_is_byte(text[i - 1]) || text[i - 1] == '.')) || label_find(text + i, n) ? begin : i;
}

/* "S24:4481", "24044:MB812": a number and a colon between capitals. Where it ends. */
static uint32_t suffix_end(const char *text, uint32_t len, uint32_t begin, uint32_t end)
{
    uint32_t i = end + 1, upper = 0;
    if (end - begin > 6 || end + 3 >= len || text[end] != ':' || !text_is_alnum(text[i]))
        return end;
    for (uint32_t k = begin; k < end; k++)
        upper += text_is_upper(text[k]);
    for (; i < len && i - end < 10 && (text_is_digit(text[i]) || text_is_upper(text[i])); i++)
        upper += text_is_upper(text[i]);
    return upper > 0 && i - end > 3 && text_is_digit(text[i - 1]) && (i == len || !value_is_byte(text[i])) ? i : end;
}

struct value value_read(const char *text, uint32_t len, uint32_t low, uint32_t at)
{
    struct value v = {.begin = at, .end = at};
    while (v.begin > low && at - v.begin < TOKEN_MAX && value_is_byte(text[v.begin - 1]))
        v.begin--;
    while (v.end < len && v.end - v.begin < TOKEN_MAX && value_is_byte(text[v.end]))
        v.end++;
    while (v.begin < at && !text_is_alnum(text[v.begin]))
        v.begin++;
    while (v.end > at + 1 && !text_is_alnum(text[v.end - 1]))
        v.end--;
    v.end = suffix_end(text, len, v.begin, v.end);
    v.begin = prefix_begin(text, low, v.begin, v.end);
    value_count(text, &v);
    return v;
}

static bool is_month(const char *text, uint32_t len)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (len < 3)
        return false;
    for (const char *m = months; *m; m += 3)
        if (text_equal_nocase(text, m, 3))
            return true;
    return false;
}

static unsigned number_at(const char *text, uint32_t at, uint32_t digits)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < digits && i < 4; i++)
        n = n * 10 + (text_is_digit(text[at + i]) ? (unsigned)(text[at + i] - '0') : 0);
    return n;
}

bool value_is_date(const char *text, const struct value *v)
{
    uint32_t sizes[4] = {0}, n = 0;
    for (uint32_t i = v->begin; i < v->end && n < 4; n++) {
        uint32_t from = i;
        while (i < v->end && text_is_alnum(text[i]))
            i++;
        sizes[n] = i - from;
        if (n == 1 && text_is_letter(text[from])) /* "12-C-4471" */
            return is_month(text + from, i - from);
        while (i < v->end && !text_is_alnum(text[i]))
            i++;
    }
    if (n != 3 || v->letters > 1)
        return false;
    unsigned first = number_at(text, v->begin, sizes[0]), second = number_at(text, v->begin + sizes[0] + 1, sizes[1]);
    unsigned last = number_at(text, v->end - sizes[2], sizes[2]);
    if (sizes[2] == 4 && (last < 1800 || last > 2199) && !memchr(text + v->begin, ' ', v->end - v->begin)) /* "24-1-0071" */
        return false;
    if (sizes[0] <= 2 && (first > 31 || second > 31 || (first > 12 && second > 12))) /* "55-20-18" */
        return false;
    return (sizes[0] == 4 && sizes[1] <= 2 && sizes[2] >= 1 && sizes[2] <= 3 && (text[v->begin] == '1' || text[v->begin] == '2')) ||
           (sizes[0] <= 2 && sizes[1] <= 2 && (sizes[2] == 4 || sizes[2] == 2));
}

bool value_is_year(const char *text, const struct value *v)
{
    uint32_t len = v->end - v->begin;
    bool years = (len == 4 && v->digits == 4) || (len == 9 && v->digits == 8 && text[v->begin + 4] == '-');
    return years && (memcmp(text + v->begin, "19", 2) == 0 || memcmp(text + v->begin, "20", 2) == 0) &&
           (len == 4 || memcmp(text + v->begin + 5, "19", 2) == 0 || memcmp(text + v->begin + 5, "20", 2) == 0);
}

bool value_unit_follows(const char *text, uint32_t len, uint32_t at)
{
    static const char units[] =
        " mg mcg ug g gm gms kg ml cc l dl mm cm m unit units iu meq mmol tab tabs tablet tablets caps capsule capsules puff "
        "puffs drop drops day days week weeks month months year years yr yrs hour hours hrs minute minutes min mins sec times "
        "percent bpm lb lbs pounds dollars patients mmhg am pm yo degrees people subjects participants "
        "adults children women men individuals persons cells copies records samples specimens cases visits sessions refills ";
    while (at < len && text[at] == ' ')
        at++;
    return text_among(units, text + at, text_letters(text + at, len - at));
}

bool value_is_amount(const char *text, uint32_t len, const struct value *v)
{
    uint32_t after = v->end;
    if (v->begin > 0 && (text[v->begin - 1] == '$' || text[v->begin - 1] == '/' || text[v->begin - 1] == '@' ||
                         text[v->begin - 1] == '+' || (unsigned char)text[v->begin - 1] >= 0xE3))
        return true;
    if (v->begin > 1 && text[v->begin - 1] == '.' && text_is_digit(text[v->begin - 2]))
        return true;
    if (after >= len)
        return false;
    uint32_t next = after + 1 + (after + 1 < len && text_is_upper(text[after + 1]));
    if (text[after] == '/' && v->digits >= 5 && value_digits_at(text, len, next) >= 5) /* "448120/E44812044" */
        return false;
    if (strchr("%/@(", text[after]) && text[after] != '(')
        return true;
    if (after + 1 < len && (text[after] == '.' || text[after] == ',') && text_is_digit(text[after + 1]))
        return text[after] == '.' || value_digits_at(text, len, after + 1) == 3;
    return false;
}
