/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be done to a log of a thousand records by somebody who does not have its keys, or has some of them: each is detected,
 * and the first bad record is named. Every byte is flipped, in a plain log and in an encrypted one.
 */
#include "test_audit_helper.h"

#include "../../proxy/audit_hash.h"
#include "../../proxy/audit_head.h"
#include "../../proxy/audit_keyring.h"
#include "../../proxy/audit_note.h"
#include "../../proxy/audit_seal.h"
#include "../../proxy/audit_verify.h"

#define RECORDS 1000
#define LINES_MAX 1200

/* PHIGATE_LONG=1: every byte and every line. Else, and under a sanitizer more so, a sample that moves from line to line. */
#ifdef PHIGATE_SANITIZED
#define SAMPLE_BYTES 53
#define SAMPLE_LINES 47
#else
#define SAMPLE_BYTES 11
#define SAMPLE_LINES 9
#endif

static size_t step_of(size_t sample) {
    return getenv("PHIGATE_LONG") ? 1 : sample;
}

static const unsigned char encryption_key[32] = "fedcba9876543210fedcba987654321";

struct fixture {
    struct scratch *scratch;
    char *bytes;
    size_t len, n;
    struct span lines[LINES_MAX]; /* with their newlines */
    struct audit_hasher *hasher;
    struct audit_head head;
    struct audit_note_key signing;
    struct audit_keyring *ring;
    struct audit_sealer *sealer; /* NULL: plain */
};

/* ---- a log by the real writer ---- */

static void write_log(const struct scratch *s, const struct audit_note_key *k, const unsigned char *encrypt) {
    struct audit_options o = options_for(s);
    static struct waiter w[RECORDS];
    char err[256] = "";

    o.signing_key = k;
    o.checkpoint_every = 100;
    o.encryption_key = encrypt;
    struct audit *a = audit_open(&o, err, sizeof err);
    if (!a) fail_msg("%s", err);
    for (int i = 0; i < RECORDS; i += 100) {
        for (int j = i; j < i + 100; j++) {
            char id[32];
            snprintf(id, sizeof id, "req-%d", j / 2);
            w[j] = (struct waiter){.ticket = {.record = j % 2 ? outcome(id) : decision(id, j % 20 ? "edit" : "block"), .done = waiter_done}};
            sem_init(&w[j].told, 0, 0);
            assert_int_equal(audit_submit(a, &w[j].ticket), 0);
        }
        for (int j = i; j < i + 100; j++) {
            while (sem_wait(&w[j].told) != 0) {
            }
            assert_true(w[j].ok);
            sem_destroy(&w[j].told);
        }
    }
    audit_close(a);
}

static void build(struct fixture *f, struct scratch *s, bool encrypted) {
    const char *reason = "";

    *f = (struct fixture){.scratch = s};
    assert_int_equal(audit_note_key_new(&f->signing, AUDIT_KEY_LOG, "tamper/audit"), 0);
    write_log(s, &f->signing, encrypted ? encryption_key : NULL);
    f->hasher = audit_hasher_new(test_key);
    if (encrypted) {
        f->ring = audit_keyring_open(s->path, encryption_key, false, &reason);
        if (!f->ring) fail_msg("%s", reason);
        f->sealer = audit_sealer_new(f->ring, f->hasher);
    }
    assert_int_equal(audit_head_load(s->path, f->hasher, true, &f->head), 0);
    f->bytes = read_whole(s->path, &f->len);
    for (size_t at = 0; at < f->len; f->n++) {
        size_t end = span_find(span_make(f->bytes, f->len), '\n', at) + 1;
        f->lines[f->n] = span_make(f->bytes + at, end - at);
        at = end;
    }
    assert_true(f->n > RECORDS);
}

static void drop(struct fixture *f) {
    audit_sealer_free(f->sealer);
    audit_keyring_free(f->ring);
    audit_hasher_free(f->hasher);
    free(f->bytes);
}

/* ---- checking ---- */

/* The line that is named; 0: the log verifies; SIZE_MAX: bad at its end. */
static size_t named(const struct fixture *f, const struct span *lines, size_t n, bool midway, const struct audit_head *head) {
    struct audit_verifier *v = audit_verifier_new(&(struct audit_verifier_options){
        .hasher = f->hasher, .keyed = true, .midway = midway, .head = head, .sealer = f->sealer, .log_key = midway ? NULL : &f->signing});
    struct audit_check c;

    for (size_t i = 0; i < n; i++)
        if (audit_verifier_feed(v, lines[i]) < 0) break;
    int rc = audit_verifier_end(v, &c);
    audit_verifier_free(v);
    if (rc == 0) return c.torn_tail ? SIZE_MAX - 1 : 0;
    assert_non_null(c.reason);
    return c.bad_line > n ? SIZE_MAX : c.bad_line;
}

static size_t named_whole(const struct fixture *f, const struct span *lines, size_t n) {
    return named(f, lines, n, false, &f->head);
}

/* ---- the matrix ---- */

static void flip_every_byte(const struct fixture *f) {
    struct span window[3];
    char copy[AUDIT_LINE_MAX + 2];
    size_t step = step_of(SAMPLE_BYTES);
    unsigned bit = 0;

    for (size_t i = 0; i < f->n; i++) {
        size_t before = i > 0, after = i + 1 < f->n, n = before + 1 + after;
        for (size_t at = i % step; at < f->lines[i].len; at += step, bit = (bit + 1) % 8) {
            memcpy(copy, f->lines[i].ptr, f->lines[i].len);
            copy[at] = (char)(copy[at] ^ (1 << bit));
            if (before) window[0] = f->lines[i - 1];
            window[before] = span_make(copy, f->lines[i].len);
            if (after) window[before + 1] = f->lines[i + 1];
            size_t bad = named(f, window, n, true, &(struct audit_head){.found = false});
            /* Without its newline the last line is a torn one: the head says that it was whole. */
            if (i + 1 == f->n && at + 1 == f->lines[i].len) bad = named(f, window, n, true, &f->head);
            if (bad == 0 || (bad < SIZE_MAX - 1 && bad > before + 1 + (at + 1 == f->lines[i].len)))
                fail_msg("line %zu byte %zu bit %u: named %zu", i, at, bit, bad);
        }
    }
}

/* In place, over the whole log: the named line is the one that was changed. */
static void flip_some_bytes(const struct fixture *f) {
    struct span lines[LINES_MAX];
    char copy[AUDIT_LINE_MAX + 2];

    for (size_t i = 0; i < f->n; i += 61) {
        memcpy(lines, f->lines, sizeof lines);
        memcpy(copy, f->lines[i].ptr, f->lines[i].len);
        copy[f->lines[i].len / 2] ^= 4;
        lines[i] = span_make(copy, f->lines[i].len);
        assert_int_equal(named_whole(f, lines, f->n), i + 1);
    }
}

static void drop_swap_double(const struct fixture *f) {
    struct span lines[LINES_MAX + 1];

    for (size_t i = 0; i < f->n; i += step_of(SAMPLE_LINES)) {
        memcpy(lines, f->lines, f->n * sizeof *lines);
        memmove(lines + i, lines + i + 1, (f->n - i - 1) * sizeof *lines);
        size_t bad = named_whole(f, lines, f->n - 1);
        assert_true(i + 1 < f->n ? bad == i + 1 : bad == SIZE_MAX); /* the last: its head is left */

        memcpy(lines, f->lines, f->n * sizeof *lines);
        memmove(lines + i + 1, lines + i, (f->n - i) * sizeof *lines);
        assert_int_equal(named_whole(f, lines, f->n + 1), i + 2);

        if (i + 1 == f->n) continue;
        memcpy(lines, f->lines, f->n * sizeof *lines);
        lines[i] = f->lines[i + 1];
        lines[i + 1] = f->lines[i];
        assert_int_equal(named_whole(f, lines, f->n), i + 1);
    }
}

static void truncate_everywhere(const struct fixture *f) {
    struct span lines[LINES_MAX];

    for (size_t i = 0; i < f->n; i += step_of(SAMPLE_LINES)) {
        memcpy(lines, f->lines, sizeof lines);
        size_t bad = named_whole(f, lines, i); /* whole lines are missing */
        assert_true(bad == SIZE_MAX);
        lines[i].len /= 2;
        assert_true(named_whole(f, lines, i + 1) != 0);
    }
}

/* A line that was true once, put somewhere else; the head of an older state. */
static void replay(const struct fixture *f) {
    struct span lines[LINES_MAX];
    struct audit_head old = {.found = true};

    for (size_t i = 10; i < f->n; i += 101) {
        memcpy(lines, f->lines, sizeof lines);
        lines[i] = f->lines[i - 7];
        assert_int_equal(named_whole(f, lines, f->n), i + 1);
        /* The log and its head as they were: only what is kept elsewhere can tell. */
        old.seq = i;
        assert_int_equal(audit_any_hash(f->hasher, span_sub(f->lines[i - 1], 0, f->lines[i - 1].len - 1), old.hash), 0);
        assert_int_equal(named(f, f->lines, i, false, &old), 0);
    }
}

/* Back to an older state in every file: a checkpoint that somebody else keeps does not fit. */
static void roll_back(const struct fixture *f) {
    struct audit_checkpoint kept;
    char name[128];
    struct span body;
    size_t len;

    beside(f->scratch, ".checkpoint", name);
    char *note = read_whole(name, &len);
    assert_int_equal(audit_checkpoint_read(span_make(note, len), &kept, &body), 0);
    struct audit_verifier *v = audit_verifier_new(&(struct audit_verifier_options){
        .hasher = f->hasher, .keyed = true, .sealer = f->sealer, .log_key = &f->signing, .checkpoint = &kept});
    struct audit_check c;
    for (size_t i = 0; i < f->n / 2; i++)
        assert_int_equal(audit_verifier_feed(v, f->lines[i]), 0);
    assert_int_equal(audit_verifier_end(v, &c), 0);
    assert_false(c.checkpoint_met);
    audit_verifier_free(v);
    free(note);
}

/* Somebody without the audit key makes the codes anew with one of his own. */
static void sign_again(const struct fixture *f) {
    static const unsigned char own[32] = "made up";
    struct audit_hasher *h = audit_hasher_new(own);
    char copy[AUDIT_LINE_MAX + 2], mac[AUDIT_HEX_LEN + 1];
    struct span lines[LINES_MAX];

    for (size_t i = 0; i < f->n; i += 97) {
        memcpy(lines, f->lines, sizeof lines);
        memcpy(copy, f->lines[i].ptr, f->lines[i].len);
        char *at = memmem(copy, f->lines[i].len, "\"mac\":\"", 7);
        assert_non_null(at);
        size_t begin = (size_t)(at - copy), end = begin + 7 + AUDIT_HEX_LEN + 2;
        assert_int_equal(audit_hasher_mac(h, span_make(copy, begin), span_make(copy + end, f->lines[i].len - 1 - end), mac), 0);
        memcpy(at + 7, mac, AUDIT_HEX_LEN);
        lines[i] = span_make(copy, f->lines[i].len);
        assert_int_equal(named_whole(f, lines, f->n), i + 1);
    }
    audit_hasher_free(h);
}

/* One more line by somebody without the key. */
static void append_line(const struct fixture *f) {
    struct span lines[LINES_MAX];

    memcpy(lines, f->lines, sizeof lines);
    lines[f->n] = f->lines[f->n - 1];
    assert_int_equal(named_whole(f, lines, f->n + 1), f->n + 1);
    lines[f->n] = span_of("{\"box\":\"AAAA\",\"epoch\":\"2026-11\"}\n");
    assert_int_equal(named_whole(f, lines, f->n + 1), f->n + 1);
    lines[f->n] = span_of("\n");
    assert_int_equal(named_whole(f, lines, f->n + 1), f->n + 1);
}

/* An envelope that says "erased" hides a record: it needs the audit key. */
static void hide_record(const struct fixture *f) {
    static const unsigned char own[32] = "made up";
    struct audit_hasher *h = audit_hasher_new(own);
    struct audit_tree_hasher *tree = audit_tree_hasher_new();
    struct span lines[LINES_MAX];
    struct buf b;

    buf_init(&b, AUDIT_LINE_MAX + 2);
    for (size_t i = 0; i < f->n; i += 113) {
        memcpy(lines, f->lines, sizeof lines);
        b.len = 0;
        assert_int_equal(audit_erase_line(span_sub(f->lines[i], 0, f->lines[i].len - 1), "2026-01-01", h, tree, &b), 0);
        buf_add_char(&b, '\n');
        lines[i] = buf_span(&b);
        assert_int_equal(named_whole(f, lines, f->n), i + 1);
        /* With the key it verifies, and is counted. */
        b.len = 0;
        assert_int_equal(audit_erase_line(span_sub(f->lines[i], 0, f->lines[i].len - 1), "2026-01-01", f->hasher, tree, &b), 0);
        buf_add_char(&b, '\n');
        lines[i] = buf_span(&b);
        assert_int_equal(named_whole(f, lines, f->n), 0);
    }
    buf_free(&b);
    audit_tree_hasher_free(tree);
    audit_hasher_free(h);
}

static void run_matrix(struct scratch *s, bool encrypted) {
    struct fixture f;

    build(&f, s, encrypted);
    assert_int_equal(named_whole(&f, f.lines, f.n), 0);
    flip_every_byte(&f);
    flip_some_bytes(&f);
    drop_swap_double(&f);
    truncate_everywhere(&f);
    replay(&f);
    roll_back(&f);
    sign_again(&f);
    append_line(&f);
    hide_record(&f);
    drop(&f);
}

static void test_plain(void **state) {
    run_matrix(*state, false);
}

static void test_encrypted(void **state) {
    run_matrix(*state, true);
}

/* Without any key each change but one in the last line is found by the chain alone. */
static void test_without_a_key(void **state) {
    struct fixture f;
    char copy[AUDIT_LINE_MAX + 2];
    struct span lines[3];

    build(&f, *state, false);
    struct audit_hasher *h = audit_hasher_new(NULL);
    for (size_t i = 1; i + 1 < f.n; i++) {
        for (size_t at = i % step_of(SAMPLE_BYTES); at < f.lines[i].len; at += step_of(SAMPLE_BYTES)) {
            memcpy(copy, f.lines[i].ptr, f.lines[i].len);
            copy[at] ^= 1;
            lines[0] = f.lines[i - 1];
            lines[1] = span_make(copy, f.lines[i].len);
            lines[2] = f.lines[i + 1];
            struct audit_verifier *v = audit_verifier_new(&(struct audit_verifier_options){.hasher = h, .midway = true});
            struct audit_check c;
            bool bad = false;
            for (int k = 0; k < 3 && !bad; k++)
                bad = audit_verifier_feed(v, lines[k]) < 0;
            bad = audit_verifier_end(v, &c) != 0 || bad;
            audit_verifier_free(v);
            if (!bad) fail_msg("line %zu byte %zu", i, at);
        }
    }
    audit_hasher_free(h);
    drop(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_encrypted, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_without_a_key, scratch_setup, scratch_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
