/* SPDX-License-Identifier: Apache-2.0
 *
 * phi: the toolbox. It runs the same code as the gateway, without one running.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "phi_tool.h"

static const struct command {
    const char *name, *usage, *what;
    int (*run)(int argc, char **argv);
    const char *help; /* NULL: usage says it all */
} commands[] = {
    {"init", "DIR", "starter config, secrets, certificate, first client key; never overwrites", phi_init_command, phi_init_usage},
    {"scan", "[--policy P] [--strict] [--all] [--jsonl] [--roster F [--roster-key K]] [FILE]", "identifiers in a text: kind, begin-end, rule, score; --all: other findings, too", phi_scan_command, NULL},
    {"redact", "[--policy P] [--purpose U] [--roster F [--roster-key K]] [--json] [--map OUT | --restore MAP] [FILE]", "the text as it would be forwarded",
     phi_redact_command, NULL},
    {"explain", "[--policy P] [--purpose U] [FILE]", "for each finding: rule, source line, score, policy line, action",
     phi_explain_command, NULL},
    {"check", "FILE...", "mistakes in configurations, policies, rules, clients", phi_check_command, NULL},
    {"test", "FILE...", "examples in rules and cases in policy test files, as TAP", phi_test_command, NULL},
    {"diff", "OLD NEW [CORPUS.jsonl]", "what a policy change would change; exit 1 when anything becomes looser", phi_diff_command, NULL},
    {"policy", "key|sign|verify ...", "signatures of policy files", phi_policy_command, phi_policy_usage},
    {"schema", "", "the JSON Schema of policy files, for editors", phi_schema_command, NULL},
    {"score", "[--policy P] [--strict] CORPUS.jsonl...", "recall, precision and leaked identifiers on annotated text", phi_score_command, NULL},
    {"keys", "new|list|revoke --clients FILE ...", "client keys; shown once, stored as hashes", phi_keys_command, phi_keys_usage},
    {"roster", "import FILE.csv... [--out F] [--key K] [--role R] [--skip-bad-rows] | stat FILE.roster", "the practice's own patients, staff and numbers, stored keyed and irreversible",
     phi_roster_command, phi_roster_usage},
    {"audit", "verify|search|report|export|merge|review|prove|checkpoint|witness ...", "the audit log: checked, proved, searched, reported, exported", phi_audit_command, NULL},
    {"vault", "stat|purge|rotate|accept -c FILE ...", "the token vault: looked at, erased from, given new keys", phi_vault_command, phi_vault_usage},
};

#define N_COMMANDS (sizeof commands / sizeof *commands)

static int usage(FILE *out) {
    fputs("usage: phi COMMAND ...\n", out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  phi %s %s\n      %s\n", commands[i].name, commands[i].usage, commands[i].what);
    fputs("`-` is standard input. Exit: 0 done, 1 findings or failed check, 2 usage or unreadable input.\n", out);
    return PHI_USAGE;
}

/* Of one command: `phi COMMAND ... --help`, `phi help COMMAND ...`; rest: what follows the command. */
static int help(const struct command *c, int n_rest, char **rest) {
    if (c->run == phi_audit_command) phi_audit_help(n_rest && rest[0][0] != '-' ? rest[0] : NULL);
    else if (c->help) fputs(c->help, stdout);
    else printf("usage: phi %s%s%s\n  %s; see phi(1)\n", c->name, c->usage[0] ? " " : "", c->usage, c->what);
    return PHI_DONE;
}

static const struct command *command_of(const char *name) {
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0) return &commands[i];
    return NULL;
}

/* A file that is opened later must not become standard output. Read-only, so that writing to it fails and is said. */
static void keep_standard_streams(void) {
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0) (void)!open("/dev/null", O_RDONLY);
}

/* Half a redacted text must not look like all of it. */
static int written(int rc) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return rc;
    fprintf(stderr, "phi: standard output cannot be written%s%s\n", errno ? ": " : "", errno ? strerror(errno) : "");
    return PHI_USAGE;
}

int main(int argc, char **argv) {
    keep_standard_streams();
    bool asked = argc >= 2 && (strcmp(argv[1], "help") == 0 || phi_help_wanted(1, argv + 1));
    int at = asked ? 2 : 1;
    const struct command *c = argc > at ? command_of(argv[at]) : NULL;

    if (c && (asked || phi_help_wanted(argc - 2, argv + 2))) return written(help(c, argc - at - 1, argv + at + 1));
    if (c) return written(c->run(argc - 2, argv + 2));
    if (argc > at) fprintf(stderr, "phi: there is no command `%s`\n", argv[at]);
    if (!asked || argc > at) return usage(stderr);
    usage(stdout);
    return written(PHI_DONE);
}
