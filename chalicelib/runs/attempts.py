"""The next attempt at an upload's job, as exactly once as the first: its name follows from the row.

A row that says `next_attempt` has one begun, and stands in the index of what is due until it names that one.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from chalicelib.aws.catalog_table import RUN_DUE
from chalicelib.aws.items import Row
from chalicelib.aws.state_machine import Execution
from chalicelib.landing.catalog import (
    STARTED,
    Upload,
    UploadStatus,
    event_of_row,
    identify,
    iso,
    row_timestamp,
)
from chalicelib.landing.executions import execution_input, name_of, read_name, row_of_execution
from chalicelib.landing.jobs import Job
from chalicelib.landing.lane import Landing
from chalicelib.logs import log
from chalicelib.runs.lane import Runs

MOST_RETRIES = 5
EARLIER_KEPT = 10
OF_ONE_ATTEMPT = ("run_status", "run_stopped_at", "run_error", "run_cause", "run_alerted", "reason", "retry",
                  "run_due_at", "run_repairs", "next_attempt")  # fmt: skip
TOLD = ("execution", "run_status", "run_stopped_at", "run_error", "run_cause")


def begin_attempt(runs: Runs, row: Row) -> Row | None:
    """Note that an operator's next attempt begins; return the row, None when it is not as it was."""
    marks = {
        "next_attempt": next_number(row),
        "retry": RUN_DUE,
        "run_due_at": iso(runs.landing.clock()),
    }
    changed, found = runs.log.change(row, marks, statuses=sorted(STARTED))
    return found if changed else None


def start_attempt(runs: Runs, row: Row, retries: int) -> str:
    """Start the attempt after the one that a row names, and let the row name it; return its name.

    Return an empty text when the upload or its job is not there any more, unless a process that died had
    started the attempt. `retries` is how many attempts Sluice itself has made with this one.
    """
    lane = runs.lane_of(row["bucket_name"]) or runs.landing
    upload = _upload(lane, row)
    job = lane.jobs.match(row["file_key"]) if upload else None
    name = name_of_next(row)
    if upload and job and job.is_active:
        execution = _started(lane, name, upload, job)
    elif begun := lane.machine.find_execution(name):
        execution = begun
    else:
        return ""
    earlier = [*row.get("runs", ()), {told: row[told] for told in TOLD if told in row}][-EARLIER_KEPT:]
    sets: dict[str, Any] = {
        "status": str(UploadStatus.TRIGGERED),
        "status_timestamp": f"{UploadStatus.TRIGGERED}#{row['timestamp']}",
        **row_of_execution(execution),
        "runs": earlier,
        "retries": retries,
    }
    ended = [name for name in (*OF_ONE_ATTEMPT, "state_machine") if name not in sets]
    runs.log.change(row, sets, ended, statuses=sorted(STARTED))
    where = {"bucket": row["bucket_name"], "key": row["file_key"]}
    log.info("next attempt", extra={**where, "execution": name})
    return name


def retries_of(job: Job) -> int:
    """Return how often a job's failed executions are tried again."""
    return min(job.max_retries, MOST_RETRIES)


def next_number(row: Row) -> int:
    """Return the number of the attempt after the one that a row names."""
    named = read_name(row["execution"])
    return named.number + 1 if named else 1


def name_of_next(row: Row) -> str:
    """Return the name of the attempt after the one that a row names."""
    at, _, identity = row["timestamp"].partition("#")
    return name_of(row["file_key"], datetime.fromisoformat(at), identity, f"-r{next_number(row)}")


def _started(lane: Landing, name: str, upload: Upload, job: Job) -> Execution:
    """Start the execution; return the one that a process which died had started, if there is one."""
    begun = lane.machine.find_execution(name) if lane.machine.others else None
    if begun:
        return begun
    payload, machine = execution_input(upload, job), job.state_machine
    if not lane.machine.start(name, payload, machine):
        return Execution(name, machine, lane.machine.input_of(name, machine))
    return Execution(name, machine, json.loads(payload))


def _upload(lane: Landing, row: Row) -> Upload | None:
    """Return the upload that a row is of; None when it is gone, overwritten, or in a bucket of no lane."""
    found = lane.bucket.head(row["file_key"]) if lane.bucket.name == row["bucket_name"] else None
    if found is None:
        return None
    identity = identify(lane.bucket.name, found.key, found.etag, found.last_modified)
    if row_timestamp(found.last_modified, identity) != row["timestamp"]:
        return None
    return Upload(lane.bucket.name, found, event_of_row(row, "Retried"))
