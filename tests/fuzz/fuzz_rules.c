/* SPDX-License-Identifier: Apache-2.0
 *
 * Any bytes as a rules file: refused with mistakes, or loaded into an engine that seals and runs its examples.
 */
#include <stdint.h>
#include <stdlib.h>

#include "../../detectors/phi.h"
#include "../../policies/engine/diag.h"
#include "../../policies/engine/rules_load.h"
#include "../../policies/engine/yaml_node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *arg, int ok, const char *id, const char *what, const char *file, unsigned line) {
    (void)arg, (void)ok, (void)id, (void)what, (void)file, (void)line;
}

static void run(const struct yaml_node *list, struct diag *d) {
    struct phi_engine *e = phi_engine_new();
    char err[160];
    size_t mistakes = diag_count(d);

    if (!e) return;
    int result = rules_load(list, e, d);
    if ((result == 0) != (diag_count(d) == mistakes)) abort();
    if (result == 0 && phi_engine_seal(e, err, sizeof err) == 0) (void)rules_test(list, e, ignore, NULL);
    phi_engine_unref(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct diag *d = diag_new();
    if (!d) return 0;
    struct yaml_doc *doc = yaml_load_text("fuzz", (const char *)data, size, d);
    const struct yaml_node *list = doc ? rules_file_list(yaml_root(doc), d) : NULL;
    if (doc && !list && diag_count(d) == 0) abort();
    if (list) run(list, d);
    yaml_doc_free(doc);
    diag_free(d);
    return 0;
}
