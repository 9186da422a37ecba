/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers. Small pieces are gathered and leave in one system call at the end of the loop's turn, but for the first piece of
 * an answer of unknown length: a reader waits for a stream's first event, and the turn may hold many more. A large run goes to
 * the socket from where it is, behind what was gathered. What the socket does not take is copied and waits for the
 * writable event, and the handler is asked to pause above the high mark.
 */
#include "server_connection.h"

#include <string.h>
#include <time.h>

#include "log.h"

#define DIRECT_MIN 16384u         /* from here on, copying costs more than a second vector */
#define GATHER_MAX 65536u         /* gathered bytes that leave before the end of the turn */
#define COMPACT_MIN (1u << 20)
#define HEAD_USUAL 700u

/* ---- the buffer ---- */

size_t connection_backlog(const struct connection *c) {
    return c->out.len - c->sent;
}

static void left_the_house(struct connection *c, size_t n) {
    c->sent += n;
    c->progress = server_now();
    if (c->sent == c->out.len) {
        buf_free(&c->out);
        c->sent = 0;
    } else if (c->sent >= COMPACT_MIN && c->sent > c->out.len / 2) {
        buf_consume(&c->out, c->sent);
        c->sent = 0;
    }
}

void connection_flush(struct connection *c) {
    while (connection_backlog(c) && !c->writing && !c->broken) {
        ssize_t n = socket_write(c, span_sub(buf_span(&c->out), c->sent, c->out.len), (struct span){NULL, 0});
        if (n < 0) c->broken = true;
        if (n <= 0) return;
        left_the_house(c, (size_t)n);
    }
}

static void gather(struct connection *c, struct span s) {
    if (connection_backlog(c) == 0) c->progress = server_now();
    buf_add(&c->out, s);
    if (c->out.failed) c->broken = true;
    if (connection_backlog(c) >= GATHER_MAX) connection_flush(c);
}

static void send_run(struct connection *c, struct span s) {
    if (c->ssl || c->writing || s.len < DIRECT_MIN) {
        gather(c, s);
        return;
    }
    size_t before = connection_backlog(c);
    ssize_t n = socket_write(c, span_sub(buf_span(&c->out), c->sent, c->out.len), s);
    if (n < 0) {
        c->broken = true;
        return;
    }
    size_t own = (size_t)n < before ? (size_t)n : before;
    if (own) left_the_house(c, own);
    gather(c, span_sub(s, (size_t)n - own, s.len));
}

static void send_text(struct connection *c, const char *text) {
    gather(c, span_of(text));
}

/* ---- heads ---- */

/* Framing is ours alone: a header that came from elsewhere must not contradict it. */
static bool is_framing(const char *name) {
    static const char *const ours[] = {"Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Date",
                                       "Trailer", "Upgrade"};

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (span_is_nocase(span_of(name), ours[i])) return true;
    return false;
}

static bool is_one_line(struct span value) {
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] == '\r' || value.ptr[i] == '\n' || value.ptr[i] == '\0') return false;
    return true;
}

/* RFC 9110 section 5.6.7; made once a second. */
static const char *date_line(struct server *s) {
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm t;
    struct buf line;

    if (now == s->date_at || !gmtime_r(&now, &t)) return s->date;
    buf_init(&line, sizeof s->date - 1);
    buf_add_format(&line, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[t.tm_wday], t.tm_mday,
                   months[t.tm_mon], t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
    if (!line.failed) {
        memcpy(s->date, line.ptr, line.len);
        s->date[line.len] = '\0';
        s->date_at = now;
    }
    buf_free(&line);
    return s->date;
}

static void add_framing(struct server_exchange *x, struct buf *head, int status, long long length) {
    bool without = status == 204 || status == 304;

    x->bodiless = x->head_only || without;
    x->counted = length >= 0;
    x->chunked = length < 0 && !x->old;
    x->left = x->counted && !x->bodiless ? (uint64_t)length : 0;
    if (!x->counted && !x->chunked) x->close = true;
    if (!without && x->counted) buf_add_format(head, "Content-Length: %lld\r\n", length);
    if (!without && x->chunked) buf_add_c(head, "Transfer-Encoding: chunked\r\n");
    if (!x->body.ended || x->close) {
        x->close = true;
        buf_add_c(head, "Connection: close\r\n");
    }
    buf_add_c(head, "\r\n");
}

static void start_answer(struct server_exchange *x, int status, const struct server_header *headers, size_t n,
                         long long length) {
    struct connection *c = connection_of(x);
    struct buf *head = &c->out;
    size_t body = length > 0 && length < DIRECT_MIN ? (size_t)length : 0;

    if (connection_backlog(c) == 0) c->progress = server_now();
    if (buf_reserve(head, HEAD_USUAL + body) < 0) c->broken = true; /* one allocation for most answers */
    buf_add_format(head, "HTTP/1.1 %d %s\r\n", status, http1_reason(status));
    buf_add_c(head, date_line(c->server));
    for (size_t i = 0; i < n; i++) {
        if (is_framing(headers[i].name) || !is_one_line(headers[i].value)) continue;
        buf_add_c(head, headers[i].name);
        buf_add_c(head, ": ");
        buf_add(head, headers[i].value);
        buf_add_c(head, "\r\n");
    }
    add_framing(x, head, status, length);
    if (head->failed) c->broken = true;
    x->answer = ANSWER_BEGUN;
}

/* ---- verbs ---- */

static bool can_answer(const struct server_exchange *x, enum answer expected) {
    const struct connection *c = connection_of((struct server_exchange *)x);

    return c->phase == PHASE_EXCHANGE && !c->broken && !c->refusal && x->answer == expected;
}

void server_begin(struct server_exchange *x, int status, const struct server_header *headers, size_t n,
                  long long length) {
    if (!can_answer(x, ANSWER_NONE)) return;
    start_answer(x, status, headers, n, length);
    connection_set_due(connection_of(x));
}

/* The size of a chunk (RFC 9112 section 7.1); every event has one. */
static void send_size(struct connection *c, size_t n) {
    char line[2 * sizeof n + 2];
    size_t at = sizeof line - 2;

    memcpy(line + at, "\r\n", 2);
    do {
        line[--at] = "0123456789abcdef"[n & 15];
        n >>= 4;
    } while (n);
    gather(c, span_make(line + at, sizeof line - at));
}

static void write_body(struct server_exchange *x, struct span bytes) {
    struct connection *c = connection_of(x);

    if (bytes.len == 0 || x->bodiless) return;
    if (x->counted) {
        if (bytes.len > x->left) { /* the announced length was wrong: no way to end this cleanly */
            log_event(LOG_LEVEL_ERROR, "server.answer-too-long", "left=%llu", (unsigned long long)x->left);
            c->broken = true;
            return;
        }
        x->left -= bytes.len;
    }
    if (!x->chunked) {
        send_run(c, bytes);
        return;
    }
    send_size(c, bytes.len);
    send_run(c, bytes);
    send_text(c, "\r\n");
}

/* Once for each answer, so that a burst of events still costs one call at the end of the turn. */
static void open_stream(struct server_exchange *x) {
    if (x->opened || x->counted) return;
    x->opened = true;
    connection_flush(connection_of(x));
}

bool server_write(struct server_exchange *x, struct span bytes) {
    struct connection *c = connection_of(x);

    if (!can_answer(x, ANSWER_BEGUN)) return true;
    write_body(x, bytes);
    if (bytes.len) open_stream(x);
    connection_set_due(c);
    if (connection_backlog(c) > c->server->o.write_high) x->blocked = true;
    return !x->blocked;
}

static void end_answer(struct server_exchange *x) {
    struct connection *c = connection_of(x);

    if (x->counted && x->left) {
        log_event(LOG_LEVEL_ERROR, "server.answer-too-short", "left=%llu", (unsigned long long)x->left);
        c->broken = true;
        return;
    }
    if (x->chunked && !x->bodiless) send_text(c, "0\r\n\r\n");
    x->answer = ANSWER_ENDED;
}

void server_end(struct server_exchange *x) {
    if (!can_answer(x, ANSWER_BEGUN)) return;
    end_answer(x);
    connection_set_due(connection_of(x));
}

void server_reply(struct server_exchange *x, int status, const struct server_header *headers, size_t n,
                  struct span body) {
    if (!can_answer(x, ANSWER_NONE)) return;
    start_answer(x, status, headers, n, (long long)body.len);
    write_body(x, body);
    end_answer(x);
    connection_set_due(connection_of(x));
}

void server_abort(struct server_exchange *x) {
    struct connection *c = connection_of(x);

    if (c->phase != PHASE_EXCHANGE || x->answer == ANSWER_ENDED) return;
    connection_flush(c);
    c->broken = true;
    connection_set_due(c);
}

void server_accept_body(struct server_exchange *x, uint64_t body_max) {
    struct connection *c = connection_of(x);

    if (!can_answer(x, ANSWER_NONE) || x->body_wanted) return;
    if (x->body.left > body_max) { /* known beforehand for a length, 0 for chunks */
        connection_refuse(c, 413, "the body is too large");
        return;
    }
    x->body_wanted = true;
    x->body_max = body_max;
    c->since = server_now();
    c->window_total = 0;
    c->fresh = true;
    if (x->expect && !x->body.ended) send_text(c, "HTTP/1.1 100 Continue\r\n\r\n");
    connection_set_due(c);
}

/* ---- refusals ---- */

static const char *refusal_code(int status) {
    switch (status) {
    case 408: return "request_timeout";
    case 413: return "request_too_large";
    case 414: return "uri_too_long";
    case 417: return "expectation_failed";
    case 421: return "misdirected_request";
    case 431: return "headers_too_large";
    case 500: return "internal_error";
    case 501: return "not_implemented";
    case 503: return "overloaded";
    case 505: return "version_not_supported";
    default: return "bad_request";
    }
}

/* The message is one of our constants: nothing of the request is quoted. */
void connection_answer_refusal(struct connection *c) {
    const struct server_header headers[] = {
        {"Content-Type", span_of("application/json")},
        {"Retry-After", span_of("1")},
    };
    int status = c->refusal;
    struct buf body;

    c->refusal = 0;
    if (c->x.answer != ANSWER_NONE) {
        c->broken = true;
        return;
    }
    c->x.close = true;
    buf_init(&body, 1024);
    buf_add_c(&body, "{\"error\":{\"message\":\"");
    buf_add_json_escaped(&body, span_of(c->reason));
    buf_add_format(&body, "\",\"type\":\"%s\",\"param\":null,\"code\":\"%s\"}}\n",
                   status == 500 || status == 503 ? "server_error" : "invalid_request_error", refusal_code(status));
    start_answer(&c->x, status, headers, status == 503 ? 2 : 1, (long long)body.len);
    write_body(&c->x, buf_span(&body));
    end_answer(&c->x);
    buf_free(&body);
}
