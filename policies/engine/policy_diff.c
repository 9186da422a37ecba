/* SPDX-License-Identifier: Apache-2.0
 *
 * Purposes are matched by their names. A purpose that is new is compared with what a request that named it got before:
 * a refusal, which nothing is stricter than. One that is gone is refused from now on. Scopes are compared by the requests
 * that they ask for.
 */
#include "policy_diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_scope.h"
#include "policy_response.h"
#include "policy_table.h"

#define SITUATIONS_MAX 4096u
#define WORDS_MAX 64u

struct comparison {
    const struct policy *before, *after;
    policy_diff_report *report;
    void *arg;
    bool looser;
    unsigned told;
};

static void tell(struct comparison *c, struct policy_difference difference) {
    if (difference.change == POLICY_LOOSER) c->looser = true;
    c->told++;
    if (c->report) c->report(c->arg, &difference);
}

static bool goes_in_clear(enum policy_action a) {
    return a == POLICY_FLAG || a == POLICY_ALLOW;
}

enum policy_change policy_action_change(enum policy_action before, enum policy_action after) {
    if (before == after || (goes_in_clear(before) && goes_in_clear(after))) return POLICY_OTHERWISE;
    /* Another policy decides there: only refusing is known to be stricter. */
    if (before == POLICY_ROUTE || after == POLICY_ROUTE) return after == POLICY_BLOCK ? POLICY_STRICTER : POLICY_LOOSER;
    return policy_strictness(after) > policy_strictness(before) ? POLICY_STRICTER : POLICY_LOOSER;
}

const char *policy_change_name(enum policy_change c) {
    switch (c) {
    case POLICY_STRICTER:
        return "stricter";
    case POLICY_OTHERWISE:
        return "otherwise";
    case POLICY_LOOSER:
        break;
    }
    return "looser";
}

/* ---- decisions ---- */

static void compare_purpose(struct comparison *c, int before, int after) {
    for (int k = 1; k < PHI_KINDS; k++) {
        enum policy_action was = policy_action(c->before, before, (enum phi_kind)k),
                           now = policy_action(c->after, after, (enum phi_kind)k);
        if (was == now) continue;
        tell(c, (struct policy_difference){.change = policy_action_change(was, now), .what = "action",
                                           .purpose = policy_purpose_name(c->after, after), .kind = (enum phi_kind)k,
                                           .before = policy_action_name(was), .after = policy_action_name(now)});
    }
}

static void compare_purposes(struct comparison *c) {
    compare_purpose(c, 0, 0);
    for (int u = 1; u < policy_purpose_count(c->after); u++) {
        const char *name = policy_purpose_name(c->after, u);
        int was = policy_purpose(c->before, name, strlen(name));
        if (was > 0)
            compare_purpose(c, was, u);
        else
            tell(c, (struct policy_difference){.what = "purpose", .purpose = name, .before = "refused", .after = "known"});
    }
    for (int u = 1; u < policy_purpose_count(c->before); u++) {
        const char *name = policy_purpose_name(c->before, u);
        if (policy_purpose(c->after, name, strlen(name)) > 0) continue;
        tell(c, (struct policy_difference){.change = POLICY_STRICTER, .what = "purpose", .purpose = name,
                                           .before = "known", .after = "refused"});
    }
}

/* ---- scopes ---- */

/* All words that the scopes of both policies ask for. Index 0 of each is a request that has none of them. */
enum { ROLE, USER, UPSTREAM, MODEL, WORDS };

struct words {
    const char *v[WORDS_MAX];
    size_t n;
    bool full;
};

struct situations {
    struct words of[WORDS];
    bool told[POLICY_PURPOSES_MAX + 1][PHI_KINDS][POLICY_ACTIONS][POLICY_ACTIONS];
};

static void add_words(struct words *w, char *const *words) {
    if (w->n == 0) w->v[w->n++] = NULL;
    for (; words && *words; words++) {
        size_t i = 1;
        while (i < w->n && strcmp(w->v[i], *words) != 0)
            i++;
        if (i < w->n) continue;
        if (w->n == WORDS_MAX) w->full = true;
        else w->v[w->n++] = *words;
    }
}

static void add_scopes(struct situations *s, const struct policy *p) {
    for (size_t i = 0; i < p->n_scopes; i++) {
        add_words(&s->of[ROLE], p->scopes[i].roles);
        add_words(&s->of[USER], p->scopes[i].users);
        add_words(&s->of[UPSTREAM], p->scopes[i].upstreams);
        add_words(&s->of[MODEL], p->scopes[i].models);
    }
}

/* 0: too many to look at. */
static size_t situation_count(const struct situations *s) {
    size_t n = 1;

    for (size_t i = 0; i < WORDS; i++) {
        if (s->of[i].full) return 0;
        n *= s->of[i].n ? s->of[i].n : 1;
    }
    return n <= SITUATIONS_MAX ? n : 0;
}

static const char *word_of(const struct situations *s, size_t which, size_t *number) {
    const struct words *w = &s->of[which];
    if (w->n == 0) return NULL;
    const char *word = w->v[*number % w->n];
    *number /= w->n;
    return word;
}

static struct policy_request situation_at(const struct situations *s, size_t number) {
    struct policy_request r = {.purpose = 0};

    r.role = word_of(s, ROLE, &number);
    r.user = word_of(s, USER, &number);
    r.upstream = word_of(s, UPSTREAM, &number);
    r.model = word_of(s, MODEL, &number);
    r.model_len = r.model ? strlen(r.model) : 0;
    return r;
}

static void describe(const struct policy_request *r, enum policy_part part, char *out, size_t size) {
    int n = snprintf(out, size, "%s%s%s%s%s%s%s%s%s%s", r->language ? "language " : "",
                     r->language ? language_names[r->language] : "", r->role ? "role " : "", r->role ? r->role : "",
                     r->user ? " user " : "", r->user ? r->user : "", r->upstream ? " upstream " : "",
                     r->upstream ? r->upstream : "", r->model ? " model " : "", r->model ? r->model : "");
    if (n > 0 && (size_t)n < size) snprintf(out + n, size - (size_t)n, " part %s", policy_part_name(part));
}

static void tell_situation(struct comparison *c, struct situations *s, const struct policy_request *r,
                           enum policy_part part, const struct policy_view *was, const struct policy_view *now) {
    char where[512];

    for (int k = 1; k < PHI_KINDS; k++) {
        enum policy_action a = policy_view_action(was, part, (enum phi_kind)k),
                           b = policy_view_action(now, part, (enum phi_kind)k);
        bool as_without_scopes = a == policy_action(c->before, was->purpose, (enum phi_kind)k) &&
                                 b == policy_action(c->after, now->purpose, (enum phi_kind)k);
        if (a == b || as_without_scopes || s->told[now->purpose][k][a][b]) continue;
        s->told[now->purpose][k][a][b] = true;
        describe(r, part, where, sizeof where);
        tell(c, (struct policy_difference){.change = policy_action_change(a, b), .what = "action",
                                           .purpose = policy_purpose_name(c->after, now->purpose), .where = where,
                                           .kind = (enum phi_kind)k, .before = policy_action_name(a),
                                           .after = policy_action_name(b)});
    }
}

static void compare_situation(struct comparison *c, struct situations *s, const struct policy_request *situation, int before,
                              int after) {
    struct policy_request r = *situation;
    struct policy_view was, now;

    r.purpose = before;
    policy_view(c->before, &r, &was);
    r.purpose = after;
    policy_view(c->after, &r, &now);
    for (int part = 0; part < POLICY_PARTS; part++)
        tell_situation(c, s, &r, (enum policy_part)part, &was, &now);
}

static void compare_situations(struct comparison *c, struct situations *s, size_t n) {
    uint32_t languages = c->before->languages | c->after->languages | 1u << LANGUAGE_UNKNOWN;

    for (size_t i = 0; i < n * LANGUAGES; i++) {
        struct policy_request r = situation_at(s, i / LANGUAGES);
        r.language = (enum language)(i % LANGUAGES);
        if (!(languages >> r.language & 1)) continue;
        compare_situation(c, s, &r, 0, 0);
        for (int u = 1; u < policy_purpose_count(c->after); u++) {
            const char *name = policy_purpose_name(c->after, u);
            int was = policy_purpose(c->before, name, strlen(name));
            if (was > 0) compare_situation(c, s, &r, was, u);
        }
    }
}

static bool same_words(char *const *a, char *const *b) {
    if (!a || !b) return a == b;
    for (; *a && *b; a++, b++)
        if (strcmp(*a, *b) != 0) return false;
    return *a == *b;
}

static bool same_scope(const struct policy_scope *a, const struct policy_scope *b) {
    if (a->purposes != b->purposes || a->parts != b->parts || a->languages != b->languages || a->file != b->file) return false;
    for (int k = 1; k < PHI_KINDS; k++)
        if (a->decides[k] != b->decides[k] || a->cells[k].action != b->cells[k].action) return false;
    return same_words(a->roles, b->roles) && same_words(a->users, b->users) &&
           same_words(a->upstreams, b->upstreams) && same_words(a->models, b->models);
}

static bool same_scopes(const struct policy *a, const struct policy *b) {
    if (a->n_scopes != b->n_scopes) return false;
    for (size_t i = 0; i < a->n_scopes; i++)
        if (!same_scope(&a->scopes[i], &b->scopes[i])) return false;
    return true;
}

/* Every combination of the words that scopes ask for is tried. Where they are too many, the answer is looser: it has
 * to be looked at. */
static void compare_scopes(struct comparison *c) {
    if (same_scopes(c->before, c->after) && c->told == 0) return;
    struct situations *s = calloc(1, sizeof *s);
    size_t n = 0;

    if (s) {
        add_scopes(s, c->before);
        add_scopes(s, c->after);
        n = situation_count(s);
        compare_situations(c, s, n);
    }
    if (n == 0) tell(c, (struct policy_difference){.what = "scopes", .before = "as they were", .after = "too many to compare"});
    free(s);
}

/* ---- floor and detection ---- */

static void compare_floor(struct comparison *c) {
    for (int k = 1; k < PHI_KINDS; k++) {
        bool was = policy_in_floor(c->before, (enum phi_kind)k), now = policy_in_floor(c->after, (enum phi_kind)k);
        if (was == now) continue;
        tell(c, (struct policy_difference){.change = now ? POLICY_STRICTER : POLICY_LOOSER, .what = "floor",
                                           .kind = (enum phi_kind)k, .before = was ? "in" : "out",
                                           .after = now ? "in" : "out"});
    }
}

static void tell_numbers(struct comparison *c, const char *what, enum phi_kind kind, unsigned before, unsigned after) {
    char was[16], now[16];

    if (before == after) return;
    snprintf(was, sizeof was, "%u", before);
    snprintf(now, sizeof now, "%u", after);
    tell(c, (struct policy_difference){.change = after > before ? POLICY_LOOSER : POLICY_STRICTER, .what = what,
                                       .kind = kind, .before = was, .after = now});
}

static void compare_detection(struct comparison *c) {
    const struct policy *a = c->before, *b = c->after;
    unsigned told = c->told;

    for (int k = 1; k < PHI_KINDS; k++)
        tell_numbers(c, "threshold", (enum phi_kind)k, a->threshold[k], b->threshold[k]);
    tell_numbers(c, "allowed values", PHI_NONE, a->n_allowed, b->n_allowed);
    if (a->strict_detection != b->strict_detection)
        tell(c, (struct policy_difference){.change = b->strict_detection ? POLICY_STRICTER : POLICY_LOOSER,
                                           .what = "detection", .before = a->strict_detection ? "strict" : "balanced",
                                           .after = b->strict_detection ? "strict" : "balanced"});
    /* Which of two sets of patterns finds more cannot be said without a text; that it may find less must be. */
    if (!policy_finds_alike(a, b) && c->told == told)
        tell(c, (struct policy_difference){.change = b->detection_weakened ? POLICY_LOOSER : POLICY_OTHERWISE,
                                           .what = "detectors", .before = "as they were", .after = "others"});
}

/* ---- bulk, routes, override ---- */

static void tell_switch(struct comparison *c, const char *what, bool before, bool after, const char *closed,
                        const char *open) {
    if (before == after) return;
    tell(c, (struct policy_difference){.change = after ? POLICY_LOOSER : POLICY_STRICTER, .what = what,
                                       .before = before ? open : closed, .after = after ? open : closed});
}

/* No limit is the largest. */
static uint32_t limit_of(uint32_t n) {
    return n ? n : UINT32_MAX;
}

static void tell_limit(struct comparison *c, const char *what, uint32_t before, uint32_t after) {
    char was[16] = "no limit", now[16] = "no limit";

    if (before == after) return;
    if (before) snprintf(was, sizeof was, "%u", before);
    if (after) snprintf(now, sizeof now, "%u", after);
    tell(c, (struct policy_difference){.change = limit_of(after) > limit_of(before) ? POLICY_LOOSER : POLICY_STRICTER,
                                       .what = what, .before = was, .after = now});
}

static void tell_bulk_action(struct comparison *c, int before, int after) {
    struct policy_limits was = policy_limits(c->before, before), now = policy_limits(c->after, after);

    if (was.action == now.action) return;
    tell(c, (struct policy_difference){.change = policy_action_change(was.action, now.action), .what = "bulk",
                                       .purpose = policy_purpose_name(c->after, after),
                                       .before = policy_action_name(was.action), .after = policy_action_name(now.action)});
}

static void compare_bulk(struct comparison *c) {
    tell_limit(c, "bulk patients", c->before->bulk.patients, c->after->bulk.patients);
    tell_limit(c, "bulk encounters", c->before->bulk.encounters, c->after->bulk.encounters);
    tell_bulk_action(c, 0, 0);
    for (int u = 1; u < policy_purpose_count(c->after); u++) {
        const char *name = policy_purpose_name(c->after, u);
        int was = policy_purpose(c->before, name, strlen(name));
        if (was > 0) tell_bulk_action(c, was, u);
    }
}

/* Whether, by how many and how far a block may be broken. */
static void compare_override(struct comparison *c) {
    static const char *const persons[] = {"nobody", "one person", "two persons"};
    const struct policy_override *a = &c->before->override, *b = &c->after->override;
    enum policy_overriding was = policy_overriding(c->before), now = policy_overriding(c->after);

    if (was != now)
        tell(c, (struct policy_difference){.change = now == POLICY_OVERRIDE_NONE || (was && now > was) ? POLICY_STRICTER
                                                                                                       : POLICY_LOOSER,
                                           .what = "override", .before = persons[was], .after = persons[now]});
    tell_switch(c, "override floor", a->floor, b->floor, "holds", "may be broken");
    for (size_t i = 0; i < b->n_reasons; i++)
        if (was && !policy_override_reason(c->before, b->reasons[i]))
            tell(c, (struct policy_difference){.what = "override reason", .before = "none", .after = b->reasons[i]});
}

/* Identifiers of the model's own in answers. */
static void compare_response(struct comparison *c) {
    for (int k = 1; k < PHI_KINDS; k++) {
        enum policy_response was = policy_response(c->before, (enum phi_kind)k), now = policy_response(c->after, (enum phi_kind)k);
        if (was == now) continue;
        tell(c, (struct policy_difference){.change = now > was ? POLICY_LOOSER : POLICY_STRICTER, .what = "response",
                                           .kind = (enum phi_kind)k, .before = policy_response_name(was),
                                           .after = policy_response_name(now)});
    }
}

/* A tool that gets real values may pass them on. */
static void compare_tools(struct comparison *c) {
    for (size_t i = 0; i < c->before->n_tools + c->after->n_tools; i++) {
        const struct policy *of = i < c->before->n_tools ? c->before : c->after;
        const char *name = of->tools[of == c->before ? i : i - c->before->n_tools].name;
        tell_switch(c, "restore in tools", policy_restores_tool(c->before, name, strlen(name)),
                    policy_restores_tool(c->after, name, strlen(name)), "off", "on");
    }
}

/* Where `route:NAME` leads is not seen cell by cell. */
static void compare_routes(struct comparison *c) {
    for (size_t i = 0; i < c->after->n_routes || i < c->before->n_routes; i++) {
        const char *was = policy_route_name(c->before, i), *now = policy_route_name(c->after, i);
        if (was && now && strcmp(was, now) == 0) continue;
        tell(c, (struct policy_difference){.change = now ? POLICY_LOOSER : POLICY_STRICTER, .what = "route",
                                           .before = was ? was : "none", .after = now ? now : "none"});
    }
}

/* ---- switches ---- */

static void compare_switches(struct comparison *c) {
    const struct policy *a = c->before, *b = c->after;

    tell_switch(c, "mode", a->mode != POLICY_ENFORCE, b->mode != POLICY_ENFORCE, "enforce", "monitor");
    tell_switch(c, "unscannable", a->unscannable != POLICY_UNSCANNABLE_BLOCK, b->unscannable != POLICY_UNSCANNABLE_BLOCK,
                "block", "allow");
    for (unsigned bit = POLICY_STORED_BATCHES; bit <= POLICY_STORED_RESPONSES; bit *= 2)
        tell_switch(c, bit == POLICY_STORED_BATCHES ? "stored batches" : "stored responses", a->stored & bit, b->stored & bit, "block",
                    "allow");
    tell_switch(c, "speech", a->speech != POLICY_SPEECH_BLOCK, b->speech != POLICY_SPEECH_BLOCK, "block", "mask");
    if (a->monitor_until != b->monitor_until && a->mode == b->mode)
        tell_limit(c, "monitor_until (day)", (uint32_t)a->monitor_until, (uint32_t)b->monitor_until);
    if (a->block_as_message != b->block_as_message)
        tell(c, (struct policy_difference){.change = POLICY_OTHERWISE, .what = "block_style",
                                           .before = a->block_as_message ? "assistant_message" : "error",
                                           .after = b->block_as_message ? "assistant_message" : "error"});
}

bool policy_diff(const struct policy *before, const struct policy *after, policy_diff_report *report, void *arg) {
    struct comparison c = {.before = before, .after = after, .report = report, .arg = arg};

    compare_purposes(&c);
    compare_scopes(&c);
    compare_floor(&c);
    compare_detection(&c);
    compare_bulk(&c);
    compare_routes(&c);
    compare_override(&c);
    compare_response(&c);
    compare_tools(&c);
    compare_switches(&c);
    return c.looser;
}
