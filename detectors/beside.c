/* SPDX-License-Identifier: Apache-2.0
 *
 *     re: [Smith] 482193            behind a name
 *     482193 - [John Smith]         in front of it
 *     [Smith, John] 54M 4821937     behind who he is
 *     [Smith, John] [3/4/50] 482193 behind what was found behind him
 *     MRNs [111222], 482193 and 889034
 *
 *     [Quill, Eleuterio], 97, PPS 20    his age, if it is one of few
 *
 * A bare number is nobody's by its shape; beside a name, with nothing but a mark between, it is his. Six digits at least: fewer are
 * years, times, codes of procedures and ZIPs.
 */
#include "beside.h"

#include <string.h>

#include "resolve.h"
#include "scratch.h"
#include "text.h"

enum { DIGITS_LEAST = 6, DIGITS_MOST = 12, PREFIX_MOST = 3, SERIES_DIGITS = 5, BLANKS_MOST = 3, WORD_MOST = 12, NAME_SCORE = 60, SCORE = 62 };
enum { OLD_LEAST = 90, OLD_MOST = 115 };
enum { BESIDE_NAME, BESIDE_NUMBER, BESIDE_AGE };

static const struct phi_detector_rule rules[] = {
    [BESIDE_NAME] = {"number-beside-name", "six digits and more right before or behind a name that was found", PHI_MRN},
    [BESIDE_NUMBER] = {"number-in-series", "five digits and more behind a number that was found, a comma or \"and\" between", PHI_MRN},
    [BESIDE_AGE] = {"age-beside-name", "90 and more behind a name that was found, between commas or in brackets", PHI_AGE_90PLUS},
};

const struct phi_detector phi_beside = {rules, sizeof rules / sizeof *rules, NULL};

struct leaf {
    const char *text;
    uint32_t len;
};

static uint32_t blanks_end(struct leaf l, uint32_t at)
{
    uint32_t i = at;
    while (i < l.len && i - at < BLANKS_MOST && (l.text[i] == ' ' || l.text[i] == '\t'))
        i++;
    return i;
}

/* Of "-", "–", "—" and the marks in this list how many bytes stand at `at`. */
static uint32_t mark_size(struct leaf l, uint32_t at, const char *marks)
{
    if (l.len - at >= 3 && text_is_dash(l.text + at))
        return 3;
    return at < l.len && l.text[at] && strchr(marks, l.text[at]) ? 1 : 0;
}

/* "54M", "54 y/o F": who somebody is, behind his name. Its end, or `at`. */
static uint32_t age_end(struct leaf l, uint32_t at)
{
    uint32_t i = at;
    while (i < l.len && i - at < 3 && text_is_digit(l.text[i]))
        i++;
    if (i == at)
        return at;
    for (uint32_t letters = i; i < l.len && i - letters < 6 && (strchr("yoYO/ ", l.text[i]) && l.text[i]); i++)
        ;
    if (i < l.len && strchr("MFmf", l.text[i]) && l.text[i])
        i++;
    return i < l.len && text_is_alnum(l.text[i]) ? at : i;
}

/* From the end of a name to where a number may begin. */
static uint32_t joint_end(struct leaf l, uint32_t at)
{
    bool initial = at >= 2 && at < l.len && l.text[at] == '.' && text_is_upper(l.text[at - 1]) && l.text[at - 2] == ' ';
    uint32_t i = blanks_end(l, at + initial);
    i += mark_size(l, i, "-,;:/|([#");
    i = blanks_end(l, i);
    return i < l.len && l.text[i] == '#' ? blanks_end(l, i + 1) : i;
}

/* A number of so many digits at least, with up to three capitals in front and hyphens between; its end, or 0. */
static uint32_t number_end(struct leaf l, uint32_t at, unsigned least)
{
    uint32_t i = at;
    unsigned digits = 0;
    while (i < l.len && i - at < PREFIX_MOST && text_is_upper(l.text[i]))
        i++;
    if (i > at && i < l.len && l.text[i] == '-')
        i++;
    for (; i < l.len && (text_is_digit(l.text[i]) || (l.text[i] == '-' && digits && i + 1 < l.len && text_is_digit(l.text[i + 1]))); i++)
        digits += text_is_digit(l.text[i]);
    bool procedure = i - at == 8 && l.text[at + 5] == '-'; /* "99214-25": a code and its modifier (CPT) */
    bool goes_on = i < l.len && (text_is_alnum(l.text[i]) || strchr("-_%$@+=", l.text[i]) || (strchr("./:,", l.text[i]) && i + 1 < l.len && text_is_digit(l.text[i + 1])));
    return digits >= least && digits <= DIGITS_MOST && !procedure && !goes_on ? i : 0;
}

/* "250000 units": a count and not a number of somebody. */
static bool is_counted(struct leaf l, uint32_t end)
{
    static const char units[] = " units unit iu u copies cells cfu mg mcg ml ng pg g kg bpm mmhg dollars usd rpm rcf hz platelets platelet plt plts wbc rbc ";
    uint32_t at = end < l.len && l.text[end] == ' ' ? end + 1 : end;
    return at > end && text_among(units, l.text + at, text_letters(l.text + at, l.len - at));
}

/* "PMID 12345678 Smith J": what a paper or a product is numbered by. */
static bool is_of_thing(struct leaf l, uint32_t begin)
{
    static const char things[] = " pmid pmc doi isbn issn nct cpt icd ndc loinc snomed rxcui umls cas cat catalog grant patent version build port page pages vol volume line row platelets platelet plt plts wbc rbc bnp count load ";
    uint32_t end = begin;
    while (end && begin - end < BLANKS_MOST && strchr(" :#", l.text[end - 1]))
        end--;
    uint32_t word = (uint32_t)text_letters_before(l.text, end);
    return end > word && end - word <= WORD_MOST && text_among(things, l.text + word, end - word);
}

/* Does a number that begins here go on to the left? */
static bool is_inside(struct leaf l, uint32_t begin)
{
    return begin && (text_is_alnum(l.text[begin - 1]) || strchr("-_$./@+=%&", l.text[begin - 1]));
}

static int number_add(struct phi_candidates *sink, uint32_t begin, uint32_t end, uint16_t rule, uint16_t kind)
{
    struct phi_candidate c = {.begin = begin, .end = end, .kind = kind, .rule = rule, .score = SCORE};
    return phi_candidate_add(sink, &c) < 0 ? -1 : 1;
}

/* The number that ends in front of a name or of the mark before it: where it begins, its end in *end. False: there is none. */
static bool number_before(struct leaf l, uint32_t name, uint32_t *begin, uint32_t *end)
{
    uint32_t i = name;
    while (i && name - i < BLANKS_MOST && (l.text[i - 1] == ' ' || l.text[i - 1] == '\t'))
        i--;
    if (i && strchr("-,:|)]", l.text[i - 1]))
        i--;
    else if (i >= 3 && text_is_dash(l.text + i - 3))
        i -= 3;
    for (uint32_t mark = i; i && mark - i < BLANKS_MOST && (l.text[i - 1] == ' ' || l.text[i - 1] == '\t');)
        i--;
    *end = i;
    while (i && *end - i < DIGITS_MOST + PREFIX_MOST + 4 && (text_is_alnum(l.text[i - 1]) || l.text[i - 1] == '-'))
        i--;
    *begin = i;
    return i < *end && *end < name && number_end(l, i, DIGITS_LEAST) == *end && !is_inside(l, i) && !is_of_thing(l, i);
}

static bool is_number(unsigned kind)
{
    return (kind >= PHI_MRN && kind <= PHI_ACCOUNT_BANK) || (kind >= PHI_OTHER_CLAIM && kind <= PHI_OTHER_CODE);
}

/* Where the next number of a series may begin: behind a comma, a stroke, "and", "&", or in the next line. `end`: nowhere. */
static uint32_t series_joint(struct leaf l, uint32_t end)
{
    uint32_t i = end;
    if (i < l.len && strchr(",;/", l.text[i]) && l.text[i])
        i++;
    i = blanks_end(l, i);
    static const char *const words[] = {"and ", "or ", "& "};
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (l.len - i > strlen(words[k]) && text_equal_nocase(l.text + i, words[k], strlen(words[k])))
            return i > end ? i + (uint32_t)strlen(words[k]) : end;
    return i > end && strchr(",;/", l.text[end]) ? i : end;
}

struct beside {
    struct phi_candidates *sink;
    struct leaf leaf;
    const struct phi_finding *v; /* of this leaf */
    uint32_t n;
};

static bool is_person(const struct phi_finding *f)
{
    return resolve_is_name(f->kind) && f->kind != PHI_NAME_EMPLOYER && f->score >= NAME_SCORE;
}

/* Is a place free of other findings than those of what the text is about? i: a finding beside it. */
static bool is_free(const struct beside *b, uint32_t i, uint32_t begin, uint32_t end)
{
    uint32_t from = i > BLANKS_MOST ? i - BLANKS_MOST : 0;
    for (uint32_t k = from; k < b->n && (k <= i || b->v[k].begin < end); k++)
        if (b->v[k].begin < end && b->v[k].end > begin && !resolve_is_category(b->v[k].kind))
            return false;
    return true;
}

/* A number behind finding i. */
static int behind_add(const struct beside *b, uint32_t i)
{
    struct leaf l = b->leaf;
    uint32_t at = joint_end(l, b->v[i].end), end = 0;
    if (at > b->v[i].end)
        end = number_end(l, at, DIGITS_LEAST);
    if (!end && at > b->v[i].end && age_end(l, at) > at) {
        at = joint_end(l, age_end(l, at));
        end = number_end(l, at, DIGITS_LEAST);
    }
    if (!end || is_counted(l, end) || is_inside(l, at) || !is_free(b, i, at, end))
        return 0;
    return number_add(b->sink, at, end, BESIDE_NAME, PHI_MRN);
}

/* The age of few that stands at `at`, its end in *end. */
static bool age_read(struct leaf l, uint32_t at, uint32_t *end)
{
    unsigned age = 0;
    for (*end = at; *end < l.len && *end - at < 3 && text_is_digit(l.text[*end]); ++*end)
        age = age * 10 + (unsigned)(l.text[*end] - '0');
    return age >= OLD_LEAST && age <= OLD_MOST;
}

/* "Quill 91f hip fx", "Quill, Ola 90, PNA": in a list of patients. */
static int glued_age_add(const struct beside *b, uint32_t i)
{
    struct leaf l = b->leaf;
    uint32_t at = b->v[i].end + 1, end;
    if (!age_read(l, at, &end) || end >= l.len || l.text[at - 1] != ' ')
        return 0;
    bool sex = strchr("mfMF", l.text[end]) && end + 1 < l.len && !text_is_alnum(l.text[end + 1]);
    bool listed = l.text[end] == ',' && end + 2 < l.len && l.text[end + 1] == ' ' && text_is_letter(l.text[end + 2]) && memchr(l.text + b->v[i].begin, ',', b->v[i].end - b->v[i].begin);
    return (sex || listed) && is_free(b, i, at, end) ? number_add(b->sink, at, end, BESIDE_AGE, PHI_AGE_90PLUS) : 0;
}

/* "Quill, 97, PPS 20", "(Quill, 93)", "Quill (91)": an age of few, between marks and not one of several numbers. */
static int age_add(const struct beside *b, uint32_t i)
{
    struct leaf l = b->leaf;
    uint32_t mark = blanks_end(l, b->v[i].end), end;
    if (mark >= l.len || (l.text[mark] != ',' && l.text[mark] != '('))
        return glued_age_add(b, i);
    uint32_t at = blanks_end(l, mark + 1);
    if (!age_read(l, at, &end) || end >= l.len || !strchr(l.text[mark] == '(' ? ")," : ",.;)\r\n", l.text[end]))
        return 0;
    uint32_t next = blanks_end(l, end + 1);
    if ((l.text[end] == '.' && end + 1 < l.len && text_is_digit(l.text[end + 1])) || (next < l.len && text_is_digit(l.text[next])) || !is_free(b, i, at, end))
        return 0;
    return number_add(b->sink, at, end, BESIDE_AGE, PHI_AGE_90PLUS);
}

static int before_add(const struct beside *b, uint32_t i)
{
    uint32_t begin, end;
    if (!number_before(b->leaf, b->v[i].begin, &begin, &end) || !is_free(b, i, begin, end))
        return 0;
    return number_add(b->sink, begin, end, BESIDE_NAME, PHI_MRN);
}

/* What goes on behind the number that was found as i. */
static int series_add(const struct beside *b, uint32_t i)
{
    struct leaf l = b->leaf;
    uint32_t first = b->v[i].end - b->v[i].begin, at = b->v[i].end, added = 0;
    if (number_end(l, b->v[i].begin, SERIES_DIGITS) != b->v[i].end)
        return 0;
    for (;;) {
        uint32_t begin = series_joint(l, at), end = begin > at ? number_end(l, begin, SERIES_DIGITS) : 0;
        bool alike = end && (end - begin == first || (end - begin >= DIGITS_LEAST && end - begin + 1 >= first && first + 1 >= end - begin));
        if (!alike || is_counted(l, end) || !is_free(b, i, begin, end))
            return (int)(added > 0);
        if (number_add(b->sink, begin, end, BESIDE_NUMBER, b->v[i].kind) < 0)
            return -1;
        added++;
        at = end;
    }
}

/* Does finding i stand right behind the one before? */
static bool goes_with(const struct beside *b, uint32_t i)
{
    return i && b->v[i].begin >= b->v[i - 1].end && joint_end(b->leaf, b->v[i - 1].end) >= b->v[i].begin;
}

static int leaf_scan(const struct beside *b)
{
    int added = 0;
    bool person = false; /* a name, or what stands behind one */
    for (uint32_t i = 0; i < b->n && added >= 0; i++) {
        bool named = is_person(&b->v[i]);
        int rc = 0;
        person = named || (person && goes_with(b, i));
        if (person)
            rc = behind_add(b, i);
        if (named && rc >= 0)
            rc |= before_add(b, i);
        if (named && rc == 0)
            rc = age_add(b, i);
        if (is_number(b->v[i].kind) && rc >= 0)
            rc |= series_add(b, i);
        added = rc < 0 ? -1 : added | rc;
    }
    return added;
}

int beside_scan(const struct phi_engine *e, struct phi_scratch *s, const struct phi_leaf *leaves)
{
    const struct phi_finding *v = s->findings.v;
    int added = 0;
    for (uint32_t i = 0, end; i < s->n_findings && added >= 0; i = end) {
        const struct phi_leaf *leaf = &leaves[v[i].leaf];
        for (end = i + 1; end < s->n_findings && v[end].leaf == v[i].leaf; end++)
            ;
        scratch_aim(s, e, &phi_beside, leaf, v[i].leaf);
        int rc = leaf_scan(&(struct beside){&s->found, {leaf->text, leaf->len}, v + i, end - i});
        added = rc < 0 ? -1 : added | rc;
    }
    return added;
}
