/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers in the OpenAI format, as whole documents and as recorded streams. Every stream is relayed whole, cut at every
 * byte and byte by byte; the output must be the same. Negative cases: cut, broken, oversized, of the wrong kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/relay.h"
#include "../../proxy/tokens.h"

#define SSE_TYPE "text/event-stream; charset=utf-8"
#define JSON_TYPE "application/json"
#define HEAD "\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\""
#define EVENT(json) "data: " json "\n\n"
#define CHUNK(choices) EVENT("{" HEAD ",\"choices\":[" choices "]}")
#define DELTA(n, delta) "{\"index\":" #n ",\"delta\":{" delta "},\"logprobs\":null,\"finish_reason\":null}"
#define CONTENT(n, text) CHUNK(DELTA(n, "\"content\":\"" text "\""))
#define FINISH(n) CHUNK("{\"index\":" #n ",\"delta\":{},\"finish_reason\":\"stop\"}")
#define ARGS(n, k, text) CHUNK(DELTA(n, "\"tool_calls\":[{\"index\":" #k ",\"function\":{\"arguments\":\"" text "\"}}]"))
#define DONE EVENT("[DONE]")
#define CUT                                                                                                                  \
    EVENT("{\"error\":{\"message\":\"The answer of the model ended early and is not complete. Request req-1.\","             \
          "\"type\":\"upstream_error\",\"param\":null,\"code\":\"upstream_cut\"}}")
#define INVALID                                                                                                              \
    EVENT("{\"error\":{\"message\":\"The answer of the model could not be read and was stopped. Request req-1.\","           \
          "\"type\":\"upstream_error\",\"param\":null,\"code\":\"upstream_invalid\"}}")

static struct arena *arena;
static struct tokens *tokens;

/* NAME_1 Ada Quill, NAME_2..9 Nx, NAME_10 Bo "B" Vance, DATE_1, GEO_1 with backslash and line break, NAME_11 José. */
static int setup(void **state) {
    char name[16];
    (void)state;
    arena = arena_new(1u << 20);
    tokens = tokens_new(arena);
    tokens_put(tokens, PHI_NAME_PATIENT, span_of("Ada Quill"), 0);
    for (int i = 2; i < 10; i++) {
        snprintf(name, sizeof name, "N%d", i);
        tokens_put(tokens, PHI_NAME_PATIENT, span_of(name), 0);
    }
    tokens_put(tokens, PHI_NAME_PATIENT, span_of("Bo \"B\" Vance"), 0);
    tokens_put(tokens, PHI_DATE_DOB, span_of("03/04/1951"), 0);
    tokens_put(tokens, PHI_GEO_STREET, span_of("1 Elm\\St\nSpringfield"), 0);
    tokens_put(tokens, PHI_NAME_PATIENT, span_of("Jos\xc3\xa9"), 0);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

struct input {
    const char *type;
    struct span bytes;
    bool json_mode, broken; /* broken: the connection ended without its framing */
    size_t event_ceiling, body_ceiling;
};

struct output {
    struct buf bytes;
    enum relay_end end;
    struct relay_result result;
};

/* step 0: cut once, at cut. */
static struct output run(const struct input *in, size_t step, size_t cut) {
    struct output x = {0};
    buf_init(&x.bytes, 1u << 22);
    struct relay *r = relay_new(SHAPE_CHAT, tokens, in->json_mode, in->event_ceiling ? in->event_ceiling : 1u << 16,
                                in->body_ceiling ? in->body_ceiling : 1u << 20);
    assert_non_null(r);
    relay_begin(r, 200, span_of(in->type));
    int pushed = 0;
    if (step == 0) {
        pushed = relay_push(r, span_sub(in->bytes, 0, cut), &x.bytes);
        if (pushed == 0) pushed = relay_push(r, span_sub(in->bytes, cut, in->bytes.len), &x.bytes);
    }
    for (size_t i = 0; step && pushed == 0 && i < in->bytes.len; i += step)
        pushed = relay_push(r, span_sub(in->bytes, i, i + step), &x.bytes);
    x.end = relay_end(r, !in->broken, span_of("req-1"), &x.bytes);
    if (pushed < 0) assert_int_equal(x.end, RELAY_BAD);
    x.result = *relay_result(r);
    relay_free(r);
    return x;
}

static struct relay_result check(struct input in, const char *expected, enum relay_end end) {
    struct output whole = run(&in, 0, in.bytes.len);

    if (!span_is(buf_span(&whole.bytes), expected))
        fail_msg("\n got  %.*s\n want %s", (int)whole.bytes.len, whole.bytes.len ? whole.bytes.ptr : "", expected);
    assert_int_equal(whole.end, end);
    for (size_t cut = 0; cut <= in.bytes.len + 5; cut++) {
        struct output x = cut > in.bytes.len ? run(&in, cut - in.bytes.len, 0) : run(&in, 0, cut);
        if (!span_equal(buf_span(&x.bytes), buf_span(&whole.bytes)) || x.end != end ||
            memcmp(&x.result, &whole.result, sizeof x.result) != 0)
            fail_msg("differs when cut at %zu", cut);
        buf_free(&x.bytes);
    }
    buf_free(&whole.bytes);
    return whole.result;
}

static struct relay_result stream(const char *in, const char *out, enum relay_end end) {
    return check((struct input){.type = SSE_TYPE, .bytes = span_of(in)}, out, end);
}

static struct relay_result json(const char *in, const char *out) {
    return check((struct input){.type = JSON_TYPE, .bytes = span_of(in)}, out, RELAY_COMPLETE);
}

static void bad_json(const char *in) {
    check((struct input){.type = JSON_TYPE, .bytes = span_of(in)}, "", RELAY_BAD);
}

/* ---- documents ---- */

static void a_completion_gets_its_values(void **state) {
    (void)state;
    struct relay_result x = json(
        "{ \"id\":\"chatcmpl-[NAME_1]\", \"model\":\"[NAME_1]\",\n \"choices\": [{\"index\":0, \"message\":{\"role\":\"assistant\","
        "\"content\":\"Dear [NAME_1], \\u00e9 [DATE_1] [NAME_99]\",\"refusal\":null,\"reasoning_content\":\"[NAME_10]?\"},"
        "\"logprobs\":{\"content\":[{\"token\":\"[NAME_1]\",\"bytes\":[91],\"top_logprobs\":[]}]},\"finish_reason\":\"stop\"}],"
        "\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":7,\"prompt_tokens_details\":{\"prompt_tokens\":99}},"
        "\"new_field\":{\"deep\":[\"[NAME_1]\",1.50e3,\"\\u005bNAME_2]\"]}}",
        "{ \"id\":\"chatcmpl-[NAME_1]\", \"model\":\"[NAME_1]\",\n \"choices\": [{\"index\":0, \"message\":{\"role\":\"assistant\","
        "\"content\":\"Dear Ada Quill, \xc3\xa9 03/04/1951 [NAME_99]\",\"refusal\":null,\"reasoning_content\":\"Bo \\\"B\\\" Vance?\"},"
        "\"logprobs\":{\"content\":[{\"token\":\"[NAME_1]\",\"bytes\":[91],\"top_logprobs\":[]}]},\"finish_reason\":\"stop\"}],"
        "\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":7,\"prompt_tokens_details\":{\"prompt_tokens\":99}},"
        "\"new_field\":{\"deep\":[\"Ada Quill\",1.50e3,\"N2\"]}}");
    assert_int_equal(x.usage_in, 12);
    assert_int_equal(x.usage_out, 7);
    assert_int_equal(x.counts.restored, 5);
    assert_int_equal(x.counts.unknown, 1);
}

static void what_no_edit_touches_stays_byte_for_byte(void **state) {
    (void)state;
    const char *same[] = {
        "{\"a\":\"\\u00e9\\/\\ud83d\\ude00\",\"n\":-0.10E+2,  \"choices\":[ ]}",
        "{\"choices\":[{\"message\":{\"content\":\"\\u0041 [x] \\/\"}}]}\n",
        "[]",
        "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,\"embedding\":[0.1,-2e-3]}]}",
        "{\"data\":[{\"embedding\":\"W05BTUVfMV0=\"},{\"b64_json\":\"[NAME_1]\"}]}",
        "{\"object\":\"list\",\"data\":[{\"id\":\"[NAME_1]\",\"object\":\"model\",\"owned_by\":\"[NAME_1]\"}]}",
        "{\"[NAME_1]\":1,\"image_url\":{\"url\":\"[NAME_1]\"},\"file_id\":\"[NAME_1]\",\"signature\":\"[NAME_1]\"}",
        "{\"encrypted_content\":\"[NAME_1]\",\"SOURCE_URL\":\"[NAME_1]\",\"system_fingerprint\":\"[NAME_1]\"}",
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        json(same[i], same[i]);
}

static void tool_calls_in_a_document(void **state) {
    (void)state;
    json("{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":\"[NAME_1]\",\"type\":\"function\",\"function\":"
         "{\"name\":\"[NAME_1]\",\"arguments\":\"{\\\"n\\\":\\\"[NAME_10]\\\",\\\"g\\\":\\\"[GEO_1]\\\"}\"}},"
         "{\"type\":\"custom\",\"custom\":{\"name\":\"x\",\"input\":\"say \\\"[NAME_10]\\\"\"}}],"
         "\"function_call\":{\"name\":\"[NAME_2]\",\"arguments\":\"{\\\"u\\\":\\\"https:\\\\/\\\\/e.example\\\\/[NAME_1]\\\"}\"}}}]}",
         "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":\"[NAME_1]\",\"type\":\"function\",\"function\":"
         "{\"name\":\"[NAME_1]\",\"arguments\":\"{\\\"n\\\":\\\"Bo \\\\\\\"B\\\\\\\" Vance\\\",\\\"g\\\":\\\"1 Elm\\\\\\\\St\\\\nSpringfield\\\"}\"}},"
         "{\"type\":\"custom\",\"custom\":{\"name\":\"x\",\"input\":\"say \\\"Bo \\\"B\\\" Vance\\\"\"}}],"
         "\"function_call\":{\"name\":\"[NAME_2]\",\"arguments\":\"{\\\"u\\\":\\\"https:\\\\/\\\\/e.example\\\\/[NAME_1]\\\"}\"}}}]}");
}

static void json_mode_escapes_contents(void **state) {
    (void)state;
    const char *in = "{\"choices\":[{\"message\":{\"content\":\"{\\\"n\\\":\\\"[NAME_10]\\\"}\",\"reasoning\":\"\\\"[NAME_10]\\\"\"}}]}";
    check((struct input){.type = JSON_TYPE, .bytes = span_of(in), .json_mode = true},
          "{\"choices\":[{\"message\":{\"content\":\"{\\\"n\\\":\\\"Bo \\\\\\\"B\\\\\\\" Vance\\\"}\",\"reasoning\":\"\\\"Bo \\\"B\\\" Vance\\\"\"}}]}",
          RELAY_COMPLETE);
}

static void citations_move_with_their_text(void **state) {
    (void)state;
    json("{\"choices\":[{\"message\":{\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"start_index\":12,\"end_index\":15,"
         "\"url\":\"https://x.example/[NAME_1]\",\"title\":\"[NAME_1]\"}}],\"content\":\"\xc3\xa9 [NAME_11] src\"}}]}",
         "{\"choices\":[{\"message\":{\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"start_index\":7,\"end_index\":10,"
         "\"url\":\"https://x.example/[NAME_1]\",\"title\":\"Ada Quill\"}}],\"content\":\"\xc3\xa9 Jos\xc3\xa9 src\"}}]}");
}

static void errors_quote_the_request(void **state) {
    (void)state;
    json("{\"error\":{\"message\":\"Invalid value: '[NAME_1]'\",\"type\":\"invalid_request_error\",\"param\":\"messages\",\"code\":null}}",
         "{\"error\":{\"message\":\"Invalid value: 'Ada Quill'\",\"type\":\"invalid_request_error\",\"param\":\"messages\",\"code\":null}}");
    json("{\"detail\":[{\"loc\":[\"body\"],\"input\":\"[NAME_1]\"}]}", "{\"detail\":[{\"loc\":[\"body\"],\"input\":\"Ada Quill\"}]}");
    json("\"no such [NAME_1]\"", "\"no such Ada Quill\"");
    json("{\"metadata\":{\"name\":\"[NAME_1]\",\"id\":\"[NAME_2]\"},\"name\":\"[NAME_1]\"}",
         "{\"metadata\":{\"name\":\"Ada Quill\",\"id\":\"N2\"},\"name\":\"Ada Quill\"}");
}

static void what_is_no_answer(void **state) {
    (void)state;
    bad_json("");
    bad_json("{");
    bad_json("{\"a\":1,\"a\":2}");
    bad_json("{\"a\":\"\\ud800\"}");
    bad_json("<html>[NAME_1]</html>");
    bad_json("{\"a\":\"[NAME_1]\"} x");
    const char *types[] = {"text/html", "text/plain", "application/octet-stream", "application/jsonx", "audio/mpeg", "application/x-ndjson"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        check((struct input){.type = types[i], .bytes = span_of("{\"a\":\"[NAME_1]\"}")}, "", RELAY_BAD);
    check((struct input){.type = JSON_TYPE, .bytes = span_of("{\"a\":"), .broken = true}, "", RELAY_CUT);
    check((struct input){.type = JSON_TYPE, .bytes = span_of("{\"a\":12345}"), .body_ceiling = 10}, "", RELAY_BAD);
    const char *accepted[] = {"", "application/problem+json", "APPLICATION/JSON;charset=utf-8", " application/json ; x=y"};
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++)
        check((struct input){.type = accepted[i], .bytes = span_of("{\"a\":\"[NAME_1]\"}")}, "{\"a\":\"Ada Quill\"}", RELAY_COMPLETE);
}

/* ---- streams ---- */

static void a_stream_gets_its_values(void **state) {
    (void)state;
    struct relay_result x = stream(
        CHUNK(DELTA(0, "\"role\":\"assistant\",\"content\":\"\"")) CONTENT(0, "Dear") CONTENT(0, " [") CONTENT(0, "NAME")
            CONTENT(0, "_") CONTENT(0, "1") CONTENT(0, "],") CONTENT(0, " hi") FINISH(0)
                EVENT("{" HEAD ",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6,\"total_tokens\":11}}") DONE,
        CHUNK(DELTA(0, "\"role\":\"assistant\",\"content\":\"\"")) CONTENT(0, "Dear") CONTENT(0, " ") CONTENT(0, "")
            CONTENT(0, "") CONTENT(0, "") CONTENT(0, "Ada Quill,") CONTENT(0, " hi") FINISH(0)
                EVENT("{" HEAD ",\"choices\":[],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6,\"total_tokens\":11}}") DONE,
        RELAY_COMPLETE);
    assert_int_equal(x.counts.restored, 1);
    assert_int_equal(x.usage_in, 5);
    assert_int_equal(x.usage_out, 6);
    assert_int_equal(x.events, 11);
}

/* A token cut at every border of deltas: the text that arrives is always the same. */
static void a_token_cut_anywhere(void **state) {
    (void)state;
    const char *text = "a [NAME_10][NAME_1]b";
    char in[2048], out[256];
    for (size_t cut = 0; cut <= strlen(text); cut++) {
        for (size_t second = cut; second <= strlen(text); second++) {
            snprintf(in, sizeof in, CONTENT(0, "%.*s") CONTENT(0, "%.*s") CONTENT(0, "%s") FINISH(0) DONE, (int)cut, text,
                     (int)(second - cut), text + cut, text + second);
            struct input i = {.type = SSE_TYPE, .bytes = span_of(in)};
            struct output x = run(&i, 0, 0);
            assert_int_equal(x.end, RELAY_COMPLETE);
            size_t n = 0;
            for (char *p = x.bytes.ptr, *end = p + x.bytes.len; (p = memmem(p, (size_t)(end - p), "\"content\":\"", 11));) {
                for (p += 11; *p != '"'; p++)
                    out[n++] = *p == '\\' ? *++p : *p;
            }
            out[n] = 0;
            assert_string_equal(out, "a Bo \"B\" VanceAda Quillb");
            buf_free(&x.bytes);
        }
    }
}

static void choices_interleave(void **state) {
    (void)state;
    stream(CONTENT(0, "[NA") CONTENT(1, "[DA") CHUNK(DELTA(0, "\"content\":\"ME_1]\"") "," DELTA(1, "\"content\":\"TE_1]\""))
               CONTENT(1, "[") CONTENT(0, "[NAME_2") FINISH(1) FINISH(0) DONE,
           CONTENT(0, "") CONTENT(1, "") CHUNK(DELTA(0, "\"content\":\"Ada Quill\"") "," DELTA(1, "\"content\":\"03/04/1951\""))
               CONTENT(1, "") CONTENT(0, "") CONTENT(1, "[") FINISH(1) CONTENT(0, "[NAME_2") FINISH(0) DONE,
           RELAY_COMPLETE);
    /* The index may stand behind the text, and places are not indexes. */
    stream(CHUNK("{\"delta\":{\"content\":\"[NAME_\"},\"index\":1}") CHUNK("{\"delta\":{\"content\":\"x\"},\"index\":0}")
               CHUNK("{\"index\":0,\"delta\":{\"content\":\"y\"}},{\"index\":1,\"delta\":{\"content\":\"1]\"}}") DONE,
           CHUNK("{\"delta\":{\"content\":\"\"},\"index\":1}") CHUNK("{\"delta\":{\"content\":\"x\"},\"index\":0}")
               CHUNK("{\"index\":0,\"delta\":{\"content\":\"y\"}},{\"index\":1,\"delta\":{\"content\":\"Ada Quill\"}}") DONE,
           RELAY_COMPLETE);
}

static void fields_of_a_choice_are_apart(void **state) {
    (void)state;
    stream(CHUNK(DELTA(0, "\"reasoning_content\":\"[NAME_\"")) CONTENT(0, "1] [NAME") CHUNK(DELTA(0, "\"reasoning_content\":\"10]\""))
               CONTENT(0, "_1]") CHUNK(DELTA(0, "\"refusal\":\"[NAME_2]\",\"audio\":{\"id\":\"[NAME_1]\",\"data\":\"[NAME_1]\",\"transcript\":\"[NAME_1]\"}"))
               FINISH(0) DONE,
           CHUNK(DELTA(0, "\"reasoning_content\":\"\"")) CONTENT(0, "1] ") CHUNK(DELTA(0, "\"reasoning_content\":\"Bo \\\"B\\\" Vance\""))
               CONTENT(0, "Ada Quill") CHUNK(DELTA(0, "\"refusal\":\"N2\",\"audio\":{\"id\":\"[NAME_1]\",\"data\":\"[NAME_1]\",\"transcript\":\"Ada Quill\"}"))
               FINISH(0) DONE,
           RELAY_COMPLETE);
}

static void parallel_tool_calls(void **state) {
    (void)state;
    stream(CHUNK(DELTA(0, "\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"[NAME_1]\",\"arguments\":\"\"}}]"))
               ARGS(0, 0, "{\\\"n\\\":\\\"[NA") ARGS(0, 1, "{\\\"g\\\":\\\"[GE") ARGS(0, 0, "ME_10]\\\"}") ARGS(0, 1, "O_1]\\\",\\\"x\\\":\\\"[NAM")
               ARGS(0, 1, "E_1") CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}") DONE,
           CHUNK(DELTA(0, "\"tool_calls\":[{\"index\":0,\"id\":\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"[NAME_1]\",\"arguments\":\"\"}}]"))
               ARGS(0, 0, "{\\\"n\\\":\\\"") ARGS(0, 1, "{\\\"g\\\":\\\"") ARGS(0, 0, "Bo \\\\\\\"B\\\\\\\" Vance\\\"}")
               ARGS(0, 1, "1 Elm\\\\\\\\St\\\\nSpringfield\\\",\\\"x\\\":\\\"") ARGS(0, 1, "") ARGS(0, 1, "[NAME_1")
               CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}") DONE,
           RELAY_COMPLETE);
}

static void json_mode_streams(void **state) {
    (void)state;
    check((struct input){.type = SSE_TYPE, .json_mode = true,
                         .bytes = span_of(CONTENT(0, "{\\\"n\\\":") CONTENT(0, "\\\"[NAME_10") CONTENT(0, "]\\\"}") FINISH(0) DONE)},
          CONTENT(0, "{\\\"n\\\":") CONTENT(0, "\\\"") CONTENT(0, "Bo \\\\\\\"B\\\\\\\" Vance\\\"}") FINISH(0) DONE, RELAY_COMPLETE);
}

static void the_end_of_a_choice_releases_its_text(void **state) {
    (void)state;
    /* Cut by max_tokens: what is no token stays as it is. */
    stream(CONTENT(0, "Dear [NAM") CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}") DONE,
           CONTENT(0, "Dear ") CONTENT(0, "[NAM") CHUNK("{\"index\":0,\"delta\":{},\"finish_reason\":\"length\"}") DONE, RELAY_COMPLETE);
    /* The same where the event that held it was like the one before. */
    stream(CONTENT(0, "Dear") CONTENT(0, "est") CONTENT(0, " [NAM") FINISH(0) DONE,
           CONTENT(0, "Dear") CONTENT(0, "est") CONTENT(0, " ") CONTENT(0, "[NAM") FINISH(0) DONE, RELAY_COMPLETE);
    /* Text and finish in one event. */
    stream(CONTENT(0, "[NAME") CHUNK("{\"index\":0,\"delta\":{\"content\":\"_1] [NAME_2\"},\"finish_reason\":\"stop\"}") DONE,
           CONTENT(0, "") CHUNK("{\"index\":0,\"delta\":{\"content\":\"Ada Quill [NAME_2\"},\"finish_reason\":\"stop\"}") DONE, RELAY_COMPLETE);
    /* No finish at all, only the end marker. */
    stream(CONTENT(0, "[NAME_1") DONE, CONTENT(0, "") CONTENT(0, "[NAME_1") DONE, RELAY_COMPLETE);
    /* A finish without an end marker. */
    stream(CONTENT(0, "[NAME_1]") FINISH(0), CONTENT(0, "Ada Quill") FINISH(0), RELAY_COMPLETE);
}

static void legacy_completions_and_parts(void **state) {
    (void)state;
    stream(CHUNK("{\"text\":\"[NAME\",\"index\":0,\"logprobs\":null,\"finish_reason\":null}") CHUNK("{\"text\":\"_1\",\"index\":0,\"finish_reason\":null}") DONE,
           CHUNK("{\"text\":\"\",\"index\":0,\"logprobs\":null,\"finish_reason\":null}") CHUNK("{\"text\":\"\",\"index\":0,\"finish_reason\":null}")
           CHUNK("{\"index\":0,\"text\":\"[NAME_1\",\"logprobs\":null,\"finish_reason\":null}") DONE,
           RELAY_COMPLETE);
    stream(CHUNK(DELTA(0, "\"content\":[{\"type\":\"text\",\"text\":\"[NAME\"}]")) CHUNK(DELTA(0, "\"content\":[{\"type\":\"text\",\"text\":\"_1\"}]")) DONE,
           CHUNK(DELTA(0, "\"content\":[{\"type\":\"text\",\"text\":\"\"}]")) CHUNK(DELTA(0, "\"content\":[{\"type\":\"text\",\"text\":\"\"}]"))
           CHUNK(DELTA(0, "\"content\":[{\"type\":\"text\",\"text\":\"[NAME_1\"}]")) DONE,
           RELAY_COMPLETE);
}

static void line_ends_comments_and_marks(void **state) {
    (void)state;
    stream("\xef\xbb\xbf: hello\r\n\r\nid: 7\r\nretry: 10\r\nevent: x\r\ndata: {\"choices\":[],\r\ndata: \"a\":\"[NAME_1]\"}\r\n\r\nevent: ping\r\n\r\ndata:\r\n\r\n"
           "data:[DONE]\r\n\r\ndata: {\"a\":\"late\"}\r\n\r\n: late\r\n",
           ": hello\n\nevent: x\ndata: {\"choices\":[], \"a\":\"Ada Quill\"}\n\n" DONE, RELAY_COMPLETE);
    stream("data: {\"a\":\"[NAME_1]\"}\r\rdata: [DONE]\r\r", EVENT("{\"a\":\"Ada Quill\"}") DONE, RELAY_COMPLETE);
    stream("data: [DONE]", DONE, RELAY_COMPLETE);
    stream(DONE DONE, DONE, RELAY_COMPLETE);
    stream(DONE "data: {\"a\":\n\n\xa1\n", DONE, RELAY_COMPLETE);
}

static void padding_goes_with_the_size(void **state) {
    (void)state;
    stream(EVENT("{" HEAD ",\"choices\":[" DELTA(0, "\"content\":\"hi\"") "],\"obfuscation\":\"abc\"}")
           EVENT("{" HEAD ",\"choices\":[" DELTA(0, "\"content\":\"[NAME_1]\"") "] , \"obfuscation\":\"abc\"}")
           EVENT("{\"obfuscation\":\"abc\", " HEAD ",\"choices\":[" DELTA(0, "\"content\":\"[NAME_1] [NA\"") "],\"usage\":null}") DONE,
           EVENT("{" HEAD ",\"choices\":[" DELTA(0, "\"content\":\"hi\"") "],\"obfuscation\":\"abc\"}")
           EVENT("{" HEAD ",\"choices\":[" DELTA(0, "\"content\":\"Ada Quill\"") "]}")
           EVENT("{" HEAD ",\"choices\":[" DELTA(0, "\"content\":\"Ada Quill \"") "],\"usage\":null}")
           EVENT("{" HEAD ",\"choices\":[" DELTA(0, "\"content\":\"[NA\"") "],\"usage\":null}") DONE, RELAY_COMPLETE);
}

#define PADDED(text, more) EVENT("{" HEAD ",\"choices\":[" DELTA(0, "\"content\":\"" text "\"") "]" more "}")

static void padding_of_events_that_are_alike(void **state) {
    (void)state;
    stream(PADDED("a", ",\"obfuscation\":\"x\",\"z\":1") PADDED("bcd", ",\"obfuscation\":\"yyyyyyy\",\"z\":1")
           PADDED("[NAME_1] \\n", ",\"obfuscation\":\"\",\"z\":1") PADDED("[NAME_1] [NA", ",\"obfuscation\":\"1234\",\"z\":1") FINISH(0) DONE,
           PADDED("a", ",\"obfuscation\":\"x\",\"z\":1") PADDED("bcd", ",\"obfuscation\":\"yyyyyyy\",\"z\":1")
           PADDED("Ada Quill \\n", ",\"z\":1") PADDED("Ada Quill ", ",\"z\":1") PADDED("[NA", ",\"z\":1") FINISH(0) DONE,
           RELAY_COMPLETE);
}

static void citations_in_a_stream(void **state) {
    (void)state;
    stream(CONTENT(0, "[NAME") CONTENT(0, "_11] src")
           CHUNK(DELTA(0, "\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"start_index\":10,\"end_index\":13,\"title\":\"[NAME_1]\",\"url\":\"[NAME_1]\"}}]")) FINISH(0) DONE,
           CONTENT(0, "") CONTENT(0, "Jos\xc3\xa9 src")
           CHUNK(DELTA(0, "\"annotations\":[{\"type\":\"url_citation\",\"url_citation\":{\"start_index\":5,\"end_index\":8,\"title\":\"Ada Quill\",\"url\":\"[NAME_1]\"}}]")) FINISH(0) DONE,
           RELAY_COMPLETE);
}

static void addresses_cut_over_events(void **state) {
    (void)state;
    struct relay_result x = stream(
        CONTENT(0, "![x](ht") CONTENT(0, "tps://e.example/?q=[NA") CONTENT(0, "ME_1])[NAME_1]") FINISH(0) DONE,
        CONTENT(0, "![x](ht") CONTENT(0, "tps://e.example/?q=") CONTENT(0, "[NAME_1])Ada Quill") FINISH(0) DONE, RELAY_COMPLETE);
    assert_int_equal(x.counts.in_link, 1);
    assert_int_equal(x.counts.restored, 1);
}

static void errors_in_a_stream(void **state) {
    (void)state;
    stream(CONTENT(0, "a [NAM") EVENT("{\"error\":{\"message\":\"lost [NAME_1]\",\"code\":500}}"),
           CONTENT(0, "a ") CONTENT(0, "[NAM") EVENT("{\"error\":{\"message\":\"lost Ada Quill\",\"code\":500}}"), RELAY_CUT);
    stream(FINISH(0) EVENT("{\"error\":{\"message\":\"x\"}}"), FINISH(0) EVENT("{\"error\":{\"message\":\"x\"}}"), RELAY_CUT);
    stream("event: error\n" EVENT("{\"error\":{\"message\":\"[NAME_1]\"}}") DONE, "event: error\n" EVENT("{\"error\":{\"message\":\"Ada Quill\"}}") DONE,
           RELAY_COMPLETE);
}

static void a_cut_stream_never_ends_cleanly(void **state) {
    (void)state;
    stream("", CUT, RELAY_CUT);
    stream(CONTENT(0, "a"), CONTENT(0, "a") CUT, RELAY_CUT);
    stream(CONTENT(0, "a [NAME_1"), CONTENT(0, "a ") CONTENT(0, "[NAME_1") CUT, RELAY_CUT);
    stream(CONTENT(0, "a") CONTENT(1, "b") FINISH(0), CONTENT(0, "a") CONTENT(1, "b") FINISH(0) CUT, RELAY_CUT);
    stream(CONTENT(0, "a") "data: {\"choices\":[{\"ind", CONTENT(0, "a") CUT, RELAY_CUT);
    stream(CONTENT(0, "a") "data: [DON", CONTENT(0, "a") CUT, RELAY_CUT);
    check((struct input){.type = SSE_TYPE, .broken = true, .bytes = span_of(CONTENT(0, "a") FINISH(0))}, CONTENT(0, "a") FINISH(0) CUT, RELAY_CUT);
    check((struct input){.type = SSE_TYPE, .broken = true, .bytes = span_of(CONTENT(0, "a") DONE)}, CONTENT(0, "a") DONE, RELAY_COMPLETE);
}

/* Cut at every byte: complete only behind the end marker, and nothing that was not there. */
static void every_beginning_of_a_stream(void **state) {
    (void)state;
    const char *text = CONTENT(0, "Dear [NAME_1], ") CONTENT(0, "on [DA") CONTENT(0, "TE_1]") DONE;
    for (size_t n = 0; n <= strlen(text); n++) {
        struct input in = {.type = SSE_TYPE, .bytes = span_make(text, n), .broken = true};
        struct output x = run(&in, 0, n);
        assert_int_equal(x.end, n + 2 >= strlen(text) ? RELAY_COMPLETE : RELAY_CUT);
        assert_int_equal(span_ends(buf_span(&x.bytes), "data: [DONE]\n\n"), x.end == RELAY_COMPLETE);
        buf_free(&x.bytes);
    }
}

static void broken_events_stop_the_stream(void **state) {
    (void)state;
    stream(CONTENT(0, "a [N") EVENT("{\"choices\":") CONTENT(0, "b"), CONTENT(0, "a ") CONTENT(0, "[N") INVALID, RELAY_BAD);
    stream(EVENT("{\"choices\":[{\"text\":\"a\"}]}") EVENT("{\"choices\":[{\"text\":\"a\"}]}}"),
           EVENT("{\"choices\":[{\"text\":\"a\"}]}") INVALID, RELAY_BAD);
    stream(EVENT("ping"), INVALID, RELAY_BAD);
    stream(EVENT("[1]"), INVALID, RELAY_BAD);
    stream(EVENT("{\"a\":1,\"a\":2}"), INVALID, RELAY_BAD);
    stream(EVENT("{\"a\":\"\xc3(\"}"), INVALID, RELAY_BAD);
    check((struct input){.type = SSE_TYPE, .event_ceiling = 100, .bytes = span_of(CONTENT(0, "a long text that goes beyond the ceiling"))},
          INVALID, RELAY_BAD);
}

static void channels_are_bounded(void **state) {
    (void)state;
    struct buf in;
    buf_init(&in, 1u << 22);
    for (int i = 0; i < 1025; i++)
        buf_add_format(&in, CHUNK("{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":%d,\"function\":{\"arguments\":\"x\"}}]}}"), i);
    struct input x = {.type = SSE_TYPE, .bytes = buf_span(&in)};
    struct output out = run(&x, 4096, 0);
    assert_int_equal(out.end, RELAY_BAD);
    buf_free(&out.bytes);
    buf_free(&in);
}

static void an_unknown_endpoint_answers_nothing(void **state) {
    (void)state;
    struct buf out;
    buf_init(&out, 100);
    struct relay *r = relay_new(SHAPE_NONE, tokens, false, 100, 100);
    assert_false(relay_begin(r, 200, span_of(JSON_TYPE)));
    assert_int_equal(relay_push(r, span_of("{}"), &out), -1);
    assert_int_equal(relay_end(r, true, span_of("req-1"), &out), RELAY_BAD);
    assert_int_equal(out.len, 0);
    relay_free(r);
    relay_free(NULL);
}

/* The results of a batch: each line by itself, JSON where it is JSON, and the id that the client chose. */
static void lines_are_restored_one_by_one(void **state) {
    static const struct { const char *body, *want; } rows[] = {
        {"{\"custom_id\":\"[NAME_1]\",\"response\":{\"body\":{\"content\":\"[NAME_1]\"}}}\n{\"id\":\"[NAME_1]\"}\r\n",
         "{\"custom_id\":\"Jane Doe\",\"response\":{\"body\":{\"content\":\"Jane Doe\"}}}\n{\"id\":\"[NAME_1]\"}\n"},
        {"{\"content\":\"{\\\"a\\\":\\\"[TEXT_1]\\\"}\"}", "{\"content\":\"{\\\"a\\\":\\\"say \\\\\\\"hi\\\\\\\"\\\"}\"}"},
        {"{\"content\":\"[TEXT_1]\"}\n\n", "{\"content\":\"say \\\"hi\\\"\"}\n\n"},
        {"", ""}, {"{\"a\":1}\nx\n", NULL}, {"[1]\n", NULL}, {"{\"a\":1,\"a\":2}", NULL},
    };
    struct arena *a = arena_new(1u << 20);
    struct tokens *t = tokens_new(a);
    struct buf out;
    (void)state;
    assert_true(span_is(tokens_put(t, PHI_NAME_PATIENT, span_of("Jane Doe"), 0), "[NAME_1]"));
    assert_true(span_is(tokens_put(t, PHI_TOKEN_TEXT, span_of("say \"hi\""), 0), "[TEXT_1]"));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct relay *r = relay_new(SHAPE_FILE_CONTENT, t, false, 1u << 16, 1u << 16);
        buf_init(&out, 1u << 16);
        assert_false(relay_begin(r, 200, span_of("application/octet-stream")));
        assert_int_equal(relay_push(r, span_of(rows[i].body), &out), 0);
        assert_int_equal(relay_end(r, true, span_of("r"), &out), rows[i].want ? RELAY_COMPLETE : RELAY_BAD);
        if (rows[i].want && !span_is(buf_span(&out), rows[i].want)) fail_msg("%.*s, not %s", (int)out.len, out.ptr, rows[i].want);
        buf_free(&out);
        relay_free(r);
    }
    struct relay *r = relay_new(SHAPE_FILE_CONTENT, t, false, 1u << 16, 1u << 16);
    assert_false(relay_begin(r, 404, span_of("application/json")));
    assert_string_equal(relay_whole_type(r), "application/json");
    relay_free(r);
    arena_free(a);
}

/* However the bytes come and whenever what is whole is taken, the same goes out. */
static void lines_are_restored_in_slices(void **state) {
    static const char lines[] = "{\"content\":\"[NAME_1]\"}\n\r\n{\"content\":\"[DATE_1] [NAME_1]\"}\n{\"content\":\"x\"}",
                      want[] = "{\"content\":\"Ada Quill\"}\n\n{\"content\":\"03/04/1951 Ada Quill\"}\n{\"content\":\"x\"}";
    const struct span all = {lines, sizeof lines - 1};
    struct buf out;
    (void)state;
    buf_init(&out, 1u << 16);
    for (size_t step = 1; step <= all.len; step++) {
        struct relay *r = relay_new(SHAPE_FILE_CONTENT, tokens, false, 1u << 16, 1u << 16);
        buf_clear(&out);
        assert_false(relay_begin(r, 200, span_of("")));
        for (size_t at = 0; at < all.len; at += step) {
            assert_int_equal(relay_push(r, span_sub(all, at, at + step), &out), 0);
            if (step % 2 && relay_lines_ready(r)) assert_int_equal(relay_lines_take(r, &out), 0);
        }
        assert_int_equal(relay_end(r, true, span_of("r"), &out), RELAY_COMPLETE);
        if (!span_is(buf_span(&out), want)) fail_msg("%zu: %.*s", step, (int)out.len, out.ptr);
        relay_free(r);
    }
    struct relay *r = relay_new(SHAPE_FILE_CONTENT, tokens, false, 1u << 16, 64); /* the limit is that of a line */
    assert_false(relay_begin(r, 200, span_of("")));
    for (int i = 0; i < 100; i++) {
        assert_int_equal(relay_push(r, span_of("{\"content\":\"[NAME_1]\"}\n"), &out), 0);
        assert_int_equal(relay_lines_take(r, &out), 0);
    }
    assert_int_equal(relay_push(r, span_of("no line\n"), &out), 0);
    assert_int_equal(relay_lines_take(r, &out), -1);
    assert_int_equal(relay_lines_ready(r), 0);
    assert_int_equal(relay_end(r, true, span_of("r"), &out), RELAY_BAD);
    assert_false(relay_has_events(r));
    relay_free(r);
    buf_free(&out);
}

static void time_of_a_chunk(void **state) {
    (void)state;
    struct relay *r = relay_new(SHAPE_CHAT, tokens, false, 1u << 16, 1u << 20);
    struct buf out;
    const char *text = CONTENT(0, "Dear") CONTENT(0, " [") CONTENT(0, "NAME") CONTENT(0, "_") CONTENT(0, "1") CONTENT(0, "],") CONTENT(0, " your")
        CONTENT(0, " appointment") CONTENT(0, " is") CONTENT(0, " on");
    struct timespec a, b;
    size_t rounds = 5000;
    buf_init(&out, 1u << 20);
    assert_true(relay_begin(r, 200, span_of(SSE_TYPE)));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (size_t i = 0; i < rounds; i++) {
        assert_int_equal(relay_push(r, span_of(text), &out), 0);
        buf_clear(&out);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    double ns = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
    print_message("relay: %.0f ns per chunk\n", ns / (double)(rounds * 10));
    assert_int_equal(relay_result(r)->counts.restored, rounds);
    relay_free(r);
    buf_free(&out);
}

/* ---- sound ---- */

static enum relay_end heard(const char *type, int status, struct span bytes, size_t ceiling, bool clean, bool *streams, struct buf *out) {
    struct relay *r = relay_new(SHAPE_SPEECH, tokens, false, 1u << 16, ceiling);
    assert_non_null(r);
    *streams = relay_begin(r, status, span_of(type));
    for (size_t at = 0; at < bytes.len; at += 7)
        if (relay_push(r, span_sub(bytes, at, at + 7), out) < 0) break;
    if (*streams && !strstr(type, "event")) assert_string_equal(relay_stream_type(r), "audio/ogg");
    enum relay_end end = relay_end(r, clean, span_of("req-1"), out);
    relay_free(r);
    return end;
}

static void sound_goes_as_it_is(void **state) {
    static const char bytes[] = "OggS\0\xff[NAME_1] \xc3 {\"";
    const struct span sound = {bytes, sizeof bytes - 1};
    struct buf out;
    bool streams;
    (void)state;
    buf_init(&out, 1u << 20);
    assert_int_equal(heard("Audio/OGG; codecs=\"opus\"", 200, sound, 1u << 20, true, &streams, &out), RELAY_COMPLETE);
    assert_true(streams && span_equal(buf_span(&out), sound));
    assert_int_equal(heard("audio/ogg", 200, sound, 1u << 20, false, &streams, &out), RELAY_CUT);
    assert_int_equal(heard("audio/ogg", 200, sound, sound.len - 1, true, &streams, &out), RELAY_BAD);
    assert_int_equal(heard("audio/ogg", 400, sound, 1u << 20, true, &streams, &out), RELAY_BAD);
    buf_clear(&out);
    static const char *const others[] = {"text/plain", "application/json", "", "text/html", "video/mp4", "audio/x-other", "audio/oggx"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_int_equal(heard(others[i], 200, span_of("{}"), 1u << 20, true, &streams, &out), RELAY_BAD);
        assert_true(!streams && out.len == 0);
    }
    assert_int_equal(heard("text/event-stream", 200, span_of(EVENT("{\"type\":\"speech.audio.delta\",\"audio\":\"QUJD\"}")
                           EVENT("{\"type\":\"speech.audio.done\",\"usage\":{}}")), 1u << 20, true, &streams, &out), RELAY_COMPLETE);
    assert_true(streams);
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_completion_gets_its_values),
        cmocka_unit_test(what_no_edit_touches_stays_byte_for_byte),
        cmocka_unit_test(tool_calls_in_a_document),
        cmocka_unit_test(json_mode_escapes_contents),
        cmocka_unit_test(citations_move_with_their_text),
        cmocka_unit_test(errors_quote_the_request),
        cmocka_unit_test(what_is_no_answer),
        cmocka_unit_test(a_stream_gets_its_values),
        cmocka_unit_test(a_token_cut_anywhere),
        cmocka_unit_test(choices_interleave),
        cmocka_unit_test(fields_of_a_choice_are_apart),
        cmocka_unit_test(parallel_tool_calls),
        cmocka_unit_test(json_mode_streams),
        cmocka_unit_test(the_end_of_a_choice_releases_its_text),
        cmocka_unit_test(legacy_completions_and_parts),
        cmocka_unit_test(line_ends_comments_and_marks),
        cmocka_unit_test(padding_goes_with_the_size),
        cmocka_unit_test(padding_of_events_that_are_alike),
        cmocka_unit_test(citations_in_a_stream),
        cmocka_unit_test(addresses_cut_over_events),
        cmocka_unit_test(errors_in_a_stream),
        cmocka_unit_test(a_cut_stream_never_ends_cleanly),
        cmocka_unit_test(every_beginning_of_a_stream),
        cmocka_unit_test(broken_events_stop_the_stream),
        cmocka_unit_test(channels_are_bounded),
        cmocka_unit_test(an_unknown_endpoint_answers_nothing),
        cmocka_unit_test(lines_are_restored_one_by_one),
        cmocka_unit_test(lines_are_restored_in_slices),
        cmocka_unit_test(sound_goes_as_it_is),
        cmocka_unit_test(time_of_a_chunk),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
