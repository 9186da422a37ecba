/* SPDX-License-Identifier: Apache-2.0
 *
 * Known keys and words are left out, so that the texts of two parts of one message, which their keys keep apart in the body,
 * are neighbours: an identifier may have been cut there.
 */
#include "walk_scan.h"

#include "arena.h"

/* What is searched, in the order of the walk. */
struct searched {
    struct phi_leaf *leaves;
    uint32_t *which; /* of the walk's */
    size_t n;
};

static int collect_leaves(struct arena *a, const struct walk *walk, struct searched *s) {
    size_t room = walk->n ? walk->n : 1;

    *s = (struct searched){arena_array(a, room, sizeof *s->leaves), arena_array(a, room, sizeof *s->which), 0};
    if (!s->leaves || !s->which) return -1;
    for (size_t i = 0; i < walk->n; i++) {
        const struct walk_leaf *w = &walk->v[i];
        if (w->container || w->parameter || w->text.len == 0) continue; /* a container's inside stands in the list itself */
        s->which[s->n] = (uint32_t)i;
        s->leaves[s->n++] = (struct phi_leaf){.text = w->text.ptr,
                                              .len = (uint32_t)w->text.len,
                                              .label = w->label.ptr,
                                              .label_len = w->what == WALK_KEY ? 0 : (uint32_t)w->label.len,
                                              .group = w->group};
    }
    return 0;
}

/* The scratch belongs to the next scan as soon as this one is over. */
static int keep_findings(struct arena *a, const struct searched *s, const struct phi_result *scanned,
                         struct phi_result *found) {
    struct phi_finding *v = arena_array(a, scanned->n ? scanned->n : 1, sizeof *v);

    if (!v) return -1;
    for (size_t i = 0; i < scanned->n; i++) {
        if (scanned->v[i].leaf >= s->n) return -1;
        v[i] = scanned->v[i];
        v[i].leaf = s->which[v[i].leaf];
    }
    *found = (struct phi_result){v, scanned->n};
    return 0;
}

enum walk_scan_result walk_scan(struct arena *a, const struct walk *w, const struct phi_engine *e,
                                struct phi_scratch *scratch, struct phi_result *found) {
    struct phi_result scanned;
    struct searched s;

    *found = (struct phi_result){NULL, 0};
    if (collect_leaves(a, w, &s) < 0) return WALK_SCAN_NO_MEMORY;
    int rc = phi_scan(e, scratch, s.leaves, s.n, &scanned);
    phi_scratch_clear(scratch); /* the thread may rest for long; what it found are positions */
    if (rc < 0 || keep_findings(a, &s, &scanned, found) < 0) return WALK_SCAN_FAILED;
    return WALK_SCAN_DONE;
}
