/* SPDX-License-Identifier: Apache-2.0
 *
 * Names, places and dates over any text: every finding lies in the text, is not empty, begins and ends on character
 * borders and has a valid kind, rule and score. Bytes that are no UTF-8 are made into it first, as the engine's contract
 * promises valid text.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../detectors/dictionary.h"
#include "../../detectors/prose.h"
#include "../../detectors/scratch.h"
#include "../../detectors/words.h"

static size_t sequence(const uint8_t *p, size_t left)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xC2 && p[0] < 0xE0 ? 2 : p[0] >= 0xE0 && p[0] < 0xF0 ? 3 : p[0] >= 0xF0 && p[0] < 0xF5 ? 4 : 0;

    if (!n || n > left || !p[0])
        return 0;
    for (size_t k = 1; k < n; k++)
        if ((p[k] & 0xC0) != 0x80)
            return 0;
    return n;
}

static char *make_valid(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    if (!text)
        abort();
    for (size_t i = 0; i < size;) {
        size_t n = sequence(data + i, size - i);
        for (size_t k = 0; k < (n ? n : 1); k++)
            text[i + k] = n ? (char)data[i + k] : '?';
        i += n ? n : 1;
    }
    text[size] = 0;
    return text;
}

static void check(const struct phi_candidates *sink)
{
    const struct candidate *v = sink->items.v;

    for (uint32_t i = 0; i < sink->n; i++)
        if (v[i].begin >= v[i].end || v[i].end > sink->len || !v[i].kind || v[i].kind >= PHI_KINDS || v[i].score > 100 ||
            v[i].family_end > sink->len || v[i].given_end > sink->len)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct phi_dictionary *dictionary;
    static struct words words;
    char err[128], *text = make_valid(data, size);
    struct phi_candidates sink = {.text = text, .len = (uint32_t)size, .rules = prose_detector.n};

    if (!dictionary)
        dictionary = phi_dictionary_open("detectors/dictionaries/words.bin", err, sizeof err);
    if (prose_scan(dictionary, &words, text, (uint32_t)size, &sink) < 0)
        abort();
    check(&sink);
    phi_array_free(&sink.items);
    free(text);
    return 0;
}
