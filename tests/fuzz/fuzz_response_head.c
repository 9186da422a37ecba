/* SPDX-License-Identifier: Apache-2.0
 *
 * Heads of answers, cut into lines at line feeds as the HTTP library does.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../proxy/response_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct response_head *h) {
    static const char *const never[] = {"set-cookie", "alt-svc", "location", "content-length", "content-encoding",
                                        "transfer-encoding", "connection", "content-type"};
    if (h->status < 200 || (h->status >= 300 && h->status < 400) || (h->has_length && h->chunked)) abort();
    for (size_t i = 0; i < h->n_fields; i++) {
        for (size_t k = 0; k < sizeof never / sizeof *never; k++)
            if (span_is_nocase(h->fields[i].name, never[k])) abort();
        for (size_t k = 0; k < h->fields[i].value.len; k++)
            if (h->fields[i].value.ptr[k] < 0x20 || h->fields[i].value.ptr[k] > 0x7e) abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct response_head h;
    struct span text = {(const char *)data, size};
    size_t at = 0;
    int finals = 0;

    response_head_init(&h);
    while (at < size) {
        size_t end = span_find(text, '\n', at);
        if (end < size) end++;
        enum response_step step = response_head_line(&h, span_sub(text, at, end));
        if (step == RESPONSE_BAD) break;
        if (step == RESPONSE_FINAL) {
            if (++finals > 1) abort();
            check(&h);
        }
        at = end;
    }
    response_head_wipe(&h);
    return 0;
}
