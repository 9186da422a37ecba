/* SPDX-License-Identifier: Apache-2.0
 *
 * An engine with the starter rules, for tests and fuzz targets.
 */
#ifndef STARTER_ENGINE_H
#define STARTER_ENGINE_H

#include <stdio.h>

#include "../detectors/phi.h"

static const struct starter_rule {
    const char *id;
    enum phi_kind kind;
    const char *pattern, *validate;
    int score, within, raise;
    const char *words[8];
} starter_rules[] = {
#define STARTER(id, kind, pattern, validate, score, within, raise, ...) \
    {id, kind, pattern, validate, score, within, raise, {__VA_ARGS__}},
#include "starter_rules.def"
#undef STARTER
};

enum { STARTER_RULES = sizeof starter_rules / sizeof *starter_rules };

/* Adds all; 0 or -1. */
static inline int starter_add(struct phi_engine *e)
{
    char err[200];
    int offset;
    for (size_t i = 0; i < STARTER_RULES; i++) {
        const struct starter_rule *r = &starter_rules[i];
        struct phi_rule rule = {.id = r->id, .file = "starter", .line = (uint32_t)i + 1, .kind = r->kind,
                                .pattern = r->pattern, .validate = r->validate, .score = r->score,
                                .words = r->words[0] ? r->words : NULL, .within = r->within, .raise = r->raise};
        if (phi_engine_add(e, &rule, err, sizeof err, &offset) < 0) {
            fprintf(stderr, "%s: %s at %d\n", r->id, err, offset);
            return -1;
        }
    }
    return 0;
}

#endif
