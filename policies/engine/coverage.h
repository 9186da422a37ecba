/* SPDX-License-Identifier: Apache-2.0
 *
 * Which endpoints, features and models of a vendor an agreement covers, as dated data. A vendor's facts change
 * monthly and differ by account arrangement; what a file does not name is not covered.
 */
#ifndef COVERAGE_H
#define COVERAGE_H

#include <stddef.h>

struct coverage; /* immutable */
struct diag;

/* NULL with mistakes in d. */
struct coverage *coverage_load_file(const char *path, struct diag *d);
struct coverage *coverage_load_text(const char *name, const char *text, size_t len, struct diag *d);
void coverage_free(struct coverage *c);

const char *coverage_vendor(const struct coverage *c);
int coverage_as_of(const struct coverage *c); /* days since 1970-01-01: when the facts were read */

/* 0 covered; -1 not, with a constant code in reason: "arrangement_unknown", "endpoint_not_covered",
 * "endpoint_conditional", "model_not_covered". endpoint: "/v1/chat/completions". model: not NUL-terminated; NULL for an
 * endpoint without one. */
int coverage_check(const struct coverage *c, const char *arrangement, const char *endpoint, const char *model,
                   size_t model_len, const char **reason);
/* The same for a feature ("store", "background", "web_search"): "feature_not_covered", "feature_conditional". */
int coverage_check_feature(const struct coverage *c, const char *arrangement, const char *feature,
                           const char **reason);

/* What becomes of a request that asks for something beside its text, as data of the arrangement: "store", "hosted_tool",
 * "stored_object", "remote_url", "file", "image", "audio", "spoken_answer". What a file does not name is refused. */
enum coverage_guard {
    COVERAGE_REFUSE = 0,
    COVERAGE_FORCE_FALSE, /* made false in the body; written where it is absent */
    COVERAGE_SITE,        /* as the site's configuration says; where it is silent, false */
    COVERAGE_ALLOW        /* the policy decides */
};
/* why: the sentence of the file, or NULL. endpoint: as above. */
enum coverage_guard coverage_guard(const struct coverage *c, const char *arrangement, const char *what, const char *endpoint,
                                   const char **why);
/* What a file may guard; NULL at the end. */
const char *coverage_guard_name(size_t i);

/* Whether the arrangement covers any model that a glob matches; both may have '*'. */
int coverage_overlaps(const struct coverage *c, const char *arrangement, const char *model_glob, const char **reason);

#endif
