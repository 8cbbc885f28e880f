"""Effects without a row: a process began on an upload and died, and the object is gone or overwritten.

Executions and parked copies carry the upload's identity, which is made of the object's own time. Nobody can
read that time any more. For an object that was put whole it lies at most a few seconds before its event's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.catalog_table import RETRY
from chalicelib.aws.items import Row
from chalicelib.events import ObjectEvent
from chalicelib.landing.catalog import UploadStatus, identify, row_of_event
from chalicelib.landing.executions import name_of, row_of_execution
from chalicelib.landing.lane import Landing
from chalicelib.moves import destination_keys, file_name

SECONDS_BEFORE_EVENT = 3  # by which an object's time may lie before its event's
INTERRUPTED = "its process died before it could record this, and the object is gone or overwritten"


def find_begun(landing: Landing, event: ObjectEvent) -> Row | None:
    """Return the row that the upload of an event would have, had its process lived; None if nothing began."""
    moments = [event.event_time - timedelta(seconds=n) for n in range(SECONDS_BEFORE_EVENT + 1)]
    return next(_begun(landing, event, moments), None)


def _begun(landing: Landing, event: ObjectEvent, moments: list[datetime]) -> Iterator[Row]:
    for moment in moments:
        name = name_of(event.key, moment, identify(event.bucket, event.key, event.etag, moment))
        if execution := landing.machine.find_execution(name):
            yield _row(landing, event, moment, UploadStatus.TRIGGERED, **row_of_execution(execution))
    settings = landing.settings
    yield from _parked(landing, event, moments, settings.new_files_prefix, UploadStatus.NOT_CONFIGURED)
    yield from _parked(landing, event, moments, settings.rejected_prefix, UploadStatus.REJECTED)
    if settings.inactive_prefix:
        yield from _parked(landing, event, moments, settings.inactive_prefix, UploadStatus.INACTIVE)


def _parked(
    landing: Landing, event: ObjectEvent, moments: list[datetime], prefix: str, status: UploadStatus
) -> Iterator[Row]:
    for moment in moments:
        identity = identify(event.bucket, event.key, event.etag, moment)
        for key in destination_keys(prefix, file_name(event.key), identity):
            if landing.target.holds(key, identity):
                yield _row(
                    landing, event, moment, status, moved_to=key, retry=RETRY, attempts=1, unreported=True
                )


def _row(landing: Landing, event: ObjectEvent, moment: datetime, status: UploadStatus, **details: Any) -> Row:
    return row_of_event(event, moment, status, landing.clock(), reason=INTERRUPTED, **details)
