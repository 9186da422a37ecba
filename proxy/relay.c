/* SPDX-License-Identifier: Apache-2.0
 *
 * Chooses by content type between the two forms of an answer. Anything else is no answer of this interface and is
 * not passed on.
 */
#include "relay.h"

#include <stdlib.h>
#include <string.h>

#include "../policies/engine/policy.h"
#include "arena.h"
#include "buf.h"
#include "json.h"
#include "relay_json.h"
#include "relay_stream.h"
#include "relay_text.h"
#include "relay_typed.h"

/* Memory for reading a document: decoded texts, their edits and the map of the document. */
#define ARENA_PER_BYTE 16u
#define ARENA_LEAST (4u * 1024 * 1024)

enum form { FORM_NONE = 0, FORM_JSON, FORM_STREAM, FORM_TYPED, FORM_PLAIN, FORM_LINES, FORM_SOUND };

struct relay {
    enum shape_endpoint endpoint;
    enum form form;
    bool failed;
    struct arena *arena;
    struct relay_text text;
    struct relay_stream *stream;
    struct relay_typed *typed;
    struct buf body;
    size_t whole_lines; /* of body */
    const char *sound; /* its type */
    size_t event_ceiling, sound_left;
    bool resumes;
    unsigned long long after; /* the last event that the client has */
    struct relay_result result;
};

struct relay *relay_new(enum shape_endpoint e, const struct tokens *t, bool json_mode, size_t event_ceiling,
                        size_t body_ceiling) {
    struct relay *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    size_t largest = event_ceiling > body_ceiling ? event_ceiling : body_ceiling;
    r->endpoint = e;
    r->event_ceiling = event_ceiling;
    r->sound_left = body_ceiling;
    buf_init(&r->body, body_ceiling);
    r->arena = arena_new(largest * ARENA_PER_BYTE + ARENA_LEAST);
    if (!r->arena) {
        free(r);
        return NULL;
    }
    relay_text_init(&r->text, r->arena, t, &r->result.counts, json_mode, largest * 2 + ARENA_LEAST);
    r->text.signed_thinking = e == SHAPE_MESSAGES_API;
    return r;
}

void relay_set_policy(struct relay *r, const struct policy *p) {
    r->text.tools.policy = policy_restores_all_tools(p) ? NULL : p;
    if (r->text.tools.policy && !r->text.tools.numbered) r->text.tools.numbered = calloc(RELAY_NUMBERS_MAX, 1); /* NULL: none gets values */
}

void relay_free(struct relay *r) {
    if (!r) return;
    relay_stream_free(r->stream);
    relay_typed_free(r->typed);
    relay_text_free(&r->text);
    free(r->text.tools.numbered);
    buf_free(&r->body);
    arena_free(r->arena);
    free(r);
}

void relay_resume(struct relay *r, unsigned long long after) {
    r->resumes = true;
    r->after = after;
}

void relay_screen(struct relay *r, struct screen_ground *g) {
    r->text.screen = g;
}

/* Without what stands behind the type, which may be anybody's words. */
static const char *sound_of(struct span type) {
    static const char *const types[] = {"audio/mpeg", "audio/mp3", "audio/ogg", "audio/opus", "audio/aac", "audio/flac", "audio/x-flac",
                                        "audio/wav", "audio/x-wav", "audio/wave", "audio/pcm", "audio/l16", "application/octet-stream"};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (span_is_nocase(type, types[i])) return types[i];
    return NULL;
}

static struct span bare_type(struct span content_type) {
    return span_trim(span_sub(content_type, 0, span_find(content_type, ';', 0)));
}

static enum form form_of(enum shape_endpoint e, struct span content_type) {
    struct span type = bare_type(content_type);

    if (type.len == 0 || span_is_nocase(type, "application/json")) return FORM_JSON;
    if (shape_is_ollama(e)) return span_is_nocase(type, "application/x-ndjson") ? FORM_TYPED : FORM_NONE;
    if (span_is_nocase(type, "text/event-stream")) return shape_typed_events(e) ? FORM_TYPED : FORM_STREAM;
    bool transcript = e == SHAPE_TRANSCRIPTIONS || e == SHAPE_TRANSLATIONS;
    if (transcript && span_is_nocase(type, "text/plain")) return FORM_PLAIN;
    size_t suffix = type.len > 5 ? type.len - 5 : 0;
    bool json = span_is_nocase(span_sub(type, 0, 12), "application/") &&
                span_is_nocase(span_sub(type, suffix, type.len), "+json");
    return json ? FORM_JSON : FORM_NONE;
}

/* Sound, or events that hold it. The error of an upstream that says none is read as any. */
static enum form speech_form(struct relay *r, struct span content_type) {
    r->sound = sound_of(bare_type(content_type));
    if (r->sound) return FORM_SOUND;
    enum form form = form_of(SHAPE_SPEECH, content_type);
    if (form == FORM_TYPED) r->text.screen = NULL;
    return form == FORM_TYPED ? FORM_TYPED : FORM_NONE;
}

bool relay_begin(struct relay *r, int status, struct span content_type) {
    bool good = status >= 200 && status < 300;
    bool lines = r->endpoint == SHAPE_FILE_CONTENT && good; /* whatever it is called */
    /* An error is read like an answer: it may quote the request. */
    r->form = r->endpoint == SHAPE_NONE ? FORM_NONE : lines ? FORM_LINES : form_of(r->endpoint, content_type);
    if (r->endpoint == SHAPE_SPEECH && good) r->form = speech_form(r, content_type);
    if (r->form == FORM_STREAM) r->stream = relay_stream_new(&r->text, &r->result, r->event_ceiling);
    if (r->form == FORM_TYPED) r->typed = relay_typed_new(r->endpoint, &r->text, &r->result, r->event_ceiling);
    if (r->typed && r->resumes) relay_typed_resume(r->typed, r->after);
    bool whole = r->form == FORM_JSON || r->form == FORM_PLAIN || r->form == FORM_LINES;
    r->failed = !whole && !r->stream && !r->typed && r->form != FORM_SOUND;
    return r->stream || r->typed || r->form == FORM_SOUND;
}

const char *relay_stream_type(const struct relay *r) {
    if (r->sound) return r->sound;
    if (r->form == FORM_LINES) return relay_whole_type(r);
    return shape_is_ollama(r->endpoint) ? "application/x-ndjson" : "text/event-stream; charset=utf-8";
}

struct span relay_object_id(const struct relay *r) {
    return r->typed ? relay_typed_object_id(r->typed) : span_make(NULL, 0);
}

const char *relay_whole_type(const struct relay *r) {
    if (r->form == FORM_LINES) return "application/jsonl";
    return r->form == FORM_PLAIN ? "text/plain; charset=utf-8" : "application/json";
}

/* What the last event was read into: a stream may be silent for long. */
static void forget_event(struct relay *r) {
    arena_empty(r->arena);
    r->text.tools.calls = NULL;
    r->text.tools.n = 0;
    relay_text_begin(&r->text);
    buf_free(&r->text.scratch);
}

static void note_lines(struct relay *r, struct span bytes) {
    const char *last = bytes.len ? memrchr(bytes.ptr, '\n', bytes.len) : NULL;
    if (last) r->whole_lines = r->body.len + (size_t)(last - bytes.ptr) + 1;
}

int relay_push(struct relay *r, struct span bytes, struct buf *out) {
    if (r->failed) return -1;
    switch (r->form) {
    case FORM_STREAM:
        r->failed = relay_stream_push(r->stream, bytes, out) < 0;
        forget_event(r);
        break;
    case FORM_TYPED:
        r->failed = relay_typed_push(r->typed, bytes, out) < 0;
        forget_event(r);
        break;
    case FORM_LINES: note_lines(r, bytes); /* fallthrough */
    case FORM_JSON: case FORM_PLAIN:
        buf_add(&r->body, bytes);
        r->failed = r->body.failed;
        break;
    case FORM_SOUND:
        r->failed = bytes.len > r->sound_left;
        if (r->failed) break;
        r->sound_left -= bytes.len;
        buf_add(out, bytes);
        break;
    case FORM_NONE:
        r->failed = true;
        break;
    }
    return r->failed ? -1 : 0;
}

static enum relay_end end_json(struct relay *r, bool clean, struct buf *out) {
    if (r->failed || r->form == FORM_NONE) return RELAY_BAD;
    size_t before = out->len;
    if (relay_json(&r->text, buf_span(&r->body), &r->result, out) == 0) return RELAY_COMPLETE;
    if (out->len > before) {
        explicit_bzero(out->ptr + before, out->len - before);
        out->len = before;
    }
    if (relay_text_blocked(&r->text)) return RELAY_BLOCKED;
    return clean ? RELAY_BAD : RELAY_CUT;
}

/* A transcript, whose words are the model's; a token in it may come from the prompt. */
static enum relay_end end_plain(struct relay *r, bool clean, struct buf *out) {
    struct span text = buf_span(&r->body);

    if (r->failed || utf8_check(text) != text.len) return RELAY_BAD;
    struct restore *restore = restore_new(r->text.tokens, RESTORE_TEXT, &r->result.counts);
    if (!restore) return RELAY_BAD;
    restore_push(restore, text, out);
    restore_flush(restore, out);
    restore_free(restore);
    return out->failed ? RELAY_BAD : clean ? RELAY_COMPLETE : RELAY_CUT;
}

bool relay_has_events(const struct relay *r) {
    return r->stream || r->typed;
}

size_t relay_lines_ready(const struct relay *r) {
    return r->form == FORM_LINES && !r->failed ? r->whole_lines : 0;
}

int relay_lines_take(struct relay *r, struct buf *out) {
    struct span lines = span_sub(buf_span(&r->body), 0, relay_lines_ready(r));

    r->failed = r->failed || relay_lines(&r->text, lines, &r->result, out) < 0;
    if (r->failed) return -1;
    buf_consume(&r->body, lines.len);
    r->whole_lines = 0;
    return 0;
}

static enum relay_end end_lines(struct relay *r, bool clean, struct buf *out) {
    bool read = !r->failed && relay_lines(&r->text, buf_span(&r->body), &r->result, out) == 0;

    if (relay_text_blocked(&r->text)) return RELAY_BLOCKED;
    return !read ? RELAY_BAD : clean ? RELAY_COMPLETE : RELAY_CUT;
}

enum relay_end relay_end(struct relay *r, bool clean, struct span request_id, struct buf *out) {
    if (r->stream) return relay_stream_end(r->stream, clean, request_id, out);
    if (r->typed) return relay_typed_end(r->typed, clean, request_id, out);
    if (r->form == FORM_PLAIN) return end_plain(r, clean, out);
    if (r->form == FORM_JSON) return end_json(r, clean, out);
    if (r->form == FORM_SOUND) return r->failed ? RELAY_BAD : clean ? RELAY_COMPLETE : RELAY_CUT;
    return r->form == FORM_LINES ? end_lines(r, clean, out) : RELAY_BAD;
}

const struct relay_result *relay_result(const struct relay *r) {
    return &r->result;
}
