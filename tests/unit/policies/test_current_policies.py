"""Policies are derived anew when anything that they are made of changed, and not otherwise."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from ops import current_policies
from ops.current_policies import write_current_policies
from ops.errors import OperationError
from ops.policies.writing import EMULATORS
from ops.stages import CONFIG, ROOT, load_stage

APP = """
from chalice import Chalice
app = Chalice(app_name="sluice")

@app.schedule("rate(1 hour)")
def {name}(event):
    return None
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project of one function, whose policies are up to date."""
    (tmp_path / CONFIG).parent.mkdir()
    shutil.copy(ROOT / CONFIG, tmp_path / CONFIG)
    (tmp_path / "app.py").write_text(APP.format(name="tick"))
    with pytest.raises(OperationError, match="the config is up to date now"):
        write(tmp_path)
    write(tmp_path)
    return tmp_path


def write(project: Path, **variables: str) -> None:
    stage = load_stage("local", project)
    write_current_policies(stage, EMULATORS, stage.environment | variables, project)


def policy(project: Path, function: str) -> Path:
    return project / CONFIG.parent / "policies" / "local" / f"{function}.json"


def test_nothing_is_derived_while_nothing_changed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def derive(*_: Any) -> None:
        raise AssertionError("derived again")

    monkeypatch.setattr(current_policies, "write_policies", derive)
    write(project)
    with pytest.raises(AssertionError, match="derived again"):
        write(project, LOG_LEVEL="DEBUG")


def test_a_config_in_another_form_is_no_change_of_it(project: Path) -> None:
    config = project / CONFIG
    config.write_text(json.dumps(json.loads(config.read_text()), sort_keys=True))
    kept = config.read_text()
    write(project)
    assert config.read_text() == kept


def test_a_policy_that_somebody_edited_is_written_anew(project: Path) -> None:
    before = policy(project, "tick").read_text()
    policy(project, "tick").write_text('{"Version": "2012-10-17", "Statement": []}')
    write(project)
    assert policy(project, "tick").read_text() == before


def test_a_policy_that_somebody_deleted_is_written_anew(project: Path) -> None:
    policy(project, "tick").unlink()
    write(project)
    assert policy(project, "tick").is_file()


def test_other_code_has_other_policies(project: Path) -> None:
    (project / "app.py").write_text(APP.format(name="tock"))
    with pytest.raises(OperationError, match="the config is up to date now"):
        write(project)
    assert not policy(project, "tick").exists()
    assert policy(project, "tock").is_file()
