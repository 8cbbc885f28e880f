"""Which dead letters need nobody any more, because what they tell of was done since. Reads only.

A look takes up to ten letters and hides none of them. Whatever is not surely settled counts as not settled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chalicelib.api.answers import Body
from chalicelib.aws.catalog_reader import CatalogReader
from chalicelib.aws.queue_depth import QueueDepth
from chalicelib.aws.tracking_reader import TrackingReader
from chalicelib.errors import EventError
from chalicelib.events import ObjectEvent, read_event
from chalicelib.json_text import read_json
from chalicelib.landing.catalog import UploadStatus
from chalicelib.ndjson.tracking import ACCEPTED, FileStatus, extract_date_and_filename, row_names

VERSIONS = 5  # of a key, the newest: a letter of an older one counts as not settled
SETTLED = frozenset({*ACCEPTED, FileStatus.QUARANTINED})
IsSettled = Callable[[ObjectEvent], bool]
SCHEDULES = "aws.events"  # a later run of the schedule did the work


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Where the outcome of what a dead letter tells of is recorded."""

    catalog: CatalogReader
    tracking: TrackingReader

    def of_landing(self, event: ObjectEvent) -> bool:
        """Tell whether this upload was routed, or recorded, after its event."""
        rows = self.catalog.versions(event.key, "", VERSIONS)
        return any(
            (row["bucket_name"], row["etag"]) == (event.bucket, event.etag)
            and row["status"] != UploadStatus.FAILED
            and row["processed_at"] >= event.event_time.isoformat(timespec="milliseconds")
            for row in rows
        )

    def of_ndjson(self, event: ObjectEvent) -> bool:
        """Tell whether this version of an NDJSON file was accepted or quarantined."""
        path = f"s3://{event.bucket}/{event.key}"
        date, name = extract_date_and_filename(event.key, event.event_time)
        rows = self.tracking.versions(date, row_names(path, name), path)
        return any(row["etag"] == event.etag and row["status"] in SETTLED for row in rows)

    @staticmethod
    def of_other(_: ObjectEvent) -> bool:
        """Tell nothing of events that name no upload."""
        return False


def look_at(queue: QueueDepth, is_settled: IsSettled) -> Body:
    """Return how many letters of a dead-letter queue were looked at, and how many of them are settled."""
    letters = queue.look()
    return {"looked_at": len(letters), "settled": sum(_is_settled(letter, is_settled) for letter in letters)}


def _is_settled(letter: str, is_settled: IsSettled) -> bool:
    try:
        payload = read_json(letter)
        payload = payload.get("requestPayload", payload)  # a failure destination wraps the event
        if payload.get("source") == SCHEDULES:
            return True
        events = read_event(payload).events
    except (ValueError, RecursionError, AttributeError, EventError):  # anybody may have written it
        return False
    return bool(events) and all(is_settled(event) for event in events)
