/* SPDX-License-Identifier: Apache-2.0
 *
 * Operational log: one line per event on standard error, `time level event key=value ...`. Values are numbers
 * or names from the configuration. There is no way to pass a span: text of a body cannot get here.
 */
#ifndef LOG_H
#define LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO };

/* event: a constant like "audit.sync-failed". format makes "key=value key=value". */
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
