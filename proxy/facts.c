/* SPDX-License-Identifier: Apache-2.0
 *
 * A value that the gateway acts on must have its documented type: a server that takes "true" for true would
 * otherwise stream what we wait for as a whole, or keep what we believe is not kept.
 */
#include "facts.h"

#include <string.h>

#define CHOICES_MAX 128   /* the specification's limit for n */
#define BLOB_SHORTEST 64 /* a word or two are base64 by chance */

void facts_unreadable(struct walk *w, enum walk_unreadable what, uint32_t path) {
    if (w->unreadable == 0) w->unreadable_path = path;
    w->unreadable |= what;
}

static const struct {
    uint32_t bit;
    const char *reason;
} reasons[] = {{WALK_IMAGE, "image"},        {WALK_AUDIO, "audio"},
               {WALK_SPOKEN, "spoken_answer"}, {WALK_FILE, "file"},
               {WALK_REMOTE, "remote_url"},  {WALK_STATE | WALK_OF_SOMEBODY, "stored_object"},
               {WALK_HOSTED_TOOL, "hosted_tool"}, {WALK_TOKEN_IDS, "token_ids"},
               {WALK_UNKNOWN_PART, "unknown_part"}};

const char *facts_unreadable_word(uint32_t bits, size_t i) {
    for (size_t k = 0; k < sizeof reasons / sizeof *reasons; k++)
        if (bits & reasons[k].bit && i-- == 0) return reasons[k].reason;
    return NULL;
}

const char *facts_unreadable_reason(uint32_t bits) {
    const char *word = facts_unreadable_word(bits, 0);
    return word ? word : "unknown_part";
}

enum walk_part facts_role(struct span role) {
    if (span_is(role, "user")) return WALK_USER;
    if (span_is(role, "assistant") || span_is(role, "model")) return WALK_ASSISTANT;
    if (span_is(role, "system") || span_is(role, "developer")) return WALK_SYSTEM;
    if (span_is(role, "tool") || span_is(role, "function")) return WALK_TOOL;
    return WALK_OTHER;
}

static bool is_messages(enum shape_endpoint e) {
    return e == SHAPE_MESSAGES_API || e == SHAPE_MESSAGES_TOKENS;
}

bool facts_tool_is_local(struct span type) {
    static const char *const names[] = {"function", "custom", "namespace", "tool_search", "apply_patch", "local_shell",
                                        "programmatic_tool_calling"};
    static const char *const dated[] = {"bash_20", "text_editor_20", "computer_20", "memory_20"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_is(type, names[i])) return true;
    for (size_t i = 0; i < sizeof dated / sizeof *dated; i++)
        if (span_starts(type, dated[i])) return true;
    return false;
}

bool facts_tool_without_type_is_local(enum shape_endpoint e) {
    return is_messages(e) || shape_is_gemini(e);
}

static enum facts_verdict wrong_type(struct walk *w, uint32_t path) {
    w->error = "a value of the request has the wrong type";
    w->error_code = "invalid_value";
    w->error_path = path;
    return FACTS_ERROR;
}

static enum facts_verdict take_bool(struct walk *w, bool *fact, uint32_t path, enum json_type type) {
    if (type != JSON_TRUE && type != JSON_FALSE && type != JSON_NULL) return wrong_type(w, path);
    if (type != JSON_NULL) *fact = type == JSON_TRUE; /* null is the default */
    return FACTS_SEARCH;
}

static enum facts_verdict take_choices(struct walk *w, uint32_t path, enum json_type type, struct span text) {
    unsigned long long n;

    if (type == JSON_NULL) return FACTS_SEARCH;
    if (type != JSON_NUMBER || span_decimal(text, &n) < 0 || n < 1 || n > CHOICES_MAX) return wrong_type(w, path);
    w->choices = (uint32_t)n;
    return FACTS_SEARCH;
}

static enum facts_verdict take_model(struct walk *w, uint32_t path, enum json_type type, struct span text) {
    if (type != JSON_STRING) return wrong_type(w, path);
    w->model = w->body_model = text;
    return FACTS_SEARCH;
}

static enum facts_verdict take_format(struct walk *w, uint32_t path, enum json_type type, struct span text) {
    if (type != JSON_STRING) return wrong_type(w, path);
    if (span_is(text, "text")) return FACTS_CONSTANT;
    if (!span_is(text, "json_object") && !span_is(text, "json_schema")) return FACTS_SEARCH;
    w->json_mode = true;
    return FACTS_CONSTANT;
}

/* One of the vendor's own, by its name; any other is one that somebody has recorded. */
static enum facts_verdict take_voice(struct walk *w, uint32_t path, enum json_type type, struct span text) {
    static const char *const voices[] = {"alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage",
                                         "shimmer", "verse"};

    if (type != JSON_STRING) {
        facts_unreadable(w, WALK_STATE, path);
        return FACTS_SEARCH;
    }
    for (size_t i = 0; i < sizeof voices / sizeof *voices; i++)
        if (span_is(text, voices[i])) return FACTS_CONSTANT;
    return FACTS_SEARCH;
}

static enum facts_verdict take_modality(struct walk *w, uint32_t path, enum json_type type, struct span text) {
    if (type != JSON_STRING) return FACTS_SEARCH;
    if (span_is(text, "text") || span_is(text, "TEXT")) return FACTS_CONSTANT;
    facts_unreadable(w, WALK_SPOKEN, path); /* sound, and whatever else comes that is not text */
    return FACTS_SEARCH;
}

static enum facts_verdict take_part_type(struct walk *w, uint32_t path, enum json_type type, struct span text) {
    static const struct { const char *type; unsigned what; } known[] = {
        {"text", 0}, {"input_text", 0}, {"output_text", 0}, {"refusal", 0}, {"thinking", 0}, {"reasoning", 0},
        {"summary_text", 0}, {"reasoning_text", 0}, {"redacted_thinking", 0}, {"tool_use", 0}, {"tool_result", 0},
        {"search_result", 0}, {"server_tool_use", 0}, {"web_search_tool_result", 0}, {"web_search_result", 0},
        {"computer_screenshot", WALK_IMAGE}, {"container_upload", WALK_STATE},
        {"image_url", WALK_IMAGE}, {"input_image", WALK_IMAGE}, {"image", WALK_IMAGE},
        {"input_audio", WALK_AUDIO}, {"audio_url", WALK_AUDIO}, {"audio", WALK_AUDIO},
        {"file", WALK_FILE}, {"input_file", WALK_FILE}, {"document", WALK_FILE},
    };
    for (size_t i = 0; type == JSON_STRING && i < sizeof known / sizeof *known; i++) {
        if (!span_is(text, known[i].type)) continue;
        bool by_source = is_messages(w->endpoint) && span_is(text, "document"); /* SHAPE_SOURCE_TYPE says what it is */
        if (known[i].what && !by_source) facts_unreadable(w, known[i].what, path);
        return FACTS_CONSTANT;
    }
    facts_unreadable(w, WALK_UNKNOWN_PART, path);
    return FACTS_SEARCH;
}

static enum facts_verdict take_source_type(struct walk *w, uint32_t path, enum json_type type, struct span text) {
    if (type == JSON_STRING && (span_is(text, "text") || span_is(text, "content"))) return FACTS_CONSTANT;
    enum walk_unreadable what = WALK_UNKNOWN_PART;
    if (span_is(text, "base64")) what = WALK_FILE;
    if (span_is(text, "url")) what = WALK_REMOTE;
    if (span_is(text, "file")) what = WALK_STATE;
    facts_unreadable(w, what, path);
    return what == WALK_UNKNOWN_PART ? FACTS_SEARCH : FACTS_CONSTANT;
}

/* Items of /v1/responses: what they are, and whose words they hold. */
static const struct item {
    const char *type;
    enum walk_part part;
    unsigned what;
} items[] = {
    {"message", WALK_OTHER, 0},
    {"function_call", WALK_TOOL, 0}, {"function_call_output", WALK_TOOL, 0},
    {"custom_tool_call", WALK_TOOL, 0}, {"custom_tool_call_output", WALK_TOOL, 0},
    {"reasoning", WALK_ASSISTANT, 0}, {"compaction", WALK_ASSISTANT, 0}, {"compaction_trigger", WALK_ASSISTANT, 0},
    {"local_shell_call", WALK_TOOL, 0}, {"local_shell_call_output", WALK_TOOL, 0},
    {"shell_call", WALK_TOOL, 0}, {"shell_call_output", WALK_TOOL, 0},
    {"apply_patch_call", WALK_TOOL, 0}, {"apply_patch_call_output", WALK_TOOL, 0},
    {"tool_search_call", WALK_TOOL, 0}, {"tool_search_output", WALK_TOOL, 0}, {"additional_tools", WALK_SCHEMA, 0},
    {"program", WALK_TOOL, 0}, {"program_output", WALK_TOOL, 0},
    {"computer_call", WALK_TOOL, 0}, {"computer_call_output", WALK_TOOL, WALK_IMAGE},
    {"file_search_call", WALK_TOOL, 0}, {"web_search_call", WALK_TOOL, 0},
    {"code_interpreter_call", WALK_TOOL, 0}, {"image_generation_call", WALK_TOOL, WALK_IMAGE},
    {"mcp_list_tools", WALK_TOOL, WALK_HOSTED_TOOL}, {"mcp_approval_request", WALK_TOOL, WALK_HOSTED_TOOL},
    {"mcp_approval_response", WALK_TOOL, WALK_HOSTED_TOOL}, {"mcp_call", WALK_TOOL, WALK_HOSTED_TOOL},
    {"item_reference", WALK_OTHER, WALK_UNOWNED},
};

static const struct item *item_find(struct span type) {
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        if (span_is(type, items[i].type)) return &items[i];
    return NULL;
}

enum walk_part facts_item_part(struct span type) {
    const struct item *item = item_find(type);
    return item ? item->part : WALK_OTHER;
}

static enum facts_verdict take_item_type(struct walk *w, uint32_t path, enum json_type type, struct span text) {
    const struct item *item = type == JSON_STRING ? item_find(text) : NULL;

    if (!item || item->what) facts_unreadable(w, item ? item->what : WALK_UNKNOWN_PART, path);
    return item ? FACTS_CONSTANT : FACTS_SEARCH;
}

static bool is_base64(struct span s) {
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];
        unsigned char letter = c | 0x20;
        bool letter_or_digit = (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9');
        if (letter_or_digit || c == '+' || c == '/' || c == '-' || c == '_') continue;
        if (c == '=' && s.len - i <= 2) continue;
        return false;
    }
    return true;
}

/* A data URL of a type that is no text, then nothing but base64. A type in a caller's own words is searched. */
static bool is_data_url(struct span s) {
    static const char *const heads[] = {
        "data:image/png;base64,", "data:image/jpeg;base64,", "data:image/jpg;base64,", "data:image/gif;base64,",
        "data:image/webp;base64,", "data:image/bmp;base64,", "data:image/tiff;base64,", "data:audio/wav;base64,",
        "data:audio/mpeg;base64,", "data:audio/mp3;base64,", "data:video/mp4;base64,", "data:application/pdf;base64,",
        "data:application/octet-stream;base64,",
    };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (span_starts(s, heads[i])) return is_base64(span_sub(s, strlen(heads[i]), s.len));
    return false;
}

static enum facts_verdict take_image_url(struct walk *w, uint32_t path, enum json_type type, struct span text) {
    if (type != JSON_STRING) return FACTS_SEARCH;
    if (is_data_url(text)) return FACTS_BLOB;
    if (!span_starts(text, "data:")) facts_unreadable(w, WALK_REMOTE, path);
    return FACTS_SEARCH;
}

static enum facts_verdict take_blob(struct walk *w, uint32_t path, enum json_type type, struct span text) {
    if (w->unreadable == 0) facts_unreadable(w, WALK_FILE, path); /* what is around it has said what it is */
    if (type != JSON_STRING) return FACTS_SEARCH;
    return is_data_url(text) || (text.len >= BLOB_SHORTEST && is_base64(text)) ? FACTS_BLOB : FACTS_SEARCH;
}

/* What an upstream encrypted or signed comes back to it; nobody else can read it, so it holds nothing that the upstream
 * has not seen. */
static enum facts_verdict take_sealed(struct walk *w, enum json_type type, struct span text) {
    if (type != JSON_STRING || text.len < BLOB_SHORTEST || !is_base64(text)) return FACTS_SEARCH;
    w->sealed++;
    return FACTS_BLOB;
}

static enum facts_verdict take_kept(struct walk *w, uint32_t path, enum json_type type) {
    if (type == JSON_TRUE) facts_unreadable(w, WALK_BACKGROUND, path);
    else if (type != JSON_FALSE) return wrong_type(w, path);
    return FACTS_SEARCH;
}

static enum facts_verdict unreadable(struct walk *w, enum walk_unreadable what, uint32_t path) {
    facts_unreadable(w, what, path);
    return FACTS_SEARCH;
}

static enum facts_verdict take_reference(struct walk *w, uint32_t path, enum json_type type, struct span text) {
    if (type != JSON_STRING || w->reference.len) return unreadable(w, WALK_UNOWNED, path);
    w->reference = text;
    return unreadable(w, WALK_REFERENCE, path);
}

/* "conv_1" or {"id": "conv_1"}; an object without an id names nothing that could be anybody's. */
static enum facts_verdict take_continued(struct walk *w, uint32_t path, enum json_type type, struct span text) {
    w->continues = true;
    if (type != JSON_OBJECT_BEGIN || w->reference.len) return take_reference(w, path, type, text);
    return unreadable(w, WALK_REFERENCE, path);
}

static enum facts_verdict take_present(struct walk *w, enum shape_place place, uint32_t path, enum json_type type,
                                       struct span text) {
    switch (place) {
    case SHAPE_IMAGE:
        facts_unreadable(w, WALK_IMAGE, path);
        return take_image_url(w, path, type, text);
    case SHAPE_IMAGE_URL: return take_image_url(w, path, type, text);
    case SHAPE_AUDIO: return unreadable(w, WALK_AUDIO, path);
    case SHAPE_FILE: return unreadable(w, WALK_FILE, path);
    case SHAPE_BLOB: return take_blob(w, path, type, text);
    case SHAPE_REMOTE: return unreadable(w, WALK_REMOTE, path);
    case SHAPE_OPAQUE: return unreadable(w, WALK_UNKNOWN_PART, path);
    case SHAPE_REFERENCE: return take_reference(w, path, type, text);
    case SHAPE_CONTINUED: return take_continued(w, path, type, text);
    case SHAPE_STATE: return unreadable(w, WALK_STATE, path);
    case SHAPE_HOSTED: return unreadable(w, WALK_HOSTED_TOOL, path);
    case SHAPE_SPOKEN: return unreadable(w, WALK_SPOKEN, path);
    case SHAPE_MODALITIES: return take_modality(w, path, type, text);
    case SHAPE_VOICE: return take_voice(w, path, type, text);
    case SHAPE_STREAM_FORMAT:
        if (type != JSON_STRING) return wrong_type(w, path);
        w->stream |= span_is(text, "sse");
        return FACTS_SEARCH;
    case SHAPE_PROMPT: case SHAPE_TOKEN_IDS:
        return type == JSON_NUMBER ? unreadable(w, WALK_TOKEN_IDS, path) : FACTS_SEARCH;
    case SHAPE_GUIDED:
        w->json_mode = true;
        return FACTS_SEARCH;
    case SHAPE_ROLE: return facts_role(text) != WALK_OTHER ? FACTS_CONSTANT : FACTS_SEARCH;
    case SHAPE_TOOL_TYPE: return facts_tool_is_local(text) ? FACTS_CONSTANT : FACTS_SEARCH;
    case SHAPE_PART_TYPE: return take_part_type(w, path, type, text);
    case SHAPE_ITEM_TYPE: return take_item_type(w, path, type, text);
    case SHAPE_SOURCE_TYPE: return take_source_type(w, path, type, text);
    case SHAPE_SEALED: return take_sealed(w, type, text);
    case SHAPE_KEPT: return take_kept(w, path, type);
    case SHAPE_MIME_TYPE:
        w->json_mode |= span_is(text, "application/json");
        return FACTS_SEARCH;
    case SHAPE_LOGPROB: return unreadable(w, WALK_TOKEN_IDS, path);
    case SHAPE_OLLAMA_FORMAT:
        w->json_mode = true;
        return FACTS_SEARCH;
    case SHAPE_FREE: case SHAPE_KNOWN: case SHAPE_ROOT: case SHAPE_MODEL: case SHAPE_STREAM: case SHAPE_STREAM_OPTIONS:
    case SHAPE_INCLUDE_USAGE: case SHAPE_CHOICES: case SHAPE_STORE: case SHAPE_FORMAT: case SHAPE_FORMAT_TYPE:
    case SHAPE_GUIDES: case SHAPE_MESSAGES: case SHAPE_MESSAGE: case SHAPE_CONTENT: case SHAPE_PART:
    case SHAPE_PREDICTION: case SHAPE_TOOLS: case SHAPE_TOOL: case SHAPE_ITEMS: case SHAPE_ITEM: case SHAPE_TEXT_OPTIONS:
    case SHAPE_OUTPUT_OPTIONS: case SHAPE_SIGNED: case SHAPE_LOGPROBS: case SHAPE_SOURCE: case SHAPE_GENERATION:
    case SHAPE_REQUESTS: case SHAPE_LINE:
        break;
    }
    return FACTS_SEARCH;
}

enum facts_verdict facts_take(struct walk *w, enum shape_place place, uint32_t path, enum json_type type,
                              struct span text) {
    if (place == SHAPE_FREE || place == SHAPE_KNOWN) return FACTS_SEARCH;
    if (place == SHAPE_STREAM) return take_bool(w, &w->stream, path, type);
    if (place == SHAPE_INCLUDE_USAGE) return take_bool(w, &w->include_usage, path, type);
    if (place == SHAPE_STORE) return take_bool(w, &w->store, path, type);
    if (place == SHAPE_CHOICES) return take_choices(w, path, type, text);
    if (place == SHAPE_MODEL) return take_model(w, path, type, text);
    if (place == SHAPE_FORMAT_TYPE) return take_format(w, path, type, text);
    return type == JSON_NULL ? FACTS_SEARCH : take_present(w, place, path, type, text);
}
