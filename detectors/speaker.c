/* SPDX-License-Identifier: Apache-2.0 */
#include "speaker.h"

#include <string.h>

#include "lexicon.h"
#include "name_words.h"
#include "text.h"
#include "words.h"

enum { LABEL_MAX = 28, HEAD_MAX = 24, COUNTS_MAX = 5, LABEL_WORDS = 3, SENTENCE_WORDS = 6, NEAR = 4096 };

/* What words are that say who somebody is. */
static const uint64_t who = LEX(PATIENT) | LEX(PROVIDER) | LEX(RELATION) | LEX(DOCTOR) | LEX(HONORIFIC) | LEX(TITLE) | LEX(CREDENTIAL);

/* Numbers, times and marks that transcripts put in front of who speaks: "14  ", "[00:01:51.0] <", "**". */
static bool is_counted(char c)
{
    return text_is_digit(c) || (c && strchr(" \t:.[]<>*#|()-", c));
}

/* Where the label begins that stands at the head of a line and ends at `end`; `end`: there is none. */
static uint32_t label_begin(const char *text, uint32_t end)
{
    uint32_t begin = end, head;

    while (begin > 0 && text[begin - 1] != '\n' && end - begin <= LABEL_MAX + HEAD_MAX)
        begin--;
    for (head = begin; head < end && head - begin < HEAD_MAX && is_counted(text[head]);)
        head++;
    return (begin > 0 && text[begin - 1] != '\n') || end - head > LABEL_MAX ? end : head;
}

/* The same n bytes as at `label` at the beginning of another line of text[low..high). */
static bool begins_line(const char *text, uint32_t low, uint32_t high, uint32_t label, uint32_t n)
{
    const char *end = text + high, *at = text + low;

    while ((at = memmem(at, (size_t)(end - at), text + label, n))) {
        uint32_t place = (uint32_t)(at - text);
        if (place != label && label_begin(text, place + n - 1) == place)
            return true;
        at++;
    }
    return false;
}

/* Does it begin another line near by? */
static bool is_repeated(const char *text, uint32_t len, uint32_t label, uint32_t n)
{
    return begins_line(text, label > NEAR ? label - NEAR : 0, len - label > NEAR ? label + NEAR : len, label, n);
}

/* Does the label that ends at the colon begin another line, too? */
static bool is_label_repeated(const char *text, uint32_t len, uint32_t colon)
{
    uint32_t begin = label_begin(text, colon), n = colon + 1 - begin;

    return n >= 2 && is_repeated(text, len, begin, n);
}

/* "Findings: no fracture." is no speech, however often a report has it, and "Dx: UTI?", "What brings you in: cough?" are none that is asked. */
static bool is_heading(const char *text, uint32_t begin, uint32_t colon, bool asks)
{
    uint64_t classes = name_word_classes(text, colon, begin);
    unsigned words = 1;

    for (uint32_t i = begin; i < colon; i++)
        words += text[i] == ' ';
    return !(classes & who) && (classes & LEX(HEADING) || (asks && (classes & LEX(LABEL) || words > LABEL_WORDS)));
}

/* Is text[begin..end) a line of somebody who asks, or who speaks in other lines, too, and ends here as a sentence does? */
static bool is_speech_line(const char *text, uint32_t len, uint32_t begin, uint32_t end)
{
    uint32_t most = end - begin > LABEL_MAX + HEAD_MAX ? begin + LABEL_MAX + HEAD_MAX : end;
    const char *colon = begin < end && strchr(".?!", text[end - 1]) ? memchr(text + begin, ':', most - begin) : NULL;

    bool asks = colon && text[end - 1] == '?';

    return colon && !is_heading(text, begin, (uint32_t)(colon - text), asks) && (asks || is_label_repeated(text, len, (uint32_t)(colon - text)));
}

static bool is_blank(char c)
{
    return c == '\n' || c == '\r' || c == ' ';
}

/* Where the line of `at` begins; at a line of more than NEAR bytes somewhere in it. */
static uint32_t line_begin(const char *text, uint32_t at)
{
    uint32_t low = at > NEAR ? at - NEAR : 0;
    const char *last = memrchr(text + low, '\n', at - low);

    return last ? (uint32_t)(last - text) + 1 : low;
}

static uint32_t line_end(const char *text, uint32_t len, uint32_t at)
{
    uint32_t high = len - at > NEAR ? at + NEAR : len;
    const char *next = memchr(text + at, '\n', high - at);

    return next ? (uint32_t)(next - text) : high;
}

/* Without the blanks and the ends of lines in front of `end`. */
static uint32_t trimmed(const char *text, uint32_t begin, uint32_t end)
{
    while (end > begin && is_blank(text[end - 1]))
        end--;
    return end;
}

/* "Doctor: Where does it hurt?" in the line above, or somebody in the line above or below who speaks in several. Looks no further than
 * NEAR on each side, for it is asked at every label of a line. */
static bool is_beside_speech(const char *text, uint32_t len, uint32_t colon)
{
    uint32_t begin = line_begin(text, colon), end = line_end(text, len, colon), low = begin > NEAR ? begin - NEAR : 0, high = len - end > NEAR ? end + NEAR : len;

    if (begin == 0 || text[begin - 1] == '\n') {
        uint32_t above = trimmed(text, low, begin);
        if (is_speech_line(text, len, line_begin(text, above), above))
            return true;
    }
    while (end < high && is_blank(text[end]))
        end++;
    return is_speech_line(text, len, end, trimmed(text, end, line_end(text, len, end)));
}

bool speaker_marked(const char *text, uint32_t len, uint32_t colon)
{
    return is_label_repeated(text, len, colon) || is_beside_speech(text, len, colon);
}

bool speaker_before(const char *text, uint32_t len, uint32_t at)
{
    uint32_t colon = at;

    while (colon > 0 && text[colon - 1] == ' ' && at - colon < 3)
        colon--;
    return colon > 0 && colon < at && text[colon - 1] == ':' && speaker_marked(text, len, colon - 1);
}

/* The first word behind the colon of a label that says who somebody is, or 0. */
static uint32_t behind_label(const struct words *w, uint32_t first)
{
    uint64_t classes = w->v[first].classes;

    for (uint32_t i = first + 1; i < w->n && i <= first + LABEL_WORDS; i++) {
        if (w->v[i].gap & GAP_COLON)
            return classes & who && !(w->v[i].gap & GAP_LINE) ? i : 0;
        if (w->v[i].gap & ~(GAP_SPACE | GAP_PERIOD))
            return 0;
        classes |= w->v[i].classes;
    }
    return 0;
}

/* Several words, or one with a mark that ends a sentence: "Patient: Jane Roe" may be a list, and with columns or another label behind
 * it is the head of a page. */
static bool is_said(const struct words *w, uint32_t i)
{
    const struct word *last = &w->v[w->n - 1];

    for (uint32_t k = i + 1; k < w->n; k++)
        if (w->v[k].gap & (GAP_COLON | GAP_BLANK))
            return false;
    return w->n - i >= SENTENCE_WORDS || (last->end < w->len && strchr(".?!", w->text[last->end]));
}

/* "md: and were you": a label that says only who somebody is is no name. */
static void close_label(struct words *w, uint32_t first)
{
    struct word *x = &w->v[first];
    bool role = x->classes & who || (x->end - x->begin <= 2 && x->shape < SHAPE_NUMBER);

    if (role && x->end < w->len && w->text[x->end] == ':' && speaker_marked(w->text, w->len, x->end))
        x->flags |= WORD_TAKEN;
}

/* "Q. When?", "A. Luis, the lead man.": a hearing, as it is written down. */
static void close_question(struct words *w, uint32_t first)
{
    struct word *x = &w->v[first];
    char c = w->text[x->begin];

    if ((c != 'Q' && c != 'A') || x->end - x->begin != 1 || first + 1 >= w->n || x[1].gap != (GAP_PERIOD | GAP_SPACE))
        return;
    uint32_t low = x->begin > NEAR ? x->begin - NEAR : 0, high = w->len - x->begin > NEAR ? x->begin + NEAR : w->len;
    if (!is_repeated(w->text, w->len, x->begin, 3) || !memmem(w->text + low, high - low, c == 'Q' ? "\nA. " : "\nQ. ", 4))
        return;
    x->flags |= WORD_TAKEN;
    x[1].gap |= GAP_STOP;
}

/* Behind the number or the time of a line. */
static uint32_t uncounted(const struct words *w, uint32_t first)
{
    uint32_t i = first;

    while (i + 1 < w->n && i - first < COUNTS_MAX && w->v[i].shape == SHAPE_NUMBER)
        i++;
    return i;
}

void speaker_begins(struct words *w, uint32_t first)
{
    first = uncounted(w, first);
    close_label(w, first);
    close_question(w, first);

    uint32_t i = behind_label(w, first), end = i ? w->v[i - 1].end : 0;

    if (!i || !is_said(w, i))
        return;
    const char *colon = memrchr(w->text + end, ':', w->v[i].begin - end); /* "=" is a GAP_COLON, too */
    if (colon && speaker_marked(w->text, w->len, (uint32_t)(colon - w->text)))
        w->v[i].gap = (uint16_t)((w->v[i].gap & ~GAP_COLON) | GAP_STOP);
}

bool speaker_is(const struct words *w, uint32_t i)
{
    return i + 1 < w->n && w->v[i + 1].gap & GAP_STOP && !(w->v[i + 1].gap & GAP_COLON) && w->text[w->v[i].end] == ':';
}

unsigned speaker_words(const struct words *w, uint32_t first)
{
    const struct word *x = &w->v[first];

    if (first + 2 >= w->n || x->shape == SHAPE_LOWER)
        return 0;
    if (x[1].shape == SHAPE_LOWER)
        return x[1].gap & GAP_COLON || (x->gap & GAP_OPEN && x[1].gap & GAP_CLOSE);
    return x[2].shape == SHAPE_LOWER && x[2].gap & GAP_COLON && x[1].gap == GAP_SPACE ? 2 : 0;
}
