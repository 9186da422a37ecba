/* SPDX-License-Identifier: Apache-2.0
 *
 * Each question has a first answer that is safe and is taken by pressing Enter, where nobody can be asked, and when in doubt.
 */
#include "phi_init_ask.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ANSWERS_MAX 3
#define WATCH_DAYS 30

struct question {
    const char *option, *asks;
    struct answer {
        const char *word, *says;
    } answers[ANSWERS_MAX];
};

static const struct question where_question = {
    "--to", "Where may requests go?",
    {{"echo", "nowhere yet: a built-in echo shows what would leave the building"},
     {"own", "to a model in your own house (Ollama, llama.cpp, vLLM)"},
     {"openai", "to OpenAI, under a business associate agreement that you have signed"}}};

static const struct question use_question = {
    "--for", "What is it for?",
    {{"care", "patient care and office work"},
     {"research", "research, with a data use agreement"},
     {"no-patients", "nothing with patients: what looks like one is refused"}}};

static const struct question begin_question = {
    "--begin", "How shall it begin?",
    {{"protect", "protect at once"},
     {"watch", "watch for 30 days: text leaves as it is, the log says what would have been done"},
     {NULL, NULL}}};

/* The number of the answer, -1: none of the words. */
static int find_word(const struct question *q, const char *word) {
    for (int i = 0; i < ANSWERS_MAX && q->answers[i].word; i++)
        if (strcmp(q->answers[i].word, word) == 0) return i;
    fprintf(stderr, "phi: %s is ", q->option);
    for (int i = 0; i < ANSWERS_MAX && q->answers[i].word; i++)
        fprintf(stderr, "%s%s", i ? " or " : "", q->answers[i].word);
    fputc('\n', stderr);
    return -1;
}

static int ask(const struct question *q) {
    char line[16];

    printf("\n%s\n", q->asks);
    for (int i = 0; i < ANSWERS_MAX && q->answers[i].word; i++)
        printf("  %d  %s\n", i + 1, q->answers[i].says);
    for (;;) {
        printf("[1] ");
        fflush(stdout);
        if (!fgets(line, sizeof line, stdin)) return -1;
        if (line[0] == '\n') return 0;
        int n = line[0] - '1';
        if (line[1] == '\n' && n >= 0 && n < ANSWERS_MAX && q->answers[n].word) return n;
        printf("The number of an answer, please.\n");
    }
}

static int answer(const struct question *q, const char *word, bool terminal, bool matters) {
    if (word) return find_word(q, word);
    return terminal && matters ? ask(q) : 0;
}

int init_ask(const struct init_words *w, struct init_answers *out) {
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    int where = answer(&where_question, w->to, terminal, true);
    int use = where < 0 ? -1 : answer(&use_question, w->use, terminal, true);
    /* Nothing leaves in an echo, and where no patients are expected there is nothing to watch. */
    bool matters = where != INIT_ECHO && use != INIT_NO_PATIENTS;
    int begin = use < 0 ? -1 : answer(&begin_question, w->begin, terminal, matters);

    if (begin < 0) return -1;
    *out = (struct init_answers){(enum init_where)where, (enum init_use)use, (enum init_begin)begin};
    return 0;
}

/* ---- what follows ---- */

static const char *preset_of(const struct init_answers *a) {
    if (a->use == INIT_RESEARCH) return "limited-data-set";
    if (a->use == INIT_NO_PATIENTS) return "block-all";
    return a->where == INIT_OWN ? "on-prem-model" : "minimum-necessary";
}

static const char head[] =
    "# phigate: starter configuration. docs/OPERATIONS.md explains every key; `phigate -c FILE --check` finds mistakes.\n"
    "listen: {address: 127.0.0.1:8080}\n"
    "# For other machines: an outer address and the certificate (self-signed here; better one of your own):\n"
    "# listen: {address: 0.0.0.0:8443, tls: {certificate: tls/cert.pem, key: tls/key.pem}}\n"
    "admin: {address: 127.0.0.1:8081}\n"
    "\n"
    "upstreams:\n"
    "  # Answers with what it received: shows what would leave the building, and what comes back.\n"
    "  echo: {url: \"builtin:echo\"}\n";

static const char openai[] =
    "  # Until the two lines are filled in from your signed agreement (45 CFR 164.504(e)), everything to OpenAI is refused:\n"
    "  openai:\n"
    "    url: https://api.openai.com/v1\n"
    "    coverage: openai\n"
    "    # credential: {file: secrets/openai.key}\n"
    "    # agreement: {id: BAA-1, vendor: OpenAI, effective: 2026-01-01, expires: 2026-12-31, arrangement: zdr}\n";

static const char others[] =
    "  # A vendor needs your signed business associate agreement (45 CFR 164.504(e)):\n"
    "  # openai:\n"
    "  #   url: https://api.openai.com/v1\n"
    "  #   credential: {file: secrets/openai.key}\n"
    "  #   agreement: {id: BAA-1, vendor: OpenAI, effective: 2026-01-01, expires: 2026-12-31, arrangement: zdr}\n"
    "  #   coverage: openai\n"
    "  # Your own model:\n"
    "  # local: {url: \"http://127.0.0.1:11434/v1\", trust: on_prem}\n";

static const char tail[] =
    "# The practice's own patients, found in any spelling (phi roster import patients.csv; docs/OPERATIONS.md):\n"
    "# rosters: [{file: patients.roster, key: {file: secrets/roster.key}}]\n"
    "clients: clients.yaml\n"
    "# checkpoint.pub, beside checkpoint.key, is what an auditor needs to check proofs: hand it out.\n"
    "audit: {file: audit/decisions.log, key: {file: secrets/audit.key}, signing_key: {file: secrets/checkpoint.key}}\n"
    "# Tokens live as long as their request. With a vault a client's value keeps its token for 30 days, on this disk, sealed:\n"
    "# tokens: {scope: client, vault: {sqlite: vault.db, key: {file: secrets/vault.key}, ttl: 30d}}\n";

void init_write_config(const struct init_answers *a, struct buf *out) {
    buf_add_c(out, head);
    switch (a->where) {
    case INIT_ECHO: buf_add_c(out, others); break;
    case INIT_OWN:
        buf_add_c(out, "  # Your own model: the address of Ollama; change it for llama.cpp or vLLM.\n"
                       "  local: {url: \"http://127.0.0.1:11434/v1\", trust: on_prem}\n");
        break;
    case INIT_OPENAI: buf_add_c(out, openai); break;
    }
    buf_add_c(out, "\nroutes:\n");
    switch (a->where) {
    case INIT_ECHO: buf_add_c(out, "  # - {models: [\"gpt-*\"], upstream: openai}\n  - {models: [\"*\"], upstream: echo}\n"); break;
    case INIT_OWN:
        buf_add_c(out, "  - {models: [\"echo\"], upstream: echo}\n  - {models: [\"*\"], upstream: local}\n");
        break;
    case INIT_OPENAI:
        buf_add_c(out, "  - {models: [\"echo\"], upstream: echo}\n"
                       "  - {models: [\"gpt-*\", \"text-embedding-3-*\"], upstream: openai}\n");
        break;
    }
    buf_add_format(out, "\npolicy: %s\n", a->begin == INIT_WATCH ? "policy.yaml" : preset_of(a));
    buf_add_c(out, tail);
}

void init_write_policy(const struct init_answers *a, long today, struct buf *out) {
    time_t until = (time_t)(today + WATCH_DAYS) * 86400;
    struct tm day;
    char date[16];

    if (a->begin != INIT_WATCH || !gmtime_r(&until, &day) || strftime(date, sizeof date, "%Y-%m-%d", &day) == 0) return;
    buf_add_format(out,
                   "# Watches until the day below and protects from the next day on. What is in the floor (SSN, card numbers, secrets)\n"
                   "# is hidden from the start. `phi audit report` says what would have been done.\n"
                   "id: practice\nversion: 1\ndescription: Watches what %s would do, then does it.\nextends: %s\nmode: monitor\n"
                   "monitor_until: %s\nend: practice\n",
                   preset_of(a), preset_of(a), date);
}

const char *init_default_purpose(const struct init_answers *a) {
    return a->use == INIT_RESEARCH ? "research" : "treatment";
}

const char *init_purposes(const struct init_answers *a) {
    return a->use == INIT_RESEARCH ? "research,public-health,operations"
                                   : "treatment,prior-auth,billing,scheduling,patient-letter";
}
