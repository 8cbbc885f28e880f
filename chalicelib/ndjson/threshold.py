"""From pending files to batch manifests, each file in exactly one (docs/adr/004).

Between its row and its manifest a file always stands in a list or in the plan of a record: a list goes only
when the record is made, and what else it names is listed anew before. The counter is a hint that it is worth
looking. The lock keeps others from the same work. The records and claims of `manifests` make it exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import uuid4

from chalicelib.aws.items import Row
from chalicelib.logs import log
from chalicelib.ndjson.batches import (
    NAMES_LIMIT_BYTES,
    Member,
    create_batches,
    from_json,
    left_of,
    size_of,
    to_json,
    waiting_in,
)
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.manifests import Hold, finish, plan_manifest

LISTED_AT_ONCE = 500  # of one list: some 50 kB
BATCHES_OF_ONE_HOLD = 8  # bounds what one holder reads and claims; the next one goes on from there


def enlist(lane: Ndjson, date_prefix: str, since: str, members: Sequence[Member]) -> None:
    """List files of a date that wait since then."""
    for first in range(0, len(members), LISTED_AT_ONCE):
        some = members[first : first + LISTED_AT_ONCE]
        listed: Row = {
            "file_name": f"{since}#{uuid4().hex}",
            "pending_since": since,
            "size_bytes": size_of(some),
            "members": to_json(some),
            **lane.audit,
        }
        lane.lists.add(date_prefix, listed)


def check_threshold(lane: Ndjson, date_prefix: str, new_bytes: int) -> int:
    """Count `new_bytes` of a date and, when enough may be pending, make manifests; return how many."""
    hint = lane.lists.count(date_prefix, new_bytes)
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
    found = lane.lists.read(hold.date_prefix, *enough)
    files = waiting_in(found.items)
    size = size_of(files)
    is_due = flush or found.more or size >= limit
    if not files or not is_due:
        lane.lists.recount(hold.date_prefix, hint, size)
        return 0
    batches = create_batches(files, limit, flush=flush)
    if found.more and len(batches) > 1:
        batches.pop()  # more of the last batch may lie in what was not read
    batches = batches[:BATCHES_OF_ONE_HOLD]
    left = size - sum(size_of(batch) for batch in batches)
    if found.more or not lane.lists.recount(hold.date_prefix, hint, left):
        lane.lists.count(hold.date_prefix, left - size)
    records = [plan_manifest(lane, hold, number, batch) for number, batch in enumerate(batches)]
    _strike_off(lane, hold.date_prefix, found.items, batches)
    for record in records:
        finish(lane, record)
    return len(batches)


def unlisted(lane: Ndjson, date_prefix: str, files: Iterable[Member]) -> list[Member]:
    """Return those files of a date that no list names in their revision."""
    left = dict.fromkeys(files)
    for listed in lane.lists.each(date_prefix) if left else ():
        for member in from_json(listed["members"]):
            left.pop(member, None)
    return list(left)


def _strike_off(lane: Ndjson, date_prefix: str, lists: Iterable[Row], batches: list[list[Member]]) -> None:
    """Take planned files off the lists that name them."""
    revisions = {member.row_name: member.revision for batch in batches for member in batch}
    struck = list(_struck(lane, date_prefix, lists, revisions))
    lane.lists.remove(date_prefix, struck)


def _struck(lane: Ndjson, date_prefix: str, lists: Iterable[Row], planned: dict[str, int]) -> Iterator[str]:
    for listed in lists:
        members = from_json(listed["members"])
        left = left_of(members, planned)
        if len(left) < len(members):
            enlist(lane, date_prefix, listed["pending_since"], left)
            yield listed["file_name"]
