/* SPDX-License-Identifier: Apache-2.0
 *
 * Letters and digits of any script make tokens.
 */
#include "score_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "arena.h"

static uint32_t decode(const unsigned char *p, size_t left, size_t *used) {
    unsigned lead = p[0];
    size_t n = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    uint32_t c = lead < 0x80 ? lead : lead & (0x7fu >> n);

    if (n > left) n = left;
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3fu);
    *used = n;
    return c;
}

static void add_point(struct score_text *t, bool letter, bool *inside) {
    size_t point = t->n_points;

    if (letter && !*inside) t->tokens[t->n_tokens++] = (struct score_token){point, point, false, false};
    if (letter) t->tokens[t->n_tokens - 1].end = point + 1;
    *inside = letter;
}

int score_text_read(struct arena *a, struct span text, locale_t letters, struct score_text *out) {
    bool inside = false;

    *out = (struct score_text){.text = text};
    out->at = arena_array(a, text.len + 1, sizeof *out->at);
    out->covered = arena_array(a, text.len + 1, sizeof *out->covered);
    out->tokens = arena_array(a, text.len / 2 + 2, sizeof *out->tokens);
    for (size_t i = 0, used; out->at && out->covered && out->tokens && i < text.len; i += used) {
        uint32_t c = decode((const unsigned char *)text.ptr + i, text.len - i, &used);
        out->at[out->n_points] = (uint32_t)i;
        add_point(out, iswalnum_l((wint_t)c, letters) != 0, &inside);
        out->n_points++;
    }
    if (!out->at || !out->covered || !out->tokens) return -1;
    out->at[out->n_points] = (uint32_t)text.len;
    return 0;
}

static size_t point_of(const struct score_text *t, uint32_t byte) {
    size_t low = 0, high = t->n_points;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->at[middle] < byte) low = middle + 1;
        else high = middle;
    }
    return low;
}

void score_cover(struct score_text *t, uint32_t begin_byte, uint32_t end_byte) {
    size_t end = point_of(t, end_byte);
    for (size_t i = point_of(t, begin_byte); i < end && i < t->n_points; i++)
        t->covered[i] = true;
}

size_t score_first_token(const struct score_text *t, size_t point) {
    size_t low = 0, high = t->n_tokens;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (t->tokens[middle].begin <= point) low = middle + 1;
        else high = middle;
    }
    return low ? low - 1 : 0;
}

bool score_covered_all(const struct score_text *t, size_t begin, size_t end) {
    for (size_t i = begin; i < end && i < t->n_points; i++)
        if (!t->covered[i]) return false;
    return true;
}

bool score_covered_any(const struct score_text *t, size_t begin, size_t end) {
    for (size_t i = begin; i < end && i < t->n_points; i++)
        if (t->covered[i]) return true;
    return false;
}

static bool one_of(struct span s, const char *const *words, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (span_is(s, words[i])) return true;
    return false;
}

static long first_number(struct span s) {
    for (size_t i = 0; i < s.len; i++)
        if (isdigit((unsigned char)s.ptr[i])) return strtol(s.ptr + i, NULL, 10);
    return -1;
}

static bool is_year(struct span s) {
    while (s.len && isspace((unsigned char)s.ptr[0]))
        s = span_sub(s, 1, s.len);
    while (s.len && isspace((unsigned char)s.ptr[s.len - 1]))
        s = span_sub(s, 0, s.len - 1);
    return s.len == 4 && (span_starts(s, "19") || span_starts(s, "20")) && isdigit((unsigned char)s.ptr[2]) &&
           isdigit((unsigned char)s.ptr[3]);
}

bool score_must_find(const struct score_text *t, size_t begin, size_t end, struct span type, struct span raw_type) {
    static const char *const optional[] = {"ORG", "PROFESSION", "NRP", "TITLE", "OTHER"};
    static const char *const vague_dates[] = {"YEAR_ONLY", "MONTH_ONLY", "MSH-7-MSGTIME"};
    if (begin > t->n_points) begin = t->n_points;
    if (end > t->n_points) end = t->n_points;
    struct span value = span_sub(t->text, t->at[begin], t->at[end]);

    if (one_of(type, optional, 5)) return false;
    if (span_is(type, "AGE")) return first_number(value) >= 90;
    if (span_is(type, "DATE")) {
        if (one_of(raw_type, vague_dates, 3) || is_year(value)) return false;
        if (span_is(raw_type, "DATE_TIME") && first_number(value) < 0) return false;
    }
    return !span_is(raw_type, "PLACE_MENTION") && !span_ends(raw_type, "-STATE");
}
