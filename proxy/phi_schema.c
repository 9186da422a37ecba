/* SPDX-License-Identifier: Apache-2.0
 *
 * phi schema: the JSON Schema (draft 2020-12) of policy files, for editors. Keys come from the table that the loader
 * checks files with, kinds, actions and parts from theirs; a key without a form here is a mistake that the tests find.
 */
#include <stdio.h>
#include <string.h>

#include "../detectors/phi.h"
#include "../policies/engine/kind_set.h"
#include "../policies/engine/policy.h"
#include "../policies/engine/policy_chain.h"
#include "../policies/engine/yaml_node.h"
#include "phi_tool.h"

#define NAME "{\"type\": \"string\", \"pattern\": \"^[a-z0-9-]{1,64}$\"}"
#define WORDS "{\"type\": [\"string\", \"array\"], \"items\": {\"type\": \"string\"}}"
#define LINES "{\"$ref\": \"#/$defs/lines\"}"

static const struct form {
    const char *key, *says, *form;
} forms[] = {
    {"id", "stands in every audit record", NAME},
    {"version", "raise it with each change", "{\"type\": \"integer\", \"minimum\": 1}"},
    {"description", "one sentence", "{\"type\": \"string\"}"},
    {"extends", "a preset or a file, relative to this one", "{\"type\": \"string\"}"},
    {"mode", "monitor records what would be done", "{\"enum\": [\"enforce\", \"monitor\"]}"},
    {"monitor_until", "last day of monitor mode; enforce from the next day on",
     "{\"type\": \"string\", \"format\": \"date\"}"},
    {"block_style", "assistant_message is for apps that hide errors", "{\"enum\": [\"error\", \"assistant_message\"]}"},
    {"unscannable", "what cannot be read: images, audio, files; never a stored object of unknown owner", "{\"enum\": [\"block\", \"allow\"]}"},
    {"stored", "what the upstream may keep for a client, with a vault of tokens",
     "{\"enum\": [\"block\", \"batches\", \"responses\", \"all\"]}"},
    {"speech", "text that is to be said aloud: mask what a token would stand for", "{\"enum\": [\"block\", \"mask\"]}"},
    {"detection", "strict takes more for an identifier", "{\"enum\": [\"balanced\", \"strict\"]}"},
    {"actions", "for all purposes", LINES},
    {"purposes", "lines that go before actions", "{\"type\": \"object\", \"additionalProperties\": " LINES "}"},
    {"scopes", "lines that hold only for some",
     "{\"type\": \"array\", \"items\": {\"type\": \"object\", \"additionalProperties\": false, "
     "\"required\": [\"name\", \"when\", \"actions\"], \"properties\": {\"name\": " NAME ", \"when\": {\"type\": \"object\", "
     "\"additionalProperties\": false, \"minProperties\": 1, \"properties\": {\"purpose\": " WORDS ", \"role\": " WORDS
     ", \"user\": " WORDS ", \"upstream\": " WORDS ", \"model\": " WORDS ", \"language\": " WORDS ", \"part\": {\"anyOf\": [{\"$ref\": \"#/$defs/part\"}, "
     "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/part\"}}]}}}, \"actions\": " LINES "}}}"},
    {"parts", "short for scopes that ask for a part of the request only",
     "{\"type\": \"object\", \"propertyNames\": {\"$ref\": \"#/$defs/part\"}, \"additionalProperties\": " LINES "}"},
    {"sensitive", "short for the SENS.* kinds",
     "{\"anyOf\": [{\"$ref\": \"#/$defs/action\"}, {\"type\": \"object\", \"additionalProperties\": {\"$ref\": \"#/$defs/action\"}}]}"},
    {"bulk", "how many patients and encounters one request may hold",
     "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"patients\": {\"type\": \"integer\", \"minimum\": 1}, "
     "\"encounters\": {\"type\": \"integer\", \"minimum\": 1}, \"action\": {\"enum\": [\"block\", \"flag\", \"allow\"]}, "
     "\"purposes\": {\"type\": \"object\", \"additionalProperties\": {\"enum\": [\"block\", \"flag\", \"allow\"]}}}}"},
    {"messages", "the site's own words, by kind or by code",
     "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 300}}"},
    {"restore", "tools that get real values, or tokens, in the arguments that the model writes",
     "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"tools\"], \"properties\": {\"tools\": {\"type\": \"object\", "
     "\"additionalProperties\": {\"enum\": [\"tokens\", \"values\"]}}}}"},
    {"override", "who may break the glass",
     "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"reasons\"], \"properties\": {\"reasons\": {\"type\": "
     "\"array\", \"minItems\": 1, \"items\": {\"type\": \"string\", \"pattern\": \"^[a-z0-9-]{3,64}$\"}}, \"second_person\": "
     "{\"type\": \"boolean\"}, \"floor\": {\"type\": \"boolean\"}}}"},
    {"response", "identifiers that a model wrote by itself",
     "{\"type\": \"object\", \"propertyNames\": {\"$ref\": \"#/$defs/kind\"}, \"additionalProperties\": {\"enum\": "
     "[\"block\", \"mask\", \"monitor\", \"pass\"]}}"},
    {"floor", "kinds that may never be shown", "{\"type\": \"array\", \"items\": {\"$ref\": \"#/$defs/kind\"}}"},
    {"thresholds", "findings with a lower score are ignored",
     "{\"type\": \"object\", \"propertyNames\": {\"$ref\": \"#/$defs/kind\"}, \"additionalProperties\": {\"type\": \"integer\", "
     "\"minimum\": 0, \"maximum\": 100}}"},
    {"allow", "values that are never hidden", "{\"type\": \"array\", \"items\": {\"type\": \"string\", \"minLength\": 3}}"},
    {"deny", "words that are always hidden, by kind",
     "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"array\", \"items\": {\"type\": \"string\", \"minLength\": 2}}}"},
    {"rosters", "the practice's own people and numbers, from phi roster import",
     "{\"type\": \"array\", \"maxItems\": 4, \"items\": {\"type\": \"object\", \"additionalProperties\": false, \"required\": "
     "[\"file\", \"key\"], \"properties\": {\"file\": {\"type\": \"string\"}, \"key\": {\"type\": \"string\"}}}}"},
    {"detectors", "rules files, rules and detectors that are off, other scores",
     "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {\"rules\": {\"type\": \"array\", \"items\": {\"type\": "
     "\"string\"}}, \"disable\": {\"type\": \"array\", \"items\": {\"type\": \"string\"}}, \"scores\": {\"type\": \"object\", "
     "\"additionalProperties\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 100}}, \"adjust\": {\"type\": \"object\", "
     "\"additionalProperties\": {\"type\": \"integer\", \"minimum\": -100, \"maximum\": 100}}}}"},
    {"rules", "rules of your own", "{\"type\": \"array\", \"items\": {\"type\": \"object\"}}"},
    {"why", "a reason for each purpose and each identifier that may leave",
     "{\"type\": \"object\", \"additionalProperties\": {\"type\": \"string\", \"minLength\": 1}}"},
    {"end", "the id again, as the last line", NAME},
};

static const struct form *form_of(const char *key) {
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(forms[i].key, key) == 0) return &forms[i];
    return NULL;
}

/* A kind whose group stands before it already. */
static bool is_first_of_group(int kind, size_t group) {
    const char *name = phi_kind_name((enum phi_kind)kind);

    for (int k = 1; k < kind; k++) {
        const char *before = phi_kind_name((enum phi_kind)k);
        if (strncmp(before, name, group) == 0 && before[group] == '.') return false;
    }
    return true;
}

/* "NAME.*", and "NAME" where no kind has that name. */
static void print_kinds(void) {
    printf("    \"kind\": {\"enum\": [\"*\"");
    for (int k = 1; k < PHI_KINDS; k++) {
        const char *name = phi_kind_name((enum phi_kind)k);
        size_t group = strcspn(name, ".");
        if (kind_is_fixed((enum phi_kind)k)) continue;
        if (name[group] && is_first_of_group(k, group)) {
            printf(", \"%.*s.*\"", (int)group, name);
            if (phi_kind_find(name, group) == PHI_NONE) printf(", \"%.*s\"", (int)group, name);
        }
        printf(", \"%s\"", name);
    }
    puts("]},");
}

static void print_definitions(void) {
    bool first = true;

    puts("  \"$defs\": {");
    print_kinds();
    printf("    \"action\": {\"anyOf\": [{\"enum\": [");
    for (int a = 0; a < POLICY_ACTIONS; a++) {
        if (a == POLICY_ROUTE) continue;
        printf("%s\"%s\"", first ? "" : ", ", policy_action_name((enum policy_action)a));
        first = false;
    }
    puts("]}, {\"type\": \"string\", \"pattern\": \"^route:.\"}]},");
    puts("    \"lines\": {\"type\": \"object\", \"propertyNames\": {\"$ref\": \"#/$defs/kind\"}, "
         "\"additionalProperties\": {\"$ref\": \"#/$defs/action\"}},");
    printf("    \"part\": {\"enum\": [");
    for (int part = 0; part < POLICY_PARTS; part++)
        printf("%s\"%s\"", part ? ", " : "", policy_part_name((enum policy_part)part));
    puts("]}\n  },");
}

static int print_properties(const struct yaml_key *keys, size_t n) {
    puts("  \"properties\": {");
    for (size_t i = 0; i < n; i++) {
        const struct form *f = form_of(keys[i].name);
        if (!f) {
            fprintf(stderr, "phi: no form is known for the key %s\n", keys[i].name);
            return -1;
        }
        /* The form is an object: its description goes in behind the brace. */
        printf("    \"%s\": {\"description\": \"%s\", %s%s\n", f->key, f->says, f->form + 1, i + 1 < n ? "," : "");
    }
    puts("  },");
    return 0;
}

int phi_schema_command(int argc, char **argv) {
    bool first = true;
    size_t n;
    const struct yaml_key *keys = policy_chain_keys(&n);

    if (phi_options(&argc, argv, NULL, 0) < 0) return PHI_USAGE;
    if (argc > 0) {
        fputs("phi: `phi schema` takes no argument\n", stderr);
        return PHI_USAGE;
    }
    puts("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"title\": \"phigate policy\",\n"
         "  \"type\": \"object\",\n  \"additionalProperties\": false,");
    print_definitions();
    if (print_properties(keys, n) < 0) return PHI_USAGE;
    printf("  \"required\": [");
    for (size_t i = 0; i < n; i++) {
        if (!keys[i].required) continue;
        printf("%s\"%s\"", first ? "" : ", ", keys[i].name);
        first = false;
    }
    puts("]\n}");
    return PHI_DONE;
}
