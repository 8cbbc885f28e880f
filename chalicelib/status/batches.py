"""What the status API shows of the NDJSON lane: batches that fill, manifests, quarantine. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from chalicelib.api.answers import Body
from chalicelib.api.cursors import decode_cursor, encode_cursor, read_day
from chalicelib.api.paging import Order, newest_first
from chalicelib.api.parameters import PAGING, Given, read_limit, read_parameters
from chalicelib.aws.items import Row
from chalicelib.aws.tracking_keys import COUNTER, MANIFEST
from chalicelib.aws.tracking_reader import TrackingReader
from chalicelib.ndjson.batches import from_json
from chalicelib.ndjson.tracking import FileStatus
from chalicelib.settings import Settings
from chalicelib.status.explain_ndjson import tracked_of
from chalicelib.status.summary import waiting_files

BY_ARRIVAL = Order("pending_since", ("row_name", "revision"))
BY_KEY = Order("file_name", ("file_name",))
BY_QUARANTINE = Order("quarantined_at", ("date_prefix", "file_name"))
FAILED_SHOWN = 50
RECORD_INTERNAL = frozenset(
    {"members", "plan", "step", "pending_since", "date_prefix", "size_bytes", "run_alerted", "run_attempt"}
)


@dataclass(frozen=True, slots=True)
class NdjsonLists:
    """What the lists of the NDJSON lane are read from."""

    tracking: TrackingReader
    settings: Settings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def today(self) -> str:
        """Return today's date in UTC."""
        return self.clock().date().isoformat()


def list_batches(lists: NdjsonLists, given: Given) -> Body:
    """Answer `GET /batches`: how full the next batch of a date is, and the files that wait for it.

    `waiting` sums up every date that has waiting files, whichever date was asked for; `failed` are the files
    of any date that could not be read or moved, those first that wait for a replay.
    """
    values = read_parameters(given, "date", *PAGING)
    date, limit = read_day(values, lists.today()), read_limit(values)
    query = f"batches?date={date}"
    after = decode_cursor(query, values.get("cursor", ""))
    listed, position = newest_first([partial(_listed, lists, date)], BY_ARRIVAL, after, limit)
    waiting = waiting_files(lists.tracking, lists.settings.max_batch_bytes)
    return {
        "date": date,
        "threshold_bytes": lists.settings.max_batch_bytes,
        "max_age_seconds": lists.settings.max_batch_age_seconds,
        "counter_bytes": (lists.tracking.find(COUNTER + date, "COUNTER") or {}).get("bytes", 0),
        "waiting": waiting.dates,
        "complete": waiting.complete,
        "failed": [tracked_of(row) for row in lists.tracking.failed(FAILED_SHOWN)],
        "items": _pending(lists, date, listed),
        "next_cursor": encode_cursor(query, position, date),
    }


def _listed(lists: NdjsonLists, date: str, until: str, count: int) -> list[Row]:
    return [
        {"row_name": file.row_name, "revision": file.revision, "pending_since": each["pending_since"]}
        for each in lists.tracking.pending_lists(date, until, count)
        for file in from_json(each["members"])
    ]


def _pending(lists: NdjsonLists, date: str, listed: Sequence[Row]) -> list[Row]:
    """Return the rows of listed files that are pending still, each once."""
    names = [one["row_name"] for one in listed]
    rows = {row["file_name"]: row for row in (lists.tracking.find_many(date, names) if names else ())}
    pending: dict[str, Row] = {}
    for one in listed:
        row = rows.get(one["row_name"], {})
        if row.get("status") == FileStatus.PENDING and row["revision"] == one["revision"]:
            pending.setdefault(row["file_name"], {**row, "pending_since": one["pending_since"]})
    return list(pending.values())


def list_manifests(lists: NdjsonLists, given: Given) -> Body:
    """Answer `GET /manifests`: the batch manifests of a date, last key first."""
    values = read_parameters(given, "date", *PAGING)
    date, limit = read_day(values, lists.today()), read_limit(values)
    query = f"manifests?date={date}"
    after = decode_cursor(query, values.get("cursor", ""))
    rows, position = newest_first([partial(lists.tracking.manifests, date)], BY_KEY, after, limit)
    items = [manifest_of(row, lists.settings.manifest_bucket) for row in rows]
    return {"date": date, "items": items, "next_cursor": encode_cursor(query, position, date)}


def list_quarantine(lists: NdjsonLists, given: Given) -> Body:
    """Answer `GET /quarantine`: the quarantined files of every date, newest first."""
    values = read_parameters(given, *PAGING)
    limit = read_limit(values)
    after = decode_cursor("quarantine", values.get("cursor", ""))
    rows, position = newest_first([lists.tracking.quarantined], BY_QUARANTINE, after, limit)
    items = [tracked_of(row) for row in rows]
    return {"items": items, "next_cursor": encode_cursor("quarantine", position)}


def manifest_of(row: Row, bucket: str) -> Row:
    """Return a manifest record as callers see it; `files` is absent until its files are claimed."""
    kept = {name: value for name, value in row.items() if name not in RECORD_INTERNAL}
    key = kept.pop("file_name")
    return {"date": row["date_prefix"].removeprefix(MANIFEST), "manifest_key": key,
            "location": f"s3://{bucket}/{key}", **kept}  # fmt: skip
