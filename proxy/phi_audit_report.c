/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit report: one pass over the log, then the tables in the form that was asked for.
 *
 *   lines -> tables -> bytes of the report -> [its digest durable in the auditors' log] -> file -> [signed note beside it]
 */
#include "phi_audit_report.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "audit_hash.h"
#include "phi_audit.h"
#include "phi_audit_beside.h"
#include "phi_audit_statement.h"
#include "phi_report.h"

const char phi_audit_report_usage[] =
    "usage: phi audit report [--log FILE] [--format html|csv|json] [--report R1..R16] [--out FILE]\n"
    "           [--from T] [--to T] [--user U] [--client C] [--role R] [--purpose P] [--model M] [--upstream N] [--kind K]\n"
    "           [--signing-key FILE]   signs it: a note in OUT.sig, checked by `phi audit verify OUT.sig --public-key FILE`\n"
    "           [--key FILE]           uses LOG.index; with --record: its digest goes into LOG.probes first\n";

static const struct form {
    const char *name;
    void (*write)(const struct report *r, FILE *out);
} forms[] = {{"html", report_write_html}, {"csv", report_write_csv}, {"json", report_write_json}};

static const struct form *form_of(const char *name) {
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (!name || strcmp(name, forms[i].name) == 0) return &forms[i];
    return NULL;
}

static bool report_known(const char *id) {
    for (int t = 0; id && t < REPORT_TABLES; t++)
        if (strcmp(id, report_forms[t].id) == 0) return true;
    return !id;
}

int phi_report_check(const struct phi_report_order *o) {
    if (!form_of(o->format)) fprintf(stderr, "phi: no such format: %s (html, csv or json)\n", o->format);
    else if (!report_known(o->wanted)) fprintf(stderr, "phi: no such report: %s (R1 to R16)\n", o->wanted);
    else if (o->signing_path && !o->out) fputs("phi: --signing-key needs --out FILE: the signature lies beside the report\n", stderr);
    else return 0;
    return -1;
}

/* ---- collecting ---- */

static void set_made(struct report *r) {
    time_t now = time(NULL);
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(r->made, sizeof r->made, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static void set_checkpoint(struct report *r) {
    char name[4096];
    struct buf note;

    if (snprintf(name, sizeof name, "%s.checkpoint", r->log) >= (int)sizeof name || access(name, R_OK) != 0) return;
    if (phi_audit_note(r->log, name, &note, &r->checkpoint) < 0) return;
    r->has_checkpoint = true;
    buf_free(&note);
}

static int collect_beside(struct report *r) {
    struct audit_set *set;
    struct audit_lines *l = phi_beside_lines(r->log, &set);
    struct span line;

    while (l && audit_lines_next(l, &line))
        report_take_beside(r, line);
    int rc = l ? phi_audit_lines_end(l) : 0;
    audit_lines_close(l);
    audit_set_free(set);
    return rc;
}

static bool holds_outcome(void *context, const struct audit_index *x, const struct audit_index_block *b) {
    const struct report *r = context;

    (void)x;
    (void)b;
    return r->pending.n > 0;
}

static void skip(void *context, const struct audit_index_block *b) {
    report_skip(context, b->first_seq, b->last_seq, b->begin, b->end);
}

static int collect(struct report *r, struct phi_reader *reader) {
    const struct phi_reader_choice choice = {.filter = r->filter, .also = holds_outcome, .skipped = skip, .context = r};
    struct span line;

    if (phi_reader_choose(reader, &choice) < 0) return -1;

    while (!r->failed && phi_reader_next(reader, &line))
        report_take(r, line);
    if (phi_reader_end(reader) < 0 || collect_beside(r) < 0) return -1;
    report_finish(r);
    if (r->failed) fputs("phi: out of memory\n", stderr);
    else if (!r->first[0]) fprintf(stderr, "phi: %s: holds no record\n", r->log);
    else return 0;
    return -1;
}

/* ---- handing on ---- */

static int record_report(const struct phi_report_order *o, const struct report *r, const char *format, const char *digest) {
    struct audit_record *a = phi_audit_person_record("report", "made", o->who);

    if (!a) return -1;
    audit_add_text(a, "format", format);
    audit_add_text(a, "report_sha256", digest);
    audit_add_text(a, "from", o->filter->from);
    audit_add_text(a, "to", o->filter->to);
    if (r->has_checkpoint) audit_add_number(a, "tree_size", (int64_t)r->checkpoint.size);
    return phi_audit_append(r->log, o->key, a);
}

static int sign_report(const struct phi_report_order *o, const struct report *r, const char *digest) {
    struct audit_note_key k;

    if (phi_audit_note_key(o->signing_path, true, &k) < 0) return -1;
    int rc = k.type == AUDIT_KEY_LOG ? phi_statement_write(o->out, digest, r, &k) : -1;
    if (k.type != AUDIT_KEY_LOG) fprintf(stderr, "phi: %s: a witness's key cannot sign reports\n", o->signing_path);
    audit_note_key_wipe(&k);
    return rc;
}

static int hand_over(const struct phi_report_order *o, const struct report *r, const struct form *form, struct span bytes) {
    struct audit_hasher *h = audit_hasher_new(NULL);
    char digest[AUDIT_HEX_LEN + 1];
    int rc = h ? audit_hasher_sha256(h, bytes, digest) : -1;

    audit_hasher_free(h);
    if (rc == 0 && o->record) rc = record_report(o, r, form->name, digest);
    FILE *out = rc == 0 ? phi_audit_output(o->out) : NULL;
    if (!out) return -1;
    phi_audit_span(out, bytes);
    if (phi_audit_output_end(out, o->out) < 0) return -1;
    return o->signing_path ? sign_report(o, r, digest) : 0;
}

static int write_out(const struct phi_report_order *o, const struct report *r) {
    const struct form *form = form_of(o->format);
    char *bytes = NULL;
    size_t n = 0;
    FILE *memory = open_memstream(&bytes, &n);
    int rc = -1;

    if (!memory) return -1;
    form->write(r, memory);
    if (fclose(memory) == 0) rc = hand_over(o, r, form, span_make(bytes, n));
    free(bytes);
    return rc;
}

int phi_report_make(const struct phi_report_order *o) {
    struct report r = {.filter = o->filter, .log = phi_audit_log(o->read.log), .wanted = o->wanted};
    struct phi_reader *reader = phi_reader_open(&o->read);
    int rc = -1;

    set_made(&r);
    set_checkpoint(&r);
    if (reader && collect(&r, reader) == 0) rc = write_out(o, &r);
    phi_reader_free(reader);
    report_free(&r);
    return rc;
}

/* ---- the command ---- */

static int make(struct phi_report_order *o) {
    struct audit_filter *f = o->filter;
    unsigned char key[32];
    int rc = -1;

    if (phi_report_check(o) < 0 || (o->read.key_path && phi_audit_key(o->read.key_path, key) < 0)) return -1;
    o->key = key;
    if (phi_audit_filter(f) < 0) rc = -1;
    else rc = phi_report_make(o);
    audit_filter_free(f);
    explicit_bzero(key, sizeof key);
    return rc;
}

int phi_audit_report(int argc, char **argv) {
    struct audit_filter f = {.from = NULL};
    struct phi_report_order o = {.filter = &f};
    const struct phi_option options[] = {
        PHI_READ_OPTIONS(o.read), {"--format", &o.format, NULL}, {"--report", &o.wanted, NULL}, {"--out", &o.out, NULL},
        {"--signing-key", &o.signing_path, NULL}, {"--record", NULL, &o.record}, PHI_FILTER_OPTIONS(f)};

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc != 0 || (o.record && !o.read.key_path)) {
        fputs(phi_audit_report_usage, stderr);
        return PHI_USAGE;
    }
    return make(&o) == 0 ? PHI_DONE : PHI_USAGE;
}
