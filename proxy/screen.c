/* SPDX-License-Identifier: Apache-2.0
 *
 *   text --> [ context | unit ]  what the detectors see: the model's text, "[V_1]" for each of the caller's values
 *       \--> [ held ]            what goes out when the unit is released: the same with the values themselves
 *
 * Where a unit ends depends on the text alone, never on how it was cut: behind a plain word, a line end, in JSON behind a
 * string, and at the latest when the unit is full. It is searched once, with the text in front of it, which is out already. A
 * unit of plain words is not searched at all.
 */
#include "screen.h"

#include <stdlib.h>
#include <string.h>

#include "../policies/engine/policy.h"
#include "../policies/engine/policy_response.h"
#include "arena.h"
#include "buf.h"
#include "tokens.h"

#define CONTEXT 256u    /* bytes in front of a unit that the detectors see */
#define KEPT 96u        /* of a full unit: an identifier may go on */
#define CONNECTOR 3u    /* letters of a plain word that does not end a run ("de la", "of") */
#define HELD_MAX (64u * 1024 * 1024)
#define SHIFTS_MAX 65536u
#define OWN "[V_1]"

struct piece { /* a value of the caller's in the unit */
    size_t at, out, out_len; /* in the unit as the detectors see it; in held */
};

struct shift { /* text that was masked, in code points of what came in; where its mask ends in what went out */
    uint64_t begin, end, mask_end;
};

struct screen {
    struct screen_ground *ground;
    bool json, holds, mute;
    struct buf seen, held, pieces, shifts;
    size_t context; /* of seen, in front of the unit */
    /* the word that comes in, and the run of words before it */
    unsigned letters;
    bool odd, dot, word, run;   /* odd: capital, digit, sign */
    bool candidate;             /* the unit has an odd word */
    char last;
    bool escape, string, quote; /* JSON: behind a backslash; inside a string at the unit's begin; a string ended here */
    uint64_t read, written;     /* code points that were released; that went out for them */
};

/* ---- what the answer's screens share ---- */

struct screen_ground *screen_ground_new(struct arena *a, const struct policy *policy, struct phi_scratch *scratch, bool *failed) {
    struct screen_ground *g;

    *failed = false;
    if (policy_response_is_silent(policy)) return NULL;
    g = arena_alloc(a, sizeof *g);
    *failed = !g || keyed_hash_init(&g->hash) < 0;
    if (*failed) return NULL;
    g->policy = policy;
    g->scratch = scratch;
    return g;
}

int screen_ground_reserve(struct screen_ground *g, struct arena *a, size_t max) {
    g->known = arena_array(a, max ? max : 1, sizeof *g->known);
    return g->known ? 0 : -1;
}

/* The same value written otherwise: letters and digits alone count, in either case. */
static uint64_t value_hash(const struct screen_ground *g, struct span value) {
    char plain[128];
    size_t n = 0;

    for (size_t i = 0; i < value.len && n < sizeof plain; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c >= 'A' && c <= 'Z') c = (unsigned char)(c | 0x20);
        bool counts = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80;
        if (counts) plain[n++] = (char)c;
    }
    uint64_t h = keyed_hash_of(&g->hash, 1, span_make(plain, n));
    explicit_bzero(plain, sizeof plain);
    return h;
}

void screen_ground_know(struct screen_ground *g, struct span value) {
    g->known[g->n_known++] = value_hash(g, value);
}

static int by_value(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

void screen_ground_ready(struct screen_ground *g) {
    if (g->n_known > 1) qsort(g->known, g->n_known, sizeof *g->known, by_value);
}

static bool is_known(const struct screen_ground *g, struct span value) {
    if (g->n_known == 0) return false;
    uint64_t h = value_hash(g, value);
    return bsearch(&h, g->known, g->n_known, sizeof h, by_value) != NULL;
}

static void raise_to(uint32_t *v, uint32_t other) {
    if (other > *v) *v = other;
}

void screen_counts_raise(struct screen_counts *c, const struct screen_counts *other) {
    for (size_t k = 0; k < PHI_KINDS; k++)
        raise_to(&c->found[k], other->found[k]);
    raise_to(&c->monitored, other->monitored);
    raise_to(&c->masked, other->masked);
    raise_to(&c->blocked, other->blocked);
}

/* ---- the unit ---- */

static struct span unit_of(const struct screen *s) {
    return span_sub(buf_span(&s->seen), s->context, s->seen.len);
}

static size_t n_pieces(const struct screen *s) {
    return s->pieces.len / sizeof(struct piece);
}

static struct piece piece_at(const struct screen *s, size_t i) {
    struct piece p;
    memcpy(&p, s->pieces.ptr + i * sizeof p, sizeof p);
    return p;
}

/* Where a place of the unit, outside of pieces or at their borders, stands in held. */
static size_t held_at(const struct screen *s, size_t at) {
    size_t out = at;

    for (size_t i = 0; i < n_pieces(s); i++) {
        struct piece p = piece_at(s, i);
        if (p.at >= at) break;
        out = out + p.out_len - (sizeof OWN - 1);
    }
    return out;
}

static bool meets_own(const struct screen *s, size_t begin, size_t end) {
    for (size_t i = 0; i < n_pieces(s); i++) {
        struct piece p = piece_at(s, i);
        if (begin < p.at + sizeof OWN - 1 && p.at < end) return true;
    }
    return false;
}

static bool meets_token(struct span unit, size_t begin, size_t end) {
    size_t token, token_end;

    for (size_t from = 0; token_next(unit, from, &token, &token_end); from = token_end)
        if (begin < token_end && token < end) return true;
    return false;
}

static uint64_t code_points(struct span s) {
    uint64_t n = 0;
    for (size_t i = 0; i < s.len; i++)
        n += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return n;
}

/* ---- letting go ---- */

static void put_held(struct screen *s, size_t from, size_t to, struct buf *out) {
    struct span text = span_sub(buf_span(&s->held), from, to);
    uint64_t n = code_points(text);

    buf_add(out, text);
    s->read += n;
    s->written += n;
}

static void put_mask(struct screen *s, struct span covered, enum phi_kind kind, bool quoted, struct buf *out) {
    struct span word = span_of(phi_kind_word(kind));

    if (quoted) buf_add_char(out, '"');
    buf_add_char(out, '[');
    buf_add(out, word);
    buf_add_char(out, ']');
    if (quoted) buf_add_char(out, '"');
    uint64_t n = code_points(covered);
    s->written += word.len + (quoted ? 4 : 2);
    struct shift shift = {s->read, s->read + n, s->written};
    s->read += n;
    if (s->shifts.len / sizeof shift < SHIFTS_MAX) buf_add(&s->shifts, span_make((const char *)&shift, sizeof shift));
}

/* Inside a string of JSON text at this place of the unit? */
static bool in_string(const struct screen *s, struct span unit, size_t at) {
    bool string = s->string, escape = false;

    for (size_t i = 0; i < at; i++) {
        if (escape) escape = false;
        else if (unit.ptr[i] == '\\' && string) escape = true;
        else if (unit.ptr[i] == '"') string = !string;
    }
    return string;
}

static bool is_literal(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
}

/* A mask must leave JSON text what it is: in a string it does not reach over the end, elsewhere it takes the literal's place as a
 * string. */
static bool fit_json(const struct screen *s, struct span unit, size_t *begin, size_t *end) {
    if (in_string(s, unit, *begin)) {
        size_t quote = span_find(unit, '"', *begin);
        if (quote < *end) *end = quote;
        return false;
    }
    while (*begin > 0 && is_literal(unit.ptr[*begin - 1]))
        (*begin)--;
    while (*end < unit.len && is_literal(unit.ptr[*end]))
        (*end)++;
    return true;
}

struct found {
    size_t begin, end; /* in the unit */
    enum phi_kind kind;
    enum policy_response response;
};

static void count(struct screen *s, const struct found *f) {
    struct screen_counts *c = &s->ground->counts;

    if (s->mute) return;
    c->found[f->kind]++;
    c->monitored += f->response == POLICY_RESPONSE_MONITOR;
    c->masked += f->response == POLICY_RESPONSE_MASK;
    c->blocked += f->response == POLICY_RESPONSE_BLOCK;
}

/* The next finding that the policy has something to say of, from *i on. */
static bool next_found(const struct screen *s, const struct phi_result *r, size_t *i, struct found *out) {
    struct span seen = buf_span(&s->seen), unit = unit_of(s);

    for (; *i < r->n; (*i)++) {
        const struct phi_finding *f = &r->v[*i];
        enum phi_kind kind = (enum phi_kind)f->kind;
        enum policy_response response = policy_response(s->ground->policy, kind);
        if (response == POLICY_RESPONSE_PASS || f->end <= s->context || f->end > seen.len || f->begin >= f->end) continue;
        size_t begin = f->begin > s->context ? f->begin - s->context : 0, end = f->end - s->context;
        if (meets_own(s, begin, end) || meets_token(unit, begin, end)) continue;
        if (is_known(s->ground, span_sub(seen, f->begin, f->end))) continue;
        *out = (struct found){begin, end, kind, response};
        (*i)++;
        return true;
    }
    return false;
}

/* Where a full unit is divided: behind a space, not inside of a finding. */
static size_t divide(const struct screen *s, const struct phi_result *r) {
    struct span unit = unit_of(s);
    size_t at = unit.len > KEPT ? unit.len - KEPT : unit.len, i = 0;
    struct found f;

    size_t space = at;
    while (space > at / 2 && unit.ptr[space - 1] != ' ')
        space--;
    if (space > at / 2) at = space;
    while (at > 0 && at < unit.len && ((unsigned char)unit.ptr[at] & 0xc0) == 0x80)
        at--;
    for (size_t k = 0; k < n_pieces(s); k++) {
        struct piece p = piece_at(s, k);
        if (p.at < at && at < p.at + sizeof OWN - 1) at = p.at + sizeof OWN - 1;
    }
    while (next_found(s, r, &i, &f))
        if (f.begin < at && at < f.end) at = f.begin > 0 ? f.begin : f.end;
    return at;
}

/* What of the unit stands in front of `upto` goes out, as the findings say. */
static void emit(struct screen *s, const struct phi_result *r, size_t upto, struct buf *out) {
    struct span unit = unit_of(s);
    size_t at = 0, i = 0;
    struct found f;

    while (!s->ground->blocked && next_found(s, r, &i, &f)) {
        if (f.begin >= upto) break;
        count(s, &f);
        if (!s->holds || f.response == POLICY_RESPONSE_MONITOR) continue;
        bool quoted = s->json && fit_json(s, unit, &f.begin, &f.end);
        if (f.begin < at) f.begin = at;
        if (f.end <= f.begin) continue;
        put_held(s, held_at(s, at), held_at(s, f.begin), out);
        at = f.end;
        if (f.response == POLICY_RESPONSE_MASK) {
            put_mask(s, span_sub(unit, f.begin, f.end), f.kind, quoted, out);
            continue;
        }
        s->ground->blocked = true;
        s->ground->block_kind = f.kind;
    }
    if (s->holds && !s->ground->blocked && at < upto) put_held(s, held_at(s, at), held_at(s, upto), out);
}

/* ---- the next unit ---- */

static void wipe_front(struct buf *b, size_t n) {
    buf_consume(b, n);
}

/* What the detectors will see in front of the next unit: whole words. */
static void keep_context(struct screen *s) {
    size_t drop = s->context > CONTEXT ? s->context - CONTEXT : 0;

    if (drop == 0) return;
    while (drop < s->context && s->seen.ptr[drop - 1] != ' ' && s->seen.ptr[drop - 1] != '\n')
        drop++;
    wipe_front(&s->seen, drop);
    s->context -= drop;
}

static void advance(struct screen *s, size_t upto) {
    struct buf rest;
    size_t out = held_at(s, upto);

    if (s->json) s->string = in_string(s, unit_of(s), upto);
    buf_init(&rest, HELD_MAX);
    for (size_t i = 0; i < n_pieces(s); i++) {
        struct piece p = piece_at(s, i);
        if (p.at < upto) continue;
        p.at -= upto;
        p.out -= out;
        buf_add(&rest, span_make((const char *)&p, sizeof p));
    }
    buf_free(&s->pieces);
    s->pieces = rest;
    if (s->holds) wipe_front(&s->held, out);
    s->context += upto;
    keep_context(s);
}

static int search(struct screen *s, struct phi_result *r) {
    struct span seen = buf_span(&s->seen);
    const struct phi_leaf leaf = {.text = seen.ptr, .len = (uint32_t)seen.len};

    *r = (struct phi_result){NULL, 0};
    if (!s->candidate && !s->odd) return 0;
    int rc = s->seen.failed ? -1 : phi_scan(policy_engine(s->ground->policy), s->ground->scratch, &leaf, 1, r);
    phi_scratch_clear(s->ground->scratch);
    return rc;
}

/* full: the unit goes on. */
static void release(struct screen *s, bool full, struct buf *out) {
    struct phi_result r;

    if (unit_of(s).len == 0 || s->ground->blocked) return;
    if (search(s, &r) < 0) {
        s->ground->failed = true;
        s->ground->blocked = s->holds; /* what could not be searched does not go out */
        if (s->holds) return;
    }
    size_t upto = full ? divide(s, &r) : unit_of(s).len;
    emit(s, &r, upto, out);
    advance(s, upto);
    if (full) return;
    s->candidate = s->run = s->word = false;
}

/* ---- words ---- */

static bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static void feed_word(struct screen *s, char c) {
    bool letter = c >= 'a' && c <= 'z';

    s->word = true;
    if (letter) {
        s->letters++;
        s->odd |= s->dot;
    } else if (!c || !strchr(",;:!?'\"()-*`.{}[]", c)) {
        s->odd = true;
    }
    s->dot = c == '.';
}

/* A word ended: does the unit? */
static bool end_word(struct screen *s, char c) {
    bool plain = !s->odd, connects = s->run && s->letters <= CONNECTOR;

    if (s->odd) s->candidate = s->run = true;
    bool any = s->word;
    s->letters = 0;
    s->odd = s->dot = s->word = false;
    return c == '\n' || (any && plain && !connects) || (!any && !s->run);
}

/* The detectors see letters behind an escape of JSON text, not its own. */
static void hide_escape(struct screen *s, char c) {
    char *end = s->seen.ptr + s->seen.len;

    if (s->seen.failed || s->seen.len < 2) return;
    if (c == 'n' || c == 'r' || c == 't') end[-1] = end[-2] = ' ';
}

/* True: the unit ends behind c, which is in already. */
static bool feed(struct screen *s, char c) {
    if (s->json && s->escape) {
        s->escape = false;
        hide_escape(s, c);
        if (c == 'n' || c == 'r' || c == 't') return end_word(s, '\n');
        feed_word(s, c);
        return false;
    }
    s->escape = s->json && c == '\\';
    if (s->escape) return false;
    bool string_ended = s->json && s->quote && c == ',';
    s->quote = c == '"';
    if (!is_space(c)) {
        feed_word(s, c);
        if (!string_ended) return false;
        (void)end_word(s, '\n');
        return true;
    }
    return end_word(s, c);
}

/* ---- public ---- */

struct screen *screen_new(struct screen_ground *g, bool json) {
    struct screen *s = calloc(1, sizeof *s);

    if (!s) return NULL;
    *s = (struct screen){.ground = g, .json = json, .holds = policy_response_holds(g->policy), .mute = g->mute};
    buf_init(&s->seen, HELD_MAX);
    buf_init(&s->held, HELD_MAX);
    buf_init(&s->pieces, HELD_MAX);
    buf_init(&s->shifts, SHIFTS_MAX * sizeof(struct shift));
    return s;
}

void screen_free(struct screen *s) {
    if (!s) return;
    buf_free(&s->seen);
    buf_free(&s->held);
    buf_free(&s->pieces);
    buf_free(&s->shifts);
    explicit_bzero(s, sizeof *s);
    free(s);
}

static void note_failure(struct screen *s) {
    if (!s->seen.failed && !s->held.failed && !s->pieces.failed) return;
    s->ground->failed = s->ground->blocked = true;
}

static bool is_full(const struct screen *s) {
    return unit_of(s).len >= SCREEN_HOLD;
}

void screen_text(struct screen *s, struct span text, struct buf *out) {
    if (!s->holds) buf_add(out, text);
    for (size_t i = 0; i < text.len && !s->ground->blocked; i++) {
        struct span byte = span_sub(text, i, i + 1);
        /* A full unit is divided between characters. */
        if (is_full(s) && ((unsigned char)byte.ptr[0] & 0xc0) != 0x80) release(s, true, out);
        buf_add(&s->seen, byte.ptr[0] ? byte : span_of(" ")); /* the detectors read no NUL */
        if (s->holds) buf_add(&s->held, byte);
        if (feed(s, byte.ptr[0])) release(s, false, out);
    }
    note_failure(s);
}

void screen_own(struct screen *s, struct span value, struct buf *out) {
    const struct piece p = {unit_of(s).len, s->held.len, value.len};

    if (s->ground->blocked) return;
    if (s->holds) buf_add(&s->held, value);
    else buf_add(out, value);
    buf_add(&s->pieces, span_make((const char *)&p, sizeof p));
    buf_add(&s->seen, span_of(OWN));
    s->escape = s->quote = false;
    note_failure(s);
    if (!s->run && !s->word) release(s, false, out); /* nothing of the model's waits in front of it */
}

void screen_flush(struct screen *s, struct buf *out) {
    (void)end_word(s, '\n');
    release(s, false, out);
    s->escape = s->quote = false;
    note_failure(s);
}

bool screen_holds(const struct screen *s) {
    return s->holds && s->held.len > 0;
}

static struct shift shift_at(const struct screen *s, size_t i) {
    struct shift one;
    memcpy(&one, s->shifts.ptr + i * sizeof one, sizeof one);
    return one;
}

uint64_t screen_index(const struct screen *s, uint64_t index) {
    size_t low = 0, high = s->shifts.len / sizeof(struct shift);

    while (low < high) { /* the first mask that does not begin in front of index */
        size_t middle = low + (high - low) / 2;
        if (shift_at(s, middle).begin < index) low = middle + 1;
        else high = middle;
    }
    if (low == 0) return index;
    struct shift last = shift_at(s, low - 1);
    return index < last.end ? last.mask_end : last.mask_end + (index - last.end);
}
