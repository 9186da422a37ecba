/* SPDX-License-Identifier: Apache-2.0
 *
 * Two batches: one is filled while the other is checked.
 */
#include "audit_macs.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "audit_hash.h"
#include "buf.h"

#define BATCH_BYTES (512u * 1024)
#define BATCH_LINES 2048
#define MAC_TEXT (sizeof "\"mac\":\"" - 1)

struct batch {
    struct buf text;
    struct entry {
        uint32_t begin, end, mac_begin, mac_end; /* mac_*: from begin */
    } v[BATCH_LINES];
    size_t n;
};

struct audit_macs {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    struct audit_hasher *hasher;
    struct batch batches[2];
    int filling;         /* the caller's */
    bool handed, ending, bad;
};

static bool holds(struct audit_hasher *h, const struct batch *b, const struct entry *e) {
    struct span line = span_sub(buf_span(&b->text), e->begin, e->end);
    char mac[AUDIT_HEX_LEN + 1];

    if (audit_hasher_mac(h, span_sub(line, 0, e->mac_begin), span_sub(line, e->mac_end, line.len), mac) < 0) return false;
    return e->mac_begin + MAC_TEXT + AUDIT_HEX_LEN <= line.len &&
           CRYPTO_memcmp(mac, line.ptr + e->mac_begin + MAC_TEXT, AUDIT_HEX_LEN) == 0;
}

static void *check_loop(void *argument) {
    struct audit_macs *m = argument;

    pthread_mutex_lock(&m->lock);
    while (!m->ending) {
        if (!m->handed) {
            pthread_cond_wait(&m->changed, &m->lock);
            continue;
        }
        struct batch *b = &m->batches[!m->filling];
        bool ok = true;
        pthread_mutex_unlock(&m->lock);
        for (size_t i = 0; ok && i < b->n; i++)
            ok = holds(m->hasher, b, &b->v[i]);
        pthread_mutex_lock(&m->lock);
        if (!ok) m->bad = true;
        m->handed = false;
        pthread_cond_broadcast(&m->changed);
    }
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

struct audit_macs *audit_macs_new(const unsigned char key[32]) {
    struct audit_macs *m = calloc(1, sizeof *m);
    if (!m) return NULL;

    for (int i = 0; i < 2; i++)
        buf_init(&m->batches[i].text, BATCH_BYTES);
    m->hasher = audit_hasher_new(key);
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->changed, NULL);
    if (m->hasher && pthread_create(&m->thread, NULL, check_loop, m) == 0) return m;
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->changed);
    audit_hasher_free(m->hasher);
    free(m);
    return NULL;
}

/* Until the thread has nothing to do; then it gets what was filled. */
static bool hand_over(struct audit_macs *m) {
    pthread_mutex_lock(&m->lock);
    while (m->handed)
        pthread_cond_wait(&m->changed, &m->lock);
    m->filling = !m->filling;
    m->handed = true;
    bool ok = !m->bad;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
    struct batch *b = &m->batches[m->filling];
    b->n = 0;
    b->text.len = 0;
    return ok;
}

int audit_macs_add(struct audit_macs *m, struct span line, size_t mac_begin, size_t mac_end) {
    struct batch *b = &m->batches[m->filling];

    if (b->n == BATCH_LINES || b->text.len + line.len > BATCH_BYTES) {
        if (!hand_over(m)) return -1;
        b = &m->batches[m->filling];
    }
    size_t begin = b->text.len;
    buf_add(&b->text, line);
    if (b->text.failed) return -1;
    b->v[b->n++] = (struct entry){(uint32_t)begin, (uint32_t)b->text.len, (uint32_t)mac_begin, (uint32_t)mac_end};
    return 0;
}

bool audit_macs_hold(struct audit_macs *m) {
    bool ok = hand_over(m);

    pthread_mutex_lock(&m->lock);
    while (m->handed)
        pthread_cond_wait(&m->changed, &m->lock);
    ok = !m->bad && ok;
    pthread_mutex_unlock(&m->lock);
    return ok;
}

void audit_macs_free(struct audit_macs *m) {
    if (!m) return;
    pthread_mutex_lock(&m->lock);
    m->ending = true;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
    pthread_join(m->thread, NULL);
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->changed);
    audit_hasher_free(m->hasher);
    for (int i = 0; i < 2; i++)
        buf_free(&m->batches[i].text);
    free(m);
}
