"""Write and find the tracking row of one version of a file, under one of its names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.aws.items import Row
from chalicelib.ndjson.batches import Member, member_of
from chalicelib.ndjson.tracking import (
    File,
    FileStatus,
    Verdict,
    is_later,
    is_row_of_version,
    newest_of_version,
    row_names,
    timestamp,
    tracking_row,
    verdict_on,
)

if TYPE_CHECKING:
    from chalicelib.ndjson.lane import Ndjson

MAX_ATTEMPTS = 10  # of a failing file, then it waits for a replay
NEVER = "9999"  # when a file that waits for a replay is tried again
ARCHIVE_RETRY = timedelta(hours=1)  # restoring takes hours


class TrackResult(NamedTuple):
    """What became of one file: `added_bytes` are newly pending, `waits` is its row's, when that is pending.

    `date_prefix` is the row's date; empty when no row was looked for.
    """

    outcome: str
    added_bytes: int = 0
    waits: Member | None = None
    date_prefix: str = ""


def record(lane: Ndjson, file: File, status: FileStatus, **details: Any) -> TrackResult:
    """Write the file's row, unless this version or a newer one has a row.

    A failed file's `attempts` are added to those that its row counts.
    """
    for name in row_names(file.path, file.name):
        row = tracking_row(file, name, status, lane.clock(), **details, **lane.audit)
        tracked = _record_under(lane, file, status, with_retry(lane, row, row.get("attempts", 0)))
        if tracked:
            return tracked
    raise RuntimeError(f"{file.path} has too many versions on {file.date_prefix}: give new files new names")


def find(lane: Ndjson, file: File) -> Row | None:
    """Read the row of this upload, or of the same content if no other came since."""
    return own_row(of_path(lane, file), file)


def own_row(of_path: Iterable[Row], file: File) -> Row | None:
    """Return what `find` finds, of rows that were read."""
    rows = list[Row]()
    for row in of_path:
        if is_row_of_version(row, file) and (row["status"] == FileStatus.RELEASED or not is_later(file, row)):
            return row
        rows.append(row)
    return newest_of_version(rows, file)


def is_awaited(lane: Ndjson, file: File) -> bool:
    """Tell whether a released row of the path waits for its file, which has another ETag."""
    return any(row["status"] == FileStatus.RELEASED for row in of_path(lane, file))


def lies_in_quarantine(of_path: Iterable[Row], file: File, own: Row | None) -> bool:
    """Tell whether the same content lies in quarantine for a row before the file's `own`."""
    for row in of_path:
        if own and row["file_name"] == own["file_name"]:
            return False
        if row["etag"] == file.etag and "moved_to" in row:
            return True
    return False


def of_path(lane: Ndjson, file: File) -> Iterator[Row]:
    """Read the rows of every version of a file, each when it is asked for."""
    for name in row_names(file.path, file.name):
        row = lane.tracking.find(file.date_prefix, name)
        if row is None:
            return
        if row["file_path"] == file.path:
            yield row


def _record_under(lane: Ndjson, file: File, status: FileStatus, row: Row) -> TrackResult | None:
    waits = status is FileStatus.PENDING
    size, before, revision = row["size_bytes"] if waits else 0, 0, 1
    existing = lane.tracking.create(row)
    while existing is not None:
        verdict = verdict_on(existing, file, status)
        if verdict is Verdict.TAKEN or _belongs_to_another_upload(lane, file, existing):
            return None
        if verdict is not Verdict.REPLACED:
            return TrackResult(str(verdict), waits=waiting(existing), date_prefix=file.date_prefix)
        before = existing["size_bytes"] if existing["status"] == FileStatus.PENDING else 0
        if status is FileStatus.FAILED and is_row_of_version(existing, file):
            row = with_retry(lane, row, existing.get("attempts", 0) + row["attempts"])
        revision = existing["revision"] + 1
        existing = lane.tracking.replace(row, existing)
    written = waiting({**row, "revision": revision})
    return TrackResult(str(status), size - before, written, file.date_prefix)


def waiting(row: Row) -> Member | None:
    """Return a row as a member of a batch, if it is pending."""
    return member_of(row) if row["status"] == FileStatus.PENDING else None


def _belongs_to_another_upload(lane: Ndjson, file: File, existing: Row) -> bool:
    """Tell of a row of this version whether other content came between its upload and this one."""
    if existing["status"] == FileStatus.RELEASED or not is_row_of_version(existing, file):
        return False
    if not is_later(file, existing):
        return False
    versions = list(of_path(lane, file))
    if not any(
        row["file_name"] == existing["file_name"] and is_row_of_version(row, file) for row in versions
    ):
        return False  # the row has become a newer version's since it was read
    newest = newest_of_version(versions, file)
    return newest is None or newest["file_name"] != existing["file_name"]


def with_retry(lane: Ndjson, row: Row, attempts: int) -> Row:
    """Return a failed row with its attempts and when it is tried again; any other as it is."""
    if row["status"] != FileStatus.FAILED:
        return row
    wait = (
        ARCHIVE_RETRY if "storage_class" in row else timedelta(seconds=lane.settings.reconcile_grace_seconds)
    )
    at = timestamp(lane.clock() + wait) if attempts < MAX_ATTEMPTS else NEVER
    return {**row, "attempts": attempts, "quarantined_at": at}
