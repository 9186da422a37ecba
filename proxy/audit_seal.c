/* SPDX-License-Identifier: Apache-2.0
 *
 * There is one way to write an envelope, so it is read by what must stand there. Nonces are random: after a fault a sequence
 * number may be used again, with another line.
 */
#include "audit_seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "audit.h"
#include "audit_base64.h"
#include "audit_view.h"
#include "hex.h"

#define NONCE 12
#define TAG 16
#define POOL (NONCE * 64)

struct audit_sealer {
    struct audit_keyring *ring;
    struct audit_hasher *hasher;
    struct audit_tree_hasher *tree;
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *ctx;
    unsigned char pool[POOL]; /* nonces, drawn in blocks */
    size_t pool_left;
    struct buf box;
};

/* ---- reading an envelope ---- */

bool audit_sealed_is(struct span line) {
    return span_starts(line, "{\"box\":") || span_starts(line, "{\"erased\":");
}

static bool take(struct span line, size_t *at, const char *literal) {
    size_t n = strlen(literal);

    if (line.len - *at < n || memcmp(line.ptr + *at, literal, n) != 0) return false;
    *at += n;
    return true;
}

static struct span take_until_quote(struct span line, size_t *at) {
    size_t end = span_find(line, '"', *at);
    struct span s = span_sub(line, *at, end);

    *at = end;
    return s;
}

static bool take_seq(struct span line, size_t *at, uint64_t *out) {
    size_t end = span_find(line, ',', *at);
    struct span digits = span_sub(line, *at, end);
    unsigned long long n;

    if (span_decimal(digits, &n) < 0 || n == 0 || digits.ptr[0] == '0') return false;
    *out = n;
    *at = end;
    return true;
}

static bool is_base64(struct span s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || (c == '=' && i + 2 >= s.len);
        if (!ok) return false;
    }
    return s.len && s.len % 4 == 0;
}

static bool is_date(struct span s, size_t len) {
    for (size_t i = 0; i < s.len; i++)
        if (i == 4 || i == 7 ? s.ptr[i] != '-' : s.ptr[i] < '0' || s.ptr[i] > '9') return false;
    return s.len == len;
}

int audit_sealed_read(struct span line, struct audit_sealed *s, const char **reason) {
    size_t at = 0;

    *s = (struct audit_sealed){.seq = 0};
    *reason = "an envelope is not in its form";
    if (line.len > AUDIT_LINE_MAX) return -1;
    if (take(line, &at, "{\"box\":\"")) {
        s->box = take_until_quote(line, &at);
        if (!take(line, &at, "\",\"epoch\":\"")) return -1;
        s->epoch = take_until_quote(line, &at);
        if (!is_base64(s->box) || !is_date(s->epoch, AUDIT_EPOCH_LEN)) return -1;
    } else if (take(line, &at, "{\"erased\":\"")) {
        s->erased = take_until_quote(line, &at);
        if (!is_date(s->erased, 10)) return -1;
    }
    if (!take(line, &at, "\",\"hash\":\"")) return -1;
    s->hash = take_until_quote(line, &at);
    if (!take(line, &at, "\",\"leaf\":\"")) return -1;
    s->leaf = take_until_quote(line, &at);
    if (!take(line, &at, "\",")) return -1;
    s->mac_begin = at;
    if (!take(line, &at, "\"mac\":\"")) return -1;
    s->mac = take_until_quote(line, &at);
    if (!take(line, &at, "\",")) return -1;
    s->mac_end = at;
    if (!take(line, &at, "\"prev\":\"")) return -1;
    s->prev = take_until_quote(line, &at);
    if (!take(line, &at, "\",\"seq\":") || !take_seq(line, &at, &s->seq) || !take(line, &at, ",\"v\":1}") || at != line.len) return -1;
    return audit_hex_valid(s->hash) && audit_hex_valid(s->leaf) && audit_hex_valid(s->mac) && audit_hex_valid(s->prev) ? 0 : -1;
}

int audit_sealed_mac_holds(const struct audit_sealed *s, struct span line, struct audit_hasher *keyed) {
    char mac[AUDIT_HEX_LEN + 1];

    if (audit_hasher_mac(keyed, span_sub(line, 0, s->mac_begin), span_sub(line, s->mac_end, line.len), mac) < 0) return -1;
    return CRYPTO_memcmp(mac, s->mac.ptr, AUDIT_HEX_LEN) == 0 ? 0 : -1;
}

/* ---- sealing ---- */

struct audit_sealer *audit_sealer_new(struct audit_keyring *ring, struct audit_hasher *hasher) {
    struct audit_sealer *s = calloc(1, sizeof *s);
    if (!s) return NULL;

    s->ring = ring;
    s->hasher = hasher;
    s->tree = audit_tree_hasher_new();
    s->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    s->ctx = EVP_CIPHER_CTX_new();
    buf_init(&s->box, AUDIT_LINE_MAX);
    if (s->tree && s->cipher && s->ctx) return s;
    audit_sealer_free(s);
    return NULL;
}

void audit_sealer_free(struct audit_sealer *s) {
    if (!s) return;
    audit_tree_hasher_free(s->tree);
    EVP_CIPHER_CTX_free(s->ctx);
    EVP_CIPHER_free(s->cipher);
    buf_free(&s->box);
    free(s);
}

static const unsigned char *next_nonce(struct audit_sealer *s) {
    if (s->pool_left == 0) {
        if (getrandom(s->pool, sizeof s->pool, 0) != sizeof s->pool) return NULL;
        s->pool_left = sizeof s->pool;
    }
    s->pool_left -= NONCE;
    return s->pool + s->pool_left;
}

static int bind(struct audit_sealer *s, struct span epoch, uint64_t seq, const char *hash) {
    char text[160];
    int out, n = snprintf(text, sizeof text, "phigate audit box 1 %.*s %llu %.64s", (int)epoch.len, epoch.ptr, (unsigned long long)seq, hash);

    return n > 0 && n < (int)sizeof text && EVP_CipherUpdate(s->ctx, NULL, &out, (const unsigned char *)text, n) == 1 ? 0 : -1;
}

/* s->box gets nonce, text, tag. */
static int encrypt(struct audit_sealer *s, const unsigned char *key, struct span epoch, uint64_t seq, const char *hash, struct span line) {
    const unsigned char *nonce = next_nonce(s);
    int n = 0, more = 0;

    s->box.len = 0;
    if (!nonce || buf_reserve(&s->box, NONCE + line.len + TAG) < 0) return -1;
    unsigned char *p = (unsigned char *)s->box.ptr;
    memcpy(p, nonce, NONCE);
    if (EVP_CipherInit_ex2(s->ctx, s->cipher, key, p, 1, NULL) != 1 || bind(s, epoch, seq, hash) < 0) return -1;
    if (EVP_CipherUpdate(s->ctx, p + NONCE, &n, (const unsigned char *)line.ptr, (int)line.len) != 1) return -1;
    if (EVP_CipherFinal_ex(s->ctx, p + NONCE + n, &more) != 1) return -1;
    if (EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_GCM_GET_TAG, TAG, p + NONCE + line.len) != 1) return -1;
    s->box.len = NONCE + line.len + TAG;
    return 0;
}

struct envelope {
    char hash[AUDIT_HEX_LEN + 1], leaf[AUDIT_HEX_LEN + 1], mac[AUDIT_HEX_LEN + 1];
    struct span prev;
    uint64_t seq;
};

/* Behind the members that come first; puts the code where it belongs. */
static int finish(struct buf *out, size_t begin, struct audit_hasher *keyed, struct envelope *e) {
    char mac[AUDIT_HEX_LEN + 10];
    size_t at;

    buf_add_format(out, "\"hash\":\"%s\",\"leaf\":\"%s\",", e->hash, e->leaf);
    at = out->len;
    buf_add_format(out, "\"prev\":\"%.*s\",\"seq\":%llu,\"v\":1}", (int)e->prev.len, e->prev.ptr, (unsigned long long)e->seq);
    if (out->failed || audit_hasher_mac(keyed, span_sub(buf_span(out), begin, out->len), span_make(NULL, 0), e->mac) < 0) return -1;
    int n = snprintf(mac, sizeof mac, "\"mac\":\"%s\",", e->mac);
    if (n != (int)sizeof mac - 1 || buf_reserve(out, (size_t)n) < 0) return -1;
    memmove(out->ptr + at + n, out->ptr + at, out->len - at);
    memcpy(out->ptr + at, mac, (size_t)n);
    out->len += (size_t)n;
    return 0;
}

static int digests(struct audit_hasher *h, struct audit_tree_hasher *tree, struct span line, struct envelope *e) {
    unsigned char leaf[AUDIT_NODE_LEN];

    e->seq = audit_view_seq(line);
    e->prev = audit_any_prev(line);
    if (e->seq == 0 || !audit_hex_valid(e->prev) || audit_hasher_sha256(h, line, e->hash) < 0 || audit_tree_leaf(tree, line, leaf) < 0) return -1;
    hex_write(leaf, sizeof leaf, e->leaf);
    return 0;
}

int audit_seal(struct audit_sealer *s, struct span line, struct buf *out) {
    struct span epoch = span_sub(audit_view_time(line), 0, AUDIT_EPOCH_LEN);
    const unsigned char *key = audit_keyring_find(s->ring, epoch);
    struct envelope e;
    size_t begin = out->len;

    if (!key && audit_keyring_make(s->ring, epoch) == 0) key = audit_keyring_find(s->ring, epoch);
    if (key && digests(s->hasher, s->tree, line, &e) == 0 && encrypt(s, key, epoch, e.seq, e.hash, line) == 0) {
        buf_add_c(out, "{\"box\":\"");
        audit_base64_add(out, buf_span(&s->box));
        buf_add_format(out, "\",\"epoch\":\"%.*s\",", (int)epoch.len, epoch.ptr);
        if (finish(out, begin, s->hasher, &e) == 0) return 0;
    }
    out->len = begin;
    out->failed = false;
    return -1;
}

/* ---- opening ---- */

static int decrypt(struct audit_sealer *s, const unsigned char *key, const struct audit_sealed *e, struct buf *out) {
    int n = 0, more = 0;

    s->box.len = 0;
    if (audit_base64_read(e->box, &s->box) < 0 || s->box.len < NONCE + TAG + 1) {
        s->box.failed = false;
        return -1;
    }
    unsigned char *p = (unsigned char *)s->box.ptr;
    size_t len = s->box.len - NONCE - TAG;
    out->len = 0;
    if (buf_reserve(out, len) < 0) return -1;
    if (EVP_CipherInit_ex2(s->ctx, s->cipher, key, p, 0, NULL) != 1 || bind(s, e->epoch, e->seq, e->hash.ptr) < 0) return -1;
    if (EVP_CipherUpdate(s->ctx, (unsigned char *)out->ptr, &n, p + NONCE, (int)len) != 1) return -1;
    if (EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_GCM_SET_TAG, TAG, p + NONCE + len) != 1) return -1;
    if (EVP_CipherFinal_ex(s->ctx, (unsigned char *)out->ptr + n, &more) != 1) return -1;
    out->len = len;
    return 0;
}

/* The envelope is about the line that is inside. */
static int agrees(struct audit_sealer *s, const struct audit_sealed *sealed, struct span line) {
    struct envelope e;

    if (digests(s->hasher, s->tree, line, &e) < 0 || e.seq != sealed->seq) return -1;
    return span_is(sealed->hash, e.hash) && span_is(sealed->leaf, e.leaf) && span_equal(sealed->prev, e.prev) ? 0 : -1;
}

int audit_unseal(struct audit_sealer *s, const struct audit_sealed *sealed, struct buf *out) {
    const unsigned char *key = s && sealed->box.len ? audit_keyring_find(s->ring, sealed->epoch) : NULL;

    if (!key) return 1;
    return decrypt(s, key, sealed, out) == 0 && agrees(s, sealed, buf_span(out)) == 0 ? 0 : -1;
}

/* ---- any line ---- */

struct span audit_any_prev(struct span line) {
    static const char mark[] = ",\"prev\":\"";
    const char *at = line.len ? memmem(line.ptr, line.len, mark, sizeof mark - 1) : NULL;

    if (!at) return span_make(NULL, 0);
    size_t begin = (size_t)(at - line.ptr) + sizeof mark - 1;
    return span_sub(line, begin, span_find(line, '"', begin));
}

int audit_any_leaf(struct audit_tree_hasher *tree, struct span line, unsigned char leaf[AUDIT_NODE_LEN]) {
    struct audit_sealed s;
    const char *reason;

    if (!audit_sealed_is(line)) return audit_tree_leaf(tree, line, leaf);
    if (audit_sealed_read(line, &s, &reason) < 0) return -1;
    return hex_read(s.leaf, leaf, AUDIT_NODE_LEN);
}

int audit_any_hash(struct audit_hasher *h, struct span line, char hash[AUDIT_HEX_LEN + 1]) {
    struct audit_sealed s;
    const char *reason;

    if (!audit_sealed_is(line)) return audit_hasher_sha256(h, line, hash);
    if (audit_sealed_read(line, &s, &reason) < 0) return -1;
    memcpy(hash, s.hash.ptr, AUDIT_HEX_LEN);
    hash[AUDIT_HEX_LEN] = '\0';
    return 0;
}

int audit_erase_line(struct span line, const char *day, struct audit_hasher *keyed, struct audit_tree_hasher *tree, struct buf *out) {
    struct envelope e;
    struct audit_sealed s;
    const char *reason;
    size_t begin = out->len;

    if (!audit_sealed_is(line)) {
        if (digests(keyed, tree, line, &e) < 0) return -1;
    } else {
        if (audit_sealed_read(line, &s, &reason) < 0) return -1;
        if (s.erased.len) { /* once is enough: the day stays */
            buf_add(out, line);
            return out->failed ? -1 : 0;
        }
        memcpy(e.hash, s.hash.ptr, AUDIT_HEX_LEN);
        memcpy(e.leaf, s.leaf.ptr, AUDIT_HEX_LEN);
        e.hash[AUDIT_HEX_LEN] = e.leaf[AUDIT_HEX_LEN] = '\0';
        e.prev = s.prev;
        e.seq = s.seq;
    }
    buf_add_format(out, "{\"erased\":\"%s\",", day);
    return finish(out, begin, keyed, &e);
}
