/* SPDX-License-Identifier: Apache-2.0
 *
 * A transaction with verbs that only take notes: whatever the order of events, nothing is sent before the decision is durable,
 * and nothing at all when it cannot become so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../policies/engine/diag.h"
#include "../../proxy/access.h"
#include "../../proxy/audit.h"
#include "../../proxy/audit_hash.h"
#include "../../proxy/buf.h"
#include "../../proxy/config.h"
#include "../../proxy/transaction.h"
#include "../../proxy/transaction_state.h"

struct world {
    struct config *config;
    struct transaction_world w;
    struct metrics metrics;
    char key[ACCESS_KEY_LEN + 1];
    unsigned records, sends, replies, begins, aborts, aside, cancels;
    int status;
    bool refuse_record, refuse_send, offload;
    struct buf reply;
};

static struct world world;

static void verb_accept_body(void *client, uint64_t max) {
    (void)client;
    assert_true(max > 0);
}

static void verb_reply(void *client, int status, const struct transaction_header *h, size_t n, struct span body) {
    (void)client;
    (void)h;
    (void)n;
    world.replies++;
    world.status = status;
    buf_clear(&world.reply);
    buf_add(&world.reply, body);
}

static void verb_begin(void *client, int status, const struct transaction_header *h, size_t n) {
    (void)client;
    (void)h;
    (void)n;
    world.begins++;
    world.status = status;
}

static bool verb_write(void *client, struct span bytes) {
    (void)client;
    buf_add(&world.reply, bytes);
    return true;
}

static void verb_end(void *client) {
    (void)client;
}

static void verb_abort(void *client) {
    (void)client;
    world.aborts++;
}

static void *verb_send(void *ctx, struct transaction *t, const struct transaction_call *c) {
    (void)ctx;
    assert_true(t->durable); /* the invariant of this file */
    assert_null(memmem(c->body.ptr ? c->body.ptr : "", c->body.len, "00417723", 8));
    world.sends++;
    return world.refuse_send ? NULL : &world;
}

static void verb_cancel(void *call) {
    (void)call;
    world.cancels++;
}

static void verb_resume(void *call) {
    (void)call;
}

static int verb_record(void *ctx, struct transaction *t, struct audit_record *r) {
    (void)ctx;
    (void)t;
    audit_record_free(r);
    world.records++;
    return world.refuse_record ? -1 : 0;
}

static void verb_record_aside(void *ctx, struct audit_record *r) {
    (void)ctx;
    audit_record_free(r);
    world.aside++;
}

static int verb_offload(void *ctx, struct transaction *t) {
    (void)ctx;
    (void)t;
    return world.offload ? 0 : -1;
}

static bool verb_sent(void *call) {
    return call == &world;
}

static const struct transaction_verbs verbs = {verb_accept_body, verb_reply, verb_begin, verb_write, verb_end, verb_abort,
                                               verb_send, verb_cancel, verb_resume, verb_record, verb_record_aside, verb_offload,
                                               verb_sent};

static void write_file(const char *directory, const char *name, const char *text) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static int setup(void **state) {
    static const unsigned char audit_key[32] = {1};
    char directory[] = "/tmp/phigate-test-XXXXXX", path[512], clients[512], hash[65];
    struct diag *d = diag_new();

    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(access_key_new(world.key, hash), 0);
    snprintf(clients, sizeof clients, "clients:\n  - id: a\n    user: a\n    key_sha256: %s\n    default_purpose: treatment\n", hash);
    write_file(directory, "clients.yaml", clients);
    write_file(directory, "audit.key", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n");
    write_file(directory, "phigate.yaml",
               "upstreams:\n  m: {url: \"http://127.0.0.1:1/v1\", trust: on_prem}\nroutes:\n  - {models: [\"*\"], upstream: m}\n"
               "clients: clients.yaml\naudit: {file: a.log, key: {file: audit.key}}\n");
    snprintf(path, sizeof path, "%s/phigate.yaml", directory);
    world.config = config_load(path, ".", d);
    if (!world.config) diag_print(d, stderr);
    assert_non_null(world.config);
    diag_free(d);
    world.w = (struct transaction_world){.verbs = &verbs, .ctx = &world, .settings = world.config->settings,
                                         .scratch = phi_scratch_new(), .metrics = &world.metrics, .hasher = audit_hasher_new(audit_key),
                                         .id_prefix = "req_"};
    buf_init(&world.reply, 1u << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    assert_int_equal(world.w.live, 0);
    phi_scratch_free(world.w.scratch);
    audit_hasher_free(world.w.hasher);
    config_free(world.config);
    buf_free(&world.reply);
    return 0;
}

static int fresh(void **state) {
    (void)state;
    world.records = world.sends = world.replies = world.begins = world.aborts = world.aside = world.cancels = 0;
    world.status = 0;
    world.refuse_record = world.refuse_send = world.offload = false;
    buf_clear(&world.reply);
    return 0;
}

static struct transaction *begin(const char *path, bool good_key) {
    struct http1_head head = {0};
    char bytes[1024];
    size_t used;
    int status;
    const char *reason;
    int n = snprintf(bytes, sizeof bytes,
                     "POST %s HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\ncontent-type: application/json\r\n"
                     "content-length: 10\r\n\r\n", path, good_key ? world.key : "pg-no");
    assert_int_equal(http1_read_head(span_make(bytes, (size_t)n), 16384, &head, &used, &status, &reason), 1);
    struct transaction *t = transaction_new(&world.w, &world, "127.0.0.1", "", &head);
    assert_non_null(t);
    return t;
}

static const char note[] = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"MRN: 00417723\"}]}";

static struct transaction *ask(const char *body) {
    struct transaction *t = begin("/v1/chat/completions", true);
    if (transaction_body(t, span_of(body)) == 0) transaction_complete(t);
    return t;
}

static void finish(struct transaction *t) {
    if (!transaction_dead(t)) transaction_gone(t, false);
    assert_true(transaction_dead(t));
    transaction_free(t);
}

static void zeroed_is_block(void **state) {
    struct transaction t;
    (void)state;
    memset(&t, 0, sizeof t);
    assert_int_equal(t.verdict, VERDICT_BLOCK);
    assert_int_equal(t.endpoint, SHAPE_NONE);
    assert_false(t.durable);
    assert_string_equal(transaction_verdict_name(t.verdict), "block");
    assert_int_equal(POLICY_BLOCK, 0);
}

static void nothing_is_sent_before_the_record_is_durable(void **state) {
    (void)state;
    struct transaction *t = ask(note);
    assert_int_equal(world.records, 1);
    assert_int_equal(world.sends, 0);
    transaction_recorded(t, true);
    assert_int_equal(world.sends, 1);
    transaction_upstream_done(t, TRANSACTION_BROKEN);
    assert_int_equal(world.status, 502);
    assert_int_equal(world.aside, 1); /* the outcome */
    finish(t);
}

static void a_record_that_fails_is_503(void **state) {
    (void)state;
    struct transaction *t = ask(note);
    transaction_recorded(t, false);
    assert_int_equal(world.sends, 0);
    assert_int_equal(world.status, 503);
    finish(t);

    fresh(state);
    world.refuse_record = true;
    t = ask(note);
    assert_int_equal(world.sends, 0);
    assert_int_equal(world.status, 503);
    finish(t);
}

static void refusals_are_recorded_before_they_are_answered(void **state) {
    static const char *const bodies[] = {"{", "{\"model\":\"m\",\"messages\":[],\"messages\":[]}", "{\"messages\":[]}",
                                         "{\"model\":\"m\",\"store\":true,\"messages\":[]}"};
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        fresh(state);
        struct transaction *t = ask(bodies[i]);
        assert_int_equal(world.records, 1);
        assert_int_equal(world.replies, 0);
        transaction_recorded(t, true);
        assert_int_equal(world.replies, 1);
        assert_true(world.status >= 400 && world.status < 500);
        assert_int_equal(world.sends, 0);
        finish(t);
    }
}

static void strangers_and_unknown_paths(void **state) {
    (void)state;
    struct transaction *t = begin("/v1/chat/completions", false);
    transaction_recorded(t, true);
    assert_int_equal(world.status, 401);
    finish(t);
    t = begin("/v1/files", true);
    transaction_recorded(t, true);
    assert_int_equal(world.status, 404);
    finish(t);
    assert_int_equal(world.sends, 0);
}

static void a_client_that_leaves_while_recording_sends_nothing(void **state) {
    (void)state;
    struct transaction *t = ask(note);
    transaction_gone(t, true);
    assert_false(transaction_dead(t)); /* the writer still has its ticket */
    transaction_recorded(t, true);
    assert_int_equal(world.sends, 0);
    assert_true(transaction_dead(t));
    transaction_free(t);
    assert_int_equal(world.aside, 1); /* decided to forward, not sent: an outcome says so */
}

static void a_client_that_leaves_while_sending(void **state) {
    (void)state;
    struct transaction *t = begin("/v1/chat/completions", true);
    assert_int_equal(transaction_body(t, span_make(note, 20)), 0);
    transaction_gone(t, true);
    transaction_recorded(t, true);
    assert_int_equal(world.sends, 0);
    assert_int_equal(world.records, 1);
    assert_true(transaction_dead(t));
    transaction_free(t);
}

static void values_come_back(void **state) {
    static const char answer[] = "{\"id\":\"x\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
                                 "\"content\":\"It is [MRN_1], not [MRN_2].\"},\"finish_reason\":\"stop\"}]}";
    (void)state;
    struct transaction *t = ask(note);
    transaction_recorded(t, true);
    assert_int_equal(transaction_upstream_head(t, 200, span_of("application/json"), NULL, 0), 0);
    assert_int_equal(transaction_upstream_data(t, span_of(answer)), 0);
    assert_int_equal(world.replies, 0);
    transaction_upstream_done(t, TRANSACTION_OK);
    assert_int_equal(world.status, 200);
    assert_non_null(memmem(world.reply.ptr, world.reply.len, "It is 00417723, not [MRN_2].", 28));
    finish(t);
}

static void a_stream_that_is_cut_does_not_end_in_order(void **state) {
    static const char piece[] = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a [MRN_\"},\"finish_reason\":null}]}\n\n";
    (void)state;
    struct transaction *t = ask("{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"MRN: 00417723\"}]}");
    transaction_recorded(t, true);
    assert_true(t->out.len > 0);
    assert_int_equal(transaction_upstream_head(t, 200, span_of("text/event-stream"), NULL, 0), 0);
    assert_int_equal(t->out.len, 0); /* it was sent: an open stream does not hold it */
    assert_int_equal(world.begins, 1);
    assert_int_equal(transaction_upstream_data(t, span_of(piece)), 0);
    transaction_upstream_done(t, TRANSACTION_BROKEN);
    assert_null(memmem(world.reply.ptr, world.reply.len, "[DONE]", 6));
    assert_non_null(memmem(world.reply.ptr, world.reply.len, "\"error\"", 7));
    finish(t);
}

static void large_bodies_are_decided_aside(void **state) {
    static char body[80000];
    int n = snprintf(body, sizeof body, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"MRN: 00417723 ");
    (void)state;
    memset(body + n, ' ', sizeof body - 10 - (size_t)n);
    memcpy(body + sizeof body - 10, "\"}]}", 5);
    for (int gone = 0; gone < 2; gone++) {
        fresh(state);
        world.offload = true;
        struct transaction *t = ask(body);
        assert_int_equal(world.records, 0);
        if (gone) transaction_gone(t, true);
        assert_false(transaction_dead(t)); /* the helper has it */
        struct phi_scratch *other = phi_scratch_new();
        transaction_decide(t, other);
        phi_scratch_free(other); /* nothing of it is used any more */
        transaction_decided(t);
        assert_int_equal(world.records, 1);
        transaction_recorded(t, true);
        assert_int_equal(world.sends, gone ? 0 : 1);
        if (t->call) transaction_upstream_done(t, TRANSACTION_BROKEN);
        if (!gone) transaction_gone(t, false);
        assert_true(transaction_dead(t));
        transaction_free(t);
    }
}

/* Every order of "durable", "client gone" and "upstream ends" after a complete request. */
static void every_order_of_events(void **state) {
    (void)state;
    for (unsigned order = 0; order < 27; order++) {
        fresh(state);
        struct transaction *t = ask(note);
        bool recorded = false, gone = false;
        for (unsigned i = 0, rest = order; i < 3; i++, rest /= 3) {
            if (rest % 3 == 0 && !recorded) {
                transaction_recorded(t, true);
                recorded = true;
            } else if (rest % 3 == 1 && !gone) {
                transaction_gone(t, true);
                gone = true;
            } else if (rest % 3 == 2 && t->call) {
                transaction_upstream_done(t, TRANSACTION_BROKEN);
            }
        }
        if (!recorded) transaction_recorded(t, true);
        if (t->call) transaction_upstream_done(t, TRANSACTION_BROKEN);
        if (!gone) transaction_gone(t, false);
        assert_true(transaction_dead(t));
        transaction_free(t);
        assert_int_equal(world.aside, 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(zeroed_is_block, fresh),
        cmocka_unit_test_setup(nothing_is_sent_before_the_record_is_durable, fresh),
        cmocka_unit_test_setup(a_record_that_fails_is_503, fresh),
        cmocka_unit_test_setup(refusals_are_recorded_before_they_are_answered, fresh),
        cmocka_unit_test_setup(strangers_and_unknown_paths, fresh),
        cmocka_unit_test_setup(a_client_that_leaves_while_recording_sends_nothing, fresh),
        cmocka_unit_test_setup(a_client_that_leaves_while_sending, fresh),
        cmocka_unit_test_setup(values_come_back, fresh),
        cmocka_unit_test_setup(a_stream_that_is_cut_does_not_end_in_order, fresh),
        cmocka_unit_test_setup(large_bodies_are_decided_aside, fresh),
        cmocka_unit_test_setup(every_order_of_events, fresh),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
