/* SPDX-License-Identifier: Apache-2.0
 *
 * A run counts when it decodes to printable UTF-8 throughout: random identifiers nearly never do. The whole run
 * becomes the finding when its content holds one, since a part of it cannot be replaced.
 */
#include "encoded.h"

#include <string.h>

#include "text.h"

enum { RUN_MIN = 12, BEFORE_MAX = 48 };

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (text_is_digit(c))
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static int base32_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    return c >= '2' && c <= '7' ? c - '2' + 26 : -1;
}

static int hex_value(char c)
{
    char l = text_lower(c);
    return text_is_digit(c) ? c - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static const struct coding {
    int (*value)(char c);
    unsigned bits;
} codings[] = {{hex_value, 4}, {base32_value, 5}, {base64_value, 6}};

static bool is_printable(unsigned char c)
{
    return (c >= 0x20 && c != 0x7F) || c == '\n' || c == '\r' || c == '\t';
}

/* Appends the decoded bytes, all with the source [begin, end). False, and nothing appended, when they are no
 * text. */
static bool decode(const struct coding *coding, const char *run, uint32_t n, uint32_t begin, uint32_t end,
                   struct mapped_text *out)
{
    uint32_t start = out->n, bits = 0, value = 0;
    for (uint32_t i = 0; i < n; i++) {
        int v = coding->value(run[i]);
        if (v < 0) {
            out->n = start;
            return false;
        }
        value = (value << coding->bits | (uint32_t)v) & 0xFFFF;
        bits += coding->bits;
        if (bits < 8)
            continue;
        bits -= 8;
        char byte = (char)(value >> bits);
        if (!is_printable((unsigned char)byte)) {
            out->n = start;
            return false;
        }
        mapped_put(out, &byte, 1, begin, end);
    }
    if (out->failed || out->n - start < 6 || !text_valid((const char *)out->bytes.v + start, out->n - start)) {
        out->n = start;
        return false;
    }
    return true;
}

struct counts {
    uint32_t upper, lower, digits;
};

static struct counts run_counts(const char *run, uint32_t n)
{
    struct counts c = {0};
    for (uint32_t i = 0; i < n && i < 256; i++) {
        c.upper += text_is_upper(run[i]);
        c.digits += text_is_digit(run[i]);
        c.lower += run[i] >= 'a' && run[i] <= 'z';
    }
    return c;
}

/* Words and numbers are no encodings: a run must mix upper case, lower case and digits, or be hex or base32. Its
 * first byte tells most others. */
static bool run_is_candidate(const char *run, uint32_t n, uint32_t padding, const struct counts *c, const struct coding *coding)
{
    if (coding->bits == 4 && (n % 2 || n < 14))
        return false;
    bool full = padding && (n + padding) % 8 == 0; /* RFC 4648, section 6: filled up to eight */
    if (coding->bits == 5 && ((n < 16 && !full) || c->lower || !c->upper))
        return false;
    if (coding->bits == 6 && (c->upper <= 1 || c->lower + c->digits <= 1))
        return false;
    int first = coding->value(run[0]), second = coding->value(run[1]);
    if (first < 0 || second < 0)
        return false;
    unsigned both = (unsigned)first << coding->bits | (unsigned)second;
    return is_printable((unsigned char)(both >> (2 * coding->bits - 8)));
}

static inline bool is_run_byte(char c)
{
    static const bool in_run[256] = {
        ['+'] = 1, ['-'] = 1, ['/'] = 1, ['_'] = 1, ['0'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        ['A'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        ['a'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    };
    return in_run[(unsigned char)c];
}

static bool run_collect(const char *text, uint32_t begin, uint32_t end, uint32_t padded, struct offset_map map,
                        struct mapped_text *out)
{
    uint32_t start = out->n, low = begin > BEFORE_MAX ? begin - BEFORE_MAX : 0;
    while (low < begin && ((unsigned char)text[low] & 0xC0) == 0x80)
        low++;
    struct counts counts = run_counts(text + begin, end - begin);
    for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
        if (!run_is_candidate(text + begin, end - begin, padded - end, &counts, &codings[i]))
            continue;
        mapped_copy(out, text, map, low, begin);
        uint32_t from, to;
        map_range(map, begin, padded, &from, &to);
        mapped_put(out, " ", 1, from, from);
        if (decode(&codings[i], text + begin, end - begin, from, to, out)) {
            mapped_put(out, "\n", 1, to, to);
            return true;
        }
        out->n = start;
    }
    return false;
}

/* The bits of those bytes from which on RUN_MIN are in a run. */
static uint64_t runs_begin(uint64_t bits, uint64_t next)
{
    uint64_t two = bits & (bits >> 1 | next << 63), two_next = next & next >> 1;
    uint64_t four = two & (two >> 2 | two_next << 62), four_next = two_next & two_next >> 2;
    uint64_t eight = four & (four >> 4 | four_next << 60);
    return eight & (four >> 8 | four_next << 56);
}

bool encoded_collect(const char *text, uint32_t len, const struct marks *m, struct offset_map map, struct mapped_text *out)
{
    bool any = false;
    uint32_t from = 0;
    _Static_assert(RUN_MIN == 12, "runs_begin");
    mapped_clear(out, 0);
    for (uint32_t base = 0; base < len && !out->failed; base += MARKS_BYTES, m++) {
        for (uint64_t runs = runs_begin(m[0].coded, m[1].coded); runs && !out->failed; runs &= runs - 1) {
            uint32_t begin = base + (uint32_t)__builtin_ctzll(runs), end = begin + RUN_MIN;
            if (begin < from)
                continue;
            while (end < len && is_run_byte(text[end]))
                end++;
            uint32_t padded = end;
            while (padded < len && text[padded] == '=' && padded - end < 6)
                padded++;
            any |= run_collect(text, begin, end, padded, map, out);
            from = padded;
        }
    }
    return any;
}
