/* SPDX-License-Identifier: Apache-2.0
 *
 * A model's name is searched like any text, since a caller can write anything there. Only what is certain is let go of:
 * families of models by their makers' words, days since 2022, and what a route spells out.
 */
#include "walk_model.h"

#include <string.h>

#include "../detectors/phi.h"
#include "arena.h"

#define FIRST_YEAR 2022u
#define LAST_YEAR 2099u

static const char *const families[] = {
    "ada",      "aya",     "babbage", "chat",    "claude",  "codestral", "codex",    "cohere",  "command",  "coder",
    "curie",    "dall",    "davinci", "deepseek", "dolphin", "embed",     "falcon",   "fable",   "gemini",   "gemma",
    "glm",      "gpt",     "granite", "grok",    "haiku",   "hermes",    "instant",  "instruct", "jamba",   "kimi",
    "large",    "llama",   "magistral", "medium", "meta",   "ministral", "mini",     "mistral", "mixtral",  "nano",
    "nemotron", "nova",    "omni",    "opus",    "orca",    "phi",       "pixtral",  "pro",     "qwen",     "sage",
    "small",    "smollm",  "sonnet",  "titan",   "vicuna",  "whisper",   "yi",       "zephyr",  "flash",    "lite",
    "latest",   "turbo",   "preview", "nomic",   "voyage",  "jina",      "bert",     "e",       "v",        "r",
};

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_family(struct span word) {
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (span_is_nocase(word, families[i])) return true;
    return false;
}

static bool all_families(struct span s) {
    bool any = false;

    for (size_t i = 0; i < s.len;) {
        size_t end = i;
        while (end < s.len && is_letter(s.ptr[end]))
            end++;
        if (end > i && !is_family(span_sub(s, i, end))) return false;
        any |= end > i;
        i = end > i ? end : i + 1;
    }
    return any;
}

/* 2024-08-06, 20240806 */
static bool is_release(struct span s) {
    unsigned long long n;
    char digits[9];
    size_t len = 0;

    for (size_t i = 0; i < s.len; i++) {
        bool digit = s.ptr[i] >= '0' && s.ptr[i] <= '9';
        if (!digit && s.ptr[i] != '-') return false;
        if (digit && len == 8) return false;
        if (digit) digits[len++] = s.ptr[i];
    }
    if (len != 8 || span_decimal(span_make(digits, len), &n) < 0) return false;
    unsigned year = (unsigned)(n / 10000), month = (unsigned)(n / 100 % 100), day = (unsigned)(n % 100);
    return year >= FIRST_YEAR && year <= LAST_YEAR && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/* The range stands in what the pattern spells out before its first star, or all of it is spelled out. */
static bool is_spelled(struct span model, const char *const *globs, uint32_t end) {
    for (; globs && *globs; globs++) {
        const char *star = strchr(*globs, '*');
        if (span_glob(model, *globs) && (!star || end <= (size_t)(star - *globs))) return true;
    }
    return false;
}

static bool is_model(const struct walk *w, const struct walk_leaf *leaf) {
    if (leaf->what == WALK_STRING) return w->body_model.len && leaf->text.ptr == w->body_model.ptr;
    return w->model.len && leaf->text.ptr == w->model.ptr;
}

static bool is_harmless(const struct walk *w, const char *const *globs, const struct phi_finding *f) {
    const struct walk_leaf *leaf = &w->v[f->leaf];
    const char *word = phi_kind_word((enum phi_kind)f->kind);
    struct span text = span_sub(leaf->text, f->begin, f->end);

    if (!is_model(w, leaf)) return false;
    if (is_spelled(leaf->text, globs, f->end)) return true;
    if (strcmp(word, "NAME") == 0) return all_families(text);
    return strcmp(word, "DATE") == 0 && is_release(text);
}

int walk_model_release(struct arena *a, const struct walk *w, const char *const *globs, struct phi_result *found) {
    struct phi_finding *kept;
    size_t n = 0, harmless = 0;

    for (size_t i = 0; i < found->n; i++)
        harmless += is_harmless(w, globs, &found->v[i]);
    if (harmless == 0) return 0;
    kept = arena_array(a, found->n, sizeof *kept);
    if (!kept) return -1;
    for (size_t i = 0; i < found->n; i++)
        if (!is_harmless(w, globs, &found->v[i])) kept[n++] = found->v[i];
    *found = (struct phi_result){kept, n};
    return 0;
}
