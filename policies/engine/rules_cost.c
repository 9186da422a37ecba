/* SPDX-License-Identifier: Apache-2.0
 *
 * A pattern that backtracks much is a door for whoever can send a text, so it does not go live. Worst cases
 * are made of what the pattern itself asks for: each of its characters again and again, with and without a
 * space between, all of them in turn, and each matching example without its end, so that every match fails at
 * the last moment. PCRE2's match limit counts backtracking from one start; the cost must not grow with the
 * text.
 */
#include "rules_cost.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ALPHABET_MAX    16u
#define TEXT_LEN        (4u * 1024)
#define LONG_TEXT_LEN   (64u * 1024)
#define TEXT_SIZE       (LONG_TEXT_LEN + 1 + ALPHABET_MAX)
#define STEPS_PER_START 20000u /* the engine's own limit is several times higher */
#define CPU_MS_MAX      1500   /* for all texts of a pattern; good patterns need about 10 */

struct alphabet {
    char v[ALPHABET_MAX];
    size_t n;
};

struct cost {
    pcre2_code *code;
    pcre2_match_context *limits;
    pcre2_match_data *match;
    struct alphabet alphabet;
    long start_ms;
    char *text; /* TEXT_SIZE bytes */
};

/* ---- the characters a pattern asks for ---- */

static void alphabet_add(struct alphabet *a, char c) {
    if ((unsigned char)c >= 0x80 || a->n == ALPHABET_MAX || memchr(a->v, c, a->n)) return;
    a->v[a->n++] = c;
}

static void add_escape(struct alphabet *a, char c) {
    switch (c) {
    case 'd':
        alphabet_add(a, '1');
        return;
    case 'w':
    case 'S':
    case 'D':
        alphabet_add(a, 'a');
        return;
    case 's':
    case 'h':
    case 'W':
        alphabet_add(a, ' ');
        return;
    default:
        if (!strchr("bBAzZGxNRKQE0123456789", c)) alphabet_add(a, c);
    }
}

/* Not a parser: taking a character too many only makes one more text. */
static void alphabet_read(struct alphabet *a, const char *pattern) {
    for (size_t i = 0; pattern[i]; i++) {
        if (pattern[i] == '\\' && pattern[i + 1])
            add_escape(a, pattern[++i]);
        else if (!strchr("()[]{}|*+?^$.", pattern[i]))
            alphabet_add(a, pattern[i]);
        else if (pattern[i] == '.')
            alphabet_add(a, 'a');
    }
}

/* ---- running ---- */

static long cpu_ms(void) {
    struct timespec t;
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0) return 0;
    return (long)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* All matches of the text, one after another; false when a limit was hit. */
static bool cheap_on(struct cost *c, size_t len) {
    for (size_t at = 0; at < len;) {
        int rc = pcre2_match(c->code, (PCRE2_SPTR)c->text, len, at, PCRE2_NO_UTF_CHECK, c->match, c->limits);
        if (cpu_ms() - c->start_ms > CPU_MS_MAX) return false;
        if (rc == PCRE2_ERROR_NOMATCH) return true;
        if (rc < 0) return false;
        size_t end = pcre2_get_ovector_pointer(c->match)[1];
        at = end > at ? end : at + 1;
        while (at < len && ((unsigned char)c->text[at] & 0xC0) == 0x80)
            at++;
    }
    return true;
}

/* Whole pieces only, so that the text stays UTF-8; then a character that no pattern asks for, which breaks
 * the match; then the alphabet, so that PCRE2 cannot see beforehand that a needed character is missing. */
static size_t fill(struct cost *c, const char *piece, size_t piece_len, size_t len) {
    size_t used = 0;
    while (piece_len > 0 && used + piece_len <= len) {
        memcpy(c->text + used, piece, piece_len);
        used += piece_len;
    }
    c->text[used++] = '\x01';
    memcpy(c->text + used, c->alphabet.v, c->alphabet.n);
    return used + c->alphabet.n;
}

static bool cheap_on_piece(struct cost *c, const char *piece, size_t piece_len, size_t len) {
    return cheap_on(c, fill(c, piece, piece_len, len));
}

static int check_alphabet(struct cost *c, char *err, size_t err_size) {
    const struct alphabet *a = &c->alphabet;
    for (size_t i = 0; i < a->n; i++) {
        char pair[2] = {a->v[i], ' '};
        if (cheap_on_piece(c, pair, 1, TEXT_LEN) && cheap_on_piece(c, pair, 2, TEXT_LEN)) continue;
        snprintf(err, err_size, "a text of many \"%c\"", a->v[i]);
        return -1;
    }
    if (cheap_on_piece(c, a->v, a->n, LONG_TEXT_LEN)) return 0;
    snprintf(err, err_size, "a long text of its own characters in turn");
    return -1;
}

static size_t without_last_character(const char *text) {
    size_t len = strlen(text);
    while (len > 0 && ((unsigned char)text[len - 1] & 0xC0) == 0x80)
        len--;
    return len > 0 ? len - 1 : 0;
}

static int check_samples(struct cost *c, const char *const *samples, size_t n, char *err, size_t err_size) {
    for (size_t i = 0; i < n; i++) {
        size_t cut = without_last_character(samples[i]);
        if (cut > TEXT_LEN || strlen(samples[i]) > TEXT_LEN) continue;
        if (cheap_on_piece(c, samples[i], cut, TEXT_LEN) &&
            cheap_on_piece(c, samples[i], strlen(samples[i]), TEXT_LEN))
            continue;
        snprintf(err, err_size, "its matching example %zu, repeated", i + 1);
        return -1;
    }
    return 0;
}

static int cost_init(struct cost *c, const char *pattern) {
    int code = 0;
    PCRE2_SIZE offset = 0;
    *c = (struct cost){.text = malloc(TEXT_SIZE), .start_ms = cpu_ms()};
    c->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C,
                            &code, &offset, NULL);
    if (!c->code || !c->text) return -1;
    c->limits = pcre2_match_context_create(NULL);
    c->match = pcre2_match_data_create_from_pattern(c->code, NULL);
    if (!c->limits || !c->match) return -1;
    pcre2_set_match_limit(c->limits, STEPS_PER_START);
    return 0;
}

static void cost_free(struct cost *c) {
    pcre2_match_data_free(c->match);
    pcre2_match_context_free(c->limits);
    pcre2_code_free(c->code);
    free(c->text);
}

int rules_cost_check(const char *pattern, const char *const *samples, size_t n, char *err, size_t err_size) {
    struct cost c;
    int result = 0;

    if (cost_init(&c, pattern) == 0) {
        alphabet_read(&c.alphabet, pattern);
        result = check_alphabet(&c, err, err_size);
        if (result == 0) result = check_samples(&c, samples, n, err, err_size);
    }
    cost_free(&c);
    return result;
}
