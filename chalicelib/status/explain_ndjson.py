"""What the NDJSON lane knows of a key, and what it would decide now. Reads only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from chalicelib.api.answers import Body
from chalicelib.aws.bucket import Bucket, StoredObject
from chalicelib.aws.failures import describe_failure
from chalicelib.aws.items import Row
from chalicelib.aws.tracking_keys import MANIFEST
from chalicelib.aws.tracking_reader import TrackingReader
from chalicelib.ndjson.rows import NEVER
from chalicelib.ndjson.tracking import (
    RELEASED_DATE_METADATA,
    FileStatus,
    date_in,
    extract_date_and_filename,
    row_names,
)
from chalicelib.ndjson.validation import CHECKED_BYTES, judge, told_range
from chalicelib.settings import Settings

MEND = "Mend the file and upload it again, or release it from quarantine."
DAYS_LOOKED_AT = 7  # without a date in the key: from the object's day on, else the last days


def tracking_rows(
    tracking: TrackingReader, bucket: str, key: str, found: StoredObject | None, now: datetime
) -> list[Row]:
    """Read the rows of every version of a key, on the date in the key or else on each that it may have.

    Names are tried in the order in which the lane gives them, until one is free.
    """
    path, name = f"s3://{bucket}/{key}", extract_date_and_filename(key, now)[1]
    return [
        shown_row(row)
        for date in _dates(key, found, now)
        for row in tracking.versions(date, row_names(path, name), path)
    ]


def shown_row(row: Row) -> Row:
    """Return a tracking row as callers see it: a failed one says when it is tried again, if it is."""
    kept = {name: value for name, value in row.items() if name != "quarantine"}
    if row["status"] != FileStatus.FAILED:
        return kept
    at = kept.pop("quarantined_at", NEVER)
    return {**kept, "retry_at": None if at == NEVER else at}


def tracked_of(row: Row) -> Row:
    """Return a tracking row as callers see it; `key` is what releases or replays it."""
    return {"key": key_in(row["file_path"]), **shown_row(row)}


def key_in(location: str) -> str:
    """Return the object key within `s3://<bucket>/<key>`."""
    return location.removeprefix("s3://").partition("/")[2]


def manifest_records(tracking: TrackingReader, rows: list[Row]) -> list[Row]:
    """Read the records of the manifests that `rows` name."""
    named = {(row["date_prefix"], row["manifest_key"]) for row in rows if row.get("manifest_key")}
    records = [tracking.find(MANIFEST + date, key) for date, key in sorted(named)]
    return [record for record in records if record is not None]


def verdict_of(bucket: Bucket, key: str, found: StoredObject | None, settings: Settings) -> Body:
    """Judge a key as the lane would now; without an object only its name can be judged."""
    small, big = settings.min_file_bytes, settings.max_file_bytes
    accepted = told_range(small, big)
    reason = judge(settings, key, found.size if found else small)
    if found and found.refusal:
        told = describe_failure(found.refusal)
        return {"outcome": "failed", "why": f"S3 does not give it out ({told}), so it could not be judged.",
                "verdict": reason, "accepted_size": accepted,
                "next_step": "Let Sluice's roles read it and its encryption key."}  # fmt: skip
    if found and not reason and settings.ndjson_content_check:
        reason = judge(settings, key, found.size, bucket.read(key, CHECKED_BYTES))
    if reason:
        why = f"It would be quarantined: {reason}."
        return {"outcome": "quarantined", "why": why, "verdict": reason, "accepted_size": accepted,
                "next_step": MEND}  # fmt: skip
    judged = (
        "its name, size and first lines are" if found else f"its name is; its size must be {accepted}, as"
    )
    why = f"It would be accepted and wait for its batch: {judged} valid{'' if found else ' lines must be'}."
    return {"outcome": "pending", "why": why, "verdict": "", "accepted_size": accepted, "next_step": ""}


def stored_verdict(rows: list[Row], found: StoredObject | None) -> Body | None:
    """Return the verdict on the version in quarantine, unless another version lies under its key by now."""
    newest = max(rows, key=lambda row: str(row.get("created_at", "")), default=None)
    if newest is None or newest["status"] != FileStatus.QUARANTINED:
        return None
    if found and found.etag != newest["etag"]:
        return None
    reason = newest.get("reason")
    why = f"It would be quarantined again: {reason}."
    return {"outcome": "quarantined", "why": why, "verdict": reason, "next_step": MEND}


def _dates(key: str, found: StoredObject | None, now: datetime) -> list[str]:
    """Return the dates that a key's rows may have: the one in the key, else the days of its events."""
    if date_in(key):
        return [date_in(key)]
    today = now.astimezone(UTC).date()
    first = found.last_modified.date() if found else today - timedelta(days=DAYS_LOOKED_AT - 1)
    days = [first + timedelta(days=n) for n in range(DAYS_LOOKED_AT)]
    released = date_in(found.metadata.get(RELEASED_DATE_METADATA, "")) if found else ""
    dates = [released, *(day.isoformat() for day in days if day <= max(first, today))]
    return [date for date in dict.fromkeys(dates) if date]
