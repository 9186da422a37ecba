/* SPDX-License-Identifier: Apache-2.0
 *
 * Any text of an answer, cut anywhere: the same comes out, and the caller's own value in full as often as its token came in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../policies/engine/diag.h"
#include "../../policies/engine/policy.h"
#include "../../proxy/arena.h"
#include "../../proxy/buf.h"
#include "../../proxy/restore.h"
#include "../../proxy/screen.h"
#include "../../proxy/tokens.h"

#define RULES 3u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct policy *load(const char *rules) {
    const struct policy_paths paths = {.share = "."};
    char path[] = "/tmp/phigate-fuzz-XXXXXX.yaml", text[512];
    struct diag *d = diag_new();
    int fd = mkstemps(path, 5);
    int n = snprintf(text, sizeof text, "id: x\nversion: 1\ndescription: x\nextends: minimum-necessary\nresponse: %s\nend: x\n", rules);

    if (fd < 0 || n < 0 || write(fd, text, (size_t)n) != n) abort();
    close(fd);
    struct policy *p = policy_load(path, &paths, d);
    unlink(path);
    diag_free(d);
    if (!p) abort();
    return p;
}

static void run(const struct policy *p, struct phi_scratch *scratch, struct arena *a, const struct tokens *t, enum restore_mode mode,
                struct span text, size_t step, struct buf *out, uint32_t *restored, bool *blocked) {
    bool failed;
    struct screen_ground *g = screen_ground_new(a, p, scratch, &failed);
    struct restore_counts counts = {0};
    struct restore *r = restore_new(t, mode, &counts);

    if (!g || !r || restore_screen(r, g) < 0) abort();
    buf_init(out, 1 << 24);
    for (size_t at = 0; at < text.len; at += step)
        restore_push(r, span_sub(text, at, at + step), out);
    restore_flush(r, out);
    if (restore_holds(r) && !g->blocked) abort();
    *restored = counts.restored;
    *blocked = g->blocked;
    restore_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char *const rules[RULES] = {"{\"*\": mask}", "{\"*\": monitor}", "{\"*\": mask, SSN: block, NAME.*: monitor}"};
    static struct policy *policies[RULES];
    static struct phi_scratch *scratch;
    struct buf whole, cut;
    uint32_t restored[2];
    bool blocked[2];

    for (size_t i = 0; !scratch && i < RULES; i++)
        policies[i] = load(rules[i]);
    if (!scratch) scratch = phi_scratch_new();
    if (size < 2) return 0;
    struct span text = span_make((const char *)data + 2, size - 2);
    struct arena *a = arena_new(1 << 20);
    struct tokens *t = tokens_new(a);
    (void)tokens_put(t, PHI_NAME_PATIENT, span_of("~own~"), 0);
    const struct policy *p = policies[data[0] % RULES];
    enum restore_mode mode = data[0] & 128 ? RESTORE_JSON : RESTORE_TEXT;

    run(p, scratch, a, t, mode, text, text.len ? text.len : 1, &whole, &restored[0], &blocked[0]);
    run(p, scratch, a, t, mode, text, 1 + data[1] % 40, &cut, &restored[1], &blocked[1]);
    if (restored[0] != restored[1] || blocked[0] != blocked[1]) abort();
    if (!span_equal(buf_span(&whole), buf_span(&cut))) abort();
    size_t own = 0;
    for (size_t at = 0; at + 5 <= whole.len; at++)
        own += memcmp(whole.ptr + at, "~own~", 5) == 0;
    if (!blocked[0] && own < restored[0]) abort();
    buf_free(&whole);
    buf_free(&cut);
    arena_free(a);
    return 0;
}
