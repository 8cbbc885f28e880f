"""Repair of the landing lane: uploads that no event routed, moves that died, failures worth another try.

Nothing younger than the grace is touched: its own event may still be at work. Settled uploads cost reads
only. While the config is invalid, failed uploads wait, since routing could only fail again. An upload without
a row is routed all the same, once, so that it fails and gets one: rows wait as long as it takes, whereas the
listing looks back for a window only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from heapq import nsmallest

from chalicelib.aws.bucket import ListedObject
from chalicelib.aws.bucket_walk import walk
from chalicelib.aws.items import Row
from chalicelib.deadline import HasTime
from chalicelib.errors import ConfigError
from chalicelib.landing.attempts import begin
from chalicelib.landing.catalog import event_of_row
from chalicelib.landing.lane import Landing
from chalicelib.landing.outcomes import end_config_alerts, give_up
from chalicelib.landing.routing import route
from chalicelib.landing.unrouted import Due, unrouted
from chalicelib.logs import log

RETRIES_OF_ONE_RUN = 1000  # so that many failures leave time for uploads without a row

COUNTED = ("routed", "moves_finished", "retried", "errors", "waiting", "unfinished")

Counts = dict[str, int]


def repair_landing(landing: Landing, has_time: HasTime, discovered: Landing | None = None) -> Counts:
    """Route what was missed, finish what was begun, retry what failed; return how much of each.

    `discovered` is the same lane on the bucket that discovery scans, whose failures are retried too.
    `waiting` is 1 when the config cannot be used and nothing that failed was retried; `unfinished` is 1 when
    time ran out, and the next run goes on where this one stopped.
    """
    counts: Counts = dict.fromkeys(COUNTED, 0)
    before = landing.clock() - timedelta(seconds=landing.settings.reconcile_grace_seconds)

    def repair(lane: Landing, due: Iterable[Due]) -> bool:
        for one in due:
            if not has_time():
                return False
            counts[one.repair if _repaired(lane, one) else "errors"] += 1
        return True

    def see(listed: list[ListedObject]) -> bool:
        return repair(landing, unrouted(landing, listed, before))

    if _config_is_usable(landing):
        repair(landing, _failed(landing, before))
        if discovered and discovered.bucket.name != landing.bucket.name:
            repair(discovered, _failed(discovered, before))
    else:
        counts["waiting"] = 1
    done = walk(landing.bucket, landing.settings.input_prefix, landing.cursor, lambda _: has_time(), see)
    return counts | {"unfinished": int(not done)}


def _config_is_usable(landing: Landing) -> bool:
    try:
        landing.jobs.revalidate()
    except ConfigError as error:
        log.warning("landing lane waits for its config", extra={"faults": error.faults[:10]})
        return False
    end_config_alerts(landing)
    return True


def _failed(landing: Landing, before: datetime) -> Iterator[Due]:
    """Yield failed uploads, the one longest untried first, so that none keeps the others waiting."""
    moment = before.isoformat(timespec="milliseconds")
    bucket = landing.bucket.name
    rows = (
        row
        for row in landing.catalog.failed()
        if row["bucket_name"] == bucket and row["processed_at"] <= moment
    )
    for row in nsmallest(RETRIES_OF_ONE_RUN, rows, key=lambda row: str(row["processed_at"])):
        yield Due("retried", event_of_row(row, "Reconciled:failed"), row)


def _repaired(landing: Landing, due: Due) -> bool:
    where = {"bucket": due.event.bucket, "key": due.event.key, "repair": due.repair}
    try:
        lane = begin(landing, due)
        if lane is None:
            log.warning("left for a replay", extra=where)
            return False
        outcome = route(lane, due.event, discovered=True)
    except Exception as error:
        log.warning("repair failed", extra={**where, "reason": str(error)})
        return False
    if due.failed:
        _give_up_superseded(landing, due.failed)
    log.info("repaired", extra={**where, "outcome": outcome["status"]})
    return True


def _give_up_superseded(landing: Landing, failed: Row) -> None:
    row = landing.catalog.find(failed["file_key"], failed["timestamp"])
    if row and row.get("retry"):  # what was routed is a newer upload under the same key
        give_up(landing, row, "overwritten since")
