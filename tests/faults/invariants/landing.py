"""The promise, judged by stored state alone: what is wrong, in words; an empty list when all holds."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.support.builders import LANDING
from tests.support.reset import identity_of, stored
from tests.support.world import World

PARKED = ("data/new_files/", "data/idle/", "data/rejected/")
STANDING = {"triggered", "inactive", "rejected", "received", "not_configured", "vanished", "failed"}


def landing_faults(world: World, key: str, status: str) -> list[str]:
    """Judge every upload of the landing bucket; the current one at `key`, or parked, must have `status`."""
    rows = world.rows()
    return [
        *_of_rows(rows),
        *_of_current(rows, key, status),
        *_of_executions(world.executions(), rows),
        *(fault for row in rows if "moved_to" in row for fault in _of_moved(row)),
        *_of_parked(world, rows),
    ]


def _of_rows(rows: list[dict[str, Any]]) -> list[str]:
    doubled = Counter((row["file_key"], row["timestamp"]) for row in rows)
    faults = [f"{count} rows of one upload: {each}" for each, count in doubled.items() if count > 1]
    faults += [f"left to retry: {row['file_key']}: {row.get('reason')}" for row in rows if "retry" in row]
    return faults + [f"unknown status {row['status']}" for row in rows if row["status"] not in STANDING]


def _of_current(rows: list[dict[str, Any]], key: str, status: str) -> list[str]:
    """Judge the object at `key`: it has its outcome, was moved, or its user deleted it."""
    there = stored(LANDING, key)
    if there is None:
        seen = [row["status"] for row in rows if row["file_key"] == key]
        return [] if seen else [f"{key} is gone without a row"]
    own = [row["status"] for row in rows if (row["file_key"], row["etag"]) == (key, there.etag.strip('"'))]
    if own != [status]:
        return [f"{key} has the outcomes {own}, not [{status}]"]
    moved = status in {"not_configured", "rejected"}
    return [f"{key} is parked and still there"] if moved else []


def _of_executions(executions: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[str]:
    recorded = Counter(row["execution"] for row in rows if row["status"] == "triggered")
    started = Counter(each["name"] for each in executions)
    uploads = Counter((each["key"], each["etag"]) for each in executions)
    faults = [f"started {count} times: {each}" for each, count in uploads.items() if count > 1]
    return faults if recorded == started else [*faults, f"recorded {recorded}, started {started}"]


def _of_moved(row: dict[str, Any]) -> list[str]:
    there = stored(LANDING, row["moved_to"])
    if there is None:
        return [f"{row['file_key']} should lie at {row['moved_to']}"]
    short = row["timestamp"].rpartition("#")[2]
    if not identity_of(LANDING, row["moved_to"]).startswith(short):
        return [f"{row['moved_to']} is not of {row['file_key']} but of another upload"]
    source = stored(LANDING, row["file_key"])
    if source is not None and source.etag.strip('"') == row["etag"]:
        return [f"{row['file_key']} was moved to {row['moved_to']} and is still there"]
    return []


def _of_parked(world: World, rows: list[dict[str, Any]]) -> list[str]:
    named = {row["moved_to"] for row in rows if "moved_to" in row}
    return [
        f"{key} was parked, and no row says so"
        for prefix in PARKED
        for key in world.keys(prefix)
        if key not in named and identity_of(LANDING, key)
    ]
