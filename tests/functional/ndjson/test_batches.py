"""Pending files become manifests, each file in exactly one, at the threshold or by age."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, cast

import boto3
import pytest

import app
from chalicelib.aws.bucket import Bucket
from chalicelib.ndjson import batches, threshold
from chalicelib.ndjson.threshold import BATCHES_OF_ONE_HOLD, make_manifests
from tests.faults.dying import Call, Process, ProcessDied, Send, calls_of, run, running
from tests.support.builders import NDJSON
from tests.support.lanes.ndjson import (
    ARTIFACTS,
    DATE,
    MB,
    TABLE,
    Clock,
    deliver,
    imbalance,
    items,
    lane_with,
    manifests,
    messages,
    repair,
    row,
    rows,
    statuses,
    unseen,
)

UNSEEN = {"NDJSON_CONTENT_CHECK": "false"}
ANY_SIZE = {**UNSEEN, "SIZE_TOLERANCE_PERCENT": "100"}
SMALL = {**UNSEEN, "MAX_BATCH_SIZE_GB": "0.09765625"}  # 100 MB: ten files of 10 MB


def _files(number: int, size: int = 10 * MB, start: int = 0) -> list[dict[str, Any]]:
    return [unseen(f"file-{start + n:05}", size) for n in range(number)]


def test_210_files_of_the_seeds_size_make_one_manifest_of_204_and_wait_with_the_rest(aws: None) -> None:
    clock = Clock()
    lane = lane_with(clock, **UNSEEN)

    deliver(lane, *_files(210, 3_670_016))

    assert statuses() == {"manifested": 204, "pending": 6}
    ((key, paths),) = manifests().items()
    assert re.fullmatch(rf"manifests/{DATE}/batch-0-[0-9TZ]+\.json", key)
    assert len(set(paths)) == 204
    assert row("file-00000.ndjson")["manifest_key"] == key
    clock.turn(3601)
    assert repair(lane) == {"finished": 0, "flushed": 1, "thresholds": 0, "waits": 0, "locks": 0, "errors": 0}
    assert statuses() == {"manifested": 210}
    assert imbalance() == []


def test_the_manifest_has_the_seeds_format(aws: None) -> None:
    lane = lane_with(**SMALL)
    deliver(lane, *_files(10))

    (key,) = manifests()
    stored = boto3.client("s3").get_object(Bucket=ARTIFACTS, Key=key)
    document = json.loads(stored["Body"].read())
    paths = document["fileLocations"][0]["URIPrefixes"]
    assert document == {"fileLocations": [{"URIPrefixes": paths}]}
    assert sorted(paths) == [f"s3://{NDJSON}/in/{DATE}/file-{n:05}.ndjson" for n in range(10)]
    assert stored["ContentType"] == "application/json"


def test_the_threshold_is_reached_at_the_limit_not_below(aws: None) -> None:
    lane = lane_with(**SMALL)
    deliver(lane, *_files(9), *_files(1, 10 * MB - 1, start=9))
    assert manifests() == {}

    deliver(lane, *_files(1, 1 * MB, start=10))

    assert statuses() == {"manifested": 10, "pending": 1}


def test_below_the_threshold_nothing_reads_the_pending_files(aws: None) -> None:
    lane = lane_with(**UNSEEN)
    calls = calls_of(lambda: deliver(lane, *_files(10)))

    assert [call.operation for call in calls][:10] == ["PutItem"] * 10
    assert [call.operation for call in calls][10:] == ["PutItem", "UpdateItem"]


@pytest.mark.parametrize("wrong", [-50 * MB, 500 * MB])
def test_a_wrong_hint_only_delays_or_repeats_a_check(aws: None, wrong: int) -> None:
    clock = Clock()
    lane = lane_with(clock, **SMALL)
    lane.lists.count(DATE, wrong)

    deliver(lane, *_files(12))
    clock.turn(301)
    repair(lane)

    assert statuses() == {"manifested": 10, "pending": 2}
    assert items("COUNTER#")[0]["bytes"] == 20 * MB
    assert imbalance() == []


def test_a_lock_that_is_held_is_no_error_and_its_date_is_done_later(aws: None) -> None:
    clock = Clock()
    lane = lane_with(clock, **SMALL)
    assert lane.lock.acquire(f"manifest-{DATE}", "another", clock(), 300)

    deliver(lane, *_files(10))
    assert statuses() == {"pending": 10}
    clock.turn(299)
    assert repair(lane)["errors"] == 0
    assert statuses() == {"pending": 10}
    clock.turn(2)
    repair(lane)

    assert statuses() == {"manifested": 10}
    assert items("LOCK#") == []


def test_a_lock_that_expired_under_its_holder_is_not_released_by_it(aws: None) -> None:
    lane, clock = lane_with(), Clock()
    assert lane.lock.acquire("x", "slow", clock(), 10)
    clock.turn(11)
    assert lane.lock.acquire("x", "quick", clock(), 10)

    assert not lane.lock.release("x", "slow")

    assert [lock["lock_id"] for lock in items("LOCK#")] == ["quick"]
    assert lane.lock.release("x", "quick")


def test_the_lock_row_is_the_seeds(aws: None) -> None:
    lane_with().lock.acquire(f"manifest-{DATE}", "lambda1", Clock()(), 300)

    assert items() == [
        {
            "date_prefix": f"LOCK#manifest-{DATE}",
            "file_name": "LOCK",
            "lock_id": "lambda1",
            "ttl": 1768478700,
            "created_at": "2026-01-15T12:00:00.000Z",
            "pending_since": "2026-01-15T12:00:00.000Z",
        }
    ]


def test_a_dead_holders_lock_is_removed_once_it_expired(aws: None) -> None:
    clock = Clock()
    lane = lane_with(clock)
    lane.lock.acquire(f"manifest-{DATE}", "dead", clock(), 300)
    clock.turn(299)
    assert repair(lane)["locks"] == 0

    clock.turn(3)

    assert repair(lane)["locks"] == 1
    assert items() == []


def test_young_files_stay_pending_and_a_settled_system_is_only_read(aws: None) -> None:
    clock = Clock()
    lane = lane_with(clock, **SMALL)
    deliver(lane, *_files(13))
    clock.turn(1000)

    calls = calls_of(lambda: repair(lane))

    assert [call.operation for call in calls] == ["Scan"]
    assert statuses() == {"manifested": 10, "pending": 3}


def test_files_of_several_dates_go_into_manifests_of_their_dates(aws: None) -> None:
    lane = lane_with(**{**SMALL, "MAX_BATCH_AGE_SECONDS": "0"})
    records = [unseen(f"{n:05}") for n in range(15)]
    for record in records[::3]:
        s3_object = record["s3"]["object"]
        s3_object["key"] = s3_object["key"].replace(DATE, "2025-12-23")

    deliver(lane, *records)
    repair(lane)

    assert {key.split("/")[1]: len(paths) for key, paths in manifests().items()} == {
        DATE: 10,
        "2025-12-23": 5,
    }


def test_no_two_manifests_share_a_key_though_two_holders_share_a_moment(aws: None) -> None:
    lane = lane_with(**SMALL)
    deliver(lane, *_files(20))
    deliver(lane, *_files(20, start=20))

    assert sorted(len(paths) for paths in manifests().values()) == [10, 10, 10, 10]
    assert statuses() == {"manifested": 40}


def test_a_failure_of_batching_fails_no_message_and_is_made_good(aws: None) -> None:
    clock = Clock()
    lane = lane_with(clock, **SMALL)
    broken = replace(lane, manifests=Bucket(boto3.client("s3"), "no-such-bucket"))

    deliver(broken, *_files(10))
    assert manifests() == {}
    clock.turn(301)
    assert repair(lane)["finished"] == 1

    assert statuses() == {"manifested": 10}
    assert imbalance() == []


def test_a_file_replaced_after_it_was_planned_is_left_to_the_next_manifest(aws: None) -> None:
    clock = Clock()
    lane = lane_with(clock, **SMALL, MAX_BATCH_AGE_SECONDS="10000")
    run(lambda: deliver(lane, *_files(10)), _dies_at_the_first_claim)
    newer = unseen("file-00003", 11 * MB)
    newer["s3"]["object"]["eTag"] = "1" * 32
    deliver(lane, newer)

    clock.turn(301)
    repair(lane)

    assert statuses() == {"manifested": 9, "pending": 1}
    assert row("file-00003.ndjson")["status"] == "pending"
    assert imbalance() == []


def test_one_holder_makes_a_bounded_number_of_manifests_and_a_repair_goes_on(aws: None) -> None:
    clock = Clock()
    lane = lane_with(clock, **UNSEEN, MAX_BATCH_SIZE_GB="100")
    deliver(lane, *_files(50))
    small = lane_with(clock, **{**SMALL, "MAX_BATCH_SIZE_GB": "0.01953125"})  # two files

    assert make_manifests(small, DATE, small.lists.count(DATE, 0)) == BATCHES_OF_ONE_HOLD
    assert items("COUNTER#")[0]["bytes"] == statuses()["pending"] * 10 * MB
    clock.turn(301)
    repair(small)

    assert statuses() == {"manifested": 50}
    assert {len(paths) for paths in manifests().values()} == {2}
    assert imbalance() == []


def test_one_holder_reads_no_more_tiny_files_than_it_can_list(
    aws: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (batches, threshold):
        monkeypatch.setattr(module, "NAMES_LIMIT_BYTES", 150)  # two names a batch
    lane = lane_with(**ANY_SIZE)
    deliver(lane, *_files(60, size=1))

    with running(process := Process(pages_of_one_list)):
        assert make_manifests(lane, DATE, lane.lists.count(DATE, 0)) == BATCHES_OF_ONE_HOLD

    assert [call.operation for call in process.calls].count("Query") <= 3
    assert sum(len(paths) for paths in manifests().values()) == statuses()["manifested"] > 0
    assert imbalance() == []


def pages_of_one_list(call: Call, send: Send) -> Any:
    """Let a query answer a list at a time, as it answers a megabyte."""
    if call.operation == "Query":
        cast("dict[str, Any]", call.parameters)["Limit"] = 1
    return send()


def _dies_at_the_first_claim(call: Call, send: Send) -> Any:
    if "#manifest_key" in call.parameters.get("ExpressionAttributeNames", {}):
        raise ProcessDied(str(call))
    return send()


def test_the_apps_handlers_are_wired_to_the_lane(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert app.NDJSON_MAX_CONCURRENCY == 2
    (event,) = messages(*_files(10, 19 * MB))
    boto3.client("s3").put_object(Bucket=NDJSON, Key="x")

    assert app.ndjson_arrived(event, None) == {"batchItemFailures": []}

    assert {one["status"] for one in rows()} == {"vanished"}  # the default looks at the files: none is there
    assert json.loads(json.dumps(app.reconcile({}, None)))["ndjson"]["errors"] == 0
    assert app.ndjson().tracking.name == TABLE
