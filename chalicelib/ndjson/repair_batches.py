"""Repair of the NDJSON lane's batches: manifests, due Glue runs, old partial batches, dead locks.

One scan of the sparse index shows all that is left to do, for every date. On a settled system it is the
only call.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib import parallel
from chalicelib.aws.items import Row
from chalicelib.aws.tracking_keys import LOCK, PENDING, SURGE, UNTOLD
from chalicelib.deadline import HasTime, shares_of
from chalicelib.logs import log
from chalicelib.ndjson.batches import member_of
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.manifests import State, date_of, finish, waits_for_glue
from chalicelib.ndjson.quarantine import tell_if_due
from chalicelib.ndjson.threshold import BATCHES_OF_ONE_HOLD, enlist, make_manifests
from chalicelib.ndjson.tracking import FileStatus, file_at, timestamp

SURGE_SUBJECT = "Many batches are due"


@dataclass(slots=True)
class Waiting:
    """The pending files of one date: since when the oldest waits, and the bytes of those past the grace."""

    oldest: str
    due_bytes: int = 0


@dataclass(slots=True)
class Survey:
    """What one scan found: manifest records past the grace, locks, the lists of pending files by date.

    `of_old` are rows of files that Sluice 0.1.0 put into its index instead of a list.
    """

    records: list[Row] = field(default_factory=list)
    locks: list[Row] = field(default_factory=list)
    dates: dict[str, Waiting] = field(default_factory=dict)
    of_old: list[Row] = field(default_factory=list)
    untold: list[Row] = field(default_factory=list)
    surge_told: bool = False


def repair_batches(lane: Ndjson, has_time: HasTime) -> dict[str, int]:
    """Finish records past the grace, flush what is past its age, and return the counts.

    Counts: manifest records `finished`, manifests made by age (`flushed`) and where a counter fell behind
    (`thresholds`), dates whose flush `waits` for a later run, expired `locks` removed, and `errors`: repairs
    that failed and will be tried again.
    """
    counts = Counter(finished=0, flushed=0, thresholds=0, waits=0, locks=0, errors=0)
    try:
        _repair(lane, has_time, counts)
    except Exception:  # the other lanes' repairs do not depend on this one
        counts["errors"] += 1
        log.exception("ndjson lane not repaired")
    return dict(counts)


def _repair(lane: Ndjson, has_time: HasTime, counts: Counter[str]) -> None:
    now = lane.clock()
    past_grace = _before(now, lane.settings.reconcile_grace_seconds)
    found = survey(lane.tracking.unfinished(), past_grace)
    records, full, old, locks = shares_of(has_time, 4)
    _list_rows_of_old(lane, found.of_old, has_time)
    for record in sorted(found.records, key=lambda record: str(record["pending_since"])):
        if records() and not (lane.asking.ended and waits_for_glue(record)):
            _finish(lane, record, past_grace, counts)
    by_age = sorted(found.dates.items(), key=lambda each: each[1].oldest)
    for date_prefix, waiting in by_age:
        if waiting.due_bytes >= lane.settings.max_batch_bytes and full():
            counts["thresholds"] += _batch(lane, date_prefix, full, counts)
    due = [date for date, waiting in by_age if _is_old(lane, waiting, now)]
    _tell_surge(lane, len(due), found.surge_told)
    _flush(lane, due, old, counts)
    _tidy(lane, found, locks, counts)


def _tidy(lane: Ndjson, found: Survey, has_time: HasTime, counts: Counter[str]) -> None:
    """Send the alerts that dead processes owed, and remove the locks that they left."""
    expired = _before(lane.clock(), lane.settings.lock_ttl_seconds + 1)
    for mark in found.untold:
        if has_time():
            tell_if_due(
                lane, file_at(mark["file_path"], mark["etag"], mark["date_prefix"].removeprefix(UNTOLD))
            )
    for lock in found.locks:
        if lock["pending_since"] < expired and has_time():
            counts["locks"] += lane.lock.expire(lock["date_prefix"].removeprefix(LOCK), lane.clock())


def _flush(lane: Ndjson, dates: list[str], has_time: HasTime, counts: Counter[str]) -> None:
    """Flush the dates that wait longest, as many as one run may; each is a run of Glue."""
    for date_prefix in dates:
        if counts["flushed"] < lane.settings.max_flushes_per_run and has_time():
            counts["flushed"] += _batch(lane, date_prefix, has_time, counts, flush=True)
        else:
            counts["waits"] += 1


def _tell_surge(lane: Ndjson, due: int, told: bool) -> None:
    """Alert once that more dates are `due` than one run flushes; forget that it was `told` when it ends."""
    bound = lane.settings.max_flushes_per_run
    if due > bound and not told:
        lane.topic.publish_notification(
            SURGE_SUBJECT,
            f"{due} dates are due for their batch, and one run flushes {bound}. The oldest come "
            "first, in this run and the next.\nIf files with many dates are not expected, find who sends "
            "them: each date is a manifest and a Glue run. Else raise MAX_FLUSHES_PER_RUN.",
        )
        lane.marks.store(SURGE, "SURGE", pending_since=timestamp(lane.clock()))
    elif told and due <= bound:
        lane.marks.clear(SURGE, "SURGE")


def survey(items: Iterable[Row], past_grace: str) -> Survey:
    """Sort what the sparse index holds. Pure; memory grows with dates and records, not with files."""
    found = Survey()
    for item in items:
        settled = item["pending_since"] <= past_grace
        if item["date_prefix"].startswith(LOCK):
            found.locks.append(item)
        elif item["date_prefix"] == SURGE:
            found.surge_told = True
        elif item["date_prefix"].startswith(UNTOLD):
            found.untold += [item] if settled else []
        elif item["date_prefix"].startswith(PENDING):
            date_prefix, since = item["date_prefix"].removeprefix(PENDING), item["pending_since"]
            waiting = found.dates.setdefault(date_prefix, Waiting(oldest=since))
            waiting.oldest = min(waiting.oldest, since)
            waiting.due_bytes += item["size_bytes"] if settled else 0
        elif "#" not in item["date_prefix"]:
            found.of_old.append(item)
        elif settled:
            found.records.append(item)
    return found


def _list_rows_of_old(lane: Ndjson, rows: list[Row], has_time: HasTime) -> None:
    """List the pending files that Sluice 0.1.0 put into its index, and take them out of it."""
    by_date: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: str(row["pending_since"])):
        by_date[row["date_prefix"]].append(row)
    for date_prefix, of_date in by_date.items():
        if not has_time():
            return
        pending = [member_of(row) for row in of_date if row["status"] == FileStatus.PENDING]
        enlist(lane, date_prefix, of_date[0]["pending_since"], pending)
        parallel.each(lane.tracking.leave_index, of_date)


def _is_old(lane: Ndjson, waiting: Waiting, now: datetime) -> bool:
    return waiting.oldest <= _before(now, lane.settings.max_batch_age_seconds)


def _finish(lane: Ndjson, listed: Row, past_grace: str, counts: Counter[str]) -> None:
    manifest = {"manifest": listed["file_name"]}
    try:
        record = lane.records.find(date_of(listed), listed["file_name"])
        if record is None or record["status"] == State.DONE:
            return
        if lane.asking.ended and waits_for_glue(record):
            return
        if record["status"] == State.STARTING and record["starting_since"] > past_grace:
            return
        if finish(lane, record):
            counts["finished"] += 1
            log.info("manifest finished", extra=manifest)
    except Exception:
        counts["errors"] += 1
        log.exception("manifest not finished", extra=manifest)


def _batch(
    lane: Ndjson, date_prefix: str, has_time: HasTime, counts: Counter[str], *, flush: bool = False
) -> int:
    made, total = BATCHES_OF_ONE_HOLD, 0
    try:
        while made >= BATCHES_OF_ONE_HOLD and has_time():  # as many as one hold may make: there may be more
            hint = lane.lists.count(date_prefix, 0)
            made = make_manifests(lane, date_prefix, hint, flush=flush)
            total += made
        log.info("pending files batched", extra={"date_prefix": date_prefix, "flush": flush})
    except Exception:
        counts["errors"] += 1
        log.exception("pending files not batched", extra={"date_prefix": date_prefix, "flush": flush})
    return total


def _before(now: datetime, seconds: int) -> str:
    return timestamp(now - timedelta(seconds=seconds))
