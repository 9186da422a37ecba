/* SPDX-License-Identifier: Apache-2.0
 *
 * The detector of what has no shape: names, places, dates and ages in words.
 */
#ifndef PROSE_H
#define PROSE_H

#include "detector.h"

extern const struct phi_detector prose_detector;

/* Its rule of numbers that only the tagger knows. */
enum { PROSE_RULE_NUMBER = 10 };

/* The detector's work without an engine, for its own tests and measurements. */
struct phi_dictionary;
struct words;
int prose_scan(const struct phi_dictionary *d, struct words *w, const char *text, uint32_t len,
               struct phi_candidates *sink);

/* Called for every word that is decided, with its features; for fitting the weights. */
struct evidence;
typedef void prose_watch(void *context, const struct words *w, uint32_t word, const struct evidence *f);
int prose_watch_evidence(const struct phi_dictionary *d, struct words *w, const char *text, uint32_t len,
                         prose_watch *watch, void *context);
/* Called for every run of words that the tagger may read. */
struct tagger_open;
struct tagger_run;
typedef void prose_watch_run(void *context, const struct words *w, const struct tagger_open *open, struct tagger_run *run);
int prose_watch_runs(const struct phi_dictionary *d, struct words *w, const char *text, uint32_t len,
                     prose_watch_run *watch, void *context);

#endif
