/* SPDX-License-Identifier: Apache-2.0 */
#include "speaker.h"

#include <string.h>

enum { LABEL_MAX = 24, NEAR = 4096 };

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
