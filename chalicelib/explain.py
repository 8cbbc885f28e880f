"""`GET /explain`: what happened to a key and why, and what would happen if it landed now.

Reads only. Every sentence stands beside the data it is made of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.aws.bucket import Bucket, StoredObject
from chalicelib.aws.catalog_reader import CatalogReader
from chalicelib.aws.tracking_reader import TrackingReader
from chalicelib.discovery_list import Scans, find_entry
from chalicelib.explain_ndjson import manifest_records, tracking_rows, verdict_of
from chalicelib.job_list import read_config
from chalicelib.parameters import Given, read_key, read_parameters
from chalicelib.prediction import predict
from chalicelib.settings import Settings
from chalicelib.status import shown
from chalicelib.story import tell
from chalicelib.tracked import manifest_of

VERSIONS = 20  # newest ones of a key that a story tells of

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that may know of a key."""

    catalog: CatalogReader
    tracking: TrackingReader
    landing: Bucket
    ndjson: Bucket
    scans: Scans
    settings: Settings
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def explain(sources: Sources, given: Given) -> Body:
    """Answer `GET /explain`: the recorded story of a key over every lane, and what would happen now."""
    key = read_key(read_parameters(given, "key"))
    uploads = [shown(row) for row in sources.catalog.versions(key, "", VERSIONS)]
    in_landing, in_ndjson = sources.landing.head(key), sources.ndjson.head(key)
    tracked = tracking_rows(sources.tracking, sources.ndjson.name, key, in_ndjson, sources.clock())
    records = [manifest_of(row, sources.settings.manifest_bucket)
               for row in manifest_records(sources.tracking, tracked)]  # fmt: skip
    entry = find_entry(sources.scans, key) if key.startswith(sources.settings.s3_prefix) else None
    is_ndjson = bool(tracked or in_ndjson) or (not uploads and not in_landing and key.endswith(".ndjson"))
    now = _landing_now(sources, key) if not is_ndjson else _ndjson_now(sources, key, in_ndjson)
    there = _object(in_landing)
    story = tell(uploads, tracked, records, entry, there)
    return {
        "key": key,
        "summary": _summary(story, now),
        "story": story,
        "now": now,
        "uploads": uploads,
        "tracking": tracked,
        "manifests": records,
        "discovery": entry,
        "objects": {"landing": there, "ndjson": _object(in_ndjson)},
    }


def _landing_now(sources: Sources, key: str) -> Body:
    config = read_config(sources.landing, sources.settings.config_key)
    prediction = predict(key, sources.settings, config).shown()
    faults = {"config": {"version": config.version, "faults": config.faults}}
    return {"lane": "landing", "bucket": sources.landing.name, **prediction, **faults}


def _ndjson_now(sources: Sources, key: str, found: StoredObject | None) -> Body:
    verdict = verdict_of(sources.ndjson, key, found, sources.settings)
    return {"lane": "ndjson", "bucket": sources.ndjson.name, **verdict}


def _summary(story: list[Body], now: Body) -> str:
    happened = story[-1]["text"] if story else "Nothing is recorded of this key."
    return f"{happened} If it landed now: {now['why']}"


def _object(found: StoredObject | None) -> Body | None:
    if found is None:
        return None
    seen = found.last_modified.isoformat().replace("+00:00", "Z")
    return {"size": found.size, "etag": found.etag, "last_modified": seen, "content_type": found.content_type}
