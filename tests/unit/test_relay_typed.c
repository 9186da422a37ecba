/* SPDX-License-Identifier: Apache-2.0
 *
 * Streams of typed events, relayed whole, cut at every byte and byte by byte; the output must be the same. All copies of
 * a text agree; numbers of events stay; what is signed stays; what is cut says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/relay.h"
#include "../../proxy/tokens.h"

#define EVENT(name, members) "event: " name "\ndata: {\"type\":\"" name "\"," members "}\n\n"
#define DELTA(n, text) \
    EVENT("response.output_text.delta", "\"sequence_number\":" #n ",\"item_id\":\"m1\",\"output_index\":0," \
          "\"content_index\":0,\"delta\":\"" text "\"")
#define WHOLE(n, text) \
    EVENT("response.output_text.done", "\"sequence_number\":" #n ",\"item_id\":\"m1\",\"output_index\":0," \
          "\"content_index\":0,\"text\":\"" text "\"")
#define COMPLETED(n, text) \
    EVENT("response.completed", "\"sequence_number\":" #n ",\"response\":{\"id\":\"r\",\"output\":[{\"type\":\"message\"," \
          "\"content\":[{\"type\":\"output_text\",\"text\":\"" text "\"}]}],\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}")
#define ARGS(n, index, text) \
    EVENT("response.function_call_arguments.delta", "\"sequence_number\":" #n ",\"item_id\":\"f\",\"output_index\":" #index \
          ",\"delta\":\"" text "\"")
#define FAILED(n, code, message) \
    "event: error\ndata: {\"type\":\"error\",\"sequence_number\":" #n ",\"code\":\"" code "\",\"message\":\"" message \
    "\",\"param\":null,\"error\":{\"message\":\"" message " Request req-1.\",\"type\":\"upstream_error\",\"param\":null," \
    "\"code\":\"" code "\"}}\n\n"
#define CUT(n) FAILED(n, "upstream_cut", "The answer of the model ended early and is not complete.")
#define INVALID(n) FAILED(n, "upstream_invalid", "The answer of the model could not be read and was stopped.")
#define BLOCK(text) \
    EVENT("content_block_delta", "\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"" text "\"}")
#define STOP EVENT("message_stop", "\"x\":0")

static struct arena *arena;
static struct tokens *tokens;

static int setup(void **state) {
    (void)state;
    arena = arena_new(1u << 20);
    tokens = tokens_new(arena);
    tokens_put(tokens, PHI_NAME_PATIENT, span_of("Ada Quill"), 0);
    tokens_put(tokens, PHI_GEO_STREET, span_of("1 \"Elm\"\n"), 0);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

struct output {
    struct buf bytes;
    enum relay_end end;
    struct relay_result result;
};

/* step 0: cut once, at cut. */
static struct output run(const char *type, enum shape_endpoint e, bool json_mode, struct span in, size_t step, size_t cut) {
    struct output x = {0};
    buf_init(&x.bytes, 1u << 22);
    struct relay *r = relay_new(e, tokens, json_mode, 1u << 16, 1u << 20);
    assert_non_null(r);
    assert_true(relay_begin(r, 200, span_of(type)));
    int pushed = 0;
    if (step == 0) {
        pushed = relay_push(r, span_sub(in, 0, cut), &x.bytes);
        if (pushed == 0) pushed = relay_push(r, span_sub(in, cut, in.len), &x.bytes);
    }
    for (size_t i = 0; step && pushed == 0 && i < in.len; i += step)
        pushed = relay_push(r, span_sub(in, i, i + step), &x.bytes);
    x.end = relay_end(r, true, span_of("req-1"), &x.bytes);
    x.result = *relay_result(r);
    relay_free(r);
    return x;
}

static struct relay_result check_as(const char *type, enum shape_endpoint e, bool json_mode, const char *in,
                                    const char *want, enum relay_end end) {
    struct span bytes = span_of(in);
    struct output whole = run(type, e, json_mode, bytes, 0, bytes.len);

    size_t same = 0;
    while (same < whole.bytes.len && whole.bytes.ptr[same] == want[same])
        same++;
    if (same != whole.bytes.len || want[same])
        fail_msg("at %zu: %.*s, not %s", same, (int)(whole.bytes.len - same), whole.bytes.ptr + same, want + same);
    assert_int_equal(whole.end, end);
    for (size_t cut = 0; cut <= bytes.len + 5; cut++) {
        struct output x = cut > bytes.len ? run(type, e, json_mode, bytes, cut - bytes.len, 0) : run(type, e, json_mode, bytes, 0, cut);
        if (!span_equal(buf_span(&x.bytes), buf_span(&whole.bytes)) || x.end != end ||
            memcmp(&x.result, &whole.result, sizeof x.result) != 0)
            fail_msg("differs when cut at %zu", cut);
        buf_free(&x.bytes);
    }
    buf_free(&whole.bytes);
    return whole.result;
}

static struct relay_result check(enum shape_endpoint e, bool json_mode, const char *in, const char *want,
                                 enum relay_end end) {
    return check_as("text/event-stream", e, json_mode, in, want, end);
}

static struct relay_result response(const char *in, const char *want) {
    return check(SHAPE_RESPONSES, false, in, want, RELAY_COMPLETE);
}

static void all_copies_agree(void **state) {
    (void)state;
    struct relay_result r = response(
        DELTA(1, "Dear [NA") DELTA(2, "ME_1], [NAME_9]") WHOLE(3, "Dear [NAME_1], [NAME_9]") COMPLETED(4, "Dear [NAME_1], [NAME_9]"),
        DELTA(1, "Dear ") DELTA(2, "Ada Quill, [NAME_9]") WHOLE(3, "Dear Ada Quill, [NAME_9]")
            COMPLETED(4, "Dear Ada Quill, [NAME_9]"));
    assert_int_equal(r.counts.restored, 1);
    assert_int_equal(r.counts.unknown, 1);
    assert_int_equal(r.usage_in, 3);
    assert_int_equal(r.usage_out, 4);
}

static void what_is_held_goes_out_before_its_copy(void **state) {
    (void)state;
    response(DELTA(1, "a [NAME_1") WHOLE(2, "a [NAME_1") COMPLETED(3, "a [NAME_1"),
             DELTA(1, "a ") DELTA(1, "[NAME_1") WHOLE(2, "a [NAME_1") COMPLETED(3, "a [NAME_1"));
    response(DELTA(1, "a [NAME_1") COMPLETED(3, "a [NAME_1"), DELTA(1, "a ") DELTA(1, "[NAME_1") COMPLETED(3, "a [NAME_1"));
}

static void texts_are_kept_apart_by_their_numbers(void **state) {
    (void)state;
    response(ARGS(1, 0, "{\\\"a\\\":\\\"[NAM") ARGS(2, 1, "{\\\"b\\\":\\\"[GEO") ARGS(3, 0, "E_1]\\\"}")
                 ARGS(4, 1, "_1]\\\"}") COMPLETED(5, ""),
             ARGS(1, 0, "{\\\"a\\\":\\\"") ARGS(2, 1, "{\\\"b\\\":\\\"") ARGS(3, 0, "Ada Quill\\\"}")
                 ARGS(4, 1, "1 \\\\\\\"Elm\\\\\\\"\\\\n\\\"}") COMPLETED(5, ""));
}

static void json_mode_escapes_once_more(void **state) {
    (void)state;
    check(SHAPE_RESPONSES, true,
          DELTA(1, "{\\\"a\\\":\\\"[GEO_1]\\\"}") WHOLE(2, "{\\\"a\\\":\\\"[GEO_1]\\\"}") COMPLETED(3, "{\\\"a\\\":\\\"[GEO_1]\\\"}"),
          DELTA(1, "{\\\"a\\\":\\\"1 \\\\\\\"Elm\\\\\\\"\\\\n\\\"}") WHOLE(2, "{\\\"a\\\":\\\"1 \\\\\\\"Elm\\\\\\\"\\\\n\\\"}")
              COMPLETED(3, "{\\\"a\\\":\\\"1 \\\\\\\"Elm\\\\\\\"\\\\n\\\"}"), RELAY_COMPLETE);
}

/* One example of each type of event that carries text; the token stands whole in the delta and in its copy. */
static void every_text_channel_is_restored(void **state) {
#define AT "\"item_id\":\"i\",\"output_index\":2,"
#define EVENTS(T)                                                                                                             \
    EVENT("response.refusal.delta", AT "\"content_index\":0,\"delta\":\"" T "\"")                                            \
    EVENT("response.refusal.done", AT "\"content_index\":0,\"refusal\":\"" T "\"")                                           \
    EVENT("response.reasoning_text.delta", AT "\"content_index\":0,\"delta\":\"" T "\"")                                     \
    EVENT("response.reasoning_text.done", AT "\"content_index\":0,\"text\":\"" T "\"")                                       \
    EVENT("response.reasoning_summary_text.delta", AT "\"summary_index\":0,\"delta\":\"" T "\"")                             \
    EVENT("response.reasoning_summary_text.done", AT "\"summary_index\":0,\"text\":\"" T "\"")                               \
    EVENT("response.reasoning_summary_part.done", AT "\"summary_index\":0,\"part\":{\"type\":\"summary_text\",\"text\":\"" T "\"}") \
    EVENT("response.mcp_call_arguments.delta", AT "\"delta\":\"{\\\"a\\\":\\\"" T "\\\"}\"")                                 \
    EVENT("response.mcp_call_arguments.done", AT "\"arguments\":\"{\\\"a\\\":\\\"" T "\\\"}\"")                              \
    EVENT("response.custom_tool_call_input.delta", AT "\"delta\":\"" T "\"")                                                 \
    EVENT("response.custom_tool_call_input.done", AT "\"input\":\"" T "\"")                                                  \
    EVENT("response.code_interpreter_call_code.delta", AT "\"delta\":\"" T "\"")                                             \
    EVENT("response.code_interpreter_call_code.done", AT "\"code\":\"" T "\"")                                               \
    EVENT("response.shell_call_command.delta", "\"output_index\":2,\"command_index\":0,\"delta\":\"" T "\"")                 \
    EVENT("response.shell_call_command.done", "\"output_index\":2,\"command_index\":0,\"command\":\"" T "\"")                \
    EVENT("response.shell_call_output_content.delta", AT "\"command_index\":0,\"delta\":{\"stdout\":\"" T "\",\"stderr\":\"" T "\"}") \
    EVENT("response.shell_call_output_content.done", AT "\"command_index\":0,\"output\":[{\"stdout\":\"" T "\"}]")           \
    EVENT("response.audio.transcript.delta", "\"delta\":\"" T "\"")                                                         \
    EVENT("response.content_part.done", AT "\"content_index\":0,\"part\":{\"type\":\"refusal\",\"refusal\":\"" T "\"}")      \
    EVENT("response.output_item.done", "\"output_index\":2,\"item\":{\"type\":\"reasoning\",\"encrypted_content\":\"[NAME_1]\",\"summary\":[{\"text\":\"" T "\"}]}") \
    EVENT("response.something_new.delta", AT "\"delta\":\"" T "\"")                                                         \
    EVENT("response.failed", "\"response\":{\"instructions\":\"" T "\",\"metadata\":{\"id\":\"" T "\"},\"error\":{\"message\":\"" T "\"}}")
    (void)state;
    check(SHAPE_RESPONSES, false, EVENTS("[NAME_1]"), EVENTS("Ada Quill"), RELAY_COMPLETE);
}

static void what_is_no_text_stays(void **state) {
    static const char events[] =
        EVENT("response.audio.delta", "\"delta\":\"AAAA\"")
        EVENT("response.output_text.delta", "\"item_id\":\"i\",\"output_index\":0,\"content_index\":0,\"delta\":\"x\","
              "\"logprobs\":[{\"token\":\"[NAME_1]\",\"bytes\":[91]}]")
        EVENT("response.web_search_call.searching", "\"item_id\":\"[NAME_1]\"") ": ping\n\n" COMPLETED(9, "x");
    (void)state;
    response(events, events);
}

static void a_citation_moves_with_its_text(void **state) {
#define CITE(a, b)                                                                                                           \
    EVENT("response.output_text.annotation.added", "\"item_id\":\"m1\",\"output_index\":0,\"content_index\":0,"              \
          "\"annotation\":{\"type\":\"url_citation\",\"url\":\"https://x.example/[NAME_1]\",\"start_index\":" #a ",\"end_index\":" #b "}")
    (void)state;
    response(DELTA(1, "Ask [NAME_1] now") CITE(13, 16) COMPLETED(2, ""), DELTA(1, "Ask Ada Quill now") CITE(14, 17) COMPLETED(2, ""));
}

static void padding_of_an_edited_event_is_dropped(void **state) {
    (void)state;
    response(EVENT("response.output_text.delta", "\"output_index\":0,\"delta\":\"[NAME_1]\",\"obfuscation\":\"abc\"") COMPLETED(2, ""),
             EVENT("response.output_text.delta", "\"output_index\":0,\"delta\":\"Ada Quill\"") COMPLETED(2, ""));
}

static void ends(void **state) {
    (void)state;
    response(COMPLETED(1, "x") "data: [DONE]\n\n" DELTA(3, "late"), COMPLETED(1, "x") "data: [DONE]\n\n");
    response(COMPLETED(1, "x") DELTA(2, "late"), COMPLETED(1, "x"));
    check(SHAPE_RESPONSES, false, DELTA(7, "a [NA"), DELTA(7, "a ") DELTA(7, "[NA") CUT(8), RELAY_CUT);
    check(SHAPE_RESPONSES, false, "", CUT(1), RELAY_CUT);
    check(SHAPE_RESPONSES, false, "data: {\"type\":\n\n", INVALID(1), RELAY_BAD);
    check(SHAPE_RESPONSES, false, EVENT("error", "\"message\":\"no [NAME_1]\""), EVENT("error", "\"message\":\"no Ada Quill\""),
          RELAY_CUT);
}

static void lines(void **state) {
#define LINE(text) "{\"model\":\"m\",\"message\":{\"role\":\"assistant\",\"content\":\"" text "\"},\"done\":false}\n"
#define LAST(text) "{\"model\":\"m\",\"message\":{\"content\":\"" text "\"},\"done\":true,\"prompt_eval_count\":3,\"eval_count\":4}\n"
#define GENERATED(text) "{\"response\":\"" text "\",\"done\":false}\n"
#define ENDED "{\"error\":\"The answer of the model ended early and is not complete. Request req-1.\"}\n"
    (void)state;
    struct relay_result r = check_as("application/x-ndjson", SHAPE_OLLAMA_CHAT, false, LINE("Dear [NA") LINE("ME_1]") LAST(""),
                                     LINE("Dear ") LINE("Ada Quill") LAST(""), RELAY_COMPLETE);
    assert_int_equal(r.counts.restored, 1);
    assert_int_equal(r.usage_in, 3);
    assert_int_equal(r.usage_out, 4);
    check_as("application/x-ndjson", SHAPE_OLLAMA_CHAT, false, LINE("a [NAM") "\r\n\n" LAST("E_1] [NA") LINE("late"),
             LINE("a ") LAST("Ada Quill [NA"), RELAY_COMPLETE);
    check_as("application/x-ndjson", SHAPE_OLLAMA_GENERATE, false, GENERATED("a [NA") "{\"done\":true}",
             GENERATED("a ") GENERATED("[NA") "{\"done\":true}\n", RELAY_COMPLETE);
    check_as("application/x-ndjson", SHAPE_OLLAMA_GENERATE, true, GENERATED("{\\\"a\\\":\\\"[GEO_1]\\\"}") "{\"done\":true}\n",
             GENERATED("{\\\"a\\\":\\\"1 \\\\\\\"Elm\\\\\\\"\\\\n\\\"}") "{\"done\":true}\n", RELAY_COMPLETE);
    check_as("application/x-ndjson", SHAPE_OLLAMA_CHAT, false, LINE("x"), LINE("x") ENDED, RELAY_CUT);
    check_as("application/x-ndjson", SHAPE_OLLAMA_CHAT, false, LINE("x") "{\"error\":\"no [NAME_1]\"}\n",
             LINE("x") "{\"error\":\"no Ada Quill\"}\n", RELAY_CUT);
    check_as("application/x-ndjson", SHAPE_OLLAMA_CHAT, false, "nonsense\n",
             "{\"error\":\"The answer of the model could not be read and was stopped. Request req-1.\"}\n", RELAY_BAD);
}

static void anthropic(void **state) {
#define THOUGHT "\"index\":1,\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"[NAME_1]\"}"
#define SIGNED "\"index\":1,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"[NAME_1]\"}"
#define TOOL(text) EVENT("content_block_delta", "\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"" text "\"}")
    (void)state;
    struct relay_result r = check(SHAPE_MESSAGES_API, false,
        EVENT("message_start", "\"message\":{\"content\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}")
            BLOCK("To [NAME") BLOCK("_1]") BLOCK("[NA") EVENT("content_block_stop", "\"index\":0")
            EVENT("content_block_delta", THOUGHT) EVENT("content_block_delta", SIGNED)
            TOOL("{\\\"a\\\": \\\"[GEO_") TOOL("1]\\\"}") EVENT("ping", "\"x\":1")
            EVENT("message_delta", "\"usage\":{\"output_tokens\":5}") STOP,
        EVENT("message_start", "\"message\":{\"content\":[],\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}")
            BLOCK("To ") BLOCK("Ada Quill") BLOCK("") BLOCK("[NA") EVENT("content_block_stop", "\"index\":0")
            EVENT("content_block_delta", THOUGHT) EVENT("content_block_delta", SIGNED)
            TOOL("{\\\"a\\\": \\\"") TOOL("1 \\\\\\\"Elm\\\\\\\"\\\\n\\\"}") EVENT("ping", "\"x\":1")
            EVENT("message_delta", "\"usage\":{\"output_tokens\":5}") STOP, RELAY_COMPLETE);
    assert_int_equal(r.counts.restored, 2);
    assert_int_equal(r.usage_in, 9);
    assert_int_equal(r.usage_out, 5);
    check(SHAPE_MESSAGES_API, false, BLOCK("x"),
          BLOCK("x") "event: error\ndata: {\"type\":\"error\",\"error\":{\"message\":\"The answer of the model ended early and is "
          "not complete. Request req-1.\",\"type\":\"api_error\"}}\n\n", RELAY_CUT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_copies_agree),
        cmocka_unit_test(what_is_held_goes_out_before_its_copy),
        cmocka_unit_test(texts_are_kept_apart_by_their_numbers),
        cmocka_unit_test(json_mode_escapes_once_more),
        cmocka_unit_test(every_text_channel_is_restored),
        cmocka_unit_test(what_is_no_text_stays),
        cmocka_unit_test(a_citation_moves_with_its_text),
        cmocka_unit_test(padding_of_an_edited_event_is_dropped),
        cmocka_unit_test(ends),
        cmocka_unit_test(lines),
        cmocka_unit_test(anthropic),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
