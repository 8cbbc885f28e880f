"""A file that cannot be read or moved has a row that says why; it is tried again, and stops no other."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

import app
from chalicelib.ndjson.arrivals import ndjson_arrived
from chalicelib.ndjson.lane import Ndjson
from chalicelib.ndjson.repair_arrivals import repair_arrivals
from chalicelib.ndjson.retries import retry_failed
from tests.faults.dying import Call, ProcessDied, Send, run
from tests.support.api import OPERATOR, READER, Api
from tests.support.aws_calls import failing
from tests.support.builders import NDJSON, sqs_event
from tests.support.lanes.ndjson import (
    DATE,
    LINES,
    Clock,
    deliver,
    keys_in,
    lane_with,
    row,
    rows,
    statuses,
    upload,
)
from tests.support.lanes.scans import LambdaContext
from tests.support.reset import date_object
from tests.support.world import World

KEY, NAME = f"in/{DATE}/a.ndjson", "a.ndjson"
ANY_SIZE = {"EXPECTED_FILE_SIZE_MB": "0.001", "SIZE_TOLERANCE_PERCENT": "100"}


@pytest.fixture
def clock(world: World) -> Clock:
    return Clock()


@pytest.fixture
def lane(clock: Clock) -> Ndjson:
    return lane_with(clock, **ANY_SIZE)


def _event(*records: Any, receives: int = 1) -> dict[str, Any]:
    event = sqs_event(*({"Records": [record]} for record in records))
    for message in event["Records"]:
        message["attributes"]["ApproximateReceiveCount"] = str(receives)
    return event


def _failed(lane: Ndjson, event: Any, context: Any = None) -> list[str]:
    answer = ndjson_arrived(lane, event, context)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def _put(key: str = KEY, body: bytes = LINES, **properties: Any) -> dict[str, Any]:
    return upload(key, body=body, size=len(body), **properties)


@pytest.mark.parametrize("code", ["AccessDenied", "KMS.DisabledException", "InvalidRequest"])
def test_a_file_that_s3_does_not_give_out_has_a_row_and_is_tried_until_it_does(
    lane: Ndjson, clock: Clock, code: str
) -> None:
    record = _put()
    with failing("GetObject", code, 403):
        for receives in (1, 2, 3):
            assert _failed(lane, _event(record, receives=receives)) == ["message-0"]
        assert _failed(lane, _event(record, receives=4)) == [], "no message is dead-lettered"
        failed = row(NAME)
        assert (failed["status"], failed["attempts"]) == ("failed", 3)
        assert code in failed["reason"]
        clock.turn(301)
        assert retry_failed(lane, lambda: True) == {"retried": 0, "errors": 1}
        assert retry_failed(lane, lambda: True) == {"retried": 0, "errors": 0}, "not before it is due"
        for _ in range(10):
            clock.turn(301)
            retry_failed(lane, lambda: True)
        assert row(NAME)["attempts"] == 10, "then it waits for a replay"
    deliver(lane, record)
    assert statuses() == {"pending": 1}


def test_an_invalid_file_whose_quarantine_cannot_be_written_has_a_row(lane: Ndjson, clock: Clock) -> None:
    record = _put(body=b"no json\n")
    with failing("PutObject", "AccessDenied", 403):
        assert _failed(lane, _event(record)) == ["message-0"]
    assert (row(NAME)["status"], row(NAME)["attempts"]) == ("failed", 1)
    clock.turn(301)
    assert retry_failed(lane, lambda: True)["retried"] == 1
    assert (statuses(), keys_in(NDJSON)) == ({"quarantined": 1}, [])


def test_an_archived_file_is_not_blank_and_a_restored_one_is_tracked(lane: Ndjson, clock: Clock) -> None:
    record = _put(StorageClass="GLACIER")
    with failing("GetObject", "InvalidObjectState", 403):
        assert _failed(lane, _event(record)) == []
        assert row(NAME)["status"] == "failed"
        assert "GLACIER" in row(NAME)["reason"]
        for _ in range(15):
            clock.turn(3601)
            retry_failed(lane, lambda: True)
        assert row(NAME)["attempts"] == 0, "waiting for a restore uses up no attempt"
    boto3.client("s3").restore_object(Bucket=NDJSON, Key=KEY, RestoreRequest={"Days": 1})
    clock.turn(3601)
    retry_failed(lane, lambda: True)
    assert (statuses(), keys_in(NDJSON)) == ({"pending": 1}, [KEY])


def test_a_file_that_is_gone_or_overwritten_when_it_is_tried_again_is_settled(
    lane: Ndjson, clock: Clock
) -> None:
    gone, older = _put(f"in/{DATE}/gone.ndjson"), _put()
    with failing("GetObject", "AccessDenied", 403):
        _failed(lane, _event(gone, older))
    boto3.client("s3").delete_object(Bucket=NDJSON, Key=f"in/{DATE}/gone.ndjson")
    newer = _put(body=b'{"v": 2}\n')
    clock.turn(301)
    assert retry_failed(lane, lambda: True) == {"retried": 2, "errors": 0}
    deliver(lane, newer)
    assert statuses() == {"vanished": 1, "pending": 1}
    assert row(NAME)["etag"] == newer["s3"]["object"]["eTag"]


def _ends_its_worker(call: Call, send: Send) -> Any:
    if call.operation == "GetObject" and call.parameters["Key"] == KEY:
        raise ProcessDied(str(call))
    return send()


def test_a_file_that_ends_its_worker_takes_no_other_message_into_the_dead_letter_queue(
    lane: Ndjson, clock: Clock
) -> None:
    records = [_put(), *(_put(f"in/{DATE}/{number}.ndjson") for number in range(9))]
    received: list[list[str]] = []

    def receive(times: int) -> bool:
        event = _event(*records, receives=times)
        return run(lambda: received.append(_failed(lane, event)), _ends_its_worker)

    next(times for times in range(1, 6) if not receive(times))
    assert received == [[]], "all are acknowledged before SQS gives up"
    for _ in range(4):  # what was under way beside it at its last death is left to reconcile
        clock.turn(301)
        run(lambda: retry_failed(lane, lambda: True), _ends_its_worker)
    assert (statuses(), row(NAME)["status"]) == ({"failed": 1, "pending": 9}, "failed")


def test_a_file_that_ends_its_worker_stops_no_repair_for_long(lane: Ndjson, clock: Clock) -> None:
    for key in (KEY, f"in/{DATE}/b.ndjson"):
        _put(key)
        date_object(NDJSON, key, clock())
    died = 0
    for _ in range(16):
        clock.turn(301)
        died += run(lambda: repair_arrivals(lane, lambda: True), _ends_its_worker)
        died += run(lambda: retry_failed(lane, lambda: True), _ends_its_worker)
    assert (died, statuses()) == (10, {"failed": 1, "pending": 1})
    assert (row(NAME)["attempts"], row("b.ndjson")["status"]) == (10, "pending")


def test_when_time_runs_out_what_is_left_is_handed_back_untried(lane: Ndjson) -> None:
    records = [_put(f"in/{DATE}/{number}.ndjson") for number in range(3)]
    assert _failed(lane, _event(*records), LambdaContext(0)) == [f"message-{n}" for n in range(3)]
    assert rows() == []


def test_failed_files_are_shown_told_of_and_replayed(world: World, environ: Any) -> None:
    environ(**ANY_SIZE)
    record = _put()
    with failing("GetObject", "AccessDenied", 403):
        app.ndjson_arrived(_event(record), None)
    assert Api(READER).get("/summary", {"date": DATE}).body["ndjson"]["failed"] == 1
    (failed,) = Api(READER).get("/batches").body["failed"]
    assert (failed["key"], failed["attempts"], "quarantine" in failed) == (KEY, 1, False)
    assert "AccessDenied" in Api(READER).get("/explain", {"key": KEY}).body["story"][0]["text"]

    tried = Api(OPERATOR).post("/replay", {"keys": [KEY], "dry_run": True}).body["items"]
    assert (tried[0]["action"], "replayed_by" in row(NAME)) == ("announce", False)
    Api(OPERATOR).post("/replay", {"keys": [KEY]})
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="sluice-local-ndjson")["QueueUrl"]
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    (announced,) = [message["Body"] for message in received if "Records" not in message["Body"]]
    app.ndjson_arrived(sqs_event(announced), None)
    assert (row(NAME)["status"], row(NAME)["replayed_by"]) == ("pending", "operator")


def test_uploads_under_way_are_left_to_their_clients(lane: Ndjson, clock: Clock) -> None:
    record = _put(f"in/{DATE}/a.ndjson.filepart")
    date_object(NDJSON, f"in/{DATE}/a.ndjson.filepart", clock())
    deliver(lane, record)
    clock.turn(301)
    assert repair_arrivals(lane, lambda: True)["tracked"] == 0
    assert (rows(), keys_in(NDJSON)) == ([], [f"in/{DATE}/a.ndjson.filepart"])
