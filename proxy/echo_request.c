/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the few members that the echo model cares about; the scanner checks all of the body on the way.
 */
#include "echo_request.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"

#define DEPTH_MAX 96
#define TEXTS_MAX 2048
#define CHOICES_MAX 128
#define DIMENSIONS_DEFAULT 8
#define DIMENSIONS_MAX 3072
#define JOINED_MAX ((size_t)1 << 30)

struct reader {
    struct arena *arena;
    struct json_scanner *json;
    struct echo_request *out;
    size_t room; /* of out->texts */
};

struct member { /* how a member of an object is read; t: the first token of its value */
    const char *key;
    int (*read)(struct reader *r, const struct json_token *t, void *arg);
};

static bool opens(const struct json_token *t) {
    return t->type == JSON_OBJECT_BEGIN || t->type == JSON_ARRAY_BEGIN;
}

static int skip(struct reader *r, const struct json_token *t) {
    return opens(t) ? json_skip(r->json) : 0;
}

static int read_member(struct reader *r, const struct member *members, struct span key, void *arg) {
    struct json_token t;

    if (json_next(r->json, &t) < 0) return -1;
    for (const struct member *m = members; m->key; m++)
        if (span_is(key, m->key)) return m->read(r, &t, arg);
    return skip(r, &t);
}

/* The rest of an object whose begin was read; without members when it is none. */
static int read_object(struct reader *r, const struct json_token *begin, const struct member *members, void *arg) {
    struct json_token t;

    if (begin->type != JSON_OBJECT_BEGIN) return skip(r, begin);
    for (;;) {
        struct span key;
        if (json_next(r->json, &t) < 0) return -1;
        if (t.type == JSON_OBJECT_END) return 0;
        if (json_unescape(r->arena, t.raw, &key, NULL) < 0) return -1;
        if (read_member(r, members, key, arg) < 0) return -1;
    }
}

static int read_text(struct reader *r, const struct json_token *t, void *arg) {
    if (t->type != JSON_STRING) return skip(r, t);
    return json_unescape(r->arena, t->raw, arg, NULL);
}

static int read_raw(struct reader *r, const struct json_token *t, void *arg) {
    struct span *out = arg;
    if (t->type == JSON_STRING) *out = t->raw;
    return skip(r, t);
}

static int read_bool(struct reader *r, const struct json_token *t, void *arg) {
    bool *out = arg;
    *out = t->type == JSON_TRUE;
    return skip(r, t);
}

static int read_count(struct reader *r, const struct json_token *t, void *arg) {
    unsigned *out = arg;
    unsigned long long value;

    if (t->type == JSON_NUMBER && span_decimal(t->raw, &value) == 0 && value <= CHOICES_MAX * 1000u)
        *out = (unsigned)value;
    return skip(r, t);
}

static int add_text(struct reader *r, struct span text) {
    struct echo_request *out = r->out;

    if (out->n_texts == r->room) {
        size_t room = r->room ? r->room * 2 : 4;
        if (room > TEXTS_MAX) return -1;
        struct span *v = arena_grow(r->arena, out->texts, r->room * sizeof *v, room * sizeof *v);
        if (!v) return -1;
        out->texts = v;
        r->room = room;
    }
    out->texts[out->n_texts++] = text;
    return 0;
}

/* ---- messages ---- */

static int add_part(struct reader *r, const struct json_token *t, struct buf *joined) {
    static const struct member members[] = {{"text", read_text}, {NULL, NULL}};
    struct span part = {NULL, 0};

    if (read_object(r, t, members, &part) < 0) return -1;
    if (part.len && joined->len) buf_add_char(joined, '\n');
    buf_add(joined, part);
    return joined->failed ? -1 : 0;
}

/* Text parts are joined by line feeds; others are passed over. */
static int read_parts(struct reader *r, struct span *text) {
    struct json_token t;
    struct buf joined;
    int result = -1;

    buf_init(&joined, JOINED_MAX);
    for (;;) {
        if (json_next(r->json, &t) < 0) goto out;
        if (t.type == JSON_ARRAY_END) break;
        if (add_part(r, &t, &joined) < 0) goto out;
    }
    char *copy = arena_copy(r->arena, buf_span(&joined));
    if (!copy) goto out;
    *text = span_make(copy, joined.len);
    result = 0;
out:
    buf_free(&joined);
    return result;
}

struct message {
    struct span role, content;
};

static int read_role(struct reader *r, const struct json_token *t, void *arg) {
    return read_text(r, t, &((struct message *)arg)->role);
}

static int read_content(struct reader *r, const struct json_token *t, void *arg) {
    struct message *m = arg;
    return t->type == JSON_ARRAY_BEGIN ? read_parts(r, &m->content) : read_text(r, t, &m->content);
}

static int read_messages(struct reader *r, const struct json_token *begin, void *arg) {
    static const struct member members[] = {{"role", read_role}, {"content", read_content}, {NULL, NULL}};
    struct json_token t;
    (void)arg;

    if (begin->type != JSON_ARRAY_BEGIN) return -1;
    for (;;) {
        struct message m = {{NULL, 0}, {NULL, 0}};
        if (json_next(r->json, &t) < 0) return -1;
        if (t.type == JSON_ARRAY_END) return 0;
        if (read_object(r, &t, members, &m) < 0) return -1;
        if (!span_is(m.role, "user")) continue;
        r->out->n_texts = 0;
        if (add_text(r, m.content) < 0) return -1;
    }
}

/* A string or an array of strings. */
static int read_texts(struct reader *r, const struct json_token *begin, void *arg) {
    struct json_token t = *begin;
    struct span text;
    (void)arg;

    if (t.type == JSON_STRING) return json_unescape(r->arena, t.raw, &text, NULL) < 0 ? -1 : add_text(r, text);
    if (t.type != JSON_ARRAY_BEGIN) return -1;
    for (;;) {
        if (json_next(r->json, &t) < 0) return -1;
        if (t.type == JSON_ARRAY_END) return 0;
        if (t.type != JSON_STRING || json_unescape(r->arena, t.raw, &text, NULL) < 0) return -1;
        if (add_text(r, text) < 0) return -1;
    }
}

/* A string, or items of which the messages of the user count. */
static int read_input(struct reader *r, const struct json_token *t, void *arg) {
    return t->type == JSON_STRING ? read_texts(r, t, arg) : read_messages(r, t, arg);
}

/* ---- options ---- */

static int read_format(struct reader *r, const struct json_token *t, void *arg) {
    static const struct member members[] = {{"type", read_text}, {NULL, NULL}};
    struct span type = {NULL, 0};
    (void)arg;

    if (read_object(r, t, members, &type) < 0) return -1;
    r->out->json = span_is(type, "json_object") || span_is(type, "json_schema");
    return 0;
}

static int read_text_options(struct reader *r, const struct json_token *t, void *arg) {
    static const struct member members[] = {{"format", read_format}, {NULL, NULL}};
    return read_object(r, t, members, arg);
}

static int read_stream_options(struct reader *r, const struct json_token *t, void *arg) {
    static const struct member members[] = {{"include_usage", read_bool}, {NULL, NULL}};
    (void)arg;
    return read_object(r, t, members, &r->out->include_usage);
}

static int read_encoding(struct reader *r, const struct json_token *t, void *arg) {
    struct span name = {NULL, 0};
    (void)arg;
    if (read_text(r, t, &name) < 0) return -1;
    r->out->base64 = span_is(name, "base64");
    return 0;
}

static int read_model(struct reader *r, const struct json_token *t, void *arg) {
    (void)arg;
    return read_raw(r, t, &r->out->model);
}

static int read_stream(struct reader *r, const struct json_token *t, void *arg) {
    (void)arg;
    return read_bool(r, t, &r->out->stream);
}

static int read_n(struct reader *r, const struct json_token *t, void *arg) {
    (void)arg;
    return read_count(r, t, &r->out->n);
}

static int read_dimensions(struct reader *r, const struct json_token *t, void *arg) {
    (void)arg;
    return read_count(r, t, &r->out->dimensions);
}

static const struct member chat_members[] = {
    {"model", read_model}, {"messages", read_messages}, {"n", read_n}, {"stream", read_stream},
    {"stream_options", read_stream_options}, {"response_format", read_format}, {NULL, NULL}};
static const struct member completion_members[] = {
    {"model", read_model}, {"prompt", read_texts}, {"n", read_n}, {"stream", read_stream},
    {"stream_options", read_stream_options}, {NULL, NULL}};
static const struct member embedding_members[] = {
    {"model", read_model}, {"input", read_texts}, {"dimensions", read_dimensions},
    {"encoding_format", read_encoding}, {NULL, NULL}};

static const struct member response_members[] = {
    {"model", read_model}, {"input", read_input}, {"stream", read_stream}, {"text", read_text_options}, {NULL, NULL}};

static const struct member *members_of(enum echo_endpoint e) {
    switch (e) {
    case ECHO_CHAT:
        return chat_members;
    case ECHO_COMPLETIONS:
        return completion_members;
    case ECHO_EMBEDDINGS:
        return embedding_members;
    case ECHO_RESPONSES:
        return response_members;
    case ECHO_UNKNOWN:
    case ECHO_MODELS:
        break;
    }
    return NULL;
}

enum echo_endpoint echo_endpoint_of(const char *method, const char *path) {
    if (strcmp(method, "GET") == 0) return strcmp(path, "/models") == 0 ? ECHO_MODELS : ECHO_UNKNOWN;
    if (strcmp(method, "POST") != 0) return ECHO_UNKNOWN;
    if (strcmp(path, "/chat/completions") == 0) return ECHO_CHAT;
    if (strcmp(path, "/completions") == 0) return ECHO_COMPLETIONS;
    if (strcmp(path, "/responses") == 0) return ECHO_RESPONSES;
    return strcmp(path, "/embeddings") == 0 ? ECHO_EMBEDDINGS : ECHO_UNKNOWN;
}

int echo_request_read(struct arena *a, enum echo_endpoint endpoint, struct span body, struct echo_request *out) {
    struct reader r = {.arena = a, .out = out};
    const struct member *members = members_of(endpoint);
    struct json_token t;

    *out = (struct echo_request){.endpoint = endpoint, .n = 1, .dimensions = DIMENSIONS_DEFAULT};
    out->model = span_of("echo");
    if (!members) return endpoint == ECHO_MODELS ? 0 : -1;
    r.json = json_scanner_new(a, body, DEPTH_MAX);
    if (!r.json || json_next(r.json, &t) < 0 || t.type != JSON_OBJECT_BEGIN) return -1;
    if (read_object(&r, &t, members, NULL) < 0) return -1;
    if (json_next(r.json, &t) < 0 || t.type != JSON_END) return -1;
    if (out->n < 1 || out->n > CHOICES_MAX || out->dimensions < 1 || out->dimensions > DIMENSIONS_MAX) return -1;
    return out->n_texts == 0 ? add_text(&r, span_make("", 0)) : 0;
}
