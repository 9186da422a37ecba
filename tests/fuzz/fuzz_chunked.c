/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunked bodies: the first byte says how the rest is cut; cut or whole, the outcome and the data must be the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../proxy/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    int rc; /* -1 refused, 0 unfinished, 1 ended */
    size_t used, len;
    char *data;
};

static struct outcome read_all(const char *bytes, size_t size, size_t step) {
    static const struct http1_head head = {.chunked = true};
    struct outcome o = {.data = malloc(size ? size : 1)};
    struct http1_body b;

    if (!o.data) abort();
    http1_body_init(&b, &head);
    for (size_t given = 0; !b.ended && o.used < size;) {
        given = given + step < size ? given + step : size;
        for (size_t n = 1; n && !b.ended;) {
            struct span run;
            if (http1_body_read(&b, span_make(bytes + o.used, given - o.used), &n, &run) < 0) {
                o.rc = -1;
                return o;
            }
            assert(n <= given - o.used && run.len <= n);
            if (run.len) memcpy(o.data + o.len, run.ptr, run.len);
            o.len += run.len;
            o.used += n;
        }
    }
    assert(b.total == o.len);
    o.rc = b.ended;
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1) return 0;
    size_t step = data[0] % 16u + 1u;
    char *bytes = malloc(size);
    if (!bytes) return 0;
    memcpy(bytes, data + 1, size - 1);

    struct outcome whole = read_all(bytes, size - 1, size), cut = read_all(bytes, size - 1, step);
    assert(whole.rc == cut.rc);
    if (whole.rc >= 0) assert(whole.used == cut.used && whole.len == cut.len);
    if (whole.rc >= 0 && whole.len) assert(memcmp(whole.data, cut.data, whole.len) == 0);
    free(whole.data);
    free(cut.data);
    free(bytes);
    return 0;
}
