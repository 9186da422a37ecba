/* SPDX-License-Identifier: Apache-2.0
 *
 * A person becomes a few entries:
 *
 *     Anna Maria Garcia-Lopez, 1961-03-14
 *         person   anna + garcia, anna + lopez, anna + garcialopez      (and the same with annamaria)
 *         family   garcia, lopez, garcialopez
 *         birth    each person + 19610314
 *
 * Entries are sorted by their tag, and of equal ones the first type is kept; so the file depends on nothing but what
 * is in it and the key.
 */
#include "roster_build.h"

#include <stdlib.h>
#include <string.h>

#include "lexicon.h"
#include "memory.h"
#include "nicknames.h"
#include "roster_file.h"
#include "roster_value.h"
#include "text.h"
#include "words.h"

enum { FORMS_MAX = 6, NICKNAMES_MAX = 64, ENTRIES_MAX = 1 << 27, LOAD_PERCENT = 83, FILTER_BITS = 14, DENSE_ONE_IN = 1000, LETTERS_MAX = 256 };

struct entry {
    uint64_t tag;
    uint64_t type;
};

struct list {
    struct phi_array items;
    size_t n;
};

struct roster_builder {
    struct roster_keys keys;
    struct words words;
    struct list entries;       /* struct entry */
    struct list family, given; /* uint64_t words of the filters */
    uint64_t people, lengths, has;
    uint64_t digits[ROSTER_VALUE_MAX + 1]; /* values of so many digits */
};

/* The forms of one name field. */
struct forms {
    uint64_t hash[FORMS_MAX];
    unsigned n;
};

struct roster_builder *roster_builder_new(const struct roster_keys *keys)
{
    struct roster_builder *b = phi_memory_new(sizeof *b);
    if (b)
        b->keys = *keys;
    return b;
}

void roster_builder_free(struct roster_builder *b)
{
    if (!b)
        return;
    phi_array_free(&b->entries.items);
    phi_array_free(&b->family.items);
    phi_array_free(&b->given.items);
    phi_memory_free(b);
}

static int list_add(struct list *list, const void *item, size_t size)
{
    if (list->n >= ENTRIES_MAX || phi_array_reserve(&list->items, (list->n + 1) * size) < 0)
        return -1;
    memcpy((char *)list->items.v + list->n++ * size, item, size);
    return 0;
}

static int add_entry(struct roster_builder *b, uint64_t tag, enum roster_type type)
{
    struct entry entry = {tag, (uint64_t)type};
    b->has |= UINT64_C(1) << type;
    return list_add(&b->entries, &entry, sizeof entry);
}

static int add_word(struct roster_builder *b, struct list *list, uint64_t hash)
{
    uint64_t word = roster_word(&b->keys, hash);
    return list_add(list, &word, sizeof word);
}

/* ---- names ---- */

static void form_add(struct forms *forms, uint64_t hash)
{
    for (unsigned i = 0; i < forms->n; i++)
        if (forms->hash[i] == hash)
            return;
    if (forms->n < FORMS_MAX)
        forms->hash[forms->n++] = hash;
}

/* The hash of the words written as one: "De La Cruz", "DeLaCruz". */
static uint64_t hash_joined(const struct words *w, uint32_t first, uint32_t last)
{
    char letters[LETTERS_MAX];
    uint32_t n = 0;

    for (uint32_t i = first; i < last; i++)
        n += words_fold(w, i, letters + n, LETTERS_MAX - n);
    uint64_t hash = words_hash(letters, n);
    explicit_bzero(letters, sizeof letters);
    return hash;
}

/* Titles, degrees and suffixes are no part of a name, unless nothing else is left. */
static bool is_ornament(const struct word *x)
{
    return x->classes & (LEX(TITLE) | LEX(DOCTOR) | LEX(SUFFIX) | LEX(CREDENTIAL) | LEX(HONORIFIC));
}

static void trim(const struct words *w, uint32_t *first, uint32_t *last)
{
    while (*last - *first > 1 && (is_ornament(&w->v[*last - 1]) || w->v[*last - 1].shape == SHAPE_NUMBER))
        --*last;
    while (*last - *first > 1 && w->v[*first].classes & (LEX(TITLE) | LEX(DOCTOR) | LEX(HONORIFIC)))
        ++*first;
}

static bool is_usable(const struct word *x)
{
    return x->shape < SHAPE_NUMBER && x->letters >= 2;
}

/* Each part of a compound family name, and all as one word. */
static struct forms family_forms(const struct words *w, uint32_t first, uint32_t last)
{
    struct forms forms = {.n = 0};

    for (uint32_t i = first; i < last; i++)
        if (is_usable(&w->v[i]) && (last - first == 1 || !(w->v[i].classes & LEX(PARTICLE))))
            form_add(&forms, w->v[i].hash);
    if (last - first > 1)
        form_add(&forms, hash_joined(w, first, last));
    return forms;
}

static struct forms given_forms(const struct words *w, uint32_t first, uint32_t last)
{
    struct forms forms = {.n = 0};

    if (first == last)
        return forms;
    if (is_usable(&w->v[first]))
        form_add(&forms, w->v[first].hash);
    if (last - first == 2 && is_usable(&w->v[first + 1]))
        form_add(&forms, hash_joined(w, first, last));
    return forms;
}

static int add_given_words(struct roster_builder *b, const struct forms *given)
{
    uint64_t other[NICKNAMES_MAX];

    for (unsigned i = 0; i < given->n; i++) {
        unsigned n = nicknames_of(given->hash[i], other, NICKNAMES_MAX);
        if (add_word(b, &b->given, given->hash[i]) < 0)
            return -1;
        for (unsigned k = 0; k < n; k++)
            if (add_word(b, &b->given, other[k]) < 0)
                return -1;
    }
    return 0;
}

static int add_family(struct roster_builder *b, const struct forms *family, enum roster_type role)
{
    for (unsigned i = 0; i < family->n; i++)
        if (add_word(b, &b->family, family->hash[i]) < 0 ||
            add_entry(b, roster_tag(&b->keys, ROSTER_FAMILY, family->hash[i], 0), role) < 0)
            return -1;
    return 0;
}

static enum roster_added add_forms(struct roster_builder *b, enum roster_type role, const struct forms *given,
                                   const struct forms *family, uint32_t birth)
{
    if (!family->n)
        return ROSTER_UNUSABLE;
    if (add_family(b, family, role) < 0 || add_given_words(b, given) < 0)
        return ROSTER_FAILED;
    for (unsigned g = 0; g < given->n; g++) {
        for (unsigned f = 0; f < family->n; f++) {
            uint64_t person = roster_tag(&b->keys, ROSTER_PERSON, given->hash[g], family->hash[f]);
            if (add_entry(b, person, role) < 0)
                return ROSTER_FAILED;
            if (birth && add_entry(b, roster_tag(&b->keys, ROSTER_BIRTH, person, birth), ROSTER_DOB) < 0)
                return ROSTER_FAILED;
        }
    }
    b->people++;
    return ROSTER_ADDED;
}

/* Splits the field and cuts off ornaments; words [first, last). */
static void split(struct words *w, struct roster_text text, uint32_t *first, uint32_t *last)
{
    words_start(w, text.text, text.len);
    *first = *last = 0;
    if (text.len && words_next(w)) {
        *last = w->n;
        trim(w, first, last);
    }
}

enum roster_added roster_add_person(struct roster_builder *b, enum roster_type role, struct roster_text given,
                                    struct roster_text family, uint32_t birth)
{
    uint32_t first, last;

    split(&b->words, given, &first, &last);
    struct forms given_of = given_forms(&b->words, first, last);
    split(&b->words, family, &first, &last);
    struct forms family_of = family_forms(&b->words, first, last);
    return add_forms(b, role, &given_of, &family_of, birth);
}

/* Where the family name begins in "Ludwig van der Berg"; the words before are the given names. */
static uint32_t family_begins(const struct words *w, uint32_t first, uint32_t last)
{
    uint32_t at = last - 1;

    while (at > first + 1 && (w->v[at].gap & GAP_HYPHEN || w->v[at - 1].classes & LEX(PARTICLE)))
        at--;
    return at;
}

enum roster_added roster_add_name(struct roster_builder *b, enum roster_type role, struct roster_text name, uint32_t birth)
{
    struct words *w = &b->words;
    uint32_t first, last, comma;

    split(w, name, &first, &last);
    if (first == last)
        return ROSTER_UNUSABLE;
    for (comma = first + 1; comma < last && !(w->v[comma].gap & GAP_COMMA); comma++)
        ;
    struct forms given = {.n = 0}, family;
    if (comma < last) {
        uint32_t family_last = comma;
        trim(w, &first, &family_last);
        family = family_forms(w, first, family_last);
        given = given_forms(w, comma, comma + 1);
    } else {
        uint32_t at = family_begins(w, first, last);
        family = family_forms(w, at, last);
        given = given_forms(w, first, at > first ? first + 1 : first);
    }
    return add_forms(b, role, &given, &family, birth);
}

/* ---- values ---- */

static enum roster_added add_email(struct roster_builder *b, struct roster_text value)
{
    const char *at = memchr(value.text, '@', value.len);

    if (!at || at == value.text || value.len > 254 || !memchr(at, '.', value.len - (size_t)(at - value.text)))
        return ROSTER_UNUSABLE;
    uint64_t tag = roster_tag(&b->keys, ROSTER_VALUE, roster_email_hash(value.text, value.len), 1);
    return add_entry(b, tag, ROSTER_EMAIL) < 0 ? ROSTER_FAILED : ROSTER_ADDED;
}

static enum roster_added add_street(struct roster_builder *b, struct roster_text value)
{
    uint64_t hash[ROSTER_STREET_WORDS];

    words_start(&b->words, value.text, value.len);
    if (!words_next(&b->words))
        return ROSTER_UNUSABLE;
    uint32_t count = roster_street_hashes(&b->words, 0, hash);
    if (!count)
        return ROSTER_UNUSABLE;
    uint64_t tag = roster_tag(&b->keys, ROSTER_ADDRESS, hash[count - 1], count);
    return add_entry(b, tag, ROSTER_STREET) < 0 ? ROSTER_FAILED : ROSTER_ADDED;
}

enum roster_added roster_add_value(struct roster_builder *b, enum roster_type type, struct roster_text value)
{
    struct roster_value read = {.n = 0}, normal;

    if (type == ROSTER_EMAIL)
        return add_email(b, value);
    if (type == ROSTER_STREET)
        return add_street(b, value);
    roster_value_add(&read, value.text, value.len);
    if (!roster_value_finish(&read, &normal))
        return ROSTER_UNUSABLE;
    b->lengths |= UINT64_C(1) << normal.n;
    b->digits[normal.n] += !normal.letter;
    uint64_t tag = roster_tag(&b->keys, ROSTER_VALUE, roster_value_hash(&normal), 0);
    explicit_bzero(&read, sizeof read);
    explicit_bzero(&normal, sizeof normal);
    return add_entry(b, tag, type) < 0 ? ROSTER_FAILED : ROSTER_ADDED;
}

/* ---- the file ---- */

static int by_tag(const void *pa, const void *pb)
{
    const struct entry *a = pa, *b = pb;
    if (a->tag != b->tag)
        return a->tag < b->tag ? -1 : 1;
    return a->type < b->type ? -1 : a->type > b->type;
}

static int by_value(const void *pa, const void *pb)
{
    const uint64_t *a = pa, *b = pb;
    return *a < *b ? -1 : *a > *b;
}

static void entries_sort(struct list *list)
{
    struct entry *v = list->items.v;
    size_t kept = 0;

    if (list->n)
        qsort(v, list->n, sizeof *v, by_tag);
    for (size_t i = 0; i < list->n; i++)
        if (!kept || v[kept - 1].tag != v[i].tag)
            v[kept++] = v[i];
    list->n = kept;
}

static void words_sort(struct list *list)
{
    uint64_t *v = list->items.v;
    size_t kept = 0;

    if (list->n)
        qsort(v, list->n, sizeof *v, by_value);
    for (size_t i = 0; i < list->n; i++)
        if (!kept || v[kept - 1] != v[i])
            v[kept++] = v[i];
    list->n = kept;
}

static uint64_t filter_blocks(const struct list *list)
{
    uint64_t blocks = (list->n * FILTER_BITS + 8 * ROSTER_BLOCK - 1) / (8 * ROSTER_BLOCK);
    return blocks < 1u << 19 ? blocks : 1u << 19;
}

static void filter_fill(uint8_t *filter, uint64_t blocks, const struct list *list)
{
    const uint64_t *v = list->items.v;
    for (size_t i = 0; i < list->n; i++)
        roster_filter_add(filter, blocks, v[i]);
}

/* The longest probe, or 0 when one would be too long. */
static uint32_t slots_fill(uint8_t *slots, uint64_t n_slots, const struct list *list)
{
    const struct entry *v = list->items.v;
    uint32_t longest = 1;

    for (size_t i = 0; i < list->n; i++) {
        uint64_t at = (uint64_t)((unsigned __int128)v[i].tag * n_slots >> 64);
        uint32_t probe = 1;
        for (; slots[at * ROSTER_SLOT + 5]; probe++)
            at = at + 1 == n_slots ? 0 : at + 1;
        roster_write(slots + at * ROSTER_SLOT, 5, v[i].tag);
        slots[at * ROSTER_SLOT + 5] = (uint8_t)v[i].type;
        longest = probe > longest ? probe : longest;
    }
    return longest <= ROSTER_PROBE_MAX ? longest : 0;
}

/* Lengths of digits where more than one of a thousand numbers is somebody's. */
static uint64_t dense_lengths(const struct roster_builder *b)
{
    uint64_t dense = 0, numbers = 1;

    for (unsigned n = 1; n <= 15; n++) {
        numbers *= 10;
        if (b->digits[n] > numbers / DENSE_ONE_IN)
            dense |= UINT64_C(1) << n;
    }
    return dense;
}

static void header_fill(const struct roster_builder *b, uint8_t *p, uint64_t n_slots, uint32_t probe)
{
    memcpy(p, roster_magic, sizeof roster_magic);
    roster_write(p + ROSTER_AT_VERSION, 4, ROSTER_VERSION);
    roster_write(p + ROSTER_AT_HEADER, 4, ROSTER_HEADER);
    roster_write(p + ROSTER_AT_PEOPLE, 8, b->people);
    roster_write(p + ROSTER_AT_ENTRIES, 8, b->entries.n);
    roster_write(p + ROSTER_AT_SLOTS, 8, n_slots);
    roster_write(p + ROSTER_AT_PROBE, 4, probe);
    roster_write(p + ROSTER_AT_FAMILY, 8, filter_blocks(&b->family));
    roster_write(p + ROSTER_AT_GIVEN, 8, filter_blocks(&b->given));
    roster_write(p + ROSTER_AT_LENGTHS, 8, b->lengths);
    roster_write(p + ROSTER_AT_DENSE, 8, dense_lengths(b));
    roster_write(p + ROSTER_AT_HAS, 8, b->has);
}

int roster_build(struct roster_builder *b, const uint8_t salt[ROSTER_SALT], const uint8_t check[ROSTER_CHECK],
                 int64_t imported, void **out, size_t *size)
{
    entries_sort(&b->entries);
    words_sort(&b->family);
    words_sort(&b->given);
    uint64_t n_slots = b->entries.n * 100 / LOAD_PERCENT + 8, family = filter_blocks(&b->family), given = filter_blocks(&b->given);
    size_t slots = (n_slots * ROSTER_SLOT + ROSTER_BLOCK - 1) / ROSTER_BLOCK * ROSTER_BLOCK;
    *size = ROSTER_HEADER + slots + (family + given) * ROSTER_BLOCK;
    uint8_t *p = calloc(1, *size);
    if (!p)
        return -1;
    uint32_t probe = slots_fill(p + ROSTER_HEADER, n_slots, &b->entries);
    if (!probe) {
        free(p);
        return -1;
    }
    filter_fill(p + ROSTER_HEADER + slots, family, &b->family);
    filter_fill(p + ROSTER_HEADER + slots + family * ROSTER_BLOCK, given, &b->given);
    header_fill(b, p, n_slots, probe);
    memcpy(p + ROSTER_AT_SALT, salt, ROSTER_SALT);
    memcpy(p + ROSTER_AT_CHECK, check, ROSTER_CHECK);
    roster_write(p + ROSTER_AT_IMPORTED, 8, (uint64_t)imported);
    *out = p;
    return 0;
}
