"""Reconcile of the landing lane: what no event brought to its outcome is found and finished."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import app
from chalicelib.aws.listing_page import LISTED
from chalicelib.errors import ConfigError
from chalicelib.landing.outcomes import MAX_ATTEMPTS
from chalicelib.landing.repair import repair_landing
from tests.faults.dying import Call, Death, Meanwhile, Moment, Nth, Process, Send, calls_of, run, running
from tests.support.aws_calls import failing
from tests.support.builders import CONFIG_KEY, LANDING, job
from tests.support.lanes.ndjson import items
from tests.support.lanes.scans import LambdaContext, pages_of
from tests.support.reset import date_object
from tests.support.world import World

CUSTOMERS, MYSTERY = "data/in/customers.csv", "data/in/mystery.csv"
HOUR = timedelta(hours=1)
READS = {"DescribeExecution", "GetItem", "GetObject", "ListObjectsV2", "Query", "BatchGetItem", "Scan"}


def _reconcile(context: Any = None) -> dict[str, int]:
    counts = app.reconcile({}, context)
    assert json.loads(json.dumps(counts)) == counts
    return {name: count for name, count in counts["landing"].items() if count}


def test_an_upload_that_no_event_announced_is_routed(world: World, later: Any) -> None:
    for key in (CUSTOMERS, "data/in/mystery.csv", "data/in/products.csv"):
        world.upload(key)
    later(HOUR)
    assert _reconcile() == {"routed": 3}
    assert sorted(row["status"] for row in world.rows()) == ["inactive", "not_configured", "triggered"]
    assert world.row(CUSTOMERS)["event_name"] == "Reconciled:listing"
    assert _reconcile() == {}


def test_the_same_content_a_second_later_is_another_upload(world: World, later: Any) -> None:
    now = datetime.now(UTC)
    etag = world.upload(CUSTOMERS)
    date_object(LANDING, CUSTOMERS, now - timedelta(seconds=1))
    world.deliver(CUSTOMERS, etag)
    world.upload(CUSTOMERS)
    date_object(LANDING, CUSTOMERS, now)
    later(HOUR)
    assert _reconcile() == {"routed": 1}
    assert [row["status"] for row in world.rows(CUSTOMERS)] == ["triggered"] * 2
    assert len(world.executions()) == 2
    assert _reconcile() == {}


@pytest.mark.parametrize("operation", ["BatchGetItem", "HeadObject"])
def test_an_upload_that_is_overwritten_while_reconcile_looks_for_its_row_gets_one(
    world: World, later: Any, operation: str
) -> None:
    etag = world.upload(CUSTOMERS)
    with suppress(ClientError):
        dies = Nth("PutItem", 1, lambda number: Death(number, Moment.BEFORE))
        run(lambda: world.deliver(CUSTOMERS, etag), dies)
    assert (len(world.executions()), world.rows(CUSTOMERS)) == (1, [])
    later(HOUR)

    def overwritten() -> None:
        world.deliver(CUSTOMERS, world.upload(CUSTOMERS, b"newer"))

    run(_reconcile, Nth(operation, 1, lambda number: Meanwhile(number, overwritten)))
    started = {each["name"] for each in world.executions()}
    assert len(started) == 2
    assert {row["execution"] for row in world.rows(CUSTOMERS)} == started


@pytest.mark.parametrize("skew", [-2, -1, 1, 2])
def test_an_upload_that_is_listed_under_another_second_is_known(world: World, later: Any, skew: int) -> None:
    world.land(CUSTOMERS)
    later(HOUR)

    def skewed(call: Call, send: Send) -> Any:
        answer = send()
        if call.operation == "ListObjectsV2" and answer.get(LISTED):
            moved = timedelta(seconds=skew)
            answer[LISTED] = [one._replace(last_modified=one.last_modified + moved) for one in answer[LISTED]]
            skewed_pages.append(answer)
        return answer

    skewed_pages: list[Any] = []
    _reconcile()  # it may note, once a day, which execution still runs
    with running(process := Process(skewed)):
        assert _reconcile() == {}
    assert skewed_pages
    assert {call.operation for call in process.calls} <= READS | {"HeadObject"}


def test_an_upload_whose_deletion_was_undone_is_routed_and_its_row_says_so(world: World, later: Any) -> None:
    world.s3.put_bucket_versioning(Bucket=LANDING, VersioningConfiguration={"Status": "Enabled"})
    etag = world.upload(CUSTOMERS)
    uploaded = world.s3.head_object(Bucket=LANDING, Key=CUSTOMERS)["LastModified"]
    marker = world.s3.delete_object(Bucket=LANDING, Key=CUSTOMERS)["VersionId"]
    assert world.deliver(CUSTOMERS, etag, eventTime=uploaded.isoformat())["status"] == "vanished"
    world.s3.delete_object(Bucket=LANDING, Key=CUSTOMERS, VersionId=marker)
    later(HOUR)
    assert _reconcile() == {"routed": 1}
    assert world.row(CUSTOMERS)["status"] == "triggered"
    assert _reconcile() == {}


def test_an_upload_younger_than_the_grace_is_left_to_its_event(world: World, environ: Any) -> None:
    world.upload(CUSTOMERS)
    assert _reconcile() == {}
    environ(RECONCILE_GRACE_SECONDS="0")
    assert _reconcile() == {"routed": 1}


def test_an_upload_older_than_the_window_is_not_looked_for(world: World, later: Any) -> None:
    world.upload(CUSTOMERS)
    later(timedelta(days=2))
    assert _reconcile() == {}


def test_markers_and_own_outputs_are_no_uploads(world: World, later: Any, environ: Any) -> None:
    environ(NEW_FILES_PREFIX="data/in/unknown/")
    world.upload("data/in/folder/", b"")
    world.upload("data/in/unknown/parked.csv")
    later(HOUR)
    assert _reconcile() == {}


def test_a_failed_upload_is_retried_at_any_age_until_it_is_left_for_a_replay(
    world: World, later: Any
) -> None:
    world.upload(CUSTOMERS)
    with failing("StartExecution", "ThrottlingException"):
        with pytest.raises(ClientError):
            world.deliver(CUSTOMERS)
        for days in range(2, MAX_ATTEMPTS + 1):
            later(timedelta(days=days))
            assert _reconcile() == {"errors": 1}
        row = world.row(CUSTOMERS)
        assert (row["status"], row["attempts"], row.get("retry")) == ("failed", MAX_ATTEMPTS, None)
        assert _reconcile() == {}


def test_a_failed_upload_starts_once_the_cause_is_gone(world: World, later: Any) -> None:
    world.upload(CUSTOMERS)
    with failing("StartExecution", "ThrottlingException"), pytest.raises(ClientError):
        world.deliver(CUSTOMERS)
    assert _reconcile() == {}, "within the grace its own retries are at work"
    later(HOUR)
    assert _reconcile() == {"retried": 1}
    assert world.row(CUSTOMERS)["status"] == "triggered"


def test_while_the_config_is_broken_the_lane_waits_and_then_catches_up_however_late(
    world: World, later: Any
) -> None:
    world.configure(b"{")
    world.upload(CUSTOMERS)
    later(HOUR)
    assert _reconcile() == {"waiting": 1, "errors": 1}
    before = world.row(CUSTOMERS)
    assert (before["status"], before["retry"]) == ("failed", "1")
    later(timedelta(days=9))
    assert _reconcile() == {"waiting": 1}
    assert world.row(CUSTOMERS) == before, "it waits, and is not tried again and again"
    world.configure([job()])
    assert _reconcile() == {"retried": 1}
    assert world.row(CUSTOMERS)["status"] == "triggered"


def test_attempts_that_met_a_broken_config_do_not_count(world: World, later: Any) -> None:
    world.configure(b"{")
    etag = world.upload(CUSTOMERS)
    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(ConfigError):
            world.deliver(CUSTOMERS, etag)
    world.configure()
    with failing("StartExecution", "ThrottlingException"), pytest.raises(ClientError):
        world.deliver(CUSTOMERS, etag)
    row = world.row(CUSTOMERS)
    assert (row["attempts"], row["config_failures"], row["retry"]) == (MAX_ATTEMPTS + 1, MAX_ATTEMPTS, "1")
    later(HOUR)
    assert _reconcile() == {"retried": 1}
    assert world.row(CUSTOMERS)["status"] == "triggered"


def test_while_the_config_is_broken_moves_are_ended(world: World, later: Any) -> None:
    etag = world.upload(MYSTERY)
    run(
        lambda: world.deliver(MYSTERY, etag),
        Nth("DeleteObject", 1, lambda number: Death(number, Moment.BEFORE)),
    )
    assert world.keys("data/") == [MYSTERY, "data/new_files/mystery.csv"]
    world.configure(b"{")
    world.forget_last_good_config()
    later(HOUR)
    assert _reconcile() == {"waiting": 1, "moves_finished": 1}
    assert world.keys("data/") == ["data/new_files/mystery.csv"]


def test_a_failed_upload_that_is_gone_or_overwritten_is_not_retried_for_ever(
    world: World, later: Any
) -> None:
    with failing("StartExecution", "ThrottlingException"):
        for key in (CUSTOMERS, "data/in/orders.csv"):
            world.upload(key)
            with pytest.raises(ClientError):
                world.deliver(key)
    world.s3.delete_object(Bucket=LANDING, Key="data/in/orders.csv")
    world.upload(CUSTOMERS, b"newer")
    later(HOUR)
    assert _reconcile()["retried"] == 2
    assert world.row("data/in/orders.csv")["reason"].endswith("now gone before it was read")
    older, newer = sorted(world.rows(CUSTOMERS), key=lambda row: str(row["status"]))
    assert older["reason"].endswith("overwritten before it was read")
    assert newer["status"] == "triggered"
    assert _reconcile() == {}


def test_it_stops_when_its_time_is_nearly_up_and_goes_on_in_the_next_run(world: World, later: Any) -> None:
    world.upload(CUSTOMERS)
    later(HOUR)
    assert _reconcile(LambdaContext(milliseconds=9_000)) == {"unfinished": 1}
    assert world.rows() == []
    assert _reconcile(LambdaContext(milliseconds=60_000)) == {"routed": 1}


def test_given_nothing_is_due_when_time_is_nearly_up_then_the_listing_ends(world: World, later: Any) -> None:
    world.land(CUSTOMERS)
    later(HOUR)
    assert _reconcile(LambdaContext(milliseconds=9_000)) == {"unfinished": 1}
    assert _reconcile(LambdaContext(milliseconds=20_000)) == {}


def test_given_more_than_a_run_can_look_at_then_the_next_goes_on_where_it_stopped(
    world: World, later: Any
) -> None:
    keys = [f"data/in/{number}/customers.csv" for number in range(6)]
    for key in keys:
        world.upload(key)
    later(HOUR)
    with running(Process(pages_of(2))):
        reached: list[dict[str, int]] = []
        while len(reached) < 9 and (not reached or reached[-1].get("unfinished")):
            clock = LambdaContext(3)  # looked at before a page, and before each of its files
            counts = repair_landing(app.landing(), lambda: clock.get_remaining_time_in_millis() > 1)  # noqa: B023
            reached.append(counts)
    assert [each["routed"] for each in reached] == [2, 2, 2]
    assert sorted(row["file_key"] for row in world.rows()) == keys
    assert items("CURSOR#") == []


def test_a_settled_system_is_only_read(world: World, later: Any) -> None:
    for key in (CUSTOMERS, "data/in/mystery.csv", "data/in/products.csv", "notes/x.txt", CONFIG_KEY):
        world.deliver(key, world.upload(key, json.dumps([job()]).encode()))
    later(HOUR)
    _reconcile()  # it may note, once a day, which execution still runs
    operations = {call.operation for call in calls_of(lambda: app.reconcile({}, None))}
    assert operations <= READS
