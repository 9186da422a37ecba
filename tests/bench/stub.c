/* SPDX-License-Identifier: Apache-2.0
 *
 * The model that benchmarks ask: HTTP/1.1 with keep-alive on bare epoll, one thread, nothing but fixed answers, so that
 * what is measured is the proxy before it. It does not check what it reads beyond finding the end of a request.
 *
 *   stub [--port N] [--frames N] [--pace-ms N]
 *
 *   POST, "stream":true in the body   event stream: N frames, one write each, with or without a pace, then [DONE]
 *   POST                              a chat completion of 1 KB
 *   GET /last                         the body of the last POST, as it came
 *   GET                               a list of models
 *
 * Prints its port and ends with its standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE 65536
#define BODY_MAX (8u * 1024 * 1024)
#define FRAME_MAX 512

struct peer {
    int fd;
    char *in;
    size_t in_len, in_size;
    char *out; /* what the socket did not take */
    size_t out_len;
    unsigned frame; /* next frame of a stream; 0: none runs */
    int64_t due_us;
    struct peer *next_due;
    bool closed;
};

struct stub {
    int epoll, listener;
    unsigned frames, pace_us;
    struct peer *due, **due_end; /* all streams have the same pace: the order of arrival is that of the times */
    char *last;
    size_t last_len;
    char answer[2048];
    size_t answer_len;
};

static const char models[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 86\r\n\r\n"
                             "{\"object\":\"list\",\"data\":[{\"id\":\"m\",\"object\":\"model\",\"created\":1,\"owned_by\":\"bench\"}]}\n";
static const char stream_head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

static int64_t now_us(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- writing ---- */

static void watch(struct stub *s, struct peer *p, uint32_t events) {
    struct epoll_event e = {.events = events, .data.ptr = p};
    epoll_ctl(s->epoll, EPOLL_CTL_MOD, p->fd, &e);
}

static void keep_rest(struct stub *s, struct peer *p, const char *bytes, size_t n) {
    char *more = realloc(p->out, p->out_len + n);

    if (!more) exit(3);
    memcpy(more + p->out_len, bytes, n);
    p->out = more;
    p->out_len += n;
    watch(s, p, EPOLLIN | EPOLLOUT);
}

static void put(struct stub *s, struct peer *p, const char *bytes, size_t n) {
    ssize_t done = 0;

    if (p->closed) return;
    if (p->out_len == 0) {
        done = send(p->fd, bytes, n, MSG_NOSIGNAL);
        if (done < 0 && errno != EAGAIN) {
            p->closed = true;
            return;
        }
        if (done < 0) done = 0;
    }
    if ((size_t)done < n) keep_rest(s, p, bytes + done, n - (size_t)done);
}

static void flush_rest(struct stub *s, struct peer *p) {
    ssize_t done = p->out_len ? send(p->fd, p->out, p->out_len, MSG_NOSIGNAL) : 0;

    if (done < 0) {
        p->closed = errno != EAGAIN;
        return;
    }
    p->out_len -= (size_t)done;
    memmove(p->out, p->out + done, p->out_len);
    if (p->out_len == 0) watch(s, p, EPOLLIN);
}

/* ---- streams ---- */

/* The content tells the number of the frame, so that a client can see that one is missing; every eighth holds a token. */
static void put_frame(struct stub *s, struct peer *p, unsigned i) {
    char data[FRAME_MAX], chunk[FRAME_MAX + 16];
    int n = snprintf(data, sizeof data,
                     "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
                     "\"choices\":[{\"index\":0,\"delta\":{\"content\":\" w%u%s\"},\"finish_reason\":null}]}\n\n",
                     i, i % 8 == 3 ? " [NAME_1]." : "");
    int m = snprintf(chunk, sizeof chunk, "%x\r\n%s\r\n", (unsigned)n, data);
    put(s, p, chunk, (size_t)m);
}

static void put_stream_end(struct stub *s, struct peer *p) {
    static const char last[] =
        "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\","
        "\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    char chunk[sizeof last + 32];
    int m = snprintf(chunk, sizeof chunk, "%zx\r\n%s\r\n0\r\n\r\n", sizeof last - 1, last);

    put(s, p, chunk, (size_t)m);
    p->frame = 0;
}

static void line_up(struct stub *s, struct peer *p, int64_t due) {
    p->due_us = due;
    p->next_due = NULL;
    *s->due_end = p;
    s->due_end = &p->next_due;
}

static void begin_stream(struct stub *s, struct peer *p) {
    put(s, p, stream_head, sizeof stream_head - 1);
    if (s->pace_us) {
        put_frame(s, p, 0);
        p->frame = 1;
        line_up(s, p, now_us() + s->pace_us);
        return;
    }
    for (unsigned i = 0; i < s->frames; i++)
        put_frame(s, p, i);
    put_stream_end(s, p);
}

static void free_peer(struct peer *p) {
    close(p->fd);
    free(p->in);
    free(p->out);
    free(p);
}

static void send_due(struct stub *s) {
    int64_t now = now_us();

    while (s->due && s->due->due_us <= now) {
        struct peer *p = s->due;
        s->due = p->next_due;
        if (!s->due) s->due_end = &s->due;
        if (p->closed) {
            free_peer(p);
            continue;
        }
        if (p->frame < s->frames) {
            put_frame(s, p, p->frame++);
            line_up(s, p, p->due_us + s->pace_us);
        } else {
            put_stream_end(s, p);
        }
    }
}

/* ---- requests ---- */

static const char *find(const char *s, size_t n, const char *word) {
    return memmem(s, n, word, strlen(word));
}

static size_t content_length(const char *head, size_t n) {
    for (const char *line = head; line && line < head + n; line = memchr(line, '\n', n - (size_t)(line - head))) {
        if (*line == '\n') line++;
        if (strncasecmp(line, "content-length:", 15) == 0) return strtoul(line + 15, NULL, 10);
    }
    return 0;
}

static void keep_last(struct stub *s, const char *body, size_t n) {
    if (n > BODY_MAX) return;
    memcpy(s->last, body, n);
    s->last_len = n;
}

static void put_last(struct stub *s, struct peer *p) {
    char head[128];
    int n = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                     s->last_len);
    put(s, p, head, (size_t)n);
    put(s, p, s->last, s->last_len);
}

static void serve(struct stub *s, struct peer *p, const char *head, const char *body, size_t n) {
    if (strncmp(head, "GET /last", 9) == 0) {
        put_last(s, p);
    } else if (strncmp(head, "GET ", 4) == 0) {
        put(s, p, models, sizeof models - 1);
    } else {
        keep_last(s, body, n);
        if (find(body, n, "\"stream\":true")) begin_stream(s, p);
        else put(s, p, s->answer, s->answer_len);
    }
}

/* All whole requests that stand in the buffer. */
static void serve_all(struct stub *s, struct peer *p) {
    size_t from = 0;

    for (;;) {
        const char *head = p->in + from, *end = find(head, p->in_len - from, "\r\n\r\n");
        if (!end) break;
        size_t head_len = (size_t)(end - head) + 4, body_len = content_length(head, head_len);
        if (p->in_len - from < head_len + body_len) break;
        serve(s, p, head, head + head_len, body_len);
        from += head_len + body_len;
    }
    memmove(p->in, p->in + from, p->in_len - from);
    p->in_len -= from;
}

static void read_peer(struct stub *s, struct peer *p) {
    if (p->in_size - p->in_len < READ_SIZE / 2) {
        size_t size = p->in_size ? p->in_size * 2 : READ_SIZE;
        char *in = size <= BODY_MAX ? realloc(p->in, size) : NULL;
        if (!in) exit(3);
        p->in = in;
        p->in_size = size;
    }
    ssize_t n = recv(p->fd, p->in + p->in_len, p->in_size - p->in_len, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
        p->closed = true;
        return;
    }
    p->in_len += (size_t)n;
    serve_all(s, p);
}

/* ---- the loop ---- */

static void accept_all(struct stub *s) {
    int fd, one = 1;

    while ((fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct peer *p = calloc(1, sizeof *p);
        struct epoll_event e = {.events = EPOLLIN, .data.ptr = p};

        if (!p) exit(3);
        p->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) < 0) exit(3);
    }
}

static void handle(struct stub *s, struct peer *p, uint32_t events) {
    if (events & EPOLLOUT) flush_rest(s, p);
    if (!p->closed && events & ~(uint32_t)EPOLLOUT) read_peer(s, p);
    if (!p->closed) return;
    epoll_ctl(s->epoll, EPOLL_CTL_DEL, p->fd, NULL);
    if (!p->frame) free_peer(p); /* else when its next frame would be due */
}

static int wait_ms(const struct stub *s) {
    if (!s->due) return -1;
    int64_t us = s->due->due_us - now_us();
    return us <= 0 ? 0 : (int)((us + 999) / 1000);
}

static int loop(struct stub *s) {
    struct epoll_event events[256];

    for (;;) {
        int n = epoll_wait(s->epoll, events, 256, wait_ms(s));
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == &s->listener) accept_all(s);
            else if (events[i].data.ptr == &s->epoll) return 0; /* the standard input has ended */
            else handle(s, events[i].data.ptr, events[i].events);
        }
        send_due(s);
    }
}

static void make_answer(struct stub *s) {
    static const char words[] = " The plan stays as it is and will be looked at again in two weeks.";
    char body[1100], text[900] = "";
    size_t n = 0;

    n += (size_t)snprintf(text, sizeof text, "Summary for [NAME_1], born [DATE_1]:");
    while (n + sizeof words < 780)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s", words);
    int m = snprintf(body, sizeof body,
                     "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":"
                     "[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},\"finish_reason\":\"stop\"}],"
                     "\"usage\":{\"prompt_tokens\":500,\"completion_tokens\":180,\"total_tokens\":680}}",
                     text);
    s->answer_len = (size_t)snprintf(s->answer, sizeof s->answer,
                                     "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", m,
                                     body);
}

static int open_listener(struct stub *s, int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &s->listener};

    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (bind(s->listener, (struct sockaddr *)&a, sizeof a) < 0 || listen(s->listener, 4096) < 0) return -1;
    if (getsockname(s->listener, (struct sockaddr *)&a, &len) < 0) return -1;
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, s->listener, &e) < 0) return -1;
    e = (struct epoll_event){.events = EPOLLIN, .data.ptr = &s->epoll};
    if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &e) < 0) return -1; /* a pipe */
    printf("%d\n", ntohs(a.sin_port));
    return fflush(stdout);
}

int main(int argc, char **argv) {
    static struct stub s = {.frames = 64};
    int port = 0;

    for (int i = 1; i + 1 < argc; i += 2) {
        unsigned long value = strtoul(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--port") == 0) port = (int)value;
        else if (strcmp(argv[i], "--frames") == 0) s.frames = (unsigned)value;
        else if (strcmp(argv[i], "--pace-ms") == 0) s.pace_us = (unsigned)value * 1000;
        else return 2;
    }
    s.due_end = &s.due;
    s.last = malloc(BODY_MAX);
    s.epoll = epoll_create1(EPOLL_CLOEXEC);
    make_answer(&s);
    if (!s.last || s.epoll < 0 || open_listener(&s, port) < 0) {
        perror("stub");
        return 1;
    }
    return loop(&s);
}
