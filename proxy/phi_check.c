/* SPDX-License-Identifier: Apache-2.0
 *
 * phi check, phi test. What a file is, its top-level keys tell: `upstreams` a configuration, `clients` a list of clients,
 * `rules` detectors, `tests` policy cases, `arrangements` an agreement's coverage, anything else a policy.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../detectors/phi.h"
#include "../policies/engine/coverage.h"
#include "../policies/engine/diag.h"
#include "../policies/engine/policy.h"
#include "../policies/engine/roster_store.h"
#include "../policies/engine/rules_load.h"
#include "../policies/engine/yaml_node.h"
#include "access.h"
#include "arena.h"
#include "config.h"
#include "phi_tool.h"
#include "restore.h"
#include "settings.h"
#include "tokens.h"
#include "transform.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum file_type { FILE_POLICY, FILE_CONFIG, FILE_CLIENTS, FILE_RULES, FILE_TESTS, FILE_COVERAGE };

static enum file_type type_of(const struct yaml_node *root) {
    if (yaml_get(root, "upstreams") || yaml_get(root, "routes")) return FILE_CONFIG;
    if (yaml_get(root, "clients")) return FILE_CLIENTS;
    if (yaml_get(root, "arrangements")) return FILE_COVERAGE;
    if (yaml_get(root, "tests") && yaml_get(root, "policy")) return FILE_TESTS;
    bool policy = yaml_get(root, "extends") || yaml_get(root, "actions") || yaml_get(root, "purposes");
    if (!policy && yaml_get(root, "rules")) return FILE_RULES;
    return FILE_POLICY;
}

static struct phi_engine *rules_engine(const struct yaml_node *root, struct diag *d) {
    const struct yaml_node *list = yaml_get(root, "rules");
    struct phi_engine *e = phi_engine_new();
    char err[256];

    if (e && list->type == YAML_NODE_LIST && rules_load(list, e, d) == 0) {
        if (phi_engine_seal(e, err, sizeof err) == 0) return e;
        yaml_error(list, d, "%s", err);
    }
    if (e) phi_engine_unref(e);
    return NULL;
}

static void check_policy(const char *path, struct diag *d) {
    char share[PATH_MAX];
    struct policy_paths paths = {.share = share};

    if (!phi_share(share, sizeof share)) return;
    struct policy *p = policy_load(path, &paths, d);
    if (p) printf("%s: policy %s, claim %s, digest %.16s\n", path, policy_id(p), policy_claim_name(policy_claim(p)), policy_digest(p));
    struct roster_facts facts;
    const char *file, *digest;
    for (size_t i = 0; p && (file = policy_roster(p, i, &digest, &facts)); i++)
        phi_print_roster(file, facts, digest);
    policy_unref(p);
}

static void check_config(const char *path, struct diag *d) {
    char share[PATH_MAX];

    if (!phi_share(share, sizeof share)) return;
    struct config *c = config_load(path, share, d);
    for (const char *const *w = c ? c->warnings : NULL; w && *w; w++)
        printf("%s: warning: %s\n", path, *w);
    struct roster_facts facts;
    const char *file, *digest;
    for (size_t i = 0; c && c->settings->n_routes && (file = policy_roster(c->settings->routes[0].policy, i, &digest, &facts)); i++)
        phi_print_roster(file, facts, digest);
    config_free(c);
}

static void check_rules(const struct yaml_node *root, struct diag *d) {
    /* A list of rules alone is a draft; what has a name is a file that policies may use. */
    if (yaml_get(root, "id") || yaml_get(root, "end")) (void)rules_file_list(root, d);
    struct phi_engine *e = rules_engine(root, d);
    if (e) phi_engine_unref(e);
}

static void check_typed(const char *path, const struct yaml_node *root, struct diag *d) {
    struct coverage *coverage;

    switch (type_of(root)) {
    case FILE_POLICY:
        check_policy(path, d);
        break;
    case FILE_CONFIG:
        check_config(path, d);
        break;
    case FILE_CLIENTS:
        access_free(access_load(path, d));
        break;
    case FILE_RULES:
        check_rules(root, d);
        break;
    case FILE_COVERAGE:
        coverage = coverage_load_file(path, d);
        coverage_free(coverage);
        break;
    case FILE_TESTS: /* its form is checked by running it */
        break;
    }
}

/* A roster is no text: it begins with its name. */
static bool is_roster(const char *path) {
    char head[8] = "";
    FILE *f = fopen(path, "re");
    bool is = f && fread(head, 1, sizeof head, f) == sizeof head && memcmp(head, "PHIROSTR", sizeof head) == 0;

    if (f) fclose(f);
    return is;
}

static int check_roster(const char *path) {
    char digest[65], err[256];
    struct roster_secret secret;
    struct phi_roster *r = NULL;

    if (roster_secret_read(phi_roster_key(), &secret, err, sizeof err) == 0) r = roster_open(path, &secret, digest, err, sizeof err);
    explicit_bzero(&secret, sizeof secret);
    if (r) phi_print_roster(path, roster_facts(r), digest);
    else fprintf(stderr, "%s: %s\n", path, err);
    roster_unref(r);
    return r ? PHI_DONE : PHI_FOUND;
}

static int check_file(const char *path) {
    if (is_roster(path)) return check_roster(path);
    struct diag *d = diag_new();
    struct yaml_doc *doc = d ? yaml_load_file(path, d) : NULL;
    size_t mistakes;

    if (doc) check_typed(path, yaml_root(doc), d);
    yaml_doc_free(doc);
    mistakes = d ? diag_count(d) : 1;
    if (d) diag_print(d, stderr);
    if (mistakes == 0) printf("%s: ok\n", path);
    diag_free(d);
    if (access(path, R_OK) < 0) return PHI_USAGE;
    return mistakes ? PHI_FOUND : PHI_DONE;
}

int phi_check_command(int argc, char **argv) {
    int worst = PHI_DONE;

    if (phi_options(&argc, argv, NULL, 0) < 0 || argc < 1) {
        fputs("usage: phi check FILE...\n", stderr);
        return PHI_USAGE;
    }
    for (int i = 0; i < argc; i++) {
        int rc = check_file(argv[i]);
        if (rc > worst) worst = rc;
    }
    return worst;
}

/* ---- phi test: TAP version 13 ---- */

struct tap {
    unsigned run, failed;
};

static void tap_line(struct tap *tap, bool ok, const char *what, const char *more) {
    tap->run++;
    tap->failed += !ok;
    printf("%s %u - %s%s%s\n", ok ? "ok" : "not ok", tap->run, what, more ? " " : "", more ? more : "");
}

static void report_example(void *arg, int ok, const char *rule_id, const char *what, const char *file, unsigned line) {
    char text[512];
    snprintf(text, sizeof text, "%s %s (%s:%u)", rule_id, what, file, line);
    tap_line(arg, ok != 0, text, NULL);
}

static int test_rules(const struct yaml_node *root, struct tap *tap, struct diag *d) {
    struct phi_engine *e = rules_engine(root, d);
    int rc;

    if (!e) return -1;
    rc = rules_test(yaml_get(root, "rules"), e, report_example, tap);
    phi_engine_unref(e);
    return rc < 0 ? -1 : 0;
}

/* A case: {name, purpose, text} and what leaves: {sends: TEXT} or {blocked: KIND}; and what comes back of what the model
 * says: {restores: {says: TEXT, gives: TEXT}}. */
struct case_run {
    struct policy *policy;
    struct phi_scratch *scratch;
    struct tap *tap;
};

struct one_case {
    const struct yaml_node *text, *sends, *blocked, *routed, *restores;
    struct policy_request request;
    enum walk_part part;
    struct arena *arena;
    struct tokens *tokens;
    struct transform transform;
    struct buf out;
};

static const struct yaml_key case_keys[] = {{.name = "name", .required = true},
                                            {.name = "purpose"},
                                            {.name = "role"},
                                            {.name = "user"},
                                            {.name = "upstream"},
                                            {.name = "model"},
                                            {.name = "part"},
                                            {.name = "text", .required = true},
                                            {.name = "sends"},
                                            {.name = "blocked"},
                                            {.name = "routed"},
                                            {.name = "restores", .type = YAML_NODE_MAP}};
static const struct yaml_key restores_keys[] = {{.name = "says", .required = true}, {.name = "gives", .required = true}};

static const char *word_of(const struct yaml_node *c, const char *key) {
    const struct yaml_node *n = yaml_get(c, key);
    return n ? n->text : NULL;
}

/* Without the key: what a user says. */
static int read_part(const struct yaml_node *n, enum walk_part *out, struct diag *d) {
    static const enum walk_part parts[] = {WALK_OTHER, WALK_SYSTEM, WALK_USER, WALK_ASSISTANT, WALK_TOOL, WALK_SCHEMA,
                                           WALK_METADATA};
    const char *names[COUNT(parts)];
    int word = WALK_USER;

    for (size_t i = 0; i < COUNT(parts); i++)
        names[i] = policy_part_name(transform_part(parts[i]));
    if (n && yaml_enum(n, names, COUNT(parts), &word, d) < 0) return -1;
    *out = parts[word];
    return 0;
}

static int read_case(const struct case_run *run, const struct yaml_node *c, struct one_case *one, struct diag *d) {
    const struct yaml_node *purpose = yaml_get(c, "purpose");

    int rc = yaml_check(c, case_keys, COUNT(case_keys), d);
    *one = (struct one_case){.text = yaml_get(c, "text"), .sends = yaml_get(c, "sends"),
                             .blocked = yaml_get(c, "blocked"), .routed = yaml_get(c, "routed"), .restores = yaml_get(c, "restores")};
    if (one->restores) rc |= yaml_check(one->restores, restores_keys, COUNT(restores_keys), d);
    if (rc) return -1;
    if ((one->sends != NULL) + (one->blocked != NULL) + (one->routed != NULL) != 1) {
        yaml_error(c, d, "a case says either what it sends, or by which kind it is blocked, or where it is routed");
        return -1;
    }
    one->request = (struct policy_request){.purpose = purpose ? policy_purpose(run->policy, purpose->text, purpose->len) : 0,
                                           .role = word_of(c, "role"), .user = word_of(c, "user"),
                                           .upstream = word_of(c, "upstream"), .model = word_of(c, "model")};
    one->request.model_len = one->request.model ? strlen(one->request.model) : 0;
    if (one->request.purpose >= 0) return read_part(yaml_get(c, "part"), &one->part, d);
    yaml_error(purpose, d, "the policy has no such purpose");
    return -1;
}

static bool run_case(const struct case_run *run, struct one_case *one) {
    struct span text = span_make(one->text->text, one->text->len);
    struct phi_leaf leaf = {.text = text.ptr, .len = (uint32_t)text.len};
    struct phi_result found;
    struct policy_view view;

    policy_view(run->policy, &one->request, &view);
    one->tokens = tokens_new(one->arena);
    return one->tokens && phi_scan(policy_engine(run->policy), run->scratch, &leaf, 1, &found) == 0 &&
           transform_text(one->arena, text, one->part, &found, &view, one->tokens, &one->out, &one->transform) == 0;
}

/* Byte by byte: what holds in a stream holds in a whole answer. */
static bool comes_back(const struct one_case *one) {
    const struct yaml_node *says = yaml_get(one->restores, "says"), *gives = yaml_get(one->restores, "gives");
    struct restore_counts counts = {0};
    struct restore *r = restore_new(one->tokens, RESTORE_TEXT, &counts);
    struct buf back;
    bool same = false;

    buf_init(&back, 16u << 20);
    if (r) {
        for (size_t i = 0; i < says->len; i++)
            restore_push(r, span_make(says->text + i, 1), &back);
        restore_flush(r, &back);
        same = !back.failed && span_is(buf_span(&back), gives->text);
    }
    restore_free(r);
    buf_free(&back);
    return same;
}

/* NULL: as the case says. */
static const char *case_differs(const struct case_run *run, struct one_case *one) {
    const struct transform *t = &one->transform;

    if (!run_case(run, one)) return "(could not be processed)";
    if (one->blocked) {
        if (!t->blocked) return "(was not blocked)";
        return strcmp(phi_kind_name(t->block_kind), one->blocked->text) == 0 ? NULL : "(was blocked by another kind)";
    }
    if (t->blocked) return "(was blocked)";
    if (one->routed) return t->route && strcmp(t->route, one->routed->text) == 0 ? NULL : "(was not routed there)";
    if (t->route) return "(was routed)";
    if (!span_is(buf_span(&one->out), one->sends->text)) return "(left otherwise)";
    return !one->restores || comes_back(one) ? NULL : "(came back otherwise)";
}

static int test_case(struct case_run *run, const struct yaml_node *c, struct diag *d) {
    struct one_case one;
    const char *differs = "(out of memory)";

    if (read_case(run, c, &one, d) < 0) return -1;
    one.arena = arena_new(64u << 20);
    buf_init(&one.out, 16u << 20);
    if (one.arena) differs = case_differs(run, &one);
    tap_line(run->tap, !differs, yaml_get(c, "name")->text, differs);
    buf_free(&one.out);
    arena_free(one.arena);
    return 0;
}

static struct policy *case_policy(const char *path, const struct yaml_node *n, struct diag *d) {
    char share[PATH_MAX], beside[PATH_MAX];
    const char *name, *slash = strrchr(path, '/');
    struct policy_paths paths = {.share = share};

    if (yaml_string(n, &name, d) < 0 || !phi_share(share, sizeof share)) return NULL;
    snprintf(beside, sizeof beside, "%.*s%s", strstr(name, ".yaml") && slash ? (int)(slash - path) + 1 : 0, path, name);
    return policy_load(beside, &paths, d);
}

static int test_cases(const char *path, const struct yaml_node *root, struct tap *tap, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "policy", .required = true},
                                           {.name = "tests", .type = YAML_NODE_LIST, .required = true}};
    struct case_run run = {.tap = tap};
    bool failed = false;
    int rc = -1;

    if (yaml_check(root, keys, 2, d) < 0) return -1;
    run.policy = case_policy(path, yaml_get(root, "policy"), d);
    run.scratch = phi_scratch_new();
    const struct yaml_node *tests = yaml_get(root, "tests");
    for (size_t i = 0; run.policy && run.scratch && i < tests->n; i++) {
        if (tests->items[i]->type != YAML_NODE_MAP) yaml_error(tests->items[i], d, "expected a case: a map with name, text and sends");
        int one = tests->items[i]->type == YAML_NODE_MAP ? test_case(&run, tests->items[i], d) : -1;
        rc = i == 0 || one < 0 ? one : rc;
        failed |= one < 0;
    }
    if (failed) rc = -1;
    phi_scratch_free(run.scratch);
    policy_unref(run.policy);
    return rc;
}

static int test_file(const char *path, struct tap *tap) {
    struct diag *d = diag_new();
    struct yaml_doc *doc = d ? yaml_load_file(path, d) : NULL;
    int rc = -1;

    if (doc) {
        enum file_type type = type_of(yaml_root(doc));
        if (type == FILE_TESTS) rc = test_cases(path, yaml_root(doc), tap, d);
        else if (type == FILE_RULES) rc = test_rules(yaml_root(doc), tap, d);
        else fprintf(stderr, "phi: %s holds neither rules nor tests\n", path);
    }
    if (d) diag_print(d, stderr);
    if (rc < 0) tap_line(tap, false, path, "(could not be run)");
    yaml_doc_free(doc);
    diag_free(d);
    return rc;
}

int phi_test_command(int argc, char **argv) {
    struct tap tap = {0, 0};

    if (phi_options(&argc, argv, NULL, 0) < 0 || argc < 1) {
        fputs("usage: phi test FILE...\n", stderr);
        return PHI_USAGE;
    }
    puts("TAP version 13");
    for (int i = 0; i < argc; i++)
        test_file(argv[i], &tap);
    printf("1..%u\n# %u passed, %u failed\n", tap.run, tap.run - tap.failed, tap.failed);
    return tap.failed ? PHI_FOUND : PHI_DONE;
}
