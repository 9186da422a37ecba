/* SPDX-License-Identifier: Apache-2.0
 *
 * The walk: which leaves a body has, what they are called, what is known of a request, and that an edit of a leaf
 * lands in the body exactly, through every level of JSON in JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/walk.h"

#define DEPTH 96

static struct arena *arena;
static struct walk walk;

static int setup(void **state) {
    (void)state;
    arena = arena_new(256u << 20);
    return arena ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static int walk_as(enum shape_endpoint e, const char *body) {
    return walk_body(arena, e, span_of(body), DEPTH, &walk);
}

static void chat(const char *body) {
    if (walk_as(SHAPE_CHAT, body) < 0) fail_msg("%s: %s", walk.error, body);
}

static void refused(const char *body, const char *code, const char *path) {
    struct buf b;
    assert_int_equal(walk_as(SHAPE_CHAT, body), -1);
    assert_non_null(walk.error);
    assert_string_equal(walk.error_code, code);
    buf_init(&b, 4096);
    walk_path(&walk, walk.error_path, &b);
    if (!span_is(buf_span(&b), path)) fail_msg("path %.*s, not %s", (int)b.len, b.ptr ? b.ptr : "", path);
    buf_free(&b);
}

static const struct walk_leaf *leaf_of(const char *text) {
    for (size_t i = 0; i < walk.n; i++)
        if (span_is(walk.v[i].text, text)) return &walk.v[i];
    fail_msg("no leaf: %s", text);
    return NULL;
}

static void path_is(uint32_t path, const char *want) {
    struct buf b;
    buf_init(&b, 4096);
    walk_path(&walk, path, &b);
    if (!span_is(buf_span(&b), want)) fail_msg("path %.*s, not %s", (int)b.len, b.ptr ? b.ptr : "", want);
    buf_free(&b);
}

static void has_no_leaf(const char *text) {
    for (size_t i = 0; i < walk.n; i++)
        assert_false(span_is(walk.v[i].text, text));
}

/* ---- leaves ---- */

static void every_string_key_and_number_is_a_leaf(void **state) {
    static const struct { const char *text; enum walk_what what; bool parameter; const char *path, *label; } want[] = {
        {"model", WALK_KEY, true, "model", ""}, {"gpt-4o", WALK_STRING, false, "model", "model"},
        {"seed", WALK_KEY, true, "seed", ""}, {"7", WALK_NUMBER, true, "seed", "seed"},
        {"messages", WALK_KEY, true, "messages", ""}, {"role", WALK_KEY, true, "messages[0].role", "messages"},
        {"user", WALK_STRING, true, "messages[0].role", "role"}, {"content", WALK_KEY, true, "messages[0].content", "messages"},
        {"h\xC3\xA9\n", WALK_STRING, false, "messages[0].content", "content"},
        {"metadata", WALK_KEY, true, "metadata", ""}, {"Jane \"Doe\"", WALK_KEY, false, "metadata.*", "metadata"},
        {"987", WALK_NUMBER, false, "metadata.*", "Jane \"Doe\""}, {"seed", WALK_KEY, false, "metadata.*", "metadata"},
        {"1e3", WALK_NUMBER, false, "metadata.*[0]", "seed"}, {"x", WALK_STRING, false, "metadata.*[1]", "seed"},
        {"unheard of", WALK_KEY, false, "*", ""}, {"content", WALK_KEY, false, "*.*", "unheard of"}, {"y", WALK_STRING, false, "*.*", "content"},
    };
    (void)state;
    chat("{\"model\":\"gpt-4o\",\"seed\":7,\"messages\":[{\"role\":\"user\",\"content\":\"h\\u00e9\\n\"}],"
         "\"metadata\":{\"Jane \\\"Doe\\\"\":987,\"seed\":[1e3,\"x\",true,null]},\"unheard of\":{\"content\":\"y\"}}");
    assert_int_equal(walk.n, sizeof want / sizeof *want);
    for (size_t i = 0; i < walk.n; i++) {
        const struct walk_leaf *l = &walk.v[i];
        assert_true(span_is(l->text, want[i].text));
        assert_int_equal(l->what, want[i].what);
        if (l->parameter != want[i].parameter) fail_msg("parameter: %s", want[i].text);
        path_is(l->path, want[i].path);
        assert_true(span_is(l->label, want[i].label));
        assert_int_equal(l->level, 1);
        assert_int_equal(l->parent, -1);
        assert_false(l->container);
    }
}

static void parameters_elsewhere_are_searched(void **state) {
    (void)state;
    chat("{\"temperature\":0.5,\"logit_bias\":{\"50256\":-100},\"messages\":[{\"seed\":11,\"content\":[{\"temperature\":12}]}],"
         "\"metadata\":{\"seed\":13},\"dimensions\":14,\"stop_token_ids\":[15],\"user\":16}");
    assert_true(leaf_of("0.5")->parameter);
    assert_true(leaf_of("-100")->parameter);
    assert_false(leaf_of("50256")->parameter);
    for (int i = 11; i <= 16; i++) {
        char text[3] = {(char)('0' + i / 10), (char)('0' + i % 10), 0};
        assert_false(leaf_of(text)->parameter);
    }
}

static void parts_follow_role_and_place(void **state) {
    (void)state;
    chat("{\"messages\":[{\"content\":\"a\",\"role\":\"system\"},{\"role\":\"developer\",\"content\":\"b\"},{\"role\":\"user\",\"content\":[{\"type\":"
         "\"text\",\"text\":\"c\"}]},{\"role\":\"assistant\",\"content\":\"d\",\"tool_calls\":[{\"id\":\"i\",\"type\":\"function\",\"function\":{\"name\":\"f\","
         "\"arguments\":\"{\\\"k\\\":\\\"e\\\"}\"}}]},{\"content\":\"[\\\"g\\\"]\",\"role\":\"tool\"},{\"role\":\"wizard\",\"content\":\"h\"}],"
         "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"t\",\"description\":\"dd\",\"parameters\":{\"enum\":[\"en\"]}}}],"
         "\"metadata\":{\"m\":\"mm\"},\"user\":\"u\",\"prediction\":{\"type\":\"content\",\"content\":\"pp\"},\"documents\":[{\"text\":\"doc\"}]}");
    static const struct { const char *text; enum walk_part part; } want[] = {
        {"a", WALK_SYSTEM}, {"b", WALK_SYSTEM}, {"c", WALK_USER}, {"d", WALK_ASSISTANT}, {"k", WALK_TOOL}, {"e", WALK_TOOL},
        {"f", WALK_TOOL}, {"g", WALK_TOOL}, {"h", WALK_OTHER}, {"t", WALK_SCHEMA}, {"dd", WALK_SCHEMA}, {"en", WALK_SCHEMA},
        {"m", WALK_METADATA}, {"mm", WALK_METADATA}, {"u", WALK_METADATA}, {"pp", WALK_ASSISTANT}, {"doc", WALK_TOOL},
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        if (leaf_of(want[i].text)->part != want[i].part) fail_msg("part of %s", want[i].text);
    assert_int_equal(walk.unreadable, 0);
    assert_int_equal(walk_as(SHAPE_COMPLETIONS, "{\"prompt\":\"p\",\"suffix\":\"s\"}"), 0);
    assert_int_equal(leaf_of("p")->part, WALK_USER);
}

static void groups_are_messages(void **state) {
    (void)state;
    chat("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]},"
         "{\"role\":\"user\",\"content\":\"[\\\"c\\\",\\\"d\\\"]\"}],\"stop\":[\"s\",\"t\"]}");
    assert_int_equal(leaf_of("a")->group, leaf_of("b")->group);
    assert_int_equal(leaf_of("c")->group, leaf_of("d")->group);
    assert_int_not_equal(leaf_of("a")->group, leaf_of("c")->group);
    assert_int_not_equal(leaf_of("a")->group, leaf_of("m")->group);
    assert_int_not_equal(leaf_of("s")->group, leaf_of("t")->group);
    assert_int_equal(walk_as(SHAPE_COMPLETIONS, "{\"prompt\":[\"12\",\"3-45\"],\"user\":\"u\"}"), 0);
    assert_int_equal(leaf_of("12")->group, leaf_of("3-45")->group);
    assert_int_not_equal(leaf_of("12")->group, leaf_of("u")->group);
}

static void strings_that_are_json_are_opened(void **state) {
    (void)state;
    chat("{\"messages\":[{\"role\":\"tool\",\"content\":\" {\\\"mrn\\\": 123, \\\"note\\\": \\\"{\\\\\\\"deep\\\\\\\":\\\\\\\"x\\\\\\\\ny\\\\\\\"}\\\"} \"}]}");
    path_is(leaf_of("mrn")->path, "messages[0].content(json).*");
    path_is(leaf_of("123")->path, "messages[0].content(json).*");
    path_is(leaf_of("deep")->path, "messages[0].content(json).*(json).*");
    assert_int_equal(leaf_of("x\ny")->level, 3);
    assert_true(span_is(leaf_of("x\ny")->label, "deep"));
    assert_true(span_is(leaf_of("mrn")->label, "content"));
    size_t containers = 0;
    for (size_t i = 0; i < walk.n; i++)
        containers += walk.v[i].container;
    assert_int_equal(containers, 2);
}

static void what_only_looks_like_json_stays_text(void **state) {
    static const char *const texts[] = {"[NAME_1]", "{a}", "[1,]", "{\\\"a\\\":1,\\\"a\\\":2}", "[\\\"\\\\u0000\\\"]", "{\\\"k\\\":\\\"v\\\"} and [x]",
                                        "[\\\"a\\\",{\\\"b\\\":\\\"[1]\\\"},x]"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf b;
        buf_init(&b, 4096);
        buf_add_format(&b, "{\"messages\":[{\"content\":\"%s\"}],\"user\":\"u\"}", texts[i]);
        assert_int_equal(walk_body(arena, SHAPE_CHAT, buf_span(&b), DEPTH, &walk), 0);
        assert_int_equal(walk.n, 5);
        assert_false(walk.v[2].container);
        path_is(walk.v[2].path, "messages[0].content");
        path_is(walk.v[4].path, "user");
        buf_free(&b);
    }
}

/* ---- facts ---- */

static void facts_are_read(void **state) {
    (void)state;
    chat("{}");
    assert_int_equal(walk.choices, 1);
    assert_false(walk.stream || walk.include_usage || walk.json_mode || walk.store || walk.unreadable);
    assert_int_equal(walk.model.len, 0);
    chat("{\"n\":3,\"model\":\"gpt\\u002d4o\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"store\":true,"
         "\"response_format\":{\"type\":\"json_object\"}}");
    assert_int_equal(walk.choices, 3);
    assert_true(walk.stream && walk.include_usage && walk.json_mode && walk.store);
    assert_true(span_is(walk.model, "gpt-4o"));
    chat("{\"stream\":false,\"store\":null,\"n\":null,\"stream_options\":null,\"response_format\":{\"type\":\"text\"},\"metadata\":{\"stream\":true,\"store\":1}}");
    assert_false(walk.stream || walk.store || walk.json_mode);
    chat("{\"response_format\":{\"json_schema\":{\"name\":\"x\",\"schema\":{\"type\":\"object\"}},\"type\":\"json_schema\"}}");
    assert_true(walk.json_mode);
    chat("{\"structured_outputs\":{\"json\":{\"type\":\"object\"}}}");
    assert_true(walk.json_mode);
}

static void facts_of_a_wrong_type_are_refused(void **state) {
    (void)state;
    refused("{\"stream\":\"true\"}", "invalid_value", "stream");
    refused("{\"stream\":1}", "invalid_value", "stream");
    refused("{\"stream\":{}}", "invalid_value", "stream");
    refused("{\"store\":\"yes\"}", "invalid_value", "store");
    refused("{\"n\":0}", "invalid_value", "n");
    refused("{\"n\":1.0}", "invalid_value", "n");
    refused("{\"n\":129}", "invalid_value", "n");
    refused("{\"n\":\"2\"}", "invalid_value", "n");
    refused("{\"model\":[\"a\"]}", "invalid_value", "model");
    refused("{\"stream_options\":{\"include_usage\":1}}", "invalid_value", "stream_options.include_usage");
    refused("{\"response_format\":{\"type\":1}}", "invalid_value", "response_format.type");
}

static void what_cannot_be_read_is_named(void **state) {
    static const struct { const char *body; uint32_t bits; const char *path; } cases[] = {
        {"{\"messages\":[{\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}]}]}", WALK_IMAGE, "messages[0].content[0].type"},
        {"{\"messages\":[{\"content\":[{\"image_url\":{\"url\":\"https://example.com/a.png\"}}]}]}", WALK_IMAGE | WALK_REMOTE, "messages[0].content[0].image_url"},
        {"{\"messages\":[{\"content\":[{\"type\":\"text\",\"image_url\":\"https://example.com/a.png\"}]}]}", WALK_IMAGE | WALK_REMOTE, "messages[0].content[0].image_url"},
        {"{\"messages\":[{\"content\":[{\"image_url\":\"data:image/png;base64,AAAA\"}]}]}", WALK_IMAGE, "messages[0].content[0].image_url"},
        {"{\"messages\":[{\"content\":[{\"type\":\"input_image\"}]}]}", WALK_IMAGE, "messages[0].content[0].type"},
        {"{\"messages\":[{\"content\":{\"type\":\"image_url\"}}]}", WALK_IMAGE, "messages[0].content.type"},
        {"{\"messages\":[{\"images\":[\"AAAA\"]}]}", WALK_IMAGE | WALK_REMOTE, "messages[0].images"},
        {"{\"messages\":[{\"content\":[{\"type\":\"input_audio\",\"input_audio\":{\"data\":\"AAAA\",\"format\":\"wav\"}}]}]}", WALK_AUDIO, "messages[0].content[0].type"},
        {"{\"messages\":[{\"content\":[{\"type\":\"file\",\"file\":{\"file_data\":\"AAAA\",\"filename\":\"a.pdf\"}}]}]}", WALK_FILE, "messages[0].content[0].type"},
        {"{\"messages\":[{\"content\":[{\"type\":\"file\",\"file\":{\"file_id\":\"file-1\"}}]}]}", WALK_FILE | WALK_STATE, "messages[0].content[0].type"},
        {"{\"messages\":[{\"content\":[{\"type\":\"input_file\",\"file_url\":\"https://example.com\"}]}]}", WALK_FILE | WALK_REMOTE, "messages[0].content[0].type"},
        {"{\"messages\":[{\"content\":[{\"type\":\"video_url\",\"video_url\":{\"url\":\"x\"}}]}]}", WALK_UNKNOWN_PART, "messages[0].content[0].type"},
        {"{\"messages\":[{\"content\":[{\"type\":\"hologram\"}]}]}", WALK_UNKNOWN_PART, "messages[0].content[0].type"},
        {"{\"messages\":[{\"content\":[{\"type\":7}]}]}", WALK_UNKNOWN_PART, "messages[0].content[0].type"},
        {"{\"messages\":[{\"role\":\"assistant\",\"audio\":{\"id\":\"a\"}}]}", WALK_STATE, "messages[0].audio"},
        {"{\"previous_response_id\":\"r\"}", WALK_REFERENCE, "previous_response_id"},
        {"{\"conversation\":\"c\"}", WALK_REFERENCE, "conversation"},
        {"{\"conversation\":{\"id\":\"c\"}}", WALK_REFERENCE, "conversation"},
        {"{\"conversation\":{}}", WALK_REFERENCE, "conversation"},
        {"{\"conversation\":[\"c\"]}", WALK_UNOWNED | WALK_REFERENCE, "conversation"},
        {"{\"conversation\":{\"id\":{\"id\":\"c\"}}}", WALK_UNOWNED | WALK_REFERENCE, "conversation"},
        {"{\"conversation\":{\"id\":\"c\"},\"previous_response_id\":\"r\"}", WALK_UNOWNED | WALK_REFERENCE, "conversation"},
        {"{\"previous_response_id\":\"r\",\"conversation\":{\"id\":\"c\"}}", WALK_UNOWNED | WALK_REFERENCE, "previous_response_id"},
        {"{\"previous_response_id\":[\"r\"]}", WALK_UNOWNED | WALK_REFERENCE, "previous_response_id"},
        {"{\"previous_response_id\":\"r\",\"conversation\":\"c\"}", WALK_UNOWNED | WALK_REFERENCE, "previous_response_id"},
        {"{\"tools\":[{\"type\":\"web_search\"}]}", WALK_HOSTED_TOOL, "tools[0]"},
        {"{\"tools\":[{\"type\":\"function\"},{\"type\":\"mcp\"}]}", WALK_HOSTED_TOOL, "tools[1]"},
        {"{\"tools\":[{\"google_search\":{}}]}", WALK_HOSTED_TOOL, "tools[0]"},
        {"{\"tools\":[\"web_search\"]}", WALK_HOSTED_TOOL, "tools[0]"},
        {"{\"web_search_options\":{}}", WALK_HOSTED_TOOL, "web_search_options"},
        {"{\"data_sources\":[]}", WALK_HOSTED_TOOL, "data_sources"},
        {"{\"prompt\":[1,2,3]}", WALK_TOKEN_IDS, "prompt[0]"},
        {"{\"prompt\":[[1],[2]]}", WALK_TOKEN_IDS, "prompt[0][0]"},
        {"{\"prompt\":[\"a\",12]}", WALK_TOKEN_IDS, "prompt[1]"},
        {"{\"input\":[[1,2]]}", WALK_TOKEN_IDS, "input[0][0]"},
        {"{\"modalities\":[\"text\",\"audio\"]}", WALK_SPOKEN, "modalities[1]"},
        {"{\"audio\":{\"voice\":\"v\"}}", WALK_SPOKEN, "audio"},
        {"{\"modalities\":[\"text\"],\"audio\":null,\"tools\":[{\"type\":\"function\"},{\"type\":\"custom\"}],\"web_search_options\":null,\"previous_response_id\":null,"
         "\"messages\":[{\"audio\":null,\"content\":[{\"type\":\"text\",\"text\":\"t\"},{\"type\":\"refusal\",\"refusal\":\"r\"},\"s\"]},{\"content\":null}],"
         "\"metadata\":{\"file_id\":\"f\",\"image_url\":\"i\"},\"prompt\":[\"a\",\"b\"]}", 0, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        chat(cases[i].body);
        if (walk.unreadable != cases[i].bits) fail_msg("%x, not %x: %s", walk.unreadable, cases[i].bits, cases[i].body);
        path_is(walk.unreadable_path, cases[i].path);
    }
}

static void a_conversation_is_read_as_what_a_response_is_made_from(void **state) {
    (void)state;
    assert_int_equal(walk_as(SHAPE_CONVERSATIONS, "{\"items\":[{\"type\":\"message\",\"role\":\"user\",\"content\":\"Jane\"},"
                     "{\"type\":\"function_call_output\",\"output\":\"{\\\"a\\\":\\\"Joe\\\"}\"}],\"metadata\":{\"note\":\"Jim\"}}"), 0);
    assert_int_equal(walk.unreadable, 0);
    assert_int_equal(leaf_of("Jane")->part, WALK_USER);
    assert_int_equal(leaf_of("Joe")->part, WALK_TOOL);
    assert_int_equal(leaf_of("Jim")->part, WALK_METADATA);
    assert_int_equal(walk_as(SHAPE_CONVERSATION_ADD, "{\"items\":[{\"id\":\"msg_1\"}]}"), 0);
    assert_int_equal(walk.unreadable, WALK_UNOWNED);
    chat("{\"conversation\":{\"id\":\"conv_1\"}}");
    assert_true(walk.continues && span_is(walk.reference, "conv_1"));
    chat("{\"previous_response_id\":\"resp_1\",\"conversation\":null}");
    assert_true(!walk.continues && span_is(walk.reference, "resp_1"));
}

static void what_is_to_be_said(void **state) {
    (void)state;
    assert_int_equal(walk_as(SHAPE_SPEECH, "{\"input\":\"Jane\",\"instructions\":\"Joe\",\"voice\":\"nova\",\"stream_format\":\"sse\",\"speed\":1.5}"), 0);
    assert_int_equal(walk.unreadable, 0);
    assert_true(walk.stream && leaf_of("nova")->parameter && leaf_of("1.5")->parameter);
    assert_int_equal(leaf_of("Jane")->part, WALK_USER);
    assert_int_equal(leaf_of("Joe")->part, WALK_SYSTEM);
    assert_int_equal(walk_as(SHAPE_SPEECH, "{\"input\":\"x\",\"voice\":\"Jane\",\"stream_format\":\"audio\"}"), 0);
    assert_true(!walk.stream && !leaf_of("Jane")->parameter);
    assert_int_equal(walk_as(SHAPE_SPEECH, "{\"voice\":{\"id\":\"voice_1\"}}"), 0);
    assert_int_equal(walk.unreadable, WALK_STATE);
    assert_int_equal(walk_as(SHAPE_SPEECH, "{\"stream_format\":true}"), -1);
}

static void blobs_are_no_text_but_all_else_is(void **state) {
    (void)state;
    chat("{\"messages\":[{\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,QUJD\",\"detail\":\"low\",\"alt\":\"Jane\"}},"
         "{\"type\":\"file\",\"file\":{\"file_data\":\"data:application/pdf;base64,QUJD\",\"filename\":\"Jane.pdf\"}}]}]}");
    has_no_leaf("data:image/png;base64,QUJD");
    has_no_leaf("data:application/pdf;base64,QUJD");
    (void)leaf_of("Jane");
    (void)leaf_of("Jane.pdf");
    chat("{\"messages\":[{\"content\":[{\"image_url\":{\"url\":\"data:text/plain,SSN 987-65-4320\"}},{\"image_url\":\"data:a;base64,SSN 987-65-4320\"}]}]}");
    (void)leaf_of("data:text/plain,SSN 987-65-4320");
    (void)leaf_of("data:a;base64,SSN 987-65-4320");
}

/* ---- refusals ---- */

static void refusals_have_a_code_and_a_path(void **state) {
    (void)state;
    refused("", "invalid_json", "");
    refused("[]", "invalid_json", "");
    refused("\"{}\"", "invalid_json", "");
    refused("\xEF\xBB\xBF{}", "invalid_json", "");
    refused("{} {}", "invalid_json", "");
    refused("{\"messages\":[{\"content\":\"a\\u0000b\"}]}", "invalid_json", "messages[0]");
    refused("{\"messages\":[{\"content\":\"a\",\"content\":\"b\"}]}", "duplicate_key", "messages[0]");
    refused("{\"metadata\":{\"patient\":{\"a\":01}}}", "invalid_json", "metadata.*");
    refused("{\"Messages\":[]}", "ambiguous_key", "");
    refused("{\"messages\":[{\"CONTENT\":\"x\"}]}", "ambiguous_key", "messages[0]");
    refused("{\"messages\":[{\"content\":[{\"Text\":\"x\"}]}]}", "ambiguous_key", "messages[0].content[0]");
    refused("{\"\xC5\xBFtream\":true}", "ambiguous_key", "");
    chat("{\"metadata\":{\"Content\":1},\"tools\":[{\"type\":\"function\",\"function\":{\"parameters\":{\"properties\":{\"Name\":{},\"name\":{}}}}}]}");

    assert_int_equal(walk_body(arena, SHAPE_CHAT, span_of("{\"a\":[[[]]]}"), 3, &walk), -1);
    assert_string_equal(walk.error_code, "too_deep");
    /* a document in a string that is too deep is text */
    assert_int_equal(walk_body(arena, SHAPE_CHAT, span_of("{\"a\":\"[[[[]]]]\"}"), 3, &walk), 0);
    assert_false(walk.v[1].container);
}

static void memory_and_counts_are_limited(void **state) {
    struct arena *small = arena_new(8192);
    struct buf b;
    (void)state;
    buf_init(&b, 16u << 20);
    buf_add_c(&b, "{\"input\":[0");
    while (b.len < 2 * ((1u << 20) + 10))
        buf_add_c(&b, ",1");
    buf_add_c(&b, "]}");
    assert_int_equal(walk_body(small, SHAPE_EMBEDDINGS, buf_span(&b), DEPTH, &walk), -1);
    assert_string_equal(walk.error_code, "out_of_memory");
    arena_free(small);
    struct arena *large = arena_new(1u << 30);
    assert_int_equal(walk_body(large, SHAPE_EMBEDDINGS, buf_span(&b), DEPTH, &walk), -1);
    assert_string_equal(walk.error_code, "too_many_values");
    arena_free(large);
    buf_free(&b);
}

/* ---- edits ---- */

static struct span replaced(struct span body, const struct walk_leaf *l, uint32_t begin, uint32_t end, struct span with) {
    struct json_edit e;
    struct buf out;
    walk_range(&walk, l, begin, end, &e.begin, &e.end);
    assert_int_equal(walk_escape(arena, with, l->level, &e.with), 0);
    buf_init(&out, 1u << 24);
    assert_int_equal(json_splice(body, &e, 1, &out), 0);
    char *copy = arena_copy(arena, buf_span(&out));
    struct span result = span_make(copy, out.len);
    buf_free(&out);
    return result;
}

static void number_edits_keep_their_place(void **state) {
    const struct span body = span_of("{\"a\":\"[12,{\\\"k\\\":345}]\"}");
    (void)state;
    assert_int_equal(walk_body(arena, SHAPE_CHAT, body, DEPTH, &walk), 0);
    assert_true(span_is(replaced(body, leaf_of("345"), 1, 2, span_of("9")), "{\"a\":\"[12,{\\\"k\\\":395}]\"}"));
}

/* text in levels of ["..."] strings, with escapes of every kind at every level. */
static struct span wrapped(struct span text, int levels) {
    for (int i = 0; i < levels; i++) {
        struct buf b;
        buf_init(&b, 1u << 24);
        buf_add_c(&b, i == levels - 1 ? "{\"messages\":\"" : "[\"\\u00e9\\n\",\"");
        for (size_t j = 0; j < text.len; j++) { /* some characters the long way */
            unsigned char c = (unsigned char)text.ptr[j];
            if (c < 0x80 && (c == 'u' || c == '"')) buf_add_format(&b, "\\u%04X", c);
            else if (c == '/') buf_add_c(&b, "\\/");
            else buf_add_json_escaped(&b, span_sub(text, j, j + 1));
        }
        buf_add_c(&b, i == levels - 1 ? "\"}" : "\",3]");
        text = span_make(arena_copy(arena, buf_span(&b)), b.len);
        buf_free(&b);
    }
    return text;
}

/* Every sub-range of a leaf at nesting level 1 to 4, replaced, re-read. */
static void ranges_are_exact_through_the_levels(void **state) {
    const struct span text = span_of("a\"\\\n/u\t\xC3\xA9\xF0\x9F\x98\x80z");
    const struct span with = span_of("<\"\\\n>");
    (void)state;
    for (int level = 1; level <= 4; level++) {
        struct span body = wrapped(text, level);
        for (uint32_t begin = 0; begin <= text.len; begin++) {
            for (uint32_t end = begin; end <= text.len; end++) {
                if ((begin < text.len && ((unsigned char)text.ptr[begin] & 0xC0) == 0x80) ||
                    (end < text.len && ((unsigned char)text.ptr[end] & 0xC0) == 0x80)) continue;
                char want[64];
                memcpy(want, text.ptr, begin);
                memcpy(want + begin, with.ptr, with.len);
                memcpy(want + begin + with.len, text.ptr + end, text.len - end);
                size_t len = begin + with.len + text.len - end;

                assert_int_equal(walk_body(arena, SHAPE_CHAT, body, DEPTH, &walk), 0);
                size_t at = 0;
                while (at < walk.n && !span_equal(walk.v[at].text, text))
                    at++;
                assert_true(at < walk.n);
                assert_int_equal(walk.v[at].level, level);
                struct span edited = replaced(body, &walk.v[at], begin, end, with);
                assert_int_equal(walk_body(arena, SHAPE_CHAT, edited, DEPTH, &walk), 0);
                assert_true(span_equal(walk.v[at].text, span_make(want, len)));
            }
        }
        arena_reset(arena);
    }
}

/* Each leaf replaced by the bytes that it has: the body stays as it is, whatever it holds. */
static void replacing_leaves_by_themselves_changes_nothing(void **state) {
    static const char *const bodies[] = {
        "{}", " { \"a\" : [ 1 , \"b\" ] } ",
        "{\"messages\":[{\"role\":\"user\",\"content\":\"\\u0041\\/\\n\\ud83d\\ude00\"}],\"n\":1}",
        "{\"a\":\"{\\\"b\\\":\\\"[\\\\\\\"c\\\\\\\\u00e9\\\\\\\",1.50]\\\",\\\"d\\\": -0.0}\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct span body = span_of(bodies[i]);
        struct json_edit edits[64];
        size_t n = 0;
        struct buf out;
        chat(bodies[i]);
        for (size_t j = 0; j < walk.n; j++) {
            const struct walk_leaf *l = &walk.v[j];
            if (l->container) continue;
            walk_range(&walk, l, 0, (uint32_t)l->text.len, &edits[n].begin, &edits[n].end);
            edits[n].with = span_sub(body, edits[n].begin, edits[n].end);
            n++;
        }
        buf_init(&out, 4096);
        assert_int_equal(json_splice(body, edits, n, &out), 0);
        assert_true(span_equal(buf_span(&out), body));
        buf_free(&out);
    }
}

static void nesting_beyond_the_limit_is_text(void **state) {
    (void)state;
    struct span body = wrapped(span_of("x"), WALK_NESTING_MAX + 3);
    assert_int_equal(walk_body(arena, SHAPE_CHAT, body, DEPTH, &walk), 0);
    const struct walk_leaf *last = NULL;
    for (size_t i = 0; i < walk.n; i++)
        if (!last || walk.v[i].level > last->level) last = &walk.v[i];
    assert_int_equal(last->level, WALK_NESTING_MAX + 1);
    bool text = false;
    for (size_t i = 0; i < walk.n; i++)
        if (walk.v[i].level == last->level && walk.v[i].text.len > 8 && !walk.v[i].container) text = true;
    assert_true(text);
}

/* ---- other interfaces ---- */

static void walked(enum shape_endpoint e, const char *body) {
    if (walk_as(e, body) < 0) fail_msg("%s: %s", walk.error, body);
}

static void items_say_whose_words_they_are(void **state) {
    (void)state;
    walked(SHAPE_RESPONSES, "{\"instructions\":\"sys\",\"input\":[{\"role\":\"user\",\"content\":\"u\"},{\"type\":\"reasoning\",\"summary\":"
                            "[{\"type\":\"summary_text\",\"text\":\"th\"}]},{\"output\":\"res\",\"type\":\"function_call_output\"}]}");
    assert_int_equal(leaf_of("sys")->part, WALK_SYSTEM);
    assert_int_equal(leaf_of("u")->part, WALK_USER);
    assert_int_equal(leaf_of("th")->part, WALK_ASSISTANT);
    assert_int_equal(leaf_of("res")->part, WALK_TOOL);
    assert_true(leaf_of("u")->group != leaf_of("res")->group);
    assert_true(leaf_of("reasoning")->parameter && leaf_of("summary")->parameter);
    path_is(leaf_of("th")->path, "input[1].summary[0].text");
    walked(SHAPE_RESPONSES, "{\"input\":\"u\"}");
    assert_int_equal(leaf_of("u")->part, WALK_USER);
}

static void sealed_and_signed_text(void **state) {
#define SEAL "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD"
    (void)state;
    walked(SHAPE_RESPONSES, "{\"input\":[{\"type\":\"reasoning\",\"encrypted_content\":\"" SEAL "\"}]}");
    assert_int_equal(walk.sealed, 1);
    has_no_leaf(SEAL);
    walked(SHAPE_RESPONSES, "{\"input\":[{\"type\":\"reasoning\",\"encrypted_content\":\"plain words\"}],\"encrypted_content\":\"" SEAL "\"}");
    assert_int_equal(walk.sealed, 0);
    assert_int_equal(leaf_of("plain words")->what, WALK_STRING);
    assert_non_null(leaf_of(SEAL));
    walked(SHAPE_MESSAGES_API, "{\"messages\":[{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"[1]\","
                               "\"signature\":\"" SEAL "\"},{\"type\":\"text\",\"text\":\"t\"}]}]}");
    assert_true(leaf_of("[1]")->fixed && !leaf_of("[1]")->container);
    assert_false(leaf_of("t")->fixed);
    assert_int_equal(walk.sealed, 1);
}

/* An item that says neither its type nor whose words it holds names one that the upstream keeps. */
static void items_that_only_name_another(void **state) {
    static const char *const references[] = {
        "{\"input\":[{\"role\":\"user\",\"content\":\"u\"},{\"id\":\"msg_1\"}]}", "{\"input\":[{\"type\":null,\"id\":\"msg_1\"}]}",
        "{\"input\":{\"id\":\"msg_1\"}}", "{\"input\":[{\"id\":\"msg_1\",\"content\":{\"role\":\"user\"}}]}",
        "{\"input\":[{\"type\":\"item_reference\",\"id\":\"msg_1\"}]}"};
    static const char *const items[] = {"{\"input\":[{\"id\":\"msg_1\",\"content\":\"u\",\"role\":\"user\"}]}",
                                        "{\"input\":\"[{\\\"id\\\":\\\"msg_1\\\"}]\"}",
                                        "{\"input\":[{\"type\":\"function_call_output\",\"output\":{\"id\":\"x\"}}]}"};
    (void)state;
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        walked(SHAPE_RESPONSES, references[i]);
        if (walk.unreadable != WALK_UNOWNED) fail_msg("%s", references[i]);
    }
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        walked(SHAPE_RESPONSES, items[i]);
        if (walk.unreadable) fail_msg("%s", items[i]);
    }
}

static void streams_are_the_default_of_some(void **state) {
    (void)state;
    walked(SHAPE_OLLAMA_CHAT, "{}");
    assert_true(walk.stream);
    walked(SHAPE_OLLAMA_CHAT, "{\"stream\":null}");
    assert_true(walk.stream);
    walked(SHAPE_OLLAMA_GENERATE, "{\"stream\":false,\"format\":\"json\"}");
    assert_true(!walk.stream && walk.json_mode);
    walked(SHAPE_OLLAMA_EMBED, "{}");
    assert_false(walk.stream);
    walked(SHAPE_RESPONSES, "{\"text\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"x\"}}},\"background\":false}");
    assert_true(!walk.stream && walk.json_mode && !walk.unreadable);
    assert_int_equal(walk_as(SHAPE_RESPONSES, "{\"background\":1}"), -1);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(every_string_key_and_number_is_a_leaf),
        CASE(parameters_elsewhere_are_searched),
        CASE(parts_follow_role_and_place),
        CASE(groups_are_messages),
        CASE(strings_that_are_json_are_opened),
        CASE(what_only_looks_like_json_stays_text),
        CASE(facts_are_read),
        CASE(facts_of_a_wrong_type_are_refused),
        CASE(what_cannot_be_read_is_named),
        CASE(blobs_are_no_text_but_all_else_is), CASE(what_is_to_be_said), CASE(a_conversation_is_read_as_what_a_response_is_made_from),
        CASE(refusals_have_a_code_and_a_path),
        CASE(memory_and_counts_are_limited),
        CASE(number_edits_keep_their_place),
        CASE(ranges_are_exact_through_the_levels),
        CASE(replacing_leaves_by_themselves_changes_nothing),
        CASE(nesting_beyond_the_limit_is_text),
        CASE(items_say_whose_words_they_are),
        CASE(sealed_and_signed_text),
        CASE(items_that_only_name_another),
        CASE(streams_are_the_default_of_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
