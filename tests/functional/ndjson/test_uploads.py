"""Each upload under a key has its row: the same content again, and content after a quarantined version."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.repair_arrivals import repair_arrivals
from tests.faults.dying import calls_of
from tests.support.builders import NDJSON
from tests.support.lanes.ndjson import (
    DATE,
    QUARANTINE,
    Clock,
    deliver,
    imbalance,
    keys_in,
    lane_with,
    manifests,
    repair,
    rows,
    statuses,
    upload,
)
from tests.support.reset import date_object

KEY = f"in/{DATE}/a.ndjson"
A, B, BAD = b'{"v": "a"}\n', b'{"v": "b"}\n', b"no json\n"
AT_ONCE = {"MAX_BATCH_AGE_SECONDS": "0", "EXPECTED_FILE_SIZE_MB": "0.001", "SIZE_TOLERANCE_PERCENT": "100"}


@pytest.fixture
def clock(aws: None) -> Clock:
    return Clock()


@pytest.fixture
def lane(clock: Clock) -> Ndjson:
    return lane_with(clock, **AT_ONCE)


def _put(body: bytes) -> dict[str, Any]:
    return upload(KEY, body=body, size=len(body))


def _load(lane: Ndjson, *records: Any) -> None:
    deliver(lane, *records)
    repair(lane)


def _loaded() -> list[str]:
    """Return the ETags in the order in which manifests took them."""
    found = sorted((row for row in rows() if row["status"] == "manifested"), key=lambda row: row["revision"])
    return [row["etag"] for row in sorted(found, key=lambda row: str(row.get("sequencer", "~")))]


def test_content_that_comes_back_after_other_content_is_loaded_again(lane: Ndjson) -> None:
    records = []
    for body in (A, B, A):
        records.append(_put(body))
        _load(lane, records[-1])
    first, second, third = (record["s3"]["object"]["eTag"] for record in records)
    assert _loaded() == [first, second, third]
    assert [len(paths) for paths in manifests().values()] == [1, 1, 1]

    before = rows()
    _load(lane, *records, *reversed(records))
    assert rows() == before, "a redelivery of any of them changes nothing"
    _load(lane, _put(B))
    assert statuses() == {"manifested": 4}
    assert imbalance() == []


def test_the_same_content_again_with_none_between_is_one_upload(lane: Ndjson) -> None:
    for _ in range(3):
        _load(lane, _put(A))
    assert statuses() == {"manifested": 1}


def test_content_that_came_back_unannounced_is_found_by_listing_once(lane: Ndjson, clock: Clock) -> None:
    _load(lane, _put(A))
    _load(lane, _put(B))
    lost = _put(A)
    date_object(NDJSON, KEY, clock() - timedelta(hours=1))
    assert repair_arrivals(lane, lambda: True)["tracked"] == 1
    repair(lane)
    assert statuses() == {"manifested": 3}

    fresh = lane_with(clock, **AT_ONCE)
    calls = calls_of(lambda: repair_arrivals(fresh, lambda: True))
    assert {call.operation for call in calls} == {"GetItem", "ListObjectsV2", "BatchGetItem"}
    _load(lane, lost)
    assert statuses() == {"manifested": 3}, "its event comes after all"


def test_a_settled_page_is_not_compared_again_by_the_same_process(lane: Ndjson, clock: Clock) -> None:
    _load(lane, _put(A))
    date_object(NDJSON, KEY, clock() - timedelta(hours=1))
    repair_arrivals(lane, lambda: True)
    calls = calls_of(lambda: repair_arrivals(lane, lambda: True))
    assert [call.operation for call in calls] == ["GetItem", "ListObjectsV2"]
    clock.turn(3601)
    calls = calls_of(lambda: repair_arrivals(lane, lambda: True))
    assert "BatchGetItem" in {call.operation for call in calls}, "an hour later it is"


@pytest.mark.parametrize("body", [A, b"not json\n"], ids=["valid", "invalid"])
def test_a_row_that_says_where_bytes_lie_outlives_a_newer_version(lane: Ndjson, body: bytes) -> None:
    deliver(lane, _put(BAD))
    (quarantined,) = rows()
    deliver(lane, _put(body))
    assert quarantined in rows()
    assert len(rows()) == 2
    told = {row["moved_to"].rpartition(QUARANTINE + "/")[2] for row in rows() if "moved_to" in row}
    assert told == set(keys_in(QUARANTINE)), "every byte in quarantine is told of"


def test_an_old_event_of_a_quarantined_version_accepts_nothing_when_the_rules_are_relaxed(
    lane: Ndjson, clock: Clock
) -> None:
    record = _put(BAD)
    deliver(lane, record)
    deliver(lane_with(clock, **AT_ONCE, NDJSON_CONTENT_CHECK="false"), record)
    assert statuses() == {"quarantined": 1}
    again = _put(BAD)
    deliver(lane_with(clock, **AT_ONCE, NDJSON_CONTENT_CHECK="false"), again)
    assert statuses() == {"quarantined": 1, "pending": 1}
    assert boto3.client("s3").head_object(Bucket=NDJSON, Key=KEY)["ContentLength"] == len(BAD)
