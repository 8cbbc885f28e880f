"""Grants of one handler: what its calls, its trigger and its logs need, on which resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ops.policies.actions import NEEDS, POLLER, UNMAPPED_PARAMETERS, Kind, Need
from ops.policies.reading.clients import Call
from ops.policies.reading.data import Setting, Text
from ops.policies.reading.decorators import API
from ops.policies.reading.handlers import Handler
from ops.policies.reading.sources import Refused
from ops.policies.resources import Place, follow

WRITES = ("s3:DeleteObject", "s3:PutObject")
PROTECTED = (("landing_bucket", "config_key"), ("s3_state_bucket", "s3_state_key"))  # settings that name them
DEAD_LETTERS = {"on_s3_event": "landing-dlq", "on_cw_event": "events-dlq", "schedule": "events-dlq"}
LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one resource."""

    action: str
    resource: str


def grants_of(handler: Handler, place: Place, app: str) -> set[Grant]:
    """Return all that a handler needs in a stage, and nothing else."""
    grants = {grant for call in handler.calls for grant in grants_of_call(call, place)}
    stage = place.settings.stage
    function = f"{app}-{stage}" if handler.name == API else f"{app}-{stage}-{handler.name}"
    grants |= {Grant(action, f"{place.log_group_arn(function)}:*") for action in LOGS}
    if handler.kind == "on_sqs_message":
        queue = place.arn("queue", _queue(handler, place))
        grants |= {Grant(action, queue) for action in POLLER}
    if handler.kind in DEAD_LETTERS:  # asynchronous: what fails for good goes to the dead-letter queue
        grants.add(
            Grant("sqs:SendMessage", place.arn("queue", f"{app}-{stage}-{DEAD_LETTERS[handler.kind]}"))
        )
    return grants


def denials_of(handler: Handler, place: Place) -> set[Grant]:
    """Return the writes that a handler is denied, whatever else it may write: documents it has no part in.

    The job config is its author's. The state of discovery is discovery's.
    """
    return {
        Grant(action, place.object_arn(bucket, key))
        for bucket, key in PROTECTED
        for action in WRITES
        if _writes(handler, place, bucket) and not _writes(handler, place, bucket, key)
    }


def _writes(handler: Handler, place: Place, bucket: str, key: str = "") -> bool:
    """Tell whether a handler writes to the bucket that a setting names, or just the key that one names."""
    wanted = place.names(frozenset({Text((Setting(bucket),))}), "bucket", bucket)
    return any(
        wanted & place.names(call.parameters["Bucket"], "bucket", call.at) and (not key or _may_be(call, key))
        for call in handler.calls
        if _is_write(call)
    )


def _is_write(call: Call) -> bool:
    needs = NEEDS.get((call.operation.service, call.operation.name), ())
    return any(need.action in WRITES for need in needs)


def _may_be(call: Call, key: str) -> bool:
    return any(
        isinstance(value, Text) and value.parts == (Setting(key),) for value in call.parameters.get("Key", ())
    )


def _queue(handler: Handler, place: Place) -> str:
    values = handler.options.get("queue") or handler.options.get("queue_arn")
    if not values:
        raise Refused(f"{handler.name}: on_sqs_message needs queue=…")
    names = place.names(values, "queue", handler.name)
    if len(names) != 1:
        raise Refused(
            f"{handler.name}: cannot tell its queue; name it by an environment variable of Settings"
        )
    return names.pop()


def grants_of_call(call: Call, place: Place) -> set[Grant]:
    """Return what one operation needs."""
    operation = f"{call.operation.service}.{call.operation.name}"
    needs = NEEDS.get((call.operation.service, call.operation.name))
    if needs is None:
        raise Refused(
            f"{call.at}: {operation} has no entry in ops/policies/actions.py; add what IAM asks for it"
        )
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
        for arn in _arns(need.kind, name, call, place):
            yield Grant(need.action, arn)


def _arns(kind: Kind, name: str, call: Call, place: Place) -> list[str]:
    if kind != "index":
        return [place.arn(kind, name)]
    indexes = place.names(call.parameters["IndexName"], kind, call.at)
    return [place.index_arn(name, index) for index in sorted(indexes)]
