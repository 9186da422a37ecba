/* SPDX-License-Identifier: Apache-2.0
 *
 * A rule is checked in three steps: its keys, then what they say, then the pattern itself by the engine that
 * will run it. A rule that fails one of them is left out, and the file with it.
 */
#include "rules_load.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "policy_chain.h"
#include "rules_cost.h"
#include "yaml_node.h"

#define RULES_MAX      4096u
#define WORDS_MAX      64u
#define PATTERN_MAX    4096u
#define EXAMPLES_MAX   64u
#define WITHIN_DEFAULT 40
#define WITHIN_MAX     300

static const struct yaml_key rule_keys[] = {
    {.name = "id", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "kind", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "pattern", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "validate", .type = YAML_NODE_SCALAR},
    {.name = "score", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "context", .type = YAML_NODE_MAP},
    {.name = "examples", .type = YAML_NODE_MAP, .required = true},
    {.name = "why", .type = YAML_NODE_SCALAR},
};

static const struct yaml_key context_keys[] = {
    {.name = "words", .type = YAML_NODE_LIST, .required = true},
    {.name = "within", .type = YAML_NODE_SCALAR},
    {.name = "raise", .type = YAML_NODE_SCALAR},
    {.name = "required", .type = YAML_NODE_SCALAR},
};

static const struct yaml_key example_keys[] = {
    {.name = "match", .type = YAML_NODE_LIST, .required = true},
    {.name = "not", .type = YAML_NODE_LIST, .required = true},
};

static const struct yaml_key file_keys[] = {
    {.name = "id", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "description", .type = YAML_NODE_SCALAR, .required = true},
    {.name = "rules", .type = YAML_NODE_LIST, .required = true},
    {.name = "end", .type = YAML_NODE_SCALAR, .required = true},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* A rule as it is read, with room for what phi_rule only points to. */
struct draft {
    struct phi_rule rule;
    const struct yaml_node *node, *pattern;
    const char *words[WORDS_MAX + 1];
    const char *samples[EXAMPLES_MAX];
    size_t n_samples;
};

const struct yaml_node *rules_file_list(const struct yaml_node *root, struct diag *d) {
    (void)!yaml_check(root, file_keys, COUNT(file_keys), d);
    (void)!policy_chain_check_end(root, d);
    return yaml_list(root, "rules");
}

/* ---- what the keys say ---- */

static void read_id(struct draft *r, struct diag *d) {
    const struct yaml_node *n = yaml_get(r->node, "id");
    if (yaml_string(n, &r->rule.id, d) != 0) return;
    if (n->len == 0 || n->len > 64 || strspn(n->text, "abcdefghijklmnopqrstuvwxyz0123456789-") != n->len)
        yaml_error(n, d, "an id is 1 to 64 of a-z, 0-9 and '-'");
}

static void read_kind(struct draft *r, struct diag *d) {
    const struct yaml_node *n = yaml_get(r->node, "kind");
    const char *names[PHI_KINDS], *word = NULL;

    if (yaml_string(n, &word, d) != 0) return;
    r->rule.kind = phi_kind_find(word, n->len);
    if (r->rule.kind == PHI_TOKEN_TEXT)
        yaml_error(n, d, "%s is found by the gateway itself, not by a rule", word);
    if (r->rule.kind != PHI_NONE) return;
    for (int k = 1; k < PHI_KINDS; k++)
        names[k - 1] = phi_kind_name((enum phi_kind)k);
    const char *nearest = diag_nearest(word, names, PHI_KINDS - 1);
    if (nearest)
        yaml_error(n, d, "unknown kind \"%s\"; did you mean \"%s\"?", word, nearest);
    else
        yaml_error(n, d, "unknown kind \"%s\"", word);
}

static void read_pattern(struct draft *r, struct diag *d) {
    r->pattern = yaml_get(r->node, "pattern");
    if (yaml_string(r->pattern, &r->rule.pattern, d) != 0) return;
    if (r->pattern->len == 0) yaml_error(r->pattern, d, "the pattern is empty");
    if (r->pattern->len > PATTERN_MAX)
        yaml_error(r->pattern, d, "the pattern is longer than %u bytes", PATTERN_MAX);
}

static void read_validator(struct draft *r, struct diag *d) {
    const struct yaml_node *n = yaml_get(r->node, "validate");
    if (!n || yaml_string(n, &r->rule.validate, d) != 0) return;
    if (!phi_validator_known(r->rule.validate))
        yaml_error(n, d, "unknown validator \"%s\"", r->rule.validate);
}

static void read_number(const struct yaml_node *n, long long max, int *out, struct diag *d) {
    long long number = 0;
    if (n && yaml_int(n, 0, max, &number, d) == 0) *out = (int)number;
}

static void read_words(struct draft *r, const struct yaml_node *list, struct diag *d) {
    if (!list) return;
    if (list->n == 0 || list->n > WORDS_MAX) yaml_error(list, d, "context needs 1 to %u words", WORDS_MAX);
    for (size_t i = 0; i < list->n && i < WORDS_MAX; i++) {
        const struct yaml_node *n = list->items[i];
        if (yaml_string(n, &r->words[i], d) != 0) continue;
        if (n->len == 0) yaml_error(n, d, "an empty word");
        for (const char *c = n->text; *c; c++) {
            if (*c < 'A' || *c > 'Z') continue;
            yaml_error(n, d, "write context words in lower case; they match any case");
            break;
        }
    }
    r->rule.words = r->words;
}

static void read_context(struct draft *r, struct diag *d) {
    const struct yaml_node *map = yaml_get(r->node, "context");
    if (!map) return;
    bool complete = yaml_check(map, context_keys, COUNT(context_keys), d) == 0;

    const struct yaml_node *required = yaml_get(map, "required");
    r->rule.within = WITHIN_DEFAULT;
    read_words(r, yaml_list(map, "words"), d);
    read_number(yaml_get(map, "within"), WITHIN_MAX, &r->rule.within, d);
    read_number(yaml_get(map, "raise"), 100, &r->rule.raise, d);
    if (required) (void)!yaml_bool(required, &r->rule.required, d);
    if (complete && r->rule.raise == 0 && !r->rule.required)
        yaml_error(map, d, "this context changes nothing; give it \"raise\" or \"required: true\"");
}

static void read_example_list(struct draft *r, const struct yaml_node *list, bool match, struct diag *d) {
    if (!list) return;
    if (list->n == 0) yaml_error(list, d, "a rule needs at least one example here");
    if (list->n > EXAMPLES_MAX) yaml_error(list, d, "at most %u examples", EXAMPLES_MAX);
    for (size_t i = 0; i < list->n && i < EXAMPLES_MAX; i++) {
        const char *text = NULL;
        if (yaml_string(list->items[i], &text, d) != 0) continue;
        if (text[0] == '\0') yaml_error(list->items[i], d, "an empty example shows nothing");
        if (match) r->samples[r->n_samples++] = text;
    }
}

static void read_examples(struct draft *r, struct diag *d) {
    const struct yaml_node *map = yaml_get(r->node, "examples");
    if (!map) return;
    (void)!yaml_check(map, example_keys, COUNT(example_keys), d);
    read_example_list(r, yaml_list(map, "match"), true, d);
    read_example_list(r, yaml_list(map, "not"), false, d);
}

static int read_rule(const struct yaml_node *node, struct draft *r, struct diag *d) {
    size_t mistakes = diag_count(d);

    *r = (struct draft){.node = node, .rule = {.file = node->file, .line = node->line}};
    if (yaml_check(node, rule_keys, COUNT(rule_keys), d) != 0 && node->type != YAML_NODE_MAP) return -1;
    read_id(r, d);
    read_kind(r, d);
    read_pattern(r, d);
    read_validator(r, d);
    read_number(yaml_get(node, "score"), 100, &r->rule.score, d);
    read_context(r, d);
    read_examples(r, d);
    return diag_count(d) == mistakes ? 0 : -1;
}

/* ---- the place of a character of the pattern in the file ---- */

static const char *line_start(const char *source, uint32_t line) {
    for (uint32_t at = 1; at < line; at++) {
        source = strchr(source, '\n');
        if (!source) return NULL;
        source++;
    }
    return source;
}

static const char *skip_characters(const char *p, uint32_t n) {
    for (; n > 0 && *p; n--) {
        p++;
        while (((unsigned char)*p & 0xC0) == 0x80)
            p++;
    }
    return p;
}

/* How many characters of the file stand for the first `offset` bytes of a one-line text; 0 when it is spread.
 */
static uint32_t written_characters(const struct yaml_node *n, size_t offset) {
    const char *p = line_start(n->source, n->line);
    if (!p) return 0;
    p = skip_characters(p, n->column - 1);
    char quote = n->quoted && (*p == '\'' || *p == '"') ? *p : '\0';
    if (n->quoted && !quote) return 0;

    uint32_t characters = quote ? 1 : 0;
    p += characters;
    for (size_t i = 0; i < offset; i++) {
        if (*p == '\0' || *p == '\n') return 0;
        bool doubled = quote == '\'' && p[0] == '\'' && p[1] == '\'';
        bool escaped = quote == '"' && p[0] == '\\' && p[1];
        if (doubled || escaped) p++, characters++;
        characters += ((unsigned char)*p & 0xC0) != 0x80;
        p++;
    }
    return characters;
}

static void pattern_mistake(const struct draft *r, int offset, const char *err, struct diag *d) {
    const struct yaml_node *n = r->pattern;
    uint32_t shift = offset > 0 ? written_characters(n, (size_t)offset) : 0;
    diag_add(d, n->file, n->source, n->line, n->column + shift, "%s", err);
}

/* ---- into the engine ---- */

static bool id_taken(const struct phi_engine *engine, const char *id) {
    for (size_t i = 0; i < phi_rule_count(engine); i++)
        if (strcmp(phi_rule_id(engine, (unsigned)i), id) == 0) return true;
    return false;
}

/* false when the policy switched the rule off. */
static bool apply_changes(struct draft *r, const struct rules_options *options) {
    bool enabled = true;
    for (size_t i = 0; i < options->n_changes; i++) {
        struct rules_change *change = &options->changes[i];
        if (strcmp(change->id->text, r->rule.id) != 0) continue;
        change->kind = r->rule.kind;
        change->score_before = r->rule.score;
        if (change->disable)
            enabled = false;
        else
            r->rule.score = change->score;
    }
    return enabled;
}

static int check_cost(const struct draft *r, struct diag *d) {
    char err[128];
    if (rules_cost_check(r->rule.pattern, r->samples, r->n_samples, err, sizeof err) == 0) return 0;
    yaml_error(r->pattern, d, "the pattern costs too much on %s; bound its repetitions", err);
    return -1;
}

static int add_rule(struct draft *r, const struct rules_options *options, struct phi_engine *engine,
                    struct diag *d) {
    char err[160] = "";
    int offset = -1;

    if (id_taken(engine, r->rule.id)) {
        yaml_error(yaml_get(r->node, "id"), d, "the id \"%s\" is already taken by another rule", r->rule.id);
        return -1;
    }
    if (!apply_changes(r, options)) return 0;
    if (phi_engine_add(engine, &r->rule, err, sizeof err, &offset) != 0) {
        pattern_mistake(r, offset, err, d);
        return -1;
    }
    return options->skip_cost ? 0 : check_cost(r, d);
}

int rules_load_with(const struct yaml_node *list, const struct rules_options *options,
                    struct phi_engine *engine, struct diag *d) {
    int result = 0;

    if (list->type != YAML_NODE_LIST) {
        yaml_error(list, d, "\"rules\" must be a list");
        return -1;
    }
    if (list->n > RULES_MAX) {
        yaml_error(list, d, "at most %u rules", RULES_MAX);
        return -1;
    }
    struct draft *r = malloc(sizeof *r);
    if (!r) {
        yaml_error(list, d, "out of memory");
        return -1;
    }
    for (size_t i = 0; i < list->n; i++)
        if (read_rule(list->items[i], r, d) != 0 || add_rule(r, options, engine, d) != 0) result = -1;
    free(r);
    return result;
}

int rules_load(const struct yaml_node *list, struct phi_engine *engine, struct diag *d) {
    struct rules_options options = {.n_changes = 0};
    return rules_load_with(list, &options, engine, d);
}

/* ---- examples ---- */

struct example_run {
    const struct phi_engine *engine;
    struct phi_scratch *scratch;
    const char *id;
    enum phi_kind kind;
    rules_report *report;
    void *arg;
};

static int run_example(const struct example_run *run, const struct yaml_node *example, bool match) {
    struct phi_leaf leaf = {.text = example->text, .len = (uint32_t)example->len};
    struct phi_result found = {.n = 0};
    bool by_rule = false, by_kind = false;

    if (phi_scan(run->engine, run->scratch, &leaf, 1, &found) != 0) return -1;
    for (size_t i = 0; i < found.n; i++) {
        by_rule |= strcmp(phi_rule_id(run->engine, found.v[i].rule), run->id) == 0;
        by_kind |= found.v[i].kind == run->kind;
    }
    run->report(run->arg, match ? by_rule || by_kind : !by_rule, run->id, match ? "match" : "not",
                example->file, example->line);
    return 0;
}

static int run_examples(const struct example_run *run, const struct yaml_node *list, bool match) {
    int result = 0;
    for (size_t i = 0; list && list->type == YAML_NODE_LIST && i < list->n; i++)
        if (list->items[i]->type != YAML_NODE_SCALAR || run_example(run, list->items[i], match) != 0)
            result = -1;
    return result;
}

int rules_test(const struct yaml_node *list, const struct phi_engine *engine, rules_report *report,
               void *arg) {
    struct example_run run = {.engine = engine, .scratch = phi_scratch_new(), .report = report, .arg = arg};
    int result = run.scratch ? 0 : -1;

    for (size_t i = 0; run.scratch && i < list->n; i++) {
        const struct yaml_node *id = yaml_get(list->items[i], "id"), *kind = yaml_get(list->items[i], "kind"),
                               *examples = yaml_get(list->items[i], "examples");
        if (!id || !kind || id->type != YAML_NODE_SCALAR || kind->type != YAML_NODE_SCALAR) continue;
        run.id = id->text;
        run.kind = phi_kind_find(kind->text, kind->len);
        if (run_examples(&run, yaml_get(examples, "match"), true) != 0) result = -1;
        if (run_examples(&run, yaml_get(examples, "not"), false) != 0) result = -1;
    }
    phi_scratch_free(run.scratch);
    return result;
}
