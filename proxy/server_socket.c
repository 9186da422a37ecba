/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection's socket, plain or TLS, behind the same few calls. TLS may want to write in order to read; the
 * writable event is armed then, and whoever is called next tries both.
 */
#include "server_connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static void await_writable(struct connection *c) {
    if (!c->writing) event_add(&c->writable, NULL);
    c->writing = true;
}

/* What a failed TLS call means: 0 try again later, -1 gone. */
static int tls_outcome(struct connection *c, int rc) {
    switch (SSL_get_error(c->ssl, rc)) {
    case SSL_ERROR_WANT_READ: return 0;
    case SSL_ERROR_WANT_WRITE: await_writable(c); return 0;
    default: ERR_clear_error(); return -1;
    }
}

int socket_handshake(struct connection *c) {
    ERR_clear_error();
    int rc = SSL_do_handshake(c->ssl);

    return rc == 1 ? 1 : tls_outcome(c, rc);
}

/* A record holds at most 16 KiB; several are gathered into one run. */
static ssize_t tls_read(struct connection *c, char *to, size_t size) {
    size_t total = 0;

    while (total < size) {
        size_t n = 0;
        ERR_clear_error();
        int rc = SSL_read_ex(c->ssl, to + total, size - total, &n);
        if (rc == 1) {
            total += n;
            if (!SSL_has_pending(c->ssl)) break; /* a try would only cost a call */
            continue;
        }
        int outcome = tls_outcome(c, rc);
        return total ? (ssize_t)total : outcome; /* a close shows again on the next read */
    }
    return (ssize_t)total;
}

ssize_t socket_read(struct connection *c, char *to, size_t size) {
    if (c->ssl) return tls_read(c, to, size);

    ssize_t n = read(c->fd, to, size);
    if (n > 0) return n;
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

static ssize_t tls_write(struct connection *c, struct span s) {
    size_t n = 0;

    ERR_clear_error();
    int rc = SSL_write_ex(c->ssl, s.ptr, s.len, &n);
    return rc == 1 ? (ssize_t)n : tls_outcome(c, rc);
}

static ssize_t plain_write(struct connection *c, struct span first, struct span second) {
    struct iovec v[2] = {{(void *)first.ptr, first.len}, {(void *)second.ptr, second.len}};
    int skip = first.len == 0;
    struct msghdr m = {.msg_iov = v + skip, .msg_iovlen = second.len && !skip ? 2 : 1};
    ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL);

    if (n >= 0) return n;
    return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

ssize_t socket_write(struct connection *c, struct span first, struct span second) {
    if (c->ssl) return tls_write(c, first);

    /* Less than all: the socket is full, another try would only cost a call. */
    ssize_t n = plain_write(c, first, second);
    if (n >= 0 && (size_t)n < first.len + second.len) await_writable(c);
    return n;
}

bool socket_holds_input(const struct connection *c) {
    return c->ssl && SSL_has_pending(c->ssl);
}

void socket_end_writing(struct connection *c) {
    if (c->ssl) {
        ERR_clear_error();
        if (SSL_shutdown(c->ssl) < 0) ERR_clear_error();
    }
    shutdown(c->fd, SHUT_WR);
}

/* reset: the client must not take what it has for the whole, so it gets RST in place of FIN. */
void socket_close(struct connection *c, bool reset) {
    const struct linger hard = {.l_onoff = 1, .l_linger = 0};

    if (reset) setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    if (c->ssl) SSL_free(c->ssl);
    c->ssl = NULL;
    close(c->fd);
    c->fd = -1;
}
