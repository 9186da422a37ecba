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
    {"n", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_CHOICES}}, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"id", .place = SHAPE_KNOWN},
    {"url", .place = SHAPE_KNOWN, .at = {{SHAPE_IMAGE, SHAPE_IMAGE_URL}, {SHAPE_AUDIO, SHAPE_REMOTE}, {SHAPE_FILE, SHAPE_REMOTE}}},
    {"city", .place = SHAPE_KNOWN},
    {"data", .place = SHAPE_KNOWN, .at = {{SHAPE_AUDIO, SHAPE_BLOB}, {SHAPE_FILE, SHAPE_BLOB}}},
    {"echo", .place = SHAPE_KNOWN},
    {"file", .place = SHAPE_KNOWN, .at = {{SHAPE_PART, SHAPE_FILE}}},
    {"json", .place = SHAPE_KNOWN, .at = {{SHAPE_GUIDES, SHAPE_GUIDED}}},
    {"mode", .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"name", .place = SHAPE_KNOWN},
    {"role", .place = SHAPE_KNOWN, .at = {{SHAPE_MESSAGE, SHAPE_ROLE}}},
    {"seed", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"stop", .place = SHAPE_KNOWN},
    {"text", .place = SHAPE_KNOWN},
    {"type", .place = SHAPE_KNOWN, .at = {{SHAPE_FORMAT, SHAPE_FORMAT_TYPE}, {SHAPE_TOOL, SHAPE_TOOL_TYPE}, {SHAPE_PART, SHAPE_PART_TYPE}}},
    {"user", .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"audio", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_SPOKEN}, {SHAPE_MESSAGE, SHAPE_STATE}}},
    {"index", .place = SHAPE_KNOWN},
    {"input", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_PROMPT}}, .part = WALK_USER},
    {"min_p", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"model", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_MODEL}}},
    {"regex", .place = SHAPE_KNOWN},
    {"store", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_STORE}}},
    {"title", .place = SHAPE_KNOWN},
    {"tools", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_TOOLS}}, .part = WALK_SCHEMA},
    {"top_k", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"top_p", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"voice", .place = SHAPE_KNOWN},
    {"choice", .place = SHAPE_KNOWN},
    {"custom", .place = SHAPE_KNOWN},
    {"detail", .place = SHAPE_KNOWN},
    {"format", .place = SHAPE_KNOWN},
    {"images", .place = SHAPE_KNOWN, .at = {{SHAPE_MESSAGE, SHAPE_IMAGE}}},
    {"prompt", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_PROMPT}}, .part = WALK_USER},
    {"region", .place = SHAPE_KNOWN},
    {"schema", .place = SHAPE_FREE, .part = WALK_SCHEMA},
    {"stream", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_STREAM}}},
    {"strict", .place = SHAPE_KNOWN},
    {"suffix", .place = SHAPE_KNOWN, .part = WALK_USER},
    {"syntax", .place = SHAPE_KNOWN},
    {"best_of", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"content", .place = SHAPE_KNOWN, .at = {{SHAPE_MESSAGE, SHAPE_CONTENT}, {SHAPE_PREDICTION, SHAPE_CONTENT}}},
    {"context", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_TOKEN_IDS}}},
    {"country", .place = SHAPE_KNOWN},
    {"file_id", .place = SHAPE_STATE},
    {"grammar", .place = SHAPE_KNOWN},
    {"options", .place = SHAPE_FREE},
    {"plugins", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_HOSTED}}},
    {"refusal", .place = SHAPE_KNOWN},
    {"file_ids", .place = SHAPE_STATE},
    {"file_url", .place = SHAPE_REMOTE},
    {"filename", .place = SHAPE_KNOWN},
    {"function", .place = SHAPE_KNOWN},
    {"logprobs", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"messages", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_MESSAGES}}},
    {"metadata", .place = SHAPE_FREE, .part = WALK_METADATA},
    {"priority", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"thinking", .place = SHAPE_KNOWN},
    {"timezone", .place = SHAPE_KNOWN},
    {"arguments", .place = SHAPE_FREE},
    {"audio_url", .place = SHAPE_AUDIO},
    {"bad_words", .place = SHAPE_KNOWN},
    {"documents", .place = SHAPE_KNOWN, .part = WALK_TOOL},
    {"file_data", .place = SHAPE_BLOB},
    {"functions", .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"image_url", .place = SHAPE_IMAGE},
    {"reasoning", .place = SHAPE_KNOWN},
    {"signature", .place = SHAPE_KNOWN},
    {"verbosity", .place = SHAPE_KNOWN},
    {"video_url", .place = SHAPE_OPAQUE},
    {"cache_salt", .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"definition", .place = SHAPE_KNOWN},
    {"dimensions", .place = SHAPE_KNOWN, .parameter = IN_EMBEDDINGS},
    {"extra_body", .place = SHAPE_FREE},
    {"ignore_eos", .place = SHAPE_KNOWN},
    {"input_file", .place = SHAPE_KNOWN, .at = {{SHAPE_PART, SHAPE_FILE}}},
    {"logit_bias", .place = SHAPE_FREE},
    {"max_tokens", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"min_tokens", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"modalities", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_MODALITIES}}},
    {"moderation", .place = SHAPE_KNOWN},
    {"parameters", .place = SHAPE_FREE, .part = WALK_SCHEMA},
    {"prediction", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_PREDICTION}}, .part = WALK_ASSISTANT},
    {"request_id", .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"session_id", .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"tool_calls", .place = SHAPE_KNOWN, .part = WALK_TOOL},
    {"vllm_xargs", .place = SHAPE_FREE},
    {"approximate", .place = SHAPE_KNOWN},
    {"description", .place = SHAPE_KNOWN},
    {"guided_json", .place = SHAPE_GUIDED, .part = WALK_SCHEMA},
    {"input_audio", .place = SHAPE_AUDIO},
    {"input_image", .place = SHAPE_IMAGE},
    {"input_video", .place = SHAPE_OPAQUE},
    {"json_object", .place = SHAPE_KNOWN, .at = {{SHAPE_GUIDES, SHAPE_GUIDED}}},
    {"json_schema", .place = SHAPE_KNOWN},
    {"mcp_servers", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_HOSTED}}},
    {"temperature", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"tool_choice", .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"audio_embeds", .place = SHAPE_OPAQUE},
    {"conversation", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_STATE}}},
    {"data_sources", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_HOSTED}}},
    {"guided_regex", .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"image_embeds", .place = SHAPE_OPAQUE},
    {"input_schema", .place = SHAPE_FREE},
    {"service_tier", .place = SHAPE_KNOWN},
    {"tool_call_id", .place = SHAPE_KNOWN},
    {"top_logprobs", .place = SHAPE_KNOWN, .parameter = IN_CHAT},
    {"allowed_tools", .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"chat_template", .place = SHAPE_KNOWN},
    {"function_call", .place = SHAPE_KNOWN, .part = WALK_TOOL},
    {"guided_choice", .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"include_usage", .place = SHAPE_KNOWN, .at = {{SHAPE_STREAM_OPTIONS, SHAPE_INCLUDE_USAGE}}},
    {"prompt_embeds", .place = SHAPE_OPAQUE},
    {"prompt_string", .place = SHAPE_KNOWN, .part = WALK_USER},
    {"user_location", .place = SHAPE_KNOWN},
    {"guided_grammar", .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"length_penalty", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"stop_token_ids", .place = SHAPE_KNOWN},
    {"stream_options", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_STREAM_OPTIONS}}},
    {"encoding_format", .place = SHAPE_KNOWN},
    {"media_io_kwargs", .place = SHAPE_FREE},
    {"multimodal_data", .place = SHAPE_OPAQUE},
    {"prompt_logprobs", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"response_format", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_FORMAT}}, .part = WALK_SCHEMA},
    {"use_beam_search", .place = SHAPE_KNOWN},
    {"presence_penalty", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"prompt_cache_key", .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"prompt_token_ids", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_TOKEN_IDS}}},
    {"reasoning_effort", .place = SHAPE_KNOWN},
    {"return_token_ids", .place = SHAPE_KNOWN},
    {"allowed_token_ids", .place = SHAPE_KNOWN},
    {"frequency_penalty", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"logprob_token_ids", .place = SHAPE_KNOWN},
    {"reasoning_content", .place = SHAPE_KNOWN},
    {"reasoning_details", .place = SHAPE_KNOWN},
    {"safety_identifier", .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"add_special_tokens", .place = SHAPE_KNOWN},
    {"kv_transfer_params", .place = SHAPE_FREE},
    {"repetition_penalty", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS},
    {"return_prompt_text", .place = SHAPE_KNOWN},
    {"structured_outputs", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_GUIDES}}, .part = WALK_SCHEMA},
    {"web_search_options", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_HOSTED}}},
    {"include_obfuscation", .place = SHAPE_KNOWN},
    {"mm_processor_kwargs", .place = SHAPE_FREE},
    {"parallel_tool_calls", .place = SHAPE_KNOWN},
    {"search_context_size", .place = SHAPE_KNOWN},
    {"skip_special_tokens", .place = SHAPE_KNOWN},
    {"chat_template_kwargs", .place = SHAPE_FREE},
    {"previous_response_id", .place = SHAPE_KNOWN, .at = {{SHAPE_ROOT, SHAPE_STATE}}},
    {"add_generation_prompt", .place = SHAPE_KNOWN},
    {"max_completion_tokens", .place = SHAPE_KNOWN, .parameter = IN_CHAT},
    {"continue_final_message", .place = SHAPE_KNOWN},
    {"continuous_usage_stats", .place = SHAPE_KNOWN},
    {"prompt_cache_retention", .place = SHAPE_KNOWN, .part = WALK_METADATA},
    {"truncate_prompt_tokens", .place = SHAPE_KNOWN, .parameter = IN_CHAT | IN_COMPLETIONS | IN_EMBEDDINGS},
    {"guided_decoding_backend", .place = SHAPE_KNOWN, .part = WALK_SCHEMA},
    {"include_stop_str_in_output", .place = SHAPE_KNOWN},
    {"return_tokens_as_token_ids", .place = SHAPE_KNOWN},
    {"spaces_between_special_tokens", .place = SHAPE_KNOWN},
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
        struct span rest = span_sub(key, i, key.len);
        if (c >= 'A' && c <= 'Z') {
            c = (unsigned char)(c + 32);
        } else if (span_starts(rest, LONG_S)) {
            c = 's';
            i += sizeof LONG_S - 2;
        } else if (span_starts(rest, KELVIN)) {
            c = 'k';
            i += sizeof KELVIN - 2;
        }
        out[n++] = (char)c;
    }
    return n;
}

static int key_compare(const char *text, size_t len, const char *name) {
    size_t n = strlen(name);
    if (len != n) return len < n ? -1 : 1;
    return memcmp(text, name, n);
}

const struct shape_key *shape_key_find(enum shape_endpoint e, struct span key, bool *ambiguous) {
    char folded[KEY_LONGEST];
    size_t n = key_fold(key, folded), low = 0, high = sizeof keys / sizeof *keys;

    *ambiguous = false;
    if (n == 0 || e == SHAPE_NONE || e == SHAPE_MODELS) return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = key_compare(folded, n, keys[middle].name);
        if (order == 0) {
            *ambiguous = !span_is(key, keys[middle].name);
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
