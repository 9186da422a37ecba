/* SPDX-License-Identifier: Apache-2.0
 *
 * Forms: what clients send is read, what two readers could take apart differently is not, and nothing of a head travels on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../proxy/buf.h"
#include "../../proxy/multipart.h"

static struct multipart_part parts[8];
static size_t n;

static int read_form(const char *body) {
    return multipart_read(span_of(body), span_of("B"), parts, 8, &n);
}

#define FIELD(name, value) "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define END "--B--\r\n"

static void boundaries(void **state) {
    static const char *const bad[] = {"multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=x", "application/json",
                                      "multipart/form-data; boundary=x; charset=utf-8", "multipart/form-data; charset=x; boundary=x",
                                      "multipart/form-data; boundary=\"x y\"", "multipart/form-data; boundary=x;", "multipart/form-data; boundary=a\"b",
                                      "multipart/form-data; boundary=aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggggggggghh"};
    struct span b;
    (void)state;
    assert_int_equal(multipart_boundary(span_of("multipart/form-data; boundary=----WebKitFormBoundary7MA4"), &b), 0);
    assert_true(span_is(b, "----WebKitFormBoundary7MA4"));
    assert_int_equal(multipart_boundary(span_of("Multipart/Form-Data;boundary=\"a:b\""), &b), 0);
    assert_true(span_is(b, "a:b"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (multipart_boundary(span_of(bad[i]), &b) == 0) fail_msg("taken: %s", bad[i]);
}

static void what_clients_send(void **state) {
    (void)state;
    assert_int_equal(read_form(FIELD("purpose", "batch")
        "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\"; name=\\\"x.jsonl\"; filename*=UTF-8''a%20b\r\n"
        "Content-Type: application/octet-stream\r\n\r\n{}\r\n{}\r\n--x\r\n-B\r\n\r\n" END), 0);
    assert_int_equal(n, 2);
    assert_true(span_is(parts[0].name, "purpose") && span_is(parts[0].data, "batch") && !parts[0].file);
    assert_true(span_is(parts[1].name, "file") && span_is(parts[1].data, "{}\r\n{}\r\n--x\r\n-B\r\n") && parts[1].file);
    assert_true(span_is(parts[1].type, "application/octet-stream"));
    assert_int_equal(read_form("--B\r\ncontent-length: 1\r\ncontent-disposition:form-data;name=include[]\r\n\r\nx\r\n--B--"), 0);
    assert_true(span_is(parts[0].name, "include[]") && span_is(parts[0].data, "x"));
    assert_int_equal(read_form(FIELD("a", "") END), 0);
    assert_int_equal(parts[0].data.len, 0);
    assert_int_equal(read_form(END), 0);
    assert_int_equal(n, 0);
}

static void what_readers_disagree_on(void **state) {
    static const char *const bad[] = {
        "", "--B", "x" FIELD("a", "b") END, "\r\n" FIELD("a", "b") END, FIELD("a", "b"), FIELD("a", "b") "--B--x", FIELD("a", "b") "--B--\r\nx",
        FIELD("a", "b") "--B--\r\n\r\n", "--B \r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n" END,
        "--B\nContent-Disposition: form-data; name=\"a\"\n\nb\n--B--\n", FIELD("a", "b\r\n--Bx"), FIELD("a", "b\r\n--B ") END,
        "--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\nb\r\n" END, "--B\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"a\"; name=\"b\"\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Disposition: form-data; name=\"c\"\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n name=\"b\"\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\nX-Patient: jane\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Length: 2\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Type: text/plain\r\nContent-Type: text/plain\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nb\r\n" END, "--B\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\nb\r\n" END, "--B\r\nContent-Disposition: form-data; name=\"a b\"\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"a\"; size=3\r\n\r\nb\r\n" END, "--B\r\nContent-Disposition: form-data; name=\"a\" x\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\\\"\r\n\r\nb\r\n" END, "--B\r\nContent-Disposition: form-data\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: form-data; name\r\n\r\nb\r\n" END, "--B\r\nContent-Disposition : form-data; name=\"a\"\r\n\r\nb\r\n" END,
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\nb\r\n" END, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--b--\r\n",
        FIELD("1", "") FIELD("2", "") FIELD("3", "") FIELD("4", "") FIELD("5", "") FIELD("6", "") FIELD("7", "") FIELD("8", "") FIELD("9", "") END,
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (read_form(bad[i]) == 0) fail_msg("taken: %s", bad[i]);
}

static void what_is_written_is_read_again(void **state) {
    char boundary[MULTIPART_BOUNDARY], other[MULTIPART_BOUNDARY];
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    assert_int_equal(multipart_make_boundary(boundary), 0);
    assert_int_equal(multipart_make_boundary(other), 0);
    assert_string_not_equal(boundary, other);
    multipart_add(&out, boundary, span_of("purpose"), NULL, NULL, span_of("batch"));
    multipart_add(&out, boundary, span_of("file"), "file-1.jsonl", "application/jsonl", span_of("\r\n--B\r\n"));
    multipart_end(&out, boundary);
    assert_int_equal(multipart_read(buf_span(&out), span_of(boundary), parts, 8, &n), 0);
    assert_int_equal(n, 2);
    assert_true(span_is(parts[1].data, "\r\n--B\r\n") && span_is(parts[1].type, "application/jsonl") && parts[1].file && !parts[0].file);
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boundaries),
        cmocka_unit_test(what_clients_send),
        cmocka_unit_test(what_readers_disagree_on),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
