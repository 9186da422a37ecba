/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that held text is wiped before it goes back. PCRE2 gets the same allocator: its match frames hold
 * pieces of what was scanned.
 */
#ifndef PHI_MEMORY_H
#define PHI_MEMORY_H

#include <stddef.h>
#include <stdint.h>

void *phi_memory_new(size_t size);   /* zeroed; NULL when out of memory */
void phi_memory_free(void *block);   /* wipes; NULL is fine */
char *phi_memory_copy(const char *text, size_t len); /* with a NUL behind it */

/* A growing array of bytes or of any plain items; zeroed means empty. */
struct phi_array {
    void *v;
    size_t cap; /* in bytes */
    size_t top; /* most bytes asked for since the last wipe */
};

/* Makes room for size bytes, keeping what is there. 0 or -1. */
int phi_array_reserve(struct phi_array *a, size_t size);
void phi_array_wipe(struct phi_array *a); /* what was in use, memory kept */
void phi_array_free(struct phi_array *a);

#endif
