/* SPDX-License-Identifier: Apache-2.0
 *
 * Look-ups in the tables of endpoints, keys and places. What no row names is refused or is data.
 */
#include "shape.h"

#include <string.h>

#include "shape_table.h"

#define KEY_LONGEST 40u
#define LONG_S "\xC5\xBF"
#define KELVIN "\xE2\x84\xAA"

/* ---- endpoints ---- */

static const struct endpoint {
    const char *method, *path; /* without /v1 */
    const char *name;
    const char *model;  /* without one in the body */
    bool exact, typed;  /* exact: the path has no form with /v1 */
} endpoints[SHAPE_ENDPOINTS] = {
    [SHAPE_CHAT] = {.method = "POST", .path = "/chat/completions", .name = "/v1/chat/completions"},
    [SHAPE_COMPLETIONS] = {.method = "POST", .path = "/completions", .name = "/v1/completions"},
    [SHAPE_EMBEDDINGS] = {.method = "POST", .path = "/embeddings", .name = "/v1/embeddings"},
    [SHAPE_MODELS] = {.method = "GET", .path = "/models", .name = "/v1/models"},
    [SHAPE_RESPONSES] = {.method = "POST", .path = "/responses", .name = "/v1/responses", .typed = true},
    [SHAPE_RESPONSES_COMPACT] = {.method = "POST", .path = "/responses/compact", .name = "/v1/responses/compact"},
    [SHAPE_RESPONSES_TOKENS] = {.method = "POST", .path = "/responses/input_tokens", .name = "/v1/responses/input_tokens"},
    [SHAPE_MODERATIONS] = {.method = "POST", .path = "/moderations", .name = "/v1/moderations",
                           .model = "omni-moderation-latest"},
    [SHAPE_IMAGES] = {.method = "POST", .path = "/images/generations", .name = "/v1/images/generations",
                      .model = "dall-e-2", .typed = true},
    [SHAPE_MESSAGES_API] = {.method = "POST", .path = "/messages", .name = "/v1/messages", .typed = true},
    [SHAPE_OLLAMA_CHAT] = {.method = "POST", .path = "/api/chat", .name = "/api/chat", .exact = true, .typed = true},
    [SHAPE_OLLAMA_GENERATE] = {.method = "POST", .path = "/api/generate", .name = "/api/generate", .exact = true,
                               .typed = true},
    [SHAPE_OLLAMA_EMBED] = {.method = "POST", .path = "/api/embed", .name = "/api/embed", .exact = true},
    /* Their paths hold a model: gemini_find. */
    [SHAPE_GEMINI] = {.method = "POST", .path = "", .name = "/v1beta/models/{model}:generateContent"},
    [SHAPE_GEMINI_STREAM] = {.method = "POST", .path = "", .name = "/v1beta/models/{model}:streamGenerateContent",
                             .typed = true},
    [SHAPE_MESSAGES_TOKENS] = {.method = "POST", .path = "/messages/count_tokens", .name = "/v1/messages/count_tokens"},
};

static bool is_served(enum shape_endpoint e) {
    return e > SHAPE_NONE && e < SHAPE_ENDPOINTS && endpoints[e].name;
}

static const char *const gemini_models[] = {"/v1beta/models/", "/v1/models/"};
#define MODEL_LONGEST 128u

struct span shape_path_model(struct span path) {
    struct span model = span_make("", 0);

    for (size_t i = 0; i < sizeof gemini_models / sizeof *gemini_models; i++)
        if (span_starts(path, gemini_models[i]))
            model = span_sub(path, strlen(gemini_models[i]), span_find(path, ':', 0));
    for (size_t i = 0; i < model.len; i++) {
        char c = model.ptr[i], letter = (char)(c | 0x20);
        if ((letter < 'a' || letter > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_')
            return span_make("", 0);
    }
    return model.len && model.len <= MODEL_LONGEST && model.ptr[0] != '.' ? model : span_make("", 0);
}

static enum shape_endpoint gemini_find(struct span method, struct span path) {
    struct span model = shape_path_model(path);

    if (model.len == 0 || !span_is(method, "POST")) return SHAPE_NONE;
    struct span verb = span_sub(path, span_find(path, ':', 0), path.len);
    if (span_is(verb, ":generateContent")) return SHAPE_GEMINI;
    return span_is(verb, ":streamGenerateContent") ? SHAPE_GEMINI_STREAM : SHAPE_NONE;
}

bool shape_is_gemini(enum shape_endpoint e) {
    return e == SHAPE_GEMINI || e == SHAPE_GEMINI_STREAM;
}

enum shape_endpoint shape_endpoint_find(struct span method, struct span path) {
    struct span bare = span_starts(path, "/v1/") ? span_sub(path, 3, path.len) : path;

    for (enum shape_endpoint e = SHAPE_NONE; e < SHAPE_ENDPOINTS; e++) {
        if (!is_served(e) || !*endpoints[e].path || !span_is(method, endpoints[e].method)) continue;
        if (span_is(endpoints[e].exact ? path : bare, endpoints[e].path)) return e;
    }
    return gemini_find(method, path);
}

const char *shape_endpoint_name(enum shape_endpoint e) {
    return is_served(e) ? endpoints[e].name : "";
}

const char *shape_upstream_path(enum shape_endpoint e) {
    return is_served(e) ? endpoints[e].path : "";
}

const char *shape_default_model(enum shape_endpoint e) {
    return is_served(e) && endpoints[e].model ? endpoints[e].model : "";
}

bool shape_typed_events(enum shape_endpoint e) {
    return is_served(e) && endpoints[e].typed;
}

enum shape_dialect shape_dialect_of(struct span path) {
    if (span_starts(path, "/v1/messages") || span_starts(path, "/messages")) return SHAPE_ANTHROPIC;
    if (span_starts(path, "/api/")) return SHAPE_OLLAMA;
    if (span_starts(path, "/v1beta/")) return SHAPE_GOOGLE;
    if (span_ends(path, ":generateContent") || span_ends(path, ":streamGenerateContent")) return SHAPE_GOOGLE;
    return SHAPE_OPENAI;
}

bool shape_is_ollama(enum shape_endpoint e) {
    return e == SHAPE_OLLAMA_CHAT || e == SHAPE_OLLAMA_GENERATE || e == SHAPE_OLLAMA_EMBED;
}

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
    if (n == 0 || e == SHAPE_NONE || e == SHAPE_MODELS) return NULL;
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
    case SHAPE_FREE: case SHAPE_PART: case SHAPE_TOOL: case SHAPE_PROMPT: case SHAPE_TOKEN_IDS: case SHAPE_MODALITIES:
    case SHAPE_STATE: case SHAPE_HOSTED: case SHAPE_IMAGE: case SHAPE_IMAGE_URL: case SHAPE_AUDIO: case SHAPE_FILE:
    case SHAPE_BLOB: case SHAPE_REMOTE: case SHAPE_OPAQUE: case SHAPE_SEALED: case SHAPE_SIGNED: case SHAPE_LOGPROB:
        return in;
    case SHAPE_KNOWN: case SHAPE_ROOT: case SHAPE_MODEL: case SHAPE_STREAM: case SHAPE_STREAM_OPTIONS:
    case SHAPE_INCLUDE_USAGE: case SHAPE_CHOICES: case SHAPE_STORE: case SHAPE_FORMAT: case SHAPE_FORMAT_TYPE:
    case SHAPE_GUIDES: case SHAPE_GUIDED: case SHAPE_SPOKEN: case SHAPE_MESSAGE: case SHAPE_ROLE: case SHAPE_PART_TYPE:
    case SHAPE_PREDICTION: case SHAPE_TOOL_TYPE: case SHAPE_ITEM: case SHAPE_ITEM_TYPE: case SHAPE_TEXT_OPTIONS:
    case SHAPE_OUTPUT_OPTIONS: case SHAPE_OLLAMA_FORMAT: case SHAPE_KEPT: case SHAPE_SOURCE: case SHAPE_SOURCE_TYPE:
    case SHAPE_GENERATION: case SHAPE_MIME_TYPE:
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
