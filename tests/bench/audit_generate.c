/* SPDX-License-Identifier: Apache-2.0
 *
 * A log as a gateway would have written it over some years, without waiting for them: chained, under a key, with its head.
 *
 *   audit_generate LOG RECORDS      also makes LOG.key
 */
#include "../../proxy/audit_hash.h"
#include "../../proxy/audit_head.h"
#include "../../proxy/audit_record.h"
#include "../../proxy/buf.h"
#include "../../proxy/hex.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FLUSH (4u << 20)
#define USERS 40
#define PATIENTS 20000
#define START 1700000000
#define STEP_US 3700000 /* between a decision and the next */

static const unsigned char key[AUDIT_KEY_LEN] = "audit-generate";

struct generator {
    struct audit_hasher *hasher;
    struct buf out;
    char hash[AUDIT_HEX_LEN + 1];
    uint64_t seq, random;
    int fd;
};

static uint64_t draw(struct generator *g) {
    g->random ^= g->random << 13;
    g->random ^= g->random >> 7;
    g->random ^= g->random << 17;
    return g->random;
}

static void flush(struct generator *g) {
    if (g->out.failed || write(g->fd, g->out.ptr, g->out.len) != (ssize_t)g->out.len) abort();
    g->out.len = 0;
}

static void put(struct generator *g, struct audit_record *r, uint64_t us) {
    char ts[40], id[40];
    time_t second = START + (time_t)(us / 1000000);
    struct tm utc;
    size_t before = g->out.len;

    gmtime_r(&second, &utc);
    size_t n = strftime(ts, sizeof ts, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(ts + n, sizeof ts - n, ".%06uZ", (unsigned)(us % 1000000));
    snprintf(id, sizeof id, "0192d3c1-7a00-7000-8000-%012llx", (unsigned long long)++g->seq);
    struct audit_stamp stamp = {.seq = g->seq, .mono = us, .boot = "7d1c3f80-0000-4000-8000-000000000001", .id = id, .node = "bench",
                                .prev = g->hash, .ts = ts};
    if (audit_record_write(r, &stamp, g->hasher, &g->out) < 0) abort();
    if (audit_hasher_sha256(g->hasher, span_sub(buf_span(&g->out), before, g->out.len), g->hash) < 0) abort();
    buf_add_char(&g->out, '\n');
    audit_record_free(r);
    if (g->out.len > FLUSH) flush(g);
}

static struct audit_record *decision(struct generator *g, uint64_t n) {
    static const char *const kinds[] = {"{\"DATE\":2,\"MRN\":1,\"NAME.PATIENT\":1}", "{\"NAME.PATIENT\":2,\"PHONE\":1}", "{\"MRN\":1,\"SSN\":1}"};
    struct audit_record *r = audit_record_new("decision");
    unsigned user = (unsigned)(draw(g) % USERS), patient = (unsigned)(draw(g) % PATIENTS);
    char text[512], a[AUDIT_HASH_LEN + 1], b[AUDIT_HASH_LEN + 1], value[32];

    if (!r) abort();
    snprintf(text, sizeof text, "r-%llu", (unsigned long long)n);
    audit_add_text(r, "request_id", text);
    audit_add_text(r, "decision", draw(g) % 50 ? "edit" : "block");
    snprintf(text, sizeof text, "{\"client\":\"client-%u\",\"ip\":\"192.0.2.%u\",\"role\":\"user\",\"user\":\"user-%u\"}", user, user, user);
    audit_add_json(r, "actor", span_of(text));
    audit_add_json(r, "request", span_of("{\"bytes\":2048,\"endpoint\":\"chat_completions\",\"leaves\":6,\"model\":\"gpt-*\",\"stream\":true}"));
    audit_add_json(r, "policy", span_of("{\"claim\":\"phi_under_baa\",\"digest\":\"0000000000000000000000000000000000000000000000000000000000000000\","
                                        "\"id\":\"minimum-necessary\",\"mode\":\"enforce\"}"));
    audit_add_text(r, "purpose", "treatment");
    audit_add_json(r, "upstream", span_of("{\"agreement\":\"BAA-2026-014\",\"name\":\"openai\",\"trust\":\"agreement\"}"));
    audit_add_json(r, "findings", span_of("[{\"action\":\"tokenize\",\"count\":2,\"kind\":\"NAME.PATIENT\",\"letter\":\"A\",\"path\":\"messages[*].content\","
                                          "\"rule\":\"name-labelled\",\"score\":92,\"via\":1}]"));
    audit_add_json(r, "found", span_of(kinds[draw(g) % 3]));
    snprintf(value, sizeof value, "%08u", patient);
    if (audit_hasher_value(g->hasher, "MRN", span_of(value), a) < 0) abort();
    snprintf(value, sizeof value, "Patient %u", patient);
    if (audit_hasher_value(g->hasher, "NAME", span_of(value), b) < 0) abort();
    snprintf(text, sizeof text, "[\"MRN:%s\",\"NAME:%s\"]", a, b);
    audit_add_json(r, "values", span_of(text));
    return r;
}

static struct audit_record *outcome(uint64_t n) {
    struct audit_record *r = audit_record_new("outcome");
    char id[32];

    if (!r) abort();
    snprintf(id, sizeof id, "r-%llu", (unsigned long long)n);
    audit_add_text(r, "request_id", id);
    audit_add_text(r, "result", "complete");
    audit_add_number(r, "status", 200);
    audit_add_number(r, "bytes_out", 4096);
    audit_add_number(r, "tokens_in", 512);
    audit_add_number(r, "tokens_out", 256);
    return r;
}

static void write_key(const char *log) {
    char name[4096], hex[2 * AUDIT_KEY_LEN + 2];

    snprintf(name, sizeof name, "%s.key", log);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    hex_write(key, sizeof key, hex);
    hex[2 * AUDIT_KEY_LEN] = '\n';
    if (fd < 0 || write(fd, hex, 2 * AUDIT_KEY_LEN + 1) < 0) abort();
    close(fd);
}

int main(int argc, char **argv) {
    struct generator g = {.hasher = audit_hasher_new(key), .random = 88172645463325252u};
    uint64_t records = argc == 3 ? strtoull(argv[2], NULL, 10) : 0, us = 0;
    const char *reason;

    if (records < 2 || !g.hasher) {
        fputs("usage: audit_generate LOG RECORDS\n", stderr);
        return 2;
    }
    g.fd = open(argv[1], O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (g.fd < 0) return 2;
    buf_init(&g.out, 2 * FLUSH);
    memset(g.hash, '0', AUDIT_HEX_LEN);
    struct audit_record *start = audit_record_new("lifecycle");
    audit_add_text(start, "event", "start");
    put(&g, start, us);
    for (uint64_t n = 1; g.seq + 2 <= records; n++, us += STEP_US) {
        struct audit_record *d = decision(&g, n);
        bool blocked = span_is(audit_record_text(d, "decision"), "block");
        put(&g, d, us);
        if (!blocked) put(&g, outcome(n), us + 900000);
    }
    flush(&g);
    close(g.fd);
    write_key(argv[1]);
    int head = audit_head_open(argv[1], &reason);
    int rc = head >= 0 && audit_head_write(head, g.hasher, g.seq, g.hash) == 0 ? 0 : 2;
    buf_free(&g.out);
    audit_hasher_free(g.hasher);
    return rc;
}
