"""Each condition of the lane's writes holds against a worker that acts just before the call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

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


def test_a_lock_that_is_taken_again_is_not_expired_by_who_saw_the_dead_holder(clock: Clock) -> None:
    lock = lane_with(clock).lock
    assert lock.acquire("x", "dead", clock(), 10)
    clock.turn(11)
    seen_dead_at = clock()
    assert lock.acquire("x", "quick", clock(), 10)
    assert not lock.expire("x", seen_dead_at)
    assert [each["lock_id"] for each in items("LOCK#")] == ["quick"]
    assert lock.expire("x", clock() + timedelta(seconds=11))


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
        lane.tracking.count(DATE, 5 * MB)

    hint = lane.tracking.count(DATE, 0)
    run(
        lambda: make_manifests(lane, DATE, hint),
        Nth("UpdateItem", 1, lambda number: Meanwhile(number, counted)),
    )
    assert items("COUNTER#")[0]["bytes"] == 5 * MB
    assert len(manifests()) == 1
    assert items("MANIFEST#")[0]["status"] == "done"
