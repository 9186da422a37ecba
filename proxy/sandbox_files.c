/* SPDX-License-Identifier: Apache-2.0
 *
 * Landlock, without a library: three system calls. The numbers are those of the kernel's interface; headers of Debian 12 know
 * only some of them.
 *
 * A rule names a directory and holds for all below it, also for files that are put there later: so a reload may read what
 * was rotated in, and the audit log may rotate. A file that is replaced by another of its name would be lost to a rule that
 * names the file, which is why resolv.conf and its like are covered by their directories.
 */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum access { /* linux/landlock.h, up to version 5 */
    MAY_EXECUTE = 1 << 0,
    MAY_WRITE = 1 << 1,
    MAY_READ = 1 << 2,
    MAY_LIST = 1 << 3,
    MAY_REMOVE_DIRECTORY = 1 << 4,
    MAY_REMOVE = 1 << 5,
    MAY_MAKE_FILE = 1 << 8,
    MAY_MOVE = 1 << 13,     /* from version 2 */
    MAY_TRUNCATE = 1 << 14, /* from version 3 */
    MAY_IOCTL = 1 << 15     /* from version 5 */
};

#define OF_VERSION_1 0x1fffu
#define OF_FILES (MAY_EXECUTE | MAY_WRITE | MAY_READ | MAY_TRUNCATE | MAY_IOCTL) /* a file takes no others */

/* What libraries read while the gateway runs: names are resolved, certificates loaded. */
static const char *const system_readable[] = {
    "/etc", "/usr", "/lib", "/lib64", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/run/nscd",
    "/dev/urandom", "/dev/random", "/sys/devices/system/cpu", "/proc/sys/kernel/random", NULL};
static const char *const system_writable[] = {"/dev/null", NULL};

int sandbox_files_version(void) {
#ifdef PHIGATE_SANITIZED /* the runtimes read what they like of /proc */
    return 0;
#else
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? (int)version : 0;
#endif
}

static uint64_t handled(int version) {
    uint64_t all = OF_VERSION_1;

    if (version >= 2) all |= MAY_MOVE;
    if (version >= 3) all |= MAY_TRUNCATE;
    if (version >= 5) all |= MAY_IOCTL;
    return all;
}

static int allow(int rules, const char *path, uint64_t access) {
    struct landlock_path_beneath_attr rule = {.allowed_access = access};
    struct stat st;
    int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0) return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -1;
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode)) rule.allowed_access &= OF_FILES;
    rule.parent_fd = fd;
    long rc = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(fd);
    return rc == 0 ? 0 : -1;
}

static int allow_all(int rules, const char *const *paths, uint64_t access) {
    for (; paths && *paths; paths++)
        if (allow(rules, *paths, access) < 0) return -1;
    return 0;
}

static int add_rules(int rules, const struct sandbox_paths *p, uint64_t all) {
    const uint64_t read = MAY_READ | MAY_LIST;
    const uint64_t write = (read | MAY_WRITE | MAY_MAKE_FILE | MAY_REMOVE | MAY_TRUNCATE) & all;

    if (allow_all(rules, system_readable, read) < 0 || allow_all(rules, p->readable, read) < 0) return -1;
    return allow_all(rules, system_writable, write) < 0 ? -1 : allow_all(rules, p->writable, write);
}

int sandbox_files(const struct sandbox_paths *p) {
    int version = sandbox_files_version();
    struct landlock_ruleset_attr attributes = {.handled_access_fs = handled(version)};

    if (version == 0) return 0;
    /* The first member alone: kernels and headers differ in what follows. */
    long rules = syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes.handled_access_fs, 0);
    if (rules < 0) return -1;
    int rc = add_rules((int)rules, p, attributes.handled_access_fs);
    if (rc == 0) rc = (int)syscall(SYS_landlock_restrict_self, rules, 0);
    close((int)rules);
    return rc == 0 ? version : -1;
}
