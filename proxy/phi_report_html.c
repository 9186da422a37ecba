/* SPDX-License-Identifier: Apache-2.0
 *
 * One page that needs nothing else: no script, no image, no font from anywhere. Every text is escaped; bars are inline SVG.
 */
#include "phi_report.h"

#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 500
#define BARS_MAX 12

static const char head[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>phigate: audit report</title>\n<style>\n"
    "body{font:15px/1.45 system-ui,sans-serif;color:#1b1f24;max-width:70rem;margin:2rem auto;padding:0 1rem}\n"
    "h1{font-size:1.6rem;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2.2rem 0 .2rem;border-top:2px solid #d8dee4;padding-top:.7rem}\n"
    "h2 b{color:#0b5c7a;margin-right:.5rem}p.note{color:#57606a;margin:.1rem 0 .6rem;max-width:55rem}\n"
    "table{border-collapse:collapse;width:100%;font-size:13px}th{text-align:left;background:#f0f3f6;vertical-align:bottom}\n"
    "th,td{padding:.25rem .5rem;border-bottom:1px solid #e4e8ec}td{overflow-wrap:anywhere}\n"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}\n"
    "td.t{white-space:nowrap;color:#57606a;font-size:12px}dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.6rem 0}\n"
    "dt{color:#57606a}dd{margin:0;overflow-wrap:anywhere}.sums{display:flex;flex-wrap:wrap;gap:.8rem;margin:1rem 0}\n"
    ".sums div{border:1px solid #d8dee4;border-radius:6px;padding:.5rem .9rem}.sums b{display:block;font-size:1.4rem}\n"
    "svg{display:block;margin:.3rem 0 .8rem;max-width:100%}svg text{font:12px system-ui,sans-serif;fill:#1b1f24}svg rect{fill:#2a7f9e}\n"
    "nav a{margin-right:.7rem;color:#0b5c7a}.none{color:#57606a;font-style:italic}\n"
    "@media print{body{margin:0;max-width:none;font-size:11px}nav{display:none}h2{break-after:avoid}tr{break-inside:avoid}}\n"
    "</style>\n</head>\n<body>\n";

static void put_char(FILE *out, char c) {
    switch (c) {
    case '&': fputs("&amp;", out); break;
    case '<': fputs("&lt;", out); break;
    case '>': fputs("&gt;", out); break;
    case '"': fputs("&quot;", out); break;
    case '\'': fputs("&#39;", out); break;
    default: fputc((unsigned char)c < 0x20 || c == 0x7F ? ' ' : c, out);
    }
}

static void put_text(FILE *out, struct span raw) {
    char c;

    for (size_t at = 0; report_char(raw, &at, &c);)
        put_char(out, c);
}

static void put_plain(FILE *out, const char *s) {
    for (; *s; s++)
        put_char(out, *s);
}

/* ---- a table ---- */

static void put_heads(FILE *out, const struct report_form *f) {
    struct span part;

    fputs("<table><thead><tr>", out);
    for (size_t at = 0; report_part(span_of(f->names), '|', &at, &part);) {
        fputs("<th>", out);
        put_text(out, part);
    }
    for (size_t at = 0; report_part(span_of(f->numbers), '|', &at, &part);) {
        fputs("<th class=\"n\">", out);
        put_text(out, part);
    }
    if (f->times) fputs("<th>first<th>last", out);
    fputs("</thead><tbody>\n", out);
}

static void put_row(FILE *out, const struct report_form *f, const struct tally_row *r) {
    struct span part;
    size_t i = 0;

    fputs("<tr>", out);
    for (size_t at = 0; report_part(span_make(r->name, r->len), TALLY_SEPARATOR, &at, &part);) {
        fputs("<td>", out);
        put_text(out, part);
    }
    for (size_t at = 0; report_part(span_of(f->numbers), '|', &at, &part); i++)
        fprintf(out, "<td class=\"n\">%lld", (long long)r->number[i]);
    if (f->times) fprintf(out, "<td class=\"t\">%.19s<td class=\"t\">%.19s", r->first, r->last);
    fputc('\n', out);
}

/* The names of a row with a space between, at most n characters. */
static void put_label(FILE *out, const struct tally_row *r, size_t n) {
    struct span raw = span_make(r->name, r->len);
    size_t shown = 0;
    char c;

    for (size_t at = 0; report_char(raw, &at, &c); shown += ((unsigned char)c & 0xC0) != 0x80) {
        if (shown >= n && ((unsigned char)c & 0xC0) != 0x80) {
            fputs("\xe2\x80\xa6", out);
            return;
        }
        put_char(out, c == TALLY_SEPARATOR ? ' ' : c);
    }
}

static void put_bars(FILE *out, const struct report_form *f, struct tally_row **v, size_t n) {
    int64_t most = 0;

    if (n > BARS_MAX) n = BARS_MAX;
    for (size_t i = 0; i < n; i++)
        if (v[i]->number[f->chart] > most) most = v[i]->number[f->chart];
    if (most == 0) return;
    fprintf(out, "<svg role=\"img\" aria-label=\"%s\" width=\"760\" height=\"%zu\" viewBox=\"0 0 760 %zu\">\n", f->title, n * 20, n * 20);
    for (size_t i = 0; i < n; i++) {
        int width = (int)(v[i]->number[f->chart] * 400 / most);
        fprintf(out, "<text x=\"255\" y=\"%zu\" text-anchor=\"end\">", i * 20 + 14);
        put_label(out, v[i], 38);
        fprintf(out, "</text><rect x=\"262\" y=\"%zu\" width=\"%d\" height=\"14\"/><text x=\"%d\" y=\"%zu\">%lld</text>\n", i * 20 + 3,
                width ? width : 1, 268 + width, i * 20 + 14, (long long)v[i]->number[f->chart]);
    }
    fputs("</svg>\n", out);
}

static void put_chart_name(FILE *out, const struct report_form *f) {
    struct span part;
    size_t at = 0;

    for (int i = 0; i <= f->chart && report_part(span_of(f->numbers), '|', &at, &part); i++) {
    }
    fputs("<p class=\"note\">Bars: ", out);
    put_text(out, part);
    fputs("</p>\n", out);
}

static void put_table(FILE *out, const struct report *r, enum report_table t) {
    const struct report_form *f = &report_forms[t];
    const struct tally *rows = &r->tables[t];
    struct tally_row **v = tally_sorted(rows, f->sort == -2 ? TALLY_NUMBERS - 1 : f->sort);

    fprintf(out, "<section id=\"t%d\">\n<h2><b>%s</b>", (int)t, f->id);
    put_plain(out, f->title);
    fputs("</h2>\n<p class=\"note\">", out);
    put_plain(out, f->note);
    fputs("</p>\n", out);
    if (!v) {
        fputs("<p class=\"none\">No such record in this time.</p>\n</section>\n", out);
        return;
    }
    if (f->chart >= 0 && rows->n > 1 && v[0]->number[f->chart] > 0) {
        put_chart_name(out, f);
        put_bars(out, f, v, rows->n);
    }
    put_heads(out, f);
    for (size_t i = 0; i < rows->n && i < ROWS_MAX; i++)
        put_row(out, f, v[i]);
    fputs("</tbody></table>\n", out);
    if (rows->n > ROWS_MAX) fprintf(out, "<p class=\"note\">%zu more rows are in the CSV and JSON forms.</p>\n", rows->n - ROWS_MAX);
    fputs("</section>\n", out);
    free(v);
}

/* ---- the page ---- */

static void put_filter(FILE *out, const char *name, const char *value) {
    if (!value) return;
    fprintf(out, "<dt>%s<dd>", name);
    put_plain(out, value);
    fputc('\n', out);
}

static void put_summary(FILE *out, const struct report *r) {
    const struct audit_filter *f = r->filter;

    fputs("<h1>Audit report</h1>\n<dl>\n", out);
    put_filter(out, "log", r->log);
    fprintf(out, "<dt>records<dd>%llu, from %.19s to %.19s UTC\n", (unsigned long long)r->records, r->first, r->last);
    put_filter(out, "from", f->from);
    put_filter(out, "to", f->to);
    put_filter(out, "user", f->user);
    put_filter(out, "client", f->client);
    put_filter(out, "model", f->model);
    put_filter(out, "kind", f->kind);
    put_filter(out, "recipient", f->upstream);
    fprintf(out, "<dt>made<dd>%.19s UTC\n", r->made);
    if (r->has_checkpoint) {
        fprintf(out, "<dt>checkpoint<dd>%s, %llu records, root ", r->checkpoint.origin, (unsigned long long)r->checkpoint.size);
        for (size_t i = 0; i < sizeof r->checkpoint.root; i++)
            fprintf(out, "%02x", r->checkpoint.root[i]);
        fputc('\n', out);
    }
    fprintf(out, "</dl>\n<div class=\"sums\"><div><b>%llu</b>requests</div><div><b>%llu</b>blocked</div><div><b>%llu</b>identifiers found</div>"
                 "<div><b>%llu</b>sent in clear</div></div>\n<nav>", (unsigned long long)r->decisions, (unsigned long long)r->blocked,
            (unsigned long long)r->found, (unsigned long long)r->disclosed);
    for (int t = 0; t < REPORT_TABLES; t++)
        if (report_wants(r, (enum report_table)t) && (t == 0 || strcmp(report_forms[t].id, report_forms[t - 1].id) != 0))
            fprintf(out, "<a href=\"#t%d\">%s</a>", t, report_forms[t].id);
    fputs("</nav>\n", out);
}

void report_write_html(const struct report *r, FILE *out) {
    fputs(head, out);
    put_summary(out, r);
    for (int t = 0; t < REPORT_TABLES; t++)
        if (report_wants(r, (enum report_table)t)) put_table(out, r, (enum report_table)t);
    fputs("<p class=\"note\">Values of patients are in no record and so in no report. Times are UTC.</p>\n</body>\n</html>\n", out);
}
