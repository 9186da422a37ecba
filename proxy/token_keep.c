/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens that outlive their request: values are claimed, then all of them ask the vault at once; afterwards the table is as one of
 * a request. What else may be restored is looked up when an answer holds it, or comes with the object that the request continues.
 */
#include "arena.h"
#include "token_date.h"
#include "token_shape.h"
#include "token_state.h"
#include "vault.h"

#define EARLIER_MAX 1000u /* looked up in the vault for one answer; a model may write any number of them */

/* A value that waits for its token. */
struct waiting {
    struct waiting *next;
    enum phi_kind kind;
    unsigned word, subject;
    struct span value;
    const struct token_date *date; /* NULL: none */
};

struct kept {
    struct tokens *tokens; /* its table: what is found grows it */
    struct vault *vault;
    const char *principal;
    bool earlier, settled, failed;
    unsigned asked;
    struct tokens_table claims;
    struct waiting *first, **end;
    size_t n;
};

struct tokens *tokens_new_kept(struct arena *a, struct vault *v, const char *principal, bool earlier) {
    struct tokens *t = tokens_new(a);
    struct kept *k = t ? arena_alloc(a, sizeof *k) : NULL;

    if (!k) return NULL;
    *k = (struct kept){.tokens = t, .vault = v, .principal = principal, .earlier = earlier, .end = &k->first};
    t->kept = k;
    return t;
}

bool tokens_kept(const struct tokens *t) {
    return t->kept != NULL;
}

bool tokens_vault_failed(const struct tokens *t) {
    return t->kept && t->kept->failed;
}

static bool is_claimed(const struct kept *k, unsigned word, struct span value, uint64_t hash) {
    size_t at = hash;
    for (const struct waiting *w; (w = tokens_table_next(&k->claims, hash, &at));)
        if (w->word == word && span_equal(w->value, value)) return true;
    return false;
}

static int claim(struct tokens *t, enum phi_kind kind, struct span value, unsigned subject, const struct token_date *date) {
    struct kept *k = t->kept;

    if (!k || k->failed || kind <= PHI_NONE || kind >= PHI_KINDS || value.len == 0) return -1;
    unsigned word = tokens_word(t, kind);
    uint64_t hash = keyed_hash_of(&t->hash, LABEL_CLAIM | (uint64_t)word << 8, value);
    if (is_claimed(k, word, value, hash)) return 0;
    k->settled = false;
    struct waiting *w = arena_alloc(t->arena, sizeof *w);
    if (!w) return -1;
    *w = (struct waiting){.kind = kind, .word = word, .subject = subject, .value = span_make(arena_copy(t->arena, value), value.len), .date = date};
    if (!w->value.ptr || tokens_table_add(t->arena, &k->claims, hash, w) < 0) return -1;
    *k->end = w;
    k->end = &w->next;
    k->n++;
    return 0;
}

int tokens_claim(struct tokens *t, enum phi_kind kind, struct span value, unsigned subject) {
    return claim(t, kind, value, subject, NULL);
}

int tokens_claim_date(struct tokens *t, enum phi_kind kind, struct span value, const struct token_date *date) {
    struct token_date *copy = arena_alloc(t->arena, sizeof *copy);

    if (!copy) return -1;
    *copy = *date;
    return claim(t, kind, value, 0, copy);
}

/* The numbers of texts that stay in the request as they are. */
static int list_taken(const struct tokens *t, struct vault_taken **out) {
    struct vault_taken *v = arena_array(t->arena, t->reserved.n + 1, sizeof *v);
    size_t n = 0;

    if (!v) return -1;
    for (size_t i = 0; i < t->reserved.size; i++) {
        const struct reserved *r = t->reserved.v[i].item;
        if (r) v[n++] = (struct vault_taken){r->word.ptr, r->number};
    }
    *out = v;
    return 0;
}

static int settle_values(struct tokens *t) {
    const struct kept *k = t->kept;
    struct vault_claim *claims = arena_array(t->arena, k->n + 1, sizeof *claims);
    struct vault_taken *taken;
    size_t n = 0;

    if (!claims || list_taken(t, &taken) < 0) return -1;
    for (const struct waiting *w = k->first; w; w = w->next)
        if (!w->date)
            claims[n++] = (struct vault_claim){.word = phi_kind_word(w->kind), .value = w->value, .subject = w->subject};
    if (vault_assign(k->vault, k->principal, claims, n, taken, t->reserved.n) < 0) return -1;
    n = 0;
    for (const struct waiting *w = k->first; w; w = w->next) {
        if (w->date) continue;
        const struct vault_claim *c = &claims[n++];
        struct span text = tokens_write(t->arena, c->word, c->number, c->form, 0);
        if (text.len == 0 || tokens_add(t, w->word, w->value, text) < 0) return -1;
    }
    return 0;
}

/* Distances are those of one request: its series have numbers of their own, and their texts are kept for what continues it. */
static int settle_dates(struct tokens *t) {
    const struct kept *k = t->kept;
    struct vault_entry *entries = arena_array(t->arena, k->n + 1, sizeof *entries);
    size_t n = 0;

    if (!entries) return -1;
    for (const struct waiting *w = k->first; w; w = w->next) {
        if (!w->date) continue;
        struct span text = tokens_put_date(t, w->kind, w->value, w->date);
        if (text.len == 0) return -1;
        entries[n++] = (struct vault_entry){phi_kind_word(w->kind), text, w->value};
    }
    return vault_store(k->vault, k->principal, entries, n);
}

int tokens_assign(struct tokens *t) {
    struct kept *k = t->kept;

    if (!k || k->failed) return -1;
    if (k->n) k->failed = settle_values(t) < 0 || settle_dates(t) < 0;
    k->settled = true;
    k->first = NULL;
    k->end = &k->first;
    k->n = 0;
    return k->failed ? -1 : 0;
}

/* What the vault tells, into the table; a text that stands in the request as it is stays what it is. */
static int take_known(void *arg, struct span token, struct span value) {
    struct tokens *t = arg;
    struct token_parts parts;
    struct span known;
    size_t len;

    if (token_shape_of(token, &len, &parts) != TOKEN_YES || len != token.len) return -1;
    if (tokens_find_text(t, token, &known) || tokens_is_reserved(t, parts.word, parts.number)) return 0;
    struct span text = span_make(arena_copy(t->arena, token), token.len), copy = span_make(arena_copy(t->arena, value), value.len);
    return text.ptr && copy.ptr ? tokens_add(t, 0, copy, text) : -1;
}

int tokens_recall(struct tokens *t, struct span object) {
    if (!t->kept) return -1;
    switch (vault_recall(t->kept->vault, t->kept->principal, object, take_known, t)) {
    case VAULT_FOUND: return 1;
    case VAULT_NONE: return 0;
    case VAULT_FAILED: break;
    }
    return -1;
}

static struct span *list_texts(const struct tokens *t, size_t *n) {
    struct span *texts = t->kept ? arena_array(t->arena, t->texts.n + 1, sizeof *texts) : NULL;

    *n = 0;
    for (size_t i = 0; texts && i < t->texts.size; i++) {
        const struct entry *e = t->texts.v[i].item;
        if (e) texts[(*n)++] = e->text;
    }
    return texts;
}

int tokens_remember(const struct tokens *t, struct span object) {
    size_t n;
    struct span *texts = list_texts(t, &n);

    return texts ? vault_remember(t->kept->vault, t->kept->principal, object, texts, n) : -1;
}

int tokens_remember_later(const struct tokens *t, struct span object) {
    size_t n;
    struct span *texts = list_texts(t, &n);

    return texts ? vault_remember_later(t->kept->vault, t->kept->principal, object, texts, n, NULL, NULL) : -1;
}

/* ---- for tokens.c ---- */

uint32_t kept_number(const struct tokens *t, unsigned word) {
    const struct kept *k = t->kept;
    uint32_t number;

    return vault_numbers(k->vault, k->principal, phi_kind_word((enum phi_kind)word), 1, &number) < 0 ? 0 : number;
}

bool kept_is_open(const struct tokens *t) {
    return !t->kept->settled;
}

bool kept_find(const struct tokens *t, struct span token, struct span *value) {
    struct kept *k = t->kept;

    if (!k->earlier || k->asked >= EARLIER_MAX) return false;
    k->asked++;
    return vault_find(k->vault, k->principal, token, take_known, k->tokens) == VAULT_FOUND && tokens_find_text(t, token, value);
}
