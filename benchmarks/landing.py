"""Requests, bytes read and dollars per file of the landing lane, beside the literal seeds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import app
from benchmarks.seeds import landing as seed
from benchmarks.support.counting import PRICES_DATED, Count, count_of
from benchmarks.support.messages import discovery_message
from benchmarks.support.reporting import Budget, show
from benchmarks.support.synthetic_aws import ITEM, LISTING, MODIFIED, PAGE
from chalicelib.aws import settled_rows
from chalicelib.aws.listing_page import ListedObject, objects_of, read_objects
from chalicelib.landing.entries import parse_jobs
from chalicelib.landing.repair import repair_landing
from chalicelib.landing.unrouted import unrouted
from tests.support.builders import job, s3_event, sqs_event
from tests.support.emulation import emulated_aws
from tests.support.world import World

SIZES = (10, 20, 40)  # more executions slow the emulator and change no count
CASES = {
    "routed": "data/in/f{n}/customers.csv",
    "unmatched": "data/in/mystery_{n}.csv",
    "unmatched, large": "data/in/mystery_{n}.csv",
    "received": "in/{n}.csv",
    "discovered": "incoming/f{n}/customers.csv",
}
# unmatched files had 6.1 and 8.1 in 0.1.0, which neither looked before it deleted nor noted what it alerted
BUDGETS = {"routed": 3.1, "unmatched": 8.1, "unmatched, large": 10.1, "received": 2.0, "discovered": 3.1}
READ_BUDGET = 4096
MANY_JOBS, LINT_BUDGET = 10_000, 1.0
RECONCILE_EVERY, RECONCILES_A_DAY = timedelta(minutes=5), 24 * 60 // 5
BESIDE = 100_000  # settled files
LABELS = {"unmatched": "unmatched file up to 4 kB", "unmatched, large": "unmatched file above 4 kB (ADR 003)"}
SMALL = b"id,name\n" + b"1,Ada\n" * 100
LARGE = b"id,name\n" + b"1,Ada\n" * 50_000
Measured = tuple[str, int, Count, Count]


def main() -> None:
    """Measure every case at every size."""
    measured = [
        (case, size, measure(case, size, sluice), measure(case, size, _literal))
        for case in CASES
        for size in SIZES
    ]
    rows = [row for one in measured for row in _rows(*one)]
    units = {case: ours.per_file(size) for case, size, ours, _ in measured}
    units["reconcile"] = _reconciled(SIZES[0])
    budgets = [*_budgets(measured), *_budgets_of_many_jobs()]
    show("landing", f"Landing lane, per file ({PRICES_DATED})", rows, budgets, units)


def measure(case: str, size: int, process: Callable[[str, str], object], jobs: int = 1) -> Count:
    """Count the calls for `size` uploads of a case, with a config of that many jobs."""
    with emulated_aws():
        app.landing.cache_clear()
        app.discovered.cache_clear()
        world = World()
        world.configure([job(), *many_jobs(jobs - 1)])
        keys = [CASES[case].format(n=number) for number in range(size)]
        body = LARGE if "large" in case else SMALL
        uploads = [(key, world.upload(key, body)) for key in keys]
        for lane in (app.landing(), app.discovered()):
            lane.jobs.revalidate()  # a warm function has the config
        return count_of(lambda: [process(key, etag) for key, etag in uploads])


def many_jobs(count: int) -> list[dict[str, Any]]:
    """Build jobs with patterns, none of which takes a file of a case."""
    return [job(job_id=f"J{number}", source_file_name=f"feed{number}_*.csv") for number in range(count)]


def _budgets_of_many_jobs() -> list[Budget]:
    few, many = (measure("routed", SIZES[0], sluice, jobs).total / SIZES[0] for jobs in (10, MANY_JOBS))
    lint = "Job config of 10,000 jobs, CPU of linting it"
    routed = "Job config of 10,000 jobs, requests per routed file"
    return [
        Budget(lint, seconds_of_lint(many_jobs(MANY_JOBS)), LINT_BUDGET, "s"),
        Budget(routed, many, few, baseline=f"10 jobs {few:.2f}", ratio=many / few),
    ]


def seconds_of_lint(jobs: list[dict[str, Any]]) -> float:
    """Return the CPU seconds that reading and checking a config takes, the best of three."""
    body = json.dumps(jobs, indent=2).encode()
    took = []
    for _ in range(3):
        began = time.process_time()
        parse_jobs(body, "benchmark")
        took.append(time.process_time() - began)
    return min(took)


def _reconciled(size: int) -> dict[str, float]:
    """Return what a day of reconcile takes for each of `size` routed files that stay where they landed.

    Of a run and not of a file are the reads and writes of the document that tells what was seen settled.
    """
    with emulated_aws():
        app.landing.cache_clear()
        world = World()
        world.configure([job()])
        for number in range(size):
            world.land(CASES["routed"].format(n=number), SMALL)
        app.landing().settled.key()  # a warm function has the secret
        landed, every_row = datetime.now(UTC), _run(datetime.now(UTC) + RECONCILE_EVERY)
        runs = range(2, RECONCILES_A_DAY + 1)  # at the first one the files were in their grace
        world.s3.delete_object(Bucket=app.settings().s3_state_bucket, Key=settled_rows.KEY)
        day = [_run(landed + number * RECONCILE_EVERY) for number in runs]
        return {
            "runs": len(day),
            "rows read": sum(count.items_read for count in day) / size,
            "every row read": every_row.items_read / size * len(day),
            "document read": sum(count.requests["GetObject"] - 1 for count in day),  # the config is the other
            "document written": sum(count.requests["PutObject"] for count in day),
            "CPU seconds": _seconds_of_a_settled_key(),
        }


def _run(moment: datetime) -> Count:
    lane = replace(app.landing(), clock=lambda: moment)
    return count_of(lambda: repair_landing(lane, lambda: True))


def _seconds_of_a_settled_key() -> float:
    """Return the CPU seconds of a listed file whose row is not read, beside many others."""
    now = datetime.fromisoformat(MODIFIED) + timedelta(hours=1)
    lane = replace(app.landing(), clock=lambda: now)
    listing = LISTING + "".join(ITEM.format(f"data/in/{number:032}.csv", 0, 9) for number in range(PAGE))
    page, settled = _read_page(listing), lane.settled.begin(now)
    settled.unknown(page)
    for number in range(BESIDE // PAGE):
        for one in page:
            settled.add(one._replace(key=f"{one.key}{number or ''}"))
    settled.keep()
    settled, took = lane.settled.begin(now), []
    for _ in range(20):
        began = time.process_time()
        if [*unrouted(lane, _read_page(listing), now, settled)]:
            raise RuntimeError("a settled file is looked at")
        took.append(time.process_time() - began)
    return min(took) / PAGE


def _read_page(listing: str) -> list[ListedObject]:
    answer: dict[str, Any] = {}
    read_objects(
        response_dict={"status_code": 200, "body": listing.encode()}, customized_response_dict=answer
    )
    return objects_of(answer)


def sluice(key: str, etag: str) -> None:
    """Handle the event of one upload, or discovery's message about it."""
    if key.startswith("incoming/"):
        app.csv_discovered(sqs_event(discovery_message(key, etag)), None)
    else:
        app.object_created(s3_event(key, etag=etag), None)


def _literal(key: str, _etag: str) -> None:
    seed.catalogue(key)
    if key.startswith(("data/in/", "incoming/")):
        seed.route(key)


def _rows(case: str, size: int, ours: Count, literal: Count) -> list[dict[str, Any]]:
    return [
        {
            "case": case,
            "files": size,
            "implementation": who,
            "requests/file": count.total / size,
            "ratio": count.total / literal.total,
            "items read/file": count.items_read / size,
            "bytes read/file": _most_read(count),
            "$/million": count.dollars / size * 1_000_000,
        }
        for who, count in (("sluice", ours), ("literal seeds", literal))
    ]


def _most_read(count: Count) -> int:
    return max(read for key, read in count.bytes_read.items() if not key.startswith("config/"))


def _budgets(measured: list[Measured]) -> list[Budget]:
    budgets = []
    for case, limit in BUDGETS.items():
        of_case = [
            (ours.total / size, literal.total / size)
            for name, size, ours, literal in measured
            if name == case
        ]
        ours, literal = max(of_case)
        what = f"Landing, requests per {LABELS.get(case, case + ' file')}"
        budgets.append(
            Budget(what, ours, limit, baseline=f"literal seeds {literal:.2f}", ratio=ours / literal)
        )
    most = max(_most_read(ours) for _case, _size, ours, _ in measured)
    literal = max(_most_read(count) for *_, count in measured)
    what = "Landing, bytes read of any file"
    budgets.append(Budget(what, most, READ_BUDGET, "B", f"literal seeds {literal:,}", most / literal))
    return budgets


if __name__ == "__main__":
    main()
