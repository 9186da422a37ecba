/* SPDX-License-Identifier: Apache-2.0
 *
 * Break-glass: `x-phi-override: REASON` lets a request go that the policy blocks. The client must have the right, the
 * policy must know the reason (a word of its own list: free text could hold what must not be logged), and where it wants
 * two persons, `x-phi-override-by` carries the key of a second one with the right. It has a record of its own.
 */
#include "transaction.h"

#include <string.h>
#include <time.h>

#include "access.h"
#include "arena.h"
#include "transaction_state.h"

#define REASON_MAX 64

static enum flow refuse(struct transaction *t, const char *reason) {
    return transaction_refuse_because(t, REFUSAL_OVERRIDE_NOT_ALLOWED, reason);
}

static long today(void) {
    return (long)(time(NULL) / 86400);
}

static enum flow read_second(struct transaction *t, const struct http1_head *h) {
    struct span key = http1_field(h, "x-phi-override-by");

    if (http1_field_count(h, "x-phi-override-by") == 0) return FLOW_NEXT;
    if (http1_field_count(h, "x-phi-override-by") > 1) return refuse(t, "second_person_unknown");
    t->override_by = access_find(t->settings->access, key, span_make(NULL, 0));
    if (!t->override_by || !principal_may_override(t->override_by, today())) return refuse(t, "second_person_unknown");
    if (strcmp(t->override_by->user, t->principal->user) == 0) return refuse(t, "second_person_is_the_first");
    return FLOW_NEXT;
}

enum flow transaction_read_override(struct transaction *t, const struct http1_head *h) {
    struct span reason = http1_field(h, "x-phi-override");

    if (http1_field_count(h, "x-phi-override") == 0)
        return http1_field_count(h, "x-phi-override-by") ? refuse(t, "reason_missing") : FLOW_NEXT;
    if (!principal_may_override(t->principal, today()))
        return refuse(t, t->principal->may_override ? "right_expired" : "no_right");
    if (http1_field_count(h, "x-phi-override") > 1 || reason.len == 0 || reason.len > REASON_MAX)
        return refuse(t, "reason_unknown");
    t->override_reason = arena_copy(t->keep, reason);
    return t->override_reason ? read_second(t, h) : transaction_refuse(t, REFUSAL_OVERLOADED);
}

enum flow transaction_check_override(struct transaction *t) {
    enum policy_overriding persons = policy_overriding(t->policy);

    t->overriding = false;
    if (!t->override_reason) return FLOW_NEXT;
    if (persons == POLICY_OVERRIDE_NONE) return refuse(t, "policy_has_none");
    if (!policy_override_reason(t->policy, t->override_reason)) return refuse(t, "reason_unknown");
    if (persons == POLICY_OVERRIDE_TWO && !t->override_by) return refuse(t, "second_person_missing");
    t->overriding = true;
    return FLOW_NEXT;
}
