/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables made of sums, and the small readers that the writers share.
 */
#include "phi_report.h"

#include <string.h>

bool report_wants(const struct report *r, enum report_table t) {
    return !r->wanted || strcmp(r->wanted, report_forms[t].id) == 0;
}

bool report_part(struct span text, char separator, size_t *at, struct span *part) {
    if (*at > text.len || text.len == 0) return false;
    size_t end = span_find(text, separator, *at);
    *part = span_sub(text, *at, end);
    *at = end + 1;
    return true;
}

/* Of \uXXXX the records use only those below U+0020. */
bool report_char(struct span raw, size_t *at, char *c) {
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";

    if (*at >= raw.len) return false;
    *c = raw.ptr[(*at)++];
    if (*c != '\\' || *at >= raw.len) return true;
    *c = raw.ptr[(*at)++];
    const char *known = strchr(from, *c);
    if (known && *c) *c = to[known - from];
    if (*c != 'u') return true;
    *at = *at + 4 < raw.len ? *at + 4 : raw.len;
    *c = '?';
    return true;
}

/* Rows of these tables stand in the order in which they are made. */
static struct tally_row *add(struct report *r, enum report_table t, const char *name, const char *text) {
    struct tally_row *x = tally_row(&r->tables[t], (struct span[]){span_of(name), span_of(text ? text : "")}, text ? 2 : 1);

    if (!x) r->failed = true;
    else x->number[TALLY_NUMBERS - 1] = 1000 - (int64_t)r->tables[t].n;
    return x;
}

static void add_number(struct report *r, const char *name, uint64_t n) {
    struct tally_row *x = add(r, TABLE_INTEGRITY, name, NULL);
    if (x) x->number[0] = (int64_t)n;
}

static void finish_integrity(struct report *r) {
    add_number(r, "records in the files", r->records);
    add_number(r, "first sequence", r->first_seq);
    add_number(r, "last sequence", r->last_seq);
    add_number(r, "gaps in the sequence", r->gaps);
    add_number(r, "selected decisions to forward without an outcome yet", r->pending.n);
    add_number(r, "selected decisions whose outcome is unknown (crash or stop)", r->unknown_outcomes);
    if (r->has_checkpoint) add_number(r, "records under the last signed checkpoint", r->checkpoint.size);
    else add(r, TABLE_INTEGRITY, "no signed checkpoint beside the log", NULL);
}

static void finish_incident(struct report *r) {
    char text[512];

    if (r->decisions == 0) return;
    snprintf(text, sizeof text, "%llu requests; %llu identifiers found, %llu of them sent in clear in %llu requests. Kinds: R3. "
                                "Protected categories: R10.", (unsigned long long)r->decisions, (unsigned long long)r->found,
             (unsigned long long)r->disclosed, (unsigned long long)r->requests_disclosing);
    add(r, TABLE_INCIDENT, "(i) nature and extent of the PHI, likelihood of re-identification", text);
    add(r, TABLE_INCIDENT, "(ii) the unauthorized person who used it or to whom it was disclosed",
        "Recipients and their agreements: R2 and R7. Users and addresses: R1 and R9.");
    snprintf(text, sizeof text, "%llu of the requests were answered or ended with a known outcome; %llu were blocked before anything was sent; "
                                "of %llu the outcome is unknown.", (unsigned long long)r->outcomes - r->unknown_outcomes,
             (unsigned long long)r->blocked, (unsigned long long)r->unknown_outcomes);
    add(r, TABLE_INCIDENT, "(iii) whether the PHI was actually acquired or viewed", text);
    add(r, TABLE_INCIDENT, "(iv) the extent to which the risk has been mitigated",
        "Not recorded by the gateway. Tokenized and masked values never reached the recipient (R3).");
}

void report_finish(struct report *r) {
    finish_integrity(r);
    finish_incident(r);
}
