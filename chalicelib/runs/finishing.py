"""What an end asks for: an alert, another attempt, or the archive. Any process finishes what another left."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.aws.catalog_table import RUN_DUE
from chalicelib.aws.items import Row
from chalicelib.keys import shown
from chalicelib.landing.catalog import UploadStatus, iso
from chalicelib.runs.archive import archive
from chalicelib.runs.attempts import retries_of, start_attempt
from chalicelib.runs.lane import Runs

JOB_FAILED_SUBJECT = "Job Failed"
MARKS = ("retry", "run_due_at", "run_repairs", "next_attempt")
MOST_REPAIRS = 10  # of one end: a file may be too large to be archived in a worker's time
NOT_STARTED = "not started again: the file is gone or overwritten, or no active job takes it"


def finish_later(runs: Runs, listed: Row) -> bool:
    """Finish what an index says is due, unless its own event may still be at work; tell whether it did."""
    row = runs.landing.catalog.find(listed["file_key"], listed["timestamp"])
    grace = timedelta(seconds=runs.landing.settings.reconcile_grace_seconds)
    if row is None or row.get("retry") != RUN_DUE or row["run_due_at"] > iso(runs.landing.clock() - grace):
        return False
    repairs = row.get("run_repairs", 0) + 1
    if repairs > MOST_REPAIRS:
        reason = f"{row.get('reason', '')}; left after {MOST_REPAIRS} attempts".removeprefix("; ")
        runs.log.change(row, {"reason": reason}, MARKS, statuses=[row["status"]])
        return False
    runs.log.change(row, {"run_repairs": repairs}, statuses=[row["status"]])  # before: it may end its worker
    finish(runs, row)
    return True


def finish(runs: Runs, row: Row) -> None:
    """Do what is due for a row, and take it out of the index of what is due.

    A process that dies right behind an alert leaves another to alert again.
    """
    if "next_attempt" in row:
        _begun(runs, row)
    elif row["status"] == UploadStatus.JOB_FAILED:
        _failed(runs, row)
    else:
        archive(runs, row)
        runs.log.change(row, {"run_status": row["run_status"]}, MARKS, statuses=[row["status"]])


def _begun(runs: Runs, row: Row) -> None:
    if not start_attempt(runs, row, 0):
        reason = f"{row.get('reason', '')}; {NOT_STARTED}".removeprefix("; ")
        runs.log.change(row, {"reason": reason}, MARKS, statuses=[row["status"]])


def _failed(runs: Runs, row: Row) -> None:
    """Alert a failure and start the next attempt; without one, an alert that SNS refused stays due."""
    is_told = "run_alerted" in row or report(runs, row)
    noted = {"run_alerted": iso(runs.landing.clock())} if is_told and "run_alerted" not in row else {}
    retries = row.get("retries", 0) + 1
    if retries <= _retries_wanted(runs, row):
        if noted:
            runs.log.change(row, noted, statuses=[row["status"]])
        if start_attempt(runs, row, retries):
            return
    if is_told:
        runs.log.change(row, noted, MARKS, statuses=[row["status"]])


def _retries_wanted(runs: Runs, row: Row) -> int:
    lane = runs.lane_of(row["bucket_name"])
    job = lane.jobs.match(row["file_key"]) if lane else None
    return retries_of(job) if job else 0


def report(runs: Runs, row: Row) -> bool:
    """Alert a failed execution; return False when SNS refused."""
    message = (
        f"File: {shown(row['file_key'])}\nJob ID: {row.get('job_id', '')}\nExecution: {row['execution']}\n"
        f"Status: {row['run_status']}\nError: {shown(row['run_error'])}\n"
        f"Cause: {shown(row['run_cause'])}"
    )
    return runs.landing.topic.publish_notification(JOB_FAILED_SUBJECT, message)
