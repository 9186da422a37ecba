/* SPDX-License-Identifier: Apache-2.0
 *
 * The sandbox from inside: a child enters it and tries what it should and should not be able to do.
 */
#include "../../proxy/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char home[64]; /* with "read/given", "write" and "other/secret" in it */
static char *at(const char *name) {
    static char path[4][160];
    static unsigned turn;
    char *p = path[turn++ % 4];
    snprintf(p, sizeof *path, "%s/%s", home, name);
    return p;
}

static void put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static int setup(void **state) {
    (void)state;
    snprintf(home, sizeof home, "/tmp/phigate-sandbox-XXXXXX");
    assert_non_null(mkdtemp(home));
    for (const char *const *d = (const char *const[]){"read", "write", "other", NULL}; *d; d++)
        assert_int_equal(mkdir(at(*d), 0700), 0);
    put(at("read/given"), "x");
    put(at("other/secret"), "x");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    const char *const names[] = {"read/given", "read/later", "write/log", "write/log.1", "other/secret", "read", "write", "other"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        remove(at(names[i]));
    return rmdir(home);
}

/* What the child's function returned, or 1000 + the signal that ended it. */
static int in_child(int (*run)(void)) {
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        alarm(30);
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        _exit(run());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- files ---- */

static bool opens(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC, 0600);
    if (fd >= 0) close(fd);
    return fd >= 0;
}

static int enter_files(void) {
    const char *readable[] = {at("read"), "/nowhere/at/all", NULL}, *writable[] = {at("write"), NULL};
    return sandbox_files(&(struct sandbox_paths){readable, writable});
}

static int try_files(void) {
    if (enter_files() <= 0) return 100;
    if (!opens(at("read/given"), O_RDONLY)) return 1;
    if (opens(at("read/given"), O_WRONLY)) return 2;
    if (opens(at("read/later"), O_WRONLY | O_CREAT)) return 3;
    if (opens(at("other/secret"), O_RDONLY)) return 4;
    if (opens(at("other"), O_RDONLY | O_DIRECTORY)) return 5;
    if (rename(at("read/given"), at("write/log")) == 0) return 6;
    if (unlink(at("other/secret")) == 0) return 7;
    if (!opens(at("write/log"), O_RDWR | O_CREAT)) return 8;
    if (rename(at("write/log"), at("write/log.1")) != 0) return 9;
    if (!opens(at("write/log"), O_RDWR | O_CREAT | O_EXCL)) return 10;
    if (unlink(at("write/log.1")) != 0) return 11;
    if (mkdir(at("write/new"), 0700) == 0) return 12;
    if (symlink("/etc", at("write/link")) == 0) return 13;
    if (!opens("/etc/hosts", O_RDONLY) || !opens("/dev/null", O_RDWR)) return 14;
    if (opens("/proc/self/mem", O_RDONLY) || opens("/etc/hosts", O_WRONLY)) return 15;
    execl("/bin/true", "true", (char *)NULL);
    return errno == EACCES ? 0 : 16;
}

static void files_are_those_that_were_named(void **state) {
    (void)state;
    if (sandbox_files_version() == 0) skip();
    assert_int_equal(in_child(try_files), 0);
}

static int try_rotated(void) {
    if (enter_files() <= 0) return 100;
    for (int i = 0; i < 500 && !opens(at("read/later"), O_RDONLY); i++)
        usleep(20000);
    return opens(at("read/later"), O_RDONLY) ? 0 : 1;
}

/* A certificate that is renewed later is read: the rule is that of its directory. */
static void later_files_of_a_directory_are_read(void **state) {
    int status;
    (void)state;
    if (sandbox_files_version() == 0) skip();
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        _exit(try_rotated());
    }
    usleep(50000);
    put(at("write/log"), "new");
    assert_int_equal(rename(at("write/log"), at("read/later")), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- calls ---- */

static void *add_one(void *arg) {
    ++*(int *)arg;
    return NULL;
}

static int try_calls(void) {
    struct addrinfo *found = NULL, hints = {.ai_socktype = SOCK_STREAM};
    pthread_t thread;
    int n = 0;

    if (sandbox_calls() != 1) return 100;
    if (pthread_create(&thread, NULL, add_one, &n) != 0 || pthread_join(thread, NULL) != 0 || n != 1) return 1;
    if (getaddrinfo("localhost", "80", &hints, &found) != 0) return 2;
    freeaddrinfo(found);
    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    if (tcp < 0) return 3;
    if (listen(tcp, 1) == 0 || errno != EPERM) return 4;
    if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EPERM) return 5;
    if (kill(getppid(), 0) == 0 || errno != EPERM) return 6;
    if (prctl(PR_SET_DUMPABLE, 1) == 0 || errno != EPERM) return 7;
    if (chmod("/tmp/nothing-there", 0700) == 0 || errno != EPERM) return 8;
    void *p = malloc(4u << 20);
    if (!p) return 9;
    free(p);
    return opens("/dev/null", O_RDWR) ? 0 : 10;
}

static int try_exec(void) {
    if (sandbox_calls() != 1) return 100;
    execl("/bin/true", "true", (char *)NULL);
    return 1;
}

static int try_fork(void) {
    if (sandbox_calls() != 1) return 100;
    pid_t pid = fork();
    if (pid == 0) _exit(0);
    return 1;
}

static int try_trace(void) {
    if (sandbox_calls() != 1) return 100;
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    return 1;
}

static pthread_barrier_t barrier;

static void *exec_later(void *arg) {
    (void)arg;
    pthread_barrier_wait(&barrier);
    execl("/bin/true", "true", (char *)NULL);
    return NULL;
}

static int try_older_thread(void) {
    pthread_t thread;

    pthread_barrier_init(&barrier, NULL, 2);
    if (pthread_create(&thread, NULL, exec_later, NULL) != 0 || sandbox_calls() != 1) return 100;
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    return 1;
}

static int try_abort(void) {
    if (sandbox_calls() != 1) return 100;
    abort();
}

static void calls_are_those_of_serving(void **state) {
    (void)state;
    if (!sandbox_calls_offered()) skip();
    assert_int_equal(in_child(try_calls), 0);
    assert_int_equal(in_child(try_exec), 1000 + SIGSYS);
    assert_int_equal(in_child(try_fork), 1000 + SIGSYS);
    assert_int_equal(in_child(try_trace), 1000 + SIGSYS);
    assert_int_equal(in_child(try_older_thread), 1000 + SIGSYS); /* threads from before are filtered too */
    assert_int_equal(in_child(try_abort), 1000 + SIGABRT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_are_those_that_were_named, setup, teardown),
        cmocka_unit_test_setup_teardown(later_files_of_a_directory_are_read, setup, teardown),
        cmocka_unit_test(calls_are_those_of_serving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
