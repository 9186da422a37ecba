/* SPDX-License-Identifier: Apache-2.0
 *
 * Only words that few of the languages share are counted: "de" and "la" tell nothing.
 */
#include "language.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WORDS_MAX 400u /* a longer text is as its beginning */
#define WORD_LONGEST 12u
#define LEAST 3u   /* small words */
#define SHARE 10u  /* one word in so many is a small one of the language, at least */

const char *const language_names[LANGUAGES] = {"unknown", "en", "es", "fr", "de", "pt", "it"};

/* In small letters, with a space around each. */
static const char *const small_words[LANGUAGES] = {
    [LANGUAGE_UNKNOWN] = " ",
    [LANGUAGE_EN] = " the and of to with is was for on at he she has his her had from are this that have by or were will which "
                    "been who but ",
    [LANGUAGE_ES] = " el los las del y por con una su lo pero m\xC3\xA1s muy fue a\xC3\xB1os est\xC3\xA1 tiene desde hace sin al se es "
                    "ella cuando ",
    [LANGUAGE_FR] = " le les des est et du une dans pour qui avec pas sur au aux elle par depuis ans sans \xC3\xA9t\xC3\xA9 cette ses "
                    "chez mais ",
    [LANGUAGE_DE] = " der die und das ist nicht mit ein eine den von zu auf f\xC3\xBCr im dem sich bei nach seit wurde hat aus oder "
                    "wir auch ",
    [LANGUAGE_PT] = " os n\xC3\xA3o uma com em da dos das ao na nos seu sua mas muito foi anos tem h\xC3\xA1 sem tamb\xC3\xA9m s\xC3\xA3o "
                    "pela pelo ",
    [LANGUAGE_IT] = " della che di \xC3\xA8 per non gli alla sono nel anni dei delle ha stato questo pi\xC3\xB9 ma anche dal con si ",
};

/* A letter, as far as words go: all bytes of other than ASCII characters are. */
static bool is_letter(unsigned char c) {
    unsigned char small = c | 0x20;
    return c >= 0x80 || (small >= 'a' && small <= 'z');
}

static void count_word(const char *word, size_t len, unsigned hits[LANGUAGES]) {
    char spaced[WORD_LONGEST + 3] = " ";

    if (len == 0 || len > WORD_LONGEST) return;
    for (size_t i = 0; i < len; i++)
        spaced[1 + i] = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] + 32) : word[i];
    spaced[len + 1] = ' ';
    for (size_t l = 1; l < LANGUAGES; l++)
        hits[l] += strstr(small_words[l], spaced) != NULL;
    explicit_bzero(spaced, sizeof spaced);
}

enum language language_of(const char *text, size_t len) {
    unsigned hits[LANGUAGES] = {0}, words = 0;
    size_t best = 0, second = 0;

    for (size_t i = 0, begin = 0; i <= len && words < WORDS_MAX; i++) {
        if (i < len && is_letter((unsigned char)text[i])) continue;
        if (i > begin) {
            count_word(text + begin, i - begin, hits);
            words++;
        }
        begin = i + 1;
    }
    for (size_t l = 1; l < LANGUAGES; l++)
        if (hits[l] > hits[best]) best = l;
    for (size_t l = 1; l < LANGUAGES; l++)
        if (l != best && hits[l] > hits[second]) second = l;
    bool sure = hits[best] >= LEAST && hits[best] >= 2 * hits[second] && hits[best] * SHARE >= words;
    return sure ? (enum language)best : LANGUAGE_UNKNOWN;
}
