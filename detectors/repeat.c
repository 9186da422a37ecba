/* SPDX-License-Identifier: Apache-2.0
 *
 * Seeds are the values of sure findings: whole, and for names their parts. Each is known by the hash of its
 * words; one pass over the words of all leaves takes one, two, three ... of them where a first word fits, looks
 * their hash up, and compares what it finds. So many seeds that begin alike cost no more than one.
 *
 *     finding "Greta Hollingsworth"  ->  seeds: "greta hollingsworth", "Hollingsworth", "Greta"
 *     text "Mrs HOLLINGSWORTH said"  ->  repeat
 *
 * A whole value is found in any case; a part of a name only capitalized, and when it is a common word only a family's, where it does what
 * people do ("Brown reports").
 */
#include "repeat.h"

#include <string.h>

#include "engine.h"
#include "name_words.h"
#include "resolve.h"
#include "scratch.h"
#include "text.h"

enum { SEED_SCORE = 75, SEEDS_MAX = 4096, PART_LETTERS = 3, SCORE_WHOLE = 80, SCORE_PART = 70, VALUE_MAX = 128, WORDS_MAX = 8, GAP_MAX = 8 };
enum { START_BITS_LOG = 12, START_BITS = 1 << START_BITS_LOG, SLOTS_LEAST = 256, SLOTS_MOST = 8192 }; /* powers of two */
enum { REPEAT_VALUE, REPEAT_NAME_PART };

static const struct phi_detector_rule rules[] = {
    [REPEAT_VALUE] = {"repeat-value", "first word of a value found elsewhere", PHI_NONE},
    [REPEAT_NAME_PART] = {"repeat-name-part", "capitalized part of a name found elsewhere", PHI_NAME_UNKNOWN},
};

const struct phi_detector phi_repeat = {rules, sizeof rules / sizeof *rules, NULL};

struct seed {
    const char *text;
    uint32_t len;
    uint32_t next; /* seed with the same slot, from 1 */
    uint32_t words; /* that its hash is made of, at most WORDS_MAX */
    uint16_t kind;
    uint8_t score;
    bool part, family, everyday; /* everyday: a word of notes, too: "Brown" */
};

struct seeds {
    struct seed *v;
    uint32_t n;
    uint32_t *slots; /* heads, from 1 */
    uint32_t mask;
    uint64_t *heads; /* a bit for each first word, by its hash */
    uint32_t most_words; /* of any seed */
    uint64_t starts[START_BITS / 64]; /* a bit for each first word, by its length and first bytes */
};

/* Numbers and names that name somebody wherever they stand; not dates, ages, cities or categories. */
static bool kind_repeats(unsigned kind)
{
    if (resolve_is_name(kind))
        return true;
    if (kind == PHI_GEO_STREET || kind == PHI_GEO_FACILITY)
        return true;
    return kind >= PHI_PHONE && kind <= PHI_OTHER_CODE && kind != PHI_SSN_LAST4 && kind != PHI_BIOMETRIC && kind != PHI_PHOTO;
}

static uint32_t word_end(const char *text, uint32_t len, uint32_t at)
{
    while (at < len && text_is_alnum(text[at]))
        at++;
    return at;
}

/* Where the next word begins, or len when it is too far away. */
static uint32_t next_word(const char *text, uint32_t len, uint32_t at)
{
    uint32_t i = at;
    while (i < len && !text_is_alnum(text[i]) && i - at < GAP_MAX)
        i++;
    return i < len && text_is_alnum(text[i]) ? i : len;
}

static uint64_t hash_add(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

/* As many bits as slots, times eight. */
static bool head_has(const struct seeds *all, uint64_t word)
{
    return all->heads[(word & (8 * (uint64_t)all->mask + 7)) / 64] >> word % 64 & 1;
}

static void head_add(struct seeds *all, uint64_t word)
{
    all->heads[(word & (8 * (uint64_t)all->mask + 7)) / 64] |= (uint64_t)1 << word % 64;
}

/* The length and the first four bytes of the word at `at`, in any case, as a bit. */
static inline unsigned word_start(const char *text, uint32_t len, uint32_t at, uint32_t n)
{
    uint32_t first = 0;
    if (len - at >= sizeof first)
        memcpy(&first, text + at, sizeof first);
    else
        memcpy(&first, text + at, n < sizeof first ? n : sizeof first);
    first |= 0x20202020;
    if (n < sizeof first)
        first &= ((uint32_t)1 << 8 * n) - 1;
    return ((first ^ n << 16) * 0x9E3779B1u) >> (32 - START_BITS_LOG);
}

/* The hash of the words of a seed, which is told how many they are. */
static uint64_t seed_hash(struct seeds *all, struct seed *seed)
{
    uint64_t hash = 0;
    for (uint32_t at = 0; at < seed->len && seed->words < WORDS_MAX; seed->words++) {
        uint32_t end = word_end(seed->text, seed->len, at);
        uint64_t word = text_hash_nocase(seed->text + at, end - at);
        if (seed->words == 0) {
            unsigned start = word_start(seed->text, seed->len, at, end - at);
            all->starts[start / 64] |= (uint64_t)1 << start % 64;
            head_add(all, word);
        }
        hash = hash_add(hash, word);
        at = next_word(seed->text, seed->len, end);
    }
    return hash;
}

static void seed_add(struct seeds *all, const char *text, uint32_t begin, uint32_t end, struct seed seed)
{
    while (begin < end && !text_is_alnum(text[begin]))
        begin++;
    while (end > begin && !text_is_alnum(text[end - 1]))
        end--;
    if (begin >= end || end - begin > VALUE_MAX || all->n == SEEDS_MAX)
        return;
    seed.text = text + begin;
    seed.len = end - begin;
    uint64_t hash = seed_hash(all, &seed);
    uint32_t *slot = &all->slots[hash & all->mask];
    for (uint32_t i = *slot; i; i = all->v[i - 1].next) {
        const struct seed *old = &all->v[i - 1];
        if (old->len == seed.len && old->part == seed.part && text_equal_nocase(old->text, seed.text, seed.len)) {
            if (old->kind == PHI_NAME_PROVIDER) /* two people, or one said twice: not surely the professional */
                all->v[i - 1].kind = seed.kind;
            return;
        }
    }
    seed.next = *slot;
    all->most_words = seed.words > all->most_words ? seed.words : all->most_words;
    all->v[all->n++] = seed;
    *slot = all->n;
}

/* A professional is called by the family name; a given name alone is as likely a patient's. */
static void seed_name_part(struct seeds *all, const char *text, uint32_t begin, uint32_t end, unsigned kind, bool family)
{
    bool everyday = name_word_is_common(text + begin, end - begin);
    if (end < begin + PART_LETTERS || !text_is_letter(text[begin]) || (everyday && !family))
        return;
    if (kind == PHI_NAME_PROVIDER && !family)
        kind = PHI_NAME_UNKNOWN;
    seed_add(all, text, begin, end,
             (struct seed){.kind = (uint16_t)kind, .score = SCORE_PART, .part = true, .family = family, .everyday = everyday});
}

static bool value_is_telling(const char *text, uint32_t len, unsigned kind)
{
    uint32_t letters = 0, digits = 0;
    for (uint32_t i = 0; i < len; i++) {
        letters += text_is_letter(text[i]);
        digits += text_is_digit(text[i]);
    }
    if (resolve_is_name(kind))
        return letters >= PART_LETTERS && !name_word_is_common(text, len);
    return letters + digits >= 5 && (digits >= 4 || len >= 8);
}

static void seeds_collect(struct seeds *all, const struct phi_scratch *s, const struct phi_leaf *leaves)
{
    const struct phi_finding *v = s->findings.v;
    const struct finding_note *notes = s->notes.v;
    for (uint32_t i = 0; i < s->n_findings; i++) {
        const char *text = leaves[v[i].leaf].text;
        if (v[i].score < SEED_SCORE || !kind_repeats(v[i].kind) ||
            !value_is_telling(text + v[i].begin, v[i].end - v[i].begin, v[i].kind))
            continue;
        bool name = resolve_is_name(v[i].kind);
        bool one_word = word_end(text, v[i].end, v[i].begin) == v[i].end;
        if (name && one_word)
            seed_name_part(all, text, v[i].begin, v[i].end, v[i].kind, notes[i].family_begin < notes[i].family_end);
        else
            seed_add(all, text, v[i].begin, v[i].end, (struct seed){.kind = v[i].kind, .score = SCORE_WHOLE});
        if (!name || one_word)
            continue;
        seed_name_part(all, text, notes[i].family_begin, notes[i].family_end, v[i].kind, true);
        seed_name_part(all, text, notes[i].given_begin, notes[i].given_end, v[i].kind, false);
    }
}

/* Does the seed stand at `at`, up to case and the width of spaces? Its end, or 0. */
static uint32_t seed_fits(const struct seed *seed, const char *text, uint32_t len, uint32_t at)
{
    uint32_t i = at;
    for (uint32_t k = 0; k < seed->len; k++) {
        if (i >= len)
            return 0;
        if (text_is_space(seed->text[k]) && text_is_space(text[i])) {
            while (k + 1 < seed->len && text_is_space(seed->text[k + 1]))
                k++;
            while (i < len && text_is_space(text[i]))
                i++;
            continue;
        }
        if (text_lower(seed->text[k]) != text_lower(text[i]))
            return 0;
        i++;
    }
    return i < len && text_is_alnum(text[i]) ? 0 : i;
}

static bool is_capitalized(const char *text, uint32_t at)
{
    return text_is_upper(text[at]) || (unsigned char)text[at] >= 0x80;
}

/* A part of a name in small letters stands between blanks, as the name did: in names of files and of things it is nobody's. */
static bool is_small_word(const struct seed *seed, const char *text, uint32_t len, uint32_t at)
{
    char behind = at + seed->len < len ? text[at + seed->len] : ' ';
    return !is_capitalized(seed->text, 0) && (!at || text_is_space(text[at - 1])) && (text_is_space(behind) || behind == ',' || behind == '.' || behind == '?' || behind == '!');
}

/* "[Brown] reports", "[Brown]'s labs": a family that is an everyday word, with what only people do behind it. */
static bool is_told_of(const struct seed *seed, const char *text, uint32_t len, uint32_t at)
{
    static const char told[] = " reports denies states is was has had complains presents says said admits endorses will needs lives feels came went takes reported denied stated presented refuses refused agrees agreed wants ";
    uint32_t end = at + seed->len;
    if (end + 2 >= len || !text_is_upper(text[at]) || text_is_upper(text[at + 1]))
        return false;
    if (text[end] == '\'')
        return text[end + 1] == 's';
    return text[end] == ' ' && text_among(told, text + end + 1, text_letters(text + end + 1, len - end - 1));
}

/* The longest seed among those of `words` words with this hash that stands at `at`. */
static void repeat_look(const struct seeds *all, uint64_t hash, uint32_t words, const char *text, uint32_t len, uint32_t at,
                        const struct seed **best, uint32_t *best_end)
{
    for (uint32_t i = all->slots[hash & all->mask]; i; i = all->v[i - 1].next) {
        const struct seed *seed = &all->v[i - 1];
        if (seed->words != words || seed->text == text + at || (seed->part && !is_capitalized(text, at) && !is_small_word(seed, text, len, at)))
            continue;
        if (seed->everyday && !is_told_of(seed, text, len, at))
            continue;
        uint32_t to = seed_fits(seed, text, len, at);
        if (to > *best_end) {
            *best = seed;
            *best_end = to;
        }
    }
}

/* A candidate for the longest seed at a word; the number added, or -1. */
static int repeat_at(const struct seeds *all, struct phi_candidates *sink, const char *text, uint32_t len, uint32_t at,
                     uint32_t end)
{
    uint64_t word = text_hash_nocase(text + at, end - at), hash = 0;
    const struct seed *best = NULL;
    uint32_t best_end = 0;
    if (!head_has(all, word))
        return 0;
    for (uint32_t words = 1; words <= WORDS_MAX; words++) {
        hash = hash_add(hash, word);
        repeat_look(all, hash, words, text, len, at, &best, &best_end);
        uint32_t next = words < all->most_words ? next_word(text, len, end) : len;
        if (next == len)
            break;
        end = word_end(text, len, next);
        word = text_hash_nocase(text + next, end - next);
    }
    if (!best)
        return 0;
    struct phi_candidate c = {
        .begin = at, .end = best_end, .kind = best->kind, .score = best->score, .via = PHI_VIA_REPEAT,
        .rule = best->part ? REPEAT_NAME_PART : REPEAT_VALUE};
    if (best->family)
        c.family = (struct phi_part){at, best_end};
    return phi_candidate_add(sink, &c) < 0 ? -1 : 1;
}

static int repeat_leaf(const struct seeds *all, struct phi_candidates *sink, const struct marks *m, const char *text, uint32_t len)
{
    int added = 0;
    for (uint32_t base = 0; base < len; base += MARKS_BYTES, m++) {
        uint64_t in = m->letters | m->digits;
        for (uint64_t starts = marks_alnum_starts(m); starts; starts &= starts - 1) {
            unsigned k = (unsigned)__builtin_ctzll(starts);
            uint64_t behind = ~in >> k;
            uint32_t at = base + k, end = behind ? at + (unsigned)__builtin_ctzll(behind) : word_end(text, len, at);
            unsigned start = word_start(text, len, at, end - at);
            if (!(all->starts[start / 64] >> start % 64 & 1))
                continue;
            int rc = repeat_at(all, sink, text, len, at, end);
            if (rc < 0)
                return -1;
            added |= rc;
        }
    }
    return added;
}

/* Tables as large as the findings ask for: a document of few texts must not pay for one of many. */
static int seeds_prepare(struct seeds *all, struct phi_scratch *s)
{
    uint32_t slots = SLOTS_LEAST, most = 3 * s->n_findings < SEEDS_MAX ? 3 * s->n_findings : SEEDS_MAX;
    while (slots < SLOTS_MOST && slots < 2 * most)
        slots *= 2;
    *all = (struct seeds){.mask = slots - 1};
    if (phi_array_reserve(&s->work[4], most * sizeof *all->v) < 0 ||
        phi_array_reserve(&s->work[5], slots * sizeof *all->slots) < 0 || phi_array_reserve(&s->work[6], slots) < 0)
        return -1;
    all->v = s->work[4].v;
    all->slots = s->work[5].v;
    all->heads = s->work[6].v;
    memset(all->slots, 0, slots * sizeof *all->slots);
    memset(all->heads, 0, slots);
    return 0;
}

int repeat_scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves, size_t n)
{
    struct seeds all;
    int added = 0;
    if (s->n_findings == 0)
        return 0;
    if (seeds_prepare(&all, s) < 0)
        return -1;
    seeds_collect(&all, s, leaves);
    for (size_t i = 0; i < n && all.n; i++) {
        scratch_aim(s, e, &phi_repeat, &leaves[i], (uint32_t)i);
        if (marks_read_bits(&s->marks, leaves[i].text, leaves[i].len) < 0)
            return -1;
        int rc = repeat_leaf(&all, &s->found, s->marks.v, leaves[i].text, leaves[i].len);
        if (rc < 0)
            return -1;
        added |= rc;
    }
    return added;
}
