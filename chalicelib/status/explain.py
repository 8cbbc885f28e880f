"""`GET /explain`: what happened to a key and why, and what would happen if it landed now.

Reads only. The answer holds every sentence and the data behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.api.answers import Body
from chalicelib.api.parameters import Given, read_key, read_parameters
from chalicelib.aws.bucket import Bucket, StoredObject
from chalicelib.aws.catalog_reader import CatalogReader
from chalicelib.aws.failures import AWS_ERRORS, describe_failure, is_access_refused
from chalicelib.aws.items import Row
from chalicelib.aws.tracking_reader import TrackingReader
from chalicelib.events import MAX_KEY_BYTES
from chalicelib.landing.catalog import MAX_READ_BYTES, iso
from chalicelib.landing.config import ConfigReader
from chalicelib.moves import file_name
from chalicelib.settings import Settings
from chalicelib.status.batches import manifest_of
from chalicelib.status.discovery import Scans, find_entry
from chalicelib.status.explain_ndjson import manifest_records, stored_verdict, tracking_rows, verdict_of
from chalicelib.status.files import shown
from chalicelib.status.prediction import (
    FOLDER_MARKER,
    Prediction,
    is_discoverable,
    predict,
    unreadable,
    with_header,
)
from chalicelib.status.story import tell

VERSIONS = 20  # of a key, the newest: a story tells of no more


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that may know of a key."""

    catalog: CatalogReader
    tracking: TrackingReader
    landing: Bucket
    source: Bucket  # the one that discovery scans: the landing bucket or another
    ndjson: Bucket
    scans: Scans
    config: ConfigReader
    settings: Settings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def explain(sources: Sources, given: Given) -> Body:
    """Answer `GET /explain`: the recorded story of a key over every lane, and what would happen now."""
    key = read_key(read_parameters(given, "key"))
    uploads = [shown(row) for row in sources.catalog.versions(key, "", VERSIONS)]
    in_landing, in_ndjson = _look(sources.landing, key), _look(sources.ndjson, key)
    tracked = tracking_rows(sources.tracking, sources.ndjson.name, key, in_ndjson, sources.clock())
    records = [manifest_of(row, sources.settings.manifest_bucket)
               for row in manifest_records(sources.tracking, tracked)]  # fmt: skip
    entry = find_entry(sources.scans, key) if key.startswith(sources.settings.s3_prefix) else None
    is_ndjson = bool(tracked or in_ndjson) or (
        not uploads and not in_landing and _is_named_ndjson(sources, key)
    )
    where = _bucket_of(sources, key, uploads, in_landing)
    in_source = _look(where, key) if where is sources.source else None
    there = in_source if where is sources.source else in_landing
    if is_ndjson:
        now = _ndjson_now(sources, key, in_ndjson, tracked)
    else:
        now = _landing_now(sources, key, where, there)
    story = tell(uploads, tracked, records, entry, _object(there))
    story += _refusals("ndjson" if is_ndjson else "landing", in_ndjson if is_ndjson else there)
    return {
        "key": key,
        "summary": _summary(story, now),
        "story": story,
        "now": now,
        "uploads": uploads,
        "tracking": tracked,
        "manifests": records,
        "discovery": entry,
        "objects": {
            "landing": _object(in_landing),
            "ndjson": _object(in_ndjson),
            "source": _object(in_source),
        },
    }


def _is_named_ndjson(sources: Sources, key: str) -> bool:
    return key.lower().endswith(sources.settings.ndjson_suffixes)


def _bucket_of(sources: Sources, key: str, uploads: list[Row], in_landing: StoredObject | None) -> Bucket:
    """Return the bucket to ask for a key: its newest row's, else where it lies or would be found."""
    source = sources.source.name
    if source == sources.landing.name:
        return sources.landing
    if uploads:
        return sources.source if uploads[0]["bucket_name"] == source else sources.landing
    found = not in_landing and is_discoverable(key, sources.settings, source)
    return sources.source if found else sources.landing


def _look(bucket: Bucket, key: str) -> StoredObject | None:
    """Read what S3 knows of an object; of one that it does not give out, what a listing tells."""
    try:
        return bucket.read(key, MAX_READ_BYTES)
    except AWS_ERRORS as error:
        if not is_access_refused(error):
            raise
        return bucket.as_listed(key, error)


def _refusals(lane: str, there: StoredObject | None) -> list[Body]:
    if there is None or there.refusal is None:
        return []
    why = describe_failure(there.refusal)
    text = f"It lies there ({there.size} bytes), but S3 does not give it out: {why}."
    return [{"at": iso(there.last_modified), "lane": lane, "text": text}]


def _landing_now(sources: Sources, key: str, where: Bucket, there: StoredObject | None) -> Body:
    in_force = sources.config.read()
    config = in_force.config
    if key.endswith("/") and not (there and there.size):
        prediction = FOLDER_MARKER.shown()
    else:
        plain = sources.settings.new_files_prefix + file_name(key)
        taken = len(plain.encode()) <= MAX_KEY_BYTES and where.head(plain) is not None
        predicted = predict(key, sources.settings, config, bucket=where.name, parked_name_taken=taken)
        prediction = _of_content(predicted, sources.settings, there).shown()
    return {"lane": "landing", "bucket": where.name, **prediction, "config": in_force.told()}


def _of_content(predicted: Prediction, settings: Settings, there: StoredObject | None) -> Prediction:
    if there is None:
        return predicted
    return unreadable(predicted, there.refusal) if there.refusal else with_header(predicted, settings, there)


def _ndjson_now(sources: Sources, key: str, found: StoredObject | None, tracked: list[Row]) -> Body:
    verdict = stored_verdict(tracked, found) or verdict_of(sources.ndjson, key, found, sources.settings)
    return {"lane": "ndjson", "bucket": sources.ndjson.name, **verdict}


def _summary(story: list[Body], now: Body) -> str:
    happened = story[-1]["text"] if story else "Nothing is recorded of this key."
    return f"{happened} If it landed now: {now['why']}"


def _object(found: StoredObject | None) -> Body | None:
    if found is None:
        return None
    seen = found.last_modified.isoformat().replace("+00:00", "Z")
    about = {
        "size": found.size,
        "etag": found.etag,
        "last_modified": seen,
        "content_type": found.content_type,
    }
    return {**about, "refusal": describe_failure(found.refusal)} if found.refusal else about
