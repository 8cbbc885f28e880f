"""The Glue job that reads batch manifests.

StartJobRun has no client token, so a start whose answer was lost is never simply repeated.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.failures import code_of

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

MANIFEST_ARGUMENT = "--manifest_path"
NOT_FOUND = "EntityNotFoundException"
SERVER_ERROR = 500
TIMED_OUT = "OperationTimeoutException"  # a 400, and yet nobody knows whether the run began


class Start(StrEnum):
    """What is known after asking for a run."""

    STARTED = "started"
    REFUSED = "refused"  # surely not started: the job is busy, missing or forbidden
    UNKNOWN = "unknown"  # perhaps started: look before starting again


class StartResult(NamedTuple):
    """The answer to a start, with the run's id or the reason why there is none."""

    start: Start
    run_id: str = ""
    reason: str = ""


class GlueJob:
    """A Glue job by name."""

    def __init__(self, glue: GlueClient, name: str) -> None:
        self._glue = glue
        self.name = name

    def start(self, manifest_path: str) -> StartResult:
        """Start a run for a manifest; needs a client that does not retry, as a retry could start another."""
        try:
            run = self._glue.start_job_run(JobName=self.name, Arguments={MANIFEST_ARGUMENT: manifest_path})
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", SERVER_ERROR)
            refused = status < SERVER_ERROR and code_of(error) != TIMED_OUT
            return StartResult(Start.REFUSED if refused else Start.UNKNOWN, reason=code_of(error))
        except BotoCoreError as error:
            return StartResult(Start.UNKNOWN, reason=type(error).__name__)
        return StartResult(Start.STARTED, run["JobRunId"])

    def find(self, run_id: str) -> Any:
        """Return a run as Glue describes it; None when Glue does not know it."""
        try:
            return self._glue.get_job_run(JobName=self.name, RunId=run_id)["JobRun"]
        except ClientError as error:
            if code_of(error) != NOT_FOUND:
                raise
            return None

    def find_run(self, manifest_path: str, not_before: datetime, earlier: Collection[str] = ()) -> str:
        """Return the id of the run that was started for a manifest, or an empty text; none of `earlier`.

        Runs come newest first: the search ends at one that began before `not_before`. One call per 200 runs.
        """
        request: dict[str, Any] = {"JobName": self.name, "MaxResults": 200}
        while True:
            page = self._glue.get_job_runs(**request)
            for run in page["JobRuns"]:
                run_id, _ = split_run_id(run["Id"])
                if run.get("Arguments", {}).get(MANIFEST_ARGUMENT) != manifest_path or run_id in earlier:
                    continue
                if not _ends_before([run], not_before):
                    return run_id
            if not page.get("NextToken") or _ends_before(page["JobRuns"], not_before):
                return ""
            request["NextToken"] = page["NextToken"]


def split_run_id(run_id: str) -> tuple[str, int]:
    """Return the id of a start and the number of the attempt: Glue's own retries add one to the id."""
    start, _, attempt = run_id.partition("_attempt_")
    return start, int(attempt) if attempt.isdecimal() else 0


def _ends_before(runs: Any, moment: datetime) -> bool:
    started = [run["StartedOn"] for run in runs if "StartedOn" in run]
    return bool(started) and min(started) < moment
