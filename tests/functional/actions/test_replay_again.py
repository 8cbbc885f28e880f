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
from tests.support.builders import LANDING, SEED_JOBS, job, s3_event
from tests.support.lanes.replays import activate, replay
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


@pytest.mark.parametrize("seconds", [0, 2])  # what comes back has an ETag, and so a row, of its own
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
    (started,) = [row for row in world.rows(key) if row["status"] == "triggered"]
    assert started["replays"][0]["by"] == "operator"
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
    rows = world.rows("data/in/mystery.csv")
    assert sorted(row["status"] for row in rows) == ["not_configured", "triggered"]
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


def test_by_key_the_newest_upload_that_did_not_vanish_is_replayed(world: World, operator: Api) -> None:
    world.land("data/in/mystery.csv", b"parked")
    event = s3_event("data/in/mystery.csv", etag="0" * 32)
    event["Records"][0]["eventTime"] = "2099-01-01T00:00:00.000Z"
    (vanished,) = app.object_created(event, None)
    assert vanished["status"] == "vanished"
    activate(world, "mystery.csv")
    (item,) = replay(operator, keys=["data/in/mystery.csv"])
    assert (item["action"], item["outcome"]["status"]) == ("restore", "triggered")


@pytest.mark.parametrize("dry_run", [True, False])
def test_another_version_than_the_one_that_was_looked_at_is_not_replayed(
    world: World, operator: Api, dry_run: bool
) -> None:
    key = "data/in/products.csv"
    world.upload(key, b"first")
    date_object(LANDING, key, datetime.now(UTC) - timedelta(hours=1))
    world.deliver(key)
    (looked_at,) = replay(operator, keys=[key], dry_run=True)
    world.land(key, b"second")
    activate(world)
    request = {"keys": [key], "etags": {key: looked_at["etag"]}, "dry_run": dry_run}
    reply = operator.post("/replay", request)
    assert (reply.status, reply.body["Code"]) == (409, "ConflictError")
    assert key in reply.body["Message"]
    assert world.executions() == []
    (now,) = replay(operator, keys=[key], dry_run=True)
    (item,) = replay(operator, keys=[key], etags={key: f'"{now["etag"]}"'})
    assert item["outcome"]["status"] == "triggered"


def test_of_a_day_only_what_was_looked_at_is_replayed(world: World, operator: Api) -> None:
    world.land("data/in/products.csv")
    today = datetime.now(UTC).date().isoformat()
    day = {"status": "inactive", "date": today}
    etags = {item["key"]: item["etag"] for item in replay(operator, **day, dry_run=True)}
    world.configure([*SEED_JOBS, job(job_id="J4", source_file_name="more.csv", is_active=False)])
    world.land("data/in/more.csv", b"other")
    activate(world, "more.csv")
    assert operator.post("/replay", {**day, "etags": etags}).status == 409
    assert world.executions() == []


@pytest.mark.parametrize("etags", [[], {"a": 1}, {"": "e"}, {str(number): "e" for number in range(101)}])
def test_etags_that_make_no_sense_are_refused(world: World, operator: Api, etags: Any) -> None:
    reply = operator.post("/replay", {"keys": ["a"], "etags": etags})
    assert (reply.status, "etags" in reply.body["Message"]) == (400, True)


def test_of_an_object_that_is_gone_nothing_is_replayed(world: World, operator: Api) -> None:
    key = "data/in/products.csv"
    world.land(key)
    activate(world)
    world.s3.delete_object(Bucket=LANDING, Key=key)
    for dry_run in (True, False):
        (item,) = replay(operator, keys=[key], dry_run=dry_run)
        assert (item["action"], item["why"]) == ("none", "Its object is gone; upload it again.")
    assert (world.executions(), "replays" in world.row(key)) == ([], False)


def test_a_parked_file_that_goes_while_it_is_replayed_is_recorded_as_gone(
    world: World, operator: Api
) -> None:
    key = "data/in/mystery.csv"
    moved_to = world.land(key)["moved_to"]
    activate(world, "mystery.csv")

    def taken(call: Call, send: Send) -> Any:
        if call.operation == "UpdateItem":  # the replay's note: what was planned is about to be done
            world.s3.delete_object(Bucket=LANDING, Key=moved_to)
        return send()

    with running(Process(taken)):
        replay(operator, keys=[key])
    assert world.executions() == []
    assert "triggered" not in {row["status"] for row in world.rows(key)}


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        (
            "/replay",
            '{"keys":["data/in/customers.csv"],"dry_run":true,"dry_run":false}',
            "dry_run",
        ),
        ("/replay", '{"keys":["a"],"etags":{"a":"1","a":"2"}}', "a"),
        ("/upload", '{"key":"data/in/a","key":"config/config.json","size":1}', "key"),
        ("/quarantine/release", '{"key":"a","key":"b"}', "key"),
        ("/redrive", '{"queue":"ndjson","queue":"landing"}', "queue"),
    ],
)
def test_a_field_given_twice_is_refused_by_name_and_nothing_is_done(
    world: World, operator: Api, path: str, body: str, named: str
) -> None:
    world.land("data/in/customers.csv")
    reply = operator.post(path, raw=body.encode())
    assert (reply.status, reply.body["Message"].startswith(f"'{named}' is given twice")) == (400, True)
    assert len(world.executions()) == 1


class DiesBeforeTheNote:
    """The process dies before it takes the old row out of the lists."""

    def __call__(self, call: Call, send: Send) -> Any:
        """Let every other call through."""
        if "#put_back" in str(call.parameters.get("UpdateExpression", "")):
            raise ProcessDied(str(call))
        return send()


@pytest.mark.parametrize("dies", [False, True])
def test_what_was_put_back_is_neither_counted_nor_listed_again(
    world: World, operator: Api, *, dies: bool
) -> None:
    key = "data/in/mystery.csv"
    world.upload(key)
    date_object(LANDING, key, datetime.now(UTC) - timedelta(minutes=2))
    world.deliver(key)
    (old,) = world.rows(key)
    activate(world, "mystery.csv")
    asked = {"status": "not_configured", "date": old["date"]}
    if dies:
        with pytest.raises(ProcessDied), running(Process(DiesBeforeTheNote())):
            operator.post("/replay", asked)
        assert _counted(operator, old["date"]) == 1
        (again,) = replay(operator, **asked)
        assert (again["action"], "gone" in again["why"]) == ("none", True)
    else:
        (item,) = replay(operator, **asked)
        assert item["outcome"]["status"] == "triggered"
    assert _counted(operator, old["date"]) == 0
    assert replay(operator, **asked, dry_run=True) == []
    newer, kept = operator.get(f"/file?key={key}").body["items"]
    assert (newer["status"], kept["status"]) == ("triggered", "not_configured")
    assert kept["put_back_at"] >= kept["last_modified"]
    assert len(world.executions()) == 1


def test_a_copy_that_somebody_took_away_stays_in_the_lists(world: World, operator: Api) -> None:
    world.land("data/in/mystery.csv")
    activate(world, "mystery.csv")
    world.s3.delete_object(Bucket=LANDING, Key="data/new_files/mystery.csv")
    (item,) = replay(operator, status="not_configured")
    assert "gone" in item["why"]
    (row,) = operator.get("/files?status=not_configured").body["items"]
    assert "put_back_at" not in row


def _counted(operator: Api, date: str) -> int:
    return int(operator.get(f"/summary?date={date}").body["landing"]["not_configured"])
