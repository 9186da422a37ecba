/* SPDX-License-Identifier: Apache-2.0
 *
 * What the client gets: a refusal in the dialect of its path, a stream's head, a whole answer.
 */
#include "transaction.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "transaction_state.h"

const char *transaction_verdict_name(enum transaction_verdict v) {
    switch (v) {
    case VERDICT_BLOCK:
        return "block";
    case VERDICT_FORWARD:
        return "forward";
    case VERDICT_EDIT:
        return "edit";
    }
    return "block";
}

struct header_list {
    struct transaction_header v[TRANSACTION_HEADERS_MAX + 8];
    size_t n;
};

static void add(struct header_list *l, const char *name, struct span value) {
    if (l->n < sizeof l->v / sizeof *l->v) l->v[l->n++] = (struct transaction_header){name, value};
}

static void add_own(struct header_list *l, const struct transaction *t) {
    add(l, "x-phigate-request-id", t->request_id);
    add(l, "x-phigate-decision", span_of(transaction_verdict_name(t->verdict)));
}

static void count_status(const struct transaction *t, int status) {
    if (status >= 100 && status < 600) metrics_add(&t->world->metrics->status[status / 100], 1);
}

/* A policy's block may be shown as the model's answer, for apps that hide errors. */
static bool as_message(const struct transaction *t) {
    return t->refusal == REFUSAL_PHI_BLOCKED && t->endpoint == SHAPE_CHAT && t->policy && policy_block_as_message(t->policy);
}

static const char *site_message(const struct transaction *t) {
    enum phi_kind kind = t->refusal_kind ? phi_kind_find(t->refusal_kind, strlen(t->refusal_kind)) : PHI_NONE;
    return t->policy ? policy_message(t->policy, refusal_code(t->refusal), kind) : NULL;
}

void transaction_reply_refusal(struct transaction *t) {
    struct refusal_detail detail = {t->request_id, buf_span(&t->refusal_param), t->refusal_reason, t->refusal_kind, site_message(t), t->refusal_why};
    struct header_list headers = {.n = 0};
    int status = refusal_status(t->refusal);
    bool message = as_message(t), stream = message && t->walk.stream;

    buf_clear(&t->reply);
    if (message) {
        status = 200;
        refusal_write_message(t->refusal, &detail, stream, (long)time(NULL), &t->reply);
    } else {
        refusal_write(t->refusal, t->dialect, &detail, &t->reply);
        if (!refusal_retry(t->refusal)) add(&headers, "x-should-retry", span_of("false"));
        if (status == 429 || status == 503) add(&headers, "retry-after", span_of("1"));
    }
    add(&headers, "content-type", span_of(stream ? "text/event-stream; charset=utf-8" : "application/json"));
    add_own(&headers, t);
    t->status = status;
    t->answered = true;
    count_status(t, status);
    t->world->verbs->reply(t->client, status, headers.v, headers.n, buf_span(&t->reply));
}

static void add_upstream_headers(struct header_list *l, const struct transaction *t) {
    for (size_t i = 0; i < t->n_headers; i++)
        add(l, t->headers[i].name, t->headers[i].value);
}

void transaction_answer_begin(struct transaction *t) {
    struct header_list headers = {.n = 0};

    add(&headers, "content-type", span_of(relay_stream_type(t->relay)));
    add(&headers, "cache-control", span_of("no-cache"));
    add_own(&headers, t);
    add_upstream_headers(&headers, t);
    t->begun = true;
    count_status(t, t->status);
    t->world->verbs->begin(t->client, t->status, headers.v, headers.n);
}

enum flow transaction_refuse_answer(struct transaction *t) {
    if (t->screen->failed) return transaction_refuse_because(t, REFUSAL_DETECTOR, "answer_not_searched");
    t->refusal_kind = phi_kind_name(t->screen->block_kind);
    return transaction_refuse(t, REFUSAL_ANSWER);
}

static uint64_t answer_findings(const struct transaction *t) {
    return t->screen ? (uint64_t)t->screen->counts.monitored + t->screen->counts.masked : 0;
}

static void add_count(struct header_list *l, const char *name, uint64_t n, char text[24]) {
    if (n) add(l, name, span_make(text, (size_t)snprintf(text, 24, "%llu", (unsigned long long)n)));
}

void transaction_answer_whole(struct transaction *t) {
    const struct relay_result *result = relay_result(t->relay);
    struct header_list headers = {.n = 0};
    uint64_t unrestored = (uint64_t)result->counts.unknown + result->counts.in_link;
    char left[24], found[24];

    add(&headers, "content-type", span_of(relay_whole_type(t->relay)));
    add_own(&headers, t);
    add_count(&headers, "x-phigate-unrestored", unrestored, left);
    add_count(&headers, "x-phigate-answer-findings", answer_findings(t), found);
    add_upstream_headers(&headers, t);
    t->answered = true;
    count_status(t, t->status);
    t->world->verbs->reply(t->client, t->status, headers.v, headers.n, buf_span(&t->reply));
}
