/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands of `phi` share: input, policies, exit codes. Offline code: neither libevent nor libcurl.
 */
#ifndef PHI_TOOL_H
#define PHI_TOOL_H

#include "../detectors/phi.h"
#include "../detectors/roster.h"
#include "buf.h"
#include "span.h"

struct diag;
struct phi_engine;
struct phi_scratch;
struct policy;

enum phi_exit { PHI_DONE = 0, PHI_FOUND = 1, PHI_USAGE = 2 };

#define PHI_INPUT_MAX (1024u << 20)

/* Options of a command, taken out of argv: {"--policy", &value} with a value, or {"--json", .flag = &b}. -1: unknown option
 * (said on standard error). The rest of argv moves to the front; *argc counts it. */
struct phi_option {
    const char *name;
    const char **value;
    bool *flag;
};
MUST_CHECK int phi_options(int *argc, char **argv, const struct phi_option *options, size_t n);

/* Says that there is more than one FILE. */
MUST_CHECK int phi_one_file(int argc);

/* The whole of a file, or of standard input for NULL and "-". -1 with a sentence on standard error. */
MUST_CHECK int phi_read(const char *path, struct buf *out);
/* A preset or file; NULL with the mistakes on standard error. */
struct policy *phi_policy(const char *name_or_file);
/* The same with a roster; file NULL: none. key NULL: the one that `phi roster import` would take. */
struct policy *phi_policy_with(const char *name_or_file, const char *roster, const char *roster_key);
const char *phi_roster_key(void);
void phi_print_roster(const char *path, struct roster_facts facts, const char *digest);
/* The purpose of this name; without a name `treatment` where the policy has it, else none. -1 with the known words on standard
 * error. */
int phi_purpose(const struct policy *p, const char *name);
/* Who asks, for scopes: --purpose, --role, --user, --upstream, --model. */
struct policy_view;
struct phi_who {
    const char *purpose, *role, *user, *upstream, *model;
};
#define PHI_WHO_OPTIONS(who)                                                                                             \
    {"--purpose", &(who).purpose, NULL}, {"--role", &(who).role, NULL}, {"--user", &(who).user, NULL},                    \
        {"--upstream", &(who).upstream, NULL}, {"--model", &(who).model, NULL}
/* The decisions for them; the purpose as in phi_purpose. -1: unknown purpose. */
MUST_CHECK int phi_view(const struct policy *p, const struct phi_who *who, struct policy_view *out);
bool phi_share(char *out, size_t out_size); /* false with a sentence on standard error */

/* Not every finding is an identifier: ages up to 89, sensitive topics and models of devices decide about other things; a time
 * of day or "three days ago" without a calendar date names no date (45 CFR 164.514(b)(2)(i)(C)). */
bool phi_is_identifier(enum phi_kind kind);

/* How those commands are called that have more to say than a line; what `phi COMMAND --help` shows. */
extern const char phi_init_usage[], phi_policy_usage[], phi_keys_usage[], phi_roster_usage[], phi_vault_usage[];
/* An argument asks for help. */
bool phi_help_wanted(int argc, char **argv);
/* That of `phi audit SUBCOMMAND`; without one, or with another, of all. */
void phi_audit_help(const char *name);

/* Commands: argv begins after the command's name. */
int phi_init_command(int argc, char **argv);
int phi_scan_command(int argc, char **argv);
int phi_explain_command(int argc, char **argv);
int phi_redact_command(int argc, char **argv);
int phi_check_command(int argc, char **argv);
int phi_test_command(int argc, char **argv);
int phi_diff_command(int argc, char **argv);
int phi_policy_command(int argc, char **argv);
int phi_schema_command(int argc, char **argv);
int phi_score_command(int argc, char **argv);
int phi_keys_command(int argc, char **argv);
int phi_roster_command(int argc, char **argv);
int phi_audit_command(int argc, char **argv);
int phi_vault_command(int argc, char **argv);

/* One line of JSON Lines: {"id":..., "text":..., "spans":[...]}; without a text it is none. */
struct phi_line {
    struct span id;   /* as written, quotes included */
    struct span text; /* decoded */
    struct phi_span {
        size_t begin, end; /* code points */
        struct span type, raw_type;
    } *spans;
    size_t n_spans;
};
struct arena;
MUST_CHECK int phi_read_line(struct arena *a, struct span line, struct phi_line *out);

#endif
