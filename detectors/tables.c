/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables: comma, tab, semicolon, bar or a run of blanks between cells, the names of the columns in the first row (RFC 4180, Markdown).
 * A row is a header when two cells or more name fields, one of them a field of a person, or when it is nothing but names of columns and
 * one of them is such a field. The cells below belong to their columns until a line has another build. Where the first cell of a row names
 * a field, the others are its values.
 * SQL writes the same with brackets: INSERT INTO t (a, b) VALUES (x, y).
 */
#include <string.h>

#include "fields.h"
#include "structured.h"
#include "text.h"

enum { COLUMNS_MAX = 48, CELL_MAX = 48, HEADER_MAX = 1500, PAIR_DIGITS = 3, HEADER_KNOWN = 2, HEADER_ONE = 3 };

struct table {
    char mark; /* 0: no table is open */
    unsigned n;
    struct structured_field columns[COLUMNS_MAX];
};

/* Columns aligned by blanks: two or more of them end a cell. */
static uint32_t aligned_end(const char *text, uint32_t at, uint32_t end)
{
    uint32_t i = at + (uint32_t)text_two_blanks(text + at, end - at);
    while (i + 1 < end && text[i + 1] == ' ')
        i++;
    return i;
}

/* The end of the cell at `at`. A quoted cell may hold the mark. */
static uint32_t cell_end(const char *text, uint32_t at, uint32_t end, char mark)
{
    uint32_t i = at;
    while (i < end && text[i] == ' ')
        i++;
    if (mark == ' ')
        return aligned_end(text, i, end);
    if (i < end && text[i] == '"') {
        const char *quote = memchr(text + i + 1, '"', end - i - 1);
        if (quote)
            i = (uint32_t)(quote - text) + 1;
    }
    const char *found = memchr(text + i, mark, end - i);
    return found ? (uint32_t)(found - text) : end;
}

static unsigned cells_count(const char *text, uint32_t begin, uint32_t end, char mark)
{
    unsigned n = 0;
    for (uint32_t i = begin; i <= end; n++)
        i = cell_end(text, i, end, mark) + 1;
    return n;
}

/* Personal enough that the row is a header of a table about persons. */
static bool is_telling(struct structured_field f)
{
    return f.kind != PHI_NONE && !f.plain && f.kind != PHI_DATE_SERVICE && f.kind != PHI_DATE_OTHER;
}

/* Its cells, if they are as few and as short as those of a header, else 0. Nearly all lines are prose and turned away here. */
static unsigned header_cells(const char *text, uint32_t begin, uint32_t end, char mark)
{
    unsigned n = 0;
    for (uint32_t i = begin; i <= end; n++) {
        uint32_t to = cell_end(text, i, end, mark);
        if (n == COLUMNS_MAX || to - i > CELL_MAX)
            return 0;
        i = to + 1;
    }
    return n;
}

/* Who used a program, in a table that is about persons: logins, which look like nothing else. */
static bool is_login_column(const char *text, uint32_t len)
{
    static const char names[] = " user username userid login loginid actor operator performedby modifiedby accessedby viewedby enteredby openedby ";
    char folded[16] = " ";
    uint32_t n = 1;
    for (uint32_t i = 0; i < len; i++) {
        if (!text_is_alnum(text[i]))
            continue;
        if (n == sizeof folded - 2)
            return false;
        folded[n++] = text_lower(text[i]);
    }
    folded[n++] = ' ';
    folded[n] = 0;
    return n > 5 && strstr(names, folded) != NULL;
}

/* "Patient:   X      MRN:   1": pairs that blanks align are no header, which names columns and holds no number. */
static bool is_pair_part(const char *text, uint32_t len)
{
    unsigned digits = 0;
    for (uint32_t i = 0; i < len; i++)
        digits += text_is_digit(text[i]);
    return digits >= PAIR_DIGITS || (len && text[len - 1] == ':');
}

/* Names of columns as a program writes them, and nothing else: "mrn,ts,hr,spo2". */
static bool is_column_names(const char *text, uint32_t begin, uint32_t end, char mark)
{
    bool first = true;
    for (uint32_t i = begin; i < end; i++) {
        bool letter = text_is_alnum(text[i]) || text[i] == '_';
        if (text[i] == mark ? first : !letter || (first && text_is_digit(text[i])))
            return false;
        first = text[i] == mark;
    }
    return !first;
}

static bool header_read(const char *text, uint32_t begin, uint32_t end, char mark, struct table *table)
{
    unsigned known = 0, telling = 0, left = header_cells(text, begin, end, mark);
    if (left < HEADER_KNOWN)
        return false;
    bool names = left >= HEADER_ONE && (mark == ',' || mark == '\t') && is_column_names(text, begin, end, mark);
    *table = (struct table){.mark = mark};
    for (uint32_t i = begin; left > 0 && (names || known + left >= HEADER_KNOWN); left--) {
        uint32_t to = cell_end(text, i, end, mark);
        if (mark == ' ' && is_pair_part(text + i, to - i))
            return false;
        struct structured_field f = structured_find(text + i, to - i);
        if (is_login_column(text + i, to - i))
            f = (struct structured_field){PHI_NAME_UNKNOWN, FIELD_PLAIN, true};
        table->columns[table->n++] = f;
        known += f.kind != PHI_NONE;
        telling += is_telling(f);
        i = to + 1;
    }
    return telling >= 1 && (known >= HEADER_KNOWN || names);
}

/* "|---|:--:|" */
static bool is_rule(const char *text, uint32_t begin, uint32_t end)
{
    uint32_t dashes = 0;
    for (uint32_t i = begin; i < end; i++) {
        if (!strchr("|-: +=\t", text[i]))
            return false;
        dashes += text[i] == '-' || text[i] == '=';
    }
    return dashes >= 3;
}

static int row_read(const struct structured *t, uint32_t begin, uint32_t end, const struct table *table)
{
    unsigned n = 0;
    for (uint32_t i = begin; i <= end && n < table->n; n++) {
        uint32_t to = cell_end(t->text, i, end, table->mark);
        if (structured_add(t, (struct phi_part){i, to}, table->columns[n], STRUCTURED_TABLE) < 0)
            return -1;
        i = to + 1;
    }
    return 0;
}

static unsigned cells_filled(const char *text, uint32_t begin, uint32_t end)
{
    unsigned n = 0;
    for (uint32_t i = begin, to; i < end; i = to + 1) {
        to = cell_end(text, i, end, '|');
        while (i < to && text[i] == ' ')
            i++;
        n += i < to;
    }
    return n;
}

/* "| MRN | 7719-04 | 7719-05 |": a table with a person in each column; the first cell of the row says what the others are. */
static int side_read(const struct structured *t, uint32_t begin, uint32_t end)
{
    uint32_t label = begin + 1, at;
    if (end - begin < 8 || t->text[begin] != '|' || (at = cell_end(t->text, label, end, '|')) >= end || at - label > CELL_MAX)
        return 0;
    struct structured_field field = structured_find(t->text + label, at - label);
    if (field.kind == PHI_NONE || cells_filled(t->text, at + 1, end) < 2)
        return 0;
    while (++at < end) {
        uint32_t to = cell_end(t->text, at, end, '|');
        if (to > at && structured_add(t, (struct phi_part){at, to}, field, STRUCTURED_TABLE) < 0)
            return -1;
        at = to;
    }
    return 0;
}

/* Marks that may stand between cells; of them those that are anywhere in a text. */
static const char cell_marks[] = "|\t,; ";

static void marks_find(const char *text, uint32_t len, char marks[sizeof cell_marks])
{
    for (const char *m = cell_marks; *m; m++)
        if (memchr(text, *m, len))
            *marks++ = *m;
    *marks = 0;
}

static bool header_open(const char *text, uint32_t begin, uint32_t end, const char *marks, struct table *table)
{
    if (end - begin > HEADER_MAX || end - begin < 5 || text_is_digit(text[begin]))
        return false;
    for (const char *m = marks; *m; m++) {
        bool there = *m == ' ' ? text_two_blanks(text + begin, end - begin) < end - begin : memchr(text + begin, *m, end - begin) != NULL;
        if (there && header_read(text, begin, end, *m, table))
            return true;
    }
    return false;
}

/* The bracket that closes the one before `at`. Quoted text may hold brackets. */
static uint32_t bracket_end(const char *text, uint32_t len, uint32_t at)
{
    char quote = 0;
    for (uint32_t i = at; i < len && i - at < HEADER_MAX; i++) {
        if (quote ? text[i] == quote : text[i] == '\'' || text[i] == '"')
            quote = quote ? 0 : text[i];
        else if (!quote && text[i] == ')')
            return i;
    }
    return at;
}

static int sql_rows(const struct structured *t, uint32_t at, const struct table *table)
{
    for (;;) {
        while (at < t->len && (text_is_space(t->text[at]) || t->text[at] == ','))
            at++;
        if (at >= t->len || t->text[at] != '(')
            return 0;
        uint32_t end = bracket_end(t->text, t->len, at + 1);
        if (end == at + 1 || row_read(t, at + 1, end, table) < 0)
            return end == at + 1 ? 0 : -1;
        at = end + 1;
    }
}

static int sql_run(const struct structured *t)
{
    struct table table;
    for (uint32_t i = 0; i < t->len;) {
        const char *word = memchr(t->text + i, 'V', t->len - i); /* rarer than memmem is quick */
        if (!word || t->len - (uint32_t)(word - t->text) < 6)
            return 0;
        if (memcmp(word, "VALUES", 6) != 0) {
            i = (uint32_t)(word - t->text) + 1;
            continue;
        }
        uint32_t at = (uint32_t)(word - t->text), close = at;
        i = at + 6;
        while (close > 0 && text_is_space(t->text[close - 1]))
            close--;
        if (close == 0 || t->text[close - 1] != ')')
            continue;
        uint32_t open = close - 1;
        while (open > 0 && close - open < HEADER_MAX && t->text[open - 1] != '(')
            open--;
        if (open > 0 && header_read(t->text, open, close - 1, ',', &table) && sql_rows(t, i, &table) < 0)
            return -1;
    }
    return 0;
}

int tables_run(const struct structured *t)
{
    struct table table = {0};
    char marks[sizeof cell_marks];
    marks_find(t->text, t->len, marks);
    if (sql_run(t) < 0)
        return -1;
    for (uint32_t i = 0; i < t->len;) {
        const char *line = memchr(t->text + i, '\n', t->len - i);
        uint32_t end = line ? (uint32_t)(line - t->text) : t->len, to = end;
        while (to > i && (t->text[to - 1] == '\r' || t->text[to - 1] == ' '))
            to--;
        bool row = table.mark && cells_count(t->text, i, to, table.mark) == table.n;
        if (row && !is_rule(t->text, i, to)) {
            if (row_read(t, i, to, &table) < 0)
                return -1;
        } else if (!row && !header_open(t->text, i, to, marks, &table)) {
            table.mark = 0;
            if (side_read(t, i, to) < 0)
                return -1;
        }
        i = end + 1;
    }
    return 0;
}
