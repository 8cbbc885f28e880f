"""`POST /quarantine/release`: a quarantined file goes back to where it came from, past validation once.

The row is marked first. Then the file is copied back, never over another, and its quarantined copy is
deleted. A process that dies anywhere leaves a row that may be released again, which finishes the way back. A
file that never moved (there is no quarantine bucket) is announced to the lane's queue again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.actions.requests import read_body, read_object_key, read_text
from chalicelib.api.answers import Body
from chalicelib.api.http_request import Operator
from chalicelib.aws.bucket import Bucket, StoredObject
from chalicelib.aws.copying import CopyTarget, KeysTakenError, SourceChanged
from chalicelib.aws.items import Row
from chalicelib.aws.redrive import MessageTarget
from chalicelib.aws.release_log import ReleaseLog
from chalicelib.aws.tracking_reader import TrackingReader
from chalicelib.errors import ConflictError, NotFoundError
from chalicelib.landing.catalog import identify
from chalicelib.logs import log
from chalicelib.ndjson.tracking import RELEASED_DATE_METADATA, RELEASED_ETAG_METADATA, FileStatus
from chalicelib.status.explain_ndjson import key_in, tracking_rows

RELEASABLE = (FileStatus.QUARANTINED, FileStatus.RELEASED)
READ_BYTES = 4096
INDEX_PAGES = 50  # megabytes, some 100,000 quarantined files, looked through for a key without a date


@dataclass(frozen=True, slots=True)
class Releases:
    """What releases work with; `arrivals` and `target` are the NDJSON bucket, read and copied into."""

    tracking: TrackingReader
    log: ReleaseLog
    arrivals: Bucket
    target: CopyTarget
    quarantine: Bucket
    queue: MessageTarget
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def release(releases: Releases, body: object, operator: Operator) -> Body:
    """Release the newest quarantined version of a key, or the one of `etag`; refuse what cannot come back.

    A release that was begun comes first, so that asking again lets no other version pass.
    """
    fields = read_body(body, "key", "etag")
    key, etag = read_object_key(fields), read_text(fields, "etag", "").strip('"')
    row, back = _first_that_can_come_back(releases, _releasable(releases, key, etag))
    at = releases.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    if not releases.log.release(row, operator.role, operator.address, at):
        raise ConflictError(f"{key[:200]!r} changed while it was released: look at it again")
    try:
        back()
    except (KeysTakenError, SourceChanged):
        if not _is_back(releases, row):  # as it is when two operators ask at once
            releases.log.take_back(row)
            raise ConflictError(
                f"{key[:200]!r} changed while it was released, perhaps by a newer upload: look at it again"
            ) from None
    releases.log.leave_quarantine(row)
    log.info("released", extra={"key": key, "by": operator.role, "address": operator.address})
    return {
        "key": key_in(row["file_path"]),
        "status": "released",
        "location": row["file_path"],
        "reason": row.get("reason"),
        "message": "It is back and will be accepted as it is: watch it under /batches or /explain.",
    }


def _releasable(releases: Releases, key: str, etag: str) -> list[Row]:
    """Return the rows to try: those whose release was begun, then the newest quarantined one.

    With an `etag` only rows of the version that was looked at count.
    """
    bucket = releases.arrivals.name
    rows = tracking_rows(releases.tracking, bucket, key, releases.arrivals.head(key), releases.clock())
    found = [row for row in rows if row["status"] in RELEASABLE]
    found = found or releases.tracking.quarantined_of(f"s3://{bucket}/{key}", INDEX_PAGES)
    seen = [row for row in found if etag in {"", row["etag"]}]
    if found and not seen:
        raise ConflictError(f"another version of {key[:200]!r} is in quarantine by now: look at it again")
    if seen:
        newest_first = sorted(seen, key=lambda row: str(row["created_at"]), reverse=True)
        begun = [row for row in newest_first if row["status"] == FileStatus.RELEASED]
        return begun + [row for row in newest_first if row not in begun][:1]
    if rows:
        raise ConflictError(f"{key[:200]!r} is not in quarantine: it is {rows[0]['status']}")
    raise NotFoundError(f"{key[:200]!r} is not in quarantine: GET /quarantine lists the keys that are")


def _first_that_can_come_back(releases: Releases, rows: list[Row]) -> tuple[Row, Callable[[], None]]:
    refusals = list[ConflictError]()
    for row in rows:
        try:
            return row, _way_back(releases, row)
        except ConflictError as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _way_back(releases: Releases, row: Row) -> Callable[[], None]:
    """Return the function that brings the file back; raise ConflictError when none can."""
    key = key_in(row["file_path"])
    there = releases.arrivals.head(key)
    if not row.get("moved_to"):
        if there is None:
            raise ConflictError(f"{row['file_path']} is gone: upload it again")
        if there.etag != row["etag"]:
            raise ConflictError(f"another file lies at {row['file_path']}: this one was overwritten")
        return lambda: _announce(releases, there, str(row["date_prefix"]))
    parked = releases.quarantine.read(key_in(row["moved_to"]), READ_BYTES)
    if parked is None:
        if _is_back(releases, row):
            return lambda: None
        raise ConflictError(f"{row['moved_to']} is gone: upload the file again")
    identity = identify(releases.quarantine.name, parked.key, parked.etag, parked.last_modified)
    if there and not releases.target.is_copy(there, identity, parked):
        raise ConflictError(f"another file lies at {row['file_path']}: move that away before releasing this")
    return lambda: _bring_back(releases, parked, key, identity, _marks(row))


def _marks(row: Row) -> dict[str, str]:
    return {RELEASED_DATE_METADATA: str(row["date_prefix"]), RELEASED_ETAG_METADATA: str(row["etag"])}


def _is_back(releases: Releases, row: Row) -> bool:
    """Tell whether a release, perhaps another one, has brought a file back to where it came from."""
    back = releases.arrivals.head(key_in(row["file_path"]))
    return back is not None and _marks(row).items() <= releases.target.claims(back).items()


def _bring_back(
    releases: Releases, parked: StoredObject, key: str, identity: str, metadata: dict[str, str]
) -> None:
    was = metadata[RELEASED_ETAG_METADATA]
    releases.target.copy_once(releases.quarantine, parked, [key], identity, metadata, unlike=was)
    releases.quarantine.delete_if_match(parked.key, parked.etag)


def _announce(releases: Releases, found: StoredObject, date: str) -> None:
    """Announce a file that never moved, with the date of its row in case its key has none."""
    same_day = found.last_modified.date().isoformat() == date
    message = {
        "bucket": releases.arrivals.name,
        "key": found.key,
        "etag": found.etag,
        "size": found.size,
        "last_modified": found.last_modified.isoformat() if same_day else f"{date}T00:00:00Z",
    }
    releases.queue.send(json.dumps(message))
