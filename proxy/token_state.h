/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of a token table, shared by tokens.c and token_keep.c (those that outlive their request).
 */
#ifndef TOKEN_STATE_H
#define TOKEN_STATE_H

#include "keyed_hash.h"
#include "tokens.h"

#define NUMBER_MAX 1000000u
#define WORDS_MAX PHI_KINDS
#define FIRST_TABLE 64u
#define FIRST_SETTLED 8u

enum tokens_label { LABEL_VALUE = 1, LABEL_TEXT, LABEL_SUBJECT, LABEL_RESERVED, LABEL_CLAIM };

struct tokens_table {
    struct slot {
        uint64_t hash;
        void *item; /* NULL: free */
    } *v;
    size_t size, n; /* size is a power of two */
};

struct entry {
    struct span value, text;
    unsigned word;
};

struct subject {
    unsigned id, word, number, forms;
};

struct reserved {
    struct span word;
    uint32_t number;
};

/* Dates that are told by their distance from the first of them. */
struct series {
    struct series *next;
    unsigned word;
    uint32_t number;
    long first, least, most; /* days */
    struct date_form {
        struct date_form *next;
        const char *form;
        bool exact;
    } * forms; /* in order of appearance: none, B, C, ... */
};

struct settled {
    uint32_t *slots; /* number of the entry + 1; 0: free */
    struct settled_entry {
        const char *text; /* the value stands behind it */
        uint32_t text_len, value_len;
    } *entries;
    size_t size, n;
};

struct kept; /* token_keep.c */

struct tokens {
    struct arena *arena; /* NULL: settled */
    struct kept *kept;   /* NULL: the tokens live as long as their request */
    struct settled settled;
    struct series *series; /* few: a second one only for dates that lie far apart */
    struct keyed_hash hash;
    struct tokens_table values, texts, subjects, reserved;
    uint32_t *last;  /* by word: the last number given out; NULL once settled, as words */
    uint16_t *words; /* by kind: what word_of found; 0: not asked yet */
    struct surrogates *surrogates; /* NULL: none were asked for */
};

/* tokens.c */
unsigned tokens_word(struct tokens *t, enum phi_kind kind);
int tokens_table_add(struct arena *a, struct tokens_table *t, uint64_t hash, void *item);
void *tokens_table_next(const struct tokens_table *t, uint64_t hash, size_t *at);
bool tokens_is_reserved(const struct tokens *t, struct span word, uint32_t number);
bool tokens_find_text(const struct tokens *t, struct span token, struct span *value);
struct span tokens_write(struct arena *a, const char *word, uint32_t number, unsigned form, long days);
/* An entry, found by its text and, where it has a word, by its value. */
MUST_CHECK int tokens_add(struct tokens *t, unsigned word, struct span value, struct span text);

/* token_keep.c */
uint32_t kept_number(const struct tokens *t, unsigned word); /* 0: none to be had */
bool kept_is_open(const struct tokens *t);                   /* dates may still get their tokens */
bool kept_find(const struct tokens *t, struct span token, struct span *value);

#endif
