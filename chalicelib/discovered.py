"""The consumer of discovery's messages: same catalogue, same routing, same identity as for events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.errors import EventError
from chalicelib.events import read_body
from chalicelib.landing import Landing, own_outputs
from chalicelib.logs import log
from chalicelib.routing import route


def csv_discovered(landing: Landing, payload: object) -> dict[str, Any]:
    """Route the files that a batch of messages names; return the messages to be delivered again.

    A message that cannot be read, or whose file fails, fails alone; a file that is gone is recorded as that.
    """
    records = payload.get("Records") if isinstance(payload, Mapping) else None
    if not isinstance(records, list):
        raise EventError("event has no Records: expected a batch of queue messages")
    failed = [record["messageId"] for record in records if not _is_done(landing, record)]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def _is_done(landing: Landing, record: Mapping[str, Any]) -> bool:
    try:
        reading = read_body(record.get("body")).without(own_outputs(landing.settings))
        for event in reading.events:
            route(landing, event, discovered=True)
    except Exception:  # whatever it was, it must not take the batch's other messages along
        log.exception("message failed", extra={"message_id": record.get("messageId")})
        return False
    return True
