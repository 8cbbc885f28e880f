"""What the status API shows of uploads: lists, and the versions of a key. Reads only.

Every list is one query per status on an index, merged newest first, so its first page costs the same on a
day of ten uploads and of a hundred thousand. Without `date` a list is about today (UTC).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from chalicelib.api.answers import Body
from chalicelib.api.cursors import decode_cursor, encode_cursor, read_day
from chalicelib.api.paging import Order, newest_first
from chalicelib.api.parameters import (
    PAGING,
    Given,
    read_choice,
    read_key,
    read_limit,
    read_parameters,
)
from chalicelib.aws.catalog_reader import CatalogReader
from chalicelib.aws.items import Row
from chalicelib.errors import NotFoundError
from chalicelib.landing.catalog import UploadStatus

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


def list_files(uploads: Uploads, given: Given) -> Body:
    """Answer `GET /files`: the uploads of a date, of one status or of all, newest first."""
    values = read_parameters(given, "date", "status", *PAGING)
    date, status = read_day(values, uploads.today()), read_choice(values, "status", tuple(UploadStatus))
    query = f"files?date={date}&status={status}"
    after, limit = decode_cursor(query, values.get("cursor", "")), read_limit(values)
    statuses = [status] if status else [str(one) for one in UploadStatus]
    sources = [partial(uploads.catalog.uploads, date, one) for one in statuses]
    rows, position = newest_first(sources, BY_UPLOAD, after, limit)
    page = {"items": [shown(row) for row in rows], "next_cursor": encode_cursor(query, position, date)}
    return {"date": date, "status": status or None, **page}


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
