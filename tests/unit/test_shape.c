/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of endpoints, dialects, known keys and parameters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../proxy/shape.h"

static enum shape_endpoint find(const char *method, const char *path) {
    return shape_endpoint_find(span_of(method), span_of(path));
}

static void only_the_table_is_served(void **state) {
    static const char *const none[][2] = {
        {"GET", "/v1/chat/completions"}, {"POST", "/v1/models"}, {"post", "/v1/chat/completions"}, {"PUT", "/v1/embeddings"},
        {"HEAD", "/v1/models"}, {"DELETE", "/v1/models"}, {"POST", "/v1/chat/completions/"}, {"POST", "/v1//chat/completions"},
        {"POST", "/V1/chat/completions"}, {"POST", "/v1/Chat/completions"}, {"POST", "/v2/chat/completions"},
        {"POST", "/v1/v1/chat/completions"}, {"POST", "/v1/chat/completions?x=1"}, {"POST", "/v1/chat%2fcompletions"},
        {"POST", "/v1/../v1/chat/completions"}, {"POST", "chat/completions"}, {"POST", "/v1beta/models/:generateContent"}, {"POST", "/v1beta/models/a/b:generateContent"},
        {"POST", "/v1beta/models/..:generateContent"}, {"POST", "/v1beta/models/a%2e:generateContent"},
        {"GET", "/v1beta/models/a:generateContent"}, {"POST", "/v1beta/models/a:other"}, {"POST", "/v1/api/chat"}, {"POST", "/chat"}, {"POST", "/api/pull"}, {"GET", "/api/chat"}, {"GET", "/v1/responses"}, {"POST", "/v1/responses/resp_1"}, {"GET", "/v1/responses/a.b"}, {"GET", "/v1/files/a/b"}, {"PUT", "/v1/files"},
        {"DELETE", "/v1/batches/b"}, {"POST", "/v1/files/f/content"},
        {"PUT", "/v1/conversations"},         {"POST", "/v1/realtime/client_secrets"}, {"GET", "/v1/models/a/b"}, {"GET", "/v1/models/"}, {"GET", "/v1/models/.x"}, {"DELETE", "/v1/models/gpt-4o"},
        {"POST", "/openai/deployments/a/responses"}, {"POST", "/openai/deployments//chat/completions"}, {"POST", "/openai/deployments/a:b/chat/completions"},
        {"POST", "/openai/deployments/a/b/chat/completions"}, {"POST", "/openai/deployments/a/v1/chat/completions"}, {"POST", "/openai/v2/chat/completions"}, {"POST", "/openai/messages"}, {"POST", "/openaichat/completions"},
        {"POST", ""}, {"", "/v1/models"}, {"GET", "/v1"},
        {"GET", "/"}, {"POST", "/v1chat/completions"},
    };
    (void)state;
    assert_int_equal(find("POST", "/v1/chat/completions"), SHAPE_CHAT);
    assert_int_equal(find("POST", "/chat/completions"), SHAPE_CHAT);
    assert_int_equal(find("POST", "/v1/completions"), SHAPE_COMPLETIONS);
    assert_int_equal(find("POST", "/completions"), SHAPE_COMPLETIONS);
    assert_int_equal(find("POST", "/v1/embeddings"), SHAPE_EMBEDDINGS);
    assert_int_equal(find("POST", "/embeddings"), SHAPE_EMBEDDINGS);
    assert_int_equal(find("GET", "/v1/models"), SHAPE_MODELS);
    assert_int_equal(find("GET", "/models"), SHAPE_MODELS);
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (find(none[i][0], none[i][1]) != SHAPE_NONE) fail_msg("served: %s %s", none[i][0], none[i][1]);
    assert_int_equal(find("POST", "/v1/responses"), SHAPE_RESPONSES);
    assert_int_equal(find("POST", "/responses/compact"), SHAPE_RESPONSES_COMPACT);
    assert_int_equal(find("POST", "/v1/responses/input_tokens"), SHAPE_RESPONSES_TOKENS);
    assert_int_equal(find("POST", "/v1/moderations"), SHAPE_MODERATIONS);
    assert_int_equal(find("POST", "/v1/images/generations"), SHAPE_IMAGES);
    assert_int_equal(find("POST", "/v1beta/models/gemini-2.5-pro:generateContent"), SHAPE_GEMINI);
    assert_int_equal(find("POST", "/v1/models/a_b:streamGenerateContent"), SHAPE_GEMINI_STREAM);
    assert_int_equal(find("POST", "/v1/files"), SHAPE_FILES);
    assert_int_equal(find("GET", "/v1/files/file-1/content"), SHAPE_FILE_CONTENT);
    assert_int_equal(find("DELETE", "/v1/responses/resp_1"), SHAPE_RESPONSE_DELETE);
    assert_int_equal(find("POST", "/v1/batches/batch_1/cancel"), SHAPE_BATCH_CANCEL);
    assert_string_equal(shape_coverage_name(SHAPE_FILE_CONTENT), "/v1/files");
    assert_string_equal(shape_coverage_name(SHAPE_CHAT), "/v1/chat/completions");
    assert_int_equal(find("POST", "/openai/v1/responses"), SHAPE_RESPONSES);
    assert_int_equal(find("POST", "/openai/responses"), SHAPE_RESPONSES);
    assert_int_equal(find("GET", "/openai/models"), SHAPE_MODELS);
    assert_int_equal(find("GET", "/v1/models/llama3:8b"), SHAPE_MODEL_GET);
    assert_int_equal(find("POST", "/api/chat"), SHAPE_OLLAMA_CHAT);
    assert_int_equal(find("POST", "/api/generate"), SHAPE_OLLAMA_GENERATE);
    assert_int_equal(find("POST", "/api/embed"), SHAPE_OLLAMA_EMBED);
    assert_int_equal(find("POST", "/v1/messages"), SHAPE_MESSAGES_API);
    assert_int_equal(find("POST", "/v1/messages/count_tokens"), SHAPE_MESSAGES_TOKENS);
    assert_string_equal(shape_endpoint_name(SHAPE_CHAT), "/v1/chat/completions");
    assert_string_equal(shape_endpoint_name(SHAPE_MODELS), "/v1/models");
    assert_string_equal(shape_endpoint_name(SHAPE_NONE), "");
}

static void a_path_may_name_an_object_and_its_item(void **state) {
    static const struct { const char *method, *path, *id, *item; enum shape_endpoint e; } rows[] = {
        {"POST", "/v1/conversations", "", "", SHAPE_CONVERSATIONS},
        {"GET", "/v1/conversations/conv_1", "conv_1", "", SHAPE_CONVERSATION},
        {"POST", "/openai/v1/conversations/conv_1", "conv_1", "", SHAPE_CONVERSATION_UPDATE},
        {"DELETE", "/conversations/conv_1", "conv_1", "", SHAPE_CONVERSATION_DELETE},
        {"GET", "/v1/conversations/conv_1/items", "conv_1", "", SHAPE_CONVERSATION_ITEMS},
        {"POST", "/v1/conversations/conv_1/items", "conv_1", "", SHAPE_CONVERSATION_ADD},
        {"GET", "/v1/conversations/conv_1/items/msg_2", "conv_1", "msg_2", SHAPE_CONVERSATION_ITEM},
        {"DELETE", "/openai/conversations/conv_1/items/msg_2", "conv_1", "msg_2", SHAPE_CONVERSATION_ITEM_DELETE},
        {"POST", "/v1/conversations/conv_1/items/msg_2", "", "", SHAPE_NONE},
        {"GET", "/v1/conversations", "", "", SHAPE_NONE},
        {"GET", "/v1/conversations/conv_1/items/", "", "", SHAPE_NONE},
        {"GET", "/v1/conversations/conv_1/items/a.b", "", "", SHAPE_NONE},
        {"GET", "/v1/conversations/a.b/items/msg_2", "", "", SHAPE_NONE},
        {"GET", "/v1/conversations/conv_1/items/msg_2/x", "", "", SHAPE_NONE},
        {"GET", "/v1/conversations//items/msg_2", "", "", SHAPE_NONE},
        {"GET", "/v1/responses/resp_1/msg_2", "", "", SHAPE_NONE},
    };
    struct shape_address a;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        shape_address_read(span_of(rows[i].method), span_of(rows[i].path), &a);
        if (a.endpoint != rows[i].e) fail_msg("%d: %s %s", a.endpoint, rows[i].method, rows[i].path);
        if (a.endpoint == SHAPE_NONE) continue;
        assert_true(span_is(a.id, rows[i].id) && span_is(a.item, rows[i].item) && a.model.len == 0);
        assert_true(shape_is_conversation(a.endpoint) && shape_is_stored(a.endpoint));
        assert_string_equal(shape_coverage_name(a.endpoint), "/v1/conversations");
    }
}

static void a_path_may_name_the_model(void **state) {
    static const struct { const char *path, *model; enum shape_endpoint e; bool azure; } rows[] = {
        {"/v1beta/models/gemini-2.5-pro:generateContent", "gemini-2.5-pro", SHAPE_GEMINI, false},
        {"/v1/models/a.b:countTokens", "a.b", SHAPE_GEMINI_TOKENS, false},
        {"/v1beta/models/e:batchEmbedContents", "e", SHAPE_GEMINI_EMBEDS, false},
        {"/openai/deployments/gpt-4o_eu/chat/completions", "gpt-4o_eu", SHAPE_CHAT, true},
        {"/openai/deployments/e/embeddings", "e", SHAPE_EMBEDDINGS, true},
        {"/openai/v1/chat/completions", "", SHAPE_CHAT, true},
        {"/v1/chat/completions", "", SHAPE_CHAT, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct shape_address a;
        shape_address_read(span_of("POST"), span_of(rows[i].path), &a);
        assert_int_equal(a.endpoint, rows[i].e);
        assert_int_equal(a.azure, rows[i].azure);
        if (!span_is(a.model, rows[i].model)) fail_msg("%s", rows[i].path);
    }
}

static bool query(const char *path, const char *text) {
    struct shape_address a;
    shape_address_read(span_of("POST"), span_of(path), &a);
    if (a.endpoint == SHAPE_NONE) shape_address_read(span_of("GET"), span_of(path), &a);
    return shape_query_known(&a, span_of(text));
}

static void queries_are_of_the_table(void **state) {
    static const char azure[] = "/openai/deployments/a/chat/completions";
    static const char *const bad[] = {"api-version=", "api-version", "api-version=2024-10-2", "api-version=2024-10-21-beta",
                                      "api-version=2024-10-21&api-version=2024-10-21", "api-version=2024-10-21&", "&api-version=2024-10-21",
                                      "api-version=x%20y", "user=x", "API-version=2024-10-21", "api-version=2024-10-21&x=1"};
    (void)state;
    assert_true(query(azure, "api-version=2024-10-21"));
    assert_true(query(azure, "api-version=2025-04-01-preview"));
    assert_true(query("/openai/v1/chat/completions", "api-version=preview"));
    assert_true(query(azure, ""));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (query(azure, bad[i])) fail_msg("taken: %s", bad[i]);
    assert_false(query("/v1/chat/completions", "api-version=2024-10-21"));
    assert_true(query("/v1beta/models/a:streamGenerateContent", "alt=sse"));
    assert_false(query("/v1beta/models/a:streamGenerateContent", ""));
    assert_false(query("/v1beta/models/a:generateContent", "alt=sse"));
    assert_true(query("/v1/models", "limit=20&after_id=claude-3"));
    assert_false(query("/v1/models", "limit=20&after_id=a b"));
    assert_false(query("/v1/models", "limit=99999"));
}

static void what_a_stored_response_is_asked_for(void **state) {
    static const char response[] = "/v1/responses/resp_1", logprobs[] = "include[]=message.output_text.logprobs";
    static const char *const bad[] = {"include[]=message", "include[]=", "include[1]=message.output_text.logprobs", "stream=1",
                                      "starting_after=123456789", "starting_after=", "stream=true&stream=true", "includes=reasoning.encrypted_content",
                                      "xinclude[]=reasoning.encrypted_content", "stream[]=true", "starting_after=1&starting_after=1"};
    char many[512] = "";
    (void)state;
    assert_true(query(response, logprobs));
    assert_true(query(response, "stream=true&starting_after=42&include%5B%5D=reasoning.encrypted_content&include%5b%5d=web_search_call.results"));
    assert_true(query("/v1/responses/resp_1/input_items", "include=message.input_image.image_url&limit=5&order=asc"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (query(response, bad[i])) fail_msg("taken: %s", bad[i]);
    for (int i = 0; i < 9; i++) {
        if (i) assert_true(query(response, many));
        if (i) strcat(many, "&");
        strcat(many, logprobs);
    }
    assert_false(query(response, many));

    struct shape_address items;
    shape_address_read(span_of("GET"), span_of("/v1/responses/resp_1/input_items"), &items);
    assert_true(shape_query_fixed(&items, span_of(logprobs)) && shape_query_fixed(&items, span_of("order=asc")));
    assert_false(shape_query_fixed(&items, span_of("after=msg_1")) || shape_query_fixed(&items, span_of("limit=5")));
    assert_false(shape_query_fixed(&items, span_of("include[]=Doe")) || shape_query_fixed(&items, span_of("order")));
    assert_false(query("/v1/conversations/conv_1", logprobs));
}

static void a_path_names_its_dialect(void **state) {
    (void)state;
    assert_int_equal(shape_dialect_of(span_of("/v1/chat/completions")), SHAPE_OPENAI);
    assert_int_equal(shape_dialect_of(span_of("/nowhere")), SHAPE_OPENAI);
    assert_int_equal(shape_dialect_of(span_of("")), SHAPE_OPENAI);
    assert_int_equal(shape_dialect_of(span_of("/v1/messages")), SHAPE_ANTHROPIC);
    assert_int_equal(shape_dialect_of(span_of("/v1/messages/count_tokens")), SHAPE_ANTHROPIC);
    assert_int_equal(shape_dialect_of(span_of("/api/chat")), SHAPE_OLLAMA);
    assert_int_equal(shape_dialect_of(span_of("/v1beta/models/gemini-pro:generateContent")), SHAPE_GOOGLE);
    assert_int_equal(shape_dialect_of(span_of("/v1beta/models/x:streamGenerateContent")), SHAPE_GOOGLE);
}

/* Also proves the order of the table: a key out of place is not found. */
static void known_keys_are_found(void **state) {
    static const char *const known[] = {
        "n", "id", "model", "messages", "role", "content", "name", "text", "type", "image_url", "url", "detail", "input_audio",
        "data", "format", "file", "filename", "file_data", "file_id", "refusal", "audio", "voice", "tool_calls", "function",
        "arguments", "custom", "input", "function_call", "tool_call_id", "reasoning_content", "reasoning", "thinking", "tools",
        "functions", "description", "parameters", "strict", "grammar", "definition", "syntax", "response_format", "json_schema",
        "schema", "prediction", "stop", "web_search_options", "user_location", "approximate", "country", "region", "city",
        "timezone", "metadata", "user", "safety_identifier", "prompt_cache_key", "moderation", "logit_bias", "tool_choice", "store",
        "stream", "stream_options", "include_usage", "include_obfuscation", "logprobs", "top_logprobs", "modalities", "temperature",
        "top_p", "max_tokens", "max_completion_tokens", "seed", "presence_penalty", "frequency_penalty", "prompt", "suffix", "echo",
        "best_of", "dimensions", "encoding_format", "documents", "title", "chat_template", "chat_template_kwargs",
        "structured_outputs", "regex", "choice", "json", "bad_words", "vllm_xargs", "request_id", "session_id", "cache_salt",
        "mm_processor_kwargs", "media_io_kwargs", "kv_transfer_params", "continue_final_message", "stop_token_ids",
        "allowed_token_ids", "logprob_token_ids", "return_prompt_text", "return_token_ids", "prompt_logprobs", "guided_json",
        "previous_response_id", "conversation", "data_sources", "service_tier", "parallel_tool_calls", "reasoning_effort",
        "verbosity", "instructions", "encrypted_content", "background", "max_output_tokens", "vector_store_ids", "system", "source",
        "cache_control", "tool_use_id", "stop_sequences", "output", "summary", "queries", "stdout", "env", "top_k", "min_p", "prompt_string", "multimodal_data", "extra_body", "context",
    };
    static const char *const unknown[] = {
        "", "N", "Model", "MESSAGES", "model ", " model", "modell", "mode1", "patient", "a", "zzzzzzzz", "jane doe",
        "a_key_that_is_longer_than_any_of_the_known_keys",
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!shape_known_key(SHAPE_CHAT, span_of(known[i]))) fail_msg("unknown: %s", known[i]);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_false(shape_known_key(SHAPE_CHAT, span_of(unknown[i])));
    assert_false(shape_known_key(SHAPE_NONE, span_of("model")));
}

static void case_tricks_are_ambiguous(void **state) {
    static const char *const tricks[] = {"Messages", "CONTENT", "mESSAGES", "\xC5\xBFtream", "me\xC5\xBF\xC5\xBF" "ages",
                                         "max_to\xE2\x84\xAA" "ens", "\xC5\xBFTOP"};
    bool ambiguous;
    (void)state;
    for (size_t i = 0; i < sizeof tricks / sizeof *tricks; i++) {
        assert_null(shape_key_find(SHAPE_CHAT, span_of(tricks[i]), &ambiguous));
        assert_true(ambiguous);
    }
    assert_non_null(shape_key_find(SHAPE_CHAT, span_of("content"), &ambiguous));
    assert_false(ambiguous);
    assert_null(shape_key_find(SHAPE_CHAT, span_of("contentss"), &ambiguous));
    assert_false(ambiguous);
}

static enum shape_number number(const char *name, const char *written) {
    return shape_number_of(SHAPE_CHAT, span_of(name), span_of(written));
}

static void long_numbers_are_no_parameters(void **state) {
    static const struct { const char *name, *written; enum shape_number want; } rows[] = {
        {"temperature", "0.7", SHAPE_NUMBER_EXEMPT}, {"temperature", "-0.700000", SHAPE_NUMBER_EXEMPT},
        {"temperature", "0.0000001", SHAPE_NUMBER_SEARCHED}, {"temperature", "0.30000000000000004", SHAPE_NUMBER_SEARCHED},
        {"temperature", "0.00417723", SHAPE_NUMBER_SEARCHED}, {"temperature", "219099999", SHAPE_NUMBER_BEYOND},
        {"temperature", "-219099999", SHAPE_NUMBER_BEYOND}, {"temperature", "2190e999", SHAPE_NUMBER_BEYOND},
        {"temperature", "1.5e-99999", SHAPE_NUMBER_SEARCHED}, {"max_tokens", "999999", SHAPE_NUMBER_EXEMPT},
        {"max_tokens", "8388608", SHAPE_NUMBER_SEARCHED}, {"max_tokens", "10000001", SHAPE_NUMBER_BEYOND},
        {"max_tokens", "99999999999999999999999", SHAPE_NUMBER_BEYOND}, {"seed", "42", SHAPE_NUMBER_EXEMPT},
        {"seed", "219099999", SHAPE_NUMBER_SEARCHED}, {"seed", "9223372036854775807", SHAPE_NUMBER_SEARCHED},
        {"seed", "18446744073709551616", SHAPE_NUMBER_BEYOND}, {"logit_bias.*", "-100", SHAPE_NUMBER_EXEMPT},
        {"logit_bias.*", "2190999", SHAPE_NUMBER_BEYOND}, {"metadata", "7", SHAPE_NUMBER_SEARCHED},
        {"user", "219099999", SHAPE_NUMBER_SEARCHED}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (number(rows[i].name, rows[i].written) != rows[i].want) fail_msg("%s: %s", rows[i].name, rows[i].written);
    assert_true(shape_token_number(span_of("50256")));
    assert_false(shape_token_number(span_of("00417723")));
}

/* A parameter without a limit of its own would refuse each long number. */
static void each_parameter_has_a_limit(void **state) {
    static const char *const names[] = {
        "n", "best_of", "seed", "min_p", "top_p", "top_k", "speed", "temperature", "length_penalty", "presence_penalty",
        "frequency_penalty", "repetition_penalty", "logprobs", "top_logprobs", "prompt_logprobs", "priority", "dimensions",
        "outputDimensionality", "max_tokens", "min_tokens", "max_output_tokens", "max_completion_tokens",
        "truncate_prompt_tokens", "max_tool_calls", "partial_images", "output_compression"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        unsigned places = 0;
        for (enum shape_endpoint e = SHAPE_NONE; e < SHAPE_ENDPOINTS; e++) {
            if (!shape_parameter(e, span_of(names[i]))) continue;
            places++;
            if (shape_number_of(e, span_of(names[i]), span_of("0.0000001")) != SHAPE_NUMBER_SEARCHED) fail_msg("%s", names[i]);
            if (shape_number_of(e, span_of(names[i]), span_of("1.0000001")) != SHAPE_NUMBER_SEARCHED) fail_msg("no limit: %s", names[i]);
        }
        if (places == 0) fail_msg("no parameter: %s", names[i]);
    }
}

static void parameters_are_so_at_their_place_only(void **state) {
    (void)state;
    assert_true(shape_parameter(SHAPE_CHAT, span_of("temperature")));
    assert_true(shape_parameter(SHAPE_CHAT, span_of("seed")));
    assert_true(shape_parameter(SHAPE_CHAT, span_of("logit_bias.*")));
    assert_true(shape_parameter(SHAPE_EMBEDDINGS, span_of("dimensions")));
    assert_false(shape_parameter(SHAPE_EMBEDDINGS, span_of("temperature")));
    assert_false(shape_parameter(SHAPE_CHAT, span_of("dimensions")));
    assert_false(shape_parameter(SHAPE_CHAT, span_of("metadata.*")));
    assert_false(shape_parameter(SHAPE_CHAT, span_of("messages[0].seed")));
    assert_false(shape_parameter(SHAPE_CHAT, span_of("user")));
    assert_false(shape_parameter(SHAPE_CHAT, span_of("*")));
    assert_false(shape_parameter(SHAPE_NONE, span_of("seed")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_table_is_served),
        cmocka_unit_test(a_path_names_its_dialect),
        cmocka_unit_test(a_path_may_name_an_object_and_its_item),
        cmocka_unit_test(a_path_may_name_the_model),
        cmocka_unit_test(queries_are_of_the_table),
        cmocka_unit_test(what_a_stored_response_is_asked_for),
        cmocka_unit_test(known_keys_are_found),
        cmocka_unit_test(case_tricks_are_ambiguous),
        cmocka_unit_test(parameters_are_so_at_their_place_only),
        cmocka_unit_test(long_numbers_are_no_parameters),
        cmocka_unit_test(each_parameter_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
