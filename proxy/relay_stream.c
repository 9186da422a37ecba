/* SPDX-License-Identifier: Apache-2.0
 *
 *   event --> answer_form --> texts --> channel (path) --> restorer --> edits --> event, spliced
 *                                          |
 *                                          holds an open token: at the end of its choice, or of the stream, it goes
 *                                          out in an event of its own, in the envelope of the event that it came in
 */
#include "relay_stream.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "answer_form.h"
#include "arena.h"
#include "buf.h"
#include "json.h"
#include "relay_text.h"
#include "restore.h"
#include "sse.h"

#define CHANNELS_MAX 1024u
#define CHOICES_MAX 1024u
#define PATH_MAX_BYTES 4096u

struct channel {
    struct channel *next;
    struct span path;
    int64_t choice;
    struct restore *restore;
    struct span before, after; /* the envelope, once something was held */
};

struct choice {
    struct choice *next;
    int64_t number;
    bool finished;
};

struct relay_stream {
    struct relay_text *text;
    struct relay_result *result;
    struct sse *sse;
    struct answer_form *form;
    struct channel *last; /* of the last text that grew: that of an event like the last one */
    struct arena *arena; /* lives as long as the stream */
    struct buf path, event, envelope[2];
    struct channel *channels, **channels_end; /* in order of appearance */
    struct choice *choices;
    size_t n_channels, n_choices;
    struct buf *out; /* during a call */
    bool alike, done, error, failed;
};

struct relay_stream *relay_stream_new(struct relay_text *x, struct relay_result *result, size_t event_ceiling) {
    struct relay_stream *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->text = x;
    s->result = result;
    s->sse = sse_new(event_ceiling);
    s->form = answer_form_new(event_ceiling);
    s->arena = arena_new(event_ceiling * 2 + (1u << 20));
    buf_init(&s->path, PATH_MAX_BYTES);
    buf_init(&s->event, event_ceiling * 2 + (1u << 20));
    buf_init(&s->envelope[0], event_ceiling);
    buf_init(&s->envelope[1], event_ceiling);
    s->channels_end = &s->channels;
    if (s->sse && s->form && s->arena) return s;
    relay_stream_free(s);
    return NULL;
}

void relay_stream_free(struct relay_stream *s) {
    if (!s) return;
    for (struct channel *c = s->channels; c; c = c->next)
        restore_free(c->restore);
    buf_free(&s->path);
    buf_free(&s->event);
    buf_free(&s->envelope[0]);
    buf_free(&s->envelope[1]);
    sse_free(s->sse);
    answer_form_free(s->form);
    arena_free(s->arena);
    free(s);
}

/* ---- channels ---- */

static struct channel *channel_find(struct relay_stream *s, struct span path) {
    struct channel *c = s->channels;
    while (c && !span_equal(c->path, path))
        c = c->next;
    return c;
}

/* A call whose tool was not named with its first piece could be any. */
static bool is_off(const struct relay_text *x, const struct answer_leaf *leaf) {
    if (!x->tools.policy || !span_is(leaf->key, "arguments")) return false;
    return !relay_tools_named_at(&x->tools, leaf->begin) || relay_tools_off_at(&x->tools, leaf->begin);
}

static struct channel *channel_open(struct relay_stream *s, const struct answer *w, const struct answer_leaf *leaf) {
    struct span path = buf_span(&s->path);
    bool json = answer_is_json(w, leaf, s->text->json_mode);

    if (s->n_channels == CHANNELS_MAX) return NULL;
    struct channel *c = arena_alloc(s->arena, sizeof *c);
    if (!c) return NULL;
    c->path = span_make(arena_copy(s->arena, path), path.len);
    c->choice = answer_number(w, w->nodes[leaf->node].choice);
    enum restore_mode mode = is_off(s->text, leaf) ? RESTORE_OFF : json ? RESTORE_JSON : RESTORE_TEXT;
    c->restore = relay_text_restorer(s->text, mode, s->text->counts);
    if (!c->path.ptr || !c->restore) {
        restore_free(c->restore);
        return NULL;
    }
    *s->channels_end = c;
    s->channels_end = &c->next;
    s->n_channels++;
    return c;
}

static struct channel *channel_of(struct relay_stream *s, const struct answer *w, const struct answer_leaf *leaf) {
    buf_clear(&s->path);
    answer_path(w, leaf->node, leaf->key, &s->path);
    if (w->nodes[leaf->node].array) {
        buf_add_char(&s->path, '#');
        buf_add_number(&s->path, leaf->position);
    }
    if (s->path.failed) return NULL;
    struct channel *c = channel_find(s, buf_span(&s->path));
    return c ? c : channel_open(s, w, leaf);
}

/* The envelope of the first event that held something serves for all. */
static int keep_envelope(struct relay_stream *s, struct channel *c, const struct answer *w,
                         const struct answer_leaf *leaf) {
    struct buf *before = &s->envelope[0], *after = &s->envelope[1];

    if (c->before.ptr) return 0;
    buf_clear(before);
    buf_clear(after);
    answer_envelope(w, leaf, before, after);
    if (before->failed || after->failed) return -1;
    c->before = span_make(arena_copy(s->arena, buf_span(before)), before->len);
    c->after = span_make(arena_copy(s->arena, buf_span(after)), after->len);
    return c->before.ptr && c->after.ptr ? 0 : -1;
}

/* What the channel holds goes out in an event of its own. */
static int channel_flush(struct relay_stream *s, struct channel *c) {
    int held = relay_text_flush(s->text, c->restore, c->before, c->after, &s->event);

    if (held <= 0) return held;
    sse_write(s->out, (struct span){0}, buf_span(&s->event));
    s->result->events++;
    return 0;
}

static int flush_all(struct relay_stream *s) {
    for (struct channel *c = s->channels; c; c = c->next)
        if (channel_flush(s, c) < 0) return -1;
    return 0;
}

/* ---- choices ---- */

static int choice_note(struct relay_stream *s, int64_t number, bool finished) {
    struct choice *c = s->choices;

    while (c && c->number != number)
        c = c->next;
    if (!c) {
        if (s->n_choices++ == CHOICES_MAX) return -1;
        c = arena_alloc(s->arena, sizeof *c);
        if (!c) return -1;
        *c = (struct choice){.next = s->choices, .number = number};
        s->choices = c;
    }
    c->finished |= finished;
    return 0;
}

static bool all_finished(const struct relay_stream *s) {
    for (const struct choice *c = s->choices; c; c = c->next)
        if (!c->finished) return false;
    return s->choices != NULL;
}

static int note_choices(struct relay_stream *s, const struct answer *w) {
    for (uint32_t i = 1; i < w->n_nodes; i++)
        if (w->nodes[i].choice == i && choice_note(s, answer_number(w, i), w->nodes[i].finished) < 0) return -1;
    return 0;
}

/* ---- events ---- */

static int grow_text(struct relay_stream *s, const struct answer *w, const struct answer_leaf *leaf) {
    struct relay_text *x = s->text;
    struct channel *c = s->alike ? s->last : channel_of(s, w, leaf);
    struct span decoded;

    s->last = c;
    if (!c || relay_text_decode(x, leaf, &decoded) < 0) return -1;
    buf_clear(&x->scratch);
    restore_push(c->restore, decoded, &x->scratch);
    if (w->nodes[w->nodes[leaf->node].choice].finished) restore_flush(c->restore, &x->scratch);
    if (x->scratch.failed || relay_text_blocked(x)) return -1;
    if (restore_holds(c->restore) && keep_envelope(s, c, w, leaf) < 0) return -1;
    return relay_text_set(x, leaf, decoded, buf_span(&x->scratch));
}

/* Channels of a choice that finishes here, without a text of their own in this event: first what they hold. */
static int flush_finished(struct relay_stream *s, const struct answer *w) {
    for (uint32_t i = 1; i < w->n_nodes; i++) {
        if (w->nodes[i].choice != i || !w->nodes[i].finished) continue;
        for (struct channel *c = s->channels; c; c = c->next)
            if (c->choice == answer_number(w, i) && channel_flush(s, c) < 0) return -1;
    }
    return 0;
}

static int move_indexes(struct relay_stream *s, const struct answer *w) {
    for (size_t i = 0; i < w->n_indexes; i++) {
        buf_clear(&s->path);
        answer_path(w, answer_cited(w, &w->indexes[i]), span_of("content"), &s->path);
        struct channel *c = channel_find(s, buf_span(&s->path));
        if (c && relay_text_index(s->text, &w->indexes[i], c->restore) < 0) return -1;
    }
    return 0;
}

static int edit_texts(struct relay_stream *s, const struct answer *w) {
    for (size_t i = 0; i < w->n_texts; i++) {
        const struct answer_leaf *leaf = &w->texts[i];
        int result = answer_grows(w, leaf) ? grow_text(s, w, leaf) : relay_text_whole(s->text, w, leaf);
        if (result < 0) return -1;
    }
    if (move_indexes(s, w) < 0 || relay_text_cut_repeats(s->text, w) < 0) return -1;
    return relay_text_cut_padding(s->text, w);
}

static int take_json(struct relay_stream *s, const struct sse_event *e) {
    struct answer w;

    arena_reset(s->text->arena);
    relay_text_begin(s->text);
    int read = answer_form_read(s->form, s->text->arena, e->data, &w);
    if (read < 0 || !w.object) return -1;
    s->alike = read == 1;
    if (relay_tools_read(&s->text->tools, s->text->arena, e->data) < 0) return -1;
    if (w.usage_in) s->result->usage_in = w.usage_in;
    if (w.usage_out) s->result->usage_out = w.usage_out;
    s->error |= w.error;
    if ((!s->alike && note_choices(s, &w) < 0) || edit_texts(s, &w) < 0) return -1;
    if (w.error ? flush_all(s) < 0 : flush_finished(s, &w) < 0) return -1;
    if (s->text->n == 0) {
        sse_write(s->out, e->name, e->data);
        return 0;
    }
    buf_clear(&s->event);
    if (relay_text_splice(s->text, e->data, &s->event) < 0) return -1;
    sse_write(s->out, e->name, buf_span(&s->event));
    return 0;
}

static int take_event(void *arg, const struct sse_event *e) {
    struct relay_stream *s = arg;

    if (s->done) return 0; /* clients append what comes behind the end */
    if (e->what == SSE_COMMENT) {
        sse_write_comment(s->out, e->data);
        return s->out->failed ? -1 : 0;
    }
    s->result->events++;
    if (!span_is(span_trim(e->data), "[DONE]")) return take_json(s, e) < 0 || s->out->failed ? -1 : 0;
    if (flush_all(s) < 0) return -1;
    sse_write(s->out, (struct span){0}, span_of("[DONE]"));
    s->done = !s->out->failed;
    return s->done ? 0 : -1;
}

/* ---- public ---- */

int relay_stream_push(struct relay_stream *s, struct span bytes, struct buf *out) {
    if (s->failed) return -1;
    s->out = out;
    /* Nothing counts behind the end marker, also no fault. */
    if (!s->done && sse_push(s->sse, bytes, take_event, s) < 0) s->failed = !s->done;
    s->out = NULL;
    return s->failed ? -1 : 0;
}

static void write_error(struct relay_stream *s, const char *message, const char *code, struct span request_id) {
    struct buf *b = &s->event;

    buf_clear(b);
    buf_add_c(b, "{\"error\":{\"message\":\"");
    buf_add_c(b, message);
    buf_add_c(b, " Request ");
    buf_add_json_escaped(b, request_id);
    buf_add_c(b, ".\",\"type\":\"upstream_error\",\"param\":null,\"code\":\"");
    buf_add_c(b, code);
    buf_add_c(b, "\"}}");
    sse_write(s->out, (struct span){0}, buf_span(b));
}

enum relay_end relay_stream_end(struct relay_stream *s, bool clean, struct span request_id, struct buf *out) {
    bool bad = s->failed;

    s->out = out;
    /* An event that the cut left incomplete is part of the cut, no fault of its own. */
    if (!bad && !s->done && sse_end(s->sse, take_event, s) < 0) clean = false;
    if (s->done && !bad) return RELAY_COMPLETE;
    if (!out->failed && !relay_text_blocked(s->text) && flush_all(s) < 0) bad = true;
    if (relay_text_blocked(s->text)) {
        write_error(s, relay_text_block_message(s->text), relay_text_block_code(s->text), request_id);
        return RELAY_BLOCKED;
    }
    if (!bad && clean && !s->error && all_finished(s)) return RELAY_COMPLETE;
    if (bad)
        write_error(s, "The answer of the model could not be read and was stopped.", "upstream_invalid", request_id);
    else if (!s->error)
        write_error(s, "The answer of the model ended early and is not complete.", "upstream_cut", request_id);
    return bad ? RELAY_BAD : RELAY_CUT;
}
