/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-ups in the tables of keys and places. What no row names is data.
 */
#include "shape.h"

#include <string.h>

#include "shape_table.h"

#define KEY_LONGEST 40u
#define LONG_S "\xC5\xBF"
#define KELVIN "\xE2\x84\xAA"

/* ---- keys ---- */

/* The key as a reader that ignores case compares it: Unicode's simple folding into ASCII adds only the long s
 * and the Kelvin sign. Returns its length, or 0 when it is longer than any known key. */
static size_t key_fold(struct span key, char out[KEY_LONGEST]) {
    size_t n = 0;

    for (size_t i = 0; i < key.len; i++) {
        unsigned char c = (unsigned char)key.ptr[i];
        if (n == KEY_LONGEST) return 0;
        if (c >= 'A' && c <= 'Z') {
            c = (unsigned char)(c + 32);
        } else if (c >= 0x80 && span_starts(span_sub(key, i, key.len), LONG_S)) {
            c = 's';
            i += sizeof LONG_S - 2;
        } else if (c >= 0x80 && span_starts(span_sub(key, i, key.len), KELVIN)) {
            c = 'k';
            i += sizeof KELVIN - 2;
        }
        out[n++] = (char)c;
    }
    return n;
}

static int key_compare(const char *text, size_t len, const struct shape_key *key) {
    if (len != key->len) return len < key->len ? -1 : 1;
    return memcmp(text, key->name, len);
}

const struct shape_key *shape_key_find(enum shape_endpoint e, struct span key, bool *ambiguous) {
    char folded[KEY_LONGEST];
    size_t n = key_fold(key, folded), low = 0, high = sizeof keys / sizeof *keys;

    *ambiguous = false;
    if (n == 0 || e == SHAPE_NONE) return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = key_compare(folded, n, &keys[middle]);
        if (order == 0) {
            const char *spelled = keys[middle].spelled;
            *ambiguous = !(spelled ? span_is(key, spelled) : span_equal(key, span_make(keys[middle].name, keys[middle].len)));
            return *ambiguous ? NULL : &keys[middle];
        }
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return NULL;
}

bool shape_known_key(enum shape_endpoint e, struct span key) {
    bool ambiguous;
    return shape_key_find(e, key, &ambiguous) != NULL;
}

bool shape_parameter(enum shape_endpoint e, struct span path) {
    bool ambiguous;
    const struct shape_key *key = shape_key_find(e, path, &ambiguous);

    if (key) return (key->parameter >> e & 1) != 0;
    return (e == SHAPE_CHAT || e == SHAPE_COMPLETIONS) && span_is(path, "logit_bias.*");
}

enum shape_place shape_place_member(enum shape_endpoint e, enum shape_place in, const struct shape_key *key) {
    if (!key || in == SHAPE_FREE) return SHAPE_FREE;
    for (size_t i = 0; i < sizeof key->at / sizeof *key->at && key->at[i].in; i++)
        if (key->at[i].in == in && (!key->at[i].only || key->at[i].only >> e & 1)) return key->at[i].to;
    return key->place;
}

enum shape_place shape_place_item(enum shape_place in) {
    switch (in) {
    case SHAPE_MESSAGES: return SHAPE_MESSAGE;
    case SHAPE_CONTENT: return SHAPE_PART;
    case SHAPE_TOOLS: return SHAPE_TOOL;
    case SHAPE_ITEMS: return SHAPE_ITEM;
    case SHAPE_LOGPROBS: return SHAPE_LOGPROB;
    case SHAPE_REQUESTS: return SHAPE_ROOT;
    case SHAPE_FREE: case SHAPE_PART: case SHAPE_TOOL: case SHAPE_PROMPT: case SHAPE_TOKEN_IDS: case SHAPE_MODALITIES:
    case SHAPE_REFERENCE: case SHAPE_CONTINUED: case SHAPE_STATE: case SHAPE_HOSTED: case SHAPE_IMAGE: case SHAPE_IMAGE_URL: case SHAPE_AUDIO: case SHAPE_FILE:
    case SHAPE_BLOB: case SHAPE_REMOTE: case SHAPE_OPAQUE: case SHAPE_SEALED: case SHAPE_SIGNED: case SHAPE_LOGPROB:
        return in;
    case SHAPE_KNOWN: case SHAPE_ROOT: case SHAPE_MODEL: case SHAPE_STREAM: case SHAPE_STREAM_OPTIONS:
    case SHAPE_INCLUDE_USAGE: case SHAPE_CHOICES: case SHAPE_STORE: case SHAPE_FORMAT: case SHAPE_FORMAT_TYPE:
    case SHAPE_GUIDES: case SHAPE_GUIDED: case SHAPE_SPOKEN: case SHAPE_MESSAGE: case SHAPE_ROLE: case SHAPE_PART_TYPE:
    case SHAPE_PREDICTION: case SHAPE_TOOL_TYPE: case SHAPE_ITEM: case SHAPE_ITEM_TYPE: case SHAPE_TEXT_OPTIONS:
    case SHAPE_OUTPUT_OPTIONS: case SHAPE_OLLAMA_FORMAT: case SHAPE_KEPT: case SHAPE_SOURCE: case SHAPE_SOURCE_TYPE:
    case SHAPE_GENERATION: case SHAPE_MIME_TYPE: case SHAPE_VOICE: case SHAPE_STREAM_FORMAT: case SHAPE_LINE:
        break;
    }
    return SHAPE_KNOWN;
}

enum shape_place shape_place_object(enum shape_place in) {
    if (in == SHAPE_CONTENT) return SHAPE_PART; /* a single part without its list */
    if (in == SHAPE_ITEMS) return SHAPE_ITEM;
    if (in == SHAPE_GUIDED || in == SHAPE_OLLAMA_FORMAT) return SHAPE_FREE; /* a schema: property names are data */
    if (in == SHAPE_PROMPT) return SHAPE_KNOWN;
    return in;
}
