"""EventBridge's events of ended executions: each brings its row on, in any order and number."""

from __future__ import annotations

from typing import Any

from chalicelib.logs import emit_metrics, log
from chalicelib.runs.ending import end_run
from chalicelib.runs.lane import Runs
from chalicelib.runs.run_end import Ignored, read_event

Answer = dict[str, Any]


def execution_changed(runs: Runs, payload: Any) -> Answer:
    """Record how an execution ended; an event before its row fails, so that it is delivered again."""
    end = read_event(payload, (runs.landing.machine.arn, *runs.landing.machine.others.values()))
    if isinstance(end, Ignored):
        log.info("ignored", extra={"ignored": {str(end): 1}})
        emit_metrics("runs", {"ignored": 1}, reason=str(end))
        return {"ignored": str(end)}
    return end_run(runs, end)
