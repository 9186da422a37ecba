/* SPDX-License-Identifier: Apache-2.0
 *
 * Bump allocation in blocks that double. The first is made when it is needed, and small: an open stream keeps several arenas
 * with little in them. A block is wiped over the part that was handed out.
 *
 *   head -> [ block | used ......... free ] -> [ older block ] -> ... -> [ first block ]
 */
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_BLOCK 512u
#define LARGEST_BLOCK (1024u * 1024)
#define ALIGNMENT 16u

struct block {
    struct block *older;
    size_t size, used;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct arena {
    struct block *head; /* NULL: nothing was handed out yet */
    size_t used, ceiling;
    bool failed;
};

static struct block *block_new(size_t size, struct block *older) {
    struct block *b = malloc(sizeof *b + size);
    if (!b) return NULL;
    b->older = older;
    b->size = size;
    b->used = 0;
    return b;
}

static void block_free(struct block *b) {
    explicit_bzero(b->bytes, b->used);
    free(b);
}

struct arena *arena_new(size_t ceiling) {
    struct arena *a = calloc(1, sizeof *a);
    if (!a) return NULL;
    a->ceiling = ceiling;
    return a;
}

void arena_empty(struct arena *a) {
    for (struct block *b = a->head, *older; b; b = older) {
        older = b->older;
        block_free(b);
    }
    a->head = NULL;
    a->used = 0;
    a->failed = false;
}

void arena_free(struct arena *a) {
    if (!a) return;
    arena_empty(a);
    free(a);
}

void arena_reset(struct arena *a) {
    a->used = 0;
    a->failed = false;
    if (!a->head) return;
    while (a->head->older) {
        struct block *b = a->head;
        a->head = b->older;
        block_free(b);
    }
    explicit_bzero(a->head->bytes, a->head->used);
    a->head->used = 0;
}

static bool add_block(struct arena *a, size_t need) {
    size_t size = !a->head ? FIRST_BLOCK : a->head->size < LARGEST_BLOCK ? a->head->size * 2 : LARGEST_BLOCK;
    struct block *b = block_new(size < need ? need : size, a->head);
    if (!b) return false;
    a->head = b;
    return true;
}

void *arena_alloc(struct arena *a, size_t size) {
    size_t need = (size + (ALIGNMENT - 1)) & ~(size_t)(ALIGNMENT - 1);

    if (need < size || need > a->ceiling - a->used) goto fail;
    if ((!a->head || need > a->head->size - a->head->used) && !add_block(a, need)) goto fail;

    void *p = a->head->bytes + a->head->used;
    a->head->used += need;
    a->used += need;
    memset(p, 0, size);
    return p;

fail:
    a->failed = true;
    return NULL;
}

void *arena_array(struct arena *a, size_t n, size_t size) {
    if (size != 0 && n > SIZE_MAX / size) {
        a->failed = true;
        return NULL;
    }
    return arena_alloc(a, n * size);
}

void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size) {
    void *p = arena_alloc(a, new_size);
    if (!p || !old) return p;
    memcpy(p, old, old_size < new_size ? old_size : new_size);
    explicit_bzero(old, old_size);
    return p;
}

char *arena_copy(struct arena *a, struct span s) {
    char *p = arena_alloc(a, s.len + 1);
    if (p && s.len) memcpy(p, s.ptr, s.len);
    return p;
}

bool arena_failed(const struct arena *a) {
    return a->failed;
}

size_t arena_used(const struct arena *a) {
    return a->used;
}
