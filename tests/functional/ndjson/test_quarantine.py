"""Invalid NDJSON files go to quarantine with their reason, once and never over another object."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import boto3
import pytest

from chalicelib.aws.topic import Topic
from chalicelib.ndjson.arrivals import ndjson_arrived
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.repair_arrivals import repair_arrivals
from tests.faults.dying import Death, Moment, Nth, calls_of, deaths, run
from tests.support.aws_calls import failing, recorded
from tests.support.builders import NDJSON
from tests.support.lanes.ndjson import (
    DATE,
    LINES,
    MB,
    QUARANTINE,
    Clock,
    deliver,
    items,
    keys_in,
    lane_with,
    messages,
    repair,
    row,
    rows,
    statuses,
    upload,
)
from tests.support.reset import date_object

KEY = f"in/{DATE}-bad.ndjson"
NAME = f"{DATE}-bad.ndjson"
MOVED = f"quarantine/{DATE}/{KEY}"
OF_THE_SEED = {"SIZE_TOLERANCE_PERCENT": "99"}


@pytest.fixture
def lane(aws: None) -> Ndjson:
    return lane_with()


@pytest.fixture
def alerts(aws: None) -> Callable[[], list[str]]:
    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    url = sqs.create_queue(QueueName="alerts")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = "arn:aws:sns:us-east-1:123456789012:sluice-local-alerts"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})

    def received() -> list[str]:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", ())
        return [message["Body"] for message in found]

    return received


@pytest.mark.parametrize(
    ("key", "size", "body", "reason"),
    [
        ("in/a.json", MB, b"{}", "Invalid extension"),
        ("in/a.ndjson", MB // 20, b"{}", "Size 51.2kB out of range"),
        ("in/a.ndjson", 20 * MB, b"{}", "Size 20.00MB out of range"),
        ("in/a.ndjson", MB, b"not json", "Line 1 is not JSON"),
        ("in/a.ndjson", MB, gzip.compress(b"{}", mtime=0), "It is compressed by gzip"),
        ("in/a.ndjson", MB, b"{}\n[1]\n", "Line 2 is not a JSON object but an array"),
    ],
)
def test_an_invalid_file_is_moved_with_its_reason(
    aws: None, key: str, size: int, body: bytes, reason: str
) -> None:
    deliver(
        lane_with(**OF_THE_SEED),
        upload(key, size=size, body=body, ContentType="text/x", Metadata={"mine": "yes"}),
    )

    (stored,) = rows()
    assert stored["status"] == "quarantined"
    assert stored["reason"].startswith(reason)
    assert stored["moved_to"] == f"s3://{QUARANTINE}/quarantine/{DATE}/{key}"
    assert (stored["quarantine"], stored["quarantined_at"]) == ("1", "2026-01-15T12:00:00.000Z")
    assert keys_in(NDJSON) == []
    moved = boto3.client("s3").get_object(Bucket=QUARANTINE, Key=f"quarantine/{DATE}/{key}")
    assert moved["Body"].read() == body.ljust(size, b"\n")
    assert moved["Metadata"]["sluice-reason"] == stored["reason"]
    assert (moved["Metadata"]["mine"], moved["ContentType"]) == ("yes", "text/x")


@pytest.mark.parametrize("size", [104_858, 10 * MB, 20_866_662])
def test_the_bounds_are_inclusive(aws: None, size: int) -> None:
    deliver(lane_with(**OF_THE_SEED), upload(KEY, size=size))

    assert statuses() == {"pending": 1}


def test_the_reason_outlives_metadata_that_leaves_no_room_for_it(lane: Ndjson) -> None:
    deliver(lane, upload(KEY, body=b"no", Metadata={"mine": "x" * 2000}))

    metadata = boto3.client("s3").head_object(Bucket=QUARANTINE, Key=MOVED)["Metadata"]
    assert set(metadata) == {"sluice-reason", "sluice-identity", "sluice-content", "sluice-proof"}


def test_a_quarantined_object_is_never_overwritten(lane: Ndjson) -> None:
    bodies = [b"first", b"second", b"third"]
    for body in bodies:
        deliver(lane, upload(KEY, body=body))

    s3 = boto3.client("s3")
    stored = {s3.get_object(Bucket=QUARANTINE, Key=key)["Body"].read() for key in keys_in(QUARANTINE)}
    assert stored == set(bodies)
    assert MOVED in keys_in(QUARANTINE)


def test_the_longest_keys_fit(lane: Ndjson) -> None:
    keys = [f"in/{'é' * 500}{tail}" for tail in ("-12345678901234.txt", "-22345678901234.txt")]
    assert all(1015 < len(key.encode()) <= 1024 for key in keys)

    deliver(lane, *(upload(key) for key in keys))

    assert len(keys_in(QUARANTINE)) == 2
    assert all(len(key.encode()) <= 1024 and key.endswith(".txt") for key in keys_in(QUARANTINE))


def test_without_a_quarantine_bucket_the_file_stays_and_the_row_says_why(
    aws: None, alerts: Callable[[], list[str]]
) -> None:
    lane = lane_with(QUARANTINE_BUCKET="")
    record = upload(KEY, body=b"no")

    deliver(lane, record, record)
    deliver(lane, record)

    assert keys_in(NDJSON) == [KEY]
    assert row(NAME)["reason"] == "Line 1 is not JSON: Expecting value at column 1, near 'no'"
    assert "moved_to" not in row(NAME)
    assert len(alerts()) == 1


def test_the_alert_names_file_reason_and_destination(lane: Ndjson, alerts: Callable[[], list[str]]) -> None:
    deliver(lane, upload(KEY, body=b"no"))

    (message,) = alerts()
    assert message == (
        "Invalid NDJSON file: Line 1 is not JSON: Expecting value at column 1, near 'no'\n"
        f"Original: s3://{NDJSON}/{KEY}\nmoved to s3://{QUARANTINE}/{MOVED}"
    )


def test_an_alert_that_fails_does_not_fail_the_file(lane: Ndjson) -> None:
    deaf = replace(lane, topic=Topic(boto3.client("sns"), "arn:aws:sns:us-east-1:123456789012:none", "text"))

    deliver(deaf, upload(KEY, body=b"no"))

    assert statuses() == {"quarantined": 1}
    assert keys_in(NDJSON) == []


def test_a_newer_upload_survives_the_quarantine_of_the_older(aws: None) -> None:
    lane = lane_with(SIZE_TOLERANCE_PERCENT="100")
    older = upload(KEY, body=b"no", size=2)
    deliver(lane, older)
    newer = upload(KEY, size=len(LINES))

    deliver(lane, older)
    deliver(lane, newer)

    assert keys_in(NDJSON) == [KEY]
    assert statuses() == {"quarantined": 1, "pending": 1}


def test_a_large_invalid_file_that_is_deleted_before_it_is_moved_has_vanished(lane: Ndjson) -> None:
    record = upload(KEY, body=b"x" * 200_000)

    def deleted(_: object) -> None:
        boto3.client("s3").delete_object(Bucket=NDJSON, Key=KEY)

    with recorded({"UploadPartCopy": deleted}):
        deliver(lane, record)

    assert [(each["status"], each["reason"]) for each in rows()] == [
        ("vanished", "gone before it was quarantined")
    ]
    assert keys_in(QUARANTINE) == []


def test_a_valid_file_leaves_the_row_of_its_quarantined_predecessor(lane: Ndjson) -> None:
    deliver(lane, upload(KEY, body=b"no"))
    before = row(NAME)
    deliver(lane, upload(KEY))

    assert row(NAME) == before
    assert statuses() == {"quarantined": 1, "pending": 1}


def test_an_event_older_than_its_invalid_object_quarantines_what_is_there(lane: Ndjson) -> None:
    older = upload(KEY)
    newer = upload(KEY, body=b"no")

    deliver(lane, older)
    deliver(lane, newer, older)

    (only,) = rows()
    assert (only["status"], only["etag"]) == ("quarantined", newer["s3"]["object"]["eTag"])


def test_a_released_file_passes_once_whatever_it_holds(lane: Ndjson) -> None:
    deliver(lane, upload(KEY, body=b"no"))
    quarantined = row(NAME)
    released = {name: value for name, value in quarantined.items() if name != "quarantine"}
    lane.tracking.replace({**released, "status": "released"}, quarantined)

    record = upload(KEY, body=b"no")
    deliver(lane, record)
    deliver(lane, record)

    assert statuses() == {"pending": 1}
    assert keys_in(NDJSON) == [KEY]


@pytest.mark.parametrize("body", [b"no", b"x" * 200_000], ids=["put", "copied in parts"])
def test_quarantine_survives_dying_at_any_call(lane: Ndjson, body: bytes) -> None:
    _receive(lane, upload("in/first.ndjson", body=body))()  # reads the secret of moves, once
    rehearsal = _receive(lane, upload("in/rehearsal.ndjson", body=body))
    every = deaths(calls_of(rehearsal))
    for number, death in enumerate(every):
        key = f"in/{number}.ndjson"
        receive = _receive(lane, upload(key, body=body))

        assert run(receive, death)
        receive()
        receive()

        moved = f"quarantine/{DATE}/{key}"
        assert row(f"{number}.ndjson")["status"] == "quarantined", death
        assert row(f"{number}.ndjson")["moved_to"] == f"s3://{QUARANTINE}/{moved}", death
        assert moved in keys_in(QUARANTINE), death
    assert keys_in(NDJSON) == []
    assert len(rows()) == len(keys_in(QUARANTINE)) == len(every) + 2
    assert len(every) >= 12


def _dies_at(operation: str) -> Nth:
    return Nth(operation, 1, lambda number: Death(number, Moment.BEFORE))


@pytest.mark.parametrize("bucket", [QUARANTINE, ""], ids=["moved", "stays"])
def test_a_death_before_the_alert_is_made_good_by_the_repair_once(
    aws: None, alerts: Callable[[], list[str]], bucket: str
) -> None:
    clock = Clock()
    lane = lane_with(clock, QUARANTINE_BUCKET=bucket)
    receive = _receive(lane, upload(KEY, body=b"no"))
    assert run(receive, _dies_at("Publish"))
    assert (alerts(), keys_in(NDJSON)) == ([], [] if bucket else [KEY]), "its source is deleted first"
    clock.turn(301)
    repair(lane)
    repair(lane)
    receive()
    assert len(alerts()) == 1
    assert items("UNTOLD#") == []


def test_a_source_that_cannot_be_deleted_is_told_once_and_after_ten_tries_to_a_person(
    aws: None, alerts: Callable[[], list[str]]
) -> None:
    clock = Clock()
    lane = lane_with(clock)
    record = upload(KEY, body=b"no")
    date_object(NDJSON, KEY, clock())
    told = []
    with failing("DeleteObject", "AccessDenied", 403):
        deliver(lane, record)
        for _ in range(15):
            clock.turn(301)
            repair_arrivals(lane, lambda: True)
            told += alerts()
    assert (row(NAME)["status"], row(NAME)["attempts"]) == ("quarantined", 10)
    assert "AccessDenied" in row(NAME)["source_stays"]
    assert ["could not be deleted 10 times" in each for each in told] == [False, True]


def _receive(lane: Ndjson, record: dict[str, Any]) -> Callable[[], None]:
    """Build one receive of a message of the queue."""
    (event,) = messages(record)

    def receive() -> None:
        assert ndjson_arrived(lane, event) == {"batchItemFailures": []}

    return receive
