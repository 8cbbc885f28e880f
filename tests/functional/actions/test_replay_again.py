"""Replays that die or are overtaken: repeated, each comes to its one outcome."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import app
from tests.faults.dying import Call, Moment, Process, ProcessDied, Send, running
from tests.support.api import Api
from tests.support.aws_calls import recorded
from tests.support.builders import LANDING
from tests.support.replays import activate, replay
from tests.support.reset import date_object
from tests.support.world import World


@dataclass(frozen=True)
class DiesAtStart:
    """The process dies before or after it starts an execution."""

    moment: Moment

    def __call__(self, call: Call, send: Send) -> Any:
        """Let every other call through."""
        if call.operation != "StartExecution":
            return send()
        if self.moment is Moment.AFTER:
            send()
        raise ProcessDied(str(call))


def test_a_note_outlives_the_live_event_that_comes_first(world: World, operator: Api) -> None:
    etag = world.upload("data/in/products.csv")
    world.deliver("data/in/products.csv", etag)
    activate(world)
    with pytest.raises(ProcessDied), running(Process(DiesAtStart(Moment.BEFORE))):
        operator.post("/replay", {"keys": ["data/in/products.csv"]})
    world.deliver("data/in/products.csv", etag)
    assert world.row("data/in/products.csv")["status"] == "triggered"
    assert world.row("data/in/products.csv")["replays"][0]["by"] == "operator"


@pytest.mark.parametrize("asked", ["by key", "by status and date"])
def test_a_forced_start_that_was_not_answered_is_finished_by_the_next(
    world: World, operator: Api, asked: str
) -> None:
    world.land("data/in/customers.csv")
    by_status = {"status": "triggered", "date": world.row("data/in/customers.csv")["timestamp"][:10]}
    which = {"keys": ["data/in/customers.csv"]} if asked == "by key" else by_status
    body = {**which, "force": True}
    with pytest.raises(ProcessDied), running(Process(DiesAtStart(Moment.AFTER))):
        operator.post("/replay", body)
    (item,) = replay(operator, **body)
    assert item["outcome"]["execution"].endswith("-r1")
    assert len(world.executions()) == 2
    assert len(world.row("data/in/customers.csv")["replays"]) == 1


@pytest.mark.parametrize("seconds", [0, 2])  # both uploads are of the same second and one row, or are two
def test_a_discovered_file_that_comes_back_starts_though_its_event_is_first(
    world: World, operator: Api, seconds: int
) -> None:
    key = "incoming/shop/mystery.csv"
    world.upload(key)
    date_object(LANDING, key, datetime.now(UTC) - timedelta(seconds=seconds))
    world.discover(key)
    activate(world, "mystery.csv")

    def event_comes_first(_: Any) -> None:
        etag = world.s3.head_object(Bucket=LANDING, Key=key)["ETag"].strip('"')
        world.deliver(key, etag)

    with recorded({"StartExecution": event_comes_first}):
        (item,) = replay(operator, keys=[key])
    assert item["outcome"]["status"] == "triggered"
    newest = max(world.rows(key), key=lambda row: str(row["timestamp"]))
    assert newest["status"] == "triggered"
    assert newest["replays"][0]["by"] == "operator"
    assert len(world.executions()) == 1


@pytest.mark.parametrize("notices", ["its late event", "reconcile"])
def test_a_file_back_within_the_second_of_its_upload_is_not_deleted_as_a_leftover(
    world: World, operator: Api, later: Any, notices: str
) -> None:
    """Its row still says where it was parked, like the row of a mover that died before its delete."""
    etag = world.upload("data/in/mystery.csv")
    world.deliver("data/in/mystery.csv", etag)
    uploaded = datetime.fromisoformat(world.row("data/in/mystery.csv")["last_modified"])
    activate(world, "mystery.csv")
    with pytest.raises(ProcessDied), running(Process(DiesAtStart(Moment.BEFORE))):
        operator.post("/replay", {"keys": ["data/in/mystery.csv"]})
    date_object(LANDING, "data/in/mystery.csv", uploaded)
    assert world.row("data/in/mystery.csv")["moved_to"] == "data/new_files/mystery.csv"
    later(timedelta(minutes=6))
    if notices == "reconcile":
        app.reconcile({}, None)
    else:
        world.deliver("data/in/mystery.csv", etag)
    assert world.keys("data/") == ["data/in/mystery.csv"]
    assert world.row("data/in/mystery.csv")["status"] == "triggered"
    assert [each["key"] for each in world.executions()] == ["data/in/mystery.csv"]


def test_a_file_that_is_taken_away_while_it_comes_back_fails_alone(world: World, operator: Api) -> None:
    keys = ["data/in/mystery1.csv", "data/in/mystery2.csv"]
    for key in keys:
        world.land(key, b"x" * 9000)
    activate(world, "mystery*.csv")
    parked = world.row(keys[0])["moved_to"]

    def taken_away(_: Any) -> None:
        world.s3.delete_object(Bucket=LANDING, Key=parked)

    with recorded({"CreateMultipartUpload": taken_away}):
        first, second = replay(operator, keys=keys)
    assert first["outcome"]["status"] == "failed"
    assert f"{parked} was changed" in first["outcome"]["reason"]
    assert second["outcome"]["status"] == "triggered"


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_file_that_cannot_be_looked_at_fails_alone(world: World, operator: Api, dry_run: bool) -> None:
    keys = ["data/in/products.csv", "data/in/mystery.csv"]
    for key in keys:
        world.land(key)
    activate(world, "mystery.csv")

    def refused(_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "HeadObject")

    with recorded({"HeadObject": refused}):
        first, second = replay(
            operator, keys=["data/in/products.csv", "data/in/mystery.csv"], dry_run=dry_run
        )
    assert (first["action"], first["outcome"]["status"]) == ("none", "failed")
    assert "HeadObject was answered with AccessDenied" in first["outcome"]["reason"]
    assert second["action"] == "restore"
    assert dry_run or second["outcome"]["status"] == "triggered"
