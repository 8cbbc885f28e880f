"""The tracking table that Sluice 0.1.0 made keeps its local index; a new one has none."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import boto3
import pytest
import yaml
from moto import mock_aws

from ops.deploy.provision import provision, wanted_stack
from ops.deploy.stack import apply_stack
from ops.stages import Stage, Target

AWS = Target("123456789012", "us-east-1")
STAGE = Stage("dev", {"STAGE": "dev"}, {})
READ_YAML = yaml.load


def _load(text: str, **options: Any) -> Any:
    return json.loads(text) if text.startswith("{") else READ_YAML(text, **options)


def _indexes() -> tuple[list[str], list[str]]:
    table = boto3.client("dynamodb").describe_table(TableName="sluice-dev-tracking")["Table"]
    kinds: Any = (table.get("LocalSecondaryIndexes", []), table.get("GlobalSecondaryIndexes", []))
    local, everywhere = ([each["IndexName"] for each in kind] for kind in kinds)
    return local, sorted(everywhere)


@pytest.mark.filterwarnings("ignore:Tried to parse")  # what moto's CloudFormation does not make
@pytest.mark.parametrize("made_by_0_1_0", [False, True])
def test_a_deploy_changes_no_table_that_is_there(made_by_0_1_0: bool) -> None:
    with mock_aws(), patch.object(yaml, "load", _load):
        wanted = wanted_stack(STAGE, AWS, made_by_0_1_0=made_by_0_1_0)
        apply_stack(boto3.client("cloudformation"), wanted, lambda _: None, 0)
        made = _indexes()
        assert made == (["pending"] * made_by_0_1_0, ["quarantined", "unfinished"])

        assert provision(STAGE, boto3.Session(), AWS, lambda _: None) != "created"

        assert _indexes() == made


def test_the_first_deploy_of_a_stage_asks_for_no_local_index() -> None:
    assert wanted_stack(STAGE, AWS).parameters["LocalIndex"] == "no"
