"""The landing lane: every object is catalogued, and what lands for a job is routed.

One upload, one outcome: an active job is started, a file without one or with another header than its job's
is parked and reported, a file of an inactive job is reported. This module decides; `outcomes` and `parking`
have the effects.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from chalicelib.aws.bucket import StoredObject
from chalicelib.aws.catalog_table import RETRY
from chalicelib.aws.copying import SourceChanged
from chalicelib.aws.failures import AWS_ERRORS, is_access_refused
from chalicelib.csv_header import wrong_header
from chalicelib.errors import EventError
from chalicelib.events import S3_ETAG, ObjectEvent, read_event
from chalicelib.keys import is_upload_under_way
from chalicelib.landing.catalog import (
    MAX_READ_BYTES,
    REPLACES,
    STARTED,
    Upload,
    UploadStatus,
    bytes_to_read,
)
from chalicelib.landing.jobs import Job
from chalicelib.landing.lane import FORCED_METADATA, LATE, Landing
from chalicelib.landing.outcomes import (
    PARKED,
    REASON_LENGTH,
    Outcome,
    alert_config,
    find_started,
    look_at_config,
    outcome_of,
    record,
    record_failure,
    report_inactive,
    start_state_machine_execution,
)
from chalicelib.landing.parking import end_move, park
from chalicelib.landing.vanished import record_vanished
from chalicelib.logs import emit_metrics, log

OVERWRITES_FOLLOWED = 3
PAUSE = timedelta(seconds=2)  # of a worker, in which others may have acted: no operator is that quick
MOST_VALUES = 100  # of one metric in a line
OVERWRITTEN = "overwritten before it was read"
UNDER_WAY = "its name says that its upload is under way (IGNORED_NAMES): it is routed under its final name"
AWAITS_CONTENT = "empty: it has RECONCILE_GRACE_SECONDS for its content, then it counts as it is"
GONE = "gone before it was read"


def object_created(landing: Landing, payload: object) -> list[Outcome]:
    """Process every object that a Lambda event names; return one outcome per object that is not ignored.

    Every object is tried before the first failure is raised again, so that the event is redelivered.
    """
    reading = read_event(payload).without(landing.settings.own_outputs)
    if reading.ignored:
        log.info("ignored", extra={"ignored": dict(reading.ignored)})
    outcomes: list[Outcome] = []
    failures: list[Exception] = []
    for event in reading.events:
        try:
            outcomes.append(route(landing, event))
        except Exception as error:
            failures.append(error)
    counts = Counter(outcome["status"] for outcome in outcomes)
    latencies = [(datetime.now(UTC) - event.event_time).total_seconds() for event in reading.events]
    emit_metrics("landing", {**counts, "failed": len(failures), "latency_seconds": latencies[:MOST_VALUES]})
    if failures:
        raise failures[0]
    return outcomes


def route(landing: Landing, event: ObjectEvent, *, discovered: bool = False) -> Outcome:
    """Bring one upload to its outcome and record it; repeats converge on the same one.

    With `discovered` the file is routed wherever it lies. Raise its failure, after recording it.
    """
    if event.bucket != landing.bucket.name:
        raise EventError(
            f"event is of bucket {event.bucket!r:.80}, this lane watches {landing.bucket.name!r}"
        )
    for _ in range(OVERWRITES_FOLLOWED):
        looked_at = landing.clock()
        found = _read(landing, event.key)
        if found is None:
            return _logged(event, "", record_vanished(landing, event, GONE))
        if event.etag != found.etag and S3_ETAG.fullmatch(event.etag):  # the newer object is routed as well
            record_vanished(landing, event, OVERWRITTEN)
        upload = Upload(event.bucket, found, event, looked_at)
        try:
            return _logged(event, upload.identity, _catalogue_or_route(landing, upload, discovered))
        except SourceChanged:
            continue  # overwritten or moved meanwhile: what is there now is routed
    raise RuntimeError(f"s3://{event.bucket}/{event.key} was overwritten {OVERWRITES_FOLLOWED} times at once")


def _read(landing: Landing, key: str) -> StoredObject | None:
    """Read an object; of one that S3 does not give out, return what a listing tells."""
    try:
        return landing.bucket.read(key, bytes_to_read(landing.settings.preview_chars))
    except AWS_ERRORS as error:
        found = landing.bucket.as_listed(key, error) if is_access_refused(error) else None
        if found is None:
            raise
        return found


def _catalogue_or_route(landing: Landing, upload: Upload, discovered: bool) -> Outcome:
    if upload.key == landing.settings.config_key:
        return _lint(landing, upload)
    if not discovered and not upload.key.startswith(landing.settings.input_prefix):
        refusal = upload.found.refusal
        why = f"it cannot be read: {refusal}" if refusal else None
        return record(landing, upload, UploadStatus.RECEIVED, reason=why)
    if is_upload_under_way(landing.settings, upload.key):
        return record(landing, upload, UploadStatus.RECEIVED, reason=UNDER_WAY)
    try:
        return _route(landing, upload)
    except SourceChanged:
        raise
    except Exception as error:
        record_failure(landing, upload, error)
        raise


def _route(landing: Landing, upload: Upload) -> Outcome:
    if upload.found.refusal:
        raise upload.found.refusal
    is_replay = bool(landing.audit)  # a replay is asked for another outcome
    is_late = landing.clock() - upload.found.last_modified > LATE
    if is_late and not is_replay:
        existing = landing.catalog.find(upload.key, upload.timestamp)
        settled = existing and existing["status"] not in REPLACES[UploadStatus.INACTIVE]
        if existing and settled and _is_where_it_says(landing, upload, existing):
            return _repeat(landing, upload, existing)
    job = landing.jobs.match(upload.key)
    if fault := landing.jobs.fault:
        alert_config(landing, fault)
    if job and job.is_active and not is_replay and _awaits_content(landing, upload):
        return record(landing, upload, UploadStatus.RECEIVED, reason=AWAITS_CONTENT, retry=RETRY)
    wrong = _wrong_header(landing, upload, job)
    if wrong:  # no cached config turns a file away
        job = landing.jobs.revalidate().find_matching_job(upload.key)
        wrong = _wrong_header(landing, upload, job)
    if job and job.is_active and not wrong:
        _look_again(landing, upload)
        return start_state_machine_execution(landing, upload, job)
    started = find_started(landing, upload) if is_late or is_replay or wrong else None
    return started or _set_aside(landing, upload, job, wrong)


def _look_again(landing: Landing, upload: Upload) -> None:
    """Raise SourceChanged when this worker paused, and the file was moved away or brought back meanwhile.

    A file that was parked and replayed in the pause is another upload now, and its job was started for that.
    """
    paused = upload.looked_at and landing.clock() - upload.looked_at > PAUSE
    if paused and not landing.bucket.is_unchanged(upload.found):
        raise SourceChanged(upload.key)


def _awaits_content(landing: Landing, upload: Upload) -> bool:
    """Tell whether an empty file may be a placeholder that its client fills in a moment: it has the grace."""
    grace = timedelta(seconds=landing.settings.reconcile_grace_seconds)
    return upload.found.size == 0 and landing.clock() - upload.found.last_modified < grace


def _wrong_header(landing: Landing, upload: Upload, job: Job | None) -> str:
    """Say in what a file's header is not the one of its active job; empty when it is, or need not be."""
    if not (job and job.is_active and job.columns) or landing.forced:
        return ""
    wrong = wrong_header(_beginning(landing, upload.found), upload.found.size, job.columns, job.delimiter)
    return "" if wrong and FORCED_METADATA in landing.target.claims(upload.found) else wrong


def _beginning(landing: Landing, found: StoredObject) -> bytes:
    """Return the beginning of a file, which is read by now unless previews are switched off."""
    if found.first_bytes or not found.size:
        return found.first_bytes
    if found.archived:
        raise RuntimeError(f"its header cannot be read in storage class {found.archived}: restore the file")
    again = landing.bucket.read(found.key, MAX_READ_BYTES)
    if again is None or (again.etag, again.last_modified) != (found.etag, found.last_modified):
        raise SourceChanged(found.key)
    return again.first_bytes


def _set_aside(landing: Landing, upload: Upload, job: Job | None, wrong: str) -> Outcome:
    settings = landing.settings
    if job is None:
        return park(landing, upload, settings.new_files_prefix, UploadStatus.NOT_CONFIGURED)
    if wrong:
        details = {"job_id": job.job_id, "reason": wrong[:REASON_LENGTH]}
        return park(landing, upload, settings.rejected_prefix, UploadStatus.REJECTED, **details)
    if settings.inactive_prefix:
        return park(landing, upload, settings.inactive_prefix, UploadStatus.INACTIVE, job_id=job.job_id)
    return report_inactive(landing, upload, job.job_id)


def _is_where_it_says(landing: Landing, upload: Upload, existing: dict[str, str]) -> bool:
    """Tell whether a parked file still lies where its row says: one that a replay brought back is to stay."""
    moved_to = existing.get("moved_to")
    return (
        existing["status"] in STARTED
        or not moved_to
        or landing.target.holds(moved_to, upload.identity, upload.found, named_by_row=True)
    )


def _repeat(landing: Landing, upload: Upload, existing: dict[str, str]) -> Outcome:
    parked = existing["status"] in PARKED and existing.get("moved_to")
    if parked and "source_stays" not in existing:  # else reconcile tries that, a bounded number of times
        return end_move(landing, existing, upload.found)  # its source is still here: the mover died
    return outcome_of(existing, repeated=True)


def _lint(landing: Landing, upload: Upload) -> Outcome:
    fault = look_at_config(landing)
    reason = str(fault)[:REASON_LENGTH] if fault else None
    return record(landing, upload, UploadStatus.RECEIVED, reason=reason)


def _logged(event: ObjectEvent, identity: str, outcome: Outcome) -> Outcome:
    where = {"bucket": event.bucket, "key": event.key, "identity": identity}
    log.info("outcome", extra={**where, "outcome": outcome["status"]})
    return outcome
