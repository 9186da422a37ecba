/* SPDX-License-Identifier: Apache-2.0
 *
 * Signatures of requests: AWS's published examples, and what another implementation (botocore) makes of others.
 */
#include "../../proxy/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../proxy/buf.h"

#define NOW 1440938160 /* 2015-08-30 12:36:00 */

static const struct sigv4_key example = {.id = "AKIDEXAMPLE", .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", .region = "us-east-1",
                                         .service = "service"};

static int sign(const struct sigv4_key *key, const char *method, const char *url, const char *type, const char *body, struct buf *out) {
    const struct sigv4_request r = {.method = method, .url = span_of(url), .content_type = type, .body = span_of(body)};
    char date[SIGV4_DATE_LEN + 1];

    buf_init(out, 4096);
    int rc = sigv4_sign(key, &r, NOW, date, out);
    assert_string_equal(date, "20150830T123600Z");
    return rc;
}

static void is_signed(const struct sigv4_key *key, const char *method, const char *url, const char *type, const char *body, const char *names,
                      const char *signature) {
    struct buf out, want;

    assert_int_equal(sign(key, method, url, type, body, &out), 0);
    buf_init(&want, 4096);
    buf_add_format(&want, "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/%s/aws4_request, SignedHeaders=%s, Signature=%s",
                   key->service, names, signature);
    if (!span_equal(buf_span(&out), buf_span(&want))) fail_msg("%s: %.*s", url, (int)out.len, out.ptr);
    buf_free(&want);
    buf_free(&out);
}

static void published_examples(void **state) {
    (void)state;
    is_signed(&example, "GET", "https://example.amazonaws.com/", NULL, "", "host;x-amz-date",
              "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    is_signed(&example, "GET", "https://EXAMPLE.amazonaws.com:443", NULL, "", "host;x-amz-date",
              "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    is_signed(&example, "GET", "https://example.amazonaws.com/?Param2=value2&Param1=value1", NULL, "", "host;x-amz-date",
              "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
}

static void as_botocore_signs(void **state) {
    struct sigv4_key key = example;

    (void)state;
    key.service = "bedrock";
    is_signed(&key, "POST", "https://bedrock-runtime.us-east-1.amazonaws.com/openai/v1/chat/completions", "application/json",
              "{\"model\":\"m\"}", "content-type;host;x-amz-date", "9fd8a5599a1e4395c41bcff0e361aea2ba3800f335d622741c2b4875c4392304");
    key.session_token = "IQoJb3JpZ2luX2VjEXAMPLE//==";
    is_signed(&key, "POST", "http://127.0.0.1:9000/model/a.b-v1%3A0/x:y", "application/json", "", "content-type;host;x-amz-date;x-amz-security-token",
              "15dedeaff6df5d2ede3746d0e5194ede00b317a02832014f016339360ce60307");
}

static void what_cannot_be_signed(void **state) {
    static const char *const urls[] = {"", "ftp://a/", "https:///x", "https://a?x=1", "https://a/?x", "https://a/?x=1%20", "https://a/?a=1=2",
                                       "https://a/?1=&2=&3=&4=&5=&6=&7=&8=&9="};
    struct buf out;

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        const struct sigv4_request r = {.method = "GET", .url = span_of(urls[i]), .body = span_of("")};
        char date[SIGV4_DATE_LEN + 1];
        buf_init(&out, 4096);
        if (sigv4_sign(&example, &r, NOW, date, &out) != -1) fail_msg("%s", urls[i]);
        buf_free(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_examples),
        cmocka_unit_test(as_botocore_signs),
        cmocka_unit_test(what_cannot_be_signed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
