/* SPDX-License-Identifier: Apache-2.0
 *
 * A call is an object with a name that stands under "function", "functionCall" or "function_call" or says by its type that it
 * is one. What cannot be told gets no values.
 */
#include "relay_tools.h"

#include "../policies/engine/policy.h"
#include "arena.h"
#include "json.h"

#define DEPTH_MAX 96u

struct level {
    uint32_t begin;
    struct span key, name, type;
    bool object, escaped; /* escaped: the name is written with a backslash, as no tool's is */
};

static bool is_any(struct span s, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (span_is(s, list[i])) return true;
    return false;
}
#define IS_ANY(s, list) is_any(s, list, sizeof(list) / sizeof *(list))

static bool is_call(const struct level *l) {
    static const char *const keys[] = {"function", "functionCall", "function_call", "custom"};
    static const char *const types[] = {"function_call", "custom_tool_call", "mcp_call", "tool_use", "server_tool_use"};

    return l->object && l->name.ptr && (IS_ANY(l->key, keys) || IS_ANY(l->type, types));
}

static void call_add(struct relay_tools *t, const struct level *l, uint32_t end) {
    if (t->n == RELAY_CALLS_MAX) {
        t->overflow = true;
        return;
    }
    bool known = l->name.len > 0 && !l->escaped;
    bool on = policy_restores_tool(t->policy, l->name.ptr, known ? l->name.len : 0);
    t->calls[t->n++] = (struct relay_call){l->begin, end, !on};
}

static void take_string(struct level *l, struct span key, const struct json_token *t) {
    if (span_is(key, "name")) {
        l->name = t->raw;
        l->escaped = t->escaped;
    }
    if (span_is(key, "type")) l->type = t->raw;
}

int relay_tools_read(struct relay_tools *t, struct arena *a, struct span document) {
    t->n = 0;
    t->overflow = false;
    if (!t->policy) return 0;
    struct json_scanner *s = json_scanner_new(a, document, DEPTH_MAX);
    struct level *levels = arena_array(a, DEPTH_MAX + 1, sizeof *levels);
    struct span key = {0};
    struct json_token token;
    size_t depth = 0;

    if (!s || !levels) return -1;
    while (json_next(s, &token) == 0) {
        switch (token.type) {
        case JSON_END: return 0;
        case JSON_OBJECT_BEGIN: case JSON_ARRAY_BEGIN:
            levels[depth++] = (struct level){.begin = token.begin, .key = key, .object = token.type == JSON_OBJECT_BEGIN};
            break;
        case JSON_OBJECT_END: case JSON_ARRAY_END:
            depth--;
            if (is_call(&levels[depth])) call_add(t, &levels[depth], token.begin + 1);
            break;
        case JSON_KEY: key = token.raw; break;
        case JSON_STRING:
            if (depth > 0 && levels[depth - 1].object) take_string(&levels[depth - 1], key, &token);
            break;
        case JSON_NUMBER: case JSON_TRUE: case JSON_FALSE: case JSON_NULL: break;
        }
    }
    return -1;
}

static const struct relay_call *call_at(const struct relay_tools *t, uint32_t at) {
    for (uint32_t i = 0; i < t->n; i++)
        if (t->calls[i].begin <= at && at < t->calls[i].end) return &t->calls[i];
    return NULL;
}

bool relay_tools_named_at(const struct relay_tools *t, uint32_t at) {
    return call_at(t, at) != NULL;
}

bool relay_tools_off_at(const struct relay_tools *t, uint32_t at) {
    const struct relay_call *call = call_at(t, at);
    return t->overflow || (call && call->off);
}

void relay_tools_number(struct relay_tools *t, uint64_t number) {
    if (t->n > 0 && number < RELAY_NUMBERS_MAX) t->numbered[number] = t->calls[0].off ? 2 : 1;
}

bool relay_tools_off_by(const struct relay_tools *t, uint64_t number) {
    return t->policy && (number >= RELAY_NUMBERS_MAX || t->numbered[number] != 1);
}
