# SPDX-License-Identifier: Apache-2.0
"""The gateway beside nginx and HAProxy before the same stub, interleaved in one run: ratios, not times.

    make bench            all of it, under ten minutes
    BENCH=quick make bench   fewer points and repeats, under two minutes

Everything is on: minimum-necessary, durable audit, restoration of the stub's tokens. Figures go to build/bench.json.
"""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import bodies
import servers

QUICK = os.environ.get("BENCH") == "quick"
SECONDS, REPEATS = (1, 3) if QUICK else (2, 3)
CONNECTIONS = (1, 16, 128)
POINTS = {"2k": (2048, True), "16k": (16384, True), "2k-plain": (2048, False)}
HERE = pathlib.Path(__file__).resolve().parent
CLIENT = servers.BIN / "bench" / "stream_client"


def busy_seconds():
    """Time that the whole machine was not idle."""
    fields = [int(x) for x in pathlib.Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def stub_cpu(stubs):
    return sum(int(pathlib.Path(f"/proc/{p.pid}/schedstat").read_text().split()[0]) for p in stubs.processes.values()) / 1e9


def wrk(port, body_file, connections, seconds):
    p = subprocess.Popen(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(HERE / "post.lua"),
                          f"http://127.0.0.1:{port}/", "--", str(body_file), servers.KEY],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=servers.pinned(servers.LOAD_CPU))
    text, errors = p.communicate(timeout=seconds + 60)
    lines = [line for line in text.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise SystemExit(f"wrk failed: {text} {errors}")
    return json.loads(lines[0][7:])


def sample(server, stubs, body_file, connections, seconds, kind="fast"):
    """One run of wrk against one server, with what else the machine did meanwhile."""
    begin, cpu, stub, busy = time.monotonic(), server.cpu_seconds(), stub_cpu(stubs), busy_seconds()
    children = os.times()
    r = wrk(server.ports[kind], body_file, connections, seconds)
    after = os.times()
    cpu, stub, busy = server.cpu_seconds() - cpu, stub_cpu(stubs) - stub, busy_seconds() - busy
    load = after.children_user + after.children_system - children.children_user - children.children_system
    elapsed = time.monotonic() - begin
    if r["errors"] or r["bad_status"]:
        print(f"  ! {server.name}: {r['errors']} errors, {r['bad_status']} refusals", flush=True)
    return {"requests": r["requests"], "bad": r["errors"] + r["bad_status"], "per_second": r["requests"] / (r["us"] / 1e6),
            "p50_us": r["p50_us"], "p99_us": r["p99_us"], "cpu_us": cpu / max(r["requests"], 1) * 1e6,
            "others": max(0.0, busy - cpu - stub - load) / elapsed / os.cpu_count()}


# ---- what is compared ----

class Bench:
    def __init__(self, base):
        self.base = pathlib.Path(base)
        self.stubs = servers.Stubs()
        self.files = {}
        self.results = {"quick": QUICK, "seconds": SECONDS, "repeats": REPEATS}
        self.running = []

    def add(self, server):
        self.running.append(server)
        return server

    def stop(self):
        for s in self.running:
            s.stop()
        self.stubs.stop()

    def body(self, name, size, phi, model="fast", stream=False):
        path = self.base / f"{name}.json"
        path.write_text(bodies.body(size, phi, model, stream))
        return path

    def start(self):
        for name, (size, phi) in POINTS.items():
            self.files[name] = self.body(name, size, phi)
        for kind in servers.STUBS:
            self.files["stream-" + kind] = self.body("stream-" + kind, 2048, True, kind, True)
        self.nginx = self.add(servers.nginx(self.base, self.stubs))
        self.unbuffered = self.add(servers.nginx(self.base, self.stubs, buffering=False))
        self.haproxy = self.add(servers.haproxy(self.base, self.stubs))
        self.phigate = self.add(servers.phigate(self.base, self.stubs))

    def check(self):
        """The gateway does its work: the stub sees no identifier, the client gets the names back."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.phigate.ports['fast']}/v1/chat/completions",
                                         data=self.files["2k"].read_bytes(),
                                         headers={"content-type": "application/json", "authorization": "Bearer " + servers.KEY})
        answer = json.loads(urllib.request.urlopen(request, timeout=20).read())["choices"][0]["message"]["content"]
        seen = urllib.request.urlopen(f"http://127.0.0.1:{self.stubs.ports['fast']}/last", timeout=20).read().decode()
        for word in bodies.LAST + ["@example.com", "212-555"]:
            if word in seen:
                raise SystemExit("an identifier reached the upstream: the figures would be worth nothing")
        if "[NAME_1]" in answer or "[NAME_1]" not in seen:
            raise SystemExit("nothing was restored: the figures would be worth nothing")

    # ---- measurements ----

    def matrix(self):
        rows = []
        peers = [self.nginx, self.haproxy, self.phigate]
        points = [("2k", 16), ("2k", 128), ("16k", 16)] if QUICK else [(b, c) for b in POINTS for c in CONNECTIONS]
        for body, connections in points:
            for repeat in range(REPEATS):
                for server in peers:
                    s = sample(server, self.stubs, self.files[body], connections, SECONDS)
                    rows.append({"server": server.name, "body": body, "connections": connections, "repeat": repeat, **s})
        self.results["matrix"] = rows

    def skeleton(self):
        """Direct to the stub, for what the machine can do at all."""
        rows = []
        for connections in (1, 16):
            r = wrk(self.stubs.ports["fast"], self.files["2k"], connections, SECONDS)
            rows.append({"connections": connections, "per_second": r["requests"] / (r["us"] / 1e6), "p50_us": r["p50_us"]})
        self.results["direct"] = rows

    def fdatasync(self, n=400):
        """What one durable record costs at least: p50 of write and fdatasync into reserved blocks."""
        path, times = self.base / "sync", []
        fd = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
        os.posix_fallocate(fd, 0, 1 << 20)
        os.fsync(fd)
        for i in range(n):
            begin = time.perf_counter()
            os.pwrite(fd, b"x" * 1500, i * 1500)
            os.fdatasync(fd)
            times.append((time.perf_counter() - begin) * 1e6)
        os.close(fd)
        return statistics.median(times)

    def audit(self):
        """One connection: the gateway with its log on this disk, and on a file system in memory, where a sync is free."""
        if not os.path.isdir("/dev/shm"):
            return
        with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:
            other = servers.phigate(self.base, self.stubs, name="phigate-memory", audit=memory)
            try:
                rows = []
                for _ in range(REPEATS):
                    sync = self.fdatasync()
                    disk = sample(self.phigate, self.stubs, self.files["2k"], 1, SECONDS)
                    free = sample(other, self.stubs, self.files["2k"], 1, SECONDS)
                    rows.append({"fdatasync_us": sync, "p50_disk_us": disk["p50_us"], "p50_memory_us": free["p50_us"],
                                 "p99_disk_us": disk["p99_us"], "p99_memory_us": free["p99_us"],
                                 "added_in_syncs": (disk["p50_us"] - free["p50_us"]) / sync})
                self.results["audit"] = rows
                self.results["audit_clients"] = self.audit_clients(other)
                self.results["audit_cpu"] = [
                    {"server": s.name, **sample(s, self.stubs, self.files["2k"], 16, SECONDS)}
                    for _ in range(REPEATS) for s in (self.phigate, other)]
            finally:
                other.stop()

    def audit_clients(self, memory):
        """What the log adds at 1, 16 and 128 clients, and what it writes then: a decision and an outcome for each request."""
        rows = []
        for connections in (1, 16, 128):
            for repeat in range(REPEATS):
                disk = sample(self.phigate, self.stubs, self.files["2k"], connections, SECONDS)
                free = sample(memory, self.stubs, self.files["2k"], connections, SECONDS)
                rows.append({"connections": connections, "repeat": repeat, "records_per_second": 2 * disk["per_second"],
                             "added_p50_us": disk["p50_us"] - free["p50_us"], "added_p99_us": disk["p99_us"] - free["p99_us"],
                             "p50_disk_us": disk["p50_us"], "p99_disk_us": disk["p99_us"]})
        return rows

    def log_alone(self):
        """The log without a gateway before it: durable records by how many wait at once."""
        subprocess.run(["make", "-s", "build/release/bench/audit_bench"], cwd=servers.ROOT, check=True, stdout=subprocess.DEVNULL)
        with tempfile.TemporaryDirectory(dir=self.base) as place:
            out = subprocess.run([servers.ROOT / "build/release/bench/audit_bench", place, "100" if QUICK else "500"],
                                 capture_output=True, text=True, timeout=300, check=True)
        self.results["log_alone"] = out.stdout.splitlines()

    def client(self, mode, port, n, body):
        out = subprocess.run([CLIENT, mode, str(port), str(n), str(self.files[body]), servers.KEY], capture_output=True,
                             text=True, timeout=120, preexec_fn=servers.pinned(servers.LOAD_CPU))
        if out.returncode:
            raise SystemExit(f"stream_client {mode}: {out.stderr}")
        return json.loads(out.stdout)

    def streams(self):
        first, paced = [], []
        n = 150 if QUICK else 400
        for _ in range(REPEATS):
            first.append({"server": "direct", **self.client("one", self.stubs.ports["fast"], n, "stream-fast")})
            for s in (self.unbuffered, self.phigate):
                first.append({"server": s.name, **self.client("one", s.ports["fast"], n, "stream-fast")})
        for _ in range(1 if QUICK else REPEATS):
            for s in (self.unbuffered, self.phigate):
                cpu = s.cpu_seconds()
                r = self.client("many", s.ports["paced"], 512, "stream-paced")
                paced.append({"server": s.name, **r, "cpu_seconds": s.cpu_seconds() - cpu})
        self.results["first_event"], self.results["paced"] = first, paced

    def idle(self, n=1000):
        """Memory and processor time of a fresh server while it holds streams on which nothing comes."""
        rows = []
        for start in (lambda d: servers.nginx(d, self.stubs, buffering=False), lambda d: servers.haproxy(d, self.stubs),
                      lambda d: servers.phigate(d, self.stubs)):
            with tempfile.TemporaryDirectory(dir=self.base) as d:
                s = start(d)
                try:
                    rows.append(self.hold(s, n))
                finally:
                    s.stop()
        self.results["idle"] = rows

    def hold(self, s, n):
        self.client("one", s.ports["fast"], 20, "stream-fast")
        before = s.rss_kb()
        p = subprocess.Popen([CLIENT, "hold", str(s.ports["idle"]), str(n), str(self.files["stream-idle"]), servers.KEY],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        held = json.loads(p.stdout.readline())["held"]
        cpu = s.cpu_seconds()
        time.sleep(1)
        row = {"server": s.name, "held": held, "rss_before_kb": before, "rss_kb": s.rss_kb(),
               "kb_per_stream": (s.rss_kb() - before) / n, "idle_cpu_ms_per_s": (s.cpu_seconds() - cpu) * 1000}
        p.stdin.close()
        p.wait(20)
        return row


# ---- what is told ----

def ratios(rows, body, connections, field, peer="nginx"):
    """phigate over peer, one ratio for each repeat."""
    of = lambda name: [r[field] for r in rows if (r["server"], r["body"], r["connections"]) == (name, body, connections)]
    return [a / b for a, b in zip(of("phigate"), of(peer)) if b]


def best(rows, server, body, connections):
    """The repeat that cost least."""
    return min((r for r in rows if (r["server"], r["body"], r["connections"]) == (server, body, connections)),
               key=lambda r: r["cpu_us"])


def print_matrix(rows):
    print("\nbody      conns  server   req/s  p50 us  p99 us  CPU s per 10,000  x nginx CPU: median (least)  others' CPU")
    for body, connections in dict.fromkeys((r["body"], r["connections"]) for r in rows):
        for server in ("nginx", "haproxy", "phigate"):
            b = best(rows, server, body, connections)
            ratio = ""
            if server == "phigate":
                x = ratios(rows, body, connections, "cpu_us")
                ratio = f"{statistics.median(x):.2f} ({min(x):.2f})"
            print(f"{body:9} {connections:5}  {server:8} {b['per_second']:6.0f} {b['p50_us']:7} {b['p99_us']:7}  "
                  f"{b['cpu_us'] / 100:16.2f}  {ratio:26}  {b['others']:.0%}")


def median_of(rows, server, field):
    return statistics.median(r[field] for r in rows if r["server"] == server)


def summary(r):
    """Each aim, what was seen, and whether it was met."""
    rows, out = r["matrix"], []

    def aim(name, value, limit, unit="x"):
        out.append({"aim": name, "seen": round(value, 2), "limit": limit, "unit": unit, "met": value <= limit})

    for connections in (16, 128):
        aim(f"CPU per request / nginx, 2 KB, {connections} connections",
            statistics.median(ratios(rows, "2k", connections, "cpu_us")), 3)
    for connections in (16, 128):
        x = ratios(rows, "16k", connections, "cpu_us")
        if x:
            aim(f"CPU per request / nginx, 16 KB, {connections} connections", statistics.median(x), 3.5)
    if "audit" in r:
        # Both of the least disturbed repeat: a disk that others use makes one fdatasync dear, and so the ratio cheap.
        added = min(a["p50_disk_us"] - a["p50_memory_us"] for a in r["audit"])
        aim("durable audit added to p50, in fdatasyncs", added / min(a["fdatasync_us"] for a in r["audit"]), 3)
    f = r["first_event"]
    aim("first stream event / nginx unbuffered", median_of(f, "phigate", "first_p50_us") / median_of(f, "nginx-unbuffered", "first_p50_us"), 1.5)
    aim("end of stream / nginx unbuffered", median_of(f, "phigate", "end_p50_us") / median_of(f, "nginx-unbuffered", "end_p50_us"), 1.5)
    mine = [p for p in r["paced"] if p["server"] == "phigate"]
    aim("512 streams at 20 ms: frames lost, streams unfinished", sum(p["lost"] + p["unfinished"] for p in mine), 0, "")
    aim("512 streams at 20 ms: gaps above 120 ms, least disturbed repeat", min(p["stalls"] for p in mine), 0, "")
    idle = next(i for i in r["idle"] if i["server"] == "phigate")
    aim("RSS of 1,000 idle streams", idle["kb_per_stream"] * 1000 / 1024, 24, "MB")
    return out


def report(r):
    print_matrix(r["matrix"])
    print("\nstreams, one after another: p50 us of first event / end")
    for server in ("direct", "nginx-unbuffered", "phigate"):
        print(f"  {server:17} {median_of(r['first_event'], server, 'first_p50_us'):6.0f} / {median_of(r['first_event'], server, 'end_p50_us'):.0f}")
    print("512 streams at 20 ms: lost, unfinished, gaps > 120 ms, gap p99 us, longest us, CPU s")
    for p in r["paced"]:
        print(f"  {p['server']:17} {p['lost']:4} {p['unfinished']:4} {p['stalls']:4} {p['gap_p99_us']:8.0f} {p['gap_max_us']:8.0f} {p['cpu_seconds']:6.2f}")
    print("1,000 idle streams: held, KB each, RSS before and with them, CPU ms per second")
    for i in r["idle"]:
        print(f"  {i['server']:17} {i['held']:5} {i['kb_per_stream']:6.1f} {i['rss_before_kb']:7} {i['rss_kb']:7} {i['idle_cpu_ms_per_s']:6.1f}")
    for a in r.get("audit", []):
        print(f"audit at 1 connection: one fdatasync {a['fdatasync_us']:.0f} us; p50 {a['p50_disk_us']} us on disk, "
              f"{a['p50_memory_us']} in memory: {a['added_in_syncs']:.2f} fdatasyncs added")
    print("audit by clients: records/s, added p50 and p99 us (the log on disk against one in memory), least disturbed repeat")
    for connections in (1, 16, 128):
        rows = [a for a in r.get("audit_clients", []) if a["connections"] == connections]
        if rows:
            print(f"  {connections:4} {max(a['records_per_second'] for a in rows):9.0f} {min(a['added_p50_us'] for a in rows):7.0f} "
                  f"{min(a['added_p99_us'] for a in rows):7.0f}")
    print("the log alone")
    for line in r.get("log_alone", []):
        print(f"  {line}")
    print("\naims")
    for a in r["summary"]:
        print(f"  {'met   ' if a['met'] else 'MISSED'} {a['aim']}: {a['seen']}{a['unit']} (limit {a['limit']}{a['unit']})")


def main():
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="phigate-bench-") as base:
        b = Bench(base)
        try:
            b.start()
            b.check()
            for step in (b.skeleton, b.matrix, b.audit, b.log_alone, b.streams, b.idle):
                step()
                print(f"{step.__name__}: done after {time.monotonic() - begin:.0f} s", flush=True)
        finally:
            b.stop()
    b.results["summary"] = summary(b.results)
    b.results["took_seconds"] = round(time.monotonic() - begin)
    out = servers.ROOT / "build" / "bench.json"
    out.write_text(json.dumps(b.results, indent=1) + "\n")
    report(b.results)
    print(f"\n{b.results['took_seconds']} s; all samples: build/bench.json")


if __name__ == "__main__":
    main()
