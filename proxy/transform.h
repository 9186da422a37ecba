/* SPDX-License-Identifier: Apache-2.0
 *
 * Findings and the policy's actions become edits of the body. Counts what was done for the audit record; holds
 * no text.
 */
#ifndef TRANSFORM_H
#define TRANSFORM_H

#include "../policies/engine/policy.h"
#include "transform_bulk.h"
#include "walk.h"

struct arena;
struct buf;
struct tokens;

#define TRANSFORM_NO_RULE UINT16_MAX /* the rule of token-shaped text, which no rule finds */

/* One row per kind, place and action, for the record. */
struct transform_row {
    enum phi_kind kind;
    enum policy_action action;
    uint32_t path;    /* of the walk */
    const char *where; /* instead, of rows that stand for many walks; else NULL */
    uint32_t count;
    uint16_t rule;
    uint8_t score;    /* highest */
    uint8_t via;
};

struct transform {
    struct transform_row *rows;
    size_t n_rows;
    uint32_t findings, edits;  /* token-shaped text is an edit and a row, but no finding */
    bool blocked;              /* the request must not go; nothing was written */
    enum phi_kind block_kind;
    uint32_t block_path;
    const char *block_reason;  /* constant: "policy_block", "phi_in_key", "phi_in_number", "phi_in_signed_text", "phi_in_pattern", "token_does_not_fit", or, with no kind, "too_many_patients",
                                  "too_many_encounters" */
    const char *route;         /* not blocked, but another upstream and its policy shall have it; nothing was written */
    enum phi_kind route_kind;
    struct transform_bulk bulk; /* counted where the policy limits it */
    bool over_bulk;             /* more than it says, whatever follows from that */
    uint32_t overridden[PHI_KINDS]; /* would have been blocked without the override, by kind */
    uint32_t disclosed[PHI_KINDS]; /* sent in clear, by kind; all zero when blocked or routed */
};

/* Decides every finding as the view says, then writes the body as it may leave into out. found->v[].leaf numbers
 * the leaves of the walk. Token-shaped text that came with the request is tokenized as PHI_TOKEN_TEXT whatever the
 * policy says. A finding of a sensitive category (SENS.*) is blocked or goes in clear: it covers meaning, not a value
 * that could be put back. A number in JSON text inside a string becomes a string there; elsewhere, as in a key, it
 * blocks. In monitor mode nothing is changed (token-shaped text included), except for kinds in the policy's floor, and
 * rows say what would have been done.
 * model: takes the place of the request's model; NULL: that stays.
 * 0: out is ready, or t->blocked, or t->route. -1: out of memory or a limit, or findings that do not fit the walk; the caller
 * refuses, whatever out holds. */
MUST_CHECK int transform_body(struct arena *a, const struct walk *w, struct span body, const struct phi_result *found,
                              const struct policy_view *view, const char *model, struct tokens *tokens,
                              struct buf *out, struct transform *t);

/* For several bodies with one kept table: what each will need is claimed before any is written, and then assigned with one
 * question (tokens_assign). subjects: added to those of the findings, so that no two bodies share one. -1 as above. */
MUST_CHECK int transform_claim(struct arena *a, const struct walk *w, const struct phi_result *found, const struct policy_view *view,
                               unsigned subjects, struct tokens *tokens);

/* The same decision for plain text (phi redact). */
MUST_CHECK int transform_text(struct arena *a, struct span text, enum walk_part part, const struct phi_result *found,
                              const struct policy_view *view, struct tokens *tokens, struct buf *out,
                              struct transform *t);

/* What another policy would have done with the same findings: how many more it hides or shows, and whether it blocks. A
 * finding counts once. -1: out of memory, or findings that do not fit. */
struct transform_shadow {
    bool block, routed;
    uint32_t looser, stricter;
};
MUST_CHECK int transform_compare(struct arena *a, const struct walk *w, const struct phi_result *found,
                                 const struct policy_view *live, const struct policy_view *shadow,
                                 struct transform_shadow *out);

enum policy_part transform_part(enum walk_part part);

/* The general form of a value: date -> year (or 90+), ZIP -> ZIP3 or 000, age -> ten years or 90+,
 * "Springfield, IL" -> "IL". -1 when the kind or
 * the written form has none. out: at most 32 bytes. today: days since 1970-01-01. */
MUST_CHECK int transform_generalize(enum phi_kind kind, struct span value, long today, char *out, size_t out_size);

#endif
