#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the audit log while it is written: what was reported durable must be in a log that verifies.

    tests/fault/audit_faults.py DRIVER [--kills N] [--syncs N] [--images N] [--prefixes N] [--long] [--only NAME]

Each scenario has a directory of its own. Exit 0: all passed or were skipped by name.
"""
import argparse
import glob
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from log_place import Failed, Grown, Late, Place, ask, now_ms, opened, require
from power_loss import every_prefix, power_loss


def kills(place, options):
    """With the two below, 500 kills: several logs, since each kill is followed by a check of the whole log."""
    durable = torn = 0
    for _ in range(11):
        sub = Place(place.driver)
        try:
            counts = killed_log(sub, options.kills)
        finally:
            sub.close()
        durable, torn = durable + counts[0], torn + counts[1]
    return f"{11 * options.kills} kills, {durable} durable records, {torn} torn tails"


def killed_log(place, count):
    torn = 0
    log, reports = Grown(place.log), Grown(place.reports)
    recorded = set()
    for i in range(count):
        process = place.start(random.choice([1, 4, 16]), 10_000)
        time.sleep(random.choice([random.uniform(0.0, 0.02), random.uniform(0.01, 0.15)]))  # also while it opens
        process.send_signal(signal.SIGKILL)
        place.finish(process)
        code, text = place.verify()
        # Between the first write and the first start record there may be nothing whole yet.
        require(code == 0 or "records=0" in text, f"after kill {i}: {text}")
        torn += "torn=1" in text
        recorded.update(r["seq"] for r in map(json.loads, log.lines()))
        missing = {int(x.split()[2]) for x in reports.lines() if x.startswith(b"D ")} - recorded
        require(not missing, f"after kill {i}: {len(missing)} reported records are missing")
    require(place.finish(place.start(1, 50)) == 0, "the log does not open again: " + place.errors[-300:])
    return place.check(), torn


def rotating_kills(place, options):
    """Kills while files are rotated every few records and checkpoints are signed: one chain, one tree, over all files."""
    os.environ.update(AUDIT_ROTATE="65536", AUDIT_SIGN=os.path.join(place.directory, "sign.key"))
    recorded, reports, undone = {}, Grown(place.reports), 0
    try:
        for i in range(options.kills):
            process = place.start(random.choice([4, 16]), 10_000)
            time.sleep(random.uniform(0.005, 0.25))
            process.send_signal(signal.SIGKILL)
            place.finish(process)
        require(place.finish(place.start(4, 300)) == 0, "the log does not open again: " + place.errors[-300:])
        undone = place.errors.count("audit.rotation-undone")
        require("not-signing" not in place.errors, "a tree was not continued: " + place.errors[-300:])
        out = ask(place.driver, "verify-set", place.log)
        require(out.returncode == 0, out.stdout + out.stderr)
        files = glob.glob(place.log + ".seg-*")
        require(len(files) > options.kills / 4, f"only {len(files)} segments")
        n = place.check([place.log, *files])
        return f"{options.kills} kills, {n} durable records, {undone} rotations undone; {out.stdout.strip()}"
    finally:
        del os.environ["AUDIT_ROTATE"], os.environ["AUDIT_SIGN"]


def encrypted_kills(place, options):
    """The same with records encrypted at rest."""
    os.environ.update(AUDIT_ROTATE="65536", AUDIT_SIGN=os.path.join(place.directory, "sign.key"), AUDIT_ENCRYPT="1")
    try:
        for i in range(options.kills // 2):
            process = place.start(random.choice([1, 4, 16]), 10_000)
            time.sleep(random.choice([random.uniform(0.0, 0.02), random.uniform(0.01, 0.15)]))
            process.send_signal(signal.SIGKILL)
            place.finish(process)
        require(place.finish(place.start(4, 200)) == 0, "the log does not open again: " + place.errors[-300:])
        require("not-signing" not in place.errors, "a tree was not continued: " + place.errors[-300:])
        out = ask(place.driver, "verify-set", place.log)
        require(out.returncode == 0, out.stdout + out.stderr)
        with open(place.log, "rb") as f:
            require(all(line.startswith(b'{"box":') for line in f), "a record is not encrypted")
        missing = place.durable() - opened(place.driver, place.log)
        require(place.durable() and not missing, f"{len(missing)} reported records are missing: {sorted(missing)[:3]}")
        return f"{options.kills // 2} kills, {len(place.durable())} durable records; {out.stdout.strip()}"
    finally:
        del os.environ["AUDIT_ROTATE"], os.environ["AUDIT_SIGN"], os.environ["AUDIT_ENCRYPT"]


def rotation_errors(place, options):
    """Each step of a rotation fails once: the log goes on, in the old file or the new one, and nothing durable is lost."""
    seen = 0
    for suffix, call, error in ((".next", "openat", "ENOSPC"), (".next", "write", "ENOSPC"), (".next", "fdatasync", "EIO"),
                                ("", "renameat2", "EIO"), (".next", "rename", "EIO"), (".checkpoint.new", "rename", "EIO"),
                                (".tree.new", "openat", "ENOSPC")):
        sub = Place(place.driver)
        os.environ.update(AUDIT_ROTATE="65536", AUDIT_SIGN=os.path.join(sub.directory, "sign.key"))
        try:
            wrapper = ("strace", "-f", "-o", os.path.join(sub.directory, "trace"), "-P", sub.log + suffix, "-e", f"trace={call}", "-e",
                       f"inject={call}:error={error}:when=1")
            require(sub.finish(sub.start(4, 1500, wrapper=wrapper)) == 0, f"{call}{suffix}: {sub.errors[-300:]}")
            with open(os.path.join(sub.directory, "trace")) as f:
                require("INJECTED" in f.read(), f"{call}{suffix}: nothing was injected")
            require("failed" in sub.errors, f"{call}{suffix}: not said; {sub.errors[-300:]}")
            require(sub.finish(sub.start(2, 200)) == 0, f"{call}{suffix}: does not open again: {sub.errors[-300:]}")
            out = ask(place.driver, "verify-set", sub.log)
            require(out.returncode == 0, f"{call}{suffix}: {out.stdout}")
            sub.check([sub.log, *glob.glob(sub.log + ".seg-*"), *glob.glob(sub.log + ".aside-*")])
            seen += 1
        finally:
            del os.environ["AUDIT_ROTATE"], os.environ["AUDIT_SIGN"]
            sub.close()
    return f"{seen} steps failed once each; one chain, one tree"


def torn_writes(place, options):
    """A kill can hardly hit the inside of a write: cut the tail at random bytes instead, above the head."""
    sealed = 0
    for i in range(20):
        require(place.finish(place.start(4, 60)) == 0, "the log does not open: " + place.errors[-300:])
        with open(place.log, "rb") as f:
            last = f.read().splitlines()[-1]
        with open(place.log, "ab") as f:
            f.write(last[: random.randrange(1, len(last))])
        sealed += 1
    require(place.finish(place.start(1, 50)) == 0, "the log does not open: " + place.errors[-300:])
    place.check()
    files = glob.glob(place.log + ".torn-*")
    names = [e for e in place.events() if e["type"] == "recovered"]
    require(len(files) == sealed == len(names), f"{sealed} torn, {len(files)} files, {len(names)} records")
    return f"{sealed} torn tails sealed and named"


def strace(place, call, error, when):
    return ("strace", "-f", "-o", "/dev/null", "-P", place.log, "-e", f"trace={call}", "-e",
            f"inject={call}:error={error}:when={when}")


def sync_errors(place, options):
    """fdatasync fails once; the next one would succeed and must not be believed for the same file."""
    stopped = 0
    for n in list(range(1, options.syncs + 1)):
        sub = Place(place.driver)
        try:
            code = sub.finish(sub.start(4, 1700 if n > 1 else 300, wrapper=strace(sub, "fdatasync", "EIO", n)))
            if code == 3:  # the first sync is that of opening
                require("cannot be written" in sub.errors, sub.errors[-300:])
                continue
            require("audit.stopped reason=io_error" in sub.errors, f"call {n}: nothing failed; {sub.errors[-300:]}")
            files = [sub.log] + glob.glob(sub.log + ".aside-*")
            require(len(files) == 2, f"call {n}: {files}")
            sub.check(files)
            first = sub.events()[0]
            require(first["type"] == "segment" and first["reason"] == "io_error", f"call {n}: {first}")
            # What was set aside holds at least all up to the record that the new file names.
            aside = sub.recorded(files[1:])
            require({x for x in sub.durable() if x[0] <= first["predecessor_seq"]} <= aside, "lost before the fault")
            require(not {x for x in sub.durable() if x[0] > first["predecessor_seq"]} - sub.recorded([sub.log]),
                    "reported durable from the fenced file")
            stopped += 1
        finally:
            sub.close()
    require(stopped >= options.syncs - 2, f"only {stopped} runs met the error")
    return f"EIO at each of {options.syncs} syncs: fenced, continued in a new file"


def write_errors(place, options):
    for error, name in (("ENOSPC", "disk_full"), ("EIO", "io_error")):
        for n in (2, 3, 10):
            sub = Place(place.driver)
            try:
                code = sub.finish(sub.start(4, 1700, wrapper=strace(sub, "write", error, n)))
                require(code == 0, sub.errors[-300:])
                require(f"audit.stopped reason={name}" in sub.errors, f"{error} at {n}: {sub.errors[-300:]}")
                sub.check([sub.log] + glob.glob(sub.log + ".aside-*"))
                events = [e.get("event") for e in sub.events() if e["type"] == "sink_failure"]
                # Calls are counted per thread: closing may meet the error a second time.
                expected = ["stopped", "recovered"] if error == "ENOSPC" else ["recovered"]
                require(events[: len(expected)] == expected, str(events))
            finally:
                sub.close()
    return "ENOSPC and EIO from write: stopped, logged, recovered"


def full_disk(place, options):
    mount = tempfile.mkdtemp(prefix="phigate-small-")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount], capture_output=True).returncode:
        os.rmdir(mount)
        return "SKIPPED: no right to mount a tmpfs"
    sub = Place(place.driver, mount)
    process = sub.start(8, 6000, 64 * 1024, 64 * 1024)
    try:
        time.sleep(2.5)
        health = sub.health()
        require(health[-1][1] == 0, f"1 MiB was not filled: {health}, {len(sub.durable())}")
        before = len(sub.durable())
        time.sleep(0.5)
        require(len(sub.durable()) == before, "reported durable on a full disk")
        with open(sub.log) as f:
            last = json.loads(f.read().splitlines()[-1])
        require(last["type"] == "sink_failure" and last["event"] == "stopped", f"the stop is not logged: {last}")
        subprocess.run(["mount", "-o", "remount,size=900m", mount], check=True)
        require(sub.finish(process) == 0, sub.errors[-300:])
        n = sub.check()
        require(sub.health()[-1][1] == 1 and n > before, f"did not recover by itself: {n} {before} {sub.health()} {sub.errors[-600:]}")
        return f"{before} records filled the disk, {n - before} after it had room again"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        sub.close()
        subprocess.run(["umount", mount], check=False)
        os.rmdir(mount)


def disturbed(place, how, reason, kept):
    process = place.start(8, 3500)
    time.sleep(0.7)
    at = now_ms()
    how(place.log)
    require(place.finish(process) == 0, place.errors[-300:])
    down = [ms for ms, up in place.health() if ms >= at - 20 and not up]
    up = [ms for ms, up in place.health() if ms >= at and up]
    require(down and down[0] - at <= 1000, f"noticed after {down[:1]} - {at}", Late)
    require(up, "did not recover", Late)
    first = place.events()[0]
    require(first["type"] == "segment" and first["reason"] == reason, f"{first}")
    others = [p for p in glob.glob(place.log + ".*") if not re.search(r"\.(head|reserve)$", p)]
    n = place.check([place.log, *others], after=0 if kept else at + 1000, least=10)
    return f"noticed within {down[0] - at} ms, back after {up[0] - at} ms, {n} records accounted for"


def moved(place, options):
    return disturbed(place, lambda p: os.rename(p, p + ".moved"), "removed", True)


def removed(place, options):
    """The file comes back out of the open descriptor: nothing is lost at all."""
    return disturbed(place, os.unlink, "removed", True)


def hanging(place, options):
    """One sync takes 2.5 s: refused after one, durable when it ends."""
    process = place.start(4, 4500, wrapper=("strace", "-f", "-o", "/dev/null", "-P", place.log, "-e", "trace=fdatasync",
                                            "-e", "inject=fdatasync:delay_enter=2500000:when=20"))
    require(place.finish(process) == 0, place.errors[-300:])
    states = [up for _, up in place.health()]
    require(states == [1, 0, 1], f"health {place.health()}")
    down, up = place.health()[1][0], place.health()[2][0]
    require(1300 <= up - down <= 1700, f"down for {up - down} ms of a sync of 2500", Late)
    return f"{place.check()} records, unhealthy for {up - down} ms of a sync of 2500"


def replaced(place, options):
    """In one step: a moment with no file at all would rightly be called a removal."""
    def swap(path):
        shutil.copy(path, path + ".copy")
        os.link(path, path + ".moved")
        os.rename(path + ".copy", path)
    return disturbed(place, swap, "replaced", True)


def truncated(place, options):
    return disturbed(place, lambda p: os.truncate(p, 1000), "size_changed", False)


def two_writers(place, options):
    first = place.start(2, 1500)
    time.sleep(0.4)
    other = Place(place.driver)
    other.log, log = place.log, other.log
    code = other.finish(other.start(2, 200))
    other.close()
    require(code == 3 and "another process" in other.errors, f"second writer: {code} {other.errors}")
    require(place.finish(first) == 0, place.errors[-300:])
    return f"{place.check()} records, the second writer was refused"


def passes(scenario, options, last=False):
    place = Place(options.driver)
    begin = time.monotonic()
    try:
        text = scenario(place, options)
        print(f"{'skip' if text.startswith('SKIPPED') else 'ok'} {scenario.__name__}: {text} "
              f"({time.monotonic() - begin:.1f} s)", flush=True)
        return True
    except Late as error:
        print(f"{'FAILED' if last else 'late'} {scenario.__name__}: {error}", flush=True)
    except (Failed, subprocess.TimeoutExpired, OSError, IndexError, ValueError) as error:
        print(f"FAILED {scenario.__name__}: {error}", flush=True)
        return False
    finally:
        place.close()
    return not last and passes(scenario, options, last=True)


def main():
    scenarios = [kills, rotating_kills, encrypted_kills, rotation_errors, torn_writes, power_loss, every_prefix, sync_errors,
                 write_errors, full_disk, moved, removed, replaced, truncated, hanging, two_writers]
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--syncs", type=int, default=6)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--prefixes", type=int, default=100)
    parser.add_argument("--long", action="store_true", help="5,500 kills, 200 syncs, 1000 images, 2000 prefixes")
    parser.add_argument("--only")
    options = parser.parse_args()
    if options.long:
        options.kills, options.syncs, options.images, options.prefixes = 500, 200, 1000, 2000
    options.driver = os.path.abspath(options.driver)
    bad = 0
    for scenario in scenarios:
        if options.only and scenario.__name__ != options.only:
            continue
        bad += not passes(scenario, options)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
