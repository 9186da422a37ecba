/* SPDX-License-Identifier: Apache-2.0
 *
 * A word becomes a rule with the highest score: its letters in any case, any space for a space, and no letter or digit
 * beside it.
 *
 *     deny: {NAME.EMPLOYER: ["Acme Widgets"]}   ->   deny-1: (?i)(?<![A-Za-z0-9])Acme\s{1,4}Widgets(?![A-Za-z0-9])
 */
#include "deny_load.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../../detectors/phi.h"
#include "diag.h"
#include "yaml_node.h"

enum { DENY_LEAST = 2, DENY_MOST = 200, DENY_WORDS = 5000, DENY_SCORE = 100, PATTERN_MAX = 1024 };

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static void write_pattern(const char *text, size_t len, char out[PATTERN_MAX]) {
    size_t n = (size_t)snprintf(out, PATTERN_MAX, "(?i)%s", is_word(text[0]) ? "(?<![A-Za-z0-9])" : "");

    for (size_t i = 0; i < len; i++) {
        if (text[i] == ' ') {
            n += (size_t)snprintf(out + n, PATTERN_MAX - n, "\\s{1,4}");
            while (i + 1 < len && text[i + 1] == ' ') i++;
            continue;
        }
        if (!is_word(text[i])) out[n++] = '\\';
        out[n++] = text[i];
    }
    snprintf(out + n, PATTERN_MAX - n, "%s", is_word(text[len - 1]) ? "(?![A-Za-z0-9])" : "");
}

static bool is_plain(const struct yaml_node *n) {
    for (size_t i = 0; i < n->len; i++)
        if ((unsigned char)n->text[i] < ' ') return false;
    return n->len && n->text[0] != ' ' && n->text[n->len - 1] != ' ';
}

static void add_word(const struct yaml_node *n, enum phi_kind kind, unsigned *number, struct phi_engine *engine, struct diag *d) {
    char id[32], pattern[PATTERN_MAX], err[160] = "";
    const char *value = NULL;

    if (yaml_string(n, &value, d) != 0) return;
    if (n->len < DENY_LEAST || n->len > DENY_MOST || !is_plain(n)) {
        yaml_error(n, d, "a denied word has %d to %d characters, no line break, and no space at its ends", DENY_LEAST, DENY_MOST);
        return;
    }
    if (phi_engine_allows(engine, value, n->len)) {
        yaml_error(n, d, "this stands under \"allow\" and under \"deny\"");
        return;
    }
    if (*number == DENY_WORDS) {
        yaml_error(n, d, "at most %d denied words; import longer lists with `phi roster import`", DENY_WORDS);
        return;
    }
    snprintf(id, sizeof id, "deny-%u", ++*number);
    write_pattern(value, n->len, pattern);
    const struct phi_rule rule = {.id = id, .file = n->file, .line = n->line, .kind = kind, .pattern = pattern, .score = DENY_SCORE};
    if (phi_engine_add(engine, &rule, err, sizeof err, NULL) != 0) yaml_error(n, d, "cannot be denied: %s", err);
}

static enum phi_kind kind_of(const struct yaml_node *key, struct diag *d) {
    const char *names[PHI_KINDS];
    size_t n = 0;
    enum phi_kind kind = phi_kind_find(key->text, key->len);

    if (kind != PHI_NONE && kind != PHI_TOKEN_TEXT) return kind;
    for (int k = 1; k < PHI_KINDS; k++)
        if (k != PHI_TOKEN_TEXT) names[n++] = phi_kind_name((enum phi_kind)k);
    const char *nearest = diag_nearest(key->text, names, n);
    if (nearest) yaml_error(key, d, "unknown kind \"%s\"; did you mean \"%s\"?", key->text, nearest);
    else yaml_error(key, d, "\"%s\" is not one kind, such as NAME.EMPLOYER or OTHER.CODE", key->text);
    return PHI_NONE;
}

void deny_load(const struct yaml_node *map, unsigned *number, struct phi_engine *engine, struct diag *d) {
    for (size_t i = 0; map && map->type == YAML_NODE_MAP && i < map->n; i++) {
        const struct yaml_node *list = map->items[i];
        enum phi_kind kind = kind_of(map->keys[i], d);
        if (list->type != YAML_NODE_LIST) {
            yaml_error(list, d, "expected a list of words");
            continue;
        }
        for (size_t k = 0; kind && k < list->n; k++)
            add_word(list->items[k], kind, number, engine, d);
    }
}
