"""Invalid files: each is recorded with its reason and moved aside, once and never over another object.

Copy, mark, row, delete, alert: a repeat, or `reconcile` by the mark of an alert that is due, finishes what a
dead process began. Without a quarantine bucket the file stays where it is and the row says why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from chalicelib.aws.bucket import StoredObject
from chalicelib.aws.copying import SourceChanged
from chalicelib.aws.failures import AWS_ERRORS, describe_failure, is_access_refused
from chalicelib.aws.items import Row
from chalicelib.aws.tracking_keys import UNTOLD
from chalicelib.keys import shown
from chalicelib.moves import destination_keys
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.rows import MAX_ATTEMPTS, TrackResult, lies_in_quarantine, of_path, own_row, record
from chalicelib.ndjson.tracking import File, FileStatus, timestamp

QUARANTINE_PREFIX = "quarantine/"
REASON_METADATA = "sluice-reason"
SUBJECT = "File quarantined"
STAYED = "it stays where it is: QUARANTINE_BUCKET is not set"
STAYS_SUBJECT = "Source Cannot Be Deleted"


def quarantine(
    lane: Ndjson, file: File, seen: StoredObject, reason: str, versions: Sequence[Row]
) -> TrackResult:
    """Quarantine the version that was seen; `versions` are the rows that its path had by then.

    They were read once: what another worker writes of the same upload meanwhile is no earlier version.
    """
    existing = own_row(versions, file)
    if not lane.quarantine.name:
        tracked = _recorded(lane, file, existing, reason=reason)
        tell_if_due(lane, file)
        return tracked
    identity = _identity_of_copy(file, seen, repeated=lies_in_quarantine(versions, file, existing))
    keys = destination_keys(f"{QUARANTINE_PREFIX}{file.date_prefix}/", file.key, identity)
    try:
        key = lane.quarantine.copy_once(lane.bucket, seen, keys, identity, {REASON_METADATA: reason})
    except SourceChanged:
        if lane.bucket.head(file.key):
            return TrackResult("changed")  # a newer version: its own event comes
        return record(lane, file, FileStatus.VANISHED, reason="gone before it was quarantined")
    place = f"s3://{lane.quarantine.name}/{key}"
    tracked = _recorded(lane, file, existing, reason=reason, moved_to=place)
    row = next((one for one in _quarantined(lane, file) if one.get("moved_to") == place), None)
    if row is None:
        lane.quarantine.discard(key, identity)  # it was released meanwhile, or no row tells of it
        return tracked
    _delete_source(lane, row, seen)
    tell_if_due(lane, file)
    return tracked


def _identity_of_copy(file: File, seen: StoredObject, *, repeated: bool) -> str:
    """Return whose copy it is; of content that came before, each upload has a copy of its own."""
    if not repeated:
        return file.identity
    return hashlib.sha256(f"{file.identity}\n{seen.last_modified.isoformat()}".encode()).hexdigest()[:32]


def is_moving(row: Row) -> bool:
    """Tell whether a listed file of this row is in quarantine, and its source is still to be deleted."""
    is_moved = row["status"] == FileStatus.QUARANTINED and "moved_to" in row
    return is_moved and row.get("attempts", 0) < MAX_ATTEMPTS


def _tell_of(lane: Ndjson, file: File) -> None:
    """Alert that a file was quarantined, if its row says so, and clear the mark of that alert."""
    if rows := _quarantined(lane, file):
        row = rows[-1]
        where = f"moved to {shown(row['moved_to'])}" if "moved_to" in row else STAYED
        stays = f"\nIts source stays: {shown(row['source_stays'])}" if "source_stays" in row else ""
        what = f"Invalid NDJSON file: {shown(row['reason'])}\nOriginal: {shown(row['file_path'])}"
        lane.topic.publish_notification(SUBJECT, f"{what}\n{where}{stays}")
    lane.marks.clear(UNTOLD + file.date_prefix, file.identity)


def _quarantined(lane: Ndjson, file: File) -> list[Row]:
    """Return the rows that tell of this version in quarantine, though another came since."""
    rows = of_path(lane, file)
    return [row for row in rows if row["status"] == FileStatus.QUARANTINED and row["etag"] == file.etag]


def _recorded(lane: Ndjson, file: File, existing: Row | None, **details: str) -> TrackResult:
    """Mark that an alert is due, unless the file was quarantined before, then write its row."""
    if existing is None or existing["status"] != FileStatus.QUARANTINED:
        told_of = {"file_path": file.path, "etag": file.etag, "pending_since": timestamp(lane.clock())}
        lane.marks.store(UNTOLD + file.date_prefix, file.identity, **told_of)
    return record(lane, file, FileStatus.QUARANTINED, **details)


def tell_if_due(lane: Ndjson, file: File) -> None:
    """Alert that a file was quarantined, unless that is done."""
    if lane.marks.is_set(UNTOLD + file.date_prefix, file.identity):
        _tell_of(lane, file)


def _delete_source(lane: Ndjson, row: Row, seen: StoredObject) -> None:
    """Delete what was moved, if it is still there; where S3 refuses, the row notes why its source stays."""
    try:
        lane.bucket.delete_if_unchanged(seen)
    except AWS_ERRORS as error:
        if not is_access_refused(error):
            raise
        why, attempts = describe_failure(error), row.get("attempts", 0) + 1
        lane.tracking.replace({**row, "source_stays": why, "attempts": attempts}, row)
        if attempts == MAX_ATTEMPTS:
            what = f"{shown(row['file_path'])}\ncould not be deleted {attempts} times: {shown(why)}"
            lane.topic.publish_notification(STAYS_SUBJECT, what)
