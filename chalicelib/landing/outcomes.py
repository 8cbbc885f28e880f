"""The effects of the landing lane, one verb per outcome of an upload.

Their order lets any repeat finish what a dead process began: start, then row; alert, then row. Alerts are
best effort and may repeat. `parking` moves files, `vanished` has those that are gone.
"""

from __future__ import annotations

import json
from typing import Any

from chalicelib.aws.items import Row
from chalicelib.aws.state_machine import Execution
from chalicelib.errors import ConfigError
from chalicelib.keys import shown
from chalicelib.landing.catalog import REPLACES, Upload, UploadStatus, iso
from chalicelib.landing.executions import execution_input, execution_name, row_of_execution
from chalicelib.landing.jobs import Job
from chalicelib.landing.lane import Landing
from chalicelib.logs import log
from chalicelib.moves import file_name

Outcome = dict[str, Any]

PARKED = frozenset({UploadStatus.NOT_CONFIGURED, UploadStatus.INACTIVE, UploadStatus.REJECTED})
PARKED_MEANWHILE = "another worker parked the file while this one started its execution"
MAX_ATTEMPTS = 10  # of a failing upload, then it waits for a replay
REASON_LENGTH = 1000
UNFINISHED = "; an attempt was begun and not finished: its worker died or ran out of time"
INACTIVE_SUBJECT = "Inactive Job"
CONFIG_SUBJECT = "Job config is not usable"


def start_state_machine_execution(landing: Landing, upload: Upload, job: Job) -> Outcome:
    """Start the job's execution, then record it; the same upload always has the same name and input.

    A name is taken on one state machine only: when the job may have named another one since the upload, every
    one is asked for it first.
    """
    may_differ = landing.machine.others and landing.jobs.may_differ_for(upload.found.last_modified)
    if may_differ and (started := find_started(landing, upload)):
        return started
    name, payload, machine = execution_name(upload), execution_input(upload, job), job.state_machine
    if landing.machine.start(name, payload, machine):
        execution = Execution(name, machine, json.loads(payload))
    else:  # the name ran before, perhaps for a job of an older config: the row names the job that ran
        execution = Execution(name, machine, landing.machine.input_of(name, machine))
    if job.expected:
        landing.arrivals.note(job.job_id, iso(upload.found.last_modified))
    return _record_started(landing, upload, execution)


def find_started(landing: Landing, upload: Upload) -> Outcome | None:
    """Record an execution that a process started before it died, whatever the config says by now."""
    execution = landing.machine.find_execution(execution_name(upload))
    return _record_started(landing, upload, execution) if execution else None


def _record_started(landing: Landing, upload: Upload, execution: Execution) -> Outcome:
    row = landing.row(upload, UploadStatus.TRIGGERED, **row_of_execution(execution))
    existing = landing.catalog.record(row, REPLACES[UploadStatus.TRIGGERED] - PARKED)
    if existing and existing["status"] in PARKED:
        moved_to = existing.get("moved_to")
        if moved_to and landing.target.holds(moved_to, upload.identity, upload.found, named_by_row=True):
            row |= {"moved_to": moved_to, "reason": PARKED_MEANWHILE}  # else nobody would find the file
        existing = landing.catalog.record(row, REPLACES[UploadStatus.TRIGGERED])
    return outcome_of(existing, repeated=True) if existing else outcome_of(row)


def report_inactive(landing: Landing, upload: Upload, job_id: str) -> Outcome:
    """Alert that a file came for an inactive job, and leave it where it is."""
    existing = landing.catalog.find(upload.key, upload.timestamp)
    if existing and existing["status"] not in REPLACES[UploadStatus.INACTIVE]:
        return outcome_of(existing, repeated=True)
    landing.topic.publish_notification(INACTIVE_SUBJECT, inactive_message(upload.key, job_id))
    return record(landing, upload, UploadStatus.INACTIVE, job_id=job_id)


def record(landing: Landing, upload: Upload, status: UploadStatus, **details: Any) -> Outcome:
    """Record an outcome that has no further effect, unless the upload has one that it may not replace."""
    row = landing.row(upload, status, **details)
    existing = landing.catalog.record(row, REPLACES[status])
    return outcome_of(existing, repeated=True) if existing else outcome_of(row)


def record_failure(landing: Landing, upload: Upload, error: Exception) -> None:
    """Record why an upload has no outcome yet; after `MAX_ATTEMPTS` it is left for a replay.

    A config that cannot be used is alerted and uses up no attempts: the upload waits until it is mended.
    """
    reason = f"{type(error).__name__}: {error}"[:REASON_LENGTH]
    log.error(
        "failed",
        extra={
            "bucket": upload.bucket,
            "key": upload.key,
            "identity": upload.identity,
            "outcome": "failed",
            "reason": reason,
        },
    )
    is_of_config = isinstance(error, ConfigError)
    if isinstance(error, ConfigError):
        alert_config(landing, error)
    row = landing.row(upload, UploadStatus.FAILED, reason=reason)
    attempts = landing.catalog.record_failure(
        row,
        REPLACES[UploadStatus.FAILED],
        retry=True,
        count=0 if landing.attempt_counted else 1,
        excused=int(is_of_config),
    )
    if attempts >= MAX_ATTEMPTS and not is_of_config:
        landing.catalog.leave_for_replay(upload.key, upload.timestamp)


def alert_config(landing: Landing, error: ConfigError) -> None:
    """Alert the faults of a config, once per version of it until a usable one was seen."""
    key = landing.settings.config_key
    if landing.catalog.is_marked(key, error.version):
        return
    message = f"s3://{landing.settings.landing_bucket}/{key}\n{error}"
    if landing.topic.publish_notification(CONFIG_SUBJECT, message):
        landing.catalog.mark(key, error.version, {"alerted_at": landing.clock().isoformat()})


def look_at_config(landing: Landing) -> ConfigError | None:
    """Read the config again and alert its faults, or end the alerts about it; return the faults.

    Alerts that are ended are sent again, should the same fault come back.
    """
    try:
        landing.jobs.revalidate()
        fault = landing.jobs.fault
    except ConfigError as error:
        fault = error
    if fault:
        alert_config(landing, fault)
    else:
        landing.catalog.clear_marks(landing.settings.config_key, landing.clock().isoformat())
    return fault


def outcome_of(row: Row, *, repeated: bool = False) -> Outcome:
    """Return a row's outcome as handlers answer it; a repeat of a started execution is `already_running`."""
    status = row["status"]
    if status == UploadStatus.TRIGGERED:
        status = "already_running" if repeated else "triggered"
        return {"key": row["file_key"], "status": status, "execution": row["execution"]}
    shown = {name: row[name] for name in ("execution", "moved_to", "job_id", "reason") if row.get(name)}
    return {"key": row["file_key"], "status": str(status), **shown}


def inactive_message(key: str, job_id: str) -> str:
    """Return the alert text of a file whose job is inactive."""
    return f"File: {shown(file_name(key))}\nJob ID: {job_id}"
