# SPDX-License-Identifier: Apache-2.0
"""The running gateway is in its sandbox, says so, and can still do all it must: serve by name, reload, rotate."""
import contextlib
import json
import pathlib
import re
import shutil
import signal
import subprocess
import time
import urllib.request

import pytest

from capture import CaptureUpstream
from conftest import BIN, FLAVOUR, ROOT, Gateway

pytestmark = pytest.mark.skipif(FLAVOUR != "release", reason="sanitizers need what the sandbox forbids")


def offered(directory):
    g = Gateway(directory, 1)
    r = subprocess.run([BIN / "phigate", "-c", g.dir / "phigate.yaml", "--check", "--share", ROOT], capture_output=True, text=True)
    assert r.returncode == 0, r.stderr
    return next(line for line in r.stdout.splitlines() if line.startswith("sandbox: "))


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    line = offered(tmp_path_factory.mktemp("check"))
    return {"files": "files confined" in line, "calls": "system calls filtered" in line}


@contextlib.contextmanager
def running(directory, **options):
    g = Gateway(directory, 1, **options)
    g.start()
    try:
        yield g
    finally:
        g.stop()


def statuses(pid):
    return [t.joinpath("status").read_text() for t in pathlib.Path(f"/proc/{pid}/task").iterdir()]


def wait_for(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(what)


def reload(g, word):
    before = len(re.findall(word, g.log_text()))
    g.process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(re.findall(word, g.log_text())) > before, f"no {word}: {g.log_text()}")


def test_every_thread_is_filtered_and_the_log_says_what_holds(tmp_path, parts):
    with running(tmp_path) as g:
        log = g.log_text()
        assert "sandbox.memory cores=no dumpable=no" in log
        assert bool(re.search(r"sandbox.files landlock=\d", log)) == parts["files"], log
        assert ("sandbox.calls seccomp=yes" in log) == parts["calls"], log
        for status in statuses(g.process.pid):
            assert re.search(r"^NoNewPrivs:\s+1$", status, re.M)
            assert bool(re.search(r"^Seccomp:\s+2$", status, re.M)) == parts["calls"]
        limits = pathlib.Path(f"/proc/{g.process.pid}/limits").read_text()
        assert re.search(r"Max core file size\s+0\s+0", limits)


def test_reload_reads_beside_the_configuration_and_nowhere_else(tmp_path, parts):
    if not parts["files"]:
        pytest.skip("this kernel has no Landlock")
    inside, outside = tmp_path / "gateway", tmp_path / "outside"
    inside.mkdir(), outside.mkdir()
    with running(inside) as g:
        config = (inside / "phigate.yaml").read_text()
        policy = (ROOT / "policies/presets/minimum-necessary.yaml").read_text()
        (inside / "later.yaml").write_text(policy)
        (outside / "later.yaml").write_text(policy)
        (inside / "phigate.yaml").write_text(config.replace("policy: minimum-necessary", "policy: later.yaml"))
        reload(g, "reload.done")
        (inside / "phigate.yaml").write_text(config.replace("policy: minimum-necessary", f"policy: {outside}/later.yaml"))
        reload(g, "reload.refused")
        (inside / "phigate.yaml").write_text(config)
        reload(g, "reload.done")


def test_directories_can_be_named(tmp_path, parts):
    inside, outside = tmp_path / "gateway", tmp_path / "outside"
    inside.mkdir(), outside.mkdir()
    with running(inside, extra=f"sandbox: {{read: [{outside}]}}\n") as g:
        (outside / "later.yaml").write_text((ROOT / "policies/presets/minimum-necessary.yaml").read_text())
        config = (inside / "phigate.yaml").read_text()
        (inside / "phigate.yaml").write_text(config.replace("policy: minimum-necessary", f"policy: {outside}/later.yaml"))
        reload(g, "reload.done")


def test_an_upstream_by_name_is_resolved(tmp_path):
    with CaptureUpstream() as upstream:
        main = f"main: {{url: \"http://localhost:{upstream.port}/v1\", trust: on_prem}}"
        with running(tmp_path, upstream=main) as g:
            body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hello"}]}).encode()
            request = urllib.request.Request(g.url + "/chat/completions", data=body, headers={
                "content-type": "application/json", "authorization": "Bearer " + g.keys["first"]})
            assert json.load(urllib.request.urlopen(request, timeout=60))["choices"]


def test_off_and_nonsense(tmp_path):
    (tmp_path / "off").mkdir(), (tmp_path / "bad").mkdir()
    with running(tmp_path / "off", extra="sandbox: {mode: off}\n") as g:
        assert "sandbox.off" in g.log_text()
        assert all(re.search(r"^Seccomp:\s+0$", s, re.M) for s in statuses(g.process.pid))
    g = Gateway(tmp_path / "bad", 1, extra="sandbox: {mode: sometimes}\n")
    r = subprocess.run([BIN / "phigate", "-c", g.dir / "phigate.yaml", "--check", "--share", ROOT], capture_output=True, text=True)
    assert r.returncode == 2 and "sandbox" in r.stderr


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("mode,call", [("auto", "seccomp"), ("required", "seccomp"), ("auto", "landlock_create_ruleset"),
                                       ("required", "landlock_create_ruleset")])
def test_a_kernel_without_it(tmp_path, parts, mode, call):
    """Without one part: the gateway says so and serves, or does not start where it is required."""
    if not all(parts.values()):
        pytest.skip("the other part is missing here")
    g = Gateway(tmp_path, 1, extra=f"sandbox: {{mode: {mode}}}\n")
    log = tmp_path / "out"
    with log.open("wb") as f:
        p = subprocess.Popen(["strace", "-D", "-f", "-o", "/dev/null", "-e", f"inject={call}:error=ENOSYS", BIN / "phigate", "-c",
                              g.dir / "phigate.yaml", "--share", ROOT], stdout=f, stderr=f)
    try:
        if mode == "required":
            assert p.wait(60) == 1
            assert "sandbox.missing" in log.read_text() and "gateway.ready" not in log.read_text()
        else:
            wait_for(lambda: "gateway.ready" in log.read_text(), "not ready: " + log.read_text())
            assert "sandbox.missing" in log.read_text()
    finally:
        if p.poll() is None:
            p.terminate()
            p.wait(60)
