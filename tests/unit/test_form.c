/* SPDX-License-Identifier: Apache-2.0
 *
 * A form is the object that it stands for, and comes back from it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../proxy/buf.h"
#include "../../proxy/form.h"

#define FIELD(name, value) "--B\r\nContent-Disposition: form-data; name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_FIELD(name, filename, value) \
    "--B\r\nContent-Disposition: form-data; name=\"" name "\"; filename=\"" filename "\"\r\n\r\n" value "\r\n"
#define END "--B--\r\n"

static void becomes(enum shape_endpoint e, const char *body, const char *want, size_t files) {
    struct form f, again;
    struct buf json, out, json_again;

    buf_init(&json, 1u << 16);
    buf_init(&json_again, 1u << 16);
    buf_init(&out, 1u << 16);
    if (form_read(e, span_of(body), span_of("B"), &f, &json) < 0) fail_msg("%s: %s", f.error, body);
    if (!span_is(buf_span(&json), want)) fail_msg("%.*s, not %s", (int)json.len, json.ptr, want);
    assert_int_equal(f.n_files, files);
    assert_int_equal(form_write(e, buf_span(&json), &f, "C", &out), 0);
    assert_int_equal(form_read(e, buf_span(&out), span_of("C"), &again, &json_again), 0);
    assert_true(span_equal(buf_span(&json), buf_span(&json_again)) && again.n_files == files);
    for (size_t i = 0; i < files; i++)
        assert_true(span_equal(f.files[i].data, again.files[i].data) && f.files[i].type == again.files[i].type);
    buf_free(&json);
    buf_free(&json_again);
    buf_free(&out);
}

static void refused(enum shape_endpoint e, const char *body, const char *why) {
    struct form f;
    struct buf json;

    buf_init(&json, 1u << 16);
    assert_int_equal(form_read(e, span_of(body), span_of("B"), &f, &json), -1);
    assert_string_equal(f.error, why);
    buf_free(&json);
}

static void there_and_back(void **state) {
    (void)state;
    becomes(SHAPE_TRANSCRIPTIONS, FIELD("model", "w") FIELD("prompt", "a \"b\"\n\\") END, "{\"model\":\"w\",\"prompt\":\"a \\\"b\\\"\\n\\\\\"}", 0);
    becomes(SHAPE_TRANSCRIPTIONS, FIELD("include[]", "a") FIELD("temperature", "0.5") FIELD("include[]", "b") FIELD("stream", "true") END,
            "{\"include\":[\"a\",\"b\"],\"temperature\":0.5,\"stream\":true}", 0);
    becomes(SHAPE_TRANSCRIPTIONS, FILE_FIELD("file", "Jane.WAV", "R\r\n--x") FIELD("language", "") END, "{\"language\":\"\"}", 1);
    becomes(SHAPE_IMAGE_EDITS, FILE_FIELD("image[]", "a.png", "1") FILE_FIELD("image[]", "b.jpeg", "2") FILE_FIELD("mask", "m.png", "3") END, "{}", 3);
    becomes(SHAPE_IMAGE_EDITS, END, "{}", 0);
}

static void what_no_table_names(void **state) {
    (void)state;
    refused(SHAPE_TRANSCRIPTIONS, FIELD("messages", "x") END, "unknown_field");
    refused(SHAPE_TRANSLATIONS, FIELD("language", "x") END, "unknown_field");
    refused(SHAPE_CHAT, FIELD("model", "x") END, "unknown_field");
    refused(SHAPE_TRANSCRIPTIONS, FIELD("model", "x") FIELD("model", "x") END, "duplicate_field");
    refused(SHAPE_TRANSCRIPTIONS, FIELD("model[]", "x") END, "duplicate_field");
    refused(SHAPE_TRANSCRIPTIONS, FILE_FIELD("file", "a.wav", "x") FILE_FIELD("file", "b.wav", "x") END, "duplicate_field");
    refused(SHAPE_TRANSCRIPTIONS, FILE_FIELD("file", "a.exe", "x") END, "unknown_file_type");
    refused(SHAPE_TRANSCRIPTIONS, FILE_FIELD("file", "a.png", "x") END, "unknown_file_type");
    refused(SHAPE_TRANSCRIPTIONS, FILE_FIELD("prompt", "a.wav", "x") END, "unexpected_file");
    refused(SHAPE_TRANSCRIPTIONS, FILE_FIELD("include[]", "a.wav", "x") END, "unexpected_file");
    refused(SHAPE_TRANSCRIPTIONS, FIELD("temperature", "1,5") END, "invalid_number");
    refused(SHAPE_TRANSCRIPTIONS, FIELD("stream", "True") END, "invalid_boolean");
    refused(SHAPE_TRANSCRIPTIONS, FIELD("prompt", "\xff") END, "invalid_text");
    refused(SHAPE_TRANSCRIPTIONS, "x" END, "invalid_multipart");
}

/* Whatever an edit left in the object, only what the table names is written. */
static void what_is_no_form_is_not_written(void **state) {
    static const char *const bad[] = {"", "[]", "{\"x\":1}", "{\"prompt\":{}}", "{\"prompt\":\"a\"", "{\"include\":[[1]]}", "{\"\\u0070rompt\":\"x\"}"};
    struct form f = {.n_files = 0};
    struct buf out;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        buf_init(&out, 4096);
        if (form_write(SHAPE_TRANSCRIPTIONS, span_of(bad[i]), &f, "C", &out) == 0) fail_msg("written: %s", bad[i]);
        buf_free(&out);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(what_no_table_names),
        cmocka_unit_test(what_is_no_form_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
