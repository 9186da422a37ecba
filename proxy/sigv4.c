/* SPDX-License-Identifier: Apache-2.0
 *
 * canonical request ─SHA-256─> string to sign ─HMAC with a key of this day, region and service─> signature
 */
#include "sigv4.h"

#include <stdio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "buf.h"
#include "hex.h"

#define DIGEST 32
#define CANONICAL_MAX 65536u
#define PARAMETERS_MAX 8u
#define DAY_LEN 8

struct address {
    struct span host, path, query;
    bool tls;
};

static int read_address(struct span url, struct address *a) {
    a->tls = span_starts(url, "https://");
    if (!a->tls && !span_starts(url, "http://")) return -1;
    struct span rest = span_sub(url, a->tls ? 8 : 7, url.len);
    size_t slash = span_find(rest, '/', 0), question = span_find(rest, '?', 0);
    if (question < slash) return -1;
    a->host = span_sub(rest, 0, slash);
    a->path = span_sub(rest, slash, question);
    a->query = span_sub(rest, question + 1 < rest.len ? question + 1 : rest.len, rest.len);
    const char *usual = a->tls ? ":443" : ":80"; /* which is not sent */
    if (span_ends(a->host, usual)) a->host.len -= strlen(usual);
    return a->host.len ? 0 : -1;
}

static bool is_plain(char c) {
    char letter = (char)(c | 0x20);
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

/* What is sent is encoded once; all services but S3 encode that again. */
static void add_path(struct buf *b, struct span path) {
    if (path.len == 0) buf_add_char(b, '/');
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        if (c == '/' || is_plain(c)) buf_add_char(b, c);
        else buf_add_format(b, "%%%02X", (unsigned char)c);
    }
}

static bool comes_before(struct span a, struct span b) {
    size_t n = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.ptr, b.ptr, n);
    return order ? order < 0 : a.len < b.len;
}

/* Sorted by name, of which none comes twice. */
static int add_query(struct buf *b, struct span query) {
    struct span v[PARAMETERS_MAX];
    size_t n = 0;

    for (size_t at = 0; at < query.len;) {
        size_t end = span_find(query, '&', at), i = n;
        struct span one = span_sub(query, at, end);
        for (size_t k = 0; k < one.len; k++)
            if (!is_plain(one.ptr[k]) && (one.ptr[k] != '=' || span_find(one, '=', 0) != k)) return -1;
        if (n++ == PARAMETERS_MAX || span_find(one, '=', 0) == one.len) return -1;
        for (; i > 0 && comes_before(one, v[i - 1]); i--)
            v[i] = v[i - 1];
        v[i] = one;
        at = end + 1;
    }
    for (size_t i = 0; i < n; i++) {
        if (i) buf_add_char(b, '&');
        buf_add(b, v[i]);
    }
    return 0;
}

static void add_lower(struct buf *b, struct span s) {
    for (size_t i = 0; i < s.len; i++)
        buf_add_char(b, s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] | 0x20) : s.ptr[i]);
}

static int add_digest(struct buf *b, struct span s) {
    unsigned char digest[DIGEST];
    char hex[2 * DIGEST + 1];

    if (EVP_Digest(s.ptr, s.len, digest, NULL, EVP_sha256(), NULL) != 1) return -1;
    hex_write(digest, DIGEST, hex);
    buf_add_c(b, hex);
    return 0;
}

static void add_signed_names(struct buf *b, const struct sigv4_key *key, const struct sigv4_request *r) {
    buf_add_c(b, r->content_type ? "content-type;host;x-amz-date" : "host;x-amz-date");
    if (key->session_token) buf_add_c(b, ";x-amz-security-token");
}

static int add_canonical(struct buf *b, const struct sigv4_key *key, const struct sigv4_request *r, const char *date) {
    struct address a;

    if (read_address(r->url, &a) < 0) return -1;
    buf_add_format(b, "%s\n", r->method);
    add_path(b, a.path);
    buf_add_char(b, '\n');
    if (add_query(b, a.query) < 0) return -1;
    if (r->content_type) buf_add_format(b, "\ncontent-type:%s", r->content_type);
    buf_add_c(b, "\nhost:");
    add_lower(b, a.host);
    buf_add_format(b, "\nx-amz-date:%s\n", date);
    if (key->session_token) buf_add_format(b, "x-amz-security-token:%s\n", key->session_token);
    buf_add_char(b, '\n');
    add_signed_names(b, key, r);
    buf_add_char(b, '\n');
    return add_digest(b, r->body);
}

static int mac(unsigned char key[DIGEST], struct span text) {
    unsigned len = DIGEST;
    return HMAC(EVP_sha256(), key, DIGEST, (const unsigned char *)text.ptr, text.len, key, &len) ? 0 : -1;
}

static int sign(const struct sigv4_key *key, const char *date, struct span text, unsigned char out[DIGEST]) {
    struct buf first;
    unsigned len = DIGEST;

    buf_init(&first, 1024);
    buf_add_c(&first, "AWS4");
    buf_add_c(&first, key->secret);
    bool ok = !first.failed && HMAC(EVP_sha256(), first.ptr, (int)first.len, (const unsigned char *)date, DAY_LEN, out, &len);
    buf_free(&first);
    if (!ok || mac(out, span_of(key->region)) < 0 || mac(out, span_of(key->service)) < 0) return -1;
    return mac(out, span_of("aws4_request")) < 0 ? -1 : mac(out, text);
}

static int add_text(struct buf *b, struct span canonical, const char *date, const char *scope) {
    buf_add_format(b, "AWS4-HMAC-SHA256\n%s\n%s\n", date, scope);
    return add_digest(b, canonical);
}

static int add_authorization(struct buf *out, const struct sigv4_key *key, const struct sigv4_request *r, const char *scope,
                             const unsigned char signature[DIGEST]) {
    char hex[2 * DIGEST + 1];

    hex_write(signature, DIGEST, hex);
    buf_add_format(out, "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=", key->id, scope);
    add_signed_names(out, key, r);
    buf_add_format(out, ", Signature=%s", hex);
    return out->failed ? -1 : 0;
}

int sigv4_sign(const struct sigv4_key *key, const struct sigv4_request *r, time_t now, char date[SIGV4_DATE_LEN + 1],
               struct buf *authorization) {
    unsigned char signature[DIGEST];
    struct buf canonical, text;
    char scope[256];
    struct tm tm;

    if (!gmtime_r(&now, &tm) || strftime(date, SIGV4_DATE_LEN + 1, "%Y%m%dT%H%M%SZ", &tm) != SIGV4_DATE_LEN) return -1;
    int n = snprintf(scope, sizeof scope, "%.*s/%s/%s/aws4_request", DAY_LEN, date, key->region, key->service);
    if (n < 0 || (size_t)n >= sizeof scope) return -1;
    buf_init(&canonical, CANONICAL_MAX);
    buf_init(&text, 1024);
    int rc = add_canonical(&canonical, key, r, date);
    if (rc == 0) rc = add_text(&text, buf_span(&canonical), date, scope);
    if (rc == 0) rc = canonical.failed || text.failed ? -1 : sign(key, date, buf_span(&text), signature);
    if (rc == 0) rc = add_authorization(authorization, key, r, scope, signature);
    buf_free(&canonical);
    buf_free(&text);
    OPENSSL_cleanse(signature, sizeof signature);
    return rc;
}
