/* SPDX-License-Identifier: Apache-2.0
 *
 * Five small automata side by side, each fed every byte; where all rest, most bytes only go into the window of
 * the last eight.
 */
#include "link_state.h"

enum { DESTINATION_NONE, DESTINATION_BEGIN, DESTINATION_PLAIN, DESTINATION_ANGLE };
enum {
    DEFINITION_LINE_START,
    DEFINITION_NONE,
    DEFINITION_LABEL,
    DEFINITION_MORE, /* a bracket closed, perhaps not that of the label */
    DEFINITION_COLON,
    DEFINITION_SPACE,
    DEFINITION_URL
};
enum { TAG_NONE, TAG_OPEN, TAG_NAME, TAG_INSIDE, TAG_EQUAL, TAG_DOUBLE, TAG_SINGLE, TAG_BARE };
enum { STYLE_NONE, STYLE_BEGIN, STYLE_BARE, STYLE_DOUBLE, STYLE_SINGLE, STYLE_IMPORT };

static bool is_white(uint8_t c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_letter(uint8_t c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_scheme_byte(uint8_t c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

static uint8_t lower(uint8_t c) {
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool ends_with(const struct link_state *l, const char *word) {
    uint64_t value = 0, mask = 0;
    for (; *word; word++) {
        value = value << 8 | (uint8_t)*word;
        mask = mask << 8 | 0xff;
    }
    return (l->last & mask) == value;
}

/* A slash or a question mark behind a host's name: ".com/". The window shows top-level names of two to five
 * letters. */
static bool follows_host(const struct link_state *l) {
    unsigned letters = 0;

    while (letters < 6 && is_letter((uint8_t)(l->last >> (8 * (letters + 1)))))
        letters++;
    uint8_t dot = (uint8_t)(l->last >> (8 * (letters + 1)));
    uint8_t host = letters < 6 ? (uint8_t)(l->last >> (8 * (letters + 2))) : 0;
    return letters >= 2 && dot == '.' && is_scheme_byte(host) && host != '.';
}

static void address_feed(struct link_state *l, uint8_t c) {
    if (l->address) {
        bool quote = c == l->quote && (c == '"' || c == '\'' || c == '`');
        if (is_white(c) || c == '<' || c == '>' || quote) l->address = false;
    } else if ((c == '/' && ends_with(l, "://")) || (c == ':' && ends_with(l, "mailto:")) ||
               (c == '.' && ends_with(l, "www.")) || ((c == '/' || c == '?') && follows_host(l))) {
        l->address = true;
        l->quote = ends_with(l, "://") ? l->opener : l->before;
    }
    if (c == ':') l->opener = l->before;
    if (!is_scheme_byte(c)) l->before = c;
}

static void destination_close(struct link_state *l) {
    l->destination = DESTINATION_NONE;
    l->address = false;
}

/* A closing bracket ends a destination where it is not escaped and none is open within; without one, an empty
 * line does. */
static void destination_feed(struct link_state *l, uint8_t c) {
    if (l->destination == DESTINATION_NONE) {
        if (c != '(' || !ends_with(l, "](")) return;
        l->destination = DESTINATION_BEGIN;
        l->parens = 1;
        l->destination_escape = false;
        return;
    }
    if (c == '\n' && (ends_with(l, "\n\n") || ends_with(l, "\n\r\n"))) {
        destination_close(l);
        return;
    }
    if (l->destination_escape) {
        l->destination_escape = false;
        return;
    }
    if (l->destination == DESTINATION_BEGIN && !is_white(c))
        l->destination = c == '<' ? DESTINATION_ANGLE : DESTINATION_PLAIN;
    if (c == '\\') {
        l->destination_escape = true;
    } else if (l->destination == DESTINATION_ANGLE) {
        if (c == '>' || c == '\n') l->destination = DESTINATION_PLAIN;
    } else if (c == '(') {
        l->parens++;
    } else if (c == ')' && --l->parens == 0) {
        destination_close(l);
    }
}

static bool is_list_mark(uint8_t c) {
    return c == '>' || c == '*' || c == '-' || c == '+' || c == '.' || c == ')' || (c >= '0' && c <= '9');
}

/* Behind a closing bracket: the colon, or more of the label when the bracket was escaped. Whether a backslash was
 * itself escaped does not matter when both readings go on. */
static uint8_t definition_bracket(const struct link_state *l, uint8_t c, bool line_end) {
    if (c == ':') return DEFINITION_SPACE;
    if (c == ']') return DEFINITION_COLON;
    if ((uint8_t)(l->last >> 16) == '\\') return DEFINITION_LABEL;
    return line_end ? DEFINITION_LINE_START : DEFINITION_MORE;
}

static void definition_feed(struct link_state *l, uint8_t c) {
    bool line_end = c == '\n' || c == '\r';
    bool empty_line = line_end && (ends_with(l, "\n\n") || ends_with(l, "\n\r\n"));

    switch (l->definition) {
    case DEFINITION_LINE_START: /* also behind the marks of a quotation or a list */
        if (c == '[')
            l->definition = DEFINITION_LABEL;
        else if (!is_white(c) && !is_list_mark(c))
            l->definition = DEFINITION_NONE;
        break;
    case DEFINITION_LABEL:
        if (c == ']') l->definition = DEFINITION_COLON;
        if (empty_line) l->definition = DEFINITION_LINE_START;
        break;
    case DEFINITION_MORE:
        if (c == ']') l->definition = DEFINITION_COLON;
        if (line_end) l->definition = DEFINITION_LINE_START;
        break;
    case DEFINITION_COLON:
        l->definition = definition_bracket(l, c, line_end);
        break;
    case DEFINITION_SPACE: /* the address may stand on the next line */
        if (!is_white(c))
            l->definition = DEFINITION_URL;
        else if (empty_line)
            l->definition = DEFINITION_LINE_START;
        break;
    case DEFINITION_URL:
    case DEFINITION_NONE:
    default:
        if (line_end) l->definition = DEFINITION_LINE_START;
        break;
    }
}

static void tag_open(struct link_state *l) {
    l->tag = TAG_OPEN;
    l->attribute = false;
}

static void tag_feed(struct link_state *l, uint8_t c) {
    switch (l->tag) {
    case TAG_OPEN:
        l->tag = is_letter(c) ? TAG_NAME : TAG_NONE;
        break;
    case TAG_NAME:
        if (is_white(c) || c == '/')
            l->tag = TAG_INSIDE;
        else if (c == ':')
            l->address = true; /* <scheme:...> is a link whatever the scheme */
        else if (!is_scheme_byte(c))
            l->tag = TAG_NONE;
        break;
    case TAG_INSIDE:
        if (c == '=') {
            l->tag = TAG_EQUAL;
            l->attribute = true;
        }
        break;
    case TAG_EQUAL:
        if (!is_white(c)) l->tag = c == '"' ? TAG_DOUBLE : c == '\'' ? TAG_SINGLE : TAG_BARE;
        break;
    case TAG_DOUBLE:
        if (c == '"') l->tag = TAG_INSIDE;
        return;
    case TAG_SINGLE:
        if (c == '\'') l->tag = TAG_INSIDE;
        return;
    case TAG_BARE:
        if (is_white(c)) l->tag = TAG_INSIDE;
        break;
    case TAG_NONE:
    default:
        break;
    }
    if (c == '>') l->tag = TAG_NONE;
    if (c == '<' && (l->tag == TAG_NONE || (l->tag == TAG_INSIDE && !l->attribute))) tag_open(l);
}

static void style_close(struct link_state *l) {
    l->style = STYLE_NONE;
    l->address = false;
}

static void style_feed(struct link_state *l, uint8_t c) {
    if (l->style_escape) {
        l->style_escape = false;
        return;
    }
    l->style_escape = l->style != STYLE_NONE && c == '\\';
    switch (l->style) {
    case STYLE_BEGIN:
        if (c == ')')
            style_close(l);
        else if (!is_white(c))
            l->style = c == '"' ? STYLE_DOUBLE : c == '\'' ? STYLE_SINGLE : STYLE_BARE;
        break;
    case STYLE_BARE:
        if (c == ')') style_close(l);
        break;
    case STYLE_DOUBLE:
        if (c == '"') l->style = STYLE_BARE;
        break;
    case STYLE_SINGLE:
        if (c == '\'') l->style = STYLE_BARE;
        break;
    case STYLE_IMPORT:
        if (c == ';' || c == '<') style_close(l);
        break;
    case STYLE_NONE:
    default:
        if (c == '(' && ends_with(l, "url(")) l->style = STYLE_BEGIN;
        if (c == 't' && ends_with(l, "@import")) l->style = STYLE_IMPORT;
        break;
    }
}

static bool rests(const struct link_state *l) {
    return !l->address && l->destination == DESTINATION_NONE && l->definition == DEFINITION_NONE &&
           l->tag == TAG_NONE && l->style == STYLE_NONE;
}

/* Bytes that cannot begin anything where all rest. 't' and 'T' end "@import". */
static bool is_dull(uint8_t c) {
    return (is_letter(c) && (c | 0x20) != 't') || c == ' ' || c == ',' || c >= 0x80 || (c >= '0' && c <= '9');
}

void link_state_feed(struct link_state *l, struct span s) {
    bool resting = rests(l);

    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)s.ptr[i];
        l->last = l->last << 8 | lower(c);
        if (resting && is_dull(c)) {
            if (!is_scheme_byte(c)) l->before = c;
            continue;
        }
        address_feed(l, c);
        destination_feed(l, c);
        definition_feed(l, c);
        tag_feed(l, c);
        style_feed(l, lower(c));
        resting = rests(l);
    }
}

bool link_state_inside(const struct link_state *l) {
    return l->address || l->destination != DESTINATION_NONE || l->definition >= DEFINITION_SPACE ||
           (l->tag != TAG_NONE && l->attribute) || l->style != STYLE_NONE;
}
