"""Environments are made once per state of their lock file, and one that is whole already is left alone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from ops import venvs
from ops.stages import ROOT

PINNED = [
    "requirements-dev.txt",
    *(f"ops/locks/{name}.txt" for name in ("run", "aws", "cli", "oldest", "audit")),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an environment that holds one package, `here` 1.0."""
    site = tmp_path / "venv" / "lib" / "python3.11" / "site-packages" / "Here_It.is-1.0.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text("Metadata-Version: 2.1\nName: Here_It.is\nVersion: 1.0\n")
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    return tmp_path / "venv"


def _lock(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "x.txt"
    path.write_text(text)
    return path


def test_an_environment_that_holds_all_pins_is_taken_as_it_is(folder: Path, tmp_path: Path) -> None:
    lock = _lock(tmp_path, "XX")
    assert venvs.ensure(folder, lock)
    assert not venvs.ensure(folder, lock)


def test_a_changed_lock_is_installed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = _lock(tmp_path, "here-it-is==1.0\n")
    venvs.ensure(folder, lock)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    changed = _lock(tmp_path, f"here-it-is==9.9 --hash=sha256:{'0' * 64}\n")
    assert venvs.main([f"{folder}={changed}"]) == 1
    assert "could not install x.txt" in capsys.readouterr().err
    assert venvs.main([f"{folder}={changed}"]) == 1  # a failed one is not taken for done


@pytest.mark.parametrize("name", PINNED)
def test_a_lock_pins_everything_by_hash_and_names_no_place(name: str) -> None:
    text = (ROOT / name).read_text()
    pins = re.findall(r"^[A-Za-z0-9].*$", text, re.MULTILINE)
    assert pins
    assert all("==" in pin and pin.endswith("\\") for pin in pins)
    assert "://" not in text
    assert text.count("--hash=sha256:") >= len(pins)


@pytest.mark.parametrize(
    ("said", "next_step"),
    [
        ("ERROR: Could not find a version that satisfies x==1 (from versions: none)", "needs a network"),
        ("/usr/bin/python3: No module named pip", "python3-pip"),
        ("OSError: [Errno 28] No space left on device", "make room"),
        ("OSError: [Errno 30] Read-only file system: '/x'", "can be written to"),
        ("ERROR: something new", "run the same command again"),
    ],
)
def test_what_pip_says_is_shown_with_the_next_step(
    said: str,
    next_step: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho "{said}" >&2\nexit 1\n')
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").touch()
    assert venvs.main([f"{tmp_path / 'venv'}={_lock(tmp_path, 'x==1')}"]) == 1
    printed = capsys.readouterr().err
    assert said in printed
    assert next_step in printed


def test_an_active_environment_without_pip_installs_by_its_base(tmp_path: Path) -> None:
    venv.EnvBuilder(with_pip=False, symlinks=True).create(tmp_path / "active")
    lock = _lock(tmp_path, "here-it-is==9.9 --hash=sha256:" + "0" * 64)
    command = [
        str(tmp_path / "active" / "bin" / "python"),
        "-m",
        "ops.venvs",
        f"{tmp_path}/new={lock}",
    ]
    environ = {"PATH": os.environ["PATH"], "PIP_NO_INDEX": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert "No module named pip" not in done.stderr
    assert "here-it-is==9.9" in done.stderr


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert venvs.main([f"{tmp_path / 'file' / 'venv'}={_lock(tmp_path, 'x==1')}"]) == 1
    assert str(tmp_path / "file") in capsys.readouterr().err


def test_ctrl_c_while_installing_ends_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_folder: Path, _lock: Path) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(venvs, "ensure", interrupted)
    assert venvs.main([f"{tmp_path}=x.txt"]) == 130
    assert "goes on where" in capsys.readouterr().err
