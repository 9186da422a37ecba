/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of one request. Everything a request needs comes from its arena and goes with it at once, wiped,
 * so that no text of a patient stays in the heap. Not shared between threads.
 */
#ifndef ARENA_H
#define ARENA_H

#include "span.h"

struct arena;

/* ceiling: bytes that may be taken in all; beyond it every arena_alloc fails. NULL when out of memory. */
struct arena *arena_new(size_t ceiling);
void arena_free(struct arena *a); /* wipes, then frees; NULL is allowed */
void arena_reset(struct arena *a); /* wipes and keeps the first block for the next request */
void arena_empty(struct arena *a); /* wipes and keeps nothing */

/* Aligned for any type, zeroed. NULL beyond the ceiling or out of memory; the arena is then `failed`. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_array(struct arena *a, size_t n, size_t size); /* n * size, overflow checked */
/* Moves an array into a larger one; the old copy is wiped. */
void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size);
char *arena_copy(struct arena *a, struct span s); /* NUL-terminated copy */

bool arena_failed(const struct arena *a);
size_t arena_used(const struct arena *a);

#endif
