/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as the file of a batch, as a list of objects and as an answer: a line that is read is walked as its endpoint, its
 * leaves lie in it; a list that is filtered is a list again, and filtered again stays the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/lines.h"
#include "../../proxy/stored.h"
#include "../../proxy/walk.h"

#define CHECK(x) \
    do { \
        if (!(x)) abort(); \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int knows(void *arg, struct span id) {
    (void)arg;
    return id.len % 2 == 0;
}

static void check_line(struct span line) {
    struct arena *a = arena_new(line.len * 64 + (1u << 20));
    struct line_head head;
    const char *why = NULL;
    struct walk w;

    CHECK(a);
    if (line_read(a, line, &head, &why) < 0) CHECK(why);
    else if (walk_line(a, head.endpoint, line, 96, &w) == 0) {
        CHECK(w.root_begin < line.len && line.ptr[w.root_begin] == '{');
        CHECK(span_equal(w.model, head.model));
        for (size_t i = 0; i < w.n; i++)
            if (w.v[i].parent < 0) CHECK(w.v[i].begin <= w.v[i].end && w.v[i].end <= line.len);
    }
    arena_free(a);
}

static void check_list(struct span text) {
    struct arena *a = arena_new(text.len * 64 + (1u << 20));
    struct span ids[STORED_IDS_MAX];
    struct buf once, twice;
    size_t n;

    CHECK(a);
    (void)!stored_ids(a, SHAPE_BATCH, text, ids, &n);
    buf_init(&once, text.len * 2 + 64);
    buf_init(&twice, text.len * 2 + 64);
    if (stored_filter(a, text, knows, NULL, &once) == 0) {
        CHECK(stored_filter(a, buf_span(&once), knows, NULL, &twice) == 0);
        CHECK(span_equal(buf_span(&once), buf_span(&twice)));
    }
    buf_free(&once);
    buf_free(&twice);
    arena_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span text = {(const char *)data, size}, line;
    struct lines l = {.rest = text};

    while (lines_next(&l, &line))
        check_line(line);
    check_list(text);
    return 0;
}
