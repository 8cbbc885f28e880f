"""From pending files to batch manifests, each file in exactly one (docs/adr/004).

The counter is a hint that it is worth looking. The lock keeps others from the same work. The records and
claims of `manifests` make the result exact.
"""

from __future__ import annotations

from uuid import uuid4

from chalicelib.aws.tracking_table import Pending
from chalicelib.logs import log
from chalicelib.ndjson.batches import NAMES_LIMIT_BYTES, create_batches, members_of, size_of
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.manifests import Hold, finish, plan_manifest

BATCHES_OF_ONE_HOLD = 8  # bounds what one holder reads and claims; the next one goes on from there


def check_threshold(lane: Ndjson, date_prefix: str, new_bytes: int) -> int:
    """Count `new_bytes` of a date and, when enough may be pending, make manifests; return how many."""
    hint = lane.tracking.count(date_prefix, new_bytes)
    if hint < lane.settings.max_batch_bytes:
        return 0
    return make_manifests(lane, date_prefix, hint)


def make_manifests(lane: Ndjson, date_prefix: str, hint: int, *, flush: bool = False) -> int:
    """Make manifests of a date's pending files under its lock; return how many, 0 when another holds it.

    With `flush` whatever is pending becomes a manifest, else only what reaches the threshold.
    """
    hold = Hold(date_prefix, uuid4().hex, lane.clock())
    lock_key = f"manifest-{date_prefix}"
    if not lane.lock.acquire(lock_key, hold.lock_id, hold.began, lane.settings.lock_ttl_seconds):
        log.info("lock held by another", extra={"date_prefix": date_prefix})
        return 0
    try:
        return _batch_pending(lane, hold, hint, flush=flush)
    finally:
        lane.lock.release(lock_key, hold.lock_id)


def _batch_pending(lane: Ndjson, hold: Hold, hint: int, *, flush: bool) -> int:
    limit = lane.settings.max_batch_bytes
    enough = limit * BATCHES_OF_ONE_HOLD, NAMES_LIMIT_BYTES * BATCHES_OF_ONE_HOLD
    found = lane.tracking.pending(hold.date_prefix, *enough)
    is_due = flush or found.more or found.size_bytes >= limit
    if not found.rows or not is_due:
        lane.tracking.recount(hold.date_prefix, hint, found.size_bytes)
        return 0
    batches = create_batches(members_of(found.rows), limit, flush=flush)
    if found.more and len(batches) > 1:
        batches.pop()  # more of the last batch may lie in what was not read
    batches = batches[:BATCHES_OF_ONE_HOLD]
    _settle(lane, hold, hint, found, sum(size_of(batch) for batch in batches))
    for number, batch in enumerate(batches):
        finish(lane, plan_manifest(lane, hold, number, batch))
    return len(batches)


def _settle(lane: Ndjson, hold: Hold, hint: int, found: Pending, taken: int) -> None:
    """Take what is planned off the counter before it is claimed, so that others need not come and look."""
    left = found.size_bytes - taken
    if found.more or not lane.tracking.recount(hold.date_prefix, hint, left):
        lane.tracking.count(hold.date_prefix, -taken)
