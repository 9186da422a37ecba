/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a policy, shared by the modules that build it, read it and compute its claim.
 */
#ifndef POLICY_TABLE_H
#define POLICY_TABLE_H

#include "../../detectors/roster.h"
#include "policy.h"

#include <stdatomic.h>

#define POLICY_PURPOSES_MAX 32
#define POLICY_NAME_MAX 64
#define POLICY_ROUTES_MAX 16
#define POLICY_REASONS_MAX 16
#define POLICY_TOOLS_MAX 64

struct diag;
struct policy_chain;
struct policy_message;
struct policy_scope;

/* One decision and the line that made it. */
struct policy_cell {
    uint8_t action; /* enum policy_action */
    uint8_t file;   /* index into policy.files */
    uint8_t route;  /* index into policy.routes, for the action of that name */
    uint32_t line;
};

/* Zero limits: none. */
struct policy_bulk {
    uint32_t patients, encounters;
    uint8_t action[POLICY_PURPOSES_MAX + 1]; /* by purpose: block, flag or allow */
};

struct policy_override {
    bool present, floor, second_person;
    char reasons[POLICY_REASONS_MAX][POLICY_NAME_MAX + 1];
    size_t n_reasons;
};

struct policy_answers { /* `response` */
    bool present;
    uint8_t action[PHI_KINDS]; /* enum policy_response */
};

#define POLICY_ROSTERS_MAX 4

struct policy_roster_note {
    char *file, *key_file; /* key_file: NULL when the gateway's configuration names it */
    char digest[65];
    struct roster_facts facts;
};

struct policy {
    atomic_uint refs;
    char id[POLICY_NAME_MAX + 1];
    char digest[65];
    char signable[65];  /* the same without the rosters */
    char detectors[65]; /* the same for what finds: equal digests find the same */
    uint32_t n_allowed; /* values that are never reported */
    enum policy_mode mode;
    int monitor_until; /* last day of monitor mode, since 1970-01-01; 0: no end */
    enum policy_claim claim;
    enum policy_unscannable unscannable;
    enum policy_speech speech;
    unsigned stored; /* enum policy_stored */
    bool block_as_message;
    bool strict_detection;
    bool detection_weakened; /* an identifier's rule was disabled or lowered, or its threshold raised */
    bool in_floor[PHI_KINDS];
    uint8_t threshold[PHI_KINDS];
    char *files[4];
    char purposes[POLICY_PURPOSES_MAX + 1][POLICY_NAME_MAX + 1]; /* 0: none given, "" */
    int n_purposes;                                              /* 0 included */
    struct policy_roster_note rosters[POLICY_ROSTERS_MAX];
    size_t n_rosters;
    struct policy_bulk bulk;
    struct policy_override override;
    struct policy_answers response;
    struct policy_tool {
        char name[POLICY_NAME_MAX + 1]; /* with '*': any */
        bool off;
    } tools[POLICY_TOOLS_MAX];
    size_t n_tools;
    struct policy_message *messages;
    size_t n_messages;
    char routes[POLICY_ROUTES_MAX][POLICY_NAME_MAX + 1]; /* that `route:NAME` names */
    size_t n_routes;
    struct policy_scope *scopes; /* in the order in which they are asked */
    size_t n_scopes;
    uint32_t languages; /* bits of those that scopes ask for */
    struct policy_cell cells[POLICY_PURPOSES_MAX + 1][PHI_KINDS];
    struct phi_engine *engine;
};

/* The value goes as it is, or in a general form of itself. */
bool policy_shows(enum policy_action a);

/* Everything of a policy but its detectors. 0, or -1 with mistakes in d. */
int policy_table_read(struct policy *p, const struct policy_chain *chain, struct diag *d);

#endif
