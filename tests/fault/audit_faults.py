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

DRIVER = ""


class Failed(Exception):
    pass


class Late(Exception):
    """A deadline was missed. A busy machine can do that, too: tried once more, never for anything that was lost."""


def require(condition, text, kind=Failed):
    if not condition:
        raise kind(text)


class Place:
    """A directory with a log and the driver's reports about it."""

    def __init__(self, base=None):
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
            return subprocess.Popen([*wrapper, DRIVER, "run", self.log, str(threads), str(ms), *map(str, more)],
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
        out = subprocess.run([DRIVER, "verify", path or self.log], capture_output=True, text=True, timeout=60)
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


def kills(place, options):
    """With the two below, 500 kills: several logs, since each kill is followed by a check of the whole log."""
    durable = torn = 0
    for _ in range(11):
        sub = Place()
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
        out = subprocess.run([DRIVER, "verify-set", place.log], capture_output=True, text=True, timeout=120)
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
        out = subprocess.run([DRIVER, "verify-set", place.log], capture_output=True, text=True, timeout=120)
        require(out.returncode == 0, out.stdout + out.stderr)
        with open(place.log, "rb") as f:
            require(all(line.startswith(b'{"box":') for line in f), "a record is not encrypted")
        missing = place.durable() - opened(place.log)
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
        sub = Place()
        os.environ.update(AUDIT_ROTATE="65536", AUDIT_SIGN=os.path.join(sub.directory, "sign.key"))
        try:
            wrapper = ("strace", "-f", "-o", os.path.join(sub.directory, "trace"), "-P", sub.log + suffix, "-e", f"trace={call}", "-e",
                       f"inject={call}:error={error}:when=1")
            require(sub.finish(sub.start(4, 1500, wrapper=wrapper)) == 0, f"{call}{suffix}: {sub.errors[-300:]}")
            with open(os.path.join(sub.directory, "trace")) as f:
                require("INJECTED" in f.read(), f"{call}{suffix}: nothing was injected")
            require("failed" in sub.errors, f"{call}{suffix}: not said; {sub.errors[-300:]}")
            require(sub.finish(sub.start(2, 200)) == 0, f"{call}{suffix}: does not open again: {sub.errors[-300:]}")
            out = subprocess.run([DRIVER, "verify-set", sub.log], capture_output=True, text=True, timeout=120)
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
        sub = Place()
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
            sub = Place()
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
    sub = Place(mount)
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
    def swap(path):
        shutil.copy(path, path + ".copy")
        os.rename(path, path + ".moved")
        os.rename(path + ".copy", path)
    return disturbed(place, swap, "replaced", True)


def truncated(place, options):
    return disturbed(place, lambda p: os.truncate(p, 1000), "size_changed", False)


class Disk:
    """A small file system of its own in a file, so that its bytes can be copied as a power loss would leave them."""

    def __init__(self, image):
        self.image, self.mount = image, tempfile.mkdtemp(prefix="phigate-disk-")

    def make(self):
        with open(self.image, "wb") as f:
            f.truncate(48 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-J", "size=4", self.image], check=True)

    def attach(self):
        return subprocess.run(["mount", "-o", "loop", self.image, self.mount], capture_output=True).returncode == 0

    def detach(self):
        for _ in range(100):
            if subprocess.run(["umount", self.mount], capture_output=True).returncode == 0:
                return
            time.sleep(0.05)

    def close(self):
        if os.path.ismount(self.mount):
            self.detach()
        os.rmdir(self.mount)


def opened(log):
    """(seq, type.request_id) of each record, encrypted or not."""
    out = subprocess.run([DRIVER, "dump", log], capture_output=True, text=True, timeout=120)
    require(out.returncode == 0, f"cannot be read: {out.stderr[-300:]}")
    records = [json.loads(line) for line in out.stdout.splitlines()]
    return {(r["seq"], f'{r["type"]}.{r["request_id"]}') for r in records if "request_id" in r}


def recover(log, durable, what):
    """A gateway starts on what is left: the log verifies, and holds all that was reported durable."""
    run = subprocess.run([DRIVER, "run", log, "1", "10", str(64 * 1024), str(64 * 1024)], capture_output=True, text=True, timeout=60)
    require(run.returncode == 0, f"{what}: does not open: {run.stderr[-300:]}")
    out = subprocess.run([DRIVER, "verify-set", log], capture_output=True, text=True, timeout=60)
    require(out.returncode == 0, f"{what}: {out.stdout}")
    missing = durable - opened(log)
    require(not missing, f"{what}: {len(missing)} of {len(durable)} reported records are lost: {sorted(missing)[:3]}")


def power_loss(place, options):
    """The disk's bytes at random instants of writing, with rotations and checkpoints; each mounted and gone on with."""
    live, copy = Disk(os.path.join(place.directory, "live.img")), Disk(os.path.join(place.directory, "copy.img"))
    live.make()
    if not live.attach():
        live.close()
        copy.close()
        return "SKIPPED: no right to mount a loop device"
    torn, durable = 0, 0
    sub = Place(live.mount)
    os.environ.update(AUDIT_ROTATE=str(256 * 1024), AUDIT_SIGN=os.path.join(place.directory, "sign.key"))
    try:
        for i in range(options.images):
            if i % 8 == 0 and i:  # before the disk is full
                sub.close()
                sub = Place(live.mount)
            os.environ.pop("AUDIT_ENCRYPT", None)
            if i // 8 % 2:
                os.environ["AUDIT_ENCRYPT"] = "1"
            process = sub.start(random.choice([1, 4, 16]), 10_000, 64 * 1024, 64 * 1024)
            time.sleep(random.uniform(0.01, 0.15))
            process.send_signal(signal.SIGSTOP)
            reported = sub.durable()
            shutil.copyfile(live.image, copy.image)  # what the disk has now; the page cache is lost
            process.send_signal(signal.SIGKILL)
            sub.finish(process)
            require(copy.attach(), f"image {i}: cannot be mounted")
            log = os.path.join(copy.mount, os.path.relpath(sub.log, live.mount))
            try:
                if reported or os.path.exists(log):
                    recover(log, reported, f"image {i}")
                torn += len(glob.glob(log + ".torn-*")) > 0
            finally:
                copy.detach()
            durable += len(reported)
        return f"{options.images} images, {durable} records were reported durable by then, {torn} torn tails"
    finally:
        os.environ.pop("AUDIT_ENCRYPT", None)
        del os.environ["AUDIT_ROTATE"], os.environ["AUDIT_SIGN"]
        sub.close()
        live.close()
        copy.close()


EVENT = re.compile(r"^(\d+) +(?:<\.\.\. )?(write|pwrite64|fdatasync)(?:\(| resumed>)(.*)$")


def write_log(trace, log):
    """What the trace says of the log and its head, in order: ("write", bytes), ("head", bytes), ("sync",), ("ack", seq, name)."""
    events, open_sync = [], {}
    for line in trace:
        m = EVENT.match(line)
        if not m:
            continue
        pid, call, rest = m[1], m[2], m[3]
        if call == "fdatasync":
            if f"<{log}>" in rest:
                open_sync[pid] = True
            if open_sync.get(pid) and rest.rstrip().endswith("= 0"):
                events.append(("sync",))
                open_sync[pid] = False
            continue
        data = re.match(r"\d+<([^>]*)>, \"((?:\\x[0-9a-f]{2})*)\"", rest)
        if not data:
            continue
        path, text = data[1], bytes.fromhex(data[2].replace("\\x", ""))
        if path == log:
            events.append(("write", text))
        elif path == log + ".head":
            events.append(("head", text))
        elif text.startswith(b"D "):
            _, _, seq, name = text.split()
            events.append(("ack", int(seq), name.decode()))
    return events


def torn(new, keep, zeros):
    """Sectors of the part that was not synced: some came, some did not, or the file ends before."""
    out = bytearray(new[:keep])
    for at in range(0, len(out), 512):
        if zeros and random.random() < 0.5:
            out[at:at + 512] = bytes(len(out[at:at + 512]))
    return bytes(out)


def every_prefix(place, options):
    """Each write to the log is replayed; of what was not synced a part is lost, in the file and in its head."""
    trace = os.path.join(place.directory, "trace")
    wrapper = ("strace", "-f", "-y", "-xx", "-s", "1000000", "-o", trace, "-e", "trace=write,pwrite64,fdatasync")
    # -xx writes the paths in hex, too: the decoder below wants them plain.
    require(place.finish(place.start(4, 700, 64 * 1024, 64 * 1024, wrapper=wrapper)) == 0, place.errors[-300:])
    def plain(line):
        return re.sub(r"<((?:\\x[0-9a-f]{2})+)>", lambda m: "<" + bytes.fromhex(m[1].replace("\\x", "")).decode() + ">", line)
    with open(trace) as f:
        events = write_log(map(plain, f), place.log)
    require(sum(e[0] == "write" for e in events) > 20 and any(e[0] == "ack" for e in events), "the trace holds no writes")
    points = random.sample(range(1, len(events)), min(options.prefixes, len(events) - 1))
    for n, point in enumerate(sorted(points)):
        synced, pending, heads, acked = b"", b"", [b""], set()
        for e in events[:point]:
            if e[0] == "write":
                pending += e[1]
            elif e[0] == "sync":
                synced, pending = synced + pending, b""
            elif e[0] == "head":
                heads.append(e[1])
            else:
                acked.add(e[1:])
        sub = Place()
        try:
            kept = torn(pending, random.randrange(len(pending) + 1), random.random() < 0.5)
            head = random.choice(heads[-3:] if len(heads) > 3 else heads)
            for path, text in ((sub.log, synced + kept), (sub.log + ".head", head)):
                with open(path, "wb") as f:
                    f.write(text)
            if acked or synced:
                recover(sub.log, acked, f"prefix {point} of {len(events)}, {len(kept)} of {len(pending)} bytes")
        finally:
            sub.close()
    return f"{len(points)} of {len(events)} points of the write log, with torn sectors and older heads"


def two_writers(place, options):
    first = place.start(2, 1500)
    time.sleep(0.4)
    other = Place()
    other.log, log = place.log, other.log
    code = other.finish(other.start(2, 200))
    other.close()
    require(code == 3 and "another process" in other.errors, f"second writer: {code} {other.errors}")
    require(place.finish(first) == 0, place.errors[-300:])
    return f"{place.check()} records, the second writer was refused"


def passes(scenario, options, last=False):
    place = Place()
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
    global DRIVER
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
    DRIVER = os.path.abspath(options.driver)
    bad = 0
    for scenario in scenarios:
        if options.only and scenario.__name__ != options.only:
            continue
        bad += not passes(scenario, options)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
