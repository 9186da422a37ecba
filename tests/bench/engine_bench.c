/* SPDX-License-Identifier: Apache-2.0
 *
 * What a scan costs: megabytes per second of CPU time and, by the processor's own counter where it may be read,
 * instructions per byte. Instructions are the steadier figure on a shared machine.
 *
 *   engine_bench [--policy P] [--rounds N] CORPUS.jsonl...  each document as one text, N times over
 *   engine_bench [--policy P] --leaf 60 CORPUS.jsonl...   each document as many texts of that length
 *   engine_bench [--policy P] --check CORPUS.jsonl...     is the fast scan equal to the slow one?
 *   engine_bench [--policy P] --dump CORPUS.jsonl...      every finding as numbers, to compare two builds
 *   engine_bench [--policy P] --hostile                   texts made to cost much
 *   engine_bench --curve CORPUS.jsonl                     over the number of rules, then of dictionary entries
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "../../detectors/dictionary.h"
#include "../../detectors/phi.h"
#include "../../detectors/words.h"
#include "../../policies/engine/policy.h"
#include "../../proxy/arena.h"
#include "../../proxy/phi_tool.h"

enum { ARENA_BYTES = 1 << 28, LEAVES_MOST = 1 << 16, HOSTILE_BYTES = 64 * 1024 };

struct bench {
    struct phi_engine *engine;
    struct phi_scratch *scratch;
    struct phi_leaf *leaves;
    uint32_t leaf_size; /* 0: whole documents */
    int counter;        /* of instructions, -1 = none */
    unsigned rounds;
    bool check, dump;
    uint64_t bytes, documents, findings, instructions, different;
    double seconds;
};

static double cpu_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int counter_open(void)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_HARDWARE, .size = sizeof attr, .config = PERF_COUNT_HW_INSTRUCTIONS,
                                   .exclude_kernel = 1, .exclude_hv = 1};
    return (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}

static uint64_t counter_read(int fd)
{
    uint64_t value = 0;
    return fd >= 0 && read(fd, &value, sizeof value) == sizeof value ? value : 0;
}

/* Cuts a text into leaves on character borders. */
static size_t leaves_cut(const struct bench *b, const char *text, size_t len)
{
    size_t n = 0, size = b->leaf_size ? b->leaf_size : len;
    for (size_t at = 0; at < len && n < LEAVES_MOST;) {
        size_t end = len - at > size ? at + size : len;
        while (end < len && ((unsigned char)text[end] & 0xC0) == 0x80)
            end++;
        b->leaves[n++] = (struct phi_leaf){.text = text + at, .len = (uint32_t)(end - at)};
        at = end;
    }
    return n;
}

static void findings_print(const struct bench *b, const struct phi_result *r)
{
    for (size_t i = 0; i < r->n; i++)
        printf("%lu %u %u-%u %u %s %u %u %u\n", (unsigned long)b->documents, r->v[i].leaf, r->v[i].begin, r->v[i].end, r->v[i].kind,
               phi_rule_id(b->engine, r->v[i].rule), r->v[i].score, r->v[i].via, r->v[i].subject);
}

static int compare_slow(struct bench *b, size_t n, const struct phi_result *fast)
{
    struct phi_result slow;
    struct phi_finding *copy = malloc((fast->n + 1) * sizeof *copy);
    size_t found = fast->n;
    if (!copy)
        return -1;
    if (found)
        memcpy(copy, fast->v, found * sizeof *copy);
    int rc = phi_scan_slow(b->engine, b->scratch, b->leaves, n, &slow);
    b->different += rc < 0 || slow.n != found || (found && memcmp(copy, slow.v, found * sizeof *copy) != 0);
    free(copy);
    return rc;
}

static int bench_text(struct bench *b, const char *text, size_t len)
{
    struct phi_result r;
    size_t n = leaves_cut(b, text, len);
    double begin = cpu_now();
    uint64_t count = counter_read(b->counter);
    for (unsigned i = 0; i < b->rounds; i++)
        if (phi_scan(b->engine, b->scratch, b->leaves, n, &r) < 0)
            return -1;
    b->instructions += counter_read(b->counter) - count;
    b->seconds += cpu_now() - begin;
    b->bytes += len * b->rounds;
    b->findings += r.n;
    if (b->dump)
        findings_print(b, &r);
    b->documents++;
    return b->check ? compare_slow(b, n, &r) : 0;
}

static int bench_line(struct bench *b, struct span line)
{
    struct arena *a = arena_new(ARENA_BYTES);
    struct phi_line record;
    int rc = a && phi_read_line(a, line, &record) == 0 ? bench_text(b, record.text.ptr, record.text.len) : -1;
    arena_free(a);
    return rc;
}

static void bench_report(struct bench *b, const char *name)
{
    if (!b->dump)
        printf("%-28s %7.1f MB/s %8.1f instr/B %8lu findings %5lu documents", name, (double)b->bytes / 1e6 / b->seconds,
               (double)b->instructions / (double)(b->bytes ? b->bytes : 1), (unsigned long)b->findings, (unsigned long)b->documents);
    if (b->check)
        printf(" %lu differ", (unsigned long)b->different);
    if (!b->dump)
        puts("");
    b->bytes = b->documents = b->findings = b->instructions = 0;
    b->seconds = 0;
}

static int bench_corpus(struct bench *b, const char *path)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    struct buf input;
    int rc = 0;
    if (phi_read(path, &input) < 0)
        return -1;
    for (size_t begin = 0; begin < input.len && rc == 0;) {
        size_t end = span_find(buf_span(&input), '\n', begin);
        struct span line = span_trim(span_sub(buf_span(&input), begin, end));
        rc = line.len ? bench_line(b, line) : 0;
        begin = end + 1;
    }
    buf_free(&input);
    bench_report(b, name);
    return rc;
}

/* ---- texts made to cost much ---- */

static int bench_hostile(struct bench *b)
{
    static const char *const pieces[] = {"1-1-1-", "a@a.a@", "Aa Aa ", "123 Aa Bb ", "00:11:22:", "((((", "[[((", "1 ", "12/12/", "Dr. Aa ",
                                         "MRN: ", "Jan 1 ", "one two ", "a.a.a.", "%41%", "&#65;", "A: ", "aa bb cc ", "MRN 1", "http://",
                                         "x", "5 ", "QWxhZGRp", "Aa, TX ", "a at ", "Aa Bb County ", "Aa Aa Hospital ",
                                         "Hospital ", "12 Aa St ", "a.jpg ", "a (at) ", "a.com/", "Aa, TX 1", "a1a1", "one1", "\\u0041", "Patient: Roe\tAttending: Poe. ",
                                         "to Interventional Radiology, ", "Aaa-", "alpha 12 ", "Third Degree of "};
    char *text = malloc(HOSTILE_BYTES);
    int rc = text ? 0 : -1;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces && rc == 0; i++) {
        size_t n = strlen(pieces[i]);
        for (size_t at = 0; at < HOSTILE_BYTES; at++)
            text[at] = pieces[i][at % n];
        rc = bench_text(b, text, HOSTILE_BYTES);
        bench_report(b, pieces[i]);
    }
    free(text);
    return rc;
}

/* ---- over the number of rules ---- */

static struct phi_engine *engine_of(unsigned rules, const char *dictionary)
{
    struct phi_engine *e = phi_engine_new();
    char err[200], id[32], pattern[64];
    int offset;
    for (unsigned i = 0; e && i < rules; i++) {
        snprintf(id, sizeof id, "rule-%u", i);
        if (i % 3 == 0) /* digits, a keyword, an opening of letters */
            snprintf(pattern, sizeof pattern, "(?<!\\d)%u\\d{%u}-\\d{2}(?!\\d)", i % 10, 2 + i % 5);
        else if (i % 3 == 1)
            snprintf(pattern, sizeof pattern, "(?i)\\bword%c%c[: ]+\\d{4}", 'a' + i / 26 % 26, 'a' + i % 26);
        else
            snprintf(pattern, sizeof pattern, "\\b[A-Z]%c%c\\d{4,9}\\b", 'A' + i / 26 % 26, 'A' + i % 26);
        struct phi_rule rule = {.id = id, .kind = PHI_MRN, .pattern = pattern, .score = 60};
        if (phi_engine_add(e, &rule, err, sizeof err, &offset) < 0)
            return NULL;
    }
    if (e && dictionary && phi_engine_dictionary(e, dictionary, err, sizeof err) < 0)
        return NULL;
    return e && phi_engine_seal(e, err, sizeof err) == 0 ? e : NULL;
}

static int bench_rules(struct bench *b, const char *path)
{
    static const unsigned counts[] = {50, 100, 200, 500, 1000};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        char name[32];
        double begin = cpu_now();
        b->engine = engine_of(counts[i], NULL);
        if (!b->engine)
            return -1;
        snprintf(name, sizeof name, "%u rules", counts[i]);
        printf("%-12s built in %6.1f ms  ", name, (cpu_now() - begin) * 1e3);
        if (bench_corpus(b, path) < 0)
            return -1;
        phi_engine_unref(b->engine);
    }
    return 0;
}

/* ---- over the size of the dictionary ---- */

enum { SURNAME_FACTS = 4 << 3 | 6 << 6 | FACT_LISTED, HEADER_BYTES = 64, PROBE_FIELD = 12 };

static void slot_add(uint64_t *slots, uint64_t n, uint64_t hash, uint32_t *probe)
{
    uint64_t at = (uint64_t)((unsigned __int128)hash * n >> 64), tag = hash & (UINT64_MAX >> DICTIONARY_PAYLOAD_BITS);
    uint32_t k = 1;
    for (; slots[at] && slots[at] >> DICTIONARY_PAYLOAD_BITS != tag; k++)
        at = at + 1 == n ? 0 : at + 1;
    slots[at] = tag << DICTIONARY_PAYLOAD_BITS | SURNAME_FACTS;
    *probe = k > *probe ? k : *probe;
}

/* The capitalized words of the corpus are names in every dictionary, so that all find the same; the rest is made up. */
static void corpus_add(struct span corpus, uint64_t *slots, uint64_t n, uint32_t *probe)
{
    for (size_t i = 0; i + 1 < corpus.len; i++) {
        char folded[32];
        size_t len = 0;
        if (corpus.ptr[i] < 'A' || corpus.ptr[i] > 'Z' || corpus.ptr[i + 1] < 'a' || corpus.ptr[i + 1] > 'z')
            continue;
        for (; len < sizeof folded && i < corpus.len && (corpus.ptr[i] | 0x20) >= 'a' && (corpus.ptr[i] | 0x20) <= 'z'; i++)
            folded[len++] = (char)(corpus.ptr[i] | 0x20);
        if (len < sizeof folded && len % 4 == 1) /* one in four, or they would all be names */
            slot_add(slots, n, words_hash(folded, len), probe);
    }
}

/* Writes a dictionary of so many entries to a file; see dictionary.c for the format. */
static int dictionary_write(int fd, unsigned entries, struct span corpus)
{
    uint64_t n = (uint64_t)entries * 3 / 2, bloom = ((uint64_t)entries * 8 + 63) / 64 * 64, sum = UINT64_C(0xCBF29CE484222325);
    size_t size = HEADER_BYTES + n * 8 + 2 * bloom / 8;
    uint8_t *file = calloc(1, size);
    uint64_t *slots = (uint64_t *)(void *)(file + HEADER_BYTES), head[3] = {n, bloom, bloom};
    uint32_t version = DICTIONARY_VERSION, probe = 1;
    if (!file)
        return -1;
    for (unsigned i = 0; i < entries; i++) {
        char word[24];
        slot_add(slots, n, words_hash(word, (size_t)snprintf(word, sizeof word, "madeup%x", (i + 1) * 2654435761u)), &probe);
    }
    corpus_add(corpus, slots, n, &probe);
    memcpy(file, "PHIWORDS", 8);
    memcpy(file + 8, &version, 4);
    memcpy(file + PROBE_FIELD, &probe, 4);
    memcpy(file + 16, head, sizeof head);
    for (size_t i = HEADER_BYTES; i < size; i += 8) {
        uint64_t word;
        memcpy(&word, file + i, 8);
        sum = (sum ^ word) * UINT64_C(0x100000001B3);
    }
    memcpy(file + 40, &sum, 8);
    ssize_t wrote = write(fd, file, size);
    free(file);
    return wrote == (ssize_t)size ? 0 : -1;
}

static int bench_dictionary(struct bench *b, const char *path, unsigned entries, struct span corpus)
{
    char name[32], file[] = "/tmp/engine_bench.XXXXXX";
    int fd = mkstemp(file), rc = fd < 0 ? -1 : dictionary_write(fd, entries, corpus);
    double begin = cpu_now();
    b->engine = rc == 0 ? engine_of(200, file) : NULL;
    snprintf(name, sizeof name, "%u entries", entries);
    printf("%-16s loaded in %5.1f ms  ", name, (cpu_now() - begin) * 1e3);
    rc = b->engine ? bench_corpus(b, path) : -1;
    phi_engine_unref(b->engine);
    unlink(file);
    close(fd);
    return rc;
}

static int bench_curve(struct bench *b, const char *path)
{
    static const unsigned counts[] = {10000, 30000, 100000, 300000, 1000000};
    struct buf corpus;
    int rc = bench_rules(b, path);
    if (rc < 0 || phi_read(path, &corpus) < 0)
        return -1;
    for (size_t i = 0; i < sizeof counts / sizeof *counts && rc == 0; i++)
        rc = bench_dictionary(b, path, counts[i], buf_span(&corpus));
    buf_free(&corpus);
    return rc;
}

int main(int argc, char **argv)
{
    const char *name = NULL, *size = NULL, *rounds = NULL;
    bool hostile = false, curve = false;
    struct bench b = {.counter = counter_open()};
    const struct phi_option options[] = {{"--policy", &name, NULL}, {"--leaf", &size, NULL}, {"--rounds", &rounds, NULL}, {"--check", NULL, &b.check},
                                         {"--dump", NULL, &b.dump}, {"--hostile", NULL, &hostile}, {"--curve", NULL, &curve}};
    int rc = 0;
    argc--, argv++;
    if (phi_options(&argc, argv, options, sizeof options / sizeof *options) < 0)
        return 2;
    double begin = cpu_now();
    struct policy *p = curve ? NULL : phi_policy(name);
    if (!curve && !p)
        return 2;
    b.engine = p ? policy_engine(p) : NULL;
    if (p && !b.dump)
        printf("policy loaded in %.1f ms\n", (cpu_now() - begin) * 1e3);
    b.rounds = rounds ? (unsigned)strtoul(rounds, NULL, 10) : 1;
    b.leaf_size = size ? (uint32_t)strtoul(size, NULL, 10) : 0;
    b.leaves = calloc(LEAVES_MOST, sizeof *b.leaves);
    b.scratch = phi_scratch_new();
    if (!b.leaves || !b.scratch)
        return 2;
    if (hostile)
        rc = bench_hostile(&b);
    for (int i = 0; i < argc && rc == 0; i++)
        rc = curve ? bench_curve(&b, argv[i]) : bench_corpus(&b, argv[i]);
    if (rc < 0)
        fputs("a text could not be read or scanned\n", stderr);
    phi_scratch_free(b.scratch);
    free(b.leaves);
    policy_unref(p);
    return rc < 0 || b.different ? 1 : 0;
}
