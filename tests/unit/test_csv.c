/* SPDX-License-Identifier: Apache-2.0
 *
 * CSV as practice software writes it, and as it should not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../policies/engine/csv.h"

/* Rows as "a|b/c|d", a mistake as "!line:column". */
static const char *read_all(const char *text)
{
    static char copy[4096], out[4096];
    static struct csv_row row;
    struct csv csv;
    size_t n = 0, len = strlen(text);

    out[0] = 0;
    memcpy(copy, text, len);
    csv_start(&csv, copy, len);
    while (csv_next(&csv, &row)) {
        n += (size_t)snprintf(out + n, sizeof out - n, "%s", n ? "/" : "");
        if (row.mistake) {
            n += (size_t)snprintf(out + n, sizeof out - n, "!%u:%u", row.line, row.column);
            continue;
        }
        for (size_t i = 0; i < row.n; i++)
            n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s", i ? "|" : "", (int)row.v[i].len, row.v[i].text);
    }
    return out;
}

#define READS(text, expected) assert_string_equal(read_all(text), expected)

static void test_plain(void **state)
{
    (void)state;
    READS("", "");
    READS("a,b\nc,d\n", "a|b/c|d");
    READS("a,b\r\nc,d", "a|b/c|d");
    READS("a,b\rc,d\r", "a|b/c|d");
    READS("\xEF\xBB\xBF" "a,b\n", "a|b");
    READS("a;b\nc;d,x\n", "a|b/c|d,x");
    READS("a\tb\n", "a|b");
    READS("a,,\n", "a||");
    READS("a\n\n,\nb\n", "a/b");
    READS(" a , b \n", "a|b");
}

static void test_quoted(void **state)
{
    (void)state;
    READS("\"a,b\",\"c\"\"d\"\n", "a,b|c\"d");
    READS("\"two\nlines\",x\ny,z\n", "two\nlines|x/y|z");
    READS("\"\",x\n", "|x");
    READS("\"a\"", "a");
}

static void test_mistakes(void **state)
{
    (void)state;
    READS("a,b\nc,\"d\nx\n", "a|b/!2:3");                 /* never closed */
    READS("a,b\n\"c\"x,d\ne,f\n", "a|b/!2:4/e|f");         /* behind the quote */
    READS("a,b\nc\"d,e\nf,g\n", "a|b/!2:2/f|g");           /* quote inside */
    READS("a,b\n\xC3\xA9\xC3\xA9,c\"\nf,g\n", "a|b/!2:5/f|g"); /* columns are characters */
    READS("a,b\n\"1\n2\",x\n\"y\"z\n", "a|b/1\n2|x/!4:4");  /* lines inside quotes count */
}

static void test_many_fields(void **state)
{
    char text[700];

    (void)state;
    memset(text, ',', sizeof text - 1);
    text[0] = 'a';
    text[sizeof text - 1] = 0;
    READS(text, "!1:258");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plain), cmocka_unit_test(test_quoted), cmocka_unit_test(test_mistakes),
                                       cmocka_unit_test(test_many_fields)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
