/* SPDX-License-Identifier: Apache-2.0
 *
 * What the scanner accepts: tokens lie in the text in order, a second reading says the same, decoded strings are
 * UTF-8 without NUL, maps are monotonous and inverse at character borders, and cutting the text is never accepted.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/json.h"

#define CHECK(x) \
    do { \
        if (!(x)) abort(); \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A decoded range must decode to itself when its raw range is read alone. */
static void check_string(struct arena *a, struct span raw) {
    struct span text, part;
    struct json_map m;
    uint32_t last = 0;

    if (json_unescape(a, raw, &text, &m) < 0) return;
    CHECK(utf8_check(text) == text.len && (text.len == 0 || !memchr(text.ptr, 0, text.len)));
    CHECK(json_map_raw(&m, 0) == 0 && json_map_raw_end(&m, (uint32_t)text.len) == raw.len);
    for (uint32_t i = 0; i <= text.len && i < 300; i++) {
        uint32_t begin = json_map_raw(&m, i), end = json_map_raw_end(&m, i);
        CHECK(begin >= last && end >= begin && end <= raw.len);
        last = begin;
        bool border = i == text.len || ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
        if (!border) continue;
        CHECK(begin == end);
        CHECK(json_unescape(a, span_sub(raw, 0, end), &part, NULL) == 0 && span_equal(part, span_sub(text, 0, i)));
    }
}

static bool scan(struct arena *a, struct span text, bool look, uint64_t *sum) {
    struct json_scanner *s = json_scanner_new(a, text, 64);
    struct json_token t;
    size_t at = 0;

    *sum = 14695981039346656037u;
    if (!s) return false;
    do {
        if (json_next(s, &t) < 0) {
            CHECK(json_error(s) && json_error_code(s) && json_error_offset(s) <= text.len);
            return false;
        }
        CHECK(t.begin >= at && t.begin + t.raw.len <= text.len && t.depth <= 64);
        at = t.begin + t.raw.len;
        *sum = (*sum ^ ((uint64_t)t.type << 56) ^ ((uint64_t)t.depth << 32) ^ at) * 1099511628211u;
        if (look && (t.type == JSON_STRING || t.type == JSON_KEY)) check_string(a, t.raw);
    } while (t.type != JSON_END);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct span text = span_make((const char *)data, size);
    struct arena *a = arena_new(16u << 20);
    uint64_t first, second;

    if (!a) return 0;
    if (scan(a, text, true, &first)) {
        CHECK(utf8_check(text) == size);
        arena_reset(a);
        CHECK(scan(a, text, false, &second) && first == second);
        CHECK(text.ptr[0] != '{' || !scan(a, span_sub(text, 0, 1 + (size - 1) / 2), false, &second) || size == 1 ||
              span_find(text, '}', 0) < 1 + (size - 1) / 2);
    }
    arena_free(a);
    return 0;
}
