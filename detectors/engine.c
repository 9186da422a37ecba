/* SPDX-License-Identifier: Apache-2.0
 *
 * Building an engine: rules are copied and compiled one by one, sealing makes the dispatch tables. A sealed
 * engine never changes; the last reference frees it.
 *
 * Rules are numbered as they were added; the rules of built-in detectors follow in the order of the table in
 * builtin.c.
 */
#include "engine.h"

#include <stdio.h>
#include <string.h>

#include "roster.h"

struct phi_engine *phi_engine_new(void)
{
    struct phi_engine *e = phi_memory_new(sizeof *e);
    if (!e)
        return NULL;
    atomic_init(&e->refs, 1);
    memset(e->threshold, THRESHOLD_DEFAULT, sizeof e->threshold);
    e->year = PHI_YEAR;
    e->general = phi_pattern_memory();
    if (e->general)
        return e;
    phi_memory_free(e);
    return NULL;
}

static void rule_free(struct rule *r)
{
    phi_memory_free(r->id);
    phi_memory_free(r->file);
    for (uint32_t i = 0; i < r->n_words; i++)
        phi_memory_free(r->words[i]);
    phi_memory_free(r->words);
    phi_pattern_free(&r->pattern);
    trigger_free(&r->trigger);
    *r = (struct rule){0};
}

static void engine_free(struct phi_engine *e)
{
    for (uint32_t i = 0; i < e->n; i++)
        rule_free(&e->rules[i]);
    phi_memory_free(e->rules);
    phi_memory_free(e->patterns);
    phi_memory_free(e->triggers);
    dispatch_free(e->dispatch);
    allow_free(&e->allow);
    engine_dictionary_free(e);
    engine_adjust_free(e);
    for (uint32_t i = 0; i < e->n_rosters; i++)
        roster_unref(e->rosters[i]);
    pcre2_general_context_free(e->general);
    phi_memory_free(e);
}

struct phi_engine *phi_engine_ref(struct phi_engine *e)
{
    atomic_fetch_add_explicit(&e->refs, 1, memory_order_relaxed);
    return e;
}

void phi_engine_unref(struct phi_engine *e)
{
    if (e && atomic_fetch_sub_explicit(&e->refs, 1, memory_order_acq_rel) == 1)
        engine_free(e);
}

static bool id_sound(const char *id)
{
    size_t n = id ? strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;
    return n > 0 && n <= 64 && id[n] == 0;
}

static bool id_taken(const struct phi_engine *e, const char *id)
{
    for (unsigned i = 0; i < phi_rule_count(e); i++)
        if (strcmp(phi_rule_id(e, i), id) == 0)
            return true;
    return false;
}

/* Why the rule cannot be taken, or NULL. */
static const char *rule_mistake(const struct phi_engine *e, const struct phi_rule *in)
{
    if (e->sealed)
        return "the engine is sealed";
    if (e->n >= RULES_MAX)
        return "too many rules";
    if (!id_sound(in->id))
        return "the id is not made of a-z, 0-9 and -";
    if (id_taken(e, in->id))
        return "the id is taken";
    if (in->kind <= PHI_NONE || in->kind >= PHI_KINDS)
        return "the kind is not known";
    if (!in->pattern || !*in->pattern)
        return "there is no pattern";
    if (in->validate && !phi_validator_known(in->validate))
        return "the validator is not known";
    if (in->score < 0 || in->score > 100 || in->raise < 0 || in->raise > 100)
        return "score and raise go from 0 to 100";
    if (in->within < 0 || in->within > 4096)
        return "within goes from 0 to 4096 bytes";
    if (in->required && (!in->words || !in->words[0]))
        return "context is required but there are no words";
    return NULL;
}

static int rule_copy_words(struct rule *r, const char *const *words)
{
    uint32_t n = 0;
    while (words && words[n])
        n++;
    r->words = phi_memory_new((n + 1) * sizeof *r->words);
    if (!r->words)
        return -1;
    for (uint32_t i = 0; i < n; i++) {
        if (!*words[i])
            continue;
        char *copy = phi_memory_copy(words[i], strlen(words[i]));
        if (!copy)
            return -1;
        for (char *c = copy; *c; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
        r->words[r->n_words++] = copy;
        unsigned char first = (unsigned char)copy[0], other = first >= 'a' && first <= 'z' ? first - 32 : first;
        r->word_firsts[first / 32] |= (uint32_t)1 << first % 32;
        r->word_firsts[other / 32] |= (uint32_t)1 << other % 32;
    }
    return 0;
}

static int rule_fill(struct rule *r, const struct phi_rule *in)
{
    r->id = phi_memory_copy(in->id, strlen(in->id));
    r->file = phi_memory_copy(in->file ? in->file : "", in->file ? strlen(in->file) : 0);
    r->line = in->line;
    r->kind = (uint16_t)in->kind;
    r->score = (uint8_t)in->score;
    r->within = in->within;
    r->raise = in->raise;
    r->required = in->required;
    r->validate = phi_validator_find(in->validate);
    if (!r->id || !r->file || rule_copy_words(r, in->words) < 0)
        return -1;
    return trigger_analyse(&r->trigger, in->pattern, r->pattern.search);
}

static int engine_grow(struct phi_engine *e)
{
    if (e->n < e->cap)
        return 0;
    uint32_t cap = e->cap ? e->cap * 2 : 64;
    struct rule *grown = phi_memory_new(cap * sizeof *grown);
    if (!grown)
        return -1;
    if (e->n)
        memcpy(grown, e->rules, e->n * sizeof *grown);
    phi_memory_free(e->rules);
    e->rules = grown;
    e->cap = cap;
    return 0;
}

int phi_engine_add(struct phi_engine *e, const struct phi_rule *rule, char *err, size_t err_size,
                   int *pattern_offset)
{
    int offset = -1;
    const char *mistake = rule_mistake(e, rule);
    struct rule r = {0};
    if (pattern_offset)
        *pattern_offset = -1;
    if (mistake) {
        snprintf(err, err_size, "%s", mistake);
        return -1;
    }
    if (phi_pattern_compile(&r.pattern, e->general, rule->pattern, err, err_size, &offset) < 0) {
        if (pattern_offset)
            *pattern_offset = offset;
        return -1;
    }
    if (engine_grow(e) < 0 || rule_fill(&r, rule) < 0) {
        snprintf(err, err_size, "out of memory");
        rule_free(&r);
        return -1;
    }
    if (r.pattern.captures > e->captures)
        e->captures = r.pattern.captures;
    e->rules[e->n++] = r;
    return 0;
}

int phi_engine_allow(struct phi_engine *e, const char *value, size_t len)
{
    return e->sealed ? -1 : allow_add(&e->allow, value, len);
}

bool phi_engine_allows(const struct phi_engine *e, const char *value, size_t len)
{
    return allow_has(&e->allow, value, len);
}

int phi_engine_roster(struct phi_engine *e, struct phi_roster *roster)
{
    if (e->sealed || e->n_rosters == ROSTERS_MAX)
        return -1;
    e->rosters[e->n_rosters++] = roster_ref(roster);
    return 0;
}

void phi_engine_set_year(struct phi_engine *e, int year)
{
    e->year = year;
}

void phi_engine_set_mode(struct phi_engine *e, enum phi_mode mode)
{
    if (!e->sealed)
        e->mode = mode;
}

void phi_engine_set_threshold(struct phi_engine *e, enum phi_kind kind, int threshold)
{
    if (!e->sealed && kind > PHI_NONE && kind < PHI_KINDS && threshold >= 0 && threshold <= 100)
        e->threshold[kind] = (uint8_t)threshold;
}

int engine_threshold(const struct phi_engine *e, unsigned kind)
{
    int threshold = e->threshold[kind];
    if (e->mode == PHI_STRICT)
        threshold = threshold > STRICT_LOWERS ? threshold - STRICT_LOWERS : 0;
    return threshold;
}

int phi_engine_seal(struct phi_engine *e, char *err, size_t err_size)
{
    if (e->sealed)
        return 0;
    e->patterns = phi_memory_new((e->n + 1) * sizeof *e->patterns);
    e->triggers = phi_memory_new((e->n + 1) * sizeof *e->triggers);
    for (uint32_t i = 0; i < e->n && e->patterns && e->triggers; i++) {
        e->patterns[i] = &e->rules[i].pattern;
        e->triggers[i] = &e->rules[i].trigger;
    }
    if (e->patterns && e->triggers)
        e->dispatch = dispatch_new(e->patterns, e->triggers, e->n);
    if (!e->dispatch || engine_adjust_seal(e) < 0) {
        dispatch_free(e->dispatch);
        e->dispatch = NULL;
        phi_memory_free(e->patterns);
        phi_memory_free(e->triggers);
        e->patterns = NULL;
        e->triggers = NULL;
        snprintf(err, err_size, "out of memory");
        return -1;
    }
    e->sealed = true;
    return 0;
}
