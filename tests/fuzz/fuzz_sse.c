/* SPDX-License-Identifier: Apache-2.0
 *
 * First byte: where the stream is cut. Whole, cut and byte by byte give the same events; what is written again is
 * read as the same events.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../../proxy/buf.h"
#include "../../proxy/sse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int write_again(void *arg, const struct sse_event *e) {
    struct buf *out = arg;
    if (e->what == SSE_COMMENT)
        sse_write_comment(out, e->data);
    else
        sse_write(out, e->name, e->data);
    return 0;
}

static int run(struct span s, size_t step, size_t ceiling, struct buf *out) {
    struct sse *sse = sse_new(ceiling);
    int result = 0;
    if (!sse) abort();
    buf_init(out, 1u << 24);
    for (size_t i = 0; i < s.len && result == 0; i += step)
        result = sse_push(sse, span_sub(s, i, i + step), write_again, out);
    if (result == 0 && sse_end(sse, write_again, out) < 0) result = -1;
    sse_free(sse);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    struct span s = span_make((const char *)data + 1, size - 1);
    struct buf whole, cut, bytes, again;
    int result = run(s, s.len, 512, &whole);

    if (run(s, data[0] % s.len + 1, 512, &cut) != result || run(s, 1, 512, &bytes) != result) abort();
    if (!span_equal(buf_span(&whole), buf_span(&cut)) || !span_equal(buf_span(&whole), buf_span(&bytes))) abort();
    if (whole.len > 0) {
        if (run(buf_span(&whole), whole.len, 4096, &again) < 0) abort();
        if (!span_equal(buf_span(&whole), buf_span(&again))) abort();
        buf_free(&again);
    }
    buf_free(&whole);
    buf_free(&cut);
    buf_free(&bytes);
    return 0;
}
