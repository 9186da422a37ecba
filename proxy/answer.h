/* SPDX-License-Identifier: Apache-2.0
 *
 * One JSON document of an upstream's answer: where its texts are and what they belong to. Any string is text unless
 * its key says that it is an address, an identifier or a machine's data, so that a field which does not exist yet is
 * restored too. Everything lives in the arena and points into the document.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include "span.h"

#include <stdint.h>

struct arena;
struct buf;

struct answer_node { /* an object or an array; number 0 is the root */
    uint32_t parent;
    struct span key;   /* the nearest key around it, decoded */
    uint32_t position; /* in its array */
    uint32_t items;    /* that it holds as an array */
    int64_t index;     /* its own "index" member, -1 without */
    struct span type;  /* its own "type" member as it stands between the quotes */
    uint32_t text;     /* its content, or the text of a part: number in texts + 1, 0 none */
    uint32_t choice;   /* the choice it is in (or is), 0 none */
    bool array;
    bool delta;    /* in the delta of a choice */
    bool citation; /* in annotations */
    bool echo;     /* in metadata: the caller's own */
    bool usage;    /* the numbers of the bill */
    bool finished; /* a choice with its finish reason */
};

struct answer_leaf { /* a string that is text, or a number that counts characters of one */
    uint32_t node;
    struct span key;
    uint32_t position; /* in an array */
    struct span raw;
    uint32_t begin;
    bool escaped;
};

struct answer_hole { /* a container of the tokens of a text, with their bytes: from its bracket to behind it */
    uint32_t begin, end;
    bool array;
};

struct answer_member { /* of the root object */
    struct span key;
    uint32_t begin, end; /* from the quote of its key to the end of its value */
};

struct answer {
    struct span text;
    struct answer_node *nodes;
    struct answer_leaf *texts, *indexes;
    struct answer_member *members;
    struct answer_hole *holes;
    size_t n_nodes, n_texts, n_indexes, n_members, n_holes;
    uint64_t usage_in, usage_out;
    bool object; /* the root is one */
    bool error;  /* it has an error */
};

enum { ANSWER_DEPTH = 96 };

/* -1: not strict JSON, too deep, or the arena is full. */
MUST_CHECK int answer_read(struct arena *a, struct span text, struct answer *out);

/* The number by which a choice or a tool call is known: its index, or its place. */
int64_t answer_number(const struct answer *w, uint32_t node);
/* The text grows over events: part of a delta, or the text of a completion. */
bool answer_grows(const struct answer *w, const struct answer_leaf *text);
/* Its content is JSON text; json_mode: message contents are. */
bool answer_is_json(const struct answer *w, const struct answer_leaf *text, bool json_mode);
/* A name of the place of a leaf or, with a key, of that member of a node; the same in every event of a stream. */
void answer_path(const struct answer *w, uint32_t node, struct span key, struct buf *out);
/* The node whose text the numbers of a citation count. */
uint32_t answer_cited(const struct answer *w, const struct answer_leaf *index);

/* The root object with one choice that holds nothing but this text, without it: what comes before and behind. */
void answer_envelope(const struct answer *w, const struct answer_leaf *text, struct buf *before, struct buf *after);

/* ---- which keys hold text ---- */

bool answer_key_opens(struct span key); /* false: nothing below is text, and it is passed by */
bool answer_key_repeats(struct span key); /* one of those whose inside spells the text again, token by token */
bool answer_key_is_text(struct span key, struct span parent_key);

#endif
