/* SPDX-License-Identifier: Apache-2.0
 *
 * Keyed hashes of values: vectors made with Python's hmac and base64, and which spellings agree.
 */
#include "test_audit_helper.h"

#include "../../proxy/audit_hash.h"

static void values_hash_to_the_vectors(void **state) {
    static const struct {
        const char *kind, *value, *hash;
    } v[] = {
        {"SSN", "987654320", "x6l5hufkde7w5ncu"},
        {"SSN", "987-65-4320", "x6l5hufkde7w5ncu"},
        {"SSN", " 987 65 4320.", "x6l5hufkde7w5ncu"},
        {"SSN", "987\xE2\x80\x91""65\xE2\x80\x91""4320", "x6l5hufkde7w5ncu"}, /* U+2011, non-breaking hyphen */
        {"SSN", "\xEF\xBC\x99""87654320", "x6l5hufkde7w5ncu"},                /* U+FF19, full-width nine */
        {"NAME", "O'Neil", "mn7gkd77cfkpr5tw"},
        {"NAME", "O\xE2\x80\x99NEIL", "mn7gkd77cfkpr5tw"},
        {"NAME", "Jos\xC3\xA9", "vae6qmsapxbukej2"},
        {"NAME", "Jose\xCC\x81", "vae6qmsapxbukej2"}, /* combining acute */
        {"NAME", "JOSE", "vae6qmsapxbukej2"},
        {"NAME", "Stra\xC3\x9F""e", "rxekmu2nv6j5d7qc"},
        {"PHONE", "(212) 555-0100", "jpqj2opv2mdjwsds"},
        {"PHONE", "212.555.0100", "jpqj2opv2mdjwsds"},
        {"EMAIL", "Jane.Doe@Example.com", "ghpsamu7gwqheoat"},
        {"NAME", "\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD\xD0\xBE\xD0\xB2", "pkuzadn46ilw5mo2"},
        {"NAME", "\xE6\x9D\x8E\xE6\x98\x8E", "4pvuxd3ithlxdta5"},
        {"NAME", "", "ag5xdtjn6446gtn6"},
        {"NAME", "---\xFF", "ag5xdtjn6446gtn6"}, /* nothing is left; a stray byte is dropped */
    };
    char out[AUDIT_HASH_LEN + 1];

    (void)state;
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        audit_value_hash(test_key, v[i].kind, span_of(v[i].value), out);
        if (strcmp(out, v[i].hash) != 0) fail_msg("%s %s: %s", v[i].kind, v[i].value, out);
    }
}

static void long_values_are_hashed_whole(void **state) {
    char value[1000], out[AUDIT_HASH_LEN + 1];

    (void)state;
    memset(value, 'A', sizeof value);
    audit_value_hash(test_key, "MRN", span_make(value, sizeof value), out);
    assert_string_equal(out, "sl66hbhy4i5e5hwj");
}

static void kinds_keys_and_values_separate(void **state) {
    char a[AUDIT_HASH_LEN + 1], b[AUDIT_HASH_LEN + 1];
    static const unsigned char other[32] = "other";

    (void)state;
    audit_value_hash(test_key, "MRN", span_of("12345"), a);
    audit_value_hash(test_key, "ACCOUNT", span_of("12345"), b);
    assert_string_not_equal(a, b);
    audit_value_hash(other, "MRN", span_of("12345"), b);
    assert_string_not_equal(a, b);
    audit_value_hash(test_key, "MRN", span_of("12346"), b);
    assert_string_not_equal(a, b);
    audit_value_hash(test_key, "MRN1", span_of("2345"), b);
    assert_string_not_equal(a, b);
}

static void a_prepared_hasher_can_be_used_again(void **state) {
    struct audit_hasher *h = audit_hasher_new(test_key);
    char out[AUDIT_HASH_LEN + 1], mac[AUDIT_HEX_LEN + 1], again[AUDIT_HEX_LEN + 1];

    (void)state;
    assert_non_null(h);
    assert_int_equal(audit_hasher_mac(h, span_of("ab"), span_of("c"), mac), 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(audit_hasher_value(h, "SSN", span_of("987-65-4320"), out), 0);
        assert_string_equal(out, "x6l5hufkde7w5ncu");
        assert_int_equal(audit_hasher_mac(h, span_of("a"), span_of("bc"), again), 0);
        assert_string_equal(mac, again);
        assert_int_equal(audit_hasher_sha256(h, span_of("abc"), again), 0); /* FIPS 180-4 */
        assert_string_equal(again, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
    audit_hasher_free(h);
}

static void without_a_key_there_is_no_mac(void **state) {
    struct audit_hasher *h = audit_hasher_new(NULL);
    char mac[AUDIT_HEX_LEN + 1], out[AUDIT_HASH_LEN + 1];

    (void)state;
    assert_int_equal(audit_hasher_mac(h, span_of("a"), span_of("b"), mac), -1);
    assert_int_equal(audit_hasher_value(h, "SSN", span_of("1"), out), -1);
    assert_string_equal(out, "");
    assert_int_equal(audit_hasher_sha256(h, span_of(""), mac), 0);
    assert_string_equal(mac, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    audit_hasher_free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_hash_to_the_vectors),
        cmocka_unit_test(long_values_are_hashed_whole),
        cmocka_unit_test(kinds_keys_and_values_separate),
        cmocka_unit_test(a_prepared_hasher_can_be_used_again),
        cmocka_unit_test(without_a_key_there_is_no_mac),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
