"""The processes of a local Sluice: none outlives the one that started it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ops.local.end_with_parent import CHECK_SECONDS
from ops.stages import ROOT

PARENT = """
import subprocess, sys
from ops.local.end_with_parent import tied
subprocess.run(tied(sys.executable, *sys.argv[1:]), check=False)
"""
CHILD = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text(f"{os.getpid()} ")
time.sleep(60)
"""


def _await(found: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10 + CHECK_SECONDS
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    try:
        return "State:\tZ" not in status.read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_tied_script_gets_its_arguments_and_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script, note = tmp_path / "child.py", tmp_path / "pid"
    script.write_text(CHILD)
    note.touch()
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(script), str(note)], cwd=ROOT)
    try:
        _await(lambda: note.read_text().endswith(" "))
        child = int(note.read_text())
        assert _is_running(child)
    finally:
        parent.kill()
        parent.wait()
    _await(lambda: not _is_running(child))
