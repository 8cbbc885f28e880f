"""The ready policy of a deployer is scoped wherever AWS can."""

from __future__ import annotations

import json

from ops.stages import APP, ROOT

MAPPING = ":event-source-mapping:"  # its ids too
STATEMENTS = json.loads((ROOT / "docs" / "deployer-policy.json").read_text())["Statement"]


def test_only_what_has_no_resource_level_is_allowed_on_everything() -> None:
    wide = [each for each in STATEMENTS if each["Resource"] == "*" and "Condition" not in each]
    assert [each["Sid"] for each in wide] == ["WhatHasNoResourceLevel"]


def test_everything_else_is_of_this_app_or_of_the_api_gateway_whose_ids_aws_makes() -> None:
    scoped = [each["Resource"] for each in STATEMENTS if each["Resource"] != "*"]
    arns = [arn for each in scoped for arn in ([each] if isinstance(each, str) else each)]
    assert [
        arn
        for arn in arns
        if f"{APP}-" not in arn and ":apigateway:" not in arn and ":kms:" not in arn and MAPPING not in arn
    ] == []


def test_no_action_is_a_pattern() -> None:
    assert [each["Sid"] for each in STATEMENTS if "*" in json.dumps(each["Action"])] == []
