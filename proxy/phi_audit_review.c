/* SPDX-License-Identifier: Apache-2.0
 *
 * What people say about the log, in the auditors' log: somebody looked at the records of a time (45 CFR 164.308(a)(1)(ii)(D)), a
 * detector missed something or was wrong, an incident was assessed (45 CFR 164.402(2)). No free text: what was seen goes into
 * the practice's own files, which the record names by a digest.
 */
#include <string.h>

#include "../detectors/phi.h"
#include "audit.h"
#include "audit_hash.h"
#include "audit_line.h"
#include "phi_audit.h"
#include "phi_audit_beside.h"
#include "phi_auditor.h"

const char phi_audit_review_usage[] =
    "usage: phi audit review --by NAME --from T --to T --key FILE [--result clear|concern] [--report FILE] [--log FILE] [--as FILE]\n"
    "       phi audit review --by NAME --id REQUEST --kind K --result missed|false_positive --key FILE [--log FILE] [--as FILE]\n"
    "       phi audit incident --by NAME --from T --to T --result open|low_probability|breach --key FILE [--report FILE]\n"
    "           [--log FILE] [--as FILE]\n";

struct statement {
    const char *by, *from, *to, *key_path, *result, *report, *log, *id, *kind;
    struct phi_auditor who;
};

static bool name_valid(const char *s) {
    size_t n = s ? strlen(s) : 0;

    for (size_t i = 0; i < n; i++)
        if ((unsigned char)s[i] < 0x20 || s[i] == 0x7F) return false;
    return n >= 1 && n <= 100;
}

static bool time_valid(const char *s) {
    size_t n = s ? strlen(s) : 0;
    return n >= 4 && n <= 27 && strspn(s, "0123456789-:T.Z") == n;
}

static bool is_one_of(const char *s, const char *const words[]) {
    for (; s && *words; words++)
        if (strcmp(s, *words) == 0) return true;
    return false;
}

static bool kind_known(const char *s) {
    for (int k = 1; s && k < PHI_KINDS; k++)
        if (strcmp(s, phi_kind_word((enum phi_kind)k)) == 0 || strcmp(s, phi_kind_name((enum phi_kind)k)) == 0) return true;
    return false;
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

static struct audit_record *make_record(const struct statement *s, const char *type, const char *event, const char *digest) {
    struct audit_record *r = phi_audit_person_record(type, event, &s->who);

    if (!r) return NULL;
    audit_add_text(r, "by", s->by);
    audit_add_text(r, "from", s->from);
    audit_add_text(r, "to", s->to);
    audit_add_text(r, "request_id", s->id);
    audit_add_text(r, "kind", s->kind);
    audit_add_text(r, "result", s->result);
    audit_add_text(r, "report_sha256", digest);
    return r;
}

static int state(struct statement *s, const char *type, const char *event) {
    char hex[AUDIT_HEX_LEN + 1];
    unsigned char key[32];
    int rc = PHI_USAGE;

    if (s->who.as && phi_auditor_require(&s->who) < 0) goto out;
    if (phi_audit_key(s->key_path, key) < 0) goto out;
    struct audit_set *set = phi_audit_set(s->log);
    if (set && phi_audit_key_fits(set, key, s->key_path) == 0 && (!s->report || digest_file(s->report, hex) == 0)) {
        struct audit_record *r = make_record(s, type, event, s->report ? hex : NULL);
        if (r && phi_audit_append(phi_audit_log(s->log), key, r) == 0) rc = PHI_DONE;
    }
    audit_set_free(set);
    explicit_bzero(key, sizeof key);
out:
    phi_auditor_free(&s->who);
    return rc;
}

static int read_options(struct statement *s, int argc, char **argv) {
    const struct phi_option options[] = {{"--by", &s->by, NULL}, {"--from", &s->from, NULL}, {"--to", &s->to, NULL},
                                         {"--key", &s->key_path, NULL}, {"--result", &s->result, NULL}, {"--report", &s->report, NULL},
                                         {"--log", &s->log, NULL}, {"--id", &s->id, NULL}, {"--kind", &s->kind, NULL},
                                         PHI_AUDITOR_OPTIONS(s->who)};

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0) return -1;
    return argc == 0 && name_valid(s->by) && s->key_path ? 0 : -1;
}

static int wrong_usage(void) {
    fputs(phi_audit_review_usage, stderr);
    return PHI_USAGE;
}

int phi_audit_review(int argc, char **argv) {
    static const char *const of_time[] = {"clear", "concern", NULL}, *const of_request[] = {"missed", "false_positive", NULL};
    struct statement s = {.by = NULL};

    if (read_options(&s, argc, argv) < 0) return wrong_usage();
    if (s.id || s.kind) {
        if (!s.id || !audit_line_id_valid(span_of(s.id)) || !kind_known(s.kind) || !is_one_of(s.result, of_request) || s.from || s.to)
            return wrong_usage();
        return state(&s, "review", "finding");
    }
    if (!s.result) s.result = "clear";
    if (!time_valid(s.from) || !time_valid(s.to) || !is_one_of(s.result, of_time)) return wrong_usage();
    return state(&s, "review", "signed_off");
}

int phi_audit_incident(int argc, char **argv) {
    static const char *const results[] = {"open", "low_probability", "breach", NULL};
    struct statement s = {.by = NULL};

    if (read_options(&s, argc, argv) < 0 || s.id || s.kind || !time_valid(s.from) || !time_valid(s.to) || !is_one_of(s.result, results))
        return wrong_usage();
    return state(&s, "incident", "assessed");
}
