"""Attempts of reconcile, each counted before it is made.

A file may end its worker, for instance one too large to be moved in the worker's time. Uncounted, it would be
the first that the next worker tries, for ever and unseen. Counted beforehand, it fails like any other: its
row says so, the next runs see to other files, and after `MAX_ATTEMPTS` it is left for a replay.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib.aws.catalog_table import counted_attempts
from chalicelib.aws.items import Row
from chalicelib.landing.catalog import REPLACES, Upload, UploadStatus
from chalicelib.landing.lane import Landing
from chalicelib.landing.outcomes import MAX_ATTEMPTS, UNFINISHED
from chalicelib.landing.unrouted import Due, look_at

NO_EVENT = "no event routed it"


def begin(landing: Landing, due: Due) -> Landing | None:
    """Count an attempt and return the lane to make it with; None when the file has used up its attempts."""
    row = _row_of_retry(landing, due.row) if due.row else _row_of_first(landing, due)
    if row is None:
        return landing
    if counted_attempts(row) >= MAX_ATTEMPTS:
        landing.catalog.leave_for_replay(row["file_key"], row["timestamp"])
        return None
    landing.catalog.record_failure(row, REPLACES[UploadStatus.FAILED], retry=True)
    return replace(landing, attempt_counted=True)


def _row_of_retry(landing: Landing, failed: Row) -> Row | None:
    """Return the changes to a failed row; None when the upload has its outcome by now."""
    row = landing.catalog.find(failed["file_key"], failed["timestamp"])
    if row is None or row["status"] != UploadStatus.FAILED:
        return None
    names = ("file_key", "timestamp", "status", "attempts", "config_failures")
    kept = {name: row.get(name, 0) for name in names}
    reason = row["reason"].removesuffix(UNFINISHED) + UNFINISHED
    return {**kept, "reason": reason, "processed_at": landing.clock().isoformat(timespec="milliseconds")}


def _row_of_first(landing: Landing, due: Due) -> Row | None:
    """Return the first row of an upload; None when its repair could not end a worker."""
    if due.repair != "routed":  # only the end of a move is missing: nothing is copied any more
        return None
    found = look_at(landing, due.event.key)
    if found is None:
        return None
    upload = Upload(due.event.bucket, found, due.event)
    return landing.row(upload, UploadStatus.FAILED, reason=NO_EVENT + UNFINISHED)
