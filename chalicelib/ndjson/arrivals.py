"""NDJSON files as they arrive: track each, then batch what is pending.

Rows are written first, then a list of those that wait for a batch. After that nothing fails a message: the
next arrival, or `reconcile`, does what is left. A file that fails has a row that says why; after three
receives `reconcile` alone goes on trying. When the time runs out, what is left of a batch is handed back.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chalicelib import parallel
from chalicelib.deadline import HasTime, has_time_of
from chalicelib.errors import EventError
from chalicelib.events import Reading, read_body, read_event
from chalicelib.keys import is_upload_under_way
from chalicelib.logs import emit_metrics, log
from chalicelib.ndjson.attempts import ATTEMPTS_OF_QUEUE, begin, track_or_fail
from chalicelib.ndjson.lane import Asking, Ndjson
from chalicelib.ndjson.rows import TrackResult
from chalicelib.ndjson.threshold import check_threshold, enlist, unlisted
from chalicelib.ndjson.tracking import File, FileStatus, file_of, timestamp

BatchResponse = dict[str, list[dict[str, str]]]
TrackOne = Callable[[File], TrackResult]
Outcomes = Mapping[File, TrackResult | Exception]


@dataclass(frozen=True, slots=True)
class Message:
    """One queue message: the files it names, or the error that keeps it from being read."""

    message_id: str
    files: tuple[File, ...] = ()
    ignored: int = 0
    is_repeated: bool = False  # it was received before
    error: Exception | None = None


class OutOfTime(Exception):  # noqa: N818 - an answer, not a fault
    """The worker's time is nearly up: the message is handed back untried."""


def ndjson_arrived(lane: Ndjson, payload: Any, context: Any = None) -> BatchResponse:
    """Process an SQS event and return the messages to deliver again.

    An event that did not come through SQS has no message that could fail alone: its error is raised.
    """
    lane = replace(lane, asking=Asking())
    messages = _messages(lane, payload)
    repeated = {file for message in messages if message.is_repeated for file in message.files}
    outcomes = track_all(
        [file for message in messages for file in message.files],
        lambda file: _track(lane, file, counted=file in repeated),
        has_time_of(context),
    )
    outcomes, manifests = batch_accepted(lane, outcomes)
    errors = {message.message_id: error for message in messages if (error := _error(message, outcomes))}
    _report(messages, outcomes, manifests, errors)
    if "" in errors:
        raise errors[""]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in errors]}


def _messages(lane: Ndjson, payload: Any) -> list[Message]:
    records = payload.get("Records") if isinstance(payload, Mapping) else None
    if not isinstance(records, list) or not all(isinstance(record, Mapping) for record in records):
        return [_message(lane, "", read_event(payload))]
    if not any("messageId" in record for record in records):
        return [_message(lane, "", read_event(payload))]
    return [_queued(lane, record) for record in records]


def _queued(lane: Ndjson, record: Mapping[str, Any]) -> Message:
    message_id = str(record.get("messageId", ""))
    try:
        message = _message(lane, message_id, read_body(record.get("body")))
    except EventError as error:
        return Message(message_id, error=error)
    return replace(message, is_repeated=_receives(record) > 1)


def _receives(record: Mapping[str, Any]) -> int:
    attributes = record.get("attributes")
    count = str(attributes.get("ApproximateReceiveCount", "")) if isinstance(attributes, Mapping) else ""
    return int(count) if count.isdecimal() else 1


def _message(lane: Ndjson, message_id: str, reading: Reading) -> Message:
    wanted = reading.without(lane.settings.own_outputs)
    foreign = {event.bucket for event in wanted.events} - {lane.bucket.name}
    if foreign:
        raise EventError(
            f"bucket {min(foreign)!r:.80} is not NDJSON_BUCKET ({lane.bucket.name!r}): "
            "remove its notification, or set NDJSON_BUCKET to it"
        )
    kept = [event for event in wanted.events if not is_upload_under_way(lane.settings, event.key)]
    ignored = wanted.ignored.total() + len(wanted.events) - len(kept)
    return Message(message_id, tuple(file_of(event) for event in kept), ignored)


def track_all(files: Sequence[File], track_one: TrackOne, has_time: HasTime) -> Outcomes:
    """Track files side by side, but those of one name in order: they may meet in one row.

    A failure is recorded and is the file's outcome; so is OutOfTime, for those that there was no time for.
    """
    by_name: dict[tuple[str, str], list[File]] = defaultdict(list)
    for file in sorted(dict.fromkeys(files), key=lambda file: file.sequencer):
        by_name[file.date_prefix, file.name].append(file)

    def track_in_order(same_name: list[File]) -> dict[File, TrackResult | Exception]:
        return {file: _attempted(track_one, file) if has_time() else OutOfTime() for file in same_name}

    done = parallel.each(track_in_order, list(by_name.values()))
    return {file: outcome for group in done for file, outcome in group.items()}


def _attempted(track_one: TrackOne, file: File) -> TrackResult | Exception:
    try:
        tracked = track_one(file)
    except Exception as error:
        log.exception("file not tracked", extra=_fields(file))
        return error
    log.info("file tracked", extra={**_fields(file), "outcome": tracked.outcome})
    return tracked


def _track(lane: Ndjson, file: File, *, counted: bool) -> TrackResult:
    if counted and not begin(lane, file, ATTEMPTS_OF_QUEUE):
        return TrackResult("left_to_reconcile")
    return track_or_fail(lane, file, counted=counted)


def batch_accepted(lane: Ndjson, outcomes: Outcomes) -> tuple[Outcomes, int]:
    """List the files that wait for a batch and check the threshold of their dates.

    Return the outcomes and how many manifests were made. A file that could not be listed has failed: its
    message must come again. Repeats are listed too: their first try may have died before it listed them.
    """
    after, manifests = dict(outcomes), 0
    for date_prefix, of_date in _by_date(outcomes).items():
        tracked = list(of_date.values())
        try:
            _list(lane, date_prefix, tracked)
        except Exception as error:
            log.exception("files not listed", extra={"date_prefix": date_prefix})
            after |= {file: error for file, one in of_date.items() if one.waits}
            continue
        try:
            manifests += check_threshold(lane, date_prefix, sum(one.added_bytes for one in tracked))
        except Exception:  # the files are listed: the next arrival or reconcile does what is left
            log.exception("batching failed", extra={"date_prefix": date_prefix})
    return after, manifests


def _by_date(outcomes: Outcomes) -> dict[str, dict[File, TrackResult]]:
    by_date: dict[str, dict[File, TrackResult]] = defaultdict(dict)
    for file, outcome in outcomes.items():
        if isinstance(outcome, TrackResult) and (outcome.waits or outcome.added_bytes):
            by_date[outcome.date_prefix][file] = outcome
    return by_date


def _list(lane: Ndjson, date_prefix: str, tracked: Sequence[TrackResult]) -> None:
    """List the files of a date that wait, the repeated ones only where no list names them."""
    new = [one.waits for one in tracked if one.waits and one.outcome == FileStatus.PENDING]
    repeated = [one.waits for one in tracked if one.waits and one.outcome != FileStatus.PENDING]
    waits = [*new, *unlisted(lane, date_prefix, repeated)]
    enlist(lane, date_prefix, timestamp(lane.clock()), waits)


def _error(message: Message, outcomes: Outcomes) -> Exception | None:
    found = (outcomes[file] for file in message.files)
    return message.error or next((outcome for outcome in found if isinstance(outcome, Exception)), None)


def _report(
    messages: Sequence[Message], outcomes: Outcomes, manifests: int, errors: Mapping[str, Exception]
) -> None:
    for message_id, error in errors.items():
        log.error("message failed", extra={"message_id": message_id, "error": str(error)})
    counts = Counter(outcome.outcome for outcome in outcomes.values() if isinstance(outcome, TrackResult))
    ignored = sum(message.ignored for message in messages)
    totals = {"manifests": manifests, "failed_messages": len(errors), "ignored": ignored}
    emit_metrics("ndjson", {**counts, **totals})


def _fields(file: File) -> dict[str, str]:
    return {"bucket": file.bucket, "key": file.key, "identity": file.identity}
