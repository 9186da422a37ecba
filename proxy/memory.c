/* SPDX-License-Identifier: Apache-2.0
 *
 * malloc_usable_size tells how much a block holds, so that nothing has to be kept beside it.
 */
#include "memory.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <linux/capability.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void wipe_free(void *p) {
    if (!p) return;
    explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

/* realloc would free the old place unwiped when it moves. */
static void *wipe_realloc(void *old, size_t size) {
    size_t had = old ? malloc_usable_size(old) : 0;
    void *p;

    if (old && size && size <= had && size >= had / 2) return old;
    p = malloc(size ? size : 1);
    if (!p) return NULL;
    if (old) memcpy(p, old, had < size ? had : size);
    wipe_free(old);
    return p;
}

static char *copy_string(const char *s) {
    return strdup(s);
}

static void *crypto_malloc(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    return malloc(size ? size : 1);
}

static void *crypto_realloc(void *p, size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    return wipe_realloc(p, size);
}

static void crypto_free(void *p, const char *file, int line) {
    (void)file;
    (void)line;
    wipe_free(p);
}

int memory_guard_libraries(void) {
    if (!CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free)) return -1;
    event_set_mem_functions(malloc, wipe_realloc, wipe_free);
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_free, wipe_realloc, copy_string, calloc) == CURLE_OK
               ? 0
               : -1;
}

static bool has_capability(unsigned number) {
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};

    return syscall(SYS_capget, &head, sets) == 0 && (sets[number / 32].effective >> number % 32 & 1);
}

bool memory_lockable(void) {
    struct rlimit limit;

    if (has_capability(CAP_IPC_LOCK)) return true;
    return getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY;
}

bool memory_lock(void) {
    return memory_lockable() && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

int memory_guard_process(void) {
    const struct rlimit none = {0, 0};

    if (setrlimit(RLIMIT_CORE, &none) < 0) return -1;
    if (prctl(PR_SET_DUMPABLE, 0) < 0) return -1;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
