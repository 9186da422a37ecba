/* SPDX-License-Identifier: Apache-2.0
 *
 * Where goes what names neither a model nor an object: a list of files or batches, a new conversation. To the one upstream that may
 * keep such things for the client; where several may, the client says which. Their lists are not put together: each has pages and an
 * order of its own, and half a list looks like a whole one.
 */
#include "transaction.h"

#include <string.h>

#include "access.h"
#include "arena.h"
#include "transaction_state.h"

#define NAME_MAX_BYTES 64u

enum flow transaction_read_upstream(struct transaction *t, const struct http1_head *h) {
    struct span name = http1_field(h, "x-phi-upstream");
    size_t n = http1_field_count(h, "x-phi-upstream");

    if (n == 0) return FLOW_NEXT;
    if (n > 1 || name.len == 0 || name.len > NAME_MAX_BYTES) return transaction_refuse(t, REFUSAL_UPSTREAM_CHOICE);
    t->upstream_asked = arena_copy(t->keep, name);
    return t->upstream_asked ? FLOW_NEXT : transaction_refuse(t, REFUSAL_OVERLOADED);
}

/* One of the models of a client that has only some leads there. */
static bool may_use(const struct transaction *t, const struct settings_route *r) {
    const char *const *own = t->principal->models;

    for (const char *const *m = r->models; *m; m++)
        if (principal_may_use(t->principal, span_of(*m))) return true;
    for (; own && *own; own++)
        if (settings_route(t->settings, span_of(*own)) == r) return true;
    return false;
}

static bool may_keep(const struct transaction *t, const struct settings_route *r) {
    bool speaks = r->upstream->dialect == SETTINGS_OPENAI || r->upstream->dialect == SETTINGS_AZURE;

    return speaks && !r->upstream->echo && policy_stores(r->policy, transaction_stored_kind(t->endpoint)) && may_use(t, r);
}

/* Behind the first page of a list it is clear whose list it is. */
static enum flow choose_by_page(struct transaction *t, const struct settings_route **route) {
    return transaction_page_after(t).len ? transaction_route_object(t, route) : transaction_refuse(t, REFUSAL_UPSTREAM_CHOICE);
}

enum flow transaction_route_kept(struct transaction *t, const struct settings_route **route) {
    const struct settings *s = t->settings;
    bool any = false, several = false;

    *route = NULL;
    for (size_t i = 0; i < s->n_routes; i++) {
        const struct settings_route *r = &s->routes[i];
        if (!may_keep(t, r)) continue;
        any = true;
        if (t->upstream_asked && strcmp(t->upstream_asked, r->upstream->name) != 0) continue;
        if (!*route) *route = r;
        several |= (*route)->upstream != r->upstream;
    }
    if (!any) return transaction_refuse_because(t, REFUSAL_FEATURE, "stored");
    if (!*route) return transaction_refuse(t, REFUSAL_UPSTREAM_CHOICE);
    return several ? choose_by_page(t, route) : FLOW_NEXT;
}
