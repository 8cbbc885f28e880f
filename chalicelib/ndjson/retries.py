"""Files that failed are tried again: each attempt is counted first, and those longest due come first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice

from chalicelib.aws.items import Row
from chalicelib.deadline import HasTime
from chalicelib.logs import log
from chalicelib.ndjson.arrivals import batch_accepted
from chalicelib.ndjson.attempts import BEGUN, track_or_fail
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.rows import with_retry
from chalicelib.ndjson.tracking import FileStatus, file_at, timestamp

RETRIES_OF_ONE_RUN = 1000  # an archived file is one call


def retry_failed(lane: Ndjson, has_time: HasTime) -> dict[str, int]:
    """Try again what failed and is due; return the counts of files `retried` and of `errors`."""
    counts = Counter(retried=0, errors=0)
    try:
        for row in islice(lane.tracking.failed(timestamp(lane.clock())), RETRIES_OF_ONE_RUN):
            if not has_time():
                break
            counts["retried" if _retry(lane, row) else "errors"] += 1
    except Exception:  # the other lanes' repairs do not depend on this one
        counts["errors"] += 1
        log.exception("failed ndjson files not tried again")
    return dict(counts)


def _retry(lane: Ndjson, row: Row) -> bool:
    """Try a file once more; tell whether it has an outcome now, or why it has none is told in its row."""
    where = {"key": row["file_path"], "attempts": row["attempts"]}
    counted = _counted(lane, row)
    if lane.tracking.replace(counted, row) is not None:
        return True  # another worker has it
    file = file_at(row["file_path"], row["etag"], row["date_prefix"], row["size_bytes"])
    file = replace(file, current_etag=file.etag, listed=True)  # the version that is there counts
    try:
        tracked = track_or_fail(lane, file, counted=True)
    except Exception as error:
        log.warning("failed again", extra={**where, "reason": str(error)})
        return False
    log.info("retried", extra={**where, "outcome": tracked.outcome})
    if tracked.outcome != FileStatus.FAILED:
        _give_up_superseded(lane, row)
    listed, _ = batch_accepted(lane, {file: tracked})
    return not isinstance(listed[file], Exception)


def _counted(lane: Ndjson, row: Row) -> Row:
    reason = str(row["reason"]).removesuffix(f"; {BEGUN}")
    attempts = int(row["attempts"]) + ("storage_class" not in row)
    begun = row if reason == BEGUN or "storage_class" in row else {**row, "reason": f"{reason}; {BEGUN}"}
    return with_retry(lane, begun, attempts)


def _give_up_superseded(lane: Ndjson, row: Row) -> None:
    """Settle the row of a version that was overwritten: what was tracked is another one."""
    left = lane.tracking.find(row["date_prefix"], row["file_name"])
    if left and left["status"] == FileStatus.FAILED and left["etag"] == row["etag"]:
        indexed = {"quarantine", "quarantined_at"}
        kept = {name: value for name, value in left.items() if name not in indexed}
        reason = "overwritten before it could be read"
        lane.tracking.replace({**kept, "status": str(FileStatus.VANISHED), "reason": reason}, left)
