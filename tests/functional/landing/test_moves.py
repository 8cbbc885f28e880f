"""Moves that others cross: released or replayed meanwhile, sources that stay, workers that die in between."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError

import app
from chalicelib.landing import parking
from chalicelib.landing.outcomes import MAX_ATTEMPTS, look_at_config
from tests.faults.dying import Death, Meanwhile, Moment, Nth, Process, ProcessDied, run, running
from tests.support.api import Api
from tests.support.aws_calls import by_others, failing
from tests.support.builders import LANDING, job
from tests.support.lanes.replays import activate, replay
from tests.support.reset import date_object
from tests.support.world import World

MYSTERY = "data/in/mystery.csv"
PARKED = "data/new_files/mystery.csv"
HOUR = timedelta(hours=1)


def _reconcile() -> Any:
    return app.reconcile({}, None)["landing"]


def _aged_upload(world: World, body: bytes = b"A") -> str:
    """Upload a file an hour ago: nothing that comes now has its time."""
    etag = world.upload(MYSTERY, body)
    date_object(LANDING, MYSTERY, datetime.now(UTC) - HOUR)
    return etag


@pytest.mark.parametrize("operation", ["HeadObject", "PutItem", "PutObject"])
def test_a_late_mover_does_not_delete_the_file_that_was_moved_and_replayed_meanwhile(
    world: World, operator: Api, operation: str
) -> None:
    etag = _aged_upload(world)
    look_at_config(app.landing())  # else the calls that read it come first

    def moved_and_replayed() -> None:
        world.deliver(MYSTERY, etag)
        with by_others():  # the config's author acts, not the handler
            activate(world, "mystery.csv")
        (item,) = replay(operator, keys=[MYSTERY])
        assert item["outcome"]["status"] == "triggered"

    number = {"HeadObject": 1, "PutItem": 1, "PutObject": 1}[operation]
    late = Nth(operation, number, lambda call: Meanwhile(call, moved_and_replayed))
    run(lambda: world.deliver(MYSTERY, etag), late)
    assert world.read(MYSTERY) == b"A"
    assert len(world.executions()) == 1


def test_a_death_between_delete_and_alert_is_told_by_the_repair(world: World, later: Any) -> None:
    etag = world.upload(MYSTERY)
    run(lambda: world.deliver(MYSTERY, etag), Nth("Publish", 1, lambda call: Death(call, Moment.BEFORE)))
    assert (world.keys("data/"), world.alerts()) == ([PARKED], [])
    assert world.deliver(MYSTERY, etag)["moved_to"] == PARKED
    later(HOUR)
    assert _reconcile()["moves_finished"] == 1
    (alert,) = world.alerts()
    assert PARKED in alert["Message"]
    assert not {"retry", "unreported", "attempts"} & {*world.row(MYSTERY)}
    assert not any(_reconcile().values())


def test_a_source_that_cannot_be_deleted_is_told_and_left_after_ten_attempts(
    world: World, later: Any, operator: Api
) -> None:
    with failing("DeleteObject", "AccessDenied", 403):
        assert world.land(MYSTERY)["moved_to"] == PARKED
        row = world.row(MYSTERY)
        assert (row["status"], row["attempts"]) == ("not_configured", 1)
        assert "AccessDenied" in row["source_stays"]
        for hours in range(1, MAX_ATTEMPTS + 5):
            later(hours * HOUR)
            assert not _reconcile()["errors"]
    assert [alert["Subject"] for alert in world.alerts()] == [
        "New / Not Configured File",
        "Source Cannot Be Deleted",
    ]
    row = world.row(MYSTERY)
    assert (row["attempts"], "retry" in row) == (MAX_ATTEMPTS, False)
    assert "cannot be deleted" in operator.get("/explain", key=MYSTERY).text
    assert {*world.keys("data/")} == {MYSTERY, PARKED}


def test_a_death_after_the_last_attempt_leaves_a_person_to_be_told(world: World, later: Any) -> None:
    with failing("DeleteObject", "AccessDenied", 403), patch.object(parking, "MAX_ATTEMPTS", 2):
        world.land(MYSTERY)
        later(HOUR)
        with suppress(ProcessDied), running(Process(Nth("Publish", 1, lambda n: Death(n, Moment.BEFORE)))):
            _reconcile()
        assert "retry" in world.row(MYSTERY)
        later(2 * HOUR)
        _reconcile()
    assert [alert["Subject"] for alert in world.alerts()].count(parking.SOURCE_STAYS_SUBJECT) == 1
    assert "retry" not in world.row(MYSTERY)


def test_an_attempt_to_end_a_move_counts_though_its_worker_dies(world: World, later: Any) -> None:
    with failing("DeleteObject", "AccessDenied", 403):
        world.land(MYSTERY)
    later(HOUR)
    with suppress(ProcessDied), running(Process(Nth("HeadObject", 1, lambda n: Death(n, Moment.BEFORE)))):
        _reconcile()
    assert world.row(MYSTERY)["attempts"] == 2


def test_a_replay_of_a_file_whose_source_stays_starts_it_where_it_lies(
    world: World, later: Any, operator: Api
) -> None:
    with failing("DeleteObject", "AccessDenied", 403):
        world.land(MYSTERY, b"A")
    activate(world, "mystery.csv")
    for status in ("triggered", None):
        (item,) = replay(operator, keys=[MYSTERY])
        assert item.get("outcome", {}).get("status") == status
    later(HOUR)
    _reconcile()
    assert (world.read(MYSTERY), world.read(PARKED), len(world.executions())) == (b"A", b"A", 1)
    row = world.row(MYSTERY)
    assert (row["status"], row["moved_to"], "retry" in row) == ("triggered", PARKED, False)


def test_a_replay_while_the_file_is_being_moved_waits(world: World, operator: Api) -> None:
    etag = world.upload(MYSTERY, b"A")
    run(lambda: world.deliver(MYSTERY, etag), Nth("DeleteObject", 1, lambda n: Death(n, Moment.BEFORE)))
    activate(world, "mystery.csv")
    (item,) = replay(operator, keys=[MYSTERY])
    assert (item["action"], "being moved" in item["why"], world.executions()) == ("none", True, [])


def test_a_source_that_can_be_deleted_again_is_deleted_and_not_told_again(world: World, later: Any) -> None:
    with failing("DeleteObject", "AccessDenied", 403):
        world.land(MYSTERY)
    later(HOUR)
    assert _reconcile()["moves_finished"] == 1
    assert world.keys("data/") == [PARKED]
    assert not {"retry", "source_stays", "attempts"} & {*world.row(MYSTERY)}
    assert len(world.alerts()) == 1


def test_a_failed_file_whose_source_cannot_be_deleted_is_parked_by_its_retry(
    world: World, later: Any
) -> None:
    etag = world.upload(MYSTERY)
    with failing("PutObject", "InternalError", 500, PARKED), pytest.raises(ClientError):
        world.deliver(MYSTERY, etag)
    later(HOUR)
    with failing("DeleteObject", "AccessDenied", 403):
        counts = _reconcile()
    assert (counts["retried"], counts["errors"]) == (1, 0)
    row = world.row(MYSTERY)
    assert (row["status"], row["moved_to"], "retry" in row) == ("not_configured", PARKED, True)


def test_the_repair_loses_no_newer_upload_and_no_source_whose_copy_is_gone(world: World, later: Any) -> None:
    with failing("DeleteObject", "AccessDenied", 403):
        world.land(MYSTERY, b"A")
        world.land("data/in/other.csv", b"B")
    world.upload(MYSTERY, b"A")
    date_object(LANDING, MYSTERY, datetime.now(UTC) + timedelta(minutes=1))
    world.s3.delete_object(Bucket=LANDING, Key="data/new_files/other.csv")
    later(timedelta(seconds=400))
    _reconcile()
    assert sorted(map(world.read, world.keys("data/"))) == [b"A", b"A", b"B"]


def test_what_was_started_is_recorded_although_the_key_held_the_same_bytes_before(world: World) -> None:
    key = "data/in/customers.csv"
    etag = world.upload(key)
    date_object(LANDING, key, datetime.now(UTC) - 24 * HOUR)
    world.deliver(key, etag)
    world.upload(key)
    uploaded = datetime.now(UTC) - timedelta(minutes=5)
    date_object(LANDING, key, uploaded)
    event: Any = {"etag": etag, "eventTime": f"{uploaded:%Y-%m-%dT%H:%M:%S.500Z}"}
    run(lambda: world.deliver(key, **event), Nth("PutItem", 1, lambda call: Death(call, Moment.BEFORE)))
    world.s3.delete_object(Bucket=LANDING, Key=key)
    assert world.deliver(key, **event)["status"] == "triggered"
    started = {each["name"] for each in world.executions()}
    assert {row["execution"] for row in world.rows(key)} == started
    assert len(started) == 2


def test_what_was_parked_is_recorded_although_the_key_held_the_same_bytes_before(world: World) -> None:
    etag = _aged_upload(world)
    world.deliver(MYSTERY, etag)
    world.upload(MYSTERY, b"A")
    uploaded = datetime.now(UTC) - timedelta(minutes=5)
    date_object(LANDING, MYSTERY, uploaded)
    event: Any = {"etag": etag, "eventTime": f"{uploaded:%Y-%m-%dT%H:%M:%S.500Z}"}
    run(lambda: world.deliver(MYSTERY, **event), Nth("PutItem", 1, lambda call: Death(call, Moment.BEFORE)))
    world.s3.delete_object(Bucket=LANDING, Key=MYSTERY)
    world.deliver(MYSTERY, **event)
    assert sorted(row["moved_to"] for row in world.rows(MYSTERY)) == sorted(world.keys("data/new_files/"))
    assert len(world.alerts()) == 2


def test_an_empty_file_waits_one_grace_period_for_its_content(world: World, later: Any) -> None:
    world.configure([job(source_file_name="*")])
    assert world.land("data/in/filled.csv", b"")["status"] == "received"
    assert world.land("data/in/empty.csv", b"")["status"] == "received"
    assert world.executions() == []
    assert world.land("data/in/filled.csv", b"content")["status"] == "triggered"
    later(HOUR)
    _reconcile()
    assert sorted(each["key"] for each in world.executions()) == ["data/in/empty.csv", "data/in/filled.csv"]
    assert world.row("data/in/empty.csv")["status"] == "triggered"
    assert not any("retry" in row for row in world.rows())
    assert not any(_reconcile().values())


def test_an_operator_or_no_grace_lets_an_empty_file_start_at_once(
    world: World, operator: Api, environ: Any
) -> None:
    world.configure([job(source_file_name="*")])
    world.land("data/in/empty.csv", b"")
    (item,) = replay(operator, keys=["data/in/empty.csv"])
    assert item["outcome"]["status"] == "triggered"
    environ(RECONCILE_GRACE_SECONDS="0")
    assert world.land("data/in/second.csv", b"")["status"] == "triggered"


def test_a_copy_that_another_worker_found_and_relied_on_is_kept(world: World) -> None:
    etag = world.upload(MYSTERY, b"A")
    look_at_config(app.landing())
    another = Nth("PutItem", 1, lambda call: Meanwhile(call, lambda: world.deliver(MYSTERY, etag)))
    run(lambda: world.deliver(MYSTERY, etag), another)
    assert (world.keys("data/"), world.read(PARKED)) == ([PARKED], b"A")
