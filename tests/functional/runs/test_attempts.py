"""The next attempt at a failed job: as often as it allows, once each, and on an operator's word."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.faults.dying import Death, Moment, Nth, calls_of, deaths, run
from tests.support.api import Api
from tests.support.builders import job
from tests.support.lanes.replays import replay
from tests.support.lanes.runs import deliver, end, reconcile
from tests.support.world import World

CUSTOMERS = "data/in/customers.csv"
LATER = timedelta(minutes=10)


def _failing(world: World, max_retries: int, body: bytes = b"id\n1\n") -> str:
    world.configure([job(max_retries=max_retries)])
    world.deliver("config/config.json")
    return str(world.land(CUSTOMERS, body)["execution"])


def test_a_failed_job_is_tried_again_as_often_as_it_allows_and_no_more(world: World) -> None:
    first = _failing(world, 2)
    names = [first, f"{first}-r1", f"{first}-r2"]
    for name in names:
        assert world.row(CUSTOMERS)["execution"] == name
        deliver(end(name, "FAILED", "E", f"cause of {name}"))
    row = world.row(CUSTOMERS)
    assert (row["status"], row["execution"], row["retries"]) == ("job_failed", names[2], 2)
    assert [one["run_cause"] for one in row["runs"]] == [f"cause of {name}" for name in names[:2]]
    assert sorted(each["name"] for each in world.executions()) == names
    assert len(world.alerts()) == 3, "one for each execution"
    assert len({json.dumps({**each, "name": ""}) for each in world.executions()}) == 1, "the same input"


def test_a_second_attempt_that_succeeds_is_the_outcome_and_no_late_event_undoes_it(world: World) -> None:
    first = _failing(world, 1)
    failure = end(first, "FAILED", "E")
    deliver(failure)
    assert deliver(failure) == {"key": CUSTOMERS, "execution": first, "ignored": "earlier_attempt"}
    deliver(end(f"{first}-r1"))
    deliver(failure)
    row = world.row(CUSTOMERS)
    assert (row["status"], row["execution"], row["run_status"]) == ("succeeded", f"{first}-r1", "SUCCEEDED")
    assert [one["run_status"] for one in row["runs"]] == ["FAILED"]
    assert not {"run_error", "reason", "retry", "run_due_at"} & row.keys()


def test_an_attempt_that_ends_before_the_row_names_it_is_told_again(world: World) -> None:
    first = _failing(world, 1)
    failure = end(first, "FAILED")
    calls = calls_of(lambda: deliver(failure))
    started = next(call.number for call in calls if call.operation == "StartExecution")
    second = _failing(world, 1, b"other")
    failure = end(second, "FAILED")
    run(lambda: deliver(failure), deaths(calls)[2 * started - 1])
    with pytest.raises(LookupError):
        deliver(end(f"{second}-r1"))
    deliver(failure)
    deliver(end(f"{second}-r1"))
    assert {row["execution"]: row["status"] for row in world.rows(CUSTOMERS)} == {
        f"{first}-r1": "triggered",
        f"{second}-r1": "succeeded",
    }


def test_a_retry_that_died_before_its_row_is_found_though_its_file_was_overwritten(world: World) -> None:
    first = _failing(world, 1)
    failure = end(first, "FAILED")
    run(lambda: deliver(failure), Nth("StartExecution", 1, partial(Death, moment=Moment.AFTER)))
    world.upload(CUSTOMERS, b"newer")
    deliver(failure)
    assert (world.row(CUSTOMERS)["execution"], len(world.executions())) == (f"{first}-r1", 2)
    deliver(end(f"{first}-r1"))
    assert world.row(CUSTOMERS)["status"] == "succeeded"


@pytest.mark.parametrize("finished_by", ["its event", "reconcile"])
def test_wherever_a_retry_dies_it_starts_once(world: World, later: Any, finished_by: str) -> None:
    event = end(_failing(world, 1, b"0"), "FAILED")
    calls = calls_of(lambda: deliver(event))
    for number, death in enumerate(deaths(calls), start=1):
        event = end(_failing(world, 1, f"{number}".encode()), "FAILED")
        run(lambda event=event: deliver(event), death)  # type: ignore[misc]
        if finished_by == "its event":
            deliver(event)
        else:
            later(LATER * number)
            for _ in range(2):
                reconcile()
    names = [each["name"] for each in world.executions()]
    for row in world.rows(CUSTOMERS):
        first = row["execution"].removesuffix("-r1")
        assert sorted(name for name in names if name.startswith(first)) == [first, f"{first}-r1"]
        assert (row["status"], row["execution"], "retry" in row) == ("triggered", f"{first}-r1", False)


def test_what_was_overwritten_or_taken_away_is_not_tried_again(world: World) -> None:
    for number in range(2):
        name = _failing(world, 5, f"{number}".encode())
        if number:
            world.s3.delete_object(Bucket="sluice-local-landing", Key=CUSTOMERS)
        else:
            world.upload(CUSTOMERS, b"newer")
        deliver(end(name, "FAILED"))
        (row,) = [row for row in world.rows(CUSTOMERS) if row["execution"] == name]
        assert (row["status"], "retry" in row) == ("job_failed", False)
    assert len(world.executions()) == 2
    assert len(world.alerts()) == 2


def test_an_operator_starts_a_failed_file_again_without_force(world: World, operator: Api) -> None:
    first = _failing(world, 0)
    deliver(end(first, "FAILED", "E", "why"))
    (item,) = replay(operator, keys=[CUSTOMERS], dry_run=True)
    assert (item["action"], item["expected"]) == ("start_again", "triggered")
    assert f"Its execution {first} failed." in item["why"]
    (item,) = replay(operator, keys=[CUSTOMERS])
    assert item["outcome"] == {"key": CUSTOMERS, "status": "triggered", "execution": f"{first}-r1"}
    row = world.row(CUSTOMERS)
    assert (row["status"], row["runs"][0]["run_cause"], row["retries"]) == ("triggered", "why", 0)
    assert row["replays"][0]["by"] == "operator"
    (item,) = replay(operator, keys=[CUSTOMERS])
    assert item["action"] == "none", "it runs"
    deliver(end(f"{first}-r1"))
    (item,) = replay(operator, keys=[CUSTOMERS])
    assert item["action"] == "none", "it has succeeded"
    (item,) = replay(operator, keys=[CUSTOMERS], force=True)
    assert item["outcome"]["execution"] == f"{first}-r2"


def test_every_failed_file_of_a_day_is_started_again_at_once(world: World, operator: Api) -> None:
    name = _failing(world, 0)
    deliver(end(name, "FAILED"))
    date = world.row(CUSTOMERS)["timestamp"][:10]
    (item,) = replay(operator, status="job_failed", date=date)
    assert item["outcome"]["execution"] == f"{name}-r1"


def test_a_replay_that_died_is_finished_by_reconcile_and_starts_once(
    world: World, operator: Api, later: Any
) -> None:
    deliver(end(_failing(world, 0, b"0"), "FAILED"))
    calls = calls_of(lambda: replay(operator, keys=[CUSTOMERS]))
    for number, death in enumerate(deaths(calls), start=1):
        name = _failing(world, 0, f"{number}".encode())
        deliver(end(name, "FAILED"))
        run(lambda: replay(operator, keys=[CUSTOMERS]), death)
        later(LATER * number)
        reconcile()
        rows = [row for row in world.rows(CUSTOMERS) if row["execution"].startswith(name)]
        begun = bool(rows[0].get("replays")) and "next_attempt" not in rows[0]
        started = [each["name"] for each in world.executions() if each["name"].startswith(name)]
        assert rows[0]["execution"] == max(started), death
        assert len(started) <= 1 + begun, death
        assert "retry" not in rows[0], death
