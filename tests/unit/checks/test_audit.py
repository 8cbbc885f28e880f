"""The dependency audit: pip-audit itself, on a database of advisories of ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

import pytest

from ops.__main__ import main
from ops.checks import audit
from ops.stages import ROOT
from ops.venvs import PIN

pytestmark = pytest.mark.xdist_group("audit")  # one environment, made once
ADVISORY = {"id": "PYSEC-2014-8", "summary": "x"}


@dataclass
class Osv:
    """A database in the form of OSV that tells of one advisory for whatever is in `vulnerable`."""

    vulnerable: set[tuple[str, str]] = field(default_factory=lambda: {audit.KNOWN})
    asked: set[tuple[str, str]] = field(default_factory=set)
    breaks_at: str = ""
    silent: Event | None = None

    def answer(self, query: Any) -> tuple[int, Any]:
        """Return status and body for one package."""
        name, version = query["package"]["name"], query["version"]
        self.asked.add((name, version))
        if self.silent:
            self.silent.wait(30)
        if name == self.breaks_at:
            return 503, {}
        if (name, version) not in self.vulnerable:
            return 200, {}
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}]
        affected = [{"package": {"name": name, "ecosystem": "PyPI"}, "ranges": ranges}]
        return 200, {"vulns": [{**ADVISORY, "affected": affected}]}


@pytest.fixture
def osv(monkeypatch: pytest.MonkeyPatch) -> Iterator[Osv]:
    """Serve a database to which the audit is pointed."""
    database = Osv()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, body = database.answer(query)
            with suppress(ConnectionError):  # of an audit that has given up
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("OSV_URL", f"http://127.0.0.1:{server.server_address[1]}/v1/query")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        yield database
        server.shutdown()


def test_a_known_vulnerability_fails_the_audit_and_is_named(
    osv: Osv, capsys: pytest.CaptureFixture[str]
) -> None:
    version = re.findall(r"^boto3==(\S+)", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE)[0]
    osv.vulnerable.add(("boto3", version))
    assert main(["audit", "--where-possible"]) == 1
    said = capsys.readouterr().out
    assert f"requirements-dev.txt: boto3 {version} has PYSEC-2014-8, mended in 99.1\n" in said


def test_every_pin_of_every_lock_in_use_is_looked_up(osv: Osv, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "--where-possible"]) == 0
    assert "no known vulnerabilities" in capsys.readouterr().out
    names = ["run", "aws", "cli", "audit"]
    files = [ROOT / f"requirements{end}.txt" for end in ("", "-dev")]
    locked = "".join(path.read_text() for path in [*files, *(ROOT / f"ops/locks/{n}.txt" for n in names)])
    pins = {(re.sub(r"[-_.]+", "-", pin[1]).lower(), pin[2]) for pin in PIN.finditer(locked) if not pin[3]}
    assert len(pins) > 100
    assert pins <= osv.asked


def _unreachable(osv: Osv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSV_URL", "http://127.0.0.1:9/v1/query")


def _a_mirror(osv: Osv, monkeypatch: pytest.MonkeyPatch) -> None:
    osv.vulnerable.clear()


def _silent(osv: Osv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "ANSWER_SECONDS", 5.0)  # pip-audit starts in one
    osv.silent = Event()


def _no_address(osv: Osv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSV_URL", "nonsense")


def _breaking_down(osv: Osv, monkeypatch: pytest.MonkeyPatch) -> None:
    osv.breaks_at = "chalice"


@pytest.mark.parametrize(
    ("put", "why"),
    [
        (_unreachable, "127.0.0.1:9/v1/query cannot be asked, .*refused"),
        (_a_mirror, "knows no advisories: it may be a mirror"),
        (_silent, "did not answer in 5 s"),
        (_no_address, "nonsense cannot be asked"),
        (_breaking_down, "pip-audit says of .+[.]txt: .+"),
    ],
)
def test_without_a_database_the_audit_says_so_and_goes_on_only_where_that_is_allowed(
    osv: Osv, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], put: Any, why: str
) -> None:
    put(osv, monkeypatch)
    assert main(["audit", "--where-possible"]) == 0
    said = capsys.readouterr().out
    assert re.fullmatch(
        f"dependency audit: not looked up, .*{why}.*; run make audit where .* reached\n", said
    )
    if osv.silent:
        assert osv.asked == {audit.KNOWN}
        monkeypatch.setattr(audit, "ANSWER_SECONDS", 0.1)  # it was seen to ask
    assert main(["audit"]) == 1
    if osv.silent:
        osv.silent.set()


@pytest.mark.parametrize(("arguments", "times"), [([], 1), (["PYTEST_ARGS=tests/unit"], 0)])
def test_make_test_audits_after_the_whole_of_the_tests(arguments: list[str], times: int) -> None:
    command = ["make", "-n", "test", f"PYTHON={sys.executable}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.count("-m ops audit --where-possible") == times
