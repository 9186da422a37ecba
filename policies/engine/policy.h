/* SPDX-License-Identifier: Apache-2.0
 *
 * The policy: what happens to a finding of a kind, for a purpose. Immutable after loading and counted, so that
 * a request keeps the policy it began with while a reload puts another in its place.
 *
 * Zero is deny: a zeroed action is POLICY_BLOCK.
 */
#ifndef POLICY_H
#define POLICY_H

#include "../../detectors/phi.h"
#include "language.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum policy_action {
    POLICY_BLOCK = 0, /* the request is refused */
    POLICY_ROUTE,     /* the request goes to another upstream, whose own policy decides */
    POLICY_TOKENIZE,  /* [NAME_1], restored in the answer */
    POLICY_OFFSET,    /* dates: [DATE_1+12d]; restored, also where the model computed a new distance */
    POLICY_SURROGATE, /* "Avery Mendes": invented, restored; where none can be made, a token */
    POLICY_MASK,      /* [SSN], not restored */
    POLICY_DROP,      /* the text is taken out */
    POLICY_GENERALIZE, /* date -> year, ZIP -> ZIP3, age -> 90+; falls back to mask where no general form exists */
    POLICY_FLAG,      /* goes as it is, and is counted as disclosed */
    POLICY_ALLOW,     /* goes as it is */
    POLICY_ACTIONS
};

enum policy_mode { POLICY_ENFORCE = 0, POLICY_MONITOR }; /* monitor: nothing is changed, all is recorded */

/* What may be unreadable in a request. */
enum policy_unscannable { POLICY_UNSCANNABLE_BLOCK = 0, POLICY_UNSCANNABLE_ALLOW };
/* What an upstream may keep for a client, so that it can be fetched or continued later. Bits. */
enum policy_stored { POLICY_STORED_BLOCK = 0, POLICY_STORED_BATCHES = 1, POLICY_STORED_RESPONSES = 2, POLICY_STORED_ALL = 3 };

/* Text that an upstream is to say aloud. A token cannot be turned back in sound, so what would become one is masked. */
enum policy_speech { POLICY_SPEECH_BLOCK = 0, POLICY_SPEECH_MASK };

enum policy_claim {
    POLICY_NOT_FORWARDABLE = 0,
    POLICY_PHI_UNDER_BAA,
    POLICY_EXPERT_DETERMINATION,
    POLICY_LIMITED_DATA_SET,
    POLICY_SAFE_HARBOR_CANDIDATE
};

struct policy;
struct policy_cell;
struct diag;

/* A roster that is open: every policy that is loaded with it looks for its people. */
struct phi_roster;
struct policy_roster {
    struct phi_roster *roster;
    const char *file, *digest;
};

/* Where the presets, built-in rules and dictionaries lie; and the gateway's own rosters. */
struct policy_paths {
    const char *share; /* directory that holds policies/ and detectors/dictionaries/ */
    const struct policy_roster *rosters;
    size_t n_rosters;
};

/* name_or_file: a preset name ("minimum-necessary") or a path to a YAML file. NULL with mistakes in d. */
struct policy *policy_load(const char *name_or_file, const struct policy_paths *paths, struct diag *d);
struct policy *policy_ref(struct policy *p);
void policy_unref(struct policy *p);

const char *policy_id(const struct policy *p);
/* SHA-256 over the policy file, what it extends, every rules file it uses, and the digests of its rosters, as 64 hex digits. */
const char *policy_digest(const struct policy *p);
/* The same without the rosters: what is signed. A roster is renewed every day, and sealed with the site's own key. */
const char *policy_signable(const struct policy *p);
/* The file of a roster, or NULL at the end; the rest when it is asked for. */
struct roster_facts;
const char *policy_roster(const struct policy *p, size_t i, const char **digest, struct roster_facts *facts);
const char *policy_roster_key(const struct policy *p, size_t i); /* the file of its key, where the policy names it */
/* Monitor until the end of the day `monitor_until`; enforce from then on, and where no such day is given. */
enum policy_mode policy_mode(const struct policy *p);
bool policy_monitors_without_end(const struct policy *p);
/* Days of monitor mode that are left: 0 on the last; negative: over. Only where the policy says `mode: monitor` and until when. */
bool policy_monitor_days(const struct policy *p, long *days);
enum policy_claim policy_claim(const struct policy *p);
const char *policy_claim_name(enum policy_claim c);
enum policy_unscannable policy_unscannable(const struct policy *p);
bool policy_stores(const struct policy *p, enum policy_stored what);
enum policy_speech policy_speech(const struct policy *p);
bool policy_block_as_message(const struct policy *p); /* block_style: assistant_message */
struct phi_engine *policy_engine(const struct policy *p); /* borrowed; sealed */

/* Purposes are small numbers of this policy; -1 when the word is unknown. 0 is "none given": the strictest. */
int policy_purpose(const struct policy *p, const char *name, size_t len);
const char *policy_purpose_name(const struct policy *p, int purpose);
int policy_purpose_count(const struct policy *p);

/* Whose words a text is. */
enum policy_part { POLICY_PART_OTHER = 0, POLICY_PART_SYSTEM, POLICY_PART_USER, POLICY_PART_ASSISTANT, POLICY_PART_TOOL,
                   POLICY_PART_SCHEMA, POLICY_PART_METADATA, POLICY_PARTS };

/* What scopes ask about a request. NULL: not known, and no scope that asks for it applies. */
struct policy_request {
    int purpose;
    const char *role, *user, *upstream;
    const char *model; /* not NUL-terminated */
    size_t model_len;
    enum language language; /* of the text; unknown: the strictest of what the policy says for any */
};

/* All decisions for one request. */
struct policy_view {
    const struct policy *policy;
    int purpose;
    bool override; /* bulk limits do not block */
    struct policy_request request; /* what it was made for; the request's words outlive the view */
    const struct policy_cell *cells[POLICY_PARTS][PHI_KINDS]; /* NULL: block */
};

/* The policy outlives the view. Without a purpose each kind gets the strictest decision of all purposes. */
void policy_view(const struct policy *p, const struct policy_request *r, struct policy_view *out);
/* Whether a scope asks for the language of a text; then each text has a view of its own. */
bool policy_asks_language(const struct policy *p);
void policy_view_language(const struct policy_view *v, enum language language, struct policy_view *out);
/* Break-glass: what is blocked goes instead, a category as it is (flag), a value as a token. The floor stays blocked, unless
 * the policy says `override: {floor: true}`; then it is tokens too. What is hidden otherwise stays hidden as it is. */
void policy_view_override(struct policy_view *v);
bool policy_view_overridden(const struct policy_view *v, enum policy_part part, enum phi_kind kind);
enum policy_action policy_view_action(const struct policy_view *v, enum policy_part part, enum phi_kind kind);
/* Where POLICY_ROUTE leads; NULL for any other action. */
const char *policy_view_route(const struct policy_view *v, enum policy_part part, enum phi_kind kind);
/* The file and line of the decision, for explain. */
const char *policy_view_source(const struct policy_view *v, enum policy_part part, enum phi_kind kind, uint32_t *line);
const char *policy_part_name(enum policy_part part);
/* POLICY_PART_OTHER and *found = false when the word is none. */
enum policy_part policy_part_find(const char *name, size_t len, bool *found);

/* Where no scope applies. */
enum policy_action policy_action(const struct policy *p, int purpose, enum phi_kind kind);
/* Kinds that leave in clear under no policy. Their action holds in monitor mode too: monitor changes nothing else. */
bool policy_in_floor(const struct policy *p, enum phi_kind kind);
const char *policy_action_name(enum policy_action a);
/* How much an action hides: the higher, the stricter. */
int policy_strictness(enum policy_action a);
/* There are invented values of this kind that belong to nobody. */
bool policy_has_surrogates(enum phi_kind kind);
/* The two find the same in the same text. */
bool policy_finds_alike(const struct policy *a, const struct policy *b);
/* The most distinct patients and encounters that one request may hold, 0: no limit; and what happens beyond. */
struct policy_limits {
    uint32_t patients, encounters;
    enum policy_action action; /* POLICY_BLOCK, POLICY_FLAG or POLICY_ALLOW */
};
struct policy_limits policy_limits(const struct policy *p, int purpose);
/* The site's own words for a refusal: by the kind that led to it, then by its code. NULL: it has none. */
const char *policy_message(const struct policy *p, const char *code, enum phi_kind kind);
enum policy_overriding { POLICY_OVERRIDE_NONE = 0, POLICY_OVERRIDE_ONE, POLICY_OVERRIDE_TWO };
/* How many persons an override takes; none: the policy knows no override. */
enum policy_overriding policy_overriding(const struct policy *p);
bool policy_override_reason(const struct policy *p, const char *reason);
/* Whether the arguments of a tool that the model calls get real values back. len 0: a tool whose name is not known. */
bool policy_restores_tool(const struct policy *p, const char *name, size_t len);
bool policy_restores_all_tools(const struct policy *p);
/* The upstreams that `route:NAME` names, to be checked against the configuration. NULL at the end. */
const char *policy_route_name(const struct policy *p, size_t i);
enum policy_action policy_action_find(const char *name, size_t len, bool *found);
/* The file and line of the rule that decides this cell, for explain. */
const char *policy_source(const struct policy *p, int purpose, enum phi_kind kind, uint32_t *line);

#endif
