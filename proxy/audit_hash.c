/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 and HMAC-SHA256 for lines, and the keyed hash of a value that was found. The value is folded to a
 * normal form first, so that "(212) 555-0100" and "212.555.0100", "O'Neil" and "ONEIL", "José" and "Jose" give
 * one hash; the folded text lives in a small buffer on the stack and is wiped.
 */
#include "audit_hash.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hex.h"

/* HMAC (RFC 2104) begins and ends with a block made of the key; both are digested once. A code is then two copies of these
 * states and what is left to digest, in two thirds of the time that OpenSSL's own HMAC takes for a short value. */
struct audit_hasher {
    EVP_MD *md;
    EVP_MD_CTX *digest;
    EVP_MD_CTX *inner, *outer; /* NULL without a key */
};

static EVP_MD_CTX *digest_pad(const EVP_MD *md, const unsigned char *key, unsigned char byte) {
    unsigned char block[64];
    EVP_MD_CTX *c = EVP_MD_CTX_new();

    memset(block, byte, sizeof block);
    for (size_t i = 0; i < AUDIT_KEY_LEN; i++)
        block[i] ^= key[i];
    bool ok = c && EVP_DigestInit_ex2(c, md, NULL) == 1 && EVP_DigestUpdate(c, block, sizeof block) == 1;
    explicit_bzero(block, sizeof block);
    if (ok) return c;
    EVP_MD_CTX_free(c);
    return NULL;
}

static int prepare_mac(struct audit_hasher *h, const unsigned char *key) {
    h->inner = digest_pad(h->md, key, 0x36);
    h->outer = digest_pad(h->md, key, 0x5c);
    return h->inner && h->outer ? 0 : -1;
}

struct audit_hasher *audit_hasher_new(const unsigned char *key) {
    struct audit_hasher *h = calloc(1, sizeof *h);
    if (!h) return NULL;

    h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->digest = EVP_MD_CTX_new();
    if (!h->md || !h->digest || (key && prepare_mac(h, key) < 0)) {
        audit_hasher_free(h);
        return NULL;
    }
    return h;
}

void audit_hasher_free(struct audit_hasher *h) {
    if (!h) return;
    EVP_MD_CTX_free(h->inner);
    EVP_MD_CTX_free(h->outer);
    EVP_MD_CTX_free(h->digest);
    EVP_MD_free(h->md);
    free(h);
}

/* Without a branch per digit: digests are random, so that each would be mispredicted. */
bool audit_hex_valid(struct span s) {
    unsigned bad = 0;

    if (s.len != AUDIT_HEX_LEN) return false;
    for (size_t i = 0; i < AUDIT_HEX_LEN; i++) {
        unsigned c = (unsigned char)s.ptr[i];
        bad |= (c - '0' > 9) & (c - 'a' > 5);
    }
    return bad == 0;
}

int audit_hasher_sha256(struct audit_hasher *h, struct span s, char out[AUDIT_HEX_LEN + 1]) {
    unsigned char digest[AUDIT_DIGEST_LEN];

    if (EVP_DigestInit_ex2(h->digest, h->md, NULL) != 1) return -1;
    if (EVP_DigestUpdate(h->digest, s.ptr, s.len) != 1) return -1;
    if (EVP_DigestFinal_ex(h->digest, digest, NULL) != 1) return -1;
    hex_write(digest, AUDIT_DIGEST_LEN, out);
    return 0;
}

int audit_hasher_file(struct audit_hasher *h, int fd, uint64_t offset, uint64_t end, char out[AUDIT_HEX_LEN + 1]) {
    unsigned char digest[AUDIT_DIGEST_LEN];
    char bytes[4096];

    if (EVP_DigestInit_ex2(h->digest, h->md, NULL) != 1) return -1;
    while (offset < end) {
        size_t want = end - offset < sizeof bytes ? (size_t)(end - offset) : sizeof bytes;
        ssize_t n = pread(fd, bytes, want, (off_t)offset);
        if (n <= 0 || EVP_DigestUpdate(h->digest, bytes, (size_t)n) != 1) return -1;
        offset += (uint64_t)n;
    }
    if (EVP_DigestFinal_ex(h->digest, digest, NULL) != 1) return -1;
    hex_write(digest, AUDIT_DIGEST_LEN, out);
    return 0;
}

static int mac_begin(struct audit_hasher *h) {
    return h->inner && EVP_MD_CTX_copy_ex(h->digest, h->inner) == 1 ? 0 : -1;
}

static int mac_add(struct audit_hasher *h, struct span s) {
    if (s.len == 0) return 0;
    return EVP_DigestUpdate(h->digest, s.ptr, s.len) == 1 ? 0 : -1;
}

static int mac_end(struct audit_hasher *h, unsigned char out[AUDIT_DIGEST_LEN]) {
    if (EVP_DigestFinal_ex(h->digest, out, NULL) != 1) return -1;
    if (EVP_MD_CTX_copy_ex(h->digest, h->outer) != 1) return -1;
    if (EVP_DigestUpdate(h->digest, out, AUDIT_DIGEST_LEN) != 1) return -1;
    return EVP_DigestFinal_ex(h->digest, out, NULL) == 1 ? 0 : -1;
}

int audit_hasher_mac(struct audit_hasher *h, struct span a, struct span b, char out[AUDIT_HEX_LEN + 1]) {
    unsigned char digest[AUDIT_DIGEST_LEN];

    if (mac_begin(h) < 0 || mac_add(h, a) < 0 || mac_add(h, b) < 0 || mac_end(h, digest) < 0) return -1;
    hex_write(digest, AUDIT_DIGEST_LEN, out);
    return 0;
}

/* ---- the normal form of a value ---- */

/* Base letters of U+00C0..U+017F, the Latin letters with marks; '.' stands for a sign that is no letter, '*' for a
 * ligature that is written as two letters. */
static const char latin_base[] = "aaaaaa*ceeeeiiiidnooooo.ouuuuy**aaaaaa*ceeeeiiiidnooooo.ouuuuy*y"
                                 "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii**jjkkklllllll"
                                 "lllnnnnnnnnnoooooo**rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static const char *ligature(uint32_t c) {
    switch (c) {
    case 0xC6: case 0xE6: return "ae";
    case 0xDE: case 0xFE: return "th";
    case 0xDF: return "ss";
    case 0x132: case 0x133: return "ij";
    case 0x152: case 0x153: return "oe";
    }
    return "";
}

/* One code point of valid UTF-8; a stray byte is returned as U+FFFD and skipped. */
static uint32_t next_code_point(struct span s, size_t *at) {
    const unsigned char *p = (const unsigned char *)s.ptr + *at;
    size_t left = s.len - *at;
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
    uint32_t c = n <= 1 ? p[0] : p[0] & (0x7Fu >> n);

    if (n == 0 || n > left) {
        *at += 1;
        return 0xFFFD;
    }
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3Fu);
    *at += n;
    return c;
}

static uint32_t fold_case(uint32_t c) {
    if (c >= 0xFF01 && c <= 0xFF5E) c -= 0xFEE0; /* full-width forms of ASCII */
    if (c >= 'A' && c <= 'Z') return c + 32;
    if (c >= 0x391 && c <= 0x3A9) return c + 32; /* Greek */
    if (c >= 0x410 && c <= 0x42F) return c + 32; /* Cyrillic */
    if (c >= 0x400 && c <= 0x40F) return c + 80;
    return c;
}

/* Marks, punctuation, spaces and signs beyond ASCII. */
static bool is_dropped(uint32_t c) {
    return (c >= 0x80 && c <= 0xBF) || (c >= 0x2B0 && c <= 0x36F) || (c >= 0x2000 && c <= 0x2BFF) ||
           (c >= 0x3000 && c <= 0x303F) || (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xFF00 && c <= 0xFF0F) ||
           c == 0xFEFF || c == 0xFFFD;
}

static size_t put_utf8(uint32_t c, char out[4]) {
    if (c < 0x800) {
        out[0] = (char)(0xC0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xE0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3F));
        out[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3F));
    out[2] = (char)(0x80 | (c >> 6 & 0x3F));
    out[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* At most four bytes of the normal form of one code point; 0: dropped. */
static size_t fold(uint32_t c, char out[4]) {
    c = fold_case(c);
    if (c < 0x80) {
        out[0] = (char)c;
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? 1 : 0;
    }
    if (c >= 0xC0 && c - 0xC0 < sizeof latin_base - 1) {
        char base = latin_base[c - 0xC0];
        if (base == '.') return 0;
        out[0] = base;
        if (base != '*') return 1;
        const char *two = ligature(c);
        memcpy(out, two, strlen(two));
        return strlen(two);
    }
    return is_dropped(c) ? 0 : put_utf8(c, out);
}

static int mac_add_folded(struct audit_hasher *h, struct span value) {
    char text[256];
    size_t n = 0;
    int rc = 0;

    for (size_t at = 0; at < value.len && rc == 0;) {
        n += fold(next_code_point(value, &at), text + n);
        if (n <= sizeof text - 4 && at < value.len) continue;
        rc = mac_add(h, span_make(text, n));
        n = 0;
    }
    explicit_bzero(text, sizeof text);
    return rc;
}

int audit_hasher_value(struct audit_hasher *h, const char *kind, struct span value, char out[AUDIT_HASH_LEN + 1]) {
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648 section 6, lower case */
    unsigned char digest[AUDIT_DIGEST_LEN];

    out[0] = '\0';
    if (mac_begin(h) < 0 || mac_add(h, span_make(kind, strlen(kind) + 1)) < 0) return -1;
    if (mac_add_folded(h, value) < 0 || mac_end(h, digest) < 0) return -1;
    for (size_t i = 0; i < AUDIT_HASH_LEN; i++) {
        size_t bit = i * 5;
        unsigned two = (unsigned)digest[bit / 8] << 8 | digest[bit / 8 + 1];
        out[i] = alphabet[two >> (11 - bit % 8) & 31];
    }
    out[AUDIT_HASH_LEN] = '\0';
    return 0;
}

void audit_value_hash(const unsigned char key[AUDIT_KEY_LEN], const char *kind, struct span value,
                      char out[AUDIT_HASH_LEN + 1]) {
    struct audit_hasher *h = audit_hasher_new(key);

    out[0] = '\0';
    if (h && audit_hasher_value(h, kind, value, out) < 0) out[0] = '\0';
    audit_hasher_free(h);
}
