/* SPDX-License-Identifier: Apache-2.0
 *
 * One call over libcurl: the request is written from what the caller gave and nothing else, the answer is checked line by
 * line and handed on as it comes.
 *
 * Before a request goes out on a connection that was used before, the guard looks whether bytes wait on it. A peer that sent
 * them ahead of time planted an answer, and libcurl 7.88 would deliver it for this request (fixed later by curl's pull
 * request 10690). Such a connection is given up, with nothing sent, and a fresh one made. TLS may hold planted bytes
 * already decrypted, so both places are looked at; late session tickets look the same and cost a handshake. HTTP/2 tells
 * answers apart by stream, so nothing can be planted there.
 */
#include "upstream_internal.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sigv4.h"

#define CONNECT_MS 5000
#define FIRST_BYTE_MS 600000
#define IDLE_MS 300000
#define TOTAL_MS 3600000
#define RESPONSE_MAX (64u * 1024 * 1024)
#define TEXT_MAX (64u * 1024)
#define URL_MAX 8192u
#define URL_FLAGS (CURLU_PATH_AS_IS | CURLU_DISALLOW_USER)
/* What libcurl keeps for a call as long as it runs, and what is wiped after each. */
#define READ_MAX 16384L
#define READ_MAX_EVENTS 1024L /* of a stream, whose events are small and which may stay open for long */
#define SENDS_MAX 2 /* libcurl repeats a request when a pooled connection turns out closed: once */

/* ---- the request ---- */

static bool is_line(struct span s) {
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f) return false;
    }
    return s.len > 0;
}

static bool is_path(struct span s) {
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] <= 0x20 || s.ptr[i] > 0x7e || s.ptr[i] == '#' || s.ptr[i] == '\\') return false;
    return s.len > 0 && s.ptr[0] == '/';
}

/* One buffer holds the lines; it may move while it grows, so the list is made of offsets first. */
struct line_offsets {
    size_t at[UPSTREAM_LINES_MAX], n;
};

static void begin_line(struct buf *b, struct line_offsets *o) {
    if (o->n == UPSTREAM_LINES_MAX)
        b->failed = true;
    else
        o->at[o->n++] = b->len;
}

static void add_line(struct buf *b, struct line_offsets *o, const char *name, const char *value) {
    begin_line(b, o);
    if (!is_line(span_of(value))) b->failed = true;
    buf_add_c(b, name);
    buf_add_c(b, value);
    buf_add_char(b, '\0');
}

/* libcurl takes 10,000 instructions to read a URL, print it and read it again. A handle mostly calls the URL it called
 * before, so that one is kept in parts. */
static int set_url(struct upstream_exchange *x, const struct upstream_target *t, const char *path) {
    struct span base = span_of(t->url), rest = span_of(path);
    while (base.len && base.ptr[base.len - 1] == '/')
        base.len--;
    struct span known = buf_span(&x->url_text);
    if (known.len == base.len + rest.len + 1 && span_equal(span_sub(known, 0, base.len), base) &&
        span_equal(span_sub(known, base.len, known.len - 1), rest))
        return 0;

    buf_clear(&x->url_text);
    if (!is_path(rest)) return -1;
    buf_add(&x->url_text, base);
    buf_add(&x->url_text, rest);
    buf_add_char(&x->url_text, '\0');
    curl_easy_setopt(x->easy, CURLOPT_URL, NULL); /* the last one, which the handle remembers beside the parts */
    curl_easy_setopt(x->easy, CURLOPT_CURLU, x->url);
    if (!x->url_text.failed && curl_url_set(x->url, CURLUPART_URL, x->url_text.ptr, URL_FLAGS) == CURLUE_OK) return 0;
    buf_clear(&x->url_text);
    return -1;
}

/* The URL that is called must be known, and the body be whole. */
static int add_signature(struct upstream_exchange *x, struct line_offsets *o, const struct upstream_request *r) {
    const struct sigv4_key *key = x->target->aws;
    struct sigv4_request request = {.method = r->method, .url = span_of(x->url_text.ptr), .body = r->body};
    char date[SIGV4_DATE_LEN + 1];
    struct buf value;

    if (!x->get) request.content_type = r->content_type ? r->content_type : "application/json";
    buf_init(&value, 1024);
    int rc = sigv4_sign(key, &request, time(NULL), date, &value);
    buf_add_char(&value, '\0');
    if (rc == 0 && !value.failed) {
        add_line(&x->text, o, "x-amz-date: ", date);
        if (key->session_token) add_line(&x->text, o, "x-amz-security-token: ", key->session_token);
        add_line(&x->text, o, "authorization: ", value.ptr);
    }
    rc = rc || value.failed ? -1 : 0;
    buf_free(&value);
    return rc;
}

static int write_head(struct upstream_exchange *x, const struct upstream_target *t, const struct upstream_request *r) {
    struct line_offsets o = {.n = 0};
    struct buf *b = &x->text;

    if (!x->get) add_line(b, &o, "content-type: ", r->content_type ? r->content_type : "application/json");
    add_line(b, &o, "accept: ", r->accept ? r->accept : r->stream ? "text/event-stream" : "application/json");
    add_line(b, &o, "accept-encoding: ", "identity");
    if (r->user_agent) add_line(b, &o, "user-agent: ", r->user_agent);
    if (t->aws && add_signature(x, &o, r) < 0) return -1;
    if (t->credential && !t->aws) add_line(b, &o, t->key_header ? t->key_header : "authorization: Bearer ", t->credential);
    for (const char *const *h = r->headers; h && *h; h++)
        add_line(b, &o, "", *h);
    begin_line(b, &o); /* without a value: libcurl must not ask for 100-continue */
    buf_add(b, span_make("expect:", 8));
    if (b->failed) return -1;

    for (size_t i = 0; i < o.n; i++) {
        x->lines[i].data = b->ptr + o.at[i];
        x->lines[i].next = i + 1 < o.n ? &x->lines[i + 1] : NULL;
    }
    return 0;
}

static void set_request(struct upstream_exchange *x, const struct upstream_request *r) {
    bool tls = span_starts(span_of(x->target->url), "https:");

    if (x->tls != tls) {
        /* Without TLS there is no HTTP/2, and nothing to wait for before a second connection is opened. */
        x->tls = tls;
        curl_easy_setopt(x->easy, CURLOPT_HTTP_VERSION, tls ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(x->easy, CURLOPT_PIPEWAIT, tls ? 1L : 0L);
    }
    curl_easy_setopt(x->easy, CURLOPT_BUFFERSIZE, r->stream ? READ_MAX_EVENTS : READ_MAX);
    bool deletes = strcmp(r->method, "DELETE") == 0;
    curl_easy_setopt(x->easy, CURLOPT_CUSTOMREQUEST, deletes ? "DELETE" : NULL);
    if (x->get) {
        curl_easy_setopt(x->easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(x->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
    curl_easy_setopt(x->easy, CURLOPT_POSTFIELDS, r->body.len ? r->body.ptr : ""); /* sets POST; not copied */
}

/* Another deadline holds now; it may be the earliest of all. */
static void watch_deadline(struct upstream_exchange *x) {
    enum upstream_end how;
    upstreams_watch_deadline(x->call.u, x->call.kind->deadline(&x->call, &how));
}

/* ---- the guard ---- */

static bool is_http2(const SSL *ssl) {
    const unsigned char *name = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(ssl, &name, &len);
    return len == 2 && memcmp(name, "h2", 2) == 0;
}

static const SSL *session_of(struct upstream_exchange *x) {
    struct curl_tlssessioninfo *info = NULL;
    if (curl_easy_getinfo(x->easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || !info) return NULL;
    return info->internals;
}

static bool may_send(struct upstream_exchange *x, struct upstream_socket *s) {
    if (!s || x->sends >= SENDS_MAX) return false;
    bool first = !s->used;
    s->used = true;
    if (first) return true;
    if (x->fresh) return false;
    const SSL *ssl = x->tls ? session_of(x) : NULL;
    if (x->tls && !ssl) return false;
    if (ssl && is_http2(ssl)) return true;
    if (ssl && SSL_has_pending(ssl)) return false;
    return x->sends == 0 && !upstream_socket_waiting(s);
}

static int on_request(void *arg, char *peer, char *local, int peer_port, int port) {
    struct upstream_exchange *x = arg;
    (void)local;

    if (x->call.ended) return CURL_PREREQFUNC_ABORT;
    if (!may_send(x, upstream_socket_find(x->pool, peer, peer_port, port))) {
        x->refused = true;
        return CURL_PREREQFUNC_ABORT;
    }
    x->sends++;
    x->sent = upstream_now();
    watch_deadline(x);
    return CURL_PREREQFUNC_OK;
}

/* ---- the answer ---- */

static size_t stop(struct upstream_exchange *x, enum upstream_end why) {
    if (!x->failed) x->failure = why;
    x->failed = true;
    return 0;
}

static int give_head(struct upstream_exchange *x) {
    struct upstream_header fields[RESPONSE_HEAD_FIELDS];
    struct upstream_head h = {.status = x->head.status, .content_type = x->head.content_type, .headers = fields};

    for (h.n = 0; h.n < x->head.n_fields; h.n++) {
        fields[h.n].name = x->head.fields[h.n].name;
        fields[h.n].value = x->head.fields[h.n].value;
    }
    x->head_given = true;
    return x->call.handler->head(x->call.owner, &h);
}

static uint64_t response_max(const struct upstream_exchange *x) {
    return x->target->response_max ? x->target->response_max : RESPONSE_MAX;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *arg) {
    struct upstream_exchange *x = arg;
    size_t len = size * n;

    if (x->call.ended) return 0;
    x->heard = upstream_now();
    switch (response_head_line(&x->head, span_make(bytes, len))) {
    case RESPONSE_BAD:
        return stop(x, UPSTREAM_BROKEN);
    case RESPONSE_MORE:
        return len;
    case RESPONSE_FINAL:
        break;
    }
    struct span type = span_sub(x->head.content_type, 0, strlen("text/event-stream"));
    x->unlimited = x->flows || (x->stream && span_is_nocase(type, "text/event-stream"));
    if (!x->unlimited && x->head.has_length && x->head.length > response_max(x))
        return stop(x, UPSTREAM_TOO_LARGE);
    if (x->head.coding > INFLATE_IDENTITY) {
        x->inflate = inflate_new(x->head.coding, x->unlimited ? SIZE_MAX : (size_t)response_max(x));
        if (!x->inflate) return stop(x, UPSTREAM_BROKEN);
    }
    if (give_head(x) < 0) return stop(x, UPSTREAM_CANCELLED);
    response_head_forget(&x->head);
    watch_deadline(x);
    return len;
}

/* 0, -1, 1 as the owner wishes; *bad: why not. */
static int give_plain(struct upstream_exchange *x, struct span coded, enum upstream_end *bad) {
    struct buf plain;
    int wish = -1;

    buf_init(&plain, (size_t)response_max(x));
    enum inflate_result result = inflate_push(x->inflate, coded, &plain);
    if (result != INFLATE_OK) *bad = result == INFLATE_TOO_LARGE ? UPSTREAM_TOO_LARGE : UPSTREAM_BROKEN;
    else wish = plain.len ? x->call.handler->data(x->call.owner, buf_span(&plain)) : 0;
    buf_free(&plain);
    return wish;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *arg) {
    struct upstream_exchange *x = arg;
    size_t len = size * n;

    if (x->call.ended) return 0;
    if (!x->head_given) return stop(x, UPSTREAM_BROKEN);
    if (x->full) {
        x->held = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    x->heard = upstream_now();
    x->received += len;
    if (!x->unlimited && x->received > response_max(x)) return stop(x, UPSTREAM_TOO_LARGE);
    enum upstream_end bad = UPSTREAM_CANCELLED;
    struct span data = span_make(bytes, len);
    int wish = x->inflate ? give_plain(x, data, &bad) : x->call.handler->data(x->call.owner, data);
    if (wish < 0) return stop(x, bad);
    x->full = wish > 0;
    return len;
}

/* A connection that must not be used was refused before anything was sent on it. */
static bool try_afresh(struct upstream_exchange *x) {
    if (!x->refused || x->fresh || x->sends >= SENDS_MAX || x->head_given) return false;
    x->refused = false;
    x->fresh = true;
    response_head_wipe(&x->head);
    response_head_init(&x->head);
    curl_easy_setopt(x->easy, CURLOPT_FRESH_CONNECT, 1L);
    return upstream_pool_attach(x->pool, x) == 0;
}

void upstream_exchange_completed(struct upstream_exchange *x, CURLcode result) {
    if (x->call.ended) return; /* its wake-up is due */
    if (x->failed)
        x->call.end = x->failure;
    else if (try_afresh(x))
        return;
    else if (result == CURLE_OK && x->head_given)
        x->call.end = !x->inflate || inflate_end(x->inflate) == INFLATE_OK ? UPSTREAM_OK : UPSTREAM_BROKEN;
    else
        x->call.end = x->sends == 0 ? UPSTREAM_UNREACHABLE : UPSTREAM_BROKEN;
    upstream_call_done(&x->call);
}

/* ---- as a kind of call ---- */

static void detach(struct upstream_call *c) {
    struct upstream_exchange *x = (struct upstream_exchange *)c;
    upstream_pool_detach(x->pool, x);
}

static void resume(struct upstream_call *c) {
    struct upstream_exchange *x = (struct upstream_exchange *)c;

    if (!x->full) return;
    x->full = false;
    x->heard = upstream_now();
    watch_deadline(x);
    if (!x->held || !x->attached) return;
    x->held = false;
    x->pool->busy++; /* libcurl hands on from inside what it kept back, and forgets when that was refused */
    CURLcode result = curl_easy_pause(x->easy, CURLPAUSE_CONT);
    x->pool->busy--;
    if (result != CURLE_OK) upstream_call_end(c, x->failed ? x->failure : UPSTREAM_BROKEN);
}

static void release(struct upstream_call *c) {
    struct upstream_exchange *x = (struct upstream_exchange *)c;

    if (x->fresh) curl_easy_setopt(x->easy, CURLOPT_FRESH_CONNECT, 0L);
    buf_clear(&x->text);
    response_head_wipe(&x->head);
    inflate_free(x->inflate);
    x->inflate = NULL;
    upstream_pool_spare(x->pool, x);
}

/* libcurl repeats a request only while no byte of an answer has come. */
static bool sent(const struct upstream_call *c) {
    const struct upstream_exchange *x = (const struct upstream_exchange *)c;
    curl_off_t bytes = 0;

    if (!x->head_given || curl_easy_getinfo(x->easy, CURLINFO_SIZE_UPLOAD_T, &bytes) != CURLE_OK) return false;
    return bytes >= 0 && (uint64_t)bytes >= x->body_len;
}

static int64_t limit(unsigned given, int64_t otherwise) {
    return given ? (int64_t)given : otherwise;
}

static int64_t deadline(const struct upstream_call *c, enum upstream_end *how) {
    const struct upstream_exchange *x = (const struct upstream_exchange *)c;
    const struct upstream_target *t = x->target;
    int64_t total = x->started + limit(t->total_ms, TOTAL_MS), at;

    *how = UPSTREAM_TIMEOUT;
    if (x->sends == 0) {
        at = x->started + limit(t->connect_ms, CONNECT_MS);
        if (at < total) *how = UPSTREAM_UNREACHABLE;
    } else if (!x->head_given) {
        at = x->sent + limit(t->first_byte_ms, FIRST_BYTE_MS);
    } else if (!x->full) {
        at = x->heard + limit(t->idle_ms, IDLE_MS);
    } else {
        at = total;
    }
    return at < total ? at : total;
}

static const struct upstream_kind exchange_kind = {detach, resume, release, sent, deadline};

/* ---- handles ---- */

static CURLcode give_trust(CURL *easy, void *context, void *arg) {
    const struct upstream_exchange *x = arg;
    (void)easy;
    if (!x->pool->trust) return CURLE_SSL_CACERT_BADFILE;
    SSL_CTX_set1_cert_store(context, x->pool->trust);
    return CURLE_OK;
}

static void set_callbacks(struct upstream_exchange *x) {
    CURL *e = x->easy;
    curl_easy_setopt(e, CURLOPT_PRIVATE, x);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, x->lines);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, x);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, upstream_socket_open);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, x->pool);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, upstream_socket_close);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, x->pool);
    curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, give_trust);
    curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, x);
}

static int set_options(struct upstream_exchange *x) {
    CURL *e = x->easy;
    int bad = 0;

    bad |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    bad |= curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    bad |= curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    bad |= curl_easy_setopt(e, CURLOPT_PROXY, "");
    bad |= curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    bad |= curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    bad |= curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_PATH_AS_IS, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
    bad |= curl_easy_setopt(e, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    bad |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
    bad |= curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    bad |= curl_easy_setopt(e, CURLOPT_CAINFO, NULL); /* the pool's store instead: give_trust */
    bad |= curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
    bad |= curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1); /* for TLS: set_request */
    bad |= curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* a call that ends does not wait for the resolver */
    bad |= curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
    bad |= curl_easy_setopt(e, CURLOPT_UPLOAD_BUFFERSIZE, 16384L);
    bad |= curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, 110L);
    bad |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, 0L); /* one timer serves all: deadline */
    return bad ? -1 : 0;
}

static struct upstream_exchange *exchange_new(struct upstream_pool *p) {
    struct upstream_exchange *x = calloc(1, sizeof *x);
    if (!x) return NULL;
    x->pool = p;
    buf_init(&x->text, TEXT_MAX);
    buf_init(&x->url_text, URL_MAX);
    x->url = curl_url();
    upstream_call_init(&x->call, p->u, &exchange_kind);
    x->easy = curl_easy_init();
    if (x->easy && x->url && set_options(x) == 0) {
        set_callbacks(x);
        return x;
    }
    upstream_exchange_free(x);
    return NULL;
}

void upstream_exchange_free(struct upstream_exchange *x) {
    inflate_free(x->inflate);
    response_head_wipe(&x->head);
    curl_easy_cleanup(x->easy);
    curl_url_cleanup(x->url);
    buf_free(&x->url_text);
    buf_free(&x->text);
    free(x);
}

/* What the last call left is gone; what was set once stays. */
static void exchange_begin(struct upstream_exchange *x, const struct upstream_target *t,
                           const struct upstream_request *r) {
    x->target = t;
    x->get = strcmp(r->method, "POST") != 0;
    x->stream = r->stream;
    x->flows = r->flows;
    x->body_len = r->body.len;
    x->fresh = x->refused = x->head_given = x->unlimited = x->full = x->held = x->failed = false;
    x->sends = 0;
    x->received = 0;
    x->started = upstream_now();
    x->sent = x->heard = 0;
    response_head_init(&x->head);
}

struct upstream_call *upstream_exchange_start(struct upstreams *u, const struct upstream_target *t,
                                              const struct upstream_request *r, const struct upstream_handler *h,
                                              void *owner) {
    bool tls = span_starts(span_of(t->url), "https:");

    if (!tls && !span_starts(span_of(t->url), "http:")) return NULL;
    static const char *const methods[] = {"GET", "POST", "DELETE"};
    bool known = false;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        known |= strcmp(r->method, methods[i]) == 0;
    if (!known) return NULL;
    struct upstream_pool *p = upstream_pool_get(u, r->pool, t->ca_file, tls);
    if (!p) return NULL;
    struct upstream_exchange *x = upstream_pool_unspare(p);
    if (!x) x = exchange_new(p);
    if (!x) return NULL;

    exchange_begin(x, t, r);
    if (set_url(x, t, r->path) < 0 || write_head(x, t, r) < 0) goto fail;
    set_request(x, r);
    if (upstream_pool_attach(p, x) < 0) goto fail;
    p->live++;
    upstream_call_begin(&x->call, h, owner);
    return &x->call;

fail:
    upstream_exchange_free(x);
    return NULL;
}
