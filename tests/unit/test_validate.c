/* SPDX-License-Identifier: Apache-2.0
 *
 * Each validator with values that hold and values that do not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../detectors/phi.h"
#include "../../detectors/validate.h"

static const struct {
    const char *name, *value;
    bool valid;
} cases[] = {
    {"luhn", "79927398713", true}, {"luhn", "79927398710", false}, {"luhn", "", false},
    {"card", "4111 1111 1111 1111", true}, {"card", "4111111111111112", false}, {"card", "9111111111111111", false},
    {"card", "5500-0055-5555-5559", true}, {"card", "340000000000009", true}, {"card", "411111111111111", false},
    {"npi", "1234567893", true}, {"npi", "1234567890", false}, {"npi", "3234567893", false}, {"npi", "123456789", false},
    {"ssn", "536-22-8741", true}, {"ssn", "000-22-8741", false}, {"ssn", "666-22-8741", false}, {"ssn", "900-22-8741", false},
    {"ssn", "536-00-8741", false}, {"ssn", "536-22-0000", false}, {"ssn", "536-22-874", false}, {"ssn", "078-05-1120", true},
    {"itin", "912-70-1234", true}, {"itin", "912-50-1234", true}, {"itin", "912-93-1234", false}, {"itin", "812-70-1234", false},
    {"itin", "912-66-1234", false},
    {"ein", "12-3456789", true}, {"ein", "07-3456789", false}, {"ein", "12-345678", false},
    {"dea", "AB1234563", true}, {"dea", "BB1388568", true}, {"dea", "AB1234564", false}, {"dea", "IB1234563", false},
    {"dea", "A91234563", true}, {"dea", "AB123456", false},
    {"vin", "1HGCM82633A004352", true}, {"vin", "1M8GDM9AXKP042788", true}, {"vin", "1HGCM82643A004352", false},
    {"vin", "11111111111111111", false}, {"vin", "1HGCM82633A00435", false}, {"vin", "IHGCM82633A004352", false},
    {"mbi", "1EG4-TE5-MK73", true}, {"mbi", "1EG4TE5MK73", true}, {"mbi", "0EG4-TE5-MK73", false}, {"mbi", "1SG4-TE5-MK73", false},
    {"mbi", "1EG4-TE5-MK7", false},
    {"hicn", "536-22-8741A", true}, {"hicn", "536228741C1", true}, {"hicn", "536-22-8741Z", false}, {"hicn", "000-22-8741A", false},
    {"aba", "111000025", true}, {"aba", "111000026", false}, {"aba", "000000000", false}, {"aba", "911000025", false},
    {"iban", "GB82 WEST 1234 5698 7654 32", true}, {"iban", "GB83 WEST 1234 5698 7654 32", false}, {"iban", "12345", false},
    {"ip", "192.0.2.17", true}, {"ip", "192.0.2.256", false}, {"ip", "192.0.2.17:8080", true}, {"ip", "192.0.2", false},
    {"ipv6", "2001:db8::1", true}, {"ipv6", "::", false}, {"ipv6", "2001:db8:::1", false}, {"ipv6", "fe80::1%eth0", true},
    {"ipv6", "12:30", false},
    {"mac", "00:1B:44:11:3A:B7", true}, {"mac", "00:00:00:00:00:00", false}, {"mac", "00:1B:44:11:3A", false},
    {"phone", "(617) 555-0142", true}, {"phone", "+1 617 555 0142 x123", true}, {"phone", "117-555-0142", false},
    {"phone", "617-155-0142", false}, {"phone", "911-555-0142", false}, {"phone", "617-411-0142", false}, {"phone", "555-0142", true},
    {"phone", "+44 20 7946 0958", true}, {"phone", "12345", false}, {"phone", "370-555-0142", false},
    {"date", "3/4/2021", true}, {"date", "13/4/2021", true}, {"date", "13/13/2021", false}, {"date", "2/29/2021", false},
    {"date", "2/29/2020", true}, {"date", "2/29/21", true}, {"date", "2021-03-04", true}, {"date", "2021-13-04", false},
    {"date", "20210304", true}, {"date", "20211304", false}, {"date", "20210304102030-0500", true}, {"date", "March 4, 2021", true},
    {"date", "March 32, 2021", false}, {"date", "4 March 2021", true}, {"date", "March 2021", true},
    {"date", "3/4", true}, {"date", "31/2", false}, {"date", "3/2021", true}, {"date", "3/4/3021", false}, {"date", "", false},
    {"date", "2021-03-04T10:20:30Z", true},
    {"zip", "02118", true}, {"zip", "02118-1234", true}, {"zip", "00000", false}, {"zip", "0211", false},
    {"email", "jdoe@example.com", true}, {"email", "jdoe@example", false}, {"email", ".jdoe@example.com", false},
    {"email", "j..doe@example.com", false}, {"email", "jdoe@@example.com", false}, {"email", "@example.com", false},
    {"udi", "(01)00844588003288(17)141120", true}, {"udi", "(01)00844588003289", false}, {"udi", "+A99912345/$$52001510X3", true},
    {"udi", "x", false}, {"code", "A12", true}, {"code", "ABC", false},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        phi_validator *check = phi_validator_find(cases[i].name);
        assert_non_null(check);
        if (check(cases[i].value, strlen(cases[i].value)) != cases[i].valid)
            print_message("%s %s\n", cases[i].name, cases[i].value);
        assert_int_equal(check(cases[i].value, strlen(cases[i].value)), cases[i].valid);
    }
}

/* Nothing, and long nonsense, is never valid and never read beyond its end. */
static void test_extremes(void **state)
{
    (void)state;
    static const char *const names[] = {"luhn", "card", "npi", "ssn", "itin", "ein", "dea", "vin", "mbi", "hicn", "aba",
                                        "iban", "ip", "ipv6", "mac", "phone", "date", "zip", "email", "udi", "code"};
    char digits[400];
    memset(digits, '9', sizeof digits);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(phi_validator_known(names[i]));
        phi_validator *check = phi_validator_find(names[i]);
        assert_false(check("", 0));
        for (size_t n = 1; n < sizeof digits; n += 7)
            check(digits, n);
    }
    assert_false(phi_validator_known("nosuch"));
    assert_false(phi_validator_known(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_extremes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
