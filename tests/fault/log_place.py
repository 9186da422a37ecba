# SPDX-License-Identifier: Apache-2.0
"""Where the fault scenarios run: a directory with a log, the driver that writes it, and what that reported durable."""
import json
import os
import shutil
import subprocess
import tempfile
import time


class Failed(Exception):
    pass


class Late(Exception):
    """A deadline was missed. A busy machine can do that, too: tried once more, never for anything that was lost."""


def require(condition, text, kind=Failed):
    if not condition:
        raise kind(text)


def ask(driver, command, log, *more):
    """What the driver does with a log: its process, ended."""
    return subprocess.run([driver, command, log, *map(str, more)], capture_output=True, text=True, timeout=120)


def opened(driver, log):
    """(seq, type.request_id) of each record, encrypted or not."""
    out = ask(driver, "dump", log)
    require(out.returncode == 0, f"cannot be read: {out.stderr[-300:]}")
    records = [json.loads(line) for line in out.stdout.splitlines()]
    return {(r["seq"], f'{r["type"]}.{r["request_id"]}') for r in records if "request_id" in r}


class Place:
    """A directory with a log and the driver's reports about it."""

    def __init__(self, driver, base=None):
        self.driver = driver
        self.directory = tempfile.mkdtemp(prefix="phigate-fault-", dir=base)
        self.log = os.path.join(self.directory, "decisions.log")
        self.reports = tempfile.mkstemp(prefix="phigate-reports-")[1]
        self.errors = ""

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)
        os.unlink(self.reports)

    def start(self, threads, ms, *more, wrapper=()):
        # The leak check of a sanitized driver cannot work under strace.
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"} if wrapper else None
        with open(self.reports, "ab") as out:
            return subprocess.Popen([*wrapper, self.driver, "run", self.log, str(threads), str(ms), *map(str, more)],
                                    stdout=out, stderr=subprocess.PIPE, env=environment)

    def finish(self, process):
        self.errors += process.communicate(timeout=60)[1].decode(errors="replace")
        self.drop_unfinished_report()
        return process.returncode

    def drop_unfinished_report(self):
        """A kill can cut a report at a page's end; what it reported was not said, and must not run into the next line."""
        with open(self.reports, "r+b") as f:
            text = f.read()
            f.truncate(text.rfind(b"\n") + 1)

    def report_lines(self, kind):
        """The fields of each whole line of that kind; the process may still be writing."""
        with open(self.reports) as f:
            return [line.split() for line in f if line.startswith(kind + " ") and line.endswith("\n")]

    def verify(self, path=None):
        out = ask(self.driver, "verify", path or self.log)
        return out.returncode, out.stdout.strip()

    def durable(self, after=0):
        return {(int(seq), name) for _, ms, seq, name in self.report_lines("D") if int(ms) >= after}

    def health(self):
        return [(int(x[1]), int(x[2])) for x in self.report_lines("H")]

    def recorded(self, paths):
        """(seq, type.request_id) of every whole line in the files."""
        found = set()
        for path in paths:
            with open(path, "rb") as f:
                for line in f:
                    try:
                        r = json.loads(line)
                    except ValueError:
                        continue
                    if "request_id" in r:
                        found.add((r["seq"], f'{r["type"]}.{r["request_id"]}'))
        return found

    def events(self):
        with open(self.log) as f:
            return [r for r in map(json.loads, f) if r["type"] in ("segment", "sink_failure", "recovered", "lifecycle")]

    def check(self, paths=None, after=0, least=1):
        """Everything reported durable is in the files, and the live one verifies."""
        code, text = self.verify()
        require(code == 0, f"verify: {text}")
        durable = self.durable(after)
        require(len(durable) >= least, f"only {len(durable)} records were reported durable; {self.errors[-300:]}")
        missing = durable - self.recorded(paths or [self.log])
        require(not missing, f"{len(missing)} of {len(durable)} reported records are not in the log: {sorted(missing)[:3]}")
        return len(durable)


def now_ms():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1_000_000


class Grown:
    """The whole lines that a file has got since the last look."""

    def __init__(self, path):
        self.path, self.offset = path, 0

    def lines(self):
        if not os.path.exists(self.path):
            return []
        with open(self.path, "rb") as f:
            f.seek(self.offset)
            text = f.read()
        whole = text[: text.rfind(b"\n") + 1]
        self.offset += len(whole)
        return whole.splitlines()
