"""Reconcile: every few minutes, finish what was interrupted.

Each lane repairs itself; this module gives each its share of the time and reports what was done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.deadline import has_time_of, shares_of
from chalicelib.landing.repair import repair_landing
from chalicelib.logs import emit_metrics, log
from chalicelib.ndjson.lane import Asking, Ndjson
from chalicelib.ndjson.repair_arrivals import repair_arrivals
from chalicelib.ndjson.repair_batches import repair_batches
from chalicelib.ndjson.retries import retry_failed
from chalicelib.runs.lane import Runs
from chalicelib.runs.lost import repair_runs
from chalicelib.runs.manifest_runs import ask_glue

Repair = Callable[[], dict[str, int]]

REPAIRED_BY = {"repaired_by": "reconcile"}


def reconcile(runs: Runs, ndjson: Ndjson, context: Any) -> dict[str, Any]:
    """Repair every lane and return the counts of what was done, by lane."""
    started = time.monotonic()
    batches, arrivals, ended, glue_runs, landed, retries = shares_of(has_time_of(context), 6)
    ndjson = replace(ndjson, audit=REPAIRED_BY, asking=Asking())
    repairs: dict[str, Repair] = {
        "ndjson": lambda: repair_batches(ndjson, batches),
        "arrivals": lambda: repair_arrivals(ndjson, arrivals),
        "runs": lambda: repair_runs(runs, ended),
        "glue_runs": lambda: ask_glue(ndjson, glue_runs),
        "landing": lambda: repair_landing(runs.landing, landed, runs.discovered),
        "failed": lambda: retry_failed(ndjson, retries),  # last: what ended a worker before may do it again
    }
    counts = {lane: _repaired(lane, repair) for lane, repair in repairs.items()}
    for lane, done in counts.items():
        emit_metrics("reconcile_" + lane, {**done, "duration_seconds": time.monotonic() - started})
    return counts


def _repaired(lane: str, repair: Repair) -> dict[str, int]:
    """Carry out a repair and return its counts; the others do not depend on whether it fails."""
    try:
        return repair()
    except Exception:
        log.exception("repair ended early", extra={"lane": lane})
        return {"errors": 1}
