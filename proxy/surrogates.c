/* SPDX-License-Identifier: Apache-2.0
 *
 * A name is exchanged word by word, so that all its forms stay those of one person: once "doe" is "Mendes", "Doe, Jane",
 * "JANE DOE" and "Ms. Doe" follow. Numbers take the next of their range, places the next of their list.
 *
 *   forms   (sort, value) -> surrogate         the same written form gives the same
 *   words   "doe" -> "Mendes"                  of names
 *   trie    surrogate, its words, other spellings -> value     the way back
 */
#include "surrogates.h"

#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "surrogate_form.h"
#include "surrogate_name.h"
#include "surrogate_pool.h"
#include "surrogate_trie.h"

#define TRIES 10000u /* numbers of a range that are looked at for one that is not taken */
#define BUCKETS 512u

struct form {
    struct form *next, *chain; /* of all; of its bucket */
    unsigned sort;
    struct span value, text;
};

struct word {
    struct word *chain;
    struct span small; /* in small letters */
    const char *name;
};

struct surrogates {
    struct arena *arena;
    struct surrogate_pool pool;
    struct surrogate_trie trie;
    struct form *forms, *buckets[BUCKETS];
    struct word *words[BUCKETS];
    size_t n_forms;
    uint32_t next[PHI_KINDS]; /* of the range of a kind */
    uint32_t streets;
    size_t particle, initial;
};

struct surrogates *surrogates_new(struct arena *a) {
    struct surrogates *s = arena_alloc(a, sizeof *s);
    if (!s || surrogate_pool_init(&s->pool, a) < 0) return NULL;
    s->arena = a;
    return s;
}

int surrogates_avoid(struct surrogates *s, struct span text) {
    return surrogate_pool_take(&s->pool, text);
}

bool surrogate_word_byte(char c, bool before) {
    unsigned char b = (unsigned char)c, letter = b | 0x20;

    if (b < 0x80) return (letter >= 'a' && letter <= 'z') || (b >= '0' && b <= '9') || b == '_';
    if (b < 0xC0) return before;
    return (b >= 0xC3 && b <= 0xC9) || b == 0xCC || b == 0xCD; /* Latin letters and their marks */
}

/* ---- spelling ---- */

static char small(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char large(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

enum spelling { SPELLED_CAPITAL, SPELLED_LARGE, SPELLED_SMALL };

static enum spelling spelling_of(struct span word) {
    bool has_large = false, has_small = false;

    for (size_t i = 0; i < word.len; i++) {
        has_large |= word.ptr[i] >= 'A' && word.ptr[i] <= 'Z';
        has_small |= word.ptr[i] >= 'a' && word.ptr[i] <= 'z';
    }
    if (has_large && !has_small && word.len > 1) return SPELLED_LARGE;
    return has_small && !has_large ? SPELLED_SMALL : SPELLED_CAPITAL;
}

static void spell(char *text, size_t len, enum spelling how) {
    for (size_t i = 0; i < len; i++)
        text[i] = how == SPELLED_LARGE || (how == SPELLED_CAPITAL && i == 0) ? large(text[i]) : small(text[i]);
}

static struct span spelled(struct arena *a, struct span word, enum spelling how) {
    char *copy = arena_copy(a, word);
    if (copy) spell(copy, word.len, how);
    return span_make(copy, copy ? word.len : 0);
}

static bool is_ascii(struct span s) {
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.ptr[i] >= 0x80) return false;
    return true;
}

/* ---- the way back of what is weak ---- */

/* The text in all its spellings stands for the value in the same: "MENDES" for "DOE". What was written itself goes before. */
static int know_spellings(struct surrogates *s, struct span text, struct span value) {
    static const enum spelling all[] = {SPELLED_CAPITAL, SPELLED_LARGE};

    if (surrogate_trie_add(&s->trie, s->arena, text, value, TRIE_WEAK) < 0) return -1;
    for (size_t i = 0; i < sizeof all / sizeof *all && is_ascii(value); i++) {
        struct span other = spelled(s->arena, text, all[i]), as = spelled(s->arena, value, all[i]);
        if (!other.ptr || !as.ptr) return -1;
        if (span_equal(other, text)) continue;
        if (surrogate_trie_add(&s->trie, s->arena, other, as, TRIE_WEAK) < 0) return -1;
    }
    return 0;
}

static int know_forms(struct surrogates *s, enum phi_kind kind, struct span text, struct span value) {
    char other[SURROGATE_FORM_MAX];

    for (size_t i = 0; surrogate_form_other(kind, text, i, other); i++) {
        struct span copy = span_make(arena_copy(s->arena, span_of(other)), strlen(other));
        if (!copy.ptr || surrogate_trie_add(&s->trie, s->arena, copy, value, TRIE_WEAK) < 0) return -1;
    }
    return 0;
}

/* ---- names ---- */

struct draft {
    char text[SURROGATE_MAX];
    size_t len;
    bool failed;
};

static void draft_add(struct draft *d, struct span s) {
    if (d->failed || s.len > sizeof d->text - d->len) {
        d->failed = true;
        return;
    }
    memcpy(d->text + d->len, s.ptr, s.len);
    d->len += s.len;
}

static struct word **word_bucket(struct surrogates *s, struct span word) {
    return &s->words[keyed_hash_of(&s->pool.hash, 2, word) % BUCKETS];
}

/* The word of a list that stands for a word, the same for each of its spellings. fresh: another one. NULL: none left. */
static const char *word_for(struct surrogates *s, struct span word, enum name_part part, bool fresh) {
    struct span key = spelled(s->arena, word, SPELLED_SMALL);
    if (!key.ptr) return NULL;
    struct word **bucket = word_bucket(s, key), *w = *bucket;

    while (w && !span_equal(w->small, key))
        w = w->chain;
    if (w && !fresh) return w->name;
    const char *name = surrogate_pool_next(&s->pool, part == NAME_SURNAME ? SURROGATE_SURNAME : SURROGATE_GIVEN);
    if (!name || w) return name;
    w = arena_alloc(s->arena, sizeof *w);
    if (!w) return NULL;
    *w = (struct word){*bucket, key, name};
    *bucket = w;
    return name;
}

/* One letter, or a particle: they come back only in the whole of their name, so they need not be unlike other words. */
static const char *small_word_for(struct surrogates *s, struct span word, enum name_part part) {
    static const char *const particles[] = {"van", "del", "von", "dos", "der", "della", "ter", "bin"};
    static const char *const initials[] = {"R", "T", "K", "L", "N", "P", "H", "S", "G", "B", "M", "C", "D", "F", "J", "V", "W",
                                           "A", "E"};
    char key_text[SURROGATE_WORD_MAX + 2];

    if (word.len > SURROGATE_WORD_MAX) return NULL;
    snprintf(key_text, sizeof key_text, "%d%.*s", (int)part, (int)word.len, word.ptr); /* no name: it begins with a digit */
    struct span key = spelled(s->arena, span_of(key_text), SPELLED_SMALL);
    if (!key.ptr) return NULL;
    struct word **bucket = word_bucket(s, key), *w = *bucket;
    while (w && !span_equal(w->small, key))
        w = w->chain;
    if (w) return w->name;
    w = arena_alloc(s->arena, sizeof *w);
    if (!w) return NULL;
    const char *name = part == NAME_PARTICLE ? particles[s->particle++ % (sizeof particles / sizeof *particles)]
                                             : initials[s->initial++ % (sizeof initials / sizeof *initials)];
    *w = (struct word){*bucket, key, name};
    *bucket = w;
    return name;
}

static void add_word(struct surrogates *s, struct draft *d, struct span word, enum name_part part, bool fresh) {
    bool whole = part == NAME_GIVEN || part == NAME_SURNAME;
    const char *name = whole ? word_for(s, word, part, fresh) : small_word_for(s, word, part);
    size_t at = d->len;

    draft_add(d, span_of(name ? name : ""));
    d->failed |= !name;
    if (!d->failed) spell(d->text + at, d->len - at, word.len == 1 ? SPELLED_CAPITAL : spelling_of(word));
}

static void draft_name(struct surrogates *s, struct span value, const struct name_words *w, bool fresh, struct draft *d) {
    size_t done = 0;

    *d = (struct draft){.len = 0};
    for (size_t i = 0; i < w->n; i++) {
        draft_add(d, span_sub(value, done, w->v[i].begin));
        struct span word = span_sub(value, w->v[i].begin, w->v[i].end);
        if (w->v[i].part == NAME_KEPT) draft_add(d, word);
        else add_word(s, d, word, w->v[i].part, fresh);
        done = w->v[i].end;
    }
    draft_add(d, span_sub(value, done, value.len));
}

/* Each name in it by itself, as the model may say only one of them. */
static int know_words(struct surrogates *s, struct span text, struct span value, const struct name_words *w) {
    struct name_words own;

    if (surrogate_name_read(text, &own) < 0 || own.n != w->n) return 0;
    for (size_t i = 0; i < w->n; i++) {
        if (w->v[i].part != NAME_GIVEN && w->v[i].part != NAME_SURNAME) continue;
        if (know_spellings(s, span_sub(text, own.v[i].begin, own.v[i].end), span_sub(value, w->v[i].begin, w->v[i].end)) < 0)
            return -1;
    }
    return 0;
}

/* ---- forms ---- */

enum how { HOW_NONE = 0, HOW_NAME, HOW_NUMBER, HOW_PLACE };

/* What a kind takes its surrogates from, and the kind whose values mean the same thing: a name is one person's whatever kind
 * it was found as. Of kinds that are not named here no number belongs to nobody. */
static const struct sort {
    enum how how;
    enum phi_kind as;
} sorts[PHI_KINDS] = {
    [PHI_NAME_PATIENT] = {HOW_NAME, PHI_NAME_PATIENT},   [PHI_NAME_RELATIVE] = {HOW_NAME, PHI_NAME_PATIENT},
    [PHI_NAME_PROVIDER] = {HOW_NAME, PHI_NAME_PATIENT},  [PHI_NAME_UNKNOWN] = {HOW_NAME, PHI_NAME_PATIENT},
    [PHI_PHONE] = {HOW_NUMBER, PHI_PHONE},               [PHI_FAX] = {HOW_NUMBER, PHI_PHONE},
    [PHI_SSN] = {HOW_NUMBER, PHI_SSN},                   [PHI_ITIN] = {HOW_NUMBER, PHI_ITIN},
    [PHI_GEO_ZIP] = {HOW_NUMBER, PHI_GEO_ZIP},           [PHI_IP] = {HOW_NUMBER, PHI_IP},
    [PHI_NAME_EMPLOYER] = {HOW_PLACE, PHI_NAME_EMPLOYER}, [PHI_EMAIL] = {HOW_PLACE, PHI_EMAIL},
    [PHI_GEO_STREET] = {HOW_PLACE, PHI_GEO_STREET},      [PHI_GEO_CITY] = {HOW_PLACE, PHI_GEO_CITY},
    [PHI_GEO_COUNTY] = {HOW_PLACE, PHI_GEO_COUNTY},      [PHI_GEO_FACILITY] = {HOW_PLACE, PHI_GEO_FACILITY},
};

static unsigned sort_of(enum phi_kind kind) {
    return sorts[kind].as;
}

static struct form **form_bucket(struct surrogates *s, unsigned sort, struct span value) {
    return &s->buckets[keyed_hash_of(&s->pool.hash, (uint64_t)sort << 8 | 3, value) % BUCKETS];
}

/* An empty span when the text is another value's, or memory is exhausted. */
static struct span form_add(struct surrogates *s, unsigned sort, struct span text, struct span value) {
    struct span none = {0};
    struct form *f = arena_alloc(s->arena, sizeof *f), **bucket = form_bucket(s, sort, value);

    if (!f) return none;
    *f = (struct form){.next = s->forms, .chain = *bucket, .sort = sort};
    f->value = span_make(arena_copy(s->arena, value), value.len);
    f->text = span_make(arena_copy(s->arena, text), text.len);
    if (!f->value.ptr || !f->text.ptr || surrogate_trie_made(&s->trie, text)) return none;
    if (surrogate_trie_add(&s->trie, s->arena, f->text, f->value, TRIE_MADE) != 1) return none;
    *bucket = s->forms = f;
    s->n_forms++;
    return f->text;
}

static struct span put_name(struct surrogates *s, struct span value) {
    struct name_words words;
    struct draft d;
    struct span made = {0};

    if (surrogate_name_read(value, &words) < 0) return made;
    for (int fresh = 0; fresh < 2 && made.len == 0; fresh++) {
        draft_name(s, value, &words, fresh > 0, &d);
        if (d.failed) break;
        made = form_add(s, PHI_NAME_PATIENT, span_make(d.text, d.len), value);
    }
    explicit_bzero(&d, sizeof d);
    if (made.len == 0) return made;
    if (surrogate_name_read(value, &words) < 0) return made;
    return know_words(s, made, s->forms->value, &words) < 0 ? span_make(NULL, 0) : made;
}

static struct span put_number(struct surrogates *s, enum phi_kind kind, struct span value) {
    char text[SURROGATE_FORM_MAX];
    struct span tail, none = {0};
    uint32_t *next = &s->next[sort_of(kind)];

    for (uint32_t tries = 0; tries < TRIES; tries++) {
        int n = surrogate_form(kind, value, (*next)++, text, &tail);
        if (n < 0) --*next; /* not a form of this range: nothing of it was used */
        if (n <= 0) return none;
        if (surrogate_pool_taken(&s->pool, tail)) continue;
        struct span made = form_add(s, sort_of(kind), span_make(text, (size_t)n), value);
        if (made.len == 0 || know_forms(s, kind, made, s->forms->value) < 0) return none;
        return made;
    }
    return none;
}

/* What follows the name of a place and tells nobody's: ", IL", " County". */
static struct span place_tail(enum phi_kind kind, struct span value) {
    size_t len = value.len;

    if (kind == PHI_GEO_COUNTY)
        return span_ends(value, " County") ? span_sub(value, len - 7, len) : span_make("", 0);
    if (len > 4 && value.ptr[len - 4] == ',' && value.ptr[len - 3] == ' ' && spelling_of(span_sub(value, len - 2, len)) == SPELLED_LARGE)
        return span_sub(value, len - 4, len);
    return span_make("", 0);
}

static struct span put_place(struct surrogates *s, enum phi_kind kind, struct span value) {
    struct draft d = {.len = 0};
    struct span tail = place_tail(kind, value), name = span_sub(value, 0, value.len - tail.len);
    bool street = kind == PHI_GEO_STREET, work = kind == PHI_NAME_EMPLOYER, mail = kind == PHI_EMAIL;
    const char *word = surrogate_pool_next(&s->pool, street || work || mail ? SURROGATE_SURNAME : SURROGATE_PLACE);
    char number[16];

    if (!word) return span_make(NULL, 0);
    snprintf(number, sizeof number, "%u ", 10 + s->streets);
    s->streets += street;
    if (street) draft_add(&d, span_of(number));
    draft_add(&d, span_of(word));
    size_t bare = d.len;
    if (street) draft_add(&d, span_of(" Lane"));
    if (work) draft_add(&d, span_of(" Works"));
    if (mail) draft_add(&d, span_of("@example.com"));
    if (kind == PHI_GEO_FACILITY) draft_add(&d, span_of(" Medical Center"));
    if (mail || spelling_of(name) != SPELLED_CAPITAL) spell(d.text, d.len, mail ? SPELLED_SMALL : spelling_of(name));
    draft_add(&d, tail);
    struct span made = d.failed ? span_make(NULL, 0) : form_add(s, sort_of(kind), span_make(d.text, d.len), value);
    if (made.len == 0) return made;
    struct span own = s->forms->value;
    if (kind == PHI_GEO_CITY || kind == PHI_GEO_COUNTY)
        if (know_spellings(s, span_sub(made, 0, bare), span_sub(own, 0, name.len)) < 0) return span_make(NULL, 0);
    return know_spellings(s, made, own) < 0 ? span_make(NULL, 0) : made;
}

struct span surrogates_put(struct surrogates *s, enum phi_kind kind, struct span value) {
    struct span none = {0};

    if (kind <= PHI_NONE || kind >= PHI_KINDS || value.len == 0 || value.len > SURROGATE_MAX) return none;
    unsigned sort = sort_of(kind);
    for (const struct form *f = *form_bucket(s, sort, value); f; f = f->chain)
        if (f->sort == sort && span_equal(f->value, value)) return f->text;
    switch (sorts[kind].how) {
    case HOW_NAME: return put_name(s, value);
    case HOW_NUMBER: return put_number(s, kind, value);
    case HOW_PLACE: return put_place(s, kind, value);
    case HOW_NONE: break;
    }
    return none;
}

int surrogates_know(struct surrogates *s, struct span surrogate, struct span value) {
    if (surrogate.len > SURROGATE_MAX) return -1;
    return form_add(s, PHI_NONE, surrogate, value).len ? 0 : -1;
}

struct surrogates *surrogates_settle(const struct surrogates *s, struct arena *a) {
    struct surrogates *out = arena_alloc(a, sizeof *out);

    if (!out || surrogate_trie_copy(&s->trie, a, &out->trie) < 0) return NULL;
    out->n_forms = s->n_forms;
    return out;
}

size_t surrogates_count(const struct surrogates *s) {
    return s ? s->n_forms : 0;
}

bool surrogates_next(const struct surrogates *s, size_t *at, struct span *surrogate, struct span *value) {
    const struct form *f = s ? s->forms : NULL;

    for (size_t i = 0; f && i < *at; i++)
        f = f->next;
    if (!f) return false;
    ++*at;
    *surrogate = f->text;
    *value = f->value;
    return true;
}

bool surrogates_begin(const struct surrogates *s, char c) {
    return s->trie.first[(unsigned char)c];
}

enum surrogate_match surrogates_match(const struct surrogates *s, struct span text, bool ended, size_t *len,
                                      struct span *value) {
    return surrogate_trie_match(&s->trie, text, ended, len, value);
}
