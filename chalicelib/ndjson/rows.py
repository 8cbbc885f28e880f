"""Write and find the tracking row of a version of a file, wherever its name lets it be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.aws.items import Row
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.tracking import (
    File,
    Standing,
    Status,
    is_row_of_version,
    row_names,
    standing_of,
    tracking_row,
)


@dataclass(frozen=True, slots=True)
class Tracked:
    """What became of one file: `added_bytes` are newly pending, `waits` when its row is pending.

    `date_prefix` is the row's date; empty when no row was looked for.
    """

    outcome: str
    added_bytes: int = 0
    waits: bool = False
    date_prefix: str = ""


def record(lane: Ndjson, file: File, status: Status, **details: Any) -> Tracked:
    """Write the file's row, unless a row already tells of this version or a newer one."""
    for name in row_names(file.path, file.name):
        row = tracking_row(file, name, status, lane.clock(), **details, **lane.audit)
        tracked = _record_under(lane, file, status, row)
        if tracked:
            return tracked
    raise RuntimeError(f"{file.path} has too many versions on {file.date_prefix}: give new files new names")


def find(lane: Ndjson, file: File) -> Row | None:
    """Return the row that tells of this version."""
    for name in row_names(file.path, file.name):
        row = lane.tracking.find(file.date_prefix, name)
        if row is None:
            return None
        if row["file_path"] == file.path and is_row_of_version(row, file):
            return row
    return None


def _record_under(lane: Ndjson, file: File, status: Status, row: Row) -> Tracked | None:
    waits = status is Status.PENDING
    size, before = row["size_bytes"] if waits else 0, 0
    standing = lane.tracking.create(row)
    while standing is not None:
        verdict = standing_of(standing, file, status)
        if verdict is Standing.TAKEN:
            return None
        if verdict is not Standing.REPLACED:
            waits = standing["status"] == Status.PENDING
            return Tracked(str(verdict), waits=waits, date_prefix=file.date_prefix)
        before = standing["size_bytes"] if standing["status"] == Status.PENDING else 0
        if waits and "pending_since" in standing:  # it waits on: its age flush must not move away from it
            row = {**row, "pending_since": standing["pending_since"]}
        standing = lane.tracking.replace(row, standing)
    return Tracked(str(status), size - before, waits, file.date_prefix)
