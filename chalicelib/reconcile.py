"""Reconcile: every few minutes, finish what was interrupted.

Each lane repairs itself; this module gives each its share of the time and reports what was done.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from chalicelib.deadline import has_time_of, shares_of
from chalicelib.landing.repair import repair_landing
from chalicelib.logs import emit_metrics
from chalicelib.ndjson.lane import Asking, Ndjson
from chalicelib.ndjson.repair_arrivals import repair_arrivals
from chalicelib.ndjson.repair_batches import repair_batches
from chalicelib.ndjson.retries import retry_failed
from chalicelib.runs.lane import Runs
from chalicelib.runs.lost import repair_runs
from chalicelib.runs.manifest_runs import ask_glue

REPAIRED_BY = {"repaired_by": "reconcile"}


def reconcile(runs: Runs, ndjson: Ndjson, context: Any) -> dict[str, Any]:
    """Repair every lane and return the counts of what was done, by lane."""
    started = time.monotonic()
    batches, arrivals, ended, glue_runs, landed, retries = shares_of(has_time_of(context), 6)
    ndjson = replace(ndjson, audit=REPAIRED_BY, asking=Asking())
    counts = {
        "ndjson": repair_batches(ndjson, batches),
        "arrivals": repair_arrivals(ndjson, arrivals),
        "runs": repair_runs(runs, ended),
        "glue_runs": ask_glue(ndjson, glue_runs),
        "landing": repair_landing(runs.landing, landed, runs.discovered),
        "failed": retry_failed(ndjson, retries),  # last: what ended a worker before may do it again
    }
    for lane, done in counts.items():
        emit_metrics("reconcile_" + lane, {**done, "duration_seconds": time.monotonic() - started})
    return counts
