/* SPDX-License-Identifier: Apache-2.0 */
#include "field_cell.h"

#include <string.h>

#include "text.h"

enum { DATE_MOST = 40 };

uint32_t cell_end(const char *text, uint32_t len, uint32_t at, uint32_t most)
{
    uint32_t i = at;
    while (i < len && i - at < most && text[i] != '\n' && text[i] != '\r' && text[i] != '\t' && text[i] != '|' &&
           text[i] != '"' && text[i] != '<' && !(text[i] == ' ' && i + 1 < len && text[i + 1] == ' '))
        i++;
    while (i > at && i < len && ((unsigned char)text[i] & 0xC0) == 0x80)
        i--;
    return i;
}

uint32_t cell_before_label(const char *text, uint32_t at, uint32_t end)
{
    for (uint32_t i = at; i < end; i++) {
        if (text[i] != ':' || (i + 1 < end && text_is_digit(text[i + 1])))
            continue;
        uint32_t begin = i;
        while (begin > at && text[begin - 1] != ' ' && text[begin - 1] != ',')
            begin--;
        return begin;
    }
    return end;
}

static uint32_t run_of(const char *text, uint32_t len, uint32_t at, const char *marks, uint32_t most)
{
    uint32_t i = at;
    while (i < len && i - at < most &&
           (text_is_digit(text[i]) || (text_lower(text[i]) >= 'a' && text_lower(text[i]) <= 'z') ||
            (text[i] && strchr(marks, text[i]))))
        i++;
    return i;
}

/* "3/4/21 14:05", "2021-03-04 1405": where the time behind a whole day in numbers begins; `end` when none does. */
static uint32_t day_before_time(const char *text, uint32_t at, uint32_t end)
{
    uint32_t i = at, digits = 0, groups = 0;
    for (; i < end && (text_is_digit(text[i]) || text[i] == '/' || text[i] == '-' || text[i] == '.'); i++) {
        groups += text_is_digit(text[i]) && (i == at || !text_is_digit(text[i - 1]));
        digits += text_is_digit(text[i]);
    }
    uint32_t hour = i < end && text[i] == ',' ? i + 2 : i + 1, size = 0;
    while (hour + size < end && text_is_digit(text[hour + size]))
        size++;
    bool clock = size > 0 && size <= 2 && hour + size < end && text[hour + size] == ':', military = size == 4 && hour + size == end && text[hour] <= '2';
    return groups == 3 && digits >= 4 && i < end && hour < end && text[hour - 1] == ' ' && (clock || military) ? i : end;
}

bool cell_is_moment(const char *text, uint32_t len, uint32_t at)
{
    uint32_t end = cell_end(text, len, at, DATE_MOST);
    return day_before_time(text, at, end) < end;
}

uint32_t cell_date_end(const char *text, uint32_t len, uint32_t at)
{
    uint32_t end = at, limit = cell_end(text, len, at, DATE_MOST), last = at;
    for (uint32_t i = at; i < limit; i++) {
        if (text_is_digit(text[i]))
            last = i + 1;
        bool mark = text[i] == '/' || text[i] == '-' || text[i] == '.' || text[i] == ',' || text[i] == ' ' ||
                    text[i] == ':' || text[i] == '\'';
        if (!text_is_alnum(text[i]) && !mark)
            break;
        end = i + 1;
    }
    char first = text[at];
    bool month = text_is_letter(first); /* "March 4, 2021": up to four digits behind; "3/4/21 by Dr" stops */
    for (uint32_t i = at; i < end && !month; i++)
        if (text_is_letter(text[i]) && text[i] != 'T' && (i == at || text[i - 1] == ' '))
            return day_before_time(text, at, last < i ? last : i);
    return day_before_time(text, at, last);
}

uint32_t cell_id_end(const char *text, uint32_t len, uint32_t at)
{
    uint32_t end = run_of(text, len, at, "-/_.*", 40);
    /* "536 22 8741": groups of digits belong together */
    while (end + 1 < len && text[end] == ' ' && text_is_digit(text[end + 1]) && end > at && text_is_digit(text[end - 1]) &&
           end - at < 24)
        end = run_of(text, len, end + 1, "-/", 12);
    while (end > at && !text_is_alnum(text[end - 1]) && text[end - 1] != '*')
        end--;
    return end;
}

uint32_t cell_phone_end(const char *text, uint32_t len, uint32_t at)
{
    uint32_t i = at, last = at;
    for (; i < len && i - at < 32; i++) {
        if (text_is_digit(text[i]))
            last = i + 1;
        else if (!strchr("()+-. /x", text[i]) || !text[i] || (text[i] == ' ' && text_is_whole_phone(text + at, i - at)))
            break;
    }
    return last;
}

uint32_t cell_before_bracket(const char *text, uint32_t at, uint32_t end)
{
    const char *bracket = memmem(text + at, end - at, " (", 2);
    return bracket && bracket > text + at + 3 ? (uint32_t)(bracket - text) : end;
}
