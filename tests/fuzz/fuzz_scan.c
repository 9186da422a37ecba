/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text, split into leaves: the fast scan finds what the slow one finds, findings are sorted, do not overlap
 * and lie on character borders. Bytes that are no UTF-8 are replaced, except that one input in sixteen is
 * given as it is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../starter_engine.h"

enum { LEAVES = 4, SIZE_MAX_INPUT = 4096 };

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* 0x80..0xFF become characters that folding cares about; NUL becomes a space. */
static size_t to_utf8(const uint8_t *data, size_t size, char *out)
{
    static const char *const more[] = {"\xC3\xA9", "\xE2\x80\x8B", "\xE2\x80\x93", "\xC2\xA0", "\xEF\xBC\x95", "\xE2\x80\xAE",
                                       "\xE2\x80\xAC", "\xCC\xB2", "\xF0\x9D\x9F\x9C", "\xC5\xBF", "\xE2\x84\xAA", "\xD0\xB0",
                                       "\xE2\x80\x99", "\xF0\x9F\x98\x80", "\xD9\xA5", "\xE2\x81\xB5"};
    size_t n = 0;
    for (size_t i = 0; i < size; i++) {
        const char *text = data[i] >= 0x80 ? more[data[i] & 15] : NULL;
        if (text) {
            memcpy(out + n, text, strlen(text));
            n += strlen(text);
        } else {
            out[n++] = data[i] ? (char)data[i] : ' ';
        }
    }
    return n;
}

static void check_result(const struct phi_result *r, const struct phi_leaf *leaves, size_t n)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct phi_finding *f = &r->v[i];
        check(f->leaf < n && f->begin < f->end && f->end <= leaves[f->leaf].len && f->kind && f->kind < PHI_KINDS);
        const char *text = leaves[f->leaf].text;
        check(((unsigned char)text[f->begin] & 0xC0) != 0x80);
        check(f->end == leaves[f->leaf].len || ((unsigned char)text[f->end] & 0xC0) != 0x80);
        if (i && r->v[i - 1].leaf == f->leaf)
            check(r->v[i - 1].end <= f->begin);
        check(i == 0 || r->v[i - 1].leaf <= f->leaf);
    }
}

static struct phi_engine *engine_make(void)
{
    char err[200];
    struct phi_engine *e = phi_engine_new();
    check(e && starter_add(e) == 0 && phi_engine_seal(e, err, sizeof err) == 0);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct phi_engine *engine;
    static struct phi_scratch *scratch;
    static char text[4 * SIZE_MAX_INPUT];
    struct phi_leaf leaves[LEAVES] = {{0}};
    struct phi_result fast, slow;
    if (size < 2 || size > SIZE_MAX_INPUT)
        return 0;
    if (!engine) {
        engine = engine_make();
        scratch = phi_scratch_new();
        check(scratch != NULL);
    }
    bool raw = data[0] % 16 == 15;
    size_t n = size - 1;
    if (raw)
        memcpy(text, data + 1, n);
    else
        n = to_utf8(data + 1, size - 1, text);
    size_t count = 0;
    for (size_t i = 0; i <= n && count < LEAVES; count++) { /* leaves end with byte 1 */
        const char *end = count + 1 < LEAVES ? memchr(text + i, 1, n - i) : NULL;
        size_t to = end ? (size_t)(end - text) : n;
        leaves[count] = (struct phi_leaf){.text = text + i, .len = (uint32_t)(to - i), .group = data[0] >> 4};
        i = to + 1;
    }
    if (count > 1 && leaves[0].len < 32) { /* the first may be the key of the second */
        leaves[1].label = leaves[0].text;
        leaves[1].label_len = leaves[0].len;
    }
    int rc = phi_scan(engine, scratch, leaves, count, &fast);
    check(raw || rc == 0);
    check_result(&fast, leaves, count);
    struct phi_finding *copy = malloc((fast.n + 1) * sizeof *copy);
    size_t found = fast.n;
    check(copy != NULL);
    if (found)
        memcpy(copy, fast.v, found * sizeof *copy);
    check(phi_scan_slow(engine, scratch, leaves, count, &slow) == rc);
    check(slow.n == found);
    for (size_t i = 0; i < found; i++)
        check(memcmp(&copy[i], &slow.v[i], sizeof *copy) == 0);
    free(copy);
    return 0;
}
