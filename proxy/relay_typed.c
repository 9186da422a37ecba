/* SPDX-License-Identifier: Apache-2.0
 *
 *   event --> kind (by its type) --> DELTA: its text goes through the restorer of its channel
 *                                --> other:  what it closes is flushed first, then all its texts are restored whole
 *
 * A text comes again whole when it is complete, up to four times (text, part, item, response). Whole and in pieces it
 * is restored by the same rules, so all copies agree. It is counted once: the counts of the final event, which holds
 * everything, replace what was counted before.
 *
 * Ollama's lines of JSON (application/x-ndjson) are events without a type: each adds to the texts of its message until one
 * says that it is done.
 *
 * What a channel still holds when it is closed goes out in an event of its own, a copy of the event that it came in with
 * that text alone, its sequence number included: numbers are never changed and none is invented.
 */
#include "relay_typed.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "arena.h"
#include "buf.h"
#include "json.h"
#include "relay_json.h"
#include "relay_text.h"
#include "restore.h"
#include "screen.h"
#include "sse.h"
#include "stored.h"

#define CHANNELS_MAX 1024u
#define PATH_MAX_BYTES 4096u

/* The members of the root that say which text an event is about. */
static const char *const id_names[] = {"item_id", "output_index", "content_index", "summary_index", "command_index",
                                       "index"};
#define IDS (sizeof id_names / sizeof *id_names)
enum { ID_OUTPUT = 1, ID_INDEX = 5 };

enum kind {
    KIND_DELTA, /* a piece of a text */
    KIND_COPY,  /* whole, what came in pieces */
    KIND_OTHER,
    KIND_LAST,  /* nothing follows; texts are whole */
    KIND_FINAL  /* nothing follows; the last piece of each text */
};

struct event {
    const struct sse_event *sse;
    struct answer w;
    struct span type, family; /* family: without its ".delta" or ".done" */
    struct span ids[IDS];     /* as written; empty: none */
    enum kind kind;
};

struct channel {
    struct channel *next;
    struct span path, ids[IDS], name; /* name: of the SSE event */
    struct restore *restore;
    struct span before, after; /* the envelope, once something was held */
};

struct relay_typed {
    enum shape_endpoint endpoint;
    struct relay_text *text;
    struct relay_result *result;
    struct sse *sse;
    struct arena *arena; /* lives as long as the stream */
    struct buf path, event, envelope, line; /* line: what came of one so far */
    struct channel *channels, **channels_end;
    size_t n_channels;
    unsigned long long sequence; /* of the last event that had a number */
    unsigned long long after;    /* with resumes: of the last event that the client has */
    struct buf *out;             /* during a call */
    char object_id[128];
    size_t object_id_len;
    bool resumes, numbered; /* numbered: the event at hand */
    bool finished; /* Gemini: a candidate has its reason */
    bool lines, done, marker, error, failed; /* lines: not events but a document a line */
};

struct relay_typed *relay_typed_new(enum shape_endpoint e, struct relay_text *x, struct relay_result *result,
                                    size_t event_ceiling) {
    struct relay_typed *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->endpoint = e;
    s->text = x;
    s->result = result;
    s->sse = sse_new(event_ceiling);
    s->arena = arena_new(event_ceiling * 2 + (1u << 20));
    buf_init(&s->path, PATH_MAX_BYTES);
    buf_init(&s->event, event_ceiling * 2 + (1u << 20));
    buf_init(&s->envelope, event_ceiling);
    buf_init(&s->line, event_ceiling);
    s->lines = shape_is_ollama(e);
    s->channels_end = &s->channels;
    if (s->sse && s->arena) return s;
    relay_typed_free(s);
    return NULL;
}

void relay_typed_free(struct relay_typed *s) {
    if (!s) return;
    for (struct channel *c = s->channels; c; c = c->next)
        restore_free(c->restore);
    buf_free(&s->path);
    buf_free(&s->event);
    buf_free(&s->envelope);
    buf_free(&s->line);
    sse_free(s->sse);
    arena_free(s->arena);
    free(s);
}

static void emit(struct relay_typed *s, struct span name, struct span data) {
    if (!s->lines) {
        sse_write(s->out, name, data);
        return;
    }
    buf_add(s->out, data);
    buf_add_char(s->out, '\n');
}

/* ---- what an event is ---- */

/* The value of a member of the root as written, strings without their quotes. */
static struct span member_value(const struct answer *w, const char *name) {
    for (size_t i = 0; i < w->n_members; i++) {
        const struct answer_member *m = &w->members[i];
        if (!span_is(m->key, name)) continue;
        struct span rest = span_sub(w->text, m->begin, m->end);
        struct span value = span_trim(span_sub(rest, span_find(rest, ':', m->key.len + 2) + 1, rest.len));
        bool string = value.len >= 2 && value.ptr[0] == '"';
        return string ? span_sub(value, 1, value.len - 1) : value;
    }
    return span_make(NULL, 0);
}

static bool is_any(struct span s, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (span_is(s, list[i])) return true;
    return false;
}
#define IS_ANY(s, list) is_any(s, list, sizeof(list) / sizeof(list)[0])

static enum kind kind_of(struct span type) {
    static const char *const last[] = {"response.completed", "response.failed", "response.incomplete",
                                       "response.cancelled", "message_stop", "image_generation.completed",
                                       "image_edit.completed", "transcript.text.done", "speech.audio.done", "error"};
    if (IS_ANY(type, last)) return KIND_LAST;
    if (span_ends(type, ".delta") || span_is(type, "content_block_delta")) return KIND_DELTA;
    if (span_ends(type, ".done") || span_is(type, "content_block_stop")) return KIND_COPY;
    return KIND_OTHER;
}

/* Gemini's events have no type: each is a whole response with the next piece of each part. */
static enum kind gemini_kind(const struct answer *w) {
    for (size_t i = 0; i < w->n_nodes; i++)
        if (w->nodes[i].finished) return KIND_FINAL;
    return KIND_DELTA;
}

static void event_read(struct event *e, bool line, bool gemini) {
    size_t suffix = 0;

    if (gemini) {
        e->kind = gemini_kind(&e->w);
        return;
    }

    if (line) {
        e->kind = span_is(member_value(&e->w, "done"), "true") ? KIND_FINAL : KIND_DELTA;
        return;
    }
    e->type = member_value(&e->w, "type");
    if (e->type.len == 0) e->type = e->sse->name;
    e->kind = kind_of(e->type);
    if (span_ends(e->type, ".delta")) suffix = strlen(".delta");
    if (span_ends(e->type, ".done")) suffix = strlen(".done");
    e->family = span_sub(e->type, 0, e->type.len - suffix);
    for (size_t i = 0; i < IDS; i++)
        e->ids[i] = member_value(&e->w, id_names[i]);
}

/* Without a type: the message's, that of a completion, a part's. */
static bool line_grows(const struct answer_node *n, const struct answer_leaf *leaf) {
    if (span_is(n->key, "parts") && span_is(leaf->key, "text")) return true; /* Gemini */
    if (leaf->node == 0) return span_is(leaf->key, "response") || span_is(leaf->key, "thinking");
    if (n->parent != 0 || !span_is(n->key, "message")) return false;
    return span_is(leaf->key, "content") || span_is(leaf->key, "thinking");
}

/* A text that continues: directly in, or itself, the delta. */
static bool grows(const struct event *e, const struct answer_leaf *leaf) {
    const struct answer *w = &e->w;

    if ((e->kind != KIND_DELTA && e->kind != KIND_FINAL) || w->n_nodes == 0) return false;
    const struct answer_node *n = &w->nodes[leaf->node];
    if (e->type.len == 0) return line_grows(n, leaf);
    if (leaf->node == 0) return span_is(leaf->key, "delta");
    return n->parent == 0 && span_is(n->key, "delta");
}

static bool is_json(const struct relay_typed *s, const struct event *e, const struct answer_leaf *leaf) {
    static const char *const json[] = {"response.function_call_arguments", "response.mcp_call_arguments"};

    if (IS_ANY(e->family, json) || span_is(leaf->key, "partial_json")) return true;
    if (!s->text->json_mode) return false;
    if (s->lines) return !span_is(leaf->key, "thinking");
    return span_is(e->family, "response.output_text") || span_is(leaf->key, "text");
}

/* ---- tools ---- */

static bool is_call_input(const struct event *e, const struct answer_leaf *leaf) {
    static const char *const inputs[] = {"response.function_call_arguments", "response.mcp_call_arguments",
                                         "response.custom_tool_call_input"};
    return IS_ANY(e->family, inputs) || span_is(leaf->key, "partial_json");
}

/* The place of the call among the items or blocks of the answer; UINT64_MAX: the event has none. */
static uint64_t call_number(const struct event *e) {
    unsigned long long n;

    if (span_decimal(e->ids[ID_OUTPUT], &n) == 0 || span_decimal(e->ids[ID_INDEX], &n) == 0) return n;
    return UINT64_MAX;
}

static bool is_off(const struct relay_typed *s, const struct event *e, const struct answer_leaf *leaf) {
    return is_call_input(e, leaf) && relay_tools_off_by(&s->text->tools, call_number(e));
}

/* ---- channels ---- */

static int write_path(struct relay_typed *s, const struct event *e, struct span family, uint32_t node, struct span key) {
    buf_clear(&s->path);
    buf_add(&s->path, family);
    for (size_t i = 0; i < IDS; i++) {
        buf_add_char(&s->path, '|');
        buf_add(&s->path, e->ids[i]);
    }
    buf_add_char(&s->path, '|');
    if (e->w.n_nodes && span_is(e->w.nodes[node].type, "thought")) buf_add_c(&s->path, "thought|");
    answer_path(&e->w, node, key, &s->path);
    return s->path.failed ? -1 : 0;
}

static struct channel *channel_find(struct relay_typed *s) {
    struct channel *c = s->channels;
    while (c && !span_equal(c->path, buf_span(&s->path)))
        c = c->next;
    return c;
}

static bool keep(struct relay_typed *s, struct span from, struct span *to) {
    *to = span_make(from.len ? arena_copy(s->arena, from) : "", from.len);
    return to->ptr != NULL;
}

static struct channel *channel_open(struct relay_typed *s, const struct event *e, const struct answer_leaf *leaf) {
    bool kept = s->n_channels < CHANNELS_MAX;
    struct channel *c = kept ? arena_alloc(s->arena, sizeof *c) : NULL;

    if (!c) return NULL;
    *c = (struct channel){.next = NULL};
    kept = keep(s, buf_span(&s->path), &c->path) && keep(s, e->sse->name, &c->name);
    for (size_t i = 0; i < IDS; i++)
        kept = kept && keep(s, e->ids[i], &c->ids[i]);
    enum restore_mode mode = is_off(s, e, leaf) ? RESTORE_OFF : is_json(s, e, leaf) ? RESTORE_JSON : RESTORE_TEXT;
    c->restore = kept ? relay_text_restorer(s->text, mode, s->text->counts) : NULL;
    if (!c->restore) return NULL;
    *s->channels_end = c;
    s->channels_end = &c->next;
    s->n_channels++;
    return c;
}

/* A copy of the event without its texts, around the one. */
static int keep_envelope(struct relay_typed *s, struct channel *c, const struct event *e,
                         const struct answer_leaf *leaf) {
    const struct answer *w = &e->w;
    struct buf *b = &s->envelope;
    uint32_t at = 0;

    if (c->before.ptr) return 0;
    buf_clear(b);
    for (size_t i = 0; i < w->n_texts; i++) { /* in document order */
        const struct answer_leaf *text = &w->texts[i];
        if (!grows(e, text)) continue;
        buf_add(b, span_sub(w->text, at, text->begin));
        at = text->begin + (uint32_t)text->raw.len;
        if (text != leaf) continue;
        if (b->failed || !keep(s, buf_span(b), &c->before)) return -1;
        buf_clear(b);
    }
    buf_add(b, span_sub(w->text, at, w->text.len));
    return b->failed || !c->before.ptr || !keep(s, buf_span(b), &c->after) ? -1 : 0;
}

static int channel_flush(struct relay_typed *s, struct channel *c) {
    int held = relay_text_flush(s->text, c->restore, c->before, c->after, &s->event);

    if (held <= 0) return held;
    emit(s, c->name, buf_span(&s->event));
    s->result->events++;
    return 0;
}

static int flush_all(struct relay_typed *s) {
    for (struct channel *c = s->channels; c; c = c->next)
        if (channel_flush(s, c) < 0) return -1;
    return 0;
}

/* An event closes the channels that have all the numbers that it names. */
static int flush_closed(struct relay_typed *s, const struct event *e) {
    for (struct channel *c = s->channels; c; c = c->next) {
        bool closed = true;
        for (size_t i = 0; i < IDS; i++)
            closed = closed && (e->ids[i].len == 0 || span_equal(e->ids[i], c->ids[i]));
        if (closed && channel_flush(s, c) < 0) return -1;
    }
    return 0;
}

/* ---- events ---- */

static int grow_text(struct relay_typed *s, const struct event *e, const struct answer_leaf *leaf) {
    struct relay_text *x = s->text;
    struct span decoded;

    if (write_path(s, e, e->family, leaf->node, leaf->key) < 0) return -1;
    struct channel *c = channel_find(s);
    if (!c) c = channel_open(s, e, leaf);
    if (!c || relay_text_decode(x, leaf, &decoded) < 0) return -1;
    buf_clear(&x->scratch);
    restore_push(c->restore, decoded, &x->scratch);
    if (e->kind == KIND_FINAL) restore_flush(c->restore, &x->scratch);
    if (x->scratch.failed || relay_text_blocked(x)) return -1;
    if (restore_holds(c->restore) && keep_envelope(s, c, e, leaf) < 0) return -1;
    return relay_text_set(x, leaf, decoded, buf_span(&x->scratch));
}

static int edit_texts(struct relay_typed *s, const struct event *e) {
    for (size_t i = 0; i < e->w.n_texts; i++) {
        const struct answer_leaf *leaf = &e->w.texts[i];
        if (relay_text_signed(s->text, leaf)) continue;
        int result = grows(e, leaf)        ? grow_text(s, e, leaf)
                     : is_off(s, e, leaf) ? relay_text_unrestored(s->text, &e->w, leaf)
                                          : relay_text_whole(s->text, &e->w, leaf);
        if (result < 0) return -1;
    }
    return 0;
}

/* A citation that comes by itself counts in the text of its channel; others in the text beside them. */
static int move_indexes(struct relay_typed *s, const struct event *e) {
    if (e->w.n_indexes == 0) return 0;
    if (!span_is(e->type, "response.output_text.annotation.added")) return relay_json_indexes(s->text, &e->w);
    if (write_path(s, e, span_of("response.output_text"), 0, span_of("delta")) < 0) return -1;
    struct channel *c = channel_find(s);
    for (size_t i = 0; c && i < e->w.n_indexes; i++)
        if (relay_text_index(s->text, &e->w.indexes[i], c->restore) < 0) return -1;
    return 0;
}

static void larger(uint32_t *v, uint32_t other) {
    if (other > *v) *v = other;
}

/* Restores the texts of the event. What was counted in pieces is not counted again whole. */
static int edit(struct relay_typed *s, const struct event *e) {
    struct restore_counts nowhere = {0}, before = s->result->counts, *counts = s->text->counts;
    struct screen_ground *g = s->text->screen;
    struct screen_counts screened = g ? g->counts : (struct screen_counts){.monitored = 0};

    if (e->kind == KIND_COPY) s->text->counts = &nowhere;
    if (e->kind == KIND_LAST) *counts = (struct restore_counts){0};
    if (g && e->kind == KIND_LAST) g->counts = (struct screen_counts){.monitored = 0};
    if (g) g->mute = e->kind == KIND_COPY;
    int result = edit_texts(s, e) < 0 || move_indexes(s, e) < 0 || relay_text_cut_repeats(s->text, &e->w) < 0 ? -1 : 0;
    s->text->counts = counts;
    if (g) g->mute = false;
    if (e->kind != KIND_LAST) return result;
    if (g) screen_counts_raise(&g->counts, &screened);
    larger(&counts->restored, before.restored);
    larger(&counts->unknown, before.unknown);
    larger(&counts->in_link, before.in_link);
    return result;
}

static void take_numbers(struct relay_typed *s, const struct answer *w) {
    unsigned long long sequence;

    unsigned long long count;

    if (s->lines && span_decimal(member_value(w, "prompt_eval_count"), &count) == 0) s->result->usage_in = count;
    if (s->lines && span_decimal(member_value(w, "eval_count"), &count) == 0) s->result->usage_out = count;
    if (w->usage_in) s->result->usage_in = w->usage_in;
    if (w->usage_out) s->result->usage_out = w->usage_out;
    s->numbered = span_decimal(member_value(w, "sequence_number"), &sequence) == 0;
    if (s->numbered) s->sequence = sequence;
}

static void take_object_id(struct relay_typed *s, const struct answer *w) {
    struct span ids[STORED_IDS_MAX], response = member_value(w, "response");
    size_t n;

    if (stored_ids(s->text->arena, SHAPE_RESPONSE, response, ids, &n) < 0 || n == 0 || ids[0].len > sizeof s->object_id) return;
    memcpy(s->object_id, ids[0].ptr, ids[0].len);
    s->object_id_len = ids[0].len;
}

static int write_event(struct relay_typed *s, const struct event *e) {
    if (s->text->n == 0) {
        emit(s, e->sse->name, e->sse->data);
        return 0;
    }
    buf_clear(&s->event);
    if (relay_text_splice(s->text, e->sse->data, &s->event) < 0) return -1;
    emit(s, e->sse->name, buf_span(&s->event));
    return 0;
}

static int take_json(struct relay_typed *s, const struct sse_event *sse) {
    struct event e = {.sse = sse};

    arena_reset(s->text->arena);
    relay_text_begin(s->text);
    if (answer_read(s->text->arena, sse->data, &e.w) < 0 || !e.w.object) return -1;
    event_read(&e, s->lines, shape_is_gemini(s->endpoint));
    if (relay_tools_read(&s->text->tools, s->text->arena, sse->data) < 0) return -1;
    if (s->text->tools.n == 1) relay_tools_number(&s->text->tools, call_number(&e));
    take_numbers(s, &e.w);
    if (span_is(e.type, "response.created")) take_object_id(s, &e.w);
    s->error |= e.w.error || span_is(e.type, "error");
    if (e.kind == KIND_COPY && flush_closed(s, &e) < 0) return -1;
    if ((e.kind == KIND_LAST || e.w.error) && flush_all(s) < 0) return -1;
    if (edit(s, &e) < 0 || relay_text_cut_padding(s->text, &e.w) < 0) return -1;
    if (e.kind == KIND_FINAL && flush_all(s) < 0) return -1; /* texts that this one has no piece of */
    if (write_event(s, &e) < 0) return -1;
    s->finished |= e.kind == KIND_FINAL;
    s->done |= e.kind == KIND_LAST || (e.kind == KIND_FINAL && s->lines);
    return 0;
}

/* What comes of an event that the client has is what it got when it came: this is for the ones behind it. */
static int take_numbered(struct relay_typed *s, const struct sse_event *e) {
    size_t before = s->out->len;

    if (take_json(s, e) < 0) return -1;
    if (!s->resumes || !s->numbered || s->sequence > s->after) return 0;
    explicit_bzero(s->out->ptr + before, s->out->len - before);
    s->out->len = before;
    return 0;
}

static int take_event(void *arg, const struct sse_event *e) {
    struct relay_typed *s = arg;
    bool marker = e->what == SSE_EVENT && span_is(span_trim(e->data), "[DONE]");

    if (s->marker || (s->done && !marker)) return 0; /* clients append what comes behind the end */
    if (e->what == SSE_COMMENT) {
        sse_write_comment(s->out, e->data);
        return s->out->failed ? -1 : 0;
    }
    s->result->events++;
    if (!marker) return take_numbered(s, e) < 0 || s->out->failed ? -1 : 0;
    if (flush_all(s) < 0) return -1;
    sse_write(s->out, (struct span){0}, span_of("[DONE]"));
    s->marker = s->done = true;
    return s->out->failed ? -1 : 0;
}

/* ---- lines ---- */

static int take_line(struct relay_typed *s, struct span line) {
    struct sse_event e = {.what = SSE_EVENT, .data = span_trim(line)};

    if (span_ends(e.data, "\r")) e.data.len--;
    if (e.data.len == 0 || s->done) return 0;
    if (utf8_check(e.data) != e.data.len) return -1;
    s->result->events++;
    return take_json(s, &e) < 0 || s->out->failed ? -1 : 0;
}

static int push_lines(struct relay_typed *s, struct span bytes) {
    for (size_t at = 0, end; at < bytes.len; at = end + 1) {
        end = span_find(bytes, '\n', at);
        buf_add(&s->line, span_sub(bytes, at, end));
        if (s->line.failed) return -1;
        if (end == bytes.len) return 0;
        if (take_line(s, buf_span(&s->line)) < 0) return -1;
        buf_clear(&s->line);
    }
    return 0;
}

static int push(struct relay_typed *s, struct span bytes) {
    return s->lines ? push_lines(s, bytes) : sse_push(s->sse, bytes, take_event, s);
}

static int push_end(struct relay_typed *s) {
    return s->lines ? take_line(s, buf_span(&s->line)) : sse_end(s->sse, take_event, s);
}

/* ---- public ---- */

struct span relay_typed_object_id(const struct relay_typed *s) {
    return span_make(s->object_id, s->object_id_len);
}

void relay_typed_resume(struct relay_typed *s, unsigned long long after) {
    s->resumes = true;
    s->after = after;
}

int relay_typed_push(struct relay_typed *s, struct span bytes, struct buf *out) {
    if (s->failed) return -1;
    s->out = out;
    if (!s->marker && push(s, bytes) < 0) s->failed = !s->done;
    s->out = NULL;
    return s->failed ? -1 : 0;
}

/* Both SDKs of OpenAI raise what has an "error"; Anthropic's form has the same member. */
static void write_error(struct relay_typed *s, const char *message, const char *code, struct span request_id) {
    bool anthropic = s->endpoint == SHAPE_MESSAGES_API;
    struct buf *b = &s->event;

    buf_clear(b);
    if (s->lines) {
        buf_add_format(b, "{\"error\":\"%s Request ", message);
        buf_add_json_escaped(b, request_id);
        buf_add_c(b, ".\"}");
        emit(s, (struct span){0}, buf_span(b));
        return;
    }
    if (shape_is_gemini(s->endpoint)) {
        buf_add_format(b, "{\"error\":{\"code\":503,\"status\":\"UNAVAILABLE\",\"message\":\"%s Request ", message);
        buf_add_json_escaped(b, request_id);
        buf_add_c(b, ".\"}}");
        emit(s, (struct span){0}, buf_span(b));
        return;
    }
    buf_add_c(b, "{\"type\":\"error\",");
    if (!anthropic)
        buf_add_format(b, "\"sequence_number\":%llu,\"code\":\"%s\",\"message\":\"%s\",\"param\":null,", s->sequence + 1, code,
                       message);
    buf_add_format(b, "\"error\":{\"message\":\"%s Request ", message);
    buf_add_json_escaped(b, request_id);
    buf_add_format(b, ".\",\"type\":\"%s\"", anthropic ? "api_error" : "upstream_error");
    if (!anthropic) buf_add_format(b, ",\"param\":null,\"code\":\"%s\"", code);
    buf_add_c(b, "}}");
    sse_write(s->out, span_of("error"), buf_span(b));
}

enum relay_end relay_typed_end(struct relay_typed *s, bool clean, struct span request_id, struct buf *out) {
    bool bad = s->failed;

    s->out = out;
    if (!bad && !s->done && push_end(s) < 0) bad = s->failed; /* what the cut left incomplete is no fault of its own */
    if (!bad && clean && s->finished && !s->error) s->done = true; /* Gemini marks no end */
    if (s->done && !bad) return s->error ? RELAY_CUT : RELAY_COMPLETE;
    if (!out->failed && !relay_text_blocked(s->text) && flush_all(s) < 0) bad = true;
    if (relay_text_blocked(s->text)) {
        write_error(s, relay_text_block_message(s->text), relay_text_block_code(s->text), request_id);
        return RELAY_BLOCKED;
    }
    if (bad)
        write_error(s, "The answer of the model could not be read and was stopped.", "upstream_invalid", request_id);
    else if (!s->error)
        write_error(s, "The answer of the model ended early and is not complete.", "upstream_cut", request_id);
    return bad ? RELAY_BAD : RELAY_CUT;
}
