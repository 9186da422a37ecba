/* SPDX-License-Identifier: Apache-2.0
 *
 * What the running gateway gives up, so that a fault in a parser or a library gives little: files are those of the
 * configuration and of the system's libraries, only the audit log's directory can be written (Landlock); system calls are
 * those that serving needs, no program can be started (seccomp). Each part is used where the kernel has it; what holds is
 * told, and `sandbox: {mode: required}` makes a missing part an error.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include "span.h"

/* Of the calling thread and those it starts later; call it before there are others. Directories that do not exist are left
 * out. Returns the version of the kernel's Landlock that is in force, 0 when it has none, -1 when it refused. */
struct sandbox_paths {
    const char *const *readable, *const *writable; /* directories or files, NULL-terminated */
};
int sandbox_files(const struct sandbox_paths *p);
int sandbox_files_version(void); /* what the kernel offers; 0: nothing */

/* Of all threads, also those of libraries. No listener can be opened afterwards. 1 in force, 0 when the kernel or the
 * processor has no filter, -1 when it refused. */
int sandbox_calls(void);
bool sandbox_calls_offered(void);

#endif
