"""Batch manifests: a record fixes what one may hold, then any process may finish it, any number of times.

A member belongs to the manifest exactly if its row says so, and that answer is final, so whoever finishes a
record computes the same bytes. Record: `open` (claims, manifest) → `starting` (Glue) → `done`; a record that
is open again has its manifest and waits for Glue.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any, NamedTuple

from chalicelib import parallel
from chalicelib.aws.glue import GlueJob, Start
from chalicelib.aws.items import Row
from chalicelib.aws.manifest_records import REVISION
from chalicelib.aws.tracking_keys import MANIFEST, RUNNING
from chalicelib.logs import log
from chalicelib.ndjson.batches import Member, from_json, size_of, to_json
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.tracking import timestamp

WRITTEN_BYTES = "size_bytes"  # of a manifest that is written; the sparse index shows it
CLOCK_SKEW = timedelta(hours=1)  # between Glue's clock and ours, when a run is looked up


class State(StrEnum):
    """How far a record has come."""

    OPEN = "open"
    STARTING = "starting"
    DONE = "done"


class Hold(NamedTuple):
    """One holding of a date's lock; `began` names the manifests that are planned under it."""

    date_prefix: str
    lock_id: str
    began: datetime


def plan_manifest(lane: Ndjson, hold: Hold, number: int, batch: list[Member]) -> Row:
    """Create the record of a batch, before any of its files is claimed; pass over a taken key.

    It is returned with its members, to be read no more.
    """
    members = to_json(batch)
    for index in count(number):
        record: Row = {
            "date_prefix": MANIFEST + hold.date_prefix,
            "file_name": f"manifests/{hold.date_prefix}/batch-{index}-{hold.began:%Y%m%dT%H%M%S%fZ}.json",
            "status": str(State.OPEN),
            REVISION: 1,
            "plan": f"{hold.lock_id}/{number}",
            "created_at": timestamp(hold.began),
            "pending_since": timestamp(hold.began),
            **lane.audit,
        }
        if lane.records.create(record, members):
            return {**record, "members": members}
    raise AssertionError("unreachable: count() has no end")


def finish(lane: Ndjson, record: Row) -> bool:
    """Do what is left to do for a record; tell whether this call made it `done`."""
    if record["status"] == State.STARTING and lane.glue:
        return _take_over(lane, lane.glue, record)
    contents = _contents(lane, record)
    if not contents["files"] or not lane.glue:
        return _advance(lane, record, State.DONE, **contents) is not None
    if lane.asking.ended:
        _advance(lane, record, State.OPEN, **contents)
        return False
    starting = _advance(lane, record, State.STARTING, **contents, starting_since=timestamp(lane.clock()))
    return starting is not None and _start(lane, lane.glue, starting)


def waits_for_glue(record: Row) -> bool:
    """Tell of a record, also as the index has it, whether a run is all that it lacks."""
    return WRITTEN_BYTES in record or "files" in record or record["status"] == State.STARTING


def manifest_path(lane: Ndjson, key: str) -> str:
    """Return the location of a manifest, as its Glue run is given it."""
    return f"s3://{lane.manifests.name}/{key}"


def manifest_body(members: list[Member]) -> bytes:
    """Return a manifest's bytes, by `docs/contracts/batch-manifest.schema.json`."""
    return json.dumps({"fileLocations": [{"URIPrefixes": [member.path for member in members]}]}).encode()


def date_of(record: Row) -> str:
    """Return the date a record belongs to."""
    return str(record["date_prefix"]).removeprefix(MANIFEST)


def _contents(lane: Ndjson, record: Row) -> dict[str, int]:
    if "files" in record:  # the manifest is written, only Glue is due
        size = record["total_bytes"]
        return {"files": record["files"], "total_bytes": size, WRITTEN_BYTES: size}
    own = _claim(lane, record)
    if own:
        lane.manifests.put_once(record["file_name"], manifest_body(own), ContentType="application/json")
    return {"files": len(own), "total_bytes": size_of(own), WRITTEN_BYTES: size_of(own)}


def _claim(lane: Ndjson, record: Row) -> list[Member]:
    date_prefix, key = date_of(record), record["file_name"]
    members = from_json(lane.records.members(record))

    def claim(member: Member) -> bool:
        return lane.tracking.claim(date_prefix, member.row_name, member.revision, key)

    claimed = parallel.each(claim, members)
    return [member for member, mine in zip(members, claimed, strict=True) if mine]


def _take_over(lane: Ndjson, glue: GlueJob, record: Row) -> bool:
    """Finish a start whose process died: look for its run before starting one."""
    starting = _advance(lane, record, State.STARTING, starting_since=timestamp(lane.clock()))
    if starting is None:
        return False
    planned = datetime.fromisoformat(record.get("restarted_at") or record["created_at"])
    earlier = [run["job_run_id"] for run in record.get("runs", ())]
    run_id = glue.find_run(manifest_path(lane, record["file_name"]), planned - CLOCK_SKEW, earlier)
    if run_id:
        return _done(lane, starting, run_id)
    return _start(lane, glue, starting)


def _start(lane: Ndjson, glue: GlueJob, starting: Row) -> bool:
    result = glue.start(manifest_path(lane, starting["file_name"]))
    if result.start is Start.STARTED:
        return _done(lane, starting, result.run_id)
    details = {"manifest": starting["file_name"], "outcome": str(result.start), "reason": result.reason}
    log.warning("glue run is due", extra=details)
    lane.asking.ended = True
    if result.start is Start.REFUSED:
        _advance(lane, starting, State.OPEN, reason=result.reason)
    return False


def _done(lane: Ndjson, starting: Row, run_id: str) -> bool:
    """Let a record name its run; a mark comes first, so that its end is asked for if no event tells it."""
    path, now = manifest_path(lane, starting["file_name"]), timestamp(lane.clock())
    lane.marks.store(RUNNING, run_id, manifest_path=path, started_at=now)
    return _advance(lane, starting, State.DONE, job_run_id=run_id) is not None


def _advance(lane: Ndjson, record: Row, state: State, **changes: Any) -> Row | None:
    changed = {"status": str(state), **changes, **lane.audit}
    if not lane.records.advance(date_of(record), record, changed):
        return None
    return {**record, **changed, REVISION: record[REVISION] + 1}
