/* SPDX-License-Identifier: Apache-2.0
 *
 * Three tables over arena memory, keyed so that hostile input cannot make them slow:
 *
 *   (word, value)   -> entry     the same written form gives the same token
 *   token text      -> entry     and back
 *   (word, subject) -> subject   further forms of one subject share its number
 *
 * and the numbers that stand in the request already. Numbers count up per word, in order of appearance.
 *
 * Settled, the second table alone is left, in one run of memory: [ slots | entries | texts and values ].
 */
#include "tokens.h"

#include <string.h>

#include "arena.h"
#include "surrogates.h"
#include "token_date.h"
#include "token_shape.h"
#include "token_state.h"
#include "vault.h"

/* Kinds that share a word share its numbers: the first kind with that word stands for it. */
unsigned tokens_word(struct tokens *t, enum phi_kind kind) {
    unsigned i = t->words[kind];

    if (i) return i;
    for (i = 1; strcmp(phi_kind_word((enum phi_kind)i), phi_kind_word(kind)) != 0;)
        i++;
    return t->words[kind] = (uint16_t)i;
}

/* ---- tables ---- */

static int table_grow(struct arena *a, struct tokens_table *t) {
    struct tokens_table larger = {.size = t->size ? t->size * 2 : FIRST_TABLE, .n = t->n};

    larger.v = arena_array(a, larger.size, sizeof *larger.v);
    if (!larger.v) return -1;
    for (size_t i = 0; i < t->size; i++) {
        if (!t->v[i].item) continue;
        size_t at = t->v[i].hash & (larger.size - 1);
        while (larger.v[at].item)
            at = (at + 1) & (larger.size - 1);
        larger.v[at] = t->v[i];
    }
    *t = larger;
    return 0;
}

int tokens_table_add(struct arena *a, struct tokens_table *t, uint64_t hash, void *item) {
    if (t->n * 4 >= t->size * 3 && table_grow(a, t) < 0) return -1;
    size_t at = hash & (t->size - 1);
    while (t->v[at].item)
        at = (at + 1) & (t->size - 1);
    t->v[at] = (struct slot){hash, item};
    t->n++;
    return 0;
}

/* The next item with this hash from *at on; start with *at = hash. NULL at the end. */
void *tokens_table_next(const struct tokens_table *t, uint64_t hash, size_t *at) {
    if (t->size == 0) return NULL;
    for (;; ++*at) {
        const struct slot *s = &t->v[*at & (t->size - 1)];
        if (!s->item) return NULL;
        if (s->hash != hash) continue;
        ++*at;
        return s->item;
    }
}

/* ---- lookups ---- */

static uint64_t value_hash(const struct tokens *t, unsigned word, struct span value) {
    return keyed_hash_of(&t->hash, LABEL_VALUE | (uint64_t)word << 8, value);
}

static struct entry *find_value(const struct tokens *t, unsigned word, struct span value, uint64_t hash) {
    size_t at = hash;
    for (struct entry *e; (e = tokens_table_next(&t->values, hash, &at));)
        if (e->word == word && span_equal(e->value, value)) return e;
    return NULL;
}

static uint64_t subject_hash(const struct tokens *t, unsigned word, unsigned id) {
    unsigned key[2] = {word, id};
    return keyed_hash_of(&t->hash, LABEL_SUBJECT, span_make((const char *)key, sizeof key));
}

static struct subject *find_subject(const struct tokens *t, unsigned word, unsigned id, uint64_t hash) {
    size_t at = hash;
    for (struct subject *s; (s = tokens_table_next(&t->subjects, hash, &at));)
        if (s->word == word && s->id == id) return s;
    return NULL;
}

static uint64_t reserved_hash(const struct tokens *t, struct span word, uint32_t number) {
    return keyed_hash_of(&t->hash, LABEL_RESERVED | (uint64_t)number << 8, word);
}

bool tokens_is_reserved(const struct tokens *t, struct span word, uint32_t number) {
    if (t->reserved.n == 0) return false;
    uint64_t hash = reserved_hash(t, word, number);
    size_t at = hash;
    for (struct reserved *r; (r = tokens_table_next(&t->reserved, hash, &at));)
        if (r->number == number && span_equal(r->word, word)) return true;
    return false;
}

/* ---- numbers ---- */

/* 0 when the numbers of the word are used up. */
static uint32_t next_number(struct tokens *t, unsigned word) {
    while (t->last[word] < NUMBER_MAX) {
        uint32_t number = ++t->last[word];
        if (t->kept && (number = kept_number(t, word)) == 0) return 0;
        if (!tokens_is_reserved(t, span_of(phi_kind_word((enum phi_kind)word)), number)) return number;
    }
    return 0;
}

/* The number and the form of the next token of a subject. When a subject has used all letters it goes on under
 * a new number. */
static int next_form(struct tokens *t, unsigned word, unsigned id, uint32_t *number, unsigned *form) {
    uint64_t hash = subject_hash(t, word, id);
    struct subject *s = id ? find_subject(t, word, id, hash) : NULL;

    if (s && s->forms < TOKEN_FORMS) {
        *number = s->number;
        *form = s->forms++;
        return 0;
    }
    *form = 0;
    *number = next_number(t, word);
    if (*number == 0) return -1;
    if (id == 0) return 0;
    if (!s) {
        s = arena_alloc(t->arena, sizeof *s);
        if (!s || tokens_table_add(t->arena, &t->subjects, hash, s) < 0) return -1;
    }
    *s = (struct subject){.id = id, .word = word, .number = *number, .forms = 1};
    return 0;
}

struct span tokens_write(struct arena *a, const char *word, uint32_t number, unsigned form, long days) {
    char text[TOKEN_MAX + 1];
    size_t n = token_write(word, number, form, days, text);
    struct span s = {n ? arena_copy(a, span_make(text, n)) : NULL, n};
    return s.ptr ? s : (struct span){0};
}

/* ---- public ---- */

struct tokens *tokens_new(struct arena *a) {
    struct tokens *t = arena_alloc(a, sizeof *t);
    if (!t || keyed_hash_init(&t->hash) < 0) return NULL;
    t->arena = a;
    t->last = arena_array(a, WORDS_MAX, sizeof *t->last);
    t->words = arena_array(a, PHI_KINDS, sizeof *t->words);
    return t->last && t->words ? t : NULL;
}

int tokens_reserve(struct tokens *t, struct span token_text) {
    struct token_parts parts;
    size_t len;

    if (!t->arena) return -1;
    if (token_shape_of(token_text, &len, &parts) != TOKEN_YES || len != token_text.len) return 0;
    if (tokens_is_reserved(t, parts.word, parts.number)) return 0;
    for (unsigned i = 1; i < PHI_KINDS; i++)
        if (span_is(parts.word, phi_kind_word((enum phi_kind)i)) && t->last[i] >= parts.number) return -1;

    struct reserved *r = arena_alloc(t->arena, sizeof *r);
    if (!r) return -1;
    r->word = span_make(arena_copy(t->arena, parts.word), parts.word.len);
    r->number = parts.number;
    if (!r->word.ptr) return -1;
    return tokens_table_add(t->arena, &t->reserved, reserved_hash(t, r->word, r->number), r);
}

static int entry_add(struct tokens *t, struct entry *e, uint64_t hash) {
    if (!e->value.ptr || !e->text.ptr) return -1;
    if (tokens_table_add(t->arena, &t->values, hash, e) < 0) return -1;
    return tokens_table_add(t->arena, &t->texts, keyed_hash_of(&t->hash, LABEL_TEXT, e->text), e);
}

struct span tokens_put(struct tokens *t, enum phi_kind kind, struct span value, unsigned subject) {
    struct span none = {0};
    uint32_t number;
    unsigned form;

    if (!t->arena || kind <= PHI_NONE || kind >= PHI_KINDS || value.len == 0) return none;
    unsigned word = tokens_word(t, kind);
    uint64_t hash = value_hash(t, word, value);
    struct entry *e = find_value(t, word, value, hash);
    if (e) return e->text;
    if (t->kept) return none;

    e = arena_alloc(t->arena, sizeof *e);
    if (!e || next_form(t, word, subject, &number, &form) < 0) return none;
    e->word = word;
    e->value = span_make(arena_copy(t->arena, value), value.len);
    e->text = tokens_write(t->arena, phi_kind_word(kind), number, form, 0);
    return entry_add(t, e, hash) < 0 ? none : e->text;
}

/* ---- dates by their distance ---- */

#define DISTANCE_MAX (89L * 365) /* a longer one would tell an age over 89 (45 CFR 164.514(b)(2)(i)(C)) */

static struct series *series_for(struct tokens *t, unsigned word, long day) {
    for (struct series *s = t->series; s; s = s->next) {
        long least = day < s->least ? day : s->least, most = day > s->most ? day : s->most;
        if (s->word != word || most - least > DISTANCE_MAX) continue;
        s->least = least;
        s->most = most;
        return s;
    }
    struct series *s = arena_alloc(t->arena, sizeof *s);
    uint32_t number = s ? next_number(t, word) : 0;
    if (number == 0) return NULL;
    *s = (struct series){.next = t->series, .word = word, .number = number, .first = day, .least = day, .most = day};
    return t->series = s;
}

/* Its place among the forms of the series; a new one is added. TOKEN_FORMS: no room. */
static unsigned form_for(struct tokens *t, struct series *s, const struct token_date *date) {
    struct date_form **at = &s->forms;
    unsigned n = 0;

    for (; *at; at = &(*at)->next, n++)
        if (strcmp((*at)->form, date->form) == 0) return n;
    struct date_form *f = n < TOKEN_FORMS ? arena_alloc(t->arena, sizeof *f) : NULL;
    if (!f) return TOKEN_FORMS;
    *f = (struct date_form){.form = arena_copy(t->arena, span_of(date->form)), .exact = date->exact};
    if (!f->form) return TOKEN_FORMS;
    *at = f;
    return n;
}

struct span tokens_put_date(struct tokens *t, enum phi_kind kind, struct span value, const struct token_date *date) {
    struct span none = {0};

    if (!t->arena || kind <= PHI_NONE || kind >= PHI_KINDS || value.len == 0) return none;
    unsigned word = tokens_word(t, kind);
    uint64_t hash = value_hash(t, word, value);
    struct entry *e = find_value(t, word, value, hash);
    if (e) return e->text;
    if (t->kept && !kept_is_open(t)) return none;

    struct series *s = series_for(t, word, date->day);
    unsigned form = s ? form_for(t, s, date) : TOKEN_FORMS;
    e = arena_alloc(t->arena, sizeof *e);
    if (!e || form == TOKEN_FORMS) return none;
    e->word = word;
    e->value = span_make(arena_copy(t->arena, value), value.len);
    e->text = tokens_write(t->arena, phi_kind_word(kind), s->number, form, date->day - s->first);
    return entry_add(t, e, hash) < 0 ? none : e->text;
}

static unsigned form_of(struct span letters) {
    if (letters.len == 0) return 0;
    if (letters.len == 1) return (unsigned)(letters.ptr[0] - 'A');
    return 26 + 25u * (unsigned)(letters.ptr[0] - 'B') + (unsigned)(letters.ptr[1] - 'B');
}

bool tokens_find_date(const struct tokens *t, struct span token, char *out, struct span *value) {
    struct token_parts parts;
    size_t len;

    if (!t->series || token_shape_of(token, &len, &parts) != TOKEN_YES || len != token.len) return false;
    for (const struct series *s = t->series; s; s = s->next) {
        if (s->number != parts.number || !span_is(parts.word, phi_kind_word((enum phi_kind)s->word))) continue;
        const struct date_form *f = s->forms;
        for (unsigned n = form_of(parts.letters); f && n > 0; n--)
            f = f->next;
        int n = f && !f->exact ? token_date_write(f->form, s->first + parts.days, out) : -1;
        if (n < 0) return false;
        *value = span_make(out, (size_t)n);
        return true;
    }
    return false;
}

static bool find_settled(const struct settled *s, uint64_t hash, struct span token, struct span *value) {
    if (s->size == 0) return false;
    for (size_t at = hash & (s->size - 1); s->slots[at]; at = (at + 1) & (s->size - 1)) {
        const struct settled_entry *e = &s->entries[s->slots[at] - 1];
        if (!span_equal(span_make(e->text, e->text_len), token)) continue;
        *value = span_make(e->text + e->text_len, e->value_len);
        return true;
    }
    return false;
}

bool tokens_find_text(const struct tokens *t, struct span token, struct span *value) {
    uint64_t hash = keyed_hash_of(&t->hash, LABEL_TEXT, token);
    size_t at = hash;

    if (!t->arena) return find_settled(&t->settled, hash, token, value);

    for (struct entry *e; (e = tokens_table_next(&t->texts, hash, &at));) {
        if (!span_equal(e->text, token)) continue;
        *value = e->value;
        return true;
    }
    return false;
}

bool tokens_find(const struct tokens *t, struct span token, struct span *value) {
    return tokens_find_text(t, token, value) || (t->kept && kept_find(t, token, value));
}

int tokens_add(struct tokens *t, unsigned word, struct span value, struct span text) {
    struct entry *e = arena_alloc(t->arena, sizeof *e);

    if (!e) return -1;
    *e = (struct entry){.value = value, .text = text, .word = word};
    if (!word) return tokens_table_add(t->arena, &t->texts, keyed_hash_of(&t->hash, LABEL_TEXT, text), e);
    return entry_add(t, e, value_hash(t, word, value));
}

size_t tokens_count(const struct tokens *t) {
    return t->arena ? t->texts.n : t->settled.n;
}

/* ---- settling ---- */

static size_t settled_bytes(const struct tokens *t) {
    size_t n = 0;

    for (size_t i = 0; i < t->texts.size; i++) {
        const struct entry *e = t->texts.v[i].item;
        if (e) n += e->text.len + e->value.len;
    }
    return n;
}

static int settle_texts(const struct tokens *t, struct arena *a, struct settled *s) {
    s->size = FIRST_SETTLED;
    while (s->size * 3 < t->texts.n * 4)
        s->size *= 2;
    size_t slots = s->size * sizeof *s->slots, entries = t->texts.n * sizeof *s->entries;
    char *block = arena_alloc(a, slots + entries + settled_bytes(t));
    if (!block) return -1;
    s->slots = (uint32_t *)(void *)block;
    s->entries = (struct settled_entry *)(void *)(block + slots);
    char *text = block + slots + entries;
    for (size_t i = 0; i < t->texts.size; i++) {
        const struct entry *e = t->texts.v[i].item;
        if (!e) continue;
        size_t at = t->texts.v[i].hash & (s->size - 1);
        while (s->slots[at])
            at = (at + 1) & (s->size - 1);
        s->entries[s->n] = (struct settled_entry){text, (uint32_t)e->text.len, (uint32_t)e->value.len};
        s->slots[at] = (uint32_t)++s->n;
        memcpy(text, e->text.ptr, e->text.len);
        memcpy(text + e->text.len, e->value.ptr, e->value.len);
        text += e->text.len + e->value.len;
    }
    return 0;
}

static struct date_form *settle_forms(const struct date_form *from, struct arena *a) {
    struct date_form *first = NULL, **end = &first;

    for (; from; from = from->next, end = &(*end)->next) {
        *end = arena_alloc(a, sizeof **end);
        if (!*end) return NULL;
        (*end)->exact = from->exact;
        (*end)->form = arena_copy(a, span_of(from->form));
        if (!(*end)->form) return NULL;
    }
    return first;
}

static int settle_series(const struct tokens *t, struct arena *a, struct tokens *out) {
    struct series **end = &out->series;

    for (const struct series *from = t->series; from; from = from->next, end = &(*end)->next) {
        *end = arena_alloc(a, sizeof **end);
        if (!*end) return -1;
        **end = *from;
        (*end)->next = NULL;
        (*end)->forms = settle_forms(from->forms, a);
        if (from->forms && !(*end)->forms) return -1;
    }
    return 0;
}

struct tokens *tokens_settle(const struct tokens *t, struct arena *a) {
    struct tokens *out = t->arena && !t->kept ? arena_alloc(a, sizeof *out) : NULL;

    if (!out) return NULL;
    out->hash = t->hash;
    if (t->surrogates) out->surrogates = surrogates_settle(t->surrogates, a);
    if (t->surrogates && !out->surrogates) return NULL;
    /* The texts last: a run of their size, where the arena has no room left. */
    return settle_series(t, a, out) == 0 && settle_texts(t, a, &out->settled) == 0 ? out : NULL;
}

struct surrogates *tokens_surrogates(struct tokens *t) {
    if (tokens_kept(t)) return NULL;
    if (!t->surrogates) t->surrogates = surrogates_new(t->arena);
    return t->surrogates;
}

const struct surrogates *tokens_surrogates_made(const struct tokens *t) {
    return t->surrogates;
}
