"""The catalogue of uploads: their identity, their row and which outcome may follow which.

An upload is identified by (bucket, key, ETag, last modified in seconds), all read from the object, so
every event, listing and retry that meets it comes to the same row and the same execution name.
"""

from __future__ import annotations

import hashlib
import json
import re
from codecs import getincrementaldecoder
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from chalicelib.aws.bucket import StoredObject
from chalicelib.events import ObjectEvent
from chalicelib.moves import SHORT_IDENTITY

MAX_READ_BYTES = 4096
BYTES_PER_CHARACTER = 4  # the longest in UTF-8
BOM_BYTES = 3
OFFSET = "+00:00"
CONTROL_CHARACTERS = bytes({*range(32), 127} - {*b"\t\n\f\r"})  # one byte each in UTF-8
UNTYPED = frozenset({"", "binary/octet-stream", "application/octet-stream"})
TEXT_TYPE = re.compile(
    r"text/.*|application/(.*\+)?(json|xml|yaml|x-yaml|x-ndjson|ndjson|csv|sql|javascript)"
)
TEXT_EXTENSION = re.compile(r"\.(csv|tsv|txt|json|jsonl|ndjson|xml|ya?ml|md|log|sql|html?|ini|conf|py|js)$")


class UploadStatus(StrEnum):
    """What the catalogue says of an upload."""

    RECEIVED = "received"
    TRIGGERED = "triggered"
    SUCCEEDED = "succeeded"
    JOB_FAILED = "job_failed"
    NOT_CONFIGURED = "not_configured"
    INACTIVE = "inactive"
    REJECTED = "rejected"
    FAILED = "failed"
    VANISHED = "vanished"


ENDED = frozenset({UploadStatus.SUCCEEDED, UploadStatus.JOB_FAILED})
STARTED = ENDED | {UploadStatus.TRIGGERED}
_OPEN = frozenset({UploadStatus.RECEIVED, UploadStatus.VANISHED, UploadStatus.FAILED})
REPLACES: dict[UploadStatus, frozenset[UploadStatus]] = {
    UploadStatus.RECEIVED: frozenset(),
    UploadStatus.VANISHED: frozenset(),
    UploadStatus.FAILED: _OPEN,
    UploadStatus.INACTIVE: _OPEN,
    UploadStatus.NOT_CONFIGURED: _OPEN | {UploadStatus.INACTIVE},
    UploadStatus.REJECTED: _OPEN | {UploadStatus.INACTIVE},
    # a started execution cannot be taken back, so its row replaces any other; the next attempt at an upload
    # replaces the row of the attempt before it by that one's name (aws/run_log)
    UploadStatus.TRIGGERED: frozenset(UploadStatus) - STARTED,
    # only the execution that the row names ends it; a failed one may be redriven and end again
    UploadStatus.SUCCEEDED: STARTED - {UploadStatus.SUCCEEDED},
    UploadStatus.JOB_FAILED: STARTED - {UploadStatus.SUCCEEDED},
}


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload as the object itself shows it, the event that led to it, and when it was looked at."""

    bucket: str
    found: StoredObject
    event: ObjectEvent
    looked_at: datetime | None = None

    @property
    def key(self) -> str:
        """The object's key."""
        return self.found.key

    @property
    def identity(self) -> str:
        """The upload's identity, 64 hex digits; names carry the first eight."""
        return identify(self.bucket, self.key, self.found.etag, self.found.last_modified)

    @property
    def timestamp(self) -> str:
        """The row's range key: the same for every event of this upload."""
        return row_timestamp(self.found.last_modified, self.identity)


@lru_cache(maxsize=32)  # of the uploads at hand: each is asked for its identity several times
def identify(bucket: str, key: str, etag: str, moment: datetime) -> str:
    """Return the identity of an upload, 64 hex digits."""
    return hashlib.sha256(json.dumps([bucket, key, etag, iso(moment)]).encode()).hexdigest()


def iso(moment: datetime) -> str:
    """Return a moment in UTC to the second: `2026-01-31T23:59:59Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")[: -len(OFFSET)] + "Z"


def row_timestamp(moment: datetime, identity: str) -> str:
    """Return the range key of an upload's row: `<last_modified>Z#<8 hex of identity>`."""
    return f"{iso(moment)}#{identity[:SHORT_IDENTITY]}"


def bytes_to_read(preview_chars: int) -> int:
    """Return how many bytes of an object to read: none without previews.

    That is more than a preview needs, because a file that is read whole can be parked by one put.
    """
    return MAX_READ_BYTES if preview_chars else 0


def catalog_row(
    upload: Upload, status: UploadStatus, processed_at: datetime, preview_chars: int, **details: Any
) -> dict[str, Any]:
    """Build the row of an upload; `details` are `job_id`, `execution`, `moved_to`, `reason` as they apply."""
    found = upload.found
    row = _row(upload.event, upload.timestamp, found.last_modified, status, processed_at)
    row |= {"file_size": found.size, "content_type": found.content_type, "etag": found.etag}
    if preview := content_preview(found, preview_chars):
        row["content_preview"] = preview
    return row | details


def row_of_event(
    event: ObjectEvent, moment: datetime, status: UploadStatus, processed_at: datetime, **details: Any
) -> dict[str, Any]:
    """Build the row of an upload whose object is gone, from its event alone.

    `moment` stands for the time that the object had.
    """
    timestamp = row_timestamp(moment, identify(event.bucket, event.key, event.etag, moment))
    row = _row(event, timestamp, moment, status, processed_at)
    return row | {"file_size": event.size_bytes, "etag": event.etag} | details


def event_of_row(row: dict[str, Any], event_name: str) -> ObjectEvent:
    """Return an event of the upload that a row is of."""
    return ObjectEvent(
        bucket=row["bucket_name"],
        key=row["file_key"],
        size_bytes=row.get("file_size", 0),
        etag=row.get("etag", ""),
        event_name=event_name,
        event_time=datetime.fromisoformat(row["timestamp"].partition("#")[0]),
    )


def content_preview(found: StoredObject, chars: int) -> str:
    """Return the first `chars` characters of a text file, never a broken one; empty for any other file.

    The bytes decide: UTF-8 without control characters. A type that says otherwise (image/png) is believed
    unless the name ends like a text file's, because uploaders guess types from names, or not at all.
    """
    kind = found.content_type.partition(";")[0].strip().lower()
    named_text = TEXT_EXTENSION.search(found.key.lower())
    if not (kind in UNTYPED or TEXT_TYPE.fullmatch(kind) or named_text):
        return ""
    start = found.first_bytes[: chars * BYTES_PER_CHARACTER + BOM_BYTES]
    if start != start.translate(None, CONTROL_CHARACTERS):
        return ""
    decoder = getincrementaldecoder("utf-8-sig")()
    try:
        return decoder.decode(start, final=len(start) == found.size)[:chars]
    except UnicodeDecodeError:
        return ""


def _row(
    event: ObjectEvent, timestamp: str, moment: datetime, status: UploadStatus, processed_at: datetime
) -> dict[str, Any]:
    return {
        "file_key": event.key,
        "timestamp": timestamp,
        "date": timestamp[:10],
        "status": str(status),
        "status_timestamp": f"{status}#{timestamp}",
        "bucket_name": event.bucket,
        "last_modified": iso(moment),
        "event_name": event.event_name,
        "processed_at": processed_at.isoformat(timespec="milliseconds"),
    }
