# SPDX-License-Identifier: Apache-2.0
"""Folding and hashing of words, the same as in detectors/words.c: Latin letters to lower-case ASCII."""
import unicodedata

SPECIAL = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ŋ": "n",
           "ħ": "h", "ŧ": "t", "ə": "e", "ɨ": "i", "ƒ": "f"}
MASK = (1 << 64) - 1


def fold_letter(ch):
    """Lower-case ASCII for one Latin letter, or None when it is none."""
    low = ch.lower()
    if low in SPECIAL:
        return SPECIAL[low]
    base = "".join(c for c in unicodedata.normalize("NFD", low) if not unicodedata.combining(c))
    return base if base and base.isascii() and base.isalpha() else None


def fold(word):
    out = []
    for ch in word:
        if ch in "'’‘`´" or unicodedata.combining(ch):
            continue
        if ch.isascii():
            out.append(ch.lower())
        else:
            out.append(fold_letter(ch) or ch)
    return "".join(out)


PRIME, START = 0xD6E8FEB86659FD93, 0xCBF29CE484222325


def mix(h):
    h ^= h >> 32
    h = (h * PRIME) & MASK
    return h ^ (h >> 32)


def hash_word(folded):
    """Eight bytes at a time, the last filled up with zeroes."""
    h, data = START, folded.encode("utf8")
    for i in range(0, len(data), 8):
        h = ((h ^ int.from_bytes(data[i:i + 8], "little")) * PRIME) & MASK
        h ^= h >> 32
    h = (h * PRIME) & MASK
    return h ^ (h >> 32)


def hash_phrase(words):
    h = hash_word(words[0])
    for w in words[1:]:
        h = mix((h * 0x9E3779B97F4A7C15 + hash_word(w)) & MASK)
    return h
