/* SPDX-License-Identifier: Apache-2.0
 *
 * A chain of readers: each undoes one level of string escapes and hands what it reads to the next.
 *
 *   {"a":"{\"b\":\"x\"}"}     level 0
 *         {"b":"x"}           level 1
 *               x             level 2, plain: to the link state
 */
#include "json_level.h"

#include <string.h>

enum { TEXT_UNDECIDED, TEXT_OBJECT, TEXT_ARRAY, TEXT_JSON, TEXT_PLAIN };

static bool is_white(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static uint8_t decide_first(const struct json_level_text *t, bool outermost, char c) {
    if (c == '[') return TEXT_ARRAY;
    if (c == '{') return outermost ? TEXT_JSON : TEXT_OBJECT;
    return outermost && (c == '"' || (c == '`' && !t->ended)) ? TEXT_JSON : TEXT_PLAIN;
}

static void decide(struct json_level_text *t, bool outermost, char c) {
    bool json;

    if (t->what == TEXT_UNDECIDED) {
        t->what = decide_first(t, outermost, c);
        return;
    }
    if (t->what == TEXT_OBJECT)
        json = c == '"' || c == '}';
    else
        json = outermost ? c < 'A' || c > 'Z' : c == '"' || c == '{' || c == '[' || c == ']';
    t->what = json ? TEXT_JSON : TEXT_PLAIN;
    t->nesting = 1; /* the bracket that raised the question */
}

static void end_document(struct json_level_text *t) {
    t->what = TEXT_UNDECIDED;
    t->ended = true;
}

static void bracket(struct json_level_text *t, char c) {
    if (c == '{' || c == '[') t->nesting++;
    if ((c == '}' || c == ']') && t->nesting > 0 && --t->nesting == 0) end_document(t);
}

/* A string begins or ends: what a reader shows of it is a text of its own. */
static void string_border(struct json_level *j, struct link_state *links, unsigned level, bool in_string) {
    j->v[level].in_string = in_string;
    j->v[level].escape = 0;
    memset(&j->v[level + 1], 0, sizeof j->v[level + 1]);
    memset(links, 0, sizeof *links);
}

static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that c ends, in *out. What is not ASCII is a byte that is dull to every reader. */
static bool read_escape(struct json_level_text *t, char c, char *out) {
    if (t->escape > 1 && hex(c) >= 0) {
        t->code = (uint16_t)(t->code << 4 | hex(c));
        *out = t->code < 0x80 ? (char)t->code : '\x80';
        t->escape = t->escape == 5 ? 0 : (uint8_t)(t->escape + 1);
        return t->escape == 0;
    }
    if (t->escape == 1 && c == 'u') {
        t->escape = 2;
        t->code = 0;
        return false;
    }
    t->escape = 0;
    *out = c;
    if (c == 'n' || c == 'r') *out = '\n';
    if (c == 't' || c == 'b' || c == 'f') *out = ' ';
    return true;
}

/* One byte at the outermost level; goes down as far as it is part of a string. */
static void feed(struct json_level *j, struct link_state *links, char c) {
    for (unsigned level = 0; level < JSON_LEVELS; level++) {
        struct json_level_text *t = &j->v[level];

        if (t->what < TEXT_JSON && !is_white(c)) decide(t, level == 0, c);
        if (t->what != TEXT_JSON) break;
        if (!t->in_string) {
            bracket(t, c);
            if (c == '"' && link_state_inside(links)) t->what = TEXT_PLAIN;
            if (c != '"' || t->what == TEXT_PLAIN) break;
            string_border(j, links, level, true);
            return;
        }
        if (t->escape) {
            if (!read_escape(t, c, &c)) return;
        } else if (c == '\\') {
            t->escape = 1;
            return;
        } else if (c == '"') {
            string_border(j, links, level, false);
            if (t->nesting == 0) end_document(t);
            return;
        }
    }
    link_state_feed(links, span_make(&c, 1));
}

void json_level_feed(struct json_level *j, struct link_state *links, struct span s) {
    for (size_t i = 0; i < s.len; i++)
        feed(j, links, s.ptr[i]);
}

unsigned json_level_depth(const struct json_level *j) {
    unsigned depth = 0;
    while (depth < JSON_LEVELS && j->v[depth].what == TEXT_JSON)
        if (!j->v[depth++].in_string) break;
    return depth;
}

void json_level_put(struct json_level *j, struct link_state *links, struct span value) {
    unsigned depth = json_level_depth(j);

    if (depth == 0) {
        json_level_feed(j, links, value);
        return;
    }
    if (j->v[depth].what < TEXT_JSON) j->v[depth].what = TEXT_PLAIN;
    link_state_feed(links, value);
}
