/* SPDX-License-Identifier: Apache-2.0
 *
 * The echo model: its answers are read back by an ordinary JSON library, as clients do.
 */
#include "../../proxy/echo_model.h"

#include <cjson/cJSON.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../proxy/buf.h"

static int status;

static char *ask(const char *method, const char *path, const char *body, int *pieces) {
    struct echo_model *m = echo_model_new(method, path, span_of(body));
    struct buf out;
    int more;

    assert_non_null(m);
    buf_init(&out, 1 << 24);
    *pieces = 0;
    do {
        more = echo_model_next(m, &out);
        assert_true(more >= 0);
        ++*pieces;
    } while (more > 0);
    status = echo_model_status(m);
    buf_add_char(&out, '\0');
    char *copy = strdup(out.ptr);
    buf_free(&out);
    echo_model_free(m);
    return copy;
}

static cJSON *post(const char *path, const char *body) {
    int pieces;
    char *text = ask("POST", path, body, &pieces);
    cJSON *json = cJSON_ParseWithOpts(text, NULL, 1);
    assert_int_equal(pieces, 1);
    assert_non_null(json);
    free(text);
    return json;
}

static cJSON *at(cJSON *json, const char *path) {
    char step[32];
    while (*path && json) {
        size_t n = strcspn(path, ".");
        snprintf(step, sizeof step, "%.*s", (int)n, path);
        json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, step[0] - '0') : cJSON_GetObjectItemCaseSensitive(json, step);
        path += n + (path[n] == '.');
    }
    return json;
}

static const char *text_at(cJSON *json, const char *path) {
    const char *s = cJSON_GetStringValue(at(json, path));
    return s ? s : "(none)";
}

static void chat_shows_both(void **state) {
    cJSON *j = post("/chat/completions",
                    "{\"model\":\"m\\u0031\",\"n\":2,\"messages\":[{\"role\":\"user\",\"content\":\"old\"},"
                    "{\"content\":\"a \\\"[NAME_1]\\\"\\n[SSN_2B] [x] \\u00e9\",\"role\":\"user\"},"
                    "{\"role\":\"assistant\",\"content\":\"no\"}]}");
    (void)state;
    assert_int_equal(status, 200);
    assert_string_equal(text_at(j, "choices.1.message.content"),
                        "The model received: a \"\u2039NAME_1\u203a\"\n\u2039SSN_2B\u203a [x] \u00e9\n\n"
                        "The same with your own values: a \"[NAME_1]\"\n[SSN_2B] [x] \u00e9");
    assert_string_equal(text_at(j, "choices.0.finish_reason"), "stop");
    assert_string_equal(text_at(j, "model"), "m1");
    assert_int_equal(cJSON_GetArraySize(at(j, "choices")), 2);
    assert_true(cJSON_GetNumberValue(at(j, "usage.total_tokens")) > 20);
    cJSON_Delete(j);
}

static void parts_are_joined(void **state) {
    cJSON *j = post("/chat/completions",
                    "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"one\"},"
                    "{\"type\":\"image_url\",\"image_url\":{\"url\":\"x\"}},{\"type\":\"text\",\"text\":\"two\"}]}]}");
    (void)state;
    assert_string_equal(text_at(j, "choices.0.message.content"),
                        "The model received: one\ntwo\n\nThe same with your own values: one\ntwo");
    cJSON_Delete(j);
}

static void json_mode_gives_json(void **state) {
    cJSON *j = post("/chat/completions", "{\"messages\":[{\"role\":\"user\",\"content\":\"\\\"[NAME_1]\\\"\"}],"
                                         "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"a\":[1]}}}");
    cJSON *inner = cJSON_ParseWithOpts(text_at(j, "choices.0.message.content"), NULL, 1);
    (void)state;
    assert_string_equal(text_at(inner, "received"), "\"\u2039NAME_1\u203a\"");
    assert_string_equal(text_at(inner, "same"), "\"[NAME_1]\"");
    cJSON_Delete(inner);
    cJSON_Delete(j);
}

static void completions_answer_each_prompt(void **state) {
    cJSON *j = post("/completions", "{\"prompt\":[\"a\",\"b\"],\"n\":2}");
    (void)state;
    assert_int_equal(cJSON_GetArraySize(at(j, "choices")), 4);
    assert_non_null(strstr(text_at(j, "choices.1.text"), "received: a"));
    assert_non_null(strstr(text_at(j, "choices.2.text"), "received: b"));
    cJSON_Delete(j);
}

static void embeddings_depend_on_the_text_alone(void **state) {
    cJSON *a = post("/embeddings", "{\"input\":[\"x\",\"y\",\"x\"],\"dimensions\":5}");
    cJSON *b = post("/embeddings", "{\"input\":\"x\",\"dimensions\":5,\"encoding_format\":\"base64\"}");
    (void)state;
    assert_int_equal(cJSON_GetArraySize(at(a, "data.0.embedding")), 5);
    assert_true(cJSON_Compare(at(a, "data.0.embedding"), at(a, "data.2.embedding"), 1));
    assert_false(cJSON_Compare(at(a, "data.0.embedding"), at(a, "data.1.embedding"), 1));
    assert_int_equal(strlen(text_at(b, "data.0.embedding")), 28); /* 20 bytes */
    cJSON_Delete(a);
    cJSON_Delete(b);
}

/* Joins the deltas of a stream; counts its events. */
static void read_stream(char *text, const char *member, char joined[][512], int *finishes, int *usages) {
    char *next = NULL;
    bool marked = false;
    for (char *event = strtok_r(text, "\n", &next); event; event = strtok_r(NULL, "\n", &next)) {
        assert_false(marked);
        assert_int_equal(strncmp(event, "data: ", 6), 0);
        marked = strcmp(event + 6, "[DONE]") == 0;
        if (marked) continue;
        cJSON *j = cJSON_ParseWithOpts(event + 6, NULL, 1);
        assert_non_null(j);
        cJSON *number = at(j, "choices.0.index");
        int index = number ? number->valueint : 0;
        const char *piece = cJSON_GetStringValue(at(j, member));
        if (piece) {
            assert_true(strlen(piece) <= 9);
            strncat(joined[index], piece, 511 - strlen(joined[index]));
        }
        *finishes += cJSON_IsString(at(j, "choices.0.finish_reason"));
        *usages += cJSON_IsObject(at(j, "usage"));
        cJSON_Delete(j);
    }
    assert_true(marked);
}

static void streams_give_the_same_in_pieces(void **state) {
    static const char body[] = "{\"stream\":true,\"stream_options\":{\"include_usage\":true},\"n\":2,"
                               "\"messages\":[{\"role\":\"user\",\"content\":\"[NAME_1] \\u00e9\\u20ac\"}]}";
    char joined[2][512] = {"", ""};
    int pieces, finishes = 0, usages = 0;
    char *text = ask("POST", "/chat/completions", body, &pieces);
    (void)state;

    assert_true(pieces > 30);
    read_stream(text, "choices.0.delta.content", joined, &finishes, &usages);
    assert_string_equal(joined[0], "The model received: \u2039NAME_1\u203a \u00e9\u20ac\n\n"
                                   "The same with your own values: [NAME_1] \u00e9\u20ac");
    assert_string_equal(joined[1], joined[0]);
    assert_int_equal(finishes, 2);
    assert_int_equal(usages, 1);
    free(text);
}

static void completion_streams_keep_prompts_apart(void **state) {
    char joined[2][512] = {"", ""};
    int pieces, finishes = 0, usages = 0;
    char *text = ask("POST", "/completions", "{\"stream\":true,\"prompt\":[\"a\",\"longer one\"]}", &pieces);
    (void)state;

    read_stream(text, "choices.0.text", joined, &finishes, &usages);
    assert_string_equal(joined[0], "The model received: a\n\nThe same with your own values: a");
    assert_string_equal(joined[1], "The model received: longer one\n\nThe same with your own values: longer one");
    assert_int_equal(finishes, 2);
    assert_int_equal(usages, 0);
    free(text);
}

static void responses_are_written_in_their_form(void **state) {
    static const char said[] = "The model received: \u2039NAME_1\u203a\n\nThe same with your own values: [NAME_1]";
    cJSON *j = post("/responses", "{\"model\":\"m\",\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
                                  "\"text\":\"[NAME_1]\"}]}]}");
    int pieces;
    (void)state;

    assert_string_equal(text_at(j, "output.0.content.0.text"), said);
    assert_string_equal(text_at(j, "status"), "completed");
    cJSON_Delete(j);
    char *text = ask("POST", "/responses", "{\"stream\":true,\"input\":\"[NAME_1]\"}", &pieces);
    assert_true(pieces > 10);
    assert_non_null(strstr(text, "event: response.output_text.done\ndata: {\"type\":\"response.output_text.done\""));
    char *last = strstr(text, "event: response.completed\n");
    assert_non_null(last);
    assert_null(strstr(last + 1, "event: "));
    j = cJSON_Parse(strstr(last, "data: ") + 6);
    assert_string_equal(text_at(j, "response.output.0.content.0.text"), said);
    cJSON_Delete(j);
    free(text);
}

static void what_cannot_be_read_is_an_error(void **state) {
    static const char *const bad[] = {"", "[]", "{", "{\"messages\":1}", "{\"messages\":[],\"n\":0}", "{} x",
                                      "{\"messages\":[],\"n\":129}", "{\"a\":1,\"a\":2}"};
    int pieces;
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cJSON *j = post("/chat/completions", bad[i]);
        assert_int_equal(status, 400);
        assert_string_equal(text_at(j, "error.type"), "invalid_request_error");
        cJSON_Delete(j);
    }
    free(ask("POST", "/responses", "{\"input\":7}", &pieces));
    assert_int_equal(status, 400);
    free(ask("POST", "/files", "{}", &pieces));
    assert_int_equal(status, 404);
    free(ask("GET", "/chat/completions", "", &pieces));
    assert_int_equal(status, 404);
    char *models = ask("GET", "/models", "", &pieces);
    assert_int_equal(status, 200);
    assert_non_null(strstr(models, "\"id\":\"echo\""));
    free(models);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chat_shows_both),
        cmocka_unit_test(parts_are_joined),
        cmocka_unit_test(json_mode_gives_json),
        cmocka_unit_test(completions_answer_each_prompt),
        cmocka_unit_test(embeddings_depend_on_the_text_alone),
        cmocka_unit_test(streams_give_the_same_in_pieces),
        cmocka_unit_test(completion_streams_keep_prompts_apart),
        cmocka_unit_test(responses_are_written_in_their_form),
        cmocka_unit_test(what_cannot_be_read_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
