"""Replay of a batch manifest: another Glue run is made due, and reconcile starts it as it does any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.actions.requests import ReplayRequest
from chalicelib.api.answers import Body
from chalicelib.api.http_request import Operator
from chalicelib.aws.items import Row
from chalicelib.aws.manifest_records import ManifestRecords
from chalicelib.landing.catalog import iso

EARLIER_KEPT = 20
TOLD = ("job_run_id", "run_status", "run_error", "run_stopped_at")
FOLDER = "manifests/"
DUE = "Another run is due: reconcile starts it within a few minutes."


@dataclass(frozen=True, slots=True)
class ManifestRuns:
    """What replays of manifests work with; `glue_job` is empty when no job reads them."""

    records: ManifestRecords
    glue_job: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def replay_manifest(runs: ManifestRuns, key: str, request: ReplayRequest, operator: Operator) -> Body | None:
    """Make another run of a manifest due, if its run failed or `force` asks for it; None for other keys."""
    date, _, name = key.removeprefix(FOLDER).partition("/")
    record = runs.records.find(date, key) if key.startswith(FOLDER) and name else None
    if record is None:
        return None
    shown = {"key": key, "status": record.get("run_status", record["status"])}
    if why := _why_not(runs, record, force=request.force):
        return {**shown, "action": "none", "why": why}
    if not request.dry_run and not runs.records.restart(record, _restarted(runs, record, operator)):
        return {**shown, "action": "none", "why": "It has changed meanwhile: look again."}
    return {**shown, "action": "start_again", "why": f"{_ended(record)} {DUE}"}


def _why_not(runs: ManifestRuns, record: Row, *, force: bool) -> str:
    if not runs.glue_job:
        return "GLUE_JOB_NAME names no job that could read it."
    if record["status"] != "done":
        return DUE
    if "run_status" not in record:
        run = record.get("job_run_id")
        return (
            f"The end of its Glue run {run} is not known yet." if run else "No Glue run was started for it."
        )
    if record["run_status"] == "SUCCEEDED" and not force:
        return f"{_ended(record)} Give force to start it once more."
    return ""


def _ended(record: Row) -> str:
    return f"Its Glue run {record['job_run_id']} ended as {record['run_status']}."


def _restarted(runs: ManifestRuns, record: Row, operator: Operator) -> Row:
    """Return what a record gains; as it has waited since its creation, the next reconcile takes it up."""
    at = iso(runs.clock())
    earlier = {name: record[name] for name in TOLD if name in record}
    note = {"by": operator.role, "address": operator.address, "at": at, "action": "start_again",
            "from_status": record["run_status"]}  # fmt: skip
    return {
        "status": "open",
        "pending_since": record["created_at"],
        "restarted_at": at,
        "runs": [*record.get("runs", ()), earlier][-EARLIER_KEPT:],
        "replays": [*record.get("replays", ()), note][-EARLIER_KEPT:],
    }
