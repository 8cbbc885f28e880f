"""The consumer of discovery's messages: same catalogue, same routing, same identity as for events.

Whoever may send to the queue may name any key. So a message is a hint about a file that a scan would queue,
and nothing more: any other key is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.discovery.listing import Scope
from chalicelib.errors import EventError
from chalicelib.events import Reading, read_body, read_event
from chalicelib.landing.lane import Landing
from chalicelib.landing.routing import route
from chalicelib.logs import emit_metrics, log

BatchResponse = dict[str, list[dict[str, str]]]


def csv_discovered(landing: Landing, payload: Any) -> BatchResponse:
    """Route the files that a batch of messages names; return the messages to be delivered again.

    A message that cannot be read, or whose file fails, fails alone. A file that is gone is recorded as
    `vanished`. An event that did not come through SQS has no message that could fail alone: its error is
    raised.
    """
    if not _is_batch(payload):
        _route_all(landing, read_event(payload))
        return {"batchItemFailures": []}
    records = payload["Records"]
    failed = [record["messageId"] for record in records if not _is_done(landing, record)]
    emit_metrics("csv_discovered", {"messages": len(records), "failed": len(failed)})
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _is_batch(payload: Any) -> bool:
    records = payload.get("Records") if isinstance(payload, Mapping) else None
    return isinstance(records, list) and all(
        isinstance(record, Mapping) and isinstance(record.get("messageId"), str) for record in records
    )


def _is_done(landing: Landing, record: Mapping[str, Any]) -> bool:
    try:
        _route_all(landing, read_body(record.get("body")))
    except Exception:  # one message must not fail the batch's others
        log.exception("message failed", extra={"message_id": record["messageId"]})
        return False
    return True


def _route_all(landing: Landing, reading: Reading) -> None:
    events = reading.without(landing.settings.own_outputs).events
    for event in events:
        if not Scope.of(landing.settings).takes(event.key):
            raise EventError(
                f"key {event.key[:200]!r} is none that a scan queues: it takes CSV files in a folder of "
                f"{landing.settings.s3_prefix}; was the message sent by something else, or S3_PREFIX changed?"
            )
    for event in events:
        route(landing, event, discovered=True)
