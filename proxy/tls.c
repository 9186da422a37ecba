/* SPDX-License-Identifier: Apache-2.0
 *
 * Server contexts for OpenSSL. Everything that can be wrong with a certificate is found when the context is made, so
 * that a reload with a bad pair leaves the good one in place.
 */
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#define SUITES "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:" \
               "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:" \
               "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

struct tls_context {
    atomic_uint users;
    SSL_CTX *ssl;
};

struct complaint {
    char *err;
    size_t size;
};

/* What OpenSSL says about it is a constant of the library; it never quotes the file. */
static int complain(const struct complaint *c, const char *file, const char *what) {
    const char *detail = ERR_reason_error_string(ERR_peek_last_error());

    if (detail)
        snprintf(c->err, c->size, "%s: %s (%s)", file, what, detail);
    else
        snprintf(c->err, c->size, "%s: %s", file, what);
    return -1;
}

/* A key with a passphrase would make OpenSSL ask on the terminal. */
static int no_passphrase(char *out, int size, int writing, void *arg) {
    (void)out;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

/* The permissions are read from the open file, so that it cannot be exchanged in between. */
static int open_private(const char *file, const struct complaint *c) {
    struct stat st;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) {
        complain(c, file, errno == ENOENT ? "there is no such file" : "cannot be read");
        return -1;
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) == 0) return fd;
    close(fd);
    return complain(c, file, "the key must be a file that only its owner can read (chmod 600)");
}

static int load_key(SSL_CTX *ssl, const char *file, const struct complaint *c) {
    int rc = -1, fd = open_private(file, c);
    EVP_PKEY *key = NULL;
    BIO *bio = NULL;

    if (fd < 0) return -1;
    bio = BIO_new_fd(fd, BIO_CLOSE);
    if (!bio) {
        close(fd);
        return complain(c, file, "cannot be read");
    }
    key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    if (!key)
        complain(c, file, "holds no private key without a passphrase");
    else if (SSL_CTX_use_PrivateKey(ssl, key) != 1 || SSL_CTX_check_private_key(ssl) != 1)
        complain(c, file, "the key does not belong to the certificate");
    else
        rc = 0;
    EVP_PKEY_free(key);
    BIO_free(bio);
    return rc;
}

static int load_certificate(SSL_CTX *ssl, const char *file, const struct complaint *c) {
    if (SSL_CTX_use_certificate_chain_file(ssl, file) != 1) return complain(c, file, "holds no certificate");

    const X509 *x = SSL_CTX_get0_certificate(ssl);
    if (X509_cmp_current_time(X509_get0_notAfter(x)) <= 0) return complain(c, file, "the certificate has expired");
    if (X509_cmp_current_time(X509_get0_notBefore(x)) >= 0)
        return complain(c, file, "the certificate is not valid yet");
    return 0;
}

/* A certificate is asked for but not demanded: access decides, and can say so in an answer. One that is shown must
 * verify. */
static int load_client_ca(SSL_CTX *ssl, const char *file, const struct complaint *c) {
    static const unsigned char session_context[] = "phigate";
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(file);

    if (!names || SSL_CTX_load_verify_file(ssl, file) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        return complain(c, file, "holds no certificate authority");
    }
    SSL_CTX_set_client_CA_list(ssl, names);
    SSL_CTX_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_id_context(ssl, session_context, sizeof session_context - 1);
    return 0;
}

/* HTTP/1.1 is all we speak; a client that offers nothing of the kind is left to find out from the answer. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in,
                           unsigned in_len, void *arg) {
    static const unsigned char ours[] = "\x08http/1.1";

    (void)ssl;
    (void)arg;
    int rc = SSL_select_next_proto((unsigned char **)out, out_len, ours, sizeof ours - 1, in, in_len);
    return rc == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

static int harden(SSL_CTX *ssl) {
    SSL_CTX_set_options(ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(ssl, 0);
    SSL_CTX_set_read_ahead(ssl, 1); /* a record in one read, not two; socket_holds_input knows what is left over */
    SSL_CTX_set_default_passwd_cb(ssl, no_passphrase);
    SSL_CTX_set_alpn_select_cb(ssl, choose_protocol, NULL);
    if (SSL_CTX_set_min_proto_version(ssl, TLS1_2_VERSION) != 1) return -1;
    return SSL_CTX_set_cipher_list(ssl, SUITES) == 1 ? 0 : -1;
}

struct tls_context *tls_context_new(const char *certificate, const char *key, const char *client_ca, char *err,
                                    size_t err_size) {
    const struct complaint c = {err, err_size};
    struct tls_context *t = calloc(1, sizeof *t);

    ERR_clear_error();
    if (t) t->ssl = SSL_CTX_new(TLS_server_method());
    if (!t || !t->ssl || harden(t->ssl) < 0) {
        complain(&c, "tls", "cannot set up TLS");
        goto fail;
    }
    atomic_init(&t->users, 1);
    if (load_certificate(t->ssl, certificate, &c) < 0 || load_key(t->ssl, key, &c) < 0) goto fail;
    if (client_ca && load_client_ca(t->ssl, client_ca, &c) < 0) goto fail;
    return t;
fail:
    ERR_clear_error();
    if (t) SSL_CTX_free(t->ssl);
    free(t);
    return NULL;
}

struct tls_context *tls_context_ref(struct tls_context *c) {
    if (c) atomic_fetch_add_explicit(&c->users, 1, memory_order_relaxed);
    return c;
}

void tls_context_unref(struct tls_context *c) {
    if (!c || atomic_fetch_sub_explicit(&c->users, 1, memory_order_acq_rel) != 1) return;
    SSL_CTX_free(c->ssl);
    free(c);
}

SSL *tls_accept_new(struct tls_context *c, int fd) {
    SSL *ssl = SSL_new(c->ssl);

    if (!ssl) return NULL;
    if (SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    SSL_set_accept_state(ssl);
    return ssl;
}

bool tls_peer_fingerprint(SSL *ssl, char out[65]) {
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    X509 *x = SSL_get1_peer_certificate(ssl);

    out[0] = '\0';
    bool known = x && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE && SSL_get_verify_result(ssl) == X509_V_OK &&
                 X509_digest(x, EVP_sha256(), hash, &n) == 1 && n == 32;
    X509_free(x);
    if (!known) return false;
    for (unsigned i = 0; i < n; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[64] = '\0';
    return true;
}
