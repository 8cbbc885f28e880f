"""Invalid files: each is recorded with its reason and moved aside, once and never over another object.

Copy, then row, then alert, then delete: a repeat finishes what a dead process began. Without a quarantine
bucket the file stays where it is and the row says why.
"""

from __future__ import annotations

from chalicelib.aws.bucket import StoredObject
from chalicelib.aws.copying import SourceChanged
from chalicelib.aws.items import Row
from chalicelib.moves import destination_keys
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.rows import TrackResult, record
from chalicelib.ndjson.tracking import File, FileStatus

QUARANTINE_PREFIX = "quarantine/"
REASON_METADATA = "sluice-reason"
SUBJECT = "File quarantined"


def quarantine(
    lane: Ndjson, file: File, seen: StoredObject, reason: str, existing: Row | None
) -> TrackResult:
    """Quarantine the version that was seen; `existing` is the row it has from an earlier try, if any."""
    if not lane.quarantine.name:
        if existing is None:
            _alert(lane, file, reason, "it stays where it is: QUARANTINE_BUCKET is not set")
        return record(lane, file, FileStatus.QUARANTINED, reason=reason)
    keys = destination_keys(f"{QUARANTINE_PREFIX}{file.date_prefix}/", file.key, file.identity)
    try:
        key = lane.quarantine.copy_once(lane.bucket, seen, keys, file.identity, {REASON_METADATA: reason})
    except SourceChanged:
        if lane.bucket.head(file.key):
            return TrackResult("changed")  # a newer version: its own event comes
        return record(lane, file, FileStatus.VANISHED, reason="gone before it was quarantined")
    moved_to = f"s3://{lane.quarantine.name}/{key}"
    tracked = record(lane, file, FileStatus.QUARANTINED, reason=reason, moved_to=moved_to)
    _alert(lane, file, reason, f"moved to {moved_to}")
    lane.bucket.delete_if_match(file.key, seen.etag)
    return tracked


def _alert(lane: Ndjson, file: File, reason: str, what: str) -> None:
    lane.topic.publish_notification(SUBJECT, f"Invalid NDJSON file: {reason}\nOriginal: {file.path}\n{what}")
