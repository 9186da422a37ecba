# SPDX-License-Identifier: Apache-2.0
"""What a power loss leaves of the audit log: as the bytes of a mounted disk, and as every prefix of a recorded write log."""
import glob
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time

from log_place import Place, ask, opened, require


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


def recover(driver, log, durable, what):
    """A gateway starts on what is left: the log verifies, and holds all that was reported durable."""
    run = ask(driver, "run", log, 1, 10, 64 * 1024, 64 * 1024)
    require(run.returncode == 0, f"{what}: does not open: {run.stderr[-300:]}")
    out = ask(driver, "verify-set", log)
    require(out.returncode == 0, f"{what}: {out.stdout}")
    missing = durable - opened(driver, log)
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
    sub = Place(place.driver, live.mount)
    os.environ.update(AUDIT_ROTATE=str(256 * 1024), AUDIT_SIGN=os.path.join(place.directory, "sign.key"))
    try:
        for i in range(options.images):
            if i % 8 == 0 and i:  # before the disk is full
                sub.close()
                sub = Place(place.driver, live.mount)
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
                    recover(place.driver, log, reported, f"image {i}")
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
        sub = Place(place.driver)
        try:
            kept = torn(pending, random.randrange(len(pending) + 1), random.random() < 0.5)
            head = random.choice(heads[-3:] if len(heads) > 3 else heads)
            for path, text in ((sub.log, synced + kept), (sub.log + ".head", head)):
                with open(path, "wb") as f:
                    f.write(text)
            if acked or synced:
                recover(place.driver, sub.log, acked, f"prefix {point} of {len(events)}, {len(kept)} of {len(pending)} bytes")
        finally:
            sub.close()
    return f"{len(points)} of {len(events)} points of the write log, with torn sectors and older heads"
