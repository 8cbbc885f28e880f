"""Replay of an NDJSON file that failed: it is announced to its lane again, and its row notes who asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.api.answers import Body
from chalicelib.api.http_request import Operator
from chalicelib.aws.redrive import MessageTarget
from chalicelib.aws.release_log import ReleaseLog
from chalicelib.aws.tracking_reader import TrackingReader
from chalicelib.ndjson.tracking import FileStatus
from chalicelib.status.explain_ndjson import tracking_rows

WHY = "It is announced again: the lane reads it within a minute."


@dataclass(frozen=True, slots=True)
class FailedFiles:
    """What replays of NDJSON files work with; `bucket` is the name of the lane's."""

    tracking: TrackingReader
    log: ReleaseLog
    bucket: str
    queue: MessageTarget
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)


def replay_failed(files: FailedFiles, key: str, operator: Operator, *, dry_run: bool) -> Body | None:
    """Replay the newest failed version of a key; None when none failed."""
    rows = tracking_rows(files.tracking, files.bucket, key, None, files.clock())
    failed = [row for row in rows if row["status"] == FileStatus.FAILED]
    if not failed:
        return None
    row = max(failed, key=lambda row: str(row["created_at"]))
    planned: Body = {"key": key, "action": "announce", "why": WHY, "status": str(row["status"])}
    at = files.clock().strftime("%Y-%m-%dT%H:%M:%SZ")
    if dry_run:
        return planned
    if not files.log.note_replay(row, operator.role, operator.address, at):
        return {**planned, "action": "none", "why": "It has another outcome by now."}
    announced = {"bucket": files.bucket, "key": key, "etag": row["etag"], "size": row["size_bytes"]}
    files.queue.send(json.dumps({**announced, "last_modified": f"{row['date_prefix']}T00:00:00Z"}))
    return planned
