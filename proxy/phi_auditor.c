/* SPDX-License-Identifier: Apache-2.0
 *
 * The limit is counted from the auditors' log itself, while the tool holds it: nobody asks in between, and there is no counter
 * that could be set back.
 */
#include "phi_auditor.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../policies/engine/diag.h"
#include "access.h"
#include "audit_set.h"
#include "audit_view.h"
#include "phi_audit.h"
#include "phi_audit_beside.h"

static int read_key(struct phi_auditor *a) {
    struct buf text;

    if (phi_read(a->as, &text) < 0) return -1;
    struct span key = buf_span(&text);
    while (key.len && (key.ptr[key.len - 1] == '\n' || key.ptr[key.len - 1] == '\r' || key.ptr[key.len - 1] == ' '))
        key.len--;
    a->principal = key.len ? access_find(a->access, key, span_make(NULL, 0)) : NULL;
    buf_free(&text);
    return 0;
}

int phi_auditor_identify(struct phi_auditor *a) {
    struct diag *d = diag_new();

    if (!a->as || strcmp(a->as, "-") == 0) {
        fputs("phi: --as FILE is needed: a file with your own client key (`phi keys new --role auditor`)\n", stderr);
        diag_free(d);
        return -1;
    }
    a->access = d ? access_load(a->clients ? a->clients : "clients.yaml", d) : NULL;
    if (!a->access && d) diag_print(d, stderr);
    diag_free(d);
    if (!a->access || read_key(a) < 0) return -1;
    if (!a->principal) a->refusal = "unknown_identity";
    else if (strcmp(a->principal->role, PHI_AUDITOR_ROLE) != 0) a->refusal = "wrong_role";
    return 0;
}

int phi_auditor_require(struct phi_auditor *a) {
    if (phi_auditor_identify(a) < 0) return -1;
    phi_auditor_tell(a);
    return a->refusal ? -1 : 0;
}

void phi_auditor_tell(const struct phi_auditor *a) {
    if (!a->refusal) return;
    if (strcmp(a->refusal, "unknown_identity") == 0)
        fprintf(stderr, "phi: %s: the key is no client's, or it was revoked\n", a->as);
    else if (strcmp(a->refusal, "wrong_role") == 0)
        fprintf(stderr, "phi: %s has the role %s; this needs the role " PHI_AUDITOR_ROLE "\n", a->principal->id, a->principal->role);
    else
        fprintf(stderr, "phi: %s has asked for too many values: at most %d in an hour, %d in a day\n", a->principal->id,
                PHI_AUDITOR_HOUR, PHI_AUDITOR_DAY);
}

/* "2026-01-31T23:59:59": what is before it is older. */
static void time_before(long seconds, char out[20]) {
    time_t then = time(NULL) - seconds;
    struct tm utc;

    gmtime_r(&then, &utc);
    strftime(out, 20, "%Y-%m-%dT%H:%M:%S", &utc);
}

static uint64_t asked(const struct phi_auditor *a, struct span line) {
    if (!span_is(audit_view_text(line, "type"), "probe") || !span_is(audit_view_text(line, "event"), "value_search")) return 0;
    if (!span_is(audit_view_text(audit_view_get(line, "actor"), "client"), a->principal->id)) return 0;
    int64_t n = audit_view_number(line, "asked");
    return n > 0 ? (uint64_t)n : 1;
}

int phi_auditor_limit(struct phi_auditor *a, const char *log, uint64_t more) {
    char hour[20], day[20];
    uint64_t in_hour = more, in_day = more;
    struct audit_set *set;
    struct audit_lines *l = phi_beside_lines(log, &set);
    struct span line;

    time_before(3600, hour);
    time_before(86400, day);
    while (l && audit_lines_next(l, &line)) {
        struct span ts = audit_view_time(line);
        if (ts.len < 19 || memcmp(ts.ptr, day, 19) < 0) continue;
        uint64_t n = asked(a, line);
        in_day += n;
        if (memcmp(ts.ptr, hour, 19) >= 0) in_hour += n;
    }
    int rc = l ? phi_audit_lines_end(l) : 0;
    audit_lines_close(l);
    audit_set_free(set);
    if (in_hour > PHI_AUDITOR_HOUR || in_day > PHI_AUDITOR_DAY) a->refusal = "too_many";
    return rc;
}

void phi_auditor_free(struct phi_auditor *a) {
    access_free(a->access);
    a->access = NULL;
    a->principal = NULL;
}
