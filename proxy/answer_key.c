/* SPDX-License-Identifier: Apache-2.0
 *
 * The keys of answers that never hold a reader's text: identifiers, addresses, enumerations, machine data. Compared
 * without case. A key that is not here is text.
 */
#include "answer.h"

static const char *const closed_containers[] = {
    "logprobs", "prompt_logprobs", "top_logprobs", "embedding", "embeddings", "token_ids", "prompt_token_ids",
    "encrypted_content",
};

static const char *const closed_strings[] = {
    "id",           "ids",          "object",        "model",       "type",
    "role",         "status",       "param",         "index",
    "url",          "urls",         "uri",           "href",        "src",
    "link",         "links",        "image",         "images",      "format",
    "mime_type",    "media_type",   "finish_reason", "stop_reason", "native_finish_reason",
    "system_fingerprint", "service_tier", "provider", "owned_by",   "obfuscation",
    "encrypted_content",  "signature", "b64_json",   "data",        "thought_signature",
    "thoughtsignature", "finishreason", "modelversion", "responseid", "mimetype", "fileuri",
    "embedding",    "created",      "created_at",    "expires_at",  "language",
};

static const char *const closed_endings[] = {"_id", "_ids", "_url", "_urls", "_uri", "_b64", "_base64", "_signature"};

/* A function's name is looked up by a program. */
static const char *const callers[] = {"function", "function_call", "custom", "tool_calls", "tool_call"};

static bool is_any(struct span key, const char *const *list, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (span_is_nocase(key, list[i])) return true;
    return false;
}

#define IS_ANY(key, list) is_any(key, list, sizeof(list) / sizeof(list)[0])

bool answer_key_opens(struct span key) {
    return !IS_ANY(key, closed_containers);
}

bool answer_key_repeats(struct span key) {
    static const char *const keys[] = {"logprobs", "prompt_logprobs", "top_logprobs", "token_ids", "prompt_token_ids"};
    return IS_ANY(key, keys);
}

bool answer_key_is_text(struct span key, struct span parent_key) {
    if (IS_ANY(key, closed_strings)) return false;
    for (size_t i = 0; i < sizeof closed_endings / sizeof closed_endings[0]; i++) {
        size_t n = span_of(closed_endings[i]).len;
        if (key.len > n && span_is_nocase(span_sub(key, key.len - n, key.len), closed_endings[i])) return false;
    }
    return !(span_is_nocase(key, "name") && IS_ANY(parent_key, callers));
}
