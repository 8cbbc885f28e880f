"""Each condition of the lane's writes holds against a worker that acts just before the call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib.aws.release_log import ReleaseLog
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.manifests import finish
from chalicelib.ndjson.threshold import check_threshold, make_manifests
from tests.faults.dying import Death, Meanwhile, Moment, Nth, run
from tests.support.lanes.ndjson import (
    DATE,
    MB,
    Clock,
    create_glue_job,
    deliver,
    imbalance,
    items,
    lane_with,
    manifests,
    row,
    run_faults,
    unseen,
)

NAME = "a.ndjson"
JOB = "transform"
RECORD = {
    "date_prefix": f"MANIFEST#{DATE}",
    "file_name": "manifests/x.json",
    "plan": "p/0",
    "status": "done",
    "step": 3,
    "job_run_id": "jr_1",
    "run_status": "FAILED",
    "run_attempt": 1,
}
ALONE = {"NDJSON_CONTENT_CHECK": "false"}
TWO_FILES = {**ALONE, "MAX_BATCH_SIZE_GB": "0.01953125"}


@pytest.fixture
def clock(aws: None) -> Clock:
    create_glue_job(JOB)
    return Clock()


def _written(lane: Ndjson) -> dict[str, Any]:
    deliver(lane, unseen("a"))
    return row(NAME)


def test_a_row_is_replaced_only_in_the_revision_that_was_seen(clock: Clock) -> None:
    lane = lane_with(clock, **ALONE)
    seen = _written(lane)
    assert lane.tracking.replace({**seen, "etag": "1" * 32}, seen) is None
    refused = lane.tracking.replace({**seen, "etag": "2" * 32}, seen)
    assert (refused or {})["etag"] == row(NAME)["etag"] == "1" * 32


def test_a_row_is_replaced_only_in_the_status_that_was_seen(clock: Clock) -> None:
    lane = lane_with(clock, **ALONE)
    seen = _written(lane)
    assert lane.tracking.claim(DATE, NAME, seen["revision"], "manifests/mine.json")
    refused = lane.tracking.replace({**seen, "etag": "2" * 32}, seen)
    assert (refused or {})["status"] == row(NAME)["status"] == "manifested"


@pytest.mark.parametrize("claimed_before", [False, True])
def test_a_row_is_claimed_only_while_it_waits_and_in_the_revision_that_was_planned(
    clock: Clock, claimed_before: bool
) -> None:
    lane = lane_with(clock, **ALONE)
    planned = _written(lane)["revision"]
    if claimed_before:
        assert lane.tracking.claim(DATE, NAME, planned, "manifests/theirs.json")
    before = row(NAME)
    revision = planned if claimed_before else planned - 1
    assert not lane.tracking.claim(DATE, NAME, revision, "manifests/mine.json")
    assert row(NAME) == before


def test_a_lock_that_is_taken_again_is_not_expired_by_who_saw_the_dead_holder(clock: Clock) -> None:
    lock = lane_with(clock).lock
    assert lock.acquire("x", "dead", clock(), 10)
    clock.turn(11)
    seen_dead_at = clock()
    assert lock.acquire("x", "quick", clock(), 10)
    assert not lock.expire("x", seen_dead_at)
    assert [each["lock_id"] for each in items("LOCK#")] == ["quick"]
    assert lock.expire("x", clock() + timedelta(seconds=11))


def test_a_lock_is_taken_once_more_by_its_own_holder(clock: Clock) -> None:
    lock = lane_with(clock).lock
    assert lock.acquire("x", "mine", clock(), 10)
    assert lock.acquire("x", "mine", clock(), 10), "the client repeats a call whose answer was lost"


def test_a_counter_is_set_only_if_it_holds_what_was_seen(clock: Clock) -> None:
    lists = lane_with(clock).lists
    assert lists.count(DATE, 5) == 5
    assert not lists.recount(DATE, 4, 0)
    assert items("COUNTER#")[0]["bytes"] == 5


@pytest.mark.parametrize("by_now", [{"status": "done"}, {"step": 4}])
def test_a_record_goes_on_only_from_the_step_that_was_seen(clock: Clock, by_now: dict[str, Any]) -> None:
    records, seen = lane_with(clock).records, {**RECORD, "status": "open"}
    assert records.create({**seen, **by_now}, "[]")
    assert not records.advance(DATE, seen, {"status": "starting"})
    assert items("MANIFEST#") == [{**seen, **by_now}]


@pytest.mark.parametrize("by_now", [{"job_run_id": "jr_2"}, {"run_attempt": 3}])
def test_an_alert_is_noted_of_the_run_and_attempt_that_it_is_about(
    clock: Clock, by_now: dict[str, Any]
) -> None:
    records = lane_with(clock).records
    assert records.create({**RECORD, **by_now}, "[]")
    assert not records.note_alert(RECORD, "2026-01-15T12:00:00Z")
    assert items("MANIFEST#") == [{**RECORD, **by_now}]


@pytest.mark.parametrize("by_now", [{"status": "starting"}, {"step": 4}, {"run_status": "SUCCEEDED"}])
def test_a_record_is_opened_again_only_as_it_was_seen(clock: Clock, by_now: dict[str, Any]) -> None:
    records = lane_with(clock).records
    assert records.create({**RECORD, **by_now}, "[]")
    assert not records.restart(RECORD, {"status": "open"})
    assert items("MANIFEST#") == [{**RECORD, **by_now}]


@pytest.mark.parametrize("by_now", [{"status": "open"}, {"job_run_id": "jr_2"}, {"run_attempt": 3}])
def test_an_end_is_recorded_of_the_run_that_the_record_names_and_of_no_older_attempt(
    clock: Clock, by_now: dict[str, Any]
) -> None:
    records = lane_with(clock).records
    assert records.create({**RECORD, **by_now}, "[]")
    stored = records.end_run(RECORD, {"run_status": "SUCCEEDED", "run_attempt": 2})
    assert [stored] == items("MANIFEST#") == [{**RECORD, **by_now}]


@pytest.mark.parametrize("by_now", [{"status": "pending"}, {"etag": "2" * 32}])
def test_what_became_another_row_is_neither_released_nor_taken_from_quarantine(
    clock: Clock, by_now: dict[str, Any]
) -> None:
    lane = lane_with(clock)
    log = ReleaseLog(boto3.client("dynamodb"), lane.tracking.name)
    row = {"date_prefix": DATE, "file_name": NAME, "status": "quarantined", "etag": "1" * 32}
    assert lane.tracking.create({**row, **by_now}) is None
    before = items()
    assert not log.release(row, "operator", "::1", "2026-01-15T12:00:00Z")
    released = {**row, "status": "released", "quarantine": "1"}
    assert lane.tracking.create({**released, "file_name": "b", **by_now}) is None
    assert not log.leave_quarantine({**released, "file_name": "b"})
    assert [one for one in items() if one["file_name"] == NAME] == before
    assert [one["quarantine"] for one in items() if one["file_name"] == "b"] == ["1"]


def test_of_two_that_take_a_start_over_the_loser_finishes_nothing(clock: Clock) -> None:
    lane = lane_with(clock, **TWO_FILES, GLUE_JOB_NAME=JOB)
    run(
        lambda: deliver(lane, unseen("a"), unseen("b")),
        Nth("StartJobRun", 1, lambda number: Death(number, Moment.BEFORE)),
    )
    (starting,) = items("MANIFEST#")
    assert starting["status"] == "starting"

    def another() -> None:
        assert finish(lane, starting)

    lost: list[bool] = []
    first_call = Nth("", 1, lambda number: Meanwhile(number, another))
    run(lambda: lost.append(finish(lane, starting)), first_call)
    assert lost == [False]
    assert (run_faults(JOB), imbalance()) == ([], [])


def test_a_hint_above_what_is_pending_is_corrected_and_looked_at_no_more(clock: Clock) -> None:
    lane = lane_with(clock, **TWO_FILES)
    deliver(lane, unseen("a"))
    assert check_threshold(lane, DATE, 100 * MB) == 0
    assert items("COUNTER#")[0]["bytes"] == 10 * MB


def test_what_is_planned_is_taken_off_a_hint_that_changed_meanwhile(clock: Clock) -> None:
    lane = lane_with(clock, **TWO_FILES)
    deliver(lane_with(clock, **ALONE), unseen("a"), unseen("b"))

    def counted() -> None:
        lane.lists.count(DATE, 5 * MB)

    hint = lane.lists.count(DATE, 0)
    run(
        lambda: make_manifests(lane, DATE, hint),
        Nth("UpdateItem", 1, lambda number: Meanwhile(number, counted)),
    )
    assert items("COUNTER#")[0]["bytes"] == 5 * MB
    assert len(manifests()) == 1
    assert items("MANIFEST#")[0]["status"] == "done"
