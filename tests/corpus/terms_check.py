#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A ceiling for terms alone: the words of terms.txt in questions that name nobody, and the share of them that is hidden.

The other side of names_check.py: what is taught about names shows here whom it costs the answer ("How do I treat [GEO_CITY_1]?").
Usage: terms_check.py [path to phi] [--all: every term that is hidden]
"""
import collections
import os
import sys

import names_check

HERE = os.path.dirname(os.path.abspath(__file__))
WAYS = ("Which is better, the standard one or {}?", "How do I treat {}?", "What is the difference between {} and the usual way?",
        "Explain {} for residents.", "Compare A, {}, and B: pros and cons.", "{} vs the usual approach?",
        "Quick summary on {}, doses and side effects please", "{}", "is {} positive in this setting", "table for interns: {} / other / none")
MOST = 0.01


def terms():
    return [w for line in open(f"{HERE}/terms.txt", encoding="utf8") if not line.startswith("#") for w in line.split()]


def main(args):
    phi = next((a for a in args if not a.startswith("--")), f"{HERE}/../../build/phi")
    texts = [way.format(term) for term in terms() for way in WAYS]
    findings = names_check.scan(phi, texts)
    hidden = collections.Counter()
    for i, text in enumerate(texts):
        if findings.get(i):
            hidden[WAYS[i % len(WAYS)]] += 1
            if "--all" in args:
                print(repr(text))
    share = sum(hidden.values()) / len(texts)
    for way, n in hidden.most_common():
        print(f"{n / len(texts) * len(WAYS):.4f} {way!r}")
    print(f"{'ok' if share <= MOST else 'MORE THAN ' + str(MOST)}: {share:.4f} of {len(texts)} questions")
    return share > MOST


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
