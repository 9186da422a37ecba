/* SPDX-License-Identifier: Apache-2.0
 *
 * A document from leaves to findings:
 *
 *     each leaf:  raw view --> rules, detectors ---+
 *                 folded views --> the same -------+--> candidates --> resolve --> seeds --> repeat --> resolve
 *                 its label ---------------------- +
 *
 * The fast and the slow scan differ in one call (dispatch_scan or dispatch_scan_in_turn).
 */
#include "scan.h"

#include <stdio.h>
#include <string.h>

#include "beside.h"
#include "canonical.h"
#include "context.h"
#include "engine.h"
#include "fields.h"
#include "generic_place.h"
#include "initials.h"
#include "lexicon.h"
#include "lone.h"
#include "name_words.h"
#include "repeat.h"
#include "resolve.h"
#include "roster_scan.h"
#include "speaker.h"
#include "subject.h"
#include "text.h"

enum { BODY_REACH = 48, SPEECH_MOST = 60, SCORE_EXPLAINED = 40 };

struct rule_scan {
    const struct phi_engine *e;
    struct phi_scratch *s;
    const struct view *view;
};

/* "127.0.0.1", "10.0.4.17", "0.0.0.0": addresses that many machines have (RFC 1918, RFC 6890). */
static bool is_private_address(const char *v, uint32_t len)
{
    static const char *const heads[] = {"0.", "10.", "127.", "192.168.", "169.254.", "255.", "224.", "::1", "fe80:"};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (len >= strlen(heads[i]) && memcmp(v, heads[i], strlen(heads[i])) == 0)
            return true;
    return len > 7 && memcmp(v, "172.", 4) == 0 && ((v[4] == '1' && v[5] >= '6') || v[4] == '2' || (v[4] == '3' && v[5] <= '1')) &&
           v[6] == '.';
}

/* A query, a long number or a picture of something that has one may lead to somebody. */
static bool is_plain_link(const char *v, uint32_t len)
{
    unsigned digits = 0, all = 0;
    for (uint32_t i = 0; i < len; i++) {
        digits = text_is_digit(v[i]) ? digits + 1 : 0;
        all += digits > 0;
        if (digits > 6 || v[i] == '?' || v[i] == '@')
            return false;
    }
    bool picture = len > 4 && (text_equal_nocase(v + len - 4, ".jpg", 4) || text_equal_nocase(v + len - 4, ".png", 4));
    return !picture || all < 4;
}

/* A date in the report of a study, a link or an address of a machine in source code: nobody's. */
static bool genre_explains(const struct rule_scan *scan, unsigned kind, uint32_t begin, uint32_t end)
{
    const char *value = scan->view->text + begin;
    enum genre by = kind == PHI_DATE_OTHER || kind == PHI_GEO_FACILITY                                       ? GENRE_STUDY
                    : kind == PHI_URL && is_plain_link(value, end - begin)       ? GENRE_CODE
                    : kind == PHI_IP && is_private_address(value, end - begin)   ? GENRE_CODE
                                                                                 : GENRE_UNKNOWN;
    if (by == GENRE_UNKNOWN || (kind == PHI_DATE_OTHER && !genre_is_studys(scan->view->text, scan->view->len, begin, end)))
        return false;
    return scratch_genre(scan->s, scan->view->text, scan->view->len) == by;
}

/* "INTERPRETER: She says", "PHARMACY: Okay": what the rule takes for its label is who speaks. */
static bool is_speech(const struct view *view, const struct rule *rule, uint32_t begin)
{
    bool cued = resolve_is_name(rule->kind) || rule->kind == PHI_GEO_FACILITY;
    return cued && rule->score <= SPEECH_MOST && speaker_before(view->text, view->len, begin);
}

/* "American Academy of Pediatrics", "American Hospital Association": who speaks for all hospitals is none. */
static bool is_public_body(const char *text, uint32_t len, uint32_t begin)
{
    static const char *const nations[] = {"American ", "National ", "International "}, *const bodies[] = {" Association", " Academy of", " College of", " Society", " Institutes", " Federation"};
    for (size_t i = 0; i < sizeof nations / sizeof *nations; i++) {
        uint32_t n = (uint32_t)strlen(nations[i]), before = begin >= n && memcmp(text + begin - n, nations[i], n) == 0 ? n : 0, from = begin - before;
        uint32_t reach = len - from < BODY_REACH ? len - from : BODY_REACH;
        for (size_t k = 0; reach > n && memcmp(text + from, nations[i], n) == 0 && k < sizeof bodies / sizeof *bodies; k++)
            if (memmem(text + from, reach, bodies[k], strlen(bodies[k])))
                return true;
    }
    return false;
}

/* "Employer: None", "Interpreter: Vietnamese": no answer, or what he speaks. */
static bool is_no_answer(const struct rule *rule, const char *text, uint32_t begin, uint32_t end)
{
    bool name = resolve_is_name(rule->kind);
    if ((!name && rule->kind != PHI_GEO_FACILITY) || name_word_end(text, end, begin) != end)
        return false;
    if (name && text_lower(text[end - 1]) == 's' && place_has_only_departments(text, begin, end)) /* "Interpreter Services" */
        return true;
    return field_value_is_empty(text + begin, end - begin) || (name && name_word_classes(text, end, begin) & LEX(COUNTRY));
}

/* "Pastor Quill's program": where the name ends. */
static uint32_t name_end(const struct rule *rule, const char *text, uint32_t begin, uint32_t end)
{
    static const char *const tails[] = {"'s", "\xE2\x80\x99s"};
    if (!resolve_is_name(rule->kind) || rule->kind == PHI_NAME_EMPLOYER)
        return end;
    for (size_t k = 0; k < sizeof tails / sizeof *tails; k++) {
        uint32_t n = (uint32_t)strlen(tails[k]);
        if (end - begin > n && memcmp(text + end - n, tails[k], n) == 0)
            return end - n;
    }
    return end;
}

/* "Attends Quill Middle School", "DME Quill Oxygen": where the name begins. */
static uint32_t place_begin(const struct rule *rule, const char *text, uint32_t begin, uint32_t end)
{
    static const char *const leads[] = {"Attends ", "Client ", "Facility ", "DME ", "ED ", "ER ", "BLS ", "ALS ", "EMS ", "Via ", "Branch ", "Per ", "Called ", "Explain ", "Possible "};
    for (size_t k = 0; rule->kind == PHI_GEO_FACILITY && k < sizeof leads / sizeof *leads; k++) {
        uint32_t n = (uint32_t)strlen(leads[k]);
        if (end - begin > n + 3 && memcmp(text + begin, leads[k], n) == 0)
            return begin + n;
    }
    return begin;
}

static int rule_found(void *context, uint32_t number, const struct phi_match *match)
{
    const struct rule_scan *scan = context;
    const struct rule *rule = &scan->e->rules[number];
    const char *text = scan->view->text;
    uint32_t begin = match->value_begin, end = match->value_end;
    if (begin >= end)
        return 0;
    end = name_end(rule, text, begin, end);
    begin = place_begin(rule, text, begin, end);
    if (rule->validate && !rule->validate(text + begin, end - begin))
        return 0;
    if (rule->kind == PHI_GEO_FACILITY && is_public_body(text, scan->view->len, begin))
        return 0;
    if (is_speech(scan->view, rule, begin) || is_no_answer(rule, scan->view->text, begin, end))
        return 0;
    int score = rule->score;
    if (rule->n_words) {
        bool near = context_has(rule, text, scan->view->len, match->begin < begin ? match->begin : begin,
                                match->end > end ? match->end : end);
        if (rule->required && !near)
            return 0;
        score += near ? rule->raise : 0;
    }
    if (genre_explains(scan, rule->kind, begin, end))
        score = score < SCORE_EXPLAINED ? score : SCORE_EXPLAINED;
    struct phi_candidate c = {
        .begin = begin,
        .end = end,
        .kind = rule->kind,
        .rule = (uint16_t)number,
        .score = (uint8_t)(score > 100 ? 100 : score),
        .base = rule->score,
    };
    return phi_candidate_add(&scan->s->found, &c);
}

static int scan_detectors(const struct phi_engine *e, struct phi_scratch *s, const struct view *view)
{
    for (unsigned i = 0; i < phi_detectors_n; i++) {
        const struct phi_detector *d = phi_detectors[i];
        if (!d->run)
            continue;
        s->found.rule_base = engine_detector_base(e, i);
        s->found.rules = d->n;
        if (d->run(e, s, view->text, view->len, &s->found) < 0 || s->found.failed)
            return -1;
    }
    return 0;
}

static int scan_rules(const struct phi_engine *e, struct phi_scratch *s, const struct view *view, uint32_t leaf,
                      bool in_turn)
{
    struct rule_scan scan = {e, s, view};
    struct phi_candidates *sink = &s->found;
    s->longest = view->len > s->longest ? view->len : s->longest;
    if (marks_read(&s->marks, view->text, view->len) < 0)
        return -1;
    s->dispatch.marks = s->marks.v;
    s->genre = GENRE_UNKNOWN;
    sink->leaf = leaf;
    sink->text = view->text;
    sink->len = view->len;
    sink->map = view->map;
    sink->via = view->via;
    sink->rule_base = 0;
    sink->rules = e->n;
    int rc = in_turn ? dispatch_scan_in_turn(e->dispatch, &s->matcher, view->text, view->len, rule_found, &scan)
                     : dispatch_scan(e->dispatch, &s->matcher, &s->dispatch, view->text, view->len, rule_found,
                                     &scan);
    return rc < 0 || sink->failed ? -1 : 0;
}

int scan_view(const struct phi_engine *e, struct phi_scratch *s, const struct view *view, uint32_t leaf,
              bool in_turn)
{
    if (scan_rules(e, s, view, leaf, in_turn) < 0)
        return -1;
    return scan_detectors(e, s, view);
}

static int scan_leaf(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaf,
                     uint32_t number, bool in_turn)
{
    struct view raw = {.text = leaf->text, .len = leaf->len};
    if (leaf->len && scan_view(e, s, &raw, number, in_turn) < 0)
        return -1;
    if (leaf->len && canonical_scan(e, s, leaf, number, in_turn) < 0)
        return -1;
    return fields_label(e, s, leaf, number);
}

enum { SEAM_BYTES = 64 };

/* Parts of one text: the same message, and the same field of it. */
static bool leaves_join(const struct phi_leaf *a, const struct phi_leaf *b)
{
    bool same_label = a->label_len == b->label_len && !a->label == !b->label &&
                      (!a->label || memcmp(a->label, b->label, a->label_len) == 0);
    return a->group && a->group == b->group && same_label && a->len && b->len;
}

/* A value that was cut goes on as it was: digits with digits, letters with letters. What changes there is two values. A mark
 * or a blank on either side of the seam may be part of a number. */
static bool seam_goes_on(const struct phi_leaf *left, const struct phi_leaf *right)
{
    static const char marks[] = "-./_ ";
    char last = left->text[left->len - 1], first = right->text[0];
    if (first && strchr(marks, first) && right->len > 1)
        return text_is_digit(last) && text_is_digit(right->text[1]);
    if (last == ' ' && left->len > 1)
        return text_is_digit(left->text[left->len - 2]) && text_is_digit(first);
    if (text_is_space(last) || !text_is_alnum(first))
        return false;
    return !text_is_alnum(last) || text_is_digit(last) == text_is_digit(first);
}

/* The end of one leaf and the beginning of the next, read as one text by the rules. */
static int scan_seam(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *left, uint32_t number,
                     bool in_turn)
{
    const struct phi_leaf *right = left + 1;
    char text[2 * SEAM_BYTES];
    uint32_t from = left->len > SEAM_BYTES ? left->len - SEAM_BYTES : 0;
    uint32_t to = right->len > SEAM_BYTES ? SEAM_BYTES : right->len;
    while (from < left->len && ((unsigned char)left->text[from] & 0xC0) == 0x80)
        from++;
    while (to > 0 && to < right->len && ((unsigned char)right->text[to] & 0xC0) == 0x80)
        to--;
    uint32_t seam = left->len - from;
    if (seam == 0 || to == 0 || !seam_goes_on(left, right))
        return 0;
    memcpy(text, left->text + from, seam);
    memcpy(text + seam, right->text, to);
    struct view view = {.text = text, .len = seam + to, .via = PHI_VIA_JOIN};
    s->found.seam = seam;
    s->found.left_begin = from;
    int rc = scan_view(e, s, &view, number, in_turn);
    s->found.seam = 0;
    explicit_bzero(text, sizeof text);
    return rc;
}

static int scan_prepare(const struct phi_engine *e, struct phi_scratch *s)
{
    s->n_findings = 0;
    s->found.n = 0;
    s->found.failed = false;
    s->found.seam = 0;
    s->n_people = s->slips = 0;
    if (!e->sealed || phi_matcher_fit(&s->matcher, e->captures) < 0 ||
        phi_array_reserve(&s->next, (e->n + 1) * sizeof *s->dispatch.next) < 0)
        return -1;
    s->dispatch.next = s->next.v;
    return 0;
}

/* Every text is read before any is scanned: what is not UTF-8 must not meet a matcher that trusts it. */
static bool leaves_valid(const struct phi_leaf *leaves, size_t n, uint64_t *bytes)
{
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += leaves[i].len;
        if (total > INT32_MAX || !text_valid(leaves[i].text, leaves[i].len) ||
            (leaves[i].label && !text_valid(leaves[i].label, leaves[i].label_len)))
            return false;
    }
    *bytes = total;
    return true;
}

static int scan_document(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves,
                         size_t n, bool in_turn)
{
    if (n > PHI_LEAVES_MAX || scan_prepare(e, s) < 0 || !leaves_valid(leaves, n, &s->bytes))
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (scan_leaf(e, s, &leaves[i], (uint32_t)i, in_turn) < 0)
            return -1;
        if (i + 1 < n && leaves_join(&leaves[i], &leaves[i + 1]) &&
            scan_seam(e, s, &leaves[i], (uint32_t)i, in_turn) < 0)
            return -1;
    }
    if (roster_confirm(e, s, leaves) < 0 || resolve(e, s, leaves) < 0)
        return -1;
    int beside = beside_scan(e, s, leaves);
    if (beside < 0 || (beside > 0 && resolve(e, s, leaves) < 0))
        return -1;
    int repeats = repeat_scan(e, s, leaves, n), initials = repeats < 0 ? -1 : initials_scan(e, s, leaves, n);
    if (initials < 0 || (repeats + initials > 0 && resolve(e, s, leaves) < 0))
        return -1;
    lone_drop(e, s, leaves);
    return subject_number(s, leaves);
}

static int scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves, size_t n,
                struct phi_result *result, bool in_turn)
{
    *result = (struct phi_result){0};
    if (scan_document(e, s, leaves, n, in_turn) < 0) {
        s->n_findings = 0;
        return -1;
    }
    *result = (struct phi_result){s->findings.v, s->n_findings};
    return 0;
}

int phi_scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves, size_t n,
             struct phi_result *result)
{
    return scan(e, s, leaves, n, result, false);
}

int phi_scan_slow(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves, size_t n,
                  struct phi_result *result)
{
    return scan(e, s, leaves, n, result, true);
}

int phi_explain(const struct phi_engine *e, const struct phi_scratch *s, const struct phi_finding *f, char *out,
                size_t out_size)
{
    const struct phi_finding *v = s->findings.v;
    const struct finding_note *notes = s->notes.v;
    (void)e;
    for (uint32_t i = 0; i < s->n_findings; i++) {
        if (v[i].leaf != f->leaf || v[i].begin != f->begin || v[i].end != f->end || v[i].kind != f->kind)
            continue;
        int context = f->score - notes[i].base;
        int n = context ? snprintf(out, out_size, "base %d, context %+d", notes[i].base, context)
                        : snprintf(out, out_size, "base %d", notes[i].base);
        return n > 0 && (size_t)n < out_size ? 0 : -1;
    }
    return -1;
}
