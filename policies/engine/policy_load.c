/* SPDX-License-Identifier: Apache-2.0
 *
 *   files (policy_chain) --> decisions (policy_table) --> detectors and digest (detectors_load) --> claim
 *
 * All steps run as long as the files can be read, so that every mistake shows at once; a policy comes of it only when there
 * is none.
 */
#include "policy_load.h"

#include <stdlib.h>

#include "claim.h"
#include "detectors_load.h"
#include "diag.h"
#include "policy_chain.h"
#include "policy_table.h"

/* sound: the files had no mistake of their own. */
static struct policy *build(const struct policy_chain *chain, bool sound, const struct policy_paths *paths, bool detectors,
                            struct diag *d) {
    struct policy *p = calloc(1, sizeof *p);
    if (!p) {
        diag_add(d, "", NULL, 0, 0, "out of memory");
        return NULL;
    }
    atomic_init(&p->refs, 1);
    bool decided = policy_table_read(p, chain, d) == 0, found = !detectors || detectors_load(p, chain, paths, d) == 0;
    if (!decided || !found || !sound) {
        policy_unref(p);
        return NULL;
    }
    p->claim = claim_compute(p);
    return p;
}

struct policy *policy_load(const char *name_or_file, const struct policy_paths *paths, struct diag *d) {
    struct policy_chain chain;
    int loaded = policy_chain_load(&chain, name_or_file, paths, d);
    struct policy *p = chain.whole ? build(&chain, loaded == 0, paths, true, d) : NULL;
    policy_chain_free(&chain);
    return p;
}

struct policy *policy_load_decisions(const char *name_or_file, const struct policy_paths *paths,
                                     struct diag *d) {
    struct policy_chain chain;
    int loaded = policy_chain_load(&chain, name_or_file, paths, d);
    struct policy *p = chain.whole ? build(&chain, loaded == 0, paths, false, d) : NULL;
    policy_chain_free(&chain);
    return p;
}

struct policy *policy_load_decisions_text(const char *name, const char *text, size_t len,
                                          const struct policy_paths *paths, struct diag *d) {
    struct policy_chain chain;
    int loaded = policy_chain_load_text(&chain, name, text, len, paths, d);
    struct policy *p = chain.whole ? build(&chain, loaded == 0, paths, false, d) : NULL;
    policy_chain_free(&chain);
    return p;
}
