/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a loaded policy. Whatever is out of range is answered with the strictest there is.
 */
#include "policy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "policy_bulk.h"
#include "policy_scope.h"
#include "policy_table.h"

static const char *const action_names[POLICY_ACTIONS] = {
    [POLICY_BLOCK] = "block", [POLICY_TOKENIZE] = "tokenize",     [POLICY_MASK] = "mask",
    [POLICY_DROP] = "drop",   [POLICY_GENERALIZE] = "generalize", [POLICY_FLAG] = "flag",
    [POLICY_SURROGATE] = "surrogate",
    [POLICY_ALLOW] = "allow", [POLICY_OFFSET] = "offset",         [POLICY_ROUTE] = "route"};

struct policy *policy_ref(struct policy *p) {
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

void policy_unref(struct policy *p) {
    if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1) return;
    if (p->engine) phi_engine_unref(p->engine);
    for (size_t i = 0; i < sizeof p->files / sizeof *p->files; i++)
        free(p->files[i]);
    for (size_t i = 0; i < p->n_rosters; i++)
        free(p->rosters[i].file), free(p->rosters[i].key_file);
    policy_scopes_free(p);
    policy_messages_free(p);
    free(p);
}

const char *policy_id(const struct policy *p) {
    return p->id;
}

const char *policy_digest(const struct policy *p) {
    return p->digest;
}

const char *policy_signable(const struct policy *p) {
    return p->signable;
}

const char *policy_roster(const struct policy *p, size_t i, const char **digest, struct roster_facts *facts) {
    if (i >= p->n_rosters) return NULL;
    if (digest) *digest = p->rosters[i].digest;
    if (facts) *facts = p->rosters[i].facts;
    return p->rosters[i].file;
}

const char *policy_roster_key(const struct policy *p, size_t i) {
    return i < p->n_rosters ? p->rosters[i].key_file : NULL;
}

/* A trial that nobody ended ends by itself, also while the gateway runs, and one without an end never begins. */
enum policy_mode policy_mode(const struct policy *p) {
    long days;
    return policy_monitor_days(p, &days) && days >= 0 ? POLICY_MONITOR : POLICY_ENFORCE;
}

bool policy_monitors_without_end(const struct policy *p) {
    return p->mode == POLICY_MONITOR && p->monitor_until == 0;
}

bool policy_monitor_days(const struct policy *p, long *days) {
    *days = p->monitor_until - (long)(time(NULL) / 86400);
    return p->mode == POLICY_MONITOR && p->monitor_until != 0;
}

enum policy_claim policy_claim(const struct policy *p) {
    return p->claim;
}

const char *policy_claim_name(enum policy_claim c) {
    switch (c) {
    case POLICY_NOT_FORWARDABLE:
        break;
    case POLICY_PHI_UNDER_BAA:
        return "phi_under_baa";
    case POLICY_EXPERT_DETERMINATION:
        return "expert_determination_needed";
    case POLICY_LIMITED_DATA_SET:
        return "limited_data_set";
    case POLICY_SAFE_HARBOR_CANDIDATE:
        return "safe_harbor_candidate";
    }
    return "not_forwardable";
}

enum policy_unscannable policy_unscannable(const struct policy *p) {
    return p->unscannable;
}

enum policy_speech policy_speech(const struct policy *p) {
    return p->speech;
}

bool policy_stores(const struct policy *p, enum policy_stored what) {
    return what != POLICY_STORED_BLOCK && (p->stored & what) == (unsigned)what;
}

bool policy_block_as_message(const struct policy *p) {
    return p->block_as_message;
}

struct phi_engine *policy_engine(const struct policy *p) {
    return p->engine;
}

int policy_purpose(const struct policy *p, const char *name, size_t len) {
    for (int u = 1; u < p->n_purposes; u++)
        if (strlen(p->purposes[u]) == len && memcmp(p->purposes[u], name, len) == 0) return u;
    return -1;
}

const char *policy_purpose_name(const struct policy *p, int purpose) {
    return purpose < 0 || purpose >= p->n_purposes ? NULL : p->purposes[purpose];
}

int policy_purpose_count(const struct policy *p) {
    return p->n_purposes;
}

enum policy_action policy_action(const struct policy *p, int purpose, enum phi_kind kind) {
    if (purpose < 0 || purpose >= p->n_purposes || (unsigned)kind >= PHI_KINDS) return POLICY_BLOCK;
    return (enum policy_action)p->cells[purpose][kind].action;
}

/* ---- one request ---- */

static const struct policy_cell *stricter(const struct policy_cell *a, const struct policy_cell *b) {
    return policy_strictness((enum policy_action)b->action) > policy_strictness((enum policy_action)a->action) ? b : a;
}

/* A language that is not known could be any that a scope asks for, or none of them. */
static const struct policy_cell *language_cell(const struct policy *p, int purpose, const struct policy_request *r,
                                               enum policy_part part, enum phi_kind kind) {
    struct policy_request as = *r;

    if (r->language != LANGUAGE_UNKNOWN || !p->languages) return policy_scope_cell(p, purpose, r, part, kind);
    as.language = LANGUAGES; /* none of them */
    const struct policy_cell *cell = policy_scope_cell(p, purpose, &as, part, kind);
    for (int l = 1; l < LANGUAGES; l++) {
        as.language = (enum language)l;
        if (p->languages >> l & 1) cell = stricter(cell, policy_scope_cell(p, purpose, &as, part, kind));
    }
    return cell;
}

static const struct policy_cell *view_cell(const struct policy *p, const struct policy_request *r, enum policy_part part,
                                           enum phi_kind kind) {
    int first = r->purpose, last = r->purpose;

    if (r->purpose == 0 && p->n_purposes > 1) first = 1, last = p->n_purposes - 1;
    const struct policy_cell *cell = language_cell(p, first, r, part, kind);
    for (int u = first + 1; u <= last; u++)
        cell = stricter(cell, language_cell(p, u, r, part, kind));
    return cell;
}

void policy_view(const struct policy *p, const struct policy_request *r, struct policy_view *out) {
    *out = (struct policy_view){.policy = p, .purpose = r->purpose, .request = *r};
    if (r->purpose < 0 || r->purpose >= p->n_purposes) return;
    for (int part = 0; part < POLICY_PARTS; part++)
        for (int k = 1; k < PHI_KINDS; k++)
            out->cells[part][k] = p->n_scopes ? view_cell(p, r, (enum policy_part)part, (enum phi_kind)k)
                                              : &p->cells[r->purpose][k];
}

bool policy_asks_language(const struct policy *p) {
    return p->languages != 0;
}

void policy_view_language(const struct policy_view *v, enum language language, struct policy_view *out) {
    struct policy_request r = v->request;

    r.language = language;
    policy_view(v->policy, &r, out);
    if (v->override) policy_view_override(out);
}

static const struct policy_cell *view_at(const struct policy_view *v, enum policy_part part, enum phi_kind kind) {
    return (unsigned)kind < PHI_KINDS && (unsigned)part < POLICY_PARTS ? v->cells[part][kind] : NULL;
}

enum policy_action policy_view_action(const struct policy_view *v, enum policy_part part, enum phi_kind kind) {
    const struct policy_cell *cell = view_at(v, part, kind);
    return cell ? (enum policy_action)cell->action : POLICY_BLOCK;
}

/* The decisions of an override. */
static const struct policy_cell as_token = {.action = POLICY_TOKENIZE}, as_it_is = {.action = POLICY_FLAG};

void policy_view_override(struct policy_view *v) {
    v->override = true;
    for (int part = 0; part < POLICY_PARTS; part++) {
        for (int k = 1; k < PHI_KINDS; k++) {
            const struct policy_cell *cell = v->cells[part][k];
            bool floor = v->policy->in_floor[k] && !v->policy->override.floor;
            if (!cell || cell->action != POLICY_BLOCK || floor) continue;
            bool category = k >= PHI_SENS_SUD && k <= PHI_SENS_STATUS;
            v->cells[part][k] = category && !v->policy->in_floor[k] ? &as_it_is : &as_token;
        }
    }
}

bool policy_view_overridden(const struct policy_view *v, enum policy_part part, enum phi_kind kind) {
    const struct policy_cell *cell = view_at(v, part, kind);
    return cell == &as_token || cell == &as_it_is;
}

const char *policy_view_route(const struct policy_view *v, enum policy_part part, enum phi_kind kind) {
    const struct policy_cell *cell = view_at(v, part, kind);
    return cell && cell->action == POLICY_ROUTE ? policy_route_name(v->policy, cell->route) : NULL;
}

const char *policy_view_source(const struct policy_view *v, enum policy_part part, enum phi_kind kind, uint32_t *line) {
    const struct policy_cell *cell = view_at(v, part, kind);

    *line = cell ? cell->line : 0;
    return cell && cell->line ? v->policy->files[cell->file] : NULL;
}

const char *policy_part_name(enum policy_part part) {
    return policy_part_names[(unsigned)part < POLICY_PARTS ? part : POLICY_PART_OTHER];
}

enum policy_part policy_part_find(const char *name, size_t len, bool *found) {
    for (int part = 0; part < POLICY_PARTS; part++) {
        if (strlen(policy_part_names[part]) != len || memcmp(policy_part_names[part], name, len) != 0) continue;
        *found = true;
        return (enum policy_part)part;
    }
    *found = false;
    return POLICY_PART_OTHER;
}

bool policy_in_floor(const struct policy *p, enum phi_kind kind) {
    return (unsigned)kind >= PHI_KINDS || p->in_floor[kind];
}

const char *policy_action_name(enum policy_action a) {
    return (unsigned)a < POLICY_ACTIONS ? action_names[a] : action_names[POLICY_BLOCK];
}

enum policy_action policy_action_find(const char *name, size_t len, bool *found) {
    for (int a = 0; a < POLICY_ACTIONS; a++) {
        if (strlen(action_names[a]) != len || memcmp(action_names[a], name, len) != 0) continue;
        *found = true;
        return (enum policy_action)a;
    }
    *found = false;
    return POLICY_BLOCK;
}

struct policy_limits policy_limits(const struct policy *p, int purpose) {
    struct policy_limits none = {0, 0, POLICY_ALLOW};
    if (purpose < 0 || purpose >= p->n_purposes || (!p->bulk.patients && !p->bulk.encounters)) return none;
    return (struct policy_limits){p->bulk.patients, p->bulk.encounters, (enum policy_action)p->bulk.action[purpose]};
}

enum policy_overriding policy_overriding(const struct policy *p) {
    if (!p->override.present) return POLICY_OVERRIDE_NONE;
    return p->override.second_person ? POLICY_OVERRIDE_TWO : POLICY_OVERRIDE_ONE;
}

bool policy_override_reason(const struct policy *p, const char *reason) {
    for (size_t i = 0; i < p->override.n_reasons; i++)
        if (strcmp(p->override.reasons[i], reason) == 0) return true;
    return false;
}

const char *policy_route_name(const struct policy *p, size_t i) {
    return i < p->n_routes ? p->routes[i] : NULL;
}

const char *policy_source(const struct policy *p, int purpose, enum phi_kind kind, uint32_t *line) {
    *line = 0;
    if (purpose < 0 || purpose >= p->n_purposes || (unsigned)kind >= PHI_KINDS) return NULL;
    const struct policy_cell *cell = &p->cells[purpose][kind];
    if (cell->line == 0) return NULL;
    *line = cell->line;
    return p->files[cell->file];
}

int policy_strictness(enum policy_action a) {
    switch (a) {
    case POLICY_BLOCK:
        break;
    case POLICY_ROUTE:
        return 8;
    case POLICY_DROP:
        return 7;
    case POLICY_MASK:
        return 6;
    case POLICY_TOKENIZE:
        return 5;
    case POLICY_SURROGATE: /* what was invented can be taken for real */
        return 4;
    case POLICY_OFFSET:
        return 3;
    case POLICY_GENERALIZE:
        return 2;
    case POLICY_FLAG:
        return 1;
    case POLICY_ALLOW:
    case POLICY_ACTIONS:
        return 0;
    }
    return 9;
}

bool policy_has_surrogates(enum phi_kind kind) {
    static const enum phi_kind kinds[] = {
        PHI_NAME_PATIENT, PHI_NAME_RELATIVE, PHI_NAME_PROVIDER, PHI_NAME_UNKNOWN, PHI_NAME_EMPLOYER, PHI_GEO_STREET,
        PHI_GEO_CITY,     PHI_GEO_COUNTY,    PHI_GEO_ZIP,       PHI_GEO_FACILITY, PHI_PHONE,         PHI_FAX,
        PHI_EMAIL,        PHI_SSN,           PHI_ITIN,          PHI_IP};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i] == kind) return true;
    return false;
}

bool policy_shows(enum policy_action a) {
    return policy_strictness(a) <= policy_strictness(POLICY_GENERALIZE);
}

bool policy_finds_alike(const struct policy *a, const struct policy *b) {
    return strcmp(a->detectors, b->detectors) == 0;
}
