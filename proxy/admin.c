/* SPDX-License-Identifier: Apache-2.0
 *
 * Three pages over the same connection layer that clients use. They are answered from the head alone.
 */
#include "admin.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "acceptor.h"
#include "audit.h"
#include "buf.h"
#include "metrics.h"
#include "server.h"
#include "vault.h"
#include "worker.h"

#define WORKERS_MAX 256

struct admin {
    struct admin_options options;
    struct acceptor *acceptor;
    struct server *server;
    bool draining;
};

static void answer(struct server_exchange *x, int status, const char *type, struct span body) {
    const struct server_header headers[] = {{"content-type", span_of(type)}, {"cache-control", span_of("no-store")}};
    server_reply(x, status, headers, 2, body);
}

static bool authorized(const struct admin *a, const struct http1_head *h) {
    struct span value = http1_field(h, "authorization");
    size_t len;

    if (!a->options.token) return true;
    len = strlen(a->options.token);
    return value.len == len + 7 && span_is_nocase(span_sub(value, 0, 7), "bearer ") &&
           CRYPTO_memcmp(value.ptr + 7, a->options.token, len) == 0;
}

static void print_audit(const struct admin *a, struct buf *out) {
    struct audit_stats s;

    audit_stats(a->options.audit, &s);
    buf_add_format(out, "# TYPE phigate_audit_records_total counter\nphigate_audit_records_total %llu\n",
                   (unsigned long long)s.records);
    buf_add_format(out, "# TYPE phigate_audit_syncs_total counter\nphigate_audit_syncs_total %llu\n",
                   (unsigned long long)s.syncs);
    buf_add_format(out, "# TYPE phigate_audit_failures_total counter\nphigate_audit_failures_total %llu\n",
                   (unsigned long long)s.failures);
    buf_add_format(out, "# TYPE phigate_audit_sync_seconds_sum counter\nphigate_audit_sync_seconds_sum %g\n",
                   (double)s.sync_us_sum / 1e6);
    buf_add_format(out, "# TYPE phigate_audit_sync_seconds_max gauge\nphigate_audit_sync_seconds_max %g\n",
                   (double)s.sync_us_max / 1e6);
    buf_add_format(out, "# TYPE phigate_audit_queue gauge\nphigate_audit_queue %u\n", s.queue);
    buf_add_format(out, "# TYPE phigate_audit_healthy gauge\nphigate_audit_healthy %d\n",
                   audit_healthy(a->options.audit) ? 1 : 0);
    if (a->options.vault)
        buf_add_format(out, "# TYPE phigate_vault_healthy gauge\nphigate_vault_healthy %d\n", vault_healthy(a->options.vault) ? 1 : 0);
}

static void reply_metrics(const struct admin *a, struct server_exchange *x) {
    const struct metrics *workers[WORKERS_MAX];
    unsigned connections = 0;
    struct buf out;

    buf_init(&out, 4u << 20);
    for (size_t i = 0; i < a->options.n_workers && i < WORKERS_MAX; i++) {
        workers[i] = worker_metrics(a->options.workers[i]);
        connections += worker_load(a->options.workers[i]);
    }
    metrics_print(workers, a->options.n_workers, &out);
    buf_add_format(&out, "# HELP phigate_connections Client connections open.\n# TYPE phigate_connections gauge\n"
                         "phigate_connections %u\n",
                   connections);
    print_audit(a, &out);
    answer(x, 200, "text/plain; version=0.0.4; charset=utf-8", buf_span(&out));
    buf_free(&out);
}

static const char *not_ready(const struct admin *a) {
    if (a->draining) return "draining\n";
    if (!audit_healthy(a->options.audit)) return "the audit log cannot be written\n";
    return vault_healthy(a->options.vault) ? NULL : "the token vault cannot be written\n";
}

static void *on_head(void *arg, struct server_exchange *x, const struct http1_head *h) {
    struct admin *a = arg;

    if (h->method != HTTP1_GET && h->method != HTTP1_HEAD)
        answer(x, 405, "text/plain", span_of("only GET\n"));
    else if (span_is(h->path, "/healthz"))
        answer(x, 200, "text/plain", span_of("ok\n"));
    else if (span_is(h->path, "/readyz"))
        answer(x, not_ready(a) ? 503 : 200, "text/plain", span_of(not_ready(a) ? not_ready(a) : "ready\n"));
    else if (!authorized(a, h))
        answer(x, 401, "text/plain", span_of("this page needs the admin token\n"));
    else if (span_is(h->path, "/metrics"))
        reply_metrics(a, x);
    else
        answer(x, 404, "text/plain", span_of("pages: /healthz /readyz /metrics\n"));
    return NULL;
}

static void hand_over(void *arg, int fd) {
    struct admin *a = arg;
    server_adopt(a->server, fd);
}

struct admin *admin_new(struct event_base *base, const struct admin_options *o, char *err, size_t err_size) {
    const struct server_options options = {.header_max = 8192,
                                           .connections_max = 64,
                                           .header_timeout_ms = 5000,
                                           .idle_timeout_ms = 30000,
                                           .body_grace_ms = 5000,
                                           .body_min_rate = 1024,
                                           .write_timeout_ms = 10000,
                                           .write_high = 1u << 20,
                                           .write_low = 1u << 16};
    const struct server_handler handler = {.head = on_head};
    struct admin *a = calloc(1, sizeof *a);
    struct server_handler own = handler;

    if (!a) return NULL;
    a->options = *o;
    own.arg = a;
    a->server = server_new(base, &options, &own);
    if (a->server) a->acceptor = acceptor_new(base, o->address, hand_over, a, err, err_size);
    if (a->acceptor) return a;
    admin_free(a);
    return NULL;
}

unsigned admin_port(const struct admin *a) {
    return acceptor_port(a->acceptor);
}

void admin_drain(struct admin *a) {
    a->draining = true;
}

void admin_free(struct admin *a) {
    if (!a) return;
    if (a->acceptor) acceptor_free(a->acceptor);
    if (a->server) server_free(a->server);
    free(a);
}
