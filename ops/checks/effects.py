"""The order of effects: what `mutants` turns around, one pair at a time.

Each change has two effects follow each other the other way, as somebody might who tidies up.
"""

from __future__ import annotations

from typing import NamedTuple


class Change(NamedTuple):
    """One change of one module: the text `old` becomes `new`."""

    path: str
    what: str
    old: str
    new: str


CHANGES = [
    Change(
        "chalicelib/actions/release.py",
        "the file comes back before its row lets it pass",
        """    if not releases.log.release(row, operator.role, operator.address, at):
        raise ConflictError(f"{key[:200]!r} changed while it was released: look at it again")
    try:
        back()
""",
        """    try:
        back()
        if not releases.log.release(row, operator.role, operator.address, at):
            raise ConflictError(f"{key[:200]!r} changed while it was released: look at it again")
""",
    ),
    Change(
        "chalicelib/actions/release.py",
        "the row leaves quarantine before the file does",
        "    try:\n        back()\n",
        "    releases.log.leave_quarantine(row)\n    try:\n        back()\n",
    ),
    Change(
        "chalicelib/actions/release.py",
        "the copy in quarantine is deleted before it is copied back",
        "    releases.target.copy_once(releases.quarantine, parked, [key], identity, metadata, unlike=was)\n"
        "    releases.quarantine.delete_if_match(parked.key, parked.etag)\n",
        "    releases.quarantine.delete_if_match(parked.key, parked.etag)\n"
        "    releases.target.copy_once(releases.quarantine, parked, [key], identity, metadata, unlike=was)\n",
    ),
    Change(
        "chalicelib/actions/replay.py",
        "the parked copy is deleted before it is copied back",
        "    try:\n        landing.target.copy_once(\n",
        """    landing.bucket.delete_if_match(row["moved_to"], parked.etag)
    try:
        landing.target.copy_once(
""",
    ),
    Change(
        "chalicelib/actions/replay.py",
        "the file is routed before it is brought back",
        """    if planned.action is Action.RESTORE:
        _restore(landing, planned.row)
    outcome = route(landing, event_of_row(planned.row, f"Replayed:{planned.row['status']}"), discovered=True)
""",
        """    outcome = route(landing, event_of_row(planned.row, f"Replayed:{planned.row['status']}"), discovered=True)
    if planned.action is Action.RESTORE:
        _restore(landing, planned.row)
""",
    ),
    Change(
        "chalicelib/actions/replay.py",
        "a replay is noted after it was carried out",
        """    audit = _begun(landing, planned) or replays.log.note(planned.row, note)
    if audit is None:
        return {**planned.shown(), "action": "none", "why": "Its row is gone."}
    outcome = _acted(replays, replace(landing, audit=audit, forced=force), planned)
""",
        """    outcome = _acted(replays, replace(landing, audit={"replays": [note], "replay_count": 1}, forced=force), planned)
    audit = _begun(landing, planned) or replays.log.note(planned.row, note)
    if audit is None:
        return {**planned.shown(), "action": "none", "why": "Its row is gone."}
""",
    ),
    Change(
        "chalicelib/landing/outcomes.py",
        "the row comes before the start",
        "    if landing.machine.start(name, payload, machine):\n",
        """    _record_started(landing, upload, Execution(name, machine, json.loads(payload)))
    if landing.machine.start(name, payload, machine):
""",
    ),
    Change(
        "chalicelib/landing/outcomes.py",
        "the arrival is noted after the row",
        """    if job.expected:
        landing.arrivals.note(job.job_id, iso(upload.found.last_modified))
    return _record_started(landing, upload, execution)
""",
        """    outcome = _record_started(landing, upload, execution)
    if job.expected:
        landing.arrivals.note(job.job_id, iso(upload.found.last_modified))
    return outcome
""",
    ),
    Change(
        "chalicelib/landing/outcomes.py",
        "the alert of an inactive job comes after the row",
        """    landing.topic.publish_notification(INACTIVE_SUBJECT, inactive_message(upload.key, job_id))
    return record(landing, upload, UploadStatus.INACTIVE, job_id=job_id)
""",
        """    outcome = record(landing, upload, UploadStatus.INACTIVE, job_id=job_id)
    landing.topic.publish_notification(INACTIVE_SUBJECT, inactive_message(upload.key, job_id))
    return outcome
""",
    ),
    Change(
        "chalicelib/landing/parking.py",
        "the row comes before the copy",
        """    moved_to, is_new = landing.target.copy_new(landing.bucket, upload.found, keys, upload.identity)
    unended: Row = {"retry": RETRY, "attempts": 1, "unreported": True}
    row = landing.row(upload, status, moved_to=moved_to, **details, **unended)
    existing = landing.catalog.record(row, REPLACES[status])
""",
        """    unended: Row = {"retry": RETRY, "attempts": 1, "unreported": True}
    row = landing.row(upload, status, moved_to=keys[0], **details, **unended)
    existing = landing.catalog.record(row, REPLACES[status])
    moved_to, is_new = landing.target.copy_new(landing.bucket, upload.found, keys, upload.identity)
""",
    ),
    Change(
        "chalicelib/landing/parking.py",
        "the alert comes before the delete",
        """    stays = _delete(landing, found) if found else ""
    if row.get("unreported") or (found and not stays and "source_stays" not in row):
        _report_parked(landing, row)
""",
        """    if row.get("unreported") or (found and "source_stays" not in row):
        _report_parked(landing, row)
    stays = _delete(landing, found) if found else ""
""",
    ),
    Change(
        "chalicelib/landing/parking.py",
        "the move is ended before it is told",
        """    if row.get("unreported") or (found and not stays and "source_stays" not in row):
        _report_parked(landing, row)
""",
        """    landing.catalog.end_move(row, stays, retry=False)
    if row.get("unreported") or (found and not stays and "source_stays" not in row):
        _report_parked(landing, row)
""",
    ),
    Change(
        "chalicelib/landing/parking.py",
        "a source is given up before a person is told",
        """    if given_up:
        _report_source(landing, row, stays)
    landing.catalog.end_move(row, stays, retry=bool(stays) and not given_up)
""",
        """    landing.catalog.end_move(row, stays, retry=bool(stays) and not given_up)
    if given_up:
        _report_source(landing, row, stays)
""",
    ),
    Change(
        "chalicelib/landing/parking.py",
        "an attempt to end a move is counted after it was made",
        """    if row and "moved_to" in row and landing.catalog.count_move(row, now):
        row["attempts"] += 1
        end_move(landing, row, _source_of(landing, row))
""",
        """    if row and "moved_to" in row:
        row["attempts"] += 1
        end_move(landing, row, _source_of(landing, row))
        landing.catalog.count_move(row, now)
""",
    ),
    Change(
        "chalicelib/landing/repair.py",
        "an attempt is counted after it was made",
        """    lane = begin(landing, due)
    if lane is None:
        return ""
    outcome = route(lane, due.event, discovered=True)
""",
        """    outcome = route(landing, due.event, discovered=True)
    lane = begin(landing, due)
    if lane is None:
        return ""
""",
    ),
    Change(
        "chalicelib/ndjson/arrivals.py",
        "an attempt is counted after it was made",
        """    if counted and not begin(lane, file, ATTEMPTS_OF_QUEUE):
        return TrackResult("left_to_reconcile")
    return track_or_fail(lane, file, counted=counted)
""",
        """    tracked = track_or_fail(lane, file, counted=counted)
    if counted and not begin(lane, file, ATTEMPTS_OF_QUEUE):
        return TrackResult("left_to_reconcile")
    return tracked
""",
    ),
    Change(
        "chalicelib/ndjson/manifests.py",
        "Glue is asked before the record says so",
        """    starting = _advance(lane, record, State.STARTING, **contents, starting_since=timestamp(lane.clock()))
    return starting is not None and _start(lane, lane.glue, starting)
""",
        """    started = _start(lane, lane.glue, record)
    _advance(lane, record, State.STARTING, **contents, starting_since=timestamp(lane.clock()))
    return started
""",
    ),
    Change(
        "chalicelib/ndjson/manifests.py",
        "the record names its run before the mark that has its end asked for",
        """    lane.marks.store(RUNNING, run_id, manifest_path=path, started_at=now)
    return _advance(lane, starting, State.DONE, job_run_id=run_id) is not None
""",
        """    done = _advance(lane, starting, State.DONE, job_run_id=run_id) is not None
    lane.marks.store(RUNNING, run_id, manifest_path=path, started_at=now)
    return done
""",
    ),
    Change(
        "chalicelib/ndjson/threshold.py",
        "files are struck off before a record plans them",
        """    records = [plan_manifest(lane, hold, number, batch) for number, batch in enumerate(batches)]
    _strike_off(lane, hold.date_prefix, found.items, batches)
""",
        """    _strike_off(lane, hold.date_prefix, found.items, batches)
    records = [plan_manifest(lane, hold, number, batch) for number, batch in enumerate(batches)]
""",
    ),
    Change(
        "chalicelib/ndjson/threshold.py",
        "a list goes before what is left of it is listed",
        """            enlist(lane, date_prefix, listed["pending_since"], left)
            yield listed["file_name"]
""",
        """            lane.lists.remove(date_prefix, [listed["file_name"]])
            enlist(lane, date_prefix, listed["pending_since"], left)
            yield listed["file_name"]
""",
    ),
    Change(
        "chalicelib/aws/manifest_records.py",
        "a record comes before its members",
        "        return self._put_once(listed) and self._put_once(record)\n",
        "        return self._put_once(record) and self._put_once(listed)\n",
    ),
    Change(
        "chalicelib/ndjson/quarantine.py",
        "the alert comes before the delete",
        "    _delete_source(lane, row, seen)\n    tell_if_due(lane, file)\n",
        "    tell_if_due(lane, file)\n    _delete_source(lane, row, seen)\n",
    ),
    Change(
        "chalicelib/ndjson/quarantine.py",
        "the source is deleted before the row",
        "    tracked = _recorded(lane, file, existing, reason=reason, moved_to=",
        "    lane.bucket.delete_if_unchanged(seen)\n"
        "    tracked = _recorded(lane, file, existing, reason=reason, moved_to=",
    ),
    Change(
        "chalicelib/ndjson/quarantine.py",
        "the row comes before the mark of its alert",
        '    if existing is None or existing["status"] != FileStatus.QUARANTINED:\n        told_of',
        "    tracked = record(lane, file, FileStatus.QUARANTINED, **details)\n"
        '    if existing is None or existing["status"] != FileStatus.QUARANTINED:\n        told_of',
    ),
    Change(
        "chalicelib/ndjson/quarantine.py",
        "the mark of an alert is cleared before the alert",
        "    if rows := _quarantined(lane, file):\n",
        "    lane.marks.clear(UNTOLD + file.date_prefix, file.identity)\n"
        "    if rows := _quarantined(lane, file):\n",
    ),
]
