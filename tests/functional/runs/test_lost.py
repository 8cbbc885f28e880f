"""Ends that no event told are asked for by reconcile, within bounds, and none for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.runs import lost
from chalicelib.runs.finishing import MOST_REPAIRS
from tests.faults.dying import calls_of, deaths, run
from tests.support.aws_calls import failing, recorded
from tests.support.builders import job
from tests.support.lanes.runs import deliver, end, reconcile, runs
from tests.support.world import World

CUSTOMERS = "data/in/customers.csv"
LATER = timedelta(minutes=10)
WRITES = ("Put", "Update", "Delete", "Start", "Publish", "Complete")


def _started(world: World, body: bytes = b"id\n1\n") -> str:
    return str(world.land(CUSTOMERS, body)["execution"])


def _many(world: World, count: int) -> list[str]:
    world.configure([job(source_file_name="*.csv")])
    return [str(world.land(f"data/in/{number}.csv")["execution"]) for number in range(count)]


def _statuses(world: World) -> list[str]:
    return sorted(row["status"] for row in world.rows())


@pytest.mark.parametrize(("status", "ended"), [("SUCCEEDED", "succeeded"), ("FAILED", "job_failed")])
def test_an_end_whose_event_was_lost_is_asked_for(world: World, later: Any, status: str, ended: str) -> None:
    end(_started(world), status, "E", "why")
    assert reconcile() == {}, "within the grace"
    later(LATER)
    assert reconcile() == {"asked": 1, "ended": 1}
    assert world.row(CUSTOMERS)["status"] == ended
    assert len(world.alerts()) == (ended == "job_failed")
    with recorded() as calls:
        assert reconcile() == {}
    assert [name for name, _ in calls if name.startswith(WRITES)] == [], "a settled system"


def test_what_still_runs_is_asked_for_again_and_nothing_is_written(world: World, later: Any) -> None:
    name = _started(world)
    later(LATER)
    assert reconcile() == {"asked": 1}  # it notes which rows are settled, once
    for _ in range(2):
        with recorded() as calls:
            assert reconcile() == {"asked": 1}
        assert [operation for operation, _ in calls if operation.startswith(WRITES)] == []
    end(name)
    assert reconcile() == {"asked": 1, "ended": 1}


def test_a_run_asks_for_so_many_and_the_next_goes_on(
    world: World, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost, "ASKED_OF_ONE_RUN", 2)
    names = _many(world, 5)
    later(LATER)
    for name in names:
        end(name)
    answers = [reconcile() for _ in range(3)]
    assert answers == [
        {"asked": 2, "ended": 2, "unfinished": 1},
        {"asked": 2, "ended": 2, "unfinished": 1},
        {"asked": 1, "ended": 1},
    ]
    assert _statuses(world) == ["succeeded"] * 5


def test_those_that_run_for_hours_keep_no_other_from_being_asked(
    world: World, later: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost, "ASKED_OF_ONE_RUN", 2)
    names = _many(world, 5)
    later(LATER)
    end(sorted(names, key=lambda name: name[-8:])[-1])
    for _ in range(3):
        reconcile()
    assert _statuses(world).count("succeeded") == 1


def test_an_execution_that_outlasts_the_window_is_not_lost_sight_of(world: World, later: Any) -> None:
    name = _started(world)
    for hours in (23, 25, 20 * 24, 40 * 24):  # whatever the time of day, one of the first two sees it leave
        later(timedelta(hours=hours))
        assert reconcile() == {"asked": 1}
    end(name)
    assert reconcile() == {"asked": 1, "ended": 1}
    assert reconcile() == {}
    assert world.row(CUSTOMERS)["status"] == "succeeded"


def test_an_execution_that_is_not_known_any_more_is_not_asked_for_for_ever(world: World, later: Any) -> None:
    _started(world)
    with failing("DescribeExecution", "ExecutionDoesNotExist"):
        for hours in (23, 25):
            later(timedelta(hours=hours))
            assert reconcile() == {"asked": 1}
        later(timedelta(days=92))
        assert reconcile() == {}
    assert world.row(CUSTOMERS)["status"] == "triggered"


def test_a_refusal_ends_the_asking_of_that_run_and_the_others_come_next(world: World, later: Any) -> None:
    for name in _many(world, 3):
        end(name)
    later(LATER)
    with failing("DescribeExecution", "ThrottlingException"):
        assert reconcile() == {"asked": 1, "errors": 1, "unfinished": 1}
    reconcile()
    reconcile()
    assert _statuses(world) == ["succeeded"] * 3


def test_an_alert_that_a_dead_process_left_is_sent_within_two_runs(world: World, later: Any) -> None:
    event = end(_started(world, b"0"), "FAILED")
    calls = calls_of(lambda: deliver(event))
    for number, death in enumerate(deaths(calls), start=1):
        later(timedelta(0))
        event = end(_started(world, f"{number}".encode()), "FAILED")
        world.forget_alerts()
        run(lambda event=event: deliver(event), death)  # type: ignore[misc]
        for _ in range(2):
            later(LATER)
            reconcile()
        (row,) = [row for row in world.rows(CUSTOMERS) if row["execution"] == event["detail"]["name"]]
        assert (row["status"], "retry" in row) == ("job_failed", False), death
        assert world.alerts(), death


def test_an_alert_that_sns_refused_is_sent_later_and_not_for_ever(world: World, later: Any) -> None:
    with failing("Publish", "Throttling"):
        deliver(end(_started(world, b"1"), "FAILED"))
    assert (world.alerts(), "run_alerted" in world.rows(CUSTOMERS)[0]) == ([], False)
    later(LATER)
    reconcile()
    assert len(world.alerts()) == 1
    with failing("Publish", "AuthorizationError"):
        deliver(end(_started(world, b"2"), "FAILED"))
        later(2 * LATER)
        for _ in range(MOST_REPAIRS + 2):
            reconcile()
    assert [row for row in world.rows() if "retry" in row] == []
    assert len(world.alerts()) == 1


def test_wherever_reconcile_dies_the_next_two_end_every_file(world: World, later: Any) -> None:
    later(LATER)
    end(_started(world, b"0"), "FAILED")
    calls = calls_of(lambda: lost.repair_runs(runs(), lambda: True))
    for number, death in enumerate(deaths(calls), start=1):
        end(_started(world, f"{number}".encode()), "FAILED" if number % 2 else "SUCCEEDED")
        run(lambda: lost.repair_runs(runs(), lambda: True), death)
        later(2 * LATER)
        for _ in range(2):
            lost.repair_runs(runs(), lambda: True)
        assert "triggered" not in _statuses(world), death
        assert not [row for row in world.rows() if "retry" in row], death
        later(LATER)
