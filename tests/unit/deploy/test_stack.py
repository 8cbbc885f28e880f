"""What provisioning does in each state that a stack can be in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from ops.deploy import stack as stack_module
from ops.deploy.stack import DIGEST_TAG, Stack, apply_stack
from ops.errors import OperationError

STACK = Stack("sluice-dev", "Resources: {}", {"Stage": "dev"}, {"sluice-stage": "dev"})
STACK_ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/sluice-dev/1"


class _Cloud:
    """A CloudFormation client that answers as it is told, in order."""

    def __init__(self) -> None:
        self.client: Any = boto3.client("cloudformation", region_name="eu-west-1")
        self._stub = Stubber(self.client)

    def answers(self, operation: str, response: Any, wanted: Any = None) -> _Cloud:
        self._stub.add_response(operation, response, wanted)
        return self

    def is_in(self, status: str, digest: str = "none") -> _Cloud:
        stack = {
            "StackName": STACK.name,
            "StackId": STACK_ID,
            "StackStatus": status,
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
            "Tags": [{"Key": DIGEST_TAG, "Value": digest}],
        }
        return self.answers("describe_stacks", {"Stacks": [stack]})

    def has_none(self) -> _Cloud:
        message = f"Stack with id {STACK.name} does not exist"
        self._stub.add_client_error("describe_stacks", "ValidationError", message)
        return self

    def failed(self, *causes: tuple[str, str]) -> _Cloud:
        events = [
            {
                "StackId": STACK_ID,
                "EventId": name,
                "StackName": STACK.name,
                "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
                "LogicalResourceId": name,
                "ResourceStatus": "CREATE_FAILED",
                "ResourceStatusReason": reason,
            }
            for name, reason in reversed(causes)
        ]
        return self.answers("describe_stack_events", {"StackEvents": events})

    def is_deleted(self) -> _Cloud:
        self._stub.add_response("delete_stack", {}, {"StackName": STACK_ID})
        return self.has_none()

    def creates(self) -> _Cloud:
        parameters = dict.fromkeys(("TemplateBody", "Parameters", "Capabilities", "Tags"), ANY)
        wanted = {
            "StackName": STACK.name,
            "OnFailure": "ROLLBACK",
            "EnableTerminationProtection": False,
            **parameters,
        }
        self._stub.add_response("create_stack", {"StackId": STACK_ID}, wanted)
        return self

    def apply(self, stack: Stack = STACK) -> str:
        with self._stub:
            outcome = apply_stack(self.client, stack, lambda _: None, poll_seconds=0)
            self._stub.assert_no_pending_responses()
            return outcome


def test_a_stack_that_is_not_there_is_created() -> None:
    assert (
        _Cloud().has_none().creates().is_in("CREATE_IN_PROGRESS").is_in("CREATE_COMPLETE").apply()
        == "created"
    )


def test_an_unchanged_stack_is_left_alone() -> None:
    assert _Cloud().is_in("UPDATE_COMPLETE", STACK.digest).apply() == "unchanged"


def test_a_stack_that_shall_not_be_deleted_is_protected_before_all_else() -> None:
    cloud = _Cloud().is_in("UPDATE_COMPLETE", replace(STACK, is_protected=True).digest)
    wanted = {"StackName": STACK.name, "EnableTerminationProtection": True}
    cloud.answers("update_termination_protection", {}, wanted)
    assert cloud.apply(replace(STACK, is_protected=True)) == "unchanged"


def test_a_changed_stack_is_updated() -> None:
    cloud = _Cloud().is_in("CREATE_COMPLETE", "older").answers("update_stack", {"StackId": STACK_ID})
    assert cloud.is_in("UPDATE_COMPLETE").apply() == "updated"


def test_a_stack_rolled_back_from_an_update_is_updated_again_even_if_its_tag_is_ours() -> None:
    cloud = (
        _Cloud()
        .is_in("UPDATE_ROLLBACK_COMPLETE", STACK.digest)
        .answers("update_stack", {"StackId": STACK_ID})
    )
    assert cloud.is_in("UPDATE_COMPLETE").apply() == "updated"


def test_a_stack_being_made_by_an_interrupted_deploy_is_waited_for() -> None:
    cloud = _Cloud().is_in("CREATE_IN_PROGRESS").is_in("CREATE_IN_PROGRESS")
    assert cloud.is_in("CREATE_COMPLETE", STACK.digest).apply() == "unchanged"


def test_a_failed_creation_is_explained_by_its_first_cause_first() -> None:
    taken = "sluice-dev-landing-123456789012 already exists"
    cloud = _Cloud().has_none().creates().is_in("ROLLBACK_IN_PROGRESS").is_in("ROLLBACK_COMPLETE")
    cloud.failed(("LandingBucket", taken), ("NdjsonBucket", "Resource creation cancelled"))
    cloud.is_deleted()
    with pytest.raises(OperationError, match=f"LandingBucket: {taken}\n  NdjsonBucket"):
        cloud.apply()


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_a_stack_that_was_never_made_gives_way_to_a_new_one(status: str) -> None:
    cloud = _Cloud().is_in(status).is_deleted().creates().is_in("CREATE_COMPLETE")
    assert cloud.apply() == "created"


def test_a_queue_deleted_a_moment_ago_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_module, "QUEUE_PAUSE_SECONDS", 0)
    cloud = _Cloud().has_none().creates().is_in("ROLLBACK_COMPLETE")
    cloud.failed(("NdjsonQueue", "You must wait 60 seconds after deleting a queue before you can create"))
    assert cloud.is_deleted().creates().is_in("CREATE_COMPLETE").apply() == "created"


@pytest.mark.parametrize(
    ("status", "way_out"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("DELETE_FAILED", "delete-stack"),
    ],
)
def test_a_broken_stack_is_refused_with_the_way_out(status: str, way_out: str) -> None:
    with pytest.raises(OperationError, match=f"{status}.*{way_out} --stack-name sluice-dev"):
        _Cloud().is_in(status).apply()


def test_the_digest_tells_templates_and_parameters_apart() -> None:
    others = [
        Stack(STACK.name, "Resources: {A: 1}", STACK.parameters, STACK.tags),
        Stack(STACK.name, STACK.template, {"Stage": "prod"}, STACK.tags),
    ]
    assert len({STACK.digest, *(other.digest for other in others)}) == 3
