/* SPDX-License-Identifier: Apache-2.0
 *
 * Columns are known by the names that exports give them, whatever their case and punctuation: "Last Name", "PAT_LAST_NAME".
 * A row is a person, and each value in it is one of theirs. A row that cannot be read is a person who would not be found, so
 * it is a mistake and not a warning.
 */
#include "roster_import.h"

#include <stdlib.h>
#include <string.h>

#include "../../detectors/roster_build.h"
#include "csv.h"
#include "diag.h"
#include "glyph.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define LABEL_MAX 40

enum column { COLUMN_UNKNOWN = 0, COLUMN_SKIP, COLUMN_LAST, COLUMN_FIRST, COLUMN_NAME, COLUMN_DOB, COLUMN_ROLE, COLUMN_VALUE };

struct meaning {
    const char *label; /* lower case, letters and digits only */
    enum column column;
    enum roster_type type;
};

static const struct meaning meanings[] = {
    {"last", COLUMN_LAST, 0}, {"lastname", COLUMN_LAST, 0}, {"lname", COLUMN_LAST, 0}, {"surname", COLUMN_LAST, 0}, {"family", COLUMN_LAST, 0},
    {"familyname", COLUMN_LAST, 0}, {"namelast", COLUMN_LAST, 0}, {"maidenname", COLUMN_SKIP, 0},
    {"first", COLUMN_FIRST, 0}, {"firstname", COLUMN_FIRST, 0}, {"fname", COLUMN_FIRST, 0}, {"given", COLUMN_FIRST, 0}, {"givenname", COLUMN_FIRST, 0},
    {"forename", COLUMN_FIRST, 0}, {"namefirst", COLUMN_FIRST, 0},
    {"name", COLUMN_NAME, 0}, {"fullname", COLUMN_NAME, 0}, {"displayname", COLUMN_NAME, 0}, {"legalname", COLUMN_NAME, 0},
    {"dob", COLUMN_DOB, 0}, {"dateofbirth", COLUMN_DOB, 0}, {"birthdate", COLUMN_DOB, 0}, {"birthday", COLUMN_DOB, 0}, {"birth", COLUMN_DOB, 0},
    {"role", COLUMN_ROLE, 0}, {"persontype", COLUMN_ROLE, 0},
    {"mrn", COLUMN_VALUE, ROSTER_MRN}, {"medicalrecordnumber", COLUMN_VALUE, ROSTER_MRN}, {"medicalrecord", COLUMN_VALUE, ROSTER_MRN},
    {"mrnumber", COLUMN_VALUE, ROSTER_MRN}, {"recordnumber", COLUMN_VALUE, ROSTER_MRN}, {"recordno", COLUMN_VALUE, ROSTER_MRN},
    {"chart", COLUMN_VALUE, ROSTER_MRN}, {"chartnumber", COLUMN_VALUE, ROSTER_MRN}, {"chartno", COLUMN_VALUE, ROSTER_MRN},
    {"chartid", COLUMN_VALUE, ROSTER_MRN}, {"id", COLUMN_VALUE, ROSTER_MRN}, {"number", COLUMN_VALUE, ROSTER_MRN}, {"no", COLUMN_VALUE, ROSTER_MRN},
    {"account", COLUMN_VALUE, ROSTER_ACCOUNT}, {"accountnumber", COLUMN_VALUE, ROSTER_ACCOUNT}, {"accountno", COLUMN_VALUE, ROSTER_ACCOUNT},
    {"accountid", COLUMN_VALUE, ROSTER_ACCOUNT}, {"acct", COLUMN_VALUE, ROSTER_ACCOUNT}, {"acctno", COLUMN_VALUE, ROSTER_ACCOUNT},
    {"acctnumber", COLUMN_VALUE, ROSTER_ACCOUNT},
    {"memberid", COLUMN_VALUE, ROSTER_MEMBER}, {"member", COLUMN_VALUE, ROSTER_MEMBER}, {"membernumber", COLUMN_VALUE, ROSTER_MEMBER},
    {"subscriberid", COLUMN_VALUE, ROSTER_MEMBER}, {"subscriber", COLUMN_VALUE, ROSTER_MEMBER}, {"insuranceid", COLUMN_VALUE, ROSTER_MEMBER},
    {"policynumber", COLUMN_VALUE, ROSTER_MEMBER}, {"policyno", COLUMN_VALUE, ROSTER_MEMBER}, {"planid", COLUMN_VALUE, ROSTER_MEMBER},
    {"mbi", COLUMN_VALUE, ROSTER_MEMBER}, {"medicareid", COLUMN_VALUE, ROSTER_MEMBER}, {"medicaidid", COLUMN_VALUE, ROSTER_MEMBER},
    {"ssn", COLUMN_VALUE, ROSTER_SSN}, {"socialsecuritynumber", COLUMN_VALUE, ROSTER_SSN}, {"socialsecurity", COLUMN_VALUE, ROSTER_SSN},
    {"social", COLUMN_VALUE, ROSTER_SSN},
    {"phone", COLUMN_VALUE, ROSTER_PHONE}, {"phonenumber", COLUMN_VALUE, ROSTER_PHONE}, {"phoneno", COLUMN_VALUE, ROSTER_PHONE},
    {"telephone", COLUMN_VALUE, ROSTER_PHONE}, {"tel", COLUMN_VALUE, ROSTER_PHONE}, {"homephone", COLUMN_VALUE, ROSTER_PHONE},
    {"phonehome", COLUMN_VALUE, ROSTER_PHONE}, {"workphone", COLUMN_VALUE, ROSTER_PHONE}, {"phonework", COLUMN_VALUE, ROSTER_PHONE},
    {"cell", COLUMN_VALUE, ROSTER_PHONE}, {"cellphone", COLUMN_VALUE, ROSTER_PHONE}, {"phonecell", COLUMN_VALUE, ROSTER_PHONE},
    {"mobile", COLUMN_VALUE, ROSTER_PHONE}, {"mobilephone", COLUMN_VALUE, ROSTER_PHONE}, {"phonemobile", COLUMN_VALUE, ROSTER_PHONE},
    {"primaryphone", COLUMN_VALUE, ROSTER_PHONE}, {"secondaryphone", COLUMN_VALUE, ROSTER_PHONE}, {"otherphone", COLUMN_VALUE, ROSTER_PHONE},
    {"contactphone", COLUMN_VALUE, ROSTER_PHONE}, {"dayphone", COLUMN_VALUE, ROSTER_PHONE}, {"eveningphone", COLUMN_VALUE, ROSTER_PHONE},
    {"fax", COLUMN_VALUE, ROSTER_FAX}, {"faxnumber", COLUMN_VALUE, ROSTER_FAX},
    {"email", COLUMN_VALUE, ROSTER_EMAIL}, {"emailaddress", COLUMN_VALUE, ROSTER_EMAIL}, {"mail", COLUMN_VALUE, ROSTER_EMAIL},
    {"address", COLUMN_VALUE, ROSTER_STREET}, {"street", COLUMN_VALUE, ROSTER_STREET}, {"streetaddress", COLUMN_VALUE, ROSTER_STREET},
    {"address1", COLUMN_VALUE, ROSTER_STREET}, {"addressline1", COLUMN_VALUE, ROSTER_STREET}, {"addressline", COLUMN_VALUE, ROSTER_STREET},
    {"homeaddress", COLUMN_VALUE, ROSTER_STREET}, {"addr", COLUMN_VALUE, ROSTER_STREET}, {"addr1", COLUMN_VALUE, ROSTER_STREET},
    {"license", COLUMN_VALUE, ROSTER_LICENSE}, {"licensenumber", COLUMN_VALUE, ROSTER_LICENSE}, {"dea", COLUMN_VALUE, ROSTER_LICENSE},
    {"deanumber", COLUMN_VALUE, ROSTER_LICENSE},
    {"middle", COLUMN_SKIP, 0}, {"middlename", COLUMN_SKIP, 0}, {"middleinitial", COLUMN_SKIP, 0}, {"mi", COLUMN_SKIP, 0}, {"mname", COLUMN_SKIP, 0},
    {"suffix", COLUMN_SKIP, 0}, {"prefix", COLUMN_SKIP, 0}, {"title", COLUMN_SKIP, 0}, {"sex", COLUMN_SKIP, 0}, {"gender", COLUMN_SKIP, 0},
    {"city", COLUMN_SKIP, 0}, {"state", COLUMN_SKIP, 0}, {"zip", COLUMN_SKIP, 0}, {"zipcode", COLUMN_SKIP, 0}, {"postalcode", COLUMN_SKIP, 0},
    {"country", COLUMN_SKIP, 0}, {"county", COLUMN_SKIP, 0}, {"address2", COLUMN_SKIP, 0}, {"addressline2", COLUMN_SKIP, 0}, {"age", COLUMN_SKIP, 0},
    {"race", COLUMN_SKIP, 0}, {"ethnicity", COLUMN_SKIP, 0}, {"language", COLUMN_SKIP, 0}, {"status", COLUMN_SKIP, 0}, {"npi", COLUMN_SKIP, 0},
    {"maritalstatus", COLUMN_SKIP, 0}, {"lastvisit", COLUMN_SKIP, 0}, {"pcp", COLUMN_SKIP, 0},
};

struct import {
    struct roster_builder *builder;
    const char *name;
    enum roster_type role;
    struct roster_counts *counts;
    struct diag *diag;
    const struct meaning *columns[CSV_FIELDS_MAX];
    size_t n;
    bool failed; /* out of memory */
};

static void mistake(const struct import *m, const struct csv_field *f, const char *what) {
    diag_add(m->diag, m->name, NULL, f->line, f->column, "%s", what);
}

/* ---- header ---- */

static size_t fold_label(const struct csv_field *f, char out[LABEL_MAX]) {
    size_t n = 0;

    for (size_t i = 0; i < f->len && n < LABEL_MAX - 1; i++) {
        char c = f->text[i];
        if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out[n++] = c;
    }
    out[n] = '\0';
    return n;
}

static const struct meaning *meaning_find(const char *label) {
    for (size_t i = 0; i < COUNT(meanings); i++)
        if (strcmp(meanings[i].label, label) == 0) return &meanings[i];
    return NULL;
}

/* "Patient Last Name", "pat_dob", "Phone 2" are columns like "Last Name", "dob" and "Phone". */
static const struct meaning *meaning_of(const struct csv_field *f) {
    static const char *const fronts[] = {"patient", "patients", "pat", "pt", "employee", "staff", "provider", "person", "guarantor"};
    char label[LABEL_MAX];
    size_t n = fold_label(f, label);
    const struct meaning *found = meaning_find(label);

    if (!found && n == strlen("patient") && strcmp(label, "patient") == 0) return meaning_find("name");
    for (size_t i = 0; !found && i < COUNT(fronts); i++) {
        size_t front = strlen(fronts[i]);
        if (n > front && strncmp(label, fronts[i], front) == 0) found = meaning_find(label + front);
    }
    if (!found && n > 1 && label[n - 1] >= '1' && label[n - 1] <= '9') {
        label[n - 1] = '\0';
        found = meaning_find(label);
    }
    return found;
}

static bool has_column(const struct import *m, enum column column) {
    for (size_t i = 0; i < m->n; i++)
        if (m->columns[i] && m->columns[i]->column == column) return true;
    return false;
}

static int read_header(struct import *m, const struct csv_row *row) {
    m->n = row->n;
    for (size_t i = 0; i < row->n; i++) {
        m->columns[i] = meaning_of(&row->v[i]);
        if (!m->columns[i] && m->counts->n_unused < COUNT(m->counts->unused)) m->counts->unused[m->counts->n_unused++] = (uint32_t)i + 1;
    }
    if (has_column(m, COLUMN_LAST) || has_column(m, COLUMN_NAME) || has_column(m, COLUMN_VALUE)) return 0;
    mistake(m, &row->v[0], "the first line must name the columns, for example: last name, first name, dob, mrn, phone");
    return -1;
}

/* ---- fields ---- */

/* Valid UTF-8 without controls and hidden characters; it may hold line breaks. */
static bool is_sound(const struct csv_field *f) {
    for (size_t i = 0; i < f->len;) {
        uint32_t c = 0;
        size_t n = glyph_decode(f->text + i, f->len - i, &c);
        if (n == 0 || c == 0) return false;
        i += n;
    }
    return true;
}

static bool same_word(const struct csv_field *f, const char *word) {
    size_t n = strlen(word);
    if (f->len != n) return false;
    for (size_t i = 0; i < n; i++)
        if ((f->text[i] >= 'A' && f->text[i] <= 'Z' ? f->text[i] + 32 : f->text[i]) != word[i]) return false;
    return true;
}

static bool fills_only(const struct csv_field *f) {
    static const char *const words[] = {"n/a", "na", "none", "null", "unknown", "-", "--", ".", "no", "x", "tbd", "declined"};
    for (size_t i = 0; i < COUNT(words); i++)
        if (same_word(f, words[i])) return true;
    return f->len == 0;
}

/* 999-999-9999, 000-00-0000: a number that only fills its field. */
static bool one_digit_only(const struct csv_field *f) {
    char digit = 0;
    for (size_t i = 0; i < f->len; i++) {
        char c = f->text[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return false;
        if (c < '0' || c > '9') continue;
        if (digit && c != digit) return false;
        digit = c;
    }
    return true;
}

static bool take_number(const struct csv_field *f, size_t *at, size_t least, size_t most, unsigned *out) {
    size_t n = 0;
    for (*out = 0; *at < f->len && n < most && f->text[*at] >= '0' && f->text[*at] <= '9'; ++*at, n++)
        *out = *out * 10 + (unsigned)(f->text[*at] - '0');
    return n >= least;
}

static bool take_mark(const struct csv_field *f, size_t *at) {
    return *at < f->len && strchr("-/.", f->text[(*at)++]);
}

/* 1961-03-14, 19610314, 3/14/1961; a time behind it does not count. yyyymmdd, or 0. */
static uint32_t read_date(const struct csv_field *f) {
    unsigned a, b, c, days;
    size_t at = 0;
    bool year_first = f->len >= 8 && strspn(f->text, "0123456789") >= 4;

    if (year_first && f->len >= 5 && strchr("-/.", f->text[4])) {
        if (!take_number(f, &at, 4, 4, &a) || !take_mark(f, &at) || !take_number(f, &at, 1, 2, &b) || !take_mark(f, &at) ||
            !take_number(f, &at, 1, 2, &c))
            return 0;
    } else if (year_first) {
        if (!take_number(f, &at, 4, 4, &a) || !take_number(f, &at, 2, 2, &b) || !take_number(f, &at, 2, 2, &c)) return 0;
    } else if (!take_number(f, &at, 1, 2, &b) || !take_mark(f, &at) || !take_number(f, &at, 1, 2, &c) || !take_mark(f, &at) ||
               !take_number(f, &at, 4, 4, &a)) {
        return 0;
    }
    if (at < f->len && f->text[at] != ' ' && f->text[at] != 'T') return 0;
    days = b == 2 ? 28 + (a % 4 == 0 && (a % 100 != 0 || a % 400 == 0)) : b == 4 || b == 6 || b == 9 || b == 11 ? 30 : 31;
    return a >= 1850 && a <= 2200 && b >= 1 && b <= 12 && c >= 1 && c <= days ? a * 10000 + b * 100 + c : 0;
}

enum roster_type roster_role(const char *word, size_t len) {
    static const struct {
        const char *word;
        enum roster_type role;
    } roles[] = {{"patient", ROSTER_PATIENT}, {"staff", ROSTER_STAFF}, {"provider", ROSTER_STAFF}, {"employee", ROSTER_STAFF},
                 {"physician", ROSTER_STAFF}, {"nurse", ROSTER_STAFF}, {"relative", ROSTER_RELATIVE}, {"guarantor", ROSTER_RELATIVE},
                 {"contact", ROSTER_RELATIVE}, {"emergency contact", ROSTER_RELATIVE}, {"employer", ROSTER_EMPLOYER}};
    const struct csv_field f = {.text = word, .len = len};

    for (size_t i = 0; i < COUNT(roles); i++)
        if (same_word(&f, roles[i].word)) return roles[i].role;
    return ROSTER_NONE;
}

/* ---- a row ---- */

struct person {
    const struct csv_field *last, *first, *name;
    enum roster_type role;
    uint32_t birth;
};

static void read_field(struct import *m, const struct meaning *meaning, const struct csv_field *f, struct person *p) {
    if (!is_sound(f)) {
        mistake(m, f, "this field is not UTF-8; export the file as \"CSV UTF-8\"");
        return;
    }
    switch (meaning->column) {
    case COLUMN_LAST: p->last = f; break;
    case COLUMN_FIRST: p->first = f; break;
    case COLUMN_NAME: p->name = f; break;
    case COLUMN_DOB:
        if (fills_only(f)) break;
        p->birth = read_date(f);
        if (!p->birth) mistake(m, f, "not a date; write 1961-03-14 or 3/14/1961");
        break;
    case COLUMN_ROLE:
        if (f->len == 0) break;
        p->role = roster_role(f->text, f->len);
        if (!p->role) mistake(m, f, "unknown role; one of patient, staff, relative, employer");
        break;
    case COLUMN_UNKNOWN:
    case COLUMN_SKIP:
    case COLUMN_VALUE:
        break;
    }
}

static struct roster_text text_of(const struct csv_field *f) {
    if (!f || f->len > 4096) return (struct roster_text){"", 0};
    return (struct roster_text){f->text, (uint32_t)f->len};
}

static void added(struct import *m, enum roster_added result) {
    m->failed |= result == ROSTER_FAILED;
    m->counts->unusable += result == ROSTER_UNUSABLE;
}

static void add_person(struct import *m, const struct csv_row *row, const struct person *p) {
    bool by_parts = p->last && !fills_only(p->last);
    enum roster_added result;

    if (!has_column(m, COLUMN_LAST) && !has_column(m, COLUMN_NAME)) return;
    if (by_parts) {
        bool first = p->first && !fills_only(p->first);
        result = roster_add_person(m->builder, p->role, text_of(first ? p->first : NULL), text_of(p->last), p->birth);
    } else if (p->name && !fills_only(p->name)) {
        result = roster_add_name(m->builder, p->role, text_of(p->name), p->birth);
    } else {
        result = ROSTER_UNUSABLE;
    }
    if (result == ROSTER_UNUSABLE) mistake(m, p->last ? p->last : p->name ? p->name : &row->v[0], "no family name");
    m->failed |= result == ROSTER_FAILED;
}

static void add_values(struct import *m, const struct csv_row *row) {
    for (size_t i = 0; i < row->n; i++) {
        const struct csv_field *f = &row->v[i];
        if (!m->columns[i] || m->columns[i]->column != COLUMN_VALUE || fills_only(f)) continue;
        if (m->columns[i]->type != ROSTER_EMAIL && m->columns[i]->type != ROSTER_STREET && one_digit_only(f)) m->counts->unusable++;
        else added(m, roster_add_value(m->builder, m->columns[i]->type, text_of(f)));
    }
}

static void read_row(struct import *m, const struct csv_row *row) {
    struct person p = {.role = m->role};
    size_t before = diag_count(m->diag);

    m->counts->rows++;
    if (row->mistake) {
        diag_add(m->diag, m->name, NULL, row->line, row->column, "%s", row->mistake);
    } else if (row->n != m->n) {
        diag_add(m->diag, m->name, NULL, row->line, row->column, "this row has %zu fields, the first line has %zu", row->n, m->n);
    } else {
        for (size_t i = 0; i < row->n; i++)
            if (m->columns[i]) read_field(m, m->columns[i], &row->v[i], &p);
        if (diag_count(m->diag) == before) add_person(m, row, &p);
        if (diag_count(m->diag) == before) add_values(m, row);
    }
    m->counts->bad_rows += diag_count(m->diag) > before;
}

int roster_import(struct roster_builder *b, const char *name, char *text, size_t len, enum roster_type role,
                  struct roster_counts *counts, struct diag *d) {
    struct import m = {.builder = b, .name = name, .role = role, .counts = counts, .diag = d};
    struct csv_row *row = malloc(sizeof *row);
    uint64_t rows = counts->rows, bad = counts->bad_rows;
    struct csv csv;
    int rc = -1;

    if (!row) return -1;
    csv_start(&csv, text, len);
    if (!csv_next(&csv, row)) {
        diag_add(d, name, NULL, 1, 1, "the file is empty");
    } else if (row->mistake) {
        diag_add(d, name, NULL, row->line, row->column, "%s", row->mistake);
    } else if (read_header(&m, row) == 0) {
        while (!m.failed && csv_next(&csv, row))
            read_row(&m, row);
        rc = m.failed || counts->rows == rows ? -1 : counts->bad_rows > bad;
        if (counts->rows == rows) diag_add(d, name, NULL, 1, 1, "there is no row below the header");
    }
    free(row);
    return rc;
}
