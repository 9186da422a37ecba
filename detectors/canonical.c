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

enum { FOLD_PASSES = 3 };

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

static bool fold_may_change(const char *text, uint32_t len)
{
    return !text_is_ascii(text, len) || fold_has_escape(text, len);
}

int canonical_scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaf, uint32_t number,
                   bool in_turn)
{
    struct folding f = {e, s, number, in_turn};
    const char *text = leaf->text;
    uint32_t len = leaf->len;
    struct offset_map map = {0};
    unsigned via = 0;
    for (int pass = 0; pass < FOLD_PASSES && fold_may_change(text, len); pass++) {
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
        if (scan_mapped(&f, out, via) < 0)
            return -1;
    }
    struct mapped_text *digits = &s->mapped[2], *decoded = &s->mapped[3];
    unsigned found = digits_collect(text, len, map, digits);
    if (digits->failed || (found && scan_mapped(&f, digits, via | found) < 0))
        return -1;
    bool any = encoded_collect(text, len, map, decoded);
    if (decoded->failed || (any && scan_mapped(&f, decoded, via | PHI_VIA_BASE) < 0))
        return -1;
    return 0;
}
