/* SPDX-License-Identifier: Apache-2.0
 *
 * phi check, phi test. What a file is, its top-level keys tell: `upstreams` a configuration, `clients` a list of clients,
 * `rules` detectors, `tests` policy cases, `arrangements` an agreement's coverage, anything else a policy.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../detectors/phi.h"
#include "../policies/engine/coverage.h"
#include "../policies/engine/diag.h"
#include "../policies/engine/policy.h"
#include "../policies/engine/rules_load.h"
#include "../policies/engine/yaml_node.h"
#include "access.h"
#include "arena.h"
#include "config.h"
#include "phi_tool.h"
#include "tokens.h"
#include "transform.h"

enum file_type { FILE_POLICY, FILE_CONFIG, FILE_CLIENTS, FILE_RULES, FILE_TESTS, FILE_COVERAGE };

static enum file_type type_of(const struct yaml_node *root) {
    if (yaml_get(root, "upstreams") || yaml_get(root, "routes")) return FILE_CONFIG;
    if (yaml_get(root, "clients")) return FILE_CLIENTS;
    if (yaml_get(root, "arrangements")) return FILE_COVERAGE;
    if (yaml_get(root, "tests") && yaml_get(root, "policy")) return FILE_TESTS;
    if (yaml_get(root, "rules")) return FILE_RULES;
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
    struct policy_paths paths = {share};

    if (!phi_share(share, sizeof share)) return;
    struct policy *p = policy_load(path, &paths, d);
    if (p) printf("%s: policy %s, claim %s, digest %.16s\n", path, policy_id(p), policy_claim_name(policy_claim(p)), policy_digest(p));
    policy_unref(p);
}

static void check_config(const char *path, struct diag *d) {
    char share[PATH_MAX];

    if (!phi_share(share, sizeof share)) return;
    struct config *c = config_load(path, share, d);
    for (const char *const *w = c ? c->warnings : NULL; w && *w; w++)
        printf("%s: warning: %s\n", path, *w);
    config_free(c);
}

static void check_rules(const struct yaml_node *root, struct diag *d) {
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

static int check_file(const char *path) {
    struct diag *d = diag_new();
    struct yaml_doc *doc = d ? yaml_load_file(path, d) : NULL;
    size_t mistakes;

    if (doc) check_typed(path, yaml_root(doc), d);
    yaml_doc_free(doc);
    mistakes = d ? diag_count(d) : 1;
    if (d) diag_print(d, stderr);
    if (mistakes == 0) printf("%s: ok\n", path);
    diag_free(d);
    return mistakes ? PHI_FOUND : PHI_DONE;
}

int phi_check_command(int argc, char **argv) {
    int worst = PHI_DONE;

    if (phi_options(&argc, argv, NULL, 0) < 0 || argc < 1) {
        fputs("usage: phi check FILE...\n", stderr);
        return PHI_USAGE;
    }
    for (int i = 0; i < argc; i++)
        if (check_file(argv[i]) != PHI_DONE) worst = PHI_FOUND;
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

/* A case: {name, purpose, text} and what leaves: {sends: TEXT} or {blocked: KIND}. */
struct case_run {
    struct policy *policy;
    struct phi_scratch *scratch;
    struct tap *tap;
};

static bool run_case(struct case_run *run, struct arena *a, int purpose, struct span text, struct buf *out,
                     struct transform *t) {
    struct phi_leaf leaf = {.text = text.ptr, .len = (uint32_t)text.len};
    struct tokens *tokens = tokens_new(a);
    struct phi_result found;

    return tokens && phi_scan(policy_engine(run->policy), run->scratch, &leaf, 1, &found) == 0 &&
           transform_text(a, text, &found, run->policy, purpose, tokens, out, t) == 0;
}

static bool case_holds(const struct yaml_node *c, const struct transform *t, const struct buf *out) {
    const struct yaml_node *sends = yaml_get(c, "sends"), *blocked = yaml_get(c, "blocked");

    if (blocked) return t->blocked && strcmp(phi_kind_name(t->block_kind), blocked->text) == 0;
    return !t->blocked && sends && span_is(buf_span(out), sends->text);
}

static int test_case(struct case_run *run, const struct yaml_node *c, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "name", .required = true}, {.name = "purpose"}, {.name = "text", .required = true},
                                           {.name = "sends"}, {.name = "blocked"}};
    const struct yaml_node *purpose_node = yaml_get(c, "purpose"), *text = yaml_get(c, "text");
    struct arena *a;
    struct transform t = {0};
    struct buf out;
    int purpose;

    if (yaml_check(c, keys, 5, d) < 0) return -1;
    purpose = purpose_node ? policy_purpose(run->policy, purpose_node->text, purpose_node->len) : 0;
    if (purpose < 0) {
        yaml_error(purpose_node, d, "the policy has no such purpose");
        return -1;
    }
    a = arena_new(64u << 20);
    buf_init(&out, 16u << 20);
    bool ok = a && run_case(run, a, purpose, span_make(text->text, text->len), &out, &t) && case_holds(c, &t, &out);
    tap_line(run->tap, ok, yaml_get(c, "name")->text, ok ? NULL : t.blocked ? "(was blocked)" : "(left otherwise)");
    buf_free(&out);
    arena_free(a);
    return 0;
}

static struct policy *case_policy(const char *path, const struct yaml_node *n, struct diag *d) {
    char share[PATH_MAX], beside[PATH_MAX];
    const char *name, *slash = strrchr(path, '/');
    struct policy_paths paths = {share};

    if (yaml_string(n, &name, d) < 0 || !phi_share(share, sizeof share)) return NULL;
    snprintf(beside, sizeof beside, "%.*s%s", strstr(name, ".yaml") && slash ? (int)(slash - path) + 1 : 0, path, name);
    return policy_load(beside, &paths, d);
}

static int test_cases(const char *path, const struct yaml_node *root, struct tap *tap, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "policy", .required = true},
                                           {.name = "tests", .type = YAML_NODE_LIST, .required = true}};
    struct case_run run = {.tap = tap};
    int rc = -1;

    if (yaml_check(root, keys, 2, d) < 0) return -1;
    run.policy = case_policy(path, yaml_get(root, "policy"), d);
    run.scratch = phi_scratch_new();
    const struct yaml_node *tests = yaml_get(root, "tests");
    for (size_t i = 0; run.policy && run.scratch && i < tests->n; i++) {
        rc = tests->items[i]->type == YAML_NODE_MAP ? test_case(&run, tests->items[i], d) : -1;
        if (rc < 0) break;
    }
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
