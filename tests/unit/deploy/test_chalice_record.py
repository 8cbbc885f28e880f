"""What Chalice recorded of a deploy elsewhere does not lead the next one astray."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops.deploy import chalice_record
from ops.stages import Stage, Target

STAGE = Stage("dev", {"STAGE": "dev"}, {})
HERE = Target("111111111111", "eu-west-1", "aws")


@pytest.mark.parametrize(
    ("target", "is_told"),
    [
        (HERE, False),
        (Target("222222222222", "eu-west-1", "aws"), True),
        (Target("111111111111", "us-east-1", "aws"), True),
    ],
)
def test_no_record_leads_a_deploy_and_one_of_elsewhere_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: Target, is_told: bool
) -> None:
    monkeypatch.setattr(chalice_record, "ROOT", tmp_path)
    record = tmp_path / ".chalice" / "deployed" / "dev.json"
    record.parent.mkdir(parents=True)
    function = f"arn:aws:lambda:{HERE.region}:{HERE.account}:function:sluice-dev-reconcile"
    record.write_text(json.dumps({"resources": [{"name": "reconcile", "lambda_arn": function}]}))
    told: list[str] = []
    chalice_record.forget_before_deploy(STAGE, target, told.append)
    assert not record.exists()
    assert bool(told) == is_told


def test_a_stage_that_was_never_deployed_has_nothing_to_forget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chalice_record, "ROOT", tmp_path)
    told: list[str] = []
    chalice_record.forget_before_deploy(STAGE, HERE, told.append)
    assert told == []
