/* SPDX-License-Identifier: Apache-2.0
 *
 * What a node must be: a map with known keys, a number, a size, a date, one of some words. YAML's own
 * guessing of types is not used, so that `no`, `0o17`, `1e3` and `12:30` are what they look like: words.
 */
#include "yaml_node.h"

#include <stdio.h>
#include <string.h>

#include "diag.h"

#define KEYS_MAX 64u

static const char *type_name(enum yaml_type type) {
    switch (type) {
    case YAML_NODE_SCALAR:
        return "a single value";
    case YAML_NODE_LIST:
        return "a list";
    case YAML_NODE_MAP:
        return "\"key: value\" lines";
    }
    return "a value";
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key) {
    if (!map || map->type != YAML_NODE_MAP) return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->keys[i]->text, key) == 0) return map->items[i];
    return NULL;
}

const struct yaml_node *yaml_list(const struct yaml_node *map, const char *key) {
    const struct yaml_node *n = yaml_get(map, key);
    return n && n->type == YAML_NODE_LIST ? n : NULL;
}

const struct yaml_node *yaml_map(const struct yaml_node *map, const char *key) {
    const struct yaml_node *n = yaml_get(map, key);
    return n && n->type == YAML_NODE_MAP ? n : NULL;
}

static const struct yaml_key *key_find(const struct yaml_key *keys, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(keys[i].name, name) == 0) return &keys[i];
    return NULL;
}

static void unknown_key(const struct yaml_node *key, const struct yaml_key *keys, size_t n, struct diag *d) {
    const char *names[KEYS_MAX];
    size_t known = n < KEYS_MAX ? n : KEYS_MAX;

    for (size_t i = 0; i < known; i++)
        names[i] = keys[i].name;
    const char *nearest = diag_nearest(key->text, names, known);
    if (nearest)
        yaml_error(key, d, "unknown key \"%s\"; did you mean \"%s\"?", key->text, nearest);
    else
        yaml_error(key, d, "unknown key \"%s\"", key->text);
}

int yaml_check(const struct yaml_node *map, const struct yaml_key *keys, size_t n, struct diag *d) {
    size_t mistakes = diag_count(d);

    if (map->type != YAML_NODE_MAP) {
        if (!diag_has(d, map->file, map->line, map->column)) yaml_error(map, d, "expected \"key: value\" lines, not %s", type_name(map->type));
        return -1;
    }
    for (size_t i = 0; i < map->n; i++) {
        const struct yaml_key *key = key_find(keys, n, map->keys[i]->text);
        const struct yaml_node *value = map->items[i];
        if (!key)
            unknown_key(map->keys[i], keys, n, d);
        else if (!key->any_type && value->type != key->type)
            yaml_error(value, d, "\"%s\" must be %s, not %s", key->name, type_name(key->type),
                       type_name(value->type));
    }
    for (size_t i = 0; i < n; i++)
        if (keys[i].required && !yaml_get(map, keys[i].name))
            yaml_error(map, d, "the key \"%s\" is missing", keys[i].name);
    return diag_count(d) == mistakes ? 0 : -1;
}

/* A plain empty value is most often a line that was cut; "" says that it is meant. */
static bool scalar_check(const struct yaml_node *n, const char *expected, struct diag *d) {
    if (!n) return false; /* missing: yaml_check has said so where it is required */
    if (n->type != YAML_NODE_SCALAR) {
        if (!diag_has(d, n->file, n->line, n->column)) yaml_error(n, d, "expected %s, not %s", expected, type_name(n->type));
        return false;
    }
    if (n->len == 0 && !n->quoted) {
        yaml_error(n, d, "the value is missing; expected %s", expected);
        return false;
    }
    return true;
}

static int refuse(const struct yaml_node *n, const char *expected, struct diag *d) {
    yaml_error(n, d, "\"%s\" is not %s", n->text, expected);
    return -1;
}

int yaml_string(const struct yaml_node *n, const char **out, struct diag *d) {
    if (!scalar_check(n, "text", d)) return -1;
    *out = n->text;
    return 0;
}

int yaml_bool(const struct yaml_node *n, bool *out, struct diag *d) {
    if (!scalar_check(n, "true or false", d)) return -1;
    bool yes = strcmp(n->text, "true") == 0;
    if (!yes && strcmp(n->text, "false") != 0) return refuse(n, "true or false", d);
    *out = yes;
    return 0;
}

/* Digits without a leading zero, at most 18 of them; returns how many, 0 when there are none. */
static size_t read_digits(const char *text, unsigned long long *out) {
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 18 || (n > 1 && text[0] == '0')) return 0;
    *out = 0;
    for (size_t i = 0; i < n; i++)
        *out = *out * 10 + (unsigned)(text[i] - '0');
    return n;
}

int yaml_int(const struct yaml_node *n, long long min, long long max, long long *out, struct diag *d) {
    unsigned long long digits = 0;

    if (!scalar_check(n, "a whole number", d)) return -1;
    bool negative = n->text[0] == '-';
    size_t used = read_digits(n->text + negative, &digits);
    if (used == 0 || used + negative != n->len) return refuse(n, "a whole number", d);
    long long value = negative ? -(long long)digits : (long long)digits;
    if (value < min || value > max) {
        yaml_error(n, d, "%s is out of range; it must be from %lld to %lld", n->text, min, max);
        return -1;
    }
    *out = value;
    return 0;
}

struct unit {
    const char *name;
    uint64_t factor;
};

static int read_unit(const struct yaml_node *n, const struct unit *units, size_t n_units,
                     const char *expected, uint64_t *out, struct diag *d) {
    unsigned long long digits = 0;

    if (!scalar_check(n, expected, d)) return -1;
    size_t used = read_digits(n->text, &digits);
    if (used == 0) return refuse(n, expected, d);
    for (size_t i = 0; i < n_units; i++) {
        if (strcmp(n->text + used, units[i].name) != 0) continue;
        if (digits > UINT64_MAX / units[i].factor) break;
        *out = digits * units[i].factor;
        return 0;
    }
    return refuse(n, expected, d);
}

int yaml_size(const struct yaml_node *n, uint64_t *out, struct diag *d) {
    static const struct unit units[] = {
        {"", 1}, {"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024ull * 1024 * 1024}};
    return read_unit(n, units, sizeof units / sizeof *units, "a size such as 4096, 16KiB or 32MiB", out, d);
}

int yaml_duration_ms(const struct yaml_node *n, uint64_t *out, struct diag *d) {
    static const struct unit units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    return read_unit(n, units, sizeof units / sizeof *units, "a time such as 500ms, 10s, 5m, 24h or 30d", out,
                     d);
}

static int two_digits(const char *p) {
    return (p[0] - '0') * 10 + (p[1] - '0');
}

static bool leap_year(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static bool date_read(const char *text, size_t len, int *year, int *month, int *day) {
    static const int days_in[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (len != 10 || text[4] != '-' || text[7] != '-') return false;
    if (strspn(text, "0123456789") != 4 || strspn(text + 5, "0123456789") != 2 ||
        strspn(text + 8, "0123456789") != 2)
        return false;
    *year = two_digits(text) * 100 + two_digits(text + 2);
    *month = two_digits(text + 5);
    *day = two_digits(text + 8);
    if (*year < 1900 || *month < 1 || *month > 12 || *day < 1) return false;
    return *day <= days_in[*month - 1] + (*month == 2 && leap_year(*year));
}

/* Days of the Gregorian calendar; the year is counted from March so that the leap day comes last. */
static int days_since_1970(int year, int month, int day) {
    int y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
    int era = y / 400, year_of_era = y % 400;
    int day_of_year = (153 * m + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

int yaml_date(const struct yaml_node *n, int *days, struct diag *d) {
    int year = 0, month = 0, day = 0;

    if (!scalar_check(n, "a date such as 2026-01-15", d)) return -1;
    if (!date_read(n->text, n->len, &year, &month, &day)) return refuse(n, "a date such as 2026-01-15", d);
    *days = days_since_1970(year, month, day);
    return 0;
}

/* "a", "a or b", "a, b or c". */
static void list_words(const char *const *words, size_t n, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n && used < size; i++) {
        const char *gap = i == 0 ? "" : i + 1 == n ? " or " : ", ";
        int wrote = snprintf(out + used, size - used, "%s%s", gap, words[i]);
        if (wrote < 0) return;
        used += (size_t)wrote;
    }
}

int yaml_enum(const struct yaml_node *n, const char *const *words, size_t n_words, int *out, struct diag *d) {
    char known[256];
    list_words(words, n_words, known, sizeof known);

    if (!scalar_check(n, known, d)) return -1;
    for (size_t i = 0; i < n_words; i++) {
        if (strcmp(n->text, words[i]) != 0) continue;
        *out = (int)i;
        return 0;
    }
    const char *nearest = diag_nearest(n->text, words, n_words);
    if (nearest)
        yaml_error(n, d, "\"%s\" is unknown; did you mean \"%s\"?", n->text, nearest);
    else
        yaml_error(n, d, "\"%s\" is unknown; it must be %s", n->text, known);
    return -1;
}
