/* SPDX-License-Identifier: Apache-2.0
 *
 * The built-in detectors. A new one is a line in the table; order decides ties, so the surest come first.
 */
#include <stdio.h>

#include "beside.h"
#include "engine.h"
#include "fields.h"
#include "initials.h"
#include "labelled.h"
#include "prose.h"
#include "repeat.h"
#include "roster_scan.h"
#include "structured.h"
#include "titles.h"
#include "turns.h"

const struct phi_detector *const phi_detectors[] = {
    &phi_roster_detector,
    &phi_fields,
    &phi_structured,
    &phi_labelled,
    &phi_titles,
    &phi_turns,
    &prose_detector,
    &phi_beside,
    &phi_repeat,
    &phi_initials,
};
const unsigned phi_detectors_n = sizeof phi_detectors / sizeof *phi_detectors;

unsigned engine_detector_base(const struct phi_engine *e, unsigned detector)
{
    unsigned base = e->n;
    for (unsigned i = 0; i < detector && i < phi_detectors_n; i++)
        base += phi_detectors[i]->n;
    return base;
}

unsigned engine_detector_rule(const struct phi_engine *e, const struct phi_detector *detector, unsigned rule)
{
    unsigned base = e->n;
    for (unsigned i = 0; i < phi_detectors_n && phi_detectors[i] != detector; i++)
        base += phi_detectors[i]->n;
    return base + rule;
}

size_t phi_rule_count(const struct phi_engine *e)
{
    return engine_detector_base(e, phi_detectors_n);
}

static const struct phi_detector_rule *detector_rule(const struct phi_engine *e, unsigned rule)
{
    if (rule < e->n)
        return NULL;
    rule -= e->n;
    for (unsigned i = 0; i < phi_detectors_n; i++) {
        if (rule < phi_detectors[i]->n)
            return &phi_detectors[i]->rules[rule];
        rule -= phi_detectors[i]->n;
    }
    return NULL;
}

const char *phi_rule_id(const struct phi_engine *e, unsigned rule)
{
    const struct phi_detector_rule *built_in = detector_rule(e, rule);
    if (built_in)
        return built_in->id;
    return rule < e->n ? e->rules[rule].id : "";
}

const char *phi_rule_file(const struct phi_engine *e, unsigned rule, uint32_t *line)
{
    *line = rule < e->n ? e->rules[rule].line : 0;
    return rule < e->n ? e->rules[rule].file : "built-in";
}

enum phi_kind phi_rule_kind(const struct phi_engine *e, unsigned rule)
{
    const struct phi_detector_rule *built_in = detector_rule(e, rule);
    if (built_in)
        return (enum phi_kind)built_in->kind;
    return rule < e->n ? (enum phi_kind)e->rules[rule].kind : PHI_NONE;
}

bool phi_rule_built_in(const struct phi_engine *e, unsigned rule)
{
    return detector_rule(e, rule) != NULL;
}

const char *phi_rule_trigger(const struct phi_engine *e, unsigned rule)
{
    const struct phi_detector_rule *built_in = detector_rule(e, rule);
    if (built_in)
        return built_in->trigger;
    return rule < e->n ? e->rules[rule].trigger.what : "";
}
