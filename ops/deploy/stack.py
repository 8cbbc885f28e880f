"""Create or update one CloudFormation stack, and tell why it failed in CloudFormation's own words."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from ops.errors import OperationError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

Outcome = Literal["created", "updated", "unchanged"]
Say = Callable[[str], None]
DIGEST_TAG = "sluice-template"
SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE"})
SUCCEEDED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE"})
GONE = {"StackStatus": "DELETE_COMPLETE"}
NEVER_MADE = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"})
QUEUE_DELETED_RECENTLY = ("QueueDeletedRecently", "wait 60 seconds after deleting a queue")
QUEUE_PAUSE_SECONDS = 60
WAYS_OUT = {"UPDATE_ROLLBACK_FAILED": "aws cloudformation continue-update-rollback --stack-name {name}"}
TIME_LIMIT_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as it should be: its name, template and parameters, and the tags of all its resources."""

    name: str
    template: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    is_protected: bool = False

    @property
    def digest(self) -> str:
        """Fingerprint of template and parameters, kept as a tag: while it is equal nothing is to do."""
        text = json.dumps([self.template, sorted(self.parameters.items())])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def apply_stack(cfn: CloudFormationClient, stack: Stack, say: Say, poll_seconds: float) -> Outcome:
    """Create or update `stack` and wait; raise OperationError with the stack's own reasons when it fails."""
    found = describe(cfn, stack.name)
    if found and found["StackStatus"].endswith("_IN_PROGRESS"):
        say(f"Stack {stack.name} is being changed ({found['StackStatus']}); waiting for it")
        found = _settled(cfn, found["StackId"], say, poll_seconds)
    if found and found["StackStatus"] in NEVER_MADE:
        _delete_what_never_was(cfn, found, say, poll_seconds)
        found = None
    if not found or found["StackStatus"] in {"REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}:
        return _create(cfn, stack, say, poll_seconds)
    _refuse_broken(found)
    if found.get("EnableTerminationProtection", False) != stack.is_protected:
        cfn.update_termination_protection(
            StackName=stack.name, EnableTerminationProtection=stack.is_protected
        )
    if _tags(found).get(DIGEST_TAG) == stack.digest and found["StackStatus"] in SUCCEEDED:
        return "unchanged"
    return _update(cfn, stack, found["StackId"], say, poll_seconds)


def describe(cfn: CloudFormationClient, name: str) -> Any:
    """Return the stack's description, None when there is none."""
    try:
        return cfn.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _create(
    cfn: CloudFormationClient, stack: Stack, say: Say, poll_seconds: float, pauses: int = 2
) -> Outcome:
    """Create a stack; one that cannot be made leaves neither itself nor its resources.

    It is rolled back and then deleted: a rollback takes along what is kept on deletion
    (`RetainExceptOnCreate`), and a stack that stayed in ROLLBACK_COMPLETE would block every retry.
    """
    say(f"Creating stack {stack.name}")
    stack_id = cfn.create_stack(
        **_arguments(stack), OnFailure="ROLLBACK", EnableTerminationProtection=stack.is_protected
    )["StackId"]
    found = _settled(cfn, stack_id, say, poll_seconds)
    if found["StackStatus"] == "CREATE_COMPLETE":
        return "created"
    reasons = failures(cfn, stack_id)
    if found["StackStatus"] in NEVER_MADE:
        _delete_what_never_was(cfn, found, say, poll_seconds)
    if pauses and any(each in reasons for each in QUEUE_DELETED_RECENTLY):
        say(f"  SQS makes no queue again within {QUEUE_PAUSE_SECONDS} seconds of its deletion; waiting")
        time.sleep(QUEUE_PAUSE_SECONDS)
        return _create(cfn, stack, say, poll_seconds, pauses - 1)
    raise OperationError(_failed(stack, found["StackStatus"], reasons))


def _delete_what_never_was(cfn: CloudFormationClient, found: Any, say: Say, poll_seconds: float) -> None:
    say(f"Deleting stack {found['StackName']}, which could not be created")
    cfn.delete_stack(StackName=found["StackId"])
    _settled(cfn, found["StackId"], say, poll_seconds)


def _update(cfn: CloudFormationClient, stack: Stack, stack_id: str, say: Say, poll_seconds: float) -> Outcome:
    say(f"Updating stack {stack.name}")
    try:
        cfn.update_stack(**_arguments(stack))
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return "unchanged"
        raise
    _require(cfn, stack, stack_id, "UPDATE_COMPLETE", say, poll_seconds)
    return "updated"


def _arguments(stack: Stack) -> Any:
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in stack.parameters.items()]
    tags = {**stack.tags, DIGEST_TAG: stack.digest}
    return {
        "StackName": stack.name,
        "TemplateBody": stack.template,
        "Parameters": parameters,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }


def _require(
    cfn: CloudFormationClient, stack: Stack, stack_id: str, wanted: str, say: Say, poll_seconds: float
) -> None:
    found = _settled(cfn, stack_id, say, poll_seconds)
    if found["StackStatus"] != wanted:
        raise OperationError(_failed(stack, found["StackStatus"], failures(cfn, stack_id)))


def _failed(stack: Stack, status: str, reasons: str) -> str:
    return f"stack {stack.name} ended in {status}:\n{reasons}\nMend the cause and run the same command again."


def _settled(cfn: CloudFormationClient, stack_id: str, say: Say, poll_seconds: float) -> Any:
    deadline = time.monotonic() + TIME_LIMIT_SECONDS
    reported = ""
    while time.monotonic() < deadline:
        found = describe(cfn, stack_id) or GONE
        status = found["StackStatus"]
        if not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
            return found
        if status != reported:
            say(f"  {found['StackName']}: {status}")
            reported = status
        time.sleep(poll_seconds)
    raise OperationError(
        f"stack {stack_id} did not settle in {TIME_LIMIT_SECONDS} seconds; look at its events"
    )


def _refuse_broken(found: Any) -> None:
    status, name = found["StackStatus"], found["StackName"]
    if status not in SETTLED:
        way_out = WAYS_OUT.get(status, "aws cloudformation delete-stack --stack-name {name}").format(
            name=name
        )
        raise OperationError(
            f"stack {name} is in {status} and CloudFormation accepts no update of it. Run `{way_out}`, wait "
            "for it, then run this again. Buckets and tables with data outlive their stack: how to bring "
            "them back into one is told in docs/deploy.md."
        )


def failures(cfn: CloudFormationClient, stack_id: str) -> str:
    """Return the resources that failed with their reasons, one a line, the first cause first."""
    events = cfn.describe_stack_events(StackName=stack_id)["StackEvents"]
    lines = [
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', event['ResourceStatus'])}"
        for event in reversed(events)
        if event["ResourceStatus"].endswith("_FAILED")
    ]
    return "\n".join(lines) or "  (the stack's events name no failed resource)"


def _tags(found: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
