"""Names and inputs of executions: pure, so that a repeat starts nothing twice."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import NamedTuple

from chalicelib.aws.state_machine import Execution
from chalicelib.landing.catalog import Upload, row_timestamp
from chalicelib.landing.jobs import Job
from chalicelib.moves import SHORT_IDENTITY, file_name

SANITIZED_LENGTH = 50
NAME = re.compile(r"run-[a-zA-Z0-9_-]*-(\d{14})-([0-9a-f]{8})(?:-r([1-9]\d{0,5}))?")


class Attempt(NamedTuple):
    """What an execution's name tells: the upload that it is of, and which attempt (0 is the first)."""

    name: str
    moment: datetime
    short_identity: str
    number: int

    @property
    def timestamp(self) -> str:
        """The range key of the upload's row."""
        return row_timestamp(self.moment, self.short_identity)


def read_name(name: str) -> Attempt | None:
    """Read the name of an execution; None when it is not one that Sluice gives."""
    found = NAME.fullmatch(name)
    if found is None:
        return None
    try:
        moment = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return Attempt(name, moment, found[2], int(found[3] or 0))


def sanitize(text: str) -> str:
    """Return what an execution name may hold of `text`, at most 50 characters."""
    return re.sub(r"[^a-zA-Z0-9_-]", "", re.sub(r"[ /.]", "-", text))[:SANITIZED_LENGTH]


def execution_name(upload: Upload, repeat: int = 0) -> str:
    """Return the name of an upload's execution; those of its further attempts end in `-r<repeat>`."""
    return name_of(upload.key, upload.found.last_modified, upload.identity, f"-r{repeat}" if repeat else "")


def name_of(key: str, moment: datetime, identity: str, suffix: str = "") -> str:
    """Return `run-<sanitized file name>-<YYYYmmddHHMMSS of last_modified>-<8 hex of identity>`."""
    name = sanitize(file_name(key))[: SANITIZED_LENGTH - len(suffix)]
    return f"run-{name}-{moment.astimezone(UTC):%Y%m%d%H%M%S}-{identity[:SHORT_IDENTITY]}{suffix}"


def row_of_execution(execution: Execution) -> dict[str, str]:
    """Return what a row tells of an execution; its state machine only if that has a name."""
    job_id = str(execution.payload["glue_jobs"][0]["job_id"])
    machine = {"state_machine": execution.machine} if execution.machine else {}
    return {"execution": execution.name, "job_id": job_id, **machine}


def execution_input(upload: Upload, job: Job) -> str:
    """Return the execution's input: the job as a `glue_jobs` list of one, and the object that it is about.

    The job has its five fields, then every other field of its entry but `is_active`.
    """
    glue_job = {
        "job_id": job.job_id,
        "job_name": job.job_name,
        "source_file_name": file_name(upload.key),
        "target_table": job.target_table,
        "upsert_keys": list(job.upsert_keys),
        **job.extra,
    }
    about = {"bucket": upload.bucket, "key": upload.key, "etag": upload.found.etag}
    return json.dumps({"glue_jobs": [glue_job], **about})
