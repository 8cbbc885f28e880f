"""A release lets the version pass that was asked for, and no other that comes under its key meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

import app
from chalicelib.ndjson.tracking import File, FileStatus, tracking_row
from tests.faults.dying import Death, Meanwhile, Moment, Nth, run
from tests.support.api import OPERATOR, Api, Reply
from tests.support.builders import NDJSON, sqs_event
from tests.support.lanes.ndjson import DATE, QUARANTINE, keys_in, messages, record_of, rows, upload
from tests.support.reset import date_object
from tests.support.world import World

KEY = f"in/{DATE}/a.ndjson"
REVIEWED, OTHER = b"reviewed\n", b"not reviewed\n"


UNDATED = "in/undated.ndjson"


def arrive(body: bytes) -> None:
    (event,) = messages(upload(KEY, body=body))
    app.ndjson_arrived(event, None)


def arrive_back() -> None:
    found = boto3.client("s3").head_object(Bucket=NDJSON, Key=KEY)
    record = record_of(KEY, found["ETag"].strip('"'), found["ContentLength"])
    assert app.ndjson_arrived(sqs_event({"Records": [record]}), None) == {"batchItemFailures": []}


def release() -> Reply:
    return Api(OPERATOR).post("/quarantine/release", {"key": KEY})


def release_that_dies(operation: str) -> None:
    run(release, Nth(operation, 1, lambda number: Death(number, Moment.BEFORE)))


def outcomes() -> dict[bytes, str]:
    """Return the status of each content, found where its row says that it lies."""
    s3 = boto3.client("s3")
    found = {}
    for row in rows():
        bucket, _, key = (row.get("moved_to") or row["file_path"]).removeprefix("s3://").partition("/")
        found[s3.get_object(Bucket=bucket, Key=key)["Body"].read()] = row["status"]
    return found


def there() -> Any:
    return boto3.client("s3").get_object(Bucket=NDJSON, Key=KEY)["Body"].read()


@pytest.mark.parametrize("tail", [b"", b" " * 70_000], ids=["small", "larger than what is read of it"])
def test_given_a_release_that_died_when_another_invalid_file_comes_then_that_is_quarantined(
    world: World, tail: bytes
) -> None:
    arrive(REVIEWED + tail)
    release_that_dies("CreateMultipartUpload")
    arrive(OTHER)
    assert outcomes() == {REVIEWED + tail: "released", OTHER: "quarantined"}

    assert release().status == 200
    assert there() == REVIEWED + tail, "who asks again lets pass what was asked for"
    arrive_back()
    assert sorted(row["status"] for row in rows()) == ["pending", "quarantined"]
    assert len(keys_in(QUARANTINE)) == 1


@pytest.mark.parametrize("operation", ["UpdateItem", "CreateMultipartUpload", "UploadPartCopy"])
def test_given_two_operators_at_once_then_both_are_told_that_the_file_is_back_and_no_row_says_else(
    world: World, operation: str
) -> None:
    arrive(REVIEWED)
    answers: list[Reply] = []
    both = Nth(operation, 1, lambda number: Meanwhile(number, lambda: answers.append(release())))
    run(lambda: answers.append(release()), both)
    assert [answer.status for answer in answers] == [200, 200], answers[-1].text
    assert [row["status"] for row in rows()] == ["released"]
    assert (there(), keys_in(QUARANTINE)) == (REVIEWED, [])
    arrive_back()
    assert outcomes() == {REVIEWED: "pending"}


def test_given_two_versions_in_quarantine_when_both_are_released_then_each_has_its_own_row(
    world: World, environ: Any
) -> None:
    environ(MAX_BATCH_SIZE_GB="0")
    arrive(REVIEWED)
    release_that_dies("CompleteMultipartUpload")
    arrive(OTHER)
    release()
    arrive_back()
    assert release().status == 409, "what came back lies there"
    boto3.client("s3").delete_object(Bucket=NDJSON, Key=KEY)
    assert release().status == 200
    arrive_back()
    assert (there(), [row["status"] for row in rows()]) == (OTHER, ["manifested", "manifested"])


def test_given_the_quarantined_copy_is_gone_when_another_file_lies_there_then_it_is_no_release(
    world: World,
) -> None:
    arrive(REVIEWED)
    (parked,) = keys_in(QUARANTINE)
    boto3.client("s3").delete_object(Bucket=QUARANTINE, Key=parked)
    record = upload(KEY, body=OTHER)
    assert release().status == 409
    app.ndjson_arrived(sqs_event({"Records": [record]}), None)
    assert outcomes() == {OTHER: "quarantined"}


def test_given_a_begun_release_that_nothing_can_finish_then_the_next_file_is_not_held_up(
    world: World,
) -> None:
    arrive(REVIEWED)
    release()
    boto3.client("s3").delete_object(Bucket=NDJSON, Key=KEY)
    arrive(OTHER)
    assert (release().status, there()) == (200, OTHER)


def test_given_an_old_file_without_a_date_when_many_newer_are_quarantined_then_it_is_found(
    world: World,
) -> None:
    boto3.client("s3").put_object(Bucket=QUARANTINE, Key="q/old.ndjson", Body=REVIEWED)
    tracking, began = app.ndjson().tracking, datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(1002):
        name = f"{number or 'old'}.ndjson"
        file = File(NDJSON, f"in/{name}", 9, "e" * 32, "", "2026-01-01", name)
        at = began + timedelta(seconds=number)
        details = {"reason": "bad", "moved_to": f"s3://{QUARANTINE}/q/{name}"}
        tracking.create(tracking_row(file, name, FileStatus.QUARANTINED, at, **details))
    assert Api(OPERATOR).post("/quarantine/release", {"key": "in/old.ndjson"}).status == 200
    assert keys_in(NDJSON) == ["in/old.ndjson"]


def test_given_no_quarantine_bucket_when_the_file_was_overwritten_then_the_other_is_not_released(
    world: World, environ: Any
) -> None:
    environ(QUARANTINE_BUCKET="")
    arrive(REVIEWED)
    record = upload(KEY, body=OTHER)
    assert release().status == 409
    app.ndjson_arrived(sqs_event({"Records": [record]}), None)
    assert outcomes() == {OTHER: "quarantined"}


def test_given_no_quarantine_bucket_when_an_event_came_after_midnight_then_the_release_has_its_date(
    world: World, environ: Any
) -> None:
    environ(QUARANTINE_BUCKET="")
    record = {**upload(UNDATED, body=REVIEWED), "eventTime": "2026-01-15T00:00:00.500Z"}
    app.ndjson_arrived(sqs_event({"Records": [record]}), None)
    date_object(NDJSON, UNDATED, datetime(2026, 1, 14, 23, 59, 59, tzinfo=UTC))
    assert Api(OPERATOR).post("/quarantine/release", {"key": UNDATED}).status == 200
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="sluice-local-ndjson")["QueueUrl"]
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    (announced,) = [message["Body"] for message in received if "Records" not in message["Body"]]
    app.ndjson_arrived(sqs_event(announced), None)
    assert [(row["date_prefix"], row["status"]) for row in rows()] == [("2026-01-15", "pending")]


def test_given_another_version_than_the_one_looked_at_when_it_is_released_then_nothing_passes(
    world: World,
) -> None:
    arrive(REVIEWED)
    (seen,) = rows()
    arrive(OTHER)
    ask = Api(OPERATOR)
    assert ask.post("/quarantine/release", {"key": KEY, "etag": "0" * 32}).status == 409
    assert keys_in(NDJSON) == []
    assert ask.post("/quarantine/release", {"key": KEY, "etag": seen["etag"]}).status == 200
    assert there() == REVIEWED


def test_given_a_newer_upload_that_overtakes_a_release_then_it_is_refused_and_nothing_is_hidden(
    world: World,
) -> None:
    arrive(REVIEWED)
    newer = [dict[str, Any]()]

    def overtake() -> None:
        newer[0] = upload(KEY, body=b'{"v": 1}\n')

    replies: list[Reply] = []
    last = Nth("CompleteMultipartUpload", 1, lambda number: Meanwhile(number, overtake))
    run(lambda: replies.append(release()), last)
    assert replies[0].status == 409
    app.ndjson_arrived(sqs_event({"Records": newer}), None)
    (listed,) = Api(OPERATOR).get("/quarantine").body["items"]
    assert (listed["key"], listed["status"]) == (KEY, "quarantined")
    assert outcomes() == {REVIEWED: "quarantined", b'{"v": 1}\n': "pending"}


def test_given_a_release_that_died_then_its_file_is_listed_until_it_is_back(world: World) -> None:
    arrive(REVIEWED)
    release_that_dies("CompleteMultipartUpload")
    (listed,) = Api(OPERATOR).get("/quarantine").body["items"]
    assert listed["status"] == "released"
    assert release().status == 200
    assert Api(OPERATOR).get("/quarantine").body["items"] == []


def _in_quarantine_twice(world: World) -> None:
    for body in (REVIEWED, b'{"v": 1}\n', REVIEWED):
        arrive(body)


def test_given_the_same_content_quarantined_twice_when_one_is_released_then_the_other_keeps_its_bytes(
    world: World, environ: Any
) -> None:
    environ(MAX_BATCH_SIZE_GB="0")
    _in_quarantine_twice(world)
    copies = [row["moved_to"] for row in rows() if row["status"] == "quarantined"]
    assert len({*copies}) == len(keys_in(QUARANTINE)) == 2
    for left in (1, 0):
        assert release().status == 200
        arrive_back()
        assert there() == REVIEWED
        kept = [row["moved_to"] for row in rows() if row["status"] == "quarantined"]
        assert kept == [f"s3://{QUARANTINE}/{key}" for key in keys_in(QUARANTINE)]
        assert len(kept) == left
        boto3.client("s3").delete_object(Bucket=NDJSON, Key=KEY)
    assert [row["status"] for row in rows()] == ["manifested"] * 3


@pytest.mark.parametrize("operation", ["PutItem", "DeleteObject"])
def test_given_a_worker_that_dies_when_the_same_content_is_quarantined_again_then_its_repeat_adds_no_copy(
    world: World, environ: Any, operation: str
) -> None:
    environ(MAX_BATCH_SIZE_GB="0")
    arrive(REVIEWED)
    arrive(b'{"v": 1}\n')
    (event,) = messages(upload(KEY, body=REVIEWED))
    dies = Nth(operation, 1, lambda number: Death(number, Moment.BEFORE))
    assert run(lambda: app.ndjson_arrived(event, None), dies)
    app.ndjson_arrived(event, None)
    assert len(keys_in(QUARANTINE)) == 2
    assert [row["status"] for row in rows()].count("quarantined") == 2
    assert keys_in(NDJSON) == []


def test_given_the_content_check_was_turned_off_when_a_file_comes_back_then_its_row_takes_it(
    world: World, environ: Any
) -> None:
    arrive(REVIEWED)
    environ(NDJSON_CONTENT_CHECK="false")
    assert release().status == 200
    arrive_back()
    assert [row["status"] for row in rows()] == ["pending"]


@pytest.mark.parametrize("body", [b"no json\n", b"no json\n" + b" " * 70_000])
def test_what_comes_back_has_another_etag_so_that_no_late_worker_deletes_it(
    world: World, body: bytes
) -> None:
    (event,) = messages(record := upload(KEY, body=body))
    app.ndjson_arrived(event, None)
    assert release().status == 200
    found = boto3.client("s3").head_object(Bucket=NDJSON, Key=KEY)
    assert found["ETag"].strip('"') != record["s3"]["object"]["eTag"]
