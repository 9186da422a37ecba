# SPDX-License-Identifier: Apache-2.0
"""Does the gateway grow? Plain and streamed requests, refusals and clients that leave, for five minutes.

    python3 tests/bench/soak.py        five minutes
    python3 tests/bench/soak.py 20     so many seconds

Memory and file descriptors are sampled after each tenth. Fails when the last three tenths hold more than the third to fifth
did, beyond a slack, or when the audit log does not verify.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import bench
import bodies
import servers

SLACK_KB = 1024


def leave_early(b, port, n):
    """Streams whose client closes the connection after the first event."""
    p = subprocess.Popen([bench.CLIENT, "hold", str(port), str(n), str(b.files["stream-idle"]), servers.KEY],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    p.stdout.readline()
    p.stdin.close()
    p.wait(20)


def refuse(b, port, n):
    for text in ("{\"model\": \"fast\"", "{\"model\": \"nobody-has-this\", \"messages\": []}"):
        for _ in range(n):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/chat/completions", data=text.encode(),
                                             headers={"content-type": "application/json", "authorization": "Bearer " + servers.KEY})
            try:
                urllib.request.urlopen(request, timeout=20)
                raise SystemExit("a request that must be refused was served")
            except urllib.error.HTTPError as e:
                e.read()


def tenth(b, server, seconds):
    end = time.monotonic() + seconds
    requests = 0
    while time.monotonic() < end:
        port = server.ports["fast"]
        for body, connections in (("2k", 16), ("16k", 4), ("2k-plain", 64)):
            r = bench.wrk(port, b.files[body], connections, 1)
            requests += r["requests"]
            if r["bad_status"] or r["errors"]:
                raise SystemExit(f"{r['bad_status']} refusals, {r['errors']} errors")
            if time.monotonic() > end:
                break
        b.client("one", port, 50, "stream-fast")
        leave_early(b, port, 20)
        refuse(b, port, 5)
    return requests


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    rows = []
    with tempfile.TemporaryDirectory(prefix="phigate-soak-") as base:
        b = bench.Bench(base)
        try:
            for name, (size, phi) in bench.POINTS.items():
                b.files[name] = b.body(name, size, phi)
            for kind in servers.STUBS:
                b.files["stream-" + kind] = b.body("stream-" + kind, 2048, True, kind, True)
            b.phigate = b.add(servers.phigate(b.base, b.stubs))
            before = b.phigate.fds()
            for i in range(10):
                requests = tenth(b, b.phigate, seconds / 10)
                rows.append({"requests": requests, "rss_kb": b.phigate.rss_kb(), "fds": b.phigate.fds()})
                print(f"{i + 1:2}/10  {requests:7} requests  RSS {rows[-1]['rss_kb']:7} KB  {rows[-1]['fds']:4} descriptors", flush=True)
            code = b.phigate.stop()
            verify = subprocess.run([servers.BIN / "bin" / "phi", "audit", "verify", str(b.base / "phigate/audit/decisions.log"),
                                     "--key", str(b.base / "phigate/secrets/audit.key")], capture_output=True, text=True)
        finally:
            b.stop()
    early, late = max(r["rss_kb"] for r in rows[2:5]), max(r["rss_kb"] for r in rows[7:])
    fds_early, fds_late = max(r["fds"] for r in rows[2:5]), max(r["fds"] for r in rows[7:])
    print(f"RSS {early} -> {late} KB, descriptors {before} at the start, {fds_early} -> {fds_late}; exit {code}; "
          f"audit: {verify.stdout.strip() or verify.stderr.strip()}")
    ok = late <= early + SLACK_KB and fds_late <= fds_early + 8 and code == 0 and verify.returncode == 0
    (servers.ROOT / "build" / "soak.json").write_text(json.dumps({"seconds": seconds, "rows": rows, "ok": ok}, indent=1) + "\n")
    return 0 if ok else 1


if __name__ == "__main__":
    raise SystemExit(main())
