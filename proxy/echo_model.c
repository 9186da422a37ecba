/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes the echo model's answers in the OpenAI form. A stream is cut into pieces of three to six bytes, as small as a real
 * model's, so that tokens arrive in parts; choices take turns.
 *
 *   ROLES -> TEXT (round and round) -> FINISHES -> USAGE (if asked for) -> MARK -> END
 */
#include "echo_model.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "arena.h"
#include "buf.h"
#include "echo_request.h"
#include "echo_response.h"
#include "sse.h"
#include "tokens.h"

#define ARENA_EXTRA (1024u * 1024)
#define ARENA_PER_BYTE 16u
#define ANSWER_MAX ((size_t)1 << 30)

enum phase { PHASE_ROLES, PHASE_TEXT, PHASE_FINISHES, PHASE_USAGE, PHASE_MARK, PHASE_END };

struct echo_model {
    struct arena *arena;
    struct echo_request request;
    int status;
    const char *error_code;
    struct span *answers; /* one per text */
    size_t n_choices, choice;
    size_t *at; /* per choice, how much is out */
    enum phase phase;
    struct buf event;
    long long created;
    uint64_t id;
    struct echo_response response; /* for /v1/responses */
};

/* ---- what it says ---- */

static void add_spelled(struct buf *b, struct span text) {
    size_t from = 0, begin, end;

    while (token_next(text, from, &begin, &end)) {
        buf_add(b, span_sub(text, from, begin));
        buf_add_c(b, "\u2039");
        buf_add(b, span_sub(text, begin + 1, end - 1));
        buf_add_c(b, "\u203a");
        from = end;
    }
    buf_add(b, span_sub(text, from, text.len));
}

static void say_prose(struct buf *b, struct span text) {
    buf_add_c(b, "The model received: ");
    add_spelled(b, text);
    buf_add_c(b, "\n\nThe same with your own values: ");
    buf_add(b, text);
}

static void say_json(struct buf *b, struct span text) {
    struct buf spelled;

    buf_init(&spelled, ANSWER_MAX);
    add_spelled(&spelled, text);
    b->failed |= spelled.failed;
    buf_add_c(b, "{\"received\": \"");
    buf_add_json_escaped(b, buf_span(&spelled));
    buf_add_c(b, "\", \"same\": \"");
    buf_add_json_escaped(b, text);
    buf_add_c(b, "\"}");
    buf_free(&spelled);
}

static int prepare(struct echo_model *m) {
    struct echo_request *r = &m->request;
    struct buf said;

    m->answers = arena_array(m->arena, r->n_texts, sizeof *m->answers);
    m->n_choices = r->n_texts * r->n;
    m->at = arena_array(m->arena, m->n_choices, sizeof *m->at);
    if (!m->answers || !m->at) return -1;
    buf_init(&said, ANSWER_MAX);
    for (size_t i = 0; i < r->n_texts; i++) {
        buf_clear(&said);
        if (r->json)
            say_json(&said, r->texts[i]);
        else
            say_prose(&said, r->texts[i]);
        char *copy = said.failed ? NULL : arena_copy(m->arena, buf_span(&said));
        if (!copy) break;
        m->answers[i] = span_make(copy, said.len);
    }
    buf_free(&said);
    return arena_failed(m->arena) || m->answers[r->n_texts - 1].len == 0 ? -1 : 0;
}

static struct span answer_of(const struct echo_model *m, size_t choice) {
    return m->answers[choice / m->request.n];
}

/* ---- parts of documents ---- */

static size_t token_estimate(size_t bytes) {
    return (bytes + 3) / 4;
}

static void add_usage(struct buf *b, const struct echo_model *m) {
    size_t in = 0, out = 0;

    for (size_t i = 0; i < m->request.n_texts; i++)
        in += token_estimate(m->request.texts[i].len);
    for (size_t i = 0; i < m->n_choices; i++)
        out += token_estimate(answer_of(m, i).len);
    buf_add_format(b, "{\"prompt_tokens\":%zu,\"completion_tokens\":%zu,\"total_tokens\":%zu}", in, out, in + out);
}

static void add_begin(struct buf *b, const struct echo_model *m, const char *object) {
    bool chat = m->request.endpoint == ECHO_CHAT;
    buf_add_format(b, "{\"id\":\"%s-echo%016llx\",\"object\":\"%s\",\"created\":%lld,\"model\":\"",
                   chat ? "chatcmpl" : "cmpl", (unsigned long long)m->id, object, m->created);
    buf_add(b, m->request.model);
    buf_add_c(b, "\",\"choices\":[");
}

static void add_quoted(struct buf *b, struct span text) {
    buf_add_char(b, '"');
    buf_add_json_escaped(b, text);
    buf_add_char(b, '"');
}

/* ---- whole answers ---- */

static void write_choice(struct buf *b, const struct echo_model *m, size_t i) {
    buf_add_format(b, "%s{\"index\":%zu,", i ? "," : "", i);
    if (m->request.endpoint == ECHO_CHAT) {
        buf_add_c(b, "\"message\":{\"role\":\"assistant\",\"content\":");
        add_quoted(b, answer_of(m, i));
        buf_add_c(b, ",\"refusal\":null}");
    } else {
        buf_add_c(b, "\"text\":");
        add_quoted(b, answer_of(m, i));
    }
    buf_add_c(b, ",\"logprobs\":null,\"finish_reason\":\"stop\"}");
}

static void write_choices(struct buf *b, const struct echo_model *m) {
    add_begin(b, m, m->request.endpoint == ECHO_CHAT ? "chat.completion" : "text_completion");
    for (size_t i = 0; i < m->n_choices; i++)
        write_choice(b, m, i);
    buf_add_c(b, "],\"usage\":");
    add_usage(b, m);
    buf_add_char(b, '}');
}

/* FNV-1a over the text, begun differently for each dimension; in (-1, 1). */
static float coordinate(struct span text, unsigned dimension) {
    uint64_t h = 14695981039346656037u ^ dimension;
    for (size_t i = 0; i < text.len; i++)
        h = (h ^ (unsigned char)text.ptr[i]) * 1099511628211u;
    h = (h ^ (h >> 29)) * 1099511628211u;
    return (float)(int32_t)(h >> 32) / 2147483648.0f;
}

/* Little-endian floats, as clients ask for by default. */
static void add_base64(struct buf *b, struct span text, unsigned dimensions) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t group = 0;
    unsigned held = 0;

    for (unsigned i = 0; i < dimensions * 4; i++) {
        float value = coordinate(text, i / 4);
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        group = group << 8 | (bits >> (i % 4 * 8) & 0xff);
        if (++held < 3) continue;
        for (int shift = 18; shift >= 0; shift -= 6)
            buf_add_char(b, digits[group >> shift & 63]);
        group = held = 0;
    }
    if (held == 0) return;
    group <<= (3 - held) * 8;
    for (unsigned i = 0; i < 4; i++)
        buf_add_char(b, i <= held ? digits[group >> (18 - 6 * i) & 63] : '=');
}

static void add_vector(struct buf *b, const struct echo_request *r, struct span text) {
    if (r->base64) {
        buf_add_char(b, '"');
        add_base64(b, text, r->dimensions);
        buf_add_char(b, '"');
        return;
    }
    for (unsigned i = 0; i < r->dimensions; i++)
        buf_add_format(b, "%c%.7f", i ? ',' : '[', (double)coordinate(text, i));
    buf_add_char(b, ']');
}

static void write_embeddings(struct buf *b, const struct echo_model *m) {
    const struct echo_request *r = &m->request;
    size_t in = 0;

    buf_add_c(b, "{\"object\":\"list\",\"data\":[");
    for (size_t i = 0; i < r->n_texts; i++) {
        in += token_estimate(r->texts[i].len);
        buf_add_format(b, "%s{\"object\":\"embedding\",\"index\":%zu,\"embedding\":", i ? "," : "", i);
        add_vector(b, r, r->texts[i]);
        buf_add_char(b, '}');
    }
    buf_add_c(b, "],\"model\":\"");
    buf_add(b, r->model);
    buf_add_format(b, "\",\"usage\":{\"prompt_tokens\":%zu,\"total_tokens\":%zu}}", in, in);
}

static void write_error(struct buf *b, const struct echo_model *m) {
    buf_add_format(b,
                   "{\"error\":{\"message\":\"The echo model cannot answer this request.\","
                   "\"type\":\"invalid_request_error\",\"param\":null,\"code\":\"%s\"}}",
                   m->error_code);
}

static void write_whole(struct buf *b, const struct echo_model *m) {
    if (m->status != 200) {
        write_error(b, m);
        return;
    }
    switch (m->request.endpoint) {
    case ECHO_CHAT:
    case ECHO_COMPLETIONS:
        write_choices(b, m);
        return;
    case ECHO_EMBEDDINGS:
        write_embeddings(b, m);
        return;
    case ECHO_RESPONSES:
        echo_response_write(&m->response, b);
        return;
    case ECHO_MODELS:
        buf_add_c(b, "{\"object\":\"list\",\"data\":[{\"id\":\"echo\",\"object\":\"model\",\"created\":0,"
                     "\"owned_by\":\"phigate\"}]}");
        return;
    case ECHO_UNKNOWN:
        return;
    }
}

/* ---- streams ---- */

static void write_event(struct echo_model *m, struct buf *out) {
    sse_write(out, span_make(NULL, 0), buf_span(&m->event));
    out->failed |= m->event.failed;
}

/* delta: the member that differs, or what stands for it; finished: with a finish_reason. */
static void write_chunk(struct echo_model *m, struct buf *out, const char *member, struct span text, bool finished) {
    struct buf *b = &m->event;
    bool chat = m->request.endpoint == ECHO_CHAT;

    buf_clear(b);
    add_begin(b, m, chat ? "chat.completion.chunk" : "text_completion");
    buf_add_format(b, "{\"index\":%zu,%s", m->choice, chat ? "\"delta\":{" : "");
    if (member) {
        buf_add_c(b, member);
        add_quoted(b, text);
    }
    buf_add_c(b, chat ? "}" : "");
    buf_add_c(b, ",\"logprobs\":null,\"finish_reason\":");
    buf_add_c(b, finished ? "\"stop\"}]" : "null}]");
    buf_add_c(b, m->request.include_usage ? ",\"usage\":null}" : "}");
    write_event(m, out);
}

/* Three to six bytes and the rest of a character. */
static size_t piece_end(struct span text, size_t at) {
    size_t end = at + 3 + at * 7 % 4;
    while (end < text.len && ((unsigned char)text.ptr[end] & 0xc0) == 0x80)
        end++;
    return end < text.len ? end : text.len;
}

static void write_text(struct echo_model *m, struct buf *out) {
    struct span all = answer_of(m, m->choice);
    size_t begin = m->at[m->choice], end = piece_end(all, begin);
    const char *member = m->request.endpoint == ECHO_CHAT ? "\"content\":" : "\"text\":";

    m->at[m->choice] = end;
    write_chunk(m, out, member, span_sub(all, begin, end), false);
}

static void write_usage(struct echo_model *m, struct buf *out) {
    struct buf *b = &m->event;

    buf_clear(b);
    add_begin(b, m, m->request.endpoint == ECHO_CHAT ? "chat.completion.chunk" : "text_completion");
    buf_add_c(b, "],\"usage\":");
    add_usage(b, m);
    buf_add_char(b, '}');
    write_event(m, out);
}

/* The same phases as typed events. */
static void write_response_phase(struct echo_model *m, struct buf *out) {
    size_t begin = m->at[0];

    switch (m->phase) {
    case PHASE_ROLES:
        echo_response_begin(&m->response, out);
        return;
    case PHASE_TEXT:
        m->at[0] = piece_end(m->response.text, begin);
        echo_response_delta(&m->response, span_sub(m->response.text, begin, m->at[0]), out);
        return;
    case PHASE_FINISHES:
        echo_response_copies(&m->response, out);
        return;
    case PHASE_USAGE:
        echo_response_end(&m->response, out);
        return;
    case PHASE_MARK:
    case PHASE_END:
        return;
    }
}

static void write_phase(struct echo_model *m, struct buf *out) {
    bool chat = m->request.endpoint == ECHO_CHAT;

    switch (m->phase) {
    case PHASE_ROLES:
        write_chunk(m, out, "\"role\":\"assistant\",\"content\":", span_make("", 0), false);
        return;
    case PHASE_TEXT:
        write_text(m, out);
        return;
    case PHASE_FINISHES:
        write_chunk(m, out, chat ? NULL : "\"text\":", span_make("", 0), true);
        return;
    case PHASE_USAGE:
        write_usage(m, out);
        return;
    case PHASE_MARK:
        sse_write(out, span_make(NULL, 0), span_of("[DONE]"));
        return;
    case PHASE_END:
        return;
    }
}

/* The next choice that has something left in this phase; with none, the next phase. */
static void advance(struct echo_model *m) {
    if (m->phase == PHASE_TEXT) {
        for (size_t i = 1; i <= m->n_choices; i++) {
            size_t c = (m->choice + i) % m->n_choices;
            if (m->at[c] == answer_of(m, c).len) continue;
            m->choice = c;
            return;
        }
    } else if (m->phase < PHASE_USAGE && m->choice + 1 < m->n_choices) {
        m->choice++;
        return;
    }
    m->choice = 0;
    m->phase++;
    if (m->phase == PHASE_USAGE && !m->request.include_usage) m->phase++;
}

static int next_event(struct echo_model *m, struct buf *out) {
    if (m->request.endpoint == ECHO_RESPONSES) write_response_phase(m, out);
    else write_phase(m, out);
    advance(m);
    if (out->failed) return -1;
    return m->phase == PHASE_END ? 0 : 1;
}

/* ---- the model ---- */

static void prepare_response(struct echo_model *m) {
    const struct echo_request *r = &m->request;

    m->request.include_usage = true; /* the last event has it */
    m->response = (struct echo_response){.id = m->id, .created = m->created, .model = r->model, .text = m->answers[0],
                                         .tokens_in = token_estimate(r->texts[0].len),
                                         .tokens_out = token_estimate(m->answers[0].len)};
}

static void read_request(struct echo_model *m, const char *method, const char *path, struct span body) {
    enum echo_endpoint e = echo_endpoint_of(method, path);

    m->status = 200;
    if (e == ECHO_UNKNOWN) {
        m->status = 404;
        m->error_code = "unknown_endpoint";
    } else if (echo_request_read(m->arena, e, body, &m->request) < 0 ||
               (e != ECHO_MODELS && e != ECHO_EMBEDDINGS && prepare(m) < 0)) {
        m->status = 400;
        m->error_code = "invalid_request";
    }
    if (m->status != 200) m->request.stream = false;
    else if (e == ECHO_RESPONSES) prepare_response(m);
    if (e == ECHO_COMPLETIONS) m->phase = PHASE_TEXT; /* without roles */
}

struct echo_model *echo_model_new(const char *method, const char *path, struct span body) {
    struct echo_model *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    buf_init(&m->event, ANSWER_MAX);
    m->arena = arena_new(ARENA_EXTRA + body.len * ARENA_PER_BYTE);
    if (!m->arena || getrandom(&m->id, sizeof m->id, 0) != sizeof m->id) {
        echo_model_free(m);
        return NULL;
    }
    m->created = (long long)time(NULL);
    read_request(m, method, path, body);
    return m;
}

void echo_model_free(struct echo_model *m) {
    if (!m) return;
    buf_free(&m->event);
    arena_free(m->arena);
    free(m);
}

int echo_model_status(const struct echo_model *m) {
    return m->status;
}

struct span echo_model_type(const struct echo_model *m) {
    return span_of(m->request.stream ? "text/event-stream" : "application/json");
}

int echo_model_next(struct echo_model *m, struct buf *out) {
    if (m->request.stream) return next_event(m, out);
    write_whole(out, m);
    return out->failed ? -1 : 0;
}
