/* SPDX-License-Identifier: Apache-2.0
 *
 * A list of mistakes, kept in the order in which they are shown: file by file (in the order in which the
 * files were first named), then line, then column. Each keeps the one line of the file that it needs, so that
 * nothing is borrowed. A mistake that cannot be stored (out of memory, more than a screenful of them) is
 * still counted: a file is only good when the count is zero.
 *
 *   site.yaml:12:5: unknown key "patern"; did you mean "pattern"?
 *       patern: '\d+'
 *       ^
 */
#include "diag.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "glyph.h"

#define STORED_MAX          200u
#define LINE_MAX_CHARACTERS 120u
#define WORD_MAX            64u

struct mistake {
    char *file, *line_text, *message;
    uint32_t file_order, line, column;
    uint32_t first_column; /* column of the first character of line_text */
};

struct diag {
    struct mistake *v;
    size_t n, size, not_stored;
};

struct diag *diag_new(void) {
    return calloc(1, sizeof(struct diag));
}

static void mistake_free(struct mistake *m) {
    free(m->file);
    free(m->line_text);
    free(m->message);
}

void diag_free(struct diag *d) {
    if (!d) return;
    for (size_t i = 0; i < d->n; i++)
        mistake_free(&d->v[i]);
    free(d->v);
    free(d);
}

/* A copy that is safe to show on a terminal: hidden characters, controls and broken UTF-8 become '?'. */
static char *copy_visible(const char *text, size_t len) {
    char *out = malloc(len + 1);
    if (!out) return NULL;

    size_t used = 0;
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t n = glyph_decode(text + i, len - i, &c);
        if (n == 0 || glyph_hidden(c) || c == '\n' || c == '\r') {
            out[used++] = '?';
            i += n ? n : 1;
            continue;
        }
        if (c == '\t')
            out[used++] = ' ';
        else
            memcpy(out + used, text + i, n), used += n;
        i += n;
    }
    out[used] = '\0';
    return out;
}

static size_t character_len(const char *p, size_t len) {
    uint32_t c = 0;
    size_t n = glyph_decode(p, len, &c);
    return n ? n : 1;
}

/* The line of the source, cut to a window around the column when it is long. */
static char *copy_line(const char *source, uint32_t line, uint32_t column, uint32_t *first_column) {
    for (uint32_t at = 1; at < line; at++) {
        source = strchr(source, '\n');
        if (!source) return NULL;
        source++;
    }
    size_t len = strcspn(source, "\r\n");
    *first_column = 1;
    while (column > *first_column + LINE_MAX_CHARACTERS * 2 / 3 && len > 0) {
        size_t n = character_len(source, len);
        source += n;
        len -= n;
        ++*first_column;
    }
    size_t shown = 0;
    for (uint32_t i = 0; i < LINE_MAX_CHARACTERS && shown < len; i++)
        shown += character_len(source + shown, len - shown);
    return copy_visible(source, shown);
}

static bool before(const struct mistake *a, const struct mistake *b) {
    if (a->file_order != b->file_order) return a->file_order < b->file_order;
    if (a->line != b->line) return a->line < b->line;
    return a->column < b->column;
}

static bool list_insert(struct diag *d, struct mistake *m) {
    if (d->n == d->size) {
        size_t size = d->size ? d->size * 2 : 8;
        struct mistake *grown = realloc(d->v, size * sizeof *grown);
        if (!grown) return false;
        d->v = grown;
        d->size = size;
    }
    m->file_order = (uint32_t)d->n;
    for (size_t i = 0; i < d->n; i++)
        if (strcmp(d->v[i].file, m->file) == 0) m->file_order = d->v[i].file_order;

    size_t at = d->n;
    while (at > 0 && before(m, &d->v[at - 1]))
        at--;
    memmove(&d->v[at + 1], &d->v[at], (d->n - at) * sizeof *d->v);
    d->v[at] = *m;
    d->n++;
    return true;
}

void diag_add(struct diag *d, const char *file, const char *source, uint32_t line, uint32_t column,
              const char *format, ...) {
    char text[512];
    struct mistake m = {.line = line, .column = column, .first_column = 1};

    if (d->n == STORED_MAX) {
        d->not_stored++;
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);

    m.file = copy_visible(file ? file : "", file ? strlen(file) : 0);
    m.message = copy_visible(text, strlen(text));
    if (source && line > 0) m.line_text = copy_line(source, line, column, &m.first_column);
    if (m.file && m.message && list_insert(d, &m)) return;
    mistake_free(&m);
    d->not_stored++;
}

size_t diag_count(const struct diag *d) {
    return d->n + d->not_stored;
}

static void print_position(const struct mistake *m, FILE *out) {
    if (m->file[0]) fprintf(out, "%s:", m->file);
    if (m->line) fprintf(out, "%u:", m->line);
    if (m->line && m->column) fprintf(out, "%u:", m->column);
    if (m->file[0] || m->line) fputc(' ', out);
}

void diag_print(const struct diag *d, FILE *out) {
    for (size_t i = 0; i < d->n; i++) {
        const struct mistake *m = &d->v[i];
        print_position(m, out);
        fprintf(out, "%s\n", m->message);
        if (!m->line_text) continue;
        fprintf(out, "    %s\n", m->line_text);
        if (m->column >= m->first_column) fprintf(out, "    %*s^\n", (int)(m->column - m->first_column), "");
    }
    if (d->not_stored) fprintf(out, "%zu more mistakes are not shown\n", d->not_stored);
}

const char *diag_message(const struct diag *d, size_t i) {
    if (i >= diag_count(d)) return NULL;
    return i < d->n ? d->v[i].message : "not shown: too many mistakes";
}

uint32_t diag_line(const struct diag *d, size_t i) {
    return i < d->n ? d->v[i].line : 0;
}

uint32_t diag_column(const struct diag *d, size_t i) {
    return i < d->n ? d->v[i].column : 0;
}

static unsigned char fold(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace and swap of neighbours cost 1 each. Three rows suffice.
 */
static size_t edit_distance(const char *a, size_t a_len, const char *b, size_t b_len) {
    size_t row[3][WORD_MAX + 1];

    for (size_t j = 0; j <= b_len; j++)
        row[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *now = row[i % 3], *last = row[(i + 2) % 3], *older = row[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t replace = last[j - 1] + (fold(a[i - 1]) != fold(b[j - 1]));
            now[j] = least(replace, 1 + least(last[j], now[j - 1]));
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) && fold(a[i - 2]) == fold(b[j - 1]))
                now[j] = least(now[j], older[j - 2] + 1);
        }
    }
    return row[a_len % 3][b_len];
}

const char *diag_nearest(const char *word, const char *const *known, size_t n) {
    size_t len = strlen(word), best_distance = 3;
    const char *best = NULL;

    if (len > WORD_MAX) return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t known_len = strlen(known[i]);
        if (known_len > WORD_MAX || known_len + 2 < len || len + 2 < known_len) continue;
        size_t distance = edit_distance(word, len, known[i], known_len);
        if (distance >= best_distance || distance * 2 >= len) continue;
        best = known[i];
        best_distance = distance;
    }
    return best;
}

bool diag_has(const struct diag *d, const char *file, uint32_t line, uint32_t column) {
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].line == line && d->v[i].column == column && strcmp(d->v[i].file, file) == 0) return true;
    return false;
}
