"""`watch_expected`: a late file is told within its five minutes, once per due time, and so is its coming."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import boto3
import pytest

import app
from chalicelib.aws.expected_files import ExpectedReader
from chalicelib.expected import watch, wiring
from tests.faults.dying import Death, Moment, Nth, calls_of, deaths, run
from tests.support.api import Api
from tests.support.aws_calls import failing, recorded
from tests.support.builders import LANDING, job
from tests.support.lanes.ndjson import TABLE
from tests.support.reset import date_object
from tests.support.world import World

CUSTOMERS = "data/in/customers.csv"
DAILY = {"by": "06:30", "timezone": "Europe/Berlin", "grace_minutes": 15}
MONDAY = datetime(2026, 1, 12, 3, 0, tzinfo=UTC)  # 04:00 in Berlin; due at 05:30 UTC
Look = Callable[[datetime], dict[str, int]]


@pytest.fixture
def look(world: World) -> Look:
    """Return a function that runs `watch_expected` at a time."""

    def at(now: datetime) -> dict[str, int]:
        lane = dataclasses.replace(wiring.expected(app.settings()), clock=lambda: now)
        return watch.watch_expected(lane, None)

    return at


def _configure(world: World, expected: Any = DAILY, **changes: Any) -> None:
    world.configure([job(expected=expected, **changes)])
    app.landing.cache_clear()


def _arrive(world: World, moment: datetime, body: bytes = b"id\n1\n") -> None:
    etag = world.upload(CUSTOMERS, body + moment.isoformat().encode())
    date_object(LANDING, CUSTOMERS, moment)
    assert world.deliver(CUSTOMERS, etag)["status"] == "triggered"


def _told(world: World) -> list[str]:
    return [alert["Subject"] for alert in world.alerts()]


def _at(hour: int, minute: int, day: int = 0) -> datetime:
    return MONDAY.replace(hour=hour, minute=minute) + timedelta(days=day)


def test_a_file_in_time_is_no_news(world: World, look: Look) -> None:
    _configure(world)
    look(MONDAY)
    _arrive(world, _at(5, 20))
    for minute in range(21, 59, 5):
        look(_at(5, minute))
    assert _told(world) == []


def test_a_late_file_is_told_once_and_so_is_its_coming(world: World, look: Look) -> None:
    _configure(world)
    look(MONDAY)
    look(_at(5, 44))
    assert _told(world) == []
    assert look(_at(5, 45))["late"] == 1
    for minute in (45, 50, 55):
        look(_at(5, minute))
    _arrive(world, _at(6, 10))
    assert look(_at(6, 12))["come"] == 1
    look(_at(6, 17))
    late, come = world.alerts()
    assert (late["Subject"], come["Subject"]) == ("Expected File Is Late", "Expected File Has Come")
    assert "Due: 2026-01-12T05:30:00Z, with 15 minutes of grace\nLast arrival: never" in late["Message"]
    assert "Job: JOB001" in late["Message"]
    assert "Arrived: 2026-01-12T06:10:00Z" in come["Message"]


def test_a_late_file_does_not_count_for_the_next_day_too(world: World, look: Look) -> None:
    _configure(world)
    look(MONDAY)
    look(_at(5, 45))
    _arrive(world, _at(7, 0))
    look(_at(7, 1))
    assert look(_at(5, 45, day=1))["late"] == 1
    assert _told(world).count("Expected File Is Late") == 2


def test_each_due_time_that_passes_is_told_once(world: World, look: Look) -> None:
    _configure(world)
    look(MONDAY)
    for day in range(3):
        for minute in (45, 50, 55):
            look(_at(5, minute, day))
    assert _told(world) == ["Expected File Is Late"] * 3


def test_days_that_are_not_named_are_not_due(world: World, look: Look) -> None:
    _configure(world, {**DAILY, "days": ["tue"]})
    look(MONDAY)
    assert look(_at(6, 30))["late"] == 0
    assert look(_at(6, 30, day=1))["late"] == 1


def test_a_due_time_counts_from_when_it_was_first_seen(world: World, look: Look) -> None:
    _configure(world)
    for minute in (0, 5, 10):
        look(_at(8, minute))
    assert _told(world) == []
    assert Api().get("/jobs").body["items"][0]["expectation"]["state"] in {"due", "met", "late"}


@pytest.mark.parametrize("meanwhile", ["switched off", "gone", "renamed", "changed"])
def test_a_job_that_changes_meanwhile_is_expected_anew(world: World, look: Look, meanwhile: str) -> None:
    _configure(world)
    look(MONDAY)
    other: dict[str, Callable[[], Any]] = {
        "switched off": partial(_configure, world, is_active=False),
        "gone": partial(world.configure, []),
        "renamed": lambda: _configure(world, job_id="J2"),
        "changed": lambda: _configure(world, {**DAILY, "by": "06:31"}),
    }
    other[meanwhile]()
    look(_at(5, 50))
    _configure(world)
    look(_at(6, 0))
    look(_at(6, 5))
    assert _told(world) == []
    look(_at(5, 45, day=1))
    assert _told(world) == ["Expected File Is Late"]


def test_a_span_since_the_last_arrival(world: World, look: Look) -> None:
    _configure(world, {"every_hours": 2, "grace_minutes": 0})
    look(MONDAY)
    look(_at(4, 59))
    assert look(_at(5, 0))["late"] == 1
    _arrive(world, _at(5, 30))
    assert look(_at(5, 31))["come"] == 1
    look(_at(7, 29))
    assert look(_at(7, 30))["late"] == 1
    assert look(_at(7, 35))["late"] == 0


@pytest.mark.parametrize(
    ("sunday", "due"),
    [(datetime(2026, 3, 29, tzinfo=UTC), "01:30"), (datetime(2026, 10, 25, tzinfo=UTC), "00:30")],
)
def test_a_day_on_which_the_clocks_change_is_due_once(
    world: World, look: Look, sunday: datetime, due: str
) -> None:
    _configure(world, {"by": "02:30", "timezone": "Europe/Berlin", "grace_minutes": 0})
    look(sunday - timedelta(hours=12))
    hour, minute = map(int, due.split(":"))
    assert look(sunday.replace(hour=hour, minute=minute) - timedelta(minutes=1))["late"] == 0
    for hours in range(6):
        look(sunday.replace(hour=hour, minute=minute) + timedelta(hours=hours))
    assert _told(world) == ["Expected File Is Late"]


def test_a_clock_that_goes_back_tells_nothing_again(world: World, look: Look) -> None:
    _configure(world)
    look(MONDAY)
    look(_at(5, 45))
    look(_at(5, 30))
    look(_at(5, 50))
    assert _told(world) == ["Expected File Is Late"]


def test_two_runs_at_once_tell_it_once(world: World, look: Look) -> None:
    _configure(world)
    look(MONDAY)

    def another(_: Any) -> None:
        look(_at(5, 45))

    with recorded({"UpdateItem": another}):
        look(_at(5, 45))
    assert _told(world) == ["Expected File Is Late"]


def test_an_alert_that_could_not_be_sent_is_sent_by_the_next_run(world: World, look: Look) -> None:
    _configure(world)
    look(MONDAY)
    with failing("Publish", "InternalError", 500):
        assert look(_at(5, 45))["late"] == 0
    assert look(_at(5, 50))["late"] == 1
    look(_at(5, 55))
    assert _told(world) == ["Expected File Is Late"]


def test_wherever_a_run_dies_it_is_told_once_or_said_to_be_perhaps_unsent(world: World, look: Look) -> None:
    _configure(world)
    look(MONDAY)
    calls = calls_of(lambda: look(_at(5, 45)))
    for day, death in enumerate(deaths(calls), 1):
        before = len(world.alerts())
        run(partial(look, _at(5, 45, day)), death)
        unsure = sum(look(_at(5, minute, day))["errors"] for minute in (50, 55))
        told = len(world.alerts()) - before
        assert told <= 1, f"{death}: told twice"
        assert told + unsure >= 1, f"{death}: neither told nor said to be unsent"


def test_an_arrival_is_noted_though_its_worker_died_and_the_event_is_repeated_late(
    world: World, later: Callable[[timedelta], None]
) -> None:
    _configure(world)
    etag = world.upload(CUSTOMERS, b"id\n1\n")
    noting = Nth("UpdateItem", 1, lambda number: Death(number, Moment.BEFORE))
    run(partial(world.deliver, CUSTOMERS, etag), noting)
    later(timedelta(hours=1))
    world.deliver(CUSTOMERS, etag)
    assert len(world.executions()) == 1
    remembered = ExpectedReader(boto3.client("dynamodb"), TABLE).read()
    assert [row["last_arrival"] for row in remembered.values()] == [world.row(CUSTOMERS)["last_modified"]]


def test_an_alert_whose_tick_fails_is_not_sent_again(world: World, look: Look) -> None:
    _configure(world)
    look(MONDAY)

    def refuse(_: Any) -> None:
        throttled.enter_context(failing("UpdateItem", "ProvisionedThroughputExceededException"))

    with ExitStack() as throttled, recorded(before={"Publish": refuse}):
        assert look(_at(5, 45))["errors"] == 1
    for minute in (50, 55):
        look(_at(5, minute))
    assert _told(world) == ["Expected File Is Late"]


def test_on_a_settled_system_nothing_is_written(world: World, look: Look) -> None:
    _configure(world)
    look(MONDAY)
    look(_at(5, 45))
    with recorded() as calls:
        look(_at(5, 50))
    assert [name for name, _ in calls if name not in {"GetObject", "HeadObject", "Query"}] == []


def test_jobs_show_what_is_due_met_and_late(world: World, look: Look) -> None:
    _configure(world, {"by": "23:59", "grace_minutes": 0})
    now = datetime.now(UTC)
    look(now)
    shown = Api().get("/jobs").body["items"][0]["expectation"]
    assert (shown["state"], shown["last_arrival"]) == ("due", None)
    world.land(CUSTOMERS)
    assert Api().get("/jobs").body["items"][0]["expectation"]["state"] == "met"
