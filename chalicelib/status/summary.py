"""`GET /summary`: how a day went and what is stuck, in bounded work.

Counts are exact up to a bound per status; beyond it they are "at least", and `at_least` names them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from chalicelib import parallel
from chalicelib.api.answers import Body
from chalicelib.api.http_request import Operator
from chalicelib.api.parameters import Given, read_date, read_parameters
from chalicelib.aws.items import Row
from chalicelib.aws.queue_depth import QueueDepth
from chalicelib.aws.tracking_keys import PENDING
from chalicelib.aws.tracking_reader import Part, TrackingReader
from chalicelib.landing.catalog import UploadStatus
from chalicelib.landing.config import ConfigReader
from chalicelib.ndjson.batches import size_of, waiting_in
from chalicelib.settings import Settings
from chalicelib.status.dead_letters import IsSettled, Outcomes, look_at
from chalicelib.status.discovery import Scans, last_scan
from chalicelib.status.files import Uploads

COUNT_BOUND = 10_000
FAULTS_SHOWN = 10  # `GET /jobs` has them all
INDEX_PAGES = 2  # of a megabyte: some 100,000 waiting files
DATES_COUNTED = 100
LISTS_COUNTED = 1000  # of a date, some 10,000 files
TRACKED = ("pending", "manifested", "quarantined", "failed")


@dataclass(frozen=True, slots=True)
class Queues:
    """The queues of the system and the dead-letter queues."""

    ndjson: QueueDepth
    ndjson_dead: QueueDepth
    discovered: QueueDepth
    discovered_dead: QueueDepth
    landing_dead: QueueDepth
    events_dead: QueueDepth


class Waiting(NamedTuple):
    """What waits per date, newest date first; `complete` when nothing else does."""

    dates: list[Body]
    complete: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """What the summary is read from."""

    uploads: Uploads
    tracking: TrackingReader
    scans: Scans
    config: ConfigReader
    queues: Queues
    settings: Settings


def summarize(overview: Overview, given: Given, caller: Operator) -> Body:
    """Answer `GET /summary`: counts of a date, what waits on every date, the backlog, and who asks."""
    values = read_parameters(given, "date")
    date = read_date(values, overview.uploads.today())
    with ThreadPoolExecutor(max_workers=8) as pool:
        landed = pool.map(lambda one: overview.uploads.catalog.count(date, one, COUNT_BOUND), UploadStatus)
        tracked = pool.submit(overview.tracking.statuses, date, COUNT_BOUND)
        waiting = pool.submit(lambda: waiting_files(overview.tracking, overview.settings.max_batch_bytes))
        backlog = pool.submit(lambda: _backlog(overview))
        scan = pool.submit(lambda: last_scan(overview.scans))
        config = pool.submit(overview.config.read)
        counts = dict(zip(map(str, UploadStatus), landed, strict=True))
    return {
        "date": date,
        "role": caller.role,
        "landing": {name: min(count, COUNT_BOUND) for name, count in counts.items()},
        "ndjson": _tracked(tracked.result()),
        "at_least": _inexact(counts, tracked.result(), waiting.result()),
        "pending": waiting.result().dates,
        "last_scan": scan.result(),
        "config": _bounded(config.result().told()),
        "backlog": backlog.result(),
    }


def _bounded(config: Body) -> Body:
    return {**config, "faults": config["faults"][:FAULTS_SHOWN]}


def waiting_files(tracking: TrackingReader, threshold_bytes: int) -> Waiting:
    """Return files and bytes that wait per date against the threshold, newest date first."""
    index = tracking.waiting_lists(INDEX_PAGES)
    dates = sorted({row["date_prefix"].removeprefix(PENDING) for row in index.rows}, reverse=True)
    lists = parallel.each(lambda date: tracking.pending_lists(date, "", LISTS_COUNTED), dates[:DATES_COUNTED])
    told = [_told(date, of_date, threshold_bytes) for date, of_date in zip(dates, lists, strict=False)]
    complete = len(dates) <= DATES_COUNTED and all(len(of_date) < LISTS_COUNTED for of_date in lists)
    return Waiting([one for one in told if one["files"]], index.complete and complete)


def _told(date: str, lists: Sequence[Row], threshold_bytes: int) -> Body:
    files = waiting_in(lists)
    return {
        "date": date,
        "files": len(files),
        "bytes": size_of(files),
        "threshold_bytes": threshold_bytes,
        "oldest_pending_since": min((each["pending_since"] for each in lists), default=""),
    }


def _tracked(part: Part) -> dict[str, int]:
    counts = Counter(str(row.get("status", "")) for row in part.rows)
    return {**dict.fromkeys(TRACKED, 0), **counts}


def _inexact(counts: dict[str, int], tracked: Part, waiting: Waiting) -> list[str]:
    landing = [f"landing.{name}" for name, count in counts.items() if count > COUNT_BOUND]
    return landing + ["ndjson"] * (not tracked.complete) + ["pending"] * (not waiting.complete)


def _backlog(overview: Overview) -> list[Body]:
    queues, outcomes = overview.queues, Outcomes(overview.uploads.catalog, overview.tracking)
    return [
        _depth("ndjson", queues.ndjson),
        _dead("ndjson-dlq", queues.ndjson_dead, outcomes.of_ndjson),
        _depth("discovered", queues.discovered),
        _dead("discovered-dlq", queues.discovered_dead, outcomes.of_landing),
        _dead("landing-dlq", queues.landing_dead, outcomes.of_landing),
        _dead("events-dlq", queues.events_dead, outcomes.of_other),
    ]


def _depth(name: str, queue: QueueDepth) -> Body:
    depth = queue.read()
    return {"queue": name, "dead_letters": False, "exists": depth is not None, **(depth or {})}


def _dead(name: str, queue: QueueDepth, is_settled: IsSettled) -> Body:
    told = {**_depth(name, queue), "dead_letters": True}
    return {**told, **look_at(queue, is_settled)} if told.get("waiting") else told
