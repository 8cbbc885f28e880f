"""Write and find the tracking row of one version of a file, under one of its names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.aws.items import Row
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.tracking import (
    File,
    FileStatus,
    Verdict,
    is_row_of_version,
    row_names,
    tracking_row,
    verdict_on,
)


@dataclass(frozen=True, slots=True)
class TrackResult:
    """What became of one file: `added_bytes` are newly pending, `waits` when its row is pending.

    `date_prefix` is the row's date; empty when no row was looked for.
    """

    outcome: str
    added_bytes: int = 0
    waits: bool = False
    date_prefix: str = ""


def record(lane: Ndjson, file: File, status: FileStatus, **details: Any) -> TrackResult:
    """Write the file's row, unless this version or a newer one has a row."""
    for name in row_names(file.path, file.name):
        row = tracking_row(file, name, status, lane.clock(), **details, **lane.audit)
        tracked = _record_under(lane, file, status, row)
        if tracked:
            return tracked
    raise RuntimeError(f"{file.path} has too many versions on {file.date_prefix}: give new files new names")


def find(lane: Ndjson, file: File) -> Row | None:
    """Return the row of this version."""
    for name in row_names(file.path, file.name):
        row = lane.tracking.find(file.date_prefix, name)
        if row is None:
            return None
        if is_row_of_version(row, file):
            return row
    return None


def _record_under(lane: Ndjson, file: File, status: FileStatus, row: Row) -> TrackResult | None:
    waits = status is FileStatus.PENDING
    size, before = row["size_bytes"] if waits else 0, 0
    existing = lane.tracking.create(row)
    while existing is not None:
        verdict = verdict_on(existing, file, status)
        if verdict is Verdict.TAKEN:
            return None
        if verdict is not Verdict.REPLACED:
            waits = existing["status"] == FileStatus.PENDING
            return TrackResult(str(verdict), waits=waits, date_prefix=file.date_prefix)
        before = existing["size_bytes"] if existing["status"] == FileStatus.PENDING else 0
        if waits and "pending_since" in existing:  # it goes on waiting: its age flush must not be put off
            row = {**row, "pending_since": existing["pending_since"]}
        existing = lane.tracking.replace(row, existing)
    return TrackResult(str(status), size - before, waits, file.date_prefix)
