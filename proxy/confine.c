/* SPDX-License-Identifier: Apache-2.0
 *
 * A part that the kernel lacks is said and done without, unless the configuration requires it.
 */
#include "confine.h"

#include <stdio.h>

#include "config.h"
#include "log.h"
#include "memory.h"
#include "sandbox.h"

static int missing(const struct config *c, const char *part, int rc) {
    bool required = c->sandbox == CONFIG_SANDBOX_REQUIRED;

    log_event(required ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN, "sandbox.missing", "part=%s reason=%s%s", part,
              rc < 0 ? "refused" : "not-offered", required ? " the-configuration=requires-it" : "");
    return required ? -1 : 0;
}

int confine_files(const struct config *c) {
    const struct sandbox_paths paths = {c->readable, c->writable};
    bool locked = memory_lock();

    log_event(LOG_LEVEL_INFO, "sandbox.memory", "cores=no dumpable=no locked=%s", locked ? "yes" : "no");
    if (c->sandbox == CONFIG_SANDBOX_OFF) return 0;
    int version = sandbox_files(&paths);
    if (version <= 0) return missing(c, "files", version);
    log_event(LOG_LEVEL_INFO, "sandbox.files", "landlock=%d", version);
    return 0;
}

int confine_calls(const struct config *c) {
    if (c->sandbox == CONFIG_SANDBOX_OFF) {
        log_event(LOG_LEVEL_WARN, "sandbox.off", "by=configuration");
        return 0;
    }
    int rc = sandbox_calls();
    if (rc <= 0) return missing(c, "calls", rc);
    log_event(LOG_LEVEL_INFO, "sandbox.calls", "seccomp=yes");
    return 0;
}

void confine_describe(const struct config *c, char *out, size_t size) {
    const char *swap = memory_lockable() ? "will not" : "may";
    char files[64] = "not confined (this kernel has no Landlock)";
    int version = sandbox_files_version();

    if (c->sandbox == CONFIG_SANDBOX_OFF) {
        snprintf(out, size, "no core dumps, not dumpable, memory %s be swapped; files and system calls not confined (mode: off)", swap);
        return;
    }
    if (version) snprintf(files, sizeof files, "confined (Landlock %d)", version);
    snprintf(out, size, "no core dumps, not dumpable, memory %s be swapped; files %s; system calls %s", swap, files,
             sandbox_calls_offered() ? "filtered (seccomp)" : "not filtered (no seccomp here)");
}
