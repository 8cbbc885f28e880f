"""`python -m ops audit`: every locked package looked up in an advisory database, by pip-audit.

pip-audit asks PyPI, or the mirror of OSV at `OSV_URL`. Mirrors of PyPI answer too, but know of no advisory:
so it is first asked about a release that has had some for ten years.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from ops import venvs
from ops.stages import ROOT

OLD_ON_PURPOSE = "oldest.txt"  # nothing but a test runs on it
KNOWN = ("jinja2", "2.4.1")
ANSWER_SECONDS = 10.0  # pip-audit's own start included
OPTIONS = ("--strict", "--no-deps", "--disable-pip", "--progress-spinner=off", "--format=json")


class NotLookedUp(Exception):  # noqa: N818 - `--where-possible` expects it
    """The advisories could not be read."""


def command(arguments: list[str]) -> int:
    """Look the packages up; fail when one is vulnerable, or, unless allowed, when one cannot be looked up."""
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
    environment = ROOT / os.environ.get("AUDIT_VENV", ".venv-audit")
    if venvs.main([f"{environment}={ROOT / 'ops/locks/audit.txt'}"]):
        raise NotLookedUp("pip-audit could not be installed, see above")
    _ask_first(environment, osv_url)
    locks = [*ROOT.glob("requirements*.txt"), *(ROOT / "ops" / "locks").glob("*.txt")]
    in_use = [lock for lock in locks if lock.name != OLD_ON_PURPOSE]
    return sorted({line for lock in in_use for line in _look_up(lock, environment, osv_url)})


def _ask_first(environment: Path, osv_url: str) -> None:
    """Raise NotLookedUp unless an advisory database answers within `ANSWER_SECONDS`."""
    with TemporaryDirectory() as folder:
        known = Path(folder, "known.txt")
        known.write_text("==".join(KNOWN))
        try:
            found = _look_up(known, environment, osv_url, ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            raise NotLookedUp(f"{_name(osv_url)} did not answer in {ANSWER_SECONDS:g} s") from None
    if not found:
        raise NotLookedUp(f"{_name(osv_url)} knows no advisories: it may be a mirror")


def _look_up(lock: Path, environment: Path, osv_url: str, seconds: float | None = None) -> list[str]:
    """Look one lock up; pip-audit refuses two that pin different versions."""
    service = ["--vulnerability-service=osv", f"--osv-url={osv_url}"] if osv_url else []
    run = [f"{environment}/bin/pip-audit", *OPTIONS, *service, f"--requirement={lock}"]
    done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=seconds)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        last = (done.stderr.strip().splitlines() or ["nothing"])[-1]
        raise NotLookedUp(
            f"{_name(osv_url)} cannot be asked, pip-audit says of {lock.name}: {last}"
        ) from None
    return [
        f"{lock.name}: {package['name']} {package['version']} has {each['id']}, "
        f"mended in {', '.join(each['fix_versions']) or 'no release'}"
        for package in packages
        for each in package.get("vulns", ())
    ]


def _name(osv_url: str) -> str:
    return osv_url or "PyPI"
