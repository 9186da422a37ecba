#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes fold_table.h: what each character beyond ASCII is read as.

From Python's unicodedata: characters whose compatibility form (NFKC) is plain ASCII, decimal digits of every
script, dashes and spaces become ASCII; format characters, marks and default ignorables are dropped. The
look-alikes of Latin letters in Cyrillic, Greek and Armenian are listed here by hand.

    python3 detectors/fold_table.py > detectors/fold_table.h
"""
import sys
import unicodedata

LOOKALIKES = {
    'А': 'A', 'В': 'B', 'Е': 'E', 'К': 'K', 'М': 'M', 'Н': 'H', 'О': 'O', 'Р': 'P', 'С': 'C', 'Т': 'T', 'У': 'Y', 'Х': 'X',
    'а': 'a', 'е': 'e', 'о': 'o', 'р': 'p', 'с': 'c', 'у': 'y', 'х': 'x', 'і': 'i', 'І': 'I', 'ј': 'j', 'Ј': 'J', 'ѕ': 's',
    'Ѕ': 'S', 'ԁ': 'd', 'һ': 'h', 'Һ': 'H', 'ӏ': 'l', 'Ӏ': 'I', 'ԛ': 'q', 'ԝ': 'w', 'ё': 'e', 'Ё': 'E', 'к': 'k', 'м': 'm',
    'т': 't', 'в': 'b', 'н': 'h', 'З': '3', 'з': '3', 'б': '6', 'Ү': 'Y', 'ү': 'y',
    'Α': 'A', 'Β': 'B', 'Ε': 'E', 'Ζ': 'Z', 'Η': 'H', 'Ι': 'I', 'Κ': 'K', 'Μ': 'M', 'Ν': 'N', 'Ο': 'O', 'Ρ': 'P', 'Τ': 'T',
    'Υ': 'Y', 'Χ': 'X', 'ο': 'o', 'ν': 'v', 'ι': 'i', 'κ': 'k', 'ρ': 'p', 'υ': 'u', 'α': 'a', 'ϲ': 'c', 'ϳ': 'j',
    'օ': 'o', 'ո': 'n', 'ս': 'u', 'հ': 'h', 'Օ': 'O', 'Տ': 'S', 'ı': 'i', 'ɡ': 'g', 'ɑ': 'a', 'ɩ': 'i',
}
QUOTES = {'‘': "'", '’': "'", '‚': "'", '‛': "'", 'ʼ': "'", 'ʹ': "'", '′': "'", '“': '"', '”': '"', '„': '"', '″': '"'}
DASHES = {0x2043, 0x2212, 0x2796, 0x02D7, 0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0xFE58, 0xFE63, 0xFF0D, 0x30FC, 0x2500, 0x207B, 0x208B, 0x00B7, 0x2022, 0x2027, 0x2219, 0x22C5, 0x30FB}
IGNORABLE = [(0x00AD, 0x00AD), (0x034F, 0x034F), (0x061C, 0x061C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
             (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
             (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)]


def ignorable(c):
    return any(a <= c <= b for a, b in IGNORABLE)


def reading(c):
    """(ASCII, strength) or None; '' is dropped. Strengths: H always worth a view, D next to a digit, W inside a Latin word, S never by itself."""
    ch = chr(c)
    if 0xE0020 <= c <= 0xE007E:
        return chr(c - 0xE0000), 'H'
    if ignorable(c):
        return '', 'H'
    if ch in QUOTES:
        return QUOTES[ch], 'S'
    if ch in LOOKALIKES:
        return LOOKALIKES[ch], 'W'
    category = unicodedata.category(ch)
    if category in ('Cf', 'Mn', 'Me'):
        return '', 'H'
    if c in DASHES or category == 'Pd':
        return '-', 'D'
    if category == 'Zs':
        return ' ', 'H'
    if category in ('Zl', 'Zp') or c == 0x85:
        return '\n', 'H'
    if category == 'Nd':
        return str(unicodedata.decimal(ch)), 'H'
    if c in (0x2776 - 1,):
        return None
    if 0x2776 <= c <= 0x277F or 0x2780 <= c <= 0x2789 or 0x278A <= c <= 0x2793:
        return str((c - 0x2776) % 10 + 1), 'H'
    if c in (0x24EA, 0x24FF):
        return '0', 'H'
    if 0x1F130 <= c <= 0x1F149 or 0x1F150 <= c <= 0x1F169 or 0x1F170 <= c <= 0x1F189:
        return chr(ord('A') + (c - 0x1F130) % 32), 'H'
    if 0x1F1E6 <= c <= 0x1F1FF:
        return chr(ord('A') + c - 0x1F1E6), 'H'
    plain = unicodedata.normalize('NFKC', ch)
    if 0x2460 <= c <= 0x249B:
        plain = ''.join(x for x in plain if x.isalnum())
    if c in (0xBD, 0xBC, 0xBE) or not plain.isascii() or not 0 < len(plain) <= 3:
        return None
    if any(x < ' ' for x in plain):
        return None
    return plain, 'D' if c in (0x2026, 0x2122, 0xB2, 0xB3, 0xB9, 0xAA, 0xBA) else 'H'


def escape(text):
    return ''.join('\\n' if x == '\n' else '\\' + x if x in '"\\' else x for x in text)


def main():
    rows, drops = [], []
    for c in range(0x80, 0x110000):
        if 0xD800 <= c <= 0xDFFF:
            continue
        r = reading(c)
        if r is None:
            continue
        if r[0] == '':
            if drops and drops[-1][1] == c - 1:
                drops[-1][1] = c
            else:
                drops.append([c, c])
        else:
            rows.append((c,) + r)
    out = sys.stdout
    out.write('/* SPDX-License-Identifier: Apache-2.0 AND Unicode-3.0\n *\n * Made by fold_table.py from the Unicode Character '
              'Database, version %s (Copyright Unicode, Inc.,\n * Unicode License v3). Do not edit.\n */\n' % unicodedata.unidata_version)
    out.write('static const struct {\n    uint32_t first, last;\n} fold_dropped[] = {\n')
    for i in range(0, len(drops), 5):
        out.write('    ' + ' '.join('{0x%X, 0x%X},' % tuple(d) for d in drops[i:i + 5]) + '\n')
    out.write('};\n\nstatic const struct {\n    uint32_t from;\n    char strength;\n    char to[4];\n} fold_read[] = {\n')
    for i in range(0, len(rows), 5):
        out.write('    ' + ' '.join('{0x%X, \'%s\', "%s"},' % (c, s, escape(t)) for c, t, s in rows[i:i + 5]) + '\n')
    out.write('};\n')


main()
