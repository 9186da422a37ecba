/* SPDX-License-Identifier: Apache-2.0
 *
 * Request heads: never reads outside its bytes, a head that was read stays the same when more bytes follow, no proper
 * prefix of it is a head, and what framed it is unambiguous.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../proxy/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_inside(struct span s, const char *begin, size_t len) {
    assert(s.len == 0 || (s.ptr >= begin && s.ptr + s.len <= begin + len));
}

static void check_head(const struct http1_head *h, const char *bytes, size_t used) {
    assert(h->method != HTTP1_NONE && h->minor <= 1);
    assert_inside(h->target, bytes, used);
    assert_inside(h->query, bytes, used);
    assert(h->path.len && h->path.ptr[0] == '/');
    assert(h->host.len && http1_field_count(h, "host") == 1);
    assert(http1_field_count(h, "content-length") + http1_field_count(h, "transfer-encoding") <= 1);
    assert(!(h->chunked && h->has_length));
    for (size_t i = 0; i < h->n_fields; i++) {
        assert(h->fields[i].name.len);
        assert_inside(h->fields[i].name, bytes, used);
        assert_inside(h->fields[i].value, bytes, used);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct http1_head head;
    const char *reason = NULL;
    size_t used = 0, again = 0;
    int status = 0;

    /* An exact heap copy, so that the sanitizer sees one byte too many. */
    char *bytes = malloc(size ? size : 1);
    if (!bytes) return 0;
    memcpy(bytes, data, size);
    int rc = http1_read_head(span_make(bytes, size), 4096, &head, &used, &status, &reason);
    if (rc < 0) assert(status >= 400 && status <= 505 && reason);
    if (rc == 0) assert(used == 0 && size < 4096 + 2);
    if (rc == 1) {
        assert(used <= size);
        check_head(&head, bytes, used);
        for (size_t n = used > 64 ? used - 64 : 0; n < used; n++)
            assert(http1_read_head(span_make(bytes, n), 4096, &head, &again, &status, &reason) == 0);
        assert(http1_read_head(span_make(bytes, used), 4096, &head, &again, &status, &reason) == 1 && again == used);
    }
    free(bytes);
    return 0;
}
