"""What an end asks for: an alert of a failure. Whoever comes later finishes what a dead process left."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.aws.catalog_table import RUN_DUE
from chalicelib.aws.items import Row
from chalicelib.keys import shown
from chalicelib.landing.catalog import iso
from chalicelib.runs.lane import Runs

JOB_FAILED_SUBJECT = "Job Failed"


def finish_later(runs: Runs, listed: Row) -> bool:
    """Finish what an index says is due, unless its own event may still be at work; tell whether it did."""
    row = runs.landing.catalog.find(listed["file_key"], listed["timestamp"])
    grace = timedelta(seconds=runs.landing.settings.reconcile_grace_seconds)
    if row is None or row.get("retry") != RUN_DUE or row["run_due_at"] > iso(runs.landing.clock() - grace):
        return False
    finish(runs, row)
    return True


def finish(runs: Runs, row: Row) -> None:
    """Do what is due for the end that a row tells, and take the row out of the index of what is due.

    A process that dies right behind the alert leaves another to alert again.
    """
    report(runs, row)
    told = {"run_alerted": iso(runs.landing.clock())}
    runs.log.change(row, told, ["retry", "run_due_at"], statuses=[row["status"]])


def report(runs: Runs, row: Row) -> None:
    """Alert a failed execution."""
    message = (
        f"File: {shown(row['file_key'])}\nJob ID: {row.get('job_id', '')}\nExecution: {row['execution']}\n"
        f"Status: {row['run_status']}\nError: {shown(row['run_error'])}\n"
        f"Cause: {shown(row['run_cause'])}"
    )
    runs.landing.topic.publish_notification(JOB_FAILED_SUBJECT, message)
