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
    ("target", "stays"),
    [
        (HERE, True),
        (Target("222222222222", "eu-west-1", "aws"), False),
        (Target("111111111111", "us-east-1", "aws"), False),
    ],
)
def test_only_a_record_of_this_account_and_region_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: Target, stays: bool
) -> None:
    monkeypatch.setattr(chalice_record, "ROOT", tmp_path)
    record = tmp_path / ".chalice" / "deployed" / "dev.json"
    record.parent.mkdir(parents=True)
    function = f"arn:aws:lambda:{HERE.region}:{HERE.account}:function:sluice-dev-reconcile"
    record.write_text(json.dumps({"resources": [{"name": "reconcile", "lambda_arn": function}]}))
    told: list[str] = []
    chalice_record.forget_foreign(STAGE, target, told.append)
    assert record.exists() == stays
    assert bool(told) != stays


def test_a_stage_that_was_never_deployed_has_nothing_to_forget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chalice_record, "ROOT", tmp_path)
    told: list[str] = []
    chalice_record.forget_foreign(STAGE, HERE, told.append)
    assert told == []
