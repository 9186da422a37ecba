/* SPDX-License-Identifier: Apache-2.0 */
#include "speaker.h"

#include <string.h>

#include "lexicon.h"
#include "words.h"

enum { LABEL_MAX = 24, LABEL_WORDS = 3, SENTENCE_WORDS = 6, NEAR = 4096 };

/* The same n bytes as at `label` at the beginning of another line of text[low..high). */
static bool begins_line(const char *text, uint32_t low, uint32_t high, uint32_t label, uint32_t n)
{
    const char *end = text + high, *at = text + low;

    while ((at = memmem(at, (size_t)(end - at), text + label, n))) {
        if (at != text + label && (at == text || at[-1] == '\n'))
            return true;
        at++;
    }
    return false;
}

bool speaker_marked(const char *text, uint32_t len, uint32_t colon)
{
    uint32_t begin = colon, n;

    while (begin > 0 && text[begin - 1] != '\n' && colon - begin <= LABEL_MAX)
        begin--;
    n = colon + 1 - begin;
    if ((begin > 0 && text[begin - 1] != '\n') || n < 3)
        return false;
    return begins_line(text, begin > NEAR ? begin - NEAR : 0, len - colon > NEAR ? colon + NEAR : len, begin, n);
}

bool speaker_before(const char *text, uint32_t len, uint32_t at)
{
    uint32_t colon = at;

    while (colon > 0 && text[colon - 1] == ' ' && at - colon < 3)
        colon--;
    return colon > 0 && colon < at && text[colon - 1] == ':' && speaker_marked(text, len, colon - 1);
}

/* The first word behind the colon of a label that says who somebody is, or 0. */
static uint32_t behind_label(const struct words *w, uint32_t first)
{
    const uint64_t who = LEX(PATIENT) | LEX(PROVIDER) | LEX(RELATION) | LEX(DOCTOR) | LEX(HONORIFIC) | LEX(TITLE) | LEX(CREDENTIAL);
    uint64_t classes = w->v[first].classes;

    for (uint32_t i = first + 1; i < w->n && i <= first + LABEL_WORDS; i++) {
        if (w->v[i].gap & GAP_COLON)
            return classes & who && !(w->v[i].gap & GAP_LINE) ? i : 0;
        if (w->v[i].gap & ~(GAP_SPACE | GAP_PERIOD))
            return 0;
        classes |= w->v[i].classes;
    }
    return 0;
}

/* Several words, or one with a mark that ends a sentence: "Patient: Jane Roe" may be a list, and with columns or another label behind
 * it is the head of a page. */
static bool is_said(const struct words *w, uint32_t i)
{
    const struct word *last = &w->v[w->n - 1];

    for (uint32_t k = i + 1; k < w->n; k++)
        if (w->v[k].gap & (GAP_COLON | GAP_BLANK))
            return false;
    return w->n - i >= SENTENCE_WORDS || (last->end < w->len && strchr(".?!", w->text[last->end]));
}

void speaker_begins(struct words *w, uint32_t first)
{
    uint32_t i = behind_label(w, first), end = i ? w->v[i - 1].end : 0;

    if (!i || !is_said(w, i))
        return;
    const char *colon = memrchr(w->text + end, ':', w->v[i].begin - end); /* "=" is a GAP_COLON, too */
    if (colon && speaker_marked(w->text, w->len, (uint32_t)(colon - w->text)))
        w->v[i].gap = (uint16_t)((w->v[i].gap & ~GAP_COLON) | GAP_STOP);
}

bool speaker_is(const struct words *w, uint32_t i)
{
    return i + 1 < w->n && w->v[i + 1].gap & GAP_STOP && !(w->v[i + 1].gap & GAP_COLON) && w->text[w->v[i].end] == ':';
}
