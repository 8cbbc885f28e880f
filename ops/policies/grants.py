"""Grants of one handler: what its calls, its trigger and its logs need, on which resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ops.policies.actions import NEEDS, POLLER, UNMAPPED_PARAMETERS, Need
from ops.policies.reading.clients import Call
from ops.policies.reading.data import Setting, Text
from ops.policies.reading.decorators import API
from ops.policies.reading.handlers import Handler
from ops.policies.reading.sources import Refused
from ops.policies.resources import Place, follow
from ops.stages import APP

WRITES = ("s3:DeleteObject", "s3:PutObject")
PROTECTED = (("landing_bucket", "config_key"), ("s3_state_bucket", "s3_state_key"))  # settings that name them
DEAD_LETTERS = {"on_s3_event": "landing-dlq", "on_cw_event": "events-dlq", "schedule": "events-dlq"}
LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource."""

    action: str
    resource: str


def grants_of(handler: Handler, place: Place) -> set[Grant]:
    """Return all that a handler needs in a stage, and nothing else."""
    grants = {grant for call in handler.calls for grant in grants_of_call(call, place)}
    stage = place.settings.stage
    function = f"{APP}-{stage}" if handler.name == API else f"{APP}-{stage}-{handler.name}"
    grants |= {Grant(action, f"{place.log_group_arn(function)}:*") for action in LOGS}
    if handler.kind == "on_sqs_message":
        queue = place.arn("queue", _queue(handler, place))
        grants |= {Grant(action, queue) for action in POLLER}
    if handler.kind in DEAD_LETTERS:  # asynchronous: what fails for good goes to the dead-letter queue
        queue = place.arn("queue", f"{APP}-{stage}-{DEAD_LETTERS[handler.kind]}")
        grants.add(Grant("sqs:SendMessage", queue))
    return grants


def denials_of(handler: Handler, place: Place) -> set[Grant]:
    """Return the writes that a handler is denied, whatever else it may write: documents it has no part in.

    The job config is its author's. The state of discovery is discovery's.
    """
    return {
        Grant(action, place.arn("bucket", "/".join(getattr(place.settings, one) for one in (bucket, key))))
        for bucket, key in PROTECTED
        for action in WRITES
        if _writes(handler, place, bucket) and not _writes(handler, place, bucket, key)
    }


def _writes(handler: Handler, place: Place, bucket: str, key: str = "") -> bool:
    """Tell whether a handler writes to the bucket that a setting names, or just the key that one names."""
    return any(
        getattr(place.settings, bucket) in place.names(call.parameters["Bucket"], "bucket", call.at)
        for call in handler.calls
        if any(need.action in WRITES for need in NEEDS.get(call.operation.path, ()))
        if not key or Text((Setting(key),)) in call.parameters.get("Key", ())
    )


def _queue(handler: Handler, place: Place) -> str:
    values = handler.options.get("queue") or handler.options.get("queue_arn") or frozenset()
    names = place.names(values, "queue", handler.name)
    if len(names) != 1:
        raise Refused(f"{handler.name}: cannot tell its queue; name it by a variable of Settings")
    return names.pop()


def grants_of_call(call: Call, place: Place) -> set[Grant]:
    """Return what one operation needs."""
    operation, needs = call.operation, NEEDS.get(call.operation.path)
    if needs is None:
        raise Refused(f"{call.at}: {operation} is not in ops/policies/actions.py; add what IAM asks for it")
    unmapped = sorted(UNMAPPED_PARAMETERS & call.parameters.keys())
    if unmapped:
        raise Refused(f"{call.at}: {operation} with {unmapped[0]} needs permissions that are not mapped")
    found = [set(_granted(need, call, place)) for need in needs if _applies(need, call)]
    if all(follow(call.parameters, need.parameter) is None for need in needs):
        raise Refused(f"{call.at}: {operation} names no resource; pass {needs[0].parameter}")
    return set().union(*found)


def _applies(need: Need, call: Call) -> bool:
    asked = not need.when or not call.parameters.keys().isdisjoint(need.when)
    return asked and call.certain.isdisjoint(need.unless)


def _granted(need: Need, call: Call, place: Place) -> Iterator[Grant]:
    values = follow(call.parameters, need.parameter)
    if values is None:
        return
    if need.kind == "object":
        keys = follow(call.parameters, need.parameter.replace("Bucket", "Key")) or frozenset()
        for arn in sorted(place.object_arns(values, keys, call.at)):
            yield Grant(need.action, arn)
        return
    for name in place.names(values, need.kind, call.at):
        if need.kind != "index":
            yield Grant(need.action, place.arn(need.kind, name))
            continue
        for index in place.names(call.parameters["IndexName"], need.kind, call.at):
            yield Grant(need.action, place.arn(need.kind, f"{name}/index/{index}"))
