/* SPDX-License-Identifier: Apache-2.0
 *
 * Digits are exchanged in place, so that brackets, dots and dashes stay as they were written.
 */
#include "surrogate_form.h"

#include <stdio.h>
#include <string.h>

/* Areas of the numbering plan; the exchange 555 with 0100 to 0199 is for fiction in each. */
static const char *const areas[] = {"202", "303", "404", "512", "602", "617", "702", "804", "916", "919"};
#define AREAS (sizeof areas / sizeof *areas)

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Digits of the value, or -1 when it holds anything but digits and the signs between them. */
static int digits_in(struct span value) {
    int n = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (is_digit(value.ptr[i])) n++;
        else if (!value.ptr[i] || !strchr("()-. +/", value.ptr[i])) return -1;
    }
    return n;
}

/* The value with its digits from the skip'th on exchanged. */
static int exchange(struct span value, int skip, const char *digits, char *out, struct span *tail) {
    size_t next = 0;
    int seen = 0;

    if (value.len >= SURROGATE_FORM_MAX) return -1;
    for (size_t i = 0; i < value.len; i++) {
        bool change = is_digit(value.ptr[i]) && seen++ >= skip;
        out[i] = change ? digits[next++] : value.ptr[i];
    }
    out[value.len] = '\0';
    size_t begin = value.len;
    while (begin > 0 && is_digit(out[begin - 1]))
        begin--;
    *tail = span_make(out + begin, value.len - begin);
    return (int)value.len;
}

static char first_digit(struct span value) {
    size_t i = 0;
    while (!is_digit(value.ptr[i]))
        i++;
    return value.ptr[i];
}

static int telephone(struct span value, uint32_t number, char *out, struct span *tail) {
    int n = digits_in(value), plus = n == 11;
    char digits[16];

    if (n != 7 && n != 10 && n != 11) return -1;
    if (plus && first_digit(value) != '1') return -1;
    if (number >= AREAS * 100 || (n == 7 && number >= 100)) return 0;
    snprintf(digits, sizeof digits, "%s55501%02u", n == 7 ? "" : areas[number / 100], number % 100);
    return exchange(value, plus, digits, out, tail);
}

static int nine_digits(struct span value, const char *area, uint32_t number, char *out, struct span *tail) {
    char digits[16];

    if (digits_in(value) != 9) return -1;
    if (number >= 9999) return 0;
    snprintf(digits, sizeof digits, "%s10%04u", area, number + 1);
    return exchange(value, 0, digits, out, tail);
}

static int zip(struct span value, uint32_t number, char *out, struct span *tail) {
    char digits[16];
    int n = digits_in(value);

    if (n != 5 && n != 9) return -1;
    if (number >= 99) return 0;
    snprintf(digits, sizeof digits, "%05u0001", number + 1);
    if (exchange(value, 0, digits, out, tail) < 0) return -1;
    *tail = span_make(out, 5);
    return (int)value.len;
}

static int address(struct span value, uint32_t number, char *out, struct span *tail) {
    static const char *const nets[] = {"192.0.2.", "198.51.100.", "203.0.113."};
    bool four = true, six = true;
    int n;

    for (size_t i = 0; i < value.len; i++) {
        four = four && (is_digit(value.ptr[i]) || value.ptr[i] == '.');
        six = six && value.ptr[i] && strchr("0123456789abcdefABCDEF:", value.ptr[i]);
    }
    if (!four && !six) return -1;
    if (number >= 254u * 3) return 0;
    if (four) n = snprintf(out, SURROGATE_FORM_MAX, "%s%u", nets[number / 254], number % 254 + 1);
    else n = snprintf(out, SURROGATE_FORM_MAX, "2001:db8::%x", number + 1);
    *tail = span_make(out, (size_t)n);
    return n;
}

int surrogate_form(enum phi_kind kind, struct span value, uint32_t number, char *out, struct span *tail) {
    if (kind == PHI_PHONE || kind == PHI_FAX) return telephone(value, number, out, tail);
    if (kind == PHI_SSN) return nine_digits(value, "000", number, out, tail);
    if (kind == PHI_ITIN) return nine_digits(value, "900", number, out, tail);
    if (kind == PHI_GEO_ZIP) return zip(value, number, out, tail);
    return kind == PHI_IP ? address(value, number, out, tail) : -1;
}

/* a, b, c in a form stand for the three groups. */
static void write_form(const char *form, const char *groups, const size_t *lens, char *out) {
    static const char names[] = "abc";
    size_t n = 0;

    for (; *form; form++) {
        const char *which = strchr(names, *form);
        if (!which) {
            out[n++] = *form;
            continue;
        }
        size_t group = (size_t)(which - names), from = group == 0 ? 0 : group == 1 ? lens[0] : lens[0] + lens[1];
        memcpy(out + n, groups + from, lens[group]);
        n += lens[group];
    }
    out[n] = '\0';
}

bool surrogate_form_other(enum phi_kind kind, struct span made, size_t i, char *out) {
    static const char *const telephones[] = {"a-b-c", "(a) b-c", "(a)b-c", "a.b.c", "a b c", "abc", "1-a-b-c", "+1 a-b-c",
                                             "+1-a-b-c", "+1abc", "+1 (a) b-c", "+1 a b c"};
    static const char *const numbers[] = {"a-b-c", "abc", "a b c"};
    bool phone = kind == PHI_PHONE || kind == PHI_FAX;
    size_t n = phone ? sizeof telephones / sizeof *telephones : sizeof numbers / sizeof *numbers, have = 0;
    const size_t lens[3] = {3, phone ? 3 : 2, 4};
    char digits[16] = {0};

    if ((!phone && kind != PHI_SSN && kind != PHI_ITIN) || i >= n) return false;
    for (size_t k = 0; k < made.len && have < 15; k++)
        if (is_digit(made.ptr[k])) digits[have++] = made.ptr[k];
    if (have < 9) return false;
    write_form(phone ? telephones[i] : numbers[i], digits + (phone && have == 11), lens, out);
    return true;
}
