"""`watch_expected`: every five minutes, tell of expected files that are late, and of those that came then.

What is to be told is marked before it is sent, and ticked off behind it. What SNS refused is sent by the next
run. Of an alert whose run died in between nobody knows whether it was sent: it is not sent again, and the
next run says so, as an error.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from chalicelib.aws.failures import AWS_ERRORS
from chalicelib.aws.items import Row
from chalicelib.deadline import has_time_of
from chalicelib.errors import ConfigError
from chalicelib.expected.due import grace_of
from chalicelib.expected.lane import Expected
from chalicelib.expected.state import State, Step, Watch, looked_at, stamp
from chalicelib.keys import shown
from chalicelib.landing.jobs import Job
from chalicelib.logs import emit_metrics, log

LATE_SUBJECT = "Expected File Is Late"
COME_SUBJECT = "Expected File Has Come"
ABANDONED = timedelta(minutes=4)  # after which the run that was telling has ended

Counts = dict[str, int]


def watch_expected(lane: Expected, context: Any) -> Counts:
    """Look at every expectation; return how many were looked at, told late, told come, or failed.

    `waiting` is 1 when no version of the config can be used. `context` is Lambda's, or None.
    """
    counts: Counts = dict.fromkeys(("watched", "late", "come", "errors", "waiting"), 0)
    has_time = has_time_of(context)
    try:
        jobs = {job.job_id: job for job in lane.jobs.revalidate().all if job.expected and job.is_active}
    except ConfigError as error:
        log.warning("expected files wait for the config", extra={"faults": error.faults[:10]})
        return counts | {"waiting": 1}
    known, now = lane.reader.read(), lane.clock()
    for job in jobs.values():
        if has_time():
            _try(lane, job, known.get(job.job_id, {}), now, counts)
    _forget(lane, {job_id: row for job_id, row in known.items() if job_id not in jobs})
    emit_metrics("watch_expected", counts)
    return counts


def _forget(lane: Expected, gone: dict[str, Row]) -> None:
    """End what was expected of jobs that are gone or switched off: one that comes back is expected anew."""
    for job_id, row in gone.items():
        if "expectation" in row:
            lane.files.settle(job_id, {}, int(row.get("revision", 0)))


def watch_of(row: Row) -> Watch | None:
    """Return what an item remembers of an expectation, None when it has none."""
    if "expectation" not in row:
        return None
    return Watch(
        expectation=row["expectation"],
        since=_moment(row["since"]),
        due=_moment_or(row, "due"),
        state=State(row["state"]),
        used=_moment_or(row, "used"),
    )


def arrival_of(row: Row) -> datetime | None:
    """Return when a file last came for a job."""
    return _moment_or(row, "last_arrival")


def _try(lane: Expected, job: Job, row: Row, now: datetime, counts: Counts) -> None:
    counts["watched"] += 1
    try:
        told = _look(lane, job, row, now)
    except Exception:  # the other jobs do not depend on this one
        counts["errors"] += 1
        log.exception("expected file not looked at", extra={"job_id": job.job_id})
        return
    if told:
        counts["late" if told is State.LATE else "come"] += 1


def _look(lane: Expected, job: Job, row: Row, now: datetime) -> State | None:
    """Settle one expectation and tell what is to be told; return what was."""
    step = looked_at(job.expected or {}, watch_of(row), arrival_of(row), now)
    revision, watched = int(row.get("revision", 0)), _row_of(step.watch)
    if step.watch == watch_of(row):
        if "telling" in row and now - _moment(row["telling"].partition("#")[0]) >= ABANDONED:
            lane.files.settle(job.job_id, watched, revision)
            raise RuntimeError(
                f"a run ended while it told that the file is {step.watch.state}: perhaps unsent"
            )
        if "untold" not in row:
            return None
        step = Step(step.watch, step.watch.state)
    if step.told is None:
        lane.files.settle(job.job_id, watched, revision)
        return None
    if not _marked(lane, job.job_id, watched, revision):
        return None
    is_sent = lane.topic.publish_notification(*_alert(job, step, arrival_of(row)))
    lane.files.settle(job.job_id, watched if is_sent else {**watched, "untold": stamp(now)}, revision + 1)
    return step.told if is_sent else None


def _marked(lane: Expected, job_id: str, watched: Row, revision: int) -> bool:
    """Mark that this run, and no other, is about to tell; return False when another run is."""
    now = stamp(lane.clock())
    try:
        return lane.files.settle(job_id, watched | {"telling": f"{now}#{token_hex(4)}"}, revision)
    except AWS_ERRORS:  # the mark may be there all the same, and nothing was sent
        lane.files.settle(job_id, watched | {"untold": now}, revision + 1)
        raise


def _alert(job: Job, step: Step, arrival: datetime | None) -> tuple[str, str]:
    due = stamp(step.watch.due) if step.watch.due else ""
    about = f"Job: {shown(job.job_id)}\nFile: {shown(job.source_file_name)}\nDue: {due}"
    came = stamp(arrival) if arrival else "never"
    if step.told is State.MET:
        return COME_SUBJECT, f"{about}\nArrived: {came}"
    minutes = int(grace_of(job.expected or {}).total_seconds() // 60)
    return LATE_SUBJECT, f"{about}, with {minutes} minutes of grace\nLast arrival: {came}"


def _row_of(watch: Watch) -> Row:
    return {
        "expectation": watch.expectation,
        "since": stamp(watch.since),
        "due": stamp(watch.due) if watch.due else None,
        "state": str(watch.state),
        "used": stamp(watch.used) if watch.used else None,
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _moment_or(row: Row, name: str) -> datetime | None:
    return _moment(row[name]) if name in row else None
