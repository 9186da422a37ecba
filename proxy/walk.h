/* SPDX-License-Identifier: Apache-2.0
 *
 * Every string, every key and every number of a JSON body as a list of leaves, in document order. A string that
 * is itself a JSON object or array (tool arguments, tool results, FHIR in content) is walked again in its place,
 * up to WALK_NESTING_MAX levels; beyond, it is a leaf of text.
 *
 *   body ──scan──> string leaf "…"            text: decoded      map: decoded -> raw
 *                    └── parses as JSON ──> leaves of the inner document, parent = the string
 *
 * An edit of a leaf is made in decoded offsets of its text and lands in the body through the maps of all its
 * parents, escaped once per level.
 */
#ifndef WALK_H
#define WALK_H

#include "json.h"
#include "shape.h"
#include "span.h"

#include <stdint.h>

struct arena;
struct buf;

#define WALK_NESTING_MAX 8

enum walk_what { WALK_STRING, WALK_KEY, WALK_NUMBER };

struct walk_leaf {
    enum walk_what what;
    enum walk_part part;
    struct span text;    /* decoded; for a number its source text */
    struct span label;   /* decoded key of the nearest enclosing member ("patient.name" where the key alone is vague), or empty */
    uint32_t begin, end; /* raw range in the parent's text (or in the body when parent is -1) */
    struct json_map map; /* decoded -> raw, relative to begin */
    int32_t parent;      /* index of the string leaf this one lies in (that leaf is `container`), or -1 */
    uint32_t level;      /* escapes to undo: 1 in the body, 2 in JSON inside a string, ... */
    uint32_t group;      /* message or list item it belongs to; the items of prompt and input share one, since text
                            that was cut into them belongs together */
    uint32_t path;       /* for walk_path */
    bool container;      /* a string that was walked as JSON: not searched itself */
    bool fixed;          /* text under an upstream's signature: searched, but not to be changed */
    bool parameter;      /* a short number at a documented place, a known key, a known word (role, type): not searched */
};

enum walk_unreadable { WALK_IMAGE = 1, WALK_AUDIO = 2, WALK_FILE = 4, WALK_REMOTE = 8, WALK_STATE = 16, WALK_UNKNOWN_PART = 32,
                       WALK_HOSTED_TOOL = 64, WALK_TOKEN_IDS = 128, WALK_SPOKEN = 256,
                       WALK_REFERENCE = 512, /* a stored object that is named by `reference` */
                       WALK_UNOWNED = 1024, /* the same, where it cannot be told which, or whose */
                       WALK_BACKGROUND = 2048 /* an answer that is fetched later from where it is kept */ };
/* What others may have stored: never let pass because it cannot be read, only because it is known whose it is. */
#define WALK_OF_SOMEBODY ((uint32_t)WALK_REFERENCE | WALK_UNOWNED | WALK_BACKGROUND)

struct walk {
    struct walk_leaf *v;
    size_t n;
    enum shape_endpoint endpoint;
    /* facts that the gateway acts on */
    struct span model;      /* decoded; empty when absent */
    struct span body_model; /* the same as the body names it, whatever else named one */
    bool stream, include_usage, json_mode;
    uint32_t root_begin;    /* of the object of the endpoint: the body's, or a line's "body" */
    bool store;             /* true when the body asks to keep state upstream */
    uint32_t store_begin, store_end; /* of that member's value in the body; 0: there is none */
    struct span reference;  /* decoded id of a stored object that the request continues; empty: none */
    bool continues;         /* it is a conversation: what is said is added to it */
    struct json_edit *cut;  /* lists of a model's tokens in what is sent back to it (logprobs), to be taken out */
    size_t n_cut, cut_size;
    uint32_t sealed;        /* values that only the upstream can read, which it made itself */
    uint32_t choices;       /* n, 1 when absent */
    uint32_t unreadable;    /* enum walk_unreadable bits of what was met */
    uint32_t unreadable_path; /* path of the first of them */
    /* when walk_body returned -1 */
    const char *error;      /* constant, without content */
    uint32_t error_path;
    const char *error_code; /* "invalid_json", "too_deep", ... */
    const struct walk_paths *paths;
    /* Edits of the gateway's own (force.h), set by the caller, ascending, apart from all leaves. */
    const struct json_edit *forced;
    size_t n_forced;
};

/* 0, or -1 with error set. body must stay in place as long as the walk is used. */
MUST_CHECK int walk_body(struct arena *a, enum shape_endpoint e, struct span body, uint32_t depth, struct walk *w);

/* The same for a line of a batch, {"custom_id", "method", "url", "body"}: e is the endpoint of its url. */
MUST_CHECK int walk_line(struct arena *a, enum shape_endpoint e, struct span line, uint32_t depth, struct walk *w);

/* A text beside the body (a name in a path, a query's value) as one more leaf, which nothing can be changed in: what is found
 * in it blocks. After walk_body, or on a zeroed walk. -1 when the arena is full. */
MUST_CHECK int walk_add_outside(struct arena *a, struct walk *w, const char *name, struct span text);

/* A path as "messages[3].content": known keys by name, other keys as '*', "(json)" where a string was opened.
 * Never content. */
void walk_path(const struct walk *w, uint32_t path, struct buf *out);

/* The range of the body that decoded bytes [begin, end) of a leaf come from. */
void walk_range(const struct walk *w, const struct walk_leaf *leaf, uint32_t begin, uint32_t end,
                uint32_t *body_begin, uint32_t *body_end);

/* text escaped `level` times as the inside of a JSON string, into the arena. -1 when the arena is full. */
MUST_CHECK int walk_escape(struct arena *a, struct span text, uint32_t level, struct span *out);

#endif
