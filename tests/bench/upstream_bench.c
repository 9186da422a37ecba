/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls to one upstream, for counting what a call costs: upstream_bench URL CALLS AT-ONCE [MODEL [CA-FILE [BODY-BYTES]]].
 * Run it under callgrind or strace with two numbers of calls; the difference is the cost of a call. Prints how the
 * calls ended.
 */
#include <curl/curl.h>
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../proxy/upstream.h"

struct bench {
    struct event_base *base;
    struct upstreams *u;
    struct upstream_target target;
    struct upstream_request request;
    unsigned long left, open, ends[8], bytes, last_status;
};

static int on_head(void *owner, const struct upstream_head *h) {
    struct bench *b = owner;
    b->last_status = (unsigned long)h->status;
    return 0;
}

static int on_data(void *owner, struct span bytes) {
    struct bench *b = owner;
    b->bytes += bytes.len;
    return 0;
}

static void on_done(void *owner, enum upstream_end end);
static const struct upstream_handler handler = {on_head, on_data, on_done};

static void begin(struct bench *b) {
    if (b->left == 0) return;
    b->left--;
    b->open++;
    if (upstream_start(b->u, &b->target, &b->request, &handler, b)) return;
    fprintf(stderr, "cannot start\n");
    exit(1);
}

static void on_done(void *owner, enum upstream_end end) {
    struct bench *b = owner;
    b->ends[end]++;
    b->open--;
    begin(b);
    if (b->open == 0) event_base_loopbreak(b->base);
}

int main(int argc, char **argv) {
    struct bench b = {0};
    char body[65536], filler[60000];
    struct timespec from, to;

    if (argc < 4) return 2;
    size_t fill = argc > 6 ? strtoul(argv[6], NULL, 10) : 1900;
    if (fill >= sizeof filler) return 2;
    memset(filler, 'x', fill);
    filler[fill] = '\0';
    snprintf(body, sizeof body, "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}",
             argc > 4 ? argv[4] : "good", filler);
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    b.base = event_base_new();
    b.u = upstreams_new(b.base);
    b.target = (struct upstream_target){.name = "bench", .url = argv[1], .credential = "sk-0123456789abcdef",
                                        .connect_ms = 2000, .first_byte_ms = 1000, .idle_ms = 1000, .total_ms = 5000,
                                        .response_max = 4000000};
    if (argc > 5 && *argv[5]) b.target.ca_file = argv[5];
    b.request = (struct upstream_request){.method = "POST", .path = "/chat/completions", .body = span_of(body),
                                          .user_agent = "phigate/bench", .pool = 1};
    b.left = strtoul(argv[2], NULL, 10);
    unsigned long at_once = strtoul(argv[3], NULL, 10);
    clock_gettime(CLOCK_MONOTONIC, &from);
    for (unsigned long i = 0; i < at_once; i++)
        begin(&b);
    event_base_dispatch(b.base);
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("ok %lu broken %lu unreachable %lu timeout %lu too-large %lu cancelled %lu, status %lu, %lu bytes, %.3f s\n",
           b.ends[UPSTREAM_OK], b.ends[UPSTREAM_BROKEN], b.ends[UPSTREAM_UNREACHABLE], b.ends[UPSTREAM_TIMEOUT],
           b.ends[UPSTREAM_TOO_LARGE], b.ends[UPSTREAM_CANCELLED], b.last_status, b.bytes,
           (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
    upstreams_free(b.u);
    event_base_free(b.base);
    curl_global_cleanup();
    return 0;
}
