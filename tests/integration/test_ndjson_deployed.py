"""The NDJSON lane end to end: uploads through S3, its queue and the deployed functions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws.items import from_item
from tests.support.deployed import DeployedSluice

LINE = b'{"id": 1, "name": "' + b"x" * 80 + b'"}\n'
BODY = LINE * (110_000 // len(LINE))
FEW_BYTES = "0.001"  # GB: a batch holds nine of these files


@pytest.fixture
def small_batches(stack: DeployedSluice) -> Iterator[None]:
    """Let the deployed functions make small batches, and flush after a second."""
    changes = {"MAX_BATCH_SIZE_GB": FEW_BYTES, "MAX_BATCH_AGE_SECONDS": "1", "RECONCILE_GRACE_SECONDS": "0"}
    with stack.changed("ndjson_arrived", "reconcile", **changes):
        yield


def _upload(stack: DeployedSluice, *keys: str, body: bytes = BODY) -> None:
    for key in keys:
        stack.client("s3").put_object(Bucket=stack.names["NDJSON_BUCKET"], Key=key, Body=body)


def _rows(stack: DeployedSluice, date: str) -> list[dict[str, Any]]:
    answer = stack.client("dynamodb").query(
        TableName=stack.names["TRACKING_TABLE"],
        KeyConditionExpression="date_prefix = :date",
        ExpressionAttributeValues={":date": {"S": date}},
        ConsistentRead=True,
    )
    return [from_item(item) for item in answer["Items"]]


def _statuses(stack: DeployedSluice, date: str) -> Counter[str]:
    return Counter(row["status"] for row in _rows(stack, date))


def _listed(stack: DeployedSluice, date: str) -> Counter[str]:
    s3, bucket = stack.client("s3"), stack.names["MANIFEST_BUCKET"]
    keys = [
        item["Key"]
        for item in s3.list_objects_v2(Bucket=bucket, Prefix=f"manifests/{date}/").get("Contents", ())
    ]
    bodies = [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
    return Counter(path for body in bodies for path in body["fileLocations"][0]["URIPrefixes"])


def _reconcile(stack: DeployedSluice) -> dict[str, Any]:
    answer = stack.client("lambda").invoke(FunctionName="sluice-local-reconcile", Payload=b"{}")
    counts: dict[str, Any] = json.loads(answer["Payload"].read())
    return counts


def test_valid_files_wait_and_invalid_ones_go_to_quarantine(stack: DeployedSluice) -> None:
    date = "2026-03-01"
    _upload(stack, *(f"in/{date}/a file+{number}.ndjson" for number in range(3)))
    _upload(stack, f"in/{date}/bad.ndjson", body=b"[1]\n" * 50_000)
    _upload(stack, f"in/{date}/small.ndjson", body=LINE)

    stack.wait_for(lambda: _statuses(stack, date) == {"pending": 3, "quarantined": 2})

    bad = next(row for row in _rows(stack, date) if row["file_name"] == "bad.ndjson")
    assert bad["reason"] == "Line 1 is not a JSON object but an array"
    moved = stack.client("s3").head_object(
        Bucket=stack.names["QUARANTINE_BUCKET"], Key=f"quarantine/{date}/in/{date}/bad.ndjson"
    )
    assert moved["Metadata"]["sluice-reason"] == bad["reason"]
    left = stack.client("s3").list_objects_v2(Bucket=stack.names["NDJSON_BUCKET"], Prefix=f"in/{date}/")
    assert left["KeyCount"] == 3


@pytest.mark.usefixtures("small_batches")
def test_a_burst_becomes_manifests_that_list_each_file_once(stack: DeployedSluice) -> None:
    date = "2026-03-02"
    keys = [f"in/{date}/{number:03}.ndjson" for number in range(40)]
    _upload(stack, *keys)
    stack.wait_for(lambda: _statuses(stack, date).total() == 40, seconds=60)

    def all_manifested() -> bool:
        _reconcile(stack)
        return _statuses(stack, date) == {"manifested": 40}

    assert stack.wait_for(all_manifested)
    everything = Counter(f"s3://{stack.names['NDJSON_BUCKET']}/{key}" for key in keys)
    assert _listed(stack, date) == everything

    _upload(stack, *keys)  # the same once more

    queue = stack.client("sqs").get_queue_url(QueueName=stack.names["NDJSON_QUEUE"])["QueueUrl"]
    stack.wait_for(lambda: _is_empty(stack, queue), seconds=60)
    assert _reconcile(stack)["ndjson"]["errors"] == 0
    assert _statuses(stack, date) == {"manifested": 40}
    assert _listed(stack, date) == everything


def test_an_unreadable_message_ends_whole_in_the_dead_letter_queue(stack: DeployedSluice) -> None:
    sqs, name = stack.client("sqs"), stack.names["NDJSON_QUEUE"]
    queue = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    dead = sqs.get_queue_url(QueueName=f"{name}-dlq")["QueueUrl"]
    before = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})
    try:
        sqs.send_message(QueueUrl=queue, MessageBody="{half a message")
        received = stack.wait_for(lambda: sqs.receive_message(QueueUrl=dead).get("Messages"), seconds=60)
    finally:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes=before)

    assert [message["Body"] for message in received] == ["{half a message"]


def _is_empty(stack: DeployedSluice, queue: str) -> bool:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = stack.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return all(found[name] == "0" for name in names)
