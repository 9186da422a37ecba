/* SPDX-License-Identifier: Apache-2.0
 *
 * Escapes are read where they can be nothing else: "&#53;" and "\u0035" alone, "%35" and "=35" in company.
 * A text behind U+202E is shown from right to left: it is turned round.
 */
#include "fold.h"

#include <string.h>

#include "phi.h"
#include "text.h"

#include "fold_table.h"

enum { ENTITY_MAX = 12, OVERRIDE_MAX = 256 };

static bool fold_is_dropped(uint32_t c)
{
    uint32_t low = 0, high = sizeof fold_dropped / sizeof *fold_dropped;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (c > fold_dropped[mid].last)
            low = mid + 1;
        else
            high = mid;
    }
    return low < sizeof fold_dropped / sizeof *fold_dropped && c >= fold_dropped[low].first;
}

int fold_character(uint32_t c, char to[4], char *strength)
{
    *strength = 'H';
    if (fold_is_dropped(c))
        return 0;
    uint32_t low = 0, high = sizeof fold_read / sizeof *fold_read;
    while (low < high) {
        uint32_t mid = (low + high) / 2;
        if (c > fold_read[mid].from)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == sizeof fold_read / sizeof *fold_read || fold_read[low].from != c)
        return -1;
    *strength = fold_read[low].strength;
    memcpy(to, fold_read[low].to, 4);
    return (int)strlen(to);
}

/* ---- escapes: the code point and the bytes it takes, or 0 bytes ---- */

struct escape {
    uint32_t c, n;
};

static int hex_digit(char c)
{
    char l = text_lower(c);
    return text_is_digit(c) ? c - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

/* `n` hex digits at `at`, or -1. */
static int64_t hex_number(const char *text, uint32_t len, uint32_t at, uint32_t n)
{
    int64_t v = 0;
    if (len - at < n || at > len)
        return -1;
    for (uint32_t i = 0; i < n; i++) {
        int d = hex_digit(text[at + i]);
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

static bool is_scalar(int64_t c)
{
    return c > 0 && c < 0x110000 && !(c >= 0xD800 && c < 0xE000);
}

static struct escape read_entity(const char *text, uint32_t len, uint32_t at)
{
    static const struct {
        const char *name;
        uint32_t c;
    } named[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", ' '}, {"ndash", '-'},
                 {"mdash", '-'}, {"hyphen", '-'}, {"dash", '-'}, {"minus", '-'}, {"shy", 0xAD}, {"commat", '@'}, {"period", '.'},
                 {"lpar", '('}, {"rpar", ')'}, {"sol", '/'}, {"colon", ':'}, {"zwj", 0x200D}, {"zwnj", 0x200C}, {"num", '#'}};
    uint32_t end = at + 1;
    while (end < len && end - at < ENTITY_MAX && text[end] != ';' && (text_is_alnum(text[end]) || text[end] == '#'))
        end++;
    bool closed = end < len && text[end] == ';';
    int64_t c = 0;
    uint32_t i = at + 2;
    if (at + 2 < len && text[at + 1] == '#' && text_lower(text[i]) == 'x') {
        for (i++; i < end && hex_digit(text[i]) >= 0 && c < 0x110000; i++)
            c = c * 16 + hex_digit(text[i]);
    } else if (at + 2 < len && text[at + 1] == '#') {
        for (; i < end && text_is_digit(text[i]) && c < 0x110000; i++)
            c = c * 10 + (text[i] - '0');
    } else {
        for (size_t k = 0; closed && k < sizeof named / sizeof *named; k++)
            if (strlen(named[k].name) == end - at - 1 && memcmp(named[k].name, text + at + 1, end - at - 1) == 0)
                return (struct escape){named[k].c, end - at + 1};
        return (struct escape){0};
    }
    if (!is_scalar(c))
        return (struct escape){0};
    return (struct escape){(uint32_t)c, i - at + (i < len && text[i] == ';')};
}

static struct escape read_backslash(const char *text, uint32_t len, uint32_t at)
{
    char kind = at + 1 < len ? text[at + 1] : 0;
    uint32_t n = kind == 'u' ? 4 : kind == 'x' ? 2 : kind == 'U' ? 8 : 0;
    int64_t c = n ? hex_number(text, len, at + 2, n) : -1;
    if (kind == 'u' && at + 2 < len && text[at + 2] == '{') {
        uint32_t i = at + 3;
        for (c = 0; i < len && hex_digit(text[i]) >= 0 && c < 0x110000; i++)
            c = c * 16 + hex_digit(text[i]);
        return i < len && text[i] == '}' && is_scalar(c) ? (struct escape){(uint32_t)c, i + 1 - at} : (struct escape){0};
    }
    if (c >= 0xD800 && c < 0xDC00 && at + 7 < len && text[at + 6] == '\\' && text[at + 7] == 'u') {
        int64_t low = hex_number(text, len, at + 8, 4);
        if (low >= 0xDC00 && low < 0xE000)
            return (struct escape){(uint32_t)(0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00)), 12};
    }
    return is_scalar(c) ? (struct escape){(uint32_t)c, n + 2} : (struct escape){0};
}

/* "%35" and "=35": bytes of UTF-8. One alone is read when it stands for a mark or a space. */
static struct escape read_byte_escape(const char *text, uint32_t len, uint32_t at, char mark)
{
    char raw[4];
    int64_t first = hex_number(text, len, at + 1, 2);
    uint32_t n = 1;
    if (mark == '=' && at + 1 < len && (text[at + 1] == '\n' || text[at + 1] == '\r')) /* a soft line break */
        return (struct escape){0x200B, text[at + 1] == '\r' && at + 2 < len && text[at + 2] == '\n' ? 3 : 2};
    if (first <= 0 || (first < 0x20 && first != 9 && first != 10 && first != 13))
        return (struct escape){0};
    raw[0] = (char)first;
    uint32_t want = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    for (; n < want; n++) {
        int64_t next = at + 3 * n < len && text[at + 3 * n] == mark ? hex_number(text, len, at + 3 * n + 1, 2) : -1;
        if (next < 0)
            return (struct escape){0};
        raw[n] = (char)next;
    }
    uint32_t used = 0;
    if (!text_valid(raw, n))
        return (struct escape){0};
    bool before = at >= 3 && text[at - 3] == mark && hex_number(text, len, at - 2, 2) >= 0;
    bool behind = at + 3 * n < len && text[at + 3 * n] == mark && hex_number(text, len, at + 3 * n + 1, 2) >= 0;
    bool alone = mark == '%' && first < 0x80 && !text_is_alnum((char)first);
    if (!before && !behind && !alone)
        return (struct escape){0};
    return (struct escape){text_decode(raw, &used), 3 * n};
}

static struct escape read_escape(const char *text, uint32_t len, uint32_t at)
{
    switch (text[at]) {
    case '&':
        return read_entity(text, len, at);
    case '\\':
        return read_backslash(text, len, at);
    case '%':
    case '=':
        return read_byte_escape(text, len, at, text[at]);
    }
    return (struct escape){0};
}

/* ---- marks inside a value ---- */

enum { MARKUP_MAX = 24, VALUE_NEAR = 24 };

static bool is_value_byte(char c)
{
    return text_is_digit(c) || (text_is_letter(c) && (unsigned char)c < 0x80) || c == '-' || c == '.' || c == '/' || c == '@' || c == '_' ||
           c == ':';
}

/* An inline tag of HTML at `at`. */
static uint32_t inline_tag(const char *text, uint32_t len, uint32_t at)
{
    static const char *const names[] = {"b", "i", "u", "s", "em", "strong", "span", "mark", "font", "code", "sub", "sup", "a", "wbr", "small", "tt", "br"};
    uint32_t from = at + 1, end;
    if (from < len && text[from] == '/')
        from++;
    for (end = from; end < len && end - from < 7 && text_is_letter(text[end]); end++)
        ;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i]) != end - from || !text_equal_nocase(text + from, names[i], end - from))
            continue;
        while (end < len && end - at < MARKUP_MAX && text[end] != '>' && text[end] != '\n')
            end++;
        return end < len && text[end] == '>' ? end + 1 - at : 0;
    }
    return 0;
}

/* Do the value bytes before `at` make half of a value that goes on behind? mail: an at sign will do for digits. */
static bool value_ends(const char *text, uint32_t at, bool cut)
{
    unsigned digits = 0, dots = 0, other = 0;
    for (uint32_t i = at; i > 0 && at - i < VALUE_NEAR && is_value_byte(text[i - 1]); i--) {
        digits += text_is_digit(text[i - 1]);
        dots += text[i - 1] == '.' || text[i - 1] == '@';
        other += text_is_letter(text[i - 1]) && !text_is_upper(text[i - 1]);
    }
    if (cut && text[at - 1] == '.') /* the end of a sentence */
        return dots >= 2 && digits >= 3;
    if (cut && text_is_alnum(text[at - 1]))
        return digits >= 3 && !other && text_is_digit(text[at - 1]);
    return digits > 0 || dots > 0;
}

static bool value_begins(const char *text, uint32_t len, uint32_t at)
{
    for (uint32_t i = at; i < len && i - at < VALUE_NEAR && is_value_byte(text[i]); i++)
        if (text_is_digit(text[i]) || text[i] == '@')
            return true;
    return false;
}

/* Bytes at `at` that show or break a value and are no part of it: "536-**22**-8741", "536-22-" and a line break. */
static uint32_t markup_length(const char *text, uint32_t len, uint32_t at)
{
    uint32_t n = 0;
    char c = text[at];
    if (at == 0 || at + 1 >= len)
        return 0;
    if (c == '*' || c == '~') {
        while (at + n < len && text[at + n] == c && n < 3)
            n++;
        if (n == 1 && (c == '~' || at + 1 == len || (!strchr("-/", text[at - 1]) && !strchr("-/", text[at + 1]))))
            return 0; /* a separator of X12 or HL7, a product */
    } else if (c == '`') {
        n = 1;
    } else if (c == '<') {
        n = inline_tag(text, len, at);
    } else if (c == '\n' || (c == '\r' && text[at + 1] == '\n')) {
        n = c == '\r' ? 2 : 1;
        while (at + n < len && n < MARKUP_MAX && text[at + n] == ' ')
            n++;
        bool open = strchr("-/@._", text[at - 1]) != NULL;
        return open && at + n < len && text_is_alnum(text[at + n]) && value_ends(text, at, true) &&
               (value_begins(text, len, at + n) || memchr(text + (at > VALUE_NEAR ? at - VALUE_NEAR : 0), '@', at > VALUE_NEAR ? VALUE_NEAR : at))
                   ? n : 0;
    }
    bool inside = n && at + n < len && (is_value_byte(text[at - 1]) || text[at - 1] == ' ') && is_value_byte(text[at + n]);
    if (!inside && n && is_value_byte(text[at - 1])) /* the mark that closes */
        inside = at + n == len || !text_is_alnum(text[at + n]);
    if (!inside)
        return 0;
    return value_ends(text, at, false) || value_begins(text, len, at + n) ? n : 0;
}

bool fold_has_markup(const char *text, uint32_t len)
{
    static const char marks[] = "*`<~\n";
    for (const char *mark = marks; *mark; mark++)
        for (const char *at = text; (at = memchr(at, *mark, len - (size_t)(at - text))); at++) {
            uint32_t i = (uint32_t)(at - text);
            i -= *mark == '\n' && i > 0 && text[i - 1] == '\r';
            if (markup_length(text, len, i) && i > 0 && is_value_byte(text[i - 1]))
                return true;
        }
    return false;
}

bool fold_has_escape(const char *text, uint32_t len)
{
    static const char marks[] = "&%\\=";
    for (const char *mark = marks; *mark; mark++)
        for (const char *at = text; (at = memchr(at, *mark, len - (size_t)(at - text))); at++)
            if (read_escape(text, len, (uint32_t)(at - text)).n)
                return true;
    return false;
}

/* ---- the pass ---- */

struct fold_pass {
    const char *text;
    uint32_t len;
    struct offset_map map;
    struct mapped_text *out;
    unsigned via;
    uint32_t turned; /* where in out a text from right to left began */
    bool turning;
};

static bool touches(const struct fold_pass *p, uint32_t at, uint32_t n, bool letters)
{
    char before = at > 0 ? p->text[at - 1] : ' ', behind = at + n < p->len ? p->text[at + n] : ' ';
    bool digit = text_is_digit(before) || text_is_digit(behind);
    bool letter = (text_is_letter(before) && (unsigned char)before < 0x80) ||
                  (text_is_letter(behind) && (unsigned char)behind < 0x80);
    return digit || (letters && letter);
}

static void turn_end(struct fold_pass *p)
{
    bool ascii = p->turning;
    for (uint32_t i = p->turned; i < p->out->n && ascii; i++)
        ascii = !(((const unsigned char *)p->out->bytes.v)[i] & 0x80);
    if (ascii && !p->out->failed)
        mapped_reverse(p->out, p->turned);
    p->turning = false;
}

static void put_character(struct fold_pass *p, uint32_t c, uint32_t at, uint32_t n, bool escaped)
{
    char to[4], strength = 'S';
    int count = c < 0x80 ? -1 : fold_character(c, to, &strength);
    if (c == 0x202E || c == 0x202C || c == '\n') {
        if (p->turning)
            turn_end(p);
        p->turning = c == 0x202E;
        p->turned = p->out->n;
    }
    if (count < 0)
        count = (int)text_encode(c, to);
    else if (strength == 'H' || (strength == 'D' && touches(p, at, n, false)) ||
             (strength == 'W' && touches(p, at, n, true)))
        p->via |= PHI_VIA_FOLD;
    if (escaped)
        p->via |= PHI_VIA_ENTITY;
    uint32_t begin, end;
    map_range(p->map, at, at + n, &begin, &end);
    mapped_put(p->out, to, (uint32_t)count, begin, end);
}

static bool is_plain(char c)
{
    return (unsigned char)c < 0x80 && !strchr("&%\\=\n\r*`<~", c);
}

unsigned fold_text(const char *text, uint32_t len, struct offset_map map, struct mapped_text *out)
{
    struct fold_pass p = {.text = text, .len = len, .map = map, .out = out};
    mapped_clear(out, len);
    for (uint32_t i = 0; i < len && !out->failed;) {
        uint32_t plain = i, n;
        while (plain < len && is_plain(text[plain]))
            plain++;
        if (plain > i) {
            mapped_copy(out, text, map, i, plain);
            i = plain;
            continue;
        }
        uint32_t markup = markup_length(text, len, i);
        if (markup) {
            p.via |= text[i] == '\n' || text[i] == '\r' ? PHI_VIA_JOIN : PHI_VIA_MARKUP;
            i += markup;
            continue;
        }
        struct escape escape = read_escape(text, len, i);
        if (escape.n) {
            put_character(&p, escape.c, i, escape.n, true);
            i += escape.n;
            continue;
        }
        uint32_t c = text_decode(text + i, &n);
        put_character(&p, c, i, n, false);
        i += n;
    }
    if (p.turning)
        turn_end(&p);
    return p.via;
}
