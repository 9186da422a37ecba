/* SPDX-License-Identifier: Apache-2.0
 *
 * Records become canonical lines, and only canonical lines are read.
 */
#include "test_audit_helper.h"

#include "../../proxy/audit_canon.h"
#include "../../proxy/audit_clock.h"
#include "../../proxy/audit_hash.h"
#include "../../proxy/audit_ids.h"
#include "../../proxy/audit_line.h"
#include "../../proxy/audit_record.h"
#include "../../proxy/buf.h"

static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";
static const struct audit_stamp stamp = {
    .seq = 7, .mono = 1234567, .boot = "00000000-0000-4000-8000-000000000001",
    .id = "00000000-0000-7000-8000-000000000002", .node = "gw", .prev = zeros, .ts = "2026-01-31T23:59:59.000001Z",
};

static void a_line_is_canonical(void **state) {
    struct audit_hasher *h = audit_hasher_new(test_key);
    struct audit_record *r = audit_record_new("decision");
    struct audit_line line;
    struct buf out;
    const char *reason;
    char expected[1024], mac[AUDIT_HEX_LEN + 1];

    (void)state;
    buf_init(&out, AUDIT_RECORD_MAX);
    audit_add_text(r, "zone", "\"\\\b\f\n\r\t\x01\x1f/\x7f\xE2\x82\xAC");
    audit_add_number(r, "bytes_in", -12);
    audit_add_bool(r, "a", true);
    audit_add_text(r, "nothing", NULL);
    audit_add_json(r, "policy", span_of("{\"id\":\"x\",\"n\":[1,null,{}]}"));
    audit_add_number(r, "max", INT64_C(9007199254740991));
    assert_true(audit_record_fits(r, "gw"));
    assert_int_equal(audit_record_write(r, &stamp, h, &out), 0);

    static const char before[] = "{\"a\":true,\"boot\":\"00000000-0000-4000-8000-000000000001\",\"bytes_in\":-12,"
                                 "\"id\":\"00000000-0000-7000-8000-000000000002\",";
    static const char after[] = "\"max\":9007199254740991,\"mono\":1234567,\"node\":\"gw\",\"policy\":{\"id\":\"x\","
                                "\"n\":[1,null,{}]},\"prev\":"
                                "\"0000000000000000000000000000000000000000000000000000000000000000\",\"seq\":7,"
                                "\"ts\":\"2026-01-31T23:59:59.000001Z\",\"type\":\"decision\",\"v\":1,"
                                "\"zone\":\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f\xE2\x82\xAC\"}";
    assert_int_equal(audit_hasher_mac(h, span_of(before), span_of(after), mac), 0);
    snprintf(expected, sizeof expected, "%s\"mac\":\"%s\",%s", before, mac, after);
    assert_int_equal(out.len, strlen(expected));
    assert_memory_equal(out.ptr, expected, out.len);

    assert_int_equal(audit_line_read(buf_span(&out), &line, &reason), 0);
    assert_int_equal(line.seq, 7);
    assert_int_equal(line.mono, 1234567);
    assert_true(span_is(line.mac, mac));
    assert_true(span_is(line.type, "decision"));
    assert_int_equal(line.mac_begin, strlen(before));
    assert_int_equal(line.mac_end, strlen(before) + AUDIT_HEX_LEN + 9);
    audit_record_free(r);
    buf_free(&out);
    audit_hasher_free(h);
}

static void every_record_that_fits_is_short_enough(void **state) {
    struct audit_hasher *h = audit_hasher_new(test_key);
    char text[AUDIT_RECORD_MAX], node[65];
    struct audit_stamp s = stamp;
    int fitting = 0;

    (void)state;
    memset(text, 'y', sizeof text);
    memset(node, 'n', 64);
    node[64] = '\0';
    s.node = node;
    s.seq = s.mono = UINT64_C(9007199254740991);
    for (size_t n = 3300; n < 3700; n++) {
        struct audit_record *r = audit_record_new("block");
        struct buf out;
        buf_init(&out, AUDIT_RECORD_MAX);
        audit_add_string(r, "a", span_make(text, n));
        if (audit_record_fits(r, node)) {
            assert_int_equal(audit_record_write(r, &s, h, &out), 0);
            assert_true(out.len <= AUDIT_RECORD_MAX);
            fitting++;
        }
        audit_record_free(r);
        buf_free(&out);
    }
    assert_true(fitting > 100 && fitting < 400);
    audit_hasher_free(h);
}

static void values_are_canonical_or_not(void **state) {
    static const char *const good[] = {
        "0", "-1", "10", "9007199254740991", "-9007199254740991", "true", "false", "null", "\"\"", "\"a\"", "[]",
        "{}", "[1,2]", "{\"a\":1,\"b\":[{\"c\":\"\"}]}", "\"\\u0001\"", "\"\\u001f\"", "\"\\n\\t\\\"\\\\\"",
        "\"\xC3\xA9\xF0\x9F\x98\x80\"", "\"/\"", "{\"\xF0\x9F\x98\x80\":1,\"\xEF\xBF\xBD\":2}", "[[[[[[[[1]]]]]]]]",
    };
    static const char *const bad[] = {
        "", " ", "-0", "00", "01", "1.0", "1e3", "+1", "9007199254740992", "99999999999999999999999", "-", "tru",
        "nul", "\"", "\"a", "\"\t\"", "\"\\u0009\"", "\"\\u000a\"", "\"\\u0020\"", "\"\\u001F\"", "\"\\/\"",
        "\"\\u0000\"", "\"\\x\"", "\"\\", "\"\\u00", "\"\x80\"", "\"\xC0\xAF\"", "\"\xED\xA0\x80\"",
        "\"\xF4\x90\x80\x80\"", "\"\xE2\x82\"", "[1, 2]", "[1,]", "[,1]", "[1", "{\"a\":1,}", "{\"a\" :1}",
        "{\"b\":1,\"a\":2}", "{\"a\":1,\"a\":2}", "{a:1}", "{\"a\"}", "{\"a\":}", "{\"\\n\":1}", "1 ", "1,2", "[1}",
        "{\"\xEF\xBF\xBD\":1,\"\xF0\x9F\x98\x80\":2}", "[[[[[[[[[1]]]]]]]]]", "{\"\":1,\"\":2}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!audit_canon_valid(span_of(good[i]))) fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (audit_canon_valid(span_of(bad[i]))) fail_msg("%s", bad[i]);
    assert_false(audit_canon_valid(span_make("\"\0\"", 3)));
}

/* Each is the good line with one part exchanged. */
static void lines_that_are_not_records_are_refused(void **state) {
    struct audit_hasher *h = audit_hasher_new(test_key);
    struct audit_record *r = audit_record_new("outcome");
    static const struct {
        const char *from, *to;
    } v[] = {
        {"{\"boot\"", "[\"boot\""}, {"\"v\":1}", "\"v\":1"}, {"\"v\":1}", "\"v\":1}}"}, {"\"v\":1}", "\"v\":1} "},
        {"\"v\":1}", "\"v\":2}"}, {",\"v\":1}", "}"}, {",\"v\":1}", ",}"}, {"\"v\":1", "\"v\":true"},
        {"\"seq\":7", "\"seq\":0"}, {"\"seq\":7", "\"seq\":-7"}, {"\"seq\":7", "\"seq\":\"7\""},
        {"\"seq\":7", "\"seq\":07"}, {"\"seq\":7,", ""}, {"\"mono\":1234567", "\"mono\":-1"},
        {"2026-01-31T", "2026-01-31 "}, {".000001Z", ".000001z"}, {".000001Z", ".00001Z"},
        {"\"prev\":\"0", "\"prev\":\"G"}, {"\"prev\":\"0", "\"prev\":\""}, {"\"mac\":\"", "\"mac\":\"F"},
        {"\"node\":\"gw\"", "\"node\":7"}, {"\"request_id\":\"r\"", "\"request_id\":\"\""},
        {"\"request_id\":\"r\"", "\"request_id\":\"a b\""}, {"\"type\":\"outcome\"", "\"type\":{}"},
        {"0000-4000-", "000-4000-"}, {"\"request_id\":\"r\",", "\"request_id\":\"r\",\"request_id\":\"r\","},
        {"\"node\":\"gw\",", "\"node\":\"gw\",\"a\":1,"}, {"\"node\":\"gw\",", "\"node\":\"gw\", "},
    };
    struct audit_line line;
    struct buf out;
    const char *reason;

    (void)state;
    buf_init(&out, AUDIT_RECORD_MAX);
    audit_add_text(r, "request_id", "r");
    assert_int_equal(audit_record_write(r, &stamp, h, &out), 0);
    assert_int_equal(audit_line_read(buf_span(&out), &line, &reason), 0);
    buf_add_char(&out, '\0');
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        char text[AUDIT_RECORD_MAX];
        const char *at = strstr(out.ptr, v[i].from);
        assert_non_null(at);
        int n = snprintf(text, sizeof text, "%.*s%s%s", (int)(at - out.ptr), out.ptr, v[i].to,
                         at + strlen(v[i].from));
        reason = NULL;
        if (audit_line_read(span_make(text, (size_t)n), &line, &reason) == 0) fail_msg("%s", text);
        assert_non_null(reason);
    }
    assert_int_equal(audit_line_read(span_make(NULL, 0), &line, &reason), -1);
    audit_record_free(r);
    buf_free(&out);
    audit_hasher_free(h);
}

static void every_cut_of_a_line_is_refused(void **state) {
    struct audit_hasher *h = audit_hasher_new(test_key);
    struct audit_record *r = decision("r", "forward");
    struct audit_line line;
    struct buf out;
    const char *reason;

    (void)state;
    buf_init(&out, AUDIT_RECORD_MAX);
    assert_int_equal(audit_record_write(r, &stamp, h, &out), 0);
    for (size_t n = 0; n < out.len; n++) {
        char *exact = malloc(n + 1); /* so that reading beyond is seen */
        memcpy(exact, out.ptr, n);
        char *copy = malloc(n ? n : 1);
        memcpy(copy, exact, n);
        assert_int_equal(audit_line_read(span_make(copy, n), &line, &reason), -1);
        free(copy);
        free(exact);
    }
    audit_record_free(r);
    buf_free(&out);
    audit_hasher_free(h);
}

static void ids_are_version_seven_and_differ(void **state) {
    struct audit_clock c;
    char last[AUDIT_UUID_LEN + 1] = "";

    (void)state;
    assert_int_equal(audit_clock_init(&c), 0);
    assert_int_equal(strlen(c.boot), AUDIT_UUID_LEN);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(audit_clock_next(&c), 0);
        assert_int_equal(strlen(c.id), AUDIT_UUID_LEN);
        assert_int_equal(c.id[14], '7');
        assert_non_null(strchr("89ab", c.id[19]));
        assert_string_not_equal(c.id, last);
        memcpy(last, c.id, sizeof last);
    }
    assert_int_equal(strlen(c.ts), AUDIT_TIME_LEN);
    time_t now = time(NULL);
    char year[8];
    strftime(year, sizeof year, "%Y-", gmtime(&now));
    assert_memory_equal(c.ts, year, 5);
}

static void a_set_of_ids_keeps_what_was_not_removed(void **state) {
    struct audit_ids *ids = audit_ids_new();
    enum { MANY = 3000 };
    bool there[MANY] = {false};
    unsigned random = 1;
    size_t count = 0;

    (void)state;
    for (int step = 0; step < 40000; step++) {
        char name[24];
        random = random * 1103515245u + 12345u;
        int i = (int)(random >> 8) % MANY;
        int n = snprintf(name, sizeof name, "id-%d", i);
        if (random >> 31) {
            assert_int_equal(audit_ids_put(ids, span_make(name, (size_t)n)), 0);
            count += !there[i];
            there[i] = true;
        } else {
            audit_ids_remove(ids, span_make(name, (size_t)n));
            count -= there[i];
            there[i] = false;
        }
        assert_int_equal(audit_ids_count(ids), count);
    }
    struct span id;
    for (size_t at = 0; audit_ids_next(ids, &at, &id); count--) {
        char name[24] = "";
        memcpy(name, id.ptr, id.len);
        assert_true(there[strtol(name + 3, NULL, 10)]);
    }
    assert_int_equal(count, 0);
    audit_ids_clear(ids);
    assert_int_equal(audit_ids_count(ids), 0);
    assert_int_equal(audit_ids_put(ids, span_of("")), -1);
    audit_ids_free(ids);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_canonical),
        cmocka_unit_test(every_record_that_fits_is_short_enough),
        cmocka_unit_test(values_are_canonical_or_not),
        cmocka_unit_test(lines_that_are_not_records_are_refused),
        cmocka_unit_test(every_cut_of_a_line_is_refused),
        cmocka_unit_test(ids_are_version_seven_and_differ),
        cmocka_unit_test(a_set_of_ids_keeps_what_was_not_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
