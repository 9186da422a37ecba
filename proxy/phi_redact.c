/* SPDX-License-Identifier: Apache-2.0
 *
 * phi redact: a text, or a JSON body, as it would be forwarded; and back. The map of tokens to values is the caller's file
 * (0600): it holds what was taken out.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../detectors/phi.h"
#include "../policies/engine/policy.h"
#include "arena.h"
#include "json.h"
#include "phi_tool.h"
#include "restore.h"
#include "surrogates.h"
#include "tokens.h"
#include "transform.h"
#include "walk.h"
#include "walk_model.h"
#include "walk_scan.h"

#define ARENA_MAX ((size_t)4 << 30)
#define DEPTH_MAX 96

struct job {
    struct policy *policy;
    struct arena *arena;
    struct phi_scratch *scratch;
    struct tokens *tokens;
    struct transform transform;
    struct walk walk;
    struct policy_view view;
    struct buf in, out;
};

static int redact_text(struct job *j) {
    struct phi_leaf leaf = {.text = j->in.ptr ? j->in.ptr : "", .len = (uint32_t)j->in.len};
    struct phi_result found;

    if (phi_scan(policy_engine(j->policy), j->scratch, &leaf, 1, &found) < 0) return -1;
    return transform_text(j->arena, buf_span(&j->in), WALK_USER, &found, &j->view, j->tokens, &j->out, &j->transform);
}

static enum shape_endpoint guess_endpoint(struct span body) {
    /* The walk scans everything whatever the endpoint; the name only decides which keys a path may show. */
    return memmem(body.ptr ? body.ptr : "", body.len, "\"messages\"", 10) ? SHAPE_CHAT : SHAPE_EMBEDDINGS;
}

static int redact_json(struct job *j) {
    struct phi_result found;

    if (walk_body(j->arena, guess_endpoint(buf_span(&j->in)), buf_span(&j->in), DEPTH_MAX, &j->walk) < 0) {
        fprintf(stderr, "phi: not a JSON body that every reader understands alike: %s\n", j->walk.error);
        return -1;
    }
    if (walk_scan(j->arena, &j->walk, policy_engine(j->policy), j->scratch, &found) != WALK_SCAN_DONE) return -1;
    if (walk_model_release(j->arena, &j->walk, NULL, &found) < 0) return -1;
    return transform_body(j->arena, &j->walk, buf_span(&j->in), &found, &j->view, NULL, j->tokens, &j->out,
                          &j->transform);
}

static int write_private(const char *path, const struct buf *b) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, b->ptr, b->len) == (ssize_t)b->len;

    if (fd >= 0 && close(fd) < 0) ok = false;
    if (ok) return 0;
    fprintf(stderr, "phi: %s: %s\n", path, errno ? strerror(errno) : "not written whole");
    return -1;
}

static void map_add(struct buf *map, struct span token, struct span value) {
    buf_add_c(map, map->len > 1 ? ",\n\"" : "\n\"");
    buf_add_json_escaped(map, token);
    buf_add_c(map, "\":\"");
    buf_add_json_escaped(map, value);
    buf_add_char(map, '"');
}

static int write_map(const struct job *j, const char *path) {
    struct buf map;
    size_t begin, end = 0, at = 0;
    struct span value, token, text = buf_span(&j->out);
    int rc;

    buf_init(&map, PHI_INPUT_MAX);
    buf_add_char(&map, '{');
    while (token_next(text, end, &begin, &end)) {
        token = span_sub(text, begin, end);
        if (!tokens_find(j->tokens, token, &value)) continue;
        if (!memmem(map.ptr, map.len, token.ptr, token.len)) map_add(&map, token, value);
    }
    while (surrogates_next(tokens_surrogates_made(j->tokens), &at, &token, &value))
        map_add(&map, token, value);
    buf_add_c(&map, "\n}\n");
    rc = map.failed ? -1 : write_private(path, &map);
    buf_free(&map);
    return rc;
}

static int report_block(struct job *j) {
    struct buf path;

    buf_init(&path, 1024);
    walk_path(&j->walk, j->transform.block_path, &path);
    fprintf(stderr, "phi: blocked: %s (%s)%s%.*s\n", phi_kind_name(j->transform.block_kind), j->transform.block_reason,
            path.len ? " at " : "", (int)path.len, path.ptr ? path.ptr : "");
    buf_free(&path);
    return PHI_FOUND;
}

static int redact(struct job *j, bool json, const char *map) {
    if ((json ? redact_json(j) : redact_text(j)) < 0) {
        fputs("phi: this input could not be processed completely; nothing is shown\n", stderr);
        return PHI_USAGE;
    }
    if (j->transform.blocked) return report_block(j);
    if (j->transform.route) {
        fprintf(stderr, "phi: goes to the upstream %s, whose policy decides: %s\n", j->transform.route,
                phi_kind_name(j->transform.route_kind));
        return PHI_FOUND;
    }
    /* First the map: without it what is shown could not be put back. */
    if (map && write_map(j, map) < 0) return PHI_USAGE;
    fwrite(j->out.ptr ? j->out.ptr : "", 1, j->out.len, stdout);
    return PHI_DONE;
}

/* ---- the way back ---- */

/* A map is {"[NAME_1]": "value", ...}; tokens are put back where they stand exactly. */
static const struct json_token *find_value(const struct json_token *pairs, size_t n, struct span token) {
    for (size_t i = 0; i + 1 < n; i += 2)
        if (span_equal(pairs[i].raw, token)) return &pairs[i + 1];
    return NULL;
}

static int read_map(struct arena *a, struct span text, struct json_token **pairs, size_t *n) {
    struct json_scanner *s = json_scanner_new(a, text, 2);
    struct json_token t;
    size_t room = 0;

    *n = 0;
    if (!s || json_next(s, &t) < 0 || t.type != JSON_OBJECT_BEGIN) return -1;
    while (json_next(s, &t) == 0 && t.type != JSON_OBJECT_END) {
        if (t.type != JSON_KEY && t.type != JSON_STRING) return -1;
        if (*n == room) {
            size_t larger = room ? room * 2 : 64;
            *pairs = arena_grow(a, *pairs, room * sizeof t, larger * sizeof t);
            if (!*pairs) return -1;
            room = larger;
        }
        (*pairs)[(*n)++] = t;
    }
    return t.type == JSON_OBJECT_END ? 0 : -1;
}

/* Surrogates of the map, known by the whole of them. Their values come with the tokens, which are put back after. */
static int restore_surrogates(struct job *j, const struct json_token *pairs, size_t n, bool json, struct buf *out) {
    struct tokens *none = tokens_new(j->arena);
    struct surrogates *s = none ? tokens_surrogates(none) : NULL;
    struct restore_counts counts = {0};
    struct span word, value;

    for (size_t i = 0; s && i + 1 < n; i += 2) {
        size_t begin, end;
        if (json_unescape(j->arena, pairs[i].raw, &word, NULL) < 0 || json_unescape(j->arena, pairs[i + 1].raw, &value, NULL) < 0)
            return -1;
        bool token = token_next(word, 0, &begin, &end) && begin == 0 && end == word.len;
        if (!token && surrogates_know(s, word, value) < 0) return -1;
    }
    struct restore *r = s ? restore_new(none, json ? RESTORE_JSON : RESTORE_TEXT, &counts) : NULL;
    if (!r) return -1;
    restore_push(r, buf_span(&j->in), out);
    restore_flush(r, out);
    restore_free(r);
    return out->failed ? -1 : 0;
}

static int restore_text(struct job *j, struct span map, bool json) {
    struct json_token *pairs = NULL;
    struct buf plain;
    size_t n, begin, end = 0, done = 0;

    buf_init(&plain, PHI_INPUT_MAX);
    if (read_map(j->arena, map, &pairs, &n) < 0 || restore_surrogates(j, pairs, n, json, &plain) < 0) {
        fputs("phi: the map is not {\"[TOKEN_1]\": \"value\", ...}\n", stderr);
        buf_free(&plain);
        return PHI_USAGE;
    }
    struct span text = buf_span(&plain);
    while (token_next(text, end, &begin, &end)) {
        const struct json_token *value = find_value(pairs, n, span_sub(text, begin, end));
        struct span decoded;
        if (!value || json_unescape(j->arena, value->raw, &decoded, NULL) < 0) continue;
        buf_add(&j->out, span_sub(text, done, begin));
        if (json) buf_add_json_escaped(&j->out, decoded);
        else buf_add(&j->out, decoded);
        done = end;
    }
    buf_add(&j->out, span_sub(text, done, text.len));
    buf_free(&plain);
    fwrite(j->out.ptr ? j->out.ptr : "", 1, j->out.len, stdout);
    return j->out.failed ? PHI_USAGE : PHI_DONE;
}

static int run_restore(struct job *j, const char *map_path, bool json) {
    struct buf map;
    int rc;

    if (phi_read(map_path, &map) < 0) return PHI_USAGE;
    rc = restore_text(j, buf_span(&map), json);
    buf_free(&map);
    return rc;
}

static int run_redact(struct job *j, struct policy *policy, const struct phi_who *who, bool json, const char *map) {
    j->policy = policy;
    if (!j->policy) return PHI_USAGE;
    if (phi_view(j->policy, who, &j->view) < 0) return PHI_USAGE;
    j->scratch = phi_scratch_new();
    j->tokens = tokens_new(j->arena);
    return j->scratch && j->tokens ? redact(j, json, map) : PHI_USAGE;
}

int phi_redact_command(int argc, char **argv) {
    const char *policy = NULL, *roster = NULL, *roster_key = NULL, *map = NULL, *restore = NULL;
    bool json = false;
    struct phi_who who = {.purpose = NULL};
    const struct phi_option options[] = {{"--policy", &policy, NULL}, {"--roster", &roster, NULL}, {"--roster-key", &roster_key, NULL},
                                         PHI_WHO_OPTIONS(who), {"--json", NULL, &json},
                                         {"--map", &map, NULL}, {"--restore", &restore, NULL}};
    struct job j = {.arena = NULL};
    int rc;

    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0 || phi_one_file(argc) < 0) return PHI_USAGE;
    if (phi_read(argc ? argv[0] : NULL, &j.in) < 0) return PHI_USAGE;
    buf_init(&j.out, PHI_INPUT_MAX);
    j.arena = arena_new(ARENA_MAX);
    if (!j.arena) rc = PHI_USAGE;
    else if (restore) rc = run_restore(&j, restore, json);
    else rc = run_redact(&j, phi_policy_with(policy, roster, roster_key), &who, json, map);
    phi_scratch_free(j.scratch);
    policy_unref(j.policy);
    buf_free(&j.in);
    buf_free(&j.out);
    arena_free(j.arena);
    return rc;
}
