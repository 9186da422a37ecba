# SPDX-License-Identifier: Apache-2.0
"""Starts the real gateway before a capture upstream, on free loopback ports, and ends it by pid."""
import hashlib
import json
import os
import pathlib
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FLAVOUR = os.environ.get("PHIGATE_BUILD", "release")
BIN = ROOT / "build" / FLAVOUR / "bin"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(ROOT / "tests" / "fault"))
sys.path.insert(0, str(ROOT / "tests" / "conformance"))


def free_port():
    """Below the range from which connections take theirs, so that none of those takes it before the gateway does."""
    while True:
        port = random.SystemRandom().randrange(15000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Gateway:
    """One gateway with its own directory, clients and audit log."""

    def __init__(self, directory, upstream_port=None, **options):
        self.dir = pathlib.Path(directory)
        self.port, self.admin_port = free_port(), free_port()
        self.options = options
        self.keys = {}
        self.process = None
        self.log = None
        for name in ("secrets", "audit"):
            (self.dir / name).mkdir(exist_ok=True)
        self.write("secrets/audit.key", secrets.token_hex(32) + "\n")
        self.write("clients.yaml", self.clients())
        self.write("phigate.yaml", options.get("config") or self.config(upstream_port))

    def write(self, name, text):
        path = self.dir / name
        path.write_text(text, encoding="utf8")
        path.chmod(0o600)
        return path

    def clients(self):
        rows = ["clients:"]
        for name, extra in self.options.get("clients", {
                "first": "default_purpose: treatment", "second": "default_purpose: treatment"}).items():
            self.keys[name] = "pg-" + secrets.token_urlsafe(32)
            digest = hashlib.sha256(self.keys[name].encode()).hexdigest()
            rows += [f"  - id: {name}", f"    user: {name}-user", f"    key_sha256: {digest}"]
            rows += ["    " + line for line in extra.splitlines() if line]
        return "\n".join(rows) + "\n"

    def config(self, upstream_port):
        extra = self.options.get("extra", "")
        upstream = self.options.get(
            "upstream", f"main: {{url: \"http://127.0.0.1:{upstream_port}/v1\", trust: on_prem"
            + (f", {self.options['upstream_more']}" if self.options.get("upstream_more") else "") + "}")
        return (f"listen: {{address: 127.0.0.1:{self.port}}}\n"
                f"admin: {{address: 127.0.0.1:{self.admin_port}}}\n"
                f"workers: {self.options.get('workers', 2)}\n"
                f"upstreams:\n  {upstream}\n  echo: {{url: \"builtin:echo\"}}\n"
                "routes:\n  - {models: [\"echo\"], upstream: echo}\n  - {models: [\"*\"], upstream: main}\n"
                f"policy: {self.options.get('policy', 'minimum-necessary')}\n"
                "clients: clients.yaml\n"
                "audit: {file: audit/decisions.log, key: {file: secrets/audit.key}}\n" + extra)

    def start(self, prefix=(), env=None):
        self.log = open(self.dir / "gateway.log", "ab")
        before = self.log.tell()
        self.process = subprocess.Popen(
            [*prefix, str(BIN / "phigate"), "-c", str(self.dir / "phigate.yaml"), "--share", str(ROOT)],
            stdout=self.log, stderr=self.log, env={**os.environ, **(env or {})})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError("the gateway did not start:\n" + self.log_text())
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    if "gateway.ready" in self.log_text()[before:]:  # it is this one that listens there
                        return self
            except OSError:
                pass
            time.sleep(0.05)
        raise RuntimeError("the gateway did not listen:\n" + self.log_text())

    def stop(self, how=signal.SIGTERM, timeout=40):
        if self.process and self.process.poll() is None:
            # Under strace the gateway is a child of what was started, and outlives it unless it is told itself.
            children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            for pid in children:
                os.kill(int(pid), how)
            if not children:
                self.process.send_signal(how)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                for pid in children:
                    os.kill(int(pid), signal.SIGKILL)
                self.process.kill()
                self.process.wait()
        if self.log:
            self.log.close()
        return self.process.returncode if self.process else None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/v1"

    def log_text(self):
        return (self.dir / "gateway.log").read_text(errors="replace")

    def audit_text(self):
        return (self.dir / "audit" / "decisions.log").read_text(encoding="utf8")

    def records(self, kind=None):
        text = self.audit_text()
        whole = text[:text.rfind("\n") + 1]  # the writer may be in the middle of a line
        rows = [json.loads(line) for line in whole.splitlines() if line.strip("\0")]
        return [r for r in rows if kind is None or r["type"] == kind]

    def wait_records(self, kind, n, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            rows = self.records(kind)
            if len(rows) >= n:
                return rows
            time.sleep(0.05)
        raise AssertionError(f"{len(self.records(kind))} {kind} records, expected {n}")

    def verify(self):
        return subprocess.run([str(BIN / "phi"), "audit", "verify", str(self.dir / "audit" / "decisions.log"), "--key",
                               str(self.dir / "secrets" / "audit.key")], capture_output=True, text=True)

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}/metrics", timeout=10) as r:
            return r.read().decode()

    def admin(self, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.admin_port}{path}", timeout=10) as r:
                return r.status, r.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()

    def everything_written(self):
        """All bytes that the gateway left anywhere: log, audit, directory."""
        return b"".join(p.read_bytes() for p in sorted(self.dir.rglob("*")) if p.is_file())


def wait_for(check, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return True
        time.sleep(0.05)
    return False


def reload(g):
    """SIGHUP; the record of what came of it."""
    n = len(g.records("config_reload"))
    g.process.send_signal(signal.SIGHUP)
    assert wait_for(lambda: len(g.records("config_reload")) > n), g.log_text()
    return g.records("config_reload")[-1]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="module")
def upstream():
    from capture import CaptureUpstream
    u = CaptureUpstream()
    u.start()
    yield u
    u.stop()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, upstream):
    g = Gateway(tmp_path_factory.mktemp("gateway"), upstream.port).start()
    yield g
    code = g.stop()
    assert code == 0, g.log_text()


@pytest.fixture
def make_gateway(tmp_path_factory):
    made = []

    def make(upstream_port=None, start=True, **options):
        g = Gateway(tmp_path_factory.mktemp("gateway"), upstream_port, **options)
        made.append(g)
        return g.start() if start else g

    yield make
    for g in made:
        g.stop()
