"""Attempts at files that fail, counted before they are made wherever one may end its worker.

A file may end its worker, for instance one too large to be moved in the worker's time. Uncounted, it would
take the others of its batch into the dead-letter queue, and be the first that every later worker tries.
"""

from __future__ import annotations

from chalicelib.aws.failures import describe_failure
from chalicelib.ndjson import rows
from chalicelib.ndjson.intake import track
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.rows import TrackResult
from chalicelib.ndjson.tracking import File, FileStatus

REASON_LENGTH = 1000
ATTEMPTS_OF_QUEUE = 3  # then the message is done with, and `reconcile` goes on; SQS would give up at five
BEGUN = "an attempt was begun and not finished: its worker died or ran out of time"


def begin(lane: Ndjson, file: File, most: int) -> bool:
    """Count an attempt at a file that may have failed before; False when it has used up `most`."""
    row = rows.find(lane, file)
    if row is None and rows.is_awaited(lane, file):
        return True  # the row that it belongs to is found by what the object itself tells
    if row is None or row["status"] in {FileStatus.VANISHED, FileStatus.FAILED}:
        attempts, reason = (row or {}).get("attempts", 0), (row or {}).get("reason", "")
        if attempts >= most:
            return False
        if "storage_class" not in (row or {}):  # of an archived file nothing is tried until it is restored
            reason = reason.removesuffix(BEGUN).removesuffix("; ")
            _record(lane, file, f"{reason}; {BEGUN}" if reason else BEGUN, 1)
    return True


def track_or_fail(lane: Ndjson, file: File, *, counted: bool) -> TrackResult:
    """Track a file; when that fails, record why and raise. Its attempt may be `counted` already."""
    try:
        return track(lane, file)
    except Exception as error:
        _fail(lane, file, error, counted=counted)
        raise


def _fail(lane: Ndjson, file: File, error: Exception, *, counted: bool) -> None:
    reason = describe_failure(error) or f"{type(error).__name__}: {error}"
    _record(lane, file, f"it could not be read or moved: {reason}", 0 if counted else 1)


def _record(lane: Ndjson, file: File, reason: str, attempts: int) -> None:
    rows.record(lane, file, FileStatus.FAILED, reason=reason[:REASON_LENGTH], attempts=attempts)
