/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit breach: all that an assessment under 45 CFR 164.402(2) and a notice under 164.404 start from, in one new directory:
 * the selected records as they stand in the log, the report over them (the four factors first), the checkpoint, and the digest
 * of each file.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "audit_hash.h"
#include "audit_ids.h"
#include "audit_view.h"
#include "phi_audit.h"
#include "phi_audit_report.h"

const char phi_audit_breach_usage[] =
    "usage: phi audit breach --out DIR [--log FILE] [--from T] [--to T] [--user U] [--client C] [--role R] [--purpose P] [--model M]\n"
    "           [--upstream N] [--kind K] [--signing-key FILE]\n";

static const char read_me[] =
    "Breach assessment, 45 CFR 164.402(2)\n\n"
    "report.html      the four factors (R14), recipients and agreements (R2, R7), kinds of identifiers (R3), protected\n"
    "                 categories (R10), blocked requests (R4); print it\n"
    "report.json      the same for programs\n"
    "records.jsonl    each selected decision and its outcome, as it stands in the log\n"
    "checkpoint.txt   the log's signed checkpoint when this was made, if there is one\n"
    "SHA256SUMS       digests of these files: `sha256sum -c SHA256SUMS`\n\n"
    "A record of records.jsonl is proved to somebody without the log by `phi audit prove ID`.\n"
    "The log holds no text of a request or an answer. Whose data was in a request is found by `phi audit accounting`.\n"
    "Write down the outcome of the assessment: `phi audit incident --result open|low_probability|breach`.\n";

struct bundle {
    bool begun; /* the directory was made */
    const char *directory;
    struct phi_report_order order;
    struct audit_filter filter;
    uint64_t decisions;
};

static int file_name(const struct bundle *b, const char *name, char *out, size_t size) {
    int n = snprintf(out, size, "%s/%s", b->directory, name);

    return n > 0 && (size_t)n < size ? 0 : -1;
}

static FILE *begin_file(const struct bundle *b, const char *name, char path[4096]) {
    return file_name(b, name, path, 4096) == 0 ? phi_audit_output(path) : NULL;
}

static int put_text(const struct bundle *b, const char *name, struct span text) {
    char path[4096];
    FILE *out = begin_file(b, name, path);

    if (!out) return -1;
    phi_audit_span(out, text);
    return phi_audit_output_end(out, path);
}

/* ---- the records ---- */

static int take(struct bundle *b, struct audit_ids *open, struct span line, FILE *out) {
    struct span type = audit_view_text(line, "type"), id = audit_view_text(line, "request_id");
    size_t before = audit_ids_count(open);
    bool wanted = audit_filter_matches(&b->filter, line);

    if (!wanted && before && span_is(type, "outcome") && id.len) {
        audit_ids_remove(open, id);
        wanted = audit_ids_count(open) < before;
    }
    if (!wanted) return 0;
    b->decisions += span_is(type, "decision");
    phi_audit_span(out, line);
    fputc('\n', out);
    return audit_ids_follow(open, type, id, audit_view_text(line, "decision"));
}

static int put_records(struct bundle *b) {
    struct phi_reader *reader = phi_reader_open(&b->order.read);
    struct audit_ids *open = audit_ids_new();
    char path[4096];
    FILE *out = reader && open ? begin_file(b, "records.jsonl", path) : NULL;
    struct span line;
    int rc = out ? 0 : -1; /* every line is read: the outcomes belong to it */

    while (rc == 0 && phi_reader_next(reader, &line))
        rc = take(b, open, line, out);
    if (rc == 0) rc = phi_reader_end(reader);
    if (out && phi_audit_output_end(out, path) < 0) rc = -1;
    if (open) audit_ids_free(open);
    phi_reader_free(reader);
    return rc;
}

/* ---- the rest ---- */

static int put_report(struct bundle *b, const char *format, const char *name) {
    char path[4096];

    if (file_name(b, name, path, sizeof path) < 0) return -1;
    b->order.format = format;
    b->order.out = path;
    int rc = phi_report_make(&b->order);
    b->order.out = NULL;
    return rc;
}

static int put_checkpoint(const struct bundle *b) {
    struct audit_checkpoint c;
    char name[4096];
    struct stat st;
    struct buf note;

    if (snprintf(name, sizeof name, "%s.checkpoint", phi_audit_log(b->order.read.log)) >= (int)sizeof name) return -1;
    if (stat(name, &st) < 0) return put_text(b, "checkpoint.txt", span_of("no checkpoint lay beside the log\n"));
    if (phi_audit_note(NULL, name, &note, &c) < 0) return -1;
    int rc = put_text(b, "checkpoint.txt", buf_span(&note));
    buf_free(&note);
    return rc;
}

static int put_sums(const struct bundle *b) {
    static const char *const names[] = {"README.txt", "checkpoint.txt", "records.jsonl", "report.html", "report.json"};
    struct audit_hasher *h = audit_hasher_new(NULL);
    char path[4096], hex[AUDIT_HEX_LEN + 1];
    struct buf sums, bytes;
    int rc = h ? 0 : -1;

    buf_init(&sums, 4096);
    for (size_t i = 0; rc == 0 && i < sizeof names / sizeof *names; i++) {
        if (file_name(b, names[i], path, sizeof path) < 0 || phi_read(path, &bytes) < 0) {
            rc = -1;
            break;
        }
        rc = audit_hasher_sha256(h, buf_span(&bytes), hex);
        buf_free(&bytes);
        buf_add_format(&sums, "%s  %s\n", hex, names[i]);
    }
    if (rc == 0) rc = put_text(b, "SHA256SUMS", buf_span(&sums));
    buf_free(&sums);
    audit_hasher_free(h);
    return rc;
}

static int make_bundle(struct bundle *b) {
    if (mkdir(b->directory, 0700) < 0) {
        fprintf(stderr, "phi: %s: %s\n", b->directory, errno == EEXIST ? "is there already; nothing was changed" : strerror(errno));
        return -1;
    }
    b->begun = true;
    if (put_text(b, "README.txt", span_of(read_me)) < 0 || put_records(b) < 0) return -1;
    if (put_report(b, "html", "report.html") < 0 || put_report(b, "json", "report.json") < 0) return -1;
    if (put_checkpoint(b) < 0 || put_sums(b) < 0) return -1;
    printf("%s: %llu requests\n", b->directory, (unsigned long long)b->decisions);
    return 0;
}

int phi_audit_breach(int argc, char **argv) {
    struct bundle b = {.directory = NULL};
    const struct phi_option options[] = {PHI_READ_OPTIONS(b.order.read), {"--out", &b.directory, NULL},
                                         {"--signing-key", &b.order.signing_path, NULL}, PHI_FILTER_OPTIONS(b.filter)};
    int rc = PHI_USAGE;

    b.order.filter = &b.filter;
    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc != 0 || !b.directory) {
        fputs(phi_audit_breach_usage, stderr);
        return PHI_USAGE;
    }
    if (phi_audit_filter(&b.filter) < 0) rc = PHI_USAGE;
    else if (make_bundle(&b) == 0) rc = PHI_DONE;
    else if (b.begun) fprintf(stderr, "phi: %s is not complete; remove it before you try again\n", b.directory);
    audit_filter_free(&b.filter);
    return rc;
}
