/* SPDX-License-Identifier: Apache-2.0
 *
 * The certificates that upstreams are verified against. A store is read once per file and shared by all connection
 * pools of a worker: libcurl would read the system's bundle again for every pool (a megabyte and ten milliseconds each).
 */
#include "upstream_internal.h"

#include <openssl/x509_vfy.h>
#include <stdlib.h>
#include <string.h>

static bool same_file(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The system's bundle is the one that libcurl was built for; SSL_CERT_FILE from the environment is not looked at. */
static X509_STORE *store_load(const char *ca_file) {
    if (!ca_file) ca_file = curl_version_info(CURLVERSION_NOW)->cainfo;
    X509_STORE *store = ca_file ? X509_STORE_new() : NULL;

    if (store && X509_STORE_load_file(store, ca_file) == 1) return store;
    X509_STORE_free(store);
    return NULL;
}

X509_STORE *upstream_trust_get(struct upstreams *u, const char *ca_file) {
    struct upstream_trust *t;

    TAILQ_FOREACH(t, &u->trusts, link)
        if (same_file(t->ca_file, ca_file)) return t->store;

    t = calloc(1, sizeof *t);
    if (!t) return NULL;
    if (ca_file && !(t->ca_file = strdup(ca_file))) goto fail;
    t->store = store_load(ca_file);
    if (!t->store) goto fail;
    TAILQ_INSERT_TAIL(&u->trusts, t, link);
    return t->store;

fail:
    free(t->ca_file);
    free(t);
    return NULL;
}

void upstream_trusts_free(struct upstreams *u) {
    struct upstream_trust *t;

    while ((t = TAILQ_FIRST(&u->trusts)) != NULL) {
        TAILQ_REMOVE(&u->trusts, t, link);
        X509_STORE_free(t->store);
        free(t->ca_file);
        free(t);
    }
}
