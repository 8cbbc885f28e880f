"""Release from quarantine, redrive of dead letters, and places to upload to."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import requests
from botocore.client import BaseClient

import app
from tests.support.api import Api
from tests.support.builders import LANDING, NDJSON, s3_event, sqs_event
from tests.support.lanes import runs
from tests.support.lanes.ndjson import DATE, QUARANTINE, keys_in, messages, record_of, row, rows, upload
from tests.support.world import World

KEY = "in/2026-01-15/a.ndjson"


def quarantined(key: str = KEY, body: bytes = b"not json\n") -> None:
    for event in messages(upload(key, body=body)):
        app.ndjson_arrived(event, None)


def arrive_again(key: str = KEY) -> None:
    found = boto3.client("s3").head_object(Bucket=NDJSON, Key=key)
    record = record_of(key, found["ETag"].strip('"'), found["ContentLength"])
    assert app.ndjson_arrived(sqs_event({"Records": [record]}), None) == {"batchItemFailures": []}


def test_a_released_file_is_back_and_accepted_as_it_is_once(world: World, operator: Api) -> None:
    quarantined()
    reply = operator.post("/quarantine/release", {"key": KEY})
    assert (reply.status, reply.body["status"]) == (200, "released")
    assert keys_in(QUARANTINE) == []
    assert boto3.client("s3").get_object(Bucket=NDJSON, Key=KEY)["Body"].read() == b"not json\n"
    arrive_again()
    assert row("a.ndjson")["status"] == "pending"
    assert operator.get("/quarantine").body["items"] == []
    audit = row("a.ndjson")
    assert audit["released_by"] == "operator"
    assert "Line 1" in audit["released_reason"]


def test_a_key_without_a_date_that_is_released_on_a_later_day_is_accepted_too(
    world: World, operator: Api
) -> None:
    quarantined("in/undated.ndjson")
    assert row("undated.ndjson")["date_prefix"] == DATE
    assert operator.post("/quarantine/release", {"key": "in/undated.ndjson"}).status == 200
    found = boto3.client("s3").head_object(Bucket=NDJSON, Key="in/undated.ndjson")
    event_time = (datetime.fromisoformat(DATE) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    record = record_of("in/undated.ndjson", found["ETag"].strip('"'), found["ContentLength"])
    app.ndjson_arrived(sqs_event({"Records": [{**record, "eventTime": event_time}]}), None)

    (only,) = rows()
    assert (only["status"], only["date_prefix"]) == ("pending", DATE)
    assert keys_in(NDJSON) == ["in/undated.ndjson"]


def test_releasing_twice_is_one_release(world: World, operator: Api) -> None:
    quarantined()
    for _ in range(2):
        assert operator.post("/quarantine/release", {"key": KEY}).status == 200
    assert keys_in(NDJSON) == [KEY]


def test_a_release_that_died_after_its_row_is_finished_by_the_next(world: World, operator: Api) -> None:
    quarantined()
    client = boto3.client("dynamodb")
    client.update_item(
        TableName="sluice-local-tracking",
        Key={"date_prefix": {"S": "2026-01-15"}, "file_name": {"S": "a.ndjson"}},
        UpdateExpression="SET #s = :r REMOVE quarantine",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":r": {"S": "released"}},
    )
    assert operator.post("/quarantine/release", {"key": KEY}).status == 200
    assert keys_in(NDJSON) == [KEY]


def test_without_a_quarantine_bucket_the_file_is_announced_again(
    world: World, operator: Api, environ: Any
) -> None:
    environ(QUARANTINE_BUCKET="")
    quarantined()
    assert operator.post("/quarantine/release", {"key": KEY}).status == 200
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="sluice-local-ndjson")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert app.ndjson_arrived(sqs_event(message["Body"]), None) == {"batchItemFailures": []}
    assert row("a.ndjson")["status"] == "pending"


def test_a_newer_file_under_the_key_is_never_overwritten(world: World, operator: Api) -> None:
    quarantined()
    boto3.client("s3").put_object(Bucket=NDJSON, Key=KEY, Body=b"newer")
    reply = operator.post("/quarantine/release", {"key": KEY})
    assert (reply.status, reply.body["Code"]) == (409, "ConflictError")
    assert boto3.client("s3").get_object(Bucket=NDJSON, Key=KEY)["Body"].read() == b"newer"
    assert row("a.ndjson")["status"] == "quarantined"


def test_what_is_accepted_cannot_be_released(world: World, operator: Api) -> None:
    for event in messages(upload(KEY)):
        app.ndjson_arrived(event, None)
    reply = operator.post("/quarantine/release", {"key": KEY})
    assert reply.status == 409
    assert "pending" in reply.body["Message"]


def test_what_is_not_there_is_404(aws: None, operator: Api) -> None:
    reply = operator.post("/quarantine/release", {"key": "absent"})
    assert reply.status == 404
    assert "/quarantine" in reply.body["Message"]


@pytest.mark.parametrize("body", [None, {}, {"key": 1}, {"key": ""}, {"key": "a", "dry_run": True}])
@pytest.mark.parametrize("path", ["/quarantine/release", "/upload"])
def test_a_bad_body_is_400(operator: Api, path: str, body: Any) -> None:
    assert operator.post(path, body).status == 400


def send(queue: str, *bodies: Any) -> None:
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=f"sluice-local-{queue}")["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body if isinstance(body, str) else json.dumps(body))


def depth(queue: str) -> int:
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName=f"sluice-local-{queue}")["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


@pytest.mark.parametrize("queue", ["ndjson", "discovered"])
def test_dead_letters_go_back_to_their_queue(world: World, operator: Api, queue: str) -> None:
    send(f"{queue}-dlq", *[f"message {number}" for number in range(12)])
    reply = operator.post("/redrive", {"queue": queue})
    assert reply.body == {"queue": queue, "moved": 12, "failed": 0, "reasons": [], "more": False}
    assert (depth(queue), depth(f"{queue}-dlq")) == (12, 0)


def test_dead_letters_are_found_though_a_short_look_sees_none(
    world: World, operator: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    make: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, operation: str, parameters: Any) -> Any:
        if operation == "ReceiveMessage" and not parameters.get("WaitTimeSeconds"):
            return {}  # SQS asks a sample of its servers then, which may hold nothing of a short queue
        return make(self, operation, parameters)

    send("ndjson-dlq", "a message")
    monkeypatch.setattr(BaseClient, "_make_api_call", call)
    assert operator.post("/redrive", {"queue": "ndjson"}).body["moved"] == 1


@pytest.mark.parametrize(
    "wrap", [lambda event: event, lambda event: {"requestPayload": event, "version": "1.0"}]
)
def test_failed_invocations_of_the_landing_lane_are_processed_again(
    world: World, operator: Api, wrap: Any
) -> None:
    etag = world.upload("data/in/customers.csv")
    send("landing-dlq", wrap(s3_event("data/in/customers.csv", etag=etag)), "not json")
    reply = operator.post("/redrive", {"queue": "landing"})
    assert (reply.body["moved"], reply.body["failed"]) == (1, 1)
    assert world.row("data/in/customers.csv")["status"] == "triggered"


@pytest.mark.parametrize("body", [{}, {"queue": "other"}, {"queue": 1}, {"queue": "ndjson", "all": True}])
def test_a_bad_redrive_is_400(operator: Api, body: Any) -> None:
    assert operator.post("/redrive", body).status == 400


@pytest.mark.parametrize(
    "key", ["data/in/customers.csv", "data/in/a+b %41 ünï<b>.csv", "data/in/new\nline.csv"]
)
def test_an_offered_place_takes_the_file_once(world: World, operator: Api, key: str) -> None:
    offer = operator.post("/upload", {"key": key, "content_type": "text/csv", "size": 4}).body
    assert "X-Amz-Signature" in offer["url"]
    assert "if-none-match" in signed_headers(offer)
    assert put(offer, b"1,2\n") == 200
    assert boto3.client("s3").get_object(Bucket=LANDING, Key=key)["Body"].read() == b"1,2\n"
    assert put(offer, b"3,4\n") == 412
    assert world.read(key) == b"1,2\n"


def test_a_place_of_the_ndjson_bucket_is_offered(world: World, operator: Api) -> None:
    wish = {"key": f"{DATE}/a.NDJSON", "size": 8, "bucket": "ndjson"}
    offer = operator.post("/upload", wish).body
    assert put(offer, b'{"a":1}\n') == 200
    assert (offer["bucket"], keys_in(NDJSON)) == (NDJSON, [wish["key"]])
    assert put(offer, b'{"b":1}\n') == 412


def signed_headers(offer: dict[str, Any]) -> list[str]:
    """Return the headers without which S3 refuses the request."""
    query = parse_qs(urlsplit(str(offer["url"])).query)
    return query["X-Amz-SignedHeaders"][0].split(";")


def put(offer: dict[str, Any], body: bytes) -> int:
    answer = requests.request(offer["method"], offer["url"], data=body, headers=offer["headers"], timeout=5)
    return answer.status_code


def test_a_file_is_replaced_on_purpose_only_while_it_is_the_one_that_was_there(
    world: World, operator: Api
) -> None:
    world.upload("data/in/a.csv", b"old\n")
    wish = {"key": "data/in/a.csv", "size": 4, "replace": True}
    first, second = operator.post("/upload", wish).body, operator.post("/upload", wish).body
    assert "if-match" in signed_headers(first)
    assert put(first, b"new\n") == 200
    assert put(second, b"2nd\n") == 412
    assert world.read("data/in/a.csv") == b"new\n"
    assert put(operator.post("/upload", {**wish, "key": "data/in/b.csv"}).body, b"new\n") == 200


@pytest.mark.parametrize("key", ["incoming/shop/a.csv", "data/in/deep/er/a.csv"])
def test_every_watched_place_of_the_landing_bucket_is_offered(world: World, operator: Api, key: str) -> None:
    assert operator.post("/upload", {"key": key, "size": 1}).status == 200


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"key": "config/config.json", "size": 1}, "not where files are uploaded: choose data/in/"),
        ({"key": "state/processed_files.json", "size": 1}, "not where files are uploaded"),
        ({"key": "data/new_files/x", "size": 1}, "not where files are uploaded"),
        ({"key": "a", "size": 1}, "not where files are uploaded"),
        ({"key": "data/in/", "size": 1}, "ends in a slash"),
        ({"key": "data/in/a", "content_type": "text", "size": 1}, "media type"),
        ({"key": "data/in/a", "content_type": "text/csv\r\nX: y", "size": 1}, "media type"),
        ({"key": "data/in/a"}, "size is None"),
        ({"key": "data/in/a", "size": -1}, "size is -1"),
        ({"key": "data/in/a", "size": True}, "size is True"),
        ({"key": "data/in/a", "size": "1"}, "size is '1'"),
        ({"key": "data/in/a", "size": 1024**3 + 1}, "MAX_UPLOAD_MB"),
        ({"key": "data/in/a", "size": 1, "replace": "yes"}, "replace is 'yes'"),
        ({"key": "data/in/a", "size": 1, "bucket": "artifacts"}, "use one of landing, ndjson"),
        ({"key": "data/in/a.csv", "size": 1, "bucket": "ndjson"}, "must end in .ndjson"),
        ({"key": "quarantine/a.ndjson", "size": 1, "bucket": "ndjson"}, "where Sluice itself writes"),
    ],
)
def test_a_place_that_makes_no_sense_is_refused(
    world: World, operator: Api, body: dict[str, Any], says: str
) -> None:
    reply = operator.post("/upload", body)
    assert reply.status == 400
    assert says in reply.body["Message"]


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"INPUT_PREFIX": "data/", "NEW_FILES_PREFIX": "data/parked/"}, "data/parked/a.csv"),
        ({"INPUT_PREFIX": "config/"}, "config/config.json"),
        ({"S3_SOURCE_BUCKET": "partner-drop"}, "incoming/shop/a.csv"),
    ],
)
def test_wherever_files_are_watched_the_config_and_own_outputs_are_not_offered(
    world: World, operator: Api, environ: Any, settings: dict[str, str], key: str
) -> None:
    environ(**settings)
    app.settings()  # before the local gateway sets its own stage's environment
    assert operator.post("/upload", {"key": key, "size": 1}).status == 400


def test_events_of_ended_executions_are_told_again_and_those_of_schedules_let_go(
    world: World, operator: Api
) -> None:
    name = world.land("data/in/customers.csv")["execution"]
    send("events-dlq", runs.end(name, "FAILED"), {"source": "aws.events", "detail-type": "Scheduled Event"})
    reply = operator.post("/redrive", {"queue": "events"})
    assert (reply.body["moved"], reply.body["failed"], depth("events-dlq")) == (2, 0, 0)
    assert world.row("data/in/customers.csv")["status"] == "job_failed"
