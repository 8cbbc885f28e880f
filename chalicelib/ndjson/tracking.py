"""Tracking rows: one per version of an NDJSON file, found again by any repeat of its event.

A row is named by the file's name. When another path, or a version that is already in a manifest, holds that
name, the next of `row_names` is tried, so every repeat walks the same way to the same row.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from chalicelib.aws.items import Row
from chalicelib.aws.tracking_keys import FAILED, QUARANTINED
from chalicelib.events import S3_ETAG, ObjectEvent
from chalicelib.settings import BYTES_PER_MB

ROW_NAME_LIMIT_BYTES = 1024  # DynamoDB: a sort key
MAX_ROWS_OF_ONE_NAME = 1000  # versions of one path on one date; a walk that long is a fault
SEQUENCER_DIGITS = 32  # S3: compare sequencers padded on the right to one length
RELEASED_DATE_METADATA = "sluice-date"  # of an object that came back from quarantine: its row's date,
RELEASED_ETAG_METADATA = "sluice-etag"  # and the ETag of the version that was released
DATE = re.compile(r"(?=([0-9]{4}-[0-9]{2}-[0-9]{2}))")


class FileStatus(StrEnum):
    """What became of a version of a file.

    `released` waits for its file to come back from quarantine, `failed` for another try.
    """

    PENDING = "pending"
    MANIFESTED = "manifested"
    QUARANTINED = "quarantined"
    VANISHED = "vanished"
    RELEASED = "released"
    FAILED = "failed"


ACCEPTED = (FileStatus.PENDING, FileStatus.MANIFESTED)
# Which rows a new row of a status replaces in place: those of another version of its path, then of its own
REPLACES_OTHER_VERSIONS = {
    FileStatus.PENDING: {*FileStatus} - {FileStatus.MANIFESTED},
    FileStatus.QUARANTINED: {*FileStatus} - {FileStatus.MANIFESTED, FileStatus.RELEASED},
    FileStatus.FAILED: {*FileStatus} - {FileStatus.MANIFESTED, FileStatus.RELEASED},
    FileStatus.VANISHED: set[FileStatus](),
}
REPLACES_SAME_VERSION = {
    FileStatus.PENDING: {*FileStatus} - {*ACCEPTED},
    FileStatus.QUARANTINED: {FileStatus.VANISHED, FileStatus.FAILED},
    FileStatus.FAILED: {FileStatus.VANISHED, FileStatus.FAILED},
    FileStatus.VANISHED: {FileStatus.FAILED},
}


class Verdict(StrEnum):
    """What an existing row means for a file that would take its name."""

    SAME = "unchanged"
    NEWER = "stale"
    REPLACED = "replaced"
    TAKEN = "taken"  # by another path, or by a version whose row is kept: try the next name


@dataclass(frozen=True, slots=True)
class File:
    """One version of a file to track; `current_etag` is what the object had when it was last looked at.

    `listed` tells that a listing found it, and no event: then the version that is there counts.
    `released_etag` is the ETag that the version had when it was released from quarantine.
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
        """Tell whether another version lay there than the event named; only an ETag of S3's names one."""
        found = self.current_etag not in {"", self.etag}
        return found and bool(S3_ETAG.fullmatch(self.etag))

    @property
    def identity(self) -> str:
        """The name of this version, in hexadecimal digits."""
        return hashlib.sha256(f"{self.path}\n{self.etag}".encode()).hexdigest()[:32]

    def released_of(self, metadata: Mapping[str, str]) -> File:
        """Return the file with the date and ETag of the row that released it, if the metadata tell of one."""
        found = "" if date_in(self.key) else date_in(metadata.get(RELEASED_DATE_METADATA, ""))
        etag = metadata.get(RELEASED_ETAG_METADATA, "")
        return replace(self, date_prefix=found or self.date_prefix, released_etag=etag)

    def as_seen(self, etag: str, size_bytes: int) -> File:
        """Return the version that was found instead of the event's; the event's sequencer is not its own."""
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


def file_at(path: str, etag: str, date_prefix: str, size_bytes: int = 0) -> File:
    """Return a file by its S3 URL, as an event without sequencer would."""
    bucket, _, key = path.removeprefix("s3://").partition("/")
    return File(bucket, key, size_bytes, etag, "", date_prefix, key.rpartition("/")[2] or key)


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


def verdict_on(row: Row, file: File, status: FileStatus) -> Verdict:
    """Decide about a row that has one of the file's names, when the file is to get `status`.

    A row that says where bytes lie (`moved_to`) is never replaced, unless its file came back from there.
    """
    if row["file_path"] != file.path:
        return Verdict.TAKEN
    lies_elsewhere = "moved_to" in row and row["status"] != FileStatus.RELEASED
    if is_row_of_version(row, file):
        if lies_elsewhere and status is FileStatus.PENDING:
            return Verdict.TAKEN if is_later(file, row) else Verdict.SAME
        return Verdict.REPLACED if row["status"] in REPLACES_SAME_VERSION[status] else Verdict.SAME
    if file.sequencer and row.get("sequencer", "") > file.sequencer:
        return Verdict.NEWER
    if row["status"] == FileStatus.MANIFESTED or _is_kept(row, file, status):
        return Verdict.TAKEN
    return Verdict.REPLACED if row["status"] in REPLACES_OTHER_VERSIONS[status] else Verdict.SAME


def _is_kept(row: Row, file: File, status: FileStatus) -> bool:
    """Tell whether a row is kept for its version: it says where that lies, or waits for it to come back.

    A file that failed unread may be older than the row, unless its event tells that it is newer.
    """
    is_unaccepted = status in {FileStatus.QUARANTINED, FileStatus.FAILED}
    waits = row["status"] == FileStatus.RELEASED and bool(is_unaccepted or file.released_etag)
    unread = status is FileStatus.FAILED and not (file.sequencer or file.listed)
    return ("moved_to" in row and status is not FileStatus.VANISHED) or waits or unread


def is_later(file: File, row: Row) -> bool:
    """Tell whether a file of a row's version may be another upload than the row's: a repeat is not later."""
    then = row.get("sequencer", "")
    return file.listed or bool(file.sequencer and then and file.sequencer > then)


def newest_of_version(rows: Sequence[Row], file: File) -> Row | None:
    """Return of a path's `rows`, in the order of their names, the newest of the file's version.

    None when another version came after it: the same content again is another upload then.
    """
    newest = None
    for row in rows:
        if newest is None or not _is_before(row, newest):
            newest = row
    return newest if newest and is_row_of_version(newest, file) else None


def _is_before(row: Row, earlier_name: Row) -> bool:
    """Tell by sequencers whether a row is older than one with an earlier name; else names tell the order."""
    one, other = row.get("sequencer", ""), earlier_name.get("sequencer", "")
    return bool(one and other) and one < other


def is_row_of_version(row: Row, file: File) -> bool:
    """Tell whether a row is of this version of this path, so that its event brings nothing new.

    When an event finds its version overwritten, the row names in `seen_etag` the version that lay there and
    was judged. The row is of that version then, not of the event's. A released version has another ETag when
    it comes back.
    """
    if row["file_path"] != file.path:
        return False
    there = file.current_etag or file.etag
    if row["status"] == FileStatus.RELEASED:
        return row["etag"] in {file.released_etag, there}
    if "seen_etag" in row:
        return bool(row["seen_etag"] == there or (row["etag"] == file.etag != there))
    return row["etag"] in {file.etag, there}


def tracking_row(file: File, name: str, status: FileStatus, now: datetime, **details: Any) -> Row:
    """Build a row of `docs/contracts/tracking-row.schema.json`, with the keys of its sparse index, if any."""
    stamp = timestamp(now)
    indexes: dict[FileStatus, Row] = {
        FileStatus.QUARANTINED: {"quarantine": QUARANTINED, "quarantined_at": stamp},
        FileStatus.FAILED: {"quarantine": FAILED},  # `rows` adds when it is tried again
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
