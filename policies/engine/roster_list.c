/* SPDX-License-Identifier: Apache-2.0
 *
 * A policy keeps of a roster what may be shown: file, digest, how many people, of which day.
 */
#include "roster_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../detectors/phi.h"
#include "diag.h"
#include "policy_chain.h"
#include "policy_table.h"
#include "roster_store.h"
#include "yaml_node.h"

int roster_list_add(struct policy *p, struct phi_roster *roster, const char *file, const char *digest, struct phi_engine *engine) {
    if (p->n_rosters == POLICY_ROSTERS_MAX || phi_engine_roster(engine, roster) != 0) return -1;
    struct policy_roster_note *note = &p->rosters[p->n_rosters];
    note->file = strdup(file);
    if (!note->file) return -1;
    note->facts = roster_facts(roster);
    snprintf(note->digest, sizeof note->digest, "%s", digest);
    p->n_rosters++;
    return 0;
}

static void load_one(struct policy *p, const struct yaml_node *n, struct phi_engine *engine, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "file", .required = true}, {.name = "key", .required = true}};
    struct roster_secret secret;
    struct phi_roster *roster = NULL;
    char digest[65], err[256] = "out of memory";
    const char *file = NULL, *key = NULL;

    if (n->type != YAML_NODE_MAP) {
        yaml_error(n, d, "expected {file: FILE.roster, key: FILE}");
        return;
    }
    if (yaml_check(n, keys, 2, d) != 0 || yaml_string(yaml_get(n, "file"), &file, d) != 0 || yaml_string(yaml_get(n, "key"), &key, d) != 0)
        return;
    char *file_path = policy_chain_path(n->file, file), *key_path = policy_chain_path(n->file, key);
    if (!file_path || !key_path || roster_secret_read(key_path, &secret, err, sizeof err) != 0) {
        yaml_error(yaml_get(n, "key"), d, "%s", err);
    } else {
        roster = roster_open(file_path, &secret, digest, err, sizeof err);
        explicit_bzero(&secret, sizeof secret);
        if (!roster) yaml_error(yaml_get(n, "file"), d, "%s", err);
        else if (roster_list_add(p, roster, file_path, digest, engine) != 0) yaml_error(n, d, "at most %d rosters", POLICY_ROSTERS_MAX);
        else p->rosters[p->n_rosters - 1].key_file = key_path, key_path = NULL;
    }
    roster_unref(roster);
    free(file_path);
    free(key_path);
}

void roster_list_load(struct policy *p, const struct yaml_node *list, struct phi_engine *engine, struct diag *d) {
    for (size_t i = 0; list && list->type == YAML_NODE_LIST && i < list->n; i++)
        load_one(p, list->items[i], engine, d);
}
