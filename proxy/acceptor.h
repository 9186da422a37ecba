/* SPDX-License-Identifier: Apache-2.0
 *
 * One listening socket, one acceptor: each new connection goes to the least loaded worker (SO_REUSEPORT spreads a
 * practice's few long connections badly). Out of file descriptors: listening pauses for 100 ms steps, using a reserve
 * descriptor to answer "closed" rather than to spin; one log line a second at most.
 */
#ifndef ACCEPTOR_H
#define ACCEPTOR_H

struct acceptor;
struct event_base;

/* hand_over is called on the acceptor's thread with a non-blocking, close-on-exec, TCP_NODELAY socket. */
typedef void acceptor_hand_over(void *arg, int fd);

/* address: "127.0.0.1:8080", "[::1]:8080" or "0.0.0.0:8080". port 0 picks one. NULL with a reason in err. */
struct acceptor *acceptor_new(struct event_base *base, const char *address, acceptor_hand_over *hand_over, void *arg,
                              char *err, unsigned long err_size);
unsigned acceptor_port(const struct acceptor *a);
void acceptor_free(struct acceptor *a); /* closes the listening socket */

#endif
