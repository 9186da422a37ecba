/* SPDX-License-Identifier: Apache-2.0
 *
 * Codes that are checked on a thread of their own: one wrong among many is enough, wherever it is.
 */
#include "test_audit_helper.h"

#include "../../proxy/audit_hash.h"
#include "../../proxy/audit_macs.h"

#define LINES 7000 /* some batches */

struct line {
    char text[160];
    size_t len, begin, end;
};

static void make_line(struct audit_hasher *h, int n, struct line *l) {
    char before[64], after[64], mac[AUDIT_HEX_LEN + 1];

    snprintf(before, sizeof before, "{\"id\":\"%d\",", n);
    snprintf(after, sizeof after, "\"seq\":%d}", n);
    assert_int_equal(audit_hasher_mac(h, span_of(before), span_of(after), mac), 0);
    int len = snprintf(l->text, sizeof l->text, "%s\"mac\":\"%s\",%s", before, mac, after);
    l->len = (size_t)len;
    l->begin = strlen(before);
    l->end = l->begin + strlen("\"mac\":\"\",") + AUDIT_HEX_LEN;
}

/* wrong: the line whose code does not hold; -1: none. */
static bool all_hold(struct audit_hasher *h, int n, int wrong, const unsigned char *key) {
    struct audit_macs *m = audit_macs_new(key);
    struct line l;
    bool ok = true;

    assert_non_null(m);
    for (int i = 0; i < n && ok; i++) {
        make_line(h, i, &l);
        if (i == wrong) l.text[l.begin + 20] ^= 1;
        ok = audit_macs_add(m, span_make(l.text, l.len), l.begin, l.end) == 0;
    }
    ok = audit_macs_hold(m) && ok;
    audit_macs_free(m);
    return ok;
}

static void test_one_wrong_code_is_enough(void **state) {
    static const unsigned char other[32] = "another key";
    static const int places[] = {0, 1, 2046, 2047, 2048, 4095, 4096, LINES - 1};
    struct audit_hasher *h = audit_hasher_new(test_key);

    (void)state;
    assert_true(all_hold(h, 0, -1, test_key));
    assert_true(all_hold(h, 1, -1, test_key));
    assert_true(all_hold(h, LINES, -1, test_key));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        assert_false(all_hold(h, LINES, places[i], test_key));
    assert_false(all_hold(h, 1, 0, test_key));
    assert_false(all_hold(h, LINES, -1, other));
    audit_hasher_free(h);
}

static void test_a_cut_line_does_not_hold(void **state) {
    struct audit_hasher *h = audit_hasher_new(test_key);
    struct audit_macs *m = audit_macs_new(test_key);
    struct line l;

    (void)state;
    make_line(h, 1, &l);
    assert_int_equal(audit_macs_add(m, span_make(l.text, l.begin + 10), l.begin, l.begin + 10), 0);
    assert_false(audit_macs_hold(m));
    audit_macs_free(m);
    audit_hasher_free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_wrong_code_is_enough),
        cmocka_unit_test(test_a_cut_line_does_not_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
