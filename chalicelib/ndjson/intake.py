"""One NDJSON file that arrived: accepted, quarantined, or gone; its row says which."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.aws.bucket import StoredObject
from chalicelib.events import S3_ETAG
from chalicelib.ndjson import rows
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.quarantine import quarantine
from chalicelib.ndjson.rows import TrackResult
from chalicelib.ndjson.tracking import ACCEPTED, File, FileStatus
from chalicelib.ndjson.validation import CHECKED_BYTES, judge


def track(lane: Ndjson, file: File) -> TrackResult:
    """Validate a file and write its row.

    The version that the event names counts. The version that is there counts when the event lacks ETag or
    size, when a listing found the file, and when the file is invalid: only what is there can be moved. A
    version that was accepted or released is never quarantined.
    """
    checked = lane.settings.ndjson_content_check
    if not checked and _is_told_by_event(file) and not judge(lane.settings, file.key, file.size_bytes):
        return rows.record(lane, file, FileStatus.PENDING)
    seen = lane.bucket.read(file.key, CHECKED_BYTES if checked else 0)
    if seen is None:
        return rows.record(lane, file, FileStatus.VANISHED, reason="gone before it was processed")
    if seen.archived:
        reason = f"it lies in storage class {seen.archived}: restore it, and it is tracked within two hours"
        found = _known(file, seen)
        return rows.record(
            lane, found, FileStatus.FAILED, reason=reason, storage_class=seen.archived, attempts=0
        )
    known = _known(file, seen).released_of(lane.released.claims(seen))
    reason = judge(lane.settings, known.key, known.size_bytes, seen)
    if reason and known.etag != seen.etag:
        known = known.as_seen(seen.etag, seen.size)
        reason = judge(lane.settings, known.key, known.size_bytes, seen)
    return _reject(lane, known, seen, reason) if reason else rows.record(lane, known, FileStatus.PENDING)


def _is_told_by_event(file: File) -> bool:
    """Tell whether the object need not be looked at; of one part is what comes back from quarantine."""
    return bool(file.etag) and not file.listed and not file.etag.endswith("-1")


def _known(file: File, seen: StoredObject) -> File:
    """Return the file as it was found: of an object that was read nobody's word on its size counts."""
    if file.listed or not file.size_bytes or not S3_ETAG.fullmatch(file.etag):
        return file.as_seen(seen.etag, seen.size)
    return replace(file, current_etag=seen.etag, size_bytes=seen.size)


def _reject(lane: Ndjson, file: File, seen: StoredObject, reason: str) -> TrackResult:
    of_path = list(rows.of_path(lane, file))
    existing = rows.own_row(of_path, file)
    if existing and existing["status"] in ACCEPTED:
        return TrackResult("unchanged", 0, rows.waiting(existing), file.date_prefix)
    if existing and existing["status"] == FileStatus.RELEASED:
        if not lane.bucket.is_unchanged(seen):
            return TrackResult("changed")  # it was moved and released meanwhile: its own event comes
        return rows.record(lane, file, FileStatus.PENDING)
    return quarantine(lane, file, seen, reason, of_path)
