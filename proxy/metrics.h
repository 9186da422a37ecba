/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters of one worker, read by the admin listener while the worker counts (relaxed atomics). Labels are kinds,
 * actions, stages and status codes: nothing of a request can become a label.
 */
#ifndef METRICS_H
#define METRICS_H

#include "../detectors/phi.h"
#include "../policies/engine/policy.h"

#include <stdatomic.h>
#include <stdint.h>

struct buf;

enum metrics_stage {
    METRICS_READ,   /* head to end of body */
    METRICS_WALK,
    METRICS_DETECT,
    METRICS_TRANSFORM,
    METRICS_AUDIT,  /* submit to durable */
    METRICS_FIRST,  /* upstream start to its head */
    METRICS_TOTAL,  /* head to end of exchange */
    METRICS_STAGES
};

#define METRICS_BUCKETS 14 /* 50 us * 2^i, the last is +Inf */

struct metrics {
    atomic_uint_fast64_t requests, forwarded, edited, blocked, refused;
    atomic_uint_fast64_t status[6]; /* by hundreds; [0] = aborted by the client */
    atomic_uint_fast64_t findings[PHI_KINDS][POLICY_ACTIONS];
    atomic_uint_fast64_t restored, unrestored, in_link;
    atomic_uint_fast64_t shadow_seen, shadow_skipped, shadow_block, shadow_looser, shadow_stricter;
    atomic_uint_fast64_t answer_monitored, answer_masked, answer_blocked, detector_errors, vault_errors, upstream_errors, streams_cut;
    struct metrics_histogram {
        atomic_uint_fast64_t bucket[METRICS_BUCKETS], count, sum_us;
    } stage[METRICS_STAGES];
};

void metrics_add(atomic_uint_fast64_t *counter, uint64_t n);
void metrics_time(struct metrics *m, enum metrics_stage s, uint64_t us);

/* Prometheus text format 0.0.4: the sum over n workers. */
void metrics_print(const struct metrics *const *workers, size_t n, struct buf *out);

#endif
