"""Reconcile: every few minutes, finish what was interrupted.

Each lane repairs itself; this module gives each its share of the time and reports what was done.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from chalicelib.deadline import has_time_of
from chalicelib.landing.repair import repair_landing
from chalicelib.logs import emit_metrics
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.repair_arrivals import repair_arrivals
from chalicelib.ndjson.repair_batches import repair_batches
from chalicelib.runs.lane import Runs
from chalicelib.runs.lost import repair_runs

REPAIRED_BY = {"repaired_by": "reconcile"}


def reconcile(runs: Runs, ndjson: Ndjson, context: Any) -> dict[str, Any]:
    """Repair every lane and return the counts of what was done, by lane."""
    started = time.monotonic()
    has_time = has_time_of(context)
    ndjson = replace(ndjson, audit=REPAIRED_BY)
    counts = {
        "ndjson": repair_batches(ndjson, has_time),
        "arrivals": repair_arrivals(ndjson, has_time),
        "runs": repair_runs(runs, has_time),
        "landing": repair_landing(
            runs.landing, has_time, runs.discovered
        ),  # last: it may use up the time that is left
    }
    for lane, done in counts.items():
        emit_metrics("reconcile_" + lane, {**done, "duration_seconds": time.monotonic() - started})
    return counts
