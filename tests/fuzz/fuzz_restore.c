/* SPDX-License-Identifier: Apache-2.0
 *
 * First byte: the mode, whether there are surrogates, and where the text is cut. Whole, cut in two and byte by byte must give the same text and
 * the same counts, with at most one open token held back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/restore.h"
#include "../../proxy/surrogates.h"
#include "../../proxy/tokens.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void run(const struct tokens *t, enum restore_mode mode, struct span text, size_t step, struct buf *out,
                struct restore_counts *counts) {
    struct restore *r = restore_new(t, mode, counts);
    if (!r) abort();
    for (size_t i = 0; i < text.len; i += step) {
        restore_push(r, span_sub(text, i, i + step), out);
        bool surrogates = surrogates_count(tokens_surrogates_made(t)) > 0;
        if (!surrogates && restore_holds(r) != (token_pending(span_sub(text, 0, i + step)) > 0)) abort();
    }
    restore_flush(r, out);
    if (restore_holds(r) || restore_index(r, 0) != 0) abort();
    restore_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) return 0;
    struct arena *a = arena_new(1u << 20);
    struct tokens *t = tokens_new(a);
    const char *values[] = {"Ada", "\"q\"\\", "a\nb", "[x](", "https://x.example", "<a b=", "{\"a\":\""};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        tokens_put(t, PHI_NAME_PATIENT, span_of(values[i]), 0);

    if (data[0] & 2) {
        struct surrogates *s = tokens_surrogates(t);
        const char *known[][2] = {{"Avery Mendes", "Jane Doe"}, {"Avery", "Jane"}, {"Mendes", "Doe"}, {"Mendes Avery", "\"D\""},
                                  {"(202) 555-0100", "(212) 867-5309"}, {"a", "b"}, {"1 2 3", "x]"}};
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (surrogates_know(s, span_of(known[i][0]), span_of(known[i][1])) < 0) abort();
    }

    enum restore_mode mode = data[0] & 1 ? RESTORE_JSON : RESTORE_TEXT;
    struct span text = span_make((const char *)data + 1, size - 1);
    size_t steps[] = {text.len, 1, (size_t)(data[0] >> 2) % text.len + 1};
    struct buf out[3];
    struct restore_counts counts[3] = {0};
    for (int i = 0; i < 3; i++) {
        buf_init(&out[i], 1u << 24);
        run(t, mode, text, steps[i], &out[i], &counts[i]);
        if (out[i].failed || !span_equal(buf_span(&out[i]), buf_span(&out[0]))) abort();
        if (memcmp(&counts[i], &counts[0], sizeof counts[0]) != 0) abort();
    }
    for (int i = 0; i < 3; i++)
        buf_free(&out[i]);
    arena_free(a);
    return 0;
}
