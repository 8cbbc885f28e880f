"""Repair of the landing lane: uploads that no event routed, moves that died, failures worth another try.

Nothing younger than the grace is touched: its own event may still be at work. Settled uploads cost a place in
the listing, and a read once a day. While the config is invalid, failed uploads wait, since routing could only
fail again. An upload without a row is routed all the same, once, so that it fails and gets one: rows wait as
long as it takes, whereas the listing looks back for a window only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from heapq import nsmallest

from chalicelib.aws.bucket_walk import walk
from chalicelib.aws.items import Row
from chalicelib.aws.listing_page import ListedObject
from chalicelib.deadline import HasTime, shares_of
from chalicelib.landing.attempts import begin
from chalicelib.landing.catalog import UploadStatus, event_of_row
from chalicelib.landing.lane import Landing
from chalicelib.landing.outcomes import PARKED, look_at_config
from chalicelib.landing.parking import end_recorded_move
from chalicelib.landing.routing import route
from chalicelib.landing.unrouted import Due, unrouted
from chalicelib.landing.vanished import give_up
from chalicelib.logs import log

RETRIES_OF_ONE_RUN = 1000  # so that many failures leave time for uploads without a row

COUNTED = ("routed", "moves_finished", "retried", "errors", "waiting", "unfinished")
STATES = {"waiting", "unfinished"}  # 0 or 1

Counts = dict[str, int]


def repair_landing(landing: Landing, has_time: HasTime, discovered: Landing | None = None) -> Counts:
    """Finish what rows tell, route what the listing tells, each in its share of the time; return how much.

    `discovered` is the same lane on the bucket that discovery scans, of which only rows tell.
    """
    recorded, elsewhere, listed = shares_of(has_time, 3)
    total = Counter(finish_recorded(landing, recorded))
    if discovered and discovered.bucket.name != landing.bucket.name:
        total.update(finish_recorded(discovered, elsewhere))
    total.update(route_missed(landing, listed))
    return {name: min(total[name], 1) if name in STATES else total[name] for name in COUNTED}


def finish_recorded(landing: Landing, has_time: HasTime) -> Counts:
    """Retry what failed and end moves that were not ended, as their rows tell; return how much of each.

    `waiting` is 1 when the config cannot be used: then moves are ended, and nothing that failed is retried.
    """
    usable = _config_is_usable(landing)
    due = _recorded(landing, retried=usable)
    done, counts = _repair(landing, due, has_time)
    return counts | {"waiting": int(not usable), "unfinished": int(not done)}


def route_missed(landing: Landing, has_time: HasTime) -> Counts:
    """Route uploads without a row and end moves that 0.1.0 did not end, as the listing tells.

    `unfinished` is 1 when time ran out, and the next run goes on where this one stopped.
    """
    counts = Counter[str]()
    before = _before(landing)
    settled = landing.settled.begin(landing.clock())

    def see(listed: list[ListedObject]) -> bool:
        done, repaired = _repair(landing, unrouted(landing, listed, before, settled), has_time)
        counts.update(repaired)
        return done

    done = walk(landing.bucket, landing.settings.input_prefix, landing.cursor, lambda _: has_time(), see)
    settled.keep()
    return dict.fromkeys(COUNTED, 0) | counts | {"unfinished": int(not done)}


def _repair(landing: Landing, due: Iterable[Due], has_time: HasTime) -> tuple[bool, Counts]:
    counts: Counts = dict.fromkeys(COUNTED, 0)
    for one in due:
        if not has_time():
            return False, counts
        counts[one.repair if _repaired(landing, one) else "errors"] += 1
    return True, counts


def _before(landing: Landing) -> datetime:
    return landing.clock() - timedelta(seconds=landing.settings.reconcile_grace_seconds)


def _config_is_usable(landing: Landing) -> bool:
    fault = look_at_config(landing)
    if fault is None or fault.in_force:
        return True
    log.warning("landing lane waits for its config", extra={"faults": fault.faults[:10]})
    return False


def _recorded(landing: Landing, *, retried: bool) -> Iterator[Due]:
    """Yield what rows tell to be unfinished, the longest untried first, so that none keeps others waiting.

    Without `retried` failed uploads are left out.
    """
    moment = _before(landing).isoformat(timespec="milliseconds")
    bucket = landing.bucket.name
    rows = (
        row
        for row in landing.catalog.failed()
        if row["bucket_name"] == bucket
        and row["processed_at"] <= moment
        and (retried or row["status"] in PARKED)
    )
    for row in nsmallest(RETRIES_OF_ONE_RUN, rows, key=lambda row: str(row["processed_at"])):
        repair = "moves_finished" if row["status"] in PARKED else "retried"
        yield Due(repair, event_of_row(row, "Reconciled:failed"), row)


def _repaired(landing: Landing, due: Due) -> bool:
    where = {"bucket": due.event.bucket, "key": due.event.key, "repair": due.repair}
    try:
        outcome = _finish(landing, due)
    except Exception as error:
        log.warning("repair failed", extra={**where, "reason": str(error)})
        return False
    log.info("repaired" if outcome else "left for a replay", extra={**where, "outcome": outcome})
    return bool(outcome)


def _finish(landing: Landing, due: Due) -> str:
    """Bring one upload to its outcome and return that; an empty text when its attempts are used up."""
    if due.row and due.row["status"] in PARKED:
        end_recorded_move(landing, due.row)
        return str(due.row["status"])
    lane = begin(landing, due)
    if lane is None:
        return ""
    outcome = route(lane, due.event, discovered=True)
    if due.row:
        _give_up_superseded(landing, due.row)
    return str(outcome["status"])


def _give_up_superseded(landing: Landing, failed: Row) -> None:
    row = landing.catalog.find(failed["file_key"], failed["timestamp"])
    if (
        row and row["status"] == UploadStatus.FAILED and row.get("retry")
    ):  # what was routed is a newer upload under the same key
        give_up(landing, row, "overwritten since")
