"""CSV discovery: files that no event announced are found by listing, and queued once.

Listing and state document are merged as two sorted streams; what is new or has another ETag is enqueued,
then recorded. The document is replaced only while it is the version that was read, so of two overlapping
scans one loses. Its messages are repeats, and the consumer absorbs them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.aws.bucket import Bucket
from chalicelib.aws.document_store import DocumentReplaced, DocumentStore
from chalicelib.aws.failures import AWS_ERRORS, describe_failure
from chalicelib.aws.queue import Queue
from chalicelib.deadline import remaining_ms_of
from chalicelib.discovery.enqueue import Enqueuer, render_message
from chalicelib.discovery.listing import Scope, list_csv_files
from chalicelib.discovery.merge import Candidate, Decision, Found, Gap, Kept, Lines, merge
from chalicelib.discovery.state_document import OtherLayout
from chalicelib.discovery.state_spool import StateSpool
from chalicelib.discovery.stored_state import LAST_SCAN_KEY, StoredState, load_state, open_state
from chalicelib.errors import StateError
from chalicelib.logs import emit_metrics, log

MARGIN_SECONDS = 5.0
STATE_BYTES_PER_MARGIN_SECOND = 20_000_000


@dataclass(frozen=True, slots=True)
class Discovery:
    """The adapters and settings of a scan."""

    source: Bucket
    states: DocumentStore
    queue: Queue
    scope: Scope
    state_key: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass(slots=True)
class Tally:
    """What a scan has done so far; `resume_after` is where it stopped."""

    queued: int = 0
    skipped: int = 0
    errors: int = 0
    removed: int = 0
    resume_after: str = ""
    lost: bool = False

    def result(self, seconds: float) -> dict[str, Any]:
        """Return what `discover_csv` returns of a scan that took `seconds`."""
        return {
            "statusCode": 207 if self.errors else 200,
            "queued": self.queued,
            "skipped": self.skipped,
            "errors": self.errors,
            "removed": self.removed,
            "complete": not self.resume_after and not self.lost,
            "execution_time_seconds": round(seconds, 3),
        }


def discover_csv(lane: Discovery, context: Any) -> dict[str, Any]:
    """Queue every new or changed CSV file and return the scan's result; `context` is Lambda's, or None.

    Raise StateError when the state document is corrupt or foreign: it is left alone and nothing is queued.
    """
    started, started_at, remaining_ms = time.monotonic(), lane.clock(), remaining_ms_of(context)
    try:
        tally = _scan_as_laid_out(lane, started_at, remaining_ms)
    except (StateError, *AWS_ERRORS) as error:  # of a queue or a folder they are counted: this ends the scan
        why = describe_failure(error) or str(error)
        _store_last_scan(lane, started_at, {"outcome": "failed", "error": why})
        emit_metrics("discovery", {"errors": 1})
        raise
    result = tally.result(time.monotonic() - started)
    outcome = "lost" if tally.lost else "complete" if result["complete"] else "stopped"
    if not tally.lost:
        _store_last_scan(lane, started_at, {**result, "outcome": outcome})
    _report(lane, result, outcome)
    return result


def _scan_as_laid_out(lane: Discovery, started_at: datetime, remaining_ms: Callable[[], float]) -> Tally:
    try:
        state = open_state(lane.states, lane.state_key)
        try:
            return _scan(lane, state, started_at, remaining_ms)
        except OtherLayout as other:  # noticed before anything was sent or stored
            return _scan(lane, load_state(state, other), started_at, remaining_ms)
    except DocumentReplaced:
        return Tally(errors=1, lost=True)


def _scan(
    lane: Discovery, state: StoredState, started_at: datetime, remaining_ms: Callable[[], float]
) -> Tally:
    tally = Tally()
    with StateSpool() as spool:
        enqueuer = Enqueuer(
            queue=lane.queue,
            spool=spool,
            message=lambda candidate: render_message(lane.source.name, candidate),
            queued_at=started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            verify=state.verify,
        )

        def out_of_time() -> bool:
            document_bytes = max(state.total_bytes, spool.bytes_written)
            return remaining_ms() < 1000 * (MARGIN_SECONDS + document_bytes / STATE_BYTES_PER_MARGIN_SECOND)

        listing = list_csv_files(lane.source, lane.scope, state.resume_after, out_of_time)
        with closing(listing):
            tally.lost = not _merged(state, listing, enqueuer, tally)
        if not tally.lost and _is_changed(state, tally):
            tally.lost = not lane.states.replace(
                lane.state_key, spool.body(tally.resume_after), state.etag, ContentType="application/json"
            )
    tally.errors += tally.lost
    return tally


def _merged(
    state: StoredState, listing: Iterable[Sequence[Found] | Gap], enqueuer: Enqueuer, tally: Tally
) -> bool:
    """Carry out what the merge decides; return False when another scan replaced the state meanwhile."""
    try:
        for decision in merge(state.lines(), listing):
            _apply(decision, enqueuer, tally)
        enqueuer.flush()
    except DocumentReplaced:
        return False
    finally:
        tally.queued = enqueuer.queued
        tally.errors += enqueuer.rejected
    return True


def _apply(decision: Decision, enqueuer: Enqueuer, tally: Tally) -> None:
    if isinstance(decision, Lines):
        if decision.kept is Kept.REMOVED:
            tally.removed += len(decision.lines)
        else:
            tally.skipped += len(decision.lines) if decision.kept is Kept.UNCHANGED else 0
            enqueuer.keep(decision.lines)
    elif isinstance(decision, Candidate):
        enqueuer.enqueue(decision)
    elif decision.reason == "stopped":
        tally.resume_after = decision.after
    elif decision.reason == "failed":
        tally.errors += 1


def _is_changed(state: StoredState, tally: Tally) -> bool:
    moved_on = tally.resume_after != state.resume_after
    return bool(tally.queued or tally.removed or moved_on or state.loaded is not None)


def _store_last_scan(lane: Discovery, started_at: datetime, scan: dict[str, Any]) -> None:
    body = json.dumps({"started_at": started_at.strftime("%Y-%m-%dT%H:%M:%SZ"), **scan})
    try:
        lane.states.put(LAST_SCAN_KEY, body.encode(), ContentType="application/json")
    except AWS_ERRORS as error:  # for the API only: the scan itself is done
        log.warning("last scan not stored", extra={"key": LAST_SCAN_KEY, "error": str(error)})


def _report(lane: Discovery, result: dict[str, Any], outcome: str) -> None:
    address = {"bucket": lane.source.name, "prefix": lane.scope.prefix, "state": lane.state_key}
    log.info("discovery", extra={**address, **result, "outcome": outcome})
    counts = {name: result[name] for name in ("queued", "skipped", "errors", "removed")}
    emit_metrics("discovery", {**counts, "duration_seconds": result["execution_time_seconds"]})
