/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls to upstreams by libcurl's multi interface in a worker's event loop, behind a narrow interface: start, head,
 * data, done, cancel, pause. The request is built anew from what is given here; nothing of the client's framing or
 * credentials can pass. No redirects, no proxies or .netrc from the environment, TLS verified,
 * HTTP/2 where offered.
 *
 * A pooled HTTP/1.1 connection on which bytes wait before a request is sent has had a forged early answer planted: it is
 * abandoned and a fresh one used (libcurl 7.88 would deliver those bytes). Pools are kept apart per principal.
 */
#ifndef UPSTREAM_H
#define UPSTREAM_H

#include "span.h"

#include <stdint.h>

struct event_base;
struct upstreams;
struct upstream_call;
struct sigv4_key;

struct upstream_target { /* from the configuration; lives as long as calls to it */
    const char *name, *url;  /* base, "https://api.openai.com/v1"; or "builtin:echo" */
    const char *credential;  /* sent as Authorization: Bearer, or NULL */
    const char *key_header;  /* in which it is sent instead: "x-api-key: "; or NULL */
    const struct sigv4_key *aws; /* requests are signed with it, and the credential is not sent; or NULL */
    const char *ca_file;     /* NULL: the system's */
    unsigned connect_ms, first_byte_ms, idle_ms, total_ms; /* 0: the built-in default, never "no limit" */
    uint64_t response_max;   /* bytes of an answer that is not a stream; 0: the built-in default */
};

enum upstream_end {
    UPSTREAM_BROKEN,      /* reset, cut, bad framing, CL with TE, several CL, redirect, a coding that cannot be undone */
    UPSTREAM_OK,          /* complete by its own framing (which may be the end of the connection) */
    UPSTREAM_UNREACHABLE, /* nothing was sent, connect_ms included */
    UPSTREAM_TIMEOUT,
    UPSTREAM_TOO_LARGE,
    UPSTREAM_CANCELLED
};

struct upstream_head {
    int status;
    struct span content_type;
    /* Headers of the allow-list (x-request-id, x-ratelimit-*, openai-*, retry-after ...), lower-case names. */
    const struct upstream_header {
        struct span name, value;
    } *headers;
    size_t n;
};

struct upstream_handler {
    /* Once, before the first data. -1 cancels. */
    int (*head)(void *owner, const struct upstream_head *h);
    /* Bytes of the body. 0, -1: cancel, 1: taken, but give no more until upstream_resume. */
    int (*data)(void *owner, struct span bytes);
    /* Exactly once, never from inside upstream_start; the call is dead afterwards. */
    void (*done)(void *owner, enum upstream_end end);
};

struct upstream_request {
    const char *method;       /* "GET", "POST" or "DELETE" */
    const char *path;         /* under the base: "/chat/completions" */
    struct span body;         /* must stay until done, or until upstream_sent says that it may go */
    const char *content_type; /* NULL: application/json */
    bool stream;              /* accept: text/event-stream */
    bool flows;               /* the answer is read as it comes: its length has no limit */
    const char *accept;       /* instead; NULL: by stream */
    const char *user_agent;
    const char *const *headers; /* further "name: value" lines from the allow-list, NULL-terminated, or NULL */
    uint64_t pool;            /* calls with different numbers never share a connection */
};

struct upstreams *upstreams_new(struct event_base *base); /* one per worker */
void upstreams_free(struct upstreams *u); /* calls still open end as CANCELLED, inside this function */
/* The target, the handler and the body must live until done; everything else is copied. Neither head nor data nor
 * done is called from inside. NULL: could not start (done is not called). */
struct upstream_call *upstream_start(struct upstreams *u, const struct upstream_target *t,
                                     const struct upstream_request *r, const struct upstream_handler *h, void *owner);
void upstream_cancel(struct upstream_call *c); /* the connection is closed at once; done(CANCELLED) follows */
/* The whole body has left and none of it will be asked for again: its owner may free it while the answer goes on. */
bool upstream_sent(const struct upstream_call *c);
void upstream_resume(struct upstream_call *c); /* data follows from the loop, not from inside */

#endif
