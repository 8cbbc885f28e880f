"""The trend: what landed on each of the last days, and how long it took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib.aws.items import to_item
from chalicelib.status import trend
from tests.support.api import Api
from tests.support.aws_calls import recorded
from tests.support.lanes.runs import deliver, end
from tests.support.world import TABLE, World

DAY = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()


def trended(**values: Any) -> Any:
    reply = Api().get("/trend", **values)
    assert reply.status == 200, reply.text
    return reply.body


def put(number: int, status: str, processed: str, **more: Any) -> None:
    """Store a row of `DAY`, uploaded at noon."""
    timestamp = f"{DAY}T12:00:00Z#{number:08x}"
    row = {"file_key": f"data/in/{number}.csv", "timestamp": timestamp, "date": DAY, "status": status, **more}
    row |= {"status_timestamp": f"{status}#{timestamp}", "processed_at": f"{DAY}T{processed}+00:00"}
    boto3.client("dynamodb").put_item(TableName=TABLE, Item=to_item(row))


def test_every_day_is_told_oldest_first_also_without_files(aws: None) -> None:
    body = trended()
    dates = [item["date"] for item in body["items"]]
    assert (len(dates), dates) == (body["days"], sorted(dates))
    assert dates[-1] == datetime.now(UTC).date().isoformat()
    assert {(str(item["landing"]), item["complete"]) for item in body["items"]} == {("{}", True)}
    assert body["complete"] is True
    assert len(trended(days=1)["items"]) == 1


def test_what_handlers_recorded_is_counted_with_its_times(world: World) -> None:
    for key in ("data/in/customers.csv", "data/in/mystery.csv", "a.txt"):
        world.land(key)
    deliver(end(world.row("data/in/customers.csv")["execution"]))
    (today,) = trended(days=1)["items"]
    landing = today["landing"]
    assert {name: one["files"] for name, one in landing.items()} == {
        "succeeded": 1, "not_configured": 1, "received": 1}  # fmt: skip
    assert landing["succeeded"]["bytes"] == world.row("data/in/customers.csv")["file_size"]
    assert landing["succeeded"]["seconds_to_end"]["median"] >= 0
    assert landing["not_configured"]["seconds_to_outcome"]["longest"] < 60
    assert landing["not_configured"]["seconds_to_end"] is None
    assert landing["received"]["seconds_to_outcome"] is None  # it has none yet


def test_median_and_longest_are_of_the_time_since_the_upload(aws: None) -> None:
    for number, seconds in enumerate((2, 4, 50)):
        stopped = f"{DAY}T12:0{number + 1}:00Z"
        put(number, "succeeded", f"12:00:{seconds:02}.500", file_size=10, run_stopped_at=stopped)
    put(3, "inactive", "11:59:59.000", file_size=1)  # S3's clock is ahead of ours
    (item,) = [item for item in trended()["items"] if item["date"] == DAY]
    assert item["landing"] == {
        "succeeded": {
            "files": 3,
            "summed": 3,
            "bytes": 30,
            "timed": 3,
            "seconds_to_outcome": {"median": 4.5, "longest": 50.5},
            "seconds_to_end": {"median": 120.0, "longest": 180.0},
        },
        "inactive": {
            "files": 1,
            "summed": 1,
            "bytes": 1,
            "timed": 1,
            "seconds_to_outcome": {"median": 0.0, "longest": 0.0},
            "seconds_to_end": None,
        },
    }


def test_a_busy_day_is_counted_and_its_newest_are_summed(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trend, "SUMMED", 2)
    monkeypatch.setattr(trend, "COUNT_BOUND", 4)
    for number in range(3):
        put(number, "triggered", "12:00:01.000", file_size=10**number)
    for number in range(3, 9):
        put(number, "inactive", "12:00:01.000", file_size=1)
    put(9, "vanished", "12:00:01.000")
    body = trended()
    (busy,) = [item for item in body["items"] if not item["complete"]]
    counted = {name: (one["files"], one["summed"], one["bytes"]) for name, one in busy["landing"].items()}
    assert counted == {"triggered": (3, 2, 110), "inactive": (4, 2, 2), "vanished": (1, 1, 0)}
    assert (busy["date"], body["complete"]) == (DAY, False)


def test_only_the_newest_uploads_are_timed(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trend, "TIMED", 1)
    put(1, "inactive", "12:00:50.000")
    put(2, "inactive", "12:00:01.000")  # the newer one: its identity sorts last
    (item,) = [item for item in trended()["items"] if item["landing"]]
    assert item["landing"]["inactive"]["seconds_to_outcome"]["longest"] == 1.0
    assert (item["landing"]["inactive"]["timed"], item["complete"]) == (1, True)


def test_a_quiet_day_costs_one_query_and_a_read_of_times(aws: None) -> None:
    put(1, "inactive", "12:00:01.000")
    with recorded() as calls:
        trended(days=5)
    assert sorted((operation for operation, _ in calls), reverse=True) == ["Query"] * 5 + ["BatchGetItem"]


@pytest.mark.parametrize("busy", [False, True])
def test_the_hours_of_a_day_are_counted_by_status(
    world: World, monkeypatch: pytest.MonkeyPatch, *, busy: bool
) -> None:
    if busy:
        monkeypatch.setattr(trend, "SUMMED", 1)
    for number, (hour, status) in enumerate(
        (("00", "received"), ("12", "failed"), ("12", "failed"), ("23", "received"))
    ):
        timestamp = f"{DAY}T{hour}:59:59Z#{number:08x}"
        row = {"file_key": f"{number}", "timestamp": timestamp, "date": DAY, "status": status,
               "status_timestamp": f"{status}#{timestamp}"}  # fmt: skip
        boto3.client("dynamodb").put_item(TableName=TABLE, Item=to_item(row))
    told = trended(date=DAY)
    assert [item["hour"] for item in told["items"]] == [f"{hour:02}" for hour in range(24)]
    counted = [(item["hour"], *item["landing"].items()) for item in told["items"] if item["landing"]]
    assert counted == [
        ("00", ("received", {"files": 1})),
        ("12", ("failed", {"files": 2})),
        ("23", ("received", {"files": 1})),
    ]
    assert (told["date"], told["complete"]) == (DAY, True)
    assert Api().get("/trend", date=DAY, days="2").status == 400
