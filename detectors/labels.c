/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads backwards from a number to the words that name it:
 *
 *     Member ID (primary):  XYZ 123456789
 *     ------ -- --------- - ---
 *     label  |  aside     | capitals of the value
 *            word         mark
 *
 * Words are folded, so that "member_id", "memberId" and "Member's ID" are one.
 */
#include "labels.h"

#include <string.h>

#include "label_asked.h"
#include "label_index.h"
#include "phi.h"
#include "text.h"
#include "word_lists.h"

enum { WORD_MAX = 24, WORDS = 7, PHRASE_WORDS = 4, PHRASE_MAX = 40, GAP_MAX = 12, LEADER_MAX = 72, LEADER_MIN = 3, WRAP_MAX = 8, ASIDE_MAX = 24,
       LINKS_MAX = 4 };

static const struct label labels[] = {
#define LABEL(word, kind, how, shape) {word, kind, how, shape},
#include "labels.def"
#undef LABEL
};

struct label_word {
    uint32_t begin, end; /* in the text */
    uint8_t len;
    char folded[WORD_MAX];
};

struct label_words {
    struct label_word v[WORDS]; /* the nearest first, as many as were asked for */
    unsigned n;
    uint32_t at;    /* where reading goes on */
    unsigned wraps; /* how many stand on the last line, when there is more than one line; else 0 */
    bool done;
};

#include "dictionaries/labels.inc"

_Static_assert(sizeof labels / sizeof *labels == LABELS_INDEXED, "run detectors/dictionaries/lists.py after a change of labels.def");

static const struct label *label_look(uint64_t hash, const char *folded, size_t len)
{
    uint32_t number = label_index_find(labels_index, LABELS_BITS, hash);
    const struct label *l = number ? &labels[number - 1] : NULL;
    return l && strncmp(l->word, folded, len) == 0 && !l->word[len] ? l : NULL;
}

static const struct label *label_exact(const char *folded, size_t len)
{
    return label_look(label_hash(folded, (uint32_t)len), folded, len);
}

/* The label, or what it is the plural of. */
static const struct label *label_of(const char *folded, size_t len)
{
    const struct label *found = label_exact(folded, len);
    return found || len < 4 || folded[len - 1] != 's' ? found : label_exact(folded, len - 1);
}

static uint64_t lists_of(const struct label_word *word)
{
    return word_lists_find(words_hash(word->folded, word->len));
}

/* "memberid", "accountno": what stands before the word for a number. */
static const struct label *label_with_suffix(const char *folded, size_t len)
{
    static const char *const suffixes[] = {"number", "num", "nbr", "no", "ids", "id", "identifier", "ref"};
    static const uint8_t sizes[] = {6, 3, 3, 2, 3, 2, 10, 3};
    _Static_assert(sizeof sizes == sizeof suffixes / sizeof *suffixes, "a size for each suffix");
    char last = len ? folded[len - 1] : 0;
    for (size_t i = 0; i < sizeof sizes; i++) {
        size_t n = sizes[i];
        if (last != suffixes[i][n - 1] || len < n + 3 || len >= PHRASE_MAX || memcmp(folded + len - n, suffixes[i], n) != 0)
            continue;
        const struct label *found = label_of(folded, len - n);
        if (found)
            return found;
    }
    return NULL;
}

/* ---- reading backwards ---- */

static bool is_word_byte(char c)
{
    char l = text_lower(c);
    return text_is_digit(c) || (l >= 'a' && l <= 'z');
}

/* An apostrophe, plain or curved, that ends at `at`: its bytes. */
static uint32_t apostrophe_before(const char *text, uint32_t at)
{
    if (at > 1 && text[at - 1] == '\'')
        return 1;
    if (at > 3 && memcmp(text + at - 3, "\xE2\x80\x99", 3) == 0)
        return 3;
    return 0;
}

/* The letter without its accent that ends at `at` in two bytes (U+00C0 to U+00FF, and the raised a and o), or 0. */
static char accented_before(const char *text, uint32_t at)
{
    static const char plain[] = "aaaaaaaceeeeiiiidnooooo-ouuuuypsaaaaaaaceeeeiiiidnooooo-ouuuuypy";
    if (at < 2)
        return 0;
    unsigned char first = (unsigned char)text[at - 2], second = (unsigned char)text[at - 1];
    if (first == 0xC3 && second >= 0x80 && second < 0xC0)
        return plain[second - 0x80];
    return first == 0xC2 && second == 0xBA ? 'o' : first == 0xC2 && second == 0xAA ? 'a' : 0;
}

/* The word that ends at `end`, folded; apostrophes in it do not count. False when it is too long. */
static bool word_read(const char *text, uint32_t end, struct label_word *word)
{
    char back[WORD_MAX];
    uint32_t n = 0, i = end;
    while (i > 0) {
        if (is_word_byte(text[i - 1]) && n < sizeof back - 1) { /* nearly always */
            back[n++] = text_lower(text[--i]);
            continue;
        }
        uint32_t mark = n ? apostrophe_before(text, i) : 0;
        if (mark && is_word_byte(text[i - mark - 1])) {
            i -= mark;
            continue;
        }
        char accented = accented_before(text, i);
        if (!accented && !is_word_byte(text[i - 1]))
            break;
        if (n == sizeof back - 1)
            return false;
        back[n++] = accented ? accented : text_lower(text[i - 1]);
        i -= accented ? 2 : 1;
    }
    *word = (struct label_word){.begin = i, .end = end, .len = (uint8_t)n};
    for (uint32_t k = 0; k < n; k++)
        word->folded[k] = back[n - 1 - k];
    return n > 0;
}

/* A byte of ASCII in a set of bits, two times 64. */
#define BYTE(c) (UINT64_C(1) << ((c) & 63))
static inline bool byte_in(char c, const uint64_t set[2])
{
    return (unsigned char)c < 128 && set[(unsigned char)c / 64] >> (c & 63) & 1;
}

/* What may stand between the words of a label. */
static uint32_t between_words(const char *text, uint32_t at)
{
    static const uint64_t between[2] = {BYTE(' ') | BYTE('-') | BYTE('.') | BYTE('/') | BYTE('\'') | BYTE('#') | BYTE('(') | BYTE(')') | BYTE('"'),
                                        BYTE('_')};
    uint32_t i = at;
    while (i > 0 && at - i < 3 && byte_in(text[i - 1], between))
        i--;
    return i;
}

/* "his record\nnumber 4821": a word for a number that begins a line belongs to what ends the line above. Where that
 * ends, or `at`. */
static uint32_t line_above(const char *text, uint32_t at)
{
    uint32_t i = at;
    while (i > 0 && at - i < WRAP_MAX && (text[i - 1] == ' ' || text[i - 1] == '>'))
        i--;
    if (i == 0 || text[i - 1] != '\n')
        return at;
    i -= i > 1 && text[i - 2] == '\r' ? 2 : 1;
    while (i > 0 && at - i < 2 * WRAP_MAX && text[i - 1] == ' ')
        i--;
    return i;
}

/* Reads words until there is one numbered i; false when there is none. */
static bool words_reach(const char *text, struct label_words *w, unsigned i)
{
    while (w->n <= i) {
        if (w->done || w->n == WORDS || !word_read(text, w->at, &w->v[w->n]))
            return w->done = true, false;
        uint32_t begin = w->v[w->n++].begin;
        w->at = between_words(text, begin);
        if (w->at > 0 && text[w->at - 1] == ',' && lists_of(&w->v[w->n - 1]) & LIST(ASIDE))
            w->at = between_words(text, w->at - 1); /* "MRN, listed as 482193" */
        if (w->wraps == 0 && w->at > 1 && (text[w->at - 1] == '\n' || text[w->at - 1] == ' ') &&
            lists_of(&w->v[w->n - 1]) & LIST(QUALIFIER)) {
            w->at = line_above(text, w->at);
            w->wraps = w->at < begin && memchr(text + w->at, '\n', begin - w->at) ? w->n : 0;
        }
        w->done = w->at == 0 || w->at == begin;
    }
    return true;
}

/* The longest run of words from word i on, outwards, that is a label. The phrase is put together from its end, so that
 * the hash grows with it. */
static const struct label *label_phrase(const char *text, struct label_words *w, unsigned i, bool *worded)
{
    const struct label *best = NULL;
    const char *last = w->v[i].folded + w->v[i].len; /* few words end like a label */
    unsigned end_letters = w->v[i].len < 3 ? 0 : (last[-3] & 31u) << 10 | (last[-2] & 31u) << 5 | (last[-1] & 31u);
    if (w->v[i].len < 3 ? !(label_last[last[-1] / 64] >> last[-1] % 64 & 1) : !(label_ends[end_letters / 64] >> end_letters % 64 & 1))
        return NULL;
    char phrase[PHRASE_MAX];
    uint32_t at = PHRASE_MAX - 1, end = at; /* one byte less: a phrase is shorter than PHRASE_MAX */
    uint64_t hash = LABEL_HASH, singular = LABEL_HASH;
    bool plural = w->v[i].len && w->v[i].folded[w->v[i].len - 1] == 's';
    for (unsigned k = i; k < i + PHRASE_WORDS && words_reach(text, w, k); k++) {
        const struct label_word *word = &w->v[k];
        if (word->len > at)
            return best;
        for (uint32_t c = word->len; c-- > 0;) {
            phrase[--at] = word->folded[c];
            hash = label_hash_add(hash, word->folded[c]);
            if (plural && at + 1 < end)
                singular = label_hash_add(singular, word->folded[c]);
        }
        const struct label *found = label_look(hash, phrase + at, end - at);
        if (!found && plural && end - at >= 4)
            found = label_look(singular, phrase + at, end - at - 1);
        const struct label *suffixed = found ? NULL : label_with_suffix(phrase + at, end - at);
        if (suffixed)
            *worded = true;
        if (found || suffixed)
            best = found ? found : suffixed;
    }
    return best;
}

struct gap {
    uint32_t end; /* where the words end */
    bool marked, colon, line, hash;
    bool weak; /* a comma, an arrow, a bullet: they end most labels */
    unsigned leaders; /* dots and the like that lead to the value */
};

static bool leads(char c)
{
    return c == '.' || c == '_' || c == '-';
}

/* "MRN ........ 4821", "MRN:               4821": blanks and leaders go on for longer, when a colon or a leader stands there. */
static bool gap_goes_on(const struct gap *g, char c, uint32_t at)
{
    uint32_t len = at - g->end;
    return len < GAP_MAX || (len < LEADER_MAX && !g->line && (c == ' ' || c == ':' || leads(c)));
}

/* An aside in brackets that ends before `end`: its begin, or `end`. */
static uint32_t aside_begin(const char *text, uint32_t end)
{
    uint32_t open = end - 1;
    while (open > 0 && end - open < ASIDE_MAX && text[open - 1] != '(' && text[open - 1] != '\n')
        open--;
    return open == 0 || text[open - 1] != '(' || text_is_digit(text[end - 2]) ? end : open - 1;
}

/* "<b>MRN:</b>": the end tag before `end`: its begin, or `end`. */
static uint32_t end_tag_begin(const char *text, uint32_t end)
{
    uint32_t i = end - 1;
    while (i > 2 && end - i < GAP_MAX && is_word_byte(text[i - 1]))
        i--;
    return i > 2 && text[i - 1] == '/' && text[i - 2] == '<' ? i - 2 : end;
}

/* A mark of more bytes than one: a dash, a bullet, a middle dot, an arrow. Its bytes, or 0. */
static uint32_t wide_mark(const char *text, uint32_t end, bool *weak)
{
    static const char *const weaks[] = {"\xE2\x80\xA2", "\xE2\x86\x92", "\xC2\xB7", "\xC2\xBB"};
    unsigned char last = (unsigned char)text[end - 1];
    if (last < 0x80 || end < 3)
        return 0;
    if (last >= 0x90 && last <= 0x95 && memcmp(text + end - 3, "\xE2\x80", 2) == 0) /* a dash of U+2010 to U+2015 */
        return 3;
    for (size_t i = 0; i < sizeof weaks / sizeof *weaks; i++) {
        uint32_t n = (uint32_t)strlen(weaks[i]);
        if (memcmp(text + end - n, weaks[i], n) == 0)
            return *weak = true, n;
    }
    return 0;
}

static void gap_judge(struct gap *g, uint32_t at)
{
    if (g->leaders >= LEADER_MIN)
        g->marked = g->colon = true;
    if (at - g->end > GAP_MAX && !g->colon)
        g->end = at; /* a column of its own */
}

/* Over blanks, marks and one line break; a note in brackets is read over. */
static struct gap gap_before(const char *text, uint32_t at)
{
    static const uint64_t marks[2] = {
        BYTE(' ') | BYTE('\t') | BYTE('\r') | BYTE('\n') | BYTE(':') | BYTE('=') | BYTE('#') | BYTE('*') | BYTE('"') | BYTE('\'') | BYTE('(') |
            BYTE('<') | BYTE('>') | BYTE('-') | BYTE('.') | BYTE(',') | BYTE(';'),
        BYTE('|') | BYTE('[') | BYTE(']') | BYTE('{') | BYTE('}') | BYTE('_') | BYTE('`') | BYTE('\\') | BYTE('~')};
    struct gap g = {.end = at};
    unsigned lines = 0;
    while (g.end > 0 && gap_goes_on(&g, text[g.end - 1], at)) {
        char c = text[g.end - 1];
        uint32_t begin = g.end < 3 ? g.end : c == ')' ? aside_begin(text, g.end) : c == '>' ? end_tag_begin(text, g.end) : g.end;
        if (c == ')' && begin == g.end)
            break;
        if (begin < g.end) {
            at -= g.end - begin;
            g.end = begin;
            continue;
        }
        uint32_t wide = wide_mark(text, g.end, &g.weak);
        if (wide) {
            g.end -= wide;
            continue;
        }
        if (c == '\n' && ++lines > 2)
            break;
        if (c == '|' && (text[g.end] == '|' || (text[g.end] != ' ' && (g.end < 2 || text[g.end - 2] != ' '))))
            break; /* a field of HL7, not of a table */
        if (!byte_in(c, marks))
            break;
        g.weak = g.weak || c == ',' || c == ';' || c == '~';
        g.colon = g.colon || c == ':' || c == '=';
        g.marked = g.marked || c == ':' || c == '=' || c == '#' || c == '|' || c == '\t';
        g.line = g.line || c == '\n';
        g.hash = g.hash || c == '#';
        g.leaders += leads(c) && g.leaders < LEADER_MIN;
        g.end--;
    }
    gap_judge(&g, at);
    if (apostrophe_before(text, g.end) == 3)
        g.end -= 3;
    return g;
}

/* A line break ends the label unless a colon stood there or the label has the line for itself. */
static bool label_spans_line(const char *text, struct label_words *w, const struct gap *g)
{
    if (!g->line || g->colon)
        return true;
    words_reach(text, w, WORDS - 1);
    unsigned n = w->wraps ? w->wraps : w->n;
    uint32_t begin = n ? w->v[n - 1].begin : 0;
    return n <= 3 && (begin == 0 || text[begin - 1] == '\n' || text[begin - 1] == '*' || text[begin - 1] == '#');
}

/* "RQID", "TrackID": capitals, and "ID" at their end. Other words end so in a line of capitals. */
static bool is_compound(const char *text, const struct label_word *word)
{
    static const char words[] = " covid paid unpaid prepaid void avoid valid invalid solid rapid said fluid acid david grid lipid liquid rigid "
                                "steroid opioid thyroid carotid sinusoid mucoid ";
    char spaced[WORD_MAX + 3] = " ";
    uint32_t n = word->len;
    if (n < 4 || text[word->end - 1] != 'D' || text[word->end - 2] != 'I' || !text_is_upper(text[word->begin]))
        return false;
    memcpy(spaced + 1, word->folded, n);
    spaced[n + 1] = ' ';
    return strstr(words, spaced) == NULL;
}

/* "XYZ 123456789": capitals that belong to the value, when no label is among them. */
static bool capitals_lead(const char *text, const struct label_word *word)
{
    uint32_t len = word->end - word->begin;
    if (len > 4 || text[word->end] != ' ')
        return false;
    for (uint32_t i = word->begin; i < word->end; i++)
        if (!text_is_upper(text[i]))
            return false;
    return !is_compound(text, word) && !(lists_of(word) & (LIST(NEVER_LEADS) | LIST(QUALIFIER) | LIST(LINK))) && !label_of(word->folded, word->len);
}

/* What the words so far were. */
struct reading {
    bool alone; /* right before it, "ID" names a number by itself; "number" does not: "teeth numbers 14, 15" */
    bool loose; /* a word that is none of these: "MRN at sending:" */
    unsigned links;
};

static bool begins_line(const char *text, const struct label_word *word)
{
    return word->begin == 0 || text[word->begin - 1] == '\n';
}

/* "Quill, Jane    No.: 4821": on a form two blanks part the fields. */
static bool begins_field(const char *text, const struct label_word *word)
{
    return begins_line(text, word) || (word->begin > 1 && text[word->begin - 1] == ' ' && text[word->begin - 2] == ' ');
}

/* One step outwards from the number. False: the words end here. */
static bool word_passes(const char *text, struct label_words *w, unsigned i, const struct gap *g, struct label_found *f, struct reading *r)
{
    const struct label_word *word = &w->v[i];
    uint64_t lists = lists_of(word);
    if (lists & LIST(QUALIFIER)) {
        f->worded = true;
        r->alone = r->alone || ((lists & LIST(IDENTIFYING) || (i == 0 && g->colon && begins_field(text, word))) && !r->loose);
        return true;
    }
    if (lists & LIST(LINK) && ++r->links <= LINKS_MAX)
        return true;
    if (is_compound(text, word)) {
        f->worded = r->alone = !r->loose;
        return r->alone;
    }
    if (!g->colon || r->loose || !words_reach(text, w, i + 1))
        return false;
    return r->loose = true;
}

/* Over the end of a line only a label that is sure, or ends in a word for a number, and nothing between. */
static bool wrap_belongs(const struct label_found *f, unsigned i, const struct reading *r)
{
    return (f->label->how == LABEL_SURE && i == 0) || (f->worded && r->links == 0 && !r->loose);
}

/* "2.1 ug/dL   50-180": a unit, no driver's license; "ID/DL 4471" is one. */
static bool is_decilitre(const char *text, const struct label_word *word)
{
    return word->begin > 1 && text[word->begin - 1] == '/' && strchr("gGuUlLqQ", text[word->begin - 2]) && text_equal_nocase(text + word->begin, "dl", 2) &&
           !text_is_letter(text[word->begin + 2]);
}

static bool label_read(const char *text, uint32_t at, struct label_found *f, bool capitals, struct label_words *w)
{
    struct gap g = gap_before(text, at);
    struct reading r = {0};
    unsigned i = 0;
    w->n = w->wraps = 0;
    w->at = g.end;
    w->done = false;
    f->marked = f->marked || g.marked;
    f->worded = f->worded || g.hash; /* "#" is the word "number" */
    if (!words_reach(text, w, 0))
        return false;
    f->wrapped = g.weak || !label_spans_line(text, w, &g);
    for (; words_reach(text, w, i); i++) {
        f->label = label_phrase(text, w, i, &f->worded);
        if (f->label && is_decilitre(text, &w->v[i]))
            return false;
        if (f->label)
            break;
        if (capitals && i == 0 && !g.marked && capitals_lead(text, &w->v[0])) {
            f->value = w->v[0].begin;
            return label_read(text, f->value, f, false, w);
        }
        if (!word_passes(text, w, i, &g, f, &r))
            break;
    }
    if (f->label && ((r.loose && f->label->how != LABEL_SURE) || (f->wrapped && !wrap_belongs(f, i, &r))))
        f->label = NULL;
    for (unsigned k = 0; f->label && k < i; k++)
        for (uint32_t b = w->v[k].begin; b > w->v[k + 1].end; b--)
            f->worded = f->worded || text[b - 1] == '#';
    if (!f->label && r.alone && !f->wrapped) /* "ID 66-012" in front of its line */
        f->marked = f->marked || begins_line(text, &w->v[i ? i - 1 : 0]);
    return f->label || (r.alone && !f->wrapped);
}

enum { ASIDE_WORDS = 6 };

/* "Can I get your account number, please?": the label of a question, at its end or in front of a few more words. */
static bool label_of_question(const char *text, uint32_t at, struct label_found *found, struct label_words *words)
{
    struct label_question q;
    bool is = false, more = label_asked(text, at, &q);
    for (unsigned k = 0; more && !is && k <= ASIDE_WORDS; k++) {
        *found = (struct label_found){.value = at, .marked = true};
        is = label_read(text, q.end, found, false, words) && found->label && (found->worded || found->label->how == LABEL_SURE);
        more = label_asked_on(text, &q);
    }
    return is;
}

bool label_before(const char *text, uint32_t at, struct label_found *found)
{
    *found = (struct label_found){.value = at};
    if (at == 0)
        return false;
    struct label_words words;
    bool is = label_read(text, at, found, true, &words) || label_of_question(text, at, found, &words);
    explicit_bzero(&words, sizeof words);
    return is;
}

/* ---- words that label their own number ---- */

const struct label *label_prefix(const char *text, uint32_t len)
{
    static const struct {
        const char *prefix, *word;
    } meant[] = {{"clm", "claim"}, {"enc", "encounter"}, {"hpb", "member"}, {"mbr", "member"}, {"mem", "member"},
                 {"pol", "policy"}, {"ehr", "mrn"}, {"med", "mrn"}, {"pid", "mrn"}, {"pat", "mrn"}, {"spec", "specimen"},
                 {"lic", "license"}, {"ref", "referral"}, {"accn", "acc"}, {"ord", "order"}, {"inc", "incident"}, {"tkt", "ticket"}, {"acn", "acc"}};
    char folded[WORD_MAX] = {0};
    uint32_t n = 0;
    while (n < len && n < 8 && !text_is_digit(text[n]) && is_word_byte(text[n])) {
        folded[n] = text_lower(text[n]);
        n++;
    }
    if (n > 3 && memcmp(folded, "mrn", 3) == 0) /* "mrnr472348" */
        folded[3] = 0;
    if (n > 3 && !folded[3])
        n = 3;
    if (n < 2 || !(word_lists_find(words_hash(folded, n)) & LIST(OWN_PREFIX)))
        return NULL;
    for (size_t i = 0; i < sizeof meant / sizeof *meant; i++)
        if (strcmp(folded, meant[i].prefix) == 0)
            return label_exact(meant[i].word, strlen(meant[i].word));
    return label_exact(folded, n);
}

const struct label *label_find(const char *label, uint32_t len)
{
    char folded[PHRASE_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < len; i++) {
        if (!is_word_byte(label[i]))
            continue;
        if (n == sizeof folded - 1)
            return NULL;
        folded[n++] = text_lower(label[i]);
    }
    const struct label *found = n ? label_of(folded, n) : NULL;
    return found ? found : label_with_suffix(folded, n);
}
