"""Write and find the tracking row of a version of a file, wherever its name lets it be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.aws.items import Row
from chalicelib.ndjson import Ndjson
from chalicelib.tracking import File, Standing, Status, row_names, standing_of, tracking_row

REPLACES: dict[Status, tuple[tuple[Status, ...], tuple[Status, ...]]] = {
    # what a status replaces in place: when it holds another version of the path, and whichever it holds
    Status.PENDING: ((Status.PENDING,), (Status.QUARANTINED, Status.VANISHED, Status.RELEASED)),
    Status.QUARANTINED: ((Status.PENDING, Status.QUARANTINED), (Status.VANISHED,)),
    Status.VANISHED: ((), ()),
}


@dataclass(frozen=True, slots=True)
class Tracked:
    """What became of one file: `added_bytes` are newly pending, `waits` when its row is pending."""

    outcome: str
    added_bytes: int = 0
    waits: bool = False


def record(lane: Ndjson, file: File, status: Status, **details: Any) -> Tracked:
    """Write the file's row, unless a row already tells of this version or a newer one."""
    by_newer, by_any = REPLACES[status]
    for name in row_names(file):
        row = tracking_row(file, name, status, lane.clock(), **details)
        written = lane.tracking.record(row, file.versions, by_newer, by_any)
        if written.refused_by is None:
            return Tracked(str(status), _added(row, written.replaced), waits=status is Status.PENDING)
        standing = standing_of(written.refused_by, file)
        if standing is not Standing.TAKEN:
            return Tracked(str(standing), waits=written.refused_by["status"] == Status.PENDING)
    raise RuntimeError(f"{file.path} has too many versions on {file.date_prefix}: give new files new names")


def find(lane: Ndjson, file: File) -> Row | None:
    """Return the row that tells of this version, or of its release from quarantine."""
    for name in row_names(file):
        row = lane.tracking.find(file.date_prefix, name)
        if row is None:
            return None
        if row["file_path"] == file.path and (
            row["etag"] in file.versions or row["status"] == Status.RELEASED
        ):
            return row
    return None


def _added(row: Row, replaced: Row | None) -> int:
    before = replaced["size_bytes"] if replaced and replaced["status"] == Status.PENDING else 0
    now: int = row["size_bytes"] if row["status"] == Status.PENDING else 0
    return now - before
