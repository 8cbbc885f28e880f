"""Tracking rows: one per version of an NDJSON file, found again by any repeat of its event (seed 003).

A row is named by the file's name. When another path, or a version that is already in a manifest, holds that
name, the next of `row_names` is tried, so every repeat walks the same way to the same row.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from chalicelib.aws.items import Row
from chalicelib.events import S3_ETAG, ObjectEvent
from chalicelib.settings import BYTES_PER_MB

ROW_NAME_LIMIT_BYTES = 1024  # DynamoDB: a sort key
MAX_ROWS_OF_ONE_NAME = 1000  # versions of one path on one date; a walk that long is a fault
SEQUENCER_DIGITS = 32  # S3: compare sequencers padded on the right to one length
RELEASED_DATE_METADATA = "sluice-date"  # of an object that came back from quarantine: its row's date,
RELEASED_ETAG_METADATA = "sluice-etag"  # and the ETag of the version that was released
DATE = re.compile(r"(?=([0-9]{4}-[0-9]{2}-[0-9]{2}))")


class Status(StrEnum):
    """What became of a version of a file; `released` waits for its file to come back from quarantine."""

    PENDING = "pending"
    MANIFESTED = "manifested"
    QUARANTINED = "quarantined"
    VANISHED = "vanished"
    RELEASED = "released"


# Which rows a new one of a status replaces in place: those of another version of the path, and all of it
REPLACES_OTHER_VERSIONS = {
    Status.PENDING: {Status.PENDING, Status.QUARANTINED, Status.VANISHED, Status.RELEASED},
    Status.QUARANTINED: {Status.PENDING, Status.QUARANTINED, Status.VANISHED},
    Status.VANISHED: set[Status](),
}
REPLACES_SAME_VERSION = {
    Status.PENDING: {Status.QUARANTINED, Status.VANISHED, Status.RELEASED},
    Status.QUARANTINED: {Status.VANISHED},
    Status.VANISHED: set[Status](),
}


class Standing(StrEnum):
    """What the row that has a name means for a file that came under it."""

    SAME = "unchanged"
    NEWER = "stale"
    REPLACED = "replaced"
    TAKEN = "taken"  # by another path, or by a version in a manifest: try the next name


@dataclass(frozen=True, slots=True)
class File:
    """One version of a file to track; `current_etag` is what the object had when it was last looked at.

    `listed` when a listing shows it and no event: then what counts is the version that is there.
    `released_etag` is of the version that came back from quarantine as this one.
    """

    bucket: str
    key: str
    size_bytes: int
    etag: str
    sequencer: str
    date_prefix: str
    name: str
    current_etag: str = ""
    listed: bool = False
    released_etag: str = ""

    @property
    def path(self) -> str:
        """The S3 URL, with the key as it is."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def found_another(self) -> bool:
        """Tell whether its version was overwritten when it was looked at, if ever it was one of S3's."""
        found = self.current_etag not in {"", self.etag}
        return found and bool(S3_ETAG.fullmatch(self.etag))

    @property
    def identity(self) -> str:
        """The version's own name, in hexadecimal digits."""
        return hashlib.sha256(f"{self.path}\n{self.etag}".encode()).hexdigest()[:32]

    def released_of(self, metadata: Mapping[str, str]) -> File:
        """Return the file with what its object's metadata tell of the row that released it, if one did."""
        found = "" if date_in(self.key) else date_in(metadata.get(RELEASED_DATE_METADATA, ""))
        etag = metadata.get(RELEASED_ETAG_METADATA, "")
        return replace(self, date_prefix=found or self.date_prefix, released_etag=etag)

    def as_seen(self, etag: str, size_bytes: int) -> File:
        """Return the version that was found where the event's was expected; the event does not order it."""
        return replace(self, etag=etag, size_bytes=size_bytes, current_etag=etag, sequencer="")


def file_of(event: ObjectEvent) -> File:
    """Return the file that an event tells of."""
    date_prefix, name = extract_date_and_filename(event.key, event.event_time)
    return File(
        bucket=event.bucket,
        key=event.key,
        size_bytes=event.size_bytes,
        etag=event.etag,
        sequencer=event.sequencer.upper().ljust(SEQUENCER_DIGITS, "0") if event.sequencer else "",
        date_prefix=date_prefix,
        name=name,
    )


def extract_date_and_filename(key: str, event_time: datetime) -> tuple[str, str]:
    """Return the first valid calendar date in `key`, else the event's in UTC, and the last path segment."""
    name = key.rpartition("/")[2] or key
    return date_in(key) or event_time.astimezone(UTC).strftime("%Y-%m-%d"), name


def date_in(key: str) -> str:
    """Return the first valid calendar date in `key`, or an empty text."""
    found = (match.group(1) for match in DATE.finditer(key))
    return next((text for text in found if _is_date(text)), "")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def row_names(path: str, name: str) -> Iterator[str]:
    """Yield the names a row of the file at this S3 URL may have, in the order to try them."""
    yield name
    for ordinal in range(1, MAX_ROWS_OF_ONE_NAME):
        digest = hashlib.sha256(f"{path}\n{ordinal}".encode()).hexdigest()[:16]
        room = ROW_NAME_LIMIT_BYTES - len(digest) - 1
        yield f"{name.encode()[:room].decode(errors='ignore')}#{digest}"


def standing_of(row: Row, file: File, status: Status) -> Standing:
    """Tell what to do about a row that has one of the file's names, for a file that is to get `status`."""
    if row["file_path"] != file.path:
        return Standing.TAKEN
    if is_row_of_version(row, file):
        return Standing.REPLACED if row["status"] in REPLACES_SAME_VERSION[status] else Standing.SAME
    if file.sequencer and row.get("sequencer", "") > file.sequencer:
        return Standing.NEWER
    if row["status"] == Status.MANIFESTED or _waits_for_another(row, file, status):
        return Standing.TAKEN
    return Standing.REPLACED if row["status"] in REPLACES_OTHER_VERSIONS[status] else Standing.SAME


def _waits_for_another(row: Row, file: File, status: Status) -> bool:
    """Tell whether a row's version is on its way back, which this file is neither nor takes the place of."""
    return row["status"] == Status.RELEASED and bool(status is Status.QUARANTINED or file.released_etag)


def is_row_of_version(row: Row, file: File) -> bool:
    """Tell whether a row of the same path is of this version, so that its event brings nothing new.

    An event may come when its version was overwritten: the row then says in `seen_etag` what lay there and
    was judged, and is a row of that version, not of the one that the event names. What was released has
    another ETag when it comes back.
    """
    there = file.current_etag or file.etag
    if row["status"] == Status.RELEASED:
        return row["etag"] in {file.released_etag, there}
    if "seen_etag" in row:
        return bool(row["seen_etag"] == there or (row["etag"] == file.etag != there))
    return row["etag"] in {file.etag, there}


def tracking_row(file: File, name: str, status: Status, now: datetime, **details: Any) -> Row:
    """Build the row of the contract; pending and quarantined rows carry the keys of their sparse index."""
    stamp = timestamp(now)
    indexes: dict[Status, Row] = {
        Status.PENDING: {"pending_since": stamp},
        Status.QUARANTINED: {"quarantine": "1", "quarantined_at": stamp},
    }
    row: Row = {
        "date_prefix": file.date_prefix,
        "file_name": name,
        "file_path": file.path,
        "file_size_mb": round(file.size_bytes / BYTES_PER_MB, 6),
        "size_bytes": file.size_bytes,
        "etag": file.etag,
        "seen_etag": file.current_etag if file.found_another else None,
        "sequencer": file.sequencer or None,
        "status": str(status),
        "created_at": stamp,
        **indexes.get(status, {}),
        **details,
    }
    return {key: value for key, value in row.items() if value is not None}


def timestamp(moment: datetime) -> str:
    """Return a moment as rows have it: UTC, milliseconds, sorting by time."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
