/* SPDX-License-Identifier: Apache-2.0
 *
 * First byte: stream or document, JSON mode, broken end, interface, where the bytes are cut. Whole, cut and byte by byte must
 * give the same answer; a document without restored tokens comes back byte for byte; an end marker stands at the
 * end only.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/relay.h"
#include "../../proxy/tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum shape_endpoint endpoint(uint8_t flags) {
    if (!(flags & 0x80)) return flags & 0x40 ? SHAPE_OLLAMA_CHAT : SHAPE_CHAT;
    return flags & 0x40 ? SHAPE_MESSAGES_API : SHAPE_RESPONSES;
}

static const char *type(uint8_t flags) {
    if (!(flags & 1)) return "application/json";
    return endpoint(flags) == SHAPE_OLLAMA_CHAT ? "application/x-ndjson" : "text/event-stream";
}

struct outcome {
    struct buf out;
    enum relay_end end;
    struct relay_result result;
};

static struct outcome run(const struct tokens *t, uint8_t flags, struct span in, size_t step) {
    struct outcome x = {0};
    struct relay *r = relay_new(endpoint(flags), t, flags & 2, 4096, 4096);
    if (!r) abort();
    buf_init(&x.out, 1u << 24);
    relay_begin(r, 200, span_of(type(flags)));
    int pushed = 0;
    for (size_t i = 0; i < in.len && pushed == 0; i += step)
        pushed = relay_push(r, span_sub(in, i, i + step), &x.out);
    x.end = relay_end(r, !(flags & 4), span_of("req-1"), &x.out);
    if (pushed < 0 && x.end != RELAY_BAD) abort();
    x.result = *relay_result(r);
    relay_free(r);
    return x;
}

/* The end marker is the last event or none. */
static void check_stream(const struct outcome *x) {
    static const char marker[] = "data: [DONE]\n\n";
    struct span out = buf_span(&x->out);
    size_t n = sizeof marker - 1;

    for (size_t at = 0; at + n <= out.len; at = span_find(out, '\n', at) + 1) {
        if (memcmp(out.ptr + at, marker, n) != 0) continue;
        if (x->end == RELAY_BAD || at + n != out.len) abort();
    }
}

static void check_document(struct span in, const struct outcome *x) {
    bool complete = x->end == RELAY_COMPLETE;
    if (!complete && x->out.len > 0) abort();
    if (complete && x->result.counts.restored == 0 && !span_equal(in, buf_span(&x->out))) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    struct arena *a = arena_new(1u << 20);
    struct tokens *t = tokens_new(a);
    const char *values[] = {"Ada", "\"q\"\\", "a\nb", "[x](", "https://x.example", "data: [DONE]\n\n"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        tokens_put(t, PHI_NAME_PATIENT, span_of(values[i]), 0);

    uint8_t flags = data[0];
    struct span in = span_make((const char *)data + 1, size - 1);
    size_t steps[] = {in.len, 1, (size_t)(flags >> 3) * 7 % in.len + 1};
    struct outcome x[3];
    for (int i = 0; i < 3; i++) {
        x[i] = run(t, flags, in, steps[i]);
        if (flags & 1)
            check_stream(&x[i]);
        else
            check_document(in, &x[i]);
        if (x[i].end != x[0].end || !span_equal(buf_span(&x[i].out), buf_span(&x[0].out))) abort();
        if (memcmp(&x[i].result, &x[0].result, sizeof x[0].result) != 0) abort();
    }
    for (int i = 0; i < 3; i++)
        buf_free(&x[i].out);
    arena_free(a);
    return 0;
}
