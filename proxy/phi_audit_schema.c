/* SPDX-License-Identifier: Apache-2.0
 *
 * phi audit schema: the form of the records as JSON Schema (draft 2020-12), or as the table of docs/AUDIT.md. For each type, and
 * each event of it, exactly its own members are allowed.
 */
#include <string.h>

#include "phi_audit.h"

static const struct member {
    const char *name, *form, *says;
} members[] = {
#define MEMBER(name, form, says) {#name, form, says},
#include "audit_schema.def"
};

static const struct type {
    const char *name, *event, *required, *optional, *says;
} types[] = {
#define TYPE(name, event, required, optional, says) {#name, event, required, optional, says},
#include "audit_schema.def"
};

static const char common[] = "boot id mac mono node prev seq ts v";

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* The next word of a list; len 0 at its end. */
static struct span next_word(const char **list) {
    size_t n = strcspn(*list, " ");
    struct span word = span_make(*list, n);

    *list += n + ((*list)[n] == ' ');
    return word;
}

static void put_string(const char *s) {
    putchar('"');
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') putchar('\\');
        putchar(*s);
    }
    putchar('"');
}

static void put_references(const char *list) {
    for (struct span w; (w = next_word(&list)).len;) {
        if (span_is(w, "event")) continue;
        printf(", \"%.*s\": {\"$ref\": \"#/$defs/%.*s\"}", (int)w.len, w.ptr, (int)w.len, w.ptr);
    }
}

static void put_type(const struct type *t) {
    const char *required = t->required, *all = common;

    printf("    {\"title\": \"%s%s%s\", \"description\": ", t->name, t->event[0] ? ": " : "", t->event);
    put_string(t->says);
    printf(", \"additionalProperties\": false,\n     \"properties\": {\"type\": {\"const\": \"%s\"}", t->name);
    if (t->event[0]) printf(", \"event\": {\"const\": \"%s\"}", t->event);
    put_references(common);
    put_references(t->required);
    put_references(t->optional);
    fputs("},\n     \"required\": [\"type\"", stdout);
    for (struct span w; (w = next_word(&all)).len;)
        printf(", \"%.*s\"", (int)w.len, w.ptr);
    for (struct span w; (w = next_word(&required)).len;)
        printf(", \"%.*s\"", (int)w.len, w.ptr);
    fputs("]}", stdout);
}

static void put_schema(void) {
    fputs("{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n  \"$id\": \"https://phigate.example/audit.schema.json\",\n"
          "  \"title\": \"A record of the phigate audit log, version 1\",\n  \"type\": \"object\",\n  \"oneOf\": [\n", stdout);
    for (size_t i = 0; i < COUNT(types); i++) {
        if (i) fputs(",\n", stdout);
        put_type(&types[i]);
    }
    fputs("\n  ],\n  \"$defs\": {\n", stdout);
    for (size_t i = 0; i < COUNT(members); i++) {
        if (i) fputs(",\n", stdout);
        printf("    \"%s\": {\"description\": ", members[i].name);
        put_string(members[i].says);
        printf(", %s", members[i].form + 1); /* behind its opening brace */
    }
    fputs("\n  }\n}\n", stdout);
}

static void put_markdown(void) {
    puts("| `type` | `event` | Members (in brackets: not always) | When |\n|---|---|---|---|");
    for (size_t i = 0; i < COUNT(types); i++) {
        const struct type *t = &types[i];
        const char *required = t->required, *optional = t->optional;
        bool any = false;
        printf("| `%s` | %s | ", t->name, t->event);
        for (struct span w; (w = next_word(&required)).len; any = true)
            if (!span_is(w, "event")) printf("%s`%.*s`", any ? " " : "", (int)w.len, w.ptr);
        if (optional[0]) fputs(any ? " (" : "(", stdout);
        any = false;
        for (struct span w; (w = next_word(&optional)).len; any = true)
            printf("%s`%.*s`", any ? " " : "", (int)w.len, w.ptr);
        printf("%s | %s |\n", t->optional[0] ? ")" : "", t->says);
    }
}

const char phi_audit_schema_usage[] =
    "usage: phi audit schema [--markdown]\n";

int phi_audit_schema(int argc, char **argv) {
    bool markdown = false;
    const struct phi_option options[] = {{"--markdown", NULL, &markdown}};

    if (phi_options(&argc, argv, options, COUNT(options)) < 0) return PHI_USAGE;
    if (argc != 0) {
        fputs(phi_audit_schema_usage, stderr);
        return PHI_USAGE;
    }
    if (markdown) put_markdown();
    else put_schema();
    return phi_audit_output_end(stdout, NULL) < 0 ? PHI_USAGE : PHI_DONE;
}
