/* SPDX-License-Identifier: Apache-2.0
 *
 * What the auditor's tools read may come from anywhere: keys, notes, proofs, and lines that were never checked.
 */
#include "../../proxy/audit_base64.h"
#include "../../proxy/audit_filter.h"
#include "../../proxy/audit_note.h"
#include "../../proxy/audit_proof.h"
#include "../../proxy/audit_view.h"
#include "../../proxy/phi_export.h"
#include "../../proxy/phi_report.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_note(struct span s) {
    struct audit_checkpoint c;
    struct audit_note_key k;
    struct span body;
    uint64_t time;
    struct buf b;

    if (audit_note_key_read(&k, s) == 0) {
        buf_init(&b, 4096);
        audit_note_key_write(&k, k.private_key, &b);
        assert(b.len >= s.len); /* one form; line ends may be missing */
        buf_free(&b);
        (void)audit_note_signed(s, &k, &time);
    }
    if (audit_checkpoint_read(s, &c, &body) < 0) return;
    buf_init(&b, AUDIT_NOTE_MAX);
    audit_checkpoint_body(&c, &b);
    assert(span_equal(buf_span(&b), body)); /* one form */
    buf_free(&b);
}

static void read_proof(struct span s) {
    struct audit_proof *p = calloc(1, sizeof *p);
    const char *reason;

    assert(p);
    if (audit_proof_read(s, p, &reason) < 0) assert(reason);
    buf_free(&p->record);
    free(p);
}

static void read_lines(struct span s, FILE *out) {
    struct audit_filter f = {.kind = "SSN", .from = "2026"}, all = {.from = NULL};
    struct report r = {.filter = &all, .log = "log"};
    struct export_record x;
    const char *reason;

    assert(audit_filter_prepare(&f, &reason) == 0 && audit_filter_prepare(&all, &reason) == 0);
    for (size_t at = 0; at < s.len;) {
        size_t end = span_find(s, '\n', at);
        struct span line = span_sub(s, at, end);
        (void)audit_filter_matches(&f, line);
        report_take(&r, line);
        export_read(line, &x);
        export_ocsf(&x, out);
        export_fhir(&x, out);
        export_cef(&x, out);
        export_rfc5424(&x, out);
        at = end + 1;
    }
    report_finish(&r);
    report_write_html(&r, out);
    report_write_csv(&r, out);
    report_write_json(&r, out);
    report_free(&r);
    audit_filter_free(&f);
    audit_filter_free(&all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span s = span_make((const char *)data, size);
    FILE *out;

    if (size > 65536) return 0;
    read_note(s);
    read_proof(s);
    out = fopen("/dev/null", "w");
    assert(out);
    read_lines(s, out);
    fclose(out);
    return 0;
}
