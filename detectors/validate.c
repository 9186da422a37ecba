/* SPDX-License-Identifier: Apache-2.0
 *
 * Check digits and ranges of numbers: SSA (SSN, randomised since June 2011), IRS (ITIN groups), CMS (NPI by
 * ISO/IEC 7812 over 80840, MBI positions, HICN), DEA, ISO 3779 (VIN), ABA, NANP, GS1.
 * Numbers that are known fillers (078-05-1120) are valid here: they are redacted like any other.
 */
#include "validate.h"

#include <stdint.h>
#include <string.h>

#include "phi.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

int phi_digits(const char *value, size_t len, char *digits, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (!is_digit(value[i]))
            continue;
        if (n == size)
            return -1;
        digits[n++] = value[i];
    }
    return (int)n;
}

/* Letters and digits, upper case; -1 when there are more than size. */
static int alphanumerics(const char *value, size_t len, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = upper(value[i]);
        if (!is_digit(c) && !(c >= 'A' && c <= 'Z'))
            continue;
        if (n == size)
            return -1;
        out[n++] = c;
    }
    return (int)n;
}

static int number(const char *digits, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++)
        v = v * 10 + (digits[i] - '0');
    return v;
}

static bool luhn_holds(const char *digits, int n, int sum)
{
    for (int i = 0; i < n; i++) {
        int d = digits[n - 1 - i] - '0';
        if (i % 2)
            d = d * 2 > 9 ? d * 2 - 9 : d * 2;
        sum += d;
    }
    return sum % 10 == 0;
}

static bool valid_luhn(const char *value, size_t len)
{
    char d[32];
    int n = phi_digits(value, len, d, sizeof d);
    return n >= 2 && luhn_holds(d, n, 0);
}

/* Issuer ranges with their lengths. */
static bool card_issuer(const char *d, int n)
{
    int two = number(d, 2), three = number(d, 3), four = number(d, 4);
    if (d[0] == '4')
        return n == 13 || n == 16 || n == 19;
    if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720))
        return n == 16;
    if (two == 34 || two == 37)
        return n == 15;
    if (four == 6011 || (three >= 644 && three <= 649) || two == 65 || two == 62)
        return n >= 16 && n <= 19;
    if ((three >= 300 && three <= 305) || two == 36 || two == 38 || two == 39)
        return n >= 14 && n <= 19;
    return four >= 3528 && four <= 3589 && n >= 16 && n <= 19;
}

static bool valid_card(const char *value, size_t len)
{
    char d[19];
    int n = phi_digits(value, len, d, sizeof d);
    return n >= 13 && card_issuer(d, n) && luhn_holds(d, n, 0);
}

static bool valid_npi(const char *value, size_t len)
{
    char d[10];
    /* 24 is what the prefix 80840 adds to the sum. */
    return phi_digits(value, len, d, sizeof d) == 10 && (d[0] == '1' || d[0] == '2') && luhn_holds(d, 10, 24);
}

static bool ssn_ranges(const char *d)
{
    int area = number(d, 3);
    return area != 0 && area != 666 && area < 900 && number(d + 3, 2) != 0 && number(d + 5, 4) != 0;
}

static bool valid_ssn(const char *value, size_t len)
{
    char d[9];
    return phi_digits(value, len, d, sizeof d) == 9 && ssn_ranges(d);
}

static bool valid_itin(const char *value, size_t len)
{
    char d[9];
    if (phi_digits(value, len, d, sizeof d) != 9 || d[0] != '9')
        return false;
    int group = number(d + 3, 2);
    return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 92) ||
           (group >= 94 && group <= 99);
}

static bool valid_ein(const char *value, size_t len)
{
    static const char unused[] = "00 07 08 09 17 18 19 28 29 49 69 70 78 79 89 96 97 ";
    char d[10] = {0};
    if (phi_digits(value, len, d, 9) != 9)
        return false;
    for (const char *p = unused; *p; p += 3)
        if (memcmp(p, d, 2) == 0)
            return false;
    return true;
}

static bool valid_dea(const char *value, size_t len)
{
    char c[16];
    int n = alphanumerics(value, len, c, sizeof c);
    if (n < 9 || !strchr("ABCDEFGHJKLMPRSTUX", c[0]) || !(c[1] == '9' || (c[1] >= 'A' && c[1] <= 'Z')))
        return false;
    for (int i = 2; i < 9; i++)
        if (!is_digit(c[i]))
            return false;
    const char *d = c + 2;
    int sum = d[0] + d[2] + d[4] - 3 * '0' + 2 * (d[1] + d[3] + d[5] - 3 * '0');
    return sum % 10 == d[6] - '0';
}

static int vin_value(char c)
{
    static const char letters[] = "ABCDEFGH-JKLMN-P-R-STUVWXYZ";
    static const char values[] = "123456780123450709023456789";
    const char *at = strchr(letters, c);
    if (is_digit(c))
        return c - '0';
    return at && c != '-' && c ? values[at - letters] - '0' : -1;
}

static bool valid_vin(const char *value, size_t len)
{
    static const int weights[17] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
    char c[17];
    if (alphanumerics(value, len, c, sizeof c) != 17)
        return false;
    int sum = 0, letters = 0, digits = 0;
    for (int i = 0; i < 17; i++) {
        int v = vin_value(c[i]);
        if (v < 0)
            return false;
        sum += v * weights[i];
        letters += !is_digit(c[i]);
        digits += is_digit(c[i]);
    }
    int check = sum % 11;
    return letters && digits && c[8] == (check == 10 ? 'X' : (char)('0' + check));
}

/* One class a position: 1 digit 1-9, N digit, A letter but S L O I B Z, X either. */
static bool valid_mbi(const char *value, size_t len)
{
    static const char shape[] = "1AXNAXNAANN";
    char c[11];
    if (alphanumerics(value, len, c, sizeof c) != 11)
        return false;
    for (int i = 0; i < 11; i++) {
        bool letter = c[i] >= 'A' && !strchr("SLOIBZ", c[i]);
        bool digit = is_digit(c[i]);
        bool fits = shape[i] == '1' ? digit && c[i] != '0' : shape[i] == 'N' ? digit : shape[i] == 'A' ? letter
                                                                                               : letter || digit;
        if (!fits)
            return false;
    }
    return true;
}

/* Nine digits of an SSN and one to three characters of beneficiary code. */
static bool valid_hicn(const char *value, size_t len)
{
    char c[12];
    int n = alphanumerics(value, len, c, sizeof c);
    if (n < 10 || !strchr("ABCDEFJKMTW", c[9]))
        return false;
    for (int i = 0; i < 9; i++)
        if (!is_digit(c[i]))
            return false;
    return ssn_ranges(c);
}

static bool valid_aba(const char *value, size_t len)
{
    char d[9];
    if (phi_digits(value, len, d, sizeof d) != 9)
        return false;
    int prefix = number(d, 2);
    bool district = prefix <= 12 || (prefix >= 21 && prefix <= 32) || (prefix >= 61 && prefix <= 72) || prefix == 80;
    int sum = 3 * (d[0] + d[3] + d[6] - 3 * '0') + 7 * (d[1] + d[4] + d[7] - 3 * '0') +
              (d[2] + d[5] + d[8] - 3 * '0');
    return district && sum && sum % 10 == 0;
}

/* Poison control, crisis, violence, tobacco, Medicare, CDC, FDA and the like. */
bool phi_help_line(const char *value, size_t len)
{
    static const char lines[][11] = {"8002221222", "8002738255", "8007997233", "8006624357", "8004224453", "8006564673", "8006334227", "8007721213", "8007848669",
                                     "8002324636", "8884636332", "8003321088", "8883737888", "8664887386", "8338526262", "8009506264", "8009855990", "8008227967",
                                     "8003681019", "8005377697"};
    char d[11];
    int n = phi_digits(value, len, d, sizeof d);
    const char *p = n == 11 && d[0] == '1' ? d + 1 : d;

    for (size_t k = 0; n - (p - d) == 10 && k < sizeof lines / sizeof *lines; k++)
        if (memcmp(lines[k], p, 10) == 0)
            return true;
    return false;
}

/* NANP: area and exchange from 200, neither N11; an extension may follow ten digits. */
static bool valid_phone(const char *value, size_t len)
{
    char d[24];
    int n = phi_digits(value, len, d, sizeof d);
    if (n < 7)
        return false;
    size_t first = 0;
    while (first < len && !is_digit(value[first]) && value[first] != '+')
        first++;
    if (value[first] == '+' && d[0] != '1')
        return n >= 8 && n <= 15; /* E.164 */
    if (n == 7)
        return d[0] >= '2' && !(d[1] == '1' && d[2] == '1');
    const char *p = d[0] == '1' ? d + 1 : d;
    if (n - (p - d) < 10)
        return false;
    bool area = p[0] >= '2' && !(p[1] == '1' && p[2] == '1') && memcmp(p, "37", 2) != 0 && memcmp(p, "96", 2) != 0;
    return area && p[3] >= '2' && !(p[4] == '1' && p[5] == '1') && !phi_help_line(p, 10);
}

static bool valid_zip(const char *value, size_t len)
{
    char d[9];
    int n = phi_digits(value, len, d, sizeof d);
    return (n == 5 || n == 9) && number(d, 5) >= 501 && number(d, 5) <= 99950;
}

/* (01) with 14 digits and the GS1 modulo-10 digit; other issuers' forms are accepted by shape. */
static bool valid_udi(const char *value, size_t len)
{
    if (len < 4 || value[0] != '(')
        return len >= 4 && (value[0] == '+' || value[0] == '=');
    const char *at = memmem(value, len, "(01)", 4);
    if (!at || (size_t)(value + len - at) < 18)
        return !at && len >= 8;
    int sum = 0;
    for (int i = 0; i < 14; i++) {
        if (!is_digit(at[4 + i]))
            return false;
        sum += (at[4 + i] - '0') * (i % 2 ? 1 : 3);
    }
    return sum % 10 == 0;
}

static bool valid_mac(const char *value, size_t len)
{
    int digits = 0;
    bool varied = false;
    for (size_t i = 0; i < len; i++) {
        char c = upper(value[i]);
        if (!is_digit(c) && !(c >= 'A' && c <= 'F'))
            continue;
        digits++;
        varied |= upper(value[0]) != c;
    }
    return digits == 12 && varied;
}

/* At least one digit: a code, not a word. */
static bool valid_code(const char *value, size_t len)
{
    char d[64];
    return phi_digits(value, len, d, sizeof d) != 0;
}

static const struct {
    const char *name;
    phi_validator *check;
} validators[] = {
    {"luhn", valid_luhn}, {"card", valid_card},   {"npi", valid_npi},         {"ssn", valid_ssn},
    {"itin", valid_itin}, {"ein", valid_ein},     {"dea", valid_dea},         {"vin", valid_vin},
    {"mbi", valid_mbi},   {"hicn", valid_hicn},   {"aba", valid_aba},         {"iban", phi_valid_iban},
    {"ip", phi_valid_ip}, {"ipv6", phi_valid_ipv6}, {"mac", valid_mac},       {"phone", valid_phone},
    {"date", phi_valid_date}, {"zip", valid_zip}, {"email", phi_valid_email}, {"udi", valid_udi},
    {"code", valid_code},
};

phi_validator *phi_validator_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof validators / sizeof *validators; i++)
        if (strcmp(validators[i].name, name) == 0)
            return validators[i].check;
    return NULL;
}

bool phi_validator_known(const char *name)
{
    return phi_validator_find(name) != NULL;
}
