/* SPDX-License-Identifier: Apache-2.0
 *
 * Starts the parts in the order in which they need each other, and ends them the other way round: no listener before
 * the audit log can be written.
 */
#include "gateway.h"

#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../policies/engine/diag.h"
#include "../policies/engine/policy.h"
#include "../policies/engine/policy_diff.h"
#include "acceptor.h"
#include "admin.h"
#include "audit.h"
#include "config.h"
#include "config_changes.h"
#include "confine.h"
#include "log.h"
#include "settings.h"
#include "tls.h"
#include "upstream_retention.h"
#include "vault.h"
#include "worker.h"

#define WORKERS_MAX 256

struct gateway {
    struct config *config;
    struct settings *current; /* what the workers have, for comparison at a reload */
    struct event *daily, *tidy;
    struct retention *retention;
    struct event_base *base;
    struct event *signals[3];
    struct audit *audit;
    struct vault *vault; /* NULL: tokens live as long as their request */
    struct tls_context *tls;
    struct worker *workers[WORKERS_MAX];
    size_t n_workers;
    struct acceptor *acceptor;
    struct admin *admin;
};

static void hand_over(void *arg, int fd) {
    struct gateway *g = arg;
    struct worker *least = g->workers[0];

    for (size_t i = 1; i < g->n_workers; i++)
        if (worker_load(g->workers[i]) < worker_load(least)) least = g->workers[i];
    worker_hand_over(least, fd);
}

/* ---- reload ---- */

static void forget_ticket(struct audit_ticket *t, bool durable) {
    (void)durable;
    free(t);
}

static void count_change(void *arg, const struct policy_difference *d) {
    int64_t *counts = arg;
    counts[d->change]++;
}

static void submit_event(void *context, struct audit_record *r) {
    struct gateway *g = context;
    struct audit_ticket *t = r ? calloc(1, sizeof *t) : NULL;

    if (t) {
        *t = (struct audit_ticket){.record = r, .done = forget_ticket};
        if (audit_submit(g->audit, t) == 0) return;
        free(t);
    } else {
        audit_record_free(r);
    }
    log_event(LOG_LEVEL_ERROR, "audit.event-lost", "reason=queue");
}

static void add_difference(struct audit_record *r, const struct policy *before, const struct policy *after) {
    int64_t counts[3] = {0};

    (void)policy_diff(before, after, count_change, counts);
    audit_add_text(r, "after", policy_digest(after));
    audit_add_number(r, "looser", counts[POLICY_LOOSER]);
    audit_add_number(r, "stricter", counts[POLICY_STRICTER]);
}

static void record_reload(struct gateway *g, const struct settings *s, bool ok) {
    struct audit_record *r = audit_record_new("config_reload");

    if (r) {
        audit_add_text(r, "event", "reloaded");
        if (ok) config_add_digests(r, s);
        audit_add_text(r, "result", ok ? "loaded" : "refused");
        audit_add_text(r, "before", policy_digest(g->current->routes[0].policy));
        if (ok) add_difference(r, g->current->routes[0].policy, s->routes[0].policy);
    }
    submit_event(g, r);
    if (ok) config_changes(g->current, s, submit_event, g);
}

static void record_start(struct gateway *g) {
    struct audit_record *r = audit_record_new("settings");

    if (r) {
        audit_add_text(r, "event", "started");
        audit_add_text(r, "result", "loaded");
        audit_add_text(r, "after", policy_digest(g->current->routes[0].policy));
        config_add_digests(r, g->current);
    }
    submit_event(g, r);
}

static void keep_current(struct gateway *g, struct settings *s) {
    struct settings *old = g->current;

    g->current = settings_ref(s);
    settings_unref(old);
}

static struct tls_context *load_tls(const struct config *c) {
    char err[256] = "";
    struct tls_context *t;

    if (!c->tls_certificate) return NULL;
    t = tls_context_new(c->tls_certificate, c->tls_key, c->tls_client_ca, err, sizeof err);
    if (!t) fprintf(stderr, "%s: %s\n", c->tls_certificate, err);
    return t;
}

/* Two sets of rules lay in memory until the last request under the old ones had ended. */
static void on_tidy(evutil_socket_t fd, short what, void *arg) {
    (void)fd;
    (void)what;
    (void)arg;
    malloc_trim(0);
}

static void reload(struct gateway *g) {
    static const struct timeval soon = {.tv_sec = 5};
    struct diag *d = diag_new();
    struct config *c = d ? config_load(g->config->path, g->config->share, d) : NULL;
    struct tls_context *tls = c ? load_tls(c) : NULL;

    bool enough = c && settings_signed_enough(g->current, c->settings);

    if (c && !enough) log_event(LOG_LEVEL_ERROR, "reload.unsigned", "reason=loosens needs=two-signatures");
    if (!c || !enough || (c->tls_certificate && !tls)) {
        if (d) diag_print(d, stderr);
        log_event(LOG_LEVEL_ERROR, "reload.refused", "mistakes=%zu the-running-settings=stay", d ? diag_count(d) : 0);
        record_reload(g, NULL, false);
    } else {
        retention_keep(g->current, c->settings);
        for (size_t i = 0; i < g->n_workers; i++)
            worker_reload(g->workers[i], c->settings, tls);
        record_reload(g, c->settings, true);
        keep_current(g, c->settings);
        retention_watch(g->retention, c->settings);
        if (!config_selftest(c->settings, submit_event, g))
            log_event(LOG_LEVEL_ERROR, "selftest.failed", "a-policy=finds-nothing");
        log_event(LOG_LEVEL_INFO, "reload.done", "policy=%s digest=%.16s", policy_id(c->settings->routes[0].policy),
                  policy_digest(c->settings->routes[0].policy));
    }
    config_free(c); /* the workers hold the settings; listeners and limits stay those of the start */
    event_add(g->tidy, &soon);
    tls_context_unref(tls);
    diag_free(d);
}

static void on_hangup(evutil_socket_t fd, short what, void *arg) {
    (void)fd;
    (void)what;
    reload(arg);
}

static void on_end(evutil_socket_t fd, short what, void *arg) {
    struct gateway *g = arg;

    (void)fd;
    (void)what;
    log_event(LOG_LEVEL_INFO, "gateway.draining", "grace_ms=%llu", (unsigned long long)g->config->drain_ms);
    if (g->acceptor) acceptor_free(g->acceptor);
    g->acceptor = NULL;
    if (g->admin) admin_drain(g->admin);
    event_base_loopbreak(g->base);
}

/* ---- agreements that end ---- */

#define EXPIRY_DAYS 60
#define EXPIRY_URGENT_DAYS 7

/* Every day from the 60th before the last on: the app's people should not learn of it by refusals. */
static void warn_of_expiry(const struct settings *s) {
    long today = (long)(time(NULL) / 86400);

    for (size_t i = 0; i < s->n_upstreams; i++) {
        const struct settings_upstream *u = &s->upstreams[i];
        long days = u->agreement.expires - today;
        if (u->on_prem || !u->agreement.present || days > EXPIRY_DAYS) continue;
        if (days < 0)
            log_event(LOG_LEVEL_ERROR, "agreement.expired", "upstream=%s agreement=%s everything=refused", u->name,
                      u->agreement.id);
        else
            log_event(days <= EXPIRY_URGENT_DAYS ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "agreement.expires",
                      "upstream=%s agreement=%s days=%ld", u->name, u->agreement.id, days);
    }
}

#define MONITOR_DAYS 30

/* The apps get other text from the day after on: nobody should learn of that by surprise. */
static void warn_of_monitors(const struct settings *s) {
    long days;

    for (size_t i = 0; i < s->n_routes; i++) {
        const struct policy *p = s->routes[i].policy;
        if (!policy_monitor_days(p, &days) || days > MONITOR_DAYS) continue;
        if (days < 0) log_event(LOG_LEVEL_WARN, "monitor.over", "policy=%s mode=enforce", policy_id(p));
        else
            log_event(days <= EXPIRY_URGENT_DAYS ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "monitor.ends", "policy=%s days=%ld", policy_id(p),
                      days);
    }
}

static void on_day(evutil_socket_t fd, short what, void *arg) {
    struct gateway *g = arg;

    (void)fd;
    (void)what;
    warn_of_expiry(g->current);
    warn_of_monitors(g->current);
}

static int start_daily(struct gateway *g) {
    static const struct timeval day = {.tv_sec = 86400};

    g->daily = event_new(g->base, -1, EV_PERSIST, on_day, g);
    g->tidy = event_new(g->base, -1, 0, on_tidy, NULL);
    if (!g->daily || !g->tidy || event_add(g->daily, &day) < 0) return -1;
    warn_of_expiry(g->current);
    warn_of_monitors(g->current);
    return 0;
}

/* ---- start ---- */

static struct server_options server_options_of(const struct config *c, struct tls_context *tls) {
    return (struct server_options){.header_max = (size_t)c->header_max,
                                   .connections_max = c->connections_max,
                                   .header_timeout_ms = (unsigned)c->header_ms,
                                   .idle_timeout_ms = (unsigned)c->idle_ms,
                                   .body_grace_ms = (unsigned)c->body_grace_ms,
                                   .body_min_rate = c->body_min_rate,
                                   .write_timeout_ms = (unsigned)c->write_ms,
                                   .write_high = (size_t)c->write_high,
                                   .write_low = (size_t)c->write_high / 4,
                                   .hosts = c->hosts,
                                   .tls = tls};
}

static int start_workers(struct gateway *g) {
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned n = g->config->workers ? g->config->workers : processors > 0 ? (unsigned)processors : 1;

    for (unsigned i = 0; i < n && i < WORKERS_MAX; i++) {
        const struct worker_options o = {.settings = g->config->settings,
                                         .audit = g->audit,
                                         .audit_key = g->config->audit_key,
                                         .vault = g->vault,
                                         .earlier = g->config->tokens_earlier,
                                         .server = server_options_of(g->config, g->tls),
                                         .index = i};
        g->workers[i] = worker_new(&o);
        if (!g->workers[i]) return -1;
        g->n_workers++;
    }
    return 0;
}

static int start_signals(struct gateway *g) {
    signal(SIGPIPE, SIG_IGN);
    g->signals[0] = evsignal_new(g->base, SIGHUP, on_hangup, g);
    g->signals[1] = evsignal_new(g->base, SIGTERM, on_end, g);
    g->signals[2] = evsignal_new(g->base, SIGINT, on_end, g);
    for (size_t i = 0; i < 3; i++)
        if (!g->signals[i] || event_add(g->signals[i], NULL) < 0) return -1;
    return 0;
}

static int start_listeners(struct gateway *g) {
    const struct settings *s = g->config->settings;
    const struct admin_options admin = {.address = g->config->admin_address,
                                        .token = g->config->admin_token,
                                        .workers = g->workers,
                                        .n_workers = g->n_workers,
                                        .vault = g->vault,
                                        .audit = g->audit};
    char err[256] = "";

    g->acceptor = acceptor_new(g->base, g->config->listen_address, hand_over, g, err, sizeof err);
    if (!g->acceptor) {
        fprintf(stderr, "%s: %s\n", g->config->listen_address, err);
        return -1;
    }
    g->admin = admin_new(g->base, &admin, err, sizeof err);
    if (!g->admin) {
        fprintf(stderr, "%s: %s\n", g->config->admin_address, err);
        return -1;
    }
    if (confine_calls(g->config) < 0) return -1;
    log_event(LOG_LEVEL_INFO, "gateway.ready", "port=%u admin_port=%u workers=%zu tls=%s policy=%s digest=%.16s",
              acceptor_port(g->acceptor), admin_port(g->admin), g->n_workers, g->tls ? "yes" : "no",
              policy_id(s->routes[0].policy), policy_digest(s->routes[0].policy));
    return 0;
}

static int open_audit(struct gateway *g) {
    const struct audit_options o = {.path = g->config->audit_file,
                                    .key = g->config->audit_key,
                                    .encryption_key = g->config->encrypted ? g->config->encryption_key : NULL,
                                    .node = g->config->node,
                                    .queue_max = g->config->audit_queue,
                                    .segment_step = (uint32_t)g->config->audit_preallocate,
                                    .signing_key = g->config->signing_key,
                                    .checkpoint_every = g->config->checkpoint_every,
                                    .checkpoint_us = g->config->checkpoint_ms * 1000,
                                    .rotate_size = g->config->rotate_size,
                                    .rotate_daily = g->config->rotate_daily};
    char err[256] = "";

    g->audit = audit_open(&o, err, sizeof err);
    if (g->audit) return 0;
    fprintf(stderr, "%s: %s\n", g->config->audit_file, err);
    return -1;
}

static void record_vault(struct gateway *g, int64_t recorded, const char *err) {
    struct audit_record *r = audit_record_new("vault");
    int64_t n = g->vault ? vault_sequence(g->vault) : 0;

    if (r) {
        audit_add_text(r, "event", g->vault ? "opened" : "refused");
        if (g->vault) audit_add_number(r, "vault_seq", n);
        if (g->vault && n < recorded) audit_add_text(r, "result", "accepted");
        if (!g->vault) audit_add_text(r, "reason", err);
    }
    submit_event(g, r);
}

static int open_vault(struct gateway *g) {
    const struct config *c = g->config;
    const struct audit_found found = audit_found(g->audit);
    const struct vault_options o = {.path = c->vault_file, .anchor = c->vault_anchor, .key = c->vault_key, .ttl_s = c->vault_ttl_s,
                                    .recorded = found.vault_seq, .log_seq = found.seq};
    char err[320] = "";

    if (!c->vault_file) return 0;
    g->vault = vault_open(&o, err, sizeof err);
    record_vault(g, found.vault_seq, err);
    if (g->vault) return 0;
    fprintf(stderr, "%s: %s\n", c->vault_file, err);
    return -1;
}

static int start(struct gateway *g) {
    g->base = event_base_new();
    if (!g->base || start_signals(g) < 0) return -1;
    if (confine_files(g->config) < 0) return -1;
    if (open_audit(g) < 0 || open_vault(g) < 0) return -1;
    keep_current(g, g->config->settings);
    record_start(g);
    if (!config_selftest(g->config->settings, submit_event, g)) {
        fprintf(stderr, "%s: a policy finds none of the identifiers of the self-test; the gateway does not start\n", g->config->path);
        return -1;
    }
    g->tls = load_tls(g->config);
    if (g->config->tls_certificate && !g->tls) return -1;
    g->retention = retention_new(g->base, submit_event, g);
    if (!g->retention) return -1;
    retention_watch(g->retention, g->current);
    if (start_daily(g) < 0 || start_workers(g) < 0) return -1;
    return start_listeners(g);
}

static void stop(struct gateway *g) {
    if (g->acceptor) acceptor_free(g->acceptor);
    for (size_t i = 0; i < g->n_workers; i++)
        worker_stop(g->workers[i], (unsigned)g->config->drain_ms);
    if (g->admin) admin_free(g->admin);
    for (size_t i = 0; i < g->n_workers; i++)
        worker_free(g->workers[i]);
    retention_free(g->retention);
    vault_close(g->vault);
    audit_close(g->audit);
    settings_unref(g->current);
    tls_context_unref(g->tls);
    for (size_t i = 0; i < 3; i++)
        if (g->signals[i]) event_free(g->signals[i]);
    if (g->daily) event_free(g->daily);
    if (g->tidy) event_free(g->tidy);
    if (g->base) event_base_free(g->base);
    config_free(g->config);
}

int gateway_serve(struct config *c) {
    struct gateway g = {.config = c};
    int rc = start(&g);

    for (const char *const *w = c->warnings; rc == 0 && *w; w++)
        log_event(LOG_LEVEL_WARN, "config.warning", "%s", *w);
    if (rc == 0) event_base_loop(g.base, EVLOOP_NO_EXIT_ON_EMPTY);
    stop(&g);
    if (rc == 0) log_event(LOG_LEVEL_INFO, "gateway.ended", "in=order");
    return rc == 0 ? 0 : 1;
}
