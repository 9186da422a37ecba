/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tables of a report need of a line, from one pass over it; rows for those who fill them.
 */
#ifndef PHI_REPORT_FACTS_H
#define PHI_REPORT_FACTS_H

#include "phi_report.h"

struct report_facts {
    struct span type, ts, event, request_id, decision, code, reason, blocked_kind, purpose, result, kind, node, before, after;
    struct span actor, request, policy, upstream, findings, found, disclosed, mono, restored, tokens_in, tokens_out, bytes_out, seq;
    struct span asked, name, reporting, second, overridden, first_seq, last_seq, epoch, clients_digest, agreements_digest, subject, person;
    struct span by, from, to, user, login, client, address, recipient, agreement, policy_digest, expected, hits, bulk, mutations, rerouted;
};

struct tally_row *report_row(struct report *r, enum report_table t, const struct report_facts *f, size_t n, const struct span *parts);
void report_count(struct report *r, enum report_table t, const struct report_facts *f, size_t n, const struct span *parts);
int64_t report_sum(struct span counts); /* of an object of counts */
struct span report_or_dash(struct span s);

/* Everything but decisions and outcomes. */
void report_take_event(struct report *r, const struct report_facts *f);
/* One disclosure of the accounting for a person. */
void report_take_accounting(struct report *r, const struct report_facts *f);

#endif
