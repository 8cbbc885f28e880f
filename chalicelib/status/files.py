"""What the status API shows of files: lists, and the versions of a key. Reads only.

Every list of uploads is one query per status on an index, merged newest first, so its first page costs the
same on a day of ten uploads and of a hundred thousand. Without `date` a list is about today (UTC). No index
finds a part of a key: such a list looks through a bounded number of rows and tells where to go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import date as calendar_date
from functools import partial

from chalicelib.api.answers import Body
from chalicelib.api.cursors import Position, decode_cursor, encode_cursor, read_day
from chalicelib.api.paging import Order, Source, newest_first, page_of, walk
from chalicelib.api.parameters import (
    PAGING,
    Given,
    read_choice,
    read_key,
    read_limit,
    read_number,
    read_parameters,
)
from chalicelib.aws.catalog_reader import CatalogReader
from chalicelib.aws.items import Row
from chalicelib.aws.tracking_reader import TrackingReader
from chalicelib.errors import NotFoundError, RequestError
from chalicelib.landing.catalog import UploadStatus
from chalicelib.ndjson.tracking import FileStatus
from chalicelib.status.explain_ndjson import key_in, tracked_of

FILTERS = ("date", "days", "lane", "status", "hour", "prefix", "contains")
LANES = ("landing", "ndjson")
HOURS = tuple(f"{hour:02}" for hour in range(24))
MAX_DAYS = 31
UPLOADED = [str(status) for status in UploadStatus]
TRACKED = [str(status) for status in FileStatus]
STEP = 500  # rows that a search reads at once
LOOKED_AT = 2_000  # rows that a search looks through in one call
BY_UPLOAD = Order("timestamp", ("file_key",))
INTERNAL = frozenset(
    {
        "date", "status_timestamp", "retry", "unreported",
        "run_alerted", "run_due_at", "run_repairs", "next_attempt",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Uploads:
    """What the lists of uploads are read from."""

    catalog: CatalogReader
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def today(self) -> str:
        """Return today's date in UTC."""
        return self.clock().date().isoformat()


@dataclass(frozen=True, slots=True)
class FileLists:
    """What `GET /files` lists: uploads, and the files of the NDJSON lane."""

    uploads: Uploads
    tracking: TrackingReader


@dataclass(frozen=True, slots=True)
class Asked:
    """Which files are asked for: `dates` newest first, `since` and `until` within the one day of an hour."""

    dates: tuple[str, ...]
    statuses: list[str]
    since: str
    until: str
    prefix: str
    fragment: str
    limit: int

    @property
    def is_search(self) -> bool:
        """Tell whether rows are looked through, rather than found by index."""
        return bool(self.prefix or self.fragment)

    @property
    def step(self) -> int:
        """How many rows are read at once."""
        return STEP if self.is_search else self.limit + 1

    def matches(self, key: str) -> bool:
        """Tell whether a key has the prefix and the fragment that are asked for."""
        return key.startswith(self.prefix) and self.fragment in key.lower()


def list_files(lists: FileLists, given: Given) -> Body:
    """Answer `GET /files`: the files of a lane on a date, or on the `days` days up to it.

    Uploads are listed newest first, NDJSON files by the name in their key's date. `prefix` and `contains`
    look through the rows, `LOOKED_AT` in a call at most; `looked_at` tells how many.
    """
    values = read_parameters(given, *FILTERS, *PAGING)
    is_ndjson = read_choice(values, "lane", LANES) == "ndjson"
    newest = read_day(values, lists.uploads.today())
    asked = _asked(values, newest, TRACKED if is_ndjson else UPLOADED)
    query = "files?" + "&".join(f"{name}={values.get(name, '')}" for name in FILTERS if name != "date")
    query += f"&date={newest}"
    after = decode_cursor(query, values.get("cursor", ""))
    if is_ndjson:
        rows, position, looked_at = _tracked(lists.tracking, asked, after)
    else:
        rows, position, looked_at = _uploaded(lists.uploads.catalog, asked, after)
    return {
        "date": newest,
        "status": values.get("status"),
        "items": rows,
        "looked_at": looked_at,
        "next_cursor": encode_cursor(query, position, newest),
    }


def _asked(values: Mapping[str, str], newest: str, statuses: list[str]) -> Asked:
    status, days = read_choice(values, "status", statuses), read_number(values, "days", 1, MAX_DAYS)
    hour = read_choice(values, "hour", HOURS)
    if hour and (days > 1 or values.get("lane") == "ndjson"):
        raise RequestError("hour is of one day's uploads: leave out days and lane=ndjson")
    last = calendar_date.fromisoformat(newest)
    return Asked(
        dates=tuple((last - timedelta(days=back)).isoformat() for back in range(days)),
        statuses=[status] if status else statuses,
        since=f"{newest}T{hour}" if hour else "",
        until=f"{newest}T{hour}~" if hour else "",
        prefix=values.get("prefix", ""),
        fragment=values.get("contains", "").lower(),
        limit=read_limit(values),
    )


def _uploaded(
    catalog: CatalogReader, asked: Asked, after: Position | None
) -> tuple[list[Row], Position | None, int]:
    if len(asked.dates) == 1 and not asked.is_search:
        page, position = newest_first(_sources(catalog, asked, asked.dates[0]), BY_UPLOAD, after, asked.limit)
        return [shown(row) for row in page], position, len(page)
    found = page_of(
        _walk_days(catalog, asked, after), lambda row: asked.matches(row["file_key"]), asked.limit, LOOKED_AT
    )
    return [shown(row) for row in found[0]], found[1], found[2]


def _walk_days(
    catalog: CatalogReader, asked: Asked, after: Position | None
) -> Iterator[tuple[Row, Position]]:
    """Walk the uploads of each day; a day's times sort before those of the next.

    A quiet day is read by one query. Of a busy one each status is read as far as is needed.
    """
    for date in asked.dates:
        reached = after.at[: len(date)] if after else date
        if date > reached:
            continue
        rows = catalog.day(date, STEP + 1) if len(asked.statuses) > 1 else []
        is_quiet = 0 < len(rows) <= STEP
        sources = [partial(_of_rows, rows, asked)] if is_quiet else _sources(catalog, asked, date)
        if rows or len(asked.statuses) == 1:
            yield from walk(sources, BY_UPLOAD, after if date == reached else None, asked.step)


def _of_rows(rows: list[Row], asked: Asked, until: str, count: int) -> list[Row]:
    last = until or asked.until
    return [
        row for row in rows if asked.since <= row["timestamp"] and (not last or row["timestamp"] <= last)
    ][:count]


def _sources(catalog: CatalogReader, asked: Asked, date: str) -> list[Source]:
    return [partial(_of_status, catalog, asked, date, status) for status in asked.statuses]


def _of_status(
    catalog: CatalogReader, asked: Asked, date: str, status: str, until: str, count: int
) -> list[Row]:
    return catalog.uploads(date, status, until or asked.until, count, asked.since)


def _tracked(
    tracking: TrackingReader, asked: Asked, after: Position | None
) -> tuple[list[Row], Position | None, int]:
    def matches(row: Row) -> bool:
        return row["status"] in asked.statuses and asked.matches(key_in(row["file_path"]))

    rows, position, looked_at = page_of(_walk_names(tracking, asked, after), matches, asked.limit, LOOKED_AT)
    return [tracked_of(row) for row in rows], position, looked_at


def _walk_names(
    tracking: TrackingReader, asked: Asked, after: Position | None
) -> Iterator[tuple[Row, Position]]:
    for date in asked.dates:
        reached, name = (after.at[: len(date)], after.at[len(date) :]) if after else (date, "")
        if date > reached:
            continue
        name = name if date == reached else ""
        while rows := tracking.files(date, name, asked.step):
            for row in rows:
                name = row["file_name"]
                yield row, Position(date + name)
            if len(rows) < asked.step:
                break


def show_file(uploads: Uploads, given: Given) -> Body:
    """Answer `GET /file`: every recorded version of one key, newest first."""
    values = read_parameters(given, "key", *PAGING)
    key, limit = read_key(values), read_limit(values)
    query = f"file?key={key}"
    after = decode_cursor(query, values.get("cursor", ""))
    rows, position = newest_first([partial(uploads.catalog.versions, key)], BY_UPLOAD, after, limit)
    if not rows and after is None:
        raise NotFoundError(
            f"no upload of {key[:200]!r} is recorded: keys are case-sensitive and need their whole path; "
            "GET /explain?key= tells what would happen to it"
        )
    cursor = encode_cursor(query, position)
    return {"key": key, "items": [shown(row) for row in rows], "next_cursor": cursor}


def shown(row: Row) -> Row:
    """Return a catalogue row as callers see it, without the attributes that only indexes need."""
    return {name: value for name, value in row.items() if name not in INTERNAL}
