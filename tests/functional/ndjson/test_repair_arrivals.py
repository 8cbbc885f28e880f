"""Reconcile of the NDJSON bucket: a file whose event never came is found by listing and tracked once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import boto3
import pytest

from chalicelib.aws.move_secret import MoveSecret
from chalicelib.ndjson import repair_arrivals
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.retries import retry_failed
from chalicelib.proof import signed
from chalicelib.reconcile import reconcile
from tests.faults.dying import Call, Fault, Process, ProcessDied, Send, calls_of, run, running
from tests.support.builders import NDJSON
from tests.support.lanes.ndjson import (
    DATE,
    LINES,
    QUARANTINE,
    Clock,
    deliver,
    imbalance,
    items,
    keys_in,
    lane_with,
    manifests,
    record_of,
    repair,
    row,
    rows,
    statuses,
)
from tests.support.lanes.runs import runs
from tests.support.lanes.scans import aws_error, pages_of
from tests.support.reset import date_object
from tests.support.world import World

ANY_SIZE = {"EXPECTED_FILE_SIZE_MB": "0.001", "SIZE_TOLERANCE_PERCENT": "100"}
NOON = Clock().now
HOUR = timedelta(hours=1)
UNDATED = "in/file.ndjson"
READS = {"GetItem", "BatchGetItem", "ListObjectsV2"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lane(aws: None, clock: Clock) -> Ndjson:
    return lane_with(clock, **ANY_SIZE)


def _put(key: str, body: bytes = LINES, at: datetime = NOON - HOUR, **properties: Any) -> dict[str, Any]:
    """Upload a file at a moment; return the record of its event, for tests in which that comes."""
    etag = boto3.client("s3").put_object(Bucket=NDJSON, Key=key, Body=body, **properties)["ETag"].strip('"')
    date_object(NDJSON, key, at)
    record = record_of(key, etag, len(body))
    record["eventTime"] = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return record


def _dated(name: str, folder: str = "in") -> str:
    return f"{folder}/{DATE}/{name}.ndjson"


def _arrivals(lane: Ndjson) -> dict[str, int]:
    found = repair_arrivals.repair_arrivals(lane, lambda: True)
    return {name: count for name, count in found.items() if count}


def test_a_file_without_its_event_is_tracked_and_its_row_says_by_whom(lane: Ndjson, world: World) -> None:
    _put(_dated("lost"))
    counts = reconcile(runs(), lane, None)
    assert counts["arrivals"] == {"tracked": 1, "undated": 0, "errors": 0, "unfinished": 0}
    assert (row("lost.ndjson")["status"], row("lost.ndjson")["repaired_by"]) == ("pending", "reconcile")
    assert reconcile(runs(), lane, None)["arrivals"]["tracked"] == 0


def test_found_files_fill_a_batch_like_any_other(aws: None, clock: Clock) -> None:
    lane = lane_with(clock, **ANY_SIZE, MAX_BATCH_SIZE_GB=f"{2 * len(LINES) / 1024**3:.12f}")
    for name in "ab":
        _put(_dated(name))
    assert _arrivals(lane) == {"tracked": 2}
    assert [len(paths) for paths in manifests().values()] == [2]
    assert imbalance() == []


@pytest.mark.parametrize("age", [timedelta(seconds=299), timedelta(days=1, seconds=1)])
def test_what_is_younger_than_the_grace_or_past_the_window_is_left(lane: Ndjson, age: timedelta) -> None:
    _put(_dated("x"), at=NOON - age)
    assert _arrivals(lane) == {}
    assert rows() == []


def test_own_outputs_and_folder_markers_are_no_arrivals(lane: Ndjson) -> None:
    _put("manifests/2026-01-15/x.ndjson")
    _put("quarantine/2026-01-15/x.ndjson")
    _put("in/", b"")
    assert _arrivals(lane) == {}


def test_an_invalid_file_without_its_event_goes_to_quarantine(lane: Ndjson) -> None:
    _put(_dated("bad"), b"no json\n")
    assert _arrivals(lane) == {"tracked": 1}
    assert statuses() == {"quarantined": 1}
    assert (keys_in(NDJSON), len(keys_in(QUARANTINE))) == ([], 1)


def test_files_with_rows_are_only_read_whatever_their_names(lane: Ndjson) -> None:
    records = [_put(_dated("same", folder)) for folder in ("a", "b", "c")]
    deliver(lane, *records, _put(UNDATED), _put(_dated("newer"), b'{"v": 1}\n'))
    deliver(lane, _put(_dated("newer"), b'{"v": 2}\n'))
    before = rows()
    calls = calls_of(lambda: repair_arrivals.repair_arrivals(lane, lambda: True))
    assert {call.operation for call in calls} <= READS
    assert len(calls) <= 6, "one look per name that files of one page can have, not one per file"
    assert rows() == before


@pytest.mark.parametrize("key", [_dated("late"), UNDATED])
def test_an_event_that_comes_after_all_changes_nothing(lane: Ndjson, clock: Clock, key: str) -> None:
    record = _put(key)
    assert _arrivals(lane) == {"tracked": 1}
    clock.turn(86_400 * 2)
    deliver(lane, record)
    assert len(rows()) == 1


def test_a_newer_version_without_its_event_replaces_the_one_that_waits(lane: Ndjson) -> None:
    deliver(lane, _put(_dated("x"), b'{"v": 1}\n'))
    newer = _put(_dated("x"), b'{"v": 2}\n')
    assert _arrivals(lane) == {"tracked": 1}
    assert [each["etag"] for each in rows()] == [newer["s3"]["object"]["eTag"]]


def test_what_is_tracked_is_the_version_that_is_there_even_if_nobody_looks_inside(
    aws: None, clock: Clock
) -> None:
    lane = lane_with(clock, **ANY_SIZE, NDJSON_CONTENT_CHECK="false")
    _put(_dated("x"), b'{"v": 1}\n')
    newer: dict[str, Any] = {}

    def overwritten(call: Call, send: Send) -> Any:
        if call.operation == "HeadObject":
            newer.update(_put(_dated("x"), b'{"v": 22}\n'))
        return send()

    run(lambda: repair_arrivals.repair_arrivals(lane, lambda: True), overwritten)
    assert [each["etag"] for each in rows()] == [newer["s3"]["object"]["eTag"]]


def test_a_file_whose_date_nothing_tells_any_more_is_reported_not_guessed(lane: Ndjson, clock: Clock) -> None:
    late_yesterday = NOON.replace(hour=23, minute=59) - timedelta(days=1)
    record = _put(UNDATED, at=late_yesterday)
    assert _arrivals(lane) == {"undated": 1}
    assert rows() == []
    record["eventTime"] = NOON.strftime("%Y-%m-%dT00:00:01.000Z")  # a large upload that ended after midnight
    deliver(lane, record)
    assert _arrivals(lane) == {}
    assert [each["date_prefix"] for each in rows()] == [DATE]


def test_a_quarantined_file_that_still_lies_there_is_moved_away(lane: Ndjson) -> None:
    record = _put(_dated("bad"), b"no json\n")
    run(lambda: deliver(lane, record), _dies_at("DeleteObject"))
    assert (statuses(), keys_in(NDJSON)) == ({"quarantined": 1}, [_dated("bad")])
    assert _arrivals(lane) == {"tracked": 1}
    assert (statuses(), keys_in(NDJSON)) == ({"quarantined": 1}, [])
    assert len(keys_in(QUARANTINE)) == 1


def test_a_file_that_stays_because_there_is_no_quarantine_is_left(aws: None, clock: Clock) -> None:
    lane = lane_with(clock, **ANY_SIZE, QUARANTINE_BUCKET="")
    deliver(lane, _put(_dated("bad"), b"no json\n"))
    assert _arrivals(lane) == {}


def test_a_file_that_came_back_from_quarantine_without_an_event_is_accepted(lane: Ndjson) -> None:
    record = _put(_dated("bad"), b"no json\n")
    deliver(lane, record)
    released = row("bad.ndjson") | {"status": "released"}
    assert lane.tracking.replace(released, row("bad.ndjson")) is None
    _put(_dated("bad"), b"no json\n")
    assert _arrivals(lane) == {"tracked": 1}
    assert statuses() == {"pending": 1}


@pytest.mark.parametrize("at", [NOON - HOUR, NOON - 13 * HOUR], ids=["on its day", "on a later day"])
def test_a_file_without_a_date_that_came_back_from_quarantine_is_known_by_its_rows_date(
    lane: Ndjson, at: datetime
) -> None:
    record = _put(UNDATED, at=at, Metadata=_released(lane))
    deliver(lane, record)
    assert [each["date_prefix"] for each in rows()] == ["2026-01-10"]
    calls = calls_of(lambda: _arrivals(lane))
    assert _arrivals(lane) == {}
    assert {call.operation for call in calls} <= {*READS, "HeadObject"}


def test_a_file_without_a_date_that_came_back_unannounced_is_tracked_on_its_rows_date(lane: Ndjson) -> None:
    _put(UNDATED, at=NOON - 13 * HOUR, Metadata=_released(lane))
    assert _arrivals(lane) == {"tracked": 1}
    assert [each["date_prefix"] for each in rows()] == ["2026-01-10"]


def test_one_file_that_fails_does_not_keep_the_others_back(lane: Ndjson, clock: Clock) -> None:
    for name in ("a", "b", "c"):
        _put(_dated(name))
    with running(Process(_fails_at("GetObject", _dated("b")))):
        assert _arrivals(lane) == {"tracked": 2, "errors": 1}
    assert (row("b.ndjson")["status"], row("b.ndjson")["attempts"]) == ("failed", 1)
    assert _arrivals(lane) == {}
    clock.turn(301)
    assert retry_failed(lane, lambda: True) == {"retried": 1, "errors": 0}
    assert statuses() == {"pending": 3}


def test_a_large_bucket_is_seen_in_turns_and_no_run_reads_more_than_its_share(
    lane: Ndjson, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repair_arrivals, "PAGES_OF_ONE_RUN", 2)
    for number in range(10):
        _put(_dated(f"{number:02}"))
    with running(process := Process(pages_of(2))):
        tracked = [repair_arrivals.repair_arrivals(lane, lambda: True) for _ in range(3)]
    assert [(each["tracked"], each["unfinished"]) for each in tracked] == [(4, 1), (4, 1), (2, 0)]
    assert [call.operation for call in process.calls].count("ListObjectsV2") == 5
    assert items("CURSOR#") == []


def test_without_time_nothing_is_read_and_the_next_run_goes_on(lane: Ndjson) -> None:
    _put(_dated("x"))
    found = repair_arrivals.repair_arrivals(lane, lambda: False)
    assert found == {"tracked": 0, "undated": 0, "errors": 0, "unfinished": 1}
    assert rows() == []
    assert _arrivals(lane) == {"tracked": 1}


def test_a_bucket_that_cannot_be_listed_fails_no_other_repair(lane: Ndjson) -> None:
    with running(Process(_fails_at("ListObjectsV2"))):
        assert _arrivals(lane) == {"errors": 1}
        assert repair(lane)["errors"] == 0


def _released(lane: Ndjson) -> dict[str, str]:
    """Return what the metadata of a released copy say, signed."""
    claims = {"sluice-date": "2026-01-10", "sluice-etag": "e" * 32}
    secret = MoveSecret(boto3.client("dynamodb"), lane.tracking.name).read()
    return signed(claims, secret, f"{NDJSON}/{UNDATED}", len(LINES))


def _dies_at(operation: str) -> Fault:
    def fault(call: Call, send: Send) -> Any:
        if call.operation == operation:
            raise ProcessDied(str(call))
        return send()

    return fault


def _fails_at(operation: str, key: str = "") -> Fault:
    def fault(call: Call, send: Send) -> Any:
        if call.operation == operation and key in {"", call.parameters.get("Key")}:
            raise aws_error("SlowDown", 503)
        return send()

    return fault
