/* SPDX-License-Identifier: Apache-2.0
 *
 * Built-in rules are always loaded; a policy adds rules (`rules`, `detectors.rules`) and switches single ones
 * off or gives them another score (`detectors.disable`, `detectors.scores`, `detectors.adjust`), but not those of
 * kinds in the floor: a value that is no longer found leaves in clear. Words that are always or never hidden (`deny`,
 * `allow`) and rosters go into the same engine.
 *
 * The digest covers every byte that was read, each file after its length, in this order: the policy, what it
 * extends, the built-in rules, further rules files. A second one covers only what decides about findings, so that
 * two policies that find alike are known to.
 */
#include "detectors_load.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deny_load.h"
#include "diag.h"
#include "kind_set.h"
#include "policy_chain.h"
#include "policy_table.h"
#include "roster_list.h"
#include "rules_load.h"
#include "yaml_node.h"

#define CHANGES_MAX 512u
#define FILES_MAX   64u

static const char *const built_in[] = {"numbers", "records", "contact",  "dates",
                                       "secrets", "people",  "sensitive", "scattered"};

static const struct yaml_key detector_keys[] = {
    {.name = "rules", .type = YAML_NODE_LIST},
    {.name = "disable", .type = YAML_NODE_LIST},
    {.name = "scores", .type = YAML_NODE_MAP},
    {.name = "adjust", .type = YAML_NODE_MAP},
};

struct build {
    struct policy *policy;
    const struct policy_chain *chain;
    struct diag *diag;
    struct phi_engine *engine;
    EVP_MD_CTX *digest, *detectors;
    struct rules_change changes[CHANGES_MAX];
    size_t n_changes;
    struct adjustment {
        const struct yaml_node *id;
        int by;
    } adjustments[CHANGES_MAX];
    size_t n_adjustments;
    unsigned n_denied;
    struct yaml_doc *docs[FILES_MAX]; /* rules files stay until the end: mistakes point into them */
    size_t n_docs;
    size_t mistakes; /* of the files before */
};

static bool failed(const struct build *b) {
    return diag_count(b->diag) > b->mistakes;
}

/* ---- digest ---- */

static int digest_add(EVP_MD_CTX *digest, const void *bytes, size_t len) {
    unsigned char length[8];

    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)((uint64_t)len >> (56 - 8 * i));
    if (EVP_DigestUpdate(digest, length, sizeof length) != 1) return -1;
    return EVP_DigestUpdate(digest, bytes, len) == 1 ? 0 : -1;
}

static int digest_doc(EVP_MD_CTX *digest, const struct yaml_doc *doc) {
    size_t len = 0;
    const char *source = yaml_source(doc, &len);
    return digest_add(digest, source, len);
}

/* What a node says, wherever it stands. */
static int digest_node(EVP_MD_CTX *digest, const struct yaml_node *n) {
    unsigned char form[2] = {(unsigned char)n->type, n->quoted};

    if (digest_add(digest, form, sizeof form) != 0 || digest_add(digest, n->text ? n->text : "", n->len) != 0)
        return -1;
    for (size_t i = 0; n->type != YAML_NODE_SCALAR && i < n->n; i++) {
        if (n->type == YAML_NODE_MAP && digest_node(digest, n->keys[i]) != 0) return -1;
        if (digest_node(digest, n->items[i]) != 0) return -1;
    }
    return digest_add(digest, "", 0);
}

/* Of each policy file what changes the detectors; rules files follow as they are read. */
static int digest_detectors(struct build *b) {
    static const char *const keys[] = {"detectors", "rules", "allow", "deny"};
    const struct policy *p = b->policy;

    if (digest_add(b->detectors, p->threshold, sizeof p->threshold) != 0) return -1;
    if (digest_add(b->detectors, p->strict_detection ? "strict" : "", p->strict_detection ? 6 : 0) != 0) return -1;
    for (size_t f = 0; f < b->chain->n; f++) {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            const struct yaml_node *n = yaml_get(policy_chain_root(b->chain, f), keys[i]);
            if (n && digest_node(b->detectors, n) != 0) return -1;
        }
    }
    return 0;
}

static int digest_end(EVP_MD_CTX *digest, char out[65]) {
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (EVP_DigestFinal_ex(digest, sum, &n) != 1 || n != 32) return -1;
    for (unsigned i = 0; i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", sum[i]);
    return 0;
}

/* ---- what the policy changes ---- */

static void add_change(struct build *b, struct rules_change change) {
    for (size_t i = 0; i < b->n_changes; i++)
        if (strcmp(b->changes[i].id->text, change.id->text) == 0) return; /* a nearer file decided */
    if (b->n_changes == CHANGES_MAX)
        yaml_error(change.id, b->diag, "too many changes: at most %u", CHANGES_MAX);
    else
        b->changes[b->n_changes++] = change;
}

static void add_adjustment(struct build *b, const struct yaml_node *id, int by) {
    for (size_t i = 0; i < b->n_adjustments; i++)
        if (strcmp(b->adjustments[i].id->text, id->text) == 0) return; /* a nearer file decided */
    if (b->n_adjustments == CHANGES_MAX)
        yaml_error(id, b->diag, "too many adjustments: at most %u", CHANGES_MAX);
    else
        b->adjustments[b->n_adjustments++] = (struct adjustment){id, by};
}

static void read_changes(struct build *b, const struct yaml_node *detectors) {
    const struct yaml_node *disable = yaml_get(detectors, "disable"), *scores = yaml_get(detectors, "scores"),
                           *adjust = yaml_get(detectors, "adjust");
    const char *id = NULL;
    long long score = 0;

    for (size_t i = 0; disable && i < disable->n; i++)
        if (yaml_string(disable->items[i], &id, b->diag) == 0)
            add_change(b, (struct rules_change){.id = disable->items[i], .disable = true});
    for (size_t i = 0; scores && i < scores->n; i++)
        if (yaml_int(scores->items[i], 0, 100, &score, b->diag) == 0)
            add_change(b, (struct rules_change){.id = scores->keys[i], .score = (int)score});
    for (size_t i = 0; adjust && i < adjust->n; i++)
        if (yaml_int(adjust->items[i], -100, 100, &score, b->diag) == 0) add_adjustment(b, adjust->keys[i], (int)score);
}

static void unknown_rule(struct build *b, const struct yaml_node *id) {
    const char **names = calloc(phi_rule_count(b->engine) + 1, sizeof *names);
    size_t n = names ? phi_rule_count(b->engine) : 0;

    for (size_t i = 0; i < n; i++)
        names[i] = phi_rule_id(b->engine, (unsigned)i);
    const char *nearest = diag_nearest(id->text, names, n);
    if (nearest)
        yaml_error(id, b->diag, "unknown rule \"%s\"; did you mean \"%s\"?", id->text, nearest);
    else
        yaml_error(id, b->diag, "unknown rule \"%s\"", id->text);
    free(names);
}

/* The number of the rule or built-in detector; -1 when there is none. */
static int rule_number(const struct build *b, const char *id) {
    for (size_t i = 0; i < phi_rule_count(b->engine); i++)
        if (strcmp(phi_rule_id(b->engine, (unsigned)i), id) == 0) return (int)i;
    return -1;
}

/* Is the kind, or a relative of it, one that may not leave in clear? A detector of names finds all names. */
static bool finds_floor(const struct build *b, enum phi_kind kind, bool in_c) {
    const char *name = phi_kind_name(kind);
    size_t group = strcspn(name, ".");

    for (int k = 1; k < PHI_KINDS; k++) {
        bool related = k == (int)kind || (in_c && strncmp(phi_kind_name((enum phi_kind)k), name, group + 1) == 0);
        if (related && b->policy->in_floor[k]) return true;
    }
    return false;
}

/* Less is found. A detector of several kinds (kind PHI_NONE) goes on finding those of the floor: the engine keeps them. */
static void weaken(struct build *b, const struct yaml_node *id, enum phi_kind kind, bool in_c, const char *how) {
    if (kind != PHI_NONE && finds_floor(b, kind, in_c))
        yaml_error(id, b->diag, "%s finds %s, which may not leave in clear; it cannot be %s", id->text, phi_kind_name(kind), how);
    if (kind == PHI_NONE || phi_kind_letter(kind) != '-') b->policy->detection_weakened = true;
}

static void adjust(struct build *b, const struct yaml_node *id, int by, const char *how) {
    int number = rule_number(b, id->text);

    if (number < 0) {
        unknown_rule(b, id);
        return;
    }
    if (by < 0) weaken(b, id, phi_rule_kind(b->engine, (unsigned)number), phi_rule_built_in(b->engine, (unsigned)number), how);
    if (phi_engine_adjust(b->engine, id->text, by) != 0) yaml_error(id, b->diag, "out of memory");
}

/* A change that met no rule of a file is one of a built-in detector, or a mistake. */
static void change_built_in(struct build *b, const struct rules_change *c) {
    int number = rule_number(b, c->id->text);

    if (number >= 0 && !c->disable)
        yaml_error(c->id, b->diag, "%s is built in and has not one score; raise or lower what it finds with \"adjust\"", c->id->text);
    else
        adjust(b, c->id, PHI_OFF, "disabled");
}

static void check_changes(struct build *b) {
    for (size_t i = 0; i < b->n_changes; i++) {
        const struct rules_change *c = &b->changes[i];
        if (c->kind == PHI_NONE)
            change_built_in(b, c);
        else if (c->disable || c->score < c->score_before)
            weaken(b, c->id, c->kind, false, c->disable ? "disabled" : "lowered");
    }
    for (size_t i = 0; i < b->n_adjustments; i++)
        adjust(b, b->adjustments[i].id, b->adjustments[i].by, "lowered");
}

/* ---- rules ---- */

static void load_list(struct build *b, const struct yaml_node *list, bool skip_cost) {
    struct rules_options options = {.changes = b->changes, .n_changes = b->n_changes, .skip_cost = skip_cost};
    (void)!rules_load_with(list, &options, b->engine, b->diag);
}

static void load_file(struct build *b, const char *path, bool skip_cost) {
    if (b->n_docs == FILES_MAX) {
        diag_add(b->diag, path, NULL, 0, 0, "too many rules files: at most %u", FILES_MAX);
        return;
    }
    struct yaml_doc *doc = yaml_load_file(path, b->diag);
    if (!doc) return;
    b->docs[b->n_docs++] = doc;
    if (digest_doc(b->digest, doc) != 0 || digest_doc(b->detectors, doc) != 0)
        diag_add(b->diag, path, NULL, 0, 0, "the digest failed");
    const struct yaml_node *list = rules_file_list(yaml_root(doc), b->diag);
    if (list) load_list(b, list, skip_cost);
}

static void load_built_in(struct build *b, const struct policy_paths *paths) {
    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++) {
        char *path = NULL;
        if (asprintf(&path, "%s/policies/rules/%s.yaml", paths->share, built_in[i]) < 0) {
            diag_add(b->diag, built_in[i], NULL, 0, 0, "out of memory");
            return;
        }
        load_file(b, path, true);
        free(path);
    }
}

static void load_named_files(struct build *b, const struct yaml_node *list) {
    for (size_t i = 0; list && i < list->n; i++) {
        const char *name = NULL;
        if (yaml_string(list->items[i], &name, b->diag) != 0) continue;
        char *path = policy_chain_path(list->items[i]->file, name);
        if (path)
            load_file(b, path, false);
        else
            yaml_error(list->items[i], b->diag, "out of memory");
        free(path);
    }
}

static void load_allowed(struct build *b, const struct yaml_node *list) {
    for (size_t i = 0; list && list->type == YAML_NODE_LIST && i < list->n; i++) {
        const struct yaml_node *n = list->items[i];
        const char *value = NULL;
        if (yaml_string(n, &value, b->diag) != 0) continue;
        if (n->len < 3)
            yaml_error(n, b->diag, "an allowed value has at least 3 characters");
        else if (phi_engine_allow(b->engine, value, n->len) != 0)
            yaml_error(n, b->diag, "cannot be allowed");
        else
            b->policy->n_allowed++;
    }
}

/* Those of the gateway; a policy that names the same one does not look twice. */
static void load_own_rosters(struct build *b, const struct policy_paths *paths) {
    for (size_t i = 0; i < paths->n_rosters; i++) {
        const struct policy_roster *r = &paths->rosters[i];
        bool there = false;
        for (size_t k = 0; k < b->policy->n_rosters; k++)
            there |= strcmp(b->policy->rosters[k].digest, r->digest) == 0;
        if (!there && roster_list_add(b->policy, r->roster, r->file, r->digest, b->engine) != 0)
            diag_add(b->diag, r->file, NULL, 0, 0, "at most %d rosters with those of the policy", POLICY_ROSTERS_MAX);
    }
}

/* Farthest file first, so that a policy's rules come after those of what it extends. */
static void load_rules(struct build *b, const struct policy_paths *paths) {
    for (size_t f = 0; f < b->chain->n; f++) {
        const struct yaml_node *detectors = yaml_get(policy_chain_root(b->chain, f), "detectors");
        if (detectors && yaml_check(detectors, detector_keys, 4, b->diag) == 0) read_changes(b, detectors);
    }
    load_built_in(b, paths);
    for (size_t f = b->chain->n; f-- > 0;) {
        const struct yaml_node *root = policy_chain_root(b->chain, f), *rules = yaml_get(root, "rules");
        load_named_files(b, yaml_get(yaml_get(root, "detectors"), "rules"));
        if (rules) load_list(b, rules, false);
        load_allowed(b, yaml_get(root, "allow"));
    }
    for (size_t f = b->chain->n; f-- > 0;) {
        const struct yaml_node *root = policy_chain_root(b->chain, f);
        deny_load(yaml_get(root, "deny"), &b->n_denied, b->engine, b->diag);
        roster_list_load(b->policy, yaml_get(root, "rosters"), b->engine, b->diag);
    }
    load_own_rosters(b, paths);
    check_changes(b);
}

/* The word lists decide what is a name as much as any rule, so they are part of the digest. */
static int digest_file(struct build *b, const char *path) {
    unsigned char block[65536];
    FILE *f = fopen(path, "rbe");
    size_t n;
    int rc = 0;

    if (!f) return -1;
    while (rc == 0 && (n = fread(block, 1, sizeof block, f)) > 0)
        if (EVP_DigestUpdate(b->digest, block, n) != 1 || EVP_DigestUpdate(b->detectors, block, n) != 1) rc = -1;
    if (ferror(f)) rc = -1;
    fclose(f);
    return rc;
}

static void load_words(struct build *b, const struct policy_paths *paths) {
    char path[PATH_MAX], err[160] = "cannot be read";

    snprintf(path, sizeof path, "%s/detectors/dictionaries/words.bin", paths->share);
    if (digest_file(b, path) != 0 || phi_engine_dictionary(b->engine, path, err, sizeof err) != 0)
        diag_add(b->diag, path, NULL, 0, 0, "the word lists are needed to find names and places: %s", err);
}

/* The rosters come last: what is signed ends before them. */
static int end_digests(struct build *b) {
    struct policy *p = b->policy;
    EVP_MD_CTX *signable = EVP_MD_CTX_new();
    int rc = signable && EVP_MD_CTX_copy_ex(signable, b->digest) == 1 ? digest_end(signable, p->signable) : -1;

    EVP_MD_CTX_free(signable);
    for (size_t i = 0; i < p->n_rosters && rc == 0; i++)
        if (digest_add(b->digest, p->rosters[i].digest, 64) != 0 || digest_add(b->detectors, p->rosters[i].digest, 64) != 0) rc = -1;
    if (rc != 0 || digest_end(b->detectors, p->detectors) != 0) return -1;
    return digest_end(b->digest, p->digest);
}

/* A gateway that is not restarted nor reloaded for more than a year lags behind. */
static int current_year(void) {
    time_t now = time(NULL);
    struct tm utc;
    return gmtime_r(&now, &utc) ? utc.tm_year + 1900 : PHI_YEAR;
}

static int build_all(struct build *b, const struct policy_paths *paths) {
    char err[160] = "";

    if (!b->engine || !b->digest || !b->detectors || EVP_DigestInit_ex(b->digest, EVP_sha256(), NULL) != 1 ||
        EVP_DigestInit_ex(b->detectors, EVP_sha256(), NULL) != 1)
        return -1;
    for (size_t f = 0; f < b->chain->n; f++)
        if (digest_doc(b->digest, b->chain->docs[f]) != 0) return -1;
    if (digest_detectors(b) != 0) return -1;
    phi_engine_set_mode(b->engine, b->policy->strict_detection ? PHI_STRICT : PHI_BALANCED);
    for (int k = 1; k < PHI_KINDS; k++)
        phi_engine_set_threshold(b->engine, (enum phi_kind)k, b->policy->threshold[k]);
    for (int k = 1; k < PHI_KINDS; k++)
        if (b->policy->in_floor[k]) phi_engine_keep(b->engine, (enum phi_kind)k);
    phi_engine_set_year(b->engine, current_year());
    load_words(b, paths);
    load_rules(b, paths);
    if (failed(b)) return 0;
    if (phi_engine_seal(b->engine, err, sizeof err) != 0)
        diag_add(b->diag, policy_chain_root(b->chain, 0)->file, NULL, 0, 0,
                 "the detectors cannot be used: %s", err);
    return end_digests(b);
}

static void build_free(struct build *b) {
    if (b->engine) phi_engine_unref(b->engine);
    for (size_t i = 0; i < b->n_docs; i++)
        yaml_doc_free(b->docs[i]);
    EVP_MD_CTX_free(b->digest);
    EVP_MD_CTX_free(b->detectors);
    free(b);
}

int detectors_load(struct policy *p, const struct policy_chain *chain, const struct policy_paths *paths,
                   struct diag *d) {
    struct build *b = calloc(1, sizeof *b);
    if (!b) {
        diag_add(d, p->id, NULL, 0, 0, "out of memory");
        return -1;
    }
    b->policy = p;
    b->chain = chain;
    b->diag = d;
    b->mistakes = diag_count(d);
    b->engine = phi_engine_new();
    b->digest = EVP_MD_CTX_new();
    b->detectors = EVP_MD_CTX_new();

    if (build_all(b, paths) != 0) diag_add(d, p->id, NULL, 0, 0, "out of memory");
    int result = failed(b) ? -1 : 0;
    if (result == 0) {
        p->engine = b->engine;
        b->engine = NULL;
    }
    build_free(b);
    return result;
}
