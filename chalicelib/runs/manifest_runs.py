"""The end of a batch manifest's Glue run in the manifest's record: written once, whoever tells it.

An event only says where to look: Glue is asked for the run, whose argument names the manifest. A mark stands
for each run from before its record names it until its end is recorded and told; `ask_glue` goes through
these marks, so that an end comes into its record although no event came.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.glue import MANIFEST_ARGUMENT, split_run_id
from chalicelib.aws.items import Row
from chalicelib.aws.tracking_keys import MANIFEST, RUNNING
from chalicelib.deadline import HasTime
from chalicelib.keys import shown
from chalicelib.landing.catalog import iso
from chalicelib.logs import emit_metrics, log
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.manifests import State, manifest_path
from chalicelib.patterns import ENDS_OF_GLUE_RUNS
from chalicelib.runs.run_end import TEXT_LENGTH, Ignored

GLUE_RUN_FAILED_SUBJECT = "Glue Run Failed"
SUCCEEDED = "SUCCEEDED"
UNKNOWN = "UNKNOWN"  # Glue does not know the run: it is too old, or was another job's
FINAL = {*ENDS_OF_GLUE_RUNS, "EXPIRED", UNKNOWN}
FORGOTTEN = "Glue does not know this run any more"
FORGOTTEN_AFTER = timedelta(days=1)  # a run that has just begun may not be shown yet
ASKED_OF_ONE_RUN = 100


def glue_run_changed(lane: Ndjson, payload: Any) -> dict[str, Any]:
    """Record how a run ended; an event before its record names it fails, so that it is delivered again."""
    run_id = _run_of(lane, payload)
    told: Row | Ignored = run_id if isinstance(run_id, Ignored) else _asked(lane, run_id)
    if isinstance(told, Ignored):
        log.info("ignored", extra={"ignored": {str(told): 1}})
        emit_metrics("runs", {"ignored": 1}, reason=str(told))
        return {"ignored": str(told)}
    return {"manifest_key": told["file_name"], "status": told["run_status"], "job_run_id": run_id}


def ask_glue(lane: Ndjson, has_time: HasTime) -> dict[str, int]:
    """Ask for runs whose end no event told; `unfinished` is 1 when another reconcile is to go on."""
    counts = dict.fromkeys(("asked", "ended", "errors", "unfinished"), 0)
    if not lane.glue:
        return counts
    known = lane.run_cursor.find()
    place = known
    for mark in lane.marks.listed(RUNNING, known, ASKED_OF_ONE_RUN):
        if counts["errors"] or not has_time():
            break
        _ask_one(lane, mark, counts)
        place = mark["file_name"]
    else:
        place = place if counts["asked"] == ASKED_OF_ONE_RUN else ""
    counts["unfinished"] = int(bool(place))
    if place and place != known:
        lane.run_cursor.store(place)
    elif known and not place:
        lane.run_cursor.clear()
    return counts


def _run_of(lane: Ndjson, payload: Any) -> str | Ignored:
    """Return the id of the run whose end a "Glue Job State Change" tells, or why it tells none."""
    detail = payload.get("detail") if isinstance(payload, dict) else None
    if not isinstance(detail, dict) or not isinstance(detail.get("jobRunId"), str):
        return Ignored.UNREADABLE
    if lane.glue is None or detail.get("jobName") != lane.glue.name:
        return Ignored.OTHER_JOB
    return detail["jobRunId"] if str(detail.get("state")) in ENDS_OF_GLUE_RUNS else Ignored.UNFINISHED


def _asked(lane: Ndjson, run_id: str) -> Row | Ignored:
    run = lane.glue.find(run_id) if lane.glue else None
    if run is None or run["JobRunState"] not in FINAL:
        raise LookupError(f"Glue does not show the end of run {run_id!r:.200} yet: deliver its event again")
    return _end_run(lane, run)


def _ask_one(lane: Ndjson, mark: Row, counts: dict[str, int]) -> None:
    counts["asked"] += 1
    run_id = mark["file_name"]
    try:
        run = (lane.glue.find(run_id) if lane.glue else None) or _forgotten(lane, mark)
        if run["JobRunState"] not in FINAL:
            return
        told = _end_run(lane, run)
        if isinstance(told, Ignored):
            lane.marks.clear(RUNNING, run_id)
        counts["ended"] += not isinstance(told, Ignored)
    except LookupError:
        return  # its record is to be finished first
    except Exception:
        counts["errors"] += 1
        log.exception("glue run not asked for", extra={"job_run_id": run_id})


def _forgotten(lane: Ndjson, mark: Row) -> dict[str, Any]:
    old = datetime.fromisoformat(mark["started_at"]) < lane.clock() - FORGOTTEN_AFTER
    state = UNKNOWN if old else "STARTING"
    arguments = {MANIFEST_ARGUMENT: mark["manifest_path"]}
    return {"Id": mark["file_name"], "JobRunState": state, "Arguments": arguments, "ErrorMessage": FORGOTTEN}


def _end_run(lane: Ndjson, run: Any) -> Row | Ignored:
    """Record an end and alert it if it is a failure; return the record, or why the end is none of one."""
    record = _record_of(lane, run)
    if record is None:
        return Ignored.NOT_OURS
    run_id, attempt = split_run_id(run["Id"])
    if any(run_id == earlier["job_run_id"] for earlier in record.get("runs", ())):
        return Ignored.SUPERSEDED
    if record["status"] != State.DONE:
        raise LookupError(f"run {run_id!r:.200} ended before its record names it: deliver its event again")
    if record.get("job_run_id") != run_id:
        return Ignored.NOT_OURS
    ended = lane.records.end_run(record, _end_of(lane, run, attempt))
    if ended.get("job_run_id") != run_id or "run_status" not in ended:
        return Ignored.SUPERSEDED
    log.info("glue run ended", extra={"manifest": ended["file_name"], "outcome": ended["run_status"]})
    _settle(lane, ended)
    return ended


def _record_of(lane: Ndjson, run: Any) -> Row | None:
    path, folder = run.get("Arguments", {}).get(MANIFEST_ARGUMENT, ""), manifest_path(lane, "manifests/")
    date, _, name = path.removeprefix(folder).partition("/")
    if not path.startswith(folder) or not name:
        return None
    return lane.records.find(date, f"manifests/{date}/{name}")


def _end_of(lane: Ndjson, run: Any, attempt: int) -> Row:
    end: Row = {
        "run_status": run["JobRunState"],
        "run_stopped_at": iso(run.get("CompletedOn") or lane.clock()),
        "run_attempt": attempt,
    }
    if end["run_status"] != SUCCEEDED:
        end["run_error"] = run.get("ErrorMessage", "unknown")[:TEXT_LENGTH]
    return end


def _settle(lane: Ndjson, record: Row) -> None:
    """Alert a failure unless that was done, then forget that the run's end is awaited.

    An alert that SNS refuses is tried again by `reconcile`, for a day.
    """
    if record["run_status"] != SUCCEEDED and "run_alerted" not in record:
        is_old = datetime.fromisoformat(record["run_stopped_at"]) < lane.clock() - FORGOTTEN_AFTER
        if not _alert(lane, record) and not is_old:
            return
        lane.records.note_alert(record, iso(lane.clock()))
    lane.marks.clear(RUNNING, record["job_run_id"])


def _alert(lane: Ndjson, record: Row) -> bool:
    return lane.topic.publish_notification(
        GLUE_RUN_FAILED_SUBJECT,
        f"Manifest: {shown(record['file_name'])}\nDate: {record['date_prefix'].removeprefix(MANIFEST)}\n"
        f"Glue run: {record['job_run_id']}\nStatus: {record['run_status']}\n"
        f"Error: {shown(record['run_error'])}\nReplay the manifest's key to start another run.",
    )
