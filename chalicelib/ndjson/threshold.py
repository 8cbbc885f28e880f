"""From pending files to batch manifests, each file in exactly one (docs/adr/004).

Between its row and its manifest a file always stands in a list or in the plan of a record: a list goes only
when the record is made, and what else it names is listed anew before. The counter is a hint that it is worth
looking. The lock keeps others from the same work. The records and claims of `manifests` make it exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from uuid import uuid4

from chalicelib.aws.items import Row
from chalicelib.aws.pending_lists import Counted
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
    """List files of a date that wait since then. Whoever lists files then counts them."""
    for first in range(0, len(members), LISTED_AT_ONCE):
        some = members[first : first + LISTED_AT_ONCE]
        listed: Row = {
            "file_name": f"{since}#{uuid4().hex}",
            "since": since,
            "files": len(some),
            "size_bytes": size_of(some),
            "members": to_json(some),
            **lane.audit,
        }
        lane.lists.add(date_prefix, listed)


def make_manifests(lane: Ndjson, date_prefix: str, counted: Counted, *, flush: bool = False) -> int:
    """Make manifests of a date's pending files under its lock; return how many, 0 when another holds it.

    With `flush` whatever is pending becomes a manifest, else only what reaches the threshold. `counted` is
    what the date's counter held before.
    """
    hold = Hold(date_prefix, uuid4().hex, lane.clock())
    lock_key = f"manifest-{date_prefix}"
    if not lane.lock.acquire(lock_key, hold.lock_id, hold.began, lane.settings.lock_ttl_seconds):
        log.info("lock held by another", extra={"date_prefix": date_prefix})
        return 0
    try:
        return _batch_pending(lane, hold, counted, flush=flush)
    finally:
        lane.lock.release(lock_key, hold.lock_id)


def _batch_pending(lane: Ndjson, hold: Hold, counted: Counted, *, flush: bool) -> int:
    limit = lane.settings.max_batch_bytes
    enough = limit * BATCHES_OF_ONE_HOLD, NAMES_LIMIT_BYTES * BATCHES_OF_ONE_HOLD
    found = lane.lists.read(hold.date_prefix, *enough)
    files = waiting_in(found.items)
    size = size_of(files)
    is_due = flush or found.more or size >= limit
    if not files or not is_due:
        lane.lists.recount(hold.date_prefix, counted, size, emptied=not found.items)
        return 0
    batches = create_batches(files, limit, flush=flush)
    if found.more and len(batches) > 1:
        batches.pop()  # more of the last batch may lie in what was not read
    batches = batches[:BATCHES_OF_ONE_HOLD]
    left = size - sum(size_of(batch) for batch in batches)
    is_exact = not found.more and lane.lists.recount(hold.date_prefix, counted, left)
    if not is_exact:
        lane.lists.count(hold.date_prefix, left - size)
    records = [plan_manifest(lane, hold, number, batch) for number, batch in enumerate(batches)]
    are_struck = _strike_off(lane, hold.date_prefix, found.items, batches)
    for record in records:
        finish(lane, record)
    if is_exact and not left and are_struck:
        lane.lists.recount(hold.date_prefix, Counted(0, counted.listings), 0, emptied=True)
    return len(batches)


def unlisted(lane: Ndjson, date_prefix: str, files: Iterable[Member]) -> list[Member]:
    """Return those files of a date that no list names in their revision."""
    left = dict.fromkeys(files)
    for listed in lane.lists.each(date_prefix) if left else ():
        for member in from_json(listed["members"]):
            left.pop(member, None)
    return list(left)


def _strike_off(lane: Ndjson, date_prefix: str, lists: Iterable[Row], batches: list[list[Member]]) -> bool:
    """Take planned files off the lists that name them; tell whether none is left on one."""
    revisions = {member.row_name: member.revision for batch in batches for member in batch}
    struck = list(_struck(lane, date_prefix, lists, revisions))
    return lane.lists.remove(date_prefix, struck)


def _struck(lane: Ndjson, date_prefix: str, lists: Iterable[Row], planned: dict[str, int]) -> Iterator[str]:
    for listed in lists:
        members = from_json(listed["members"])
        left = left_of(members, planned)
        if len(left) < len(members):
            enlist(lane, date_prefix, listed["since"], left)
            yield listed["file_name"]
