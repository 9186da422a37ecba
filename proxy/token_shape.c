/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads one token from its opening bracket on, left to right, without going back.
 */
#include "token_shape.h"

#include <string.h>

#include "tokens.h"

#define DIGITS_MAX 7u
#define LETTERS_MAX 2u
#define DAYS_MAX 6u /* digits */
/* The longest word that leaves room for the brackets, the underscore, the number and the letters. */
#define WORD_MAX (TOKEN_MAX - 3u - DIGITS_MAX - LETTERS_MAX)

static size_t run(struct span s, size_t from, size_t max, char low, char high) {
    size_t n = 0;
    while (n < max && from + n < s.len && s.ptr[from + n] >= low && s.ptr[from + n] <= high)
        n++;
    return n;
}

static enum token_shape stop(struct span s, size_t at, size_t *len) {
    *len = at;
    return at < s.len || s.len == TOKEN_MAX ? TOKEN_NO : TOKEN_PART;
}

static uint32_t number_of(struct span digits) {
    uint32_t n = 0;
    for (size_t i = 0; i < digits.len; i++)
        n = n * 10 + (uint32_t)(digits.ptr[i] - '0');
    return n;
}

enum token_shape token_shape_of(struct span s, size_t *len, struct token_parts *parts) {
    *len = s.len ? 1 : 0;
    if (s.len == 0) return TOKEN_PART;
    if (s.ptr[0] != '[') return TOKEN_NO;
    s = span_sub(s, 0, TOKEN_MAX);

    size_t word = run(s, 1, WORD_MAX, 'A', 'Z'), at = 1 + word;
    if (word == 0 || at == s.len || s.ptr[at] != '_') return stop(s, at, len);

    size_t digits_at = at + 1;
    if (digits_at < s.len && s.ptr[digits_at] == '0') return stop(s, digits_at, len);
    size_t digits = run(s, digits_at, DIGITS_MAX, '0', '9'), letters_at = digits_at + digits;
    if (digits == 0 || letters_at == s.len) return stop(s, letters_at, len);

    size_t letters = run(s, letters_at, LETTERS_MAX, 'B', 'Z'), end = letters_at + letters, sign_at = end;
    bool sign = end < s.len && (s.ptr[end] == '+' || s.ptr[end] == '-');
    size_t days = 0;
    if (sign) {
        if (end + 1 < s.len && s.ptr[end + 1] == '0') return stop(s, end + 1, len);
        days = run(s, end + 1, DAYS_MAX, '0', '9');
        end += 1 + days;
        if (days == 0 || end == s.len || s.ptr[end] != 'd') return stop(s, end, len);
        end++;
    }
    if (end == s.len || s.ptr[end] != ']') return stop(s, end, len);

    *len = end + 1;
    if (parts) {
        parts->word = span_sub(s, 1, 1 + word);
        parts->number = number_of(span_sub(s, digits_at, letters_at));
        parts->letters = span_sub(s, letters_at, sign_at);
        parts->days = sign ? (int32_t)number_of(span_sub(s, sign_at + 1, sign_at + 1 + days)) : 0;
        if (sign && s.ptr[sign_at] == '-') parts->days = -parts->days;
    }
    return TOKEN_YES;
}

static size_t put_digits(char *to, unsigned long n) {
    char reversed[20];
    size_t len = 0;

    do {
        reversed[len++] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    for (size_t i = 0; i < len; i++)
        to[i] = reversed[len - 1 - i];
    return len;
}

size_t token_write(const char *word, uint32_t number, unsigned form, long days, char *text) {
    size_t len = strlen(word), n = 0;

    /* A number has at most seven digits, the letters are two, the distance takes eight. */
    if (len > TOKEN_MAX - 20) return 0;
    text[n++] = '[';
    memcpy(text + n, word, len);
    n += len;
    text[n++] = '_';
    n += put_digits(text + n, number);
    if (form >= 26) {
        text[n++] = (char)('B' + (form - 26) / 25);
        text[n++] = (char)('B' + (form - 26) % 25);
    } else if (form > 0) {
        text[n++] = (char)('A' + form);
    }
    if (days) {
        text[n++] = days < 0 ? '-' : '+';
        n += put_digits(text + n, (unsigned long)(days < 0 ? -days : days));
        text[n++] = 'd';
    }
    text[n++] = ']';
    text[n] = '\0';
    return n;
}

bool token_next(struct span s, size_t from, size_t *begin, size_t *end) {
    while ((from = span_find(s, '[', from)) < s.len) {
        size_t len;
        if (token_shape_of(span_sub(s, from, s.len), &len, NULL) == TOKEN_YES) {
            *begin = from;
            *end = from + len;
            return true;
        }
        from += len;
    }
    return false;
}

size_t token_pending(struct span s) {
    size_t first = s.len < TOKEN_MAX ? 0 : s.len - (TOKEN_MAX - 1);

    for (size_t i = s.len; i-- > first;) {
        if (s.ptr[i] != '[') continue;
        size_t len;
        return token_shape_of(span_sub(s, i, s.len), &len, NULL) == TOKEN_PART ? s.len - i : 0;
    }
    return 0;
}
