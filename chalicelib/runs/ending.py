"""The end of an execution in the row of its upload: written once, whoever tells it and however often.

Only the execution that the row names may end it. An end that is told again finishes what a process that died
left undone.
"""

from __future__ import annotations

from typing import Any

from chalicelib.aws.catalog_table import RUN_DUE
from chalicelib.aws.items import Row
from chalicelib.landing.catalog import REPLACES, UploadStatus, iso
from chalicelib.landing.executions import read_name
from chalicelib.logs import log
from chalicelib.runs.finishing import MARKS, finish
from chalicelib.runs.lane import Runs
from chalicelib.runs.run_end import TEXT_LENGTH, Ignored, RunEnd, readable_cause

UNKNOWN = "unknown"  # an error that Step Functions does not name
OF_A_FAILURE = ("run_error", "run_cause", "run_alerted", "reason", *MARKS)


def end_run(runs: Runs, end: RunEnd) -> dict[str, Any]:
    """Record an end and do what it asks for; raise LookupError when its row is not written yet."""
    changed, row = _record(runs, end)
    if not changed and not _is_told(end, row):
        return {"key": end.key, "execution": end.attempt.name, "ignored": str(Ignored.SUPERSEDED)}
    where = {"bucket": end.bucket, "key": end.key, "execution": end.attempt.name}
    log.info("run ended", extra={**where, "outcome": str(row["status"]), "repeated": not changed})
    if row.get("retry") == RUN_DUE:
        finish(runs, row)
    return {"key": end.key, "status": str(row["status"]), "execution": end.attempt.name}


def _why_failed(runs: Runs, end: RunEnd) -> tuple[str, str]:
    """Return error and cause of a failure; EventBridge's events need not have them."""
    if end.error is not None or end.cause is not None:
        return end.error or "", end.cause or ""
    found = runs.landing.machine.find(end.attempt.name) or {}
    return found.get("error", ""), found.get("cause", "")


def _record(runs: Runs, end: RunEnd) -> tuple[bool, Row]:
    row: Row = {"file_key": end.key, "timestamp": end.attempt.timestamp, "execution": end.attempt.name}
    status = UploadStatus.JOB_FAILED if end.failed else UploadStatus.SUCCEEDED
    sets = {
        "status": str(status),
        "status_timestamp": f"{status}#{row['timestamp']}",
        "run_status": str(end.status),
        "run_stopped_at": end.stopped_at,
        **(_failure(runs, end) if end.failed else {}),
        **(_due(runs) if end.failed or runs.landing.settings.archive_prefix else {}),
    }
    changed, found = runs.log.change(row, sets, statuses=[UploadStatus.TRIGGERED])
    if changed or found.get("status") not in REPLACES[status]:
        return changed, found
    removes = [name for name in OF_A_FAILURE if name not in sets]  # it was redriven: a new end
    return runs.log.change(
        row, sets, removes, statuses=[UploadStatus.JOB_FAILED], stopped_before=end.stopped_at
    )


def _failure(runs: Runs, end: RunEnd) -> Row:
    """Return what a row tells of a failure."""
    error, cause = _why_failed(runs, end)
    error, cause = error[:TEXT_LENGTH], readable_cause(cause)[:TEXT_LENGTH]
    reason = ": ".join(text for text in (end.status, error or UNKNOWN, cause) if text)[:TEXT_LENGTH]
    return {"run_error": error or UNKNOWN, "run_cause": cause, "reason": reason}


def _due(runs: Runs) -> Row:
    """Return the marks by which a row stands in the index of what is due."""
    return {"retry": RUN_DUE, "run_due_at": iso(runs.landing.clock())}


def _is_told(end: RunEnd, row: Row) -> bool:
    """Tell whether the row names this execution, so that its end is known; False for an earlier attempt's.

    Raise LookupError when the row, or its naming this attempt, is still to come.
    """
    if row.get("execution") == end.attempt.name:
        return True
    named = read_name(row.get("execution", ""))
    if named is None or named.number < end.attempt.number:
        raise LookupError(
            f"execution {end.attempt.name} ended before the catalogue names it for {end.key!r:.200}: "
            "its event is to be delivered again"
        )
    return False
