"""The archive: what a job has read is moved out of the way, once and over nothing.

The order is copy, row, delete: a process that dies between any two leaves the row in the index of what is
due, and whoever takes it up finds its own copy and goes on. A file that was overwritten stays.
"""

from __future__ import annotations

from chalicelib.aws.copying import SourceChanged
from chalicelib.aws.items import Row
from chalicelib.landing.catalog import bytes_to_read, identify, row_timestamp
from chalicelib.landing.lane import Landing
from chalicelib.logs import log
from chalicelib.moves import destination_keys, file_name
from chalicelib.runs.lane import Runs


def archive(runs: Runs, row: Row) -> None:
    """Move the file of a succeeded job below `ARCHIVE_PREFIX`, unless it is not there any more."""
    lane = runs.lane_of(row["bucket_name"])
    moved_to = _copied(lane, row) if lane else ""
    if lane is None or not moved_to:
        return
    runs.log.change(row, {"moved_to": moved_to}, statuses=[row["status"]])
    lane.bucket.delete_if_match(row["file_key"], row["etag"])
    where = {"bucket": lane.bucket.name, "key": row["file_key"], "moved_to": moved_to}
    log.info("archived", extra=where)


def _copied(lane: Landing, row: Row) -> str:
    """Copy the upload that a row is of; return its new key, empty when the upload is not what lies there."""
    found = lane.bucket.read(row["file_key"], bytes_to_read(lane.settings.preview_chars))
    if found is None:
        return ""
    identity = identify(lane.bucket.name, found.key, found.etag, found.last_modified)
    if row_timestamp(found.last_modified, identity) != row["timestamp"]:
        return ""
    folder = f"{lane.settings.archive_prefix}{row['timestamp'][:10]}/"
    keys = destination_keys(folder, file_name(found.key), identity)
    try:
        return lane.target.copy_once(lane.bucket, found, keys, identity)
    except SourceChanged:
        return ""
