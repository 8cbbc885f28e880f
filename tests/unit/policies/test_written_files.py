"""The files that are written: idempotent, and nothing else in config.json changes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from ops.policies import write_policies
from ops.policies.documents import document
from ops.policies.grants import grants_of
from ops.policies.writing import EMULATORS, entered, place_of
from ops.stages import CONFIG, ROOT, load_stage
from tests.support.iam import handlers, readings_shared

STAGES = ("local", "dev", "prod")
POLICY_LIMIT = 10_240  # IAM: characters of all inline policies of a role, white space not counted


def copied(target: Path) -> Path:
    """Copy what policies are derived from."""
    shutil.copytree(ROOT / "chalicelib", target / "chalicelib", ignore=shutil.ignore_patterns("*.pyc"))
    (target / ".chalice").mkdir()
    for name in ("app.py", str(CONFIG)):
        shutil.copy(ROOT / name, target / name)
    return target


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a copy to change."""
    return copied(tmp_path)


@pytest.mark.parametrize("stage", STAGES)
def test_given_the_committed_config_when_functions_are_entered_then_it_was_up_to_date(stage: str) -> None:
    committed = (ROOT / CONFIG).read_text()

    assert entered(committed, stage, sorted(handlers())) == committed, (
        f"run `python -m ops policies --stage {stage}` and commit {CONFIG}"
    )


def test_given_written_policies_when_they_are_written_again_then_nothing_changes(copy: Path) -> None:
    with readings_shared():
        first = write_policies(load_stage("local", copy), EMULATORS, root=copy)

    assert {path.stem for path in first} == set(handlers())
    assert write_policies(load_stage("local", copy), EMULATORS, root=copy) == []


def test_given_a_call_added_below_a_handler_then_only_the_policies_that_reach_it_change(copy: Path) -> None:
    with readings_shared():
        write_policies(load_stage("local", copy), EMULATORS, root=copy)
    topic = copy / "chalicelib" / "aws" / "state_machine.py"
    source = topic.read_text()
    call = "        self._states.list_executions(stateMachineArn=self.arn)\n"
    topic.write_text(
        source.replace(
            "        try:\n            self._states.start",
            f"{call}        try:\n            self._states.start",
        )
    )

    changed = write_policies(load_stage("local", copy), EMULATORS, root=copy)

    folder = copy / ".chalice" / "policies" / "local"
    assert folder / "object_created.json" in changed
    assert folder / "authorize.json" not in changed
    assert "states:ListExecutions" in (folder / "object_created.json").read_text()


def test_given_state_machines_by_alias_then_exactly_these_may_be_started(copy: Path) -> None:
    config = json.loads((copy / CONFIG).read_text())
    arns = [f"arn:aws:states:us-east-1:123456789012:stateMachine:{name}" for name in ("large", "small")]
    variables = config["stages"]["local"]["environment_variables"]
    variables["STATE_MACHINES"] = f"large={arns[0]},small={arns[1]}"
    (copy / CONFIG).write_text(json.dumps(config))

    with readings_shared():
        write_policies(load_stage("local", copy), EMULATORS, root=copy)

    policy = json.loads((copy / ".chalice" / "policies" / "local" / "object_created.json").read_text())
    granted = {
        action: [statement["Resource"]] if isinstance(statement["Resource"], str) else statement["Resource"]
        for statement in policy["Statement"]
        for action in statement["Action"]
        if action.startswith("states:")
    }
    assert sorted(granted["states:StartExecution"]) == sorted([variables["STEP_FUNCTION_ARN"], *arns])
    executions = [
        arn.replace(":stateMachine:", ":execution:") + ":*" for arn in granted["states:StartExecution"]
    ]
    assert sorted(granted["states:DescribeExecution"]) == sorted(executions)


def test_given_a_handler_that_is_gone_then_its_file_and_its_entry_go_too(copy: Path) -> None:
    config = json.loads((copy / CONFIG).read_text())
    functions = config["stages"]["local"]["lambda_functions"]
    functions["gone"] = {"iam_policy_file": "policies/local/gone.json"}
    functions["kept"] = {"iam_policy_file": "policies/local/kept.json", "lambda_timeout": 7}
    (copy / CONFIG).write_text(json.dumps(config))
    (copy / ".chalice" / "policies" / "local").mkdir(parents=True)
    (copy / ".chalice" / "policies" / "local" / "gone.json").write_text("{}")

    with readings_shared():
        write_policies(load_stage("local", copy), EMULATORS, root=copy)

    after = json.loads((copy / CONFIG).read_text())["stages"]["local"]["lambda_functions"]
    assert "gone" not in after
    assert after["kept"] == {"lambda_timeout": 7}
    assert not (copy / ".chalice" / "policies" / "local" / "gone.json").exists()


@pytest.mark.parametrize("stage", STAGES)
def test_given_a_stage_then_every_policy_fits_into_a_role(stage: str) -> None:
    place = place_of(load_stage(stage), EMULATORS)

    for name, handler in handlers().items():
        policy = json.dumps(document(grants_of(handler, place)), separators=(",", ":"))
        assert len(policy) <= POLICY_LIMIT, name
