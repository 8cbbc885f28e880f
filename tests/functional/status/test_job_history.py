"""What came of each job's files, as `GET /jobs` tells it: on what the real handlers stored, and bounded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib.aws import catalog_reader
from chalicelib.aws.items import to_item
from chalicelib.status.job_history import ARRIVED, DAYS
from tests.support.api import Api
from tests.support.aws_calls import recorded
from tests.support.builders import job
from tests.support.lanes.runs import deliver, end
from tests.support.world import TABLE, World

TODAY = datetime.now(UTC).date()


def told(job_id: str, **query: str) -> dict[str, Any]:
    reply = Api().get("/jobs", **query)
    assert reply.status == 200, reply.text
    (item,) = [item for item in reply.body["items"] if item["job_id"] == job_id]
    names = ("last_arrival", "last_success", "last_failure", "today")
    return {name: item[name] for name in names} | {"complete": reply.body["history"]["complete"]}


def put(job_id: str, status: str, days_ago: int, number: int = 0) -> str:
    """Store a row of an earlier day; return its moment."""
    date = (TODAY - timedelta(days=days_ago)).isoformat()
    moment = f"{date}T12:00:{number:02}Z"
    timestamp = f"{moment}#0a1b2c3d"
    row = {"file_key": f"{job_id}/{number}", "timestamp": timestamp, "date": date, "job_id": job_id,
           "status": status, "status_timestamp": f"{status}#{timestamp}"}  # fmt: skip
    boto3.client("dynamodb").put_item(TableName=TABLE, Item=to_item(row))
    return moment


def test_what_handlers_recorded_today_is_told_per_job(world: World) -> None:
    rows = {}
    for name in ("customers", "orders", "products"):
        outcome = world.land(f"data/in/{name}.csv")
        if "execution" in outcome:
            deliver(end(outcome["execution"], "FAILED" if name == "orders" else "SUCCEEDED"))
        rows[name] = world.row(f"data/in/{name}.csv")["last_modified"]
    world.land("data/in/customers.csv", b"another")
    customers, orders, products = told("JOB001"), told("JOB002"), told("JOB003")
    assert (customers["last_success"], customers["last_failure"]) == (rows["customers"], None)
    assert customers["last_arrival"] == max(
        row["last_modified"] for row in world.rows("data/in/customers.csv")
    )
    assert (customers["today"]["files"], customers["today"]["succeeded"]) == (2, 1)
    assert (orders["last_success"], orders["last_failure"]) == (None, rows["orders"])
    assert (orders["today"]["files"], orders["today"]["job_failed"]) == (1, 1)
    assert (products["last_arrival"], products["today"]["inactive"]) == (rows["products"], 1)


def test_the_newest_of_earlier_days_is_told_as_far_back_as_is_looked(world: World) -> None:
    world.configure([job(job_id="a"), job(job_id="b", source_file_name="b.csv")])
    success = [put("a", "succeeded", back, number) for number, back in enumerate((20, 6, 3, 3))][-1]
    failure = put("a", "job_failed", DAYS - 1)
    put("b", "succeeded", DAYS)
    found = told("a")
    assert (found["last_arrival"], found["last_success"], found["last_failure"]) == (
        success,
        success,
        failure,
    )
    assert (found["today"]["files"], found["complete"]) == (0, True)
    assert told("b")["last_arrival"] is None
    since = (TODAY - timedelta(days=DAYS - 1)).isoformat()
    assert Api().get("/jobs").body["history"]["since"] == since


def test_two_weeks_are_counted_by_day(world: World) -> None:
    world.configure([job(job_id="a"), job(job_id="b", source_file_name="b.csv")])
    for number, (status, back) in enumerate(
        (("succeeded", 0), ("job_failed", 2), ("triggered", 2), ("inactive", 13))
    ):
        put("a", status, back, number)
    put("a", "succeeded", 14)
    put("b", "job_failed", 2)
    (item, _) = Api().get("/jobs").body["items"]
    days = {(TODAY - timedelta(days=back)).isoformat(): back for back in range(14)}
    assert [day["date"] for day in item["days"]] == sorted(days)
    told_ = {days[day["date"]]: (day["files"], day["succeeded"], day["job_failed"]) for day in item["days"]}
    assert {back: counts for back, counts in told_.items() if counts[0]} == {
        0: (1, 1, 0), 2: (2, 0, 1), 13: (1, 0, 0)}  # fmt: skip


def test_many_jobs_and_files_cost_no_more_requests_than_one(world: World) -> None:
    counts = []
    for jobs in (1, 40):
        names = [f"job-{number}" for number in range(jobs)]
        world.configure([job(job_id=name, source_file_name=f"{name}.csv") for name in names])
        for number, name in enumerate(names):
            put(name, "succeeded", 0, number)
        with recorded() as calls:
            Api().get("/jobs", limit="100")
        counts.append([operation for operation, _ in calls].count("Query"))
    assert counts == [DAYS - 1 + len(ARRIVED)] * 2


def test_a_day_that_is_too_busy_is_looked_at_in_part_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog_reader, "WALKED", 0)
    assert told("JOB001")["complete"] is False


def test_entries_without_a_usable_name_have_no_history(world: World) -> None:
    world.configure([job(job_id=7), job(job_id="\ud800", source_file_name="b.csv"), "no job"])
    items = Api().get("/jobs").body["items"]
    assert [(item["last_arrival"], item["today"]["files"]) for item in items] == [(None, 0)] * 3
