/* SPDX-License-Identifier: Apache-2.0
 *
 * The operators' listener: /healthz (the process runs), /readyz (it could forward now: the audit log can be written and it is
 * not draining), /metrics (Prometheus). Loopback by default; with a token, /metrics wants `Authorization: Bearer`.
 * Nothing here can change what is forwarded.
 */
#ifndef ADMIN_H
#define ADMIN_H

#include "span.h"

struct admin;
struct audit;
struct event_base;
struct vault;
struct worker;

struct admin_options {
    const char *address, *token; /* token NULL: none asked */
    struct worker *const *workers;
    size_t n_workers;
    const struct audit *audit;
    struct vault *vault; /* or NULL */
    const char *policy_digest;
};

struct admin *admin_new(struct event_base *base, const struct admin_options *o, char *err, size_t err_size);
unsigned admin_port(const struct admin *a);
void admin_drain(struct admin *a); /* /readyz says no from now on */
void admin_free(struct admin *a);

#endif
