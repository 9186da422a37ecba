/* SPDX-License-Identifier: Apache-2.0
 *
 * One message with one part of text. A text comes in pieces and then whole in its .done event, its part, its item and the
 * response, as with OpenAI.
 */
#include "echo_response.h"

#include "buf.h"
#include "sse.h"

#define EVENT_MAX ((size_t)1 << 30)
#define PLACE "\"output_index\":0"
#define PLACE_OF_PART "\"item_id\":\"msg_echo\",\"output_index\":0,\"content_index\":0"

static void add_quoted(struct buf *b, struct span text) {
    buf_add_char(b, '"');
    buf_add_json_escaped(b, text);
    buf_add_char(b, '"');
}

static void add_part(struct buf *b, struct span text) {
    buf_add_c(b, "{\"type\":\"output_text\",\"text\":");
    add_quoted(b, text);
    buf_add_c(b, ",\"annotations\":[],\"logprobs\":[]}");
}

static void add_item(struct buf *b, const struct echo_response *r, bool done) {
    buf_add_format(b, "{\"id\":\"msg_echo\",\"type\":\"message\",\"status\":\"%s\",\"role\":\"assistant\",\"content\":[",
                   done ? "completed" : "in_progress");
    if (done) add_part(b, r->text);
    buf_add_c(b, "]}");
}

static void add_response(struct buf *b, const struct echo_response *r, bool done) {
    buf_add_format(b, "{\"id\":\"resp_echo%016llx\",\"object\":\"response\",\"created_at\":%lld,\"status\":\"%s\",\"error\":null,"
                   "\"incomplete_details\":null,\"instructions\":null,\"metadata\":{},\"parallel_tool_calls\":true,\"tool_choice\":\"auto\","
                   "\"tools\":[],\"store\":false,\"model\":\"",
                   (unsigned long long)r->id, r->created, done ? "completed" : "in_progress");
    buf_add(b, r->model);
    buf_add_c(b, "\",\"output\":[");
    if (done) add_item(b, r, true);
    buf_add_c(b, "],\"usage\":");
    if (done)
        buf_add_format(b, "{\"input_tokens\":%zu,\"input_tokens_details\":{\"cached_tokens\":0},\"output_tokens\":%zu,"
                       "\"output_tokens_details\":{\"reasoning_tokens\":0},\"total_tokens\":%zu}",
                       r->tokens_in, r->tokens_out, r->tokens_in + r->tokens_out);
    else
        buf_add_c(b, "null");
    buf_add_char(b, '}');
}

void echo_response_write(const struct echo_response *r, struct buf *out) {
    add_response(out, r, true);
}

/* ---- events ---- */

static void begin(struct echo_response *r, const char *type, struct buf *b) {
    buf_init(b, EVENT_MAX);
    buf_add_format(b, "{\"type\":\"%s\",\"sequence_number\":%u,", type, ++r->sequence);
}

static void end(const char *type, struct buf *b, struct buf *out) {
    buf_add_char(b, '}');
    sse_write(out, span_of(type), buf_span(b));
    out->failed |= b->failed;
    buf_free(b);
}

static void write_response(struct echo_response *r, const char *type, bool done, struct buf *out) {
    struct buf b;

    begin(r, type, &b);
    buf_add_c(&b, "\"response\":");
    add_response(&b, r, done);
    end(type, &b, out);
}

static void write_item(struct echo_response *r, const char *type, bool done, struct buf *out) {
    struct buf b;

    begin(r, type, &b);
    buf_add_c(&b, PLACE ",\"item\":");
    add_item(&b, r, done);
    end(type, &b, out);
}

static void write_part(struct echo_response *r, const char *type, struct span text, struct buf *out) {
    struct buf b;

    begin(r, type, &b);
    buf_add_c(&b, PLACE_OF_PART ",\"part\":");
    add_part(&b, text);
    end(type, &b, out);
}

static void write_text(struct echo_response *r, const char *type, const char *member, struct span text, struct buf *out) {
    struct buf b;

    begin(r, type, &b);
    buf_add_c(&b, PLACE_OF_PART ",\"logprobs\":[],");
    buf_add_c(&b, member);
    add_quoted(&b, text);
    end(type, &b, out);
}

void echo_response_begin(struct echo_response *r, struct buf *out) {
    write_response(r, "response.created", false, out);
    write_item(r, "response.output_item.added", false, out);
    write_part(r, "response.content_part.added", span_make("", 0), out);
}

void echo_response_delta(struct echo_response *r, struct span piece, struct buf *out) {
    write_text(r, "response.output_text.delta", "\"delta\":", piece, out);
}

void echo_response_copies(struct echo_response *r, struct buf *out) {
    write_text(r, "response.output_text.done", "\"text\":", r->text, out);
    write_part(r, "response.content_part.done", r->text, out);
    write_item(r, "response.output_item.done", true, out);
}

void echo_response_end(struct echo_response *r, struct buf *out) {
    write_response(r, "response.completed", true, out);
}
