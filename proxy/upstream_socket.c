/* SPDX-License-Identifier: Apache-2.0
 *
 * libcurl's sockets in the event loop. The read event of a connection stays registered while the connection idles in
 * its pool: that saves two epoll_ctl per call and shows at once when a peer closes it or sends what nobody asked for.
 */
#include "upstream_internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void disarm(struct upstream_socket *s) {
    if (s->armed) event_del(&s->event);
    s->armed = 0;
}

static void on_event(evutil_socket_t fd, short what, void *arg) {
    struct upstream_socket *s = arg;

    if (!s->asked) {
        s->dirty = true;
        disarm(s);
        return;
    }
    int action = (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0);
    upstream_pool_act(s->pool, fd, action);
}

static int arm(struct upstream_socket *s, short what) {
    if (s->armed == what) return 0;
    disarm(s);
    event_assign(&s->event, s->pool->u->base, s->fd, (short)(what | EV_PERSIST), on_event, s);
    if (event_add(&s->event, NULL) < 0) return -1;
    s->armed = what;
    return 0;
}

static struct upstream_socket *recall(struct upstreams *u, int fd) {
    return (size_t)fd < u->n_sockets ? u->sockets[fd] : NULL;
}

static void socket_free(struct upstream_socket *s) {
    disarm(s);
    TAILQ_REMOVE(&s->pool->sockets, s, link);
    s->pool->u->sockets[s->fd] = NULL;
    free(s);
}

/* libcurl closes a descriptor that never got connected without telling; its number comes back here. */
static int remember(struct upstreams *u, int fd, struct upstream_socket *s) {
    if (recall(u, fd)) socket_free(u->sockets[fd]);
    if ((size_t)fd >= u->n_sockets) {
        size_t n = (size_t)fd + 64;
        struct upstream_socket **v = realloc(u->sockets, n * sizeof(struct upstream_socket *));
        if (!v) return -1;
        memset(v + u->n_sockets, 0, (n - u->n_sockets) * sizeof(struct upstream_socket *));
        u->sockets = v;
        u->n_sockets = n;
    }
    u->sockets[fd] = s;
    return 0;
}

static struct upstream_socket *socket_new(struct upstream_pool *p, int fd) {
    struct upstream_socket *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->pool = p;
    s->fd = fd;
    if (remember(p->u, fd, s) < 0) {
        free(s);
        return NULL;
    }
    TAILQ_INSERT_HEAD(&p->sockets, s, link);
    return s;
}

static void read_peer(struct upstream_socket *s, const struct sockaddr *a) {
    if (a->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const void *)a;
        inet_ntop(AF_INET, &v4->sin_addr, s->peer, sizeof s->peer);
        s->peer_port = ntohs(v4->sin_port);
    } else if (a->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)a;
        inet_ntop(AF_INET6, &v6->sin6_addr, s->peer, sizeof s->peer);
        s->peer_port = ntohs(v6->sin6_port);
    }
}

curl_socket_t upstream_socket_open(void *pool, curlsocktype purpose, struct curl_sockaddr *address) {
    if (purpose != CURLSOCKTYPE_IPCXN) return CURL_SOCKET_BAD;
    if (address->family != AF_INET && address->family != AF_INET6) return CURL_SOCKET_BAD;

    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
    if (fd < 0) return CURL_SOCKET_BAD;
    struct upstream_socket *s = socket_new(pool, fd);
    if (!s) {
        close(fd);
        return CURL_SOCKET_BAD;
    }
    s->connection = true;
    read_peer(s, &address->addr);
    return fd;
}

int upstream_socket_close(void *pool, curl_socket_t fd) {
    struct upstream_pool *p = pool;
    struct upstream_socket *s = recall(p->u, fd);
    if (s) socket_free(s);
    return close(fd);
}

void upstream_sockets_free(struct upstream_pool *p) {
    while (!TAILQ_EMPTY(&p->sockets))
        socket_free(TAILQ_FIRST(&p->sockets));
}

static void forget(struct upstream_socket *s) {
    if (!s) return;
    s->asked = false;
    if (!s->connection)
        socket_free(s);
    else if (s->armed & EV_WRITE) /* an idle connection is always writable */
        disarm(s);
}

int upstream_socket_watch(CURL *easy, curl_socket_t fd, int what, void *pool, void *known) {
    struct upstream_pool *p = pool;
    struct upstream_socket *s = recall(p->u, fd);
    (void)easy, (void)known;

    if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE) {
        forget(s);
        return 0;
    }
    if (!s) s = socket_new(p, fd);
    if (!s) return -1;
    s->asked = true;
    s->dirty = false;
    return arm(s, (short)((what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0)));
}

static int local_port(int fd) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a = {0};
    socklen_t n = sizeof a;

    if (getsockname(fd, &a.any, &n) < 0) return 0;
    if (a.any.sa_family == AF_INET) return ntohs(a.v4.sin_port);
    return a.any.sa_family == AF_INET6 ? ntohs(a.v6.sin6_port) : 0;
}

/* libcurl does not tell the descriptor before the request is sent, but both ends' addresses. */
struct upstream_socket *upstream_socket_find(struct upstream_pool *p, const char *peer, int peer_port, int port) {
    struct upstream_socket *s;

    TAILQ_FOREACH(s, &p->sockets, link) {
        if (!s->connection || s->peer_port != peer_port) continue;
        if (s->port == 0) s->port = local_port(s->fd);
        if (s->port == port && strcmp(s->peer, peer) == 0) return s;
    }
    return NULL;
}

bool upstream_socket_waiting(const struct upstream_socket *s) {
    char byte;
    return s->dirty || recv(s->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}
