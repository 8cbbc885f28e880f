"""The tables on dynalite: tests of both lanes and of the catalogue, which pass on moto, pass there too."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

from ops.local.processes import free_port, start, wait_until
from ops.stages import ROOT

HOST = "127.0.0.1"
READY_SECONDS = 30
WHOLE = (  # folders and files whose writes are conditional, indexed, paged or in transactions
    "tests/functional/aws/test_history.py",
    "tests/functional/landing/test_outcomes.py",
    "tests/functional/landing/test_races.py",
    "tests/functional/landing/test_repair.py",
    "tests/functional/ndjson",
    "tests/functional/actions/test_replay.py",
    "tests/functional/status/test_lists.py",
)


@pytest.fixture(scope="module")
def dynalite(node: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run dynalite; return its address."""
    folder, port = tmp_path_factory.mktemp("dynalite"), free_port()
    at_once = [word for step in ("create", "delete", "update") for word in (f"--{step}TableMs", "0")]
    command = [str(node / "dynalite"), "--host", HOST, "--port", str(port), *at_once]
    child = start("dynalite", command, os.environ, folder, folder / "dynalite.log")
    try:
        wait_until(lambda: _answers(port), child, READY_SECONDS)
        yield f"http://{HOST}:{port}"
    finally:
        child.stop()


def _answers(port: int) -> bool:
    try:
        urlopen(f"http://{HOST}:{port}", timeout=2).close()
    except HTTPError:
        return True
    except (URLError, OSError):
        return False
    return True


@pytest.mark.parametrize("path", WHOLE)
def test_what_passes_on_moto_passes_on_dynalite(dynalite: str, path: str) -> None:
    options = ["-p", "tests.proof.on_dynalite", "-q", "-n0", "-p", "no:cacheprovider", "--tb=line"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, path],
        cwd=ROOT,
        env={**os.environ, "DYNALITE": dynalite},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:]
