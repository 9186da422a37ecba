/* SPDX-License-Identifier: Apache-2.0
 *
 * The views of a leaf, each made only when something in the text asks for it:
 *
 *     leaf --fold--> folded --fold--> folded again (an entity in an entity)
 *                       |--> numbers written out of sight (digits)
 *                       +--> content of encoded runs (encoded)
 */
#include "canonical.h"

#include <string.h>

#include "digits.h"
#include "encoded.h"
#include "engine.h"
#include "fold.h"
#include "scan.h"
#include "text.h"

enum { FOLD_PASSES = 3, NESTED_MAX = 2 };

struct folding {
    const struct phi_engine *e;
    struct phi_scratch *s;
    uint32_t leaf;
    bool in_turn;
};

static int scan_mapped(const struct folding *f, const struct mapped_text *m, unsigned via)
{
    struct view view = {.text = m->bytes.v, .len = m->n, .map = mapped_map(m), .via = (uint8_t)via};
    if (m->failed)
        return -1;
    return m->n ? scan_view(f->e, f->s, &view, f->leaf, f->in_turn) : 0;
}

/* ---- only the surroundings of what was folded are scanned again ---- */

enum { AROUND = 200, STRETCH = 120 };

static bool byte_is_changed(const struct mapped_text *m, uint32_t i)
{
    const uint32_t *begin = m->begins.v, *end = m->ends.v;
    bool plain = !(((const unsigned char *)m->bytes.v)[i] & 0x80);
    if (plain && end[i] - begin[i] != 1)
        return true;
    bool same_character = i > 0 && begin[i] == begin[i - 1] && !plain;
    return i > 0 && !same_character && begin[i] != end[i - 1]; /* something was dropped between */
}

/* A place to cut near `at`, going `step`: a line break, else a space, else `at` itself or the next border. */
static uint32_t window_edge(const struct mapped_text *m, uint32_t at, int step)
{
    const char *text = m->bytes.v;
    uint32_t space = 0, i = at;
    for (uint32_t k = 0; k < STRETCH; k++, i += (uint32_t)step) {
        if (i == 0 || i >= m->n || text[i] == '\n')
            return i < m->n ? i : m->n;
        if (text[i] == ' ' && !space)
            space = i;
    }
    i = space ? space : at;
    while (i < m->n && ((unsigned char)text[i] & 0xC0) == 0x80)
        i++;
    return i;
}

/* The windows of m behind each other; false when they are most of it. */
static bool windows_collect(const struct mapped_text *m, struct mapped_text *out)
{
    uint32_t done = 0;
    mapped_clear(out, 0);
    for (uint32_t i = 0; i < m->n && !out->failed; i++) {
        if (!byte_is_changed(m, i))
            continue;
        uint32_t last = i, low = window_edge(m, i > AROUND ? i - AROUND : 0, -1);
        for (uint32_t k = i + 1; k < m->n && k - last <= 2 * AROUND; k++)
            if (byte_is_changed(m, k))
                last = k;
        uint32_t high = window_edge(m, m->n - last > AROUND ? last + AROUND : m->n, 1);
        low = low > done ? low : done;
        if (out->n + (high - low) > m->n / 4 * 3)
            return false;
        mapped_copy(out, m->bytes.v, mapped_map(m), low, high);
        uint32_t edge = ((const uint32_t *)m->ends.v)[high - 1];
        mapped_put(out, "\n\n", 2, edge, edge);
        done = high;
        i = high > i ? high - 1 : i;
    }
    return true;
}

static int scan_folded(const struct folding *f, const struct mapped_text *m, unsigned via)
{
    struct mapped_text *windows = &f->s->mapped[3];
    if (m->n < 4 * AROUND || !windows_collect(m, windows))
        return scan_mapped(f, m, via);
    return scan_mapped(f, windows, via);
}

static bool fold_may_change(const struct marks *m, const char *text, uint32_t len)
{
    for (uint32_t i = 0; i <= len / MARKS_BYTES; i++)
        if (m[i].high)
            return true;
    return fold_has_escape(text, len) || fold_has_markup(text, len);
}

/* What was decoded may be encoded itself, at most NESTED_MAX times: each time it is a quarter shorter or more, but for the
 * words that are copied from before it. mapped[3] holds what was decoded; [0] and [2] are free by now. */
static int scan_nested(const struct folding *f, unsigned via)
{
    struct mapped_text *at = &f->s->mapped[3], *folded = &f->s->mapped[0], *next = &f->s->mapped[2];
    for (int depth = 0; depth < NESTED_MAX; depth++) {
        if (marks_read(&f->s->marks, at->bytes.v, at->n) < 0)
            return -1;
        bool may = fold_may_change(scratch_marks(f->s), at->bytes.v, at->n);
        unsigned changed = may ? fold_text(at->bytes.v, at->n, mapped_map(at), folded) : 0;
        struct mapped_text *from = changed ? folded : at;
        if (changed && (folded->failed || marks_read(&f->s->marks, folded->bytes.v, folded->n) < 0))
            return -1;
        bool any = encoded_collect(from->bytes.v, from->n, scratch_marks(f->s), mapped_map(from), next);
        if (next->failed || (changed && scan_mapped(f, folded, via | changed) < 0) || (any && scan_mapped(f, next, via) < 0))
            return -1;
        if (!any)
            return 0;
        struct mapped_text *free = at;
        at = next;
        next = free;
    }
    return 0;
}

int canonical_scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaf, uint32_t number,
                   bool in_turn)
{
    struct folding f = {e, s, number, in_turn};
    const char *text = leaf->text;
    uint32_t len = leaf->len;
    struct offset_map map = {0};
    unsigned via = 0;
    /* The marks of the scratch are those of `text` here: of the leaf, which was scanned before, or of what was folded. */
    for (int pass = 0; pass < FOLD_PASSES && fold_may_change(scratch_marks(s), text, len); pass++) {
        struct mapped_text *out = &s->mapped[pass % 2];
        unsigned changed = fold_text(text, len, map, out);
        if (out->failed)
            return -1;
        if (!changed)
            break;
        via |= changed;
        text = out->bytes.v;
        len = out->n;
        map = mapped_map(out);
        if (scan_folded(&f, out, via) < 0 || marks_read(&s->marks, text, len) < 0)
            return -1;
    }
    struct mapped_text *digits = &s->mapped[2], *decoded = &s->mapped[3];
    unsigned found = digits_collect(text, len, scratch_marks(s), map, digits);
    bool any = encoded_collect(text, len, scratch_marks(s), map, decoded);
    if (digits->failed || (found && scan_mapped(&f, digits, via | found) < 0))
        return -1;
    if (decoded->failed || (any && scan_mapped(&f, decoded, via | PHI_VIA_BASE) < 0))
        return -1;
    return any ? scan_nested(&f, via | PHI_VIA_BASE) : 0;
}
