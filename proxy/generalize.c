/* SPDX-License-Identifier: Apache-2.0
 *
 * The general form of a value under 45 CFR 164.514(b)(2)(i): of dates the year, and not even that where it implies
 * an age over 89 (C); of a ZIP code the first three digits where more than 20,000 people live there (B); of a city with
 * its state the state; of an age the ten years it lies in. Every doubt is -1, and the caller masks.
 */
#include "transform.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define AGE_LIMIT 90
#define YEAR_FIRST 1800
#define YEAR_LAST 2199

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static int number_of(const char *digits, size_t n) {
    int value = 0;

    for (size_t i = 0; i < n; i++)
        value = value * 10 + (digits[i] - '0');
    return value;
}

static int put(const char *text, char *out, size_t out_size) {
    size_t n = strlen(text);

    if (n >= out_size) return -1;
    memcpy(out, text, n + 1);
    return 0;
}

/* ---- ZIP ---- */

/* Prefixes without a ZIP Code Tabulation Area in the 2020 Census (military, boxes only, not issued), as first and
 * last; U.S. Census Bureau, 2020 Demographic and Housing Characteristics File, table P1 by ZCTA. */
static const short no_area[][2] = {
    {0, 5}, {8, 8}, {55, 55}, {90, 99}, {192, 192}, {213, 213}, {269, 269}, {311, 311}, {332, 332}, {340, 340},
    {343, 343}, {345, 345}, {348, 348}, {353, 353}, {375, 375}, {399, 399}, {419, 419}, {428, 429}, {459, 459},
    {509, 509}, {517, 519}, {529, 529}, {533, 533}, {536, 536}, {552, 552}, {555, 555}, {568, 569}, {578, 579},
    {589, 589}, {621, 621}, {632, 632}, {642, 643}, {649, 649}, {659, 659}, {663, 663}, {682, 682}, {694, 699},
    {702, 702}, {709, 709}, {715, 715}, {732, 733}, {742, 742}, {771, 771}, {817, 819}, {839, 839}, {842, 842},
    {848, 849}, {854, 854}, {858, 858}, {861, 862}, {866, 869}, {872, 872}, {876, 876}, {885, 889}, {892, 892},
    {896, 896}, {899, 899}, {901, 901}, {909, 909}, {929, 929}, {938, 938}, {942, 942}, {962, 966}, {969, 969},
    {987, 987},
};

/* At most 20,000 people in the Census of 2000, 2010 or 2020: the union of the three lists. */
static const short few_people[] = {36,  59,  63,  102, 103, 202, 203, 204, 205, 369, 556, 692, 753, 772,
                                   790, 821, 823, 830, 831, 878, 879, 884, 890, 893};

static bool prefix_may_stay(int prefix) {
    for (size_t i = 0; i < sizeof few_people / sizeof *few_people; i++)
        if (few_people[i] == prefix) return false;
    for (size_t i = 0; i < sizeof no_area / sizeof *no_area; i++)
        if (prefix >= no_area[i][0] && prefix <= no_area[i][1]) return false;
    return true;
}

/* ddddd, ddddddddd or ddddd-dddd */
static int generalize_zip(struct span value, char *out, size_t out_size) {
    char digits[9], text[4];
    size_t n = 0;

    for (size_t i = 0; i < value.len; i++) {
        if (i == 5 && value.len == 10 && value.ptr[i] == '-') continue;
        if (!is_digit(value.ptr[i]) || n == sizeof digits) return -1;
        digits[n++] = value.ptr[i];
    }
    if (n != 5 && n != 9) return -1;
    memcpy(text, digits, 3);
    text[3] = '\0';
    return put(prefix_may_stay(number_of(digits, 3)) ? text : "000", out, out_size);
}

/* ---- dates ---- */

static int year_today(long today) {
    time_t seconds = (time_t)today * 86400;
    struct tm tm;
    return gmtime_r(&seconds, &tm) ? tm.tm_year + 1900 : -1;
}

static bool is_year(int y) {
    return y >= YEAR_FIRST && y <= YEAR_LAST;
}

/* YYYYMMDD with or without a time behind it, else MMDDYYYY or DDMMYYYY. 0: none of them. */
static int year_of_run(const char *p, size_t n) {
    if (n == 4) return is_year(number_of(p, 4)) ? number_of(p, 4) : 0;
    if (n < 8) return 0;
    int year = number_of(p, 4), month = number_of(p + 4, 2), day = number_of(p + 6, 2);
    if (is_year(year) && month >= 1 && month <= 12 && day >= 1 && day <= 31) return year;
    year = number_of(p + 4, 4);
    return n == 8 && is_year(year) ? year : 0;
}

/* The one year in a written date; 0: none or more than one. last_pair: where the last run of two digits begins when
 * no other digits follow it, else value.len. */
static int year_in(struct span value, size_t *last_pair) {
    int found = 0, years = 0;

    *last_pair = value.len;
    for (size_t i = 0; i < value.len;) {
        size_t begin = i;
        while (i < value.len && is_digit(value.ptr[i]))
            i++;
        if (i == begin) {
            i++;
            continue;
        }
        *last_pair = i - begin == 2 ? begin : value.len;
        int year = year_of_run(value.ptr + begin, i - begin);
        if (year) {
            found = year;
            years++;
        }
    }
    return years == 1 ? found : 0;
}

static size_t digit_runs(struct span value) {
    size_t n = 0;

    for (size_t i = 0; i < value.len; i++)
        n += is_digit(value.ptr[i]) && (i == 0 || !is_digit(value.ptr[i - 1]));
    return n;
}

/* "3/14/61", "14 Mar 61": the century is a guess, and where the guess decides on an age over 89 there is none. */
static int year_of_pair(enum phi_kind kind, struct span value, size_t at, int now) {
    bool numeric = at > 0 && strchr("/-.", value.ptr[at - 1]) && digit_runs(value) == 3;
    bool worded = at > 0 && strchr(" -'/", value.ptr[at - 1]) && digit_runs(value) == 2 && value.len - at == 2;

    if (span_find(value, ':', 0) < value.len || (!numeric && !worded)) return 0;
    int year = now - now % 100 + number_of(value.ptr + at, 2);
    if (year > now) year -= 100;
    else if (kind == PHI_DATE_DOB) return 0; /* an infant, or a hundred years old */
    return year;
}

static int generalize_date(enum phi_kind kind, struct span value, long today, char *out, size_t out_size) {
    char text[8];
    size_t pair;
    int now = year_today(today), year = year_in(value, &pair);

    if (now < 0) return -1;
    if (year == 0 && pair < value.len) year = year_of_pair(kind, value, pair, now);
    if (year == 0 || year > now + 1) return -1;
    if (now - year >= AGE_LIMIT) return put("[90+]", out, out_size);
    (void)snprintf(text, sizeof text, "%d", year % 10000);
    return put(text, out, out_size);
}

/* ---- ages ---- */

/* "90+", or ten years: "60-69". */
static int generalize_age(enum phi_kind kind, struct span value, char *out, size_t out_size) {
    size_t begin = 0, end;
    char text[8];

    if (kind == PHI_AGE_90PLUS) return put("90+", out, out_size);
    while (begin < value.len && !is_digit(value.ptr[begin]))
        begin++;
    for (end = begin; end < value.len && is_digit(value.ptr[end]);)
        end++;
    if (end == begin || end - begin > 3) return -1;
    for (size_t i = end; i < value.len; i++) /* months, or a second number */
        if (is_digit(value.ptr[i])) return -1;
    int age = number_of(value.ptr + begin, end - begin);
    if (age >= AGE_LIMIT) return put("90+", out, out_size);
    (void)snprintf(text, sizeof text, "%d-%d", age / 10 * 10 % 100, age / 10 * 10 % 100 + 9);
    return end == value.len ? put(text, out, out_size) : -1;
}

/* ---- places ---- */

/* "Springfield, IL" -> "IL": a state may stay (45 CFR 164.514(b)(2)(i)(B)). Its letters must be those of one. */
static int generalize_city(struct span value, char *out, size_t out_size) {
    static const char states[] = "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ "
                                 "NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC PR";
    char text[3];

    if (value.len < 5 || value.ptr[value.len - 3] != ' ' || value.ptr[value.len - 4] != ',') return -1;
    memcpy(text, value.ptr + value.len - 2, 2);
    text[2] = '\0';
    for (size_t i = 0; i + 1 < sizeof states; i += 3)
        if (memcmp(states + i, text, 2) == 0) return put(text, out, out_size);
    return -1;
}

int transform_generalize(enum phi_kind kind, struct span value, long today, char *out, size_t out_size) {
    if (kind == PHI_GEO_ZIP) return generalize_zip(value, out, out_size);
    if (kind == PHI_GEO_CITY || kind == PHI_GEO_COUNTY) return generalize_city(value, out, out_size);
    if (kind == PHI_AGE_90PLUS || kind == PHI_AGE_LE89) return generalize_age(kind, value, out, out_size);
    if (kind == PHI_DATE_DOB || kind == PHI_DATE_DEATH || kind == PHI_DATE_SERVICE || kind == PHI_DATE_OTHER)
        return generalize_date(kind, value, today, out, out_size);
    return -1;
}
