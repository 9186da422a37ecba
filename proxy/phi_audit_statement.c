/* SPDX-License-Identifier: Apache-2.0
 *
 * The same key signs checkpoints and reports; the first line keeps them apart.
 */
#include "phi_audit_statement.h"

#include <string.h>

#include "audit_base64.h"
#include "audit_hash.h"
#include "phi_audit.h"
#include "phi_report.h"

#define FIRST_LINE "phigate report v1\n"
#define DIGEST "sha256 "

int phi_statement_write(const char *path, const char *digest, const struct report *r, const struct audit_note_key *key) {
    struct buf text, note;
    char name[4096];
    FILE *out = NULL;
    int rc = -1;

    buf_init(&text, AUDIT_NOTE_MAX);
    buf_init(&note, AUDIT_NOTE_MAX);
    buf_add_format(&text, FIRST_LINE DIGEST "%s\ncheckpoint ", digest);
    if (r->has_checkpoint) {
        buf_add_format(&text, "%s %llu ", r->checkpoint.origin, (unsigned long long)r->checkpoint.size);
        audit_base64_add(&text, span_make((const char *)r->checkpoint.root, sizeof r->checkpoint.root));
    } else {
        buf_add_c(&text, "none");
    }
    buf_add_format(&text, "\nmade %s\n", r->made);
    if (snprintf(name, sizeof name, "%s.sig", path) < (int)sizeof name && audit_note_sign_text(buf_span(&text), key, &note) == 0)
        out = phi_audit_output(name);
    if (out) {
        phi_audit_span(out, buf_span(&note));
        rc = phi_audit_output_end(out, name);
    }
    buf_free(&text);
    buf_free(&note);
    return rc;
}

bool phi_statement_is(struct span text) {
    return span_starts(text, FIRST_LINE);
}

static int digest_of(const char *path, char hex[AUDIT_HEX_LEN + 1]) {
    struct audit_hasher *h = audit_hasher_new(NULL);
    struct buf bytes;
    int rc = -1;

    if (h && phi_read(path, &bytes) == 0) {
        rc = audit_hasher_sha256(h, buf_span(&bytes), hex);
        buf_free(&bytes);
    }
    audit_hasher_free(h);
    return rc;
}

int phi_statement_verify(const char *path, struct span note, const struct audit_note_key *key) {
    struct span text = audit_note_signed_text(note, key);
    size_t n = strlen(path), at = sizeof FIRST_LINE DIGEST - 1;
    char report[4096], hex[AUDIT_HEX_LEN + 1];

    if (text.len == 0) {
        printf("%s: NOT signed by this key, or changed\n", path);
        return PHI_FOUND;
    }
    if (n < 5 || n >= sizeof report || strcmp(path + n - 4, ".sig") != 0) {
        fprintf(stderr, "phi: %s: the signature of a report lies beside it, as REPORT.sig\n", path);
        return PHI_USAGE;
    }
    memcpy(report, path, n - 4);
    report[n - 4] = '\0';
    if (digest_of(report, hex) < 0) return PHI_USAGE;
    if (!span_is(span_sub(text, at, span_find(text, '\n', at)), hex)) {
        printf("%s: CHANGED: it is not the report that was signed\n", report);
        return PHI_FOUND;
    }
    printf("%s: signed by %s\n", report, key->name);
    phi_audit_span(stdout, span_sub(text, sizeof FIRST_LINE - 1, text.len));
    return PHI_DONE;
}
