"""`GET /summary`: how a day went and what is stuck, in bounded work.

Counts are exact up to a bound per status; beyond it they are "at least", and `at_least` names them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from chalicelib.api.answers import Body
from chalicelib.api.http_request import Operator
from chalicelib.api.parameters import Given, read_date, read_parameters
from chalicelib.aws.items import Row
from chalicelib.aws.queue_depth import QueueDepth
from chalicelib.aws.tracking_reader import Part, TrackingReader
from chalicelib.landing.catalog import UploadStatus
from chalicelib.landing.config import ConfigReader
from chalicelib.settings import Settings
from chalicelib.status.dead_letters import IsSettled, Outcomes, look_at
from chalicelib.status.discovery import Scans, last_scan
from chalicelib.status.files import Uploads

COUNT_BOUND = 10_000
FAULTS_SHOWN = 10  # `GET /jobs` has them all
PENDING_PAGES = 2  # of a megabyte: about 8,000 waiting files
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
        waiting = pool.submit(overview.tracking.pending_everywhere, PENDING_PAGES)
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
        "pending": pending_by_date(waiting.result().rows, overview.settings.max_batch_bytes),
        "last_scan": scan.result(),
        "config": _bounded(config.result().told()),
        "backlog": backlog.result(),
    }


def _bounded(config: Body) -> Body:
    return {**config, "faults": config["faults"][:FAULTS_SHOWN]}


def pending_by_date(rows: Iterable[Row], threshold_bytes: int) -> list[Body]:
    """Return files and bytes that wait per date against the threshold, newest date first."""
    files: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    oldest: defaultdict[str, str] = defaultdict(str)
    for row in rows:
        date = row["date_prefix"]
        if "#" in date:  # a manifest's record or a lock
            continue
        files[date] += 1
        sizes[date] += row["size_bytes"]
        oldest[date] = min(filter(None, (oldest[date], row["pending_since"])))
    return [
        {
            "date": date,
            "files": files[date],
            "bytes": sizes[date],
            "threshold_bytes": threshold_bytes,
            "oldest_pending_since": oldest[date],
        }
        for date in sorted(files, reverse=True)
    ]


def _tracked(part: Part) -> dict[str, int]:
    counts = Counter(str(row.get("status", "")) for row in part.rows)
    return {**dict.fromkeys(TRACKED, 0), **counts}


def _inexact(counts: dict[str, int], tracked: Part, waiting: Part) -> list[str]:
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
