/* SPDX-License-Identifier: Apache-2.0
 *
 * Server-side TLS by OpenSSL: 1.2 and 1.3, AEAD suites, no renegotiation, no compression; client certificates
 * when a CA is given. The context is immutable and counted, so that a reload swaps it under live connections.
 */
#ifndef TLS_H
#define TLS_H

#include "span.h"

typedef struct ssl_st SSL;
struct tls_context;

/* client_ca may be NULL. Refuses a key that does not match, an expired certificate, a readable-by-others key. */
struct tls_context *tls_context_new(const char *certificate, const char *key, const char *client_ca, char *err,
                                    size_t err_size);
struct tls_context *tls_context_ref(struct tls_context *c);
void tls_context_unref(struct tls_context *c);
SSL *tls_accept_new(struct tls_context *c, int fd); /* non-blocking fd; NULL on failure */
/* SHA-256 of the client certificate as 64 hex digits, or false when there is none. */
bool tls_peer_fingerprint(SSL *ssl, char out[65]);

#endif
