"""Replays: the same code and identity as live traffic, audited, bounded, and nothing started twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.actions import replay as replays
from chalicelib.aws.items import Row
from chalicelib.landing.lane import Landing
from tests.support.api import Api
from tests.support.aws_calls import recorded
from tests.support.builders import LANDING, job
from tests.support.lanes.replays import activate, replay
from tests.support.reset import date_object
from tests.support.world import World

WRITES = {"PutItem", "UpdateItem", "DeleteItem", "PutObject", "DeleteObject", "StartExecution", "Publish"}


def test_an_inactive_file_starts_once_its_job_is_active(world: World, operator: Api) -> None:
    world.land("data/in/products.csv")
    activate(world)
    (item,) = replay(operator, keys=["data/in/products.csv"])
    assert (item["action"], item["outcome"]["status"]) == ("route", "triggered")
    row = world.row("data/in/products.csv")
    assert row["status"] == "triggered"
    (note,) = row["replays"]
    assert {name: note[name] for name in ("by", "from_status", "force")} == {
        "by": "operator", "from_status": "inactive", "force": False}  # fmt: skip
    assert note["at"].startswith(datetime.now(UTC).date().isoformat())


def test_a_file_of_an_older_day_starts_as_well(world: World, operator: Api) -> None:
    etag = world.upload("data/in/products.csv")
    date_object(LANDING, "data/in/products.csv", datetime.now(UTC) - timedelta(days=2))
    world.deliver("data/in/products.csv", etag)
    activate(world)
    (item,) = replay(operator, keys=["data/in/products.csv"])
    assert item["outcome"]["status"] == "triggered"
    assert world.row("data/in/products.csv")["status"] == "triggered"
    assert [each["key"] for each in world.executions()] == ["data/in/products.csv"]


def test_a_parked_file_comes_back_and_starts(world: World, operator: Api) -> None:
    world.land("data/in/mystery.csv", b"the content")
    activate(world, "mystery.csv")
    (item,) = replay(operator, keys=["data/in/mystery.csv"])
    assert (item["action"], item["outcome"]["status"]) == ("restore", "triggered")
    assert world.read("data/in/mystery.csv") == b"the content"
    assert world.keys("data/new_files/") == []
    assert [each["key"] for each in world.executions()] == ["data/in/mystery.csv"]
    event = world.deliver("data/in/mystery.csv", world.s3.head_object(
        Bucket="sluice-local-landing", Key="data/in/mystery.csv")["ETag"].strip('"'))  # fmt: skip
    assert event["status"] == "already_running"
    assert len(world.executions()) == 1
    for row in world.rows("data/in/mystery.csv"):  # one row if both uploads are of the same second, else two
        assert row["replays"][0]["by"] == "operator"
        assert row["replays"][0]["from_status"] == "not_configured"


def test_a_second_replay_of_a_parked_file_does_nothing(world: World, operator: Api) -> None:
    world.land("data/in/mystery.csv")
    activate(world, "mystery.csv")
    replay(operator, keys=["data/in/mystery.csv"])
    today = datetime.now(UTC).date().isoformat()
    again = replay(operator, status="not_configured", date=today) + replay(
        operator, keys=["data/in/mystery.csv"]
    )
    assert {item["action"] for item in again} == {"none"}
    assert len(world.executions()) == 1


def test_a_parked_file_never_goes_back_over_a_newer_one(world: World, operator: Api) -> None:
    world.land("data/in/mystery.csv", b"old")
    world.upload("data/in/mystery.csv", b"new")
    activate(world, "mystery.csv")
    (item,) = replay(operator, keys=["data/in/mystery.csv"])
    assert item["action"] == "none"
    assert "newer upload" in item["why"]
    assert world.read("data/in/mystery.csv") == b"new"
    assert world.read("data/new_files/mystery.csv") == b"old"


def test_what_started_starts_nothing_again(world: World, operator: Api) -> None:
    world.land("data/in/customers.csv")
    (item,) = replay(operator, keys=["data/in/customers.csv"])
    assert item["action"] == "none"
    assert "give force" in item["why"]
    assert len(world.executions()) == 1
    assert "replays" not in world.row("data/in/customers.csv")


def test_force_starts_another_execution_of_its_own_name(world: World, operator: Api) -> None:
    first = world.land("data/in/customers.csv")["execution"]
    for number in (1, 2):
        (item,) = replay(operator, keys=["data/in/customers.csv"], force=True)
        assert item["action"] == "start_again"
        assert item["outcome"]["execution"].endswith(f"-r{number}")
    names = {each["name"] for each in world.executions()}
    assert len(names) == 3
    assert first in names
    row = world.row("data/in/customers.csv")
    assert row["execution"].endswith("-r2")
    assert [note["force"] for note in row["replays"]] == [True, True]


def test_force_on_a_long_name_keeps_the_name_legal_and_distinct(world: World, operator: Api) -> None:
    name = "x" * 80 + ".csv"
    world.configure([job(source_file_name=name)])
    world.land(f"data/in/{name}")
    (item,) = replay(operator, keys=[f"data/in/{name}"], force=True)
    assert len(item["outcome"]["execution"]) <= 80
    assert len(world.executions()) == 2


def test_force_on_an_overwritten_file_starts_nothing(world: World, operator: Api) -> None:
    world.land("data/in/customers.csv", b"one")
    world.upload("data/in/customers.csv", b"two")
    (item,) = replay(operator, keys=["data/in/customers.csv"], force=True)
    assert item["action"] == "none"
    assert "overwritten" in item["why"]


def test_a_failed_file_waits_for_its_config_then_is_routed(world: World, operator: Api) -> None:
    world.configure(b"[")
    with pytest.raises(Exception, match="not usable"):
        world.land("data/in/customers.csv")
    (item,) = replay(operator, keys=["data/in/customers.csv"])
    assert item["action"] == "none"
    assert "config cannot be used" in item["why"]
    world.configure()
    (item,) = replay(operator, keys=["data/in/customers.csv"])
    assert item["outcome"]["status"] == "triggered"


def test_a_dry_run_lists_exactly_what_would_happen_and_writes_nothing(world: World, operator: Api) -> None:
    keys = [f"data/in/{name}.csv" for name in ("products", "mystery", "customers", "unknown")]
    for key in keys:
        world.land(key)
    activate(world, "mystery.csv")
    with recorded() as calls:
        planned = replay(operator, keys=keys, dry_run=True)
    assert not {operation for operation, _ in calls} & WRITES
    assert [item["action"] for item in planned] == ["route", "restore", "none", "none"]
    done = replay(operator, keys=keys)
    for plan, result in zip(planned, done, strict=True):
        assert result["action"] == plan["action"]
        assert result.get("outcome", {}).get("status") == plan["expected"]


def test_by_status_and_date_pages_lead_through_all(
    world: World, operator: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chalicelib.actions.replay.PAGE", 2)
    for number in range(5):
        world.land(f"data/in/mystery-{number}.csv")
    activate(world, *[f"mystery-{number}.csv" for number in range(5)])
    body: dict[str, Any] = {"status": "not_configured", "date": datetime.now(UTC).date().isoformat()}
    seen: list[str] = []
    while True:
        answer = operator.post("/replay", body).body
        seen += [item["key"] for item in answer["items"]]
        if not answer["next_cursor"]:
            break
        body["cursor"] = answer["next_cursor"]
    assert sorted(seen) == [f"data/in/mystery-{number}.csv" for number in range(5)]
    assert len(world.executions()) == 5


def test_unknown_keys_are_said(world: World, operator: Api) -> None:
    (item,) = replay(operator, keys=["absent"])
    assert item == {"key": "absent", "action": "none", "why": "No upload of this key is recorded."}


def test_a_recorded_file_outside_the_input_is_left(world: World, operator: Api) -> None:
    world.land("notes.txt")
    (item,) = replay(operator, keys=["notes.txt"], force=True)
    assert item["action"] == "none"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (None, "JSON object"),
        ([], "JSON object"),
        ({}, "either"),
        ({"keys": []}, "at least one"),
        ({"keys": "a"}, "list of object keys"),
        ({"keys": [1]}, "list of object keys"),
        ({"keys": [""]}, "keys[0] has 0 bytes"),
        ({"keys": ["k" * 1025]}, "1025 bytes"),
        ({"keys": [f"k{n}" for n in range(101)]}, "at most 100"),
        ({"keys": ["a"], "status": "failed"}, "either"),
        ({"keys": ["a"], "cursor": "x"}, "cursor goes with"),
        ({"date": "2026-01-01"}, "status="),
        ({"status": "gone", "date": "2026-01-01"}, "received"),
        ({"status": "failed", "date": "now"}, "YYYY-MM-DD"),
        ({"status": 5, "date": "2026-01-01"}, "must be a text"),
        ({"keys": ["a"], "dry_run": "yes"}, "true or false"),
        ({"keys": ["a"], "dryrun": True}, "'dryrun'"),
        ({"status": "failed", "date": "2026-01-01", "cursor": "AAAA"}, "cursor"),
    ],
)
def test_a_bad_body_is_400_saying_what_is_accepted(operator: Api, body: Any, says: str) -> None:
    reply = operator.post("/replay", body)
    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError")
    assert says in reply.body["Message"]


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"[" * 3000])
def test_what_is_not_json_is_400(operator: Api, raw: bytes) -> None:
    assert operator.post("/replay", raw=raw).status == 400


def test_another_content_type_is_415(operator: Api) -> None:
    assert operator.post("/replay", raw=b"a=1", **{"Content-Type": "text/plain"}).status == 415


def test_a_status_without_a_date_means_today(world: World, operator: Api) -> None:
    world.land("data/in/products.csv")
    activate(world)
    (item,) = replay(operator, status="inactive")
    assert item["outcome"]["status"] == "triggered"


def test_a_file_whose_own_event_came_first_is_told_as_started(
    world: World, operator: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.land("data/in/mystery.csv")
    activate(world, "mystery.csv")
    restore = replays._restore

    def restored_and_announced(landing: Landing, row: Row) -> None:
        restore(landing, row)
        world.deliver("data/in/mystery.csv")

    monkeypatch.setattr(replays, "_restore", restored_and_announced)
    (item,) = replay(operator, keys=["data/in/mystery.csv"])
    assert item["outcome"]["status"] == "triggered"
    assert len(world.executions()) == 1
