"""A process died between an effect and its row, and what it left is found whatever happened since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import app
from chalicelib.landing.interrupted import INTERRUPTED, SECONDS_BEFORE_EVENT
from chalicelib.landing.routing import object_created
from tests.faults.dying import Death, Moment, Nth, run
from tests.support.aws_calls import recorded
from tests.support.builders import LANDING, SEED_JOBS, job, s3_event
from tests.support.reset import date_object
from tests.support.world import World

CUSTOMERS = "data/in/customers.csv"
MYSTERY = "data/in/mystery.csv"
LATER = timedelta(minutes=2)
NOW = datetime.now(UTC).replace(microsecond=0)


def _interrupted(world: World, key: str, *, before_event: int = 0) -> str:
    """Upload a file, and let the process that its event started die before it wrote the row."""
    etag = world.upload(key, b"first")
    date_object(LANDING, key, NOW - timedelta(seconds=before_event))
    died = run(
        lambda: world.deliver(key, etag, eventTime=NOW.isoformat()),
        Nth("PutItem", 1, lambda number: Death(number, Moment.BEFORE)),
    )
    assert died
    return etag


@pytest.mark.parametrize("before_event", [0, SECONDS_BEFORE_EVENT])
@pytest.mark.parametrize("since", ["overwritten", "deleted"])
def test_an_execution_is_recorded_though_its_file_is_no_longer_there(
    world: World, later: Any, before_event: int, since: str
) -> None:
    etag = _interrupted(world, CUSTOMERS, before_event=before_event)
    world.upload(CUSTOMERS, b"second") if since == "overwritten" else world.s3.delete_object(
        Bucket=LANDING, Key=CUSTOMERS
    )
    later(LATER)
    world.deliver(CUSTOMERS, etag, eventTime=NOW.isoformat())
    first = next(row for row in world.rows(CUSTOMERS) if row["etag"] == etag)
    assert (first["status"], first["job_id"], first["reason"]) == ("triggered", "JOB001", INTERRUPTED)
    assert {row["execution"] for row in world.rows()} == {each["name"] for each in world.executions()}


def test_a_parked_copy_is_recorded_and_told_though_its_source_was_overwritten(
    world: World, later: Any
) -> None:
    etag = _interrupted(world, MYSTERY)
    world.upload(MYSTERY, b"second")
    later(LATER)
    world.deliver(MYSTERY, etag, eventTime=NOW.isoformat())
    first, second = sorted(world.rows(MYSTERY), key=lambda row: bool(row["etag"] != etag))
    assert (first["status"], first["moved_to"]) == ("not_configured", "data/new_files/mystery.csv")
    assert (world.read(first["moved_to"]), world.read(second["moved_to"])) == (b"first", b"second")
    assert [first["moved_to"] in each["Message"] for each in world.alerts()].count(True) == 1


def test_an_object_much_older_than_its_event_is_only_known_to_have_vanished(world: World, later: Any) -> None:
    etag = _interrupted(world, CUSTOMERS, before_event=SECONDS_BEFORE_EVENT + 1)
    world.s3.delete_object(Bucket=LANDING, Key=CUSTOMERS)
    later(LATER)
    assert world.deliver(CUSTOMERS, etag, eventTime=NOW.isoformat())["status"] == "vanished"


@pytest.mark.parametrize("jobs", [[], [job(is_active=False)]], ids=["removed", "deactivated"])
@pytest.mark.parametrize("notices", ["its event", "reconcile"])
def test_what_was_started_stays_started_though_its_job_went(
    world: World, later: Any, jobs: list[Any], notices: str
) -> None:
    etag = _interrupted(world, CUSTOMERS)
    world.configure(jobs)
    app.landing.cache_clear()
    later(timedelta(minutes=10))
    if notices == "reconcile":
        app.reconcile({}, None)
    else:
        world.deliver(CUSTOMERS, etag, eventTime=NOW.isoformat())
    row = world.row(CUSTOMERS)
    assert (row["status"], row["job_id"]) == ("triggered", "JOB001")
    assert [each["name"] for each in world.executions()] == [row["execution"]]
    assert world.keys("data/") == [CUSTOMERS]


def test_a_file_parked_by_one_worker_and_started_by_another_can_be_found(world: World) -> None:
    world.configure([job(source_file_name="mystery.csv")])
    outdated = app.landing()
    assert outdated.jobs.match(MYSTERY)
    world.configure(SEED_JOBS)
    app.landing.cache_clear()
    etag = world.upload(MYSTERY)

    def comes_twice(_: Any) -> None:
        object_created(outdated, s3_event(MYSTERY, etag=etag))

    with recorded(before={"DeleteObject": comes_twice}):
        world.deliver(MYSTERY, etag)
    row = world.row(MYSTERY)
    assert (row["status"], row["execution"]) == ("triggered", world.executions()[0]["name"])
    assert world.keys("data/") == [row["moved_to"]]
