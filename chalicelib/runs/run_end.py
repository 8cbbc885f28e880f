"""How a run ended, as an event or Step Functions tells it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from chalicelib.landing.catalog import identify, iso
from chalicelib.landing.executions import Attempt, read_name

TEXT_LENGTH = 1000  # of an error's cause, in rows and alerts


class RunStatus(StrEnum):
    """How a run ended."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"


class Ignored(StrEnum):
    """Why an event asks for nothing."""

    UNREADABLE = "unreadable"
    UNFINISHED = "not_a_final_status"
    OTHER_MACHINE = "other_machine"
    OTHER_JOB = "other_glue_job"
    TRUNCATED = "input_not_included"
    NOT_OURS = "not_started_by_sluice"
    SUPERSEDED = "earlier_attempt"


class RunEnd(NamedTuple):
    """The end of one execution; `error` and `cause` are None where they are not known yet."""

    attempt: Attempt
    bucket: str
    key: str
    status: RunStatus
    stopped_at: str
    error: str | None = None
    cause: str | None = None

    @property
    def failed(self) -> bool:
        """Tell whether the job did not do its work."""
        return self.status is not RunStatus.SUCCEEDED


def read_event(payload: Any, machines: tuple[str, ...]) -> RunEnd | Ignored:
    """Return the end that a "Step Functions Execution Status Change" tells, or why it tells none."""
    detail = payload.get("detail") if isinstance(payload, dict) else None
    if not isinstance(detail, dict) or not isinstance(detail.get("name"), str):
        return Ignored.UNREADABLE
    if detail.get("stateMachineArn") not in machines:
        return Ignored.OTHER_MACHINE
    if str(detail.get("status")) not in {*RunStatus}:
        return Ignored.UNFINISHED
    if not isinstance(detail.get("input"), str):
        return Ignored.TRUNCATED
    stopped = _moment(detail.get("stopDate"))
    return read_end(detail, detail["name"], stopped) if stopped else Ignored.UNREADABLE


def read_end(told: Mapping[str, Any], name: str, stopped: datetime) -> RunEnd | Ignored:
    """Return the end of the execution `name`; its name and input must be those that Sluice gives."""
    attempt, about = read_name(name), _about(told["input"])
    if attempt is None or about is None:
        return Ignored.NOT_OURS
    bucket, key, etag = about
    if identify(bucket, key, etag, attempt.moment)[: len(attempt.short_identity)] != attempt.short_identity:
        return Ignored.NOT_OURS
    return RunEnd(
        attempt=attempt,
        bucket=bucket,
        key=key,
        status=RunStatus(told["status"]),
        stopped_at=iso(stopped),
        error=_text(told.get("error")),
        cause=_text(told.get("cause")),
    )


def readable_cause(cause: str) -> str:
    """Return a cause as it is; of a Glue job, whose cause is its whole run as JSON, that job's message."""
    try:
        run = json.loads(cause)
    except (ValueError, RecursionError):
        return cause
    message = run.get("ErrorMessage") if isinstance(run, dict) else None
    return f"{message} (Glue job {run.get('JobName')}, run {run.get('Id')})" if message else cause


def _moment(milliseconds: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(milliseconds // 1000, UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _about(text: str) -> tuple[str, str, str] | None:
    """Return bucket, key and ETag of an execution's input; None when somebody else made that input."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    values = [found.get(name) for name in ("bucket", "key", "etag")] if isinstance(found, dict) else []
    texts = [value for value in values if isinstance(value, str)]
    return (texts[0], texts[1], texts[2]) if len(texts) == 3 else None
