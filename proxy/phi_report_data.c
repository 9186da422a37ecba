/* SPDX-License-Identifier: Apache-2.0
 *
 * The reports for programs: CSV (RFC 4180, one block for each table) and JSON. A cell that a spreadsheet would take for a
 * formula gets an apostrophe before it.
 */
#include "phi_report.h"

#include <stdlib.h>
#include <string.h>

static struct tally_row **sorted(const struct report *r, enum report_table t) {
    int sort = report_forms[t].sort;
    return tally_sorted(&r->tables[t], sort == -2 ? TALLY_NUMBERS - 1 : sort);
}

/* ---- CSV ---- */

static void put_cell(FILE *out, struct span raw, bool first) {
    size_t at = 0;
    char c;

    fputs(first ? "\"" : ",\"", out);
    if (raw.len && (strchr("=+-@", raw.ptr[0]) || raw.ptr[0] == '\\') && raw.len > 1) fputc('\'', out);
    while (report_char(raw, &at, &c)) {
        if (c == '"') fputc('"', out);
        fputc((unsigned char)c < 0x20 ? ' ' : c, out);
    }
    fputc('"', out);
}

static void put_heads(FILE *out, const struct report_form *f) {
    struct span part;
    bool first = true;

    for (size_t at = 0; report_part(span_of(f->names), '|', &at, &part); first = false)
        put_cell(out, part, first);
    for (size_t at = 0; report_part(span_of(f->numbers), '|', &at, &part);)
        put_cell(out, part, false);
    fputs(f->times ? ",\"first\",\"last\"\r\n" : "\r\n", out);
}

static void put_csv_row(FILE *out, const struct report_form *f, const struct tally_row *r) {
    struct span part;
    bool first = true;
    size_t i = 0;

    for (size_t at = 0; report_part(span_make(r->name, r->len), TALLY_SEPARATOR, &at, &part); first = false)
        put_cell(out, part, first);
    for (size_t at = 0; report_part(span_of(f->numbers), '|', &at, &part); i++)
        fprintf(out, ",%lld", (long long)r->number[i]);
    if (f->times) fprintf(out, ",\"%s\",\"%s\"", r->first, r->last);
    fputs("\r\n", out);
}

void report_write_csv(const struct report *r, FILE *out) {
    for (int t = 0; t < REPORT_TABLES; t++) {
        const struct report_form *f = &report_forms[t];
        if (!report_wants(r, (enum report_table)t)) continue;
        struct tally_row **v = sorted(r, (enum report_table)t);
        put_cell(out, span_of(f->id), true);
        put_cell(out, span_of(f->title), false);
        put_cell(out, span_of(f->note), false);
        fputs("\r\n", out);
        put_heads(out, f);
        for (size_t i = 0; v && i < r->tables[t].n; i++)
            put_csv_row(out, f, v[i]);
        fputs("\r\n", out);
        free(v);
    }
}

/* ---- JSON ---- */

static void put_string(FILE *out, const char *s) {
    fputc('"', out);
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') fputc('\\', out);
        if ((unsigned char)*s < 0x20) fprintf(out, "\\u%04x", (unsigned char)*s);
        else fputc(*s, out);
    }
    fputc('"', out);
}

/* Parts of a row's name are as the record has them: escaped for JSON already. */
static void put_parts(FILE *out, struct span text, char separator, bool *any) {
    struct span part;

    for (size_t at = 0; report_part(text, separator, &at, &part); *any = true)
        fprintf(out, "%s\"%.*s\"", *any ? "," : "", (int)part.len, part.ptr);
}

static void put_json_row(FILE *out, const struct report_form *f, const struct tally_row *r) {
    struct span part;
    bool any = false;
    size_t i = 0;

    fputc('[', out);
    put_parts(out, span_make(r->name, r->len), TALLY_SEPARATOR, &any);
    for (size_t at = 0; report_part(span_of(f->numbers), '|', &at, &part); i++)
        fprintf(out, ",%lld", (long long)r->number[i]);
    if (f->times) fprintf(out, ",\"%s\",\"%s\"", r->first, r->last);
    fputc(']', out);
}

static void put_json_table(FILE *out, const struct report *r, enum report_table t) {
    const struct report_form *f = &report_forms[t];
    struct tally_row **v = sorted(r, t);
    bool any = false;

    fprintf(out, "{\"id\":\"%s\",\"title\":", f->id);
    put_string(out, f->title);
    fputs(",\"note\":", out);
    put_string(out, f->note);
    fputs(",\"columns\":[", out);
    put_parts(out, span_of(f->names), '|', &any);
    put_parts(out, span_of(f->numbers), '|', &any);
    fputs(f->times ? ",\"first\",\"last\"],\"rows\":[" : "],\"rows\":[", out);
    for (size_t i = 0; v && i < r->tables[t].n; i++) {
        if (i) fputs(",\n", out);
        put_json_row(out, f, v[i]);
    }
    fputs("]}", out);
    free(v);
}

void report_write_json(const struct report *r, FILE *out) {
    bool any = false;

    fputs("{\"log\":", out);
    put_string(out, r->log);
    fprintf(out, ",\"made\":\"%s\",\"first\":\"%s\",\"last\":\"%s\",\"records\":%llu,\"decisions\":%llu,\"blocked\":%llu,\"found\":%llu,\"disclosed\":%llu",
            r->made, r->first, r->last, (unsigned long long)r->records, (unsigned long long)r->decisions, (unsigned long long)r->blocked,
            (unsigned long long)r->found, (unsigned long long)r->disclosed);
    if (r->has_checkpoint) {
        fprintf(out, ",\"checkpoint\":{\"origin\":\"%s\",\"size\":%llu,\"root\":\"", r->checkpoint.origin, (unsigned long long)r->checkpoint.size);
        for (size_t i = 0; i < sizeof r->checkpoint.root; i++)
            fprintf(out, "%02x", r->checkpoint.root[i]);
        fputs("\"}", out);
    }
    fputs(",\"tables\":[\n", out);
    for (int t = 0; t < REPORT_TABLES; t++) {
        if (!report_wants(r, (enum report_table)t)) continue;
        if (any) fputs(",\n", out);
        put_json_table(out, r, (enum report_table)t);
        any = true;
    }
    fputs("]}\n", out);
}
