"""What the end of a run promises, judged by stored state alone."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.support.builders import LANDING
from tests.support.lanes import ndjson as lane
from tests.support.reset import identity_of, stored
from tests.support.world import World


def end_faults(world: World, key: str, names: list[str], status: str) -> list[str]:
    """Judge an upload whose attempts are `names`: one row, of the last of them, with `status` and no mark."""
    rows, started = world.rows(key), Counter(each["name"] for each in world.executions())
    told = [(row["status"], row["execution"]) for row in rows]
    faults = [] if told == [(status, names[-1])] else [f"its rows tell {told}"]
    faults += [] if started == Counter(names) else [f"started {started}, which should be {names}"]
    faults += [f"left: {row.get('reason')}" for row in rows if "retry" in row]
    earlier = [one["execution"] for row in rows for one in row.get("runs", ())]
    return faults + ([] if earlier == names[:-1] else [f"its earlier attempts are {earlier}"])


def archive_faults(
    world: World, key: str, body: bytes, others: dict[str, bytes], *, stays: bool
) -> list[str]:
    """Judge that a file was moved once, to where its row says, and that nothing else was touched."""
    (row,) = world.rows(key)
    archived = [one for one in world.keys("archive/") if one not in others]
    faults = [] if archived == [row.get("moved_to")] else [f"archived {archived}, told {row.get('moved_to')}"]
    faults += [f"{one} has other bytes" for one in archived if world.read(one) != body]
    faults += [f"{one} is not ours" for one in archived if not identity_of(LANDING, one)]
    faults += [f"{one} was overwritten" for one in others if world.read(one) != others[one]]
    return faults + ([f"{key} is still there"] if stored(LANDING, key) and not stays else [])


def glue_faults(runs: list[str], status: str) -> list[str]:
    """Judge a manifest's record: it names the last of `runs`, with its end, and nobody waits for another."""
    records = lane.items("MANIFEST#")
    told = [(one.get("job_run_id"), one.get("run_status"), one["status"]) for one in records]
    faults = [] if told == [(runs[-1], status, "done")] else [f"its record tells {told}, the runs are {runs}"]
    untold = status == "FAILED" and any("run_alerted" not in one for one in records)
    faults += ["nobody was told"] if untold else []
    marks: list[Any] = [mark["file_name"] for mark in lane.items("RUN#")]
    return faults + [f"nobody waits for {mark}" for mark in marks] + lane.imbalance()
