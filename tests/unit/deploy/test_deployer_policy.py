"""The ready policy of a deployer is scoped wherever AWS can."""

from __future__ import annotations

import json
from fnmatch import fnmatch

import pytest

import app
from chalicelib.settings import Settings
from ops.stages import APP, ROOT, Target, environment_of, load_stage
from tests.support.iam import handlers, policy_of
from tests.support.template import resources

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


def test_an_api_of_another_name_can_be_neither_changed_nor_deleted_nor_made() -> None:
    """AWS tells an API's name with some requests only: nothing is denied where it does not."""
    named = {"DELETE": "Resource", "PATCH": "Resource Request", "POST": "Request"}
    found = {
        (action.removeprefix("apigateway:"), key.partition("/")[0].partition(":")[2])
        for each in STATEMENTS
        if each["Effect"] == "Deny"
        for key, name in each["Condition"]["StringNotEquals"].items()
        if each["Condition"]["Null"] == {key: "false"} and (key.partition("/")[2], name) == ("ApiName", APP)
        for action in each["Action"]
    }
    assert found == {(action, key) for action, keys in named.items() for key in keys.split()}
    assert app.app.app_name == APP  # Chalice names the API so


def test_no_action_is_a_pattern() -> None:
    assert [each["Sid"] for each in STATEMENTS if "*" in json.dumps(each["Action"])] == []


def test_no_role_can_be_made_or_given_rights_without_the_boundary_nor_be_freed_of_it() -> None:
    granting = {"iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"}
    found = [each for each in STATEMENTS if granting & set(each["Action"])]
    assert [each["Condition"] for each in found] == [
        {"ArnLike": {"iam:PermissionsBoundary": "arn:aws:iam::*:policy/sluice-boundary"}}
    ]
    actions = {action for each in STATEMENTS for action in each["Action"]}
    assert not actions & {
        "iam:AttachRolePolicy",
        "iam:DeleteRolePermissionsBoundary",
        "iam:CreatePolicyVersion",
    }
    assert {"secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"} <= actions


def test_the_boundary_lets_the_state_machine_do_what_its_role_allows() -> None:
    allowed = json.loads((ROOT / "docs" / "permissions-boundary.json").read_text())["Statement"][0]["Action"]
    (role,) = resources("AWS::IAM::Role").values()
    statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    needed = {action for each in statements for action in each["Action"]}
    assert {each for each in needed if not any(fnmatch(each, pattern) for pattern in allowed)} == set()
    assert {"logs:CreateLogDelivery", "xray:PutTraceSegments", "glue:StartJobRun"} <= needed


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_the_boundary_lets_every_function_do_what_its_policy_allows(stage: str) -> None:
    allowed = json.loads((ROOT / "docs" / "permissions-boundary.json").read_text())["Statement"][0]["Action"]
    settings = Settings.from_environ(environment_of(load_stage(stage), Target("123456789012", "eu-west-1")))
    needed = {
        action
        for name in handlers()
        for statement in policy_of(name, settings)["Statement"]
        for action in statement["Action"]
    }
    assert {each for each in needed if not any(fnmatch(each, pattern) for pattern in allowed)} == set()
