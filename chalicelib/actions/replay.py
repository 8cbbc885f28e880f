"""`POST /replay`: route uploads again, through the same code and identity as live traffic.

Each replay is noted in the upload's row before it is carried out; the row that its routing writes carries the
note too. An upload that started its job starts nothing more, unless that job failed or `force` asks for
another execution, which has a name of its own. With `force` a rejected file is started as it is: the copy
that comes back says so, for whichever event comes first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from chalicelib.actions.replay_manifest import ManifestRuns, replay_manifest
from chalicelib.actions.replay_ndjson import FailedFiles, replay_failed
from chalicelib.actions.replay_plan import Action, PlannedReplay, plan
from chalicelib.actions.requests import ReplayRequest, read_replay
from chalicelib.api.answers import Body
from chalicelib.api.cursors import Position, encode_cursor
from chalicelib.api.http_request import Operator
from chalicelib.api.paging import newest_first
from chalicelib.aws.bucket import StoredObject
from chalicelib.aws.catalog_reader import CatalogReader
from chalicelib.aws.copying import SourceChanged
from chalicelib.aws.failures import describe_failure
from chalicelib.aws.items import Row
from chalicelib.aws.replay_log import ReplayLog
from chalicelib.errors import ConflictError
from chalicelib.landing.catalog import (
    MAX_READ_BYTES,
    STARTED,
    UploadStatus,
    bytes_to_read,
    event_of_row,
    identify,
    row_timestamp,
)
from chalicelib.landing.config import Config, ConfigReader
from chalicelib.landing.lane import FORCED_METADATA, Landing
from chalicelib.landing.routing import route
from chalicelib.logs import log
from chalicelib.runs.attempts import begin_attempt, start_attempt
from chalicelib.runs.lane import Runs
from chalicelib.status.files import BY_UPLOAD
from chalicelib.status.prediction import Prediction, predict, with_header

VERSIONS = 50  # of a key, the newest: looked through for one that did not vanish
PAGE = 50  # uploads of one call by status and date; its cursor leads to the next


@dataclass(frozen=True, slots=True)
class Replays:
    """What replays work with; `discovered` is the landing lane on the bucket that discovery scans."""

    landing: Landing
    discovered: Landing
    catalog: CatalogReader
    log: ReplayLog
    ndjson: FailedFiles
    manifests: ManifestRuns
    runs: Runs
    config: ConfigReader


def replay(replays: Replays, body: object, operator: Operator) -> Body:
    """Answer `POST /replay`: what would happen to each upload, or what did."""
    request = read_replay(body, replays.landing.clock().date().isoformat())
    rows, missing, position = _rows(replays, request)
    _refuse_others(rows, request)
    config = replays.config.read().config
    items = [_replayed(replays, row, config, request, operator) for row in rows]
    unknown = [
        replay_failed(replays.ndjson, key, operator, dry_run=request.dry_run)
        or replay_manifest(replays.manifests, key, request, operator)
        or {"key": key, "action": "none", "why": "No upload of this key is recorded."}
        for key in missing
    ]
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
        if planned.is_gone and not request.dry_run:
            _note_put_back(replays, planned.row)
        if request.dry_run or planned.action is Action.NONE:
            return planned.shown()
        return _carried_out(replays, lane, planned, operator, force=request.force)
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
    if now.job and now.job.columns and not force and row["status"] not in STARTED:
        now = _with_header(landing, row, now)
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


def _with_header(landing: Landing, row: Row, now: Prediction) -> Prediction:
    found = landing.bucket.read(row.get("moved_to") or row["file_key"], MAX_READ_BYTES)
    return with_header(now, landing.settings, found) if found else now


def _was_routed(row: Row) -> bool:
    return str(row["status"]) not in {"received", "vanished"}


def _checked_way_back(landing: Landing, planned: PlannedReplay) -> PlannedReplay:
    row = planned.row
    parked, there = landing.bucket.head(row["moved_to"]), landing.bucket.head(row["file_key"])
    if there and row_timestamp(there.last_modified, _identity(landing, there)) == row["timestamp"]:
        return _with_source(landing, planned)
    if parked is None:
        return _without_copy(landing, planned, there)
    if there and not landing.target.is_copy(there, _identity(landing, parked), parked):
        return planned.cancelled("A newer upload lies under its key: move that away first, or replay that.")
    return planned


def _with_source(landing: Landing, planned: PlannedReplay) -> PlannedReplay:
    """Route a parked file that still lies where it landed, because S3 does not delete it there."""
    row = landing.catalog.find(planned.row["file_key"], planned.row["timestamp"]) or {}
    if "source_stays" not in row:
        return planned.cancelled("It is being moved at this moment: ask again when that has ended.")
    why = f"It could not be deleted where it landed, and is routed there; a copy stays as {row['moved_to']}."
    return replace(planned, action=Action.ROUTE, why=why)


def _without_copy(landing: Landing, planned: PlannedReplay, there: StoredObject | None) -> PlannedReplay:
    """Route a file that is back but was not routed: the replay that moved it may have died right then."""
    if there and landing.target.claims(there):
        timestamp = row_timestamp(there.last_modified, _identity(landing, there))
        row = landing.catalog.find(there.key, timestamp)
        if row is None or row["status"] != planned.expected:
            why = f"It is back from {planned.row['moved_to']}, and only to be routed."
            return replace(planned, action=Action.ROUTE, why=why)
    moved_to = planned.row["moved_to"]
    why = f"What was parked as {moved_to} is gone: it was replayed before, or taken away."
    return replace(planned.cancelled(why), is_gone=True)


def _carried_out(
    replays: Replays, landing: Landing, planned: PlannedReplay, operator: Operator, *, force: bool
) -> Body:
    note = {
        "by": operator.role,
        "address": operator.address,
        "at": landing.clock().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "from_status": planned.row["status"],
        "action": planned.action,
        "force": force,
    }
    audit = _begun(landing, planned) or replays.log.note(planned.row, note)
    if audit is None:
        return {**planned.shown(), "action": "none", "why": "Its row is gone."}
    outcome = _acted(replays, replace(landing, audit=audit, forced=force), planned)
    if planned.row.get("moved_to") and outcome["status"] != planned.row["status"]:
        _note_put_back(replays, planned.row)
    log.info("replayed", extra={"key": planned.row["file_key"], "outcome": outcome["status"], **note})
    return {**planned.shown(), "outcome": outcome}


def _note_put_back(replays: Replays, row: Row) -> None:
    """Take a parked upload out of the day's lists and counts once its file is back as a newer upload.

    Of a replay that died before it could, the next one does it.
    """
    for newest in replays.catalog.versions(row["file_key"], "", 1):
        if newest["timestamp"] != row["timestamp"]:
            at = replays.landing.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
            replays.log.note_put_back(row, at)


def _begun(landing: Landing, planned: PlannedReplay) -> Row | None:
    """Return the notes of a start that was begun and not finished: it is finished, not noted again.

    The row is read by its key: the index of dates and statuses is late, and has no notes.
    """
    if planned.action is not Action.START_AGAIN:
        return None
    row = landing.catalog.find(planned.row["file_key"], planned.row["timestamp"]) or {}
    if "next_attempt" not in row or "replays" not in row:
        return None
    return {"replays": row["replays"], "replay_count": row["replay_count"]}


def _acted(replays: Replays, landing: Landing, planned: PlannedReplay) -> Body:
    if planned.action is Action.START_AGAIN:
        return _start_again(replays, planned.row)
    if planned.action is Action.RESTORE:
        _restore(landing, planned.row)
    outcome = route(landing, event_of_row(planned.row, f"Replayed:{planned.row['status']}"), discovered=True)
    if outcome["status"] == "already_running":  # by the event of the file's own way back, which came first
        return {**outcome, "status": "triggered"}
    return outcome


def _restore(landing: Landing, row: Row) -> None:
    """Move a parked file back to its key, never over another; the event of that finds it routed."""
    parked = landing.bucket.read(row["moved_to"], bytes_to_read(landing.settings.preview_chars))
    if parked is None:
        return
    identity, claims = _identity(landing, parked), {FORCED_METADATA: "yes"} if landing.forced else {}
    try:
        landing.target.copy_once(
            landing.bucket, parked, [row["file_key"]], identity, claims, unlike=row.get("etag", "")
        )
    except SourceChanged:
        raise RuntimeError(f"{row['moved_to']} was changed while it was moved: replay it again") from None
    landing.bucket.delete_if_match(row["moved_to"], parked.etag)


def _start_again(replays: Replays, row: Row) -> Body:
    """Start the next attempt at an upload; one that was begun and not finished is finished, not repeated."""
    begun = begin_attempt(replays.runs, row)
    name = start_attempt(replays.runs, begun, 0) if begun else ""
    if not name:
        return {
            "key": row["file_key"],
            "status": "unchanged",
            "reason": "the file or its job changed meanwhile",
        }
    return {"key": row["file_key"], "status": "triggered", "execution": name}


def _identity(landing: Landing, parked: StoredObject) -> str:
    return identify(landing.bucket.name, parked.key, parked.etag, parked.last_modified)
