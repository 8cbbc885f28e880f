"""What an operator is told who has no region, no credentials, or no such stage."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from ops import chalice_hook
from ops.aws_session import fill_in_for_emulator, is_emulator, locate, open_session
from ops.chalice_hook import option
from ops.errors import OperationError
from ops.local.processes import free_port
from ops.stages import Target, environment_of, load_stage

VARIABLES = (
    "ACCESS_KEY_ID",
    "SECRET_ACCESS_KEY",
    "SESSION_TOKEN",
    "DEFAULT_REGION",
    "ENDPOINT_URL",
    "PROFILE",
)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Take everything away that a session could find."""
    for name in VARIABLES:
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


def test_no_region_is_refused_with_the_way_to_set_one(nobody: pytest.MonkeyPatch) -> None:
    with pytest.raises(OperationError, match=r"no AWS region.*AWS_DEFAULT_REGION"):
        open_session()


def test_no_credentials_are_refused_with_the_way_to_get_some(nobody: pytest.MonkeyPatch) -> None:
    nobody.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(OperationError, match=r"no AWS credentials.*aws configure"):
        open_session()


def test_an_unknown_profile_is_refused(nobody: pytest.MonkeyPatch) -> None:
    with pytest.raises(OperationError, match="nowhere"):
        open_session("nowhere")


def test_an_emulator_needs_neither(nobody: pytest.MonkeyPatch) -> None:
    nobody.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert open_session().region_name == "us-east-1"


def test_an_endpoint_that_nothing_listens_on_is_named_with_the_way_to_start_it(
    nobody: pytest.MonkeyPatch,
) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    nobody.setenv("AWS_ENDPOINT_URL", url)
    with pytest.raises(OperationError, match=f"nothing answers at {url}.*make run"):
        locate(open_session())


def test_a_deploy_with_bad_settings_is_refused_before_anything_is_made(
    aws: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stage = load_stage("dev")
    stage.environment.update(PREVIEW_CHARS="-1", NDJSON_MAX_CONCURRENCY="abc")
    monkeypatch.setattr(chalice_hook, "load_stage", lambda _: stage)
    stacks = boto3.client("cloudformation").list_stacks()["StackSummaries"]
    with pytest.raises(SystemExit):
        chalice_hook.prepare_deploy(["deploy", "--stage", "dev"], {})
    said = capsys.readouterr().err
    assert "PREVIEW_CHARS='-1' is not usable: expected a whole number from 0 to 1000" in said
    assert "NDJSON_MAX_CONCURRENCY='abc' is not usable" in said
    assert ".chalice/config.json" in said
    assert boto3.client("cloudformation").list_stacks()["StackSummaries"] == stacks


def test_a_deploy_takes_its_settings_from_the_stage_and_not_from_the_callers_shell() -> None:
    environ = {
        "NDJSON_MAX_CONCURRENCY": "7",
        "LANDING_BUCKET": "mine",
        "AWS_REGION": "eu-west-1",
        "HOME": "/x",
    }
    chalice_hook.replace_settings(environ, {"LANDING_BUCKET": "the-stages"})
    assert environ == {"LANDING_BUCKET": "the-stages", "AWS_REGION": "eu-west-1", "HOME": "/x"}


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://localhost:4566", True),
        ("", False),
        ("https://s3.eu-west-1.amazonaws.com", False),
        ("http://127.0.0.1.example.com", False),
    ],
)
def test_only_this_machine_is_an_emulator(endpoint: str, expected: bool) -> None:
    environ = {"AWS_ENDPOINT_URL": endpoint}
    fill_in_for_emulator(environ)
    assert is_emulator(environ) is expected
    assert ("AWS_ACCESS_KEY_ID" in environ) is expected


@pytest.mark.parametrize(
    ("line", "stage"),
    [
        ("chalice deploy --stage prod", "prod"),
        ("chalice deploy --stage=prod", "prod"),
        ("chalice deploy", None),
        ("chalice deploy --stage", None),
    ],
)
def test_the_stage_is_read_as_chalice_reads_it(line: str, stage: str | None) -> None:
    assert option(line.split(), "--stage") == stage


def test_an_unknown_stage_is_refused_naming_those_there_are() -> None:
    with pytest.raises(OperationError, match="no stage 'qa', only local, dev, prod"):
        load_stage("qa")


def test_names_in_aws_are_unique_per_account_and_a_config_may_name_its_own() -> None:
    stage = load_stage("dev")
    target = Target("111122223333", "eu-central-1")
    assert environment_of(stage, target)["LANDING_BUCKET"] == "sluice-dev-landing-111122223333"
    stage.environment["STEP_FUNCTION_ARN"] = "arn:aws:states:eu-central-1:111122223333:stateMachine:mine"
    assert environment_of(stage, target)["STEP_FUNCTION_ARN"].endswith(":mine")
    assert stage.has_own_state_machine
