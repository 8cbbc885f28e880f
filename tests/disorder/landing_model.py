"""What the landing lane promises about any story of uploads, events, configs, deaths and clocks.

The model keeps what users and AWS did; what Sluice stored is judged against that alone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.errors import ConfigError
from chalicelib.landing.catalog import STARTED, UploadStatus, iso
from chalicelib.landing.entries import parse_jobs
from chalicelib.landing.jobs import Jobs
from tests.support.builders import LANDING
from tests.support.reset import stored
from tests.support.world import World

MOST_RETRIES = 1  # of any job of a story
SECONDS_BEFORE_EVENT = timedelta(seconds=3)
CACHED = timedelta(seconds=60)  # a worker may start jobs by an older config for so long


@dataclass(eq=False)
class Upload:
    """One version that a user put; `superseded` when a user overwrote or deleted it."""

    key: str
    body: bytes
    etag: str
    modified: datetime
    superseded: bool = False
    delivered: datetime | None = None  # when its event was first handled to the end
    started_before_return: frozenset[str] | None = None  # once an operator had it brought back: what ran then


@dataclass
class Story:
    """What happened outside Sluice so far."""

    uploads: list[Upload] = field(default_factory=list)
    configs: list[tuple[datetime, Jobs | None]] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)  # ETags of versions whose event never comes
    died: bool = False
    ends: dict[str, str] = field(default_factory=dict)  # how each execution that ended did, by its name

    def put(self, upload: Upload) -> None:
        """Add a version; it supersedes the one that it overwrites, unless it is the same upload."""
        same = [one for one in self.uploads if identity(one) == identity(upload)]
        self.supersede(upload.key)
        if same:
            same[0].superseded = False
        else:
            self.uploads.append(upload)

    def twin_of(self, upload: Upload) -> bool:
        """Tell whether an upload may count as one with another, of the same content (docs/reliability.md)."""
        same = (
            one for one in self.uploads if one is not upload and identity(one)[:2] == identity(upload)[:2]
        )
        return any(
            abs(one.modified - upload.modified) <= SECONDS_BEFORE_EVENT
            or upload.modified < one.modified <= (upload.delivered or one.modified)
            for one in same
        )

    def bring_back(self, moved: set[tuple[str, str, str]], running: frozenset[str]) -> None:
        """Note of which uploads an operator's replay has taken the parked copy away."""
        for upload in self.uploads:
            if identity(upload) in moved and upload.started_before_return is None:
                upload.started_before_return = running

    def supersede(self, key: str) -> None:
        """Mark the version under `key` as overwritten or deleted."""
        for upload in self.uploads:
            if upload.key == key:
                upload.superseded = True

    def configure(self, now: datetime, body: bytes | None) -> None:
        """Remember from when on a config was in force."""
        self.configs.append((now, jobs_in(body)))

    def routes(self, upload: Upload) -> bool:
        """Tell whether a file is routed where it lies, or only catalogued."""
        return upload.key.startswith("data/in/")

    def allowed(self, upload: Upload) -> set[str]:
        """Return the outcomes that some config in force since the upload, or cached then, gives.

        While the current config cannot be used, an earlier one is: the last that some worker had seen.
        """
        if not self.routes(upload):
            return {UploadStatus.RECEIVED}
        ends = [*(began for began, _ in self.configs[1:]), datetime.max.replace(tzinfo=UTC)]
        known = [jobs for (_, jobs), end in zip(self.configs, ends, strict=True)
                 if jobs and (end >= upload.modified - CACHED or self._is_broken_since(upload))]  # fmt: skip
        return {outcome_by(jobs, upload.key) for jobs in known}

    def _is_broken_since(self, upload: Upload) -> bool:
        ends = [*(began for began, _ in self.configs[1:]), datetime.max.replace(tzinfo=UTC)]
        spans = zip(self.configs, ends, strict=True)
        return any(jobs is None and end >= upload.modified for (_, jobs), end in spans)


def identity(upload: Upload) -> tuple[str, str, str]:
    """Return S3's facts that tell one upload from another, times to the second."""
    return upload.key, upload.etag, iso(upload.modified)


def identity_of(row: dict[str, Any]) -> tuple[str, str, str]:
    """Return what a row tells of its upload's identity."""
    return row["file_key"], row["etag"], row["last_modified"]


def jobs_in(body: bytes | None) -> Jobs | None:
    """Return a config's jobs, None when it is missing or invalid."""
    try:
        return None if body is None else parse_jobs(body, "any")
    except ConfigError:
        return None


def outcome_by(jobs: Jobs, key: str) -> str:
    """Return the outcome that a config gives a file."""
    job = jobs.find_matching_job(key)
    if job is None:
        return UploadStatus.NOT_CONFIGURED
    return UploadStatus.TRIGGERED if job.is_active else UploadStatus.INACTIVE


def broken_promises(world: World, story: Story) -> list[str]:
    """Return every way in which what is stored breaks a promise; empty when all holds."""
    rows = {identity_of(row): row for row in world.rows()}
    return [
        *_of_rows(
            world.rows(), {identity(one) for one in story.uploads if one.started_before_return is not None}
        ),
        *_of_executions(world, story, rows),
        *(fault for upload in story.uploads for fault in _of_upload(world, story, upload, rows)),
    ]


def _of_rows(rows: list[dict[str, Any]], returned: set[tuple[str, str, str]]) -> list[str]:
    doubled = Counter((row["file_key"], row["timestamp"]) for row in rows)
    parked = [row for row in rows if "moved_to" in row and identity_of(row) not in returned]
    places = Counter(row["moved_to"] for row in parked)
    faults = [f"two rows of one upload: {each}" for each, count in doubled.items() if count > 1]
    faults += [f"two uploads moved to one key: {each}" for each, count in places.items() if count > 1]
    return faults + [
        f"still to be retried: {row['file_key']} {row['reason']}" for row in rows if "retry" in row
    ]


def _of_executions(world: World, story: Story, rows: dict[Any, dict[str, Any]]) -> list[str]:
    executions = world.executions()
    recorded = {name for row in rows.values() if row["status"] in STARTED for name in attempts_of(row)}
    names = {each["name"] for each in executions}
    faults = [f"a row tells of no execution: {name}" for name in recorded - names]
    for each in executions:
        superseded = any(
            one.superseded for one in story.uploads if (one.key, one.etag) == (each["key"], each["etag"])
        )
        if each["name"] not in recorded and not (story.died and superseded):
            faults.append(f"an execution without a row: {each['name']}")
    return faults


def _of_upload(world: World, story: Story, upload: Upload, rows: dict[Any, dict[str, Any]]) -> list[str]:
    row = rows.get(identity(upload))
    name = f"{upload.key} of {iso(upload.modified)}"
    if row is None:
        if not upload.superseded:
            return [f"no row: {name}"]
        heard = upload.delivered and not story.twin_of(upload)
        return [f"no row of an overwritten or deleted upload whose event came: {name}"] if heard else []
    allowed = story.allowed(upload)
    if upload.superseded:
        allowed |= {UploadStatus.FAILED, UploadStatus.VANISHED}
    outcome = UploadStatus.TRIGGERED if row["status"] in STARTED else row["status"]
    faults = [] if outcome in allowed else [f"{name} is {outcome}, not one of {sorted(allowed)}"]
    faults += _of_end(story, row) if row["status"] in STARTED else []
    if not upload.superseded:
        faults += _of_bytes(upload, row)
    if upload.started_before_return is None:
        return faults + _of_parked(upload, row)
    again = row.get("execution", "") not in {"", *upload.started_before_return}
    return [*faults, f"started for what was brought back, beside that: {name}"] if again else faults


def attempts_of(row: dict[str, Any]) -> list[str]:
    """Return the executions of a started upload, in their order."""
    return [*(one["execution"] for one in row.get("runs", ())), row["execution"]]


def _of_end(story: Story, row: dict[str, Any]) -> list[str]:
    """Judge that a row tells how its last execution ended, and no other; that a failure was alerted."""
    ended, attempts = story.ends.get(row["execution"]), attempts_of(row)
    wanted = {None: UploadStatus.TRIGGERED, "SUCCEEDED": UploadStatus.SUCCEEDED}
    status = wanted.get(ended, UploadStatus.JOB_FAILED)
    about = f"{row['execution']} ended as {ended}"
    faults = [] if row["status"] == status else [f"{about}, and its row is {row['status']}"]
    faults += [] if row.get("run_status") == ended else [f"{about}, told as {row.get('run_status')}"]
    untold = status == UploadStatus.JOB_FAILED and "run_alerted" not in row
    faults += [f"{about}, and nobody was told"] if untold else []
    succeeded = [name for name in attempts[:-1] if story.ends.get(name) == "SUCCEEDED"]
    faults += [f"tried again, though it succeeded: {name}" for name in succeeded]
    return faults + ([f"too many attempts: {attempts}"] if len(attempts) > 1 + MOST_RETRIES else [])


def _of_bytes(upload: Upload, row: dict[str, Any]) -> list[str]:
    there = stored(LANDING, upload.key)
    parked = row["status"] == UploadStatus.NOT_CONFIGURED
    if parked and there is not None:
        return [f"parked, but its source is still there: {upload.key}"]
    if not parked and (there is None or there.value != upload.body):
        return [f"its bytes are gone: {upload.key}"]
    return []


def _of_parked(upload: Upload, row: dict[str, Any]) -> list[str]:
    if "moved_to" not in row:
        return []
    there = stored(LANDING, row["moved_to"])
    if there is None or there.value != upload.body:
        return [f"the parked copy of {upload.key} is not what was uploaded: {row['moved_to']}"]
    return []
