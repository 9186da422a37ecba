/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit review: somebody has looked at the records of a time (45 CFR 164.308(a)(1)(ii)(D)) and says so in the log. No
 * free text: what was seen goes into the practice's own files, which the record names by a digest.
 */
#include <string.h>

#include "audit.h"
#include "audit_hash.h"
#include "phi_audit.h"
#include "phi_audit_probe.h"

static const char usage[] = "usage: phi audit review --by NAME --from T --to T --key FILE [--result clear|concern] [--report FILE] [--log FILE]\n";

static bool name_valid(const char *s) {
    size_t n = strlen(s);

    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7F) return false;
    return n >= 1 && n <= 100;
}

static bool time_valid(const char *s) {
    size_t n = strlen(s);
    return n >= 4 && n <= 27 && strspn(s, "0123456789-:T.Z") == n;
}

/* SHA-256 of the report that was looked at. */
static int digest_file(const char *path, char hex[AUDIT_HEX_LEN + 1]) {
    struct audit_hasher *h = audit_hasher_new(NULL);
    struct buf text;

    if (!h || phi_read(path, &text) < 0) {
        audit_hasher_free(h);
        return -1;
    }
    int rc = audit_hasher_sha256(h, buf_span(&text), hex);
    buf_free(&text);
    audit_hasher_free(h);
    return rc;
}

int phi_audit_review(int argc, char **argv) {
    const char *by = NULL, *from = NULL, *to = NULL, *key_path = NULL, *result = "clear", *report = NULL, *log = NULL;
    const struct phi_option options[] = {{"--by", &by, NULL}, {"--from", &from, NULL}, {"--to", &to, NULL}, {"--key", &key_path, NULL},
                                         {"--result", &result, NULL}, {"--report", &report, NULL}, {"--log", &log, NULL}};
    char hex[AUDIT_HEX_LEN + 1];
    unsigned char key[32];
    int rc = PHI_USAGE;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return PHI_USAGE;
    if (argc != 0 || !by || !from || !to || !key_path || !name_valid(by) || !time_valid(from) || !time_valid(to) ||
        (strcmp(result, "clear") != 0 && strcmp(result, "concern") != 0)) {
        fputs(usage, stderr);
        return PHI_USAGE;
    }
    if (phi_audit_key(key_path, key) < 0) return PHI_USAGE;
    struct audit_set *set = phi_audit_set(log);
    if (set && phi_audit_key_fits(set, key, key_path) == 0 && (!report || digest_file(report, hex) == 0)) {
        struct audit_record *r = phi_audit_person_record("review", "signed_off");
        if (r) {
            audit_add_text(r, "by", by);
            audit_add_text(r, "from", from);
            audit_add_text(r, "to", to);
            audit_add_text(r, "result", result);
            if (report) audit_add_text(r, "report_sha256", hex);
            if (phi_audit_append(phi_audit_log(log), key, r) == 0) rc = PHI_DONE;
        }
    }
    audit_set_free(set);
    explicit_bzero(key, sizeof key);
    return rc;
}
