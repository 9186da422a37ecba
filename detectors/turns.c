/* SPDX-License-Identifier: Apache-2.0
 *
 *     MB: Hey Coach. Have a seat.        MB 3, TR 2: somebody's
 *     TR: I'll stand.                    RN, PT, DR: what they are
 *     Dr. B: Lille when?                 HR, BP, PE: no speech
 *
 * A text is a transcript when enough of its lines begin so and go on as speech does; what says who speaks comes several times.
 */
#include "turns.h"

#include <string.h>

#include "lexicon.h"
#include "name_words.h"
#include "text.h"

enum { LABELS_MOST = 24, LETTERS_MOST = 3, TURNS_LEAST = 6, TIMES_LEAST = 3, TIMES_SHORT = 5, SCORE = 66 };

static const struct phi_detector_rule rules[] = {
    {"name-speaker", "initials in front of the turns of a transcript", PHI_NAME_UNKNOWN},
};

/* A label at the beginning of a line. */
struct turn {
    uint32_t begin, end; /* the letters */
    bool doctor;         /* "Dr." in front of them */
};

struct tally {
    struct {
        uint32_t letters, times;
    } v[LABELS_MOST];
    unsigned n, turns;
};

/* What the speaker is, and what a note has in front of a colon. */
static bool is_role(const char *text, uint32_t begin, uint32_t end)
{
    static const char roles[] = " gp doc ems dr pt md do rn np pa ma sw cm ot st hr ed er rph emt int mom dad son tech nur pcp mr ms rep csr ag tx th sp slp ca cc fd rec op ops dis cg fam cli cna lpn"
                                " um ur uc rd rt rrt rdn psr pct pca psw pta ota chw hha lvn crna rbt bcba lmt lpc lsw lmsw lcsw mft mom mum gf bf bro sis dau kid sup vol opr dsp med pd fr ff le at agt vm ivr bot ai sys usr"
                                " scr wit jdg atty adj esq judge dep fac mod aud hub mil fil gm gpa aft bh mh dd pharm phm con cons clk sec adv nav edu lc lac ibc"
                                " aa hx pe imp ros dx rx fu hpi pmh psh fh sh bp rr gi gu cv ent msk abd ext gen ap ekg ecg cxr ct mri lab qa ceo cfo vs wt ht ob gyn icu or iv po id ddx s o a p q re to in"
                                " fyi edd ega lmp ga fhr sve nst bpp os od ou ls hb na mg ph pa us iop cdr dob mrn ssn npi fax tel ref att loc age sex rm bed adm dos los ";
    const uint64_t what = LEX(CREDENTIAL) | LEX(DOCTOR) | LEX(PROVIDER) | LEX(PATIENT) | LEX(RELATION) | LEX(HEADING);
    return text_among(roles, text + begin, end - begin) || name_word_classes(text, end, begin) & what;
}

/* "MB: Hey", "Dr. B: Lille": a label, and a letter or a bracket behind it. False: the line begins otherwise. */
static bool turn_read(const char *text, uint32_t len, uint32_t at, struct turn *t)
{
    t->doctor = len - at > 4 && memcmp(text + at, "Dr", 2) == 0 && (text[at + 2] == '.' || text[at + 2] == ' ');
    at += t->doctor ? 2 + (text[at + 2] == '.') + (text[at + 3] == ' ') : 0;
    t->begin = t->end = at;
    while (t->end < len && t->end - at <= LETTERS_MOST && text_is_upper(text[t->end]))
        t->end++;
    uint32_t n = t->end - at, behind = t->end + 2;
    if (n < (t->doctor ? 1u : 2u) || n > LETTERS_MOST || behind >= len || text[t->end] != ':' || text[t->end + 1] != ' ')
        return false;
    return text_is_upper(text[behind]) ? behind + 1 < len && !(text_is_upper(text[behind + 1]) && behind + 2 < len && text_is_upper(text[behind + 2])) : text[behind] == '(';
}

static uint32_t packed(const char *text, const struct turn *t)
{
    uint32_t v = t->doctor;
    for (uint32_t i = t->begin; i < t->end; i++)
        v = v << 8 | (unsigned char)text[i];
    return v;
}

/* The place of these letters; all->n when they have none. */
static unsigned tally_find(const struct tally *all, uint32_t letters)
{
    unsigned i = 0;
    while (i < all->n && all->v[i].letters != letters)
        i++;
    return i;
}

static void tally_add(struct tally *all, uint32_t letters)
{
    unsigned i = tally_find(all, letters);
    all->turns++;
    if (i == LABELS_MOST)
        return;
    all->n += i == all->n;
    all->v[i].letters = letters;
    all->v[i].times++;
}

/* Where the next line begins, or len. */
static uint32_t next_line(const char *text, uint32_t len, uint32_t at)
{
    const char *end = memchr(text + at, '\n', len - at);
    return end ? (uint32_t)(end - text) + 1 : len;
}

static bool is_somebody(const struct tally *all, const char *text, const struct turn *t)
{
    bool known = name_word_classes(text, t->end, t->begin) & (LEX(ACRONYM) | LEX(STATE));
    unsigned least = known && !t->doctor ? TIMES_SHORT : TIMES_LEAST;
    unsigned i = tally_find(all, packed(text, t));
    return i < all->n && all->v[i].times >= least && (t->doctor || !is_role(text, t->begin, t->end));
}

static void turns_count(const char *text, uint32_t len, struct tally *all)
{
    struct turn t;
    for (uint32_t at = 0; at < len; at = next_line(text, len, at))
        if (turn_read(text, len, at, &t))
            tally_add(all, packed(text, &t));
}

static int turns_add(const char *text, uint32_t len, const struct tally *all, struct phi_candidates *sink)
{
    struct turn t;
    for (uint32_t at = 0; at < len; at = next_line(text, len, at)) {
        if (!turn_read(text, len, at, &t) || !is_somebody(all, text, &t))
            continue;
        struct phi_candidate c = {.kind = (uint16_t)(t.doctor ? PHI_NAME_PROVIDER : PHI_NAME_UNKNOWN), .score = SCORE, .begin = t.begin, .end = t.end};
        if (phi_candidate_add(sink, &c) < 0)
            return -1;
    }
    return 0;
}

static int turns_run(const struct phi_engine *e, struct phi_scratch *s, const char *text, uint32_t len, struct phi_candidates *sink)
{
    struct tally all = {.n = 0};
    (void)e;
    (void)s;
    turns_count(text, len, &all);
    int rc = all.turns >= TURNS_LEAST ? turns_add(text, len, &all, sink) : 0;
    explicit_bzero(&all, sizeof all);
    return rc;
}

const struct phi_detector phi_turns = {rules, sizeof rules / sizeof *rules, turns_run};
