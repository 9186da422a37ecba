/* SPDX-License-Identifier: Apache-2.0
 *
 * phi init DIR: everything a first start needs, nothing overwritten. The starter answers from the built-in echo model, so that
 * one sees what would leave the building before anything can.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "access.h"
#include "audit_note.h"
#include "phi_init_ask.h"
#include "phi_keys.h"
#include "phi_tool.h"

struct place {
    const char *directory;
    char path[4096];
};

static const char *at(struct place *p, const char *name) {
    snprintf(p->path, sizeof p->path, "%s/%s", p->directory, name);
    return p->path;
}

static int complain(const char *path) {
    fprintf(stderr, "phi: %s: %s\n", path, strerror(errno));
    return -1;
}

static int make_directory(struct place *p, const char *name) {
    const char *path = at(p, name);
    if (mkdir(path, 0700) == 0 || errno == EEXIST) return 0;
    return complain(path);
}

static int write_new(const char *path, struct span content) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, content.ptr, content.len) == (ssize_t)content.len;

    if (fd >= 0 && close(fd) < 0) ok = false;
    return ok ? 0 : complain(path);
}

static int write_secret(struct place *p, const char *name) {
    unsigned char random[32];
    char hex[66];

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return complain("getrandom");
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(hex + 2 * i, 3, "%02x", random[i]);
    hex[64] = '\n';
    int rc = write_new(at(p, name), span_make(hex, 65));
    explicit_bzero(random, sizeof random);
    explicit_bzero(hex, sizeof hex);
    return rc;
}

/* The key that signs checkpoints of the audit log; its name is the log's, so no two gateways may share it. */
static int write_signing_key(struct place *p) {
    char name[AUDIT_NAME_MAX + 1];
    unsigned char random[8];
    struct audit_note_key k;
    struct buf b;
    int rc = -1;

    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return complain("getrandom");
    size_t n = (size_t)snprintf(name, sizeof name, "phigate/audit/");
    for (size_t i = 0; i < sizeof random; i++)
        n += (size_t)snprintf(name + n, sizeof name - n, "%02x", random[i]);
    buf_init(&b, 1024);
    if (audit_note_key_new(&k, AUDIT_KEY_LOG, name) == 0) {
        audit_note_key_write(&k, true, &b);
        rc = write_new(at(p, "secrets/checkpoint.key"), buf_span(&b));
        buf_clear(&b);
        audit_note_key_write(&k, false, &b);
        if (rc == 0) rc = write_new(at(p, "secrets/checkpoint.pub"), buf_span(&b));
    }
    audit_note_key_wipe(&k);
    buf_free(&b);
    return rc;
}

/* ---- a self-signed certificate for localhost ---- */

static int add_extension(X509 *cert, int nid, const char *value) {
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    int ok = e && X509_add_ext(cert, e, -1);
    X509_EXTENSION_free(e);
    return ok ? 0 : -1;
}

static X509 *make_certificate(EVP_PKEY *key) {
    X509 *cert = X509_new();
    X509_NAME *name = cert ? X509_get_subject_name(cert) : NULL;
    unsigned char serial[8];

    if (!name || getrandom(serial, sizeof serial, 0) != (ssize_t)sizeof serial) goto fail;
    if (!ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), (uint64_t)serial[0] << 32 | serial[1] << 16 | serial[2] << 8 | serial[3] | 1))
        goto fail;
    X509_set_version(cert, 2);
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), 397L * 86400);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"phigate", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    if (!X509_set_pubkey(cert, key)) goto fail;
    if (add_extension(cert, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1") < 0) goto fail;
    if (add_extension(cert, NID_basic_constraints, "critical,CA:TRUE") < 0) goto fail;
    if (X509_sign(cert, key, EVP_sha256()) > 0) return cert;
fail:
    X509_free(cert);
    return NULL;
}

static int write_bio(const char *path, BIO *bio) {
    char *content;
    long len = BIO_get_mem_data(bio, &content);
    return write_new(path, span_make(content, (size_t)len));
}

static int write_certificate(struct place *p) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = key ? make_certificate(key) : NULL;
    BIO *cert_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());
    int rc = -1;

    if (cert && cert_bio && key_bio && PEM_write_bio_X509(cert_bio, cert) &&
        PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) && write_bio(at(p, "tls/cert.pem"), cert_bio) == 0 &&
        write_bio(at(p, "tls/key.pem"), key_bio) == 0)
        rc = 0;
    if (rc < 0) fputs("phi: the certificate could not be made\n", stderr);
    BIO_free(cert_bio);
    BIO_free(key_bio);
    X509_free(cert);
    EVP_PKEY_free(key);
    return rc;
}

static int write_clients(struct place *p, const struct init_answers *answers) {
    const struct phi_new_client first = {.id = "first", .user = "first-user", .role = "user",
                                         .default_purpose = init_default_purpose(answers), .purposes = init_purposes(answers)};
    char key[ACCESS_KEY_LEN + 1];
    struct buf b;
    int rc = -1;

    buf_init(&b, 65536);
    buf_add_c(&b, "# Who may call. Add with `phi keys new`, end with `phi keys revoke`; then SIGHUP.\nclients:\n");
    if (phi_keys_append(&b, &first, key) == 0 && write_new(at(p, "clients.yaml"), buf_span(&b)) == 0) {
        printf("client key (shown once): %s\n", key);
        rc = 0;
    }
    explicit_bzero(key, sizeof key);
    buf_free(&b);
    return rc;
}

static int refuse_existing(struct place *p) {
    static const char *const names[] = {"phigate.yaml", "policy.yaml", "clients.yaml", "secrets/audit.key", "secrets/vault.key", "secrets/checkpoint.key", "secrets/checkpoint.pub", "tls/cert.pem", "tls/key.pem"};
    struct stat st;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (lstat(at(p, names[i]), &st) != 0) continue;
        fprintf(stderr, "phi: %s is there already; nothing was changed\n", p->path);
        return -1;
    }
    return 0;
}

static int write_answers(struct place *p, const struct init_answers *answers) {
    struct buf b;
    int rc = 0;

    buf_init(&b, 65536);
    init_write_policy(answers, (long)(time(NULL) / 86400), &b);
    if (b.len > 0) rc = write_new(at(p, "policy.yaml"), buf_span(&b));
    buf_clear(&b);
    init_write_config(answers, &b);
    if (rc == 0) rc = b.failed ? -1 : write_new(at(p, "phigate.yaml"), buf_span(&b));
    buf_free(&b);
    return rc;
}

static int make_all(struct place *p, const struct init_answers *answers) {
    static const char *const directories[] = {".", "secrets", "tls", "audit"};

    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++)
        if (make_directory(p, directories[i]) < 0) return -1;
    if (write_secret(p, "secrets/audit.key") < 0 || write_secret(p, "secrets/vault.key") < 0 || write_signing_key(p) < 0) return -1;
    if (write_certificate(p) < 0) return -1;
    if (write_clients(p, answers) < 0) return -1;
    return write_answers(p, answers);
}

const char phi_init_usage[] =
    "usage: phi init [--to echo|own|openai] [--for care|research|no-patients] [--begin protect|watch] DIR\n";

int phi_init_command(int argc, char **argv) {
    struct init_words words = {.to = NULL};
    struct init_answers answers;
    const struct phi_option options[] = {{"--to", &words.to, NULL}, {"--for", &words.use, NULL}, {"--begin", &words.begin, NULL}};
    struct place p;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0 || argc != 1) {
        fputs(phi_init_usage, stderr);
        return PHI_USAGE;
    }
    p.directory = argv[0];
    if (refuse_existing(&p) < 0 || init_ask(&words, &answers) < 0) return PHI_USAGE;
    if (mkdir(argv[0], 0700) < 0 && errno != EEXIST) {
        complain(argv[0]);
        return PHI_USAGE;
    }
    if (make_all(&p, &answers) < 0) return PHI_USAGE;
    printf("wrote %s/phigate.yaml; start with: phigate -c %s/phigate.yaml\n", argv[0], argv[0]);
    return PHI_DONE;
}
