"""Grants of one handler: what its calls, its trigger and its logs need, on which resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ops.policies.actions import NEEDS, POLLER, UNMAPPED_PARAMETERS, Need
from ops.policies.reading.clients import Call
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

    def is_within(self, wide: Grant) -> bool:
        return self.action == wide.action and self.resource.startswith(wide.resource[:-1])


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
    wide = {one for one in grants if one.resource.endswith("/*")}
    return {one for one in grants if not any(one.is_within(each) for each in wide - {one})}


def denials_of(handler: Handler, place: Place) -> set[Grant]:
    """Return the writes that a handler is denied whatever else it may write: to documents of others."""
    written = {one.resource for one in grants_of(handler, place) if one.action in WRITES}
    named = ("/".join(getattr(place.settings, one) for one in pair) for pair in PROTECTED)
    buckets = {resource.partition("/")[0] for resource in written}
    others = {place.arn("bucket", name) for name in named} - written
    return {Grant(action, one) for one in others if one.partition("/")[0] in buckets for action in WRITES}


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
        written = not need.action.startswith("s3:Get")
        for arn in sorted(place.object_arns(values, keys, call.at, written=written)):
            yield Grant(need.action, arn)
        return
    for name in place.names(values, need.kind, call.at):
        if need.kind != "index":
            yield Grant(need.action, place.arn(need.kind, name))
            continue
        for index in place.names(call.parameters["IndexName"], need.kind, call.at):
            yield Grant(need.action, place.arn(need.kind, f"{name}/index/{index}"))
