# SPDX-License-Identifier: Apache-2.0
"""Reading annotated text and running the prose detector over it; shared by score_words.py and fit.py."""
import hashlib, json, os, subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
WORDS = f"{ROOT}/detectors/dictionaries/words.bin"
SOURCES = ["words", "margin", "word_lists", "marks", "memory", "lexicon", "dictionary", "eponym", "term_stem", "candidate", "evidence", "evidence_weigh", "names", "places", "brands", "surname_first", "speaker", "name_words", "spelled_name", "spelled_code", "signed_off", "letterhead", "addressed", "small_name", "telling", "likeness", "doer", "prose", "dates", "dates_abroad", "dates_number", "dates_holiday", "dates_marked", "dates_weekday", "dates_year", "ages",
           "streets", "streets_abroad", "genre", "thing", "wide_place", "worklist", "coded", "validate", "validate_text", "tagged", "tagger", "tagger_features", "tagger_name", "tagger_net", "text"]


def build(out):
    """Compiles words_scan; returns its path."""
    os.makedirs(out, exist_ok=True)
    files = [f"{ROOT}/detectors/{s}.c" for s in SOURCES if os.path.exists(f"{ROOT}/detectors/{s}.c")]
    subprocess.run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-g", "-o", f"{out}/words_scan", f"{HERE}/words_scan.c"] + files + ["-lm"],
                   check=True)
    return f"{out}/words_scan"


def read(path):
    return [json.loads(line) for line in open(path, encoding="utf8")]


def is_fit(doc):
    """Half of the documents are fitted on, the other half is measured."""
    return hashlib.sha256(doc["id"].encode()).digest()[0] % 2 == 0


def pick(docs, which):
    """which: "" the half that is fitted on, "all", or "r17": those of the rounds up to that one."""
    if which.startswith("r"):
        return [d for d in docs if int(d["id"].split("-")[0][1:]) <= int(which[1:])]
    return [d for d in docs if which == "all" or is_fit(d)]


def run(program, docs, *options):
    """Lines of output for each document."""
    data = b""
    for d in docs:
        t = d["text"].encode("utf8", "surrogatepass")
        data += str(len(t)).encode() + b"\n" + t
    out = subprocess.run([program, WORDS, *options], input=data, check=True, capture_output=True).stdout.decode()
    return [[line.split() for line in part.split("\n") if line] for part in out.split("text\n")[1:]]


def offsets(text):
    """Byte offset -> code point offset, as a dict of character borders."""
    at, table = 0, {}
    for i, ch in enumerate(text):
        table[at] = i
        at += len(ch.encode("utf8", "surrogatepass"))
    table[at] = len(text)
    return table
