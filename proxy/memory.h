/* SPDX-License-Identifier: Apache-2.0
 *
 * Libraries copy what passes through them. Their allocators are replaced by ones that wipe before they free, and the
 * process may neither dump core nor be read by another.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "span.h"

/* First thing in main, before any library allocates. -1: a library refused. */
MUST_CHECK int memory_guard_libraries(void);

/* No core files, not dumpable, no new privileges. -1 when the kernel refuses (with errno). */
MUST_CHECK int memory_guard_process(void);

/* Keeps all memory of the process out of the swap, now and later, each page from when it is first used. Only where no limit
 * could make a later allocation fail (CAP_IPC_LOCK, or LimitMEMLOCK=infinity). */
bool memory_lock(void);
bool memory_lockable(void);

#endif
