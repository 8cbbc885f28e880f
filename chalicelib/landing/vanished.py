"""Uploads whose object is gone or overwritten: their rows say what became of them."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.aws.items import Row
from chalicelib.events import ObjectEvent
from chalicelib.landing.catalog import REPLACES, UploadStatus, row_of_event
from chalicelib.landing.interrupted import SECONDS_BEFORE_EVENT, find_begun
from chalicelib.landing.lane import LATE, Landing
from chalicelib.landing.outcomes import PARKED, REASON_LENGTH, UNFINISHED, Outcome, outcome_of
from chalicelib.landing.parking import end_move


def record_vanished(landing: Landing, event: ObjectEvent, why: str) -> Outcome:
    """Record that an upload was not there to be read, unless a row or an earlier effect tells its outcome."""
    known = _row_of(landing, event) if event.etag else None
    if known and (known["status"] in PARKED or not known.get("retry")):  # reconcile ends the moves
        return outcome_of(known, repeated=True)
    return _record_unread(landing, event, why, known)


def _row_of(landing: Landing, event: ObjectEvent) -> Row | None:
    """Return the newest row that may be of this event's upload.

    The key may have held the same bytes before. An object that was put whole is at most a few seconds older
    than its event; one that was sent in parts has the time of its beginning, so any age may be its own.
    """
    rows = (row for row in landing.catalog.versions(event.key) if row["bucket_name"] == event.bucket)
    same = (row for row in rows if row.get("etag") == event.etag)
    return next((row for row in same if "-" in event.etag or not _is_older(row, event)), None)


def _is_older(row: Row, event: ObjectEvent) -> bool:
    moment = datetime.fromisoformat(row["last_modified"])
    return event.event_time.replace(microsecond=0) - moment > timedelta(seconds=SECONDS_BEFORE_EVENT)


def _record_unread(landing: Landing, event: ObjectEvent, why: str, failed: Row | None) -> Outcome:
    now = landing.clock()
    is_repeat = failed or now - event.event_time > LATE  # before a first event nothing can have begun
    row = find_begun(landing, event) if is_repeat and event.etag else None
    if failed and not row:
        give_up(landing, failed, f"now {why}")
        return outcome_of(failed, repeated=True)
    row = row or row_of_event(event, event.event_time, UploadStatus.VANISHED, now, reason=why)
    existing = landing.catalog.record(row, REPLACES[UploadStatus(row["status"])])
    if row.get("moved_to") and not existing:
        return end_move(landing, row, None)
    return outcome_of(existing or row, repeated=bool(existing))


def give_up(landing: Landing, failed: Row, why: str) -> None:
    """Stop retrying a failed upload whose object is no longer there; its row says why."""
    reason = f"{failed['reason'].removesuffix(UNFINISHED)}; {why}"[-REASON_LENGTH:]
    landing.catalog.record_failure({**failed, "reason": reason}, REPLACES[UploadStatus.FAILED], retry=False)
