/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8, checked once at the border of libphi.
 */
#include "text.h"

#include <string.h>

/* Bytes of the character at p, or 0 when it is none. */
static size_t character_valid(const unsigned char *p, size_t left)
{
    unsigned char c = p[0];
    if (c < 0x80)
        return c != 0;
    if (c < 0xC2 || c > 0xF4)
        return 0;
    size_t n = c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (left < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    bool bad = (c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F) || (c == 0xF0 && p[1] < 0x90) ||
               (c == 0xF4 && p[1] > 0x8F);
    return bad ? 0 : n;
}

bool text_valid(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    for (size_t i = 0; i < len;) {
        uint64_t word;
        if (len - i >= 8) {
            memcpy(&word, p + i, 8);
            if (((word | (word - ones)) & highs) == 0) { /* eight bytes from 1 to 127 */
                i += 8;
                continue;
            }
        }
        size_t n = character_valid(p + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

bool text_is_ascii(const char *text, size_t len)
{
    const uint64_t highs = 0x8080808080808080u;
    uint64_t all = 0, word;
    size_t i = 0;
    for (; len - i >= 8; i += 8) {
        memcpy(&word, text + i, 8);
        all |= word;
    }
    for (; i < len; i++)
        all |= (unsigned char)text[i];
    return !(all & highs);
}

uint32_t text_decode(const char *text, uint32_t *len)
{
    const unsigned char *p = (const unsigned char *)text;
    if (p[0] < 0x80) {
        *len = 1;
        return p[0];
    }
    if (p[0] < 0xE0) {
        *len = 2;
        return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    }
    if (p[0] < 0xF0) {
        *len = 3;
        return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    }
    *len = 4;
    return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
}

uint32_t text_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

bool text_equal_nocase(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text_lower(a[i]) != text_lower(b[i]))
            return false;
    return true;
}

uint64_t text_hash_nocase(const char *text, size_t len)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)text_lower(text[i])) * 0x100000001b3u;
    return h ^ h >> 29;
}

bool text_among(const char *list, const char *word, size_t len)
{
    char key[24] = " ";
    if (len == 0 || len > sizeof key - 3)
        return false;
    for (size_t i = 0; i < len; i++)
        key[i + 1] = text_lower(word[i]);
    key[len + 1] = ' ';
    return strstr(list, key) != NULL;
}

/* Where the digits before len begin, if they are so many; else 0. */
static size_t digits_before(const char *text, size_t len, size_t many)
{
    size_t n = 0;
    while (n < len && text_is_digit(text[len - n - 1]))
        n++;
    return n == many ? len - n : 0;
}

bool text_is_whole_phone(const char *text, size_t len)
{
    static const size_t groups[] = {4, 3, 3};
    for (size_t k = 0; k < 3; k++) {
        size_t at = digits_before(text, len, groups[k]);
        if (at == 0 && (k < 2 || len != groups[k] || !text_is_digit(text[0])))
            return false;
        len = at;
        while (k < 2 && len && !text_is_digit(text[len - 1]))
            len--;
    }
    return text[len] >= '2';
}

/* Zero bits in a byte of `differs` are two blanks; the lowest such byte is told by the borrow. */
size_t text_longest_word(const char *text, size_t len)
{
    size_t most = 0;

    for (size_t i = 0, n; i < len; i += n + 1) {
        n = text_letters(text + i, len - i);
        most = n > most ? n : most;
    }
    return most;
}

size_t text_two_blanks(const char *text, size_t len)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), blanks = ones * ' ';
    size_t i = 0;
    for (; i + 9 <= len; i += 8) {
        uint64_t here, next;
        memcpy(&here, text + i, sizeof here);
        memcpy(&next, text + i + 1, sizeof next);
        uint64_t differs = (here ^ blanks) | (next ^ blanks), zero = (differs - ones) & ~differs & ones << 7;
        if (zero)
            return i + (size_t)__builtin_ctzll(zero) / 8;
    }
    while (i + 1 < len && (text[i] != ' ' || text[i + 1] != ' '))
        i++;
    return i + 1 < len ? i : len;
}
