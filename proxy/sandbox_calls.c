/* SPDX-License-Identifier: Apache-2.0
 *
 * A filter of system calls, written as the kernel's little program:
 *
 *   other processor or calling convention ............ the process ends
 *   starts programs, looks into others, loads code ... the process ends: nothing here ever does that
 *   needed to serve .................................. allowed, some only with certain arguments
 *   anything else .................................... EPERM: a newer library may try something and do without
 *
 * The kernel remembers which calls are allowed whatever their arguments, so that these cost nothing further.
 */
#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The sanitizers' runtimes start programs and trace their own threads. */
#if defined(PHIGATE_SANITIZED)
#define ARCHITECTURE 0
#elif defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define ARCHITECTURE 0
#endif

#define NUMBERS_END 0x40000000u /* above: the calls of the x32 convention */
#define SET_VMA 0x53564d41u     /* PR_SET_VMA: names of memory, by the C library */

static const int never[] = {
    SYS_execve, SYS_execveat, SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kexec_load, SYS_init_module,
    SYS_finit_module, SYS_delete_module, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_unshare, SYS_setns, SYS_mount,
    SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_open_by_handle_at, SYS_add_key, SYS_request_key, SYS_keyctl, SYS_reboot,
    SYS_swapon, SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setresuid, SYS_io_uring_setup, SYS_pidfd_getfd,
};

static const int always[] = {
    /* bytes */
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev, SYS_lseek, SYS_close,
    SYS_fcntl, SYS_dup, SYS_dup3, SYS_pipe2, SYS_eventfd2, SYS_timerfd_create, SYS_timerfd_settime,
    /* sockets */
    SYS_connect, SYS_bind, SYS_accept, SYS_accept4, SYS_sendto, SYS_recvfrom, SYS_sendmsg, SYS_recvmsg, SYS_sendmmsg,
    SYS_recvmmsg, SYS_shutdown, SYS_getsockname, SYS_getpeername, SYS_setsockopt, SYS_getsockopt, SYS_socketpair,
    /* waiting */
    SYS_ppoll, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_pwait, SYS_futex, SYS_nanosleep,
    SYS_clock_nanosleep, SYS_sched_yield, SYS_restart_syscall,
    /* files: which ones is not decided here */
    SYS_openat, SYS_newfstatat, SYS_fstat, SYS_statx, SYS_faccessat, SYS_faccessat2, SYS_readlinkat, SYS_getdents64,
    SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_fallocate, SYS_flock, SYS_fadvise64, SYS_renameat, SYS_renameat2, SYS_unlinkat,
    SYS_mkdirat, SYS_fchmod, SYS_fchown, SYS_getcwd, SYS_umask, SYS_fstatfs, SYS_statfs,
    /* memory; compiled patterns are written and then executed */
    SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_mlock, SYS_mlock2, SYS_munlock, SYS_msync,
    /* threads and signals */
    SYS_set_robust_list, SYS_rseq, SYS_exit, SYS_exit_group, SYS_gettid, SYS_getpid, SYS_getppid, SYS_getuid, SYS_geteuid,
    SYS_getgid, SYS_getegid, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait, SYS_sigaltstack,
    SYS_membarrier, SYS_sched_getaffinity, SYS_getcpu,
    /* time, chance, the machine */
    SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_getrandom, SYS_getrusage, SYS_sysinfo, SYS_uname, SYS_prlimit64,
#ifdef SYS_open /* the older forms, which newer processors do not have */
    SYS_open, SYS_stat, SYS_lstat, SYS_access, SYS_readlink, SYS_rename, SYS_unlink, SYS_mkdir, SYS_poll, SYS_select,
    SYS_epoll_wait, SYS_time, SYS_getrlimit, SYS_pipe, SYS_dup2,
#endif
};

struct program {
    struct sock_filter v[512];
    unsigned short n;
    bool full;
};

static void add(struct program *p, unsigned short code, uint32_t k, uint8_t yes, uint8_t no) {
    if (p->n == sizeof p->v / sizeof *p->v)
        p->full = true;
    else
        p->v[p->n++] = (struct sock_filter){code, yes, no, k};
}

static void load(struct program *p, size_t offset) {
    add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void answer(struct program *p, uint32_t with) {
    add(p, BPF_RET | BPF_K, with, 0, 0);
}

/* What is loaded equals k: this answer. */
static void when(struct program *p, uint32_t k, uint32_t with) {
    add(p, BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1);
    answer(p, with);
}

/* The call with one of these values as its first (0) or second (1) argument; otherwise EPERM. */
static void when_argument(struct program *p, int call, unsigned argument, const uint32_t *values, uint8_t n) {
    add(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, (uint8_t)(2 + 2 * n));
    load(p, offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t));
    for (uint8_t i = 0; i < n; i++)
        when(p, values[i], SECCOMP_RET_ALLOW);
    answer(p, SECCOMP_RET_ERRNO | EPERM);
}

/* Threads, no processes. The newer form hides its flags behind a pointer; the C library does without it. */
static void allow_threads(struct program *p) {
    when(p, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    add(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
    load(p, offsetof(struct seccomp_data, args));
    add(p, BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1);
    answer(p, SECCOMP_RET_ALLOW);
    answer(p, SECCOMP_RET_KILL_PROCESS);
}

static void write_program(struct program *p) {
    const uint32_t domains[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    const uint32_t requests[] = {FIONREAD, FIONBIO, TCGETS};
    const uint32_t options[] = {PR_SET_NAME, SET_VMA};
    const uint32_t self[] = {(uint32_t)getpid()};

    load(p, offsetof(struct seccomp_data, arch));
    add(p, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
    answer(p, SECCOMP_RET_KILL_PROCESS);
    load(p, offsetof(struct seccomp_data, nr));
    when(p, UINT32_MAX, SECCOMP_RET_ALLOW); /* no call: what a debugger writes to leave one out */
    add(p, BPF_JMP | BPF_JGE | BPF_K, NUMBERS_END, 0, 1);
    answer(p, SECCOMP_RET_KILL_PROCESS);
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        when(p, (uint32_t)always[i], SECCOMP_RET_ALLOW);
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        when(p, (uint32_t)never[i], SECCOMP_RET_KILL_PROCESS);
    allow_threads(p);
    when_argument(p, SYS_socket, 0, domains, 4);
    when_argument(p, SYS_ioctl, 1, requests, 3);
    when_argument(p, SYS_prctl, 0, options, 2);
    when_argument(p, SYS_tgkill, 0, self, 1); /* abort */
    answer(p, SECCOMP_RET_ERRNO | EPERM);
}

bool sandbox_calls_offered(void) {
    const uint32_t action = SECCOMP_RET_KILL_PROCESS;
    return ARCHITECTURE != 0 && syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int sandbox_calls(void) {
    struct program p = {.n = 0};

    if (!sandbox_calls_offered()) return 0;
    write_program(&p);
    struct sock_fprog program = {.len = p.n, .filter = p.v};
    if (p.full) return -1;
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0 ? 1 : -1;
}
