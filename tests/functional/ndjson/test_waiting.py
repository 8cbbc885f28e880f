"""Between its row and its manifest a list or a record's plan names a file, whoever dies or acts where."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.aws.items import to_item
from chalicelib.ndjson.arrivals import ndjson_arrived
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.repair_arrivals import repair_arrivals
from tests.faults.dying import Call, Death, Failure, Meanwhile, Moment, Nth, Send, run
from tests.support.lanes.ndjson import (
    DATE,
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
    statuses,
    unseen,
    upload,
)

THREE = {"NDJSON_CONTENT_CHECK": "false", "MAX_BATCH_SIZE_GB": f"{30 / 1024}"}  # files of 10 MB
ANY_SIZE = {"SIZE_TOLERANCE_PERCENT": "100", "MAX_BATCH_AGE_SECONDS": "3600"}


@pytest.fixture
def clock(aws: None) -> Clock:
    return Clock()


def _all_batched(lane: Ndjson, clock: Clock) -> None:
    for _ in range(2):
        clock.turn(3601)
        assert repair(lane)["errors"] == 0
    assert (set(statuses()), imbalance()) == ({"manifested"}, [])
    assert (items("PENDING#"), list(lane.tracking.unfinished())) == ([], [])


def _to(partition: str, fault: Callable[[int], Any]) -> Callable[[Call, Send], Any]:
    """Apply a fault to the first write of an item in a partition."""
    met: list[int] = []

    def at(call: Call, send: Send) -> Any:
        written = call.parameters.get("Item") or call.parameters.get("Key") or {}
        if not met and written.get("date_prefix", {}).get("S", "").startswith(partition):
            met.append(call.number)
            return fault(call.number)(call, send)
        return send()

    return at


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("number", range(1, 18))
def test_whoever_dies_where_each_file_is_in_one_manifest(clock: Clock, number: int, moment: Moment) -> None:
    lane = lane_with(clock, **THREE)
    deliver(lane, unseen("a"), unseen("b"))
    later = [unseen("c"), unseen("d")]

    run(lambda: deliver(lane, *later), Nth("", number, lambda at: Death(at, moment)))
    assert not [fault for fault in imbalance() if "no list" in fault and ("/a." in fault or "/b." in fault)]
    clock.turn(720)
    deliver(lane, *later)

    assert not [fault for fault in imbalance() if "no list" in fault]
    _all_batched(lane, clock)
    assert sum(map(len, manifests().values())) == 4


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("number", range(1, 22))
def test_a_reconcile_that_dies_leaves_no_file_without_a_list(
    clock: Clock, number: int, moment: Moment
) -> None:
    deliver(lane_with(clock, **{**THREE, "MAX_BATCH_SIZE_GB": "1"}), *map(unseen, "abcdefg"))
    lane = lane_with(clock, **THREE)
    clock.turn(301)

    run(lambda: repair(lane), Nth("", number, lambda at: Death(at, moment)))
    clock.turn(301)
    repair(lane)

    assert imbalance() == []
    _all_batched(lane, clock)
    assert sum(map(len, manifests().values())) == 7


def test_a_message_whose_file_could_not_be_listed_comes_again(clock: Clock) -> None:
    lane = lane_with(clock, **THREE)
    (event,) = messages(unseen("a"), unseen("b"))
    answers: list[Any] = []

    run(
        lambda: answers.append(ndjson_arrived(lane, event)),
        _to("PENDING#", lambda number: Failure(number, "ThrottlingException")),
    )

    assert answers.pop() == {
        "batchItemFailures": [{"itemIdentifier": "message-0"}, {"itemIdentifier": "message-1"}]
    }
    assert ndjson_arrived(lane, event) == {"batchItemFailures": []}
    assert len(items("PENDING#")) == 1
    _all_batched(lane, clock)


def test_two_workers_of_a_message_list_a_file_twice_and_it_is_planned_once(clock: Clock) -> None:
    lane = lane_with(clock, **THREE)
    record = unseen("a")
    run(
        lambda: deliver(lane, record),
        _to("PENDING#", lambda number: Meanwhile(number, lambda: deliver(lane, record))),
    )

    assert len(items("PENDING#")) == 2
    _all_batched(lane, clock)
    assert [len(paths) for paths in manifests().values()] == [1]


def test_a_newer_version_waits_since_the_older_one_came(clock: Clock) -> None:
    lane = lane_with(clock, **THREE)
    deliver(lane, unseen("a"))
    clock.turn(3000)
    newer = unseen("a")
    newer["s3"]["object"]["eTag"] = "1" * 32
    deliver(lane, newer)
    clock.turn(601)
    repair(lane)

    assert (row("a.ndjson")["status"], row("a.ndjson")["revision"]) == ("manifested", 2)
    assert (items("PENDING#"), imbalance()) == ([], [])


def test_a_file_whose_message_was_given_up_before_it_was_listed_is_found_in_the_bucket(clock: Clock) -> None:
    lane = lane_with(clock, **ANY_SIZE)
    deliver(lane, upload(f"in/{DATE}/a.ndjson"))
    for one in items("PENDING#"):
        key = to_item({name: one[name] for name in ("date_prefix", "file_name")})
        client("dynamodb", "").delete_item(TableName=TABLE, Key=key)
    for _ in range(3):  # the first one may see what is there, in the second the file is past the grace
        clock.now = max(clock.now, _uploaded_at(f"in/{DATE}/a.ndjson"))
        clock.turn(301)
        repair_arrivals(lane_with(clock, **ANY_SIZE), lambda: True)

    assert len(items("PENDING#")) == 1
    _all_batched(lane, clock)
    assert statuses() == {"manifested": 1}


def _uploaded_at(key: str) -> Any:
    return client("s3", "").head_object(Bucket="sluice-local-ndjson", Key=key)["LastModified"]


@pytest.mark.parametrize("left", [1, 100])
def test_lists_that_a_throttled_table_leaves_do_no_harm(clock: Clock, left: int) -> None:
    lane = lane_with(clock, **THREE)
    times: list[int] = []

    def unprocessed(call: Call, send: Send) -> Any:
        if call.operation != "BatchWriteItem" or len(times) >= left:
            return send()
        times.append(call.number)
        return {"UnprocessedItems": call.parameters["RequestItems"]}

    run(lambda: deliver(lane, *map(unseen, "abc")), unprocessed)

    assert statuses() == {"manifested": 3}
    assert len(items("PENDING#")) == (left == 100)
    _all_batched(lane, clock)
    assert [len(paths) for paths in manifests().values()] == [3]
