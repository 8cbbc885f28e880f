"""Repair of the landing lane: uploads that no event routed, moves that died, failures worth another try.

Nothing younger than the grace is touched: its own event may still be at work. What was settled costs reads
only. An invalid config makes the lane wait: routing with it could only fail again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from chalicelib.aws.bucket import ListedObject
from chalicelib.aws.items import Row
from chalicelib.bucket_walk import walk
from chalicelib.catalog import Status, identify, iso, row_timestamp
from chalicelib.errors import ConfigError
from chalicelib.events import ObjectEvent
from chalicelib.landing import Landing, own_outputs
from chalicelib.logs import log
from chalicelib.outcomes import give_up
from chalicelib.routing import route

BATCH_SIZE = 100  # keys of one BatchGetItem
LISTING_SKEW = timedelta(seconds=2)  # that a listing's time may differ by from the object's own

COUNTED = ("routed", "moves_finished", "retried", "errors", "waiting", "unfinished")

Counts = dict[str, int]
Due = tuple[str, ObjectEvent, Row | None]  # the repair's name, what to route, and the failed row if it is one


def repair_landing(landing: Landing, has_time: Callable[[], bool]) -> Counts:
    """Route what was missed, finish what was begun, retry what failed; return how much of each.

    `waiting` is 1 when the config cannot be used and nothing was tried; `unfinished` is 1 when time ran out,
    and the next run goes on where this one stopped.
    """
    counts: Counts = dict.fromkeys(COUNTED, 0)
    try:
        landing.jobs.revalidate()
    except ConfigError as error:
        log.warning("landing lane waits for its config", extra={"faults": error.faults[:10]})
        return counts | {"waiting": 1}
    before = landing.clock() - timedelta(seconds=landing.settings.reconcile_grace_seconds)

    def repair(due: Iterable[Due]) -> bool:
        for name, event, failed in due:
            if not has_time():
                return False
            counts[name if _repaired(landing, name, event, failed) else "errors"] += 1
        return True

    def see(listed: list[ListedObject]) -> bool:
        return repair(_unrouted(landing, listed, before))

    repair(_failed(landing, before))
    done = walk(landing.bucket, landing.settings.input_prefix, landing.cursor, lambda _: has_time(), see)
    return counts | {"unfinished": int(not done)}


def _failed(landing: Landing, before: datetime) -> Iterator[Due]:
    moment = before.isoformat(timespec="milliseconds")
    for row in landing.catalog.failed():
        if row["bucket_name"] == landing.bucket.name and row["processed_at"] <= moment:
            yield "retried", _event_of_row(row), row


def _unrouted(landing: Landing, listed: list[ListedObject], before: datetime) -> Iterator[Due]:
    after = landing.clock() - timedelta(seconds=landing.settings.reconcile_window_seconds)
    own = own_outputs(landing.settings)
    uploads = [one for one in listed if after <= one.last_modified <= before and not _ignored(one, own)]
    for first in range(0, len(uploads), BATCH_SIZE):
        yield from _missed(landing, uploads[first : first + BATCH_SIZE])


def _missed(landing: Landing, batch: list[ListedObject]) -> Iterator[Due]:
    rows = landing.catalog.find_many([(found.key, _timestamp(landing, found)) for found in batch])
    known = {row["file_key"]: row for row in rows}
    for found in batch:
        # a listing may tell another time than the object itself: the ETag decides before anything is done
        row = known.get(found.key) or _recorded(landing, found)
        if row is None:
            yield "routed", _event_of(landing, found), None
        elif row.get("moved_to") and row["status"] != Status.TRIGGERED:
            yield "moves_finished", _event_of(landing, found), None


def _recorded(landing: Landing, found: ListedObject) -> Row | None:
    """Return the row of this content, unless it is of an earlier upload of the same content."""
    row = landing.catalog.find_etag(found.key, found.etag)
    return row if row and row["last_modified"] >= iso(found.last_modified - LISTING_SKEW) else None


def _repaired(landing: Landing, name: str, event: ObjectEvent, failed: Row | None) -> bool:
    where = {"bucket": event.bucket, "key": event.key, "repair": name}
    try:
        outcome = route(landing, event, discovered=True)
    except Exception as error:
        log.warning("repair failed", extra={**where, "reason": str(error)})
        return False
    if failed:
        _give_up_superseded(landing, failed)
    log.info("repaired", extra={**where, "outcome": outcome["status"]})
    return True


def _give_up_superseded(landing: Landing, failed: Row) -> None:
    row = landing.catalog.find(failed["file_key"], failed["timestamp"])
    if row and row.get("retry"):  # what was routed is a newer upload under the same key
        give_up(landing, row, "overwritten since")


def _ignored(found: ListedObject, own: Iterable[str]) -> bool:
    marker = found.key.endswith("/") and found.size == 0
    return marker or found.key.startswith(tuple(prefix for prefix in own if prefix))


def _timestamp(landing: Landing, found: ListedObject) -> str:
    identity = identify(landing.bucket.name, found.key, found.etag, found.last_modified)
    return row_timestamp(found.last_modified, identity)


def _event_of(landing: Landing, found: ListedObject) -> ObjectEvent:
    return ObjectEvent(
        bucket=landing.bucket.name,
        key=found.key,
        size_bytes=found.size,
        etag=found.etag,
        event_name="Reconciled:listing",
        event_time=found.last_modified,
    )


def _event_of_row(row: Row) -> ObjectEvent:
    return ObjectEvent(
        bucket=row["bucket_name"],
        key=row["file_key"],
        size_bytes=row["file_size"],
        etag=row["etag"],
        event_name="Reconciled:failed",
        event_time=datetime.fromisoformat(row["timestamp"].partition("#")[0]),
    )
