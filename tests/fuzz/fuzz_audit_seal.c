/* SPDX-License-Identifier: Apache-2.0
 *
 * Envelopes, words for the index, and signed texts, from anywhere. What is accepted has one form; what is sealed opens to what it was; what
 * matches a filter is not excluded by the Bloom filter over its line.
 */
#include "../../proxy/audit.h"
#include "../../proxy/audit_index_terms.h"
#include "../../proxy/audit_note.h"
#include "../../proxy/audit_seal.h"
#include "../../proxy/audit_set.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char key[32] = "fuzz", master[32] = "fuzz master";

static struct audit_hasher *hasher;
static struct audit_tree_hasher *tree;
static struct audit_sealer *sealer;

static void prepare(void) {
    char directory[] = "/tmp/phigate-fuzz-XXXXXX", path[64];
    const char *reason;

    if (hasher) return;
    hasher = audit_hasher_new(key);
    tree = audit_tree_hasher_new();
    assert(hasher && tree && mkdtemp(directory));
    snprintf(path, sizeof path, "%s/log", directory);
    struct audit_keyring *ring = audit_keyring_open(path, master, true, &reason);
    assert(ring && audit_keyring_make(ring, span_of("2026-11")) == 0);
    sealer = audit_sealer_new(ring, hasher);
    assert(sealer);
    static const char *const made[] = {".keys", ".keys.lock"};
    for (size_t i = 0; i < 2; i++) {
        char name[96];
        snprintf(name, sizeof name, "%s%s", path, made[i]);
        unlink(name);
    }
    rmdir(directory);
}

static void read_envelope(struct span line) {
    struct audit_sealed s;
    const char *reason = NULL;
    unsigned char leaf[AUDIT_NODE_LEN];
    struct buf plain, stub;

    if (audit_sealed_read(line, &s, &reason) < 0) {
        assert(reason);
        return;
    }
    assert(audit_sealed_is(line) && s.seq > 0 && !s.box.len != !s.erased.len);
    (void)!audit_sealed_mac_holds(&s, line, hasher);
    assert(audit_any_leaf(tree, line, leaf) == 0 && span_equal(audit_any_prev(line), s.prev));
    buf_init(&plain, AUDIT_RECORD_MAX);
    buf_init(&stub, AUDIT_LINE_MAX);
    (void)audit_unseal(sealer, &s, &plain);
    assert(audit_erase_line(line, "2033-01-15", hasher, tree, &stub) == 0);
    assert(audit_sealed_read(buf_span(&stub), &s, &reason) == 0 && s.erased.len);
    buf_free(&plain);
    buf_free(&stub);
}

/* Only lines with a place and a month can be sealed. */
static void seal_and_open(struct span line) {
    struct audit_sealed s;
    const char *reason;
    struct buf out, plain;

    if (line.len > AUDIT_RECORD_MAX || !memmem(line.ptr, line.len, ",\"ts\":\"2026-11-", 15)) return;
    buf_init(&out, AUDIT_LINE_MAX);
    buf_init(&plain, AUDIT_RECORD_MAX);
    if (audit_seal(sealer, line, &out) == 0) {
        assert(audit_sealed_read(buf_span(&out), &s, &reason) == 0);
        assert(audit_sealed_mac_holds(&s, buf_span(&out), hasher) == 0);
        assert(audit_unseal(sealer, &s, &plain) == 0 && span_equal(buf_span(&plain), line));
    }
    buf_free(&out);
    buf_free(&plain);
}

static void index_line(struct span line) {
    struct keyed_hash h = {{1, 2}};
    struct audit_terms t = {.n = 0};
    struct buf bloom;

    buf_init(&bloom, 1u << 20);
    audit_terms_of_line(&t, &h, line);
    size_t n = t.n;
    uint64_t some = n ? t.v[n / 2] : 0;
    audit_terms_bloom(&t, &bloom);
    assert(!bloom.failed && bloom.len > 0);
    if (n) assert(audit_bloom_has(buf_span(&bloom), some));
    audit_terms_free(&t);
    buf_free(&bloom);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span s = span_make((const char *)data, size);
    static const struct audit_note_key note_key = {.type = AUDIT_KEY_LOG, .name = "fuzz"};

    prepare();
    read_envelope(s);
    seal_and_open(s);
    index_line(s);
    assert(audit_note_signed_text(s, &note_key).len == 0);
    return 0;
}
