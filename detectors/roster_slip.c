/* SPDX-License-Identifier: Apache-2.0
 *
 * One letter too many, too few, wrong, or two exchanged: all words that are one slip away are asked for. That is some
 * seven hundred for a name of thirteen letters, so it is done only beside a given name of the roster, for a long word
 * that is in no list, and not without end in one document.
 */
#include <string.h>

#include "roster_file.h"
#include "roster_scan.h"
#include "scratch.h"

enum { LETTERS_MAX = 24, FREE = 32, BYTES_EACH = 256 };

struct slip {
    const struct roster_scan *scan;
    uint64_t given;
    char v[LETTERS_MAX + 2];
    uint64_t tag;
    unsigned type;
};

/* True: found. */
static bool slip_try(struct slip *s, uint32_t n)
{
    const struct phi_roster *r = s->scan->r;
    uint64_t family = words_hash(s->v, n);

    if (!roster_filter_has(r->family, r->family_blocks, roster_word(&r->keys, family)))
        return false;
    s->tag = roster_tag(&r->keys, ROSTER_PERSON, s->given, family);
    s->type = roster_find(r, s->tag);
    return roster_is_name((enum roster_type)s->type);
}

static bool slip_missing(struct slip *s, const char *word, uint32_t n)
{
    for (uint32_t i = 0; i <= n; i++) {
        memcpy(s->v, word, i);
        memcpy(s->v + i + 1, word + i, n - i);
        for (char c = 'a'; c <= 'z'; c++) {
            s->v[i] = c;
            if (slip_try(s, n + 1))
                return true;
        }
    }
    return false;
}

static bool slip_wrong(struct slip *s, const char *word, uint32_t n)
{
    memcpy(s->v, word, n);
    for (uint32_t i = 0; i < n; i++) {
        for (char c = 'a'; c <= 'z'; c++) {
            s->v[i] = c;
            if (c != word[i] && slip_try(s, n))
                return true;
        }
        s->v[i] = word[i];
    }
    return false;
}

static bool slip_turned(struct slip *s, const char *word, uint32_t n)
{
    for (uint32_t i = 0; i + 1 < n; i++) {
        memcpy(s->v, word, n);
        s->v[i] = word[i + 1];
        s->v[i + 1] = word[i];
        if (slip_try(s, n))
            return true;
    }
    return false;
}

static bool slip_added(struct slip *s, const char *word, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        memcpy(s->v, word, i);
        memcpy(s->v + i, word + i + 1, n - i - 1);
        if (slip_try(s, n - 1))
            return true;
    }
    return false;
}

uint64_t roster_slip(const struct roster_scan *scan, uint32_t given, uint32_t family, unsigned *type)
{
    struct slip s = {.scan = scan, .given = scan->w->v[given].hash};
    char word[LETTERS_MAX + 1];
    uint32_t n = words_fold(scan->w, family, word, sizeof word);
    bool found = false;

    if (n <= LETTERS_MAX && scan->s->slips < FREE + scan->s->bytes / BYTES_EACH) {
        scan->s->slips++;
        found = slip_turned(&s, word, n) || slip_added(&s, word, n) || slip_wrong(&s, word, n) || slip_missing(&s, word, n);
    }
    explicit_bzero(word, sizeof word);
    explicit_bzero(s.v, sizeof s.v);
    *type = found ? s.type : ROSTER_NONE;
    return found ? s.tag : 0;
}
