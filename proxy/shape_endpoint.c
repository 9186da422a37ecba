/* SPDX-License-Identifier: Apache-2.0
 *
 * The first line of a request against the table of what is served. A path is matched byte by byte, without decoding: what
 * a server might read as another path is none of the table. A name in a path has the letters of an identifier only.
 *
 *   /v1/chat/completions  /chat/completions  /openai/v1/chat/completions           one row
 *   /openai/deployments/{model}/chat/completions                                   the same row, the model in the path
 */
#include <string.h>

#include "shape.h"

#define MODEL_LONGEST 128u
#define VALUE_LONGEST 64u

enum prefix { PREFIX_OPENAI = 0, PREFIX_ANTHROPIC, PREFIX_GOOGLE, PREFIX_NONE };

#define POST(at, known_as) .method = "POST", .path = at, .name = known_as
#define GET(at, known_as) .method = "GET", .path = at, .name = known_as
#define DELETE(at, known_as) .method = "DELETE", .path = at, .name = known_as

static const struct endpoint {
    const char *method, *path; /* {model}: a name */
    const char *name;          /* for records and coverage */
    const char *model;         /* without one in the body */
    const char *covered;       /* in coverage, when it is not the name */
    enum prefix prefix;
    bool typed, deployment, form, bare; /* bare: POST without a body */
    bool json;                          /* as well as a form */
    bool item;                          /* the name of an item follows the path */
} endpoints[SHAPE_ENDPOINTS] = {
    [SHAPE_CHAT] = {POST("/chat/completions", "/v1/chat/completions"), .deployment = true},
    [SHAPE_COMPLETIONS] = {POST("/completions", "/v1/completions"), .deployment = true},
    [SHAPE_EMBEDDINGS] = {POST("/embeddings", "/v1/embeddings"), .deployment = true},
    [SHAPE_MODELS] = {GET("/models", "/v1/models")},
    [SHAPE_RESPONSES] = {POST("/responses", "/v1/responses"), .typed = true},
    [SHAPE_RESPONSES_COMPACT] = {POST("/responses/compact", "/v1/responses/compact")},
    [SHAPE_RESPONSES_TOKENS] = {POST("/responses/input_tokens", "/v1/responses/input_tokens")},
    [SHAPE_MODERATIONS] = {POST("/moderations", "/v1/moderations"), .model = "omni-moderation-latest"},
    [SHAPE_IMAGES] = {POST("/images/generations", "/v1/images/generations"), .model = "dall-e-2", .typed = true,
                      .deployment = true},
    [SHAPE_SPEECH] = {POST("/audio/speech", "/v1/audio/speech"), .typed = true, .deployment = true},
    [SHAPE_MESSAGES_API] = {POST("/messages", "/v1/messages"), .prefix = PREFIX_ANTHROPIC, .typed = true},
    [SHAPE_MESSAGES_TOKENS] = {POST("/messages/count_tokens", "/v1/messages/count_tokens"), .prefix = PREFIX_ANTHROPIC},
    [SHAPE_OLLAMA_CHAT] = {POST("/api/chat", "/api/chat"), .prefix = PREFIX_NONE, .typed = true},
    [SHAPE_OLLAMA_GENERATE] = {POST("/api/generate", "/api/generate"), .prefix = PREFIX_NONE, .typed = true},
    [SHAPE_OLLAMA_EMBED] = {POST("/api/embed", "/api/embed"), .prefix = PREFIX_NONE},
    [SHAPE_OLLAMA_EMBEDDINGS] = {POST("/api/embeddings", "/api/embeddings"), .prefix = PREFIX_NONE},
    [SHAPE_OLLAMA_SHOW] = {POST("/api/show", "/api/show"), .prefix = PREFIX_NONE},
    [SHAPE_OLLAMA_TAGS] = {GET("/api/tags", "/api/tags"), .prefix = PREFIX_NONE},
    [SHAPE_OLLAMA_VERSION] = {GET("/api/version", "/api/version"), .prefix = PREFIX_NONE},
    [SHAPE_GEMINI] = {POST("/models/{model}:generateContent", "/v1beta/models/{model}:generateContent"),
                      .prefix = PREFIX_GOOGLE},
    [SHAPE_GEMINI_STREAM] = {POST("/models/{model}:streamGenerateContent", "/v1beta/models/{model}:streamGenerateContent"),
                             .prefix = PREFIX_GOOGLE, .typed = true},
    [SHAPE_GEMINI_TOKENS] = {POST("/models/{model}:countTokens", "/v1beta/models/{model}:countTokens"),
                             .prefix = PREFIX_GOOGLE},
    [SHAPE_GEMINI_EMBED] = {POST("/models/{model}:embedContent", "/v1beta/models/{model}:embedContent"),
                            .prefix = PREFIX_GOOGLE},
    [SHAPE_GEMINI_EMBEDS] = {POST("/models/{model}:batchEmbedContents", "/v1beta/models/{model}:batchEmbedContents"),
                             .prefix = PREFIX_GOOGLE},
    [SHAPE_GEMINI_MODELS] = {GET("/models", "/v1beta/models"), .prefix = PREFIX_GOOGLE},
    [SHAPE_TRANSCRIPTIONS] = {POST("/audio/transcriptions", "/v1/audio/transcriptions"), .typed = true, .deployment = true,
                              .form = true},
    [SHAPE_TRANSLATIONS] = {POST("/audio/translations", "/v1/audio/translations"), .deployment = true, .form = true},
    [SHAPE_IMAGE_EDITS] = {POST("/images/edits", "/v1/images/edits"), .model = "dall-e-2", .typed = true, .deployment = true,
                           .form = true, .json = true},
    [SHAPE_IMAGE_VARIATIONS] = {POST("/images/variations", "/v1/images/variations"), .model = "dall-e-2", .form = true},
    [SHAPE_FILES] = {POST("/files", "/v1/files"), .form = true},
    [SHAPE_BATCHES] = {POST("/batches", "/v1/batches")},
    [SHAPE_FILES_LIST] = {GET("/files", "/v1/files")},
    [SHAPE_FILE_GET] = {GET("/files/{id}", "/v1/files/{id}"), .covered = "/v1/files"},
    [SHAPE_FILE_CONTENT] = {GET("/files/{id}/content", "/v1/files/{id}/content"), .covered = "/v1/files"},
    [SHAPE_FILE_DELETE] = {DELETE("/files/{id}", "/v1/files/{id}"), .covered = "/v1/files"},
    [SHAPE_BATCHES_LIST] = {GET("/batches", "/v1/batches")},
    [SHAPE_BATCH] = {GET("/batches/{id}", "/v1/batches/{id}"), .covered = "/v1/batches"},
    [SHAPE_BATCH_CANCEL] = {POST("/batches/{id}/cancel", "/v1/batches/{id}/cancel"), .covered = "/v1/batches", .bare = true},
    [SHAPE_RESPONSE] = {GET("/responses/{id}", "/v1/responses/{id}"), .covered = "/v1/responses", .typed = true},
    [SHAPE_RESPONSE_ITEMS] = {GET("/responses/{id}/input_items", "/v1/responses/{id}/input_items"), .covered = "/v1/responses"},
    [SHAPE_RESPONSE_CANCEL] = {POST("/responses/{id}/cancel", "/v1/responses/{id}/cancel"), .covered = "/v1/responses",
                               .bare = true},
    [SHAPE_RESPONSE_DELETE] = {DELETE("/responses/{id}", "/v1/responses/{id}"), .covered = "/v1/responses"},
    [SHAPE_CONVERSATIONS] = {POST("/conversations", "/v1/conversations")},
    [SHAPE_CONVERSATION] = {GET("/conversations/{id}", "/v1/conversations/{id}"), .covered = "/v1/conversations"},
    [SHAPE_CONVERSATION_UPDATE] = {POST("/conversations/{id}", "/v1/conversations/{id}"), .covered = "/v1/conversations"},
    [SHAPE_CONVERSATION_DELETE] = {DELETE("/conversations/{id}", "/v1/conversations/{id}"), .covered = "/v1/conversations"},
    [SHAPE_CONVERSATION_ITEMS] = {GET("/conversations/{id}/items", "/v1/conversations/{id}/items"), .covered = "/v1/conversations"},
    [SHAPE_CONVERSATION_ADD] = {POST("/conversations/{id}/items", "/v1/conversations/{id}/items"), .covered = "/v1/conversations"},
    [SHAPE_CONVERSATION_ITEM] = {GET("/conversations/{id}/items", "/v1/conversations/{id}/items/{item}"),
                                 .covered = "/v1/conversations", .item = true},
    [SHAPE_CONVERSATION_ITEM_DELETE] = {DELETE("/conversations/{id}/items", "/v1/conversations/{id}/items/{item}"),
                                        .covered = "/v1/conversations", .item = true},
    [SHAPE_MODEL_GET] = {GET("/models/{model}", "/v1/models/{model}"), .covered = "/v1/models"},
};

/* ---- paths ---- */

static bool is_name(struct span s, bool colon) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i], letter = (char)(c | 0x20);
        if ((letter < 'a' || letter > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' && !(colon && c == ':'))
            return false;
    }
    return s.len && s.len <= MODEL_LONGEST && s.ptr[0] != '.';
}

/* Ollama and its like name a variant behind a colon, which may stand where nothing follows. */
static bool matches(struct span path, const char *pattern, struct span *name) {
    const char *brace = strchr(pattern, '{');

    if (!brace) return span_is(path, pattern);
    struct span before = span_make(pattern, (size_t)(brace - pattern)), behind = span_of(strchr(brace, '}') + 1);
    if (path.len < before.len + behind.len || !span_equal(span_sub(path, 0, before.len), before)) return false;
    size_t end = path.len - behind.len;
    if (!span_equal(span_sub(path, end, path.len), behind)) return false;
    *name = span_sub(path, before.len, end);
    return is_name(*name, behind.len == 0);
}

/* What is left of a path behind a prefix, with its slash; empty when it has another. */
static struct span behind(struct span path, const char *prefix) {
    size_t n = strlen(prefix);
    return span_starts(path, prefix) && path.len > n && path.ptr[n] == '/' ? span_sub(path, n, path.len) : span_make("", 0);
}

static bool row_matches(const struct endpoint *e, struct span path, struct span *model) {
    static const char *const prefixes[][3] = {[PREFIX_OPENAI] = {"/v1", "", NULL},
                                              [PREFIX_ANTHROPIC] = {"/v1", "", NULL},
                                              [PREFIX_GOOGLE] = {"/v1beta", NULL},
                                              [PREFIX_NONE] = {"", NULL}};

    for (const char *const *p = prefixes[e->prefix]; *p; p++)
        if (matches(behind(path, *p), e->path, model)) return true;
    bool verb = e->prefix == PREFIX_GOOGLE && strchr(e->path, ':'); /* nobody else has such a path */
    return verb && matches(behind(path, "/v1"), e->path, model);
}

static bool azure_matches(const struct endpoint *e, struct span path, struct span *model) {
    static const char deployments[] = "/openai/deployments";
    struct span rest = behind(path, deployments);
    size_t slash = span_find(rest, '/', 1);

    if (e->prefix != PREFIX_OPENAI) return false;
    if (matches(behind(path, "/openai/v1"), e->path, model) || matches(behind(path, "/openai"), e->path, model)) return true;
    if (!e->deployment || slash == rest.len) return false;
    *model = span_sub(rest, 1, slash);
    return is_name(*model, false) && matches(span_sub(rest, slash, rest.len), e->path, model);
}

/* "file-abc", "batch_67f", "resp_67f" */
static bool is_id(struct span s) {
    return is_name(s, false) && span_find(s, '.', 0) == s.len;
}

static bool is_served(enum shape_endpoint e) {
    return e > SHAPE_NONE && e < SHAPE_ENDPOINTS && endpoints[e].name;
}

/* The last name of a path, where the row says that there is one more. */
static struct span cut_item(const struct endpoint *e, struct span *path) {
    size_t slash = path->len;

    if (!e->item) return span_make("", 0);
    while (slash > 0 && path->ptr[slash - 1] != '/')
        slash--;
    struct span item = span_sub(*path, slash, path->len);
    *path = span_sub(*path, 0, slash ? slash - 1 : 0);
    return item;
}

static bool address_fits(const struct endpoint *e, struct span path, struct shape_address *out) {
    struct span name = {"", 0}, item = cut_item(e, &path);
    bool object = strstr(e->path, "{id}") != NULL;

    if (!(out->azure ? azure_matches : row_matches)(e, path, &name)) return false;
    if ((object && !is_id(name)) || (e->item && !is_id(item))) return false;
    out->id = object ? name : span_make("", 0);
    out->item = item;
    out->model = object ? span_make("", 0) : name;
    return true;
}

void shape_address_read(struct span method, struct span path, struct shape_address *out) {
    bool azure = behind(path, "/openai").len > 0;

    *out = (struct shape_address){.dialect = shape_dialect_of(path), .azure = azure, .model = {"", 0}, .id = {"", 0}, .item = {"", 0}};
    for (enum shape_endpoint e = SHAPE_NONE; e < SHAPE_ENDPOINTS; e++) {
        if (!is_served(e) || !span_is(method, endpoints[e].method) || !address_fits(&endpoints[e], path, out)) continue;
        out->endpoint = e;
        return;
    }
}

enum shape_endpoint shape_endpoint_find(struct span method, struct span path) {
    struct shape_address a;

    shape_address_read(method, path, &a);
    return a.endpoint;
}

/* In front of longer ones that begin alike, what is more exact. */
static const struct {
    const char *path, *why;
} closed[] = {
    {"/audio", "audio"}, {"/realtime/client_secrets", "credential"},
    {"/realtime/translations/client_secrets", "credential"}, {"/realtime/sessions", "credential"},
    {"/realtime/transcription_sessions", "credential"}, {"/chatkit", "credential"}, {"/realtime", "live"}, {"/uploads", "upload_in_parts"},
    {"/files", "stored"}, {"/batches", "stored"}, {"/responses", "stored"}, {"/messages/batches", "kept_and_used_later"},
    {"/fine_tuning", "kept_and_used_later"}, {"/vector_stores", "kept_and_used_later"}, {"/assistants", "kept_and_used_later"},
    {"/threads", "kept_and_used_later"}, {"/conversations", "stored"}, {"/containers", "kept_and_used_later"},
    {"/skills", "kept_and_used_later"}, {"/evals", "kept_and_used_later"}, {"/videos", "kept_and_used_later"},
    {"/organization", "administration"}, {"/projects", "administration"}, {"/models", "administration"},
    {"/agents", "kept_and_used_later"}, {"/sessions", "kept_and_used_later"}, {"/environments", "kept_and_used_later"},
    {"/memory_stores", "kept_and_used_later"}, {"/vaults", "kept_and_used_later"}, {"/user_profiles", "kept_and_used_later"},
    {"/complete", "superseded"}, {"/chat/completions", "chat_not_kept"}, {"/content_provenance_checks", "file"},
};

const char *shape_why_closed(struct span path) {
    static const char *const prefixes[] = {"/openai/v1", "/openai", "/v1", ""};

    for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; p++) {
        struct span rest = behind(path, prefixes[p]);
        for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
            size_t n = strlen(closed[i].path);
            if (span_starts(rest, closed[i].path) && (rest.len == n || rest.ptr[n] == '/')) return closed[i].why;
        }
    }
    return NULL;
}

enum shape_dialect shape_dialect_of(struct span path) {
    if (span_starts(path, "/v1/messages") || span_starts(path, "/messages")) return SHAPE_ANTHROPIC;
    if (span_starts(path, "/api/")) return SHAPE_OLLAMA;
    if (span_starts(path, "/v1beta/")) return SHAPE_GOOGLE;
    bool models = span_starts(path, "/v1/models/");
    return models && span_find(path, ':', 0) < path.len && (span_ends(path, "Content") || span_ends(path, "Contents") ||
           span_ends(path, "Tokens")) ? SHAPE_GOOGLE : SHAPE_OPENAI;
}

/* ---- queries ---- */

static bool is_word(struct span s) {
    return is_name(s, false) && s.len <= VALUE_LONGEST;
}

/* "2024-10-21", "2025-04-01-preview", "preview", "latest", "v1" */
static bool is_version(struct span s) {
    if (span_is(s, "preview") || span_is(s, "latest") || span_is(s, "v1")) return true;
    if (span_ends(s, "-preview")) s.len -= strlen("-preview");
    for (size_t i = 0; i < s.len; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? s.ptr[i] != '-' : s.ptr[i] < '0' || s.ptr[i] > '9') return false;
    }
    return s.len == 10;
}

static bool is_count(struct span s) {
    unsigned long long n;
    return s.len <= 4 && span_decimal(s, &n) == 0;
}

static bool is_order(struct span s) {
    return span_is(s, "asc") || span_is(s, "desc");
}

static bool is_sse(struct span s) {
    return span_is(s, "sse");
}

static bool is_bool(struct span s) {
    return span_is(s, "true") || span_is(s, "false");
}

/* The number of an event; a stream has fewer than a hundred million. */
static bool is_event(struct span s) {
    unsigned long long n;
    return s.len <= 8 && span_decimal(s, &n) == 0;
}

/* What an item may be asked to hold beside what it always holds. */
static bool is_include(struct span s) {
    static const char *const names[] = {
        "code_interpreter_call.outputs", "computer_call_output.output.image_url", "file_search_call.results",
        "message.input_image.image_url", "message.output_text.logprobs", "reasoning.encrypted_content",
        "web_search_call.action.sources", "web_search_call.results"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (span_is(s, names[i])) return true;
    return false;
}
#define INCLUDES 8u /* in one query */

static const struct parameter {
    const char *name;
    enum shape_endpoint endpoint; /* SHAPE_NONE: any of Azure's */
    bool (*fits)(struct span value);
} parameters[] = {
    {"api-version", SHAPE_NONE, is_version},
    {"alt", SHAPE_GEMINI_STREAM, is_sse},
    {"limit", SHAPE_MODELS, is_count}, {"after_id", SHAPE_MODELS, is_word}, {"before_id", SHAPE_MODELS, is_word},
    {"pageSize", SHAPE_GEMINI_MODELS, is_count},
    {"limit", SHAPE_FILES_LIST, is_count}, {"after", SHAPE_FILES_LIST, is_word}, {"order", SHAPE_FILES_LIST, is_order},
    {"purpose", SHAPE_FILES_LIST, is_word}, {"limit", SHAPE_BATCHES_LIST, is_count}, {"after", SHAPE_BATCHES_LIST, is_word},
    {"limit", SHAPE_RESPONSE_ITEMS, is_count}, {"after", SHAPE_RESPONSE_ITEMS, is_word}, {"order", SHAPE_RESPONSE_ITEMS, is_order},
    {"limit", SHAPE_CONVERSATION_ITEMS, is_count}, {"after", SHAPE_CONVERSATION_ITEMS, is_word},
    {"order", SHAPE_CONVERSATION_ITEMS, is_order},
    {"include", SHAPE_RESPONSE_ITEMS, is_include}, {"include", SHAPE_CONVERSATION_ITEMS, is_include},
    {"include", SHAPE_CONVERSATION_ADD, is_include}, {"include", SHAPE_CONVERSATION_ITEM, is_include},
    {"include", SHAPE_RESPONSE, is_include}, {"stream", SHAPE_RESPONSE, is_bool}, {"starting_after", SHAPE_RESPONSE, is_event},
    {"include_obfuscation", SHAPE_RESPONSE, is_bool},
};
#define PARAMETERS (sizeof parameters / sizeof *parameters)

/* A list is written "include[]=a&include[]=b", its brackets as they are or coded. */
static struct span without_brackets(struct span name) {
    static const char *const brackets[] = {"[]", "%5B%5D", "%5b%5d"};

    for (size_t i = 0; i < sizeof brackets / sizeof *brackets; i++)
        if (span_starts(name, "include") && span_ends(name, brackets[i])) return span_sub(name, 0, name.len - strlen(brackets[i]));
    return name;
}

static size_t parameter_find(const struct shape_address *a, struct span name, struct span value) {
    for (size_t i = 0; i < PARAMETERS; i++) {
        bool here = parameters[i].endpoint == SHAPE_NONE ? a->azure : parameters[i].endpoint == a->endpoint;
        if (here && span_is(name, parameters[i].name) && parameters[i].fits(value)) return i;
    }
    return PARAMETERS;
}

bool shape_query_fixed(const struct shape_address *a, struct span member) {
    size_t equals = span_find(member, '=', 0);
    size_t i = parameter_find(a, without_brackets(span_sub(member, 0, equals)), span_sub(member, equals + 1, member.len));

    if (i == PARAMETERS) return false;
    bool (*fits)(struct span) = parameters[i].fits;
    return fits == is_order || fits == is_sse || fits == is_bool || fits == is_include;
}

bool shape_query_known(const struct shape_address *a, struct span query) {
    uint64_t seen = 0;
    unsigned includes = 0;

    _Static_assert(PARAMETERS < 64, "a bit for each");
    if (a->endpoint == SHAPE_GEMINI_STREAM) return span_is(query, "alt=sse"); /* else it would be one array, and no stream */
    for (size_t at = 0; at < query.len;) {
        size_t end = span_find(query, '&', at), equals = span_find(query, '=', at);
        if (equals >= end) return false;
        size_t i = parameter_find(a, without_brackets(span_sub(query, at, equals)), span_sub(query, equals + 1, end));
        if (i == PARAMETERS || end + 1 == query.len) return false;
        bool several = parameters[i].fits == is_include && includes++ < INCLUDES;
        if ((seen >> i & 1) && !several) return false;
        seen |= (uint64_t)1 << i;
        at = end + 1;
    }
    return true;
}

/* ---- what a row says ---- */

const char *shape_endpoint_name(enum shape_endpoint e) {
    return is_served(e) ? endpoints[e].name : "";
}

const char *shape_coverage_name(enum shape_endpoint e) {
    return is_served(e) && endpoints[e].covered ? endpoints[e].covered : shape_endpoint_name(e);
}

const char *shape_method(enum shape_endpoint e) {
    return is_served(e) ? endpoints[e].method : "";
}

const char *shape_upstream_path(enum shape_endpoint e) {
    return is_served(e) ? endpoints[e].path : "";
}

const char *shape_default_model(enum shape_endpoint e) {
    return is_served(e) && endpoints[e].model ? endpoints[e].model : "";
}

bool shape_typed_events(enum shape_endpoint e) {
    return is_served(e) && endpoints[e].typed;
}

bool shape_is_ollama(enum shape_endpoint e) {
    return is_served(e) && endpoints[e].prefix == PREFIX_NONE;
}

bool shape_is_gemini(enum shape_endpoint e) {
    return is_served(e) && endpoints[e].prefix == PREFIX_GOOGLE;
}

bool shape_has_body(enum shape_endpoint e) {
    return is_served(e) && strcmp(endpoints[e].method, "POST") == 0 && !endpoints[e].bare;
}

bool shape_has_form(enum shape_endpoint e) {
    return is_served(e) && endpoints[e].form;
}

bool shape_has_json_too(enum shape_endpoint e) {
    return is_served(e) && endpoints[e].json;
}

bool shape_is_batch(enum shape_endpoint e) {
    return e >= SHAPE_FILES && e <= SHAPE_BATCH_CANCEL;
}

bool shape_is_response(enum shape_endpoint e) {
    return e >= SHAPE_RESPONSE && e <= SHAPE_RESPONSE_DELETE;
}

bool shape_is_conversation(enum shape_endpoint e) {
    return e >= SHAPE_CONVERSATIONS && e <= SHAPE_CONVERSATION_ITEM_DELETE;
}

bool shape_is_stored(enum shape_endpoint e) {
    return shape_is_batch(e) || shape_is_response(e) || shape_is_conversation(e);
}

bool shape_lists_objects(enum shape_endpoint e) {
    return e == SHAPE_FILES_LIST || e == SHAPE_BATCHES_LIST;
}

bool shape_lists_models(enum shape_endpoint e) {
    return e == SHAPE_MODELS || e == SHAPE_GEMINI_MODELS || e == SHAPE_OLLAMA_TAGS || e == SHAPE_OLLAMA_VERSION;
}

bool shape_has_deployments(enum shape_endpoint e) {
    return is_served(e) && endpoints[e].deployment;
}
