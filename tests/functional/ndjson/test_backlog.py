"""A backlog of one kind leaves the other repairs their time, and costs no more than one run may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib.deadline import Until, shares_of
from chalicelib.reconcile import reconcile
from tests.faults.dying import Call, Send, calls_of, run
from tests.support.lanes.ndjson import (
    DATE,
    Clock,
    create_glue_job,
    deliver,
    imbalance,
    items,
    lane_with,
    manifests,
    repair,
    run_faults,
    statuses,
    unseen,
)
from tests.support.lanes.runs import runs
from tests.support.lanes.scans import aws_error
from tests.support.world import World

JOB = "transform"
SMALL = {
    "NDJSON_CONTENT_CHECK": "false",
    "MAX_BATCH_SIZE_GB": "0.009765625",
    "GLUE_JOB_NAME": JOB,
}  # one file
ALONE = {"NDJSON_CONTENT_CHECK": "false"}


@pytest.fixture
def clock(world: World) -> Clock:
    create_glue_job(JOB)
    return Clock()


def _busy(call: Call, send: Send) -> Any:
    if call.operation == "StartJobRun":
        raise aws_error("ConcurrentRunsExceededException", 400)
    return send()


def _of_date(number: int) -> dict[str, Any]:
    record = unseen(f"{number:03}")
    record["s3"]["object"]["key"] = f"in/2026-01-{number:02}/{number}.ndjson"
    return record


def test_one_refusal_of_glue_ends_the_asking_for_a_run_and_the_other_repairs_go_on(clock: Clock) -> None:
    lane = lane_with(clock, **SMALL)
    run(lambda: deliver(lane, *(unseen(str(number)) for number in range(8))), _busy)
    assert [record["status"] for record in items("MANIFEST#")] == ["open"] * 8
    deliver(lane_with(clock, **ALONE), _of_date(2))
    clock.turn(4000)
    asked: list[str] = []

    def refuses(call: Call, send: Send) -> Any:
        asked.append(call.operation)
        return _busy(call, send)

    run(lambda: repair(lane), refuses)
    assert asked.count("StartJobRun") == 1
    assert "2026-01-02" in {key.split("/")[1] for key in manifests()}, "what waits for its age is flushed"
    assert asked.count("UpdateItem") < 10, "what waits for Glue alone is left alone"

    for _ in range(2):
        clock.turn(301)
        repair(lane)
    assert (run_faults(JOB), imbalance()) == ([], [])


def test_an_arrival_asks_glue_no_more_once_it_refused(clock: Clock) -> None:
    lane = lane_with(clock, **SMALL)
    calls: list[Call] = []

    def refuses(call: Call, send: Send) -> Any:
        calls.append(call)
        return _busy(call, send)

    run(lambda: deliver(lane, *(unseen(str(number)) for number in range(8))), refuses)
    assert [call.operation for call in calls].count("StartJobRun") == 1
    assert statuses() == {"manifested": 8}


def test_the_flush_by_age_is_bounded_oldest_first_and_a_surge_is_told_once(
    world: World, clock: Clock
) -> None:
    lane = lane_with(clock, MAX_FLUSHES_PER_RUN="2", **ALONE)
    for number in (3, 1, 5, 2, 4):
        clock.turn(1)
        deliver(lane, _of_date(number))
    clock.turn(3700)
    flushed = []
    for _ in range(4):
        done = repair(lane)
        flushed.append((done["flushed"], done["waits"], sorted(key.split("/")[1] for key in manifests())))
    assert [each[:2] for each in flushed] == [(2, 3), (2, 1), (1, 0), (0, 0)]
    assert flushed[0][2] == ["2026-01-01", "2026-01-03"]
    assert [alert["Subject"] for alert in world.alerts()] == ["Many batches are due"]
    assert items("SURGE#") == []
    assert [call.operation for call in calls_of(lambda: repair(lane))] == ["Scan"]

    for number in (6, 7, 8):
        deliver(lane, _of_date(number))
    clock.turn(3700)
    repair(lane)
    assert len(world.alerts()) == 2, "the next surge is told again"


def test_each_repair_has_its_share_of_the_time_and_leaves_what_it_does_not_use() -> None:
    left = [100_000.0]
    whole = Until(lambda: left[0])
    first, second, third = shares_of(whole, 3)
    assert (first(), second(), third()) == (True, True, True)
    left[0] = 69_000
    assert (first(), second(), third()) == (False, True, True)
    part, _ = shares_of(second, 2)
    left[0] = 54_000
    assert (part(), second(), third()) == (False, True, True)
    left[0] = 11_000
    assert (second(), third()) == (False, True)
    left[0] = 9_000
    assert not third()


class _Passing:
    """A Lambda context whose time passes by the calls that were made."""

    def __init__(self, spent: list[float]) -> None:
        self._spent = spent

    def get_remaining_time_in_millis(self) -> float:
        return 300_000 - self._spent[0]


@pytest.mark.parametrize("slow", ["UpdateItem", "BatchGetItem"], ids=["batches", "arrivals"])
def test_a_lane_that_would_use_up_the_time_leaves_the_others_theirs(
    world: World, clock: Clock, later: Any, slow: str
) -> None:
    lane = lane_with(clock, **ALONE)
    deliver(lane, *(_of_date(number) for number in range(1, 20)))
    boto3.client("s3").put_object(Bucket="sluice-local-ndjson", Key=f"in/{DATE}/x.ndjson", Body=b"{}\n")
    world.upload("data/in/customers.csv")
    clock.turn(4000)
    later(timedelta(hours=1))
    spent = [0.0]

    def passes(call: Call, send: Send) -> Any:
        spent[0] += 40_000 if call.operation == slow else 1
        return send()

    counts: dict[str, Any] = {}
    run(lambda: counts.update(reconcile(runs(), lane, _Passing(spent))), passes)
    assert counts["landing"]["routed"] == 1
    assert counts["ndjson"]["flushed"] > 0
