"""The Glue job that reads batch manifests.

StartJobRun has no client token, so a start whose answer was lost is never simply repeated.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.failures import code_of

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

MANIFEST_ARGUMENT = "--manifest_path"
SERVER_ERROR = 500
TIMED_OUT = "OperationTimeoutException"  # a 400, and yet nobody knows whether the run began


class Start(StrEnum):
    """What is known after asking for a run."""

    STARTED = "started"
    REFUSED = "refused"  # surely not started: the job is busy, missing or forbidden
    UNKNOWN = "unknown"  # perhaps started: look before starting again


@dataclass(frozen=True, slots=True)
class StartResult:
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

    def find_run(self, manifest_path: str, not_before: datetime) -> str:
        """Return the id of the run that was started for a manifest, or an empty text.

        Runs come newest first: the search ends at one that began before `not_before`. One call per 200 runs.
        """
        request: dict[str, Any] = {"JobName": self.name, "MaxResults": 200}
        while True:
            page = self._glue.get_job_runs(**request)
            for run in page["JobRuns"]:
                if run.get("Arguments", {}).get(MANIFEST_ARGUMENT) == manifest_path:
                    return run["Id"]
            if not page.get("NextToken") or _ends_before(page["JobRuns"], not_before):
                return ""
            request["NextToken"] = page["NextToken"]


def _ends_before(runs: Any, moment: datetime) -> bool:
    started = [run["StartedOn"] for run in runs if "StartedOn" in run]
    return bool(started) and min(started) < moment
