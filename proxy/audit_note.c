/* SPDX-License-Identifier: Apache-2.0
 *
 * A key's id is the first four bytes of SHA-256(name, "\n", type, public key): it says which signature to look at. What is
 * signed is the note's text up to and with the newline of its last line; a witness signs a time with it.
 */
#include "audit_note.h"

#include <openssl/evp.h>
#include <string.h>
#include <sys/random.h>

#include "audit_base64.h"

#define PRIVATE_PREFIX "PRIVATE+KEY+"
static const char dash[] = "\xe2\x80\x94 "; /* em dash, space */

static bool name_valid(struct span name) {
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= ' ' || name.ptr[i] >= 0x7F || name.ptr[i] == '+') return false;
    return name.len >= 1 && name.len <= AUDIT_NAME_MAX;
}

static void keep_name(char out[AUDIT_NAME_MAX + 1], struct span name) {
    memcpy(out, name.ptr, name.len);
    out[name.len] = '\0';
}

/* ---- keys ---- */

static int set_id(struct audit_note_key *k) {
    unsigned char text[AUDIT_NAME_MAX + 2 + 32], digest[32];
    size_t n = strlen(k->name);

    memcpy(text, k->name, n);
    text[n++] = '\n';
    text[n++] = (unsigned char)k->type;
    memcpy(text + n, k->public_key, 32);
    if (EVP_Digest(text, n + 32, digest, NULL, EVP_sha256(), NULL) != 1) return -1;
    memcpy(k->id, digest, sizeof k->id);
    return 0;
}

static int set_public(struct audit_note_key *k) {
    size_t n = sizeof k->public_key;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->seed, sizeof k->seed);
    int rc = key && EVP_PKEY_get_raw_public_key(key, k->public_key, &n) == 1 && n == 32 ? 0 : -1;

    EVP_PKEY_free(key);
    k->private_key = rc == 0;
    return rc == 0 ? set_id(k) : -1;
}

int audit_note_key_new(struct audit_note_key *k, enum audit_key_type type, const char *name) {
    *k = (struct audit_note_key){.type = type};
    if (!name_valid(span_of(name))) return -1;
    keep_name(k->name, span_of(name));
    if (getrandom(k->seed, sizeof k->seed, 0) != (ssize_t)sizeof k->seed) return -1;
    return set_public(k);
}

void audit_note_key_wipe(struct audit_note_key *k) {
    explicit_bzero(k, sizeof *k);
}

static bool id_is(const struct audit_note_key *k, struct span hex) {
    static const char digits[] = "0123456789abcdef";

    if (hex.len != 8) return false;
    for (size_t i = 0; i < 8; i++)
        if (hex.ptr[i] != digits[k->id[i / 2] >> (i % 2 ? 0 : 4) & 15]) return false;
    return true;
}

static int read_parts(struct audit_note_key *k, struct span name, struct span id, struct span data, bool private_key) {
    unsigned char bytes[33];

    if (!name_valid(name) || audit_base64_fixed(data, bytes, sizeof bytes) < 0) return -1;
    keep_name(k->name, name);
    if (bytes[0] != AUDIT_KEY_LOG && bytes[0] != AUDIT_KEY_WITNESS) return -1;
    k->type = bytes[0];
    memcpy(private_key ? k->seed : k->public_key, bytes + 1, 32);
    explicit_bzero(bytes, sizeof bytes);
    if ((private_key ? set_public(k) : set_id(k)) < 0) return -1;
    return id_is(k, id) ? 0 : -1;
}

int audit_note_key_read(struct audit_note_key *k, struct span text) {
    *k = (struct audit_note_key){.type = AUDIT_KEY_LOG};
    bool private_key = span_starts(text, PRIVATE_PREFIX);

    if (private_key) text = span_sub(text, strlen(PRIVATE_PREFIX), text.len);
    while (text.len && (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r'))
        text.len--;
    size_t first = span_find(text, '+', 0), second = span_find(text, '+', first + 1);
    if (second >= text.len) return -1;
    int rc = read_parts(k, span_sub(text, 0, first), span_sub(text, first + 1, second), span_sub(text, second + 1, text.len),
                        private_key);
    if (rc < 0) audit_note_key_wipe(k);
    return rc;
}

void audit_note_key_write(const struct audit_note_key *k, bool private_key, struct buf *out) {
    unsigned char bytes[33] = {(unsigned char)k->type};

    memcpy(bytes + 1, private_key ? k->seed : k->public_key, 32);
    buf_add_format(out, "%s%s+%02x%02x%02x%02x+", private_key ? PRIVATE_PREFIX : "", k->name, k->id[0], k->id[1], k->id[2], k->id[3]);
    audit_base64_add(out, span_make((const char *)bytes, sizeof bytes));
    buf_add_char(out, '\n');
    explicit_bzero(bytes, sizeof bytes);
}

/* ---- signatures ---- */

static int sign(const struct audit_note_key *k, struct span text, unsigned char out[64]) {
    EVP_PKEY *key = k->private_key ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->seed, sizeof k->seed) : NULL;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t n = 64;
    int rc = key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
                     EVP_DigestSign(ctx, out, &n, (const unsigned char *)text.ptr, text.len) == 1 && n == 64
                 ? 0 : -1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return rc;
}

static bool holds(const struct audit_note_key *k, struct span text, const unsigned char signature[64]) {
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, k->public_key, sizeof k->public_key);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
              EVP_DigestVerify(ctx, signature, 64, (const unsigned char *)text.ptr, text.len) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    return ok;
}

static void add_signature_line(const struct audit_note_key *k, const unsigned char *bytes, size_t n, struct buf *out) {
    unsigned char all[4 + 8 + 64];

    memcpy(all, k->id, 4);
    memcpy(all + 4, bytes, n);
    buf_add_c(out, dash);
    buf_add_c(out, k->name);
    buf_add_char(out, ' ');
    audit_base64_add(out, span_make((const char *)all, 4 + n));
    buf_add_char(out, '\n');
}

/* "cosignature/v1\ntime N\n" and the body */
static void witness_text(struct span body, uint64_t time, struct buf *out) {
    buf_init(out, AUDIT_NOTE_MAX);
    buf_add_format(out, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
    buf_add(out, body);
}

int audit_note_cosign(struct span body, const struct audit_note_key *k, uint64_t time, struct buf *out) {
    unsigned char bytes[72];
    struct buf text;

    if (k->type != AUDIT_KEY_WITNESS) return -1;
    witness_text(body, time, &text);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(time >> (56 - 8 * i));
    int rc = text.failed ? -1 : sign(k, buf_span(&text), bytes + 8);
    if (rc == 0) add_signature_line(k, bytes, sizeof bytes, out);
    buf_free(&text);
    return rc;
}

static bool witness_holds(struct span body, const struct audit_note_key *k, const unsigned char bytes[72], uint64_t *time) {
    struct buf text;

    *time = 0;
    for (int i = 0; i < 8; i++)
        *time = *time << 8 | bytes[i];
    witness_text(body, *time, &text);
    bool ok = !text.failed && holds(k, buf_span(&text), bytes + 8);
    buf_free(&text);
    return ok;
}

/* ---- checkpoints ---- */

void audit_checkpoint_body(const struct audit_checkpoint *c, struct buf *out) {
    buf_add_format(out, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
    audit_base64_add(out, span_make((const char *)c->root, sizeof c->root));
    buf_add_char(out, '\n');
}

int audit_checkpoint_sign(const struct audit_checkpoint *c, const struct audit_note_key *k, struct buf *out,
                          unsigned char signature[64]) {
    size_t begin = out->len;

    audit_checkpoint_body(c, out);
    if (out->failed || sign(k, span_sub(buf_span(out), begin, out->len), signature) < 0) return -1;
    buf_add_char(out, '\n');
    add_signature_line(k, signature, 64, out);
    return out->failed ? -1 : 0;
}

bool audit_checkpoint_signature_holds(const struct audit_checkpoint *c, const struct audit_note_key *k,
                                      const unsigned char signature[64]) {
    struct buf b;

    buf_init(&b, AUDIT_NOTE_MAX);
    audit_checkpoint_body(c, &b);
    bool ok = !b.failed && strcmp(c->origin, k->name) == 0 && holds(k, buf_span(&b), signature);
    buf_free(&b);
    return ok;
}

static struct span take_line(struct span s, size_t *at) {
    size_t end = span_find(s, '\n', *at);
    struct span line = end < s.len ? span_sub(s, *at, end) : span_make(NULL, 0);

    *at = end < s.len ? end + 1 : s.len;
    return line;
}

int audit_checkpoint_read(struct span note, struct audit_checkpoint *c, struct span *body) {
    unsigned long long size;
    size_t at = 0;
    struct span origin = take_line(note, &at), number = take_line(note, &at), root = take_line(note, &at);

    if (!name_valid(origin) || span_decimal(number, &size) < 0 || (number.len > 1 && number.ptr[0] == '0')) return -1;
    if (audit_base64_fixed(root, c->root, sizeof c->root) < 0) return -1;
    if (at >= note.len || note.ptr[at] != '\n') return -1; /* extension lines are not ours */
    keep_name(c->origin, origin);
    c->size = size;
    *body = span_sub(note, 0, at);
    return 0;
}

/* The bytes behind the key id of a signature line by this key: 64, or 72 of a witness. */
static bool signature_of(struct span line, const struct audit_note_key *k, unsigned char *out, size_t n) {
    unsigned char all[4 + 72];
    size_t prefix = strlen(dash), name = strlen(k->name);

    if (!span_starts(line, dash) || line.len < prefix + name + 1) return false;
    if (!span_is(span_sub(line, prefix, prefix + name), k->name) || line.ptr[prefix + name] != ' ') return false;
    if (audit_base64_fixed(span_sub(line, prefix + name + 1, line.len), all, 4 + n) < 0) return false;
    if (memcmp(all, k->id, 4) != 0) return false;
    memcpy(out, all + 4, n);
    return true;
}

static bool is_other_text(struct span text) {
    return text.len && text.ptr[text.len - 1] == '\n' && span_find(text, ' ', 0) < span_find(text, '\n', 0);
}

int audit_note_sign_text(struct span text, const struct audit_note_key *k, struct buf *out) {
    unsigned char signature[64];

    if (k->type != AUDIT_KEY_LOG || !is_other_text(text) || sign(k, text, signature) < 0) return -1;
    buf_add(out, text);
    buf_add_char(out, '\n');
    add_signature_line(k, signature, sizeof signature, out);
    return out->failed ? -1 : 0;
}

struct span audit_note_signed_text(struct span note, const struct audit_note_key *k) {
    unsigned char bytes[64];
    size_t end = 0;

    while (end + 1 < note.len && !(note.ptr[end] == '\n' && note.ptr[end + 1] == '\n'))
        end++;
    struct span text = span_sub(note, 0, end + 1);
    if (note.len > AUDIT_NOTE_MAX || k->type != AUDIT_KEY_LOG || end + 1 >= note.len || !is_other_text(text)) return span_make(NULL, 0);
    for (size_t at = end + 2; at < note.len;)
        if (signature_of(take_line(note, &at), k, bytes, sizeof bytes)) return holds(k, text, bytes) ? text : span_make(NULL, 0);
    return span_make(NULL, 0);
}

bool audit_note_signed(struct span note, const struct audit_note_key *k, uint64_t *time) {
    size_t n = k->type == AUDIT_KEY_WITNESS ? 72 : 64;
    unsigned char bytes[72];
    struct audit_checkpoint c;
    struct span body;

    if (note.len > AUDIT_NOTE_MAX || audit_checkpoint_read(note, &c, &body) < 0) return false;
    for (size_t at = body.len + 1; at < note.len;) {
        struct span line = take_line(note, &at);
        if (!signature_of(line, k, bytes, n)) continue;
        if (k->type == AUDIT_KEY_WITNESS) return witness_holds(body, k, bytes, time);
        return strcmp(c.origin, k->name) == 0 && holds(k, body, bytes);
    }
    return false;
}
