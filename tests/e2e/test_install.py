# SPDX-License-Identifier: Apache-2.0
"""What `make install` and `make deb` put down runs from there; what deploy/ holds fits what the programs do.

Containers and clusters are not tried here: their files are read by the linters and against the schemas of those who read them.
"""
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.request

import pytest
import yaml

from conftest import FLAVOUR, ROOT, free_port

pytestmark = pytest.mark.skipif(FLAVOUR != "release", reason="the release build is what is installed")
VENV = pathlib.Path(sys.executable).parent
DEPLOY = ROOT / "deploy"


def run(*command, **options):
    r = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300, **options)
    assert r.returncode == 0, f"{command}: {r.stdout} {r.stderr}"
    return r.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """As a packager does it, then moved: nothing may point back into the source or to the place of the installation."""
    d = tmp_path_factory.mktemp("install")
    run("make", "-s", "install", f"DESTDIR={d}/stage", "PREFIX=/opt/phigate", cwd=ROOT)
    return pathlib.Path(shutil.move(d / "stage/opt/phigate", d / "elsewhere"))


def test_everything_needed_is_there(installed):
    share = installed / "share/phigate"
    for source in ("policies/presets", "policies/rules", "policies/coverage"):
        assert sorted(p.name for p in (share / source).iterdir()) == sorted(p.name for p in (ROOT / source).glob("*.yaml"))
    for source in ("detectors/dictionaries", "proxy/vocabularies"):
        for p in [*(ROOT / source).glob("*.bin"), *(ROOT / source).glob("*.zst")]:
            assert (share / source / p.name).read_bytes() == p.read_bytes()
    assert (installed / "share/doc/phigate/SOURCES.md").exists()
    for p in installed.rglob("*"):
        assert p.is_dir() or not p.stat().st_mode & 0o022, p


@pytest.mark.parametrize("page", ["phigate", "phi"])
def test_manual_pages(installed, page):
    text = gzip.decompress((installed / f"share/man/man1/{page}.1.gz").read_bytes()).decode()
    assert text.startswith('.\\" SPDX') and ".SH SYNOPSIS" in text
    if page == "phi":
        for line in run(installed / "bin/phi", "help").splitlines():
            m = re.match(r"  (phi \w+)", line)
            assert not m or f".B {m.group(1)}" in text, line
    if shutil.which("groff"):
        r = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=text, capture_output=True, text=True, timeout=60)
        assert r.returncode == 0 and not r.stderr, r.stderr


def test_it_runs_from_where_it_was_put(installed, tmp_path):
    etc, state = tmp_path / "etc", tmp_path / "state"
    env = {k: v for k, v in os.environ.items() if k != "PHIGATE_SHARE"}
    out = run(installed / "sbin/phigate-setup", etc, state, cwd="/", env=env)
    key = re.search(r"pg-[\w-]+", out).group(0)
    assert "ok: 1 clients" in out and "sandbox: " in out
    assert "nothing is overwritten" in run(installed / "sbin/phigate-setup", etc, state, cwd="/", env=env)
    if os.getuid() != 0 or "phigate" not in pathlib.Path("/etc/passwd").read_text():
        assert (state / "audit").stat().st_mode & 0o777 == 0o700
    port, admin = free_port(), free_port()
    config = etc / "phigate.yaml"
    text = config.read_text()
    assert str(state / "audit/decisions.log") in text and "rotate" in text
    config.write_text(text.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("127.0.0.1:8081", f"127.0.0.1:{admin}"))
    with (tmp_path / "log").open("wb") as log:
        p = subprocess.Popen([installed / "bin/phigate", "-c", config], cwd="/", env=env, stdout=log, stderr=log)
    try:
        end = time.monotonic() + 60
        while "gateway.ready" not in (tmp_path / "log").read_text():
            assert p.poll() is None and time.monotonic() < end, (tmp_path / "log").read_text()
            time.sleep(0.05)
        body = json.dumps({"model": "any", "messages": [{"role": "user", "content": "MRN: 00417723 for Mr. John Sample"}]})
        answer = json.load(urllib.request.urlopen(urllib.request.Request(
            f"http://127.0.0.1:{port}/v1/chat/completions", data=body.encode(),
            headers={"content-type": "application/json", "authorization": "Bearer " + key}), timeout=60))
        said = answer["choices"][0]["message"]["content"]
        assert "‹MRN_1›" in said and "00417723" in said
    finally:
        p.terminate()
        assert p.wait(60) == 0
    run(installed / "bin/phi", "audit", "verify", state / "audit/decisions.log", "--key", etc / "secrets/audit.key")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_the_unit_is_one(installed, tmp_path):
    unit = (installed / "lib/systemd/system/phigate.service").read_text()
    assert "ExecStart=/opt/phigate/bin/phigate -c /etc/phigate/phigate.yaml" in unit
    (tmp_path / "phigate.service").write_text(unit.replace("/opt/phigate", str(installed)))
    r = subprocess.run(["systemd-analyze", "verify", tmp_path / "phigate.service"], capture_output=True, text=True, timeout=60)
    own = [line for line in (r.stdout + r.stderr).splitlines() if "phigate" in line]
    assert not own, own


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg is not installed")
def test_the_debian_package(tmp_path):
    out = run("make", "-s", "deb", "VERSION=0.0.1~test", cwd=ROOT)
    package = next((ROOT / "build").glob("phigate_0.0.1~test_*.deb"))
    try:
        fields = run("dpkg-deb", "--field", package)
        for library in ("libc6", "libcurl4", "libssl3", "libpcre2-8-0", "libyaml-0-2"):
            assert re.search(rf"^Depends:.*\b{re.escape(library)}\b", fields, re.M), fields
        listing = run("dpkg-deb", "--contents", package)
        for path in ("./usr/bin/phigate", "./usr/sbin/phigate-setup", "./usr/share/man/man1/phi.1.gz", "./etc/phigate/",
                     "./usr/lib/systemd/system/phigate.service", "./usr/share/doc/phigate/copyright"):
            assert re.search(rf" {re.escape(path)}$", listing, re.M), path
        assert all(line.split()[1] == "root/root" for line in listing.splitlines()), "owned by who built it"
        run("dpkg-deb", "--raw-extract", package, tmp_path / "x")
        for script in ("postinst", "prerm", "postrm"):
            run("sh", "-n", tmp_path / "x/DEBIAN" / script)
    finally:
        package.unlink()
    assert "error" not in out.lower()


def metric_names():
    """What the program prints, from its own text."""
    text = (ROOT / "proxy/metrics.c").read_text() + (ROOT / "proxy/admin.c").read_text()
    return {re.sub(r"_(bucket|sum|count)$", "", n) for n in re.findall(r"phigate_[a-z0-9_]+[a-z0-9]", text)}


@pytest.mark.parametrize("file", ["grafana/phigate.json", "prometheus/phigate.rules.yaml"])
def test_metrics_that_are_watched_exist(file):
    used = {re.sub(r"_(bucket|sum|count)$", "", n) for n in re.findall(r"phigate_[a-z0-9_]+[a-z0-9]", (DEPLOY / file).read_text())}
    assert used and used <= metric_names(), used - metric_names()


def test_dashboard_and_rules_are_well_formed():
    board = json.loads((DEPLOY / "grafana/phigate.json").read_text())
    ids = [p["id"] for p in board["panels"]]
    assert len(ids) == len(set(ids)) and all(t["expr"] for p in board["panels"] for t in p["targets"])
    for p in board["panels"]:
        g = p["gridPos"]
        assert 0 <= g["x"] and g["x"] + g["w"] <= 24, p["title"]
    for group in yaml.safe_load((DEPLOY / "prometheus/phigate.rules.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["expr"] and rule["annotations"]["summary"] and rule["labels"]["severity"] in ("warning", "critical")


def test_the_container_has_what_a_build_needs():
    wanted = re.search(r'^build="([^"]+)"', (ROOT / "tests/tools/install-missing.sh").read_text(), re.M).group(1).split()
    text = (DEPLOY / "container/Containerfile").read_text()
    missing = [p for p in wanted if not re.search(rf"(?<!\S){re.escape(p)}(?!\S)", text)]
    assert not missing


@pytest.mark.skipif(not shutil.which("dpkg-query"), reason="dpkg is not installed")
def test_the_container_has_what_the_programs_load(installed):
    """Each library they name belongs to a package of the second stage."""
    second = (DEPLOY / "container/Containerfile").read_text().split("FROM debian:12-slim\n")[1]
    for program in ("phigate", "phi"):
        loads = {line.split()[0]: line.split()[2] for line in run("ldd", installed / "bin" / program).splitlines() if "=> /" in line}
        for library in re.findall(r"NEEDED\s+(\S+)", run("objdump", "-p", installed / "bin" / program)):
            if library not in loads:
                continue
            name = os.path.basename(os.path.realpath(loads[library]))
            owners = subprocess.run(["dpkg-query", "-S", "*/" + name], capture_output=True, text=True).stdout
            packages = {p for line in owners.splitlines() if not (p := line.split(":")[0]).startswith("libc6")}
            there = [p for p in packages if re.search(rf"(?<!\S){re.escape(p)}(?!\S)", second)]
            assert there or not packages, (library, packages)


@pytest.mark.skipif(not (VENV / "hadolint").exists(), reason="hadolint is not installed")
def test_the_container_file():
    run(VENV / "hadolint", DEPLOY / "container/Containerfile")


def test_container_settings_keep_the_gateway_confined():
    service = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text())["services"]["phigate"]
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["user"] == "10001:10001"
    assert "no-new-privileges:true" in service["security_opt"]
    documents = list(yaml.safe_load_all((DEPLOY / "kubernetes/phigate.yaml").read_text()))
    pod = next(d for d in documents if d["kind"] == "StatefulSet")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False
    for container in pod["containers"] + pod["initContainers"]:
        s = container["securityContext"]
        assert s["readOnlyRootFilesystem"] and not s["allowPrivilegeEscalation"] and s["capabilities"] == {"drop": ["ALL"]}
        names = {v["name"] for v in pod["volumes"]} | {"state"}
        assert {m["name"] for m in container["volumeMounts"]} <= names


@pytest.mark.skipif(not (VENV / "kubernetes-validate").exists(), reason="kubernetes-validate is not installed")
def test_kubernetes_objects_fit_their_schemas():
    run(VENV / "kubernetes-validate", "--strict", DEPLOY / "kubernetes/phigate.yaml")
