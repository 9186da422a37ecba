/* SPDX-License-Identifier: Apache-2.0
 *
 * The wall clock may jump; order is held by the sequence, durations by the monotonic clock under its boot id.
 */
#include "audit_clock.h"

#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static int read_boot_id(char out[AUDIT_UUID_LEN + 1]) {
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;

    ssize_t n = read(fd, out, AUDIT_UUID_LEN);
    close(fd);
    out[AUDIT_UUID_LEN] = '\0';
    return n == AUDIT_UUID_LEN ? 0 : -1;
}

int audit_clock_init(struct audit_clock *c) {
    *c = (struct audit_clock){.second = INT64_MIN};
    return read_boot_id(c->boot);
}

uint64_t audit_clock_mono(void) {
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void put_digits(char *out, size_t n, unsigned long value) {
    while (n-- > 0) {
        out[n] = (char)('0' + value % 10);
        value /= 10;
    }
}

static void set_time(struct audit_clock *c, const struct timespec *now) {
    if (now->tv_sec != c->second) {
        struct tm utc;
        gmtime_r(&now->tv_sec, &utc);
        memcpy(c->ts, "0000-00-00T00:00:00.000000Z", AUDIT_TIME_LEN + 1);
        put_digits(c->ts, 4, (unsigned long)(utc.tm_year + 1900));
        put_digits(c->ts + 5, 2, (unsigned long)(utc.tm_mon + 1));
        put_digits(c->ts + 8, 2, (unsigned long)utc.tm_mday);
        put_digits(c->ts + 11, 2, (unsigned long)utc.tm_hour);
        put_digits(c->ts + 14, 2, (unsigned long)utc.tm_min);
        put_digits(c->ts + 17, 2, (unsigned long)utc.tm_sec);
        c->second = now->tv_sec;
    }
    put_digits(c->ts + 20, 6, (unsigned long)now->tv_nsec / 1000);
}

static int set_id(struct audit_clock *c, const struct timespec *now) {
    static const char hex[] = "0123456789abcdef";
    uint64_t ms = (uint64_t)now->tv_sec * 1000 + (uint64_t)now->tv_nsec / 1000000;
    unsigned char b[16];
    size_t at = 0;

    if (c->pool_left < sizeof b) {
        if (getrandom(c->pool, sizeof c->pool, 0) != (ssize_t)sizeof c->pool) return -1;
        c->pool_left = sizeof c->pool;
    }
    c->pool_left -= sizeof b;
    memcpy(b, c->pool + c->pool_left, sizeof b);
    for (int i = 0; i < 6; i++)
        b[i] = (unsigned char)(ms >> (40 - 8 * i));
    b[6] = (unsigned char)(0x70 | (b[6] & 0x0F));
    b[8] = (unsigned char)(0x80 | (b[8] & 0x3F));
    for (size_t i = 0; i < sizeof b; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) c->id[at++] = '-';
        c->id[at++] = hex[b[i] >> 4];
        c->id[at++] = hex[b[i] & 15];
    }
    c->id[at] = '\0';
    return 0;
}

int audit_clock_next(struct audit_clock *c) {
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    set_time(c, &now);
    c->mono = audit_clock_mono();
    return set_id(c, &now);
}
