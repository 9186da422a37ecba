/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads event streams and tells when their bytes came: HTTP/1.1 on bare epoll, one thread.
 *
 *   stream_client one PORT N BODY KEY      N streams, one after another on one connection: delay of first event and end
 *   stream_client many PORT N BODY KEY     N streams at once: frames lost, gaps between frames
 *   stream_client hold PORT N BODY KEY     N streams at once; prints "held" after the first event of all, then waits for
 *                                          the end of its standard input
 *
 * BODY is a file with the JSON of a request that asks for a stream. Every frame N of the stub holds the word wN.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX (128u * 1024)
#define FRAMES 64
#define STALL_US 120000 /* six frames of 20 ms late */
#define LIMIT_US 30000000
#define GAPS_MAX 4000000

struct stream {
    int fd;
    char *text;
    size_t len;
    int64_t begun, first, last;
    bool ended;
};

struct gaps {
    float *us;
    size_t n;
    unsigned stalls;
};

static char *request;
static size_t request_len;
static int port;

static int64_t now_us(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int ascending(const void *a, const void *b) {
    float x = *(const float *)a, y = *(const float *)b;

    return x < y ? -1 : x > y;
}

static double quantile(float *us, size_t n, double q) {
    if (n == 0) return 0;
    qsort(us, n, sizeof *us, ascending);
    return (double)us[(size_t)((double)(n - 1) * q)];
}

static void die(const char *what) {
    fprintf(stderr, "stream_client: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- one stream ---- */

static void connect_stream(struct stream *s) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;

    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0 || connect(s->fd, (struct sockaddr *)&a, sizeof a) < 0) die("connect");
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    s->text = calloc(1, TEXT_MAX);
    if (!s->text) die("memory");
}

static void ask(struct stream *s) {
    s->len = 0;
    s->ended = false;
    s->first = 0;
    s->begun = now_us();
    if (send(s->fd, request, request_len, MSG_NOSIGNAL) != (ssize_t)request_len) die("send");
}

/* false: the peer has closed. */
static bool take(struct stream *s) {
    static const char end[] = "0\r\n\r\n";
    ssize_t n = recv(s->fd, s->text + s->len, TEXT_MAX - 1 - s->len, 0);

    if (n <= 0) return false;
    s->len += (size_t)n;
    s->text[s->len] = '\0';
    s->last = now_us();
    if (!s->first && strstr(s->text, "data: {")) s->first = s->last;
    s->ended = s->len > sizeof end && memcmp(s->text + s->len - (sizeof end - 1), end, sizeof end - 1) == 0;
    return true;
}

/* Frames that are not there, in their order, and the mark of the end. */
static unsigned lost(const struct stream *s) {
    const char *at = s->text;
    unsigned missing = 0;

    for (unsigned i = 0; i < FRAMES; i++) {
        char word[16];
        snprintf(word, sizeof word, " w%u", i);
        const char *found = strstr(at, word);
        if (found) at = found;
        else missing++;
    }
    return missing + !strstr(at, "data: [DONE]");
}

/* ---- modes ---- */

static int one_after_another(unsigned n) {
    float *first = calloc(n, sizeof *first), *end = calloc(n, sizeof *end);
    struct stream s = {0};
    unsigned missing = 0;

    if (!first || !end) die("memory");
    connect_stream(&s);
    for (unsigned i = 0; i < n; i++) {
        ask(&s);
        while (!s.ended)
            if (!take(&s)) die("the stream was cut");
        first[i] = (float)(s.first - s.begun);
        end[i] = (float)(s.last - s.begun);
        missing += lost(&s);
    }
    printf("{\"streams\": %u, \"lost\": %u, \"first_p50_us\": %.0f, \"first_p99_us\": %.0f, \"end_p50_us\": %.0f, "
           "\"end_p99_us\": %.0f}\n",
           n, missing, quantile(first, n, 0.5), quantile(first, n, 0.99), quantile(end, n, 0.5), quantile(end, n, 0.99));
    return 0;
}

static void note_gap(struct gaps *g, int64_t us) {
    if (g->n < GAPS_MAX) g->us[g->n++] = (float)us;
    if (us > STALL_US) g->stalls++;
}

static void open_next(int epoll, struct stream *all, uint32_t i) {
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};

    connect_stream(&all[i]);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, all[i].fd, &e) < 0) die("epoll");
    ask(&all[i]);
}

/* Opens one stream a millisecond, reads them all. */
static void follow(int epoll, struct stream *all, unsigned n, struct gaps *g, bool to_end) {
    struct epoll_event events[128];
    unsigned open = n;
    uint32_t begun = 0;

    for (int64_t start = now_us(); open && now_us() < start + LIMIT_US;) {
        if (begun < n && now_us() > start + begun * 1000) open_next(epoll, all, begun++);
        int k = epoll_wait(epoll, events, 128, begun < n ? 1 : 1000);
        for (int i = 0; i < k; i++) {
            struct stream *s = &all[events[i].data.u32];
            int64_t before = s->last, first = s->first;
            bool more = take(s);
            if (more && first) note_gap(g, s->last - before);
            if (!more || s->ended || (!to_end && s->first)) {
                epoll_ctl(epoll, EPOLL_CTL_DEL, s->fd, NULL);
                open--;
            }
        }
    }
}

static int hold(unsigned silent, unsigned n) {
    char c;

    printf("{\"held\": %u}\n", n - silent);
    fflush(stdout);
    while (read(STDIN_FILENO, &c, 1) > 0) continue;
    return silent != 0;
}

static int at_once(unsigned n, bool to_end) {
    struct stream *all = calloc(n, sizeof *all);
    struct gaps g = {.us = calloc(GAPS_MAX, sizeof(float))};
    unsigned missing = 0, unfinished = 0, silent = 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (!all || !g.us || epoll < 0) die("memory");
    follow(epoll, all, n, &g, to_end);
    for (unsigned i = 0; i < n; i++) {
        silent += !all[i].first;
        unfinished += !all[i].ended;
        if (to_end) missing += all[i].text ? lost(&all[i]) : FRAMES + 1;
    }
    if (!to_end) return hold(silent, n);
    printf("{\"streams\": %u, \"unfinished\": %u, \"lost\": %u, \"stalls\": %u, \"gap_p50_us\": %.0f, \"gap_p99_us\": %.0f, "
           "\"gap_max_us\": %.0f}\n",
           n, unfinished, missing, g.stalls, quantile(g.us, g.n, 0.5), quantile(g.us, g.n, 0.99), quantile(g.us, g.n, 1));
    return 0;
}

static void make_request(const char *file, const char *key) {
    char body[65536];
    FILE *f = fopen(file, "r");
    size_t n = f ? fread(body, 1, sizeof body, f) : 0;

    if (n == 0) die(file);
    fclose(f);
    request = malloc(n + 1024);
    if (!request) die("memory");
    request_len = (size_t)snprintf(request, n + 1024,
                                   "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n"
                                   "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%.*s",
                                   port, key, n, (int)n, body);
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    port = (int)strtol(argv[2], NULL, 10);
    unsigned n = (unsigned)strtoul(argv[3], NULL, 10);
    make_request(argv[4], argv[5]);
    if (strcmp(argv[1], "one") == 0) return one_after_another(n);
    if (strcmp(argv[1], "many") == 0) return at_once(n, true);
    if (strcmp(argv[1], "hold") == 0) return at_once(n, false);
    return 2;
}
