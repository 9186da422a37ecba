/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of keys of the OpenAI API and its wide-spread extensions (vLLM, llama.cpp, Azure), sorted by length,
 * then bytes. One table for all endpoints: a server may read a key where the specification has none, and a key
 * that we know too much of costs nothing.
 */
#include "shape.h"

#include <string.h>

#define IN_CHAT (1u << SHAPE_CHAT)
#define IN_COMPLETIONS (1u << SHAPE_COMPLETIONS)
#define IN_EMBEDDINGS (1u << SHAPE_EMBEDDINGS)

#define KEY_LONGEST 40u
#define LONG_S "\xC5\xBF"
#define KELVIN "\xE2\x84\xAA"

static const struct shape_key keys[] = {
    {"n", 1, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_CHOICES}}, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"id", 2, .place = SHAPE_KNOWN},
    {"url", 3, .place = SHAPE_KNOWN,
     .at = {{SHAPE_IMAGE, SHAPE_IMAGE_URL}, {SHAPE_AUDIO, SHAPE_REMOTE}, {SHAPE_FILE, SHAPE_REMOTE}}},
    {"city", 4, .place = SHAPE_KNOWN},
    {"data", 4, .place = SHAPE_KNOWN, .at = {{SHAPE_AUDIO, SHAPE_BLOB}, {SHAPE_FILE, SHAPE_BLOB}}},
    {"echo", 4, .place = SHAPE_KNOWN},
    {"file", 4, .place = SHAPE_KNOWN, .at = {{SHAPE_PART, SHAPE_FILE}}},
    {"json", 4, .place = SHAPE_KNOWN, .at = {{SHAPE_GUIDES, SHAPE_GUIDED}}},
    {"mode", 4, .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"name", 4, .place = SHAPE_KNOWN},
    {"role", 4, .place = SHAPE_KNOWN, .at = {{SHAPE_MESSAGE, SHAPE_ROLE}}},
    {"seed", 4, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"stop", 4, .place = SHAPE_KNOWN},
    {"text", 4, .place = SHAPE_KNOWN},
    {"type", 4, .place = SHAPE_KNOWN,
     .at = {{SHAPE_FORMAT, SHAPE_FORMAT_TYPE}, {SHAPE_TOOL, SHAPE_TOOL_TYPE}, {SHAPE_PART, SHAPE_PART_TYPE}}},
    {"user", 4, .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"audio", 5, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_SPOKEN}, {SHAPE_MESSAGE, SHAPE_STATE}}},
    {"index", 5, .place = SHAPE_KNOWN},
    {"input", 5, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_PROMPT}}, .part = WALK_USER},
    {"min_p", 5, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"model", 5, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_MODEL}}},
    {"regex", 5, .place = SHAPE_KNOWN},
    {"store", 5, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_STORE}}},
    {"title", 5, .place = SHAPE_KNOWN},
    {"tools", 5, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_TOOLS}}, .part = WALK_SCHEMA},
    {"top_k", 5, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"top_p", 5, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"voice", 5, .place = SHAPE_KNOWN},
    {"choice", 6, .place = SHAPE_KNOWN},
    {"custom", 6, .place = SHAPE_KNOWN},
    {"detail", 6, .place = SHAPE_KNOWN},
    {"format", 6, .place = SHAPE_KNOWN},
    {"images", 6, .place = SHAPE_KNOWN, .at = {{SHAPE_MESSAGE, SHAPE_IMAGE}}},
    {"prompt", 6, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_PROMPT}}, .part = WALK_USER},
    {"region", 6, .place = SHAPE_KNOWN},
    {"schema", 6, .place = SHAPE_FREE, .part = WALK_SCHEMA},
    {"stream", 6, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_STREAM}}},
    {"strict", 6, .place = SHAPE_KNOWN},
    {"suffix", 6, .place = SHAPE_KNOWN, .part = WALK_USER},
    {"syntax", 6, .place = SHAPE_KNOWN},
    {"best_of", 7, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"content", 7, .place = SHAPE_KNOWN, .at = {{SHAPE_MESSAGE, SHAPE_CONTENT}, {SHAPE_PREDICTION, SHAPE_CONTENT}}},
    {"context", 7, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_TOKEN_IDS}}},
    {"country", 7, .place = SHAPE_KNOWN},
    {"file_id", 7, .place = SHAPE_STATE},
    {"grammar", 7, .place = SHAPE_KNOWN},
    {"options", 7, .place = SHAPE_FREE},
    {"plugins", 7, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_HOSTED}}},
    {"refusal", 7, .place = SHAPE_KNOWN},
    {"file_ids", 8, .place = SHAPE_STATE},
    {"file_url", 8, .place = SHAPE_REMOTE},
    {"filename", 8, .place = SHAPE_KNOWN},
    {"function", 8, .place = SHAPE_KNOWN},
    {"logprobs", 8, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"messages", 8, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_MESSAGES}}},
    {"metadata", 8, .place = SHAPE_FREE, .part = WALK_METADATA},
    {"priority", 8, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"thinking", 8, .place = SHAPE_KNOWN},
    {"timezone", 8, .place = SHAPE_KNOWN},
    {"arguments", 9, .place = SHAPE_FREE},
    {"audio_url", 9, .place = SHAPE_AUDIO},
    {"bad_words", 9, .place = SHAPE_KNOWN},
    {"documents", 9, .place = SHAPE_KNOWN, .part = WALK_TOOL},
    {"file_data", 9, .place = SHAPE_BLOB},
    {"functions", 9, .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"image_url", 9, .place = SHAPE_IMAGE},
    {"reasoning", 9, .place = SHAPE_KNOWN},
    {"signature", 9, .place = SHAPE_KNOWN},
    {"verbosity", 9, .place = SHAPE_KNOWN},
    {"video_url", 9, .place = SHAPE_OPAQUE},
    {"cache_salt", 10, .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"definition", 10, .place = SHAPE_KNOWN},
    {"dimensions", 10, .place = SHAPE_KNOWN, .parameter = IN_EMBEDDINGS},
    {"extra_body", 10, .place = SHAPE_FREE},
    {"ignore_eos", 10, .place = SHAPE_KNOWN},
    {"input_file", 10, .place = SHAPE_KNOWN, .at = {{SHAPE_PART, SHAPE_FILE}}},
    {"logit_bias", 10, .place = SHAPE_FREE},
    {"max_tokens", 10, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"min_tokens", 10, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"modalities", 10, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_MODALITIES}}},
    {"moderation", 10, .place = SHAPE_KNOWN},
    {"parameters", 10, .place = SHAPE_FREE, .part = WALK_SCHEMA},
    {"prediction", 10, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_PREDICTION}}, .part = WALK_ASSISTANT},
    {"request_id", 10, .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"session_id", 10, .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"tool_calls", 10, .place = SHAPE_KNOWN, .part = WALK_TOOL},
    {"vllm_xargs", 10, .place = SHAPE_FREE},
    {"approximate", 11, .place = SHAPE_KNOWN},
    {"description", 11, .place = SHAPE_KNOWN},
    {"guided_json", 11, .place = SHAPE_GUIDED, .part = WALK_SCHEMA},
    {"input_audio", 11, .place = SHAPE_AUDIO},
    {"input_image", 11, .place = SHAPE_IMAGE},
    {"input_video", 11, .place = SHAPE_OPAQUE},
    {"json_object", 11, .place = SHAPE_KNOWN, .at = {{SHAPE_GUIDES, SHAPE_GUIDED}}},
    {"json_schema", 11, .place = SHAPE_KNOWN},
    {"mcp_servers", 11, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_HOSTED}}},
    {"temperature", 11, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"tool_choice", 11, .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"audio_embeds", 12, .place = SHAPE_OPAQUE},
    {"conversation", 12, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_STATE}}},
    {"data_sources", 12, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_HOSTED}}},
    {"guided_regex", 12, .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"image_embeds", 12, .place = SHAPE_OPAQUE},
    {"input_schema", 12, .place = SHAPE_FREE},
    {"service_tier", 12, .place = SHAPE_KNOWN},
    {"tool_call_id", 12, .place = SHAPE_KNOWN},
    {"top_logprobs", 12, .place = SHAPE_KNOWN, .parameter = IN_CHAT},
    {"allowed_tools", 13, .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"chat_template", 13, .place = SHAPE_KNOWN},
    {"function_call", 13, .place = SHAPE_KNOWN, .part = WALK_TOOL},
    {"guided_choice", 13, .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"include_usage", 13, .place = SHAPE_KNOWN, .at = {{SHAPE_STREAM_OPTIONS, SHAPE_INCLUDE_USAGE}}},
    {"prompt_embeds", 13, .place = SHAPE_OPAQUE},
    {"prompt_string", 13, .place = SHAPE_KNOWN, .part = WALK_USER},
    {"user_location", 13, .place = SHAPE_KNOWN},
    {"guided_grammar", 14, .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"length_penalty", 14, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"stop_token_ids", 14, .place = SHAPE_KNOWN},
    {"stream_options", 14, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_STREAM_OPTIONS}}},
    {"encoding_format", 15, .place = SHAPE_KNOWN},
    {"media_io_kwargs", 15, .place = SHAPE_FREE},
    {"multimodal_data", 15, .place = SHAPE_OPAQUE},
    {"prompt_logprobs", 15, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"response_format", 15, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_FORMAT}}, .part = WALK_SCHEMA},
    {"use_beam_search", 15, .place = SHAPE_KNOWN},
    {"presence_penalty", 16, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"prompt_cache_key", 16, .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"prompt_token_ids", 16, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_TOKEN_IDS}}},
    {"reasoning_effort", 16, .place = SHAPE_KNOWN},
    {"return_token_ids", 16, .place = SHAPE_KNOWN},
    {"allowed_token_ids", 17, .place = SHAPE_KNOWN},
    {"frequency_penalty", 17, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"logprob_token_ids", 17, .place = SHAPE_KNOWN},
    {"reasoning_content", 17, .place = SHAPE_KNOWN},
    {"reasoning_details", 17, .place = SHAPE_KNOWN},
    {"safety_identifier", 17, .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"add_special_tokens", 18, .place = SHAPE_KNOWN},
    {"kv_transfer_params", 18, .place = SHAPE_FREE},
    {"repetition_penalty", 18, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"return_prompt_text", 18, .place = SHAPE_KNOWN},
    {"structured_outputs", 18, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_GUIDES}}, .part = WALK_SCHEMA},
    {"web_search_options", 18, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_HOSTED}}},
    {"include_obfuscation", 19, .place = SHAPE_KNOWN},
    {"mm_processor_kwargs", 19, .place = SHAPE_FREE},
    {"parallel_tool_calls", 19, .place = SHAPE_KNOWN},
    {"search_context_size", 19, .place = SHAPE_KNOWN},
    {"skip_special_tokens", 19, .place = SHAPE_KNOWN},
    {"chat_template_kwargs", 20, .place = SHAPE_FREE},
    {"previous_response_id", 20, .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_STATE}}},
    {"add_generation_prompt", 21, .place = SHAPE_KNOWN},
    {"max_completion_tokens", 21, .place = SHAPE_KNOWN, .parameter = IN_CHAT},
    {"continue_final_message", 22, .place = SHAPE_KNOWN},
    {"continuous_usage_stats", 22, .place = SHAPE_KNOWN},
    {"prompt_cache_retention", 22, .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"truncate_prompt_tokens", 22, .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS | IN_EMBEDDINGS},
    {"guided_decoding_backend", 23, .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"include_stop_str_in_output", 26, .place = SHAPE_KNOWN},
    {"return_tokens_as_token_ids", 26, .place = SHAPE_KNOWN},
    {"spaces_between_special_tokens", 29, .place = SHAPE_KNOWN},
};

/* ---- endpoints ---- */

static const struct {
    enum shape_endpoint endpoint;
    const char *method, *path; /* without /v1 */
    const char *name;
} endpoints[] = {
    {SHAPE_CHAT, "POST", "/chat/completions", "/v1/chat/completions"},
    {SHAPE_COMPLETIONS, "POST", "/completions", "/v1/completions"},
    {SHAPE_EMBEDDINGS, "POST", "/embeddings", "/v1/embeddings"},
    {SHAPE_MODELS, "GET", "/models", "/v1/models"},
};
#define ENDPOINTS (sizeof endpoints / sizeof *endpoints)

enum shape_endpoint shape_endpoint_find(struct span method, struct span path) {
    if (span_starts(path, "/v1/")) path = span_sub(path, 3, path.len);
    for (size_t i = 0; i < ENDPOINTS; i++)
        if (span_is(path, endpoints[i].path) && span_is(method, endpoints[i].method)) return endpoints[i].endpoint;
    return SHAPE_NONE;
}

enum shape_dialect shape_dialect_of(struct span path) {
    if (span_starts(path, "/v1/messages") || span_starts(path, "/messages")) return SHAPE_ANTHROPIC;
    if (span_starts(path, "/api/")) return SHAPE_OLLAMA;
    if (span_ends(path, ":generateContent") || span_ends(path, ":streamGenerateContent")) return SHAPE_GOOGLE;
    return SHAPE_OPENAI;
}

const char *shape_endpoint_name(enum shape_endpoint e) {
    for (size_t i = 0; i < ENDPOINTS; i++)
        if (endpoints[i].endpoint == e) return endpoints[i].name;
    return "";
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
            *ambiguous = !span_equal(key, span_make(keys[middle].name, keys[middle].len));
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

enum shape_place shape_place_member(enum shape_place in, const struct shape_key *key) {
    if (!key || in == SHAPE_FREE) return SHAPE_FREE;
    for (size_t i = 0; i < sizeof key->at / sizeof *key->at; i++)
        if (key->at[i].in == in) return key->at[i].to;
    return key->place;
}

enum shape_place shape_place_item(enum shape_place in) {
    switch (in) {
    case SHAPE_MESSAGES: return SHAPE_MESSAGE;
    case SHAPE_CONTENT: return SHAPE_PART;
    case SHAPE_TOOLS: return SHAPE_TOOL;
    case SHAPE_FREE: case SHAPE_PART: case SHAPE_TOOL: case SHAPE_PROMPT: case SHAPE_TOKEN_IDS: case SHAPE_MODALITIES:
    case SHAPE_STATE: case SHAPE_HOSTED: case SHAPE_IMAGE: case SHAPE_IMAGE_URL: case SHAPE_AUDIO: case SHAPE_FILE:
    case SHAPE_BLOB: case SHAPE_REMOTE: case SHAPE_OPAQUE:
        return in;
    case SHAPE_KNOWN: case SHAPE_ROOT: case SHAPE_MODEL: case SHAPE_STREAM: case SHAPE_STREAM_OPTIONS:
    case SHAPE_INCLUDE_USAGE: case SHAPE_CHOICES: case SHAPE_STORE: case SHAPE_FORMAT: case SHAPE_FORMAT_TYPE:
    case SHAPE_GUIDES: case SHAPE_GUIDED: case SHAPE_SPOKEN: case SHAPE_MESSAGE: case SHAPE_ROLE: case SHAPE_PART_TYPE:
    case SHAPE_PREDICTION: case SHAPE_TOOL_TYPE:
        break;
    }
    return SHAPE_KNOWN;
}

enum shape_place shape_place_object(enum shape_place in) {
    if (in == SHAPE_CONTENT) return SHAPE_PART; /* a single part without its list */
    if (in == SHAPE_GUIDED) return SHAPE_FREE;  /* a schema: property names are data */
    if (in == SHAPE_PROMPT) return SHAPE_KNOWN;
    return in;
}
