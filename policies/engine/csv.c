/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass; a quoted field is moved together over its doubled quotes.
 */
#include "csv.h"

#include <string.h>

static const char separators[] = ",;\t|";

/* What stands most often in the first line, outside of quotes. */
static char find_separator(const struct csv *c) {
    size_t most = 0;
    char best = ',';

    for (const char *s = separators; *s; s++) {
        bool quoted = false;
        size_t n = 0;
        for (size_t i = c->at; i < c->len; i++) {
            if (c->text[i] == '"') quoted = !quoted;
            if (!quoted && (c->text[i] == '\n' || c->text[i] == '\r')) break;
            n += !quoted && c->text[i] == *s;
        }
        if (n <= most) continue;
        most = n;
        best = *s;
    }
    return best;
}

void csv_start(struct csv *c, char *text, size_t len) {
    *c = (struct csv){.text = text, .len = len, .line = 1};
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) c->at = c->line_begin = 3;
    c->separator = find_separator(c);
}

static bool at_line_end(const struct csv *c) {
    return c->at >= c->len || c->text[c->at] == '\n' || c->text[c->at] == '\r';
}

static void pass_line_end(struct csv *c) {
    if (c->at >= c->len) return;
    if (c->text[c->at] == '\r' && c->at + 1 < c->len && c->text[c->at + 1] == '\n') c->at++;
    c->at++;
    c->line++;
    c->line_begin = c->at;
}

static uint32_t column_of(const struct csv *c, size_t at) {
    uint32_t column = 1;
    for (size_t i = c->line_begin; i < at; i++)
        column += ((unsigned char)c->text[i] & 0xC0) != 0x80;
    return column;
}

static void mistake(struct csv *c, struct csv_row *row, const char *what, uint32_t line, uint32_t column) {
    if (row->mistake) return;
    row->mistake = what;
    row->line = line;
    row->column = column;
    while (!at_line_end(c)) c->at++;
}

/* At the quote. Line breaks inside count. */
static void read_quoted(struct csv *c, struct csv_row *row, struct csv_field *f) {
    size_t to = ++c->at;

    f->text = c->text + to;
    while (c->at < c->len) {
        char ch = c->text[c->at];
        if (ch == '"' && c->at + 1 < c->len && c->text[c->at + 1] == '"') {
            c->at++;
        } else if (ch == '"') {
            f->len = (size_t)(c->text + to - f->text);
            c->at++;
            if (!at_line_end(c) && c->text[c->at] != c->separator)
                mistake(c, row, "behind the closing quote a separator or the end of the line must follow; a quote inside is doubled",
                        c->line, column_of(c, c->at));
            return;
        }
        if (ch == '\n' || (ch == '\r' && !(c->at + 1 < c->len && c->text[c->at + 1] == '\n'))) {
            c->line++;
            c->line_begin = c->at + 1;
        }
        c->text[to++] = ch;
        c->at++;
    }
    f->len = 0;
    mistake(c, row, "the quote that begins here is never closed", f->line, f->column);
}

static void read_plain(struct csv *c, struct csv_row *row, struct csv_field *f) {
    f->text = c->text + c->at;
    while (!at_line_end(c) && c->text[c->at] != c->separator) {
        if (c->text[c->at] == '"') {
            f->len = 0;
            mistake(c, row, "a quote inside a field that does not begin with one; put the whole field in quotes and double it", c->line,
                    column_of(c, c->at));
            return;
        }
        c->at++;
    }
    f->len = (size_t)(c->text + c->at - f->text);
}

static void trim(struct csv_field *f) {
    while (f->len && (f->text[f->len - 1] == ' ' || f->text[f->len - 1] == '\t')) f->len--;
    while (f->len && (*f->text == ' ' || *f->text == '\t')) f->text++, f->len--;
}

static void read_field(struct csv *c, struct csv_row *row) {
    if (row->n == CSV_FIELDS_MAX) {
        mistake(c, row, "too many fields: at most 256", c->line, column_of(c, c->at));
        return;
    }
    struct csv_field *f = &row->v[row->n++];
    *f = (struct csv_field){.text = c->text + c->at, .line = c->line, .column = column_of(c, c->at)};
    if (c->at < c->len && c->text[c->at] == '"') read_quoted(c, row, f);
    else read_plain(c, row, f);
    trim(f);
}

static bool is_empty(const struct csv_row *row) {
    for (size_t i = 0; i < row->n; i++)
        if (row->v[i].len) return false;
    return !row->mistake;
}

bool csv_next(struct csv *c, struct csv_row *row) {
    while (c->at < c->len) {
        row->n = 0;
        row->mistake = NULL;
        row->line = c->line;
        row->column = 1;
        read_field(c, row);
        while (!row->mistake && c->at < c->len && c->text[c->at] == c->separator) {
            c->at++;
            read_field(c, row);
        }
        pass_line_end(c);
        if (!is_empty(row)) return true;
    }
    return false;
}
