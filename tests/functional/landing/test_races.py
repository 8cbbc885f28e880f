"""Another worker acts just before a write: the outcome that came first stays, and nothing is made up."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

import app
from chalicelib.aws.catalog_table import CatalogTable
from chalicelib.aws.replay_log import ReplayLog
from chalicelib.landing.outcomes import MAX_ATTEMPTS
from tests.faults.dying import Call, Failure, Meanwhile, Nth, Send, run
from tests.support.api import OPERATOR, Api
from tests.support.aws_calls import by_others, failing, recorded
from tests.support.builders import LANDING, job
from tests.support.lanes.replays import replay
from tests.support.reset import date_object
from tests.support.world import TABLE, World

CUSTOMERS, MYSTERY = "data/in/customers.csv", "data/in/mystery.csv"
HOUR = timedelta(hours=1)


def _failed_before(world: World) -> str:
    etag = world.upload(CUSTOMERS)
    with failing("StartExecution", "InternalFailure"):
        _quietly(world, etag)
    assert world.row(CUSTOMERS)["status"] == "failed"
    return etag


def _quietly(world: World, etag: str) -> None:
    with suppress(ClientError):  # the handler raises so that its event comes again
        world.deliver(CUSTOMERS, etag)


def test_a_failure_that_is_late_overwrites_no_outcome(world: World) -> None:
    etag = world.upload(CUSTOMERS)
    refused = Nth("StartExecution", 1, lambda number: Failure(number, "InternalFailure"))
    others = [lambda: world.deliver(CUSTOMERS, etag)]

    def fault(call: Call, send: Send) -> Any:
        if call.operation == "UpdateItem" and others:
            others.pop()()
        return refused(call, send)

    run(lambda: _quietly(world, etag), fault)
    row = world.row(CUSTOMERS)
    assert (row["status"], "retry" in row, "attempts" in row) == ("triggered", False, False)


def test_an_outcome_that_comes_between_listing_and_attempt_stays(world: World, later: Any) -> None:
    etag = _failed_before(world)
    later(HOUR)

    def outcome(_: Any) -> None:
        world.deliver(CUSTOMERS, etag)

    with recorded(before={"UpdateItem": outcome}):
        app.reconcile({}, None)
    row = world.row(CUSTOMERS)
    assert (row["status"], "retry" in row) == ("triggered", False)
    assert len(world.executions()) == 1


def test_an_upload_that_is_left_for_a_replay_makes_no_row_up(world: World) -> None:
    catalog = CatalogTable(boto3.client("dynamodb"), TABLE)
    catalog.leave_for_replay(CUSTOMERS, "2026-01-01T00:00:00Z#00000000")
    assert boto3.client("dynamodb").scan(TableName=TABLE)["Count"] == 0


def test_an_outcome_that_comes_while_a_file_is_left_for_a_replay_stays(world: World, later: Any) -> None:
    etag = _failed_before(world)
    with failing("StartExecution", "InternalFailure"):
        for hours in range(1, MAX_ATTEMPTS + 1):
            later(hours * HOUR)
            app.reconcile({}, None)
    assert "retry" not in world.row(CUSTOMERS)
    world.deliver(CUSTOMERS, etag)
    assert world.row(CUSTOMERS)["status"] == "triggered"


def test_a_worker_that_paused_starts_nothing_for_a_file_that_was_parked_and_replayed_meanwhile(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag, now = world.upload(MYSTERY), [datetime.now(UTC)]
    date_object(LANDING, MYSTERY, now[0] - HOUR)
    lane = dataclasses.replace(app.landing(), clock=lambda: now[0])
    monkeypatch.setattr(app, "landing", lambda: lane)

    def parked_and_replayed(_: Any) -> None:
        world.deliver(MYSTERY, etag)
        with by_others():  # a user does this, no handler
            world.configure([job(source_file_name="mystery.csv")])
        (item,) = replay(Api(OPERATOR), keys=[MYSTERY])
        assert item["outcome"]["status"] == "triggered"
        now[0] += timedelta(seconds=3)

    with recorded(before={"GetItem": parked_and_replayed}):  # its look for a row
        assert world.deliver(MYSTERY, etag)["status"] == "already_running"
    assert sorted(row["status"] for row in world.rows(MYSTERY)) == ["not_configured", "triggered"]
    assert len(world.executions()) == 1


@pytest.mark.parametrize("by_now", [{"status": "triggered"}, {"moved_to": "data/new_files/elsewhere.csv"}])
def test_the_end_of_a_move_changes_no_row_that_tells_another_outcome_by_now(
    world: World, by_now: dict[str, str]
) -> None:
    catalog = CatalogTable(boto3.client("dynamodb"), TABLE)
    key = {"file_key": MYSTERY, "timestamp": "2026-01-01T00:00:00Z#00000000"}
    row = {**key, "status": "not_configured", "moved_to": "data/new_files/mystery.csv", "unreported": True}
    assert catalog.record({**row, **by_now}, frozenset()) is None
    assert not catalog.end_move(row, "", retry=False)
    assert world.row(MYSTERY) == {**row, **by_now}


@pytest.mark.parametrize("by_now", [{"moved_to": "data/new_files/elsewhere.csv"}, {"retry": None}])
def test_an_attempt_to_end_a_move_is_counted_only_while_it_is_not_ended(
    world: World, by_now: dict[str, Any]
) -> None:
    catalog = CatalogTable(boto3.client("dynamodb"), TABLE)
    key = {"file_key": MYSTERY, "timestamp": "2026-01-01T00:00:00Z#00000000"}
    row = {**key, "status": "not_configured", "moved_to": "data/new_files/mystery.csv", "attempts": 1}
    row |= {"retry": "1", "processed_at": "2026-01-01T00:00:00Z"}
    assert catalog.record({**row, **by_now}, frozenset()) is None
    assert not catalog.count_move(row, "2026-01-02T00:00:00Z")
    assert world.row(MYSTERY)["attempts"] == 1


def test_a_replay_is_noted_in_no_row_that_is_not_there(world: World) -> None:
    log = ReplayLog(boto3.client("dynamodb"), TABLE)
    row = {"file_key": MYSTERY, "timestamp": "2026-01-01T00:00:00Z#00000000"}
    assert log.note(row, {"by": "operator"}) is None
    assert boto3.client("dynamodb").scan(TableName=TABLE)["Count"] == 0


@pytest.mark.parametrize("is_replayed", [True, False])
def test_a_row_is_told_as_put_back_only_if_it_was_replayed_and_says_so_still(
    world: World, is_replayed: bool
) -> None:
    dynamodb = boto3.client("dynamodb")
    catalog, log = CatalogTable(dynamodb, TABLE), ReplayLog(dynamodb, TABLE)
    row = {"file_key": MYSTERY, "timestamp": "2026-01-01T00:00:00Z#00000000", "status": "not_configured"}
    assert catalog.record({**row, "status_timestamp": "not_configured#1"}, frozenset()) is None
    if is_replayed:
        log.note(row, {"by": "operator"})
    by_now = world.row(MYSTERY)
    assert not log.note_put_back({**row, "status": "rejected" if is_replayed else "not_configured"}, "now")
    assert world.row(MYSTERY) == by_now
    log.note(row, {"by": "operator"})
    assert log.note_put_back(row, "now")
    assert world.row(MYSTERY)["put_back_at"] == "now"
    assert "status_timestamp" not in world.row(MYSTERY)


@pytest.mark.parametrize("number", [1, 2])
def test_a_note_of_a_replay_that_comes_just_before_the_row_is_replaced_is_kept(
    world: World, number: int
) -> None:
    dynamodb = boto3.client("dynamodb")
    catalog, log = CatalogTable(dynamodb, TABLE), ReplayLog(dynamodb, TABLE)
    row = {"file_key": MYSTERY, "timestamp": "2026-01-01T00:00:00Z#00000000", "status": "failed"}
    assert catalog.record(row, frozenset()) is None
    if number == 2:
        log.note(row, {"by": "first"})

    def note() -> None:
        log.note(row, {"by": "last"})

    run(
        lambda: catalog.record({**row, "status": "triggered"}, {"failed"}),
        Nth("PutItem", number, lambda call: Meanwhile(call, note)),
    )
    stored = world.row(MYSTERY)
    assert (stored["status"], stored["replays"][-1], stored["replay_count"]) == (
        "triggered",
        {"by": "last"},
        number,
    )
