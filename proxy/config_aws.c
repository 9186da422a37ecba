/* SPDX-License-Identifier: Apache-2.0
 *
 * upstreams.NAME.aws: requests are signed with the credential instead of naming it.
 */
#include "config_memory.h"

#include <string.h>

#include "../policies/engine/diag.h"
#include "../policies/engine/yaml_node.h"
#include "arena.h"
#include "sigv4.h"
#include "upstream.h"

#define WORD_MAX 64u

/* A word that stands in the scope of a signature. */
static int read_word(struct arena *a, const struct yaml_node *n, const char **out, struct diag *d) {
    const char *word;

    if (!n) return 0;
    if (yaml_string(n, &word, d) < 0) return -1;
    for (size_t i = 0; word[i]; i++) {
        char c = word[i], letter = (char)(c | 0x20);
        bool plain = (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '-';
        if (plain && i < WORD_MAX) continue;
        yaml_error(n, d, "expected letters, digits and hyphens");
        return -1;
    }
    *out = arena_copy(a, span_of(word));
    return *out ? 0 : -1;
}

static int read_session(struct config *c, struct arena *a, const struct yaml_node *n, const char **out, struct diag *d) {
    const char *secret;
    size_t len;

    if (!n) return 0;
    if (config_secret(c, n, d, &secret, &len) < 0) return -1;
    *out = arena_copy(a, span_make(secret, len));
    return *out ? 0 : -1;
}

int config_aws(struct config *c, struct arena *a, const struct yaml_node *n, struct upstream_target *t, struct diag *d) {
    static const struct yaml_key keys[] = {{.name = "region", .required = true}, {.name = "key_id", .required = true}, {.name = "service"},
                                           {.name = "session_token", .any_type = true}};
    struct sigv4_key *key;

    if (!n) return 0;
    if (yaml_check(n, keys, sizeof keys / sizeof *keys, d) < 0) return -1;
    if (!t->credential) {
        yaml_error(n, d, "`aws` signs with the secret access key: give it as `credential`");
        return -1;
    }
    if (!(key = arena_alloc(a, sizeof *key))) return -1;
    *key = (struct sigv4_key){.secret = t->credential, .service = "bedrock"};
    t->aws = key;
    int rc = read_word(a, yaml_get(n, "region"), &key->region, d) | read_word(a, yaml_get(n, "key_id"), &key->id, d);
    rc |= read_word(a, yaml_get(n, "service"), &key->service, d);
    rc |= read_session(c, a, yaml_get(n, "session_token"), &key->session_token, d);
    return rc ? -1 : 0;
}
