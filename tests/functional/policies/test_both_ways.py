"""Policies against what handlers do: nothing more is allowed than is used, and nothing less.

Where in a bucket objects may be written is held elsewhere: what a handler does outside of that fails every
functional test, and tests/unit/policies/test_security.py names the prefixes.
"""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from typing import Any

import pytest

from chalicelib.settings import Settings
from tests.support.iam import Recorder, Triple, allows, handlers, needs_of, policy_of, triples_of
from tests.support.scenarios.handlers import SCENARIOS
from tests.support.world import World

# What the reading says a handler can call and none does, each with the reason.
UNOBSERVED = {
    ("ndjson_arrived", "glue", "get_job_runs"): (
        "only a record that another left `starting` is looked up, and this handler finishes its own; "
        "the reading takes every branch of the function that both share"
    ),
}

UNOBSERVED_ACTIONS = {"glue:GetJobRuns"}

# Actions that Lambda uses itself, so no call of ours shows them.
OF_LAMBDA = {
    "logs:CreateLogStream": "Lambda writes the log",
    "logs:PutLogEvents": "Lambda writes the log",
    "sqs:ReceiveMessage": "Lambda polls the queue",
    "sqs:DeleteMessage": "Lambda polls the queue",
    "sqs:GetQueueAttributes": "Lambda polls the queue",
    "sqs:ChangeMessageVisibility": "Lambda polls the queue",
    "sqs:SendMessage": "Lambda sends what failed for good to the dead-letter queue",
}
EVERYTHING = {
    "API_TOKENS_SECRET": "sluice-local-api-token",
    "GLUE_JOB_NAME": "sluice-job",
    "ARCHIVE_PREFIX": "archive/",
}


def settings() -> Settings:
    """Return the settings of a stage that has every optional resource."""
    return Settings.from_environ({**os.environ, **EVERYTHING})


@pytest.fixture(params=sorted(set(SCENARIOS) & set(handlers())))
def handler(request: pytest.FixtureRequest, world: World) -> str:
    """Run every scenario of one handler."""
    name: str = request.param
    for scenario in SCENARIOS[name]:
        scenario(world)
    return name


def derived(handler: str) -> set[Triple]:
    """Return what the code of a handler can reach."""
    return {
        _of_bucket(triple) for call in handlers()[handler].calls for triple in triples_of(call, settings())
    }


def observed(handler: str, iam: Recorder) -> set[Triple]:
    """Return what a handler was seen to do; a resource that a derived pattern covers is that pattern."""
    patterns = derived(handler)
    seen = {triple for call in iam.calls.get(handler, ()) for triple in triples_of(call, settings())}
    return {_generalised(_of_bucket(triple), patterns) for triple in seen}


def _of_bucket(triple: Triple) -> Triple:
    return (*triple[:2], _place(triple[2]))


def _place(resource: str) -> str:
    """Return the objects of a bucket for any of them, and any other resource as it is."""
    bucket, _, key = resource.partition("/")
    return f"{bucket}/*" if key and ":s3:::" in bucket else resource


def _generalised(triple: Triple, patterns: set[Triple]) -> Triple:
    same_call = [pattern for pattern in patterns if pattern[:2] == triple[:2]]
    return next((pattern for pattern in same_call if fnmatchcase(triple[2], pattern[2])), triple)


def test_every_handler_has_scenarios() -> None:
    assert set(handlers()) <= set(SCENARIOS)


def test_given_every_scenario_then_code_and_calls_are_the_same(handler: str, iam: Recorder) -> None:
    can, did = derived(handler), observed(handler, iam)

    assert did - can == set()
    unseen = {triple for triple in can - did if (handler, *triple[:2]) not in UNOBSERVED}
    assert not unseen, "\n".join(map(str, sorted(unseen)))
    _any_grant_less_would_be_missed(handler, iam)


def _any_grant_less_would_be_missed(handler: str, iam: Recorder) -> None:
    policy = policy_of(handler, settings())
    needed = {grant for call in iam.calls.get(handler, ()) for grant in needs_of(call, settings())}
    allowed = [statement for statement in policy["Statement"] if statement["Effect"] == "Allow"]
    grants = {
        (action, _place(one)) for each in allowed for action in each["Action"] for one in each["Resource"]
    }
    for action, place in sorted(grants):
        less = {"Statement": [part for each in policy["Statement"] for part in _without(each, action, place)]}
        missed = [one for one in needed if not allows(less, one.action, one.resource)]
        known = action in OF_LAMBDA or action in UNOBSERVED_ACTIONS
        assert missed or known, f"nothing needs {action} on {place}"


def _without(statement: dict[str, Any], action: str, place: str) -> list[dict[str, Any]]:
    """Return what is left of a statement without one action in one place."""
    if statement["Effect"] == "Deny" or action not in statement["Action"]:
        return [statement]
    others = [one for one in statement["Action"] if one != action]
    elsewhere = [one for one in statement["Resource"] if _place(one) != place]
    return [{**statement, "Action": others}, {**statement, "Action": [action], "Resource": elsewhere}]
