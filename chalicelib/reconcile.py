"""Reconcile: every few minutes, finish what was interrupted.

Each lane repairs itself; this module gives each its share of the time and reports what was done.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import Any

from chalicelib.deadline import Shares
from chalicelib.landing.lane import Landing
from chalicelib.landing.repair import finish_recorded, route_missed
from chalicelib.logs import emit_metrics
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.repair_arrivals import repair_arrivals
from chalicelib.ndjson.repair_batches import repair_batches

REPAIRS = 4  # below, each with its share of the time, beside that of a bucket that discovery scans
STATES = {"waiting", "unfinished"}
REPAIRED_BY = {"repaired_by": "reconcile"}


def reconcile(landing: Landing, discovered: Landing, ndjson: Ndjson, context: Any) -> dict[str, Any]:
    """Repair every lane and return the counts of what was done, by lane.

    `discovered` is the landing lane on the bucket that discovery scans, which may be another one.
    """
    started = time.monotonic()
    other = discovered.bucket.name != landing.bucket.name
    shares = Shares(context, REPAIRS + other)
    ndjson = replace(ndjson, audit=REPAIRED_BY)
    counts = {
        "ndjson": repair_batches(ndjson, shares.next()),
        "arrivals": repair_arrivals(ndjson, shares.next()),
        "landing": _added(
            finish_recorded(landing, shares.next()),
            finish_recorded(discovered, shares.next()) if other else {},
            route_missed(landing, shares.next()),
        ),
    }
    for lane, done in counts.items():
        emit_metrics("reconcile_" + lane, {**done, "duration_seconds": time.monotonic() - started})
    return counts


def _added(*counts: dict[str, int]) -> dict[str, int]:
    """Add counts by name; what tells a state (`waiting`, `unfinished`) stays 0 or 1."""
    total = Counter[str]()
    for each in counts:
        total.update(each)
    return {name: min(number, 1) if name in STATES else number for name, number in total.items()}
