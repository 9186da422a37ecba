/* SPDX-License-Identifier: Apache-2.0
 *
 * Small questions about bytes and characters, the same in every module.
 */
#ifndef PHI_TEXT_H
#define PHI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool text_is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline char text_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static inline bool text_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
static inline bool text_is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}
static inline bool text_is_letter(char c) /* ASCII, or part of any longer character */
{
    char l = text_lower(c);
    return (l >= 'a' && l <= 'z') || (unsigned char)c >= 0x80;
}
static inline bool text_is_alnum(char c)
{
    return text_is_digit(c) || text_is_letter(c);
}
/* How many letters stand at the beginning. */
static inline size_t text_letters(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && text_is_letter(text[n]))
        n++;
    return n;
}
/* Where the letters begin that end at `end`; `end`: there are none. */
static inline size_t text_letters_before(const char *text, size_t end)
{
    while (end > 0 && text_is_letter(text[end - 1]))
        end--;
    return end;
}
/* Do three bytes of a dash stand there, U+2013 or U+2014? */
static inline bool text_is_dash(const char *text)
{
    return text[0] == '\xE2' && text[1] == '\x80' && (text[2] == '\x93' || text[2] == '\x94');
}
/* How many letters its longest word has. */
size_t text_longest_word(const char *text, size_t len);
static inline bool text_is_space(char c)
{
    return c == ' ' || (c >= 9 && c <= 13);
}

/* Valid UTF-8 (RFC 3629) without NUL. */
bool text_valid(const char *text, size_t len);
bool text_is_ascii(const char *text, size_t len);
/* One code point of valid UTF-8; *len gets its bytes. */
uint32_t text_decode(const char *text, uint32_t *len);
/* Bytes written, at most 4. */
uint32_t text_encode(uint32_t code_point, char out[4]);
bool text_equal_nocase(const char *a, const char *b, size_t len);
/* "480-555-0176", "1 (480) 555-0176": all ten digits of North America, and nothing behind them. */
bool text_is_whole_phone(const char *text, size_t len);
/* Where two blanks stand first, or len. */
size_t text_two_blanks(const char *text, size_t len);
uint64_t text_hash_nocase(const char *text, size_t len);
/* Does the word, in any case, or do these words stand in the list, which is in small letters, with a blank before and behind each? At most 21
 * bytes can. */
bool text_among(const char *list, const char *word, size_t len);

#endif
