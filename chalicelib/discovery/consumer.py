"""The consumer of discovery's messages: same catalogue, same routing, same identity as for events.

Whoever may send to the queue may name any key. So a message is a hint about a file that a scan would queue,
and nothing more: any other key is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.deadline import has_time_of
from chalicelib.discovery.listing import Scope
from chalicelib.errors import EventError
from chalicelib.events import ObjectEvent, Reading, read_body, read_event, was_delivered_before
from chalicelib.landing.attempts import begin_again
from chalicelib.landing.lane import Landing
from chalicelib.landing.routing import route
from chalicelib.logs import emit_metrics, log

BatchResponse = dict[str, list[dict[str, str]]]


def csv_discovered(landing: Landing, payload: Any, context: Any = None) -> BatchResponse:
    """Route the files that a batch of messages names; return the messages to be delivered again.

    A message that cannot be read, or whose file fails, fails alone; what there is no time for is handed back.
    A file that is gone is recorded as `vanished`. An event that did not come through SQS has no message that
    could fail alone: its error is raised.
    """
    if not _is_batch(payload):
        for event in _believed(landing, read_event(payload)):
            route(landing, event, discovered=True)
        return {"batchItemFailures": []}
    has_time = has_time_of(context)
    records = payload["Records"]
    failed = [record["messageId"] for record in records if not (has_time() and _is_done(landing, record))]
    emit_metrics("csv_discovered", {"messages": len(records), "failed": len(failed)})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _is_batch(payload: Any) -> bool:
    records = payload.get("Records") if isinstance(payload, Mapping) else None
    return isinstance(records, list) and all(
        isinstance(record, Mapping) and isinstance(record.get("messageId"), str) for record in records
    )


def _is_done(landing: Landing, record: Mapping[str, Any]) -> bool:
    try:
        for event in _believed(landing, read_body(record.get("body"))):
            _route_once(landing, event, counted=was_delivered_before(record))
    except Exception:  # one message must not fail the batch's others
        log.exception("message failed", extra={"message_id": record["messageId"]})
        return False
    return True


def _route_once(landing: Landing, event: ObjectEvent, *, counted: bool) -> None:
    """Route a file; count the attempt beforehand when its message, or one beside it, ended a worker before.

    A file that was tried so before is left to reconcile, which tries it apart from others.
    """
    lane = begin_again(landing, event) if counted else landing
    if lane is None:
        log.warning("left to reconcile", extra={"bucket": event.bucket, "key": event.key})
    else:
        route(lane, event, discovered=True)


def _believed(landing: Landing, reading: Reading) -> list[ObjectEvent]:
    """Return the files to route; raise EventError for a key that no scan queues."""
    scope = Scope.of(landing.settings)
    events = reading.without(landing.settings.own_outputs).events
    for event in events:
        if not scope.takes(event.key):
            raise EventError(
                f"key {event.key[:200]!r} is none that a scan queues: it takes CSV files in a folder of "
                f"{scope.prefix}; was the message sent by something else, or S3_PREFIX changed?"
            )
    return events
