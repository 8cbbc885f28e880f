"""`python -m ops audit`: every locked package looked up in an advisory database, by pip-audit.

PyPI is asked, or the mirror of OSV at `OSV_URL`. Mirrors of PyPI answer too, but know of no advisory: so the
database is asked first about a release that has had some for ten years.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from http.client import HTTPException
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.request import Request, urlopen

from ops import environments
from ops.errors import OperationError
from ops.stages import ROOT

OLD_ON_PURPOSE = "oldest.txt"  # nothing but a test runs on it
PYPI = "https://pypi.org"
KNOWN = ("jinja2", "2.4.1")
ANSWER_SECONDS = 5.0
OPTIONS = ("--strict", "--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json")


class NotLookedUp(Exception):  # noqa: N818 - may be what is expected; says why
    """The advisories could not be read."""


def command(arguments: list[str]) -> int:
    """Look the packages up; fail when one is vulnerable, or cannot be looked up and that is not allowed."""
    parser = argparse.ArgumentParser(prog="python -m ops audit", description=__doc__)
    parser.add_argument("--where-possible", action="store_true", help="succeed without an advisory database")
    allowed = parser.parse_args(arguments).where_possible
    try:
        found = _look_up_all(os.environ.get("OSV_URL", ""))
    except NotLookedUp as why:
        print(f"dependency audit: not looked up, {why}; run make audit where PyPI can be reached")
        return 0 if allowed else 1
    print(*found, f"dependency audit: {len(found) or 'no'} known vulnerabilities", sep="\n")
    return 1 if found else 0


def _look_up_all(osv_url: str) -> list[str]:
    """Return a line for each vulnerability of each lock in use."""
    _ask_first(osv_url)
    environment = ROOT / os.environ.get("AUDIT_VENV", ".venv-audit")
    if environments.main([f"{environment}={ROOT / 'ops/locks/audit.txt'}"]):
        raise OperationError("pip-audit could not be installed, see above")
    locks = [*ROOT.glob("requirements*.txt"), *(ROOT / "ops" / "locks").glob("*.txt")]
    in_use = [lock for lock in locks if lock.name != OLD_ON_PURPOSE]
    return sorted({line for lock in in_use for line in _look_up(lock, environment, osv_url)})


def _ask_first(osv_url: str) -> None:
    """Raise NotLookedUp unless an advisory database answers within `ANSWER_SECONDS`.

    A timeout of urllib's would not cover the look-up of a name, and begin anew for each address of a host.
    """
    answers: SimpleQueue[str] = SimpleQueue()
    Thread(target=lambda: answers.put(_problem(osv_url)), daemon=True).start()
    try:
        problem = answers.get(timeout=ANSWER_SECONDS)
    except Empty:
        problem = f"did not answer in {ANSWER_SECONDS:g} s"
    if problem:
        raise NotLookedUp(f"{osv_url or PYPI} {problem}")


def _problem(osv_url: str) -> str:
    try:
        with urlopen(_question(osv_url)) as response:  # noqa: S310  # a file would only be read
            answer = json.load(response)
    except (OSError, ValueError, HTTPException) as error:
        return f"cannot be asked ({error})"
    known = answer.get("vulnerabilities") or answer.get("vulns") if isinstance(answer, dict) else None
    return "" if known else "knows no advisories: it may be a mirror"


def _question(osv_url: str) -> Request:
    name, version = KNOWN
    query = {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
    url, body = (osv_url, json.dumps(query)) if osv_url else (f"{PYPI}/pypi/{name}/{version}/json", "")
    return Request(url, data=body.encode() or None)  # noqa: S310  # as above


def _look_up(lock: Path, environment: Path, osv_url: str) -> list[str]:
    """Look one lock up; pip-audit refuses two that pin different versions."""
    service = ["--vulnerability-service=osv", f"--osv-url={osv_url}"] if osv_url else []
    run = [f"{environment}/bin/pip-audit", *OPTIONS, *service, f"--requirement={lock}"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise NotLookedUp(f"pip-audit says of {lock.name}: {last}") from None
    return [
        f"{lock.name}: {package['name']} {package['version']} has {each['id']}, "
        f"mended in {', '.join(each['fix_versions']) or 'no release'}"
        for package in packages
        for each in package.get("vulns", ())
    ]
