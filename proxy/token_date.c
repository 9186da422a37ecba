/* SPDX-License-Identifier: Apache-2.0
 *
 * A date is cut into pieces (numbers, words, what stands between); which number is what is decided when all are known;
 * then the form is written and tried: what does not give back the very bytes is not understood.
 *
 *   %Y 2024   %y 24   %m 03   %n 3   %d 04   %e 4   %o st nd rd th   %B March   %b Mar   %A Thursday   %a Thu
 *   %^B MARCH  %_B march (likewise for b, A, a)
 */
#include "token_date.h"

#include <string.h>
#include <time.h>

#define PIECES_MAX 24
#define YEAR_FIRST 1800
#define YEAR_LAST 2199

static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};
static const char *const days[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

enum piece_type { PIECE_OTHER, PIECE_NUMBER, PIECE_MONTH, PIECE_WEEKDAY, PIECE_ORDINAL };
enum piece_role { ROLE_NONE, ROLE_YEAR, ROLE_MONTH, ROLE_DAY };

struct piece {
    struct span text;
    enum piece_type type;
    enum piece_role role;
    int value;     /* of a number, a month (1 to 12) or a day of the week (0 to 6) */
    bool shortened; /* the first three letters of a name */
};

struct pieces {
    struct piece v[PIECES_MAX];
    size_t n, numbers, words; /* words: names of months */
};

/* ---- the calendar ---- */

static bool is_leap(int y) {
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int days_in(int y, int m) {
    static const int n[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return m == 2 && is_leap(y) ? 29 : n[m - 1];
}

static long day_of(int y, int m, int d) {
    long year = y - 1, day = year * 365 + year / 4 - year / 100 + year / 400 - 719162;
    for (int i = 1; i < m; i++)
        day += days_in(y, i);
    return day + d - 1;
}

static void date_of(long day, int *y, int *m, int *d) {
    *y = (int)(1970 + day / 366 - (day < 0 ? 2 : 0)); /* not after the year that is sought */
    while (day_of(*y + 1, 1, 1) <= day)
        ++*y;
    long rest = day - day_of(*y, 1, 1);
    for (*m = 1; rest >= days_in(*y, *m); ++*m)
        rest -= days_in(*y, *m);
    *d = (int)rest + 1;
}

/* ---- pieces ---- */

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool name_in(struct span word, const char *const *names, size_t n, int *number, bool *shortened) {
    for (size_t i = 0; i < n; i++) {
        bool whole = span_is_nocase(word, names[i]), cut = word.len == 3 && span_equal_nocase(word, span_make(names[i], 3));
        if (!whole && !cut) continue;
        *number = (int)i;
        *shortened = !whole;
        return true;
    }
    return false;
}

static void take_word(struct piece *p, const struct piece *before) {
    static const char *const ordinals[] = {"st", "nd", "rd", "th"};

    if (name_in(p->text, months, 12, &p->value, &p->shortened)) {
        p->type = PIECE_MONTH;
        p->role = ROLE_MONTH;
        p->value++;
    } else if (name_in(p->text, days, 7, &p->value, &p->shortened)) {
        p->type = PIECE_WEEKDAY;
    } else if (before && before->type == PIECE_NUMBER) {
        for (size_t i = 0; i < 4; i++)
            if (span_is(p->text, ordinals[i])) p->type = PIECE_ORDINAL;
    }
}

static size_t run_end(struct span s, size_t at) {
    size_t end = at + 1;
    if (is_digit(s.ptr[at]))
        while (end < s.len && is_digit(s.ptr[end]))
            end++;
    else if (is_letter(s.ptr[at]))
        while (end < s.len && is_letter(s.ptr[end]))
            end++;
    return end;
}

static int number_of(struct span digits) {
    int n = 0;
    for (size_t i = 0; i < digits.len && i < 8; i++)
        n = n * 10 + (digits.ptr[i] - '0');
    return n;
}

/* Up to three numbers, or two and the name of a month, make the date; what follows is not looked at. Returns where it
 * begins, 0 when there are too few or too many pieces. */
static size_t cut(struct span s, struct pieces *p) {
    size_t at = 0;

    while (at < s.len) {
        bool complete = p->numbers + p->words == 3;
        size_t end = run_end(s, at);
        struct piece piece = {.text = span_sub(s, at, end)};
        if (is_digit(s.ptr[at])) {
            if (complete) break;
            piece.type = PIECE_NUMBER;
            piece.value = number_of(piece.text);
            p->numbers++;
        } else if (is_letter(s.ptr[at])) {
            take_word(&piece, p->n ? &p->v[p->n - 1] : NULL);
            if (complete && piece.type != PIECE_ORDINAL) break;
            if (piece.type == PIECE_OTHER) return 0;
            p->words += piece.type == PIECE_MONTH;
        } else if (complete) {
            break;
        }
        if (p->n == PIECES_MAX) return 0;
        p->v[p->n++] = piece;
        at = end;
    }
    return p->numbers + p->words == 3 ? at : 0;
}

/* ---- which number is what ---- */

static struct piece *number_at(struct pieces *p, size_t nth) {
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i].type == PIECE_NUMBER && nth-- == 0) return &p->v[i];
    return NULL;
}

static bool is_year(const struct piece *p) {
    return p->text.len == 4;
}

/* 14 March 2024, March 14, 2024, 2024 March 14. */
static int roles_with_name(struct pieces *p) {
    struct piece *first = number_at(p, 0), *second = number_at(p, 1);

    if (!first || !second) return -1;
    bool year_first = is_year(first);
    first->role = year_first ? ROLE_YEAR : ROLE_DAY;
    second->role = year_first ? ROLE_DAY : ROLE_YEAR;
    return 0;
}

static char separator_behind(const struct pieces *p, const struct piece *number) {
    const struct piece *next = number + 1;
    return next < p->v + p->n && next->type == PIECE_OTHER ? next->text.ptr[0] : '\0';
}

/* 2024-03-14; 03/14/2024; 14.03.2024, which is how day and month stand with points. */
static int roles_of_numbers(struct pieces *p) {
    struct piece *a = number_at(p, 0), *b = number_at(p, 1), *c = number_at(p, 2);

    if (!a || !b || !c || p->n < 5 || separator_behind(p, a) != separator_behind(p, b)) return -1;
    if (is_year(a)) {
        a->role = ROLE_YEAR, b->role = ROLE_MONTH, c->role = ROLE_DAY;
        return 0;
    }
    bool day_first = a->value > 12 || separator_behind(p, a) == '.';
    if (day_first && b->value > 12) day_first = false;
    a->role = day_first ? ROLE_DAY : ROLE_MONTH;
    b->role = day_first ? ROLE_MONTH : ROLE_DAY;
    c->role = ROLE_YEAR;
    return 0;
}

static int full_year(const struct piece *year, bool birth, long today) {
    int y, m, d;

    if (year->text.len == 4) return year->value;
    if (year->text.len != 2) return -1;
    date_of(today, &y, &m, &d);
    int full = y - y % 100 + year->value;
    if (full <= y + 1) return birth ? -1 : full; /* a child, or a hundred years old */
    return full - 100;
}

static int day_from(const struct pieces *p, bool birth, long today, long *day) {
    int y = -1, m = 0, d = 0;

    for (size_t i = 0; i < p->n; i++) {
        const struct piece *piece = &p->v[i];
        if (piece->role != ROLE_YEAR && piece->text.len > 2 && piece->type == PIECE_NUMBER) return -1;
        if (piece->role == ROLE_YEAR) y = full_year(piece, birth, today);
        if (piece->role == ROLE_MONTH) m = piece->value;
        if (piece->role == ROLE_DAY) d = piece->value;
    }
    if (y < YEAR_FIRST || y > YEAR_LAST || m < 1 || m > 12 || d < 1 || d > days_in(y, m)) return -1;
    *day = day_of(y, m, d);
    return 0;
}

/* ---- the form ---- */

static char case_of(struct span word) {
    bool upper = true, lower = true;
    for (size_t i = 0; i < word.len; i++) {
        upper = upper && word.ptr[i] <= 'Z';
        lower = lower && word.ptr[i] >= 'a';
    }
    return upper ? '^' : lower ? '_' : '\0';
}

/* A number of two digits says nothing of padding; its neighbours do. */
static bool is_padded(const struct pieces *p, const struct piece *number) {
    if (number->text.len == 2 && number->text.ptr[0] == '0') return true;
    if (number->text.len < 2) return false;
    for (size_t i = 0; i < p->n; i++)
        if (p->v[i].type == PIECE_NUMBER && p->v[i].text.len == 1) return false;
    return p->words == 0;
}

static const char *code_of_name(const struct piece *piece, char letter, char code[4]) {
    char how = case_of(piece->text);
    size_t n = 0;

    code[n++] = '%';
    if (how) code[n++] = how;
    code[n++] = letter;
    code[n] = '\0';
    return code;
}

static const char *code_of(const struct pieces *p, const struct piece *piece, char code[4]) {
    switch (piece->type) {
    case PIECE_NUMBER:
        if (piece->role == ROLE_YEAR) return is_year(piece) ? "%Y" : "%y";
        if (piece->role == ROLE_MONTH) return is_padded(p, piece) ? "%m" : "%n";
        return is_padded(p, piece) ? "%d" : "%e";
    case PIECE_MONTH: return code_of_name(piece, piece->shortened ? 'b' : 'B', code);
    case PIECE_WEEKDAY: return code_of_name(piece, piece->shortened ? 'a' : 'A', code);
    case PIECE_ORDINAL:
        return "%o";
    case PIECE_OTHER:
        break;
    }
    return NULL;
}

static int add(char *form, size_t *n, const char *text, size_t len) {
    if (*n + len >= TOKEN_DATE_FORM_MAX) return -1;
    memcpy(form + *n, text, len);
    *n += len;
    form[*n] = '\0';
    return 0;
}

static int form_from(const struct pieces *p, struct span rest, char *form) {
    size_t n = 0;

    form[0] = '\0';
    for (size_t i = 0; i < p->n; i++) {
        char code[4];
        const char *text = code_of(p, &p->v[i], code);
        if (!text && p->v[i].text.ptr[0] == '%') return -1;
        if (add(form, &n, text ? text : p->v[i].text.ptr, text ? strlen(text) : p->v[i].text.len) < 0) return -1;
    }
    return span_find(rest, '%', 0) < rest.len ? -1 : add(form, &n, rest.ptr, rest.len);
}

/* 20240314, the form of HL7 and X12. */
static int read_compact(struct span value, bool birth, long today, struct token_date *out) {
    char spaced[] = "YYYY MM DD";

    for (size_t i = 0; i < value.len; i++)
        if (!is_digit(value.ptr[i])) return -1;
    memcpy(spaced, value.ptr, 4);
    memcpy(spaced + 5, value.ptr + 4, 2);
    memcpy(spaced + 8, value.ptr + 6, 2);
    if (token_date_read(span_of(spaced), birth, today, out) < 0) return -1;
    memcpy(out->form, "%Y%m%d", 7);
    return 0;
}

int token_date_read(struct span value, bool birth, long today, struct token_date *out) {
    struct pieces p = {.n = 0};
    char again[TOKEN_DATE_TEXT_MAX];
    size_t end;
    int n;

    if (value.len == 8 && read_compact(value, birth, today, out) == 0) return 0;
    if (value.len >= TOKEN_DATE_FORM_MAX || (end = cut(value, &p)) == 0) return -1;
    if ((p.words ? roles_with_name(&p) : roles_of_numbers(&p)) < 0 || p.words > 1) return -1;
    if (day_from(&p, birth, today, &out->day) < 0) return -1;
    struct span rest = span_sub(value, end, value.len);
    out->exact = rest.len > 0;
    if (form_from(&p, rest, out->form) < 0 || (n = token_date_write(out->form, out->day, again)) < 0) return -1;
    return span_equal(value, span_make(again, (size_t)n)) ? 0 : -1;
}

/* ---- writing ---- */

static size_t put_name(const char *name, bool shortened, char how, char *out) {
    size_t len = shortened ? 3 : strlen(name);

    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (how == '^' && c >= 'a') c = (char)(c - 'a' + 'A');
        if (how == '_' && c <= 'Z') c = (char)(c - 'A' + 'a');
        out[i] = c;
    }
    return len;
}

static const char *ordinal_of(int d) {
    if (d / 10 == 1) return "th";
    return d % 10 == 1 ? "st" : d % 10 == 2 ? "nd" : d % 10 == 3 ? "rd" : "th";
}

/* Dates are many in notes, and the library's printing costs ten times as much. */
static size_t put_number(int n, size_t width, char *out) {
    for (size_t i = width; i > 0; i--, n /= 10)
        out[i - 1] = (char)('0' + n % 10);
    return width;
}

/* At most 9 bytes. */
static size_t put_part(char code, char how, int y, int m, int d, int weekday, char *out) {
    switch (code) {
    case 'Y': return put_number(y, 4, out);
    case 'y': return put_number(y % 100, 2, out);
    case 'm': return put_number(m, 2, out);
    case 'n': return put_number(m, m < 10 ? 1 : 2, out);
    case 'd': return put_number(d, 2, out);
    case 'e': return put_number(d, d < 10 ? 1 : 2, out);
    case 'o': memcpy(out, ordinal_of(d), 2); return 2;
    case 'B': case 'b': return put_name(months[m - 1], code == 'b', how, out);
    case 'A': case 'a': return put_name(days[weekday], code == 'a', how, out);
    }
    return 0;
}

int token_date_write(const char *form, long day, char *out) {
    size_t n = 0;
    int y, m, d;

    if (day < day_of(YEAR_FIRST, 1, 1) || day > day_of(YEAR_LAST, 12, 31)) return -1;
    date_of(day, &y, &m, &d);
    int weekday = (int)(((day % 7) + 11) % 7); /* 1970-01-01 was a Thursday */
    for (; *form; form++) {
        char how = '\0';
        if (n + 10 >= TOKEN_DATE_TEXT_MAX) return -1;
        if (*form != '%') {
            out[n++] = *form;
            continue;
        }
        if (*++form == '^' || *form == '_') how = *form++;
        if (!*form) return -1;
        n += put_part(*form, how, y, m, d, weekday, out + n);
    }
    return (int)n;
}
