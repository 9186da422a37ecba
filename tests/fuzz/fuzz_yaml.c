/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a YAML file: a tree within its limits, or mistakes; never both, never neither.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../policies/engine/diag.h"
#include "../../policies/engine/yaml_node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void visit(const struct yaml_node *n, unsigned depth) {
    if (depth > 16 || n->line == 0 || n->column == 0) abort();
    if (n->type == YAML_NODE_SCALAR && strlen(n->text) != n->len) abort();
    for (size_t i = 0; i < n->n; i++) {
        if (n->type == YAML_NODE_MAP) {
            visit(n->keys[i], depth + 1);
            if (yaml_get(n, n->keys[i]->text) != n->items[i]) abort(); /* no key twice */
        }
        visit(n->items[i], n->items[i]->type == YAML_NODE_SCALAR ? depth : depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct diag *d = diag_new();
    if (!d) return 0;
    struct yaml_doc *doc = yaml_load_text("fuzz", (const char *)data, size, d);
    if ((doc == NULL) == (diag_count(d) == 0)) abort();
    if (doc) {
        const struct yaml_node *root = yaml_root(doc);
        if (root->type != YAML_NODE_MAP) abort();
        visit(root, 1);
    }
    FILE *out = fopen("/dev/null", "w");
    if (out) {
        diag_print(d, out);
        fclose(out);
    }
    yaml_doc_free(doc);
    diag_free(d);
    return 0;
}
