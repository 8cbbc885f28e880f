"""Glue runs in tests: ended as Glue ends them, and told as EventBridge tells it."""

from __future__ import annotations

from typing import Any

import boto3
from moto.glue.models import FakeJobRun, glue_backends

ACCOUNT, REGION = "123456789012", "us-east-1"
JOB = "transform"


def run_ids(job: str = JOB) -> list[str]:
    """Return the ids of a job's runs, oldest first."""
    found = boto3.client("glue").get_job_runs(JobName=job)["JobRuns"]
    return [run["Id"] for run in sorted(found, key=lambda run: run["StartedOn"])]


def end_glue_run(run_id: str, state: str = "SUCCEEDED", error: str = "", job: str = JOB) -> dict[str, Any]:
    """Let Glue show that a run has come to `state`; return EventBridge's event of that."""
    run = _run(run_id, job)
    shown = FakeJobRun.as_dict(run) | {"JobRunState": state} | ({"ErrorMessage": error} if error else {})
    run.as_dict = lambda: shown  # type: ignore[method-assign]
    return glue_event(run_id, state, error, job)


def try_again(run_id: str, number: int, job: str = JOB) -> str:
    """Let Glue itself try a run again, as its MaxRetries has it; return the id of the attempt."""
    first = _run(run_id, job)
    attempt = FakeJobRun(job, run_id, first.arguments)
    attempt.job_run_id = f"{run_id}_attempt_{number}"
    glue_backends[ACCOUNT][REGION].jobs[job].job_runs.append(attempt)
    return str(attempt.job_run_id)


def glue_event(run_id: str, state: Any, error: str = "", job: str = JOB) -> dict[str, Any]:
    """Return a "Glue Job State Change"."""
    return {
        "version": "0",
        "detail-type": "Glue Job State Change",
        "source": "aws.glue",
        "account": ACCOUNT,
        "region": REGION,
        "resources": [],
        "detail": {"jobName": job, "severity": "INFO", "state": state, "jobRunId": run_id, "message": error},
    }


def _run(run_id: str, job: str) -> FakeJobRun:
    runs: list[FakeJobRun] = glue_backends[ACCOUNT][REGION].jobs[job].job_runs
    return next(run for run in runs if run.job_run_id == run_id)
