/* SPDX-License-Identifier: Apache-2.0
 *
 * Which word is the surname: those before a comma, else the last one; a single word is one, too.
 */
#include "surrogate_name.h"

#include <string.h>

#include "surrogates.h"

static bool is_any(struct span word, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (span_is_nocase(word, list[i])) return true;
    return false;
}
#define IS_ANY(word, list) is_any(word, list, sizeof(list) / sizeof *(list))

static enum name_part part_of(struct span word) {
    /* Never what could be a name: Do, Pa and Md are. */
    static const char *const kept[] = {"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "jr", "sr", "ii", "iii", "iv"};
    static const char *const particles[] = {"van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "la", "le",
                                            "el", "al", "bin", "bint", "ibn", "ter", "ten", "st"};

    if (word.len == 1) return NAME_INITIAL;
    if (IS_ANY(word, kept)) return NAME_KEPT;
    return IS_ANY(word, particles) ? NAME_PARTICLE : NAME_GIVEN;
}

/* Hyphens and apostrophes, straight or curly, join the halves of a word. */
static size_t joint(struct span s, size_t at) {
    if (at + 1 < s.len && (s.ptr[at] == '-' || s.ptr[at] == '\'')) return 1;
    return at + 3 < s.len && span_starts(span_sub(s, at, s.len), "\xE2\x80\x99") ? 3 : 0;
}

static size_t word_end(struct span s, size_t at) {
    bool word = true;

    while (at < s.len) {
        bool goes_on = surrogate_word_byte(s.ptr[at], word);
        size_t skip = goes_on ? 1 : joint(s, at);
        if (!goes_on && (skip == 0 || !surrogate_word_byte(s.ptr[at + skip], false))) break;
        at += skip;
        word = goes_on;
    }
    return at;
}

/* The words up to comma, or the last: surnames. */
static int name_surnames(struct name_words *w, size_t comma) {
    size_t names = 0, last = 0;

    for (size_t i = 0; i < w->n; i++) {
        if (w->v[i].part != NAME_GIVEN) continue;
        names++;
        last = i;
    }
    if (names == 0) return -1;
    bool before = false, behind = false;
    for (size_t i = 0; i < w->n; i++)
        if (w->v[i].part == NAME_GIVEN) *(i < comma ? &before : &behind) = true;
    if (!before || !behind) comma = 0;
    for (size_t i = 0; i < comma; i++)
        if (w->v[i].part == NAME_GIVEN) w->v[i].part = NAME_SURNAME;
    if (comma == 0) w->v[last].part = NAME_SURNAME;
    return 0;
}

/* What may stand between the words and stays as it is; 0: anything else could be a name in other letters. */
static size_t between(struct span s, size_t at) {
    static const char signs[] = " \t\r\n,.'\"()-&;:/";

    if (s.ptr[at] && memchr(signs, s.ptr[at], sizeof signs - 1)) return 1;
    struct span rest = span_sub(s, at, s.len);
    if (span_starts(rest, "\xC2\xA0")) return 2;
    return span_starts(rest, "\xE2\x80\x99") ? 3 : 0;
}

static bool is_letters(struct span word) {
    for (size_t i = 0; i < word.len; i++)
        if ((word.ptr[i] >= '0' && word.ptr[i] <= '9') || word.ptr[i] == '_') return false;
    return true;
}

int surrogate_name_read(struct span value, struct name_words *out) {
    size_t comma = 0;

    *out = (struct name_words){.n = 0};
    for (size_t i = 0; i < value.len;) {
        if (!surrogate_word_byte(value.ptr[i], false)) {
            size_t skip = between(value, i);
            if (skip == 0) return -1;
            if (value.ptr[i] == ',' && comma == 0) comma = out->n;
            i += skip;
            continue;
        }
        size_t end = word_end(value, i);
        if (out->n == SURROGATE_NAME_WORDS || !is_letters(span_sub(value, i, end))) return -1;
        out->v[out->n++] = (struct name_word){(uint32_t)i, (uint32_t)end, part_of(span_sub(value, i, end))};
        i = end;
    }
    return name_surnames(out, comma);
}
