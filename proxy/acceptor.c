/* SPDX-License-Identifier: Apache-2.0
 *
 * Accepting, up to a handful of connections per turn so that established ones are not starved.
 *
 * Out of descriptors, the listening socket stays readable and a loop that only retries would spin. Instead the reserve
 * descriptor is given up for a moment, the waiting connection is taken and closed (its client learns at once), and
 * listening pauses for 100 ms.
 */
#include "acceptor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <event2/event.h>

#include "log.h"
#include "span.h"

#define ACCEPTS_PER_TURN 16
#define BACKLOG 1024

struct acceptor {
    struct event *readable, *pause;
    acceptor_hand_over *hand_over;
    void *arg;
    int fd, reserve;
    long long logged; /* ms, monotonic; 0: never */
};

/* ---- addresses ---- */

static int parse_port(struct span text, in_port_t *port) {
    unsigned long long n;

    if (span_decimal(text, &n) < 0 || n > 65535) return -1;
    *port = htons((in_port_t)n);
    return 0;
}

static int parse_ip4(const char *host, struct span port, struct sockaddr_storage *out, socklen_t *len) {
    struct sockaddr_in *a = (struct sockaddr_in *)out;

    a->sin_family = AF_INET;
    *len = sizeof *a;
    return inet_pton(AF_INET, host, &a->sin_addr) == 1 ? parse_port(port, &a->sin_port) : -1;
}

static int parse_ip6(const char *host, struct span port, struct sockaddr_storage *out, socklen_t *len) {
    struct sockaddr_in6 *a = (struct sockaddr_in6 *)out;

    a->sin6_family = AF_INET6;
    *len = sizeof *a;
    return inet_pton(AF_INET6, host, &a->sin6_addr) == 1 ? parse_port(port, &a->sin6_port) : -1;
}

static int parse_address(struct span text, struct sockaddr_storage *out, socklen_t *len) {
    char host[INET6_ADDRSTRLEN];
    size_t colon = text.len;

    while (colon > 0 && text.ptr[colon - 1] != ':')
        colon--;
    if (colon < 2) return -1;

    struct span name = span_sub(text, 0, colon - 1), port = span_sub(text, colon, text.len);
    bool bracketed = name.len > 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']';
    if (bracketed) name = span_sub(name, 1, name.len - 1);
    if (name.len >= sizeof host) return -1;
    memcpy(host, name.ptr, name.len);
    host[name.len] = '\0';
    memset(out, 0, sizeof *out);
    return bracketed ? parse_ip6(host, port, out, len) : parse_ip4(host, port, out, len);
}

/* ---- the listening socket ---- */

/* Accepted sockets inherit TCP_NODELAY. */
static int listen_on(const struct sockaddr_storage *address, socklen_t len) {
    int on = 1, fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0) return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0 &&
        bind(fd, (const struct sockaddr *)address, len) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

static int open_reserve(void) {
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void log_exhausted(struct acceptor *a, int error) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    long long ms = now.tv_sec * 1000LL + now.tv_nsec / 1000000;
    if (a->logged && ms - a->logged < 1000) return;
    a->logged = ms;
    log_event(LOG_LEVEL_ERROR, "accept.exhausted", "errno=%d", error);
}

/* When the reserve could not be opened again the pause alone must do. */
static void pause_listening(struct acceptor *a, int error) {
    const struct timeval step = {0, 100 * 1000};

    log_exhausted(a, error);
    if (a->reserve >= 0) {
        close(a->reserve);
        int fd = accept4(a->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) close(fd);
    }
    a->reserve = open_reserve();
    event_del(a->readable);
    event_add(a->pause, &step);
}

static bool is_exhaustion(int error) {
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

static void accept_some(struct acceptor *a) {
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        int fd = accept4(a->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            a->hand_over(a->arg, fd);
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK) return;
        if (is_exhaustion(errno)) {
            pause_listening(a, errno);
            return;
        }
    }
}

static void on_readable(evutil_socket_t fd, short what, void *arg) {
    (void)fd;
    (void)what;
    accept_some(arg);
}

static void on_pause_over(evutil_socket_t fd, short what, void *arg) {
    struct acceptor *a = arg;

    (void)fd;
    (void)what;
    if (a->reserve < 0) a->reserve = open_reserve();
    event_add(a->readable, NULL);
}

static int start(struct acceptor *a, struct event_base *base) {
    a->readable = event_new(base, a->fd, EV_READ | EV_PERSIST, on_readable, a);
    a->pause = evtimer_new(base, on_pause_over, a);
    return a->readable && a->pause ? event_add(a->readable, NULL) : -1;
}

struct acceptor *acceptor_new(struct event_base *base, const char *address, acceptor_hand_over *hand_over, void *arg,
                              char *err, unsigned long err_size) {
    struct sockaddr_storage where;
    socklen_t len;
    struct acceptor *a = calloc(1, sizeof *a);

    if (!a) {
        snprintf(err, err_size, "out of memory");
        return NULL;
    }
    *a = (struct acceptor){.hand_over = hand_over, .arg = arg, .fd = -1, .reserve = -1};
    if (parse_address(span_of(address), &where, &len) < 0) {
        snprintf(err, err_size, "%s: is not an address and a port, like 127.0.0.1:8080 or [::1]:8080", address);
        goto fail;
    }
    a->fd = listen_on(&where, len);
    a->reserve = open_reserve();
    if (a->fd < 0 || a->reserve < 0 || start(a, base) < 0) {
        snprintf(err, err_size, "%s: cannot listen: %s", address, strerror(errno));
        goto fail;
    }
    return a;
fail:
    acceptor_free(a);
    return NULL;
}

unsigned acceptor_port(const struct acceptor *a) {
    struct sockaddr_storage where;
    socklen_t len = sizeof where;

    if (getsockname(a->fd, (struct sockaddr *)&where, &len) < 0) return 0;
    return ntohs(where.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&where)->sin6_port
                                             : ((struct sockaddr_in *)&where)->sin_port);
}

void acceptor_free(struct acceptor *a) {
    if (!a) return;
    if (a->readable) event_free(a->readable);
    if (a->pause) event_free(a->pause);
    if (a->fd >= 0) close(a->fd);
    if (a->reserve >= 0) close(a->reserve);
    free(a);
}
