/* SPDX-License-Identifier: Apache-2.0
 *
 * First byte: the coding. Whole and byte by byte give the same; the limits hold; nothing is made from nothing.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../../proxy/buf.h"
#include "../../proxy/inflate.h"

#define MAX (2u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum inflate_result run(enum inflate_coding coding, struct span in, size_t step, struct buf *out) {
    struct inflate *i = inflate_new(coding, MAX);
    enum inflate_result result = INFLATE_OK;

    if (!i) abort();
    buf_init(out, MAX);
    for (size_t at = 0; at < in.len && result == INFLATE_OK; at += step)
        result = inflate_push(i, span_sub(in, at, at + step), out);
    if (result == INFLATE_OK) result = inflate_end(i);
    inflate_free(i);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf whole, cut;

    if (size < 2 || data[0] == INFLATE_UNKNOWN || data[0] > INFLATE_ZSTD) return 0;
    enum inflate_coding coding = (enum inflate_coding)data[0];
    struct span in = span_make((const char *)data + 1, size - 1);
    enum inflate_result a = run(coding, in, in.len, &whole), b = run(coding, in, 1, &cut);
    if (whole.len > MAX || cut.len > MAX) abort();
    /* The ratio is that of what has come so far, so small pieces may stop earlier. */
    if (a != b && b != INFLATE_TOO_LARGE) abort();
    if (a == INFLATE_OK && b == INFLATE_OK && !span_equal(buf_span(&whole), buf_span(&cut))) abort();
    buf_free(&whole);
    buf_free(&cut);
    return 0;
}
