/* SPDX-License-Identifier: Apache-2.0
 *
 * Counting and the Prometheus text. A reader may see one counter a moment ahead of another; that is all.
 */
#include "metrics.h"

#include <stddef.h>

#include "buf.h"

void metrics_add(atomic_uint_fast64_t *counter, uint64_t n) {
    atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void metrics_time(struct metrics *m, enum metrics_stage s, uint64_t us) {
    struct metrics_histogram *h = &m->stage[s];
    uint64_t edge = 50;
    size_t i = 0;

    while (i < METRICS_BUCKETS - 1 && us > edge) {
        edge *= 2;
        i++;
    }
    metrics_add(&h->bucket[i], 1);
    metrics_add(&h->count, 1);
    metrics_add(&h->sum_us, us);
}

/* The sum over the workers of the counter that lies at this offset in struct metrics. */
static uint64_t sum(const struct metrics *const *workers, size_t n, size_t offset) {
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        const char *at = (const char *)workers[i] + offset;
        total += atomic_load_explicit((const atomic_uint_fast64_t *)(const void *)at, memory_order_relaxed);
    }
    return total;
}

static void print_counter(struct buf *out, const char *name, const char *help, uint64_t value) {
    buf_add_format(out, "# HELP %s %s\n# TYPE %s counter\n%s %llu\n", name, help, name, name,
                   (unsigned long long)value);
}

static void print_findings(const struct metrics *const *workers, size_t n, struct buf *out) {
    buf_add_c(out, "# HELP phigate_findings_total Identifiers found, by kind and action.\n"
                   "# TYPE phigate_findings_total counter\n");
    for (size_t k = 1; k < PHI_KINDS; k++) {
        for (size_t a = 0; a < POLICY_ACTIONS; a++) {
            size_t offset = offsetof(struct metrics, findings) + (k * POLICY_ACTIONS + a) * sizeof(atomic_uint_fast64_t);
            uint64_t count = sum(workers, n, offset);
            if (count == 0) continue;
            buf_add_format(out, "phigate_findings_total{kind=\"%s\",action=\"%s\"} %llu\n",
                           phi_kind_name((enum phi_kind)k), policy_action_name((enum policy_action)a),
                           (unsigned long long)count);
        }
    }
}

static void print_histogram(const struct metrics *const *workers, size_t n, size_t s, const char *stage,
                            struct buf *out) {
    size_t base = offsetof(struct metrics, stage) + s * sizeof(struct metrics_histogram);
    uint64_t cumulative = 0;
    double edge = 0.00005;

    for (size_t i = 0; i < METRICS_BUCKETS; i++, edge *= 2) {
        cumulative += sum(workers, n, base + offsetof(struct metrics_histogram, bucket) + i * sizeof(atomic_uint_fast64_t));
        if (i < METRICS_BUCKETS - 1)
            buf_add_format(out, "phigate_stage_seconds_bucket{stage=\"%s\",le=\"%g\"} %llu\n", stage, edge,
                           (unsigned long long)cumulative);
        else
            buf_add_format(out, "phigate_stage_seconds_bucket{stage=\"%s\",le=\"+Inf\"} %llu\n", stage,
                           (unsigned long long)cumulative);
    }
    buf_add_format(out, "phigate_stage_seconds_sum{stage=\"%s\"} %g\nphigate_stage_seconds_count{stage=\"%s\"} %llu\n",
                   stage, (double)sum(workers, n, base + offsetof(struct metrics_histogram, sum_us)) / 1e6, stage,
                   (unsigned long long)sum(workers, n, base + offsetof(struct metrics_histogram, count)));
}

void metrics_print(const struct metrics *const *workers, size_t n, struct buf *out) {
    static const struct {
        const char *name, *help;
        size_t offset;
    } counters[] = {
        {"phigate_requests_total", "Requests whose head was read.", offsetof(struct metrics, requests)},
        {"phigate_decisions_forward_total", "Requests forwarded unchanged.", offsetof(struct metrics, forwarded)},
        {"phigate_decisions_edit_total", "Requests forwarded with edits.", offsetof(struct metrics, edited)},
        {"phigate_decisions_block_total", "Requests blocked by policy.", offsetof(struct metrics, blocked)},
        {"phigate_refused_total", "Requests refused for any other reason.", offsetof(struct metrics, refused)},
        {"phigate_restored_total", "Tokens put back into answers.", offsetof(struct metrics, restored)},
        {"phigate_unrestored_total", "Token-shaped texts in answers that were not of the request.",
         offsetof(struct metrics, unrestored)},
        {"phigate_tokens_in_links_total", "Tokens left in place because they stood in a link.",
         offsetof(struct metrics, in_link)},
        {"phigate_shadow_requests_total", "Requests that the shadow policy was tried on.", offsetof(struct metrics, shadow_seen)},
        {"phigate_shadow_skipped_total", "Requests that it was not tried on: its detectors are others.",
         offsetof(struct metrics, shadow_skipped)},
        {"phigate_shadow_block_total", "Requests that only the shadow policy would block.",
         offsetof(struct metrics, shadow_block)},
        {"phigate_shadow_looser_total", "Findings that the shadow policy would hide less.",
         offsetof(struct metrics, shadow_looser)},
        {"phigate_shadow_stricter_total", "Findings that the shadow policy would hide more.",
         offsetof(struct metrics, shadow_stricter)},
        {"phigate_answer_monitored_total", "Identifiers of the model's own in answers that passed and were counted.",
         offsetof(struct metrics, answer_monitored)},
        {"phigate_answer_masked_total", "Identifiers of the model's own in answers that were masked.",
         offsetof(struct metrics, answer_masked)},
        {"phigate_answer_blocked_total", "Identifiers of the model's own that ended their answer.",
         offsetof(struct metrics, answer_blocked)},
        {"phigate_detector_errors_total", "Requests blocked because a detector failed.",
         offsetof(struct metrics, detector_errors)},
        {"phigate_vault_errors_total", "Requests refused because the token vault could not be read or written.",
         offsetof(struct metrics, vault_errors)},
        {"phigate_upstream_errors_total", "Upstream calls that did not complete.",
         offsetof(struct metrics, upstream_errors)},
        {"phigate_streams_cut_total", "Streams that ended without their end marker.",
         offsetof(struct metrics, streams_cut)},
    };
    static const char *const stages[METRICS_STAGES] = {"read", "walk", "detect", "transform",
                                                       "audit", "first_byte", "total"};
    static const char *const classes[] = {"aborted", "1xx", "2xx", "3xx", "4xx", "5xx"};

    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        print_counter(out, counters[i].name, counters[i].help, sum(workers, n, counters[i].offset));
    buf_add_c(out, "# HELP phigate_answers_total Answers by status class.\n# TYPE phigate_answers_total counter\n");
    for (size_t i = 0; i < 6; i++)
        buf_add_format(out, "phigate_answers_total{class=\"%s\"} %llu\n", classes[i],
                       (unsigned long long)sum(workers, n, offsetof(struct metrics, status) + i * sizeof(atomic_uint_fast64_t)));
    print_findings(workers, n, out);
    buf_add_c(out, "# HELP phigate_stage_seconds Time spent in each stage.\n# TYPE phigate_stage_seconds histogram\n");
    for (size_t s = 0; s < METRICS_STAGES; s++)
        print_histogram(workers, n, s, stages[s], out);
}
