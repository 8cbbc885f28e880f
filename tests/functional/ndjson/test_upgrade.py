"""A stage that Sluice 0.1.0 filled: its files wait in an index, and its records hold their members."""

from __future__ import annotations

import pytest

from chalicelib.aws.clients import client
from chalicelib.aws.items import Row, to_item
from chalicelib.ndjson.batches import member_of, to_json
from chalicelib.ndjson.lane import Ndjson
from tests.faults.dying import Death, Moment, Nth, run
from tests.support.lanes.ndjson import (
    DATE,
    MB,
    TABLE,
    Clock,
    create_glue_job,
    deliver,
    imbalance,
    items,
    lane_with,
    manifests,
    repair,
    row,
    run_faults,
    statuses,
    unseen,
)

JOB = "transform"
OPTIONS = {"NDJSON_CONTENT_CHECK": "false", "GLUE_JOB_NAME": JOB, "MAX_BATCH_AGE_SECONDS": "3600"}


@pytest.fixture
def clock(aws: None) -> Clock:
    create_glue_job(JOB)
    return Clock()


def _put(item: Row) -> None:
    client("dynamodb", "").put_item(TableName=TABLE, Item=to_item(item))


def _left_by_old(lane: Ndjson, clock: Clock) -> None:
    """Leave what 0.1.0 had: two pending files, one of a record that is open, a counter without lists."""
    deliver(lane, unseen("a"), unseen("b"), unseen("c"))
    for listed in [*items("PENDING#"), *items("COUNTER#")]:
        key = to_item({name: listed[name] for name in ("date_prefix", "file_name")})
        client("dynamodb", "").delete_item(TableName=TABLE, Key=key)
    for name in "abc":
        _put({**row(f"{name}.ndjson"), "pending_since": "2026-01-15T12:00:00.000Z"})
    _put({"date_prefix": f"COUNTER#{DATE}", "file_name": "COUNTER", "bytes": 30 * MB})
    _put(
        {
            "date_prefix": f"MANIFEST#{DATE}",
            "file_name": f"manifests/{DATE}/batch-0-20260115T120000000000Z.json",
            "status": "open",
            "step": 1,
            "plan": "old/0",
            "members": to_json([member_of(row("a.ndjson"))]),
            "created_at": "2026-01-15T12:00:00.000Z",
            "pending_since": "2026-01-15T12:00:00.000Z",
        }
    )


@pytest.mark.parametrize("dies_at", range(8))
def test_what_0_1_0_left_is_in_one_manifest_each(clock: Clock, dies_at: int) -> None:
    lane = lane_with(clock, **OPTIONS)
    _left_by_old(lane, clock)
    clock.turn(301)

    for operation in ("PutItem", "UpdateItem"):
        run(lambda: repair(lane), Nth(operation, dies_at, lambda number: Death(number, Moment.AFTER)))
    clock.turn(301)
    repair(lane)

    assert statuses() == {"manifested": 1, "pending": 2}
    assert {item["date_prefix"] for item in lane.tracking.unfinished()} == {f"PENDING#{DATE}"}
    clock.turn(3600)
    repair(lane)
    assert statuses() == {"manifested": 3}
    assert (imbalance(), run_faults(JOB), list(lane.tracking.unfinished())) == ([], [], [])
    assert sorted(path[-8:-7] for paths in manifests().values() for path in paths) == ["a", "b", "c"]


def test_a_row_that_went_before_it_leaves_the_index_does_not_come_back(clock: Clock) -> None:
    lane = lane_with(clock, **OPTIONS)
    _left_by_old(lane, clock)
    gone = row("b.ndjson")
    key = to_item({name: gone[name] for name in ("date_prefix", "file_name")})
    client("dynamodb", "").delete_item(TableName=TABLE, Key=key)

    assert not lane.tracking.leave_index(gone)

    assert [one["file_name"] for one in items(DATE)] == ["a.ndjson", "c.ndjson"]
