"""What the NDJSON lane promises about any story of uploads, messages, thresholds, deaths and clocks.

The model keeps what users did; what Sluice stored is judged against that alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from chalicelib.ndjson.tracking import FileStatus, date_in
from tests.support.builders import NDJSON
from tests.support.lanes import ndjson
from tests.support.reset import stored

INVALID = b"no json\n"
ENDED = {FileStatus.MANIFESTED, FileStatus.QUARANTINED, FileStatus.VANISHED}  # what a row may say at the end

Version = tuple[str, str, str]  # key, ETag and, where the key tells none, the date


@dataclass(eq=False)
class File:
    """One version that a user put; `record` is S3's record in its event."""

    key: str
    body: bytes
    etag: str
    modified: datetime
    record: Any
    released: bool = False  # an operator had it brought back from quarantine

    @property
    def version(self) -> Version:
        """What tells versions apart; without a date in the key, another day makes another version."""
        return self.key, self.etag, date_in(self.key) or f"{self.modified:%Y-%m-%d}"


@dataclass
class Story:
    """What happened outside Sluice so far; `there` holds the versions that users left in place."""

    files: list[File] = field(default_factory=list)
    there: dict[str, File] = field(default_factory=dict)
    unchecked: bool = False  # while the content check is off, invalid files may be accepted

    def put(self, file: File) -> None:
        """Add a version; it overwrites the one under its key."""
        self.files.append(file)
        self.there[file.key] = file

    def uploads_of(self, version: Version) -> int:
        """Return how often a version came; right after itself it counts once, as a repeat would."""
        history = [file.version for file in self.files if file.key == version[0]]
        return sum(one == version != before for before, one in pairwise([None, *history]))

    def allowed(self, file: File) -> set[str]:
        """Return the outcomes that a current version may have."""
        if file.body != INVALID or file.released:
            return {FileStatus.MANIFESTED}
        return {FileStatus.QUARANTINED, FileStatus.MANIFESTED} if self.unchecked else {FileStatus.QUARANTINED}


def broken_promises(story: Story, glue_job: str) -> list[str]:
    """Return every way in which what is stored breaks a promise; empty when all holds."""
    rows = ndjson.rows()
    return [
        *ndjson.imbalance(),
        *_of_rows(rows, story),
        *(fault for file in story.there.values() for fault in _of_file(file, rows, story)),
        *(fault for row in rows if lies_in_quarantine(row) for fault in _of_moved(row, story)),
        *ndjson.run_faults(glue_job),
        *(f"still locked: {lock}" for lock in ndjson.items("LOCK#")),
    ]


def _of_rows(rows: list[dict[str, Any]], story: Story) -> list[str]:
    known = {file.version for file in story.files}
    count = Counter(map(_version, rows))
    faults = [
        f"{times} rows of a version that came {most} times: {each}"
        for each, times in count.items()
        if each in known and times > (most := story.uploads_of(each))
    ]
    # under a key without a date an event may find what was uploaded a day later: then its own version counts
    faults += [
        f"a row of nothing that was uploaded: {_version(row)}"
        for row in rows
        if not {_version(row), _version({**row, "seen_etag": row["etag"]})} & known
    ]
    sizes = {(file.key, file.etag): len(file.body) for file in story.files}
    faults += [
        f"{_version(row)} has {row['size_bytes']} bytes in its row"
        for row in rows
        if row["status"] != FileStatus.VANISHED and row["size_bytes"] != sizes.get(_version(row)[:2])
    ]
    return faults + [
        f"left {row['status']}: {row['file_path']}"
        for row in rows
        if row["status"] not in ENDED and not _came_back_in_vain(row, story)
    ]


def _came_back_in_vain(row: dict[str, Any], story: Story) -> bool:
    """Tell of a released row whether a user overwrote or deleted its file before the event of its return."""
    key = row["file_path"].removeprefix(f"s3://{NDJSON}/")
    back = key in story.there and story.there[key].released
    return row["status"] == FileStatus.RELEASED and not back


def _of_file(file: File, rows: list[dict[str, Any]], story: Story) -> list[str]:
    statuses = {row["status"] for row in rows if _version(row) == file.version}
    if not statuses or statuses - story.allowed(file):
        return [f"{file.key} {file.etag} is {statuses}, one of {sorted(story.allowed(file))} was promised"]
    there = stored(NDJSON, file.key)
    if statuses == {FileStatus.QUARANTINED}:
        return [f"quarantined, and still there: {file.key}"] if there else []
    if there is None or there.value != file.body:
        moved = there is None and FileStatus.QUARANTINED in statuses  # it came again, and the check was on
        return [] if moved else [f"its bytes are gone: {file.key}"]
    return [] if file.released else _of_newest(file, rows)  # it may have an older event's sequencer


def _of_newest(file: File, rows: list[dict[str, Any]]) -> list[str]:
    """Judge that what was loaded last is what lies there, as far as sequencers tell."""
    path = f"s3://{NDJSON}/{file.key}"
    loaded = [row for row in rows if row["file_path"] == path and row["status"] == FileStatus.MANIFESTED]
    if not all("sequencer" in row for row in loaded):
        return []
    newest = max(loaded, key=lambda row: str(row["sequencer"]))
    return [] if _version(newest) == file.version else [f"{newest['etag']} was loaded last: {file.version}"]


def lies_in_quarantine(row: dict[str, Any]) -> bool:
    """Tell whether a row says that its file lies in quarantine."""
    return "moved_to" in row and row["status"] != FileStatus.RELEASED


def _of_moved(row: dict[str, Any], story: Story) -> list[str]:
    bucket, _, key = row["moved_to"].removeprefix("s3://").partition("/")
    there = stored(bucket, key)
    body = next(file.body for file in story.files if (file.key, file.etag) == _version(row)[:2])
    right = there is not None and there.value == body
    return [] if right else [f"{row['moved_to']} does not hold what came as {row['file_path']}"]


def _version(row: dict[str, Any]) -> Version:
    seen = row.get("seen_etag", row["etag"])
    return row["file_path"].removeprefix(f"s3://{NDJSON}/"), seen, row["date_prefix"]
