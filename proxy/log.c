/* SPDX-License-Identifier: Apache-2.0
 *
 * One write(2) per line, so that lines of several threads do not mix.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

void log_event(enum log_level level, const char *event, const char *format, ...) {
    static const char *const names[] = {"error", "warn", "info"};
    char line[768];
    struct timespec now;
    struct tm utc;
    va_list args;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size_t n = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &utc);
    n += (size_t)snprintf(line + n, sizeof line - n, ".%03ldZ %s %s ", now.tv_nsec / 1000000, names[level],
                          event);
    va_start(args, format);
    int more = vsnprintf(line + n, sizeof line - n - 1, format, args);
    va_end(args);
    if (more > 0) n += (size_t)more;
    if (n > sizeof line - 2) n = sizeof line - 2;
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0) return; /* nowhere left to complain */
}
