/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS on the client side: certificates made on the spot, what is refused at load, what a connection carries.
 */
#include "server_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
    char certificate_file[96], key_file[96];
};

static char directory[] = "build/test-tls-XXXXXX";
static struct identity ours, other, expired, early, client, stranger;

static void write_identity(struct identity *id, const char *name) {
    snprintf(id->certificate_file, sizeof id->certificate_file, "%s/%s.crt", directory, name);
    snprintf(id->key_file, sizeof id->key_file, "%s/%s.key", directory, name);
    FILE *f = fopen(id->certificate_file, "w");
    assert_non_null(f);
    PEM_write_X509(f, id->certificate);
    fclose(f);
    int fd = open(id->key_file, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    f = fdopen(fd, "w");
    PEM_write_PrivateKey(f, id->key, NULL, NULL, 0, NULL, NULL);
    fclose(f);
}

/* Self-signed, valid from `from` to `to` seconds from now. */
static void make_identity(struct identity *id, const char *name, long from, long to) {
    X509 *x = X509_new();
    X509_NAME *subject = X509_get_subject_name(x);

    id->key = EVP_EC_gen("P-256");
    id->certificate = x;
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_gmtime_adj(X509_getm_notBefore(x), from);
    X509_gmtime_adj(X509_getm_notAfter(x), to);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(x, subject);
    X509_set_pubkey(x, id->key);
    assert_true(X509_sign(x, id->key, EVP_sha256()) > 0);
    write_identity(id, name);
}

static int set_up(void **state) {
    (void)state;
    assert_non_null(mkdtemp(directory));
    make_identity(&ours, "ours", -3600, 3600);
    make_identity(&other, "other", -3600, 3600);
    make_identity(&expired, "expired", -3600, -60);
    make_identity(&early, "early", 3600, 7200);
    make_identity(&client, "client", -3600, 3600);
    make_identity(&stranger, "stranger", -3600, 3600);
    return 0;
}

static int tear_down(void **state) {
    struct identity *all[] = {&ours, &other, &expired, &early, &client, &stranger};

    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        unlink(all[i]->certificate_file);
        unlink(all[i]->key_file);
        X509_free(all[i]->certificate);
        EVP_PKEY_free(all[i]->key);
    }
    return rmdir(directory);
}

/* ---- contexts ---- */

static void assert_context_refused(const char *certificate, const char *key, const char *ca, const char *why) {
    char err[300] = "";
    struct tls_context *t = tls_context_new(certificate, key, ca, err, sizeof err);

    assert_null(t);
    if (!strstr(err, why)) fail_msg("%s: expected %s", err, why);
}

static void test_contexts(void **state) {
    char err[300] = "", missing[96];

    (void)state;
    struct tls_context *t = tls_context_new(ours.certificate_file, ours.key_file, client.certificate_file, err, sizeof err);
    if (!t) fail_msg("%s", err);
    tls_context_unref(tls_context_ref(t));
    tls_context_unref(t);
    tls_context_unref(NULL);

    snprintf(missing, sizeof missing, "%s/none", directory);
    assert_context_refused(ours.certificate_file, other.key_file, NULL, "does not belong");
    assert_context_refused(expired.certificate_file, expired.key_file, NULL, "expired");
    assert_context_refused(early.certificate_file, early.key_file, NULL, "not valid yet");
    assert_context_refused(missing, ours.key_file, NULL, "no certificate");
    assert_context_refused(ours.certificate_file, missing, NULL, "no such file");
    assert_context_refused(ours.certificate_file, directory, NULL, "only its owner");
    assert_context_refused(ours.certificate_file, ours.certificate_file, NULL, "only its owner");
    assert_context_refused(ours.certificate_file, ours.key_file, missing, "no certificate authority");
    assert_context_refused(ours.key_file, ours.key_file, NULL, "no certificate");
    for (mode_t mode = 0640; mode; mode = mode == 0640 ? 0604 : 0) {
        chmod(ours.key_file, mode);
        assert_context_refused(ours.certificate_file, ours.key_file, NULL, "only its owner");
    }
    chmod(ours.key_file, 0600);
}

/* A key with a passphrase must be refused, not asked for on the terminal. */
static void test_encrypted_key(void **state) {
    char file[96];

    (void)state;
    snprintf(file, sizeof file, "%s/encrypted.key", directory);
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL, 0600);
    FILE *f = fdopen(fd, "w");
    PEM_write_PrivateKey(f, ours.key, EVP_aes_256_cbc(), (const unsigned char *)"secret", 6, NULL, NULL);
    fclose(f);
    assert_context_refused(ours.certificate_file, file, NULL, "without a passphrase");
    unlink(file);
}

/* ---- connections ---- */

static struct tls_context *context_of(const struct identity *id, const char *ca) {
    char err[300] = "";
    struct tls_context *t = tls_context_new(id->certificate_file, id->key_file, ca, err, sizeof err);

    if (!t) fail_msg("%s", err);
    return t;
}

static void start_tls(struct fixture *f, const char *ca) {
    struct server_options o = usual;

    o.tls = context_of(&ours, ca);
    start(f, &o);
    tls_context_unref(o.tls); /* the server holds its own reference */
}

/* NULL id: without a certificate. Returns whether the handshake was accepted by our own side. */
static bool greet(struct client *c, const struct fixture *f, const struct identity *id, int max_version,
                  const char *suites) {
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    client_open_window(c, f, true);
    SSL_CTX_set_security_level(ctx, 0);
    if (max_version) SSL_CTX_set_max_proto_version(ctx, max_version);
    if (max_version) SSL_CTX_set_min_proto_version(ctx, max_version);
    if (suites) assert_int_equal(SSL_CTX_set_cipher_list(ctx, suites), 1);
    if (id) {
        SSL_CTX_use_certificate(ctx, id->certificate);
        SSL_CTX_use_PrivateKey(ctx, id->key);
    }
    SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)"\x02h2\x08http/1.1", 12);
    c->ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    SSL_set_fd(c->ssl, c->fd);
    bool good = SSL_connect(c->ssl) == 1;
    ERR_clear_error();
    return good;
}

static void assert_protocol(SSL *ssl) {
    const unsigned char *name;
    unsigned len;

    SSL_get0_alpn_selected(ssl, &name, &len);
    assert_true(len == 8 && memcmp(name, "http/1.1", 8) == 0);
}

static void test_exchange(void **state) {
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct fixture f;
    struct client c;

    (void)state;
    start_tls(&f, NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_true(greet(&c, &f, NULL, versions[i], NULL));
        assert_protocol(c.ssl);
        for (int n = 0; n < 20; n++) {
            client_say(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
            assert_answer(&c, 200, "hello");
        }
        client_say(&c, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /later?20 HTTP/1.1\r\nHost: a\r\n\r\n"
                       "GET /whoami HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        assert_answer(&c, 200, "onetwo");
        assert_answer(&c, 200, "");
        assert_answer(&c, 200, "127.0.0.1 ");
        assert_int_equal(client_fill(&c), 0);
        assert_int_equal(SSL_get_shutdown(c.ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
        client_close(&c);
    }
    assert_no_connections(&f);
    stop(&f);
}

static void test_large_bodies(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start_tls(&f, NULL);
    assert_true(greet(&c, &f, NULL, 0, NULL));
    client_say(&c, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
    client_send(&c, span_make(f.filler, 3000000));
    assert_answer(&c, 200, NULL);
    assert_int_equal(c.body.len, 3000000);
    assert_memory_equal(c.body.ptr, f.filler, 3000000);

    client_say(&c, "GET /flood?20000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    c.pause_at = 1;
    assert_answer(&c, 200, NULL);
    c.pause_at = 0;
    assert_int_equal(c.body.len, 20000000);
    for (size_t i = 0; i < c.body.len; i++)
        if (c.body.ptr[i] != f.filler[i % CHUNK]) fail_msg("byte %zu differs", i);
    if (atomic_load(&f.drained) <= 2) fail_msg("drained %u times", atomic_load(&f.drained));

    double best = 1e9;
    for (int n = 0; n < 5; n++) {
        double began = now_ms();
        client_say(&c, "GET /big?17000 HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_answer(&c, 200, NULL);
        assert_int_equal(c.body.len, 17000);
        if (now_ms() - began < best) best = now_ms() - began;
    }
    assert_true(best < 20);
    client_close(&c);
    stop(&f);
}

/* A record may hold more than the server is willing to hold while an exchange waits: nothing may get stuck in TLS. */
static void test_pipelining(void **state) {
    struct fixture f;
    struct client c;
    struct buf all;
    char text[160];

    (void)state;
    start_tls(&f, NULL);
    assert_true(greet(&c, &f, NULL, 0, NULL));
    buf_init(&all, 1 << 20);
    for (int i = 0; i < 600; i++) {
        snprintf(text, sizeof text, "POST /%s HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n%04d",
                 i % 50 == 0 ? "later?20" : "echo", i);
        buf_add_c(&all, text);
    }
    client_send(&c, buf_span(&all));
    for (int i = 0; i < 600; i++) {
        snprintf(text, sizeof text, "%04d", i);
        assert_answer(&c, 200, text);
    }
    buf_free(&all);
    client_close(&c);
    stop(&f);
}

/* While an exchange waits, a record brings more than may be held. Its rest is inside TLS, where no event announces it. */
static void test_rest_of_a_record(void **state) {
    struct fixture f;
    struct client c;
    struct buf record;

    (void)state;
    start_tls(&f, NULL);
    assert_true(greet(&c, &f, NULL, 0, NULL));
    client_say(&c, "GET /later?300 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_soon(&f.completes, 1);
    client_say(&c, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    sleep_ms(50);
    buf_init(&record, 1 << 20);
    buf_add_c(&record, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 16320\r\n\r\n");
    buf_add(&record, span_make(f.filler, 16320));
    assert_true(record.len < 16384 && record.len > 16384 - 34);
    client_send(&c, buf_span(&record));
    assert_answer(&c, 200, "");
    assert_answer(&c, 200, "small");
    assert_answer(&c, 200, NULL);
    assert_int_equal(c.body.len, 16320);
    buf_free(&record);
    client_close(&c);
    stop(&f);
}

static void test_refused_handshakes(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start_tls(&f, NULL);
    assert_false(greet(&c, &f, NULL, TLS1_1_VERSION, NULL));
    client_close(&c);
    assert_false(greet(&c, &f, NULL, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256:AES128-SHA"));
    client_close(&c);
    client_open(&c, &f); /* plain HTTP on a TLS port */
    client_say(&c, "GET /small HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_not_equal(client_fill(&c), 1 + (int)find_text(buf_span(&c.in), "HTTP/"));
    client_close(&c);
    assert_no_connections(&f);
    assert_int_equal(atomic_load(&f.heads), 0);
    stop(&f);
}

static void test_client_certificate(void **state) {
    struct fixture f;
    struct client c;
    unsigned char hash[32];
    unsigned n;
    char text[160] = "127.0.0.1 ";

    (void)state;
    X509_digest(client.certificate, EVP_sha256(), hash, &n);
    for (unsigned i = 0; i < n; i++)
        snprintf(text + 10 + 2 * i, 3, "%02x", hash[i]);
    start_tls(&f, client.certificate_file);
    assert_true(greet(&c, &f, &client, 0, NULL));
    client_say(&c, "GET /whoami HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_answer(&c, 200, text);
    client_close(&c);
    assert_true(greet(&c, &f, NULL, 0, NULL)); /* none: access will decide */
    client_say(&c, "GET /whoami HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_answer(&c, 200, "127.0.0.1 ");
    client_close(&c);
    (void)greet(&c, &f, &stranger, 0, NULL); /* one that does not verify ends the connection */
    client_say(&c, "GET /whoami HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_false(client_answer(&c, false));
    client_close(&c);
    assert_int_equal(atomic_load(&f.heads), 2);
    stop(&f);
}

static void test_silent_client(void **state) {
    struct server_options o = usual;
    struct fixture f;
    struct client c;

    (void)state;
    o.header_timeout_ms = 200;
    o.tls = context_of(&ours, NULL);
    start(&f, &o);
    tls_context_unref(o.tls);
    client_open(&c, &f);
    assert_closed(&c);
    client_close(&c);
    assert_true(greet(&c, &f, NULL, 0, NULL)); /* greets, then says nothing */
    assert_int_not_equal(client_fill(&c), 1);
    client_close(&c);
    assert_no_connections(&f);
    stop(&f);
}

static void test_client_leaves(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start_tls(&f, NULL);
    assert_true(greet(&c, &f, NULL, 0, NULL));
    client_say(&c, "GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_soon(&f.completes, 1);
    client_close(&c);
    assert_soon(&f.aborted, 1);
    assert_true(greet(&c, &f, NULL, 0, NULL)); /* while the server writes */
    client_say(&c, "GET /flood?20000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(client_fill(&c), 1);
    client_close(&c);
    assert_soon(&f.aborted, 2);
    assert_no_connections(&f);
    stop(&f);
}

/* A cut answer carries no close_notify, so that it cannot look whole. */
static void test_abort(void **state) {
    struct fixture f;
    struct client c;

    (void)state;
    start_tls(&f, NULL);
    assert_true(greet(&c, &f, NULL, 0, NULL));
    client_say(&c, "GET /abort HTTP/1.0\r\nHost: a\r\n\r\n");
    assert_false(client_answer(&c, false));
    assert_int_equal(SSL_get_shutdown(c.ssl) & SSL_RECEIVED_SHUTDOWN, 0);
    client_close(&c);
    assert_soon(&f.aborted, 1);
    stop(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_contexts),           cmocka_unit_test(test_encrypted_key),
        cmocka_unit_test(test_exchange),           cmocka_unit_test(test_large_bodies),
        cmocka_unit_test(test_pipelining),         cmocka_unit_test(test_rest_of_a_record),
        cmocka_unit_test(test_refused_handshakes),
        cmocka_unit_test(test_client_certificate), cmocka_unit_test(test_silent_client),
        cmocka_unit_test(test_client_leaves),      cmocka_unit_test(test_abort),
    };

    signal(SIGPIPE, SIG_IGN);
    evthread_use_pthreads();
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
