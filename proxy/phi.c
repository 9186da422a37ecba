/* SPDX-License-Identifier: Apache-2.0
 *
 * phi: the toolbox. It runs the same code as the gateway, without one running.
 */
#include <stdio.h>
#include <string.h>

#include "phi_tool.h"

static const struct command {
    const char *name, *usage, *what;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"init", "DIR", "starter config, secrets, certificate, first client key; never overwrites", phi_init_command},
    {"scan", "[--policy P] [--strict] [--all] [--jsonl] [--roster F [--roster-key K]] [FILE]", "identifiers in a text: kind, begin-end, rule, score; --all: other findings, too", phi_scan_command},
    {"redact", "[--policy P] [--purpose U] [--roster F [--roster-key K]] [--json] [--map OUT | --restore MAP] [FILE]", "the text as it would be forwarded",
     phi_redact_command},
    {"explain", "[--policy P] [--purpose U] [FILE]", "for each finding: rule, source line, score, policy line, action",
     phi_explain_command},
    {"check", "FILE...", "mistakes in configurations, policies, rules, clients", phi_check_command},
    {"test", "FILE...", "examples in rules and cases in policy test files, as TAP", phi_test_command},
    {"diff", "OLD NEW [CORPUS.jsonl]", "what a policy change would change; exit 1 when anything becomes looser", phi_diff_command},
    {"policy", "key|sign|verify ...", "signatures of policy files", phi_policy_command},
    {"schema", "", "the JSON Schema of policy files, for editors", phi_schema_command},
    {"score", "[--policy P] [--strict] CORPUS.jsonl...", "recall, precision and leaked identifiers on annotated text", phi_score_command},
    {"keys", "new|list|revoke --clients FILE ...", "client keys; shown once, stored as hashes", phi_keys_command},
    {"roster", "import FILE.csv... [--out F] [--key K] [--role R] [--skip-bad-rows] | stat FILE.roster", "the practice's own patients, staff and numbers, stored keyed and irreversible",
     phi_roster_command},
    {"audit", "verify|search|report|export|merge|review|prove|checkpoint|witness ...", "the audit log: checked, proved, searched, reported, exported", phi_audit_command},
    {"vault", "stat|purge|rotate|accept -c FILE ...", "the token vault: looked at, erased from, given new keys", phi_vault_command},
};

#define N_COMMANDS (sizeof commands / sizeof *commands)

static int usage(FILE *out) {
    fputs("usage: phi COMMAND ...\n", out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  phi %s %s\n      %s\n", commands[i].name, commands[i].usage, commands[i].what);
    fputs("`-` is standard input. Exit: 0 done, 1 findings or failed check, 2 usage or unreadable input.\n", out);
    return PHI_USAGE;
}

int main(int argc, char **argv) {
    if (argc >= 2 && (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0)) {
        usage(stdout);
        return PHI_DONE;
    }
    for (size_t i = 0; argc >= 2 && i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0) return commands[i].run(argc - 2, argv + 2);
    return usage(stderr);
}
