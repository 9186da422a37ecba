/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests to the echo model. The first byte picks the endpoint; whatever comes, the answer ends and is valid UTF-8.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../../proxy/buf.h"
#include "../../proxy/echo_model.h"
#include "../../proxy/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const paths[] = {"/chat/completions", "/completions", "/embeddings", "/models", "/responses"};
    struct buf out;
    int more = 1;

    if (size == 0 || size > 4096) return 0;
    struct span body = {(const char *)data + 1, size - 1};
    struct echo_model *m = echo_model_new("POST", paths[data[0] % 5], body);
    if (!m) return 0;
    buf_init(&out, 1 << 20);
    for (int i = 0; i < 2000 && more > 0; i++) {
        more = echo_model_next(m, &out);
        if (more >= 0 && utf8_check(buf_span(&out)) != out.len) abort();
        buf_clear(&out);
    }
    buf_free(&out);
    echo_model_free(m);
    return 0;
}
