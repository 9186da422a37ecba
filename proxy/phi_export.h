/* SPDX-License-Identifier: Apache-2.0
 *
 * Records in the forms of other systems. Only what a record holds goes out, never a text of a request; the members that those
 * forms offer for prompts, answers and matched values stay empty.
 */
#ifndef PHI_EXPORT_H
#define PHI_EXPORT_H

#include <stdio.h>

#include "span.h"

#include <stdint.h>

/* What is exported of a line, as borrowed spans, escapes as written. */
struct export_record {
    struct span type, event, ts, id, request_id, node, decision, code, reason, purpose, result, kind, after;
    struct span user, client, role, ip, endpoint, model, recipient, agreement, trust, policy, digest, claim;
    struct span found, disclosed, values;
    int64_t seq, status, tokens_in, tokens_out, bytes_in, bytes_out, found_sum, disclosed_sum;
};

void export_read(struct span line, struct export_record *r);
int64_t export_milliseconds(struct span ts); /* since 1970 */
bool export_is_block(const struct export_record *r);

/* Each writes the lines for one record; a record that the form has no place for writes none. */
void export_ocsf(const struct export_record *r, FILE *out);
void export_fhir(const struct export_record *r, FILE *out);
void export_cef(const struct export_record *r, FILE *out);
void export_rfc5424(const struct export_record *r, FILE *out);

void export_span(FILE *out, struct span s);
/* ,"name":"value"; nothing when the value is empty. */
void export_member(FILE *out, const char *name, struct span value);

#endif
