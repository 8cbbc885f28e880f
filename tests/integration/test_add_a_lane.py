"""docs/add-a-lane.md, performed on a copy of the project: its files, its edits, its commands."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ops.stages import ROOT

PAGE = (ROOT / "docs" / "add-a-lane.md").read_text()
PROJECT = ("app.py", "chalicelib", "ops", "samples", "tests", "pyproject.toml", "README.md", ".chalice")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the project and follow the page on the copy."""
    folder = tmp_path_factory.mktemp("lane")
    for name in PROJECT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    for path, content in re.findall(r"^```python (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    for edit in re.findall(r"^```diff\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        subprocess.run(["git", "apply", "--recount", "-"], input=edit, cwd=folder, text=True, check=True)
    return folder


def _run(project: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", *arguments]
    environ = os.environ | {"LOG_LEVEL": "ERROR"}
    done = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_new_lanes_test_passes_and_its_code_keeps_the_house_rules(project: Path) -> None:
    assert "2 passed" in _run(project, "pytest", "-p", "no:xdist", "tests/functional/parked")
    code = ("app.py", "chalicelib", "tests/functional/parked")
    _run(project, "ruff", "check", *code)
    _run(project, "ruff", "format", "--check", *code)
    house = ("tests/house/test_layout.py", "tests/house/test_sizes.py")
    _run(project, "pytest", "-q", "-p", "no:xdist", *house)


def test_its_policy_follows_from_the_code_and_allows_nothing_else(project: Path) -> None:
    _run(project, "ops", "policies", "--stage", "local")
    policy = json.loads((project / ".chalice/policies/local/report_parked.json").read_text())
    granted = [each for each in policy["Statement"] if not each["Sid"].startswith("Logs")]
    assert {(*each["Action"], *each["Resource"]) for each in granted} == {
        ("s3:ListBucket", "arn:aws:s3:::sluice-local-landing"),
        ("sns:Publish", "arn:aws:sns:us-east-1:123456789012:sluice-local-alerts"),
        ("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:sluice-local-events-dlq"),
    }
    config = json.loads((project / ".chalice/config.json").read_text())
    assert "report_parked" in config["stages"]["local"]["lambda_functions"]
