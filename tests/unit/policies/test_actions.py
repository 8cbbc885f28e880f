"""The table of actions against what AWS itself publishes: service models and action definitions."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import boto3
import pytest
from botocore import xform_name

from ops.policies.actions import NEEDS, POLLER, Kind, Need
from ops.policies.documents import document
from ops.policies.grants import LOGS, Grant, grants_of
from ops.policies.writing import EMULATORS, place_of
from ops.stages import load_stage
from tests.support.iam import handlers
from tests.support.linting import actions, parliament

ENTRIES = sorted(NEEDS)
RESOURCE_TYPES: dict[Kind, str] = {
    "object": "object",
    "bucket": "bucket",
    "table": "table",
    "index": "index",
    "queue": "queue",
    "topic": "topic",
    "machine": "statemachine",
    "execution": "execution",
    "job": "job",
    "secret": "Secret",
}
STAGES = ("local", "dev", "prod")


@cache
def grants_in(stage: str) -> dict[str, set[Grant]]:
    """Return what each function of a stage may do."""
    place = place_of(load_stage(stage), EMULATORS)
    return {name: grants_of(handler, place) for name, handler in handlers().items()}


def explained(finding: Any) -> bool:
    """Tell whether a finding is parliament's own fault: it wants an ARN of every kind that an action has.

    `DescribeExecution` is for executions of standard and of express machines; ours is a standard one.
    """
    text = str(finding)
    return "states:DescribeExecution" in text and "arn:*:states:*:*:express:*:*:*" in text


@cache
def shapes(service: str) -> dict[str, Any]:
    """Return the input shape of every method of a client."""
    session: Any = boto3.Session(region_name="us-east-1")
    model = session.client(service).meta.service_model
    operations = [model.operation_model(name) for name in model.operation_names]
    return {xform_name(operation.name): operation.input_shape for operation in operations}


@pytest.mark.parametrize(("service", "method"), ENTRIES, ids=".".join)
def test_every_entry_is_a_method_of_its_client(service: str, method: str) -> None:
    assert method in shapes(service)


@pytest.mark.parametrize(("service", "method"), ENTRIES, ids=".".join)
def test_every_parameter_of_an_entry_is_one_of_its_operation(service: str, method: str) -> None:
    shape = shapes(service)[method]
    for need in NEEDS[service, method]:
        first = need.parameter.split(".")[0]
        assert {first, *need.unless} <= set(shape.members)
        assert not need.when or set(need.when) & set(shape.members)


@pytest.mark.parametrize("need", [need for entry in ENTRIES for need in NEEDS[entry]], ids=lambda n: n.action)
def test_every_action_exists_and_can_be_limited_to_its_kind_of_resource(need: Need) -> None:
    assert RESOURCE_TYPES[need.kind] in actions()[need.action]


@pytest.mark.parametrize("action", [*POLLER, *LOGS])
def test_what_lambda_itself_needs_exists(action: str) -> None:
    assert action in actions()


@pytest.mark.parametrize("stage", STAGES)
def test_parliament_finds_nothing_in_any_policy(stage: str) -> None:
    for function, grants in grants_in(stage).items():
        policy = parliament().analyze_policy_string(json.dumps(document(grants)))

        assert [str(found) for found in policy.findings if not explained(found)] == [], function


@pytest.mark.parametrize("stage", STAGES)
def test_no_policy_names_every_resource(stage: str) -> None:
    for grants in grants_in(stage).values():
        for grant in grants:
            assert grant.resource.count("*") <= 1
            assert (
                not grant.resource.endswith(":*")
                or ":log-group:" in grant.resource
                or ":execution:" in grant.resource
            )


def test_a_policy_with_a_fault_is_found_by_parliament() -> None:
    wrong = {
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": ["arn:aws:sqs:us-east-1:123456789012:x"],
    }

    policy = parliament().analyze_policy_string(json.dumps({"Version": "2012-10-17", "Statement": [wrong]}))

    assert policy.findings
