/* SPDX-License-Identifier: Apache-2.0
 *
 * The codings, whole and byte by byte; what is broken, cut, followed by other bytes, or grows without end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>

#include "../../proxy/buf.h"
#include "../../proxy/inflate.h"

#define TEXT "{\"model\":\"m\",\"input\":\"hello hello hello hello\"}"

/* The text in each coding, made by the reference programs. */
static const unsigned char br[] = {
    0x1b, 0x2e, 0x00, 0x80, 0x8c, 0xd4, 0x62, 0xcd, 0x19, 0xee, 0x94, 0x22, 0x6d, 0x7b, 0xa9, 0xc3, 0xd2, 0x07, 0x1b, 0x70,
    0x02, 0x5e, 0x98, 0xe0, 0x60, 0xe7, 0xe6, 0x50, 0x72, 0x66, 0x91, 0x80, 0x70, 0xb9, 0x1f, 0x06};
static const unsigned char zstd[] = {
    0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x2f, 0x25, 0x01, 0x00, 0xf0, 0x7b, 0x22, 0x6d, 0x6f, 0x64, 0x65, 0x6c, 0x22, 0x3a, 0x22,
    0x6d, 0x22, 0x2c, 0x22, 0x69, 0x6e, 0x70, 0x75, 0x74, 0x22, 0x3a, 0x22, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x20, 0x22, 0x7d,
    0x01, 0x00, 0x64, 0x2e, 0x4e, 0x02, 0xda, 0xbb, 0x84};

static struct span compress_as(int window, const char *text, size_t len, unsigned char *to, size_t size) {
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (z_const Bytef *)text;
    z.avail_in = (uInt)len;
    z.next_out = to;
    z.avail_out = (uInt)size;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    struct span out = span_make((char *)to, size - z.avail_out);
    deflateEnd(&z);
    return out;
}

/* Whole, and cut into pieces of each size. */
static enum inflate_result run(enum inflate_coding coding, struct span in, size_t max, size_t step, struct buf *out) {
    struct inflate *i = inflate_new(coding, max);
    enum inflate_result result = INFLATE_OK;

    assert_non_null(i);
    buf_init(out, 1u << 24);
    for (size_t at = 0; at < in.len && result == INFLATE_OK; at += step)
        result = inflate_push(i, span_sub(in, at, at + step), out);
    if (result == INFLATE_OK) result = inflate_end(i);
    inflate_free(i);
    return result;
}

static void gives(enum inflate_coding coding, struct span in, enum inflate_result want) {
    struct buf out;

    for (size_t step = 1; step <= in.len + 1; step++) {
        assert_int_equal(run(coding, in, 1u << 20, step, &out), want);
        if (want == INFLATE_OK) assert_true(span_is(buf_span(&out), TEXT));
        buf_free(&out);
    }
}

static void check_all(enum inflate_coding coding, struct span in) {
    unsigned char longer[512];

    gives(coding, in, INFLATE_OK);
    for (size_t n = 0; n < in.len; n++)
        gives(coding, span_sub(in, 0, n), INFLATE_BROKEN);
    memcpy(longer, in.ptr, in.len);
    longer[in.len] = 'x';
    gives(coding, span_make((char *)longer, in.len + 1), INFLATE_BROKEN);
    longer[in.len / 2] ^= 0x55;
    struct buf out;
    enum inflate_result result = run(coding, span_make((char *)longer, in.len), 1u << 20, 7, &out);
    assert_true(result != INFLATE_OK || !span_is(buf_span(&out), TEXT));
    buf_free(&out);
}

static void every_coding(void **state) {
    unsigned char to[512];
    (void)state;
    check_all(INFLATE_GZIP, compress_as(15 + 16, TEXT, strlen(TEXT), to, sizeof to));
    check_all(INFLATE_DEFLATE, compress_as(15, TEXT, strlen(TEXT), to, sizeof to));
    check_all(INFLATE_DEFLATE, compress_as(-15, TEXT, strlen(TEXT), to, sizeof to));
    check_all(INFLATE_BR, span_make((const char *)br, sizeof br));
    check_all(INFLATE_ZSTD, span_make((const char *)zstd, sizeof zstd));
    gives(INFLATE_IDENTITY, span_of(TEXT), INFLATE_OK);
}

static void one_coding_is_not_another(void **state) {
    unsigned char to[512];
    (void)state;
    struct span gzip = compress_as(15 + 16, TEXT, strlen(TEXT), to, sizeof to);
    gives(INFLATE_DEFLATE, gzip, INFLATE_BROKEN);
    gives(INFLATE_ZSTD, gzip, INFLATE_BROKEN);
    gives(INFLATE_GZIP, span_of(TEXT), INFLATE_BROKEN);
    gives(INFLATE_GZIP, span_make((const char *)zstd, sizeof zstd), INFLATE_BROKEN);
    assert_null(inflate_new(INFLATE_UNKNOWN, 1));
}

static void names(void **state) {
    (void)state;
    assert_int_equal(inflate_coding_of(span_of("GZip")), INFLATE_GZIP);
    assert_int_equal(inflate_coding_of(span_of(" br ")), INFLATE_BR);
    assert_int_equal(inflate_coding_of(span_of("zstd")), INFLATE_ZSTD);
    assert_int_equal(inflate_coding_of(span_of("identity")), INFLATE_IDENTITY);
    assert_int_equal(inflate_coding_of(span_of("gzip, br")), INFLATE_UNKNOWN);
    assert_int_equal(inflate_coding_of(span_of("")), INFLATE_UNKNOWN);
    assert_int_equal(inflate_coding_of(span_of("dcb")), INFLATE_UNKNOWN);
}

static void bombs_are_stopped(void **state) {
    size_t n = 8u << 20;
    char *zeros = calloc(1, n);
    unsigned char *to = malloc(1u << 20);
    struct buf out;
    (void)state;
    assert_non_null(zeros);
    struct span bomb = compress_as(15 + 16, zeros, n, to, 1u << 20);
    assert_int_equal(run(INFLATE_GZIP, bomb, n, 4096, &out), INFLATE_TOO_LARGE); /* a thousand to one */
    assert_true(out.len <= bomb.len * 200 + (1u << 20) + (1u << 14));
    buf_free(&out);
    struct span small = compress_as(15 + 16, zeros, 100000, to, 1u << 20);
    assert_int_equal(run(INFLATE_GZIP, small, 99999, 4096, &out), INFLATE_TOO_LARGE);
    buf_free(&out);
    assert_int_equal(run(INFLATE_GZIP, small, 100000, 4096, &out), INFLATE_OK);
    buf_free(&out);
    free(zeros);
    free(to);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_coding),
        cmocka_unit_test(one_coding_is_not_another),
        cmocka_unit_test(names),
        cmocka_unit_test(bombs_are_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
