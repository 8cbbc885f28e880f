"""Uploads that lie in the landing bucket without an outcome: a listing compared with the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.aws.bucket import StoredObject
from chalicelib.aws.failures import AWS_ERRORS
from chalicelib.aws.items import BATCH_KEYS, Row
from chalicelib.aws.listing_page import ListedObject
from chalicelib.aws.settled_rows import Settled
from chalicelib.events import ObjectEvent
from chalicelib.landing.catalog import STARTED, UploadStatus, identify, row_timestamp
from chalicelib.landing.lane import Landing
from chalicelib.landing.outcomes import PARKED

# what only an execution's end, an operator or a repair of recorded uploads changes, and then into nothing
# that a listing has to be compared with; of what was moved or is to be tried again the row is always read
SETTLED = STARTED | {UploadStatus.RECEIVED, UploadStatus.INACTIVE}
UNSETTLED = frozenset({"moved_to", "retry"})


class Due(NamedTuple):
    """One repair: its name, the event to route, and the row of the upload if it is the row that tells."""

    repair: str
    event: ObjectEvent
    row: Row | None = None


def unrouted(
    landing: Landing, listed: list[ListedObject], before: datetime, settled: Settled
) -> Iterator[Due]:
    """Yield the repairs of one page: uploads of the window without a row, and moves that were not ended.

    Of what is `settled` no row is read, and what is seen to be is added.
    """
    after = landing.clock() - timedelta(seconds=landing.settings.reconcile_window_seconds)
    own = landing.settings.own_outputs
    uploads = [one for one in listed if after <= one.last_modified <= before and not _ignored(one, own)]
    uploads = settled.unknown(uploads)
    for first in range(0, len(uploads), BATCH_KEYS):
        yield from _missed(landing, uploads[first : first + BATCH_KEYS], settled)


def _missed(landing: Landing, batch: list[ListedObject], settled: Settled) -> Iterator[Due]:
    rows = landing.catalog.find_many([(found.key, _timestamp(landing, found)) for found in batch])
    known = {row["file_key"]: row for row in rows}
    for found in batch:
        if found.key in known and _is_settled(known[found.key]):
            settled.add(found)
            continue
        row = known.get(found.key) or _recorded(landing, found)
        if row is None or row["status"] == UploadStatus.VANISHED:  # it is back: its deletion was undone
            yield Due("routed", _event_of(landing, found))
        elif row.get("moved_to") and row["status"] in PARKED and not {"retry", "source_stays"} & {*row}:
            yield Due("moves_finished", _event_of(landing, found))


def _is_settled(row: Row) -> bool:
    return row["status"] in SETTLED and not UNSETTLED & row.keys()


def _recorded(landing: Landing, found: ListedObject) -> Row | None:
    """Return the row of a listed object; a listing may tell another time than the object itself."""
    seen = look_at(landing, found.key)
    if seen is None or seen.etag != found.etag:  # overwritten since: that row is of the newer upload
        return None
    return landing.catalog.find(found.key, _timestamp(landing, seen))


def look_at(landing: Landing, key: str) -> StoredObject | None:
    """Return the object itself; None when it is gone or cannot be read, as routing will find too."""
    try:
        return landing.bucket.head(key)
    except AWS_ERRORS:
        return None


def _ignored(found: ListedObject, own: Iterable[str]) -> bool:
    marker = found.key.endswith("/") and found.size == 0
    return marker or found.key.startswith(tuple(prefix for prefix in own if prefix))


def _timestamp(landing: Landing, found: ListedObject | StoredObject) -> str:
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
