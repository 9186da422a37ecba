/* SPDX-License-Identifier: Apache-2.0
 *
 * Names are not counted: one patient has many, and a name that was found wrongly must not stop a request. Values are
 * compared by a keyed hash of what they say: of numbers the letters and digits, of dates the day where it is certain.
 */
#include "transform_bulk.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "keyed_hash.h"
#include "token_date.h"

#define VALUE_MAX 64u

static const enum phi_kind counted[] = {PHI_MRN, PHI_SSN, PHI_DATE_DOB, PHI_DATE_SERVICE, PHI_ENCOUNTER};
#define COUNTED (sizeof counted / sizeof *counted)

static uint64_t hash_of(const struct keyed_hash *h, enum phi_kind kind, struct span value, long today) {
    char plain[VALUE_MAX];
    struct token_date date;
    size_t n = 0;

    if ((kind == PHI_DATE_DOB || kind == PHI_DATE_SERVICE) &&
        token_date_read(value, kind == PHI_DATE_DOB, today, &date) == 0)
        return keyed_hash_of(h, kind, span_make((const char *)&date.day, sizeof date.day));
    for (size_t i = 0; i < value.len && n < sizeof plain; i++) {
        char c = value.ptr[i];
        if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) plain[n++] = c;
    }
    uint64_t hash = keyed_hash_of(h, kind, span_make(plain, n));
    explicit_bzero(plain, sizeof plain);
    return hash;
}

static int by_value(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static uint32_t distinct(uint64_t *v, size_t n) {
    uint32_t count = 0;

    qsort(v, n, sizeof *v, by_value);
    for (size_t i = 0; i < n; i++)
        count += i == 0 || v[i] != v[i - 1];
    return count;
}

int transform_bulk_count(struct arena *a, const struct walk *w, const struct phi_result *found, long today,
                         struct transform_bulk *out) {
    uint64_t *hashes = arena_array(a, found->n ? found->n : 1, sizeof *hashes);
    struct keyed_hash h;
    uint32_t counts[COUNTED] = {0};

    if (!hashes || keyed_hash_init(&h) < 0) return -1;
    for (size_t k = 0; k < COUNTED; k++) {
        size_t n = 0;
        for (size_t i = 0; i < found->n; i++) {
            const struct phi_finding *f = &found->v[i];
            if (f->kind == counted[k])
                hashes[n++] = hash_of(&h, counted[k], span_sub(w->v[f->leaf].text, f->begin, f->end), today);
        }
        counts[k] = distinct(hashes, n);
    }
    out->patients = counts[0] > counts[1] ? counts[0] : counts[1];
    if (counts[2] > out->patients) out->patients = counts[2];
    out->encounters = counts[3] > counts[4] ? counts[3] : counts[4];
    return 0;
}
