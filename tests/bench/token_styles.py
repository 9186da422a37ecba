#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How a token should be written, measured: a small real model (tests/tools/fetch-model.sh) is given short tasks over texts that hold tokens,
the same in each style, and what it gives back is counted. The prompts hold what a gateway would send; nothing is restored here.

    python3 tests/bench/token_styles.py [--seconds 600] [--rounds 12] [--bare]

With --bare a prompt has no example of the task, so a small model often does something else; then only what it did write tells.

intact: written as it was given, so it is restored. damaged: kind and number are there, something of the rest is not; a restorer that
guesses would take it, ours does not. lost: not there. another: one of the example in the prompt in its place. invented: of nobody."""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "build" / "model"
STYLES = {"[NAME_1]": ("[", "]"), "<NAME_1>": ("<", ">"), "NAME_1": ("", ""), "[[NAME_1]]": ("[[", "]]")}
OUTCOMES = ("intact", "damaged", "lost", "another", "invented")
LOOSE = re.compile(r"[\[<({«‹]*\s*\b([A-Za-z]{2,12})[\s\\_-]{0,3}([1-9]\d{0,2})(?!\d)\s*[\]>)}»›]*")

# With {KIND_N} where a token stands. The example's numbers come first, as they would in one request.
EXAMPLE = ("{NAME_1} has a cough since {DATE_1}. Call {PHONE_1}.", "{NAME_1}", "{DATE_1}", "{PHONE_1}")
TEXTS = (
    ("{NAME_2} came in with a headache on {DATE_2}. Call {PHONE_2}.", "{NAME_2}", "{DATE_2}", "{PHONE_2}"),
    ("{NAME_2} fell on {DATE_2} and hurt a wrist. The number is {PHONE_2}.", "{NAME_2}", "{DATE_2}", "{PHONE_2}"),
    ("The fever of {NAME_2} began on {DATE_2}. Reach the family at {PHONE_2}.", "{NAME_2}", "{DATE_2}", "{PHONE_2}"),
    ("On {DATE_2} {NAME_2} was sent home. Follow up by phone: {PHONE_2}.", "{NAME_2}", "{DATE_2}", "{PHONE_2}"),
    ("{NAME_2} asks for a refill, last seen {DATE_2}, phone {PHONE_2}.", "{NAME_2}", "{DATE_2}", "{PHONE_2}"),
    ("Since {DATE_2} {NAME_2} sleeps badly. Please call {PHONE_2} today.", "{NAME_2}", "{DATE_2}", "{PHONE_2}"),
    ("{NAME_2}, seen on {DATE_2}, has no pain now. Contact: {PHONE_2}.", "{NAME_2}", "{DATE_2}", "{PHONE_2}"),
    ("A rash was seen on {NAME_2} on {DATE_2}. The clinic called {PHONE_2}.", "{NAME_2}", "{DATE_2}", "{PHONE_2}"),
    ("{NAME_2} missed the visit of {DATE_2}; nobody answered {PHONE_2}.", "{NAME_2}", "{DATE_2}", "{PHONE_2}"),
    ("The knee of {NAME_2} was operated on {DATE_2}. Phone {PHONE_2}.", "{NAME_2}", "{DATE_2}", "{PHONE_2}"),
    ("{NAME_2} started lisinopril on {DATE_2}. Questions go to {PHONE_2}.", "{NAME_2}", "{DATE_2}", "{PHONE_2}"),
    ("Nausea since {DATE_2}: {NAME_2} should call {PHONE_2} tomorrow.", "{NAME_2}", "{DATE_2}", "{PHONE_2}"))
# Of each: its word for the answer, and the example's answer.
TASKS = {
    "copy": ("Copy", lambda t: t[0]),
    "summary": ("Short summary", lambda t: f"{t[1]}: cough since {t[2]}, phone {t[3]}."),
    "translation": ("German", lambda t: f"{t[1]} hat seit {t[2]} Husten. Telefon {t[3]}."),
    "json": ("JSON", lambda t: json.dumps({"name": t[1], "date": t[2], "phone": t[3]})),
    "table": ("Row of the table name | date | phone", lambda t: f"| {t[1]} | {t[2]} | {t[3]} |")}


def written(text, style):
    """The text with its tokens in this style."""
    begin, end = STYLES[style]
    return re.sub(r"\{([A-Z]+_\d+)\}", lambda m: begin + m[1] + end, text)


def tokens_of(text):
    return re.findall(r"\{([A-Z]+_\d+)\}", text)


def prompt(task, text, style, bare=False):
    word, answer = TASKS[task]
    if bare:
        return f"Text: {written(text, style)}\n{word}:"
    example = answer(EXAMPLE)
    return f"Text: {written(EXAMPLE[0], style)}\n{word}: {written(example, style)}\n\nText: {written(text, style)}\n{word}:"


def count(style, wanted, said, example=("NAME_1", "DATE_1", "PHONE_1")):
    """What became of the wanted tokens, and what else looks like one; each token once."""
    begin, end = (re.escape(s) for s in STYLES[style])
    exact = re.compile(begin + r"(?<![A-Za-z0-9_])([A-Z]+_[1-9]\d{0,6})(?![A-Za-z0-9_])" + end)
    whole = set(exact.findall(said))
    kinds = {t.split("_")[0] for t in (*wanted, *example)}
    loose = {f"{m[1].upper()}_{m[2]}" for m in LOOSE.finditer(exact.sub(" ", said)) if m[1].upper() in kinds}
    out = dict.fromkeys(OUTCOMES, 0)
    for token in wanted:
        out["intact" if token in whole else "damaged" if token in loose else "lost"] += 1
    others = (whole | loose) - set(wanted)
    out["another"] = len(others & set(example))
    out["invented"] = len(others - set(example))
    return out


class Model:
    def __init__(self, place):
        self.log = open(pathlib.Path(place) / "out", "wb")
        import socket
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.process = subprocess.Popen(["nice", "-n", "10", "node", str(PLACE / "server.mjs"), str(PLACE / "model.gguf"), str(self.port),
                                         str(pathlib.Path(place) / "asked")], stdout=self.log, stderr=self.log, cwd=PLACE)
        deadline = time.monotonic() + 180
        while b"ready" not in (pathlib.Path(place) / "out").read_bytes():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise SystemExit("the small model does not run here")
            time.sleep(0.2)

    def say(self, text):
        body = json.dumps({"model": "small", "prompt": text, "stop": ["\n"], "max_tokens": 64}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/v1/completions", body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=300) as r:
            return json.loads(r.read())["choices"][0]["text"]

    def stop(self):
        self.process.terminate()
        self.process.wait(30)
        self.log.close()


def run(model, seconds, rounds, bare=False):
    """{style: {task: counts}} and how many prompts of each style there were; all styles of a task, or none."""
    totals = {s: {t: dict.fromkeys(OUTCOMES, 0) for t in TASKS} for s in STYLES}
    end, asked = time.monotonic() + seconds, 0
    for text in TEXTS[:rounds]:
        for task in TASKS:
            if time.monotonic() > end:
                return totals, asked
            for style in STYLES:
                for name, n in count(style, tokens_of(text[0]), model.say(prompt(task, text[0], style, bare))).items():
                    totals[style][task][name] += n
            asked += 1
    return totals, asked


def show(totals, asked):
    print(f"{asked} tasks for each style, {3 * asked} tokens\n")
    print("| Style | " + " | ".join(OUTCOMES) + " | " + " | ".join(f"intact: {t}" for t in TASKS) + " |")
    print("|---" + "|--:" * (len(OUTCOMES) + len(TASKS)) + "|")
    for style, tasks in totals.items():
        row = [sum(t[o] for t in tasks.values()) for o in OUTCOMES] + [t["intact"] for t in tasks.values()]
        print(f"| `{style}` | " + " | ".join(map(str, row)) + " |")


def main():
    arguments = argparse.ArgumentParser(description="which way of writing tokens a small model damages least")
    arguments.add_argument("--seconds", type=int, default=600)
    arguments.add_argument("--rounds", type=int, default=len(TEXTS))
    arguments.add_argument("--bare", action="store_true")
    a = arguments.parse_args()
    if not shutil.which("node") or not (PLACE / ".ready").exists():
        sys.exit("no small model: tests/tools/fetch-model.sh brings one where the registries can be reached")
    with tempfile.TemporaryDirectory() as place:
        model = Model(place)
        try:
            show(*run(model, a.seconds, a.rounds, a.bare))
        finally:
            model.stop()


if __name__ == "__main__":
    main()
