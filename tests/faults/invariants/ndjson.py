"""The NDJSON lane's promise, judged by stored state alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.support.builders import NDJSON
from tests.support.lanes import ndjson as lane
from tests.support.reset import stored

Version = tuple[str, str]  # key and ETag
RELATED = {
    "manifested": {"manifested"},
    "quarantined": {"quarantined", "manifested"},
    "either": {"quarantined", "manifested"},
}


def ndjson_faults(status: str, glue_job: str, now: datetime, twice: Version | None = None) -> list[str]:
    """Judge every file, manifest, record, run and lock; current versions have `status`.

    `twice` is the key and ETag of content that came back after other content: it has two rows.
    """
    return [
        *lane.imbalance(),
        *(fault for key in lane.keys_in(NDJSON) for fault in _of_current(key, twice)),
        *(fault for row in lane.rows() for fault in _of_row(row, status)),
        *(_untold() if status == "either" else []),
        *lane.run_faults(glue_job),
        *(f"locked for ever: {it}" for it in lane.items("LOCK#") if it["ttl"] >= now.timestamp()),
    ]


def _untold() -> list[str]:
    told = {row.get("moved_to", "").partition(f"{lane.QUARANTINE}/")[2] for row in lane.rows()}
    return [f"no row tells of {key} in quarantine" for key in {*lane.keys_in(lane.QUARANTINE)} - told]


def _of_current(key: str, twice: Version | None) -> list[str]:
    path, etag = f"s3://{NDJSON}/{key}", stored(NDJSON, key).etag.strip('"')
    judged = [(row["file_path"], row.get("seen_etag", row["etag"]), row["status"]) for row in lane.rows()]
    rows = [status for *version, status in judged if version == [path, etag]]
    return [] if len(rows) == 1 + ((key, etag) == twice) else [f"{key} has {len(rows)} rows: {rows}"]


def _of_row(row: dict[str, Any], status: str) -> list[str]:
    if row["status"] not in RELATED[status] | {"vanished"}:
        return [f"{row['file_name']} is {row['status']}, not {status}"]
    if row["status"] == "vanished" and stored(NDJSON, _key_of(row)) is not None:
        current = stored(NDJSON, _key_of(row)).etag.strip('"')
        return ["vanished, and still there"] if current == row["etag"] else []
    return _of_quarantined(row) if row.get("moved_to") else []


def _of_quarantined(row: dict[str, Any]) -> list[str]:
    bucket, _, key = row["moved_to"].removeprefix("s3://").partition("/")
    faults = [] if stored(bucket, key) else [f"{row['file_name']} should lie at {row['moved_to']}"]
    source = stored(NDJSON, _key_of(row))
    if source is not None and source.etag.strip('"') == row["etag"]:
        faults.append(f"{row['file_name']} is in quarantine and still there")
    return faults


def _key_of(row: dict[str, Any]) -> str:
    return str(row["file_path"].removeprefix(f"s3://{NDJSON}/"))
