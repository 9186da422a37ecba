/* SPDX-License-Identifier: Apache-2.0
 *
 * The tree against the vectors of RFC 6962 implementations and against its own definition, and the signed notes.
 */
#include "test_audit_helper.h"

#include <openssl/evp.h>

#include "../../proxy/audit_base64.h"
#include "../../proxy/audit_note.h"
#include "../../proxy/audit_tree.h"

static struct audit_tree_hasher *hasher;

static int make_hasher(void **state) {
    (void)state;
    hasher = audit_tree_hasher_new();
    return hasher ? 0 : -1;
}

static int free_hasher(void **state) {
    (void)state;
    audit_tree_hasher_free(hasher);
    return 0;
}

static void leaf_of(uint64_t i, unsigned char out[32]) {
    char text[32];

    snprintf(text, sizeof text, "{\"seq\":%llu}", (unsigned long long)i);
    assert_int_equal(audit_tree_leaf(hasher, span_of(text), out), 0);
}

/* MTH of RFC 6962 section 2.1, written as it is defined there. */
static void slow_root(uint64_t begin, uint64_t end, unsigned char out[32]) {
    unsigned char bytes[65] = {1};
    uint64_t k = 1;

    if (end - begin == 1) {
        leaf_of(begin, out);
        return;
    }
    while (k * 2 < end - begin)
        k *= 2;
    slow_root(begin, begin + k, bytes + 1);
    slow_root(begin + k, end, bytes + 33);
    assert_int_equal(EVP_Digest(bytes, sizeof bytes, out, NULL, EVP_sha256(), NULL), 1);
}

static void hex(const unsigned char *bytes, char out[65]) {
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static void known_vectors(void **state) {
    /* The eight leaves that the certificate transparency implementations test with. */
    static const struct { const char *bytes; size_t n; } leaves[] = {
        {"", 0}, {"\0", 1}, {"\x10", 1}, {"\x20\x21", 2}, {"\x30\x31", 2}, {"\x40\x41\x42\x43", 4},
        {"\x50\x51\x52\x53\x54\x55\x56\x57", 8}, {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};
    struct audit_tree t;
    unsigned char node[32];
    char text[65];

    (void)state;
    audit_tree_init(&t, hasher);
    assert_int_equal(audit_tree_root(&t, node), 0);
    hex(node, text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(audit_tree_leaf(hasher, span_make(leaves[i].bytes, leaves[i].n), node), 0);
        assert_int_equal(audit_tree_add(&t, node), 0);
        assert_int_equal(audit_tree_root(&t, node), 0);
        hex(node, text);
        if (i == 0) assert_string_equal(text, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        if (i == 1) assert_string_equal(text, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    }
    assert_string_equal(text, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

static void roots_follow_the_definition(void **state) {
    struct audit_tree t;

    (void)state;
    audit_tree_init(&t, hasher);
    for (uint64_t n = 1; n <= 70; n++) {
        unsigned char leaf[32], root[32], expected[32];
        leaf_of(n - 1, leaf);
        assert_int_equal(audit_tree_add(&t, leaf), 0);
        assert_int_equal(audit_tree_root(&t, root), 0);
        slow_root(0, n, expected);
        assert_memory_equal(root, expected, 32);
    }
}

static size_t collect(struct audit_path *p, uint64_t size, struct audit_node *out) {
    for (uint64_t i = 0; i < size; i++) {
        unsigned char leaf[32];
        leaf_of(i, leaf);
        assert_int_equal(audit_path_feed(p, i, leaf), 0);
    }
    assert_true(audit_path_complete(p));
    for (size_t i = 0; i < p->n; i++)
        memcpy(out[i].hash, p->v[i].hash, 32);
    return p->n;
}

static void every_inclusion_holds_and_no_other(void **state) {
    (void)state;
    for (uint64_t size = 1; size <= 20; size++) {
        unsigned char root[32];
        slow_root(0, size, root);
        for (uint64_t i = 0; i < size; i++) {
            struct audit_path p;
            struct audit_node nodes[AUDIT_PATH_MAX];
            unsigned char leaf[32], other[32];
            audit_path_inclusion(&p, hasher, i, size);
            size_t n = collect(&p, size, nodes);
            leaf_of(i, leaf);
            leaf_of(i + 1, other);
            assert_true(audit_inclusion_holds(hasher, i, size, leaf, nodes, n, root));
            assert_false(audit_inclusion_holds(hasher, i, size, other, nodes, n, root));
            assert_false(audit_inclusion_holds(hasher, size, size, leaf, nodes, n, root));
            if (n) assert_false(audit_inclusion_holds(hasher, i, size, leaf, nodes, n - 1, root));
            assert_false(audit_inclusion_holds(hasher, i, size, leaf, nodes, n + 1, root));
            for (uint64_t j = 0; j < size; j++)
                if (j != i) assert_false(audit_inclusion_holds(hasher, j, size, leaf, nodes, n, root));
            if (!n) continue;
            nodes[n - 1].hash[5] ^= 1;
            assert_false(audit_inclusion_holds(hasher, i, size, leaf, nodes, n, root));
        }
    }
}

static void every_consistency_holds_and_no_other(void **state) {
    (void)state;
    for (uint64_t size = 1; size <= 20; size++) {
        for (uint64_t old = 1; old <= size; old++) {
            struct audit_path p;
            struct audit_node nodes[AUDIT_PATH_MAX];
            unsigned char before[32], root[32];
            slow_root(0, old, before);
            slow_root(0, size, root);
            audit_path_consistency(&p, hasher, old, size);
            size_t n = collect(&p, size, nodes);
            assert_true(audit_consistency_holds(hasher, old, size, before, root, nodes, n));
            if (old == size) continue;
            assert_false(audit_consistency_holds(hasher, old, size, root, root, nodes, n));
            assert_false(audit_consistency_holds(hasher, old, size, before, root, nodes, n - 1));
            nodes[0].hash[0] ^= 1;
            assert_false(audit_consistency_holds(hasher, old, size, before, root, nodes, n));
        }
    }
}

static void base64_has_one_form(void **state) {
    static const char *const bad[] = {"Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "Z g=", "Zm9v\n", "=Zg=", "Z===", "Zm9vZ-=="};
    struct buf b;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        buf_init(&b, 64);
        assert_int_equal(audit_base64_read(span_of(bad[i]), &b), -1);
        buf_free(&b);
    }
    for (size_t n = 0; n <= 6; n++) {
        struct buf back;
        buf_init(&b, 64);
        buf_init(&back, 64);
        audit_base64_add(&b, span_make("\xff\x00zz\x80\x01", n));
        assert_int_equal(audit_base64_read(buf_span(&b), &back), 0);
        assert_true(span_equal(buf_span(&back), span_make("\xff\x00zz\x80\x01", n)));
        buf_free(&b);
        buf_free(&back);
    }
}

static void keys_are_read_as_written(void **state) {
    struct audit_note_key k, back;
    struct buf b;

    (void)state;
    assert_int_equal(audit_note_key_new(&k, AUDIT_KEY_LOG, "a+b"), -1);
    assert_int_equal(audit_note_key_new(&k, AUDIT_KEY_LOG, "a b"), -1);
    assert_int_equal(audit_note_key_new(&k, AUDIT_KEY_LOG, "clinic.example/audit"), 0);
    for (int private_key = 0; private_key < 2; private_key++) {
        buf_init(&b, 1024);
        audit_note_key_write(&k, private_key, &b);
        assert_int_equal(audit_note_key_read(&back, buf_span(&b)), 0);
        assert_memory_equal(back.public_key, k.public_key, 32);
        assert_int_equal(back.private_key, private_key);
        for (size_t i = 0; i + 1 < b.len; i++) { /* no byte of it may change unseen, but one that no longer is in the form */
            b.ptr[i] ^= 1;
            int rc = audit_note_key_read(&back, buf_span(&b));
            assert_true(rc < 0 || (memcmp(back.public_key, k.public_key, 32) == 0 && strcmp(back.name, k.name) == 0));
            b.ptr[i] ^= 1;
        }
        buf_free(&b);
    }
}

/* From the text of c2sp.org/signed-note: a public key whose id is part of the example. */
static void a_foreign_key_is_read(void **state) {
    struct audit_note_key k;

    (void)state;
    assert_int_equal(audit_note_key_read(&k, span_of("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")), 0);
    assert_string_equal(k.name, "PeterNeumann");
}

static void notes_are_signed_and_checked(void **state) {
    struct audit_note_key k, other, witness;
    struct audit_checkpoint c = {.origin = "clinic.example/audit", .size = 12}, back;
    unsigned char signature[64];
    uint64_t time = 0;
    struct span body;
    struct buf b;

    (void)state;
    memset(c.root, 7, sizeof c.root);
    assert_int_equal(audit_note_key_new(&k, AUDIT_KEY_LOG, c.origin), 0);
    assert_int_equal(audit_note_key_new(&other, AUDIT_KEY_LOG, c.origin), 0);
    assert_int_equal(audit_note_key_new(&witness, AUDIT_KEY_WITNESS, "accountant.example"), 0);
    buf_init(&b, AUDIT_NOTE_MAX);
    assert_int_equal(audit_checkpoint_sign(&c, &k, &b, signature), 0);
    assert_int_equal(audit_checkpoint_read(buf_span(&b), &back, &body), 0);
    assert_int_equal(back.size, 12);
    assert_true(audit_note_signed(buf_span(&b), &k, &time));
    assert_false(audit_note_signed(buf_span(&b), &other, &time));
    assert_false(audit_note_signed(buf_span(&b), &witness, &time));
    assert_true(audit_checkpoint_signature_holds(&c, &k, signature));
    for (size_t i = 0; i < b.len; i++) {
        b.ptr[i] ^= 1;
        assert_false(audit_note_signed(buf_span(&b), &k, &time));
        b.ptr[i] ^= 1;
    }
    for (size_t n = 0; n < b.len; n++)
        assert_false(audit_note_signed(span_make(b.ptr, n), &k, &time));
    struct buf line;
    buf_init(&line, 1024);
    assert_int_equal(audit_note_cosign(body, &k, 1700000000, &line), -1);
    assert_int_equal(audit_note_cosign(body, &witness, 1700000000, &line), 0);
    buf_add(&b, buf_span(&line));
    assert_true(audit_note_signed(buf_span(&b), &witness, &time));
    assert_int_equal(time, 1700000000);
    assert_true(audit_note_signed(buf_span(&b), &k, &time));
    b.ptr[b.len - 4] ^= 1;
    assert_false(audit_note_signed(buf_span(&b), &witness, &time));
    buf_free(&line);
    buf_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_vectors),
        cmocka_unit_test(roots_follow_the_definition),
        cmocka_unit_test(every_inclusion_holds_and_no_other),
        cmocka_unit_test(every_consistency_holds_and_no_other),
        cmocka_unit_test(base64_has_one_form),
        cmocka_unit_test(keys_are_read_as_written),
        cmocka_unit_test(a_foreign_key_is_read),
        cmocka_unit_test(notes_are_signed_and_checked),
    };
    return cmocka_run_group_tests(tests, make_hasher, free_hasher);
}
