/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit: the auditor's commands, and what they share.
 */
#include "phi_audit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "hex.h"

static const struct {
    const char *name, *usage, *help;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"verify", "LOG... [--key FILE] [--public-key FILE] [--checkpoint FILE] | PROOF|REPORT.sig --public-key FILE [--witness-key FILE]", phi_audit_verify_usage, phi_audit_verify},
    {"search", "[--from T] [--to T] [--user U] [--kind K] ... [--value TEXT --key FILE --as FILE]", phi_audit_search_usage, phi_audit_search},
    {"report", "[--from T] [--to T] [--format html|csv|json] [--report R1..R16] [--out FILE]", phi_audit_report_usage, phi_audit_report},
    {"accounting", "--identifiers FILE|- --key FILE --as FILE [--from T] [--to T] [--format html|csv|json] [--out FILE]", phi_audit_accounting_usage, phi_audit_accounting},
    {"breach", "--out DIR [--from T] [--to T] [--user U] ... [--signing-key FILE]", phi_audit_breach_usage, phi_audit_breach},
    {"export", "--format ocsf|fhir|cef|rfc5424 [--from T] [--to T] [--out FILE]", phi_audit_export_usage, phi_audit_export},
    {"merge", "LOG... [--out FILE]", phi_audit_merge_usage, phi_audit_merge},
    {"review", "--by NAME --from T --to T --key FILE [--result clear|concern] [--report FILE]", phi_audit_review_usage, phi_audit_review},
    {"incident", "--by NAME --from T --to T --result open|low_probability|breach --key FILE [--report FILE]", phi_audit_review_usage, phi_audit_incident},
    {"index", "--key FILE [--log FILE]", phi_audit_index_usage, phi_audit_index},
    {"rekey", "--key FILE --new-key FILE [--log FILE]", phi_audit_rekey_usage, phi_audit_rekey},
    {"hold", "--name WORD --from T --to T | --release | --list ... --key FILE --as FILE", phi_audit_hold_usage, phi_audit_hold},
    {"erase", "--before T | --month M --encryption-key FILE ... --key FILE --as FILE", phi_audit_erase_usage, phi_audit_erase},
    {"schema", "[--markdown]", phi_audit_schema_usage, phi_audit_schema},
    {"prove", "ID [--log FILE] [--checkpoint FILE] [--out FILE]", phi_audit_prove_usage, phi_audit_prove},
    {"witness", "key|request|sign ...", phi_audit_witness_usage, phi_audit_witness},
    {"checkpoint", "[--log FILE] [--note]", phi_audit_checkpoint_usage, phi_audit_checkpoint},
};

#define N_COMMANDS (sizeof commands / sizeof *commands)

static void list_commands(FILE *out) {
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "%s phi audit %s %s\n", i ? "      " : "usage:", commands[i].name, commands[i].usage);
}

int phi_audit_command(int argc, char **argv) {
    for (size_t i = 0; argc >= 1 && i < N_COMMANDS; i++)
        if (strcmp(argv[0], commands[i].name) == 0) return commands[i].run(argc - 1, argv + 1);
    if (argc >= 1 && strcmp(argv[0], "help") == 0) {
        phi_audit_help(argc >= 2 ? argv[1] : NULL);
        return PHI_DONE;
    }
    if (argc >= 1) fprintf(stderr, "phi: there is no `phi audit %s`\n", argv[0]);
    list_commands(stderr);
    return PHI_USAGE;
}

void phi_audit_help(const char *name) {
    for (size_t i = 0; name && i < N_COMMANDS; i++) {
        if (strcmp(name, commands[i].name) != 0) continue;
        fputs(commands[i].help, stdout);
        return;
    }
    list_commands(stdout);
}

/* ---- keys ---- */

int phi_audit_key(const char *path, unsigned char key[32]) {
    struct buf text;

    if (phi_read(path, &text) < 0) return -1;
    int rc = hex_read_file(buf_span(&text), key, 32);
    if (rc < 0) fprintf(stderr, "phi: %s: not an audit key (64 lower-case hex digits)\n", path);
    buf_free(&text);
    return rc;
}

int phi_audit_old_keys(const char *path, struct phi_old_keys *out) {
    struct buf text;
    int rc = 0;

    *out = (struct phi_old_keys){.n = 0};
    if (phi_read(path, &text) < 0) return -1;
    for (size_t at = 0; rc == 0 && at < text.len;) {
        size_t end = span_find(buf_span(&text), '\n', at);
        rc = out->n < PHI_OLD_KEYS ? hex_read_file(span_sub(buf_span(&text), at, end), out->v[out->n++], 32) : -1;
        at = end + 1;
    }
    if (out->n == 0) rc = -1;
    if (rc < 0) fprintf(stderr, "phi: %s: not audit keys (64 lower-case hex digits in each line, at most %d)\n", path, PHI_OLD_KEYS);
    buf_free(&text);
    return rc;
}

int phi_audit_note_key(const char *path, bool wanted_private, struct audit_note_key *k) {
    struct buf text;
    int rc = -1;

    if (phi_read(path, &text) < 0) return -1;
    if (audit_note_key_read(k, buf_span(&text)) < 0)
        fprintf(stderr, "phi: %s: not a key for checkpoints (name+id+base64, as `phi init` writes checkpoint.pub)\n", path);
    else if (wanted_private && !k->private_key)
        fprintf(stderr, "phi: %s: this is the public key; the private one is needed\n", path);
    else
        rc = 0;
    buf_free(&text);
    return rc;
}

/* ---- the log ---- */

const char *phi_audit_log(const char *path) {
    return path ? path : "audit/decisions.log";
}

/* Empty, or a record comes first, or what a gateway reserved ahead of its first record. */
static bool is_log(const char *path, uint64_t first) {
    int fd = first ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    char c = '\0';
    bool other = fd >= 0 && read(fd, &c, 1) == 1 && c != '\0';

    if (fd >= 0) close(fd);
    return !other;
}

struct audit_set *phi_audit_set(const char *path) {
    const char *reason;
    struct audit_set *s = audit_set_find(phi_audit_log(path), &reason);

    if (!s) {
        fprintf(stderr, "phi: %s: %s\n", phi_audit_log(path), reason);
        return NULL;
    }
    for (size_t i = 0; i < audit_set_count(s); i++) {
        if (is_log(audit_set_name(s, i), audit_set_first(s, i))) continue;
        fprintf(stderr, "phi: %s: not an audit log, or its first record was changed; `phi audit verify` says more\n", audit_set_name(s, i));
        audit_set_free(s);
        return NULL;
    }
    return s;
}

int phi_audit_lines_end(const struct audit_lines *l) {
    if (audit_lines_erased(l))
        fprintf(stderr, "phi: %llu records were erased, or the key of their month was destroyed; they are not part of the answer\n",
                (unsigned long long)audit_lines_erased(l));
    if (audit_lines_sealed(l)) {
        fprintf(stderr, "phi: %llu records are encrypted: give --encryption-key FILE\n", (unsigned long long)audit_lines_sealed(l));
        return -1;
    }
    if (!audit_lines_failed(l)) return 0;
    fprintf(stderr, "phi: %s: cannot be read\n", audit_lines_file(l));
    return -1;
}

int phi_audit_note(const char *log, const char *file, struct buf *note, struct audit_checkpoint *c) {
    char name[PATH_MAX];
    struct span body;

    if (!file && snprintf(name, sizeof name, "%s.checkpoint", phi_audit_log(log)) >= (int)sizeof name) return -1;
    if (phi_read(file ? file : name, note) < 0) return -1;
    if (audit_checkpoint_read(buf_span(note), c, &body) == 0) return 0;
    fprintf(stderr, "phi: %s: not a checkpoint\n", file ? file : name);
    buf_free(note);
    return -1;
}

/* ---- what is asked for ---- */

static bool is_type(const char *word) {
    static const char *const types[] = {
#define TYPE(name, event, required, optional, says) #name,
#include "audit_schema.def"
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(word, types[i]) == 0) return true;
    return false;
}

static bool is_kind(const char *word) {
    size_t n = strlen(word);

    for (int k = 1; k < PHI_KINDS; k++) {
        const char *name = phi_kind_name((enum phi_kind)k);
        if (strncmp(name, word, n) == 0 && (name[n] == '\0' || name[n] == '.')) return true;
    }
    return false;
}

static bool is_decision(const char *word) {
    return strcmp(word, "forward") == 0 || strcmp(word, "edit") == 0 || strcmp(word, "block") == 0;
}

int phi_audit_filter(struct audit_filter *f) {
    const char *reason;

    if (f->decision && !is_decision(f->decision))
        fprintf(stderr, "phi: --decision is forward, edit or block, not %s\n", f->decision);
    else if (f->type && !is_type(f->type))
        fprintf(stderr, "phi: no record has the type %s; docs/AUDIT.md lists them\n", f->type);
    else if (f->kind && !is_kind(f->kind))
        fprintf(stderr, "phi: there is no kind %s; for example SSN, or NAME for all kinds of names\n", f->kind);
    else if (audit_filter_prepare(f, &reason) < 0)
        fprintf(stderr, "phi: %s\n", reason);
    else
        return 0;
    return -1;
}

/* ---- output ---- */

FILE *phi_audit_output(const char *path) {
    if (!path) return stdout;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;

    if (f) return f;
    if (errno == EEXIST) fprintf(stderr, "phi: %s is there already; nothing was changed\n", path);
    else fprintf(stderr, "phi: %s: %s\n", path, strerror(errno));
    if (fd >= 0) close(fd);
    return NULL;
}

int phi_audit_output_end(FILE *f, const char *path) {
    bool ok = !ferror(f);

    if ((path ? fclose(f) : fflush(f)) != 0) ok = false;
    if (ok) return 0;
    fprintf(stderr, "phi: %s: cannot be written\n", path ? path : "standard output");
    return -1;
}

void phi_audit_span(FILE *f, struct span s) {
    fwrite(s.ptr, 1, s.len, f);
}
