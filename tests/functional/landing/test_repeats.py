"""Repeats: events come twice, late and out of order; every upload still has one outcome."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

import app
from chalicelib.landing.lane import LATE
from tests.faults.dying import Death, Moment, Nth, run
from tests.support.aws_calls import failing, recorded
from tests.support.builders import LANDING, SEED_JOBS, job
from tests.support.world import World

CUSTOMERS = "data/in/customers.csv"
MYSTERY = "data/in/mystery.csv"


def test_an_event_delivered_five_times_starts_once(world: World) -> None:
    first = world.land(CUSTOMERS)
    again = [world.deliver(CUSTOMERS, "") for _ in range(4)]
    assert {outcome["status"] for outcome in again} == {"already_running"}
    assert {outcome["execution"] for outcome in again} == {first["execution"]}
    assert len(world.executions()) == 1
    assert world.row(CUSTOMERS)["status"] == "triggered"


def test_a_repeat_after_the_execution_ended_starts_nothing(world: World) -> None:
    first = world.land(CUSTOMERS)
    world.stop_executions()
    assert world.deliver(CUSTOMERS) == {**first, "status": "already_running"}
    assert len(world.executions()) == 1


def test_a_start_whose_row_was_lost_is_recorded_with_the_job_that_ran(world: World) -> None:
    world.land(CUSTOMERS)
    world.forget_rows()
    world.stop_executions()
    world.configure([job(job_id="JOB999")])
    app.landing.cache_clear()
    world.deliver(CUSTOMERS)
    assert world.row(CUSTOMERS)["job_id"] == "JOB001"
    assert len(world.executions()) == 1


def test_a_parked_file_is_reported_once_however_often_its_event_comes(world: World) -> None:
    etag = world.upload(MYSTERY)
    outcomes = [world.deliver(MYSTERY, etag) for _ in range(5)]
    assert outcomes == [outcomes[0]] * 5
    assert (len(world.alerts()), len(world.rows(MYSTERY))) == (1, 1)
    assert world.keys("data/") == ["data/new_files/mystery.csv"]


def test_an_inactive_file_is_reported_though_the_first_worker_died_before_it_told(world: World) -> None:
    key = "data/in/products.csv"
    etag = world.upload(key)
    telling = Nth("Publish", 1, lambda number: Death(number, Moment.BEFORE))
    assert run(partial(world.deliver, key, etag), telling)
    assert world.deliver(key, etag)["status"] == "inactive"
    assert [alert["Subject"] for alert in world.alerts()] == ["Inactive Job"]


def test_an_inactive_file_is_reported_once(world: World) -> None:
    outcomes = [world.land("data/in/products.csv")] + [
        world.deliver("data/in/products.csv") for _ in range(4)
    ]
    assert outcomes == [outcomes[0]] * 5
    assert len(world.alerts()) == 1


def test_the_same_name_from_two_folders_is_parked_twice_over_nothing(world: World) -> None:
    moved = [world.land(f"data/in/{folder}/mystery.csv", folder.encode())["moved_to"] for folder in "ab"]
    assert moved[0] == "data/new_files/mystery.csv"
    assert moved[1].startswith("data/new_files/")
    assert moved[1].endswith("/mystery.csv")
    assert [world.read(key) for key in moved] == [b"a", b"b"]


def test_the_same_name_from_two_folders_in_one_second_starts_two_executions(world: World) -> None:
    for folder in ("a", "b"):
        world.land(f"data/in/{folder}/customers.csv")
    assert len({execution["name"] for execution in world.executions()}) == 2


def test_a_tagged_file_that_goes_while_it_is_parked_has_vanished(world: World) -> None:
    etag = world.upload(MYSTERY, Tagging="a=b")
    gone = {"GetObjectTagging": lambda _: world.s3.delete_object(Bucket=LANDING, Key=MYSTERY) and None}
    with recorded(before=gone):
        assert world.deliver(MYSTERY, etag)["status"] == "vanished"
    assert world.row(MYSTERY)["status"] == "vanished"
    assert world.keys("data/") == []


def test_an_overwrite_is_an_upload_of_its_own(world: World) -> None:
    world.land(CUSTOMERS, b"one")
    world.land(CUSTOMERS, b"two")
    assert len(world.executions()) == len(world.rows(CUSTOMERS)) == 2


def test_an_event_late_behind_its_overwrite_leads_to_the_object_that_is_there(world: World) -> None:
    old = world.upload(CUSTOMERS, b"one")
    world.land(CUSTOMERS, b"two")
    assert world.deliver(CUSTOMERS, old)["status"] == "already_running"
    assert len(world.executions()) == 1


def test_an_outcome_stands_when_the_config_changes_later(world: World, later: Any) -> None:
    world.land("data/in/products.csv")
    world.configure([job(source_file_name="products.csv")])
    later(LATE + timedelta(seconds=1))
    assert world.deliver("data/in/products.csv")["status"] == "inactive"
    assert world.executions() == []


def test_a_late_arrival_event_does_not_undo_a_discovered_files_outcome(world: World) -> None:
    key = "incoming/crm/customers.csv"
    world.upload(key)
    world.discover(key)
    assert world.deliver(key)["status"] == "already_running"
    assert world.row(key)["status"] == "triggered"


def test_a_newer_upload_under_a_parked_name_survives_the_move(world: World) -> None:
    def overwrite(_: Any) -> None:
        world.upload(MYSTERY, b"newer")

    old = world.upload(MYSTERY, b"older")
    with recorded(before={"DeleteObject": overwrite}):
        outcome = world.deliver(MYSTERY, old)
    assert (world.read(MYSTERY), world.read(outcome["moved_to"])) == (b"newer", b"older")


@pytest.mark.parametrize("code", ["ThrottlingException", "ExecutionLimitExceeded", "InternalServerException"])
def test_a_start_that_fails_is_recorded_and_its_repeat_succeeds(world: World, code: str) -> None:
    world.upload(CUSTOMERS)
    with failing("StartExecution", code), pytest.raises(ClientError, match=code):
        world.deliver(CUSTOMERS)
    row = world.row(CUSTOMERS)
    assert (row["status"], row["attempts"]) == ("failed", 1)
    assert code in row["reason"]
    assert world.deliver(CUSTOMERS)["status"] == "triggered"
    assert "retry" not in world.row(CUSTOMERS)


def test_an_alert_that_fails_never_fails_the_file(world: World) -> None:
    with failing("Publish", "InternalError"):
        assert world.land(MYSTERY)["status"] == "not_configured"
        assert world.land("data/in/products.csv")["status"] == "inactive"
    assert world.keys("data/in/") == ["data/in/products.csv"]


def test_identity_is_read_from_the_object_and_not_from_any_clock(world: World, later: Any) -> None:
    first = world.land(CUSTOMERS)
    world.forget_rows()
    later(timedelta(days=3))
    assert world.deliver(CUSTOMERS, eventTime="2027-01-01T00:00:00Z")["execution"] == first["execution"]
    modified = world.s3.head_object(Bucket=LANDING, Key=CUSTOMERS)["LastModified"].astimezone(UTC)
    assert world.row(CUSTOMERS)["last_modified"] == f"{modified:%Y-%m-%dT%H:%M:%SZ}"
    assert datetime.now(UTC) - modified < timedelta(hours=1)
    assert SEED_JOBS[0]["job_id"] == world.row(CUSTOMERS)["job_id"]


@pytest.mark.parametrize("etag", ["", "x", "not-an-etag", "D41D8CD98F00B204E9800998ECF8427E"])
def test_an_event_whose_etag_s3_cannot_have_made_leaves_one_row(world: World, etag: str) -> None:
    world.upload(CUSTOMERS)
    assert world.deliver(CUSTOMERS, etag)["status"] == "triggered"
    assert world.row(CUSTOMERS)["status"] == "triggered"
