"""What `make` and `python -m ops` say to someone whose machine, ports or disk do not fit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ops.__main__ import main
from ops.local import run
from ops.stages import ROOT


def _make(*arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "STAGE"}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def _interpreter(folder: Path, version: str) -> Path:
    """Write what answers as a Python of `version` does."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\necho Python {version}\nexit 1\n")
    path.chmod(0o755)
    return path


def test_an_older_python_is_refused_with_its_version(tmp_path: Path) -> None:
    done = _make("python", f"PYTHON={_interpreter(tmp_path, '3.10.1')}")
    assert done.returncode != 0
    assert "needs Python 3.11 or newer" in done.stderr
    assert "Python 3.10.1. Choose another: make PYTHON=" in done.stderr


@pytest.mark.parametrize("python", ["/usr/bin/false", "/nowhere/python3"])
def test_what_is_no_python_is_named_with_the_way_to_choose_another(python: str) -> None:
    done = _make("python", f"PYTHON={python}")
    assert done.returncode != 0
    assert f"PYTHON={python} answers" in done.stderr
    assert "make PYTHON=/path/to/python" in done.stderr


def test_the_python_of_these_tests_is_accepted() -> None:
    assert _make("python", f"PYTHON={sys.executable}").returncode == 0


def test_a_python_is_looked_for_once_and_the_first_that_will_do_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = tmp_path / "asked"
    answers = {"python3": "exit 1", "python3.13": f'exec {sys.executable} "$@"', "python3.12": "exit 1"}
    for name, answer in answers.items():
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\necho {name} >> {asked}\n{answer}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("PYTHON", raising=False)
    done = _make("-n", "run")
    assert f"{sys.executable} -m ops.venvs" in done.stdout
    assert asked.read_text().split() == ["python3", "python3.13"]


def test_destroy_asks_which_stage() -> None:
    assert "make destroy STAGE=dev" in _make("destroy").stderr


def test_two_purposes_do_not_share_a_port(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_PORT", "5000")
    monkeypatch.setenv("API_PORT", "5000")
    assert main(["run"]) == 1
    assert "AWS_PORT and API_PORT are both 5000" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_named_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state").touch()
    monkeypatch.setattr(run, "STATE", tmp_path / "state")
    assert main(["run"]) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path / 'state'} cannot be used" in said
    assert "writable" in said


def test_what_a_run_keeps_is_its_users_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "STATE", tmp_path / "state")
    run.STATE.mkdir(mode=0o755)  # of an earlier version
    with run.only_one(4566):
        assert run.STATE.stat().st_mode & 0o777 == 0o700


def test_a_shell_that_followed_the_readme_may_run_the_tests() -> None:
    exported = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_S3": "x", "AWS_PROFILE": "mine"}
    look = f"import os; from tests.support import emulation; print({set(exported)} & set(os.environ))"
    command = [sys.executable, "-c", look]
    environ = os.environ | exported
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
