/* SPDX-License-Identifier: Apache-2.0
 *
 * A field's type is in the table, since a form has only text: a number is written as it came when it is one of JSON's, and
 * refused when it is none. A list comes as name[], once for each item.
 */
#include "form.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"

enum field_type { FIELD_TEXT, FIELD_NUMBER, FIELD_BOOL, FIELD_LIST, FIELD_AUDIO, FIELD_IMAGE, FIELD_LINES };

#define IN(e) (UINT64_C(1) << (e))
#define AUDIO (IN(SHAPE_TRANSCRIPTIONS) | IN(SHAPE_TRANSLATIONS))
#define SPEECH IN(SHAPE_TRANSCRIPTIONS)
#define EDITS IN(SHAPE_IMAGE_EDITS)
#define PICTURES (IN(SHAPE_IMAGE_EDITS) | IN(SHAPE_IMAGE_VARIATIONS))
#define FILES IN(SHAPE_FILES)
#define DEPTH 8u

static const struct field {
    const char *name;
    enum field_type type;
    uint64_t in;
} fields[] = {
    {"file", FIELD_AUDIO, AUDIO},
    {"file", FIELD_LINES, FILES},
    {"purpose", FIELD_TEXT, FILES},
    {"expires_after[anchor]", FIELD_TEXT, FILES},
    {"expires_after[seconds]", FIELD_NUMBER, FILES},
    {"model", FIELD_TEXT, AUDIO | PICTURES},
    {"prompt", FIELD_TEXT, AUDIO | EDITS},
    {"response_format", FIELD_TEXT, AUDIO | PICTURES},
    {"temperature", FIELD_NUMBER, AUDIO},
    {"language", FIELD_TEXT, SPEECH},
    {"languages", FIELD_LIST, SPEECH},
    {"keywords", FIELD_LIST, SPEECH},
    {"stream", FIELD_BOOL, SPEECH | EDITS},
    {"include", FIELD_LIST, SPEECH},
    {"timestamp_granularities", FIELD_LIST, SPEECH},
    {"chunking_strategy", FIELD_TEXT, SPEECH},
    {"known_speaker_names", FIELD_LIST, SPEECH},
    {"known_speaker_references", FIELD_LIST, SPEECH},
    {"image", FIELD_IMAGE, PICTURES},
    {"mask", FIELD_IMAGE, EDITS},
    {"n", FIELD_NUMBER, PICTURES},
    {"size", FIELD_TEXT, PICTURES},
    {"user", FIELD_TEXT, PICTURES},
    {"quality", FIELD_TEXT, EDITS},
    {"background", FIELD_TEXT, EDITS},
    {"input_fidelity", FIELD_TEXT, EDITS},
    {"moderation", FIELD_TEXT, EDITS},
    {"output_format", FIELD_TEXT, EDITS},
    {"output_compression", FIELD_NUMBER, EDITS},
    {"partial_images", FIELD_NUMBER, EDITS},
};
#define FIELDS (sizeof fields / sizeof *fields)

/* By its ending a server tells what is in a file. */
static const struct file_type {
    const char *ending, *name, *type;
    enum form_file_kind kind;
} file_types[] = {
    {".wav", "file-1.wav", "audio/wav", FORM_AUDIO},   {".mp3", "file-1.mp3", "audio/mpeg", FORM_AUDIO},
    {".m4a", "file-1.m4a", "audio/mp4", FORM_AUDIO},   {".mp4", "file-1.mp4", "audio/mp4", FORM_AUDIO},
    {".mpeg", "file-1.mpeg", "audio/mpeg", FORM_AUDIO}, {".mpga", "file-1.mpga", "audio/mpeg", FORM_AUDIO},
    {".ogg", "file-1.ogg", "audio/ogg", FORM_AUDIO},   {".oga", "file-1.oga", "audio/ogg", FORM_AUDIO},
    {".flac", "file-1.flac", "audio/flac", FORM_AUDIO}, {".webm", "file-1.webm", "audio/webm", FORM_AUDIO},
    {".png", "file-1.png", "image/png", FORM_IMAGE},   {".jpg", "file-1.jpg", "image/jpeg", FORM_IMAGE},
    {".jpeg", "file-1.jpg", "image/jpeg", FORM_IMAGE}, {".webp", "file-1.webp", "image/webp", FORM_IMAGE},
    {".jsonl", "file-1.jsonl", "application/jsonl", FORM_LINES},
};
#define FILE_TYPES (sizeof file_types / sizeof *file_types)

static bool ends_nocase(struct span s, const char *ending) {
    size_t n = strlen(ending);
    return s.len >= n && span_is_nocase(span_sub(s, s.len - n, s.len), ending);
}

static const struct file_type *file_type_of(const struct multipart_part *p, enum form_file_kind kind) {
    for (size_t i = 0; i < FILE_TYPES; i++)
        if (file_types[i].kind == kind && ends_nocase(p->filename, file_types[i].ending)) return &file_types[i];
    for (size_t i = 0; i < FILE_TYPES; i++)
        if (file_types[i].kind == kind && span_is_nocase(p->type, file_types[i].type)) return &file_types[i];
    return NULL;
}

/* ---- reading ---- */

static struct span bare_name(struct span name, bool *listed) {
    *listed = span_ends(name, "[]");
    return *listed ? span_sub(name, 0, name.len - 2) : name;
}

static const struct field *field_find(enum shape_endpoint e, struct span name) {
    for (size_t i = 0; i < FIELDS; i++)
        if (fields[i].in >> e & 1 && span_is(name, fields[i].name)) return &fields[i];
    return NULL;
}

static int refuse(struct form *f, const char *why) {
    f->error = why;
    return -1;
}

static int add_file(struct form *f, const struct field *field, const struct multipart_part *p, bool listed) {
    enum form_file_kind kind = field->type == FIELD_AUDIO ? FORM_AUDIO : field->type == FIELD_IMAGE ? FORM_IMAGE : FORM_LINES;
    const struct file_type *type = file_type_of(p, kind);

    if (f->n_files == FORM_FILES_MAX) return refuse(f, "too_many_files");
    if (!p->file || !type) return refuse(f, "unknown_file_type");
    f->files[f->n_files++] = (struct form_file){field->name, listed, kind, type->name, type->type, p->data};
    return 0;
}

static bool is_number(struct span s) {
    bool digit = false;

    for (size_t i = 0; i < s.len; i++) {
        digit |= s.ptr[i] >= '0' && s.ptr[i] <= '9';
        if (!strchr("0123456789.-+eE", s.ptr[i]) || s.ptr[i] == '\0') return false;
    }
    return digit && s.len <= 32; /* whether it is one of JSON's, its scanner says */
}

static void add_string(struct buf *json, struct span text) {
    buf_add_char(json, '"');
    buf_add_json_escaped(json, text);
    buf_add_char(json, '"');
}

static int add_value(struct form *f, const struct field *field, struct span text, struct buf *json) {
    if (utf8_check(text) != text.len || span_find(text, '\0', 0) != text.len) return refuse(f, "invalid_text");
    switch (field->type) {
    case FIELD_NUMBER:
        if (!is_number(text)) return refuse(f, "invalid_number");
        buf_add(json, text);
        return 0;
    case FIELD_BOOL:
        if (!span_is(text, "true") && !span_is(text, "false")) return refuse(f, "invalid_boolean");
        buf_add(json, text);
        return 0;
    case FIELD_TEXT: case FIELD_LIST: case FIELD_AUDIO: case FIELD_IMAGE: case FIELD_LINES:
        break;
    }
    add_string(json, text);
    return 0;
}

static bool is_file(const struct field *f) {
    return f->type == FIELD_AUDIO || f->type == FIELD_IMAGE || f->type == FIELD_LINES;
}

/* All items of the list whose first stands at `first`. */
static int add_list(struct form *f, const struct field *field, const struct multipart_part *parts, size_t n, size_t first,
                    struct buf *json) {
    bool listed;

    buf_add_char(json, '[');
    for (size_t i = first; i < n; i++) {
        if (!span_is(bare_name(parts[i].name, &listed), field->name)) continue;
        if (parts[i].file) return refuse(f, "unexpected_file");
        if (i > first) buf_add_char(json, ',');
        if (add_value(f, field, parts[i].data, json) < 0) return -1;
    }
    buf_add_char(json, ']');
    return 0;
}

static bool came_before(const struct multipart_part *parts, size_t at) {
    bool listed;

    for (size_t i = 0; i < at; i++)
        if (span_equal(bare_name(parts[i].name, &listed), bare_name(parts[at].name, &listed))) return true;
    return false;
}

static int add_field(enum shape_endpoint e, struct form *f, const struct multipart_part *parts, size_t n, size_t at,
                     struct buf *json) {
    bool listed, again = came_before(parts, at);
    const struct field *field = field_find(e, bare_name(parts[at].name, &listed));

    if (!field) return refuse(f, "unknown_field");
    if (is_file(field)) return again && !listed ? refuse(f, "duplicate_field") : add_file(f, field, &parts[at], listed);
    if (field->type == FIELD_LIST && again) return 0; /* with the first of them */
    if (again || (listed && field->type != FIELD_LIST)) return refuse(f, "duplicate_field");
    if (parts[at].file) return refuse(f, "unexpected_file");
    if (json->len > 1) buf_add_char(json, ',');
    add_string(json, span_of(field->name));
    buf_add_char(json, ':');
    return field->type == FIELD_LIST ? add_list(f, field, parts, n, at, json) : add_value(f, field, parts[at].data, json);
}

int form_read(enum shape_endpoint e, struct span body, struct span boundary, struct form *f, struct buf *json) {
    struct multipart_part parts[MULTIPART_PARTS_MAX];
    size_t n;

    *f = (struct form){.n_files = 0};
    if (multipart_read(body, boundary, parts, MULTIPART_PARTS_MAX, &n) < 0) return refuse(f, "invalid_multipart");
    buf_add_char(json, '{');
    for (size_t i = 0; i < n; i++)
        if (add_field(e, f, parts, n, i, json) < 0) return -1;
    buf_add_char(json, '}');
    return json->failed ? refuse(f, "too_large") : 0;
}

/* ---- writing ---- */

struct writer {
    struct arena *arena;
    struct json_scanner *scanner;
    const char *boundary;
    struct buf *out;
};

static int write_scalar(struct writer *w, struct span name, const struct json_token *t) {
    struct span text = t->raw;

    if (t->type == JSON_OBJECT_BEGIN || t->type == JSON_ARRAY_BEGIN) return -1;
    if (t->type == JSON_STRING && json_unescape(w->arena, t->raw, &text, NULL) < 0) return -1;
    multipart_add(w->out, w->boundary, name, NULL, NULL, text);
    return 0;
}

static int write_list(struct writer *w, const char *name) {
    struct json_token t;
    struct buf listed;

    for (;;) {
        if (json_next(w->scanner, &t) < 0) return -1;
        if (t.type == JSON_ARRAY_END) return 0;
        buf_init(&listed, 256);
        buf_add_c(&listed, name);
        buf_add_c(&listed, "[]");
        int result = listed.failed ? -1 : write_scalar(w, buf_span(&listed), &t);
        buf_free(&listed);
        if (result < 0) return -1;
    }
}

static int write_members(struct writer *w, enum shape_endpoint e) {
    struct json_token t;

    if (json_next(w->scanner, &t) < 0 || t.type != JSON_OBJECT_BEGIN) return -1;
    for (;;) {
        if (json_next(w->scanner, &t) < 0) return -1;
        if (t.type == JSON_OBJECT_END) return 0;
        const struct field *field = t.escaped ? NULL : field_find(e, t.raw);
        if (!field || json_next(w->scanner, &t) < 0) return -1;
        int result = t.type == JSON_ARRAY_BEGIN ? write_list(w, field->name) : write_scalar(w, span_of(field->name), &t);
        if (result < 0) return -1;
    }
}

int form_write(enum shape_endpoint e, struct span json, const struct form *f, const char *boundary, struct buf *out) {
    struct writer w = {.arena = arena_new(json.len * 4 + (1u << 20)), .boundary = boundary, .out = out};
    int result = -1;

    if (w.arena && (w.scanner = json_scanner_new(w.arena, json, DEPTH))) result = write_members(&w, e);
    arena_free(w.arena);
    for (size_t i = 0; i < f->n_files && result == 0; i++) {
        const struct form_file *file = &f->files[i];
        char name[64];
        size_t n = strlen(file->field);
        memcpy(name, file->field, n + 1);
        if (file->listed) memcpy(name + n, "[]", 3);
        multipart_add(out, boundary, span_of(name), file->name, file->type, file->data);
    }
    multipart_end(out, boundary);
    return result < 0 || out->failed ? -1 : 0;
}

/* ---- what there is ---- */

static const struct field *field_number(enum shape_endpoint e, size_t i) {
    for (size_t at = 0; at < FIELDS; at++)
        if (fields[at].in >> e & 1 && i-- == 0) return &fields[at];
    return NULL;
}

const char *form_field_name(enum shape_endpoint e, size_t i) {
    const struct field *f = field_number(e, i);
    return f ? f->name : NULL;
}

bool form_field_is_file(enum shape_endpoint e, size_t i) {
    const struct field *f = field_number(e, i);
    return f && is_file(f);
}
