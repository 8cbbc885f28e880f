"""Repair of the NDJSON lane's arrivals: files that lie in the bucket and whose event never came.

A listing of the bucket is compared with the tracking rows. Each run reads a bounded number of pages and, if
the bucket goes on, leaves a cursor for the next run: a large bucket costs a run no more than a small one,
and takes several.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from chalicelib import parallel
from chalicelib.aws.bucket_walk import walk
from chalicelib.aws.failures import AWS_ERRORS
from chalicelib.aws.items import Row
from chalicelib.aws.listing_page import ListedObject
from chalicelib.deadline import HasTime
from chalicelib.events import ObjectEvent
from chalicelib.keys import is_upload_under_way
from chalicelib.logs import log
from chalicelib.ndjson.arrivals import OutOfTime, batch_accepted, track_all
from chalicelib.ndjson.attempts import begin, track_or_fail
from chalicelib.ndjson.batches import Member, member_of
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.quarantine import is_moving
from chalicelib.ndjson.rows import MAX_ATTEMPTS, TrackResult
from chalicelib.ndjson.threshold import unlisted
from chalicelib.ndjson.tracking import (
    ACCEPTED,
    File,
    FileStatus,
    date_in,
    file_of,
    newest_of_version,
    row_names,
    timestamp,
)

LOOKED_AT_ONCE = 160  # between two looks at the clock
PAGES_OF_ONE_RUN = 20  # of 1,000 keys: bounds what a run costs, whatever the bucket holds
CLOCK_SKEW = timedelta(seconds=2)  # between S3's clock and ours


def repair_arrivals(lane: Ndjson, has_time: HasTime) -> dict[str, int]:
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


def _compare(lane: Ndjson, has_time: HasTime, counts: Counter[str]) -> None:
    lane.known.renew(lane.clock())
    known = len(lane.known.undated)

    def has_worked() -> bool:
        return counts["tracked"] + counts["errors"] > 0 or len(lane.known.undated) > known

    done = walk(
        lane.bucket,
        "",
        lane.cursor,
        lambda pages: pages < PAGES_OF_ONE_RUN and has_time(),
        lambda listed: _repair(lane, _fresh(lane, listed), has_time, counts),
        is_kept=has_worked,
    )
    counts["unfinished"] = int(not done)


def _fresh(lane: Ndjson, listed: Iterable[ListedObject]) -> dict[File, int]:
    """Return the files past the grace and within the window that are not known to be settled, with hashes.

    Left out are our own outputs, folder markers and uploads under way.
    """
    now, settings = lane.clock(), lane.settings
    newest = now - timedelta(seconds=settings.reconcile_grace_seconds)
    oldest = now - timedelta(seconds=settings.reconcile_window_seconds)
    fresh: dict[File, int] = {}
    for one in listed:
        if not oldest <= one.last_modified <= newest or (number := hash(one)) in lane.known.settled:
            continue
        if not _is_ignored(lane, one):
            file = file_of(_event_of(lane, one))
            fresh[replace(file, listed=True, current_etag=file.etag)] = number
    return fresh


def _is_ignored(lane: Ndjson, one: ListedObject) -> bool:
    own = tuple(prefix for prefix in lane.settings.own_outputs if prefix)
    marker = one.key.endswith("/") and not one.size
    return marker or one.key.startswith(own) or is_upload_under_way(lane.settings, one.key)


def _repair(lane: Ndjson, fresh: dict[File, int], has_time: HasTime, counts: Counter[str]) -> bool:
    found = _without_row(lane, fresh, has_time)
    if found is None:
        return False
    missed, undated = found
    for file in undated:
        log.warning("no event came and its date is not certain any more", extra={"key": file.key})
    outcomes, _ = batch_accepted(lane, track_all(missed, lambda file: _track(lane, file), has_time))
    untried = sum(isinstance(outcome, OutOfTime) for outcome in outcomes.values())
    failed = sum(isinstance(outcome, Exception) for outcome in outcomes.values()) - untried
    counts["undated"] += len(undated)
    counts["errors"] += failed
    counts["tracked"] += len(outcomes) - failed - untried
    tracked = {(file.key, file.etag) for file in missed}
    lane.known.undated |= {fresh[file] for file in undated}
    lane.known.settled |= {
        number
        for file, number in fresh.items()
        if file not in undated and (file.key, file.etag) not in tracked
    }
    return not untried


def _track(lane: Ndjson, file: File) -> TrackResult:
    """Track a file, with its attempt counted first: it may be what ends this worker."""
    if not begin(lane, file, MAX_ATTEMPTS):
        return TrackResult("left_for_replay")
    return track_or_fail(lane, file, counted=True)


def _without_row(
    lane: Ndjson, files: dict[File, int], has_time: HasTime
) -> tuple[list[File], set[File]] | None:
    """Return the files to track and those whose date is not certain any more; None when time ran out."""
    today = (lane.clock() + CLOCK_SKEW).astimezone(UTC).date()
    certain = [file for file in files if _is_dated(file, today)]
    missed = _missed(lane, certain)
    undated = _undated(lane, [file for file in files if not _is_dated(file, today)], today)
    unseen = [file for file in undated if files[file] not in lane.known.undated]
    back = _came_back(lane, [file for file in [*missed, *unseen] if not date_in(file.key)], has_time)
    if back is None:
        return None
    missed = [file for file in missed if file not in back] + _missed(lane, list(back.values()))
    return missed, {file for file in undated if file not in back}


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


def _came_back(lane: Ndjson, files: Sequence[File], has_time: HasTime) -> dict[File, File] | None:
    """Return those files without a date that came back from quarantine, with their row's date.

    They are looked at side by side; None when time ran out.
    """
    found: dict[File, File] = {}
    for first in range(0, len(files), LOOKED_AT_ONCE):
        if not has_time():
            return None
        some = files[first : first + LOOKED_AT_ONCE]
        found |= zip(some, parallel.each(lambda file: _looked_at(lane, file), some), strict=True)
    return {file: back for file, back in found.items() if back != file}


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
    """Return the files whose version has no settled row, or none since other content came.

    Each round looks under one more name of each, until a name is free. A row that is pending and in no list
    is not settled: its worker died between the two.
    """
    rows: dict[File, list[Row]] = {file: [] for file in files}
    waiting = {file: row_names(file.path, file.name) for file in files}
    while waiting:
        asked = {file: (file.date_prefix, next(names, "-")) for file, names in waiting.items()}
        found = lane.tracking.find_many(asked.values())
        for file, key in asked.items():
            if key not in found:
                del waiting[file]
            elif found[key]["file_path"] == file.path:
                rows[file].append(found[key])
    newest = {file: newest_of_version(rows[file], file) for file in files}
    lost = _lost(lane, [row for row in newest.values() if row and row["status"] == FileStatus.PENDING])
    return [
        file
        for file, row in newest.items()
        if row is None or not _is_settled(row) or (row["date_prefix"], row["file_name"]) in lost
    ]


def _lost(lane: Ndjson, pending: Sequence[Row]) -> set[tuple[str, str]]:
    """Return the dates and names of rows past the grace that no list names; most times no row is that old."""
    past_grace = timestamp(lane.clock() - timedelta(seconds=lane.settings.reconcile_grace_seconds))
    by_date: dict[str, list[Member]] = defaultdict(list)
    for row in pending:
        if row["created_at"] < past_grace:
            by_date[row["date_prefix"]].append(member_of(row))
    lost: set[tuple[str, str]] = set()
    for day, files in by_date.items():
        try:
            lost |= {(day, one.row_name) for one in unlisted(lane, day, files)}
        except AWS_ERRORS:  # what has no row is tracked nevertheless; these are looked for again in an hour
            log.exception("lists of pending files not read", extra={"date_prefix": day})
    return lost


def _is_settled(row: Row) -> bool:
    """Tell whether nothing is left to do for a listed file."""
    settled = {*ACCEPTED, FileStatus.QUARANTINED, FileStatus.FAILED}
    return row["status"] in settled and not is_moving(row)


def _event_of(lane: Ndjson, found: ListedObject) -> ObjectEvent:
    moment: datetime = found.last_modified
    return ObjectEvent(lane.bucket.name, found.key, found.size, found.etag, "Reconciled:listing", moment)
