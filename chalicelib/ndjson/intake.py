"""One NDJSON file that arrived: accepted, quarantined, or gone; its row says which."""

from __future__ import annotations

from dataclasses import replace

from chalicelib.aws.bucket import StoredObject
from chalicelib.ndjson import rows
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.quarantine import quarantine
from chalicelib.ndjson.rows import Tracked
from chalicelib.ndjson.tracking import File, Status
from chalicelib.ndjson.validation import CHECKED_BYTES, check_lines, validate_file

ACCEPTED = (Status.PENDING, Status.MANIFESTED)


def track(lane: Ndjson, file: File) -> Tracked:
    """Validate a file and write its row.

    The event's version counts, unless the event lacks its ETag or size, there is no event, or the file is
    invalid: what moves to quarantine is the version that is there. What was once accepted, or released, is
    never quarantined.
    """
    checked = lane.settings.ndjson_content_check
    if file.etag and not file.listed and not checked and not _judge(lane, file):
        return rows.record(lane, file, Status.PENDING)
    seen = lane.bucket.read(file.key, CHECKED_BYTES if checked else 0)
    if seen is None:
        return rows.record(lane, file, Status.VANISHED, reason="gone before it was processed")
    known = _known(file, seen).released_of(seen.metadata)
    reason = _judge(lane, known, seen)
    if reason and known.etag != seen.etag:
        known = known.as_seen(seen.etag, seen.size)
        reason = _judge(lane, known, seen)
    return _reject(lane, known, seen, reason) if reason else rows.record(lane, known, Status.PENDING)


def _known(file: File, seen: StoredObject) -> File:
    if file.listed or not file.etag or not file.size_bytes:
        return file.as_seen(seen.etag, seen.size)
    found = replace(file, current_etag=seen.etag)
    return replace(found, size_bytes=seen.size) if found.found_another else found


def _judge(lane: Ndjson, file: File, seen: StoredObject | None = None) -> str:
    smallest, biggest = lane.settings.min_file_bytes, lane.settings.max_file_bytes
    reason = validate_file(file.key, file.size_bytes, smallest, biggest)
    if reason or seen is None or not lane.settings.ndjson_content_check:
        return reason
    return check_lines(seen.first_bytes, whole=len(seen.first_bytes) >= seen.size)


def _reject(lane: Ndjson, file: File, seen: StoredObject, reason: str) -> Tracked:
    standing = rows.find(lane, file)
    if standing and standing["status"] in ACCEPTED:
        return Tracked("unchanged", 0, standing["status"] == Status.PENDING, file.date_prefix)
    if standing and standing["status"] == Status.RELEASED:
        return rows.record(lane, file, Status.PENDING)
    return quarantine(lane, file, seen, reason, standing)
