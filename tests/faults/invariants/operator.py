"""What operators' actions promise, judged by stored state alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.support.builders import LANDING, NDJSON
from tests.support.lanes import ndjson as lane
from tests.support.reset import stored
from tests.support.world import World


def replay_faults(world: World, key: str, body: bytes, *, executions: int, doubled: bool) -> list[str]:
    """Judge a replayed file: where it lies, how often it started, and who is recorded to have asked for it.

    With `doubled` a parked copy may lie beside the file.
    """
    rows = sorted(world.rows(key), key=lambda row: str(row["timestamp"]))
    started = Counter(each["name"] for each in world.executions() if each["key"] == key)
    recorded = {row["execution"] for row in rows if row["status"] == "triggered"}
    faults = [] if rows[-1]["status"] == "triggered" else [f"its newest outcome is {rows[-1]['status']}"]
    if not (2 if executions > 1 else 1) <= started.total() <= executions:
        faults.append(f"started {started}, which may be {executions}")
    if not recorded <= set(started):
        faults.append(f"recorded {recorded}, started {started}")
    faults += [f"left to be retried: {row.get('reason')}" for row in rows if "retry" in row]
    parked = [] if doubled else [f"it lies at {one} too" for one in world.keys("data/new_files/")]
    return [*faults, *parked, *_of_place(key, body), *_of_audit(rows)]


def _of_place(key: str, body: bytes) -> list[str]:
    there = stored(LANDING, key)
    return [] if there and there.value == body else [f"{key} is not what was uploaded"]


def _of_audit(rows: list[dict[str, Any]]) -> list[str]:
    notes = [note for row in rows for note in row.get("replays", ())]
    complete = [note for note in notes if note["by"] == "operator" and note["at"] and note["from_status"]]
    return [] if notes and notes == complete else [f"the audit is {notes}"]


def release_faults(key: str, body: bytes, *, doubled: bool) -> list[str]:
    """Judge a released file: it is under its key, elsewhere only if `doubled`, and who asked is recorded."""
    there = stored(NDJSON, key)
    faults = [] if there and there.value.startswith(body) else [f"{key} is not what was uploaded"]
    if not doubled:
        faults += [f"it lies in quarantine too: {parked}" for parked in lane.keys_in(lane.QUARANTINE)]
    unsigned = [row for row in lane.rows() if row.get("released_by") != "operator" or not row["released_at"]]
    return faults + [f"nobody signed the release of {row['file_name']}" for row in unsigned]
