/* SPDX-License-Identifier: Apache-2.0
 *
 * Validators of things with an inner structure: addresses of the network, IBANs (ISO 13616), calendar dates.
 */
#include <arpa/inet.h>
#include <string.h>

#include "validate.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
static bool is_alnum(char c)
{
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

bool phi_valid_ip(const char *value, size_t len)
{
    char text[INET_ADDRSTRLEN + 8] = {0};
    struct in_addr address;
    const char *colon = memchr(value, ':', len); /* a port may follow */
    size_t n = colon ? (size_t)(colon - value) : len;
    if (n >= sizeof text)
        return false;
    memcpy(text, value, n);
    return inet_pton(AF_INET, text, &address) == 1;
}

bool phi_valid_ipv6(const char *value, size_t len)
{
    char text[INET6_ADDRSTRLEN + 8] = {0};
    struct in6_addr address;
    const char *zone = memchr(value, '%', len);
    size_t n = zone ? (size_t)(zone - value) : len;
    if (n < 3 || n >= sizeof text)
        return false;
    memcpy(text, value, n);
    return inet_pton(AF_INET6, text, &address) == 1 && strspn(text, ":") != n;
}

/* Dots and at signs where RFC 5321 allows them; the pattern has checked the characters. */
bool phi_valid_email(const char *value, size_t len)
{
    const char *at = memchr(value, '@', len);
    if (!at || at == value || len > 254)
        return false;
    size_t local = (size_t)(at - value), domain = len - local - 1;
    if (local > 64 || domain < 4 || memchr(at + 1, '@', domain) || !memchr(at + 1, '.', domain))
        return false;
    return value[0] != '.' && at[-1] != '.' && !memmem(value, len, "..", 2) && is_alnum(value[len - 1]);
}

/* Letters count as 10 to 35; the first four characters go to the end; the whole is 1 modulo 97. */
bool phi_valid_iban(const char *value, size_t len)
{
    char c[34];
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_alnum(value[i]))
            continue;
        if (n == sizeof c)
            return false;
        c[n++] = lower(value[i]);
    }
    if (n < 15 || is_digit(c[0]) || is_digit(c[1]) || !is_digit(c[2]) || !is_digit(c[3]))
        return false;
    unsigned rest = 0;
    for (size_t i = 0; i < n; i++) {
        char x = c[(i + 4) % n];
        rest = is_digit(x) ? rest * 10 + (unsigned)(x - '0') : rest * 100 + (unsigned)(x - 'a' + 10);
        rest %= 97;
    }
    return rest == 1;
}

/* ---- dates ---- */

static int month_of(const char *word, size_t len)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (len < 3)
        return 0;
    for (int m = 0; m < 12; m++)
        if (lower(word[0]) == names[3 * m] && lower(word[1]) == names[3 * m + 1] &&
            lower(word[2]) == names[3 * m + 2])
            return m + 1;
    return 0;
}

static bool day_exists(int year, int month, int day)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (month < 1 || month > 12 || day < 1 || day > days[month - 1])
        return false;
    bool leap = year < 0 || (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    return month != 2 || day < 29 || leap;
}

static bool year_plausible(int year)
{
    return year >= 1800 && year <= 2199;
}

struct date_parts {
    int number[3], width[3], n; /* the first runs of digits */
    int month;                  /* written as a word; 0 = none */
};

static void date_split(const char *value, size_t len, struct date_parts *p)
{
    for (size_t i = 0; i < len;) {
        size_t from = i;
        if (is_digit(value[i])) {
            int v = 0;
            for (; i < len && is_digit(value[i]); i++)
                v = v < 100000000 ? v * 10 + (value[i] - '0') : v;
            if (p->n < 3) {
                p->number[p->n] = v;
                p->width[p->n++] = (int)(i - from);
            }
        } else if (is_alnum(value[i])) {
            while (i < len && is_alnum(value[i]) && !is_digit(value[i]))
                i++;
            if (!p->month)
                p->month = month_of(value + from, i - from);
        } else {
            i++;
        }
    }
}

static int full_year(int year, int width)
{
    return width == 2 ? -1 : year; /* of two digits the century is open, and so is the leap year */
}

static bool date_with_word(const struct date_parts *p)
{
    if (p->n == 0)
        return true; /* a month alone */
    if (p->width[0] == 4)
        return year_plausible(p->number[0]) &&
               (p->n == 1 || day_exists(p->number[0], p->month, p->number[1]));
    if (p->n == 1)
        return day_exists(-1, p->month, p->number[0]) || p->width[0] == 2;
    int year = full_year(p->number[1], p->width[1]);
    bool dated = year < 0 || year_plausible(year);
    return dated && day_exists(year, p->month, p->number[0]);
}

static bool date_compact(int v)
{
    int year = v / 10000, month = v / 100 % 100, day = v % 100;
    return year_plausible(year) && day_exists(year, month, day);
}

static size_t first_digit(const char *value, size_t len)
{
    size_t i = 0;
    while (i < len && !is_digit(value[i]))
        i++;
    return i;
}

/* Calendar dates in any order of month and day; time of day behind it is not looked at. */
bool phi_valid_date(const char *value, size_t len)
{
    struct date_parts p = {0};
    date_split(value, len, &p);
    const int *v = p.number, *w = p.width;
    if (p.month)
        return date_with_word(&p);
    if (p.n == 0)
        return false;
    if (w[0] == 8)
        return date_compact(v[0]);
    if (w[0] > 8) /* a time stamp: its first eight digits are the date */
        return w[0] <= 20 && phi_valid_date(value + first_digit(value, len), 8);
    if (w[0] == 4)
        return year_plausible(v[0]) && (p.n == 1 || (v[1] >= 1 && v[1] <= 12 && (p.n == 2 || day_exists(v[0], v[1], v[2]))));
    if (p.n == 2 && w[1] == 4)
        return v[0] >= 1 && v[0] <= 12 && year_plausible(v[1]);
    if (p.n == 2)
        return day_exists(-1, v[0], v[1]) || day_exists(-1, v[1], v[0]);
    if (p.n < 3)
        return false;
    int year = full_year(v[2], w[2]);
    if (w[2] != 2 && !year_plausible(year))
        return false;
    return day_exists(year, v[0], v[1]) || day_exists(year, v[1], v[0]);
}
