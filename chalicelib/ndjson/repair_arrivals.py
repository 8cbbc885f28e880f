"""Repair of the NDJSON lane's arrivals: files that lie in the bucket and whose event never came.

A listing of the bucket is compared with the tracking rows. Each run reads a bounded number of pages and, if
the bucket goes on, leaves a cursor for the next run: a large bucket costs a run no more than a small one,
and takes several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from chalicelib.aws.bucket import ListedObject
from chalicelib.aws.bucket_walk import walk
from chalicelib.aws.failures import AWS_ERRORS
from chalicelib.aws.items import Row
from chalicelib.events import ObjectEvent, Reading
from chalicelib.logs import log
from chalicelib.ndjson.arrivals import check_thresholds, track_all
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.tracking import (
    ACCEPTED,
    File,
    FileStatus,
    date_in,
    file_of,
    is_row_of_version,
    row_names,
)

PAGES_OF_ONE_RUN = 20  # of 1,000 keys: bounds what a run costs, whatever the bucket holds
CLOCK_SKEW = timedelta(seconds=2)  # between S3's clock and ours


def repair_arrivals(lane: Ndjson, has_time: Callable[[], bool]) -> dict[str, int]:
    """Track the files of the window that have no row, and return the counts.

    Counts: files `tracked`; `undated` files, which are not tracked because neither key nor day tells their
    date any more; `errors`; `unfinished`, 1 when the next run has to go on in the bucket.
    """
    counts = Counter(tracked=0, undated=0, errors=0, unfinished=0)
    try:
        _compare(lane, has_time, counts)
    except Exception:  # the other lanes' repairs do not depend on this one
        counts["errors"] += 1
        log.exception("ndjson bucket not compared with its rows")
    return dict(counts)


def _compare(lane: Ndjson, has_time: Callable[[], bool], counts: Counter[str]) -> None:
    def see(listed: list[ListedObject]) -> bool:
        _repair(lane, _in_window(lane, listed), counts)
        return True

    done = walk(lane.bucket, "", lane.cursor, lambda pages: pages < PAGES_OF_ONE_RUN and has_time(), see)
    counts["unfinished"] = int(not done)


def _in_window(lane: Ndjson, listed: Iterable[ListedObject]) -> list[File]:
    """Return the files past the grace and within the window, without our own outputs and folder markers."""
    now, settings = lane.clock(), lane.settings
    newest = now - timedelta(seconds=settings.reconcile_grace_seconds)
    oldest = now - timedelta(seconds=settings.reconcile_window_seconds)
    events = [_event_of(lane, one) for one in listed if oldest <= one.last_modified <= newest]
    kept = Reading(events).without(settings.own_outputs).events
    files = [file_of(event) for event in kept if not event.is_folder_marker]
    return [replace(file, listed=True, current_etag=file.etag) for file in files]


def _repair(lane: Ndjson, files: list[File], counts: Counter[str]) -> None:
    missed, undated = _without_row(lane, files)
    for file in undated:
        log.warning("no event came and its date is not certain any more", extra={"key": file.key})
    outcomes = track_all(lane, missed)
    check_thresholds(lane, outcomes)
    failed = sum(isinstance(outcome, Exception) for outcome in outcomes.values())
    counts["undated"] += len(undated)
    counts["errors"] += failed
    counts["tracked"] += len(outcomes) - failed


def _without_row(lane: Ndjson, files: list[File]) -> tuple[list[File], list[File]]:
    """Return the files without a row: those to track, and those whose date is not certain any more."""
    today = (lane.clock() + CLOCK_SKEW).astimezone(UTC).date()
    certain = [file for file in files if _is_dated(file, today)]
    missed = _missed(lane, certain)
    undated = _undated(lane, [file for file in files if file not in set(certain)], today)
    back = _came_back(lane, [file for file in [*missed, *undated] if not date_in(file.key)])
    missed = [file for file in missed if file not in back] + _missed(lane, list(back.values()))
    return missed, [file for file in undated if file not in back]


def _is_dated(file: File, today: date) -> bool:
    """Tell whether a late event would give the file the date that the listing gives.

    A file whose key has no date takes the day of its event. The event's time lies between the object's last
    modification (for a large upload, its beginning) and now, so the date is certain only while that day
    lasts.
    """
    return bool(date_in(file.key)) or file.date_prefix == today.isoformat()


def _undated(lane: Ndjson, files: Sequence[File], today: date) -> list[File]:
    """Return the files that have no row under any date that their event may have given them."""
    others = {file: [replace(file, date_prefix=day) for day in _days(file, today)] for file in files}
    missed = set(_missed(lane, [other for each in others.values() for other in each]))
    return [file for file, each in others.items() if missed.issuperset(each)]


def _came_back(lane: Ndjson, files: Sequence[File]) -> dict[File, File]:
    """Return those files without a date that came back from quarantine, with their row's date."""
    looked_at = {file: _looked_at(lane, file) for file in files}
    return {file: found for file, found in looked_at.items() if found != file}


def _looked_at(lane: Ndjson, file: File) -> File:
    try:
        seen = lane.bucket.head(file.key)
    except AWS_ERRORS:  # the other files go on; of this one the key alone decides
        log.exception("file not looked at", extra={"key": file.key})
        return file
    return file.released_of(lane.released.claims(seen)) if seen else file


def _days(file: File, today: date) -> list[str]:
    first = date.fromisoformat(file.date_prefix)
    return [(first + timedelta(days=n)).isoformat() for n in range((today - first).days + 1)]


def _missed(lane: Ndjson, files: Sequence[File]) -> list[File]:
    """Return the files whose version has no settled row; each round looks under one more name of each."""
    missed: list[File] = []
    waiting = {file: row_names(file.path, file.name) for file in files}
    while waiting:
        asked = {file: (file.date_prefix, next(names, "-")) for file, names in waiting.items()}
        found = lane.tracking.find_many(asked.values())
        for file, key in asked.items():
            row = found.get(key)
            if row and not is_row_of_version(row, file):
                continue
            del waiting[file]
            if row is None or not _is_settled(row):
                missed.append(file)
    return missed


def _is_settled(row: Row) -> bool:
    """Tell whether nothing is left to do for a listed file; one with `moved_to` was not moved away yet."""
    return row["status"] in ACCEPTED or (row["status"] == FileStatus.QUARANTINED and not row.get("moved_to"))


def _event_of(lane: Ndjson, found: ListedObject) -> ObjectEvent:
    moment: datetime = found.last_modified
    return ObjectEvent(lane.bucket.name, found.key, found.size, found.etag, "Reconciled:listing", moment)
