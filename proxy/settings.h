/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything of the configuration that decides about a request: clients, routes, policies, agreements, limits. Built as
 * a whole, immutable, counted: a request keeps the settings it began with while a reload puts others in their place.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "../policies/engine/coverage.h"
#include "shape.h"
#include "span.h"

#include <stdatomic.h>
#include <stdint.h>

struct access;
struct policy;
struct upstream_target;
struct vocabulary;

/* A business associate agreement as the configuration states it (45 CFR 164.504(e)). */
struct agreement {
    const char *id, *vendor, *arrangement, *document_sha256;
    int effective, expires; /* days since 1970-01-01; expires is the last day */
    bool present;
    bool verify; /* the vendor is asked how long it keeps what it is sent, where it answers that */
};

/* Whose paths and key header an upstream speaks. */
enum settings_dialect { SETTINGS_OPENAI = 0, SETTINGS_ANTHROPIC, SETTINGS_OLLAMA, SETTINGS_GEMINI, SETTINGS_AZURE };

/* What the vendor answered when it was asked how long it keeps what it is sent. */
enum retention_state { RETENTION_UNVERIFIED = 0, RETENTION_VERIFIED, RETENTION_MISMATCH };

struct settings_upstream {
    atomic_int *retention; /* enum retention_state; NULL: it is not asked */
    const char *name;
    const struct upstream_target *target;
    enum settings_dialect dialect;
    const char *api_version;   /* Azure: deployments stand in the path, with this version; NULL: /openai/v1 */
    struct agreement agreement;
    struct coverage *coverage; /* NULL: none */
    bool on_prem;              /* trust: on_prem, or the built-in echo model */
    bool echo;                 /* the latter, which keeps nothing */
    const char *model;         /* force: {model: NAME} takes the place of the request's; NULL: that stays */
    bool may_store;            /* force: {store: false} is the default; true only where the site says so */
};

struct settings_route {
    const char *const *models; /* globs, NULL-terminated */
    const struct settings_upstream *upstream;
    struct policy *policy;
    size_t signatures; /* of persons of policy_keys */
};

struct settings {
    atomic_uint refs;
    void (*free)(struct settings *s); /* of whoever built it */
    struct access *access;
    struct settings_upstream *upstreams;
    size_t n_upstreams;
    struct settings_route *routes;
    size_t n_routes;
    bool signing;            /* policy_keys: policies need signatures */
    size_t n_signers;        /* persons who may */
    struct vocabulary *vocabulary; /* NULL: input as token numbers cannot be read */
    struct policy *shadow;   /* tried on the same findings, decides nothing; NULL: none */
    uint64_t body_max;
    uint32_t depth_max;
    uint32_t concurrent_max; /* of one worker */
    size_t event_max;
    const char *digest;      /* SHA-256 of the configuration file, hex */
};

struct settings *settings_ref(struct settings *s);
void settings_unref(struct settings *s);

/* First match wins; NULL: no route. */
const struct settings_route *settings_route(const struct settings *s, struct span model);

/* The first route that leads to the upstream of this name; NULL: none. */
const struct settings_route *settings_route_to(const struct settings *s, const char *upstream);

/* With policy_keys: whether what `after` loosens against `before` (NULL: nothing ran) was signed by two. */
bool settings_signed_enough(const struct settings *before, const struct settings *after);
/* A start compares with nothing, so each policy needs the signatures of two (of one where there is one key alone): the first
 * policy that lacks them, NULL: none. */
const struct policy *settings_unsigned(const struct settings *s);

/* NULL: the agreement covers the use today. Else a constant reason: "baa_missing", "baa_not_effective",
 * "baa_expired", "endpoint_not_covered", "model_not_covered", ... today: days since 1970-01-01. */
const char *settings_uncovered(const struct settings_upstream *u, enum shape_endpoint e, struct span model, int today);

/* The same for a feature ("files", "previous_response_id"), besides the endpoint. */
const char *settings_feature_uncovered(const struct settings_upstream *u, const char *feature);

/* What the agreement's coverage says of a part of a request beside its text (coverage.h). An own model keeps what it is sent
 * only where the site says so, and the policy alone decides about the rest. why: the coverage's sentence, or NULL. */
const char *settings_part_refused(const struct settings_upstream *u, uint32_t unreadable, enum shape_endpoint e,
                                  const char **why); /* the word of a part (facts.h) that it does not cover, or NULL */
enum coverage_guard settings_guard(const struct settings_upstream *u, const char *what, enum shape_endpoint e,
                                   const char **why);

#endif
