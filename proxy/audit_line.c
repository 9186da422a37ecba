/* SPDX-License-Identifier: Apache-2.0
 *
 * Members of a line ascend by name, and so does the table of the known ones: reading is one merge of the two.
 */
#include "audit_line.h"

#include "audit_canon.h"
#include "audit_hash.h"

enum slot { BOOT, DECISION, EVENT, ID, MAC, MONO, NODE, PREV, REQUEST_ID, SEQ, TS, TYPE, V, VAULT_SEQ, SLOTS };

struct known {
    const char *name;
    bool number, reserved;
};

/* In the order of enum slot, which is that of the names. */
static const struct known table[SLOTS] = {
    {"boot", false, true},  {"decision", false, false}, {"event", false, false},      {"id", false, true},
    {"mac", false, true},   {"mono", true, true},       {"node", false, true},        {"prev", false, true},
    {"request_id", false, false}, {"seq", true, true},  {"ts", false, true},          {"type", false, true},
    {"v", true, true},      {"vault_seq", true, false},
};

struct fields {
    struct span text[SLOTS];
    int64_t number[SLOTS];
    bool present[SLOTS];
    size_t mac_begin, mac_end;
};

bool audit_line_reserved(struct span name) {
    for (int i = 0; i < SLOTS; i++)
        if (table[i].reserved && name.len && name.ptr[0] == table[i].name[0] && span_is(name, table[i].name)) return true;
    return false;
}

bool audit_line_id_valid(struct span id) {
    for (size_t i = 0; i < id.len; i++)
        if (id.ptr[i] <= 0x20 || id.ptr[i] >= 0x7F || id.ptr[i] == '"' || id.ptr[i] == '\\') return false;
    return id.len >= 1 && id.len <= AUDIT_ID_MAX;
}

/* The slot of a name, or SLOTS. *next is the first one that can still come. */
static int slot_of(struct span name, int *next) {
    while (*next < SLOTS) {
        int order = audit_canon_compare(span_of(table[*next].name), name);
        if (order == 0) return (*next)++;
        if (order > 0) break;
        (*next)++;
    }
    return SLOTS;
}

static int read_value(struct audit_canon *c, int slot, struct fields *f) {
    bool escaped;

    if (slot == SLOTS) return audit_canon_value(c, 1);
    f->present[slot] = true;
    if (table[slot].number) return audit_canon_number(c, &f->number[slot]);
    /* Other record types may give "decision" or "event" a structure of its own. */
    if (!table[slot].reserved && c->at < c->text.len && c->text.ptr[c->at] != '"') return audit_canon_value(c, 1);
    return audit_canon_string(c, &f->text[slot], &escaped);
}

static int read_members(struct audit_canon *c, struct fields *f) {
    struct span previous = {NULL, 0}, name;
    int next = 0;

    if (c->text.len == 0 || c->text.ptr[0] != '{') return -1;
    do {
        size_t begin = ++c->at;
        if (audit_canon_name(c, previous, &name) < 0) return -1;
        int slot = slot_of(name, &next);
        if (read_value(c, slot, f) < 0) return -1;
        previous = name;
        if (slot == MAC) {
            f->mac_begin = begin;
            f->mac_end = c->at + 1;
        }
        if (c->at >= c->text.len) return -1;
    } while (c->text.ptr[c->at] == ',');
    return c->text.ptr[c->at] == '}' && c->at + 1 == c->text.len ? 0 : -1;
}

/* "2026-01-31T23:59:59.123456Z" */
static bool time_valid(struct span ts) {
    static const char form[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";

    if (ts.len != sizeof form - 1) return false;
    for (size_t i = 0; i < ts.len; i++) {
        bool digit = ts.ptr[i] >= '0' && ts.ptr[i] <= '9';
        if (form[i] == 'd' ? !digit : ts.ptr[i] != form[i]) return false;
    }
    return true;
}

static const char *check(const struct fields *f) {
    for (int i = 0; i < SLOTS; i++)
        if (table[i].reserved && !f->present[i]) return "a member that every record has is missing";
    if (f->number[V] != AUDIT_VERSION) return "unknown version";
    if (f->number[SEQ] < 1 || f->number[MONO] < 0) return "sequence or clock is not positive";
    if (!time_valid(f->text[TS])) return "the time is not in RFC 3339 form";
    if (!audit_hex_valid(f->text[PREV]) || !audit_hex_valid(f->text[MAC])) return "a digest is not 64 hex digits";
    if (f->text[ID].len != 36 || f->text[BOOT].len != 36) return "an identifier is not a UUID";
    if (f->number[VAULT_SEQ] < 0) return "the vault's number is negative";
    if (f->present[REQUEST_ID] && !audit_line_id_valid(f->text[REQUEST_ID])) return "bad request_id";
    return NULL;
}

int audit_line_read(struct span text, struct audit_line *line, const char **reason) {
    struct audit_canon c = {.text = text};
    struct fields f = {.mac_begin = 0};

    if (read_members(&c, &f) < 0) {
        *reason = c.reason ? c.reason : "not a JSON object";
        return -1;
    }
    *reason = check(&f);
    if (*reason) return -1;
    *line = (struct audit_line){
        .seq = (uint64_t)f.number[SEQ], .mono = (uint64_t)f.number[MONO],
        .boot = f.text[BOOT], .id = f.text[ID], .mac = f.text[MAC], .node = f.text[NODE],
        .prev = f.text[PREV], .ts = f.text[TS], .type = f.text[TYPE],
        .request_id = f.text[REQUEST_ID], .decision = f.text[DECISION], .event = f.text[EVENT],
        .vault_seq = f.present[VAULT_SEQ] ? f.number[VAULT_SEQ] : -1,
        .mac_begin = f.mac_begin, .mac_end = f.mac_end,
    };
    return 0;
}
