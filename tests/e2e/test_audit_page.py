# SPDX-License-Identifier: Apache-2.0
"""The report in a real browser: it shows its tables, runs nothing, asks for nothing, and prints."""
import re
import shutil
import subprocess

import pytest

from audit_common import HOSTILE, TEXT, as_auditor, ask, finished, hostile_log, phi, wait_for  # noqa: F401

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium is installed")


def browse(page, tmp_path, *more):
    r = subprocess.run([BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
                        f"--user-data-dir={tmp_path / 'profile'}", "--enable-logging=stderr", "--v=0",
                        "--host-resolver-rules=MAP * ~NOTFOUND", *more, page.as_uri()], capture_output=True, text=True, timeout=180)
    assert r.returncode == 0, r.stderr[-1000:]
    for line in r.stderr.splitlines():
        assert "CONSOLE" not in line, line  # no script error, nothing refused by the page's own policy
    return r.stdout


def text_of(dom):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<style.*?</style>", "", dom)))


def test_the_page_shows_every_report(finished, tmp_path):
    g = finished
    log = tmp_path / "audit" / "decisions.log"
    shutil.copytree(g.dir / "audit", log.parent)
    assert phi("audit", "search", "--log", log, "--value", "x", *as_auditor(g)).returncode == 0
    assert phi("audit", "review", "--log", log, "--by", "Dr. Vega", "--id", g.ids[0], "--kind", "SSN", "--result", "missed", "--key", g.key).returncode == 0
    assert phi("audit", "hold", "--log", log, "--name", "case-7", "--from", "2026", "--to", "2026", *as_auditor(g)).returncode == 0
    page = tmp_path / "report.html"
    assert phi("audit", "report", "--log", log, "--out", page).returncode == 0
    dom = browse(page, tmp_path, "--dump-dom")
    shown = text_of(dom)
    for n in range(1, 17):
        assert re.search(rf"R{n} [A-Z]", shown), n
    for word in ("Break-glass overrides", "Accounting of disclosures", "Settings at each start", "Holds, erasures", "case-7", "Dr. Vega",
                 "auditor-user", "Incidents assessed", "second-user"):
        assert word in shown, word
    assert dom.count("<section") == dom.count("</section>") >= 30 and dom.count("<svg") >= 1
    browse(page, tmp_path, f"--print-to-pdf={tmp_path / 'report.pdf'}", "--no-pdf-header-footer")
    pdf = (tmp_path / "report.pdf").read_bytes()
    assert pdf.startswith(b"%PDF") and len(re.findall(rb"/Type ?/Page\b", pdf)) >= 2
    browse(page, tmp_path, f"--screenshot={tmp_path / 'report.png'}", "--window-size=1100,1400")
    assert (tmp_path / "report.png").stat().st_size > 20000


def test_hostile_names_stay_text(tmp_path):
    log = hostile_log(tmp_path / "decisions.log")
    page = tmp_path / "report.html"
    assert phi("audit", "report", "--log", log, "--out", page).returncode == 0
    dom = browse(page, tmp_path, "--dump-dom")
    assert "<script" not in dom.lower() and "<img" not in dom.lower()
    assert "<script>alert(1)</script>" in HOSTILE and "&lt;script&gt;alert(1)&lt;/script&gt;" in dom
