"""`POST /replay`: route uploads again, through the same code and identity as live traffic.

Each replay is noted in the upload's row before it is carried out; the row that its routing writes carries the
note too. An upload that started its job starts nothing more, unless `force` asks for another execution, which
has a name of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from chalicelib.actions.replay_plan import Action, PlannedReplay, plan
from chalicelib.actions.requests import ReplayRequest, read_replay
from chalicelib.api.answers import Body
from chalicelib.api.cursors import Position, encode_cursor
from chalicelib.api.http_request import Operator
from chalicelib.api.paging import newest_first
from chalicelib.aws.bucket import StoredObject
from chalicelib.aws.catalog_reader import CatalogReader
from chalicelib.aws.copying import IDENTITY_METADATA, SourceChanged
from chalicelib.aws.failures import describe_failure
from chalicelib.aws.items import Row
from chalicelib.aws.replay_log import ReplayLog
from chalicelib.errors import ConflictError
from chalicelib.events import ObjectEvent
from chalicelib.landing.catalog import Upload, UploadStatus, bytes_to_read, identify, row_timestamp
from chalicelib.landing.executions import execution_input, execution_name
from chalicelib.landing.jobs import Config, read_config
from chalicelib.landing.lane import Landing
from chalicelib.landing.routing import route
from chalicelib.logs import log
from chalicelib.status.files import BY_UPLOAD
from chalicelib.status.prediction import predict

VERSIONS = 50  # of a key, the newest: looked through for one that did not vanish
PAGE = 50  # uploads of one call by status and date; its cursor leads to the next


@dataclass(frozen=True, slots=True)
class Replays:
    """What replays work with; `discovered` is the landing lane on the bucket that discovery scans."""

    landing: Landing
    discovered: Landing
    catalog: CatalogReader
    log: ReplayLog


def replay(replays: Replays, body: object, operator: Operator) -> Body:
    """Answer `POST /replay`: what would happen to each upload, or what did."""
    request = read_replay(body)
    rows, missing, position = _rows(replays, request)
    _refuse_others(rows, request)
    config = read_config(replays.landing.bucket, replays.landing.settings.config_key)
    items = [_replayed(replays, row, config, request, operator) for row in rows]
    unknown = [{"key": key, "action": "none", "why": "No upload of this key is recorded."} for key in missing]
    return {
        "dry_run": request.dry_run,
        "items": items + unknown,
        "next_cursor": encode_cursor(request.query, position),
    }


def _rows(replays: Replays, request: ReplayRequest) -> tuple[list[Row], list[str], Position | None]:
    if request.keys:
        newest = {key: _newest_replayable(replays.catalog, key) for key in request.keys}
        rows = [found for found in newest.values() if found]
        return rows, [key for key, found in newest.items() if not found], None
    source = partial(replays.catalog.uploads, request.date, request.status)
    rows, position = newest_first([source], BY_UPLOAD, request.after, PAGE)
    return rows, [], position


def _newest_replayable(catalog: CatalogReader, key: str) -> Row | None:
    """Return the newest upload of a key that did not vanish, or the newest of all; None without any."""
    rows = catalog.versions(key, "", VERSIONS)
    return next((row for row in rows if row["status"] != UploadStatus.VANISHED), rows[0] if rows else None)


def _refuse_others(rows: list[Row], request: ReplayRequest) -> None:
    """Raise ConflictError when an upload is another than the one that was looked at."""
    if not request.etags:
        return
    unseen = None if request.keys else ""  # what a status and a date bring up now and did not then
    for row in rows:
        seen = request.etags.get(row["file_key"], unseen)
        if seen is not None and seen.strip('"') != row.get("etag", ""):
            raise ConflictError(
                f"{row['file_key'][:200]!r} is not what was looked at: its upload to replay has the ETag "
                f"{row.get('etag', '')!r} now; nothing was replayed, look again"
            )


def _replayed(replays: Replays, row: Row, config: Config, request: ReplayRequest, operator: Operator) -> Body:
    """Return what would happen to one upload, or did; its failure stops no other."""
    planned = PlannedReplay(row, Action.NONE, "It could not be looked at.")
    try:
        is_landing = row["bucket_name"] == replays.landing.bucket.name
        lane = replays.landing if is_landing else replays.discovered
        planned = _planned(lane, row, config, force=request.force)
        if request.dry_run or planned.action is Action.NONE:
            return planned.shown()
        return _carried_out(replays.log, lane, planned, operator, force=request.force)
    except Exception as error:
        log.exception("replay failed", extra={"key": row["file_key"]})
        reason = describe_failure(error) or str(error)
        return {**planned.shown(), "outcome": {"status": "failed", "reason": reason}}


def _planned(landing: Landing, row: Row, config: Config, *, force: bool) -> PlannedReplay:
    key, bucket = row["file_key"], landing.bucket.name
    if row["bucket_name"] != bucket:
        why = f"It landed in {row['bucket_name']}, which LANDING_BUCKET and S3_SOURCE_BUCKET do not name."
        return PlannedReplay(row, Action.NONE, why)
    now = predict(key, landing.settings, config, bucket=bucket, routed=_was_routed(row))
    planned = plan(row, now, force=force)
    if planned.action is Action.RESTORE:
        return _checked_way_back(landing, planned)
    if planned.action is Action.NONE:
        return planned
    found = landing.bucket.head(row["file_key"])
    if found is None:
        return planned.cancelled("Its object is gone; upload it again.")
    if found.etag != row["etag"]:
        return planned.cancelled("It was overwritten since: replay its newest version.")
    return planned


def _was_routed(row: Row) -> bool:
    return str(row["status"]) not in {"received", "vanished"}


def _checked_way_back(landing: Landing, planned: PlannedReplay) -> PlannedReplay:
    row = planned.row
    parked, there = landing.bucket.head(row["moved_to"]), landing.bucket.head(row["file_key"])
    if parked is None:
        return _without_copy(landing, planned, there)
    if there and there.metadata.get(IDENTITY_METADATA) != _identity(landing, parked):
        return planned.cancelled("A newer upload lies under its key: move that away first, or replay that.")
    return planned


def _without_copy(landing: Landing, planned: PlannedReplay, there: StoredObject | None) -> PlannedReplay:
    """Route a file that is back but was not routed: the replay that moved it may have died right then."""
    if there and IDENTITY_METADATA in there.metadata:
        timestamp = row_timestamp(there.last_modified, _identity(landing, there))
        row = landing.catalog.find(there.key, timestamp)
        if row is None or row["status"] != planned.expected:
            why = f"It is back from {planned.row['moved_to']}, and only to be routed."
            return replace(planned, action=Action.ROUTE, why=why)
    moved_to = planned.row["moved_to"]
    return planned.cancelled(f"What was parked as {moved_to} is gone: it was replayed before, or taken away.")


def _carried_out(
    replay_log: ReplayLog, landing: Landing, planned: PlannedReplay, operator: Operator, *, force: bool
) -> Body:
    note = {
        "by": operator.role,
        "address": operator.address,
        "at": landing.clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "from_status": planned.row["status"],
        "action": planned.action,
        "force": force,
    }
    audit = _begun(landing, planned) or replay_log.note(planned.row, note)
    if audit is None:
        return {**planned.shown(), "action": "none", "why": "Its row is gone."}
    outcome = _acted(replay_log, replace(landing, audit=audit), planned, audit["replay_count"])
    log.info("replayed", extra={"key": planned.row["file_key"], "outcome": outcome["status"], **note})
    return {**planned.shown(), "outcome": outcome}


def _begun(landing: Landing, planned: PlannedReplay) -> Row | None:
    """Return the notes of a forced start whose execution the row does not name: it is finished, not repeated.

    The row is read by its key: the index of dates and statuses is late, and has no notes.
    """
    if planned.action is not Action.START_AGAIN:
        return None
    row = landing.catalog.find(planned.row["file_key"], planned.row["timestamp"]) or {}
    notes, count = row.get("replays"), row.get("replay_count")
    if not notes or notes[-1].get("action") != Action.START_AGAIN:
        return None
    told = str(row.get("execution")).endswith(f"-r{count}")
    return None if told else {"replays": notes, "replay_count": count}


def _acted(replay_log: ReplayLog, landing: Landing, planned: PlannedReplay, count: int) -> Body:
    if planned.action is Action.START_AGAIN:
        return _start_again(replay_log, landing, planned.row, count)
    if planned.action is Action.RESTORE:
        _restore(landing, planned.row)
    return route(landing, _event(landing, planned.row), discovered=True)


def _restore(landing: Landing, row: Row) -> None:
    """Move a parked file back to its key, never over another; the event of that finds it routed."""
    parked = landing.bucket.read(row["moved_to"], bytes_to_read(landing.settings.preview_chars))
    if parked is None:
        return
    try:
        landing.target.copy_once(landing.bucket, parked, [row["file_key"]], _identity(landing, parked))
    except SourceChanged:
        raise RuntimeError(f"{row['moved_to']} was changed while it was moved: replay it again") from None
    landing.bucket.delete_if_match(row["moved_to"], parked.etag)


def _start_again(replay_log: ReplayLog, landing: Landing, row: Row, count: int) -> Body:
    found = landing.bucket.read(row["file_key"], 0)
    job = landing.jobs.match(row["file_key"])
    if found is None or found.etag != row["etag"] or job is None:
        return {
            "key": row["file_key"],
            "status": "unchanged",
            "reason": "the file or its job changed meanwhile",
        }
    upload = Upload(landing.bucket.name, found, _event(landing, row))
    name = execution_name(upload, repeat=count)
    landing.machine.start(name, execution_input(upload, job))
    replay_log.note_execution(row, name, job.job_id)
    return {"key": row["file_key"], "status": "triggered", "execution": name}


def _identity(landing: Landing, parked: StoredObject) -> str:
    return identify(landing.bucket.name, parked.key, parked.etag, parked.last_modified)


def _event(landing: Landing, row: Row) -> ObjectEvent:
    return ObjectEvent(
        bucket=landing.bucket.name,
        key=row["file_key"],
        size_bytes=row.get("file_size", 0),
        etag=row.get("etag", ""),
        event_name=f"Replayed:{row['status']}",
        event_time=datetime.fromisoformat(row["timestamp"].partition("#")[0]),
    )
