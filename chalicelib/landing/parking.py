"""Parking: a file is moved aside, once and over nothing, and whoever should know is told.

Copy, then row, then delete, then alert. The row enters the index of what reconcile takes up, and leaves it
when all is done: a process that dies anywhere leaves what its repeat finishes. A source that cannot be
deleted stays; its row says why.
"""

from __future__ import annotations

from chalicelib.aws.bucket import StoredObject
from chalicelib.aws.catalog_table import RETRY
from chalicelib.aws.copying import has_same_content
from chalicelib.aws.failures import AWS_ERRORS, describe_failure
from chalicelib.aws.items import Row
from chalicelib.keys import shown
from chalicelib.landing.catalog import REPLACES, Upload, UploadStatus, identify, row_timestamp
from chalicelib.landing.lane import Landing
from chalicelib.landing.outcomes import INACTIVE_SUBJECT, MAX_ATTEMPTS, Outcome, inactive_message, outcome_of
from chalicelib.logs import log
from chalicelib.moves import destination_keys, file_name

NOT_CONFIGURED_SUBJECT = "New / Not Configured File"
REJECTED_SUBJECT = "File Rejected"
SOURCE_STAYS_SUBJECT = "Source Cannot Be Deleted"


def park(landing: Landing, upload: Upload, prefix: str, status: UploadStatus, **details: str) -> Outcome:
    """Move the file below `prefix`, once and over nothing, and record where it went and `details`."""
    keys = destination_keys(prefix, file_name(upload.key), upload.identity)
    moved_to, is_new = landing.target.copy_new(landing.bucket, upload.found, keys, upload.identity)
    unended: Row = {"retry": RETRY, "attempts": 1, "unreported": True}
    row = landing.row(upload, status, moved_to=moved_to, **details, **unended)
    existing = landing.catalog.record(row, REPLACES[status])
    if existing and _is_surplus(landing, upload, existing, moved_to, is_new=is_new):
        landing.target.discard(moved_to, upload.identity)
        return outcome_of(existing, repeated=True)
    return end_move(landing, existing or row, upload.found)


def _is_surplus(landing: Landing, upload: Upload, existing: Row, moved_to: str, *, is_new: bool) -> bool:
    """Tell whether another worker came to an outcome first, and this one's copy is one too many.

    It came to another outcome; or it had moved the file, and a replay has brought it back since. Where that
    is not seen the copy stays: the other worker may have found it, and deleted the source.
    """
    return existing.get("moved_to") != moved_to or (is_new and _is_back(landing, upload.found))


def _is_back(landing: Landing, found: StoredObject) -> bool:
    """Tell whether a copy that Sluice made of a file lies where the file was found."""
    there = landing.bucket.head(found.key)
    if there is None or (there.etag, there.last_modified) == (found.etag, found.last_modified):
        return False
    return has_same_content(found, there) is not False and bool(landing.target.claims(there))


def end_move(landing: Landing, row: Row, found: StoredObject | None) -> Outcome:
    """Delete the source of a recorded move, if that is still what was found; then report the move, once.

    Rows of 0.1.0 do not tell whether their move was reported: it is, when its source is still there.
    """
    stays = _delete(landing, found) if found else ""
    if row.get("unreported") or (found and not stays and "source_stays" not in row):
        _report_parked(landing, row)
    given_up = bool(stays) and int(row.get("attempts", 1)) >= MAX_ATTEMPTS
    if given_up:
        _report_source(landing, row, stays)
    landing.catalog.end_move(row, stays, retry=bool(stays) and not given_up)
    return outcome_of(row)


def end_recorded_move(landing: Landing, listed: Row) -> None:
    """End a move that its process did not end, from its row; the attempt is counted before it is made."""
    row = landing.catalog.find(listed["file_key"], listed["timestamp"])
    now = landing.clock().isoformat(timespec="milliseconds")
    if row and "moved_to" in row and landing.catalog.count_move(row, now):
        row["attempts"] += 1
        end_move(landing, row, _source_of(landing, row))


def _source_of(landing: Landing, row: Row) -> StoredObject | None:
    """Return the source of a move, if it is still there and its copy is where the row says."""
    found = landing.bucket.head(row["file_key"])
    if found is None:
        return None
    identity = identify(landing.bucket.name, found.key, found.etag, found.last_modified)
    moved = row_timestamp(found.last_modified, identity) == row["timestamp"]
    is_safe = moved and landing.target.holds(row["moved_to"], identity, found, named_by_row=True)
    return found if is_safe else None


def _delete(landing: Landing, found: StoredObject) -> str:
    """Delete an object that is still what was seen; return why it stays, if AWS does not delete it."""
    try:
        landing.bucket.delete_if_unchanged(found)
    except AWS_ERRORS as error:
        log.warning("source not deleted", extra={"key": found.key, "reason": str(error)})
        return describe_failure(error) or str(error)
    return ""


def _report_parked(landing: Landing, row: Row) -> None:
    key, job_id = row["file_key"], row.get("job_id", "")
    moved = f"Original: {shown(key)}\nMoved to: {shown(row['moved_to'])}"
    if row["status"] == UploadStatus.NOT_CONFIGURED:
        message = f"File not found in {landing.settings.config_key}\n{moved}"
        landing.topic.publish_notification(NOT_CONFIGURED_SUBJECT, message)
    elif row["status"] == UploadStatus.REJECTED:
        message = f"File: {shown(file_name(key))}\nJob ID: {job_id}\nWhy: {row['reason']}\n{moved}"
        landing.topic.publish_notification(REJECTED_SUBJECT, message)
    else:
        landing.topic.publish_notification(INACTIVE_SUBJECT, inactive_message(key, job_id))


def _report_source(landing: Landing, row: Row, why: str) -> None:
    message = (
        f"Moved, but its source cannot be deleted: {why}\nOriginal: {shown(row['file_key'])}\n"
        f"Moved to: {shown(row['moved_to'])}\nTried {MAX_ATTEMPTS} times: delete the original by hand."
    )
    landing.topic.publish_notification(SOURCE_STAYS_SUBJECT, message)
