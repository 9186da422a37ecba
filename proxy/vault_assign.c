/* SPDX-License-Identifier: Apache-2.0
 *
 * Tokens for the values of one request. A value has at most some tokens: its own, and such as it had as a form of a person
 * ("Smith" of John Smith). Which of them it gets must not depend on chance, and in one request two people must never share a
 * number, so persons (claims with one word and subject) choose numbers, not values tokens:
 *
 *   1. a person one of whose forms is the first of a number takes that number;
 *   2. a person whose only form, or two of whose forms, are further ones of a number takes that, if it is still free;
 *   3. the others get new numbers, in order of appearance.
 *
 * A form that the number does not know yet becomes its next one.
 */
#include "vault_internal.h"

#include <stdlib.h>
#include <string.h>

#include "tokens.h"
#include "token_shape.h"

#define CANDIDATES 8u
#define FORMS_LOOKED_AT 32u /* of one person, when a number is chosen by two of them */

struct candidate {
    int64_t row, expires;
    uint32_t number, form;
};

struct person {
    size_t first, n;  /* its claims in `order` */
    uint32_t number;  /* 0: none yet */
};

struct assigning {
    struct vault *v;
    struct vault_hand *h;
    bool may_write, must_write; /* a reader finds out whether something must be written */
    int64_t principal;
    struct vault_claim *claims;
    size_t n;
    struct candidate (*candidates)[CANDIDATES];
    unsigned char *n_candidates;
    size_t *order;
    struct person *persons;
    size_t n_persons;
    struct owned { /* open addressing: numbers in use, by a person or by `taken` */
        const char *word; /* NULL: free */
        uint32_t number;
    } *owned;
    size_t owned_size; /* a power of two */
    const struct vault_taken *taken;
    size_t n_taken;
    int64_t made, highest;
};

int64_t vault_expiry(const struct vault *v, int64_t now) {
    return now + v->ttl_s + v->ttl_s / 16 + 1;
}

/* Written anew only now and then: what leaves can be restored for the ttl at least, a sixteenth longer at most. */
bool vault_expires_soon(const struct vault *v, int64_t now, int64_t expires) {
    return expires < now + v->ttl_s;
}

struct vault_place vault_token_place(int64_t principal, struct span word, struct span text) {
    return (struct vault_place){.what = 't', .principal = principal, .word = word, .text = text};
}

/* ---- numbers in use ---- */

static struct owned *owned_slot(const struct assigning *x, const char *word, uint32_t number) {
    uint64_t h = number * 0x9E3779B97F4A7C15u;
    size_t i = (size_t)(h >> 32) & (x->owned_size - 1);

    while (x->owned[i].word && (x->owned[i].number != number || strcmp(x->owned[i].word, word) != 0))
        i = (i + 1) & (x->owned_size - 1);
    return &x->owned[i];
}

static bool is_free(const struct assigning *x, const char *word, uint32_t number) {
    return !owned_slot(x, word, number)->word;
}

static void own(struct assigning *x, const char *word, uint32_t number) {
    *owned_slot(x, word, number) = (struct owned){word, number};
}

static void choose(struct assigning *x, struct person *p, const char *word, uint32_t number) {
    own(x, word, number);
    p->number = number;
}

/* ---- what the file knows ---- */

static int hash_value(const struct assigning *x, const struct vault_claim *c, unsigned char out[VAULT_HASH]) {
    const struct vault_place at = {.what = 'v', .principal = x->principal, .word = span_of(c->word)};
    return vault_hash(&x->h->epoch, &at, c->value, out);
}

/* A row that does not open, or opens to another value, is damage: nobody may go on as if it were not there. */
static int row_holds(struct assigning *x, const struct vault_claim *c, struct span text, struct span sealed) {
    const struct vault_place at = vault_token_place(x->principal, span_of(c->word), text);

    buf_clear(&x->h->scratch);
    if (vault_unseal(&x->h->epoch, &at, sealed, &x->h->scratch) < 0) return -1;
    return span_equal(buf_span(&x->h->scratch), c->value) ? 0 : -1;
}

/* number: of this one alone; 0: any. */
static int find_candidates(struct assigning *x, size_t i, uint32_t number) {
    const struct vault_claim *c = &x->claims[i];
    sqlite3_stmt *q = vault_db_use(&x->h->db, VAULT_BY_VALUE);
    unsigned char hash[VAULT_HASH];
    int rc, bad = 0;

    if (hash_value(x, c, hash) < 0) return -1;
    vault_db_bind(q, 1, span_make((const char *)hash, sizeof hash));
    (void)sqlite3_bind_int64(q, 2, x->principal);
    (void)sqlite3_bind_text(q, 3, c->word, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(q, 4, x->h->now);
    (void)sqlite3_bind_int64(q, 5, number);
    x->n_candidates[i] = 0;
    while ((rc = sqlite3_step(q)) == SQLITE_ROW && !bad && x->n_candidates[i] < CANDIDATES) {
        x->candidates[i][x->n_candidates[i]++] = (struct candidate){.row = sqlite3_column_int64(q, 0), .number = (uint32_t)sqlite3_column_int64(q, 1),
                                                                   .form = (uint32_t)sqlite3_column_int64(q, 2), .expires = sqlite3_column_int64(q, 5)};
        bad = row_holds(x, c, vault_db_column(q, 3), vault_db_column(q, 4));
    }
    vault_db_done(&x->h->db, VAULT_BY_VALUE);
    return bad || (rc != SQLITE_DONE && rc != SQLITE_ROW) ? -1 : 0;
}

/* ---- persons ---- */

static int by_subject(const void *a, const void *b, void *arg) {
    const struct vault_claim *claims = arg;
    size_t i = *(const size_t *)a, j = *(const size_t *)b;
    int words = strcmp(claims[i].word, claims[j].word);

    if (claims[i].subject != claims[j].subject) return claims[i].subject < claims[j].subject ? -1 : 1;
    if (claims[i].subject && words) return words;
    return i < j ? -1 : i > j;
}

static int by_appearance(const void *a, const void *b, void *arg) {
    const size_t *order = arg;
    size_t i = order[((const struct person *)a)->first], j = order[((const struct person *)b)->first];

    return i < j ? -1 : i > j;
}

static bool same_person(const struct vault_claim *a, const struct vault_claim *b) {
    return a->subject && a->subject == b->subject && strcmp(a->word, b->word) == 0;
}

static void gather_persons(struct assigning *x) {
    for (size_t i = 0; i < x->n; i++)
        x->order[i] = i;
    qsort_r(x->order, x->n, sizeof *x->order, by_subject, x->claims);
    for (size_t i = 0; i < x->n; i++) {
        struct person *last = x->n_persons ? &x->persons[x->n_persons - 1] : NULL;
        if (last && same_person(&x->claims[x->order[last->first]], &x->claims[x->order[i]])) last->n++;
        else x->persons[x->n_persons++] = (struct person){.first = i, .n = 1};
    }
    qsort_r(x->persons, x->n_persons, sizeof *x->persons, by_appearance, x->order);
}

static void choose_by_first_form(struct assigning *x, struct person *p) {
    for (size_t k = 0; k < p->n && !p->number; k++) {
        size_t i = x->order[p->first + k];
        for (size_t c = 0; c < x->n_candidates[i] && !p->number; c++) {
            const struct candidate *known = &x->candidates[i][c];
            if (known->form == 0 && is_free(x, x->claims[i].word, known->number)) choose(x, p, x->claims[i].word, known->number);
        }
    }
}

static const struct candidate *candidate_of(const struct assigning *x, size_t claim, uint32_t number) {
    for (size_t c = 0; c < x->n_candidates[claim]; c++)
        if (x->candidates[claim][c].number == number) return &x->candidates[claim][c];
    return NULL;
}

static size_t forms_known(const struct assigning *x, const struct person *p, uint32_t number) {
    size_t n = 0;

    for (size_t k = 0; k < p->n && k < FORMS_LOOKED_AT; k++)
        n += candidate_of(x, x->order[p->first + k], number) != NULL;
    return n;
}

static void choose_by_further_forms(struct assigning *x, struct person *p) {
    for (size_t k = 0; k < p->n && k < FORMS_LOOKED_AT && !p->number; k++) {
        size_t i = x->order[p->first + k];
        for (size_t c = 0; c < x->n_candidates[i] && !p->number; c++) {
            uint32_t number = x->candidates[i][c].number;
            /* Alone, a form keeps the first token that it had; the second best would change with the company. */
            bool certain = p->n == 1 ? c == 0 : forms_known(x, p, number) >= 2;
            if (certain && is_free(x, x->claims[i].word, number)) choose(x, p, x->claims[i].word, number);
        }
    }
}

/* ---- what is new ---- */

static int last_number(struct assigning *x, const char *word, int64_t *last) {
    sqlite3_stmt *q = vault_db_use(&x->h->db, VAULT_MARK_GET);

    (void)sqlite3_bind_int64(q, 1, x->principal);
    (void)sqlite3_bind_text(q, 2, word, -1, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    *last = rc == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
    vault_db_done(&x->h->db, VAULT_MARK_GET);
    if (*last < x->v->anchor.floor) *last = x->v->anchor.floor;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static int set_last_number(struct assigning *x, const char *word, int64_t last) {
    sqlite3_stmt *q = vault_db_use(&x->h->db, VAULT_MARK_SET);

    (void)sqlite3_bind_int64(q, 1, x->principal);
    (void)sqlite3_bind_text(q, 2, word, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(q, 3, last);
    if (last > x->highest) x->highest = last;
    return vault_db_run(&x->h->db, VAULT_MARK_SET);
}

static int new_number(struct assigning *x, const char *word, uint32_t *out) {
    int64_t last;

    if (last_number(x, word, &last) < 0) return -1;
    do
        last++;
    while (last <= VAULT_NUMBER_MAX && !is_free(x, word, (uint32_t)last));
    if (last > VAULT_NUMBER_MAX) return -1;
    *out = (uint32_t)last;
    return set_last_number(x, word, last);
}

/* The next form of a number. TOKEN_FORMS: it has used all its letters. */
static int next_form(struct assigning *x, const char *word, uint32_t number, uint32_t *form) {
    sqlite3_stmt *q = vault_db_use(&x->h->db, VAULT_FORMS_GET);

    (void)sqlite3_bind_int64(q, 1, x->principal);
    (void)sqlite3_bind_text(q, 2, word, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(q, 3, number);
    int rc = sqlite3_step(q);
    *form = rc == SQLITE_ROW ? (uint32_t)sqlite3_column_int64(q, 0) : 0;
    vault_db_done(&x->h->db, VAULT_FORMS_GET);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) return -1;
    if (*form >= TOKEN_FORMS) return 0;
    q = vault_db_use(&x->h->db, VAULT_FORMS_SET);
    (void)sqlite3_bind_int64(q, 1, x->principal);
    (void)sqlite3_bind_text(q, 2, word, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(q, 3, number);
    (void)sqlite3_bind_int64(q, 4, *form + 1);
    return vault_db_run(&x->h->db, VAULT_FORMS_SET);
}

static int add_token(struct assigning *x, const struct vault_claim *c, int64_t form, struct span text) {
    const struct vault_place at = vault_token_place(x->principal, span_of(c->word), text);
    unsigned char hash[VAULT_HASH];

    buf_clear(&x->h->scratch);
    if (hash_value(x, c, hash) < 0 || vault_seal(&x->h->epoch, &at, c->value, &x->h->scratch) < 0) return -1;
    sqlite3_stmt *q = vault_db_use(&x->h->db, VAULT_TOKEN_ADD);
    (void)sqlite3_bind_int64(q, 1, x->principal);
    (void)sqlite3_bind_text(q, 2, c->word, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(q, 3, c->number);
    (void)sqlite3_bind_int64(q, 4, form);
    (void)sqlite3_bind_text(q, 5, text.ptr, (int)text.len, SQLITE_STATIC);
    vault_db_bind(q, 6, span_make((const char *)hash, sizeof hash));
    vault_db_bind(q, 7, buf_span(&x->h->scratch));
    (void)sqlite3_bind_int64(q, 8, vault_expiry(x->v, x->h->now));
    x->made++;
    return vault_db_run(&x->h->db, VAULT_TOKEN_ADD);
}

static int give_new(struct assigning *x, struct person *p, struct vault_claim *c) {
    char text[TOKEN_MAX + 1];

    x->must_write = true;
    if (!x->may_write) return 0;
    if (!p->number) {
        if (new_number(x, c->word, &p->number) < 0) return -1;
        own(x, c->word, p->number);
    }
    c->number = p->number;
    if (next_form(x, c->word, c->number, &c->form) < 0) return -1;
    if (c->form >= TOKEN_FORMS) {
        p->number = 0;
        return give_new(x, p, c);
    }
    if (!token_write(c->word, c->number, c->form, 0, text)) return -1;
    return add_token(x, c, c->form, span_of(text));
}

static int give_known(struct assigning *x, struct vault_claim *c, const struct candidate *known) {
    c->number = known->number;
    c->form = known->form;
    if (!vault_expires_soon(x->v, x->h->now, known->expires)) return 0;
    x->must_write = true;
    if (!x->may_write) return 0;
    sqlite3_stmt *q = vault_db_use(&x->h->db, VAULT_TOKEN_RENEW);
    (void)sqlite3_bind_int64(q, 1, known->row);
    (void)sqlite3_bind_int64(q, 2, vault_expiry(x->v, x->h->now));
    return vault_db_run(&x->h->db, VAULT_TOKEN_RENEW);
}

static int give(struct assigning *x, struct person *p) {
    for (size_t k = 0; k < p->n; k++) {
        size_t i = x->order[p->first + k];
        /* A value that is a form of many people has more candidates than were looked at. */
        bool more = p->number && x->n_candidates[i] == CANDIDATES && !candidate_of(x, i, p->number);
        if (more && find_candidates(x, i, p->number) < 0) return -1;
        const struct candidate *known = p->number ? candidate_of(x, i, p->number) : NULL;
        int rc = known ? give_known(x, &x->claims[i], known) : give_new(x, p, &x->claims[i]);
        if (rc < 0) return -1;
        if (x->must_write && !x->may_write) return 0;
    }
    return 0;
}

/* ---- one call ---- */

static void assigning_free(struct assigning *x) {
    free(x->candidates);
    free(x->n_candidates);
    free(x->order);
    free(x->persons);
    free(x->owned);
}

static int assigning_init(struct assigning *x) {
    x->owned_size = 64;
    while (x->owned_size < (x->n * 2 + x->n_taken) * 4)
        x->owned_size *= 2;
    x->candidates = calloc(x->n, sizeof *x->candidates);
    x->n_candidates = calloc(x->n, 1);
    x->order = calloc(x->n, sizeof *x->order);
    x->persons = calloc(x->n, sizeof *x->persons);
    x->owned = calloc(x->owned_size, sizeof *x->owned);
    if (!x->candidates || !x->n_candidates || !x->order || !x->persons || !x->owned) return -1;
    for (size_t i = 0; i < x->n_taken; i++)
        own(x, x->taken[i].word, x->taken[i].number);
    return 0;
}

static int assign(struct assigning *x) {
    for (size_t i = 0; x->principal && i < x->n; i++)
        if (find_candidates(x, i, 0) < 0) return -1;
    gather_persons(x);
    for (size_t i = 0; i < x->n_persons; i++)
        choose_by_first_form(x, &x->persons[i]);
    for (size_t i = 0; i < x->n_persons; i++)
        if (!x->persons[i].number) choose_by_further_forms(x, &x->persons[i]);
    for (size_t i = 0; i < x->n_persons; i++)
        if (give(x, &x->persons[i]) < 0) return -1;
    return x->made ? vault_count_made(x->v, x->h, x->made, x->highest) : 0;
}

struct assign_job {
    struct vault_job job; /* first */
    struct assigning x;
    const char *principal;
};

static int assign_with(struct vault *v, struct vault_hand *h, struct assign_job *j, bool may_write) {
    struct assigning *x = &j->x;

    x->v = v;
    x->h = h;
    x->may_write = may_write;
    x->must_write = false;
    x->n_persons = 0;
    x->made = x->highest = 0;
    x->principal = vault_principal(h, j->principal, may_write);
    int rc = x->principal < 0 || assigning_init(x) < 0 ? -1 : assign(x);
    assigning_free(x);
    return rc;
}

static int assign_job(struct vault *v, struct vault_hand *h, struct vault_job *job) {
    return assign_with(v, h, (struct assign_job *)job, true);
}

static int read_only(struct vault *v, struct assign_job *j) {
    struct vault_hand *h = vault_read_begin(v, false);

    if (!h) return -1;
    int rc = assign_with(v, h, j, false);
    vault_read_end(v, h);
    return rc;
}

int vault_assign(struct vault *v, const char *principal, struct vault_claim *claims, size_t n, const struct vault_taken *taken,
                 size_t n_taken) {
    struct assign_job j = {.job = {.run = assign_job}, .principal = principal,
                           .x = {.claims = claims, .n = n, .taken = taken, .n_taken = n_taken}};

    if (n == 0) return 0;
    for (size_t i = 0; i < n; i++)
        if (claims[i].value.len == 0 || claims[i].value.len > VAULT_VALUE_MAX) return -1;
    if (read_only(v, &j) < 0) return -1;
    if (!j.x.must_write) return 0;
    return vault_submit_and_wait(v, &j.job);
}

/* ---- tokens that the caller writes ---- */

struct numbers_job {
    struct vault_job job; /* first */
    const char *principal, *word;
    uint32_t n, first;
};

static int numbers_run(struct vault *v, struct vault_hand *h, struct vault_job *job) {
    struct numbers_job *j = (struct numbers_job *)job;
    struct assigning x = {.v = v, .h = h, .principal = vault_principal(h, j->principal, true)};
    int64_t last;

    if (x.principal < 0 || last_number(&x, j->word, &last) < 0) return -1;
    if (last + j->n > VAULT_NUMBER_MAX) return -1;
    j->first = (uint32_t)last + 1;
    if (set_last_number(&x, j->word, last + j->n) < 0) return -1;
    return vault_count_made(v, h, j->n, x.highest);
}

int vault_numbers(struct vault *v, const char *principal, const char *word, uint32_t n, uint32_t *first) {
    struct numbers_job j = {.job = {.run = numbers_run}, .principal = principal, .word = word, .n = n};

    if (n == 0 || vault_submit_and_wait(v, &j.job) < 0) return -1;
    *first = j.first;
    return 0;
}

struct store_job {
    struct vault_job job; /* first */
    const char *principal;
    const struct vault_entry *entries;
    size_t n;
};

static int store_run(struct vault *v, struct vault_hand *h, struct vault_job *job) {
    struct store_job *j = (struct store_job *)job;
    struct assigning x = {.v = v, .h = h, .principal = vault_principal(h, j->principal, true)};

    if (x.principal < 0) return -1;
    for (size_t i = 0; i < j->n; i++) {
        const struct vault_entry *e = &j->entries[i];
        struct token_parts parts;
        size_t len;
        if (token_shape_of(e->token, &len, &parts) != TOKEN_YES || len != e->token.len) return -1;
        const struct vault_claim c = {.word = e->word, .value = e->value, .number = parts.number};
        if (e->value.len > VAULT_VALUE_MAX || add_token(&x, &c, -1, e->token) < 0) return -1;
    }
    return vault_count_made(v, h, x.made, 0);
}

int vault_store(struct vault *v, const char *principal, const struct vault_entry *entries, size_t n) {
    struct store_job j = {.job = {.run = store_run}, .principal = principal, .entries = entries, .n = n};
    return n ? vault_submit_and_wait(v, &j.job) : 0;
}
