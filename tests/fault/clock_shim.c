/* SPDX-License-Identifier: Apache-2.0
 *
 * A wall clock that jumps: preloaded into a gateway, it adds to CLOCK_REALTIME what a file says. The file is mapped at the start,
 * before the gateway shuts itself in; a test writes into it while the gateway runs.
 *
 *   cc -shared -fPIC -o clock_shim.so clock_shim.c; CLOCK_SHIM=FILE LD_PRELOAD=clock_shim.so phigate ...
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile long long *offset; /* seconds */

__attribute__((constructor)) static void begin(void) {
    const char *name = getenv("CLOCK_SHIM");
    int fd = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;

    if (fd < 0) return;
    void *p = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    if (p != MAP_FAILED) offset = p;
}

int clock_gettime(clockid_t clock, struct timespec *t) {
    int rc = (int)syscall(SYS_clock_gettime, clock, t);

    if (rc == 0 && clock == CLOCK_REALTIME && offset) t->tv_sec += (time_t)*offset;
    return rc;
}

time_t time(time_t *out) {
    struct timespec t = {0};

    clock_gettime(CLOCK_REALTIME, &t);
    if (out) *out = t.tv_sec;
    return t.tv_sec;
}
