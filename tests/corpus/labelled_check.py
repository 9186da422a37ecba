#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Floors for labelled.jsonl: the leak of each kind, and false alarms. Usage: labelled_check.py [path to phi]"""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
LEAK = {"": 0.005}  # every kind, unless named
MOST_FALSE = 6.0  # per 1,000 tokens
MOST_TOUCHED = 0.08  # of the texts without an identifier


def main():
    phi = sys.argv[1] if len(sys.argv) > 1 else f"{HERE}/../../build/phi"
    made = subprocess.run([sys.executable, f"{HERE}/labelled.py"], capture_output=True, text=True, check=True).stdout
    wrong = [] if made == open(f"{HERE}/labelled.jsonl").read() else ["labelled.jsonl is not what labelled.py writes"]
    score = json.loads(subprocess.run([phi, "score", f"{HERE}/labelled.jsonl"], capture_output=True, text=True, check=True).stdout)
    for kind, k in score["kinds"].items():
        if k["leak"] > LEAK.get(kind, LEAK[""]):
            wrong.append(f"{kind}: {k['leak']:.4f} of {k['n']} leak")
    if score["fp_per_1k"] > MOST_FALSE:
        wrong.append(f"{score['fp_per_1k']:.2f} false tokens per 1,000")
    if score["touched"] > MOST_TOUCHED:
        wrong.append(f"{score['touched']:.3f} of the texts without an identifier are touched")
    print("\n".join(wrong) or f"labelled: leak {score['leak']:.4f} of {score['identifiers']}, false {score['fp_per_1k']:.2f} per 1,000")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
