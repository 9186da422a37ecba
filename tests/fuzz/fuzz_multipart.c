/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a form with the boundary "B": every part lies in the body, and what is written of a form that was read is read
 * again to the same names and data.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../proxy/buf.h"
#include "../../proxy/form.h"

#define CHECK(x) \
    do { \
        if (!(x)) abort(); \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool inside(struct span s, struct span whole) {
    return s.len == 0 || (s.ptr >= whole.ptr && s.ptr + s.len <= whole.ptr + whole.len);
}

/* A form that was read is written to one that reads alike, unless its object is no JSON ("01" for a number). */
static void check_form(enum shape_endpoint e, struct span body) {
    struct buf json, out, json_again;
    struct form f, again;

    buf_init(&json, body.len * 8 + 4096);
    buf_init(&json_again, body.len * 8 + 4096);
    buf_init(&out, body.len * 8 + 4096);
    if (form_read(e, body, span_of("B"), &f, &json) == 0 &&
        form_write(e, buf_span(&json), &f, "phi-0123456789-9876543210", &out) == 0 &&
        form_read(e, buf_span(&out), span_of("phi-0123456789-9876543210"), &again, &json_again) == 0)
        CHECK(span_equal(buf_span(&json), buf_span(&json_again)) && f.n_files == again.n_files);
    buf_free(&json);
    buf_free(&json_again);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct multipart_part parts[MULTIPART_PARTS_MAX], again[MULTIPART_PARTS_MAX];
    struct span body = {(const char *)data, size}, boundary;
    size_t n, n_again;
    struct buf out;

    (void)!multipart_boundary(body, &boundary);
    check_form(SHAPE_TRANSCRIPTIONS, body);
    check_form(SHAPE_IMAGE_EDITS, body);
    if (multipart_read(body, span_of("B"), parts, MULTIPART_PARTS_MAX, &n) < 0) return 0;
    buf_init(&out, size * 8 + 4096);
    for (size_t i = 0; i < n; i++) {
        CHECK(inside(parts[i].name, body) && inside(parts[i].data, body) && inside(parts[i].type, body) && parts[i].name.len);
        multipart_add(&out, "phi-0123456789", parts[i].name, parts[i].file ? "file-1.bin" : NULL, NULL, parts[i].data);
    }
    multipart_end(&out, "phi-0123456789");
    if (multipart_read(buf_span(&out), span_of("phi-0123456789"), again, MULTIPART_PARTS_MAX, &n_again) == 0) {
        CHECK(n == n_again);
        for (size_t i = 0; i < n; i++)
            CHECK(span_equal(parts[i].name, again[i].name) && span_equal(parts[i].data, again[i].data) && parts[i].file == again[i].file);
    } else { /* a boundary that can be foreseen may stand in the data: that is why it is random */
        bool foreseen = false;
        for (size_t i = 0; i < n; i++)
            foreseen |= parts[i].data.len && memmem(parts[i].data.ptr, parts[i].data.len, "--phi-0123456789", 16);
        CHECK(foreseen);
    }
    buf_free(&out);
    return 0;
}
